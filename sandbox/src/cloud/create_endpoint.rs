//! `CreateClientVpnEndpoint`: what an endpoint may be made of.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-endpoint-create.html>

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::Ipv4Net;

use super::endpoints::overlap;
use super::tags::{self, MAX_TAGS};
use super::{
    CertificateArn, Cloud, ConnectionLog, Endpoint, EndpointId, KeyAlgorithm, Moment, Refusal, Settings, Tags,
    Transport,
};

/// Endpoints per region.
/// <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/limits.html>
const MAX_ENDPOINTS: usize = 5;
const MAX_BANNER_CHARACTERS: usize = 1400;
const MAX_DNS_SERVERS: usize = 2;
const MAX_SECURITY_GROUPS: usize = 5;

/// What is asked for, as it came.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "members of the call, named as AWS names them")]
pub struct CreateEndpoint {
    pub client_cidr: Option<String>,
    pub server_certificate: Option<String>,
    pub authentication: Vec<AuthenticationOption>,
    pub log_enabled: Option<bool>,
    pub log_group: Option<String>,
    pub log_stream: Option<String>,
    pub dns_servers: Vec<String>,
    pub transport: Option<String>,
    pub port: Option<i64>,
    pub description: Option<String>,
    pub split_tunnel: bool,
    pub vpc: Option<String>,
    pub security_groups: Vec<String>,
    pub self_service_portal: bool,
    pub session_timeout_hours: Option<i64>,
    pub disconnect_on_session_timeout: Option<bool>,
    pub banner_enabled: bool,
    pub banner: Option<String>,
    pub route_enforcement: bool,
    pub tags: Tags,
}

/// One of the ways for clients to show who they are.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "members of the call, named as AWS names them")]
pub struct AuthenticationOption {
    pub kind: Option<String>,
    pub client_root: Option<String>,
}

impl Cloud {
    /// Creates an endpoint.
    ///
    /// # Errors
    /// `MissingParameter`, `InvalidParameterValue`, `ClientVpnEndpointLimitExceeded`, `InvalidVpcID.NotFound`,
    /// `InvalidGroup.NotFound`, `UnsupportedOperation` for what the sandbox does not do.
    pub fn create_endpoint(&mut self, request: CreateEndpoint, moment: &Moment) -> Result<EndpointId, Refusal> {
        if self.endpoints.len() >= MAX_ENDPOINTS {
            return Err(Refusal::new(
                "ClientVpnEndpointLimitExceeded",
                format!("The maximum number of Client VPN endpoints ({MAX_ENDPOINTS}) has been reached"),
            ));
        }
        let settings = self.check_settings(&request)?;
        let (vpc, security_groups) = self.check_network(request.vpc, request.security_groups)?;
        if request.tags.len() > MAX_TAGS {
            return Err(Refusal::new("TagLimitExceeded", format!("At most {MAX_TAGS} tags are allowed")));
        }
        if let Some(problem) = tags::problem(&request.tags) {
            return Err(Refusal::invalid_value(problem));
        }
        let id = EndpointId::from(format!("cvpn-endpoint-{}", moment.hex_id()));
        let endpoint = Endpoint {
            id: id.clone(),
            created: moment.now,
            settings,
            vpc,
            security_groups,
            tags: request.tags,
            associations: Vec::new(),
            rules: Vec::new(),
            crl: None,
        };
        self.endpoints.insert(id.clone(), endpoint);
        Ok(id)
    }

    fn check_settings(&self, request: &CreateEndpoint) -> Result<Settings, Refusal> {
        if request.self_service_portal {
            return Err(Refusal::invalid_value(
                "The self-service portal cannot be enabled with mutual authentication alone",
            ));
        }
        Ok(Settings {
            client_cidr: self.check_client_cidr(request.client_cidr.as_deref())?,
            server_certificate: self.check_server_certificate(request.server_certificate.as_deref())?,
            client_root: self.check_authentication(&request.authentication)?,
            log: check_log(request)?,
            dns_servers: check_dns_servers(&request.dns_servers)?,
            transport: match request.transport.as_deref() {
                None | Some("udp") => Transport::Udp,
                Some("tcp") => Transport::Tcp,
                Some(other) => return Err(not_one_of("TransportProtocol", other, "tcp, udp")),
            },
            port: match request.port {
                None | Some(443) => 443,
                Some(1194) => 1194,
                Some(other) => return Err(not_one_of("VpnPort", other, "443, 1194")),
            },
            description: request.description.clone(),
            split_tunnel: request.split_tunnel,
            session_timeout_hours: match request.session_timeout_hours {
                None | Some(24) => 24,
                Some(8) => 8,
                Some(10) => 10,
                Some(12) => 12,
                Some(other) => return Err(not_one_of("SessionTimeoutHours", other, "8, 10, 12, 24")),
            },
            disconnect_on_session_timeout: request.disconnect_on_session_timeout.unwrap_or(true),
            banner: check_banner(request)?,
            route_enforcement: request.route_enforcement,
        })
    }

    fn check_client_cidr(&self, cidr: Option<&str>) -> Result<Ipv4Net, Refusal> {
        let cidr = cidr.ok_or_else(|| Refusal::missing("ClientCidrBlock"))?;
        let parsed = Ipv4Net::from_str(cidr).ok().filter(|net| net.trunc() == *net);
        let Some(net) = parsed.filter(|net| (12..=22).contains(&net.prefix_len())) else {
            return Err(Refusal::invalid_value(format!(
                "Client CIDR '{cidr}' is not a network address with a prefix between /12 and /22"
            )));
        };
        let vpc = self.world.vpc.cidr;
        if overlap(net, vpc) {
            return Err(Refusal::invalid_value(format!("Client CIDR '{cidr}' overlaps the VPC's '{vpc}'")));
        }
        Ok(net)
    }

    fn check_server_certificate(&self, arn: Option<&str>) -> Result<CertificateArn, Refusal> {
        let arn = arn.ok_or_else(|| Refusal::missing("ServerCertificateArn"))?;
        let certificate = self.certificate(arn).map_err(|_| no_certificate(arn))?;
        if certificate.leaf.domain_name().is_none() {
            // As people have seen it of the service.
            return Err(Refusal::invalid_value(format!("Certificate {arn} does not have a domain")));
        }
        check_key(arn, certificate.leaf.key_algorithm)?;
        if certificate.chain.is_empty() {
            // The text is not published: UNCONFIRMED.
            return Err(Refusal::invalid_value(format!("Certificate {arn} does not have a certificate chain")));
        }
        Ok(certificate.arn.clone())
    }

    fn check_authentication(&self, options: &[AuthenticationOption]) -> Result<CertificateArn, Refusal> {
        let [option] = options else {
            if options.is_empty() {
                return Err(Refusal::missing("Authentication"));
            }
            return Err(unsupported("more than one authentication option"));
        };
        match option.kind.as_deref() {
            None => return Err(Refusal::missing("Authentication.1.Type")),
            Some("certificate-authentication") => {}
            Some(other @ ("directory-service-authentication" | "federated-authentication")) => {
                return Err(unsupported(other));
            }
            Some(other) => {
                return Err(Refusal::invalid_value(format!("Value ({other}) for parameter Type is invalid")));
            }
        }
        let arn = option
            .client_root
            .as_deref()
            .ok_or_else(|| Refusal::missing("Authentication.1.MutualAuthentication.ClientRootCertificateChainArn"))?;
        let certificate = self.certificate(arn).map_err(|_| no_certificate(arn))?;
        check_key(arn, certificate.leaf.key_algorithm)?;
        if certificate.chain.is_empty() && !certificate.leaf.is_ca {
            // Nothing to check clients against. The text is not published: UNCONFIRMED.
            return Err(Refusal::invalid_value(format!("Certificate {arn} does not have a certificate chain")));
        }
        Ok(certificate.arn.clone())
    }

    fn check_network(
        &self,
        vpc: Option<String>,
        groups: Vec<String>,
    ) -> Result<(Option<String>, Vec<String>), Refusal> {
        let Some(vpc) = vpc else {
            if groups.is_empty() {
                return Ok((None, groups));
            }
            return Err(Refusal::missing("VpcId"));
        };
        if vpc != self.world.vpc.id {
            return Err(Refusal::new("InvalidVpcID.NotFound", format!("The vpc ID '{vpc}' does not exist")));
        }
        if groups.len() > MAX_SECURITY_GROUPS {
            return Err(Refusal::invalid_value(format!("At most {MAX_SECURITY_GROUPS} security groups are allowed")));
        }
        let default_group = &self.world.vpc.default_security_group;
        if let Some(unknown) = groups.iter().find(|group| *group != default_group) {
            return Err(Refusal::new(
                "InvalidGroup.NotFound",
                format!("The security group '{unknown}' does not exist"),
            ));
        }
        let groups = if groups.is_empty() { vec![default_group.clone()] } else { groups };
        Ok((Some(vpc), groups))
    }
}

fn check_log(request: &CreateEndpoint) -> Result<Option<ConnectionLog>, Refusal> {
    match (request.log_enabled, &request.log_group) {
        (None, _) => Err(Refusal::missing("ConnectionLogOptions")),
        (Some(false), _) => Ok(None),
        (Some(true), None) => Err(Refusal::missing("ConnectionLogOptions.CloudwatchLogGroup")),
        (Some(true), Some(group)) => {
            Ok(Some(ConnectionLog { group: group.clone(), stream: request.log_stream.clone() }))
        }
    }
}

fn check_dns_servers(servers: &[String]) -> Result<Vec<Ipv4Addr>, Refusal> {
    if servers.len() > MAX_DNS_SERVERS {
        return Err(Refusal::invalid_value(format!("At most {MAX_DNS_SERVERS} DNS servers are allowed")));
    }
    let read = |server: &String| {
        server.parse().map_err(|_| Refusal::invalid_value(format!("DNS server '{server}' is not an IPv4 address")))
    };
    servers.iter().map(read).collect()
}

fn check_banner(request: &CreateEndpoint) -> Result<Option<String>, Refusal> {
    if !request.banner_enabled {
        return Ok(None);
    }
    let banner = request.banner.clone().ok_or_else(|| Refusal::missing("ClientLoginBannerOptions.BannerText"))?;
    if banner.chars().count() > MAX_BANNER_CHARACTERS {
        return Err(Refusal::invalid_value(format!(
            "The login banner has more than {MAX_BANNER_CHARACTERS} characters"
        )));
    }
    Ok(Some(banner))
}

/// The documentation names the sizes; the error is not published: UNCONFIRMED.
fn check_key(arn: &str, algorithm: KeyAlgorithm) -> Result<(), Refusal> {
    if algorithm.suits_client_vpn() {
        return Ok(());
    }
    Err(Refusal::invalid_value(format!(
        "Certificate {arn} has a key of type {}; Client VPN supports RSA_1024 and RSA_2048",
        algorithm.as_str()
    )))
}

fn no_certificate(arn: &str) -> Refusal {
    Refusal::invalid_value(format!("Certificate {arn} does not exist"))
}

fn not_one_of(parameter: &str, value: impl fmt::Display, known: &str) -> Refusal {
    Refusal::invalid_value(format!("Value ({value}) for parameter {parameter} is invalid. Valid values: {known}"))
}

fn unsupported(what: &str) -> Refusal {
    Refusal::new("UnsupportedOperation", format!("The sandbox does not support {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::fixture::pki::{Authority, Wish};
    use crate::cloud::fixture::{at, cloud_with_endpoint, import, prepared_cloud};

    fn check_refused(change: impl FnOnce(&mut CreateEndpoint), expected: &str) {
        let (mut cloud, mut request) = prepared_cloud();
        change(&mut request);
        let refusal = cloud.create_endpoint(request, &at(0, 3)).unwrap_err();
        assert!(refusal.to_string().contains(expected), "{refusal}");
        assert_eq!(cloud.endpoints().count(), 0);
    }

    #[test]
    fn the_least_that_is_needed_makes_an_endpoint_with_the_defaults_of_the_service() {
        let (cloud, id) = cloud_with_endpoint();
        let endpoint = cloud.endpoint(id.as_str()).unwrap();
        assert_eq!(id.as_str(), "cvpn-endpoint-03030303030303030");
        assert_eq!(
            endpoint.dns_name("eu-central-1"),
            "cvpn-endpoint-03030303030303030.prod.clientvpn.eu-central-1.amazonaws.com"
        );
        assert_eq!(endpoint.settings.transport, Transport::Udp);
        assert_eq!((endpoint.settings.port, endpoint.settings.session_timeout_hours), (443, 24));
        assert!(endpoint.settings.disconnect_on_session_timeout);
    }

    #[test]
    fn required_members_are_missed_by_name() {
        check_refused(
            |request| request.client_cidr = None,
            "MissingParameter: The request must contain the parameter ClientCidrBlock",
        );
        check_refused(|request| request.server_certificate = None, "the parameter ServerCertificateArn");
        check_refused(|request| request.authentication.clear(), "the parameter Authentication");
        check_refused(|request| request.log_enabled = None, "the parameter ConnectionLogOptions");
        check_refused(
            |request| request.log_enabled = Some(true),
            "the parameter ConnectionLogOptions.CloudwatchLogGroup",
        );
        check_refused(|request| request.security_groups = vec!["sg-1".to_owned()], "the parameter VpcId");
    }

    #[test]
    fn the_client_cidr_is_a_network_of_the_right_size_outside_the_vpc() {
        for cidr in ["10.88.0.0/23", "10.0.0.0/11", "10.88.0.1/16", "10.88.0.0", "fd00::/16"] {
            check_refused(|request| request.client_cidr = Some(cidr.to_owned()), "InvalidParameterValue: Client CIDR");
        }
        for cidr in ["10.1.0.0/16", "10.0.0.0/12", "10.1.4.0/22"] {
            check_refused(|request| request.client_cidr = Some(cidr.to_owned()), "overlaps");
        }
    }

    #[test]
    fn values_outside_their_range_are_refused() {
        check_refused(|request| request.port = Some(1195), "Value (1195) for parameter VpnPort is invalid");
        check_refused(|request| request.transport = Some("sctp".to_owned()), "parameter TransportProtocol");
        check_refused(|request| request.session_timeout_hours = Some(9), "parameter SessionTimeoutHours");
        check_refused(|request| request.dns_servers = vec!["10.1.0.2".to_owned(); 3], "At most 2 DNS servers");
        check_refused(|request| request.dns_servers = vec!["dns".to_owned()], "not an IPv4 address");
        check_refused(|request| request.vpc = Some("vpc-1".to_owned()), "InvalidVpcID.NotFound");
        check_refused(
            |request| (request.banner_enabled, request.banner) = (true, Some("x".repeat(1401))),
            "more than 1400 characters",
        );
    }

    #[test]
    fn a_banner_of_1400_characters_is_taken_however_many_bytes_it_has() {
        let (mut cloud, mut request) = prepared_cloud();
        (request.banner_enabled, request.banner) = (true, Some("欢".repeat(1400)));
        assert!(cloud.create_endpoint(request, &at(0, 3)).is_ok());
    }

    #[test]
    fn the_server_certificate_needs_a_domain_and_an_rsa_key_that_is_supported() {
        let authority = Authority::new();
        let (mut cloud, mut request) = prepared_cloud();
        let nameless = authority.issue(Wish { dns_name: None, ..Wish::client("server", 7) });
        let arn = import(&mut cloud, nameless, &authority, 7);
        request.server_certificate = Some(arn.clone());
        let refusal = cloud.create_endpoint(request, &at(0, 3)).unwrap_err();
        assert_eq!(refusal.to_string(), format!("InvalidParameterValue: Certificate {arn} does not have a domain"));

        let (mut cloud, mut request) = prepared_cloud();
        let arn = import(&mut cloud, authority.issue_with_ec_key(Wish::server()), &authority, 7);
        request.server_certificate = Some(arn);
        let refusal = cloud.create_endpoint(request, &at(0, 3)).unwrap_err();
        assert!(refusal.message.contains("EC_prime256v1"), "{refusal}");
    }

    #[test]
    fn a_sixth_endpoint_is_over_the_quota() {
        let (mut cloud, _) = prepared_cloud();
        for seed in 10..15 {
            let (_, request) = prepared_cloud();
            cloud.create_endpoint(request, &at(0, seed)).unwrap();
        }
        let (_, request) = prepared_cloud();
        assert_eq!(cloud.create_endpoint(request, &at(0, 15)).unwrap_err().code, "ClientVpnEndpointLimitExceeded");
    }
}
