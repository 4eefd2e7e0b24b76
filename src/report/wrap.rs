//! Lines that fit a terminal.

/// Returns a text in lines of at most `width` columns, without the end of the last. Lines after the first are indented by
/// `indent`. A word that is longer stands on a line of its own.
pub fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for (at, word) in text.split(' ').enumerate() {
        let wide = columns(word);
        if at > 0 && column > indent && wide > 0 && column + 1 + wide > width {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if at > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += wide;
    }
    out
}

/// Returns how many columns a word takes; the escapes of [`crate::report::Paint`] take none.
fn columns(word: &str) -> usize {
    let mut is_escape = false;
    let shown = word.chars().filter(|&c| {
        let was_escape = is_escape;
        is_escape = c == '\u{1b}' || (is_escape && c != 'm');
        !is_escape && !was_escape
    });
    shown.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_the_width_and_go_on_at_the_indent() {
        assert_eq!(wrap("  - one two three", 11, 4), "  - one two\n    three");
        assert_eq!(wrap("one  two", 80, 0), "one  two");
        assert_eq!(wrap("a averylongword b", 6, 2), "a\n  averylongword\n  b");
        assert_eq!(
            wrap("\u{1b}[1mone\u{1b}[0m two three", 7, 0),
            "\u{1b}[1mone\u{1b}[0m two\nthree"
        );
        assert_eq!(wrap("", 80, 4), "");
    }
}
