//! A man in the middle between an AWS client and the control plane: counts every call, and lets one of them go wrong.
//!
//! Every request becomes one request to the control plane, with all headers as the client signed them; `Host` too, so
//! that the signature stays true. Nothing is repeated and nothing is kept open.

mod answer;

mod call;

use std::{
    collections::HashMap,
    future::pending,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client, server,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
};

pub use self::call::Point;

/// A proxy that runs until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// What is to go wrong.
#[derive(Clone, Debug)]
pub struct Strike {
    /// The call, or the first of those in a row.
    pub at: Point,
    /// How many in a row, of that operation and subject.
    pub times: u32,
    /// What happens to them.
    pub act: Act,
}

/// What happens to a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// It is throttled, in the service's own words, and has no effect.
    Throttle,
    /// The service fails with a 500 before it takes effect.
    Fail,
    /// Its answer comes that much later.
    Late(Duration),
    /// The connection ends before it takes effect.
    DropBefore,
    /// It takes effect, and the connection ends without a byte of an answer.
    DropAfter,
    /// [`Proxy::reached`] comes back at this moment, and no later call gets through: the client is to be killed.
    Hold(Moment),
}

/// A moment in the life of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// The client has sent it, and it has no effect yet.
    Sent,
    /// It has taken effect, and the client knows nothing of it.
    Done,
    /// The client has the answer.
    Answered,
}

/// A call that came through, and when.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which one.
    pub point: Point,
    /// Since the proxy was started.
    pub at: Duration,
}

#[derive(Debug)]
struct Shared {
    upstream: SocketAddr,
    latency: Duration,
    strike: Option<Strike>,
    reached: Notify,
    began: Instant,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    calls: Vec<Call>,
    occurrences: HashMap<(String, String), u32>,
    struck: u32,
    /// A held client gets nothing more done.
    is_held: bool,
}

/// What becomes of one call.
enum Fate {
    Passes,
    Struck(Act),
    Held,
}

impl Proxy {
    /// Listens on a port of its own on the loopback interface; every call takes `latency` longer.
    ///
    /// # Errors
    /// It cannot listen.
    pub async fn start(upstream: SocketAddr, latency: Duration, strike: Option<Strike>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("listen on the loopback interface")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            upstream,
            latency,
            strike,
            reached: Notify::new(),
            began: Instant::now(),
            seen: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    /// Where clients find it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every call until now, in the order in which they came.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.seen().calls.clone()
    }

    /// How many calls were struck.
    pub fn struck(&self) -> u32 {
        self.shared.seen().struck
    }

    /// Comes back when a call has got to where it is to be held.
    pub async fn reached(&self) {
        self.shared.reached.notified().await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call, and decides about it.
    fn decide(&self, operation: String, subject: String) -> Fate {
        let mut seen = self.seen();
        if seen.is_held {
            return Fate::Held;
        }
        let occurrence = seen.occurrences.entry((operation.clone(), subject.clone())).or_default();
        *occurrence += 1;
        let point = Point { operation, subject, occurrence: *occurrence };
        let act = self.strike.as_ref().filter(|strike| strike.hits(&point)).map(|strike| strike.act);
        seen.calls.push(Call { point, at: self.began.elapsed() });
        seen.struck += u32::from(act.is_some());
        seen.is_held = matches!(act, Some(Act::Hold(_)));
        act.map_or(Fate::Passes, Fate::Struck)
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let (service, operation, subject) = call::read(&head.headers, &body);
        let fate = self.decide(operation, subject);
        tokio::time::sleep(self.latency).await;
        let request = Request::from_parts(head, Full::new(body));
        let Fate::Struck(act) = fate else {
            return match fate {
                Fate::Held => pending().await,
                Fate::Passes | Fate::Struck(_) => self.forward(request).await,
            };
        };
        match act {
            Act::Throttle => Ok(answer::throttled(service)),
            Act::Fail => Ok(answer::failed(service)),
            Act::Late(pause) => {
                let answer = self.forward(request).await?;
                tokio::time::sleep(pause).await;
                Ok(answer)
            }
            Act::DropBefore => bail!("the connection is to end"),
            Act::DropAfter => {
                self.forward(request).await?;
                bail!("the connection is to end")
            }
            Act::Hold(moment) => {
                let answer = if moment == Moment::Sent { None } else { Some(self.forward(request).await?) };
                self.reached.notify_one();
                match answer.filter(|_| moment == Moment::Answered) {
                    Some(answer) => Ok(answer),
                    None => pending().await,
                }
            }
        }
    }

    /// The whole answer of the control plane.
    async fn forward(&self, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>> {
        let stream = TcpStream::connect(self.upstream).await.context("connect to the control plane")?;
        let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        connection.abort();
        Ok(Response::from_parts(head, Full::new(body)))
    }
}

impl Strike {
    fn hits(&self, point: &Point) -> bool {
        let Point { operation, subject, occurrence } = &self.at;
        let struck = *occurrence..occurrence.saturating_add(self.times);
        (operation, subject) == (&point.operation, &point.subject) && struck.contains(&point.occurrence)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // With the task that accepts, all connections end.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(|request| shared.answer(request));
            // An error here is one that was asked for, or a client that was killed.
            drop(server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
        while connections.try_join_next().is_some() {}
    }
}
