//! Where objects are kept: a folder, or an S3 bucket.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use super::ids::IdError;

/// Where objects are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Location {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket.
    Bucket(Bucket),
}

/// A part of an S3 bucket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bucket {
    /// The bucket.
    pub name: String,
    /// What the keys of all objects begin with, without a slash at either end; empty for the whole bucket.
    pub prefix: String,
}

impl Location {
    /// `file:` and a path, relative to `base`, or `s3://` and a bucket with a prefix.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str, base: &Path) -> Result<Self, IdError> {
        if text.starts_with("s3:") {
            return text.parse().map(Self::Bucket);
        }
        let path = text.strip_prefix("file:").filter(|path| !path.is_empty() && !path.starts_with("//"));
        path.map(|path| Self::Folder(base.join(path))).ok_or_else(|| {
            IdError::new(
                "a folder is `file:` and a path, such as `file:.latchkey/demo/ledger`, a bucket is `s3://BUCKET/PREFIX`",
            )
        })
    }

    /// The pattern of its text, for the schema.
    pub(super) const PATTERN: &'static str = "^(file:(?!//).|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/|$))";
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Bucket(bucket) => bucket.fmt(f),
        }
    }
}

impl FromStr for Bucket {
    type Err = IdError;

    /// Names as S3 allows them without exceptions
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>), keys of the characters that it
    /// calls safe (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>).
    fn from_str(text: &str) -> Result<Self, IdError> {
        let rest = text.strip_prefix("s3://").ok_or_else(|| IdError::new("a bucket is `s3://BUCKET/PREFIX`"))?;
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_name = (3..=63).contains(&name.len())
            && name.bytes().all(|byte| is_end(&byte) || matches!(byte, b'-' | b'.'))
            && name.as_bytes().first().is_some_and(is_end)
            && name.as_bytes().last().is_some_and(is_end)
            && !name.contains("..");
        if !is_name {
            return Err(IdError::new(
                "a bucket's name has 3 to 63 lower-case letters, digits, hyphens and dots, and begins and ends with a letter or digit",
            ));
        }
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        let is_part = |part: &str| {
            !matches!(part, "" | "." | "..")
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!-_.*'()".contains(&byte))
        };
        if !prefix.is_empty() && !prefix.split('/').all(is_part) {
            return Err(IdError::new(
                "the prefix in a bucket has letters, digits and `!-_.*'()`, with single slashes between its parts",
            ));
        }
        Ok(Self { name: name.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, prefix } = self;
        if prefix.is_empty() { write!(f, "s3://{name}") } else { write!(f, "s3://{name}/{prefix}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_buckets_are_told_apart() {
        let parse = |text: &str| Location::parse(text, Path::new("/srv")).map(|location| location.to_string());
        assert_eq!(parse("file:ledger"), Ok("/srv/ledger".to_owned()));
        assert_eq!(parse("file:/else/ledger"), Ok("/else/ledger".to_owned()));
        assert_eq!(parse("s3://vpn-ledger/demo/"), Ok("s3://vpn-ledger/demo".to_owned()));
        assert_eq!(parse("s3://vpn.ledger"), Ok("s3://vpn.ledger".to_owned()));
        assert_eq!(parse("s3://vpn-ledger/a/b.c"), Ok("s3://vpn-ledger/a/b.c".to_owned()));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in [
            "",
            "ledger",
            "file:",
            "file://host/x",
            "s3:",
            "s3://",
            "s3:/x",
            "s3://ab",
            "s3://Ledger",
            "s3://-ledger",
            "s3://ledger-",
            "s3://led..ger",
            "s3://led_ger",
            "s3://ledger//x",
            "s3://ledger/a/../b",
            "s3://ledger/a b",
            "s3://ledger/a?b",
            "https://ledger.s3.amazonaws.com/",
        ] {
            assert!(Location::parse(text, Path::new("")).is_err(), "{text}");
        }
    }
}
