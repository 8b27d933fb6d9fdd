//! What the service itself says there is: read with the AWS SDK, written down as lines without ids, so that two
//! accounts can be compared and a duplicate is a line that stands there twice.

use anyhow::{Context, Result};
use aws_sdk_acm::{config::Region, types::CertificateSummary};
use aws_sdk_ec2::{
    config::Credentials,
    types::{ClientVpnEndpoint, ClientVpnEndpointStatusCode, Tag},
};
use futures::future::try_join_all;

/// Everything of Client VPN and ACM that an account has, sorted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Inventory(pub Vec<String>);

/// Where to look, and as whom.
#[derive(Clone, Debug)]
pub struct Account {
    ec2: aws_sdk_ec2::Client,
    acm: aws_sdk_acm::Client,
}

impl Account {
    /// The account that `variables` point AWS programs to.
    ///
    /// # Errors
    /// One is missing.
    pub async fn of(variables: &[(String, String)]) -> Result<Self> {
        let variable = |wanted: &str| {
            let found = variables.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
            found.with_context(|| format!("`{wanted}` is missing"))
        };
        let (id, secret) = (variable("AWS_ACCESS_KEY_ID")?, variable("AWS_SECRET_ACCESS_KEY")?);
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .region(Region::new(variable("AWS_REGION")?))
            .endpoint_url(variable("AWS_ENDPOINT_URL")?)
            .credentials_provider(Credentials::new(id, secret, None, None, "sandbox"))
            .load()
            .await;
        Ok(Self { ec2: aws_sdk_ec2::Client::new(&config), acm: aws_sdk_acm::Client::new(&config) })
    }

    /// The account that this process's own environment points to, as every AWS program finds it.
    pub async fn of_environment(region: &str) -> Self {
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest());
        let config = config.region(Region::new(region.to_owned())).load().await;
        Self { ec2: aws_sdk_ec2::Client::new(&config), acm: aws_sdk_acm::Client::new(&config) }
    }

    /// Looks at everything.
    ///
    /// # Errors
    /// The service refuses a call.
    pub async fn inventory(&self) -> Result<Inventory> {
        self.look(|_| true).await
    }

    /// Looks at what carries the tag of the deployment `name`, in an account where others have theirs.
    ///
    /// # Errors
    /// The service refuses a call.
    pub async fn of_deployment(&self, name: &str) -> Result<Inventory> {
        let tag = format!("latchkey:deployment={name}");
        self.look(|tags| tags.split(' ').any(|it| it == tag)).await
    }

    /// Everything whose tags are wanted. What AWS still shows although it is deleted is not there any more.
    async fn look(&self, is_wanted: impl Fn(&str) -> bool) -> Result<Inventory> {
        let mut lines = Vec::new();
        let mut endpoints = self.ec2.describe_client_vpn_endpoints().into_paginator().items().send();
        while let Some(endpoint) = endpoints.next().await {
            let endpoint = endpoint?;
            let code = endpoint.status().and_then(|status| status.code());
            if code != Some(&ClientVpnEndpointStatusCode::Deleted) && is_wanted(&ec2_tags(endpoint.tags())) {
                lines.extend(self.endpoint(&endpoint).await?);
            }
        }
        let mut certificates = self.acm.list_certificates().into_paginator().items().send();
        while let Some(summary) = certificates.next().await {
            lines.extend(self.certificate(&summary?, &is_wanted).await?);
        }
        lines.sort();
        Ok(Inventory(lines))
    }

    /// The exported client configuration of every endpoint.
    ///
    /// # Errors
    /// The service refuses a call.
    pub async fn configurations(&self) -> Result<Vec<String>> {
        let described = self.ec2.describe_client_vpn_endpoints().send().await?;
        let ids = described.client_vpn_endpoints().iter().filter_map(ClientVpnEndpoint::client_vpn_endpoint_id);
        try_join_all(ids.map(async |id| {
            let exported = self.ec2.export_client_vpn_client_configuration().client_vpn_endpoint_id(id).send().await?;
            Ok(exported.client_configuration().unwrap_or_default().to_owned())
        }))
        .await
    }

    /// The CRL of every endpoint.
    ///
    /// # Errors
    /// The service refuses a call.
    pub async fn crls(&self) -> Result<Vec<String>> {
        let described = self.ec2.describe_client_vpn_endpoints().send().await?;
        let ids = described.client_vpn_endpoints().iter().filter_map(ClientVpnEndpoint::client_vpn_endpoint_id);
        try_join_all(ids.map(async |id| {
            let exported = self.ec2.export_client_vpn_client_certificate_revocation_list().client_vpn_endpoint_id(id);
            Ok(exported.send().await?.certificate_revocation_list().unwrap_or_default().to_owned())
        }))
        .await
    }

    /// Gives every endpoint the CRL `pem`, as somebody may who does not use Latchkey for it.
    ///
    /// # Errors
    /// The service refuses a call.
    pub async fn import_crl(&self, pem: &str) -> Result<()> {
        let described = self.ec2.describe_client_vpn_endpoints().send().await?;
        for endpoint in described.client_vpn_endpoints() {
            let import = self.ec2.import_client_vpn_client_certificate_revocation_list();
            let id = endpoint.client_vpn_endpoint_id().unwrap_or_default();
            import.client_vpn_endpoint_id(id).certificate_revocation_list(pem).send().await?;
        }
        Ok(())
    }

    async fn endpoint(&self, endpoint: &ClientVpnEndpoint) -> Result<Vec<String>> {
        let id = endpoint.client_vpn_endpoint_id().context("an endpoint without id")?;
        let mut lines = settings(endpoint);
        let ec2 = &self.ec2;
        let networks = ec2.describe_client_vpn_target_networks().client_vpn_endpoint_id(id).send().await?;
        for network in networks.client_vpn_target_networks() {
            let code = network.status().and_then(|status| status.code());
            let subnet = network.target_network_id().unwrap_or_default();
            let groups = network.security_groups();
            lines.push(format!("association of {subnet}: {code:?}, security groups {groups:?}"));
        }
        let rules = ec2.describe_client_vpn_authorization_rules().client_vpn_endpoint_id(id).send().await?;
        for rule in rules.authorization_rules() {
            let code = rule.status().and_then(|status| status.code());
            let (cidr, all, group) = (rule.destination_cidr().unwrap_or_default(), rule.access_all(), rule.group_id());
            lines.push(format!("rule for {cidr}: {code:?}, all {all:?}, group {group:?}"));
        }
        let routes = ec2.describe_client_vpn_routes().client_vpn_endpoint_id(id).send().await?;
        for route in routes.routes() {
            let code = route.status().and_then(|status| status.code());
            let (cidr, subnet) = (route.destination_cidr().unwrap_or_default(), route.target_subnet());
            let origin = route.origin();
            lines.push(format!("route to {cidr}: {code:?}, through {subnet:?}, origin {origin:?}"));
        }
        let exported = ec2.export_client_vpn_client_certificate_revocation_list().client_vpn_endpoint_id(id);
        let exported = exported.send().await?;
        let is_there = exported.certificate_revocation_list().is_some_and(|crl| crl.contains("BEGIN X509 CRL"));
        lines.push(format!("CRL imported: {is_there}"));
        Ok(lines)
    }

    async fn certificate(
        &self,
        summary: &CertificateSummary,
        is_wanted: &impl Fn(&str) -> bool,
    ) -> Result<Option<String>> {
        let arn = summary.certificate_arn().context("a certificate without ARN")?;
        let listed = self.acm.list_tags_for_certificate().certificate_arn(arn).send().await?;
        let mut tags: Vec<_> =
            listed.tags().iter().map(|tag| format!("{}={}", tag.key(), tag.value().unwrap_or_default())).collect();
        tags.sort();
        let tags = tags.join(" ");
        if !is_wanted(&tags) {
            return Ok(None);
        }
        let described = self.acm.describe_certificate().certificate_arn(arn).send().await?;
        let detail = described.certificate().context("no certificate in the answer")?;
        let (subject, used) = (detail.subject().unwrap_or_default(), detail.in_use_by().len());
        Ok(Some(format!("certificate of {subject}: tags {tags}, used by {used}")))
    }
}

impl Inventory {
    /// What stands in only one of the two, one line each; empty where they are equal.
    pub fn difference(&self, wanted: &Self) -> String {
        let mut missing = wanted.0.clone();
        let mut lines = Vec::new();
        for line in &self.0 {
            match missing.iter().position(|wanted| wanted == line) {
                Some(at) => drop(missing.remove(at)),
                None => lines.push(format!("+ {line}")),
            }
        }
        lines.extend(missing.iter().map(|line| format!("- {line}")));
        lines.join("\n")
    }

    /// How many lines begin like this.
    pub fn count(&self, beginning: &str) -> usize {
        self.0.iter().filter(|line| line.starts_with(beginning)).count()
    }
}

/// All settings, without ids, ARNs and times, and without what has lines of its own.
fn settings(endpoint: &ClientVpnEndpoint) -> Vec<String> {
    let status = endpoint.status().and_then(|status| status.code());
    let authentication: Vec<_> = endpoint.authentication_options().iter().map(|option| option.r#type()).collect();
    let mut settings = vec![
        ("description", format!("{:?}", endpoint.description())),
        ("clients", format!("{:?}, {:?}", endpoint.client_cidr_block(), endpoint.traffic_ip_address_type())),
        ("transport", format!("{:?} {:?}", endpoint.transport_protocol(), endpoint.vpn_port())),
        ("address type", format!("{:?}", endpoint.endpoint_ip_address_type())),
        ("VPC", format!("{:?}", endpoint.vpc_id())),
        ("security groups", format!("{:?}", endpoint.security_group_ids())),
        ("split tunnel", format!("{:?}", endpoint.split_tunnel())),
        ("name servers", format!("{:?}", endpoint.dns_servers())),
        ("authentication", format!("{authentication:?}")),
        ("connection log", format!("{:?}", endpoint.connection_log_options())),
        ("connect handler", format!("{:?}", endpoint.client_connect_options())),
        ("session hours", format!("{:?}", endpoint.session_timeout_hours())),
        ("disconnect on session timeout", format!("{:?}", endpoint.disconnect_on_session_timeout())),
        ("banner", format!("{:?}", endpoint.client_login_banner_options())),
        ("route enforcement", format!("{:?}", endpoint.client_route_enforcement_options())),
        ("self-service portal", format!("{:?}", endpoint.self_service_portal_url())),
    ];
    settings.push(("tags", ec2_tags(endpoint.tags())));
    let lines = settings.iter().map(|(name, value)| format!("endpoint's {name}: {value}"));
    std::iter::once(format!("endpoint: {status:?}")).chain(lines).collect()
}

fn ec2_tags(tags: &[Tag]) -> String {
    let mut tags: Vec<_> = tags
        .iter()
        .map(|tag| format!("{}={}", tag.key().unwrap_or_default(), tag.value().unwrap_or_default()))
        .collect();
    tags.sort();
    tags.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_is_a_difference() {
        let lines = |lines: &[&str]| Inventory(lines.iter().map(|&line| line.to_owned()).collect());
        let (once, twice) = (lines(&["a", "rule"]), lines(&["a", "rule", "rule"]));
        assert_eq!(twice.difference(&once), "+ rule");
        assert_eq!(once.difference(&twice), "- rule");
        assert_eq!(once.difference(&once), "");
        assert_eq!(twice.count("ru"), 2);
    }
}
