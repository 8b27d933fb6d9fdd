//! What happened, as objects that are only ever created, never changed.
//!
//! ```text
//! ca/ca.key  ca/ca.crt             the CA; the key encrypted
//! issued/<serial>.json             every certificate, whoever it is for
//! revoked/<serial>.json            that it is revoked, why, by whom
//! revoked/<serial>.<n>.json        ... and what was decided about it after that: a hold undone, revoked again
//! crl/<number>.pem                 every CRL
//! keys/…  index/…                  whose a key is, and who has which certificates
//! invites/<id>.json                who is invited, until when; a hash of the invite's secret
//! invites/<id>.used.json           ... and that a request used it, or an admin took it back
//! attempts/<step>/<n>.json         a changing call that is about to be made, with its client token
//! attempts/<step>/<n>.done.json    ... and that is over
//! log/<time>-<nonce>.json          what somebody has begun to do
//! log/<time>-<nonce>.end.json      ... and how it ended
//! ```
//!
//! Create-if-absent is all that is needed of the store, so a folder and a bucket are equally safe for several admins
//! at once, and the history can be read with `ls`. This module knows the objects, its submodule `store` the store.

mod store;

mod record;

pub(crate) mod index;

mod attempt;

mod revocation;

mod invite;

mod log;

mod objects;

pub mod authority;

use std::{collections::BTreeMap, sync::Arc};

use thiserror::Error;
use tokio::sync::{Mutex, OnceCell};

pub use attempt::{Attempt, ClientToken};
pub use invite::{End, Ended, InviteState, Invited, Use};
pub use log::{Deed, Ending, Logged};
pub use objects::Object;
pub use record::{Issued, Provenance, Role};
pub use revocation::{Act, Revocation, Revocations};
pub use store::Store;

use crate::pki::{crl::Crl, serial::Serial};

/// The ledger of one deployment.
#[derive(Clone, Debug)]
pub struct Ledger {
    store: Store,
    index_is_complete: Arc<OnceCell<()>>,
    /// The last word on each certificate, as far as it was read, with its number.
    known_revocations: Arc<Mutex<BTreeMap<Serial, (u32, Revocation)>>>,
}

/// A CRL and its number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordedCrl {
    /// Rises by one with each CRL.
    pub number: u64,
    /// The CRL, PEM.
    pub pem: String,
    /// What it lists.
    pub crl: Crl,
}

/// Why the ledger could not be read or written.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// The folder could not be made or its permissions set.
    #[error("cannot prepare the ledger's folder `{path}`")]
    Folder {
        /// The folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store failed.
    #[error("cannot {action} `{path}` in the ledger")]
    Store {
        /// `read`, `create`, `list` or `delete`.
        action: &'static str,
        /// The object.
        path: String,
        /// What the store said.
        source: Box<object_store::Error>,
    },
    /// The same in a bucket: S3 refused or failed, or could not be reached.
    #[error("cannot {action} `{path}` in the ledger's bucket")]
    Bucket {
        /// `read`, `create`, `list` or `delete`.
        action: &'static str,
        /// The object.
        path: String,
        /// What the store said.
        source: Box<object_store::Error>,
    },
    /// The object exists with another content: somebody else created it first.
    #[error("`{path}` is in the ledger already, with another content")]
    Taken {
        /// The object.
        path: String,
    },
    /// A key is another user's: whoever holds it would be two people.
    #[error("the key is certified for `{subject}` already")]
    KeyOfAnother {
        /// Whose it is.
        subject: String,
    },
    /// An object is not what its name says.
    #[error("`{path}` in the ledger is damaged")]
    Damaged {
        /// The object.
        path: String,
    },
}

impl Ledger {
    /// The ledger in `store`.
    pub fn new(store: Store) -> Self {
        Self { store, index_is_complete: Arc::default(), known_revocations: Arc::default() }
    }

    /// Records an issued certificate.
    ///
    /// # Errors
    /// [`LedgerError::KeyOfAnother`] where another user has a certificate for the same key, or another [`LedgerError`].
    pub async fn record_issued(&self, issued: &Issued) -> Result<(), LedgerError> {
        self.complete_index().await?;
        self.enter(issued).await?;
        self.store.create(&format!("issued/{}.json", issued.serial), &issued.to_json()).await
    }

    /// The record of the certificate with this serial number.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn issued(&self, serial: Serial) -> Result<Option<Issued>, LedgerError> {
        self.read_issued(&format!("issued/{serial}.json")).await
    }

    /// Every issued certificate, the oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn all_issued(&self) -> Result<Vec<Issued>, LedgerError> {
        let paths = self.store.list("issued").await?;
        let mut all = self.store.read_all(paths, |_, text| Issued::from_json(text)).await?;
        all.sort_by_key(|issued| (issued.provenance.when, issued.serial));
        Ok(all)
    }

    /// The CRL with the highest number.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn latest_crl(&self) -> Result<Option<RecordedCrl>, LedgerError> {
        let paths = self.store.list("crl").await?;
        let number_of = |path: &str| path.strip_prefix("crl/")?.strip_suffix(".pem")?.parse::<u64>().ok();
        let Some((number, path)) = paths.iter().filter_map(|path| Some((number_of(path)?, path))).max() else {
            return Ok(None);
        };
        let damaged = || LedgerError::Damaged { path: path.clone() };
        let pem = self.store.read_text(path).await?.ok_or_else(damaged)?;
        let crl = Crl::from_pem(&pem).map_err(|_| damaged())?;
        Ok(Some(RecordedCrl { number, pem, crl }))
    }

    /// Records the CRL with this number.
    ///
    /// # Errors
    /// [`LedgerError::Taken`] where another CRL has the number, or another [`LedgerError`].
    pub async fn record_crl(&self, number: u64, pem: &str) -> Result<(), LedgerError> {
        self.store.create(&format!("crl/{number}.pem"), pem.as_bytes()).await
    }

    /// Deletes everything: the CA's key, and the record of every certificate.
    ///
    /// # Errors
    /// [`LedgerError`]. What is left then is deleted by the next call.
    pub async fn erase(&self) -> Result<(), LedgerError> {
        self.store.erase().await
    }

    async fn read_issued(&self, path: &str) -> Result<Option<Issued>, LedgerError> {
        let damaged = || LedgerError::Damaged { path: path.to_owned() };
        self.store.read_text(path).await?.map(|text| Issued::from_json(&text).ok_or_else(damaged)).transpose()
    }
}

/// Records that are read at the same time.
const AT_ONCE: usize = 32;

#[cfg(test)]
mod tests;
