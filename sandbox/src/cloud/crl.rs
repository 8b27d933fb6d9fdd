//! The certificate revocation list of an endpoint.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-certificates.html>. A list that has expired is
//! taken: it keeps everybody out, on AWS as here.

use der::Decode as _;
use time::OffsetDateTime;
use x509_cert::crl::CertificateList;

use super::x509;
use super::{Cloud, Moment, Refusal, X509};

/// Revoked certificates on one list.
/// <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/limits.html>
const MAX_ENTRIES: usize = 20_000;

/// An imported CRL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crl {
    /// The list as it was handed in.
    pub pem: String,
    /// When it was imported. Every import counts, also of the same list: it resets the connections.
    pub imported: OffsetDateTime,
}

impl Cloud {
    /// Puts a CRL in the place of the one before.
    ///
    /// The service's answer to a malformed list, to one of another CA and to several lists at once is not published:
    /// UNCONFIRMED. A list of another CA must be refused here, because OpenVPN would then check nobody.
    ///
    /// # Errors
    /// `InvalidClientVpnEndpointId.NotFound`, `InvalidParameterValue`, `ClientVpnCertificateRevocationListLimitExceeded`.
    pub fn import_crl(&mut self, endpoint: &str, pem: &str, moment: &Moment) -> Result<(), Refusal> {
        let authorities = self.client_authorities(self.endpoint(endpoint)?)?;
        let found = x509::blocks(pem, "X509 CRL")
            .ok_or_else(|| Refusal::invalid_value("The certificate revocation list is not in PEM"))?;
        let [der] = found.as_slice() else {
            return Err(Refusal::invalid_value("There is more than one certificate revocation list"));
        };
        let list: CertificateList = CertificateList::from_der(der)
            .map_err(|_| Refusal::invalid_value("The certificate revocation list is malformed"))?;
        let signed_by = |issuer: &X509| {
            let CertificateList { tbs_cert_list: _, signature_algorithm, signature } = &list;
            x509::is_signed_by(der, signature_algorithm.oid, signature.raw_bytes(), issuer)
        };
        if !authorities.iter().any(signed_by) {
            return Err(Refusal::invalid_value(
                "The certificate revocation list is not signed by the CA of the client root certificate chain",
            ));
        }
        if list.tbs_cert_list.revoked_certificates.map_or(0, |revoked| revoked.len()) > MAX_ENTRIES {
            return Err(Refusal::new(
                "ClientVpnCertificateRevocationListLimitExceeded",
                format!("The certificate revocation list has more than {MAX_ENTRIES} entries"),
            ));
        }
        self.endpoint_mut(endpoint)?.crl = Some(Crl { pem: pem.to_owned(), imported: moment.now });
        Ok(())
    }

    /// The CAs whose certificates an endpoint lets in: the chain of the client root certificate, and that certificate
    /// itself when it is a CA.
    ///
    /// # Errors
    /// `InvalidParameterValue` when the certificate is gone.
    pub fn client_authorities(&self, endpoint: &super::Endpoint) -> Result<Vec<X509>, Refusal> {
        let root = self.certificate(endpoint.settings.client_root.as_str())?;
        let itself = root.leaf.is_ca.then_some(&root.leaf);
        Ok(itself.into_iter().chain(&root.chain).cloned().collect())
    }
}
