use expect_test::{Expect, expect};

use super::*;
use crate::{
    config::Transport,
    deploy::{
        observed::{Imported, Outcome},
        part::{Kind, Part},
        testing::{
            anchor_serial, arn, association, complete, config, desired, desired_with, imported, recorded, route, rule,
            to_list, user_serial,
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

fn check(desired: &Desired, observed: Observed, expected: Expect) {
    let Plan { steps, obstacles, .. } = plan(desired, &observed);
    let lines = steps.iter().map(ToString::to_string).chain(obstacles.iter().map(|obstacle| format!("! {obstacle}")));
    expected.assert_eq(&lines.map(|line| line + "\n").collect::<String>());
}

/// As if `crl` were the latest, and imported.
fn with_crl(crl: RecordedCrl) -> Observed {
    let observed = with_endpoint(|endpoint| endpoint.crl = Some(crl.crl.clone()));
    Observed { recorded_crl: Some(crl), ..observed }
}

fn with_endpoint(change: impl FnOnce(&mut Endpoint)) -> Observed {
    let mut observed = complete();
    change(observed.endpoint.as_mut().unwrap());
    observed
}

pub(super) fn set(endpoint: &mut Endpoint, part: &Part, status: Status) {
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

pub(super) fn nothing() -> Desired {
    Desired { goal: Goal::Nothing, ..desired() }
}
