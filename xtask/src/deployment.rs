//! The few facts of `latchkey.toml` that decide what is started around the `latchkey` binary.
//!
//! The binary reads the file in full and says what is wrong with it; here only the target, the name and the page's
//! folder are looked at.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// A deployment, as far as this program must know it.
#[derive(Debug)]
pub(crate) struct Deployment {
    /// The folder of the configuration file, from which relative paths count.
    base: PathBuf,
    name: String,
    /// Whether it is rehearsed on the sandbox.
    pub(crate) on_sandbox: bool,
    /// Where the built page goes.
    pub(crate) page_dir: PathBuf,
}

impl Deployment {
    /// Reads `config`.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, or lacks name or target.
    pub(crate) fn read(config: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(config).with_context(|| {
            format!("cannot read the configuration `{}` (name another with --config FILE)", config.display())
        })?;
        let table: toml::Table = text.parse().with_context(|| format!("`{}` is not TOML", config.display()))?;
        let string = |section: &str, key: &str| table.get(section)?.get(key)?.as_str();
        let missing = |key| format!("`{}`: `{key}` is missing in [deployment]", config.display());
        let name = string("deployment", "name").with_context(|| missing("name"))?;
        let on_sandbox = match string("deployment", "target").with_context(|| missing("target"))? {
            "sandbox" => true,
            "aws" => false,
            other => bail!("`{}`: target is `{other}`; allowed are `sandbox` and `aws`", config.display()),
        };
        let base = folder_of(config)?;
        let page_dir = match string("page", "dir") {
            Some(dir) => base.join(dir),
            None => base.join(".latchkey").join(name).join("site"),
        };
        Ok(Self { name: name.to_owned(), on_sandbox, page_dir, base })
    }

    /// A rehearsal whose configuration is still to be written to `config`.
    ///
    /// # Errors
    /// The working directory is gone.
    pub(crate) fn unwritten(config: &Path) -> Result<Self> {
        let base = folder_of(config)?;
        Ok(Self { page_dir: base.clone(), base, name: String::new(), on_sandbox: true })
    }

    /// The sandbox's state; deployments configured in one folder share one sandbox.
    pub(crate) fn sandbox_state(&self) -> PathBuf {
        self.base.join(".latchkey/sandbox")
    }

    /// Where examples for web hosts go: never into the page's folder, which is published as it is.
    pub(crate) fn hosting_dir(&self) -> PathBuf {
        self.base.join(".latchkey").join(&self.name).join("hosting")
    }

    /// The page as one file.
    pub(crate) fn single_file(&self) -> PathBuf {
        self.base.join(".latchkey").join(&self.name).join("page.html")
    }

    /// Protects the CA key of a rehearsal, where the admin has set no passphrase.
    pub(crate) fn rehearsal_passphrase(&self) -> PathBuf {
        self.base.join(".latchkey").join(&self.name).join("rehearsal-passphrase")
    }
}

fn folder_of(config: &Path) -> Result<PathBuf> {
    let config = std::path::absolute(config).context("the working directory is gone")?;
    Ok(config.parent().unwrap_or_else(|| Path::new("/")).to_owned())
}
