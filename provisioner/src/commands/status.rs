//! `latchkey status`: how a deployment is, on one screen, and whether all is well.

use std::{
    fmt::{self, Write},
    path::Path,
};

use provisioner::deploy::{
    connection::Connection,
    observed::{Endpoint, Observed},
    own::OwnCertificate,
    part::{Kind, Part, PartState, Status as PartStatus},
};
use serde::Serialize;
use time::OffsetDateTime;

use crate::{
    deployment::{Deployment, View, call_failure},
    failure::{Failure, Kind as FailureKind, OrFail, Outcome},
    surroundings::Surroundings,
    table::Table,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, json: bool) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let aws = deployment.aws(surroundings).await?;
    let (view, _vpc) = deployment.view(&aws, surroundings.now).await?;
    let connections = match &view.observed.endpoint {
        Some(endpoint) => aws.connections(&endpoint.id).await.map_err(call_failure)?,
        None => Vec::new(),
    };
    let ca = deployment.ledger.ca_certificate().await.or_fail(FailureKind::Input)?;
    let ca_end = ca.and_then(|ca| OffsetDateTime::from_unix_timestamp(ca.not_after()).ok());
    let status = Status::of(&view, &connections, ca_end, surroundings.now);
    if json {
        let text = serde_json::to_string_pretty(&status).or_fail(FailureKind::Bug)?;
        surroundings.out(&format!("{text}\n"));
    } else {
        surroundings.out(&status.to_string());
    }
    match status.problems.len() {
        0 => Ok(()),
        n => Err(Failure::say(FailureKind::Drift, format!("{n} thing(s) are not as they should be"))
            .hint("`latchkey plan` shows what `latchkey provision` would do about it")),
    }
}

/// How a deployment is. A stable form.
#[derive(Serialize)]
struct Status {
    version: u32,
    deployment: String,
    /// Whether there is nothing to be done.
    well: bool,
    endpoint: Option<EndpointForm>,
    associations: Vec<PartForm>,
    rules: Vec<PartForm>,
    routes: Vec<PartForm>,
    crl: CrlForm,
    certificates: Vec<CertificateForm>,
    live_connections: usize,
    problems: Vec<String>,
}

#[derive(Serialize)]
struct EndpointForm {
    id: String,
    status: &'static str,
    dns_name: String,
    transport: &'static str,
    port: u16,
}

#[derive(Serialize)]
struct PartForm {
    subject: String,
    status: &'static str,
    description: String,
    message: Option<String>,
}

#[derive(Serialize)]
struct CrlForm {
    /// Number of the ledger's latest CRL.
    number: Option<u64>,
    /// Entries of the endpoint's CRL.
    entries: Option<usize>,
    /// Whether the endpoint has the ledger's latest CRL.
    is_current: bool,
}

#[derive(Serialize)]
struct CertificateForm {
    what: &'static str,
    until: String,
    days_left: i64,
}

impl Status {
    fn of(view: &View, connections: &[Connection], ca_end: Option<OffsetDateTime>, now: OffsetDateTime) -> Self {
        let View { desired, observed, plan } = view;
        let endpoint = observed.endpoint.as_ref();
        let parts = |kind| parts(endpoint, kind);
        let mut certificates: Vec<CertificateForm> = OwnCertificate::ALL
            .iter()
            .filter_map(|own| certificate(own.word(), observed.own(*own)?.1.not_after?, now))
            .collect();
        certificates.extend(ca_end.and_then(|end| certificate("ca", end, now)));
        let mut problems: Vec<String> = plan.obstacles.iter().map(ToString::to_string).collect();
        problems.extend(plan.steps.iter().map(|step| format!("to do: {step}")));
        let ending = certificates.iter().filter(|it| it.days_left < WARNING_DAYS && it.what != "server");
        problems.extend(ending.map(|it| format!("the {} certificate ends in {} days", it.what, it.days_left)));
        Self {
            version: 1,
            deployment: desired.deployment.to_string(),
            well: problems.is_empty(),
            endpoint: endpoint.map(|endpoint| EndpointForm {
                id: endpoint.id.to_string(),
                status: endpoint.status.as_str(),
                dns_name: endpoint.dns_name.clone(),
                transport: endpoint.settings.transport.as_str(),
                port: endpoint.settings.port,
            }),
            associations: parts(Kind::Association),
            rules: parts(Kind::Rule),
            routes: parts(Kind::Route),
            crl: crl(observed),
            certificates,
            live_connections: connections.iter().filter(|connection| connection.status.is_up()).count(),
            problems,
        }
    }
}

fn parts(endpoint: Option<&Endpoint>, kind: Kind) -> Vec<PartForm> {
    let parts = endpoint.iter().flat_map(|endpoint| &endpoint.parts).filter(|(part, _)| part.kind() == kind);
    parts.map(|(part, state)| part_form(part, state)).collect()
}

fn part_form(part: &Part, PartState { status, description, .. }: &PartState) -> PartForm {
    let subject = match part {
        Part::Association(subnet) => subnet.to_string(),
        Part::Rule(rule) => match &rule.group {
            None => rule.network.to_string(),
            Some(group) => format!("{} for {group}", rule.network),
        },
        Part::Route(route) => format!("{} through {}", route.destination, route.target),
    };
    let message = match status {
        PartStatus::Failed { message } => Some(message.clone()),
        PartStatus::Coming | PartStatus::There | PartStatus::Going => None,
    };
    PartForm { subject, status: status.word(part.kind()), description: description.clone(), message }
}

fn crl(observed: &Observed) -> CrlForm {
    let imported = observed.endpoint.as_ref().and_then(|endpoint| endpoint.crl.as_ref());
    let recorded = observed.recorded_crl.as_ref();
    CrlForm {
        number: recorded.map(|recorded| recorded.number),
        entries: imported.map(|crl| crl.entries()),
        is_current: imported.is_some() && imported == recorded.map(|recorded| &recorded.crl),
    }
}

fn certificate(what: &'static str, end: OffsetDateTime, now: OffsetDateTime) -> Option<CertificateForm> {
    Some(CertificateForm { what, until: end.date().to_string(), days_left: (end - now).whole_days() })
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            None => writeln!(f, "The VPN `{}` has no endpoint.", self.deployment)?,
            Some(EndpointForm { id, status, dns_name, transport, port }) => {
                writeln!(f, "The VPN `{}`: `{id}` is {status}.", self.deployment)?;
                writeln!(f, "  reached at          {dns_name} ({transport} {port})")?;
            }
        }
        writeln!(f, "  live connections    {}", self.live_connections)?;
        let CrlForm { number, entries, is_current } = &self.crl;
        if let Some(number) = number {
            let entries = entries.map(|entries| format!(", {entries} entries at the endpoint")).unwrap_or_default();
            let current = if *is_current { "" } else { ", NOT the one that the endpoint has" };
            writeln!(f, "  revocation list     number {number}{entries}{current}")?;
        }
        for CertificateForm { what, until, days_left } in &self.certificates {
            writeln!(f, "  {:18}  until {until}, {days_left} days left", format!("{what} certificate"))?;
        }
        f.write_char('\n')?;
        let mut table = Table::new(["part", "", "status", "description"]);
        for (what, parts) in [("subnet", &self.associations), ("rule", &self.rules), ("route", &self.routes)] {
            for PartForm { subject, status, description, message } in parts {
                let text = message.clone().unwrap_or_else(|| description.clone());
                table.row([what.to_owned(), subject.clone(), (*status).to_owned(), text]);
            }
        }
        write!(f, "{table}")?;
        f.write_char('\n')?;
        if self.problems.is_empty() {
            f.write_str("All is well.\n")?;
        }
        self.problems.iter().try_for_each(|problem| writeln!(f, "! {problem}"))
    }
}

/// Days before the end of a certificate that Latchkey does not renew by itself.
const WARNING_DAYS: i64 = 90;
