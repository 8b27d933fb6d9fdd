use super::{authority::NewAuthority, *};
use crate::{
    pki::secret::{self, Passphrase, Salt},
    testing::NOW,
};

#[tokio::test]
async fn an_object_is_created_once() {
    for (_guard, ledger) in ledgers() {
        ledger.store.create("crl/1.pem", b"one").await.unwrap();
        ledger.store.create("crl/1.pem", b"one").await.unwrap();
        assert!(matches!(ledger.store.create("crl/1.pem", b"two").await, Err(LedgerError::Taken { .. })));
        assert_eq!(ledger.store.read("crl/1.pem").await.unwrap().unwrap(), b"one");
        assert_eq!(ledger.store.read("crl/2.pem").await.unwrap(), None);
    }
}

#[tokio::test]
async fn the_ca_is_made_once_and_then_found() {
    for (_guard, ledger) in ledgers() {
        assert!(ledger.ca_certificate().await.unwrap().is_none());
        let made = ledger.open_or_create_authority(&passphrase("a"), new_authority(1)).await.unwrap();
        let found = ledger.open_or_create_authority(&passphrase("a"), new_authority(2)).await.unwrap();
        assert_eq!(made.certificate(), found.certificate());
        assert!(ledger.open_authority(&passphrase("b")).await.is_err());
    }
}

#[tokio::test]
async fn a_run_killed_between_key_and_certificate_is_picked_up() {
    let ledger = Ledger::new(Store::memory());
    let key = crate::testing::key();
    let locked = secret::encrypt(key, &passphrase("a"), new_authority(1).salt).unwrap();
    ledger.store.create("ca/ca.key", locked.as_bytes()).await.unwrap();
    let authority = ledger.open_or_create_authority(&passphrase("a"), new_authority(1)).await.unwrap();
    assert_eq!(authority.certificate().public_key_der(), key.public().spki_der());
}

#[tokio::test]
async fn no_ca_is_made_beside_certificates_of_one_that_is_gone() {
    let ledger = Ledger::new(Store::memory());
    let authority = crate::testing::authority();
    let issued = Issued::of(authority.certificate(), Role::User, None, provenance(1)).unwrap();
    ledger.record_issued(&issued).await.unwrap();
    let made = ledger.open_or_create_authority(&passphrase("a"), new_authority(1)).await;
    assert!(matches!(made, Err(authority::AuthorityError::CertificateMissing)));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_but_the_owner_can_read_the_ca_key() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::new(Store::folder(&folder.path().join("demo/ledger")).unwrap());
    ledger.open_or_create_authority(&passphrase("a"), new_authority(1)).await.unwrap();
    let mode = |path: &str| std::fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("demo/ledger"), 0o700);
    assert_eq!(mode("demo/ledger/ca/ca.key"), 0o600);
}

#[tokio::test]
async fn the_crl_with_the_highest_number_is_the_latest() {
    let ledger = Ledger::new(Store::memory());
    assert_eq!(ledger.latest_crl().await.unwrap(), None);
    let authority = crate::testing::authority();
    for number in [2, 9, 10] {
        ledger.record_crl(number, &authority.crl(number, &[], NOW).unwrap()).await.unwrap();
    }
    assert_eq!(ledger.latest_crl().await.unwrap().unwrap().number, 10);
}

#[tokio::test]
async fn an_issued_certificate_is_found_by_its_serial_number() {
    let ledger = Ledger::new(Store::memory());
    let authority = crate::testing::authority();
    let issued = Issued::of(authority.certificate(), Role::User, Some("ab".to_owned()), provenance(1)).unwrap();
    ledger.record_issued(&issued).await.unwrap();
    assert_eq!(ledger.issued(issued.serial).await.unwrap().as_ref(), Some(&issued));
    assert_eq!(ledger.all_issued().await.unwrap(), [issued]);
}

#[tokio::test]
async fn a_token_is_kept_until_its_attempt_is_over() {
    let ledger = Ledger::new(Store::memory());
    let begin = async |nonce| ledger.begin_attempt("demo", "create-endpoint", provenance(nonce)).await.unwrap();
    let first = begin(1).await;
    assert_eq!(begin(2).await, first);
    assert_eq!(ledger.finished_attempts("create-endpoint").await.unwrap(), 0);
    ledger.end_attempt(&first, "done").await.unwrap();
    assert_eq!(ledger.finished_attempts("create-endpoint").await.unwrap(), 1);
    let next = begin(3).await;
    assert_ne!(next.token, first.token);
    assert!(next.token.as_str().len() <= 64);
}

fn ledgers() -> Vec<(Option<tempfile::TempDir>, Ledger)> {
    let folder = tempfile::tempdir().unwrap();
    let local = Ledger::new(Store::folder(&folder.path().join("ledger")).unwrap());
    vec![(None, Ledger::new(Store::memory())), (Some(folder), local)]
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned().into())
}

fn new_authority(serial: u8) -> NewAuthority<'static> {
    NewAuthority {
        name: "demo",
        days: 3650,
        now: NOW,
        serial: Serial::from_random([serial; 16]),
        salt: Salt { salt: [1; 16], iv: [2; 16] },
    }
}

fn provenance(nonce: u8) -> Provenance {
    Provenance { who: "tester".to_owned(), when: NOW, nonce: Serial::from_random([nonce; 16]) }
}
