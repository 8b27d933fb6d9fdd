//! Tags: the rules that EC2 and ACM share.
//!
//! <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>

use std::collections::BTreeMap;

/// Key and value of every tag of a resource.
pub type Tags = BTreeMap<String, String>;

/// Most tags that a resource may carry.
pub(super) const MAX_TAGS: usize = 50;

/// What is wrong with a tag, if anything.
pub(super) fn problem(tags: &Tags) -> Option<String> {
    tags.iter().find_map(|(key, value)| {
        if key.is_empty() || key.chars().count() > 128 {
            Some(format!("Tag keys have 1 to 128 characters: '{key}'"))
        } else if value.chars().count() > 256 {
            Some(format!("Tag values have at most 256 characters: the value of '{key}' is longer"))
        } else if key.to_ascii_lowercase().starts_with("aws:") {
            Some(format!("Tag keys starting with 'aws:' are reserved for internal use: '{key}'"))
        } else {
            None
        }
    })
}
