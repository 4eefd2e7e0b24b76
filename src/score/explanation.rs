//! A full account of an arm's judgement: every gate with what was measured and what was asked, and what was missing.
//!
//! Scoring and accounting run through the same code. A [`Observer`] watches it: scoring has none and stops at the first
//! gate that is shut; an account notes each gate and goes on.

use serde::Serialize;

use crate::analytic::Arm;
use crate::score::components::JudgedAgainst;
use crate::score::judge::{ArmResult, Contribution};
use crate::time::{Time, Window};

/// Halvings when looking for what would have crossed: enough for every digit of an f64.
const HALVINGS: usize = 64;
/// No statistic lies beyond, and none that would have to is worth telling.
const STATISTIC_MAX: f64 = 1e4;
/// Nor is any amount.
const AMOUNT_MAX: u64 = 1 << 50;

/// Watches an arm being judged.
pub(super) trait Observer: Default {
    /// Whether judging goes on behind a gate that is shut.
    const WANTS_ALL: bool;
    /// A gate was looked at.
    fn gate(&mut self, reading: impl FnOnce() -> GateReading);
    /// A step of a sequence was looked at.
    fn step(&mut self, reading: impl FnOnce() -> StepReading);
    /// Hands over what was noted.
    fn recorded(self) -> (Vec<GateReading>, Vec<StepReading>);
}

/// Nobody watches.
#[derive(Default)]
pub(super) struct NoopObserver;

impl Observer for NoopObserver {
    const WANTS_ALL: bool = false;
    fn gate(&mut self, _: impl FnOnce() -> GateReading) {}
    fn step(&mut self, _: impl FnOnce() -> StepReading) {}
    fn recorded(self) -> (Vec<GateReading>, Vec<StepReading>) {
        (Vec::new(), Vec::new())
    }
}

/// Notes everything.
#[derive(Default)]
pub(super) struct Recorder {
    gates: Vec<GateReading>,
    steps: Vec<StepReading>,
}

impl Observer for Recorder {
    const WANTS_ALL: bool = true;
    fn gate(&mut self, reading: impl FnOnce() -> GateReading) {
        self.gates.push(reading());
    }
    fn step(&mut self, reading: impl FnOnce() -> StepReading) {
        self.steps.push(reading());
    }
    fn recorded(self) -> (Vec<GateReading>, Vec<StepReading>) {
        (self.gates, self.steps)
    }
}

/// A gate, and how it was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateReading {
    /// Whether it was passed.
    pub is_open: bool,
    /// What was looked at.
    #[serde(flatten)]
    pub what: GateDetail,
}

/// What a gate looks at.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "gate", rename_all = "snake_case")]
pub enum GateDetail {
    /// Some of these metrics must be active.
    Active {
        /// Which would do.
        metrics: Vec<&'static str>,
        /// Which were.
        active: Vec<&'static str>,
    },
    /// So much of a metric must be reached over the day.
    AtLeast {
        /// Which metric.
        metric: &'static str,
        /// How much there was.
        measured: u64,
        /// How much is asked.
        required: u64,
    },
    /// One of these must be passed.
    AnyOf {
        /// Which.
        of: Vec<GateReading>,
    },
    /// Some of these traits must show something new.
    Context {
        /// Which would do.
        traits: Vec<&'static str>,
        /// Which did.
        unusual: Vec<&'static str>,
    },
    /// The caller or the destination must be external.
    External,
    /// An act of this kind must happen.
    Act {
        /// Which kind.
        act: &'static str,
        /// How many there were.
        acts: u64,
    },
    /// So many things must happen at once.
    Burst {
        /// What is counted.
        burst: &'static str,
        /// Within which time.
        over: String,
        /// How many there were.
        observed: u64,
        /// How many are asked.
        required: u64,
    },
    /// A metric must be more surprising than this.
    Surprising {
        /// Which metric.
        metric: &'static str,
        /// How surprising it was, in natural logarithms.
        surprise: f64,
        /// What it must exceed.
        required: f64,
    },
    /// A trait must show a value of these.
    Shows {
        /// Which trait.
        r#trait: &'static str,
        /// Whether the value must be new to the entity.
        new: bool,
        /// The patterns; none for any value.
        like: Vec<String>,
        /// The values that did.
        values: Vec<String>,
    },
    /// A trait must show a value that is none of these, or none at all.
    Beyond {
        /// Which trait.
        r#trait: &'static str,
        /// The patterns of those that are expected.
        of: Vec<String>,
        /// The values that are not.
        values: Vec<String>,
    },
    /// The identity must be of such a kind.
    Caller {
        /// Its kind.
        caller: &'static str,
        /// The kinds that would do; none for any.
        of: Vec<&'static str>,
    },
    /// Nothing of the kind must be logged at all.
    Unlogged {
        /// What kind of action.
        action: &'static str,
    },
    /// Steps must be taken in order.
    Sequence {
        /// As far as they were looked at: up to the first that was not taken.
        steps: Vec<StepReading>,
    },
}

/// A step of a sequence, and how it was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepReading {
    /// Which.
    pub step: &'static str,
    /// When it was taken; `None` if it was not.
    #[serde(serialize_with = "as_text")]
    pub time: Option<Time>,
    /// What was measured: seconds of age, the largest surprise, external bytes.
    pub measured: f64,
    /// What is asked of that: at most so old, more than this surprise, at least one byte.
    pub required: f64,
}

fn as_text<S: serde::Serializer>(time: &Option<Time>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}

/// One part of a statistic, in words and numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartExplanation {
    /// `volume`, `novelty`, `newcomer`, `grant`, `burst` or `declared`.
    pub kind: &'static str,
    /// The metric or trait; empty if it has none.
    pub name: &'static str,
    /// The value that is new, or the accounts that something was given to.
    pub value: Option<String>,
    /// In which window.
    pub window: Option<String>,
    /// How much there was.
    pub observed: Option<u64>,
    /// Expected median.
    pub p50: Option<f64>,
    /// Expected 99th percentile.
    pub p99: Option<f64>,
    /// Its part of the sum, in natural logarithms.
    pub surprise: f64,
    /// Whose history it was judged by.
    pub judged_against: Option<String>,
}

/// An amount that alone would have brought an arm over its threshold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SufficientAmount {
    /// Of which metric.
    pub metric: &'static str,
    /// In which window.
    pub window: String,
    /// How much there was.
    pub observed: u64,
    /// How much it would have taken.
    pub needed: u64,
}

/// What one arm made of a day, whether or not it was heard.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmExplanation {
    /// Which arm.
    pub arm: String,
    /// What it looks for.
    pub doc: String,
    /// Whom it judges: `new`, `established` or `any`.
    pub cohort: &'static str,
    /// Whether the entity is one of those.
    pub belongs: bool,
    /// Its gates.
    pub gates: Vec<GateReading>,
    /// Whether it was heard: the entity belongs, and all gates are open.
    pub is_wanted: bool,
    /// What the sum of the parts was multiplied by.
    pub factor: f64,
    /// The statistic; that which it would have had, if it was not heard.
    pub statistic: f64,
    /// Its rank among arms.
    pub rank: f64,
    /// The surprise that follows from it.
    pub surprise: f64,
    /// The same on a scale from 0 to 100.
    pub score: f64,
    /// The statistic from which on it would have reached the threshold, where there is one.
    pub needed_statistic: Option<f64>,
    /// An amount that alone would have done it; none of an arm that was not heard, for which no amount suffices.
    pub would_do: Option<SufficientAmount>,
    /// What the statistic is made of, largest first.
    pub parts: Vec<PartExplanation>,
}

impl ArmExplanation {
    /// Returns whether it found anything surprising. A weight that an analytic declares says nothing as long as the arm is not
    /// heard.
    pub fn has_something_to_say(&self) -> bool {
        let surprising = |part: &PartExplanation| self.is_wanted || part.kind != "declared";
        self.statistic > 0.0 && self.parts.iter().any(surprising)
    }

    /// Puts together what was seen of an arm. `surprise_of` is the rank and surprise of a statistic of this arm.
    pub(super) fn of(
        arm: &Arm,
        belongs: bool,
        gates: Vec<GateReading>,
        detection: &ArmResult,
        threshold: f64,
        surprise_of: impl Fn(f64) -> (f64, f64),
    ) -> Self {
        let (rank, surprise) = surprise_of(detection.statistic);
        let reaches = |statistic: f64| surprise_of(statistic).1 >= threshold;
        let needed_statistic = least(reaches);
        let is_wanted = belongs && gates.iter().all(|gate| gate.is_open);
        Self {
            arm: arm.id.to_string(),
            doc: arm.doc.clone(),
            cohort: arm.cohort.as_str(),
            belongs,
            is_wanted,
            gates,
            factor: detection.factor,
            statistic: detection.statistic,
            rank,
            surprise,
            score: crate::stats::rank::score(surprise),
            would_do: needed_statistic
                .filter(|_| is_wanted)
                .and_then(|needed| would_do(detection, needed)),
            needed_statistic,
            parts: detection
                .contributions
                .iter()
                .map(PartExplanation::of)
                .collect(),
        }
    }
}

impl PartExplanation {
    fn of(contribution: &Contribution) -> Self {
        let mut part = Self {
            kind: "declared",
            name: "",
            value: None,
            window: None,
            observed: None,
            p50: None,
            p99: None,
            surprise: contribution.surprise(),
            judged_against: None,
        };
        match contribution {
            Contribution::Volume(reading) => {
                (part.kind, part.name) = ("volume", reading.metric.as_str());
                part.window = Some(reading.window.to_string());
                part.observed = Some(reading.observed);
                part.p50 = Some(reading.predictive.quantile(0.5));
                part.p99 = Some(reading.predictive.quantile(0.99));
                part.judged_against = Some(whose(&reading.judged_against));
            }
            Contribution::Novelty(reading) => {
                (part.kind, part.name) = ("novelty", reading.which.as_str());
                part.value = Some(reading.value.to_string());
                part.judged_against = Some(whose(&reading.judged_against));
            }
            Contribution::RoleTail(reading) => {
                (part.kind, part.name) = ("newcomer", reading.metric.as_str());
                part.window = Some(Window::HOUR.to_string());
                part.observed = Some(reading.observed);
                part.p50 = Some(reading.quantiles.0 as f64);
                part.p99 = Some(reading.quantiles.1 as f64);
                part.judged_against = Some(whose(&reading.judged_against));
            }
            Contribution::Grant { accounts, acts, .. } => {
                part.kind = "share";
                part.value = Some(accounts.join(", "));
                part.observed = Some(*acts);
            }
            Contribution::Burst { asked, reading, .. } => {
                (part.kind, part.name) = ("burst", asked.kind.as_str());
                part.window = Some(asked.over.to_string());
                part.observed = Some(reading.observed);
            }
            Contribution::Weight(_) => {}
        }
        part
    }
}

fn whose(judged_against: &JudgedAgainst) -> String {
    match judged_against {
        JudgedAgainst::Own(_) => "own history".to_owned(),
        JudgedAgainst::Group(group) => {
            format!("{} {}", group.kind.as_str().replace('_', " "), group.id)
        }
        JudgedAgainst::BuiltIn => "built-in default".to_owned(),
    }
}

/// Returns the least statistic that reaches, if any does.
fn least(reaches: impl Fn(f64) -> bool) -> Option<f64> {
    if !reaches(STATISTIC_MAX) {
        return None;
    }
    let (mut low, mut high) = (0.0, STATISTIC_MAX);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if reaches(middle) {
            high = middle
        } else {
            low = middle
        }
    }
    Some(high)
}

/// Returns how much more of the arm's largest amount would have brought its statistic to what was needed.
fn would_do(detection: &ArmResult, needed: f64) -> Option<SufficientAmount> {
    let missing = (needed - detection.statistic) / detection.factor;
    let reading = detection.contributions.iter().find_map(|c| match c {
        Contribution::Volume(reading) => Some(reading),
        _ => None,
    })?;
    let target = reading.surprise + missing;
    let reaches = |x: u64| reading.predictive.surprise(x as f64) >= target;
    if missing <= 0.0 || !reaches(AMOUNT_MAX) {
        return None;
    }
    let (mut low, mut high) = (reading.observed, AMOUNT_MAX);
    while low < high {
        let middle = low + (high - low) / 2;
        if reaches(middle) {
            high = middle
        } else {
            low = middle + 1
        }
    }
    Some(SufficientAmount {
        metric: reading.metric.as_str(),
        window: reading.window.to_string(),
        observed: reading.observed,
        needed: high,
    })
}

/// Returns the arm of an analytic on which its verdict rests: of those that were heard, the first of the highest rank.
pub fn best_arm(arms: &[ArmExplanation]) -> Option<&ArmExplanation> {
    arms.iter()
        .filter(|arm| arm.is_wanted && arm.statistic > 0.0)
        .reduce(|best, next| if next.rank > best.rank { next } else { best })
}
