//! An analyst's verdict on an alert, and its effect on what was learnt.

use std::collections::BTreeSet;

use crate::baseline::Baseline;
use crate::engine::train::{TrainSummary, train_holding};
use crate::engine::{Progress, Setup};
use crate::error::{Error, Result};
use crate::sources::ReadOptions;
use crate::store::{NOTE_CHARS_MAX, Role, Store, Verdict};
use crate::time::Day;
use crate::vocab::{Entity, Metric, SOURCE_SILENT, Str, Trait};

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
    let alerts = std::slice::from_ref(alert);
    let mut said = feedback_on_all(setup, store, (alerts, judgement), progress)?;
    said.pop()
        .ok_or_else(|| Error::failed("no verdict was stored"))
}

/// Stores the same verdict on several alerts, such as those of an incident, and relearns once what they change. The result has an
/// entry for each alert, in their order; the training is told with the last one that it concerns.
///
/// # Errors
///
/// As [`feedback`]. Nothing is stored if the note is too long or one of the analytics is unknown.
pub fn feedback_on_all(
    setup: &Setup,
    store: &Store,
    (alerts, judgement): (&[Reported], VerdictInput),
    progress: &dyn Progress,
) -> Result<Vec<Feedback>> {
    if let Some(note) = &judgement.note
        && note.chars().count() > NOTE_CHARS_MAX
    {
        return Err(Error::usage(format!(
            "a note has at most {NOTE_CHARS_MAX} characters"
        )));
    }
    let mut known = store.verdicts()?;
    let mut verdicts = Vec::new();
    for alert in alerts {
        let before = known.remove(&alert.alert_id);
        let note = || before.as_ref().and_then(|before| before.note.clone());
        let verdict = Verdict {
            alert_id: alert.alert_id.clone(),
            is_true: judgement.is_true,
            time: setup.now.whole_secs().to_string(),
            note: judgement.note.clone().or_else(note),
            analytic: alert.analytic.clone(),
            entity: alert.entity.clone(),
            day: alert.day,
            surprise: alert.surprise,
            metrics: metrics_of(setup, &alert.analytic)?,
        };
        verdicts.push((verdict, before.map(|verdict| verdict.is_true)));
    }
    for (verdict, _) in &verdicts {
        store.add_verdict(verdict)?;
    }
    let manifest = store.manifest()?;
    let is_stored = |day| {
        let mut days = manifest.iter().flat_map(|manifest| &manifest.days);
        days.any(|entry| entry.day == day)
    };
    let mut said: Vec<Feedback> = verdicts
        .iter()
        .map(|(verdict, before)| Feedback {
            before: *before,
            changes_baselines: judgement.is_true != before.unwrap_or(false),
            is_day_stored: is_stored(verdict.day),
            training: None,
            change: Change::default(),
        })
        .collect();
    let is_felt =
        |said: &Feedback| (judgement.is_true || said.before == Some(true)) && said.is_day_stored;
    let felt: Vec<usize> = (0..said.len()).filter(|&at| is_felt(&said[at])).collect();
    let Some(&last) = felt.last() else {
        return Ok(said);
    };
    if judgement.is_later {
        return Ok(said);
    }
    let baselines = |at: &usize| baseline_of(store, &alerts[*at].entity);
    let was: Vec<Option<Baseline>> = felt.iter().map(baselines).collect::<Result<_>>()?;
    let reading = (ReadOptions::default(), None);
    let lock = store.lock(Role::Learner);
    let training = lock
        .and_then(|lock| train_holding(setup, store, &lock, Vec::new(), reading, progress))
        .map_err(|e| e.hint("the verdict is stored: the next training applies it"))?;
    if training.published {
        for (at, was) in felt.iter().zip(was) {
            said[*at].change = Change::between(was, baselines(at)?);
        }
        said[last].training = Some(training);
    }
    Ok(said)
}

/// Returns the metrics that an analytic uses.
fn metrics_of(setup: &Setup, analytic: &str) -> Result<Vec<Metric>> {
    if analytic == SOURCE_SILENT {
        return Ok(Vec::new());
    }
    let found = setup.analytics.iter().find(|a| *a.id == *analytic);
    found.map(|analytic| analytic.metrics()).ok_or_else(|| {
        Error::usage(format!("there is no analytic `{analytic}` any more")).hint_by_command(
            "give the configuration that the alert was scored with: `--config FILE`",
        )
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
