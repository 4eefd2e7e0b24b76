//! The reasons of an alert.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alert::as_text;
use crate::evidence::{GrantBasis, HoursBasis, NoveltyBasis, VolumeBasis};
use crate::time::Time;
use crate::vocab::Metric;

/// One reason.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Reason {
    /// A metric was larger than expected.
    Volume(Amount),
    /// A newcomer was busier than its peers.
    Newcomer(Amount),
    /// A trait showed something new.
    Novelty {
        /// Which trait.
        r#trait: String,
        /// The value.
        value: String,
        /// Times it was seen before.
        #[serde(default)]
        seen: u32,
        /// Active days of the entity before, the first excluded.
        #[serde(default)]
        of: u32,
        /// Identities known for it.
        #[serde(default)]
        support: u32,
        /// Chance of so rare a novelty on a day.
        p_value: f64,
        /// Its part of the arm's statistic, in natural logarithms.
        #[serde(default)]
        surprise: f64,
        /// Whose history.
        #[serde(default)]
        judged_against: JudgedAgainstRecord,
        /// What was judged by, in numbers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        basis: Option<NoveltyBasis>,
        /// The first event of the day that showed it.
        first: Option<EventRecord>,
        /// Whether that event came from another address and with another credential than all that was counted: it is context of the
        /// day, and not of the act.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        apart: bool,
    },
    /// Data was given to an account that is not ours.
    #[serde(rename = "share")]
    Grant {
        /// Which accounts.
        accounts: Vec<String>,
        /// Which buckets.
        buckets: Vec<String>,
        /// Acts that day.
        acts: u64,
        /// Its part of the arm's statistic, in natural logarithms.
        #[serde(default)]
        surprise: f64,
        /// What was judged by, in numbers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        basis: Option<GrantBasis>,
        /// The first of the acts.
        first: Option<EventRecord>,
    },
    /// So many things happened at once, for which the analytic declares a weight.
    Burst {
        /// What was counted.
        burst: String,
        /// Within which time.
        window: String,
        /// How many there were, at most as many as are counted.
        observed: u64,
        /// How many the analytic asks for.
        required: u64,
        /// When it began.
        #[serde(with = "as_text")]
        #[schemars(with = "String")]
        start: Time,
        /// Its part of the arm's statistic, in natural logarithms.
        surprise: f64,
        /// The first event of it.
        first: Option<EventRecord>,
    },
    /// The analytic declares a weight for what happened.
    Declared {
        /// Its part of the arm's statistic, in natural logarithms.
        surprise: f64,
        /// Which accounts something was given to, if that is what happened.
        #[serde(default)]
        accounts: Vec<String>,
        /// Which buckets.
        #[serde(default)]
        buckets: Vec<String>,
        /// The first of the acts.
        first: Option<EventRecord>,
    },
    /// Steps were taken in order.
    Sequence {
        /// The steps.
        steps: Vec<StepRecord>,
    },
}

/// An amount that was larger than expected.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Amount {
    /// Which metric.
    pub metric: String,
    /// In which window.
    pub window: String,
    /// What was observed.
    pub observed: u64,
    /// Expected median.
    pub p50: f64,
    /// Expected 99th percentile.
    pub p99: f64,
    /// Chance of so large a window on a day; of a newcomer, the share of its peers' active hours at least so large.
    pub p_value: f64,
    /// Its part of the arm's statistic, in natural logarithms.
    #[serde(default)]
    pub surprise: f64,
    /// Whose history.
    #[serde(default)]
    pub judged_against: JudgedAgainstRecord,
    /// What was judged by, in numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<AmountBasis>,
    /// The days before on which the entity did much of it at about this hour of the week or this day of the month.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub as_on: Vec<String>,
}

/// What an amount was judged by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AmountBasis {
    /// Peers and the entity's own past.
    Volume(VolumeBasis),
    /// The active hours of a newcomer's peers.
    Hours(HoursBasis),
}

/// Whose history something was judged by.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct JudgedAgainstRecord {
    /// Kind of entity or group.
    pub kind: String,
    /// Which.
    pub id: String,
    /// Weight of windows, or number of hours or days, behind it.
    #[serde(default)]
    pub windows: f64,
}

/// An event that a reason rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventRecord {
    /// When.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub time: Time,
    /// Which.
    pub event_id: String,
    /// The operation, as in `iam:CreateUser`.
    pub operation: String,
    /// From which address.
    pub source_ip: Option<String>,
    /// To which address, of a flow.
    pub destination_ip: Option<String>,
}

/// One step of a sequence.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepRecord {
    /// Which.
    pub step: String,
    /// When.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub time: Time,
    /// The event that made the identity, or else the first of the step, where it is among the episode's.
    pub event_id: Option<String>,
    /// Its operation, as in `iam:CreateUser`.
    pub operation: Option<String>,
    /// Its address.
    pub source_ip: Option<String>,
    /// How the identity began, where that is the step: `created`, or `first_use` if the logs do not show its creation.
    pub origin: Option<String>,
    /// The identity that created it.
    pub by: Option<String>,
}

impl Reason {
    /// Returns its part of the arm's statistic, in natural logarithms; a sequence is a condition and has none.
    pub fn surprise(&self) -> f64 {
        match self {
            Self::Volume(amount) | Self::Newcomer(amount) => amount.surprise,
            Self::Novelty { surprise, .. }
            | Self::Grant { surprise, .. }
            | Self::Burst { surprise, .. }
            | Self::Declared { surprise, .. } => *surprise,
            Self::Sequence { .. } => 0.0,
        }
    }

    /// Returns whether it is an act that matters by itself.
    pub fn is_declared_act(&self) -> bool {
        match self {
            Self::Grant { .. } => true,
            Self::Declared { accounts, .. } => !accounts.is_empty(),
            Self::Volume(amount) => {
                let metric = Metric::parse(&amount.metric);
                metric.is_some_and(Metric::is_declared_act)
            }
            _ => false,
        }
    }

    /// Returns the event that first showed what is new, or gave something away.
    pub fn first(&self) -> Option<&EventRecord> {
        match self {
            Self::Novelty { first, .. } | Self::Grant { first, .. } | Self::Burst { first, .. } => {
                first.as_ref()
            }
            _ => None,
        }
    }

    /// Returns the metric of an amount.
    pub fn metric(&self) -> Option<&str> {
        match self {
            Self::Volume(amount) | Self::Newcomer(amount) => Some(&amount.metric),
            _ => None,
        }
    }
}
