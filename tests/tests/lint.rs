//! Every kind of certificate and CRL that the CA makes, judged by pkilint: RFC 5280 by people who watch public CAs.
//!
//! What it says is listed here in full, so that nothing new comes in unseen; the reason of each line is in
//! `docs/certificates.md`.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    control_plane::{ControlPlane, succeeded},
    rehearsal::write,
    venv,
};

#[tokio::test]
async fn a_linter_of_public_cas_says_what_is_expected_and_nothing_else() -> Result<()> {
    let programs = venv::programs(venv::LINT)?;
    let place = ControlPlane::up("0")?;
    let address = format!("http://{}", place.address());
    let run = async |arguments: &[&str]| succeeded(place.run(&address, arguments).await?, &arguments.join(" "));
    run(&["provision", "--yes"]).await?;
    for (number, reason) in REASONS.iter().enumerate() {
        let user = format!("user{number}");
        place.sign(&user).await?;
        run(&["revoke", &user, "--reason", reason, "--yes"]).await?;
    }
    let ledger = place.path().join(".latchkey/demo/ledger");
    let lint = |program: &str, arguments: &[&str]| findings(&programs.join(program), place.path(), arguments);

    let mut wrong = Vec::new();
    let mut compare = |what: &str, found: &[String], expected: &[&str]| {
        if found != expected {
            wrong.push(format!("{what}: {found:?}"));
        }
    };
    compare("CA", &lint("lint_pkix_cert", &["lint", CA])?, OF_THE_CA);
    let mut roles: BTreeMap<String, usize> = BTreeMap::new();
    for file in fs::read_dir(ledger.join("issued"))? {
        let record: Value = serde_json::from_slice(&fs::read(file?.path())?)?;
        let (role, certificate) = (text(&record, "role")?, text(&record, "certificate")?);
        write(&place.path().join("lint.crt"), certificate)?;
        for (program, arguments) in [
            ("lint_pkix_cert", ["lint", "lint.crt"].as_slice()),
            ("lint_pkix_signer_signee_cert_chain", &["lint", CA, "lint.crt"]),
        ] {
            let expected: &[&str] = if program == "lint_pkix_cert" { OF_THE_OTHERS } else { &[] };
            compare(&format!("{program}, {role}"), &lint(program, arguments)?, expected);
        }
        *roles.entry(role.to_owned()).or_default() += 1;
    }
    ensure!(roles.keys().map(String::as_str).eq(["anchor", "server", "user"]), "{roles:?}");

    let mut lists = 0;
    for file in fs::read_dir(ledger.join("crl"))? {
        let file = file?.path();
        let list = file.to_str().context("a path that is text")?;
        let found = lint("lint_crl", &["lint", "--type", "CRL", "--profile", "PKIX", list])?;
        compare("CRL", &found, OF_THE_CRLS);
        lists += 1;
    }
    ensure!(lists > REASONS.len(), "one list for each revocation and one before: {lists}");
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// What pkilint has to say, whatever it makes of it: `SEVERITY code`.
fn findings(program: &Path, folder: &Path, arguments: &[&str]) -> Result<Vec<String>> {
    let (command, files) = arguments.split_first().context("a command")?;
    let mut lint = Command::new(program);
    lint.arg(command).args(["--severity", "ALL", "--format", "JSON"]).args(files).current_dir(folder);
    let output = lint.output().with_context(|| format!("`{}`", program.display()))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    // The exit code counts the findings.
    let report: Value = serde_json::from_slice(&output.stdout).with_context(|| format!("{arguments:?}: {stderr}"))?;
    let results = report["results"].as_array().context("results")?;
    let found = results.iter().flat_map(|result| result["finding_descriptions"].as_array().into_iter().flatten());
    let mut found: Vec<String> = found
        .map(|finding| Ok(format!("{} {}", text(finding, "severity")?, text(finding, "code")?)))
        .collect::<Result<_>>()?;
    found.sort();
    Ok(found)
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key].as_str().with_context(|| format!("`{key}` in {value}"))
}

const CA: &str = ".latchkey/demo/ledger/ca/ca.crt";

const REASONS: [&str; 7] = [
    "unspecified",
    "keyCompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "privilegeWithdrawn",
];

const OF_THE_CA: &[&str] = &["NOTICE pkix.unknown_subject_key_identifier_calculation_method"];

const OF_THE_OTHERS: &[&str] = OF_THE_CA;

const OF_THE_CRLS: &[&str] = &[];
