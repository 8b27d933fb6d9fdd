//! `ImportCertificate`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{Tag, not_readable, read_tags};
use crate::cloud::{Cloud, ImportCertificate, Moment, Refusal};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Request {
    certificate_arn: Option<String>,
    certificate: String,
    private_key: String,
    certificate_chain: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Imported {
    certificate_arn: String,
}

/// Imports a certificate.
pub(super) fn import(cloud: &mut Cloud, request: Request, moment: &Moment) -> Result<Imported, Refusal> {
    let request = ImportCertificate {
        arn: request.certificate_arn,
        certificate: text(&request.certificate)?,
        private_key: text(&request.private_key)?,
        chain: request.certificate_chain.as_deref().map(text).transpose()?,
        tags: read_tags(request.tags),
    };
    let arn = cloud.import_certificate(request, moment)?;
    Ok(Imported { certificate_arn: arn.to_string() })
}

/// A blob, which for all members of this call is PEM and so text. What is not becomes text that is no PEM.
fn text(blob: &str) -> Result<String, Refusal> {
    let bytes = STANDARD.decode(blob).map_err(|_| not_readable())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
