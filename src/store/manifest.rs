//! The one small file that names what is in force.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::store::names::{self, MANIFEST, UNFINISHED};
use crate::time::Day;

/// Changes when the meaning of stored bytes changes.
const SCHEMA: u32 = 7;

/// A stored day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayEntry {
    /// The day.
    pub day: Day,
    /// The directory that holds it.
    pub directory: String,
    /// Distinct events in it.
    pub events: u64,
    /// Distinct events it had when it was scored into the stored distributions, if it was.
    pub scored_events: Option<u64>,
    /// The settings by which its events were measured, each once: networks, sensitive buckets and bindings apply when a log
    /// is read.
    #[serde(default)]
    pub measured_by: BTreeSet<String>,
}

/// What is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the stored bytes.
    pub schema: u32,
    /// Number of the generation.
    pub generation: u64,
    /// The directory that holds it.
    pub directory: String,
    /// The stored days, in order.
    pub days: Vec<DayEntry>,
    /// Confirmed alerts of stored days, whose activity was left out.
    #[serde(
        default,
        alias = "unlearnt",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub exclusions: BTreeSet<String>,
}

impl Manifest {
    /// Creates a manifest of the present schema.
    pub fn new(generation: u64, directory: String, days: Vec<DayEntry>) -> Self {
        Self {
            schema: SCHEMA,
            generation,
            directory,
            days,
            exclusions: BTreeSet::new(),
        }
    }

    /// Returns how many days were measured, at least in part, by other settings than these.
    pub fn days_measured_otherwise(&self, measured_by: &str) -> usize {
        let is_other = |entry: &&DayEntry| entry.measured_by.iter().any(|by| by != measured_by);
        self.days.iter().filter(is_other).count()
    }

    /// Returns the directories that it names.
    pub fn directories(&self) -> impl Iterator<Item = String> + '_ {
        self.days
            .iter()
            .map(|d| d.directory.clone())
            .chain([self.directory.clone()])
    }

    pub(super) fn read(root: &Path) -> Result<Option<Self>> {
        if let Some(manifest) = Self::read_file(&root.join(MANIFEST))? {
            return Ok(Some(manifest));
        }
        match Self::newest_numbered(root)? {
            // Another process may have published for the first time just now.
            Some(numbered) => match Self::read_file(&root.join(MANIFEST))? {
                None => Err(lost(root, &numbered)),
                manifest => Ok(manifest),
            },
            None => Ok(None),
        }
    }

    /// Returns the name of the newest numbered manifest. It is written after [`MANIFEST`], so if one exists, the other did too.
    fn newest_numbered(root: &Path) -> Result<Option<String>> {
        let cannot =
            |e| Error::failed(format!("cannot read the store `{}`", root.display())).cause(e);
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

    pub(super) fn read_numbered(root: &Path, number: u64) -> Result<Option<Self>> {
        Self::read_file(&root.join(names::numbered_manifest(number)))
    }

    fn read_file(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => {
                return Err(Error::failed(format!("cannot read `{}`", path.display())).cause(e));
            }
        };
        let manifest: Self = serde_json::from_slice(&text).map_err(|e| {
            Error::failed(format!("`{}` is damaged", path.display()))
                .cause(e)
                .hint("train into a new store: the logs have everything that it needs")
        })?;
        if manifest.schema != SCHEMA {
            return Err(Error::failed(format!(
                "`{}` has schema {}, this program reads {SCHEMA}",
                path.display(),
                manifest.schema
            ))
            .hint("use the version that wrote it, or train again into another store"));
        }
        Ok(Some(manifest))
    }

    /// Puts it in force: it is written under another name, made durable, and renamed. Its numbered copy follows.
    pub(super) fn write(&self, root: &Path) -> Result<()> {
        self.write_as(root, MANIFEST)?;
        self.write_as(root, &names::numbered_manifest(self.generation))
    }

    /// Writes the copy that outlives the next generation, unless it exists: a crash may have come between the two.
    pub(super) fn complete(&self, root: &Path) -> Result<()> {
        let name = names::numbered_manifest(self.generation);
        if root.join(&name).exists() {
            return Ok(());
        }
        self.write_as(root, &name)
    }

    fn write_as(&self, root: &Path, name: &str) -> Result<()> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|e| Error::failed("cannot write the manifest").cause(e))?;
        replace(root, name, &text).map_err(|e| {
            Error::failed(format!("cannot write `{}`", root.join(name).display())).cause(e)
        })
    }
}

/// A store of which a part is missing must not be taken for an empty one, and cleaned.
fn lost(root: &Path, numbered: &str) -> Error {
    Error::failed(format!(
        "the store `{}` has `{numbered}`, but no `{MANIFEST}`",
        root.display()
    ))
    .hint(format!(
        "copy `{numbered}` to `{MANIFEST}` if all days that it names exist, or start again with another `--store`"
    ))
}

/// Replaces a small document, as [`replace`] does a file.
///
/// # Errors
/// Fails if the disk fails; the earlier document is then still there.
pub(super) fn replace_document(root: &Path, name: &str, document: &impl Serialize) -> Result<()> {
    let cannot = |e: &dyn std::fmt::Display| {
        Error::failed(format!("cannot write `{}`", root.join(name).display())).cause(e)
    };
    let mut text = serde_json::to_vec_pretty(document).map_err(|e| cannot(&e))?;
    text.push(b'\n');
    replace(root, name, &text).map_err(|e| cannot(&e))
}

/// Replaces a file so that a reader, or a crash, sees the old text or the new one and nothing between.
pub(crate) fn replace(root: &Path, name: &str, text: &[u8]) -> std::io::Result<()> {
    let beside = root.join(format!("{name}{UNFINISHED}"));
    let mut file = File::create(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&beside, root.join(name))?;
    // Makes the rename itself durable; not every platform lets a directory be opened.
    if let Ok(directory) = File::open(root) {
        directory.sync_all().ok();
    }
    Ok(())
}
