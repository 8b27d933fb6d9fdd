//! Compares a page that is out there, in a folder or on a host, with what the source builds.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::Args;

use crate::{
    advice::Advice,
    headers::{self, Headers},
    host::{Answer, Host},
    seal::{PAGE, Site},
    text::Texts,
};

/// Compare a page that is served, or lies in a folder, with what the source builds.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// What trunk built.
    #[arg(long)]
    dist: PathBuf,
    /// What the page says: one file for each language.
    #[arg(long)]
    text: PathBuf,
    /// The page's address, or its folder.
    page: String,
}

/// The page is not what the source builds, or is not sent as it should be.
#[derive(Debug, thiserror::Error)]
#[error("the page differs from what the source builds")]
pub(crate) struct Drift;

impl Verify {
    /// # Errors
    /// [`Drift`], or the page cannot be read at all.
    pub(crate) fn run(self) -> Result<()> {
        let site = Site::build(&self.dist, &Texts::read(&self.text)?)?;
        let findings = if self.page.starts_with("https://") || self.page.starts_with("http://") {
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(on_host(&site, &self.page))?
        } else {
            in_folder(&site, Path::new(&self.page))?
        };
        print(&findings);
        if findings.iter().all(Finding::is_good) { Ok(()) } else { Err(Drift.into()) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    Same {
        path: String,
    },
    Differs {
        path: String,
    },
    Missing {
        path: String,
    },
    Unexpected {
        path: String,
    },
    /// The host sends people to another origin.
    Redirected {
        path: String,
        to: String,
    },
    /// A header that is not sent, or not like this, with so many files.
    Header {
        name: String,
        value: String,
        files: usize,
    },
}

impl Finding {
    fn is_good(&self) -> bool {
        matches!(self, Self::Same { .. })
    }
}

#[expect(clippy::print_stdout, reason = "the findings are the result of the command")]
fn print(findings: &[Finding]) {
    for finding in findings {
        match finding {
            Finding::Same { path } => println!("same        {path}"),
            Finding::Differs { path } => println!("differs     {path}"),
            Finding::Missing { path } => println!("missing     {path}"),
            Finding::Unexpected { path } => println!("unexpected  {path}"),
            Finding::Redirected { path, to } => println!("redirected  {path} to {to}"),
            Finding::Header { name, value, files } => println!("not sent    {name}: {value} ({files} files)"),
        }
    }
}

fn in_folder(site: &Site, folder: &Path) -> Result<Vec<Finding>> {
    if !folder.join(PAGE).is_file() {
        return Err(
            Advice::new(format!("`{}` has no page in it", folder.display()), "name its folder or its address").into()
        );
    }
    let wanted: BTreeMap<&str, &[u8]> = site.files().collect();
    let mut findings = Vec::new();
    for (path, content) in &wanted {
        let file = folder.join(path);
        let found = match file.exists() {
            true => Some(fs::read(&file).with_context(|| format!("cannot read `{}`", file.display()))?),
            false => None,
        };
        findings.push(judge(path, content, found.as_deref()));
    }
    let mut found = BTreeSet::new();
    walk(folder, "", &mut found)?;
    findings.extend(
        found
            .into_iter()
            .filter(|path| !wanted.contains_key(path.as_str()) && !is_deployments(path))
            .map(|path| Finding::Unexpected { path }),
    );
    Ok(findings)
}

async fn on_host(site: &Site, url: &str) -> Result<Vec<Finding>> {
    let host = Host::new(url)?;
    let wanted_headers = Headers::for_page(&site.policy);
    let mut findings = Vec::new();
    let mut not_sent: BTreeMap<(String, String), usize> = BTreeMap::new();
    // `_headers` is for hosts, which do not serve it.
    for (path, content) in site.files().filter(|(path, _)| *path != headers::FILE_NAME) {
        let address = if path == PAGE { "" } else { path };
        match host.get(address).await? {
            Answer::Absent => findings.push(Finding::Missing { path: path.to_owned() }),
            Answer::Elsewhere(to) => findings.push(Finding::Redirected { path: path.to_owned(), to }),
            Answer::File { content: found, headers: sent } => {
                findings.push(judge(path, content, Some(&found)));
                let request = format!("/{address}");
                let over_tls = url.starts_with("https://").then_some(headers::OVER_TLS);
                for (name, value) in wanted_headers.matching(&request).chain(over_tls) {
                    if sent.get(name).and_then(|sent| sent.to_str().ok()) != Some(value) {
                        *not_sent.entry((name.to_owned(), value.to_owned())).or_default() += 1;
                    }
                }
                if path == PAGE {
                    let foreign =
                        named_assets(&found).into_iter().filter(|path| site.files().all(|(ours, _)| ours != path));
                    findings.extend(foreign.map(|path| Finding::Unexpected { path }));
                }
            }
        }
    }
    let not_sent = not_sent.into_iter().map(|((name, value), files)| Finding::Header { name, value, files });
    findings.extend(not_sent);
    Ok(findings)
}

fn judge(path: &str, wanted: &[u8], found: Option<&[u8]>) -> Finding {
    let path = path.to_owned();
    match found {
        None => Finding::Missing { path },
        Some(found) if found == wanted => Finding::Same { path },
        Some(_) => Finding::Differs { path },
    }
}

/// What lies beside the page and is not built.
fn is_deployments(path: &str) -> bool {
    path == "bundle.json" || path.starts_with("issued/")
}

/// A host lists no files; what its page loads is what matters.
fn named_assets(html: &[u8]) -> BTreeSet<String> {
    let html = String::from_utf8_lossy(html);
    let is_name = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    let names = html.split("./assets/").skip(1).map(|rest| rest.chars().take_while(|it| is_name(*it)).collect());
    names.map(|name: String| format!("assets/{name}")).collect()
}

/// Every file below `folder`, by its path with `/` between the parts.
fn walk(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{path}/"), found)?;
        } else {
            found.insert(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_that_a_page_loads_are_found_in_it() {
        let html =
            br#"<link href="./assets/a1.css"><script>import("./assets/b2.js")</script><link href="./assets/a1.css">"#;
        assert_eq!(named_assets(html).into_iter().collect::<Vec<_>>(), ["assets/a1.css", "assets/b2.js"]);
    }
}
