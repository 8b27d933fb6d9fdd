//! Files in both directions: what the person saves and chooses, and what lies beside the page.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{Blob, BlobPropertyBag, File, HtmlAnchorElement, RequestCache, RequestInit, Response, Url};
use zeroize::Zeroizing;

use crate::message::Message;

/// Longest file that is read, in bytes. A certificate with its chain has about 4,000.
const MAX_LEN: f64 = 65_536.0;

/// Has the browser save `content` under `name`.
pub(crate) fn save(name: &str, media_type: &str, content: &str) -> Result<(), Message> {
    let bytes = Uint8Array::from(content.as_bytes());
    let saved = offer(name, media_type, &bytes);
    // The blob has a copy of its own, which goes when its URL is revoked.
    bytes.fill(0, 0, bytes.length());
    saved.map_err(Message::thrown("unexpected"))
}

fn offer(name: &str, media_type: &str, bytes: &Uint8Array) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    let blob = Blob::new_with_u8_array_sequence_and_options(&Array::of1(bytes), &options)?;
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let document = window.document().ok_or(JsValue::NULL)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // Some browsers open the URL only after the click has been handled.
    let revoke = Closure::once_into_js(move || Url::revoke_object_url(&url));
    window.set_timeout_with_callback_and_timeout_and_arguments_0(revoke.unchecked_ref(), REVOKE_AFTER_MS)?;
    Ok(())
}

/// The content of a file that the person chose. It may be a profile, with a key in it.
pub(crate) async fn read(file: &File) -> Result<Zeroizing<Vec<u8>>, Message> {
    if file.size() > MAX_LEN {
        return Err(Message::new("file-too-large"));
    }
    let buffer = Uint8Array::new(&file.array_buffer().await.map_err(Message::thrown("unexpected"))?);
    let content = Zeroizing::new(buffer.to_vec());
    buffer.fill(0, 0, buffer.length());
    Ok(content)
}

/// The text of a file beside the page; `None` where the host has no such file. A page that is one file carries the
/// bundle and has nothing beside it: nobody is asked.
pub(crate) async fn beside_the_page(path: &str) -> Result<Option<String>, Message> {
    if let Some(bundle) = embedded_bundle() {
        return Ok((path == BUNDLE).then_some(bundle));
    }
    let offline = Message::thrown("offline");
    let window = web_sys::window().ok_or_else(|| offline(JsValue::NULL))?;
    let options = RequestInit::new();
    options.set_cache(RequestCache::NoCache);
    let response: Response = window.fetch_with_str_and_init(path, &options).await.map_err(&offline)?.unchecked_into();
    if !response.ok() {
        return Ok(None);
    }
    let text = response.text().map_err(&offline)?.await.map_err(&offline)?;
    Ok(text.as_string())
}

fn embedded_bundle() -> Option<String> {
    web_sys::window()?.document()?.get_element_by_id("bundle")?.text_content()
}

/// Which deployment the page is for.
pub(crate) const BUNDLE: &str = "bundle.json";
const REVOKE_AFTER_MS: i32 = 10_000;
