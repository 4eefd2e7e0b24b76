//! Reading the configuration.

use std::path::Path;

use crate::config::checked::{Config, DEFAULT_PATH};
use crate::config::file::text_of;
use crate::config::written;
use crate::error::{Error, Result};

impl Config {
    /// Reads the file that the user named, or [`DEFAULT_PATH`] if it is there, or nothing.
    ///
    /// # Errors
    /// A usage error if a named file is missing, a file cannot be read, or it has faults (see [`Config::parse`]).
    pub fn load(path: Option<&Path>) -> Result<Self> {
        let file = path.unwrap_or(Path::new(DEFAULT_PATH));
        match text_of(file, path.is_none())? {
            Some(text) => Self::parse(&text, &file.display().to_string()),
            None => Ok(Self::default()),
        }
    }

    /// Reads the same as [`load`](Self::load) as far as it has no faults, and returns these as errors: what else it says can be looked at beside
    /// them.
    ///
    /// # Errors
    /// A usage error if a named file is missing, or a file cannot be read.
    pub fn examine(path: Option<&Path>) -> Result<(Self, Vec<Error>)> {
        let file = path.unwrap_or(Path::new(DEFAULT_PATH));
        let Some(text) = text_of(file, path.is_none())? else {
            return Ok((Self::default(), Vec::new()));
        };
        let (config, faults) = written::examined(&text, &file.display().to_string());
        let wrong = faults.sorted().into_iter();
        let wrong = wrong.map(|(place, message)| Error::usage(format!("{place}: {message}")));
        Ok((config, wrong.collect()))
    }

    /// Reads a configuration; `name` stands for its file in messages.
    ///
    /// # Errors
    /// A usage error with all faults of the file, each with its line.
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        written::parse(text, name)
    }
}
