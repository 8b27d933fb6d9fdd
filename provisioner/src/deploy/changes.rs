//! A plan as a reader wants it: what is created, changed, replaced and deleted, field by field, from what to what.

use std::collections::BTreeMap;

use super::{
    desired::{Desired, Wanted},
    observed::{Endpoint, Observed},
    own::OwnCertificate,
    part::{Kind, Part},
    plan::{Plan, Step},
    setting::{self, Setting},
    tags,
};

/// One thing that a plan does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// What is done.
    pub action: Action,
    /// To what.
    pub what: String,
    /// What is different then.
    pub fields: Vec<Field>,
}

/// What is done to something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Action {
    /// It is made.
    Create,
    /// It is changed and stays what it is.
    Change,
    /// It is deleted and another one made.
    Replace,
    /// It is deleted.
    Delete,
    /// AWS is at work on it already.
    Await,
}

/// One field of what is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its name; of a setting, the configuration's key.
    pub name: String,
    /// What it is now; `None` where there is nothing yet.
    pub old: Option<String>,
    /// What it will be.
    pub new: Option<String>,
    /// Whether this is why something is replaced.
    pub replaces: bool,
}

/// What `plan`, made of `desired` and `observed`, does.
pub fn changes(plan: &Plan, desired: &Desired, observed: &Observed) -> Vec<Change> {
    plan.steps.iter().filter_map(|step| change(step, plan, desired, observed)).collect()
}

/// Whether `plan` ends the connections that there are
/// (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-endpoint-modify.html>).
pub fn drops_connections(plan: &Plan, observed: &Observed) -> bool {
    let Some(endpoint) = &observed.endpoint else {
        return false;
    };
    let remaining = endpoint.parts.keys().filter(|part| part.kind() == Kind::Association);
    let remaining = remaining.filter(|part| !plan.steps.contains(&Step::Remove((*part).clone()))).count();
    plan.steps.iter().any(|step| match step {
        Step::ModifyEndpoint(settings) => settings.iter().any(|it| it.change() == setting::Change::Reset),
        Step::Renew(OwnCertificate::Server) | Step::ExchangeServer | Step::DeleteEndpoint | Step::ImportCrl => true,
        Step::Make(part) | Step::Remove(part) => match part.kind() {
            Kind::Rule => true,
            Kind::Route => endpoint.settings.split_tunnel,
            Kind::Association => remaining == 0,
        },
        Step::ImportCertificate(_)
        | Step::Renew(OwnCertificate::Anchor)
        | Step::CreateEndpoint
        | Step::Tag
        | Step::Await(_)
        | Step::DeleteCertificate(_) => false,
    })
}

fn change(step: &Step, plan: &Plan, desired: &Desired, observed: &Observed) -> Option<Change> {
    let wanted = desired.wanted();
    let new = |action, what: String, fields| Some(Change { action, what, fields });
    match step {
        Step::ImportCertificate(own) => {
            new(Action::Create, own.to_string(), vec![created("subject", own.subject(&desired.domain))])
        }
        Step::Renew(own) => {
            let found = observed.own(*own).map(|(_, found)| found);
            let end = found.and_then(|found| found.not_after).map(|end| end.date().to_string());
            let until = Field { name: "until".to_owned(), old: end, new: None, replaces: false };
            new(Action::Change, format!("{own}, renewed in its place"), vec![until])
        }
        // One line for both where the endpoint is replaced: that of its creation.
        Step::DeleteEndpoint if !plan.replaced_for.is_empty() => None,
        Step::DeleteEndpoint => new(Action::Delete, endpoint_name(observed.endpoint.as_ref()), Vec::new()),
        Step::CreateEndpoint if plan.replaced_for.is_empty() => {
            new(Action::Create, "Client VPN endpoint".to_owned(), wanted.map(all_settings).unwrap_or_default())
        }
        Step::CreateEndpoint => {
            let mut fields = differing(wanted?, observed.endpoint.as_ref()?, &|_| true);
            for field in &mut fields {
                field.replaces = plan.replaced_for.iter().any(|setting| setting.key() == field.name);
            }
            new(Action::Replace, endpoint_name(observed.endpoint.as_ref()), fields)
        }
        Step::ModifyEndpoint(settings) => {
            let fields = differing(wanted?, observed.endpoint.as_ref()?, &|setting| settings.contains(&setting));
            new(Action::Change, endpoint_name(observed.endpoint.as_ref()), fields)
        }
        Step::ExchangeServer => {
            let own = observed.own(OwnCertificate::Server).map(|(arn, _)| arn.to_string());
            let field = Field {
                name: "server certificate".to_owned(),
                old: observed.endpoint.as_ref().map(|endpoint| endpoint.server.to_string()),
                new: Some(own.unwrap_or_else(|| "a new one".to_owned())),
                replaces: false,
            };
            new(Action::Change, endpoint_name(observed.endpoint.as_ref()), vec![field])
        }
        Step::Tag => new(
            Action::Change,
            "tags of the endpoint and its certificates".to_owned(),
            tag_fields(desired, wanted?, observed.endpoint.as_ref()?),
        ),
        Step::Make(part) => {
            let description = wanted.and_then(|wanted| wanted.parts.get(part)).filter(|text| !text.is_empty());
            let fields = description.map(|text| created("description", text.clone()));
            new(Action::Create, part.to_string(), fields.into_iter().collect())
        }
        Step::Remove(part) => new(Action::Delete, part.to_string(), description_before(part, observed)),
        Step::ImportCrl => {
            let has_one = observed.endpoint.as_ref().is_some_and(|endpoint| endpoint.crl.is_some());
            let action = if has_one && plan.replaced_for.is_empty() { Action::Change } else { Action::Create };
            new(action, "certificate revocation list (CRL)".to_owned(), Vec::new())
        }
        Step::Await(_) => new(Action::Await, step.to_string(), Vec::new()),
        Step::DeleteCertificate(arn) => {
            let own = observed.certificates.get(arn).map_or_else(|| "certificate".to_owned(), |it| it.own.to_string());
            new(Action::Delete, format!("{own} `{arn}`"), Vec::new())
        }
    }
}

fn all_settings(wanted: &Wanted) -> Vec<Field> {
    let set = wanted.settings.listed().into_iter().filter(|(_, value)| !value.is_empty());
    set.map(|(setting, value)| created(setting.key(), value)).collect()
}

fn differing(wanted: &Wanted, endpoint: &Endpoint, is_meant: &dyn Fn(Setting) -> bool) -> Vec<Field> {
    let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) = (endpoint.settings.listed(), wanted.settings.listed());
    let differing = wanted.settings.differing(&endpoint.settings);
    let meant = differing.into_iter().filter(|setting| is_meant(*setting));
    let value = |values: &BTreeMap<Setting, String>, setting| Some(values.get(&setting).cloned().unwrap_or_default());
    meant
        .map(|setting| Field {
            name: setting.key().to_owned(),
            old: value(&old, setting),
            new: value(&new, setting),
            replaces: false,
        })
        .collect()
}

fn tag_fields(desired: &Desired, wanted: &Wanted, endpoint: &Endpoint) -> Vec<Field> {
    let tags = tags::endpoint(&desired.deployment, &wanted.tags);
    let differing = tags.into_iter().filter(|(key, value)| endpoint.tags.get(key) != Some(value));
    differing
        .map(|(key, value)| Field {
            old: endpoint.tags.get(&key).cloned(),
            name: key,
            new: Some(value),
            replaces: false,
        })
        .collect()
}

fn description_before(part: &Part, observed: &Observed) -> Vec<Field> {
    let state = observed.endpoint.as_ref().and_then(|endpoint| endpoint.parts.get(part));
    let description = state.map(|state| state.description.clone()).filter(|text| !text.is_empty());
    let field = |old| Field { name: "description".to_owned(), old: Some(old), new: None, replaces: false };
    description.map(field).into_iter().collect()
}

fn created(name: &str, value: String) -> Field {
    Field { name: name.to_owned(), old: None, new: Some(value), replaces: false }
}

fn endpoint_name(endpoint: Option<&Endpoint>) -> String {
    match endpoint {
        Some(endpoint) => format!("Client VPN endpoint `{}`", endpoint.id),
        None => "Client VPN endpoint".to_owned(),
    }
}
