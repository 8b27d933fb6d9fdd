//! `ClientToken`: the same request twice is one request.
//!
//! <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html>

use std::collections::BTreeMap;

use super::Refusal;

/// The requests that carried a token, and the id that each one made.
#[derive(Debug, Default)]
pub struct Tokens(BTreeMap<(String, String), Remembered>);

#[derive(Debug)]
struct Remembered {
    parameters: BTreeMap<String, String>,
    made: String,
}

impl Tokens {
    /// The id that the first request with this token made, if there was one.
    ///
    /// # Errors
    /// `IdempotentParameterMismatch` when that request asked for something else.
    pub fn made_before(
        &self,
        operation: &str,
        token: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Option<&str>, Refusal> {
        match self.0.get(&(operation.to_owned(), token.to_owned())) {
            None => Ok(None),
            Some(first) if first.parameters == *parameters => Ok(Some(&first.made)),
            Some(_) => Err(Refusal::new(
                "IdempotentParameterMismatch",
                format!("The client token '{token}' was used before with other parameters"),
            )),
        }
    }

    /// Remembers what a request with a token made.
    pub fn remember(&mut self, operation: &str, token: String, parameters: BTreeMap<String, String>, made: String) {
        self.0.insert((operation.to_owned(), token), Remembered { parameters, made });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_request_gets_the_same_answer_and_another_one_is_refused() {
        let parameters = |port: &str| BTreeMap::from([("VpnPort".to_owned(), port.to_owned())]);
        let mut tokens = Tokens::default();
        assert_eq!(tokens.made_before("Create", "t", &parameters("443")), Ok(None));

        tokens.remember("Create", "t".to_owned(), parameters("443"), "id-1".to_owned());

        assert_eq!(tokens.made_before("Create", "t", &parameters("443")), Ok(Some("id-1")));
        assert_eq!(tokens.made_before("Associate", "t", &parameters("443")), Ok(None));
        let refusal = tokens.made_before("Create", "t", &parameters("1194")).unwrap_err();
        assert_eq!(refusal.code, "IdempotentParameterMismatch");
    }
}
