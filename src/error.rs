//! One error type for the whole library: its kind, what happened, why, and what to do next.

use std::fmt;

/// The kind of an error; `main` turns it into the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command line or the configuration is wrong (exit status 2).
    Usage,
    /// The work could not be done (exit status 1).
    Failed,
    /// What was asked for is not there (exit status 1).
    Missing,
}

/// An error with its causes, outermost first, and hints on what to do.
#[derive(Debug, Clone)]
pub struct Error {
    kind: Kind,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
}

/// A result whose error is an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Makes an error of the command line or the configuration.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message.into())
    }

    /// Makes an error of work that could not be done.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message.into())
    }

    /// Makes an error of something that was asked for and is not there.
    pub fn missing(message: impl Into<String>) -> Self {
        Self::new(Kind::Missing, message.into())
    }

    fn new(kind: Kind, message: String) -> Self {
        Self {
            kind,
            message,
            causes: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Adds the cause.
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// Adds a hint on what the user can do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Returns the kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the message with the hints behind it, for a warning of one line.
    pub fn with_hints(&self) -> String {
        let parts: Vec<&str> = [self.message.as_str()]
            .into_iter()
            .chain(self.hints.iter().map(String::as_str))
            .collect();
        parts.join("; ")
    }

    /// Returns the message with the causes and hints behind it, for one line.
    pub fn with_causes(&self) -> String {
        let parts = [&self.message]
            .into_iter()
            .chain(&self.causes)
            .chain(&self.hints);
        parts.map(String::as_str).collect::<Vec<_>>().join("; ")
    }

    /// Returns the causes, the outermost first.
    pub fn causes(&self) -> &[String] {
        &self.causes
    }

    /// Returns the hints on what the user can do.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// Returns the message without causes and hints.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        for cause in &self.causes {
            write!(f, "\ncause: {cause}")?;
        }
        for hint in &self.hints {
            write!(f, "\nhint:  {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
