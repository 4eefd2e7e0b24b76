//! What really happened in a simulated estate: attacks, decoys and benign anomalies.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::alert::Alert;
use crate::engine::{Label, read_labels};
use crate::error::{Error, Result};
use crate::time::{Day, Time};

/// The cause of a false alert that no anomaly explains.
pub(super) const NO_KNOWN_CAUSE: &str = "ordinary life";
/// The cause of alerts that are false because another attack is behind them.
pub(super) const ATTACKED: &str = "attacked";

/// A benign anomaly.
#[derive(Debug, Deserialize)]
struct BenignAnomaly {
    identity: Vec<String>,
    start: String,
    end: String,
    cause: String,
}

/// What really happened.
pub(super) struct GroundTruth {
    /// Attacks.
    pub labels: Vec<Label>,
    /// Legitimate work that must not raise an alert.
    decoys: Vec<Label>,
    labels_of: BTreeMap<String, Vec<usize>>,
    /// Causes by id and day.
    causes: BTreeMap<(String, Day), Vec<String>>,
    /// How often each cause occurs.
    frequency: BTreeMap<String, usize>,
}

impl GroundTruth {
    /// Reads what `simulate` wrote beside the logs.
    pub fn read(folder: &Path) -> Result<Self> {
        let labels = read_labels(&folder.join("labels.jsonl"))?;
        let decoys = read_labels(&folder.join("decoys.jsonl"))?;
        let mut labels_of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, label) in labels.iter().enumerate() {
            for id in &label.identity {
                labels_of.entry(id.clone()).or_default().push(number);
            }
        }
        let mut causes: BTreeMap<(String, Day), Vec<String>> = BTreeMap::new();
        let mut frequency = BTreeMap::new();
        for anomaly in anomalies(&folder.join("oddities.jsonl"))? {
            *frequency.entry(anomaly.cause.clone()).or_insert(0) += 1;
            let (Some(start), Some(end)) = (Time::parse(&anomaly.start), Time::parse(&anomaly.end))
            else {
                continue;
            };
            for number in start.day().0..=end.day().0 {
                for id in &anomaly.identity {
                    causes
                        .entry((id.clone(), Day(number)))
                        .or_default()
                        .push(anomaly.cause.clone());
                }
            }
        }
        Ok(Self {
            labels,
            decoys,
            labels_of,
            causes,
            frequency,
        })
    }

    /// Returns the attacks of an entity on a day.
    pub fn attacks(&self, ids: &[String], day: Day) -> Vec<usize> {
        let mut found: Vec<usize> = ids
            .iter()
            .filter_map(|id| self.labels_of.get(id))
            .flatten()
            .copied()
            .filter(|&at| {
                let label = &self.labels[at];
                (label.start.day()..=label.end.day()).contains(&day)
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Returns the number and name of the decoy that an alert rests on, whatever analytic raised it.
    pub fn decoy(&self, alert: &Alert) -> Option<(usize, &str)> {
        let hit = |decoy: &Label| decoy.is_of(&alert.entity) && decoy.told_at(alert).is_some();
        let (number, decoy) = self
            .decoys
            .iter()
            .enumerate()
            .find(|(_, decoy)| hit(decoy))?;
        Some((number, decoy_name(&decoy.note)))
    }

    /// Returns how often each decoy is there from a day on.
    pub fn decoys_from(&self, day: Day) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for decoy in self.decoys.iter().filter(|d| d.start.day() >= day) {
            *counts
                .entry(decoy_name(&decoy.note).to_owned())
                .or_insert(0) += 1;
        }
        counts
    }

    /// Returns why a false alert was raised, as far as an anomaly is known: of several causes the rarest, since
    /// it says most.
    pub fn cause(&self, alert: &Alert) -> String {
        let entity = &alert.entity;
        std::iter::once(&entity.id)
            .chain(&entity.aliases)
            .filter_map(|id| self.causes.get(&(id.clone(), alert.time.day())))
            .flatten()
            .min_by_key(|cause| (self.frequency.get(*cause), *cause))
            .map_or_else(|| NO_KNOWN_CAUSE.to_owned(), Clone::clone)
    }
}

fn anomalies(path: &Path) -> Result<Vec<BenignAnomaly>> {
    let cannot = |e: &dyn std::fmt::Display| {
        Error::failed(format!("cannot read `{}`", path.display())).cause(e)
    };
    let text = std::fs::read_to_string(path).map_err(|e| cannot(&e))?;
    text.lines()
        .map(|line| serde_json::from_str(line).map_err(|e| cannot(&e)))
        .collect()
}

/// Returns the name of a decoy, or else its whole note.
fn decoy_name(note: &str) -> &str {
    match note.contains("decoy=") {
        true => word_after("decoy=", note),
        false => note,
    }
}

/// Returns the word that follows a marker in a note, as in `grade=subtle class=…`; all of it without the marker.
pub(super) fn word_after<'n>(marker: &str, note: &'n str) -> &'n str {
    let rest = note.split_once(marker).map_or(note, |(_, rest)| rest);
    rest.split_whitespace().next().unwrap_or_default()
}
