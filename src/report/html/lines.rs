//! Text of several lines on a page.

use crate::report::escape::Html;

/// Escapes a text line by line, so that only its own line ends remain.
pub(super) fn lines(text: &str) -> String {
    text.lines()
        .map(|line| format!("{}\n", Html(line)))
        .collect()
}
