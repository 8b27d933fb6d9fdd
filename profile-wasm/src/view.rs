//! What the person sees and hears: one screen, the steps, and a message where there is one.

use js_sys::{Date, Object, Reflect};
use web_sys::{Element, HtmlElement, HtmlTemplateElement};

use crate::{
    dom::{Dom, attribute, fill, id},
    message::{Field, Message},
    screen::Screen,
};

/// Shows `screen` alone, and where on the way that is.
pub(crate) fn show_screen(dom: &Dom, screen: Screen) {
    for any in Screen::ALL {
        dom.show(&format!("screen-{}", any.name()), any == screen);
    }
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
pub(crate) fn tell(dom: &Dom, message: Option<&Message>) {
    let Some(region) = dom.get::<Element>(id::MESSAGE) else {
        return;
    };
    region.set_text_content(None);
    let Some(message) = message else {
        return;
    };
    let template = dom.get::<HtmlTemplateElement>(&format!("message-{}", message.code()));
    let Some(template) = template.or_else(|| dom.get("message-unexpected")) else {
        return;
    };
    let Ok(text) = template.content().clone_node_with_deep(true) else {
        return;
    };
    attribute(&region, "data-kind", template.get_attribute("data-kind").as_deref());
    drop(region.append_child(&text));
    for (name, field) in message.fields() {
        match field {
            Field::Text(text) => fill(&region, name, text),
            Field::Time(time) => fill(&region, name, &format_time(dom, *time)),
        }
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

/// A point in time (seconds since 1970) in the page's language and the visitor's time zone.
pub(crate) fn format_time(dom: &Dom, seconds: i64) -> String {
    let options = Object::new();
    for (name, value) in [("dateStyle", "long"), ("timeStyle", "short")] {
        // An option that could not be set leaves a plainer format.
        drop(Reflect::set(&options, &name.into(), &value.into()));
    }
    let language = dom.first::<HtmlElement>("html").map(|html| html.lang()).unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "exact for every date that a certificate can have")]
    let date = Date::new(&(seconds as f64 * 1000.0).into());
    date.to_locale_string(&language, &options).into()
}
