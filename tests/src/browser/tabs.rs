//! A second tab of the same browser, with the same storage.

use anyhow::{Context, Result};

use super::Browser;

impl Browser {
    /// Opens `url` in a second tab, and goes on there.
    ///
    /// # Errors
    /// The page cannot be loaded.
    pub async fn open_tab(&mut self, url: &str) -> Result<()> {
        let page = self.chromium.new_page("about:blank").await?;
        self.behind = Some(std::mem::replace(&mut self.page, page));
        self.listen().await?;
        self.go(url).await
    }

    /// Goes on in the other tab.
    ///
    /// # Errors
    /// There is none.
    pub async fn switch_tab(&mut self) -> Result<()> {
        let page = self.behind.take().context("a second tab")?;
        page.bring_to_front().await?;
        self.behind = Some(std::mem::replace(&mut self.page, page));
        Ok(())
    }
}
