//! What there is: AWS and the ledger as plain values, and what a step that worked adds to them.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::{
    id::{CertificateArn, EndpointId},
    own::OwnCertificate,
    part::{Kind, Part, PartState, Status},
    setting::Settings,
    tags::Tags,
    to_list::ToList,
};
use crate::{
    ledger::RecordedCrl,
    pki::{crl::Crl, serial::Serial},
};

/// Everything that was found of one deployment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Observed {
    /// Certificates in ACM that are the deployment's by their tags, or that its endpoint uses.
    pub certificates: BTreeMap<CertificateArn, Imported>,
    /// The endpoint.
    pub endpoint: Option<Endpoint>,
    /// More endpoints with the deployment's tag. There should be none.
    pub others: BTreeSet<EndpointId>,
    /// Endpoints of the deployment that AWS is deleting.
    pub deleting: BTreeSet<EndpointId>,
    /// The latest CRL of the ledger.
    pub recorded_crl: Option<RecordedCrl>,
    /// What a CRL must list by the ledger.
    pub to_list: ToList,
    /// How many attempts at creating the endpoint were over before AWS was looked at, by the ledger.
    pub creations: u32,
}

/// A certificate in ACM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Imported {
    /// Which of the two it is, by its tags or by the use that the endpoint makes of it.
    pub own: OwnCertificate,
    /// Whether its tags say that it is the deployment's. A quick look does not ask for them.
    pub tagged: bool,
    /// Whether the ledger has a record of it: whether this ledger's CA issued it.
    pub recorded: bool,
    /// Its serial number; `None` where it is none of ours.
    pub serial: Option<Serial>,
    /// The domain that ACM shows for it.
    pub domain: Option<String>,
    /// When it expires.
    pub not_after: Option<OffsetDateTime>,
    /// Who made it, by its tags.
    pub made_by: Option<String>,
}

/// A Client VPN endpoint that is not being deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Its DNS name, with the leading `*.` that AWS writes.
    pub dns_name: String,
    /// How far it is.
    pub status: EndpointStatus,
    /// Whether AWS has listed it. One that was just created may not be listed for a while.
    pub listed: bool,
    /// Its settings.
    pub settings: Settings,
    /// Its tags.
    pub tags: Tags,
    /// The server certificate that it uses.
    pub server: CertificateArn,
    /// The client anchor that it uses; `None` where it does not authenticate clients by certificate.
    pub anchor: Option<CertificateArn>,
    /// Its target network associations, authorization rules, and the routes that were added to it.
    pub parts: BTreeMap<Part, PartState>,
    /// The CRL that it has.
    pub crl: Option<Crl>,
    /// Whether AWS says that the CRL is in use already.
    pub crl_is_active: bool,
}

/// The CRL of an endpoint.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FoundCrl {
    /// The CRL; `None` before one was imported.
    pub crl: Option<Crl>,
    /// Whether AWS says that it is in use already.
    pub is_active: bool,
}

/// How far an endpoint is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndpointStatus {
    /// It has no target network association yet: nobody can connect.
    PendingAssociate,
    /// Clients can connect.
    Available,
    /// It waits for something outside Latchkey, and AWS changes nothing about it.
    Pending,
}

impl EndpointStatus {
    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PendingAssociate => "pending-associate",
            Self::Available => "available",
            Self::Pending => "pending",
        }
    }
}

/// What a step that worked has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A certificate is in ACM, new or in the place of an older one.
    Imported(CertificateArn, Imported),
    /// There is an endpoint.
    Created(Box<Endpoint>),
    /// The endpoint has these settings.
    Modified(Box<Settings>),
    /// The endpoint uses this server certificate.
    ServerExchanged(CertificateArn),
    /// The endpoint has these tags, beside others.
    Tagged(Tags),
    /// A part is on its way.
    Coming(Part, PartState),
    /// A part is on its way out.
    Going(Part),
    /// A part is gone.
    PartGone(Part),
    /// The endpoint has been given this CRL, which lists what is to be listed. It is not known to be in use yet.
    CrlImported(RecordedCrl, ToList),
    /// The CRL was looked at again, at the endpoint and then in the ledger.
    CrlLooked {
        /// What the endpoint has.
        found: FoundCrl,
        /// The ledger's latest.
        recorded: Option<RecordedCrl>,
        /// What the ledger says.
        to_list: ToList,
    },
    /// The endpoint is being deleted.
    Deleting,
    /// An endpoint is gone.
    Gone(EndpointId),
    /// A certificate is gone.
    CertificateDeleted(CertificateArn),
    /// The endpoint's parts of these kinds were looked at again.
    Looked(BTreeSet<Kind>, BTreeMap<Part, PartState>),
}

impl Observed {
    /// The certificate of this ledger's CA that serves, or is to serve, as `own`: the one that the endpoint uses, else
    /// the first that is there.
    pub fn own(&self, own: OwnCertificate) -> Option<(&CertificateArn, &Imported)> {
        let used = self.endpoint.as_ref().and_then(|endpoint| match own {
            OwnCertificate::Server => Some(&endpoint.server),
            OwnCertificate::Anchor => endpoint.anchor.as_ref(),
        });
        let mut ours = self.certificates.iter().filter(|(_, imported)| imported.recorded && imported.own == own);
        ours.clone().find(|(arn, _)| Some(*arn) == used).or_else(|| ours.next())
    }

    /// Takes over a new look at everything. What AWS does not list yet but answered before is kept: its lists lag
    /// behind its answers.
    pub fn renew(&mut self, found: Self) {
        let Self { mut certificates, endpoint, others, deleting, recorded_crl, to_list, creations } = found;
        let unlisted = self.endpoint.take().filter(|endpoint| !endpoint.listed && !others.contains(&endpoint.id));
        for (arn, imported) in std::mem::take(&mut self.certificates) {
            certificates.entry(arn).or_insert(imported);
        }
        self.certificates = certificates;
        self.endpoint = endpoint.or(unlisted);
        self.others = others;
        self.deleting = deleting;
        self.recorded_crl = recorded_crl.or_else(|| self.recorded_crl.take());
        self.list(to_list);
        self.creations = creations;
    }

    /// Adds what a step has changed, so that nothing needs to be asked of AWS that it has just answered, and nothing
    /// is missed that it does not list yet.
    pub fn learn(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Imported(arn, imported) => {
                self.certificates.insert(arn, imported);
                let to_list = std::mem::take(&mut self.to_list);
                self.list(to_list);
            }
            Outcome::Created(endpoint) => {
                self.endpoint = Some(*endpoint);
                self.creations += 1;
            }
            Outcome::Modified(settings) => self.at_endpoint(|endpoint| endpoint.settings = *settings),
            Outcome::ServerExchanged(arn) => self.at_endpoint(|endpoint| endpoint.server = arn),
            Outcome::Tagged(tags) => self.at_endpoint(|endpoint| endpoint.tags.extend(tags)),
            Outcome::Coming(part, state) => self.at_endpoint(|endpoint| drop(endpoint.parts.insert(part, state))),
            Outcome::Going(part) => self.at_endpoint(|endpoint| {
                if let Some(state) = endpoint.parts.get_mut(&part) {
                    state.status = Status::Going;
                }
            }),
            Outcome::PartGone(part) => self.at_endpoint(|endpoint| drop(endpoint.parts.remove(&part))),
            Outcome::CrlImported(recorded, to_list) => {
                self.at_endpoint(|endpoint| {
                    endpoint.crl = Some(recorded.crl.clone());
                    endpoint.crl_is_active = false;
                });
                self.recorded_crl = Some(recorded);
                self.list(to_list);
            }
            Outcome::CrlLooked { found: FoundCrl { crl, is_active }, recorded, to_list } => {
                self.at_endpoint(|endpoint| {
                    endpoint.crl = crl;
                    endpoint.crl_is_active = is_active;
                });
                self.recorded_crl = recorded;
                self.list(to_list);
            }
            Outcome::Deleting => self.deleting.extend(self.endpoint.take().map(|endpoint| endpoint.id)),
            Outcome::Gone(id) => drop(self.deleting.remove(&id)),
            Outcome::CertificateDeleted(arn) => drop(self.certificates.remove(&arn)),
            Outcome::Looked(kinds, parts) => self.at_endpoint(|endpoint| {
                endpoint.parts.retain(|part, _| !kinds.contains(&part.kind()));
                endpoint.parts.extend(parts);
            }),
        }
    }

    /// Takes over what a CRL must list, and adds the anchors that are at ACM.
    pub fn list(&mut self, to_list: ToList) {
        self.to_list = to_list;
        for anchor in self.certificates.values().filter(|it| it.recorded && it.own == OwnCertificate::Anchor) {
            if let (Some(serial), Some(end)) = (anchor.serial, anchor.not_after) {
                self.to_list.revoked.insert(serial, end);
            }
        }
    }

    fn at_endpoint(&mut self, change: impl FnOnce(&mut Endpoint)) {
        if let Some(endpoint) = &mut self.endpoint {
            change(endpoint);
        }
    }
}
