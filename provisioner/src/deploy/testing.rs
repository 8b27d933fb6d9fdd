//! A deployment for tests: the default configuration, the VPC that it names, and the same deployment complete.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{LazyLock, Mutex},
};

use super::{
    desired::{Desired, Goal, Wanted},
    id::{AssociationId, CertificateArn, EndpointId},
    network::{SubnetView, VpcView},
    observed::{Endpoint, EndpointStatus, Imported, Observed},
    own::OwnCertificate,
    part::{Kind, Part, PartState, Route, Rule, Status},
    tags,
    to_list::ToList,
};
use crate::{
    config::{Config, RouteTarget, SubnetId},
    ledger::RecordedCrl,
    pki::{
        crl::{Crl, Revoked},
        reason::Reason,
        serial::Serial,
    },
    testing::{NOW, authority},
};

pub(super) fn config() -> Config {
    Config::parse(Path::new("latchkey.toml"), include_str!("../../../latchkey.toml")).unwrap()
}

/// Four subnets: the first and the third in zone a, the second and the fourth in zone b.
pub(super) fn vpc() -> VpcView {
    let config = config();
    let view = |n: u8| SubnetView {
        id: subnet(n),
        vpc: config.network.vpc_id.clone(),
        cidr: format!("10.1.{n}.0/24").parse().unwrap(),
        zone: if n % 2 == 1 { "a" } else { "b" }.to_owned(),
        free_addresses: 250,
    };
    VpcView {
        cidrs: Some(vec!["10.1.0.0/16".parse().unwrap()]),
        subnets: (1..=4).map(view).collect(),
        groups: vec!["sg-0a1b2c3d4e5f60719".parse().unwrap()],
        default_group: Some("sg-0a1b2c3d4e5f60719".parse().unwrap()),
    }
}

pub(super) fn desired() -> Desired {
    Desired::new(&config(), &vpc(), NOW)
}

/// What is desired, changed by `change`.
pub(super) fn desired_with(change: impl FnOnce(&mut Wanted)) -> Desired {
    let mut desired = desired();
    let Goal::Deployment(wanted) = &mut desired.goal else { unreachable!("it is a deployment") };
    change(wanted);
    desired
}

/// What there is when [`desired`] is all there.
pub(super) fn complete() -> Observed {
    let desired = desired();
    let wanted = desired.wanted().cloned().unwrap();
    let recorded_crl = recorded(1, &[anchor_serial()]);
    let certificates = OwnCertificate::ALL.map(|own| (arn(own), imported(own)));
    Observed {
        certificates: certificates.into(),
        endpoint: Some(Endpoint {
            id: EndpointId::new("cvpn-endpoint-1"),
            dns_name: "*.cvpn-endpoint-1".to_owned(),
            status: EndpointStatus::Available,
            listed: true,
            settings: wanted.settings,
            tags: tags::made_by(tags::endpoint(&desired.deployment, &wanted.tags), "alice"),
            server: arn(OwnCertificate::Server),
            anchor: Some(arn(OwnCertificate::Anchor)),
            parts: wanted.parts.keys().map(|part| (part.clone(), state(part, Status::There))).collect(),
            crl: Some(recorded_crl.crl.clone()),
            crl_is_active: true,
        }),
        recorded_crl: Some(recorded_crl),
        to_list: to_list(&[anchor_serial()]),
        ..Observed::default()
    }
}

pub(super) fn state(part: &Part, status: Status) -> PartState {
    let association = (part.kind() == Kind::Association).then(|| AssociationId::new("cvpn-assoc-1"));
    PartState { status, description: String::new(), association }
}

pub(super) fn association(n: u8) -> Part {
    Part::Association(subnet(n))
}

pub(super) fn rule(network: &str) -> Part {
    Part::Rule(Rule { network: network.parse().unwrap(), group: None })
}

pub(super) fn route(destination: &str, subnet_number: u8) -> Part {
    Part::Route(Route { destination: destination.parse().unwrap(), target: RouteTarget::Subnet(subnet(subnet_number)) })
}

pub(super) fn arn(own: OwnCertificate) -> CertificateArn {
    CertificateArn::new(format!("arn:{}", own.word()))
}

pub(super) fn imported(own: OwnCertificate) -> Imported {
    let serial = match own {
        OwnCertificate::Server => Serial::from_random([2; 16]),
        OwnCertificate::Anchor => anchor_serial(),
    };
    Imported {
        own,
        tagged: true,
        recorded: true,
        serial: Some(serial),
        domain: (own == OwnCertificate::Server).then(|| "vpn.example.com".to_owned()),
        not_after: Some(NOW + time::Duration::days(800)),
        made_by: Some("alice".to_owned()),
    }
}

/// CRLs with these serial numbers, each made once, because signing takes time.
pub(super) fn recorded(number: u64, serials: &[Serial]) -> RecordedCrl {
    static MADE: LazyLock<Mutex<BTreeMap<Vec<Serial>, String>>> = LazyLock::new(Mutex::default);
    let make = || {
        let entry = |serial: &Serial| Revoked { serial: *serial, since: NOW, reason: Reason::Unspecified };
        authority().crl(1, &serials.iter().map(entry).collect::<Vec<_>>(), NOW).unwrap()
    };
    let pem = MADE.lock().unwrap().entry(serials.to_vec()).or_insert_with(make).clone();
    RecordedCrl { number, crl: Crl::from_pem(&pem).unwrap(), pem }
}

/// What must be listed: these, which have not expired.
pub(super) fn to_list(serials: &[Serial]) -> ToList {
    let end = NOW + time::Duration::days(800);
    ToList { revoked: serials.iter().map(|serial| (*serial, end)).collect(), undone: [].into() }
}

/// The certificate of a user.
pub(super) fn user_serial() -> Serial {
    Serial::from_random([4; 16])
}

pub(super) fn anchor_serial() -> Serial {
    Serial::from_random([3; 16])
}

fn subnet(n: u8) -> SubnetId {
    format!("subnet-0a1b2c3d4e5f6000{n}").parse().unwrap()
}
