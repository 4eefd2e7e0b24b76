//! Scores events inside a program of one's own. `plimsoll train LOGS` makes the store; then
//!
//! ```sh
//! tail -F trail.json | cargo run --locked --example embed -- plimsoll-store
//! ```
#![allow(clippy::print_stdout, reason = "a program of one's own prints alerts")]

use std::io::{self, BufRead};
use std::sync::Arc;
use std::time::SystemTime;

use plimsoll::analytic;
use plimsoll::config::Config;
use plimsoll::engine::{ScoreOptions, Scorer, Setup};
use plimsoll::error::{Error, Result};
use plimsoll::report::json;
use plimsoll::sources::{self, ReadOptions};
use plimsoll::store::Store;
use plimsoll::time::Time;

fn main() -> Result<()> {
    let root = std::env::args().nth(1);
    let store = Store::at(root.unwrap_or_else(|| "plimsoll-store".to_owned()));
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = Time::from_nanos(now.map_or(0, |now| now.as_nanos() as i64));
    let config = Config::default();
    let analytics = analytic::load(&config.analytics, &[])?;
    let setup = Setup::new(config, analytics, now);
    let generation = Arc::new(store.load_generation()?);
    let mut scorer = Scorer::new(&setup, generation, ScoreOptions::default());

    for line in io::stdin().lock().lines() {
        let line = line.map_err(|e| Error::failed("cannot read standard input").cause(e))?;
        // An event of your own making does as well: `plimsoll::event::Event` is plain data.
        let mut events = Vec::new();
        let options = ReadOptions::default();
        sources::read(
            line.as_bytes(),
            "-",
            &options,
            &mut |e| events.push(e),
            &mut |_| {},
        );
        for event in events {
            scorer.add(event)?;
        }
        // As often as you like: only what is new is judged. It tells of episodes that crossed their threshold, and of those that came to
        // much more than was told.
        for alert in scorer.advance(None)? {
            println!("{}", json::line(&alert));
        }
        // Of a day before yesterday little comes. It is let go, and kept on disk for a week in case something does.
        let days = scorer.days();
        for day in days.iter().rev().skip(2).rev() {
            for alert in scorer.conclude_day(*day)? {
                println!("{}", json::line(&alert));
            }
            scorer.complete(*day);
        }
    }
    // `scorer.snapshot()` holds all that must outlive a restart, and `Scorer::restore` goes on from there.
    Ok(())
}
