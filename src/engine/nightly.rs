//! The whole night in the right order: what is new is judged by what was normal until then, and only then learnt.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::alert::Alert;
use crate::engine::coverage::{assess, days_of};
use crate::engine::intake::Intake;
use crate::engine::scorer::{Added, Scorer};
use crate::engine::scorer::{ScoreOptions, ScoreSummary};
use crate::engine::train::{TrainSummary, learnt_before, train};
use crate::engine::{Progress, Setup, cancelled};
use crate::error::{Error, Result};
use crate::sources::{InputFile, ReadOptions};
use crate::store::{Archive, LedgerEntry, Role, Store};

/// What a night came to.
#[derive(Debug)]
pub struct NightSummary {
    /// What was judged; `None` if nothing was, because nothing was known yet or no file is new.
    pub scored: Option<ScoreSummary>,
    /// What was learnt.
    pub trained: TrainSummary,
}

/// Judges the logs that were not learnt yet by the generation in force, delivers the alerts, and then learns the logs.
///
/// A day that was learnt in part is judged as a whole, if its logs are still there. What the archive says that was told is
/// not told again: so running it twice tells nothing twice, and running it again after a crash completes the night.
///
/// # Errors
///
/// Fails as [`train`] does, if standard input is among the logs, or if `deliver` fails. What was in force before then still
/// is.
pub fn nightly(
    setup: &Setup,
    store: &Store,
    files: Vec<InputFile>,
    (options, read_options, keep_rejects): (&ScoreOptions, ReadOptions, bool),
    progress: &dyn Progress,
    deliver: impl FnMut(&Alert) -> Result<()>,
) -> Result<NightSummary> {
    if files.contains(&InputFile::Stdin) {
        return Err(Error::usage("a night reads its logs twice, so `-` is none")
            .hint("give files or folders; `plimsoll train -` learns standard input"));
    }
    let scored = score_new(
        setup,
        store,
        &files,
        (options, &read_options),
        progress,
        deliver,
    )?;
    let trained = train(setup, store, files, read_options, keep_rejects, progress)?;
    Ok(NightSummary { scored, trained })
}

fn score_new(
    setup: &Setup,
    store: &Store,
    files: &[InputFile],
    (options, read_options): (&ScoreOptions, &ReadOptions),
    progress: &dyn Progress,
    mut deliver: impl FnMut(&Alert) -> Result<()>,
) -> Result<Option<ScoreSummary>> {
    let ledger = {
        let lock = store.lock(Role::Learner)?;
        let learner = store.begin_learning(&lock)?;
        match store.manifest()? {
            Some(manifest) => learner.ledger(manifest.generation)?,
            None => return Ok(None),
        }
    };
    let (learnt, new): (Vec<_>, Vec<_>) = files
        .iter()
        .map(|file| (file, learnt_before(file, &ledger)))
        .partition(|(_, entry)| entry.is_some());
    if new.is_empty() {
        return Ok(None);
    }
    let generation = Arc::new(store.load_generation()?);
    let mut scorer = Scorer::new(setup, generation.clone(), options.clone());
    let read = |files: Vec<InputFile>| Intake {
        setup,
        files,
        options: read_options.clone(),
        keep_rejects: false,
    };
    let new = new.into_iter().map(|(file, _)| file.clone()).collect();
    let intake = read(new).run(progress, |_, event| Ok(scorer.add(event)? == Added::New))?;
    let days: BTreeSet<_> = scorer.days().into_iter().collect();
    let Some(&first) = days.first() else {
        return Ok(None);
    };
    // The part of these days that was learnt before.
    let may_have = |entry: Option<&LedgerEntry>| entry?.last_day;
    let learnt = learnt
        .into_iter()
        .filter(|(_, entry)| may_have(*entry) >= Some(first));
    let learnt = learnt.map(|(file, _)| file.clone()).collect();
    read(learnt).run(progress, |_, event| {
        Ok(days.contains(&event.time.day()) && scorer.add(event)? == Added::New)
    })?;
    scorer.remember_told(&Archive::of(store), first)?;
    let aggregates = days.iter().filter_map(|day| scorer.aggregate(*day));
    let covered = days_of(&generation.coverage, aggregates);
    let summary = scorer.summary();
    summary.coverage = assess(setup, &covered);
    summary.intake = intake;
    progress.begin("scoring", Some(days.len() as u64));
    for (done, day) in days.into_iter().enumerate() {
        if progress.is_cancelled() {
            return Err(cancelled());
        }
        for alert in scorer.advance_day(day, None)? {
            deliver(&alert)?;
        }
        scorer.close(day);
        progress.advance(done as u64 + 1);
    }
    progress.end();
    Ok(Some(scorer.finish()))
}
