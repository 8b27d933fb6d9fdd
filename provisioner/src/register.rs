//! What was issued before, by key and by name: read from the ledger once, however many requests are to be signed.

use std::collections::HashMap;

use profile::{fingerprint::Fingerprint, name::CommonName};

use crate::{
    issuance::Earlier,
    ledger::{Act, Issued, Ledger, LedgerError, Revocations, Role},
};

/// What the ledger has about users.
#[derive(Clone, Debug, Default)]
pub struct Register {
    by_key: HashMap<String, Vec<Earlier>>,
    by_subject: HashMap<String, Vec<Earlier>>,
}

impl Register {
    /// Reads the whole ledger.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn read(ledger: &Ledger) -> Result<Self, LedgerError> {
        let (issued, revocations) = futures::try_join!(ledger.all_issued(), ledger.revocations())?;
        let mut register = Self::default();
        for issued in issued {
            register.add(earlier(issued, &revocations));
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

fn earlier(issued: Issued, revocations: &Revocations) -> Earlier {
    let revoked = revocations.last(issued.serial).and_then(|last| match last.act {
        Act::Revoke(reason) => Some((reason, last.provenance.when)),
        Act::Undo => None,
    });
    Earlier { issued, revoked }
}
