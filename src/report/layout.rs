//! Text in columns: lines wrapped to a width.

pub use crate::wording::{clip, name_of, shorten};

/// Columns where there is no terminal to ask.
pub const WIDTH: usize = 80;
/// The farthest column under which the rest of a wrapped line is put.
const HANG_MAX: usize = 18;
/// How a command begins.
const COMMAND: &str = "`plimsoll";
/// The fewest columns that text is wrapped to.
const WRAP_MIN: usize = 8;

/// Wraps a line to a width. The lines after the first begin with `indent` blanks. A word that is longer than a line stays whole, and so does
/// a command between backticks, so that it can be copied: one that is longer than a line goes on behind a backslash, as shells read it.
/// Colours take no room.
pub fn wrap(line: &str, width: usize, indent: usize) -> String {
    if columns(line) <= width {
        return line.to_owned();
    }
    let width = width.max(indent + WRAP_MIN);
    let mut out = String::new();
    let mut column = 0;
    let mut is_begun = false;
    let mut rest = line;
    while !rest.is_empty() {
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        let (space, after) = rest.split_at(blanks);
        let end = end_of_word(after);
        let (word, after) = after.split_at(end);
        rest = after;
        let word_columns = columns(word);
        if is_begun && column > indent && column + blanks + word_columns > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else {
            out.push_str(space);
            column += blanks;
        }
        is_begun |= word_columns > 0;
        if word.contains(' ') && column + word_columns > width {
            let lines = continued(word, width, indent);
            column = lines.rsplit('\n').next().map_or(0, columns);
            out.push_str(&lines);
            continue;
        }
        out.push_str(word);
        column += word_columns;
    }
    out
}

/// Returns a command that is longer than a line on several lines.
fn continued(command: &str, width: usize, indent: usize) -> String {
    const MARK: &str = " \\";
    let mut out = String::new();
    let mut column = indent;
    for word in units(command) {
        let n = columns(&word);
        if out.is_empty() {
            out.push_str(&word);
        } else if column + 1 + n + MARK.len() > width {
            out.push_str(&format!("{MARK}\n{}{word}", " ".repeat(indent)));
            column = indent;
        } else {
            out.push_str(&format!(" {word}"));
            column += 1;
        }
        column += n;
    }
    out
}

/// Returns the parts of a command that stay on one line: its words, with blanks where a quotation mark is open, and options with their values.
fn units(command: &str) -> Vec<String> {
    let mut units: Vec<String> = Vec::new();
    for word in command.split(' ') {
        let is_open = |unit: &&mut String| {
            let is_option =
                unit.starts_with("--") && !unit.contains(' ') && !word.starts_with("--");
            is_option || unit.matches('\'').count() % 2 == 1 || unit.matches('"').count() % 2 == 1
        };
        match units.last_mut().filter(is_open) {
            Some(unit) => *unit += &format!(" {word}"),
            None => units.push(word.to_owned()),
        }
    }
    units
}

/// Returns where the first word of a text ends: of a command between backticks, behind its last word.
fn end_of_word(text: &str) -> usize {
    let blank = |from: usize| text[from..].find(' ').map_or(text.len(), |end| from + end);
    let end = blank(0);
    let command = text[..end]
        .find(COMMAND)
        .filter(|at| at + COMMAND.len() == end);
    let closing = command.and_then(|_| text[end..].find('`'));
    closing.map_or(end, |closing| blank(end + closing))
}

/// Wraps each line of a text to a width. The rest of a line is put under its second column if it has one, as in
/// `period      2026-02-23 …`, the rest of a sentence under its beginning, and any other a little to the right of it.
pub fn wrap_lines(text: &str, width: usize) -> String {
    text.split('\n')
        .map(|line| wrap(line, width, hang(line)))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Returns where the rest of a line is put.
fn hang(line: &str) -> usize {
    let visible = without_colours(line);
    let begin = visible.len() - visible.trim_start_matches(' ').len();
    let label = &visible[begin..];
    if let Some(mark) = label.find(' ').filter(|end| {
        let mark = &label[..*end];
        mark == "-" || (mark.ends_with('.') && mark[..mark.len() - 1].parse::<u32>().is_ok())
    }) {
        return begin + mark + 1;
    }
    let second = label.find("  ").map(|end| {
        let blanks = label[end..].len() - label[end..].trim_start_matches(' ').len();
        begin + label[..end].chars().count() + blanks
    });
    match second {
        Some(column) if column <= HANG_MAX => column,
        _ if label.ends_with('.') => begin,
        _ => begin + 2,
    }
}

/// Returns how many columns a text takes.
pub fn columns(text: &str) -> usize {
    if text.contains('\u{1b}') {
        without_colours(text).chars().count()
    } else {
        text.chars().count()
    }
}

/// Returns a text without the colours that [`crate::report::Paint`] puts into it.
fn without_colours(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    let mut parts = text.split("\u{1b}[");
    visible.push_str(parts.next().unwrap_or_default());
    for part in parts {
        visible.push_str(part.split_once('m').map_or(part, |(_, after)| after));
    }
    visible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_wrapped_under_its_second_column() {
        let line = "learnt      14 days up to 2026-03-08, 143 identities";
        assert_eq!(
            wrap_lines(line, 36),
            "learnt      14 days up to\n            2026-03-08, 143\n            identities"
        );
        assert_eq!(
            wrap_lines("  - never seen region\n", 16),
            "  - never seen\n    region\n"
        );
        assert_eq!(
            wrap_lines("  1. a step that is long", 16),
            "  1. a step that\n     is long"
        );
        assert_eq!(
            wrap_lines("error: no such file at all", 20),
            "error: no such file\n  at all"
        );
        assert_eq!(
            wrap_lines("  One sentence, and more.", 16),
            "  One sentence,\n  and more."
        );
        assert_eq!(wrap("short", 3, 0), "short");
        assert_eq!(
            wrap("next: (`plimsoll show a`, or none)", 16, 2),
            "next:\n  (`plimsoll \\\n  show a`, or\n  none)"
        );
        assert_eq!(
            wrap("`plimsoll show --store 'my own store' --apply`", 20, 2),
            "`plimsoll show \\\n  --store 'my own store' \\\n  --apply`"
        );
        assert_eq!(
            wrap("next `plimsoll show a`, or none", 20, 2),
            "next\n  `plimsoll show a`,\n  or none"
        );
    }

    #[test]
    fn a_long_word_stays_whole_and_colours_take_no_room() {
        let id = "arn:aws:iam::333344445555:role/etl-media-24";
        assert_eq!(wrap(id, 20, 2), id);
        assert_eq!(
            wrap_lines(&format!("who      {id}"), 30),
            format!("who      {id}")
        );
        let bold = "\u{1b}[1mread\u{1b}[0m  72,452 events";
        assert_eq!(columns(bold), 19);
        assert_eq!(wrap_lines(bold, 19), bold);
    }
}
