//! PEM (RFC 7468) as people hand it in: with text around the blocks, such as easy-rsa's.

use der::pem::LineEnding;

/// The DER of every block with that label, in order. `None` when one of them is garbled or there is none.
pub(in crate::cloud) fn blocks(text: &str, label: &str) -> Option<Vec<Vec<u8>>> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, from_begin)) = rest.split_once(&begin) {
        let (body, after) = from_begin.split_once(&end)?;
        let block = format!("{begin}\n{}\n{end}\n", body.trim());
        let (_, der) = der::pem::decode_vec(block.as_bytes()).ok()?;
        found.push(der);
        rest = after;
    }
    (!found.is_empty()).then_some(found)
}

/// One block, lines of 64 characters, with a line feed at its end.
pub(in crate::cloud) fn text(label: &str, der: &[u8]) -> Option<String> {
    der::pem::encode_string(label, LineEnding::LF, der).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_around_the_blocks_is_skipped() {
        let one = text("CERTIFICATE", b"one").unwrap();
        let two = text("CERTIFICATE", b"two").unwrap();
        let bundle = format!("Certificate:\n    Data:\n{one}\r\nmore\n{two}");
        assert_eq!(blocks(&bundle, "CERTIFICATE"), Some(vec![b"one".to_vec(), b"two".to_vec()]));
    }

    #[test]
    fn garbled_or_missing_blocks_are_none() {
        assert_eq!(blocks("", "CERTIFICATE"), None);
        assert_eq!(blocks("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "CERTIFICATE"), None);
        assert_eq!(blocks("-----BEGIN CERTIFICATE-----\nb25l\n", "CERTIFICATE"), None);
    }
}
