//! The one place where time and randomness enter the program.

use std::sync::{Mutex, MutexGuard, PoisonError};

use time::{Duration, OffsetDateTime};

use crate::cloud::Moment;

/// The time.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where the clock is read for everybody else")]
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Random bytes from the operating system's generator.
///
/// # Errors
/// When the generator fails.
pub fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| std::io::Error::other("the system's random number generator failed"))?;
    Ok(bytes)
}

/// The sandbox's clock: the time, and what it was put ahead by. What takes hours on AWS need not take hours here.
#[derive(Debug, Default)]
pub struct Clock(Mutex<Duration>);

impl Clock {
    /// The time in the sandbox.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        now() + *self.ahead()
    }

    /// Time and randomness for one call.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn moment(&self) -> std::io::Result<Moment> {
        Ok(Moment { now: self.now(), seed: random()? })
    }

    /// Puts the clock ahead.
    pub fn advance(&self, by: std::time::Duration) {
        let mut ahead = self.ahead();
        *ahead = ahead.saturating_add(by.try_into().unwrap_or(Duration::MAX));
    }

    fn ahead(&self) -> MutexGuard<'_, Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
