//! Fills the ledger of a deployment with certificates of users that nobody is, to see how commands do in a large one.
//!
//! `large_ledger LEDGER DOMAIN CERTIFICATES REVOKED`; the CA's passphrase is in LATCHKEY_CA_PASSPHRASE. The keys are random
//! odd numbers: nobody has the private halves, and making 100,000 real ones would take hours.

use std::{env, path::Path, sync::Arc};

use anyhow::{Context, Result};
use der::{Encode, asn1::UintRef};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{local::LocalFileSystem, path::Path as Key, prefix::PrefixStore};
use profile::key::PublicKey;
use provisioner::{
    ledger::{Act, Issued, Ledger, Provenance, Role, Store},
    pki::{authority::Authority, policy, reason::Reason, secret::Passphrase, serial::Serial},
};
use time::{Duration, OffsetDateTime};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, domain, certificates, revoked] = arguments.as_slice() else {
        anyhow::bail!("usage: large_ledger LEDGER DOMAIN CERTIFICATES REVOKED");
    };
    let (certificates, revoked): (usize, usize) = (certificates.parse()?, revoked.parse()?);
    // Without syncing every file: this is no ledger that anybody needs.
    let prefix = Key::from_absolute_path(std::path::absolute(Path::new(folder))?)?;
    let ledger = Ledger::new(Store::of(Arc::new(PrefixStore::new(LocalFileSystem::new(), prefix))));
    let passphrase = Passphrase::new(env::var("LATCHKEY_CA_PASSPHRASE")?.into());
    let authority = Arc::new(ledger.open_authority(&passphrase).await?.context("the ledger has no CA")?);
    let now = authority.certificate().not_before() + 3600;
    let now = OffsetDateTime::from_unix_timestamp(now)?;
    stream::iter(0..certificates)
        .map(|number| {
            let (authority, subject) = (Arc::clone(&authority), format!("user{number}.{domain}"));
            let ledger = &ledger;
            async move {
                let issued = tokio::task::spawn_blocking(move || issue(&authority, &subject, now)).await??;
                ledger.record_issued(&issued).await?;
                if number < revoked {
                    let provenance = Provenance { nonce: serial()?, ..issued.provenance.clone() };
                    ledger.record_revocation(&issued, Act::Revoke(Reason::CessationOfOperation), provenance).await?;
                }
                Ok::<_, anyhow::Error>(())
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

fn issue(authority: &Authority, subject: &str, now: OffsetDateTime) -> Result<Issued> {
    let key = nobodys_key()?;
    let certificate = authority.issue(&policy::CLIENT, subject, &key, Duration::days(397), now, serial()?)?;
    let provenance = Provenance { who: "large_ledger".to_owned(), when: now, nonce: serial()? };
    Issued::of(&certificate, Role::User, None, provenance).context("a certificate that can be recorded")
}

/// A `SubjectPublicKeyInfo` (RFC 3279 section 2.3.1) with a random modulus.
fn nobodys_key() -> Result<PublicKey> {
    let mut modulus = [0; 256];
    aws_lc_rs::rand::fill(&mut modulus).ok().context("randomness")?;
    modulus[0] |= 0x80;
    modulus[255] |= 1;
    let mut numbers = UintRef::new(&modulus)?.to_der()?;
    numbers.extend(UintRef::new(&[1, 0, 1])?.to_der()?);
    let mut spki = BEFORE_NUMBERS.to_vec();
    spki.extend(numbers);
    Ok(PublicKey::from_spki_der(&spki)?)
}

fn serial() -> Result<Serial> {
    let mut random = [0; 16];
    aws_lc_rs::rand::fill(&mut random).ok().context("randomness")?;
    Ok(Serial::from_random(random))
}

/// What stands before the two numbers of every RSA-2048 key with the exponent 65537.
const BEFORE_NUMBERS: &[u8] = &[
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a,
];
const AT_ONCE: usize = 64;
