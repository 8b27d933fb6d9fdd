//! `sandbox verify`: what an OpenVPN server asks about every certificate of a chain that it has already checked itself.

use std::path::Path;

use anyhow::Context as _;
use der::Document;

use crate::cloud::X509;

/// Refuses a client whose key Client VPN does not support.
/// <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/mutual.html>
///
/// `depth` counts from the client's own certificate, which is in `certificate`.
///
/// # Errors
/// When the key is not supported, or the certificate cannot be read.
pub fn verify(depth: u32, certificate: Option<&Path>) -> anyhow::Result<()> {
    if depth > 0 {
        return Ok(());
    }
    let path = certificate.context("the server did not write the certificate down")?;
    let pem = std::fs::read_to_string(path).context("read the client's certificate")?;
    let (_, der) = Document::from_pem(&pem).context("read the client's certificate")?;
    let certificate = X509::read(der.as_bytes()).context("the client's key is of an unknown kind")?;
    let key = certificate.key_algorithm;
    anyhow::ensure!(key.suits_client_vpn(), "the client's key is {}, which Client VPN does not support", key.as_str());
    Ok(())
}
