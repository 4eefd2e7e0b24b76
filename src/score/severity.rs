//! How severe an episode is, and what that rests on.

use crate::analytic::Analytic;
use crate::evidence::significant;
use crate::measure::{DayFacts, KnownThings, value_hash};
use crate::score::contribution::Contribution;
use crate::score::judge::Detection;
use crate::stats::Severity;
use crate::stats::constants::{MORE_THAN_CHANCE, SCORE_CRITICAL, SCORE_HIGH};
use crate::stats::rank::score as score_of;
use crate::time::Window;
use crate::vocab::Metric;
use crate::wording::count;

/// Identity-days beyond which it is only said that there are more: no estate has shown what happens once in so many.
const DAYS_TOLD_MAX: f64 = 1e6;
/// So many times the stored identity-days, what is rarer is only extrapolated.
const EXTRAPOLATED: f64 = 10.0;
/// Events that show what is new below which it may be a slip.
const EVENTS_FEW: u64 = 5;

/// What the severity of an episode is told by.
#[derive(Clone, Copy)]
pub struct Rating<'a> {
    /// The analytic.
    pub analytic: &'a Analytic,
    /// What it found.
    pub detection: &'a Detection,
    /// The surprise that must be reached.
    pub threshold: f64,
    /// Whether a bucket on the sensitive list was touched.
    pub is_sensitive: bool,
    /// Whether there is too little history in the store for calibrated scores.
    pub is_uncalibrated: bool,
    /// Whether it is one of the first two days that are remembered, on which nobody is known.
    pub is_beginning: bool,
    /// The day.
    pub facts: &'a DayFacts,
    /// The identity-days of which it is stored how unusual they were.
    pub stored_days: u64,
}

impl Rating<'_> {
    /// Returns whether there is too little history for a calibrated score, in the store or in a log that it rests on.
    pub fn is_provisional(&self) -> bool {
        self.is_uncalibrated || self.detection.young_since.is_some()
    }

    /// Returns the severity.
    pub fn severity(&self) -> Severity {
        let severity = self.within(self.is_sensitive);
        severity.min(self.most().unwrap_or(severity))
    }

    fn within(&self, is_sensitive: bool) -> Severity {
        let threshold = score_of(self.threshold);
        Severity::of(self.detection.score, threshold, is_sensitive, false)
    }

    /// Returns the greatest severity that it may have: what the analytic allows its arm, medium while scores are provisional, unless it
    /// rests on a declared act, low on the first two days where nothing is much but all is new, and what it is held at where new context alone is rarer than the stored days can show.
    pub fn most(&self) -> Option<Severity> {
        let is_capped = self.is_provisional() && !self.rests_on_an_act();
        let provisional =
            is_capped.then(
                || match self.is_beginning && self.rests_on_context_alone() {
                    true => Severity::Low,
                    false => Severity::Medium,
                },
            );
        let held = self.held().map(|(severity, _)| severity);
        [self.of_arm(), provisional, held]
            .into_iter()
            .flatten()
            .min()
    }

    /// Returns the surprise beyond which the stored days only let it be extrapolated, in decades.
    fn shown_max(&self) -> f64 {
        (EXTRAPOLATED * self.stored_days.max(1) as f64).log10()
    }

    fn is_extrapolated(&self) -> bool {
        !self.is_provisional() && self.detection.surprise > self.shown_max()
    }

    /// Returns at what severity it is held, and how many steps lower that is: one if it rests on new context alone and its surprise is
    /// extrapolated, two if few events show what is new. It is never less than medium, nor than what the stored days do show.
    fn held(&self) -> Option<(Severity, u32)> {
        if !self.is_extrapolated() || !self.rests_on_context_alone() {
            return None;
        }
        let threshold = score_of(self.threshold);
        let shown = Severity::of(score_of(self.shown_max()), threshold, false, false);
        let whole = self.within(false);
        let mut held = (whole, 0);
        let steps = if self.n_new() < EVENTS_FEW { 2 } else { 1 };
        while held.1 < steps && held.0 > shown.max(Severity::Medium) {
            held = (held.0.lowered(), held.1 + 1);
        }
        (held.1 > 0).then_some(held)
    }

    /// Returns whether there is nothing to it but that something is new: no amount that is more than chance, nothing at once or in order, no
    /// declared act, no sensitive bucket.
    fn rests_on_context_alone(&self) -> bool {
        let arm = &self.detection.arm;
        let mut parts = arm.contributions.iter();
        let is_context = |part: &Contribution| match part {
            Contribution::Novelty(_) | Contribution::Weight(_) => true,
            Contribution::Grant { .. } | Contribution::Burst { .. } => false,
            Contribution::Volume(reading) => {
                // That a region is new says the same as the new region.
                let is_of_regions =
                    matches!(reading.metric, Metric::RegionsUsed | Metric::RegionsNew);
                // How much a few listings return is the bucket's doing.
                let is_of_listings =
                    || reading.metric == Metric::ListBytes && self.n_listings() < EVENTS_FEW;
                is_of_regions
                    || is_of_listings()
                    || reading.surprise < MORE_THAN_CHANCE
                    || reading.predictive.is_ordinary(reading.observed as f64)
            }
            Contribution::RoleTail(reading) => {
                reading.surprise < MORE_THAN_CHANCE || reading.is_ordinary()
            }
        };
        let is_alone = !self.is_sensitive && arm.sequence.is_none() && !self.rests_on_an_act();
        is_alone && parts.all(is_context)
    }

    fn n_listings(&self) -> u64 {
        let known = &KnownThings::NOTHING;
        let listings = self.facts.readings(Metric::ListCalls, Window::DAY, known);
        listings.first().map_or(0, |&(_, calls)| calls)
    }

    /// Returns how many events show what is new, of the new value that most of them show.
    fn n_new(&self) -> u64 {
        let parts = self.detection.arm.contributions.iter();
        let counts = parts.filter_map(|part| match part {
            Contribution::Novelty(reading) => {
                let values = self.facts.trait_values(reading.which);
                let hash = value_hash(&reading.value);
                // Values that are not kept one by one are of a day with many.
                Some(values.map_or(u64::MAX, |values| {
                    values.get(hash, &reading.value).unwrap_or(u64::MAX)
                }))
            }
            _ => None,
        });
        counts.max().unwrap_or(self.facts.n_events)
    }

    fn of_arm(&self) -> Option<Severity> {
        let mut arms = self.analytic.arms.iter();
        let arm = arms.find(|arm| arm.id == self.detection.arm.arm)?;
        arm.severity_max
    }

    /// Returns whether a part of the statistic is an act that matters by itself, as [`crate::alert::Alert::rests_on_an_act`] says of the
    /// reasons that these become.
    fn rests_on_an_act(&self) -> bool {
        let mut parts = self.detection.arm.contributions.iter();
        parts.any(|part| match part {
            Contribution::Grant { .. } => true,
            Contribution::Volume(reading) => reading.metric.is_declared_act(),
            _ => false,
        })
    }
}

/// Returns in one line what a severity rests on, as in `high: 1 in 12,000 identity-days of this estate, +1: a sensitive bucket`.
pub(super) fn reason(rating: Rating, severity: Severity) -> String {
    let score = rating.detection.score;
    let mut text = if let (false, Some(since)) =
        (rating.is_uncalibrated, rating.detection.young_since)
    {
        format!(
            "{severity}: the score is provisional, since what it rests on is recorded only since {since}"
        )
    } else if rating.is_provisional() {
        format!("{severity}: scores are provisional, since too few days are stored to compare with")
    } else {
        let days = 10f64.powf(rating.detection.surprise);
        let stored = count(rating.stored_days);
        let rarity = match days <= DAYS_TOLD_MAX {
            // No more is claimed than the stored days can show.
            _ if rating.is_extrapolated() => format!("beyond all {stored} stored"),
            true => format!("1 in {}", count(significant(days).round() as u64)),
            false => format!("less than 1 in {}", count(DAYS_TOLD_MAX as u64)),
        };
        let how = match rating.is_extrapolated() {
            true => " (extrapolated)",
            false => "",
        };
        format!("{severity}: {rarity} identity-days of this estate{how}")
    };
    let is_above = score >= score_of(rating.threshold);
    if !rating.is_provisional() && is_above && score < SCORE_HIGH {
        text += ", above the threshold";
    }
    let is_raised = rating.within(true) > rating.within(false);
    if rating.is_sensitive && is_raised && score < SCORE_CRITICAL {
        text += "; +1: a sensitive bucket";
    }
    let capped = rating.within(rating.is_sensitive) > severity;
    let held = rating.held().filter(|(held, _)| *held == severity);
    if let Some((_, steps)) = held.filter(|_| capped) {
        text += match steps {
            1 => "; -1: nothing but new context",
            _ => "; -2: nothing but new context, in fewer than 5 events",
        };
    } else if let Some(most) = rating.most().filter(|_| capped) {
        let why = match rating.of_arm() {
            Some(of_arm) if of_arm == most => "by its analytic",
            _ => "while scores are provisional",
        };
        text += &format!("; at most {most} {why}");
    }
    text
}
