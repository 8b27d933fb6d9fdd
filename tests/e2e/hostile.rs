//! What attacks on the page have in common: a copy of it in other hands, and the proof that nothing came of them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};
use serde_json::Value;
use tests::{
    browser::Browser,
    rehearsal::{Rehearsal, Served, copy, write},
    tab::Tab,
};

use crate::evidence::only_what_the_page_needs;

/// A copy of the page, with a bundle of somebody who means harm.
pub(crate) struct Site {
    folder: tempfile::TempDir,
    bundle: Value,
    pub(crate) served: Served,
}

impl Site {
    pub(crate) fn of(rehearsal: &Rehearsal) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        copy(&rehearsal.site(), folder.path())?;
        let bundle = serde_json::from_slice(&fs::read(folder.path().join(BUNDLE))?)?;
        let served = Served::folder(folder.path())?;
        Ok(Self { folder, bundle, served })
    }

    /// Changes the bundle as it was in the beginning.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Value)) -> Result<()> {
        let mut bundle = self.bundle.clone();
        change(&mut bundle);
        write(&self.bundle(), bundle.to_string())
    }

    /// The bundle's file.
    pub(crate) fn bundle(&self) -> PathBuf {
        self.path().join(BUNDLE)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Nothing of the attacker's is in the page: no element, no script that has run. The browser is one that is watched.
pub(crate) async fn nothing_came_in(browser: &Browser) -> Result<()> {
    ensure!(browser.evaluate("typeof pwned").await? == "undefined", "a script ran");
    let foreign = "document.querySelectorAll(
        '#planted, main img, main script, iframe, object, embed, base, a[href], [onerror], [onload], [style]').length";
    ensure!(browser.evaluate(foreign).await? == 0, "markup came into the page");
    let wide = browser.evaluate("document.documentElement.scrollWidth - innerWidth").await?;
    ensure!(wide.as_i64().is_some_and(|by| by <= 0), "the page is {wide} pixels too wide");
    Ok(())
}

/// No script of the attacker's ran or was kept from running by the policy alone, and nothing was asked of anybody.
pub(crate) async fn nothing_ran(browser: Browser, url: &str) -> Result<()> {
    nothing_came_in(&browser).await?;
    let record = browser.close().await?;
    let of_scripts = |to: &str| matches!(to, "violation" | "dialog" | "window" | "worker" | "peer" | "message");
    let of_scripts: Vec<_> = record.handed_over.iter().filter(|it| of_scripts(&it.to)).collect();
    ensure!(of_scripts.is_empty(), "{of_scripts:?}");
    only_what_the_page_needs(&record, url)
}

const BUNDLE: &str = "bundle.json";

/// It makes an element, asks for something, and runs a script, wherever it is taken for markup.
pub(crate) const MARKUP: &str = "<img src=x id=planted onerror=pwned=1>";
