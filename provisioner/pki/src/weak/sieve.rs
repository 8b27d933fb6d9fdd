//! The smallest prime below [`BOUND`] that divides a modulus.
//!
//! The primes are multiplied to batches that fit into a machine word. A modulus is reduced by one batch at a time, with powers of the
//! word computed beforehand, and what remains is tried against each prime of the batch. Nothing is divided on the way: the
//! sum is reduced as Montgomery does it ("Modular Multiplication Without Trial Division", 1985), which leaves a factor of
//! 2^64 that no odd prime minds, and an odd `p` divides `n` just when `n` times the inverse of `p` modulo 2^64 is at most
//! (2^64 - 1) / p (Granlund and Montgomery, "Division by Invariant Integers using Multiplication", section 9).

use std::sync::LazyLock;

/// The smallest odd prime below [`BOUND`] that divides the big-endian number `modulus` of at most 2048 bits.
pub(super) fn smallest_factor(modulus: &[u8]) -> Option<u32> {
    let words = words(modulus);
    BATCHES.iter().find_map(|batch| {
        let reduced = batch.reduce(&words);
        batch.primes.iter().find(|prime| prime.divides(reduced)).map(|prime| prime.value)
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
    /// What the product times this makes -1 modulo 2^64.
    negated_inverse: u64,
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
            powers[k] = u64::try_from((u128::from(powers[k - 1]) << 64) % u128::from(product)).unwrap_or_default();
        }
        Self { product, negated_inverse: inverse(product).wrapping_neg(), powers, primes }
    }

    /// A number that the same primes of the batch divide as that of `words`.
    fn reduce(&self, words: &[u64; WORDS]) -> u64 {
        // 32 products of a word of 64 bits and one of at most 58, and then another: the sum has at most 128 bits. To say
        // that nothing wraps spares builds that look for overflow four multiplications in five.
        let multiply = |a: u64, b: u64| u128::from(a).wrapping_mul(u128::from(b));
        let products = words.iter().zip(&self.powers).map(|(word, power)| multiply(*word, *power));
        let sum = products.fold(0, u128::wrapping_add);
        let quotient = low(sum).wrapping_mul(self.negated_inverse);
        low(sum.wrapping_add(multiply(quotient, self.product)) >> 64)
    }
}

impl Prime {
    fn new(value: u32) -> Self {
        let odd = u64::from(value);
        Self { value, inverse: inverse(odd), limit: u64::MAX / odd }
    }

    fn divides(&self, number: u64) -> bool {
        number.wrapping_mul(self.inverse) <= self.limit
    }
}

/// Of an odd number modulo 2^64.
fn inverse(odd: u64) -> u64 {
    // Newton's iteration doubles the bits that are right; three are at the beginning.
    (0..5).fold(odd, |x, _| x.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(x))))
}

/// The lowest word.
fn low(number: u128) -> u64 {
    u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default()
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

const LARGEST_PRODUCT: u64 = 1 << 58;

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
