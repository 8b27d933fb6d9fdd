//! Searching short texts.
//!
//! The standard library's search, which is fast for long ones, would be four kilobytes of the browser module with all that
//! it draws in.

/// As [`str::split_once`], for a needle that is not empty.
pub fn split_once<'a>(text: &'a str, needle: &str) -> Option<(&'a str, &'a str)> {
    let at = text.as_bytes().windows(needle.len()).position(|window| window == needle.as_bytes())?;
    let (before, rest) = text.split_at_checked(at)?;
    Some((before, rest.strip_prefix(needle)?))
}

/// As [`str::contains`], for a needle that is not empty.
pub fn contains(text: &str, needle: &str) -> bool {
    split_once(text, needle).is_some()
}
