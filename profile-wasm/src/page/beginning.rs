//! Where a visit begins: at what an earlier one left, or at what a link asks for.

use std::rc::Rc;

use profile::invite::Invite;

use super::{
    Page,
    work::{Kept, Work},
};
use crate::{
    clock, link,
    message::Message,
    pending::Pending,
    screen::{Event, Progress},
    store::Record,
    view,
};

impl Page {
    /// Takes up what an earlier visit left, or what a link asks for.
    pub(super) async fn begin(&self) {
        self.all.replace(self.restore().await);
        if let Some(certificate) = link::certificate() {
            link::forget();
            if let Err(message) = self.follow(certificate.as_bytes()).await {
                view::tell(&self.dom, Some(message));
            }
            return;
        }
        let told = match link::invite(&self.deployment) {
            Ok(invite) => {
                self.invite.replace(invite);
                self.choose().await
            }
            Err(message) => {
                self.enter(Event::Loaded(Progress::Nothing));
                Err(message)
            }
        };
        if let Err(message) = told {
            view::tell(&self.dom, Some(message));
        }
    }

    /// Takes a certificate from a link, for the request that it answers.
    async fn follow(&self, certificate: &[u8]) -> Result<(), Message> {
        let all = self.all.borrow().clone();
        let mut refusal = Message::new("no-request-here");
        for work in &all {
            match work.pending.accept(certificate, &self.deployment, clock::now()).await {
                Ok(_) => {
                    self.resume(work, Event::Loaded).await?;
                    return self.use_certificate(certificate).await;
                }
                Err(other) => refusal = other,
            }
        }
        self.choose().await?;
        Err(refusal)
    }

    /// Goes where the person is most likely to want to go.
    async fn choose(&self) -> Result<(), Message> {
        let all = self.all.borrow().clone();
        let invited = self.invite.borrow().as_ref().map(Invite::password);
        match (invited, all.as_slice()) {
            (Some(challenge), all) => match all.iter().find(|work| work.pending.answers(&challenge)) {
                Some(work) => self.resume(work, Event::Loaded).await,
                None => {
                    self.enter(Event::Loaded(Progress::Nothing));
                    Ok(())
                }
            },
            (None, [work]) => self.resume(work, Event::Loaded).await,
            (None, all) => {
                self.enter(Event::Loaded(if all.is_empty() { Progress::Nothing } else { Progress::Several }));
                Ok(())
            }
        }
    }

    /// Goes on with `work` where the person had come to.
    pub(super) async fn resume(&self, work: &Rc<Work>, event: fn(Progress) -> Event) -> Result<(), Message> {
        let record = work.record.as_ref().map(|kept| &kept.record);
        let is_sent = record.is_some_and(Record::is_sent);
        self.take_up(Rc::clone(work));
        self.enter(event(if is_sent { Progress::Sent } else { Progress::Requested }));
        match record.and_then(Record::certificate_pem) {
            Some(text) => self.use_certificate(text.as_bytes()).await,
            None => Ok(()),
        }
    }

    /// Every request to this deployment that can still be read.
    async fn restore(&self) -> Vec<Rc<Work>> {
        let mut all = Vec::new();
        let Some(store) = &self.store else { return all };
        let mut keys = store.keys().await.unwrap_or_default();
        keys.retain(|key| self.deployment.is_key(key));
        for key in keys {
            if let Ok(Some(record)) = store.get(&key).await
                && let Some(pending) = Pending::restore(&record, &self.deployment).await
            {
                all.push(Rc::new(Work::new(pending, Some(Kept { key, record }))));
            }
        }
        all
    }
}
