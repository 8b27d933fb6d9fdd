//! What there is to choose from: `DescribeVpcs`, `DescribeSubnets`, `DescribeSecurityGroups` of a whole region.

use aws_sdk_ec2::{Client, types::Tag};

use super::{error::call_error, read::Answer};
use crate::deploy::{
    cloud::CallError,
    inventory::{Inventory, SecurityGroup, Subnet, Vpc},
};

pub(super) async fn inventory(client: &Client) -> Result<Inventory, CallError> {
    let (vpcs, subnets, groups) = futures::try_join!(vpcs(client), subnets(client), groups(client))?;
    Ok(Inventory { vpcs, subnets, groups })
}

async fn vpcs(client: &Client) -> Result<Vec<Vpc>, CallError> {
    let mut pages = client.describe_vpcs().into_paginator().items().send();
    let mut vpcs = Vec::new();
    while let Some(vpc) = pages.next().await {
        let vpc = vpc.map_err(|error| call_error(VPCS.0, error))?;
        vpcs.push(Vpc {
            id: VPCS.parse("VPC", vpc.vpc_id())?,
            name: name(vpc.tags()),
            cidrs: super::vpc::ranges(&vpc)?,
            owner: vpc.owner_id().unwrap_or_default().to_owned(),
        });
    }
    Ok(vpcs)
}

async fn subnets(client: &Client) -> Result<Vec<Subnet>, CallError> {
    let mut pages = client.describe_subnets().into_paginator().items().send();
    let mut subnets = Vec::new();
    while let Some(subnet) = pages.next().await {
        let subnet = subnet.map_err(|error| call_error(SUBNETS.0, error))?;
        // One that has IPv6 alone is none for clients.
        let Some(cidr) = subnet.cidr_block().filter(|cidr| !cidr.is_empty()) else {
            continue;
        };
        subnets.push(Subnet {
            id: SUBNETS.parse("subnet", subnet.subnet_id())?,
            name: name(subnet.tags()),
            vpc: SUBNETS.parse("VPC", subnet.vpc_id())?,
            cidr: SUBNETS.parse("CIDR", Some(cidr))?,
            zone: SUBNETS.required("availability zone", subnet.availability_zone())?.to_owned(),
            free_addresses: subnet.available_ip_address_count().unwrap_or(i32::MAX),
            owner: subnet.owner_id().unwrap_or_default().to_owned(),
        });
    }
    Ok(subnets)
}

async fn groups(client: &Client) -> Result<Vec<SecurityGroup>, CallError> {
    let mut pages = client.describe_security_groups().into_paginator().items().send();
    let mut groups = Vec::new();
    while let Some(group) = pages.next().await {
        let group = group.map_err(|error| call_error(GROUPS.0, error))?;
        groups.push(SecurityGroup {
            id: GROUPS.parse("security group", group.group_id())?,
            name: group.group_name().unwrap_or_default().to_owned(),
            vpc: GROUPS.parse("VPC", group.vpc_id())?,
        });
    }
    Ok(groups)
}

fn name(tags: &[Tag]) -> String {
    let tag = tags.iter().find(|tag| tag.key() == Some("Name"));
    tag.and_then(|tag| tag.value()).unwrap_or_default().to_owned()
}

const VPCS: Answer = Answer("DescribeVpcs");
const SUBNETS: Answer = Answer("DescribeSubnets");
const GROUPS: Answer = Answer("DescribeSecurityGroups");
