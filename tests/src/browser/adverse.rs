//! Browsers that keep nothing, have lost what they kept, or let no script run.

use anyhow::{Result, anyhow};
use chromiumoxide::cdp::browser_protocol::{
    emulation::SetScriptExecutionDisabledParams,
    storage::ClearDataForOriginParams,
    target::{CreateBrowserContextParams, CreateTargetParams},
};

use super::Browser;

impl Browser {
    /// Goes on in a new private window. An earlier one is closed, and with it goes what it kept.
    ///
    /// # Errors
    /// Chromium's, or the page cannot be loaded.
    pub async fn private_window(&mut self, url: &str) -> Result<()> {
        let window = self.chromium.create_browser_context(CreateBrowserContextParams::default()).await?;
        let tab = CreateTargetParams::builder().url("about:blank").browser_context_id(window.clone()).build();
        self.page = self.chromium.new_page(tab.map_err(|error| anyhow!("{error}"))?).await?;
        if let Some(earlier) = self.private.replace(window) {
            self.chromium.dispose_browser_context(earlier).await?;
        }
        self.listen().await?;
        self.allow_downloads().await?;
        self.go(url).await
    }

    /// Clears everything that the browser keeps for pages from `origin`, as its settings do it.
    ///
    /// # Errors
    /// Chromium's.
    pub async fn clear_site_data(&self, origin: &str) -> Result<()> {
        self.page.execute(ClearDataForOriginParams::new(origin, "all")).await?;
        Ok(())
    }

    /// Switches scripts off, from the next page on.
    ///
    /// # Errors
    /// Chromium's.
    pub async fn without_scripts(&self) -> Result<()> {
        self.page.execute(SetScriptExecutionDisabledParams::new(true)).await?;
        Ok(())
    }
}
