//! nginx, a web server of others, on a port of this machine.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    process::{Child, Command},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use tempfile::TempDir;

use crate::{control_plane::succeeded, installed, rehearsal::write};

/// A running nginx; it ends when this is dropped.
#[derive(Debug)]
pub struct Nginx {
    server: Child,
    /// Where it listens.
    pub port: u16,
    _folder: TempDir,
}

impl Nginx {
    /// Starts nginx with a file for its `http` block, in which `443` stands for the port.
    ///
    /// # Errors
    /// nginx does not accept the file, or does not start; the error has its words.
    pub fn start(site: &str) -> Result<Self> {
        let (program, mime_types) = program()?;
        let folder = tempfile::Builder::new().prefix("latchkey-nginx-").tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        write(&folder.path().join("site.conf"), site.replace("listen 443", &format!("listen 127.0.0.1:{port}")))?;
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {kind};"))
            .join(" ");
        let main = format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr;\n\
             events {{}}\n\
             http {{ include {}; access_log off; {temporary} include site.conf; }}\n",
            mime_types.display(),
        );
        write(&folder.path().join("nginx.conf"), main)?;
        let nginx = || {
            let mut nginx = Command::new(&program);
            nginx.arg("-p").arg(folder.path()).arg("-c").arg(folder.path().join("nginx.conf")).args(["-e", "stderr"]);
            nginx
        };
        succeeded(nginx().arg("-t").output()?, "nginx -t")?;
        let mut nginx = Self { server: nginx().spawn()?, port, _folder: folder };
        let deadline = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            ensure!(nginx.server.try_wait()?.is_none() && Instant::now() < deadline, "nginx does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(nginx)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let ended = self.server.kill().and_then(|()| self.server.wait());
        assert!(ended.is_ok() || std::thread::panicking(), "nginx did not end");
    }
}

/// nginx and its table of media types: unpacked, since it would start a server on port 80 where it is installed.
fn program() -> Result<(PathBuf, PathBuf)> {
    // nginx looks for relative paths elsewhere.
    let folder = fs::canonicalize(installed::once("nginx", "packages.txt", installed::unpack)?)?;
    Ok((folder.join("usr/sbin/nginx"), folder.join("etc/nginx/mime.types")))
}
