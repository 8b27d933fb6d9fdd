//! What is known after a visit to the page, and what it must not contain.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value};
use tests::{
    browser::{Browser, HandedOver, Record},
    leak::Marks,
    openssl,
    rehearsal::{Rehearsal, write},
    tab::Tab,
};

/// A finished visit: what the browser did, and what the page kept.
pub(crate) struct Evidence {
    pub(crate) record: Record,
    /// By the name of the place.
    kept: Map<String, Value>,
}

impl Evidence {
    /// Closes `browser`, which is at the page.
    pub(crate) async fn collect(browser: Browser) -> Result<Self> {
        let kept = browser.evaluate(EVERYTHING_KEPT).await?;
        let kept = kept.as_object().with_context(|| format!("what the page kept: {kept}"))?.clone();
        ensure!(kept.get("databases").is_some_and(Value::is_array), "the storage could not be read: {kept:?}");
        Ok(Self { record: browser.close().await?, kept })
    }

    /// Every request was one of those that the page needs, and the console stayed empty.
    pub(crate) fn nothing_left_the_page(&self, url: &str) -> Result<()> {
        let requests = &self.record.requests;
        // A page that is one file asks for nothing.
        ensure!(url.starts_with("file:") || requests.len() >= 5, "the record is not one: {requests:?}");
        only_what_the_page_needs(&self.record, url)
    }

    /// The private key shows nowhere but in the downloaded profile.
    pub(crate) fn the_key_is_nowhere_else(&self, rehearsal: &Rehearsal, marks: &Marks) -> Result<()> {
        let shows = self.shows(marks);
        ensure!(shows.is_empty(), "the key is in {shows:?}");
        let files = rehearsal.files()?;
        let files = files.iter().filter(|(file, _)| file.extension().is_none_or(|extension| extension != "ovpn"));
        for (file, content) in files {
            ensure!(!marks.are_in(content), "the key is in `{}`", file.display());
        }
        Ok(())
    }

    /// The places in which a secret shows. In a profile that was saved without a passphrase it must, and is not counted.
    pub(crate) fn shows(&self, marks: &Marks) -> BTreeSet<String> {
        let mut places = BTreeSet::new();
        let mut look = |place: &str, content: &[u8]| {
            if marks.are_in(content) {
                places.insert(place.to_owned());
            }
        };
        look("what was sent", &self.record.sent);
        look("console", self.record.console.join("\n").as_bytes());
        look("what was started", self.record.started.join("\n").as_bytes());
        for HandedOver { to, content } in &self.record.handed_over {
            look(to, content.as_bytes());
        }
        for (place, content) in &self.kept {
            let bytes = content.as_str().filter(|_| place == MEMORY).and_then(|text| BASE64_STANDARD.decode(text).ok());
            look(place, &bytes.unwrap_or_else(|| content.to_string().into_bytes()));
        }
        for (file, content) in &self.record.storage {
            look(&format!("user profile: {}", name(file)), content);
        }
        let profiles = |file: &Path| file.extension().is_some_and(|extension| extension == "ovpn");
        let is_protected = |content: &[u8]| String::from_utf8_lossy(content).contains("BEGIN ENCRYPTED PRIVATE KEY");
        for (file, content) in &self.record.downloads {
            if !profiles(file) || is_protected(content) {
                look(&format!("download: {}", name(file)), content);
            }
        }
        places
    }

    /// The names of all files that were downloaded, in order.
    pub(crate) fn downloads(&self) -> BTreeSet<String> {
        self.record.downloads.iter().map(|(file, _)| name(file)).collect()
    }

    /// Keys that the page keeps and that a script could read, or that are private.
    pub(crate) fn readable_keys(&self) -> Vec<&Value> {
        let mut found = Vec::new();
        keys(self.place("databases"), &mut found);
        found.retain(|key| key["extractable"] != false || key["key"] != "secret");
        found
    }

    /// What is kept in a place; null where there is none of that name.
    pub(crate) fn place(&self, name: &str) -> &Value {
        self.kept.get(name).unwrap_or(&Value::Null)
    }
}

/// How the key in `profile` in `folder` would be recognised.
pub(crate) fn marks(folder: &Path, profile: &str) -> Result<Marks> {
    let profile = fs::read_to_string(folder.join(profile))?;
    let (_, key) = profile.split_once("<key>\n").context("the key")?;
    write(&folder.join(KEY), key.trim_end_matches("</key>\n"))?;
    let marks = Marks::of(&openssl::secret_numbers(folder, KEY)?);
    fs::remove_file(folder.join(KEY))?;
    ensure!(marks.are_in(profile.as_bytes()), "the search does not even find the key in the profile");
    Ok(marks)
}

/// Every request was one of those that the page at `url` needs, and the console stayed empty.
pub(crate) fn only_what_the_page_needs(record: &Record, url: &str) -> Result<()> {
    for request in &record.requests {
        let path = request.url.strip_prefix(url);
        let path = path.with_context(|| format!("a request left the page's origin: {request:?}"))?;
        ensure!(is_of_the_page(path), "the page needs nothing of the kind: {request:?}");
        ensure!(request.method == "GET" && !request.has_body, "a request carried something: {request:?}");
    }
    ensure!(record.lookups.iter().all(|host| url.starts_with(host)), "names were looked up: {:?}", record.lookups);
    // Browsers note down what a host does not have, and a certificate is looked for until it is there.
    let is_a_look = |line: &&String| line.contains("\"source\":\"network\"") && line.contains("/issued/");
    let said: Vec<_> = record.console.iter().filter(|line| !is_a_look(line)).collect();
    ensure!(said.is_empty(), "the console is not empty: {said:?}");
    Ok(())
}

/// What of an address comes after the page's own, for everything that the page ever asks for.
fn is_of_the_page(path: &str) -> bool {
    // What stands behind `#` is never sent.
    let path = path.split('#').next().unwrap_or_default();
    let is_named_by_hash = |name: &str, ending: &str| {
        let hash = name.strip_suffix(ending).unwrap_or_default();
        hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let is_asset = |name: &str| name.bytes().all(|byte| byte.is_ascii_hexdigit() || b".jswmcvg".contains(&byte));
    matches!(path, "" | "bundle.json")
        || path.strip_prefix("assets/").is_some_and(is_asset)
        || path.strip_prefix("issued/").is_some_and(|name| is_named_by_hash(name, ".pem"))
}

/// Every key in what was kept.
fn keys<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) if fields.contains_key("extractable") => found.push(value),
        Value::Object(fields) => fields.values().for_each(|field| keys(field, found)),
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

const KEY: &str = "evidence.pem";

/// The memory of the module, of which [`Browser::watch_outside`] keeps hold.
pub(crate) const MEMORY: &str = "memory";

/// Everything that a page can keep, by place, as JSON; buffers as hexadecimal digits, keys as their properties. Where the
/// browser has no such place for this page, it is null.
pub(crate) const EVERYTHING_KEPT: &str = r#"(async () => {
    const hex = bytes => [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('');
    const plain = value => {
        if (value instanceof ArrayBuffer) return hex(new Uint8Array(value));
        if (ArrayBuffer.isView(value)) return hex(new Uint8Array(value.buffer));
        if (value instanceof CryptoKey) return { key: value.type, extractable: value.extractable };
        if (Array.isArray(value)) return value.map(plain);
        if (value && typeof value === 'object') {
            return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
        }
        return value;
    };
    const done = request => new Promise((ok, no) => {
        request.onsuccess = () => ok(request.result);
        request.onerror = () => no(request.error);
    });
    // As properties not all of them show: `key` is a function of every storage.
    const stored = storage => Array.from({ length: storage.length }, (_, at) => [storage.key(at), storage.getItem(storage.key(at))]);
    const all = async iterator => { const found = []; for await (const it of iterator) found.push(it); return found };
    const places = {
        'local storage': () => stored(localStorage),
        'session storage': () => stored(sessionStorage),
        cookies: () => document.cookie,
        'window name': () => window.name,
        'history state': () => history.state,
        location: () => location.href,
        heading: () => document.title,
        document: () => document.documentElement.outerHTML,
        fields: () => [...document.querySelectorAll('input, textarea')].map(field => field.value),
        memory: () => new Uint8Array(moduleMemory.buffer).toBase64(),
        workers: async () => (await navigator.serviceWorker.getRegistrations()).map(worker => worker.scope),
        caches: async () => Promise.all((await caches.keys()).map(async name => {
            const cache = await caches.open(name);
            return Promise.all((await cache.keys()).map(async ({ url }) => [url, await (await cache.match(url)).text()]));
        })),
        files: async () => Promise.all((await all((await navigator.storage.getDirectory()).values()))
            .map(async file => [file.name, file.kind === 'file' ? await (await file.getFile()).text() : ''])),
        databases: async () => {
            const found = [];
            for (const { name } of await indexedDB.databases()) {
                const database = await done(indexedDB.open(name));
                for (const store of database.objectStoreNames) {
                    const records = database.transaction(store).objectStore(store);
                    const [keys, values] = [await done(records.getAllKeys()), plain(await done(records.getAll()))];
                    found.push({ name, store, keys, values });
                }
                database.close();
            }
            return found;
        },
    };
    const kept = {};
    for (const [place, look] of Object.entries(places)) {
        try { kept[place] = await look() } catch { kept[place] = null }
    }
    return kept;
})()"#;
