//! Certificates in ACM.

use aws_sdk_acm::{
    Client,
    config::retry::RetryConfig,
    primitives::Blob,
    types::{CertificateSummary, Filters, KeyAlgorithm, Tag},
};
use futures::future::try_join_all;
use profile::name::Domain;

use super::{
    TAG_DEPLOYMENT, TAG_ROLE,
    error::{call_error, has_code},
    read::Answer,
};
use crate::{
    config::DeploymentName,
    deploy::{
        cloud::{CallError, Material},
        id::CertificateArn,
        own::OwnCertificate,
    },
    pki::serial::Serial,
};

type Certificate = (CertificateArn, Option<Serial>);

/// The server certificate and the client anchor of a deployment, by their tags.
pub(super) async fn find(
    client: &Client,
    deployment: &DeploymentName,
    domain: &Domain,
) -> Result<(Option<Certificate>, Option<Certificate>), CallError> {
    let candidates = candidates(client, domain).await?;
    let roles = try_join_all(candidates.iter().map(|arn| role(client, arn, deployment))).await?;
    let (mut server, mut anchor) = (None, None);
    for (arn, role) in candidates.into_iter().zip(roles) {
        match role.as_deref() {
            Some("server") => server = server.or(Some(arn)),
            Some("anchor") => anchor = anchor.or(Some(arn)),
            _ => {}
        }
    }
    let serial = async |arn: Option<CertificateArn>| match arn {
        Some(arn) => describe(client, &arn).await,
        None => Ok(None),
    };
    futures::try_join!(serial(server), serial(anchor))
}

/// A certificate by its ARN, `None` where it is gone.
pub(super) async fn describe(client: &Client, arn: &CertificateArn) -> Result<Option<Certificate>, CallError> {
    let sent = client.describe_certificate().certificate_arn(arn.as_str()).send().await;
    let answer = match sent.map_err(|error| call_error("DescribeCertificate", error)) {
        Ok(answer) => answer,
        Err(error) if has_code(&error, &["ResourceNotFoundException"]) => return Ok(None),
        Err(error) => return Err(error),
    };
    let serial = answer.certificate().and_then(|detail| detail.serial()).and_then(Serial::from_hex);
    Ok(Some((arn.clone(), serial)))
}

/// Imports a certificate. This call takes no token and must not be repeated without looking: each time it makes a
/// certificate of its own. So the SDK is kept from repeating it.
///
/// The SDK copies the key into its request and does not overwrite those copies; ours is overwritten when dropped.
pub(super) async fn import(
    client: &Client,
    deployment: &DeploymentName,
    own: OwnCertificate,
    material: &Material,
) -> Result<CertificateArn, CallError> {
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().ok();
    let once = aws_sdk_acm::config::Builder::new().retry_config(RetryConfig::disabled());
    let answer = client
        .import_certificate()
        .certificate(Blob::new(material.certificate.as_bytes()))
        .private_key(Blob::new(material.key.as_bytes()))
        .certificate_chain(Blob::new(material.chain.as_bytes()))
        .set_tags(Some(
            [tag(TAG_DEPLOYMENT, deployment.as_str()), tag(TAG_ROLE, own.word())].into_iter().flatten().collect(),
        ))
        .customize()
        .config_override(once)
        .send()
        .await
        .map_err(|error| call_error(IMPORT.0, error))?;
    Ok(CertificateArn::new(IMPORT.required("certificate", answer.certificate_arn())?))
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

/// What the certificate is in this deployment, `None` where it is not of this deployment.
async fn role(client: &Client, arn: &CertificateArn, deployment: &DeploymentName) -> Result<Option<String>, CallError> {
    let answer = client
        .list_tags_for_certificate()
        .certificate_arn(arn.as_str())
        .send()
        .await
        .map_err(|error| call_error("ListTagsForCertificate", error))?;
    let tag = |key: &str| answer.tags().iter().find(|tag| tag.key() == key).and_then(|tag| tag.value());
    Ok(tag(TAG_ROLE).filter(|_| tag(TAG_DEPLOYMENT) == Some(deployment.as_str())).map(str::to_owned))
}

const IMPORT: Answer = Answer("ImportCertificate");
