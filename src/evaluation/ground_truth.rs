//! What really happened in a simulated estate: attacks, decoys and benign anomalies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::alert::{Alert, Reason};
use crate::engine::{Label, read_labels};
use crate::error::{Error, Result};
use crate::time::{DAY_SECS, Day, Time};
use crate::vocab::Trait;

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

/// The kind of trap in which many move to another tool.
const ROLL_OUT: &str = "roll-out";

/// A day of a trap, as `traps.jsonl` has it.
#[derive(Debug, Deserialize)]
struct WrittenTrap {
    instance: String,
    identity: Vec<String>,
    start: String,
    end: String,
}

/// What really happened.
pub(super) struct GroundTruth {
    /// Attacks.
    pub labels: Vec<Label>,
    /// Legitimate work that must not raise an alert.
    decoys: Vec<Label>,
    /// The days of traps, each with the name of its instance as its note.
    traps: Vec<Label>,
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
        let traps = read_traps(&folder.join("traps.jsonl"))?;
        let mut causes: BTreeMap<(String, Day), Vec<String>> = BTreeMap::new();
        let mut frequency = BTreeMap::new();
        for anomaly in lines::<BenignAnomaly>(&folder.join("oddities.jsonl"))? {
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
            traps,
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

    /// Returns the instance of the trap that a false alert rests on; of several the one of the shortest time, since it says most.
    ///
    /// Most of what those do whom a trap concerns for whole days is their ordinary work. So there it must rest on the other tool, if that is
    /// what the trap is, and else `is_explained` says that another cause is known.
    pub fn trap(&self, alert: &Alert, is_explained: bool) -> Option<&str> {
        let is_by_other_tool = || {
            let mut reasons = alert.reasons.iter();
            reasons.any(|reason| matches!(reason, Reason::Novelty { r#trait, .. } if r#trait == Trait::UserAgent.as_str()))
        };
        let is_likely = |trap: &Label| match (is_of_days(trap), trap_kind(&trap.note)) {
            (false, _) => true,
            (true, ROLL_OUT) => is_by_other_tool(),
            (true, _) => !is_explained,
        };
        let hit = |trap: &&Label| {
            trap.is_of(&alert.entity) && trap.told_at(alert).is_some() && is_likely(trap)
        };
        let hits = self.traps.iter().filter(hit);
        let shortest = hits.min_by_key(|trap| (trap.end.secs_since(trap.start), &trap.note));
        shortest.map(|trap| &*trap.note)
    }

    /// Returns the instances of traps of which something happens from a day on.
    pub fn traps_from(&self, day: Day) -> BTreeSet<String> {
        let judged = self.traps.iter().filter(|trap| trap.start.day() >= day);
        judged.map(|trap| trap.note.clone()).collect()
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

/// Returns whether a trap is there for whole days.
fn is_of_days(trap: &Label) -> bool {
    trap.end.secs_since(trap.start) >= i64::from(DAY_SECS) - 1
}

/// Returns the kind of a trap: the first word of its instance's name.
pub(super) fn trap_kind(instance: &str) -> &str {
    instance.split(' ').next().unwrap_or_default()
}

fn read_traps(path: &Path) -> Result<Vec<Label>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let label = |written: WrittenTrap| {
        Some(Label {
            analytic: String::new(),
            also: Vec::new(),
            identity: written.identity,
            start: Time::parse(&written.start)?,
            end: Time::parse(&written.end)?,
            note: written.instance,
        })
    };
    Ok(lines(path)?.into_iter().filter_map(label).collect())
}

fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
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
