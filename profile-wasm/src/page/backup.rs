//! The key on its way to another browser: saved by a passphrase, and taken up again.

use profile::{backup::Backup, name::CommonName};
use zeroize::Zeroizing;

use super::Page;
use crate::{dom::id, files, message::Message, pending::Pending, screen::Event, view};

impl Page {
    /// Saves the key, encrypted by the passphrase that was typed.
    pub(super) async fn back_up(&self) -> Result<(), Message> {
        let work = self.work()?;
        let passphrase = self.passphrase(id::BACKUP_PASSPHRASE)?;
        let backup = work.pending.back_up(&passphrase).await?;
        self.dom.set_value(id::BACKUP_PASSPHRASE, "");
        files::save(&format!("{}-key.pem", work.username()), "application/x-pem-file", &backup)
    }

    /// The new passphrase in this field. The browser's own copy of what was typed is not ours to overwrite.
    pub(super) fn passphrase(&self, id: &str) -> Result<Zeroizing<String>, Message> {
        let passphrase = Zeroizing::new(self.dom.value(id));
        let is_short = passphrase.chars().count() < SHORTEST_PASSPHRASE;
        view::mark_invalid(&self.dom, id, is_short);
        if is_short { Err(Message::new("passphrase-short")) } else { Ok(passphrase) }
    }

    /// Takes a key from its backup, and makes the request for it anew.
    pub(super) async fn restore_key(&self) -> Result<(), Message> {
        let file = self.dom.take_file(id::RESTORE_FILE).ok_or_else(|| Message::new("not-a-backup"))?;
        let content = files::read(&file).await?;
        let text = std::str::from_utf8(&content).map_err(|_| Message::new("not-a-backup"))?;
        let backup = Backup::from_pem(text)?;
        let common_name = match Pending::owner(text) {
            Some(owner) => CommonName::parse(owner, &self.deployment.domain)
                .map_err(|_| Message::new("other-profile").with("found", owner))?,
            None => self.common_name()?,
        };
        let passphrase = Zeroizing::new(self.dom.value(id::RESTORE_PASSPHRASE));
        self.dom.set_value(id::RESTORE_PASSPHRASE, "");
        self.step(Event::Named)?;
        self.take_new(Pending::recover(common_name, &backup, &passphrase).await).await?
    }
}

/// Characters of a passphrase: a file can be tried at leisure.
const SHORTEST_PASSPHRASE: usize = 12;
