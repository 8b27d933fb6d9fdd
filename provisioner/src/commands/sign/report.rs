//! What is said of each request in the end.

use std::path::{Path, PathBuf};

use profile::words::words;
use provisioner::ledger::Issued;
use serde::Serialize;
use time::format_description::well_known::Rfc3339;

use super::examine::Candidate;
use crate::{
    failure::{Failure, Kind, OrFail, Outcome},
    table::Table,
};

/// What became of a request.
pub(super) enum Answer {
    /// There is a certificate.
    Certificate(Box<Granted>),
    /// There is none, or none that was handed over.
    Nothing {
        file: PathBuf,
        failure: Failure,
        was_to_be_issued: bool,
        /// What is in the ledger all the same, where it was issued now.
        recorded: Option<Box<Issued>>,
    },
}

/// A request and its certificate.
pub(super) struct Granted {
    pub(super) candidate: Candidate,
    pub(super) issued: Issued,
    /// Whether it was issued now.
    pub(super) is_new: bool,
}

/// One request. A stable form.
#[derive(Serialize)]
struct Row<'a> {
    request: &'a Path,
    result: &'static str,
    username: Option<&'a str>,
    certificate: Option<&'a Path>,
    serial: Option<String>,
    not_after: Option<String>,
    request_sha256: Option<String>,
    key_sha256: Option<&'a str>,
    words: Option<String>,
    /// Why there is no certificate, for people.
    reason: Option<String>,
}

/// A line for each request.
pub(super) fn table(answers: &[Answer]) -> String {
    let mut table = Table::new(["result", "request", "user", "certificate"]);
    for answer in answers {
        let (file, user, certificate) = match answer {
            Answer::Certificate(granted) => {
                let Granted { candidate, issued, is_new: _ } = &**granted;
                let certificate = format!("{}, until {}", candidate.out.display(), issued.not_after.date());
                (&candidate.file, candidate.name.username().to_string(), certificate)
            }
            Answer::Nothing { file, failure, .. } => (file, String::new(), failure.message()),
        };
        table.row([answer.result().to_owned(), file.display().to_string(), user, certificate]);
    }
    table.to_string()
}

/// The same for programs.
pub(super) fn json(answers: &[Answer]) -> Outcome<String> {
    let rows = answers.iter().map(Answer::row).collect::<Outcome<Vec<_>>>()?;
    Ok(serde_json::to_string_pretty(&rows).or_fail(Kind::Bug)? + "\n")
}

/// The failure of a run that signed some and others not.
pub(super) fn verdict(answers: &[Answer]) -> Outcome {
    let kinds: Vec<Kind> = answers.iter().filter_map(Answer::failure).map(Failure::kind).collect();
    let kind = match kinds.as_slice() {
        [] => return Ok(()),
        kinds if kinds.contains(&Kind::Refused) => Kind::Refused,
        [first, ..] => *first,
    };
    let text = format!("{} of {} requests are not signed", kinds.len(), answers.len());
    Err(Failure::say(kind, text).hint("sign one by itself to see what helps"))
}

impl Answer {
    fn result(&self) -> &'static str {
        match self {
            Self::Certificate(granted) if granted.is_new => "signed",
            Self::Certificate(_) => "again",
            Self::Nothing { failure, .. } if failure.kind() == Kind::Refused => "refused",
            Self::Nothing { .. } => "failed",
        }
    }

    /// The answer to a request that is not in order.
    pub(super) fn not_examined(file: PathBuf, failure: Failure) -> Self {
        Self::Nothing { file, failure, was_to_be_issued: false, recorded: None }
    }

    pub(super) fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Certificate(_) => None,
            Self::Nothing { failure, .. } => Some(failure),
        }
    }

    pub(super) fn granted(&self) -> Option<&Granted> {
        match self {
            Self::Certificate(granted) => Some(granted),
            Self::Nothing { .. } => None,
        }
    }

    fn row(&self) -> Outcome<Row<'_>> {
        let result = self.result();
        match self {
            Self::Certificate(granted) => {
                let Granted { candidate, issued, is_new: _ } = &**granted;
                Ok(Row {
                    request: &candidate.file,
                    result,
                    username: Some(candidate.name.username().as_str()),
                    certificate: Some(&candidate.out),
                    serial: Some(issued.serial.to_string()),
                    not_after: Some(issued.not_after.format(&Rfc3339).or_fail(Kind::Bug)?),
                    request_sha256: Some(candidate.csr.fingerprint().hex()),
                    key_sha256: Some(&issued.key_sha256),
                    words: Some(words(&candidate.csr.public_key().fingerprint())),
                    reason: None,
                })
            }
            Self::Nothing { file, failure, .. } => Ok(Row {
                request: file,
                result,
                username: None,
                certificate: None,
                serial: None,
                not_after: None,
                request_sha256: None,
                key_sha256: None,
                words: None,
                reason: Some(failure.message()),
            }),
        }
    }
}
