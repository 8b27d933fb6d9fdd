//! A line's words, as OpenVPN itself tells them apart (`parse_line` in its `options_parse.c`). Whoever reads them otherwise
//! looks at other directives than the client does.

use std::ops::Range;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Word {
    /// Quotes and escapes resolved.
    pub(super) value: String,
    /// Where it stands in the document, quotes included.
    pub(super) range: Range<usize>,
}

/// The words of a line that begins at `start`; `None` where a quotation mark is missing.
///
/// A word ends where its quotes do, even without a blank: `"up"x` is `up` with an argument. Inside of a word quotes are
/// characters like any other.
pub(super) fn words(line: &str, start: usize) -> Option<Vec<Word>> {
    let mut words: Vec<Word> = Vec::new();
    let mut state = State::Between;
    let mut chars = line.char_indices();
    while let Some((at, first)) = chars.next() {
        let is_escaped = first == '\\' && state != State::Quoted('\'');
        let (last, c) = if is_escaped { chars.next()? } else { (at, first) };
        let end = start + last + c.len_utf8();
        match state {
            State::Between if is_blank(c) => continue,
            State::Between if matches!(c, '#' | ';') => break,
            State::Between => {
                let is_quote = matches!(c, '"' | '\'') && !is_escaped;
                let value = if is_quote { String::new() } else { c.to_string() };
                words.push(Word { value, range: start + at..end });
                state = if is_quote { State::Quoted(c) } else { State::Unquoted };
            }
            State::Unquoted if is_blank(c) && !is_escaped => state = State::Between,
            State::Quoted(quote) if c == quote && !is_escaped => {
                words.last_mut()?.range.end = end;
                state = State::Between;
            }
            State::Unquoted | State::Quoted(_) => {
                let word = words.last_mut()?;
                word.value.push(c);
                word.range.end = end;
            }
        }
    }
    (!matches!(state, State::Quoted(_))).then_some(words)
}

/// What separates words: C's `isspace`, which knows nothing of the blanks of other scripts.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Unquoted,
    Quoted(char),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_openvpns_rules_of_quoting() {
        let check = |line: &str, expected: &[&str]| {
            let words = words(line, 0).unwrap();
            let values: Vec<_> = words.iter().map(|word| word.value.as_str()).collect();
            assert_eq!(values, expected, "{line}");
        };
        check("remote host 443\n", &["remote", "host", "443"]);
        check("  setenv A \"b c\" ; d", &["setenv", "A", "b c"]);
        check("a 'b \\ c' \"d \\\" e\" f\\ g", &["a", "b \\ c", "d \" e", "f g"]);
        check("# remote host", &[]);
        check("a b#c", &["a", "b#c"]);
        check("a ''", &["a", ""]);
        check("\"up\"x 'y'z\"", &["up", "x", "y", "z\""]);
        check("u\"p x", &["u\"p", "x"]);
        check("\\ up x", &["up", "x"]);
        check("\u{a0}up x", &["\u{a0}up", "x"]);
        assert_eq!(words("a \"b", 0), None);
        assert_eq!(words("a \\", 0), None);
    }
}
