//! An AWS for tests: keeps tokens, makes associations take time, and can lose answers, put calls off or have the
//! process killed at any changing call.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

use ipnet::{IpNet, Ipv4Net};
use profile::name::Domain;

use super::{
    apply::{Event, Progress, Timer},
    cloud::{CallError, Cloud, Found, Material, NewEndpoint, Parts},
    id::{AssociationId, CertificateArn, EndpointId},
    network::VpcView,
    observed::{Association, AssociationStatus, Endpoint, RuleStatus},
    own::OwnCertificate,
};
use crate::{
    config::{DeploymentName, SubnetId, VpcId},
    ledger::ClientToken,
    pki::{PkiError, crl::Crl, key::PrivateKey, serial::Serial},
    random::Random,
};

/// What happens to one changing call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// AWS does it, the answer gets lost.
    AnswerLost,
    /// It gets lost on the way there.
    RequestLost,
    /// AWS puts it off.
    PutOff,
    /// The process dies before the call.
    KilledBefore,
    /// The process dies after AWS has done it.
    KilledAfter,
}

pub(super) const FAULTS: [Fault; 5] =
    [Fault::AnswerLost, Fault::RequestLost, Fault::PutOff, Fault::KilledBefore, Fault::KilledAfter];

#[derive(Default)]
pub(super) struct Fake {
    /// Certificates with their purpose and serial number, in the order of import.
    pub(super) certificates: RefCell<Vec<(OwnCertificate, CertificateArn, Serial)>>,
    /// Endpoints, each with the token that made it.
    pub(super) endpoints: RefCell<Vec<(String, Endpoint)>>,
    /// Changing calls that AWS did.
    pub(super) done: RefCell<Vec<String>>,
    /// Which changing call goes wrong, counted from 0, and how.
    pub(super) fault: Cell<Option<(usize, Fault)>>,
    /// Whether associations never come to an end.
    pub(super) stuck: Cell<bool>,
    calls: Cell<usize>,
}

impl Fake {
    fn changing<T>(&self, operation: &'static str, act: impl FnOnce() -> Result<T, CallError>) -> Result<T, CallError> {
        let call = self.calls.replace(self.calls.get() + 1);
        let fault = self.fault.get().filter(|(at, _)| *at == call).map(|(_, fault)| fault);
        let unknown = || CallError::Unknown { operation, source: "connection reset".into() };
        let killed = || CallError::Refused { operation, code: "Killed".to_owned(), message: String::new() };
        let act = || {
            let result = act();
            if result.is_ok() {
                self.done.borrow_mut().push(operation.to_owned());
            }
            result
        };
        match fault {
            None => act(),
            Some(Fault::AnswerLost) => act().and_then(|_| Err(unknown())),
            Some(Fault::RequestLost) => Err(unknown()),
            Some(Fault::PutOff) => Err(CallError::Busy {
                operation,
                code: "ConcurrentMutationLimitExceeded".to_owned(),
                message: String::new(),
            }),
            Some(Fault::KilledBefore) => Err(killed()),
            Some(Fault::KilledAfter) => act().and_then(|_| Err(killed())),
        }
    }

    fn with_endpoint<T>(&self, id: &EndpointId, act: impl FnOnce(&mut Endpoint) -> T) -> T {
        let mut endpoints = self.endpoints.borrow_mut();
        act(&mut endpoints.iter_mut().find(|(_, endpoint)| endpoint.id == *id).expect("the endpoint exists").1)
    }
}

impl Cloud for Fake {
    async fn vpc(&self, _vpc: &VpcId, _subnets: &[SubnetId]) -> Result<VpcView, CallError> {
        Ok(VpcView::default())
    }

    async fn observe(&self, _deployment: &DeploymentName, _domain: &Domain) -> Result<Found, CallError> {
        let certificates = self.certificates.borrow();
        let of = |own| {
            certificates.iter().find(|(found, ..)| *found == own).map(|(_, arn, serial)| (arn.clone(), Some(*serial)))
        };
        let endpoint = self.endpoints.borrow().first().map(|(_, endpoint)| endpoint.clone());
        Ok(Found { server: of(OwnCertificate::Server), anchor: of(OwnCertificate::Anchor), endpoint })
    }

    async fn parts(&self, endpoint: &EndpointId) -> Result<Parts, CallError> {
        Ok(self.with_endpoint(endpoint, |endpoint| {
            let parts = (endpoint.associations.clone(), endpoint.rules.clone());
            if !self.stuck.get() {
                for association in endpoint.associations.values_mut() {
                    association.status = AssociationStatus::Associated;
                }
            }
            for status in endpoint.rules.values_mut() {
                *status = RuleStatus::Active;
            }
            parts
        }))
    }

    async fn import_certificate(
        &self,
        _deployment: &DeploymentName,
        own: OwnCertificate,
        material: &Material,
    ) -> Result<CertificateArn, CallError> {
        self.changing("ImportCertificate", || {
            let mut certificates = self.certificates.borrow_mut();
            let arn = CertificateArn::new(format!("arn:{}", certificates.len()));
            certificates.push((own, arn.clone(), material.serial));
            Ok(arn)
        })
    }

    async fn create_endpoint(&self, new: &NewEndpoint, token: &ClientToken) -> Result<(EndpointId, String), CallError> {
        self.changing("CreateClientVpnEndpoint", || {
            let mut endpoints = self.endpoints.borrow_mut();
            if let Some((_, endpoint)) = endpoints.iter().find(|(known, _)| known == token.as_str()) {
                return Ok((endpoint.id.clone(), endpoint.dns_name.clone()));
            }
            let endpoint = Endpoint {
                id: EndpointId::new(format!("cvpn-endpoint-{}", endpoints.len())),
                dns_name: "*.vpn".to_owned(),
                usable: true,
                settings: new.settings.clone(),
                server: new.server.clone(),
                anchor: Some(new.anchor.clone()),
                associations: BTreeMap::new(),
                rules: BTreeMap::new(),
                crl: None,
            };
            endpoints.push((token.as_str().to_owned(), endpoint.clone()));
            Ok((endpoint.id, endpoint.dns_name))
        })
    }

    async fn associate(
        &self,
        endpoint: &EndpointId,
        subnet: &SubnetId,
        _token: &ClientToken,
    ) -> Result<AssociationId, CallError> {
        self.changing("AssociateClientVpnTargetNetwork", || {
            self.with_endpoint(endpoint, |endpoint| {
                let id = AssociationId::new(format!("cvpn-assoc-{subnet}"));
                let association = Association { id: id.clone(), status: AssociationStatus::Associating };
                match endpoint.associations.insert(subnet.clone(), association) {
                    None => Ok(id),
                    Some(_) => Err(exists("InvalidClientVpnDuplicateAssociationException")),
                }
            })
        })
    }

    async fn authorize(&self, endpoint: &EndpointId, cidr: Ipv4Net, _token: &ClientToken) -> Result<(), CallError> {
        self.changing("AuthorizeClientVpnIngress", || {
            self.with_endpoint(endpoint, |endpoint| {
                match endpoint.rules.insert(IpNet::V4(cidr), RuleStatus::Authorizing) {
                    None => Ok(()),
                    Some(_) => Err(exists("InvalidClientVpnDuplicateAuthorizationRule")),
                }
            })
        })
    }

    async fn import_crl(&self, endpoint: &EndpointId, pem: &str) -> Result<(), CallError> {
        let crl = Crl::from_pem(pem).expect("the CRL is one");
        self.changing("ImportClientVpnClientCertificateRevocationList", || {
            self.with_endpoint(endpoint, |endpoint| endpoint.crl = Some(crl));
            Ok(())
        })
    }

    async fn export_configuration(&self, _endpoint: &EndpointId) -> Result<String, CallError> {
        Ok("client\n".to_owned())
    }
}

/// A clock that moves only when somebody sleeps.
#[derive(Default)]
pub(super) struct FakeTimer(Cell<Duration>);

impl Timer for FakeTimer {
    fn now(&self) -> Duration {
        self.0.get()
    }

    async fn sleep(&self, pause: Duration) {
        self.0.set(self.0.get() + pause);
    }
}

/// Listens to nothing.
pub(super) struct Silence;

impl Progress for Silence {
    fn tell(&self, _event: Event<'_>) {}
}

/// Counts instead of throwing dice.
#[derive(Default)]
pub(super) struct Counter(Cell<u8>);

impl Random for Counter {
    fn bits_128(&self) -> [u8; 16] {
        self.0.set(self.0.get() + 1);
        [self.0.get(); 16]
    }

    fn private_key(&self) -> Result<PrivateKey, PkiError> {
        PrivateKey::from_pkcs8(&crate::pki::testing::key().to_pkcs8()?)
    }
}

fn exists(code: &str) -> CallError {
    CallError::Exists { operation: "fake", code: code.to_owned() }
}
