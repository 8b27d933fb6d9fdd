//! A real Firefox, as the distribution has it.
//!
//! It tells what a page sends and writes to the console; of what else the program sends there is no record, as
//! [`Browser`](crate::browser::Browser) has one.

mod bidi;

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    sync::{Mutex, MutexGuard},
    time::Instant,
};

use crate::{
    rehearsal::{files, write},
    tab::{PATIENCE, POLL, Tab},
};
use bidi::{Bidi, plain};

/// A headless Firefox with a user profile of its own and one tab. It ends when this is dropped.
#[derive(Debug)]
pub struct Firefox {
    process: Child,
    bidi: Mutex<Bidi>,
    tab: String,
    folder: TempDir,
}

/// What a Firefox did, known once it has been closed.
#[derive(Debug)]
pub struct Visit {
    /// Method and address of every request of a page, in order.
    pub requests: Vec<(String, String)>,
    /// What was written to the console, and uncaught exceptions.
    pub console: Vec<String>,
    /// The files that pages fill: storage of every kind, and the cache.
    pub storage: Vec<(PathBuf, Vec<u8>)>,
}

impl Firefox {
    /// Starts Firefox for somebody who wants pages in `languages` (`zh-CN, zh`), and opens `url`.
    ///
    /// # Errors
    /// Firefox is not there or does not start.
    pub async fn open(url: &str, languages: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("latchkey-firefox-").tempdir()?;
        let (profile, downloads) = (folder.path().join(PROFILE), folder.path().join(DOWNLOADS));
        for new in [&profile, &downloads] {
            std::fs::create_dir(new)?;
        }
        write(&profile.join("user.js"), preferences(&downloads, languages))?;
        let mut firefox = Command::new("firefox-esr");
        firefox.args(["--headless", "--no-remote", "--remote-debugging-port", "0", "--profile"]).arg(&profile);
        // It refuses to run as root with the home of somebody else.
        firefox.env("HOME", folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
        firefox.stderr(File::create(folder.path().join(STDERR))?);
        let process = firefox.kill_on_drop(true).spawn().context("`firefox-esr` cannot be started")?;
        let mut bidi = Bidi::begin(&address(folder.path()).await?).await?;
        let events = ["log.entryAdded", "network.beforeRequestSent"];
        bidi.command("session.subscribe", json!({ "events": events })).await?;
        let tab = bidi.command("browsingContext.create", json!({ "type": "tab" })).await?;
        let tab = tab["context"].as_str().context("a tab")?.to_owned();
        let firefox = Self { process, bidi: Mutex::new(bidi), tab, folder };
        firefox.tell("browsingContext.setViewport", json!({ "viewport": { "width": 1280, "height": 900 } })).await?;
        firefox.go(url).await?;
        Ok(firefox)
    }

    /// Opens `url` in the tab.
    ///
    /// # Errors
    /// The page cannot be loaded.
    pub async fn go(&self, url: &str) -> Result<()> {
        self.tell("browsingContext.navigate", json!({ "url": url, "wait": "complete" })).await.map(drop)
    }

    /// A picture of the whole page.
    ///
    /// # Errors
    /// Firefox's.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        let picture = self.tell("browsingContext.captureScreenshot", json!({ "origin": "document" })).await?;
        write(file, BASE64_STANDARD.decode(picture["data"].as_str().unwrap_or_default())?)
    }

    /// Ends the browser, so that its files are whole, and gives the record.
    ///
    /// # Errors
    /// It does not end, or its files cannot be read.
    pub async fn close(mut self) -> Result<Visit> {
        self.tell("browser.close", json!({})).await?;
        tokio::time::timeout(PATIENCE, self.process.wait()).await.context("Firefox did not end")??;
        let profile = self.folder.path().join(PROFILE);
        let storage = [files(&profile.join("storage/default"))?, files(&profile.join("cache2"))?].concat();
        let bidi = self.bidi.into_inner();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let sent = bidi.events.iter().filter(|event| event.method == "network.beforeRequestSent");
        let requests = sent.map(|event| &event.params["request"]);
        let requests = requests.map(|request| (text(&request["method"]), text(&request["url"]))).collect();
        Ok(Visit { requests, console: written(&bidi), storage })
    }

    /// The result of a command that concerns the tab.
    async fn tell(&self, method: &str, mut params: Value) -> Result<Value> {
        params["context"] = self.tab.as_str().into();
        self.bidi().await.command(method, params).await
    }

    /// The element's reference, by which input finds it.
    async fn element(&self, selector: &str) -> Result<Value> {
        let locator = json!({ "type": "css", "value": selector });
        let found = self.tell("browsingContext.locateNodes", json!({ "locator": locator })).await?;
        let reference = found.pointer("/nodes/0/sharedId").with_context(|| format!("no `{selector}`"))?;
        Ok(json!({ "sharedId": reference }))
    }

    /// Moves of one device, done one after the other.
    async fn input(&self, device: &str, moves: Vec<Value>) -> Result<()> {
        let source = json!({ "type": device, "id": device, "actions": moves });
        self.tell("input.performActions", json!({ "actions": [source] })).await.map(drop)
    }

    async fn bidi(&self) -> MutexGuard<'_, Bidi> {
        self.bidi.lock().await
    }
}

impl Tab for Firefox {
    async fn evaluate(&self, expression: &str) -> Result<Value> {
        let target = json!({ "context": self.tab });
        let params = json!({ "expression": expression, "target": target, "awaitPromise": true });
        let outcome = self.bidi().await.command("script.evaluate", params).await?;
        ensure!(outcome["type"] == "success", "{}", outcome["exceptionDetails"]["text"]);
        Ok(plain(&outcome["result"]))
    }

    async fn click(&self, selector: &str) -> Result<()> {
        self.see(selector).await?;
        self.evaluate(&format!("document.querySelector({selector:?}).scrollIntoView({{ block: 'center' }})")).await?;
        let origin = json!({ "type": "element", "element": self.element(selector).await? });
        let there = json!({ "type": "pointerMove", "x": 0, "y": 0, "origin": origin });
        let press = |kind: &str| json!({ "type": kind, "button": 0 });
        self.input("pointer", vec![there, press("pointerDown"), press("pointerUp")]).await
    }

    async fn fill(&self, selector: &str, text: &str) -> Result<()> {
        self.see(selector).await?;
        self.evaluate(&format!("(e => (e.value = '', e.focus()))(document.querySelector({selector:?}))")).await?;
        let key = |kind: &str, key: char| json!({ "type": kind, "value": key });
        self.input("key", text.chars().flat_map(|c| [key("keyDown", c), key("keyUp", c)]).collect()).await
    }

    async fn choose(&self, selector: &str, file: &Path) -> Result<()> {
        let field = self.element(selector).await?;
        self.tell("input.setFiles", json!({ "element": field, "files": [file] })).await.map(drop)
    }

    async fn reload(&self) -> Result<()> {
        self.tell("browsingContext.reload", json!({ "wait": "complete" })).await.map(drop)
    }

    fn downloads(&self) -> PathBuf {
        self.folder.path().join(DOWNLOADS)
    }

    fn console(&self) -> Vec<String> {
        self.bidi.try_lock().map(|bidi| written(&bidi)).unwrap_or_default()
    }
}

/// Where it listens, once it does: it writes that into the user profile.
async fn address(folder: &Path) -> Result<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let written = std::fs::read_to_string(folder.join(PROFILE).join("WebDriverBiDiServer.json"));
        let server: Option<Value> = written.ok().and_then(|json| serde_json::from_str(&json).ok());
        if let Some(port) = server.and_then(|server| server["ws_port"].as_u64()) {
            return Ok(format!("ws://127.0.0.1:{port}/session"));
        }
        if Instant::now() > deadline {
            bail!("Firefox does not start: {}", std::fs::read_to_string(folder.join(STDERR))?);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// What pages wrote to the console.
fn written(bidi: &Bidi) -> Vec<String> {
    let entries = bidi.events.iter().filter(|event| event.method == "log.entryAdded");
    entries.map(|event| event.params.to_string()).collect()
}

/// The lines of `user.js`: saving without a question, and no business of its own with the world. Most of that Firefox switches
/// off by itself once it is driven; these are for what it does before.
fn preferences(downloads: &Path, languages: &str) -> String {
    let own = [
        ("browser.download.dir", json!(downloads)),
        ("browser.download.folderList", json!(2)),
        ("intl.accept_languages", json!(languages)),
    ];
    let quiet = QUIET.iter().map(|name| (*name, json!(false)));
    let nowhere = NOWHERE.iter().map(|name| (*name, json!("data:,")));
    let preferences = own.into_iter().chain(quiet).chain(nowhere);
    preferences.map(|(name, value)| format!("user_pref({name:?}, {value});\n")).collect()
}

const PROFILE: &str = "profile";
const DOWNLOADS: &str = "downloads";
const STDERR: &str = "stderr";

/// What is switched off.
const QUIET: &[&str] = &[
    "app.normandy.enabled",
    "app.update.enabled",
    "browser.newtabpage.enabled",
    "browser.safebrowsing.downloads.enabled",
    "browser.safebrowsing.malware.enabled",
    "browser.safebrowsing.phishing.enabled",
    "browser.shell.checkDefaultBrowser",
    "datareporting.policy.dataSubmissionEnabled",
    "dom.push.connection.enabled",
    "extensions.getAddons.cache.enabled",
    "extensions.update.enabled",
    "network.captive-portal-service.enabled",
    "network.connectivity-service.enabled",
    "toolkit.telemetry.enabled",
];

/// Services that are looked for nowhere.
const NOWHERE: &[&str] = &["browser.region.network.url", "services.settings.server", "toolkit.telemetry.server"];
