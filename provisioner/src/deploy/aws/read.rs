//! Values in AWS's answers, which are all optional and all text.

use std::str::FromStr;

use crate::deploy::cloud::CallError;

/// Where a value comes from, for the message about it.
#[derive(Clone, Copy)]
pub(super) struct Answer(pub(super) &'static str);

impl Answer {
    /// A value that every answer has.
    pub(super) fn required<T>(self, what: &'static str, value: Option<T>) -> Result<T, CallError> {
        value.ok_or_else(|| self.unknown(what, "(nothing)"))
    }

    /// A value of a form that we know.
    pub(super) fn parse<T: FromStr>(self, what: &'static str, value: Option<&str>) -> Result<T, CallError> {
        let text = self.required(what, value)?;
        text.parse().map_err(|_| self.unknown(what, text))
    }

    /// Values of a form that we know.
    pub(super) fn parse_all<T: FromStr, C: FromIterator<T>>(
        self,
        what: &'static str,
        values: &[String],
    ) -> Result<C, CallError> {
        values.iter().map(|value| self.parse(what, Some(value))).collect()
    }

    /// A value that this version does not know.
    pub(super) fn unknown(self, what: &'static str, value: impl Into<String>) -> CallError {
        CallError::UnknownValue { operation: self.0, what, value: value.into() }
    }
}
