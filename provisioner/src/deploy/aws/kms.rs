//! The CA's key in AWS KMS.
//!
//! Signing is asked for by code that is not asynchronous, also by several threads at once, while the SDK is asynchronous
//! throughout. So one thread has the client and a runtime of its own; whoever wants a signature hands the message over
//! and waits.

use std::{error::Error, sync::mpsc as answers, thread};

use aws_config::Region;
use aws_sdk_kms::{
    Client,
    primitives::Blob,
    types::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec},
};
use profile::key::PublicKey;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use super::{defaults, error::call_error, read::Answer};
use crate::{
    config::KmsKeyArn,
    deploy::cloud::CallError,
    pki::custody::{RemoteKey, ToSign},
};

/// A key that is as the CA needs it.
#[derive(Debug)]
pub struct KmsKey {
    public: PublicKey,
    jobs: mpsc::UnboundedSender<Job>,
}

/// Why a key is of no use.
#[derive(Debug, Error)]
pub enum KmsKeyError {
    /// AWS refuses, or does not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// It is of another kind.
    #[error("the KMS key is of the kind {spec} for {usage}; a CA for Client VPN needs RSA_2048 for SIGN_VERIFY")]
    Kind {
        /// AWS's word for the algorithm and size.
        spec: String,
        /// AWS's word for the use.
        usage: String,
    },
    /// It says RSA_2048, and is not.
    #[error("the public key that KMS shows cannot be used")]
    PublicKey(#[source] profile::key::KeyRefusal),
    /// The system gave no thread.
    #[error("no thread could be started to talk to KMS")]
    Thread(#[source] std::io::Error),
    /// The thread ended early, which is a defect.
    #[error("the thread that talks to KMS has ended")]
    Ended,
}

/// Something to be signed.
#[derive(Debug)]
struct Job {
    message: Blob,
    kind: MessageType,
    answer: answers::Sender<Result<Vec<u8>, CallError>>,
}

impl KmsKey {
    /// The key with this ARN. Credentials, and where KMS is, come from where every AWS program looks for them.
    ///
    /// # Errors
    /// [`KmsKeyError`]. A key that is disabled or about to be deleted is refused by AWS.
    pub async fn open(arn: &KmsKeyArn) -> Result<Self, KmsKeyError> {
        let (jobs, waiting) = mpsc::unbounded_channel();
        let (ready, opened) = oneshot::channel();
        let arn = arn.clone();
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(KmsKeyError::Thread)?;
        thread::Builder::new()
            .name("kms".to_owned())
            .spawn(move || runtime.block_on(serve(arn, ready, waiting)))
            .map_err(KmsKeyError::Thread)?;
        let public = opened.await.map_err(|_| KmsKeyError::Ended)??;
        Ok(Self { public, jobs })
    }
}

impl RemoteKey for KmsKey {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, what: ToSign<'_>) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        let (message, kind) = match what {
            ToSign::Message(message) => (message.to_vec(), MessageType::Raw),
            ToSign::Digest(digest) => (digest.to_vec(), MessageType::Digest),
        };
        let (answer, answered) = answers::channel();
        self.jobs.send(Job { message: Blob::new(message), kind, answer }).map_err(|_| KmsKeyError::Ended)?;
        Ok(answered.recv().map_err(|_| KmsKeyError::Ended)??)
    }
}

/// Reads the public key, then signs whatever comes, all at the same time, until nobody can want anything any more.
async fn serve(
    arn: KmsKeyArn,
    ready: oneshot::Sender<Result<PublicKey, KmsKeyError>>,
    mut waiting: mpsc::UnboundedReceiver<Job>,
) {
    let client = Client::new(&defaults(Region::new(arn.region().to_owned())).await);
    let public = public_key(&client, &arn).await;
    if ready.send(public).is_err() {
        return;
    }
    while let Some(Job { message, kind, answer }) = waiting.recv().await {
        let (client, arn) = (client.clone(), arn.clone());
        tokio::spawn(async move {
            // Whoever has stopped waiting needs no answer.
            let _unheard = answer.send(sign(&client, &arn, message, kind).await);
        });
    }
}

async fn public_key(client: &Client, arn: &KmsKeyArn) -> Result<PublicKey, KmsKeyError> {
    let found = client.get_public_key().key_id(arn.to_string()).send().await;
    let found = found.map_err(|error| call_error(GET_PUBLIC_KEY.0, error))?;
    // Older answers have the same under another name; the public key itself says it, too.
    let spec = found.key_spec().unwrap_or(&KeySpec::Rsa2048);
    let usage = GET_PUBLIC_KEY.required("key usage", found.key_usage())?;
    if (spec, usage) != (&KeySpec::Rsa2048, &KeyUsageType::SignVerify) {
        return Err(KmsKeyError::Kind { spec: spec.as_str().to_owned(), usage: usage.as_str().to_owned() });
    }
    let der = GET_PUBLIC_KEY.required("public key", found.public_key())?;
    PublicKey::from_spki_der(der.as_ref()).map_err(KmsKeyError::PublicKey)
}

async fn sign(client: &Client, arn: &KmsKeyArn, message: Blob, kind: MessageType) -> Result<Vec<u8>, CallError> {
    let signed = client
        .sign()
        .key_id(arn.to_string())
        .message(message)
        .message_type(kind)
        .signing_algorithm(SigningAlgorithmSpec::RsassaPkcs1V15Sha256)
        .send()
        .await
        .map_err(|error| call_error(SIGN.0, error))?;
    Ok(SIGN.required("signature", signed.signature())?.as_ref().to_vec())
}

const GET_PUBLIC_KEY: Answer = Answer("GetPublicKey");
const SIGN: Answer = Answer("Sign");
