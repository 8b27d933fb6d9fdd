//! The certificate revocation list of an endpoint.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-certificates.html>. A list that has expired is
//! taken: it keeps everybody out, on AWS as here.

use der::Decode as _;
use time::OffsetDateTime;
use x509_cert::crl::CertificateList;

use super::x509;
use super::{Cloud, Moment, Refusal, X509};

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
        let most = self.limits.crl_entries;
        let authorities = self.client_authorities(self.live_endpoint(endpoint)?)?;
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
        if list.tbs_cert_list.revoked_certificates.map_or(0, |revoked| revoked.len()) > most {
            return Err(Refusal::new(
                "ClientVpnCertificateRevocationListLimitExceeded",
                format!("The certificate revocation list has more than {most} entries"),
            ));
        }
        self.live_endpoint_mut(endpoint)?.crl = Some(Crl { pem: pem.to_owned(), imported: moment.now });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::fixture::pki::Authority;
    use crate::cloud::fixture::{at, cloud_with_endpoint};

    fn import(pem: &str) -> Result<Option<Crl>, &'static str> {
        let (mut cloud, id) = cloud_with_endpoint();
        cloud.import_crl(id.as_str(), pem, &at(5, 4)).map_err(|refusal| refusal.code)?;
        Ok(cloud.endpoint(id.as_str()).map_err(|refusal| refusal.code)?.crl.clone())
    }

    #[test]
    fn a_list_of_the_clients_ca_is_kept_as_it_came() {
        let pem = Authority::new().crl([3, 4]);
        assert_eq!(import(&pem), Ok(Some(Crl { pem: pem.clone(), imported: at(5, 0).now })));
    }

    #[test]
    fn a_list_of_another_ca_is_refused_even_under_the_same_name() {
        assert_eq!(import(&Authority::namesake().crl([])), Err("InvalidParameterValue"));
    }

    #[test]
    fn what_is_not_exactly_one_list_is_refused() {
        let one = Authority::new().crl([]);
        for pem in ["", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", &format!("{one}{one}")] {
            assert_eq!(import(pem), Err("InvalidParameterValue"), "{pem}");
        }
    }

    #[test]
    fn the_quota_of_entries_holds() {
        assert!(import(&Authority::new().crl(1..=20_000)).is_ok());
        let refusal = import(&Authority::new().crl(1..=20_001));
        assert_eq!(refusal, Err("ClientVpnCertificateRevocationListLimitExceeded"));
    }
}
