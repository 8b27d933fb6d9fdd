//! The key on its way to another browser: saved by a passphrase, and taken up again.

use profile::{backup::Backup, name::CommonName};
use zeroize::Zeroizing;

use super::Page;
use crate::{dom::id, files, message::Message, pending::Pending, screen::Event, view};

impl Page {
    /// Saves the key, encrypted by the passphrase that was typed.
    pub(super) async fn back_up(&self) -> Result<(), Message> {
        let work = self.work()?;
        let passphrase = self.passphrase(BACKUP)?;
        let backup = work.pending.back_up(&passphrase).await?;
        self.clear(BACKUP);
        files::save(&format!("{}-key.pem", work.username()), "application/x-pem-file", &backup)
    }

    /// The new passphrase, which stands in both fields. The browser's own copy of what was typed is not ours to overwrite.
    pub(super) fn passphrase(&self, fields: [&str; 2]) -> Result<Zeroizing<String>, Message> {
        let [passphrase, again] = fields.map(|id| Zeroizing::new(self.dom.value(id)));
        let is_short = passphrase.chars().count() < SHORTEST_PASSPHRASE;
        let [first, second] = fields;
        for (id, is_wrong, refusal) in
            [(first, is_short, "passphrase-short"), (second, passphrase != again, "passphrase-differs")]
        {
            view::mark_invalid(&self.dom, id, is_wrong);
            if is_wrong {
                return Err(Message::new(refusal));
            }
        }
        Ok(passphrase)
    }

    /// Empties the fields of a passphrase that has been used.
    pub(super) fn clear(&self, fields: [&str; 2]) {
        for id in fields {
            self.dom.set_value(id, "");
        }
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
        let challenge = self.challenge(&common_name);
        self.step(Event::Named)?;
        self.take_new(Pending::recover(common_name, challenge.as_ref(), &backup, &passphrase).await).await
    }
}

/// The fields for the passphrase of a backup.
const BACKUP: [&str; 2] = [id::BACKUP_PASSPHRASE, id::BACKUP_PASSPHRASE_AGAIN];

/// Characters of a passphrase: a file can be tried at leisure.
const SHORTEST_PASSPHRASE: usize = 12;
