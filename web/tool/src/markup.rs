//! Rewrites trunk's `index.html`: every file under its new name, a start script that fetches
//! the module with its integrity, and the content security policy at the top of the head.
//!
//! Trunk puts the module's integrity on a preload link only, where browsers ignore it.

use std::{cell::RefCell, collections::BTreeMap};

use anyhow::{Result, anyhow, bail, ensure};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use lol_html::{
    RewriteStrSettings, element,
    html_content::{ContentType, Element},
    rewrite_str,
};
use sha2::{Digest as _, Sha384};

use crate::{headers, sha256};

/// A file that the page loads.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    /// URL relative to the page.
    pub(crate) url: String,
    /// `sha384-…`, <https://www.w3.org/TR/SRI/>.
    pub(crate) integrity: String,
}

/// What trunk built, by the names it gave.
#[derive(Debug)]
pub(crate) struct Assets {
    pub(crate) by_name: BTreeMap<String, Asset>,
    /// Name of the generated JavaScript.
    pub(crate) script: String,
    /// Name of the WebAssembly module.
    pub(crate) module: String,
}

/// The finished page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) html: String,
    /// The policy in the page; [`headers::Headers::for_page`] takes it too.
    pub(crate) policy: String,
    /// Names the build: the beginning of the SHA-256 of `html` where it does not say this yet. The page names every other file
    /// by content or integrity, so it covers them all.
    pub(crate) build: String,
}

impl Asset {
    pub(crate) fn integrity_of(content: &[u8]) -> String {
        format!("sha384-{}", BASE64_STANDARD.encode(Sha384::digest(content)))
    }
}

impl Assets {
    fn get(&self, name: &str) -> Result<&Asset> {
        self.by_name.get(name).ok_or_else(|| anyhow!("the page refers to `{name}`, which was not built"))
    }
}

/// Seals the markup that trunk wrote.
///
/// # Errors
/// When it loads something that is not in `assets`, or has script or style of its own, which
/// the policy would block in the browser.
pub(crate) fn seal(html: &str, assets: &Assets) -> Result<Page> {
    let start = start_script(assets)?;
    let policy = headers::content_security_policy(&sha256::source(&start));
    let seen = RefCell::new(Seen::default());
    let settings = RewriteStrSettings::new()
        .append_element_content_handler(element!("meta[charset]", |meta| {
            seen.borrow_mut().charsets += 1;
            // After the charset, which has to stand in the first kilobyte; before anything that loads.
            meta.after(&policy_element(&policy), ContentType::Html);
            Ok(())
        }))
        .append_element_content_handler(element!("link[rel=preload]", |link| {
            link.remove();
            Ok(())
        }))
        .append_element_content_handler(element!("link[href]:not([rel=preload])", |link| Ok(rename(link, assets)?)))
        .append_element_content_handler(element!("script", |script| {
            seen.borrow_mut().scripts += 1;
            if script.has_attribute("src") || script.get_attribute("type").as_deref() != Some("module") {
                return Err("it has a script beside trunk's start script".into());
            }
            script.set_inner_content(&start, ContentType::Html);
            Ok(())
        }))
        .append_element_content_handler(element!("style, [style]", |_| {
            Err("it has style in the markup, which the policy blocks".into())
        }));
    let html = rewrite_str(html, settings).map_err(|error| anyhow!("cannot rewrite the page: {error}"))?;
    let Seen { charsets, scripts } = seen.into_inner();
    ensure!(charsets == 1, "the page has {charsets} `<meta charset>`, one is needed");
    ensure!(scripts == 1, "the page has {scripts} scripts, one is expected");
    let build = sha256::short_hex(&html, BUILD_DIGITS);
    let html = name_build(&html, &build)?;
    Ok(Page { html, policy, build })
}

/// Puts the name of the build where the page has a place for it.
pub(crate) fn name_build(html: &str, build: &str) -> Result<String> {
    let parts: Vec<_> = html.split(BUILD).collect();
    let [before, after] = parts.as_slice() else {
        bail!("the page has {} places `{BUILD}` for the name of its build, one is needed", parts.len() - 1);
    };
    Ok(format!("{before}<code id=\"build\">{build}</code>{after}"))
}

#[derive(Default)]
struct Seen {
    charsets: usize,
    scripts: usize,
}

/// Both files are asked for at once, and the module's bytes are checked before they are compiled.
/// The generated JavaScript is checked too: its integrity stands on the `modulepreload` link.
fn start_script(assets: &Assets) -> Result<String> {
    let script = assets.get(&assets.script)?;
    let module = assets.get(&assets.module)?;
    Ok(format!(
        "\nconst wasm = fetch(\"{}\", {{ integrity: \"{}\" }});\n\
         const {{ default: init }} = await import(\"{}\");\n\
         await init({{ module_or_path: wasm }});\n",
        module.url, module.integrity, script.url,
    ))
}

/// The policy as it stands in the page's head.
pub(crate) fn policy_element(policy: &str) -> String {
    // The policy has single quotes only.
    format!("\n<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">")
}

fn rename(link: &mut Element<'_, '_>, assets: &Assets) -> Result<()> {
    let Some(href) = link.get_attribute("href") else {
        bail!("a link without an address");
    };
    let Some(name) = href.strip_prefix("./") else {
        bail!("`{href}` is not relative to the page");
    };
    let asset = assets.get(name)?;
    link.set_attribute("href", &asset.url)?;
    if link.has_attribute("integrity") {
        link.set_attribute("integrity", &asset.integrity)?;
    }
    Ok(())
}

/// Where the page says which build it is.
const BUILD: &str = "<code id=\"build\"></code>";
/// Enough to tell builds apart. Whoever changes the page can write there what they like.
const BUILD_DIGITS: usize = 12;

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use sha2::Sha256;

    use super::*;

    #[test]
    fn every_file_has_its_new_name_and_the_module_its_integrity() {
        let page = seal(TRUNK, &assets()).unwrap();
        expect![[r#"
            <!doctype html><html><head><meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' 'sha256-Mk63mZA8ppkaw7yg3QTZ8cdnyZ22uVusIhNItQ4HzeY=' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'">
            <link rel="stylesheet" href="./assets/1.css" integrity="sha384-css">
            <script type="module">
            const wasm = fetch("./assets/3.wasm", { integrity: "sha384-wasm" });
            const { default: init } = await import("./assets/2.js");
            await init({ module_or_path: wasm });
            </script>
            <link rel="modulepreload" href="./assets/2.js" crossorigin="anonymous" integrity="sha384-js">
            </head><body><code id="build">BUILD</code></body></html>
        "#]]
        .assert_eq(&page.html.replace(&page.build, "BUILD"));
    }

    #[test]
    fn the_policy_names_the_hash_of_the_script_that_stands_in_the_page() {
        let page = seal(TRUNK, &assets()).unwrap();
        let (_, rest) = page.html.split_once("<script type=\"module\">").unwrap();
        let (script, _) = rest.split_once("</script>").unwrap();
        let hash = BASE64_STANDARD.encode(Sha256::digest(script));
        assert!(page.policy.contains(&format!("'sha256-{hash}'")), "{}", page.policy);
    }

    #[test]
    fn the_build_is_the_hash_of_the_page_without_it() {
        let page = seal(TRUNK, &assets()).unwrap();
        let without = page.html.replace(&page.build, "");
        assert_eq!(page.build, sha256::short_hex(without, 12));

        let mut others = assets();
        others.by_name.get_mut("page-c_bg.wasm").unwrap().integrity = "sha384-other".to_owned();
        assert_ne!(seal(TRUNK, &others).unwrap().build, page.build);
    }

    #[test]
    fn what_the_policy_would_block_is_refused() {
        let with = |extra: &str| seal(&TRUNK.replace("<body>", &format!("<body>{extra}")), &assets());
        assert!(with("").is_ok());
        for extra in [
            "<script>alert(1)</script>",
            "<script src=\"./other.js\"></script>",
            "<p style=\"color: red\">",
            "<style>p {}</style>",
            "<link rel=\"stylesheet\" href=\"https://example.com/a.css\">",
            "<link rel=\"stylesheet\" href=\"./absent.css\">",
            "<meta charset=\"utf-8\">",
            BUILD,
        ] {
            assert!(with(extra).is_err(), "{extra}");
        }
    }

    fn assets() -> Assets {
        let asset = |name: &str, url: &str, kind: &str| {
            (name.to_owned(), Asset { url: url.to_owned(), integrity: format!("sha384-{kind}") })
        };
        Assets {
            by_name: BTreeMap::from([
                asset("style-a.css", "./assets/1.css", "css"),
                asset("page-b.js", "./assets/2.js", "js"),
                asset("page-c_bg.wasm", "./assets/3.wasm", "wasm"),
            ]),
            script: "page-b.js".to_owned(),
            module: "page-c_bg.wasm".to_owned(),
        }
    }

    const TRUNK: &str = r#"<!doctype html><html><head><meta charset="utf-8">
<link rel="stylesheet" href="./style-a.css" integrity="sha384-old">
<script type="module">
import init from './page-b.js';
const wasm = await init({ module_or_path: './page-c_bg.wasm' });
</script>
<link rel="modulepreload" href="./page-b.js" crossorigin="anonymous" integrity="sha384-old"><link rel="preload" href="./page-c_bg.wasm" crossorigin="anonymous" integrity="sha384-old" as="fetch" type="application/wasm">
</head><body><code id="build"></code></body></html>
"#;
}
