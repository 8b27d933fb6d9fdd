//! What the page weighs, as it is and as a host sends it (brotli, highest quality),
//! and the budget that the module has to keep.

use std::io::Write as _;

use anyhow::{Context, Result};

/// Most bytes that the module may have on the wire (60 KB), brotli-compressed.
pub(crate) const MODULE_BUDGET: usize = 60_000;

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

    /// What to say about a module that has outgrown [`MODULE_BUDGET`].
    pub(crate) fn over_budget(self) -> Option<String> {
        (self.brotli > MODULE_BUDGET)
            .then(|| format!("the module has {} bytes compressed, wanted are at most {MODULE_BUDGET}", self.brotli))
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
    fn a_module_over_the_budget_is_noticed() {
        assert_eq!(Size { raw: 0, brotli: MODULE_BUDGET }.over_budget(), None);
        assert!(Size { raw: 0, brotli: MODULE_BUDGET + 1 }.over_budget().is_some());
    }
}
