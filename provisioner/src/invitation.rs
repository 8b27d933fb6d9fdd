//! Whether an invite lets a request in without anybody being asked: pure.

use profile::{
    invite::{self, Credential, InviteId},
    name::Username,
};
use thiserror::Error;
use time::{Date, OffsetDateTime};

use crate::{
    issuance::Earlier,
    ledger::{Act, End, Ended, InviteState, Use},
    pki::{reason::Reason, serial::Serial},
    revocation::ends_invites,
};

/// What is to be done with an invite that is in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// It is to be used.
    Use(InviteId),
    /// This very request has used it, and its certificate was never recorded: it gets this serial number.
    GoOn(InviteId, Serial),
}

/// Why an invite does not let a request in.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum InvitationRefusal {
    /// Not of a form that can be read.
    #[error(transparent)]
    Unreadable(#[from] invite::InviteRefusal),
    /// Not in this ledger.
    #[error("the invite `{id}` is not one of this deployment")]
    Unknown {
        /// Which one.
        id: InviteId,
    },
    /// The id is right and the secret is not.
    #[error("the request does not have the secret of the invite `{id}`")]
    Secret {
        /// Which one.
        id: InviteId,
    },
    /// For somebody else.
    #[error("the invite `{id}` is for `{invited}`, not for `{requested}`")]
    OtherName {
        /// Which one.
        id: InviteId,
        /// Whom it is for.
        invited: Username,
        /// Who made the request.
        requested: Username,
    },
    /// Another request has used it, or this one has long ago.
    #[error("the invite `{id}` was used on {}{}", .when, if *.by_this { " by this request, whose certificate is no longer valid" } else { " by another request" })]
    Used {
        /// Which one.
        id: InviteId,
        /// When.
        when: Date,
        /// Whether this request was it.
        by_this: bool,
    },
    /// An admin took it back.
    #[error("the invite `{id}` was cancelled on {when}")]
    Cancelled {
        /// Which one.
        id: InviteId,
        /// When.
        when: Date,
    },
    /// Too late.
    #[error("the invite `{id}` has expired on {when}")]
    Expired {
        /// Which one.
        id: InviteId,
        /// When.
        when: Date,
    },
    /// The user was locked out after they had been invited: whoever did that did not think of the invite.
    #[error("the invite `{id}` was made before `{username}` was revoked ({reason})")]
    RevokedSince {
        /// Which one.
        id: InviteId,
        /// Who.
        username: Username,
        /// Why.
        reason: Reason,
    },
}

/// Whether the request with this SHA-256 for `username` is let in by the invite that it carries. `found` is what the ledger
/// has under the invite's id, `recorded` whether the certificate that it was used for is in the ledger, `of_the_name`
/// what was issued for the name.
///
/// # Errors
/// [`InvitationRefusal`].
pub fn admit(
    credential: &Credential,
    found: Option<&InviteState>,
    username: &Username,
    request_sha256: &str,
    recorded: bool,
    of_the_name: &[Earlier],
    now: OffsetDateTime,
) -> Result<Admission, InvitationRefusal> {
    let id = credential.id;
    let Some(InviteState { invited, ended }) = found else {
        return Err(InvitationRefusal::Unknown { id });
    };
    if !invited.opens_with(&credential.secret) {
        return Err(InvitationRefusal::Secret { id });
    }
    if invited.username != *username {
        let (invited, requested) = (invited.username.clone(), username.clone());
        return Err(InvitationRefusal::OtherName { id, invited, requested });
    }
    let since = |it: &Earlier| {
        let (reason, when) = it.revoked?;
        (ends_invites(Act::Revoke(reason)).is_some() && when >= invited.provenance.when).then_some(reason)
    };
    if let Some(reason) = of_the_name.iter().find_map(since) {
        return Err(InvitationRefusal::RevokedSince { id, username: username.clone(), reason });
    }
    match ended {
        Some(Ended { by: End::Cancelled, provenance }) => {
            Err(InvitationRefusal::Cancelled { id, when: provenance.when.date() })
        }
        Some(Ended { by: End::Used(Use { serial, request_sha256: by }), provenance }) => {
            let by_this = by == request_sha256;
            match by_this && !recorded {
                // In time when it was used; how long the interruption was does not matter.
                true => Ok(Admission::GoOn(id, *serial)),
                false => Err(InvitationRefusal::Used { id, when: provenance.when.date(), by_this }),
            }
        }
        None if now >= invited.expires => Err(InvitationRefusal::Expired { id, when: invited.expires.date() }),
        None => Ok(Admission::Use(id)),
    }
}

#[cfg(test)]
mod tests {
    use profile::invite::InviteSecret;
    use time::Duration;

    use super::*;
    use crate::{
        issuance::testing::earlier,
        ledger::{Invited, Provenance},
        testing::NOW,
    };

    fn check(state: Option<InviteState>, expected: &str) {
        let of_the_name = [];
        let answer = admit(&credential(), state.as_ref(), &name("alice"), "ab", false, &of_the_name, NOW);
        assert_eq!(answer.map_or_else(|refusal| refusal.to_string(), |admission| format!("{admission:?}")), expected);
    }

    #[test]
    fn an_open_invite_lets_its_user_in() {
        check(Some(state(None)), "Use(InviteId([1, 1, 1, 1, 1, 1, 1, 1]))");
    }

    #[test]
    fn every_other_one_is_refused_for_its_own_reason() {
        check(None, "the invite `0101010101010101` is not one of this deployment");
        let mut other = state(None);
        other.invited.secret_sha256 = InviteSecret::from_random([3; 16]).digest();
        check(Some(other), "the request does not have the secret of the invite `0101010101010101`");
        let mut other = state(None);
        other.invited.username = name("bob");
        check(Some(other), "the invite `0101010101010101` is for `bob`, not for `alice`");
        let mut late = state(None);
        late.invited.expires = NOW;
        check(Some(late), "the invite `0101010101010101` has expired on 2026-11-23");
        check(Some(state(Some(End::Cancelled))), "the invite `0101010101010101` was cancelled on 2026-11-22");
        let used = "the invite `0101010101010101` was used on 2026-11-22 by another request";
        check(Some(state(Some(End::Used(used_by("cd"))))), used);
    }

    #[test]
    fn the_request_that_used_it_goes_on_where_it_was_interrupted_however_late() {
        let mut used = state(Some(End::Used(used_by("ab"))));
        used.invited.expires = NOW - Duration::DAY;
        let admit = |recorded| admit(&credential(), Some(&used), &name("alice"), "ab", recorded, &[], NOW);
        assert_eq!(admit(false), Ok(Admission::GoOn(credential().id, used_by("ab").serial)));
        let refused = admit(true).unwrap_err().to_string();
        assert!(refused.ends_with("by this request, whose certificate is no longer valid"), "{refused}");
    }

    #[test]
    fn an_invite_does_not_bring_back_who_was_revoked_after_it() {
        let state = state(None);
        for (reason, after, is_admitted) in [
            (Reason::CessationOfOperation, Duration::SECOND, false),
            (Reason::CessationOfOperation, -Duration::SECOND, true),
            (Reason::Superseded, Duration::SECOND, true),
        ] {
            let when = state.invited.provenance.when + after;
            let of_the_name = [Earlier { revoked: Some((reason, when)), ..earlier("alice.vpn.example.com", NOW) }];
            let answer = admit(&credential(), Some(&state), &name("alice"), "ab", false, &of_the_name, NOW);
            assert_eq!(answer.is_ok(), is_admitted, "{reason} {after}: {answer:?}");
        }
    }

    fn used_by(request_sha256: &str) -> Use {
        Use { serial: Serial::from_random([5; 16]), request_sha256: request_sha256.to_owned() }
    }

    fn state(end: Option<End>) -> InviteState {
        let provenance =
            || Provenance { who: "tester".to_owned(), when: NOW - Duration::DAY, nonce: Serial::from_random([1; 16]) };
        let invited = Invited {
            id: credential().id,
            username: name("alice"),
            secret_sha256: credential().secret.digest(),
            expires: NOW + Duration::SECOND,
            provenance: provenance(),
        };
        InviteState { invited, ended: end.map(|by| Ended { by, provenance: provenance() }) }
    }

    fn credential() -> Credential {
        Credential { id: InviteId::from_random([1; 8]), secret: InviteSecret::from_random([2; 16]) }
    }

    fn name(text: &str) -> Username {
        text.parse().unwrap()
    }
}
