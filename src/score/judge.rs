//! A subject's day against every analytic: arms, gates, ranks, and the verdict.

use std::collections::BTreeMap;

use crate::analytic::{ActKind, Analytic, Arm, Cohort, Gate, Term};
use crate::baseline::{Generation, arm_key};
use crate::measure::{EGRESS_FLOW, value_hash};
use crate::score::components::{
    NoveltyReading, RoleTailReading, VolumeReading, novelty, role_tail, share_novelty, volume,
};
use crate::score::sequence::{SequenceReading, follow};
use crate::score::subject::{Subject, is_new};
use crate::stats;
use crate::stats::constants::STATISTIC_MIN;
use crate::time::Window;
use crate::vocab::{Metric, Str, Trait};

/// One part of a statistic.
#[derive(Debug, Clone, PartialEq)]
pub enum Contribution {
    /// A metric was larger than expected.
    Volume(VolumeReading),
    /// A trait showed something new.
    Novelty(NoveltyReading),
    /// A newcomer was busier than its peers.
    RoleTail(RoleTailReading),
    /// Data was given to an account that is not ours.
    Share {
        /// The accounts, in order.
        accounts: Vec<Str>,
        /// The buckets, in order.
        buckets: Vec<Str>,
        /// Acts that day.
        acts: u64,
        /// Its part of the statistic.
        surprise: f64,
    },
    /// A declared weight.
    Weight(f64),
}

impl Contribution {
    /// Returns its part of the statistic, in natural logarithms.
    pub fn surprise(&self) -> f64 {
        match self {
            Self::Volume(reading) => reading.surprise,
            Self::Novelty(reading) => reading.surprise,
            Self::RoleTail(reading) => reading.surprise,
            Self::Share { surprise, .. } => *surprise,
            Self::Weight(weight) => *weight,
        }
    }
}

/// What one arm says of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmVerdict {
    /// Which arm.
    pub arm: Str,
    /// The sum of its contributions, damped if it is so declared.
    pub statistic: f64,
    /// What the sum was multiplied by.
    pub factor: f64,
    /// Its rank among arms.
    pub rank: f64,
    /// What it is made of, largest first.
    pub contributions: Vec<Contribution>,
    /// The steps, if the arm asks for them.
    pub sequence: Option<SequenceReading>,
}

/// What one analytic says of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Minus log10 of the share of entity-days at least as extreme.
    pub surprise: f64,
    /// The same on a scale from 0 to 100.
    pub score: f64,
    /// The arm that it rests on.
    pub arm: ArmVerdict,
}

/// Judges days by a set of analytics and one generation.
pub struct Judge<'a> {
    analytics: &'a [Analytic],
    generation: &'a Generation,
}

impl<'a> Judge<'a> {
    /// Makes a judge.
    pub fn new(analytics: &'a [Analytic], generation: &'a Generation) -> Self {
        Self {
            analytics,
            generation,
        }
    }

    /// Returns the analytics that it judges by.
    pub fn analytics(&self) -> &'a [Analytic] {
        self.analytics
    }

    /// Returns the generation that it judges by.
    pub fn generation(&self) -> &'a Generation {
        self.generation
    }

    /// Returns the verdict of each analytic, by its index, that has anything to say of a subject's day.
    pub fn verdicts(&self, subject: &Subject) -> Vec<(usize, Verdict)> {
        let mut parts = Parts::new(subject, self.generation);
        self.analytics
            .iter()
            .enumerate()
            .filter(|(_, analytic)| self.applies(analytic, subject))
            .filter_map(|(index, analytic)| Some((index, self.verdict(&mut parts, analytic)?)))
            .collect()
    }

    /// Returns the verdict of one analytic.
    pub fn verdict_of(&self, subject: &Subject, analytic: &Analytic) -> Option<Verdict> {
        self.verdict(&mut Parts::new(subject, self.generation), analytic)
    }

    /// Tells whether an analytic speaks of this kind of subject.
    pub fn applies(&self, analytic: &Analytic, subject: &Subject) -> bool {
        analytic.enabled
            && analytic.entities.contains(&subject.entity.kind)
            && subject
                .facts
                .profile
                .provider
                .is_none_or(|p| analytic.providers.contains(&p))
    }

    fn verdict(&self, parts: &mut Parts, analytic: &Analytic) -> Option<Verdict> {
        let arm = self
            .arms(parts, analytic)
            .into_iter()
            .filter(|arm| arm.statistic >= STATISTIC_MIN)
            .reduce(|best, next| if next.rank > best.rank { next } else { best })?;
        let calibration = &self.generation.calibration;
        let surprise = if calibration.is_provisional() {
            stats::rank::provisional_surprise(arm.statistic)
        } else {
            calibration.pooled.surprise(arm.rank)
        };
        Some(Verdict {
            surprise,
            score: stats::rank::score(surprise),
            arm,
        })
    }

    /// Returns every arm of an analytic that has a statistic above zero.
    fn arms(&self, parts: &mut Parts, analytic: &Analytic) -> Vec<ArmVerdict> {
        analytic
            .arms
            .iter()
            .filter_map(|arm| {
                let mut verdict = parts.arm(analytic, arm)?;
                verdict.rank = self.rank(&arm_key(&analytic.id, &arm.id), verdict.statistic);
                Some(verdict)
            })
            .collect()
    }

    fn rank(&self, key: &Str, statistic: f64) -> f64 {
        let of_arm = self.generation.calibration.arms.get(key);
        stats::rank::rank(
            of_arm.map_or(0.0, |d| d.log10_exceedance(statistic)),
            statistic,
        )
    }

    /// Returns what every arm that has a statistic says.
    pub fn readings(&self, subject: &Subject) -> Vec<ArmReading> {
        let mut parts = Parts::new(subject, self.generation);
        let mut readings = Vec::new();
        for analytic in self.analytics.iter().filter(|a| self.applies(a, subject)) {
            for arm in self.arms(&mut parts, analytic) {
                readings.push(ArmReading {
                    analytic: analytic.id.clone(),
                    arm: arm_key(&analytic.id, &arm.arm),
                    statistic: arm.statistic,
                    rank: arm.rank,
                });
            }
        }
        readings
    }
}

/// What one arm says of a day, in two numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmReading {
    /// Whose arm.
    pub analytic: Str,
    /// The arm, by its stored name.
    pub arm: Str,
    /// Its statistic, in natural logarithms.
    pub statistic: f64,
    /// Its rank among arms.
    pub rank: f64,
}

/// The parts of statistics of one subject's day, each computed once.
struct Parts<'s, 'a> {
    subject: &'s Subject<'a>,
    generation: &'s Generation,
    volumes: BTreeMap<(Metric, Option<Window>), Option<VolumeReading>>,
    novelties: BTreeMap<Trait, Option<NoveltyReading>>,
    is_new: bool,
}

impl<'s, 'a> Parts<'s, 'a> {
    fn new(subject: &'s Subject<'a>, generation: &'s Generation) -> Self {
        Self {
            subject,
            generation,
            volumes: BTreeMap::new(),
            novelties: BTreeMap::new(),
            is_new: is_new(subject.first_day, subject.day, generation),
        }
    }

    fn volume(&mut self, metric: Metric, window: Option<Window>) -> Option<VolumeReading> {
        let (subject, generation) = (self.subject, self.generation);
        self.volumes
            .entry((metric, window))
            .or_insert_with(|| match window {
                Some(window) => volume(subject, generation, metric, &[window]),
                None => volume(subject, generation, metric, &Window::STANDARD),
            })
            .clone()
    }

    fn novelty(&mut self, which: Trait) -> Option<NoveltyReading> {
        let (subject, generation) = (self.subject, self.generation);
        self.novelties
            .entry(which)
            .or_insert_with(|| novelty(subject, generation, which))
            .clone()
    }

    fn has_unusual_context(&mut self, analytic: &Analytic) -> bool {
        analytic
            .context
            .iter()
            .any(|&which| self.novelty(which).is_some_and(|n| n.surprise > 0.0))
    }

    /// Returns what an arm says; `None` if a gate is shut or nothing is surprising.
    fn arm(&mut self, analytic: &Analytic, arm: &Arm) -> Option<ArmVerdict> {
        let belongs = match arm.cohort {
            Cohort::New => self.is_new,
            Cohort::Established => !self.is_new,
            Cohort::Any => true,
        };
        if !belongs {
            return None;
        }
        let mut sequence = None;
        if !arm
            .gates
            .iter()
            .all(|gate| self.is_open(analytic, gate, &mut sequence))
        {
            return None;
        }
        let mut contributions = Vec::new();
        for term in &arm.terms {
            self.add_term(analytic, term, sequence.as_ref(), &mut contributions);
        }
        contributions.retain(|c| c.surprise() > 0.0);
        contributions.sort_by(|a, b| b.surprise().total_cmp(&a.surprise()));
        let factor = if arm.quiet_context_factor < 1.0 && !self.has_unusual_context(analytic) {
            arm.quiet_context_factor
        } else {
            1.0
        };
        let statistic = factor
            * contributions
                .iter()
                .map(Contribution::surprise)
                .sum::<f64>();
        (statistic > 0.0).then(|| ArmVerdict {
            arm: arm.id.clone(),
            statistic,
            factor,
            rank: 0.0,
            contributions,
            sequence,
        })
    }

    /// Tells whether a gate is open; one that waits for the sequence leaves it in `sequence`.
    fn is_open(
        &mut self,
        analytic: &Analytic,
        gate: &Gate,
        sequence: &mut Option<SequenceReading>,
    ) -> bool {
        match gate {
            Gate::Active(metrics) => metrics.iter().any(|&m| self.subject.facts.is_active(m)),
            Gate::AtLeast(metric, least) => self.over_the_day(*metric) >= *least,
            Gate::AnyOf(gates) => gates
                .iter()
                .any(|gate| self.is_open(analytic, gate, sequence)),
            Gate::Context => self.has_unusual_context(analytic),
            Gate::External => self.is_external(analytic),
            Gate::Act(ActKind::SensitiveShare) => !self.foreign_shares(analytic).is_empty(),
            Gate::Sequence => {
                *sequence = analytic.sequence.as_ref().and_then(|steps| {
                    let windows = analytic
                        .window
                        .map_or(Window::STANDARD.to_vec(), |w| vec![w]);
                    follow(self.subject, self.generation, steps, &windows)
                });
                sequence.is_some()
            }
        }
    }

    fn add_term(
        &mut self,
        analytic: &Analytic,
        term: &Term,
        sequence: Option<&SequenceReading>,
        contributions: &mut Vec<Contribution>,
    ) {
        match term {
            Term::Largest(metrics) => {
                let largest = metrics
                    .iter()
                    .filter_map(|&metric| match (metric, sequence) {
                        // After the steps, only what was sent after them counts.
                        (Metric::EgressBytes, Some(sequence)) => sequence.egress.clone(),
                        _ => self.volume(metric, analytic.window),
                    })
                    .reduce(|best, next| {
                        if next.surprise > best.surprise {
                            next
                        } else {
                            best
                        }
                    });
                contributions.extend(largest.map(Contribution::Volume));
            }
            Term::Traits(traits) => {
                contributions.extend(
                    traits
                        .iter()
                        .filter_map(|&which| self.novelty(which).map(Contribution::Novelty)),
                );
            }
            Term::Acts(ActKind::SensitiveShare) => {
                let shares = self.foreign_shares(analytic);
                let acts = shares.iter().map(|&(_, _, n)| n).sum::<u64>();
                let first = shares
                    .iter()
                    .map(|(account, _, _)| share_novelty(self.subject, self.generation, account))
                    .fold(0.0, f64::max);
                let mut accounts: Vec<Str> = shares
                    .iter()
                    .map(|(account, _, _)| account.clone())
                    .collect();
                let mut buckets: Vec<Str> =
                    shares.iter().map(|(_, bucket, _)| bucket.clone()).collect();
                accounts.sort_unstable();
                accounts.dedup();
                buckets.sort_unstable();
                buckets.dedup();
                contributions.push(Contribution::Share {
                    accounts,
                    buckets,
                    acts,
                    surprise: first + (acts as f64).ln_1p(),
                });
            }
            Term::Weight(weight) => contributions.push(Contribution::Weight(*weight)),
            Term::RoleTail(metric) => {
                contributions.extend(
                    role_tail(self.subject, self.generation, *metric).map(Contribution::RoleTail),
                );
            }
        }
    }

    fn over_the_day(&self, metric: Metric) -> u64 {
        let known = self.subject.known_buckets();
        self.subject
            .facts
            .readings(metric, Window::DAY, known)
            .first()
            .map_or(0, |&(_, x)| x)
    }

    /// Tells whether a sensitive bucket met somebody external: as the caller, or as the destination.
    fn is_external(&self, analytic: &Analytic) -> bool {
        self.subject.facts.is_active(Metric::SensitiveExternalCalls)
            || self.sends_flows()
            || !self.foreign_shares(analytic).is_empty()
    }

    /// Tells whether a network flow of the subject's went outside.
    fn sends_flows(&self) -> bool {
        let actions = self.subject.facts.trait_values(Trait::Action);
        actions.is_some_and(|actions| {
            actions
                .get(value_hash(EGRESS_FLOW), &EGRESS_FLOW.into())
                .is_some()
        })
    }

    /// Returns the shares of sensitive buckets to accounts that are not ours: account, bucket, acts.
    fn foreign_shares(&self, analytic: &Analytic) -> Vec<(Str, Str, u64)> {
        self.subject
            .facts
            .shares
            .iter()
            .filter(|(share, _)| share.sensitive && !self.generation.is_ours(&share.account))
            .filter(|(share, _)| {
                !analytic
                    .approved_destinations
                    .iter()
                    .any(|d| d.matches(&share.account))
            })
            .map(|(share, n)| (share.account.clone(), share.bucket.clone(), n))
            .collect()
    }
}
