//! OpenVPN's management interface, on either side of a tunnel.
//!
//! Lines; those that begin with `>` come by themselves, the others answer the last command.
//! <https://openvpn.net/community-docs/management-interface.html>

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

const POLL: Duration = Duration::from_millis(2);
/// Long, because a machine that compiles meanwhile is slow.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection to an OpenVPN process. It accepts one at a time.
#[derive(Debug)]
pub(crate) struct Management {
    lines: Lines<BufReader<OwnedReadHalf>>,
    commands: OwnedWriteHalf,
    /// What came by itself while an answer was awaited.
    events: VecDeque<String>,
}

/// A client that a server has, by `status 3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClientRow {
    pub(super) common_name: String,
    pub(super) address: std::net::Ipv4Addr,
    pub(super) received: u64,
    pub(super) sent: u64,
    pub(super) client_id: u64,
}

impl Management {
    /// Connects as soon as the process listens.
    pub(crate) async fn connect(socket: &Path) -> io::Result<Self> {
        let connected = async {
            loop {
                match UnixStream::connect(socket).await {
                    Ok(stream) => return stream,
                    Err(_) => tokio::time::sleep(POLL).await,
                }
            }
        };
        let (read, commands) = tokio::time::timeout(PATIENCE, connected).await?.into_split();
        Ok(Self { lines: BufReader::new(read).lines(), commands, events: VecDeque::new() })
    }

    /// Sends a command whose answer is one line.
    ///
    /// # Errors
    /// When the process is gone, or answers `ERROR`.
    pub(crate) async fn command(&mut self, command: &str) -> io::Result<()> {
        self.send(command).await?;
        let answer = self.answer_line().await?;
        if answer.starts_with("SUCCESS") { Ok(()) } else { Err(io::Error::other(answer)) }
    }

    /// The clients that a server has.
    pub(super) async fn clients(&mut self) -> io::Result<Vec<ClientRow>> {
        self.send("status 3").await?;
        let mut rows = Vec::new();
        loop {
            let line = self.answer_line().await?;
            if line == "END" {
                return Ok(rows);
            }
            rows.extend(client_row(&line));
        }
    }

    /// The next line that comes by itself, without its `>`.
    pub(crate) async fn event(&mut self) -> io::Result<String> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            let line = self.line().await?;
            if let Some(event) = line.strip_prefix('>') {
                return Ok(event.to_owned());
            }
        }
    }

    async fn send(&mut self, command: &str) -> io::Result<()> {
        self.commands.write_all(command.as_bytes()).await?;
        self.commands.write_all(b"\n").await
    }

    async fn answer_line(&mut self) -> io::Result<String> {
        let answer = async {
            loop {
                let line = self.line().await?;
                match line.strip_prefix('>') {
                    Some(event) => self.events.push_back(event.to_owned()),
                    None => return Ok(line),
                }
            }
        };
        tokio::time::timeout(PATIENCE, answer).await?
    }

    async fn line(&mut self) -> io::Result<String> {
        let line = self.lines.next_line().await?;
        line.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
    }
}

/// A line of `status 3`: tabs between the fields. A client whose handshake is not over has no address yet.
fn client_row(line: &str) -> Option<ClientRow> {
    let fields: Vec<_> = line.strip_prefix("CLIENT_LIST\t")?.split('\t').collect();
    let field = |place: usize| fields.get(place).copied();
    Some(ClientRow {
        common_name: field(0)?.to_owned(),
        address: field(2)?.parse().ok()?,
        received: field(4)?.parse().ok()?,
        sent: field(5)?.parse().ok()?,
        client_id: field(9)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_read_from_its_row() {
        let line = "CLIENT_LIST\talice.vpn.example.com\t198.51.100.2:40123\t10.88.0.2\t\t4221\t3990\t2026-11-23 18:00:00\t1795456800\tUNDEF\t7\t0\tAES-256-GCM";
        let row = client_row(line).unwrap();
        assert_eq!((row.client_id, row.received, row.sent), (7, 4221, 3990));
        assert_eq!(client_row("HEADER\tCLIENT_LIST\tCommon Name"), None);
        assert_eq!(client_row("CLIENT_LIST\tUNDEF\t198.51.100.2:1\t\t\t0\t0\tx\t1\tUNDEF\t8\t0\t"), None);
    }
}
