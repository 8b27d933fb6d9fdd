//! A few faults in a hundred calls, the same ones for the same seed.
//!
//! The choice depends on the seed, the operation and the number of the call among those of its operation, and on nothing
//! else: calls that run at the same time and change their order get the same faults.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Fault, Injection};

/// Of a thousand calls, so many meet each fault.
const SHARES: [(u64, Fault); 5] = [
    (30, Fault::Throttle),
    (10, Fault::Error),
    (10, Fault::Unavailable),
    (10, Fault::DropBefore),
    (15, Fault::DropAfter),
];
/// Of a thousand calls, so many are late.
const LATE: u64 = 150;
const LONGEST_DELAY_MILLISECONDS: u64 = 250;

#[derive(Debug)]
pub(super) struct Chaos {
    seed: u64,
    calls: BTreeMap<String, u64>,
}

impl Chaos {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, calls: BTreeMap::new() }
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    pub(super) fn next(&mut self, operation: &str) -> Injection {
        let number = self.calls.entry(operation.to_owned()).or_default();
        *number += 1;
        let start = scatter(self.seed).wrapping_add(*number);
        let mut dice = Dice(operation.bytes().fold(start, |sum, byte| scatter(sum ^ u64::from(byte))));
        let mut roll = dice.below(1000);
        let fault = SHARES.iter().find_map(|(share, fault)| match roll.checked_sub(*share) {
            None => Some(*fault),
            Some(rest) => {
                roll = rest;
                None
            }
        });
        let late = dice.below(1000) < LATE;
        let delay = if late { Duration::from_millis(dice.below(LONGEST_DELAY_MILLISECONDS)) } else { Duration::ZERO };
        Injection { delay, fault: fault.or_else(|| late.then_some(Fault::Delay)) }
    }
}

/// SplitMix64, <https://doi.org/10.1145/2714064.2660195>. Nothing secret depends on it.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scatter(self.0) % limit
    }
}

fn scatter(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64, operations: &[&str]) -> Vec<Injection> {
        let mut chaos = Chaos::new(seed);
        operations.iter().map(|operation| chaos.next(operation)).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_faults_in_any_order() {
        let together: Vec<_> = (0..200).flat_map(|_| ["CreateClientVpnEndpoint", "DescribeSubnets"]).collect();
        let first: Vec<_> = run(7, &together).into_iter().step_by(2).collect();
        assert_eq!(first, run(7, &["CreateClientVpnEndpoint"; 200]));
        assert_ne!(first, run(8, &["CreateClientVpnEndpoint"; 200]));
    }

    #[test]
    fn a_few_calls_in_a_hundred_are_struck_by_each_fault() {
        let all = run(1, &["DescribeClientVpnEndpoints"; 10_000]);
        for (share, fault) in SHARES {
            let struck = all.iter().filter(|injection| injection.fault == Some(fault)).count();
            let expected = usize::try_from(share * 10).unwrap();
            assert!(struck.abs_diff(expected) < expected / 2, "{fault:?} struck {struck} of 10,000");
        }
        let late = all.iter().filter(|injection| !injection.delay.is_zero()).count();
        assert!(late.abs_diff(1500) < 300, "{late} of 10,000 were late");
    }
}
