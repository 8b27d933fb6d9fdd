//! The certificate: looked for, given, and taken if it is the right one.

use std::rc::Rc;

use zeroize::Zeroizing;

use super::{Page, actions::Action};
use crate::{
    clock,
    dom::id,
    files, language,
    message::{Field, Message},
    screen::{Event, Screen},
    watch,
};

impl Page {
    /// Looks for the certificate as long as it is waited for. What goes wrong meanwhile is nobody's business, nor is what lies
    /// there and is no good.
    pub(super) async fn watch(self: Rc<Self>) {
        loop {
            watch::second().await;
            if self.screen.get() != Screen::Certificate || self.busy.get() || !self.watch.tick() {
                continue;
            }
            if let Ok(work) = self.work()
                && let Ok(Some(found)) = work.pending.look_up().await
                && work.pending.accept(found.as_bytes(), &self.deployment, clock::now()).await.is_ok()
                && self.screen.get() == Screen::Certificate
            {
                self.will(Action::LookUp);
                watch::tell(&language::plain(&self.dom, "arrived", &[]));
            }
        }
    }

    pub(super) async fn to_certificate(&self) -> Result<(), Message> {
        // Whoever sees the next screen finds it again after a reload.
        let noted = self.note(|record| record.set_sent(true)).await;
        self.step(Event::Sent)?;
        noted
    }

    pub(super) async fn look_up(&self) -> Result<(), Message> {
        let found = self.work()?.pending.look_up().await?;
        self.use_certificate(found.ok_or_else(|| Message::new("not-issued-yet"))?.as_bytes()).await
    }

    pub(super) async fn use_file(&self) -> Result<(), Message> {
        match self.dom.take_file(id::CERTIFICATE_FILE) {
            Some(file) => self.use_certificate(&files::read(&file).await?).await,
            None => Ok(()),
        }
    }

    pub(super) async fn use_text(&self) -> Result<(), Message> {
        let text = Zeroizing::new(self.dom.value(id::CERTIFICATE_TEXT));
        if text.trim().is_empty() {
            return Err(Message::new("nothing-given"));
        }
        self.use_certificate(text.as_bytes()).await
    }

    pub(super) async fn use_certificate(&self, content: &[u8]) -> Result<(), Message> {
        let work = self.work()?;
        let certificate = work.pending.accept(content, &self.deployment, clock::now()).await?;
        self.dom.fill("not-after", Field::Time(certificate.not_after()));
        self.dom.set_value(id::CERTIFICATE_TEXT, "");
        let pem = certificate.to_pem();
        work.certificate.replace(Some(Rc::new(certificate)));
        let noted = self.note(|record| record.set_certificate(&pem)).await;
        self.step(Event::Certified)?;
        noted
    }
}
