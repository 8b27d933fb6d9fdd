//! Figures of `cargo xtask bench`, to be read.

use anyhow::{Context, Result};
use serde_json::Value;

/// One line of a table: least, median and most of several runs.
pub fn row(what: &str, milliseconds: &[f64]) -> String {
    let mut sorted = milliseconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    let (min, median, max) = (at(0), at(sorted.len() / 2), at(sorted.len().saturating_sub(1)));
    format!("{what:44} {:3} runs   min {min:8.1}   median {median:8.1}   max {max:8.1} ms", sorted.len())
}

/// A number of milliseconds that a program gave.
///
/// # Errors
/// It is no number.
pub fn milliseconds(value: &Value) -> Result<f64> {
    value.as_f64().with_context(|| format!("{value} is no number of milliseconds"))
}
