//! Authorization rules: which networks clients may reach. Without one, none.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-rules.html>. With mutual authentication alone
//! there are no groups, so every rule is for everybody.

use std::str::FromStr;

use ipnet::Ipv4Net;
use time::OffsetDateTime;

use super::{Cloud, Moment, Refusal, Timings};

/// Rules per endpoint.
/// <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/limits.html>
const MAX_RULES: usize = 200;

/// What is asked for, as it came.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "members of the call, named as AWS names them")]
pub struct AuthorizeIngress {
    pub target_network: String,
    pub access_group: Option<String>,
    pub all_groups: bool,
    pub description: Option<String>,
}

/// Lets everybody reach a network.
#[derive(Debug)]
pub struct AuthorizationRule {
    /// The network.
    pub target: Ipv4Net,
    /// For people.
    pub description: Option<String>,
    /// When it was asked for.
    pub since: OffsetDateTime,
}

/// `Status` of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleStatus {
    /// Accepted, not in force yet.
    Authorizing,
    /// In force.
    Active,
}

impl RuleStatus {
    /// AWS's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorizing => "authorizing",
            Self::Active => "active",
        }
    }
}

impl AuthorizationRule {
    /// The rule's state at a time.
    #[must_use]
    pub fn status(&self, now: OffsetDateTime, timings: &Timings) -> RuleStatus {
        if now - self.since < timings.authorization { RuleStatus::Authorizing } else { RuleStatus::Active }
    }
}

impl Cloud {
    /// Adds a rule to an endpoint.
    ///
    /// # Errors
    /// `InvalidClientVpnEndpointId.NotFound`, `InvalidParameterValue`, `MissingParameter`,
    /// `InvalidClientVpnDuplicateAuthorizationRule`, `ClientVpnAuthorizationRuleLimitExceeded`.
    pub fn authorize(
        &mut self,
        endpoint: &str,
        request: AuthorizeIngress,
        moment: &Moment,
    ) -> Result<Ipv4Net, Refusal> {
        let endpoint = self.endpoint_mut(endpoint)?;
        let AuthorizeIngress { target_network, access_group, all_groups, description } = request;
        // AWS's message is not published: UNCONFIRMED.
        let target = Ipv4Net::from_str(&target_network)
            .ok()
            .filter(|net| net.trunc() == *net)
            .ok_or_else(|| Refusal::invalid_value(format!("'{target_network}' is not the CIDR of a network")))?;
        match (access_group, all_groups) {
            (None, true) => {}
            (None, false) => return Err(Refusal::missing("AccessGroupId or AuthorizeAllGroups")),
            (Some(_), true) => {
                return Err(Refusal::invalid_value("AccessGroupId and AuthorizeAllGroups exclude each other"));
            }
            (Some(_), false) => {
                return Err(Refusal::invalid_value(
                    "An endpoint with mutual authentication alone has no groups: use AuthorizeAllGroups",
                ));
            }
        }
        if endpoint.rules.iter().any(|rule| rule.target == target) {
            return Err(Refusal::new(
                "InvalidClientVpnDuplicateAuthorizationRule",
                format!("A rule for '{target}' and all groups exists already"),
            ));
        }
        if endpoint.rules.len() >= MAX_RULES {
            return Err(Refusal::new(
                "ClientVpnAuthorizationRuleLimitExceeded",
                format!("The maximum number of authorization rules ({MAX_RULES}) has been reached"),
            ));
        }
        endpoint.rules.push(AuthorizationRule { target, description, since: moment.now });
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::fixture::{TIMINGS, at, cloud_with_endpoint};

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
        assert_eq!(code(AuthorizeIngress { all_groups: false, ..everybody("10.2.0.0/16") }), "MissingParameter");
        let group = AuthorizeIngress { access_group: Some("g".to_owned()), ..everybody("10.2.0.0/16") };
        assert_eq!(code(group), "InvalidParameterValue");
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
}
