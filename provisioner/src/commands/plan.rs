//! `latchkey plan`: what `provision` would do.

use std::{
    fmt::{self, Write},
    path::Path,
};

use provisioner::{
    config::Region,
    deploy::{
        aws::Aws,
        changes::{Action, Change, Field, changes, drops_connections},
        desired::Goal,
        part::Kind,
        plan::Step,
        price::{Price, dollars},
    },
};
use serde::Serialize;

use crate::{
    checks,
    deployment::{Deployment, View, call_failure},
    failure::{Failure, Kind as FailureKind, OrFail, Outcome},
    surroundings::Surroundings,
};

pub(crate) async fn run(surroundings: &Surroundings, config: &Path, json: bool, check: bool) -> Outcome {
    let deployment = Deployment::open(surroundings, config)?;
    let aws = deployment.connect(surroundings).await?;
    let view = checks::view(surroundings, &deployment, &aws).await?;
    let preview = Preview::of(&deployment, &aws, &view).await?;
    if json {
        let text = serde_json::to_string_pretty(&preview.form()).or_fail(FailureKind::Bug)?;
        surroundings.out(&format!("{text}\n"));
    } else {
        surroundings.out(&preview.to_string());
    }
    if check && !view.plan.is_empty() {
        return Err(Failure::say(FailureKind::Drift, "what there is differs from the configuration")
            .hint("`latchkey provision` runs the steps"));
    }
    Ok(())
}

/// A plan, ready to be shown.
pub(super) struct Preview {
    deployment: String,
    region: Region,
    /// Whether the CA of the deployment is still to be made.
    new_ca: bool,
    changes: Vec<Change>,
    obstacles: Vec<String>,
    steps: Vec<Step>,
    /// How many connections will end; `None` where none can.
    drops_connections: Option<usize>,
    associations: Associations,
}

/// Target network associations before and after, for the price.
struct Associations {
    before: usize,
    after: usize,
}

impl Preview {
    pub(super) async fn of(
        deployment: &Deployment,
        aws: &Aws,
        View { desired, observed, plan }: &View,
    ) -> Outcome<Self> {
        let ending = observed.endpoint.as_ref().filter(|_| drops_connections(plan, observed));
        let ending = match ending {
            None => None,
            Some(endpoint) => {
                let connections = aws.connections(&endpoint.id).await.map_err(call_failure)?;
                Some(connections.iter().filter(|connection| connection.status.is_up()).count())
            }
        };
        let has_ca = deployment.ledger.ca_certificate().await.or_fail(FailureKind::Input)?.is_some();
        let before = observed.endpoint.iter().flat_map(|endpoint| endpoint.parts.keys());
        let before = before.filter(|part| part.kind() == Kind::Association).count();
        let after = match &desired.goal {
            Goal::Deployment(wanted) => wanted.parts.keys().filter(|part| part.kind() == Kind::Association).count(),
            Goal::Nothing => 0,
            Goal::Crl | Goal::Renewal(..) => before,
        };
        Ok(Self {
            deployment: desired.deployment.to_string(),
            region: deployment.config.deployment.region.clone(),
            new_ca: !has_ca && plan.steps.iter().any(|step| matches!(step, Step::ImportCertificate(_))),
            changes: changes(plan, desired, observed),
            obstacles: plan.obstacles.iter().map(ToString::to_string).collect(),
            steps: plan.steps.clone(),
            drops_connections: ending,
            associations: Associations { before, after },
        })
    }

    fn form(&self) -> Form<'_> {
        let field = |field: &Field| FieldForm {
            name: field.name.clone(),
            old: field.old.clone(),
            new: field.new.clone(),
            forces_replacement: field.replaces,
        };
        let price = Price::of(&self.region);
        Form {
            version: 2,
            deployment: &self.deployment,
            changes: self
                .changes
                .iter()
                .map(|change| ChangeForm {
                    action: word(change.action),
                    what: change.what.clone(),
                    fields: change.fields.iter().map(field).collect(),
                })
                .collect(),
            steps: self.steps.iter().map(ToString::to_string).collect(),
            obstacles: &self.obstacles,
            drops_connections: self.drops_connections.unwrap_or_default(),
            monthly_cost_usd: price.map(|price| dollars(price.monthly(self.associations.after)).replace('$', "")),
        }
    }

    fn cost(&self) -> String {
        let Associations { before, after } = self.associations;
        let subnets = |n: usize| if n == 1 { "1 subnet".to_owned() } else { format!("{n} subnets") };
        if after == 0 && Price::of(&self.region).is_none() {
            return "AWS charges nothing for this deployment any more.\n".to_owned();
        }
        let Some(price) = Price::of(&self.region) else {
            return format!(
                "AWS charges for every hour of {} and of every connection; the prices of {} are not known here, \
                 see https://aws.amazon.com/vpn/pricing/.\n",
                subnets(after),
                self.region
            );
        };
        let month = |n| dollars(price.monthly(n));
        let was = if before == after || before == 0 { String::new() } else { format!(" (now {})", month(before)) };
        format!(
            "About {} a month{was} for {} in {}, and {} for every hour of a connection.\n",
            month(after),
            subnets(after),
            self.region,
            dollars(price.connection_hour)
        )
    }
}

/// The plan as people read it.
impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() && self.obstacles.is_empty() {
            return f.write_str("Nothing to do: everything is as configured.\n");
        }
        if self.new_ca {
            f.write_str("  + certification authority (CA) of this deployment\n")?;
        }
        for change in &self.changes {
            writeln!(f, "  {} {}{}", sign(change.action), change.what, remark(change.action))?;
            for field in &change.fields {
                writeln!(f, "      {}", shown(field))?;
            }
        }
        for obstacle in &self.obstacles {
            writeln!(f, "  ! {obstacle}")?;
        }
        let replaces = self.changes.iter().any(|change| change.action == Action::Replace);
        if replaces {
            f.write_str("Every user needs a new profile after a replacement: the endpoint's name changes.\n")?;
        }
        if let Some(connections) = self.drops_connections.filter(|connections| *connections > 0) {
            let live = if connections == 1 {
                "1 live connection".to_owned()
            } else {
                format!("{connections} live connections")
            };
            let comes_again = !replaces && self.associations.after > 0;
            let then = if comes_again { "; clients connect again by themselves" } else { "" };
            writeln!(f, "This ends {live}{then}.")?;
        }
        let changes_price = self.obstacles.is_empty() && self.associations.before != self.associations.after;
        if changes_price { f.write_str(&self.cost()) } else { Ok(()) }
    }
}

fn sign(action: Action) -> char {
    match action {
        Action::Create => '+',
        Action::Change => '~',
        Action::Replace => '±',
        Action::Delete => '-',
        Action::Await => '…',
    }
}

fn remark(action: Action) -> &'static str {
    match action {
        Action::Replace => " is replaced by a new one",
        Action::Create | Action::Change | Action::Delete | Action::Await => "",
    }
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Change => "change",
        Action::Replace => "replace",
        Action::Delete => "delete",
        Action::Await => "await",
    }
}

fn shown(field: &Field) -> String {
    let quoted = |value: &str| if value.is_empty() { "nothing".to_owned() } else { format!("`{value}`") };
    let mut text = format!("{}: ", field.name);
    // Writing to a string does not fail.
    let _ok = match (&field.old, &field.new) {
        (Some(old), Some(new)) => write!(text, "{} → {}", quoted(old), quoted(new)),
        (None, Some(new)) => write!(text, "{}", quoted(new)),
        (Some(old), None) => write!(text, "{}", quoted(old)),
        (None, None) => write!(text, "nothing"),
    };
    if field.replaces {
        text.push_str("  (AWS cannot change this on an existing endpoint)");
    }
    text
}

/// The plan as programs read it; `docs/plan.schema.json` describes it.
#[derive(Serialize)]
struct Form<'a> {
    version: u32,
    deployment: &'a str,
    changes: Vec<ChangeForm>,
    steps: Vec<String>,
    obstacles: &'a [String],
    drops_connections: usize,
    monthly_cost_usd: Option<String>,
}

#[derive(Serialize)]
struct ChangeForm {
    action: &'static str,
    what: String,
    fields: Vec<FieldForm>,
}

#[derive(Serialize)]
struct FieldForm {
    name: String,
    old: Option<String>,
    new: Option<String>,
    forces_replacement: bool,
}
