//! Clock, environment, terminal and randomness. `main` makes the one value of this type; commands take it as an
//! argument and look at nothing else.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Read, Write},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use provisioner::{
    deploy::apply::Timer,
    ledger::Provenance,
    pki::{secret::Passphrase, serial::Serial},
    random::Random,
};
use time::OffsetDateTime;
use tokio::sync::watch;
use zeroize::Zeroizing;

use crate::failure::{Failure, Kind, Outcome};

/// Everything outside the process that commands may see.
pub(crate) struct Surroundings {
    /// When the command began.
    pub(crate) now: OffsetDateTime,
    /// The environment, without secrets.
    pub(crate) environment: BTreeMap<String, String>,
    passphrase_fd: Option<u32>,
    secrets: BTreeMap<&'static str, Zeroizing<String>>,
    started: Instant,
    interruptions: Arc<Interruptions>,
}

/// What somebody has interrupted, and how that is taken.
#[derive(Debug, Default)]
struct Interruptions {
    /// Whether a first one only asks to stop. Otherwise one ends the process, as it does without a handler.
    is_patient: AtomicBool,
    count: watch::Sender<u32>,
    listener: OnceLock<()>,
}

impl Surroundings {
    /// Looks around. Only `main` calls this. `passphrase_fd` is the file descriptor with the CA's passphrase.
    #[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
    pub(crate) fn look(passphrase_fd: Option<u32>) -> Self {
        let environment =
            std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
        let mut environment: BTreeMap<String, String> = environment.collect();
        let secrets = SECRETS.iter().filter_map(|name| Some((*name, Zeroizing::new(environment.remove(*name)?))));
        Self {
            now: OffsetDateTime::now_utc(),
            secrets: secrets.filter(|(_, secret)| !secret.is_empty()).collect(),
            environment,
            passphrase_fd,
            started: Instant::now(),
            interruptions: Arc::default(),
        }
    }

    /// A moment on the clock that never goes back.
    pub(crate) fn instant(&self) -> Instant {
        self.started + self.now()
    }

    /// What time it is by now.
    pub(crate) fn time(&self) -> OffsetDateTime {
        self.now + self.started.elapsed()
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Who runs this, for the ledger.
    pub(crate) fn who(&self) -> &str {
        ["SUDO_USER", "USER", "LOGNAME", "USERNAME"]
            .into_iter()
            .find_map(|name| self.variable(name))
            .unwrap_or("unknown")
    }

    /// Who does something now, for a record in the ledger.
    pub(crate) fn provenance(&self) -> Provenance {
        Provenance { who: self.who().to_owned(), when: self.now, nonce: Serial::from_random(self.bits_128()) }
    }

    /// Writes the result. That nobody reads it any more (`| head`) is no failure.
    pub(crate) fn out(&self, text: &str) {
        let mut stdout = std::io::stdout().lock();
        let _closed = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }

    /// Writes narrative.
    pub(crate) fn note(&self, line: &str) {
        let _closed = writeln!(std::io::stderr().lock(), "{line}");
    }

    pub(crate) fn progress_is_seen(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// Whether questions can be asked.
    pub(crate) fn somebody_is_there(&self) -> bool {
        std::io::stdin().is_terminal()
    }

    /// Asks a question that is answered with one line.
    pub(crate) fn ask(&self, question: &str) -> Outcome<String> {
        let _closed = write!(std::io::stderr().lock(), "{question}");
        let mut answer = String::new();
        match std::io::stdin().read_line(&mut answer).map_err(|error| Failure::new(Kind::Input, error))? {
            0 => Err(Failure::say(Kind::Interrupted, "not answered, nothing was done")),
            _ => Ok(answer.trim().to_owned()),
        }
    }

    /// Asks a question that is answered with yes or no.
    pub(crate) fn confirm(&self, question: &str) -> Outcome {
        if !std::io::stdin().is_terminal() {
            return Err(Failure::say(Kind::Input, "nobody can be asked: standard input is not a terminal")
                .hint("give `--yes` where the answer is known beforehand"));
        }
        let _closed = write!(std::io::stderr().lock(), "{question} [y/N] ");
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map_err(|error| Failure::new(Kind::Input, error))?;
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Failure::say(Kind::Interrupted, "not confirmed, nothing was done")),
        }
    }

    /// Asks for something that cannot be undone: the answer is the name of what it is done to. `flag` answers it
    /// where nobody can be asked.
    pub(crate) fn confirm_by_name(&self, question: &str, name: &str, flag: &str) -> Outcome {
        if !std::io::stdin().is_terminal() {
            return Err(Failure::say(Kind::Input, "nobody can be asked: standard input is not a terminal")
                .hint(format!("give `{flag}` where it is decided beforehand")));
        }
        let _closed = write!(std::io::stderr().lock(), "{question}\nType `{name}` to go on: ");
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map_err(|error| Failure::new(Kind::Input, error))?;
        if answer.trim() == name {
            Ok(())
        } else {
            Err(Failure::say(Kind::Interrupted, "not confirmed, nothing was done"))
        }
    }

    /// What comes of `work`; `None` where somebody has interrupted twice. The first time only asks to stop after the call in
    /// flight. After it an interruption ends the process at once, also while a question is on the screen.
    pub(crate) async fn interruptible<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let interruptions = &self.interruptions;
        interruptions.is_patient.store(true, Ordering::SeqCst);
        interruptions.listener.get_or_init(|| listen(Arc::clone(interruptions)));
        let mut count = interruptions.count.subscribe();
        let done = tokio::select! {
            done = work => Some(done),
            // The sender lives as long as `self`.
            _twice = count.wait_for(|count| *count > 1) => None,
        };
        interruptions.is_patient.store(false, Ordering::SeqCst);
        done
    }

    /// Whether somebody has asked to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.interruptions.count.borrow() > 0
    }

    /// The CA's passphrase, from the file descriptor, from the environment, or asked for; twice where it is a new one.
    pub(crate) fn passphrase(&self, is_new: bool) -> Outcome<Passphrase> {
        if let Some(descriptor) = self.passphrase_fd {
            return from_descriptor(descriptor);
        }
        if let Some(text) = self.secrets.get(PASSPHRASE) {
            return Ok(Passphrase::new(text.clone()));
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure::say(Kind::Input, "the CA key is needed, and nobody can be asked for its passphrase")
                .hint(format!("give `--passphrase-fd N`, or set the environment variable {PASSPHRASE}")));
        }
        let ask = |question: &str| {
            rpassword::prompt_password(question)
                .map(|text| Passphrase::new(Zeroizing::new(text)))
                .map_err(|error| Failure::new(Kind::Input, error))
        };
        if !is_new {
            return ask("Passphrase of the CA key: ");
        }
        self.note(
            "The key of the new CA is encrypted with a passphrase. It will be needed to sign; nobody can recover it.",
        );
        let passphrase = ask("New passphrase: ")?;
        if !passphrase.matches(&ask("The same again: ")?) {
            return Err(Failure::say(Kind::Input, "the two passphrases differ"));
        }
        Ok(passphrase)
    }

    /// The passphrase of a key that is taken over: from `descriptor`, from the environment, or asked for.
    pub(crate) fn foreign_passphrase(&self, descriptor: Option<u32>) -> Outcome<Passphrase> {
        if let Some(descriptor) = descriptor {
            return from_descriptor(descriptor);
        }
        if let Some(text) = self.secrets.get(FOREIGN_PASSPHRASE) {
            return Ok(Passphrase::new(text.clone()));
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure::say(Kind::Input, "the key of the old CA is encrypted, and nobody can be asked")
                .hint(format!("give `--key-passphrase-fd N`, or set {FOREIGN_PASSPHRASE}")));
        }
        rpassword::prompt_password("Passphrase of the old CA's key: ")
            .map(|text| Passphrase::new(Zeroizing::new(text)))
            .map_err(|error| Failure::new(Kind::Input, error))
    }
}

impl Timer for Surroundings {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    async fn sleep(&self, pause: Duration) {
        let mut count = self.interruptions.count.subscribe();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // The sender lives as long as `self`.
            _once = count.wait_for(|count| *count > 0) => {}
        }
    }

    fn is_stopped(&self) -> bool {
        self.is_stopping()
    }

    fn dice(&self) -> u8 {
        let [first, ..] = self.bits_128();
        first
    }
}

impl Random for Surroundings {
    fn bits_128(&self) -> [u8; 16] {
        let mut bits = [0; 16];
        aws_lc_rs::rand::fill(&mut bits).expect("the operating system gives randomness");
        bits
    }
}

/// The first line of what can be read from file descriptor `number`.
#[cfg(unix)]
pub(crate) fn from_descriptor(number: u32) -> Outcome<Passphrase> {
    // Sized once: a string that grows leaves copies of the passphrase behind.
    let mut text = Zeroizing::new(String::with_capacity(LONGEST_PASSPHRASE));
    let file = std::fs::File::open(format!("/dev/fd/{number}"));
    file.and_then(|file| file.take(LONGEST_PASSPHRASE as u64).read_to_string(&mut text)).map_err(|error| {
        Failure::new(Kind::Input, error)
            .during(format!("cannot read the passphrase from file descriptor {number}"))
            .hint(format!("open it for the command, for example with `{number}< FILE` in a shell"))
    })?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Passphrase::new(Zeroizing::new(line.to_owned()))),
        _ => Err(Failure::say(Kind::Input, format!("there is no passphrase to read from file descriptor {number}"))),
    }
}

#[cfg(not(unix))]
pub(crate) fn from_descriptor(_number: u32) -> Outcome<Passphrase> {
    Err(Failure::say(Kind::Input, "this system hands no file descriptors to programs")
        .hint(format!("set the environment variable {PASSPHRASE}")))
}

/// Counts interruptions, on a thread of its own: the command's may be waiting for an answer.
///
/// A handler stays for the rest of the process (that of `tokio` does), so that this one goes on listening.
fn listen(interruptions: Arc<Interruptions>) {
    let listening = async move {
        loop {
            interrupt().await;
            if !interruptions.is_patient.load(Ordering::SeqCst) {
                at_once();
            }
            interruptions.count.send_modify(|count| *count += 1);
            if *interruptions.count.borrow() == 1 {
                let line = "Stopping after the call in flight; once more to stop at once.";
                let _closed = writeln!(std::io::stderr().lock(), "{line}");
            }
        }
    };
    std::thread::spawn(move || {
        // Where no handler can be set, the system's own way of interrupting is left.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        if let Ok(runtime) = runtime {
            runtime.block_on(listening);
        }
    });
}

#[expect(clippy::exit, reason = "it is what the system does where no handler is set")]
fn at_once() {
    std::process::exit(Kind::Interrupted as i32);
}

/// Ctrl-C, or a polite request to end.
async fn interrupt() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _pressed = tokio::signal::ctrl_c() => {}
                _asked = terminate.recv() => {}
            }
            return;
        }
    }
    // Where no handler can be set, the system's own way of interrupting is left.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Variables that no other program is to see.
pub(crate) const SECRETS: [&str; 2] = [PASSPHRASE, FOREIGN_PASSPHRASE];
const FOREIGN_PASSPHRASE: &str = "LATCHKEY_ADOPT_PASSPHRASE";
const PASSPHRASE: &str = "LATCHKEY_CA_PASSPHRASE";
/// Bytes.
#[cfg(unix)]
const LONGEST_PASSPHRASE: usize = 4096;
