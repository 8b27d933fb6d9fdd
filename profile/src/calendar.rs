//! A reminder of the day on which a certificate ends, as a calendar file (iCalendar, RFC 5545).

/// One day to be reminded of. All texts are the caller's, in the reader's language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reminder<'a> {
    /// Names the event: a file with the same name and a later `now` replaces it.
    pub uid: &'a str,
    /// The day, in days since 1970 where the reader lives.
    pub day: i64,
    /// When the file is made, in seconds since 1970.
    pub now: i64,
    /// What the calendar shows on that day.
    pub summary: &'a str,
    /// What it says when one looks closer.
    pub description: &'a str,
}

impl Reminder<'_> {
    /// Writes the file: one event that lasts the whole day, with an alarm [two weeks](NOTICE_DAYS) before it.
    pub fn to_ics(&self) -> String {
        let Self { uid, day, now, summary, description } = *self;
        let (year, month, of_month) = date(day);
        let (today, time) = (date(now.div_euclid(DAY)), now.rem_euclid(DAY));
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
        let (uid, summary, description) = (escaped(uid), escaped(summary), escaped(description));
        // The day is a mark: `TRANSPARENT`, nobody is busy because of it.
        let lines = format!(
            "BEGIN:VCALENDAR\n\
             VERSION:2.0\n\
             PRODID:-//Latchkey//Latchkey//EN\n\
             BEGIN:VEVENT\n\
             UID:{uid}\n\
             DTSTAMP:{:04}{:02}{:02}T{hour:02}{minute:02}{second:02}Z\n\
             DTSTART;VALUE=DATE:{year:04}{month:02}{of_month:02}\n\
             SUMMARY:{summary}\n\
             DESCRIPTION:{description}\n\
             TRANSP:TRANSPARENT\n\
             BEGIN:VALARM\n\
             ACTION:DISPLAY\n\
             TRIGGER:-P{NOTICE_DAYS}D\n\
             DESCRIPTION:{summary}\n\
             END:VALARM\n\
             END:VEVENT\n\
             END:VCALENDAR",
            today.0, today.1, today.2
        );
        let mut file = String::new();
        for line in lines.lines() {
            fold(line, &mut file);
        }
        file
    }
}

/// How many days before it the calendar tells of the day.
pub const NOTICE_DAYS: i64 = 14;

/// `text` as a value of type TEXT (section 3.3.11), without what no text may contain.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = None;
    for c in text.chars() {
        match c {
            '\n' if before == Some('\r') => {}
            '\n' | '\r' => escaped.push_str("\\n"),
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            c if c.is_control() && c != '\t' => {}
            c => escaped.push(c),
        }
        before = Some(c);
    }
    escaped
}

/// Adds `line` to `file`, in pieces of at most 75 octets, each after the first behind a space (section 3.1).
fn fold(line: &str, file: &mut String) {
    let mut length = 0;
    for c in line.chars() {
        if length + c.len_utf8() > LONGEST_LINE {
            file.push_str("\r\n ");
            length = 1;
        }
        file.push(c);
        length += c.len_utf8();
    }
    file.push_str("\r\n");
}

/// Year, month and day of the month, from days since 1970. Years begin in March here, so that a leap day is the last.
fn date(days: i64) -> (i64, i64, i64) {
    let since_0000 = days + 719_468;
    let (era, of_era) = (since_0000.div_euclid(146_097), since_0000.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let is_next_year = month >= 10;
    (year + era * 400 + i64::from(is_next_year), if is_next_year { month - 9 } else { month + 3 }, of_month)
}

/// Seconds.
const DAY: i64 = 86_400;
/// Octets, without the line break.
const LONGEST_LINE: usize = 75;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Written by another program from the same values (Python, by the letter of RFC 5545).
    #[test]
    fn the_file_is_the_one_that_another_program_writes() {
        let reminder = Reminder {
            uid: "1827489600-alice.vpn.example.com",
            day: 21_151,
            now: 1_795_600_000,
            summary: "您的 VPN 配置文件到期: alice",
            description: "Valid until 29 November 2027, 08:00; then make a new one.\nC:\\alice.ovpn, 两周之前就可以开始，不必等到最后一天。",
        };
        assert_eq!(reminder.to_ics(), include_str!("testdata/alice.ics"));
    }

    #[test]
    fn days_have_dates() {
        for (days, expected) in [
            (0, (1970, 1, 1)),
            (-1, (1969, 12, 31)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (19_782, (2024, 2, 29)),
            (21_151, (2027, 11, 29)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(date(days), expected, "{days}");
        }
    }

    #[test]
    fn what_has_a_meaning_is_escaped() {
        for (text, expected) in [
            ("a, b; c", "a\\, b\\; c"),
            ("C:\\x", "C:\\\\x"),
            ("a\nb\r\nc\rd", "a\\nb\\nc\\nd"),
            ("a\tb\u{7}\u{0}c", "a\tbc"),
            ("到期：\"x\"", "到期：\"x\""),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_and_none_loses_anything(line in "[^\r\n]{0,300}") {
            let mut file = String::new();
            fold(&line, &mut file);
            prop_assert!(file.ends_with("\r\n"));
            prop_assert!(file.split("\r\n").all(|line| line.len() <= LONGEST_LINE));
            prop_assert_eq!(file.replace("\r\n ", ""), line + "\r\n");
        }

        #[test]
        fn what_is_escaped_is_read_back(text in "(?s)([;,\\\\n]|\n|.){0,60}") {
            let mut read = String::new();
            let escaped = escaped(&text);
            let mut chars = escaped.chars();
            while let Some(c) = chars.next() {
                prop_assert!(!matches!(c, ';' | ',' | '\n' | '\r'), "{:?}", c);
                read.push(match c {
                    '\\' => match chars.next() { Some('n') => '\n', Some(c) => c, None => panic!("it ends in a backslash") },
                    c => c,
                });
            }
            let text = text.replace("\r\n", "\n").replace('\r', "\n");
            let kept: String = text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect();
            prop_assert_eq!(read, kept);
        }

        #[test]
        fn a_text_cannot_bring_properties_along(text in "(?s)(\r\n|\nEND:VEVENT|.){0,40}") {
            let reminder = Reminder { uid: &text, day: 0, now: 0, summary: &text, description: &text };
            let unfolded = reminder.to_ics().replace("\r\n ", "");
            prop_assert_eq!(unfolded.split("\r\n").count(), 18);
        }
    }
}
