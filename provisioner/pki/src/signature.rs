//! Whether the CA has signed what was found somewhere.

use der::{Decode, Reader, SliceReader, asn1::BitStringRef};
use profile::{certificate::Certificate, key::PublicKey, signed::Signed};

use super::{crl::Crl, key::verifies};

/// Whether the holder of `ca` has signed `certificate`.
pub fn is_on_certificate(ca: &PublicKey, certificate: &Certificate) -> bool {
    certificate.signed().is_ok_and(|signed| verifies(ca, signed))
}

/// Whether the holder of `ca` has signed `crl`.
pub fn is_on_crl(ca: &PublicKey, crl: &Crl) -> bool {
    signed(crl.der()).is_ok_and(|signed| signed.is_some_and(|signed| verifies(ca, signed)))
}

/// `CertificateList` of RFC 5280 section 5.1.1, taken apart as it stands there.
fn signed(der: &[u8]) -> der::Result<Option<Signed<'_>>> {
    SliceReader::new(der)?.sequence(|list| {
        let message = list.tlv_bytes()?;
        list.tlv_bytes()?;
        let signature = BitStringRef::decode(list)?;
        Ok::<_, der::Error>(signature.as_bytes().map(|signature| Signed { message, signature }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        authority::Authority,
        key::PrivateKey,
        serial::Serial,
        testing::{NOW, authority},
    };

    #[test]
    fn only_the_ca_signs_for_the_ca() {
        let other = PrivateKey::generate().unwrap();
        let other = Authority::self_signed(other, "demo", 1, NOW, Serial::from_random([1; 16])).unwrap();
        let ca = public_key(&authority());
        for (authority, is_ours) in [(authority(), true), (other, false)] {
            assert_eq!(is_on_certificate(&ca, authority.certificate()), is_ours);
            let crl = Crl::from_pem(&authority.crl(1, &[], NOW).unwrap()).unwrap();
            assert_eq!(is_on_crl(&ca, &crl), is_ours);
        }
    }

    fn public_key(authority: &Authority) -> PublicKey {
        PublicKey::from_spki_der(authority.certificate().public_key_der()).unwrap()
    }
}
