//! Text for the screen: harmless, and in columns.

use unicode_width::UnicodeWidthChar;

use crate::report::Plain;
use crate::report::layout::wrap;

/// Marks that a character may carry. Scripts that people write need two; more only pile up over other lines.
const MARKS_MAX: usize = 2;

/// Returns a text without anything that controls a terminal, turns the direction of writing, is invisible, or piles up.
pub(super) fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    for c in Plain(text).to_string().chars() {
        let is_mark = c.width().unwrap_or_default() == 0;
        marks = if is_mark { marks + 1 } else { 0 };
        // One without a letter before it would stand on what is beside the text.
        match is_mark && (marks > MARKS_MAX || out.is_empty()) {
            true => out.extend(c.escape_unicode()),
            false => out.push(c),
        }
    }
    out
}

/// Returns how many columns a text takes on a terminal.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or_default()).sum()
}

/// Cuts a text at its end to so many columns. Of a number that has no room nothing is left: a part of it would be another number.
pub(super) fn clip(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut end = text.len();
    let mut left = width.saturating_sub(1);
    for (at, c) in text.char_indices() {
        match left.checked_sub(c.width().unwrap_or_default()) {
            Some(rest) => left = rest,
            None => {
                end = at;
                break;
            }
        }
    }
    let (kept, rest) = text.split_at(end);
    let is_of_number = |c: char| c.is_ascii_digit() || ",.:".contains(c);
    let goes_on = rest.trim_start_matches([',', '.', ':']);
    let kept = match goes_on.starts_with(|c: char| c.is_ascii_digit()) {
        true => kept.trim_end_matches(is_of_number),
        false => kept,
    };
    let mut out = kept.trim_end().to_owned();
    if width > 0 {
        out.push('…');
    }
    out
}

/// Returns a text in exactly so many columns: cut, or with blanks behind it.
pub(super) fn fit(text: &str, width: usize) -> String {
    let text = clip(text, width);
    let blanks = width.saturating_sub(columns(&text));
    text + &" ".repeat(blanks)
}

/// The same with blanks before it.
pub(super) fn fit_right(text: &str, width: usize) -> String {
    let text = clip(text, width);
    " ".repeat(width.saturating_sub(columns(&text))) + &text
}

/// Breaks a line that is longer than so many columns, wherever that is. What follows begins where the line began.
pub(super) fn broken(line: &str, width: usize) -> Vec<String> {
    let begin = line.len() - line.trim_start_matches(' ').len();
    let indent = if begin < width / 2 { begin } else { 0 };
    let mut lines = vec![String::new()];
    let mut used = 0;
    for c in line.chars() {
        let needed = c.width().unwrap_or_default();
        if used + needed > width && used > indent {
            lines.push(" ".repeat(indent));
            used = indent;
        }
        used += needed;
        if let Some(last) = lines.last_mut() {
            last.push(c);
        }
    }
    lines
}

/// Returns a text in lines of so many columns, at least one: broken between words, and a word that is longer than a line wherever it must be.
pub(super) fn folded(text: &str, width: usize) -> Vec<String> {
    let wrapped = wrap(text, width, 0);
    wrapped
        .split('\n')
        .flat_map(|line| broken(line, width))
        .collect()
}

/// Writes how long ago something was, in its largest unit: `4m`, `3h`, `12d`.
pub(super) fn age(secs: i64) -> String {
    match secs.max(0) {
        s if s >= 86_400 => format!("{}d", s / 86_400),
        s if s >= 3_600 => format!("{}h", s / 3_600),
        s if s >= 60 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_takes_the_columns_that_it_is_given_and_carries_nothing_harmful() {
        for (raw, shown) in [
            ("\u{1b}]0;gone\u{7}", "\\u{1b}]0;gone\\u{7}"),
            ("exe\u{202e}gpj", "exe\\u{202e}gpj"),
            ("Zoe\u{308}", "Zoe\u{308}"),
            ("e\u{301}\u{302}\u{303}", "e\u{301}\u{302}\\u{303}"),
            ("\u{301}x", "\\u{301}x"),
        ] {
            assert_eq!(harmless(raw), shown);
        }
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日… ");
        assert_eq!(fit("ab", 4), "ab  ");
        assert_eq!(fit_right("4m", 4), "  4m");
        assert_eq!(broken("  abcdefg", 6), ["  abcd", "  efg"]);
        assert_eq!(broken("日本語", 5), ["日本", "語"]);
        assert_eq!([broken("", 4), broken("ab", 0)], [vec![""], vec!["a", "b"]]);
        for (width, shown) in [
            (9, "read…"),
            (10, "read…"),
            (11, "read 3,456…"),
            (17, "read 3,456 of…"),
        ] {
            assert_eq!(clip("read 3,456 of 12.5 GB", width), shown, "{width}");
        }
        assert_eq!(clip("1,234", 3), "…");
        assert_eq!(folded("a token is needed", 8), ["a token", "is", "needed"]);
        assert_eq!([clip("abc", 0), clip("abc", 1)], ["", "…"]);
        assert_eq!([age(59), age(3_599), age(90_000)], ["59s", "59m", "1d"]);
    }
}
