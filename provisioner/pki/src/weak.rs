//! RSA keys that are broken, or whose private half anybody can have: what public CAs look for.
//!
//! CA/Browser Forum, Baseline Requirements, section 6.1.1.3 demands that ROCA, close primes and published keys are refused; small
//! factors are section 6.1.6. A private key that somebody else computes is a stolen identity, whoever's fault it is.
//!
//! Everything here costs a tenth of a signature. What costs more is left out: whether the modulus is itself prime (a
//! key that nobody's software makes), and whether it shares a prime with one of the millions of keys of others.

mod fermat;
mod published;
mod roca;
mod sieve;

use num_bigint::BigUint;
use profile::key::PublicKey;
use thiserror::Error;

/// Why a key that has the right form protects nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum WeakKey {
    /// A small prime divides the modulus: a damaged key, or one from a broken generator.
    #[error("the RSA key's modulus is divisible by {factor}: its private key can be computed, or it has none")]
    SmallFactor {
        /// The smallest prime that divides it.
        factor: u32,
    },
    /// Both primes are close to the modulus's square root.
    #[error("the RSA key's primes are so close together that anybody can compute its private key")]
    ClosePrimes,
    /// CVE-2017-15361.
    #[error(
        "the RSA key was made by a faulty smart card or TPM (ROCA, CVE-2017-15361): its private key can be computed"
    )]
    Roca,
    /// One byte sixteen times in a row: no product of two random primes looks like that.
    #[error("the RSA key's modulus has one byte sixteen times in a row: it was not made at random")]
    Pattern,
    /// The private key can be looked up.
    #[error("the RSA key's private half is published ({place}): anybody has it")]
    Published {
        /// Where.
        place: &'static str,
    },
}

impl WeakKey {
    /// A stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SmallFactor { .. } => "key-small-factor",
            Self::ClosePrimes => "key-close-primes",
            Self::Roca => "key-roca",
            Self::Pattern => "key-pattern",
            Self::Published { .. } => "key-published",
        }
    }
}

/// Whether `key` is none of the keys that are known to be weak.
///
/// # Errors
/// Which weakness it has; the first, in the order of [`WeakKey`] but with published keys before all.
pub fn check(key: &PublicKey) -> Result<(), WeakKey> {
    match published::place(key) {
        Some(place) => Err(WeakKey::Published { place }),
        None => check_modulus(key.modulus()),
    }
}

fn check_modulus(modulus: &[u8]) -> Result<(), WeakKey> {
    if let Some(factor) = sieve::smallest_factor(modulus) {
        return Err(WeakKey::SmallFactor { factor });
    }
    if fermat::are_close(&BigUint::from_bytes_be(modulus)) {
        return Err(WeakKey::ClosePrimes);
    }
    if roca::is_marked(modulus) {
        return Err(WeakKey::Roca);
    }
    if modulus.windows(RUN).any(|run| run.iter().all(|byte| *byte == run[0])) {
        return Err(WeakKey::Pattern);
    }
    Ok(())
}

/// So many equal bytes in a row are in one random modulus of 2^112.
const RUN: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{key::PrivateKey, testing};

    #[test]
    fn a_fresh_key_is_not_weak() {
        assert_eq!(check(testing::key().public()), Ok(()));
    }

    /// The primes of a few fresh keys, each multiplied with each: keys as fresh, without the time that making takes.
    #[test]
    fn no_key_of_more_than_a_thousand_is_taken_for_a_weak_one() {
        let primes: Vec<BigUint> =
            (0..24).flat_map(|_| primes_of(&PrivateKey::generate().unwrap().to_pkcs8().unwrap())).collect();
        let mut checked = 0;
        for (i, p) in primes.iter().enumerate() {
            for q in &primes[..i] {
                let modulus = (p * q).to_bytes_be();
                assert_eq!(check_modulus(&modulus), Ok(()), "{}", BigUint::from_bytes_be(&modulus));
                checked += 1;
            }
        }
        assert!(checked > 1000, "{checked}");
    }

    #[test]
    fn a_modulus_with_a_run_of_equal_bytes_is_no_random_one() {
        let mut modulus = testing::key().public().modulus().to_vec();
        modulus[100..116].fill(0x5a);
        // The change may have given it a small factor.
        let refused = check_modulus(&modulus).unwrap_err();
        assert!(matches!(refused, WeakKey::Pattern | WeakKey::SmallFactor { .. }), "{refused:?}");
        modulus[100..116].copy_from_slice(&testing::key().public().modulus()[100..116]);
        assert_eq!(check_modulus(&modulus), Ok(()));
    }

    /// `prime1` and `prime2` of the `RSAPrivateKey` (RFC 8017 appendix A.1.2) in a PKCS#8 document.
    fn primes_of(pkcs8: &[u8]) -> [BigUint; 2] {
        use der::Decode;
        let info = pkcs8::PrivateKeyInfoRef::from_der(pkcs8).unwrap();
        let der = info.private_key.as_bytes();
        let key: Vec<der::asn1::AnyRef<'_>> = Vec::from_der(der).unwrap();
        [4, 5].map(|field| BigUint::from_bytes_be(key[field].value()))
    }
}
