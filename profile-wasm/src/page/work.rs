//! The requests on their way, in the page and in the browser's database.

use std::{cell::RefCell, rc::Rc};

use profile::certificate::Certificate;

use super::Page;
use crate::{message::Message, pending::Pending, store::Record};

/// The pending request with all that goes with it.
pub(super) struct Work {
    pub(super) pending: Pending,
    /// None where it could not be kept.
    pub(super) record: Option<Kept>,
    pub(super) certificate: RefCell<Option<Rc<Certificate>>>,
}

/// Where a request is kept.
pub(super) struct Kept {
    pub(super) key: String,
    pub(super) record: Record,
}

impl Page {
    pub(super) async fn keep(&self, pending: &Pending) -> Result<Kept, Message> {
        let not_kept = |_| Message::new("not-kept");
        let store = self.store.as_ref().ok_or_else(|| Message::new("not-kept"))?;
        let record = pending.record().await.map_err(not_kept)?;
        let key = self.deployment.key(&pending.fingerprint());
        store.put(&key, &record).await.map_err(not_kept)?;
        Ok(Kept { key, record })
    }

    /// What stays to be said whatever is done with a request that is kept nowhere.
    pub(super) fn warning(&self) -> Option<Message> {
        self.work.borrow().as_ref().filter(|work| work.record.is_none()).map(|_| Message::new("not-kept"))
    }

    /// Writes down how far the person has come, where anything is kept at all.
    pub(super) async fn note(&self, change: impl Fn(&Record)) -> Result<(), Message> {
        let work = self.work()?;
        let (Some(store), Some(Kept { key, record })) = (&self.store, &work.record) else {
            return Ok(());
        };
        // What was removed in another tab stays removed.
        if store.get(key).await?.is_none() {
            return Ok(());
        }
        change(record);
        store.put(key, record).await
    }

    pub(super) fn work(&self) -> Result<Rc<Work>, Message> {
        self.work.borrow().clone().ok_or_else(|| Message::new("unexpected"))
    }
}

impl Work {
    pub(super) fn new(pending: Pending, record: Option<Kept>) -> Self {
        Self { pending, record, certificate: RefCell::default() }
    }

    pub(super) fn username(&self) -> &str {
        self.pending.common_name().username().as_str()
    }

    /// Plain ASCII, as user names are.
    pub(super) fn file_name(&self, extension: &str) -> String {
        format!("{}.{extension}", self.username())
    }
}
