//! From the SDK's errors to ours: which answers are a refusal, which mean "later", and which leave it open whether
//! AWS did what was asked.

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};

use crate::deploy::cloud::CallError;

/// Sorts the error of the call `operation`.
pub(super) fn call_error<E, R>(operation: &'static str, error: SdkError<E, R>) -> CallError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let known = error.as_service_error().and_then(|service| {
        let code = service.code()?.to_owned();
        Some((code, service.message().unwrap_or_default().to_owned()))
    });
    // A service error without a code is an answer that cannot be read, seen with a body that is cut off.
    let Some((code, message)) = known else {
        return CallError::Unknown { operation, source: Box::new(error) };
    };
    if ALREADY_THERE.contains(&code.as_str()) {
        CallError::Exists { operation, code }
    } else if NOT_THERE.contains(&code.as_str()) {
        CallError::Gone { operation, code }
    } else if code == "IdempotentParameterMismatch" {
        CallError::Outrun { operation }
    } else if LATER.contains(&code.as_str()) || is_endpoint_queue(&code, &message) {
        CallError::Busy { operation, code, message }
    } else if SERVER_FAULTS.contains(&code.as_str()) {
        CallError::Unknown { operation, source: Box::new(error) }
    } else {
        CallError::Refused { operation, code, message }
    }
}

/// Whether AWS said `code`.
pub(super) fn has_code(error: &CallError, codes: &[&str]) -> bool {
    matches!(error, CallError::Refused { code, .. } | CallError::Gone { code, .. } if codes.contains(&code.as_str()))
}

/// One endpoint is created at a time in an account. The code alone also means things that waiting does not cure.
fn is_endpoint_queue(code: &str, message: &str) -> bool {
    code == "OperationNotPermitted" && message.contains("another endpoint is being created")
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
const ALREADY_THERE: &[&str] = &[
    "InvalidClientVpnDuplicateAssociationException",
    "InvalidClientVpnDuplicateAuthorizationRule",
    "InvalidClientVpnDuplicateRoute",
];
const NOT_THERE: &[&str] = &[
    "InvalidClientVpnAssociationIdNotFound",
    "InvalidClientVpnEndpointAuthorizationRuleNotFound",
    "InvalidClientVpnEndpointId.NotFound",
    "InvalidClientVpnRouteNotFound",
    "ResourceNotFoundException",
];
const LATER: &[&str] = &[
    // Something is still on its way in or out.
    "ClientVpnEndpointAssociationExists",
    "InvalidClientVpnActiveAssociationNotFound",
    "ResourceInUseException",
    "ConcurrentMutationLimitExceeded",
    "IncorrectState",
    "RequestLimitExceeded",
    "RequestThrottled",
    "Throttling",
    "ThrottlingException",
];
/// Answers of a service that failed: it may have failed after doing it.
const SERVER_FAULTS: &[&str] = &["InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable"];

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::{
        config::http::HttpResponse, error::ErrorMetadata,
        operation::create_client_vpn_endpoint::CreateClientVpnEndpointError as Failure,
    };
    use aws_smithy_types::body::SdkBody;
    use expect_test::{Expect, expect};

    use super::*;

    #[test]
    fn answers_are_sorted_by_what_they_mean_for_the_next_step() {
        check(
            Some("InvalidParameterValue"),
            "no",
            expect![
                "temporary: false, answer: true, AWS refused `CreateClientVpnEndpoint` with `InvalidParameterValue`: no"
            ],
        );
        check(
            Some("ConcurrentMutationLimitExceeded"),
            "later",
            expect![
                "temporary: true, answer: false, AWS put `CreateClientVpnEndpoint` off with `ConcurrentMutationLimitExceeded`: later"
            ],
        );
        check(
            Some("OperationNotPermitted"),
            "Endpoint cannot be created while another endpoint is being created",
            expect![
                "temporary: true, answer: false, AWS put `CreateClientVpnEndpoint` off with `OperationNotPermitted`: Endpoint cannot be created while another endpoint is being created"
            ],
        );
        check(
            Some("OperationNotPermitted"),
            "not yours",
            expect![
                "temporary: false, answer: true, AWS refused `CreateClientVpnEndpoint` with `OperationNotPermitted`: not yours"
            ],
        );
        check(
            Some("InvalidClientVpnDuplicateAuthorizationRule"),
            "",
            expect![
                "temporary: true, answer: true, AWS did not repeat `CreateClientVpnEndpoint` (`InvalidClientVpnDuplicateAuthorizationRule`)"
            ],
        );
        check(
            Some("InternalError"),
            "",
            expect!["temporary: true, answer: false, no usable answer from AWS to `CreateClientVpnEndpoint`"],
        );
        check(
            None,
            "",
            expect!["temporary: true, answer: false, no usable answer from AWS to `CreateClientVpnEndpoint`"],
        );
    }

    fn check(code: Option<&str>, message: &str, expected: Expect) {
        let mut metadata = ErrorMetadata::builder().message(message);
        if let Some(code) = code {
            metadata = metadata.code(code);
        }
        let status = 400.try_into().unwrap();
        let response = HttpResponse::new(status, SdkBody::empty());
        let error = call_error(
            "CreateClientVpnEndpoint",
            SdkError::service_error(Failure::generic(metadata.build()), response),
        );
        expected.assert_eq(&format!("temporary: {}, answer: {}, {error}", error.is_temporary(), error.is_answer()));
    }
}
