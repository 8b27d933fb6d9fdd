//! One PEM block of a known kind (RFC 7468), and the two ways to miss it.

use der::pem::LineEnding;

/// What stands at the start of a text that should be one PEM block.
pub(crate) enum Block {
    /// A block with the wanted label: its DER.
    Wanted(Vec<u8>),
    /// A well-formed block with this label instead.
    Other(String),
    /// No PEM, or damaged.
    Garbled,
}

/// Reads the first block of `text`, which must come before anything else but white space.
pub(crate) fn first_block(text: &str, label: &str) -> Block {
    let end = format!("-----END {label}-----");
    let text = text.trim();
    let block = text.split_once(&end).map_or_else(|| text.to_owned(), |(before, _)| format!("{before}{end}"));
    match der::pem::decode_vec(block.as_bytes()) {
        Ok((found, der)) if found == label => Block::Wanted(der),
        Ok((found, _)) => Block::Other(found.to_owned()),
        Err(_) => Block::Garbled,
    }
}

/// Whether `text` holds anything but white space after its first block labelled `label`.
pub(crate) fn has_more(text: &str, label: &str) -> bool {
    text.split_once(&format!("-----END {label}-----")).is_some_and(|(_, after)| !after.trim().is_empty())
}

/// Writes `der` as one PEM block with lines of 64 characters.
pub(crate) fn encode(label: &str, der: &[u8]) -> Result<String, der::pem::Error> {
    der::pem::encode_string(label, LineEnding::LF, der)
}
