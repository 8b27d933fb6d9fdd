//! The page's controller: what each button does, and what is shown then.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use js_sys::{Date, futures::spawn_local};
use profile::{
    backup::Backup,
    certificate::Certificate,
    invite::Invite,
    name::{CommonName, Username},
    ovpn::Document,
};
use web_sys::{File, HtmlDialogElement};
use zeroize::Zeroizing;

use crate::{
    deployment::Deployment,
    dom::{Dom, id},
    files, handover, language, link,
    message::{Field, Message},
    pending::Pending,
    screen::{Event, Progress, Screen},
    store::{Record, Store},
    view,
    watch::{self, Watch},
};

/// Shows the page and answers the person from then on.
pub(crate) async fn run() {
    let Some(dom) = Dom::of_this_page() else {
        return;
    };
    language::begin(&dom);
    match Page::open(&dom).await {
        Ok(page) => Rc::new(page).listen(),
        Err(message) => {
            view::show_screen(&dom, Screen::Stopped);
            view::tell(&dom, Some(message));
        }
    }
}

struct Page {
    dom: Dom,
    deployment: Deployment,
    /// None where the browser keeps nothing: then a reload loses the key.
    store: Option<Store>,
    screen: Cell<Screen>,
    /// Whether an action is under way.
    busy: Cell<bool>,
    /// When to look for the certificate.
    watch: Watch,
    /// What has been dropped on the page.
    dropped: RefCell<Option<(Option<File>, String)>>,
    /// What has been clicked and not yet been answered.
    waiting: RefCell<VecDeque<Action>>,
    /// The invite of the page's address, until a request was made for it.
    invite: RefCell<Option<Invite>>,
    /// All pending requests to this deployment.
    all: RefCell<Vec<Rc<Work>>>,
    /// The one that the person is at.
    work: RefCell<Option<Rc<Work>>>,
}

/// The pending request with all that goes with it.
struct Work {
    pending: Pending,
    /// None where it could not be kept.
    record: Option<Kept>,
    certificate: OnceCell<Certificate>,
}

/// Where a request is kept.
struct Kept {
    key: String,
    record: Record,
}

/// What the person can do.
#[derive(Clone, Copy)]
enum Action {
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
    Wipe,
    StartAgain,
    AskStartOver,
    KeepOn,
    StartOver,
}

impl Page {
    async fn open(dom: &Dom) -> Result<Self, Message> {
        let deployment = Deployment::load().await?;
        crate::webcrypto::is_available()?;
        let page = Self {
            dom: dom.clone(),
            deployment,
            store: Store::open().await.ok(),
            screen: Cell::new(Screen::Loading),
            busy: Cell::new(false),
            waiting: RefCell::default(),
            watch: Watch::default(),
            dropped: RefCell::new(None),
            invite: RefCell::new(None),
            all: RefCell::default(),
            work: RefCell::new(None),
        };
        page.describe_deployment();
        page.begin().await;
        Ok(page)
    }

    /// Takes up what an earlier visit left, or what a link asks for.
    async fn begin(&self) {
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
            match work.pending.accept(certificate, &self.deployment, now()).await {
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
    async fn resume(&self, work: &Rc<Work>, event: impl Fn(Progress) -> Event) -> Result<(), Message> {
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
                all.push(Rc::new(Work { pending, record: Some(Kept { key, record }), certificate: OnceCell::new() }));
            }
        }
        all
    }

    fn listen(self: Rc<Self>) {
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
            (id::WIPE, "click", Action::Wipe),
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

    /// Looks for the certificate as long as it is waited for. What goes wrong meanwhile is nobody's business.
    async fn watch(self: Rc<Self>) {
        loop {
            watch::second().await;
            if self.screen.get() != Screen::Certificate || self.busy.get() || !self.watch.tick() {
                continue;
            }
            if let Ok(work) = self.work()
                && let Ok(Some(_)) = work.pending.look_up().await
                && self.screen.get() == Screen::Certificate
            {
                self.will(Action::LookUp);
                watch::tell(&language::plain(&self.dom, "arrived", &[]));
            }
        }
    }

    fn will(self: &Rc<Self>, action: Action) {
        spawn_local(Rc::clone(self).answer(action));
    }

    async fn answer(self: Rc<Self>, action: Action) {
        // The next screen may be there before the last of an action is done: what is clicked then comes after it.
        self.waiting.borrow_mut().push_back(action);
        if self.busy.replace(true) {
            return;
        }
        while let Some(action) = self.next() {
            view::tell(&self.dom, None);
            if let Err(message) = self.act(action).await {
                view::tell(&self.dom, Some(message));
            }
        }
        self.busy.set(false);
    }

    fn next(&self) -> Option<Action> {
        self.waiting.borrow_mut().pop_front()
    }

    async fn act(&self, action: Action) -> Result<(), Message> {
        match action {
            Action::Resume(place) => {
                let work = self.all.borrow().get(place).cloned().ok_or_else(|| Message::new("unexpected"))?;
                self.resume(&work, Event::Chosen).await?;
                view::focus_heading(&self.dom, self.screen.get());
                Ok(())
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
            Action::CopyRequest => {
                handover::copy(&self.work()?.pending.csr_pem()).await?;
                Err(Message::new("copied"))
            }
            Action::ShareRequest => {
                let work = self.work()?;
                handover::share(&work.file_name("csr"), &work.pending.csr_pem()).await
            }
            Action::MailRequest => self.write_letter(),
            Action::Notify => {
                watch::ask().await;
                self.dom.show(id::NOTIFY, watch::can_ask());
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
            Action::SaveProfile => self.save_profile().await,
            Action::Wipe => self.forget(Event::Wiped).await,
            Action::StartAgain => self.step(Event::Restarted),
            Action::AskStartOver => self.dialog(|dialog| drop(dialog.show_modal())),
            Action::KeepOn => self.dialog(HtmlDialogElement::close),
            Action::StartOver => {
                self.dialog(HtmlDialogElement::close)?;
                self.forget(Event::Restarted).await
            }
        }
    }

    async fn generate(&self) -> Result<(), Message> {
        if self.screen.get() != Screen::Who {
            return Ok(()); // A second click on a button whose first has been answered.
        }
        let common_name = self.common_name();
        view::mark_invalid(&self.dom, id::USERNAME, common_name.is_err());
        let common_name = common_name?;
        self.step(Event::Named)?;
        let challenge = self.invite.borrow().as_ref().map(Invite::password);
        let kept = self.take_new(Pending::make(common_name, challenge.as_ref()).await).await?;
        // An invite is good for one request; until this one is kept, a reload may need it again.
        if kept.is_ok() {
            self.invite.replace(None);
            link::forget();
        }
        kept
    }

    /// Goes on with a request that has just been made, or back where none could be. Whether it is kept is the inner result.
    async fn take_new(&self, made: Result<Pending, Message>) -> Result<Result<(), Message>, Message> {
        match made {
            Ok(pending) => {
                let record = self.keep(&pending).await;
                let kept = record.as_ref().map(drop).map_err(Message::clone);
                let work = Rc::new(Work { pending, record: record.ok(), certificate: OnceCell::new() });
                self.all.borrow_mut().push(Rc::clone(&work));
                self.take_up(work);
                self.step(Event::KeyMade)?;
                Ok(kept)
            }
            Err(message) => {
                self.step(Event::KeyRefused)?;
                Err(message)
            }
        }
    }

    /// Saves the key, encrypted by the passphrase that was typed.
    async fn back_up(&self) -> Result<(), Message> {
        let work = self.work()?;
        let passphrase = Zeroizing::new(self.dom.value(id::BACKUP_PASSPHRASE));
        let is_short = passphrase.chars().count() < SHORTEST_PASSPHRASE;
        view::mark_invalid(&self.dom, id::BACKUP_PASSPHRASE, is_short);
        if is_short {
            return Err(Message::new("passphrase-short"));
        }
        let backup = work.pending.back_up(&passphrase).await?;
        self.dom.set_value(id::BACKUP_PASSPHRASE, "");
        files::save(&format!("{}-key.pem", work.username()), "application/x-pem-file", &backup)
    }

    /// Takes a key from its backup, and makes the request for it anew.
    async fn restore_key(&self) -> Result<(), Message> {
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

    /// Names never differ by case alone, so typing a capital is no mistake.
    fn common_name(&self) -> Result<CommonName, Message> {
        if let Some(invite) = self.invite.borrow().as_ref() {
            return Ok(CommonName::new(invite.username().clone(), self.deployment.domain.clone())?);
        }
        let username: Username = self.dom.value(id::USERNAME).trim().to_ascii_lowercase().parse()?;
        Ok(CommonName::new(username, self.deployment.domain.clone())?)
    }

    fn save_request(&self) -> Result<(), Message> {
        let work = self.work()?;
        files::save(&work.file_name("csr"), "application/pkcs10", &work.pending.csr_pem())
    }

    async fn to_certificate(&self) -> Result<(), Message> {
        self.step(Event::Sent)?;
        self.note(|record| record.set_sent(true)).await
    }

    async fn look_up(&self) -> Result<(), Message> {
        let found = self.work()?.pending.look_up().await?;
        self.use_certificate(found.ok_or_else(|| Message::new("not-issued-yet"))?.as_bytes()).await
    }

    async fn use_file(&self) -> Result<(), Message> {
        match self.dom.take_file(id::CERTIFICATE_FILE) {
            Some(file) => self.use_certificate(&files::read(&file).await?).await,
            None => Ok(()),
        }
    }

    async fn use_text(&self) -> Result<(), Message> {
        let text = self.dom.value(id::CERTIFICATE_TEXT);
        if text.trim().is_empty() {
            return Err(Message::new("nothing-given"));
        }
        self.use_certificate(text.as_bytes()).await
    }

    /// Drafts the letter to whom the bundle names, with what the admin needs to compare.
    fn write_letter(&self) -> Result<(), Message> {
        let (work, contact) = (self.work()?, self.deployment.contact.as_deref().unwrap_or_default());
        let (name, csr) = (work.pending.common_name().to_string(), work.pending.csr_pem());
        let fields = [("common-name", name.as_str()), ("words", &work.pending.words()), ("csr", &csr)];
        let subject = language::plain(&self.dom, "mail-subject", &fields);
        handover::write_letter(contact, &subject, &language::plain(&self.dom, "mail-body", &fields))
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

    /// Takes the user's name from a profile that is to be renewed. Its key stays what it is: the new one is another.
    fn renew(&self, profile: &[u8]) -> Result<(), Message> {
        let not_a_profile = || Message::new("not-a-profile");
        let text = std::str::from_utf8(profile).map_err(|_| not_a_profile())?;
        let document = Document::parse(text).map_err(|_| not_a_profile())?;
        let certificate = document.block("cert").ok_or_else(not_a_profile)?;
        let certificate = Certificate::from_pem(certificate).map_err(|_| not_a_profile())?;
        let found = certificate.common_name().unwrap_or_default();
        let Ok(common_name) = CommonName::parse(&found, &self.deployment.domain) else {
            return Err(Message::new("other-profile").with("found", found));
        };
        if self.invite.borrow().is_none() {
            self.dom.set_value(id::USERNAME, common_name.username().as_str());
        }
        Err(Message::new("renewal").with("found", found).with_time("time", certificate.not_after()))
    }

    async fn use_certificate(&self, content: &[u8]) -> Result<(), Message> {
        let work = self.work()?;
        let certificate = work.pending.accept(content, &self.deployment, now()).await?;
        self.dom.fill("not-after", Field::Time(certificate.not_after()));
        self.dom.clear(id::CERTIFICATE_TEXT);
        // Set once: on the screens that follow there is no way to give another.
        let pem = certificate.to_pem();
        drop(work.certificate.set(certificate));
        self.step(Event::Certified)?;
        self.note(|record| record.set_certificate(&pem)).await
    }

    async fn save_profile(&self) -> Result<(), Message> {
        let work = self.work()?;
        let certificate = work.certificate.get().ok_or_else(|| Message::new("unexpected"))?;
        let profile = work.pending.profile(certificate, &self.deployment).await?;
        files::save(&work.file_name("ovpn"), "application/x-openvpn-profile", &profile)?;
        self.dom.show(id::SAVED, true);
        Ok(())
    }

    /// Drops the key here and in the browser's database.
    async fn forget(&self, event: Event) -> Result<(), Message> {
        let work = self.work()?;
        if let (Some(store), Some(kept)) = (&self.store, &work.record) {
            store.delete(&kept.key).await?;
        }
        self.all.borrow_mut().retain(|other| !Rc::ptr_eq(other, &work));
        self.work.replace(None);
        self.dom.fill("csr", "");
        self.step(event)
    }

    async fn keep(&self, pending: &Pending) -> Result<Kept, Message> {
        let not_kept = |_| Message::new("not-kept");
        let store = self.store.as_ref().ok_or_else(|| Message::new("not-kept"))?;
        let record = pending.record().await.map_err(not_kept)?;
        let key = self.deployment.key(&pending.fingerprint());
        store.put(&key, &record).await.map_err(not_kept)?;
        Ok(Kept { key, record })
    }

    /// Writes down how far the person has come, where anything is kept at all.
    async fn note(&self, change: impl Fn(&Record)) -> Result<(), Message> {
        let work = self.work()?;
        let (Some(store), Some(Kept { key, record })) = (&self.store, &work.record) else {
            return Ok(());
        };
        change(record);
        store.put(key, record).await
    }

    fn take_up(&self, work: Rc<Work>) {
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

    fn describe_deployment(&self) {
        let contact = self.deployment.contact.as_deref();
        self.dom.fill("deployment", self.deployment.name.clone());
        self.dom.fill("domain", self.deployment.domain.as_str());
        self.dom.fill("contact", contact.unwrap_or_default());
        self.dom.show(id::MAIL_CSR, contact.is_some());
        self.dom.show(id::CONTACT_KNOWN, contact.is_some());
        self.dom.show(id::CONTACT_UNKNOWN, contact.is_none());
    }

    fn work(&self) -> Result<Rc<Work>, Message> {
        self.work.borrow().clone().ok_or_else(|| Message::new("unexpected"))
    }

    fn dialog(&self, act: impl Fn(&HtmlDialogElement)) -> Result<(), Message> {
        if let Some(dialog) = self.dom.get(id::START_OVER_DIALOG) {
            act(&dialog);
        }
        Ok(())
    }

    /// Goes where `event` leads and puts the person there.
    fn step(&self, event: Event) -> Result<(), Message> {
        self.enter(event);
        view::focus_heading(&self.dom, self.screen.get());
        Ok(())
    }

    fn enter(&self, event: Event) {
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
}

impl Work {
    fn username(&self) -> &str {
        self.pending.common_name().username().as_str()
    }

    /// Plain ASCII, as user names are.
    fn file_name(&self, extension: &str) -> String {
        format!("{}.{extension}", self.username())
    }
}

/// The computer's clock, in seconds since 1970.
#[expect(clippy::cast_possible_truncation, reason = "whole seconds are meant")]
fn now() -> i64 {
    (Date::now() / 1000.0) as i64
}

/// Characters of a passphrase: a file can be tried at leisure.
const SHORTEST_PASSPHRASE: usize = 12;
