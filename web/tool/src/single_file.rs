//! The page as one file that carries everything, its bundle too: for people who pass it on where there is no host.
//!
//! It may connect to nothing. What is inline is named in the policy by its hash, so that nothing else runs.

use std::{cell::RefCell, collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use clap::Args;
use lol_html::{RewriteStrSettings, element, html_content::ContentType, rewrite_str};

use crate::{
    markup,
    seal::{self, Site},
    sha256,
    text::Texts,
};

/// Write the page as one file with everything in it.
#[derive(Debug, Args)]
pub(crate) struct SingleFile {
    /// What trunk built.
    #[arg(long)]
    dist: PathBuf,
    /// What the page says: one file for each language.
    #[arg(long)]
    text: PathBuf,
    /// The deployment's `bundle.json`.
    #[arg(long)]
    bundle: PathBuf,
    /// The file.
    #[arg(long)]
    out: PathBuf,
}

impl SingleFile {
    pub(crate) fn run(self) -> Result<()> {
        let texts = Texts::read(&self.text)?;
        let build = Site::build(&self.dist, &texts)?.build;
        let mut files = seal::read(&self.dist)?;
        let page = files.remove(seal::PAGE).context("the page is missing")?;
        let page = texts.put_into(&String::from_utf8(page)?)?;
        let bundle =
            fs::read_to_string(&self.bundle).with_context(|| format!("cannot read `{}`", self.bundle.display()))?;
        // The build of the served page: it is made of the same files.
        let page = markup::name_build(&page, &build)?;
        let html = assemble(&page, &files, &bundle).context("cannot put the page into one file")?;
        seal::write(&self.out, html.as_bytes())
    }
}

fn assemble(html: &str, files: &BTreeMap<String, Vec<u8>>, bundle: &str) -> Result<String> {
    let text = |extension| {
        let content = files.get(&seal::only(files, extension)?).context("it was built")?;
        let content = std::str::from_utf8(content)?;
        // Either would end the element, or hide its end.
        ensure!(!content.contains("</") || extension != "css", "the style has an end tag in it");
        ensure!(!content.contains("</script") && !content.contains("<!--"), "the script has markup in it");
        Ok::<_, anyhow::Error>(content)
    };
    let base64 = |extension| {
        let content = files.get(&seal::only(files, extension)?).context("it was built")?;
        Ok::<_, anyhow::Error>(BASE64_STANDARD.encode(content))
    };
    let style = text("css")?;
    let icon = format!("data:image/svg+xml;base64,{}", base64("svg")?);
    let start = format!(
        "\n{}\nconst bytes = Uint8Array.from(atob(\"{}\"), character => character.charCodeAt(0));\n\
         await __wbg_init({{ module_or_path: bytes }});\n",
        text("js")?,
        base64("wasm")?
    );
    let policy = format!(
        "default-src 'none'; script-src '{}' 'wasm-unsafe-eval'; style-src '{}'; img-src data:; connect-src 'none'; \
         form-action 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        sha256::source(&start),
        sha256::source(style)
    );
    // JSON may write `<` otherwise; no string in it can end the element then.
    let bundle = bundle.replace('<', "\\u003c");
    let scripts = RefCell::new(0);
    let settings = RewriteStrSettings::new()
        .append_element_content_handler(element!("meta[charset]", |meta| {
            meta.after(&markup::policy_element(&policy), ContentType::Html);
            Ok(())
        }))
        .append_element_content_handler(element!("link[rel=preload], link[rel=modulepreload]", |link| {
            link.remove();
            Ok(())
        }))
        .append_element_content_handler(element!("link[rel=stylesheet]", |link| {
            link.replace(&format!("<style>{style}</style>"), ContentType::Html);
            Ok(())
        }))
        .append_element_content_handler(element!("link[rel=icon]", |link| Ok(link.set_attribute("href", &icon)?)))
        .append_element_content_handler(element!("script", |script| {
            *scripts.borrow_mut() += 1;
            script.before(
                &format!("<script type=\"application/json\" id=\"bundle\">{bundle}</script>\n"),
                ContentType::Html,
            );
            script.set_inner_content(&start, ContentType::Html);
            Ok(())
        }))
        // Nothing lies beside this page.
        .append_element_content_handler(element!("[data-beside]", |way| Ok(way.set_attribute("hidden", "")?)));
    let html = rewrite_str(html, settings).map_err(|error| anyhow!("cannot rewrite the page: {error}"))?;
    let scripts = scripts.into_inner();
    ensure!(scripts == 1, "the page has {scripts} scripts, one is expected");
    Ok(html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_loaded_and_a_bundle_cannot_break_out() {
        let bundle = r#"{"deployment":"</script><script>alert(1)</script>"}"#;
        let html = assemble(PAGE, &files("export { __wbg_init as default };"), bundle).unwrap();
        assert!(!html.contains("href=\"./") && !html.contains("src="), "{html}");
        assert!(html.contains("connect-src 'none'") && !html.contains("'self'"), "{html}");
        assert_eq!(html.matches("<script").count(), 2, "{html}");
        let (_, rest) = html.split_once("id=\"bundle\">").unwrap();
        let (embedded, _) = rest.split_once("</script>").unwrap();
        let read: serde_json::Value = serde_json::from_str(embedded).unwrap();
        assert_eq!(read["deployment"], "</script><script>alert(1)</script>");
    }

    #[test]
    fn a_script_that_would_end_its_element_is_refused() {
        assert!(assemble(PAGE, &files("const text = '</script>';"), "{}").is_err());
    }

    fn files(script: &str) -> BTreeMap<String, Vec<u8>> {
        let file = |name: &str, content: &str| (name.to_owned(), content.as_bytes().to_vec());
        BTreeMap::from([file("a.css", "p {}"), file("a.js", script), file("a.wasm", "\0asm"), file("a.svg", "<svg/>")])
    }

    const PAGE: &str = r#"<head><meta charset="utf-8"><link rel="icon" href="./a.svg"><link rel="stylesheet" href="./a.css">
        <script type="module"></script><link rel="modulepreload" href="./a.js"></head>"#;
}
