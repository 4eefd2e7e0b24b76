//! The progress of following, as stored between runs.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::baseline::OPEN_DAYS;
use crate::engine::follow::earlier::{EARLIER, EarlierCheckpoint};
use crate::engine::follow::growing::Position;
use crate::engine::follow::trails::Trails;
use crate::error::{Error, Result};
use crate::store::{CHECKPOINT, fault, replace};
use crate::time::Day;

/// How long, in days of event time, the position of a missing file is kept: as long as late events are judged.
const MISSING_DAYS: i32 = OPEN_DAYS - 1;
/// The most missing files whose positions are kept: as many as a large share has.
const MISSING_MAX: usize = 100_000;
/// The first byte; it changes when the meaning of the following bytes changes.
const SCHEMA: u8 = 4;

/// The progress of following, as stored between runs.
#[derive(Default, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The read position of each file.
    pub files: BTreeMap<PathBuf, Position>,
    /// The files that are missing, and the newest day of any event when that was found. A share that is gone comes back, and
    /// its files with it.
    pub missing: BTreeMap<PathBuf, Day>,
    /// The length of each open day's event buffer file.
    pub buffered: BTreeMap<Day, u64>,
    /// What scoring goes on from, as the scorer wrote it; nothing at the beginning.
    pub scorer: Vec<u8>,
    /// The newest event of each trail.
    pub trails: Trails,
}

impl Checkpoint {
    /// Loads the stored checkpoint; starts empty if there is none.
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join(CHECKPOINT);
        match std::fs::read(&path) {
            Ok(text) => {
                let hint =
                    "remove it to start following again; what the archive has is not told again";
                let damaged = |e: &dyn std::fmt::Display| fault::damaged_but(&path, e, hint);
                match text.split_first() {
                    Some((&SCHEMA, text)) => postcard::from_bytes(text).map_err(|e| damaged(&e)),
                    Some((&EARLIER, text)) => {
                        let earlier = postcard::from_bytes::<EarlierCheckpoint>(text);
                        let (files, buffered, trails, scorer) =
                            earlier.map_err(|e| damaged(&e))?.parts()?;
                        Ok(Self {
                            files,
                            buffered,
                            scorer,
                            trails,
                            ..Self::default()
                        })
                    }
                    Some((&newer, _)) if newer > SCHEMA => {
                        Err(fault::newer(&path, newer.into(), SCHEMA.into()))
                    }
                    Some(_) => Err(Error::failed(format!(
                        "`{}` was written by an earlier version of plimsoll",
                        path.display()
                    ))
                    .hint(hint)),
                    None => Err(damaged(&"it is empty")),
                }
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(fault::read(&path, e)),
        }
    }

    /// Replaces the stored checkpoint.
    pub fn write(&self, root: &Path) -> Result<()> {
        let text = postcard::to_extend(self, vec![SCHEMA])
            .map_err(|e| Error::failed("cannot write the checkpoint").cause(e))?;
        replace(root, CHECKPOINT, &text).map_err(|e| fault::write(&root.join(CHECKPOINT), e))
    }

    /// Forgets files that are missing for long, and trails that are silent.
    pub fn forget(&mut self, exists: impl Fn(&Path) -> bool) {
        self.trails.forget_silent();
        self.note_missing(exists);
        self.forget_missing(MISSING_MAX);
    }

    /// Notes which files are missing, and since when.
    fn note_missing(&mut self, exists: impl Fn(&Path) -> bool) {
        let newest = self.trails.newest_day().unwrap_or(Day(0));
        let were_missing = std::mem::take(&mut self.missing);
        self.missing = self
            .files
            .keys()
            .filter(|path| !exists(path))
            .map(|path| {
                let since = were_missing.get(path).copied().unwrap_or(newest);
                (path.clone(), since)
            })
            .collect();
    }

    /// Forgets files that are missing for too long; of more than `max`, those that are missing longest.
    fn forget_missing(&mut self, max: usize) {
        let newest = self.trails.newest_day().unwrap_or(Day(0));
        let mut by_age: Vec<(Day, PathBuf)> = self
            .missing
            .iter()
            .map(|(path, since)| (*since, path.clone()))
            .collect();
        by_age.sort_unstable();
        let n_too_many = by_age.len().saturating_sub(max);
        for (n, (since, path)) in by_age.into_iter().enumerate() {
            if n < n_too_many || newest.since(since) > MISSING_DAYS {
                self.missing.remove(&path);
                self.files.remove(&path);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::baseline::Generation;
    use crate::config::Config;
    use crate::engine::{ScoreOptions, Scorer, Setup};
    use crate::time::Time;

    #[test]
    fn positions_of_missing_files_are_kept_for_days_and_up_to_a_number() {
        let mut checkpoint = Checkpoint::default();
        let name = |n: usize| PathBuf::from(format!("/share/{n}"));
        for n in 0..4 {
            checkpoint.files.insert(name(n), Position::default());
        }
        let on = |checkpoint: &mut Checkpoint, day: i32, existing: &[usize], max| {
            let noon = Day(day).end().plus_secs(-43_200);
            checkpoint.trails.observe("trail".to_owned(), noon, 0);
            let exists = |path: &Path| existing.iter().any(|n| path == name(*n));
            checkpoint.note_missing(exists);
            checkpoint.forget_missing(max);
            let known = (0..4).filter(|n| checkpoint.files.contains_key(&name(*n)));
            known.collect::<Vec<_>>()
        };
        let checkpoint = &mut checkpoint;
        assert_eq!(on(checkpoint, 100, &[0, 1, 3], 9), [0, 1, 2, 3]);
        // The share is away for a while, and comes back without the file that was deleted first.
        assert_eq!(on(checkpoint, 104, &[], 9), [0, 1, 2, 3]);
        assert_eq!(on(checkpoint, 107, &[0], 9), [0, 1, 2, 3]);
        assert_eq!(on(checkpoint, 108, &[0], 9), [0, 1, 3]);
        // What came back is new among the missing.
        assert_eq!(on(checkpoint, 108, &[], 2), [0, 3]);
        assert_eq!(checkpoint.missing.len(), 2);
    }

    #[test]
    fn the_stored_form_of_the_checkpoint_is_as_it_was() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/found/stored");
        let changed = "the stored form of follow.checkpoint changed: raise its version, write a migration, renew the golden bytes";
        let checkpoint = Checkpoint::read(&kept).expect(changed);
        assert!(!checkpoint.files.is_empty() && !checkpoint.scorer.is_empty());
        let folder = tempfile::tempdir().unwrap();
        checkpoint.write(folder.path()).unwrap();
        let text = |folder: &Path| std::fs::read(folder.join(CHECKPOINT)).unwrap();
        assert_eq!(text(folder.path()), text(&kept), "{changed}");
    }

    #[test]
    fn a_checkpoint_of_the_version_before_is_migrated() {
        let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/found");
        let text = std::fs::read(found.join("follow-3.checkpoint")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(CHECKPOINT), text).unwrap();
        let migrated = Checkpoint::read(folder.path()).unwrap();
        let present = Checkpoint::read(&found.join("stored")).unwrap();
        let names = |checkpoint: &Checkpoint| checkpoint.files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&migrated), names(&present));
        assert_eq!(migrated.buffered, present.buffered);
        assert!(!migrated.scorer.is_empty());
    }

    /// Version 1 knows of an episode how severe it was, and version 2 no sign-ins. Both go on as this version.
    #[test]
    fn a_scorer_goes_on_from_what_earlier_versions_kept_of_it() {
        let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/found");
        let setup = Setup::new(Config::default(), Vec::new(), Time::from_nanos(0));
        let restored = |bytes: &[u8]| {
            let generation = Arc::new(Generation::empty(Day(0)));
            Scorer::restore(&setup, generation, ScoreOptions::default(), bytes).unwrap()
        };
        for (folder, version) in [("stored", 1), ("snapshot-2", 2)] {
            let kept = Checkpoint::read(&found.join(folder)).unwrap().scorer;
            assert_eq!(kept.first(), Some(&version));
            let scorer = restored(&kept);
            assert!(!scorer.days().is_empty());
            let snapshot = scorer.snapshot().unwrap();
            assert_eq!(snapshot.first(), Some(&3));
            assert_eq!(restored(&snapshot).snapshot().unwrap(), snapshot);
        }
    }

    #[test]
    fn a_checkpoint_of_another_version_is_told_as_such() {
        let folder = tempfile::tempdir().unwrap();
        for (text, words) in [
            ([SCHEMA + 1, 9], "newer version"),
            ([EARLIER - 1, 9], "earlier version"),
            ([SCHEMA, 9], "is damaged"),
        ] {
            std::fs::write(folder.path().join(CHECKPOINT), text).unwrap();
            let told = Checkpoint::read(folder.path()).err().unwrap().to_string();
            assert!(told.contains(words), "{told}");
        }
    }
}
