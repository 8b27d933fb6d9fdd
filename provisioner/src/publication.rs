//! What of a built page is published, in which order and how it is to be served: pure.
//!
//! Only what a page is made of leaves the machine. Everything else in its folder is refused by name, and a private key by
//! what it says, whatever its name.

use thiserror::Error;

use profile::certificate::Certificate;

/// A file below the page's folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// Its path below the folder, with `/` between the parts.
    pub path: String,
    /// Its content.
    pub content: Vec<u8>,
}

/// A file as it is to be served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// The file.
    pub file: File,
    /// Its media type.
    pub content_type: &'static str,
    /// How long browsers may keep it.
    pub caching: Caching,
}

/// How long browsers may keep a file without asking.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caching {
    /// For ever: its name changes with its content.
    ForEver,
    /// They ask every time whether it has changed.
    Fresh,
}

impl Caching {
    /// The value of `Cache-Control` (RFC 9111 section 5.2.2, RFC 8246).
    pub fn header(self) -> &'static str {
        match self {
            Self::ForEver => "public, max-age=31536000, immutable",
            Self::Fresh => "no-cache",
        }
    }
}

/// Why a page is not published.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PublicationRefusal {
    /// There is no page.
    #[error("`{path}` is missing: the page is not built")]
    NoPage {
        /// What is missing.
        path: &'static str,
    },
    /// Something that no page has.
    #[error("`{path}` is no part of a page")]
    Foreign {
        /// Its path.
        path: String,
    },
    /// A private key.
    #[error("`{path}` has a private key in it")]
    PrivateKey {
        /// Its path.
        path: String,
    },
    /// Something other than certificates where issued certificates are.
    #[error("`{path}` is not a certificate and that of its CA")]
    NotIssued {
        /// Its path.
        path: String,
    },
}

/// The files of a page in the order in which they are published: what others refer to before what refers to it, so that
/// nobody ever gets half of a new page.
///
/// # Errors
/// The first file that must not be published, before any is.
pub fn items(files: Vec<File>) -> Result<Vec<Item>, PublicationRefusal> {
    for path in [INDEX, BUNDLE] {
        if !files.iter().any(|file| file.path == path) {
            return Err(PublicationRefusal::NoPage { path });
        }
    }
    let mut items = files.into_iter().map(item).collect::<Result<Vec<_>, _>>()?;
    items.sort_by_key(|item| {
        let place = match item.file.path.as_str() {
            INDEX => 3,
            BUNDLE => 2,
            _ if item.caching == Caching::ForEver => 0,
            _ => 1,
        };
        (place, item.file.path.clone())
    });
    Ok(items)
}

/// One file of a page.
///
/// # Errors
/// It must not be published.
pub fn item(file: File) -> Result<Item, PublicationRefusal> {
    let path = file.path.clone();
    if holds_private_key(&file.content) {
        return Err(PublicationRefusal::PrivateKey { path });
    }
    let (content_type, caching) = match path.as_str() {
        INDEX => ("text/html; charset=utf-8", Caching::Fresh),
        BUNDLE => ("application/json", Caching::Fresh),
        HEADERS => ("text/plain; charset=utf-8", Caching::Fresh),
        _ => match path.split_once('/') {
            Some((ISSUED, name)) if is_issued_name(name) => {
                if !is_chain(&file.content) {
                    return Err(PublicationRefusal::NotIssued { path });
                }
                ("application/x-pem-file", Caching::Fresh)
            }
            Some((ASSETS, name)) => match media_type(name) {
                Some(media_type) => (media_type, Caching::ForEver),
                None => return Err(PublicationRefusal::Foreign { path }),
            },
            _ => return Err(PublicationRefusal::Foreign { path }),
        },
    };
    Ok(Item { file, content_type, caching })
}

/// Where the certificate of the request with this SHA-256, 64 hexadecimal digits, is published.
pub fn issued_path(request_sha256: &str) -> String {
    format!("{ISSUED}/{request_sha256}.pem")
}

/// The label of every PEM form of a private key ends in these words (RFC 7468 sections 10 and 11).
fn holds_private_key(content: &[u8]) -> bool {
    let words = b"PRIVATE KEY-----";
    content.windows(words.len()).any(|window| window.eq_ignore_ascii_case(words))
}

fn is_issued_name(name: &str) -> bool {
    name.strip_suffix(".pem").is_some_and(|digits| {
        digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
    })
}

/// Certificates and nothing between or after them.
fn is_chain(content: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(content) else { return false };
    let mut blocks = text.split_inclusive(END).peekable();
    blocks.peek().is_some()
        && blocks.all(|block| {
            block.trim().is_empty() || (block.trim_start().starts_with(BEGIN) && Certificate::from_pem(block).is_ok())
        })
}

/// By the ending of its name, for what pages are made of.
fn media_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "wasm" => "application/wasm",
        _ => return None,
    })
}

const INDEX: &str = "index.html";
const BUNDLE: &str = "bundle.json";
/// Some static hosts read it and do not serve it.
const HEADERS: &str = "_headers";
const ASSETS: &str = "assets";
const ISSUED: &str = "issued";
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::authority;

    #[test]
    fn what_is_referred_to_is_published_before_what_refers_to_it() {
        let chain = authority().certificate().to_pem();
        let digits = "0f".repeat(32);
        let issued = issued_path(&digits);
        let files = [INDEX, BUNDLE, HEADERS, "assets/a.js", "assets/a.wasm", &issued].map(|path| File {
            path: path.to_owned(),
            content: if path == issued { (chain.clone() + &chain).into_bytes() } else { b"x".to_vec() },
        });
        let items = items(files.to_vec()).unwrap();
        let paths: Vec<&str> = items.iter().map(|item| item.file.path.as_str()).collect();
        assert_eq!(paths, ["assets/a.js", "assets/a.wasm", HEADERS, &issued, BUNDLE, INDEX]);
        let for_ever = items.iter().filter(|item| item.caching == Caching::ForEver).count();
        assert_eq!(for_ever, 2);
        assert_eq!(items[1].content_type, "application/wasm");
    }

    #[test]
    fn what_is_no_part_of_a_page_stays_where_it_is() {
        for path in [
            "alice.csr",
            "ca/ca.key",
            "assets/notes.txt",
            "assets",
            "assets/",
            "issued/alice.pem",
            "issued/../ca.key",
            ".trunk-lock",
            "index.html.bak",
        ] {
            assert_eq!(item(file(path, "x")), Err(PublicationRefusal::Foreign { path: path.to_owned() }));
        }
    }

    #[test]
    fn a_private_key_is_never_published_whatever_it_is_called() {
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY", "private key"] {
            for path in [INDEX, BUNDLE, "assets/a.js", &issued_path(&"0".repeat(64)), "x"] {
                let refused = item(file(path, &format!("{{\"x\": \"-----BEGIN {label}-----\\nMII\"}}")));
                assert_eq!(refused, Err(PublicationRefusal::PrivateKey { path: path.to_owned() }));
            }
        }
    }

    #[test]
    fn only_certificates_are_issued() {
        let chain = authority().certificate().to_pem();
        let path = issued_path(&"0".repeat(64));
        assert!(item(file(&path, &chain)).is_ok());
        for content in
            [String::new(), "x".to_owned(), format!("{chain}x"), format!("x\n{chain}"), chain.replace("MII", "MIJ")]
        {
            assert_eq!(
                item(file(&path, &content)),
                Err(PublicationRefusal::NotIssued { path: path.clone() }),
                "{content}"
            );
        }
    }

    #[test]
    fn a_page_that_is_not_built_is_not_published() {
        assert_eq!(items(vec![]), Err(PublicationRefusal::NoPage { path: INDEX }));
        assert_eq!(items(vec![file(INDEX, "x")]), Err(PublicationRefusal::NoPage { path: BUNDLE }));
    }

    fn file(path: &str, content: &str) -> File {
        File { path: path.to_owned(), content: content.as_bytes().to_vec() }
    }
}
