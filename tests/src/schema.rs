//! The documented forms of what commands write for programs.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::rehearsal::repository;

/// Holds `document` against `docs/NAME.schema.json`.
///
/// # Errors
/// Every place in which it is another form.
pub fn check(name: &str, document: &Value) -> Result<()> {
    let file = repository().join("docs").join(format!("{name}.schema.json"));
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let schema: Value = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
    let validator = jsonschema::draft202012::new(&schema).with_context(|| file.display().to_string())?;
    let wrong: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    ensure!(wrong.is_empty(), "not the form of {name}.schema.json:\n{}\n{document:#}", wrong.join("\n"));
    Ok(())
}
