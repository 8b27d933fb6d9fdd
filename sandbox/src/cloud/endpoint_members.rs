//! What the members may be that an endpoint is created with and can be modified in.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-endpoint-create.html>. Texts of messages are
//! worded here unless a comment says otherwise: UNCONFIRMED.

use std::fmt;
use std::net::IpAddr;

use time::OffsetDateTime;

use super::{AddressType, Certificate, CertificateArn, CertificateStatus, Cloud, ConnectionLog, Refusal};

const MAX_BANNER_CHARACTERS: usize = 1400;
const MAX_DNS_SERVERS: usize = 2;

/// `ConnectionLogOptions`.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "members of the call, named as AWS names them")]
pub struct LogMembers {
    pub enabled: Option<bool>,
    pub group: Option<String>,
    pub stream: Option<String>,
}

/// `ClientLoginBannerOptions`.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "members of the call, named as AWS names them")]
pub struct BannerMembers {
    pub enabled: Option<bool>,
    pub text: Option<String>,
}

impl Cloud {
    /// The server's certificate: in date, with a domain name, a chain, and a key that Client VPN supports.
    pub(super) fn check_server_certificate(&self, arn: &str, now: OffsetDateTime) -> Result<CertificateArn, Refusal> {
        let certificate = self.certificate_for_vpn(arn, now)?;
        if certificate.leaf.domain_name().is_none() {
            // As people have seen it of the service.
            return Err(Refusal::invalid_value(format!("Certificate {arn} does not have a domain")));
        }
        if certificate.chain.is_empty() {
            return Err(no_chain(arn));
        }
        Ok(certificate.arn.clone())
    }

    /// The certificate whose chain signs clients.
    pub(super) fn check_client_root(&self, arn: &str, now: OffsetDateTime) -> Result<CertificateArn, Refusal> {
        let certificate = self.certificate_for_vpn(arn, now)?;
        if certificate.chain.is_empty() && !certificate.leaf.is_ca {
            // Nothing to check clients against.
            return Err(no_chain(arn));
        }
        Ok(certificate.arn.clone())
    }

    fn certificate_for_vpn(&self, arn: &str, now: OffsetDateTime) -> Result<&Certificate, Refusal> {
        let certificate =
            self.certificate(arn).map_err(|_| Refusal::invalid_value(format!("Certificate {arn} does not exist")))?;
        if certificate.status(now) == CertificateStatus::Expired {
            return Err(Refusal::invalid_value(format!("Certificate {arn} has expired")));
        }
        // The documentation names the sizes.
        let algorithm = certificate.leaf.key_algorithm;
        if !algorithm.suits_client_vpn() {
            return Err(Refusal::invalid_value(format!(
                "Certificate {arn} has a key of type {}; Client VPN supports RSA_1024 and RSA_2048",
                algorithm.as_str()
            )));
        }
        Ok(certificate)
    }
}

pub(super) fn log(members: LogMembers) -> Result<Option<ConnectionLog>, Refusal> {
    match (members.enabled, members.group) {
        (None, _) => Err(Refusal::missing("ConnectionLogOptions")),
        (Some(false), _) => Ok(None),
        (Some(true), None) => Err(Refusal::missing("ConnectionLogOptions.CloudwatchLogGroup")),
        (Some(true), Some(group)) => Ok(Some(ConnectionLog { group, stream: members.stream })),
    }
}

/// `EndpointIpAddressType` and `TrafficIpAddressType`.
pub(super) fn address_type(parameter: &str, choice: Option<&str>) -> Result<AddressType, Refusal> {
    match choice {
        None | Some("ipv4") => Ok(AddressType::Ipv4),
        Some("dual-stack") => Ok(AddressType::DualStack),
        Some("ipv6") => {
            Err(Refusal::new("UnsupportedOperation", format!("The sandbox does not support {parameter} ipv6")))
        }
        Some(other) => Err(not_one_of(parameter, other, "ipv4, ipv6, dual-stack")),
    }
}

/// Of version 6 only where the traffic is.
pub(super) fn dns_servers(servers: &[String], traffic: AddressType) -> Result<Vec<IpAddr>, Refusal> {
    if servers.len() > MAX_DNS_SERVERS {
        return Err(Refusal::invalid_value(format!("At most {MAX_DNS_SERVERS} DNS servers are allowed")));
    }
    let read = |server: &String| {
        let known = server.parse().ok().filter(|server: &IpAddr| server.is_ipv4() || traffic == AddressType::DualStack);
        known.ok_or_else(|| {
            let kind = if traffic == AddressType::Ipv4 { "IPv4" } else { "IP" };
            Refusal::invalid_value(format!("DNS server '{server}' is not an {kind} address"))
        })
    };
    servers.iter().map(read).collect()
}

pub(super) fn banner(members: BannerMembers) -> Result<Option<String>, Refusal> {
    if members.enabled != Some(true) {
        return Ok(None);
    }
    let text = members.text.ok_or_else(|| Refusal::missing("ClientLoginBannerOptions.BannerText"))?;
    if text.chars().count() > MAX_BANNER_CHARACTERS {
        return Err(Refusal::invalid_value(format!(
            "The login banner has more than {MAX_BANNER_CHARACTERS} characters"
        )));
    }
    Ok(Some(text))
}

pub(super) fn port(port: i64) -> Result<u16, Refusal> {
    match port {
        443 => Ok(443),
        1194 => Ok(1194),
        other => Err(not_one_of("VpnPort", other, "443, 1194")),
    }
}

pub(super) fn session_timeout(hours: i64) -> Result<u8, Refusal> {
    match hours {
        8 => Ok(8),
        10 => Ok(10),
        12 => Ok(12),
        24 => Ok(24),
        other => Err(not_one_of("SessionTimeoutHours", other, "8, 10, 12, 24")),
    }
}

/// The choice, if there is one.
pub(super) fn self_service_portal(choice: Option<&str>, has_users: bool) -> Result<Option<bool>, Refusal> {
    match choice {
        None => Ok(None),
        Some("disabled") => Ok(Some(false)),
        Some("enabled") if has_users => Ok(Some(true)),
        Some("enabled") => {
            Err(Refusal::invalid_value("The self-service portal cannot be enabled with mutual authentication alone"))
        }
        Some(other) => Err(not_one_of("SelfServicePortal", other, "enabled, disabled")),
    }
}

pub(super) fn not_one_of(parameter: &str, value: impl fmt::Display, known: &str) -> Refusal {
    Refusal::invalid_value(format!("Value ({value}) for parameter {parameter} is invalid. Valid values: {known}"))
}

fn no_chain(arn: &str) -> Refusal {
    Refusal::invalid_value(format!("Certificate {arn} does not have a certificate chain"))
}
