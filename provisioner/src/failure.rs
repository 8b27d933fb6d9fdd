//! How a command can fail: a kind, which decides the exit code once, an error, and what to do about it.

use std::fmt::Write;

use provisioner::ledger::LedgerError;

/// A failed command.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    error: anyhow::Error,
    hint: Option<String>,
}

/// What kind of failure it is. The numbers are exit codes and part of the command line's contract.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// The usage, the input or the configuration is wrong.
    Input = 2,
    /// A request that may not be signed.
    Refused = 3,
    /// AWS refused or failed.
    Aws = 4,
    /// What there is differs from the configuration.
    Drift = 5,
    /// A defect.
    Bug = 70,
    /// Interrupted; safe to run again.
    Interrupted = 130,
}

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(kind: Kind, error: impl Into<anyhow::Error>) -> Self {
        let error = error.into();
        // What is the matter with the ledger does not depend on the command that has met with it.
        let (kind, hint) = match error.downcast_ref() {
            Some(LedgerError::Bucket { .. }) => (
                Kind::Aws,
                Some(
                    "`latchkey doctor` says whether the bucket can be used with these credentials; `latchkey iam-policy` lists what they need",
                ),
            ),
            Some(LedgerError::Damaged { .. }) => {
                (kind, Some("`latchkey ledger verify` names everything that is not as it was written"))
            }
            _ => (kind, None),
        };
        Self { kind, error, hint: hint.map(str::to_owned) }
    }

    /// A failure that has no error of a library behind it.
    pub(crate) fn say(kind: Kind, message: impl Into<String>) -> Self {
        Self::new(kind, anyhow::Error::msg(message.into()))
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Says what was being done when it failed.
    pub(crate) fn during(self, what: String) -> Self {
        Self { error: self.error.context(what), ..self }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn exit_code(&self) -> u8 {
        self.kind as u8
    }

    /// What to do about it.
    pub(crate) fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The chain of causes on one line, then the hint.
    pub(crate) fn report(&self) -> String {
        let mut text = format!("error: {}", self.message());
        if let Some(hint) = &self.hint {
            // Writing to a string does not fail.
            let _ok = write!(text, "\n\nhint: {hint}");
        }
        text
    }

    /// The chain of causes on one line.
    pub(crate) fn message(&self) -> String {
        let mut text = String::new();
        for cause in self.error.chain().map(ToString::to_string) {
            // Some say themselves what their cause says.
            if !text.contains(&cause) {
                let separator = if text.is_empty() { "" } else { ": " };
                // Writing to a string does not fail.
                let _ok = write!(text, "{separator}{cause}");
            }
        }
        text
    }
}

/// Gives an error its kind where it is passed on.
pub(crate) trait OrFail<T> {
    fn or_fail(self, kind: Kind) -> Outcome<T>;
}

impl<T, E: Into<anyhow::Error>> OrFail<T> for Result<T, E> {
    fn or_fail(self, kind: Kind) -> Outcome<T> {
        self.map_err(|error| Failure::new(kind, error))
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn the_chain_is_one_line_and_the_hint_its_own() {
        let error = Err::<(), _>(std::io::Error::other("disk full")).context("cannot write `a.crt`").unwrap_err();
        let failure = Failure::new(Kind::Input, error).hint("make room");
        assert_eq!(failure.report(), "error: cannot write `a.crt`: disk full\n\nhint: make room");
        assert_eq!(failure.exit_code(), 2);
    }
}
