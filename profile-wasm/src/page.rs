//! The page's controller: it has what the page knows, and its parts do what the person asks for.

mod beginning;

mod actions;

mod request;

mod backup;

mod renewal;

mod certificate;

mod finish;

mod work;

mod stage;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use profile::invite::Invite;
use web_sys::File;

use crate::{
    deployment::Deployment, dom::Dom, language, message::Message, reminder, screen::Screen, store::Store, system, view,
    watch::Watch,
};
use actions::Action;
use work::Work;

/// Shows the page and answers the person from then on.
pub(crate) async fn run() {
    let Some(dom) = Dom::of_this_page() else {
        return;
    };
    language::begin(&dom);
    system::help_first(&dom);
    reminder::offer(&dom);
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
    waiting: RefCell<Vec<Action>>,
    /// The invite of the page's address, until a request was made for it.
    invite: RefCell<Option<Invite>>,
    /// All pending requests to this deployment.
    all: RefCell<Vec<Rc<Work>>>,
    /// The one that the person is at.
    work: RefCell<Option<Rc<Work>>>,
}

impl Page {
    async fn open(dom: &Dom) -> Result<Self, Message> {
        let deployment = Deployment::load().await?;
        language::offer(dom, &deployment.languages);
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
}
