//! The headers that a host should send with the page, and the `_headers` file that says so:
//! a line with a path (`*` at the end matches the rest), then indented `Name: value` lines.
//! Several static hosts read this format as it is; [`crate::serve`] does too.

use std::{fmt, str::FromStr};

use anyhow::{Error, Result, bail};

/// Name of the file in the root of the site.
pub(crate) const FILE_NAME: &str = "_headers";

/// What may be loaded and run, without the hash of the start script.
///
/// `'wasm-unsafe-eval'` allows compiling WebAssembly and nothing else.
/// <https://www.w3.org/TR/CSP3/>
pub(crate) fn content_security_policy(start_script: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self' '{start_script}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    )
}

/// What is sent with everything, for a page with this content security policy.
pub(crate) fn everywhere(policy: &str) -> Vec<(&'static str, String)> {
    [
        // `frame-ancestors` has an effect as a header only.
        ("Content-Security-Policy", format!("{policy}; frame-ancestors 'none'").as_str()),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", NO_DEVICES),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// What is sent as [`CACHE_CONTROL`], by path: what is named by its content never changes.
pub(crate) const CACHING: &[(&str, &str)] = &[
    ("/", FRESH),
    ("/index.html", FRESH),
    ("/bundle.json", FRESH),
    ("/issued/*", FRESH),
    ("/assets/*", "public, max-age=31536000, immutable"),
];

/// How long browsers may keep a file without asking (RFC 9111 section 5.2).
pub(crate) const CACHE_CONTROL: &str = "Cache-Control";

/// What hosts send besides where the page comes over TLS, and nowhere else (RFC 6797 section 7.2).
pub(crate) const OVER_TLS: (&str, &str) = ("Strict-Transport-Security", "max-age=31536000");

/// Headers by path, in the order of the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Headers(Vec<Rule>);

#[derive(Debug, PartialEq, Eq)]
struct Rule {
    path: String,
    headers: Vec<(String, String)>,
}

impl Headers {
    /// The rules for a sealed page with this content security policy.
    ///
    /// Paths do not overlap in a header's name, because hosts differ in what they make of that.
    pub(crate) fn for_page(policy: &str) -> Self {
        let everywhere = everywhere(policy);
        let everywhere: Vec<_> = everywhere.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let caching = CACHING.iter().map(|(path, value)| Rule::new(path, &[(CACHE_CONTROL, value)]));
        Self(std::iter::once(Rule::new("/*", &everywhere)).chain(caching).collect())
    }

    /// The headers for the path of a request.
    pub(crate) fn matching<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .iter()
            .filter(move |rule| rule.matches(path))
            .flat_map(|rule| &rule.headers)
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Rule {
    fn new(path: &str, headers: &[(&str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { path: path.to_owned(), headers }
    }

    fn matches(&self, path: &str) -> bool {
        match self.path.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => path == self.path,
        }
    }
}

impl fmt::Display for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for rule in &self.0 {
            writeln!(f, "{}", rule.path)?;
            for (name, value) in &rule.headers {
                writeln!(f, "  {name}: {value}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Headers {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut rules: Vec<Rule> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let content = line.trim();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let number = index + 1;
            if line.starts_with('/') {
                rules.push(Rule { path: content.to_owned(), headers: Vec::new() });
                continue;
            }
            let Some((name, value)) = content.split_once(':') else {
                bail!("line {number} is neither a path nor a header: `{content}`");
            };
            let Some(rule) = rules.last_mut() else {
                bail!("line {number} names a header before any path: `{content}`");
            };
            rule.headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        Ok(Self(rules))
    }
}

const FRESH: &str = "no-cache";

/// The page needs no device and no sensor, and nothing embedded in it may ask for one.
const NO_DEVICES: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
                          magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let written = Headers::for_page("default-src 'none'");
        assert_eq!(written.to_string().parse::<Headers>().unwrap(), written);
    }

    #[test]
    fn frames_are_refused_by_header() {
        let headers = Headers::for_page("default-src 'none'");
        let policy = headers.matching("/").find(|(name, _)| *name == "Content-Security-Policy");
        expect![[r#"
            Some(
                (
                    "Content-Security-Policy",
                    "default-src 'none'; frame-ancestors 'none'",
                ),
            )
        "#]]
        .assert_debug_eq(&policy);
    }

    #[test]
    fn only_assets_are_cached_for_ever() {
        let headers = Headers::for_page("");
        let cache = |path| headers.matching(path).find(|(name, _)| *name == "Cache-Control").map(|(_, value)| value);
        assert_eq!(cache("/assets/page.wasm"), Some("public, max-age=31536000, immutable"));
        for path in ["/", "/index.html", "/bundle.json", "/issued/00.pem"] {
            assert_eq!(cache(path), Some("no-cache"), "{path}");
        }
        assert_eq!(cache("/elsewhere"), None);
    }

    #[test]
    fn no_header_is_sent_twice() {
        let headers = Headers::for_page("");
        for path in ["/", "/index.html", "/bundle.json", "/issued/00.pem", "/assets/page.wasm"] {
            let mut names: Vec<_> = headers.matching(path).map(|(name, _)| name).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{path}");
        }
    }

    #[test]
    fn a_header_without_a_path_is_refused() {
        let refusal = "  Referrer-Policy: no-referrer".parse::<Headers>().unwrap_err();
        expect!["line 1 names a header before any path: `Referrer-Policy: no-referrer`"]
            .assert_eq(&refusal.to_string());
    }
}
