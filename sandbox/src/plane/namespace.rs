//! A network namespace, for as long as the value lives.
//!
//! A process that only sleeps holds it; nothing is written to `/run/netns`. Sockets can be opened in it and used outside,
//! programs can be run in it.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(1);

/// A network namespace. Dropping it ends its holder; the kernel removes what is in it when the last process is gone.
#[derive(Debug)]
pub(crate) struct Namespace {
    pid: u32,
    net: File,
    /// Killed on drop.
    _holder: Child,
}

impl Namespace {
    /// A new namespace with nothing in it but a loopback interface.
    pub(super) async fn new() -> io::Result<Self> {
        let holder = Command::new("unshare")
            .args(["--net", "--", "sleep", "infinity"])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let pid = holder.id().ok_or_else(|| io::Error::other("the namespace's holder ended"))?;
        let path = format!("/proc/{pid}/ns/net");
        let own = std::fs::read_link("/proc/self/ns/net")?;
        // The program starts in this namespace and leaves it a moment later.
        let left = async {
            while std::fs::read_link(&path)? == own {
                tokio::time::sleep(POLL).await;
            }
            Ok::<_, io::Error>(())
        };
        tokio::time::timeout(PATIENCE, left).await??;
        Ok(Self { pid, net: File::open(path)?, _holder: holder })
    }

    /// Pid of the holder, by which `ip link … netns` names the namespace.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// A program to run in the namespace. It is killed when its handle is dropped.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &self.pid.to_string(), "--net", "--"])
            .arg(program)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs a program in the namespace with that text on its stdin, and returns its stdout.
    pub(crate) async fn run(&self, program: &str, arguments: &[&str], input: &str) -> io::Result<Vec<u8>> {
        let mut child = self.command(program).args(arguments).stdin(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).await?;
        }
        let output = child.wait_with_output().await?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(io::Error::other(format!("`{program}` failed: {}", said.trim())))
    }

    /// Changes links, addresses and routes: one command of `ip` a line.
    pub(super) async fn ip(&self, batch: &str) -> io::Result<()> {
        self.run("ip", &["-batch", "-"], batch).await.map(drop)
    }

    /// Makes the namespace a router: it passes packets on, and may tell every sender of one that it does not. What comes
    /// in may come from anywhere, and nobody is told of a shorter way.
    ///
    /// Interfaces that are there already keep what the machine has set for them.
    pub(super) async fn become_router(&self) -> io::Result<()> {
        let of_interfaces = ["rp_filter", "send_redirects"]
            .map(|name| [format!("conf/all/{name}"), format!("conf/default/{name}")])
            .into_iter()
            .flatten()
            .map(|name| (name, "0"));
        let settings: Vec<_> =
            of_interfaces.chain([("ip_forward".to_owned(), "1"), ("icmp_ratelimit".to_owned(), "0")]).collect();
        self.enter(move || {
            for (name, value) in settings {
                let path = Path::new("/proc/sys/net/ipv4").join(name);
                OpenOptions::new().write(true).open(path)?.write_all(value.as_bytes())?;
            }
            Ok(())
        })
        .await
    }

    /// A listening TCP socket in the namespace.
    pub(super) async fn tcp_listener(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let listener = self.enter(move || std::net::TcpListener::bind(address)).await?;
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    }

    /// A UDP socket in the namespace.
    pub(super) async fn udp_socket(&self, address: SocketAddr) -> io::Result<UdpSocket> {
        let socket = self.enter(move || std::net::UdpSocket::bind(address)).await?;
        socket.set_nonblocking(true)?;
        UdpSocket::from_std(socket)
    }

    /// A TCP connection out of the namespace.
    pub(crate) async fn tcp_connect(&self, to: SocketAddr, patience: Duration) -> io::Result<TcpStream> {
        let stream = self.enter(move || std::net::TcpStream::connect_timeout(&to, patience)).await?;
        stream.set_nonblocking(true)?;
        TcpStream::from_std(stream)
    }

    /// The interface that a packet to that address takes, as the namespace's routing table has it.
    pub(crate) async fn interface_towards(&self, to: Ipv4Addr) -> io::Result<Option<String>> {
        let found = self.run("ip", &["-json", "route", "get", &to.to_string()], "").await;
        let Ok(found) = found else { return Ok(None) };
        let routes: serde_json::Value = serde_json::from_slice(&found)?;
        Ok(routes[0]["dev"].as_str().map(str::to_owned))
    }

    /// Bytes that have gone through an interface so far, both ways. `None` when there is no such interface.
    pub(crate) fn bytes_through(&self, interface: &str) -> io::Result<Option<u64>> {
        let table = std::fs::read_to_string(Path::new("/proc").join(self.pid.to_string()).join("net/dev"))?;
        Ok(byte_count(&table, interface))
    }

    /// Runs blocking work on a thread of its own that has moved into the namespace, and ends with the work.
    pub(crate) async fn enter<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let net = self.net.try_clone()?;
        let (done, outcome) = oneshot::channel();
        std::thread::Builder::new().name("in-namespace".to_owned()).spawn(move || {
            let result = move_into_link_name_space(net.as_fd(), Some(LinkNameSpaceType::Network))
                .map_err(io::Error::from)
                .and_then(|()| work());
            // Whoever asked may have stopped waiting.
            drop(done.send(result));
        })?;
        outcome.await.map_err(|_| io::Error::other("the work in the namespace broke off"))?
    }
}

/// `/proc/net/dev`: name, colon, eight numbers for receiving, eight for sending; the first of each eight counts bytes.
fn byte_count(table: &str, interface: &str) -> Option<u64> {
    let (_, numbers) =
        table.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.trim() == interface)?;
    let mut numbers = numbers.split_whitespace();
    let received: u64 = numbers.next()?.parse().ok()?;
    let sent: u64 = numbers.nth(7)?.parse().ok()?;
    Some(received + sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_of_an_interface_are_counted() {
        let table = "Inter-|   Receive  |  Transmit\n face |bytes packets\n  eth0: 100 1 0 0 0 0 0 0 23 1 0 0 0 0 0 0\n  tun0:5 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0\n";
        assert_eq!(byte_count(table, "eth0"), Some(123));
        assert_eq!(byte_count(table, "tun0"), Some(11));
        assert_eq!(byte_count(table, "tun1"), None);
    }
}
