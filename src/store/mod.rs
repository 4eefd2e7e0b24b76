//! What is kept between runs: days of facts, generations, and one small file that names the data in force.
//!
//! Everything except that file is written once, into a directory of its own, and renamed into place when it is complete.
//! Publishing replaces the file. Anything that it does not name was left by a run that did not finish, and the next run
//! removes it. Readers hold no lock: they read the file and load what it names.

mod approvals;
mod archive;
mod codec;
mod lines;
mod lock;
mod manifest;
mod names;
mod place;
mod tuning;
mod verdicts;

pub use archive::{Archive, find_in};
pub use lines::open_lines;
pub use lock::{Lock, Role};
pub(crate) use manifest::replace;
use manifest::replace_document;
pub use manifest::{DayEntry, Manifest};
use names::UNFINISHED;
pub use names::{CHECKPOINT, FOLLOWED_EVENTS};
pub use place::{is_part_of_store, is_store};
pub use verdicts::{NOTE_CHARS_MAX, Verdict, Verdicts};

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::baseline::{
    Baseline, CalibrationLog, DriftReport, Generation, Group, GroupState, Tuning,
};
use crate::error::{Error, Result};
use crate::measure::{
    Coverage, Creations, DayAggregate, DayFacts, Issuances, Issued, Links, Namesake, OwnAccounts,
    Seen, Subject,
};
use crate::store::codec::{Database, Table};
use crate::time::{Day, Time};
use crate::vocab::Entity;

/// Generations that are kept beside the one in force.
const GENERATIONS_KEPT: u64 = 5;

/// What was learnt from a file, so that it is not learnt again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// The file's name when it was read.
    pub name: String,
    /// The generation that it went into.
    pub generation: u64,
    /// Its size.
    pub bytes: u64,
    /// Events read from it.
    pub events: u64,
    /// The last day in it.
    pub last_day: Option<Day>,
}

/// Files that were already learnt, by the hash of their content.
pub type Ledger = BTreeMap<u128, LedgerEntry>;

/// The part of a generation that is not a table.
#[derive(Serialize, Deserialize)]
struct Head {
    number: u64,
    as_of: Day,
    first_day: Day,
    own_accounts: OwnAccounts,
    links: Links,
    created: Creations,
    namesakes: Vec<(Entity, Namesake)>,
    issued: Issued,
    seen: Seen,
}

/// The part of a day that is not a table.
#[derive(Serialize, Deserialize)]
struct DayHead {
    links: Links,
    accounts: OwnAccounts,
    created: Creations,
    issued: Issuances,
    last: Option<Time>,
}

const BASELINES: Table<(Entity, Baseline)> = Table::new("baselines");
const GROUPS: Table<(Group, GroupState)> = Table::new("groups");
const SUPPORT: Table<(u64, u32)> = Table::new("support");
const MOVEMENT: Table<DriftReport> = Table::new("movement");
const CALIBRATION: Table<CalibrationLog> = Table::new("calibration");
const LEDGER: Table<(u128, LedgerEntry)> = Table::new("ledger");
const HEAD: Table<Head> = Table::new("head");
const DAY_HEAD: Table<DayHead> = Table::new("day_head");
const SUBJECTS: Table<(Subject, DayFacts)> = Table::new("subjects");
const UNNAMED: Table<(u64, BTreeMap<Subject, DayFacts>)> = Table::new("unnamed");
const COVERAGE: Table<Coverage> = Table::new("coverage");
const COVERAGE_BY_DAY: Table<(Day, Arc<Coverage>)> = Table::new("coverage_by_day");
const UNNAMED_COVERAGE: Table<(u64, Coverage)> = Table::new("unnamed_coverage");
const TOLD_BY_TRAIL: Table<u64> = Table::new("told_by_trail");
const FINGERPRINTS: Table<u64> = Table::new("fingerprints");

/// A store: a directory.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// A day or a generation that is complete on disk but not yet in force.
#[derive(Debug)]
pub struct Staged {
    name: String,
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
        std::fs::create_dir_all(&self.root).map_err(|e| {
            Error::failed(format!("cannot create the store `{}`", self.root.display())).cause(e)
        })?;
        Lock::take(&self.root, role)
    }

    /// Returns whether live logs were followed with it.
    pub fn was_followed(&self) -> bool {
        self.root.join(CHECKPOINT).exists()
    }

    /// Returns what is in force; `None` before the first training.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, or was written by a newer version.
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
            Error::failed(format!(
                "there is no trained store at `{}`",
                self.root.display()
            ))
            .hint("train one with `plimsoll train LOGS`, or name another with `--store`")
        })
    }

    /// Writes a day; the next manifest will name it.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn stage_day(&self, aggregate: &DayAggregate, generation: u64) -> Result<Staged> {
        let name = names::day(aggregate.day, generation);
        let mut subjects: Vec<_> = aggregate.subjects.iter().collect();
        subjects.sort_by(|a, b| a.0.cmp(b.0));
        let unnamed = aggregate.unnamed.iter();
        let unnamed = unnamed.filter_map(|(id, held)| Some((id, held.as_ref()?)));
        let sorted = |numbers: &FxHashSet<u64>| {
            let mut numbers: Vec<u64> = numbers.iter().copied().collect();
            numbers.sort_unstable();
            numbers
        };
        let head = DayHead {
            links: aggregate.links.clone(),
            accounts: aggregate.accounts.clone(),
            created: aggregate.created.clone(),
            issued: aggregate.issued.clone(),
            last: aggregate.last,
        };
        self.stage(name, |db| {
            db.write(&DAY_HEAD, [&head])?;
            db.write(&SUBJECTS, subjects)?;
            db.write(&UNNAMED, unnamed)?;
            db.write(&COVERAGE, [&aggregate.coverage])?;
            db.write(&UNNAMED_COVERAGE, &aggregate.unnamed_coverage)?;
            db.write_sorted_numbers(&TOLD_BY_TRAIL, &sorted(&aggregate.recorded_by_trail))?;
            db.write_sorted_numbers(&FINGERPRINTS, &sorted(&aggregate.fingerprints))
        })
    }

    /// Reads a day.
    ///
    /// # Errors
    ///
    /// Fails if the stored data is damaged.
    pub fn load_day(&self, entry: &DayEntry) -> Result<DayAggregate> {
        let db = Database::open(&self.root.join(&entry.directory))?;
        let head = db.read_one(&DAY_HEAD)?;
        let mut aggregate = DayAggregate::new(entry.day);
        aggregate.subjects = db.read(&SUBJECTS)?.into_iter().collect();
        let unnamed = db.read(&UNNAMED)?.into_iter();
        aggregate.unnamed = unnamed.map(|(id, held)| (id, Some(held))).collect();
        aggregate.coverage = db.read_one(&COVERAGE)?;
        aggregate.unnamed_coverage = db.read(&UNNAMED_COVERAGE)?.into_iter().collect();
        let read = |table| {
            db.read_sorted_numbers(table)
                .map(|n| n.into_iter().collect())
        };
        (aggregate.recorded_by_trail, aggregate.fingerprints) =
            (read(&TOLD_BY_TRAIL)?, read(&FINGERPRINTS)?);
        (aggregate.links, aggregate.accounts, aggregate.last) =
            (head.links, head.accounts, head.last);
        (aggregate.created, aggregate.issued) = (head.created, head.issued);
        Ok(aggregate)
    }

    /// Writes a generation; the next manifest will name it.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn stage_generation(
        &self,
        generation: &Generation,
        log: &CalibrationLog,
        ledger: &Ledger,
    ) -> Result<Staged> {
        let head = Head {
            number: generation.number,
            as_of: generation.as_of,
            first_day: generation.first_day,
            own_accounts: generation.own_accounts.clone(),
            links: generation.links.clone(),
            created: generation.created.clone(),
            namesakes: generation
                .namesakes
                .iter()
                .map(|(e, n)| (e.clone(), n.clone()))
                .collect(),
            issued: generation.issued.clone(),
            seen: generation.seen.clone(),
        };
        let mut baselines: Vec<_> = generation.baselines.iter().collect();
        baselines.sort_by(|a, b| a.0.cmp(b.0));
        let mut support: Vec<_> = generation.support.iter().map(|(&k, &v)| (k, v)).collect();
        support.sort_unstable();
        self.stage(names::generation(generation.number), |db| {
            db.write(&HEAD, [&head])?;
            db.write(&BASELINES, baselines)?;
            db.write(&GROUPS, &generation.groups)?;
            db.write(&SUPPORT, &support)?;
            db.write(&COVERAGE_BY_DAY, &generation.coverage)?;
            db.write(&MOVEMENT, [&generation.drift_report])?;
            db.write(&CALIBRATION, [log])?;
            db.write(&LEDGER, ledger)
        })
    }

    /// Reads the whole generation in force into memory, with the tuned thresholds.
    ///
    /// # Errors
    ///
    /// Fails if nothing was trained, or the stored data is damaged.
    pub fn load_generation(&self) -> Result<Generation> {
        let manifest = self.published()?;
        let mut generation = match self.load_generation_of(&manifest) {
            // It may have been replaced and removed in between.
            Err(_) if self.published()?.generation != manifest.generation => {
                self.load_generation_of(&self.published()?)
            }
            other => other,
        }?;
        generation.tuning = self.tuning()?;
        Ok(generation)
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

    /// Returns the first day that a generation may judge.
    ///
    /// # Errors
    ///
    /// Fails if the stored data is damaged.
    pub fn as_of(&self, manifest: &Manifest) -> Result<Day> {
        let db = Database::open(&self.root.join(&manifest.directory))?;
        Ok(db.read_one(&HEAD)?.as_of)
    }

    /// Reads a whole generation into memory.
    ///
    /// # Errors
    ///
    /// Fails if the stored data is damaged, or was removed.
    pub fn load_generation_of(&self, manifest: &Manifest) -> Result<Generation> {
        let db = Database::open(&self.root.join(&manifest.directory))?;
        let head = db.read_one(&HEAD)?;
        Ok(Generation {
            number: head.number,
            as_of: head.as_of,
            first_day: head.first_day,
            baselines: db.read(&BASELINES)?.into_iter().collect(),
            groups: db.read(&GROUPS)?.into_iter().collect(),
            support: db.read(&SUPPORT)?.into_iter().collect(),
            own_accounts: head.own_accounts,
            links: head.links,
            created: head.created,
            namesakes: head.namesakes.into_iter().collect(),
            issued: head.issued,
            seen: head.seen,
            coverage: db.read(&COVERAGE_BY_DAY)?,
            drift_report: db.read_one(&MOVEMENT)?,
            calibration: db.read_one(&CALIBRATION)?.freeze(),
            tuning: Tuning::default(),
        })
    }

    /// Reads the state that the learner continues from: the calibration log and the ledger of the generation in force.
    ///
    /// # Errors
    ///
    /// Fails if the stored data is damaged.
    pub fn load_learner_state(&self, manifest: &Manifest) -> Result<(CalibrationLog, Ledger)> {
        let db = Database::open(&self.root.join(&manifest.directory))?;
        Ok((
            db.read_one(&CALIBRATION)?,
            db.read(&LEDGER)?.into_iter().collect(),
        ))
    }

    /// Reads the contents of the logs on each day of the lookback, as of the generation in force.
    ///
    /// # Errors
    ///
    /// Fails if the stored data is damaged.
    pub fn load_coverage(&self, manifest: &Manifest) -> Result<Vec<(Day, Arc<Coverage>)>> {
        Database::open(&self.root.join(&manifest.directory))?.read(&COVERAGE_BY_DAY)
    }

    /// Reads which baselines drifted in the generation in force.
    ///
    /// # Errors
    ///
    /// Fails if the stored data is damaged.
    pub fn load_drift_report(&self, manifest: &Manifest) -> Result<DriftReport> {
        Database::open(&self.root.join(&manifest.directory))?.read_one(&MOVEMENT)
    }

    /// Puts a generation and its days in force at once, and removes what is no longer needed.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails. The earlier generation is then still in force, unless only the copy or the cleaning failed:
    /// the next run repeats these.
    pub fn publish(&self, manifest: &Manifest, _lock: &Lock) -> Result<()> {
        manifest.write(&self.root)?;
        self.sweep(manifest)
    }

    /// Removes what a run that did not finish left behind.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read.
    pub fn sweep_unfinished(&self, _lock: &Lock) -> Result<()> {
        match self.manifest()? {
            Some(manifest) => {
                manifest.complete(&self.root)?;
                self.sweep(&manifest)
            }
            None => self.remove_unless(|_| false),
        }
    }

    fn sweep(&self, manifest: &Manifest) -> Result<()> {
        let mut keep: BTreeSet<String> = manifest.directories().collect();
        for number in manifest.generation.saturating_sub(GENERATIONS_KEPT)..manifest.generation {
            if let Some(older) = Manifest::read_numbered(&self.root, number)? {
                keep.extend(older.directories());
                keep.insert(names::numbered_manifest(number));
            }
        }
        keep.insert(names::numbered_manifest(manifest.generation));
        self.remove_unless(|name| keep.contains(name))
    }

    /// Removes everything that trainings write except what is kept. Files with other names do not belong to the store and
    /// stay.
    fn remove_unless(&self, keep: impl Fn(&str) -> bool) -> Result<()> {
        let cannot = |e: std::io::Error| {
            Error::failed(format!(
                "cannot clean up the store `{}`",
                self.root.display()
            ))
            .cause(e)
        };
        for entry in std::fs::read_dir(&self.root).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if keep(name) {
                continue;
            }
            let file_type = entry.file_type().map_err(cannot)?;
            if file_type.is_dir() && names::is_trained_directory(name) {
                std::fs::remove_dir_all(entry.path()).map_err(cannot)?;
            } else if file_type.is_file() && names::is_trained_file(name) {
                std::fs::remove_file(entry.path()).map_err(cannot)?;
            }
        }
        Ok(())
    }

    fn stage(&self, name: String, write: impl FnOnce(&Database) -> Result<()>) -> Result<Staged> {
        let (unfinished, finished) = (
            self.root.join(format!("{name}{UNFINISHED}")),
            self.root.join(&name),
        );
        let cannot = |e: std::io::Error| {
            Error::failed(format!("cannot write `{}`", finished.display())).cause(e)
        };
        for stale in [&unfinished, &finished] {
            if stale.exists() {
                std::fs::remove_dir_all(stale).map_err(cannot)?;
            }
        }
        let db = Database::create(&unfinished)?;
        write(&db)?;
        db.finish()?;
        std::fs::rename(&unfinished, &finished).map_err(cannot)?;
        Ok(Staged { name })
    }
}

impl Staged {
    /// Returns the directory's name, for the manifest.
    pub fn into_name(self) -> String {
        self.name
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn sweeping_removes_what_a_training_made_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let lock = store.lock(Role::Learner).unwrap();
        let kept = [
            "day-to-day-notes/",
            "day-2026-03-01/",
            "day-2026-02-31-000001/",
            "day-2026-03-01-000001-copy/",
            "day-2026-03-01-00001/",
            "day-2026-03-01-000002",
            "generation-x/",
            "generation-000001.old/",
            "manifest-of-our-cargo.txt",
            "manifest-000001.json.bak",
            "manifest-000001.json/",
        ];
        let swept = [
            "day-2026-03-01-000001/",
            "day-2026-03-01-1000000.unfinished/",
            "generation-000001/",
            "generation-000002.unfinished/",
            "manifest-000002.json.unfinished",
        ];
        for name in kept.iter().chain(&swept) {
            match name.strip_suffix('/') {
                Some(folder) => fs::create_dir(store.root().join(folder)).unwrap(),
                None => fs::write(store.root().join(name), "").unwrap(),
            }
        }
        store.sweep_unfinished(&lock).unwrap();
        let is_there = |name: &&&str| store.root().join(name.trim_end_matches('/')).exists();
        assert_eq!(kept.iter().filter(is_there).count(), kept.len());
        assert_eq!(swept.iter().filter(is_there).count(), 0);
    }

    #[test]
    fn a_store_whose_manifest_is_lost_is_not_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let lock = store.lock(Role::Learner).unwrap();
        let generation = store.root().join("generation-000007");
        fs::create_dir(&generation).unwrap();
        fs::write(store.root().join("manifest-000007.json"), "{}").unwrap();
        let told = store.sweep_unfinished(&lock).unwrap_err().to_string();
        assert!(told.contains("manifest-000007.json"), "{told}");
        assert!(generation.exists());
        assert!(store.published().is_err_and(|e| e.to_string() == told));
    }
}
