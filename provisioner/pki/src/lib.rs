//! The CA: what a certificate may say, who signs it, and what is revoked.
//!
//! [`policy`] is the table of certificates as plain data, [`authority`] applies it. Time and serial numbers are
//! arguments; the randomness of private keys comes from aws-lc-rs alone. Nothing here reads or writes a file.

pub mod policy;

pub mod authority;

pub mod request;

pub mod weak;

pub mod crl;

pub mod reason;

pub mod custody;

mod issuer;

mod unsigned;

pub mod key;

pub mod secret;

pub mod foreign_key;

pub mod serial;

pub mod signature;

#[cfg(test)]
pub(crate) mod testing;

use thiserror::Error;

/// Why a certificate, key or CRL could not be made or read.
///
/// No variant carries a message of the cryptographic library: such messages may quote what they were given.
#[derive(Debug, Error)]
pub enum PkiError {
    /// The library made no key pair.
    #[error("no RSA key pair could be generated")]
    KeyGeneration,
    /// The library wrote no certificate or CRL.
    #[error("`{subject}` could not be signed")]
    Signing {
        /// The subject, or what else was to be signed.
        subject: String,
    },
    /// The file of the CA key holds no key of a known form, or not one of RSA with 2048 bits.
    #[error("the CA key is not an RSA-2048 private key in PKCS#8, or is encrypted in an unknown way")]
    KeyFile,
    /// The passphrase is wrong (or the file damaged, which cannot be told apart).
    #[error("the passphrase does not open the CA key")]
    Passphrase,
    /// The CA key could not be encrypted.
    #[error("the CA key could not be encrypted")]
    Encryption,
    /// The CA key belongs to another certificate.
    #[error("the CA key does not belong to the CA certificate")]
    KeyMismatch,
    /// Whoever keeps the CA key did not sign.
    #[error("`{subject}` could not be signed by the service that keeps the CA key")]
    Remote {
        /// What was to be signed.
        subject: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Whoever keeps the CA key signed something else.
    #[error("the service that keeps the CA key signed `{subject}` wrongly: the signature does not verify")]
    WrongSignature {
        /// What was to be signed.
        subject: String,
    },
    /// The CA key cannot be had.
    #[error("the CA key is kept elsewhere, and cannot be copied")]
    KeptElsewhere,
    /// The name in the CA certificate is of a form that cannot be repeated in what the CA signs.
    #[error("the name of the CA has a form that is not supported: several values of one kind, or old character sets")]
    IssuerName,
    /// The CA certificate is damaged.
    #[error("the CA certificate cannot be read")]
    Certificate(#[source] profile::certificate::CertificateRefusal),
    /// A CRL is damaged.
    #[error("the CRL cannot be read")]
    Crl,
    /// The CA's own key: whoever holds it needs no certificate, and nobody else may.
    #[error("the key for `{subject}` is the CA's own")]
    OwnKey {
        /// Whose certificate it was to be.
        subject: String,
    },
    /// A certificate would be valid for no time at all.
    #[error("the CA certificate ends on {not_after}, nothing can be issued any more")]
    AuthorityExpired {
        /// The end of the CA certificate.
        not_after: time::OffsetDateTime,
    },
}
