//! An error that knows what to do next: the fact and the hint apart, so that `main`
//! prints the chain of causes first and the hint after it.

use anyhow::Error;

/// A failure together with the step that gets past it.
#[derive(Debug, thiserror::Error)]
#[error("{fact}")]
pub(crate) struct Advice {
    fact: String,
    hint: String,
}

impl Advice {
    pub(crate) fn new(fact: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { fact: fact.into(), hint: hint.into() }
    }
}

/// The hint of the first error in the chain that has one.
pub(crate) fn hint(error: &Error) -> Option<&str> {
    // `context` hides its value from the chain but not from `downcast_ref`.
    error
        .downcast_ref::<Advice>()
        .or_else(|| error.chain().find_map(|cause| cause.downcast_ref::<Advice>()))
        .map(|advice| advice.hint.as_str())
}
