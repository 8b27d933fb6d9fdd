//! ACM's imported certificates: what is kept of them and how they are found again.

mod import;

use time::OffsetDateTime;

use super::tags::{self, MAX_TAGS};
use super::x509::{PrivateKey, X509};
use super::{CertificateArn, Cloud, Refusal, Tags};
use crate::world::World;

pub use self::import::ImportCertificate;

/// An imported certificate.
#[derive(Debug)]
pub struct Certificate {
    /// Its ARN, the same over all re-imports.
    pub arn: CertificateArn,
    /// The certificate itself.
    pub leaf: X509,
    /// Who issued it, who issued that one, and so on.
    pub chain: Vec<X509>,
    /// The key that was imported with it.
    pub private_key: PrivateKey,
    /// Its tags.
    pub tags: Tags,
    /// When it was imported last.
    pub imported: OffsetDateTime,
}

/// `Status` of an imported certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateStatus {
    /// In date.
    Issued,
    /// Past its `NotAfter`.
    Expired,
}

impl CertificateStatus {
    /// ACM's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "ISSUED",
            Self::Expired => "EXPIRED",
        }
    }
}

impl Certificate {
    /// The certificate's state at a time.
    #[must_use]
    pub fn status(&self, now: OffsetDateTime) -> CertificateStatus {
        if now > self.leaf.not_after { CertificateStatus::Expired } else { CertificateStatus::Issued }
    }
}

impl Cloud {
    /// The certificate of that ARN.
    ///
    /// # Errors
    /// `InvalidArnException`, `ResourceNotFoundException`.
    pub fn certificate(&self, arn: &str) -> Result<&Certificate, Refusal> {
        self.check_certificate_arn(arn)?;
        self.certificates.get(&CertificateArn::from(arn)).ok_or_else(|| not_found(arn))
    }

    /// All certificates, by ARN.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.certificates.values()
    }

    /// Adds tags, or gives tags another value.
    ///
    /// # Errors
    /// `InvalidArnException`, `ResourceNotFoundException`, `InvalidTagException`, `TooManyTagsException`.
    pub fn tag_certificate(&mut self, arn: &str, tags: Tags) -> Result<(), Refusal> {
        self.check_certificate_arn(arn)?;
        let certificate = self.certificates.get_mut(&CertificateArn::from(arn)).ok_or_else(|| not_found(arn))?;
        let mut all = certificate.tags.clone();
        all.extend(tags);
        check_tags(&all)?;
        certificate.tags = all;
        Ok(())
    }

    /// Deletes a certificate that no endpoint uses.
    ///
    /// # Errors
    /// `InvalidArnException`, `ResourceNotFoundException`, `ResourceInUseException`.
    pub fn delete_certificate(&mut self, arn: &str) -> Result<(), Refusal> {
        let arn = self.certificate(arn)?.arn.clone();
        if !self.users_of(&arn).is_empty() {
            return Err(Refusal::new("ResourceInUseException", format!("Certificate {arn} is in use.")));
        }
        self.certificates.remove(&arn);
        Ok(())
    }

    /// ARNs of the endpoints that use a certificate.
    ///
    /// What ACM shows for a Client VPN endpoint is not published: UNCONFIRMED.
    #[must_use]
    pub fn users_of(&self, arn: &CertificateArn) -> Vec<String> {
        self.endpoints
            .values()
            .filter(|endpoint| endpoint.settings.server_certificate == *arn || endpoint.settings.client_root == *arn)
            .map(|endpoint| {
                let World { region, account, .. } = &self.world;
                format!("arn:aws:ec2:{region}:{account}:client-vpn-endpoint/{}", endpoint.id)
            })
            .collect()
    }

    fn check_certificate_arn(&self, arn: &str) -> Result<(), Refusal> {
        let prefix = self.certificate_arn_prefix();
        if arn.strip_prefix(&prefix).is_some_and(|id| !id.is_empty()) {
            return Ok(());
        }
        Err(Refusal::new("InvalidArnException", format!("Invalid certificate ARN: {arn}")))
    }

    fn certificate_arn_prefix(&self) -> String {
        format!("arn:aws:acm:{}:{}:certificate/", self.world.region, self.world.account)
    }
}

fn check_tags(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > MAX_TAGS {
        return Err(Refusal::new("TooManyTagsException", format!("A certificate can have at most {MAX_TAGS} tags")));
    }
    tags::problem(tags).map_or(Ok(()), |problem| Err(Refusal::new("InvalidTagException", problem)))
}

fn not_found(arn: &str) -> Refusal {
    Refusal::new("ResourceNotFoundException", format!("Could not find certificate {arn}."))
}
