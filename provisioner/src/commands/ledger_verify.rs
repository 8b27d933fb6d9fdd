//! `latchkey ledger verify`: whether the ledger agrees with itself and with what its CA has signed.

use std::{collections::BTreeMap, path::Path};

use provisioner::{
    config::CaKey,
    ledger::Object,
    verification::{Finding, verify},
};
use serde::Serialize;

use crate::{
    deployment::Deployment,
    failure::{Failure, Kind, OrFail, Outcome},
    surroundings::Surroundings,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, json: bool) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let has_key_elsewhere = deployment.config.pki.ca_key != CaKey::File;
    let objects = deployment.ledger.objects().await.or_fail(Kind::Input)?;
    let findings = verify(&objects, &deployment.config.deployment.domain, has_key_elsewhere);
    let text = match (json, findings.is_empty()) {
        (true, _) => serde_json::to_string_pretty(&Form::of(&objects, &findings)).or_fail(Kind::Bug)? + "\n",
        (false, true) => format!("The ledger in `{}` is in order: {}.\n", deployment.config.ledger, counted(&objects)),
        (false, false) => findings.iter().map(|finding| format!("{finding}\n")).collect(),
    };
    surroundings.out(&text);
    match findings.len() {
        0 => Ok(()),
        n => Err(Failure::say(Kind::Input, format!("{n} thing(s) in the ledger are not as they should be")).hint(
            "`docs/admin.md` says what is held against what; a backup, or a version of the bucket, has what was there",
        )),
    }
}

fn counted(objects: &BTreeMap<String, Object>) -> String {
    let count = |kind: &str| objects.keys().filter(|path| path.starts_with(kind)).count();
    let (issued, revoked, crls) = (count("issued/"), count("revoked/"), count("crl/"));
    let all = objects.len();
    format!("{all} objects (certificates: {issued}, decisions about them: {revoked}, CRLs: {crls})")
}

/// A stable form.
#[derive(Serialize)]
struct Form<'a> {
    objects: usize,
    findings: Vec<FindingForm<'a>>,
}

#[derive(Serialize)]
struct FindingForm<'a> {
    path: &'a str,
    code: &'static str,
    text: String,
}

impl<'a> Form<'a> {
    fn of(objects: &BTreeMap<String, Object>, findings: &'a [Finding]) -> Self {
        let form = |Finding { path, trouble }: &'a Finding| FindingForm {
            path,
            code: trouble.code(),
            text: trouble.to_string(),
        };
        Self { objects: objects.len(), findings: findings.iter().map(form).collect() }
    }
}
