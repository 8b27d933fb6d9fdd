//! What the page says, in every language: put into the markup when the page is built.
//!
//! The page shows the default language as it stands, so that there is something to read before any program runs; the
//! others lie beside it in templates, from which the program takes them. So another language needs no download.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use lol_html::{
    RewriteStrSettings, element,
    html_content::{ContentType, Element},
    rewrite_str,
};

/// Every language, the default first.
#[derive(Debug, Default)]
pub(crate) struct Texts(Vec<Language>);

#[derive(Debug)]
struct Language {
    /// BCP 47, for example `zh-Hans`.
    tag: String,
    /// Markup by key.
    texts: BTreeMap<String, String>,
}

impl Texts {
    /// Reads one file for each language.
    ///
    /// # Errors
    /// A file cannot be read, has markup that is not allowed, or differs from the default language's in keys or places.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let mut languages = Vec::new();
        for entry in fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(tag) = name.strip_suffix(".toml") else {
                bail!("`{}` is not the text of a language", path.display());
            };
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
            languages.push(Language::parse(tag, &text).with_context(|| format!("`{}`", path.display()))?);
        }
        languages.sort_by(|a, b| (a.tag != DEFAULT, &a.tag).cmp(&(b.tag != DEFAULT, &b.tag)));
        let texts = Self(languages);
        texts.check()?;
        Ok(texts)
    }

    fn check(&self) -> Result<()> {
        let Some((default, others)) = self.0.split_first() else {
            bail!("there is no language");
        };
        ensure!(default.tag == DEFAULT, "there is no `{DEFAULT}.toml`, the default language");
        for other in others {
            let missing: Vec<_> = default.texts.keys().filter(|key| !other.texts.contains_key(*key)).collect();
            let foreign: Vec<_> = other.texts.keys().filter(|key| !default.texts.contains_key(*key)).collect();
            ensure!(
                missing.is_empty() && foreign.is_empty(),
                "`{}` lacks {missing:?}, and has {foreign:?}, which `{DEFAULT}` has not",
                other.tag
            );
            for (key, text) in &default.texts {
                let (wanted, found) = (places(text), other.texts.get(key).map(|text| places(text)).unwrap_or_default());
                ensure!(wanted == found, "`{key}` in `{}` has the places {found:?} instead of {wanted:?}", other.tag);
            }
        }
        Ok(())
    }

    /// Fills `html`, whose elements say what they want to have.
    ///
    /// # Errors
    /// It wants what there is no text for.
    pub(crate) fn put_into(&self, html: &str) -> Result<String> {
        let settings = RewriteStrSettings::new()
            .append_element_content_handler(element!("[data-text]", |element| {
                element.set_inner_content(&self.wanted(element, "data-text")?, ContentType::Html);
                Ok(())
            }))
            .append_element_content_handler(element!("[data-label]", |element| {
                let label = self.wanted(element, "data-label")?;
                Ok(element.set_attribute("aria-label", &label)?)
            }))
            .append_element_content_handler(element!("[data-content]", |element| {
                let content = self.wanted(element, "data-content")?;
                element.remove_attribute("data-content");
                Ok(element.set_attribute("content", &content)?)
            }))
            .append_element_content_handler(element!("[data-in-every-language]", |element| {
                let key = element.get_attribute("data-in-every-language").unwrap_or_default();
                for Language { tag, texts } in &self.0 {
                    let text = texts.get(&key).ok_or_else(|| no_text(&key))?;
                    element.append(&format!("<p lang=\"{tag}\">{text}</p>"), ContentType::Html);
                }
                Ok(())
            }))
            .append_element_content_handler(element!("[data-languages]", |element| {
                for Language { tag, texts } in &self.0 {
                    let name = texts.get(NAME).ok_or_else(|| no_text(NAME))?;
                    let option = format!("<option value=\"{tag}\" lang=\"{tag}\">{name}</option>");
                    element.append(&option, ContentType::Html);
                }
                element.remove_attribute("data-languages");
                Ok(())
            }))
            .append_element_content_handler(element!("body", |body| {
                for language in &self.0 {
                    body.append(&language.template(), ContentType::Html);
                }
                Ok(())
            }));
        rewrite_str(html, settings).map_err(|error| anyhow!("{error}"))
    }

    fn wanted(&self, element: &Element<'_, '_>, attribute: &str) -> Result<String> {
        let key = element.get_attribute(attribute).unwrap_or_default();
        let default = self.0.first().and_then(|default| default.texts.get(&key));
        default.cloned().ok_or_else(|| no_text(&key))
    }
}

impl Language {
    fn parse(tag: &str, text: &str) -> Result<Self> {
        ensure!(
            tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
            "`{tag}` is no tag of a language"
        );
        let texts: BTreeMap<String, String> = toml::from_str(text)?;
        let texts = texts.into_iter().map(|(key, text)| {
            let markup = markup(&text).with_context(|| format!("`{key}`"))?;
            Ok((key, markup))
        });
        Ok(Self { tag: tag.to_owned(), texts: texts.collect::<Result<_>>()? })
    }

    fn template(&self) -> String {
        let texts = self.texts.iter().filter(|(key, _)| !AT_BUILD_TIME.contains(&key.as_str()));
        let texts: String = texts.map(|(key, text)| format!("<p data-for=\"{key}\">{text}</p>\n")).collect();
        let tag = &self.tag;
        format!("<template id=\"text-{tag}\" lang=\"{tag}\">\n{texts}</template>\n")
    }
}

/// The text as markup. Only the plainest is allowed, and the places for what the page fills in.
fn markup(text: &str) -> Result<String> {
    let mut bare = text.to_owned();
    for tag in ["b", "i", "code"] {
        let (begins, ends) = (format!("<{tag}>"), format!("</{tag}>"));
        ensure!(text.matches(&begins).count() == text.matches(&ends).count(), "`<{tag}>` does not end");
        bare = bare.replace(&begins, "").replace(&ends, "");
    }
    ensure!(!bare.contains(['<', '>', '&', '"']), "markup that is not allowed: {text}");
    let mut pieces = text.split('{');
    let mut markup = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (place, rest) = piece.split_once('}').with_context(|| format!("`{{` does not end: {text}"))?;
        let is_name = !place.is_empty() && place.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        ensure!(is_name, "`{place}` is no name of a place");
        markup += &format!("<span data-fill=\"{place}\"></span>{rest}");
    }
    Ok(markup)
}

fn places(markup: &str) -> BTreeSet<&str> {
    markup.split("data-fill=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0)).collect()
}

fn no_text(key: &str) -> anyhow::Error {
    anyhow!("there is no text for `{key}`")
}

const DEFAULT: &str = "en";
const NAME: &str = "language-name";
/// What the program never needs.
const AT_BUILD_TIME: [&str; 4] = [NAME, "description", "late", "noscript"];

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn every_language_says_all_that_the_page_wants_and_nothing_else() {
        let texts = Texts::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../text")).unwrap();
        assert!(texts.0.len() > 1);
        let page = include_str!("../../index.html");
        let program = [
            include_str!("../../../profile-wasm/src/page/certificate.rs"),
            include_str!("../../../profile-wasm/src/page/request.rs"),
            include_str!("../../../profile-wasm/src/reminder.rs"),
        ];
        texts.put_into(page).unwrap();
        for key in texts.0.first().unwrap().texts.keys().filter(|key| !key.starts_with("message-") && *key != NAME) {
            let is_in_markup = page.contains(&format!("=\"{key}\""));
            let is_in_program = program.iter().any(|part| part.contains(&format!("\"{key}\"")));
            assert!(is_in_markup || is_in_program, "nothing says `{key}`");
        }
    }

    #[test]
    fn the_default_stands_in_the_page_and_the_others_beside_it() {
        let page = texts([("en", "a = \"Hi <b>{name}</b>\""), ("zh", "a = \"您好<b>{name}</b>\"")]).unwrap();
        let page = page.put_into("<body><h1 data-text=\"a\"></h1><p data-in-every-language=\"a\"></p></body>").unwrap();
        expect![[r#"
            <body><h1 data-text="a">Hi <b><span data-fill="name"></span></b></h1><p data-in-every-language="a"><p lang="en">Hi <b><span data-fill="name"></span></b></p><p lang="zh">您好<b><span data-fill="name"></span></b></p></p><template id="text-en" lang="en">
            <p data-for="a">Hi <b><span data-fill="name"></span></b></p>
            </template>
            <template id="text-zh" lang="zh">
            <p data-for="a">您好<b><span data-fill="name"></span></b></p>
            </template>
            </body>"#]]
        .assert_eq(&page);
    }

    #[test]
    fn a_language_that_differs_is_refused() {
        let with = |other| texts([("en", "a = \"{x}\"\nb = \"\""), ("zh", other)]);
        assert!(with("a = \"字{x}\"\nb = \"\"").is_ok());
        for other in ["a = \"{x}\"", "a = \"{y}\"\nb = \"\"", "a = \"\"\nb = \"\"", "a = \"{x}\"\nb = \"\"\nc = \"\""] {
            assert!(with(other).is_err(), "{other}");
        }
        assert!(texts([("zh", "")]).is_err());
    }

    #[test]
    fn only_plain_markup_is_allowed() {
        for text in ["<script>", "<b onclick=x>", "<b>x", "a & b", "<a href=x>y</a>", "\"", "{", "{X}", "{}"] {
            assert!(markup(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_page_that_wants_what_nobody_says_is_refused() {
        let texts = texts([("en", "a = \"\"")]).unwrap();
        for page in ["<p data-text=\"b\">", "<p data-label=\"b\">", "<p data-in-every-language=\"b\"></p>"] {
            assert!(texts.put_into(page).is_err(), "{page}");
        }
    }

    fn texts<const N: usize>(languages: [(&str, &str); N]) -> Result<Texts> {
        let texts = Texts(languages.map(|(tag, text)| Language::parse(tag, text).unwrap()).into());
        texts.check()?;
        Ok(texts)
    }
}
