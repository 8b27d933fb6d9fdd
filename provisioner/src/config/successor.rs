//! The configuration of a deployment that is to take another's place: the same, under another name, with a ledger, and so
//! a CA, and a page of its own. Comments and order of the file stay.

use std::ops::Range;

use toml::{Spanned, de::DeTable, de::DeValue};

/// `text` for the successor, and its name; `None` where it is no configuration.
pub fn successor(text: &str) -> Option<(String, String)> {
    let document = DeTable::parse(text).ok()?;
    let document = document.get_ref();
    let found = |section: &str, key: &str| {
        let section = document.get(section)?.get_ref().as_table()?;
        let value: &Spanned<DeValue<'_>> = section.get(key)?;
        Some((value.span(), value.get_ref().as_str()?.to_owned()))
    };
    let (place, old) = found("deployment", "name")?;
    let new = next(&old);
    let mut changed: Vec<(Range<usize>, String)> = vec![(place, new.clone())];
    for (section, key) in [("ledger", "url"), ("page", "dir")] {
        let (place, value) = found(section, key)?;
        changed.push((place, renamed(&value, &old, &new)));
    }
    // From the end, so that what is before keeps its place.
    changed.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    let mut text = text.to_owned();
    for (place, value) in changed {
        text.get(place.clone())?;
        text.replace_range(place, &toml::Value::String(value).to_string());
    }
    Some((text, new))
}

/// `demo`, `demo-2`, `demo-3` and so on.
fn next(name: &str) -> String {
    let numbered = name.rsplit_once('-').and_then(|(stem, number)| Some((stem, number.parse::<u32>().ok()?)));
    match numbered {
        Some((stem, number)) if number > 1 => format!("{stem}-{}", number.saturating_add(1)),
        _ => format!("{name}-2"),
    }
}

/// A path that has the old name as a part has the new one in its place; another one is told apart at its end.
fn renamed(path: &str, old: &str, new: &str) -> String {
    let parts: Vec<&str> = path.split('/').map(|part| if part == old { new } else { part }).collect();
    let renamed = parts.join("/");
    if renamed == path { format!("{}-of-{new}", path.trim_end_matches('/')) } else { renamed }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Location};

    #[test]
    fn the_successor_differs_in_name_ledger_and_page_alone() {
        let text = include_str!("../../../latchkey.toml");
        let (next, name) = successor(text).unwrap();
        let differing: Vec<_> = text.lines().zip(next.lines()).filter(|(old, new)| old != new).collect();
        assert_eq!(
            differing,
            [
                ("name = \"demo\"", "name = \"demo-2\""),
                ("url = \"file:.latchkey/demo/ledger\"", "url = \"file:.latchkey/demo-2/ledger\""),
                ("dir = \".latchkey/demo/site\"", "dir = \".latchkey/demo-2/site\""),
            ]
        );
        let (old, new) = [text, &next].map(|text| Config::parse(Path::new("x"), text).unwrap()).into();
        assert!(old.ledger != new.ledger && old.page.dir != new.page.dir);
        assert_eq!((name.as_str(), new.deployment.name.as_str()), ("demo-2", "demo-2"));
        assert!(matches!(new.ledger, Location::Folder(_)));
        assert_eq!(successor(&next).unwrap().1, "demo-3");
    }

    #[test]
    fn a_path_without_the_name_is_told_apart_too() {
        assert_eq!(renamed("file:/srv/vpn", "demo", "demo-2"), "file:/srv/vpn-of-demo-2");
        assert_eq!(renamed("site/", "demo", "demo-2"), "site-of-demo-2");
        assert_eq!(next("vpn-1"), "vpn-1-2");
        assert_eq!(successor("name = 1"), None);
    }
}
