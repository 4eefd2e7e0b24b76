//! The explanation of an arm's judgement: every gate, what was measured and asked, and what was missing.

use schemars::JsonSchema;
use serde::Serialize;

use crate::analytic::Arm;
use crate::score::components::JudgedAgainst;
use crate::score::contribution::{ArmResult, Contribution};
use crate::score::observer::GateReading;
use crate::score::subject::Standing;
use crate::stats;
use crate::stats::constants::STATISTIC_MIN;
use crate::time::Window;

/// Halvings when looking for what would have crossed: enough for every digit of an f64.
const HALVINGS: usize = 64;
/// No statistic lies beyond, and none that would have to is worth showing.
const STATISTIC_MAX: f64 = 1e4;
/// Nor is any amount.
const AMOUNT_MAX: u64 = 1 << 50;

/// One part of a statistic, in words and numbers.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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
    /// Whether it is an amount below its own 99th percentile.
    pub is_ordinary: bool,
}

/// An amount that alone would have brought an arm over its threshold.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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

/// How one arm judged a day, whether or not it applies to it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ArmExplanation {
    /// Which arm.
    pub arm: String,
    /// What it looks for.
    pub doc: String,
    /// Which identities it judges: `new`, `established` or `any`.
    pub cohort: &'static str,
    /// Whether the entity is new, as far as is known.
    pub standing: Standing,
    /// Whether the entity is one of those.
    pub belongs: bool,
    /// Its gates.
    pub gates: Vec<GateReading>,
    /// Whether the arm applies: the entity is of its cohort, and all gates are open.
    pub applies: bool,
    /// What the sum of the parts was multiplied by.
    pub factor: f64,
    /// Why that is less than 1, if it is.
    pub damped: Option<&'static str>,
    /// The statistic; of an arm that does not apply, the one that it would have had.
    pub statistic: f64,
    /// Its rank among arms.
    pub rank: f64,
    /// The surprise that follows from it.
    pub surprise: f64,
    /// The same on a scale from 0 to 100.
    pub score: f64,
    /// The statistic from which on it would have reached the threshold, where there is one.
    pub needed_statistic: Option<f64>,
    /// An amount that alone would have reached the threshold; none of an arm that does not apply, for which no amount suffices.
    pub would_do: Option<SufficientAmount>,
    /// What the statistic is made of, largest first.
    pub parts: Vec<PartExplanation>,
    /// The statistic without amounts that are no news: those below their own 99th percentile, on a day without unusual context.
    pub news: f64,
    /// Whether it tells nothing of what it found, whatever the threshold, since the entity is expected to show that news more
    /// often than once in two weeks.
    pub is_below_floor: bool,
}

impl ArmExplanation {
    /// Returns whether it found anything surprising. A weight that an analytic declares counts only in an arm that applies.
    pub fn has_something_to_say(&self) -> bool {
        let surprising = |part: &PartExplanation| self.applies || part.kind != "declared";
        self.statistic > 0.0 && self.parts.iter().any(surprising)
    }

    /// Puts together what was seen of an arm. `surprise_of` is the rank and surprise of a statistic of this arm.
    pub(super) fn of(
        arm: &Arm,
        (standing, belongs): (Standing, bool),
        gates: Vec<GateReading>,
        detection: &ArmResult,
        threshold: f64,
        surprise_of: impl Fn(f64) -> (f64, f64),
    ) -> Self {
        let (rank, surprise) = surprise_of(detection.statistic);
        let reaches = |statistic: f64| surprise_of(statistic).1 >= threshold;
        let needed_statistic = least(reaches);
        let applies = belongs && gates.iter().all(|gate| gate.is_open);
        Self {
            arm: arm.id.to_string(),
            doc: arm.doc.clone(),
            cohort: arm.cohort.as_str(),
            standing,
            belongs,
            applies,
            gates,
            factor: detection.factor,
            damped: arm.damped_by(detection.factor),
            statistic: detection.statistic,
            rank,
            surprise,
            score: stats::rank::score(surprise),
            would_do: needed_statistic
                .filter(|_| applies)
                .and_then(|needed| would_do(detection, needed)),
            needed_statistic,
            parts: detection
                .contributions
                .iter()
                .map(PartExplanation::of)
                .collect(),
            news: detection.news,
            is_below_floor: applies && detection.statistic > 0.0 && !detection.is_news(),
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
            is_ordinary: contribution.is_ordinary(),
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
    let missing = |needed: f64, has: f64| (needed - has) / detection.factor;
    let beyond_threshold = missing(needed, detection.statistic);
    let beyond_floor = missing(STATISTIC_MIN, detection.news);
    let reading = detection.contributions.iter().find_map(|c| match c {
        Contribution::Volume(reading) => Some(reading),
        _ => None,
    })?;
    let is_left_out = detection.news < detection.statistic && reading.is_ordinary();
    let of_news = if is_left_out { 0.0 } else { reading.surprise };
    let reaches = |x: u64| {
        let surprise = reading.predictive.surprise(x as f64);
        let is_news = beyond_floor <= 0.0
            || surprise >= of_news + beyond_floor
                && !(is_left_out && reading.predictive.is_ordinary(x as f64));
        surprise >= reading.surprise + beyond_threshold && is_news
    };
    if beyond_threshold.max(beyond_floor) <= 0.0 || !reaches(AMOUNT_MAX) {
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

/// Returns the arm of an analytic on which its detection rests: of those that apply and pass the floor, the first of the highest
/// rank. If none passes it, the same of all that apply.
pub fn best_arm(arms: &[ArmExplanation]) -> Option<&ArmExplanation> {
    let best_of = |is_floored: bool| {
        arms.iter()
            .filter(|arm| arm.applies && arm.statistic > 0.0 && arm.is_below_floor == is_floored)
            .reduce(|best, next| if next.rank > best.rank { next } else { best })
    };
    best_of(false).or_else(|| best_of(true))
}
