//! Which files are to be signed, and where their certificates go.

use std::{
    collections::BTreeSet,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::Context;
use profile::{csr::Csr, name::Username};

use crate::{
    cli,
    failure::{Failure, Kind, OrFail, Outcome},
};

/// A request that is to be signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Source {
    pub(super) file: PathBuf,
    naming: Naming,
}

/// What the certificate's file is called.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Naming {
    Given(PathBuf),
    /// Beside the request, after the user.
    User,
    /// Beside the request, after the request: of several requests two may be the same user's.
    Request,
}

impl Source {
    /// Where the certificate for this user goes.
    pub(super) fn out(&self, username: &Username) -> PathBuf {
        match &self.naming {
            Naming::Given(out) => out.clone(),
            Naming::User => self.file.with_file_name(format!("{username}.crt")),
            Naming::Request => self.file.with_extension("crt"),
        }
    }

    /// The request's text. What is far larger than a request is not read to its end.
    pub(super) fn read(&self) -> Outcome<String> {
        let mut bytes = Vec::new();
        std::fs::File::open(&self.file)
            .and_then(|file| file.take(READ_LIMIT).read_to_end(&mut bytes))
            .with_context(|| format!("cannot read the request `{}`", self.file.display()))
            .or_fail(Kind::Input)?;
        // What is not text is no PEM either, and is refused as such.
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// What somebody wants to have signed.
pub(super) enum Pile {
    One(Source),
    Many(Vec<Source>),
}

/// The requests that the command line names: each file, and of each folder every `.csr`.
pub(super) fn gather(arguments: &cli::Sign) -> Outcome<Pile> {
    if let [file] = arguments.requests.as_slice()
        && !file.is_dir()
    {
        let naming = arguments.out.clone().map_or(Naming::User, Naming::Given);
        return Ok(Pile::One(Source { file: file.clone(), naming }));
    }
    if arguments.out.is_some() {
        return Err(Failure::say(Kind::Input, "`--out` names one file, and there are several requests")
            .hint("each certificate goes beside its request"));
    }
    let mut files = BTreeSet::new();
    for path in &arguments.requests {
        if path.is_dir() {
            files.extend(requests_in(path)?);
        } else {
            files.insert(path.clone());
        }
    }
    Ok(Pile::Many(files.into_iter().map(|file| Source { file, naming: Naming::Request }).collect()))
}

fn requests_in(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
    };
    let mut files =
        read().with_context(|| format!("cannot read the folder `{}`", folder.display())).or_fail(Kind::Input)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csr")));
    Ok(files)
}

/// Four times what [`Csr::from_pem`] takes: enough to say that it is too long.
const READ_LIMIT: u64 = 4 * Csr::MAX_LEN as u64;
