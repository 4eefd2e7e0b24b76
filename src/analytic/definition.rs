//! The files that define analytics: those that are built in, and those of a user.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::analytic::written::Written;
use crate::document::{Faults, Word};
use crate::error::Result;
use crate::vocab::Str;

/// The built-in definitions, as (file name, text).
pub const BUILTIN: &[(&str, &str)] = &[
    (
        "models/ACCESS-SPIKE.toml",
        include_str!("../../models/ACCESS-SPIKE.toml"),
    ),
    (
        "models/ACCOUNT-DISCOVERY.toml",
        include_str!("../../models/ACCOUNT-DISCOVERY.toml"),
    ),
    (
        "models/AN0370.toml",
        include_str!("../../models/AN0370.toml"),
    ),
    (
        "models/AN1087.toml",
        include_str!("../../models/AN1087.toml"),
    ),
    (
        "models/AN1088.toml",
        include_str!("../../models/AN1088.toml"),
    ),
    (
        "models/AN1089.toml",
        include_str!("../../models/AN1089.toml"),
    ),
    (
        "models/AN1090.toml",
        include_str!("../../models/AN1090.toml"),
    ),
    (
        "models/AN1328.toml",
        include_str!("../../models/AN1328.toml"),
    ),
    (
        "models/AN1594.toml",
        include_str!("../../models/AN1594.toml"),
    ),
    (
        "models/DATA-SPIKE.toml",
        include_str!("../../models/DATA-SPIKE.toml"),
    ),
    (
        "models/DELETE-SPIKE.toml",
        include_str!("../../models/DELETE-SPIKE.toml"),
    ),
    (
        "models/EGRESS-SPIKE.toml",
        include_str!("../../models/EGRESS-SPIKE.toml"),
    ),
    (
        "models/LOG-BLINDED.toml",
        include_str!("../../models/LOG-BLINDED.toml"),
    ),
    (
        "models/POLICY-EXTERNAL.toml",
        include_str!("../../models/POLICY-EXTERNAL.toml"),
    ),
    (
        "models/POLICY-PUBLIC.toml",
        include_str!("../../models/POLICY-PUBLIC.toml"),
    ),
    (
        "models/S3-CLIENT.toml",
        include_str!("../../models/S3-CLIENT.toml"),
    ),
    (
        "models/S3-DENIED.toml",
        include_str!("../../models/S3-DENIED.toml"),
    ),
    (
        "models/S3-POSTURE.toml",
        include_str!("../../models/S3-POSTURE.toml"),
    ),
    (
        "models/SECRETS-SPIKE.toml",
        include_str!("../../models/SECRETS-SPIKE.toml"),
    ),
    (
        "models/UNUSUAL-REGION.toml",
        include_str!("../../models/UNUSUAL-REGION.toml"),
    ),
];

/// The file extension of definitions.
const EXTENSION: &str = "toml";

/// A file that defines an analytic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its path, as messages show it.
    pub name: String,
    /// Its text.
    pub text: Cow<'static, str>,
    /// Whether it is built in.
    pub is_builtin: bool,
}

/// Returns the built-in definitions.
pub fn builtin() -> Vec<Definition> {
    BUILTIN
        .iter()
        .map(|&(name, text)| Definition {
            name: name.to_owned(),
            text: text.into(),
            is_builtin: true,
        })
        .collect()
}

/// Returns whether an analytic with this id is built in.
pub fn is_builtin(id: &str) -> bool {
    BUILTIN
        .iter()
        .any(|(name, _)| Path::new(name).file_stem().is_some_and(|stem| *stem == *id))
}

/// Returns the built-in definitions, and then those at some paths, each a file or a folder of `*.toml` files. A relative
/// path starts at the folder of the file that names it.
///
/// # Errors
/// A usage error that lists every unreadable path with the line that names it.
pub fn definitions(paths: &[Word]) -> Result<Vec<Definition>> {
    let mut faults = Faults::default();
    let mut found: Vec<Definition> = Vec::new();
    for word in paths {
        let folder = Path::new(&*word.place.file).parent();
        let path = folder.unwrap_or(Path::new("")).join(&*word.text);
        match definitions_at(&path) {
            Ok(files) => {
                for file in files {
                    if !found.iter().any(|other| other.name == file.name) {
                        found.push(file);
                    }
                }
            }
            Err(why) => faults.add(&word.place, format!("analytics: {why}")),
        }
    }
    faults.finish("the analytics")?;
    Ok(builtin().into_iter().chain(found).collect())
}

/// Returns the definition in a file, or those in a folder.
///
/// # Errors
/// The path that cannot be read, and why.
pub fn definitions_at(path: &Path) -> std::result::Result<Vec<Definition>, String> {
    let read = |file: PathBuf| {
        let name = file.display().to_string();
        let text = fs::read_to_string(&file).map_err(|e| format!("cannot read `{name}`: {e}"))?;
        Ok(Definition {
            name,
            text: text.into(),
            is_builtin: false,
        })
    };
    files_of(path)?.into_iter().map(read).collect()
}

/// Returns a file, or the definitions in a folder, sorted by name.
fn files_of(path: &Path) -> std::result::Result<Vec<PathBuf>, String> {
    let cannot = |error: std::io::Error| format!("cannot read `{}`: {error}", path.display());
    if !fs::metadata(path).map_err(cannot)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(cannot)? {
        let file = entry.map_err(cannot)?.path();
        if file.extension().is_some_and(|e| e == EXTENSION) && !file.is_dir() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(format!(
            "there is no `*.{EXTENSION}` file in `{}`",
            path.display()
        ));
    }
    Ok(files)
}

/// Removes built-in definitions whose id another file defines.
pub(super) fn replace_builtin(written: &mut Vec<(&Definition, Written)>) {
    let taken: BTreeSet<Str> = written
        .iter()
        .filter(|(file, _)| !file.is_builtin)
        .map(|(_, written)| written.id.text.clone())
        .collect();
    written.retain(|(file, written)| !file.is_builtin || !taken.contains(&written.id.text));
}
