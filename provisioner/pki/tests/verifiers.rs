//! What the CA makes, judged by somebody else: the `openssl` binary and webpki.
//!
//! These are the two that matter in practice: OpenVPN verifies with OpenSSL, and webpki is the strictest reader at
//! hand. A missing `openssl` is a failure, not a skip.

#![expect(clippy::unwrap_used, clippy::unwrap_in_result, reason = "a test may fail where it stands")]

use std::{path::Path, process::Command};

use expect_test::{Expect, expect};
use pki::{
    authority::Authority,
    crl::Revoked,
    key::PrivateKey,
    policy,
    reason::Reason,
    request::{self, RequestRefusal},
    serial::Serial,
};
use profile::{certificate::Certificate, csr::CsrDraft, name::Domain};
use rcgen::SigningKey;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime, pem::PemObject};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime, macros::datetime};
use webpki::{EndEntityCert, KeyUsage, RevocationOptionsBuilder, anchor_from_trusted_cert};

#[test]
fn openssl_reads_the_table_of_certificates() {
    let bench = Bench::new();
    bench.check_text(
        "ca.crt",
        expect![[r#"
            subject=CN = Latchkey CA demo
            issuer=CN = Latchkey CA demo
            notBefore=Nov 23 11:00:00 2026 GMT
            notAfter=Nov 20 12:00:00 2036 GMT
            X509v3 Key Usage: critical
                Certificate Sign, CRL Sign
            X509v3 Basic Constraints: critical
                CA:TRUE, pathlen:0
        "#]],
    );
    bench.check_text(
        "server.crt",
        expect![[r#"
            subject=CN = vpn.example.com
            issuer=CN = Latchkey CA demo
            notBefore=Nov 23 11:00:00 2026 GMT
            notAfter=Feb 25 12:00:00 2029 GMT
            X509v3 Subject Alternative Name: 
                DNS:vpn.example.com
            X509v3 Key Usage: critical
                Digital Signature, Key Encipherment
            X509v3 Extended Key Usage: 
                TLS Web Server Authentication
        "#]],
    );
    bench.check_text(
        "alice.crt",
        expect![[r#"
            subject=CN = alice.vpn.example.com
            issuer=CN = Latchkey CA demo
            notBefore=Nov 23 11:00:00 2026 GMT
            notAfter=Dec 25 12:00:00 2027 GMT
            X509v3 Key Usage: critical
                Digital Signature
            X509v3 Extended Key Usage: 
                TLS Web Client Authentication
        "#]],
    );
}

#[test]
fn openssl_accepts_each_certificate_for_its_purpose_and_no_other() {
    let bench = Bench::new();
    for (purpose, file, accepted) in [
        ("sslserver", "server.crt", true),
        ("sslclient", "alice.crt", true),
        ("sslclient", "anchor.crt", true),
        ("sslclient", "server.crt", false),
        ("sslserver", "alice.crt", false),
    ] {
        let verified =
            bench.openssl(&["verify", "-x509_strict", "-attime", AT, "-CAfile", "ca.crt", "-purpose", purpose, file]);
        assert_eq!(verified.is_ok(), accepted, "{purpose} {file}: {verified:?}");
    }
}

#[test]
fn openssl_finds_the_anchor_on_the_crl_and_the_user_not() {
    let bench = Bench::new();
    bench.openssl(&["crl", "-in", "crl.pem", "-CAfile", "ca.crt", "-noout", "-verify"]).unwrap();
    let check = |file| {
        bench.openssl(&["verify", "-attime", AT, "-crl_check", "-CRLfile", "crl.pem", "-CAfile", "ca.crt", file])
    };
    check("alice.crt").unwrap();
    assert!(check("anchor.crt").unwrap_err().contains("certificate revoked"));
    // Ten years later less a day the list still holds: an expired one would lock everybody out.
    let facts = bench.openssl(&["crl", "-in", "crl.pem", "-noout", "-nextupdate", "-crlnumber"]).unwrap();
    expect![[r#"
        nextUpdate=Nov 20 12:00:00 2036 GMT
        crlNumber=0x01
    "#]]
    .assert_eq(&facts);
}

#[test]
fn openssl_reads_why_and_since_when_somebody_is_revoked() {
    let bench = Bench::new();
    for (reason, said) in [
        (Reason::KeyCompromise, Some("Key Compromise")),
        (Reason::AffiliationChanged, Some("Affiliation Changed")),
        (Reason::Superseded, Some("Superseded")),
        (Reason::CessationOfOperation, Some("Cessation Of Operation")),
        (Reason::CertificateHold, Some("Certificate Hold")),
        (Reason::PrivilegeWithdrawn, Some("Privilege Withdrawn")),
        // RFC 5280 section 5.3.1: then the extension is left out.
        (Reason::Unspecified, None),
    ] {
        let revoked = Revoked { serial: serial(4), since: NOW, reason };
        bench.write("why.pem", &bench.authority.crl(2, &[revoked], NOW).unwrap());
        let text = bench.openssl(&["crl", "-in", "why.pem", "-CAfile", "ca.crt", "-noout", "-text"]).unwrap();
        assert!(text.contains("Revocation Date: Nov 23 12:00:00 2026 GMT"), "{text}");
        let (_, after) = text.split_once("X509v3 CRL Reason Code:").unzip();
        let found = after.and_then(|after| after.trim_start().lines().next()).map(str::trim);
        assert_eq!(found, said, "{text}");
    }
}

#[test]
fn webpki_accepts_each_certificate_for_its_purpose_and_no_other() {
    let bench = Bench::new();
    assert_eq!(bench.webpki("server.crt", KeyUsage::server_auth()), Ok(()));
    assert_eq!(bench.webpki("alice.crt", KeyUsage::client_auth()), Ok(()));
    assert!(matches!(
        bench.webpki("alice.crt", KeyUsage::server_auth()),
        Err(webpki::Error::RequiredEkuNotFoundContext(_))
    ));
    assert_eq!(bench.webpki("anchor.crt", KeyUsage::client_auth()), Err(webpki::Error::CertRevoked));
}

#[test]
fn the_encrypted_ca_key_is_one_that_openssl_opens() {
    use pki::secret::{Passphrase, Salt};
    let bench = Bench::new();
    let passphrase = Passphrase::new("correct horse".to_owned().into());
    let locked = bench.authority.encrypted_key(&passphrase, Salt { salt: [1; 16], iv: [2; 16] }).unwrap();
    bench.write("ca.key", &locked);
    let public = bench.openssl(&["pkey", "-in", "ca.key", "-passin", "pass:correct horse", "-pubout"]).unwrap();
    assert_eq!(public, bench.openssl(&["x509", "-in", "ca.crt", "-noout", "-pubkey"]).unwrap());
    assert!(bench.openssl(&["pkey", "-in", "ca.key", "-passin", "pass:wrong horse", "-pubout"]).is_err());
}

/// rcgen's own way of signing requests makes this one a CA.
#[test]
fn a_request_for_a_ca_becomes_an_ordinary_client_certificate() {
    let bench = Bench::new();
    bench.write(
        "ca.cnf",
        "[req]\ndistinguished_name=dn\nreq_extensions=e\nprompt=no\n[dn]\nCN=mallory.vpn.example.com\n\
         [e]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nextendedKeyUsage=serverAuth\n\
         subjectAltName=DNS:vpn.example.com\n",
    );
    bench
        .openssl(&[
            "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-config", "ca.cnf", "-out", "m.csr",
        ])
        .unwrap();
    let asked = bench.openssl(&["req", "-in", "m.csr", "-noout", "-text"]).unwrap();
    assert!(asked.contains("CA:TRUE"), "the test's own request asks for nothing: {asked}");
    let (csr, name) = request::accept(&bench.read("m.csr"), &domain()).unwrap();
    let issued = bench
        .authority
        .issue(&policy::CLIENT, &name.to_string(), csr.public_key(), Duration::days(397), NOW, serial(9))
        .unwrap();
    bench.write("m.crt", &issued.to_pem());
    bench.check_text(
        "m.crt",
        expect![[r#"
            subject=CN = mallory.vpn.example.com
            issuer=CN = Latchkey CA demo
            notBefore=Nov 23 11:00:00 2026 GMT
            notAfter=Dec 25 12:00:00 2027 GMT
            X509v3 Key Usage: critical
                Digital Signature
            X509v3 Extended Key Usage: 
                TLS Web Client Authentication
        "#]],
    );
}

#[test]
fn requests_that_may_not_be_signed_are_refused_with_their_reason() {
    let bench = Bench::new();
    let refusal = |arguments: &[&str]| {
        let fixed = ["req", "-new", "-nodes", "-keyout", "k", "-out", "r.csr"];
        bench.openssl(&[fixed.as_slice(), arguments].concat()).unwrap();
        request::accept(&bench.read("r.csr"), &domain()).unwrap_err().to_string()
    };
    let subject = ["-subj", "/CN=bob.vpn.example.com"];
    let check = |actual: String, expected: Expect| expected.assert_eq(&actual);
    check(
        refusal(&[["-newkey", "rsa:1024"], subject].concat()),
        expect!["the RSA key has 1024 bits, it must have 2048"],
    );
    check(
        refusal(&[["-newkey", "ec"].as_slice(), &["-pkeyopt", "ec_paramgen_curve:P-256"], &subject].concat()),
        expect!["the key is not an RSA key (its algorithm is 1.2.840.10045.2.1); AWS Client VPN takes RSA keys only"],
    );
    check(
        refusal(&[["-newkey", "rsa:2048"], ["-subj", "/CN=bob.example.org"]].concat()),
        expect!["`bob.example.org` is not a name under `vpn.example.com`"],
    );
    check(
        refusal(&[["-newkey", "rsa:2048"], ["-subj", "/CN=anchor.vpn.example.com"]].concat()),
        expect!["`anchor.vpn.example.com` is reserved for a certificate of the deployment's own"],
    );
}

#[test]
fn a_request_signed_by_another_key_is_refused() {
    let (mine, yours) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
    let name = profile::name::CommonName::parse("alice.vpn.example.com", &domain()).unwrap();
    let draft = CsrDraft::new(&name, yours.public(), None);
    let signature = mine.sign(draft.to_be_signed()).unwrap();
    let pem = draft.assemble(&signature).unwrap().to_pem();
    assert!(matches!(request::accept(&pem, &domain()), Err(RequestRefusal::Possession)));
}

struct Bench {
    folder: TempDir,
    authority: Authority,
}

impl Bench {
    fn new() -> Self {
        let authority = Authority::self_signed(PrivateKey::generate().unwrap(), "demo", 3650, NOW, serial(1)).unwrap();
        let bench = Self { folder: tempfile::tempdir().unwrap(), authority };
        bench.write("ca.crt", &bench.authority.certificate().to_pem());
        let key = PrivateKey::generate().unwrap();
        for (file, policy, subject, days, serial_number) in [
            ("server.crt", policy::SERVER, "vpn.example.com", 825, serial(2)),
            ("anchor.crt", policy::CLIENT, "anchor.vpn.example.com", 3650, ANCHOR),
            ("alice.crt", policy::CLIENT, "alice.vpn.example.com", 397, serial(4)),
        ] {
            let issued = bench
                .authority
                .issue(&policy, subject, key.public(), Duration::days(days), NOW, serial_number)
                .unwrap();
            bench.write(file, &issued.to_pem());
        }
        bench.write(
            "crl.pem",
            &bench
                .authority
                .crl(1, &[Revoked { serial: ANCHOR, since: NOW, reason: Reason::Unspecified }], NOW)
                .unwrap(),
        );
        bench
    }

    /// What openssl says of a certificate, without key, serial number and identifiers, which differ in each run.
    fn check_text(&self, file: &str, expected: Expect) {
        let text = self
            .openssl(&[
                "x509",
                "-in",
                file,
                "-noout",
                "-subject",
                "-issuer",
                "-dates",
                "-ext",
                "basicConstraints,keyUsage,extendedKeyUsage,subjectAltName",
            ])
            .unwrap();
        expected.assert_eq(&text);
        let identifiers = ["subjectKeyIdentifier", "authorityKeyIdentifier"];
        for identifier in identifiers.iter().take(if file == "ca.crt" { 1 } else { 2 }) {
            let text = self.openssl(&["x509", "-in", file, "-noout", "-ext", identifier]).unwrap();
            assert!(text.contains(':'), "{file} has no {identifier}");
        }
    }

    fn webpki(&self, file: &str, usage: KeyUsage) -> Result<(), webpki::Error> {
        let ca = CertificateDer::from_pem_file(self.path("ca.crt")).unwrap();
        let anchors = [anchor_from_trusted_cert(&ca).unwrap()];
        let leaf = CertificateDer::from_pem_file(self.path(file)).unwrap();
        let crl = CertificateRevocationListDer::from_pem_file(self.path("crl.pem")).unwrap();
        let crl = webpki::BorrowedCertRevocationList::from_der(&crl).unwrap().to_owned().unwrap().into();
        let crls = [&crl];
        let revocation = RevocationOptionsBuilder::new(&crls).unwrap().build();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(AT.parse().unwrap()));
        EndEntityCert::try_from(&leaf)
            .unwrap()
            .verify_for_usage(
                &[webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256],
                &anchors,
                &[],
                now,
                usage,
                Some(revocation),
                None,
            )
            .map(|_| ())
    }

    fn openssl(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .expect("openssl is installed (package `openssl`)");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stdout) + &text(output.stderr)) }
    }

    fn path(&self, file: &str) -> std::path::PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, content: &str) {
        use std::io::Write;
        std::fs::File::create(self.path(file)).unwrap().write_all(content.as_bytes()).unwrap();
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(Path::new(&self.path(file))).unwrap()
    }
}

fn domain() -> Domain {
    "vpn.example.com".parse().unwrap()
}

const fn serial(n: u8) -> Serial {
    Serial::from_random([n; 16])
}

/// With its highest bit set, as half of all random serial numbers have: the encoding needs a zero byte before it.
const ANCHOR: Serial = serial(0xf3);

const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);
/// [`NOW`] as verifiers take it.
const AT: &str = "1795435200";

#[test]
fn the_moment_is_the_same_for_both() {
    assert_eq!(AT, NOW.unix_timestamp().to_string());
}

#[test]
fn profile_reads_what_the_ca_writes() {
    let bench = Bench::new();
    let alice = Certificate::from_pem(&bench.read("alice.crt")).unwrap();
    assert_eq!(alice.common_name().as_deref(), Some("alice.vpn.example.com"));
    assert_eq!(Serial::from_hex(&alice.serial_hex()), Some(serial(4)));
}
