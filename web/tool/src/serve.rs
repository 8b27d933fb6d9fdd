//! Serves a sealed site on this machine with the headers that its `_headers` file names, as
//! a real host should: what is tried here behaves the same there.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use clap::Args;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

use crate::{
    advice::Advice,
    headers::{self, Headers},
};

/// Serve a sealed site on 127.0.0.1.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The site.
    #[arg(long)]
    dir: PathBuf,
    /// Port to listen on; 0 takes any that is free.
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

impl Serve {
    pub(crate) fn run(self) -> Result<()> {
        let site = router(&self.dir)?;
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            let listener = self.listen().await?;
            announce(listener.local_addr()?);
            axum::serve(listener, site).await.context("cannot go on serving")
        })
    }

    async fn listen(&self) -> Result<TcpListener> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        match TcpListener::bind(address).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(Advice::new(
                format!("port {} is in use", self.port),
                "take another with `--port N`, or any that is free with `--port 0`",
            )
            .into()),
            other => other.with_context(|| format!("cannot listen on `{address}`")),
        }
    }
}

#[expect(clippy::print_stdout, reason = "the address is the result of the command")]
fn announce(address: SocketAddr) {
    println!("http://{address}/");
}

/// # Errors
/// When the folder holds no sealed page.
fn router(dir: &PathBuf) -> Result<Router> {
    for name in ["index.html", headers::FILE_NAME] {
        if !dir.join(name).is_file() {
            return Err(Advice::new(
                format!("`{}` holds no page: `{name}` is missing", dir.display()),
                "build it first: `cargo xtask web`",
            )
            .into());
        }
    }
    read_headers(dir)?;
    Ok(Router::new()
        .fallback_service(ServeDir::new(dir))
        .layer(middleware::from_fn_with_state(Arc::new(dir.clone()), dress)))
}

/// Read anew each time: a page that is built again while it is served has another policy.
fn read_headers(dir: &Path) -> Result<Headers> {
    let file = dir.join(headers::FILE_NAME);
    fs::read_to_string(&file)
        .map_err(Into::into)
        .and_then(|text| text.parse())
        .with_context(|| format!("cannot read `{}`", file.display()))
}

/// Adds the headers of the path, whatever the answer: an error page is a page as well.
async fn dress(State(dir): State<Arc<PathBuf>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let Ok(headers) = read_headers(&dir) else {
        // Rather nothing than a page without its policy.
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let mut response = if is_public(&path) { next.run(request).await } else { StatusCode::NOT_FOUND.into_response() };
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    for (name, value) in headers.matching(&path) {
        // A file that is missing now, while a page is put in place, must not be missing for ever.
        if is_error && name == headers::CACHE_CONTROL {
            continue;
        }
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Hidden files, among them those half written, and the file with the headers are nobody's business.
fn is_public(path: &str) -> bool {
    path.split('/').all(|segment| !segment.starts_with('.') && segment != headers::FILE_NAME)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn the_site_is_served_with_its_headers_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("assets")).unwrap();
        for (name, content) in [
            ("index.html", "page".to_owned()),
            ("_headers", Headers::for_page("default-src 'none'").to_string()),
            ("assets/page.wasm", "module".to_owned()),
            (".hidden", "hidden".to_owned()),
        ] {
            io::Write::write_all(&mut fs::File::create(dir.path().join(name)).unwrap(), content.as_bytes()).unwrap();
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, router(&dir.path().to_owned()).unwrap()).into_future());

        let page = get(address, "/").await;
        for expected in [
            "HTTP/1.1 200 OK",
            "content-type: text/html",
            "content-security-policy: default-src 'none'; frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-opener-policy: same-origin",
            "cache-control: no-cache",
        ] {
            assert!(page.contains(expected), "{expected}\n{page}");
        }
        let module = get(address, "/assets/page.wasm").await;
        assert!(module.contains("content-type: application/wasm") && module.contains("immutable"), "{module}");
        for path in [
            "/absent",
            "/.hidden",
            "/_headers",
            "/issued/00.pem",
            "/assets/absent",
            "/../Cargo.toml",
            "/%2e%2e/Cargo.toml",
        ] {
            let answer = get(address, path).await;
            assert!(answer.starts_with("HTTP/1.1 404") && !answer.contains("cache-control"), "{path}\n{answer}");
        }
    }

    #[test]
    fn a_folder_without_a_page_is_refused_with_a_hint() {
        let empty = tempfile::tempdir().unwrap();
        let refusal = router(&empty.path().to_owned()).unwrap_err();
        assert!(crate::advice::hint(&refusal).is_some(), "{refusal}");
    }

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        answer
    }
}
