//! What the page says, in every language that it speaks: held against the texts that translators write.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result, ensure};
use tokio::time::Instant;

use crate::{
    browser::Browser,
    rehearsal::repository,
    tab::{PATIENCE, POLL, Tab},
};

/// The texts of every language, by language and key.
#[derive(Debug)]
pub struct Sentences(BTreeMap<String, BTreeMap<String, String>>);

impl Sentences {
    /// Reads `web/text`.
    ///
    /// # Errors
    /// A file is not what it should be.
    pub fn read() -> Result<Self> {
        let mut languages = BTreeMap::new();
        for entry in fs::read_dir(repository().join("web/text"))? {
            let path = entry?.path();
            let tag = path.file_stem().and_then(|name| name.to_str()).context("a language's file")?;
            let texts = toml::from_str(&fs::read_to_string(&path)?).with_context(|| tag.to_owned())?;
            languages.insert(tag.to_owned(), texts);
        }
        ensure!(languages.len() > 1, "there is one language only");
        Ok(Self(languages))
    }

    /// Waits for the refusal of this code, and switches through the languages: each says its own sentence, with `values`
    /// in their places and anything in the others. English comes last and stays.
    ///
    /// # Errors
    /// It is not said, or another sentence is.
    pub async fn refused(&self, browser: &Browser, code: &str, values: &[(&str, &str)]) -> Result<()> {
        self.says(browser, "#message", &format!("message-{code}"), values).await
    }

    /// The same for an element and the key of its text.
    ///
    /// # Errors
    /// As [`Sentences::refused`].
    pub async fn says(&self, browser: &Browser, selector: &str, key: &str, values: &[(&str, &str)]) -> Result<()> {
        // `en` is the first of the tags.
        for (tag, texts) in self.0.iter().rev() {
            let text = texts.get(key).with_context(|| format!("`{key}` in {tag}"))?;
            let (pieces, say) = (pieces(text, values), say_in(tag, selector));
            let deadline = Instant::now() + PATIENCE;
            loop {
                // A page that is just being replaced has no context to evaluate in: asked again.
                let said = browser.evaluate(&say).await.unwrap_or_default();
                if said.as_str().is_some_and(|said| fits(said, &pieces)) {
                    break;
                }
                ensure!(Instant::now() < deadline, "`{key}` in {tag} is not what {selector} says: {said}");
                tokio::time::sleep(POLL).await;
            }
        }
        Ok(())
    }

    /// The text under `key` in each language, without markup.
    ///
    /// # Errors
    /// There is none.
    pub fn of(&self, key: &str) -> Result<Vec<String>> {
        self.0.values().map(|texts| texts.get(key).map(|text| plain(text)).with_context(|| key.to_owned())).collect()
    }
}

/// Chooses a language as the person does it; its value is what the element says then.
fn say_in(tag: &str, selector: &str) -> String {
    format!(
        "((list, said) => {{
            if (document.documentElement.lang !== '{tag}') {{
                list.value = '{tag}';
                list.dispatchEvent(new Event('change'));
            }}
            return said?.textContent;
        }})(document.querySelector('#language'), document.querySelector({selector:?}))"
    )
}

/// The parts of a text between the places of which the value is not known.
fn pieces(text: &str, values: &[(&str, &str)]) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let text = plain(text);
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let last = pieces.last_mut();
        let value = values.iter().find(|(of, _)| *of == name).map(|(_, value)| *value);
        last.into_iter().for_each(|piece| *piece += &(before.to_owned() + value.unwrap_or_default()));
        if value.is_none() {
            pieces.push(String::new());
        }
        rest = after;
    }
    pieces.last_mut().into_iter().for_each(|piece| *piece += rest);
    pieces
}

/// Without the few tags that a text may have.
fn plain(text: &str) -> String {
    let tags = ["b", "i", "code"].iter().flat_map(|name| [format!("<{name}>"), format!("</{name}>")]);
    tags.fold(text.to_owned(), |text, tag| text.replace(&tag, ""))
}

/// Whether `said` consists of these pieces, with something between them.
fn fits(said: &str, pieces: &[String]) -> bool {
    let Some((first, others)) = pieces.split_first() else { return false };
    let Some(mut rest) = said.strip_prefix(first.as_str()) else { return false };
    for (at, piece) in others.iter().enumerate() {
        let found = if at + 1 == others.len() {
            rest.ends_with(piece.as_str()).then(|| rest.len() - piece.len())
        } else {
            rest.find(piece.as_str())
        };
        match found {
            Some(between) if between > 0 => rest = rest.get(between + piece.len()..).unwrap_or_default(),
            _ => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_recognised_whatever_stands_in_its_places() {
        let text = "<b>This is for {found}.</b> Yours is {expected}. <code>{code}</code>";
        let check = |said: &str, values: &[(&str, &str)]| fits(said, &pieces(text, values));
        assert!(check("This is for bob. Yours is alice. x", &[]));
        assert!(check("This is for bob. Yours is alice. x", &[("found", "bob"), ("expected", "alice"), ("code", "x")]));
        assert!(!check("This is for bob. Yours is alice. x", &[("found", "mallory")]));
        assert!(!check("This is for . Yours is alice. x", &[]));
        assert!(!check("This is for bob. Yours is alice.", &[]));
        assert!(!check("This was for bob. Yours is alice. x", &[]));
        assert!(!check("This is for bob. Yours is alice. x and more", &[("code", "x")]));
    }
}
