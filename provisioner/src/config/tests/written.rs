//! What is written from the description: the JSON schema, the default file, the tables of the documentation.
//! `UPDATE_EXPECT=1` writes them anew.

use expect_test::expect_file;
use proptest::prelude::*;
use serde_json::Value;

use super::{MINIMAL, SETTINGS, with};
use crate::config::{
    Config, Target,
    description::{FILE, Key, Kind, Later, Need},
    schema, template,
};

#[test]
fn the_schema_is_shipped() {
    expect_file!["../../../../docs/latchkey.schema.json"].assert_eq(&schema::text());
}

#[test]
fn the_default_file_is_written_from_the_description() {
    let file = template::file(
        &answers("Welcome to the Latchkey demo. Activity on this network may be recorded."),
        "docs/latchkey.schema.json",
    );
    expect_file!["../../../../latchkey.toml"].assert_eq(&file);
}

#[test]
fn the_documentation_lists_every_key() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
    let mut text = std::fs::read_to_string(path).unwrap();
    for section in FILE {
        let keys = section.kind.keys().unwrap();
        text = between(&text, section.name, &rows(keys));
        for key in keys.iter() {
            if let Some(keys) = items(key) {
                text = between(&text, &format!("{}.{}", section.name, key.name), &rows(keys));
            }
        }
    }
    expect_file!["../../../../docs/configuration.md"].assert_eq(&text);
}

#[test]
fn the_schema_judges_files_as_the_parser_does() {
    let schema: Value = serde_json::from_str(&schema::text()).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let judge = |text: &str| {
        let table: toml::Table = text.parse().unwrap();
        validator.is_valid(&serde_json::to_value(table).unwrap())
    };
    assert!(judge(MINIMAL));
    assert!(judge(include_str!("../../../../latchkey.toml")));
    for (section, line, is_allowed) in SETTINGS {
        let text = with(section, line);
        let parsed = Config::parse("latchkey.toml".as_ref(), &text);
        assert_eq!(parsed.is_ok(), *is_allowed, "[{section}] {line}\n{parsed:#?}");
        assert_eq!(judge(&text), *is_allowed, "[{section}] {line}");
    }
}

#[test]
fn defaults_are_what_the_documentation_says() {
    let config = Config::parse("latchkey.toml".as_ref(), MINIMAL).unwrap();
    for section in FILE {
        for key in section.kind.keys().unwrap() {
            if let Need::Default(default) = key.need {
                let text = with(section.name, &format!("{} = {default}", key.name));
                assert_eq!(Config::parse("latchkey.toml".as_ref(), &text).as_ref(), Ok(&config), "{}", key.name);
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_answered_makes_a_valid_file(banner in ".{0,100}", contact in ".{0,100}") {
        let mut answers = answers(&banner);
        answers.contact.clone_from(&contact);
        let config = Config::parse("latchkey.toml".as_ref(), &template::file(&answers, "x.json")).unwrap();
        prop_assert_eq!(config.endpoint.banner, banner);
        prop_assert_eq!(config.page.contact.unwrap_or_default(), contact);
        prop_assert_eq!(config.network.subnet_ids, answers.subnet_ids);
        prop_assert_eq!(config.network.client_cidr, Some(answers.client_cidr));
        prop_assert_eq!(config.deployment.domain, answers.domain);
    }
}

fn answers(banner: &str) -> template::Answers {
    template::Answers {
        name: "demo".parse().unwrap(),
        target: Target::Sandbox,
        region: "eu-central-1".parse().unwrap(),
        domain: "vpn.example.com".parse().unwrap(),
        vpc_id: "vpc-0a1b2c3d4e5f60718".parse().unwrap(),
        subnet_ids: ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"].map(|id| id.parse().unwrap()).to_vec(),
        security_group_ids: Vec::new(),
        client_cidr: "10.88.0.0/16".parse().unwrap(),
        banner: banner.to_owned(),
        contact: "vpn-admins@example.com".to_owned(),
    }
}

/// Puts `rows` between the marks of `name`.
fn between(text: &str, name: &str, rows: &str) -> String {
    let begin = format!("<!-- keys of {name} -->\n");
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("docs/configuration.md has no `{begin}`"));
    let (_, after) = rest.split_once("<!-- end -->\n").expect("every mark has an end");
    format!("{before}{begin}{rows}<!-- end -->\n{after}")
}

fn rows(keys: &[Key]) -> String {
    let head = "| key | default | changed later | what it is |\n| --- | --- | --- | --- |\n".to_owned();
    keys.iter().fold(head, |table, key| {
        let default = match key.need {
            Need::Required => "required".to_owned(),
            Need::Default("\"\"") => "empty".to_owned(),
            Need::Default(default) => format!("`{default}`"),
            Need::Optional(_) => "none".to_owned(),
        };
        let later = match key.later {
            Later::InPlace => "in place",
            Later::Resets => "in place, connections are reset",
            Later::NewEndpoint => "only with a new endpoint and new profiles",
            Later::FromThenOn => "for what is made from then on",
            Later::Never => "never: it would be another deployment",
        };
        format!("{table}| `{}` | {default} | {later} | {} |\n", key.name, template::choices(key))
    })
}

/// The keys of a list's tables.
fn items(key: &Key) -> Option<&'static [Key]> {
    let Kind::List { item, .. } = key.kind else {
        return None;
    };
    item.keys()
}
