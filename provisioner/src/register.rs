//! What was issued before for some keys and names, with what became of it: read once, however many requests there are.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, future::try_join, stream};
use profile::{fingerprint::Fingerprint, name::CommonName};

use crate::{
    issuance::Earlier,
    ledger::{Act, Issued, Ledger, LedgerError, Role},
};

/// What the ledger has about some keys and names.
#[derive(Clone, Debug, Default)]
pub struct Register {
    by_key: BTreeMap<String, Vec<Earlier>>,
    by_subject: BTreeMap<String, Vec<Earlier>>,
}

impl Register {
    /// Reads what there is for these keys, and for users with these names.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn read(
        ledger: &Ledger,
        keys: &BTreeSet<Fingerprint>,
        names: &BTreeSet<CommonName>,
    ) -> Result<Self, LedgerError> {
        let issued = stream::iter(issued(ledger, keys, names).await?);
        let earlier = issued.map(async |issued| earlier(ledger, issued).await).buffered(AT_ONCE);
        let mut register = Self::default();
        for earlier in earlier.try_collect::<Vec<_>>().await? {
            register.add(earlier);
        }
        Ok(register)
    }

    /// Takes in what has just been issued.
    pub fn add_new(&mut self, issued: Issued) {
        self.add(Earlier { issued, revoked: None });
    }

    /// Everything for the key with this fingerprint, the oldest first, whomever it is for.
    pub fn for_key(&self, key: Fingerprint) -> &[Earlier] {
        self.by_key.get(&key.hex()).map(Vec::as_slice).unwrap_or_default()
    }

    /// Everything for a user, the oldest first.
    pub fn for_name(&self, name: &CommonName) -> &[Earlier] {
        self.by_subject.get(&name.to_string()).map(Vec::as_slice).unwrap_or_default()
    }

    fn add(&mut self, earlier: Earlier) {
        self.by_key.entry(earlier.issued.key_sha256.clone()).or_default().push(earlier.clone());
        if earlier.issued.role == Role::User {
            self.by_subject.entry(earlier.issued.subject.clone()).or_default().push(earlier);
        }
    }
}

/// The records that are meant, the oldest first: how they are found is this function's affair alone.
async fn issued(
    ledger: &Ledger,
    keys: &BTreeSet<Fingerprint>,
    names: &BTreeSet<CommonName>,
) -> Result<Vec<Issued>, LedgerError> {
    let for_keys = stream::iter(keys).map(async |key| ledger.issued_for_key(*key).await).buffer_unordered(AT_ONCE);
    let subjects = stream::iter(names).map(CommonName::to_string);
    let for_names = subjects.map(async |subject| ledger.issued_for_name(&subject).await).buffer_unordered(AT_ONCE);
    let (for_keys, for_names) = try_join(for_keys.try_collect::<Vec<_>>(), for_names.try_collect::<Vec<_>>()).await?;
    let all = for_keys.into_iter().chain(for_names).flatten();
    // What is both for such a key and for such a name was found twice.
    let all: BTreeMap<_, _> = all.map(|it| ((it.provenance.when, it.serial), it)).collect();
    Ok(all.into_values().collect())
}

async fn earlier(ledger: &Ledger, issued: Issued) -> Result<Earlier, LedgerError> {
    let last = ledger.last_word(issued.serial).await?;
    let revoked = last.and_then(|last| match last.act {
        Act::Revoke(reason) => Some((reason, last.provenance.when)),
        Act::Undo => None,
    });
    Ok(Earlier { issued, revoked })
}

/// Certificates whose revocations are looked for at the same time.
const AT_ONCE: usize = 32;
