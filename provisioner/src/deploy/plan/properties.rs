//! What holds of every plan: whatever is wanted and was found, it ends, in order, and after any interruption.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    tests::{nothing, set},
    *,
};
use crate::{
    config::Transport,
    deploy::{
        id::AssociationId,
        observed::Outcome,
        part::{Part, PartState},
        testing::{
            anchor_serial, arn, association, complete, desired_with, imported, recorded, route, rule, state, to_list,
            user_serial,
        },
    },
};

proptest! {
    /// Whatever was found, running the ready steps again and again ends, and then nothing is left to do.
    #[test]
    fn after_all_steps_there_is_nothing_to_do(desired in any_desired(), mut observed in any_observed()) {
        let mut rounds = 0;
        loop {
            let plan = plan(&desired, &observed);
            let ready = plan.ready();
            if ready.is_empty() {
                break;
            }
            ready.iter().for_each(|step| do_step(&desired, &mut observed, step));
            rounds += 1;
            prop_assert!(rounds < 20, "{:?}", plan);
        }
        prop_assert_eq!(plan(&desired, &observed).steps, []);
        let parts: BTreeMap<Part, String> = observed.endpoint.iter().flat_map(|endpoint| &endpoint.parts)
            .map(|(part, state)| (part.clone(), state.description.clone())).collect();
        prop_assert_eq!(parts, desired.wanted().map(|wanted| wanted.parts.clone()).unwrap_or_default());
    }

    /// The order in which steps are listed is one in which they can be run.
    #[test]
    fn no_step_is_listed_before_what_it_waits_for(desired in any_desired(), observed in any_observed()) {
        let plan = plan(&desired, &observed);
        let position = |step: &Step| plan.steps.iter().position(|it| it == step).unwrap();
        for step in &plan.steps {
            for before in plan.order.before(step) {
                prop_assert!(position(before) < position(step), "{} before {} in {:?}", before, step, plan.steps);
            }
        }
    }

    /// A run that ends after any number of steps is picked up by the next.
    #[test]
    fn killed_after_any_step_the_rest_is_planned(
        desired in any_desired(), mut observed in any_observed(), done in 0_usize..24,
    ) {
        for _ in 0..done {
            let Some(step) = plan(&desired, &observed).ready().into_iter().next() else { break };
            let before = plan(&desired, &observed).steps;
            do_step(&desired, &mut observed, &step);
            prop_assert!(!plan(&desired, &observed).steps.contains(&step), "{} again after {:?}", step, before);
        }
    }
}

/// What a step does where AWS does what it is asked.
fn do_step(desired: &Desired, observed: &mut Observed, step: &Step) {
    let wanted = desired.wanted();
    let own = |observed: &Observed, own| observed.own(own).unwrap().0.clone();
    match step {
        Step::ImportCertificate(own) => observed.learn(Outcome::Imported(arn(*own), imported(*own))),
        Step::Renew(own) => observed.learn(Outcome::Imported(arn(*own), imported(*own))),
        Step::CreateEndpoint => {
            let mut new = complete().endpoint.unwrap();
            new.settings = wanted.unwrap().settings.clone();
            new.tags = tags::endpoint(&desired.deployment, &wanted.unwrap().tags);
            new.server = own(observed, OwnCertificate::Server);
            new.anchor = Some(own(observed, OwnCertificate::Anchor));
            new.parts.clear();
            new.crl = None;
            observed.learn(Outcome::Created(Box::new(new)));
        }
        Step::ModifyEndpoint(_) => observed.learn(Outcome::Modified(Box::new(wanted.unwrap().settings.clone()))),
        Step::ExchangeServer => {
            let server = own(observed, OwnCertificate::Server);
            observed.learn(Outcome::ServerExchanged(server));
        }
        Step::Tag => observed.learn(Outcome::Tagged(tags::endpoint(&desired.deployment, &wanted.unwrap().tags))),
        Step::Make(part) => {
            let description = wanted.unwrap().parts[part].clone();
            let association = part.subnet().map(|_| AssociationId::new("cvpn-assoc-1"));
            let state = PartState { status: Status::Coming, description, association };
            observed.learn(Outcome::Coming(part.clone(), state));
        }
        Step::Remove(part) => observed.learn(Outcome::Going(part.clone())),
        Step::ImportCrl => {
            let crl = if recorded_crl_is_complete(observed) { observed.recorded_crl.clone() } else { None };
            let serials: Vec<Serial> = observed.to_list.revoked.keys().copied().collect();
            let to_list = observed.to_list.clone();
            observed.learn(Outcome::CrlImported(crl.unwrap_or_else(|| recorded(9, &serials)), to_list));
        }
        Step::DeleteEndpoint => observed.learn(Outcome::Deleting),
        Step::DeleteCertificate(arn) => observed.learn(Outcome::CertificateDeleted(arn.clone())),
        Step::Await(Pending::Coming(part)) => {
            set(observed.endpoint.as_mut().unwrap(), part, Status::There);
        }
        Step::Await(Pending::Going(part)) => {
            observed.endpoint.as_mut().unwrap().parts.remove(part);
        }
        Step::Await(Pending::Crl) => observed.endpoint.as_mut().unwrap().crl_is_active = true,
        Step::Await(Pending::Deletion(id)) => observed.learn(Outcome::Gone(id.clone())),
    }
}

/// Many deployments, and none.
fn any_desired() -> impl Strategy<Value = Desired> {
    let parts = (1_u8..4, proptest::option::of(Just("old")), any::<bool>(), any::<bool>());
    let wanted =
        (parts, any::<bool>(), any::<bool>()).prop_map(|((subnets_, description, rules, routes), udp, port)| {
            desired_with(|wanted| {
                wanted.parts.clear();
                let subnets: &[u8] = match subnets_ {
                    1 => &[1],
                    2 => &[1, 2],
                    _ => &[3, 4],
                };
                let text = description.unwrap_or_default().to_owned();
                wanted.parts.extend(subnets.iter().map(|n| (association(*n), String::new())));
                if rules {
                    wanted.parts.insert(rule("10.1.0.0/16"), text.clone());
                }
                if routes {
                    wanted.parts.insert(route("192.168.0.0/24", subnets[0]), text);
                }
                wanted.settings.transport = if udp { Transport::Udp } else { Transport::Tcp };
                wanted.settings.port = if port { 443 } else { 1194 };
            })
        });
    prop_oneof![4 => wanted, 1 => Just(nothing())]
}

/// Everything that can be found of this ledger's own.
fn any_observed() -> impl Strategy<Value = Observed> {
    let status = || {
        prop_oneof![
            3 => Just(None),
            1 => Just(Some(Status::Coming)),
            3 => Just(Some(Status::There)),
            1 => Just(Some(Status::Going)),
            1 => Just(Some(Status::Failed { message: "no".to_owned() })),
        ]
    };
    let (anchor, user) = (anchor_serial(), user_serial());
    let crl =
        move || prop_oneof![Just(None), Just(Some(vec![])), Just(Some(vec![anchor])), Just(Some(vec![anchor, user]))];
    let parts = [
        association(1),
        association(2),
        association(3),
        association(4),
        rule("10.1.0.0/16"),
        rule("10.9.0.0/16"),
        route("192.168.0.0/24", 1),
        route("192.168.1.0/24", 2),
    ];
    let statuses: [_; 8] = std::array::from_fn(|_| status());
    let endpoint = (statuses, any::<bool>(), any::<bool>(), any::<bool>(), crl(), any::<bool>()).prop_map(
        move |(statuses, udp, port, tagged, crl, crl_is_active)| {
            let mut endpoint = complete().endpoint.unwrap();
            let found = parts.iter().cloned().zip(statuses);
            endpoint.parts = found.filter_map(|(part, status)| Some((part.clone(), state(&part, status?)))).collect();
            endpoint.settings.transport = if udp { Transport::Udp } else { Transport::Tcp };
            endpoint.settings.port = if port { 443 } else { 1194 };
            if !tagged {
                endpoint.tags.clear();
            }
            endpoint.crl = crl.map(|serials| recorded(1, &serials).crl);
            endpoint.crl_is_active = crl_is_active;
            endpoint
        },
    );
    let imports = (any::<bool>(), any::<bool>(), any::<bool>());
    // The user was never revoked, is, or was on hold.
    let user = prop_oneof![Just((false, false)), Just((true, false)), Just((false, true))];
    (imports, proptest::option::of(endpoint), any::<bool>(), crl(), user).prop_map(
        |((has_server, has_anchor, is_surplus), endpoint, is_deleting, recorded_crl, (is_revoked, was_revoked))| {
            let mut observed = Observed { endpoint, ..Observed::default() };
            for (own, has) in [(OwnCertificate::Server, has_server), (OwnCertificate::Anchor, has_anchor)] {
                if has || observed.endpoint.is_some() {
                    observed.certificates.insert(arn(own), imported(own));
                }
            }
            if is_surplus {
                observed.certificates.insert(CertificateArn::new("arn:z"), imported(OwnCertificate::Server));
            }
            if is_deleting {
                observed.deleting.insert(EndpointId::new("cvpn-endpoint-0"));
            }
            observed.recorded_crl = recorded_crl.map(|serials| recorded(1, &serials));
            let mut listed = if is_revoked { to_list(&[user_serial()]) } else { to_list(&[]) };
            let is_listed = observed
                .endpoint
                .as_ref()
                .and_then(|endpoint| endpoint.crl.as_ref())
                .is_some_and(|crl| crl.lists(user_serial()));
            // What the ledger never knew is an obstacle, and has tests of its own.
            if was_revoked || (is_listed && !is_revoked) {
                listed.undone.insert(user_serial());
            }
            observed.list(listed);
            observed
        },
    )
}
