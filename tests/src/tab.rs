//! A tab as the person before it has it, in whatever browser: what is seen and read there, and what is done.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, bail};
use serde_json::Value;
use tokio::time::Instant;

/// What a browser does for a person; the rest follows from it.
#[expect(async_fn_in_trait, reason = "tests await on the spot and spawn nothing of it")]
pub trait Tab {
    /// What a JavaScript expression gives; a promise is awaited.
    ///
    /// # Errors
    /// It throws, or its value is not JSON.
    async fn evaluate(&self, expression: &str) -> Result<Value>;

    /// Clicks the element once it is seen.
    ///
    /// # Errors
    /// As [`Tab::see`].
    async fn click(&self, selector: &str) -> Result<()>;

    /// Replaces what the field holds by `text`, key by key.
    ///
    /// # Errors
    /// As [`Tab::see`].
    async fn fill(&self, selector: &str, text: &str) -> Result<()>;

    /// Chooses `file` in a file field.
    ///
    /// # Errors
    /// There is no such field.
    async fn choose(&self, selector: &str, file: &Path) -> Result<()>;

    /// Loads the page again.
    ///
    /// # Errors
    /// The page cannot be loaded.
    async fn reload(&self) -> Result<()>;

    /// Where saved files go.
    fn downloads(&self) -> PathBuf;

    /// What was written to the console so far, and uncaught exceptions.
    fn console(&self) -> Vec<String>;

    /// Waits until the element is seen.
    ///
    /// # Errors
    /// It is not within 15 seconds; the error carries the page's text.
    async fn see(&self, selector: &str) -> Result<()> {
        wait(self, &format!("document.querySelector({selector:?})?.checkVisibility() === true"), selector).await
    }

    /// Waits until the element's text or value contains `wanted`.
    ///
    /// # Errors
    /// As [`Tab::see`].
    async fn read(&self, selector: &str, wanted: &str) -> Result<()> {
        let text = format!("(e => e ? (e.value ?? e.textContent) : '')(document.querySelector({selector:?}))");
        wait(self, &format!("{text}.includes({wanted:?})"), &format!("{wanted:?} in {selector}")).await
    }

    /// The element's text or value.
    ///
    /// # Errors
    /// There is no such element.
    async fn text(&self, selector: &str) -> Result<String> {
        let expression = format!("(e => e.value ?? e.textContent)(document.querySelector({selector:?}))");
        Ok(self.evaluate(&expression).await?.as_str().unwrap_or_default().to_owned())
    }

    /// The file called `name` once it has been downloaded.
    ///
    /// # Errors
    /// It is not there within 15 seconds.
    async fn downloaded(&self, name: &str) -> Result<PathBuf> {
        let file = self.downloads().join(name);
        let deadline = Instant::now() + PATIENCE;
        while !is_whole(&file) {
            if Instant::now() > deadline {
                bail!("`{name}` was not downloaded");
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(file)
    }
}

/// How long a page may take for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
pub(crate) const POLL: Duration = Duration::from_millis(20);

/// Waits until a JavaScript expression is true; `what` says what for.
///
/// # Errors
/// It is not within 15 seconds; the error carries the page's text.
pub async fn wait<T: Tab + ?Sized>(tab: &T, condition: &str, what: &str) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        // A page that is just being replaced has no context to evaluate in: asked again.
        if tab.evaluate(condition).await.is_ok_and(|met| met == true) {
            return Ok(());
        }
        if Instant::now() > deadline {
            let text = tab.evaluate("document.body.innerText").await?;
            let text = text.as_str().unwrap_or_default();
            bail!("waited in vain for {what}; the page says:\n{text}\nconsole: {:?}", tab.console());
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Firefox puts an empty file where the download will be, and moves what it has got there in the end.
fn is_whole(file: &Path) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.len() > 0)
}
