//! The table behind `iam-policy` against the calls of a whole life: every call stands in it, and everything in it is
//! called, command by command. A command that is new is one more line in the life.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::{
    openssl,
    rehearsal::{Rehearsal, binary, write},
};

use crate::client::{self, Running, connections, until};

#[test]
fn exactly_what_the_table_of_permissions_lists_is_called() -> Result<()> {
    let mut life = Life::begin()?;
    // Certificates without an endpoint are found by their tags.
    life.a_provisioning_is_killed_before_the_endpoint()?;
    life.run(&["plan"])?;
    life.run(&["provision"])?;
    // What is there is looked at more closely than what is not.
    life.run(&["provision"])?;
    life.run(&["plan"])?;
    life.run(&["export"])?;
    life.run(&["doctor"])?;
    let client = life.connect("alice")?;
    life.run(&["connections"])?;
    life.run(&["disconnect", "alice"])?;
    life.is_disconnected("alice")?;
    drop(client);
    life.a_certificate_of_two_is_revoked("alice")?;
    life.run(&["status"])?;
    life.run(&["rotate", "--probe"])?;
    life.run(&["probe"])?;
    life.run(&["rotate", "anchor"])?;
    life.changes()?;
    life.run(&["destroy"])?;

    let (listed, called) = (life.listed()?, &life.called);
    for (command, actions) in called {
        let listed = listed.get(command).with_context(|| format!("`{command}` is in no line of the table"))?;
        let missing: Vec<_> = actions.difference(listed).collect();
        ensure!(missing.is_empty(), "`{command}` called what the table does not list for it: {missing:?}");
        let idle: Vec<_> = listed.difference(actions).collect();
        ensure!(idle.is_empty(), "the table lists for `{command}` what it did not call: {idle:?}");
    }
    let untested: Vec<_> = listed.keys().filter(|command| !called.contains_key(*command)).collect();
    ensure!(untested.is_empty(), "the table speaks of commands that this test does not run: {untested:?}");
    Ok(())
}

const ROUTE: &str = "{ destination = \"192.168.0.0/24\", subnet_id = \"subnet-0a1b2c3d4e5f60001\" }";

/// By command, the actions in the words of IAM.
type Actions = BTreeMap<String, BTreeSet<String>>;

struct Life {
    rehearsal: Rehearsal,
    called: Actions,
    /// Calls that have been counted.
    seen: usize,
}

impl Life {
    fn begin() -> Result<Self> {
        let rehearsal = Rehearsal::new("udp")?;
        let hang = r#"[{"operation": "CreateClientVpnEndpoint", "fault": "delay", "milliseconds": 600000}]"#;
        rehearsal.run(&["sandbox", "up", "--faults", hang])?;
        Ok(Self { rehearsal, called: Actions::new(), seen: 0 })
    }

    fn run(&mut self, arguments: &[&str]) -> Result<String> {
        let output = self.rehearsal.run(arguments)?;
        self.count(arguments.first().copied().unwrap_or_default())?;
        Ok(output)
    }

    /// Everything that can be changed, there and back, and a replacement.
    fn changes(&mut self) -> Result<()> {
        let file = self.rehearsal.path().join("latchkey.toml");
        let before = fs::read_to_string(&file)?;
        let after = before
            .replace(", \"subnet-0a1b2c3d4e5f60002\"", "")
            .replace("port = 443", "port = 1194")
            .replace("authorize = []", "authorize = [\"10.1.1.0/24\"]")
            .replace("routes = []", &format!("routes = [{ROUTE}]"))
            .replace("#tags = { team = \"networks\" }", "tags = { team = \"network\" }");
        write(&file, &after)?;
        self.run(&["plan"])?;
        self.run(&["provision"])?;
        write(&file, after.replace("\"udp\"", "\"tcp\""))?;
        self.run(&["provision", "--replace"])?;
        Ok(())
    }

    /// Puts down what has been called since the last time as calls of `command`.
    fn count(&mut self, command: &str) -> Result<()> {
        let calls = self.rehearsal.calls()?;
        let actions = self.called.entry(command.to_owned()).or_default();
        for call in calls.iter().skip(self.seen) {
            let word = |key: &str| call[key].as_str().with_context(|| format!("`{key}` of {call}"));
            actions.insert(format!("{}:{}", word("service")?, word("operation")?));
        }
        self.seen = calls.len();
        Ok(())
    }

    fn a_provisioning_is_killed_before_the_endpoint(&mut self) -> Result<()> {
        let mut provision = Command::new(binary("xtask"));
        let provision = Running::start(provision.arg("provision").current_dir(self.rehearsal.path()))?;
        until("two certificates", || {
            let calls = self.rehearsal.calls()?;
            Ok(calls.iter().filter(|call| call["operation"] == "ImportCertificate").count() == 2)
        })?;
        drop(provision);
        self.rehearsal.run(&["sandbox", "faults", "clear"])?;
        self.count("provision")
    }

    /// Connects with a stock client, as long as the value lives.
    fn connect(&mut self, user: &str) -> Result<Running> {
        client::profile(&self.rehearsal, user)?;
        let client = client::connect(&self.rehearsal, user)?;
        self.count("connections")?;
        Ok(client)
    }

    /// The connection has ended; that the client comes again is the client's affair.
    fn is_disconnected(&mut self, user: &str) -> Result<()> {
        until("the end of the connection", || {
            let all = connections(&self.rehearsal, &["--all"])?;
            Ok(all.iter().any(|it| it["user"] == user && it["status"] == "terminated"))
        })?;
        self.count("connections")?;
        let nobody = self.rehearsal.try_run(&["disconnect", "nobody"])?;
        self.count("disconnect")?;
        ensure!(nobody.status.code() == Some(2), "disconnecting nobody ended with {}", nobody.status);
        Ok(())
    }

    /// The import of a CRL ends connections by itself, so that hardly any is left to be ended. AWS cannot tell those of two
    /// certificates of the same user apart: when the valid one's client has come again, there is one.
    fn a_certificate_of_two_is_revoked(&mut self, user: &str) -> Result<()> {
        let folder = self.rehearsal.path();
        let first = openssl::serial(folder, &format!("{user}.crt"))?;
        fs::remove_file(folder.join(format!("{user}.crt")))?;
        let client = self.connect(user)?;
        self.run(&["revoke", "--serial", &first])?;
        until("a connection", || client::is_connected(&self.rehearsal, user))?;
        self.count("connections")?;
        let receipt = self.run(&["revoke", "--serial", &first, "--probe"])?;
        ensure!(receipt.contains("in effect before") && receipt.contains("connections ended  1"), "{receipt}");
        drop(client);
        Ok(())
    }

    fn listed(&self) -> Result<Actions> {
        let table: Value = serde_json::from_str(&self.rehearsal.run(&["iam-policy", "--explain", "--json"])?)?;
        let mut listed = Actions::new();
        for line in table.as_array().context("a list")? {
            let action = line["action"].as_str().context("an action")?;
            for command in line["commands"].as_array().context("commands")? {
                let command = command.as_str().context("a command")?.to_owned();
                listed.entry(command).or_default().insert(action.to_owned());
            }
        }
        Ok(listed)
    }
}
