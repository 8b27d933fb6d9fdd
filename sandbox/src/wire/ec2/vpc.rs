//! `DescribeVpcs`, `DescribeSubnets` and `DescribeSecurityGroups`: the network that was there before.

use serde::Serialize;

use super::form::Form;
use super::listing::Listing;
use super::xml::Items;
use crate::cloud::{Cloud, Moment, Refusal};
use crate::world::{Subnet, Vpc};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vpcs {
    vpc_set: Items<VpcItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VpcItem {
    owner_id: String,
    instance_tenancy: &'static str,
    cidr_block_association_set: Items<CidrAssociation>,
    is_default: bool,
    tag_set: Items<()>,
    vpc_id: String,
    state: &'static str,
    cidr_block: String,
    dhcp_options_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CidrAssociation {
    association_id: String,
    cidr_block: String,
    cidr_block_state: CidrState,
}

#[derive(Serialize)]
struct CidrState {
    state: &'static str,
}

/// Lists VPCs.
pub(super) fn describe_vpcs(cloud: &mut Cloud, form: &mut Form, _: &Moment) -> Result<Vpcs, Refusal> {
    let ids = form.take_list("VpcId");
    let listing =
        Listing::take(form, &["cidr", "cidr-block-association.cidr-block", "is-default", "state", "vpc-id", "tag:"])?;
    form.finish()?;
    let vpc = &cloud.world.vpc;
    check_ids(&ids, &[&vpc.id], "InvalidVpcID.NotFound", "vpc ID")?;
    let (page, next_token) = listing.of([vpc], |vpc, name| match name {
        "cidr" | "cidr-block-association.cidr-block" => vec![vpc.cidr.to_string()],
        "is-default" => vec!["false".to_owned()],
        "state" => vec!["available".to_owned()],
        "vpc-id" => vec![vpc.id.clone()],
        _ => Vec::new(),
    });
    let item = |vpc: &Vpc| VpcItem {
        owner_id: cloud.world.account.clone(),
        instance_tenancy: "default",
        cidr_block_association_set: Items::from(vec![CidrAssociation {
            association_id: vpc.id.replace("vpc-", "vpc-cidr-assoc-"),
            cidr_block: vpc.cidr.to_string(),
            cidr_block_state: CidrState { state: "associated" },
        }]),
        is_default: false,
        tag_set: Items::from(Vec::new()),
        vpc_id: vpc.id.clone(),
        state: "available",
        cidr_block: vpc.cidr.to_string(),
        dhcp_options_id: "default",
    };
    Ok(Vpcs { vpc_set: page.into_iter().map(item).collect(), next_token })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subnets {
    subnet_set: Items<SubnetItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SubnetItem {
    availability_zone: String,
    availability_zone_id: String,
    available_ip_address_count: u32,
    cidr_block: String,
    default_for_az: bool,
    map_public_ip_on_launch: bool,
    owner_id: String,
    state: &'static str,
    subnet_arn: String,
    subnet_id: String,
    tag_set: Items<()>,
    vpc_id: String,
}

/// Lists subnets.
pub(super) fn describe_subnets(cloud: &mut Cloud, form: &mut Form, _: &Moment) -> Result<Subnets, Refusal> {
    let ids = form.take_list("SubnetId");
    let listing = Listing::take(form, &["availability-zone", "cidr-block", "state", "subnet-id", "vpc-id", "tag:"])?;
    form.finish()?;
    let world = &cloud.world;
    let known: Vec<_> = world.subnets.iter().map(|subnet| subnet.id.as_str()).collect();
    check_ids(&ids, &known, "InvalidSubnetID.NotFound", "subnet ID")?;
    let chosen = world.subnets.iter().filter(|subnet| ids.is_empty() || ids.contains(&subnet.id));
    let (page, next_token) = listing.of(chosen, |subnet, name| match name {
        "availability-zone" => vec![subnet.zone.clone()],
        "cidr-block" => vec![subnet.cidr.to_string()],
        "state" => vec!["available".to_owned()],
        "subnet-id" => vec![subnet.id.clone()],
        "vpc-id" => vec![world.vpc.id.clone()],
        _ => Vec::new(),
    });
    let item = |subnet: &Subnet| SubnetItem {
        availability_zone: subnet.zone.clone(),
        availability_zone_id: subnet.zone_id.clone(),
        // 256 addresses, of which AWS keeps five and the private host has one.
        available_ip_address_count: 250,
        cidr_block: subnet.cidr.to_string(),
        default_for_az: false,
        map_public_ip_on_launch: false,
        owner_id: world.account.clone(),
        state: "available",
        subnet_arn: format!("arn:aws:ec2:{}:{}:subnet/{}", world.region, world.account, subnet.id),
        subnet_id: subnet.id.clone(),
        tag_set: Items::from(Vec::new()),
        vpc_id: world.vpc.id.clone(),
    };
    Ok(Subnets { subnet_set: page.into_iter().map(item).collect(), next_token })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SecurityGroups {
    security_group_info: Items<SecurityGroupItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SecurityGroupItem {
    owner_id: String,
    group_id: String,
    group_name: &'static str,
    group_description: &'static str,
    vpc_id: String,
    ip_permissions: Items<()>,
    ip_permissions_egress: Items<()>,
    tag_set: Items<()>,
}

/// Lists security groups.
pub(super) fn describe_security_groups(
    cloud: &mut Cloud,
    form: &mut Form,
    _: &Moment,
) -> Result<SecurityGroups, Refusal> {
    let ids = form.take_list("GroupId");
    let listing = Listing::take(form, &["group-id", "group-name", "vpc-id", "tag:"])?;
    form.finish()?;
    let vpc = &cloud.world.vpc;
    check_ids(&ids, &[&vpc.default_security_group], "InvalidGroup.NotFound", "security group")?;
    let (page, next_token) = listing.of([vpc], |vpc, name| match name {
        "group-id" => vec![vpc.default_security_group.clone()],
        "group-name" => vec!["default".to_owned()],
        "vpc-id" => vec![vpc.id.clone()],
        _ => Vec::new(),
    });
    let item = |vpc: &Vpc| SecurityGroupItem {
        owner_id: cloud.world.account.clone(),
        group_id: vpc.default_security_group.clone(),
        group_name: "default",
        group_description: "default VPC security group",
        vpc_id: vpc.id.clone(),
        ip_permissions: Items::from(Vec::new()),
        ip_permissions_egress: Items::from(Vec::new()),
        tag_set: Items::from(Vec::new()),
    };
    Ok(SecurityGroups { security_group_info: page.into_iter().map(item).collect(), next_token })
}

fn check_ids(asked: &[String], known: &[&str], code: &'static str, what: &str) -> Result<(), Refusal> {
    match asked.iter().find(|id| !known.contains(&id.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(Refusal::new(code, format!("The {what} '{unknown}' does not exist"))),
    }
}
