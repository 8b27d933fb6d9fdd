use std::{path::Path, sync::LazyLock};

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::{
    config::Config,
    deploy::{
        id::{AssociationId, EndpointId},
        observed::{Association, Imported, Outcome},
    },
    ledger::RecordedCrl,
    pki::{
        crl::{Crl, Revoked},
        serial::Serial,
        testing::{NOW, authority},
    },
};

#[test]
fn a_fresh_deployment_is_made_from_the_certificates_up() {
    check(
        &Observed::default(),
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
    assert_eq!(plan(&desired(), &complete()), Plan::default());
}

#[test]
fn what_is_under_way_is_waited_for() {
    let mut observed = complete();
    let endpoint = observed.endpoint.as_mut().unwrap();
    let [first, second] = [subnet(1), subnet(2)];
    endpoint.associations.get_mut(&first).unwrap().status = AssociationStatus::Associating;
    endpoint.associations.get_mut(&second).unwrap().status = AssociationStatus::Disassociating;
    endpoint.rules.insert(vpc_cidr(), RuleStatus::Authorizing);
    check(
        &observed,
        expect![[r#"
            wait until `subnet-0a1b2c3d4e5f60001` is associated
            wait until `subnet-0a1b2c3d4e5f60002` is disassociated
            wait until clients are let through to 10.1.0.0/16
        "#]],
    );
}

#[test]
fn what_aws_gave_up_is_an_obstacle() {
    let mut observed = complete();
    let endpoint = observed.endpoint.as_mut().unwrap();
    let message = "no free addresses".to_owned();
    endpoint.associations.get_mut(&subnet(1)).unwrap().status = AssociationStatus::Failed { message };
    check(&observed, expect!["! AWS could not associate `subnet-0a1b2c3d4e5f60001`: no free addresses\n"]);
}

#[test]
fn a_certificate_of_another_ca_is_an_obstacle() {
    let mut observed = complete();
    observed.anchor.as_mut().unwrap().recorded = false;
    check(
        &observed,
        expect![[r#"
            ! the client anchor `arn:anchor` is not in the ledger, so another CA than the ledger's has issued it
        "#]],
    );
}

#[test]
fn a_change_is_shown_and_what_it_would_take() {
    let mut observed = complete();
    let endpoint = observed.endpoint.as_mut().unwrap();
    endpoint.settings.banner = "old".to_owned();
    endpoint.settings.transport = crate::config::Transport::Tcp;
    let association = Association { id: AssociationId::new("cvpn-assoc-3"), status: AssociationStatus::Associated };
    endpoint.associations.insert(subnet(3), association);
    check(
        &observed,
        expect![[r#"
            ~ `endpoint.banner` is `old` at the endpoint and `Welcome to the Latchkey demo. Activity on this network may be recorded.` in the configuration; this version does not change existing endpoints
            ~ `network.transport` is `tcp` at the endpoint and `udp` in the configuration; AWS cannot change it, the endpoint would have to be replaced, and this version does not replace endpoints
            ~ `network.subnet_ids`: `subnet-0a1b2c3d4e5f60003` is at the endpoint and not in the configuration; this version removes nothing
        "#]],
    );
}

#[test]
fn a_crl_is_imported_again_only_when_it_differs() {
    let mut observed = complete();
    observed.endpoint.as_mut().unwrap().crl = None;
    assert_eq!(plan(&desired(), &observed).steps, [Step::ImportCrl]);
    assert!(!plan(&desired(), &observed).needs_ca(&observed));
    let mut observed = complete();
    observed.recorded_crl = Some(recorded(2, &[]));
    assert_eq!(plan(&desired(), &observed).steps, [Step::ImportCrl]);
    assert!(plan(&desired(), &observed).needs_ca(&observed));
}

proptest! {
    /// Whatever was found, running the ready steps again and again ends, and then nothing is left to do.
    #[test]
    fn after_all_steps_there_is_nothing_to_do(mut observed in any_observed()) {
        let desired = desired();
        let mut rounds = 0;
        loop {
            let ready = plan(&desired, &observed).ready();
            if ready.is_empty() {
                break;
            }
            ready.iter().for_each(|step| do_step(&mut observed, step));
            rounds += 1;
            prop_assert!(rounds < 10, "{:?}", plan(&desired, &observed));
        }
        prop_assert_eq!(plan(&desired, &observed).steps, []);
    }

    /// A run that ends after any number of steps is picked up by the next.
    #[test]
    fn killed_after_any_step_the_rest_is_planned(mut observed in any_observed(), done in 0_usize..12) {
        let desired = desired();
        for _ in 0..done {
            let Some(step) = plan(&desired, &observed).ready().into_iter().next() else { break };
            let before = plan(&desired, &observed).steps;
            do_step(&mut observed, &step);
            prop_assert!(!plan(&desired, &observed).steps.contains(&step), "{} again after {:?}", step, before);
        }
    }
}

/// What a step does where AWS does what it is asked.
fn do_step(observed: &mut Observed, step: &Step) {
    let endpoint = |observed: &mut Observed, change: &dyn Fn(&mut Endpoint)| {
        observed.endpoint.iter_mut().for_each(change);
    };
    match step {
        Step::ImportCertificate(own) => observed.learn(Outcome::Imported(*own, imported(*own))),
        Step::CreateEndpoint => {
            let mut new = complete().endpoint.unwrap();
            new.associations.clear();
            new.rules.clear();
            new.crl = None;
            observed.learn(Outcome::Created(Box::new(new)));
        }
        Step::Associate(subnet) => {
            observed.learn(Outcome::Associating(subnet.clone(), AssociationId::new("cvpn-assoc-1")));
        }
        Step::Authorize(cidr) => observed.learn(Outcome::Authorizing(IpNet::V4(*cidr))),
        Step::ImportCrl => {
            let crl = if recorded_crl_is_complete(observed) { observed.recorded_crl.clone() } else { None };
            observed.learn(Outcome::CrlImported(crl.unwrap_or_else(|| recorded(9, &[anchor_serial()]))));
        }
        Step::Await(Pending::Association(subnet)) => endpoint(observed, &|endpoint| {
            endpoint.associations.get_mut(subnet).unwrap().status = AssociationStatus::Associated;
        }),
        Step::Await(Pending::Disassociation(subnet)) => endpoint(observed, &|endpoint| {
            endpoint.associations.remove(subnet);
        }),
        Step::Await(Pending::Authorization(cidr)) => endpoint(observed, &|endpoint| {
            endpoint.rules.insert(IpNet::V4(*cidr), RuleStatus::Active);
        }),
        Step::Await(Pending::Revocation(cidr)) => endpoint(observed, &|endpoint| {
            endpoint.rules.remove(&IpNet::V4(*cidr));
        }),
    }
}

/// Everything that can be found without an obstacle.
fn any_observed() -> impl Strategy<Value = Observed> {
    let association = prop_oneof![
        Just(None),
        Just(Some(AssociationStatus::Associating)),
        Just(Some(AssociationStatus::Associated)),
        Just(Some(AssociationStatus::Disassociating)),
    ];
    let rule = prop_oneof![
        Just(None),
        Just(Some(RuleStatus::Authorizing)),
        Just(Some(RuleStatus::Active)),
        Just(Some(RuleStatus::Revoking)),
    ];
    let crl = || prop_oneof![Just(None), Just(Some(vec![])), Just(Some(vec![anchor_serial()]))];
    let parts = (association.clone(), association, rule, crl());
    (any::<bool>(), any::<bool>(), proptest::option::of(parts), crl()).prop_map(
        |(has_server, has_anchor, parts, recorded_crl)| {
            let endpoint = parts.map(|(first, second, rule, crl)| {
                let mut endpoint = complete().endpoint.unwrap();
                for (subnet, status) in [(subnet(1), first), (subnet(2), second)] {
                    match status {
                        None => drop(endpoint.associations.remove(&subnet)),
                        Some(status) => endpoint.associations.get_mut(&subnet).unwrap().status = status,
                    }
                }
                endpoint.rules = rule.into_iter().map(|status| (vpc_cidr(), status)).collect();
                endpoint.crl = crl.map(|serials| recorded(1, &serials).crl);
                endpoint
            });
            Observed {
                server: has_server.then(|| imported(OwnCertificate::Server)),
                anchor: has_anchor.then(|| imported(OwnCertificate::Anchor)),
                endpoint,
                recorded_crl: recorded_crl.map(|serials| recorded(1, &serials)),
            }
        },
    )
}

fn check(observed: &Observed, expected: Expect) {
    let Plan { steps, differences, obstacles } = plan(&desired(), observed);
    let lines = steps
        .iter()
        .map(ToString::to_string)
        .chain(differences.iter().map(|difference| format!("~ {difference}")))
        .chain(obstacles.iter().map(|obstacle| format!("! {obstacle}")));
    expected.assert_eq(&lines.map(|line| line + "\n").collect::<String>());
}

fn desired() -> Desired {
    let config = Config::parse(Path::new("latchkey.toml"), include_str!("../../../../latchkey.toml")).unwrap();
    Desired::new(&config, &["10.1.0.0/16".parse().unwrap()], None)
}

fn complete() -> Observed {
    let association = |n: u8| {
        let id = AssociationId::new(format!("cvpn-assoc-{n}"));
        (subnet(n), Association { id, status: AssociationStatus::Associated })
    };
    let recorded_crl = recorded(1, &[anchor_serial()]);
    Observed {
        server: Some(imported(OwnCertificate::Server)),
        anchor: Some(imported(OwnCertificate::Anchor)),
        endpoint: Some(Endpoint {
            id: EndpointId::new("cvpn-endpoint-1"),
            dns_name: "*.cvpn-endpoint-1".to_owned(),
            usable: true,
            settings: desired().settings,
            server: imported(OwnCertificate::Server).arn,
            anchor: Some(imported(OwnCertificate::Anchor).arn),
            associations: [association(1), association(2)].into(),
            rules: [(vpc_cidr(), RuleStatus::Active)].into(),
            crl: Some(recorded_crl.crl.clone()),
        }),
        recorded_crl: Some(recorded_crl),
    }
}

fn imported(own: OwnCertificate) -> Imported {
    let serial = match own {
        OwnCertificate::Server => Serial::from_random([2; 16]),
        OwnCertificate::Anchor => anchor_serial(),
    };
    Imported { arn: CertificateArn::new(format!("arn:{}", own.word())), serial: Some(serial), recorded: true }
}

/// CRLs with these serial numbers; made once, because signing takes time.
fn recorded(number: u64, serials: &[Serial]) -> RecordedCrl {
    static EMPTY: LazyLock<String> = LazyLock::new(|| authority().crl(1, &[], NOW).unwrap());
    static WITH_ANCHOR: LazyLock<String> =
        LazyLock::new(|| authority().crl(1, &[Revoked { serial: anchor_serial(), since: NOW }], NOW).unwrap());
    let pem = if serials.is_empty() { EMPTY.clone() } else { WITH_ANCHOR.clone() };
    RecordedCrl { number, crl: Crl::from_pem(&pem).unwrap(), pem }
}

fn anchor_serial() -> Serial {
    Serial::from_random([3; 16])
}

fn subnet(n: u8) -> SubnetId {
    format!("subnet-0a1b2c3d4e5f6000{n}").parse().unwrap()
}

fn vpc_cidr() -> IpNet {
    "10.1.0.0/16".parse().unwrap()
}
