//! `latchkey probe`: whether people get in, tried with the stock OpenVPN client and a certificate of one hour.
//!
//! It finds what no console shows: an expired CRL, a server certificate that profiles do not accept, a client anchor of
//! another CA, a name that does not resolve, a network that lets nothing through.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use profile::ovpn::Document;
use provisioner::{
    deploy::{apply::Timer, aws::Aws, cloud::Cloud},
    handshake::{self, Handshake, Obstruction},
    ledger::{Issued, Role},
    pki::{key::PrivateKey, policy, serial::Serial},
    random::Random,
};
use serde::Serialize;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader},
    process::{Child, Command},
    sync::mpsc,
};
use zeroize::Zeroizing;

use super::connections::endpoint;
use crate::{
    cli, custody,
    deployment::{Deployment, call_failure},
    failure::{Failure, Kind, OrFail, Outcome},
    logged::Task,
    surroundings::{SECRETS, Surroundings},
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, arguments: &cli::Probe) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let client = Client::find(surroundings, arguments.openvpn.as_deref()).await?;
    let aws = deployment.aws(surroundings).await?;
    let patience = Duration::from_secs(arguments.patience);
    let tried = try_endpoint(surroundings, &deployment, &aws, &client, patience).await?;
    surroundings.out(&if arguments.json {
        serde_json::to_string_pretty(&Form::of(&tried)).or_fail(Kind::Bug)? + "\n"
    } else {
        tried.outcome.as_ref().map(|handshake| report(&deployment, &tried, handshake)).unwrap_or_default()
    });
    tried.outcome.map(drop).map_err(|obstruction| failure(&deployment, obstruction))
}

/// The same after another command has done its work, where a client was wanted for it.
pub(super) async fn afterwards(
    surroundings: &Surroundings,
    deployment: &Deployment,
    aws: &Aws,
    client: Option<Client>,
) -> Outcome {
    let Some(client) = client else { return Ok(()) };
    let tried = try_endpoint(surroundings, deployment, aws, &client, PATIENCE_AFTERWARDS).await?;
    let handshake = tried.outcome.as_ref().map_err(|obstruction| failure(deployment, obstruction.clone()))?;
    surroundings.out(&format!("\n{}", report(deployment, &tried, handshake)));
    Ok(())
}

/// An OpenVPN client of this machine.
pub(super) struct Client {
    program: PathBuf,
    path: String,
}

impl Client {
    /// Looks for the client before anything is changed, where a probe is wanted afterwards.
    pub(super) async fn wanted(surroundings: &Surroundings, is_wanted: bool) -> Outcome<Option<Self>> {
        if is_wanted { Self::find(surroundings, None).await.map(Some) } else { Ok(None) }
    }

    /// The one that was named, or `openvpn`: also where it is installed for administrators only.
    pub(super) async fn find(surroundings: &Surroundings, named: Option<&Path>) -> Outcome<Self> {
        let program =
            named.map_or_else(|| PathBuf::from(surroundings.variable("OPENVPN").unwrap_or("openvpn")), Path::to_owned);
        let path = format!("{}:{SYSTEM_FOLDERS}", surroundings.variable("PATH").unwrap_or_default());
        let client = Self { program, path };
        let version = client.command().arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).status().await;
        match version {
            // Version 2 ends with 1 here, which says nothing.
            Ok(_) => Ok(client),
            Err(error) => Err(Failure::new(Kind::Input, error)
                .during(format!("cannot run the OpenVPN client `{}`", client.program.display()))
                .hint(
                    "install it (`apt install openvpn`, `brew install openvpn`), or name it with `--openvpn PROGRAM`",
                )),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env("PATH", &self.path).kill_on_drop(true);
        // It is a stranger's program, and none of its affairs.
        for name in SECRETS {
            command.env_remove(name);
        }
        command
    }

    /// One handshake, ended as soon as it is clear what comes of it.
    async fn try_once(
        &self,
        profile: &str,
        limit: Duration,
        timer: &impl Timer,
    ) -> std::io::Result<Result<Handshake, Obstruction>> {
        let mut command = self.command();
        command.args(handshake::arguments(limit.as_secs().max(1)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let mut lines = lines(&mut child);
        if let Some(mut stdin) = child.stdin.take() {
            // A client that ends without reading says why itself.
            drop(stdin.write_all(profile.as_bytes()).await);
        }
        let mut handshake = Handshake::default();
        let outcome = tokio::select! {
            outcome = follow(&mut lines, &mut handshake) => outcome,
            () = timer.sleep(limit) => Ok(()),
        };
        end(child).await;
        Ok(match outcome {
            Ok(()) if handshake.is_complete() => Ok(handshake),
            Ok(()) => Err(handshake.stalled()),
            Err(obstruction) => Err(obstruction),
        })
    }
}

/// Reads what the client prints until it is clear what comes of it, or the client has ended.
async fn follow(lines: &mut mpsc::UnboundedReceiver<String>, handshake: &mut Handshake) -> Result<(), Obstruction> {
    while !handshake.is_complete()
        && let Some(line) = lines.recv().await
    {
        handshake.read(&line)?;
    }
    Ok(())
}

/// Ends the client so that it can say goodbye: the endpoint would keep its connection for a while.
async fn end(mut client: Child) {
    #[cfg(unix)]
    if let Some(pid) = client.id().and_then(|pid| rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)) {
        // It may have ended by itself.
        let _ended_already = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        if tokio::time::timeout(GOODBYE, client.wait()).await.is_ok() {
            return;
        }
    }
    drop(client.kill().await);
}

/// Everything that the client prints, until it ends.
fn lines(client: &mut Child) -> mpsc::UnboundedReceiver<String> {
    async fn follow(output: impl AsyncRead + Unpin, sender: mpsc::UnboundedSender<String>) {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            // Nobody listens any more once the outcome is clear.
            drop(sender.send(line));
        }
    }
    let (sender, receiver) = mpsc::unbounded_channel();
    if let Some(stdout) = client.stdout.take() {
        tokio::spawn(follow(stdout, sender.clone()));
    }
    if let Some(stderr) = client.stderr.take() {
        tokio::spawn(follow(stderr, sender));
    }
    receiver
}

/// What was tried, and what came of it.
struct Tried {
    serial: Serial,
    took: Duration,
    outcome: Result<Handshake, Obstruction>,
}

async fn try_endpoint(
    surroundings: &Surroundings,
    deployment: &Deployment,
    aws: &Aws,
    client: &Client,
    patience: Duration,
) -> Outcome<Tried> {
    let endpoint = endpoint(deployment, aws).await?;
    let configuration = aws.export_configuration(&endpoint).await.map_err(call_failure)?;
    let (serial, profile) = certified(surroundings, deployment, &configuration).await?;
    surroundings.note("Trying a handshake with the endpoint, under a certificate of one hour.");
    let begin = surroundings.now();
    loop {
        let (started, left) = (surroundings.now(), patience.saturating_sub(surroundings.now() - begin));
        let tried = surroundings.interruptible(client.try_once(&profile, left.min(ONCE), surroundings)).await;
        let outcome = match tried {
            Some(outcome) if !surroundings.is_stopping() => outcome.or_fail(Kind::Input)?,
            _ => return Err(Failure::say(Kind::Interrupted, "interrupted before it was clear whether people get in")),
        };
        let now = surroundings.now();
        let may_pass = matches!(outcome, Err(Obstruction::Name | Obstruction::Silence { .. }));
        if !may_pass || now - begin + PAUSE >= patience {
            return Ok(Tried { serial, took: now - started, outcome });
        }
        surroundings.sleep(PAUSE).await;
    }
}

/// A profile under a certificate that is made for it. The log has the certificate: it lets in whoever has its key.
async fn certified(
    surroundings: &Surroundings,
    deployment: &Deployment,
    configuration: &str,
) -> Outcome<(Serial, Zeroizing<String>)> {
    let subject = format!("probe.{}", deployment.config.deployment.domain);
    let what = vec!["try the endpoint under a certificate of one hour".to_owned()];
    let task = Task { command: "probe", subjects: vec![subject.clone()], what };
    let work = profile(surroundings, deployment, configuration, &subject);
    task.logged(surroundings, deployment, work, |(serial, _)| vec![format!("certificate {serial} of {subject}")]).await
}

/// A user's profile, of a user that nobody is. The key is in memory and in the client's standard input, nowhere else.
async fn profile(
    surroundings: &Surroundings,
    deployment: &Deployment,
    configuration: &str,
    subject: &str,
) -> Outcome<(Serial, Zeroizing<String>)> {
    let authority = custody::open(surroundings, deployment).await?;
    let key = PrivateKey::generate().or_fail(Kind::Bug)?;
    let serial = Serial::from_random(surroundings.bits_128());
    let certificate = authority
        .issue(&policy::CLIENT, subject, key.public(), LIFE, surroundings.now, serial)
        .map_err(custody::pki_failure)?;
    let issued = Issued::of(&certificate, Role::Probe, None, surroundings.provenance())
        .ok_or_else(|| Failure::say(Kind::Bug, "a certificate was issued that cannot be recorded"))?;
    deployment.ledger.record_issued(&issued).await.or_fail(Kind::Input)?;
    let key = key.to_pem().or_fail(Kind::Bug)?;
    let profile = Document::parse(configuration)
        .and_then(|document| document.with_random_label("probe"))
        .and_then(|document| document.with_identity(&certificate.to_pem(), &key))
        .map_err(|error| {
            Failure::new(Kind::Aws, error).during("the client configuration of AWS is not usable".to_owned())
        })?;
    Ok((serial, profile))
}

fn failure(deployment: &Deployment, obstruction: Obstruction) -> Failure {
    let advice = obstruction.advice();
    Failure::new(Kind::Aws, obstruction)
        .during(format!("nobody gets into `{}`", deployment.config.deployment.name))
        .hint(advice)
}

fn report(deployment: &Deployment, tried: &Tried, handshake: &Handshake) -> String {
    let or_unknown = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    let routes: Vec<String> = handshake.routes.iter().map(ToString::to_string).collect();
    let routes = match (handshake.takes_all, routes.is_empty()) {
        (true, _) => "everything".to_owned(),
        (false, true) => "nothing: there is no route".to_owned(),
        (false, false) => routes.join(", "),
    };
    format!(
        "People get into `{name}`: a handshake succeeded after {took} ms.\n\
         \n\
         \x20 server       {server}, {subject}\n\
         \x20 encryption   {cipher}\n\
         \x20 address      {address}\n\
         \x20 takes        {routes}\n",
        name = deployment.config.deployment.name,
        took = tried.took.as_millis(),
        server = or_unknown(&handshake.server),
        subject = or_unknown(&handshake.subject),
        cipher = or_unknown(&handshake.cipher),
        address = handshake.address.map_or_else(|| "IPv6 only".to_owned(), |address| address.to_string()),
    )
}

/// The outcome. A stable form.
#[derive(Serialize)]
struct Form {
    connects: bool,
    /// Why not, where it does not.
    reason: Option<String>,
    server: Option<String>,
    subject: Option<String>,
    encryption: Option<String>,
    address: Option<String>,
    routes: Vec<String>,
    takes_all: bool,
    milliseconds: u128,
    /// Of the certificate that was issued for it.
    serial: String,
}

impl Form {
    fn of(tried: &Tried) -> Self {
        let Tried { serial, took, outcome } = tried;
        let handshake = outcome.clone().unwrap_or_default();
        Self {
            connects: outcome.is_ok(),
            reason: outcome.as_ref().err().map(ToString::to_string),
            server: handshake.server,
            subject: handshake.subject,
            encryption: handshake.cipher,
            address: handshake.address.map(|address| address.to_string()),
            routes: handshake.routes.iter().map(ToString::to_string).collect(),
            takes_all: handshake.takes_all,
            milliseconds: took.as_millis(),
            serial: serial.to_string(),
        }
    }
}

/// Nobody can do anything with the certificate once the command has ended: its key is gone.
const LIFE: time::Duration = time::Duration::HOUR;
/// How long one handshake may take. OpenVPN sends its first packets again for as long.
const ONCE: Duration = Duration::from_secs(20);
/// Between two tries of what may pass by itself.
const PAUSE: Duration = Duration::from_secs(2);
/// A new endpoint's name is not known everywhere at once.
const PATIENCE_AFTERWARDS: Duration = Duration::from_secs(300);
/// How long the client may take to end.
const GOODBYE: Duration = Duration::from_secs(2);
/// Where `openvpn` is, on systems that keep it from the search path of ordinary users.
const SYSTEM_FOLDERS: &str = "/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin";
