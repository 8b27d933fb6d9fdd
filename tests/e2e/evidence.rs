//! What is known after a visit to the page, and what it must not contain.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    browser::{Browser, Record},
    leak::Marks,
    openssl,
    rehearsal::{Rehearsal, write},
    tab::Tab,
};

/// A finished visit: what the browser did, what the page stored, and how its private key would be recognised.
pub(crate) struct Evidence {
    record: Record,
    storage: Value,
    marks: Marks,
}

impl Evidence {
    /// Closes `browser`, from which `profile` in `folder` was downloaded.
    pub(crate) async fn collect(browser: Browser, folder: &Path, profile: &str) -> Result<Self> {
        let storage = browser.evaluate(DUMP_STORAGE).await?;
        ensure!(storage.as_array().is_some_and(|stores| stores.len() > 1), "the storage could not be read: {storage}");
        let marks = marks(folder, profile)?;
        Ok(Self { record: browser.close().await?, storage, marks })
    }

    /// Every request was a GET without a body to the page's own origin, and the console stayed empty.
    pub(crate) fn nothing_left_the_page(&self, url: &str) -> Result<()> {
        let record = &self.record;
        ensure!(record.requests.len() >= 5, "the record is not one: {:?}", record.requests);
        for request in &record.requests {
            ensure!(request.url.starts_with(url), "a request left the page's origin: {request:?}");
            ensure!(request.method == "GET" && !request.has_body, "a request carried something: {request:?}");
        }
        ensure!(record.lookups.iter().all(|host| url.starts_with(host)), "names were looked up: {:?}", record.lookups);
        // Browsers note down what a host does not have, and a certificate is looked for until it is there.
        let is_a_look = |line: &&String| line.contains("\"source\":\"network\"") && line.contains("/issued/");
        let said: Vec<_> = record.console.iter().filter(|line| !is_a_look(line)).collect();
        ensure!(said.is_empty(), "the console is not empty: {said:?}");
        Ok(())
    }

    /// The private key shows nowhere but in the downloaded profile.
    pub(crate) fn the_key_is_nowhere_else(&self, rehearsal: &Rehearsal) -> Result<()> {
        ensure!(!self.marks.are_in(&self.record.sent), "the key was sent");
        ensure!(!self.marks.are_in(self.record.console.join("\n").as_bytes()), "the key is in the console");
        ensure!(!self.marks.are_in(self.storage.to_string().as_bytes()), "the key is in the page's storage");
        let files = rehearsal.files()?;
        let files = files.iter().filter(|(file, _)| file.extension().is_none_or(|extension| extension != "ovpn"));
        for (file, content) in files.chain(&self.record.storage) {
            ensure!(!self.marks.are_in(content), "the key is in `{}`", file.display());
        }
        Ok(())
    }
}

/// How the private key of `profile` in `folder` would be recognised.
pub(crate) fn marks(folder: &Path, profile: &str) -> Result<Marks> {
    let profile = fs::read_to_string(folder.join(profile))?;
    let (_, key) = profile.split_once("<key>\n").context("the key")?;
    write(&folder.join(KEY), key.trim_end_matches("</key>\n"))?;
    let marks = Marks::of(&openssl::secret_numbers(folder, KEY)?);
    fs::remove_file(folder.join(KEY))?;
    ensure!(marks.are_in(profile.as_bytes()), "the search does not even find the key in the profile");
    Ok(marks)
}

const KEY: &str = "evidence.pem";

/// Everything a page can store, as JSON; buffers as hexadecimal digits, keys as their properties.
pub(crate) const DUMP_STORAGE: &str = r#"(async () => {
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
    const found = [{ local: { ...localStorage }, session: { ...sessionStorage }, cookies: document.cookie }];
    for (const { name } of await indexedDB.databases()) {
        const database = await done(indexedDB.open(name));
        for (const store of database.objectStoreNames) {
            const records = database.transaction(store).objectStore(store);
            found.push({ name, store, values: plain(await done(records.getAll())) });
        }
        database.close();
    }
    return found;
})()"#;
