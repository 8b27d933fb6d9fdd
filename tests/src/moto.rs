//! S3 and KMS by moto (PyPI), an implementation that nobody here has written, on a port of the loopback interface.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::{control_plane::succeeded, venv};

/// A server that ends when this is dropped. It begins empty.
#[derive(Debug)]
pub struct Moto {
    server: Child,
    address: SocketAddr,
}

impl Moto {
    /// Starts one.
    ///
    /// # Errors
    /// It cannot be installed or does not start.
    pub fn up() -> Result<Self> {
        let mut command = Command::new(venv::programs(venv::MOTO)?.join("python"));
        command.args(["-c", SERVE]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = command.spawn().context("moto")?;
        let stdout = server.stdout.take().context("the server's stdout")?;
        let line = BufReader::new(stdout).lines().next().context("moto ended without a word")??;
        let port: u16 = line.parse().with_context(|| format!("a port in `{line}`"))?;
        Ok(Self { server, address: ([127, 0, 0, 1], port).into() })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What `GET` of this path answers, with its head.
    ///
    /// # Errors
    /// Nothing answers.
    pub fn get(&self, path: &str) -> Result<String> {
        self.ask("GET", path)
    }

    fn ask(&self, method: &str, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        let host = self.address;
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n")?;
        // Whose call it is: it is not checked, but without it nobody sees what is not public.
        let caller =
            "AWS4-HMAC-SHA256 Credential=moto/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
        write!(stream, "Authorization: {caller}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Makes a bucket.
    ///
    /// # Errors
    /// It is refused.
    pub fn make_bucket(&self, name: &str) -> Result<()> {
        let answer = self.ask("PUT", &format!("/{name}"))?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "making the bucket `{name}`: {answer}");
        Ok(())
    }
}

impl Moto {
    /// The ARN of a new KMS key in the region of the sandbox.
    ///
    /// # Errors
    /// It is refused.
    pub fn key(&self, spec: &str, usage: &str) -> Result<String> {
        let program = "import boto3, sys\n\
             kms = boto3.client('kms', endpoint_url=sys.argv[1], region_name='eu-central-1')\n\
             print(kms.create_key(KeySpec=sys.argv[2], KeyUsage=sys.argv[3])['KeyMetadata']['Arn'])";
        let mut python = Command::new(venv::programs(venv::MOTO)?.join("python"));
        python.args(["-c", program, &self.url(), spec, usage]).env_clear();
        python.env("AWS_ACCESS_KEY_ID", "moto").env("AWS_SECRET_ACCESS_KEY", "moto");
        Ok(succeeded(python.output().context("python")?, "create-key")?.trim().to_owned())
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let ended = self.server.kill().and_then(|()| self.server.wait());
        assert!(ended.is_ok() || std::thread::panicking(), "moto did not end: {ended:?}");
    }
}

/// Its own `moto_server` does not say on which port it listens before it does.
const SERVE: &str = "
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
server = make_server('127.0.0.1', 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.port, flush=True)
server.serve_forever()
";
