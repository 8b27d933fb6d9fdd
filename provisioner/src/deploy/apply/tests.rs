use std::path::Path;

use super::*;
use crate::{
    config::{Config, Pki},
    deploy::{
        fake::{Counter, FAULTS, Fake, FakeTimer, Fault, Silence},
        plan::Plan,
    },
    ledger::Store,
    pki::{
        authority::Authority,
        testing::{NOW, authority},
    },
};

#[tokio::test]
async fn a_fresh_run_makes_every_call_once_and_a_second_run_none() {
    let bench = Bench::new();
    let observed = bench.run().await.unwrap();
    assert_eq!(plan(&bench.desired, &observed), Plan::default());
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
    bench.run().await.unwrap();
    assert!(bench.cloud.done.borrow().is_empty());
}

#[tokio::test]
async fn whatever_goes_wrong_at_any_call_the_end_is_the_same() {
    for call in 0..CALLS {
        for fault in FAULTS {
            let bench = Bench::new();
            bench.cloud.fault.set(Some((call, fault)));
            let first = bench.run().await;
            let killed = matches!(fault, Fault::KilledBefore | Fault::KilledAfter);
            assert_eq!(first.is_err(), killed, "{fault:?} at call {call}: {first:?}");
            let observed = bench.run().await.unwrap();
            assert_eq!(plan(&bench.desired, &observed), Plan::default(), "{fault:?} at call {call}");
            bench.assert_no_duplicates(&format!("{fault:?} at call {call}"));
        }
    }
}

#[tokio::test]
async fn the_anchor_is_on_the_first_crl() {
    let bench = Bench::new();
    let observed = bench.run().await.unwrap();
    let anchor = observed.anchor.and_then(|anchor| anchor.serial).unwrap();
    assert!(observed.endpoint.and_then(|endpoint| endpoint.crl).unwrap().lists(anchor));
    assert_eq!(bench.ledger.latest_crl().await.unwrap().unwrap().number, 1);
}

#[tokio::test]
async fn an_association_that_does_not_end_is_given_up_after_half_an_hour() {
    let bench = Bench::new();
    bench.cloud.stuck.set(true);
    let error = bench.run().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "gave up after 30 minutes: wait until `subnet-0a1b2c3d4e5f60001` is associated; \
         wait until `subnet-0a1b2c3d4e5f60002` is associated"
    );
    assert_eq!(bench.timer.now(), SETTLE.deadline);
}

#[tokio::test]
async fn a_ledger_of_another_ca_stops_everything() {
    let bench = Bench::new();
    bench.run().await.unwrap();
    let other = Bench { ledger: Ledger::new(Store::memory()), ..bench };
    assert!(matches!(other.run().await, Err(ApplyError::Obstacles(obstacles)) if obstacles.len() == 2));
}

#[tokio::test]
async fn a_step_that_needs_the_ca_is_announced() {
    let bench = Bench::new();
    let before = bench.observe().await;
    assert!(plan(&bench.desired, &before).needs_ca(&before));
    bench.cloud.fault.set(Some((3, Fault::KilledAfter)));
    bench.run().await.unwrap_err();
    // Everything that the CA makes is made by then.
    let after = bench.observe().await;
    let rest = plan(&bench.desired, &after);
    assert!(!rest.steps.is_empty());
    assert!(!rest.needs_ca(&after), "{rest:?}");
}

struct Bench {
    cloud: Fake,
    ledger: Ledger,
    desired: Desired,
    authority: Authority,
    timer: FakeTimer,
    random: Counter,
}

impl Bench {
    fn new() -> Self {
        let config = Config::parse(Path::new("latchkey.toml"), include_str!("../../../../latchkey.toml")).unwrap();
        let desired = Desired::new(&config, &["10.1.0.0/16".parse().unwrap()], None);
        Self {
            cloud: Fake::default(),
            ledger: Ledger::new(Store::memory()),
            desired,
            authority: authority(),
            timer: FakeTimer::default(),
            random: Counter::default(),
        }
    }

    async fn observe(&self) -> Observed {
        observe(&self.cloud, &self.ledger, &self.desired.deployment, &self.desired.domain).await.unwrap()
    }

    async fn run(&self) -> Result<Observed, ApplyError> {
        let observed = self.observe().await;
        let applier = Applier {
            cloud: &self.cloud,
            supply: Supply {
                deployment: &self.desired.deployment,
                domain: &self.desired.domain,
                pki: &Pki { ca_days: 3650, server_days: 825, client_days: 397 },
                ledger: &self.ledger,
                authority: Some(&self.authority),
                who: "tester",
                now: NOW,
                random: &self.random,
            },
            desired: &self.desired,
            timer: &self.timer,
            progress: &Silence,
        };
        applier.apply(observed).await
    }

    fn assert_no_duplicates(&self, case: &str) {
        assert_eq!(self.cloud.certificates.borrow().len(), 2, "{case}");
        let endpoints = self.cloud.endpoints.borrow();
        assert_eq!(endpoints.len(), 1, "{case}");
        assert_eq!(endpoints[0].1.associations.len(), 2, "{case}");
        assert_eq!(endpoints[0].1.rules.len(), 1, "{case}");
    }
}

/// Changing calls of a fresh run.
const CALLS: usize = 7;
