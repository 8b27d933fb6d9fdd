//! Settings of an endpoint between our types and the SDK's, in both directions.

use aws_sdk_ec2::{
    operation::modify_client_vpn_endpoint::builders::ModifyClientVpnEndpointFluentBuilder,
    types::{
        CertificateAuthenticationRequest, ClientLoginBannerOptions, ClientRouteEnforcementOptions,
        ClientVpnAuthentication, ClientVpnAuthenticationRequest, ClientVpnAuthenticationType, ClientVpnEndpoint,
        ConnectionLogOptions, DirectoryServiceAuthenticationRequest, DnsServersOptionsModifyStructure,
        EndpointIpAddressType, FederatedAuthenticationRequest, TrafficIpAddressType, TransportProtocol,
    },
};

use super::endpoint::ENDPOINTS;
use crate::{
    config::{AddressType, ConnectionLog, SecondFactor, Transport},
    deploy::{
        cloud::CallError,
        id::CertificateArn,
        setting::{Setting, Settings},
    },
};

pub(super) fn transport(transport: Transport) -> TransportProtocol {
    match transport {
        Transport::Udp => TransportProtocol::Udp,
        Transport::Tcp => TransportProtocol::Tcp,
    }
}

pub(super) fn endpoint_address_type(kind: AddressType) -> EndpointIpAddressType {
    kind.as_str().into()
}

pub(super) fn traffic_address_type(kind: AddressType) -> TrafficIpAddressType {
    kind.as_str().into()
}

/// How clients show who they are: by certificate, and by what is asked for beside it.
pub(super) fn authentication(settings: &Settings, anchor: &CertificateArn) -> Vec<ClientVpnAuthenticationRequest> {
    let mutual = CertificateAuthenticationRequest::builder().client_root_certificate_chain_arn(anchor.as_str()).build();
    let certificate = ClientVpnAuthenticationRequest::builder()
        .r#type(ClientVpnAuthenticationType::CertificateAuthentication)
        .mutual_authentication(mutual)
        .build();
    let second = settings.second_factor.as_ref().map(|factor| match factor {
        SecondFactor::Directory(id) => ClientVpnAuthenticationRequest::builder()
            .r#type(ClientVpnAuthenticationType::DirectoryServiceAuthentication)
            .active_directory(DirectoryServiceAuthenticationRequest::builder().directory_id(id.as_str()).build())
            .build(),
        SecondFactor::Saml { provider, self_service } => ClientVpnAuthenticationRequest::builder()
            .r#type(ClientVpnAuthenticationType::FederatedAuthentication)
            .federated_authentication(
                FederatedAuthenticationRequest::builder()
                    .saml_provider_arn(provider.as_str())
                    .set_self_service_saml_provider_arn(self_service.as_ref().map(ToString::to_string))
                    .build(),
            )
            .build(),
    });
    std::iter::once(certificate).chain(second).collect()
}

pub(super) fn connection_log(settings: &Settings) -> ConnectionLogOptions {
    let log = settings.connection_log.as_ref();
    ConnectionLogOptions::builder()
        .enabled(log.is_some())
        .set_cloudwatch_log_group(log.map(|log| log.group.clone()))
        .set_cloudwatch_log_stream(log.and_then(|log| log.stream.clone()))
        .build()
}

pub(super) fn banner(settings: &Settings) -> ClientLoginBannerOptions {
    let text = Some(&settings.banner).filter(|banner| !banner.is_empty());
    ClientLoginBannerOptions::builder().enabled(text.is_some()).set_banner_text(text.cloned()).build()
}

pub(super) fn route_enforcement(settings: &Settings) -> ClientRouteEnforcementOptions {
    ClientRouteEnforcementOptions::builder().enforced(settings.route_enforcement).build()
}

/// Adds one setting to a change of the endpoint. One that AWS does not change is left out: the plan never asks for it.
pub(super) fn change(
    call: ModifyClientVpnEndpointFluentBuilder,
    setting: Setting,
    settings: &Settings,
) -> ModifyClientVpnEndpointFluentBuilder {
    match setting {
        Setting::Port => call.vpn_port(settings.port.into()),
        Setting::SplitTunnel => call.split_tunnel(settings.split_tunnel),
        // AWS takes the groups together with their VPC only.
        Setting::Vpc | Setting::SecurityGroups => call
            .set_vpc_id(settings.vpc.as_ref().map(ToString::to_string))
            .set_security_group_ids(Some(settings.security_groups.iter().map(ToString::to_string).collect())),
        Setting::DnsServers => call.dns_servers(
            DnsServersOptionsModifyStructure::builder()
                .enabled(!settings.dns_servers.is_empty())
                .set_custom_dns_servers(Some(settings.dns_servers.iter().map(ToString::to_string).collect()))
                .build(),
        ),
        Setting::Description => call.description(&settings.description),
        Setting::Banner => call.client_login_banner_options(banner(settings)),
        Setting::SessionHours => call.session_timeout_hours(settings.session_hours.into()),
        Setting::DisconnectOnSessionTimeout => {
            call.disconnect_on_session_timeout(settings.disconnect_on_session_timeout)
        }
        Setting::ConnectionLog => call.connection_log_options(connection_log(settings)),
        Setting::RouteEnforcement => call.client_route_enforcement_options(route_enforcement(settings)),
        Setting::ClientCidr
        | Setting::EndpointAddressType
        | Setting::TrafficAddressType
        | Setting::Transport
        | Setting::Authentication => call,
    }
}

pub(super) fn read(raw: &ClientVpnEndpoint) -> Result<Settings, CallError> {
    let transport = match ENDPOINTS.required("transport", raw.transport_protocol())?.as_str() {
        "udp" => Transport::Udp,
        "tcp" => Transport::Tcp,
        other => return Err(ENDPOINTS.unknown("transport", other)),
    };
    let banner = raw.client_login_banner_options().filter(|options| options.enabled() == Some(true));
    let number = |what, value: Option<i32>| ENDPOINTS.required(what, value).map(|number| number.to_string());
    let options = raw.authentication_options();
    Ok(Settings {
        client_cidr: raw
            .client_cidr_block()
            .filter(|cidr| !cidr.is_empty())
            .map(|cidr| ENDPOINTS.parse("client CIDR", Some(cidr)))
            .transpose()?,
        endpoint_address_type: address_type(raw.endpoint_ip_address_type().map(|kind| kind.as_str()))?,
        traffic_address_type: address_type(raw.traffic_ip_address_type().map(|kind| kind.as_str()))?,
        transport,
        certificates: options.iter().any(|option| option.mutual_authentication().is_some()),
        second_factor: options.iter().find_map(|option| second_factor(option).transpose()).transpose()?,
        port: ENDPOINTS.parse("port", Some(&number("port", raw.vpn_port())?))?,
        split_tunnel: raw.split_tunnel() == Some(true),
        vpc: raw.vpc_id().filter(|vpc| !vpc.is_empty()).map(|vpc| ENDPOINTS.parse("VPC", Some(vpc))).transpose()?,
        security_groups: ENDPOINTS.parse_all("security group", raw.security_group_ids())?,
        dns_servers: ENDPOINTS.parse_all("DNS server", raw.dns_servers())?,
        description: raw.description().unwrap_or_default().to_owned(),
        banner: banner.and_then(|options| options.banner_text()).unwrap_or_default().to_owned(),
        session_hours: ENDPOINTS
            .parse("session timeout", Some(&number("session timeout", raw.session_timeout_hours())?))?,
        disconnect_on_session_timeout: raw.disconnect_on_session_timeout() == Some(true),
        connection_log: read_log(raw)?,
        route_enforcement: raw.client_route_enforcement_options().and_then(|options| options.enforced()) == Some(true),
    })
}

/// Endpoints from before there was a choice say nothing, and are IPv4.
fn address_type(word: Option<&str>) -> Result<AddressType, CallError> {
    match word {
        None | Some("ipv4") => Ok(AddressType::Ipv4),
        Some("ipv6") => Ok(AddressType::Ipv6),
        Some("dual-stack") => Ok(AddressType::DualStack),
        Some(other) => Err(ENDPOINTS.unknown("address type", other)),
    }
}

fn second_factor(option: &ClientVpnAuthentication) -> Result<Option<SecondFactor>, CallError> {
    if let Some(directory) = option.active_directory() {
        return ENDPOINTS.parse("directory", directory.directory_id()).map(SecondFactor::Directory).map(Some);
    }
    let Some(saml) = option.federated_authentication() else {
        return Ok(None);
    };
    let self_service = saml.self_service_saml_provider_arn().filter(|arn| !arn.is_empty());
    Ok(Some(SecondFactor::Saml {
        provider: ENDPOINTS.parse("SAML provider", saml.saml_provider_arn())?,
        self_service: self_service.map(|arn| ENDPOINTS.parse("SAML provider", Some(arn))).transpose()?,
    }))
}

fn read_log(raw: &ClientVpnEndpoint) -> Result<Option<ConnectionLog>, CallError> {
    let Some(options) = raw.connection_log_options().filter(|options| options.enabled() == Some(true)) else {
        return Ok(None);
    };
    let group = ENDPOINTS.required("log group", options.cloudwatch_log_group())?.to_owned();
    let stream = options.cloudwatch_log_stream().filter(|stream| !stream.is_empty()).map(str::to_owned);
    Ok(Some(ConnectionLog { group, stream }))
}
