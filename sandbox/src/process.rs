//! Which process exactly? A pid alone may have been given to another one since.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

const POLL: Duration = Duration::from_millis(5);

/// A process that is known not only by its pid but by when it was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// Its pid.
    pub pid: i32,
    /// Clock ticks from boot to its start.
    pub started: u64,
    /// The boot that those are counted from.
    pub boot: String,
}

impl ProcessId {
    /// The process that has this pid.
    #[must_use]
    pub fn of(pid: i32) -> Option<Self> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(Self { pid, started: start_ticks(pid)?, boot: boot.trim().to_owned() })
    }

    /// Whether it still runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    /// Its children.
    #[must_use]
    pub fn children(&self) -> Vec<Self> {
        let list = PathBuf::from(format!("/proc/{0}/task/{0}/children", self.pid));
        let pids = std::fs::read_to_string(list).unwrap_or_default();
        pids.split_whitespace().filter_map(|pid| Self::of(pid.parse().ok()?)).collect()
    }

    /// Ends it at once, and waits until it and its children are gone.
    ///
    /// # Errors
    /// When it may not be ended, or is not gone after five seconds.
    pub fn end(&self) -> std::io::Result<()> {
        let Some(pid) = Pid::from_raw(self.pid) else { return Ok(()) };
        let handle = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => handle,
            Err(rustix::io::Errno::SRCH) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        // Looked at after the handle was taken: from here on the handle means this very process.
        if !self.is_alive() {
            return Ok(());
        }
        let children = self.children();
        pidfd_send_signal(handle, Signal::KILL)?;
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.is_alive() || children.iter().any(Self::is_alive) {
            if Instant::now() > deadline {
                return Err(std::io::Error::other(format!("process `{}` does not end", self.pid)));
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }
}

/// Field 22 of `/proc/PID/stat` (proc(5)); the name in field 2 may contain anything, so counting begins after it.
/// A process that only waits to be collected counts as gone.
fn start_ticks(pid: i32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_start_time_is_another_process() {
        let own = i32::try_from(std::process::id()).unwrap();
        let this = ProcessId::of(own).unwrap();
        assert!(this.is_alive());
        assert!(!ProcessId { started: this.started + 1, ..this.clone() }.is_alive());
        assert!(!ProcessId { boot: "another".to_owned(), ..this }.is_alive());
    }
}
