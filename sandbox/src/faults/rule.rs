//! A fault at named calls, as a person writes it down in JSON.
//!
//! ```json
//! [{"operation": "CreateClientVpnEndpoint", "call": 1, "fault": "drop-after"},
//!  {"operation": "Describe*", "every": 5, "fault": "throttle"},
//!  {"operation": "*", "fault": "delay", "milliseconds": 200}]
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Fault, Injection};

/// A fault, and the calls that it strikes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Rule {
    /// Which operations.
    pub operations: Operations,
    /// Which calls of them.
    pub calls: Calls,
    /// What happens.
    pub fault: Fault,
    /// How long it takes until it happens.
    pub delay: Duration,
}

/// Operations by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operations {
    /// This one.
    Named(String),
    /// All that begin like this; every one begins with nothing.
    Beginning(String),
}

/// Calls by number, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// Every call.
    All,
    /// This one alone.
    Only(u64),
    /// Every so many.
    Every(u64),
}

/// Why a text is no list of rules.
#[derive(Debug, thiserror::Error)]
pub enum FaultError {
    /// Not JSON, or not of this shape.
    #[error("the faults are not a list of rules")]
    Shape(#[from] serde_json::Error),
    /// Two ways to say which calls.
    #[error("`call` and `every` exclude each other")]
    CallAndEvery,
    /// Calls are counted from 1.
    #[error("`{0}` is 0")]
    Zero(&'static str),
    /// A delay of no length.
    #[error("`delay` needs `milliseconds`")]
    NoDelay,
}

/// Reads a list of rules.
///
/// # Errors
/// When it is none. Nothing is passed over in silence.
pub fn rules(text: &str) -> Result<Vec<Rule>, FaultError> {
    Ok(serde_json::from_str(text)?)
}

impl Operations {
    pub(super) fn contain(&self, operation: &str) -> bool {
        match self {
            Self::Named(name) => name == operation,
            Self::Beginning(beginning) => operation.starts_with(beginning),
        }
    }
}

impl Calls {
    pub(super) fn contain(self, number: u64) -> bool {
        match self {
            Self::All => true,
            Self::Only(only) => number == only,
            Self::Every(every) => number.is_multiple_of(every),
        }
    }
}

impl Rule {
    pub(super) fn injection(&self) -> Injection {
        Injection { delay: self.delay, fault: Some(self.fault) }
    }
}

/// A rule on paper.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    operation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    every: Option<u64>,
    fault: Fault,
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<u64>,
}

impl TryFrom<Written> for Rule {
    type Error = FaultError;

    fn try_from(written: Written) -> Result<Self, FaultError> {
        let Written { operation, call, every, fault, milliseconds } = written;
        let calls = match (call, every) {
            (None, None) => Calls::All,
            (Some(0), _) => return Err(FaultError::Zero("call")),
            (_, Some(0)) => return Err(FaultError::Zero("every")),
            (Some(call), None) => Calls::Only(call),
            (None, Some(every)) => Calls::Every(every),
            (Some(_), Some(_)) => return Err(FaultError::CallAndEvery),
        };
        if fault == Fault::Delay && milliseconds.is_none() {
            return Err(FaultError::NoDelay);
        }
        let operations = match operation.strip_suffix('*') {
            Some(beginning) => Operations::Beginning(beginning.to_owned()),
            None => Operations::Named(operation),
        };
        Ok(Self { operations, calls, fault, delay: Duration::from_millis(milliseconds.unwrap_or_default()) })
    }
}

impl From<Rule> for Written {
    fn from(rule: Rule) -> Self {
        let Rule { operations, calls, fault, delay } = rule;
        let (call, every) = match calls {
            Calls::All => (None, None),
            Calls::Only(call) => (Some(call), None),
            Calls::Every(every) => (None, Some(every)),
        };
        Self {
            operation: match operations {
                Operations::Named(name) => name,
                Operations::Beginning(beginning) => format!("{beginning}*"),
            },
            call,
            every,
            fault,
            milliseconds: u64::try_from(delay.as_millis()).ok().filter(|delay| *delay > 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_written_as_it_was_read() {
        let text = r#"[{"operation":"Describe*","every":5,"fault":"throttle"},{"operation":"*","fault":"delay","milliseconds":200}]"#;
        assert_eq!(serde_json::to_string(&rules(text).unwrap()).unwrap(), text);
    }

    #[test]
    fn what_is_no_rule_is_refused_with_its_reason() {
        let refusal = |text: &str| {
            let error = rules(text).unwrap_err();
            std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default()
        };
        assert!(refusal("nonsense").contains("expected"));
        assert!(refusal(r#"[{"operation": "*", "fault": "fire"}]"#).contains("unknown variant `fire`"));
        assert!(refusal(r#"[{"operation": "*", "fault": "error", "when": 1}]"#).contains("unknown field `when`"));
        assert!(refusal(r#"[{"operation": "*", "fault": "delay"}]"#).contains("needs `milliseconds`"));
        assert!(refusal(r#"[{"operation": "*", "fault": "error", "call": 0}]"#).contains("`call` is 0"));
        assert!(refusal(r#"[{"operation": "*", "fault": "error", "call": 1, "every": 1}]"#).contains("exclude"));
    }
}
