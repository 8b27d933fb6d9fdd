//! Waiting as a pure state machine: how long until the next look, and when to give up.
//!
//! There are no waiters for Client VPN in the SDK. Time is an argument, so that half an hour can be tested at once.

use std::time::Duration;

/// How to wait for one kind of thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// The shortest pause.
    pub shortest: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// The pause in between: this many hundredths of the time that has passed. It is also by how much longer the
    /// wait can be than it had to be.
    pub percent: u32,
    /// How long to wait in all.
    pub deadline: Duration,
}

/// A wait that has begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wait {
    policy: Policy,
    began: Duration,
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

/// What AWS does on its own. It takes 5 to 15 minutes for an association, Terraform's provider allows 30.
pub const SETTLE: Policy = Policy {
    shortest: Duration::from_millis(250),
    longest: Duration::from_secs(10),
    percent: 2,
    deadline: Duration::from_secs(30 * 60),
};

/// Calls that AWS turns down for now, or whose answers get lost.
pub const RETRY: Policy = Policy {
    shortest: Duration::from_millis(500),
    longest: Duration::from_secs(15),
    percent: 60,
    deadline: Duration::from_secs(5 * 60),
};

/// Until AWS lists what it has made a moment ago.
pub const LISTED: Policy = Policy { deadline: Duration::from_secs(60), longest: Duration::from_secs(5), ..RETRY };

impl Wait {
    /// Begins to wait at `now`, a time on a clock that never goes back.
    pub fn begin(policy: Policy, now: Duration) -> Self {
        Self { policy, began: now }
    }

    /// What to do at `now`, when what is waited for has not come yet. `dice`, 0 to 255, shortens the pause by up to a
    /// quarter, so that many who wait do not all come at once. The last pause ends at the deadline.
    pub fn next(&self, now: Duration, dice: u8) -> Next {
        let Policy { shortest, longest, percent, deadline } = self.policy;
        let waited = self.waited(now);
        let left = deadline.saturating_sub(waited);
        if left.is_zero() {
            return Next::GiveUp { waited };
        }
        let pause = (waited * percent / 100).clamp(shortest, longest);
        let pause = pause - pause / 4 * u32::from(dice) / 255;
        Next::LookAfter(pause.min(left))
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

    /// The pauses of a wait that has lasted this many seconds, in milliseconds.
    fn pause(policy: Policy, seconds: u64, dice: u8) -> u128 {
        match Wait::begin(policy, Duration::ZERO).next(Duration::from_secs(seconds), dice) {
            Next::LookAfter(pause) => pause.as_millis(),
            Next::GiveUp { .. } => 0,
        }
    }

    #[test]
    fn pauses_grow_with_the_wait() {
        assert_eq!([0, 10, 20, 60, 600].map(|waited| pause(SETTLE, waited, 0)), [250, 250, 400, 1200, 10000]);
        assert_eq!([0, 1, 10, 60].map(|waited| pause(RETRY, waited, 0)), [500, 600, 6000, 15000]);
    }

    #[test]
    fn dice_shorten_a_pause_by_a_quarter_at_most() {
        assert_eq!([0, 128, 255].map(|dice| pause(SETTLE, 600, dice)), [10000, 8745, 7500]);
    }

    #[test]
    fn half_an_hour_is_enough() {
        let began = Duration::from_secs(100);
        let wait = Wait::begin(SETTLE, began);
        assert_eq!(wait.next(began + Duration::from_secs(1799), 0), Next::LookAfter(Duration::from_secs(1)));
        let waited = Duration::from_secs(1800);
        assert_eq!(wait.next(began + waited, 0), Next::GiveUp { waited });
    }

    proptest! {
        #[test]
        fn every_wait_ends_at_its_deadline(began in 0_u64..1_000_000, deadline in 1_u64..3_000_000, dice in any::<u8>()) {
            let policy = Policy { deadline: Duration::from_millis(deadline), ..SETTLE };
            let mut now = Duration::from_millis(began);
            let wait = Wait::begin(policy, now);
            let mut looks = 0;
            let waited = loop {
                match wait.next(now, dice) {
                    Next::LookAfter(pause) => now += pause,
                    Next::GiveUp { waited } => break waited,
                }
                looks += 1;
                prop_assert!(looks < 1_000_000);
            };
            prop_assert_eq!(waited, policy.deadline);
        }

        /// However long AWS takes, nobody waits much longer.
        #[test]
        fn a_wait_is_hardly_longer_than_it_must_be(needed in 12_500_u64..1_700_000, dice in any::<u8>()) {
            let wait = Wait::begin(SETTLE, Duration::ZERO);
            let mut now = Duration::ZERO;
            while now < Duration::from_millis(needed) {
                let Next::LookAfter(pause) = wait.next(now, dice) else { break };
                now += pause;
            }
            prop_assert!(now.as_millis() <= u128::from(needed) * 102 / 100 + 1);
        }
    }
}
