//! Baseline drift: daily amounts that rose little by little. It is for review, and no alert.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use crate::baseline::{DriftReport, Drifted};
use crate::report::escape::Plain;
use crate::report::number::{amount, count};
use crate::report::paint::Paint;

/// What to do about drift. A slow rise is nearly always growth of honest work, and sometimes an attacker who raises a baseline on
/// purpose, so that it hides an attack later.
pub const ADVICE: &str = "The work may have grown, or an attacker may be raising the baseline on purpose. If the owner can explain the rise, \
                          nothing needs to be done: baselines follow by themselves. If not, review what the identity did since \
                          the first day of the rise.";

/// One rise.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DriftDocument {
    /// Kind of entity.
    pub kind: &'static str,
    /// Its canonical id.
    pub id: String,
    /// Of what.
    pub metric: &'static str,
    /// First day of the rise.
    pub since: String,
    /// The day on which it counted as drifted, if it does.
    pub drift: Option<String>,
    /// The usual amount of an active day before.
    pub before: f64,
    /// The usual amount of the last active days.
    pub now: f64,
    /// How many times as large that is; absent if there was next to nothing before.
    pub factor: Option<f64>,
    /// The cumulative sum, in standard deviations of a day.
    pub sum: f64,
    /// The sum from which a baseline counts as drifted.
    pub threshold: f64,
}

impl DriftDocument {
    /// Makes the document of a rise.
    pub fn of(rise: &Drifted, threshold: f64) -> Self {
        Self {
            kind: rise.entity.kind.as_str(),
            id: rise.entity.id.to_string(),
            metric: rise.metric.as_str(),
            since: rise.since.to_string(),
            drift: rise.crossed.map(|day| day.to_string()),
            before: rise.before,
            now: rise.now,
            factor: rise.factor(),
            sum: rise.sum,
            threshold,
        }
    }

    /// Returns what rose, as in `read_calls ×2.6 since 2026-03-12: 120 → 314 a day`.
    pub fn sentence(&self) -> String {
        // No more digits than the two amounts beside it justify.
        let factor = match self.factor {
            Some(factor) if factor < 2.95 => format!("×{factor:.1} "),
            Some(factor) => format!("×{} ", count(factor.min(1e15).round() as u64)),
            None => String::new(),
        };
        format!(
            "{} {factor}since {}: {} → {} a day",
            self.metric,
            self.since,
            amount(self.metric, self.before),
            amount(self.metric, self.now),
        )
    }
}

/// Returns the documents of some rises.
pub fn documents(drift_report: &DriftReport, rises: &[&Drifted]) -> Vec<DriftDocument> {
    rises
        .iter()
        .map(|rise| DriftDocument::of(rise, drift_report.threshold))
        .collect()
}

/// Returns a digest of at most `shown` lines, the rest counted; nothing if nothing drifted.
pub fn digest(title: &str, drift: &[DriftDocument], shown: usize, paint: Paint) -> String {
    let mut out = String::new();
    if drift.is_empty() {
        return out;
    }
    let _ = writeln!(out, "{}", paint.bold(title));
    for rise in drift.iter().take(shown) {
        let _ = writeln!(out, "  {}: {}", Plain(&rise.id), Plain(&rise.sentence()));
    }
    if let Some(more) = drift.len().checked_sub(shown).filter(|more| *more > 0) {
        let _ = writeln!(out, "  and {} more", count(more as u64));
    }
    let _ = writeln!(out, "  {}", paint.dim(ADVICE));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Day;
    use crate::vocab::{Entity, EntityKind, Metric};

    #[test]
    fn a_factor_fits_the_two_amounts_beside_it() {
        for (before, now, shown) in [
            (4.3, 26.0, "read_calls ×6 since 2026-02-16: 4.3 → 26 a day"),
            (
                120.0,
                314.0,
                "read_calls ×2.6 since 2026-02-16: 120 → 314 a day",
            ),
            (0.0, 26.0, "read_calls since 2026-02-16: 0 → 26 a day"),
        ] {
            let rise = Drifted {
                entity: Entity {
                    kind: EntityKind::Identity,
                    id: "x".into(),
                },
                metric: Metric::ReadCalls,
                since: Day(20_500),
                before,
                now,
                sum: 9.5,
                crossed: None,
            };
            assert_eq!(DriftDocument::of(&rise, 8.0).sentence(), shown);
        }
    }

    #[test]
    fn a_digest_is_short_and_escaped() {
        let rise = |n: i32| Drifted {
            entity: Entity {
                kind: EntityKind::Identity,
                id: format!("user/{n}\u{1b}[2J").into(),
            },
            metric: Metric::ReadCalls,
            since: Day(20_500),
            before: 120.0,
            now: 314.0,
            sum: 9.5 + f64::from(n),
            crossed: Some(Day(20_504)),
        };
        let drift_report = DriftReport {
            through: Some(Day(20_504)),
            threshold: 8.0,
            rising: (0..5).map(rise).collect(),
        };
        let drift = drift_report.newly_drifted(None);
        let shown = digest("Drift", &documents(&drift_report, &drift), 2, Paint::Never);
        assert!(
            shown.starts_with(
                "Drift\n  user/4\\u{1b}[2J: read_calls ×2.6 since 2026-02-16: 120 → 314 a day\n"
            ),
            "{shown}"
        );
        assert!(shown.contains("  and 3 more\n"), "{shown}");
        assert_eq!(digest("Drift", &[], 2, Paint::Never), "");
        // What was reported is not reported again.
        assert!(drift_report.newly_drifted(Some(&drift_report)).is_empty());
    }
}
