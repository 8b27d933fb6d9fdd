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
    /// Commands that were sent and are not answered. More than one where nobody waited for the end of an answer.
    unanswered: u32,
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
        Ok(Self { lines: BufReader::new(read).lines(), commands, events: VecDeque::new(), unanswered: 0 })
    }

    /// Sends a command whose answer is one line.
    ///
    /// # Errors
    /// When the process is gone, or answers `ERROR`.
    pub(crate) async fn command(&mut self, command: &str) -> io::Result<()> {
        self.ask(command).await.map(drop)
    }

    /// The clients that a server has.
    pub(super) async fn clients(&mut self) -> io::Result<Vec<ClientRow>> {
        Ok(self.ask("status 3").await?.iter().filter_map(|line| client_row(line)).collect())
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

    /// Sends a command and waits for its answer, past those of commands before it that nobody waited for.
    async fn ask(&mut self, command: &str) -> io::Result<Vec<String>> {
        self.unanswered += 1;
        self.commands.write_all(format!("{command}\n").as_bytes()).await?;
        loop {
            let answer = tokio::time::timeout(PATIENCE, self.answer()).await??;
            self.unanswered -= 1;
            if self.unanswered == 0 {
                return answer;
            }
        }
    }

    /// The next answer, an error of the command's being one, too: a line that says so, or a list up to its end.
    async fn answer(&mut self) -> io::Result<io::Result<Vec<String>>> {
        let mut list = Vec::new();
        loop {
            let line = self.line().await?;
            if let Some(event) = line.strip_prefix('>') {
                self.events.push_back(event.to_owned());
            } else if line.starts_with("ERROR:") {
                return Ok(Err(io::Error::other(line)));
            } else if line.starts_with("SUCCESS:") || line == "END" {
                return Ok(Ok(list));
            } else {
                list.push(line);
            }
        }
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

    #[tokio::test]
    async fn an_answer_that_nobody_waited_for_is_not_taken_for_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("management");
        let listener = tokio::net::UnixListener::bind(&socket).unwrap();
        let mut management = Management::connect(&socket).await.unwrap();
        let (mut process, _) = listener.accept().await.unwrap();
        for given_up in ["client-kill 1 HALT", "hold release"] {
            assert!(tokio::time::timeout(Duration::ZERO, management.command(given_up)).await.is_err());
        }
        process.write_all(b"ERROR: no such client\n>CLIENT:x\nSUCCESS: hold release\n").await.unwrap();
        let late =
            b"HEADER\tCLIENT_LIST\nCLIENT_LIST\talice\t198.51.100.2:1\t10.88.0.2\t\t1\t2\tx\t1\tUNDEF\t7\t0\t\nEND\n";
        process.write_all(late).await.unwrap();
        assert_eq!(management.clients().await.unwrap().len(), 1);
        assert_eq!(management.event().await.unwrap(), "CLIENT:x");
    }

    #[test]
    fn a_client_is_read_from_its_row() {
        let line = "CLIENT_LIST\talice.vpn.example.com\t198.51.100.2:40123\t10.88.0.2\t\t4221\t3990\t2026-11-23 18:00:00\t1795456800\tUNDEF\t7\t0\tAES-256-GCM";
        let row = client_row(line).unwrap();
        assert_eq!((row.client_id, row.received, row.sent), (7, 4221, 3990));
        assert_eq!(client_row("HEADER\tCLIENT_LIST\tCommon Name"), None);
        assert_eq!(client_row("CLIENT_LIST\tUNDEF\t198.51.100.2:1\t\t\t0\t0\tx\t1\tUNDEF\t8\t0\t"), None);
    }
}
