//! `GetCallerIdentity`: needs no permission, so that its failure is one of the credentials or of the network.

use std::error::Error;

use aws_sdk_sts::error::ProvideErrorMetadata;

use super::{Aws, error::call_error, read::Answer};
use crate::deploy::check::caller::{Caller, CallerError};

impl Aws {
    /// Who AWS takes the caller for.
    pub async fn caller(&self) -> Result<Caller, CallerError> {
        let error = match self.sts.get_caller_identity().send().await {
            Ok(answer) => {
                return Ok(Caller {
                    account: CALLER.required("account", answer.account())?.to_owned(),
                    arn: CALLER.required("ARN", answer.arn())?.to_owned(),
                });
            }
            Err(error) => error,
        };
        let of_code = error.code().and_then(|code| CallerError::of_code(code, error.message().unwrap_or_default()));
        let trouble = of_code.or_else(|| CallerError::of_chain(&chain(&error)));
        Err(trouble.unwrap_or_else(|| call_error(CALLER.0, error).into()))
    }
}

/// What an error and its causes say, outermost first.
fn chain(error: &dyn Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        texts.push(cause.to_string());
        next = cause.source();
    }
    texts
}

const CALLER: Answer = Answer("GetCallerIdentity");
