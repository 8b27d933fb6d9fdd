//! ROCA (CVE-2017-15361): a library in smart cards and TPMs of Infineon made primes as k·M + (65537^a mod M), M being
//! the product of the first primes.
//!
//! So the modulus is a power of 65537 modulo each of them (Nemec, Sys, Svenda, Klinec, Matyas, "The Return of
//! Coppersmith's Attack", section 2.3), as it is by chance for one other key in 2^27.

/// Whether the big-endian `modulus` has the mark of that library.
pub(super) fn is_marked(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|&prime| is_power_of_generator(remainder(modulus, prime), prime))
}

fn remainder(modulus: &[u8], prime: u32) -> u32 {
    modulus.iter().fold(0, |remainder, byte| (remainder << 8 | u32::from(*byte)) % prime)
}

fn is_power_of_generator(residue: u32, prime: u32) -> bool {
    let mut power = 1;
    loop {
        if power == residue {
            return true;
        }
        power = power * (GENERATOR % prime) % prime;
        if power == 1 {
            return false;
        }
    }
}

const GENERATOR: u32 = 65537;

/// For keys of 512 bits M is the product of 39 primes; larger keys have larger ones with these among their factors. 2 says
/// nothing, and what is a power modulo all others first decides where few are.
const PRIMES: [u32; 38] = [
    11, 17, 13, 37, 61, 97, 3, 5, 7, 19, 23, 29, 31, 41, 43, 47, 53, 59, 67, 71, 73, 79, 83, 89, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;

    use super::*;

    /// Made as the library made them; whether k·M + … is prime does not matter to the mark.
    #[test]
    fn what_is_made_that_way_is_marked() {
        let m: BigUint = PRIMES.iter().fold(BigUint::from(2_u32), |m, prime| m * *prime);
        let factor = |k: u32, a: u32| (&m << 700_u32) * k + BigUint::from(GENERATOR).modpow(&a.into(), &m);
        for (k, a) in [(3, 5), (1_000_003, 7), (77, 123_456)] {
            let modulus = factor(k, a) * factor(k + 2, a + 11);
            assert!(is_marked(&modulus.to_bytes_be()));
            assert!(!is_marked(&(modulus + 2_u32).to_bytes_be()));
        }
    }

    #[test]
    fn the_powers_are_those_of_the_published_detector() {
        // Its masks for 11, 13 and 17: bit r is set where r is a power.
        for (prime, mask) in [(11, 1026_u32), (13, 5658), (17, 107_286)] {
            for residue in 0..prime {
                assert_eq!(is_power_of_generator(residue, prime), mask >> residue & 1 == 1, "{residue} mod {prime}");
            }
        }
    }
}
