//! axe-core: rules of accessibility that nobody here has written (WCAG 2.2 A and AA, and good practice).

use std::{fs, path::PathBuf, process::Command, sync::OnceLock};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{control_plane::succeeded, installed, tab::Tab};

/// Fails where a rule is broken by what the page shows now; the error says by which element.
///
/// # Errors
/// That, or axe-core is not there and cannot be installed.
pub async fn finds_nothing(browser: &impl Tab) -> Result<()> {
    if browser.evaluate("typeof axe === 'undefined'").await? == true {
        browser.evaluate(source()?).await?;
    }
    let found = browser.evaluate(RUN).await?;
    let found: Vec<&Value> = found.as_array().context("axe's findings")?.iter().collect();
    ensure!(found.is_empty(), "axe finds {found:#?}");
    Ok(())
}

fn source() -> Result<&'static str> {
    static SOURCE: OnceLock<String> = OnceLock::new();
    if let Some(source) = SOURCE.get() {
        return Ok(source);
    }
    let source = fs::read_to_string(install()?.join("node_modules/axe-core/axe.min.js"))?;
    // An expression, and one whose value can be sent back.
    Ok(SOURCE.get_or_init(|| source + ";true"))
}

/// The folder in which npm has installed what `axe/package-lock.json` says.
fn install() -> Result<PathBuf> {
    installed::once("axe", "package-lock.json", |list, folder| {
        for file in [list, &list.with_file_name("package.json")] {
            fs::copy(file, folder.join(file.file_name().unwrap_or_default()))?;
        }
        let mut install = Command::new("npm");
        install.args(["ci", "--silent", "--ignore-scripts"]).current_dir(folder);
        succeeded(install.output().context("`npm` is missing; `apt-get install npm` brings it")?, "npm ci").map(drop)
    })
}

/// What is folded is unfolded meanwhile: it can be read, too.
const RUN: &str = r"(async () => {
    const folded = [...document.querySelectorAll('details:not([open])')];
    folded.forEach(it => it.open = true);
    const options = { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } };
    const { violations } = await axe.run(document, options);
    folded.forEach(it => it.open = false);
    return violations.map(({ id, nodes }) => ({
        rule: id,
        at: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`),
    }));
})()";
