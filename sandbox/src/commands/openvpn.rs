//! `sandbox openvpn`: the stock client on a laptop, for programs that would run one of their own machine.

use std::io::{IsTerminal as _, Read as _};

use anyhow::Context as _;

use super::CommandError;
use super::connect::order_of_laptop;
use crate::connect::{ClientOrder, Said};
use crate::state::StateDir;

/// Runs the client with these arguments and the standard input of this process; `tell` gets its lines. Says with which
/// code it ended.
///
/// # Errors
/// When the sandbox or its data plane is not up.
pub async fn openvpn(
    state: &StateDir,
    arguments: Vec<String>,
    mut tell: impl FnMut(&str),
) -> Result<Option<i32>, CommandError> {
    let directory = std::env::current_dir().context("find the current directory")?;
    let mut input = String::new();
    let mut stdin = std::io::stdin().lock();
    if !stdin.is_terminal() {
        stdin.read_to_string(&mut input).context("read the standard input")?;
    }
    let order = ClientOrder { arguments, input, directory };
    let mut ended = None;
    order_of_laptop(state, "/_sandbox/client", &order, |said: Said| match said {
        Said::Line(line) => tell(&line),
        Said::Ended(code) => ended = Some(code),
    })
    .await?;
    Ok(ended.context("the supervisor broke off")?)
}
