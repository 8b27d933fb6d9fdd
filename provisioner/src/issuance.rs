//! Whether a request that is in order gets a certificate, given what was issued before: pure.

use profile::name::CommonName;
use thiserror::Error;
use time::OffsetDateTime;

use crate::{ledger::Issued, pki::reason::Reason};

/// A certificate that was issued before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Earlier {
    /// Its record.
    pub issued: Issued,
    /// Why it is revoked and since when, where it is.
    pub revoked: Option<(Reason, OffsetDateTime)>,
}

impl Earlier {
    /// Whether somebody can connect with it.
    pub fn is_valid(&self, now: OffsetDateTime) -> bool {
        self.revoked.is_none() && self.issued.not_after >= now
    }

    /// Whether it is revoked for now, and would be valid otherwise.
    pub fn is_on_hold(&self, now: OffsetDateTime) -> bool {
        self.revoked.is_some_and(|(reason, _)| reason.is_hold()) && self.issued.not_after >= now
    }
}

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
    /// Somebody put the user on hold: a second certificate would be a way around that.
    #[error("`{name}` is on hold")]
    OnHold {
        /// Who.
        name: CommonName,
    },
}

/// Decides about a request for `name`. `for_key` is everything that was issued for its key, `for_name` for the name.
///
/// # Errors
/// [`IssuanceRefusal`].
pub fn decide(
    name: &CommonName,
    for_key: &[Earlier],
    for_name: &[Earlier],
    now: OffsetDateTime,
) -> Result<Decision, IssuanceRefusal> {
    if let Some(other) = for_key.iter().find(|it| it.issued.subject != name.to_string()) {
        return Err(IssuanceRefusal::KeyOfAnother { subject: other.issued.subject.clone() });
    }
    if for_name.iter().any(|it| it.is_on_hold(now)) {
        return Err(IssuanceRefusal::OnHold { name: name.clone() });
    }
    if for_key.iter().any(|it| it.revoked.is_some()) {
        return Err(IssuanceRefusal::KeyRevoked { name: name.clone() });
    }
    let valid = for_key.iter().rfind(|it| it.issued.not_after > now);
    Ok(valid.map_or(Decision::Issue, |it| Decision::Again(Box::new(it.issued.clone()))))
}

/// Of what was issued `for_name`, what a certificate that was made at the time of `new` takes the place of: valid ones
/// that are older. Records count in seconds: of two from the same second neither is the older one.
pub fn replaced_by(new: &Issued, for_name: &[Earlier], now: OffsetDateTime) -> Vec<Issued> {
    let is_older = |it: &&Earlier| {
        it.is_valid(now) && it.issued.serial != new.serial && it.issued.provenance.when < new.provenance.when
    };
    for_name.iter().filter(is_older).map(|it| it.issued.clone()).collect()
}

#[cfg(test)]
pub(crate) mod testing {
    use time::Duration;

    use super::*;
    use crate::{
        ledger::{Provenance, Role},
        pki::serial::Serial,
        testing::NOW,
    };

    /// A user's certificate that is not revoked.
    pub(crate) fn earlier(subject: &str, not_after: OffsetDateTime) -> Earlier {
        let serial = Serial::from_random([1; 16]);
        let issued = Issued {
            serial,
            role: Role::User,
            subject: subject.to_owned(),
            key_sha256: String::new(),
            request_sha256: None,
            not_before: NOW - Duration::WEEK,
            not_after,
            certificate: String::new(),
            provenance: Provenance { who: "tester".to_owned(), when: NOW, nonce: serial },
        };
        Earlier { issued, revoked: None }
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::{testing::earlier, *};
    use crate::{pki::serial::Serial, testing::NOW};

    #[test]
    fn a_new_key_gets_a_certificate_whatever_else_its_user_has() {
        let others = [earlier("alice.vpn.example.com", NOW + Duration::DAY), revoked(Reason::KeyCompromise)];
        assert_eq!(decide(&alice(), &[], &[], NOW), Ok(Decision::Issue));
        assert_eq!(decide(&alice(), &[], &others, NOW), Ok(Decision::Issue));
    }

    #[test]
    fn the_same_request_gets_the_same_certificate_as_long_as_it_holds() {
        let valid = earlier("alice.vpn.example.com", NOW + Duration::SECOND);
        let expired = earlier("alice.vpn.example.com", NOW);
        let decide = |both: &[Earlier]| decide(&alice(), both, both, NOW);
        assert_eq!(decide(std::slice::from_ref(&expired)), Ok(Decision::Issue));
        assert_eq!(decide(&[expired, valid.clone()]), Ok(Decision::Again(Box::new(valid.issued))));
    }

    #[test]
    fn a_key_belongs_to_one_name_even_after_its_certificate_has_expired() {
        let bobs = [earlier("bob.vpn.example.com", NOW - Duration::DAY)];
        let subject = "bob.vpn.example.com".to_owned();
        assert_eq!(decide(&alice(), &bobs, &[], NOW), Err(IssuanceRefusal::KeyOfAnother { subject }));
    }

    #[test]
    fn a_revoked_key_does_not_come_back() {
        let earlier = [revoked(Reason::Superseded)];
        assert_eq!(decide(&alice(), &earlier, &earlier, NOW), Err(IssuanceRefusal::KeyRevoked { name: alice() }));
    }

    #[test]
    fn a_new_key_is_no_way_around_a_hold() {
        let held = [revoked(Reason::CertificateHold)];
        assert_eq!(decide(&alice(), &[], &held, NOW), Err(IssuanceRefusal::OnHold { name: alice() }));
        assert_eq!(decide(&alice(), &held, &held, NOW), Err(IssuanceRefusal::OnHold { name: alice() }));
        let later = NOW + Duration::WEEK;
        assert_eq!(decide(&alice(), &[], &held, later), Ok(Decision::Issue), "the hold has ended with the certificate");
    }

    #[test]
    fn only_what_is_older_and_valid_is_replaced() {
        let at = |serial, when| {
            let mut it = earlier("alice.vpn.example.com", NOW + Duration::DAY);
            it.issued.serial = Serial::from_random([serial; 16]);
            it.issued.provenance.when = when;
            it
        };
        let (old, new, newer) = (at(1, NOW - Duration::DAY), at(2, NOW), at(3, NOW + Duration::SECOND));
        let twin = at(5, NOW);
        let gone = Earlier { revoked: Some((Reason::KeyCompromise, NOW)), ..at(4, NOW - Duration::DAY) };
        let all = [old.clone(), new.clone(), twin, newer, gone];
        assert_eq!(replaced_by(&new.issued, &all, NOW), [old.issued]);
        assert_eq!(replaced_by(&new.issued, &all, NOW + Duration::WEEK), []);
    }

    fn revoked(reason: Reason) -> Earlier {
        Earlier { revoked: Some((reason, NOW)), ..earlier("alice.vpn.example.com", NOW + Duration::DAY) }
    }

    fn alice() -> CommonName {
        CommonName::parse("alice.vpn.example.com", &"vpn.example.com".parse().unwrap()).unwrap()
    }
}
