//! Target network associations, authorization rules and routes.

use std::collections::BTreeSet;

use aws_sdk_ec2::{
    Client,
    types::{AssociationStatus, AuthorizationRule, ClientVpnRoute, TargetNetwork},
};

use super::{error::call_error, read::Answer};
use crate::{
    config::RouteTarget,
    deploy::{
        cloud::{CallError, Parts},
        id::{AssociationId, EndpointId},
        part::{Kind, Part, PartState, Route, Rule, Status},
    },
    ledger::ClientToken,
};

/// The endpoint's parts of these kinds.
pub(super) async fn find(client: &Client, endpoint: &EndpointId, kinds: &BTreeSet<Kind>) -> Result<Parts, CallError> {
    let wanted = |kind| kinds.contains(&kind);
    let (associations, rules, routes) = futures::try_join!(
        async { if wanted(Kind::Association) { associations(client, endpoint).await } else { Ok(Vec::new()) } },
        async { if wanted(Kind::Rule) { rules(client, endpoint).await } else { Ok(Vec::new()) } },
        async { if wanted(Kind::Route) { routes(client, endpoint).await } else { Ok(Vec::new()) } },
    )?;
    Ok(associations.into_iter().chain(rules).chain(routes).collect())
}

/// Begins to make a part; answers with the id of an association.
pub(super) async fn make(
    client: &Client,
    endpoint: &EndpointId,
    part: &Part,
    description: &str,
    token: &ClientToken,
) -> Result<Option<AssociationId>, CallError> {
    let description = (!description.is_empty()).then(|| description.to_owned());
    match part {
        Part::Association(subnet) => {
            let answer = client
                .associate_client_vpn_target_network()
                .client_vpn_endpoint_id(endpoint.as_str())
                .subnet_id(subnet.as_str())
                .client_token(token.as_str())
                .send()
                .await
                .map_err(|error| call_error(ASSOCIATE.0, error))?;
            Ok(Some(AssociationId::new(ASSOCIATE.required("association id", answer.association_id())?)))
        }
        Part::Rule(Rule { network, group }) => {
            client
                .authorize_client_vpn_ingress()
                .client_vpn_endpoint_id(endpoint.as_str())
                .target_network_cidr(network.to_string())
                .set_access_group_id(group.as_ref().map(ToString::to_string))
                .set_authorize_all_groups(group.is_none().then_some(true))
                .set_description(description)
                .client_token(token.as_str())
                .send()
                .await
                .map_err(|error| call_error("AuthorizeClientVpnIngress", error))?;
            Ok(None)
        }
        Part::Route(Route { destination, target }) => {
            client
                .create_client_vpn_route()
                .client_vpn_endpoint_id(endpoint.as_str())
                .destination_cidr_block(destination.to_string())
                .target_vpc_subnet_id(target.to_string())
                .set_description(description)
                .client_token(token.as_str())
                .send()
                .await
                .map_err(|error| call_error("CreateClientVpnRoute", error))?;
            Ok(None)
        }
    }
}

/// Begins to take a part away.
pub(super) async fn remove(
    client: &Client,
    endpoint: &EndpointId,
    part: &Part,
    state: &PartState,
) -> Result<(), CallError> {
    match part {
        Part::Association(_) => client
            .disassociate_client_vpn_target_network()
            .client_vpn_endpoint_id(endpoint.as_str())
            .set_association_id(state.association.as_ref().map(ToString::to_string))
            .send()
            .await
            .map(drop)
            .map_err(|error| call_error("DisassociateClientVpnTargetNetwork", error)),
        Part::Rule(Rule { network, group }) => client
            .revoke_client_vpn_ingress()
            .client_vpn_endpoint_id(endpoint.as_str())
            .target_network_cidr(network.to_string())
            .set_access_group_id(group.as_ref().map(ToString::to_string))
            .set_revoke_all_groups(group.is_none().then_some(true))
            .send()
            .await
            .map(drop)
            .map_err(|error| call_error("RevokeClientVpnIngress", error)),
        Part::Route(Route { destination, target }) => client
            .delete_client_vpn_route()
            .client_vpn_endpoint_id(endpoint.as_str())
            .destination_cidr_block(destination.to_string())
            .target_vpc_subnet_id(target.to_string())
            .send()
            .await
            .map(drop)
            .map_err(|error| call_error("DeleteClientVpnRoute", error)),
    }
}

type Listed = Vec<(Part, PartState)>;

async fn associations(client: &Client, endpoint: &EndpointId) -> Result<Listed, CallError> {
    let call = client.describe_client_vpn_target_networks().client_vpn_endpoint_id(endpoint.as_str());
    let mut pages = call.into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(raw) = pages.next().await {
        found.extend(read_association(&raw.map_err(|error| call_error(NETWORKS.0, error))?)?);
    }
    Ok(found)
}

async fn rules(client: &Client, endpoint: &EndpointId) -> Result<Listed, CallError> {
    let call = client.describe_client_vpn_authorization_rules().client_vpn_endpoint_id(endpoint.as_str());
    let mut pages = call.into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(raw) = pages.next().await {
        found.push(read_rule(&raw.map_err(|error| call_error(RULES.0, error))?)?);
    }
    Ok(found)
}

async fn routes(client: &Client, endpoint: &EndpointId) -> Result<Listed, CallError> {
    let call = client.describe_client_vpn_routes().client_vpn_endpoint_id(endpoint.as_str());
    let mut pages = call.into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(raw) = pages.next().await {
        found.extend(read_route(&raw.map_err(|error| call_error(ROUTES.0, error))?)?);
    }
    Ok(found)
}

/// `None` for one that is gone.
fn read_association(raw: &TargetNetwork) -> Result<Option<(Part, PartState)>, CallError> {
    let subnet = NETWORKS.parse("subnet", raw.target_network_id())?;
    let id = AssociationId::new(NETWORKS.required("association id", raw.association_id())?);
    let code = NETWORKS.required("association status", raw.status().and_then(AssociationStatus::code))?;
    let status = match code.as_str() {
        "associating" => Status::Coming,
        "associated" => Status::There,
        "association-failed" => failed(raw.status().and_then(|status| status.message())),
        "disassociating" => Status::Going,
        "disassociated" => return Ok(None),
        other => return Err(NETWORKS.unknown("association status", other)),
    };
    Ok(Some((Part::Association(subnet), PartState { status, description: String::new(), association: Some(id) })))
}

fn read_rule(raw: &AuthorizationRule) -> Result<(Part, PartState), CallError> {
    let group = raw.group_id().filter(|group| !group.is_empty() && raw.access_all() != Some(true));
    let rule = Rule {
        network: RULES.parse("network", raw.destination_cidr())?,
        group: group.map(|group| RULES.parse("group", Some(group))).transpose()?,
    };
    let code = RULES.required("rule status", raw.status().and_then(|status| status.code()))?;
    let status = match code.as_str() {
        "authorizing" => Status::Coming,
        "active" => Status::There,
        "failed" => failed(raw.status().and_then(|status| status.message())),
        "revoking" => Status::Going,
        other => return Err(RULES.unknown("rule status", other)),
    };
    let description = raw.description().unwrap_or_default().to_owned();
    Ok((Part::Rule(rule), PartState { status, description, association: None }))
}

/// `None` for one that came with an association and goes with it.
fn read_route(raw: &ClientVpnRoute) -> Result<Option<(Part, PartState)>, CallError> {
    if raw.origin() == Some("associate") {
        return Ok(None);
    }
    let target = match ROUTES.required("target", raw.target_subnet())? {
        "local" => RouteTarget::Local,
        subnet => RouteTarget::Subnet(ROUTES.parse("subnet", Some(subnet))?),
    };
    let route = Route { destination: ROUTES.parse("destination", raw.destination_cidr())?, target };
    let code = ROUTES.required("route status", raw.status().and_then(|status| status.code()))?;
    let status = match code.as_str() {
        "creating" => Status::Coming,
        "active" => Status::There,
        "failed" => failed(raw.status().and_then(|status| status.message())),
        "deleting" => Status::Going,
        other => return Err(ROUTES.unknown("route status", other)),
    };
    let description = raw.description().unwrap_or_default().to_owned();
    Ok(Some((Part::Route(route), PartState { status, description, association: None })))
}

fn failed(message: Option<&str>) -> Status {
    Status::Failed { message: message.unwrap_or("no reason given").to_owned() }
}

const ASSOCIATE: Answer = Answer("AssociateClientVpnTargetNetwork");
const NETWORKS: Answer = Answer("DescribeClientVpnTargetNetworks");
const RULES: Answer = Answer("DescribeClientVpnAuthorizationRules");
const ROUTES: Answer = Answer("DescribeClientVpnRoutes");
