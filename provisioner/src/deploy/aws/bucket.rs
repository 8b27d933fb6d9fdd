//! Objects in an S3 bucket, with the credentials that every other call has.
//!
//! The calls themselves are `object_store`'s, which has create-if-absent and is the same for a folder.

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use aws_config::BehaviorVersion;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use object_store::{
    CredentialProvider, ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, AwsCredential, S3ConditionalPut},
    prefix::PrefixStore,
};
use tokio::sync::OnceCell;

use crate::config::Bucket;

/// The part of a bucket in `region`. With `endpoint` another implementation of S3 is asked, by its path style.
///
/// Nothing is asked before the first object is.
///
/// # Errors
/// The endpoint is no URL.
pub fn bucket(
    bucket: &Bucket,
    region: &str,
    endpoint: Option<&str>,
) -> Result<Arc<dyn ObjectStore>, object_store::Error> {
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&bucket.name)
        .with_region(region)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_retry(RetryConfig { max_retries: RETRIES, retry_timeout: PATIENCE, ..RetryConfig::default() })
        .with_credentials(Arc::new(Credentials::default()));
    if let Some(endpoint) = endpoint {
        let is_plain = endpoint.starts_with("http://");
        builder = builder.with_endpoint(endpoint).with_virtual_hosted_style_request(false).with_allow_http(is_plain);
    }
    Ok(Arc::new(PrefixStore::new(builder.build()?, bucket.prefix.as_str())))
}

/// Credentials as the AWS SDK finds them: environment, profile, SSO, a process, the machine's role.
#[derive(Default)]
struct Credentials {
    provider: OnceCell<Option<SharedCredentialsProvider>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

impl Credentials {
    async fn find(&self) -> Result<Arc<AwsCredential>, object_store::Error> {
        let load = async || aws_config::defaults(BehaviorVersion::latest()).load().await.credentials_provider();
        let failed =
            |source: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic { store: "S3", source };
        let provider = self.provider.get_or_init(load).await.as_ref();
        let provider = provider.ok_or_else(|| failed("there are no AWS credentials".into()))?;
        // The provider keeps what it has found, and looks again when it expires.
        let found = provider.provide_credentials().await.map_err(|error| failed(Box::new(error)))?;
        Ok(Arc::new(AwsCredential {
            key_id: found.access_key_id().to_owned(),
            secret_key: found.secret_access_key().to_owned(),
            token: found.session_token().map(str::to_owned),
        }))
    }
}

/// What `#[async_trait]` makes of `async fn get_credential`.
impl CredentialProvider for Credentials {
    type Credential = AwsCredential;

    fn get_credential<'a, 'b>(
        &'a self,
    ) -> Pin<Box<dyn Future<Output = object_store::Result<Arc<AwsCredential>>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(self.find())
    }
}

const RETRIES: usize = 5;
/// How long a call may be tried again: somebody waits in front of a terminal.
const PATIENCE: Duration = Duration::from_secs(30);
