//! An AWS for tests: keeps tokens, makes parts take time, and can lose answers, put calls off or have the process
//! killed at any changing call.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use profile::name::Domain;

use super::{
    apply::{Event, Progress, Timer},
    cloud::{CallError, Cloud, Depth, Found, FoundCertificate, Material, NewEndpoint, Parts},
    id::{AssociationId, CertificateArn, EndpointId},
    network::VpcView,
    observed::{Endpoint, EndpointStatus, FoundCrl},
    own::OwnCertificate,
    part::{Kind, Part, PartState, Status},
    setting::{Setting, Settings},
    tags::{self, Tags},
};
use crate::{
    config::{DeploymentName, SubnetId, VpcId},
    ledger::ClientToken,
    pki::{PkiError, crl::Crl, key::PrivateKey},
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
    /// Certificates with their tags, in the order of their ARNs.
    pub(super) certificates: RefCell<BTreeMap<CertificateArn, (Tags, FoundCertificate)>>,
    /// Endpoints, each with the token that made it.
    pub(super) endpoints: RefCell<Vec<(String, Endpoint)>>,
    /// Tokens of endpoints that were deleted: AWS remembers them.
    spent: RefCell<BTreeSet<String>>,
    /// Endpoints that are gone at the next look.
    pub(super) deleting: RefCell<BTreeSet<EndpointId>>,
    /// Changing calls that AWS did.
    pub(super) done: RefCell<Vec<String>>,
    /// Which changing call goes wrong, counted from 0, and how.
    pub(super) fault: Cell<Option<(usize, Fault)>>,
    /// Whether associations never come to an end.
    pub(super) stuck: Cell<bool>,
    /// From when until when AWS answers nothing, in reading calls counted from 0.
    pub(super) silent: Cell<(usize, usize)>,
    /// Whether AWS gives up on new associations.
    pub(super) gives_up: Cell<bool>,
    /// Whether every CRL is forgotten as soon as it is imported.
    pub(super) forgets_crls: Cell<bool>,
    calls: Cell<usize>,
    reads: Cell<usize>,
    made: Cell<usize>,
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

    /// Changing calls that were made so far.
    pub(super) fn calls(&self) -> usize {
        self.calls.get()
    }

    fn reading(&self) -> Result<(), CallError> {
        let read = self.reads.replace(self.reads.get() + 1);
        let (from, until) = self.silent.get();
        if (from..until).contains(&read) {
            return Err(CallError::Unknown { operation: "fake", source: "no route to host".into() });
        }
        Ok(())
    }

    fn number(&self) -> usize {
        self.made.replace(self.made.get() + 1)
    }

    fn with_endpoint<T>(
        &self,
        id: &EndpointId,
        act: impl FnOnce(&mut Endpoint) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let mut endpoints = self.endpoints.borrow_mut();
        match endpoints.iter_mut().find(|(_, endpoint)| endpoint.id == *id) {
            Some((_, endpoint)) => act(endpoint),
            None => Err(gone("InvalidClientVpnEndpointId.NotFound")),
        }
    }

    fn is_in_use(&self, arn: &CertificateArn) -> bool {
        let endpoints = self.endpoints.borrow();
        endpoints.iter().any(|(_, endpoint)| endpoint.server == *arn || endpoint.anchor.as_ref() == Some(arn))
    }
}

impl Cloud for Fake {
    async fn vpc(&self, _vpc: &VpcId, _subnets: &[SubnetId]) -> Result<VpcView, CallError> {
        Ok(VpcView::default())
    }

    async fn observe(&self, deployment: &DeploymentName, _: &Domain, depth: Depth) -> Result<Found, CallError> {
        self.reading()?;
        let is_ours = |tags: &Tags| tags.get(tags::DEPLOYMENT).map(String::as_str) == Some(deployment.as_str());
        let mut endpoints: Vec<Endpoint> =
            self.endpoints.borrow().iter().map(|it| it.1.clone()).filter(|it| is_ours(&it.tags)).collect();
        let others = endpoints.split_off(endpoints.len().min(1)).into_iter().map(|endpoint| endpoint.id).collect();
        let endpoint = endpoints.pop();
        let certificates = self.certificates.borrow();
        let thorough = depth == Depth::Thorough || endpoint.is_none();
        let used = |arn: &CertificateArn| {
            endpoint.as_ref().is_some_and(|it| it.server == *arn || it.anchor.as_ref() == Some(arn))
        };
        let found = certificates.iter().filter(|(arn, (tags, _))| used(arn) || (thorough && is_ours(tags)));
        Ok(Found {
            certificates: found
                .map(|(arn, (tags, found))| {
                    (arn.clone(), FoundCertificate { tagged: thorough && is_ours(tags), ..found.clone() })
                })
                .collect(),
            deleting: self.deleting.borrow().clone(),
            endpoint,
            others,
        })
    }

    async fn parts(&self, endpoint: &EndpointId, kinds: &BTreeSet<Kind>) -> Result<Parts, CallError> {
        self.reading()?;
        self.with_endpoint(endpoint, |endpoint| {
            let found = endpoint.parts.clone().into_iter().filter(|(part, _)| kinds.contains(&part.kind())).collect();
            endpoint.parts.retain(|_, state| state.status != Status::Going);
            for (part, state) in &mut endpoint.parts {
                let is_association = part.kind() == Kind::Association;
                if state.status == Status::Coming && !(self.stuck.get() && is_association) {
                    let message = "no free addresses".to_owned();
                    let gives_up = self.gives_up.get() && is_association;
                    state.status = if gives_up { Status::Failed { message } } else { Status::There };
                }
            }
            Ok(found)
        })
    }

    /// A CRL is in use from the second look on.
    async fn crl(&self, endpoint: &EndpointId) -> Result<FoundCrl, CallError> {
        self.with_endpoint(endpoint, |endpoint| {
            let found = FoundCrl { crl: endpoint.crl.clone(), is_active: endpoint.crl_is_active };
            endpoint.crl_is_active = endpoint.crl.is_some();
            Ok(found)
        })
    }

    async fn is_gone(&self, endpoint: &EndpointId) -> Result<bool, CallError> {
        Ok(!self.deleting.borrow_mut().remove(endpoint))
    }

    async fn import_certificate(&self, tags: &Tags, material: &Material) -> Result<CertificateArn, CallError> {
        self.changing("ImportCertificate", || {
            let arn = CertificateArn::new(format!("arn:{}", self.number()));
            let role = tags.get(tags::ROLE).map(String::as_str);
            let own = OwnCertificate::ALL.into_iter().find(|own| Some(own.word()) == role).expect("a role");
            let found = FoundCertificate {
                own,
                tagged: true,
                serial: Some(material.serial),
                domain: None,
                not_after: Some(material.not_after),
                made_by: tags.get(tags::MADE_BY).cloned(),
            };
            self.certificates.borrow_mut().insert(arn.clone(), (tags.clone(), found));
            Ok(arn)
        })
    }

    async fn reimport_certificate(&self, arn: &CertificateArn, material: &Material) -> Result<(), CallError> {
        self.changing("ReimportCertificate", || {
            let mut certificates = self.certificates.borrow_mut();
            let (_, found) = certificates.get_mut(arn).ok_or_else(|| gone("ResourceNotFoundException"))?;
            found.serial = Some(material.serial);
            found.not_after = Some(material.not_after);
            Ok(())
        })
    }

    async fn tag_certificate(&self, arn: &CertificateArn, tags: &Tags) -> Result<(), CallError> {
        self.changing("AddTagsToCertificate", || {
            let mut certificates = self.certificates.borrow_mut();
            let (present, _) = certificates.get_mut(arn).ok_or_else(|| gone("ResourceNotFoundException"))?;
            present.extend(tags.clone());
            Ok(())
        })
    }

    async fn delete_certificate(&self, arn: &CertificateArn) -> Result<(), CallError> {
        self.changing("DeleteCertificate", || {
            if self.is_in_use(arn) {
                return Err(busy("ResourceInUseException"));
            }
            let removed = self.certificates.borrow_mut().remove(arn);
            removed.map(drop).ok_or_else(|| gone("ResourceNotFoundException"))
        })
    }

    async fn create_endpoint(&self, new: &NewEndpoint, token: &ClientToken) -> Result<(EndpointId, String), CallError> {
        self.changing("CreateClientVpnEndpoint", || {
            if self.spent.borrow().contains(token.as_str()) {
                return Err(CallError::Outrun { operation: "CreateClientVpnEndpoint" });
            }
            let mut endpoints = self.endpoints.borrow_mut();
            if let Some((_, endpoint)) = endpoints.iter().find(|(known, _)| known == token.as_str()) {
                let same = endpoint.server == new.server && endpoint.anchor.as_ref() == Some(&new.anchor);
                let answer = (endpoint.id.clone(), endpoint.dns_name.clone());
                return if same { Ok(answer) } else { Err(CallError::Outrun { operation: "CreateClientVpnEndpoint" }) };
            }
            let endpoint = Endpoint {
                id: EndpointId::new(format!("cvpn-endpoint-{}", self.number())),
                dns_name: "*.vpn".to_owned(),
                status: EndpointStatus::PendingAssociate,
                listed: true,
                settings: new.settings.clone(),
                tags: new.tags.clone(),
                server: new.server.clone(),
                anchor: Some(new.anchor.clone()),
                parts: BTreeMap::new(),
                crl: None,
                crl_is_active: false,
            };
            endpoints.push((token.as_str().to_owned(), endpoint.clone()));
            Ok((endpoint.id, endpoint.dns_name))
        })
    }

    async fn modify_endpoint(
        &self,
        endpoint: &EndpointId,
        settings: &Settings,
        changed: &BTreeSet<Setting>,
    ) -> Result<(), CallError> {
        self.changing("ModifyClientVpnEndpoint", || {
            self.with_endpoint(endpoint, |endpoint| {
                assert_eq!(settings.differing(&endpoint.settings), *changed, "only what differs is changed");
                endpoint.settings = settings.clone();
                Ok(())
            })
        })
    }

    async fn exchange_server(&self, endpoint: &EndpointId, server: &CertificateArn) -> Result<(), CallError> {
        self.changing("ModifyClientVpnEndpoint", || {
            self.with_endpoint(endpoint, |endpoint| {
                endpoint.server = server.clone();
                Ok(())
            })
        })
    }

    async fn tag_endpoint(&self, endpoint: &EndpointId, tags: &Tags) -> Result<(), CallError> {
        self.changing("CreateTags", || {
            self.with_endpoint(endpoint, |endpoint| {
                endpoint.tags.extend(tags.clone());
                Ok(())
            })
        })
    }

    async fn delete_endpoint(&self, id: &EndpointId) -> Result<(), CallError> {
        self.changing("DeleteClientVpnEndpoint", || {
            self.with_endpoint(id, |endpoint| {
                match endpoint.parts.keys().any(|part| part.kind() == Kind::Association) {
                    true => Err(busy("ClientVpnEndpointAssociationExists")),
                    false => Ok(()),
                }
            })?;
            let deleted = self.endpoints.borrow_mut().extract_if(.., |(_, it)| it.id == *id).map(|it| it.0).collect();
            self.spent.borrow_mut().append(&mut BTreeSet::<String>::from_iter::<Vec<String>>(deleted));
            self.deleting.borrow_mut().insert(id.clone());
            Ok(())
        })
    }

    async fn make(
        &self,
        endpoint: &EndpointId,
        part: &Part,
        description: &str,
        _token: &ClientToken,
    ) -> Result<Option<AssociationId>, CallError> {
        self.changing(make_call(part.kind()), || {
            let association = part.subnet().map(|_| AssociationId::new(format!("cvpn-assoc-{}", self.number())));
            self.with_endpoint(endpoint, |endpoint| {
                if endpoint.parts.contains_key(part) {
                    return Err(CallError::Exists { operation: "fake", code: "InvalidClientVpnDuplicate".to_owned() });
                }
                let state = PartState {
                    status: Status::Coming,
                    description: description.to_owned(),
                    association: association.clone(),
                };
                endpoint.parts.insert(part.clone(), state);
                Ok(association)
            })
        })
    }

    async fn remove(&self, endpoint: &EndpointId, part: &Part, state: &PartState) -> Result<(), CallError> {
        self.changing(remove_call(part.kind()), || {
            self.with_endpoint(endpoint, |endpoint| {
                let found = endpoint.parts.get_mut(part).ok_or_else(|| gone("NotFound"))?;
                assert_eq!(found.association, state.association, "the association is named");
                found.status = Status::Going;
                Ok(())
            })
        })
    }

    async fn import_crl(&self, endpoint: &EndpointId, pem: &str) -> Result<(), CallError> {
        let crl = Crl::from_pem(pem).expect("the CRL is one");
        self.changing("ImportClientVpnClientCertificateRevocationList", || {
            self.with_endpoint(endpoint, |endpoint| {
                endpoint.crl = Some(crl).filter(|_| !self.forgets_crls.get());
                endpoint.crl_is_active = false;
                Ok(())
            })
        })
    }

    async fn export_configuration(&self, _endpoint: &EndpointId) -> Result<String, CallError> {
        Ok("client\n".to_owned())
    }
}

/// A clock that moves only when somebody sleeps, and can be told to stop at a time.
#[derive(Default)]
pub(super) struct FakeTimer {
    now: Cell<Duration>,
    pub(super) stop_at: Cell<Option<Duration>>,
}

impl Timer for FakeTimer {
    fn now(&self) -> Duration {
        self.now.get()
    }

    async fn sleep(&self, pause: Duration) {
        self.now.set(self.now.get() + pause);
    }

    fn is_stopped(&self) -> bool {
        self.stop_at.get().is_some_and(|at| at <= self.now.get())
    }

    fn dice(&self) -> u8 {
        0
    }
}

/// Listens to nothing.
pub(super) struct Silence;

impl Progress for Silence {
    fn tell(&self, _event: Event<'_>) {}
}

/// Counts instead of throwing dice. Two of them with different first numbers never throw the same.
#[derive(Default)]
pub(super) struct Counter(pub(super) Cell<u16>);

impl Random for Counter {
    fn bits_128(&self) -> [u8; 16] {
        self.0.set(self.0.get() + 1);
        let [high, low] = self.0.get().to_be_bytes();
        let mut bits = [low; 16];
        bits[0] = high;
        bits
    }

    fn private_key(&self) -> Result<PrivateKey, PkiError> {
        PrivateKey::from_pkcs8(&crate::testing::key().to_pkcs8()?)
    }
}

fn make_call(kind: Kind) -> &'static str {
    match kind {
        Kind::Association => "AssociateClientVpnTargetNetwork",
        Kind::Rule => "AuthorizeClientVpnIngress",
        Kind::Route => "CreateClientVpnRoute",
    }
}

fn remove_call(kind: Kind) -> &'static str {
    match kind {
        Kind::Association => "DisassociateClientVpnTargetNetwork",
        Kind::Rule => "RevokeClientVpnIngress",
        Kind::Route => "DeleteClientVpnRoute",
    }
}

fn gone(code: &str) -> CallError {
    CallError::Gone { operation: "fake", code: code.to_owned() }
}

fn busy(code: &str) -> CallError {
    CallError::Busy { operation: "fake", code: code.to_owned(), message: String::new() }
}
