//! Provisions AWS Client VPN and runs the CA of its users.
//!
//! The library knows what a deployment is to be ([`config`]), what may be certified ([`pki`], [`issuance`], [`invitation`],
//! [`revocation`]), what happened ([`ledger`], [`register`]) and whether that agrees with itself ([`verification`]), how to get from what AWS has to what is wanted ([`deploy`]), and
//! whether people get in then ([`handshake`]). It knows no terminal, no environment
//! and no clock: those belong to the binary `latchkey`. Types of the AWS SDK stay inside [`deploy::aws`].

pub mod config;

pub mod deploy;

pub use pki;

pub mod ledger;

pub mod issuance;

pub mod invitation;

pub mod register;

pub mod revocation;

pub mod verification;

pub mod publication;

pub mod adoption;

pub mod iam;

pub mod handshake;

pub mod random;

#[cfg(test)]
mod testing;
