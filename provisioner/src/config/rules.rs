//! From the file's words to types: every rule that can be checked without asking AWS.

mod network;

use std::{collections::BTreeMap, path::Path};

use toml::de::DeTable;

use super::{
    CaKey, Config, ConnectionLog, Deployment, Endpoint, KmsKeyArn, Location, Page, Pki, Region, SecondFactor,
    SessionHours, Target,
    problem::Problem,
    reader::{Findings, Table, Value},
    tags,
};

/// Checks the whole file and gathers all problems.
pub(super) fn check(text: &str, base: &Path) -> Result<Config, Vec<Problem>> {
    let (document, broken) = DeTable::parse_recoverable(text);
    let found = Findings::new(text);
    let config = config(&Table::file(&found, &document), base);
    let problems = found.into_problems(broken);
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(problems),
    }
}

/// The configuration; `None` only where a problem has been noted. What was refused may be missing from it.
fn config(file: &Table<'_>, base: &Path) -> Option<Config> {
    let second_factor = file.has("second_factor").then(|| second_factor(&file.section("second_factor")));
    let deployment = deployment(&file.section("deployment"));
    let network = network::network(&file.section("network"), second_factor.is_some());
    let endpoint = endpoint(&file.section("endpoint"));
    let pki = pki(&file.section("pki"), deployment.as_ref().map(|it| &it.region));
    let ledger = ledger(&file.section("ledger"), base);
    let page = page(&file.section("page"), base);
    Some(Config {
        deployment: deployment?,
        network: network?,
        endpoint,
        second_factor: second_factor.flatten(),
        pki,
        ledger: ledger?,
        page,
    })
}

fn deployment(section: &Table<'_>) -> Option<Deployment> {
    let name = section.parse("name");
    let target = section.get("target").map(|target| match target.text() {
        "aws" => Target::Aws,
        _ => Target::Sandbox,
    });
    let region = section.parse("region");
    let domain = section.parse("domain");
    let tags = section.get("tags").map(|tags| self::tags(&tags)).unwrap_or_default();
    Some(Deployment { name: name?, target: target?, region: region?, domain: domain?, tags })
}

fn tags(section: &Value<'_>) -> BTreeMap<String, String> {
    let entries = section.entries();
    if entries.len() > tags::MAX_TAGS {
        section.refuse(format!("at most {} tags are allowed, these are {}", tags::MAX_TAGS, entries.len()));
    }
    for (key, value) in &entries {
        tags::refused_key(key).into_iter().chain(tags::refused_value(value.text())).for_each(|why| value.refuse(why));
    }
    entries.into_iter().map(|(key, value)| (key.to_owned(), value.text().to_owned())).collect()
}

fn endpoint(section: &Table<'_>) -> Endpoint {
    let session_timeout = section.get("session_timeout_hours").and_then(|hours| hours.number());
    Endpoint {
        description: section.text("description"),
        banner: section.text("banner"),
        session_timeout: session_timeout
            .and_then(|hours| SessionHours::try_from(hours).ok())
            .unwrap_or(SessionHours::DAY),
        disconnect_on_session_timeout: section.flag("disconnect_on_session_timeout", true),
        connection_log: connection_log(section),
        route_enforcement: section.flag("route_enforcement", false),
    }
}

/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html>
fn connection_log(section: &Table<'_>) -> Option<ConnectionLog> {
    let is_group = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_/.#-".contains(&b));
    let named = |name, is_name: fn(&str) -> bool, of: &str| {
        section.get(name).filter(|value| {
            let fits = (1..=MAX_LOG_NAME).contains(&value.text().chars().count()) && is_name(value.text());
            if !fits {
                value.refuse(format!("a name of 1 to {MAX_LOG_NAME} characters is needed, of {of}"));
            }
            fits
        })
    };
    let stream = named("connection_log_stream", |text| !text.contains([':', '*']), "any but `:` and `*`");
    if let Some(stream) = stream.as_ref().filter(|_| !section.has("connection_log_group")) {
        stream.refuse("a log stream is in a log group: name that too, with `connection_log_group`");
    }
    let group = named("connection_log_group", is_group, "a-z, A-Z, 0-9 and `_ / . # -`")?;
    Some(ConnectionLog { group: group.text().to_owned(), stream: stream.map(|stream| stream.text().to_owned()) })
}

fn second_factor(section: &Table<'_>) -> Option<SecondFactor> {
    let directory = section.parse("directory_id");
    let provider = section.parse("saml_provider_arn");
    let self_service = section.parse("self_service_saml_provider_arn");
    if section.has("self_service_saml_provider_arn") && !section.has("saml_provider_arn") {
        section.note("self_service_saml_provider_arn", "it is only for use beside `saml_provider_arn`");
    }
    match (section.has("directory_id"), section.has("saml_provider_arn")) {
        (true, false) => directory.map(SecondFactor::Directory),
        (false, true) => Some(SecondFactor::Saml { provider: provider?, self_service }),
        (true, true) => {
            section.note("", "`directory_id` and `saml_provider_arn` exclude each other: AWS takes one of them");
            None
        }
        (false, false) => {
            section.note("", "one of `directory_id` and `saml_provider_arn` is needed");
            None
        }
    }
}

fn pki(section: &Table<'_>, region: Option<&Region>) -> Pki {
    let ca_key = section.get("ca_key").and_then(|key| match key.text() {
        "file" => Some(CaKey::File),
        _ => {
            let arn: KmsKeyArn = key.parse()?;
            if region.is_some_and(|region| region.as_str() != arn.region()) {
                key.refuse("the key must be in the region of the deployment");
            }
            Some(CaKey::Kms(arn))
        }
    });
    let days = |name, default: u32, limit: u32| {
        let Some(value) = section.get(name) else {
            return default.min(limit);
        };
        let days = value.number().and_then(|days| u32::try_from(days).ok()).unwrap_or(default);
        if days > limit {
            value.refuse(format!("at most {limit} are allowed: a certificate must not outlive the CA that signs it"));
        }
        days
    };
    let ca_days = days("ca_days", 3650, u32::MAX);
    let ca_key = ca_key.unwrap_or(CaKey::File);
    Pki {
        ca_key,
        ca_days,
        server_days: days("server_days", 825, ca_days),
        client_days: days("client_days", 397, ca_days),
    }
}

fn ledger(section: &Table<'_>, base: &Path) -> Option<Location> {
    section.get("url")?.parse_with(|text| Location::parse(text, base))
}

fn page(section: &Table<'_>, base: &Path) -> Page {
    let contact = section.text("contact");
    Page {
        dir: base.join(section.text("dir")),
        languages: section.list("languages"),
        contact: (!contact.is_empty()).then_some(contact),
        url: section.parse("url"),
        publish: section.get("publish").and_then(|value| value.parse_with(|text| Location::parse(text, base))),
    }
}

/// Longest name of a log group or stream.
const MAX_LOG_NAME: usize = 512;
