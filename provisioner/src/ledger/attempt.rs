//! Client tokens of changing calls, written down before the call.
//!
//! AWS does a call with a known token once only and answers the second with the result of the first; a token that
//! was used up long ago may bring back an answer about something since deleted. So a token belongs to one attempt at
//! one step: it is used again as long as nobody knows how that attempt ended, and never after.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Ledger, LedgerError, Provenance,
    record::{json, rfc3339},
};

/// What makes a repeated call the same call
/// (<https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html>): at most 64 ASCII characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientToken(String);

impl ClientToken {
    /// The token as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(deployment: &str, step: &str, number: u32) -> Self {
        let digest = Sha256::digest(format!("{deployment}\n{step}\n{number}"));
        let hex: String = digest.iter().take(20).map(|byte| format!("{byte:02x}")).collect();
        Self(format!("latchkey-{hex}"))
    }
}

/// A changing call that is about to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    step: String,
    number: u32,
    /// The token to make the call with.
    pub token: ClientToken,
}

impl Ledger {
    /// The attempt at `step` whose end nobody knows, else a new one; either is in the ledger when this returns.
    ///
    /// `request` is what the call will ask for: AWS refuses a known token with another request
    /// (`IdempotentParameterMismatch`), so another request is another attempt.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn begin_attempt(
        &self,
        deployment: &str,
        step: &str,
        request: &str,
        provenance: Provenance,
    ) -> Result<Attempt, LedgerError> {
        let request_sha256: String = Sha256::digest(request).iter().map(|byte| format!("{byte:02x}")).collect();
        let folder = format!("attempts/{step}");
        let paths = self.store.list(&folder).await?;
        let number_of =
            |path: &str| path.strip_prefix(&folder)?.strip_prefix('/')?.strip_suffix(".json")?.parse::<u32>().ok();
        let last = paths.iter().filter_map(|path| number_of(path)).max().unwrap_or(0);
        let attempt =
            |number| Attempt { step: step.to_owned(), number, token: ClientToken::of(deployment, step, number) };
        if last > 0 && !paths.contains(&format!("{folder}/{last}.done.json")) {
            let path = format!("{folder}/{last}.json");
            let text = self.store.read_text(&path).await?.unwrap_or_default();
            let form: Form = serde_json::from_str(&text).map_err(|_| LedgerError::Damaged { path })?;
            if form.request_sha256 == request_sha256 {
                return Ok(attempt(last));
            }
        }
        let new = attempt(last + 1);
        let form = Form {
            version: VERSION,
            token: new.token.0.clone(),
            request_sha256,
            who: provenance.who,
            when: rfc3339(provenance.when),
            nonce: provenance.nonce.to_string(),
        };
        match self.store.create(&format!("{folder}/{}.json", new.number), &json(&form)).await {
            // Another admin makes the same attempt at this moment: with the same token AWS does it once.
            Ok(()) | Err(LedgerError::Taken { .. }) => Ok(new),
            Err(error) => Err(error),
        }
    }

    /// Notes that AWS has answered: the attempt's token is used up.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn end_attempt(&self, attempt: &Attempt, outcome: &str) -> Result<(), LedgerError> {
        let Attempt { step, number, token: _ } = attempt;
        let done = Done { version: VERSION, outcome: outcome.to_owned() };
        match self.store.create(&format!("attempts/{step}/{number}.done.json"), &json(&done)).await {
            Ok(()) | Err(LedgerError::Taken { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Form {
    version: u32,
    token: String,
    request_sha256: String,
    who: String,
    when: String,
    nonce: String,
}

#[derive(Serialize)]
struct Done {
    version: u32,
    outcome: String,
}

const VERSION: u32 = 1;
