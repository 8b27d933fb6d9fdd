//! The VPC side: `DescribeVpcs`, `DescribeSubnets`, `DescribeSecurityGroups`.

use aws_sdk_ec2::{
    Client,
    types::{Filter, Vpc, VpcCidrBlockStateCode},
};
use ipnet::Ipv4Net;

use super::{
    error::{call_error, has_code},
    read::Answer,
};
use crate::{
    config::{SecurityGroupId, SubnetId, VpcId},
    deploy::{
        cloud::CallError,
        network::{SubnetView, VpcView},
    },
};

pub(super) async fn view(client: &Client, vpc: &VpcId, subnets: &[SubnetId]) -> Result<VpcView, CallError> {
    let (cidrs, subnets, groups) =
        futures::try_join!(cidrs(client, vpc), self::subnets(client, subnets), groups(client, vpc))?;
    let (groups, default_group) = groups;
    Ok(VpcView { cidrs, subnets, groups, default_group })
}

async fn cidrs(client: &Client, vpc: &VpcId) -> Result<Option<Vec<Ipv4Net>>, CallError> {
    let sent = client.describe_vpcs().vpc_ids(vpc.as_str()).send().await;
    let answer = match sent.map_err(|error| call_error(VPCS.0, error)) {
        Ok(answer) => answer,
        Err(error) if has_code(&error, &["InvalidVpcID.NotFound"]) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(vpc) = answer.vpcs().first() else {
        return Ok(None);
    };
    ranges(vpc).map(Some)
}

/// The ranges of a VPC.
pub(super) fn ranges(vpc: &Vpc) -> Result<Vec<Ipv4Net>, CallError> {
    let associated = vpc.cidr_block_association_set().iter().filter(|block| {
        let state = block.cidr_block_state().and_then(|state| state.state());
        state.is_none_or(|state| *state == VpcCidrBlockStateCode::Associated)
    });
    let mut cidrs: Vec<String> = vpc
        .cidr_block()
        .into_iter()
        .chain(associated.filter_map(|block| block.cidr_block()))
        .map(str::to_owned)
        .collect();
    cidrs.sort();
    cidrs.dedup();
    VPCS.parse_all("CIDR", &cidrs)
}

async fn subnets(client: &Client, ids: &[SubnetId]) -> Result<Vec<SubnetView>, CallError> {
    // By filter, not by id: one unknown id would hide the others behind an error.
    let filter =
        Filter::builder().name("subnet-id").set_values(Some(ids.iter().map(ToString::to_string).collect())).build();
    let mut pages = client.describe_subnets().filters(filter).into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(subnet) = pages.next().await {
        let subnet = subnet.map_err(|error| call_error(SUBNETS.0, error))?;
        found.push(SubnetView {
            id: SUBNETS.parse("subnet", subnet.subnet_id())?,
            vpc: SUBNETS.parse("VPC", subnet.vpc_id())?,
            cidr: SUBNETS.parse("CIDR", subnet.cidr_block())?,
            zone: SUBNETS.required("availability zone", subnet.availability_zone())?.to_owned(),
            free_addresses: subnet.available_ip_address_count().unwrap_or(i32::MAX),
        });
    }
    Ok(found)
}

async fn groups(client: &Client, vpc: &VpcId) -> Result<(Vec<SecurityGroupId>, Option<SecurityGroupId>), CallError> {
    let filter = Filter::builder().name("vpc-id").values(vpc.as_str()).build();
    let mut pages = client.describe_security_groups().filters(filter).into_paginator().items().send();
    let mut groups = Vec::new();
    let mut default_group = None;
    while let Some(group) = pages.next().await {
        let group = group.map_err(|error| call_error(GROUPS.0, error))?;
        let id: SecurityGroupId = GROUPS.parse("security group", group.group_id())?;
        if group.group_name() == Some("default") {
            default_group = Some(id.clone());
        }
        groups.push(id);
    }
    Ok((groups, default_group))
}

const VPCS: Answer = Answer("DescribeVpcs");
const SUBNETS: Answer = Answer("DescribeSubnets");
const GROUPS: Answer = Answer("DescribeSecurityGroups");
