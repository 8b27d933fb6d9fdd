//! The smallest prime below [`BOUND`] that divides a modulus.
//!
//! The primes are multiplied to batches that fit into a machine word. A modulus is reduced by one batch at a time, with powers of the
//! word computed beforehand so that nothing is divided until the end, and the remainder is tried against each prime of the
//! batch by one multiplication: an odd `p` divides `n` just when `n` times the inverse of `p` modulo 2^64 is at most
//! (2^64 - 1) / p (Granlund and Montgomery, "Division by Invariant Integers using Multiplication", section 9).

use std::sync::LazyLock;

/// The smallest odd prime below [`BOUND`] that divides the big-endian number `modulus` of at most 2048 bits.
pub(super) fn smallest_factor(modulus: &[u8]) -> Option<u32> {
    let words = words(modulus);
    BATCHES.iter().find_map(|batch| {
        let remainder = batch.remainder(&words);
        batch.primes.iter().find(|prime| prime.divides(remainder)).map(|prime| prime.value)
    })
}

/// Little-endian words of a big-endian number; of a larger one than 2048 bits the lowest.
fn words(modulus: &[u8]) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    for (word, bytes) in words.iter_mut().zip(modulus.rchunks(8)) {
        *word = bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    }
    words
}

struct Batch {
    product: u64,
    /// 2^64k modulo the product.
    powers: [u64; WORDS],
    primes: Vec<Prime>,
}

struct Prime {
    value: u32,
    /// Modulo 2^64.
    inverse: u64,
    /// The largest quotient of a multiple.
    limit: u64,
}

impl Batch {
    fn new(product: u64, primes: Vec<Prime>) -> Self {
        let mut powers = [1; WORDS];
        for k in 1..WORDS {
            powers[k] = remainder(u128::from(powers[k - 1]) << 64, product);
        }
        Self { product, powers, primes }
    }

    fn remainder(&self, words: &[u64; WORDS]) -> u64 {
        // 32 products of a word of 64 bits and one of at most 59: the sum has at most 128.
        let sum = words.iter().zip(&self.powers).map(|(word, power)| u128::from(*word) * u128::from(*power)).sum();
        remainder(sum, self.product)
    }
}

impl Prime {
    fn new(value: u32) -> Self {
        let odd = u64::from(value);
        // Newton's iteration doubles the bits that are right; three are at the beginning.
        let inverse = (0..5).fold(odd, |x, _| x.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(x))));
        Self { value, inverse, limit: u64::MAX / odd }
    }

    fn divides(&self, number: u64) -> bool {
        number.wrapping_mul(self.inverse) <= self.limit
    }
}

fn remainder(dividend: u128, divisor: u64) -> u64 {
    u64::try_from(dividend % u128::from(divisor)).unwrap_or_default()
}

/// All odd primes below [`BOUND`], in batches.
static BATCHES: LazyLock<Vec<Batch>> = LazyLock::new(|| {
    let (mut batches, mut product, mut batch) = (Vec::new(), 1_u64, Vec::new());
    for prime in odd_primes() {
        match product.checked_mul(prime.into()).filter(|product| *product < LARGEST_PRODUCT) {
            Some(larger) => product = larger,
            None => {
                batches.push(Batch::new(product, std::mem::take(&mut batch)));
                product = prime.into();
            }
        }
        batch.push(Prime::new(prime));
    }
    batches.push(Batch::new(product, batch));
    batches
});

fn odd_primes() -> Vec<u32> {
    let mut primes: Vec<u32> = Vec::new();
    for candidate in (3..BOUND).step_by(2) {
        let is_composite = primes.iter().take_while(|p| *p * *p <= candidate).any(|p| candidate % p == 0);
        if !is_composite {
            primes.push(candidate);
        }
    }
    primes
}

/// The Baseline Requirements ask for 752 (section 6.1.6). A number without any structure, such as a damaged modulus, has
/// a factor below this in 15 cases of 16; eight times as many primes would find one more in a hundred.
const BOUND: u32 = 1 << 13;

/// Words of a 2048-bit number.
const WORDS: usize = 32;

const LARGEST_PRODUCT: u64 = 1 << 59;

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_prime_is_found_and_no_other_number() {
        let primes = odd_primes();
        assert_eq!((primes.len(), primes[0], primes[primes.len() - 1]), (1027, 3, 8191));
        // A Mersenne prime.
        let large = (BigUint::from(1_u32) << 1279_u32) - 1_u32;
        assert_eq!(smallest_factor(&large.to_bytes_be()), None);
        for prime in primes {
            assert_eq!(smallest_factor(&(&large * prime).to_bytes_be()), Some(prime));
        }
    }

    proptest! {
        #[test]
        fn batches_divide_as_others_do(modulus in prop::collection::vec(any::<u8>(), 0..=256)) {
            let number = BigUint::from_bytes_be(&modulus);
            let expected = odd_primes().into_iter().find(|prime| &number % *prime == BigUint::ZERO);
            prop_assert_eq!(smallest_factor(&modulus), expected);
        }
    }
}
