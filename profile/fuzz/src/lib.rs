//! What is fuzzed, one function for each kind of input; each panics where a property does not hold.

use profile::{
    bundle::Bundle,
    certificate::Certificate,
    challenge::Challenge,
    csr::Csr,
    invite::{Credential, Invite},
    name::{CommonName, Domain},
    ovpn::Document,
    pem,
    words::words,
};

/// A target's name and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 5] =
    [("csr", csr), ("certificate", certificate), ("ovpn", ovpn), ("bundle", bundle), ("invite", invite)];

/// A request, as its PEM and as the DER inside.
pub fn csr(data: &[u8]) {
    for text in [String::from_utf8_lossy(data).into_owned(), pem::encode("CERTIFICATE REQUEST", data)] {
        let Ok(csr) = Csr::from_pem(&text) else { continue };
        assert_eq!(Csr::from_pem(&csr.to_pem()).as_ref(), Ok(&csr));
        assert!(csr.signed().is_ok());
        assert_eq!(csr.public_key().modulus().len(), 256);
        words(&csr.public_key().fingerprint());
        let domain: Domain = "vpn.example.com".parse().expect("a domain");
        if let Ok(name) = CommonName::parse(csr.common_name(), &domain) {
            assert_eq!(name.to_string(), csr.common_name());
        }
        if let Some(challenge) = csr.challenge() {
            drop(Credential::from_password(challenge));
        }
    }
}

/// A certificate, as its PEM and as the DER inside.
pub fn certificate(data: &[u8]) {
    let found = [Certificate::from_pem(&String::from_utf8_lossy(data)), Certificate::from_der(data.to_vec())];
    for certificate in found.into_iter().flatten() {
        assert_eq!(Certificate::from_pem(&certificate.to_pem()).as_ref(), Ok(&certificate));
        drop((certificate.signed(), certificate.serial_hex(), certificate.is_ca()));
    }
}

/// A client configuration that becomes a profile.
pub fn ovpn(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(document) = Document::parse(&text) else { return };
    drop(document.remote().map(|remote| remote.port));
    if let Ok(labelled) = document.with_random_label("label") {
        assert!(labelled.remote().is_ok());
        // One label is enough.
        assert_eq!(labelled.with_random_label("label").as_ref().map(|again| again.remote().is_ok()), Ok(true));
    }
    let block = |label| pem::encode(label, b"0123456789");
    if let Ok(profile) = document.with_identity(&block("CERTIFICATE"), &block("PRIVATE KEY")) {
        let profile = Document::parse(&profile).expect("a profile is a configuration");
        assert!(profile.block("cert").is_some() && profile.block("key").is_some());
        assert_eq!(profile.remote().ok(), document.remote().ok());
        for directive in ["up", "down", "plugin", "script-security", "route-up", "tls-verify"] {
            assert!(!profile.has(directive), "{directive}");
        }
    }
}

/// What the page fetches first.
pub fn bundle(data: &[u8]) {
    let Ok(bundle) = Bundle::from_json(&String::from_utf8_lossy(data)) else { return };
    let written = bundle.to_json().expect("what was read can be written");
    assert_eq!(Bundle::from_json(&written).ok(), Some(bundle));
}

/// An invite's link and the password in a request.
pub fn invite(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    if let Ok(invite) = Invite::from_fragment(&text) {
        assert_eq!(Invite::from_fragment(&invite.to_fragment()).as_ref(), Ok(&invite));
        let credential = Credential::from_password(&invite.password());
        assert!(matches!(credential, Ok(Some(_))), "an invite's password is one");
    }
    if let Some(challenge) = Challenge::new(text.into()) {
        drop(Credential::from_password(&challenge));
    }
}
