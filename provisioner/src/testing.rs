//! A CA and a key for tests: made once, because RSA keys take time.

use std::sync::LazyLock;

use pki::{authority::Authority, key::PrivateKey, serial::Serial};
use time::{OffsetDateTime, macros::datetime};

pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

pub(crate) fn authority() -> Authority {
    let key = PrivateKey::from_pkcs8(&CA_KEY).unwrap();
    Authority::self_signed(key, "demo", 3650, NOW, Serial::from_random([7; 16])).unwrap()
}

pub(crate) fn key() -> &'static PrivateKey {
    static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate().unwrap());
    &KEY
}

static CA_KEY: LazyLock<Vec<u8>> = LazyLock::new(|| PrivateKey::generate().unwrap().to_pkcs8().unwrap().to_vec());
