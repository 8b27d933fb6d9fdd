//! The stock OpenVPN client, watched from outside.
//!
//! The profile is not touched. What is added stands on the command line: the management interface to watch by, and
//! `script-security`, so that a profile cannot run programs of its own.

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::sync::{broadcast, mpsc};

use super::refusal;
use super::report::Tunnel;
use crate::plane::{Laptop, Management, RUN, banner};

/// How long a client may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// A client that runs. Killed on drop.
#[derive(Debug)]
pub(super) struct Client {
    process: Child,
    socket: PathBuf,
    /// What it prints, until it ends.
    output: mpsc::UnboundedReceiver<String>,
    started: Instant,
    /// Where it runs, as servers see it.
    laptop: Ipv4Addr,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Attempt {
    /// The tunnel is up.
    Connected(Tunnel, Box<Management>),
    /// It will not come up, and why.
    Refused(String),
}

impl Client {
    /// Starts the client, which waits until [`Client::connect`].
    pub(super) fn start(laptop: &Laptop, profile: &Path) -> io::Result<Self> {
        let socket = Path::new(RUN).join(format!("laptop{}", laptop.number));
        drop(std::fs::remove_file(&socket));
        let started = Instant::now();
        let mut process = laptop
            .namespace
            .command("openvpn")
            // Where a person would start it: a profile may name files beside it.
            .current_dir(profile.parent().unwrap_or_else(|| Path::new("/")))
            .arg("--config")
            .arg(profile)
            .args(["--script-security", "1", "--management-hold", "--management"])
            .arg(&socket)
            .arg("unix")
            .spawn()?;
        let output = lines_of(&mut process);
        Ok(Self { process, socket, output, started, laptop: laptop.address })
    }

    /// Lets the client connect, and watches it and the servers until it is clear what comes of it.
    pub(super) async fn connect(
        &mut self,
        mut server_lines: broadcast::Receiver<String>,
        timeout: Duration,
    ) -> io::Result<Attempt> {
        let started = self.started;
        let tunnel = up(&self.socket, started);
        tokio::select! {
            outcome = tunnel => outcome,
            reason = last_words(&mut self.output) => Ok(Attempt::Refused(reason)),
            reason = refused_by_server(&mut server_lines, self.laptop) => Ok(Attempt::Refused(reason)),
            () = tokio::time::sleep(timeout) => {
                let seconds = timeout.as_secs_f32();
                Ok(Attempt::Refused(format!("the endpoint did not answer within {seconds} seconds")))
            }
        }
    }

    pub(super) async fn end(self) {
        end(self.process).await;
    }
}

/// Ends a client as a person would, with an interrupt.
pub(super) async fn end(mut client: Child) {
    let pid = client.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    if let Some(pid) = pid {
        let _ = kill_process(pid, Signal::TERM);
    }
    if tokio::time::timeout(GOODBYE, client.wait()).await.is_err() {
        drop(client.kill().await);
    }
}

/// Everything that a client prints, until it ends.
pub(super) fn lines_of(client: &mut Child) -> mpsc::UnboundedReceiver<String> {
    let (sender, output) = mpsc::unbounded_channel();
    if let Some(stdout) = client.stdout.take() {
        tokio::spawn(follow(stdout, sender.clone()));
    }
    if let Some(stderr) = client.stderr.take() {
        tokio::spawn(follow(stderr, sender));
    }
    output
}

/// Follows the client through its management interface until the tunnel is up or the client gives up.
async fn up(socket: &Path, started: Instant) -> io::Result<Attempt> {
    let Ok(mut management) = Management::connect(socket).await else {
        // It has ended. Its last words say why, and they are waited for elsewhere.
        return std::future::pending().await;
    };
    for command in ["state on", "echo on", "log on", "hold off", "hold release"] {
        management.command(command).await?;
    }
    let (mut echoed, mut pushed, mut transport, mut interface) = (Vec::new(), Vec::new(), None, None);
    loop {
        let Ok(event) = management.event().await else { return std::future::pending().await };
        match event.split_once(':') {
            Some(("ECHO", text)) => echoed.extend(text.split_once(',').map(|(_, text)| text.to_owned())),
            Some(("LOG", line)) => {
                if let Some(reason) = refusal::by_client(line) {
                    return Ok(Attempt::Refused(reason));
                }
                pushed.extend(pushed_in(line));
                transport = transport.or_else(|| transport_in(line));
                interface = interface.or_else(|| interface_in(line));
            }
            Some(("STATE", state)) => {
                // time, name, detail, local address in the tunnel, server's address, port, …
                let fields: Vec<_> = state.split(',').collect();
                if fields.get(1) != Some(&"CONNECTED") {
                    continue;
                }
                let tunnel = Tunnel {
                    milliseconds: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                    transport,
                    interface: interface.unwrap_or_else(|| "tun0".to_owned()),
                    address: fields.get(3).and_then(|address| address.parse().ok()),
                    banner: banner(&echoed),
                    pushed,
                };
                return Ok(Attempt::Connected(tunnel, Box::new(management)));
            }
            _ => {}
        }
    }
}

/// Why a client that ends by itself has ended.
async fn last_words(output: &mut mpsc::UnboundedReceiver<String>) -> String {
    let mut last = None;
    let mut reason = None;
    while let Some(line) = output.recv().await {
        reason = reason.or_else(|| refusal::by_client(&line));
        last = Some(line);
    }
    let words = last.unwrap_or_else(|| "it said nothing".to_owned());
    reason.unwrap_or_else(|| format!("the client ended: {words}"))
}

/// Why a server refuses the client on that laptop. The line begins with the client's address, or with the transport.
async fn refused_by_server(lines: &mut broadcast::Receiver<String>, laptop: Ipv4Addr) -> String {
    let laptop = format!("{laptop}:");
    loop {
        match lines.recv().await {
            Ok(line) if !line.contains(&laptop) => {}
            Ok(line) => {
                if let Some(reason) = refusal::by_server(&line) {
                    return reason;
                }
            }
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return std::future::pending().await,
        }
    }
}

/// `UDPv4 link remote: …`, `TCPv4_CLIENT link remote: …`
fn transport_in(line: &str) -> Option<String> {
    let (before, _) = line.split_once(" link remote:")?;
    let word = before.rsplit([',', ' ']).next()?;
    ["udp", "tcp"].iter().find(|known| word.to_ascii_lowercase().starts_with(*known)).map(|known| (*known).to_owned())
}

/// `PUSH: Received control message: 'PUSH_REPLY,route 10.1.0.0 255.255.0.0,…'`
fn pushed_in(line: &str) -> Vec<String> {
    let list = line.split_once("'PUSH_REPLY,").and_then(|(_, list)| list.strip_suffix('\''));
    list.into_iter().flat_map(|list| list.split(',')).map(str::to_owned).collect()
}

/// `TUN/TAP device tun0 opened`
fn interface_in(line: &str) -> Option<String> {
    let (_, after) = line.split_once("TUN/TAP device ")?;
    after.split_whitespace().next().map(str::to_owned)
}

async fn follow(output: impl AsyncRead + Unpin, sender: mpsc::UnboundedSender<String>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        // Nobody listens any more once the outcome is clear; the client must not be held up by that.
        drop(sender.send(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transport_and_interface_are_read_from_the_client_s_log() {
        let udp = "1795456800,I,UDPv4 link remote: [AF_INET]203.0.113.10:443";
        let tcp = "1795456800,I,TCPv4_CLIENT link remote: [AF_INET]203.0.113.10:443";
        assert_eq!(transport_in(udp).as_deref(), Some("udp"));
        assert_eq!(transport_in(tcp).as_deref(), Some("tcp"));
        assert_eq!(interface_in("1795456800,I,TUN/TAP device tun1 opened").as_deref(), Some("tun1"));
        assert_eq!(transport_in("1795456800,I,UDPv4 link local: (not bound)"), None);
        let pushed = "1795456800,,PUSH: Received control message: 'PUSH_REPLY,route 10.1.0.0 255.255.0.0,ping 1'";
        assert_eq!(pushed_in(pushed), ["route 10.1.0.0 255.255.0.0", "ping 1"]);
    }
}
