//! PEM (RFC 7468): the first block of a text, and one block written.

use base64ct::{Base64, Encoding as _};
use zeroize::Zeroizing;

use crate::search::split_once;

/// A block of PEM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Block<'a> {
    /// What it calls itself, for example `CERTIFICATE`.
    pub(crate) label: &'a str,
    /// Overwritten when dropped: whatever is looked for, this may be a private key.
    pub(crate) der: Zeroizing<Vec<u8>>,
    /// Whether anything but white space follows.
    pub(crate) is_followed: bool,
}

/// Reads the first block of `text`. Tools write explanations before it (RFC 7468 section 5.2). People paste what mail
/// programs made of it: lines of any length or none at all, indented, quoted with `>`, with spaces of all kinds.
pub(crate) fn first_block(text: &str) -> Option<Block<'_>> {
    let (_, rest) = split_once(text, BEGIN)?;
    let (label, rest) = split_once(rest, DASHES)?;
    let is_label = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' ';
    if label.is_empty() || !label.chars().all(is_label) {
        return None;
    }
    let (body, rest) = split_once(rest, END)?;
    let after = rest.strip_prefix(label)?.strip_prefix(DASHES)?;
    Some(Block { label, der: base64(body)?, is_followed: !after.chars().all(is_layout) })
}

/// Decodes Base64 with anything in between that mail programs put there.
pub(crate) fn base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    // Allocated once: a string that grows leaves copies behind, and this may be a private key.
    let mut base64 = Zeroizing::new(String::with_capacity(text.len()));
    for line in text.split(is_layout) {
        base64.push_str(line);
    }
    Base64::decode_vec(&base64).ok().map(Zeroizing::new)
}

/// What is no part of Base64 and comes in between: white space, marks of a mail's quotation, characters of no width.
fn is_layout(c: char) -> bool {
    c.is_whitespace() || matches!(c, '>' | '\u{200b}' | '\u{feff}')
}

/// Writes `der` as one PEM block with lines of 64 characters.
///
/// `der` may be a private key: no copy of it is left behind but the result, which is the caller's to overwrite.
pub fn encode(label: &str, der: &[u8]) -> String {
    let base64 = Zeroizing::new(Base64::encode_string(der));
    let line_breaks = base64.len().div_ceil(LINE_LEN);
    // Allocated once: a string that grows leaves copies behind.
    let mut pem = String::with_capacity(base64.len() + line_breaks + 2 * (label.len() + FRAME_LEN));
    for part in [BEGIN, label, DASHES, "\n"] {
        pem.push_str(part);
    }
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(LINE_LEN).unwrap_or((rest, ""));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    for part in [END, label, DASHES, "\n"] {
        pem.push_str(part);
    }
    pem
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The longest first or last line without its label, line break included.
const FRAME_LEN: usize = BEGIN.len() + DASHES.len() + 1;

/// RFC 7468 section 2.
const LINE_LEN: usize = 64;

#[cfg(test)]
mod tests {
    use der::pem::LineEnding;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_what_der_writes_and_is_read_back(der in prop::collection::vec(any::<u8>(), 1..200)) {
            let pem = encode("SOME THING", &der);
            prop_assert_eq!(&pem, &der::pem::encode_string("SOME THING", LineEnding::LF, &der).unwrap());
            let expected = Block { label: "SOME THING", der: der.into(), is_followed: false };
            prop_assert_eq!(first_block(&pem), Some(expected));
        }

        #[test]
        fn nothing_is_too_strange_to_be_looked_at(text in "(-----BEGIN |-----END |A|-----|\n| |=|AAAA|.){0,30}") {
            drop(first_block(&text));
        }
    }

    #[test]
    fn a_block_is_found_however_a_program_has_laid_it_out() {
        let check = |text: &str, is_followed| {
            let expected = Block { label: "X", der: b"abcdef".to_vec().into(), is_followed };
            assert_eq!(first_block(text), Some(expected), "{text}");
        };
        check("-----BEGIN X-----\nYWJjZGVm\n-----END X-----", false);
        check("\r\n  -----BEGIN X-----\r\nYWJj\r\n ZG Vm\r\n-----END X-----\r\n\r\n", false);
        check("Certificate:\n  Data:\n-----BEGIN X-----\nYWJjZGVm\n-----END X-----\n", false);
        check("Hello,\r\n> > -----BEGIN X-----\r\n> > YWJj\r\n> > ZGVm\r\n> > -----END X-----\r\n>\r\n", false);
        check("\u{feff}\u{a0}\u{a0}-----BEGIN X-----\u{a0}YWJj\u{3000}ZGVm -----END X-----", false);
        check("here it is: -----BEGIN X-----YWJjZGVm-----END X-----", false);
        check("-----BEGIN X-----\nYWJjZGVm\n-----END X-----\n-----BEGIN Y-----", true);
        check("-----BEGIN X-----\nYWJjZGVm\n-----END X----------BEGIN Y-----", true);
    }

    #[test]
    fn what_is_damaged_is_no_block() {
        let check = |text: &str| assert_eq!(first_block(text), None, "{text}");
        check("");
        check("YWJj");
        check("-----BEGIN X-----\nYWJj\n");
        check("-----BEGIN X-----\nYWJj\n-----END Y-----\n");
        check("-----BEGIN X\nYWJj\n-----END X-----\n");
        check("-----BEGIN X-----\nYW!j\n-----END X-----\n");
        check("-----BEGIN X-----\nYWJ\n-----END X-----\n");
        check("-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\nYWJj\n-----END X-----\n");
    }
}
