//! `AssociateClientVpnTargetNetwork` and `DescribeClientVpnTargetNetworks`.

use serde::Serialize;

use super::form::Form;
use super::listing::Listing;
use super::xml::{Items, Status};
use crate::cloud::{Association, Cloud, Moment, Refusal};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Associated {
    association_id: String,
    status: Status,
}

/// Associates a subnet.
pub(super) fn associate(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Associated, Refusal> {
    let id = form.once("AssociateClientVpnTargetNetwork", cloud, |cloud, form| {
        let endpoint = form.take_required("ClientVpnEndpointId")?;
        let subnet = form.take_required("SubnetId")?;
        form.finish()?;
        Ok(cloud.associate(&endpoint, &subnet, moment)?.to_string())
    })?;
    Ok(Associated { association_id: id, status: Status { code: "associating" } })
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
    if let Some(unknown) = ids.iter().find(|id| endpoint.associations.iter().all(|known| known.id.as_str() != *id)) {
        return Err(Refusal::new(
            "InvalidClientVpnAssociationIdNotFound",
            format!("The specified association '{unknown}' does not exist"),
        ));
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
