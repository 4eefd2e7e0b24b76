//! The store of the version before, schema 7, in which each day and each generation was a sled database: read once, by the
//! learner, and written again as it is now.
//!
//! Everything is written beside what was there, and made durable, before the manifest is replaced. Until then the store is
//! the old one, whole; from then on it is the new one, and what is left to do is done by the next run of the learner.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::baseline::{
    Baseline, Beginnings, CalibrationLog, DriftReport, EarlierGroupState, Generation, Group, Peaks,
    SignedIn, Trails, Tuning,
};
use crate::error::{Error, Result};
use crate::measure::{Coverage, DayAggregate, DayFacts, Findings, Subject, Unnamed};
use crate::store::durable::sync_folder;
use crate::store::ledger::{EarlierEntry, Ledger, LedgerDatabase, of_sled, open_sled};
use crate::store::manifest::{DayEntry, GENERATIONS_KEPT, MIGRATED, Manifest, schema_of};
use crate::store::published::{DayHead, Head};
use crate::store::{Store, fault, names};
use crate::time::Day;
use crate::vocab::Entity;

/// The first byte of a value.
const VALUE_VERSION: u8 = 3;
/// Key of the closing count of a table.
const COUNT: &[u8] = b"count";
const VALUE_BYTES_MAX: usize = 1 << 30;

struct OldTable<T>(&'static str, PhantomData<fn() -> T>);

impl<T> OldTable<T> {
    const fn new(name: &'static str) -> Self {
        Self(name, PhantomData)
    }
}

const BASELINES: OldTable<(Entity, Baseline)> = OldTable::new("baselines");
const GROUPS: OldTable<(Group, EarlierGroupState)> = OldTable::new("groups");
const SUPPORT: OldTable<(u64, u32)> = OldTable::new("support");
const MOVEMENT: OldTable<DriftReport> = OldTable::new("movement");
const CALIBRATION: OldTable<CalibrationLog> = OldTable::new("calibration");
const LEDGER: OldTable<(u128, EarlierEntry)> = OldTable::new("ledger");
const HEAD: OldTable<Head> = OldTable::new("head");
const COVERAGE_BY_DAY: OldTable<(Day, Arc<Coverage>)> = OldTable::new("coverage_by_day");
const DAY_HEAD: OldTable<DayHead> = OldTable::new("day_head");
const SUBJECTS: OldTable<(Subject, DayFacts)> = OldTable::new("subjects");
const UNNAMED: OldTable<(u64, BTreeMap<Subject, DayFacts>)> = OldTable::new("unnamed");
const COVERAGE: OldTable<Coverage> = OldTable::new("coverage");
const UNNAMED_COVERAGE: OldTable<(u64, Coverage)> = OldTable::new("unnamed_coverage");
const TOLD_BY_TRAIL: OldTable<u64> = OldTable::new("told_by_trail");
const FINGERPRINTS: OldTable<u64> = OldTable::new("fingerprints");

#[derive(Deserialize)]
struct OldDay {
    day: Day,
    directory: String,
    events: u64,
    scored_events: Option<u64>,
    #[serde(default)]
    measured_by: BTreeSet<String>,
}

#[derive(Deserialize)]
struct OldManifest {
    generation: u64,
    directory: String,
    days: Vec<OldDay>,
    #[serde(default, alias = "unlearnt")]
    exclusions: BTreeSet<String>,
}

impl OldManifest {
    /// Reads a manifest of the version before; `None` if there is none, or it is of this version.
    fn read(path: &Path) -> Result<Option<Self>> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(fault::read(path, e)),
        };
        if schema_of(&text).map_err(|e| fault::damaged(path, e))? != MIGRATED {
            return Ok(None);
        }
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|e| fault::damaged(path, e))
    }

    /// Returns the manifest that names the same data in the files of this version.
    fn migrated(self, store: &Store) -> Manifest {
        let day = |old: OldDay| DayEntry {
            day: old.day,
            file: store.file_of_folder(&old.directory),
            events: old.events,
            scored_events: old.scored_events,
            measured_by: old.measured_by,
        };
        let days = self.days.into_iter().map(day).collect();
        let file = store.file_of_folder(&self.directory);
        let mut manifest = Manifest::new(self.generation, file, days);
        manifest.exclusions = self.exclusions;
        manifest
    }
}

/// Writes a store of the version before as one of this version. Does nothing with a store that is one.
pub(super) fn migrate(store: &Store, ledger: &LedgerDatabase) -> Result<()> {
    let in_force = store.root().join(names::MANIFEST);
    if let Some(old) = OldManifest::read(&in_force)? {
        let mut done = BTreeSet::new();
        for number in old.generation.saturating_sub(GENERATIONS_KEPT)..old.generation {
            let name = names::numbered_manifest(number);
            if let Some(kept) = OldManifest::read(&store.root().join(&name))? {
                write_anew(store, &kept, &mut done).map_err(|e| {
                    e.hint(format!(
                        "it belongs to an earlier generation: remove `{name}` to go on without that one"
                    ))
                })?;
            }
        }
        let learnt = write_anew(store, &old, &mut done)?;
        let before = old.generation.saturating_sub(1);
        ledger.stage(&learnt, (before, before))?;
        let root = store.root();
        sync_folder(root).map_err(|e| fault::write(root, e))?;
        old.migrated(store).write_in_force(root)?;
    }
    let Some(newest) = store.manifest()? else {
        return Ok(());
    };
    for number in newest.generation.saturating_sub(GENERATIONS_KEPT)..=newest.generation {
        let path = store.root().join(names::numbered_manifest(number));
        if let Some(kept) = OldManifest::read(&path)? {
            kept.migrated(store).write_numbered(store.root())?;
        }
    }
    Ok(())
}

/// Writes a generation and its days, except those that are done; returns its ledger.
fn write_anew(store: &Store, old: &OldManifest, done: &mut BTreeSet<String>) -> Result<Ledger> {
    for entry in &old.days {
        if done.insert(entry.directory.clone()) {
            let writer = names::generation_of_folder(&entry.directory).unwrap_or_default();
            store.stage_day(&read_day(store, entry)?, writer)?;
        }
    }
    let db = OldDatabase::open(store.root().join(&old.directory))?;
    let (generation, log) = read_generation(&db)?;
    store.stage_generation(&generation, &log)?;
    let ledger = db.read(&LEDGER)?.into_iter();
    Ok(ledger.map(|(hash, entry)| (hash, entry.into())).collect())
}

fn read_day(store: &Store, entry: &OldDay) -> Result<DayAggregate> {
    let db = OldDatabase::open(store.root().join(&entry.directory))?;
    let head = db.read_one(&DAY_HEAD)?;
    let unnamed = db.read(&UNNAMED)?.into_iter();
    let mut day = DayAggregate::new(entry.day);
    day.links = head.links;
    day.accounts = head.accounts;
    day.created = head.created;
    day.issued = head.issued;
    day.recorded_by_trail = db.read_numbers(&TOLD_BY_TRAIL)?.into_iter().collect();
    day.fingerprints = db.read_numbers(&FINGERPRINTS)?.into_iter().collect();
    day.unnamed = Unnamed {
        records: unnamed.map(|(id, held)| (id, Some(held))).collect(),
        coverage: db.read(&UNNAMED_COVERAGE)?.into_iter().collect(),
    };
    day.coverage = db.read_one(&COVERAGE)?;
    day.last = head.last;
    let subjects = db.read(&SUBJECTS)?.into_iter();
    let boxed = subjects.map(|(subject, facts)| (subject, Box::new(facts)));
    Ok(day.with_subjects(boxed.collect()))
}

fn read_generation(db: &OldDatabase) -> Result<(Generation, CalibrationLog)> {
    let head = db.read_one(&HEAD)?;
    let log = db.read_one(&CALIBRATION)?;
    let groups = db.read(&GROUPS)?.into_iter();
    let generation = Generation {
        sweeps: BTreeMap::new(),
        findings: Findings::default(),
        number: head.number,
        as_of: head.as_of,
        first_day: head.first_day,
        baselines: db.read(&BASELINES)?.into_iter().collect(),
        groups: groups.map(|(group, state)| (group, state.into())).collect(),
        support: db.read(&SUPPORT)?.into_iter().collect(),
        own_accounts: head.own_accounts,
        links: head.links,
        created: head.created,
        namesakes: head.namesakes.into_iter().collect(),
        issued: head.issued,
        signed_in: SignedIn::default(),
        peaks: Peaks::default(),
        seen: head.seen,
        beginnings: Beginnings::default(),
        trails: Trails::default(),
        coverage: db.read(&COVERAGE_BY_DAY)?,
        drift_report: db.read_one(&MOVEMENT)?,
        calibration: log.freeze(),
        few: Some(Vec::new()),
        tuning: Tuning::default(),
    };
    Ok((generation, log))
}

/// A sled database that was written once: rows in key order, many rows to a value, with a closing count.
struct OldDatabase {
    db: sled::Db,
    path: PathBuf,
}

impl OldDatabase {
    fn open(path: PathBuf) -> Result<Self> {
        if !path.is_dir() {
            return Err(fault::damaged(&path, "it is missing"));
        }
        let db = open_sled(&path)?;
        Ok(Self { db, path })
    }

    fn read<T: DeserializeOwned>(&self, table: &OldTable<T>) -> Result<Vec<T>> {
        let rows: Vec<T> = self.values(table.0)?.into_iter().flatten().collect();
        self.check_count(table.0, rows.len())?;
        Ok(rows)
    }

    fn read_one<T: DeserializeOwned>(&self, table: &OldTable<T>) -> Result<T> {
        let mut rows = self.read(table)?;
        match (rows.pop(), rows.is_empty()) {
            (Some(row), true) => Ok(row),
            _ => Err(self.damaged(format!("table `{}` should have one row", table.0))),
        }
    }

    /// Reads numbers that were written as their differences.
    fn read_numbers(&self, table: &OldTable<u64>) -> Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for differences in self.values::<u64>(table.0)? {
            let mut last = 0u64;
            numbers.extend(differences.into_iter().map(|difference| {
                last = last.wrapping_add(difference);
                last
            }));
        }
        self.check_count(table.0, numbers.len())?;
        Ok(numbers)
    }

    fn values<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<Vec<T>>> {
        let mut values = Vec::new();
        let tree = self.tree(name)?;
        for entry in tree.iter() {
            let (key, value) = entry.map_err(|e| of_sled(&self.path, e))?;
            if &*key == COUNT {
                continue;
            }
            let Some((&[VALUE_VERSION, a, b, c, d], packed)) = value.split_first_chunk::<5>()
            else {
                return Err(self.damaged(format!("table `{name}` has a value of no known version")));
            };
            let size = u32::from_be_bytes([a, b, c, d]) as usize;
            let plain = zstd::bulk::decompress(packed, size.min(VALUE_BYTES_MAX))
                .map_err(|e| self.damaged(e))?;
            values.push(postcard::from_bytes(&plain).map_err(|e| self.damaged(e))?);
        }
        Ok(values)
    }

    fn check_count(&self, name: &str, found: usize) -> Result<()> {
        let stored = self.tree(name)?.get(COUNT);
        let stored = stored.map_err(|e| of_sled(&self.path, e))?;
        let stored = stored.as_deref().and_then(|bytes| bytes.try_into().ok());
        match stored.map(u64::from_be_bytes) {
            Some(rows) if rows == found as u64 => Ok(()),
            _ => Err(self.damaged(format!("table `{name}` does not have all its rows"))),
        }
    }

    fn tree(&self, name: &str) -> Result<sled::Tree> {
        self.db.open_tree(name).map_err(|e| of_sled(&self.path, e))
    }

    fn damaged(&self, cause: impl std::fmt::Display) -> Error {
        fault::damaged(&self.path, cause)
    }
}
