//! Looking for the certificate by itself: soon at first, then ever less often.

use std::cell::Cell;

use js_sys::{Promise, Reflect};
use wasm_bindgen::JsCast as _;
use web_sys::{Notification, NotificationPermission};

use crate::{handover, system};

/// When to look next.
#[derive(Default)]
pub(crate) struct Watch {
    /// Seconds until then.
    left: Cell<u32>,
    /// Seconds from then to the time after that.
    pause: Cell<u32>,
}

impl Watch {
    /// Begins anew: looks at once.
    pub(crate) fn begin(&self) {
        self.left.set(0);
        self.pause.set(FIRST_PAUSE);
    }

    /// A second has passed: whether it is time to look.
    pub(crate) fn tick(&self) -> bool {
        if let Some(left) = self.left.get().checked_sub(1) {
            self.left.set(left);
            return false;
        }
        let pause = self.pause.get();
        self.left.set(pause);
        self.pause.set((pause + pause / 2).min(LONGEST_PAUSE));
        true
    }
}

/// Waits a second.
pub(crate) async fn second() {
    let wait = |done: js_sys::Function, _| {
        if let Some(window) = web_sys::window() {
            // Without a timer there is no waiting, and no looking again either.
            drop(window.set_timeout_with_callback_and_timeout_and_arguments_0(&done, 1000));
        }
    };
    drop(Promise::new(&mut { wait }).await);
}

/// Whether the person can still be asked if they want to be told. Android has notifications by workers only, and this page has
/// none.
pub(crate) fn can_ask() -> bool {
    permission() == Some(NotificationPermission::Default) && !system::is_android()
}

/// Asks.
pub(crate) fn ask() {
    if let Ok(question) = Notification::request_permission() {
        handover::ask(question.unchecked_into());
    }
}

/// Tells a person who is elsewhere and wanted to be told.
pub(crate) fn tell(text: &str) {
    let is_elsewhere = web_sys::window().and_then(|window| window.document()).is_some_and(|document| document.hidden());
    if is_elsewhere && permission() == Some(NotificationPermission::Granted) {
        // Where there are none after all, the page says it as soon as it is seen.
        drop(Notification::new(text));
    }
}

fn permission() -> Option<NotificationPermission> {
    let window = web_sys::window()?;
    Reflect::has(&window, &"Notification".into()).ok()?.then(Notification::permission)
}

/// Seconds.
const FIRST_PAUSE: u32 = 5;
const LONGEST_PAUSE: u32 = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_looks_at_once_and_then_ever_less_often() {
        let watch = Watch::default();
        watch.begin();
        let looks: Vec<u32> = (0..3600).filter(|_| watch.tick()).collect();
        let pauses: Vec<u32> = looks.windows(2).map(|pair| pair[1] - pair[0] - 1).collect();
        assert_eq!(looks.first(), Some(&0));
        assert_eq!(pauses.get(..4), Some([5, 7, 10, 15].as_slice()));
        assert_eq!(pauses.last(), Some(&LONGEST_PAUSE));
        watch.begin();
        assert!(watch.tick());
    }
}
