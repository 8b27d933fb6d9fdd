//! Tags: how a deployment's resources are found again, and by whom they were made.

use std::collections::BTreeMap;

use super::own::OwnCertificate;
use crate::config::DeploymentName;

/// Tags by their key.
pub type Tags = BTreeMap<String, String>;

/// The tag that marks what belongs to a deployment.
pub const DEPLOYMENT: &str = "latchkey:deployment";
/// The tag that says what it is in the deployment.
pub const ROLE: &str = "latchkey:role";
/// The tag that says who made it.
pub const MADE_BY: &str = "latchkey:made-by";

/// The role of an endpoint.
pub const ENDPOINT: &str = "endpoint";

/// Tags that the endpoint of `deployment` must have.
pub fn endpoint(deployment: &DeploymentName, configured: &Tags) -> Tags {
    let mut tags = configured.clone();
    tags.insert("Name".to_owned(), format!("latchkey-{deployment}"));
    ours(deployment, ENDPOINT, tags)
}

/// Tags that a certificate of `deployment` must have.
pub fn certificate(deployment: &DeploymentName, own: OwnCertificate, configured: &Tags) -> Tags {
    ours(deployment, own.word(), configured.clone())
}

/// `tags`, and who makes what they are put on.
pub fn made_by(mut tags: Tags, who: &str) -> Tags {
    // AWS takes letters, digits, spaces and a few signs.
    let allowed = |c: char| if c.is_alphanumeric() || " _.:/=+-@".contains(c) { c } else { '_' };
    tags.insert(MADE_BY.to_owned(), who.chars().map(allowed).take(LONGEST_VALUE).collect());
    tags
}

fn ours(deployment: &DeploymentName, role: &str, mut tags: Tags) -> Tags {
    tags.insert(DEPLOYMENT.to_owned(), deployment.to_string());
    tags.insert(ROLE.to_owned(), role.to_owned());
    tags
}

/// <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>
const LONGEST_VALUE: usize = 256;
