//! One step of a plan, and how it is said.

use std::{collections::BTreeSet, fmt, time::Duration};

use crate::deploy::{
    id::{CertificateArn, EndpointId},
    own::OwnCertificate,
    part::{Kind, Part, Rule, Status},
    setting::Setting,
};

/// One step.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step {
    /// Issue a certificate and import it into ACM with its key and the CA.
    ImportCertificate(OwnCertificate),
    /// Issue a new certificate and import it in the place of the present one.
    Renew(OwnCertificate),
    /// Take away a target network association, an authorization rule or a route.
    Remove(Part),
    /// Delete the endpoint.
    DeleteEndpoint,
    /// Create the endpoint.
    CreateEndpoint,
    /// Change settings of the endpoint.
    ModifyEndpoint(BTreeSet<Setting>),
    /// Have the endpoint use the deployment's own server certificate again.
    ExchangeServer,
    /// Put the deployment's tags on everything that it has.
    Tag,
    /// Make a target network association, an authorization rule or a route.
    Make(Part),
    /// Import the CRL, made first where the ledger's does not list what it must.
    ImportCrl,
    /// Wait for something that AWS is doing already.
    Await(Pending),
    /// Delete a certificate from ACM.
    DeleteCertificate(CertificateArn),
}

/// Something that AWS is doing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Pending {
    /// A part is on its way.
    Coming(Part),
    /// A part is on its way out.
    Going(Part),
    /// The endpoint takes its CRL into use.
    Crl,
    /// An endpoint is being deleted.
    Deletion(EndpointId),
}

impl Step {
    /// What is waited for, where it is that.
    pub fn pending(&self) -> Option<&Pending> {
        let Self::Await(pending) = self else {
            return None;
        };
        Some(pending)
    }

    /// How long AWS usually takes for it where that is more than a moment: from, to.
    ///
    /// Measured by others, see <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-target.html> and
    /// the waits of Terraform's provider.
    pub fn usual_time(&self) -> Option<(Duration, Duration)> {
        let minutes = |from: u64, to: u64| Some((Duration::from_secs(from * 60), Duration::from_secs(to * 60)));
        let (Pending::Coming(part) | Pending::Going(part)) = self.pending()? else {
            return None;
        };
        match part.kind() {
            Kind::Association => minutes(5, 15),
            Kind::Rule | Kind::Route => minutes(1, 3),
        }
    }
}

impl Pending {
    /// AWS's word for the state in which it is.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Coming(part) => Status::Coming.word(part.kind()),
            Self::Going(part) => Status::Going.word(part.kind()),
            Self::Crl => "pending",
            Self::Deletion(_) => "deleting",
        }
    }
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coming(part) => write!(f, "the {part} is there"),
            Self::Going(part) => write!(f, "the {part} is gone"),
            Self::Crl => f.write_str("the certificate revocation list is in use"),
            Self::Deletion(id) => write!(f, "the endpoint `{id}` is gone"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ImportCertificate(own) => write!(f, "import the {own} into ACM"),
            Self::Renew(own) => write!(f, "renew the {own} in ACM"),
            Self::Remove(Part::Association(subnet)) => write!(f, "disassociate `{subnet}` from the endpoint"),
            Self::Remove(Part::Rule(Rule { network, group: None })) => {
                write!(f, "no longer let clients through to {network}")
            }
            Self::Remove(part) => write!(f, "remove the {part}"),
            Self::DeleteEndpoint => f.write_str("delete the Client VPN endpoint"),
            Self::CreateEndpoint => f.write_str("create the Client VPN endpoint"),
            Self::ModifyEndpoint(settings) => {
                let keys: Vec<String> = settings.iter().map(|setting| format!("`{}`", setting.key())).collect();
                write!(f, "change {} of the endpoint", keys.join(", "))
            }
            Self::ExchangeServer => f.write_str("have the endpoint use the deployment's server certificate"),
            Self::Tag => f.write_str("tag the endpoint and its certificates"),
            Self::Make(Part::Association(subnet)) => write!(f, "associate `{subnet}` with the endpoint"),
            Self::Make(Part::Rule(Rule { network, group: None })) => write!(f, "let clients through to {network}"),
            Self::Make(Part::Rule(Rule { network, group: Some(group) })) => {
                write!(f, "let the group `{group}` through to {network}")
            }
            Self::Make(part @ Part::Route(_)) => write!(f, "add the {part}"),
            Self::ImportCrl => f.write_str("import the certificate revocation list"),
            Self::Await(pending) => write!(f, "wait until {pending}"),
            Self::DeleteCertificate(arn) => write!(f, "delete the certificate `{arn}` from ACM"),
        }
    }
}
