//! Tags of the admin's own: what AWS takes, and which are not the admin's.

/// How many tags there may be: AWS takes 50, and some of those are Latchkey's and the account's.
pub(super) const MAX_TAGS: usize = 40;
/// The longest key (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions>).
pub(super) const MAX_KEY: usize = 128;
/// The longest value.
pub(super) const MAX_VALUE: usize = 256;

/// Why AWS or Latchkey does not take `key`.
pub(super) fn refused_key(key: &str) -> Option<String> {
    let lower = key.to_lowercase();
    if lower.starts_with("aws:") {
        return Some("tags that begin with `aws:` are AWS's own".to_owned());
    }
    if lower.starts_with("latchkey:") {
        return Some(
            "tags that begin with `latchkey:` are Latchkey's own: by them it finds what belongs to it".to_owned(),
        );
    }
    if key == "Name" {
        return Some("Latchkey sets `Name` itself, from the deployment's name".to_owned());
    }
    if !(1..=MAX_KEY).contains(&key.chars().count()) {
        return Some(format!("the name of a tag has 1 to {MAX_KEY} characters"));
    }
    has_other_characters(key).then(|| format!("the name of a tag is made of {CHARACTERS}"))
}

/// Why AWS does not take `value`.
pub(super) fn refused_value(value: &str) -> Option<String> {
    if value.chars().count() > MAX_VALUE {
        return Some(format!("the value of a tag has at most {MAX_VALUE} characters"));
    }
    has_other_characters(value).then(|| format!("the value of a tag is made of {CHARACTERS}"))
}

/// ACM's characters, which EC2 takes too: EC2 alone would take any.
fn has_other_characters(text: &str) -> bool {
    !text.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@'))
}

const CHARACTERS: &str = "letters, digits, spaces and `_ . : / = + - @`";
