//! From the file's words to types: every rule that can be checked without asking AWS.

use std::{collections::BTreeSet, net::Ipv4Addr, path::Path, str::FromStr};

use ipnet::Ipv4Net;
use toml::Spanned;

use super::{
    Config, Deployment, Endpoint, LedgerLocation, Network, Page, Pki, Port, SessionHours, Target, Transport, file,
    problem::{Problem, line_of},
};

/// Checks every section and gathers all problems.
pub(super) fn check(file: file::File, text: &str, base: &Path) -> Result<Config, Vec<Problem>> {
    let mut found = Findings { text, problems: Vec::new() };
    let deployment = deployment(&file.deployment, &mut found);
    let network = network(&file.network, &mut found);
    let endpoint = endpoint(&file.endpoint, &mut found);
    let pki = pki(&file.pki, &mut found);
    let ledger = ledger(&file.ledger, base, &mut found);
    let page = page(&file.page, base, &mut found);
    match (deployment, network, endpoint, pki, ledger, page) {
        (Some(deployment), Some(network), Some(endpoint), Some(pki), Some(ledger), Some(page))
            if found.problems.is_empty() =>
        {
            Ok(Config { deployment, network, endpoint, pki, ledger, page })
        }
        _ => Err(found.problems),
    }
}

fn deployment(file: &file::Deployment, found: &mut Findings<'_>) -> Option<Deployment> {
    let name = found.parse("deployment.name", &file.name);
    let target = match file.target.get_ref().as_str() {
        "sandbox" => Some(Target::Sandbox),
        "aws" => Some(Target::Aws),
        _ => found.refuse("deployment.target", &file.target, "the target is `sandbox` or `aws`"),
    };
    let region = found.parse("deployment.region", &file.region);
    let domain = found.parse("deployment.domain", &file.domain);
    Some(Deployment { name: name?, target: target?, region: region?, domain: domain? })
}

fn network(file: &file::Network, found: &mut Findings<'_>) -> Option<Network> {
    let vpc_id = found.parse("network.vpc_id", &file.vpc_id);
    if file.subnet_ids.get_ref().is_empty() {
        found.at(
            "network.subnet_ids",
            &file.subnet_ids,
            None,
            "at least one subnet is needed, one per availability zone",
        );
    }
    let subnet_ids = found.list("network.subnet_ids", file.subnet_ids.get_ref(), usize::MAX, FromStr::from_str);
    let client_cidr = found
        .parse_with("network.client_cidr", &file.client_cidr, cidr)
        .and_then(|cidr| client_cidr(cidr, &file.client_cidr, found));
    let authorize = found.list("network.authorize", &file.authorize, usize::MAX, cidr);
    let transport = match &file.transport {
        None => Some(Transport::Udp),
        Some(word) => match word.get_ref().as_str() {
            "udp" => Some(Transport::Udp),
            "tcp" => Some(Transport::Tcp),
            _ => found.refuse("network.transport", word, "the transport is `udp` or `tcp`"),
        },
    };
    let port = found.number("network.port", file.port.as_ref(), Port::HTTPS);
    let dns_servers = found.list("network.dns_servers", &file.dns_servers, MAX_DNS_SERVERS, Ipv4Addr::from_str);
    let security_group_ids =
        found.list("network.security_group_ids", &file.security_group_ids, MAX_SECURITY_GROUPS, FromStr::from_str);
    Some(Network {
        vpc_id: vpc_id?,
        subnet_ids: subnet_ids?,
        client_cidr: client_cidr?,
        authorize: authorize?,
        split_tunnel: file.split_tunnel,
        transport: transport?,
        port: port?,
        dns_servers: dns_servers?,
        security_group_ids: security_group_ids?,
    })
}

fn endpoint(file: &file::Endpoint, found: &mut Findings<'_>) -> Option<Endpoint> {
    let text = |value: &Option<Spanned<String>>| value.as_ref().map(|text| text.get_ref().clone()).unwrap_or_default();
    if let Some(banner) = &file.banner {
        let length = banner.get_ref().chars().count();
        if length > MAX_BANNER {
            found.at(
                "endpoint.banner",
                banner,
                None,
                &format!("the banner has {length} characters, AWS shows at most {MAX_BANNER}"),
            );
        }
    }
    let session_timeout =
        found.number("endpoint.session_timeout_hours", file.session_timeout_hours.as_ref(), SessionHours::DAY);
    Some(Endpoint {
        description: text(&file.description),
        banner: text(&file.banner),
        session_timeout: session_timeout?,
        disconnect_on_session_timeout: file.disconnect_on_session_timeout,
    })
}

fn pki(file: &file::Pki, found: &mut Findings<'_>) -> Option<Pki> {
    if let Some(ca_key) = file.ca_key.as_ref().filter(|ca_key| ca_key.get_ref() != "file") {
        found.at(
            "pki.ca_key",
            ca_key,
            Some(ca_key.get_ref()),
            "this version keeps the CA key in an encrypted file: `file`",
        );
    }
    let ca_days = found.days("pki.ca_days", file.ca_days.as_ref(), 3650, MAX_CA_DAYS)?;
    let server_days = found.days("pki.server_days", file.server_days.as_ref(), 825, ca_days);
    let client_days = found.days("pki.client_days", file.client_days.as_ref(), 397, ca_days);
    Some(Pki { ca_days, server_days: server_days?, client_days: client_days? })
}

fn ledger(file: &file::Ledger, base: &Path, found: &mut Findings<'_>) -> Option<LedgerLocation> {
    match file.url.get_ref().strip_prefix("file:") {
        Some(path) if !path.is_empty() && !path.starts_with("//") => Some(LedgerLocation::Folder(base.join(path))),
        _ => found.refuse(
            "ledger.url",
            &file.url,
            "this version keeps the ledger in a folder: `file:` and a path, such as `file:.latchkey/demo/ledger`",
        ),
    }
}

fn page(file: &file::Page, base: &Path, found: &mut Findings<'_>) -> Option<Page> {
    if file.dir.get_ref().is_empty() {
        found.at("page.dir", &file.dir, None, "the folder of the built page is needed, such as `.latchkey/demo/site`");
    }
    let languages = found.list("page.languages", &file.languages, usize::MAX, |word: &str| match word {
        "en" | "zh" => Ok(word.to_owned()),
        _ => Err("the page is written in `en` and `zh`"),
    })?;
    Some(Page {
        dir: base.join(file.dir.get_ref()),
        languages: if languages.is_empty() { vec!["en".to_owned()] } else { languages },
        contact: file.contact.as_ref().map(|contact| contact.get_ref().clone()).filter(|contact| !contact.is_empty()),
    })
}

/// A network written as one: no bit set behind the prefix.
fn cidr(text: &str) -> Result<Ipv4Net, String> {
    let net: Ipv4Net = text.parse().map_err(|_| "an IPv4 network is written as `10.88.0.0/16`".to_owned())?;
    if net.addr() == net.network() {
        Ok(net)
    } else {
        Err(format!("the address is not the first of its block, `{}` is", net.trunc()))
    }
}

/// <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/what-is-best-practices.html>
fn client_cidr(cidr: Ipv4Net, value: &Spanned<String>, found: &mut Findings<'_>) -> Option<Ipv4Net> {
    if CLIENT_PREFIXES.contains(&cidr.prefix_len()) {
        Some(cidr)
    } else {
        found.refuse("network.client_cidr", value, "AWS takes a block between /12 (the largest) and /22 (the smallest)")
    }
}

/// Gathers problems while the rules run, so that all are reported at once.
struct Findings<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

impl Findings<'_> {
    fn at<T>(&mut self, key: &str, place: &Spanned<T>, value: Option<&str>, allowed: &str) {
        self.problems.push(Problem {
            line: Some(line_of(self.text, place.span().start)),
            key: key.to_owned(),
            value: value.map(str::to_owned),
            allowed: allowed.to_owned(),
        });
    }

    /// Notes that `value` is not allowed. Always `None`, so that it can end a `match` arm.
    fn refuse<T>(&mut self, key: &str, value: &Spanned<String>, allowed: &str) -> Option<T> {
        self.at(key, value, Some(value.get_ref()), allowed);
        None
    }

    fn parse<T: FromStr<Err: ToString>>(&mut self, key: &str, value: &Spanned<String>) -> Option<T> {
        self.parse_with(key, value, T::from_str)
    }

    fn parse_with<T, E: ToString>(
        &mut self,
        key: &str,
        value: &Spanned<String>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(value.get_ref()) {
            Ok(parsed) => Some(parsed),
            Err(error) => self.refuse(key, value, &error.to_string()),
        }
    }

    fn list<T, E: ToString>(
        &mut self,
        key: &str,
        values: &[Spanned<String>],
        limit: usize,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let mut seen = BTreeSet::new();
        let mut parsed = Vec::with_capacity(values.len());
        for (i, value) in values.iter().enumerate() {
            if !seen.insert(value.get_ref()) {
                self.refuse::<()>(key, value, "it stands in the list twice");
            } else if i >= limit {
                self.refuse::<()>(key, value, &format!("AWS takes at most {limit}"));
            } else {
                parsed.extend(self.parse_with(key, value, &parse));
            }
        }
        (parsed.len() == values.len()).then_some(parsed)
    }

    fn number<T: TryFrom<i64, Error: ToString>>(
        &mut self,
        key: &str,
        value: Option<&Spanned<i64>>,
        default: T,
    ) -> Option<T> {
        let Some(value) = value else {
            return Some(default);
        };
        match T::try_from(*value.get_ref()) {
            Ok(number) => Some(number),
            Err(error) => {
                self.at(key, value, Some(&value.get_ref().to_string()), &error.to_string());
                None
            }
        }
    }

    fn days(&mut self, key: &str, value: Option<&Spanned<i64>>, default: u32, limit: u32) -> Option<u32> {
        let Some(value) = value else {
            return Some(default.min(limit));
        };
        match u32::try_from(*value.get_ref()) {
            Ok(days) if (1..=limit).contains(&days) => Some(days),
            _ => {
                let allowed = format!("1 to {limit} days: a certificate must not outlive the CA that signs it");
                self.at(key, value, Some(&value.get_ref().to_string()), &allowed);
                None
            }
        }
    }
}

const CLIENT_PREFIXES: std::ops::RangeInclusive<u8> = 12..=22;
const MAX_DNS_SERVERS: usize = 2;
const MAX_SECURITY_GROUPS: usize = 5;
const MAX_BANNER: usize = 1400;
/// Twenty years; longer than any key of this size should live.
const MAX_CA_DAYS: u32 = 7300;
