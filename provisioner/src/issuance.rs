//! Whether a request that is in order gets a certificate, given what was issued before: pure.

use profile::name::CommonName;
use thiserror::Error;
use time::OffsetDateTime;

use crate::ledger::Issued;

/// What becomes of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    /// A certificate is to be issued.
    Issue,
    /// It was issued already, and still holds: a second one would only have to be revoked twice.
    Again(Box<Issued>),
}

/// Why a request is not signed although it is in order.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum IssuanceRefusal {
    /// Another certificate has this key: whoever holds the key would be two people.
    #[error("the key of this request is certified for `{subject}` already")]
    KeyOfAnother {
        /// The other certificate's subject.
        subject: String,
    },
    /// A certificate for this key was revoked, which is for ever.
    #[error("a certificate of `{name}` for this key was revoked")]
    KeyRevoked {
        /// Whose it was.
        name: CommonName,
    },
}

/// Decides about a request for `name`. `earlier` are all certificates for its key, each with whether it was revoked.
///
/// # Errors
/// [`IssuanceRefusal`].
pub fn decide(
    name: &CommonName,
    earlier: Vec<(Issued, bool)>,
    now: OffsetDateTime,
) -> Result<Decision, IssuanceRefusal> {
    let mut decision = Decision::Issue;
    for (issued, revoked) in earlier {
        if issued.subject != name.to_string() {
            return Err(IssuanceRefusal::KeyOfAnother { subject: issued.subject });
        }
        if revoked {
            return Err(IssuanceRefusal::KeyRevoked { name: name.clone() });
        }
        if issued.not_after > now {
            decision = Decision::Again(Box::new(issued));
        }
    }
    Ok(decision)
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::{
        ledger::{Provenance, Role},
        pki::{serial::Serial, testing::NOW},
    };

    #[test]
    fn a_new_key_gets_a_certificate() {
        assert_eq!(decide(&alice(), vec![], NOW), Ok(Decision::Issue));
    }

    #[test]
    fn the_same_request_gets_the_same_certificate_as_long_as_it_holds() {
        let valid = issued("alice.vpn.example.com", NOW + Duration::SECOND);
        let expired = issued("alice.vpn.example.com", NOW);
        assert_eq!(decide(&alice(), vec![(expired.clone(), false)], NOW), Ok(Decision::Issue));
        let both = vec![(expired, false), (valid.clone(), false)];
        assert_eq!(decide(&alice(), both, NOW), Ok(Decision::Again(Box::new(valid))));
    }

    #[test]
    fn a_key_belongs_to_one_name_even_after_its_certificate_has_expired() {
        let earlier = vec![(issued("bob.vpn.example.com", NOW - Duration::DAY), false)];
        let subject = "bob.vpn.example.com".to_owned();
        assert_eq!(decide(&alice(), earlier, NOW), Err(IssuanceRefusal::KeyOfAnother { subject }));
    }

    #[test]
    fn a_revoked_key_does_not_come_back() {
        let earlier = vec![(issued("alice.vpn.example.com", NOW - Duration::DAY), true)];
        assert_eq!(decide(&alice(), earlier, NOW), Err(IssuanceRefusal::KeyRevoked { name: alice() }));
    }

    fn alice() -> CommonName {
        CommonName::parse("alice.vpn.example.com", &"vpn.example.com".parse().unwrap()).unwrap()
    }

    fn issued(subject: &str, not_after: OffsetDateTime) -> Issued {
        let serial = Serial::from_random([1; 16]);
        Issued {
            serial,
            role: Role::User,
            subject: subject.to_owned(),
            key_sha256: String::new(),
            request_sha256: None,
            not_before: NOW - Duration::WEEK,
            not_after,
            certificate: String::new(),
            provenance: Provenance { who: "tester".to_owned(), when: NOW, nonce: serial },
        }
    }
}
