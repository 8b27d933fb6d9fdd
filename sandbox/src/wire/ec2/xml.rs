//! The XML of the EC2 query protocol.

use serde::Serialize;

use crate::cloud::{Refusal, Tags};
use crate::wire::xml::document;

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// A list: `<parent><item>…</item></parent>`.
#[derive(Debug, Serialize)]
pub(super) struct Items<T> {
    item: Vec<T>,
}

impl<T> FromIterator<T> for Items<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self { item: items.into_iter().collect() }
    }
}

impl<T> From<Vec<T>> for Items<T> {
    fn from(item: Vec<T>) -> Self {
        Self { item }
    }
}

/// `<status><code>…</code></status>`.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    pub(super) code: &'static str,
}

/// `<return>true</return>`: what an operation answers that has nothing to say.
#[derive(Debug, Serialize)]
pub(super) struct Done {
    r#return: bool,
}

impl Done {
    pub(super) fn new() -> Self {
        Self { r#return: true }
    }
}

/// A tag of a resource.
#[derive(Debug, Serialize)]
pub(super) struct Tag {
    key: String,
    value: String,
}

pub(super) fn tag_set(tags: &Tags) -> Items<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a, T> {
    #[serde(rename = "@xmlns")]
    namespace: &'a str,
    request_id: &'a str,
    #[serde(flatten)]
    body: T,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorResponse<'a> {
    errors: Errors<'a>,
    #[serde(rename = "RequestID")]
    request_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Errors<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Error<'a> {
    code: &'a str,
    message: &'a str,
}

/// The document that answers an operation.
pub(super) fn response<T: Serialize>(operation: &str, request_id: &str, body: T) -> Result<String, Refusal> {
    let response = Response { namespace: NAMESPACE, request_id, body };
    document(&format!("{operation}Response"), &response)
        .map_err(|_| Refusal::new("InternalError", "The answer could not be written as XML"))
}

/// The document that refuses one.
pub(super) fn error(refusal: &Refusal, request_id: &str) -> String {
    let error = Error { code: refusal.code, message: &refusal.message };
    let response = ErrorResponse { errors: Errors { error }, request_id };
    document("Response", &response).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body {
        set: Items<Tag>,
        none: Items<Tag>,
        #[serde(skip_serializing_if = "Option::is_none")]
        next_token: Option<String>,
    }

    #[test]
    fn text_is_escaped_and_empty_lists_stay() {
        let tags = Tags::from([("<a>".to_owned(), "b&c".to_owned())]);
        let body = Body { set: tag_set(&tags), none: tag_set(&Tags::new()), next_token: None };
        expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <DescribeXResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-1</requestId><set><item><key>&lt;a&gt;</key><value>b&amp;c</value></item></set><none/></DescribeXResponse>"#]]
        .assert_eq(&response("DescribeX", "r-1", body).unwrap());
    }

    #[test]
    fn a_refusal_has_the_shape_of_ec2() {
        expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <Response><Errors><Error><Code>InvalidAction</Code><Message>no &lt;such&gt; thing</Message></Error></Errors><RequestID>r-2</RequestID></Response>"#]]
        .assert_eq(&error(&Refusal::new("InvalidAction", "no <such> thing"), "r-2"));
    }
}
