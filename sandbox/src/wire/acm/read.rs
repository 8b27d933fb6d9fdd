//! `DescribeCertificate`, `GetCertificate`, `ListCertificates`, and `DeleteCertificate`, which takes the same.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::cloud::{Certificate, Cloud, ExtendedKeyUsage, KeyAlgorithm, KeyUsage, Moment, Refusal, X509};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Named {
    certificate_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Described {
    certificate: Detail,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Detail {
    certificate_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_name: Option<String>,
    subject_alternative_names: Vec<String>,
    serial: String,
    subject: String,
    issuer: String,
    created_at: f64,
    imported_at: f64,
    status: &'static str,
    not_before: f64,
    not_after: f64,
    key_algorithm: &'static str,
    in_use_by: Vec<String>,
    r#type: &'static str,
    key_usages: Vec<NamedUsage>,
    extended_key_usages: Vec<NamedExtendedUsage>,
    renewal_eligibility: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NamedUsage {
    name: KeyUsage,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NamedExtendedUsage {
    name: &'static str,
    #[serde(rename = "OID")]
    oid: String,
}

/// Describes a certificate.
pub(super) fn describe(cloud: &Cloud, request: &Named, moment: &Moment) -> Result<Described, Refusal> {
    let certificate = cloud.certificate(&request.certificate_arn)?;
    let leaf = &certificate.leaf;
    let extended = |usage: &ExtendedKeyUsage| NamedExtendedUsage { name: usage.name, oid: usage.oid.clone() };
    Ok(Described {
        certificate: Detail {
            certificate_arn: certificate.arn.to_string(),
            domain_name: leaf.domain_name().map(str::to_owned),
            subject_alternative_names: alternative_names(certificate),
            serial: leaf.serial.clone(),
            subject: leaf.subject.clone(),
            issuer: leaf.issuer.clone(),
            created_at: seconds(certificate.imported),
            imported_at: seconds(certificate.imported),
            status: certificate.status(moment.now).as_str(),
            not_before: seconds(leaf.not_before),
            not_after: seconds(leaf.not_after),
            key_algorithm: leaf.key_algorithm.as_str(),
            in_use_by: cloud.users_of(&certificate.arn),
            r#type: "IMPORTED",
            key_usages: leaf.key_usages.iter().map(|name| NamedUsage { name }).collect(),
            extended_key_usages: leaf.extended_key_usages.iter().map(extended).collect(),
            renewal_eligibility: "INELIGIBLE",
        },
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Got {
    certificate: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_chain: Option<String>,
}

/// Gives a certificate and its chain in PEM. The key is given to nobody.
pub(super) fn get(cloud: &Cloud, request: &Named) -> Result<Got, Refusal> {
    let certificate = cloud.certificate(&request.certificate_arn)?;
    let chain: String = certificate.chain.iter().map(X509::to_pem).collect();
    Ok(Got { certificate: certificate.leaf.to_pem(), certificate_chain: Some(chain).filter(|chain| !chain.is_empty()) })
}

/// Deletes a certificate.
pub(super) fn delete(cloud: &mut Cloud, request: &Named) -> Result<(), Refusal> {
    cloud.delete_certificate(&request.certificate_arn)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct List {
    certificate_statuses: Option<Vec<String>>,
    #[serde(default)]
    includes: Includes,
    next_token: Option<String>,
    max_items: Option<usize>,
    sort_by: Option<String>,
    sort_order: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Includes {
    extended_key_usage: Option<Vec<String>>,
    key_usage: Option<Vec<String>>,
    key_types: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed {
    certificate_summary_list: Vec<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    certificate_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_name: Option<String>,
    subject_alternative_name_summaries: Vec<String>,
    has_additional_subject_alternative_names: bool,
    status: &'static str,
    r#type: &'static str,
    key_algorithm: &'static str,
    key_usages: Vec<KeyUsage>,
    extended_key_usages: Vec<&'static str>,
    in_use: bool,
    renewal_eligibility: &'static str,
    not_before: f64,
    not_after: f64,
    created_at: f64,
    imported_at: f64,
}

/// Lists certificates. Unless key types are asked for by name, only those with RSA 2048 are shown.
/// <https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html>
pub(super) fn list(cloud: &Cloud, request: &List, moment: &Moment) -> Result<Listed, Refusal> {
    let List { certificate_statuses, includes, next_token, max_items, sort_by, sort_order } = request;
    if sort_by.is_some() != sort_order.is_some() {
        return Err(Refusal::new("ValidationException", "SortBy and SortOrder go together"));
    }
    let most = max_items.unwrap_or(1000);
    if !(1..=1000).contains(&most) {
        return Err(Refusal::new("ValidationException", "MaxItems must be between 1 and 1000"));
    }
    let start = next_token.as_deref().map_or(Ok(0), |token| {
        read_token(token).ok_or_else(|| Refusal::new("ValidationException", "The NextToken is not valid"))
    })?;
    let default_types = [KeyAlgorithm::Rsa2048.as_str().to_owned()];
    let key_types = includes.key_types.as_deref().unwrap_or(&default_types);
    let listed = |certificate: &&Certificate| {
        let leaf = &certificate.leaf;
        let extended = |wanted: &String| leaf.extended_key_usages.iter().any(|usage| usage.name == wanted);
        key_types.iter().any(|name| name == leaf.key_algorithm.as_str())
            && certificate_statuses
                .as_ref()
                .is_none_or(|wanted| wanted.iter().any(|status| status == certificate.status(moment.now).as_str()))
            && includes
                .key_usage
                .as_ref()
                .is_none_or(|wanted| wanted.iter().any(|name| leaf.key_usages.contains(&name.as_str())))
            && includes.extended_key_usage.as_ref().is_none_or(|wanted| wanted.iter().any(extended))
    };
    let mut found: Vec<_> = cloud.certificates().filter(listed).collect();
    found.sort_by_key(|certificate| certificate.imported);
    if sort_order.as_deref() == Some("DESCENDING") {
        found.reverse();
    }
    let next_token = (start + most < found.len()).then(|| URL_SAFE_NO_PAD.encode(format!("from:{}", start + most)));
    let page = found.into_iter().skip(start).take(most);
    let certificate_summary_list = page.map(|certificate| summary(cloud, certificate, moment)).collect();
    Ok(Listed { certificate_summary_list, next_token })
}

fn summary(cloud: &Cloud, certificate: &Certificate, moment: &Moment) -> Summary {
    let leaf = &certificate.leaf;
    Summary {
        certificate_arn: certificate.arn.to_string(),
        domain_name: leaf.domain_name().map(str::to_owned),
        subject_alternative_name_summaries: alternative_names(certificate),
        has_additional_subject_alternative_names: false,
        status: certificate.status(moment.now).as_str(),
        r#type: "IMPORTED",
        key_algorithm: leaf.key_algorithm.as_str(),
        key_usages: leaf.key_usages.clone(),
        extended_key_usages: leaf.extended_key_usages.iter().map(|usage| usage.name).collect(),
        in_use: !cloud.users_of(&certificate.arn).is_empty(),
        renewal_eligibility: "INELIGIBLE",
        not_before: seconds(leaf.not_before),
        not_after: seconds(leaf.not_after),
        created_at: seconds(certificate.imported),
        imported_at: seconds(certificate.imported),
    }
}

fn alternative_names(certificate: &Certificate) -> Vec<String> {
    let leaf = &certificate.leaf;
    if leaf.dns_names.is_empty() {
        leaf.domain_name().map(str::to_owned).into_iter().collect()
    } else {
        leaf.dns_names.clone()
    }
}

fn read_token(token: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix("from:")?.parse().ok()
}

/// Timestamps of the JSON protocols are seconds since 1970, with a fraction.
#[expect(clippy::cast_precision_loss, reason = "milliseconds until the year 280000 fit into 53 bits")]
fn seconds(time: OffsetDateTime) -> f64 {
    (time.unix_timestamp_nanos() / 1_000_000) as f64 / 1000.0
}
