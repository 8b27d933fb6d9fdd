//! What the person sees and hears: one screen, the steps, and a message where there is one.

use js_sys::{Object, Reflect};
use web_sys::{Element, HtmlElement};

use crate::{
    clock,
    dom::{Dom, attribute, fill, id},
    language,
    message::{Field, Message},
    screen::Screen,
};

/// Shows `screen` alone, and where on the way that is.
pub(crate) fn show_screen(dom: &Dom, screen: Screen) {
    for any in Screen::ALL {
        dom.show(&format!("screen-{}", any.name()), any == screen);
    }
    dom.show(id::CONNECT, screen.has_profile());
    dom.show(id::STEPS, screen.steps_done().is_some());
    dom.show(id::START_OVER, screen.has_key());
    dom.show(id::ANOTHER, screen.has_key());
    let done = screen.steps_done().unwrap_or_default();
    for (place, step) in dom.all("#steps > li").enumerate() {
        let (state, current) = match place {
            _ if place < done => ("done", None),
            _ if place == done => ("current", Some("step")),
            _ => ("ahead", None),
        };
        attribute(&step, "data-state", Some(state));
        attribute(&step, "aria-current", current);
    }
}

/// Moves the focus to the heading of `screen`: it is what is read next.
pub(crate) fn focus_heading(dom: &Dom, screen: Screen) {
    if let Some(heading) = dom.first::<HtmlElement>(&format!("#screen-{} h2", screen.name())) {
        drop(heading.focus());
    }
}

/// Says `message`, or takes back the last one.
pub(crate) fn tell(dom: &Dom, message: Option<Message>) {
    dom.said.replace(message);
    say(dom);
}

/// Says the last message once more, in the page's language.
pub(crate) fn say(dom: &Dom) {
    let said = dom.said.borrow();
    let Some(region) = dom.get::<Element>(id::MESSAGE) else {
        return;
    };
    region.set_text_content(None);
    let Some(message) = said.as_ref() else {
        return;
    };
    let text = language::text(dom, &format!("message-{}", message.code()));
    let Some(text) = text.or_else(|| language::text(dom, "message-unexpected")) else {
        return;
    };
    attribute(&region, "data-kind", Some(message.kind()));
    drop(region.append_child(&text));
    for (name, field) in message.fields() {
        fill(&region, name, &format(dom, field));
    }
    region.scroll_into_view();
}

/// Marks a field as wrong and goes there, or marks it as right.
pub(crate) fn mark_invalid(dom: &Dom, id: &str, invalid: bool) {
    let Some(field) = dom.get::<HtmlElement>(id) else {
        return;
    };
    attribute(&field, "aria-invalid", invalid.then_some("true"));
    if invalid {
        drop(field.focus());
    }
}

/// What is shown of a field, in the page's language.
pub(crate) fn format(dom: &Dom, field: &Field) -> String {
    match field {
        Field::Text(text) => text.replace(is_hidden, "\u{fffd}"),
        Field::Time(time) => format_time(dom, *time),
    }
}

/// Whether a character has no look of its own, or turns what stands around it: by such a one a name would seem to be another.
fn is_hidden(c: char) -> bool {
    matches!(c, '\0'..='\t' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A point in time (seconds since 1970) in the page's language and the visitor's time zone.
fn format_time(dom: &Dom, seconds: i64) -> String {
    let options = Object::new();
    for (name, value) in [("dateStyle", "long"), ("timeStyle", "short")] {
        // An option that could not be set leaves a plainer format.
        drop(Reflect::set(&options, &name.into(), &value.into()));
    }
    clock::date(seconds).to_locale_string(&language::current(dom), &options).into()
}
