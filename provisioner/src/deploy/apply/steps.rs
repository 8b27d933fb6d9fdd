//! What each step does: the call, and what is known after it.

use super::{Applier, CREATE_ENDPOINT, StepError};
use crate::{
    deploy::{
        cloud::{CallError, Cloud, Material, NewEndpoint},
        desired::Wanted,
        id::{CertificateArn, EndpointId},
        observed::{Endpoint, EndpointStatus, Imported, Observed, Outcome},
        own::OwnCertificate,
        part::{Part, PartState, Route, Rule, Status},
        plan::Step,
        supply::SupplyError,
        tags,
    },
    ledger::{Attempt, ClientToken},
};

impl<C: Cloud, T> Applier<'_, C, T> {
    pub(super) async fn run(&self, step: &Step, observed: &Observed) -> Result<Outcome, StepError> {
        match step {
            Step::ImportCertificate(own) => self.import_certificate(*own).await,
            Step::Renew(own) => self.renew(*own, observed).await,
            Step::CreateEndpoint => self.create_endpoint(observed).await,
            Step::ModifyEndpoint(changed) => {
                let (endpoint, settings) = (endpoint(observed)?, &self.wanted()?.settings);
                self.cloud.modify_endpoint(&endpoint.id, settings, changed).await?;
                Ok(Outcome::Modified(Box::new(settings.clone())))
            }
            Step::ExchangeServer => {
                let server = arn(observed, OwnCertificate::Server)?;
                self.cloud.exchange_server(&endpoint(observed)?.id, server).await?;
                Ok(Outcome::ServerExchanged(server.clone()))
            }
            Step::Tag => self.tag(observed).await,
            Step::Make(part) => self.make(endpoint(observed)?, part).await,
            Step::Remove(part) => {
                let endpoint = endpoint(observed)?;
                let state = endpoint.parts.get(part).ok_or(StepError::TooEarly("the part"))?;
                match self.cloud.remove(&endpoint.id, part, state).await {
                    Ok(()) => Ok(Outcome::Going(part.clone())),
                    Err(CallError::Gone { .. }) => Ok(Outcome::PartGone(part.clone())),
                    Err(error) => Err(error.into()),
                }
            }
            Step::ImportCrl => {
                let (recorded, to_list) = self.supply.crl(observed).await?;
                self.cloud.import_crl(&endpoint(observed)?.id, &recorded.pem).await?;
                Ok(Outcome::CrlImported(recorded, to_list))
            }
            Step::DeleteEndpoint => {
                let deleted = self.cloud.delete_endpoint(&endpoint(observed)?.id).await;
                deleted.or_else(unless_gone)?;
                Ok(Outcome::Deleting)
            }
            Step::DeleteCertificate(arn) => {
                self.cloud.delete_certificate(arn).await.or_else(unless_gone)?;
                Ok(Outcome::CertificateDeleted(arn.clone()))
            }
            Step::Await(_) => Err(StepError::TooEarly("what is waited for")),
        }
    }

    async fn import_certificate(&self, own: OwnCertificate) -> Result<Outcome, StepError> {
        let material = self.supply.certificate(own).await?;
        let tags = tags::certificate(&self.desired.deployment, own, &self.wanted()?.tags);
        let arn = self.cloud.import_certificate(&tags::made_by(tags, self.supply.who), &material).await?;
        Ok(Outcome::Imported(arn, self.imported(own, &material)))
    }

    /// The ARN stays, so the endpoint takes the new certificate over by itself.
    async fn renew(&self, own: OwnCertificate, observed: &Observed) -> Result<Outcome, StepError> {
        let arn = arn(observed, own)?;
        let material = self.supply.certificate(own).await?;
        self.cloud.reimport_certificate(arn, &material).await?;
        Ok(Outcome::Imported(arn.clone(), self.imported(own, &material)))
    }

    fn imported(&self, own: OwnCertificate, material: &Material) -> Imported {
        Imported {
            own,
            tagged: true,
            recorded: true,
            serial: Some(material.serial),
            domain: (own == OwnCertificate::Server).then(|| self.desired.domain.to_string()),
            not_after: Some(material.not_after),
            made_by: Some(self.supply.who.to_owned()),
        }
    }

    async fn create_endpoint(&self, observed: &Observed) -> Result<Outcome, StepError> {
        let wanted = self.wanted()?;
        let tags = tags::endpoint(&self.desired.deployment, &wanted.tags);
        let new = NewEndpoint {
            settings: wanted.settings.clone(),
            tags: tags::made_by(tags, self.supply.who),
            server: arn(observed, OwnCertificate::Server)?.clone(),
            anchor: arn(observed, OwnCertificate::Anchor)?.clone(),
        };
        let attempt = self.supply.attempt(CREATE_ENDPOINT).await.map_err(SupplyError::Ledger)?;
        // Somebody who shares the ledger has created one since AWS was looked at.
        if attempt.number > observed.creations + 1 {
            return Err(CallError::Outrun { operation: "CreateClientVpnEndpoint" }.into());
        }
        let call = async |token: ClientToken| self.cloud.create_endpoint(&new, &token).await;
        let (id, dns_name) = self.once(attempt, call).await?;
        Ok(Outcome::Created(Box::new(Endpoint {
            id,
            dns_name,
            status: EndpointStatus::PendingAssociate,
            listed: false,
            settings: new.settings.clone(),
            tags: new.tags.clone(),
            server: new.server.clone(),
            anchor: Some(new.anchor.clone()),
            parts: [].into(),
            crl: None,
            crl_is_active: false,
        })))
    }

    /// The endpoint last: by its tags the plan judges whether this is to be done.
    async fn tag(&self, observed: &Observed) -> Result<Outcome, StepError> {
        let configured = &self.wanted()?.tags;
        for own in OwnCertificate::ALL {
            let tags = tags::certificate(&self.desired.deployment, own, configured);
            self.cloud.tag_certificate(arn(observed, own)?, &tags).await?;
        }
        let tags = tags::endpoint(&self.desired.deployment, configured);
        self.cloud.tag_endpoint(&endpoint(observed)?.id, &tags).await?;
        Ok(Outcome::Tagged(tags))
    }

    async fn make(&self, endpoint: &Endpoint, part: &Part) -> Result<Outcome, StepError> {
        let description = self.wanted()?.parts.get(part).map(String::as_str).unwrap_or_default();
        let call = async |token: ClientToken| self.cloud.make(&endpoint.id, part, description, &token).await;
        let attempt = self.supply.attempt(&attempt_name(&endpoint.id, part)).await.map_err(SupplyError::Ledger)?;
        let association = self.once(attempt, call).await?;
        let state = PartState { status: Status::Coming, description: description.to_owned(), association };
        Ok(Outcome::Coming(part.clone(), state))
    }

    /// Makes a call with the token of its attempt, and notes when AWS has come to an end with it.
    async fn once<R>(
        &self,
        attempt: Attempt,
        call: impl AsyncFnOnce(ClientToken) -> Result<R, CallError>,
    ) -> Result<R, StepError> {
        let result = call(attempt.token.clone()).await;
        let outcome = match &result {
            Ok(_) => Some("done"),
            Err(error) if error.is_answer() => Some("refused"),
            Err(_) => None,
        };
        if let Some(outcome) = outcome {
            self.supply.ledger.end_attempt(&attempt, outcome).await.map_err(SupplyError::Ledger)?;
        }
        Ok(result?)
    }

    fn wanted(&self) -> Result<&Wanted, StepError> {
        self.desired.wanted().ok_or(StepError::TooEarly("a wanted deployment"))
    }
}

/// The name of the attempts at a part of an endpoint, part of the name of an object in the ledger.
fn attempt_name(endpoint: &EndpointId, part: &Part) -> String {
    let part = match part {
        Part::Association(subnet) => format!("associate-{subnet}"),
        Part::Rule(Rule { network, group: None }) => format!("authorize-{network}"),
        Part::Rule(Rule { network, group: Some(group) }) => format!("authorize-{network}-{group}"),
        Part::Route(Route { destination, target }) => format!("route-{destination}-{target}"),
    };
    let text = format!("{endpoint}-{part}");
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}

/// What is gone need not be deleted.
fn unless_gone(error: CallError) -> Result<(), CallError> {
    if matches!(error, CallError::Gone { .. }) { Ok(()) } else { Err(error) }
}

fn endpoint(observed: &Observed) -> Result<&Endpoint, StepError> {
    observed.endpoint.as_ref().ok_or(StepError::TooEarly("the endpoint"))
}

fn arn(observed: &Observed, own: OwnCertificate) -> Result<&CertificateArn, StepError> {
    observed.own(own).map(|(arn, _)| arn).ok_or(StepError::TooEarly("its certificate"))
}
