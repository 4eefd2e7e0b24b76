//! Scores logs: all of them are read, then their days are judged, one after the other.

use std::sync::Arc;

use crate::alert::Alert;
use crate::baseline::Generation;
use crate::engine::coverage::{assess, days_of, silent_trails, trails_after};
use crate::engine::intake::{Intake, KeepRejects};
use crate::engine::scorer::{Added, ScoreOptions, ScoreSummary, Scorer};
use crate::engine::{Progress, Setup, cancelled};
use crate::error::Result;
use crate::sources::{InputFile, ReadOptions};
use crate::store::Archive;
use crate::time::Day;

/// What was told before of the days that are judged.
#[derive(Debug, Clone, Copy)]
pub enum ToldBefore<'a> {
    /// Nothing is known of it.
    Unknown,
    /// What this archive has, and that is not told again.
    Kept(&'a Archive),
    /// What this archive has. It is told again, as a later revision where it is not the same.
    Again(&'a Archive),
}

/// Reads logs and judges their days by the generation in force. What was told before is not told again, unless that is
/// asked for.
///
/// # Errors
///
/// Fails if the user stops it, or `deliver` fails.
pub fn score(
    setup: &Setup,
    generation: Generation,
    files: Vec<InputFile>,
    (options, read_options, rejects): (&ScoreOptions, ReadOptions, Option<&dyn KeepRejects>),
    before: ToldBefore,
    progress: &dyn Progress,
    mut deliver: impl FnMut(&Alert) -> Result<()>,
) -> Result<ScoreSummary> {
    let mut scorer = Scorer::new(setup, Arc::new(generation), options.clone());
    let intake = Intake {
        setup,
        files,
        options: read_options,
        rejects,
    };
    let intake = intake.run(progress, |_, event| Ok(scorer.add(event)? == Added::New))?;
    judge_days(&mut scorer, before, progress, &mut deliver)?;
    Ok(ScoreSummary {
        intake,
        ..scorer.finish()
    })
}

/// Judges the days in memory, delivers their alerts except those that were told before, and lets the days go.
pub(super) fn judge_days(
    scorer: &mut Scorer,
    before: ToldBefore,
    progress: &dyn Progress,
    deliver: &mut dyn FnMut(&Alert) -> Result<()>,
) -> Result<()> {
    let (days, generation) = (scorer.days(), scorer.generation().clone());
    let aggregates = || days.iter().filter_map(|day| scorer.aggregate(*day));
    let covered = days_of(&generation.coverage, aggregates());
    // What is scored may be a part of the logs: then nothing is known of the others.
    let silent = match scorer.tells_silences() {
        true => silent_trails(scorer.setup(), &trails_after(&generation, aggregates())),
        false => silent_trails(scorer.setup(), &generation.trails),
    };
    let coverage = assess(scorer.setup(), &covered, &silent);
    let summary = scorer.summary();
    summary.coverage = coverage;
    summary.silent = silent;
    summary.days_already_learnt = days.iter().filter(|day| **day < generation.as_of).count();
    progress.begin("scoring", Some(days.len() as u64));
    if let Some(day) = days
        .first()
        .and_then(|first| generation.trails.last_before(*first))
        .filter(|_| scorer.tells_silences())
    {
        remember(scorer, before, day)?;
        for alert in scorer.silences_of_learnt(day) {
            deliver(&alert)?;
        }
    }
    for (done, day) in days.into_iter().enumerate() {
        if progress.is_cancelled() {
            return Err(cancelled());
        }
        remember(scorer, before, day)?;
        for alert in scorer.tell_past_day(day)? {
            deliver(&alert)?;
        }
        scorer.close(day);
        progress.advance(done as u64 + 1);
    }
    progress.end();
    Ok(())
}

/// Asks what was told before of a day.
fn remember(scorer: &mut Scorer, before: ToldBefore, day: Day) -> Result<()> {
    match before {
        ToldBefore::Unknown => Ok(()),
        ToldBefore::Kept(archive) => scorer.remember_told(archive, day),
        ToldBefore::Again(archive) => scorer.tell_again(archive, day),
    }
}
