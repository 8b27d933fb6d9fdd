use std::cell::Cell;

use proptest::prelude::*;

use super::*;
use crate::{
    config::{CaKey, Pki, Transport},
    deploy::{
        cloud::NewEndpoint,
        desired::Goal,
        fake::{Counter, FAULTS, Fake, FakeTimer, Fault, Silence},
        id::{CertificateArn, EndpointId},
        own::OwnCertificate,
        part::Kind,
        supply::CRL_ENTRIES,
        tags,
        testing::{association, config, desired, desired_with, route, rule},
        wait::SETTLE,
    },
    ledger::{Act, Issued, Provenance, Role, Store},
    pki::{authority::Authority, crl::Crl, reason::Reason, serial::Serial},
    testing::{NOW, authority},
};

#[tokio::test]
async fn a_fresh_run_makes_every_call_once_and_a_second_run_none() {
    let bench = Bench::new();
    let observed = bench.run(&desired()).await.unwrap();
    assert!(plan(&desired(), &observed).is_empty());
    assert_eq!(
        *bench.cloud.done.borrow(),
        [
            "ImportCertificate",
            "ImportCertificate",
            "CreateClientVpnEndpoint",
            "AssociateClientVpnTargetNetwork",
            "AssociateClientVpnTargetNetwork",
            "AuthorizeClientVpnIngress",
            "ImportClientVpnClientCertificateRevocationList",
        ]
    );
    bench.cloud.done.borrow_mut().clear();
    bench.run(&desired()).await.unwrap();
    assert!(bench.cloud.done.borrow().is_empty());
}

/// From nothing, through a change of everything that can be changed and a replacement, back to nothing: each call of
/// each phase goes wrong in each way, and the end is the same.
#[tokio::test]
async fn whatever_goes_wrong_at_any_call_the_end_is_the_same() {
    let (changed, replaced) = (changed(), replaced());
    for (phase, goal) in [desired(), changed.clone(), replaced.clone(), nothing()].iter().enumerate() {
        let calls = {
            let bench = Bench::after(phase).await;
            let before = bench.cloud.calls();
            bench.run(goal).await.unwrap();
            before..bench.cloud.calls()
        };
        assert!(calls.len() >= 5, "phase {phase} has {} calls", calls.len());
        for call in calls {
            for fault in FAULTS {
                let case = format!("{fault:?} at call {call} of phase {phase}");
                let bench = Bench::after(phase).await;
                bench.cloud.fault.set(Some((call, fault)));
                let first = bench.run(goal).await;
                let killed = matches!(fault, Fault::KilledBefore | Fault::KilledAfter);
                assert_eq!(first.is_err(), killed, "{case}: {first:?}");
                let observed = bench.run(goal).await.unwrap();
                assert!(plan(goal, &observed).is_empty(), "{case}");
                bench.assert_no_duplicates(goal, &case);
            }
        }
    }
}

/// A lost answer or a kill may cost one more renewal, and never leads to a second certificate.
#[tokio::test]
async fn whatever_goes_wrong_in_a_rotation_one_new_certificate_serves() {
    for fault in FAULTS {
        let bench = Bench::new();
        let before = bench.run(&desired()).await.unwrap();
        let (old_arn, old) = before.own(OwnCertificate::Server).unwrap();
        let goal = Desired { goal: Goal::Renewal(OwnCertificate::Server, old.serial.unwrap()), ..desired() };
        bench.cloud.done.borrow_mut().clear();
        bench.cloud.fault.set(Some((bench.cloud.calls(), fault)));
        let first = bench.run(&goal).await;
        let killed = matches!(fault, Fault::KilledBefore | Fault::KilledAfter);
        assert_eq!(first.is_err(), killed, "{fault:?}: {first:?}");
        let after = bench.run(&goal).await.unwrap();
        let (new_arn, new) = after.own(OwnCertificate::Server).unwrap();
        assert!(new_arn == old_arn && new.serial != old.serial && new.recorded, "{fault:?}: {new:?}");
        assert!(bench.cloud.done.borrow().iter().all(|call| *call == "ReimportCertificate"), "{fault:?}");
        bench.assert_no_duplicates(&desired(), &format!("{fault:?}"));
    }
}

#[tokio::test]
async fn whatever_goes_wrong_with_a_new_anchor_it_and_the_old_one_are_on_the_crl() {
    for nth in 0..3 {
        for fault in FAULTS {
            let bench = Bench::new();
            let before = bench.run(&desired()).await.unwrap();
            let (old_arn, old) = before.own(OwnCertificate::Anchor).unwrap();
            let goal = Desired { goal: Goal::Renewal(OwnCertificate::Anchor, old.serial.unwrap()), ..desired() };
            bench.cloud.fault.set(Some((bench.cloud.calls() + nth, fault)));
            let _first = bench.run(&goal).await;
            let after = bench.run(&goal).await.unwrap();
            let (new_arn, new) = after.own(OwnCertificate::Anchor).unwrap();
            assert!(new_arn == old_arn && new.serial != old.serial && new.recorded, "{fault:?}: {new:?}");
            let crl = bench.endpoint_crl();
            assert!([old, new].iter().all(|it| crl.lists(it.serial.unwrap())), "{nth} {fault:?}");
            bench.assert_no_duplicates(&desired(), &format!("{fault:?}"));
        }
    }
}

#[tokio::test]
async fn the_anchor_is_on_the_first_crl() {
    let bench = Bench::new();
    let observed = bench.run(&desired()).await.unwrap();
    let anchor = observed.own(OwnCertificate::Anchor).and_then(|(_, anchor)| anchor.serial).unwrap();
    assert!(observed.endpoint.and_then(|endpoint| endpoint.crl).unwrap().lists(anchor));
    assert_eq!(bench.ledger.latest_crl().await.unwrap().unwrap().number, 1);
}

/// A revocation stands in the ledger and nothing else has happened: whether `revoke` or `provision` comes next, and
/// whatever goes wrong with the import, in the end the certificate is on the endpoint's CRL.
#[tokio::test]
async fn a_revocation_that_was_cut_short_is_finished_by_the_next_run() {
    for goal in [desired(), Desired::only(&config(), Goal::Crl)] {
        for fault in FAULTS {
            let bench = Bench::after(1).await;
            let serial = bench.revoke(1, Act::Revoke(Reason::KeyCompromise)).await;
            bench.cloud.fault.set(Some((bench.cloud.calls(), fault)));
            let first = bench.run(&goal).await;
            assert_eq!(first.is_err(), matches!(fault, Fault::KilledBefore | Fault::KilledAfter), "{fault:?}");
            let observed = bench.run(&goal).await.unwrap();
            assert!(plan(&desired(), &observed).is_empty(), "{fault:?}");
            assert!(bench.endpoint_crl().lists(serial), "{fault:?}");
            // One that was made before a kill is not made again.
            assert_eq!(bench.ledger.latest_crl().await.unwrap().unwrap().number, 2, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_hold_ends_with_the_next_crl() {
    let bench = Bench::after(1).await;
    let alone = Desired::only(&config(), Goal::Crl);
    let serial = bench.revoke(1, Act::Revoke(Reason::CertificateHold)).await;
    bench.run(&alone).await.unwrap();
    assert!(bench.endpoint_crl().lists(serial));
    bench.revoke(1, Act::Undo).await;
    bench.run(&alone).await.unwrap();
    assert!(!bench.endpoint_crl().lists(serial));
    assert_eq!(bench.endpoint_crl().number(), Some(3));
}

/// The second revokes and imports while the first still has the view from before.
#[tokio::test]
async fn of_two_who_revoke_at_once_nobody_is_lost() {
    let bench = Bench::after(1).await;
    let alone = Desired::only(&config(), Goal::Crl);
    let first = bench.revoke(1, Act::Revoke(Reason::Superseded)).await;
    let view = bench.observe(&alone, Depth::Quick).await;
    let second = bench.revoke(2, Act::Revoke(Reason::Superseded)).await;
    bench.run(&alone).await.unwrap();
    bench.applier(&alone).apply(view).await.unwrap();
    assert!(bench.endpoint_crl().lists(first) && bench.endpoint_crl().lists(second));
    let observed = bench.observe(&alone, Depth::Quick).await;
    assert!(plan(&desired(), &observed).is_empty());
}

/// An older CRL arrives after a newer one: both admins read back, and import the newer one again.
/// One admin is asked, and another revokes meanwhile: what the first has seen is not imported over it.
#[tokio::test]
async fn what_was_imported_after_the_question_is_not_taken_back() {
    let (bench, desired) = (Bench::new(), desired());
    bench.run(&desired).await.unwrap();
    bench.revoke(1, Act::Revoke(Reason::KeyCompromise)).await;
    let before = bench.observe(&desired, Depth::Quick).await;
    // Recorded, and killed before the import.
    let (recorded, _) = bench.applier(&desired).supply.crl(&before).await.unwrap();
    let asked = bench.observe(&desired, Depth::Quick).await;
    assert_eq!(asked.recorded_crl.as_ref(), Some(&recorded));
    let second = bench.revoke(2, Act::Revoke(Reason::KeyCompromise)).await;
    bench.run(&desired).await.unwrap();
    let (latest, _) = bench.applier(&desired).supply.crl(&asked).await.unwrap();
    assert!(latest.number > recorded.number && latest.crl.lists(second), "{latest:?}");
    bench.applier(&desired).apply(asked).await.unwrap();
    assert!(bench.endpoint_crl().lists(second));
}

#[tokio::test]
async fn an_older_crl_over_a_newer_one_does_not_stay() {
    let bench = Bench::after(1).await;
    let alone = Desired::only(&config(), Goal::Crl);
    let older = bench.endpoint_crl();
    let serial = bench.revoke(1, Act::Revoke(Reason::Superseded)).await;
    let observed = bench.run(&alone).await.unwrap();
    let endpoint = |crl: &Crl| {
        let mut endpoints = bench.cloud.endpoints.borrow_mut();
        (endpoints[0].1.crl, endpoints[0].1.crl_is_active) = (Some(crl.clone()), true);
    };
    // The run has imported, and not read back yet.
    let mut imported = observed;
    imported.endpoint.as_mut().unwrap().crl_is_active = false;
    endpoint(&older);
    bench.applier(&alone).apply(imported).await.unwrap();
    assert!(bench.endpoint_crl().lists(serial));
}

#[tokio::test]
async fn a_crl_that_never_stays_ends_the_run() {
    let bench = Bench::after(1).await;
    bench.revoke(1, Act::Revoke(Reason::Superseded)).await;
    bench.cloud.forgets_crls.set(true);
    let error = bench.run(&Desired::only(&config(), Goal::Crl)).await.unwrap_err();
    assert!(matches!(error, ApplyError::CrlNotKept(_)), "{error}");
}

#[tokio::test]
async fn who_has_expired_is_dropped_and_too_many_are_refused() {
    let bench = Bench::after(1).await;
    let alone = Desired::only(&config(), Goal::Crl);
    let expired = Issued { not_after: NOW - time::Duration::days(1), ..bench.issued(1) };
    let act = Act::Revoke(Reason::Unspecified);
    bench.ledger.record_revocation(&expired, act, bench.applier(&alone).supply.provenance()).await.unwrap();
    bench.run(&alone).await.unwrap();
    assert_eq!(bench.endpoint_crl().entries(), 1, "the anchor");
    for n in 0..CRL_ENTRIES {
        bench.revoke(u32::try_from(n).unwrap() + 2, act).await;
    }
    let error = bench.run(&alone).await.unwrap_err();
    let is_full = |error| {
        let ApplyError::Step { source: StepError::Supply(SupplyError::CrlFull { entries }), .. } = error else {
            return None;
        };
        Some(entries)
    };
    assert_eq!(is_full(error), Some(CRL_ENTRIES + 1));
    assert_eq!(bench.endpoint_crl().entries(), 1, "what was in use stays in use");
}

#[tokio::test]
async fn an_association_that_does_not_end_is_given_up_after_half_an_hour() {
    let bench = Bench::new();
    bench.cloud.stuck.set(true);
    let error = bench.run(&desired()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "gave up after 30 minutes to wait until \
         the target network association of `subnet-0a1b2c3d4e5f60001` is there (AWS says `associating`); \
         the target network association of `subnet-0a1b2c3d4e5f60002` is there (AWS says `associating`)"
    );
    assert!(bench.timer.now() < SETTLE.deadline + SETTLE.deadline / 50);
}

#[tokio::test]
async fn a_network_that_is_gone_for_two_minutes_does_not_end_a_wait() {
    let bench = Bench::new();
    // Enough failed looks for two minutes, beginning with the first look at what is waited for.
    bench.cloud.silent.set((1, 17));
    let observed = bench.run(&desired()).await.unwrap();
    assert!(plan(&desired(), &observed).is_empty());
    bench.assert_no_duplicates(&desired(), "a silent network");
    let waited = bench.timer.now();
    assert!(waited > Duration::from_secs(120) && waited < Duration::from_secs(300), "{waited:?}");
}

#[tokio::test]
async fn a_network_that_stays_away_ends_the_run_after_five_minutes() {
    let bench = Bench::new();
    bench.cloud.silent.set((1, usize::MAX));
    let error = bench.run(&desired()).await.unwrap_err();
    assert!(matches!(error, ApplyError::Step { .. }), "{error:?}");
    assert!(bench.timer.now() < Duration::from_secs(310), "{:?}", bench.timer.now());
}

#[tokio::test]
async fn what_aws_gives_up_again_ends_the_run_with_its_words() {
    let bench = Bench::new();
    bench.cloud.gives_up.set(true);
    let error = bench.run(&desired()).await.unwrap_err();
    let expected = "AWS gave up on the target network association of `subnet-0a1b2c3d4e5f60001`: no free addresses";
    assert_eq!(error.to_string(), expected);
    bench.cloud.gives_up.set(false);
    bench.run(&desired()).await.unwrap();
}

#[tokio::test]
async fn a_ledger_of_another_ca_stops_everything() {
    let bench = Bench::new();
    bench.run(&desired()).await.unwrap();
    let other = Bench { ledger: Ledger::new(Store::memory()), ..bench };
    assert!(matches!(other.run(&desired()).await, Err(ApplyError::Obstacles(obstacles)) if obstacles.len() == 1));
}

/// Both have looked and found nothing; then both make everything.
#[tokio::test]
async fn of_two_who_make_the_same_at_once_one_stays_and_the_other_leaves_nothing() {
    let winner = Bench::new();
    let nothing_there = winner.observe(&desired(), Depth::Quick).await;
    winner.run(&desired()).await.unwrap();
    let loser = Bench { ledger: Ledger::new(Store::memory()), random: Counter(Cell::new(1000)), ..winner };
    let error = loser.applier(&desired()).apply(nothing_there).await.unwrap_err();
    assert!(error.to_string().contains("made by tester, trusts another CA than this ledger's"), "{error}");
    assert_eq!(loser.cloud.endpoints.borrow().len(), 1);
    assert_eq!(loser.cloud.certificates.borrow().len(), 2);
}

/// The ledger is lost, and with it the number of the last attempt; AWS remembers the token of the first.
#[tokio::test]
async fn a_deployment_that_was_destroyed_without_its_ledger_can_be_made_again() {
    let bench = Bench::after(1).await;
    let second = Bench { ledger: Ledger::new(Store::memory()), random: Counter(Cell::new(1000)), ..bench };
    second.run(&nothing()).await.unwrap();
    second.run(&desired()).await.unwrap();
    second.assert_no_duplicates(&desired(), "a second life");
    assert!(second.timer.now() < Duration::from_secs(180), "{:?}", second.timer.now());
}

/// They share the ledger: both succeed, with one endpoint, and the certificates of one.
#[tokio::test]
async fn two_with_one_ledger_who_do_the_same_at_once_make_one_endpoint() {
    let bench = Bench::new();
    let nothing_there = bench.observe(&desired(), Depth::Quick).await;
    bench.run(&desired()).await.unwrap();
    let observed = bench.applier(&desired()).apply(nothing_there).await.unwrap();
    assert!(plan(&desired(), &observed).is_empty());
    bench.assert_no_duplicates(&desired(), "two at once");
}

#[tokio::test]
async fn a_replacement_needs_consent() {
    let bench = Bench::after(1).await;
    let goal = replaced();
    let applier = Applier { may_replace: false, ..bench.applier(&goal) };
    let observed = bench.observe(&desired(), Depth::Quick).await;
    assert!(matches!(applier.apply(observed).await, Err(ApplyError::Replacement)));
}

#[tokio::test]
async fn whoever_stops_a_run_is_told_what_is_left() {
    let bench = Bench::new();
    bench.timer.stop_at.set(Some(Duration::from_millis(1)));
    let Err(ApplyError::Stopped { observed, left }) = bench.run(&desired()).await else {
        panic!("it was to stop");
    };
    assert!(observed.endpoint.is_some());
    assert!(left.iter().all(|step| matches!(step, Step::Await(_))), "{left:?}");
    bench.timer.stop_at.set(None);
    bench.run(&desired()).await.unwrap();
}

#[tokio::test]
async fn a_step_that_needs_the_ca_is_announced() {
    let bench = Bench::new();
    let before = bench.observe(&desired(), Depth::Quick).await;
    assert!(plan(&desired(), &before).needs_ca(&before));
    bench.cloud.fault.set(Some((3, Fault::KilledAfter)));
    bench.run(&desired()).await.unwrap_err();
    // Everything that the CA makes is made by then.
    let after = bench.observe(&desired(), Depth::Quick).await;
    let rest = plan(&desired(), &after);
    assert!(!rest.steps.is_empty());
    assert!(!rest.needs_ca(&after), "{rest:?}");
}

#[tokio::test]
async fn a_lost_ledger_does_not_keep_anything_from_being_destroyed() {
    let bench = Bench::after(1).await;
    let other = Bench { ledger: Ledger::new(Store::memory()), ..bench };
    other.run(&nothing()).await.unwrap();
    assert!(other.cloud.endpoints.borrow().is_empty());
    assert!(other.cloud.certificates.borrow().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// From any goal to any other, with any one call going wrong, what is not the deployment's stays as it is.
    #[test]
    fn from_anything_to_anything_and_foreign_things_stay(
        first in any_goal(), second in any_goal(), call in 0_usize..30, fault in 0_usize..FAULTS.len(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new();
            let foreign = bench.add_foreign().await;
            bench.run(&first).await.unwrap();
            bench.cloud.fault.set(Some((bench.cloud.calls() + call, FAULTS[fault])));
            let _killed_or_not = bench.run(&second).await;
            bench.cloud.fault.set(None);
            let observed = bench.run(&second).await.unwrap();
            assert!(plan(&second, &observed).is_empty());
            bench.assert_no_duplicates(&second, "a random case");
            assert_eq!(foreign, bench.foreign());
        });
    }
}

fn any_goal() -> impl Strategy<Value = Desired> {
    prop_oneof![Just(desired()), Just(changed()), Just(replaced()), Just(nothing())]
}

/// Other settings, tags, subnets, rules and routes.
fn changed() -> Desired {
    desired_with(|wanted| {
        wanted.settings.banner = "Hello".to_owned();
        wanted.settings.port = 1194;
        wanted.tags.insert("team".to_owned(), "network".to_owned());
        wanted.parts.remove(&association(2));
        wanted.parts.insert(association(4), String::new());
        wanted.parts.insert(rule("10.1.0.0/16"), "the VPC".to_owned());
        wanted.parts.insert(rule("192.168.0.0/24"), "the office".to_owned());
        wanted.parts.insert(route("192.168.0.0/24", 1), "to the office".to_owned());
    })
}

fn replaced() -> Desired {
    desired_with(|wanted| wanted.settings.transport = Transport::Tcp)
}

fn nothing() -> Desired {
    Desired { goal: Goal::Nothing, ..desired() }
}

struct Bench {
    cloud: Fake,
    ledger: Ledger,
    authority: Authority,
    timer: FakeTimer,
    random: Counter,
}

impl Bench {
    fn new() -> Self {
        Self {
            cloud: Fake::default(),
            ledger: Ledger::new(Store::memory()),
            authority: authority(),
            timer: FakeTimer::default(),
            random: Counter::default(),
        }
    }

    /// As it is before this phase of a deployment's life.
    async fn after(phase: usize) -> Self {
        let bench = Self::new();
        for goal in [desired(), changed(), replaced()].iter().take(phase) {
            bench.run(goal).await.unwrap();
        }
        bench
    }

    async fn observe(&self, desired: &Desired, depth: Depth) -> Observed {
        observe(&self.cloud, &self.ledger, desired, depth).await.unwrap()
    }

    async fn run(&self, desired: &Desired) -> Result<Observed, ApplyError> {
        let depth = if desired.is_removal() { Depth::Thorough } else { Depth::Quick };
        let observed = self.observe(desired, depth).await;
        self.applier(desired).apply(observed).await
    }

    fn issued(&self, n: u32) -> Issued {
        let mut serial = [0xaa; 16];
        serial[..4].copy_from_slice(&n.to_be_bytes());
        let provenance = Provenance { who: "tester".to_owned(), when: NOW, nonce: Serial::from_random(serial) };
        let issued = Issued::of(self.authority.certificate(), Role::User, None, provenance).unwrap();
        Issued { serial: Serial::from_random(serial), ..issued }
    }

    /// Records a decision about the user with this number, and nothing else.
    async fn revoke(&self, n: u32, act: Act) -> Serial {
        let issued = self.issued(n);
        assert!(self.ledger.record_revocation(&issued, act, issued.provenance.clone()).await.unwrap());
        issued.serial
    }

    fn endpoint_crl(&self) -> Crl {
        self.cloud.endpoints.borrow()[0].1.crl.clone().unwrap()
    }

    fn applier<'a>(&'a self, desired: &'a Desired) -> Applier<'a, Fake, FakeTimer> {
        Applier {
            cloud: &self.cloud,
            supply: Supply {
                deployment: &desired.deployment,
                domain: &desired.domain,
                pki: &Pki { ca_key: CaKey::File, ca_days: 3650, server_days: 825, client_days: 397 },
                ledger: &self.ledger,
                authority: Some(&self.authority),
                who: "tester",
                now: NOW,
                random: &self.random,
            },
            desired,
            may_replace: true,
            timer: &self.timer,
            progress: &Silence,
        }
    }

    /// An endpoint and a certificate that carry another deployment's tags.
    async fn add_foreign(&self) -> Vec<String> {
        let wanted = desired().wanted().cloned().unwrap();
        let other = "other".parse().unwrap();
        let material = self.applier(&desired()).supply.certificate(OwnCertificate::Server).await.unwrap();
        let tags = tags::certificate(&other, OwnCertificate::Server, &tags::Tags::new());
        let arn = self.cloud.import_certificate(&tags, &material).await.unwrap();
        let new = NewEndpoint {
            settings: wanted.settings,
            tags: tags::endpoint(&other, &tags::Tags::new()),
            server: arn.clone(),
            anchor: arn,
        };
        let attempt = self.applier(&desired()).supply.attempt("other").await.unwrap();
        self.cloud.create_endpoint(&new, &attempt.token).await.unwrap();
        self.foreign()
    }

    fn foreign(&self) -> Vec<String> {
        let is_foreign = |tags: &tags::Tags| tags.get(tags::DEPLOYMENT).map(String::as_str) == Some("other");
        let endpoints = self.cloud.endpoints.borrow();
        let certificates = self.cloud.certificates.borrow();
        let endpoints = endpoints.iter().filter(|(_, it)| is_foreign(&it.tags)).map(|it| format!("{it:?}"));
        let certificates = certificates.iter().filter(|(_, (tags, _))| is_foreign(tags)).map(|it| format!("{it:?}"));
        endpoints.chain(certificates).collect()
    }

    fn assert_no_duplicates(&self, goal: &Desired, case: &str) {
        let ours = |tags: &tags::Tags| tags.get(tags::DEPLOYMENT) == Some(&goal.deployment.to_string());
        let exists = usize::from(goal.wanted().is_some());
        let certificates: Vec<CertificateArn> = self
            .cloud
            .certificates
            .borrow()
            .iter()
            .filter(|(_, (tags, _))| ours(tags))
            .map(|(arn, _)| arn.clone())
            .collect();
        assert_eq!(certificates.len(), 2 * exists, "{case}: {certificates:?}");
        let endpoints = self.cloud.endpoints.borrow();
        let endpoints: Vec<_> = endpoints.iter().map(|(_, endpoint)| endpoint).filter(|it| ours(&it.tags)).collect();
        let ids: Vec<&EndpointId> = endpoints.iter().map(|endpoint| &endpoint.id).collect();
        assert_eq!(ids.len(), exists, "{case}: {ids:?}");
        for (endpoint, wanted) in endpoints.iter().zip(goal.wanted()) {
            let parts: Vec<_> = endpoint.parts.keys().collect();
            assert_eq!(parts, wanted.parts.keys().collect::<Vec<_>>(), "{case}");
            assert_eq!(endpoint.settings, wanted.settings, "{case}");
            assert!(parts.iter().any(|part| part.kind() == Kind::Association), "{case}");
        }
    }
}
