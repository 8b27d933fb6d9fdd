//! The computer's clock, and what its points in time are where the visitor lives.

use js_sys::Date;

/// Now, in seconds since 1970.
pub(crate) fn now() -> i64 {
    whole(Date::now() / 1000.0)
}

/// A point in time (seconds since 1970) as JavaScript has it.
#[expect(clippy::cast_precision_loss, reason = "exact for every date that a certificate can have")]
pub(crate) fn date(time: i64) -> Date {
    Date::new(&(time as f64 * 1000.0).into())
}

/// The day of a point in time where the visitor is, in days since 1970.
pub(crate) fn local_day(time: i64) -> i64 {
    let behind = whole(date(time).get_timezone_offset() * 60.0);
    (time - behind).div_euclid(86_400)
}

#[expect(clippy::cast_possible_truncation, reason = "whole seconds are meant")]
fn whole(seconds: f64) -> i64 {
    seconds as i64
}
