//! Which certificates somebody has, without reading the record of every certificate.
//!
//! ```text
//! keys/<SHA-256 of the key>.json       whose key it is: one name, for ever
//! index/user/<name>/<serial>           a certificate with this name
//! index/<role>/<serial>                a certificate of the deployment's own
//! index/complete                       every certificate that was issued before there was an index is in it
//! ```
//!
//! All of it is created before the record itself: an entry without a record is passed over, a record without an entry
//! would not be found. The first who claims a key for a name has it: of two admins who sign the same key for two names at
//! the same moment, one is refused.

use futures::{StreamExt, TryStreamExt, future::try_join, stream};
use profile::fingerprint::Fingerprint;
use serde::{Deserialize, Serialize};

use super::{AT_ONCE, Issued, Ledger, LedgerError, Role, record::json};
use crate::pki::serial::Serial;

impl Ledger {
    /// Every certificate of a user with this subject, the oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn issued_for_name(&self, subject: &str) -> Result<Vec<Issued>, LedgerError> {
        match self.is_indexed().await? {
            true => self.indexed(&user_folder(subject)).await,
            false => self.searched(|issued| issued.role == Role::User && issued.subject == subject).await,
        }
    }

    /// Every certificate of a user for the key with this fingerprint (SHA-256 of its SPKI), the oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn issued_for_key(&self, key: Fingerprint) -> Result<Vec<Issued>, LedgerError> {
        let key = key.hex();
        if !self.is_indexed().await? {
            return self.searched(|issued| issued.role == Role::User && issued.key_sha256 == key).await;
        }
        let Some(subject) = self.holder_of(&key).await? else {
            return Ok(Vec::new());
        };
        let mut issued = self.indexed(&user_folder(&subject)).await?;
        issued.retain(|issued| issued.key_sha256 == key);
        Ok(issued)
    }

    /// Every certificate of the deployment's own with this role, the oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn issued_for_role(&self, role: Role) -> Result<Vec<Issued>, LedgerError> {
        match self.is_indexed().await? {
            true => self.indexed(&format!("{INDEX}/{}", word(role))).await,
            false => self.searched(|issued| issued.role == role).await,
        }
    }

    /// Has the index lead to a certificate that is about to be recorded.
    ///
    /// # Errors
    /// [`LedgerError::KeyOfAnother`] or another [`LedgerError`].
    pub(super) async fn enter(&self, issued: &Issued) -> Result<(), LedgerError> {
        let entry = entry(issued);
        let content = format!("{}\n", issued.serial);
        if issued.role != Role::User {
            return self.store.create(&entry, content.as_bytes()).await;
        }
        // The entry does no harm where the key turns out to be another's: there is no record behind it then.
        try_join(self.claim(issued), self.store.create(&entry, content.as_bytes())).await?;
        Ok(())
    }

    /// Says whose the key of `issued` is, for ever. Users' keys are claimed when their certificates are recorded; those of
    /// the deployment's own are made for one certificate, in memory, and nobody else ever has them.
    ///
    /// # Errors
    /// [`LedgerError::KeyOfAnother`] or another [`LedgerError`].
    pub async fn claim(&self, issued: &Issued) -> Result<(), LedgerError> {
        let claim = Claim { version: VERSION, subject: issued.subject.clone() };
        match self.store.create(&claim_path(&issued.key_sha256), &json(&claim)).await {
            Err(LedgerError::Taken { path }) => match self.holder_of(&issued.key_sha256).await? {
                Some(subject) if subject == issued.subject => Ok(()),
                Some(subject) => Err(LedgerError::KeyOfAnother { subject }),
                None => Err(LedgerError::Damaged { path }),
            },
            created => created,
        }
    }

    async fn holder_of(&self, key_sha256: &str) -> Result<Option<String>, LedgerError> {
        let path = claim_path(key_sha256);
        let Some(text) = self.store.read_text(&path).await? else {
            return Ok(None);
        };
        read_claim(&text).map(Some).ok_or(LedgerError::Damaged { path })
    }

    /// Whether every record is in the index. Whoever only reads makes none.
    async fn is_indexed(&self) -> Result<bool, LedgerError> {
        if self.index_is_complete.initialized() {
            return Ok(true);
        }
        let is_complete = self.store.read(COMPLETE).await?.is_some();
        if is_complete {
            // It stays so. Whoever is about to say so already is not in the way.
            let _said_already = self.index_is_complete.set(());
        }
        Ok(is_complete)
    }

    /// Enters what was recorded before there was an index; once for a ledger, looked for once in a process.
    pub(super) async fn complete_index(&self) -> Result<(), LedgerError> {
        let complete = async {
            if self.is_indexed().await? {
                return Ok(());
            }
            let recorded = stream::iter(self.all_issued().await?.into_iter().map(Ok));
            recorded.try_for_each_concurrent(AT_ONCE, async |issued| self.enter(&issued).await).await?;
            self.store.create(COMPLETE, COMPLETE.as_bytes()).await
        };
        self.index_is_complete.get_or_try_init(|| complete).await.copied()
    }

    /// The same without an index.
    async fn searched(&self, is_meant: impl Fn(&Issued) -> bool) -> Result<Vec<Issued>, LedgerError> {
        let mut issued = self.all_issued().await?;
        issued.retain(is_meant);
        Ok(issued)
    }

    async fn indexed(&self, folder: &str) -> Result<Vec<Issued>, LedgerError> {
        let entries = self.store.list(folder).await?;
        let serials = stream::iter(entries.iter().filter_map(|path| serial(path)));
        let read = serials.map(async |serial| self.issued(serial).await).buffer_unordered(AT_ONCE);
        let mut found: Vec<Issued> = read.try_filter_map(async |issued| Ok(issued)).try_collect().await?;
        found.sort_by_key(|issued| (issued.provenance.when, issued.serial));
        Ok(found)
    }
}

/// Whose a key is, by the text of a claim.
pub(super) fn read_claim(text: &str) -> Option<String> {
    let claim: Claim = serde_json::from_str(text).ok()?;
    (claim.version == VERSION).then_some(claim.subject)
}

/// The last part of an entry's path.
fn serial(path: &str) -> Option<Serial> {
    Serial::from_hex(path.rsplit('/').next()?)
}

/// The path by which `issued` is found.
pub(crate) fn entry(issued: &Issued) -> String {
    match issued.role {
        Role::User => format!("{}/{}", user_folder(&issued.subject), issued.serial),
        role @ (Role::Server | Role::Anchor | Role::Probe) => format!("{INDEX}/{}/{}", word(role), issued.serial),
    }
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Server => "server",
        Role::Anchor => "anchor",
        Role::User => "user",
        Role::Probe => "probe",
    }
}

/// Names that Latchkey gives can be read in the path; any other, from a CA that was adopted, stands there as its SHA-256.
fn user_folder(subject: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
    let is_name = subject.len() <= LONGEST_NAME && !subject.starts_with('.') && subject.bytes().all(is_plain);
    if is_name && !subject.is_empty() {
        format!("{INDEX}/user/{subject}")
    } else {
        format!("{INDEX}/user/={}", Fingerprint::of(subject.as_bytes()).hex())
    }
}

/// The path of the claim of a key.
pub(crate) fn claim_path(key_sha256: &str) -> String {
    format!("keys/{key_sha256}.json")
}

/// Whose key it is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    version: u32,
    subject: String,
}

const VERSION: u32 = 1;
const INDEX: &str = "index";
/// Before it is there, there may be records that are not in the index.
pub(crate) const COMPLETE: &str = "index/complete";
/// What file systems take as a name.
const LONGEST_NAME: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ledger::{Provenance, Store},
        pki::policy,
        testing::{NOW, authority, key},
    };

    #[tokio::test]
    async fn a_certificate_is_found_by_name_by_key_and_by_role() {
        let ledger = Ledger::new(Store::memory());
        let (alice, anchor) = (issued("alice.vpn.example.com", Role::User, 1), issued("anchor.x", Role::Anchor, 2));
        ledger.record_issued(&alice).await.unwrap();
        ledger.record_issued(&anchor).await.unwrap();
        assert_eq!(ledger.issued_for_name("alice.vpn.example.com").await.unwrap(), std::slice::from_ref(&alice));
        assert_eq!(ledger.issued_for_name("ali").await.unwrap(), []);
        assert_eq!(ledger.issued_for_key(fingerprint()).await.unwrap(), [alice]);
        assert_eq!(ledger.issued_for_key(Fingerprint::of(b"other")).await.unwrap(), []);
        assert_eq!(ledger.issued_for_role(Role::Anchor).await.unwrap(), [anchor]);
        assert_eq!(ledger.issued_for_role(Role::Server).await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_key_belongs_to_one_name() {
        let ledger = Ledger::new(Store::memory());
        ledger.record_issued(&issued("alice.vpn.example.com", Role::User, 1)).await.unwrap();
        let refused = ledger.record_issued(&issued("bob.vpn.example.com", Role::User, 2)).await;
        assert!(matches!(refused, Err(LedgerError::KeyOfAnother { subject }) if subject == "alice.vpn.example.com"));
        assert_eq!(ledger.all_issued().await.unwrap().len(), 1);
        assert_eq!(ledger.issued_for_name("bob.vpn.example.com").await.unwrap(), []);
        // A renewal.
        ledger.record_issued(&issued("alice.vpn.example.com", Role::User, 3)).await.unwrap();
        assert_eq!(ledger.issued_for_key(fingerprint()).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn of_many_who_claim_a_key_at_once_one_has_it() {
        let ledger = Ledger::new(Store::memory());
        let names: Vec<String> = (0..8).map(|n| format!("user{n}.vpn.example.com")).collect();
        let record = names.iter().zip(1..).map(|(name, n)| {
            let (ledger, issued) = (&ledger, issued(name, Role::User, n));
            async move { ledger.record_issued(&issued).await.is_ok() }
        });
        let won = futures::future::join_all(record).await;
        assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
        assert_eq!(ledger.all_issued().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_was_recorded_before_there_was_an_index_is_found() {
        let store = Store::memory();
        let alice = issued("alice.vpn.example.com", Role::User, 1);
        store.create(&format!("issued/{}.json", alice.serial), &alice.to_json()).await.unwrap();
        let ledger = Ledger::new(store);
        assert_eq!(ledger.issued_for_key(fingerprint()).await.unwrap(), std::slice::from_ref(&alice));
        assert_eq!(ledger.issued_for_name("alice.vpn.example.com").await.unwrap(), [alice]);
        let bob = issued("bob.vpn.example.com", Role::User, 2);
        assert!(matches!(ledger.record_issued(&bob).await, Err(LedgerError::KeyOfAnother { .. })));
    }

    #[tokio::test]
    async fn an_entry_without_a_record_is_passed_over() {
        let ledger = Ledger::new(Store::memory());
        ledger.enter(&issued("alice.vpn.example.com", Role::User, 1)).await.unwrap();
        assert_eq!(ledger.issued_for_key(fingerprint()).await.unwrap(), []);
        assert_eq!(ledger.issued_for_name("alice.vpn.example.com").await.unwrap(), []);
    }

    #[test]
    fn names_of_others_make_no_paths() {
        assert_eq!(user_folder("alice.vpn.example.com"), "index/user/alice.vpn.example.com");
        let long = "a".repeat(300);
        for name in ["", "..", "../../ca", "Alice", "al ice", "a/b", "älice", "=0", long.as_str()] {
            let folder = user_folder(name);
            let digits = folder.strip_prefix("index/user/=").unwrap();
            assert!(digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{folder}");
        }
    }

    fn issued(subject: &str, role: Role, serial: u8) -> Issued {
        let authority = authority();
        let days = time::Duration::days(1);
        let serial = Serial::from_random([serial; 16]);
        let certificate = authority.issue(&policy::CLIENT, subject, key().public(), days, NOW, serial).unwrap();
        let provenance = Provenance { who: "tester".to_owned(), when: NOW, nonce: serial };
        Issued::of(&certificate, role, None, provenance).unwrap()
    }

    fn fingerprint() -> Fingerprint {
        key().public().fingerprint()
    }
}
