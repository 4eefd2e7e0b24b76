//! Why there is no answer to be shown, and what to do.

/// Why a service, or a store, has no answer that can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// What is wrong, and where.
    pub what: String,
    /// What the user can do; nothing if there is nothing.
    pub hint: String,
}

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Nobody listens there.
    Absent,
    /// Nothing is answered.
    Silent,
    /// It is there, and does not answer this caller.
    Refused,
    /// What it answers is none of what was asked for.
    Failing,
}

impl FaultKind {
    /// Returns it in capitals.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Absent | Self::Silent => "NOT ANSWERING",
            Self::Refused => "REFUSED",
            Self::Failing => "FAILING",
        }
    }
}

impl Fault {
    /// Returns what is wrong and what to do, on one line.
    pub fn text(&self) -> String {
        match self.hint.is_empty() {
            true => self.what.clone(),
            false => format!("{}; {}", self.what, self.hint),
        }
    }
}
