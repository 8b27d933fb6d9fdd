//! What is to be seen: the screen, and in it what depends on how things are.

use std::rc::Rc;

use super::{Page, work::Work};
use crate::{
    dom::id,
    handover,
    message::Message,
    screen::{Event, Screen},
    view, watch,
};

impl Page {
    /// Goes where `event` leads and puts the person there.
    pub(super) fn step(&self, event: Event) -> Result<(), Message> {
        self.enter(event);
        view::focus_heading(&self.dom, self.screen.get());
        Ok(())
    }

    pub(super) fn enter(&self, event: Event) {
        if let Some(screen) = self.screen.get().after(event) {
            self.screen.set(screen);
            self.prepare(screen);
            view::show_screen(&self.dom, screen);
        }
    }

    /// Puts into the markup of a screen what depends on how things are.
    fn prepare(&self, screen: Screen) {
        let all = self.all.borrow();
        if screen == Screen::Who {
            let invite = self.invite.borrow();
            let username = invite.as_ref().map(|invite| invite.username().as_str());
            self.dom.lock(id::USERNAME, username);
            self.dom.show(id::INVITED, username.is_some());
            self.dom.show(id::TO_ALL, !all.is_empty());
        } else if screen == Screen::Certificate {
            self.watch.begin();
            self.dom.show(id::NOTIFY, watch::can_ask());
        } else if screen == Screen::Choose {
            let item = |work: &Rc<Work>| {
                vec![("common-name", work.pending.common_name().to_string()), ("words", work.pending.words())]
            };
            self.dom.list(id::WAITING, id::WAITING_ITEM, &all.iter().map(item).collect::<Vec<_>>());
        }
    }

    pub(super) fn take_up(&self, work: Rc<Work>) {
        for (place, text) in [
            ("common-name", work.pending.common_name().to_string()),
            ("csr", work.pending.csr_pem()),
            ("fingerprint", work.pending.fingerprint().to_string()),
            ("username", work.username().to_owned()),
            ("words", work.pending.words()),
        ] {
            self.dom.fill(place, text);
        }
        let is_invited = work.pending.is_invited();
        self.dom.show(id::SHARE_CSR, handover::can_share(&work.file_name("csr"), &work.pending.csr_pem()));
        self.dom.show(id::INVITED_REQUEST, is_invited);
        self.dom.show(id::UNINVITED_REQUEST, !is_invited);
        self.dom.show(id::SAVED, false);
        self.work.replace(Some(work));
    }

    pub(super) fn describe_deployment(&self) {
        let contact = self.deployment.contact.as_deref();
        self.dom.fill("deployment", self.deployment.name.clone());
        self.dom.fill("domain", self.deployment.domain.as_str());
        self.dom.fill("server", self.deployment.server());
        self.dom.fill("contact", contact.unwrap_or_default());
        self.dom.show(id::MAIL_CSR, contact.is_some());
        self.dom.show(id::CONTACT_KNOWN, contact.is_some());
        self.dom.show(id::CONTACT_UNKNOWN, contact.is_none());
    }
}
