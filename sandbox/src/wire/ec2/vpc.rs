//! `DescribeVpcs`, `DescribeSubnets` and `DescribeSecurityGroups`: the network that was there before.

use ipnet::{Ipv4Net, Ipv6Net};
use serde::Serialize;

use super::form::Form;
use super::listing::{Listing, tag_values};
use super::xml::{Items, Tag, tag_set};
use crate::cloud::{Cloud, Moment, Refusal};
use crate::world::{BareSubnet, Vpc};

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
    ipv6_cidr_block_association_set: Items<Ipv6Association>,
    is_default: bool,
    tag_set: Items<Tag>,
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
#[serde(rename_all = "camelCase")]
struct Ipv6Association {
    association_id: String,
    ipv6_cidr_block: String,
    ipv6_cidr_block_state: CidrState,
}

/// The blocks of IPv6 of a VPC or a subnet: one at most.
fn ipv6(id: &str, cidr: Option<Ipv6Net>) -> Items<Ipv6Association> {
    let association = |cidr: Ipv6Net| Ipv6Association {
        association_id: id.replacen('-', "-cidr-assoc-", 1),
        ipv6_cidr_block: cidr.to_string(),
        ipv6_cidr_block_state: CidrState { state: "associated" },
    };
    cidr.into_iter().map(association).collect()
}

#[derive(Serialize)]
struct CidrState {
    state: &'static str,
}

/// Lists VPCs.
pub(super) fn describe_vpcs(cloud: &mut Cloud, form: &mut Form, _: &Moment) -> Result<Vpcs, Refusal> {
    let ids = form.take_list("VpcId");
    let listing = Listing::take(
        form,
        &["cidr", "cidr-block-association.cidr-block", "is-default", "state", "vpc-id", "tag-key", "tag:"],
    )?;
    form.finish()?;
    let known: Vec<_> = cloud.world.vpcs().map(|vpc| vpc.id.as_str()).collect();
    check_ids(&ids, &known, "InvalidVpcID.NotFound", "vpc ID")?;
    let chosen = cloud.world.vpcs().filter(|vpc| ids.is_empty() || ids.contains(&vpc.id));
    let (page, next_token) = listing.of(chosen, |vpc, name| match name {
        "cidr" | "cidr-block-association.cidr-block" => vec![vpc.cidr.to_string()],
        "is-default" => vec!["false".to_owned()],
        "state" => vec!["available".to_owned()],
        "vpc-id" => vec![vpc.id.clone()],
        tag => tag_values(&cloud.world_tags(&vpc.id), tag),
    });
    let item = |vpc: &Vpc| VpcItem {
        owner_id: cloud.world.account.clone(),
        instance_tenancy: "default",
        cidr_block_association_set: Items::from(vec![CidrAssociation {
            association_id: vpc.id.replace("vpc-", "vpc-cidr-assoc-"),
            cidr_block: vpc.cidr.to_string(),
            cidr_block_state: CidrState { state: "associated" },
        }]),
        ipv6_cidr_block_association_set: ipv6(&vpc.id, vpc.ipv6),
        is_default: false,
        tag_set: tag_set(&cloud.world_tags(&vpc.id)),
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
    ipv6_cidr_block_association_set: Items<Ipv6Association>,
    map_public_ip_on_launch: bool,
    owner_id: String,
    state: &'static str,
    subnet_arn: String,
    subnet_id: String,
    tag_set: Items<Tag>,
    vpc_id: String,
}

/// Lists subnets.
pub(super) fn describe_subnets(cloud: &mut Cloud, form: &mut Form, _: &Moment) -> Result<Subnets, Refusal> {
    let ids = form.take_list("SubnetId");
    let listing = Listing::take(
        form,
        &["availability-zone", "cidr-block", "owner-id", "state", "subnet-id", "vpc-id", "tag-key", "tag:"],
    )?;
    form.finish()?;
    let world = &cloud.world;
    let known: Vec<_> = world.all_subnets().map(|subnet| subnet.id).collect();
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    check_ids(&ids, &known, "InvalidSubnetID.NotFound", "subnet ID")?;
    let chosen = world.all_subnets().filter(|subnet| ids.is_empty() || ids.contains(&subnet.id));
    let (page, next_token) = listing.of(chosen, |subnet, name| match name {
        "availability-zone" => vec![subnet.zone.clone()],
        "cidr-block" => vec![subnet.cidr.to_string()],
        "owner-id" => vec![subnet.owner.clone()],
        "state" => vec!["available".to_owned()],
        "subnet-id" => vec![subnet.id.clone()],
        "vpc-id" => vec![subnet.vpc.clone()],
        tag => tag_values(&cloud.world_tags(&subnet.id), tag),
    });
    let item = |subnet: BareSubnet| SubnetItem {
        availability_zone_id: world.zone_id(&subnet.zone).to_owned(),
        availability_zone: subnet.zone,
        available_ip_address_count: free_addresses(&subnet.cidr),
        cidr_block: subnet.cidr.to_string(),
        default_for_az: false,
        ipv6_cidr_block_association_set: ipv6(&subnet.id, subnet.ipv6),
        map_public_ip_on_launch: false,
        state: "available",
        subnet_arn: format!("arn:aws:ec2:{}:{}:subnet/{}", world.region, subnet.owner, subnet.id),
        owner_id: subnet.owner,
        tag_set: tag_set(&cloud.world_tags(&subnet.id)),
        subnet_id: subnet.id,
        vpc_id: subnet.vpc,
    };
    Ok(Subnets { subnet_set: page.into_iter().map(item).collect(), next_token })
}

/// All but the five that AWS keeps and the one of the private host.
fn free_addresses(cidr: &Ipv4Net) -> u32 {
    (u32::MAX >> cidr.prefix_len()).saturating_sub(5)
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
    tag_set: Items<Tag>,
}

/// Lists security groups.
pub(super) fn describe_security_groups(
    cloud: &mut Cloud,
    form: &mut Form,
    _: &Moment,
) -> Result<SecurityGroups, Refusal> {
    let ids = form.take_list("GroupId");
    let listing = Listing::take(form, &["group-id", "group-name", "vpc-id", "tag-key", "tag:"])?;
    form.finish()?;
    let default_group = |vpc: &Vpc| Group {
        id: vpc.default_security_group.clone(),
        name: "default",
        description: "default VPC security group",
        vpc: vpc.id.clone(),
    };
    let made_group = |vpc: &Vpc| Group {
        id: vpc.security_group.clone(),
        name: "vpn-clients",
        description: "what clients of the VPN may reach",
        vpc: vpc.id.clone(),
    };
    let groups: Vec<_> = cloud.world.vpcs().flat_map(|vpc| [default_group(vpc), made_group(vpc)]).collect();
    let known: Vec<_> = groups.iter().map(|group| group.id.as_str()).collect();
    check_ids(&ids, &known, "InvalidGroup.NotFound", "security group")?;
    let chosen = groups.into_iter().filter(|group| ids.is_empty() || ids.contains(&group.id));
    let (page, next_token) = listing.of(chosen, |group, name| match name {
        "group-id" => vec![group.id.clone()],
        "group-name" => vec![group.name.to_owned()],
        "vpc-id" => vec![group.vpc.clone()],
        tag => tag_values(&cloud.world_tags(&group.id), tag),
    });
    let item = |group: Group| SecurityGroupItem {
        owner_id: cloud.world.account.clone(),
        tag_set: tag_set(&cloud.world_tags(&group.id)),
        group_id: group.id,
        group_name: group.name,
        group_description: group.description,
        vpc_id: group.vpc,
        ip_permissions: Items::from(Vec::new()),
        ip_permissions_egress: Items::from(Vec::new()),
    };
    Ok(SecurityGroups { security_group_info: page.into_iter().map(item).collect(), next_token })
}

struct Group {
    id: String,
    name: &'static str,
    description: &'static str,
    vpc: String,
}

pub(super) fn check_ids(asked: &[String], known: &[&str], code: &'static str, what: &str) -> Result<(), Refusal> {
    match asked.iter().find(|id| !known.contains(&id.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(Refusal::new(code, format!("The {what} '{unknown}' does not exist"))),
    }
}
