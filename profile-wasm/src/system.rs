//! Which system the visitor has, so that the help for it stands first. A guess: nothing is left out because of it.

use js_sys::Reflect;
use profile::search::contains;
use wasm_bindgen::JsValue;
use web_sys::Element;

use crate::dom::{Dom, attribute, id};

/// A family of systems that have the same VPN clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum System {
    Windows,
    MacOs,
    Linux,
    Ios,
    Android,
}

/// What browsers say about the system they are on.
#[derive(Default)]
struct Hints<'a> {
    /// `navigator.userAgentData.platform`, which Chromium has.
    brand: &'a str,
    /// `navigator.userAgent`.
    user_agent: &'a str,
    /// `navigator.platform`.
    platform: &'a str,
    /// `navigator.maxTouchPoints`.
    touch_points: f64,
}

/// Puts the help for the clients of the visitor's system first, and opens the first of them.
pub(crate) fn help_first(dom: &Dom) {
    let Some(system) = of_this_browser() else { return };
    let Some(here) = dom.get::<Element>(id::CLIENTS_HERE) else { return };
    for (place, client) in dom.all(&format!("[data-systems~={}]", system.name())).enumerate() {
        attribute(&client, "open", (place == 0).then_some(""));
        drop(here.append_child(&client));
    }
}

/// Whether this seems to be Android.
pub(crate) fn is_android() -> bool {
    of_this_browser() == Some(System::Android)
}

fn of_this_browser() -> Option<System> {
    let navigator: JsValue = web_sys::window()?.navigator().into();
    let text = |value: &JsValue, name| field(value, name).as_string().unwrap_or_default();
    system(&Hints {
        brand: &text(&field(&navigator, "userAgentData"), "platform"),
        user_agent: &text(&navigator, "userAgent"),
        platform: &text(&navigator, "platform"),
        touch_points: field(&navigator, "maxTouchPoints").as_f64().unwrap_or_default(),
    })
}

/// By name, because browsers have these fields or not.
fn field(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap_or_default()
}

/// The first hint that names a system decides.
fn system(hints: &Hints<'_>) -> Option<System> {
    let named = [hints.brand, hints.user_agent, hints.platform]
        .into_iter()
        .find_map(|hint| MARKS.iter().find(|(mark, _)| contains(hint, mark)).map(|(_, system)| *system))?;
    // An iPad calls itself a Mac; no Mac has a screen that is touched.
    Some(if named == System::MacOs && hints.touch_points > 1.0 { System::Ios } else { named })
}

impl System {
    /// Its name in the markup, in `data-systems`.
    fn name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::MacOs => "macos",
            Self::Linux => "linux",
            Self::Ios => "ios",
            Self::Android => "android",
        }
    }
}

/// What stands in a hint, the more particular first: Android says Linux too, and iPhones say Mac.
const MARKS: [(&str, System); 11] = [
    ("Android", System::Android),
    // Chromebooks run Android's clients.
    ("CrOS", System::Android),
    ("Chrome OS", System::Android),
    ("iPhone", System::Ios),
    ("iPad", System::Ios),
    ("iOS", System::Ios),
    ("Win", System::Windows),
    ("mac", System::MacOs),
    ("Mac", System::MacOs),
    ("Linux", System::Linux),
    ("X11", System::Linux),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_says_where_it_runs() {
        let check = |user_agent, platform, expected| {
            assert_eq!(system(&Hints { user_agent, platform, ..Hints::default() }), expected, "{user_agent}");
        };
        check("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Win32", WINDOWS);
        check(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
            "MacIntel",
            MAC_OS,
        );
        check("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15", "iPhone", IOS);
        check(
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Mobile Safari/537.36",
            "Linux armv81",
            ANDROID,
        );
        check("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Linux aarch64", ANDROID);
        check("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Linux x86_64", LINUX);
        check("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36", "Linux x86_64", ANDROID);
        check("", "Win32", WINDOWS);
        check("Mozilla/5.0 (PlayStation; PlayStation 5/2.26)", "", None);
        check("", "", None);
    }

    #[test]
    fn what_chromium_says_of_the_platform_counts_more_than_the_user_agent() {
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
        for (brand, expected) in [
            ("Windows", WINDOWS),
            ("macOS", MAC_OS),
            ("Linux", LINUX),
            ("Android", ANDROID),
            ("iOS", IOS),
            ("Chrome OS", ANDROID),
            ("", WINDOWS),
            ("Unknown", WINDOWS),
        ] {
            assert_eq!(system(&Hints { brand, user_agent: windows, ..Hints::default() }), expected, "{brand}");
        }
    }

    #[test]
    fn a_mac_that_is_touched_is_an_ipad() {
        let hints = |touch_points| Hints { platform: "MacIntel", touch_points, ..Hints::default() };
        assert_eq!(system(&hints(0.0)), MAC_OS);
        assert_eq!(system(&hints(5.0)), IOS);
    }

    #[test]
    fn every_system_has_help() {
        for system in [System::Windows, System::MacOs, System::Linux, System::Ios, System::Android] {
            let is_for = |systems: &str| systems.split(' ').any(|name| name == system.name());
            let clients = PAGE.split("data-systems=\"").skip(1).filter_map(|rest| rest.split('"').next());
            assert!(clients.clone().any(is_for), "{system:?}");
        }
    }

    const WINDOWS: Option<System> = Some(System::Windows);
    const MAC_OS: Option<System> = Some(System::MacOs);
    const LINUX: Option<System> = Some(System::Linux);
    const IOS: Option<System> = Some(System::Ios);
    const ANDROID: Option<System> = Some(System::Android);
    const PAGE: &str = include_str!("../../web/index.html");
}
