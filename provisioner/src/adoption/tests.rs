use time::Duration;

use super::*;
use crate::{
    pki::{authority::Authority, crl::Revoked, key::PrivateKey, policy},
    testing::{NOW, authority, key},
};

#[test]
fn a_whole_pki_is_taken_over() {
    let authority = authority();
    let (server, alice, bob) = (
        issue(&authority, &policy::SERVER, "vpn.example.com", 2),
        issue(&authority, &policy::CLIENT, "alice", 3),
        issue(&authority, &policy::CLIENT, "bob.vpn.example.com", 4),
    );
    let revoked = Revoked { serial: serial(4), since: NOW, reason: Reason::Superseded };
    let files = Files {
        ca: authority.certificate().to_pem(),
        index: format!("{}{}{}", line("V", "", 2), line("V", "", 3), line("R", "261123120000Z,superseded", 4))
            + "E\t200101000000Z\t\t09\tunknown\t/CN=old\n",
        certificates: [("a", &server), ("b", &alice), ("c", &bob), ("again", &bob), ("ca", authority.certificate())]
            .map(|(path, it)| (path.to_owned(), it.to_pem()))
            .into(),
        crl: Some(authority.crl(41, &[revoked], NOW).unwrap()),
    };
    let adoption = Adoption::of(&files, NOW).unwrap();
    let issued: Vec<_> = adoption.issued.iter().map(|it| (it.serial, it.role, it.subject.as_str())).collect();
    assert_eq!(
        issued,
        [
            (serial(2), Role::Server, "vpn.example.com"),
            (serial(3), Role::User, "alice"),
            (serial(4), Role::User, "bob.vpn.example.com")
        ]
    );
    let since = NOW;
    let not_after = adoption.revoked[0].not_after;
    let superseded = AdoptedRevocation { serial: serial(4), not_after, since, reason: Reason::Superseded };
    assert_eq!(adoption.revoked, [superseded]);
    assert_eq!((adoption.crl_number, adoption.forgotten), (41, 1));
    let record = adoption.issued[1].record("carol", serial(9));
    assert_eq!(Issued::of(&alice, Role::User, None, record.provenance.clone()).as_ref(), Some(&record));
    assert_eq!(record.provenance.who, "carol (adopted)");
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let (authority, other) = (authority(), other());
    let alices = key();
    let alice = issue_for(&authority, &policy::CLIENT, "alice", 3, alices);
    let good = Files {
        ca: authority.certificate().to_pem(),
        index: line("V", "", 3),
        certificates: vec![("alice.crt".to_owned(), alice.to_pem())],
        crl: None,
    };
    Adoption::of(&good, NOW).unwrap();
    let revoked = [Revoked { serial: serial(3), since: NOW, reason: Reason::Unspecified }];
    let cases: [(&str, Files); 12] = [
        ("`ca.crt` cannot be read", Files { ca: String::new(), ..good.clone() }),
        ("not the certificate of a CA", Files { ca: alice.to_pem(), ..good.clone() }),
        ("damaged in line 2", Files { index: good.index.clone() + "V\t1\n", ..good.clone() }),
        ("twice", Files { index: line("V", "", 3).repeat(2), ..good.clone() }),
        ("`alice.crt` was not signed by this CA", Files { ca: other.certificate().to_pem(), ..good.clone() }),
        ("there is no file of it", Files { certificates: vec![], ..good.clone() }),
        (
            "more than 128 bits",
            Files { index: good.index.replace(&serial(3).to_string(), &"5a".repeat(20)), ..good.clone() },
        ),
        (
            "the serial number of another certificate",
            Files {
                certificates: vec![
                    ("alice.crt".to_owned(), alice.to_pem()),
                    ("b".to_owned(), issue(&authority, &policy::CLIENT, "b", 3).to_pem()),
                ],
                ..good.clone()
            },
        ),
        (
            "`alice` and `mallory` have the same key",
            Files {
                index: good.index.clone() + &line("V", "", 4),
                certificates: vec![
                    ("alice.crt".to_owned(), alice.to_pem()),
                    ("m".to_owned(), issue_for(&authority, &policy::CLIENT, "mallory", 4, alices).to_pem()),
                ],
                ..good.clone()
            },
        ),
        ("`x` cannot be read", Files { certificates: vec![("x".to_owned(), "x".to_owned())], ..good.clone() }),
        ("not a CRL of this CA", Files { crl: Some(other.crl(1, &[], NOW).unwrap()), ..good.clone() }),
        (
            "which `index.txt` does not have",
            Files { crl: Some(authority.crl(1, &revoked, NOW).unwrap()), ..good.clone() },
        ),
    ];
    for (words, files) in cases {
        let refusal = Adoption::of(&files, NOW).unwrap_err().to_string();
        assert!(refusal.contains(words), "{words}: {refusal}");
    }
    let late = Adoption::of(&good, NOW + Duration::days(3650)).unwrap_err();
    assert!(matches!(late, AdoptionRefusal::CaExpired { .. }), "{late}");
}

fn line(state: &str, revocation: &str, n: u8) -> String {
    format!("{state}\t290227171218Z\t{revocation}\t{}\tunknown\t/CN=x\n", serial(n))
}

fn issue(authority: &Authority, policy: &policy::Policy, subject: &str, n: u8) -> Certificate {
    issue_for(authority, policy, subject, n, &PrivateKey::generate().unwrap())
}

fn issue_for(authority: &Authority, policy: &policy::Policy, subject: &str, n: u8, key: &PrivateKey) -> Certificate {
    authority.issue(policy, subject, key.public(), Duration::days(397), NOW, serial(n)).unwrap()
}

fn other() -> Authority {
    Authority::self_signed(PrivateKey::generate().unwrap(), "demo", 3650, NOW, serial(1)).unwrap()
}

fn serial(n: u8) -> Serial {
    Serial::from_random([n; 16])
}
