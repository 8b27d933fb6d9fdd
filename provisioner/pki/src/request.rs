//! Which requests may be signed: a key that protects something, proof of possession, and the name.
//!
//! Form and size of the key are checked by [`profile::csr`] when the request is read.

use profile::{
    csr::{Csr, CsrError},
    name::{CommonName, Domain, NameError},
};
use thiserror::Error;

use super::{
    key::verifies,
    weak::{self, WeakKey},
};

/// Why a request is not signed.
#[derive(Debug, Error)]
pub enum RequestRefusal {
    /// Its form or its key.
    #[error(transparent)]
    Csr(#[from] CsrError),
    /// Its key is known to be weak.
    #[error(transparent)]
    Weak(#[from] WeakKey),
    /// Its signature: whoever made it does not have the private key.
    #[error("the request's signature does not verify: it was changed, or made without the private key")]
    Possession,
    /// Its name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A name that Latchkey uses itself.
    #[error("`{name}` is reserved for a certificate of the deployment's own")]
    Reserved {
        /// The name.
        name: CommonName,
    },
}

impl RequestRefusal {
    /// A stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Csr(refusal) => refusal.code(),
            Self::Weak(weakness) => weakness.code(),
            Self::Possession => "csr-possession",
            Self::Name(refusal) => refusal.code(),
            Self::Reserved { .. } => "name-reserved",
        }
    }
}

/// Reads a request for a certificate under `domain` and checks it.
///
/// # Errors
/// The first rule that it breaks.
pub fn accept(pem: &str, domain: &Domain) -> Result<(Csr, CommonName), RequestRefusal> {
    let csr = Csr::from_pem(pem)?;
    weak::check(csr.public_key())?;
    // The subject is signed, too: only after this does its name mean anything.
    if !verifies(csr.public_key(), csr.signed()?) {
        return Err(RequestRefusal::Possession);
    }
    let name = certifiable(CommonName::parse(csr.common_name(), domain)?)?;
    Ok((csr, name))
}

/// A name that a user may have.
///
/// # Errors
/// [`RequestRefusal::Reserved`].
pub fn certifiable(name: CommonName) -> Result<CommonName, RequestRefusal> {
    if RESERVED.contains(&name.username().as_str()) {
        return Err(RequestRefusal::Reserved { name });
    }
    Ok(name)
}

/// `anchor.<domain>` is the client anchor's name, `probe.<domain>` that of a trial of the endpoint.
pub const RESERVED: &[&str] = &["anchor", "probe"];
