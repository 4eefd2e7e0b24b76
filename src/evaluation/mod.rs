//! How well it does: simulated estates whose truth is known, played night by night, beside the plain methods of the field.
//!
//! A trial simulates one estate, learns its first days and judges the others, learning each of them in turn. Nothing of
//! the truth is known while it is judged. Trials differ by their seed alone and do not know of each other.

mod curve;
mod ground_truth;
mod reference_methods;
mod reliability;
mod table;
mod trial;

pub use curve::{Curve, FALSE_PER_DAY_MAX, STEPS_PER_ALERT};
pub use reliability::{LEVELS, Reliability};
pub use table::{
    AnalyticTable, BudgetTable, Detections, MethodTable, ProviderTable, Ratio, Report, SeedRow,
    table,
};
pub use trial::{Method, Trial, trial};

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::engine::Progress;
use crate::error::{Error, Result};
use crate::simulate::{AttackSet, Format};

/// The most estates.
const SEEDS_MAX: u32 = 10_000;
/// The most days that are learnt, and that are judged.
const DAYS_MAX: u32 = 366;
/// The fewest days from which a score is not provisional: three in which everything is new, seven that are scored, and one
/// that may still grow.
const DAYS_LEARNT_MIN: u32 = 11;

/// What is evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How many estates.
    pub seeds: u32,
    /// The seed of the first; the others follow.
    pub first_seed: u64,
    /// Days that are learnt before the first is judged.
    pub days_learnt: u32,
    /// Days that are judged, each learnt afterwards.
    pub days_judged: u32,
    /// Identities of each estate at its start.
    pub identities: u32,
    /// Alerts a day that are promised.
    pub budgets: Vec<f64>,
    /// The log formats of each estate.
    pub formats: Vec<Format>,
    /// Which attacks and decoys there are in AWS.
    pub attack_set: AttackSet,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seeds: 20,
            first_seed: 301,
            days_learnt: 28,
            days_judged: 10,
            identities: 300,
            budgets: vec![5.0, 20.0],
            formats: Format::originals(),
            attack_set: AttackSet::All,
        }
    }
}

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
