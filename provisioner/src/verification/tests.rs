use std::sync::Mutex;

use time::Duration;

use super::*;
use crate::{
    ledger::{Deed, Ledger, Provenance, Store},
    pki::{
        authority::Authority,
        crl::Revoked,
        key::PrivateKey,
        policy::{self, Policy},
        reason::Reason,
    },
    testing::{NOW, authority},
};

#[tokio::test]
async fn a_ledger_as_latchkey_writes_it_is_in_order() {
    let ledger = ledger().await;
    let attempt = ledger.begin_attempt("demo", "associate/a", provenance(50)).await.unwrap();
    ledger.end_attempt(&attempt, "done").await.unwrap();
    let deed = Deed {
        command: "sign".to_owned(),
        subjects: Vec::new(),
        what: Vec::new(),
        caller: None,
        provenance: provenance(51),
    };
    ledger.log_begin(&deed).await.unwrap();
    let mut objects = ledger.objects().await.unwrap();
    add_ca(&mut objects);
    assert_eq!(objects.len(), 22, "{:?}", objects.keys());
    assert_eq!(verify(&objects, &domain(), false), []);
    assert_eq!(verify(&BTreeMap::new(), &domain(), false), [], "there is nothing yet");
}

#[tokio::test]
async fn what_the_ca_has_not_signed_is_told() {
    let (other, mut objects) = (other(), objects().await);
    let stranger = issued(&other, 2, Role::User, "alice", &policy::CLIENT);
    objects.insert(path(2), Object::Issued { name: serial(2), record: Box::new(stranger) });
    objects.insert("crl/1.pem".to_owned(), crl(&other, 1, 1, &[]));
    assert_eq!(told(&objects), [("crl/1.pem".to_owned(), "forged"), (path(2), "forged")]);
}

#[tokio::test]
async fn without_a_ca_nothing_can_be_trusted() {
    let mut objects = objects().await;
    objects.remove("ca/ca.key");
    assert_eq!(told(&objects), [("ca/ca.crt".to_owned(), "key-missing")]);
    assert_eq!(verify(&objects, &domain(), true), [], "it is in KMS");
    objects.insert("ca/ca.key".to_owned(), Object::Known);
    let certificate = read(&objects, 2).certificate;
    let user = Box::new(Certificate::from_pem(&certificate).unwrap());
    objects.insert("ca/ca.crt".to_owned(), Object::CaCertificate(user));
    assert!(told(&objects).contains(&("ca/ca.crt".to_owned(), "not-authority")));
    objects.remove("ca/ca.crt");
    let told = told(&objects);
    assert_eq!(told.len(), 6, "every certificate and CRL: {told:?}");
    assert!(told.iter().all(|(_, code)| *code == "no-authority"), "{told:?}");
}

#[tokio::test]
async fn a_record_is_held_against_its_certificate_and_its_name() {
    let day = Duration::DAY;
    let changes: [(&str, Change); 7] = [
        ("`subject` is not what the certificate says", |it| it.subject = "bob.vpn.example.com".to_owned()),
        ("`key_sha256` is not what the certificate says", |it| it.key_sha256 = "00".repeat(32)),
        ("`not_before` is not what the certificate says", |it| it.not_before += Duration::SECOND),
        ("`not_after` is not what the certificate says", |it| it.not_after += Duration::SECOND),
        ("`role` is not what the certificate says", |it| it.role = Role::Server),
        ("`role` is not what the certificate says", |it| it.role = Role::Anchor),
        ("is damaged", |it| it.certificate = it.certificate.replace("BEGIN", "BEGINNING")),
    ];
    let whole = objects().await;
    for (says, change) in changes {
        let mut objects = whole.clone();
        let mut record = read(&objects, 2);
        change(&mut record);
        objects.insert(path(2), Object::Issued { name: serial(2), record: Box::new(record) });
        assert_eq!(texts(&objects), [format!("{}: {says}", path(2))]);
    }
    let mut objects = whole.clone();
    objects.insert(path(9), Object::Issued { name: serial(9), record: Box::new(read(&whole, 2)) });
    assert_eq!(texts(&objects), [format!("{}: is the record of {}", path(9), serial(2))]);
    let mut renumbered = read(&whole, 2);
    renumbered.serial = serial(9);
    objects.insert(path(9), Object::Issued { name: serial(9), record: Box::new(renumbered) });
    assert_eq!(texts(&objects), [format!("{}: `serial` is not what the certificate says", path(9))]);
    let mut unlike = whole;
    let revoked = Revocation { not_after: NOW + day, ..decision(&unlike, 3, 1) };
    unlike.insert(revoked_path(3, 1), Object::Revoked { name: serial(3), number: 1, record: Box::new(revoked) });
    assert_eq!(told(&unlike), [(revoked_path(3, 1), "disagrees")]);
}

type Change = fn(&mut Issued);

/// Whoever gets a certificate of another role under a user's name must be seen, too.
#[tokio::test]
async fn a_role_is_a_name_and_a_purpose() {
    for (role, name, policy, is_well) in [
        (Role::User, "carol", &policy::CLIENT, true),
        (Role::User, "carol", &policy::SERVER, false),
        (Role::User, "carol", &policy::CA, false),
        (Role::User, "anchor", &policy::CLIENT, false),
        (Role::Anchor, "carol", &policy::CLIENT, false),
        (Role::Probe, "probe", &policy::CLIENT, true),
        (Role::Probe, "carol", &policy::CLIENT, false),
        // That of a CA that was adopted may have another name.
        (Role::Server, "old", &policy::SERVER, true),
        (Role::Server, "", &policy::SERVER, true),
        (Role::Server, "", &policy::CLIENT, false),
    ] {
        let mut objects = objects().await;
        let record = issued(&authority(), 9, role, name, policy);
        objects.insert(path(9), Object::Issued { name: serial(9), record: Box::new(record) });
        let expected = if is_well { vec![] } else { vec![(path(9), "disagrees")] };
        assert_eq!(told(&objects), expected, "{role:?} {name}");
    }
}

#[tokio::test]
async fn decisions_are_about_issued_certificates_and_have_no_gaps() {
    let whole = objects().await;
    let mut objects = whole.clone();
    objects.remove(&revoked_path(4, 1));
    assert_eq!(texts(&objects), [format!("{}: the decision before it, number 1, is missing", revoked_path(4, 2))]);
    let mut objects = whole.clone();
    objects.remove(&path(3));
    assert_eq!(told(&objects), [(revoked_path(3, 1), "never-issued")]);
    let mut adopted = decision(&objects, 3, 1);
    adopted.provenance.who = adoption::adopted_by("admin");
    objects.insert(revoked_path(3, 1), Object::Revoked { name: serial(3), number: 1, record: Box::new(adopted) });
    assert_eq!(told(&objects), [], "the old PKI had kept no certificate");
    let mut objects = whole.clone();
    let again = decision(&objects, 3, 1);
    objects.insert(revoked_path(3, 2), Object::Revoked { name: serial(3), number: 2, record: Box::new(again) });
    assert_eq!(told(&objects), [(revoked_path(3, 2), "idle")]);
    let mut objects = whole;
    let undone = Revocation { act: Act::Undo, ..decision(&objects, 3, 1) };
    objects.insert(revoked_path(3, 1), Object::Revoked { name: serial(3), number: 1, record: Box::new(undone) });
    let told = told(&objects);
    assert_eq!(told, [("crl/2.pem".to_owned(), "wrongly-listed"), (revoked_path(3, 1), "idle")]);
    let mut objects = self::objects().await;
    let other = Revocation { serial: serial(2), ..decision(&objects, 3, 1) };
    objects.insert(revoked_path(3, 1), Object::Revoked { name: serial(3), number: 1, record: Box::new(other) });
    assert!(self::told(&objects).contains(&(revoked_path(3, 1), "misnamed")));
}

#[tokio::test]
async fn the_latest_crl_lists_what_is_revoked_and_every_crl_has_its_number() {
    let whole = objects().await;
    let mut objects = whole.clone();
    objects.insert("crl/2.pem".to_owned(), crl(&authority(), 3, 2, &[1, 3]));
    assert_eq!(texts(&objects), ["crl/2.pem: its extension says number 3"]);
    let mut objects = whole.clone();
    objects.insert("crl/7.pem".to_owned(), crl(&authority(), 7, 7, &[1, 2]));
    let (unlisted, wrong) = (serial(3), serial(2));
    assert_eq!(
        texts(&objects),
        [
            format!("crl/7.pem: is the latest and does not list {unlisted}, which is revoked"),
            format!("crl/7.pem: is the latest and lists {wrong}, which the ledger does not know as revoked"),
        ]
    );
    let mut objects = whole;
    objects.insert("crl/2.pem".to_owned(), crl(&authority(), 2, 2, &[1, 3, 4]));
    assert_eq!(told(&objects), [("crl/2.pem".to_owned(), "wrongly-listed")], "it is no longer on hold");
}

#[tokio::test]
async fn what_is_not_latchkeys_or_damaged_is_told_by_its_name() {
    let mut objects = objects().await;
    let end = "log/x.end.json".to_owned();
    objects.insert("notes.txt".to_owned(), Object::of("notes.txt", b""));
    objects.insert(path(9), Object::of(&path(9), b"{"));
    objects.insert(end.clone(), Object::End { beginning: "log/x.json".to_owned() });
    let expected = [(path(9), "damaged"), (end, "no-beginning"), ("notes.txt".to_owned(), "foreign")];
    assert_eq!(told(&objects), expected);
}

#[tokio::test]
async fn what_commands_would_not_find_is_told() {
    let mut objects = objects().await;
    objects.insert(index::COMPLETE.to_owned(), Object::Known);
    let record = read(&objects, 2);
    let (entry, claim) = (index::entry(&record), index::claim_path(&record.key_sha256));
    assert!(objects.remove(&entry).is_some());
    assert_eq!(told(&objects), [(path(2), "unindexed")]);
    objects.insert(entry, Object::Known);
    objects.insert(claim, Object::Claim { subject: "mallory.vpn.example.com".to_owned() });
    assert!(told(&objects).contains(&(path(2), "key-of-another")));
}

fn told(objects: &BTreeMap<String, Object>) -> Vec<(String, &'static str)> {
    let findings = verify(objects, &domain(), false);
    findings.into_iter().map(|Finding { path, trouble }| (path, trouble.code())).collect()
}

fn texts(objects: &BTreeMap<String, Object>) -> Vec<String> {
    verify(objects, &domain(), false).iter().map(ToString::to_string).collect()
}

async fn objects() -> BTreeMap<String, Object> {
    let mut objects = ledger().await.objects().await.unwrap();
    // What the index has is judged where it is complete: not where tests put records in by themselves.
    objects.remove(index::COMPLETE);
    add_ca(&mut objects);
    objects
}

fn add_ca(objects: &mut BTreeMap<String, Object>) {
    for (path, content) in [("ca/ca.crt", authority().certificate().to_pem()), ("ca/ca.key", String::new())] {
        objects.insert(path.to_owned(), Object::of(path, content.as_bytes()));
    }
}

/// A CA, the anchor (1), `alice` (2), `bob` who is revoked (3), and `carol` who was on hold (4); two CRLs.
async fn ledger() -> Ledger {
    let (ledger, authority) = (Ledger::new(Store::memory()), authority());
    let anchor = issued(&authority, 1, Role::Anchor, "anchor", &policy::CLIENT);
    let users = [(2, "alice"), (3, "bob"), (4, "carol")];
    let [alice, bob, carol] = users.map(|(n, name)| issued(&authority, n, Role::User, name, &policy::CLIENT));
    for issued in [&anchor, &alice, &bob, &carol] {
        ledger.record_issued(issued).await.unwrap();
    }
    let hold = Act::Revoke(Reason::CertificateHold);
    for (n, issued, act) in [(10, &carol, hold), (11, &carol, Act::Undo), (12, &bob, Act::Revoke(Reason::Superseded))] {
        assert!(ledger.record_revocation(issued, act, provenance(n)).await.unwrap());
    }
    for (number, listed) in [(1, &[1, 4][..]), (2, &[1, 3])] {
        ledger.record_crl(number, &authority.crl(number, &revoked(listed), NOW).unwrap()).await.unwrap();
    }
    ledger
}

fn issued(authority: &Authority, n: u8, role: Role, name: &str, policy: &Policy) -> Issued {
    let subject = if name.is_empty() { domain().to_string() } else { format!("{name}.{}", domain()) };
    let certificate = authority.issue(policy, &subject, &key_of(&subject), Duration::WEEK, NOW, serial(n)).unwrap();
    Issued::of(&certificate, role, None, provenance(n)).unwrap()
}

/// Everybody has their own, as the ledger demands.
fn key_of(subject: &str) -> PublicKey {
    static KEYS: Mutex<BTreeMap<String, PublicKey>> = Mutex::new(BTreeMap::new());
    let new = || PrivateKey::generate().unwrap().public().clone();
    KEYS.lock().unwrap().entry(subject.to_owned()).or_insert_with(new).clone()
}

fn crl(authority: &Authority, number: u64, name: u64, listed: &[u8]) -> Object {
    let pem = authority.crl(number, &revoked(listed), NOW).unwrap();
    Object::Crl { name, crl: Box::new(Crl::from_pem(&pem).unwrap()) }
}

fn revoked(listed: &[u8]) -> Vec<Revoked> {
    listed.iter().map(|n| Revoked { serial: serial(*n), since: NOW, reason: Reason::Unspecified }).collect()
}

fn read(objects: &BTreeMap<String, Object>, n: u8) -> Issued {
    let Object::Issued { record, .. } = &objects[&path(n)] else { panic!("no record") };
    (**record).clone()
}

fn decision(objects: &BTreeMap<String, Object>, n: u8, number: u32) -> Revocation {
    let Object::Revoked { record, .. } = &objects[&revoked_path(n, number)] else { panic!("no decision") };
    (**record).clone()
}

fn other() -> Authority {
    let key = PrivateKey::generate().unwrap();
    Authority::self_signed(key, "demo", 3650, NOW, Serial::from_random([8; 16])).unwrap()
}

fn path(n: u8) -> String {
    format!("issued/{}.json", serial(n))
}

fn revoked_path(n: u8, number: u32) -> String {
    let more = if number == 1 { String::new() } else { format!(".{number}") };
    format!("revoked/{}{more}.json", serial(n))
}

fn serial(n: u8) -> Serial {
    Serial::from_random([n; 16])
}

fn provenance(n: u8) -> Provenance {
    Provenance { who: "tester".to_owned(), when: NOW, nonce: serial(n) }
}

fn domain() -> Domain {
    "vpn.example.com".parse().unwrap()
}
