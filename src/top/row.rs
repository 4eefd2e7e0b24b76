//! A line that is put together of what has room in it.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::top::look::Look;
use crate::top::words::{clip, columns, fit};

/// Columns of the names of panels.
const LABEL: usize = 9;

/// A line that takes what still has room in it.
pub(super) struct Row {
    spans: Vec<Span<'static>>,
    /// Columns that have room.
    pub(super) left: usize,
}

impl Row {
    /// Begins with the name of a panel.
    pub(super) fn new(label: &str, look: Look, width: u16) -> Self {
        let mut row = Self::empty(width);
        row.push(&format!(" {}", fit(label, LABEL)), look.dim());
        row
    }

    pub(super) fn empty(width: u16) -> Self {
        Self {
            spans: Vec::new(),
            left: usize::from(width),
        }
    }

    /// Adds text, cut to what has room.
    pub(super) fn push(&mut self, text: &str, style: Style) {
        let text = clip(text, self.left);
        self.left -= columns(&text);
        self.spans.push(Span::styled(text, style));
    }

    /// Adds text if all of it has room.
    pub(super) fn push_whole(&mut self, text: &str, style: Style) -> bool {
        let has_room = columns(text) <= self.left;
        if has_room {
            self.push(text, style);
        }
        has_room
    }

    /// Adds things, as long as they have room. Behind the last one stands what `rest` makes of the sum of the counts of the
    /// others; where none has room, nothing is added.
    pub(super) fn push_counted(
        &mut self,
        things: &[(String, Style, u64)],
        rest: impl Fn(u64) -> String,
    ) {
        for (n, (text, style, _)) in things.iter().enumerate() {
            let before = if n == 0 { "" } else { "  " };
            let text = format!("{before}{text}");
            let others = |from: usize| {
                let sum = things[from..].iter().map(|thing| thing.2).sum();
                format!("  {}", rest(sum))
            };
            let behind = match things.len() - n {
                1 => 0,
                _ => columns(&others(n + 1)),
            };
            if columns(&text) + behind > self.left {
                if n > 0 {
                    self.push_whole(&others(n), *style);
                }
                return;
            }
            self.push(&text, *style);
        }
    }

    pub(super) fn line(self) -> Line<'static> {
        Line::from(self.spans)
    }
}
