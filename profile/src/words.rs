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
/// letters. Between two words is a space.
pub fn words(key: &Fingerprint) -> String {
    let (high, _) = key.as_bytes().split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    let bits = u128::from_be_bytes(*high);
    let mut words = String::new();
    for place in 1..=6 {
        if place > 1 {
            words.push(' ');
        }
        words.push_str(&word((bits >> (u128::BITS - BITS_PER_WORD * place)) % (1 << BITS_PER_WORD)));
    }
    words
}

/// The word at `index`, counted from 0.
fn word(index: u128) -> String {
    let (mut word, mut begun) = (String::new(), 0);
    for &byte in &CODED {
        if byte.is_ascii_lowercase() {
            word.push(char::from(byte));
        } else if begun > index {
            break;
        } else {
            begun += 1;
            word.truncate(usize::from(byte - NONE_SHARED));
        }
    }
    word
}

const BITS_PER_WORD: u32 = 11;

const LIST: &str = include_str!("words/english.txt");

/// The list as the module has it, a kilobyte smaller than as it is when both are compressed: each word is a capital
/// letter, which says how many letters it shares with the word before it, and the rest of its letters.
static CODED: [u8; CODED_LEN] = coded::<CODED_LEN>().0;
const CODED_LEN: usize = coded::<0>().1;
const NONE_SHARED: u8 = b'A';

/// The first `N` bytes of the coded list, and how many there are.
const fn coded<const N: usize>() -> ([u8; N], usize) {
    let list = LIST.as_bytes();
    let (mut coded, mut len) = ([0; N], 0);
    let (mut previous, mut start) = (0, 0);
    while start < list.len() {
        let (mut letter, mut code) = (start, NONE_SHARED);
        while start > 0 && list[letter] == list[previous] && list[letter] != b'\n' {
            letter += 1;
            previous += 1;
            code += 1;
        }
        if len < N {
            coded[len] = code;
        }
        len += 1;
        while list[letter] != b'\n' {
            if len < N {
                coded[len] = list[letter];
            }
            len += 1;
            letter += 1;
        }
        previous = start;
        start = letter + 1;
    }
    (coded, len)
}

#[cfg(test)]
mod tests {
    use bip39::Language;

    use super::*;
    use crate::csr::Csr;

    /// Computed with Python's `hashlib` and the word list of its package `mnemonic`.
    #[test]
    fn the_words_are_those_that_others_compute() {
        let check = |der: &[u8], expected: &str| assert_eq!(words(&Fingerprint::of(der)), expected);
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
        for (index, expected) in LIST.lines().enumerate() {
            assert_eq!(word(index.try_into().unwrap()), expected);
        }
    }
}
