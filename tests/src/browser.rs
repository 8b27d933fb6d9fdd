//! A real Chromium, and a record of everything that it sent.
//!
//! What a page sends is not taken from the page's own session, which sees neither workers nor beacons for sure, but
//! from the browser's network log with every byte in it: whatever goes out, from whatever context, is there.

pub mod keyboard;

pub mod tree;

mod paper;

mod tabs;

mod adverse;

mod outside;

mod record;

pub use outside::HandedOver;
pub use record::{Record, Request};

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use anyhow::{Context, Result, anyhow};
use chromiumoxide::{
    Browser as Chromium, BrowserConfig, Page,
    cdp::{
        browser_protocol::{
            browser::{BrowserContextId, SetDownloadBehaviorBehavior, SetDownloadBehaviorParams},
            dom::SetFileInputFilesParams,
            emulation::{MediaFeature, SetDeviceMetricsOverrideParams, SetUserAgentOverrideParams},
            log::EventEntryAdded,
            page::ReloadParams,
            target::EventTargetCreated,
        },
        js_protocol::runtime::{EventConsoleApiCalled, EventExceptionThrown},
    },
    handler::viewport::Viewport,
    page::ScreenshotParams,
};
use futures::StreamExt;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::tab::{self, Tab};

/// A headless Chromium with a user profile of its own and one tab, or two.
#[derive(Debug)]
pub struct Browser {
    chromium: Chromium,
    handler: JoinHandle<()>,
    page: Page,
    /// The tab behind, if there is one.
    behind: Option<Page>,
    console: Arc<Mutex<Vec<String>>>,
    /// What the browser runs besides its first tab: `service_worker http://…`.
    started: Arc<Mutex<Vec<String>>>,
    /// What pages have told, see [`Browser::watch_outside`].
    told: Arc<Mutex<Vec<String>>>,
    private: Option<BrowserContextId>,
    folder: TempDir,
}

impl Browser {
    /// Starts Chromium and opens `url` in a window of `width` by `height` pixels.
    ///
    /// # Errors
    /// Chromium is not there or does not start.
    pub async fn open(url: &str, width: u32, height: u32) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("latchkey-browser-").tempdir()?;
        let net_log = folder.path().join(NET_LOG).display().to_string();
        let names = format!("MAP {INSECURE_HOST} 127.0.0.1 , MAP * ~NOTFOUND , EXCLUDE 127.0.0.1");
        let config = BrowserConfig::builder()
            .chrome_executable("/usr/bin/chromium")
            .new_headless_mode()
            // Chromium's own sandbox refuses to run as root, which is who runs tests in a container.
            .no_sandbox()
            .user_data_dir(folder.path().join(USER_DATA))
            .window_size(width, height)
            .viewport(Viewport { width, height, ..Viewport::default() })
            .disable_request_intercept()
            .args(QUIET.iter().copied())
            // It asks Google how to fill in each form that it sees, in the page's name.
            .arg(("disable-features", "AutofillServerCommunication"))
            .arg(("host-resolver-rules", names.as_str()))
            .arg(("log-net-log", net_log.as_str()))
            .arg(("net-log-capture-mode", "Everything"))
            .build()
            .map_err(|error| anyhow!("{error}"))?;
        let (chromium, mut handler) = Chromium::launch(config).await.context("cannot start Chromium")?;
        // Messages that this version of the protocol's description does not know come as errors: they are skipped.
        let handler = tokio::spawn(async move { while handler.next().await.is_some() {} });
        let page = chromium.new_page("about:blank").await?;
        let (console, started, told) = (Arc::default(), Arc::default(), Arc::default());
        let browser = Self { chromium, handler, page, behind: None, console, started, told, private: None, folder };
        browser.note_what_starts().await?;
        browser.listen().await?;
        std::fs::create_dir(browser.downloads())?;
        browser.allow_downloads().await?;
        browser.go(url).await?;
        Ok(browser)
    }

    /// Opens `url` in the tab.
    ///
    /// # Errors
    /// The page cannot be loaded.
    pub async fn go(&self, url: &str) -> Result<()> {
        self.page.goto(url).await.with_context(|| format!("cannot open `{url}`"))?;
        Ok(())
    }

    /// Runs a script in every page that is opened from now on, before the page's own.
    ///
    /// # Errors
    /// Chromium's.
    pub async fn before_every_page(&self, script: &str) -> Result<()> {
        self.page.evaluate_on_new_document(script).await?;
        Ok(())
    }

    /// Makes the browser one of somebody who wants pages in `language` (`zh-CN`, `en`), from the next page on.
    ///
    /// # Errors
    /// Chromium's.
    pub async fn prefer_language(&self, language: &str) -> Result<()> {
        let agent = self.evaluate("navigator.userAgent").await?;
        let mut preference = SetUserAgentOverrideParams::new(agent.as_str().unwrap_or_default());
        preference.accept_language = Some(language.to_owned());
        self.page.execute(preference).await?;
        Ok(())
    }

    /// Shows the page on a screen of this width, with a dark or a light scheme.
    ///
    /// # Errors
    /// Chromium's.
    pub async fn look(&self, width: u32, is_dark: bool) -> Result<()> {
        let metrics = SetDeviceMetricsOverrideParams::new(i64::from(width), 900, 1.0, false);
        self.page.execute(metrics).await?;
        let scheme = MediaFeature::new("prefers-color-scheme", if is_dark { "dark" } else { "light" });
        self.page.emulate_media_features(vec![scheme]).await?;
        Ok(())
    }

    /// Presses a key, such as `Tab` or `Enter`, wherever the focus is.
    ///
    /// # Errors
    /// Chromium's.
    pub async fn press(&self, key: &str) -> Result<()> {
        self.page.find_element("html").await?.press_key(key).await?;
        Ok(())
    }

    /// A picture of the whole page.
    ///
    /// # Errors
    /// Chromium's.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        let picture = self.page.screenshot(ScreenshotParams::builder().full_page(true).build()).await?;
        crate::rehearsal::write(file, picture)
    }

    /// Ends the browser, so that its log is whole, and gives the record.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn close(mut self) -> Result<Record> {
        self.chromium.close().await?;
        self.chromium.wait().await?;
        self.handler.abort();
        let record = Record {
            requests: Vec::new(),
            lookups: Vec::new(),
            console: noted(&self.console)?,
            sent: Vec::new(),
            storage: crate::rehearsal::files(&self.folder.path().join(USER_DATA))?,
            started: noted(&self.started)?,
            handed_over: self.handed_over()?,
            downloads: crate::rehearsal::files(&self.downloads())?,
        };
        record.with_log(&self.folder.path().join(NET_LOG))
    }

    /// In private windows, too.
    async fn allow_downloads(&self) -> Result<()> {
        let mut downloads = SetDownloadBehaviorParams::builder()
            .behavior(SetDownloadBehaviorBehavior::Allow)
            .download_path(self.downloads().display().to_string());
        if let Some(window) = &self.private {
            downloads = downloads.browser_context_id(window.clone());
        }
        self.chromium.execute(downloads.build().map_err(|error| anyhow!("{error}"))?).await?;
        Ok(())
    }

    async fn note_what_starts(&self) -> Result<()> {
        let mut created = self.chromium.event_listener::<EventTargetCreated>().await?;
        let started = Arc::clone(&self.started);
        tokio::spawn(async move {
            while let Some(event) = created.next().await {
                if let Ok(mut started) = started.lock() {
                    started.push(format!("{} {}", event.target_info.r#type, event.target_info.url));
                }
            }
        });
        Ok(())
    }

    async fn listen(&self) -> Result<()> {
        self.page.enable_log().await?;
        self.page.enable_runtime().await?;
        let mut calls = self.page.event_listener::<EventConsoleApiCalled>().await?;
        let mut exceptions = self.page.event_listener::<EventExceptionThrown>().await?;
        let mut entries = self.page.event_listener::<EventEntryAdded>().await?;
        let console = Arc::clone(&self.console);
        tokio::spawn(async move {
            loop {
                let line = tokio::select! {
                    Some(call) = calls.next() => serde_json::to_string(&call.args),
                    Some(exception) = exceptions.next() => serde_json::to_string(&exception.exception_details),
                    Some(entry) = entries.next() => serde_json::to_string(&entry.entry),
                    else => break,
                };
                if let (Ok(line), Ok(mut console)) = (line, console.lock()) {
                    console.push(line);
                }
            }
        });
        Ok(())
    }
}

impl Tab for Browser {
    async fn evaluate(&self, expression: &str) -> Result<Value> {
        Ok(self.page.evaluate(expression).await?.into_value()?)
    }

    async fn click(&self, selector: &str) -> Result<()> {
        self.see(selector).await?;
        self.page.find_element(selector).await?.click().await?;
        Ok(())
    }

    async fn fill(&self, selector: &str, text: &str) -> Result<()> {
        self.see(selector).await?;
        self.page.evaluate(format!("document.querySelector({selector:?}).value = ''")).await?;
        self.page.find_element(selector).await?.focus().await?.type_str(text).await?;
        Ok(())
    }

    async fn choose(&self, selector: &str, file: &Path) -> Result<()> {
        let field = self.page.find_element(selector).await?;
        let choice = SetFileInputFilesParams::builder()
            .file(file.display().to_string())
            .backend_node_id(field.backend_node_id)
            .build()
            .map_err(|error| anyhow!("{error}"))?;
        self.page.execute(choice).await?;
        Ok(())
    }

    async fn reload(&self) -> Result<()> {
        // The driver's own `reload` may come back while the old page is still there, and takes the next click.
        self.evaluate("(document.isLeft = true)").await?;
        self.page.execute(ReloadParams::default()).await?;
        tab::wait(self, "!document.isLeft && document.readyState === 'complete'", "the page, loaded again").await
    }

    fn downloads(&self) -> PathBuf {
        self.folder.path().join("downloads")
    }

    fn console(&self) -> Vec<String> {
        self.console.lock().map(|console| console.clone()).unwrap_or_default()
    }
}

/// The name of this machine by which pages over plain HTTP are as insecure as those of any other host.
pub const INSECURE_HOST: &str = "vpn-page.test";

/// What a listener has written down until now.
fn noted(lines: &Mutex<Vec<String>>) -> Result<Vec<String>> {
    Ok(lines.lock().map_err(|_| anyhow!("a listener panicked"))?.clone())
}

const NET_LOG: &str = "net-log.json";
const USER_DATA: &str = "user-data";

/// Keeps the browser from its own business with the world, beyond what the driver switches off already.
const QUIET: &[&str] = &["no-startup-window", "disable-gpu", "disable-quic", "disable-component-update"];
