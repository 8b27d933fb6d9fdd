//! `AuthorizeClientVpnIngress`, `RevokeClientVpnIngress` and `DescribeClientVpnAuthorizationRules`.

use serde::Serialize;

use super::form::Form;
use super::listing::Listing;
use super::xml::{Items, Status};
use crate::cloud::{AuthorizationRule, AuthorizeIngress, Cloud, Moment, Refusal, RevokeIngress, RuleStatus};

#[derive(Serialize)]
pub(super) struct Changed {
    status: Status,
}

/// Adds a rule.
pub(super) fn authorize(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Changed, Refusal> {
    form.once("AuthorizeClientVpnIngress", cloud, |cloud, form| {
        let endpoint = form.take_required("ClientVpnEndpointId")?;
        let request = AuthorizeIngress {
            target_network: form.take_required("TargetNetworkCidr")?,
            access_group: form.take("AccessGroupId"),
            all_groups: form.take_bool("AuthorizeAllGroups")?.unwrap_or(false),
            description: form.take("Description"),
        };
        form.finish()?;
        Ok(cloud.authorize(&endpoint, request, moment)?.to_string())
    })?;
    Ok(Changed { status: Status { code: RuleStatus::Authorizing.as_str() } })
}

/// Begins the end of a rule.
pub(super) fn revoke(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Changed, Refusal> {
    let endpoint = form.take_required("ClientVpnEndpointId")?;
    let request = RevokeIngress {
        target_network: form.take_required("TargetNetworkCidr")?,
        access_group: form.take("AccessGroupId"),
        all_groups: form.take_bool("RevokeAllGroups")?.unwrap_or(false),
    };
    form.finish()?;
    cloud.revoke(&endpoint, &request, moment)?;
    Ok(Changed { status: Status { code: RuleStatus::Revoking.as_str() } })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    authorization_rule: Items<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    client_vpn_endpoint_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    group_id: String,
    access_all: bool,
    destination_cidr: String,
    status: Status,
}

/// Lists the rules of an endpoint.
pub(super) fn describe(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Described, Refusal> {
    let endpoint = form.take_required("ClientVpnEndpointId")?;
    let listing = Listing::take(form, &["description", "destination-cidr", "group-id"])?;
    form.finish()?;
    let endpoint = cloud.endpoint(&endpoint)?;
    let (page, next_token) = listing.of(&endpoint.rules, |rule, name| match name {
        "description" => rule.description.iter().cloned().collect(),
        "destination-cidr" => vec![rule.target.to_string()],
        "group-id" => rule.group.iter().cloned().collect(),
        _ => Vec::new(),
    });
    let item = |rule: &AuthorizationRule| Item {
        client_vpn_endpoint_id: endpoint.id.to_string(),
        description: rule.description.clone(),
        group_id: rule.group.clone().unwrap_or_default(),
        access_all: rule.group.is_none(),
        destination_cidr: rule.target.to_string(),
        status: Status { code: rule.status(moment.now, &cloud.timings).as_str() },
    };
    Ok(Described { authorization_rule: page.into_iter().map(item).collect(), next_token })
}
