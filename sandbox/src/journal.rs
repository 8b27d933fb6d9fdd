//! What is kept of a sandbox from `up --keep` to the next one: every call that changed something, with its time and
//! randomness, and by how much the clock was put ahead.
//!
//! The rules are a function of exactly that, so the same calls lead to the same state, ids and all. The file has the private
//! keys that ACM was given: it is the owner's alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::cloud::Moment;

/// An open journal.
#[derive(Debug)]
pub struct Journal(Mutex<File>);

/// The right to write the next call.
#[derive(Debug)]
pub struct Turn<'a>(MutexGuard<'a, File>);

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Kept {
    /// Something was changed.
    Call(Call),
    /// The clock was put ahead.
    Advance {
        /// By how much.
        advance: Duration,
    },
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Nanoseconds since 1970, which fit until 2262.
    time: i64,
    seed: [u8; 16],
    /// `X-Amz-Target`, by which the JSON protocol names the operation.
    pub target: Option<String>,
    /// The request's body.
    pub body: String,
}

impl Call {
    /// A call to be kept.
    #[must_use]
    pub fn new(moment: &Moment, target: Option<String>, body: &[u8]) -> Self {
        Self {
            time: i64::try_from(moment.now.unix_timestamp_nanos()).unwrap_or(i64::MAX),
            seed: moment.seed,
            target,
            body: String::from_utf8_lossy(body).into_owned(),
        }
    }

    /// When the call happened, and the randomness that it had.
    #[must_use]
    pub fn moment(&self) -> Moment {
        let now = OffsetDateTime::from_unix_timestamp_nanos(self.time.into()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Moment { now, seed: self.seed }
    }
}

impl Journal {
    /// Opens the journal of that path, and reads what is in it. A last line that was never finished is taken away: its call
    /// was never answered.
    ///
    /// # Errors
    /// When it cannot be opened, or was not written by this program.
    pub fn open(path: &Path) -> io::Result<(Self, Vec<Kept>)> {
        let (file, text) = go_on(path)?;
        let kept = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok((Self(Mutex::new(file)), kept))
    }

    /// Waits until no other call is being kept.
    pub fn turn(&self) -> Turn<'_> {
        Turn(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Turn<'_> {
    /// Adds a line, before the call is answered.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, kept: &Kept) -> io::Result<()> {
        let mut line = serde_json::to_vec(kept)?;
        line.push(b'\n');
        self.0.write_all(&line)
    }
}

/// Opens a file of lines to add more, and reads those it has. A last line that was never finished is taken away.
pub(crate) fn go_on(path: &Path) -> io::Result<(File, String)> {
    let mut text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    file.set_len(u64::try_from(text.len()).unwrap_or_default())?;
    Ok((file, text))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::cloud::fixture::at;

    #[test]
    fn what_was_kept_is_read_again_and_half_a_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept.jsonl");
        let import = Call::new(&at(2, 2), Some("CertificateManager.ImportCertificate".to_owned()), b"{}");
        assert_eq!((import.moment().now, import.moment().seed), (at(2, 2).now, [2; 16]));
        let calls = [
            Kept::Call(Call::new(&at(1, 1), None, b"Action=CreateClientVpnEndpoint")),
            Kept::Advance { advance: Duration::from_millis(1500) },
            Kept::Call(import),
        ];
        let (journal, before) = Journal::open(&path).unwrap();
        assert_eq!(before, []);
        calls.iter().for_each(|call| journal.turn().write(call).unwrap());
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"time\":").unwrap();

        let (journal, before) = Journal::open(&path).unwrap();
        assert_eq!(before, calls);
        journal.turn().write(&calls[0]).unwrap();
        assert_eq!(Journal::open(&path).unwrap().1.len(), 4);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
