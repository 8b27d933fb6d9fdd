//! What steps need besides AWS: certificates, the CRL, client tokens. All of it goes through the ledger first, so
//! that nothing exists at AWS of which the ledger does not know.

use profile::name::Domain;
use thiserror::Error;
use time::OffsetDateTime;

use super::{cloud::Material, observed::Observed, own::OwnCertificate, plan::recorded_crl_is_complete};
use crate::{
    config::{DeploymentName, Pki},
    ledger::{Attempt, Issued, Ledger, LedgerError, Provenance, RecordedCrl, Role},
    pki::{
        PkiError,
        authority::Authority,
        crl::{Crl, Revoked},
        serial::Serial,
    },
    random::Random,
};

/// Where steps get what they need.
#[derive(Clone, Copy)]
pub struct Supply<'a> {
    /// The deployment.
    pub deployment: &'a DeploymentName,
    /// Its domain.
    pub domain: &'a Domain,
    /// Lifetimes.
    pub pki: &'a Pki,
    /// The ledger.
    pub ledger: &'a Ledger,
    /// The CA; absent where the plan needs none.
    pub authority: Option<&'a Authority>,
    /// Who runs this.
    pub who: &'a str,
    /// The time.
    pub now: OffsetDateTime,
    /// Randomness.
    pub random: &'a dyn Random,
}

/// Why something could not be supplied.
#[derive(Debug, Error)]
pub enum SupplyError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The CA.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// The CA key was not opened. A plan says beforehand whether it is needed, so that this is a defect.
    #[error("the CA key is needed for a step that was not expected to need it")]
    Locked,
    /// What was made cannot be recorded, which is a defect.
    #[error("a certificate was issued that cannot be recorded")]
    Unrecordable,
}

impl Supply<'_> {
    /// Issues one of the deployment's own certificates, with a key that exists in memory only.
    ///
    /// # Errors
    /// [`SupplyError`].
    pub async fn certificate(&self, own: OwnCertificate) -> Result<Material, SupplyError> {
        let authority = self.authority.ok_or(SupplyError::Locked)?;
        let (policy, days) = own.policy(self.pki);
        let key = self.random.private_key()?;
        let serial = Serial::from_random(self.random.bits_128());
        let certificate = authority.issue(policy, &own.subject(self.domain), key.public(), days, self.now, serial)?;
        let issued = Issued::of(&certificate, own.role(), None, self.provenance()).ok_or(SupplyError::Unrecordable)?;
        self.ledger.record_issued(&issued).await?;
        Ok(Material {
            serial,
            not_after: issued.not_after,
            certificate: issued.certificate,
            key: key.to_pem()?,
            chain: authority.certificate().to_pem(),
        })
    }

    /// The CRL to import: the ledger's where it lists the anchor, else a new one that lists every anchor ever issued.
    ///
    /// # Errors
    /// [`SupplyError`].
    pub async fn crl(&self, observed: &Observed) -> Result<RecordedCrl, SupplyError> {
        if recorded_crl_is_complete(observed)
            && let Some(recorded) = &observed.recorded_crl
        {
            return Ok(recorded.clone());
        }
        let authority = self.authority.ok_or(SupplyError::Locked)?;
        let issued = self.ledger.all_issued().await?;
        let revoked: Vec<Revoked> = issued
            .iter()
            .filter(|issued| issued.role == Role::Anchor)
            .map(|issued| Revoked { serial: issued.serial, since: issued.provenance.when })
            .collect();
        // Where another admin takes the number at this moment, the next one is taken.
        loop {
            let number = self.ledger.latest_crl().await?.map_or(1, |recorded| recorded.number + 1);
            let pem = authority.crl(number, &revoked, self.now)?;
            match self.ledger.record_crl(number, &pem).await {
                Ok(()) => return Ok(RecordedCrl { number, crl: Crl::from_pem(&pem)?, pem }),
                Err(LedgerError::Taken { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The attempt at a step, written down.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn attempt(&self, step: &str) -> Result<Attempt, LedgerError> {
        self.ledger.begin_attempt(self.deployment.as_str(), step, self.provenance()).await
    }

    /// Who, when, and a fresh nonce.
    pub fn provenance(&self) -> Provenance {
        Provenance { who: self.who.to_owned(), when: self.now, nonce: Serial::from_random(self.random.bits_128()) }
    }
}
