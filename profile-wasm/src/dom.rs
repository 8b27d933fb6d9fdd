//! Access to the markup by id and by place.
//!
//! Text goes in as text, never as markup. An element that is missing is passed over, and one that is there is taken for
//! what it is meant to be, which would weigh something to ask: tests see to it that all are right.

use std::{cell::RefCell, rc::Rc};

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{
    Document, DragEvent, Element, Event, File, HtmlElement, HtmlInputElement, HtmlTemplateElement, Node, NodeList,
};

use crate::{
    message::{Field, Message},
    view,
};

/// The page's document.
#[derive(Clone)]
pub(crate) struct Dom {
    document: Document,
    /// What has been filled in, for places that come later.
    filled: Rc<RefCell<Vec<(&'static str, Field)>>>,
    /// What is said just now.
    pub(crate) said: Rc<RefCell<Option<Message>>>,
}

impl Dom {
    pub(crate) fn of_this_page() -> Option<Self> {
        let document = web_sys::window()?.document()?;
        Some(Self { document, filled: Rc::default(), said: Rc::default() })
    }

    /// The element with this id.
    pub(crate) fn get<T: JsCast>(&self, id: &str) -> Option<T> {
        self.document.get_element_by_id(id).map(JsCast::unchecked_into)
    }

    /// The first element that the selector fits.
    pub(crate) fn first<T: JsCast>(&self, selector: &str) -> Option<T> {
        self.document.query_selector(selector).ok()?.map(JsCast::unchecked_into)
    }

    /// All elements that the selector fits.
    pub(crate) fn all(&self, selector: &str) -> impl Iterator<Item = Element> + use<> {
        elements(self.document.query_selector_all(selector).ok())
    }

    /// Calls `handler` whenever `event` happens to the element.
    pub(crate) fn on(&self, id: &str, event: &str, handler: impl Fn() + 'static) {
        if let Some(element) = self.get::<Element>(id) {
            listen(&element, event, move |event| {
                // Nothing on this page is ever submitted anywhere.
                event.prevent_default();
                handler();
            });
        }
    }

    /// Shows or hides an element.
    pub(crate) fn show(&self, id: &str, visible: bool) {
        if let Some(element) = self.get::<HtmlElement>(id) {
            element.set_hidden(!visible);
        }
    }

    /// Writes `field` wherever the markup has a place for `name`.
    pub(crate) fn fill(&self, name: &'static str, field: impl Into<Field>) {
        self.fill_field(name, field.into());
    }

    fn fill_field(&self, name: &'static str, field: Field) {
        fill(&self.document, name, &view::format(self, &field));
        let mut filled = self.filled.borrow_mut();
        filled.retain(|(other, _)| *other != name);
        filled.push((name, field));
    }

    /// Writes everything into its places once more, because there are new ones or the language is another.
    pub(crate) fn fill_again(&self) {
        for (name, field) in &*self.filled.borrow() {
            fill(&self.document, name, &view::format(self, field));
        }
    }

    /// What has been filled in for `name`.
    pub(crate) fn filled(&self, name: &str) -> Option<Field> {
        self.filled.borrow().iter().find(|(other, _)| *other == name).map(|(_, field)| field.clone())
    }

    /// What was typed into an input, or into a text area, whose value is called the same.
    pub(crate) fn value(&self, id: &str) -> String {
        self.get::<HtmlInputElement>(id).map(|input| input.value()).unwrap_or_default()
    }

    /// Gives an input its value, which the person cannot change then.
    pub(crate) fn lock(&self, id: &str, value: Option<&str>) {
        if let Some(input) = self.get::<HtmlInputElement>(id) {
            if let Some(value) = value {
                input.set_value(value);
            } else if input.read_only() {
                input.set_value("");
            }
            input.set_read_only(value.is_some());
        }
    }

    /// Makes `list` have one copy of the template's content for each of `items`, with what is to be filled into it.
    pub(crate) fn list(&self, list: &str, template: &str, items: &[Vec<(&str, String)>]) {
        let (Some(list), Some(template)) = (self.get::<Element>(list), self.get::<HtmlTemplateElement>(template))
        else {
            return;
        };
        list.set_text_content(None);
        for (place, fields) in items.iter().enumerate() {
            let Ok(item) = template.content().clone_node_with_deep(true) else {
                continue;
            };
            drop(list.append_child(&item));
            let Some(item) = list.last_element_child() else {
                continue;
            };
            for (name, text) in fields {
                fill(&item, name, text);
            }
            // An item keeps what it says, whatever else is filled in later.
            for place in elements(item.query_selector_all("[data-fill]").ok()) {
                attribute(&place, "data-fill", None);
            }
            if let Ok(Some(button)) = item.query_selector("button") {
                attribute(&button, "value", Some(&place.to_string()));
            }
        }
    }

    /// Calls `handler` with the file or the text that is dropped anywhere on the page but on a field for files.
    pub(crate) fn on_drop(&self, handler: impl Fn(Option<File>, String) + 'static) {
        let Some(page) = self.document.document_element() else { return };
        // Only where this is answered so, something may be dropped.
        listen(&page, "dragover", |event| event.prevent_default());
        listen(&page, "drop", move |event| {
            let place = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            if place.is_some_and(|place| place.matches("[type=file]").unwrap_or(false)) {
                return;
            }
            event.prevent_default();
            let dropped = event.dyn_into::<DragEvent>().ok().and_then(|event| event.data_transfer());
            if let Some(dropped) = dropped {
                let file = dropped.files().and_then(|files| files.get(0));
                handler(file, dropped.get_data("text").unwrap_or_default());
            }
        });
    }

    /// Fills an input or a text area.
    pub(crate) fn set_value(&self, id: &str, value: &str) {
        if let Some(input) = self.get::<HtmlInputElement>(id) {
            input.set_value(value);
        }
    }

    /// Calls `handler` with the place of the item whose button is pressed.
    pub(crate) fn on_item(&self, list: &str, handler: impl Fn(usize) + 'static) {
        if let Some(list) = self.get::<Element>(list) {
            listen(&list, "click", move |event| {
                let pressed = event.target().and_then(|target| target.dyn_into::<Element>().ok());
                let button = pressed.and_then(|element| element.closest("button").ok().flatten());
                if let Some(place) = button.and_then(|button| button.get_attribute("value")?.parse().ok()) {
                    handler(place);
                }
            });
        }
    }

    /// The file that was chosen. It can be chosen again afterwards.
    pub(crate) fn take_file(&self, id: &str) -> Option<File> {
        let input = self.get::<HtmlInputElement>(id)?;
        let file = input.files()?.get(0);
        input.set_value("");
        file
    }
}

/// Writes `text` into every `data-fill` place for `name` below `root`.
pub(crate) fn fill(root: &Node, name: &str, text: &str) {
    let selector = format!("[data-fill={name}]");
    let places = match root.dyn_ref::<Document>() {
        Some(document) => document.query_selector_all(&selector),
        None => root.unchecked_ref::<Element>().query_selector_all(&selector),
    };
    for place in elements(places.ok()) {
        place.set_text_content(Some(text));
    }
}

/// Calls `handler` whenever `event` happens to the element, as long as there is one.
fn listen(element: &Element, event: &str, handler: impl Fn(Event) + 'static) {
    let listener = Closure::<dyn Fn(Event)>::new(handler).into_js_value();
    drop(element.add_event_listener_with_callback(event, listener.unchecked_ref()));
}

/// Sets an attribute, or removes it. Names are ours, so they are always valid.
pub(crate) fn attribute(element: &Element, name: &str, value: Option<&str>) {
    drop(match value {
        Some(value) => element.set_attribute(name, value),
        None => element.remove_attribute(name),
    });
}

fn elements(list: Option<NodeList>) -> impl Iterator<Item = Element> {
    let length = list.as_ref().map_or(0, NodeList::length);
    (0..length).filter_map(move |index| list.as_ref()?.get(index).map(JsCast::unchecked_into))
}

/// The ids in the markup that the page works with.
pub(crate) mod id {
    macro_rules! ids {
        ($($name:ident = $id:literal,)*) => {
            $(pub(crate) const $name: &str = $id;)*
            #[cfg(test)]
            pub(crate) const ALL: &[&str] = &[$($id),*];
        };
    }

    ids! {
        BACK_UP = "back-up",
        BACKUP_PASSPHRASE = "backup-passphrase",
        BACKUP_PASSPHRASE_AGAIN = "backup-passphrase-again",
        CERTIFICATE_FILE = "certificate-file",
        CERTIFICATE_TEXT = "certificate-text",
        CONTACT_KNOWN = "contact-known",
        CONTACT_UNKNOWN = "contact-unknown",
        ANOTHER = "another",
        CLIENTS_HERE = "clients-here",
        CONNECT = "connect",
        CHOOSE_ANOTHER = "choose-another",
        COPY_CSR = "copy-csr",
        DOWNLOAD_CSR = "download-csr",
        DOWNLOAD_PROFILE = "download-profile",
        INVITED = "invited",
        KEEP_KEY = "keep-key",
        INVITED_REQUEST = "invited-request",
        LANGUAGE = "language",
        LOOK_UP = "look-up",
        MAIL_CSR = "mail-csr",
        MESSAGE = "message",
        NOTIFY = "notify",
        PROFILE_PASSPHRASE = "profile-passphrase",
        PROFILE_PASSPHRASE_AGAIN = "profile-passphrase-again",
        PROTECT = "protect",
        REMINDER = "reminder",
        RENEW_FILE = "renew-file",
        RESTORE = "restore",
        RESTORE_FILE = "restore-file",
        RESTORE_PASSPHRASE = "restore-passphrase",
        SAVED = "saved",
        SHARE_CSR = "share-csr",
        START_AGAIN = "start-again",
        START_OVER = "start-over",
        START_OVER_CANCEL = "start-over-cancel",
        START_OVER_CONFIRM = "start-over-confirm",
        START_OVER_DIALOG = "start-over-dialog",
        STEPS = "steps",
        TO_CERTIFICATE = "to-certificate",
        TO_REQUEST = "to-request",
        USERNAME = "username",
        UNINVITED_REQUEST = "uninvited-request",
        USE_CERTIFICATE = "use-certificate",
        TO_ALL = "to-all",
        WAITING = "waiting",
        WAITING_ITEM = "waiting-item",
        WHO = "who",
        WIPE = "wipe",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Screen;

    #[test]
    fn every_id_stands_in_the_page_once() {
        let of_the_tests = ["csr", "csr-fingerprint", "generate"].map(str::to_owned);
        let screens = Screen::ALL.map(|screen| format!("screen-{}", screen.name()));
        let ids = id::ALL.iter().map(|id| (*id).to_owned()).chain(of_the_tests).chain(screens);
        for id in ids {
            assert_eq!(PAGE.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
        }
    }

    #[test]
    fn the_page_has_a_place_for_everything_that_is_filled_in() {
        for name in [
            "common-name",
            "contact",
            "csr",
            "deployment",
            "domain",
            "fingerprint",
            "not-after",
            "server",
            "username",
            "words",
        ] {
            let in_text = TEXT.contains(&format!("{{{name}}}"));
            assert!(in_text || PAGE.contains(&format!("data-fill=\"{name}\"")), "{name}");
        }
    }

    const PAGE: &str = include_str!("../../web/index.html");
    const TEXT: &str = include_str!("../../web/text/en.toml");
}
