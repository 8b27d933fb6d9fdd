//! `CreateClientVpnEndpoint`: what an endpoint may be made of.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-endpoint-create.html>

use std::str::FromStr;

use ipnet::Ipv4Net;

use super::authentication;
use super::endpoint_members::{self, not_one_of};
use super::{
    AuthenticationOption, BannerMembers, Cloud, Endpoint, EndpointId, LogMembers, Moment, Refusal, Settings, Tags,
    Transport, tags,
};

/// What is asked for, as it came.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "members of the call, named as AWS names them")]
pub struct CreateEndpoint {
    pub client_cidr: Option<String>,
    pub server_certificate: Option<String>,
    pub authentication: Vec<AuthenticationOption>,
    pub log: LogMembers,
    pub dns_servers: Vec<String>,
    pub transport: Option<String>,
    pub port: Option<i64>,
    pub description: Option<String>,
    pub split_tunnel: bool,
    pub vpc: Option<String>,
    pub security_groups: Vec<String>,
    pub self_service_portal: Option<String>,
    pub session_timeout_hours: Option<i64>,
    pub disconnect_on_session_timeout: Option<bool>,
    pub banner: BannerMembers,
    pub route_enforcement: bool,
    pub endpoint_addresses: Option<String>,
    pub traffic_addresses: Option<String>,
    pub tags: Tags,
}

impl Cloud {
    /// Creates an endpoint.
    ///
    /// # Errors
    /// `MissingParameter`, `InvalidParameterValue`, `ClientVpnEndpointLimitExceeded`, `InvalidVpcID.NotFound`,
    /// `InvalidGroup.NotFound`, `TagLimitExceeded`, `UnsupportedOperation` for what the sandbox does not do.
    pub fn create_endpoint(&mut self, request: CreateEndpoint, moment: &Moment) -> Result<EndpointId, Refusal> {
        let CreateEndpoint {
            client_cidr,
            server_certificate,
            authentication,
            log,
            dns_servers,
            transport,
            port,
            description,
            split_tunnel,
            vpc,
            security_groups,
            self_service_portal,
            session_timeout_hours,
            disconnect_on_session_timeout,
            banner,
            route_enforcement,
            endpoint_addresses,
            traffic_addresses,
            tags,
        } = request;
        let (client_root, second_factor) = authentication::check(authentication)?;
        // The model says that the portal is enabled unless it is disabled; with mutual authentication alone there is none.
        let has_users = second_factor.is_some();
        let portal = endpoint_members::self_service_portal(self_service_portal.as_deref(), has_users)?;
        let traffic_addresses = endpoint_members::address_type("TrafficIpAddressType", traffic_addresses.as_deref())?;
        let client_cidr = check_client_cidr(client_cidr.as_deref())?;
        let server_certificate = server_certificate.ok_or_else(|| Refusal::missing("ServerCertificateArn"))?;
        let settings = Settings {
            client_cidr,
            server_certificate: self.check_server_certificate(&server_certificate, moment.now)?,
            client_root: self.check_client_root(&client_root, moment.now)?,
            self_service_portal: portal.unwrap_or(has_users),
            second_factor,
            log: endpoint_members::log(log)?,
            dns_servers: endpoint_members::dns_servers(&dns_servers, traffic_addresses)?,
            transport: match transport.as_deref() {
                None | Some("udp") => Transport::Udp,
                Some("tcp") => Transport::Tcp,
                Some(other) => return Err(not_one_of("TransportProtocol", other, "tcp, udp")),
            },
            port: port.map_or(Ok(443), endpoint_members::port)?,
            description,
            split_tunnel,
            session_timeout_hours: session_timeout_hours.map_or(Ok(24), endpoint_members::session_timeout)?,
            disconnect_on_session_timeout: disconnect_on_session_timeout.unwrap_or(true),
            banner: endpoint_members::banner(banner)?,
            route_enforcement,
            endpoint_addresses: endpoint_members::address_type("EndpointIpAddressType", endpoint_addresses.as_deref())?,
            traffic_addresses,
        };
        let security_groups = match &vpc {
            Some(vpc) => self.check_network(vpc, security_groups, client_cidr)?,
            None if security_groups.is_empty() => security_groups,
            None => return Err(Refusal::missing("VpcId")),
        };
        tags::check(&tags)?;
        let most = self.limits.endpoints;
        if self.endpoints.len() >= most {
            return Err(Refusal::new(
                "ClientVpnEndpointLimitExceeded",
                format!("The maximum number of Client VPN endpoints ({most}) has been reached"),
            ));
        }
        let id = EndpointId::from(format!("cvpn-endpoint-{}", moment.hex_id()));
        let endpoint = Endpoint {
            id: id.clone(),
            created: moment.now,
            settings,
            vpc,
            security_groups,
            tags,
            associations: Vec::new(),
            rules: Vec::new(),
            manual_routes: Vec::new(),
            crl: None,
            deleting: None,
        };
        self.endpoints.insert(id.clone(), endpoint);
        Ok(id)
    }
}

/// Whether it leaves room for a VPC is seen when the VPC is known: here, or with the first association.
fn check_client_cidr(cidr: Option<&str>) -> Result<Ipv4Net, Refusal> {
    let cidr = cidr.ok_or_else(|| Refusal::missing("ClientCidrBlock"))?;
    let parsed = Ipv4Net::from_str(cidr).ok().filter(|net| net.trunc() == *net);
    parsed.filter(|net| (12..=22).contains(&net.prefix_len())).ok_or_else(|| {
        Refusal::invalid_value(format!(
            "Client CIDR '{cidr}' is not a network address with a prefix between /12 and /22"
        ))
    })
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
        check_refused(|request| request.log.enabled = None, "the parameter ConnectionLogOptions");
        check_refused(
            |request| request.log.enabled = Some(true),
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
            let with_vpc = |request: &mut CreateEndpoint| {
                request.client_cidr = Some(cidr.to_owned());
                request.vpc = Some("vpc-0a1b2c3d4e5f60718".to_owned());
            };
            check_refused(with_vpc, "overlaps");
        }
    }

    #[test]
    fn values_outside_their_range_are_refused() {
        check_refused(|request| request.port = Some(1195), "Value (1195) for parameter VpnPort is invalid");
        check_refused(|request| request.transport = Some("sctp".to_owned()), "parameter TransportProtocol");
        check_refused(|request| request.session_timeout_hours = Some(9), "parameter SessionTimeoutHours");
        check_refused(|request| request.dns_servers = vec!["10.1.0.2".to_owned(); 3], "At most 2 DNS servers");
        check_refused(|request| request.dns_servers = vec!["dns".to_owned()], "not an IPv4 address");
        let portal = |request: &mut CreateEndpoint| request.self_service_portal = Some("enabled".to_owned());
        check_refused(portal, "self-service portal");
        check_refused(|request| request.vpc = Some("vpc-1".to_owned()), "InvalidVpcID.NotFound");
        check_refused(
            |request| request.banner = BannerMembers { enabled: Some(true), text: Some("x".repeat(1401)) },
            "more than 1400 characters",
        );
    }

    #[test]
    fn a_banner_of_1400_characters_is_taken_however_many_bytes_it_has() {
        let (mut cloud, mut request) = prepared_cloud();
        request.banner = BannerMembers { enabled: Some(true), text: Some("欢".repeat(1400)) };
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
    fn an_expired_certificate_is_refused() {
        let authority = Authority::new();
        let (mut cloud, mut request) = prepared_cloud();
        let not_after = at(10, 0).now;
        let arn = import(&mut cloud, authority.issue(Wish { not_after, ..Wish::server() }), &authority, 7);
        request.server_certificate = Some(arn.clone());
        let refusal = cloud.create_endpoint(request, &at(11, 3)).unwrap_err();
        assert_eq!(refusal.to_string(), format!("InvalidParameterValue: Certificate {arn} has expired"));
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
