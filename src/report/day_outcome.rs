//! What an explained day came to over all analytics, in the sentence that a person reads first.

use crate::engine::{AnalyticExplanation, Explanation, ExplanationOutcome, HowJudged};
use crate::report::number::{count, noun};
use crate::stats::rank::surprise_of_score;

/// The surprise below which a day is ordinary: one entity-day in a hundred comes as far.
const ORDINARY_SURPRISE_MAX: f64 = 2.0;

/// Returns which outcome a person wants to read first.
pub(super) const fn place(outcome: ExplanationOutcome) -> u8 {
    match outcome {
        ExplanationOutcome::Alerted => 0,
        ExplanationOutcome::Approved => 1,
        ExplanationOutcome::ToldElsewhere => 2,
        ExplanationOutcome::BelowThreshold | ExplanationOutcome::BelowFloor => 3,
        ExplanationOutcome::Gated => 4,
        ExplanationOutcome::Quiet => 5,
        ExplanationOutcome::DoesNotApply => 6,
    }
}

/// Says what the day came to over all analytics, which come in the order in which they are read.
pub(super) fn sentence(explanation: &Explanation, analytics: &[&AnalyticExplanation]) -> String {
    let with = |outcome: ExplanationOutcome| -> Vec<&&AnalyticExplanation> {
        let of = analytics.iter().filter(|of| of.outcome == outcome);
        of.collect()
    };
    let scores = |of: &[&&AnalyticExplanation]| -> String {
        let each = of.iter().map(|of| {
            format!(
                "{} with {:.1} of {:.1}",
                of.analytic, of.score, of.threshold
            )
        });
        each.collect::<Vec<_>>().join(", ")
    };
    let alerted = with(ExplanationOutcome::Alerted);
    if !alerted.is_empty() {
        let (told, untold): (Vec<_>, Vec<_>) = alerted.into_iter().partition(|of| of.is_told);
        let told = (!told.is_empty()).then(|| format!("It alerted: {}.", scores(&told)));
        let untold = (!untold.is_empty()).then(|| {
            format!(
                "It would alert: {}. {}",
                scores(&untold),
                why_untold(explanation)
            )
        });
        return told.into_iter().chain(untold).collect::<Vec<_>>().join(" ");
    }
    let approved = with(ExplanationOutcome::Approved);
    if !approved.is_empty() {
        return format!(
            "No alert was told, because an approval covers it: {}.",
            scores(&approved)
        );
    }
    let scored = analytics.iter().filter(|of| of.arm.is_some());
    let highest = scored.max_by(|a, b| a.score.total_cmp(&b.score));
    let Some(highest) = highest.filter(|of| of.score > 0.0) else {
        return format!(
            "An ordinary day: nothing that any analytic looks at was unusual in {}.",
            noun(explanation.events, "event", "events")
        );
    };
    let surprise = surprise_of_score(highest.score);
    let how_rare = match explanation.judge.provisional {
        true => String::new(),
        false => format!(
            "; about one entity-day in {} of this estate comes as far",
            count(10f64.powf(surprise).round() as u64)
        ),
    };
    let highest = scores(&[highest]);
    match surprise < ORDINARY_SURPRISE_MAX {
        true => format!("An ordinary day. The highest score is that of {highest}{how_rare}."),
        false => format!(
            "No alert, though the day was unusual. The highest score is that of {highest}{how_rare}."
        ),
    }
}

/// Says why the store has no alert of a day that would alert, and what to do about it.
fn why_untold(explanation: &Explanation) -> &'static str {
    match (explanation.day_has_alerts, explanation.judge.how) {
        (true, _) => {
            "The store has alerts of that day and not this one: the day was scored by other thresholds, or before these logs came."
        }
        (false, HowJudged::InForce) => {
            "The store has no alert of that day, which was not scored: `plimsoll nightly LOGS` scores its logs, tells the alerts and learns them."
        }
        (false, _) => {
            "The store has no alert of that day, which was learnt and not scored: `plimsoll backtest LOGS` with the logs up to that day judges each day by those before it."
        }
    }
}
