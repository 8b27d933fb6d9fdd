//! A page that is sealed by `web-tool` and was never built by trunk: for tests of what is around a page.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::{
    control_plane::succeeded,
    rehearsal::{binary, repository, write},
};

/// A folder with what trunk would have built, the site that was made of it, and examples for hosts.
#[derive(Debug)]
pub struct Site {
    folder: TempDir,
}

impl Site {
    /// Seals one whose module has this content.
    ///
    /// # Errors
    /// `web-tool` refuses.
    pub fn sealed(module: &[u8]) -> Result<Self> {
        let site = Self { folder: tempfile::Builder::new().prefix("latchkey-site-").tempdir()? };
        let dist = site.path("dist");
        std::fs::create_dir(&dist)?;
        write(&dist.join("index.html"), INDEX)?;
        write(&dist.join("style-1.css"), "body { color: black }")?;
        write(&dist.join("page-1.js"), "export default async () => {}")?;
        write(&dist.join("page-1_bg.wasm"), module)?;
        let (out, hosting) = (site.path("site"), site.path("hosting"));
        site.run(&["seal", "--out", &out.display().to_string(), "--hosting", &hosting.display().to_string()])?;
        Ok(site)
    }

    /// `dist`, `site` or `hosting`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `web-tool ARGUMENTS` on what trunk would have built: what it wrote to stdout.
    ///
    /// # Errors
    /// It failed; the error has what it wrote to stderr.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        succeeded(self.try_run(arguments, &[])?, "web-tool")
    }

    /// The same with variables of the environment, whatever becomes of it.
    ///
    /// # Errors
    /// It does not start.
    pub fn try_run(&self, arguments: &[&str], variables: &[(&str, &Path)]) -> Result<Output> {
        let mut command = Command::new(binary("web-tool"));
        command.args(arguments).arg("--dist").arg(self.path("dist"));
        command.arg("--text").arg(repository().join("web/text"));
        command.envs(variables.iter().copied()).output().context("`web-tool`; `cargo build --workspace` makes it")
    }
}

/// The head of what a server on this machine answers to `GET PATH`, by lines.
///
/// # Errors
/// Nothing answers.
pub fn head(port: u16, path: &str) -> Result<Vec<String>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, _) = answer.split_once("\r\n\r\n").context("an answer with a head")?;
    Ok(head.lines().map(str::to_owned).collect())
}

const INDEX: &str = r#"<!doctype html><html lang="en"><head><meta charset="utf-8">
<link rel="stylesheet" href="./style-1.css" integrity="sha384-x">
<script type="module"></script>
<link rel="modulepreload" href="./page-1.js" integrity="sha384-x"></head>
<body><h1 data-text="title"></h1><code id="build"></code></body></html>
"#;
