//! `DescribeClientVpnConnections` and `TerminateClientVpnConnections`.

use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;

use super::form::Form;
use super::listing::Listing;
use super::xml::{Items, Status};
use crate::cloud::{Cloud, Connection, ConnectionStatus, Moment, Refusal, Terminate, Terminated};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    connections: Items<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    client_vpn_endpoint_id: String,
    timestamp: String,
    connection_id: String,
    connection_established_time: String,
    ingress_bytes: String,
    egress_bytes: String,
    ingress_packets: String,
    egress_packets: String,
    client_ip: String,
    common_name: String,
    status: Status,
    // Its value while the connection is open is UNCONFIRMED.
    connection_end_time: String,
}

/// Lists the connections of an endpoint: live ones, and those that ended within the hour.
pub(super) fn describe(cloud: &mut Cloud, form: &mut Form, _: &Moment) -> Result<Described, Refusal> {
    let endpoint = form.take_required("ClientVpnEndpointId")?;
    let listing = Listing::take(form, &["connection-id", "username"])?;
    form.finish()?;
    let endpoint = cloud.endpoint(&endpoint)?.id.clone();
    let chosen = cloud.connections.iter().filter(|connection| connection.endpoint == endpoint);
    // With mutual authentication there is no user name.
    let (page, next_token) = listing.of(chosen, |connection, name| match name {
        "connection-id" => vec![connection.id.clone()],
        _ => Vec::new(),
    });
    let item = |connection| item(connection, cloud.connection_status(connection));
    Ok(Described { connections: page.into_iter().map(item).collect(), next_token })
}

fn item(connection: &Connection, status: ConnectionStatus) -> Item {
    Item {
        client_vpn_endpoint_id: connection.endpoint.to_string(),
        timestamp: stamp(connection.seen),
        connection_id: connection.id.clone(),
        connection_established_time: stamp(connection.established),
        ingress_bytes: connection.ingress_bytes.to_string(),
        egress_bytes: connection.egress_bytes.to_string(),
        ingress_packets: connection.ingress_packets.to_string(),
        egress_packets: connection.egress_packets.to_string(),
        client_ip: connection.address.to_string(),
        common_name: connection.common_name.clone(),
        status: Status { code: status.as_str() },
        connection_end_time: connection.ended.map_or_else(|| "-".to_owned(), stamp),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Terminating {
    client_vpn_endpoint_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    connection_statuses: Items<Ending>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ending {
    connection_id: String,
    previous_status: Status,
    current_status: Status,
}

/// Asks for the end of connections.
pub(super) fn terminate(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Terminating, Refusal> {
    let endpoint = form.take_required("ClientVpnEndpointId")?;
    let (connection, username) = (form.take("ConnectionId"), form.take("Username"));
    form.finish()?;
    let which = match (connection, username.clone()) {
        (Some(id), None) => Terminate::Connection(id),
        (None, Some(name)) => Terminate::User(name),
        (None, None) => return Err(Refusal::missing("ConnectionId")),
        (Some(_), Some(_)) => {
            return Err(Refusal::new(
                "InvalidParameterCombination",
                "The parameters ConnectionId and Username cannot be used together",
            ));
        }
    };
    let ended = cloud.terminate_connections(&endpoint, &which, moment)?;
    let ending = |Terminated { id, previous, current }| Ending {
        connection_id: id,
        previous_status: Status { code: previous.as_str() },
        current_status: Status { code: current.as_str() },
    };
    let connection_statuses = ended.into_iter().map(ending).collect();
    Ok(Terminating { client_vpn_endpoint_id: endpoint, username, connection_statuses })
}

/// A string such as `2019-08-12 07:58:34`.
fn stamp(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    time.format(format).unwrap_or_default()
}
