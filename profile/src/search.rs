//! Searching short texts.
//!
//! The standard library's search, which is fast for long ones, would be four kilobytes of the browser module with all that
//! it draws in.

/// As [`str::split_once`], for a needle that is not empty.
pub fn split_once<'a>(text: &'a str, needle: &str) -> Option<(&'a str, &'a str)> {
    let needle_bytes = needle.as_bytes();
    // The first byte tells nearly all places apart, without a comparison of slices.
    let is_there = |window: &[u8]| window.first() == needle_bytes.first() && window == needle_bytes;
    let at = text.as_bytes().windows(needle_bytes.len()).position(is_there)?;
    let (before, rest) = text.split_at_checked(at)?;
    Some((before, rest.strip_prefix(needle)?))
}

/// As [`str::contains`], for a needle that is not empty.
pub fn contains(text: &str, needle: &str) -> bool {
    split_once(text, needle).is_some()
}
