//! The learner's own store: one sled database, which only the holder of the learner's lock opens. It has the ledger of files
//! that were learnt, as of each generation that is kept.
//!
//! A row is never changed but for the generation that forgot it. So what a run that did not finish wrote belongs to a
//! generation that the manifest does not name, and does not count; and the ledger of an earlier generation is still there.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sled::Transactional as _;
use sled::transaction::{ConflictableTransactionError, TransactionError};

use crate::error::{Error, Result};
use crate::store::durable::{create_folder, sync_folder};
use crate::store::fault;
use crate::store::names;
use crate::time::Day;

const TREE: &str = "ledger";
/// Key of the version, which is read before anything else.
const VERSION_KEY: &[u8] = b"version";
/// Changes when the meaning of the rows changes.
const VERSION: u32 = 2;
/// The version before, whose rows say nothing of how a file was read: each was read without a reject.
const WITHOUT_READING: u32 = 1;
const CACHE_BYTES: u64 = 64 << 20;
/// A thread of sled may hold the lock of a database for a moment after it was closed in the same process.
const OPEN_ATTEMPTS: u32 = 500;
const OPEN_PAUSE: Duration = Duration::from_millis(10);

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
    /// The last day of the store when it was learnt; the file has none after it.
    pub last_day: Option<Day>,
    /// Under what it was read, if another reading may make more of it, since it has records that were rejected; `None` if
    /// every record of it was learnt.
    pub incomplete: Option<String>,
}

/// Files that were already learnt, by the hash of their content.
pub type Ledger = BTreeMap<u128, LedgerEntry>;

/// A row of the ledger. Its key is the hash, then the generation.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    entry: LedgerEntry,
    /// The generation from which on it no longer counts.
    forgotten: Option<u64>,
}

impl Row {
    fn counts_as_of(&self, generation: u64) -> bool {
        self.entry.generation <= generation && self.forgotten.is_none_or(|by| by > generation)
    }
}

/// A row of the version before.
#[derive(Debug, Serialize, Deserialize)]
struct EarlierRow {
    entry: EarlierEntry,
    forgotten: Option<u64>,
}

/// An entry of the version before.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EarlierEntry {
    name: String,
    generation: u64,
    bytes: u64,
    events: u64,
    last_day: Option<Day>,
}

impl From<EarlierEntry> for LedgerEntry {
    fn from(earlier: EarlierEntry) -> Self {
        Self {
            name: earlier.name,
            generation: earlier.generation,
            bytes: earlier.bytes,
            events: earlier.events,
            last_day: earlier.last_day,
            incomplete: None,
        }
    }
}

/// The learner's database.
pub(super) struct LedgerDatabase {
    db: sled::Db,
    tree: sled::Tree,
    path: PathBuf,
}

impl LedgerDatabase {
    /// Opens the database, or creates it.
    pub fn open(root: &Path) -> Result<Self> {
        let path = root.join(names::LEARNER);
        create_folder(&path).map_err(|e| fault::write(&path, e))?;
        let db = open_sled(&path)?;
        let tree = db.open_tree(TREE).map_err(|e| of_sled(&path, e))?;
        let version = db.get(VERSION_KEY).map_err(|e| of_sled(&path, e))?;
        match version.map(|bytes| bytes.as_ref().try_into().map(u32::from_be_bytes)) {
            Some(Ok(VERSION)) => {}
            Some(Ok(WITHOUT_READING)) => migrate(&db, &tree, &path)?,
            Some(Ok(newer)) if newer > VERSION => return Err(fault::newer(&path, newer, VERSION)),
            None if tree.is_empty() => {
                let version = VERSION.to_be_bytes();
                db.insert(VERSION_KEY, &version)
                    .map_err(|e| of_sled(&path, e))?;
            }
            _ => return Err(damaged(&path, "it has no version")),
        }
        Ok(Self { db, tree, path })
    }

    /// Reads the ledger as of a generation.
    pub fn as_of(&self, generation: u64) -> Result<Ledger> {
        let mut ledger = Ledger::new();
        for row in self.rows() {
            let (key, row) = row?;
            if row.counts_as_of(generation) {
                ledger.insert(hash_in(&key), row.entry);
            }
        }
        Ok(ledger)
    }

    /// Writes the ledger of the next generation, durably. `published` is the generation in force, and `oldest` the oldest that
    /// is kept.
    pub fn stage(&self, ledger: &Ledger, (published, oldest): (u64, u64)) -> Result<()> {
        let next = published + 1;
        let mut batch = sled::Batch::default();
        let mut missing: BTreeMap<&u128, &LedgerEntry> = ledger.iter().collect();
        for row in self.rows() {
            let (key, row) = row?;
            let hash = hash_in(&key);
            let is_needed = row.forgotten.is_none_or(|by| by > oldest);
            if row.entry.generation > published || !is_needed {
                batch.remove(key);
                continue;
            }
            let forgotten = match ledger.get(&hash) {
                _ if !row.counts_as_of(published) => row.forgotten,
                Some(entry) if *entry == row.entry => {
                    missing.remove(&hash);
                    None
                }
                _ => Some(next),
            };
            if forgotten != row.forgotten {
                self.put(&mut batch, hash, &Row { forgotten, ..row })?;
            }
        }
        for (hash, entry) in missing {
            let row = Row {
                entry: entry.clone(),
                forgotten: None,
            };
            self.put(&mut batch, *hash, &row)?;
        }
        self.tree
            .apply_batch(batch)
            .and_then(|()| self.db.flush().map(|_| ()))
            .map_err(|e| of_sled(&self.path, e))?;
        sync_folder(&self.path).map_err(|e| fault::write(&self.path, e))
    }

    fn put(&self, batch: &mut sled::Batch, hash: u128, row: &Row) -> Result<()> {
        let mut key = hash.to_be_bytes().to_vec();
        key.extend(row.entry.generation.to_be_bytes());
        let value = postcard::to_stdvec(row).map_err(|e| {
            Error::failed(format!("cannot write `{}`", self.path.display())).cause(e)
        })?;
        batch.insert(key, value);
        Ok(())
    }

    fn rows(&self) -> impl Iterator<Item = Result<(sled::IVec, Row)>> + '_ {
        self.tree.iter().map(|found| {
            let (key, value) = found.map_err(|e| of_sled(&self.path, e))?;
            let row = postcard::from_bytes(&value).map_err(|e| damaged(&self.path, e))?;
            Ok((key, row))
        })
    }
}

/// Rewrites the rows of the version before, all or none.
fn migrate(db: &sled::Db, tree: &sled::Tree, path: &Path) -> Result<()> {
    let mut rows = Vec::new();
    for found in tree {
        let (key, value) = found.map_err(|e| of_sled(path, e))?;
        let row: EarlierRow = postcard::from_bytes(&value).map_err(|e| damaged(path, e))?;
        let row = Row {
            entry: row.entry.into(),
            forgotten: row.forgotten,
        };
        let value = postcard::to_stdvec(&row).map_err(|e| damaged(path, e))?;
        rows.push((key, value));
    }
    let written = (&**db, tree).transaction(|(db, tree)| {
        for (key, value) in &rows {
            tree.insert(key, value.as_slice())?;
        }
        db.insert(VERSION_KEY, &VERSION.to_be_bytes())?;
        Ok::<(), ConflictableTransactionError<Infallible>>(())
    });
    match written {
        Ok(()) => db.flush().map(|_| ()).map_err(|e| of_sled(path, e)),
        Err(TransactionError::Storage(e)) => Err(of_sled(path, e)),
        Err(TransactionError::Abort(never)) => match never {},
    }
}

fn hash_in(key: &[u8]) -> u128 {
    let hash = key.first_chunk::<16>().copied().unwrap_or_default();
    u128::from_be_bytes(hash)
}

/// Opens a sled database that nobody else may have open.
///
/// sled writes a snapshot of its index whenever it opens a database, first under a temporary name. If a process was killed
/// during that, sled (0.34.7) takes the remains for the newest snapshot, and then for damage. The log itself, from which
/// snapshots are made, is complete. So the remains are removed first.
pub(super) fn open_sled(path: &Path) -> Result<sled::Db> {
    let entries = fs::read_dir(path).map_err(|e| fault::read(path, e))?;
    for file in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = file.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.starts_with("snap.") && name.ends_with(".generating")) {
            fs::remove_file(&file).map_err(|e| fault::write(&file, e))?;
        }
    }
    let config = sled::Config::new()
        .path(path)
        .cache_capacity(CACHE_BYTES)
        .flush_every_ms(None);
    for _ in 1..OPEN_ATTEMPTS {
        match config.open() {
            Err(e) if is_locked(&e) => std::thread::sleep(OPEN_PAUSE),
            other => return other.map_err(|e| of_sled(path, e)),
        }
    }
    config.open().map_err(|e| of_sled(path, e))
}

/// Returns what an error of sled means.
pub(super) fn of_sled(path: &Path, error: sled::Error) -> Error {
    match error {
        _ if is_locked(&error) => fault::in_use(path),
        sled::Error::Io(e) => fault::write(path, e),
        sled::Error::Corruption { .. } => damaged(path, error),
        _ => Error::failed(format!("cannot use `{}`", path.display())).cause(error),
    }
}

fn is_locked(error: &sled::Error) -> bool {
    // sled reports a held lock as an I/O error of another kind, with the real one inside its text.
    matches!(error, sled::Error::Io(e) if e.to_string().contains("could not acquire lock"))
}

fn damaged(path: &Path, cause: impl std::fmt::Display) -> Error {
    fault::damaged_but(
        path,
        cause,
        "remove it: it only notes which files were learnt. The next training reads them all again, and recognises what it knows",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn ledger(of: &[(u128, u64)]) -> Ledger {
        let entry = |generation| LedgerEntry {
            name: format!("file of {generation}"),
            generation,
            bytes: 7,
            events: 3,
            last_day: Some(Day(20_528)),
            incomplete: (generation > 4).then(|| "3".to_owned()),
        };
        of.iter().map(|&(hash, by)| (hash, entry(by))).collect()
    }

    #[test]
    fn the_ledger_of_each_kept_generation_outlives_runs_that_do_not_finish() {
        let folder = tempfile::tempdir().unwrap();
        let stage = |ledger: &Ledger, published: u64, oldest: u64| {
            let db = LedgerDatabase::open(folder.path()).unwrap();
            db.stage(ledger, (published, oldest)).unwrap();
        };
        let as_of = |generation| {
            let db = LedgerDatabase::open(folder.path()).unwrap();
            db.as_of(generation).unwrap()
        };
        let first = ledger(&[(1, 1), (2, 1)]);
        let second = ledger(&[(2, 1), (3, 2)]);
        stage(&first, 0, 0);
        assert_eq!((as_of(0), as_of(1)), (Ledger::new(), first.clone()));
        // The second generation is written, but never published; then another one is.
        stage(&ledger(&[(9, 2)]), 1, 0);
        assert_eq!(as_of(1), first);
        stage(&second, 1, 0);
        assert_eq!((as_of(1), as_of(2)), (first.clone(), second.clone()));
        // A file is learnt again after it was forgotten.
        let third = ledger(&[(1, 3), (2, 1), (3, 2)]);
        stage(&third, 2, 0);
        assert_eq!(
            (as_of(1), as_of(2), as_of(3)),
            (first, second, third.clone())
        );
        // What no kept generation needs is removed.
        let fourth = ledger(&[(1, 3)]);
        stage(&fourth, 3, 0);
        stage(&fourth, 4, 4);
        assert_eq!((as_of(4), as_of(5)), (fourth.clone(), fourth));
        let db = LedgerDatabase::open(folder.path()).unwrap();
        assert_eq!(db.tree.len(), 1);
    }

    #[test]
    fn the_stored_form_of_the_ledger_is_as_it_was() {
        let entry = ledger(&[(1, 5)]).remove(&1).unwrap();
        let row = Row {
            entry,
            forgotten: Some(9),
        };
        assert_eq!(
            postcard::to_stdvec(&row).unwrap(),
            b"\x09file of 5\x05\x07\x03\x01\xe0\xc0\x02\x01\x013\x01\x09",
            "the stored form of the ledger changed: raise its version, write a migration, renew the golden bytes"
        );
    }

    #[test]
    fn the_version_before_is_rewritten_by_the_first_that_opens_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(names::LEARNER);
        fs::create_dir(&path).unwrap();
        {
            let db = open_sled(&path).unwrap();
            db.insert(VERSION_KEY, &WITHOUT_READING.to_be_bytes())
                .unwrap();
            let mut key = 1u128.to_be_bytes().to_vec();
            key.extend(5u64.to_be_bytes());
            let row = b"\x09file of 5\x05\x07\x03\x01\xe0\xc0\x02\x00";
            db.open_tree(TREE).unwrap().insert(key, row).unwrap();
            db.flush().unwrap();
        }
        let mut expected = ledger(&[(1, 5)]);
        expected.get_mut(&1).unwrap().incomplete = None;
        for _ in 0..2 {
            let db = LedgerDatabase::open(folder.path()).unwrap();
            assert_eq!(db.as_of(5).unwrap(), expected);
        }
    }

    #[test]
    fn a_process_that_was_killed_while_it_opened_the_database_does_not_damage_it() {
        let folder = tempfile::tempdir().unwrap();
        let files = ledger(&[(1, 1)]);
        let open = || LedgerDatabase::open(folder.path());
        open().unwrap().stage(&files, (0, 0)).unwrap();
        let path = folder.path().join(names::LEARNER);
        for half in ["", "half a snapshot"] {
            let unfinished = path.join("snap.7FFFFFFFFFFFFFFF.generating");
            std::fs::write(&unfinished, half).unwrap();
            assert_eq!(open().unwrap().as_of(1).unwrap(), files);
            assert!(!unfinished.exists());
        }
        std::fs::write(path.join("snap.7FFFFFFFFFFFFFFF"), "damage").unwrap();
        let told = open().err().unwrap().to_string();
        assert!(
            told.contains("is damaged") && told.contains("remove it"),
            "{told}"
        );
    }
}
