//! Waiting as a pure state machine: how long until the next look, and when to give up.
//!
//! There are no waiters for Client VPN in the SDK. Time is an argument, so that half an hour can be tested at once.

use std::time::Duration;

/// How to wait for one kind of thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// The first pause.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// How long to wait in all.
    pub deadline: Duration,
}

/// A wait that has begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wait {
    policy: Policy,
    began: Duration,
    pause: Duration,
}

/// What to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Look again after this time.
    LookAfter(Duration),
    /// Give up.
    GiveUp {
        /// How long it took to come to this.
        waited: Duration,
    },
}

/// Associations and rules. AWS takes 5 to 15 minutes for an association, Terraform's provider allows 30.
pub const SETTLE: Policy = Policy {
    first: Duration::from_millis(250),
    longest: Duration::from_secs(10),
    deadline: Duration::from_secs(30 * 60),
};

/// Calls that AWS turns down for now, or whose answers get lost.
pub const RETRY: Policy = Policy {
    first: Duration::from_millis(500),
    longest: Duration::from_secs(15),
    deadline: Duration::from_secs(5 * 60),
};

impl Wait {
    /// Begins to wait at `now`, a time on a clock that never goes back.
    pub fn begin(policy: Policy, now: Duration) -> Self {
        Self { policy, began: now, pause: policy.first }
    }

    /// What to do at `now`, when what is waited for has not come yet. Each pause is half as long again as the one
    /// before it; the last one ends at the deadline.
    pub fn next(&mut self, now: Duration) -> Next {
        let waited = self.waited(now);
        let left = self.policy.deadline.saturating_sub(waited);
        if left.is_zero() {
            return Next::GiveUp { waited };
        }
        let pause = self.pause.min(left);
        self.pause = (self.pause * 3 / 2).min(self.policy.longest);
        Next::LookAfter(pause)
    }

    /// How long it has been waited for at `now`.
    pub fn waited(&self, now: Duration) -> Duration {
        now.saturating_sub(self.began)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_one() {
        let mut wait = Wait::begin(SETTLE, Duration::ZERO);
        let pauses: Vec<u128> = std::iter::from_fn(|| match wait.next(Duration::ZERO) {
            Next::LookAfter(pause) => Some(pause.as_millis()),
            Next::GiveUp { .. } => None,
        })
        .take(12)
        .collect();
        assert_eq!(pauses, [250, 375, 562, 843, 1265, 1898, 2847, 4271, 6407, 9610, 10000, 10000]);
    }

    #[test]
    fn half_an_hour_is_enough() {
        let began = Duration::from_secs(100);
        let mut wait = Wait::begin(SETTLE, began);
        assert_eq!(wait.next(began + Duration::from_secs(1799)), Next::LookAfter(Duration::from_millis(250)));
        let waited = Duration::from_secs(1800);
        assert_eq!(wait.next(began + waited), Next::GiveUp { waited });
    }

    proptest! {
        #[test]
        fn every_wait_ends_at_its_deadline(began in 0_u64..1_000_000, first in 1_u64..5_000, deadline in 1_u64..3_000_000) {
            let policy = Policy {
                first: Duration::from_millis(first),
                longest: Duration::from_secs(10),
                deadline: Duration::from_millis(deadline),
            };
            let mut now = Duration::from_millis(began);
            let mut wait = Wait::begin(policy, now);
            let mut looks = 0;
            let waited = loop {
                match wait.next(now) {
                    Next::LookAfter(pause) => now += pause,
                    Next::GiveUp { waited } => break waited,
                }
                looks += 1;
                prop_assert!(looks < 1_000_000);
            };
            prop_assert_eq!(waited, policy.deadline);
        }
    }
}
