//! The one place where time and randomness enter the program.

use time::OffsetDateTime;

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

/// Time and randomness for one call.
///
/// # Errors
/// When the generator fails.
pub fn moment() -> std::io::Result<Moment> {
    Ok(Moment { now: now(), seed: random()? })
}
