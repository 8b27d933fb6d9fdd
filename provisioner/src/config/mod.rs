//! `latchkey.toml`: what a deployment is to be, parsed into types that cannot hold anything else.
//!
//! [`Config::parse`] takes text and answers with a [`Config`] or with every problem found, each with its line. It
//! reads no file and knows nothing of AWS beyond the rules that can be checked without asking AWS; what needs an
//! answer of AWS (does the VPC exist, do the ranges overlap) is checked in [`crate::deploy::network`].

mod network;

mod ids;

mod location;

mod tags;

mod description;

mod reader;

mod rules;

mod problem;

pub mod schema;

pub mod successor;

pub mod template;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use profile::name::Domain;

pub use ids::{
    DeploymentName, DirectoryId, GroupId, IdError, KmsKeyArn, Language, PageUrl, Port, Region, SamlProviderArn,
    SecurityGroupId, SessionHours, SubnetId, VpcId,
};
pub use location::{Bucket, Location};
pub use network::{AddressType, AuthorizationRule, Network, Route, RouteTarget, Transport};
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
    /// What clients need beside their certificate.
    pub second_factor: Option<SecondFactor>,
    /// Lifetimes of certificates.
    pub pki: Pki,
    /// Where the history is kept.
    pub ledger: Location,
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
    /// Tags of the admin's own, on everything that is made.
    pub tags: BTreeMap<String, String>,
}

/// Which AWS is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// The local stand-in on the loopback interface.
    Sandbox,
    /// The real service.
    Aws,
}

impl Target {
    /// The word that `latchkey.toml` uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Aws => "aws",
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
    /// Where connections are logged, in CloudWatch Logs.
    pub connection_log: Option<ConnectionLog>,
    /// Whether the AWS provided client keeps other programs from changing its routes.
    pub route_enforcement: bool,
}

/// Where CloudWatch Logs keeps the record of connections.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConnectionLog {
    /// The log group, which must exist.
    pub group: String,
    /// The log stream; AWS makes one where none is named.
    pub stream: Option<String>,
}

/// The section `[second_factor]`: what users have to show beside their certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecondFactor {
    /// User name and password of a directory.
    Directory(DirectoryId),
    /// A login at a SAML identity provider.
    Saml {
        /// The provider.
        provider: SamlProviderArn,
        /// The provider for the self-service portal, where it is another.
        self_service: Option<SamlProviderArn>,
    },
}

/// The section `[pki]`. All lifetimes are in days.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pki {
    /// Where the CA's key is.
    pub ca_key: CaKey,
    /// Lifetime of the CA, the client anchor and the CRL.
    pub ca_days: u32,
    /// Lifetime of the server certificate.
    pub server_days: u32,
    /// Lifetime of a user's certificate.
    pub client_days: u32,
}

/// Where the CA's key is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CaKey {
    /// In the ledger, encrypted.
    File,
    /// In AWS KMS, which never gives it away.
    Kms(KmsKeyArn),
}

/// The section `[page]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// Folder of the built page.
    pub dir: PathBuf,
    /// Languages that the page offers, the first is the default; empty for all that the page has.
    pub languages: Vec<Language>,
    /// Whom users ask, as text.
    pub contact: Option<String>,
    /// Where the page is on the web.
    pub url: Option<PageUrl>,
    /// Where the page is published.
    pub publish: Option<Location>,
}

impl Config {
    /// Parses the text of the file at `path`. Relative folders in it are relative to that file's own folder.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let base = path.parent().unwrap_or_else(|| Path::new(""));
        rules::check(text, base).map_err(|problems| ConfigError { file: path.to_owned(), problems })
    }
}

#[cfg(test)]
mod tests;
