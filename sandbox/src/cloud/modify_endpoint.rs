//! `ModifyClientVpnEndpoint`: what of an endpoint may change. What is not a member here cannot.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-endpoint-modify.html>

use super::{BannerMembers, Cloud, LogMembers, Moment, Refusal, endpoint_members};

/// What is to change. `None` stays as it is.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "members of the call, named as AWS names them")]
pub struct ModifyEndpoint {
    pub server_certificate: Option<String>,
    pub log: Option<LogMembers>,
    pub dns_servers: Option<DnsServersChange>,
    pub port: Option<i64>,
    pub description: Option<String>,
    pub split_tunnel: Option<bool>,
    pub vpc: Option<String>,
    pub security_groups: Vec<String>,
    pub self_service_portal: Option<String>,
    pub session_timeout_hours: Option<i64>,
    pub disconnect_on_session_timeout: Option<bool>,
    pub banner: Option<BannerMembers>,
    pub route_enforcement: Option<bool>,
}

/// `DnsServers` as a modification has it: not a list, but a list and a switch.
#[derive(Debug, Default)]
pub struct DnsServersChange {
    /// `false` takes all of them away.
    pub enabled: Option<bool>,
    /// The new ones.
    pub servers: Vec<String>,
}

impl Cloud {
    /// Modifies an endpoint: everything that is asked for, or nothing.
    ///
    /// # Errors
    /// `InvalidClientVpnEndpointId.NotFound`, `IncorrectState`, `MissingParameter`, `InvalidParameterValue`,
    /// `InvalidVpcID.NotFound`, `InvalidGroup.NotFound`.
    pub fn modify_endpoint(&mut self, id: &str, request: ModifyEndpoint, moment: &Moment) -> Result<(), Refusal> {
        let endpoint = self.live_endpoint(id)?;
        let mut settings = endpoint.settings.clone();
        let mut network = (endpoint.vpc.clone(), endpoint.security_groups.clone());

        let ModifyEndpoint {
            server_certificate,
            log,
            dns_servers,
            port,
            description,
            split_tunnel,
            vpc,
            security_groups,
            self_service_portal,
            session_timeout_hours,
            disconnect_on_session_timeout,
            banner,
            route_enforcement,
        } = request;
        let has_users = settings.second_factor.is_some();
        let portal = endpoint_members::self_service_portal(self_service_portal.as_deref(), has_users)?;
        settings.self_service_portal = portal.unwrap_or(settings.self_service_portal);
        if let Some(arn) = server_certificate {
            settings.server_certificate = self.check_server_certificate(&arn, moment.now)?;
        }
        if let Some(log) = log {
            settings.log = endpoint_members::log(log)?;
        }
        if let Some(change) = dns_servers {
            settings.dns_servers = match change {
                DnsServersChange { enabled: Some(false), .. } => Vec::new(),
                DnsServersChange { servers, .. } if servers.is_empty() => {
                    return Err(Refusal::missing("DnsServers.CustomDnsServers"));
                }
                DnsServersChange { servers, .. } => {
                    endpoint_members::dns_servers(&servers, settings.traffic_addresses)?
                }
            };
        }
        if let Some(port) = port {
            settings.port = endpoint_members::port(port)?;
        }
        if let Some(hours) = session_timeout_hours {
            settings.session_timeout_hours = endpoint_members::session_timeout(hours)?;
        }
        if let Some(banner) = banner {
            settings.banner = endpoint_members::banner(banner)?;
        }
        settings.description = description.or(settings.description);
        settings.split_tunnel = split_tunnel.unwrap_or(settings.split_tunnel);
        settings.route_enforcement = route_enforcement.unwrap_or(settings.route_enforcement);
        settings.disconnect_on_session_timeout =
            disconnect_on_session_timeout.unwrap_or(settings.disconnect_on_session_timeout);
        match vpc {
            Some(vpc) => {
                self.check_same_vpc(endpoint, &vpc)?;
                let groups = self.check_network(&vpc, security_groups, settings.client_cidr)?;
                network = (Some(vpc), groups);
            }
            // In these words people have seen it of the service.
            None if !security_groups.is_empty() => {
                return Err(Refusal::invalid_value("Security Groups cannot be modified without specifying Vpc Id"));
            }
            None => {}
        }

        let endpoint = self.live_endpoint_mut(id)?;
        endpoint.settings = settings;
        (endpoint.vpc, endpoint.security_groups) = network;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Settings;
    use crate::cloud::fixture::{at, cloud_with_endpoint};

    fn modify(request: ModifyEndpoint) -> Result<Settings, Refusal> {
        let (mut cloud, id) = cloud_with_endpoint();
        cloud.modify_endpoint(id.as_str(), request, &at(1, 4))?;
        Ok(cloud.endpoint(id.as_str())?.settings.clone())
    }

    #[test]
    fn what_is_not_mentioned_stays() {
        let (cloud, id) = cloud_with_endpoint();
        let before = cloud.endpoint(id.as_str()).unwrap().settings.clone();
        assert_eq!(modify(ModifyEndpoint::default()).unwrap(), before);
        let after = modify(ModifyEndpoint { split_tunnel: Some(false), port: Some(1194), ..ModifyEndpoint::default() });
        assert_eq!(after.unwrap(), Settings { split_tunnel: false, port: 1194, ..before });
    }

    #[test]
    fn dns_servers_are_replaced_or_switched_off() {
        let (mut cloud, id) = cloud_with_endpoint();
        let mut change = |enabled, servers: &[&str]| {
            let servers = servers.iter().map(|&server| server.to_owned()).collect();
            let dns_servers = Some(DnsServersChange { enabled, servers });
            cloud.modify_endpoint(
                id.as_str(),
                ModifyEndpoint { dns_servers, ..ModifyEndpoint::default() },
                &at(1, 4),
            )?;
            let servers = &cloud.endpoint(id.as_str())?.settings.dns_servers;
            Ok(servers.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(
            change(Some(true), &["10.1.0.2", "10.1.0.3"]),
            Ok(vec!["10.1.0.2".to_owned(), "10.1.0.3".to_owned()])
        );
        assert_eq!(change(Some(true), &[]).map_err(|refusal: Refusal| refusal.code), Err("MissingParameter"));
        assert_eq!(change(Some(false), &[]), Ok(Vec::new()));
        assert_eq!(change(Some(true), &["a"]).map_err(|refusal| refusal.code), Err("InvalidParameterValue"));
    }

    #[test]
    fn a_refused_change_changes_nothing() {
        let (mut cloud, id) = cloud_with_endpoint();
        let before = cloud.endpoint(id.as_str()).unwrap().settings.clone();
        let request = ModifyEndpoint { port: Some(1194), session_timeout_hours: Some(9), ..ModifyEndpoint::default() };
        assert_eq!(cloud.modify_endpoint(id.as_str(), request, &at(1, 4)).unwrap_err().code, "InvalidParameterValue");
        assert_eq!(cloud.endpoint(id.as_str()).unwrap().settings, before);
    }

    #[test]
    fn groups_are_modified_together_with_the_vpc() {
        let security_groups = vec!["sg-0a1b2c3d4e5f60719".to_owned()];
        let refusal = modify(ModifyEndpoint { security_groups, ..ModifyEndpoint::default() }).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "InvalidParameterValue: Security Groups cannot be modified without specifying Vpc Id"
        );
        let (mut cloud, id) = cloud_with_endpoint();
        cloud.associate(id.as_str(), "subnet-0a1b2c3d4e5f60001", &at(0, 4)).unwrap();
        let elsewhere = ModifyEndpoint { vpc: Some("vpc-0a1b2c3d4e5f60728".to_owned()), ..ModifyEndpoint::default() };
        assert_eq!(cloud.modify_endpoint(id.as_str(), elsewhere, &at(1, 4)).unwrap_err().code, "InvalidParameterValue");
    }

    #[test]
    fn the_new_server_certificate_must_exist() {
        let arn = "arn:aws:acm:eu-central-1:123456789012:certificate/none".to_owned();
        let refusal = modify(ModifyEndpoint { server_certificate: Some(arn), ..ModifyEndpoint::default() });
        assert_eq!(refusal.unwrap_err().code, "InvalidParameterValue");
    }
}
