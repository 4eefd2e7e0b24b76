//! What is kept between runs: days of facts, generations, and one small file that names the data in force.
//!
//! Days and generations are files that are written once, and renamed into place when they are complete. Publishing replaces
//! the small file. Anything that it does not name was left by a run that did not finish, and the next run removes it.
//! Readers hold no lock and write nothing: they read the file and load what it names. What only the learner needs is in a
//! database of its own.

mod approvals;
mod archive;
mod container;
mod durable;
pub(crate) mod fault;
mod index;
mod learner;
mod ledger;
mod lines;
mod lock;
mod manifest;
mod migrate;
mod names;
mod outbox;
mod place;
mod published;
mod received;
mod states;
mod tail;
mod tuning;
mod verdicts;

pub use archive::{Archive, find_in};
pub(crate) use durable::{replace, sync_folder};
pub use learner::Learner;
pub use ledger::{Ledger, LedgerEntry};
pub use lines::open_lines;
pub use lock::{Lock, Role};
use manifest::GENERATIONS_KEPT;
pub use manifest::{DayEntry, Manifest, SCHEMA, StateEntry};
pub use names::{CHECKPOINT, FOLLOWED_EVENTS};
pub use outbox::{
    Dead, Entry, LeftBehind, Outbox, Outgoing, Pending, Put, SendingRight, SinkStatus, Told,
    Waiting,
};
pub use place::{is_part_of_store, is_store};
pub use published::{BegunDay, Staged};
pub use received::{Received, ReceivedArchive, ReceivedBody};
pub use tail::{FileState, Growth, LinePlace, Tail, read as read_line};
pub use verdicts::{NOTE_CHARS_MAX, Verdict, Verdicts};

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::error::{Error, Result};
use crate::time::{Day, Time};

/// A store: a directory.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// Opens a store by name. Nothing is read or created.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Returns its directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Creates the store's directory if it is missing, and takes the lock for a role that only one process may hold.
    ///
    /// # Errors
    ///
    /// Fails if the directory cannot be created, or another process holds the role.
    pub fn lock(&self, role: Role) -> Result<Lock> {
        durable::create_folder(&self.root).map_err(|e| fault::write(&self.root, e))?;
        Lock::take(&self.root, role)
    }

    /// Opens the place for what clients hand over; only the holder of the follower's role may.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    pub fn received(&self, _: &Lock) -> Result<Received> {
        Received::open(&self.root)
    }

    /// Adds a line to the audit log, durably.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    pub fn note_audit(&self, line: &str) -> Result<()> {
        let path = self.root.join(names::AUDIT);
        let written = open_lines(&path).and_then(|mut file| {
            file.write_all(format!("{line}\n").as_bytes())?;
            file.sync_data()
        });
        written.map_err(|e| fault::write(&path, e))
    }

    /// Returns whether live logs were followed with it.
    pub fn was_followed(&self) -> bool {
        self.root.join(CHECKPOINT).exists()
    }

    /// Returns what is in force; `None` before the first training.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, or was written by another version.
    pub fn manifest(&self) -> Result<Option<Manifest>> {
        Manifest::read(&self.root)
    }

    /// Returns what is in force.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::manifest`] does, and if nothing was ever trained.
    pub fn published(&self) -> Result<Manifest> {
        self.manifest()?.ok_or_else(|| {
            Error::missing(format!(
                "there is no trained store at `{}`",
                self.root.display()
            ))
            .hint_by_command("train one with `plimsoll train LOGS`, or name another with `--store`")
            .hint_by_http("POST /v1/generations begins a training")
        })
    }

    /// Returns when a generation was published, as the file of its manifest says; `None` if the system does not tell. A store that was
    /// copied may have the time of the copy.
    ///
    /// # Errors
    ///
    /// Fails if the disk does.
    pub fn published_at(&self, manifest: &Manifest) -> Result<Option<Time>> {
        let path = self
            .root
            .join(names::numbered_manifest(manifest.generation));
        match path.metadata() {
            Ok(metadata) => Ok(modified(&metadata).map(Time::whole_secs)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(fault::read(&path, e)),
        }
    }

    /// Returns when a follower last noted how far it had come; `None` if none ever did, or the system does not tell.
    pub fn followed_at(&self) -> Option<Time> {
        let metadata = self.root.join(CHECKPOINT).metadata();
        metadata.ok().as_ref().and_then(modified)
    }

    /// Returns the oldest day of all generations that are kept, and the newest day of the one in force; `None` before the first
    /// training.
    ///
    /// # Errors
    ///
    /// Fails if a manifest cannot be read.
    pub fn days_kept(&self) -> Result<Option<(Day, Day)>> {
        let Some(manifest) = self.manifest()? else {
            return Ok(None);
        };
        let kept = self.kept(&manifest)?;
        let first = |manifest: &Manifest| Some(manifest.days.first()?.day);
        let oldest = kept.iter().chain([&manifest]).filter_map(first).min();
        let newest = manifest.days.last().map(|entry| entry.day);
        Ok(oldest.zip(newest))
    }

    /// Returns earlier manifests that are still kept, newest first.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be read.
    pub fn kept(&self, manifest: &Manifest) -> Result<Vec<Manifest>> {
        let oldest = manifest.generation.saturating_sub(GENERATIONS_KEPT);
        (oldest..manifest.generation)
            .rev()
            .filter_map(|number| Manifest::read_numbered(&self.root, number).transpose())
            .collect()
    }
}

/// Returns when a file was modified, as the file system says.
fn modified(metadata: &std::fs::Metadata) -> Option<Time> {
    let at = metadata.modified().ok()?;
    let since = at.duration_since(UNIX_EPOCH).ok()?;
    let nanos = i64::try_from(since.as_nanos()).ok()?;
    Some(Time::from_nanos(nanos))
}

#[cfg(test)]
mod tests;
