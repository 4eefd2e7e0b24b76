//! One simulated estate, replayed from its first day to its last.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::Alert;
use crate::analytic;
use crate::config::Config;
use crate::engine::{BudgetRun, DayView, Label, Mornings, Progress, Setup, dry_run, in_incidents};
use crate::error::{Error, Result};
use crate::evaluation::ablation::{self, Ablation};
use crate::evaluation::curve::{Candidate, Curve};
use crate::evaluation::ground_truth::{
    ATTACKED, GroundTruth, NO_KNOWN_CAUSE, trap_kind, word_after,
};
use crate::evaluation::identity_day::{ids, is_approved};
use crate::evaluation::options::Options;
use crate::evaluation::reference_methods;
use crate::evaluation::reliability::{self, Reliability};
use crate::event::Provider;
use crate::incident::Joiner;
use crate::measure::DayFacts;
use crate::score::{Judge, Subject, novelty, volume};
use crate::simulate::{self, AttackSet};
use crate::sources;
use crate::time::Window;
use crate::vocab::{Entity, EntityKind, Str};

/// Days that an identity must have been known before its raw surprise is tallied.
const ESTABLISHED_DAYS: i32 = 7;
/// Compression of files that are read once and deleted.
const GZIP_LEVEL: u32 = 1;
/// The name of a provider that is not known.
const OTHER_PROVIDER: &str = "other";
/// The name of our own method where one threshold holds for the scores of all days. Its curve ends where the largest budget ends.
const AS_TOLD: &str = "plimsoll, incidents as told";
/// The most thresholds by which its curve is drawn.
const THRESHOLDS_MAX: usize = 300;
/// The name of our own method among the others.
pub(super) const OURS: &str = "plimsoll";

/// The result of a trial.
#[derive(Debug)]
pub struct Trial {
    /// Its seed.
    pub seed: u64,
    /// Events read.
    pub events: u64,
    /// Identity-days judged.
    pub entity_days: u64,
    /// Days judged.
    pub days: u32,
    /// The result of each budget.
    pub budgets: Vec<BudgetOutcome>,
    /// Attacks by number: analytic, grade, class.
    pub attacks: Vec<Attack>,
    /// Curves of our own method, by analytic; an attack counts if its own analytic ranks it.
    pub analytics: BTreeMap<Str, Curve>,
    /// Curves of all methods over everything, in one order for all trials.
    pub methods: Vec<Method>,
    /// Raw surprise on days without an attack.
    pub reliability: Reliability,
    /// Decoys there were, by name.
    pub decoys: BTreeMap<String, u64>,
    /// Instances of traps of which something happened on the judged days.
    pub traps: BTreeSet<String>,
    /// What each gate saves and costs, if it was asked for.
    pub ablation: Option<Ablation>,
}

/// One attack.
#[derive(Debug, Clone, PartialEq)]
pub struct Attack {
    /// Which analytic should find it.
    pub analytic: String,
    /// How hard it is to find.
    pub grade: String,
    /// What was done.
    pub class: String,
    /// In whose logs it is seen.
    pub provider: &'static str,
}

/// An alert that hit no attack.
#[derive(Debug, Clone, PartialEq)]
pub struct FalseAlert {
    /// Which analytic raised it.
    pub analytic: String,
    /// Whose identity it is about.
    pub provider: &'static str,
    /// Why it was raised, as far as an anomaly is known.
    pub cause: String,
    /// The instance of a trap that it rests on.
    pub trap: Option<String>,
    /// The number of its incident.
    pub incident: usize,
}

/// A method and its curve.
#[derive(Debug)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// Its curve.
    pub curve: Curve,
}

/// The result of a budget in one trial.
#[derive(Debug)]
pub struct BudgetOutcome {
    /// Alerts a day that were promised.
    pub budget_per_day: f64,
    /// How many were foreseen for all days together: a 95 % interval.
    pub simulation: Option<(u64, u64)>,
    /// False alerts.
    pub false_alerts: Vec<FalseAlert>,
    /// Alerts that hit an attack, by analytic and provider of the first attack that they hit.
    pub true_alerts: BTreeMap<(String, &'static str), u64>,
    /// Attacks found, each with the seconds from its start to its first alert.
    pub found: BTreeMap<usize, i64>,
    /// Decoys on which any analytic alerted, by number and name.
    pub decoys_fired: BTreeMap<usize, String>,
    /// Alerts that no approval covers.
    pub n_alerts: u64,
    /// Incidents of which an alert hit an attack.
    pub n_true_incidents: u64,
    /// Incidents that there would be if nobody had been attacked: what a budget is for.
    pub n_without_attacks: u64,
    /// Of attacks that took something, the share of it that was gone before they were told.
    pub lost: BTreeMap<usize, f64>,
}

/// Simulates an estate, replays it and compares the alerts with what happened.
///
/// # Errors
///
/// Fails if the disk does, or the user stops it.
pub fn trial(options: &Options, seed: u64, progress: &dyn Progress) -> Result<Trial> {
    let folder = tempfile::tempdir()
        .map_err(|e| Error::failed("cannot make a folder for an estate").cause(e))?;
    let estate = simulate::Options {
        seed,
        days: options.days_learnt + options.days_judged,
        identities: options.identities,
        attack_days_from: options.days_learnt,
        gzip_level: GZIP_LEVEL,
        formats: options.formats.clone(),
        attack_set: options.attack_set,
        traps: options.traps,
        one_in: options.one_in,
        ..simulate::Options::default()
    };
    simulate::simulate(&estate, folder.path(), &mut |_| {})?;
    let config = Config::load(Some(&folder.path().join("plimsoll.toml")))?;
    let truth = GroundTruth::read(folder.path())?;
    let mut analytics = analytic::load(&config.analytics, &config.mentioned_analytics())?;
    // An analytic whose attacks are not in the set could only raise false alerts.
    if options.attack_set == AttackSet::Core {
        analytics.retain(|analytic| truth.labels.iter().any(|l| *l.analytic == *analytic.id));
    }
    let end = estate.start.plus(estate.days as i32 + 1).start();
    let setup = Setup::new(config, analytics, end);
    let files = sources::discover(&[folder.path().join(simulate::LOGS)])?;
    let split = estate.start.plus(options.days_learnt as i32);

    let mut collector = Collector::new(&setup, &truth, options.attack_set);
    let ablate = options.ablate.as_ref();
    let mut ablation = ablate.map(|ablate| ablation::Observer::new(&setup, &truth, ablate));
    let mornings = match ablation {
        Some(_) => Mornings::Scored,
        None => Mornings::Judged,
    };
    let played = dry_run(
        &setup,
        files,
        (split, &options.budgets, mornings),
        progress,
        &mut |shown| {
            if let Some(ablation) = &mut ablation {
                ablation.observe(&shown);
            }
            collector.observe(shown);
        },
    )?;
    let days = played.days_judged;
    let largest = played
        .budgets
        .iter()
        .max_by(|a, b| a.budget_per_day.total_cmp(&b.budget_per_day));
    let as_told = largest.map(|run| Method {
        name: AS_TOLD,
        curve: as_told(&run.alerts, &truth, days),
    });
    Ok(Trial {
        seed,
        events: played.intake.events,
        entity_days: collector.entity_days,
        days,
        budgets: played
            .budgets
            .into_iter()
            .map(|kept| outcome(kept, &truth))
            .collect(),
        analytics: collector
            .by_analytic
            .into_iter()
            .map(|(id, candidates)| (id, Curve::of(candidates, days)))
            .collect(),
        methods: collector
            .by_method
            .into_iter()
            .map(|(name, candidates)| Method {
                name,
                curve: Curve::of(candidates, days),
            })
            .chain(as_told)
            .collect(),
        reliability: collector.reliability,
        attacks: truth.labels.iter().map(attack).collect(),
        decoys: truth.decoys_from(split),
        traps: truth.traps_from(split),
        ablation: ablation.map(|ablation| ablation.finish(&options.budgets)),
    })
}

fn attack(label: &Label) -> Attack {
    let class = word_after("class=", &label.note).to_owned();
    Attack {
        provider: simulate::provider_of(&class).unwrap_or(OTHER_PROVIDER),
        analytic: label.analytic.clone(),
        grade: word_after("grade=", &label.note).to_owned(),
        class,
    }
}

/// Draws the curve of one threshold for all days: of what was told with at least that score, the incidents that hit no attack, and
/// the attacks that are hit.
fn as_told(alerts: &[Alert], truth: &GroundTruth, days: u32) -> Curve {
    let mut scores: Vec<f64> = alerts.iter().map(|alert| alert.surprise).collect();
    scores.sort_by(f64::total_cmp);
    scores.dedup();
    let every = scores.len().div_ceil(THRESHOLDS_MAX).max(1);
    let thresholds = scores.iter().rev().step_by(every);
    let of = thresholds.map(|&threshold| {
        let told = alerts.iter().filter(|alert| alert.surprise >= threshold);
        let (told, incidents) = in_incidents(told);
        let mut found = BTreeSet::new();
        let (mut all, mut hit) = (BTreeSet::new(), BTreeSet::new());
        for (alert, incident) in told.into_iter().zip(incidents) {
            all.insert(incident);
            let labels = truth.labels.iter().enumerate();
            for (number, _) in labels.filter(|(_, label)| label.is_hit_by(alert)) {
                found.insert(number);
                hit.insert(incident);
            }
        }
        (all.difference(&hit).count() as u64, found)
    });
    Curve::of_thresholds(of.collect(), days)
}

/// Returns how many incidents there would be if nobody had been attacked: what a budget is for.
fn without_attacks(alerts: &[&Alert], truth: &GroundTruth) -> u64 {
    let is_of_attack = |alert: &&&Alert| {
        truth.labels.iter().any(|label| label.is_hit_by(alert)) || truth.cause(alert) == ATTACKED
    };
    let mut joiner = Joiner::default();
    let others = alerts.iter().filter(|alert| !is_of_attack(alert));
    others.for_each(|alert| joiner.add(alert));
    joiner.groups().len() as u64
}

/// Compares the alerts of a budget with the truth, by the rule of labels.
fn outcome(kept: BudgetRun, truth: &GroundTruth) -> BudgetOutcome {
    let mut outcome = BudgetOutcome {
        budget_per_day: kept.budget_per_day,
        simulation: kept.simulation,
        false_alerts: Vec::new(),
        true_alerts: BTreeMap::new(),
        found: BTreeMap::new(),
        decoys_fired: BTreeMap::new(),
        n_alerts: 0,
        n_true_incidents: 0,
        n_without_attacks: 0,
        lost: BTreeMap::new(),
    };
    let (alerts, incidents) = in_incidents(&kept.alerts);
    outcome.n_alerts = alerts.len() as u64;
    let mut hits = BTreeSet::new();
    for (alert, incident) in alerts.iter().zip(&incidents) {
        if truth.labels.iter().any(|label| label.is_hit_by(alert)) {
            hits.insert(*incident);
        }
    }
    outcome.n_true_incidents = hits.len() as u64;
    outcome.n_without_attacks = without_attacks(&alerts, truth);
    for (alert, incident) in alerts.into_iter().zip(incidents) {
        let mut hit = None;
        for (number, label) in truth.labels.iter().enumerate() {
            if let Some(told_at) = label.told_at(alert).filter(|_| label.is_hit_by(alert)) {
                hit = hit.or(Some(attack(label).provider));
                let delay = told_at.secs_since(label.start);
                let first = outcome.found.entry(number).or_insert(delay);
                if delay <= *first {
                    *first = delay;
                    let lost = label.lost_when_told(alert);
                    outcome.lost.extend(lost.map(|lost| (number, lost)));
                }
            }
        }
        if let Some(provider) = hit {
            let key = (alert.analytic.clone(), provider);
            *outcome.true_alerts.entry(key).or_insert(0) += 1;
            continue;
        }
        // What is told beside a hit in one incident is neither true nor false.
        if hits.contains(&incident) {
            continue;
        }
        let mut cause = match truth.decoy(alert) {
            Some((number, decoy)) => {
                outcome.decoys_fired.insert(number, decoy.to_owned());
                format!("decoy {decoy}")
            }
            None => truth.cause(alert),
        };
        let is_explained = cause != NO_KNOWN_CAUSE;
        let trap = truth
            .trap(alert, is_explained)
            .filter(|_| cause != ATTACKED);
        if let Some(instance) = trap {
            cause = format!("trap {}", trap_kind(instance));
        }
        outcome.false_alerts.push(FalseAlert {
            analytic: alert.analytic.clone(),
            provider: alert
                .entity
                .provider
                .as_deref()
                .and_then(Provider::parse)
                .map_or(OTHER_PROVIDER, Provider::as_str),
            cause,
            trap: trap.map(str::to_owned),
            incident,
        });
    }
    outcome
}

/// Observes every day: scores it with all methods, and tallies raw surprise.
struct Collector<'a> {
    setup: &'a Setup,
    truth: &'a GroundTruth,
    references: Vec<(&'static str, Box<dyn reference_methods::ReferenceMethod>)>,
    by_analytic: BTreeMap<Str, Vec<Candidate>>,
    by_method: Vec<(&'static str, Vec<Candidate>)>,
    reliability: Reliability,
    entity_days: u64,
}

impl<'a> Collector<'a> {
    fn new(setup: &'a Setup, truth: &'a GroundTruth, attack_set: AttackSet) -> Self {
        let ours: BTreeSet<Str> = setup
            .config
            .accounts
            .iter()
            .map(|account| account.split_once(':').map_or(&**account, |(_, id)| id))
            .map(Str::from)
            .collect();
        let references = reference_methods::all(ours, attack_set);
        let names = std::iter::once(OURS).chain(references.iter().map(|(name, _)| *name));
        Self {
            setup,
            truth,
            by_method: names.map(|name| (name, Vec::new())).collect(),
            references,
            by_analytic: setup
                .analytics
                .iter()
                .map(|analytic| (analytic.id.clone(), Vec::new()))
                .collect(),
            reliability: Reliability::default(),
            entity_days: 0,
        }
    }

    fn observe(&mut self, shown: DayView) {
        let identities = || {
            shown
                .facts
                .iter()
                .filter(|(e, _)| e.kind == EntityKind::Identity)
        };
        if shown.is_judged {
            for (entity, facts) in identities() {
                self.judge(&shown, entity, facts);
            }
            self.note_absent(&shown);
        }
        for (entity, facts) in identities() {
            for (_, reference) in &mut self.references {
                reference.learn(entity, facts);
            }
        }
    }

    fn judge(&mut self, shown: &DayView, entity: &Entity, facts: &DayFacts) {
        let Some(generation) = shown.morning else {
            return;
        };
        let day = shown.day;
        self.entity_days += 1;
        let peer_group_of = |id: &str| self.setup.peer_group_of(id);
        let subject = Subject::of(entity, facts, day, generation, None, &peer_group_of);
        let judge = Judge::new(&self.setup.analytics, generation);
        let ids = ids(&subject, entity, facts);
        let attacks = self.truth.attacks(&ids, day);
        let mut best: f64 = 0.0;
        for (number, verdict) in judge.detections(&subject) {
            let id = &self.setup.analytics[number].id;
            if is_approved(self.setup, id, entity, &ids, day) {
                continue;
            }
            best = best.max(verdict.surprise);
            let own: Vec<usize> = attacks
                .iter()
                .copied()
                .filter(|&attack| *self.truth.labels[attack].analytic == **id)
                .collect();
            if let Some(candidates) = self.by_analytic.get_mut(id) {
                candidates.push(Candidate {
                    score: verdict.surprise,
                    attacks: own,
                });
            }
        }
        let is_covered = self
            .setup
            .analytics
            .iter()
            .any(|analytic| is_approved(self.setup, &analytic.id, entity, &ids, day));
        let scores = std::iter::once(best).chain(self.references.iter().map(|(_, reference)| {
            if is_covered {
                0.0
            } else {
                reference.score(entity, facts)
            }
        }));
        for ((_, candidates), score) in self.by_method.iter_mut().zip(scores) {
            candidates.push(Candidate {
                score,
                attacks: attacks.clone(),
            });
        }
        let is_established = subject.baseline.is_some_and(|baseline| {
            baseline.first_day.plus(ESTABLISHED_DAYS) <= day && attacks.is_empty()
        });
        if is_established {
            for metric in reliability::metrics() {
                for window in Window::STANDARD {
                    let reading = volume(&subject, metric, &[window]);
                    self.reliability
                        .note_metric(metric, reading.map_or(0.0, |r| r.surprise));
                }
            }
            for which in reliability::TRAITS {
                let reading = novelty(&subject, generation, which);
                self.reliability
                    .note_trait(reading.map_or(0.0, |r| r.surprise));
            }
        }
    }

    /// Established identities that were not active that day had no surprise; they count as chances, too.
    fn note_absent(&mut self, shown: &DayView) {
        let Some(generation) = shown.morning else {
            return;
        };
        let absent = generation
            .baselines
            .iter()
            .filter(|(e, _)| e.kind == EntityKind::Identity && !shown.facts.contains_key(e))
            .filter(|(_, b)| b.first_day.plus(ESTABLISHED_DAYS) <= shown.day)
            .count();
        for _ in 0..absent {
            for metric in reliability::metrics() {
                for _ in Window::STANDARD {
                    self.reliability.note_metric(metric, 0.0);
                }
            }
            for _ in reliability::TRAITS {
                self.reliability.note_trait(0.0);
            }
        }
    }
}
