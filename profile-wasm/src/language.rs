//! The language of the page: which one, and its texts, which stand in templates of the markup.

use profile::search::split_once;
use wasm_bindgen::JsCast as _;
use web_sys::{DocumentFragment, Element, HtmlElement, HtmlSelectElement, HtmlTemplateElement, Node, Storage};

use crate::{
    dom::{Dom, attribute, fill, id},
    view,
};

/// Shows the page in the person's language and lets them change it.
pub(crate) fn begin(dom: &Dom) {
    if let Some(tag) = best(dom, &[]) {
        speak(dom, &tag);
    }
    let page = dom.clone();
    dom.on(id::LANGUAGE, "change", move || choose(&page));
}

/// Leaves only the languages that the deployment offers, where the page has any of them. The first is for whoever reads none.
pub(crate) fn offer(dom: &Dom, languages: &[String]) {
    let is_offered = |option: &Element| languages.iter().any(|offered| primary(offered) == primary(&value(option)));
    if dom.all(OPTIONS).any(|option| is_offered(&option)) {
        dom.all(OPTIONS).filter(|option| !is_offered(option)).for_each(|option| option.remove());
        if let Some(tag) = best(dom, languages).filter(|tag| *tag != current(dom)) {
            speak(dom, &tag);
        }
    }
}

/// The language that the person chose once, or the first of the browser's that there is, or a default.
fn best(dom: &Dom, defaults: &[String]) -> Option<String> {
    let mut wanted: Vec<String> = storage().and_then(|storage| storage.get_item(CHOICE).ok()?).into_iter().collect();
    let browsers = web_sys::window().map(|window| window.navigator().languages()).unwrap_or_default();
    wanted.extend(browsers.iter().filter_map(|tag| tag.as_string()));
    wanted.extend_from_slice(defaults);
    // The one that comes closest: `zh-Hans` for `zh-CN`.
    let offered =
        |wanted: String| dom.all(OPTIONS).map(|option| value(&option)).find(|tag| primary(tag) == primary(&wanted));
    wanted.into_iter().find_map(offered)
}

/// Shows the page in the language that was chosen in the list, and remembers it.
fn choose(dom: &Dom) {
    let Some(list) = dom.get::<HtmlSelectElement>(id::LANGUAGE) else { return };
    speak(dom, &list.value());
    if let Some(storage) = storage() {
        // Where nothing is kept, the browser's language comes back with the next visit.
        drop(storage.set_item(CHOICE, &list.value()));
    }
}

/// The paragraph that has the text under `key`, in the page's language.
pub(crate) fn text(dom: &Dom, key: &str) -> Option<Node> {
    let paragraph = text_of(&texts(dom, &current(dom))?, key)?.clone_node_with_deep(true).ok()?;
    attribute(paragraph.unchecked_ref(), "data-for", None);
    Some(paragraph)
}

/// The text under `key`, in the page's language, with `fields` in their places.
pub(crate) fn plain(dom: &Dom, key: &str, fields: &[(&str, &str)]) -> String {
    let text = text(dom, key);
    for (name, value) in fields {
        if let Some(text) = &text {
            fill(text, name, value);
        }
    }
    text.and_then(|text| text.text_content()).unwrap_or_default()
}

/// The page's language.
pub(crate) fn current(dom: &Dom) -> String {
    dom.first::<HtmlElement>("html").map(|html| html.lang()).unwrap_or_default()
}

fn speak(dom: &Dom, tag: &str) {
    let Some(texts) = texts(dom, tag) else { return };
    for place in dom.all("[data-text]") {
        let text = place.get_attribute("data-text").and_then(|key| text_of(&texts, &key));
        if let Some(text) = text.and_then(|text| text.clone_node_with_deep(true).ok()) {
            place.set_text_content(None);
            while let Some(child) = text.first_child() {
                if place.append_child(&child).is_err() {
                    break;
                }
            }
        }
    }
    for place in dom.all("[data-label]") {
        let label = place.get_attribute("data-label").and_then(|key| text_of(&texts, &key)?.text_content());
        attribute(&place, "aria-label", label.as_deref());
    }
    if let Some(html) = dom.first::<HtmlElement>("html") {
        html.set_lang(tag);
    }
    if let Some(list) = dom.get::<HtmlSelectElement>(id::LANGUAGE) {
        list.set_value(tag);
    }
    dom.fill_again();
    view::say(dom);
}

/// The tag of a language in the list.
fn value(option: &Element) -> String {
    option.get_attribute("value").unwrap_or_default()
}

/// The language alone, without script and region.
fn primary(tag: &str) -> &str {
    split_once(tag, "-").map_or(tag, |(primary, _)| primary)
}

fn texts(dom: &Dom, tag: &str) -> Option<DocumentFragment> {
    Some(dom.get::<HtmlTemplateElement>(&format!("text-{tag}"))?.content())
}

fn text_of(texts: &DocumentFragment, key: &str) -> Option<Element> {
    texts.query_selector(&format!("[data-for={key}]")).ok().flatten()
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// Under which name the browser remembers the choice.
const CHOICE: &str = "latchkey-language";

const OPTIONS: &str = "#language option";
