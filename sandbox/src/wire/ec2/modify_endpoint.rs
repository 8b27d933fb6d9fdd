//! `ModifyClientVpnEndpoint` and `DeleteClientVpnEndpoint`.

use serde::Serialize;

use super::endpoints::{refuse_connect_handler, take_banner, take_log};
use super::form::Form;
use super::xml::{Done, Status};
use crate::cloud::{Cloud, DnsServersChange, EndpointStatus, ModifyEndpoint, Moment, Refusal};

/// Modifies an endpoint.
pub(super) fn modify(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Done, Refusal> {
    let endpoint = form.take_required("ClientVpnEndpointId")?;
    let request = ModifyEndpoint {
        server_certificate: form.take("ServerCertificateArn"),
        log: take_log(form)?,
        dns_servers: take_dns_servers(form)?,
        port: form.take_integer("VpnPort")?,
        description: form.take("Description"),
        split_tunnel: form.take_bool("SplitTunnel")?,
        vpc: form.take("VpcId"),
        security_groups: form.take_list("SecurityGroupId"),
        self_service_portal: form.take("SelfServicePortal"),
        session_timeout_hours: form.take_integer("SessionTimeoutHours")?,
        disconnect_on_session_timeout: form.take_bool("DisconnectOnSessionTimeout")?,
        banner: take_banner(form)?,
        route_enforcement: form.take_bool("ClientRouteEnforcementOptions.Enforced")?,
    };
    refuse_connect_handler(form)?;
    form.finish()?;
    cloud.modify_endpoint(&endpoint, request, moment)?;
    Ok(Done::new())
}

/// `DnsServers`, if there are any: here a structure, where creation has a list.
fn take_dns_servers(form: &mut Form) -> Result<Option<DnsServersChange>, Refusal> {
    let change = DnsServersChange {
        enabled: form.take_bool("DnsServers.Enabled")?,
        servers: form.take_list("DnsServers.CustomDnsServers"),
    };
    let any = change.enabled.is_some() || !change.servers.is_empty();
    Ok(any.then_some(change))
}

#[derive(Serialize)]
pub(super) struct Deleted {
    status: Status,
}

/// Begins the deletion of an endpoint.
pub(super) fn delete(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Deleted, Refusal> {
    let endpoint = form.take_required("ClientVpnEndpointId")?;
    form.finish()?;
    cloud.delete_endpoint(&endpoint, moment)?;
    Ok(Deleted { status: Status { code: EndpointStatus::Deleting.as_str() } })
}
