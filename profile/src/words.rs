//! Six words for a key, so that two people can compare it by voice.
//!
//! The page shows them to the user and `sign` to the admin; both make them of the key alone, so a request that was
//! swapped on its way shows other words.

use crate::fingerprint::Fingerprint;

/// The first 66 bits of `key`, the SHA-256 of a SubjectPublicKeyInfo, as six of the 2,048 words of BIP 39's English
/// list (<https://github.com/bitcoin/bips/blob/master/bip-0039/english.txt>), 11 bits each, the first bits first. There
/// is no checksum, so this is no BIP 39 mnemonic.
///
/// Whoever wants another key with the same words must try about 2^66 RSA keys, each with its SHA-256. Somebody who
/// meets any one of a thousand pending requests would still need 2^56. Words of the list differ in their first four
/// letters.
pub fn words(key: &Fingerprint) -> [&'static str; 6] {
    let (high, _) = key.as_bytes().split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    let bits = u128::from_be_bytes(*high);
    [1, 2, 3, 4, 5, 6].map(|place| {
        let index = (bits >> (u128::BITS - BITS_PER_WORD * place)) % (1 << BITS_PER_WORD);
        // Always there: a test counts the words.
        usize::try_from(index).ok().and_then(|index| LIST.lines().nth(index)).unwrap_or_default()
    })
}

const BITS_PER_WORD: u32 = 11;

/// The list as one text: as the array of the crate bip39 it would make the browser module 4 KB larger, compressed.
const LIST: &str = include_str!("words/english.txt");

#[cfg(test)]
mod tests {
    use bip39::Language;

    use super::*;
    use crate::csr::Csr;

    /// Computed with Python's `hashlib` and the word list of its package `mnemonic`.
    #[test]
    fn the_words_are_those_that_others_compute() {
        let check = |der: &[u8], expected: &str| assert_eq!(words(&Fingerprint::of(der)).join(" "), expected);
        check(b"", "together mail awful cradle scrub apart");
        check(b"latchkey", "advance depart gym stumble slogan skate");
        check(b"abc", "risk scheme quiz bulk brother vivid");
        let alice = Csr::from_pem(include_str!("testdata/alice.csr")).unwrap();
        check(alice.public_key().spki_der(), "direct brown upset industry small echo");
    }

    #[test]
    fn the_list_is_the_published_one() {
        assert!(LIST.lines().eq(Language::English.word_list().iter().copied()));
        assert_eq!(LIST.lines().count(), 1 << BITS_PER_WORD);
    }
}
