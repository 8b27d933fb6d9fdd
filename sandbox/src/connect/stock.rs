//! The stock OpenVPN client on a laptop, with the arguments and the input of whoever runs it: for programs that watch it
//! themselves, as they would a client of their own machine.

use std::path::PathBuf;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Child;
use tokio::sync::mpsc;

use super::client::{end, lines_of};
use crate::plane::{Laptop, Plane};
use crate::wire::Gateway;

/// How to run the client.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClientOrder {
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What it finds on its standard input.
    pub input: String,
    /// Where it runs: paths among the arguments may be relative.
    pub directory: PathBuf,
}

/// What it says, in this order: its lines, and that it has ended.
#[derive(Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say all")]
pub enum Said {
    Line(String),
    /// With this exit code; none where a signal ended it.
    Ended(Option<i32>),
}

/// Runs the client until it ends by itself or nobody listens any more.
///
/// # Errors
/// When the data plane does not work.
pub async fn run_client(
    plane: &Plane,
    gateway: &Gateway,
    order: &ClientOrder,
    said: &mpsc::UnboundedSender<Said>,
) -> anyhow::Result<()> {
    plane.settle(gateway).await.context("bring the data plane up to date")?;
    plane.ready().await.context("wait for the servers")?;
    let topology = plane.topology().context("there is no data plane")?;
    let laptop = topology.take_laptop().await.context("set up a laptop")?;
    let outcome = run_on(&laptop, order, said).await;
    topology.put_back(laptop);
    outcome
}

async fn run_on(laptop: &Laptop, order: &ClientOrder, said: &mpsc::UnboundedSender<Said>) -> anyhow::Result<()> {
    let mut process = start(laptop, order).await.context("start `openvpn`")?;
    let mut lines = lines_of(&mut process);
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            () = said.closed() => {
                end(process).await;
                return Ok(());
            }
        };
        let Some(line) = line else { break };
        drop(said.send(Said::Line(line)));
    }
    let status = process.wait().await.context("wait for `openvpn`")?;
    drop(said.send(Said::Ended(status.code())));
    Ok(())
}

async fn start(laptop: &Laptop, order: &ClientOrder) -> std::io::Result<Child> {
    let ClientOrder { arguments, input, directory } = order;
    let mut command = laptop.namespace.command("openvpn");
    let mut process = command.current_dir(directory).args(arguments).stdin(std::process::Stdio::piped()).spawn()?;
    if let Some(mut stdin) = process.stdin.take() {
        // A client that ends without reading says why itself.
        drop(stdin.write_all(input.as_bytes()).await);
    }
    Ok(process)
}
