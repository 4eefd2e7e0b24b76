//! A subject's day against every analytic: arms, gates, ranks, and the verdict.

use std::collections::{BTreeMap, BTreeSet};

use crate::analytic::{ActKind, Analytic, Arm, Burst, Cohort, Gate, Term};
use crate::baseline::{Generation, arm_key};
use crate::glob::Glob;
use crate::measure::{BurstKey, BurstReading, EVERYBODY, Grant};
use crate::score::components::{
    NoveltyReading, RoleTailReading, VolumeReading, grant_novelty, novelty, role_tail, volume,
    volume_of,
};
use crate::score::explanation::{
    ArmExplanation, GateDetail, GateReading, NoopObserver, Observer, Recorder,
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
    Grant {
        /// The accounts, in order.
        accounts: Vec<Str>,
        /// The buckets, in order.
        buckets: Vec<Str>,
        /// What these are known by as destinations, in order.
        destinations: Vec<Str>,
        /// Acts that day.
        acts: u64,
        /// Its part of the statistic.
        surprise: f64,
    },
    /// So many things happened at once.
    Burst {
        /// What was asked for.
        asked: Burst,
        /// What there was.
        reading: BurstReading,
        /// The declared weight: its part of the statistic.
        weight: f64,
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
            Self::Grant { surprise, .. } => *surprise,
            Self::Burst { weight, .. } | Self::Weight(weight) => *weight,
        }
    }
}

/// The most values of a trait that an account of a gate names.
const SHOWN_MAX: usize = 8;

/// What one arm says of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmResult {
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
pub struct Detection {
    /// Minus log10 of the share of entity-days at least as extreme.
    pub surprise: f64,
    /// The same on a scale from 0 to 100.
    pub score: f64,
    /// The arm that it rests on.
    pub arm: ArmResult,
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
    pub fn detections(&self, subject: &Subject) -> Vec<(usize, Detection)> {
        let mut parts = Parts::new(subject, self.generation);
        self.analytics
            .iter()
            .enumerate()
            .filter(|(_, analytic)| self.applies(analytic, subject))
            .filter_map(|(index, analytic)| Some((index, self.detection(&mut parts, analytic)?)))
            .collect()
    }

    /// Returns the verdict of one analytic.
    pub fn detection_of(&self, subject: &Subject, analytic: &Analytic) -> Option<Detection> {
        self.detection(&mut Parts::new(subject, self.generation), analytic)
    }

    /// Returns whether an analytic speaks of this kind of subject.
    pub fn applies(&self, analytic: &Analytic, subject: &Subject) -> bool {
        analytic.enabled
            && analytic.entities.contains(&subject.entity.kind)
            && subject.facts.profile.is_of(&analytic.providers)
    }

    fn detection(&self, parts: &mut Parts, analytic: &Analytic) -> Option<Detection> {
        let arm = self
            .arms(parts, analytic)
            .into_iter()
            .filter(|arm| arm.statistic >= STATISTIC_MIN)
            .reduce(|best, next| if next.rank > best.rank { next } else { best })?;
        let surprise = self.surprise(arm.statistic, arm.rank);
        Some(Detection {
            surprise,
            score: stats::rank::score(surprise),
            arm,
        })
    }

    /// Returns every arm of an analytic that has a statistic above zero.
    fn arms(&self, parts: &mut Parts, analytic: &Analytic) -> Vec<ArmResult> {
        analytic
            .arms
            .iter()
            .filter_map(|arm| {
                let mut detection = parts.arm(analytic, arm)?;
                detection.rank = self.rank(&arm_key(&analytic.id, &arm.id), detection.statistic);
                Some(detection)
            })
            .collect()
    }

    /// Returns a full account of every arm of an analytic, heard or not; `threshold` is the surprise to be reached.
    pub fn explain(
        &self,
        subject: &Subject,
        analytic: &Analytic,
        threshold: f64,
    ) -> Vec<ArmExplanation> {
        let mut parts = Parts::new(subject, self.generation);
        let explain = |arm: &Arm| {
            let mut noting = Recorder::default();
            let detection = parts.examine(analytic, arm, &mut noting)?;
            let key = arm_key(&analytic.id, &arm.id);
            let (gates, _) = noting.recorded();
            let surprise_of = |statistic: f64| {
                let rank = self.rank(&key, statistic);
                (rank, self.surprise(statistic, rank))
            };
            let belongs = parts.belongs(arm.cohort);
            Some(ArmExplanation::of(
                arm,
                belongs,
                gates,
                &detection,
                threshold,
                surprise_of,
            ))
        };
        analytic.arms.iter().filter_map(explain).collect()
    }

    /// Returns the surprise of an arm's statistic that has a rank.
    fn surprise(&self, statistic: f64, rank: f64) -> f64 {
        let calibration = &self.generation.calibration;
        if calibration.is_provisional() {
            stats::rank::provisional_surprise(statistic)
        } else {
            calibration.pooled.surprise(rank)
        }
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

impl ActKind {
    /// Returns whether giving something to an account that is not ours is an act of this kind.
    pub(super) fn is(self, grant: &Grant) -> bool {
        let is_public = &*grant.account == EVERYBODY;
        match self {
            Self::SensitiveShare => grant.sensitive,
            Self::ForeignGrant => grant.is_grant && !grant.sensitive && !is_public,
            Self::PublicGrant => grant.is_grant && !grant.sensitive && is_public,
        }
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

/// A metric, the one window in which it is judged, and the burst that counts the same in a window that slides.
type VolumeKey = (Metric, Option<Window>, Option<BurstKey>);

/// The parts of statistics of one subject's day, each computed once.
struct Parts<'s, 'a> {
    subject: &'s Subject<'a>,
    generation: &'s Generation,
    volumes: BTreeMap<VolumeKey, Option<VolumeReading>>,
    novelties: BTreeMap<Trait, Option<NoveltyReading>>,
    bursts: BTreeMap<(BurstKey, bool), Option<BurstReading>>,
    is_new: bool,
}

impl<'s, 'a> Parts<'s, 'a> {
    fn new(subject: &'s Subject<'a>, generation: &'s Generation) -> Self {
        Self {
            subject,
            generation,
            volumes: BTreeMap::new(),
            novelties: BTreeMap::new(),
            bursts: BTreeMap::new(),
            is_new: is_new(subject.first_day, subject.day, generation),
        }
    }

    /// Returns the largest surprise of a metric in the windows of an analytic.
    ///
    /// What it counts in a window that slides is judged as what it is there, lest a border of the clock halves it.
    fn volume(&mut self, metric: Metric, analytic: &Analytic) -> Option<VolumeReading> {
        let (subject, generation) = (self.subject, self.generation);
        let sliding = analytic
            .sliding(metric)
            .map(|(kind, window)| BurstKey { kind, window });
        let key = (metric, analytic.window, sliding);
        if let Some(known) = self.volumes.get(&key) {
            return known.clone();
        }
        let windows = analytic.window.as_slice();
        let windows = if windows.is_empty() {
            &Window::STANDARD
        } else {
            windows
        };
        let mut reading = volume(subject, generation, metric, windows);
        if let Some(key) = sliding
            && let Some(burst) = self.burst(key, false)
            && reading.as_ref().is_none_or(|r| burst.observed > r.observed)
        {
            let slid = (burst.start.second_of_day(), burst.observed);
            reading = Some(volume_of(subject, generation, metric, key.window, slid));
        }
        self.volumes.insert(key, reading.clone());
        reading
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

    fn belongs(&self, cohort: Cohort) -> bool {
        match cohort {
            Cohort::New => self.is_new,
            Cohort::Established => !self.is_new,
            Cohort::Any => true,
        }
    }

    /// Returns what an arm says; `None` if a gate is shut or nothing is surprising.
    fn arm(&mut self, analytic: &Analytic, arm: &Arm) -> Option<ArmResult> {
        self.examine(analytic, arm, &mut NoopObserver)
            .filter(|detection| detection.statistic > 0.0)
    }

    /// Returns what an arm says; `None` if it is not for this subject or a gate is shut, unless the observer wants to see it
    /// all the same.
    fn examine<W: Observer>(
        &mut self,
        analytic: &Analytic,
        arm: &Arm,
        observer: &mut W,
    ) -> Option<ArmResult> {
        if !self.belongs(arm.cohort) && !W::WANTS_ALL {
            return None;
        }
        let mut sequence = None;
        for gate in &arm.gates {
            if !self.is_open(analytic, gate, &mut sequence, observer) && !W::WANTS_ALL {
                return None;
            }
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
        let statistic =
            stats::arm::statistic(factor, contributions.iter().map(Contribution::surprise));
        Some(ArmResult {
            arm: arm.id.clone(),
            statistic,
            factor,
            rank: 0.0,
            contributions,
            sequence,
        })
    }

    /// Returns whether a gate is open; one that waits for the sequence leaves it in `sequence`.
    fn is_open<W: Observer>(
        &mut self,
        analytic: &Analytic,
        gate: &Gate,
        sequence: &mut Option<SequenceReading>,
        observer: &mut W,
    ) -> bool {
        match gate {
            Gate::Active(metrics) => {
                let is_active = |&m: &Metric| self.subject.facts.is_active(m);
                let is_open = metrics.iter().any(is_active);
                let names = |metrics: &mut dyn Iterator<Item = &Metric>| {
                    metrics.map(|m| m.as_str()).collect()
                };
                observer.gate(|| GateReading {
                    is_open,
                    what: GateDetail::Active {
                        metrics: names(&mut metrics.iter()),
                        active: names(&mut metrics.iter().filter(|m| is_active(m))),
                    },
                });
                is_open
            }
            Gate::AtLeast(metric, least) => {
                let measured = self.over_the_day(*metric);
                let is_open = measured >= *least;
                observer.gate(|| GateReading {
                    is_open,
                    what: GateDetail::AtLeast {
                        metric: metric.as_str(),
                        measured,
                        required: *least,
                    },
                });
                is_open
            }
            Gate::AnyOf(gates) => {
                let mut within = W::default();
                let mut is_open = false;
                for gate in gates {
                    if !is_open || W::WANTS_ALL {
                        is_open |= self.is_open(analytic, gate, sequence, &mut within);
                    }
                }
                observer.gate(|| GateReading {
                    is_open,
                    what: GateDetail::AnyOf {
                        of: within.recorded().0,
                    },
                });
                is_open
            }
            Gate::Context => {
                let is_open = self.has_unusual_context(analytic);
                observer.gate(|| {
                    let traits = analytic.context.iter();
                    let unusual = traits
                        .clone()
                        .filter(|&&which| self.novelty(which).is_some_and(|n| n.surprise > 0.0));
                    let unusual = unusual.map(|t| t.as_str()).collect();
                    GateReading {
                        is_open,
                        what: GateDetail::Context {
                            traits: traits.map(|t| t.as_str()).collect(),
                            unusual,
                        },
                    }
                });
                is_open
            }
            Gate::External => {
                let is_open = self.is_external(analytic);
                observer.gate(|| GateReading {
                    is_open,
                    what: GateDetail::External,
                });
                is_open
            }
            Gate::Act(act) => {
                let grants = self.foreign_grants(analytic, *act);
                let is_open = !grants.is_empty();
                observer.gate(|| GateReading {
                    is_open,
                    what: GateDetail::Act {
                        act: act.as_str(),
                        acts: grants.iter().map(|&(_, n)| n).sum(),
                    },
                });
                is_open
            }
            Gate::Burst(burst) => {
                let observed = self
                    .burst(key_of(burst), burst.fixed)
                    .map_or(0, |reading| reading.observed);
                let is_open = observed >= burst.at_least;
                observer.gate(|| GateReading {
                    is_open,
                    what: GateDetail::Burst {
                        burst: burst.kind.as_str(),
                        over: burst.over.to_string(),
                        observed,
                        required: burst.at_least,
                    },
                });
                is_open
            }
            Gate::Surprising(metric, more_than) => {
                let surprise = self
                    .volume(*metric, analytic)
                    .map_or(0.0, |reading| reading.surprise);
                let is_open = surprise > *more_than;
                observer.gate(|| GateReading {
                    is_open,
                    what: GateDetail::Surprising {
                        metric: metric.as_str(),
                        surprise,
                        required: *more_than,
                    },
                });
                is_open
            }
            Gate::Shows { which, like, new } => {
                let values = self.values_like(*which, like, *new);
                let is_open = !values.is_empty();
                observer.gate(|| GateReading {
                    is_open,
                    what: GateDetail::Shows {
                        r#trait: which.as_str(),
                        new: *new,
                        like: like.iter().map(ToString::to_string).collect(),
                        values: values
                            .iter()
                            .take(SHOWN_MAX)
                            .map(ToString::to_string)
                            .collect(),
                    },
                });
                is_open
            }
            Gate::Beyond(which, known) => {
                let values = self.values_like(*which, &[], false);
                let is_known = |value: &&Str| known.iter().any(|glob| glob.matches(value));
                let beyond: Vec<&Str> = values.iter().filter(|value| !is_known(value)).collect();
                let facts = self.subject.facts;
                let is_crowded = facts.trait_values(*which).is_some_and(|v| v.saturated());
                let is_open = values.is_empty()
                    || !beyond.is_empty()
                    || is_crowded
                    || facts.lacks(*which, || analytic.metrics());
                observer.gate(|| GateReading {
                    is_open,
                    what: GateDetail::Beyond {
                        r#trait: which.as_str(),
                        of: known.iter().map(ToString::to_string).collect(),
                        values: beyond
                            .iter()
                            .take(SHOWN_MAX)
                            .map(ToString::to_string)
                            .collect(),
                    },
                });
                is_open
            }
            Gate::Caller(kinds) => {
                let profile = self.subject.facts.profile.kind();
                let kind = self.subject.baseline.map_or(profile, |b| b.kind);
                let is_open = kinds.is_empty() || kinds.contains(&kind);
                observer.gate(|| GateReading {
                    is_open,
                    what: GateDetail::Caller {
                        caller: kind.as_str(),
                        of: kinds.iter().map(|kind| kind.as_str()).collect(),
                    },
                });
                is_open
            }
            Gate::Unlogged(action) => {
                let provider = self.subject.facts.profile.provider;
                let is_open = provider.is_some_and(|p| !self.generation.sees(p, *action));
                observer.gate(|| GateReading {
                    is_open,
                    what: GateDetail::Unlogged {
                        action: action.as_str(),
                    },
                });
                is_open
            }
            Gate::Sequence(n_steps) => {
                let mut within = W::default();
                *sequence = analytic.sequence.as_ref().and_then(|all| {
                    let steps = &all.steps[..n_steps.unwrap_or(usize::MAX).min(all.steps.len())];
                    let windows = analytic
                        .window
                        .map_or(Window::STANDARD.to_vec(), |w| vec![w]);
                    follow(self.subject, self.generation, steps, &windows, &mut within)
                });
                let is_open = sequence.is_some();
                observer.gate(|| GateReading {
                    is_open,
                    what: GateDetail::Sequence {
                        steps: within.recorded().1,
                    },
                });
                is_open
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
                        _ => self.volume(metric, analytic),
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
            Term::Acts(act) => {
                let grants = self.foreign_grants(analytic, *act);
                let acts = grants.iter().map(|&(_, n)| n).sum::<u64>();
                let accounts = each_once(grants.iter().map(|(grant, _)| grant.account.clone()));
                let buckets = each_once(grants.iter().map(|(grant, _)| grant.bucket.clone()));
                let destinations = each_once(grants.iter().map(|(grant, _)| grant.destination()));
                let first = destinations
                    .iter()
                    .filter_map(|to| grant_novelty(self.subject, self.generation, to))
                    .map(|novelty| novelty.surprise)
                    .fold(0.0, f64::max);
                contributions.push(Contribution::Grant {
                    accounts,
                    buckets,
                    destinations,
                    acts,
                    surprise: stats::arm::acts(first, acts),
                });
            }
            Term::Burst(burst, weight) => {
                let largest = self.burst(key_of(burst), burst.fixed);
                let largest = largest.filter(|b| b.observed >= burst.at_least);
                contributions.extend(largest.map(|reading| Contribution::Burst {
                    asked: *burst,
                    reading,
                    weight: *weight,
                }));
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

    /// Returns whether a sensitive bucket met somebody external: as the caller, or as the destination.
    fn is_external(&self, analytic: &Analytic) -> bool {
        self.subject.facts.is_active(Metric::SensitiveExternalCalls)
            || self.subject.facts.sends_flows
            || !self
                .foreign_grants(analytic, ActKind::SensitiveShare)
                .is_empty()
    }

    fn burst(&mut self, key: BurstKey, fixed: bool) -> Option<BurstReading> {
        let facts = self.subject.facts;
        let largest = || facts.largest_burst(key, fixed);
        *self.bursts.entry((key, fixed)).or_insert_with(largest)
    }

    /// Returns the values of a trait that a pattern matches; if `new`, those that the entity is not known for.
    fn values_like(&self, which: Trait, like: &[Glob], new: bool) -> Vec<Str> {
        let known = self.subject.baseline.and_then(|b| b.known(which));
        let facts = self.subject.facts;
        let mut values = facts.watched(which);
        values.extend(
            facts
                .trait_values(which)
                .into_iter()
                .flat_map(|v| v.hashed()),
        );
        values
            .into_iter()
            .filter(|&(hash, _)| !new || known.is_none_or(|known| !known.contains(hash)))
            .filter(|(_, value)| like.is_empty() || like.iter().any(|glob| glob.matches(value)))
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// Returns what was given, in acts of this kind, to accounts that are not ours, and in how many acts.
    fn foreign_grants(&self, analytic: &Analytic, act: ActKind) -> Vec<(&'s Grant, u64)> {
        let approved = &analytic.approved_destinations;
        self.subject
            .facts
            .grants
            .iter()
            .filter(|(grant, _)| act.is(grant) && !self.generation.is_ours(&grant.account))
            .filter(|(grant, _)| !approved.iter().any(|d| d.matches(&grant.account)))
            .collect()
    }
}

fn key_of(burst: &Burst) -> BurstKey {
    BurstKey {
        kind: burst.kind,
        window: burst.over,
    }
}

/// Returns texts in order, each once.
fn each_once(texts: impl Iterator<Item = Str>) -> Vec<Str> {
    texts.collect::<BTreeSet<_>>().into_iter().collect()
}
