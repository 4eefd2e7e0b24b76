//! How severe an episode is, and what that rests on.

use crate::analytic::Analytic;
use crate::evidence::significant;
use crate::score::contribution::Contribution;
use crate::score::judge::Detection;
use crate::stats::Severity;
use crate::stats::constants::{SCORE_CRITICAL, SCORE_HIGH};
use crate::stats::rank::score as score_of;
use crate::vocab::Metric;
use crate::wording::count;

/// Identity-days beyond which it is only said that there are more: no estate has shown what happens once in so many.
const DAYS_TOLD_MAX: f64 = 1e6;

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
    /// Whether there is too little history for calibrated scores.
    pub is_provisional: bool,
}

impl Rating<'_> {
    /// Returns the severity.
    pub fn severity(&self) -> Severity {
        let severity = self.within(self.is_sensitive);
        severity.min(self.most().unwrap_or(severity))
    }

    fn within(&self, is_sensitive: bool) -> Severity {
        let threshold = score_of(self.threshold);
        Severity::of(self.detection.score, threshold, is_sensitive, false)
    }

    /// Returns the greatest severity that it may have: what the analytic allows its arm, and medium while scores are provisional, unless it
    /// rests on a declared act.
    pub fn most(&self) -> Option<Severity> {
        let is_capped = self.is_provisional && !self.rests_on_an_act();
        let provisional = is_capped.then_some(Severity::Medium);
        self.of_arm().into_iter().chain(provisional).min()
    }

    fn of_arm(&self) -> Option<Severity> {
        let mut arms = self.analytic.arms.iter();
        let arm = arms.find(|arm| arm.id == self.detection.arm.arm)?;
        arm.severity_max
    }

    /// Returns whether a part of the statistic is an act that matters by itself: a log switched off, data given away, destruction arranged,
    /// or rights handed out.
    fn rests_on_an_act(&self) -> bool {
        let mut parts = self.detection.arm.contributions.iter();
        parts.any(|part| match part {
            Contribution::Grant { .. } => true,
            Contribution::Volume(reading) => matches!(
                reading.metric,
                Metric::BlindingCalls | Metric::ExpiryRules | Metric::ScopeGrants
            ),
            _ => false,
        })
    }
}

/// Returns in one line what a severity rests on, as in `high: 1 in 12,000 identity-days of this estate, +1: a sensitive bucket`.
pub(super) fn reason(rating: Rating, severity: Severity) -> String {
    let score = rating.detection.score;
    let mut text = if rating.is_provisional {
        format!("{severity}: scores are provisional, since too few days are stored to compare with")
    } else {
        let days = 10f64.powf(rating.detection.surprise);
        let rarity = match days <= DAYS_TOLD_MAX {
            true => format!("1 in {}", count(significant(days).round() as u64)),
            false => format!("less than 1 in {}", count(DAYS_TOLD_MAX as u64)),
        };
        format!("{severity}: {rarity} identity-days of this estate")
    };
    let is_above = score >= score_of(rating.threshold);
    if !rating.is_provisional && is_above && score < SCORE_HIGH {
        text += ", above the threshold";
    }
    let is_raised = rating.within(true) > rating.within(false);
    if rating.is_sensitive && is_raised && score < SCORE_CRITICAL {
        text += "; +1: a sensitive bucket";
    }
    let capped = rating.within(rating.is_sensitive) > severity;
    if let Some(most) = rating.most().filter(|_| capped) {
        let why = match rating.of_arm() {
            Some(of_arm) if of_arm == most => "by its analytic",
            _ => "while scores are provisional",
        };
        text += &format!("; at most {most} {why}");
    }
    text
}
