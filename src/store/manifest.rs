//! The one small file that names what is in force.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::store::durable::replace_document;
use crate::store::fault;
use crate::store::names::{self, MANIFEST};
use crate::time::Day;

/// The version of stores. It changes when the meaning of stored bytes changes.
pub const SCHEMA: u32 = 8;
/// The schema of the version before, which the learner migrates.
pub(super) const MIGRATED: u32 = 7;
/// Generations that are kept beside the one in force.
pub(super) const GENERATIONS_KEPT: u64 = 5;

/// A stored day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayEntry {
    /// The day.
    pub day: Day,
    /// The file that holds it.
    pub file: String,
    /// Distinct events in it.
    pub events: u64,
    /// Distinct events it had when it was scored into the stored distributions, if it was.
    pub scored_events: Option<u64>,
    /// The settings by which its events were measured, each once: networks, sensitive buckets and bindings apply when a log
    /// is read.
    #[serde(default)]
    pub measured_by: BTreeSet<String>,
}

/// A state of learning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateEntry {
    /// The day on whose morning learning was in this state: it had learnt the stored days before.
    pub morning: Day,
    /// The file that holds it.
    pub file: String,
}

/// What is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the stored bytes.
    pub schema: u32,
    /// Number of the generation.
    pub generation: u64,
    /// The file that holds it.
    pub file: String,
    /// The stored days, in order.
    pub days: Vec<DayEntry>,
    /// Confirmed alerts of stored days, whose activity was left out.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exclusions: BTreeSet<String>,
    /// States of learning, in order. Without them all days are learnt again, with the same result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<StateEntry>,
}

impl Manifest {
    /// Creates a manifest of the present schema.
    pub fn new(generation: u64, file: String, days: Vec<DayEntry>) -> Self {
        Self {
            schema: SCHEMA,
            generation,
            file,
            days,
            exclusions: BTreeSet::new(),
            states: Vec::new(),
        }
    }

    /// Returns how many days were measured, at least in part, by other settings than these.
    pub fn days_measured_otherwise(&self, measured_by: &str) -> usize {
        let is_other = |entry: &&DayEntry| entry.measured_by.iter().any(|by| by != measured_by);
        self.days.iter().filter(is_other).count()
    }

    /// Returns the files that it names.
    pub fn files(&self) -> impl Iterator<Item = String> + '_ {
        let days = self.days.iter().map(|day| day.file.clone());
        let states = self.states.iter().map(|state| state.file.clone());
        days.chain(states).chain([self.file.clone()])
    }

    /// Reads what is in force; `None` before the first training.
    pub(super) fn read(root: &Path) -> Result<Option<Self>> {
        let path = root.join(MANIFEST);
        let read = || match Self::read_file(&path)? {
            Some(Version::Present(manifest)) => Ok(Some(manifest)),
            Some(Version::Earlier(schema)) => Err(fault::earlier(root, schema, SCHEMA, MIGRATED)),
            None => Ok(None),
        };
        if let Some(manifest) = read()? {
            return Ok(Some(manifest));
        }
        match Self::newest_numbered(root)? {
            // Another process may have published for the first time just now.
            Some(numbered) => match read()? {
                None => Err(lost(root, &numbered)),
                manifest => Ok(manifest),
            },
            None => Ok(None),
        }
    }

    /// Returns whether the store is of the version before, so that the learner can migrate it.
    pub(super) fn is_to_migrate(root: &Path) -> Result<bool> {
        let found = Self::read_file(&root.join(MANIFEST))?;
        Ok(matches!(found, Some(Version::Earlier(MIGRATED))))
    }

    /// Returns the name of the newest numbered manifest. It is written after [`MANIFEST`], so if one exists, the other did too.
    fn newest_numbered(root: &Path) -> Result<Option<String>> {
        let cannot = |e| fault::read(root, e);
        let entries = match fs::read_dir(root) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(cannot)?,
        };
        let mut newest = None;
        for entry in entries {
            let entry = entry.map_err(cannot)?;
            let name = entry.file_name().into_string().unwrap_or_default();
            if let Some(number) = names::number_of_manifest(&name)
                && entry.file_type().map_err(cannot)?.is_file()
            {
                newest = newest.max(Some((number, name)));
            }
        }
        Ok(newest.map(|(_, name)| name))
    }

    /// Reads the manifest of an earlier generation, if it is kept, and of this version.
    pub(super) fn read_numbered(root: &Path, number: u64) -> Result<Option<Self>> {
        match Self::read_file(&root.join(names::numbered_manifest(number)))? {
            Some(Version::Present(manifest)) => Ok(Some(manifest)),
            Some(Version::Earlier(_)) | None => Ok(None),
        }
    }

    fn read_file(path: &Path) -> Result<Option<Version>> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(fault::read(path, e)),
        };
        match schema_of(&text).map_err(|e| fault::damaged(path, e))? {
            SCHEMA => serde_json::from_slice(&text)
                .map(|manifest| Some(Version::Present(manifest)))
                .map_err(|e| fault::damaged(path, e)),
            newer if newer > SCHEMA => Err(fault::newer(path, newer, SCHEMA)),
            earlier => Ok(Some(Version::Earlier(earlier))),
        }
    }

    /// Puts it in force: it is written under another name, made durable, and renamed.
    pub(super) fn write_in_force(&self, root: &Path) -> Result<()> {
        replace_document(root, MANIFEST, self)
    }

    /// Writes the copy that outlives the next generation.
    pub(super) fn write_numbered(&self, root: &Path) -> Result<()> {
        replace_document(root, &names::numbered_manifest(self.generation), self)
    }

    /// Writes the copy unless it exists: a crash may have come after the manifest itself.
    pub(super) fn complete(&self, root: &Path) -> Result<()> {
        let path = root.join(names::numbered_manifest(self.generation));
        match path.try_exists().map_err(|e| fault::read(&path, e))? {
            true => Ok(()),
            false => self.write_numbered(root),
        }
    }
}

/// A manifest of this version, or the schema of an earlier one.
enum Version {
    Present(Manifest),
    Earlier(u32),
}

/// Reads the schema of a document, and nothing else of it.
pub(super) fn schema_of(text: &[u8]) -> serde_json::Result<u32> {
    #[derive(Deserialize)]
    struct Document {
        schema: u32,
    }
    serde_json::from_slice(text).map(|Document { schema }| schema)
}

/// A store of which a part is missing must not be taken for an empty one, and cleaned.
fn lost(root: &Path, numbered: &str) -> Error {
    Error::failed(format!(
        "the store `{}` has `{numbered}`, but no `{MANIFEST}`",
        root.display()
    ))
    .hint_by_command(format!(
        "copy `{numbered}` to `{MANIFEST}` if all files that it names exist, or start again with another `--store`"
    ))
}
