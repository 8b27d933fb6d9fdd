//! How fast requests are checked and signed in memory, beside the programs that people use for it: a part of `cargo xtask
//! bench`. Figures to be read, nothing passes or fails.
#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]

use std::{
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use pki::{authority::Authority, crl::Revoked, key::PrivateKey, policy, reason::Reason, request, serial::Serial};
use profile::{
    csr::CsrDraft,
    name::{CommonName, Domain},
};
use rcgen::SigningKey;
use time::{OffsetDateTime, macros::datetime};

fn main() -> Result<()> {
    let authority = Authority::self_signed(PrivateKey::generate()?, "bench", 3650, NOW, serial(0))?;
    let requests = requests()?;
    let key = PrivateKey::generate()?;
    for cores in [1, 2] {
        // Taken in turns, and compared within a turn: a machine has slow moments, and other work to do.
        let turns: Vec<Turn> = (0..TURNS).map(|_| Turn::take(cores, &authority, &requests)).collect::<Result<_>>()?;
        let of = |figure: fn(&Turn) -> f64| median(turns.iter().map(figure).collect());
        println!(
            "check and sign, {cores} thread(s)    {:8.0} /s   openssl speed -multi {cores} rsa2048: {:.0} sign/s, \
             {:.0} verify/s; {:.0} % of its signatures, {:.0} % of a verification and a signature each (medians of {TURNS})",
            of(|turn| turn.ours),
            of(|turn| turn.sign),
            of(|turn| turn.verify),
            of(|turn| 100.0 * turn.ours / turn.sign),
            of(|turn| 100.0 * turn.ours * (1.0 / turn.sign + 1.0 / turn.verify)),
        );
        let checks = per_second(cores, &|round| check(&requests, round).map(drop))?;
        println!("of that checking, {cores} thread(s)  {checks:8.0} /s");
        let bare = per_second(cores, &|_| sign_alone(&key))?;
        println!("aws-lc-rs signing, nothing else    {bare:8.0} /s");
    }
    crl(&authority)?;
    others(&requests[0])
}

/// Our requests checked and signed a second, and what OpenSSL signs and verifies at the same time.
struct Turn {
    ours: f64,
    sign: f64,
    verify: f64,
}

impl Turn {
    fn take(cores: u32, authority: &Authority, requests: &[String]) -> Result<Self> {
        let (sign, verify) = openssl_speed(cores)?;
        let ours = per_second(cores, &|round| issue(authority, requests, round))?;
        Ok(Self { ours, sign, verify })
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn check(requests: &[String], round: u32) -> Result<(profile::csr::Csr, CommonName)> {
    let request = &requests[usize::try_from(round)? % requests.len()];
    Ok(request::accept(request, &domain()?)?)
}

fn sign_alone(key: &PrivateKey) -> Result<()> {
    ensure!(!key.sign(MESSAGE)?.is_empty(), "a signature");
    Ok(())
}

fn issue(authority: &Authority, requests: &[String], round: u32) -> Result<()> {
    let (csr, name) = check(requests, round)?;
    let life = time::Duration::days(397);
    let issued = authority.issue(&policy::CLIENT, &name.to_string(), csr.public_key(), life, NOW, serial(round))?;
    ensure!(!issued.to_pem().is_empty(), "a certificate");
    Ok(())
}

/// Requests for 64 keys, as text.
fn requests() -> Result<Vec<String>> {
    let request = |number: u32| {
        let key = PrivateKey::generate()?;
        let name = CommonName::parse(&format!("user{number}.vpn.example.com"), &domain()?)?;
        let draft = CsrDraft::new(&name, key.public(), None);
        let signature = key.sign(draft.to_be_signed())?;
        Ok(draft.assemble(&signature)?.to_pem())
    };
    (0..64).map(request).collect()
}

/// How often a second `what` is done by so many threads.
fn per_second(threads: u32, what: &(dyn Fn(u32) -> Result<()> + Sync)) -> Result<f64> {
    let done = AtomicU32::new(0);
    let begin = Instant::now();
    thread::scope(|scope| {
        let work = || {
            while begin.elapsed() < SPAN {
                what(done.fetch_add(1, Ordering::Relaxed))?;
            }
            anyhow::Ok(())
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| anyhow::bail!("a thread panicked")))
    })?;
    Ok(f64::from(done.into_inner()) / begin.elapsed().as_secs_f64())
}

fn crl(authority: &Authority) -> Result<()> {
    let revoked: Vec<Revoked> =
        (0..20_000).map(|n| Revoked { serial: serial(n), since: NOW, reason: Reason::Superseded }).collect();
    let mut milliseconds = Vec::new();
    for number in 1..=10 {
        let begin = Instant::now();
        authority.crl(number, &revoked, NOW)?;
        milliseconds.push(begin.elapsed().as_secs_f64() * 1000.0);
    }
    println!("CRL of 20,000, build and sign      median {:.1} ms of 10", median(milliseconds));
    Ok(())
}

/// Signatures and verifications a second.
fn openssl_speed(processes: u32) -> Result<(f64, f64)> {
    let mut speed = Command::new("openssl");
    speed.args(["speed", "-seconds", &SPAN.as_secs().to_string(), "-multi", &processes.to_string(), "rsa2048"]);
    let output = speed.output().context("openssl")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let row = text.lines().find(|line| line.starts_with("rsa 2048")).context("openssl speed says nothing of RSA")?;
    let mut figures = row.split_whitespace().rev().map(str::parse);
    let mut next = || figures.next().context("a figure")?.context("a number");
    let (verify, sign) = (next()?, next()?);
    Ok((sign, verify))
}

/// The commands of the manual procedure, one process for each request.
fn others(request: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let script = |setup: &str, each: &str| -> Result<f64> {
        let run = |script: &str| {
            let mut shell = Command::new("sh");
            let output = shell.args(["-euc", script]).current_dir(folder.path()).env("EASYRSA_BATCH", "1").output()?;
            ensure!(output.status.success(), "`{script}`: {}", String::from_utf8_lossy(&output.stderr));
            Ok(())
        };
        run(setup)?;
        let begin = Instant::now();
        run(&format!("for n in 1 2 3 4 5 6 7 8 9 10; do {each}; done"))?;
        Ok(10.0 / begin.elapsed().as_secs_f64())
    };
    let files = format!("cat > alice.csr <<EOF\n{request}EOF\n");
    let ca = "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=CA -days 9";
    let openssl = script(
        &format!("{files}{ca}"),
        "openssl x509 -req -in alice.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 9 -out alice.crt",
    )?;
    println!("openssl x509 -req                  {openssl:8.1} /s");
    let easyrsa = script(
        "e=$(command -v easyrsa || echo /usr/share/easy-rsa/easyrsa); ln -s $e e; ./e init-pki; ./e build-ca nopass; \
         for n in 1 2 3 4 5 6 7 8 9 10; do ./e import-req alice.csr u$n; done",
        "./e sign-req client u$n",
    )?;
    println!("easyrsa sign-req                   {easyrsa:8.1} /s");
    Ok(())
}

fn domain() -> Result<Domain> {
    Ok("vpn.example.com".parse()?)
}

fn serial(number: u32) -> Serial {
    Serial::from_random(u128::from(number).to_be_bytes())
}

const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

const TURNS: usize = 9;

const SPAN: Duration = Duration::from_secs(1);

/// As long as what is signed of a certificate.
const MESSAGE: &[u8] = &[0; 600];
