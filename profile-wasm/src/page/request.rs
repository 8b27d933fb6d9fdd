//! The request: made of a name, and handed over.

use std::rc::Rc;

use profile::{
    challenge::Challenge,
    invite::Invite,
    name::{CommonName, Username},
};

use super::{Page, work::Work};
use crate::{
    dom::id,
    files, handover, language, link,
    message::Message,
    pending::Pending,
    screen::{Event, Screen},
    view,
};

impl Page {
    pub(super) async fn generate(&self) -> Result<(), Message> {
        if self.screen.get() != Screen::Who {
            return Ok(()); // A second click on a button whose first has been answered.
        }
        let common_name = self.common_name();
        view::mark_invalid(&self.dom, id::USERNAME, common_name.is_err());
        let common_name = common_name?;
        let challenge = self.challenge(&common_name);
        self.step(Event::Named)?;
        self.take_new(Pending::make(common_name, challenge.as_ref()).await).await
    }

    /// What goes into the request of this name by the invite that is open.
    pub(super) fn challenge(&self, common_name: &CommonName) -> Option<Challenge> {
        let invite = self.invite.borrow();
        invite.as_ref().filter(|invite| invite.username() == common_name.username()).map(Invite::password)
    }

    /// Goes on with a request that has just been made, or back where none could be.
    pub(super) async fn take_new(&self, made: Result<Pending, Message>) -> Result<(), Message> {
        match made {
            Ok(pending) => {
                let record = self.keep(&pending).await;
                let kept = record.as_ref().map(drop).map_err(Message::clone);
                // An invite is good for one request; until this one is kept, a reload may need it again.
                if kept.is_ok() && pending.is_invited() {
                    self.invite.replace(None);
                    link::forget();
                }
                let work = Rc::new(Work::new(pending, record.ok()));
                self.all.borrow_mut().push(Rc::clone(&work));
                self.take_up(work);
                self.step(Event::KeyMade)?;
                kept
            }
            Err(message) => {
                self.step(Event::KeyRefused)?;
                Err(message)
            }
        }
    }

    /// Names never differ by case alone, so typing a capital is no mistake.
    pub(super) fn common_name(&self) -> Result<CommonName, Message> {
        if let Some(invite) = self.invite.borrow().as_ref() {
            return Ok(CommonName::new(invite.username().clone(), self.deployment.domain.clone())?);
        }
        let username: Username = self.dom.value(id::USERNAME).trim().to_ascii_lowercase().parse()?;
        Ok(CommonName::new(username, self.deployment.domain.clone())?)
    }

    pub(super) fn save_request(&self) -> Result<(), Message> {
        let work = self.work()?;
        files::save(&work.file_name("csr"), "application/pkcs10", &work.pending.csr_pem())
    }

    pub(super) async fn copy_request(&self) -> Result<(), Message> {
        handover::copy(&self.work()?.pending.csr_pem()).await?;
        Err(Message::new("copied"))
    }

    pub(super) fn share_request(&self) -> Result<(), Message> {
        let work = self.work()?;
        handover::share(&work.file_name("csr"), &work.pending.csr_pem())
    }

    /// Drafts the letter to whom the bundle names, with what the admin needs to compare.
    pub(super) fn write_letter(&self) -> Result<(), Message> {
        let (work, contact) = (self.work()?, self.deployment.contact.as_deref().unwrap_or_default());
        let (name, csr) = (work.pending.common_name().to_string(), work.pending.csr_pem());
        let fields = [("common-name", name.as_str()), ("words", &work.pending.words()), ("csr", &csr)];
        let subject = language::plain(&self.dom, "mail-subject", &fields);
        handover::write_letter(contact, &subject, &language::plain(&self.dom, "mail-body", &fields))
    }
}
