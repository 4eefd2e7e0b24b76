//! Compares the alerts of a story with those that it expects.

use std::collections::BTreeMap;

use crate::alert::{Alert, Reason};
use crate::engine::BelowFloor;
use crate::stats::Severity;
use crate::stats::constants::STATISTIC_MIN;
use crate::story::line::{Expected, ParsedStory};
use crate::vocab::Metric;

/// The most reasons of an alert that are shown.
const REASONS_NAMED: usize = 3;

/// Returns the differences between the alerts of an analytic and those that a story expects; none if they agree.
///
/// `alerts` also contains results below the threshold, as severity `low`; `floored` is what the floor kept the analytic from
/// telling.
pub fn failures(
    analytic: &str,
    parsed: &ParsedStory,
    (alerts, floored): (&[Alert], &[BelowFloor]),
    name_of: &BTreeMap<String, String>,
) -> Vec<String> {
    let of_analytic: Vec<&Alert> = alerts.iter().filter(|a| a.analytic == analytic).collect();
    let who = |alert: &Alert| {
        let id = &alert.entity.id;
        name_of.get(id).unwrap_or(id).clone()
    };
    let mut failures = Vec::new();
    let mut is_expected = vec![false; of_analytic.len()];
    for expected in &parsed.expected {
        let of_whom = |alert: &Alert| who(alert) == expected.who;
        let hits = |alert: &Alert| {
            is_told(alert) && of_whom(alert) && alert.suppressed_by.is_some() == expected.suppressed
        };
        let mut nearest = None;
        let mut is_met = false;
        for (at, alert) in of_analytic.iter().enumerate() {
            if hits(alert) {
                is_expected[at] = true;
                is_met |= lacking(expected, alert).is_none();
            }
            if of_whom(alert) {
                nearest = nearest
                    .filter(|other: &&Alert| other.score >= alert.score)
                    .or(Some(*alert));
            }
        }
        if !is_met {
            let floor = floored.iter().find(|below| {
                let id: &str = &below.entity.id;
                name_of.get(id).map_or(id, String::as_str) == expected.who
            });
            failures.push(missing(analytic, expected, nearest, floor));
        }
    }
    for (alert, is_expected) in of_analytic.iter().zip(is_expected) {
        if is_told(alert) && !is_expected {
            failures.push(format!("not expected: {}", describe(alert, &who(alert))));
        }
    }
    failures
}

/// Returns whether an alert reached its threshold.
pub fn is_told(alert: &Alert) -> bool {
    alert.severity >= Severity::Medium
}

/// Explains why an expected alert is missing.
fn missing(
    analytic: &str,
    expected: &Expected,
    nearest: Option<&Alert>,
    floor: Option<&BelowFloor>,
) -> String {
    let wanted = describe_expected(analytic, expected);
    let Some(alert) = nearest else {
        if let Some(floor) = floor {
            return format!(
                "{wanted} (line {}) was expected, but it lies below the floor of every alert: {}",
                expected.number,
                below_floor(floor)
            );
        }
        return format!(
            "{wanted} (line {}) was expected, and no alert is like it",
            expected.number
        );
    };
    let why = match (is_told(alert), &alert.suppressed_by) {
        (false, _) => format!(
            "its score was {:.1} and {:.1} had to be reached",
            alert.score, alert.threshold
        ),
        (true, None) if expected.suppressed => "no approval covered it".to_owned(),
        (true, Some(by)) if !expected.suppressed => format!("an approval covered it: {by}"),
        _ => lacking(expected, alert).unwrap_or_default(),
    };
    format!(
        "{wanted} (line {}) was expected, but {why}: {}",
        expected.number,
        describe(alert, &expected.who)
    )
}

/// Explains what an alert lacks of the expected properties.
fn lacking(expected: &Expected, alert: &Alert) -> Option<String> {
    if let Some(severity) = expected
        .severity
        .filter(|severity| alert.severity < *severity)
    {
        return Some(format!(
            "its severity is {}, not {severity}",
            alert.severity
        ));
    }
    if let Some(arm) = expected.arm.as_ref().filter(|arm| **arm != alert.arm) {
        return Some(format!("it rests on the arm {}, not {arm}", alert.arm));
    }
    let metric = expected.metric.map(Metric::as_str)?;
    let is_named = alert
        .reasons
        .iter()
        .any(|reason| reason.metric() == Some(metric));
    (!is_named).then(|| format!("{metric} is not among its reasons"))
}

/// Says what kept a day below the floor.
fn below_floor(floor: &BelowFloor) -> String {
    let arm = &floor.arm;
    let is_left_out = arm.news < arm.statistic;
    let ordinary = arm
        .parts
        .iter()
        .filter(|part| is_left_out && part.is_ordinary);
    let ordinary: Vec<String> = ordinary
        .map(|part| {
            format!(
                "{} {} in {} (p99 {:.0})",
                part.name,
                part.observed.unwrap_or(0),
                part.window.as_deref().unwrap_or_default(),
                part.p99.unwrap_or(0.0)
            )
        })
        .collect();
    let without = match ordinary.is_empty() {
        true => String::new(),
        false => format!(
            " without {}, since the context is usual",
            ordinary.join(", ")
        ),
    };
    format!(
        "arm {} has the statistic {:.2}{without}, and {STATISTIC_MIN:.2} is what an identity shows once in two weeks",
        arm.arm, arm.news
    )
}

fn describe_expected(analytic: &str, expected: &Expected) -> String {
    let mut text = match expected.suppressed {
        true => format!("suppressed {}", expected.who),
        false => format!("{analytic} {}", expected.who),
    };
    if let Some(metric) = expected.metric {
        text += &format!(" with {metric}");
    }
    if let Some(arm) = &expected.arm {
        text += &format!(" arm {arm}");
    }
    if let Some(severity) = expected.severity {
        text += &format!(" severity {severity}");
    }
    text
}

/// Describes an alert and its reasons in one line.
pub fn describe(alert: &Alert, who: &str) -> String {
    let reasons: Vec<String> = alert
        .reasons
        .iter()
        .filter_map(reason)
        .take(REASONS_NAMED)
        .collect();
    let approved = if alert.suppressed_by.is_some() {
        " (approved)"
    } else {
        ""
    };
    format!(
        "{} {who} {} {:.1} arm {}{approved}: {}",
        alert.analytic,
        alert.severity,
        alert.score,
        alert.arm,
        reasons.join(", ")
    )
}

fn reason(reason: &Reason) -> Option<String> {
    match reason {
        Reason::Volume(a) | Reason::Newcomer(a) => Some(format!(
            "{} {} in {} (p99 {:.0})",
            a.metric, a.observed, a.window, a.p99
        )),
        Reason::Novelty { r#trait, value, .. } => Some(format!("new {trait} {value}")),
        Reason::Grant {
            accounts, buckets, ..
        } => Some(format!("{} to {}", buckets.join(", "), accounts.join(", "))),
        _ => None,
    }
}
