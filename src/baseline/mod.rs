//! What is normal: the baseline of one entity, and the published set of all of them.

mod beginnings;
mod built_in;
mod calibration;
mod chain;
mod context;
mod drift_report;
mod earlier;
mod early;
mod generation;
mod incident_days;
mod keyed;
mod known;
mod late_logs;
mod peaks;
mod support;
mod sweeps;
mod trails;
mod tuning;

pub use beginnings::{Beginning, Beginnings, YoungLog};
pub use built_in::{built_in, built_in_for_long};
pub use calibration::{
    Calibration, CalibrationLog, Extreme, IncidentRanks, Novelty, Said, arm_key,
};
pub use chain::{Chain, Group, all_identities, chain_of_identity, chain_of_region, chain_of_role};
pub use context::{Context, DaysOfLogs, DaysOfTrails, OPEN_DAYS, View};
pub use drift_report::{DriftReport, Drifted};
pub use earlier::EarlierGroupState;
pub use early::{BurntIn, Early};
pub use generation::{
    Baselines, FewPriors, Generation, GroupState, Groups, SignedIn, peers_among, prior_among,
    role_tail_among, support_key,
};
pub use incident_days::{IncidentDays, Promise};
pub use keyed::{Key, Keyed, Place, PublishedValues, SharedTexts, Value};
pub use known::{KnownSet, KnownValue};
pub use late_logs::{LateLogs, Past};
pub use peaks::{Candidate, PEAKS_MAX, Peak, Peaks, repeats};
pub use support::Support;
pub use sweeps::{Sweeps, sweep_weight};
pub use trails::{SilentTrail, TrailRecord, TrailScope, Trails};
pub use tuning::{TunedThreshold, Tuning};

pub use crate::stats::constants::{LOOKBACK_DAYS, TRAIT_MEMORY_DAYS};

use serde::{Deserialize, Serialize};

use crate::event::{IdentityKind, Provider};
use crate::measure::{Minute, Namesake};
use crate::stats::Evidence;
use crate::time::{Day, Window};
use crate::vocab::{Metric, Str, Trait};

/// Hours of a week: the size of the profile that is kept for explanations.
pub const HOURS_OF_WEEK: usize = 168;

/// Stored moments of one metric in one window: weighted moments of ln(1 + x) over active windows, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MetricState {
    /// Weight of the windows, bounded for each day.
    pub n: f64,
    /// Mean of ln(1 + x).
    pub mean: f64,
    /// Sum of squared deviations from the mean.
    pub m2: f64,
    /// Weighted number of active windows, unbounded.
    pub active: f64,
}

/// How often an entity showed a new value of a trait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoveltyCount {
    /// Active days in the lookback, the first excluded, with at least one new value.
    pub novel_days: u32,
}

/// What is normal for one entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// First day on which it was seen, as far as memory reaches.
    pub first_day: Day,
    /// Last day on which it was seen.
    pub last_day: Day,
    /// Events of the lookback.
    pub n_events: u64,
    /// Weighted days since the first sighting, active or not.
    pub exposure: f64,
    /// Days in the lookback on which it was active, without its very first day, on which everything is new.
    pub active_days: u32,
    /// The kind of identity.
    pub kind: IdentityKind,
    /// Its provider.
    pub provider: Option<Provider>,
    /// Its role.
    pub role: Option<Str>,
    /// Its account.
    pub account: Option<Str>,
    /// Bare provider ids of the same entity.
    pub aliases: Vec<Str>,
    /// Its id that the provider never gives twice, where it is named by one that may be given again.
    pub unique_id: Option<Str>,
    /// The principal that had its name before.
    pub namesake: Option<Namesake>,
    /// Moments per metric and window, sorted.
    pub metrics: Vec<((Metric, Window), MetricState)>,
    /// Known values per trait, sorted.
    pub traits: Vec<(Trait, KnownSet)>,
    /// Days with a new value per trait, sorted.
    pub novelty: Vec<(Trait, NoveltyCount)>,
    /// The groups that supply its prior where its own history is thin, nearest first.
    pub chain: Chain,
    /// Days on which it was active in each hour of the week, Monday 00:00 UTC first; for explanations only.
    pub hours: Vec<u8>,
    /// Reads and external bytes by minute of its first day, if that was the last learnt day: a sequence may continue.
    pub first_day_timeline: Vec<(u16, Minute)>,
}

impl Value for Baseline {
    fn share(&mut self, texts: &mut SharedTexts) {
        for name in self.role.iter_mut().chain(&mut self.account) {
            texts.share(name);
        }
        for (_, known) in &mut self.traits {
            known.share(texts);
        }
        for group in &mut self.chain {
            texts.share(&mut group.id);
        }
    }
}

impl Baseline {
    /// Returns the stored moments of a metric in a window; without any, there was no active window.
    pub fn evidence(&self, metric: Metric, window: Window) -> Evidence {
        let state = self
            .metrics
            .binary_search_by_key(&(metric, window), |&(key, _)| key)
            .map(|at| self.metrics[at].1)
            .unwrap_or(MetricState {
                n: 0.0,
                mean: 0.0,
                m2: 0.0,
                active: 0.0,
            });
        self.evidence_of(&state)
    }

    /// Returns the stored moments of one metric as evidence over this entity's days.
    pub fn evidence_of(&self, state: &MetricState) -> Evidence {
        Evidence {
            n: state.n,
            mean: state.mean,
            m2: state.m2,
            active: state.active,
            exposure: self.exposure,
        }
    }

    /// Returns on how many days of the lookback it was seen, including its first. `as_of` is the morning of the baseline.
    pub fn days_seen(&self, as_of: Day) -> u32 {
        let is_first_in = self.first_day >= as_of.plus(-LOOKBACK_DAYS);
        self.active_days + u32::from(is_first_in)
    }

    /// Returns the known values of a trait.
    pub fn known(&self, which: Trait) -> Option<&KnownSet> {
        let at = self.traits.binary_search_by_key(&which, |&(t, _)| t).ok()?;
        Some(&self.traits[at].1)
    }

    /// Returns on how many active days of the lookback, the first excluded, a trait showed something new.
    pub fn novel_days(&self, which: Trait) -> u32 {
        self.novelty
            .binary_search_by_key(&which, |&(t, _)| t)
            .map_or(0, |at| self.novelty[at].1.novel_days)
    }
}
