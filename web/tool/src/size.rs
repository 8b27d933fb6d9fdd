//! What the page weighs, as it is and as a host sends it (brotli, highest quality),
//! and the limits that it has to keep.

use std::io::Write as _;

use anyhow::{Context, Result, bail};

/// Most bytes that the module should have on the wire (60 KB), brotli-compressed.
const MODULE_LIMIT: usize = 60_000;
/// Most bytes that all files of the page may have together (120 KB), each brotli-compressed.
const PAGE_LIMIT: usize = 120_000;

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
}

/// What browsers load.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weight {
    pub(crate) module: Size,
    /// With the module.
    pub(crate) page: Size,
}

impl Weight {
    /// What to say about a module that has outgrown its limit.
    pub(crate) fn warning(self) -> Option<String> {
        over("module", self.module, MODULE_LIMIT)
    }

    /// Both beside their limits.
    pub(crate) fn limits(self) -> String {
        let Self { module, page } = self;
        format!("brotli: module {} of {MODULE_LIMIT} bytes, page {} of {PAGE_LIMIT}", module.brotli, page.brotli)
    }

    /// # Errors
    /// The page has outgrown its limit: people load it over slow lines.
    pub(crate) fn check(self) -> Result<()> {
        match over("page", self.page, PAGE_LIMIT) {
            Some(excess) => bail!(excess),
            None => Ok(()),
        }
    }
}

fn over(what: &str, found: Size, limit: usize) -> Option<String> {
    (found.brotli > limit)
        .then(|| format!("the {what} has {} bytes compressed, wanted are at most {limit}", found.brotli))
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
    fn a_page_over_the_limit_is_refused_and_a_module_noticed() {
        let weight = |module, page| {
            let size = |brotli| Size { raw: 0, brotli };
            Weight { module: size(module), page: size(page) }
        };
        assert!(weight(MODULE_LIMIT, PAGE_LIMIT).check().is_ok());
        assert!(weight(MODULE_LIMIT, PAGE_LIMIT + 1).check().is_err());
        assert_eq!(weight(MODULE_LIMIT, PAGE_LIMIT).warning(), None);
        assert!(weight(MODULE_LIMIT + 1, PAGE_LIMIT).warning().is_some());
    }
}
