//! Requests of other programs and requests made by hand (`tests/corpus/csr`), put to the function that `sign` asks.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{fs, path::PathBuf};

use profile::name::Domain;
use provisioner::pki::request;

#[test]
fn what_must_be_refused_is_refused_for_its_reason() {
    let refused = verdicts("refused");
    assert!(refused.len() >= 60, "{} requests are few", refused.len());
    let wrong: Vec<String> = refused
        .iter()
        // The reason is the file's name up to the first dot.
        .filter(|(file, verdict)| file.split_once('.').is_none_or(|(code, _)| *verdict != Err(code.to_owned())))
        .map(|(file, verdict)| format!("{file}: {verdict:?}"))
        .collect();
    assert!(wrong.is_empty(), "of {}:\n{}", refused.len(), wrong.join("\n"));
}

#[test]
fn what_must_be_accepted_is_accepted() {
    let accepted = verdicts("accepted");
    assert!(accepted.len() >= 20, "{} requests are few", accepted.len());
    let wrong: Vec<_> = accepted.iter().filter(|(_, verdict)| verdict.is_err()).collect();
    assert!(wrong.is_empty(), "of {}: {wrong:#?}", accepted.len());
}

/// Each file, and the name that is accepted or the code of the refusal.
fn verdicts(folder: &str) -> Vec<(String, Result<String, String>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/csr").join(folder);
    let domain: Domain = "vpn.example.com".parse().unwrap();
    let mut verdicts: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            // As `sign` reads it.
            let bytes = fs::read(entry.path()).unwrap();
            let verdict = request::accept(&String::from_utf8_lossy(&bytes), &domain);
            let verdict = verdict.map(|(_, name)| name.to_string()).map_err(|refusal| refusal.code().to_owned());
            (entry.file_name().into_string().unwrap(), verdict)
        })
        .collect();
    verdicts.sort();
    verdicts
}
