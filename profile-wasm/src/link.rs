//! What the address of the page says behind its `#`, which no browser sends to a server.

use js_sys::decode_uri_component;
use profile::invite::{Invite, InviteRefusal};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::Window;

use crate::{deployment::Deployment, message::Message};

/// The invite in the page's address, where there is one.
///
/// # Errors
/// It is damaged, of a newer version, or to another deployment.
pub(crate) fn invite(deployment: &Deployment) -> Result<Option<Invite>, Message> {
    let fragment = web_sys::window().and_then(|window| window.location().hash().ok()).unwrap_or_default();
    match Invite::from_fragment(&fragment).and_then(|invite| invite.to_deployment(&deployment.name)) {
        Ok(invite) => Ok(Some(invite)),
        Err(InviteRefusal::Absent) => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}

/// The certificate in the page's address: PEM, or DER in Base64 of either alphabet.
pub(crate) fn certificate() -> Option<String> {
    let fragment = web_sys::window()?.location().hash().ok()?;
    let value = fragment.strip_prefix("#certificate=")?;
    let value = decode_uri_component(value).map_or_else(|_| value.to_owned(), String::from);
    if value.trim_start().starts_with("-----BEGIN") {
        return Some(value);
    }
    let base64: String = value.trim_end_matches('=').chars().map(standard).collect();
    let padding = (4 - base64.len() % 4) % 4;
    Some(base64 + &"=".repeat(padding))
}

/// From the alphabet of RFC 4648 section 5 to that of section 4.
fn standard(c: char) -> char {
    match c {
        '-' => '+',
        '_' => '/',
        other => other,
    }
}

/// Takes the fragment out of the address and of the browser's history: it has done its service, and holds a secret.
pub(crate) fn forget() {
    let window = web_sys::window();
    let forgotten = window.and_then(|window| Some((window.history().ok()?, address(&window)?)));
    if let Some((history, address)) = forgotten {
        // Where a browser refuses, the link stays in its history, as every link does.
        drop(history.replace_state_with_url(&JsValue::NULL, "", Some(&address)));
    }
}

/// Calls `handler` when somebody follows another link to this page while it is open: browsers do not load it again then.
pub(crate) fn on_change(handler: impl Fn() + 'static) {
    let listener = Closure::<dyn Fn()>::new(handler).into_js_value();
    if let Some(window) = web_sys::window() {
        // It listens as long as the page lives.
        drop(window.add_event_listener_with_callback("hashchange", listener.unchecked_ref()));
    }
}

/// Loads the page again.
pub(crate) fn reload() {
    if let Some(window) = web_sys::window() {
        // A browser that refuses leaves the page as it was.
        drop(window.location().reload());
    }
}

fn address(window: &Window) -> Option<String> {
    let location = window.location();
    Some(location.pathname().ok()? + &location.search().ok()?)
}
