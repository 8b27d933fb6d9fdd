//! `AssociateClientVpnTargetNetwork`, `DisassociateClientVpnTargetNetwork`,
//! `ApplySecurityGroupsToClientVpnTargetNetwork` and `DescribeClientVpnTargetNetworks`.

use serde::Serialize;

use super::form::Form;
use super::listing::Listing;
use super::xml::{Items, Status};
use crate::cloud::{Association, AssociationStatus, Cloud, Moment, Refusal};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Changed {
    association_id: String,
    status: Status,
}

/// Associates a subnet.
pub(super) fn associate(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Changed, Refusal> {
    let id = form.once("AssociateClientVpnTargetNetwork", cloud, |cloud, form| {
        let endpoint = form.take_required("ClientVpnEndpointId")?;
        let subnet = form.take_required("SubnetId")?;
        form.finish()?;
        Ok(cloud.associate(&endpoint, &subnet, moment)?.to_string())
    })?;
    Ok(Changed { association_id: id, status: Status { code: AssociationStatus::Associating.as_str() } })
}

/// Begins the end of an association.
pub(super) fn disassociate(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Changed, Refusal> {
    let endpoint = form.take_required("ClientVpnEndpointId")?;
    let association_id = form.take_required("AssociationId")?;
    form.finish()?;
    cloud.disassociate(&endpoint, &association_id, moment)?;
    Ok(Changed { association_id, status: Status { code: AssociationStatus::Disassociating.as_str() } })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Applied {
    security_group_ids: Items<String>,
}

/// Replaces the security groups of an endpoint.
pub(super) fn apply_security_groups(cloud: &mut Cloud, form: &mut Form, _: &Moment) -> Result<Applied, Refusal> {
    let endpoint = form.take_required("ClientVpnEndpointId")?;
    let vpc = form.take_required("VpcId")?;
    let groups = form.take_list("SecurityGroupId");
    form.finish()?;
    let groups = cloud.apply_security_groups(&endpoint, &vpc, groups)?;
    Ok(Applied { security_group_ids: groups.iter().cloned().collect() })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    client_vpn_target_networks: Items<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    association_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_id: Option<String>,
    target_network_id: String,
    client_vpn_endpoint_id: String,
    status: Status,
    security_groups: Items<String>,
}

/// Lists the target networks of an endpoint.
pub(super) fn describe(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Described, Refusal> {
    let endpoint = form.take_required("ClientVpnEndpointId")?;
    let ids = form.take_list("AssociationIds");
    let listing = Listing::take(form, &["association-id", "target-network-id", "vpc-id"])?;
    form.finish()?;
    let endpoint = cloud.endpoint(&endpoint)?;
    for id in &ids {
        endpoint.association(id)?;
    }
    let chosen =
        endpoint.associations.iter().filter(|known| ids.is_empty() || ids.iter().any(|id| id == known.id.as_str()));
    let (page, next_token) = listing.of(chosen, |association, name| match name {
        "association-id" => vec![association.id.to_string()],
        "target-network-id" => vec![association.subnet.to_string()],
        _ => endpoint.vpc.iter().cloned().collect(),
    });
    let item = |association: &Association| Item {
        association_id: association.id.to_string(),
        vpc_id: endpoint.vpc.clone(),
        target_network_id: association.subnet.to_string(),
        client_vpn_endpoint_id: endpoint.id.to_string(),
        status: Status { code: association.status(moment.now, &cloud.timings).as_str() },
        security_groups: endpoint.security_groups.clone().into(),
    };
    Ok(Described { client_vpn_target_networks: page.into_iter().map(item).collect(), next_token })
}
