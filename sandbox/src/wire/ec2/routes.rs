//! `CreateClientVpnRoute`, `DeleteClientVpnRoute` and `DescribeClientVpnRoutes`.

use serde::Serialize;

use super::form::Form;
use super::listing::Listing;
use super::xml::{Items, Status};
use crate::cloud::{Cloud, CreateRoute, Moment, Refusal, Route, RouteStatus};

#[derive(Serialize)]
pub(super) struct Changed {
    status: Status,
}

/// Adds a route.
pub(super) fn create(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Changed, Refusal> {
    form.once("CreateClientVpnRoute", cloud, |cloud, form| {
        let endpoint = form.take_required("ClientVpnEndpointId")?;
        let request = CreateRoute {
            destination: form.take_required("DestinationCidrBlock")?,
            target: form.take_required("TargetVpcSubnetId")?,
            description: form.take("Description"),
        };
        form.finish()?;
        cloud.create_route(&endpoint, request, moment)?;
        Ok(endpoint)
    })?;
    Ok(Changed { status: Status { code: RouteStatus::Creating.as_str() } })
}

/// Begins the end of a route.
pub(super) fn delete(cloud: &mut Cloud, form: &mut Form, moment: &Moment) -> Result<Changed, Refusal> {
    let endpoint = form.take_required("ClientVpnEndpointId")?;
    let destination = form.take_required("DestinationCidrBlock")?;
    let target = form.take_required("TargetVpcSubnetId")?;
    form.finish()?;
    cloud.delete_route(&endpoint, &destination, &target, moment)?;
    Ok(Changed { status: Status { code: RouteStatus::Deleting.as_str() } })
}

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
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
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
        "origin" => vec![route.origin.as_str().to_owned()],
        _ => vec![route.target.to_string()],
    });
    let item = |route: Route| Item {
        client_vpn_endpoint_id: endpoint.id.to_string(),
        destination_cidr: route.destination.to_string(),
        target_subnet: route.target.to_string(),
        r#type: "Nat",
        origin: route.origin.as_str(),
        status: Status { code: route.status.as_str() },
        description: route.description,
    };
    Ok(Described { routes: page.into_iter().map(item).collect(), next_token })
}
