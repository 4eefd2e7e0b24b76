//! The summary of a run: one document for programs, the same in lines for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Serialize;

use crate::alert::Alert;
use crate::baseline::{DriftReport, Drifted};
use crate::engine::{
    AnalyticEvaluation, Backtest, DayCount, Evaluation, FalseAlert, IntakeSummary, ScoreSummary,
};
use crate::objects::Totals;
use crate::report::bounds::{self, BoundReached};
use crate::report::coverage;
use crate::report::drift::{self, DriftDocument};
use crate::report::escape::Plain;
use crate::report::late::{self, LateDay};
use crate::report::layout::{clip, shorten};
use crate::report::learning::{self, LogLearnt};
use crate::report::number::{count, duration, noun, percent};
use crate::report::paint::Paint;
use crate::report::silence::{self, SilentDocument};
use crate::report::tuning;
use crate::stats::Severity;
use crate::time::Day;
use crate::wording::bytes;

/// Drifted baselines that are named for each day of a backtest.
const DRIFTED_A_DAY_MAX: usize = 20;
/// Drifted baselines that are named in lines.
pub(super) const DRIFTED_SHOWN: usize = 5;
/// Characters of an alert's id that name it in lines.
const ID_SHOWN: usize = 8;
/// Columns of an entity's id in a table.
const ENTITY_SHOWN: usize = 28;
/// Grades from the loudest to the quietest, as labels write them.
pub(super) const GRADES: [&str; 4] = ["blatant", "medium", "subtle", "hidden"];
/// Version of the document.
pub(super) const SCHEMA: u32 = 1;

/// Alerts that were delivered, counted as they go by.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    ids: BTreeSet<String>,
    by_analytic: BTreeMap<String, u64>,
}

impl Tally {
    /// Counts an alert; only the first of an episode is one more.
    pub fn add(&mut self, alert: &Alert) {
        if alert.suppressed_by.is_none() && self.ids.insert(alert.alert_id.clone()) {
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
    /// Events in them.
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
    /// What was asked of object stores, if logs lie in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<Totals>,
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
    /// Days learnt before the split; none after a first look, which judges every day.
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

impl Learnt {
    /// Says, of a first look, that nothing was learnt before it.
    pub(super) fn first_look(&self) -> Option<String> {
        let identities = noun(self.identities, "identity", "identities");
        (self.days == 0).then(|| format!("nothing before {}, with {identities}", self.split))
    }
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
    /// The logs that began later than the store, and were still learnt on a judged day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub learning: Vec<LogLearnt>,
    /// Days judged.
    pub days_judged: u64,
    /// Of these, days that the generation had learnt.
    pub days_already_learnt: u64,
    /// Events that arrived later than their source allows, by day; only while following.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<LateDay>,
    /// The bounds that days reached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bounds_reached: Vec<BoundReached>,
    /// Episodes that were told before, and of which there is no news.
    #[serde(skip_serializing_if = "is_zero")]
    pub told_before: u64,
    /// Identities judged, counted once a day.
    pub entity_days: u64,
    /// Alerts.
    pub alerts: Alerts,
    /// Alerts per day judged; only after a backtest.
    pub per_day: Vec<DayCount>,
    /// What analytics do not see of the providers that have records, one sentence each.
    pub blind_spots: Vec<String>,
    /// Providers that analytics are written for and that have no records.
    pub not_seen: Vec<&'static str>,
    /// The trails that fell silent, while others of their provider go on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<SilentDocument>,
    /// Baselines that drifted upwards, by the day that was then judged; only after a backtest.
    pub baseline_drift: Vec<DriftedOn>,
    /// How alerts compare with labels, where there are any.
    pub evaluation: Option<Evaluation>,
}

pub(super) fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// Baselines that had drifted upwards on the morning of a day.
#[derive(Debug, Clone, Serialize)]
pub struct DriftedOn {
    /// The day that was judged next.
    pub day: String,
    /// How many drifted.
    pub total: u64,
    /// Those that drifted farthest.
    pub farthest: Vec<DriftDocument>,
}

impl DriftedOn {
    fn of(day: Day, drift_report: &DriftReport) -> Self {
        let mut rises: Vec<&Drifted> = drift_report.rising.iter().collect();
        rises.sort_by(|a, b| b.sum.total_cmp(&a.sum));
        rises.truncate(DRIFTED_A_DAY_MAX);
        Self {
            day: day.to_string(),
            total: drift_report.rising.len() as u64,
            farthest: drift::documents(drift_report, &rises),
        }
    }
}

impl Read {
    pub(super) fn of(intake: &IntakeSummary) -> Self {
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
            objects: intake.objects,
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
            learning: learning::documents(&summary.young_logs()),
            days_judged: summary.days() as u64,
            days_already_learnt: summary.days_already_learnt as u64,
            late: late::days(&summary.late),
            bounds_reached: bounds::reached(&summary.reached),
            told_before: summary.told_before.len() as u64,
            entity_days: summary.entity_days(),
            alerts: Alerts {
                total: summary.told.n_episodes(),
                by_severity: summary
                    .told
                    .by_severity()
                    .into_iter()
                    .map(|(severity, n)| (severity.to_string(), n))
                    .collect(),
                by_analytic: tally.by_analytic.clone(),
                suppressed: summary.told.by_approval(),
            },
            per_day: Vec::new(),
            blind_spots: coverage::blind_spots(&summary.coverage),
            not_seen: coverage::not_seen(&summary.coverage),
            silent: silence::documents(&summary.silent),
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

/// Returns the lines of a run of scoring, each with its end; with all details, or in short.
pub fn text(summary: &Summary, is_verbose: bool, paint: Paint) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_text(&mut out, summary, is_verbose, paint);
    out
}

/// Returns the lines on what was judged, without those on what was read.
pub fn judged(summary: &Summary, is_verbose: bool, paint: Paint) -> String {
    let mut out = String::new();
    let _ = write_judged(&mut out, summary, is_verbose, paint);
    out
}

pub(super) fn line(out: &mut String, paint: Paint, name: &str, value: &str) -> std::fmt::Result {
    writeln!(
        out,
        "{} {}",
        paint.bold(&format!("{name:<14} ")),
        Plain(value)
    )
}

fn write_text(
    out: &mut String,
    summary: &Summary,
    is_verbose: bool,
    paint: Paint,
) -> std::fmt::Result {
    write_read(out, &summary.read, paint)?;
    write_judged(out, summary, is_verbose, paint)
}

fn write_judged(
    out: &mut String,
    summary: &Summary,
    is_verbose: bool,
    paint: Paint,
) -> std::fmt::Result {
    let mut line = |name: &str, value: &str| line(out, paint, name, value);
    if let Some(learnt) = &summary.learnt {
        let days = noun(learnt.days, "day", "days");
        let identities = noun(learnt.identities, "identity", "identities");
        let calibrated = noun(u64::from(learnt.calibration_days), "day", "days");
        let before = &learnt.split;
        let learnt_before =
            format!("{days} before {before}, {identities}; {calibrated} calibrated");
        line("learnt", &learnt.first_look().unwrap_or(learnt_before))?;
        line("thresholds", &thresholds_between(learnt))?;
    }
    line(
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
    if summary.days_already_learnt > 0 {
        line(
            "",
            &format!(
                "{} of these days had been learnt before, which lowers their scores",
                count(summary.days_already_learnt)
            ),
        )?;
    }
    if let Some(thresholds) = &summary.thresholds {
        line("thresholds", thresholds)?;
    }
    line("alerts", &alerts_line(&summary.alerts, summary.days_judged))?;
    if summary.told_before > 0 {
        let told = count(summary.told_before);
        line("", &format!("{told} more were told before"))?;
    }
    for sentence in learning::lines(&summary.learning) {
        line("learning", &sentence)?;
    }
    for sentence in late::lines(&summary.late) {
        line("late", &sentence)?;
    }
    for sentence in bounds::lines(&summary.bounds_reached, is_verbose) {
        line("bound", &sentence)?;
    }
    if is_verbose {
        for (approval, n) in &summary.alerts.suppressed {
            line("approved", &format!("{}: {approval}", count(*n)))?;
        }
    } else if !summary.alerts.suppressed.is_empty() {
        let n: u64 = summary.alerts.suppressed.values().sum();
        line(
            "approved",
            &format!("{} more, which approvals cover", count(n)),
        )?;
    }
    write_coverage(
        out,
        (&summary.silent, &summary.blind_spots, &summary.not_seen),
        is_verbose,
        paint,
    )?;
    if is_verbose {
        write_drifted(out, &summary.baseline_drift, paint)?;
        if let Some(evaluation) = &summary.evaluation {
            write_evaluation(out, evaluation, paint)?;
        }
    }
    Ok(())
}

/// Says between which scores the thresholds lay: those that most analytics share first, then the others by name.
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
            0 if alone => format!("{score} for all analytics"),
            0 if ids.len() > 1 => score,
            _ => format!("{} {score}", ids.join(", ")),
        });
    texts.collect::<Vec<_>>().join("; ")
}

pub(super) fn write_coverage(
    out: &mut String,
    (silent, blind_spots, not_seen): (&[SilentDocument], &[String], &[&str]),
    is_verbose: bool,
    paint: Paint,
) -> std::fmt::Result {
    for sentence in silence::lines(silent) {
        line(out, paint, "silent", &sentence)?;
    }
    if is_verbose {
        for sentence in blind_spots {
            line(out, paint, "coverage", sentence)?;
        }
        if !not_seen.is_empty() {
            line(out, paint, "not seen", &coverage::not_seen_line(not_seen))?;
        }
    } else if !blind_spots.is_empty() {
        let gaps = noun(blind_spots.len() as u64, "gap", "gaps");
        line(
            out,
            paint,
            "coverage",
            &format!("{gaps} in the logs: `plimsoll coverage`"),
        )?;
    }
    Ok(())
}

fn write_drifted(out: &mut String, drift: &[DriftedOn], paint: Paint) -> std::fmt::Result {
    if drift.is_empty() {
        return Ok(());
    }
    let days: Vec<String> = drift
        .iter()
        .map(|on| {
            let rose = noun(on.total, "baseline rose", "baselines rose");
            format!("{rose} by {}", on.day)
        })
        .collect();
    line(out, paint, "baseline drift", &days.join(", "))?;
    let mut farthest: Vec<&DriftDocument> = drift.iter().flat_map(|on| &on.farthest).collect();
    farthest.sort_by(|a, b| b.sum.total_cmp(&a.sum));
    for rise in farthest.iter().take(DRIFTED_SHOWN) {
        line(out, paint, "", &format!("{}: {}", rise.id, rise.sentence()))?;
    }
    line(out, paint, "", drift::ADVICE)
}

/// Says how many alerts each severity has, the highest first.
pub(super) fn by_severity(alerts: &Alerts) -> String {
    let severities: Vec<String> = Severity::ALL
        .iter()
        .rev()
        .filter_map(|s| {
            let n = alerts.by_severity.get(&s.to_string())?;
            Some(format!("{} {s}", count(*n)))
        })
        .collect();
    severities.join(", ")
}

fn alerts_line(alerts: &Alerts, days: u64) -> String {
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
            by_severity(alerts)
        );
    }
    if !analytics.is_empty() {
        let _ = write!(text, " ({})", analytics.join(", "));
    }
    text
}

/// Says what was asked of object stores.
pub fn objects(totals: &Totals) -> String {
    format!(
        "{} listed, {} read ({}), {}",
        count(totals.listed),
        count(totals.read),
        bytes(totals.bytes as f64),
        noun(totals.requests, "request", "requests")
    ) + &match totals.unreachable {
        0 => String::new(),
        n => {
            let objects = noun(n, "object is", "objects are");
            format!(
                "; {objects} left out: no request can name a key with an empty part, as in `a//b`"
            )
        }
    }
}

pub(super) fn write_read(out: &mut String, read: &Read, paint: Paint) -> std::fmt::Result {
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
    if let Some(totals) = &read.objects {
        line(out, paint, "objects", &objects(totals))?;
    }
    if let (Some(first), Some(last)) = (&read.first, &read.last) {
        line(out, paint, "period", &format!("{first} to {last}"))?;
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
    for (n, name, what) in [
        (
            read.repeated,
            "duplicates",
            "delivered more than once, counted once",
        ),
        (
            read.future,
            "future",
            "dated more than 5 minutes ahead, set aside",
        ),
        (
            read.too_old,
            "too old",
            "before the days that count, left out",
        ),
    ] {
        if n > 0 {
            let events = noun(n, "event", "events");
            line(out, paint, name, &format!("{events} {what}"))?;
        }
    }
    if read.known_files > 0 {
        line(
            out,
            paint,
            "known files",
            &format!("{}, learnt before", count(read.known_files)),
        )?;
    }
    Ok(())
}

fn write_evaluation(out: &mut String, evaluation: &Evaluation, paint: Paint) -> std::fmt::Result {
    writeln!(out)?;
    let head = format!(
        "{:<12} {:>6} {:>5} {:>5} {:>5} {:>9} {:>8}  {}",
        "analytic", "labels", "found", "true", "false", "precision", "recall", "time to detect"
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
            "{:<12} {:>6} {:>5} {:>5} {:>5} {:>9} {:>8}  {}",
            Plain(&clip(name, 12)).to_string(),
            of.labels,
            of.found,
            of.true_alerts,
            of.false_alerts,
            percent(of.precision),
            percent(of.recall),
            time_to_detect(of),
        )?;
    }
    writeln!(out, "{}", false_alerts_sentence(evaluation))?;
    if !evaluation.false_alerts.is_empty() {
        writeln!(out, "\n{}", paint.bold("false alerts"))?;
    }
    for alert in &evaluation.false_alerts {
        let FalseAlert {
            time,
            analytic,
            score,
            entity,
            alert_id,
        } = alert;
        let id: String = alert_id.chars().take(ID_SHOWN).collect();
        let what = format!(
            "{time}  {analytic:<10} {score:>5.1}  {id}  {}",
            shorten(entity, ENTITY_SHOWN)
        );
        writeln!(out, "  {}", Plain(&what))?;
    }
    if !evaluation.missed.is_empty() {
        writeln!(out, "\n{}", paint.bold("labels without an alert"))?;
    }
    for missed in &evaluation.missed {
        writeln!(out, "  {}", Plain(missed))?;
    }
    Ok(())
}

/// Says how many false alerts there are, and how many of them a budget counts.
pub(super) fn false_alerts_sentence(evaluation: &Evaluation) -> String {
    format!(
        "{}: {} true, {} false. {} of the false ones are about a labelled attack, by another analytic; the others are {:.2} a \
         day: a budget is for these, and incidents of attacks come on top.",
        noun(evaluation.incidents, "incident", "incidents"),
        count(evaluation.true_incidents),
        count(evaluation.false_incidents),
        count(evaluation.beside_labels),
        evaluation.false_incidents_per_day
    )
}

/// Returns the median and the 90th percentile of the time from a label's start to its first alert.
pub(super) fn time_to_detect(of: &AnalyticEvaluation) -> String {
    match (of.time_to_detect_p50_secs, of.time_to_detect_p90_secs) {
        (Some(p50), Some(p90)) => format!("{} (p90 {})", duration(p50), duration(p90)),
        _ => "–".to_owned(),
    }
}

/// Says which share of what was taken was gone before it was told, in the median: of each grade, from the loudest to the quietest and then
/// those of other names, or of all where labels have no grades. `None` where nothing was taken.
pub(super) fn lost_before_told(evaluation: &Evaluation) -> Option<String> {
    let lost = &evaluation.lost_before_told;
    let others = lost.keys().map(String::as_str);
    let others = others.filter(|grade| !grade.is_empty() && !GRADES.contains(grade));
    let grades = GRADES.into_iter().chain(others);
    let mut shares: Vec<String> = grades
        .filter_map(|grade| Some(format!("{grade} {}", whole_percent(*lost.get(grade)?))))
        .collect();
    if shares.is_empty() {
        shares.push(whole_percent(*lost.get("")?));
    }
    Some(format!("lost before told, median: {}", shares.join(", ")))
}

/// Writes a share without decimals; what is not nothing is not written as nothing.
fn whole_percent(share: f64) -> String {
    match 100.0 * share {
        percent if percent > 0.0 && percent < 0.5 => "<1 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_is_told_by_grade_or_of_all() {
        let said = |lost: &[(&str, f64)]| {
            let lost = lost
                .iter()
                .map(|(grade, share)| ((*grade).to_owned(), *share));
            lost_before_told(&Evaluation {
                lost_before_told: lost.collect(),
                ..Evaluation::default()
            })
        };
        assert_eq!(said(&[]), None);
        assert_eq!(
            said(&[("", 0.125)]).as_deref(),
            Some("lost before told, median: 12 %")
        );
        let graded = [
            ("", 0.1),
            ("blatant", 0.004),
            ("hidden", 0.0),
            ("loud", 0.5),
            ("subtle", 0.256),
        ];
        assert_eq!(
            said(&graded).as_deref(),
            Some("lost before told, median: blatant <1 %, subtle 26 %, hidden 0 %, loud 50 %")
        );
    }

    #[test]
    fn a_run_is_summed_up_in_lines_and_in_json() {
        let mut run = ScoreSummary {
            generation: 7,
            judged: [(Day(20_000), 1_200), (Day(20_001), 1_212)].into(),
            ..ScoreSummary::default()
        };
        run.told.note("a", Severity::High, None);
        for id in ["b", "c", "d"] {
            run.told.note(id, Severity::Medium, None);
        }
        for id in ["e", "f"] {
            run.told.note(id, Severity::High, Some("nightly\u{1b}[2J"));
        }
        let summary = Summary::of_score(&run, &Tally::default());
        let shown = text(&summary, true, Paint::Never);
        for line in [
            "alerts          4, 2.0 a day: 1 high, 3 medium\n",
            "approved        2: nightly\\u{1b}[2J\n",
            "judged          2 days, 2,412 identity-days, by generation 7\n",
        ] {
            assert!(shown.contains(line), "{shown}");
        }
        let short = text(&summary, false, Paint::Never);
        assert!(
            short.contains("approved        2 more, which approvals cover\n"),
            "{short}"
        );
        let document = crate::report::json::line(&summary);
        assert!(
            document.contains(r#""by_severity":{"high":1,"medium":3}"#),
            "{document}"
        );
    }
}
