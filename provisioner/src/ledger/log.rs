//! The log: who changed what, when, and how it ended.
//!
//! A deed has two objects. The first is there before anything is changed, the second after: whoever is killed in
//! between leaves the first alone, so that others see what was begun and by whom. The names sort by time.

use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use time::{
    OffsetDateTime, PrimitiveDateTime, format_description::StaticFormatDescription,
    format_description::well_known::Rfc3339, macros::format_description,
};

use super::{AT_ONCE, Ledger, LedgerError, Provenance, record::json};
use crate::pki::serial::Serial;

/// What somebody is about to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deed {
    /// The command, without what it was given.
    pub command: String,
    /// The common names of those whom it is about; none where it is about the deployment.
    pub subjects: Vec<String>,
    /// What is to be done, one line each: steps of a plan, serial numbers.
    pub what: Vec<String>,
    /// Whom AWS took the admin for, where it was asked: the ARN of a user or a role.
    pub caller: Option<String>,
    /// Who and when.
    pub provenance: Provenance,
}

/// How a deed ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ending {
    /// When.
    pub when: OffsetDateTime,
    /// What there is now, one line each, or why it failed, on one line.
    pub outcome: Result<Vec<String>, String>,
}

/// A deed as the log has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logged {
    /// The deed.
    pub deed: Deed,
    /// How it ended; `None` where nobody wrote that down: it goes on, or was cut short.
    pub ending: Option<Ending>,
}

impl Ledger {
    /// Writes down that `deed` is begun.
    ///
    /// # Errors
    /// [`LedgerError`]: then it must not begin.
    pub async fn log_begin(&self, deed: &Deed) -> Result<(), LedgerError> {
        let Deed { command, subjects, what, caller, provenance } = deed;
        let Provenance { who, when, nonce } = provenance;
        let form = Form {
            version: VERSION,
            command: command.clone(),
            subjects: subjects.clone(),
            what: what.clone(),
            who: who.clone(),
            caller: caller.clone(),
            when: milliseconds(*when),
            nonce: nonce.to_string(),
        };
        self.store.create(&Name::of(provenance).path(), &json(&form)).await
    }

    /// Writes down how `deed` ended.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn log_end(&self, deed: &Deed, ending: &Ending) -> Result<(), LedgerError> {
        let (outcome, result, error) = match &ending.outcome {
            Ok(result) => (Word::Done, result.clone(), None),
            Err(error) => (Word::Failed, Vec::new(), Some(error.clone())),
        };
        let form = EndForm { version: VERSION, outcome, result, error, when: milliseconds(ending.when) };
        self.store.create(&Name::of(&deed.provenance).end_path(), &json(&form)).await
    }

    /// The deeds that were begun at `since` or later, the oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn log(&self, since: OffsetDateTime) -> Result<Vec<Logged>, LedgerError> {
        let since = Name { when: since, nonce: Serial::from_random([0; 16]) }.path();
        let paths = self.store.list("log").await?;
        let names: Vec<Name> =
            paths.iter().filter(|path| **path >= since).filter_map(|path| Name::read(path)).collect();
        let logged = stream::iter(names).map(async |name| self.logged(&name).await).buffered(AT_ONCE);
        logged.try_filter_map(async |logged| Ok(logged)).try_collect().await
    }

    async fn logged(&self, name: &Name) -> Result<Option<Logged>, LedgerError> {
        let damaged = |path| LedgerError::Damaged { path };
        let Some(text) = self.store.read_text(&name.path()).await? else {
            return Ok(None);
        };
        let deed = Form::read(&text).ok_or_else(|| damaged(name.path()))?;
        let text = self.store.read_text(&name.end_path()).await?;
        let ending = text.map(|text| EndForm::read(&text).ok_or_else(|| damaged(name.end_path()))).transpose()?;
        Ok(Some(Logged { deed, ending }))
    }
}

/// Whether a path is that of the end of a deed; `None` where it is not called as a deed is.
pub(super) fn is_end(path: &str) -> Option<bool> {
    match path.strip_suffix(".end.json") {
        Some(stem) => Name::read(&format!("{stem}.json")).map(|_| true),
        None => Name::read(path).map(|_| false),
    }
}

/// Whether `text` is what stands in such an object.
pub(super) fn is_readable(text: &str, is_end: bool) -> bool {
    match is_end {
        true => EndForm::read(text).is_some(),
        false => Form::read(text).is_some(),
    }
}

/// What the objects of a deed are called after.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Name {
    when: OffsetDateTime,
    nonce: Serial,
}

impl Name {
    fn of(provenance: &Provenance) -> Self {
        Self { when: provenance.when, nonce: provenance.nonce }
    }

    /// `None` for the end of a deed, and for what is not called as a deed is.
    fn read(path: &str) -> Option<Self> {
        let (when, nonce) = path.strip_prefix("log/")?.strip_suffix(".json")?.split_once('-')?;
        let when = PrimitiveDateTime::parse(when, SORTABLE).ok()?.assume_utc();
        Some(Self { when, nonce: Serial::from_hex(nonce)? })
    }

    fn path(&self) -> String {
        format!("log/{}.json", self.stem())
    }

    fn end_path(&self) -> String {
        format!("log/{}.end.json", self.stem())
    }

    fn stem(&self) -> String {
        let when = self.when.format(SORTABLE).unwrap_or_default();
        format!("{when}-{}", self.nonce)
    }
}

/// RFC 3339 without the signs that some file systems do not take: `20261125T171800.250Z`.
const SORTABLE: StaticFormatDescription =
    format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:3]Z");

/// To the millisecond: a script does several things in a second, and their order is of interest.
fn milliseconds(when: OffsetDateTime) -> String {
    when.replace_millisecond(when.millisecond()).unwrap_or(when).format(&Rfc3339).unwrap_or_default()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    command: String,
    subjects: Vec<String>,
    what: Vec<String>,
    who: String,
    caller: Option<String>,
    when: String,
    nonce: String,
}

impl Form {
    fn read(text: &str) -> Option<Deed> {
        let Self { version, command, subjects, what, who, caller, when, nonce } = serde_json::from_str(text).ok()?;
        let when = OffsetDateTime::parse(&when, &Rfc3339).ok()?;
        let provenance = Provenance { who, when, nonce: Serial::from_hex(&nonce)? };
        (version == VERSION).then_some(Deed { command, subjects, what, caller, provenance })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndForm {
    version: u32,
    outcome: Word,
    result: Vec<String>,
    error: Option<String>,
    when: String,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Done,
    Failed,
}

impl EndForm {
    fn read(text: &str) -> Option<Ending> {
        let Self { version, outcome, result, error, when } = serde_json::from_str(text).ok()?;
        let outcome = match (outcome, error) {
            (Word::Done, None) => Ok(result),
            (Word::Failed, Some(error)) => Err(error),
            (Word::Done, Some(_)) | (Word::Failed, None) => return None,
        };
        let when = OffsetDateTime::parse(&when, &Rfc3339).ok()?;
        (version == VERSION).then_some(Ending { when, outcome })
    }
}

const VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::{ledger::Store, testing::NOW};

    #[tokio::test]
    async fn a_deed_is_there_before_it_ends_and_with_its_end_afterwards() {
        let ledger = Ledger::new(Store::memory());
        let (done, failed, cut) =
            (deed(1, NOW), deed(2, NOW + Duration::milliseconds(7)), deed(3, NOW + Duration::HOUR));
        for deed in [&cut, &failed, &done] {
            ledger.log_begin(deed).await.unwrap();
        }
        let unended = ledger.log(NOW).await.unwrap();
        assert!(unended.iter().all(|it| it.ending.is_none()), "{unended:?}");
        let end = NOW + Duration::DAY + Duration::milliseconds(250);
        let good = Ending { when: end, outcome: Ok(vec!["revocation list number 2".to_owned()]) };
        let bad = Ending { when: end, outcome: Err("AWS is out of reach".to_owned()) };
        ledger.log_end(&done, &good).await.unwrap();
        ledger.log_end(&failed, &bad).await.unwrap();
        let logged = |deed: &Deed, ending| Logged { deed: deed.clone(), ending };
        let all = [logged(&done, Some(good)), logged(&failed, Some(bad.clone())), logged(&cut, None)];
        assert_eq!(ledger.log(NOW).await.unwrap(), all);
        assert_eq!(ledger.log(NOW - Duration::days(36_500)).await.unwrap(), all);
        assert_eq!(
            ledger.log(NOW + Duration::milliseconds(7)).await.unwrap(),
            [logged(&failed, Some(bad)), logged(&cut, None)]
        );
        assert_eq!(ledger.log(NOW + Duration::DAY).await.unwrap(), []);
    }

    #[tokio::test]
    async fn names_sort_by_time_and_two_deeds_of_one_second_are_two() {
        let ledger = Ledger::new(Store::memory());
        ledger.log_begin(&deed(1, NOW)).await.unwrap();
        ledger.log_begin(&deed(2, NOW)).await.unwrap();
        let again = Deed { command: "revoke".to_owned(), ..deed(1, NOW) };
        assert!(matches!(ledger.log_begin(&again).await, Err(LedgerError::Taken { .. })));
        let names = ledger.store.list("log").await.unwrap();
        assert_eq!(names, [1_u8, 2].map(|n| format!("log/{}-{}.json", "20261123T120000.000Z", serial(n))));
    }

    /// The form is stable: these are records as the first version has written them.
    #[tokio::test]
    async fn a_record_stays_readable_and_a_damaged_one_is_told() {
        let begin = r#"{"version": 1, "command": "sign", "subjects": ["alice.vpn.example.com"], "what": ["certificate 0a"],
            "who": "admin", "caller": null, "when": "2026-11-23T12:00:00Z", "nonce": "07"}"#;
        let end = r#"{"version": 1, "outcome": "failed", "result": [], "error": "no", "when": "2026-11-23T12:00:01Z"}"#;
        for (from, to, is_readable) in [
            ("", "", true),
            ("\"no\"", "null", false),
            ("failed", "done", false),
            ("sign\"", "sign\", \"a\": 1", false),
        ] {
            let ledger = Ledger::new(Store::memory());
            let name = Name { when: NOW, nonce: serial(7) };
            ledger.store.create(&name.path(), begin.replace(from, to).as_bytes()).await.unwrap();
            ledger.store.create(&name.end_path(), end.replace(from, to).as_bytes()).await.unwrap();
            let read = ledger.log(NOW).await;
            assert_eq!(read.is_ok(), is_readable, "{from} as {to}: {read:?}");
        }
    }

    fn deed(n: u8, when: OffsetDateTime) -> Deed {
        Deed {
            command: "sign".to_owned(),
            subjects: vec!["alice.vpn.example.com".to_owned()],
            what: vec![format!("certificate {}", serial(n))],
            caller: Some("arn:aws:iam::123456789012:user/admin".to_owned()),
            provenance: Provenance { who: "admin".to_owned(), when, nonce: serial(n) },
        }
    }

    fn serial(n: u8) -> Serial {
        Serial::from_random([n; 16])
    }
}
