//! Thresholds from the stored distributions: which one keeps a budget, how certain that is, and what it would have raised.
//!
//! A budget for the estate uses the distribution of each entity-day's largest rank; a budget for one analytic uses that
//! analytic's own. Both are published as a surprise and a score of the former, which judges all analytics alike. What a
//! threshold would have raised is counted from the most extreme entity-days of each stored day, as they were judged that
//! morning.
//!
//! Budgets, intervals and forecasts are about alerts that a person sees. Entity-days of identities whose whole activity an
//! approval covers are removed first, and reported separately.
//!
//! [`TuneReport`] is also the JSON document. Its fields mean what their names say; numbers of incidents a day are averages
//! over days, `[lower, upper]` are the ends of 95 % intervals, and values that do not apply are `null`.

mod approved;
mod recall;
mod state;
mod stored;
mod threshold_cut;

pub(super) use approved::{calibrated, seen};
pub use recall::{Busiest, JudgedAlert, Raised, RaisedByDay, Recall, VerdictCount};
pub use state::{Applied, Outcome, OutgrownThreshold, outgrown};
pub use threshold_cut::{Cut, LowestBecause, Sufficiency};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::analytic::Analytic;
use crate::baseline::{CalibrationLog, Generation, IncidentDays, TunedThreshold, Tuning};
use crate::engine::Setup;
use crate::engine::thresholds::{InForce, in_force};
use crate::engine::tune::recall::recall;
use crate::engine::tune::state::put;
use crate::engine::tune::stored::Stored;
use crate::engine::tune::threshold_cut::DAYS_AHEAD;
use crate::error::{Error, Result};
use crate::store::{Role, Store, Verdict, Verdicts};
use crate::time::Day;
use crate::vocab::Str;

/// Version of the document.
const SCHEMA: u32 = 1;
/// Scores are told apart by so many steps a point.
const SCORES_TOLD_APART: f64 = 10.0;
/// The number of missed alerts that are listed by default, where there is one setting.
const LISTED_MAX: usize = 50;

/// What to do with the thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TuneAction {
    /// Nothing.
    Show,
    /// Put them in force. `is_forced` also changes those that could stay.
    Apply {
        /// Whether a threshold changes although the new one lies inside the old one's interval.
        is_forced: bool,
    },
    /// Take tuned thresholds out of force: those of the given analytics, or all if none is given.
    Reset,
}

/// What to tune.
#[derive(Debug, Clone)]
pub struct TuneOptions {
    /// Budgets in incidents a day, each a setting of its own; without any, the default one is put in force.
    pub budgets: Vec<f64>,
    /// Analytics that each get such a budget; without any, the estate as a whole gets it.
    pub analytics: Vec<String>,
    /// What to do with the thresholds.
    pub action: TuneAction,
    /// Whether all would-be alerts are listed; else the newest are, if there is one setting.
    pub is_listing: bool,
}

/// The result of tuning.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TuneReport {
    /// Version of this document.
    pub schema: u32,
    /// The generation in force.
    pub generation: u64,
    /// Whole days in the stored distributions.
    pub whole_days: u32,
    /// Entity-days in them.
    pub entity_days: u64,
    /// Whether there are too few days to tune any threshold.
    pub provisional: bool,
    /// The settings, in the order of the request.
    pub settings: Vec<Candidate>,
    /// The result for each scope; empty if nothing was to be changed.
    pub applied: Vec<Applied>,
    /// The threshold of each analytic before, as a score.
    pub before: BTreeMap<String, f64>,
    /// The threshold of each analytic from now on, as a score.
    pub after: BTreeMap<String, f64>,
    /// Verdicts that analysts gave.
    pub verdicts: VerdictsGiven,
    /// The tuned thresholds in force from now on.
    #[serde(skip)]
    pub in_force: Vec<InForce>,
}

impl TuneReport {
    /// Returns whether nothing that was to be put in force was.
    pub fn nothing_was_applied(&self) -> bool {
        let is_without_effect =
            |applied: &Applied| matches!(applied.outcome, Outcome::Kept { .. } | Outcome::TooEarly);
        !self.applied.is_empty() && self.applied.iter().all(is_without_effect)
    }
}

/// Verdicts, whatever threshold would have raised their alerts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct VerdictsGiven {
    /// All of them.
    pub given: u64,
    /// Those on days in the stored distributions. The others count once their days are learnt, or no longer.
    pub on_stored_days: u64,
}

/// One setting.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Candidate {
    /// The analytic that it is for; `null` for the estate.
    pub analytic: Option<String>,
    /// Incidents a day that it aims at.
    pub budget_per_day: f64,
    /// Whether enough days are stored for it.
    pub history: Sufficiency,
    /// The threshold; `null` while everything is provisional.
    pub threshold: Option<Cut>,
    /// Other budgets of the request that come to the same threshold, to a tenth of its score: the stored days do not tell them
    /// apart.
    pub same_threshold: Vec<f64>,
    /// What it would have raised on stored days; `null` while everything is provisional.
    pub stored_days: Option<Recall>,
}

/// Computes thresholds from the stored distributions of the generation in force, and puts them in force if requested.
///
/// # Errors
///
/// A usage error if an analytic is unknown or disabled, or several budgets are to be put in force at once. Fails if nothing
/// was trained, or the store cannot be read or written.
pub fn tune(setup: &Setup, store: &Store, options: &TuneOptions) -> Result<TuneReport> {
    let mut scopes = scopes(setup, &options.analytics)?;
    let is_apply = matches!(options.action, TuneAction::Apply { .. });
    if is_apply && options.budgets.len() > 1 {
        return Err(Error::usage("`--apply` puts one budget in force")
            .hint_by_command("give it: `plimsoll tune --budget 5 --apply`"));
    }
    let manifest = store.published()?;
    // Only one process at a time may change thresholds.
    let _lock = match options.action {
        TuneAction::Show => None,
        TuneAction::Apply { .. } | TuneAction::Reset => Some(store.lock(Role::Tuner)?),
    };
    let log = store.load_calibration_log(&manifest)?;
    let mut generation = store.load_generation_of(&manifest)?;
    let seen = seen(setup, &log);
    generation.calibration = calibrated(&log, &seen, generation.first_day);
    generation.tuning = store.tuning()?;
    let verdicts = store.verdicts()?;
    let is_reset = options.action == TuneAction::Reset;
    if is_reset && options.analytics.is_empty() && generation.tuning != Tuning::default() {
        // Without named analytics, everything that was tuned is meant.
        scopes = generation
            .tuning
            .iter()
            .map(|(of, _)| of.cloned())
            .collect();
    }

    let mut budgets = options.budgets.clone();
    if is_apply && budgets.is_empty() {
        budgets.push(generation.default_budget());
    }
    let n_settings = scopes.len() * budgets.len();
    let stored = Stored {
        setup,
        log: &log,
        seen: &seen,
        calibration: &generation.calibration,
        verdicts: &verdicts,
        listed_max: match n_settings {
            _ if options.is_listing => usize::MAX,
            1 => LISTED_MAX,
            _ => 0,
        },
    };
    let mut settings = Vec::new();
    for scope in &scopes {
        let id = scope.as_deref();
        settings.extend(candidates(&stored, id, &budgets, generation.first_day));
    }
    let is_stored = |verdict: &&Verdict| log.extremes.contains_key(&verdict.day);
    let given = VerdictsGiven {
        given: verdicts.len() as u64,
        on_stored_days: verdicts.values().filter(is_stored).count() as u64,
    };
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
    generation.intact()?;
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
        verdicts: given,
        in_force: after,
    })
}

/// Computes what budgets would mean for the estate after a run without a store, by the distributions that it left behind. `generation`
/// judged last, by thresholds of the budget that was `asked` for or else by the default ones.
pub fn tune_preview(
    setup: &Setup,
    (generation, log): (&Generation, &CalibrationLog),
    budgets: &[f64],
    asked: Option<f64>,
) -> TuneReport {
    let seen = seen(setup, log);
    let calibration = calibrated(log, &seen, generation.first_day);
    let stored = Stored {
        setup,
        log,
        seen: &seen,
        calibration: &calibration,
        verdicts: &Verdicts::default(),
        listed_max: 0,
    };
    let in_force = in_force(&setup.analytics, generation, asked);
    TuneReport {
        schema: SCHEMA,
        generation: generation.number,
        whole_days: calibration.days,
        entity_days: calibration.entity_days,
        provisional: calibration.is_provisional(),
        settings: candidates(&stored, None, budgets, generation.first_day),
        applied: Vec::new(),
        before: scores(&in_force),
        after: scores(&in_force),
        verdicts: VerdictsGiven::default(),
        in_force,
    }
}

/// Returns the scopes to tune: the estate, or each of the analytics.
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
                    .hint(format!("the analytics are {}", known.join(", "))))
            }
        }
    };
    analytics.iter().map(find).collect()
}

/// Returns the settings of a scope, one for each budget.
fn candidates(
    stored: &Stored,
    id: Option<&str>,
    budgets: &[f64],
    first_day: Day,
) -> Vec<Candidate> {
    let incidents = stored.seen.incident_days(id, first_day);
    let of_scope = budgets.iter();
    let of_scope = of_scope.map(|&budget| candidate(stored, id, incidents.as_ref(), budget));
    beside_one_another(of_scope.collect())
}

fn candidate(
    stored: &Stored,
    id: Option<&str>,
    incidents: Option<&IncidentDays>,
    budget: f64,
) -> Candidate {
    let calibration = stored.calibration;
    let promise = incidents.and_then(|days| days.promise(budget, DAYS_AHEAD));
    let history = Sufficiency::of(calibration, promise.as_ref());
    let cut = match (incidents, promise) {
        (Some(incidents), Some(promise)) if !calibration.is_provisional() => {
            Cut::of(incidents, calibration, promise).map(|cut| (cut, incidents))
        }
        _ => None,
    };
    Candidate {
        analytic: id.map(str::to_owned),
        budget_per_day: budget,
        history,
        threshold: cut.map(|(cut, _)| cut),
        same_threshold: Vec::new(),
        stored_days: cut.map(|(cut, incidents)| recall(stored, id, incidents, &cut)),
    }
}

/// Notes which settings of one scope come to the same threshold.
fn beside_one_another(mut settings: Vec<Candidate>) -> Vec<Candidate> {
    let shown = |setting: &Candidate| {
        let cut = setting.threshold.as_ref()?;
        Some((cut.score * SCORES_TOLD_APART).round())
    };
    let all: Vec<(f64, Option<f64>)> = settings
        .iter()
        .map(|setting| (setting.budget_per_day, shown(setting)))
        .collect();
    for (at, setting) in settings.iter_mut().enumerate() {
        let here = all[at].1;
        let others = all.iter().enumerate().filter(|&(other, _)| other != at);
        let same = others.filter(|(_, (_, score))| here.is_some() && *score == here);
        setting.same_threshold = same.map(|(_, &(budget, _))| budget).collect();
    }
    settings
}

/// Returns a setting's threshold in its stored form; `None` if there is none.
fn tuned(candidate: &Candidate, generation: u64, setup: &Setup) -> Option<TunedThreshold> {
    let threshold_cut = candidate.threshold?;
    Some(TunedThreshold {
        budget_per_day: candidate.budget_per_day,
        surprise: threshold_cut.surprise,
        score: threshold_cut.score,
        incidents_per_day: threshold_cut.incidents_per_day,
        scores: threshold_cut.scores,
        generation,
        tuned: setup.now.whole_secs().to_string(),
    })
}

fn scores(in_force: &[InForce]) -> BTreeMap<String, f64> {
    in_force
        .iter()
        .map(|one| (one.analytic.to_string(), one.score()))
        .collect()
}
