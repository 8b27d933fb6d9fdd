//! The files of a PKI of easy-rsa 3. They are read and never written.

use std::path::{Path, PathBuf};

use anyhow::Context;
use provisioner::adoption::Files;
use zeroize::Zeroizing;

use crate::failure::{Failure, Kind, OrFail, Outcome};

/// Everything but keys.
pub(super) fn read(folder: &Path) -> Outcome<Files> {
    let required = |name: &str| {
        let path = folder.join(name);
        text(&path)?.ok_or_else(|| {
            Failure::say(Kind::Input, format!("there is no `{}`", path.display()))
                .hint("name the folder `pki` of easy-rsa 3, or what `EASYRSA_PKI` names")
        })
    };
    let mut certificates = Vec::new();
    for (place, ending) in CERTIFICATES {
        for path in listed(&folder.join(place), ending)? {
            let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
            certificates.extend(text(&path)?.map(|text| (name, text)));
        }
    }
    Ok(Files {
        ca: required("ca.crt")?,
        index: required("index.txt")?,
        certificates,
        crl: text(&folder.join("crl.pem"))?,
    })
}

/// The CA's key.
pub(super) fn key(folder: &Path) -> Outcome<Zeroizing<String>> {
    let path = folder.join("private/ca.key");
    let read = std::fs::read_to_string(&path).map(Zeroizing::new);
    read.with_context(|| format!("cannot read `{}`", path.display())).map_err(|error| {
        Failure::new(Kind::Input, error)
            .hint("bring the key there; a CA without its key can sign nothing, not even a CRL")
    })
}

/// A file's text, `None` where there is no such file.
fn text(path: &Path) -> Outcome<Option<String>> {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        // What is not text is no PEM either, and is refused as such.
        read => read
            .map(|bytes| Some(String::from_utf8_lossy(&bytes).into_owned()))
            .with_context(|| format!("cannot read `{}`", path.display()))
            .or_fail(Kind::Input),
    }
}

/// The files of a folder with this ending, by name; none where there is no such folder.
fn listed(folder: &Path, ending: &str) -> Outcome<Vec<PathBuf>> {
    let failed = || format!("cannot list `{}`", folder.display());
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(failed).or_fail(Kind::Input)?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    let mut paths = paths.with_context(failed).or_fail(Kind::Input)?;
    paths.retain(|path| path.extension().is_some_and(|found| found == ending));
    paths.sort();
    Ok(paths)
}

/// Where certificates are. easy-rsa 3.1 moves the revoked ones away, 3.2 the expired and renewed ones, too.
const CERTIFICATES: &[(&str, &str)] = &[
    ("certs_by_serial", "pem"),
    ("issued", "crt"),
    ("revoked/certs_by_serial", "crt"),
    ("renewed/certs_by_serial", "crt"),
    ("renewed/issued", "crt"),
    ("expired", "crt"),
];
