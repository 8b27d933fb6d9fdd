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
    /// Which attempt at its step it is, counted from 1.
    pub number: u32,
    /// The token to make the call with.
    pub token: ClientToken,
}

impl Ledger {
    /// The attempt at `step` whose end nobody knows, else a new one; either is in the ledger when this returns.
    ///
    /// Whoever shares the ledger gets the same attempt, whatever they ask for: of two different requests under one
    /// token AWS does the first and refuses the second (`IdempotentParameterMismatch`).
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn begin_attempt(
        &self,
        deployment: &str,
        step: &str,
        provenance: Provenance,
    ) -> Result<Attempt, LedgerError> {
        let (last, is_over) = self.last_attempt(step).await?;
        let number = if is_over { last + 1 } else { last };
        let attempt = Attempt { step: step.to_owned(), number, token: ClientToken::of(deployment, step, number) };
        if !is_over {
            return Ok(attempt);
        }
        let form = Form {
            version: VERSION,
            token: attempt.token.0.clone(),
            who: provenance.who,
            when: rfc3339(provenance.when),
            nonce: provenance.nonce.to_string(),
        };
        match self.store.create(&format!("attempts/{step}/{number}.json"), &json(&form)).await {
            // Another admin makes the same attempt at this moment: with the same token AWS does it once.
            Ok(()) | Err(LedgerError::Taken { .. }) => Ok(attempt),
            Err(error) => Err(error),
        }
    }

    /// How many attempts at `step` are over.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn finished_attempts(&self, step: &str) -> Result<u32, LedgerError> {
        let (last, is_over) = self.last_attempt(step).await?;
        Ok(if is_over { last } else { last - 1 })
    }

    /// The number of the last attempt at `step`, and whether it is over; before the first one 0, which is over.
    async fn last_attempt(&self, step: &str) -> Result<(u32, bool), LedgerError> {
        let folder = format!("attempts/{step}");
        let paths = self.store.list(&folder).await?;
        let number_of =
            |path: &str| path.strip_prefix(&folder)?.strip_prefix('/')?.strip_suffix(".json")?.parse::<u32>().ok();
        let last = paths.iter().filter_map(|path| number_of(path)).max().unwrap_or(0);
        Ok((last, last == 0 || paths.contains(&format!("{folder}/{last}.done.json"))))
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

/// Whether a path is that of the end of an attempt; `None` where it is not called as an attempt is.
pub(super) fn is_end(path: &str) -> Option<bool> {
    let (step, file) = path.strip_prefix("attempts/")?.rsplit_once('/')?;
    let number = file.strip_suffix(".json")?;
    let (number, is_end) = number.strip_suffix(".done").map_or((number, false), |number| (number, true));
    number.parse::<u32>().ok().filter(|_| !step.is_empty()).map(|_| is_end)
}

/// Whether `text` is what stands in such an object.
pub(super) fn is_readable(text: &str, is_end: bool) -> bool {
    match is_end {
        true => serde_json::from_str(text).is_ok_and(|Done { version, .. }| version == VERSION),
        false => serde_json::from_str(text).is_ok_and(|Form { version, .. }| version == VERSION),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    token: String,
    who: String,
    when: String,
    nonce: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Done {
    version: u32,
    outcome: String,
}

const VERSION: u32 = 1;
