//! Where alerts are that were told.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::alert::Alert;
use crate::error::{Error, Result};
use crate::store::{Archive, Store, find_in};

/// The most bytes that are read to find out what a file has.
const LINE_BYTES_MAX: u64 = 16 << 20;
/// The fewest characters that stand for an id.
const PREFIX_MIN: usize = 6;
/// Ids that are named when several begin alike.
const NAMED_MAX: usize = 10;

/// Where alerts are.
#[derive(Debug, Clone)]
pub enum Place {
    /// The archive of a store.
    Store(Store),
    /// A file with a document on each line.
    File(PathBuf),
}

impl Place {
    /// Takes the file if one is given, otherwise the store.
    pub fn of(file: Option<&PathBuf>, store: Store) -> Self {
        match file {
            Some(path) => Self::File(path.clone()),
            None => Self::Store(store),
        }
    }

    /// Demands that there is such a place, where so many alerts and so many other lines were found in it: nothing was told only where
    /// something could have been.
    ///
    /// # Errors
    ///
    /// Fails if the store was never trained, or if a file has lines and none is an alert.
    pub(super) fn must_be_one(&self, n_alerts: usize, n_others: u64) -> Result<()> {
        match self {
            _ if n_alerts > 0 => Ok(()),
            Self::Store(store) => store.published().map(|_| ()),
            Self::File(path) if n_others > 0 => {
                let name = path.display();
                let error = match kind_of_lines(path) {
                    Some(kind) => Error::failed(format!("`{name}` has {kind}, and no alerts")),
                    None => Error::failed(format!("no line of `{name}` is an alert")),
                };
                Err(error.hint_by_command("give the alerts: what `score` wrote as JSON, or alerts.jsonl of a backtest's `--out` folder; incidents are computed from them"))
            }
            Self::File(_) => Ok(()),
        }
    }

    /// Returns the files of lines in the order in which they are read.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>> {
        match self {
            Self::Store(store) => Archive::alerts(store).day_files(),
            Self::File(path) => Ok(vec![path.clone()]),
        }
    }

    /// Returns what it is called.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Store(store) => store.root().display().to_string(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Returns the alert whose id begins so; `None` if there is none.
    ///
    /// # Errors
    ///
    /// A usage error if the beginning is too short. A conflict if several begin so. Fails if it cannot be read.
    pub(super) fn find_alert(&self, wanted: &str) -> Result<Option<Alert>> {
        let id = beginning(wanted)?;
        let mut found = match self {
            Self::Store(store) => Archive::alerts(store).find(&id)?,
            Self::File(path) => {
                let cannot =
                    |e| Error::failed(format!("cannot read `{}`", path.display())).cause(e);
                let mut found = BTreeMap::new();
                let text = BufReader::new(File::open(path).map_err(cannot)?);
                find_in(text, &id, &mut found).map_err(cannot)?;
                found
            }
        };
        if found.len() > 1 && !found.contains_key(&id) {
            return Err(ambiguous("alerts", &id, found.keys()));
        }
        let text = found.remove(&id).or_else(|| found.into_values().next());
        text.map(|text| Alert::parse(&text)).transpose()
    }
}

/// Returns what the first line of a file is that is no alert, if that is known.
fn kind_of_lines(path: &Path) -> Option<&'static str> {
    let lines = BufReader::new(File::open(path).ok()?.take(LINE_BYTES_MAX)).lines();
    let lines = lines.map_while(|line| line.ok());
    let mut documents = lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
    let document = documents.next()?;
    let has = |key: &str| document.get(key).is_some();
    match () {
        () if has("incident_id") && has("alerts") => Some("incidents"),
        () if has("class_uid") => Some("documents in OCSF"),
        () if has("ecs") => Some("documents in ECS"),
        () if has("analytic") && has("identity") && has("start") => Some("labels"),
        () => None,
    }
}

/// Returns the beginning of an id as ids are written.
///
/// # Errors
///
/// A usage error if it is too short.
pub(super) fn beginning(wanted: &str) -> Result<String> {
    let id = wanted.to_ascii_lowercase();
    if id.len() < PREFIX_MIN {
        return Err(Error::usage(format!("`{wanted}` is too short for an id"))
            .hint(format!("give at least its first {PREFIX_MIN} characters")));
    }
    Ok(id)
}

/// Returns the error of a beginning that several ids have.
pub(super) fn ambiguous<'a>(
    what: &str,
    id: &str,
    ids: impl ExactSizeIterator<Item = &'a String>,
) -> Error {
    let error = Error::conflict(format!("{} {what} begin with `{id}`", ids.len()));
    ids.take(NAMED_MAX)
        .fold(error, |error, id| error.hint(id.as_str()))
}
