//! Changing a TOML file that a person wrote: a table is put at its end or taken out, and nothing else is touched.

use std::fmt::Write;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// Returns a text as a TOML string, in which nothing steers a terminal or ends the line.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if is_hidden(c) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Returns whether a character steers a terminal, or turns or hides text.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Returns a text with a table put at its end, one empty line apart from what was there. Lines end as they do there.
pub fn with_table(text: &str, table: &str) -> String {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut out = text.to_owned();
    if !out.is_empty() && !out.ends_with('\n') {
        out.push_str(end);
    }
    if !out.is_empty() {
        out.push_str(end);
    }
    for line in table.lines() {
        out.push_str(line);
        out.push_str(end);
    }
    out
}

/// Returns a text without one of the tables that `[[key]]` writes, the first being 0, and without the comments that belong to
/// it: those directly above it, those in it, and those that follow it without an empty line between and stand directly above
/// nothing else. `None` if there is no such table, or if it is written in line.
pub fn without_table(text: &str, key: &str, index: usize) -> Option<String> {
    let lines = lines_of(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return None;
    }
    let (_, value) = root
        .get_ref()
        .iter()
        .find(|(name, _)| *name.get_ref() == *key)?;
    let DeValue::Array(tables) = value.get_ref() else {
        return None;
    };
    let table = tables.get(index)?;
    let DeValue::Table(entries) = table.get_ref() else {
        return None;
    };
    let line_at = |offset: usize| {
        lines
            .partition_point(|line| line.start <= offset)
            .saturating_sub(1)
    };
    let header = line_at(table.span().start);
    let is_comment = |at: usize| text[lines[at].clone()].trim_start().starts_with('#');
    let is_blank = |at: usize| text[lines[at].clone()].trim().is_empty();
    if !text[lines[header].clone()].trim_start().starts_with("[[") {
        return None;
    }
    let mut from = header;
    while from > 0 && is_comment(from - 1) {
        from -= 1;
    }
    let last = entries
        .iter()
        .map(|(_, value)| line_at(value.span().end.saturating_sub(1)))
        .fold(header, usize::max);
    let mut after = last + 1;
    while after < lines.len() && is_comment(after) {
        after += 1;
    }
    if after < lines.len() && !is_blank(after) {
        // They stand directly above what comes next.
        after = last + 1;
    }
    // The empty line that set it apart goes, too, unless it sets apart what is left.
    let is_apart_below = after >= lines.len() || is_blank(after);
    if is_apart_below && from > 0 && is_blank(from - 1) {
        from -= 1;
    } else if from == 0 && after < lines.len() && is_blank(after) {
        after += 1;
    }
    let start = lines.get(from).map_or(text.len(), |line| line.start);
    let end = lines.get(after).map_or(text.len(), |line| line.start);
    Some(format!("{}{}", &text[..start], &text[end..]))
}

/// Returns where the lines of a text lie, each with its end.
fn lines_of(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    text.split_inclusive('\n')
        .map(|line| {
            let range = start..start + line.len();
            start = range.end;
            range
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_at_the_end_is_taken_out_again_and_leaves_no_trace() {
        let table = "# why\n[[x]]\na = \"[[x]]\"\nb = [\n  \"1\", # [y]\n]\n";
        for before in [
            "",
            "k = 1\n",
            "# only a comment\n",
            "[[x]]\na = 1\n\n# of y\n[y]\nb = 2\n",
            "k = 1\r\n\r\n[[x]]\r\na = 1\r\n",
            "[[x]]\na = 1\n\n\n",
        ] {
            let with = with_table(before, table);
            let n = with.matches("\n[[x]]").count() + usize::from(with.starts_with("[[x]]"));
            assert_eq!(with.contains("\r\n"), before.contains('\r'));
            assert!(!before.contains('\r') || !with.replace("\r\n", "").contains('\n'));
            assert_eq!(without_table(&with, "x", n - 1).unwrap(), before, "{with}");
            assert_eq!(without_table(&with, "x", n), None);
        }
        assert_eq!(with_table("k = 1", "[[x]]"), "k = 1\n\n[[x]]\n");
    }

    #[test]
    fn only_the_table_and_its_own_comments_go() {
        let text = "# of the file\n\n# of one\n# more\n[[x]] # one\na = '''\n[[x]]\n'''\n# in it\nb = 2\n# below\n\n# apart\n\n\
                    # of two\n[[ x ]]\na = 1\n# of y\n[y]\nk = 3\n";
        assert_eq!(
            without_table(text, "x", 0).unwrap(),
            "# of the file\n\n# apart\n\n# of two\n[[ x ]]\na = 1\n# of y\n[y]\nk = 3\n"
        );
        let rest = without_table(text, "x", 1).unwrap();
        assert!(rest.ends_with("# apart\n\n# of y\n[y]\nk = 3\n"), "{rest}");
        assert_eq!(without_table("x = [{ a = 1 }]\n", "x", 0), None);
        assert_eq!(without_table("x = 1\n", "x", 0), None);
        assert_eq!(without_table("x = \n", "x", 0), None);
    }

    #[test]
    fn any_text_is_a_string_that_stays_on_its_line() {
        for text in [
            "",
            "a\"b\\c",
            "\u{1b}[2J\r\n\t\u{0}",
            "\u{202e}é日",
            "'''",
            "# [x]",
        ] {
            let written = quoted(text);
            assert!(!written.chars().any(is_hidden), "{written}");
            let read: toml::Table = toml::from_str(&format!("k = {written}")).unwrap();
            assert_eq!(read["k"].as_str(), Some(text));
        }
    }
}
