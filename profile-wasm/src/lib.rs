//! The browser module of the page: it binds WebCrypto, IndexedDB and the markup to the rules
//! in [`profile`], and decides nothing that those rules decide.
//!
//! Everything a person reads stands in `web/text`; this crate switches the screens of `web/index.html` and
//! fills in names and dates as text. Nothing leaves the page but two kinds of `GET` to its own
//! origin: the bundle (`deployment`) and the certificate (`pending`).

mod screen;

mod page;

mod pending;

mod deployment;

mod link;

mod webcrypto;

mod store;

mod files;

mod handover;

mod watch;

mod message;

mod view;

mod language;

mod system;

mod clock;

mod reminder;

mod dom;

use js_sys::futures::spawn_local;
#[cfg(target_arch = "wasm32")]
use lol_alloc::{FreeListAllocator, LockedAllocator};
use wasm_bindgen::prelude::wasm_bindgen;

/// The page holds some kilobytes: the default allocator, made for far more, would be a twentieth of the module.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: LockedAllocator<FreeListAllocator> = LockedAllocator::new(FreeListAllocator::new());

/// Runs when the module has been loaded.
#[wasm_bindgen(start)]
pub fn start() {
    spawn_local(page::run());
}
