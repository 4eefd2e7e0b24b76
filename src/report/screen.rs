//! The end of a backtest on a terminal: what was read, learnt and judged, the incidents of most weight, and what to do next, on
//! one screen. `--verbose`, `explain` and `--format json` have the rest.

use std::fmt::Write;
use std::path::Path;

use crate::engine::{CALIBRATED_FROM, Evaluation};
use crate::incident::Incident;
use crate::report::escape::{Plain, in_shell};
use crate::report::incident::by_weight;
use crate::report::layout::clip;
use crate::report::learning;
use crate::report::number::{count, duration, noun, percent};
use crate::report::paint::Paint;
use crate::report::summary::{Summary, lost_before_told};
use crate::report::tuning::a_day;
use crate::stats::Severity;

/// Days of logs from which a first look has calibrated days.
const TWO_WEEKS: u64 = 14;
/// Incidents that are listed.
const INCIDENTS_SHOWN: usize = 10;
/// The lines that tell of gaps in the logs.
const GAP_LINES: usize = 2;
/// Characters of an incident's id that name it.
const ID_SHOWN: usize = 7;
/// Columns that are left for what happened, at least.
const WHAT_MIN: usize = 17;
/// The widest that a line is made.
const WIDTH_MAX: usize = 120;

/// What is shown.
#[derive(Debug, Clone, Copy)]
pub struct Screen<'a> {
    /// The run.
    pub summary: &'a Summary,
    /// Its incidents.
    pub incidents: &'a [Incident],
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
        let before = || {
            format!(
                "{} before {}: {}, {} calibrated",
                noun(learnt.days, "day", "days"),
                learnt.split,
                noun(learnt.identities, "identity", "identities"),
                noun(u64::from(learnt.calibration_days), "day", "days"),
            )
        };
        line("learnt", &learnt.first_look().unwrap_or_else(before))?;
    }
    let is_first_look = summary.learnt.as_ref().is_some_and(|l| l.days == 0);
    let by = match (is_first_look, summary.days_judged) {
        (true, 0..=1) => "each identity by what all others did",
        (true, _) => "the first by the others of that day, then each by the days before it",
        (false, _) => "each by the days before it",
    };
    let provisional = match summary.provisional {
        true if is_first_look => "",
        true => "; scores are provisional (too few days)",
        false => "",
    };
    let days = noun(summary.days_judged, "day", "days");
    line("judged", &format!("{days}, {by}{provisional}"))?;
    if is_first_look {
        line(
            "first look",
            &format!(
                "until {CALIBRATED_FROM} days are learnt, scores are provisional: at most medium, unless the analytic declares the act"
            ),
        )?;
        if summary.days_judged < TWO_WEEKS {
            line(
                "two weeks",
                "of logs would add calibrated scores, and a budget that is kept",
            )?;
        }
    }
    for sentence in learning::lines(&summary.learning) {
        line("learning", &sentence)?;
    }
    let weightiest = weightiest(screen.incidents);
    line("incidents", &incidents(summary, &weightiest))?;
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
    // A line more above is one less below: the screen is as long as a terminal is high.
    let n_shown = INCIDENTS_SHOWN - if n_blind > 0 { GAP_LINES } else { 0 };
    write_incidents(out, (&weightiest, n_shown), width, paint)?;
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

fn incidents(summary: &Summary, weightiest: &[&Incident]) -> String {
    let alerts = &summary.alerts;
    if weightiest.is_empty() {
        return "none".to_owned();
    }
    let approved: u64 = alerts.suppressed.values().sum();
    let n_of = |severity: Severity| {
        let of = weightiest
            .iter()
            .filter(|incident| incident.severity == severity);
        of.count() as u64
    };
    let by_severity: Vec<String> = Severity::ALL
        .iter()
        .rev()
        .map(|&severity| (severity, n_of(severity)))
        .filter(|(_, n)| *n > 0)
        .map(|(severity, n)| format!("{} {severity}", count(n)))
        .collect();
    format!(
        "{}: {}; {:.1} a day; {}{}",
        count(weightiest.len() as u64),
        by_severity.join(", "),
        weightiest.len() as f64 / summary.days_judged.max(1) as f64,
        noun(alerts.total, "alert", "alerts"),
        match approved {
            0 => String::new(),
            n => format!(", {} approved", count(n)),
        }
    )
}

/// Returns the incidents that no approval covers as a whole, those of most weight first.
fn weightiest(incidents: &[Incident]) -> Vec<&Incident> {
    let all = by_weight(incidents).into_iter();
    all.filter(|of| !of.suppressed).collect()
}

fn write_incidents(
    out: &mut String,
    (weightiest, n_shown): (&[&Incident], usize),
    width: usize,
    paint: Paint,
) -> std::fmt::Result {
    if weightiest.is_empty() {
        return Ok(());
    }
    let shown = &weightiest[..weightiest.len().min(n_shown)];
    // Severity, score, time and id, with the blanks between all columns.
    let fixed = 4 + 6 + 2 + 11 + 2 + ID_SHOWN + 2;
    let what = width.saturating_sub(fixed).max(WHAT_MIN);
    let head = format!(
        "{:<4} {:>5}  {:<11}  {:<ID_SHOWN$}  what",
        "sev", "score", "time (UTC)", "id"
    );
    writeln!(out, "\n{}", paint.bold(&head))?;
    for incident in shown {
        let severity = format!("{:<4}", abbreviated(incident.severity));
        let id: String = incident.incident_id.chars().take(ID_SHOWN).collect();
        // `03-09 10:15` of `2026-03-09T10:15:39Z`.
        let time: String = incident
            .start
            .to_string()
            .chars()
            .skip(5)
            .take(11)
            .collect();
        writeln!(
            out,
            "{} {:>5.1}  {:<11}  {:<ID_SHOWN$}  {}",
            paint.severity(incident.severity, &severity),
            incident.score,
            time.replace('T', " "),
            Plain(&id).to_string(),
            clip(&Plain(&incident.title).to_string(), what),
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
    if let Some(lost) = lost_before_told(evaluation) {
        line(out, paint, "", &lost)?;
    }
    line(
        out,
        paint,
        "",
        &format!(
            "{} of {} are true",
            count(evaluation.true_incidents),
            noun(evaluation.incidents, "incident", "incidents"),
        ),
    )?;
    line(
        out,
        paint,
        "",
        &format!(
            "{:.1} false incidents a day, for a budget of {}",
            evaluation.false_incidents_per_day,
            a_day(budget_per_day)
        ),
    )
}

fn write_next(
    out: &mut String,
    screen: &Screen,
    first: Option<&Incident>,
    paint: Paint,
) -> std::fmt::Result {
    let folder = screen.out.map(|folder| folder.display().to_string());
    if let Some(folder) = &folder {
        line(out, paint, "report", &format!("{folder}/report.html"))?;
    }
    let mut name = "next";
    if let Some(incident) = first {
        let id: String = incident.incident_id.chars().take(ID_SHOWN).collect();
        let next = match &folder {
            Some(folder) => {
                let place = in_shell(&format!("{folder}/alerts.jsonl"));
                format!("`plimsoll incidents {id} --from {place}`")
            }
            None => "`--out DIR` writes a page, and what `incidents` and `explain` read".to_owned(),
        };
        line(out, paint, name, &next)?;
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
    use crate::incident::{Playbook, incidents as joined};
    use crate::report::layout::columns;
    use crate::report::summary::Tally;
    use crate::report::text::tests::sample;

    #[test]
    fn the_weightiest_alerts_come_first_and_no_line_is_too_long() {
        let mut alerts = Vec::new();
        for n in 0..14 {
            let mut alert = sample();
            alert.alert_id = format!("{n:032x}");
            alert.score = 80.0 + f64::from(n);
            alert.severity = match n {
                3 => Severity::Critical,
                _ => Severity::High,
            };
            alert.entity.aliases.clear();
            alert.entity.id =
                format!("arn:aws:sts::1:assumed-role/Reserved/name-{n}-\u{1b}[2J@example.com");
            alert.reasons.truncate(1);
            alerts.push(alert);
        }
        alerts[13].suppressed_by = Some("an approval".to_owned());
        // Only the last document of an alert counts.
        alerts.push(alerts[5].clone());
        let incidents = joined(&alerts, &Playbook::default());
        let mut run = ScoreSummary::default();
        for n in 0..13 {
            run.told.note(&n.to_string(), Severity::High, None);
        }
        let summary = Summary::of_score(&run, &Tally::default());
        let screen = Screen {
            summary: &summary,
            incidents: &incidents,
            budget_per_day: 5.0,
            out: Some(Path::new("my out")),
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
        let id = &rows[0][25..32];
        assert!(shown.contains(&format!(
            "plimsoll incidents {id} --from 'my out/alerts.jsonl'`"
        )));
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }
}
