//! The Client VPN endpoint itself: found, created, changed, deleted; its CRL and its client configuration.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::{
    Client,
    types::{
        ClientCertificateRevocationListStatusCode as CrlCode, ClientVpnEndpoint, Filter, ResourceType, Tag,
        TagSpecification,
    },
};

use super::{
    error::{call_error, has_code},
    read::Answer,
    settings,
};
use crate::{
    config::DeploymentName,
    deploy::{
        cloud::{CallError, NewEndpoint},
        id::{CertificateArn, EndpointId},
        observed::{Endpoint, EndpointStatus, FoundCrl},
        setting::{Setting, Settings},
        tags::{self, Tags},
    },
    ledger::ClientToken,
    pki::crl::Crl,
};

/// The endpoints of a deployment.
pub(super) struct Endpoints {
    /// Those that exist, the oldest first, without their parts.
    pub(super) live: Vec<Endpoint>,
    /// Those that are being deleted.
    pub(super) deleting: BTreeSet<EndpointId>,
}

/// The endpoints that are tagged as `deployment`'s.
pub(super) async fn find(client: &Client, deployment: &DeploymentName) -> Result<Endpoints, CallError> {
    let filter = Filter::builder().name(format!("tag:{}", tags::DEPLOYMENT)).values(deployment.as_str()).build();
    let mut pages = client.describe_client_vpn_endpoints().filters(filter).into_paginator().items().send();
    let mut live = Vec::new();
    let mut deleting = BTreeSet::new();
    while let Some(raw) = pages.next().await {
        let raw = raw.map_err(|error| call_error(ENDPOINTS.0, error))?;
        let id = EndpointId::new(ENDPOINTS.required("endpoint id", raw.client_vpn_endpoint_id())?);
        match life(&raw)? {
            Life::There(status) => live.push((raw.creation_time().map(str::to_owned), read(&raw, id, status)?)),
            Life::Deleting => drop(deleting.insert(id)),
            Life::Deleted => {}
        }
    }
    live.sort_by(|(a, first), (b, second)| (a, &first.id).cmp(&(b, &second.id)));
    Ok(Endpoints { live: live.into_iter().map(|(_, endpoint)| endpoint).collect(), deleting })
}

/// Whether it is gone.
pub(super) async fn is_gone(client: &Client, endpoint: &EndpointId) -> Result<bool, CallError> {
    let sent = client.describe_client_vpn_endpoints().client_vpn_endpoint_ids(endpoint.as_str()).send().await;
    match sent.map_err(|error| call_error(ENDPOINTS.0, error)) {
        Ok(answer) => match answer.client_vpn_endpoints().first() {
            None => Ok(true),
            Some(raw) => Ok(matches!(life(raw)?, Life::Deleted)),
        },
        Err(error) if has_code(&error, &["InvalidClientVpnEndpointId.NotFound"]) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Its CRL.
pub(super) async fn crl(client: &Client, endpoint: &EndpointId) -> Result<FoundCrl, CallError> {
    let answer = client
        .export_client_vpn_client_certificate_revocation_list()
        .client_vpn_endpoint_id(endpoint.as_str())
        .send()
        .await
        .map_err(|error| call_error(EXPORT_CRL.0, error))?;
    let is_active = match answer.status().and_then(|status| status.code()) {
        Some(CrlCode::Pending) => false,
        None | Some(CrlCode::Active) => true,
        Some(other) => return Err(EXPORT_CRL.unknown("CRL status", other.as_str())),
    };
    let crl = match answer.certificate_revocation_list().map(str::trim) {
        None | Some("") => None,
        Some(pem) => Some(Crl::from_pem(pem).map_err(|_| EXPORT_CRL.unknown("CRL", "(unreadable)"))?),
    };
    Ok(FoundCrl { crl, is_active })
}

/// Creates it. Everything that has a default is sent nevertheless: AWS has changed defaults before.
pub(super) async fn create(
    client: &Client,
    new: &NewEndpoint,
    token: &ClientToken,
) -> Result<(EndpointId, String), CallError> {
    let NewEndpoint { settings, tags, server, anchor } = new;
    let some = |items: Vec<String>| (!items.is_empty()).then_some(items);
    let answer = client
        .create_client_vpn_endpoint()
        .client_token(token.as_str())
        .set_client_cidr_block(settings.client_cidr.map(|cidr| cidr.to_string()))
        .endpoint_ip_address_type(settings::endpoint_address_type(settings.endpoint_address_type))
        .traffic_ip_address_type(settings::traffic_address_type(settings.traffic_address_type))
        .server_certificate_arn(server.as_str())
        .set_authentication_options(Some(settings::authentication(settings, anchor)))
        .connection_log_options(settings::connection_log(settings))
        .transport_protocol(settings::transport(settings.transport))
        .vpn_port(settings.port.into())
        .split_tunnel(settings.split_tunnel)
        .set_vpc_id(settings.vpc.as_ref().map(ToString::to_string))
        .set_security_group_ids(some(settings.security_groups.iter().map(ToString::to_string).collect()))
        .set_dns_servers(some(settings.dns_servers.iter().map(ToString::to_string).collect()))
        .set_description((!settings.description.is_empty()).then(|| settings.description.clone()))
        .client_login_banner_options(settings::banner(settings))
        .session_timeout_hours(settings.session_hours.into())
        .disconnect_on_session_timeout(settings.disconnect_on_session_timeout)
        .client_route_enforcement_options(settings::route_enforcement(settings))
        .tag_specifications(
            TagSpecification::builder()
                .resource_type(ResourceType::ClientVpnEndpoint)
                .set_tags(Some(raw_tags(tags)))
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

/// Sets the named ones of `settings`.
pub(super) async fn modify(
    client: &Client,
    endpoint: &EndpointId,
    settings: &Settings,
    changed: &BTreeSet<Setting>,
) -> Result<(), CallError> {
    let call = client.modify_client_vpn_endpoint().client_vpn_endpoint_id(endpoint.as_str());
    let call = changed.iter().fold(call, |call, setting| settings::change(call, *setting, settings));
    call.send().await.map(drop).map_err(|error| call_error(MODIFY, error))
}

pub(super) async fn exchange_server(
    client: &Client,
    endpoint: &EndpointId,
    server: &CertificateArn,
) -> Result<(), CallError> {
    let call = client.modify_client_vpn_endpoint().client_vpn_endpoint_id(endpoint.as_str());
    let call = call.server_certificate_arn(server.as_str());
    call.send().await.map(drop).map_err(|error| call_error(MODIFY, error))
}

pub(super) async fn tag(client: &Client, endpoint: &EndpointId, tags: &Tags) -> Result<(), CallError> {
    let call = client.create_tags().resources(endpoint.as_str()).set_tags(Some(raw_tags(tags)));
    call.send().await.map(drop).map_err(|error| call_error("CreateTags", error))
}

pub(super) async fn delete(client: &Client, endpoint: &EndpointId) -> Result<(), CallError> {
    let call = client.delete_client_vpn_endpoint().client_vpn_endpoint_id(endpoint.as_str());
    call.send().await.map(drop).map_err(|error| call_error("DeleteClientVpnEndpoint", error))
}

pub(super) async fn import_crl(client: &Client, endpoint: &EndpointId, pem: &str) -> Result<(), CallError> {
    client
        .import_client_vpn_client_certificate_revocation_list()
        .client_vpn_endpoint_id(endpoint.as_str())
        .certificate_revocation_list(pem)
        .send()
        .await
        .map(drop)
        .map_err(|error| call_error("ImportClientVpnClientCertificateRevocationList", error))
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

enum Life {
    There(EndpointStatus),
    Deleting,
    Deleted,
}

fn life(raw: &ClientVpnEndpoint) -> Result<Life, CallError> {
    let status = ENDPOINTS.required("status", raw.status().and_then(|status| status.code()))?;
    match status.as_str() {
        "pending-associate" => Ok(Life::There(EndpointStatus::PendingAssociate)),
        "available" => Ok(Life::There(EndpointStatus::Available)),
        "pending" => Ok(Life::There(EndpointStatus::Pending)),
        "deleting" => Ok(Life::Deleting),
        "deleted" => Ok(Life::Deleted),
        other => Err(ENDPOINTS.unknown("endpoint status", other)),
    }
}

fn read(raw: &ClientVpnEndpoint, id: EndpointId, status: EndpointStatus) -> Result<Endpoint, CallError> {
    let mut mutual = raw.authentication_options().iter().filter_map(|option| option.mutual_authentication());
    let anchor = mutual.find_map(|mutual| mutual.client_root_certificate_chain());
    let tag = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    Ok(Endpoint {
        id,
        dns_name: raw.dns_name().unwrap_or_default().to_owned(),
        status,
        listed: true,
        settings: settings::read(raw)?,
        tags: raw.tags().iter().filter_map(tag).collect(),
        server: CertificateArn::new(ENDPOINTS.required("server certificate", raw.server_certificate_arn())?),
        anchor: anchor.map(CertificateArn::new),
        parts: BTreeMap::new(),
        crl: None,
        crl_is_active: false,
    })
}

fn raw_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

pub(super) const ENDPOINTS: Answer = Answer("DescribeClientVpnEndpoints");
const CREATE: Answer = Answer("CreateClientVpnEndpoint");
const MODIFY: &str = "ModifyClientVpnEndpoint";
const EXPORT: Answer = Answer("ExportClientVpnClientConfiguration");
const EXPORT_CRL: Answer = Answer("ExportClientVpnClientCertificateRevocationList");
