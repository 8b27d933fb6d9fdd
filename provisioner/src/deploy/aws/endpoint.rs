//! The Client VPN endpoint and its parts.

use std::collections::BTreeMap;

use aws_sdk_ec2::{
    Client,
    types::{
        AssociationStatus as RawAssociationStatus, AuthorizationRule, CertificateAuthenticationRequest,
        ClientLoginBannerOptions, ClientVpnAuthenticationRequest, ClientVpnAuthenticationType, ClientVpnEndpoint,
        ConnectionLogOptions, Filter, ResourceType, Tag, TagSpecification, TargetNetwork, TransportProtocol,
    },
};
use ipnet::{IpNet, Ipv4Net};

use super::{TAG_DEPLOYMENT, TAG_ROLE, error::call_error, read::Answer};
use crate::{
    config::{DeploymentName, SubnetId, Transport},
    deploy::{
        cloud::{CallError, NewEndpoint, Parts},
        desired::Settings,
        id::{AssociationId, CertificateArn, EndpointId},
        observed::{Association, AssociationStatus, Endpoint, RuleStatus},
    },
    ledger::ClientToken,
    pki::crl::Crl,
};

/// The deployment's endpoint, without its parts.
pub(super) async fn find(client: &Client, deployment: &DeploymentName) -> Result<Option<Endpoint>, CallError> {
    let filter = Filter::builder().name(format!("tag:{TAG_DEPLOYMENT}")).values(deployment.as_str()).build();
    let mut pages = client.describe_client_vpn_endpoints().filters(filter).into_paginator().items().send();
    let mut endpoints = Vec::new();
    while let Some(raw) = pages.next().await {
        endpoints.extend(read_endpoint(&raw.map_err(|error| call_error(ENDPOINTS.0, error))?)?);
    }
    if endpoints.len() > 1 {
        return Err(CallError::SeveralEndpoints(endpoints.iter().map(|endpoint| endpoint.id.to_string()).collect()));
    }
    Ok(endpoints.pop())
}

/// Its target networks and rules.
pub(super) async fn parts(client: &Client, endpoint: &EndpointId) -> Result<Parts, CallError> {
    futures::try_join!(associations(client, endpoint), rules(client, endpoint))
}

/// Its CRL, `None` before one was imported.
pub(super) async fn crl(client: &Client, endpoint: &EndpointId) -> Result<Option<Crl>, CallError> {
    let answer = client
        .export_client_vpn_client_certificate_revocation_list()
        .client_vpn_endpoint_id(endpoint.as_str())
        .send()
        .await
        .map_err(|error| call_error(EXPORT_CRL.0, error))?;
    match answer.certificate_revocation_list().map(str::trim) {
        None | Some("") => Ok(None),
        Some(pem) => Crl::from_pem(pem).map(Some).map_err(|_| EXPORT_CRL.unknown("CRL", "(unreadable)")),
    }
}

/// Creates it. Everything that has a default is sent nevertheless: AWS has changed defaults before.
pub(super) async fn create(
    client: &Client,
    new: &NewEndpoint,
    token: &ClientToken,
) -> Result<(EndpointId, String), CallError> {
    let NewEndpoint { deployment, settings, server, anchor } = new;
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    let authentication = ClientVpnAuthenticationRequest::builder()
        .r#type(ClientVpnAuthenticationType::CertificateAuthentication)
        .mutual_authentication(
            CertificateAuthenticationRequest::builder().client_root_certificate_chain_arn(anchor.as_str()).build(),
        )
        .build();
    let banner = ClientLoginBannerOptions::builder()
        .enabled(!settings.banner.is_empty())
        .set_banner_text((!settings.banner.is_empty()).then(|| settings.banner.clone()))
        .build();
    let some = |items: Vec<String>| (!items.is_empty()).then_some(items);
    let answer = client
        .create_client_vpn_endpoint()
        .client_token(token.as_str())
        .set_client_cidr_block(settings.client_cidr.map(|cidr| cidr.to_string()))
        .server_certificate_arn(server.as_str())
        .authentication_options(authentication)
        .connection_log_options(ConnectionLogOptions::builder().enabled(settings.connection_log).build())
        .transport_protocol(match settings.transport {
            Transport::Udp => TransportProtocol::Udp,
            Transport::Tcp => TransportProtocol::Tcp,
        })
        .vpn_port(settings.port.into())
        .split_tunnel(settings.split_tunnel)
        .set_vpc_id(settings.vpc.as_ref().map(ToString::to_string))
        .set_security_group_ids(some(settings.security_groups.iter().map(ToString::to_string).collect()))
        .set_dns_servers(some(settings.dns_servers.iter().map(ToString::to_string).collect()))
        .set_description((!settings.description.is_empty()).then(|| settings.description.clone()))
        .client_login_banner_options(banner)
        .session_timeout_hours(settings.session_hours.into())
        .disconnect_on_session_timeout(settings.disconnect_on_session_timeout)
        .tag_specifications(
            TagSpecification::builder()
                .resource_type(ResourceType::ClientVpnEndpoint)
                .tags(tag(TAG_DEPLOYMENT, deployment.as_str()))
                .tags(tag(TAG_ROLE, "endpoint"))
                .tags(tag("Name", &format!("latchkey-{deployment}")))
                .build(),
        )
        .send()
        .await
        .map_err(|error| call_error(CREATE.0, error))?;
    Ok((
        EndpointId::new(CREATE.required("endpoint id", answer.client_vpn_endpoint_id())?),
        answer.dns_name().unwrap_or_default().to_owned(),
    ))
}

pub(super) async fn associate(
    client: &Client,
    endpoint: &EndpointId,
    subnet: &SubnetId,
    token: &ClientToken,
) -> Result<AssociationId, CallError> {
    let answer = client
        .associate_client_vpn_target_network()
        .client_vpn_endpoint_id(endpoint.as_str())
        .subnet_id(subnet.as_str())
        .client_token(token.as_str())
        .send()
        .await
        .map_err(|error| call_error(ASSOCIATE.0, error))?;
    Ok(AssociationId::new(ASSOCIATE.required("association id", answer.association_id())?))
}

pub(super) async fn authorize(
    client: &Client,
    endpoint: &EndpointId,
    cidr: Ipv4Net,
    token: &ClientToken,
) -> Result<(), CallError> {
    client
        .authorize_client_vpn_ingress()
        .client_vpn_endpoint_id(endpoint.as_str())
        .target_network_cidr(cidr.to_string())
        .authorize_all_groups(true)
        .client_token(token.as_str())
        .send()
        .await
        .map_err(|error| call_error("AuthorizeClientVpnIngress", error))?;
    Ok(())
}

pub(super) async fn import_crl(client: &Client, endpoint: &EndpointId, pem: &str) -> Result<(), CallError> {
    client
        .import_client_vpn_client_certificate_revocation_list()
        .client_vpn_endpoint_id(endpoint.as_str())
        .certificate_revocation_list(pem)
        .send()
        .await
        .map_err(|error| call_error("ImportClientVpnClientCertificateRevocationList", error))?;
    Ok(())
}

pub(super) async fn export_configuration(client: &Client, endpoint: &EndpointId) -> Result<String, CallError> {
    let answer = client
        .export_client_vpn_client_configuration()
        .client_vpn_endpoint_id(endpoint.as_str())
        .send()
        .await
        .map_err(|error| call_error(EXPORT.0, error))?;
    Ok(EXPORT.required("client configuration", answer.client_configuration())?.to_owned())
}

async fn associations(client: &Client, endpoint: &EndpointId) -> Result<BTreeMap<SubnetId, Association>, CallError> {
    let mut pages = client
        .describe_client_vpn_target_networks()
        .client_vpn_endpoint_id(endpoint.as_str())
        .into_paginator()
        .items()
        .send();
    let mut associations = BTreeMap::new();
    while let Some(raw) = pages.next().await {
        associations.extend(read_association(&raw.map_err(|error| call_error(NETWORKS.0, error))?)?);
    }
    Ok(associations)
}

async fn rules(client: &Client, endpoint: &EndpointId) -> Result<BTreeMap<IpNet, RuleStatus>, CallError> {
    let mut pages = client
        .describe_client_vpn_authorization_rules()
        .client_vpn_endpoint_id(endpoint.as_str())
        .into_paginator()
        .items()
        .send();
    let mut rules = BTreeMap::new();
    while let Some(raw) = pages.next().await {
        rules.extend(read_rule(&raw.map_err(|error| call_error(RULES.0, error))?)?);
    }
    Ok(rules)
}

/// `None` for one that is being or has been deleted.
fn read_endpoint(raw: &ClientVpnEndpoint) -> Result<Option<Endpoint>, CallError> {
    let status = ENDPOINTS.required("status", raw.status().and_then(|status| status.code()))?;
    let usable = match status.as_str() {
        "pending-associate" | "available" => true,
        "pending" => false,
        "deleting" | "deleted" => return Ok(None),
        other => return Err(ENDPOINTS.unknown("endpoint status", other)),
    };
    let anchor = match raw.authentication_options() {
        [only] => only.mutual_authentication().and_then(|mutual| mutual.client_root_certificate_chain()),
        _ => None,
    };
    Ok(Some(Endpoint {
        id: EndpointId::new(ENDPOINTS.required("endpoint id", raw.client_vpn_endpoint_id())?),
        dns_name: raw.dns_name().unwrap_or_default().to_owned(),
        usable,
        settings: read_settings(raw)?,
        server: CertificateArn::new(ENDPOINTS.required("server certificate", raw.server_certificate_arn())?),
        anchor: anchor.map(CertificateArn::new),
        associations: BTreeMap::new(),
        rules: BTreeMap::new(),
        crl: None,
    }))
}

fn read_settings(raw: &ClientVpnEndpoint) -> Result<Settings, CallError> {
    let transport = match ENDPOINTS.required("transport", raw.transport_protocol())?.as_str() {
        "udp" => Transport::Udp,
        "tcp" => Transport::Tcp,
        other => return Err(ENDPOINTS.unknown("transport", other)),
    };
    let banner = raw.client_login_banner_options().filter(|options| options.enabled() == Some(true));
    let number = |what, value: Option<i32>| ENDPOINTS.required(what, value).map(|number| number.to_string());
    Ok(Settings {
        client_cidr: raw
            .client_cidr_block()
            .filter(|cidr| !cidr.is_empty())
            .map(|cidr| ENDPOINTS.parse("client CIDR", Some(cidr)))
            .transpose()?,
        transport,
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
        connection_log: raw.connection_log_options().and_then(|options| options.enabled()) == Some(true),
    })
}

/// `None` for one that is gone.
fn read_association(raw: &TargetNetwork) -> Result<Option<(SubnetId, Association)>, CallError> {
    let subnet = NETWORKS.parse("subnet", raw.target_network_id())?;
    let id = AssociationId::new(NETWORKS.required("association id", raw.association_id())?);
    let code = NETWORKS.required("association status", raw.status().and_then(RawAssociationStatus::code))?;
    let status = match code.as_str() {
        "associating" => AssociationStatus::Associating,
        "associated" => AssociationStatus::Associated,
        "association-failed" => AssociationStatus::Failed {
            message: raw.status().and_then(|status| status.message()).unwrap_or("no reason given").to_owned(),
        },
        "disassociating" => AssociationStatus::Disassociating,
        "disassociated" => return Ok(None),
        other => return Err(NETWORKS.unknown("association status", other)),
    };
    Ok(Some((subnet, Association { id, status })))
}

/// `None` for a rule of a group: clients with certificates are in none.
fn read_rule(raw: &AuthorizationRule) -> Result<Option<(IpNet, RuleStatus)>, CallError> {
    if raw.access_all() != Some(true) {
        return Ok(None);
    }
    let cidr = RULES.parse("network", raw.destination_cidr())?;
    let code = RULES.required("rule status", raw.status().and_then(|status| status.code()))?;
    let status = match code.as_str() {
        "authorizing" => RuleStatus::Authorizing,
        "active" => RuleStatus::Active,
        "failed" => RuleStatus::Failed {
            message: raw.status().and_then(|status| status.message()).unwrap_or("no reason given").to_owned(),
        },
        "revoking" => RuleStatus::Revoking,
        other => return Err(RULES.unknown("rule status", other)),
    };
    Ok(Some((cidr, status)))
}

const ENDPOINTS: Answer = Answer("DescribeClientVpnEndpoints");
const NETWORKS: Answer = Answer("DescribeClientVpnTargetNetworks");
const RULES: Answer = Answer("DescribeClientVpnAuthorizationRules");
const CREATE: Answer = Answer("CreateClientVpnEndpoint");
const ASSOCIATE: Answer = Answer("AssociateClientVpnTargetNetwork");
const EXPORT: Answer = Answer("ExportClientVpnClientConfiguration");
const EXPORT_CRL: Answer = Answer("ExportClientVpnClientCertificateRevocationList");
