//! The verdicts of analysts on alerts: one line per verdict; the last one on an alert is valid.
//!
//! Verdicts are appended, and the learner removes old ones by writing the others anew. Both hold the same lock for that moment,
//! so that no verdict is lost that is given meanwhile. Readers need no lock: they see the lines of before or of after.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::store::durable::{create_folder, replace, sync_folder};
use crate::store::lock::Lock;
use crate::store::manifest::schema_of;
use crate::store::{FileState, Store, fault, names, open_lines};
use crate::time::Day;
use crate::vocab::{Entity, EntityKind, Metric, Str};

/// Changes when the meaning of a line's fields changes. Lines without one are of the first.
const SCHEMA: u32 = 1;
/// The longest note that is kept, in characters.
pub const NOTE_CHARS_MAX: usize = 500;

/// An analyst's verdict on an alert, with the data needed to exclude its activity. The analyst's name is not stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The alert.
    pub alert_id: String,
    /// Whether the alert was true: its activity was not normal.
    pub is_true: bool,
    /// When the verdict was given, as RFC 3339.
    pub time: String,
    /// A note, at most [`NOTE_CHARS_MAX`] characters.
    pub note: Option<String>,
    /// The alert's analytic.
    pub analytic: Str,
    /// The entity of the alert.
    pub entity: Entity,
    /// The day of the episode.
    pub day: Day,
    /// The alert's surprise, as it was reported.
    pub surprise: f64,
    /// The metrics that the analytic used.
    pub metrics: Vec<Metric>,
}

/// The valid verdicts, by alert.
pub type Verdicts = BTreeMap<String, Verdict>;

/// A verdict in its stored form.
#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(default)]
    schema: u32,
    alert_id: String,
    verdict: bool,
    time: String,
    note: Option<String>,
    analytic: Str,
    entity_kind: String,
    entity: Str,
    day: String,
    surprise: f64,
    metrics: Vec<String>,
}

impl From<&Verdict> for Line {
    fn from(verdict: &Verdict) -> Self {
        Self {
            schema: SCHEMA,
            alert_id: verdict.alert_id.clone(),
            verdict: verdict.is_true,
            time: verdict.time.clone(),
            note: verdict
                .note
                .as_ref()
                .map(|note| note.chars().take(NOTE_CHARS_MAX).collect()),
            analytic: verdict.analytic.clone(),
            entity_kind: verdict.entity.kind.to_string(),
            entity: verdict.entity.id.clone(),
            day: verdict.day.to_string(),
            surprise: verdict.surprise,
            metrics: verdict.metrics.iter().map(Metric::to_string).collect(),
        }
    }
}

impl Line {
    fn into_verdict(self) -> Option<Verdict> {
        Some(Verdict {
            entity: Entity {
                kind: EntityKind::parse(&self.entity_kind)?,
                id: self.entity,
            },
            day: Day::parse(&self.day)?,
            // A metric that no longer exists has nothing to exclude.
            metrics: self
                .metrics
                .iter()
                .filter_map(|name| Metric::parse(name))
                .collect(),
            alert_id: self.alert_id,
            is_true: self.verdict,
            time: self.time,
            note: self.note,
            analytic: self.analytic,
            surprise: self.surprise,
        })
    }
}

impl Store {
    /// Returns the valid verdicts.
    ///
    /// Lines that are not verdicts, such as one that a crash cut short, are skipped.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, or was written by a newer version. A missing file is empty.
    pub fn verdicts(&self) -> Result<Verdicts> {
        let mut verdicts = Verdicts::new();
        self.each_verdict(|_, verdict| {
            verdicts.extend(verdict.map(|verdict| (verdict.alert_id.clone(), verdict)));
        })?;
        Ok(verdicts)
    }

    /// Returns the state of the file of verdicts; `None` if there is none. Verdicts that were read after it was asked for are as new as it.
    ///
    /// # Errors
    ///
    /// Fails if the disk does.
    pub fn verdicts_state(&self) -> Result<Option<FileState>> {
        let path = self.root().join(names::VERDICTS);
        FileState::of(&path).map_err(|e| fault::read(&path, e))
    }

    /// Passes on each line, with the verdict that it is.
    fn each_verdict(&self, mut look: impl FnMut(&[u8], Option<Verdict>)) -> Result<()> {
        let path = self.root().join(names::VERDICTS);
        let cannot = |e: io::Error| fault::read(&path, e);
        let mut text = match File::open(&path) {
            Ok(file) => BufReader::new(file),
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(cannot(e)),
        };
        let mut line = Vec::new();
        while text.read_until(b'\n', &mut line).map_err(cannot)? > 0 {
            match schema_of(&line) {
                Ok(newer) if newer > SCHEMA => return Err(fault::newer(&path, newer, SCHEMA)),
                Ok(_) | Err(_) => {}
            }
            let written = serde_json::from_slice::<Line>(&line).ok();
            look(&line, written.and_then(Line::into_verdict));
            line.clear();
        }
        Ok(())
    }

    /// Adds a verdict, durably. It replaces an earlier one on the same alert.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn add_verdict(&self, verdict: &Verdict) -> Result<()> {
        let path = self.root().join(names::VERDICTS);
        let write = || -> io::Result<()> {
            create_folder(self.root())?;
            let _lock = self.lock_verdicts()?;
            let mut text = serde_json::to_vec(&Line::from(verdict))?;
            text.push(b'\n');
            let mut file = open_lines(&path)?;
            file.write_all(&text)?;
            file.sync_all()?;
            sync_folder(self.root())
        };
        write().map_err(|e| fault::write(&path, e))
    }

    /// Removes the verdicts on alerts of the days before one, and returns on how many alerts. Lines that are no verdicts stay.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read or written, or was written by a newer version. It is then as it was.
    pub fn remove_verdicts_before(&self, first: Day, _lock: &Lock) -> Result<usize> {
        let is_old = |verdict: &Verdict| verdict.day < first;
        if !self.verdicts()?.values().any(is_old) {
            return Ok(0);
        }
        let path = self.root().join(names::VERDICTS);
        let cannot = |e: io::Error| fault::write(&path, e);
        let _lock = self.lock_verdicts().map_err(cannot)?;
        let (mut kept, mut removed) = (Vec::new(), BTreeSet::new());
        self.each_verdict(|line, verdict| match verdict {
            Some(verdict) if is_old(&verdict) => {
                removed.insert(verdict.alert_id);
            }
            _ => kept.extend_from_slice(line),
        })?;
        replace(self.root(), names::VERDICTS, &kept).map_err(cannot)?;
        Ok(removed.len())
    }

    /// Waits until nobody else writes verdicts.
    fn lock_verdicts(&self) -> io::Result<Lock> {
        Lock::wait_for(&self.root().join(names::VERDICTS_LOCK))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::Role;

    #[test]
    fn the_last_verdict_is_valid_and_a_torn_line_damages_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().join("store"));
        assert!(store.verdicts().unwrap().is_empty());
        let mut verdict = Verdict {
            note: Some("é".repeat(NOTE_CHARS_MAX + 9)),
            entity: Entity {
                kind: EntityKind::Identity,
                id: "eve\n\u{1b}[2J".into(),
            },
            metrics: vec![Metric::ListCalls, Metric::BucketsNew],
            ..verdict_on("abc".into(), Day(20_528))
        };
        store.add_verdict(&verdict).unwrap();
        let path = store.root().join(names::VERDICTS);
        let mut text = std::fs::read(&path).unwrap();
        text.extend(br#"{"alert_id":"abd","verdi"#);
        std::fs::write(&path, text).unwrap();
        verdict.is_true = false;
        store.add_verdict(&verdict).unwrap();
        let verdicts = store.verdicts().unwrap();
        verdict.note = Some("é".repeat(NOTE_CHARS_MAX));
        assert_eq!(verdicts.into_values().collect::<Vec<_>>(), [verdict]);
    }

    fn verdict_on(alert_id: String, day: Day) -> Verdict {
        Verdict {
            alert_id,
            is_true: true,
            time: "2026-03-16T04:00:00Z".into(),
            note: None,
            analytic: "AN1594".into(),
            entity: Entity {
                kind: EntityKind::Identity,
                id: "eve".into(),
            },
            day,
            surprise: 4.61,
            metrics: vec![Metric::ListCalls],
        }
    }

    #[test]
    fn verdicts_that_are_given_while_old_ones_are_removed_are_not_lost() {
        const GIVEN: usize = 60;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let lock = store.lock(Role::Learner).unwrap();
        let first = Day(20_000);
        let give = |n: usize, day: Day| {
            let verdict = verdict_on(format!("{} {n}", day.0), day);
            store.add_verdict(&verdict).unwrap();
        };
        let removed = std::thread::scope(|scope| {
            let giving = scope.spawn(|| {
                for n in 0..GIVEN {
                    give(n, first.plus(-1));
                    give(n, first);
                }
            });
            let mut removed = 0;
            while !giving.is_finished() {
                removed += store.remove_verdicts_before(first, &lock).unwrap();
            }
            removed + store.remove_verdicts_before(first, &lock).unwrap()
        });
        assert_eq!(removed, GIVEN);
        let left = store.verdicts().unwrap();
        assert_eq!(left.len(), GIVEN);
        assert!(left.values().all(|verdict| verdict.day == first));
    }
}
