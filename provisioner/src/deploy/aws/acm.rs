//! Certificates in ACM.

use std::collections::BTreeMap;

use aws_sdk_acm::{
    Client,
    config::retry::RetryConfig,
    operation::import_certificate::builders::ImportCertificateFluentBuilder,
    primitives::Blob,
    types::{CertificateSummary, Filters, KeyAlgorithm, Tag},
};
use futures::future::try_join_all;
use profile::name::Domain;
use time::OffsetDateTime;

use super::{
    error::{call_error, has_code},
    read::Answer,
};
use crate::{
    config::DeploymentName,
    deploy::{
        cloud::{CallError, FoundCertificate, Material},
        id::CertificateArn,
        own::OwnCertificate,
        tags::{self, Tags},
    },
    pki::serial::Serial,
};

/// The certificates of a deployment, by their tags.
pub(super) async fn find(
    client: &Client,
    deployment: &DeploymentName,
    domain: &Domain,
) -> Result<BTreeMap<CertificateArn, FoundCertificate>, CallError> {
    let look = async |arn| {
        let tags = tags_of(client, &arn).await?;
        let tag = |key: &str| tags.get(key).map(String::as_str);
        let own = OwnCertificate::ALL.into_iter().find(|own| tag(tags::ROLE) == Some(own.word()));
        let Some(own) = own.filter(|_| tag(tags::DEPLOYMENT) == Some(deployment.as_str())) else {
            return Ok(None);
        };
        let Some(found) = describe(client, &arn, own).await? else {
            return Ok(None);
        };
        let made_by = tags.get(tags::MADE_BY).cloned();
        Ok(Some((arn, FoundCertificate { tagged: true, made_by, ..found })))
    };
    let found = try_join_all(candidates(client, domain).await?.into_iter().map(look)).await?;
    Ok(found.into_iter().flatten().collect())
}

/// A certificate by its ARN, `None` where it is gone. Its tags are not asked for.
pub(super) async fn describe(
    client: &Client,
    arn: &CertificateArn,
    own: OwnCertificate,
) -> Result<Option<FoundCertificate>, CallError> {
    let sent = client.describe_certificate().certificate_arn(arn.as_str()).send().await;
    let answer = match sent.map_err(|error| call_error("DescribeCertificate", error)) {
        Ok(answer) => answer,
        Err(error) if has_code(&error, &["ResourceNotFoundException"]) => return Ok(None),
        Err(error) => return Err(error),
    };
    let detail = answer.certificate();
    let end = detail.and_then(|detail| detail.not_after());
    Ok(Some(FoundCertificate {
        own,
        tagged: false,
        serial: detail.and_then(|detail| detail.serial()).and_then(Serial::from_hex),
        domain: detail.and_then(|detail| detail.domain_name()).filter(|name| !name.is_empty()).map(str::to_owned),
        not_after: end.and_then(|end| OffsetDateTime::from_unix_timestamp(end.secs()).ok()),
        made_by: None,
    }))
}

/// Imports a certificate. This call takes no token and must not be repeated without looking: each time it makes a
/// certificate of its own. So the SDK is kept from repeating it.
pub(super) async fn import(client: &Client, tags: &Tags, material: &Material) -> Result<CertificateArn, CallError> {
    let once = aws_sdk_acm::config::Builder::new().retry_config(RetryConfig::disabled());
    let answer = import_call(client, material)
        .set_tags(Some(raw_tags(tags)))
        .customize()
        .config_override(once)
        .send()
        .await
        .map_err(|error| call_error(IMPORT.0, error))?;
    Ok(CertificateArn::new(IMPORT.required("certificate", answer.certificate_arn())?))
}

/// Imports a certificate in the place of another. Doing it twice is doing it once.
pub(super) async fn reimport(client: &Client, arn: &CertificateArn, material: &Material) -> Result<(), CallError> {
    let call = import_call(client, material).certificate_arn(arn.as_str());
    call.send().await.map(drop).map_err(|error| call_error(IMPORT.0, error))
}

pub(super) async fn tag(client: &Client, arn: &CertificateArn, tags: &Tags) -> Result<(), CallError> {
    let call = client.add_tags_to_certificate().certificate_arn(arn.as_str()).set_tags(Some(raw_tags(tags)));
    call.send().await.map(drop).map_err(|error| call_error("AddTagsToCertificate", error))
}

pub(super) async fn delete(client: &Client, arn: &CertificateArn) -> Result<(), CallError> {
    let call = client.delete_certificate().certificate_arn(arn.as_str());
    call.send().await.map(drop).map_err(|error| call_error("DeleteCertificate", error))
}

/// The SDK copies the key into its request and does not overwrite those copies; ours is overwritten when dropped.
fn import_call(client: &Client, material: &Material) -> ImportCertificateFluentBuilder {
    client
        .import_certificate()
        .certificate(Blob::new(material.certificate.as_bytes()))
        .private_key(Blob::new(material.key.as_bytes()))
        .certificate_chain(Blob::new(material.chain.as_bytes()))
}

fn raw_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
}

/// Certificates that can be ours by their name, oldest names first. ACM cannot list by tag, and its quota is 2,500
/// certificates, so the tags of those with another name are not asked for.
async fn candidates(client: &Client, domain: &Domain) -> Result<Vec<CertificateArn>, CallError> {
    let names = OwnCertificate::ALL.map(|own| own.subject(domain));
    // UNCONFIRMED which domain name ACM shows for a certificate without DNS name, such as the anchor: none is
    // taken for ours, too.
    let may_be_ours = |it: &CertificateSummary| {
        it.domain_name().is_none_or(|name| name.is_empty() || names.iter().any(|ours| ours == name))
    };
    // Without a key type the listing leaves some out; which ones, its documentation says in two ways.
    let includes = Filters::builder().key_types(KeyAlgorithm::Rsa2048).build();
    let mut pages = client.list_certificates().includes(includes).into_paginator().items().send();
    let mut arns = Vec::new();
    while let Some(summary) = pages.next().await {
        let summary = summary.map_err(|error| call_error("ListCertificates", error))?;
        if may_be_ours(&summary) {
            arns.extend(summary.certificate_arn().map(CertificateArn::new));
        }
    }
    arns.sort();
    Ok(arns)
}

/// The tags of a certificate, none where it is gone.
async fn tags_of(client: &Client, arn: &CertificateArn) -> Result<Tags, CallError> {
    let sent = client.list_tags_for_certificate().certificate_arn(arn.as_str()).send().await;
    let answer = match sent.map_err(|error| call_error("ListTagsForCertificate", error)) {
        Ok(answer) => answer,
        Err(error) if has_code(&error, &["ResourceNotFoundException"]) => return Ok(Tags::new()),
        Err(error) => return Err(error),
    };
    let tag = |tag: &Tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned());
    Ok(answer.tags().iter().map(tag).collect())
}

const IMPORT: Answer = Answer("ImportCertificate");
