//! The file as TOML has it: right keys, right kinds, no meaning yet.

use serde::Deserialize;
use toml::Spanned;

use super::problem::{Problem, line_of};

/// Every key that the file may have. Unknown ones are refused, so that a typing error cannot pass for a default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) deployment: Deployment,
    pub(super) network: Network,
    #[serde(default)]
    pub(super) endpoint: Endpoint,
    #[serde(default)]
    pub(super) pki: Pki,
    pub(super) ledger: Ledger,
    pub(super) page: Page,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deployment {
    pub(super) name: Spanned<String>,
    pub(super) target: Spanned<String>,
    pub(super) region: Spanned<String>,
    pub(super) domain: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Network {
    pub(super) vpc_id: Spanned<String>,
    pub(super) subnet_ids: Spanned<Vec<Spanned<String>>>,
    pub(super) client_cidr: Spanned<String>,
    #[serde(default)]
    pub(super) authorize: Vec<Spanned<String>>,
    #[serde(default = "yes")]
    pub(super) split_tunnel: bool,
    pub(super) transport: Option<Spanned<String>>,
    pub(super) port: Option<Spanned<i64>>,
    #[serde(default)]
    pub(super) dns_servers: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) security_group_ids: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Endpoint {
    pub(super) description: Option<Spanned<String>>,
    pub(super) banner: Option<Spanned<String>>,
    pub(super) session_timeout_hours: Option<Spanned<i64>>,
    pub(super) disconnect_on_session_timeout: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Pki {
    pub(super) ca_key: Option<Spanned<String>>,
    pub(super) ca_days: Option<Spanned<i64>>,
    pub(super) server_days: Option<Spanned<i64>>,
    pub(super) client_days: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ledger {
    pub(super) url: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    pub(super) dir: Spanned<String>,
    #[serde(default)]
    pub(super) languages: Vec<Spanned<String>>,
    pub(super) contact: Option<Spanned<String>>,
}

impl File {
    /// Reads the TOML.
    ///
    /// # Errors
    /// What the TOML parser stops at: it reports one problem only.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        toml::from_str(text).map_err(|error: toml::de::Error| Problem {
            line: error.span().map(|span| line_of(text, span.start)),
            key: String::new(),
            value: None,
            allowed: error.message().trim_end().replace('\n', ", "),
        })
    }
}

impl Default for Endpoint {
    fn default() -> Self {
        Self { description: None, banner: None, session_timeout_hours: None, disconnect_on_session_timeout: true }
    }
}

fn yes() -> bool {
    true
}
