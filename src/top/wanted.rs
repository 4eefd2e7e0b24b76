//! Which incidents are listed.

use std::fmt;

use crate::stats::Severity;

/// Which incidents are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only those on which nobody has given a verdict.
    pub is_open: bool,
    /// Only this severity and above.
    pub severity: Option<Severity>,
}

/// The severities that are wanted one after the other.
const SEVERITIES: [Option<Severity>; 4] = [
    None,
    Some(Severity::Medium),
    Some(Severity::High),
    Some(Severity::Critical),
];

impl Wanted {
    /// Wants the next severity and above, and behind the last one all.
    pub(super) fn turn_severity(&mut self) {
        let at = SEVERITIES.iter().position(|s| *s == self.severity);
        self.severity = SEVERITIES[at.map_or(0, |at| (at + 1) % SEVERITIES.len())];
    }

    /// Returns whether all are.
    pub(super) fn is_all(self) -> bool {
        self == Self::default()
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Some(Severity::Critical) => Some("critical".to_owned()),
            Some(least) => Some(format!("{least} and above")),
            None => None,
        };
        match (self.is_open, severity) {
            (false, None) => f.write_str("all"),
            (true, None) => f.write_str("only open"),
            (false, Some(severity)) => write!(f, "only {severity}"),
            (true, Some(severity)) => write!(f, "only open, {severity}"),
        }
    }
}
