//! Reading detections.

use std::collections::BTreeSet;

use crate::analytic::checked::Analytic;
use crate::analytic::definition::{self, Definition, builtin};
use crate::analytic::{check, written};
use crate::document::{Faults, Table, Word};
use crate::error::{Error, Result};
use crate::vocab::Str;

/// Returns the built-in analytics, as configured, sorted by id.
///
/// `overrides` are the `[analytic.ID]` tables of a configuration; `mentioned` are the ids that it names elsewhere.
///
/// # Errors
/// A usage error with all faults of the overrides and mentions, each with its file and line.
pub fn load(overrides: &Table, mentioned: &[Word]) -> Result<Vec<Analytic>> {
    load_from(&builtin(), overrides, mentioned)
}

/// Returns the analytics of some definitions, as [`load`] does. A user's analytic replaces the built-in one with the same
/// id.
///
/// # Errors
/// A usage error with all faults of the files, overrides and mentions, each with its file and line.
pub fn load_from(
    files: &[Definition],
    overrides: &Table,
    mentioned: &[Word],
) -> Result<Vec<Analytic>> {
    let mut faults = Faults::default();
    let analytics = load_into(files, overrides, mentioned, &mut faults);
    faults.finish("the analytics")?;
    Ok(analytics)
}

/// Returns the result of [`load_from`], and adds errors to `faults`. Analytics with faults may be missing.
pub fn load_into(
    files: &[Definition],
    overrides: &Table,
    mentioned: &[Word],
    faults: &mut Faults,
) -> Vec<Analytic> {
    let mut written: Vec<_> = files
        .iter()
        .filter_map(|file| {
            let root = Table::parse(&file.text, &file.name, faults)?;
            Some((file, written::read(&root, faults)?))
        })
        .collect();
    definition::replace_builtin(&mut written);
    let of_program: BTreeSet<Str> = written
        .iter()
        .filter(|(file, _)| file.is_builtin)
        .map(|(_, written)| written.id.text.clone())
        .collect();
    let written: Vec<_> = written.into_iter().map(|(_, written)| written).collect();
    let mut analytics = check::all(&written, overrides, mentioned, faults);
    for analytic in &mut analytics {
        analytic.is_builtin = of_program.contains(&analytic.id);
    }
    analytics
}

/// Reads one definition with the defaults of its elements; messages show `name` as its file.
///
/// # Errors
/// A usage error with all faults of the file, each with its line.
pub fn parse(text: &str, name: &str) -> Result<Analytic> {
    let mut faults = Faults::default();
    let root = Table::parse(text, name, &mut faults);
    let written = root.and_then(|root| written::read(&root, &mut faults));
    let analytic = written.and_then(|written| check::one(&written, None, &mut faults));
    faults.finish(&format!("`{name}`"))?;
    analytic.ok_or_else(|| Error::usage(format!("`{name}` holds no analytic")))
}
