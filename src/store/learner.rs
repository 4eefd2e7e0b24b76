//! What the learner does with a store: it begins with what the last one left, and ends with publishing.

use std::collections::BTreeSet;
use std::fs;

use crate::error::Result;
use crate::store::durable::sync_folder;
use crate::store::ledger::{Ledger, LedgerDatabase};
use crate::store::lock::Lock;
use crate::store::manifest::{GENERATIONS_KEPT, Manifest};
use crate::store::migrate::migrate;
use crate::store::{Store, fault, names};

/// The learner at work: it has its database open.
pub struct Learner {
    database: LedgerDatabase,
}

impl Learner {
    /// Reads which files were learnt, as of a generation.
    ///
    /// # Errors
    ///
    /// Fails if the database cannot be read.
    pub fn ledger(&self, generation: u64) -> Result<Ledger> {
        self.database.as_of(generation)
    }

    /// Writes, durably, which files the next generation has learnt. It counts once that generation is published.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn stage_ledger(&self, ledger: &Ledger, published: u64) -> Result<()> {
        let oldest = published.saturating_sub(GENERATIONS_KEPT);
        self.database.stage(ledger, (published, oldest))
    }
}

impl Store {
    /// Begins to learn: completes or removes what a run that did not finish left, and migrates a store of the version before.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read or written, or is of another version. It is then as it was.
    pub fn begin_learning(&self, lock: &Lock) -> Result<Learner> {
        if !Manifest::is_to_migrate(self.root())? {
            // A store that cannot be read is not touched.
            self.manifest()?;
        }
        let database = LedgerDatabase::open(self.root())?;
        migrate(self, &database)?;
        self.sweep_unfinished(lock)?;
        Ok(Learner { database })
    }

    /// Puts a generation and its days in force at once, and removes what is no longer needed.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails. The earlier generation is then still in force, unless only the copy or the cleaning failed:
    /// the next run repeats these.
    pub fn publish(&self, manifest: &Manifest, _lock: &Lock) -> Result<()> {
        let root = self.root();
        // The names of all files must be durable before one that names them.
        sync_folder(root).map_err(|e| fault::write(root, e))?;
        manifest.write_in_force(root)?;
        manifest.write_numbered(root)?;
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
                manifest.complete(self.root())?;
                self.sweep(&manifest)
            }
            None => self.remove_unless(|_| false),
        }
    }

    fn sweep(&self, manifest: &Manifest) -> Result<()> {
        let mut keep: BTreeSet<String> = manifest.files().collect();
        for number in manifest.generation.saturating_sub(GENERATIONS_KEPT)..manifest.generation {
            if let Some(older) = Manifest::read_numbered(&self.root, number)? {
                keep.extend(older.files());
                keep.insert(names::numbered_manifest(number));
            }
        }
        keep.insert(names::numbered_manifest(manifest.generation));
        self.remove_unless(|name| keep.contains(name))
    }

    /// Removes everything that trainings write except what is kept. Files with other names do not belong to the store and
    /// stay.
    fn remove_unless(&self, keep: impl Fn(&str) -> bool) -> Result<()> {
        let root = self.root();
        for entry in fs::read_dir(root).map_err(|e| fault::read(root, e))? {
            let entry = entry.map_err(|e| fault::read(root, e))?;
            let (name, path) = (entry.file_name(), entry.path());
            let Some(name) = name.to_str() else { continue };
            if keep(name) {
                continue;
            }
            let file_type = entry.file_type().map_err(|e| fault::read(&path, e))?;
            if file_type.is_dir() && names::is_trained_folder(name) {
                fs::remove_dir_all(&path).map_err(|e| fault::write(&path, e))?;
            } else if file_type.is_file() && names::is_trained_file(name) {
                fs::remove_file(&path).map_err(|e| fault::write(&path, e))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::lock::Role;

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
            "day-2026-03-01-00001.plimsoll",
            "day-2026-03-01-000003.plimsoll/",
            "generation-000001.plimsoll.old",
            "state-2026-03-01-000001/",
            "state-of-affairs.plimsoll",
        ];
        let swept = [
            "day-2026-03-01-000001/",
            "day-2026-03-01-1000000.unfinished/",
            "generation-000001/",
            "generation-000002.unfinished/",
            "manifest-000002.json.unfinished",
            "day-2026-03-01-000001.plimsoll",
            "day-2026-03-01-1000000.plimsoll.unfinished",
            "generation-000001.plimsoll",
            "state-2026-03-01-000001.plimsoll",
            "state-2026-03-01-000002.plimsoll.unfinished",
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
