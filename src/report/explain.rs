//! Why an alert was raised: every contribution with what was expected, drawn with the observation in it.

use std::fmt::Write;

use crate::report::document::{AlertDocument, AlertReason, Amount};
use crate::report::draw::{Axis, Curve, labels};
use crate::report::escape::Plain;
use crate::report::number::{amount, percent, probability, return_period};
use crate::report::paint::Paint;
use crate::report::text;

/// Columns of a drawing.
const COLUMNS: usize = 64;
/// Statistic below this share of the sum of its parts was damped on purpose rather than rounded.
const DAMPED: f64 = 0.99;

/// Returns the alert and then each of its reasons in full.
pub fn explain(alert: &AlertDocument, paint: Paint) -> String {
    let mut out = text::alert(alert, paint);
    // Writing to a string cannot fail.
    let _ = write_all(&mut out, alert, paint);
    out
}

fn write_all(out: &mut String, alert: &AlertDocument, paint: Paint) -> std::fmt::Result {
    let sum: f64 = alert.reasons.iter().map(AlertReason::surprise).sum();
    writeln!(out, "\n{}", paint.bold("Why"))?;
    writeln!(
        out,
        "Arm {} reached {:.2} (the sum of the parts below, each −ln of its expected number a day).",
        Plain(&alert.arm),
        alert.statistic,
    )?;
    if alert.statistic > 0.0 && alert.statistic < DAMPED * sum {
        writeln!(
            out,
            "The parts add up to {sum:.2}; on a day without unusual context they count for {:.0} %.",
            100.0 * alert.statistic / sum,
        )?;
    }
    let share = 10f64.powf(-alert.surprise);
    if alert.provisional {
        writeln!(
            out,
            "Score {:.1} is provisional: too few days are stored to compare it with.",
            alert.score
        )?;
    } else {
        writeln!(
            out,
            "Score {:.1}: {} of the entity-days of this estate are as extreme; threshold {:.1}.",
            alert.score,
            share_text(share),
            alert.threshold,
        )?;
    }
    for reason in &alert.reasons {
        let part = (sum > 0.0).then(|| reason.surprise() / sum);
        writeln!(
            out,
            "\n{}",
            paint.bold(&Plain(&text::sentence(reason, &alert.entity.id)).to_string())
        )?;
        match reason {
            AlertReason::Volume(a) => {
                writeln!(
                    out,
                    "  chance {} a day: {} for this identity; {} of the whole",
                    probability(a.p_value),
                    return_period(a.p_value),
                    percent(part),
                )?;
                write_drawing(out, a)?;
            }
            AlertReason::Newcomer(a) => {
                writeln!(
                    out,
                    "  {} of the active hours of {} are at least as busy; {} of the whole",
                    share_text(a.p_value),
                    Plain(&a.judged_against.id),
                    percent(part),
                )?;
                write_drawing(out, a)?;
            }
            AlertReason::Novelty {
                p_value,
                judged_against,
                ..
            } => {
                let whose = if judged_against.id == alert.entity.id {
                    "its own habit of showing new values".to_owned()
                } else {
                    format!(
                        "the habits of {} {}",
                        judged_against.kind.replace('_', " "),
                        judged_against.id
                    )
                };
                writeln!(
                    out,
                    "  chance {} a day: {}, by {}; {} of the whole",
                    probability(*p_value),
                    return_period(*p_value),
                    Plain(&whose),
                    percent(part),
                )?;
            }
            AlertReason::Share { .. } | AlertReason::Declared { .. } => {
                writeln!(out, "  {} of the whole", percent(part))?
            }
            AlertReason::Sequence { steps } => {
                for step in steps {
                    let event = step.event_id.as_deref().unwrap_or("–");
                    writeln!(
                        out,
                        "  {}  {}  event {}",
                        Plain(&step.time),
                        Plain(&step.step.replace('_', " ")),
                        Plain(event)
                    )?;
                }
            }
        }
    }
    if !alert.event_ids.is_empty() {
        writeln!(out, "\n{}", paint.bold("First events"))?;
        for id in &alert.event_ids {
            writeln!(out, "  {}", Plain(id))?;
        }
    }
    Ok(())
}

fn share_text(share: f64) -> String {
    match share {
        s if s <= 0.0 => "none".to_owned(),
        s if s >= 0.01 => format!("{:.1} %", 100.0 * s),
        s => format!(
            "one in {}",
            crate::report::number::count((1.0 / s).min(1e15).round() as u64)
        ),
    }
}

/// Draws what was expected, through its median and 99th percentile on a logarithmic axis, with the observation marked.
fn write_drawing(out: &mut String, a: &Amount) -> std::fmt::Result {
    let Some(curve) = Curve::through(a.p50, a.p99) else {
        return Ok(());
    };
    let observed = a.observed as f64;
    let most = observed.max(a.p99);
    let axis = Axis::to(most, COLUMNS);
    let shown = |name: &str, x: f64| (axis.column(x), format!("▲ {name}{}", amount(&a.metric, x)));
    writeln!(out, "  {}", curve.draw(most, COLUMNS).trim_end())?;
    writeln!(out, "  {}", "─".repeat(COLUMNS))?;
    let mut marks = vec![
        shown("p50 ", a.p50),
        shown("p99 ", a.p99),
        shown("here ", observed),
    ];
    marks.sort();
    writeln!(out, "  {}", labels(&marks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::tests::sample;

    #[test]
    fn every_reason_is_told_with_its_share_and_its_odds() {
        let shown = explain(&sample(), Paint::Never);
        for part in [
            "chance 9.7e-5 a day: once in 10,300 days for this identity; 46.2 % of the whole",
            "one in 40,738 of the entity-days",
            "by the habits of role r; 30.0 % of the whole",
            "one in 10,000 of the active hours of aws/role_session are at least as busy",
            "▲ p50 4.5",
            "▲ here 1,280",
        ] {
            assert!(shown.contains(part), "{part} is not in\n{shown}");
        }
        assert!(!shown.contains('\u{1b}'));
    }
}
