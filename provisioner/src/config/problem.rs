//! What is wrong with a configuration file, said so that it can be mended without reading the source.

use std::{fmt, path::PathBuf};

use thiserror::Error;

/// A configuration file that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{}", Lines(self))]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong, at least one thing.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Line of the value, counted from 1, where it is known.
    pub line: Option<usize>,
    /// Section and key, for example `network.client_cidr`; empty where the file is no TOML at all.
    pub key: String,
    /// What the file says.
    pub value: Option<String>,
    /// What is allowed, and why where that is not plain.
    pub allowed: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "`{}`", self.key)?;
            if let Some(value) = &self.value {
                write!(f, " is `{}`", value.escape_debug())?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.allowed)
    }
}

struct Lines<'a>(&'a ConfigError);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConfigError { file, problems } = self.0;
        for (i, problem) in problems.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "`{}`", file.display())?;
            if let Some(line) = problem.line {
                write!(f, " line {line}")?;
            }
            write!(f, ": {problem}")?;
        }
        Ok(())
    }
}

/// The line of the byte at `offset`, counted from 1.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|&byte| byte == b'\n').count()
}
