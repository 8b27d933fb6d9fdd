//! `CreateClientVpnEndpoint` and `DescribeClientVpnEndpoints`.

use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;

use super::form::Form;
use super::listing::{Listing, tag_values};
use super::xml::{Items, Status, Tag, tag_set};
use crate::cloud::{
    AuthenticationOption, BannerMembers, Cloud, CreateEndpoint, Endpoint, LogMembers, Moment, Refusal, SecondFactor,
    Settings,
};

const RESOURCE_TYPE: &str = "client-vpn-endpoint";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    client_vpn_endpoint_id: String,
    status: Status,
    dns_name: String,
}

/// Creates an endpoint.
pub(super) fn create(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Created, Refusal> {
    let id = form.once("CreateClientVpnEndpoint", cloud, |cloud, form| {
        let request = read(form)?;
        form.finish()?;
        Ok(cloud.create_endpoint(request, moment)?.to_string())
    })?;
    let endpoint = cloud.endpoint(&id)?;
    Ok(Created {
        status: Status { code: endpoint.status(moment.now, &cloud.timings).as_str() },
        dns_name: wildcard(endpoint, cloud),
        client_vpn_endpoint_id: id,
    })
}

fn read(form: &mut Form) -> Result<CreateEndpoint, Refusal> {
    let request = CreateEndpoint {
        client_cidr: form.take("ClientCidrBlock"),
        server_certificate: form.take("ServerCertificateArn"),
        authentication: form
            .take_members("Authentication")
            .into_iter()
            .map(read_authentication)
            .collect::<Result<_, _>>()?,
        log: take_log(form)?.unwrap_or_default(),
        dns_servers: form.take_list("DnsServers"),
        transport: form.take("TransportProtocol"),
        port: form.take_integer("VpnPort")?,
        description: form.take("Description"),
        split_tunnel: form.take_bool("SplitTunnel")?.unwrap_or(false),
        vpc: form.take("VpcId"),
        security_groups: form.take_list("SecurityGroupId"),
        self_service_portal: form.take("SelfServicePortal"),
        session_timeout_hours: form.take_integer("SessionTimeoutHours")?,
        disconnect_on_session_timeout: form.take_bool("DisconnectOnSessionTimeout")?,
        banner: take_banner(form)?.unwrap_or_default(),
        route_enforcement: form.take_bool("ClientRouteEnforcementOptions.Enforced")?.unwrap_or(false),
        endpoint_addresses: form.take("EndpointIpAddressType"),
        traffic_addresses: form.take("TrafficIpAddressType"),
        tags: form.take_tags(RESOURCE_TYPE)?,
    };
    refuse_connect_handler(form)?;
    Ok(request)
}

/// `ConnectionLogOptions`, if there are any.
pub(super) fn take_log(form: &mut Form) -> Result<Option<LogMembers>, Refusal> {
    let members = LogMembers {
        enabled: form.take_bool("ConnectionLogOptions.Enabled")?,
        group: form.take("ConnectionLogOptions.CloudwatchLogGroup"),
        stream: form.take("ConnectionLogOptions.CloudwatchLogStream"),
    };
    let any = members.enabled.is_some() || members.group.is_some() || members.stream.is_some();
    Ok(any.then_some(members))
}

/// `ClientLoginBannerOptions`, if there are any.
pub(super) fn take_banner(form: &mut Form) -> Result<Option<BannerMembers>, Refusal> {
    let members = BannerMembers {
        enabled: form.take_bool("ClientLoginBannerOptions.Enabled")?,
        text: form.take("ClientLoginBannerOptions.BannerText"),
    };
    let any = members.enabled.is_some() || members.text.is_some();
    Ok(any.then_some(members))
}

pub(super) fn refuse_connect_handler(form: &mut Form) -> Result<(), Refusal> {
    if form.take_bool("ClientConnectOptions.Enabled")? == Some(true) {
        return Err(Refusal::new("UnsupportedOperation", "The sandbox does not support a client connect handler"));
    }
    Ok(())
}

fn read_authentication(mut form: Form) -> Result<AuthenticationOption, Refusal> {
    let option = AuthenticationOption {
        kind: form.take("Type"),
        client_root: form.take("MutualAuthentication.ClientRootCertificateChainArn"),
        directory: form.take("ActiveDirectory.DirectoryId"),
        saml_provider: form.take("FederatedAuthentication.SAMLProviderArn"),
        self_service_saml_provider: form.take("FederatedAuthentication.SelfServiceSAMLProviderArn"),
    };
    form.finish()?;
    Ok(option)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    client_vpn_endpoint: Items<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    client_vpn_endpoint_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    status: Status,
    creation_time: String,
    dns_name: String,
    client_cidr_block: String,
    dns_server: Items<String>,
    split_tunnel: bool,
    vpn_protocol: &'static str,
    transport_protocol: &'static str,
    vpn_port: u16,
    associated_target_network: Items<TargetNetwork>,
    server_certificate_arn: String,
    authentication_options: Items<Authentication>,
    connection_log_options: LogOptions,
    tag_set: Items<Tag>,
    security_group_id_set: Items<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    self_service_portal_url: Option<String>,
    client_connect_options: Switch,
    session_timeout_hours: u8,
    client_login_banner_options: Banner,
    client_route_enforcement_options: Enforcement,
    disconnect_on_session_timeout: bool,
    endpoint_ip_address_type: &'static str,
    traffic_ip_address_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetNetwork {
    network_id: String,
    network_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Authentication {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutual_authentication: Option<MutualAuthentication>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_directory: Option<ActiveDirectory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    federated_authentication: Option<FederatedAuthentication>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ActiveDirectory {
    directory_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FederatedAuthentication {
    saml_provider_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    self_service_saml_provider_arn: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MutualAuthentication {
    // Without the `Arn` that the request has.
    client_root_certificate_chain: String,
}

/// The one structure whose members are written with capitals.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LogOptions {
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloudwatch_log_group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloudwatch_log_stream: Option<String>,
}

#[derive(Serialize)]
struct Switch {
    enabled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Banner {
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    banner_text: Option<String>,
}

#[derive(Serialize)]
struct Enforcement {
    enforced: bool,
}

/// Lists endpoints. An id that does not exist is an error, a filter that matches nothing is not.
pub(super) fn describe(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Described, Refusal> {
    let ids = form.take_list("ClientVpnEndpointId");
    let listing = Listing::take(form, &["endpoint-id", "transport-protocol", "tag-key", "tag:"])?;
    form.finish()?;
    for id in &ids {
        cloud.endpoint(id)?;
    }
    let chosen = cloud.endpoints().filter(|known| ids.is_empty() || ids.iter().any(|id| id == known.id.as_str()));
    let (endpoints, next_token) = listing.of(chosen, |endpoint, name| attribute(endpoint, name));
    let client_vpn_endpoint = endpoints.into_iter().map(|endpoint| item(endpoint, cloud, moment.now)).collect();
    Ok(Described { client_vpn_endpoint, next_token })
}

fn attribute(endpoint: &Endpoint, filter: &str) -> Vec<String> {
    match filter {
        "endpoint-id" => vec![endpoint.id.to_string()],
        "transport-protocol" => vec![endpoint.settings.transport.as_str().to_owned()],
        tag => tag_values(&endpoint.tags, tag),
    }
}

fn item(endpoint: &Endpoint, cloud: &Cloud, now: OffsetDateTime) -> Item {
    let Settings {
        client_cidr,
        server_certificate,
        client_root,
        second_factor,
        self_service_portal,
        log,
        dns_servers,
        transport,
        port,
        description,
        split_tunnel,
        session_timeout_hours,
        disconnect_on_session_timeout,
        banner,
        route_enforcement,
        endpoint_addresses,
        traffic_addresses,
    } = endpoint.settings.clone();
    Item {
        client_vpn_endpoint_id: endpoint.id.to_string(),
        description,
        status: Status { code: endpoint.status(now, &cloud.timings).as_str() },
        creation_time: creation_time(endpoint.created),
        dns_name: wildcard(endpoint, cloud),
        client_cidr_block: client_cidr.to_string(),
        dns_server: dns_servers.iter().map(ToString::to_string).collect(),
        split_tunnel,
        vpn_protocol: "openvpn",
        transport_protocol: transport.as_str(),
        vpn_port: port,
        associated_target_network: endpoint
            .associated_subnets(now, &cloud.timings)
            .map(|subnet| TargetNetwork { network_id: subnet.to_string(), network_type: "vpc" })
            .collect(),
        server_certificate_arn: server_certificate.to_string(),
        authentication_options: authentication(client_root.to_string(), second_factor),
        connection_log_options: LogOptions {
            enabled: log.is_some(),
            cloudwatch_log_group: log.as_ref().map(|log| log.group.clone()),
            cloudwatch_log_stream: log.and_then(|log| log.stream),
        },
        tag_set: tag_set(&endpoint.tags),
        security_group_id_set: endpoint.security_groups.clone().into(),
        vpc_id: endpoint.vpc.clone(),
        self_service_portal_url: self_service_portal
            .then(|| format!("https://self-service.clientvpn.amazonaws.com/endpoints/{}", endpoint.id)),
        client_connect_options: Switch { enabled: false },
        session_timeout_hours,
        client_login_banner_options: Banner { enabled: banner.is_some(), banner_text: banner },
        client_route_enforcement_options: Enforcement { enforced: route_enforcement },
        disconnect_on_session_timeout,
        endpoint_ip_address_type: endpoint_addresses.as_str(),
        traffic_ip_address_type: traffic_addresses.as_str(),
    }
}

fn authentication(client_root_certificate_chain: String, second_factor: Option<SecondFactor>) -> Items<Authentication> {
    let certificate = Authentication {
        r#type: "certificate-authentication",
        mutual_authentication: Some(MutualAuthentication { client_root_certificate_chain }),
        active_directory: None,
        federated_authentication: None,
    };
    let second = second_factor.map(|second| match second {
        SecondFactor::Directory { id } => Authentication {
            r#type: "directory-service-authentication",
            mutual_authentication: None,
            active_directory: Some(ActiveDirectory { directory_id: id }),
            federated_authentication: None,
        },
        SecondFactor::Federated { saml_provider, self_service_saml_provider } => Authentication {
            r#type: "federated-authentication",
            mutual_authentication: None,
            active_directory: None,
            federated_authentication: Some(FederatedAuthentication {
                saml_provider_arn: saml_provider,
                self_service_saml_provider_arn: self_service_saml_provider,
            }),
        },
    });
    // Certificates first: whether the service keeps the order of the request is UNCONFIRMED.
    std::iter::once(certificate).chain(second).collect()
}

fn wildcard(endpoint: &Endpoint, cloud: &Cloud) -> String {
    format!("*.{}", endpoint.dns_name(&cloud.world.region))
}

/// A string such as `2019-07-08T11:37:27`, not a timestamp.
fn creation_time(created: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    created.format(format).unwrap_or_default()
}
