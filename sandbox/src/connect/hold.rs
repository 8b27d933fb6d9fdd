//! A connection that is held, and what becomes of it: the client's own words, and flows that were open before.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Told;
use crate::plane::{Management, Namespace, WHO_AM_I};

const BETWEEN_QUESTIONS: Duration = Duration::from_millis(200);
/// An open flow is asked again this long before it counts as cut.
const PATIENCE: Duration = Duration::from_millis(1200);

/// Something that happened to a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Milliseconds since the tunnel came up.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// The client has lost the connection and tries again.
    Lost {
        /// The client's word for why.
        why: String,
    },
    /// The client is connected again.
    Connected {
        /// Its address in the tunnel.
        address: Option<Ipv4Addr>,
    },
    /// The client has ended by itself.
    Ended {
        /// The client's word for why.
        why: String,
    },
    /// A TCP connection to a private host went silent, or answers again.
    Flow {
        /// The host.
        host: Ipv4Addr,
        /// Whether it answers.
        alive: bool,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "after {:>3}.{} s  ", self.at / 1000, self.at % 1000 / 100)?;
        match &self.what {
            What::Lost { why } => write!(f, "the connection is lost: {why}"),
            What::Connected { address: Some(address) } => write!(f, "connected again, address {address}"),
            What::Connected { address: None } => f.write_str("connected again"),
            What::Ended { why } => write!(f, "the client has ended: {why}"),
            What::Flow { host, alive: true } => write!(f, "{host} answers again"),
            What::Flow { host, alive: false } => write!(f, "{host} no longer answers"),
        }
    }
}

/// Watches until the time is over, the client has ended or nobody listens.
pub(super) async fn watch(
    laptop: &Arc<Namespace>,
    mut client: Management,
    hosts: impl IntoIterator<Item = Ipv4Addr>,
    longest: Duration,
    told: &mpsc::UnboundedSender<Told>,
) {
    let started = Instant::now();
    let (say, mut said) = mpsc::unbounded_channel();
    let mut flows = JoinSet::new();
    for host in hosts {
        flows.spawn(follow_flow(Arc::clone(laptop), host, say.clone()));
    }
    let over = tokio::time::sleep(longest);
    tokio::pin!(over);
    let mut last_word = String::new();
    loop {
        let what = tokio::select! {
            () = &mut over => return,
            () = told.closed() => return,
            Some(what) = said.recv() => what,
            event = client.event() => match event {
                Ok(event) => match state(&event) {
                    Some(State::Exiting(why)) => { last_word = why; continue }
                    Some(State::Other(what)) => what,
                    None => continue,
                },
                Err(_) => What::Ended { why: last_word.clone() },
            },
        };
        let is_end = matches!(what, What::Ended { .. });
        let at = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if told.send(Told::Event(Event { at, what })).is_err() || is_end {
            return;
        }
    }
}

enum State {
    Exiting(String),
    Other(What),
}

/// `STATE:time,name,detail,address in the tunnel,…`
fn state(event: &str) -> Option<State> {
    let fields: Vec<_> = event.strip_prefix("STATE:")?.split(',').collect();
    let field = |place: usize| fields.get(place).copied().unwrap_or_default();
    match field(1) {
        "RECONNECTING" => Some(State::Other(What::Lost { why: field(2).to_owned() })),
        "CONNECTED" => Some(State::Other(What::Connected { address: field(3).parse().ok() })),
        "EXITING" => Some(State::Exiting(field(2).to_owned())),
        _ => None,
    }
}

/// Keeps a TCP connection to a host open and asks over it; says when the answers stop, and when they come again, over that
/// connection or a new one.
async fn follow_flow(laptop: Arc<Namespace>, host: Ipv4Addr, say: mpsc::UnboundedSender<What>) {
    let mut flow = None;
    let mut was_alive = true;
    loop {
        if flow.is_none() {
            flow = laptop.tcp_connect((host, 80).into(), PATIENCE).await.ok();
        }
        let answer = match &mut flow {
            Some(flow) => tokio::time::timeout(PATIENCE, question(flow)).await.is_ok_and(|answer| answer.is_ok()),
            None => false,
        };
        if !answer {
            flow = None;
        }
        if answer != was_alive && say.send(What::Flow { host, alive: answer }).is_err() {
            return;
        }
        was_alive = answer;
        tokio::time::sleep(BETWEEN_QUESTIONS).await;
    }
}

async fn question(flow: &mut TcpStream) -> std::io::Result<()> {
    flow.write_all(format!("GET {WHO_AM_I} HTTP/1.1\r\nhost: private\r\n\r\n").as_bytes()).await?;
    let mut answer = [0; 2048];
    match flow.read(&mut answer).await? {
        0 => Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_s_states_are_read() {
        let what = |event: &str| match state(event) {
            Some(State::Other(what)) => Some(what),
            _ => None,
        };
        assert_eq!(
            what("STATE:1795456800,RECONNECTING,server-pushed-connection-reset,,,,,"),
            Some(What::Lost { why: "server-pushed-connection-reset".to_owned() })
        );
        assert_eq!(
            what("STATE:1795456800,CONNECTED,SUCCESS,10.88.0.2,203.0.113.10,443,,"),
            Some(What::Connected { address: Some(Ipv4Addr::new(10, 88, 0, 2)) })
        );
        assert_eq!(what("STATE:1795456800,WAIT,,,,,,"), None);
        assert!(matches!(state("STATE:1,EXITING,exit-with-notification,,,,,"), Some(State::Exiting(_))));
    }
}
