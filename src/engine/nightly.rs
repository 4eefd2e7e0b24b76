//! The whole night in the right order: what is new is judged by what was normal until then, and only then learnt.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::alert::Alert;
use crate::engine::intake::{Intake, KeepRejects};
use crate::engine::score::{ToldBefore, judge_days};
use crate::engine::scorer::{Added, ScoreOptions, ScoreSummary, Scorer};
use crate::engine::train::{TrainSummary, learnt_before, oldest_learnt, train_and_remove};
use crate::engine::{Progress, Setup};
use crate::error::{Error, Result};
use crate::sources::{InputFile, ReadOptions};
use crate::store::{Archive, LedgerEntry, Lock, Role, Store};

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
/// Fails as [`train`](crate::engine::train) does, if standard input is among the logs, or if `deliver` fails. What was in force before then still
/// is.
pub fn nightly(
    setup: &Setup,
    store: &Store,
    files: Vec<InputFile>,
    (options, read_options, rejects): (&ScoreOptions, ReadOptions, Option<&dyn KeepRejects>),
    progress: &dyn Progress,
    deliver: impl FnMut(&Alert) -> Result<()>,
) -> Result<NightSummary> {
    if files.contains(&InputFile::Stdin) {
        return Err(Error::usage("a night reads its logs twice, so `-` is none")
            .hint_by_command("give files or folders; `plimsoll train -` learns standard input"));
    }
    let lock = store.lock(Role::Learner)?;
    let how = (options, &read_options);
    let scored = score_new(setup, store, &lock, &files, how, progress, deliver)?;
    let reading = (read_options, rejects);
    let trained = train_and_remove(setup, store, &lock, files, reading, progress)?;
    Ok(NightSummary { scored, trained })
}

fn score_new(
    setup: &Setup,
    store: &Store,
    lock: &Lock,
    files: &[InputFile],
    (options, read_options): (&ScoreOptions, &ReadOptions),
    progress: &dyn Progress,
    mut deliver: impl FnMut(&Alert) -> Result<()>,
) -> Result<Option<ScoreSummary>> {
    let learner = store.begin_learning(lock)?;
    let Some(manifest) = store.manifest()? else {
        return Ok(None);
    };
    let ledger = learner.ledger(manifest.generation)?;
    let reading = read_options.reading();
    drop(learner);
    let (learnt, new): (Vec<_>, Vec<_>) = files
        .iter()
        .map(|file| (file, learnt_before(file, &ledger, &reading)))
        .partition(|(_, entry)| entry.is_some());
    let generation = Arc::new(store.load_generation()?);
    let mut scorer = Scorer::new(setup, generation, options.clone()).telling_silences();
    let read = |files: Vec<InputFile>| Intake {
        setup,
        files,
        options: read_options.clone(),
        rejects: None,
    };
    let new = new.into_iter().map(|(file, _)| file.clone()).collect();
    let mut intake = read(new).run(progress, |_, event| Ok(scorer.add(event)? == Added::New))?;
    // A file that is new in part, as one that grows, has days that were learnt.
    let oldest = oldest_learnt(manifest.days.iter().map(|entry| entry.day));
    for day in scorer.days() {
        let stored = manifest.days.iter().find(|entry| entry.day == day);
        let has_news = match (stored, scorer.aggregate(day)) {
            (Some(entry), Some(new)) => {
                let (known, _) = store.load_register(entry)?;
                !new.fingerprints.is_subset(&known)
            }
            _ => oldest.is_none_or(|oldest| day >= oldest),
        };
        if !has_news {
            scorer.take(day);
        }
    }
    let days: BTreeSet<_> = scorer.days().into_iter().collect();
    let Some(&first) = days.first() else {
        return Ok(None);
    };
    // The part of these days that was learnt before.
    let may_have = |file: &InputFile, entry: Option<&LedgerEntry>| {
        entry.and_then(|entry| entry.last_day) >= Some(first)
            && !file
                .object()
                .is_some_and(|object| object.ends_before(first))
    };
    let learnt = learnt
        .into_iter()
        .filter(|(file, entry)| may_have(file, *entry));
    let learnt = learnt.map(|(file, _)| file.clone()).collect();
    let again = read(learnt).run(progress, |_, event| {
        Ok(days.contains(&event.time.day()) && scorer.add(event)? == Added::New)
    })?;
    let unreadable = again.files.into_iter().filter(|file| file.error.is_some());
    intake.files.extend(unreadable);
    intake.objects = intake.objects.max(again.objects);
    let archive = Archive::alerts(store);
    let before = ToldBefore::Kept(&archive);
    judge_days(&mut scorer, before, progress, &mut deliver)?;
    Ok(Some(ScoreSummary {
        intake,
        ..scorer.finish()
    }))
}
