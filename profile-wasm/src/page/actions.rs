//! What each button does. One thing at a time, in the order of the clicks.

use std::rc::Rc;

use js_sys::futures::spawn_local;
use web_sys::HtmlDialogElement;
use zeroize::Zeroizing;

use super::Page;
use crate::{
    dom::id,
    files, link,
    message::Message,
    screen::{Event, Screen},
    view, watch,
};

/// What the person can do.
#[derive(Clone, Copy)]
pub(super) enum Action {
    Resume(usize),
    Another,
    ToAll,
    FollowLink,
    Generate,
    SaveRequest,
    CopyRequest,
    ShareRequest,
    MailRequest,
    Notify,
    TakeDropped,
    BackUp,
    Restore,
    Renew,
    ToCertificate,
    ToRequest,
    LookUp,
    UseFile,
    UseText,
    SaveProfile,
    SaveProtected,
    Wipe,
    KeepKey,
    StartAgain,
    AskStartOver,
    KeepOn,
    StartOver,
}

impl Page {
    pub(super) fn listen(self: Rc<Self>) {
        for (id, event, action) in [
            (id::ANOTHER, "click", Action::Another),
            (id::CHOOSE_ANOTHER, "click", Action::Another),
            (id::TO_ALL, "click", Action::ToAll),
            (id::WHO, "submit", Action::Generate),
            (id::DOWNLOAD_CSR, "click", Action::SaveRequest),
            (id::COPY_CSR, "click", Action::CopyRequest),
            (id::SHARE_CSR, "click", Action::ShareRequest),
            (id::MAIL_CSR, "click", Action::MailRequest),
            (id::NOTIFY, "click", Action::Notify),
            (id::BACK_UP, "submit", Action::BackUp),
            (id::RESTORE, "submit", Action::Restore),
            (id::RENEW_FILE, "change", Action::Renew),
            (id::TO_CERTIFICATE, "click", Action::ToCertificate),
            (id::TO_REQUEST, "click", Action::ToRequest),
            (id::LOOK_UP, "click", Action::LookUp),
            (id::CERTIFICATE_FILE, "change", Action::UseFile),
            (id::USE_CERTIFICATE, "click", Action::UseText),
            (id::DOWNLOAD_PROFILE, "click", Action::SaveProfile),
            (id::PROTECT, "submit", Action::SaveProtected),
            (id::WIPE, "click", Action::Wipe),
            (id::KEEP_KEY, "click", Action::KeepKey),
            (id::START_AGAIN, "click", Action::StartAgain),
            (id::START_OVER, "click", Action::AskStartOver),
            (id::START_OVER_CANCEL, "click", Action::KeepOn),
            (id::START_OVER_CONFIRM, "click", Action::StartOver),
        ] {
            let page = Rc::clone(&self);
            self.dom.on(id, event, move || page.will(action));
        }
        let page = Rc::clone(&self);
        self.dom.on_drop(move |file, text| {
            page.dropped.replace(Some((file, text)));
            page.will(Action::TakeDropped);
        });
        spawn_local(Rc::clone(&self).watch());
        let page = Rc::clone(&self);
        link::on_change(move || page.will(Action::FollowLink));
        let page = Rc::clone(&self);
        self.dom.on_item(id::WAITING, move |place| page.will(Action::Resume(place)));
    }

    pub(super) fn will(self: &Rc<Self>, action: Action) {
        spawn_local(Rc::clone(self).answer(action));
    }

    async fn answer(self: Rc<Self>, action: Action) {
        // The next screen may be there before the last of an action is done: what is clicked then comes after it.
        self.waiting.borrow_mut().push(action);
        if self.busy.replace(true) {
            return;
        }
        while let Some(action) = self.next() {
            view::tell(&self.dom, None);
            if let Some(message) = self.act(action).await.err().or_else(|| self.warning()) {
                view::tell(&self.dom, Some(message));
            }
        }
        self.busy.set(false);
    }

    fn next(&self) -> Option<Action> {
        let mut waiting = self.waiting.borrow_mut();
        (!waiting.is_empty()).then(|| waiting.remove(0))
    }

    async fn act(&self, action: Action) -> Result<(), Message> {
        match action {
            Action::Resume(place) => {
                let work = self.all.borrow().get(place).cloned().ok_or_else(|| Message::new("unexpected"))?;
                let resumed = self.resume(&work, Event::Chosen).await;
                view::focus_heading(&self.dom, self.screen.get());
                resumed
            }
            Action::Another => {
                self.work.replace(None);
                self.step(Event::AnotherWanted)
            }
            Action::ToAll => self.step(Event::AllWanted),
            Action::FollowLink => {
                // A key that is nowhere but in this page would be lost.
                if self.all.borrow().iter().all(|work| work.record.is_some()) {
                    link::reload();
                }
                Ok(())
            }
            Action::Generate => self.generate().await,
            Action::SaveRequest => self.save_request(),
            Action::CopyRequest => self.copy_request().await,
            Action::ShareRequest => self.share_request(),
            Action::MailRequest => self.write_letter(),
            Action::Notify => {
                watch::ask();
                self.dom.show(id::NOTIFY, false);
                view::focus_heading(&self.dom, self.screen.get());
                Ok(())
            }
            Action::TakeDropped => self.take_dropped().await,
            Action::BackUp => self.back_up().await,
            Action::Restore => self.restore_key().await,
            Action::Renew => match self.dom.take_file(id::RENEW_FILE) {
                Some(file) => self.renew(&files::read(&file).await?),
                None => Ok(()),
            },
            Action::ToCertificate => self.to_certificate().await,
            Action::ToRequest => self.step(Event::RequestWanted),
            Action::LookUp => self.look_up().await,
            Action::UseFile => self.use_file().await,
            Action::UseText => self.use_text().await,
            Action::SaveProfile => self.save_profile(None).await,
            Action::SaveProtected => self.save_protected().await,
            Action::Wipe => self.forget(Event::Wiped).await,
            Action::KeepKey => self.keep_key(),
            Action::StartAgain => self.step(Event::Restarted),
            Action::AskStartOver => self.dialog(|dialog| drop(dialog.show_modal())),
            Action::KeepOn => self.dialog(HtmlDialogElement::close),
            Action::StartOver => {
                self.dialog(HtmlDialogElement::close)?;
                self.forget(Event::Restarted).await
            }
        }
    }

    /// What is dropped is a certificate where one is waited for, and else an old profile.
    async fn take_dropped(&self) -> Result<(), Message> {
        let Some((file, text)) = self.dropped.take() else { return Ok(()) };
        let content = match file {
            Some(file) => files::read(&file).await?,
            None => Zeroizing::new(text.into_bytes()),
        };
        match self.screen.get() {
            Screen::Request | Screen::Certificate => self.use_certificate(&content).await,
            Screen::Who => self.renew(&content),
            Screen::Loading | Screen::Stopped | Screen::Choose | Screen::Key | Screen::Profile | Screen::Done => Ok(()),
        }
    }

    fn dialog(&self, act: impl Fn(&HtmlDialogElement)) -> Result<(), Message> {
        if let Some(dialog) = self.dom.get(id::START_OVER_DIALOG) {
            act(&dialog);
        }
        Ok(())
    }
}
