//! Colours for terminals.

use crate::stats::Severity;

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Plain text.
    Never,
    /// ANSI colours.
    Ansi,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        match self {
            Self::Never => text.to_owned(),
            Self::Ansi => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }

    /// Returns text in bold.
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// Returns dimmed text.
    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// Returns text in the colour of a severity.
    pub fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Critical => "1;97;41",
            Severity::High => "1;31",
            Severity::Medium => "1;33",
            Severity::Low => "36",
            Severity::Informational => "2",
        };
        self.with(code, text)
    }
}
