//! What the checks before the first change ask: peerings, ways to the internet, and how much of the quotas is used.

use aws_sdk_acm::types::{Filters, KeyAlgorithm};
use aws_sdk_ec2::types::{
    ClientVpnEndpointStatusCode, Filter, Route, RouteState, VpcPeeringConnection, VpcPeeringConnectionStateReasonCode,
    VpcPeeringConnectionVpcInfo,
};

use super::{Aws, error::call_error, read::Answer};
use crate::{
    config::{DeploymentName, VpcId},
    deploy::{
        check::{
            Survey,
            addresses::{Peering, Side},
            region::Endpoints,
            way_out::RouteTable,
        },
        cloud::CallError,
        tags,
    },
};

impl Aws {
    /// Asks everything at once. What is refused is an answer too.
    pub async fn survey(&self, deployment: &DeploymentName, vpc: &VpcId) -> Survey {
        let (endpoints, certificates, peerings, gateways, tables) = futures::join!(
            self.region_endpoints(deployment),
            self.number_of_certificates(),
            self.peerings(),
            self.gateways(vpc),
            self.route_tables(vpc),
        );
        Survey { endpoints, certificates, peerings, gateways, tables }
    }

    async fn region_endpoints(&self, deployment: &DeploymentName) -> Result<Endpoints, CallError> {
        let mut pages = self.ec2.describe_client_vpn_endpoints().into_paginator().items().send();
        let mut endpoints = Endpoints { count: 0, has_ours: false };
        while let Some(raw) = pages.next().await {
            let raw = raw.map_err(|error| call_error("DescribeClientVpnEndpoints", error))?;
            let gone = [ClientVpnEndpointStatusCode::Deleting, ClientVpnEndpointStatusCode::Deleted];
            if raw.status().and_then(|status| status.code()).is_some_and(|code| gone.contains(code)) {
                continue;
            }
            endpoints.count += 1;
            let is_ours = |tag: &aws_sdk_ec2::types::Tag| {
                tag.key() == Some(tags::DEPLOYMENT) && tag.value() == Some(deployment.as_str())
            };
            endpoints.has_ours |= raw.tags().iter().any(is_ours);
        }
        Ok(endpoints)
    }

    async fn number_of_certificates(&self) -> Result<usize, CallError> {
        // Without key types the listing leaves some out.
        let types = KeyAlgorithm::values().iter().copied().map(KeyAlgorithm::from).collect();
        let all = Filters::builder().set_key_types(Some(types)).build();
        let mut pages = self.acm.list_certificates().includes(all).into_paginator().items().send();
        let mut number = 0;
        while let Some(summary) = pages.next().await {
            summary.map_err(|error| call_error("ListCertificates", error))?;
            number += 1;
        }
        Ok(number)
    }

    async fn peerings(&self) -> Result<Vec<Peering>, CallError> {
        // Without a filter: it could name one end of a peering only, and an account has few.
        let mut pages = self.ec2.describe_vpc_peering_connections().into_paginator().items().send();
        let mut peerings = Vec::new();
        while let Some(raw) = pages.next().await {
            let raw = raw.map_err(|error| call_error(PEERINGS.0, error))?;
            let code = raw.status().and_then(|status| status.code());
            if code == Some(&VpcPeeringConnectionStateReasonCode::Active) {
                peerings.push(read_peering(&raw)?);
            }
        }
        Ok(peerings)
    }

    async fn gateways(&self, vpc: &VpcId) -> Result<Vec<String>, CallError> {
        let filter = Filter::builder().name("attachment.vpc-id").values(vpc.as_str()).build();
        let mut pages = self.ec2.describe_internet_gateways().filters(filter).into_paginator().items().send();
        let mut gateways = Vec::new();
        while let Some(raw) = pages.next().await {
            let raw = raw.map_err(|error| call_error(GATEWAYS.0, error))?;
            gateways.push(GATEWAYS.required("internet gateway", raw.internet_gateway_id())?.to_owned());
        }
        Ok(gateways)
    }

    async fn route_tables(&self, vpc: &VpcId) -> Result<Vec<RouteTable>, CallError> {
        let filter = Filter::builder().name("vpc-id").values(vpc.as_str()).build();
        let mut pages = self.ec2.describe_route_tables().filters(filter).into_paginator().items().send();
        let mut tables = Vec::new();
        while let Some(raw) = pages.next().await {
            let raw = raw.map_err(|error| call_error(TABLES.0, error))?;
            tables.push(RouteTable {
                id: TABLES.required("route table", raw.route_table_id())?.to_owned(),
                main: raw.associations().iter().any(|it| it.main() == Some(true)),
                subnets: raw.associations().iter().filter_map(|it| it.subnet_id()).map(str::to_owned).collect(),
                defaults: raw.routes().iter().filter_map(default_target).map(str::to_owned).collect(),
            });
        }
        Ok(tables)
    }
}

fn read_peering(raw: &VpcPeeringConnection) -> Result<Peering, CallError> {
    Ok(Peering {
        id: PEERINGS.required("peering", raw.vpc_peering_connection_id())?.to_owned(),
        sides: [
            read_side(PEERINGS.required("requester", raw.requester_vpc_info())?)?,
            read_side(PEERINGS.required("accepter", raw.accepter_vpc_info())?)?,
        ],
    })
}

fn read_side(raw: &VpcPeeringConnectionVpcInfo) -> Result<Side, CallError> {
    let set = raw.cidr_block_set().iter().filter_map(|block| block.cidr_block());
    let mut cidrs: Vec<String> = raw.cidr_block().into_iter().chain(set).map(str::to_owned).collect();
    cidrs.sort();
    cidrs.dedup();
    Ok(Side { vpc: PEERINGS.required("VPC", raw.vpc_id())?.to_owned(), cidrs: PEERINGS.parse_all("CIDR", &cidrs)? })
}

/// Where a default route leads; `None` for another route, and for one that leads nowhere any more.
fn default_target(route: &Route) -> Option<&str> {
    let is_default =
        route.destination_cidr_block() == Some("0.0.0.0/0") || route.destination_ipv6_cidr_block() == Some("::/0");
    if !is_default || route.state() == Some(&RouteState::Blackhole) {
        return None;
    }
    [
        route.gateway_id(),
        route.nat_gateway_id(),
        route.egress_only_internet_gateway_id(),
        route.transit_gateway_id(),
        route.vpc_peering_connection_id(),
        route.carrier_gateway_id(),
        route.local_gateway_id(),
        route.core_network_arn(),
        route.instance_id(),
        route.network_interface_id(),
    ]
    .into_iter()
    .flatten()
    .next()
}

const PEERINGS: Answer = Answer("DescribeVpcPeeringConnections");
const GATEWAYS: Answer = Answer("DescribeInternetGateways");
const TABLES: Answer = Answer("DescribeRouteTables");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_route_counts_as_long_as_it_leads_somewhere() {
        let route = |to: &str| Route::builder().destination_cidr_block(to);
        assert_eq!(default_target(&route("0.0.0.0/0").nat_gateway_id("nat-1").build()), Some("nat-1"));
        assert_eq!(default_target(&route("10.1.0.0/16").gateway_id("local").build()), None);
        let dead = route("0.0.0.0/0").nat_gateway_id("nat-1").state(RouteState::Blackhole).build();
        assert_eq!(default_target(&dead), None);
        let six =
            Route::builder().destination_ipv6_cidr_block("::/0").egress_only_internet_gateway_id("eigw-1").build();
        assert_eq!(default_target(&six), Some("eigw-1"));
    }

    #[test]
    fn a_peering_has_all_cidrs_of_both_sides_once() {
        use aws_sdk_ec2::types::CidrBlock;
        let side = |vpc: &str, cidr: &str| {
            let block = |cidr: &str| CidrBlock::builder().cidr_block(cidr).build();
            VpcPeeringConnectionVpcInfo::builder().vpc_id(vpc).cidr_block(cidr).cidr_block_set(block(cidr))
        };
        let second = CidrBlock::builder().cidr_block("100.64.0.0/16").build();
        let raw = VpcPeeringConnection::builder()
            .vpc_peering_connection_id("pcx-1")
            .requester_vpc_info(side("vpc-a", "10.1.0.0/16").build())
            .accepter_vpc_info(side("vpc-b", "10.2.0.0/16").cidr_block_set(second).build())
            .build();
        let peering = read_peering(&raw).unwrap();
        assert_eq!(peering.sides[0].cidrs, ["10.1.0.0/16".parse().unwrap()]);
        assert_eq!(peering.sides[1].cidrs.len(), 2);
        assert!(read_peering(&VpcPeeringConnection::builder().vpc_peering_connection_id("pcx-1").build()).is_err());
    }
}
