//! Reading the configuration.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::config::checked::{Config, DEFAULT_PATH};
use crate::config::written;
use crate::error::{Error, Result};

impl Config {
    /// Reads the file that the user named, or [`DEFAULT_PATH`] if it is there, or nothing.
    ///
    /// # Errors
    /// A usage error if a named file is missing, a file cannot be read, or it has faults (see [`Config::parse`]).
    pub fn load(path: Option<&Path>) -> Result<Self> {
        let name = path.unwrap_or(Path::new(DEFAULT_PATH));
        match fs::read(name) {
            Ok(bytes) => {
                let shown = name.display().to_string();
                let text = String::from_utf8(bytes).map_err(|error| {
                    Error::usage(format!("`{shown}` is not UTF-8")).cause(error.utf8_error())
                })?;
                Self::parse(&text, &shown)
            }
            Err(error) if error.kind() == ErrorKind::NotFound && path.is_none() => {
                Ok(Self::default())
            }
            Err(error) => Err(Error::usage(format!(
                "cannot read the configuration `{}`",
                name.display()
            ))
            .cause(error)
            .hint("name another with `--config`")),
        }
    }

    /// Reads a configuration; `name` stands for its file in messages.
    ///
    /// # Errors
    /// A usage error with all faults of the file, each with its line.
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        written::parse(text, name)
    }
}
