//! Which episodes were told, how far they had come by then, and what there is to tell of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Status};
use crate::error::Result;
use crate::score::{Coverage, Told};
use crate::stats::Severity;
use crate::store::Archive;
use crate::time::{Day, Time};
use crate::vocab::{Entity, Str};

/// The episodes that crossed their threshold, by the id of their alert.
pub type Episodes = BTreeMap<String, EpisodeState>;

/// An episode that crossed its threshold.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EpisodeState {
    /// Its day.
    pub day: Day,
    /// The analytic and the entity; `None` as long as only the archive knows it.
    pub whose: Option<(Str, Entity)>,
    /// What was told of it last; `None` if it crossed and was not told yet.
    pub told: Option<Told>,
    /// What was told when it was closed.
    pub closed: Option<Closed>,
    /// Whether it was judged since it was closed.
    pub is_changed: bool,
    /// What the approval that covers it was asked about; `None` if that is to be asked of all of it.
    #[serde(skip)]
    pub coverage: Option<Coverage>,
    /// Whether all of it that was looked at is told by a narrower analytic.
    #[serde(skip)]
    pub is_told_elsewhere: bool,
}

/// What was told of an episode when it was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// How often it was told again: of two documents of an alert, the later one has more.
    revision: u32,
    content: Content,
}

/// What makes a closed episode another than before: more events, more findings of other detectors, or that no approval covers it any more.
/// What only another generation changes is none of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    /// Events and findings.
    events: u64,
    is_covered: bool,
}

impl Content {
    fn of(events: u64, findings: usize, is_covered: bool) -> Self {
        let events = events + findings as u64;
        Self { events, is_covered }
    }

    /// Returns whether it says more than what was told before.
    fn is_news(&self, before: &Self) -> bool {
        self.events != before.events || (before.is_covered && !self.is_covered)
    }
}

impl EpisodeState {
    /// Begins an episode that crossed its threshold.
    pub fn crossed(day: Day, whose: (Str, Entity)) -> Self {
        Self {
            whose: Some(whose),
            ..Self::known(day)
        }
    }

    fn known(day: Day) -> Self {
        Self {
            day,
            whose: None,
            told: None,
            closed: None,
            is_changed: true,
            coverage: None,
            is_told_elsewhere: false,
        }
    }

    /// Returns whether a person was told of it.
    pub fn was_seen(&self) -> bool {
        let closed = self.closed.as_ref();
        self.told.as_ref().is_some_and(|told| !told.is_covered)
            || closed.is_some_and(|closed| !closed.content.is_covered)
    }

    /// Notes what an episode came to. Returns whether that is news, with its revision in the alert: one more than that of any document
    /// before, whatever changed, so that the latest is known by it.
    pub fn close(&mut self, alert: &mut Alert) -> bool {
        self.is_changed = false;
        let is_covered = alert.approval.is_some();
        let content = Content::of(alert.day_events, alert.findings.len(), is_covered);
        let revision = match &self.closed {
            Some(closed) if !content.is_news(&closed.content) => return false,
            Some(closed) => closed.revision + 1,
            None => 0,
        };
        alert.revision = revision;
        self.closed = Some(Closed { revision, content });
        true
    }
}

/// The suffix of the name under which earlier versions kept that an episode was told while an approval covered it.
const COVERED: &str = "/covered";

/// Returns the episodes that an earlier version kept: the highest severity that was told of each, and its day.
pub fn episodes_of(told: BTreeMap<String, (Severity, Day)>) -> Episodes {
    let mut episodes = Episodes::new();
    // What a person saw comes after what an approval covered.
    for (name, (severity, day)) in told.into_iter().rev() {
        let id = name.strip_suffix(COVERED);
        let state = EpisodeState {
            told: Some(Told {
                severity,
                score: 100.0,
                amounts: None,
                updates: 0,
                is_covered: id.is_some(),
            }),
            ..EpisodeState::known(day)
        };
        episodes.insert(id.map_or(name.clone(), str::to_owned), state);
    }
    episodes
}

/// The part of a stored alert that says what was told.
#[derive(Deserialize)]
struct ToldAlert {
    alert_id: String,
    status: Status,
    #[serde(default)]
    revision: u32,
    severity: Severity,
    score: f64,
    time: String,
    #[serde(default)]
    day_events: u64,
    #[serde(default)]
    findings: Vec<IgnoredAny>,
    suppressed_by: Option<String>,
    digest: Option<String>,
}

/// Returns what the archive of a store says that was told of a day. Damaged lines are skipped.
pub(super) fn told_of(archive: &Archive, day: Day) -> Result<Episodes> {
    let mut episodes = Episodes::new();
    archive.each_of(day, |line| {
        let alert = serde_json::from_slice::<ToldAlert>(line).ok();
        let Some((alert, day)) = alert.and_then(|alert| {
            let day = Time::parse(&alert.time)?.day();
            Some((alert, day))
        }) else {
            return;
        };
        let state = episodes
            .entry(alert.alert_id)
            .or_insert_with(|| EpisodeState::known(day));
        let is_covered = alert.suppressed_by.is_some();
        if alert.status == Status::Closed {
            let known = state.closed.as_ref();
            if known.is_some_and(|known| known.revision > alert.revision) {
                return;
            }
            state.is_changed = false;
            state.closed = Some(Closed {
                revision: alert.revision,
                content: Content::of(alert.day_events, alert.findings.len(), is_covered),
            });
            return;
        }
        state.told = Some(Told {
            severity: alert.severity,
            score: alert.score,
            amounts: None,
            updates: state.told.as_ref().map_or(0, |told| told.updates)
                + u32::from(alert.status == Status::Update),
            is_covered,
        });
    })?;
    Ok(episodes)
}

/// What an archive has of closed episodes, by the id of their alert: the revision of the latest document, and its digest.
pub(super) type Archived = BTreeMap<String, (u32, Option<String>)>;

/// Returns what the archive of a store says that closed episodes of a day came to. Damaged lines are skipped.
pub(super) fn closed_of(archive: &Archive, day: Day) -> Result<Archived> {
    let mut closed = Archived::new();
    archive.each_of(day, |line| {
        let alert = serde_json::from_slice::<ToldAlert>(line).ok();
        let Some(alert) = alert.filter(|alert| alert.status == Status::Closed) else {
            return;
        };
        let known = closed.entry(alert.alert_id).or_default();
        if known.0 <= alert.revision {
            *known = (alert.revision, alert.digest);
        }
    })?;
    Ok(closed)
}

/// Seals a document that is told although the archive has one of the same alert. It is either the very same one, or a later revision.
pub(super) fn seal_again(alert: &mut Alert, archived: &Archived) {
    let earlier = archived.get(&alert.alert_id);
    if let Some((revision, digest)) = earlier.filter(|_| alert.status == Status::Closed) {
        alert.revision = *revision;
        alert.seal();
        if alert.digest == *digest {
            return;
        }
        alert.revision += 1;
    }
    alert.seal();
}

/// What was told in a run: each episode once, by the severity that it came to.
#[derive(Debug, Default, Clone)]
pub struct EpisodeTally {
    severities: BTreeMap<String, Severity>,
    covered: BTreeMap<String, String>,
}

impl EpisodeTally {
    /// Counts an alert.
    pub fn add(&mut self, alert: &Alert) {
        self.note(
            &alert.alert_id,
            alert.severity,
            alert.suppressed_by.as_deref(),
        );
        // What the broader of alike analytics had told before stands in this one now.
        for other in &alert.also {
            self.severities.remove(&other.alert_id);
            self.covered.remove(&other.alert_id);
        }
    }

    /// Counts an episode, by the id of its alert, its severity and the approval that covers it.
    pub fn note(&mut self, id: &str, severity: Severity, approval: Option<&str>) {
        match approval {
            Some(approval) if !self.severities.contains_key(id) => {
                self.covered.insert(id.to_owned(), approval.to_owned());
            }
            Some(_) => {}
            // An episode that outgrows its approval counts as covered no longer.
            None => {
                self.covered.remove(id);
                self.severities.insert(id.to_owned(), severity);
            }
        }
    }

    /// Returns the number of episodes that crossed their threshold and that no approval covers.
    pub fn n_episodes(&self) -> u64 {
        self.severities.len() as u64
    }

    /// Returns them by their severity.
    pub fn by_severity(&self) -> BTreeMap<Severity, u64> {
        let mut counts = BTreeMap::new();
        for severity in self.severities.values() {
            *counts.entry(*severity).or_insert(0) += 1;
        }
        counts
    }

    /// Returns the number of episodes that each approval covers, by its owner and reason.
    pub fn by_approval(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for approval in self.covered.values() {
            *counts.entry(approval.clone()).or_insert(0) += 1;
        }
        counts
    }
}

/// Takes for told what an archive says, and returns of which episodes that is.
pub(super) fn remember(episodes: &mut Episodes, archived: Episodes) -> BTreeSet<String> {
    let ids = archived.keys().cloned().collect();
    for (id, state) in archived {
        let known = episodes.entry(id).or_insert_with(|| EpisodeState {
            is_changed: state.is_changed,
            ..EpisodeState::known(state.day)
        });
        known.told = known.told.take().or(state.told);
        known.closed = state.closed.or(known.closed.take());
    }
    ids
}
