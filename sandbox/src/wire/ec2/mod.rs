//! The EC2 query protocol: a form goes in, XML comes out.
//!
//! One module per group of operations. Every parameter of a call is taken out of the form; what is left over is refused,
//! so that nothing is ignored in silence.

mod authorization_rules;
mod client_configuration;
mod connections;
mod crl;
mod endpoints;
mod form;
mod listing;
mod modify_endpoint;
mod network;
mod peering;
mod routes;
mod tags;
mod target_networks;
mod vpc;
mod xml;

use std::sync::{Mutex, PoisonError};

use self::form::Form;
use super::{Answer, request_log};
use crate::cloud::{Cloud, Moment, Refusal};

/// Runs one call.
pub(super) fn call(
    authenticated: Result<(), Refusal>,
    cloud: &Mutex<Cloud>,
    body: &[u8],
    request_id: &str,
    moment: &Moment,
) -> Answer {
    let mut form = Form::parse(body);
    let operation = form.take("Action").unwrap_or_default();
    form.take("Version");
    let parameters = request_log::without_secrets(form.to_json());
    let outcome = authenticated.and_then(|()| {
        let mut cloud = cloud.lock().unwrap_or_else(PoisonError::into_inner);
        cloud.pass_time(moment.now);
        dispatch(&operation, &mut cloud, form, request_id, moment)
    });
    Answer { operation, parameters, outcome }
}

/// The body of a response.
pub(super) fn body(outcome: Result<String, Refusal>, request_id: &str) -> String {
    outcome.unwrap_or_else(|refusal| xml::error(&refusal, request_id))
}

fn dispatch(
    operation: &str,
    cloud: &mut Cloud,
    mut form: Form,
    request_id: &str,
    moment: &Moment,
) -> Result<String, Refusal> {
    macro_rules! run {
        ($operation:path) => {{
            let body = $operation(cloud, &mut form, moment)?;
            xml::response(operation, request_id, body)
        }};
    }
    match operation {
        "ApplySecurityGroupsToClientVpnTargetNetwork" => run!(target_networks::apply_security_groups),
        "AssociateClientVpnTargetNetwork" => run!(target_networks::associate),
        "AuthorizeClientVpnIngress" => run!(authorization_rules::authorize),
        "CreateClientVpnEndpoint" => run!(endpoints::create),
        "CreateClientVpnRoute" => run!(routes::create),
        "CreateTags" => run!(tags::create),
        "DeleteClientVpnEndpoint" => run!(modify_endpoint::delete),
        "DeleteClientVpnRoute" => run!(routes::delete),
        "DeleteTags" => run!(tags::delete),
        "DescribeAvailabilityZones" => run!(network::describe_availability_zones),
        "DescribeClientVpnAuthorizationRules" => run!(authorization_rules::describe),
        "DescribeClientVpnConnections" => run!(connections::describe),
        "DescribeClientVpnEndpoints" => run!(endpoints::describe),
        "DescribeClientVpnRoutes" => run!(routes::describe),
        "DescribeClientVpnTargetNetworks" => run!(target_networks::describe),
        "DescribeInternetGateways" => run!(network::describe_internet_gateways),
        "DescribeNatGateways" => run!(network::describe_nat_gateways),
        "DescribeRouteTables" => run!(network::describe_route_tables),
        "DescribeSecurityGroups" => run!(vpc::describe_security_groups),
        "DescribeSubnets" => run!(vpc::describe_subnets),
        "DescribeTags" => run!(tags::describe),
        "DescribeVpcPeeringConnections" => run!(peering::describe),
        "DescribeVpcs" => run!(vpc::describe_vpcs),
        "DisassociateClientVpnTargetNetwork" => run!(target_networks::disassociate),
        "ExportClientVpnClientCertificateRevocationList" => run!(crl::export),
        "ExportClientVpnClientConfiguration" => run!(client_configuration::export),
        "ImportClientVpnClientCertificateRevocationList" => run!(crl::import),
        "ModifyClientVpnEndpoint" => run!(modify_endpoint::modify),
        "RevokeClientVpnIngress" => run!(authorization_rules::revoke),
        "TerminateClientVpnConnections" => run!(connections::terminate),
        "" => Err(Refusal::missing("Action")),
        _ => Err(Refusal::new("InvalidAction", format!("The action {operation} is not valid for this web service."))),
    }
}
