//! The main job in one run, without a store: days before the split are learnt, each later day is judged and then learnt.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::alert::Alert;
use crate::baseline::{CalibrationLog, DriftReport, Generation, View};
use crate::engine::approvals::{ApprovalState, approval_states_among};
use crate::engine::below_floor::{BelowFloor, below_floor};
use crate::engine::coverage::{CoveredLogs, assess, covered_of, days_of, trails_after};
use crate::engine::evaluate::{Evaluation, Label, evaluate};
use crate::engine::first_look::judge_by_others;
use crate::engine::intake::{Intake, IntakeSummary, KeepRejects};
use crate::engine::replay::Replay;
use crate::engine::scorer::{Added, Scorer};
use crate::engine::scorer::{ScoreOptions, ScoreSummary};
use crate::engine::thresholds::thresholds;
use crate::engine::{NoProgress, Progress, Setup, cancelled};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::incident::{Incident, Playbook, incidents};
use crate::sources::{InputFile, ReadOptions};
use crate::stats::constants::LEARNING_DAYS;
use crate::time::Day;

/// The fraction of the days that is learnt if no split is given.
const LEARNT_SHARE: f64 = 2.0 / 3.0;
/// Days that must be learnt until scores are calibrated: those before the first that is scored into the stored distributions, those in
/// them, and the one that shows that the last has closed. Where the share would leave fewer, every day is judged.
pub const CALIBRATED_FROM: i32 = LEARNING_DAYS + 1;

/// Where learning ends and judging begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Two thirds of the days are learnt, if scores are calibrated then; else every day is judged, the first by
    /// comparing identities with one another.
    Default,
    /// So many days are learnt.
    TrainDays(u32),
    /// Days before this one are learnt.
    At(Day),
}

/// How to backtest.
#[derive(Debug, Clone)]
pub struct BacktestOptions {
    /// Where learning ends.
    pub split: Split,
    /// Whether the generation at the split judges all later days, and nothing more is learnt.
    pub frozen: bool,
    /// Thresholds and output options.
    pub score: ScoreOptions,
    /// Known incidents.
    pub labels: Option<Vec<Label>>,
}

/// The result of a backtest.
#[derive(Debug)]
pub struct Backtest {
    /// What was read and judged.
    pub summary: ScoreSummary,
    /// All alerts, in order.
    pub alerts: Vec<Alert>,
    /// The incidents that they are of, the earliest first.
    pub incidents: Vec<Incident>,
    /// Days learnt before the split; none in a first look, which judges every day.
    pub days_learnt: usize,
    /// First day judged.
    pub split: Day,
    /// Identities known at the split.
    pub identities: usize,
    /// Whole days in the stored distributions at the split.
    pub calibration_days: u32,
    /// The budget that thresholds aimed at: as asked, or else the default at the split. In incidents a day.
    pub budget_per_day: f64,
    /// Thresholds at the split, as scores, by analytic.
    pub thresholds: BTreeMap<String, f64>,
    /// The least and the greatest threshold on the judged days, as scores, by analytic: in an estate that grows, thresholds
    /// rise.
    pub thresholds_between: BTreeMap<String, (f64, f64)>,
    /// How alerts compare with labels, if there are any.
    pub evaluation: Option<Evaluation>,
    /// Alerts per day judged.
    pub per_day: Vec<DayCount>,
    /// Baselines that drifted, by the day that was judged next.
    pub drifted: Vec<(Day, DriftReport)>,
    /// What the logs have in them. The logs that are still learnt are those of the morning of the last day.
    pub covered: CoveredLogs,
    /// What the last day was judged by.
    pub generation: Arc<Generation>,
    /// The stored distributions after the last day, from which thresholds are chosen.
    pub log: CalibrationLog,
    /// The approvals of the configuration, each with what it hid on the judged days.
    pub approvals: Vec<ApprovalState>,
}

/// Alerts of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayCount {
    /// The day, as in `2026-03-16`.
    pub day: String,
    /// Episodes that crossed their threshold.
    pub alerts: u64,
}

/// Runs the replay over a set of logs.
///
/// # Errors
///
/// Fails if there is no event, the split that is asked for leaves nothing to learn or to judge, the user stops it, or `deliver` fails.
pub fn backtest(
    setup: &Setup,
    files: Vec<InputFile>,
    (options, read_options, rejects): (&BacktestOptions, ReadOptions, Option<&dyn KeepRejects>),
    progress: &dyn Progress,
    deliver: impl FnMut(&Alert) -> Result<()>,
) -> Result<Backtest> {
    let mut scorer = unlearnt(setup, options);
    let intake = Intake {
        setup,
        files,
        options: read_options,
        rejects,
    };
    let intake = intake.run(progress, |_, event| Ok(scorer.add(event)? == Added::New))?;
    play(
        setup,
        (scorer, intake),
        options,
        progress,
        deliver,
        |_, _| {},
    )
}

/// Runs the replay over events that are in memory.
///
/// # Errors
///
/// Fails if there is no event, or the split that is asked for leaves nothing to learn or to judge.
pub fn backtest_events(
    setup: &Setup,
    events: impl IntoIterator<Item = Event>,
    options: &BacktestOptions,
) -> Result<Backtest> {
    let (scorer, intake) = taken_in(setup, events, options)?;
    play(
        setup,
        (scorer, intake),
        options,
        &NoProgress,
        |_| Ok(()),
        |_, _| {},
    )
}

fn taken_in<'a>(
    setup: &'a Setup,
    events: impl IntoIterator<Item = Event>,
    options: &BacktestOptions,
) -> Result<(Scorer<'a>, IntakeSummary)> {
    let mut scorer = unlearnt(setup, options);
    let mut intake = IntakeSummary::default();
    for event in events {
        let time = event.time;
        if scorer.add(event)? == Added::New {
            intake.note(time);
        } else {
            intake.repeated += 1;
        }
    }
    Ok((scorer, intake))
}

/// Runs [`backtest_events`], and also returns what the floor kept one analytic from telling on the judged days.
///
/// # Errors
///
/// As for [`backtest_events`].
pub fn backtest_events_and_floor(
    setup: &Setup,
    events: impl IntoIterator<Item = Event>,
    options: &BacktestOptions,
    analytic: &str,
) -> Result<(Backtest, Vec<BelowFloor>)> {
    let (scorer, intake) = taken_in(setup, events, options)?;
    let mut below = Vec::new();
    let look = |scorer: &Scorer, day| below.extend(below_floor(setup, scorer, day, analytic));
    let backtest = play(
        setup,
        (scorer, intake),
        options,
        &NoProgress,
        |_| Ok(()),
        look,
    )?;
    Ok((backtest, below))
}

/// Returns a scorer whose generation is still to be learnt.
fn unlearnt<'a>(setup: &'a Setup, options: &BacktestOptions) -> Scorer<'a> {
    let nothing = Arc::new(Generation::empty(Day(0)));
    // What an approval covers joins incidents, too.
    let score = ScoreOptions {
        show_suppressed: true,
        ..options.score.clone()
    };
    Scorer::new(setup, nothing, score).telling_silences()
}

fn play(
    setup: &Setup,
    (mut scorer, intake): (Scorer, IntakeSummary),
    options: &BacktestOptions,
    progress: &dyn Progress,
    mut deliver: impl FnMut(&Alert) -> Result<()>,
    mut look: impl FnMut(&Scorer, Day),
) -> Result<Backtest> {
    let days = scorer.days();
    let split = split_day(&days, &intake, options)?;
    let is_first_look = days.first() == Some(&split);
    let aggregates = || days.iter().filter_map(|day| scorer.aggregate(*day));
    let covered = days_of(&[], aggregates());
    let trails = trails_after(scorer.generation(), aggregates());
    let covered = covered_of(setup, covered, &trails);
    let coverage = assess(setup, &covered.days, &covered.silent);

    let peer_group_of = |id: &str| setup.peer_group_of(id);
    let mut replay = Replay::new(setup, &peer_group_of, CalibrationLog::default());
    progress.begin("replaying days", Some(days.len() as u64));
    let mut done = 0;
    let mut step = || -> Result<()> {
        done += 1;
        progress.advance(done);
        if progress.is_cancelled() {
            Err(cancelled())
        } else {
            Ok(())
        }
    };
    let (learnt, judged) = days.split_at(days.partition_point(|day| *day < split));
    for aggregate in learnt.iter().filter_map(|day| scorer.take(*day)) {
        replay.learn(aggregate);
        step()?;
    }
    let mut generation = replay.generation(1);
    let mut at_split = describe(setup, &generation, options);
    let provisional = generation.calibration.is_provisional();

    let is_shown = |alert: &Alert| alert.suppressed_by.is_none() || options.score.show_suppressed;
    let mut thresholds_between = BTreeMap::new();
    let mut all = Vec::new();
    let mut per_day = Vec::new();
    let mut drifted: Vec<(Day, DriftReport)> = Vec::new();
    let mut previous_report = None;
    for (number, &day) in judged.iter().enumerate() {
        let is_first_look = is_first_look && number == 0;
        if !options.frozen && number > 0 {
            generation = replay.generation(1 + number as u64);
            widen(
                &mut thresholds_between,
                &describe(setup, &generation, options),
            );
        }
        if !is_first_look && (!options.frozen || number == 0) {
            let drift_report = std::mem::take(&mut generation.drift_report);
            drifted.extend(news(day, &drift_report, previous_report.as_ref()));
            previous_report = Some(drift_report);
            let coming = Generation::empty(day);
            scorer.replace_generation(Arc::new(std::mem::replace(&mut generation, coming)));
        }
        let before = scorer.summary().told.n_episodes();
        let of_day = if is_first_look {
            let looked = judge_by_others(setup, &mut scorer, day, &peer_group_of)?;
            at_split = AtSplit {
                identities: looked.identities,
                ..describe(setup, &looked.generation, options)
            };
            looked.alerts
        } else {
            scorer.tell_past_day(day)?
        };
        if number == 0 {
            widen(&mut thresholds_between, &at_split);
        }
        look(&scorer, day);
        per_day.push(DayCount {
            day: day.to_string(),
            alerts: scorer.summary().told.n_episodes() - before,
        });
        for alert in of_day.iter().filter(|alert| is_shown(alert)) {
            deliver(alert)?;
        }
        all.extend(of_day);
        if let Some(aggregate) = scorer.close(day)
            && !options.frozen
        {
            replay.learn(aggregate);
        }
        step()?;
    }
    progress.end();
    let last_generation = scorer.generation().clone();
    let covered = CoveredLogs {
        learning: View::of(&last_generation).young_logs(),
        ..covered
    };
    let summary = ScoreSummary {
        intake,
        coverage,
        silent: covered.silent.clone(),
        provisional,
        thresholds: Vec::new(),
        ..scorer.finish()
    };
    let evaluation = options
        .labels
        .as_ref()
        .map(|labels| evaluate(&all, labels, split.start(), summary.days()));
    let incidents = incidents(&all, &Playbook::of(&setup.analytics));
    let approvals = approval_states_among(setup, &all);
    all.retain(is_shown);
    let AtSplit {
        identities,
        calibration_days,
        budget_per_day,
        thresholds,
    } = at_split;
    Ok(Backtest {
        summary,
        alerts: all,
        incidents,
        days_learnt: learnt.len(),
        split,
        identities,
        calibration_days,
        budget_per_day,
        thresholds,
        thresholds_between,
        evaluation,
        per_day,
        drifted,
        covered,
        generation: last_generation,
        log: replay.scored().into_owned(),
        approvals,
    })
}

/// Returns what drifted since the day before, if anything did.
fn news(
    day: Day,
    drift_report: &DriftReport,
    before: Option<&DriftReport>,
) -> Option<(Day, DriftReport)> {
    let rising: Vec<_> = drift_report
        .newly_drifted(before)
        .into_iter()
        .cloned()
        .collect();
    let news = DriftReport {
        rising,
        ..drift_report.clone()
    };
    (!news.rising.is_empty()).then_some((day, news))
}

/// Widens the bounds of thresholds to those of another generation.
fn widen(between: &mut BTreeMap<String, (f64, f64)>, at: &AtSplit) {
    for (id, &score) in &at.thresholds {
        let (least, greatest) = between.entry(id.clone()).or_insert((score, score));
        (*least, *greatest) = (least.min(score), greatest.max(score));
    }
}

/// The generation at the split, in numbers.
struct AtSplit {
    identities: usize,
    calibration_days: u32,
    budget_per_day: f64,
    thresholds: BTreeMap<String, f64>,
}

fn describe(setup: &Setup, generation: &Generation, options: &BacktestOptions) -> AtSplit {
    let identities = generation
        .baselines
        .n_of(crate::vocab::EntityKind::Identity);
    let thresholds = setup
        .analytics
        .iter()
        .zip(thresholds(
            &setup.analytics,
            generation,
            options.score.budget_per_day,
        ))
        .map(|(analytic, surprise)| (analytic.id.to_string(), crate::stats::rank::score(surprise)))
        .collect();
    let asked = options.score.budget_per_day;
    AtSplit {
        identities,
        calibration_days: generation.calibration.days,
        budget_per_day: asked.unwrap_or_else(|| generation.default_budget()),
        thresholds,
    }
}

/// Returns the first day to judge: the first of all if each is judged.
fn split_day(days: &[Day], intake: &IntakeSummary, options: &BacktestOptions) -> Result<Day> {
    let (Some(&first), Some(&last)) = (days.first(), days.last()) else {
        let error = Error::failed("there is no event in these logs");
        return Err(match intake.files.iter().find(|report| report.is_own()) {
            Some(own) => error.cause(format!("`{}` is plimsoll's own file", own.file)),
            None => error,
        }
        .hint_by_command(match intake.records() {
            0 => "the files are empty",
            _ if intake.rejected().is_empty() => {
                "each record was left out on purpose: `plimsoll inspect LOGS` says why"
            }
            _ => "`--rejects FILE` writes the records that could not be read; `--input FORMAT` forces a format",
        }));
    };
    let day = match options.split {
        Split::Default => {
            let learnt = (f64::from(last.since(first) + 1) * LEARNT_SHARE).floor() as i32;
            match learnt < CALIBRATED_FROM && !options.frozen {
                true => return Ok(first),
                false => first.plus(learnt),
            }
        }
        Split::TrainDays(days) => first.plus(days as i32),
        Split::At(day) => day,
    };
    if day <= first || day > last {
        return Err(Error::failed(format!(
            "the logs reach from {first} to {last}, so a split at {day} leaves {}",
            if day <= first {
                "nothing to learn"
            } else {
                "nothing to judge"
            }
        ))
        .hint(
            "give more days of logs, or leave the split out: then each day of short logs is judged",
        ));
    }
    Ok(day)
}
