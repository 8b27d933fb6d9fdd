//! A person without a mouse: keys come through the browser's own input, and nothing is clicked or given the focus by a script.

use anyhow::{Context, Result, anyhow, ensure};
use chromiumoxide::{
    cdp::browser_protocol::{
        browser::{PermissionDescriptor, PermissionSetting, SetPermissionParams},
        input::{DispatchKeyEventParams, DispatchKeyEventType},
    },
    keys::get_key_definition,
};
use serde::Deserialize;

use super::Browser;
use crate::tab::Tab;

/// What has the focus.
#[derive(Clone, PartialEq, Eq, Deserialize, Debug)]
pub struct Focus {
    /// `#username` where it has an id, else the nearest that has one and its own text: `#screen-who summary: …`.
    pub at: String,
    /// Whether a frame is drawn around it.
    pub is_framed: bool,
    /// Whether it is in the window, its frame too, with nothing before it.
    pub is_in_view: bool,
}

/// Keys that are held while another is pressed, as the protocol counts them.
#[derive(Clone, Copy, Debug)]
pub enum Held {
    /// None.
    Nothing = 0,
    /// Ctrl.
    Control = 2,
    /// Shift.
    Shift = 8,
}

impl Browser {
    /// Types a text into whatever has the focus.
    ///
    /// # Errors
    /// Chromium's.
    pub async fn type_text(&self, text: &str) -> Result<()> {
        self.page.find_element("html").await?.type_str(text).await?;
        Ok(())
    }

    /// Presses a key, such as `Tab`, while `held` is held.
    ///
    /// # Errors
    /// Chromium's.
    pub async fn press_with(&self, held: Held, key: &str) -> Result<()> {
        // What a chord stands for is the desktop's business, and a headless browser has none.
        let command = matches!((held, key), (Held::Control, "v")).then(|| "paste".to_owned());
        let key = get_key_definition(key).with_context(|| format!("no key is called `{key}`"))?;
        for (step, command) in [(DispatchKeyEventType::RawKeyDown, command), (DispatchKeyEventType::KeyUp, None)] {
            let event = DispatchKeyEventParams::builder()
                .r#type(step)
                .modifiers(held as i64)
                .key(key.key)
                .code(key.code)
                .windows_virtual_key_code(key.key_code)
                .native_virtual_key_code(key.key_code)
                .commands(command)
                .build()
                .map_err(|error| anyhow!("{error}"))?;
            self.page.execute(event).await?;
        }
        Ok(())
    }

    /// Copies `text` in another program, as it were, and pastes it by Ctrl+V where the focus is.
    ///
    /// # Errors
    /// The browser has no clipboard.
    pub async fn paste(&self, text: &str) -> Result<()> {
        let clipboard = PermissionDescriptor::new("clipboard-write");
        self.chromium.execute(SetPermissionParams::new(clipboard, PermissionSetting::Granted)).await?;
        let text = serde_json::to_string(text)?;
        self.evaluate(&format!("navigator.clipboard.writeText({text}).then(() => true)")).await?;
        self.press_with(Held::Control, "v").await
    }

    /// What has the focus; `None` where nothing has.
    ///
    /// # Errors
    /// Chromium's.
    pub async fn focus(&self) -> Result<Option<Focus>> {
        let found: Vec<Focus> = serde_json::from_value(self.evaluate(FOCUS).await?)?;
        Ok(found.into_iter().next())
    }

    /// Presses Tab until the element has the focus.
    ///
    /// # Errors
    /// It never has, or the focus cannot be seen on the way there.
    pub async fn tab_to(&self, selector: &str) -> Result<()> {
        let has_focus = format!("document.querySelector({selector:?}) === document.activeElement");
        for _ in 0..MOST_STOPS {
            self.press("Tab").await?;
            if let Some(focus) = self.focus().await? {
                focus.check()?;
            }
            if self.evaluate(&has_focus).await? == true {
                return Ok(());
            }
        }
        Err(anyhow!("Tab never comes to {selector}"))
    }

    /// Every stop of Tab (or of Shift+Tab) from where the focus is to the page's end (or beginning).
    ///
    /// # Errors
    /// The focus cannot be seen at one of them, or there is no end.
    pub async fn stops(&self, held: Held) -> Result<Vec<String>> {
        let mut stops = Vec::new();
        while stops.len() < MOST_STOPS {
            self.press_with(held, "Tab").await?;
            let Some(focus) = self.focus().await? else { return Ok(stops) };
            focus.check()?;
            stops.push(focus.at);
        }
        Err(anyhow!("Tab goes on and on: {stops:#?}"))
    }
}

impl Focus {
    /// # Errors
    /// It cannot be seen.
    fn check(&self) -> Result<()> {
        ensure!(self.is_framed && self.is_in_view, "the focus cannot be seen: {self:?}");
        Ok(())
    }
}

/// More than any screen has.
const MOST_STOPS: usize = 60;

/// One or none.
const FOCUS: &str = r"(() => {
    const it = document.activeElement;
    if (!it || it === document.body || it === document.documentElement) return [];
    const own = it.labels?.[0] ?? it;
    const at = it.id ? `#${it.id}` : `#${it.closest('[id]').id} ${it.localName}: ${own.textContent.trim()}`;
    const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(it);
    const frame = parseFloat(outlineWidth) + parseFloat(outlineOffset);
    const { left, right, top, bottom } = it.getBoundingClientRect();
    const there = document.elementFromPoint((left + right) / 2, (top + Math.min(bottom, innerHeight)) / 2);
    return [{
        at,
        is_framed: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
        is_in_view: top - frame >= 0 && top < innerHeight && !!there && (it.contains(there) || there.contains(it)),
    }];
})()";
