//! How to score, and what it came to.

use std::collections::{BTreeMap, BTreeSet};

use crate::baseline::{SilentTrail, YoungLog};
use crate::engine::coverage::AnalyticCoverage;
use crate::engine::intake::IntakeSummary;
use crate::engine::scorer::told::EpisodeTally;
use crate::engine::thresholds::InForce;
use crate::measure::{LogKey, Reached};
use crate::time::Day;

/// How to score.
#[derive(Debug, Clone, Default)]
pub struct ScoreOptions {
    /// The budget in incidents a day over the estate, which replaces any tuning; `None` for the tuned thresholds, or else
    /// [the default](crate::baseline::Generation::default_budget).
    pub budget_per_day: Option<f64>,
    /// Whether to report episodes up to [a decade](crate::stats::rank::low_from) below their threshold, too.
    pub show_low: bool,
    /// Whether to report alerts that an approval covers, too.
    pub show_suppressed: bool,
    /// Whether to tell of episodes of past days how they crossed and grew, too, and not only what they came to.
    pub every_status: bool,
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
    /// The episodes that were told.
    pub told: EpisodeTally,
    /// The logs that began later than the store and were still learnt on a judged day, as of the last.
    pub learning: BTreeMap<LogKey, YoungLog>,
    /// Whether scores are provisional.
    pub provisional: bool,
    /// The thresholds in force.
    pub thresholds: Vec<InForce>,
    /// What the enabled analytics see and do not see, in the lookback and in the judged days.
    pub coverage: Vec<AnalyticCoverage>,
    /// The trails that fell silent, while others of their provider go on.
    pub silent: Vec<SilentTrail>,
    /// The ids of episodes that the archive knows, and of which there is no news.
    pub told_before: BTreeSet<String>,
    /// Days that the generation had already learnt.
    pub days_already_learnt: usize,
    /// The bounds that days reached.
    pub reached: BTreeMap<Day, Reached>,
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

    /// Returns the logs that were still learnt.
    pub fn young_logs(&self) -> Vec<YoungLog> {
        self.learning.values().cloned().collect()
    }

    /// Returns the judged identities, counted once a day.
    pub fn entity_days(&self) -> u64 {
        self.judged.values().sum()
    }
}
