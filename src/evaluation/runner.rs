//! All trials of an evaluation, side by side.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::engine::Progress;
use crate::error::{Error, Result};
use crate::evaluation::options::Options;
use crate::evaluation::table::{Report, table};
use crate::evaluation::trial::{Trial, trial};

/// The most estates.
const SEEDS_MAX: u32 = 10_000;
/// The most days that are learnt, and that are judged.
const DAYS_MAX: u32 = 366;
/// The fewest days from which a score is not provisional: three in which everything is new, seven that are scored, and one
/// that may still grow.
const DAYS_LEARNT_MIN: u32 = 11;

/// Runs all trials, side by side as far as there are processors, and sums them up.
///
/// # Errors
///
/// Fails if the options are out of range, the user stops it, or the disk fails.
pub fn evaluate(options: &Options, progress: &dyn Progress) -> Result<Report> {
    let is_in_range = (1..=SEEDS_MAX).contains(&options.seeds)
        && (DAYS_LEARNT_MIN..=DAYS_MAX).contains(&options.days_learnt)
        && (1..=DAYS_MAX).contains(&options.days_judged)
        && options.first_seed.checked_add(SEEDS_MAX.into()).is_some();
    if !is_in_range {
        let hint = format!(
            "give 1 to {SEEDS_MAX} estates, {DAYS_LEARNT_MIN} to {DAYS_MAX} days to learn (calibration takes that many), and \
             1 to {DAYS_MAX} to judge"
        );
        return Err(Error::usage("that cannot be evaluated").hint(hint));
    }
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let results: Mutex<Vec<Result<Trial>>> = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism()
        .map_or(1, |n| n.get())
        .min(options.seeds as usize);
    progress.begin("evaluating", Some(u64::from(options.seeds)));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while !progress.is_cancelled() {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= options.seeds as usize {
                        return;
                    }
                    let result = trial(options, options.first_seed + number as u64, progress);
                    if let Ok(mut results) = results.lock() {
                        results.push(result);
                    }
                    progress.advance(done.fetch_add(1, Ordering::Relaxed) as u64 + 1);
                }
            });
        }
    });
    progress.end();
    let mut trials = results
        .into_inner()
        .unwrap_or_default()
        .into_iter()
        .collect::<Result<Vec<Trial>>>()?;
    if trials.len() < options.seeds as usize {
        return Err(Error::failed("stopped"));
    }
    trials.sort_by_key(|trial| trial.seed);
    Ok(table(options, &trials))
}
