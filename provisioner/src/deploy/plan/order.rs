//! Which step of a plan waits for which other.

use std::collections::{BTreeMap, BTreeSet};

use super::step::{Pending, Step};
use crate::{
    config::{RouteTarget, SubnetId},
    deploy::{
        own::OwnCertificate,
        part::{Kind, Part},
    },
};

/// For each step the steps that must be over before it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Order {
    before: BTreeMap<Step, BTreeSet<Step>>,
}

type Zones = BTreeMap<SubnetId, String>;

impl Order {
    /// The order of `steps`. `zones` has the availability zones that are known.
    pub(super) fn of(steps: &[Step], zones: Option<&Zones>) -> Self {
        let endpoint_goes = steps.contains(&Step::DeleteEndpoint);
        let rules = Rules { steps, zones, endpoint_goes };
        let before = |step: &Step| steps.iter().filter(|other| rules.waits(step, other)).cloned().collect();
        Self { before: steps.iter().map(|step| (step.clone(), before(step))).collect() }
    }

    /// Whether `step` waits for no other.
    pub(super) fn is_free(&self, step: &Step) -> bool {
        self.before.get(step).is_none_or(BTreeSet::is_empty)
    }

    /// What must be over before `step`.
    #[cfg(test)]
    pub(super) fn before(&self, step: &Step) -> impl Iterator<Item = &Step> {
        self.before.get(step).into_iter().flatten()
    }

    /// Puts `steps` into an order in which they can be run, and that reads well: else it is left as it is.
    pub(super) fn sort(&self, steps: &mut Vec<Step>) {
        let mut rest = std::mem::take(steps);
        let mut done = BTreeSet::new();
        while !rest.is_empty() {
            let is_next = |step: &Step| self.before.get(step).is_none_or(|before| before.is_subset(&done));
            // A circle would be a defect of the rules; its steps are still shown.
            let next = rest.iter().position(is_next).unwrap_or_default();
            let step = rest.remove(next);
            done.insert(step.clone());
            steps.push(step);
        }
    }
}

struct Rules<'a> {
    steps: &'a [Step],
    zones: Option<&'a Zones>,
    endpoint_goes: bool,
}

impl Rules<'_> {
    /// Whether `step` waits for `other`.
    fn waits(&self, step: &Step, other: &Step) -> bool {
        match step {
            Step::CreateEndpoint => matches!(other, Step::ImportCertificate(_) | Step::DeleteEndpoint),
            Step::ExchangeServer => *other == Step::ImportCertificate(OwnCertificate::Server),
            Step::Tag => matches!(other, Step::ImportCertificate(_)),
            Step::ImportCrl => {
                matches!(
                    other,
                    Step::CreateEndpoint
                        | Step::ImportCertificate(OwnCertificate::Anchor)
                        | Step::Renew(OwnCertificate::Anchor)
                )
            }
            Step::Make(part) => self.make_waits(part, other),
            Step::Remove(part) => self.remove_waits(part, other),
            Step::DeleteEndpoint => gone(other).is_some(),
            Step::DeleteCertificate(_) => {
                matches!(other, Step::DeleteEndpoint | Step::ExchangeServer | Step::Await(Pending::Deletion(_)))
            }
            Step::ImportCertificate(_) | Step::Renew(_) | Step::ModifyEndpoint(_) | Step::Await(_) => false,
        }
    }

    fn make_waits(&self, part: &Part, other: &Step) -> bool {
        if *other == Step::CreateEndpoint || gone(other) == Some(part) {
            return true;
        }
        match part {
            // The VPC may be among what is modified.
            Part::Association(_) if matches!(other, Step::ModifyEndpoint(_)) => true,
            Part::Association(subnet) => {
                gone(other).and_then(Part::subnet).is_some_and(|leaving| self.may_share_zone(subnet, leaving))
            }
            // AWS routes through associated subnets only.
            Part::Route(route) => come(other).and_then(Part::subnet).is_some_and(|subnet| match &route.target {
                RouteTarget::Subnet(target) => target == subnet,
                RouteTarget::Local => true,
            }),
            Part::Rule(_) => false,
        }
    }

    fn remove_waits(&self, part: &Part, other: &Step) -> bool {
        let Part::Association(subnet) = part else {
            return false;
        };
        if self.endpoint_goes {
            // From the inside out: nobody reaches anything any more before the way is taken down.
            return gone(other).is_some_and(|part| part.kind() != Kind::Association);
        }
        // Another way in before this one goes, where AWS can have both.
        come(other).and_then(Part::subnet).is_some_and(|coming| coming != subnet && !self.waits_for_a_zone(coming))
    }

    fn waits_for_a_zone(&self, subnet: &SubnetId) -> bool {
        let mut leaving = self.steps.iter().filter_map(gone).filter_map(Part::subnet);
        leaving.any(|leaving| self.may_share_zone(subnet, leaving))
    }

    /// AWS takes one subnet per zone. One whose zone is not known may be in any.
    fn may_share_zone(&self, a: &SubnetId, b: &SubnetId) -> bool {
        let zone = |subnet| self.zones.and_then(|zones| zones.get(subnet));
        zone(a).is_none() || zone(b).is_none() || zone(a) == zone(b)
    }
}

/// The part that `step` makes, or waits for.
fn come(step: &Step) -> Option<&Part> {
    let (Step::Make(part) | Step::Await(Pending::Coming(part))) = step else {
        return None;
    };
    Some(part)
}

/// The part that `step` takes away, or sees gone.
fn gone(step: &Step) -> Option<&Part> {
    let (Step::Remove(part) | Step::Await(Pending::Going(part))) = step else {
        return None;
    };
    Some(part)
}
