//! What there is: AWS and the ledger as plain values, and what a step that worked adds to them.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::{
    desired::Settings,
    id::{AssociationId, CertificateArn, EndpointId},
    own::OwnCertificate,
};
use crate::{
    config::SubnetId,
    ledger::RecordedCrl,
    pki::{crl::Crl, serial::Serial},
};

/// Everything that was found of one deployment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Observed {
    /// The server certificate in ACM.
    pub server: Option<Imported>,
    /// The client anchor in ACM.
    pub anchor: Option<Imported>,
    /// The endpoint.
    pub endpoint: Option<Endpoint>,
    /// The latest CRL of the ledger.
    pub recorded_crl: Option<RecordedCrl>,
}

/// A certificate in ACM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Imported {
    /// Where it is.
    pub arn: CertificateArn,
    /// Its serial number; `None` where it is none of ours.
    pub serial: Option<Serial>,
    /// Whether the ledger has a record of it: whether this ledger's CA issued it.
    pub recorded: bool,
}

/// A Client VPN endpoint that is not being deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Its DNS name, with the leading `*.` that AWS writes.
    pub dns_name: String,
    /// Whether it can be worked with.
    pub usable: bool,
    /// Its settings.
    pub settings: Settings,
    /// The server certificate that it uses.
    pub server: CertificateArn,
    /// The client anchor that it uses; `None` where it authenticates clients otherwise.
    pub anchor: Option<CertificateArn>,
    /// Its target networks.
    pub associations: BTreeMap<SubnetId, Association>,
    /// Its authorization rules for all clients.
    pub rules: BTreeMap<IpNet, RuleStatus>,
    /// The CRL that it uses.
    pub crl: Option<Crl>,
}

/// A target network association.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Association {
    /// Its id.
    pub id: AssociationId,
    /// How far it is.
    pub status: AssociationStatus,
}

/// How far a target network association is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AssociationStatus {
    /// On its way; takes 5 to 15 minutes on the real service.
    Associating,
    /// There.
    Associated,
    /// It did not work, and AWS leaves it at that.
    Failed {
        /// What AWS said.
        message: String,
    },
    /// On its way out.
    Disassociating,
}

/// How far an authorization rule is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RuleStatus {
    /// On its way.
    Authorizing,
    /// There.
    Active,
    /// It did not work.
    Failed {
        /// What AWS said.
        message: String,
    },
    /// On its way out.
    Revoking,
}

/// What a step that worked has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A certificate is in ACM.
    Imported(OwnCertificate, Imported),
    /// There is an endpoint.
    Created(Box<Endpoint>),
    /// A subnet is being associated.
    Associating(SubnetId, AssociationId),
    /// A rule is being made.
    Authorizing(IpNet),
    /// The endpoint has the ledger's CRL.
    CrlImported(RecordedCrl),
    /// The endpoint's own parts were looked at again.
    Looked(BTreeMap<SubnetId, Association>, BTreeMap<IpNet, RuleStatus>),
}

impl Observed {
    /// One of the two certificates.
    pub fn certificate(&self, own: OwnCertificate) -> Option<&Imported> {
        match own {
            OwnCertificate::Server => self.server.as_ref(),
            OwnCertificate::Anchor => self.anchor.as_ref(),
        }
    }

    /// Takes over a new look at everything. What AWS does not list (any more or yet) but answered before is kept: its
    /// lists lag behind its answers.
    pub fn renew(&mut self, found: Self) {
        let Self { server, anchor, endpoint, recorded_crl } = found;
        self.server = server.or_else(|| self.server.take());
        self.anchor = anchor.or_else(|| self.anchor.take());
        self.endpoint = endpoint.or_else(|| self.endpoint.take());
        self.recorded_crl = recorded_crl.or_else(|| self.recorded_crl.take());
    }

    /// Adds what a step has changed, so that nothing needs to be asked of AWS that it has just answered, and nothing
    /// is missed that it does not list yet.
    pub fn learn(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Imported(OwnCertificate::Server, imported) => self.server = Some(imported),
            Outcome::Imported(OwnCertificate::Anchor, imported) => self.anchor = Some(imported),
            Outcome::Created(endpoint) => self.endpoint = Some(*endpoint),
            Outcome::Associating(subnet, id) => {
                let association = Association { id, status: AssociationStatus::Associating };
                if let Some(endpoint) = &mut self.endpoint {
                    endpoint.associations.insert(subnet, association);
                }
            }
            Outcome::Authorizing(cidr) => {
                if let Some(endpoint) = &mut self.endpoint {
                    endpoint.rules.insert(cidr, RuleStatus::Authorizing);
                }
            }
            Outcome::CrlImported(recorded) => {
                if let Some(endpoint) = &mut self.endpoint {
                    endpoint.crl = Some(recorded.crl.clone());
                }
                self.recorded_crl = Some(recorded);
            }
            Outcome::Looked(associations, rules) => {
                if let Some(endpoint) = &mut self.endpoint {
                    endpoint.associations = associations;
                    endpoint.rules = rules;
                }
            }
        }
    }
}
