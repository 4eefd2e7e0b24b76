//! Speed and cost: how fast logs are learnt and judged, beside merely reading them; how fast each format is read; what the
//! store takes.
//!
//! Every measurement runs in a process of its own, so that its peak memory is its own, and measurements take turns, so
//! that whatever else the machine does falls on all of them.
//!
//! - `PLIMSOLL_BENCH_EVENTS`: records of the corpus, about; 300,000 unless set.
//! - `PLIMSOLL_BENCH_ENTITIES`: entities of the stored generation; 100,000 unless set.
//! - `PLIMSOLL_BENCH_ROUNDS`: turns of each measurement; 3 unless set.

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

/// What may go wrong here ends the run.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Records of the corpus unless something else is asked for.
const EVENTS: u64 = 300_000;
/// Entities of the stored generation unless something else is asked for.
const ENTITIES: u64 = 100_000;
/// Turns of each measurement unless something else is asked for.
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
