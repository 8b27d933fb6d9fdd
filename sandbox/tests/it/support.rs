//! A sandbox of its own for each test, and a client for its wire formats that knows nothing of its inside.

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::SystemTime;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{HeaderMap, HeaderName};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

use sandbox::edge::now;

use crate::pki::{Authority, Identity, Wish};

/// A sandbox that runs until the value is dropped.
#[derive(Debug)]
pub(crate) struct Sandbox {
    folder: TempDir,
}

/// The ids of an endpoint that was made by [`Sandbox::make_endpoint`].
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) endpoint: String,
    pub(crate) configuration: String,
}

impl Sandbox {
    pub(crate) fn up() -> Self {
        Self::up_with(&[])
    }

    pub(crate) fn up_with(options: &[&str]) -> Self {
        let sandbox = Self::not_up();
        let output = sandbox.command(&[&["up", "--association-seconds", "0"], options].concat());
        assert!(output.status.success(), "{output:?}");
        sandbox
    }

    /// One that is still to be brought up.
    pub(crate) fn not_up() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// The same as a user without any right, with a copy of the program that this user can read.
    ///
    /// `before` are shell commands that root runs first, in the sandbox's folder and a mount namespace of its own.
    pub(crate) fn up_as_nobody(before: &str) -> Self {
        let sandbox = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::copy(env!("CARGO_BIN_EXE_sandbox"), sandbox.folder().join("sandbox")).unwrap();
        let up = "exec setpriv --reuid 65534 --regid 65534 --clear-groups ./sandbox --state state up --association-seconds 0";
        let output = Command::new("unshare")
            .args(["--mount", "--", "sh", "-c", &format!("chown 65534:65534 . && {before} {up}")])
            .current_dir(sandbox.folder())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        sandbox
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command of the binary.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .arg("--state")
            .arg(self.folder().join("state"))
            .args(arguments)
            .output()
            .unwrap()
    }

    pub(crate) fn status(&self) -> Value {
        serde_json::from_slice(&self.command(&["status", "--json"]).stdout).unwrap()
    }

    /// Fails with what is missing, and what installs it, where the data plane cannot run.
    pub(crate) fn demand_data_plane(&self) {
        let status = self.status();
        let data_plane = status["data_plane"].as_str().unwrap();
        assert!(!data_plane.starts_with("unavailable"), "this test needs the data plane, which is {data_plane}");
    }

    pub(crate) async fn ec2(&self, parameters: &[(&str, &str)]) -> (StatusCode, String) {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let (status, body) = self.call("ec2", HeaderMap::new(), body).await;
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// `None` when no answer came.
    pub(crate) async fn try_ec2(&self, parameters: &[(&str, &str)]) -> Option<StatusCode> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.try_call("ec2", HeaderMap::new(), body).await.ok().map(|(status, _)| status)
    }

    pub(crate) async fn acm(&self, operation: &str, members: Value) -> (StatusCode, Value) {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", format!("CertificateManager.{operation}").parse().unwrap());
        let (status, body) = self.call("acm", headers, members.to_string()).await;
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn call(&self, service: &str, headers: HeaderMap, body: String) -> (StatusCode, Bytes) {
        self.try_call(service, headers, body).await.unwrap()
    }

    async fn try_call(&self, service: &str, headers: HeaderMap, body: String) -> hyper::Result<(StatusCode, Bytes)> {
        Self::call_at(&self.status(), service, headers, body).await
    }

    /// Calls the sandbox of which the status is known.
    pub(crate) async fn call_at(
        status: &Value,
        service: &str,
        mut headers: HeaderMap,
        body: String,
    ) -> hyper::Result<(StatusCode, Bytes)> {
        let address = status["endpoint_url"].as_str().unwrap().strip_prefix("http://").unwrap();
        headers.insert("host", address.parse().unwrap());
        let signature = sign(status, service, address, &headers, body.as_bytes());
        let mut request = Request::post("/");
        request.headers_mut().unwrap().extend(headers);
        request.headers_mut().unwrap().extend(signature);
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let response = sender.send_request(request.body(Full::new(Bytes::from(body))).unwrap()).await?;
        Ok((response.status(), response.into_body().collect().await?.to_bytes()))
    }

    pub(crate) async fn import(&self, authority: &Authority, identity: &Identity) -> String {
        let members = json!({
            "Certificate": STANDARD.encode(&identity.certificate),
            "PrivateKey": STANDARD.encode(&identity.private_key),
            "CertificateChain": STANDARD.encode(&authority.certificate),
        });
        let (status, answer) = self.acm("ImportCertificate", members).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["CertificateArn"].as_str().unwrap().to_owned()
    }

    /// An endpoint in both subnets, with a rule for the whole VPC and a CRL with those serials.
    pub(crate) async fn make_endpoint(&self, authority: &Authority, transport: &str, revoked: &[u64]) -> Made {
        self.make_endpoint_with(authority, transport, revoked, &[]).await
    }

    /// The same with more members.
    pub(crate) async fn make_endpoint_with(
        &self,
        authority: &Authority,
        transport: &str,
        revoked: &[u64],
        members: &[(&str, &str)],
    ) -> Made {
        let arn = self.import(authority, &authority.issue(Wish::server())).await;
        let create = [
            ("Action", "CreateClientVpnEndpoint"),
            ("ClientCidrBlock", "10.88.0.0/16"),
            ("ServerCertificateArn", &arn),
            ("Authentication.1.Type", "certificate-authentication"),
            ("Authentication.1.MutualAuthentication.ClientRootCertificateChainArn", &arn),
            ("ConnectionLogOptions.Enabled", "false"),
            ("SplitTunnel", "true"),
            ("TransportProtocol", transport),
            ("ClientLoginBannerOptions.Enabled", "true"),
            ("ClientLoginBannerOptions.BannerText", "Welcome <friends>"),
            ("ClientToken", transport),
        ];
        let created = self.done(&[&create[..], members].concat()).await;
        let endpoint = text(&created, "clientVpnEndpointId");
        let crl = authority.crl(revoked.iter().copied());
        for subnet in ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"] {
            self.on(&endpoint, &[("Action", "AssociateClientVpnTargetNetwork"), ("SubnetId", subnet)]).await;
        }
        let rule = [("TargetNetworkCidr", "10.1.0.0/16"), ("AuthorizeAllGroups", "true")];
        self.on(&endpoint, &[&[("Action", "AuthorizeClientVpnIngress")], &rule[..]].concat()).await;
        let import = ("Action", "ImportClientVpnClientCertificateRevocationList");
        self.on(&endpoint, &[import, ("CertificateRevocationList", &crl)]).await;
        let exported = self.on(&endpoint, &[("Action", "ExportClientVpnClientConfiguration")]).await;
        Made { configuration: text(&exported, "clientConfiguration"), endpoint }
    }

    /// Waits until no rule of an endpoint is on its way into force.
    pub(crate) async fn rules_in_force(&self, made: &Made) {
        let described = || self.on(&made.endpoint, &[("Action", "DescribeClientVpnAuthorizationRules")]);
        until("every rule is in force", async || !described().await.contains("authorizing")).await;
    }

    /// A call about an endpoint, which must succeed.
    pub(crate) async fn on(&self, endpoint: &str, parameters: &[(&str, &str)]) -> String {
        self.done(&[&[("ClientVpnEndpointId", endpoint)], parameters].concat()).await
    }

    async fn done(&self, parameters: &[(&str, &str)]) -> String {
        let (status, answer) = self.ec2(parameters).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// Writes a profile and tries it. Returns the exit code and the report.
    pub(crate) fn connect(&self, configuration: &str, identity: &Identity) -> (Option<i32>, Value) {
        self.connect_and_reach(configuration, identity, &[])
    }

    /// The same, with more addresses to try.
    pub(crate) fn connect_and_reach(
        &self,
        configuration: &str,
        identity: &Identity,
        addresses: &[String],
    ) -> (Option<i32>, Value) {
        let profile = self.profile(configuration, identity);
        let mut arguments = vec!["connect", "--json", profile.to_str().unwrap()];
        arguments.extend(addresses.iter().flat_map(|address| ["--reach", address]));
        let output = self.command(&arguments);
        let report = serde_json::from_slice(&output.stdout);
        (output.status.code(), report.unwrap_or_else(|_| panic!("{output:?}")))
    }

    /// Connects, and stays connected until the value is dropped.
    pub(crate) fn hold(&self, configuration: &str, identity: &Identity) -> Held {
        let profile = self.profile(configuration, identity);
        let mut process = Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .arg("--state")
            .arg(self.folder().join("state"))
            .args(["connect", "--json", "--timeout", "60", "--hold", "120"])
            .arg(profile)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, told) = mpsc::channel();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            let values = lines.map_while(Result::ok).map(|line| serde_json::from_str::<Value>(&line).unwrap());
            values.for_each(|value| drop(sender.send(value)));
        });
        let report = told.recv_timeout(PATIENCE).expect("no report in time");
        assert_eq!(report["connected"], true, "{report}");
        Held { process, told, report }
    }

    pub(crate) fn profile(&self, configuration: &str, Identity { certificate, private_key }: &Identity) -> PathBuf {
        let text = format!("{configuration}<cert>\n{certificate}</cert>\n<key>\n{private_key}</key>\n");
        let mut file = tempfile::Builder::new().suffix(".ovpn").tempfile_in(self.folder()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        // The sandbox may run as another user.
        file.as_file().set_permissions(Permissions::from_mode(0o644)).unwrap();
        file.into_temp_path().keep().unwrap()
    }
}

/// Looks again and again until it `holds`.
pub(crate) async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let begin = Instant::now();
    while !holds().await {
        assert!(begin.elapsed() < PATIENCE, "not after {} s: {what}", PATIENCE.as_secs());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A client that is connected until the value is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    process: Child,
    told: mpsc::Receiver<Value>,
    pub(crate) report: Value,
}

impl Held {
    /// Waits until something of that name has happened that fits.
    pub(crate) fn wait_for(&self, event: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut others = Vec::new();
        loop {
            let told = self.told.recv_timeout(PATIENCE);
            let told = told.unwrap_or_else(|_| panic!("no fitting `{event}` in time, only {others:?}"));
            if told["event"] == event && fits(&told) {
                return told;
            }
            others.push(told);
        }
    }

    /// What has happened by now.
    pub(crate) fn so_far(&self) -> Vec<Value> {
        self.told.try_iter().collect()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Longer than `connect` itself waits for a connection.
const PATIENCE: Duration = Duration::from_secs(70);

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.command(&["down"]);
    }
}

/// The headers that a signer adds which has nothing to do with this crate.
fn sign(status: &Value, service: &str, address: &str, headers: &HeaderMap, body: &[u8]) -> HeaderMap {
    let text = |name: &str| status[name].as_str().unwrap();
    let identity = Credentials::new(text("access_key_id"), text("secret_access_key"), None, None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(text("region"))
        .name(service)
        .time(SystemTime::from(now()))
        .settings(SigningSettings::default())
        .build()
        .unwrap();
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let request =
        SignableRequest::new("POST", format!("http://{address}/"), headers, SignableBody::Bytes(body)).unwrap();
    let (instructions, _) = aws_sigv4::http_request::sign(request, &parameters.into()).unwrap().into_parts();
    let header = |(name, value): (&str, &str)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    instructions.headers().map(header).collect()
}

/// The certificate of a client of that name.
pub(crate) fn client(authority: &Authority, name: &'static str) -> Identity {
    let serial = name.bytes().fold(100, |sum, byte| sum * 31 % 100_003 + u64::from(byte));
    authority.issue(Wish::client(name, serial))
}

/// What stands in the first element of that name.
pub(crate) fn text(xml: &str, element: &str) -> String {
    let (_, rest) = xml.split_once(&format!("<{element}>")).unwrap_or_else(|| panic!("no `{element}` in {xml}"));
    let (inner, _) = rest.split_once(&format!("</{element}>")).unwrap();
    quick_xml::escape::unescape(inner).unwrap().into_owned()
}
