//! The difference between what there is and what is wanted, as steps. Pure and total: the same two values always
//! give the same plan, and there is a plan for every two values.

mod order;

pub mod step;

use std::{collections::BTreeSet, fmt};

use super::{
    desired::{Desired, Goal, Wanted},
    id::{CertificateArn, EndpointId},
    observed::{Endpoint, EndpointStatus, Observed},
    own::OwnCertificate,
    part::Status,
    setting::{Change, Setting},
    tags,
    to_list::ToList,
};
use crate::{ledger::RecordedCrl, pki::serial::Serial};

pub use step::{Pending, Step};

/// What is to be done, or why nothing may be.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// Steps in an order in which they can be run.
    pub steps: Vec<Step>,
    /// The settings for which the endpoint is replaced by a new one; none where it is not.
    pub replaced_for: BTreeSet<Setting>,
    /// Why the deployment may not be changed. Steps beside an obstacle only clear away what is this ledger's own.
    pub obstacles: Vec<Obstacle>,
    order: order::Order,
}

/// What stands in the way of any change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// The endpoint trusts another CA than this ledger's.
    ForeignEndpoint {
        /// The endpoint.
        id: EndpointId,
        /// Who made it, by its tags.
        made_by: Option<String>,
    },
    /// A certificate in ACM that the ledger does not know: it belongs to another ledger.
    ForeignCertificate {
        /// Which of the two it is.
        own: OwnCertificate,
        /// The certificate.
        arn: CertificateArn,
        /// Who made it, by its tags.
        made_by: Option<String>,
    },
    /// More than one endpoint carries the deployment's tag.
    SeveralEndpoints(BTreeSet<EndpointId>),
    /// The endpoint's server certificate is for another domain.
    OtherDomain {
        /// Its domain.
        found: String,
        /// The configured domain.
        wanted: String,
    },
    /// The endpoint's CRL lists certificates of whose revocation the ledger knows nothing: with the ledger's CRL they
    /// would be let in again.
    CrlWouldLose {
        /// Their serial numbers, in hexadecimal digits.
        serials: Vec<String>,
    },
    /// The endpoint is in a state in which AWS changes nothing about it.
    EndpointNotUsable,
}

/// The steps from `observed` to `desired`.
pub fn plan(desired: &Desired, observed: &Observed) -> Plan {
    // Nothing stands in the way of an end.
    let obstacles = if desired.is_removal() { Vec::new() } else { obstacles(desired, observed) };
    let mut plan = match &desired.goal {
        Goal::Deployment(_) if !obstacles.is_empty() => Plan { steps: surplus(observed), ..Plan::default() },
        Goal::Crl | Goal::Renewal(..) if !obstacles.is_empty() => Plan::default(),
        Goal::Deployment(wanted) => deployment(desired, wanted, observed),
        Goal::Nothing => removal(observed),
        Goal::Crl => Plan { steps: crl(observed).into_iter().collect(), ..Plan::default() },
        Goal::Renewal(own, of) => renewal(*own, *of, observed),
    };
    plan.obstacles = obstacles;
    plan.order = order::Order::of(&plan.steps, desired.wanted().map(|wanted| &wanted.zones));
    plan.order.sort(&mut plan.steps);
    plan
}

impl Plan {
    /// Whether everything is as it should be.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.obstacles.is_empty()
    }

    /// The steps that wait for no other step of the plan: they can run at the same time.
    pub fn ready(&self) -> Vec<Step> {
        self.steps.iter().filter(|step| self.order.is_free(step)).cloned().collect()
    }

    /// Whether a step needs the CA's key.
    pub fn needs_ca(&self, observed: &Observed) -> bool {
        self.steps.iter().any(|step| match step {
            Step::ImportCertificate(_) | Step::Renew(_) => true,
            Step::ImportCrl => !recorded_crl_is_complete(observed),
            Step::CreateEndpoint
            | Step::ModifyEndpoint(_)
            | Step::ExchangeServer
            | Step::Tag
            | Step::Make(_)
            | Step::Remove(_)
            | Step::DeleteEndpoint
            | Step::DeleteCertificate(_)
            | Step::Await(_) => false,
        })
    }
}

/// Whether the ledger's latest CRL lists exactly what the ledger says, and can take the place of the endpoint's: numbers
/// rise (RFC 5280 section 5.2.3).
pub fn recorded_crl_is_complete(observed: &Observed) -> bool {
    let imported = imported_number(observed);
    observed.recorded_crl.as_ref().is_some_and(|recorded| is_complete(recorded, &observed.to_list, imported))
}

/// The same for any CRL of the ledger and what the ledger says, where the endpoint has number `imported`.
pub(super) fn is_complete(recorded: &RecordedCrl, to_list: &ToList, imported: Option<u64>) -> bool {
    imported.is_none_or(|number| number <= recorded.number) && to_list.is_listed_by(&recorded.crl)
}

/// The number of the endpoint's CRL.
pub(super) fn imported_number(observed: &Observed) -> Option<u64> {
    observed.endpoint.as_ref()?.crl.as_ref()?.number()
}

fn deployment(desired: &Desired, wanted: &Wanted, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    let steps = &mut plan.steps;
    for own in OwnCertificate::ALL {
        if observed.own(own).is_none() {
            steps.push(Step::ImportCertificate(own));
        }
    }
    let server = observed.own(OwnCertificate::Server).map(|(_, server)| server);
    if server.and_then(|server| server.not_after).is_some_and(|end| end < wanted.renew_before) {
        steps.push(Step::Renew(OwnCertificate::Server));
    }
    match &observed.endpoint {
        None => creation(wanted, steps),
        Some(endpoint) => {
            let differing = wanted.settings.differing(&endpoint.settings);
            plan.replaced_for = differing.iter().copied().filter(|it| replaces(*it, endpoint)).collect();
            if plan.replaced_for.is_empty() {
                changes(desired, wanted, observed, endpoint, differing, steps);
            } else {
                removal_of(endpoint, steps);
                creation(wanted, steps);
            }
        }
    }
    match observed.endpoint.is_some() && plan.replaced_for.is_empty() {
        true => plan.steps.extend(crl(observed)),
        false => plan.steps.push(Step::ImportCrl),
    }
    if observed.endpoint.is_some() {
        plan.steps.extend(surplus(observed));
    }
    plan
}

/// The renewal of the certificate with the serial number `of`, while it is in use. A new anchor must be on the CRL.
fn renewal(own: OwnCertificate, of: Serial, observed: &Observed) -> Plan {
    let is_due = observed.own(own).and_then(|(_, found)| found.serial) == Some(of);
    let mut steps: Vec<Step> = is_due.then_some(Step::Renew(own)).into_iter().collect();
    match own {
        OwnCertificate::Server => {}
        OwnCertificate::Anchor if is_due => steps.push(Step::ImportCrl),
        OwnCertificate::Anchor => steps.extend(crl(observed)),
    }
    Plan { steps, ..Plan::default() }
}

fn creation(wanted: &Wanted, steps: &mut Vec<Step>) {
    steps.push(Step::CreateEndpoint);
    steps.extend(wanted.parts.keys().cloned().map(Step::Make));
}

fn changes(
    desired: &Desired,
    wanted: &Wanted,
    observed: &Observed,
    endpoint: &Endpoint,
    differing: BTreeSet<Setting>,
    steps: &mut Vec<Step>,
) {
    if !differing.is_empty() {
        steps.push(Step::ModifyEndpoint(differing));
    }
    if observed.own(OwnCertificate::Server).is_none_or(|(arn, _)| *arn != endpoint.server) {
        steps.push(Step::ExchangeServer);
    }
    let tags = tags::endpoint(&desired.deployment, &wanted.tags);
    if tags.iter().any(|(key, value)| endpoint.tags.get(key) != Some(value)) {
        steps.push(Step::Tag);
    }
    for (part, description) in &wanted.parts {
        let Some(state) = endpoint.parts.get(part) else {
            steps.push(Step::Make(part.clone()));
            continue;
        };
        match &state.status {
            Status::There if state.description == *description => {}
            Status::There | Status::Failed { .. } => {
                steps.extend([Step::Remove(part.clone()), Step::Make(part.clone())]);
            }
            Status::Coming => steps.push(Step::Await(Pending::Coming(part.clone()))),
            Status::Going => {
                steps.extend([Step::Await(Pending::Going(part.clone())), Step::Make(part.clone())]);
            }
        }
    }
    let unwanted = endpoint.parts.iter().filter(|(part, _)| !wanted.parts.contains_key(part));
    steps.extend(unwanted.map(|(part, state)| taken_away(part, &state.status)));
}

/// Everything that carries the deployment's tags. What its endpoint merely uses stays. Of several endpoints one is taken
/// away at a time; the certificates, which they may share, go with the last.
fn removal(observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    if let Some(endpoint) = &observed.endpoint {
        removal_of(endpoint, &mut plan.steps);
    }
    plan.steps.extend(observed.deleting.iter().cloned().map(|id| Step::Await(Pending::Deletion(id))));
    let is_last = observed.others.is_empty();
    let tagged = observed.certificates.iter().filter(|(_, imported)| imported.tagged && is_last);
    plan.steps.extend(tagged.map(|(arn, _)| Step::DeleteCertificate(arn.clone())));
    plan
}

fn removal_of(endpoint: &Endpoint, steps: &mut Vec<Step>) {
    steps.extend(endpoint.parts.iter().map(|(part, state)| taken_away(part, &state.status)));
    steps.push(Step::DeleteEndpoint);
}

fn taken_away(part: &super::part::Part, status: &Status) -> Step {
    match status {
        Status::Going => Step::Await(Pending::Going(part.clone())),
        Status::Coming | Status::There | Status::Failed { .. } => Step::Remove(part.clone()),
    }
}

/// Certificates of this ledger's CA that serve nothing: left over from a run that somebody else outran.
fn surplus(observed: &Observed) -> Vec<Step> {
    let foreign = observed.endpoint.as_ref().is_some_and(|endpoint| is_foreign(observed, endpoint));
    let needed: Vec<&CertificateArn> = match &observed.endpoint {
        Some(endpoint) if foreign => [&endpoint.server].into_iter().chain(&endpoint.anchor).collect(),
        _ => OwnCertificate::ALL.iter().filter_map(|own| observed.own(*own)).map(|(arn, _)| arn).collect(),
    };
    let ours = observed.certificates.iter().filter(|(_, imported)| imported.recorded);
    ours.filter(|(arn, _)| !needed.contains(arn)).map(|(arn, _)| Step::DeleteCertificate(arn.clone())).collect()
}

/// What the endpoint's CRL needs. Never imports again what the endpoint has already: an import resets every connection.
fn crl(observed: &Observed) -> Option<Step> {
    let endpoint = observed.endpoint.as_ref()?;
    let recorded = observed.recorded_crl.as_ref().map(|recorded| &recorded.crl);
    if endpoint.crl.is_none() || endpoint.crl.as_ref() != recorded || !recorded_crl_is_complete(observed) {
        return Some(Step::ImportCrl);
    }
    (!endpoint.crl_is_active).then_some(Step::Await(Pending::Crl))
}

fn replaces(setting: Setting, endpoint: &Endpoint) -> bool {
    // Before its first association an endpoint may have no VPC; naming one is no replacement.
    let is_first_vpc = setting == Setting::Vpc && endpoint.settings.vpc.is_none();
    setting.change() == Change::Replace && !is_first_vpc
}

fn obstacles(desired: &Desired, observed: &Observed) -> Vec<Obstacle> {
    let mut obstacles = Vec::new();
    if !observed.others.is_empty() {
        let all = observed.others.iter().chain(observed.endpoint.as_ref().map(|endpoint| &endpoint.id));
        obstacles.push(Obstacle::SeveralEndpoints(all.cloned().collect()));
    }
    match &observed.endpoint {
        None => {
            // With certificates of its own a run goes on: the call that creates the endpoint decides whose it is.
            let has_own = OwnCertificate::ALL.iter().all(|own| observed.own(*own).is_some());
            let foreign = observed.certificates.iter().filter(|(_, imported)| !imported.recorded && !has_own);
            obstacles.extend(foreign.map(|(arn, imported)| Obstacle::ForeignCertificate {
                own: imported.own,
                arn: arn.clone(),
                made_by: imported.made_by.clone(),
            }));
        }
        Some(endpoint) if is_foreign(observed, endpoint) => obstacles.push(Obstacle::ForeignEndpoint {
            id: endpoint.id.clone(),
            made_by: endpoint.tags.get(tags::MADE_BY).cloned(),
        }),
        Some(endpoint) => {
            if endpoint.status == EndpointStatus::Pending {
                obstacles.push(Obstacle::EndpointNotUsable);
            }
            let server = observed.certificates.get(&endpoint.server).filter(|server| server.recorded);
            let domain = server.and_then(|server| server.domain.clone());
            if let Some(found) = domain.filter(|domain| *domain != desired.domain.to_string()) {
                obstacles.push(Obstacle::OtherDomain { found, wanted: desired.domain.to_string() });
            }
            let serials = endpoint.crl.as_ref().map(|crl| observed.to_list.unknown_on(crl)).unwrap_or_default();
            if !serials.is_empty() {
                obstacles.push(Obstacle::CrlWouldLose { serials });
            }
        }
    }
    obstacles
}

/// Whose an endpoint is, its anchor says: AWS never changes it.
fn is_foreign(observed: &Observed, endpoint: &Endpoint) -> bool {
    let anchor = endpoint.anchor.as_ref().and_then(|arn| observed.certificates.get(arn));
    anchor.is_some_and(|anchor| !anchor.recorded)
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = |made_by: &Option<String>| match made_by {
            Some(who) => format!(", made by {who},"),
            None => String::new(),
        };
        match self {
            Self::ForeignEndpoint { id, made_by } => {
                write!(f, "the endpoint `{id}`{} trusts another CA than this ledger's", by(made_by))
            }
            Self::ForeignCertificate { own, arn, made_by } => {
                let by = by(made_by);
                write!(f, "the {own} `{arn}`{by} is not in this ledger, so the CA of another ledger has issued it")
            }
            Self::SeveralEndpoints(ids) => {
                let ids: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
                write!(f, "more than one endpoint is tagged as this deployment's: {}", ids.join(", "))
            }
            Self::OtherDomain { found, wanted } => write!(
                f,
                "the deployment was made for the domain `{found}`, and the configuration says `{wanted}`; \
                 every profile names the domain, so it stays with a deployment for its life"
            ),
            Self::CrlWouldLose { serials } => {
                let shown: Vec<&str> = serials.iter().take(SHOWN).map(String::as_str).collect();
                let more = serials.len().saturating_sub(SHOWN);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                write!(
                    f,
                    "the endpoint's CRL lists certificates of whose revocation the ledger knows nothing, and which \
                     its own would let in again: {}{more}",
                    shown.join(", ")
                )
            }
            Self::EndpointNotUsable => {
                f.write_str("the endpoint waits for something outside Latchkey and cannot be used yet")
            }
        }
    }
}

/// Serial numbers that are named.
const SHOWN: usize = 5;

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests;
