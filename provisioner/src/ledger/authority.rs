//! The CA in the ledger: found there, or made and put there.
//!
//! The key is created before the certificate. Whoever is interrupted between the two leaves a key without a
//! certificate, and the next run makes the certificate for that key: two admins who start at the same time end up
//! with one CA.

use profile::certificate::Certificate;
use thiserror::Error;
use time::OffsetDateTime;

use super::{Ledger, LedgerError};
use crate::pki::{
    PkiError,
    authority::Authority,
    custody::{Custody, RemoteKey},
    key::PrivateKey,
    secret::{self, Passphrase, Salt},
    serial::Serial,
};

/// What a new CA is made of.
#[derive(Clone, Copy, Debug)]
pub struct NewAuthority<'a> {
    /// The deployment's name.
    pub name: &'a str,
    /// Lifetime in days.
    pub days: u32,
    /// The time.
    pub now: OffsetDateTime,
    /// Serial number of its certificate.
    pub serial: Serial,
    /// Random bytes for the encryption of its key.
    pub salt: Salt,
}

/// Why the CA could not be opened or made.
#[derive(Debug, Error)]
pub enum AuthorityError {
    /// The ledger could not be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The key, the certificate or the passphrase.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// Certificates were issued, and their CA is gone. A new one would lock out whoever has them, and could not revoke them.
    #[error("the ledger has certificates and no CA: `{CERTIFICATE}` is missing")]
    CertificateMissing,
    /// There is a certificate but no key.
    #[error("`{KEY}` is missing from the ledger")]
    KeyMissing,
}

impl Ledger {
    /// The certificate of the CA, `None` before there is one.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn ca_certificate(&self) -> Result<Option<Certificate>, LedgerError> {
        let damaged = |_| LedgerError::Damaged { path: CERTIFICATE.to_owned() };
        self.store.read_text(CERTIFICATE).await?.map(|pem| Certificate::from_pem(&pem).map_err(damaged)).transpose()
    }

    /// Whether a passphrase has been chosen: whether there is a key.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn has_ca_key(&self) -> Result<bool, LedgerError> {
        Ok(self.store.read(KEY).await?.is_some())
    }

    /// Opens the CA of the ledger, or makes `new` and puts it there.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub async fn open_or_create_authority(
        &self,
        passphrase: &Passphrase,
        new: NewAuthority<'_>,
    ) -> Result<Authority, AuthorityError> {
        if let Some(authority) = self.open_authority(passphrase).await? {
            return Ok(authority);
        }
        self.check_is_new().await?;
        let key = match self.store.read_text(KEY).await? {
            Some(locked) => secret::decrypt(&locked, passphrase)?,
            None => {
                let key = PrivateKey::generate()?;
                let locked = secret::encrypt(&key, passphrase, new.salt)?;
                match self.store.create_private(KEY, locked.as_bytes()).await {
                    Ok(()) => key,
                    // Another admin was faster: theirs is the deployment's.
                    Err(LedgerError::Taken { .. }) => self.key(passphrase).await?,
                    Err(error) => return Err(error.into()),
                }
            }
        };
        let authority = Authority::self_signed(key, new.name, new.days, new.now, new.serial)?;
        match self.create_certificate(&authority).await? {
            true => Ok(authority),
            false => self.open_authority(passphrase).await?.ok_or(AuthorityError::KeyMissing),
        }
    }

    /// As [`Ledger::open_or_create_authority`] where the key is elsewhere: then only the certificate is in the ledger.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub async fn open_or_create_remote_authority(
        &self,
        key: Box<dyn RemoteKey>,
        new: NewAuthority<'_>,
    ) -> Result<Authority, AuthorityError> {
        if let Some(certificate) = self.ca_certificate().await? {
            return Ok(Authority::open(certificate, Custody::Remote(key))?);
        }
        self.check_is_new().await?;
        let authority = Authority::self_signed(Custody::Remote(key), new.name, new.days, new.now, new.serial)?;
        match self.create_certificate(&authority).await? {
            true => Ok(authority),
            // Another admin was faster, with the same key or, which is refused, with another.
            false => Ok(authority.with_certificate(self.ca_certificate().await?.ok_or(AuthorityError::KeyMissing)?)?),
        }
    }

    /// As [`Ledger::open_authority`] where the key is elsewhere.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub async fn open_remote_authority(&self, key: Box<dyn RemoteKey>) -> Result<Option<Authority>, AuthorityError> {
        let certificate = self.ca_certificate().await?;
        Ok(certificate.map(|certificate| Authority::open(certificate, Custody::Remote(key))).transpose()?)
    }

    /// Puts the certificate of a CA that was made elsewhere into the ledger. That it is there already is well.
    ///
    /// # Errors
    /// [`LedgerError::Taken`] where there is another one, or another [`LedgerError`].
    pub async fn put_ca_certificate(&self, certificate: &Certificate) -> Result<(), LedgerError> {
        self.store.create(CERTIFICATE, certificate.to_pem().as_bytes()).await
    }

    /// The same for its encrypted key.
    ///
    /// # Errors
    /// As [`Ledger::put_ca_certificate`].
    pub async fn put_ca_key(&self, locked: &str) -> Result<(), LedgerError> {
        self.store.create_private(KEY, locked.as_bytes()).await
    }

    /// The encrypted key of the CA, where it is in the ledger.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn ca_key(&self) -> Result<Option<String>, LedgerError> {
        self.store.read_text(KEY).await
    }

    /// Refuses to make a CA where there was one: after a damage, or where taking one over was interrupted.
    async fn check_is_new(&self) -> Result<(), AuthorityError> {
        match self.store.list("issued").await?.is_empty() {
            true => Ok(()),
            false => Err(AuthorityError::CertificateMissing),
        }
    }

    /// Puts the CA's certificate into the ledger, where there is none yet: then answers with true.
    async fn create_certificate(&self, authority: &Authority) -> Result<bool, LedgerError> {
        match self.store.create(CERTIFICATE, authority.certificate().to_pem().as_bytes()).await {
            Ok(()) => Ok(true),
            Err(LedgerError::Taken { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn key(&self, passphrase: &Passphrase) -> Result<PrivateKey, AuthorityError> {
        let locked = self.store.read_text(KEY).await?.ok_or(AuthorityError::KeyMissing)?;
        Ok(secret::decrypt(&locked, passphrase)?)
    }

    /// Opens the CA of the ledger, `None` where there is none yet.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub async fn open_authority(&self, passphrase: &Passphrase) -> Result<Option<Authority>, AuthorityError> {
        let Some(certificate) = self.ca_certificate().await? else {
            return Ok(None);
        };
        let locked = self.store.read_text(KEY).await?.ok_or(AuthorityError::KeyMissing)?;
        Ok(Some(Authority::unlock(certificate, &locked, passphrase)?))
    }
}

const KEY: &str = "ca/ca.key";
const CERTIFICATE: &str = "ca/ca.crt";
