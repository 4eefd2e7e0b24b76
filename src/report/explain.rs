//! The explanation of an alert: every contribution with what was expected, drawn with the observation marked.

use std::fmt::Write;

use crate::alert::{Alert, Amount, AmountBasis, JudgedAgainstRecord, Reason};
use crate::evidence::{HoursBasis, NoveltyBasis, QUANTILES, Reference, ScoreEvidence};
use crate::incident::Incident;
use crate::report::draw::{Axis, Curve, labels, steps};
use crate::report::escape::Plain;
use crate::report::incident::story;
use crate::report::number::{amount, count, noun, percent, probability, return_period};
use crate::report::paint::Paint;
use crate::report::reason;
use crate::report::text;

/// Columns of a drawing.
const COLUMNS: usize = 64;
/// Statistic below this share of the sum of its parts was damped on purpose rather than rounded.
const DAMPED: f64 = 0.99;
/// Reasons are explained in full until they make up this share of the sum.
const SHARE_EXPLAINED: f64 = 0.95;

/// Alerts of an incident that are explained at once.
const ALERTS_EXPLAINED: usize = 10;

/// Returns the alert and then each of its reasons in full.
pub fn explain(alert: &Alert, paint: Paint) -> String {
    let mut out = text::alert(alert, paint);
    // Writing to a string cannot fail.
    let _ = write_all(&mut out, alert, paint);
    out
}

/// Returns each reason of an alert in a sentence, in their order. Nothing in them is escaped.
pub fn sentences(alert: &Alert) -> Vec<String> {
    let of = |reason| reason::sentence(reason, &alert.entity.id);
    alert.reasons.iter().map(of).collect()
}

/// Returns an incident and then the explanation of its alerts, the severest first.
pub fn explain_incident(incident: &Incident, alerts: &[Alert], paint: Paint) -> String {
    let mut out = story(incident, alerts, paint);
    let mut severest: Vec<&Alert> = alerts.iter().collect();
    severest.sort_by(|a, b| {
        (b.severity.cmp(&a.severity))
            .then_with(|| b.score.total_cmp(&a.score))
            .then_with(|| a.alert_id.cmp(&b.alert_id))
    });
    for alert in severest.iter().take(ALERTS_EXPLAINED) {
        out += "\n";
        out += &explain(alert, paint);
    }
    let more = severest.len().saturating_sub(ALERTS_EXPLAINED) as u64;
    if more > 0 {
        let more = noun(more, "more alert is", "more alerts are");
        out += &format!("\n{more} explained one by one: `plimsoll explain ALERT_ID`\n");
    }
    out
}

fn write_all(out: &mut String, alert: &Alert, paint: Paint) -> std::fmt::Result {
    let sum: f64 = alert.reasons.iter().map(Reason::surprise).sum();
    writeln!(out, "\n{}", paint.bold("Why"))?;
    writeln!(
        out,
        "Arm {} reached a statistic of {:.2}: the sum of the parts below, each minus the natural logarithm of how often \
             it is expected a day.",
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
    if let Some(judgement) = &alert.evidence {
        write_arm(out, alert, judgement)?;
        if !alert.provisional {
            write_rank(out, judgement)?;
        }
    }
    write_score(out, alert)?;
    let (explained, rest) = by_weight(&alert.reasons, sum);
    for reason in explained {
        let sentence = reason::sentence(reason, &alert.entity.id);
        writeln!(out)?;
        writeln!(out, "{}", paint.bold(&Plain(&sentence).to_string()))?;
        let part = percent((sum > 0.0).then(|| reason.surprise() / sum));
        write_reason(out, reason, &alert.entity.id, &part)?;
        if let Some(first) = reason.first() {
            writeln!(out, "  {}", Plain(&reason::first(first)))?;
        }
    }
    if !rest.is_empty() {
        let names: Vec<String> = rest
            .iter()
            .map(|reason| reason::sentence(reason, &alert.entity.id))
            .collect();
        let part: f64 = rest.iter().map(|reason| reason.surprise()).sum();
        writeln!(out)?;
        writeln!(
            out,
            "The remaining {} of the statistic: {}",
            percent((sum > 0.0).then(|| part / sum)),
            Plain(&names.join(". "))
        )?;
    }
    if !alert.event_ids.is_empty() {
        writeln!(out, "\n{}", paint.bold("First events"))?;
        for id in &alert.event_ids {
            writeln!(out, "  {}", Plain(id))?;
        }
    }
    Ok(())
}

/// Splits reasons, which come largest first, into those that make up most of the sum, and the rest. A sequence has no
/// part in the sum and is a condition of it, so that it is always explained.
fn by_weight(reasons: &[Reason], sum: f64) -> (Vec<&Reason>, Vec<&Reason>) {
    let mut so_far = 0.0;
    reasons.iter().partition(|reason| {
        let is_explained =
            matches!(reason, Reason::Sequence { .. }) || so_far < SHARE_EXPLAINED * sum;
        so_far += reason.surprise();
        is_explained
    })
}

/// Draws the arm's stored distribution with the statistic marked in it.
fn write_arm(out: &mut String, alert: &Alert, judgement: &ScoreEvidence) -> std::fmt::Result {
    let Some(arm) = &judgement.arm else {
        return writeln!(out, "The arm has no stored distribution yet.");
    };
    let most = judgement.statistic.max(arm.quantiles[QUANTILES.len() - 1]);
    writeln!(
        out,
        "Stored distribution of arm {}: {} over {}, drawn up to the largest; this alert is marked.",
        Plain(&alert.arm),
        noun(arm.tail.n, "entity-day", "entity-days"),
        noun(u64::from(arm.days), "whole day", "whole days"),
    )?;
    if most > 0.0 {
        let column = |x: f64| ((x / most * (COLUMNS - 1) as f64).round() as usize).min(COLUMNS - 1);
        let mut marks = vec![
            (
                column(arm.quantiles[2]),
                format!("▲ p98 {:.1}", arm.quantiles[2]),
            ),
            (
                column(arm.quantiles[4]),
                format!("▲ p99.9 {:.1}", arm.quantiles[4]),
            ),
            (
                column(judgement.statistic),
                format!("▲ here {:.1}", judgement.statistic),
            ),
        ];
        marks.sort();
        writeln!(
            out,
            "  {}",
            steps(&arm.quantiles.map(column), COLUMNS).trim_end()
        )?;
        writeln!(out, "  {}", "─".repeat(COLUMNS))?;
        writeln!(out, "  {}", labels(&marks))?;
    }
    writeln!(
        out,
        "  {} of the entity-days reach {:.2} or more in this arm: {}.",
        share_text(10f64.powf(arm.log10_exceedance(judgement.statistic))),
        judgement.statistic,
        beyond(arm, judgement.statistic),
    )
}

/// Explains the rank, by which arms are compared.
fn write_rank(out: &mut String, judgement: &ScoreEvidence) -> std::fmt::Result {
    let odds = judgement.statistic / std::f64::consts::LN_10;
    let of_arm = judgement.arm.map_or(0.0, |arm| {
        (-arm.log10_exceedance(judgement.statistic)).max(0.0)
    });
    writeln!(
        out,
        "Rank {:.2}: the mean of {of_arm:.2} (that share as a power of ten) and {odds:.2} (the statistic as a power of \
             ten). Arms are compared by rank, so that neither an arm that nearly never fires nor an arm whose identities \
             change all the time has an advantage.",
        judgement.rank,
    )
}

/// Says how the share of a value was found: counted, or from the tail.
fn beyond(reference: &Reference, value: f64) -> String {
    let tail = &reference.tail;
    if value <= tail.u {
        format!("{} were counted", count(reference.at_least))
    } else if tail.k == 0 {
        format!(
            "an exponential tail is assumed beyond the largest stored, u = {:.2}",
            tail.u
        )
    } else {
        format!(
            "by a tail fitted to the {} beyond u = {:.2} (scale {:.2}, shape {:.2}); {} were counted",
            noun(tail.k, "entity-day", "entity-days"),
            tail.u,
            tail.sigma,
            tail.xi,
            count(reference.at_least),
        )
    }
}

fn write_score(out: &mut String, alert: &Alert) -> std::fmt::Result {
    let threshold = match &alert.evidence {
        Some(judgement) if judgement.threshold.is_finite() => format!(
            "{:.1} ({} of entity-days)",
            alert.threshold,
            share_text(10f64.powf(-judgement.threshold))
        ),
        _ => format!("{:.1}", alert.threshold),
    };
    let text = match &alert.evidence {
        _ if alert.provisional => format!(
            "Score {:.1} is provisional: too few days are stored to compare it with.",
            alert.score
        ),
        evidence => {
            let how = evidence.as_ref().map(|judgement| {
                format!(
                    ": {} ({} over {}). This compares ranks over all arms and not the statistics of one arm, so that the \
                     share may be smaller than that of the arm",
                    beyond(&judgement.pooled, judgement.rank),
                    noun(judgement.pooled.tail.n, "entity-day", "entity-days"),
                    noun(u64::from(judgement.pooled.days), "day", "days"),
                )
            });
            format!(
                "Score {:.1}: {} of the entity-days of this estate reach such a rank in the arm that ranks them highest{}.",
                alert.score,
                share_text(10f64.powf(-alert.surprise)),
                how.unwrap_or_default(),
            )
        }
    };
    let generation = alert.generation;
    writeln!(
        out,
        "{text} Threshold {threshold}, generation {generation}."
    )
}

fn write_reason(out: &mut String, reason: &Reason, entity: &str, part: &str) -> std::fmt::Result {
    match reason {
        Reason::Volume(a) => {
            writeln!(
                out,
                "  Chance {} a day: {} {}; {part} of the statistic.",
                probability(a.p_value),
                return_period(a.p_value),
                match a.judged_against.kind.as_str() {
                    _ if a.judged_against.id == entity => "for this identity",
                    "default" => "by what is assumed of any identity",
                    _ => "for an identity like its peers",
                },
            )?;
            match &a.basis {
                Some(AmountBasis::Volume(basis)) => {
                    let predictive = basis.predictive();
                    let whose = level(
                        &a.judged_against,
                        entity,
                        basis.own.n,
                        predictive.own_weight(),
                    );
                    writeln!(
                        out,
                        "  Judged against {}; {} active windows of {} a day are expected.",
                        Plain(&whose),
                        short(predictive.lambda),
                        Plain(&reason::span(&a.window)),
                    )?;
                    let curve = Curve {
                        loc: predictive.loc,
                        scale: predictive.scale,
                        nu: predictive.nu,
                    };
                    write_curve(out, a, Some(curve))
                }
                _ => write_curve(out, a, Curve::through(a.p50, a.p99)),
            }
        }
        Reason::Newcomer(a) => {
            writeln!(
                out,
                "  About {} of the active hours of {} are at least as busy; {part} of the statistic.",
                share_text(a.p_value),
                Plain(&a.judged_against.id),
            )?;
            match &a.basis {
                Some(AmountBasis::Hours(basis)) => write_hours(out, a, basis),
                _ => write_curve(out, a, Curve::through(a.p50, a.p99)),
            }
        }
        Reason::Novelty {
            of,
            support,
            p_value,
            judged_against,
            basis,
            ..
        } => {
            let whose = if judged_against.id == entity {
                "by how often this identity shows new values".to_owned()
            } else {
                format!(
                    "by how often its peers ({}) show new values",
                    reason::group(judged_against)
                )
            };
            writeln!(
                out,
                "  Chance {} a day: {}, {}; {part} of the statistic.",
                probability(*p_value),
                return_period(*p_value),
                Plain(&whose),
            )?;
            match basis {
                Some(basis) => write_regularity(out, basis, *of, *support),
                None => Ok(()),
            }
        }
        Reason::Burst { start, .. } => writeln!(
            out,
            "  The largest burst of the day, which began at {start}; {part} of the statistic, as the analytic declares."
        ),
        Reason::Grant { .. } | Reason::Declared { .. } => {
            writeln!(out, "  {part} of the statistic.")
        }
        Reason::Sequence { steps } => steps
            .iter()
            .try_for_each(|step| writeln!(out, "  {}", Plain(&reason::step(step)))),
    }
}

/// Explains how often something is new here, and how rare it is that so few identities know a new value.
fn write_regularity(
    out: &mut String,
    basis: &NoveltyBasis,
    active_days: u32,
    support: u32,
) -> std::fmt::Result {
    let own = match basis.novel_days {
        Some(novel) => format!(
            "Something new on {novel} of its {} after the first, and on {} of those of its peers",
            noun(u64::from(active_days), "active day", "active days"),
            percent(Some(basis.peers.hazard())),
        ),
        None => "It has no history, so that everything is new to it".to_owned(),
    };
    let hazard = basis.hazard(active_days);
    let tail = basis.tail(support);
    writeln!(
        out,
        "  {own}: hazard {} a day. {} of new values are known to as few identities.",
        probability(hazard),
        percent(Some(tail.min(1.0))),
    )
}

/// Names the history that a reason was judged against, with its weight.
fn level(whose: &JudgedAgainstRecord, entity: &str, windows: f64, own_weight: f64) -> String {
    let windows = noun(windows.round().max(0.0) as u64, "window", "windows");
    let weight = 100.0 * own_weight;
    match whose.kind.as_str() {
        _ if whose.id == entity => {
            format!("its own history ({windows}, {weight:.0} % of the weight)")
        }
        "default" => format!(
            "the built-in default, as too few here have shown any of it; its own history has {weight:.0} % of the weight"
        ),
        _ => format!(
            "its peers ({}); its own history has {weight:.0} % of the weight",
            reason::group(whose)
        ),
    }
}

/// Writes a rate with as many digits as mean something.
fn short(x: f64) -> String {
    match x {
        x if x >= 9.95 => count(x.round() as u64),
        x if x >= 0.095 => format!("{x:.1}"),
        x => probability(x),
    }
}

fn share_text(share: f64) -> String {
    match share {
        s if s <= 0.0 => "none".to_owned(),
        s if s >= 0.01 => format!("{:.1} %", 100.0 * s),
        s => format!("one in {}", count((1.0 / s).min(1e15).round() as u64)),
    }
}

/// Draws what was expected on a logarithmic axis, with the observation marked.
fn write_curve(out: &mut String, a: &Amount, curve: Option<Curve>) -> std::fmt::Result {
    let Some(curve) = curve else {
        return Ok(());
    };
    let most = (a.observed as f64).max(a.p99);
    writeln!(out, "  {}", curve.draw(most, COLUMNS).trim_end())?;
    write_axis(out, a, most)
}

/// Draws the hours of a newcomer's peers.
fn write_hours(out: &mut String, a: &Amount, basis: &HoursBasis) -> std::fmt::Result {
    let most = (a.observed as f64).max(basis.quantiles[QUANTILES.len() - 1] as f64);
    let axis = Axis::to(most, COLUMNS);
    let columns = basis.quantiles.map(|x| axis.column(x as f64));
    writeln!(out, "  {}", steps(&columns, COLUMNS).trim_end())?;
    write_axis(out, a, most)
}

fn write_axis(out: &mut String, a: &Amount, most: f64) -> std::fmt::Result {
    let axis = Axis::to(most, COLUMNS);
    let shown = |name: &str, x: f64| (axis.column(x), format!("▲ {name}{}", amount(&a.metric, x)));
    writeln!(out, "  {}", "─".repeat(COLUMNS))?;
    let mut marks = vec![
        shown("p50 ", a.p50),
        shown("p99 ", a.p99),
        shown("here ", a.observed as f64),
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
            "Chance 9.7e-5 a day: once in 10,300 days for this identity; 46.2 % of the statistic.",
            "Score 97.1: one in 40,738 of the entity-days of this estate reach such a rank in the arm that ranks them highest.",
            "by how often its peers (role r) show new values; 30.0 % of the statistic.",
            "About one in 10,000 of the active hours of aws/role_session are at least as busy",
            "▲ p50 4.5",
            "▲ here 1,280",
        ] {
            assert!(shown.contains(part), "{part} is not in\n{shown}");
        }
        assert!(!shown.contains('\u{1b}'));
    }

    #[test]
    fn it_leads_from_the_arm_to_the_rank_to_the_score() {
        let mut alert = sample();
        let reference = Reference {
            tail: crate::sketch::Tail {
                u: 1.0,
                sigma: 1.0,
                xi: 0.0,
                k: 42,
                n: 1_362,
                p_u: 0.1,
            },
            at_least: 2,
            days: 10,
            quantiles: [0.0, 0.5, 1.0, 1.5, 2.0, 3.0],
        };
        let statistic = 1.0 + 2.0 * std::f64::consts::LN_10;
        let mut judgement = ScoreEvidence {
            statistic,
            factor: 1.0,
            damped: None,
            arm: Some(reference),
            rank: 0.0,
            pooled: reference,
            surprise: 1.0,
            threshold: 1.0,
            sensitive: false,
            severity_max: None,
        };
        judgement.rank = judgement.rank_of(statistic);
        alert.evidence = Some(judgement);
        let shown = explain(&alert, Paint::Never);
        let mut rest = shown.as_str();
        for part in [
            "one in 1,000 of the entity-days reach 5.61 or more in this arm: by a tail fitted to the 42",
            "Rank 2.72: the mean of 3.00 (that share as a power of ten) and 2.43",
            "reach such a rank in the arm that ranks them highest: by a tail",
        ] {
            let at = rest.find(part);
            assert!(at.is_some(), "{part} is not in\n{rest}");
            rest = &rest[at.unwrap_or(0)..];
        }
    }
}
