//! What live scoring costs beside batch: a day of a simulated estate, judged at once, and in 200 looks.
//!
//! `cargo bench --bench looks` prints the seconds of one core for reading the day, for judging it, and for judging it in
//! looks, with the ratio of reading and judging in looks to reading and judging at once.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use plimsoll::analytic;
use plimsoll::baseline::Generation;
use plimsoll::config::Config;
use plimsoll::engine::{NoProgress, ScoreOptions, Scorer, Setup, train};
use plimsoll::error::{Error, Result};
use plimsoll::event::Event;
use plimsoll::simulate::{Options, simulate};
use plimsoll::sources::{self, InputFile, ReadOptions};
use plimsoll::store::Store;
use plimsoll::time::Time;

const LOOKS: usize = 200;
/// The time of each is the least of so many rounds.
const ROUNDS: usize = 3;

fn main() -> Result<()> {
    let folder = tempfile::tempdir()
        .map_err(|e| Error::failed("cannot make a temporary folder").cause(e))?;
    let options = Options {
        days: 15,
        identities: 1_000,
        ..Options::default()
    };
    simulate(&options, folder.path(), &mut |_| {})?;
    let config = Config::load(Some(&folder.path().join("plimsoll.toml")))?;
    let analytics = analytic::load(&config.analytics, &config.mentioned_analytics())?;
    let setup = Setup::new(config, analytics, Time::from_nanos(i64::MAX / 2));

    let last = options.start.plus(14).to_string().replace('-', "/");
    let is_of_last = |file: &InputFile| {
        let path = file.path().map(Path::to_string_lossy);
        path.is_some_and(|path| path.contains(&last))
    };
    let files = sources::discover(&[folder.path().join("logs")])?;
    let (today, before): (Vec<_>, Vec<_>) = files.into_iter().partition(is_of_last);
    let store = Store::at(folder.path().join("store"));
    train(
        &setup,
        &store,
        before,
        ReadOptions::default(),
        false,
        &NoProgress,
    )?;
    let generation = Arc::new(store.load_generation()?);

    let (mut reading, mut at_once, mut in_looks) = (f64::MAX, f64::MAX, f64::MAX);
    let mut shown = (0, 0);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let mut events = read(&today)?;
        reading = reading.min(begun.elapsed().as_secs_f64());
        events.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        let (secs, alerts) = judge(&setup, &generation, &events, 1)?;
        at_once = at_once.min(secs);
        let (secs, in_steps) = judge(&setup, &generation, &events, LOOKS)?;
        in_looks = in_looks.min(secs);
        assert_eq!(alerts, in_steps, "the same is told");
        shown = (events.len(), alerts);
    }
    let (n_events, n_alerts) = shown;
    println!("{n_events} events, {n_alerts} alerts");
    println!(
        "reading {reading:.3} s, judging at once {at_once:.3} s, in {LOOKS} looks {in_looks:.3} s"
    );
    let ratio = (reading + in_looks) / (reading + at_once);
    println!("live beside batch: {ratio:.2}");
    Ok(())
}

fn read(files: &[InputFile]) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    for file in files {
        let Some(path) = file.path() else { continue };
        let open = File::open(path).map_err(|e| Error::failed("cannot read a log").cause(e))?;
        let options = ReadOptions::default();
        sources::read(
            open,
            file.name(),
            &options,
            &mut |event| events.push(event),
            &mut |_| {},
        );
    }
    Ok(events)
}

/// Returns the seconds that judging takes in so many looks, and how many episodes were told.
fn judge(
    setup: &Setup,
    generation: &Arc<Generation>,
    events: &[Event],
    looks: usize,
) -> Result<(f64, usize)> {
    let mut scorer = Scorer::new(setup, generation.clone(), ScoreOptions::default());
    let arrivals = events.to_vec();
    let begun = Instant::now();
    let mut told = std::collections::BTreeSet::new();
    let size = arrivals.len().div_ceil(looks).max(1);
    let mut waiting = arrivals.into_iter().peekable();
    while waiting.peek().is_some() {
        for event in waiting.by_ref().take(size) {
            scorer.add(event)?;
        }
        told.extend(
            scorer
                .advance(None)?
                .into_iter()
                .map(|alert| alert.alert_id),
        );
    }
    Ok((begun.elapsed().as_secs_f64(), told.len()))
}
