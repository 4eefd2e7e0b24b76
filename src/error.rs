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
    /// What was asked for does not go together with what is there (exit status 1).
    Conflict,
}

/// How somebody asked. What he can do next is called otherwise in a request than at a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// By a command.
    Command,
    /// By HTTP.
    Http,
}

/// What can be done next.
#[derive(Debug, Clone)]
struct Hint {
    text: String,
    /// How it can be done; `None` for what holds however it was asked.
    by: Option<Audience>,
}

/// An error with its causes, outermost first, and hints on what to do.
#[derive(Debug, Clone)]
pub struct Error {
    kind: Kind,
    message: String,
    causes: Vec<String>,
    hints: Vec<Hint>,
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

    /// Makes an error of something that does not go together with what is there.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message.into())
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

    /// Adds a hint on what the user can do, however he asked. It names no command and no option.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        self.with_hint(hint.into(), None)
    }

    /// Adds a hint for who asked by a command.
    pub fn hint_by_command(self, hint: impl Into<String>) -> Self {
        self.with_hint(hint.into(), Some(Audience::Command))
    }

    /// Adds a hint for who asked by HTTP.
    pub fn hint_by_http(self, hint: impl Into<String>) -> Self {
        self.with_hint(hint.into(), Some(Audience::Http))
    }

    fn with_hint(mut self, text: String, by: Option<Audience>) -> Self {
        self.hints.push(Hint { text, by });
        self
    }

    /// Puts before the message what it is about.
    pub fn within(mut self, what: impl fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// Makes one of several errors of the command line or the configuration, which has them as its causes. Of a single one it is that one.
    pub fn joined(what: &str, errors: &[Self]) -> Self {
        if let [one] = errors {
            return one.clone();
        }
        let error = Self::usage(format!("{what}: {} faults", errors.len()));
        let causes = errors.iter().map(Self::with_causes);
        causes.fold(error, Self::cause)
    }

    /// Returns the kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the message with the hints behind it, for a warning of one line.
    pub fn with_hints(&self) -> String {
        let hints = self.hints(Audience::Command);
        let parts: Vec<&str> = std::iter::once(&*self.message).chain(hints).collect();
        parts.join("; ")
    }

    /// Returns the message with the causes and hints behind it, for one line.
    pub fn with_causes(&self) -> String {
        let hints = self.hints(Audience::Command);
        let parts: Vec<&str> = std::iter::once(&*self.message)
            .chain(self.causes.iter().map(String::as_str))
            .chain(hints)
            .collect();
        parts.join("; ")
    }

    /// Returns the causes, the outermost first.
    pub fn causes(&self) -> &[String] {
        &self.causes
    }

    /// Returns the hints on what who asked so can do.
    pub fn hints(&self, audience: Audience) -> impl Iterator<Item = &str> {
        let is_for = move |hint: &&Hint| hint.by.is_none_or(|by| by == audience);
        self.hints.iter().filter(is_for).map(|hint| &*hint.text)
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
        for hint in self.hints(Audience::Command) {
            write!(f, "\nhint:  {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
