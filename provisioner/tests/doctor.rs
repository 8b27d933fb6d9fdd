//! What `latchkey doctor` and `latchkey plan` say of credentials that are not in order, before any call leaves the machine.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::process::{Command, Output};

use tempfile::TempDir;

#[test]
fn missing_credentials_are_named_with_what_helps() {
    let home = Home::new("");
    check(&home.latchkey(&["doctor"], &[]), 4, &["there are no AWS credentials", "aws configure sso"]);
    check(&home.latchkey(&["plan"], &[]), 4, &["there are no AWS credentials", "aws sso login --profile NAME"]);
}

#[test]
fn an_sso_session_that_is_over_is_named_with_its_profile() {
    let home = Home::new(SSO);
    for (what, cached) in [("never logged in", None), ("expired", Some(EXPIRED))] {
        if let Some(token) = cached {
            home.write(&format!(".aws/sso/cache/{SESSION_SHA1}.json"), token);
        }
        let output = home.latchkey(&["doctor"], &[("AWS_PROFILE", "work")]);
        check(&output, 4, &["the AWS SSO session has expired", "`aws sso login --profile work`"]);
        assert!(!text(&output.stdout).contains("region "), "{what}: it went on without credentials");
    }
}

#[test]
fn a_profile_that_is_not_there_is_named() {
    let output = Home::new(SSO).latchkey(&["plan"], &[("AWS_PROFILE", "elsewhere")]);
    check(&output, 4, &["profile `elsewhere`", "aws configure list-profiles"]);
}

#[test]
fn a_wrong_configuration_is_a_failure_with_exit_code_2() {
    let home = Home::new("");
    let config = std::fs::read_to_string(home.0.path().join("latchkey.toml")).unwrap();
    home.write("latchkey.toml", &config.replace("10.88.0.0/16", "10.88.0.0/30").replace("443", "80"));
    let output = home.latchkey(&["doctor", "--json"], &[]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let [only] = report["findings"].as_array().unwrap().as_slice() else { panic!("{report:#}") };
    assert_eq!((&only["subject"], &only["state"]), (&"configuration".into(), &"failure".into()));
    assert_eq!(only["text"].as_str().unwrap().lines().count(), 2, "{report:#}");
}

#[track_caller]
fn check(output: &Output, code: i32, says: &[&str]) {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    for words in says {
        assert!(said.contains(words), "no `{words}` in:\n{said}");
    }
}

/// A home of somebody whose deployment is on AWS.
struct Home(TempDir);

impl Home {
    fn new(aws_config: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let config = include_str!("../../latchkey.toml").replace("target = \"sandbox\"", "target = \"aws\"");
        home.write("latchkey.toml", &config);
        home.write(".aws/config", aws_config);
        home
    }

    /// Nothing of whoever runs the tests reaches it, and its calls could reach nothing but a closed port of this machine.
    fn latchkey(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_latchkey"))
            .args(arguments)
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.0.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }

    #[expect(clippy::disallowed_methods, reason = "a test's own folder: nobody reads the file while it is written")]
    fn write(&self, path: &str, content: &str) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const SSO: &str = "[profile work]
sso_session = desk
sso_account_id = 123456789012
sso_role_name = admin
region = eu-central-1

[sso-session desk]
sso_region = eu-central-1
sso_start_url = https://example.awsapps.com/start
";
/// `printf desk | sha1sum`: the name of the session's cache file.
const SESSION_SHA1: &str = "46e7cfa080913f4dae18d802d041de7d664b10e2";
const EXPIRED: &str = r#"{"accessToken": "gone", "expiresAt": "2020-01-01T00:00:00Z", "region": "eu-central-1",
    "startUrl": "https://example.awsapps.com/start"}"#;
