//! What was read of the alerts that were told, and is kept between questions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::alert::Alert;
use crate::error::{Error, Result};
use crate::incident::{Group, Joiner};
use crate::inquiry::known::{At, Known, Noted};
use crate::inquiry::place::Place;
use crate::store::{Growth, Tail, read_line};

/// Readings from the beginning before a place is given up that is replaced again and again.
const READINGS_MAX: usize = 4;

/// What was read of a place.
#[derive(Debug, Default)]
pub(super) struct Told {
    files: BTreeMap<Arc<PathBuf>, Lines>,
    joiner: Joiner,
    /// The alerts by id.
    pub(super) alerts: BTreeMap<String, Known>,
    /// Alerts that narrower analytics tell as well.
    pub(super) told_elsewhere: BTreeSet<String>,
    /// Whether documents of one rank were read in another order than they stand.
    is_out_of_order: bool,
}

/// What was read of a file.
#[derive(Debug, Default)]
struct Lines {
    tail: Tail,
    /// Whole lines that are no alerts.
    n_others: u64,
    /// Whether there is a last line without its end that is none.
    has_other_rest: bool,
}

impl Told {
    /// Reads what is new. What was read of files that were removed or replaced since no longer counts.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be read.
    pub(super) fn read_on(&mut self, place: &Place) -> Result<()> {
        for _ in 0..READINGS_MAX {
            if self.read_all(place)? {
                return Ok(());
            }
            *self = Self::default();
        }
        Err(Error::failed(format!(
            "the alerts of `{}` are replaced while they are read",
            place.name()
        ))
        .hint("ask again"))
    }

    /// Reads all files on; returns whether what was read of them before still counts.
    fn read_all(&mut self, place: &Place) -> Result<bool> {
        let files: BTreeSet<Arc<PathBuf>> = place.files()?.into_iter().map(Arc::new).collect();
        if self.files.keys().any(|known| !files.contains(known)) {
            return Ok(false);
        }
        for path in files {
            let growth = self.read_file(&path).map_err(|e| {
                let cannot = Error::failed(format!("cannot read `{}`", path.display()));
                cannot.cause(e)
            })?;
            if growth == Growth::Replaced {
                return Ok(false);
            }
        }
        Ok(!self.is_out_of_order)
    }

    fn read_file(&mut self, path: &Arc<PathBuf>) -> io::Result<Growth> {
        let mut lines = self.files.remove(path).unwrap_or_default();
        let (mut n_others, mut has_other_rest, mut is_more) = (0, false, false);
        let growth = lines.tail.read_on(path, |line, text| {
            is_more = true;
            if text.iter().all(u8::is_ascii_whitespace) {
                return false;
            }
            let at = At {
                file: path.clone(),
                line,
            };
            let is_whole = text.last() == Some(&b'\n');
            match serde_json::from_slice::<Alert>(text) {
                Ok(alert) => {
                    self.add(&alert, at);
                    true
                }
                Err(_) => {
                    n_others += u64::from(is_whole);
                    has_other_rest = !is_whole;
                    false
                }
            }
        });
        if growth.is_ok() && is_more {
            lines.n_others += n_others;
            lines.has_other_rest = has_other_rest;
        }
        self.files.insert(path.clone(), lines);
        growth
    }

    fn add(&mut self, alert: &Alert, at: At) {
        let elsewhere = alert.also.iter().map(|other| other.alert_id.clone());
        self.told_elsewhere.extend(elsewhere);
        self.joiner.add(alert);
        match self.alerts.get_mut(&alert.alert_id) {
            Some(known) => {
                self.is_out_of_order |= known.note(alert, at) == Noted::OutOfOrder;
            }
            None => {
                let known = Known::of(alert, at);
                self.alerts.insert(alert.alert_id.clone(), known);
            }
        }
    }

    /// Returns the incidents, the earliest first, and all alerts by id.
    pub(super) fn joined(&mut self) -> (&[Group], &BTreeMap<String, Known>) {
        (self.joiner.groups(), &self.alerts)
    }

    /// Returns how many lines are no alerts, such as one that a crash cut short.
    pub(super) fn n_others(&self) -> u64 {
        let of = |lines: &Lines| lines.n_others + u64::from(lines.has_other_rest);
        self.files.values().map(of).sum()
    }

    /// Returns where the documents of alerts lie that count.
    pub(super) fn places_of<'i>(&self, ids: impl Iterator<Item = &'i String>) -> Vec<(String, At)> {
        ids.filter_map(|id| Some((id.clone(), self.alerts.get(id)?.at.clone())))
            .collect()
    }
}

/// Returns the documents that lie in these places, by id. What is not there any more is missing.
///
/// # Errors
///
/// Fails if a file cannot be read.
pub(super) fn documents(mut places: Vec<(String, At)>) -> Result<BTreeMap<String, Alert>> {
    places.sort_by(|a, b| a.1.cmp(&b.1));
    let mut found = BTreeMap::new();
    for of_file in places.chunk_by(|a, b| a.1.file == b.1.file) {
        let path = &of_file[0].1.file;
        let cannot = |e| Error::failed(format!("cannot read `{}`", path.display())).cause(e);
        let mut file = match File::open(&**path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(cannot(e)),
        };
        for (id, at) in of_file {
            let line = read_line(&mut file, at.line).map_err(cannot)?;
            let alert = serde_json::from_slice::<Alert>(&line).ok();
            let alert = alert.filter(|alert| alert.alert_id == *id);
            found.extend(alert.map(|alert| (id.clone(), alert)));
        }
    }
    Ok(found)
}
