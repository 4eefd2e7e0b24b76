//! What a run came to: one document for programs, the same in lines for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::alert::{Alert, Status};
use crate::baseline::{DriftReport, Drifted};
use crate::engine::{
    AnalyticEvaluation, Backtest, DayCount, Evaluation, FalseAlert, IntakeSummary, ScoreSummary,
    TrainSummary,
};
use crate::report::coverage;
use crate::report::drift::{self, DriftDocument};
use crate::report::escape::Plain;
use crate::report::number::{count, duration, noun, percent};
use crate::report::paint::Paint;
use crate::report::tuning;
use crate::stats::Severity;
use crate::time::Day;

/// Baselines that moved that are named for each day of a backtest.
const MOVED_A_DAY_MAX: usize = 20;
/// Baselines that moved that are named in lines.
const MOVED_SHOWN: usize = 5;
/// Characters of an alert's id that name it in lines.
const ID_SHOWN: usize = 8;
/// Version of the document.
const SCHEMA: u32 = 1;

/// Alerts that were delivered, counted as they go by.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    by_analytic: BTreeMap<String, u64>,
}

impl Tally {
    /// Counts an alert; only the first of an episode is one more.
    pub fn add(&mut self, alert: &Alert) {
        if alert.status == Status::New && alert.suppressed_by.is_none() {
            *self.by_analytic.entry(alert.analytic.clone()).or_insert(0) += 1;
        }
    }
}

/// What was read.
#[derive(Debug, Clone, Serialize)]
pub struct Read {
    /// Files read, those that failed included.
    pub files: u64,
    /// Files that an earlier training had learnt.
    pub known_files: u64,
    /// Files that could not be read to their end, with why.
    pub unreadable: BTreeMap<String, String>,
    /// Records in them.
    pub records: u64,
    /// Events told.
    pub events: u64,
    /// Events that were delivered more than once.
    pub repeated: u64,
    /// Events dated more than five minutes ahead.
    pub future: u64,
    /// Events of days too old to matter.
    pub too_old: u64,
    /// Records skipped on purpose, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Records that could not be read as events, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// First event.
    pub first: Option<String>,
    /// Last event.
    pub last: Option<String>,
}

/// The alerts of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Alerts {
    /// Episodes, whatever their severity.
    pub total: u64,
    /// Episodes by the highest severity that they reached.
    pub by_severity: BTreeMap<String, u64>,
    /// Episodes by analytic.
    pub by_analytic: BTreeMap<String, u64>,
    /// Episodes that an approval covers, by approval.
    pub suppressed: BTreeMap<String, u64>,
}

/// What was learnt before a backtest judged.
#[derive(Debug, Clone, Serialize)]
pub struct Learnt {
    /// Days learnt before the split.
    pub days: u64,
    /// First day judged.
    pub split: String,
    /// Identities known at the split.
    pub identities: u64,
    /// Whole days in the stored distributions.
    pub calibration_days: u32,
    /// Thresholds at the split, as scores, by analytic.
    pub thresholds: BTreeMap<String, f64>,
    /// The least and the greatest of the days judged.
    pub thresholds_between: BTreeMap<String, (f64, f64)>,
}

/// What a run of scoring came to.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Version of this document.
    pub schema: u32,
    /// The program's version.
    pub version: &'static str,
    /// What was read.
    pub read: Read,
    /// What was learnt first; only after a backtest.
    pub learnt: Option<Learnt>,
    /// Generation that judged, the first if there were several.
    pub generation: u64,
    /// The last that judged, if there were several: a backtest learns every night.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_generation: Option<u64>,
    /// Which thresholds were in force, in words; a backtest's are under `learnt`.
    pub thresholds: Option<String>,
    /// Whether there was too little history for calibrated scores.
    pub provisional: bool,
    /// Days judged.
    pub days_judged: u64,
    /// Of these, days that the generation had learnt.
    pub days_already_learnt: u64,
    /// Identities judged, counted once a day.
    pub entity_days: u64,
    /// Alerts.
    pub alerts: Alerts,
    /// Alerts per day judged; only after a backtest.
    pub per_day: Vec<DayCount>,
    /// What analytics do not see, one sentence each; none if they see all.
    pub blind_spots: Vec<String>,
    /// Baselines found to have moved, by the day that was then judged; only after a backtest.
    pub baseline_drift: Vec<DriftedOn>,
    /// How alerts compare with labels, where there are any.
    pub evaluation: Option<Evaluation>,
}

/// Baselines that were found to have moved on the morning of a day.
#[derive(Debug, Clone, Serialize)]
pub struct DriftedOn {
    /// The day that was judged next.
    pub day: String,
    /// How many moved.
    pub total: u64,
    /// Those that went farthest.
    pub farthest: Vec<DriftDocument>,
}

impl DriftedOn {
    fn of(day: Day, drift_report: &DriftReport) -> Self {
        let mut rises: Vec<&Drifted> = drift_report.rising.iter().collect();
        rises.sort_by(|a, b| b.sum.total_cmp(&a.sum));
        rises.truncate(MOVED_A_DAY_MAX);
        Self {
            day: day.to_string(),
            total: drift_report.rising.len() as u64,
            farthest: drift::documents(drift_report, &rises),
        }
    }
}

impl Read {
    fn of(intake: &IntakeSummary) -> Self {
        Self {
            files: intake.n_files(),
            known_files: intake.known_files,
            unreadable: intake
                .broken_files()
                .map(|(file, why)| (file.to_owned(), why.to_owned()))
                .collect(),
            records: intake.records(),
            events: intake.events,
            repeated: intake.repeated,
            future: intake.future,
            too_old: intake.too_old,
            skipped: intake.skipped(),
            rejected: intake.rejected(),
            first: intake.first.map(|t| t.to_string()),
            last: intake.last.map(|t| t.to_string()),
        }
    }
}

impl Summary {
    /// Sums up a run of scoring.
    pub fn of_score(summary: &ScoreSummary, tally: &Tally) -> Self {
        Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            read: Read::of(&summary.intake),
            learnt: None,
            generation: summary.generation,
            last_generation: summary.last_generation,
            thresholds: (!summary.thresholds.is_empty())
                .then(|| tuning::in_force(&summary.thresholds)),
            provisional: summary.provisional,
            days_judged: summary.days() as u64,
            days_already_learnt: summary.days_already_learnt as u64,
            entity_days: summary.entity_days(),
            alerts: Alerts {
                total: summary.episodes.values().sum(),
                by_severity: summary
                    .episodes
                    .iter()
                    .map(|(s, n)| (s.to_string(), *n))
                    .collect(),
                by_analytic: tally.by_analytic.clone(),
                suppressed: summary.suppressed.clone(),
            },
            per_day: Vec::new(),
            blind_spots: coverage::blind_spots(&summary.coverage),
            baseline_drift: Vec::new(),
            evaluation: None,
        }
    }

    /// Sums up a backtest.
    pub fn of_backtest(backtest: &Backtest) -> Self {
        let mut tally = Tally::default();
        backtest.alerts.iter().for_each(|alert| tally.add(alert));
        Self {
            learnt: Some(Learnt {
                days: backtest.days_learnt as u64,
                split: backtest.split.to_string(),
                identities: backtest.identities as u64,
                calibration_days: backtest.calibration_days,
                thresholds: backtest.thresholds.clone(),
                thresholds_between: backtest.thresholds_between.clone(),
            }),
            per_day: backtest.per_day.clone(),
            baseline_drift: backtest
                .drifted
                .iter()
                .map(|(day, drift_report)| DriftedOn::of(*day, drift_report))
                .collect(),
            evaluation: backtest.evaluation.clone(),
            ..Self::of_score(&backtest.summary, &tally)
        }
    }
}

/// Returns the lines of a run of scoring, each with its end.
pub fn text(summary: &Summary, paint: Paint) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_text(&mut out, summary, paint);
    out
}

/// Returns the lines of a training, each with its end.
pub fn training(summary: &TrainSummary, paint: Paint) -> String {
    let mut out = String::new();
    let _ = write_training(&mut out, summary, paint);
    out
}

fn line(out: &mut String, paint: Paint, name: &str, value: &str) -> std::fmt::Result {
    writeln!(
        out,
        "{} {}",
        paint.bold(&format!("{name:<11}")),
        Plain(value)
    )
}

fn write_text(out: &mut String, summary: &Summary, paint: Paint) -> std::fmt::Result {
    write_read(out, &summary.read, paint)?;
    if let Some(learnt) = &summary.learnt {
        let days = noun(learnt.days, "day", "days");
        let identities = noun(learnt.identities, "identity", "identities");
        line(
            out,
            paint,
            "learnt",
            &format!(
                "{days} before {}, {identities}; {} calibrated",
                learnt.split,
                noun(u64::from(learnt.calibration_days), "day", "days")
            ),
        )?;
        let thresholds = thresholds_between(learnt);
        line(out, paint, "thresholds", &thresholds)?;
    }
    line(
        out,
        paint,
        "judged",
        &format!(
            "{}, {}, by {}{}",
            noun(summary.days_judged, "day", "days"),
            noun(summary.entity_days, "identity-day", "identity-days"),
            match summary.last_generation {
                Some(last) => format!("generations {} to {last}", summary.generation),
                None => format!("generation {}", summary.generation),
            },
            if summary.provisional {
                " (provisional scores: fewer than 7 days are calibrated)"
            } else {
                ""
            },
        ),
    )?;
    if let Some(thresholds) = &summary.thresholds {
        line(out, paint, "thresholds", thresholds)?;
    }
    if summary.days_already_learnt > 0 {
        line(
            out,
            paint,
            "",
            &format!(
                "{} of them had been learnt before: their alerts are milder than they were",
                count(summary.days_already_learnt)
            ),
        )?;
    }
    line(
        out,
        paint,
        "alerts",
        &alerts_line(&summary.alerts, summary.days_judged),
    )?;
    for (approval, n) in &summary.alerts.suppressed {
        line(
            out,
            paint,
            "approved",
            &format!("{}: {approval}", count(*n)),
        )?;
    }
    write_blind_spots(out, &summary.blind_spots, paint)?;
    write_drifted(out, &summary.baseline_drift, paint)?;
    match &summary.evaluation {
        Some(evaluation) => write_evaluation(out, evaluation, paint),
        None => Ok(()),
    }
}

/// Says between which scores the thresholds moved: those that most analytics share first, then the others by name.
fn thresholds_between(learnt: &Learnt) -> String {
    let said = |&(least, greatest): &(f64, f64)| {
        let (least, greatest) = (format!("{least:.1}"), format!("{greatest:.1}"));
        if least == greatest {
            least
        } else {
            format!("{least}–{greatest}")
        }
    };
    let mut analytics_at: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (id, between) in &learnt.thresholds_between {
        analytics_at.entry(said(between)).or_default().push(id);
    }
    let mut groups: Vec<(String, Vec<&str>)> = analytics_at.into_iter().collect();
    groups.sort_by_key(|(_, ids)| std::cmp::Reverse(ids.len()));
    let alone = groups.len() == 1;
    let texts = groups
        .into_iter()
        .enumerate()
        .map(|(at, (score, ids))| match at {
            0 if alone => format!("{score} of all analytics"),
            0 if ids.len() > 1 => score,
            _ => format!("{} {score}", ids.join(", ")),
        });
    texts.collect::<Vec<_>>().join("; ")
}

fn write_blind_spots(out: &mut String, sentences: &[String], paint: Paint) -> std::fmt::Result {
    for sentence in sentences {
        line(out, paint, "coverage", sentence)?;
    }
    Ok(())
}

fn write_drifted(out: &mut String, drift: &[DriftedOn], paint: Paint) -> std::fmt::Result {
    if drift.is_empty() {
        return Ok(());
    }
    let total: u64 = drift.iter().map(|on| on.total).sum();
    let days: Vec<String> = drift
        .iter()
        .map(|on| format!("{} on {}", count(on.total), on.day))
        .collect();
    let baselines = noun(total, "baseline", "baselines");
    line(
        out,
        paint,
        "moved",
        &format!("{baselines} moved upwards: {}", days.join(", ")),
    )?;
    let mut farthest: Vec<&DriftDocument> = drift.iter().flat_map(|on| &on.farthest).collect();
    farthest.sort_by(|a, b| b.sum.total_cmp(&a.sum));
    for rise in farthest.iter().take(MOVED_SHOWN) {
        line(out, paint, "", &format!("{}  {}", rise.id, rise.sentence()))?;
    }
    line(out, paint, "", drift::ADVICE)
}

fn alerts_line(alerts: &Alerts, days: u64) -> String {
    let severities: Vec<String> = Severity::ALL
        .iter()
        .rev()
        .filter_map(|s| {
            alerts
                .by_severity
                .get(&s.to_string())
                .map(|n| format!("{} {s}", count(*n)))
        })
        .collect();
    let analytics: Vec<String> = alerts
        .by_analytic
        .iter()
        .map(|(id, n)| format!("{id} {}", count(*n)))
        .collect();
    let mut text = count(alerts.total);
    if alerts.total > 0 {
        let _ = write!(
            text,
            ", {:.1} a day: {}",
            alerts.total as f64 / days.max(1) as f64,
            severities.join(", ")
        );
    }
    if !analytics.is_empty() {
        let _ = write!(text, " ({})", analytics.join(", "));
    }
    text
}

fn write_read(out: &mut String, read: &Read, paint: Paint) -> std::fmt::Result {
    line(
        out,
        paint,
        "read",
        &format!(
            "{} in {} from {}",
            noun(read.events, "event", "events"),
            noun(read.records, "record", "records"),
            noun(read.files, "file", "files")
        ),
    )?;
    if let (Some(first), Some(last)) = (&read.first, &read.last) {
        line(out, paint, "from, to", &format!("{first}, {last}"))?;
    }
    for (name, reasons) in [("skipped", &read.skipped), ("rejected", &read.rejected)] {
        let reasons: Vec<String> = reasons
            .iter()
            .map(|(reason, n)| format!("{} {reason}", count(*n)))
            .collect();
        if !reasons.is_empty() {
            line(out, paint, name, &reasons.join(", "))?;
        }
    }
    for (n, what) in [
        (read.repeated, "delivered more than once and counted once"),
        (read.future, "dated in the future and set aside"),
        (read.too_old, "of days too old to matter"),
    ] {
        if n > 0 {
            line(out, paint, "of events", &format!("{} {what}", count(n)))?;
        }
    }
    if read.known_files > 0 {
        line(
            out,
            paint,
            "known",
            &format!("{} already learnt", noun(read.known_files, "file", "files")),
        )?;
    }
    Ok(())
}

fn write_training(out: &mut String, summary: &TrainSummary, paint: Paint) -> std::fmt::Result {
    if !summary.published {
        let known = summary.intake.known_files;
        let in_force = match summary.generation {
            0 => "there is no generation yet".to_owned(),
            number => format!("generation {number} stays in force"),
        };
        if !summary.intake.files.is_empty() {
            write_read(out, &Read::of(&summary.intake), paint)?;
        }
        return match known {
            0 => writeln!(out, "nothing new; {in_force}"),
            1 => writeln!(out, "nothing new: 1 file was already learnt; {in_force}"),
            n => writeln!(
                out,
                "nothing new: {} files were already learnt; {in_force}",
                count(n)
            ),
        };
    }
    write_read(out, &Read::of(&summary.intake), paint)?;
    line(
        out,
        paint,
        "learnt",
        &format!(
            "{} changed, {} stored, {} calibrated",
            noun(summary.days_changed as u64, "day", "days"),
            count(summary.days as u64),
            count(u64::from(summary.calibration_days))
        ),
    )?;
    for (n, what) in [
        (
            summary.exclusions,
            "to be true: what they tell of was left out",
        ),
        (
            summary.learnt_again,
            "not to be true after all: what they tell of was learnt again",
        ),
    ] {
        if n > 0 {
            let alerts = noun(n as u64, "alert turned out", "alerts turned out");
            line(out, paint, "verdicts", &format!("{alerts} {what}"))?;
        }
    }
    let entities: Vec<String> = summary
        .entities
        .iter()
        .map(|(kind, n)| format!("{} {kind}", count(*n as u64)))
        .collect();
    line(out, paint, "baselines", &entities.join(", "))?;
    line(
        out,
        paint,
        "published",
        &format!("generation {}", summary.generation),
    )?;
    line(
        out,
        paint,
        "thresholds",
        &tuning::in_force(&summary.thresholds),
    )?;
    write_blind_spots(out, &coverage::blind_spots(&summary.coverage), paint)?;
    let drift = summary
        .drift_report
        .newly_drifted(summary.movement_before.as_ref());
    let title = format!(
        "{} moved; all: `plimsoll show`",
        noun(drift.len() as u64, "baseline", "baselines")
    );
    let documents = drift::documents(&summary.drift_report, &drift);
    write!(
        out,
        "{}",
        drift::digest(&title, &documents, MOVED_SHOWN, paint)
    )
}

fn write_evaluation(out: &mut String, evaluation: &Evaluation, paint: Paint) -> std::fmt::Result {
    writeln!(out)?;
    let head = format!(
        "{:<17} {:>7} {:>7} {:>7} {:>7} {:>10} {:>10}  {}",
        "labels", "planted", "found", "true", "false", "precision", "recall", "time to detect"
    );
    writeln!(out, "{}", paint.bold(&head))?;
    for (name, of) in evaluation
        .analytics
        .iter()
        .map(|(n, e)| (n.as_str(), e))
        .chain([("all", &evaluation.all)])
    {
        writeln!(
            out,
            "{:<17} {:>7} {:>7} {:>7} {:>7} {:>10} {:>10}  {}",
            Plain(name).to_string(),
            of.labels,
            of.found,
            of.true_alerts,
            of.false_alerts,
            percent(of.precision),
            percent(of.recall),
            time_to_detect(of),
        )?;
    }
    writeln!(
        out,
        "{:.2} false alerts a day; {} of them tell of a labelled attack by another analytic, and the others of {:.2} identities a day: a budget is for these, and alerts on attacks come on top",
        evaluation.false_alerts_per_day,
        count(evaluation.beside_labels),
        evaluation.false_identity_days_per_day
    )?;
    for alert in &evaluation.false_alerts {
        let FalseAlert {
            time,
            analytic,
            score,
            entity,
            alert_id,
        } = alert;
        let id: String = alert_id.chars().take(ID_SHOWN).collect();
        let what = format!("{time}  {analytic} {score:>5.1}  {entity}  {id}");
        line(out, paint, "false", &what)?;
    }
    for missed in &evaluation.missed {
        line(out, paint, "missed", missed)?;
    }
    Ok(())
}

/// Returns the median and the 90th percentile of the time from a label's start to its first alert.
pub(super) fn time_to_detect(of: &AnalyticEvaluation) -> String {
    match (of.time_to_detect_p50_secs, of.time_to_detect_p90_secs) {
        (Some(p50), Some(p90)) => format!("{} (p90 {})", duration(p50), duration(p90)),
        _ => "–".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_summed_up_in_lines_and_in_json() {
        let mut run = ScoreSummary {
            generation: 7,
            judged: [(Day(20_000), 1_200), (Day(20_001), 1_212)].into(),
            ..ScoreSummary::default()
        };
        run.episodes.insert(Severity::High, 1);
        run.episodes.insert(Severity::Medium, 3);
        run.suppressed.insert("nightly\u{1b}[2J".to_owned(), 2);
        let summary = Summary::of_score(&run, &Tally::default());
        let shown = text(&summary, Paint::Never);
        assert!(
            shown.contains("alerts      4, 2.0 a day: 1 high, 3 medium\n"),
            "{shown}"
        );
        assert!(
            shown.contains("approved    2: nightly\\u{1b}[2J\n"),
            "{shown}"
        );
        assert!(
            shown.contains("judged      2 days, 2,412 identity-days, by generation 7\n"),
            "{shown}"
        );
        let document = crate::report::json::line(&summary);
        assert!(
            document.contains(r#""by_severity":{"high":1,"medium":3}"#),
            "{document}"
        );
    }
}
