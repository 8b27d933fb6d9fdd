//! `sandbox log`: the requests, as they came.

use std::io::{BufRead as _, BufReader, Write};
use std::time::Duration;

use anyhow::Context as _;

use super::CommandError;
use crate::state::StateDir;

const POLL: Duration = Duration::from_millis(200);

/// Copies the log to `out`; with `follow`, until interrupted.
///
/// # Errors
/// When there is no log, or `out` is gone.
pub fn log(state: &StateDir, follow: bool, out: &mut impl Write) -> Result<(), CommandError> {
    let file = match std::fs::File::open(state.request_log()) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(CommandError::NotUp),
        Err(error) => return Err(anyhow::Error::new(error).context("open the request log").into()),
    };
    let mut lines = BufReader::new(file);
    let mut line = String::new();
    loop {
        // A line without an end is still being written: it stays in `line` until the rest has come.
        if lines.read_line(&mut line).context("read the request log")? > 0 && line.ends_with('\n') {
            out.write_all(line.as_bytes()).context("print the request log")?;
            line.clear();
        } else if follow {
            out.flush().context("print the request log")?;
            std::thread::sleep(POLL);
        } else {
            return Ok(());
        }
    }
}
