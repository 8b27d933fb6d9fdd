//! Whether a ledger agrees with itself, and with what its CA has signed: pure.
//!
//! Certificates and CRLs carry their own proof. Who wrote a record, and whether one is missing that was there once, no
//! object can prove.

use std::collections::{BTreeMap, BTreeSet};

use profile::{
    certificate::Certificate,
    key::PublicKey,
    name::{CommonName, Domain},
};
use thiserror::Error;

use crate::{
    adoption,
    deploy::{own::OwnCertificate, to_list::ToList},
    ledger::{Act, Issued, Object, Revocation, Role, index},
    pki::{crl::Crl, request::RESERVED, serial::Serial, signature},
};

/// Something that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{path}: {trouble}")]
pub struct Finding {
    /// The object.
    pub path: String,
    /// What is the matter with it.
    pub trouble: Trouble,
}

/// What can be the matter with an object.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Trouble {
    /// Latchkey writes nothing of that name.
    #[error("is not Latchkey's")]
    Foreign,
    /// It is not what its name says.
    #[error("is damaged")]
    Damaged,
    /// There is no CA that could have signed it.
    #[error("is there, and no certificate of a CA is")]
    NoAuthority,
    /// The CA's certificate cannot be that of this ledger.
    #[error("is not the certificate of a CA that signs itself with RSA-2048")]
    NotAuthority,
    /// There is nothing that the CA could sign with.
    #[error("is there, and no key of the CA is")]
    KeyMissing,
    /// The CA has not signed it.
    #[error("the CA has not signed it")]
    Forged,
    /// The record says another serial number than its name.
    #[error("is the record of {serial}")]
    Misnamed {
        /// What it says.
        serial: Serial,
    },
    /// The record says something else than the certificate in it.
    #[error("`{field}` is not what the certificate says")]
    Disagrees {
        /// The field of the record.
        field: &'static str,
    },
    /// Commands that look for it would not find it.
    #[error("is not in the index: `{missing}` is missing")]
    Unindexed {
        /// The object that is missing.
        missing: String,
    },
    /// The certificate's key is another's.
    #[error("its key is claimed for `{subject}`")]
    KeyOfAnother {
        /// Whose it is.
        subject: String,
    },
    /// It decides about a certificate that has no record.
    #[error("no certificate of this number is recorded as issued")]
    NeverIssued,
    /// An earlier decision is missing.
    #[error("the decision before it, number {number}, is missing")]
    Gap {
        /// Its number.
        number: u32,
    },
    /// It decides what could not be decided, after what was decided before.
    #[error("changes nothing, or what was decided for ever")]
    Idle,
    /// The CRL has another number than its name.
    #[error("its extension says {}", number.map_or_else(|| "no number".to_owned(), |number| format!("number {number}")))]
    Misnumbered {
        /// What it says.
        number: Option<u64>,
    },
    /// The latest CRL does not list what is revoked.
    #[error("is the latest and does not list {serial}, which is revoked")]
    Unlisted {
        /// What is revoked.
        serial: Serial,
    },
    /// The latest CRL lists what is not revoked.
    #[error("is the latest and lists {serial}, which the ledger does not know as revoked")]
    WronglyListed {
        /// In hexadecimal digits.
        serial: String,
    },
    /// The end of something of which the beginning is missing.
    #[error("is the end of something, and `{beginning}` is missing")]
    NoBeginning {
        /// The object that is missing.
        beginning: String,
    },
}

impl Trouble {
    /// A stable word.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::Damaged => "damaged",
            Self::NoAuthority => "no-authority",
            Self::NotAuthority => "not-authority",
            Self::KeyMissing => "key-missing",
            Self::Forged => "forged",
            Self::Misnamed { .. } => "misnamed",
            Self::Disagrees { .. } => "disagrees",
            Self::Unindexed { .. } => "unindexed",
            Self::KeyOfAnother { .. } => "key-of-another",
            Self::NeverIssued => "never-issued",
            Self::Gap { .. } => "gap",
            Self::Idle => "idle",
            Self::Misnumbered { .. } => "misnumbered",
            Self::Unlisted { .. } => "unlisted",
            Self::WronglyListed { .. } => "wrongly-listed",
            Self::NoBeginning { .. } => "no-beginning",
        }
    }
}

/// Everything that is not as it should be in the ledger of a deployment for `domain`, by path. The CA's key is part of it,
/// unless `has_key_elsewhere`.
pub fn verify(objects: &BTreeMap<String, Object>, domain: &Domain, has_key_elsewhere: bool) -> Vec<Finding> {
    let ca = authority(objects);
    let ca = ca.as_ref();
    let view = View {
        objects,
        domain,
        has_key_elsewhere,
        ca,
        issued: issued(objects),
        to_come: to_come(objects),
        decisions: decisions(objects),
    };
    let mut findings = Vec::new();
    for (path, object) in objects {
        let troubles = view.troubles(object);
        findings.extend(troubles.into_iter().map(|trouble| Finding { path: path.clone(), trouble }));
    }
    findings
}

/// What is needed to judge one object.
struct View<'a> {
    objects: &'a BTreeMap<String, Object>,
    domain: &'a Domain,
    has_key_elsewhere: bool,
    /// `None` where the ledger has no CA that could have signed anything.
    ca: Option<&'a PublicKey>,
    issued: BTreeMap<Serial, &'a Issued>,
    /// Numbers that were given to requests with an invite before their certificates were there.
    to_come: BTreeSet<Serial>,
    decisions: BTreeMap<Serial, BTreeMap<u32, &'a Revocation>>,
}

impl View<'_> {
    fn troubles(&self, object: &Object) -> Vec<Trouble> {
        match object {
            Object::Known | Object::Claim { .. } => Vec::new(),
            Object::Foreign => vec![Trouble::Foreign],
            Object::Damaged => vec![Trouble::Damaged],
            Object::End { beginning } | Object::InviteUsed { beginning, .. }
                if self.objects.contains_key(beginning) =>
            {
                Vec::new()
            }
            Object::End { beginning } | Object::InviteUsed { beginning, .. } => {
                vec![Trouble::NoBeginning { beginning: beginning.clone() }]
            }
            Object::CaCertificate(certificate) => self.ca_troubles(certificate),
            Object::Issued { name, record } => self.issued_troubles(*name, record),
            Object::Revoked { name, number, record } => self.revoked_troubles(*name, *number, record),
            Object::Crl { name, crl } => self.crl_troubles(*name, crl),
        }
    }

    fn ca_troubles(&self, certificate: &Certificate) -> Vec<Trouble> {
        let signs_itself = self.ca.is_some_and(|ca| signature::is_on_certificate(ca, certificate));
        let has_key = self.objects.keys().filter(|path| path.starts_with("ca/")).count() > 1;
        let troubles = [
            (!certificate.is_ca() || !signs_itself).then_some(Trouble::NotAuthority),
            (!has_key && !self.has_key_elsewhere).then_some(Trouble::KeyMissing),
        ];
        troubles.into_iter().flatten().collect()
    }

    fn issued_troubles(&self, name: Serial, record: &Issued) -> Vec<Trouble> {
        let Ok(certificate) = Certificate::from_pem(&record.certificate) else {
            return vec![Trouble::Damaged];
        };
        let mut troubles = Vec::new();
        if record.serial != name {
            troubles.push(Trouble::Misnamed { serial: record.serial });
        }
        troubles.extend(self.signature_trouble(|ca| signature::is_on_certificate(ca, &certificate)));
        let Some(says) =
            Issued::of(&certificate, record.role, record.request_sha256.clone(), record.provenance.clone())
        else {
            troubles.push(Trouble::Damaged);
            return troubles;
        };
        let fields = [
            ("serial", says.serial == record.serial),
            ("subject", says.subject == record.subject),
            ("key_sha256", says.key_sha256 == record.key_sha256),
            ("not_before", says.not_before == record.not_before),
            ("not_after", says.not_after == record.not_after),
            ("role", has_role(&certificate, &says, self.domain)),
        ];
        let differing = fields.into_iter().filter(|(_, is_same)| !is_same);
        troubles.extend(differing.map(|(field, _)| Trouble::Disagrees { field }));
        troubles.extend(self.index_troubles(record));
        troubles
    }

    fn index_troubles(&self, record: &Issued) -> Vec<Trouble> {
        if !self.objects.contains_key(index::COMPLETE) {
            return Vec::new();
        }
        let (entry, claim) = (index::entry(record), index::claim_path(&record.key_sha256));
        let mut troubles = Vec::new();
        if !self.objects.contains_key(&entry) {
            troubles.push(Trouble::Unindexed { missing: entry });
        }
        match self.objects.get(&claim) {
            _ if record.role != Role::User => {}
            Some(Object::Claim { subject }) if *subject == record.subject => {}
            Some(Object::Claim { subject }) => troubles.push(Trouble::KeyOfAnother { subject: subject.clone() }),
            // What is there and is no claim is told of itself.
            Some(_) => {}
            None => troubles.push(Trouble::Unindexed { missing: claim }),
        }
        troubles
    }

    fn revoked_troubles(&self, name: Serial, number: u32, record: &Revocation) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        if record.serial != name {
            troubles.push(Trouble::Misnamed { serial: record.serial });
        }
        match self.issued.get(&name) {
            // Of some that were revoked before a CA was adopted the old PKI had kept no certificate.
            None if adoption::is_adopted(&record.provenance) => {}
            // Whoever was locked out while their request was being signed: that certificate was revoked before it came.
            None if self.to_come.contains(&name) => {}
            Some(issued) if self.to_come.contains(&name) && issued.not_after <= record.not_after => {}
            None => troubles.push(Trouble::NeverIssued),
            Some(issued) if issued.not_after != record.not_after => {
                troubles.push(Trouble::Disagrees { field: "not_after" });
            }
            Some(_) => {}
        }
        let before = number.checked_sub(1).filter(|before| *before > 0);
        match before.map(|before| (before, self.decisions.get(&name).and_then(|all| all.get(&before)))) {
            Some((number, None)) => troubles.push(Trouble::Gap { number }),
            Some((_, Some(before))) if !record.act.changes(Some(before.act)) => troubles.push(Trouble::Idle),
            None if !record.act.changes(None) => troubles.push(Trouble::Idle),
            Some((_, Some(_))) | None => {}
        }
        troubles
    }

    fn crl_troubles(&self, name: u64, crl: &Crl) -> Vec<Trouble> {
        let mut troubles: Vec<Trouble> =
            self.signature_trouble(|ca| signature::is_on_crl(ca, crl)).into_iter().collect();
        if crl.number() != Some(name) {
            troubles.push(Trouble::Misnumbered { number: crl.number() });
        }
        if latest_crl(self.objects) == Some(name) {
            let to_list = self.to_list(crl);
            troubles.extend(to_list.missing_on(crl).map(|serial| Trouble::Unlisted { serial }));
            troubles.extend(to_list.wrongly_on(crl).map(|serial| Trouble::WronglyListed { serial }));
        }
        troubles
    }

    /// What the latest CRL is to list. As everywhere, anchors are those on it: of one that is not, nobody has the key.
    fn to_list(&self, latest: &Crl) -> ToList {
        let mut to_list = ToList::default();
        let last = self.decisions.values().filter_map(|all| all.values().next_back());
        for Revocation { serial, act, not_after, .. } in last {
            match act {
                Act::Revoke(_) => drop(to_list.revoked.insert(*serial, *not_after)),
                Act::Undo => drop(to_list.undone.insert(*serial)),
            }
        }
        let anchors = latest.serials().iter().filter_map(|serial| self.issued.get(serial));
        let anchors = anchors.filter(|issued| issued.role == Role::Anchor);
        to_list.revoked.extend(anchors.map(|anchor| (anchor.serial, anchor.not_after)));
        to_list
    }

    fn signature_trouble(&self, is_signed_by: impl Fn(&PublicKey) -> bool) -> Option<Trouble> {
        match self.ca {
            None => Some(Trouble::NoAuthority),
            Some(ca) => (!is_signed_by(ca)).then_some(Trouble::Forged),
        }
    }
}

fn authority(objects: &BTreeMap<String, Object>) -> Option<PublicKey> {
    objects.values().find_map(|object| match object {
        Object::CaCertificate(certificate) => PublicKey::from_spki_der(certificate.public_key_der()).ok(),
        Object::Issued { .. }
        | Object::Revoked { .. }
        | Object::Crl { .. }
        | Object::End { .. }
        | Object::Known
        | Object::Claim { .. }
        | Object::Damaged
        | Object::InviteUsed { .. }
        | Object::Foreign => None,
    })
}

fn issued(objects: &BTreeMap<String, Object>) -> BTreeMap<Serial, &Issued> {
    let records = objects.values().filter_map(|object| {
        let Object::Issued { name, record } = object else { return None };
        Some((*name, &**record))
    });
    records.collect()
}

fn to_come(objects: &BTreeMap<String, Object>) -> BTreeSet<Serial> {
    let used = |object: &Object| if let Object::InviteUsed { serial, .. } = object { Some(*serial) } else { None };
    objects.values().filter_map(used).collect()
}

fn decisions(objects: &BTreeMap<String, Object>) -> BTreeMap<Serial, BTreeMap<u32, &Revocation>> {
    let mut decisions: BTreeMap<Serial, BTreeMap<u32, &Revocation>> = BTreeMap::new();
    for object in objects.values() {
        if let Object::Revoked { name, number, record } = object {
            decisions.entry(*name).or_default().insert(*number, record);
        }
    }
    decisions
}

fn latest_crl(objects: &BTreeMap<String, Object>) -> Option<u64> {
    let numbers = objects.values().filter_map(|object| {
        let Object::Crl { name, .. } = object else { return None };
        Some(*name)
    });
    numbers.max()
}

/// Whether a certificate is what one of this role is: for whom, and for what.
fn has_role(certificate: &Certificate, Issued { role, subject, .. }: &Issued, domain: &Domain) -> bool {
    let is_for_clients = !certificate.is_ca() && certificate.is_for_clients();
    match role {
        // Names of servers and users of a CA that was adopted are its own.
        Role::Server => !certificate.is_ca() && !certificate.is_for_clients(),
        Role::Anchor => *subject == OwnCertificate::Anchor.subject(domain) && is_for_clients,
        Role::Probe => *subject == format!("probe.{domain}") && is_for_clients,
        Role::User => {
            let name = CommonName::parse(subject, domain);
            !name.is_ok_and(|name| RESERVED.contains(&name.username().as_str())) && is_for_clients
        }
    }
}

#[cfg(test)]
mod tests;
