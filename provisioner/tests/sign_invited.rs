//! `latchkey sign` of requests that carry an invite.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod bench;

use std::fs;

use profile::{challenge::Challenge, csr::Csr, invite::Invite};
use provisioner::{
    ledger::{Act, Ledger, Provenance, Store},
    pki::{key::PrivateKey, reason::Reason, serial::Serial},
};

use crate::bench::{Bench, now, status, text};

#[test]
fn an_invited_request_is_signed_unasked_and_no_other_is() {
    let bench = on_aws();
    let invite = bench.invitation("alice");
    bench.request_with("alice.csr", ALICE, &key(), Some(&invite.password()));
    let signed = bench.latchkey(&["sign", "alice.csr"]);
    assert_eq!(status(&signed), 0, "{signed:?}");
    assert!(text(&signed.stderr).contains("was invited: nobody was asked"), "{signed:?}");
    let listed = text(&bench.latchkey(&["invite", "--list"]).stdout);
    assert!(listed.contains("alice  used"), "{listed}");
    // A password of somebody's own is no invite.
    let password = Challenge::new("hunter2".to_owned().into()).unwrap();
    bench.request_with("bob.csr", "bob.vpn.example.com", &key(), Some(&password));
    let unasked = bench.latchkey(&["sign", "bob.csr"]);
    assert_eq!(status(&unasked), 2, "{unasked:?}");
    assert!(text(&unasked.stderr).contains("six words"), "{unasked:?}");
}

#[test]
fn every_other_invite_is_refused_for_its_own_reason() {
    let bench = on_aws();
    let used = bench.invitation("alice");
    bench.request_with("first.csr", ALICE, &key(), Some(&used.password()));
    assert_eq!(status(&bench.latchkey(&["sign", "first.csr", "--out", "first.crt"])), 0);
    bench.request_with("used.csr", ALICE, &key(), Some(&used.password()));

    let bobs = bench.invitation("bob");
    bench.request_with("others.csr", ALICE, &key(), Some(&bobs.password()));
    let guessed = format!("latchkey-invite.1.{}.{}", bobs.id(), "0".repeat(32));
    let guessed = Challenge::new(guessed.into()).unwrap();
    bench.request_with("guessed.csr", "bob.vpn.example.com", &key(), Some(&guessed));

    let expired = bench.invitation("carol");
    bench.age(&expired);
    bench.request_with("expired.csr", "carol.vpn.example.com", &key(), Some(&expired.password()));

    let cancelled = bench.invitation("dave");
    assert_eq!(status(&bench.latchkey(&["invite", "--cancel", &cancelled.id().to_string()])), 0);
    bench.request_with("cancelled.csr", "dave.vpn.example.com", &key(), Some(&cancelled.password()));

    let of_another = Bench::new().invitation("erin");
    bench.request_with("unknown.csr", "erin.vpn.example.com", &key(), Some(&of_another.password()));
    let newer = Challenge::new("latchkey-invite.2.abc".to_owned().into()).unwrap();
    bench.request_with("newer.csr", "erin.vpn.example.com", &key(), Some(&newer));
    let cut = Challenge::new("latchkey-invite.1.0123".to_owned().into()).unwrap();
    bench.request_with("cut.csr", "erin.vpn.example.com", &key(), Some(&cut));

    let before = bench.files();
    for (file, reason) in [
        ("used.csr", "was used on"),
        ("others.csr", "is for `bob`, not for `alice`"),
        ("guessed.csr", "does not have the secret of the invite"),
        ("expired.csr", "has expired on"),
        ("cancelled.csr", "was cancelled on"),
        ("unknown.csr", "is not one of this deployment"),
        ("newer.csr", "the invitation has version 2"),
        ("cut.csr", "the invitation is damaged or not complete"),
    ] {
        let refused = bench.latchkey(&["sign", file, "--yes"]);
        assert_eq!(status(&refused), 3, "{file}: {refused:?}");
        assert!(text(&refused.stderr).contains(reason), "{file}: {}", text(&refused.stderr));
        assert!(text(&refused.stderr).contains("latchkey invite "), "{file}: no hint");
    }
    assert_eq!(bench.files(), before);
}

/// What an interruption leaves, object by object: the invite used, the certificate recorded, the file written.
#[test]
fn the_request_that_used_an_invite_goes_on_wherever_it_was_interrupted() {
    let bench = on_aws();
    let invite = bench.invitation("alice");
    bench.request_with("alice.csr", ALICE, &key(), Some(&invite.password()));
    bench.request_with("mallory.csr", ALICE, &key(), Some(&invite.password()));
    assert_eq!(status(&bench.latchkey(&["sign", "alice.csr"])), 0);
    let certificate = bench.read("alice.crt");
    // After the record, before the file.
    fs::remove_file(bench.path("alice.crt")).unwrap();
    assert_eq!(status(&bench.latchkey(&["sign", "alice.csr"])), 0);
    assert_eq!(bench.read("alice.crt"), certificate);
    // After the invite was used, before the record; and the invite has expired since.
    let records = bench.path(".latchkey/demo/ledger/issued");
    let record = fs::read_dir(&records).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(&record).unwrap();
    fs::remove_file(bench.path("alice.crt")).unwrap();
    bench.age(&invite);
    assert_eq!(status(&bench.latchkey(&["sign", "mallory.csr"])), 3);
    assert_eq!(fs::read_dir(&records).unwrap().count(), 0);
    assert_eq!(status(&bench.latchkey(&["sign", "alice.csr"])), 0);
    assert!(record.exists(), "another serial number than the one that was decided: {record:?}");
    assert_eq!(status(&bench.latchkey(&["sign", "mallory.csr"])), 3);
    assert_eq!(fs::read_dir(&records).unwrap().count(), 1);
}

#[test]
fn of_many_who_use_an_invite_at_once_one_gets_a_certificate() {
    let bench = on_aws();
    let invite = bench.invitation("alice");
    let files: Vec<String> = (0..6).map(|number| format!("alice-{number}.csr")).collect();
    let other = key();
    for file in &files {
        // Two of them are the same person's, who is refused once only.
        bench.request_with(file, ALICE, &other, Some(&invite.password()));
    }
    for file in files.iter().skip(2) {
        bench.request_with(file, ALICE, &key(), Some(&invite.password()));
    }
    let codes: Vec<i32> = std::thread::scope(|scope| {
        let sign = |file: &String| status(&bench.latchkey(&["sign", file, "--out", &file.replace("csr", "crt")]));
        let running: Vec<_> = files.iter().map(|file| scope.spawn(move || sign(file))).collect();
        running.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let records = fs::read_dir(bench.path(".latchkey/demo/ledger/issued")).unwrap().count();
    assert_eq!(records, 1, "{codes:?}");
    let signed: Vec<&String> = files.iter().zip(&codes).filter(|(_, code)| **code == 0).map(|(file, _)| file).collect();
    let request = |file: &String| Csr::from_pem(&bench.read(file)).unwrap().fingerprint();
    assert!(!signed.is_empty() && signed.iter().all(|file| request(file) == request(signed[0])), "{codes:?}");
    assert!(codes.iter().all(|code| [0, 3].contains(code)), "{codes:?}");
}

#[test]
fn whoever_is_on_hold_gets_neither_invite_nor_certificate() {
    let bench = Bench::new();
    bench.request("alice.csr", ALICE, &key());
    assert_eq!(status(&bench.latchkey(&["sign", "alice.csr"])), 0);
    let invite = bench.invitation("alice");
    bench.revoke("alice.crt", Reason::CertificateHold);
    bench.request("new.csr", ALICE, &key());
    bench.request_with("invited.csr", ALICE, &key(), Some(&invite.password()));
    for file in ["alice.csr", "new.csr", "invited.csr"] {
        let refused = bench.latchkey(&["sign", file, "--out", "new.crt", "--yes"]);
        assert_eq!(status(&refused), 3, "{file}: {refused:?}");
        assert!(text(&refused.stderr).contains("`alice.vpn.example.com` is on hold"), "{file}: {refused:?}");
        assert!(text(&refused.stderr).contains("hint: `latchkey revoke alice --undo`"), "{file}: {refused:?}");
    }
    let refused = bench.latchkey(&["invite", "alice", "--yes"]);
    assert_eq!(status(&refused), 3, "{refused:?}");
}

#[test]
fn an_invite_does_not_bring_back_who_was_revoked_since() {
    let bench = Bench::new();
    bench.request("alice.csr", ALICE, &key());
    assert_eq!(status(&bench.latchkey(&["sign", "alice.csr"])), 0);
    let invite = bench.invitation("alice");
    bench.request_with("invited.csr", ALICE, &key(), Some(&invite.password()));
    bench.revoke("alice.crt", Reason::CessationOfOperation);
    let refused = bench.latchkey(&["sign", "invited.csr", "--out", "new.crt", "--yes"]);
    assert_eq!(status(&refused), 3, "{refused:?}");
    assert!(text(&refused.stderr).contains("was made before `alice` was revoked"), "{refused:?}");
    assert!(!bench.path("new.crt").exists());
}

/// Whoever revokes somebody need not know that there is a link in their mail.
#[test]
fn revoking_takes_back_what_invites_are_open_whatever_was_revoked_before() {
    let bench = Bench::new();
    bench.request("alice.csr", ALICE, &key());
    assert_eq!(status(&bench.latchkey(&["sign", "alice.csr"])), 0);
    bench.revoke("alice.crt", Reason::KeyCompromise);
    next_second();
    // For a new device: and then she leaves.
    let invite = bench.invitation("alice");
    bench.request_with("invited.csr", ALICE, &key(), Some(&invite.password()));
    // All else that it does needs an endpoint.
    let revoked = bench.without_aws(&["revoke", "alice", "--yes"]);
    assert_eq!(status(&revoked), 4, "{revoked:?}");
    let refused = bench.latchkey(&["sign", "invited.csr", "--out", "new.crt", "--yes"]);
    assert_eq!(status(&refused), 3, "{refused:?}");
    assert!(text(&refused.stderr).contains("was cancelled on"), "{refused:?}");
    assert!(!bench.path("new.crt").exists());

    // What is superseded already is no reason to leave the invite.
    bench.request("carol.csr", "carol.vpn.example.com", &key());
    assert_eq!(status(&bench.latchkey(&["sign", "carol.csr"])), 0);
    bench.revoke("carol.crt", Reason::Superseded);
    bench.invite("carol");
    assert_eq!(status(&bench.without_aws(&["revoke", "carol", "--yes"])), 4);
    let listed = text(&bench.latchkey(&["invite", "--list"]).stdout);
    assert!(listed.contains("carol  cancelled"), "{listed}");

    // The first is taken back by the second, and is told of no more.
    bench.invite("bob");
    let invite = bench.invitation("bob");
    bench.request_with("bob.csr", "bob.vpn.example.com", &key(), Some(&invite.password()));
    let superseded = bench.latchkey(&["revoke", "bob", "--reason", "superseded", "--yes"]);
    assert_eq!(status(&superseded), 2, "{superseded:?}");
    let revoked = bench.latchkey(&["revoke", "bob", "--yes"]);
    assert_eq!(status(&revoked), 0, "who has no certificate needs no endpoint: {revoked:?}");
    let said = text(&revoked.stdout);
    assert_eq!(said, format!("The invite `{}` of `bob` no longer works.\n", invite.id()));
    assert_eq!(status(&bench.latchkey(&["sign", "bob.csr", "--yes"])), 3);
    assert!(text(&bench.latchkey(&["log"]).stdout).contains(&format!("invite {} taken back", invite.id())));
    assert_eq!(status(&bench.latchkey(&["revoke", "bob", "--yes"])), 2, "there is nothing left");
}

/// Somebody is revoked while their request is being signed, or before that goes on: the serial number is decided by then.
#[test]
fn a_certificate_that_comes_after_its_users_revocation_is_revoked_and_not_handed_over() {
    let bench = Bench::new();
    bench.request("old.csr", ALICE, &key());
    assert_eq!(status(&bench.latchkey(&["sign", "old.csr", "--out", "old.crt"])), 0);
    bench.revoke("old.crt", Reason::KeyCompromise);
    next_second();
    let invite = bench.invitation("alice");
    bench.request_with("invited.csr", ALICE, &key(), Some(&invite.password()));
    assert_eq!(status(&bench.latchkey(&["sign", "invited.csr", "--out", "new.crt"])), 0);
    let serial = bench.serial("new.crt");
    let record = bench.path(&format!(".latchkey/demo/ledger/issued/{serial}.json"));
    fs::remove_file(&record).unwrap();
    fs::remove_file(bench.path("new.crt")).unwrap();
    let revoked = bench.without_aws(&["revoke", "alice", "--reason", "cessationOfOperation", "--yes"]);
    assert_eq!(status(&revoked), 4, "{revoked:?}");
    let refused = bench.latchkey(&["sign", "invited.csr", "--out", "new.crt"]);
    assert_eq!(status(&refused), 3, "{refused:?}");
    let said = text(&refused.stderr);
    assert!(said.contains("was revoked (cessationOfOperation) while this was being signed"), "{said}");
    assert!(record.exists() && !bench.path("new.crt").exists());
    let users = text(&bench.latchkey(&["users", "--csv"]).stdout);
    assert!(users.lines().filter(|line| line.contains("alice")).all(|line| line.contains("revoked")), "{users}");
    let verified = bench.latchkey(&["ledger", "verify"]);
    assert_eq!(status(&verified), 0, "{verified:?}");
}

#[test]
fn a_second_key_is_signed_and_the_older_certificate_is_told_of() {
    let bench = Bench::new();
    bench.request("alice.csr", ALICE, &key());
    assert_eq!(status(&bench.latchkey(&["sign", "alice.csr"])), 0);
    bench.request("new.csr", ALICE, &key());
    next_second();
    let renewed = bench.latchkey(&["sign", "new.csr", "--out", "new.crt"]);
    assert_eq!(status(&renewed), 0, "{renewed:?}");
    let told = text(&renewed.stderr);
    assert!(told.contains("already, for another key"), "{told}");
    let serial = bench.serial("alice.crt");
    assert!(told.contains(&format!("latchkey revoke --serial {serial} --reason superseded")), "{told}");
    // The older one is signed again: what is newer is not called older.
    let again = bench.latchkey(&["sign", "alice.csr"]);
    assert!(!text(&again.stderr).contains("older"), "{again:?}");
}

/// A bench on which nothing is signed unasked.
fn on_aws() -> Bench {
    let bench = Bench::new();
    bench.write("latchkey.toml", &bench.read("latchkey.toml").replace("target = \"sandbox\"", "target = \"aws\""));
    bench
}

impl Bench {
    fn invitation(&self, user: &str) -> Invite {
        Invite::from_fragment(&self.invite(user)).unwrap()
    }

    /// Has an invite expired: nothing else of its record changes.
    fn age(&self, invite: &Invite) {
        let file = format!(".latchkey/demo/ledger/invites/{}.json", invite.id());
        let record = self.read(&file);
        let (before, after) = record.split_once("\"expires\": \"20").unwrap();
        self.write(&file, &format!("{before}\"expires\": \"19{after}"));
    }

    fn serial(&self, certificate: &str) -> String {
        let pem = self.read(certificate);
        let first = pem.split_inclusive("END CERTIFICATE-----\n").next().unwrap();
        let certificate = profile::certificate::Certificate::from_pem(first).unwrap();
        Serial::from_hex(&certificate.serial_hex()).unwrap().to_string()
    }

    /// Records a revocation. All else that `revoke` does needs an endpoint.
    fn revoke(&self, certificate: &str, reason: Reason) {
        let serial = Serial::from_hex(&self.serial(certificate)).unwrap();
        let ledger = Ledger::new(Store::folder(&self.path(".latchkey/demo/ledger")).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let issued = ledger.issued(serial).await.unwrap().unwrap();
            let provenance = Provenance { who: "tester".to_owned(), when: now(), nonce: serial };
            assert!(ledger.record_revocation(&issued, Act::Revoke(reason), provenance).await.unwrap());
        });
    }
}

/// What was before and what after, records say in seconds.
fn next_second() {
    std::thread::sleep(std::time::Duration::from_secs(1));
}

fn key() -> PrivateKey {
    PrivateKey::generate().unwrap()
}

const ALICE: &str = "alice.vpn.example.com";
