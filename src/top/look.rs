//! How things are emphasised.

use ratatui::style::{Color, Modifier, Style};

use crate::stats::Severity;

/// How things are emphasised. Without colours, words and bold print say the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Whether there are colours.
    pub(super) has_colours: bool,
}

impl Look {
    fn coloured(self, style: Style) -> Style {
        match self.has_colours {
            true => style,
            false => Style {
                fg: None,
                bg: None,
                ..style
            },
        }
    }

    pub(super) fn plain(self) -> Style {
        Style::new()
    }

    pub(super) fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn good(self) -> Style {
        self.coloured(self.bold().fg(Color::Green))
    }

    pub(super) fn warning(self) -> Style {
        self.coloured(self.bold().fg(Color::Yellow))
    }

    pub(super) fn bad(self) -> Style {
        self.coloured(self.bold().fg(Color::White).bg(Color::Red))
    }

    pub(super) fn severity(self, severity: Severity) -> Style {
        match severity {
            Severity::Critical => self.bad(),
            Severity::High => self.coloured(self.bold().fg(Color::Red)),
            Severity::Medium => self.coloured(self.bold().fg(Color::Yellow)),
            Severity::Low => self.coloured(Style::new().fg(Color::Cyan)),
            Severity::Informational => self.dim(),
        }
    }
}
