//! The help: keys, and what the numbers count.

use ratatui::text::{Line, Span};

use crate::top::look::Look;
use crate::top::words::{fit, folded};

/// Columns of keys and names, with blanks around them.
const NAME: usize = 15;
/// The width from which on what they mean stands beside them.
const BESIDE: usize = 40;

/// What the help has, heading by heading. With 22 lines of 80 columns it has room on the usual terminal.
const HELP: &[(&str, &[(&str, &str)])] = &[
    (
        "Keys",
        &[
            ("↑ ↓  k j", "move; in an incident and here, scroll"),
            ("PgUp PgDn", "a screen up, a screen down; Space, too"),
            ("Home g, End G", "to the first, to the last"),
            (
                "Enter",
                "opens the incident: the text of `plimsoll incidents ID`",
            ),
            ("o", "lists only open incidents; again: all"),
            (
                "s",
                "lists only medium and above; high and above; critical; all",
            ),
            ("p", "pauses: the picture stays as it is; again: goes on"),
            ("? Esc", "this help, and back; in the list, Esc quits"),
            ("q, Ctrl-C", "quits"),
        ],
    ),
    (
        "What is counted (in all: since the service began)",
        &[
            (
                "open",
                "all incidents without a verdict, whatever is listed",
            ),
            (
                "listed",
                "incidents that `o` and `s` ask for, of these the newest",
            ),
            (
                "alerts",
                "told in all, each once; an incident joins one or several",
            ),
            ("behind", "what was handed over and is not judged yet"),
            ("delay", "from an event until it was read, of new events"),
            ("late", "events after the delay that their log may have"),
            ("rejected", "records that could not be read"),
        ],
    ),
];

/// Returns the help in so many columns.
pub(super) fn help(look: Look, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let is_beside = width >= BESIDE;
    let indent = if is_beside { NAME + 2 } else { 3 };
    for (heading, entries) in HELP {
        lines.push(Line::styled(format!(" {heading}"), look.bold()));
        for (name, what) in *entries {
            let mut name = Some(Span::styled(format!("  {}", fit(name, NAME)), look.bold()));
            if !is_beside {
                lines.extend(name.take().map(Line::from));
            }
            for part in folded(what, width.saturating_sub(indent)) {
                let before = name.take();
                let before = before.unwrap_or_else(|| Span::raw(" ".repeat(indent)));
                lines.push(Line::from(vec![before, Span::raw(part)]));
            }
        }
    }
    let last = "Nothing here changes anything: verdicts are given by `plimsoll feedback`.";
    for part in folded(last, width.saturating_sub(1)) {
        lines.push(Line::styled(format!(" {part}"), look.dim()));
    }
    lines
}
