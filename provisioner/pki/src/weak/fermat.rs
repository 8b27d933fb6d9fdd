//! Fermat's method: with a and b such that n = a² - b², n = (a - b)(a + b). It finds the primes when a, which begins at
//! the root of n, need not go far: when they are close together.

use std::sync::LazyLock;

use num_bigint::BigUint;

/// Whether [`ROUNDS`] rounds of Fermat's method factor `n`.
pub(super) fn are_close(n: &BigUint) -> bool {
    let root = n.sqrt();
    let first = if &root * &root < *n { root + 1_u32 } else { root };
    let difference = |a: &BigUint| a * a - n;
    // Nearly all rounds are done with by remainders in machine words. From a² - n to (a + 1)² - n it is 2a + 1.
    let (mut a, mut square) = (low(&first), low(&difference(&first)));
    let (mut a_rest, mut square_rest) = (rest(&first), rest(&difference(&first)));
    for round in 0..ROUNDS {
        if may_be_square(square, square_rest) {
            let square = difference(&(&first + round));
            let b = square.sqrt();
            if &b * &b == square {
                return true;
            }
        }
        square = square.wrapping_add(a.wrapping_mul(2)).wrapping_add(1);
        square_rest = (square_rest + 2 * a_rest + 1) % MODULUS;
        a = a.wrapping_add(1);
        a_rest = (a_rest + 1) % MODULUS;
    }
    false
}

/// False where a number with this lowest word and this remainder modulo [`MODULUS`] cannot be a square.
fn may_be_square(low: u64, rest: u64) -> bool {
    let squares: &[Vec<bool>] = &SQUARES;
    let is_square = |(modulus, squares): (&u64, &Vec<bool>)| {
        usize::try_from(rest % modulus).is_ok_and(|remainder| squares[remainder])
    };
    // Modulo 64: 12 of 64 remainders are those of squares.
    0x0202_0212_0203_0213_u64 >> (low % 64) & 1 == 1 && FACTORS.iter().zip(squares).all(is_square)
}

fn low(number: &BigUint) -> u64 {
    number.iter_u64_digits().next().unwrap_or_default()
}

fn rest(number: &BigUint) -> u64 {
    (number % MODULUS).iter_u64_digits().next().unwrap_or_default()
}

/// Baseline Requirements, section 6.1.1.3: at least 100.
const ROUNDS: u32 = 100;

/// Few of the remainders modulo these are squares'.
const FACTORS: [u64; 8] = [63, 65, 11, 17, 19, 23, 29, 31];

const MODULUS: u64 = 63 * 65 * 11 * 17 * 19 * 23 * 29 * 31;

/// For each of [`FACTORS`], which remainders squares have.
static SQUARES: LazyLock<Vec<Vec<bool>>> = LazyLock::new(|| {
    FACTORS
        .iter()
        .map(|modulus| (0..*modulus).map(|r| (0..*modulus).any(|root| root * root % modulus == r)).collect())
        .collect()
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mersenne(bits: u32) -> BigUint {
        (BigUint::from(1_u32) << bits) - 1_u32
    }

    #[test]
    fn a_square_is_found_at_once() {
        assert!(are_close(&(mersenne(607) * mersenne(607))));
    }

    /// (r + d)(r - d) takes about d² / 2r rounds.
    #[test]
    fn it_ends_after_a_hundred_rounds() {
        let r = (BigUint::from(1_u32) << 1023_u32) + 1_u32;
        let apart = |rounds: u32| {
            // Even, so that the factors are odd.
            let d = ((&r * (2 * rounds)).sqrt() >> 1_u32) << 1_u32;
            (&r + &d) * (&r - &d)
        };
        assert!(are_close(&apart(1)) && are_close(&apart(50)) && are_close(&apart(98)));
        assert!(!are_close(&apart(102)) && !are_close(&apart(1_000_000)));
    }

    proptest! {
        #[test]
        fn no_square_is_overlooked(root in prop::collection::vec(any::<u8>(), 0..40)) {
            let root = BigUint::from_bytes_be(&root);
            let square = &root * &root;
            prop_assert!(may_be_square(low(&square), rest(&square)));
        }

        #[test]
        fn close_factors_are_found_whatever_they_are(root in prop::collection::vec(any::<u8>(), 60..128), apart in 0..1000_u32) {
            let p = BigUint::from_bytes_be(&root) | (BigUint::from(1_u32) << 300_u32) | BigUint::from(1_u32);
            prop_assert!(are_close(&(&p * (&p + 2 * apart))));
        }
    }
}
