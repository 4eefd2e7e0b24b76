//! What an arm finds in a day: its statistic, and the parts that it is the sum of.

use crate::analytic::Burst;
use crate::measure::BurstReading;
use crate::score::components::{NoveltyReading, RoleTailReading, VolumeReading};
use crate::score::sequence::SequenceReading;
use crate::stats::constants::STATISTIC_MIN;
use crate::vocab::{Str, Trait};

/// One part of a statistic.
#[derive(Debug, Clone, PartialEq)]
pub enum Contribution {
    /// A metric was larger than expected.
    Volume(VolumeReading),
    /// A trait showed something new.
    Novelty(NoveltyReading),
    /// A newcomer was busier than its peers.
    RoleTail(RoleTailReading),
    /// Data was given to an account that is not ours.
    Grant {
        /// The accounts, in order.
        accounts: Vec<Str>,
        /// The buckets, in order.
        buckets: Vec<Str>,
        /// What these are known by as destinations, in order.
        destinations: Vec<Str>,
        /// Acts that day.
        acts: u64,
        /// Its part of the statistic.
        surprise: f64,
    },
    /// So many things happened at once.
    Burst {
        /// What was asked for.
        asked: Burst,
        /// What there was.
        reading: BurstReading,
        /// The declared weight: its part of the statistic.
        weight: f64,
    },
    /// A declared weight.
    Weight(f64),
}

impl Contribution {
    /// Returns whether it is about single events and not about an amount.
    pub const fn is_about_events(&self) -> bool {
        matches!(
            self,
            Self::Novelty(_) | Self::Grant { .. } | Self::Burst { .. }
        )
    }

    /// Returns whether it is about single events that show something of the caller and not of what was reached.
    pub const fn is_of_caller(&self) -> bool {
        match self {
            Self::Novelty(reading) => !matches!(reading.which, Trait::Destination | Trait::Bucket),
            _ => self.is_about_events(),
        }
    }

    /// Returns whether it is an amount below the 99th percentile of what it was judged against.
    pub fn is_ordinary(&self) -> bool {
        match self {
            Self::Volume(reading) => reading.is_ordinary(),
            Self::RoleTail(reading) => reading.is_ordinary(),
            Self::Novelty(_) | Self::Grant { .. } | Self::Burst { .. } | Self::Weight(_) => false,
        }
    }

    /// Returns its part of the statistic, in natural logarithms.
    pub fn surprise(&self) -> f64 {
        match self {
            Self::Volume(reading) => reading.surprise,
            Self::Novelty(reading) => reading.surprise,
            Self::RoleTail(reading) => reading.surprise,
            Self::Grant { surprise, .. } => *surprise,
            Self::Burst { weight, .. } | Self::Weight(weight) => *weight,
        }
    }
}

/// The result of one arm for a day.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmResult {
    /// Which arm.
    pub arm: Str,
    /// The sum of its contributions, damped if it is so declared.
    pub statistic: f64,
    /// The same without ordinary amounts, where these are no news: see [`Self::is_news`].
    pub news: f64,
    /// What the sum was multiplied by.
    pub factor: f64,
    /// Its rank among arms.
    pub rank: f64,
    /// What it is made of, largest first.
    pub contributions: Vec<Contribution>,
    /// The steps, if the arm asks for them.
    pub sequence: Option<SequenceReading>,
}

impl ArmResult {
    /// Returns whether it passes the floor beneath every alert, whatever the budget: it reaches [`STATISTIC_MIN`] without the
    /// amounts that lie below their own 99th percentile. Those count only on a day with unusual context, or in an arm that
    /// [has a reason of its own](crate::analytic::Arm::has_own_reason).
    pub fn is_news(&self) -> bool {
        self.news >= STATISTIC_MIN
    }
}
