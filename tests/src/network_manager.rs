//! NetworkManager's plugin for OpenVPN, as the distribution has it, without NetworkManager itself: `network-manager/plugin.py`
//! loads it. The packages are unpacked, since NetworkManager would take over the machine's network where it is installed.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    control_plane::succeeded,
    installed,
    rehearsal::{repository, write},
};

/// The connection that the importer makes of `profile`, as NetworkManager keeps it. Certificates and key are in files below
/// `home` then.
///
/// # Errors
/// The importer refuses the profile; the error has its words.
pub fn import(home: &Path, profile: &Path) -> Result<Value> {
    let plugin = Plugin::unpacked()?;
    let mut import = Command::new(PYTHON);
    import.args(plugin.program("import", profile)).envs(plugin.variables()).env("HOME", home);
    serde_json::from_str(&succeeded(import.output().context(PYTHON)?, "the import")?).context("a connection")
}

/// A connection of the plugin's service, as NetworkManager would have it made.
#[derive(Debug)]
pub struct Connection {
    process: Child,
    /// What the service asks NetworkManager to set up, by the name of its D-Bus signal.
    pub asked: Value,
}

impl Connection {
    /// Imports `profile` and has the service start `openvpn` from that; `folder` is for what they write.
    ///
    /// # Errors
    /// There is no connection.
    pub fn start(folder: &Path, profile: &Path, openvpn: &Path) -> Result<Self> {
        let plugin = Plugin::unpacked()?;
        fs::create_dir_all(folder.join("run"))?;
        plugin.write_scripts(folder, openvpn)?;
        let mut connect = Command::new("unshare");
        connect.arg("--mount");
        if fs::metadata("/proc/self")?.uid() != 0 {
            connect.arg("--map-root-user");
        }
        connect.args(["sh", "-ec", MOUNT_AND_RUN, "sh"]).arg(folder).arg(PYTHON);
        connect.args(plugin.program("connect", profile)).arg(plugin.at("nm-openvpn-service"));
        connect.envs(plugin.variables()).env("HOME", folder).env(BUS, bus(folder));
        // openvpn would become another user, which is none in a user namespace.
        connect.envs(["NM_OPENVPN_USER", "NM_OPENVPN_GROUP"].map(|name| (name, "")));
        let mut process = connect.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("unshare")?;
        let stdout = process.stdout.take().context("its output")?;
        let mut asked = String::new();
        BufReader::new(stdout).read_line(&mut asked)?;
        let asked = serde_json::from_str(&asked).context("no connection; the reason stands above")?;
        Ok(Self { process, asked })
    }

    /// Ends it as NetworkManager would.
    ///
    /// # Errors
    /// The service does not end the connection.
    pub fn end(mut self) -> Result<()> {
        drop(self.process.stdin.take());
        ensure!(self.process.wait()?.success(), "the service did not end the connection");
        Ok(())
    }
}

/// Where the packages are unpacked.
struct Plugin {
    folder: PathBuf,
    /// Debian's folder for libraries of this kind of machine.
    libraries: PathBuf,
}

impl Plugin {
    fn unpacked() -> Result<Self> {
        let folder = fs::canonicalize(installed::once("network-manager", "packages.txt", installed::unpack)?)?;
        let libraries = fs::read_dir(folder.join("usr/lib"))?.filter_map(|entry| Some(entry.ok()?.path()));
        let libraries = libraries.into_iter().find(|path| path.join("girepository-1.0").exists());
        Ok(Self { libraries: libraries.context("no folder of libraries")?, folder })
    }

    /// One of its programs.
    fn at(&self, program: &str) -> PathBuf {
        self.folder.join("usr/lib/NetworkManager").join(program)
    }

    /// The arguments of Python.
    fn program(&self, verb: &str, profile: &Path) -> [PathBuf; 4] {
        let program = repository().join("tests/network-manager/plugin.py");
        let library = self.libraries.join("NetworkManager/libnm-vpn-plugin-openvpn.so");
        [program, verb.into(), library, profile.to_owned()]
    }

    fn variables(&self) -> [(&str, PathBuf); 2] {
        [("GI_TYPELIB_PATH", self.libraries.join("girepository-1.0")), (LIBRARIES, self.libraries.clone())]
    }

    /// The service starts `/usr/sbin/openvpn`, and has that start a program that reports to the service. Here openvpn runs where
    /// neither the other mounts nor the variables are: their places are named in its arguments instead.
    fn write_scripts(&self, folder: &Path, openvpn: &Path) -> Result<()> {
        let (report, folder_name) = (folder.join("report"), folder.display());
        let openvpn_script = format!(
            "#!/bin/sh\nfor argument; do\n    shift\n    argument=$(printf %s \"$argument\" | \
             sed 's|/var/run/|{folder_name}/run/|; s|/usr/lib/NetworkManager/{REPORTER}|{}|')\n    \
             set -- \"$@\" \"$argument\"\ndone\nexec {} \"$@\"\n",
            report.display(),
            openvpn.display(),
        );
        let report_script = format!(
            "#!/bin/sh\n{BUS}='{}' {LIBRARIES}='{}' exec '{}' \"$@\"\n",
            bus(folder),
            self.libraries.display(),
            self.at(REPORTER).display(),
        );
        for (file, script) in [(folder.join("openvpn"), openvpn_script), (report, report_script)] {
            write(&file, script)?;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
        }
        Ok(())
    }
}

fn bus(folder: &Path) -> String {
    format!("unix:path={}/bus", folder.display())
}

/// The system's own: it has the bindings.
const PYTHON: &str = "/usr/bin/python3";
const LIBRARIES: &str = "LD_LIBRARY_PATH";
const BUS: &str = "DBUS_SYSTEM_BUS_ADDRESS";
const REPORTER: &str = "nm-openvpn-service-openvpn-helper";

/// The service knows where openvpn is and where its own sockets are, and takes no other place.
const MOUNT_AND_RUN: &str = r#"
mount --bind "$1/run" /run
mount --bind "$1/openvpn" /usr/sbin/openvpn
shift
exec "$@"
"#;
