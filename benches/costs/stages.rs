//! The stages of the product, each on its own: what is needed for one is made before it is measured.

use std::collections::BTreeSet;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use plimsoll::baseline::{CalibrationLog, Generation};
use plimsoll::engine::{NoProgress, ScoreOptions, Scorer, ToldBefore, score as score_files, train};
use plimsoll::event::Event;
use plimsoll::learn::Learner;
use plimsoll::measure::DayAggregate;
use plimsoll::sources::ReadOptions;
use plimsoll::store::{Manifest, Role, Store};
use plimsoll::time::Day;
use plimsoll::vocab::{Entity, Str};

use crate::input::{Input, events_of};
use crate::{Result, measured, timed};

/// Looks in which a day is followed.
pub const LOOKS: usize = 200;

/// Reads events from texts in memory.
pub fn parse<'t>(texts: impl Iterator<Item = &'t [u8]>) -> f64 {
    let read = || {
        texts
            .map(|text| events_of(text, &mut drop).records)
            .sum::<u64>()
    };
    measured(|| black_box(read())).1
}

/// Adds the events of the learnt days to the aggregates of their days.
pub fn measure(input: &Input) -> f64 {
    let mut days: Vec<_> = input
        .learnt()
        .map(|(day, events)| (day, events.clone()))
        .collect();
    measured(|| black_box(aggregates(input, &mut days))).1
}

fn aggregates(input: &Input, days: &mut [(Day, Vec<Event>)]) -> Vec<DayAggregate> {
    let resolver = input.setup.resolver();
    let days = days.iter_mut().map(|(day, events)| {
        let mut aggregate = DayAggregate::new(*day);
        for event in events {
            aggregate.add(&resolver.resolve(event), &input.setup.plan);
        }
        aggregate.settle(None);
        aggregate
    });
    days.collect()
}

/// Learns the aggregates of the learnt days, and makes the baselines of the morning after.
pub fn learn(input: &Input) -> f64 {
    let mut days: Vec<_> = input
        .learnt()
        .map(|(day, events)| (day, events.clone()))
        .collect();
    let mut aggregates = aggregates(input, &mut days);
    let peer_group_of = |id: &str| input.setup.peer_group_of(id);
    let plan = &input.setup.plan;
    let work = || {
        let mut learner = Learner::new(plan, &peer_group_of);
        for aggregate in &mut aggregates {
            let mut own_accounts = learner.own_accounts().clone();
            own_accounts.extend(aggregate.accounts.iter().cloned());
            let facts = aggregate.take_facts(learner.links(), &own_accounts);
            learner.learn_day(aggregate, &facts);
        }
        learner.generation(input.first_judged)
    };
    measured(work).1
}

/// Judges each of the judged days in so many looks; returns the seconds, and the ids of the alerts.
pub fn score(input: &Input, store: &Store, n_looks: usize) -> Result<(f64, BTreeSet<String>)> {
    let generation = Arc::new(store.load_generation()?);
    let mut scorer = Scorer::new(&input.setup, generation, ScoreOptions::default());
    let days: Vec<_> = input
        .judged()
        .map(|(day, events)| (day, events.clone()))
        .collect();
    let work = || -> Result<_> {
        let mut alerts = BTreeSet::new();
        for (day, events) in days {
            let size = events.len().div_ceil(n_looks).max(1);
            let mut events = events.into_iter().peekable();
            while events.peek().is_some() {
                for event in events.by_ref().take(size) {
                    scorer.add(event)?;
                }
                let new = scorer.advance(None)?;
                alerts.extend(new.into_iter().map(|alert| alert.alert_id));
            }
            scorer.close(day);
        }
        Ok(alerts)
    };
    let (alerts, secs) = measured(work);
    Ok((secs, alerts?))
}

/// Follows the first judged day in [`LOOKS`] looks, of which a number after its first half is measured.
pub fn look(input: &Input, store: &Store, n_looks: usize) -> Result<()> {
    let generation = Arc::new(store.load_generation()?);
    let mut scorer = Scorer::new(&input.setup, generation, ScoreOptions::default());
    let (_, events) = input.judged().next().ok_or("no day is judged")?;
    let mut looks = events
        .chunks(events.len().div_ceil(LOOKS))
        .map(<[_]>::to_vec);
    let mut follow = |n: usize| -> Result<()> {
        for events in looks.by_ref().take(n) {
            for event in events {
                scorer.add(event)?;
            }
            black_box(scorer.advance(None)?);
        }
        Ok(())
    };
    follow(LOOKS / 2)?;
    measured(|| follow(n_looks)).0
}

/// Returns a generation of so many entities: those of a store, under many names and with other numbers, as no two entities
/// have the same.
pub fn widened(store: &Store, n_entities: usize) -> Result<Generation> {
    let mut generation = store.load_generation()?;
    let mut known = Vec::new();
    let baselines = &generation.baselines;
    baselines.each(|entity, baseline| known.push((entity.clone(), baseline.clone())))?;
    for number in 1..=n_entities / known.len().max(1) {
        for (entity, baseline) in &known {
            let id = Str::from(format!("{}-{number}", entity.id));
            let kind = entity.kind;
            let mut baseline = baseline.clone();
            for (_, state) in &mut baseline.metrics {
                let factor = 1.0 + number as f64 / 1e5;
                state.mean *= factor;
                state.m2 *= factor;
                state.active *= factor;
            }
            generation.baselines.insert(Entity { kind, id }, baseline);
        }
    }
    Ok(generation)
}

/// Writes a generation and puts it in force; returns its file's bytes, and the seconds.
pub fn publish(generation: &Generation, folder: &Path) -> Result<(Vec<u8>, f64)> {
    let store = Store::at(folder);
    let lock = store.lock(Role::Learner)?;
    let work = || -> Result<String> {
        let staged = store.stage_generation(generation, &CalibrationLog::default())?;
        let manifest = Manifest::new(generation.number, staged.into_name(), Vec::new());
        store.publish(&manifest, &lock)?;
        Ok(manifest.file)
    };
    let (file, secs) = timed(work);
    Ok((fs::read(folder.join(file?))?, secs))
}

/// Trains a new store on all logs, from files to a published generation.
pub fn train_all(input: &Input, folder: &Path) -> Result<f64> {
    let files = input.logs.iter().map(|log| log.file.clone()).collect();
    let (store, how) = (Store::at(folder), ReadOptions::default());
    let (done, secs) = timed(|| train(&input.setup, &store, files, how, None, &NoProgress));
    done?;
    Ok(secs)
}

/// Scores the judged days, from files to alerts.
pub fn score_all(input: &Input, store: &Store) -> Result<f64> {
    let (options, files) = (ScoreOptions::default(), input.files(true));
    let how = (&options, ReadOptions::default(), None);
    let work = || {
        let generation = store.load_generation()?;
        let (before, progress) = (ToldBefore::Unknown, &NoProgress);
        score_files(
            &input.setup,
            generation,
            files,
            how,
            before,
            progress,
            |_| Ok(()),
        )
    };
    let (done, secs) = timed(work);
    done?;
    Ok(secs)
}
