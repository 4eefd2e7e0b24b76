//! From a calibrated statistic to what is published: rank, surprise, score and severity.

use std::f64::consts::LN_10;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::constants::{
    DECADES_PER_NINE, DEFAULT_BUDGET_MAX, DEFAULT_BUDGET_MIN, IDENTITIES_PER_ALERT,
    PROVISIONAL_DISCOUNT, SCORE_CRITICAL, SCORE_HIGH, SCORE_LOW, SURPRISE_MIN,
};

/// Returns the rank of an arm's statistic S (nats); `log10_exceedance` is log10 of the fraction of entity-days that reach
/// it.
///
/// It is the mean of the two in decades. The fraction alone overrates arms that are nearly always zero; S alone overrates
/// arms whose entities vary a lot.
pub fn rank(log10_exceedance: f64, s: f64) -> f64 {
    0.5 * (-log10_exceedance + s / LN_10)
}

/// Returns the score, 0 to 100, of a surprise in decades: 90 for one entity-day in 10³, 99 for one in 10⁶.
pub fn score(surprise: f64) -> f64 {
    -100.0 * (-surprise.max(0.0) * LN_10 / DECADES_PER_NINE).exp_m1()
}

/// Returns the surprise of a score; infinite at 100.
pub fn surprise_of_score(score: f64) -> f64 {
    -DECADES_PER_NINE / LN_10 * (-score.clamp(0.0, 100.0) / 100.0).ln_1p()
}

/// Returns the surprise in decades of a statistic S (nats) while too few days are stored for calibration.
pub fn provisional_surprise(s: f64) -> f64 {
    (s / LN_10 - PROVISIONAL_DISCOUNT).max(0.0)
}

/// Returns the surprise in decades that so many entity-days a day reach in a calibrated estate: the threshold of a budget.
/// It is never below [`SURPRISE_MIN`]: in an estate of three identities, five alerts a day would report all activity.
pub fn budget_surprise(alerts_per_day: f64, entity_days_per_day: f64) -> f64 {
    (entity_days_per_day.max(1.0) / alerts_per_day.max(f64::MIN_POSITIVE))
        .log10()
        .max(SURPRISE_MIN)
}

/// Returns the budget, in incidents a day, of an estate with so many identities active on a day, where nobody gave one: one for
/// each hundred of them, at most five a day and at least one a week.
///
/// ```
/// use plimsoll::stats::rank::default_budget;
/// assert_eq!(default_budget(300.0), 3.0);
/// assert_eq!(default_budget(3_000.0), 5.0);
/// assert_eq!(default_budget(3.0), 1.0 / 7.0);
/// ```
pub fn default_budget(identities_per_day: f64) -> f64 {
    (identities_per_day.max(0.0) / IDENTITIES_PER_ALERT)
        .clamp(DEFAULT_BUDGET_MIN, DEFAULT_BUDGET_MAX)
}

/// Returns the score from which something below a threshold is still worth showing: what ten times its budget would let
/// through, and in any case everything that reaches [`SCORE_LOW`].
pub fn low_from(threshold: f64) -> f64 {
    if threshold.is_nan() {
        return SCORE_LOW;
    }
    let decade_below = (surprise_of_score(threshold) - 1.0).max(SURPRISE_MIN);
    score(decade_below).min(SCORE_LOW)
}

/// The severity of an alert.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing to review.
    Informational,
    /// Below the threshold by one decade at most, or from [`SCORE_LOW`], or lowered; shown on request.
    Low,
    /// At least the threshold.
    Medium,
    /// One entity-day in ten thousand.
    High,
    /// One entity-day in a hundred thousand.
    Critical,
}

impl Severity {
    /// Every severity, from the least to the greatest.
    pub const ALL: [Self; 5] = [
        Self::Informational,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// Returns the severity of a score given its threshold. At or above the threshold, a sensitive bucket raises it and a
    /// scanner of an approved type lowers it by one step. Below it neither does, so that only the threshold decides what is
    /// an alert.
    pub fn of(score: f64, threshold: f64, sensitive: bool, approved_scanner: bool) -> Self {
        if score.is_nan() || threshold.is_nan() || score < threshold {
            return if score >= low_from(threshold) {
                Self::Low
            } else {
                Self::Informational
            };
        }
        let mut severity = if score >= SCORE_CRITICAL {
            Self::Critical
        } else if score >= SCORE_HIGH {
            Self::High
        } else {
            Self::Medium
        };
        if sensitive {
            severity = severity.raised();
        }
        if approved_scanner {
            severity = severity.lowered();
        }
        severity
    }

    /// Returns the next greater severity, or the greatest.
    #[must_use]
    pub const fn raised(self) -> Self {
        match self {
            Self::Informational => Self::Low,
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }

    /// Returns the next smaller severity, or the smallest.
    #[must_use]
    pub const fn lowered(self) -> Self {
        match self {
            Self::Critical => Self::High,
            Self::High => Self::Medium,
            Self::Medium => Self::Low,
            Self::Low | Self::Informational => Self::Informational,
        }
    }

    /// Returns the word as users write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Returns the severity that users write so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str() == text)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g17_score_and_its_inverse() {
        for (surprise, want) in [
            (1.0, 53.5841116639),
            (2.0, 78.4556530998),
            (3.0, 90.0),
            (4.0, 95.3584111664),
            (6.0, 99.0),
            // The scores of the tail of G15.
            (3.27008607952, 91.8722318453),
            (4.93147698470, 97.7292237755),
        ] {
            assert!(
                (score(surprise) - want).abs() <= 1e-9 * want,
                "{}",
                score(surprise)
            );
            assert!((surprise_of_score(want) - surprise).abs() <= 1e-8);
        }
        assert_eq!(
            (score(-1.0), score(0.0), score(f64::INFINITY)),
            (0.0, 0.0, 100.0)
        );
        assert_eq!(surprise_of_score(100.0), f64::INFINITY);
    }

    #[test]
    fn ranks_before_and_after_calibration() {
        assert!((rank(-3.0, 5.0 * LN_10) - 4.0).abs() < 1e-12);
        assert!((provisional_surprise(4.0 * LN_10) - 3.4).abs() < 1e-12);
        assert_eq!(provisional_surprise(0.0), 0.0);
        assert!((budget_surprise(5.0, 5_000.0) - 3.0).abs() < 1e-12);
        assert_eq!(budget_surprise(5.0, 0.0), SURPRISE_MIN);
    }

    #[test]
    fn severities() {
        for (score, threshold, sensitive, scanner, want) in [
            (50.0, 92.0, true, false, "informational"),
            // Two decades are 78.5, three are 90: 78.4 is more than ten times as frequent as 90.
            (78.4, 90.0, true, false, "informational"),
            (78.5, 90.0, true, false, "low"),
            (60.0, 66.8, false, false, "low"),
            // Nothing is below one entity-day in ten.
            (53.5, 66.8, false, false, "informational"),
            (91.0, 92.0, true, false, "low"),
            (92.0, 92.0, false, false, "medium"),
            (92.0, 92.0, true, false, "high"),
            (92.0, 92.0, false, true, "low"),
            (95.4, 92.0, false, false, "high"),
            (96.0, 97.0, false, false, "low"),
            (97.8, 92.0, true, false, "critical"),
            (97.8, 92.0, true, true, "high"),
            (f64::NAN, 92.0, false, false, "informational"),
        ] {
            let got = Severity::of(score, threshold, sensitive, scanner);
            assert_eq!(got.as_str(), want, "{score} {threshold}");
            assert_eq!(Severity::parse(want), Some(got));
        }
    }
}
