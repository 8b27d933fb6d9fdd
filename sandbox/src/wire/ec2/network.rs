//! `DescribeAvailabilityZones`, `DescribeInternetGateways`, `DescribeNatGateways` and `DescribeRouteTables`: how the private
//! networks hang together. They have no way to the internet.

use serde::Serialize;

use super::form::Form;
use super::listing::{Listing, tag_values};
use super::vpc::check_ids;
use super::xml::{Items, Tag, tag_set};
use crate::cloud::{Cloud, Moment, Refusal};
use crate::world::Vpc;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Zones {
    availability_zone_info: Items<Zone>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Zone {
    opt_in_status: &'static str,
    message_set: Items<()>,
    region_name: String,
    zone_name: String,
    zone_id: String,
    group_name: String,
    network_border_group: String,
    zone_type: &'static str,
    zone_state: &'static str,
}

/// Lists availability zones. The one list without pages.
pub(super) fn describe_availability_zones(cloud: &mut Cloud, form: &mut Form, _: &Moment) -> Result<Zones, Refusal> {
    let names = form.take_list("ZoneName");
    let ids = form.take_list("ZoneId");
    form.take_bool("AllAvailabilityZones")?;
    let listing = Listing::take(form, &["region-name", "state", "zone-id", "zone-name", "zone-type"])?;
    form.finish()?;
    let world = &cloud.world;
    let known = |choose: fn(&(String, String)) -> &str| world.zones.iter().map(choose).collect::<Vec<_>>();
    for (asked, known) in [(&names, known(|zone| &zone.0)), (&ids, known(|zone| &zone.1))] {
        if let Some(unknown) = asked.iter().find(|asked| !known.contains(&asked.as_str())) {
            return Err(Refusal::invalid_value(format!("Invalid availability zone: [{unknown}]")));
        }
    }
    let chosen = world
        .zones
        .iter()
        .filter(|(name, id)| (names.is_empty() || names.contains(name)) && (ids.is_empty() || ids.contains(id)));
    let (page, _) = listing.of(chosen, |(name, id), filter| {
        vec![match filter {
            "region-name" => world.region.clone(),
            "state" => "available".to_owned(),
            "zone-id" => id.clone(),
            "zone-name" => name.clone(),
            _ => "availability-zone".to_owned(),
        }]
    });
    let item = |(name, id): &(String, String)| Zone {
        opt_in_status: "opt-in-not-required",
        message_set: Items::from(Vec::new()),
        region_name: world.region.clone(),
        zone_name: name.clone(),
        zone_id: id.clone(),
        group_name: format!("{}-zg-1", world.region),
        network_border_group: world.region.clone(),
        zone_type: "availability-zone",
        zone_state: "available",
    };
    Ok(Zones { availability_zone_info: page.into_iter().map(item).collect() })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InternetGateways {
    internet_gateway_set: Items<()>,
}

/// Lists internet gateways, of which there are none.
pub(super) fn describe_internet_gateways(
    _: &mut Cloud,
    form: &mut Form,
    _: &Moment,
) -> Result<InternetGateways, Refusal> {
    let ids = form.take_list("InternetGatewayId");
    Listing::take(
        form,
        &["attachment.state", "attachment.vpc-id", "internet-gateway-id", "owner-id", "tag-key", "tag:"],
    )?;
    form.finish()?;
    check_ids(&ids, &[], "InvalidInternetGatewayID.NotFound", "internetGateway ID")?;
    Ok(InternetGateways { internet_gateway_set: Items::from(Vec::new()) })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NatGateways {
    nat_gateway_set: Items<()>,
}

/// Lists NAT gateways, of which there are none.
pub(super) fn describe_nat_gateways(_: &mut Cloud, form: &mut Form, _: &Moment) -> Result<NatGateways, Refusal> {
    let ids = form.take_list("NatGatewayId");
    Listing::take(form, &["nat-gateway-id", "state", "subnet-id", "vpc-id", "tag-key", "tag:"])?;
    form.finish()?;
    check_ids(&ids, &[], "NatGatewayNotFound", "NatGateway")?;
    Ok(NatGateways { nat_gateway_set: Items::from(Vec::new()) })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RouteTables {
    route_table_set: Items<RouteTable>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RouteTable {
    route_table_id: String,
    vpc_id: String,
    owner_id: String,
    route_set: Items<Route>,
    association_set: Items<Association>,
    propagating_vgw_set: Items<()>,
    tag_set: Items<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Route {
    destination_cidr_block: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_peering_connection_id: Option<String>,
    state: &'static str,
    origin: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Association {
    route_table_association_id: String,
    route_table_id: String,
    main: bool,
    association_state: AssociationState,
}

#[derive(Serialize)]
struct AssociationState {
    state: &'static str,
}

/// Lists route tables: the main one of each VPC, with the local route and that of a peering.
pub(super) fn describe_route_tables(cloud: &mut Cloud, form: &mut Form, _: &Moment) -> Result<RouteTables, Refusal> {
    let ids = form.take_list("RouteTableId");
    let listing =
        Listing::take(form, &["association.main", "owner-id", "route-table-id", "vpc-id", "tag-key", "tag:"])?;
    form.finish()?;
    let world = &cloud.world;
    let known: Vec<_> = world.vpcs().map(|vpc| vpc.main_route_table.as_str()).collect();
    check_ids(&ids, &known, "InvalidRouteTableID.NotFound", "routeTable ID")?;
    let chosen = world.vpcs().filter(|vpc| ids.is_empty() || ids.contains(&vpc.main_route_table));
    let (page, next_token) = listing.of(chosen, |vpc, name| match name {
        "association.main" => vec!["true".to_owned()],
        "owner-id" => vec![world.account.clone()],
        "route-table-id" => vec![vpc.main_route_table.clone()],
        "vpc-id" => vec![vpc.id.clone()],
        tag => tag_values(&cloud.world_tags(&vpc.main_route_table), tag),
    });
    let routes = |vpc: &Vpc| {
        let local = Route {
            destination_cidr_block: vpc.cidr.to_string(),
            gateway_id: Some("local"),
            vpc_peering_connection_id: None,
            state: "active",
            origin: "CreateRouteTable",
        };
        let others = world.vpcs().filter(|other| other.id != vpc.id);
        let peered = world.peering.iter().flat_map(|peering| {
            others.clone().map(|other| Route {
                destination_cidr_block: other.cidr.to_string(),
                gateway_id: None,
                vpc_peering_connection_id: Some(peering.id.clone()),
                state: "active",
                origin: "CreateRoute",
            })
        });
        std::iter::once(local).chain(peered).collect()
    };
    let item = |vpc: &Vpc| RouteTable {
        route_table_id: vpc.main_route_table.clone(),
        vpc_id: vpc.id.clone(),
        owner_id: world.account.clone(),
        route_set: routes(vpc),
        association_set: Items::from(vec![Association {
            route_table_association_id: vpc.main_route_table.replace("rtb-", "rtbassoc-"),
            route_table_id: vpc.main_route_table.clone(),
            main: true,
            association_state: AssociationState { state: "associated" },
        }]),
        propagating_vgw_set: Items::from(Vec::new()),
        tag_set: tag_set(&cloud.world_tags(&vpc.main_route_table)),
    };
    Ok(RouteTables { route_table_set: page.into_iter().map(item).collect(), next_token })
}
