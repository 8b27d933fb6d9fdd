//! What a page hands over to the world outside of it, other than by the network: to the clipboard, to other apps, to the
//! mail program, to the address and the title. None of these is there in a headless browser: here they are stood in for,
//! and whatever they get is written down.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use chromiumoxide::cdp::js_protocol::runtime::{AddBindingParams, EventBindingCalled};
use futures::StreamExt;
use tokio::time::Instant;

use super::{Browser, noted};
use crate::tab::{PATIENCE, POLL};

/// Something that was handed over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HandedOver {
    /// To whom: `clipboard`, `share`, `letter`, `notification`, `title`, `address`, `state`, `worker`, `peer`, `message`,
    /// `window`, `violation` (of the page's policy), `dialog`.
    pub to: String,
    /// What.
    pub content: String,
}

impl Browser {
    /// [`Browser::open`], and writes down what the page hands over.
    ///
    /// # Errors
    /// As [`Browser::open`].
    pub async fn open_watched(url: &str) -> Result<Self> {
        let browser = Self::open("about:blank", 1280, 900).await?;
        browser.watch_outside().await?;
        browser.go(url).await?;
        Ok(browser)
    }

    /// Writes down what pages hand over, from the next one on.
    ///
    /// # Errors
    /// Chromium's.
    pub async fn watch_outside(&self) -> Result<()> {
        let mut calls = self.page.event_listener::<EventBindingCalled>().await?;
        let told = Arc::clone(&self.told);
        tokio::spawn(async move {
            while let Some(call) = calls.next().await {
                if let Ok(mut told) = told.lock() {
                    told.push(call.payload.clone());
                }
            }
        });
        self.page.execute(AddBindingParams::new("tellOutside")).await?;
        self.before_every_page(STANDING_IN).await
    }

    /// What is handed over to whom `to` names, for the time after `before` others: waits until it is.
    ///
    /// # Errors
    /// It is not within 15 seconds.
    pub async fn hands_over(&self, to: &str, before: usize) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let all = self.handed_over()?;
            if let Some(found) = all.iter().filter(|it| it.to == to).nth(before) {
                return Ok(found.content.clone());
            }
            ensure!(Instant::now() < deadline, "no {to} after {before}: {all:?}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// What pages have handed over until now, in order.
    ///
    /// # Errors
    /// It is not what the watching script writes.
    pub(super) fn handed_over(&self) -> Result<Vec<HandedOver>> {
        let read = |line: &String| {
            let (to, content) = serde_json::from_str(line).with_context(|| format!("`{line}`"))?;
            Ok(HandedOver { to, content })
        };
        noted(&self.told)?.iter().map(read).collect()
    }
}

/// The module's memory is kept at hand besides, as `moduleMemory`.
const STANDING_IN: &str = r"(() => {
    const tell = (to, content) => tellOutside(JSON.stringify([to, String(content)]));
    const put = (object, name, value) => Object.defineProperty(object, name, { value, configurable: true });
    const before = (object, name, act) => {
        const own = object?.[name];
        if (own) object[name] = function (...given) { act(...given); return Reflect.apply(own, this, given); };
    };
    const text = async data => JSON.stringify([data.title, data.text, data.url,
        ...await Promise.all([...data.files ?? []].map(async file => [file.name, await file.text()]))]);

    put(navigator, 'clipboard', {
        writeText: async content => tell('clipboard', content),
        write: async items => {
            for (const item of items) for (const type of item.types) tell('clipboard', await (await item.getType(type)).text());
        },
    });
    addEventListener('copy', () => tell('clipboard', getSelection()));
    put(navigator, 'canShare', () => true);
    put(navigator, 'share', async data => tell('share', await text(data)));
    const click = HTMLAnchorElement.prototype.click;
    HTMLAnchorElement.prototype.click = function () {
        if (this.protocol === 'mailto:') tell('letter', this.href); else Reflect.apply(click, this, []);
    };
    window.Notification = class {
        static permission = 'default';
        static async requestPermission() { return this.permission = 'granted' }
        constructor(...content) { tell('notification', JSON.stringify(content)) }
    };
    put(document, 'hidden', true);
    for (const name of ['pushState', 'replaceState']) {
        before(history, name, (state, _, address) => {
            tell('address', address ?? '');
            if (state !== null) tell('state', JSON.stringify(state));
        });
    }
    addEventListener('hashchange', event => tell('address', event.newURL));
    before(window, 'open', address => tell('window', address));
    before(window, 'postMessage', message => tell('message', JSON.stringify(message)));
    before(window.BroadcastChannel?.prototype, 'postMessage', message => tell('message', JSON.stringify(message)));
    for (const name of ['alert', 'confirm', 'prompt']) window[name] = message => tell('dialog', message);
    for (const name of ['Worker', 'SharedWorker', 'RTCPeerConnection', 'WebTransport', 'EventSource']) {
        const Own = window[name];
        if (Own) window[name] = class extends Own {
            constructor(...given) {
                tell(name === 'RTCPeerConnection' ? 'peer' : 'worker', JSON.stringify(given));
                super(...given);
            }
        };
    }
    before(navigator.serviceWorker, 'register', address => tell('worker', address));
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
        tell('violation', [violatedDirective, blockedURI, sample].join(' ')));
    addEventListener('DOMContentLoaded', () => {
        const title = document.querySelector('title');
        if (title) new MutationObserver(() => tell('title', document.title)).observe(title, { childList: true });
    });
    const keep = made => (window.moduleMemory = (made.instance ?? made).exports.memory, made);
    for (const name of ['instantiate', 'instantiateStreaming']) {
        const own = WebAssembly[name];
        WebAssembly[name] = async (...given) => keep(await Reflect.apply(own, WebAssembly, given));
    }
})();";
