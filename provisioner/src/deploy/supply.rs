//! What steps need besides AWS: certificates, the CRL, client tokens. All of it goes through the ledger first, so
//! that nothing exists at AWS of which the ledger does not know.

use profile::name::Domain;
use thiserror::Error;
use time::OffsetDateTime;

use super::{
    cloud::Material,
    observed::Observed,
    own::OwnCertificate,
    plan::{imported_number, is_complete},
    to_list::ToList,
};
use crate::{
    config::{DeploymentName, Pki},
    ledger::{Attempt, Issued, Ledger, LedgerError, Provenance, RecordedCrl, Role},
    pki::{
        PkiError,
        authority::Authority,
        crl::{self, Crl, Revoked},
        reason::Reason,
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
    /// The CA key was not opened. A plan says beforehand whether it is needed, and somebody may revoke a certificate after that.
    #[error("the CA key is needed for a CRL that was not to be expected: somebody else has just revoked a certificate")]
    Locked,
    /// AWS takes no CRL as long as this one would be.
    #[error("the CRL would have {entries} entries, and AWS takes {CRL_ENTRIES} at most")]
    CrlFull {
        /// Entries that it would have.
        entries: usize,
    },
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
        let (policy, life) = own.policy(self.pki);
        let key = self.random.private_key()?;
        let serial = Serial::from_random(self.random.bits_128());
        let certificate = authority.issue(policy, &own.subject(self.domain), key.public(), life, self.now, serial)?;
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

    /// The CRL to import, and what it lists: the ledger's latest where it is complete, else a new one.
    ///
    /// # Errors
    /// [`SupplyError`].
    pub async fn crl(&self, observed: &Observed) -> Result<(RecordedCrl, ToList), SupplyError> {
        // What was observed may be as old as a question that somebody was asked since. Whoever has imported a CRL meanwhile
        // has recorded it before: it is not taken back.
        let imported = imported_number(observed);
        let mut latest = self.ledger.latest_crl().await?;
        let to_list = observed.to_list.refreshed(self.ledger, latest.as_ref()).await?;
        if let Some(recorded) = latest.take_if(|recorded| is_complete(recorded, &to_list, imported)) {
            return Ok((recorded, to_list));
        }
        let authority = self.authority.ok_or(SupplyError::Locked)?;
        loop {
            // The number before the content: whoever takes a number between the two takes this one. So nothing is ever
            // missing from a CRL that stands on one with a lower number.
            let number = latest.map(|recorded| recorded.number).max(imported).map_or(1, |number| number + 1);
            let (revoked, to_list) = crl_entries(self.ledger, self.now).await?;
            if revoked.len() > CRL_ENTRIES {
                return Err(SupplyError::CrlFull { entries: revoked.len() });
            }
            let pem = authority.crl(number, &revoked, self.now)?;
            match self.ledger.record_crl(number, &pem).await {
                Ok(()) => return Ok((RecordedCrl { number, crl: Crl::from_pem(&pem)?, pem }, to_list)),
                Err(LedgerError::Taken { .. }) => latest = self.ledger.latest_crl().await?,
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

/// The entries of a CRL made `now`: every anchor ever issued and every revoked certificate, until it has expired.
///
/// # Errors
/// [`LedgerError`].
pub async fn crl_entries(ledger: &Ledger, now: OffsetDateTime) -> Result<(Vec<Revoked>, ToList), LedgerError> {
    let (anchors, revocations) = futures::try_join!(ledger.issued_for_role(Role::Anchor), ledger.revocations())?;
    let anchors = anchors.iter().map(|issued| {
        let since = issued.provenance.when;
        (issued.not_after, Revoked { serial: issued.serial, since, reason: Reason::Unspecified })
    });
    let revoked = revocations
        .revoked()
        .map(|(it, reason)| (it.not_after, Revoked { serial: it.serial, since: it.provenance.when, reason }));
    let entries: Vec<(OffsetDateTime, Revoked)> = anchors.chain(revoked).collect();
    let to_list = ToList {
        revoked: entries.iter().map(|(end, it)| (it.serial, *end)).collect(),
        undone: revocations.undone().collect(),
    };
    let begin = crl::this_update(now);
    let entries = entries.into_iter().filter(|(end, _)| *end >= begin).map(|(_, it)| it).collect();
    Ok((entries, to_list))
}

/// Entries that AWS takes, <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/limits.html>.
pub const CRL_ENTRIES: usize = 20_000;
