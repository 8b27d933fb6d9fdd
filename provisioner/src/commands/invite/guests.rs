//! Whom an admin wants to invite: from the command line, or from a table that a spreadsheet wrote.

use std::{collections::BTreeMap, num::ParseIntError};

use profile::name::{NameError, Username};
use thiserror::Error;

/// Somebody who is to be invited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Guest {
    pub(super) username: Username,
    pub(super) days: u16,
}

/// What is wrong with a line of a table.
#[derive(Debug, Error)]
#[error("line {line}: {problem}")]
pub(super) struct LineProblem {
    line: u64,
    problem: Problem,
}

#[derive(Debug, Error)]
enum Problem {
    #[error("the table cannot be read")]
    Csv(#[source] csv::Error),
    #[error("there is no column `{USERNAME}`")]
    NoColumn,
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("`{text}` is no number of days; {MIN_DAYS} to {MAX_DAYS} are allowed")]
    Days { text: String },
    #[error("`{username}` stands in line {first} already")]
    Twice { username: Username, first: u64 },
    #[error("nobody is named")]
    Nobody,
}

/// Reads a table: the column `username`, and where there is one `days`, else `days` of the command line. Without a head
/// these are the first and the second column. Other columns do not matter.
///
/// # Errors
/// Everything that is wrong with it, line by line.
pub(super) fn from_table(text: &str, days: u16) -> Result<Vec<Guest>, Vec<LineProblem>> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let (mut guests, mut problems) = (Vec::new(), Vec::new());
    let mut seen: BTreeMap<Username, u64> = BTreeMap::new();
    let mut columns = Columns { username: 0, days: Some(1) };
    for (index, record) in reader.records().enumerate() {
        let mut line = 1;
        let guest = record
            .map_err(|error| (error.position().map_or(1, |start| line_at(text, start.byte())), Problem::Csv(error)));
        let guest = guest.and_then(|record| {
            line = record.position().map_or(line, |start| line_at(text, start.byte()));
            if index == 0
                && let Some(head) = Columns::of(&record)
            {
                columns = head.map_err(|problem| (line, problem))?;
                return Ok(None);
            }
            let guest = columns.guest(&record, days).map_err(|problem| (line, problem))?;
            match seen.insert(guest.username.clone(), line) {
                Some(first) => Err((line, Problem::Twice { username: guest.username, first })),
                None => Ok(Some(guest)),
            }
        });
        match guest {
            Ok(guest) => guests.extend(guest),
            Err((line, problem)) => problems.push(LineProblem { line, problem }),
        }
        // Nothing further on would be right.
        if matches!(problems.last(), Some(LineProblem { problem: Problem::NoColumn, .. })) {
            break;
        }
    }
    if guests.is_empty() && problems.is_empty() {
        problems.push(LineProblem { line: 1, problem: Problem::Nobody });
    }
    if problems.is_empty() { Ok(guests) } else { Err(problems) }
}

/// Which column is which.
struct Columns {
    username: usize,
    days: Option<usize>,
}

impl Columns {
    /// The columns that a head names; `None` where the record is none.
    fn of(record: &csv::StringRecord) -> Option<Result<Self, Problem>> {
        let find = |name: &str| record.iter().position(|field| field.eq_ignore_ascii_case(name));
        match (find(USERNAME), find(DAYS)) {
            (Some(username), days) => Some(Ok(Self { username, days })),
            (None, Some(_)) => Some(Err(Problem::NoColumn)),
            (None, None) => None,
        }
    }

    fn guest(&self, record: &csv::StringRecord, default: u16) -> Result<Guest, Problem> {
        let username = record.get(self.username).unwrap_or_default().parse()?;
        let text = self.days.and_then(|column| record.get(column)).unwrap_or_default();
        let parsed = |days: Result<u16, ParseIntError>| days.ok().filter(|days| (MIN_DAYS..=MAX_DAYS).contains(days));
        let days = match text {
            "" => default,
            text => parsed(text.parse()).ok_or_else(|| Problem::Days { text: text.to_owned() })?,
        };
        Ok(Guest { username, days })
    }
}

/// The line of the record that csv says begins at `byte`: it counts the empty lines before a record to the record.
fn line_at(text: &str, byte: u64) -> u64 {
    let (before, rest) = usize::try_from(byte).ok().and_then(|byte| text.split_at_checked(byte)).unwrap_or((text, ""));
    let empty = rest.chars().take_while(|c| matches!(c, '\r' | '\n'));
    1 + before.chars().chain(empty).map(|c| u64::from(c == '\n')).sum::<u64>()
}

const USERNAME: &str = "username";
const DAYS: &str = "days";

/// The bounds of `--days`, too.
const MIN_DAYS: u16 = 1;
const MAX_DAYS: u16 = 365;

/// Some spreadsheets put it before UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, u16)]) {
        let guests = from_table(text, 7).unwrap();
        let found: Vec<_> = guests.iter().map(|guest| (guest.username.as_str(), guest.days)).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    fn check_refused(text: &str, expected: &[&str]) {
        let problems = from_table(text, 7).unwrap_err();
        let found: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn tables_are_read_with_and_without_a_head() {
        check("alice\nbob\n", &[("alice", 7), ("bob", 7)]);
        check("alice,30\r\nbob,\r\n", &[("alice", 30), ("bob", 7)]);
        check("username\nalice\n", &[("alice", 7)]);
        check(
            "\u{feff}Mail,Days,Username\nx@example.com, 14 ,\"alice\"\n\nx@example.com,,bob",
            &[("alice", 14), ("bob", 7)],
        );
        check("username,mail\nalice,30\n", &[("alice", 7)]);
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_line() {
        check_refused("", &["line 1: nobody is named"]);
        check_refused("username,days\n", &["line 1: nobody is named"]);
        check_refused("name,days\nalice,1\n", &["line 1: there is no column `username`"]);
        check_refused(
            "alice\nAlice\nbob,0\ncarol,soon\n\nalice\ndave,366\n,3\n",
            &[
                "line 2: the user name contains `A`; allowed are a-z, 0-9 and, between them, `.`, `-` and `_`",
                "line 3: `0` is no number of days; 1 to 365 are allowed",
                "line 4: `soon` is no number of days; 1 to 365 are allowed",
                "line 6: `alice` stands in line 1 already",
                "line 7: `366` is no number of days; 1 to 365 are allowed",
                "line 8: the user name is empty",
            ],
        );
    }
}
