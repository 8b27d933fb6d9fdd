//! How the request gets to the admin, beside being saved as a file: by the clipboard, by what the device shares with, and
//! as the draft of a letter. In each case the person sees what is sent, and sends it.

use js_sys::{Array, Promise, Reflect, encode_uri_component, futures::spawn_local};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{File, FilePropertyBag, HtmlAnchorElement, Navigator, ShareData};

use crate::message::Message;

/// Puts `text` into the clipboard.
pub(crate) async fn copy(text: &str) -> Result<(), Message> {
    let not_copied = Message::thrown("not-copied");
    let navigator = navigator().filter(|navigator| has(navigator, "clipboard"));
    let navigator = navigator.ok_or_else(|| not_copied(JsValue::NULL))?;
    navigator.clipboard().write_text(text).await.map_err(&not_copied)?;
    Ok(())
}

/// Whether this device shares files such as this one.
pub(crate) fn can_share(name: &str, content: &str) -> bool {
    let navigator = navigator().filter(|navigator| has(navigator, "canShare") && has(navigator, "share"));
    match (navigator, share_data(name, content)) {
        (Some(navigator), Ok(data)) => navigator.can_share_with_data(&data),
        _ => false,
    }
}

/// Asks the device to share a file. A person who changes their mind has done nothing wrong.
pub(crate) fn share(name: &str, content: &str) -> Result<(), Message> {
    let data = share_data(name, content).map_err(Message::thrown("unexpected"))?;
    if let Some(navigator) = navigator() {
        ask(navigator.share_with_data(&data).unchecked_into());
    }
    Ok(())
}

/// Leaves the person with a question of the browser's: it may stay open for long, and meanwhile the page goes on.
pub(crate) fn ask(question: Promise) {
    spawn_local(async { drop(question.await) });
}

/// Has the mail program write a letter to `address` (RFC 6068).
pub(crate) fn write_letter(address: &str, subject: &str, body: &str) -> Result<(), Message> {
    let open = || {
        let document = web_sys::window().and_then(|window| window.document()).ok_or(JsValue::NULL)?;
        let link: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
        // RFC 6068 section 5: a line break is CR and LF.
        let (address, subject) = (encoded(address, '@', "@"), encoded(subject, '\n', " "));
        link.set_href(&format!("mailto:{address}?subject={subject}&body={}", encoded(body, '\n', "%0D%0A")));
        link.click();
        Ok(())
    };
    open().map_err(Message::thrown("unexpected"))
}

/// The parts of `text` between the characters `between`, encoded as parts of an address, with `encoded` between them.
fn encoded(text: &str, between: char, encoded: &str) -> String {
    let mut address = String::new();
    for (place, part) in text.split(between).enumerate() {
        if place > 0 {
            address.push_str(encoded);
        }
        address.push_str(&String::from(encode_uri_component(part)));
    }
    address
}

fn share_data(name: &str, content: &str) -> Result<ShareData, JsValue> {
    let options = FilePropertyBag::new();
    // Devices share text, and some of them no other kind that a request could have.
    options.set_type("text/plain");
    let file = File::new_with_str_sequence_and_options(&Array::of1(&content.into()), &format!("{name}.txt"), &options)?;
    let data = ShareData::new();
    data.set_files(&Array::of1(&file));
    Ok(data)
}

fn navigator() -> Option<Navigator> {
    web_sys::window().map(|window| window.navigator())
}

/// Browsers have these interfaces or not, and not on every page.
fn has(navigator: &Navigator, name: &str) -> bool {
    Reflect::get(navigator, &name.into()).is_ok_and(|found| !found.is_undefined())
}
