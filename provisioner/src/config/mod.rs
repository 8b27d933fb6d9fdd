//! `latchkey.toml`: what a deployment is to be, parsed into types that cannot hold anything else.
//!
//! [`Config::parse`] takes text and answers with a [`Config`] or with every problem found, each with its line. It
//! reads no file and knows nothing of AWS beyond the rules that can be checked without asking AWS; what needs an
//! answer of AWS (does the VPC exist, do the ranges overlap) is checked in [`crate::deploy::network`].

mod file;
mod ids;
mod problem;
mod rules;

use std::path::PathBuf;

use ipnet::Ipv4Net;
use profile::name::Domain;

pub use ids::{DeploymentName, IdError, Port, Region, SecurityGroupId, SessionHours, SubnetId, VpcId};
pub use problem::{ConfigError, Problem};

/// A deployment as its configuration file describes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Who and where.
    pub deployment: Deployment,
    /// The VPC side.
    pub network: Network,
    /// What the endpoint tells and allows its clients.
    pub endpoint: Endpoint,
    /// Lifetimes of certificates.
    pub pki: Pki,
    /// Where the history is kept.
    pub ledger: LedgerLocation,
    /// The page that users open.
    pub page: Page,
}

/// The section `[deployment]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deployment {
    /// Tag on every AWS resource and name of the local folder.
    pub name: DeploymentName,
    /// The sandbox or the real service.
    pub target: Target,
    /// AWS region.
    pub region: Region,
    /// Name of the server certificate; users are `<username>.<domain>`.
    pub domain: Domain,
}

/// Which AWS is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// The local stand-in on the loopback interface.
    Sandbox,
    /// The real service.
    Aws,
}

/// The section `[network]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Network {
    /// The VPC that clients reach.
    pub vpc_id: VpcId,
    /// One subnet per availability zone, at least one.
    pub subnet_ids: Vec<SubnetId>,
    /// Addresses that clients get, a block of /12 to /22.
    pub client_cidr: Ipv4Net,
    /// What clients may reach; empty means the VPC's own CIDRs.
    pub authorize: Vec<Ipv4Net>,
    /// Whether only what the endpoint routes goes through the tunnel.
    pub split_tunnel: bool,
    /// The tunnel's transport.
    pub transport: Transport,
    /// The tunnel's port.
    pub port: Port,
    /// At most two DNS servers that clients are told to use.
    pub dns_servers: Vec<std::net::Ipv4Addr>,
    /// At most five security groups; empty means the VPC's default group.
    pub security_group_ids: Vec<SecurityGroupId>,
}

/// The tunnel's transport protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// The faster choice.
    Udp,
    /// Where a network between client and AWS drops UDP.
    Tcp,
}

impl Transport {
    /// The word that `latchkey.toml` and AWS use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }
}

/// The section `[endpoint]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// Shown in the AWS console.
    pub description: String,
    /// Login banner of the AWS provided client, at most 1400 characters; empty for none.
    pub banner: String,
    /// After how long a session ends.
    pub session_timeout: SessionHours,
    /// Whether the client must connect by hand again after that.
    pub disconnect_on_session_timeout: bool,
}

/// The section `[pki]`. All lifetimes are in days.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pki {
    /// Lifetime of the CA, the client anchor and the CRL.
    pub ca_days: u32,
    /// Lifetime of the server certificate.
    pub server_days: u32,
    /// Lifetime of a user's certificate.
    pub client_days: u32,
}

/// The section `[ledger]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LedgerLocation {
    /// A folder of this machine.
    Folder(PathBuf),
}

/// The section `[page]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// Folder of the built page.
    pub dir: PathBuf,
    /// Languages that the page offers, the first is the default.
    pub languages: Vec<String>,
    /// Whom users ask, as text.
    pub contact: Option<String>,
}

impl Config {
    /// Parses the text of the file at `path`. Relative folders in it are relative to that file's own folder.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file's sections.
    pub fn parse(path: &std::path::Path, text: &str) -> Result<Self, ConfigError> {
        let base = path.parent().unwrap_or_else(|| std::path::Path::new(""));
        file::File::parse(text)
            .map_err(|problem| vec![problem])
            .and_then(|file| rules::check(file, text, base))
            .map_err(|problems| ConfigError { file: path.to_owned(), problems })
    }
}

#[cfg(test)]
mod tests;
