//! The difference between what there is and what is wanted, as steps. Pure and total: the same two values always
//! give the same plan, and there is a plan for every two values.

use std::fmt;

use ipnet::{IpNet, Ipv4Net};

use super::{
    desired::Desired,
    id::CertificateArn,
    observed::{AssociationStatus, Endpoint, Observed, RuleStatus},
    own::OwnCertificate,
};
use crate::config::SubnetId;

/// What is to be done, what cannot be done by this version, and what stands in the way.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// Steps in an order in which they can be run.
    pub steps: Vec<Step>,
    /// Existing resources that differ from the configuration.
    pub differences: Vec<Difference>,
    /// Why nothing may be changed at all.
    pub obstacles: Vec<Obstacle>,
}

/// One step.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step {
    /// Issue a certificate and import it into ACM with its key and the CA.
    ImportCertificate(OwnCertificate),
    /// Create the endpoint.
    CreateEndpoint,
    /// Associate a subnet.
    Associate(SubnetId),
    /// Let all clients through to a network.
    Authorize(Ipv4Net),
    /// Import the CRL, made first where the ledger's does not list the anchor.
    ImportCrl,
    /// Wait for something that AWS is doing already.
    Await(Pending),
}

/// Something that AWS is doing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Pending {
    /// A subnet is being associated.
    Association(SubnetId),
    /// A subnet is being disassociated; only then can it be associated again.
    Disassociation(SubnetId),
    /// A rule is being made.
    Authorization(Ipv4Net),
    /// A rule is being removed; only then can it be made again.
    Revocation(Ipv4Net),
}

/// An existing resource that differs from the configuration, and that this version cannot bring in line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The configuration's key, or what else differs.
    pub what: String,
    /// What there is.
    pub found: String,
    /// What is wanted.
    pub wanted: String,
    /// What it would take.
    pub change: Change,
}

/// What it would take to bring a difference in line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// A setting of the existing resource would be changed.
    Modify,
    /// The endpoint would have to be replaced by a new one.
    Replace,
    /// Something that the configuration does not name would be removed.
    Remove,
}

/// What stands in the way of any change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// A certificate in ACM that the ledger does not know: this ledger belongs to another CA.
    ForeignCertificate {
        /// Which of the two it should be.
        own: OwnCertificate,
        /// The certificate.
        arn: CertificateArn,
    },
    /// The endpoint does not authenticate clients by certificate.
    OtherAuthentication,
    /// The endpoint is in a state in which AWS changes nothing about it.
    EndpointNotUsable,
    /// AWS gave up on an association.
    AssociationFailed {
        /// The subnet.
        subnet: SubnetId,
        /// What AWS said.
        message: String,
    },
    /// AWS gave up on a rule.
    RuleFailed {
        /// The network.
        cidr: Ipv4Net,
        /// What AWS said.
        message: String,
    },
}

/// The steps from `observed` to `desired`.
pub fn plan(desired: &Desired, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    for own in OwnCertificate::ALL {
        match observed.certificate(own) {
            None => plan.steps.push(Step::ImportCertificate(own)),
            Some(imported) if !imported.recorded => {
                plan.obstacles.push(Obstacle::ForeignCertificate { own, arn: imported.arn.clone() });
            }
            Some(_) => {}
        }
    }
    match &observed.endpoint {
        None => {
            plan.steps.push(Step::CreateEndpoint);
            plan.steps.extend(desired.subnets.iter().cloned().map(Step::Associate));
            plan.steps.extend(desired.authorize.iter().copied().map(Step::Authorize));
        }
        Some(endpoint) => {
            endpoint_differences(desired, observed, endpoint, &mut plan);
            associations(desired, endpoint, &mut plan);
            rules(desired, endpoint, &mut plan);
        }
    }
    if needs_crl(observed) {
        plan.steps.push(Step::ImportCrl);
    }
    plan
}

impl Plan {
    /// Whether everything is as it should be.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.differences.is_empty() && self.obstacles.is_empty()
    }

    /// The steps that depend on no other step of the plan: they can run at the same time.
    pub fn ready(&self) -> Vec<Step> {
        let stage = self.steps.iter().map(Step::stage).min();
        self.steps.iter().filter(|step| Some(step.stage()) == stage).cloned().collect()
    }

    /// Whether a step needs the CA's key, given whether the ledger's CRL can be imported as it is.
    pub fn needs_ca(&self, observed: &Observed) -> bool {
        self.steps.iter().any(|step| match step {
            Step::ImportCertificate(_) => true,
            Step::ImportCrl => !recorded_crl_is_complete(observed),
            Step::CreateEndpoint | Step::Associate(_) | Step::Authorize(_) | Step::Await(_) => false,
        })
    }
}

impl Step {
    /// Steps of one stage are independent of each other; each stage needs what the one before it has made.
    fn stage(&self) -> u8 {
        match self {
            Self::ImportCertificate(_) => 0,
            Self::CreateEndpoint => 1,
            Self::Associate(_) | Self::Authorize(_) | Self::ImportCrl | Self::Await(_) => 2,
        }
    }
}

/// Whether the ledger's latest CRL lists the anchor that AWS has.
pub fn recorded_crl_is_complete(observed: &Observed) -> bool {
    let (Some(recorded), Some(anchor)) = (&observed.recorded_crl, &observed.anchor) else {
        return false;
    };
    anchor.serial.is_some_and(|serial| recorded.crl.lists(serial))
}

/// Never imports again what the endpoint has already: an import resets every connection.
fn needs_crl(observed: &Observed) -> bool {
    let imported = observed.endpoint.as_ref().and_then(|endpoint| endpoint.crl.as_ref());
    let recorded = observed.recorded_crl.as_ref().map(|recorded| &recorded.crl);
    imported.is_none() || imported != recorded || !recorded_crl_is_complete(observed)
}

fn endpoint_differences(desired: &Desired, observed: &Observed, endpoint: &Endpoint, plan: &mut Plan) {
    if !endpoint.usable {
        plan.obstacles.push(Obstacle::EndpointNotUsable);
    }
    let found = endpoint.settings.listed();
    for (what, (wanted, modifiable)) in desired.settings.listed() {
        let found = found.get(what).map(|(found, _)| found.clone()).unwrap_or_default();
        if found != wanted {
            let change = if modifiable { Change::Modify } else { Change::Replace };
            plan.differences.push(Difference { what: what.to_owned(), found, wanted, change });
        }
    }
    if let Some(server) = observed.server.as_ref().filter(|server| server.arn != endpoint.server) {
        plan.differences.push(Difference {
            what: "server certificate".to_owned(),
            found: endpoint.server.to_string(),
            wanted: server.arn.to_string(),
            change: Change::Modify,
        });
    }
    match (&endpoint.anchor, &observed.anchor) {
        (None, _) => plan.obstacles.push(Obstacle::OtherAuthentication),
        (Some(found), Some(wanted)) if *found != wanted.arn => plan.differences.push(Difference {
            what: "client anchor".to_owned(),
            found: found.to_string(),
            wanted: wanted.arn.to_string(),
            change: Change::Replace,
        }),
        (Some(_), _) => {}
    }
}

fn associations(desired: &Desired, endpoint: &Endpoint, plan: &mut Plan) {
    for subnet in &desired.subnets {
        match endpoint.associations.get(subnet).map(|association| &association.status) {
            None => plan.steps.push(Step::Associate(subnet.clone())),
            Some(AssociationStatus::Associated) => {}
            Some(AssociationStatus::Associating) => {
                plan.steps.push(Step::Await(Pending::Association(subnet.clone())));
            }
            Some(AssociationStatus::Disassociating) => {
                plan.steps.push(Step::Await(Pending::Disassociation(subnet.clone())));
            }
            Some(AssociationStatus::Failed { message }) => {
                plan.obstacles.push(Obstacle::AssociationFailed { subnet: subnet.clone(), message: message.clone() });
            }
        }
    }
    for (subnet, association) in &endpoint.associations {
        if !desired.subnets.contains(subnet) && association.status != AssociationStatus::Disassociating {
            plan.differences.push(Difference {
                what: "network.subnet_ids".to_owned(),
                found: subnet.to_string(),
                wanted: String::new(),
                change: Change::Remove,
            });
        }
    }
}

fn rules(desired: &Desired, endpoint: &Endpoint, plan: &mut Plan) {
    for &cidr in &desired.authorize {
        match endpoint.rules.get(&IpNet::V4(cidr)) {
            None => plan.steps.push(Step::Authorize(cidr)),
            Some(RuleStatus::Active) => {}
            Some(RuleStatus::Authorizing) => plan.steps.push(Step::Await(Pending::Authorization(cidr))),
            Some(RuleStatus::Revoking) => plan.steps.push(Step::Await(Pending::Revocation(cidr))),
            Some(RuleStatus::Failed { message }) => {
                plan.obstacles.push(Obstacle::RuleFailed { cidr, message: message.clone() });
            }
        }
    }
    for (cidr, status) in &endpoint.rules {
        let wanted = matches!(cidr, IpNet::V4(cidr) if desired.authorize.contains(cidr));
        if !wanted && *status != RuleStatus::Revoking {
            plan.differences.push(Difference {
                what: "network.authorize".to_owned(),
                found: cidr.to_string(),
                wanted: String::new(),
                change: Change::Remove,
            });
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ImportCertificate(own) => write!(f, "import the {own} into ACM"),
            Self::CreateEndpoint => f.write_str("create the Client VPN endpoint"),
            Self::Associate(subnet) => write!(f, "associate `{subnet}` with the endpoint"),
            Self::Authorize(cidr) => write!(f, "let clients through to {cidr}"),
            Self::ImportCrl => f.write_str("import the certificate revocation list"),
            Self::Await(Pending::Association(subnet)) => write!(f, "wait until `{subnet}` is associated"),
            Self::Await(Pending::Disassociation(subnet)) => write!(f, "wait until `{subnet}` is disassociated"),
            Self::Await(Pending::Authorization(cidr)) => write!(f, "wait until clients are let through to {cidr}"),
            Self::Await(Pending::Revocation(cidr)) => write!(f, "wait until the rule for {cidr} is removed"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, found, wanted, change } = self;
        match change {
            Change::Modify => write!(
                f,
                "`{what}` is `{found}` at the endpoint and `{wanted}` in the configuration; this version does not change existing endpoints"
            ),
            Change::Replace => write!(
                f,
                "`{what}` is `{found}` at the endpoint and `{wanted}` in the configuration; AWS cannot change it, the endpoint would have to be replaced, and this version does not replace endpoints"
            ),
            Change::Remove => write!(
                f,
                "`{what}`: `{found}` is at the endpoint and not in the configuration; this version removes nothing"
            ),
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForeignCertificate { own, arn } => {
                write!(f, "the {own} `{arn}` is not in the ledger, so another CA than the ledger's has issued it")
            }
            Self::OtherAuthentication => f.write_str("the endpoint does not authenticate clients by certificate"),
            Self::EndpointNotUsable => {
                f.write_str("the endpoint waits for something outside Latchkey and cannot be used yet")
            }
            Self::AssociationFailed { subnet, message } => {
                write!(f, "AWS could not associate `{subnet}`: {message}")
            }
            Self::RuleFailed { cidr, message } => write!(f, "AWS could not let clients through to {cidr}: {message}"),
        }
    }
}

#[cfg(test)]
mod tests;
