//! Scores logs: all of them are read, then their days are judged, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::alert::Alert;
use crate::baseline::Generation;
use crate::engine::coverage::{AnalyticCoverage, assess, days_of};
use crate::engine::intake::{Intake, IntakeSummary};
use crate::engine::scorer::{Added, Scorer};
use crate::engine::thresholds::InForce;
use crate::engine::{Progress, Setup, cancelled};
use crate::error::Result;
use crate::sources::{InputFile, ReadOptions};
use crate::stats::Severity;
use crate::store::Archive;
use crate::time::Day;

/// How to score.
#[derive(Debug, Clone)]
pub struct ScoreOptions {
    /// The budget in alerts a day over the estate, which replaces any tuning; `None` for the tuned thresholds, or else
    /// [`BUDGET_PER_DAY`](crate::engine::BUDGET_PER_DAY).
    pub budget_per_day: Option<f64>,
    /// Whether to report episodes up to [a decade](crate::stats::rank::low_from) below their threshold, too.
    pub show_low: bool,
    /// Whether to report alerts that an approval covers, too.
    pub show_suppressed: bool,
}

/// The result of scoring.
#[derive(Debug, Default)]
pub struct ScoreSummary {
    /// What was read.
    pub intake: IntakeSummary,
    /// The generation that judged, or the first of several.
    pub generation: u64,
    /// The last generation that judged, if there were several.
    pub last_generation: Option<u64>,
    /// The judged days, each with its number of identities when it was last judged.
    pub judged: BTreeMap<Day, u64>,
    /// Episodes that crossed their threshold, by their highest severity.
    pub episodes: BTreeMap<Severity, u64>,
    /// Episodes covered by an approval, by its owner and reason.
    pub suppressed: BTreeMap<String, u64>,
    /// Whether scores are provisional.
    pub provisional: bool,
    /// The thresholds in force.
    pub thresholds: Vec<InForce>,
    /// What the enabled analytics see and do not see, in the lookback and in the judged days.
    pub coverage: Vec<AnalyticCoverage>,
    /// The ids of episodes that the archive knows, and of which there is no news.
    pub told_before: BTreeSet<String>,
    /// Days that the generation had already learnt.
    pub days_already_learnt: usize,
    /// Events that arrived later than their source allows while following, by their day.
    pub late: BTreeMap<Day, LateEvents>,
}

/// Events of a day that arrived later than their source allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LateEvents {
    /// How many.
    pub events: u64,
    /// Those that came after so many days that the events of their day are gone, and the day cannot be judged again.
    pub not_judged: u64,
}

impl ScoreSummary {
    /// Returns the judged days, each counted once.
    pub fn days(&self) -> usize {
        self.judged.len()
    }

    /// Returns the judged identities, counted once a day.
    pub fn entity_days(&self) -> u64 {
        self.judged.values().sum()
    }
}

/// Reads logs and judges their days by the generation in force. What the archive says that was told is not told again.
///
/// # Errors
///
/// Fails if the user stops it, or `deliver` fails.
pub fn score(
    setup: &Setup,
    generation: Generation,
    files: Vec<InputFile>,
    (options, read_options, keep_rejects): (&ScoreOptions, ReadOptions, bool),
    archive: Option<&Archive>,
    progress: &dyn Progress,
    mut deliver: impl FnMut(&Alert) -> Result<()>,
) -> Result<ScoreSummary> {
    let generation = Arc::new(generation);
    let mut scorer = Scorer::new(setup, generation.clone(), options.clone());
    let intake = Intake {
        setup,
        files,
        options: read_options,
        keep_rejects,
    };
    let intake = intake.run(progress, |_, event| Ok(scorer.add(event)? == Added::New))?;
    let days = scorer.days();
    if let (Some(archive), Some(&first)) = (archive, days.first()) {
        scorer.remember_told(archive, first)?;
    }
    let summary = scorer.summary();
    summary.intake = intake;
    summary.days_already_learnt = days.iter().filter(|day| **day < generation.as_of).count();
    let covered = days_of(
        &generation.coverage,
        days.iter().filter_map(|day| scorer.aggregate(*day)),
    );
    scorer.summary().coverage = assess(setup, &covered);
    progress.begin("scoring", Some(days.len() as u64));
    for (done, day) in days.into_iter().enumerate() {
        if progress.is_cancelled() {
            return Err(cancelled());
        }
        for alert in scorer.advance_day(day, None)? {
            deliver(&alert)?;
        }
        scorer.close(day);
        progress.advance(done as u64 + 1);
    }
    progress.end();
    Ok(scorer.finish())
}
