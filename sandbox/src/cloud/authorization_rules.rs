//! Authorization rules: which networks clients may reach. Without one, none.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-rules.html>. With mutual authentication alone
//! there are no groups, so every rule is for everybody. A rule is known by its network and its group.

use std::str::FromStr;

use ipnet::IpNet;
use time::OffsetDateTime;

use super::{AddressType, Cloud, Moment, Refusal, Timings};

/// Characters of a group's id.
const MAX_GROUP: usize = 255;

/// What is asked for, as it came.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "members of the call, named as AWS names them")]
pub struct AuthorizeIngress {
    pub target_network: String,
    pub access_group: Option<String>,
    pub all_groups: bool,
    pub description: Option<String>,
}

/// Which rule is to go, as it came.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "members of the call, named as AWS names them")]
pub struct RevokeIngress {
    pub target_network: String,
    pub access_group: Option<String>,
    pub all_groups: bool,
}

/// Lets everybody, or a group, reach a network.
#[derive(Debug)]
pub struct AuthorizationRule {
    /// The network.
    pub target: IpNet,
    /// The group; without one, everybody.
    pub group: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// When it was asked for.
    pub since: OffsetDateTime,
    /// When its end was asked for.
    pub revoking: Option<OffsetDateTime>,
}

/// `Status` of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleStatus {
    /// Accepted, not in force yet.
    Authorizing,
    /// In force.
    Active,
    /// Not in force any more.
    Revoking,
    /// Gone.
    Revoked,
}

impl RuleStatus {
    /// AWS's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorizing => "authorizing",
            Self::Active => "active",
            Self::Revoking => "revoking",
            // A word of our own: the service does not list what is gone.
            Self::Revoked => "revoked",
        }
    }
}

impl AuthorizationRule {
    /// The rule's state at a time.
    #[must_use]
    pub fn status(&self, now: OffsetDateTime, timings: &Timings) -> RuleStatus {
        match self.revoking {
            Some(revoking) if now - revoking >= timings.revocation => RuleStatus::Revoked,
            Some(_) => RuleStatus::Revoking,
            None if now - self.since < timings.authorization => RuleStatus::Authorizing,
            None => RuleStatus::Active,
        }
    }
}

impl Cloud {
    /// Adds a rule to an endpoint.
    ///
    /// # Errors
    /// `InvalidClientVpnEndpointId.NotFound`, `InvalidParameterValue`, `MissingParameter`,
    /// `InvalidClientVpnDuplicateAuthorizationRule`, `ClientVpnAuthorizationRuleLimitExceeded`.
    pub fn authorize(&mut self, endpoint: &str, request: AuthorizeIngress, moment: &Moment) -> Result<IpNet, Refusal> {
        let most = self.limits.rules;
        let endpoint = self.live_endpoint_mut(endpoint)?;
        let AuthorizeIngress { target_network, access_group, all_groups, description } = request;
        let target = network(&target_network, endpoint.settings.traffic_addresses)?;
        let has_groups = endpoint.settings.second_factor.is_some();
        let group = check_group(access_group, all_groups, has_groups, "authorize-all-groups")?;
        if endpoint.rules.iter().any(|rule| rule.target == target && rule.group == group) {
            return Err(Refusal::new(
                "InvalidClientVpnDuplicateAuthorizationRule",
                format!("A rule for '{target}' and {} exists already", whom(group.as_deref())),
            ));
        }
        if endpoint.rules.len() >= most {
            return Err(Refusal::new(
                "ClientVpnAuthorizationRuleLimitExceeded",
                format!("The maximum number of authorization rules ({most}) has been reached"),
            ));
        }
        endpoint.rules.push(AuthorizationRule { target, group, description, since: moment.now, revoking: None });
        Ok(target)
    }

    /// Begins the end of a rule. To ask again while it is under way changes nothing.
    ///
    /// # Errors
    /// `InvalidClientVpnEndpointId.NotFound`, `InvalidParameterValue`, `MissingParameter`,
    /// `InvalidClientVpnEndpointAuthorizationRuleNotFound`.
    pub fn revoke(&mut self, endpoint: &str, request: &RevokeIngress, moment: &Moment) -> Result<(), Refusal> {
        let endpoint = self.live_endpoint_mut(endpoint)?;
        let RevokeIngress { target_network, access_group, all_groups } = request;
        let target = network(target_network, endpoint.settings.traffic_addresses)?;
        let has_groups = endpoint.settings.second_factor.is_some();
        let group = check_group(access_group.clone(), *all_groups, has_groups, "revoke-all-groups")?;
        let mut rules = endpoint.rules.iter_mut();
        let rule = rules.find(|rule| rule.target == target && rule.group == group).ok_or_else(|| {
            Refusal::new(
                "InvalidClientVpnEndpointAuthorizationRuleNotFound",
                format!("There is no rule for '{target}' and {}", whom(group.as_deref())),
            )
        })?;
        rule.revoking.get_or_insert(moment.now);
        Ok(())
    }
}

/// Of version 6 only where the traffic is. AWS's messages are not published: UNCONFIRMED.
pub(super) fn network(cidr: &str, traffic: AddressType) -> Result<IpNet, Refusal> {
    let network = IpNet::from_str(cidr).ok().filter(|net| net.trunc() == *net);
    match network {
        Some(IpNet::V6(_)) if traffic == AddressType::Ipv4 => {
            Err(Refusal::invalid_value(format!("'{cidr}' is of IPv6, and the endpoint's traffic is of IPv4 alone")))
        }
        Some(network) => Ok(network),
        None => Err(Refusal::invalid_value(format!("'{cidr}' is not the CIDR of a network"))),
    }
}

/// Exactly one of a group and all groups, and a group only where there are groups.
fn check_group(
    access_group: Option<String>,
    all_groups: bool,
    has_groups: bool,
    switch: &str,
) -> Result<Option<String>, Refusal> {
    match (access_group, all_groups) {
        (None, true) => Ok(None),
        (Some(group), false) if has_groups && (1..=MAX_GROUP).contains(&group.chars().count()) => Ok(Some(group)),
        (Some(group), false) if has_groups => {
            Err(Refusal::invalid_value(format!("'{group}' is not the id of a group")))
        }
        // In these words people have seen it of the service.
        (None, false) => {
            Err(Refusal::new("MissingParameter", format!("You must specify either access-group-id or {switch}")))
        }
        (Some(_), true) => Err(Refusal::invalid_value(format!("You cannot specify both access-group-id and {switch}"))),
        (Some(_), false) => Err(Refusal::invalid_value("An endpoint with mutual authentication alone has no groups")),
    }
}

fn whom(group: Option<&str>) -> String {
    group.map_or_else(|| "all groups".to_owned(), |group| format!("the group '{group}'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::AuthenticationOption;
    use crate::cloud::fixture::{TIMINGS, at, cloud_with_endpoint, prepared_cloud};

    fn everybody(target: &str) -> AuthorizeIngress {
        AuthorizeIngress { target_network: target.to_owned(), all_groups: true, ..AuthorizeIngress::default() }
    }

    #[test]
    fn a_rule_is_in_force_after_its_time() {
        let (mut cloud, id) = cloud_with_endpoint();
        cloud.authorize(id.as_str(), everybody("10.1.0.0/16"), &at(10, 4)).unwrap();
        let rule = &cloud.endpoint(id.as_str()).unwrap().rules[0];
        assert_eq!(rule.status(at(10, 0).now, &TIMINGS), RuleStatus::Authorizing);
        assert_eq!(rule.status(at(11, 0).now, &TIMINGS), RuleStatus::Active);
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        let (mut cloud, id) = cloud_with_endpoint();
        cloud.authorize(id.as_str(), everybody("10.1.0.0/16"), &at(0, 4)).unwrap();
        let mut code = |request| cloud.authorize(id.as_str(), request, &at(0, 5)).unwrap_err().code;
        assert_eq!(code(everybody("10.1.0.0/16")), "InvalidClientVpnDuplicateAuthorizationRule");
        assert_eq!(code(everybody("10.1.0.1/16")), "InvalidParameterValue");
        assert_eq!(code(everybody("everything")), "InvalidParameterValue");
        assert_eq!(code(everybody("2001:db8:1::/56")), "InvalidParameterValue");
        assert_eq!(code(AuthorizeIngress { all_groups: false, ..everybody("10.2.0.0/16") }), "MissingParameter");
        let group = AuthorizeIngress { access_group: Some("g".to_owned()), ..everybody("10.2.0.0/16") };
        assert_eq!(code(group), "InvalidParameterValue");
    }

    #[test]
    fn with_users_a_rule_may_be_for_a_group() {
        let (mut cloud, mut request) = prepared_cloud();
        request.authentication.push(AuthenticationOption {
            kind: Some("directory-service-authentication".to_owned()),
            directory: Some("d-0123456789".to_owned()),
            ..AuthenticationOption::default()
        });
        let id = cloud.create_endpoint(request, &at(0, 3)).unwrap();
        let id = id.as_str();
        let group = |name: &str| AuthorizeIngress {
            access_group: Some(name.to_owned()),
            all_groups: false,
            ..everybody("10.1.0.0/16")
        };
        cloud.authorize(id, group("admins"), &at(0, 4)).unwrap();
        cloud.authorize(id, group("users"), &at(0, 4)).unwrap();
        cloud.authorize(id, everybody("10.1.0.0/16"), &at(0, 4)).unwrap();
        let mut code = |request| cloud.authorize(id, request, &at(0, 5)).unwrap_err().code;
        assert_eq!(code(group("admins")), "InvalidClientVpnDuplicateAuthorizationRule");
        assert_eq!(code(group(&"x".repeat(256))), "InvalidParameterValue");
        assert_eq!(code(AuthorizeIngress { all_groups: true, ..group("others") }), "InvalidParameterValue");
        let revoke = |group: Option<&str>| RevokeIngress {
            target_network: "10.1.0.0/16".to_owned(),
            access_group: group.map(str::to_owned),
            all_groups: group.is_none(),
        };
        cloud.revoke(id, &revoke(Some("users")), &at(5, 5)).unwrap();
        let left = |cloud: &Cloud| {
            let rules = &cloud.endpoint(id).unwrap().rules;
            rules.iter().filter(|rule| rule.revoking.is_none()).map(|rule| rule.group.clone()).collect::<Vec<_>>()
        };
        assert_eq!(left(&cloud), [Some("admins".to_owned()), None]);
        cloud.revoke(id, &revoke(None), &at(5, 5)).unwrap();
        assert_eq!(left(&cloud), [Some("admins".to_owned())]);
        let refusal = cloud.revoke(id, &revoke(Some("nobody")), &at(5, 5)).unwrap_err();
        assert_eq!(refusal.code, "InvalidClientVpnEndpointAuthorizationRuleNotFound");
    }

    #[test]
    fn the_quota_of_rules_holds() {
        let (mut cloud, id) = cloud_with_endpoint();
        for third in 0..=199 {
            cloud.authorize(id.as_str(), everybody(&format!("10.2.{third}.0/24")), &at(0, 4)).unwrap();
        }
        let refusal = cloud.authorize(id.as_str(), everybody("10.3.0.0/24"), &at(0, 4)).unwrap_err();
        assert_eq!(refusal.code, "ClientVpnAuthorizationRuleLimitExceeded");
    }

    #[test]
    fn a_revoked_rule_is_out_of_force_at_once_and_gone_after_its_time() {
        let (mut cloud, id) = cloud_with_endpoint();
        let id = id.as_str();
        cloud.authorize(id, everybody("10.1.0.0/16"), &at(0, 4)).unwrap();
        let revoke =
            |target: &str| RevokeIngress { target_network: target.to_owned(), access_group: None, all_groups: true };
        cloud.revoke(id, &revoke("10.1.0.0/16"), &at(5, 5)).unwrap();
        assert_eq!(cloud.endpoint(id).unwrap().rules[0].status(at(5, 0).now, &TIMINGS), RuleStatus::Revoking);
        let again = cloud.authorize(id, everybody("10.1.0.0/16"), &at(5, 6)).unwrap_err();
        assert_eq!(again.code, "InvalidClientVpnDuplicateAuthorizationRule");

        cloud.pass_time(at(6, 0).now);
        let mut code = |request| cloud.revoke(id, &request, &at(6, 7)).unwrap_err().code;
        assert_eq!(code(revoke("10.1.0.0/16")), "InvalidClientVpnEndpointAuthorizationRuleNotFound");
        assert_eq!(code(RevokeIngress { all_groups: false, ..revoke("10.1.0.0/16") }), "MissingParameter");
        assert!(cloud.authorize(id, everybody("10.1.0.0/16"), &at(6, 8)).is_ok());
    }
}
