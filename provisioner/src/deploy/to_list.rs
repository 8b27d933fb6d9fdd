//! What the CRL must list by the ledger: every anchor ever issued, and every certificate that is revoked.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use crate::{
    ledger::{Ledger, LedgerError, RecordedCrl, Role},
    pki::{crl::Crl, serial::Serial},
};

/// What the CRL must list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ToList {
    /// Each with the last second of its validity, after which it may be left out.
    pub revoked: BTreeMap<Serial, OffsetDateTime>,
    /// Those that were on hold and are not to be listed any more.
    pub undone: BTreeSet<Serial>,
}

impl ToList {
    /// Whether `crl` lists exactly this, for the time it was made: what had expired by then is not on it, and what has
    /// expired since is no reason for a new one, which would end every connection.
    pub fn is_listed_by(&self, crl: &Crl) -> bool {
        self.missing_on(crl).next().is_none() && self.wrongly_on(crl).next().is_none()
    }

    /// What `crl` must list and does not.
    pub fn missing_on(&self, crl: &Crl) -> impl Iterator<Item = Serial> {
        let missing = self.revoked.iter().filter(|(it, end)| !crl.lists(**it) && **end >= crl.this_update());
        missing.map(|(serial, _)| *serial)
    }

    /// What `crl` lists and must not, in hexadecimal digits.
    pub fn wrongly_on(&self, crl: &Crl) -> impl Iterator<Item = String> {
        let wrong = crl.serials().iter().filter(|it| !self.revoked.contains_key(*it)).map(Serial::to_string);
        wrong.chain(crl.unlike_ours())
    }

    /// What `crl` lists that the ledger never knew as revoked, in hexadecimal digits: by the next import those
    /// certificates would be let in again.
    pub fn unknown_on(&self, crl: &Crl) -> Vec<String> {
        let is_known = |it: &Serial| self.revoked.contains_key(it) || self.undone.contains(it);
        let unknown = crl.serials().iter().filter(|it| !is_known(it)).map(Serial::to_string);
        unknown.chain(crl.unlike_ours()).collect()
    }

    /// What the ledger says now, beside `recorded`, its latest CRL.
    ///
    /// Anchors are those of that CRL: to find all, every record of an issued certificate would have to be read, which
    /// is done where a CRL is made. One that was issued since is at ACM, and known from there, or nobody has its key.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn read(ledger: &Ledger, recorded: Option<&RecordedCrl>) -> Result<Self, LedgerError> {
        let revocations = ledger.revocations().await?;
        let revoked = revocations.revoked().map(|(it, _)| (it.serial, it.not_after)).collect();
        let mut to_list = Self { revoked, undone: revocations.undone().collect() };
        for serial in recorded.iter().flat_map(|recorded| recorded.crl.serials()) {
            if revocations.last(*serial).is_none()
                && let Some(issued) = ledger.issued(*serial).await?.filter(|issued| issued.role == Role::Anchor)
            {
                to_list.revoked.insert(*serial, issued.not_after);
            }
        }
        Ok(to_list)
    }

    /// What the ledger says by now, and those that were to be listed before for another reason: anchors at ACM.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn refreshed(&self, ledger: &Ledger, recorded: Option<&RecordedCrl>) -> Result<Self, LedgerError> {
        let mut fresh = Self::read(ledger, recorded).await?;
        let before = self.revoked.iter().filter(|(serial, _)| !fresh.undone.contains(*serial));
        fresh.revoked.extend(before.map(|(serial, end)| (*serial, *end)));
        Ok(fresh)
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::{
        pki::{
            crl::{Revoked, this_update},
            reason::Reason,
        },
        testing::{NOW, authority},
    };

    #[test]
    fn a_crl_lists_what_it_must_and_nothing_else() {
        let crl = crl(&[1, 2]);
        assert!(to_list(&[1, 2], &[]).is_listed_by(&crl));
        assert!(!to_list(&[1], &[]).is_listed_by(&crl), "somebody is on it who is not to be");
        assert!(!to_list(&[1, 2, 3], &[]).is_listed_by(&crl), "somebody is missing");
        assert!(!to_list(&[1], &[2]).is_listed_by(&crl), "somebody is on it who is no longer on hold");
    }

    #[test]
    fn who_has_expired_may_be_missing_if_that_was_before() {
        let (crl, expired) = (crl(&[1]), serial(2));
        let with = |end| {
            let mut to_list = to_list(&[1], &[]);
            to_list.revoked.insert(expired, end);
            to_list
        };
        assert!(with(this_update(NOW) - Duration::SECOND).is_listed_by(&crl));
        assert!(!with(this_update(NOW)).is_listed_by(&crl));
        let mut to_list = to_list(&[1], &[]);
        to_list.revoked.insert(serial(1), NOW - Duration::WEEK);
        assert!(to_list.is_listed_by(&crl), "who has expired may be on it");
    }

    #[test]
    fn what_the_ledger_never_knew_is_told() {
        let crl = crl(&[1, 2, 3]);
        assert_eq!(to_list(&[1], &[2]).unknown_on(&crl), [serial(3).to_string()]);
        assert_eq!(to_list(&[1, 2, 3, 4], &[]).unknown_on(&crl), [""; 0]);
    }

    fn to_list(revoked: &[u8], undone: &[u8]) -> ToList {
        ToList {
            revoked: revoked.iter().map(|n| (serial(*n), NOW + Duration::WEEK)).collect(),
            undone: undone.iter().map(|n| serial(*n)).collect(),
        }
    }

    fn crl(serials: &[u8]) -> Crl {
        let revoked: Vec<Revoked> =
            serials.iter().map(|n| Revoked { serial: serial(*n), since: NOW, reason: Reason::Unspecified }).collect();
        Crl::from_pem(&authority().crl(1, &revoked, NOW).unwrap()).unwrap()
    }

    fn serial(n: u8) -> Serial {
        Serial::from_random([n; 16])
    }
}
