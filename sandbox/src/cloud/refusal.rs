//! What the service answers when it will not do what was asked.

use std::fmt;

/// An error of the service: the code that programs branch on, and a sentence for people.
///
/// Codes are AWS's own. The texts of many messages are not published; those are worded here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// AWS's code, spelled as AWS spells it.
    pub code: &'static str,
    /// The sentence that goes with it.
    pub message: String,
}

impl Refusal {
    /// A refusal with that code.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// EC2's `InvalidParameterValue`.
    pub fn invalid_value(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", message)
    }

    /// EC2's `MissingParameter`.
    #[must_use]
    pub fn missing(parameter: &str) -> Self {
        Self::new("MissingParameter", format!("The request must contain the parameter {parameter}"))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Refusal {}
