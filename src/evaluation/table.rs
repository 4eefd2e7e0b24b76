//! All trials summed up: what is printed, and what the JSON holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::engine::median;
use crate::evaluation::ablation_table::{self, GateTable};
use crate::evaluation::curve::{Curve, FALSE_PER_DAY_MAX, STEPS_PER_ALERT};
use crate::evaluation::ground_truth::ATTACKED;
use crate::evaluation::options::Options;
use crate::evaluation::ratio::Ratio;
use crate::evaluation::reliability::{LEVELS, Reliability};
use crate::evaluation::trap_table::{self, TrapTable};
use crate::evaluation::trial::{BudgetOutcome, OURS, Trial};

/// Version of the JSON document.
const SCHEMA: u32 = 1;
/// False alerts a day at which methods are compared in figures.
const COMPARED_AT: [f64; 2] = [5.0, 20.0];

/// Attacks by how hard they are to find: grade to ratio.
pub type Detections = BTreeMap<String, Ratio>;

/// The result of an evaluation.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Version of this document.
    pub schema: u32,
    /// Version of the program.
    pub version: &'static str,
    /// Estates.
    pub seeds: u32,
    /// The first one's seed.
    pub first_seed: u64,
    /// Days learnt before the first is judged.
    pub days_learnt: u32,
    /// Days judged in each estate.
    pub days_judged: u32,
    /// Identities at the start of each estate.
    pub identities: u32,
    /// Log formats of each estate.
    pub formats: Vec<&'static str>,
    /// Which attacks and decoys there are in AWS.
    #[serde(rename = "repertoire")]
    pub attack_set: &'static str,
    /// Events read in all.
    pub events: u64,
    /// Identity-days judged in all.
    pub entity_days: u64,
    /// Attacks planted in all, by analytic and grade.
    pub attacks: BTreeMap<String, BTreeMap<String, u64>>,
    /// Decoys there were in all, by name.
    pub decoys: BTreeMap<String, u64>,
    /// The result of each budget.
    pub budgets: Vec<BudgetTable>,
    /// Our own curves by analytic.
    pub analytics: Vec<MethodTable>,
    /// All methods on the same entity-days.
    pub methods: Vec<MethodTable>,
    /// What raw surprise promises, and what happens.
    pub reliability: Vec<ReliabilityTable>,
    /// What each gate saves and costs, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gates: Option<Vec<GateTable>>,
}

/// The result of a budget.
#[derive(Debug, Serialize)]
pub struct BudgetTable {
    /// Alerts a day that were promised.
    pub budget_per_day: f64,
    /// False alerts a day that came.
    pub false_per_day: f64,
    /// False incidents a day, but for those about identities that are attacked in another way: what a budget counts.
    pub false_incidents_per_day: f64,
    /// All alerts a day that came, those on attacks among them.
    pub alerts_per_day: f64,
    /// Incidents that there would be if nobody had been attacked, which is what a budget is for, over what was promised.
    pub realised_over_promised: f64,
    /// Seeds whose number of them lay inside the interval that was stated for it.
    pub inside_interval: Ratio,
    /// Alerts for each incident.
    pub alerts_per_incident: Option<f64>,
    /// Share of alerts that hit an attack.
    pub precision: Option<f64>,
    /// Attacks found, by grade.
    pub detections: Detections,
    /// Of attacks that took something, the median share of it that was gone before they were told, by grade.
    pub lost_before_told: BTreeMap<String, f64>,
    /// Attacks found, by analytic.
    pub analytics: BTreeMap<String, AnalyticTable>,
    /// False alerts a day by cause, in falling order.
    pub causes: Vec<(String, f64)>,
    /// Decoys that raised an alert, by name.
    pub decoys: BTreeMap<String, Ratio>,
    /// False incidents by kind of trap, if there are any traps.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub traps: BTreeMap<String, TrapTable>,
    /// One row a seed.
    pub by_seed: Vec<SeedRow>,
}

/// What an analytic did at a budget.
#[derive(Debug, Default, Serialize)]
pub struct AnalyticTable {
    /// Attacks found, by grade.
    pub detections: Detections,
    /// The same by class of attack.
    pub classes: BTreeMap<String, Detections>,
    /// The same by provider, with its false alerts.
    pub providers: BTreeMap<&'static str, ProviderTable>,
    /// Share of its alerts that hit an attack.
    pub precision: Option<f64>,
    /// False alerts a day.
    pub false_per_day: f64,
    /// Median seconds from an attack's first event to the alert.
    pub time_to_detect_p50_secs: Option<i64>,
    /// 90th percentile of the same.
    pub time_to_detect_p90_secs: Option<i64>,
}

/// What an analytic did at a budget in the logs of one provider.
#[derive(Debug, Default, Serialize)]
pub struct ProviderTable {
    /// Attacks found, by grade.
    pub detections: Detections,
    /// Share of its alerts that hit an attack.
    pub precision: Option<f64>,
    /// False alerts a day.
    pub false_per_day: f64,
    /// Those of them that are about identities which were attacked in another way that day.
    pub false_on_attacked_per_day: f64,
    /// The most frequent cause of the others.
    pub foremost_cause: Option<String>,
}

/// The result of a budget in one estate.
#[derive(Debug, Serialize)]
pub struct SeedRow {
    /// The estate.
    pub seed: u64,
    /// Incidents a day that there would be if nobody had been attacked.
    pub false_incidents_per_day: f64,
    /// Alerts a day that were foreseen at least …
    pub foreseen_least: Option<f64>,
    /// … and at most, with 95 % confidence.
    pub foreseen_most: Option<f64>,
    /// Whether they lay between.
    pub is_inside: bool,
    /// Attacks found, of all.
    pub found: Ratio,
}

/// A method, or an analytic, by its curve.
#[derive(Debug, Serialize)]
pub struct MethodTable {
    /// Its name.
    pub name: String,
    /// The area under the curve from 0 to 20 false alerts a day, normalised: 1 finds everything at once.
    pub area: f64,
    /// Attacks found at some numbers of false alerts a day.
    pub at: Vec<PointTable>,
    /// Share of attacks found, a quarter of a false alert a day apart.
    pub curve: Vec<f64>,
}

/// A point of a curve.
#[derive(Debug, Serialize)]
pub struct PointTable {
    /// False alerts a day.
    pub false_per_day: f64,
    /// Attacks found, of all.
    pub all: Ratio,
    /// The same by grade.
    pub detections: Detections,
}

/// What raw surprise promises in one family, and what happens.
#[derive(Debug, Serialize)]
pub struct ReliabilityTable {
    /// The family.
    pub family: &'static str,
    /// Identity-days times metrics times window lengths.
    pub chances: u64,
    /// By level of surprise.
    pub levels: Vec<LevelTable>,
}

/// A level of surprise.
#[derive(Debug, Serialize)]
pub struct LevelTable {
    /// Surprise in natural logarithms: once in e^S days.
    pub surprise: f64,
    /// How often it should have been reached.
    pub expected: f64,
    /// How often it was.
    pub observed: u64,
}

/// Alerts of one analytic about one provider's identities.
#[derive(Debug, Default)]
struct Alerts {
    hits: u64,
    /// Those that hit nothing, by cause.
    misses: BTreeMap<String, u64>,
}

/// Sums up trials.
pub fn table(options: &Options, trials: &[Trial]) -> Report {
    let mut attacks: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let mut decoys: BTreeMap<String, u64> = BTreeMap::new();
    let mut reliability = Reliability::default();
    for trial in trials {
        for attack in &trial.attacks {
            let grades = attacks.entry(attack.analytic.clone()).or_default();
            *grades.entry(attack.grade.clone()).or_insert(0) += 1;
        }
        for (name, count) in &trial.decoys {
            *decoys.entry(name.clone()).or_insert(0) += count;
        }
        reliability.merge(&trial.reliability);
    }
    let days: u32 = trials.iter().map(|trial| trial.days).sum();
    let analytics: BTreeSet<&str> = trials
        .iter()
        .flat_map(|t| t.analytics.keys().map(|id| &**id))
        .collect();
    Report {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        seeds: options.seeds,
        first_seed: options.first_seed,
        days_learnt: options.days_learnt,
        days_judged: options.days_judged,
        identities: options.identities,
        formats: options.formats.iter().map(|format| format.name()).collect(),
        attack_set: options.attack_set.name(),
        events: trials.iter().map(|trial| trial.events).sum(),
        entity_days: trials.iter().map(|trial| trial.entity_days).sum(),
        budgets: (0..options.budgets.len())
            .map(|at| budget(at, trials, f64::from(days), &decoys))
            .collect(),
        analytics: analytics
            .into_iter()
            .map(|id| {
                let is_own = |analytic: &str| analytic == id;
                method(id, trials, &|trial| trial.analytics.get(id), &is_own)
            })
            .collect(),
        methods: trials
            .first()
            .into_iter()
            .flat_map(|trial| trial.methods.iter().map(|m| m.name))
            .map(|name| {
                method(
                    name,
                    trials,
                    &|trial| Some(&trial.methods.iter().find(|m| m.name == name)?.curve),
                    &|_| true,
                )
            })
            .collect(),
        reliability: reliability
            .rows()
            .map(|(family, chances, levels)| ReliabilityTable {
                family,
                chances,
                levels: LEVELS
                    .iter()
                    .zip(levels)
                    .map(|(&surprise, (expected, observed))| LevelTable {
                        surprise,
                        expected,
                        observed,
                    })
                    .collect(),
            })
            .collect(),
        gates: options
            .ablate
            .as_ref()
            .map(|_| ablation_table::gates(&options.budgets, trials)),
        attacks,
        decoys,
    }
}

impl Report {
    /// Returns our own method among the others.
    pub fn ours(&self) -> Option<&MethodTable> {
        self.methods.iter().find(|method| method.name == OURS)
    }
}

fn budget(at: usize, trials: &[Trial], days: f64, decoys: &BTreeMap<String, u64>) -> BudgetTable {
    let outcomes = || trials.iter().map(|trial| (trial, &trial.budgets[at]));
    let budget_per_day = trials.first().map_or(0.0, |t| t.budgets[at].budget_per_day);
    let n_false: usize = outcomes().map(|(_, o)| o.false_alerts.len()).sum();
    let n_true: u64 = outcomes()
        .flat_map(|(_, o)| o.true_alerts.values().copied())
        .sum();
    let mut detections = Detections::new();
    let mut analytics: BTreeMap<String, AnalyticTable> = BTreeMap::new();
    let mut delays: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut causes: BTreeMap<String, u64> = BTreeMap::new();
    let mut fired: BTreeMap<String, Ratio> = decoys
        .iter()
        .map(|(name, &of)| (name.clone(), Ratio { found: 0, of }))
        .collect();
    let mut alerts: BTreeMap<(String, &'static str), Alerts> = BTreeMap::new();
    for (trial, outcome) in outcomes() {
        for (number, attack) in trial.attacks.iter().enumerate() {
            let delay = outcome.found.get(&number);
            let of_analytic = analytics.entry(attack.analytic.clone()).or_default();
            let of_class = of_analytic.classes.entry(attack.class.clone()).or_default();
            let of_provider = of_analytic.providers.entry(attack.provider).or_default();
            let of_provider = &mut of_provider.detections;
            let everywhere = [
                &mut detections,
                &mut of_analytic.detections,
                of_class,
                of_provider,
            ];
            for detections_of in everywhere {
                detections_of
                    .entry(attack.grade.clone())
                    .or_default()
                    .note(delay.is_some());
            }
            delays
                .entry(attack.analytic.clone())
                .or_default()
                .extend(delay);
        }
        for alert in &outcome.false_alerts {
            *causes.entry(alert.cause.clone()).or_insert(0) += 1;
            let key = (alert.analytic.clone(), alert.provider);
            let by_cause = &mut alerts.entry(key).or_default().misses;
            *by_cause.entry(alert.cause.clone()).or_insert(0) += 1;
        }
        for (key, n) in &outcome.true_alerts {
            alerts.entry(key.clone()).or_default().hits += n;
        }
        for name in outcome.decoys_fired.values() {
            fired.entry(name.clone()).or_default().found += 1;
        }
    }
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for ((id, provider), alerts) in alerts {
        let misses = alerts.misses.values().sum();
        let sum = sums.entry(id.clone()).or_default();
        (sum.0, sum.1) = (sum.0 + alerts.hits, sum.1 + misses);
        let providers = &mut analytics.entry(id).or_default().providers;
        let table = providers.entry(provider).or_default();
        table.precision = precision(alerts.hits, misses);
        table.false_per_day = misses as f64 / days;
        let on_attacked = alerts.misses.get(ATTACKED).copied().unwrap_or(0);
        table.false_on_attacked_per_day = on_attacked as f64 / days;
        let others = alerts.misses.into_iter().filter(|(c, _)| c != ATTACKED);
        table.foremost_cause = others.max_by_key(|(_, n)| *n).map(|(cause, _)| cause);
    }
    for (id, table) in &mut analytics {
        let (hits, misses) = sums.get(id).copied().unwrap_or_default();
        table.precision = precision(hits, misses);
        table.false_per_day = misses as f64 / days;
        let mut delays = delays.remove(id).unwrap_or_default();
        delays.sort_unstable();
        table.time_to_detect_p50_secs = quantile(&delays, 0.5);
        table.time_to_detect_p90_secs = quantile(&delays, 0.9);
    }
    let mut causes: Vec<(String, f64)> = causes
        .into_iter()
        .map(|(cause, n)| (cause, n as f64 / days))
        .collect();
    causes.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let by_seed: Vec<SeedRow> = outcomes().map(|(t, o)| seed_row(t, o)).collect();
    let mut inside_interval = Ratio::default();
    by_seed
        .iter()
        .for_each(|row| inside_interval.note(row.is_inside));
    let false_per_day = n_false as f64 / days;
    let n_without_attacks: u64 = outcomes().map(|(_, o)| o.n_without_attacks).sum();
    let n_alerts: u64 = outcomes().map(|(_, o)| o.n_alerts).sum();
    let n_incidents: u64 = outcomes()
        .map(|(_, o)| o.n_true_incidents + all_false(o))
        .sum();
    let n_false_incidents: u64 = outcomes().map(|(_, o)| false_incidents(o)).sum();
    let false_incidents_per_day = n_false_incidents as f64 / days;
    BudgetTable {
        budget_per_day,
        false_per_day,
        false_incidents_per_day,
        alerts_per_day: n_alerts as f64 / days,
        alerts_per_incident: (n_incidents > 0).then(|| n_alerts as f64 / n_incidents as f64),
        lost_before_told: lost_before_told(outcomes()),
        realised_over_promised: n_without_attacks as f64 / days / budget_per_day,
        inside_interval,
        precision: precision(n_true, n_false as u64),
        detections,
        analytics,
        causes,
        decoys: fired,
        traps: trap_table::by_kind(outcomes()),
        by_seed,
    }
}

/// Returns how many false incidents there were, but for those about identities that were attacked in another way.
fn false_incidents(outcome: &BudgetOutcome) -> u64 {
    let of = |is_attacked: bool| -> BTreeSet<usize> {
        let alerts = outcome.false_alerts.iter();
        let alerts = alerts.filter(|alert| (alert.cause == ATTACKED) == is_attacked);
        alerts.map(|alert| alert.incident).collect()
    };
    of(false).difference(&of(true)).count() as u64
}

fn all_false(outcome: &BudgetOutcome) -> u64 {
    let incidents = outcome.false_alerts.iter().map(|alert| alert.incident);
    incidents.collect::<BTreeSet<_>>().len() as u64
}

fn lost_before_told<'t>(
    outcomes: impl Iterator<Item = (&'t Trial, &'t BudgetOutcome)>,
) -> BTreeMap<String, f64> {
    let mut shares: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (trial, outcome) in outcomes {
        for (&number, &lost) in &outcome.lost {
            let grade = &trial.attacks[number].grade;
            shares.entry(grade.clone()).or_default().push(lost);
        }
    }
    let median = |(grade, mut shares): (String, Vec<f64>)| (grade, median(&mut shares));
    shares.into_iter().map(median).collect()
}

fn seed_row(trial: &Trial, outcome: &BudgetOutcome) -> SeedRow {
    let days = f64::from(trial.days);
    let n_false = outcome.n_without_attacks;
    SeedRow {
        seed: trial.seed,
        false_incidents_per_day: n_false as f64 / days,
        foreseen_least: outcome.simulation.map(|(least, _)| least as f64 / days),
        foreseen_most: outcome.simulation.map(|(_, most)| most as f64 / days),
        is_inside: outcome
            .simulation
            .is_some_and(|(least, most)| (least..=most).contains(&n_false)),
        found: Ratio {
            found: outcome.found.len() as u64,
            of: trial.attacks.len() as u64,
        },
    }
}

fn method(
    name: &str,
    trials: &[Trial],
    curve_of: &dyn for<'t> Fn(&'t Trial) -> Option<&'t Curve>,
    is_asked: &dyn Fn(&str) -> bool,
) -> MethodTable {
    let mut found = vec![0u64; (FALSE_PER_DAY_MAX * STEPS_PER_ALERT) as usize + 1];
    let mut n_attacks = 0u64;
    let mut at: Vec<PointTable> = COMPARED_AT
        .iter()
        .map(|&false_per_day| PointTable {
            false_per_day,
            all: Ratio::default(),
            detections: Detections::new(),
        })
        .collect();
    for trial in trials {
        let Some(curve) = curve_of(trial) else {
            continue;
        };
        for (sum, n) in found.iter_mut().zip(curve.counts()) {
            *sum += n;
        }
        for (number, attack) in trial.attacks.iter().enumerate() {
            if !is_asked(&attack.analytic) {
                continue;
            }
            n_attacks += 1;
            for point in &mut at {
                let is_found = curve.found_at(point.false_per_day).contains(&number);
                point.all.note(is_found);
                point
                    .detections
                    .entry(attack.grade.clone())
                    .or_default()
                    .note(is_found);
            }
        }
    }
    let curve: Vec<f64> = found
        .into_iter()
        .map(|n| n as f64 / n_attacks.max(1) as f64)
        .collect();
    // By trapezoids.
    let steps = curve.len() - 1;
    let area = curve
        .windows(2)
        .map(|pair| (pair[0] + pair[1]) / 2.0)
        .sum::<f64>()
        / steps as f64;
    MethodTable {
        name: name.to_owned(),
        area,
        at,
        curve,
    }
}

fn precision(hits: u64, misses: u64) -> Option<f64> {
    (hits + misses > 0).then(|| hits as f64 / (hits + misses) as f64)
}

fn quantile(sorted: &[i64], q: f64) -> Option<i64> {
    let at = ((sorted.len() as f64 * q).ceil() as usize).max(1) - 1;
    sorted.get(at).copied()
}
