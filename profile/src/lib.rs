//! The rules that the page and the admin's tool share.
//!
//! Names, public keys, certificate signing requests, invites, certificates, `.ovpn` documents and the bundle: plain
//! values in, plain values or a named refusal out. No files, clock, randomness, network or cryptography beyond
//! SHA-256: whoever calls brings the time and verifies the signatures ([`signed::Signed`]). The crate builds for
//! `wasm32-unknown-unknown` and for the host without features.

pub mod name;

pub mod key;

pub mod csr;

pub mod challenge;

pub mod invite;

pub mod certificate;

pub mod ovpn;

pub mod backup;

pub mod bundle;

pub mod calendar;

pub mod signed;

pub mod fingerprint;

pub mod words;

pub mod search;

pub mod pem;

mod element;
