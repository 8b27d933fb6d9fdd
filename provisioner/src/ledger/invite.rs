//! Invites: one object when somebody is invited, and one when that is over, because a request used it or an admin
//! took it back. The second can be created once only, so an invite is used by one request, whoever signs.

use futures::{StreamExt, TryStreamExt, stream};
use profile::{
    invite::{InviteId, InviteSecret},
    name::Username,
};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    AT_ONCE, Ledger, LedgerError, Provenance,
    record::{json, rfc3339},
};
use crate::pki::serial::Serial;

/// An invite as the ledger has it: without its secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invited {
    /// Which one.
    pub id: InviteId,
    /// Whom it is for.
    pub username: Username,
    /// SHA-256 of its secret, 64 hexadecimal digits.
    pub secret_sha256: String,
    /// The first second in which it is no longer valid.
    pub expires: OffsetDateTime,
    /// Who invited them and when.
    pub provenance: Provenance,
}

/// How an invite ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ended {
    /// By what.
    pub by: End,
    /// Whose doing it was and when.
    pub provenance: Provenance,
}

/// What an invite ended by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// A request used it.
    Used(Use),
    /// An admin took it back.
    Cancelled,
}

/// The use of an invite. It is in the ledger before the certificate is, and says which serial number that will have:
/// whoever goes on after an interruption issues under the same number, and a number can be recorded once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Use {
    /// The serial number of the certificate.
    pub serial: Serial,
    /// SHA-256 of the request's DER, 64 hexadecimal digits.
    pub request_sha256: String,
}

/// An invite and how it ended, where it has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InviteState {
    /// The invite.
    pub invited: Invited,
    /// Its end.
    pub ended: Option<Ended>,
}

impl Invited {
    /// Whether `secret` is this invite's.
    ///
    /// The hashes need not be compared in constant time: how long it takes says something about the hash of a secret
    /// that somebody sent, and nobody can send one whose hash begins as they wish and learn a 128-bit secret from it.
    pub fn opens_with(&self, secret: &InviteSecret) -> bool {
        self.secret_sha256 == secret.digest()
    }
}

impl InviteState {
    /// Whether somebody may still use it.
    pub fn is_open(&self, now: OffsetDateTime) -> bool {
        self.ended.is_none() && now < self.invited.expires
    }
}

impl Ledger {
    /// Records that somebody is invited.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn record_invite(&self, invited: &Invited) -> Result<(), LedgerError> {
        self.store.create(&path(invited.id), &json(&InvitedForm::from(invited))).await
    }

    /// The invite with this id, `None` where there is none.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn invite(&self, id: InviteId) -> Result<Option<InviteState>, LedgerError> {
        let path = path(id);
        let Some(text) = self.store.read_text(&path).await? else {
            return Ok(None);
        };
        let invited = InvitedForm::read(&text).filter(|invited| invited.id == id);
        let invited = invited.ok_or(LedgerError::Damaged { path })?;
        Ok(Some(InviteState { invited, ended: self.end_of_invite(id).await? }))
    }

    /// Every invite, in the order in which they were made.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn invites(&self) -> Result<Vec<InviteState>, LedgerError> {
        let mut ids = Vec::new();
        for path in self.store.list("invites").await? {
            let name = path.strip_prefix("invites/").and_then(|name| name.strip_suffix(".json"));
            let id = name.map(|name| name.strip_suffix(".used").unwrap_or(name)).and_then(|name| name.parse().ok());
            ids.push(id.ok_or(LedgerError::Damaged { path })?);
        }
        // An invite and its end are neighbours.
        ids.dedup();
        let read = stream::iter(ids).map(async |id| self.invite(id).await).buffer_unordered(AT_ONCE);
        let mut all: Vec<InviteState> = read.try_filter_map(async |found| Ok(found)).try_collect().await?;
        all.sort_by_key(|it| (it.invited.provenance.when, it.invited.id));
        Ok(all)
    }

    /// Ends an invite, where that has not happened; answers with how it ended, which is what somebody else did where
    /// they were faster.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn end_invite(&self, id: InviteId, ended: &Ended) -> Result<Ended, LedgerError> {
        let path = end_path(id);
        match self.store.create(&path, &json(&EndedForm::from(ended))).await {
            Ok(()) => Ok(ended.clone()),
            Err(LedgerError::Taken { .. }) => self.end_of_invite(id).await?.ok_or(LedgerError::Damaged { path }),
            Err(error) => Err(error),
        }
    }

    async fn end_of_invite(&self, id: InviteId) -> Result<Option<Ended>, LedgerError> {
        let path = end_path(id);
        let Some(text) = self.store.read_text(&path).await? else {
            return Ok(None);
        };
        EndedForm::read(&text).map(Some).ok_or(LedgerError::Damaged { path })
    }
}

/// How an invite ended, by the text of its end.
pub(super) fn read_end(text: &str) -> Option<Ended> {
    EndedForm::read(text)
}

fn path(id: InviteId) -> String {
    format!("invites/{id}.json")
}

fn end_path(id: InviteId) -> String {
    format!("invites/{id}.used.json")
}

/// The record's stable form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InvitedForm {
    version: u32,
    id: String,
    username: String,
    secret_sha256: String,
    expires: String,
    who: String,
    when: String,
    nonce: String,
}

impl From<&Invited> for InvitedForm {
    fn from(Invited { id, username, secret_sha256, expires, provenance }: &Invited) -> Self {
        let Provenance { who, when, nonce } = provenance;
        Self {
            version: VERSION,
            id: id.to_string(),
            username: username.to_string(),
            secret_sha256: secret_sha256.clone(),
            expires: rfc3339(*expires),
            who: who.clone(),
            when: rfc3339(*when),
            nonce: nonce.to_string(),
        }
    }
}

impl InvitedForm {
    fn read(text: &str) -> Option<Invited> {
        let Self { version, id, username, secret_sha256, expires, who, when, nonce } =
            serde_json::from_str(text).ok()?;
        if version != VERSION {
            return None;
        }
        Some(Invited {
            id: id.parse().ok()?,
            username: username.parse().ok()?,
            secret_sha256,
            expires: time(&expires)?,
            provenance: Provenance { who, when: time(&when)?, nonce: Serial::from_hex(&nonce)? },
        })
    }
}

/// The stable form of an invite's end. One that was cancelled has neither serial number nor request.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndedForm {
    version: u32,
    serial: Option<String>,
    request_sha256: Option<String>,
    who: String,
    when: String,
    nonce: String,
}

impl From<&Ended> for EndedForm {
    fn from(Ended { by, provenance }: &Ended) -> Self {
        let Provenance { who, when, nonce } = provenance;
        let (serial, request_sha256) = match by {
            End::Used(Use { serial, request_sha256 }) => (Some(serial.to_string()), Some(request_sha256.clone())),
            End::Cancelled => (None, None),
        };
        Self {
            version: VERSION,
            serial,
            request_sha256,
            who: who.clone(),
            when: rfc3339(*when),
            nonce: nonce.to_string(),
        }
    }
}

impl EndedForm {
    fn read(text: &str) -> Option<Ended> {
        let Self { version, serial, request_sha256, who, when, nonce } = serde_json::from_str(text).ok()?;
        let by = match (version, serial, request_sha256) {
            (VERSION, Some(serial), Some(request_sha256)) => {
                End::Used(Use { serial: Serial::from_hex(&serial)?, request_sha256 })
            }
            (VERSION, None, None) => End::Cancelled,
            _ => return None,
        };
        Some(Ended { by, provenance: Provenance { who, when: time(&when)?, nonce: Serial::from_hex(&nonce)? } })
    }
}

fn time(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

const VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ledger::Store, testing::NOW};

    #[tokio::test]
    async fn an_invite_ends_once() {
        let ledger = Ledger::new(Store::memory());
        ledger.record_invite(&invited(1)).await.unwrap();
        ledger.record_invite(&invited(2)).await.unwrap();
        let open = InviteState { invited: invited(1), ended: None };
        assert!(open.is_open(NOW) && !open.is_open(invited(1).expires));
        assert_eq!(ledger.invite(invited(1).id).await.unwrap(), Some(open));
        let used = ended(End::Used(Use { serial: serial(9), request_sha256: "ab".to_owned() }), 1);
        assert_eq!(ledger.end_invite(invited(1).id, &used).await.unwrap(), used);
        assert_eq!(ledger.end_invite(invited(1).id, &ended(End::Cancelled, 2)).await.unwrap(), used);
        let cancelled = ended(End::Cancelled, 3);
        assert_eq!(ledger.end_invite(invited(2).id, &cancelled).await.unwrap(), cancelled);
        let all = ledger.invites().await.unwrap();
        let ends: Vec<_> = all.into_iter().map(|it| (it.invited.id, it.ended)).collect();
        assert_eq!(ends, [(invited(1).id, Some(used)), (invited(2).id, Some(cancelled))]);
        assert_eq!(ledger.invite(invited(3).id).await.unwrap(), None);
    }

    #[tokio::test]
    async fn the_secret_is_not_in_the_ledger() {
        let ledger = Ledger::new(Store::memory());
        ledger.record_invite(&invited(7)).await.unwrap();
        let text = ledger.store.read_text(&path(invited(7).id)).await.unwrap().unwrap();
        assert!(!text.contains(&"07".repeat(16)), "{text}");
        assert!(text.contains(&InviteSecret::from_random([7; 16]).digest()), "{text}");
        assert!(invited(7).opens_with(&InviteSecret::from_random([7; 16])));
        assert!(!invited(7).opens_with(&InviteSecret::from_random([8; 16])));
    }

    /// The form is stable: these are records as the first version has written them.
    #[tokio::test]
    async fn a_record_stays_readable_and_a_damaged_one_is_told() {
        let record = |id: InviteId| {
            format!(
                r#"{{"version": 1, "id": "{id}", "username": "alice", "secret_sha256": "00", "expires":
                "2026-11-30T12:00:00Z", "who": "admin", "when": "2026-11-23T12:00:00Z", "nonce": "07"}}"#
            )
        };
        let end = r#"{"version": 1, "serial": "09", "request_sha256": "ab", "who": "admin",
            "when": "2026-11-23T12:00:00Z", "nonce": "07"}"#;
        let ledger = Ledger::new(Store::memory());
        let (good, bad) = (InviteId::from_random([1; 8]), InviteId::from_random([2; 8]));
        ledger.store.create(&path(good), record(good).as_bytes()).await.unwrap();
        ledger.store.create(&end_path(good), end.as_bytes()).await.unwrap();
        let found = ledger.invite(good).await.unwrap().unwrap();
        assert_eq!(found.invited.username.as_str(), "alice");
        assert!(
            matches!(found.ended, Some(Ended { by: End::Used(Use { serial: found, .. }), .. }) if found == serial(9))
        );
        ledger.store.create(&path(bad), record(good).as_bytes()).await.unwrap();
        assert!(matches!(ledger.invite(bad).await, Err(LedgerError::Damaged { .. })));
        assert!(ledger.invites().await.is_err());
    }

    fn serial(byte: u8) -> Serial {
        let mut bytes = [0; 16];
        bytes[15] = byte;
        Serial::from_random(bytes)
    }

    fn ended(by: End, nonce: u8) -> Ended {
        Ended { by, provenance: Provenance { who: "tester".to_owned(), when: NOW, nonce: serial(nonce) } }
    }

    fn invited(number: u8) -> Invited {
        Invited {
            id: InviteId::from_random([number; 8]),
            username: "alice".parse().unwrap(),
            secret_sha256: InviteSecret::from_random([number; 16]).digest(),
            expires: NOW + time::Duration::WEEK,
            provenance: Provenance { who: "tester".to_owned(), when: NOW, nonce: serial(number) },
        }
    }
}
