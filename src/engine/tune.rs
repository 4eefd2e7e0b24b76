//! Thresholds out of the stored distributions: what keeps a budget, how sure that is, and what it would have raised.
//!
//! A budget for the estate is cut from the distribution of each entity-day's largest rank; a budget for one analytic from
//! that analytic's own. Either is published as a surprise and a score by the former, which judges all analytics alike.
//! What a threshold would have raised is read off the most extreme entity-days of each stored day, as they were judged
//! that morning; approvals are not taken off.
//!
//! [`TuneReport`] is also the document that programs read. Its fields are what their names say; numbers of alerts a day
//! are averages over days, `[lower, upper]` ends of 95 % intervals, and what does not apply is `null`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::analytic::Analytic;
use crate::baseline::{
    Calibration, CalibrationLog, Extreme, Generation, Promise, TunedThreshold, Tuning,
};
use crate::engine::Setup;
use crate::engine::backtest::DayCount;
use crate::engine::thresholds::{InForce, in_force};
use crate::error::{Error, Result};
use crate::score::alert_id;
use crate::sketch::{FrozenDistribution, History};
use crate::stats::constants::{DAYS_CALIBRATED_MIN, EXTREMES_PER_DAY_MAX, SURPRISE_MIN};
use crate::stats::rank::score;
use crate::store::{Role, Store};
use crate::time::Day;
use crate::vocab::{Entity, Str};

/// Version of the document.
const SCHEMA: u32 = 1;
/// How far ahead, in days, is forecast.
const DAYS_AHEAD: u32 = 7;
/// Entities that are named.
const BUSIEST_MAX: usize = 5;

/// What to do with the thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TuneAction {
    /// Nothing.
    Show,
    /// Put them in force. `is_forced` also moves those that could stay.
    Apply {
        /// Whether a threshold moves although the new one lies inside the old one's interval.
        is_forced: bool,
    },
    /// Take what was tuned out of force.
    Reset,
}

/// What to tune.
#[derive(Debug, Clone)]
pub struct TuneOptions {
    /// Alerts a day, each a setting of its own.
    pub budgets: Vec<f64>,
    /// Analytics that have such a budget each; if there are none, the estate as a whole has it.
    pub analytics: Vec<String>,
    /// What to do with the thresholds.
    pub action: TuneAction,
}

/// What tuning came to.
#[derive(Debug, Clone, Serialize)]
pub struct TuneReport {
    /// Version of this document.
    pub schema: u32,
    /// The generation in force.
    pub generation: u64,
    /// Whole days in the stored distributions.
    pub whole_days: u32,
    /// Entity-days in them.
    pub entity_days: u64,
    /// Whether there are too few days for any threshold to be tuned.
    pub provisional: bool,
    /// The settings, in the order in which they were asked for.
    pub settings: Vec<Candidate>,
    /// What became of each scope; empty if nothing was to be changed.
    pub applied: Vec<Applied>,
    /// The threshold of each analytic before, as a score.
    pub before: BTreeMap<String, f64>,
    /// The threshold of each analytic from now on, as a score.
    pub after: BTreeMap<String, f64>,
    /// What is in force from now on.
    #[serde(skip)]
    pub in_force: Vec<InForce>,
}

/// One setting.
#[derive(Debug, Clone, Serialize)]
pub struct Candidate {
    /// The analytic that it is for; `null` for the estate.
    pub analytic: Option<String>,
    /// Alerts a day that it aims at.
    pub budget_per_day: f64,
    /// Whether enough days are stored for it.
    pub history: Sufficiency,
    /// The threshold; `null` while everything is provisional.
    pub threshold: Option<Cut>,
    /// What it would have raised on stored days; `null` likewise.
    pub stored_days: Option<Recall>,
}

/// Whether enough days are stored for a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Sufficiency {
    /// They are.
    Enough,
    /// So many whole days in all would do.
    Days {
        /// Whole days that would do.
        needed: u32,
        /// Of these, days that are yet to come.
        missing: u32,
    },
    /// There are too few entities for this budget, however long one waits.
    NeverEnough,
}

/// A threshold, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cut {
    /// The rank from which on there is an alert.
    pub rank: f64,
    /// Its surprise.
    pub surprise: f64,
    /// The same on the scale from 0 to 100.
    pub score: f64,
    /// Alerts a day that it lets through on average.
    pub alerts_per_day: (f64, f64),
    /// The scores at which the ends of that interval would be kept.
    pub scores: (f64, f64),
    /// Alerts of the next seven days together.
    pub next_7_days: (u64, u64),
    /// Whether it lies beyond what is often seen, where the tail is a fitted one.
    pub beyond_data: bool,
    /// Whether the budget asks for more than there is to tell, so that this is the lowest threshold there is.
    pub is_lowest: bool,
}

/// What a threshold would have raised on stored days.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Recall {
    /// Entity-days that reach it, by day.
    pub by_day: Vec<DayCount>,
    /// All of them.
    pub alerts: u64,
    /// Whether there were more on some day than are remembered.
    pub is_lower_bound: bool,
    /// The same by analytic; who reaches it in two counts for both.
    pub by_analytic: BTreeMap<String, u64>,
    /// Who would have come most often.
    pub busiest: Vec<Busiest>,
    /// What analysts said of these alerts.
    pub verdicts: VerdictCount,
}

/// An entity that would have come often.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Busiest {
    /// Kind of entity.
    pub kind: &'static str,
    /// Which.
    pub id: String,
    /// On how many days.
    pub days: u64,
}

/// Verdicts on alerts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct VerdictCount {
    /// Alerts that were right. Their values are no longer among the stored ones.
    #[serde(rename = "true")]
    pub right: u64,
    /// Alerts that were wrong.
    #[serde(rename = "false")]
    pub wrong: u64,
}

/// What became of one scope.
#[derive(Debug, Clone, Serialize)]
pub struct Applied {
    /// The analytic; `null` for the estate.
    pub analytic: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a threshold.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Outcome {
    /// It is in force.
    Set {
        /// The score that was tuned before; `null` if none was.
        before: Option<f64>,
        /// The score from now on.
        after: f64,
    },
    /// The one before stays: the new one lies inside its interval.
    Kept {
        /// The score that stays.
        score: f64,
        /// The score that would have taken its place.
        new: f64,
        /// The interval of the one that stays.
        interval: (f64, f64),
    },
    /// There is too little history to put anything in force.
    TooEarly,
    /// What was tuned was taken out of force; or nothing was tuned.
    Reset {
        /// The score that was in force.
        before: Option<f64>,
    },
}

/// A tuned threshold that by now lets through more than its interval allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgrown {
    /// The analytic; `None` for the estate.
    pub analytic: Option<Str>,
    /// What was tuned.
    pub threshold: TunedThreshold,
    /// Alerts a day that it lets through now.
    pub alerts_per_day: f64,
}

/// Reads thresholds off the stored distributions of the generation in force, and puts them in force if that is wanted.
///
/// # Errors
///
/// A usage error if an analytic is unknown or disabled, or several budgets are to be put in force at once. Fails if nothing
/// was trained, or the store cannot be read or written.
pub fn tune(setup: &Setup, store: &Store, options: &TuneOptions) -> Result<TuneReport> {
    let scopes = scopes(setup, &options.analytics)?;
    let is_apply = matches!(options.action, TuneAction::Apply { .. });
    if is_apply && options.budgets.len() != 1 {
        return Err(Error::usage("`--apply` puts one budget in force")
            .hint("give it: `plimsoll tune --budget 5 --apply`"));
    }
    let manifest = store.published()?;
    // Whoever changes thresholds does so alone.
    let _lock = match options.action {
        TuneAction::Show => None,
        TuneAction::Apply { .. } | TuneAction::Reset => Some(store.lock(Role::Tuner)?),
    };
    let (log, _) = store.load_learner_state(&manifest)?;
    let mut generation = Generation::empty(Day(0));
    if log.freeze().is_provisional() {
        // Only then does a threshold depend on who has a baseline.
        generation = store.load_generation()?;
    }
    generation.number = manifest.generation;
    generation.calibration = log.freeze();
    generation.tuning = store.tuning()?;
    let verdicts = store.verdicts()?;

    let mut settings = Vec::new();
    for scope in &scopes {
        for &budget in &options.budgets {
            settings.push(candidate(
                setup,
                &log,
                &generation.calibration,
                (scope.as_ref(), budget),
                &verdicts,
            ));
        }
    }
    let before = in_force(&setup.analytics, &generation, None);
    let mut applied = Vec::new();
    let tuned_before = generation.tuning.clone();
    for scope in &scopes {
        let tuning = &mut generation.tuning;
        let outcome = match options.action {
            TuneAction::Show => continue,
            TuneAction::Reset => {
                let before = tuning.of(scope.as_deref()).map(|old| old.score);
                tuning.remove(scope.as_deref());
                Outcome::Reset { before }
            }
            TuneAction::Apply { is_forced } => {
                let new = settings
                    .iter()
                    .find(|c| c.analytic.as_deref() == scope.as_deref())
                    .and_then(|c| tuned(c, manifest.generation, setup));
                put(tuning, scope.as_ref(), new, is_forced)
            }
        };
        applied.push(Applied {
            analytic: scope.as_ref().map(ToString::to_string),
            outcome,
        });
    }
    if generation.tuning != tuned_before {
        store.keep_tuning(&generation.tuning)?;
    }
    let after = in_force(&setup.analytics, &generation, None);
    Ok(TuneReport {
        schema: SCHEMA,
        generation: manifest.generation,
        whole_days: generation.calibration.days,
        entity_days: generation.calibration.entity_days,
        provisional: generation.calibration.is_provisional(),
        settings,
        applied,
        before: scores(&before),
        after: scores(&after),
        in_force: after,
    })
}

/// Returns the tuned thresholds that let through more by now than they were sure not to.
pub fn outgrown(calibration: &Calibration, tuning: &Tuning) -> Vec<Outgrown> {
    if calibration.is_provisional() {
        return Vec::new();
    }
    tuning
        .iter()
        .filter_map(|(analytic, threshold)| {
            let now = calibration.lets_through(analytic.map(|id| &**id), threshold.surprise)?;
            (now > threshold.alerts_per_day.1).then(|| Outgrown {
                analytic: analytic.cloned(),
                threshold: threshold.clone(),
                alerts_per_day: now,
            })
        })
        .collect()
}

/// Returns what is tuned: the estate, or each of the analytics.
fn scopes(setup: &Setup, analytics: &[String]) -> Result<Vec<Option<Str>>> {
    if analytics.is_empty() {
        return Ok(vec![None]);
    }
    let find = |id: &String| {
        let is_meant = |analytic: &&Analytic| analytic.id.eq_ignore_ascii_case(id);
        match setup.analytics.iter().find(is_meant) {
            Some(analytic) if analytic.enabled => Ok(Some(analytic.id.clone())),
            Some(_) => Err(Error::usage(format!(
                "the analytic `{id}` is disabled by the configuration"
            ))),
            None => {
                let known: Vec<&str> = setup.analytics.iter().map(|a| &*a.id).collect();
                Err(Error::usage(format!("there is no analytic `{id}`"))
                    .hint(format!("there are {}", known.join(", "))))
            }
        }
    };
    analytics.iter().map(find).collect()
}

fn candidate(
    setup: &Setup,
    log: &CalibrationLog,
    calibration: &Calibration,
    (scope, budget): (Option<&Str>, f64),
    verdicts: &crate::store::Verdicts,
) -> Candidate {
    let id = scope.map(|id| &**id);
    let promise = log.promise(id, budget, DAYS_AHEAD);
    let days = calibration.days;
    let needed = match promise.map(|p| p.threshold.history) {
        Some(History::Days(needed)) => needed.max(DAYS_CALIBRATED_MIN),
        Some(History::NeverEnough | History::Enough) | None => DAYS_CALIBRATED_MIN,
    };
    let history = match promise.map(|p| p.threshold.history) {
        Some(History::NeverEnough) if !calibration.is_provisional() => Sufficiency::NeverEnough,
        Some(History::Enough) if !calibration.is_provisional() => Sufficiency::Enough,
        _ => Sufficiency::Days {
            needed,
            missing: needed.saturating_sub(days),
        },
    };
    let cut = promise
        .filter(|_| !calibration.is_provisional())
        .and_then(|promise| cut(log, calibration, id, promise));
    Candidate {
        analytic: id.map(str::to_owned),
        budget_per_day: budget,
        history,
        threshold: cut,
        stored_days: cut.map(|cut| recall(setup, log, id, &cut, verdicts)),
    }
}

/// Publishes a promised threshold in the units of alerts.
fn cut(
    log: &CalibrationLog,
    calibration: &Calibration,
    of: Option<&str>,
    promise: Promise,
) -> Option<Cut> {
    let own = match of {
        None => &calibration.pooled,
        Some(id) => calibration.analytics.get(id)?,
    };
    let surprise = calibration.pooled.surprise(promise.threshold.statistic);
    let is_lowest = surprise < SURPRISE_MIN;
    // What the lowest threshold lets through is less than was asked for, and that is then promised.
    let (promise, rank, surprise) = if is_lowest {
        let let_through = calibration.lets_through(of, SURPRISE_MIN)?;
        let promise = log.promise(of, let_through, DAYS_AHEAD)?;
        (promise, calibration.rank_at(SURPRISE_MIN), SURPRISE_MIN)
    } else {
        (promise, promise.threshold.statistic, surprise)
    };
    let threshold = promise.threshold;
    let score_at = |alerts_per_day: f64| {
        let rank = rank_for(own, alerts_per_day);
        score(calibration.pooled.surprise(rank).max(SURPRISE_MIN))
    };
    let here = score(surprise);
    Some(Cut {
        rank,
        surprise,
        score: here,
        alerts_per_day: threshold.interval,
        scores: (
            score_at(threshold.interval.1).min(here),
            score_at(threshold.interval.0).max(here),
        ),
        next_7_days: promise.ahead,
        beyond_data: threshold.beyond_data,
        is_lowest,
    })
}

/// Returns the rank that so many entity-days a day reach.
fn rank_for(distribution: &FrozenDistribution, alerts_per_day: f64) -> f64 {
    let share =
        alerts_per_day * f64::from(distribution.days()) / distribution.entity_days().max(1) as f64;
    distribution.threshold_for_rate(share)
}

/// Looks up what a threshold would have raised.
fn recall(
    setup: &Setup,
    log: &CalibrationLog,
    of: Option<&str>,
    cut: &Cut,
    verdicts: &crate::store::Verdicts,
) -> Recall {
    let mut recall = Recall::default();
    let mut by_entity: BTreeMap<&Entity, u64> = BTreeMap::new();
    let is_scored = |id: &str| match of {
        Some(of) => of == id,
        None => setup
            .analytics
            .iter()
            .any(|a| a.enabled && a.threshold.is_none() && *a.id == *id),
    };
    let mut first_day = None;
    for (&day, of_day) in &log.extremes {
        first_day.get_or_insert(day);
        let mut alerts = 0;
        for extreme in of_day {
            let mut is_raised = false;
            let reaching = extreme
                .analytics
                .iter()
                .filter(|said| said.value >= cut.rank && is_scored(&said.by));
            for said in reaching {
                is_raised = true;
                *recall.by_analytic.entry(said.by.to_string()).or_insert(0) += 1;
                let id = || alert_id(&said.by, &extreme.entity, day.start());
                if !verdicts.is_empty()
                    && let Some(verdict) = verdicts.get(&id())
                {
                    recall.verdicts.count(verdict.is_true);
                }
            }
            if is_raised {
                alerts += 1;
                *by_entity.entry(&extreme.entity).or_insert(0) += 1;
            }
        }
        let is_full = of_day.len() >= EXTREMES_PER_DAY_MAX;
        recall.is_lower_bound |= is_full && of_day.last().is_some_and(|e| e.rank() >= cut.rank);
        recall.alerts += alerts;
        recall.by_day.push(DayCount {
            day: day.to_string(),
            alerts,
        });
    }
    // What turned out to be true was taken out of the log; how surprising it was its verdict remembers.
    let is_told = |day: Day, analytic: &str, entity: &Entity| {
        let says =
            |e: &Extreme| e.entity == *entity && e.analytics.iter().any(|s| *s.by == *analytic);
        log.extremes
            .get(&day)
            .is_some_and(|of_day| of_day.iter().any(says))
    };
    for verdict in verdicts.values().filter(|v| v.is_true) {
        let is_taken_out = first_day.is_some_and(|first| first <= verdict.day)
            && log.extremes.contains_key(&verdict.day)
            && !is_told(verdict.day, &verdict.analytic, &verdict.entity);
        if is_taken_out && is_scored(&verdict.analytic) && verdict.surprise >= cut.surprise {
            recall.verdicts.count(true);
        }
    }
    let mut busiest: Vec<(&Entity, u64)> = by_entity.into_iter().collect();
    busiest.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    recall.busiest = busiest
        .into_iter()
        .take(BUSIEST_MAX)
        .map(|(entity, days)| Busiest {
            kind: entity.kind.as_str(),
            id: entity.id.to_string(),
            days,
        })
        .collect();
    recall
}

impl VerdictCount {
    fn count(&mut self, is_true: bool) {
        let which = if is_true {
            &mut self.right
        } else {
            &mut self.wrong
        };
        *which += 1;
    }
}

/// Returns a setting's threshold as it is kept; `None` if there is none.
fn tuned(candidate: &Candidate, generation: u64, setup: &Setup) -> Option<TunedThreshold> {
    let cut = candidate.threshold?;
    Some(TunedThreshold {
        budget_per_day: candidate.budget_per_day,
        surprise: cut.surprise,
        score: cut.score,
        alerts_per_day: cut.alerts_per_day,
        scores: cut.scores,
        generation,
        tuned: setup.now.whole_secs().to_string(),
    })
}

/// Puts a threshold in force, unless the one before is as good: so thresholds do not wander.
fn put(
    tuning: &mut Tuning,
    scope: Option<&Str>,
    new: Option<TunedThreshold>,
    is_forced: bool,
) -> Outcome {
    let Some(new) = new else {
        return Outcome::TooEarly;
    };
    let old = tuning.of(scope.map(|id| &**id));
    if let Some(old) = old
        && !is_forced
        && old.budget_per_day == new.budget_per_day
        && (old.scores.0..=old.scores.1).contains(&new.score)
    {
        return Outcome::Kept {
            score: old.score,
            new: new.score,
            interval: old.scores,
        };
    }
    let outcome = Outcome::Set {
        before: old.map(|old| old.score),
        after: new.score,
    };
    tuning.set(scope, new);
    outcome
}

fn scores(in_force: &[InForce]) -> BTreeMap<String, f64> {
    in_force
        .iter()
        .map(|one| (one.analytic.to_string(), one.score()))
        .collect()
}
