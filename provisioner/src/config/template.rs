//! Writes a `latchkey.toml` that explains itself: every key with what it is, with the given value or its default.
//!
//! What is optional stands there as a comment.

use std::fmt::Write;

use ipnet::Ipv4Net;
use profile::name::Domain;

use super::{
    DeploymentName, Region, SecurityGroupId, SubnetId, Target, VpcId,
    description::{FILE, Key, Kind, Later, Need},
};

/// What has no default.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answers {
    /// The deployment's name.
    pub name: DeploymentName,
    /// Where it is to be.
    pub target: Target,
    /// The region.
    pub region: Region,
    /// The domain of its certificates.
    pub domain: Domain,
    /// The VPC.
    pub vpc_id: VpcId,
    /// The subnets, at least one.
    pub subnet_ids: Vec<SubnetId>,
    /// The security groups; empty for the VPC's default group.
    pub security_group_ids: Vec<SecurityGroupId>,
    /// Addresses for clients.
    pub client_cidr: Ipv4Net,
    /// The login banner.
    pub banner: String,
    /// Whom users ask.
    pub contact: String,
}

impl Answers {
    /// The value of a key as TOML, where it has been answered.
    fn value(&self, section: &str, key: &str) -> Option<toml::Value> {
        let Self { name, target, region, domain, vpc_id, subnet_ids, security_group_ids, client_cidr, banner, contact } =
            self;
        let text = match (section, key) {
            ("deployment", "name") => name.to_string(),
            ("deployment", "target") => target.as_str().to_owned(),
            ("deployment", "region") => region.to_string(),
            ("deployment", "domain") => domain.to_string(),
            ("network", "vpc_id") => vpc_id.to_string(),
            ("network", "subnet_ids") => return Some(texts(subnet_ids)),
            ("network", "security_group_ids") => return Some(texts(security_group_ids)),
            ("network", "client_cidr") => client_cidr.to_string(),
            ("endpoint", "description") => format!("Latchkey {name}"),
            ("endpoint", "banner") => banner.clone(),
            ("ledger", "url") => format!("file:.latchkey/{name}/ledger"),
            ("page", "dir") => format!(".latchkey/{name}/site"),
            ("page", "languages") => return Some(texts(&["en", "zh"])),
            ("page", "contact") => contact.clone(),
            _ => return None,
        };
        Some(toml::Value::String(text))
    }
}

fn texts<T: ToString>(items: &[T]) -> toml::Value {
    items.iter().map(|item| toml::Value::String(item.to_string())).collect::<Vec<_>>().into()
}

/// The file. `schema` is where editors find the JSON schema: a path relative to the file, or a URL.
pub fn file(answers: &Answers, schema: &str) -> String {
    let mut file = format!("#:schema {schema}\n");
    file.push_str(HEAD);
    for section in FILE {
        let keys = section.kind.keys().unwrap_or_default();
        let is_optional = matches!(section.need, Need::Optional(_));
        let off = if is_optional { "#" } else { "" };
        // Writing to a string does not fail.
        let _ok = writeln!(file, "\n{}{off}[{}]", comment(section.about), section.name);
        let entries: Vec<String> = keys.iter().map(|key| entry(answers.value(section.name, key.name), key)).collect();
        file.push_str(&entries.join("\n"));
    }
    file
}

fn entry(value: Option<toml::Value>, key: &Key) -> String {
    let line = match (value, &key.need) {
        (Some(value), _) => format!("{} = {value}", key.name),
        (None, Need::Default(default)) => format!("{} = {default}", key.name),
        (None, Need::Optional(example)) => format!("#{} = {example}", key.name),
        // Only where `Answers` lacks a key: then the file is refused, and the tests say so.
        (None, Need::Required) => format!("#{} = ", key.name),
    };
    format!("{}{line}\n", comment(&about(key)))
}

/// What a key is and what it takes.
pub(super) fn choices(key: &Key) -> String {
    let takes = match &key.kind {
        Kind::Word(words) => one_of(words),
        Kind::Number(numbers) => one_of(numbers),
        Kind::Text { .. }
        | Kind::Flag
        | Kind::Count(_)
        | Kind::List { .. }
        | Kind::Table(_)
        | Kind::TextOrTable(..)
        | Kind::Tags => String::new(),
    };
    format!("{}{takes}", key.about)
}

/// The same, and what a change means.
fn about(key: &Key) -> String {
    let later = match key.later {
        Later::NewEndpoint => " Cannot be changed later.",
        Later::Resets => " A change resets connections.",
        Later::InPlace | Later::FromThenOn | Later::Never => "",
    };
    format!("{}{later}", choices(key))
}

fn one_of<T: ToString>(choices: &[T]) -> String {
    match choices {
        [] | [_] => String::new(),
        choices => format!(
            " One of {}.",
            choices.iter().map(|choice| format!("`{}`", choice.to_string())).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// A comment of as many lines as it needs.
fn comment(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::from("#");
    for word in text.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    format!("{lines}{line}\n")
}

const HEAD: &str = "\
# What this deployment is to be. `latchkey plan` shows what a change here would do.
# Paths are relative to this file. docs/configuration.md has more about every key.
";
const WIDTH: usize = 110;
