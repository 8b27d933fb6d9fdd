use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::{
    config::Transport,
    deploy::{
        id::AssociationId,
        observed::{Imported, Outcome},
        part::{Kind, Part, PartState},
        testing::{
            anchor_serial, arn, association, complete, config, desired, desired_with, imported, recorded, route, rule,
            state, to_list, user_serial,
        },
    },
    testing::NOW,
};

#[test]
fn a_fresh_deployment_is_made_from_the_certificates_up() {
    check(
        &desired(),
        Observed::default(),
        expect![[r#"
            import the server certificate into ACM
            import the client anchor into ACM
            create the Client VPN endpoint
            associate `subnet-0a1b2c3d4e5f60001` with the endpoint
            associate `subnet-0a1b2c3d4e5f60002` with the endpoint
            let clients through to 10.1.0.0/16
            import the certificate revocation list
        "#]],
    );
}

#[test]
fn nothing_is_done_where_everything_is_there() {
    assert!(plan(&desired(), &complete()).is_empty());
}

#[test]
fn what_is_under_way_is_waited_for() {
    let observed = with_endpoint(|endpoint| {
        set(endpoint, &association(1), Status::Coming);
        set(endpoint, &association(2), Status::Going);
        set(endpoint, &rule("10.1.0.0/16"), Status::Coming);
    });
    check(
        &desired(),
        observed,
        expect![[r#"
            wait until the target network association of `subnet-0a1b2c3d4e5f60001` is there
            wait until the target network association of `subnet-0a1b2c3d4e5f60002` is gone
            associate `subnet-0a1b2c3d4e5f60002` with the endpoint
            wait until the authorization rule for 10.1.0.0/16 is there
        "#]],
    );
}

#[test]
fn what_aws_gave_up_is_made_anew() {
    let message = "no free addresses".to_owned();
    let observed = with_endpoint(|endpoint| set(endpoint, &association(1), Status::Failed { message }));
    check(
        &desired(),
        observed,
        expect![[r#"
            disassociate `subnet-0a1b2c3d4e5f60001` from the endpoint
            associate `subnet-0a1b2c3d4e5f60001` with the endpoint
        "#]],
    );
}

#[test]
fn an_endpoint_of_another_ca_is_left_alone() {
    let mut observed = complete();
    observed.certificates.get_mut(&arn(OwnCertificate::Anchor)).unwrap().recorded = false;
    check(
        &desired(),
        observed,
        expect![[r#"
            ! the endpoint `cvpn-endpoint-1`, made by alice, trusts another CA than this ledger's
        "#]],
    );
}

#[test]
fn whoever_was_outrun_clears_away_what_was_theirs() {
    let mut observed = complete();
    for own in OwnCertificate::ALL {
        observed.certificates.get_mut(&arn(own)).unwrap().recorded = false;
        observed.certificates.insert(CertificateArn::new(format!("arn:{}-2", own.word())), imported(own));
    }
    check(
        &desired(),
        observed,
        expect![[r#"
            delete the certificate `arn:anchor-2` from ACM
            delete the certificate `arn:server-2` from ACM
            ! the endpoint `cvpn-endpoint-1`, made by alice, trusts another CA than this ledger's
        "#]],
    );
}

#[test]
fn certificates_of_another_ledger_stop_a_first_run() {
    let mut observed = Observed::default();
    let foreign = Imported { recorded: false, ..imported(OwnCertificate::Server) };
    observed.certificates.insert(arn(OwnCertificate::Server), foreign);
    check(
        &desired(),
        observed,
        expect![[r#"
            ! the server certificate `arn:server`, made by alice, is not in this ledger, so the CA of another ledger has issued it
        "#]],
    );
}

#[test]
fn a_certificate_that_serves_nothing_is_deleted() {
    let mut observed = complete();
    observed.certificates.insert(CertificateArn::new("arn:z"), imported(OwnCertificate::Server));
    check(&desired(), observed, expect!["delete the certificate `arn:z` from ACM\n"]);
}

#[test]
fn settings_are_changed_in_one_call() {
    let observed = with_endpoint(|endpoint| {
        endpoint.settings.banner = "old".to_owned();
        endpoint.settings.port = 1194;
    });
    check(&desired(), observed, expect!["change `network.port`, `endpoint.banner` of the endpoint\n"]);
}

#[test]
fn what_aws_cannot_change_is_a_replacement() {
    let observed = with_endpoint(|endpoint| endpoint.settings.transport = Transport::Tcp);
    let plan = plan(&desired(), &observed);
    assert_eq!(plan.replaced_for, BTreeSet::from([Setting::Transport]));
    check(
        &desired(),
        observed,
        expect![[r#"
            no longer let clients through to 10.1.0.0/16
            disassociate `subnet-0a1b2c3d4e5f60001` from the endpoint
            disassociate `subnet-0a1b2c3d4e5f60002` from the endpoint
            delete the Client VPN endpoint
            create the Client VPN endpoint
            associate `subnet-0a1b2c3d4e5f60001` with the endpoint
            associate `subnet-0a1b2c3d4e5f60002` with the endpoint
            let clients through to 10.1.0.0/16
            import the certificate revocation list
        "#]],
    );
}

#[test]
fn naming_the_vpc_of_an_endpoint_that_has_none_is_no_replacement() {
    let observed = with_endpoint(|endpoint| endpoint.settings.vpc = None);
    check(&desired(), observed, expect!["change `network.vpc_id` of the endpoint\n"]);
}

#[test]
fn another_domain_is_refused() {
    let mut observed = complete();
    let server = observed.certificates.get_mut(&arn(OwnCertificate::Server)).unwrap();
    server.domain = Some("old.example.com".to_owned());
    check(
        &desired(),
        observed,
        expect![[r#"
            ! the deployment was made for the domain `old.example.com`, and the configuration says `vpn.example.com`; every profile names the domain, so it stays with a deployment for its life
        "#]],
    );
}

#[test]
fn several_endpoints_are_told_apart_by_people() {
    let mut observed = complete();
    observed.others.insert(EndpointId::new("cvpn-endpoint-2"));
    check(
        &desired(),
        observed,
        expect![[r#"
            ! more than one endpoint is tagged as this deployment's: `cvpn-endpoint-1`, `cvpn-endpoint-2`
        "#]],
    );
}

#[test]
fn tags_and_certificates_never_replace_the_endpoint() {
    let mut observed = with_endpoint(|endpoint| {
        endpoint.tags.remove("Name");
        endpoint.server = CertificateArn::new("arn:somebody-else");
    });
    let server = observed.certificates.get_mut(&arn(OwnCertificate::Server)).unwrap();
    server.not_after = Some(NOW + time::Duration::days(29));
    check(
        &desired(),
        observed,
        expect![[r#"
            renew the server certificate in ACM
            have the endpoint use the deployment's server certificate
            tag the endpoint and its certificates
        "#]],
    );
}

#[test]
fn a_rotation_renews_the_server_certificate_once_and_leaves_the_rest() {
    let serial = imported(OwnCertificate::Server).serial.unwrap();
    let rotation = Desired { goal: Goal::Renewal(OwnCertificate::Server, serial), ..changed_port() };
    check(
        &rotation,
        complete(),
        expect![[r#"
            renew the server certificate in ACM
        "#]],
    );
    let mut renewed = complete();
    renewed.certificates.get_mut(&arn(OwnCertificate::Server)).unwrap().serial = Some(Serial::from_random([7; 16]));
    assert!(plan(&rotation, &renewed).is_empty());
    assert!(!plan(&changed_port(), &renewed).is_empty());
}

#[test]
fn a_new_anchor_is_put_on_the_crl_after_it_is_there() {
    let rotation = Desired { goal: Goal::Renewal(OwnCertificate::Anchor, anchor_serial()), ..changed_port() };
    check(
        &rotation,
        complete(),
        expect![[r#"
            renew the client anchor in ACM
            import the certificate revocation list
        "#]],
    );
    assert_eq!(plan(&rotation, &complete()).ready(), [Step::Renew(OwnCertificate::Anchor)]);
    // Killed between the two.
    let mut renewed = complete();
    let new = Imported { serial: Some(Serial::from_random([7; 16])), ..imported(OwnCertificate::Anchor) };
    renewed.learn(Outcome::Imported(arn(OwnCertificate::Anchor), new));
    assert_eq!(plan(&rotation, &renewed).steps, [Step::ImportCrl]);
    assert!(plan(&desired(), &renewed).steps.contains(&Step::ImportCrl), "`provision` finishes it, too");
}

#[test]
fn nothing_is_rotated_where_another_ca_rules() {
    let mut observed = complete();
    observed.certificates.get_mut(&arn(OwnCertificate::Anchor)).unwrap().recorded = false;
    let serial = imported(OwnCertificate::Server).serial.unwrap();
    let plan = plan(&Desired { goal: Goal::Renewal(OwnCertificate::Server, serial), ..desired() }, &observed);
    assert!(plan.steps.is_empty() && plan.obstacles.len() == 1, "{plan:?}");
}

#[test]
fn a_new_description_makes_a_rule_anew() {
    let desired = desired_with(|wanted| {
        wanted.parts.insert(rule("10.1.0.0/16"), "the office".to_owned());
    });
    check(
        &desired,
        complete(),
        expect![[r#"
            no longer let clients through to 10.1.0.0/16
            let clients through to 10.1.0.0/16
        "#]],
    );
}

#[test]
fn a_subnet_of_the_same_zone_takes_the_place_of_another() {
    check(
        &subnets([3, 2]),
        complete(),
        expect![[r#"
            disassociate `subnet-0a1b2c3d4e5f60001` from the endpoint
            associate `subnet-0a1b2c3d4e5f60003` with the endpoint
        "#]],
    );
}

#[test]
fn a_subnet_of_another_zone_is_there_before_the_old_one_goes() {
    let observed = with_endpoint(|endpoint| drop(endpoint.parts.remove(&association(2))));
    check(
        &subnets([2, 2]),
        observed,
        expect![[r#"
            associate `subnet-0a1b2c3d4e5f60002` with the endpoint
            disassociate `subnet-0a1b2c3d4e5f60001` from the endpoint
        "#]],
    );
}

#[test]
fn routes_come_after_their_association() {
    let desired = desired_with(|wanted| {
        wanted.parts.insert(route("192.168.0.0/24", 1), String::new());
    });
    let observed = with_endpoint(|endpoint| drop(endpoint.parts.remove(&association(1))));
    let plan = plan(&desired, &observed);
    assert_eq!(plan.ready(), [Step::Make(association(1))]);
    assert_eq!(plan.steps, [Step::Make(association(1)), Step::Make(route("192.168.0.0/24", 1))]);
}

#[test]
fn a_crl_is_imported_again_only_when_it_differs() {
    let observed = with_endpoint(|endpoint| endpoint.crl = None);
    assert_eq!(plan(&desired(), &observed).steps, [Step::ImportCrl]);
    assert!(!plan(&desired(), &observed).needs_ca(&observed));
    let observed = Observed { recorded_crl: Some(recorded(2, &[])), ..complete() };
    assert_eq!(plan(&desired(), &observed).steps, [Step::ImportCrl]);
    assert!(plan(&desired(), &observed).needs_ca(&observed));
}

#[test]
fn a_crl_that_lists_too_few_or_too_many_is_made_anew() {
    let revoked = Observed { to_list: to_list(&[anchor_serial(), user_serial()]), ..complete() };
    let mut undone = with_crl(recorded(1, &[anchor_serial(), user_serial()]));
    undone.to_list.undone.insert(user_serial());
    for observed in [revoked, undone] {
        assert_eq!(plan(&desired(), &observed).steps, [Step::ImportCrl]);
        assert!(plan(&desired(), &observed).needs_ca(&observed));
    }
}

#[test]
fn the_end_of_a_revoked_certificate_is_no_reason_for_a_new_crl() {
    let crl = recorded(1, &[anchor_serial(), user_serial()]);
    let expired = |crl| {
        let mut observed = with_crl(crl);
        observed.to_list.revoked.insert(user_serial(), NOW - time::Duration::days(1));
        observed
    };
    assert!(plan(&desired(), &expired(crl)).is_empty());
    assert!(plan(&desired(), &expired(recorded(1, &[anchor_serial()]))).is_empty());
}

#[test]
fn an_import_is_waited_for_until_aws_uses_it() {
    let observed = with_endpoint(|endpoint| endpoint.crl_is_active = false);
    check(&desired(), observed, expect!["wait until the certificate revocation list is in use\n"]);
}

#[test]
fn a_crl_with_a_higher_number_is_not_followed_by_a_lower_one() {
    let newer = recorded(0, &[anchor_serial()]);
    let observed = Observed { recorded_crl: Some(newer), ..complete() };
    assert!(plan(&desired(), &observed).needs_ca(&observed));
}

#[test]
fn whom_somebody_else_has_revoked_is_not_let_in_again() {
    let observed = with_crl(recorded(1, &[anchor_serial(), user_serial()]));
    for desired in [desired(), Desired::only(&config(), Goal::Crl)] {
        check(
            &desired,
            observed.clone(),
            expect![[r#"
                ! the endpoint's CRL lists certificates of whose revocation the ledger knows nothing, and which its own would let in again: 04040404040404040404040404040404
            "#]],
        );
    }
}

#[test]
fn of_the_crl_alone_nothing_else_is_touched() {
    let alone = Desired::only(&config(), Goal::Crl);
    let mut observed = with_endpoint(|endpoint| {
        endpoint.parts.clear();
        endpoint.settings.banner = "old".to_owned();
        endpoint.tags.remove("Name");
    });
    assert_eq!(plan(&alone, &observed).steps, []);
    observed.to_list = to_list(&[anchor_serial(), user_serial()]);
    assert_eq!(plan(&alone, &observed).steps, [Step::ImportCrl]);
    assert_eq!(plan(&alone, &Observed::default()).steps, []);
}

#[test]
fn destroying_goes_from_the_inside_out_and_keeps_what_is_not_tagged() {
    let mut observed = complete();
    observed.certificates.get_mut(&arn(OwnCertificate::Server)).unwrap().tagged = false;
    check(
        &nothing(),
        observed,
        expect![[r#"
            no longer let clients through to 10.1.0.0/16
            disassociate `subnet-0a1b2c3d4e5f60001` from the endpoint
            disassociate `subnet-0a1b2c3d4e5f60002` from the endpoint
            delete the Client VPN endpoint
            delete the certificate `arn:anchor` from ACM
        "#]],
    );
}

#[test]
fn of_several_endpoints_the_last_takes_the_certificates_with_it() {
    let mut observed = complete();
    observed.others.insert(EndpointId::new("cvpn-endpoint-2"));
    let plan = plan(&nothing(), &observed);
    assert!(plan.steps.contains(&Step::DeleteEndpoint));
    assert!(!plan.steps.iter().any(|step| matches!(step, Step::DeleteCertificate(_))), "{:?}", plan.steps);
}

#[test]
fn certificates_outlive_the_endpoint_that_is_being_deleted() {
    let mut observed = Observed { endpoint: None, ..complete() };
    observed.deleting.insert(EndpointId::new("cvpn-endpoint-1"));
    let plan = plan(&nothing(), &observed);
    assert_eq!(plan.ready(), [Step::Await(Pending::Deletion(EndpointId::new("cvpn-endpoint-1")))]);
    assert_eq!(plan.steps.len(), 3);
}

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

fn check(desired: &Desired, observed: Observed, expected: Expect) {
    let Plan { steps, obstacles, .. } = plan(desired, &observed);
    let lines = steps.iter().map(ToString::to_string).chain(obstacles.iter().map(|obstacle| format!("! {obstacle}")));
    expected.assert_eq(&lines.map(|line| line + "\n").collect::<String>());
}

/// As if `crl` were the latest, and imported.
fn with_crl(crl: crate::ledger::RecordedCrl) -> Observed {
    let observed = with_endpoint(|endpoint| endpoint.crl = Some(crl.crl.clone()));
    Observed { recorded_crl: Some(crl), ..observed }
}

fn with_endpoint(change: impl FnOnce(&mut Endpoint)) -> Observed {
    let mut observed = complete();
    change(observed.endpoint.as_mut().unwrap());
    observed
}

fn set(endpoint: &mut Endpoint, part: &Part, status: Status) {
    endpoint.parts.get_mut(part).unwrap().status = status;
}

fn subnets(numbers: [u8; 2]) -> Desired {
    desired_with(|wanted| {
        wanted.parts.retain(|part, _| part.kind() != Kind::Association);
        wanted.parts.extend(numbers.map(|n| (association(n), String::new())));
    })
}

fn changed_port() -> Desired {
    desired_with(|wanted| wanted.settings.port = 1194)
}

fn nothing() -> Desired {
    Desired { goal: Goal::Nothing, ..desired() }
}
