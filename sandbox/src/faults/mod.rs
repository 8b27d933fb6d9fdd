//! Faults on demand: which call is throttled, fails, is late, or loses its connection.
//!
//! Off unless asked for. Only decides; [`crate::wire`] carries it out and writes it into the log. Two ways to ask:
//! [`Rule`]s name the operation and the call, `chaos` strikes a few calls in a hundred, the same ones for the same seed.

mod chaos;
mod rule;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::chaos::Chaos;
pub use self::rule::{Calls, FaultError, Operations, Rule, rules};

/// What is to go wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// Faults at named calls. The first rule that fits a call counts.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// The seed of the chaos, if there is to be any.
    #[serde(default)]
    pub chaos: Option<u64>,
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// `RequestLimitExceeded`, of ACM `ThrottlingException`. The call has no effect.
    Throttle,
    /// A 500: `InternalError`, of ACM `InternalFailure`. The call has no effect.
    Error,
    /// A 503: `Unavailable`, of ACM `ServiceUnavailableException`. The call has no effect.
    Unavailable,
    /// Nothing but the delay.
    Delay,
    /// The connection is closed without an answer, and the call has no effect.
    DropBefore,
    /// The connection is closed without an answer after the call took effect.
    DropAfter,
}

impl Fault {
    /// The name in rules and in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throttle => "throttle",
            Self::Error => "error",
            Self::Unavailable => "unavailable",
            Self::Delay => "delay",
            Self::DropBefore => "drop-before",
            Self::DropAfter => "drop-after",
        }
    }
}

/// What is decided for one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Injection {
    /// To wait before anything else.
    pub delay: Duration,
    /// Then.
    pub fault: Option<Fault>,
}

/// The faults of a running sandbox.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rules: Vec<Armed>,
    chaos: Option<Chaos>,
}

/// A rule, and how many calls it has seen and struck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Armed {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// Calls of its operations since it was set.
    pub seen: u64,
    /// How many of them it has struck.
    pub struck: u64,
}

/// What `faults show` prints: a stable schema.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultReport {
    /// The rules in force.
    pub rules: Vec<Armed>,
    /// The seed of the chaos.
    pub chaos: Option<u64>,
}

impl Faults {
    /// Puts a plan in the place of the one before, with all counts at zero.
    pub fn set(&self, plan: FaultPlan) {
        let rules = plan.rules.into_iter().map(|rule| Armed { rule, seen: 0, struck: 0 }).collect();
        *self.inner() = Inner { rules, chaos: plan.chaos.map(Chaos::new) };
    }

    /// What is in force.
    #[must_use]
    pub fn report(&self) -> FaultReport {
        let inner = self.inner();
        FaultReport { rules: inner.rules.clone(), chaos: inner.chaos.as_ref().map(Chaos::seed) }
    }

    /// Decides about the next call of an operation.
    #[must_use]
    pub fn next(&self, operation: &str) -> Injection {
        let mut inner = self.inner();
        let mut decided = None;
        for armed in inner.rules.iter_mut().filter(|armed| armed.rule.operations.contain(operation)) {
            // Every rule counts, also when another one has decided.
            armed.seen += 1;
            if decided.is_none() && armed.rule.calls.contain(armed.seen) {
                armed.struck += 1;
                decided = Some(armed.rule.injection());
            }
        }
        decided.or_else(|| inner.chaos.as_mut().map(|chaos| chaos.next(operation))).unwrap_or_default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Faults {
        let faults = Faults::default();
        faults.set(FaultPlan { rules: rules(text).unwrap(), chaos: None });
        faults
    }

    fn names<'a>(faults: &Faults, operations: impl IntoIterator<Item = &'a str>) -> Vec<Option<&'static str>> {
        operations.into_iter().map(|operation| faults.next(operation).fault.map(Fault::as_str)).collect()
    }

    #[test]
    fn without_a_plan_nothing_goes_wrong() {
        assert_eq!(Faults::default().next("CreateClientVpnEndpoint"), Injection::default());
    }

    #[test]
    fn a_rule_strikes_the_call_that_it_names() {
        let faults = faults(r#"[{"operation": "ImportCertificate", "call": 2, "fault": "drop-after"}]"#);
        let calls = ["ImportCertificate", "ListCertificates", "ImportCertificate", "ImportCertificate"];
        assert_eq!(names(&faults, calls), [None, None, Some("drop-after"), None]);
        let report = faults.report();
        assert_eq!((report.rules[0].seen, report.rules[0].struck), (3, 1));
    }

    #[test]
    fn the_first_rule_that_fits_decides_and_all_count() {
        let faults = faults(
            r#"[{"operation": "Describe*", "every": 2, "fault": "throttle"},
                {"operation": "*", "every": 3, "fault": "error"}]"#,
        );
        let calls = ["DescribeVpcs"; 6];
        assert_eq!(
            names(&faults, calls),
            [None, Some("throttle"), Some("error"), Some("throttle"), None, Some("throttle")]
        );
    }

    #[test]
    fn setting_a_plan_begins_to_count_anew() {
        let faults = faults(r#"[{"operation": "*", "call": 1, "fault": "throttle"}]"#);
        assert_eq!(names(&faults, ["A", "A"]), [Some("throttle"), None]);
        faults
            .set(FaultPlan { rules: faults.report().rules.into_iter().map(|armed| armed.rule).collect(), chaos: None });
        assert_eq!(names(&faults, ["A"]), [Some("throttle")]);
        faults.set(FaultPlan::default());
        assert_eq!(names(&faults, ["A"]), [None]);
    }
}
