//! `AddTagsToCertificate` and `ListTagsForCertificate`.

use serde::{Deserialize, Serialize};

use super::{Tag, read_tags};
use crate::cloud::{Cloud, Refusal};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Add {
    certificate_arn: String,
    tags: Vec<Tag>,
}

/// Adds tags.
pub(super) fn add(cloud: &mut Cloud, request: Add) -> Result<(), Refusal> {
    cloud.tag_certificate(&request.certificate_arn, read_tags(request.tags))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct List {
    certificate_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed {
    tags: Vec<Tag>,
}

/// Lists the tags of a certificate.
pub(super) fn list(cloud: &Cloud, request: &List) -> Result<Listed, Refusal> {
    let tags = &cloud.certificate(&request.certificate_arn)?.tags;
    let tag = |(key, value): (&String, &String)| Tag { key: key.clone(), value: value.clone() };
    Ok(Listed { tags: tags.iter().map(tag).collect() })
}
