//! The calendar file that reminds of the day on which the profile ends.

use profile::calendar::Reminder;

use crate::{
    clock,
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
        day: clock::local_day(not_after),
        now: clock::now(),
        summary: &language::plain(dom, "reminder-summary", &fields),
        description: &language::plain(dom, "reminder-description", &fields),
    };
    files::save(&format!("{username}-vpn-expires.ics"), "text/calendar", &file.to_ics())
}
