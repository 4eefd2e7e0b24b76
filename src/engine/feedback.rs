//! An analyst's verdict on an alert, and its effect on what was learnt.

use std::collections::BTreeSet;

use crate::baseline::Baseline;
use crate::engine::train::{TrainSummary, train_holding};
use crate::engine::{Progress, Setup};
use crate::error::{Error, Result};
use crate::sources::ReadOptions;
use crate::store::{NOTE_CHARS_MAX, Role, Store, Verdict};
use crate::time::Day;
use crate::vocab::{Entity, Metric, Str, Trait};

/// The alert of a verdict.
#[derive(Debug, Clone)]
pub struct Reported {
    /// Its id.
    pub alert_id: String,
    /// Its analytic.
    pub analytic: Str,
    /// The entity.
    pub entity: Entity,
    /// The day of the episode.
    pub day: Day,
    /// Its surprise, as it was reported.
    pub surprise: f64,
}

/// An analyst's verdict.
#[derive(Debug, Clone)]
pub struct VerdictInput {
    /// Whether the activity in the alert was not normal.
    pub is_true: bool,
    /// A note, at most [`NOTE_CHARS_MAX`] characters.
    pub note: Option<String>,
    /// Whether the effect is left to the next training.
    pub is_later: bool,
}

/// The result of a verdict.
#[derive(Debug)]
pub struct Feedback {
    /// The earlier verdict; `None` if there was none.
    pub before: Option<bool>,
    /// Whether it changes what is learnt.
    pub changes_baselines: bool,
    /// Whether the alert's day is in the store. If it is not, it is learnt correctly from the start.
    pub is_day_stored: bool,
    /// The training that applied it, unless that is left to the next.
    pub training: Option<TrainSummary>,
    /// The changes in the baseline of the alert's entity.
    pub change: Change,
}

/// The difference between two versions of a baseline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Metrics whose moments differ.
    pub metrics: BTreeSet<Metric>,
    /// Values that are no longer known.
    pub forgotten: BTreeSet<(Trait, Str)>,
    /// Values that are newly known.
    pub remembered: BTreeSet<(Trait, Str)>,
}

/// Stores a verdict, and immediately relearns what it changes.
///
/// # Errors
///
/// A usage error if the note is too long or the analytic is unknown. Fails if the disk fails, another process is training,
/// or the user stops it. Once the verdict is stored, the next training applies it.
pub fn feedback(
    setup: &Setup,
    store: &Store,
    (alert, judgement): (&Reported, VerdictInput),
    progress: &dyn Progress,
) -> Result<Feedback> {
    if let Some(note) = &judgement.note
        && note.chars().count() > NOTE_CHARS_MAX
    {
        return Err(Error::usage(format!(
            "a note has at most {NOTE_CHARS_MAX} characters"
        )));
    }
    let before = store.verdicts()?.remove(&alert.alert_id);
    let verdict = Verdict {
        alert_id: alert.alert_id.clone(),
        is_true: judgement.is_true,
        time: setup.now.whole_secs().to_string(),
        note: judgement
            .note
            .or_else(|| before.as_ref().and_then(|before| before.note.clone())),
        analytic: alert.analytic.clone(),
        entity: alert.entity.clone(),
        day: alert.day,
        surprise: alert.surprise,
        metrics: metrics_of(setup, &alert.analytic)?,
    };
    let before = before.map(|verdict| verdict.is_true);
    store.add_verdict(&verdict)?;
    let manifest = store.manifest()?;
    let mut feedback = Feedback {
        before,
        changes_baselines: judgement.is_true != before.unwrap_or(false),
        is_day_stored: manifest.is_some_and(|m| m.days.iter().any(|entry| entry.day == alert.day)),
        training: None,
        change: Change::default(),
    };
    let is_felt = judgement.is_true || before == Some(true);
    if is_felt && feedback.is_day_stored && !judgement.is_later {
        let was = baseline_of(store, &alert.entity)?;
        let reading = (ReadOptions::default(), None);
        let lock = store.lock(Role::Learner);
        let training = lock
            .and_then(|lock| train_holding(setup, store, &lock, Vec::new(), reading, progress))
            .map_err(|e| e.hint("the verdict is stored: the next `plimsoll train` applies it"))?;
        if training.published {
            feedback.change = Change::between(was, baseline_of(store, &alert.entity)?);
            feedback.training = Some(training);
        }
    }
    Ok(feedback)
}

/// Returns the metrics that an analytic uses.
fn metrics_of(setup: &Setup, analytic: &str) -> Result<Vec<Metric>> {
    let found = setup.analytics.iter().find(|a| *a.id == *analytic);
    found.map(|analytic| analytic.metrics()).ok_or_else(|| {
        Error::usage(format!("there is no analytic `{analytic}` any more"))
            .hint("give the configuration that the alert was scored with: `--config FILE`")
    })
}

fn baseline_of(store: &Store, entity: &Entity) -> Result<Option<Baseline>> {
    match store.manifest()? {
        Some(manifest) => store.load_baseline(&manifest, entity),
        None => Ok(None),
    }
}

impl Change {
    fn between(before: Option<Baseline>, after: Option<Baseline>) -> Self {
        let values = |baseline: &Option<Baseline>| -> BTreeSet<(Trait, Str)> {
            let traits = baseline.iter().flat_map(|b| &b.traits);
            traits
                .flat_map(|(which, known)| known.values().iter().map(|v| (*which, v.value.clone())))
                .collect()
        };
        let (known_before, known_after) = (values(&before), values(&after));
        let metrics = |baseline: Option<Baseline>| baseline.map(|b| b.metrics).unwrap_or_default();
        let (before, after) = (metrics(before), metrics(after));
        let differing = before
            .iter()
            .filter(|cell| !after.contains(cell))
            .chain(after.iter().filter(|cell| !before.contains(cell)));
        Self {
            metrics: differing.map(|&((metric, _), _)| metric).collect(),
            forgotten: known_before.difference(&known_after).cloned().collect(),
            remembered: known_after.difference(&known_before).cloned().collect(),
        }
    }
}
