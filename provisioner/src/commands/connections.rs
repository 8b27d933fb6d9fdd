//! `latchkey connections`: who is connected.

use std::path::Path;

use profile::name::Domain;
use provisioner::deploy::{
    aws::Aws,
    connection::{Connection, ConnectionStatus},
    id::EndpointId,
};
use serde::Serialize;

use crate::{
    deployment::{Deployment, call_failure},
    failure::{Failure, Kind, OrFail, Outcome},
    surroundings::Surroundings,
    table::Table,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, json: bool, all: bool) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let aws = deployment.aws(surroundings).await?;
    let endpoint = endpoint(&deployment, &aws).await?;
    let mut connections = aws.connections(&endpoint).await.map_err(call_failure)?;
    connections.retain(|it| all || it.status.is_up());
    let domain = &deployment.config.deployment.domain;
    let mut forms: Vec<Form<'_>> = connections.iter().map(|it| Form::of(it, domain)).collect();
    forms.sort_by(|a, b| (&a.user, a.since).cmp(&(&b.user, b.since)));
    let text = match json {
        true => serde_json::to_string_pretty(&forms).or_fail(Kind::Bug)? + "\n",
        false if forms.is_empty() => "Nobody is connected.\n".to_owned(),
        false => shown(&forms),
    };
    surroundings.out(&text);
    Ok(())
}

/// The deployment's endpoint, which must be there.
pub(super) async fn endpoint(deployment: &Deployment, aws: &Aws) -> Outcome<EndpointId> {
    let name = &deployment.config.deployment.name;
    aws.endpoint(name).await.map_err(call_failure)?.ok_or_else(|| {
        Failure::say(Kind::Input, format!("there is no endpoint of `{name}` yet")).hint("`latchkey provision` makes it")
    })
}

/// One connection. A stable form.
#[derive(Serialize)]
struct Form<'a> {
    user: String,
    address: &'a str,
    since: &'a str,
    bytes_in: u64,
    bytes_out: u64,
    status: &'static str,
    connection: &'a str,
    common_name: &'a str,
}

impl<'a> Form<'a> {
    fn of(connection: &'a Connection, domain: &Domain) -> Self {
        Self {
            user: connection.user(domain),
            address: &connection.address,
            since: &connection.since,
            bytes_in: connection.bytes_in,
            bytes_out: connection.bytes_out,
            status: ConnectionStatus::as_str(connection.status),
            connection: connection.id.as_str(),
            common_name: &connection.common_name,
        }
    }
}

fn shown(forms: &[Form<'_>]) -> String {
    let mut table = Table::new(["user", "address", "since", "bytes in", "bytes out", "status", "connection"]);
    for it in forms {
        table.row([
            it.user.clone(),
            it.address.to_owned(),
            it.since.to_owned(),
            it.bytes_in.to_string(),
            it.bytes_out.to_string(),
            it.status.to_owned(),
            it.connection.to_owned(),
        ]);
    }
    table.to_string()
}
