//! Secrets: tokens, keys, and addresses that whoever knows them can write to.

use std::fmt;
use std::fs;

use crate::config::SecretPlace;
use crate::error::{Error, Result};

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Takes a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text, for whom it is meant.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Reads a secret from where the configuration says that it is. `whose` names in a message what needs it, and `variable` returns a
    /// variable of the environment.
    ///
    /// # Errors
    ///
    /// A usage error if it is not there, or is no single line of text.
    pub fn read(
        place: &SecretPlace,
        whose: &dyn fmt::Display,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let (text, whence) = match place {
            SecretPlace::Variable(name) => {
                let text = variable(name).filter(|text| !text.trim().is_empty());
                let text = text.ok_or_else(|| {
                    Error::usage(format!(
                        "{whose}: the variable `{name}` of the environment is not set"
                    ))
                    .hint("set it to the secret where plimsoll is started")
                })?;
                (text, format!("the variable `{name}`"))
            }
            SecretPlace::File(path) => {
                let text = fs::read_to_string(&**path).map_err(|e| {
                    Error::usage(format!("{whose}: cannot read the secret in `{path}`")).cause(e)
                })?;
                (text, format!("the file `{path}`"))
            }
        };
        let text = text.trim();
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(Error::usage(format!(
                "{whose}: what is in {whence} is no secret of one line"
            )));
        }
        Ok(Self::new(text))
    }
}

/// Takes secrets out of a text that somebody else wrote; of an address also its path and the parts of that, which is what servers repeat.
pub(super) fn without(text: &str, secrets: &[&Secret]) -> String {
    /// Shorter ones are no secrets, and may be in any text.
    const SECRET_CHARS_MIN: usize = 6;
    let parts = |secret: &'_ Secret| -> Vec<String> {
        let whole = secret.expose();
        let path = whole
            .split_once("://")
            .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
        let inner = path
            .into_iter()
            .flat_map(|path| path.split(['/', '?', '&', '=']));
        let all = std::iter::once(whole).chain(path).chain(inner);
        all.map(str::to_owned).collect()
    };
    let known = secrets.iter().flat_map(|secret| parts(secret));
    known
        .filter(|secret| secret.len() >= SECRET_CHARS_MIN)
        .fold(text.to_owned(), |text, secret| text.replace(&secret, "…"))
}
