//! A host as a browser sees it: what it answers to a GET, and where it sends people.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Client, StatusCode, Url, header::HeaderMap, redirect::Policy};

/// Where a page is served.
#[derive(Debug)]
pub(crate) struct Host {
    client: Client,
    page: Url,
}

/// What a host has at an address.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A file.
    File { content: Vec<u8>, headers: HeaderMap },
    /// None.
    Absent,
    /// It sends people to this address, on another origin.
    Elsewhere(String),
}

impl Host {
    /// The host of the page at `url`.
    ///
    /// # Errors
    /// It is no address.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let page = Url::parse(&format!("{}/", url.trim_end_matches('/'))).with_context(|| format!("`{url}`"))?;
        let client = Client::builder().redirect(Policy::none()).timeout(PATIENCE).build()?;
        Ok(Self { client, page })
    }

    /// Asks for the file at `path` beside the page, or for the page itself where it is empty.
    ///
    /// # Errors
    /// Nobody answers, or with something other than a file, a redirection, or that there is no file.
    pub(crate) async fn get(&self, path: &str) -> Result<Answer> {
        let mut url = self.page.join(path)?;
        for _ in 0..MOST_REDIRECTIONS {
            let response = self.client.get(url.clone()).send().await.with_context(|| format!("cannot get `{url}`"))?;
            let status = response.status();
            if status.is_redirection() {
                let to = response
                    .headers()
                    .get("location")
                    .and_then(|to| to.to_str().ok())
                    .context("a redirection without an address")?;
                let to = url.join(to)?;
                if to.origin() != self.page.origin() {
                    return Ok(Answer::Elsewhere(to.into()));
                }
                url = to;
                continue;
            }
            // S3 says so of what is not there, to whoever may not list.
            if [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN, StatusCode::GONE].contains(&status) {
                return Ok(Answer::Absent);
            }
            ensure!(status.is_success(), "`{url}` answers with {status}");
            let headers = response.headers().clone();
            return Ok(Answer::File { content: response.bytes().await?.into(), headers });
        }
        bail!("`{url}` is redirected again and again")
    }
}

const PATIENCE: Duration = Duration::from_secs(60);
const MOST_REDIRECTIONS: usize = 5;
