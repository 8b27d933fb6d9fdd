//! Requests of many users, each with a key of its own, in a fraction of the time that as many keys take.
//!
//! What takes time is to find primes. `n` of them make `n * (n - 1) / 2` keys, all distinct and valid; but whoever has two with a
//! prime in common can factor both, so that such keys are good for tests only.

use std::{collections::BTreeSet, path::Path};

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use num_bigint::BigUint;

use crate::{openssl, rehearsal::write};

/// Writes `NAME.csr` into `folder` for every one of `users`, with the name `NAME.DOMAIN`.
///
/// # Errors
/// OpenSSL fails.
pub fn write_all(folder: &Path, domain: &str, users: &[String]) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let primes = primes(scratch.path(), users.len())?;
    let pairs = primes.iter().enumerate().flat_map(|(i, p)| primes.iter().take(i).map(move |q| (p, q)));
    let mut moduli = BTreeSet::new();
    for (user, (p, q)) in users.iter().zip(pairs) {
        ensure!(moduli.insert(p * q), "two keys are the same");
        let key = scratch.path().join("key.pem");
        write(&key, pem(p, q).context("primes of a key")?)?;
        let (key, csr) = (key.display().to_string(), format!("{user}.csr"));
        let subject = format!("/CN={user}.{domain}");
        openssl::run(folder, &["req", "-new", "-key", &key, "-out", &csr, "-subj", &subject])?;
    }
    ensure!(moduli.len() == users.len(), "{} keys for {} users", moduli.len(), users.len());
    Ok(())
}

/// As many primes as make `keys` keys of 2048 bits.
fn primes(folder: &Path, keys: usize) -> Result<Vec<BigUint>> {
    let mut primes: BTreeSet<BigUint> = BTreeSet::new();
    while primes.len() * primes.len().saturating_sub(1) / 2 < keys {
        // The two highest bits of these are set, so that two of them make 2048 bits.
        let hex = openssl::run(folder, &["prime", "-generate", "-bits", "1024", "-hex"])?;
        let prime = BigUint::parse_bytes(hex.trim().as_bytes(), 16).with_context(|| format!("a prime in `{hex}`"))?;
        if (&prime - 1_u8) % EXPONENT != BigUint::ZERO {
            primes.insert(prime);
        }
    }
    Ok(primes.into_iter().collect())
}

/// `RSAPrivateKey` of RFC 8017 appendix A.1.2.
fn pem(p: &BigUint, q: &BigUint) -> Option<String> {
    let (p1, q1) = (p - 1_u8, q - 1_u8);
    let exponent = BigUint::from(EXPONENT);
    let d = exponent.modinv(&(&p1 * &q1))?;
    let numbers = [BigUint::ZERO, p * q, exponent, d.clone(), p.clone(), q.clone(), &d % p1, d % q1, q.modinv(p)?];
    let fields: Vec<u8> = numbers.iter().flat_map(|number| tagged(INTEGER, &unsigned(number))).collect();
    let base64 = STANDARD.encode(tagged(SEQUENCE, &fields));
    let lines: Vec<&str> = base64.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    Some(format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", lines.join("\n")))
}

/// Big-endian; a number is negative where the first bit is set.
fn unsigned(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        bytes.insert(0, 0);
    }
    bytes
}

/// DER; lengths here are below 65536.
fn tagged(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes();
    let length: &[u8] = match length {
        [0, short] if short < 0x80 => &[short],
        [0, byte] => &[0x81, byte],
        [high, low] => &[0x82, high, low],
    };
    [&[tag], length, value].concat()
}

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const EXPONENT: u32 = 65_537;
