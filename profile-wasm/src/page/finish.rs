//! The profile: saved, and then the key is given up.

use std::rc::Rc;

use super::Page;
use crate::{dom::id, files, message::Message, screen::Event, view};

impl Page {
    /// Saves the profile, its key encrypted by the passphrase that was typed.
    pub(super) async fn save_protected(&self) -> Result<(), Message> {
        let passphrase = self.passphrase(PROFILE)?;
        self.save_profile(Some(&passphrase)).await?;
        self.clear(PROFILE);
        Ok(())
    }

    pub(super) async fn save_profile(&self, passphrase: Option<&str>) -> Result<(), Message> {
        let work = self.work()?;
        let certificate = work.certificate.borrow().clone().ok_or_else(|| Message::new("unexpected"))?;
        // Here the key is in the clear. Every buffer of ours is overwritten when it goes; what the browser has made of
        // them cannot be: the saved file's blob, which is released, and the memory behind WebCrypto's handle.
        let profile = work.pending.profile(&certificate, &self.deployment, passphrase).await?;
        files::save(&work.file_name("ovpn"), "application/x-openvpn-profile", &profile)?;
        self.dom.show(id::SAVED, true);
        Ok(())
    }

    /// Leaves the key where it is, and says what that means. It can be given up later, as at every step.
    pub(super) fn keep_key(&self) -> Result<(), Message> {
        self.dom.show(id::SAVED, false);
        view::focus_heading(&self.dom, self.screen.get());
        Err(Message::new("key-kept"))
    }

    /// Drops the key here and in the browser's database.
    pub(super) async fn forget(&self, event: Event) -> Result<(), Message> {
        let Ok(work) = self.work() else {
            return Ok(()); // A second click on a button whose first has been answered.
        };
        if let (Some(store), Some(kept)) = (&self.store, &work.record) {
            store.delete(&kept.key).await?;
        }
        self.all.borrow_mut().retain(|other| !Rc::ptr_eq(other, &work));
        self.work.replace(None);
        self.dom.fill("csr", "");
        self.dom.set_value(id::CERTIFICATE_TEXT, "");
        self.step(event)
    }
}

/// The fields for the passphrase of a profile.
const PROFILE: [&str; 2] = [id::PROFILE_PASSPHRASE, id::PROFILE_PASSPHRASE_AGAIN];
