//! After the sandbox there is nothing left of it.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::rehearsal::Rehearsal;

#[test]
fn nothing_survives_the_sandbox_being_taken_down() -> Result<()> {
    let rehearsal = Rehearsal::new("udp")?;
    let before = Machine::look(&rehearsal)?;
    rehearsal.run(&["provision"])?;
    ensure!(!Machine::look(&rehearsal)?.has_nothing_but(&before), "the sandbox made no namespace at all");
    rehearsal.run(&["sandbox", "down"])?;
    before.is_back(&rehearsal)?;
    for (file, content) in rehearsal.files()? {
        if file.components().any(|part| part.as_os_str() == "sandbox") {
            let has_key = String::from_utf8_lossy(&content).contains("PRIVATE KEY");
            ensure!(!has_key, "`{}` still holds a private key", file.display());
        }
    }
    Ok(())
}

#[test]
fn nothing_survives_a_killed_supervisor_and_the_next_one_starts() -> Result<()> {
    let rehearsal = Rehearsal::new("udp")?;
    let before = Machine::look(&rehearsal)?;
    rehearsal.run(&["provision"])?;
    let status: Value = serde_json::from_str(&rehearsal.run(&["sandbox", "status", "--json"])?)?;
    ensure!(status["data_plane"] == "running", "{status:#}");
    let pid = status["pid"].as_u64().context("the supervisor's pid")?;
    let killed = Command::new("kill").args(["-KILL", &pid.to_string()]).status()?;
    ensure!(killed.success(), "there was no supervisor to kill");
    before.is_back(&rehearsal)?;
    let status: Value = serde_json::from_str(&rehearsal.run(&["sandbox", "status", "--json"])?)?;
    ensure!(status["running"] == false, "{status:#}");
    rehearsal.run(&["provision"])?;
    Ok(())
}

/// What a sandbox could leave behind on the machine. Others may run beside it, as long as they have no data plane.
#[derive(Debug)]
struct Machine {
    network_namespaces: BTreeSet<PathBuf>,
    interfaces: BTreeSet<PathBuf>,
    servers: BTreeSet<String>,
}

impl Machine {
    fn look(rehearsal: &Rehearsal) -> Result<Self> {
        let folder = rehearsal.path().to_str().context("a path in Unicode")?;
        let mut network_namespaces = BTreeSet::new();
        let mut servers = BTreeSet::new();
        for process in fs::read_dir("/proc")? {
            let process = process?.path();
            if let Ok(namespace) = fs::read_link(process.join("ns/net")) {
                network_namespaces.insert(namespace);
            }
            // Processes that have ended meanwhile can no longer be read.
            let read = |file| fs::read_to_string(process.join(file)).unwrap_or_default();
            let (name, arguments) = (read("comm"), read("cmdline"));
            if name.trim() == "openvpn" || (name.trim() == "sandbox" && arguments.contains(folder)) {
                servers.insert(format!("{} {}", process.display(), name.trim()));
            }
        }
        let interfaces = fs::read_dir("/sys/class/net")?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        Ok(Self { network_namespaces, interfaces, servers })
    }

    /// Waits until the machine is as it was; ending processes takes the kernel a moment.
    fn is_back(&self, rehearsal: &Rehearsal) -> Result<()> {
        for _ in 0..100 {
            if Self::look(rehearsal)?.has_nothing_but(self) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let after = Self::look(rehearsal)?;
        ensure!(after.has_nothing_but(self), "before: {self:#?}\nafter: {after:#?}");
        Ok(())
    }

    fn has_nothing_but(&self, other: &Self) -> bool {
        self.network_namespaces.is_subset(&other.network_namespaces)
            && self.interfaces.is_subset(&other.interfaces)
            && self.servers.is_subset(&other.servers)
    }
}
