//! easy-rsa itself, which makes the PKIs that are taken over.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{control_plane::succeeded, openssl};

/// easy-rsa as Debian packages it, in a folder of its own.
#[derive(Debug)]
pub struct EasyRsa {
    folder: PathBuf,
    variables: Vec<(&'static str, &'static str)>,
}

impl EasyRsa {
    /// An empty PKI in `easy-rsa/pki` below `folder`, in the place of one that is there. The variables are easy-rsa's own.
    pub fn new(folder: &Path, variables: &[(&'static str, &'static str)]) -> Result<Self> {
        let folder = folder.join("easy-rsa");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let made = Command::new("make-cadir").arg(&folder).output();
        succeeded(made.context("`make-cadir` is missing; `apt-get install easy-rsa` brings it")?, "make-cadir")?;
        let easy_rsa = Self { folder, variables: variables.to_vec() };
        easy_rsa.run(&["init-pki"])?;
        Ok(easy_rsa)
    }

    /// The same PKI with other variables.
    pub fn with(self, variables: &[(&'static str, &'static str)]) -> Self {
        Self { variables: variables.to_vec(), ..self }
    }

    /// `easyrsa ARGUMENTS`.
    ///
    /// # Errors
    /// It failed; the error carries its output.
    pub fn run(&self, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new("./easyrsa");
        command.arg("--batch").args(arguments).current_dir(&self.folder).envs(self.variables.iter().copied());
        succeeded(command.output()?, "easyrsa").map(drop)
    }

    /// Certificates of clients, with keys that are not encrypted.
    pub fn issue(&self, names: &[&str]) -> Result<()> {
        names.iter().try_for_each(|name| self.run(&["build-client-full", name, "nopass"]))
    }

    /// The serial number of a certificate in `issued`.
    pub fn serial(&self, name: &str) -> Result<String> {
        openssl::serial(&self.pki(), &format!("issued/{name}.crt"))
    }

    /// The folder of the PKI.
    pub fn pki(&self) -> PathBuf {
        self.folder.join("pki")
    }
}
