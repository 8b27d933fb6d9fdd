//! How long it takes from a ledger on disk with 20,000 revocations to the CRL that is imported: a part of `cargo xtask bench`.
//! Figures to be read, nothing passes or fails.
#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]

use std::{path::Path, sync::Arc, time::Instant};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{local::LocalFileSystem, prefix::PrefixStore};
use provisioner::{
    ledger::{Act, Ledger, Provenance, Store},
    pki::{
        authority::Authority,
        crl::{Crl, Revoked},
        key::PrivateKey,
        reason::Reason,
        serial::Serial,
    },
};
use time::{Duration, OffsetDateTime, macros::datetime};

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fill(folder.path()).await?;
    let authority = Authority::self_signed(PrivateKey::generate()?, "bench", 3650, NOW, serial(u32::MAX))?;
    let mut rounds = Vec::new();
    for number in 1..=5 {
        let begin = Instant::now();
        let revoked = read(folder.path()).await?;
        let read = begin.elapsed();
        let pem = authority.crl(number, &revoked, NOW)?;
        let whole = begin.elapsed();
        ensure!(Crl::from_pem(&pem)?.entries() == usize::try_from(REVOKED)?, "every revocation is listed");
        rounds.push((whole, read));
    }
    rounds.sort();
    let (whole, read) = rounds.get(rounds.len() / 2).context("a round")?;
    println!(
        "CRL of {REVOKED} from the ledger on disk   median {:.0} ms of 5, {:.0} ms of it reading",
        whole.as_secs_f64() * 1000.0,
        read.as_secs_f64() * 1000.0
    );
    Ok(())
}

/// As a command does: nothing is known from before.
async fn read(folder: &Path) -> Result<Vec<Revoked>> {
    let revocations = Ledger::new(Store::folder(folder)?).revocations().await?;
    let revoked =
        revocations.revoked().map(|(it, reason)| Revoked { serial: it.serial, since: it.provenance.when, reason });
    Ok(revoked.collect())
}

/// Without syncing every file: this is no ledger that anybody needs.
async fn fill(folder: &Path) -> Result<()> {
    let store = PrefixStore::new(LocalFileSystem::new(), object_store::path::Path::from_absolute_path(folder)?);
    let ledger = Ledger::new(Store::of(Arc::new(store)));
    let each = stream::iter(0..REVOKED).map(|number| {
        let provenance = Provenance { who: "bench".to_owned(), when: NOW, nonce: serial(number) };
        let act = Act::Revoke(Reason::CessationOfOperation);
        ledger.record_revocation_of(serial(number), NOW + Duration::days(397), act, provenance)
    });
    Ok(each.buffer_unordered(AT_ONCE).try_for_each(async |_| Ok(())).await?)
}

fn serial(number: u32) -> Serial {
    Serial::from_random(u128::from(number).to_be_bytes())
}

/// What an endpoint takes at most.
const REVOKED: u32 = 20_000;
const AT_ONCE: usize = 64;
const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);
