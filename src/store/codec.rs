//! Tables in a sled database: rows in key order, many rows to a value, with a closing count.
//!
//! A value begins with the codec's version and holds up to [`ROWS_PER_VALUE`] rows, in postcard, compressed. Packing makes
//! sled fast: with one value per row, loading takes four times as long.

use std::marker::PhantomData;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

const VERSION: u8 = 3;
const ROWS_PER_VALUE: usize = 64;
const NUMBERS_PER_VALUE: usize = 8_192;
const COMPRESSION_LEVEL: i32 = 1;
/// The most bytes of an unpacked value; more is damage.
const VALUE_BYTES_MAX: usize = 1 << 30;
/// Key of the closing count.
const COUNT: &[u8] = b"count";
/// sled's page cache: everything is read once, in order.
const CACHE_BYTES: u64 = 64 << 20;
/// How often a lock that another reader holds is tried again, and the pause between two attempts.
const OPEN_ATTEMPTS: u32 = 200;
const OPEN_PAUSE: Duration = Duration::from_millis(50);

/// The name of a table and the type of its rows.
pub struct Table<T> {
    name: &'static str,
    rows: PhantomData<fn() -> T>,
}

impl<T> Table<T> {
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            rows: PhantomData,
        }
    }
}

/// One sled database, written once.
pub struct Database {
    db: sled::Db,
    path: String,
}

impl Database {
    /// Creates an empty database.
    pub fn create(path: &Path) -> Result<Self> {
        Self::with(path, true)
    }

    /// Opens a database; waits for a short time if another process is reading it.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.is_dir() {
            return Err(damaged(
                &path.display().to_string(),
                "the directory is missing",
            ));
        }
        Self::with(path, false)
    }

    fn with(path: &Path, create: bool) -> Result<Self> {
        let shown = path.display().to_string();
        let config = sled::Config::new()
            .path(path)
            .create_new(create)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(None);
        let mut is_swept = false;
        for attempt in 1.. {
            match config.open() {
                Ok(db) => return Ok(Self { db, path: shown }),
                Err(sled::Error::Corruption { .. }) if !is_swept && sweep_snapshots(path) => {
                    is_swept = true;
                }
                Err(e) if is_locked(&e) && attempt < OPEN_ATTEMPTS => {
                    std::thread::sleep(OPEN_PAUSE)
                }
                Err(e) if is_locked(&e) => {
                    return Err(
                        Error::failed(format!("`{shown}` is in use by another plimsoll"))
                            .hint("wait until it is done, or give another store with `--store`"),
                    );
                }
                Err(e) => return Err(damaged(&shown, e)),
            }
        }
        unreachable!("the loop ends by returning")
    }

    /// Writes all rows of a table, in the order given.
    pub fn write<T, R: Serialize>(
        &self,
        table: &Table<T>,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<()> {
        let mut packed = Vec::with_capacity(ROWS_PER_VALUE);
        let (mut n_rows, mut n_values) = (0u64, 0u32);
        let tree = self.tree(table.name)?;
        for row in rows {
            packed.push(row);
            n_rows += 1;
            if packed.len() == ROWS_PER_VALUE {
                self.insert(&tree, &mut n_values, &packed)?;
                packed.clear();
            }
        }
        if !packed.is_empty() {
            self.insert(&tree, &mut n_values, &packed)?;
        }
        self.put(&tree, COUNT, &n_rows.to_be_bytes())
    }

    /// Writes numbers in ascending order as their differences.
    pub fn write_sorted_numbers(&self, table: &Table<u64>, numbers: &[u64]) -> Result<()> {
        let tree = self.tree(table.name)?;
        let mut n_values = 0;
        for chunk in numbers.chunks(NUMBERS_PER_VALUE) {
            let mut last = 0;
            let differences: Vec<u64> = chunk
                .iter()
                .map(|&n| {
                    let difference = n.wrapping_sub(last);
                    last = n;
                    difference
                })
                .collect();
            self.insert(&tree, &mut n_values, &differences)?;
        }
        self.put(&tree, COUNT, &(numbers.len() as u64).to_be_bytes())
    }

    fn insert(&self, tree: &sled::Tree, number: &mut u32, rows: &impl Serialize) -> Result<()> {
        let plain = postcard::to_stdvec(rows).map_err(|e| self.cannot_write(e))?;
        let mut value = vec![VERSION];
        value.extend((plain.len() as u32).to_be_bytes());
        value.extend(
            zstd::bulk::compress(&plain, COMPRESSION_LEVEL).map_err(|e| self.cannot_write(e))?,
        );
        self.put(tree, &number.to_be_bytes(), &value)?;
        *number += 1;
        Ok(())
    }

    /// Reads all rows of a table.
    pub fn read<T: DeserializeOwned>(&self, table: &Table<T>) -> Result<Vec<T>> {
        let rows: Vec<T> = self.values(table.name)?.into_iter().flatten().collect();
        self.check_count(table.name, rows.len())?;
        Ok(rows)
    }

    /// Reads the only row of a table.
    pub fn read_one<T: DeserializeOwned>(&self, table: &Table<T>) -> Result<T> {
        let mut rows = self.read(table)?;
        match (rows.pop(), rows.is_empty()) {
            (Some(row), true) => Ok(row),
            _ => Err(damaged(
                &self.path,
                format!("table `{}` should have one row", table.name),
            )),
        }
    }

    /// Reads what [`Self::write_sorted_numbers`] wrote.
    pub fn read_sorted_numbers(&self, table: &Table<u64>) -> Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for differences in self.values::<u64>(table.name)? {
            let mut last = 0u64;
            numbers.extend(differences.into_iter().map(|difference| {
                last = last.wrapping_add(difference);
                last
            }));
        }
        self.check_count(table.name, numbers.len())?;
        Ok(numbers)
    }

    fn values<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<Vec<T>>> {
        let mut values = Vec::new();
        for entry in self.tree(name)?.iter() {
            let (key, value) = entry.map_err(|e| damaged(&self.path, e))?;
            if &*key == COUNT {
                continue;
            }
            let (size, compressed) = match value.split_first_chunk::<5>() {
                Some((&[VERSION, a, b, c, d], rest)) => {
                    (u32::from_be_bytes([a, b, c, d]) as usize, rest)
                }
                _ => {
                    return Err(damaged(
                        &self.path,
                        format!("table `{name}` has a value of an unknown version"),
                    ));
                }
            };
            let plain = zstd::bulk::decompress(compressed, size.min(VALUE_BYTES_MAX))
                .map_err(|e| damaged(&self.path, e))?;
            values.push(postcard::from_bytes(&plain).map_err(|e| damaged(&self.path, e))?);
        }
        Ok(values)
    }

    fn check_count(&self, name: &str, found: usize) -> Result<()> {
        let stored = self
            .tree(name)?
            .get(COUNT)
            .map_err(|e| damaged(&self.path, e))?;
        match stored
            .as_deref()
            .and_then(|b| b.try_into().ok())
            .map(u64::from_be_bytes)
        {
            Some(expected) if expected == found as u64 => Ok(()),
            Some(expected) => Err(damaged(
                &self.path,
                format!("table `{name}` has {found} rows of {expected}"),
            )),
            None => Err(damaged(
                &self.path,
                format!("table `{name}` was not finished"),
            )),
        }
    }

    /// Makes all writes durable.
    pub fn finish(self) -> Result<()> {
        self.db
            .flush()
            .map(|_| ())
            .map_err(|e| self.cannot_write(e))
    }

    fn tree(&self, name: &str) -> Result<sled::Tree> {
        self.db.open_tree(name).map_err(|e| damaged(&self.path, e))
    }

    fn put(&self, tree: &sled::Tree, key: &[u8], value: &[u8]) -> Result<()> {
        tree.insert(key, value)
            .map(|_| ())
            .map_err(|e| self.cannot_write(e))
    }

    fn cannot_write(&self, e: impl std::fmt::Display) -> Error {
        Error::failed(format!("cannot write `{}`", self.path)).cause(e)
    }
}

/// Removes incomplete snapshots; returns whether there were any.
///
/// sled writes a snapshot of its index whenever it opens a database, first under a temporary name. If a process was killed
/// during that, sled (0.34.7) takes the remains for the newest snapshot, and then for damage. The log itself, from which
/// snapshots are made, is complete.
fn sweep_snapshots(path: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(path) else {
        return false;
    };
    let unfinished = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| {
            let name = file.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with("snap.") && name.ends_with(".generating"))
        });
    unfinished
        .filter(|file| std::fs::remove_file(file).is_ok())
        .count()
        > 0
}

fn is_locked(error: &sled::Error) -> bool {
    // sled reports a held lock as an I/O error of another kind, with the real one inside its text.
    matches!(error, sled::Error::Io(e) if e.to_string().contains("could not acquire lock"))
}

fn damaged(path: &str, cause: impl std::fmt::Display) -> Error {
    Error::failed(format!("`{path}` is damaged or incomplete"))
        .cause(cause)
        .hint("train into a new store: the logs have everything that it needs")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_was_killed_does_not_damage_what_it_read() {
        const NAMES: Table<String> = Table::new("names");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("day");
        let names = ["ana".to_owned(), "bo".to_owned()];
        let db = Database::create(&path).unwrap();
        db.write(&NAMES, &names).unwrap();
        db.finish().unwrap();
        for half in ["", "half a snapshot"] {
            let unfinished = path.join("snap.7FFFFFFFFFFFFFFF.generating");
            std::fs::write(&unfinished, half).unwrap();
            let db = Database::open(&path).unwrap();
            assert_eq!(db.read(&NAMES).unwrap(), names);
            drop(db);
            assert!(!unfinished.exists());
        }
        std::fs::write(path.join("snap.7FFFFFFFFFFFFFFF"), "damage").unwrap();
        assert!(Database::open(&path).is_err());
    }
}
