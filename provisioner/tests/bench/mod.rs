//! A ledger with a CA in a folder, and the command as an admin runs it.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{
    collections::BTreeMap,
    io::Write,
    path::PathBuf,
    process::{Command, Output},
};

use profile::{challenge::Challenge, csr::CsrDraft, fingerprint::Fingerprint, name::CommonName};
use provisioner::{
    ledger::{Ledger, Store, authority::NewAuthority},
    pki::{
        key::PrivateKey,
        secret::{Passphrase, Salt},
        serial::Serial,
    },
};
use rcgen::SigningKey;
use tempfile::TempDir;
use time::OffsetDateTime;

/// A folder with a configuration and a ledger that has a CA, as after the first `provision`.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        bench.write("latchkey.toml", include_str!("../../../latchkey.toml"));
        let ledger = Ledger::new(Store::folder(&bench.path(".latchkey/demo/ledger")).unwrap());
        let new = NewAuthority {
            name: "demo",
            days: 3650,
            now: now(),
            serial: Serial::from_random([1; 16]),
            salt: Salt { salt: [2; 16], iv: [3; 16] },
        };
        let passphrase = Passphrase::new(PASSPHRASE.to_owned().into());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(ledger.open_or_create_authority(&passphrase, new)).unwrap();
        bench
    }

    pub(crate) fn request(&self, file: &str, name: &str, key: &PrivateKey) {
        self.request_with(file, name, key, None);
    }

    /// A request with a challenge password.
    pub(crate) fn request_with(&self, file: &str, name: &str, key: &PrivateKey, challenge: Option<&Challenge>) {
        let name = CommonName::parse(name, &"vpn.example.com".parse().unwrap()).unwrap();
        let draft = CsrDraft::new(&name, key.public(), challenge);
        let signature = key.sign(draft.to_be_signed()).unwrap();
        self.write(file, &draft.assemble(&signature).unwrap().to_pem());
    }

    /// Invites a user, and answers with the link.
    pub(crate) fn invite(&self, user: &str) -> String {
        let invited = self.latchkey(&["invite", user]);
        assert_eq!(status(&invited), 0, "{invited:?}");
        text(&invited.stdout).trim_end().to_owned()
    }

    pub(crate) fn latchkey(&self, arguments: &[&str]) -> Output {
        self.with_passphrase(PASSPHRASE, arguments)
    }

    pub(crate) fn with_passphrase(&self, passphrase: &str, arguments: &[&str]) -> Output {
        self.command(passphrase, arguments).output().unwrap()
    }

    /// The same, where AWS is out of reach: nobody listens on that port.
    pub(crate) fn without_aws(&self, arguments: &[&str]) -> Output {
        let credentials = [("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret")];
        let service = [("AWS_REGION", "eu-central-1"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1")];
        self.command(PASSPHRASE, arguments).envs(credentials).envs(service).output().unwrap()
    }

    fn command(&self, passphrase: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command.args(arguments).current_dir(self.folder.path()).stdin(std::process::Stdio::null());
        command.env_clear().env("LATCHKEY_CA_PASSPHRASE", passphrase);
        command
    }

    /// Every file and a digest of its content.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Fingerprint> {
        let digest = |path: &PathBuf| Fingerprint::of(&std::fs::read(self.folder.path().join(path)).unwrap());
        self.paths().into_iter().map(|path| (path.clone(), digest(&path))).collect()
    }

    /// Every file, also while a command makes some.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path.strip_prefix(self.folder.path()).unwrap().to_owned());
                }
            }
        }
        files
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub(crate) fn write(&self, file: &str, content: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path).unwrap().write_all(content.as_bytes()).unwrap();
    }

    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }
}

pub(crate) fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The program reads the real clock, so its CA must be valid by it.
#[expect(clippy::disallowed_methods, reason = "the program under test has the real clock")]
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

pub(crate) const PASSPHRASE: &str = "correct horse battery staple";
