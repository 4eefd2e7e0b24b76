//! Speed and cost: how fast logs are learnt and judged, compared with only reading them; how fast each format is read; the
//! size of the store.
//!
//! Every measurement runs in a process of its own, so that its peak memory is its own. Measurements take turns, so that
//! other load on the machine affects all of them.
//!
//! - `PLIMSOLL_BENCH_EVENTS`: approximate records of the corpus; default 300,000.
//! - `PLIMSOLL_BENCH_ENTITIES`: entities of the stored generation; default 100,000.
//! - `PLIMSOLL_BENCH_ROUNDS`: rounds of each measurement; default 3.

#![allow(clippy::print_stdout)]

mod corpus;
mod formats;
mod job;
mod reference;
mod stored;
mod table;

use std::error::Error;
use std::path::Path;

use crate::corpus::Corpus;
use crate::job::{Job, Measured};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Any error ends the run.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Default number of records of the corpus.
const EVENTS: u64 = 300_000;
/// Default number of entities of the stored generation.
const ENTITIES: u64 = 100_000;
/// Default number of rounds.
const ROUNDS: u64 = 3;

fn main() -> Result<()> {
    if let Some(job) = Job::asked_for() {
        println!("{}", job.run(&Corpus::find(from_env("EVENTS", EVENTS)?)?)?);
        return Ok(());
    }
    let rounds_asked = from_env("ROUNDS", ROUNDS)?.max(1);
    let formats = Path::new(env!("CARGO_TARGET_TMPDIR")).join("throughput-formats");
    println!("{}", formats::measure(&formats, rounds_asked)?);
    let corpus = Corpus::prepare(from_env("EVENTS", EVENTS)?)?;
    println!("{corpus}");
    job::train_for_scoring(&corpus)?;
    let mut rounds: Vec<Vec<Measured>> = vec![Vec::new(); Job::ALL.len()];
    for _ in 0..rounds_asked {
        for (job, measured) in Job::ALL.iter().zip(&mut rounds) {
            measured.push(job.run_apart()?);
        }
    }
    println!("{}", table::of_jobs(&rounds));
    println!("{}", stored::measure(from_env("ENTITIES", ENTITIES)?)?);
    Ok(())
}

/// Reads a number from the environment.
fn from_env(name: &str, default: u64) -> Result<u64> {
    match std::env::var(format!("PLIMSOLL_BENCH_{name}")) {
        Ok(text) => Ok(text.parse().map_err(|_| format!("`{text}` is no number"))?),
        Err(_) => Ok(default),
    }
}
