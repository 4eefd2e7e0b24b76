//! The main job in one go, without a store: days before the split are learnt, each day after it is judged and then learnt.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::baseline::{CalibrationLog, Generation, Movement};
use crate::engine::coverage::{assess, days_of};
use crate::engine::evaluate::{Evaluation, Label, evaluate};
use crate::engine::intake::{Books, Intake, IntakeSummary};
use crate::engine::nights::Nights;
use crate::engine::score::{
    Acquaintance, Hearing, ScoreOptions, ScoreSummary, Told, judge_day, tell_and_keep,
};
use crate::engine::spool::Spool;
use crate::engine::thresholds::thresholds;
use crate::engine::{Progress, Setup, Unwatched, cancelled};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::score::Alert;
use crate::sources::{InputFile, ReadOptions};
use crate::time::Day;

/// Share of the days that is learnt when nothing is said about the split.
const LEARNT_SHARE: f64 = 2.0 / 3.0;

/// Where learning ends and judging begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Two thirds of the days are learnt.
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
    /// Whether the generation at the split judges all that follows, and nothing more is learnt.
    pub frozen: bool,
    /// Thresholds and what is shown.
    pub score: ScoreOptions,
    /// What is known to have happened.
    pub labels: Option<Vec<Label>>,
}

/// What a backtest came to.
#[derive(Debug)]
pub struct Backtest {
    /// What was read and judged.
    pub summary: ScoreSummary,
    /// All alerts, in order.
    pub alerts: Vec<Alert>,
    /// Days learnt before the split.
    pub days_learnt: usize,
    /// First day judged.
    pub split: Day,
    /// Identities known at the split.
    pub identities: usize,
    /// Whole days in the stored distributions at the split.
    pub calibration_days: u32,
    /// Thresholds at the split, as scores, by analytic.
    pub thresholds: BTreeMap<String, f64>,
    /// The least and the greatest threshold of the days judged, as scores, by analytic: an estate that grows raises them.
    pub thresholds_between: BTreeMap<String, (f64, f64)>,
    /// How alerts compare with labels, where there are any.
    pub evaluation: Option<Evaluation>,
    /// Alerts per day judged.
    pub per_day: Vec<DayCount>,
    /// Baselines that were found to have moved, by the day that was then judged.
    pub moved: Vec<(Day, Movement)>,
}

/// Alerts of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayCount {
    /// Which day, as in `2026-03-16`.
    pub day: String,
    /// Episodes that crossed their threshold.
    pub alerts: u64,
}

/// Plays the nights over a set of logs.
///
/// # Errors
///
/// Fails if there are fewer than two days, the split leaves nothing to judge, the user stops it, or `deliver` fails.
pub fn backtest(
    setup: &Setup,
    files: Vec<InputFile>,
    (options, read_options, keep_rejects): (&BacktestOptions, ReadOptions, bool),
    progress: &dyn Progress,
    deliver: impl FnMut(&Alert) -> Result<()>,
) -> Result<Backtest> {
    let mut books = Books::new();
    let mut spool = Spool::new();
    let intake = Intake {
        setup,
        files,
        options: read_options,
        keep_rejects,
    };
    let intake = intake.run(progress, |resolver, event| {
        tell_and_keep(setup, resolver, &mut books, &mut spool, event)
    })?;
    play(setup, (books, spool, intake), options, progress, deliver)
}

/// Plays the nights over events that are at hand.
///
/// # Errors
///
/// Fails if there are fewer than two days, or the split leaves nothing to judge.
pub fn backtest_events(
    setup: &Setup,
    events: impl IntoIterator<Item = Event>,
    options: &BacktestOptions,
) -> Result<Backtest> {
    let (mut books, mut spool) = (Books::new(), Spool::new());
    let mut intake = IntakeSummary::default();
    let resolver = setup.resolver();
    for event in events {
        let time = event.time;
        if tell_and_keep(setup, &resolver, &mut books, &mut spool, event)? {
            intake.note(time);
        } else {
            intake.repeated += 1;
        }
    }
    play(setup, (books, spool, intake), options, &Unwatched, |_| {
        Ok(())
    })
}

fn play(
    setup: &Setup,
    (books, mut spool, intake): (Books, Spool, IntakeSummary),
    options: &BacktestOptions,
    progress: &dyn Progress,
    mut deliver: impl FnMut(&Alert) -> Result<()>,
) -> Result<Backtest> {
    let split = split_day(&books, options.split)?;
    let mut summary = ScoreSummary {
        intake,
        generation: 1,
        coverage: assess(setup, &days_of(&[], &books)),
        ..ScoreSummary::default()
    };

    let peer_group_of = |id: &str| setup.peer_group_of(id);
    let mut nights = Nights::new(setup, &peer_group_of, CalibrationLog::default());
    progress.begin("playing the nights", Some(books.len() as u64));
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
    for (&day, book) in books.range(..split) {
        nights.learn(book, &peer_group_of);
        spool.forget(day);
        step()?;
    }
    let days_learnt = books.range(..split).count();
    let mut generation = nights.generation(1);
    let at_split = describe(setup, &generation, options);
    summary.provisional = generation.calibration.is_provisional();

    let mut thresholds_between: BTreeMap<String, (f64, f64)> = at_split
        .2
        .iter()
        .map(|(id, &score)| (id.clone(), (score, score)))
        .collect();
    let mut alerts = Vec::new();
    let mut per_day = Vec::new();
    let mut moved: Vec<(Day, Movement)> = Vec::new();
    let mut movement_before = None;
    let mut acquaintance = Acquaintance::default();
    let mut told = Told::new();
    for (number, (&day, book)) in books.range(split..).enumerate() {
        if !options.frozen && number > 0 {
            generation = nights.generation(1 + number as u64);
            acquaintance = Acquaintance::default();
            summary.last_generation = Some(generation.number);
            for (id, score) in describe(setup, &generation, options).2 {
                let between = thresholds_between.entry(id).or_insert((score, score));
                *between = (between.0.min(score), between.1.max(score));
            }
        }
        if !options.frozen || number == 0 {
            let movement = std::mem::take(&mut generation.movement);
            moved.extend(news(day, &movement, movement_before.as_ref()));
            movement_before = Some(movement);
        }
        let before = summary.episodes.values().sum::<u64>();
        let of_day = judge_day(Hearing {
            setup,
            generation: &mut generation,
            book,
            spool: &mut spool,
            acquaintance: &mut acquaintance,
            is_late: false,
            hold: None,
            told: &mut told,
            options: &options.score,
            summary: &mut summary,
        })?;
        per_day.push(DayCount {
            day: day.to_string(),
            alerts: summary.episodes.values().sum::<u64>() - before,
        });
        for alert in of_day {
            deliver(&alert)?;
            alerts.push(alert);
        }
        if !options.frozen {
            nights.learn(book, &peer_group_of);
        }
        spool.forget(day);
        step()?;
    }
    progress.end();
    let evaluation = options
        .labels
        .as_ref()
        .map(|labels| evaluate(&alerts, labels, split.start(), summary.days()));
    let (identities, calibration_days, thresholds) = at_split;
    Ok(Backtest {
        summary,
        alerts,
        days_learnt,
        split,
        identities,
        calibration_days,
        thresholds,
        thresholds_between,
        evaluation,
        per_day,
        moved,
    })
}

/// Returns what moved since the night before, if anything did.
fn news(day: Day, movement: &Movement, before: Option<&Movement>) -> Option<(Day, Movement)> {
    let rising: Vec<_> = movement.newly_moved(before).into_iter().cloned().collect();
    let news = Movement {
        rising,
        ..movement.clone()
    };
    (!news.rising.is_empty()).then_some((day, news))
}

fn describe(
    setup: &Setup,
    generation: &Generation,
    options: &BacktestOptions,
) -> (usize, u32, BTreeMap<String, f64>) {
    let identities = generation
        .baselines
        .keys()
        .filter(|e| e.kind == crate::vocab::EntityKind::Identity)
        .count();
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
    (identities, generation.calibration.days, thresholds)
}

/// Returns the first day to judge.
fn split_day(books: &Books, split: Split) -> Result<Day> {
    let (Some(&first), Some(&last)) = (books.keys().next(), books.keys().next_back()) else {
        return Err(Error::failed("there is no event in these logs").hint(
            "`--rejects FILE` keeps what could not be read; `--input FORMAT` forces a format",
        ));
    };
    let day = match split {
        Split::Default => {
            first.plus((f64::from(last.since(first) + 1) * LEARNT_SHARE).floor() as i32)
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
            "give more days of logs, or choose the split with `--train-days N` or `--split TIME`",
        ));
    }
    Ok(day)
}
