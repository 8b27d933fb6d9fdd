//! Randomness as an argument, so that only `main` asks the operating system for it.

/// A cryptographic generator.
pub trait Random {
    /// 128 fresh random bits.
    fn bits_128(&self) -> [u8; 16];
}
