//! XML documents. All escaping is quick-xml's.

use serde::Serialize;

/// The document with that root.
pub(super) fn document<T: Serialize>(root: &str, content: &T) -> Result<String, quick_xml::SeError> {
    let mut document = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    quick_xml::se::to_writer_with_root(&mut document, root, content)?;
    Ok(document)
}
