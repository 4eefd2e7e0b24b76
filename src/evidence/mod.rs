//! What an alert was judged against, in numbers: enough to compute its score again with no store at hand.
//!
//! The alert's own fields are rounded for people; these are not. Each basis is turned into a surprise by the same
//! formulas that scoring uses.

mod digest;
mod number;

pub use digest::{DIGEST, digest, digest_of};
pub use number::{round, significant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sketch::role_histogram::share_at_least;
use crate::sketch::{FrozenDistribution, FrozenRoleHistogram, Tail};
use crate::stats::constants::SUPPORT_BUCKETS;
use crate::stats::{self, Evidence, GroupNovelty, Predictive, Prior, Repeats};

/// The shares whose quantiles an alert carries, so that a distribution can be drawn; the last is the largest value.
pub const QUANTILES: [f64; 6] = [0.5, 0.9, 0.98, 0.99, 0.999, 1.0];

/// What an amount was judged by: what peers show, and what the entity itself has shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VolumeBasis {
    /// What peers show.
    pub prior: Prior,
    /// What the entity itself has shown.
    pub own: Evidence,
    /// How often it did as much at the same time of the week or the month, where that is a habit that explains the amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Repeats>,
}

impl VolumeBasis {
    /// Returns the surprise of an amount: what is no more than a habit has no more than the habit's.
    pub fn surprise(&self, observed: u64) -> f64 {
        let surprise = self.predictive().surprise(observed as f64);
        let habit = self.repeats.filter(|repeats| repeats.holds(observed));
        habit.map_or(surprise, |repeats| surprise.min(repeats.surprise()))
    }

    /// Returns what was expected.
    pub fn predictive(&self) -> Predictive {
        Predictive::new(&self.prior, &self.own)
    }
}

/// What a new value of a trait was judged by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NoveltyBasis {
    /// What its peers show of the trait.
    pub peers: GroupNovelty,
    /// How many new values had how much support in the estate, by class of support.
    pub estate_support: [f64; SUPPORT_BUCKETS],
    /// Active days on which the entity itself showed something new; `None` of an entity without history, to which all is new.
    pub novel_days: Option<u32>,
    /// Taken from the surprise, in nats: to an entity without history everything is new, and only what is rare among new
    /// values says anything. Alerts of before have none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub allowance: f64,
}

fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

impl NoveltyBasis {
    /// Returns how likely the entity is to show something new on an active day, of which it had so many.
    pub fn hazard(&self, active_days: u32) -> f64 {
        self.novel_days.map_or(1.0, |novel| {
            self.peers
                .hazard_of(f64::from(novel), f64::from(active_days))
        })
    }

    /// Returns the surprise of a new value that so many entities are known for, at least 0.
    pub fn surprise(&self, active_days: u32, support: u32) -> f64 {
        let all = self.all();
        let surprise = all.surprise(self.hazard(active_days), u64::from(support));
        (surprise - self.allowance).max(0.0)
    }

    /// Returns the share of new values that as few entities are known for.
    pub fn tail(&self, support: u32) -> f64 {
        self.all().tail(u64::from(support))
    }

    fn all(&self) -> GroupNovelty {
        let estate = GroupNovelty {
            support: self.estate_support,
            ..GroupNovelty::default()
        };
        self.peers.with_estate(&estate)
    }
}

/// What a newcomer's busiest hour was judged by: the active hours of its peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoursBasis {
    /// Hours that were at least as busy.
    pub at_least: u64,
    /// Hours in all.
    pub total: u64,
    /// Amounts at [`QUANTILES`].
    pub quantiles: [u64; QUANTILES.len()],
}

impl HoursBasis {
    /// Reads it off a histogram, for an amount.
    pub fn of(hours: &FrozenRoleHistogram, amount: u64) -> Self {
        Self {
            at_least: hours.count_at_least(amount as f64),
            total: hours.total(),
            quantiles: QUANTILES.map(|q| hours.quantile(q)),
        }
    }

    /// Returns the surprise of the amount that it was read off for.
    pub fn surprise(&self) -> f64 {
        -share_at_least(self.at_least, self.total).ln()
    }
}

/// What acts of giving data away were judged by: how unusual the rarest of their destinations is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GrantBasis {
    /// The rarest destination; `None` if the entity is known for all of them.
    pub first: Option<FirstAct>,
}

/// A destination that the entity is not known for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FirstAct {
    /// What its novelty was judged by.
    pub novelty: NoveltyBasis,
    /// Active days of the entity.
    pub active_days: u32,
    /// Entities that are known for it.
    pub support: u32,
}

impl GrantBasis {
    /// Returns the surprise of so many acts.
    pub fn surprise(&self, acts: u64) -> f64 {
        let first = self
            .first
            .map_or(0.0, |f| f.novelty.surprise(f.active_days, f.support));
        stats::arm::acts(first, acts)
    }
}

/// What was read off a stored distribution for one value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reference {
    /// The tail that was fitted beyond the stored values.
    pub tail: Tail,
    /// Entity-days that were at least as extreme.
    pub at_least: u64,
    /// Whole days behind the distribution.
    pub days: u32,
    /// Values at [`QUANTILES`].
    pub quantiles: [f64; QUANTILES.len()],
}

impl Reference {
    /// Reads it off a distribution, for a value.
    pub fn of(distribution: &FrozenDistribution, value: f64) -> Self {
        Self {
            tail: *distribution.tail(),
            at_least: distribution.count_at_least(value),
            days: distribution.days(),
            quantiles: QUANTILES.map(|q| distribution.quantile(q).unwrap_or(0.0)),
        }
    }

    /// Returns log10 of the share of entity-days at least as extreme as the value that it was read off for.
    pub fn log10_exceedance(&self, value: f64) -> f64 {
        self.tail.log10_share(value, || self.at_least)
    }
}

/// How a statistic became a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScoreEvidence {
    /// The arm's statistic: the sum of the reasons' surprises times the factor.
    pub statistic: f64,
    /// What the sum was multiplied by.
    pub factor: f64,
    /// Why that is below 1, if it is.
    pub damped: Option<String>,
    /// What was read off the arm's stored distribution for the statistic; `None` if the arm has none yet.
    pub arm: Option<Reference>,
    /// The rank of the statistic among all arms.
    pub rank: f64,
    /// What was read off the stored distribution of ranks for the rank.
    pub pooled: Reference,
    /// Minus log10 of the share of entity-days at least as extreme.
    pub surprise: f64,
    /// The surprise that had to be reached.
    pub threshold: f64,
    /// Whether a sensitive bucket was touched, which raises the severity.
    pub sensitive: bool,
    /// The greatest severity that an alert on this arm may have; `None` for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity_max: Option<stats::Severity>,
}

impl ScoreEvidence {
    /// Returns the rank of a statistic.
    pub fn rank_of(&self, statistic: f64) -> f64 {
        let exceedance = self
            .arm
            .map_or(0.0, |reference| reference.log10_exceedance(statistic));
        stats::rank::rank(exceedance, statistic)
    }

    /// Returns the surprise of a statistic and its rank.
    pub fn surprise_of(&self, statistic: f64, rank: f64, is_provisional: bool) -> f64 {
        if is_provisional {
            stats::rank::provisional_surprise(statistic)
        } else {
            (-self.pooled.log10_exceedance(rank)).max(0.0)
        }
    }
}

/// Returns the id of an episode: a function of analytic, entity (its kind and id) and the episode's start.
pub fn alert_id(analytic: &str, (kind, id): (&str, &str), start: &str) -> String {
    let text = format!("{analytic}\n{kind}\n{id}\n{start}");
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(text.as_bytes()))
}
