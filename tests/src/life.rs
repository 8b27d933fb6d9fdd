//! A deployment's whole life, through public commands only, judged by the service's own answers.
//!
//! The same steps run on the sandbox and on AWS (`acceptance`): where they run is the environment's affair.

use std::{
    fs,
    path::PathBuf,
    process::{Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    inventory::{Account, Inventory},
    openssl::{self, RSA_2048},
    rehearsal::{binary, files, write},
    schema,
    trial::{BANNER, CONFIG, LEDGER, NETWORK, SITE, TAG, Trial},
};

/// One deployment in a folder of its own, and where it is to live.
#[derive(Clone, Debug)]
pub struct Life {
    /// The folder, with the trial's `latchkey.toml`.
    pub folder: PathBuf,
    /// The deployment.
    pub trial: Trial,
    /// The whole environment of the commands.
    pub environment: Vec<(String, String)>,
    /// What the service says.
    pub account: Account,
    /// Whether somebody watches: then the commands' narrative goes to the terminal.
    pub is_watched: bool,
    /// Whether somebody has interrupted: then nothing new is begun.
    pub stop: Arc<AtomicBool>,
}

impl Life {
    /// Everything from the first look to the last change.
    ///
    /// # Errors
    /// What is not as it should be. The deployment may exist then: [`Self::end`] takes it away.
    pub async fn live(&self) -> Result<()> {
        self.begin().await.context("from nothing to a deployment")?;
        self.stay().await.context("provisioned again")?;
        self.serve().await.context("a user's certificate")?;
        self.rotate().await.context("a new server certificate")?;
        self.change().await.context("a change")
    }

    /// Destroys the deployment and its CA, and judges that nothing is left of it.
    ///
    /// # Errors
    /// Something is.
    pub async fn end(&self) -> Result<()> {
        self.tell("destroy, and look for what is left");
        self.run(0, &["destroy", "--yes", "--with-ca"]).await?;
        let left = self.inventory().await?;
        ensure!(left == Inventory::default(), "the service still has {left:#?}");
        ensure!(!self.has_ledger(), "the ledger in `{}` is still there", self.folder.display());
        Ok(())
    }

    /// Whether there is a ledger: whether the deployment may exist.
    pub fn has_ledger(&self) -> bool {
        files(&self.folder.join(LEDGER)).is_ok_and(|files| !files.is_empty())
    }

    async fn begin(&self) -> Result<()> {
        self.next("doctor")?;
        self.run(0, &["doctor"]).await?;
        self.next("plan")?;
        self.run(DRIFT, &["plan", "--check"]).await?;
        let plan = self.json("plan", &["plan", "--json"]).await?;
        ensure!(plan["steps"].as_array().is_some_and(|steps| steps.len() > 4), "{plan:#}");
        self.next("provision")?;
        let summary = self.run(0, &["provision", "--yes"]).await?;
        ensure!(summary.contains("cvpn-endpoint-"), "{summary}");
        self.is_complete().await
    }

    async fn stay(&self) -> Result<()> {
        self.next("plan, provision again, status")?;
        let before = self.inventory().await?;
        ensure!(self.run(0, &["plan", "--check"]).await?.starts_with("Nothing to do"), "the plan is not empty");
        self.run(0, &["provision", "--yes"]).await?;
        let difference = self.inventory().await?.difference(&before);
        ensure!(difference.is_empty(), "something changed:\n{difference}");
        let status = self.json("status", &["status", "--json"]).await?;
        ensure!(status["well"] == true && status["endpoint"]["status"] == "available", "{status:#}");
        Ok(())
    }

    async fn serve(&self) -> Result<()> {
        self.next("sign a request, export")?;
        let subject = format!("/CN=alice.{}", self.trial.domain);
        openssl::request(&self.folder, "alice", RSA_2048, &subject, &[])?;
        self.run(0, &["sign", "alice.csr", "--out", "alice.crt", "--yes"]).await?;
        let chain = self.read("alice.crt")?;
        let (_, ca) = chain.split_once("-----END CERTIFICATE-----\n").context("a chain")?;
        write(&self.folder.join("ca.crt"), ca)?;
        openssl::run(&self.folder, &["verify", "-purpose", "sslclient", "-CAfile", "ca.crt", "alice.crt"])?;

        self.run(0, &["export"]).await?;
        let exported = self.read(&format!(".latchkey/{}/client-configuration.ovpn", self.trial.name))?;
        ensure!(exported.lines().any(|line| line.starts_with("remote ")), "{exported}");
        let bundle = serde_json::from_str(&self.read(&format!("{SITE}/bundle.json"))?)?;
        schema::check("bundle", &bundle)?;
        ensure!(bundle["client_configuration"].as_str().is_some_and(|text| exported.contains(text)), "{bundle:#}");
        Ok(())
    }

    async fn rotate(&self) -> Result<()> {
        self.next("rotate")?;
        let before = self.inventory().await?;
        self.run(0, &["rotate", "--yes"]).await?;
        let difference = self.inventory().await?.difference(&before);
        ensure!(difference.is_empty(), "something else changed:\n{difference}");
        self.run(0, &["plan", "--check"]).await.map(drop)
    }

    async fn change(&self) -> Result<()> {
        self.next("change banner, tags and rules")?;
        write(&self.folder.join(CONFIG), self.trial.changed()?)?;
        self.run(DRIFT, &["plan", "--check"]).await?;
        self.json("plan", &["plan", "--json"]).await?;
        self.run(0, &["provision", "--yes"]).await?;
        self.run(0, &["plan", "--check"]).await?;
        self.is_complete().await?;
        let found = self.inventory().await?;
        let says = |beginning: &str, text: &str| {
            let is_there = found.0.iter().any(|line| line.starts_with(beginning) && line.contains(text));
            is_there.then_some(()).with_context(|| format!("no `{text}` in `{beginning}`: {found:#?}"))
        };
        says("endpoint's banner: ", BANNER)?;
        says("endpoint's tags: ", TAG.0)?;
        says("certificate of ", TAG.0)?;
        says(&format!("rule for {NETWORK}: "), "Active")?;
        self.run(0, &["ledger", "verify"]).await.map(drop)
    }

    async fn is_complete(&self) -> Result<()> {
        let found = self.inventory().await?;
        for (beginning, times) in [
            ("endpoint: ", 1),
            ("certificate of ", 2),
            ("association of ", self.trial.subnets),
            ("CRL imported: true", 1),
        ] {
            let count = found.count(beginning);
            ensure!(count == times, "`{beginning}` {count} times instead of {times}: {found:#?}");
        }
        ensure!(found.count("rule for ") > 0, "no rule: {found:#?}");
        Ok(())
    }

    async fn inventory(&self) -> Result<Inventory> {
        self.account.of_deployment(&self.trial.name).await
    }

    /// What a command writes as JSON, in its documented form.
    async fn json(&self, schema: &str, arguments: &[&str]) -> Result<Value> {
        let document = serde_json::from_str(&self.run(0, arguments).await?)?;
        schema::check(schema, &document)?;
        Ok(document)
    }

    /// What `latchkey ARGUMENTS` wrote to stdout.
    ///
    /// # Errors
    /// It did not end with `code`.
    pub async fn run(&self, code: i32, arguments: &[&str]) -> Result<String> {
        let mut command = tokio::process::Command::new(binary("latchkey"));
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(if self.is_watched { Stdio::inherit() } else { Stdio::piped() });
        command.env_clear().envs(self.environment.iter().cloned());
        let child = command.spawn().context("`latchkey`; `cargo build -p provisioner` makes it")?;
        let Output { status, stdout, stderr } = child.wait_with_output().await?;
        let stdout = String::from_utf8(stdout)?;
        let said = String::from_utf8_lossy(&stderr);
        let call = arguments.join(" ");
        ensure!(status.code() == Some(code), "`latchkey {call}` ended with {status}, not {code}\n{stdout}{said}");
        Ok(stdout)
    }

    fn read(&self, file: &str) -> Result<String> {
        fs::read_to_string(self.folder.join(file)).with_context(|| file.to_owned())
    }

    /// Goes on with what comes next, unless somebody has interrupted.
    fn next(&self, what: &str) -> Result<()> {
        ensure!(!self.stop.load(Ordering::Relaxed), "interrupted before: {what}");
        self.tell(what);
        Ok(())
    }

    #[expect(clippy::print_stderr, reason = "whoever watches wants to know how far it is")]
    fn tell(&self, what: &str) {
        if self.is_watched {
            eprintln!("\n== {what}");
        }
    }
}

/// The exit code that means: what there is differs from the configuration.
const DRIFT: i32 = 5;
