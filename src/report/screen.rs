//! The end of a backtest on a terminal: what was read, learnt and judged, the alerts of most weight, and what to do next, on
//! one screen. `--verbose`, `explain` and `--format json` have the rest.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use crate::alert::{Alert, Amount, Reason};
use crate::engine::Evaluation;
use crate::report::escape::Plain;
use crate::report::layout::{clip, name_of};
use crate::report::number::{amount, count, duration, noun, percent};
use crate::report::paint::Paint;
use crate::report::summary::{self, Summary};
use crate::report::tuning::plain;
use crate::stats::Severity;

/// Alerts that are listed.
const ALERTS_SHOWN: usize = 10;
/// Characters of an alert's id that name it.
const ID_SHOWN: usize = 6;
/// Columns of the longest name of an entity.
const NAME_MAX: usize = 28;
/// Columns that are left for what happened, at least.
const WHAT_MIN: usize = 17;
/// The widest that a line is made.
const WIDTH_MAX: usize = 120;

/// What is shown.
#[derive(Debug, Clone, Copy)]
pub struct Screen<'a> {
    /// The run.
    pub summary: &'a Summary,
    /// Its alerts.
    pub alerts: &'a [Alert],
    /// Alerts a day that thresholds aimed at.
    pub budget_per_day: f64,
    /// The folder of the report, if one was written.
    pub out: Option<&'a Path>,
    /// Whether all details were printed before it.
    pub is_verbose: bool,
}

/// Returns the lines, each with its end.
pub fn text(screen: &Screen, width: usize, paint: Paint) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_screen(&mut out, screen, width.min(WIDTH_MAX), paint);
    out
}

fn write_screen(out: &mut String, screen: &Screen, width: usize, paint: Paint) -> std::fmt::Result {
    let summary = screen.summary;
    let mut line = |name: &str, value: &str| line(out, paint, name, value);
    line("period", &period(summary))?;
    if let Some(learnt) = &summary.learnt {
        line(
            "learnt",
            &format!(
                "{} before {}: {}, {} calibrated",
                noun(learnt.days, "day", "days"),
                learnt.split,
                noun(learnt.identities, "identity", "identities"),
                noun(u64::from(learnt.calibration_days), "day", "days"),
            ),
        )?;
    }
    line(
        "judged",
        &format!(
            "{}, each by the days before it{}",
            noun(summary.days_judged, "day", "days"),
            if summary.provisional {
                "; scores are provisional (too few days)"
            } else {
                ""
            }
        ),
    )?;
    line("alerts", &alerts(summary))?;
    let n_blind = summary.blind_spots.len() as u64;
    if n_blind > 0 {
        line(
            "coverage",
            &format!(
                "{} in the logs: `plimsoll coverage LOGS`",
                noun(n_blind, "gap", "gaps")
            ),
        )?;
    }
    let weightiest = weightiest(screen.alerts);
    write_alerts(out, &weightiest, width, paint)?;
    writeln!(out)?;
    if let Some(evaluation) = &summary.evaluation {
        write_evaluation(out, evaluation, screen.budget_per_day, paint)?;
    }
    write_next(out, screen, weightiest.first().copied(), paint)
}

fn line(out: &mut String, paint: Paint, name: &str, value: &str) -> std::fmt::Result {
    writeln!(
        out,
        "{} {}",
        paint.bold(&format!("{name:<10} ")),
        Plain(value)
    )
}

fn period(summary: &Summary) -> String {
    let read = &summary.read;
    let day = |time: &Option<String>| {
        time.as_deref()
            .map_or_else(|| "–".to_owned(), |time| time.chars().take(10).collect())
    };
    format!(
        "{} to {}: {} from {}",
        day(&read.first),
        day(&read.last),
        noun(read.events, "event", "events"),
        noun(read.files, "file", "files")
    )
}

fn alerts(summary: &Summary) -> String {
    let alerts = &summary.alerts;
    if alerts.total == 0 {
        return "none".to_owned();
    }
    let approved: u64 = alerts.suppressed.values().sum();
    format!(
        "{}: {}; {:.1} a day{}",
        count(alerts.total),
        summary::by_severity(alerts),
        alerts.total as f64 / summary.days_judged.max(1) as f64,
        match approved {
            0 => String::new(),
            n => format!("; {} more are approved", count(n)),
        }
    )
}

/// Returns the last document of each alert that no approval covers, those of most weight first.
fn weightiest(alerts: &[Alert]) -> Vec<&Alert> {
    let mut last: BTreeMap<&str, &Alert> = BTreeMap::new();
    for alert in alerts.iter().filter(|alert| alert.suppressed_by.is_none()) {
        last.insert(&alert.alert_id, alert);
    }
    let mut all: Vec<&Alert> = last.into_values().collect();
    all.sort_by(|a, b| {
        (b.severity.cmp(&a.severity))
            .then(b.score.total_cmp(&a.score))
            .then(b.time.cmp(&a.time))
    });
    all
}

fn write_alerts(
    out: &mut String,
    weightiest: &[&Alert],
    width: usize,
    paint: Paint,
) -> std::fmt::Result {
    if weightiest.is_empty() {
        return Ok(());
    }
    let shown = &weightiest[..weightiest.len().min(ALERTS_SHOWN)];
    let longest = |text: &dyn Fn(&Alert) -> usize, least: usize| {
        shown.iter().map(|a| text(a)).max().unwrap_or(0).max(least)
    };
    let analytic = longest(&|a| a.analytic.chars().count(), "analytic".len()).min(16);
    // Severity, score, time and id, with the blanks between all columns.
    let fixed = 4 + 6 + 2 + 2 + 11 + 2 + ID_SHOWN + 2 + 2;
    let left = width.saturating_sub(fixed + analytic);
    let name_max = NAME_MAX.min(left.saturating_sub(WHAT_MIN)).max(8);
    let name = |alert: &Alert, width| Plain(&name_of(&alert.entity.id, width)).to_string();
    let entity = longest(&|a| name(a, name_max).chars().count(), "entity".len());
    let what = left.saturating_sub(entity).max(8);
    let head = format!(
        "{:<4} {:>5}  {:<analytic$}  {:<11}  {:<ID_SHOWN$}  {:<entity$}  what",
        "sev", "score", "analytic", "time (UTC)", "id", "entity"
    );
    writeln!(out, "\n{}", paint.bold(&head))?;
    for alert in shown {
        let severity = format!("{:<4}", abbreviated(alert.severity));
        let id: String = alert.alert_id.chars().take(ID_SHOWN).collect();
        // `03-09 10:15` of `2026-03-09T10:15:39Z`.
        let time: String = alert.time.to_string().chars().skip(5).take(11).collect();
        writeln!(
            out,
            "{} {:>5.1}  {:<analytic$}  {:<11}  {:<ID_SHOWN$}  {:<entity$}  {}",
            paint.severity(alert.severity, &severity),
            alert.score,
            Plain(&clip(&alert.analytic, analytic)).to_string(),
            Plain(&time.replace('T', " ")).to_string(),
            Plain(&id).to_string(),
            clip(&name(alert, name_max), entity),
            clip(&Plain(&happened(alert)).to_string(), what),
        )?;
    }
    match weightiest.len() - shown.len() {
        0 => Ok(()),
        more => writeln!(out, "and {} more", count(more as u64)),
    }
}

fn abbreviated(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "CRIT",
        Severity::High => "HIGH",
        Severity::Medium => "MED",
        Severity::Low => "LOW",
        Severity::Informational => "INFO",
    }
}

/// Says in a few words what happened: the first reason that has a number or a value.
fn happened(alert: &Alert) -> String {
    let said = alert.reasons.iter().find_map(brief);
    said.unwrap_or_else(|| alert.headline().to_owned())
}

fn brief(reason: &Reason) -> Option<String> {
    match reason {
        Reason::Volume(of) | Reason::Newcomer(of) => Some(brief_amount(of)),
        Reason::Novelty { r#trait, value, .. } => {
            let name = match r#trait.as_str() {
                "user_agent" => "client".to_owned(),
                name => name.replace('_', " "),
            };
            Some(format!("new {name} {value}"))
        }
        Reason::Grant { buckets, .. } => Some(format!("shared {}", buckets.join(", "))),
        Reason::Burst {
            burst,
            window,
            observed,
            ..
        } => Some(format!(
            "{} {} in {window}",
            count(*observed),
            burst.replace('_', " ")
        )),
        Reason::Declared { buckets, .. } if !buckets.is_empty() => {
            Some(format!("shared {}", buckets.join(", ")))
        }
        Reason::Declared { .. } | Reason::Sequence { .. } => None,
    }
}

fn brief_amount(of: &Amount) -> String {
    let (one, many) = match of.metric.as_str() {
        "list_calls" => ("listing", "listings"),
        "buckets_listed" => ("bucket", "buckets"),
        "read_calls" => ("read", "reads"),
        "objects_read" => ("object", "objects"),
        "write_calls" => ("write", "writes"),
        "copy_calls" => ("copy", "copies"),
        "delete_calls" => ("deletion", "deletions"),
        "denied_calls" => ("denied", "denied"),
        "posture_buckets" => ("bucket config", "bucket configs"),
        "sensitive_read_calls" => ("sensitive read", "sensitive reads"),
        "list_bytes" => ("listed", "listed"),
        "bytes_read" => ("read", "read"),
        "egress_bytes" => ("sent out", "sent out"),
        other => (other, other),
    };
    let what = if of.observed == 1 { one } else { many };
    let observed = amount(&of.metric, of.observed as f64);
    format!("{observed} {} in {}", what.replace('_', " "), of.window)
}

fn write_evaluation(
    out: &mut String,
    evaluation: &Evaluation,
    budget_per_day: f64,
    paint: Paint,
) -> std::fmt::Result {
    let all = &evaluation.all;
    let within = match all.time_to_detect_p50_secs {
        Some(p50) => format!(", half of them within {}", duration(p50)),
        None => String::new(),
    };
    line(
        out,
        paint,
        "labels",
        &format!(
            "{} of {} found ({}){within}",
            count(all.found),
            noun(all.labels, "labelled attack", "labelled attacks"),
            percent(all.recall),
        ),
    )?;
    line(
        out,
        paint,
        "",
        &format!(
            "{} of {} are true (precision {})",
            count(all.true_alerts),
            noun(all.true_alerts + all.false_alerts, "alert", "alerts"),
            percent(all.precision),
        ),
    )?;
    line(
        out,
        paint,
        "",
        &format!(
            "{:.1} identities with false alerts a day, for a budget of {}",
            evaluation.false_identity_days_per_day,
            plain(budget_per_day)
        ),
    )
}

fn write_next(
    out: &mut String,
    screen: &Screen,
    first: Option<&Alert>,
    paint: Paint,
) -> std::fmt::Result {
    let folder = screen.out.map(|folder| folder.display().to_string());
    if let Some(folder) = &folder {
        line(out, paint, "report", &format!("{folder}/report.html"))?;
    }
    let mut name = "next";
    if let Some(alert) = first {
        let id: String = alert.alert_id.chars().take(ID_SHOWN).collect();
        let place = folder.as_deref().unwrap_or("DIR");
        let before = match folder {
            Some(_) => String::new(),
            None => "`--out DIR`, then ".to_owned(),
        };
        let command = format!("{before}`plimsoll explain {id} --from {place}/alerts.jsonl`");
        line(out, paint, name, &command)?;
        name = "";
    }
    if !screen.is_verbose {
        line(
            out,
            paint,
            name,
            "`-v` prints every alert in full, and all details",
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ScoreSummary;
    use crate::report::layout::columns;
    use crate::report::summary::Tally;
    use crate::report::text::tests::sample;

    #[test]
    fn the_weightiest_alerts_come_first_and_no_line_is_too_long() {
        let mut alerts = Vec::new();
        for n in 0..14 {
            let mut alert = sample();
            alert.alert_id = format!("{n:032x}");
            alert.analytic = "S3-POSTURE-OF-OTHERS".to_owned();
            alert.score = 80.0 + f64::from(n);
            alert.severity = match n {
                3 => Severity::Critical,
                _ => Severity::High,
            };
            alert.entity.id =
                format!("arn:aws:sts::1:assumed-role/Reserved/name-{n}-\u{1b}[2J@example.com");
            alerts.push(alert);
        }
        alerts[13].suppressed_by = Some("an approval".to_owned());
        // Only the last document of an alert counts.
        alerts.push(alerts[5].clone());
        let mut run = ScoreSummary::default();
        for n in 0..13 {
            run.told.note(&n.to_string(), Severity::High, None);
        }
        let summary = Summary::of_score(&run, &Tally::default());
        let screen = Screen {
            summary: &summary,
            alerts: &alerts,
            budget_per_day: 5.0,
            out: None,
            is_verbose: false,
        };
        let shown = text(&screen, 80, Paint::Never);
        assert!(shown.lines().all(|line| columns(line) <= 80), "{shown}");
        assert!(shown.lines().count() <= 25, "{shown}");
        let rows: Vec<&str> = shown
            .lines()
            .filter(|line| line.starts_with("CRIT") || line.starts_with("HIGH"))
            .collect();
        assert_eq!(rows.len(), 10, "{shown}");
        assert!(rows[0].starts_with("CRIT  83.0") && rows[1].starts_with("HIGH  92.0"));
        assert!(shown.contains("\nand 3 more\n"), "{shown}");
        assert!(shown.contains("plimsoll explain 000000 --from DIR/alerts.jsonl"));
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }
}
