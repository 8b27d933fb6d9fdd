//! Revocations: one object for every time that somebody revokes a certificate, or takes it off hold.
//!
//! The first is `revoked/<serial>.json`, further ones `revoked/<serial>.2.json` and so on; the one with the highest
//! number says how it is. The number is free once only, so that of two admins who decide about the same certificate at
//! the same moment one is told that the other was faster.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Issued, Ledger, LedgerError, Provenance,
    record::{json, rfc3339},
};
use crate::pki::{reason::Reason, serial::Serial};

/// Something that was decided about a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revocation {
    /// The certificate's serial number.
    pub serial: Serial,
    /// Whether it is revoked from now on, or no longer on hold.
    pub act: Act,
    /// The last second of the certificate's validity: after it nobody needs to be told.
    pub not_after: OffsetDateTime,
    /// Who decided it and when.
    pub provenance: Provenance,
}

/// What was decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// It is revoked.
    Revoke(Reason),
    /// It is no longer on hold.
    Undo,
}

/// What the ledger says of every certificate about which anything was decided: the last word of each.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Revocations {
    last: BTreeMap<Serial, Revocation>,
}

impl Revocations {
    /// Those that are revoked now, on hold or for ever, each with why.
    pub fn revoked(&self) -> impl Iterator<Item = (&Revocation, Reason)> {
        self.last.values().filter_map(|last| match last.act {
            Act::Revoke(reason) => Some((last, reason)),
            Act::Undo => None,
        })
    }

    /// Those that were on hold once and are no longer.
    pub fn undone(&self) -> impl Iterator<Item = Serial> {
        self.last.values().filter(|last| last.act == Act::Undo).map(|last| last.serial)
    }

    /// What was decided last about a certificate.
    pub fn last(&self, serial: Serial) -> Option<&Revocation> {
        self.last.get(&serial)
    }

    /// Why a certificate is revoked, where it is.
    pub fn reason(&self, serial: Serial) -> Option<Reason> {
        match self.last(serial)?.act {
            Act::Revoke(reason) => Some(reason),
            Act::Undo => None,
        }
    }
}

impl Ledger {
    /// What was decided last about every certificate.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn revocations(&self) -> Result<Revocations, LedgerError> {
        let mut highest: BTreeMap<Serial, u32> = BTreeMap::new();
        for path in self.store.list("revoked").await? {
            let (serial, number) = parse(&path).ok_or(LedgerError::Damaged { path })?;
            let entry = highest.entry(serial).or_default();
            *entry = number.max(*entry);
        }
        let mut known = self.known_revocations.lock().await;
        // An object never changes: what was read once need not be read again.
        let unknown = highest.iter().filter(|last| known.get(last.0).is_none_or(|(number, _)| number != last.1));
        let paths = unknown.map(|(serial, number)| path(*serial, *number)).collect();
        let read = |path: &str, text: &str| {
            let (serial, number) = parse(path)?;
            Some((serial, (number, Form::read(text).filter(|found| found.serial == serial)?)))
        };
        known.extend(self.store.read_all(paths, read).await?);
        Ok(Revocations { last: known.iter().map(|(serial, (_, last))| (*serial, last.clone())).collect() })
    }

    /// What was decided last about one certificate, and its number. Numbers have no gaps, so that nothing needs to be
    /// listed.
    async fn last_revocation(&self, serial: Serial) -> Result<(u32, Option<Revocation>), LedgerError> {
        let (mut number, mut last) = (0, None);
        while let Some(found) = self.revocation(serial, number + 1).await? {
            number += 1;
            last = Some(found);
        }
        Ok((number, last))
    }

    /// What was decided last about the certificate with this serial number, where anything was.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn last_word(&self, serial: Serial) -> Result<Option<Revocation>, LedgerError> {
        self.last_revocation(serial).await.map(|(_, last)| last)
    }

    /// Whether the certificate with this serial number is revoked, be it for now.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn is_revoked(&self, serial: Serial) -> Result<bool, LedgerError> {
        let (_, last) = self.last_revocation(serial).await?;
        Ok(last.is_some_and(|last| last.act != Act::Undo))
    }

    /// Records that `issued` is revoked or no longer on hold, where that changes anything: then answers with true.
    ///
    /// # Errors
    /// [`LedgerError::Taken`] where somebody else has just decided something about it, or another [`LedgerError`].
    pub async fn record_revocation(
        &self,
        issued: &Issued,
        act: Act,
        provenance: Provenance,
    ) -> Result<bool, LedgerError> {
        self.record_revocation_of(issued.serial, issued.not_after, act, provenance).await
    }

    /// The same for a certificate of which there may be no record: one that another tool issued and revoked.
    ///
    /// # Errors
    /// As [`Ledger::record_revocation`].
    pub async fn record_revocation_of(
        &self,
        serial: Serial,
        not_after: OffsetDateTime,
        act: Act,
        provenance: Provenance,
    ) -> Result<bool, LedgerError> {
        let (number, last) = self.last_revocation(serial).await?;
        if !act.changes(last.map(|last| last.act)) {
            return Ok(false);
        }
        let revocation = Revocation { serial, act, not_after, provenance };
        self.store.create(&path(serial, number + 1), &json(&Form::from(&revocation))).await?;
        Ok(true)
    }

    async fn revocation(&self, serial: Serial, number: u32) -> Result<Option<Revocation>, LedgerError> {
        let path = path(serial, number);
        let Some(text) = self.store.read_text(&path).await? else {
            return Ok(None);
        };
        let found = Form::read(&text).filter(|found| found.serial == serial);
        found.map(Some).ok_or(LedgerError::Damaged { path })
    }
}

impl Act {
    /// Whether this changes anything after what was decided last. What is revoked for ever stays so.
    pub fn changes(self, last: Option<Self>) -> bool {
        match (self, last) {
            (Self::Revoke(_), None | Some(Self::Undo)) => true,
            (Self::Revoke(reason), Some(Self::Revoke(last))) => last.is_hold() && !reason.is_hold(),
            (Self::Undo, Some(Self::Revoke(last))) => last.is_hold(),
            (Self::Undo, None | Some(Self::Undo)) => false,
        }
    }
}

fn path(serial: Serial, number: u32) -> String {
    match number {
        0 | 1 => format!("revoked/{serial}.json"),
        more => format!("revoked/{serial}.{more}.json"),
    }
}

/// The serial number and the number that a path says.
pub(super) fn parse(path: &str) -> Option<(Serial, u32)> {
    let name = path.strip_prefix("revoked/")?.strip_suffix(".json")?;
    let (serial, number) = match name.split_once('.') {
        None => (name, 1),
        Some((serial, number)) => (serial, number.parse().ok().filter(|number| *number > 1)?),
    };
    Some((Serial::from_hex(serial)?, number))
}

/// What a record says; `None` where it is none.
pub(super) fn read(text: &str) -> Option<Revocation> {
    Form::read(text)
}

/// The record's stable form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    serial: String,
    act: Word,
    reason: Option<String>,
    not_after: String,
    who: String,
    when: String,
    nonce: String,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Revoke,
    Undo,
}

impl From<&Revocation> for Form {
    fn from(Revocation { serial, act, not_after, provenance }: &Revocation) -> Self {
        let Provenance { who, when, nonce } = provenance;
        let (act, reason) = match act {
            Act::Revoke(reason) => (Word::Revoke, Some(reason.to_string())),
            Act::Undo => (Word::Undo, None),
        };
        Self {
            version: VERSION,
            serial: serial.to_string(),
            act,
            reason,
            not_after: rfc3339(*not_after),
            who: who.clone(),
            when: rfc3339(*when),
            nonce: nonce.to_string(),
        }
    }
}

impl Form {
    fn read(text: &str) -> Option<Revocation> {
        let Self { version, serial, act, reason, not_after, who, when, nonce } = serde_json::from_str(text).ok()?;
        let time = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
        let act = match (act, reason) {
            (Word::Revoke, Some(reason)) => Act::Revoke(reason.parse().ok()?),
            (Word::Undo, None) => Act::Undo,
            (Word::Revoke, None) | (Word::Undo, Some(_)) => return None,
        };
        (version == VERSION).then_some(Revocation {
            serial: Serial::from_hex(&serial)?,
            act,
            not_after: time(&not_after)?,
            provenance: Provenance { who, when: time(&when)?, nonce: Serial::from_hex(&nonce)? },
        })
    }
}

const VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ledger::{Role, Store},
        testing::{NOW, authority},
    };

    #[tokio::test]
    async fn the_last_word_counts_and_what_is_for_ever_stays() {
        let (ledger, issued) = (Ledger::new(Store::memory()), issued());
        let decide = async |act, nonce| ledger.record_revocation(&issued, act, provenance(nonce)).await.unwrap();
        let hold = Act::Revoke(Reason::CertificateHold);
        let (lost, gone) = (Act::Revoke(Reason::KeyCompromise), Act::Revoke(Reason::CessationOfOperation));
        for (number, (act, recorded, reason)) in [
            (Act::Undo, false, None),
            (hold, true, Some(Reason::CertificateHold)),
            (hold, false, Some(Reason::CertificateHold)),
            (Act::Undo, true, None),
            (Act::Undo, false, None),
            (hold, true, Some(Reason::CertificateHold)),
            (lost, true, Some(Reason::KeyCompromise)),
            (gone, false, Some(Reason::KeyCompromise)),
            (hold, false, Some(Reason::KeyCompromise)),
            (Act::Undo, false, Some(Reason::KeyCompromise)),
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(decide(act, u8::try_from(number).unwrap()).await, recorded, "{number}: {act:?}");
            let revocations = ledger.revocations().await.unwrap();
            assert_eq!(revocations.reason(issued.serial), reason, "{number}: {act:?}");
            assert_eq!(revocations.revoked().count(), usize::from(reason.is_some()));
            assert_eq!(ledger.is_revoked(issued.serial).await.unwrap(), reason.is_some());
        }
        let paths = ledger.store.list("revoked").await.unwrap();
        let name = |more: &str| format!("revoked/{}{more}.json", issued.serial);
        assert_eq!(paths, [name(".2"), name(".3"), name(".4"), name("")]);
    }

    #[tokio::test]
    async fn a_number_that_is_taken_is_not_overwritten() {
        let (ledger, issued) = (Ledger::new(Store::memory()), issued());
        let act = Act::Revoke(Reason::Superseded);
        ledger.record_revocation(&issued, act, provenance(1)).await.unwrap();
        let other = Revocation { serial: issued.serial, act, not_after: NOW, provenance: provenance(2) };
        let created = ledger.store.create(&path(issued.serial, 1), &json(&Form::from(&other))).await;
        assert!(matches!(created, Err(LedgerError::Taken { .. })));
    }

    /// The form is stable: this is a record as the first version has written it.
    #[tokio::test]
    async fn a_record_stays_readable_and_a_damaged_one_is_told() {
        let ledger = Ledger::new(Store::memory());
        let serial = Serial::from_random([0xab; 16]);
        let record = format!(
            r#"{{"version": 1, "serial": "{serial}", "act": "revoke", "reason": "keyCompromise",
                "not_after": "2027-12-25T12:00:00Z", "who": "alice", "when": "2026-11-23T12:00:00Z", "nonce": "07"}}"#
        );
        ledger.store.create(&path(serial, 1), record.as_bytes()).await.unwrap();
        assert_eq!(ledger.revocations().await.unwrap().reason(serial), Some(Reason::KeyCompromise));
        for (number, damage) in
            [("\"version\": 1", "\"version\": 2"), ("revoke", "undo"), ("keyC", "c")].into_iter().enumerate()
        {
            let damaged = Serial::from_random([u8::try_from(number).unwrap(); 16]);
            let text = record.replace(&serial.to_string(), &damaged.to_string()).replace(damage.0, damage.1);
            ledger.store.create(&path(damaged, 1), text.as_bytes()).await.unwrap();
            assert!(matches!(ledger.is_revoked(damaged).await, Err(LedgerError::Damaged { .. })), "{damage:?}");
        }
        assert!(ledger.revocations().await.is_err());
    }

    fn issued() -> Issued {
        Issued::of(authority().certificate(), Role::User, None, provenance(9)).unwrap()
    }

    fn provenance(nonce: u8) -> Provenance {
        Provenance { who: "tester".to_owned(), when: NOW, nonce: Serial::from_random([nonce; 16]) }
    }
}
