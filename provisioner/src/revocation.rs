//! Which certificates a revocation, or the end of a hold, is about: pure.

use profile::name::{CommonName, Domain};
use thiserror::Error;
use time::OffsetDateTime;

use crate::{
    ledger::{Act, Issued, Revocations, Role},
    pki::{reason::Reason, serial::Serial},
};

/// Whom somebody means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whom<'a> {
    /// A user, by name or by the common name of their certificates: all that are valid.
    User(&'a str),
    /// One certificate.
    Serial(Serial),
}

/// Why there is nothing to revoke, or to undo.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum RevocationRefusal {
    /// No certificate was ever issued for them.
    #[error("`{who}` was never issued a certificate")]
    Unknown {
        /// Whom somebody meant.
        who: String,
    },
    /// It is not a user's.
    #[error("`{subject}` is no user")]
    NoUser {
        /// The certificate's subject.
        subject: String,
    },
    /// Nothing of theirs is valid any more.
    #[error("`{subject}` has no valid certificate: the last one has expired on {}", .end.date())]
    Expired {
        /// The certificate's subject.
        subject: String,
        /// When it expired.
        end: OffsetDateTime,
    },
    /// It is not on hold and never was.
    #[error("`{subject}` is not on hold")]
    NotOnHold {
        /// The certificate's subject.
        subject: String,
    },
    /// It is revoked for ever.
    #[error("`{subject}` is revoked for ever ({reason}): only `{}` can be undone", Reason::CertificateHold)]
    ForEver {
        /// The certificate's subject.
        subject: String,
        /// Why.
        reason: Reason,
    },
}

impl RevocationRefusal {
    /// Whether there is no certificate with which they could connect.
    pub fn is_of_nothing_valid(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::Expired { .. })
    }
}

/// Whether all invites of a user end with `act`: they do unless the user merely has something newer. The answer is the
/// reason for which the certificate of one that is just being used is revoked, which cannot be on hold: nobody would
/// take it off.
pub fn ends_invites(act: Act) -> Option<Reason> {
    match act {
        Act::Revoke(Reason::Superseded) | Act::Undo => None,
        Act::Revoke(reason) if reason.is_hold() => Some(Reason::Unspecified),
        Act::Revoke(reason) => Some(reason),
    }
}

/// The certificates that `act` is about. Among them are those of which the ledger says so already: that may not be in
/// effect yet.
///
/// # Errors
/// [`RevocationRefusal`].
pub fn choose(
    whom: Whom<'_>,
    act: Act,
    issued: Vec<Issued>,
    revocations: &Revocations,
    domain: &Domain,
    now: OffsetDateTime,
) -> Result<Vec<Issued>, RevocationRefusal> {
    let is_meant = |it: &Issued| match whom {
        Whom::User(who) => it.role == Role::User && (it.subject == who || username(it, domain).as_deref() == Some(who)),
        Whom::Serial(serial) => it.serial == serial,
    };
    let mut meant: Vec<Issued> = issued.into_iter().filter(is_meant).collect();
    let Some(last) = meant.iter().max_by_key(|it| it.not_after) else {
        let who = match whom {
            Whom::User(who) => who.to_owned(),
            Whom::Serial(serial) => serial.to_string(),
        };
        return Err(RevocationRefusal::Unknown { who });
    };
    let (subject, end, role) = (last.subject.clone(), last.not_after, last.role);
    if role != Role::User {
        return Err(RevocationRefusal::NoUser { subject });
    }
    meant.retain(|it| it.not_after >= now);
    if meant.is_empty() {
        return Err(RevocationRefusal::Expired { subject, end });
    }
    if act == Act::Undo {
        let reason = meant.iter().find_map(|it| revocations.reason(it.serial));
        meant.retain(|it| match revocations.last(it.serial).map(|last| last.act) {
            Some(Act::Revoke(reason)) => reason.is_hold(),
            Some(Act::Undo) => true,
            None => false,
        });
        if meant.is_empty() {
            return Err(match reason {
                Some(reason) => RevocationRefusal::ForEver { subject, reason },
                None => RevocationRefusal::NotOnHold { subject },
            });
        }
    }
    Ok(meant)
}

fn username(issued: &Issued, domain: &Domain) -> Option<String> {
    CommonName::parse(&issued.subject, domain).ok().map(|name| name.username().to_string())
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::{
        ledger::{Ledger, Provenance, Store},
        testing::NOW,
    };

    #[tokio::test]
    async fn a_user_means_all_that_is_valid_a_serial_number_one() {
        let revoke = Act::Revoke(Reason::KeyCompromise);
        let chosen = async |whom| choose_from(&[], whom, revoke).await.map(|found| serials(&found));
        assert_eq!(chosen(Whom::User("alice")).await, Ok(vec![1, 2]));
        assert_eq!(chosen(Whom::User("alice.vpn.example.com")).await, Ok(vec![1, 2]));
        assert_eq!(chosen(Whom::Serial(serial(2))).await, Ok(vec![2]));
        let subject = |name: &str| format!("{name}.vpn.example.com");
        assert_eq!(chosen(Whom::User("ali")).await, Err(RevocationRefusal::Unknown { who: "ali".to_owned() }));
        let end = NOW - Duration::SECOND;
        for whom in [Whom::User("bob"), Whom::Serial(serial(4))] {
            assert_eq!(chosen(whom).await, Err(RevocationRefusal::Expired { subject: subject("bob"), end }));
        }
        let anchor = Err(RevocationRefusal::NoUser { subject: subject("anchor") });
        assert_eq!(chosen(Whom::Serial(serial(5))).await, anchor);
        assert_eq!(chosen(Whom::User("anchor")).await, Err(RevocationRefusal::Unknown { who: "anchor".to_owned() }));
    }

    #[tokio::test]
    async fn only_a_hold_ends_and_to_end_it_again_is_no_mistake() {
        let (hold, lost) = (Act::Revoke(Reason::CertificateHold), Act::Revoke(Reason::KeyCompromise));
        let alice = Whom::User("alice");
        let undo = async |before: &[(u8, Act)]| choose_from(before, alice, Act::Undo).await.map(|it| serials(&it));
        let subject = "alice.vpn.example.com".to_owned();
        assert_eq!(undo(&[]).await, Err(RevocationRefusal::NotOnHold { subject: subject.clone() }));
        assert_eq!(undo(&[(1, hold), (2, lost)]).await, Ok(vec![1]));
        assert_eq!(undo(&[(1, hold), (1, Act::Undo)]).await, Ok(vec![1]));
        let reason = Reason::KeyCompromise;
        assert_eq!(undo(&[(1, hold), (1, lost)]).await, Err(RevocationRefusal::ForEver { subject, reason }));
    }

    async fn choose_from(before: &[(u8, Act)], whom: Whom<'_>, act: Act) -> Result<Vec<Issued>, RevocationRefusal> {
        let ledger = Ledger::new(Store::memory());
        for (nonce, (n, act)) in before.iter().enumerate() {
            let provenance = provenance(u8::try_from(nonce).unwrap());
            ledger.record_revocation(&issued(*n, "alice", NOW + Duration::DAY), *act, provenance).await.unwrap();
        }
        let issued = vec![
            issued(1, "alice", NOW),
            issued(2, "alice", NOW + Duration::DAY),
            issued(3, "alice", NOW - Duration::DAY),
            issued(4, "bob", NOW - Duration::SECOND),
            Issued { role: Role::Anchor, ..issued(5, "anchor", NOW + Duration::DAY) },
        ];
        let domain = "vpn.example.com".parse().unwrap();
        choose(whom, act, issued, &ledger.revocations().await.unwrap(), &domain, NOW)
    }

    fn serials(issued: &[Issued]) -> Vec<u8> {
        issued.iter().map(|it| it.serial.as_bytes()[0]).collect()
    }

    fn issued(n: u8, name: &str, not_after: OffsetDateTime) -> Issued {
        Issued {
            serial: serial(n),
            role: Role::User,
            subject: format!("{name}.vpn.example.com"),
            key_sha256: String::new(),
            request_sha256: None,
            not_before: NOW - Duration::WEEK,
            not_after,
            certificate: String::new(),
            provenance: provenance(n),
        }
    }

    fn serial(n: u8) -> Serial {
        Serial::from_random([n; 16])
    }

    fn provenance(nonce: u8) -> Provenance {
        Provenance { who: "tester".to_owned(), when: NOW, nonce: serial(nonce) }
    }
}
