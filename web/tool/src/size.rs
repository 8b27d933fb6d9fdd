//! What the page weighs, as it is and as a host sends it (brotli, highest quality),
//! and the budget that the module has to keep.

use std::io::Write as _;

use anyhow::{Context, Result};

use crate::advice::Advice;

/// Most bytes that the module may have on the wire (45 KB), brotli-compressed.
pub(crate) const MODULE_BUDGET: usize = 45_000;

/// Size of one file in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) raw: usize,
    pub(crate) brotli: usize,
}

impl Size {
    /// Measures by compressing.
    pub(crate) fn of(content: &[u8]) -> Result<Self> {
        let mut compressor = brotli::CompressorWriter::new(Vec::new(), 4096, QUALITY, WINDOW);
        compressor.write_all(content).context("cannot compress")?;
        Ok(Self { raw: content.len(), brotli: compressor.into_inner().len() })
    }

    /// Refuses a module that has outgrown [`MODULE_BUDGET`].
    pub(crate) fn within_budget(self) -> Result<()> {
        if self.brotli <= MODULE_BUDGET {
            return Ok(());
        }
        Err(Advice::new(
            format!("the module has {} bytes compressed, the budget is {MODULE_BUDGET}", self.brotli),
            "see what grew with `twiggy top`, or raise the budget in `web/tool/src/size.rs` and say why",
        )
        .into())
    }
}

impl std::ops::Add for Size {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { raw: self.raw + other.raw, brotli: self.brotli + other.brotli }
    }
}

/// Brotli's best, as static hosts use for files compressed in advance.
const QUALITY: u32 = 11;
/// Base-two logarithm of the window: browsers accept at most 24, hosts use 22.
const WINDOW: u32 = 22;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetition_weighs_little_on_the_wire() {
        let size = Size::of(&[b'a'; 10_000]).unwrap();
        assert_eq!(size.raw, 10_000);
        assert!(size.brotli > 0 && size.brotli < 100, "{size:?}");
    }

    #[test]
    fn a_module_over_the_budget_is_refused() {
        assert!(Size { raw: 0, brotli: MODULE_BUDGET }.within_budget().is_ok());
        assert!(Size { raw: 0, brotli: MODULE_BUDGET + 1 }.within_budget().is_err());
    }
}
