//! `DescribeVpcPeeringConnections`: what joins the private networks. There is one peering at most, and it is active.

use serde::Serialize;

use super::form::Form;
use super::listing::{Listing, tag_values};
use super::vpc::check_ids;
use super::xml::{Items, Tag, tag_set};
use crate::cloud::{Cloud, Moment, Refusal};
use crate::world::{Peering, Vpc};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Peerings {
    vpc_peering_connection_set: Items<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    accepter_vpc_info: Side,
    requester_vpc_info: Side,
    status: Status,
    tag_set: Items<Tag>,
    vpc_peering_connection_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Side {
    cidr_block: String,
    cidr_block_set: Items<Block>,
    owner_id: String,
    peering_options: PeeringOptions,
    vpc_id: String,
    region: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    cidr_block: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PeeringOptions {
    allow_dns_resolution_from_remote_vpc: bool,
}

#[derive(Serialize)]
struct Status {
    code: &'static str,
    message: &'static str,
}

/// Lists peerings of VPCs.
pub(super) fn describe(cloud: &mut Cloud, form: &mut Form, _: &Moment) -> Result<Peerings, Refusal> {
    let ids = form.take_list("VpcPeeringConnectionId");
    let listing = Listing::take(
        form,
        &[
            "accepter-vpc-info.cidr-block",
            "accepter-vpc-info.owner-id",
            "accepter-vpc-info.vpc-id",
            "requester-vpc-info.cidr-block",
            "requester-vpc-info.owner-id",
            "requester-vpc-info.vpc-id",
            "status-code",
            "vpc-peering-connection-id",
            "tag-key",
            "tag:",
        ],
    )?;
    form.finish()?;
    let world = &cloud.world;
    let known: Vec<_> = world.peering.iter().map(|peering| peering.id.as_str()).collect();
    check_ids(&ids, &known, "InvalidVpcPeeringConnectionID.NotFound", "vpcPeeringConnection ID")?;
    let (page, next_token) = listing.of(&world.peering, |peering, name| match name {
        "accepter-vpc-info.cidr-block" => vec![world.other_vpc.cidr.to_string()],
        "accepter-vpc-info.vpc-id" => vec![world.other_vpc.id.clone()],
        "requester-vpc-info.cidr-block" => vec![world.vpc.cidr.to_string()],
        "requester-vpc-info.vpc-id" => vec![world.vpc.id.clone()],
        "accepter-vpc-info.owner-id" | "requester-vpc-info.owner-id" => vec![world.account.clone()],
        "status-code" => vec!["active".to_owned()],
        "vpc-peering-connection-id" => vec![peering.id.clone()],
        tag => tag_values(&cloud.world_tags(&peering.id), tag),
    });
    let side = |vpc: &Vpc| Side {
        cidr_block: vpc.cidr.to_string(),
        cidr_block_set: Items::from(vec![Block { cidr_block: vpc.cidr.to_string() }]),
        owner_id: world.account.clone(),
        peering_options: PeeringOptions { allow_dns_resolution_from_remote_vpc: false },
        vpc_id: vpc.id.clone(),
        region: world.region.clone(),
    };
    let item = |peering: &Peering| Item {
        accepter_vpc_info: side(&world.other_vpc),
        requester_vpc_info: side(&world.vpc),
        status: Status { code: "active", message: "Active" },
        tag_set: tag_set(&cloud.world_tags(&peering.id)),
        vpc_peering_connection_id: peering.id.clone(),
    };
    Ok(Peerings { vpc_peering_connection_set: page.into_iter().map(item).collect(), next_token })
}
