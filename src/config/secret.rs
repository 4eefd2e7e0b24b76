//! Where secrets are, and other files that the configuration names.

use std::path::Path;

use crate::document::{Faults, Fields, Place, Value};
use crate::vocab::Str;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretPlace {
    /// In a variable of the environment.
    Variable(Str),
    /// In a file, without the blanks around it.
    File(Str),
}

/// Returns the path of a file that stands at a place of the configuration: it is relative to the folder of that.
pub(super) fn beside(configured: &Place, path: &str) -> Str {
    let folder = Path::new(&*configured.file).parent();
    let path = folder.unwrap_or(Path::new("")).join(path);
    path.display().to_string().into()
}

/// Reads where a secret is: in the variable that one key names, or in the file that another does.
pub(super) fn secret(
    fields: &mut Fields<'_>,
    (variable, file): (&'static str, &'static str),
    faults: &mut Faults,
) -> Option<SecretPlace> {
    let (of_variable, of_file) = (fields.optional(variable), fields.optional(file));
    if let (Some(_), Some(second)) = (of_variable, of_file) {
        let message = format!("give `{variable}` or `{file}`, not both");
        faults.add(&second.place, message);
    }
    match (of_variable, of_file) {
        (Some(value), _) => {
            let name = value.text(faults)?;
            if !is_variable(name) {
                tell_no_variable(variable, value, faults);
                return None;
            }
            Some(SecretPlace::Variable(name.into()))
        }
        (None, Some(value)) => {
            let path = value.text(faults)?;
            Some(SecretPlace::File(beside(&value.place, path)))
        }
        (None, None) => None,
    }
}

/// What is no name of a variable may be the secret itself, and is not repeated.
fn tell_no_variable(key: &str, value: &Value, faults: &mut Faults) {
    let message = format!(
        "`{key}` names a variable of the environment, as in `PLIMSOLL_SOC`; what is here is no such name, and a secret never stands here"
    );
    faults.add(&value.place, message);
}

/// Returns whether a text is a name of a variable.
fn is_variable(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
