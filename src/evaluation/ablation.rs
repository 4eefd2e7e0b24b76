//! What each gate saves and costs: the same days judged again without it.
//!
//! A gate changes the statistic of one arm, and by it the stored distributions, all ranks and the thresholds. So an estate is
//! read and learnt once, and of each identity's day the statistic of every arm is kept, with each gate and without it. The
//! distributions are then filled anew for each gate that is left out. No alert is built: an identity's day is found or not, as
//! for the curves.

use std::collections::BTreeSet;

use crate::analytic::{Analytic, Arm, Gate, Term};
use crate::baseline::{Calibration, CalibrationLog, Generation, View, arm_key};
use crate::engine::{DayView, Setup, thresholds};
use crate::evaluation::gate_text::gate_text;
use crate::evaluation::ground_truth::GroundTruth;
use crate::evaluation::identity_day::{ids, is_approved};
use crate::score::{ArmReading, ArmStatistic, Judge, Subject, record_day};
use crate::time::Day;
use crate::vocab::{Entity, EntityKind, Str};

/// Which analytics lose their gates, one gate at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ablate {
    /// All.
    All,
    /// One, by its id.
    One(String),
}

impl Ablate {
    fn covers(&self, analytic: &str) -> bool {
        match self {
            Self::All => true,
            Self::One(id) => id == analytic,
        }
    }
}

/// What came at one budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    /// Days of identities that were not attacked, on which an alert came.
    pub false_identities: u64,
    /// Attacks found by their own analytic.
    pub found: u64,
}

/// A gate that was left out.
#[derive(Debug, Clone, PartialEq)]
pub struct WithoutGate {
    /// The analytic.
    pub analytic: Str,
    /// The arm.
    pub arm: Str,
    /// The gate, or the minimum of an alternative.
    pub gate: String,
    /// What came without it, by budget; `None` if the arm means nothing without it.
    pub came: Option<Vec<Came>>,
}

/// The result for one estate.
#[derive(Debug, Clone, PartialEq)]
pub struct Ablation {
    /// What came with every gate, by budget.
    pub base: Vec<Came>,
    /// What came without each gate.
    pub gates: Vec<WithoutGate>,
}

/// Gets each judged day of an identity, with the surprise of each analytic that finds anything, by its number.
type Told<'t> = dyn FnMut(Day, &Row, &[(usize, f64)]) + 't;

/// A gate to leave out.
struct Variant {
    analytic: usize,
    /// The arm's number among all arms.
    arm: usize,
    arm_id: Str,
    gate: String,
    /// The arm without the gate.
    without: Option<Arm>,
}

/// An identity's day.
struct Row {
    entity: Entity,
    /// The statistics above zero, by the arm's number among all arms.
    statistics: Vec<(usize, ArmStatistic)>,
    /// The statistics that a variant changes, by its number.
    changed: Vec<(usize, ArmStatistic)>,
    attacks: Vec<usize>,
    /// The analytics whose alerts are approved, by number.
    approved: Vec<usize>,
}

/// A day, as far as statistics go.
struct ObservedDay {
    day: Day,
    is_judged: bool,
    /// Identities that were active, or are known.
    n_entities: u64,
    rows: Vec<Row>,
}

/// Keeps the statistics of days, with and without each gate.
pub(super) struct Observer<'a> {
    setup: &'a Setup,
    truth: &'a GroundTruth,
    variants: Vec<Variant>,
    days: Vec<ObservedDay>,
}

impl<'a> Observer<'a> {
    pub fn new(setup: &'a Setup, truth: &'a GroundTruth, ablate: &Ablate) -> Self {
        Self {
            setup,
            truth,
            variants: variants(&setup.analytics, ablate),
            days: Vec::new(),
        }
    }

    /// Keeps a day; one without a generation is not scored.
    pub fn observe(&mut self, shown: &DayView) {
        let Some(generation) = shown.morning else {
            return;
        };
        let analytics = &self.setup.analytics;
        let own = analytics
            .iter()
            .flat_map(|a| a.arms.iter().map(move |arm| (a, arm)));
        let mut arms: Vec<(&Analytic, &Arm)> = own.collect();
        let n_own = arms.len();
        let numbered = self.variants.iter().enumerate();
        let others: Vec<(usize, &Arm)> = numbered
            .filter_map(|(number, variant)| Some((number, variant.without.as_ref()?)))
            .collect();
        arms.extend(
            others
                .iter()
                .map(|&(number, arm)| (&analytics[self.variants[number].analytic], arm)),
        );
        let judge = Judge::new(analytics, generation);
        let peer_group_of = |id: &str| self.setup.peer_group_of(id);
        let is_identity = |entity: &Entity| entity.kind == EntityKind::Identity;
        let known = generation.baselines.n_of(EntityKind::Identity);
        let mut observed = ObservedDay {
            day: shown.day,
            is_judged: shown.is_judged,
            n_entities: known as u64,
            rows: Vec::new(),
        };
        for (entity, facts) in shown.facts.iter().filter(|(e, _)| is_identity(e)) {
            observed.n_entities += u64::from(!generation.baselines.contains_key(entity));
            let subject = Subject::of(entity, facts, shown.day, generation, None, &peer_group_of);
            let all = judge.statistics(&subject, &arms);
            let (own, without) = all.split_at(n_own);
            let mut row = Row {
                entity: entity.clone(),
                statistics: Vec::new(),
                changed: Vec::new(),
                attacks: Vec::new(),
                approved: Vec::new(),
            };
            let above_zero = own.iter().enumerate().filter(|(_, s)| s.value > 0.0);
            row.statistics = above_zero.map(|(arm, s)| (arm, *s)).collect();
            let changed = others
                .iter()
                .zip(without)
                .filter(|((number, _), s)| own[self.variants[*number].arm] != **s);
            row.changed = changed.map(|((number, _), s)| (*number, *s)).collect();
            if row.statistics.is_empty() && row.changed.is_empty() {
                continue;
            }
            if shown.is_judged {
                let ids = ids(&subject, entity, facts);
                row.attacks = self.truth.attacks(&ids, shown.day);
                let is_covered = |id: &str| is_approved(self.setup, id, entity, &ids, shown.day);
                let numbered = analytics.iter().enumerate();
                let covered = numbered.filter(|(_, analytic)| is_covered(&analytic.id));
                row.approved = covered.map(|(number, _)| number).collect();
            }
            observed.rows.push(row);
        }
        self.days.push(observed);
    }

    /// Judges the days with every gate, and without each.
    pub fn finish(self, budgets: &[f64]) -> Ablation {
        let (base, ranks) = self.replay_whole(budgets, &mut |_, _, _| {});
        let touched: BTreeSet<usize> = self
            .days
            .iter()
            .flat_map(|day| &day.rows)
            .flat_map(|row| row.changed.iter().map(|&(number, _)| number))
            .collect();
        let gates = self.variants.iter().enumerate().map(|(number, variant)| {
            let analytic = &self.setup.analytics[variant.analytic];
            WithoutGate {
                analytic: analytic.id.clone(),
                arm: variant.arm_id.clone(),
                gate: variant.gate.clone(),
                came: variant.without.as_ref().map(|_| {
                    // A gate that shuts nobody out changes nothing.
                    match touched.contains(&number) {
                        true => self.replay_without(number, budgets, &ranks),
                        false => base.clone(),
                    }
                }),
            }
        });
        let gates = gates.collect();
        Ablation { base, gates }
    }

    /// Judges the days with every gate. Also returns all ranks, which most arms keep when another arm loses a gate. `told` gets
    /// each judged day of an identity.
    fn replay_whole(&self, budgets: &[f64], told: &mut Told<'_>) -> (Vec<Came>, Vec<DayRanks>) {
        let names = self.names();
        let mut ranks: Vec<DayRanks> = Vec::new();
        ranks.resize_with(self.days.len(), DayRanks::default);
        let analytics = &self.setup.analytics;
        let came = self.replay(
            analytics,
            budgets,
            &mut |moment, row, judge| {
                let read = |&(arm, statistic): &(usize, ArmStatistic)| Reading {
                    arm,
                    statistic,
                    rank: judge.rank(&names[arm].1, statistic.value),
                };
                let readings: Vec<Reading> = row.statistics.iter().map(read).collect();
                ranks[moment.day].of(moment.when).push(readings.clone());
                readings
            },
            &|readings| {
                readings
                    .iter()
                    .map(|reading| self.named(reading, &names))
                    .collect()
            },
            told,
        );
        (came, ranks)
    }

    /// Judges the days without a gate. Only the ranks of its arm differ, so only that arm has distributions of its own; what
    /// the others say is in the pool as one.
    fn replay_without(&self, number: usize, budgets: &[f64], ranks: &[DayRanks]) -> Vec<Came> {
        let names = self.names();
        let variant = &self.variants[number];
        let own = variant.arm;
        let others: Str = "others".into();
        let analytic = &self.setup.analytics[variant.analytic];
        self.replay(
            std::slice::from_ref(analytic),
            budgets,
            &mut |moment, row, judge| {
                let kept = &ranks[moment.day].at(moment.when)[moment.row];
                let mut readings: Vec<Reading> = kept
                    .iter()
                    .copied()
                    .filter(|reading| reading.arm != own)
                    .collect();
                let changed = row.changed.iter().find(|(of, _)| *of == number);
                let as_before = || row.statistics.iter().find(|(arm, _)| *arm == own);
                let statistic = changed
                    .or_else(as_before)
                    .map_or_else(ArmStatistic::default, |&(_, statistic)| statistic);
                if statistic.value > 0.0 {
                    let at = readings.partition_point(|reading| reading.arm < own);
                    let rank = judge.rank(&names[own].1, statistic.value);
                    readings.insert(
                        at,
                        Reading {
                            arm: own,
                            statistic,
                            rank,
                        },
                    );
                }
                readings
            },
            &|readings| {
                let of_own = readings.iter().filter(|reading| reading.arm == own);
                let mut all: Vec<ArmReading> =
                    of_own.map(|reading| self.named(reading, &names)).collect();
                let ranks = readings
                    .iter()
                    .filter(|reading| reading.arm != own)
                    .map(|r| r.rank);
                all.extend(ranks.reduce(f64::max).map(|rank| ArmReading {
                    analytic: others.clone(),
                    arm: others.clone(),
                    statistic: rank,
                    is_told: true,
                    rank,
                }));
                all
            },
            &mut |_, _, _| {},
        )
    }

    /// Returns the analytic of every arm, and the arm's stored name.
    fn names(&self) -> Vec<(usize, Str)> {
        let numbered = self.setup.analytics.iter().enumerate();
        numbered
            .flat_map(|(at, a)| a.arms.iter().map(move |arm| (at, arm_key(&a.id, &arm.id))))
            .collect()
    }

    fn named(&self, reading: &Reading, names: &[(usize, Str)]) -> ArmReading {
        let (analytic, key) = &names[reading.arm];
        ArmReading {
            analytic: self.setup.analytics[*analytic].id.clone(),
            arm: key.clone(),
            statistic: reading.statistic.value,
            is_told: reading.statistic.is_news,
            rank: reading.rank,
        }
    }

    /// Judges the days in order, each by the distributions of the days up to the one before the last, as the daily run does.
    /// `ranked` ranks the arms of an identity's day, and `recorded` says what of it the distributions of `stored` get.
    fn replay(
        &self,
        stored: &[Analytic],
        budgets: &[f64],
        ranked: &mut dyn FnMut(Moment, &Row, &Judge) -> Vec<Reading>,
        recorded: &dyn Fn(&[Reading]) -> Vec<ArmReading>,
        told: &mut Told<'_>,
    ) -> Vec<Came> {
        let analytics = &self.setup.analytics;
        let names = self.names();
        let mut came: Vec<(u64, BTreeSet<usize>)> = vec![Default::default(); budgets.len()];
        let mut log = CalibrationLog::default();
        let first_day = self.days.first().map(|first| first.day);
        for (number, day) in self.days.iter().enumerate() {
            let mut morning = Generation::empty(day.day);
            let incidents = first_day.and_then(|first| log.incident_days(None, first));
            morning.calibration = Calibration {
                incidents: incidents.map(|incidents| incidents.ranks().clone()),
                ..log.freeze()
            };
            let judge = Judge::new(analytics, View::of(&morning));
            let mut of_row = |day: usize, when: When, (at, row): (usize, &Row)| {
                let moment = Moment { day, row: at, when };
                ranked(moment, row, &judge)
            };
            if day.is_judged {
                let limits: Vec<Vec<f64>> = budgets
                    .iter()
                    .map(|&budget| thresholds(analytics, &morning, Some(budget)))
                    .collect();
                for (at, row) in day.rows.iter().enumerate() {
                    let readings = of_row(number, When::Judged, (at, row));
                    let surprises = surprises(&readings, &names, &judge);
                    told(day.day, row, &surprises);
                    self.count(row, &surprises, &limits, &mut came);
                }
            }
            let Some(before) = number.checked_sub(1) else {
                continue;
            };
            let of_before: &ObservedDay = &self.days[before];
            let mut readings = Vec::with_capacity(of_before.rows.len());
            for (at, row) in of_before.rows.iter().enumerate() {
                let of_arms = of_row(before, When::Recorded, (at, row));
                readings.push((&row.entity, recorded(&of_arms), Vec::new()));
            }
            record_day(
                &mut log,
                stored,
                of_before.day,
                of_before.n_entities,
                readings,
            );
        }
        let came = came.into_iter();
        came.map(|(false_identities, found)| Came {
            false_identities,
            found: found.len() as u64,
        })
        .collect()
    }

    /// Adds what an identity's day comes to at each budget.
    fn count(
        &self,
        row: &Row,
        surprises: &[(usize, f64)],
        limits: &[Vec<f64>],
        came: &mut [(u64, BTreeSet<usize>)],
    ) {
        for (limits, (false_identities, found)) in limits.iter().zip(came) {
            let raised = surprises
                .iter()
                .filter(|(at, surprise)| *surprise >= limits[*at] && !row.approved.contains(at));
            let mut is_raised = false;
            for (at, _) in raised {
                is_raised = true;
                let id = &self.setup.analytics[*at].id;
                let is_named = |attack: &usize| {
                    let label = &self.truth.labels[*attack];
                    *label.analytic == **id || label.also.iter().any(|also| **also == **id)
                };
                found.extend(row.attacks.iter().copied().filter(is_named));
            }
            *false_identities += u64::from(is_raised && row.attacks.is_empty());
        }
    }
}

/// The statistic of an arm, by its number among all arms, and its rank.
#[derive(Debug, Clone, Copy)]
struct Reading {
    arm: usize,
    statistic: ArmStatistic,
    rank: f64,
}

/// When ranks are read: a day is judged by older distributions than those that it is recorded by.
#[derive(Debug, Clone, Copy)]
enum When {
    Judged,
    Recorded,
}

/// An identity's day, by numbers.
struct Moment {
    day: usize,
    row: usize,
    when: When,
}

/// The readings of every row of a day.
#[derive(Debug, Default)]
struct DayRanks {
    judged: Vec<Vec<Reading>>,
    recorded: Vec<Vec<Reading>>,
}

impl DayRanks {
    fn of(&mut self, when: When) -> &mut Vec<Vec<Reading>> {
        match when {
            When::Judged => &mut self.judged,
            When::Recorded => &mut self.recorded,
        }
    }

    fn at(&self, when: When) -> &[Vec<Reading>] {
        match when {
            When::Judged => &self.judged,
            When::Recorded => &self.recorded,
        }
    }
}

/// Returns the surprise of each analytic that finds anything in an identity's day, by its number.
fn surprises(readings: &[Reading], names: &[(usize, Str)], judge: &Judge) -> Vec<(usize, f64)> {
    let analytic_of = |reading: &Reading| names[reading.arm].0;
    let of_analytics = readings.chunk_by(|a, b| analytic_of(a) == analytic_of(b));
    of_analytics
        .filter_map(|of_analytic| {
            let best = of_analytic
                .iter()
                .filter(|reading| reading.statistic.is_news)
                .reduce(|best, next| if next.rank > best.rank { next } else { best })?;
            let surprise = judge.surprise(best.statistic.value, best.rank);
            Some((analytic_of(best), surprise))
        })
        .collect()
}

/// Returns every gate that can be left out, and every count minimum of an alternative that can be lowered to one.
fn variants(analytics: &[Analytic], ablate: &Ablate) -> Vec<Variant> {
    let mut variants = Vec::new();
    let mut number = 0;
    for (at, analytic) in analytics.iter().enumerate() {
        for arm in &analytic.arms {
            let gates = arm.gates.iter().enumerate();
            for (position, gate) in gates.filter(|_| ablate.covers(&analytic.id)) {
                let mut add = |gate: String, without: Option<Arm>| {
                    variants.push(Variant {
                        analytic: at,
                        arm: number,
                        arm_id: arm.id.clone(),
                        gate,
                        without,
                    });
                };
                let mut without = arm.clone();
                without.gates.remove(position);
                add(gate_text(gate), Some(without).filter(says_something));
                for (lowered, text) in lowered(gate) {
                    let mut without = arm.clone();
                    without.gates[position] = lowered;
                    add(text, Some(without));
                }
            }
            number += 1;
        }
    }
    variants
}

/// Returns whether an arm tells one day from another: a declared weight without any gate does not.
fn says_something(arm: &Arm) -> bool {
    let is_weight = |term: &Term| matches!(term, Term::Weight(_));
    !arm.gates.is_empty() || !arm.terms.iter().all(is_weight)
}

/// Returns a gate of alternatives with each count minimum lowered to one, and what was lowered.
fn lowered(gate: &Gate) -> Vec<(Gate, String)> {
    let Gate::AnyOf(alternatives) = gate else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for (position, alternative) in alternatives.iter().enumerate() {
        let lower = match alternative {
            Gate::AtLeast(metric, least) if *least > 1 => Gate::AtLeast(*metric, 1),
            Gate::Burst(burst) if burst.at_least > 1 => {
                let mut lower = *burst;
                lower.at_least = 1;
                Gate::Burst(lower)
            }
            _ => continue,
        };
        let mut others = alternatives.clone();
        others[position] = lower;
        let text = format!("any: the minimum of {}", gate_text(alternative));
        all.push((Gate::AnyOf(others), text));
    }
    all
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::analytic;
    use crate::config::Config;
    use crate::engine::{Mornings, NoProgress, dry_run};
    use crate::simulate::{self, AttackSet, Format};
    use crate::sources;

    /// With every gate, the days come to what the daily run says; without a gate that shuts most days out, to more.
    #[test]
    fn days_are_replayed_as_they_are_judged_and_a_gate_counts() {
        let folder = tempfile::tempdir().unwrap();
        let estate = simulate::Options {
            seed: 101,
            days: 15,
            identities: 40,
            attack_days_from: 12,
            formats: vec![Format::CloudTrail, Format::VpcFlow],
            attack_set: AttackSet::Core,
            ..simulate::Options::default()
        };
        simulate::simulate(&estate, folder.path(), &mut |_| {}).unwrap();
        let config = Config::load(Some(&folder.path().join("plimsoll.toml"))).unwrap();
        let truth = GroundTruth::read(folder.path()).unwrap();
        let mut analytics =
            analytic::load(&config.analytics, &config.mentioned_analytics()).unwrap();
        analytics.retain(|analytic| matches!(&*analytic.id, "AN1594" | "AN1328"));
        let setup = Setup::new(config, analytics, estate.start.plus(16).start());
        let files = sources::discover(&[folder.path().join(simulate::LOGS)]).unwrap();
        let split = estate.start.plus(12);
        let mut observer = Observer::new(&setup, &truth, &Ablate::One("AN1594".into()));
        let mut judged: BTreeMap<(Day, Entity), Vec<(usize, f64)>> = BTreeMap::new();
        dry_run(
            &setup,
            files,
            (split, &[5.0], Mornings::Scored),
            &NoProgress,
            &mut |shown| {
                observer.observe(&shown);
                let peer_group_of = |id: &str| setup.peer_group_of(id);
                for (entity, facts) in shown.facts.iter().filter(|_| shown.is_judged) {
                    let morning = shown.morning.unwrap();
                    let subject =
                        Subject::of(entity, facts, shown.day, morning, None, &peer_group_of);
                    let found = Judge::new(&setup.analytics, morning).detections(&subject);
                    let found: Vec<_> = found
                        .into_iter()
                        .map(|(at, it)| (at, it.surprise))
                        .collect();
                    if !found.is_empty() {
                        judged.insert((shown.day, entity.clone()), found);
                    }
                }
            },
        )
        .unwrap();
        let mut replayed = BTreeMap::new();
        let (base, ranks) = observer.replay_whole(&[5.0], &mut |day, row, surprises| {
            if !surprises.is_empty() {
                replayed.insert((day, row.entity.clone()), surprises.to_vec());
            }
        });
        assert!(judged.len() > 20, "{}", judged.len());
        assert_eq!(replayed, judged);
        // Left out, but as if it were there: what only the gate's own arm keeps must come to the same.
        for row in observer.days.iter_mut().flat_map(|day| &mut day.rows) {
            row.changed.retain(|&(number, _)| number != 0);
        }
        assert_eq!(observer.replay_without(0, &[5.0], &ranks), base);

        let ablation = observer.finish(&[5.0]);
        assert_eq!(ablation.base, base);
        assert!(
            ablation
                .gates
                .iter()
                .all(|gate| &*gate.analytic == "AN1594")
        );
        let texts: Vec<&str> = ablation.gates.iter().map(|gate| &*gate.gate).collect();
        let is_minimum = |text: &&str| text.starts_with("any: the minimum of at_least");
        assert!(
            texts.contains(&"context") && texts.iter().any(is_minimum),
            "{texts:?}"
        );
        assert!(
            ablation
                .gates
                .iter()
                .any(|gate| gate.came.as_ref() != Some(&base))
        );
    }

    #[test]
    fn a_weight_without_any_gate_says_nothing_and_minimums_are_lowered_to_one() {
        let text = r#"schema = 1
id = "AN1"
title = "t"
version = 1
status = "test"
description = "d"
rationale = "r"
providers = ["aws"]
entities = ["identity"]
[[arm]]
id = "A"
doc = "a"
cohort = "any"
sum = [{ weight = 3 }]
when = ["external"]
[[arm]]
id = "B"
doc = "b"
cohort = "any"
sum = [{ largest = ["read_calls"] }]
when = [{ any = [{ at_least = 9, of = "read_calls" }, "context"] }]
"#;
        let analytic = analytic::parse(text, "x.toml").unwrap();
        let found = variants(&[analytic], &Ablate::All);
        let found: Vec<_> = found
            .iter()
            .map(|v| (&*v.gate, v.without.as_ref().map(|arm| arm.gates.clone())))
            .collect();
        let lowered = Gate::AnyOf(vec![
            Gate::AtLeast(crate::vocab::Metric::ReadCalls, 1),
            Gate::Context,
        ]);
        assert_eq!(
            found,
            [
                ("external", None),
                ("any (at_least 9 of read_calls; context)", Some(Vec::new())),
                (
                    "any: the minimum of at_least 9 of read_calls",
                    Some(vec![lowered])
                ),
            ]
        );
    }
}
