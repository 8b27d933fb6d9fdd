//! Reads a TOML document by its description, and gathers everything that does not fit instead of stopping at it.
//!
//! What a value is, is judged here: kind, length, words, number of items, unknown and missing keys. What it means is
//! up to whoever asks for it; what they refuse comes into the same report.

use std::{cell::RefCell, collections::BTreeMap, fmt::Display, ops::Range, str::FromStr};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    description::{FILE, Key, Kind, Need},
    problem::{Problem, line_of},
};

/// Everything that is wrong so far.
pub(super) struct Findings<'t> {
    text: &'t str,
    findings: RefCell<Vec<Finding>>,
}

struct Finding {
    /// Where it stands in the text.
    place: usize,
    /// Whether something is not there, rather than wrong.
    is_absence: bool,
    problem: Problem,
}

impl<'t> Findings<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, findings: RefCell::default() }
    }

    fn note(&self, place: usize, is_absence: bool, key: String, value: Option<String>, allowed: String) {
        let problem = Problem { line: Some(line_of(self.text, place)), key, value, allowed };
        self.findings.borrow_mut().push(Finding { place, is_absence, problem });
    }

    /// What is wrong, in the order of the file. Where it is not TOML throughout, that comes with the rest, as far as
    /// the rest can be judged: what seems to be missing may be in what could not be read.
    pub(super) fn into_problems(self, broken: Vec<toml::de::Error>) -> Vec<Problem> {
        let broken: Vec<Finding> = broken.iter().map(|error| no_toml(self.text, error)).collect();
        let lines: Vec<Option<usize>> = broken.iter().map(|finding| finding.problem.line).collect();
        let mut findings = self.findings.into_inner();
        findings.retain(|finding| lines.is_empty() || !(finding.is_absence || lines.contains(&finding.problem.line)));
        findings.extend(broken);
        findings.sort_by_key(|finding| finding.place);
        findings.into_iter().map(|finding| finding.problem).collect()
    }
}

fn no_toml(text: &str, error: &toml::de::Error) -> Finding {
    let place = error.span().map_or(0, |span| span.start);
    let problem = Problem {
        line: error.span().map(|_| line_of(text, place)),
        key: String::new(),
        value: None,
        allowed: format!("this is not TOML: {}", error.message().trim_end().replace('\n', ", ")),
    };
    Finding { place, is_absence: false, problem }
}

/// A table whose keys are known. A misspelled key has been reported and stands for the one that was meant.
pub(super) struct Table<'a> {
    found: &'a Findings<'a>,
    path: String,
    place: Range<usize>,
    keys: &'static [Key],
    values: BTreeMap<&'static str, &'a Spanned<DeValue<'a>>>,
}

impl<'a> Table<'a> {
    /// The whole file.
    pub(super) fn file(found: &'a Findings<'a>, table: &'a Spanned<DeTable<'a>>) -> Self {
        Self::open(found, "", FILE, table.get_ref(), &table.span())
    }

    /// Looks at the names of the keys.
    fn open(
        found: &'a Findings<'a>,
        path: &str,
        keys: &'static [Key],
        table: &'a DeTable<'a>,
        place: &Range<usize>,
    ) -> Self {
        let (known, unknown): (Vec<_>, Vec<_>) =
            table.iter().partition(|(name, _)| keys.iter().any(|key| key.name == name.get_ref()));
        let mut values = BTreeMap::new();
        for (name, value) in known {
            values.extend(keys.iter().find(|key| key.name == name.get_ref()).map(|key| (key.name, value)));
        }
        for (name, value) in unknown {
            let absent: Vec<&str> =
                keys.iter().map(|key| key.name).filter(|known| !values.contains_key(known)).collect();
            let near = nearest(name.get_ref(), &absent);
            let why = unknown_key(name.get_ref(), near, keys);
            found.note(name.span().start, false, joined(path, name.get_ref()), None, why);
            values.extend(near.map(|near| (near, value)));
        }
        for key in keys.iter().filter(|key| matches!(key.need, Need::Required) && !values.contains_key(key.name)) {
            found.note(place.start, true, joined(path, key.name), None, missing_key(key));
        }
        Self { found, path: path.to_owned(), place: place.clone(), keys, values }
    }

    /// The value of a key; `None` where it is absent, or where it is not what the key takes and has been reported.
    pub(super) fn get(&self, name: &'static str) -> Option<Value<'a>> {
        let key = self.keys.iter().find(|key| key.name == name)?;
        let value = self.values.get(name)?;
        Value { found: self.found, key: joined(&self.path, name), kind: &key.kind, value }.fitting()
    }

    /// A section; one without keys where the file has none.
    pub(super) fn section(&self, name: &'static str) -> Self {
        self.get(name).and_then(|value| value.table()).unwrap_or_else(|| {
            let keys = self.keys.iter().find(|key| key.name == name).and_then(|key| key.kind.keys());
            Self {
                found: self.found,
                path: joined(&self.path, name),
                place: self.place.clone(),
                keys: keys.unwrap_or_default(),
                values: BTreeMap::new(),
            }
        })
    }

    /// Notes that something is wrong with a key, present or not; without a name, with the table.
    pub(super) fn note(&self, name: &'static str, allowed: &str) {
        let place = self.values.get(name).map_or_else(|| self.place.clone(), |value| value.span());
        self.found.note(place.start, !self.has(name), joined(&self.path, name), None, allowed.to_owned());
    }

    /// Whether the file has the key, right or wrong.
    pub(super) fn has(&self, name: &'static str) -> bool {
        self.values.contains_key(name)
    }

    /// A key's text, parsed.
    pub(super) fn parse<T: FromStr<Err: Display>>(&self, name: &'static str) -> Option<T> {
        self.get(name)?.parse()
    }

    /// A key's text, empty where it is absent.
    pub(super) fn text(&self, name: &'static str) -> String {
        self.get(name).map(|value| value.text().to_owned()).unwrap_or_default()
    }

    pub(super) fn flag(&self, name: &'static str, default: bool) -> bool {
        self.get(name).and_then(|value| value.value.get_ref().as_bool()).unwrap_or(default)
    }

    /// A key's list, each item parsed; empty where it is absent.
    pub(super) fn list<T: FromStr<Err: Display> + PartialEq>(&self, name: &'static str) -> Vec<T> {
        let mut parsed = Vec::new();
        for item in self.items(name) {
            if let Some(value) = item.parse() {
                if parsed.contains(&value) {
                    item.refuse(TWICE);
                }
                parsed.push(value);
            }
        }
        parsed
    }

    /// The items of a key's list that are what the list takes.
    pub(super) fn items(&self, name: &'static str) -> Vec<Value<'a>> {
        self.get(name).map(|list| list.items()).unwrap_or_default()
    }
}

/// A value that is what its key takes.
pub(super) struct Value<'a> {
    found: &'a Findings<'a>,
    key: String,
    kind: &'static Kind,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Value<'a> {
    /// Itself if it is what its key takes.
    fn fitting(self) -> Option<Self> {
        let value = self.value.get_ref();
        let fits = match self.kind {
            Kind::Text { least, most, pattern: "" } if value.is_str() => {
                let length = self.text().chars().count();
                if !(*least..=*most).contains(&length) {
                    let least = if *least == 0 { "at most".to_owned() } else { format!("{least} to") };
                    self.refuse(format!("{least} {most} characters are allowed, this has {length}"));
                    return None;
                }
                true
            }
            Kind::Text { .. } => value.is_str(),
            Kind::Word(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Kind::Flag => value.is_bool(),
            Kind::Number(numbers) => self.number().is_some_and(|number| numbers.contains(&number)),
            Kind::Count(most) => self.number().is_some_and(|number| (1..=*most).contains(&number)),
            Kind::List { least, .. } => value.as_array().is_some_and(|items| items.len() >= *least),
            Kind::Table(_) | Kind::Tags => value.is_table(),
            Kind::TextOrTable(..) => value.is_str() || value.is_table(),
        };
        if fits {
            return Some(self);
        }
        self.refuse(self.kind.to_string());
        None
    }

    /// Notes that the value is not allowed.
    pub(super) fn refuse(&self, allowed: impl Into<String>) {
        self.found.note(self.value.span().start, false, self.key.clone(), Some(self.shown()), allowed.into());
    }

    /// Its text, empty where it has none.
    pub(super) fn text(&self) -> &'a str {
        self.value.get_ref().as_str().unwrap_or_default()
    }

    pub(super) fn number(&self) -> Option<i64> {
        let number = self.value.get_ref().as_integer()?;
        i64::from_str_radix(number.as_str(), number.radix()).ok()
    }

    pub(super) fn parse<T: FromStr<Err: Display>>(&self) -> Option<T> {
        self.parse_with(T::from_str)
    }

    pub(super) fn parse_with<T, E: Display>(&self, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        parse(self.text()).map_err(|error| self.refuse(error.to_string())).ok()
    }

    /// Its keys, where it is a table.
    pub(super) fn table(&self) -> Option<Table<'a>> {
        let keys = self.kind.keys()?;
        let table = self.value.get_ref().as_table()?;
        Some(Table::open(self.found, &self.key, keys, table, &self.value.span()))
    }

    /// Its entries, where the admin chooses the keys: each with a text.
    pub(super) fn entries(&self) -> Vec<(&'a str, Self)> {
        const TEXT: Kind = Kind::Text { least: 0, most: usize::MAX, pattern: "" };
        let table = self.value.get_ref().as_table().into_iter().flatten();
        let entries = table.filter_map(|(name, value)| {
            let key = joined(&self.key, name.get_ref());
            Some((&**name.get_ref(), Self { found: self.found, key, kind: &TEXT, value }.fitting()?))
        });
        entries.collect()
    }

    fn items(&self) -> Vec<Self> {
        let Kind::List { item: kind, most, .. } = self.kind else {
            return Vec::new();
        };
        let items = self.value.get_ref().as_array().into_iter().flatten().map(|value| Self {
            found: self.found,
            key: self.key.clone(),
            kind,
            value,
        });
        items
            .enumerate()
            .filter_map(|(i, item)| {
                if i >= *most {
                    item.refuse(format!("at most {most} are allowed"));
                }
                item.fitting()
            })
            .collect()
    }

    /// The value as the file has it, or the beginning of it.
    fn shown(&self) -> String {
        let text = match self.value.get_ref().as_str() {
            Some(text) => text,
            None => self.found.text.get(self.value.span()).unwrap_or_default(),
        };
        if text.chars().count() <= SHOWN {
            return text.to_owned();
        }
        text.chars().take(SHOWN - 1).chain(['…']).collect()
    }
}

/// What the kind takes, as the end of a sentence.
impl Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text { .. } => f.write_str("text in quotes is needed"),
            Self::Word([word]) => write!(f, "only `{word}` is allowed"),
            Self::Word(words) => {
                write!(f, "{} is allowed", or(&words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>()))
            }
            Self::Flag => f.write_str("`true` or `false` is needed, without quotes"),
            Self::Number(numbers) => write!(f, "{} is allowed", or(numbers)),
            Self::Count(most) => write!(f, "a whole number from 1 to {most} is needed"),
            Self::List { least: 0, .. } => f.write_str("a list is needed: `[…]`"),
            Self::List { least, .. } => write!(f, "a list of at least {least} is needed: `[…]`"),
            Self::Table(_) | Self::Tags => f.write_str("a table is needed: `{ … }`, or a section in brackets"),
            Self::TextOrTable(..) => f.write_str("text in quotes or a table is needed: `\"…\"` or `{ … }`"),
        }
    }
}

fn unknown_key(name: &str, near: Option<&str>, keys: &'static [Key]) -> String {
    if let Some(near) = near {
        return format!("there is no such key; did you mean `{near}`?");
    }
    let has_it = |section: &&Key| section.kind.keys().is_some_and(|keys| keys.iter().any(|key| key.name == name));
    if let Some(home) = FILE.iter().find(has_it) {
        return format!("there is no such key here, it belongs into the section `[{}]`", home.name);
    }
    let names: Vec<String> = keys.iter().map(|key| format!("`{}`", key.name)).collect();
    format!("there is no such key; there are {}", names.join(", "))
}

fn missing_key(key: &Key) -> String {
    let Some(keys) = key.kind.keys() else {
        return format!("the key is missing: {}", key.about);
    };
    let needed = keys.iter().filter(|key| matches!(key.need, Need::Required));
    let names: Vec<String> = needed.map(|key| format!("`{}`", key.name)).collect();
    format!("the section is missing; it needs {}", names.join(", "))
}

/// The one of `names` that was probably meant.
fn nearest<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    let near = names.iter().map(|known| (strsim::damerau_levenshtein(name, known), *known)).min()?;
    (near.0 <= (name.chars().count() / 3).max(1)).then_some(near.1)
}

fn joined(path: &str, name: &str) -> String {
    match (path, name) {
        ("", name) => name.to_owned(),
        (path, "") => path.to_owned(),
        (path, name) => format!("{path}.{name}"),
    }
}

fn or<T: ToString>(items: &[T]) -> String {
    let mut texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    match texts.pop() {
        Some(last) if !texts.is_empty() => format!("{} or {last}", texts.join(", ")),
        last => last.unwrap_or_default(),
    }
}

/// What a list item is refused with that stands there before.
pub(super) const TWICE: &str = "it stands in the list twice";

/// How much of a value is shown.
const SHOWN: usize = 80;
