//! What comes out of a printer.

use anyhow::Result;
use chromiumoxide::cdp::browser_protocol::emulation::SetEmulatedMediaParams;

use super::Browser;

impl Browser {
    /// Shows the page as a printer gets it, on a sheet of A4.
    ///
    /// # Errors
    /// Chromium's.
    pub async fn look_printed(&self) -> Result<()> {
        self.look(A4_WIDTH, false).await?;
        self.page.execute(SetEmulatedMediaParams::builder().media("print").build()).await?;
        Ok(())
    }
}

/// In the pixels of a style sheet.
const A4_WIDTH: u32 = 794;
