//! `index.txt`, the database of `openssl ca` and with it of easy-rsa: one certificate a line, six fields between tabs
//! (<https://docs.openssl.org/3.0/man1/openssl-ca/>, section FILES; `crypto/txt_db` of OpenSSL).

use thiserror::Error;
use time::{Date, Month, OffsetDateTime, Time};

use crate::pki::reason::Reason;

/// A certificate as the index has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The line that it stands in, counted from 1.
    pub line: usize,
    /// The serial number, hexadecimal digits.
    pub serial: String,
    /// The last second of its validity.
    pub not_after: OffsetDateTime,
    /// When it was revoked, and why.
    pub revoked: Option<(OffsetDateTime, Reason)>,
    /// The subject as OpenSSL writes it, `/CN=…`.
    pub subject: String,
}

/// What is wrong with a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum LineError {
    /// Not six fields.
    #[error("it does not have six fields between tabs")]
    Fields,
    /// The first field.
    #[error("its state is none of `V`, `R` and `E`")]
    State,
    /// The second field.
    #[error("the end of its validity cannot be read")]
    End,
    /// The third field.
    #[error("since when and why it is revoked cannot be read, or does not fit its state")]
    Revocation,
    /// The fourth field.
    #[error("its serial number cannot be read")]
    Serial,
}

/// Reads all lines.
///
/// # Errors
/// The first line that is damaged, with its number.
pub fn read(text: &str) -> Result<Vec<Entry>, (usize, LineError)> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|(number, line)| entry(number + 1, line).map_err(|error| (number + 1, error))).collect()
}

fn entry(line: usize, text: &str) -> Result<Entry, LineError> {
    let [state, end, revocation, serial, _file, subject] = text.split('\t').collect::<Vec<_>>()[..] else {
        return Err(LineError::Fields);
    };
    let revoked = match (state, revocation) {
        ("V" | "E", "") => None,
        ("R", revocation) => Some(revoked(revocation).ok_or(LineError::Revocation)?),
        ("V" | "E", _) => return Err(LineError::Revocation),
        _ => return Err(LineError::State),
    };
    if serial.is_empty() || !serial.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(LineError::Serial);
    }
    let not_after = time(end).ok_or(LineError::End)?;
    Ok(Entry { line, serial: serial.to_owned(), not_after, revoked, subject: subject.to_owned() })
}

/// `DATE`, or `DATE,REASON`, with one more field for some reasons.
fn revoked(text: &str) -> Option<(OffsetDateTime, Reason)> {
    let mut fields = text.split(',');
    let since = time(fields.next()?)?;
    let reason = match fields.next() {
        None => Reason::Unspecified,
        Some("holdInstruction") => Reason::CertificateHold,
        // The key of a CA, or since when a key is known to others: for a user's certificate both mean its key.
        Some("keyTime" | "CAkeyTime" | "CACompromise") => Reason::KeyCompromise,
        Some(word) => word.parse().ok()?,
    };
    Some((since, reason))
}

/// `UTCTime` or `GeneralizedTime` as text.
fn time(text: &str) -> Option<OffsetDateTime> {
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    let (year, rest) = match digits.len() {
        12 => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year: i32 = year.parse().ok()?;
            // RFC 5280 section 4.1.2.5.1.
            (year + if year >= 50 { 1900 } else { 2000 }, rest)
        }
        14 => {
            let (year, rest) = digits.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let mut pairs = rest.as_bytes().chunks_exact(2).map(|pair| (pair[0] - b'0') * 10 + (pair[1] - b'0'));
    let (month, day) = (Month::try_from(pairs.next()?).ok()?, pairs.next()?);
    let time = Time::from_hms(pairs.next()?, pairs.next()?, pairs.next()?).ok()?;
    Some(Date::from_calendar_date(year, month, day).ok()?.with_time(time).assume_utc())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn lines_of_easy_rsa_are_read() {
        let text = "V\t290227171218Z\t\tFB9C\tunknown\t/CN=alice.vpn.example.com\n\
                    R\t290227171218Z\t261125171219Z,keyCompromise\t03\tunknown\t/CN=bob\n\n\
                    R\t20500101000000Z\t261125171219Z\t04\tunknown\t/CN=carol\n\
                    E\t200101000000Z\t\t05\tunknown\t/CN=dave\n";
        let entries = read(text).unwrap();
        let revoked: Vec<_> = entries.iter().map(|it| (it.line, it.serial.as_str(), it.revoked)).collect();
        let since = datetime!(2026-11-25 17:12:19 UTC);
        assert_eq!(
            revoked,
            [
                (1, "FB9C", None),
                (2, "03", Some((since, Reason::KeyCompromise))),
                (4, "04", Some((since, Reason::Unspecified))),
                (5, "05", None)
            ]
        );
        assert_eq!(entries[0].not_after, datetime!(2029-02-27 17:12:18 UTC));
        assert_eq!(entries[2].not_after, datetime!(2050-01-01 0:00 UTC));
        assert_eq!(entries[0].subject, "/CN=alice.vpn.example.com");
    }

    #[test]
    fn every_reason_of_openssl_has_one_of_ours() {
        for (word, reason) in [
            ("unspecified", Reason::Unspecified),
            ("CACompromise", Reason::KeyCompromise),
            ("certificateHold", Reason::CertificateHold),
            ("holdInstruction,1.2.840.10040.2.3", Reason::CertificateHold),
            ("keyTime,20261125171219Z", Reason::KeyCompromise),
            ("CAkeyTime,20261125171219Z", Reason::KeyCompromise),
            ("superseded", Reason::Superseded),
        ] {
            let line = format!("R\t290227171218Z\t261125171219Z,{word}\t03\tunknown\t/CN=bob");
            assert_eq!(read(&line).unwrap()[0].revoked.unwrap().1, reason, "{word}");
        }
    }

    #[test]
    fn a_damaged_line_is_named() {
        let good = "V\t290227171218Z\t\t03\tunknown\t/CN=a\n";
        for (line, error) in [
            ("V\t290227171218Z\t\t03\tunknown", LineError::Fields),
            ("X\t290227171218Z\t\t03\tunknown\t/CN=a", LineError::State),
            ("V\t290232171218Z\t\t03\tunknown\t/CN=a", LineError::End),
            ("V\t2902271712\t\t03\tunknown\t/CN=a", LineError::End),
            ("V\t290227171218Z\t261125171219Z\t03\tunknown\t/CN=a", LineError::Revocation),
            ("R\t290227171218Z\t\t03\tunknown\t/CN=a", LineError::Revocation),
            ("R\t290227171218Z\t261125171219Z,boredom\t03\tunknown\t/CN=a", LineError::Revocation),
            ("V\t290227171218Z\t\t0x3\tunknown\t/CN=a", LineError::Serial),
        ] {
            assert_eq!(read(&format!("{good}{line}\n")), Err((2, error)), "{line}");
        }
    }
}
