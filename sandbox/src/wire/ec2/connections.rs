//! `DescribeClientVpnConnections`.

use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;

use super::form::Form;
use super::listing::Listing;
use super::xml::{Items, Status};
use crate::cloud::{Cloud, Connection, Moment, Refusal};

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
    // OpenVPN counts bytes only.
    ingress_packets: &'static str,
    egress_packets: &'static str,
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
    Ok(Described { connections: page.into_iter().map(item).collect(), next_token })
}

fn item(connection: &Connection) -> Item {
    Item {
        client_vpn_endpoint_id: connection.endpoint.to_string(),
        timestamp: stamp(connection.seen),
        connection_id: connection.id.clone(),
        connection_established_time: stamp(connection.established),
        ingress_bytes: connection.ingress_bytes.to_string(),
        egress_bytes: connection.egress_bytes.to_string(),
        ingress_packets: "0",
        egress_packets: "0",
        client_ip: connection.address.to_string(),
        common_name: connection.common_name.clone(),
        status: Status { code: connection.status().as_str() },
        connection_end_time: connection.ended.map_or_else(|| "-".to_owned(), stamp),
    }
}

/// A string such as `2019-08-12 07:58:34`.
fn stamp(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    time.format(format).unwrap_or_default()
}
