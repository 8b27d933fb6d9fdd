//! `DescribeClientVpnRoutes`.

use serde::Serialize;

use super::form::Form;
use super::listing::Listing;
use super::xml::{Items, Status};
use crate::cloud::{Cloud, Moment, Refusal, Route};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    routes: Items<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    client_vpn_endpoint_id: String,
    destination_cidr: String,
    target_subnet: String,
    r#type: &'static str,
    origin: &'static str,
    status: Status,
    description: &'static str,
}

/// Lists the route table of an endpoint.
pub(super) fn describe(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Described, Refusal> {
    let endpoint = form.take_required("ClientVpnEndpointId")?;
    let listing = Listing::take(form, &["destination-cidr", "origin", "target-subnet"])?;
    form.finish()?;
    let endpoint = cloud.endpoint(&endpoint)?;
    let routes = cloud.routes(endpoint, moment.now);
    let (page, next_token) = listing.of(routes, |route, name| match name {
        "destination-cidr" => vec![route.destination.to_string()],
        "origin" => vec!["associate".to_owned()],
        _ => vec![route.subnet.to_string()],
    });
    let item = |route: Route| Item {
        client_vpn_endpoint_id: endpoint.id.to_string(),
        destination_cidr: route.destination.to_string(),
        target_subnet: route.subnet.to_string(),
        r#type: "Nat",
        origin: "associate",
        status: Status { code: route.status.as_str() },
        description: "Default Route",
    };
    Ok(Described { routes: page.into_iter().map(item).collect(), next_token })
}
