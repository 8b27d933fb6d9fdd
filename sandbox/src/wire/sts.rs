//! The query protocol of STS, of which there is one operation: who am I?

use serde::Serialize;
use serde_json::{Map, Value};

use super::xml::document;
use super::{Answer, request_log};
use crate::cloud::Refusal;
use crate::world::World;

/// By which the protocol is told from EC2's.
pub(super) const VERSION: &str = "2011-06-15";

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Response<'a> {
    #[serde(rename = "@xmlns")]
    namespace: &'a str,
    get_caller_identity_result: Identity,
    response_metadata: Metadata<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Identity {
    arn: String,
    user_id: &'static str,
    account: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    request_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorResponse<'a> {
    #[serde(rename = "@xmlns")]
    namespace: &'a str,
    error: Error<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Error<'a> {
    r#type: &'a str,
    code: &'a str,
    message: &'a str,
}

/// Runs one call.
pub(super) fn call(permitted: Result<(), Refusal>, world: &World, body: &[u8], request_id: &str) -> Answer {
    let mut form: Map<String, Value> =
        form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), Value::from(value))).collect();
    let operation = form.remove("Action").and_then(|action| action.as_str().map(str::to_owned)).unwrap_or_default();
    form.remove("Version");
    let outcome = permitted.and_then(|()| match (operation.as_str(), form.keys().next()) {
        ("GetCallerIdentity", None) => identity(world, request_id),
        ("GetCallerIdentity", Some(name)) => {
            Err(Refusal::new("ValidationError", format!("The parameter {name} is not recognized")))
        }
        _ => Err(Refusal::new("InvalidAction", format!("Could not find operation {operation} for version {VERSION}"))),
    });
    Answer { operation, parameters: request_log::without_secrets(form), outcome }
}

/// The body of a response.
pub(super) fn body(outcome: Result<String, Refusal>, request_id: &str) -> String {
    outcome.unwrap_or_else(|refusal| {
        let error = Error { r#type: "Sender", code: refusal.code, message: &refusal.message };
        document("ErrorResponse", &ErrorResponse { namespace: NAMESPACE, error, request_id }).unwrap_or_default()
    })
}

fn identity(world: &World, request_id: &str) -> Result<String, Refusal> {
    let account = world.account.clone();
    let identity = Identity { arn: format!("arn:aws:iam::{account}:user/sandbox"), user_id: USER_ID, account };
    let response = Response {
        namespace: NAMESPACE,
        get_caller_identity_result: identity,
        response_metadata: Metadata { request_id },
    };
    document("GetCallerIdentityResponse", &response)
        .map_err(|_| Refusal::new("InternalFailure", "The answer could not be written as XML"))
}

/// The unique id of the one user there is.
const USER_ID: &str = "AIDASANDBOXEXAMPLE234";

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn answer(query: &str) -> String {
        body(call(Ok(()), &World::standard(), query.as_bytes(), "r-1").outcome, "r-1")
    }

    #[test]
    fn the_caller_is_the_one_user_there_is() {
        expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/sandbox</Arn><UserId>AIDASANDBOXEXAMPLE234</UserId><Account>123456789012</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"#]]
        .assert_eq(&answer("Action=GetCallerIdentity&Version=2011-06-15"));
    }

    #[test]
    fn what_is_unknown_is_refused_in_the_shape_of_sts() {
        expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>Could not find operation AssumeRole for version 2011-06-15</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"#]]
        .assert_eq(&answer("Action=AssumeRole&Version=2011-06-15"));
    }
}
