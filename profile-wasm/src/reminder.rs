//! The calendar file that reminds of the day on which the profile ends.

use js_sys::Date;
use profile::calendar::Reminder;

use crate::{
    dom::{Dom, id},
    files, language,
    message::{Field, Message},
    view,
};

/// Saves the file whenever the person asks for it. It says what the page shows, also when the key is gone.
pub(crate) fn offer(dom: &Dom) {
    let page = dom.clone();
    dom.on(id::REMINDER, "click", move || {
        if let Err(message) = save(&page) {
            view::tell(&page, Some(message));
        }
    });
}

fn save(dom: &Dom) -> Result<(), Message> {
    let (Some(Field::Time(not_after)), Some(Field::Text(name)), Some(Field::Text(username))) =
        (dom.filled("not-after"), dom.filled("common-name"), dom.filled("username"))
    else {
        return Err(Message::new("unexpected"));
    };
    let time = view::format(dom, &Field::Time(not_after));
    let fields = [("common-name", name.as_str()), ("username", &username), ("not-after", &time)];
    let file = Reminder {
        uid: &format!("{not_after}-{name}"),
        day: local_day(not_after),
        now: seconds(Date::now() / 1000.0),
        summary: &language::plain(dom, "reminder-summary", &fields),
        description: &language::plain(dom, "reminder-description", &fields),
    };
    files::save(&format!("{username}-vpn-expires.ics"), "text/calendar", &file.to_ics())
}

/// The day of a point in time where the visitor is, in days since 1970.
fn local_day(time: i64) -> i64 {
    #[expect(clippy::cast_precision_loss, reason = "exact for every date that a certificate can have")]
    let minutes_behind = Date::new(&(time as f64 * 1000.0).into()).get_timezone_offset();
    (time - seconds(minutes_behind * 60.0)).div_euclid(86_400)
}

#[expect(clippy::cast_possible_truncation, reason = "whole seconds are meant")]
fn seconds(seconds: f64) -> i64 {
    seconds as i64
}
