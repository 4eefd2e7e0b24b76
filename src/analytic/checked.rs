//! A detection as checked: what it counts, when it alerts, and what it says.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::analytic::element::Elements;
use crate::analytic::story::Story;
use crate::analytic::telemetry::{Telemetry, Unobservable};
use crate::event::{Action, IdentityKind, Provider};
use crate::glob::Glob;
use crate::pattern::{DestinationPattern, NamePattern};
use crate::stats::Severity;
use crate::time::Window;
use crate::vocab::{BurstKind, EntityKind, Metric, Str, Trait, words};

/// The version of the definition format that this program reads.
pub const SCHEMA: u64 = 1;

/// The metrics with role histograms, against which new identities are judged.
pub const ROLE_TAIL_METRICS: [Metric; 2] = [Metric::ReadCalls, Metric::BytesRead];

/// The traits whose new values count as unusual context, unless an analytic lists others.
pub const CONTEXT_TRAITS: [Trait; 3] = [Trait::Region, Trait::Network, Trait::UserAgent];

/// A detection that can be scored.
#[derive(Debug, Clone, PartialEq)]
pub struct Analytic {
    /// Its id, as in `AN1594`.
    pub id: Str,
    /// What it detects, in a few words.
    pub title: String,
    /// The version of the definition.
    pub version: u32,
    /// ATT&CK techniques, as in `T1619`.
    pub techniques: Vec<String>,
    /// The providers whose events it reads.
    pub providers: Vec<Provider>,
    /// The kinds of entity that it judges.
    pub entities: Vec<EntityKind>,
    /// Its documentation.
    pub docs: Docs,
    /// Its mutable elements, with their values.
    pub elements: Elements,
    /// Its arms; the highest rank counts.
    pub arms: Vec<Arm>,
    /// The traits whose new values count as unusual context (element `ContextTraits`, else [`CONTEXT_TRAITS`]).
    pub context: Vec<Trait>,
    /// The ordered steps, for arms behind [`Gate::Sequence`].
    pub sequence: Option<Sequence>,
    /// The only window in which metrics are judged; `None` for the three standard windows together.
    pub window: Option<Window>,
    /// Sensitive buckets in addition to those of the configuration (element `SensitiveBuckets`).
    pub sensitive_buckets: Vec<NamePattern>,
    /// Destinations that do not count as external (element `ApprovedDestinations`).
    pub approved_destinations: Vec<DestinationPattern>,
    /// The score from which it alerts, 0 to 100; `None` for the tuned threshold.
    pub threshold: Option<f64>,
    /// Whether it is scored.
    pub enabled: bool,
    /// The file that defines it.
    pub file: Str,
    /// Whether it is built in.
    pub is_builtin: bool,
    /// Examples of what must alert and what must not.
    pub stories: Vec<Story>,
}

/// The documentation of an analytic.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Docs {
    /// How mature it is.
    pub status: Status,
    /// What it measures.
    pub description: String,
    /// Why it matters.
    pub rationale: String,
    /// Tags in Sigma's form, such as `attack.t1619`.
    pub tags: Vec<String>,
    /// Further reading.
    pub references: Vec<String>,
    /// Benign activity that looks the same.
    pub falsepositives: Vec<String>,
    /// Steps of an investigation, in order.
    pub investigate: Vec<String>,
    /// The response to a true alert.
    pub respond: Vec<String>,
    /// What to change after a false alert.
    pub tune: Vec<String>,
    /// The records that it requires.
    pub telemetry: Vec<Telemetry>,
    /// What it cannot see, whatever logs are read.
    pub unobservable: Vec<Unobservable>,
}

words! {
    /// The maturity of a definition, in Sigma's words.
    #[derive(Default)]
    Status {
        /// It works in production.
        Stable = "stable",
        /// It works in tests.
        Test = "test",
        /// It may be wrong.
        #[default]
        Experimental = "experimental",
        /// Another definition replaces it.
        Deprecated = "deprecated",
    }
}

words! {
    /// Which entities an arm judges, by their age.
    Cohort {
        /// Those in their first two UTC days.
        New = "new",
        /// All others.
        Established = "established",
        /// All.
        Any = "any",
    }
}

/// A part of an analytic that yields one statistic: the sum of its terms, if all of its gates pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// Its name within the analytic.
    pub id: Str,
    /// What it looks for, in a sentence.
    pub doc: String,
    /// The title of alerts that rest on it, where the title of the analytic says too much.
    pub title: Option<String>,
    /// The entities that it judges.
    pub cohort: Cohort,
    /// The terms of the sum.
    pub terms: Vec<Term>,
    /// The gates; all must pass.
    pub gates: Vec<Gate>,
    /// The factor on the sum on a day without unusual context; above 0, at most 1.
    pub quiet_context_factor: f64,
    /// A further factor on such a day, where nothing of what is counted is unfamiliar; above 0, at most 1.
    pub familiar_factor: f64,
    /// The greatest severity of an alert that rests on this arm alone; `None` for no limit.
    pub severity_max: Option<Severity>,
}

/// A term of an arm's sum, in natural-log surprise.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// The largest surprise over these metrics, which belong to one family.
    Largest(Vec<Metric>),
    /// The sum of the day's largest surprise of each of these traits.
    Traits(Vec<Trait>),
    /// Surprise of the entity's first such act + ln(1 + acts today), over acts that pass the gate.
    Acts(ActKind),
    /// A declared weight.
    Weight(f64),
    /// −ln of the fraction of the role's active hours that are at least this large.
    RoleTail(Metric),
    /// A declared weight, if a burst is large enough.
    Burst(Burst, f64),
}

/// A burst that a gate or term requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burst {
    /// What is counted.
    pub kind: BurstKind,
    /// The length of the window.
    pub over: Window,
    /// The least number.
    pub at_least: u64,
    /// Whether only windows aligned to the clock count, as in other tools.
    pub fixed: bool,
}

words! {
    /// An act that matters by itself, whatever its volume.
    ActKind {
        /// A copy, replication or share of a sensitive bucket to an account that is not ours.
        SensitiveShare = "sensitive_share",
        /// A policy, an ACL or a role that lets in an account that is not ours, on a bucket that is not sensitive.
        ForeignGrant = "foreign_grant",
        /// The same, but it lets in everybody.
        PublicGrant = "public_grant",
    }
}

/// A condition for an arm to count.
#[derive(Debug, Clone, PartialEq)]
pub enum Gate {
    /// Some of these metrics are active today.
    Active(Vec<Metric>),
    /// The day has at least so many of this metric.
    AtLeast(Metric, u64),
    /// At least one of these gates passes.
    AnyOf(Vec<Gate>),
    /// Some trait of the analytic's context has a new value today.
    Context,
    /// The caller or the destination is external.
    External,
    /// An act of this kind happened today.
    Act(ActKind),
    /// The steps of the sequence happened in order: the first so many, or all.
    Sequence(Option<usize>),
    /// A burst of this size happened.
    Burst(Burst),
    /// A metric is more surprising than this, in natural logarithms.
    Surprising(Metric, f64),
    /// A new value of a trait is more surprising than this, in natural logarithms.
    Unusual(Trait, f64),
    /// A trait has a value today that one of these patterns matches; if `new`, a value that is new to the entity.
    Shows {
        /// Which trait.
        which: Trait,
        /// The patterns; without any, every value matches.
        like: Vec<Glob>,
        /// Whether it must be new to the entity.
        new: bool,
        /// The most other identities that may be known for it; any number if `None`.
        known_to: Option<u64>,
    },
    /// A trait has a value today that none of these patterns matches, or a counted call has no value at all.
    Beyond(Trait, Vec<Glob>),
    /// The identity is of one of these kinds; of any kind, if none is named.
    Caller(Vec<IdentityKind>),
    /// No action of this class is ever logged for the entity's provider.
    Unlogged(Action),
}

/// Steps that must happen in this order, in event time.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequence {
    /// The steps; never empty.
    pub steps: Vec<Step>,
}

/// A step of a sequence.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The identity was created, or first seen, at most this long ago.
    NewIdentity {
        /// How long the identity counts as new, in seconds.
        within_secs: i64,
    },
    /// A metric reached this surprise.
    Spike {
        /// The metric.
        metric: Metric,
        /// The surprise that it must exceed, in natural logarithms.
        surprise: f64,
    },
    /// Data left to an external address or account, within a time after the previous step.
    Egress {
        /// The time after the previous step, in seconds.
        within_secs: i64,
    },
}

impl Analytic {
    /// Returns the metrics that its arms and steps use, each once, in the order of the vocabulary.
    pub fn metrics(&self) -> Vec<Metric> {
        let mut metrics = Vec::new();
        for arm in &self.arms {
            for term in &arm.terms {
                match term {
                    Term::Largest(several) => metrics.extend(several),
                    Term::RoleTail(metric) => metrics.push(*metric),
                    Term::Traits(_) | Term::Acts(_) | Term::Weight(_) | Term::Burst(..) => {}
                }
            }
            arm.gates.iter().for_each(|gate| gate.metrics(&mut metrics));
        }
        metrics.extend(self.steps().iter().filter_map(|step| match step {
            Step::Spike { metric, .. } => Some(*metric),
            Step::NewIdentity { .. } | Step::Egress { .. } => None,
        }));
        metrics.sort_unstable();
        metrics.dedup();
        metrics
    }

    /// Returns whether it tells of acts that matter by themselves, however little is known of the estate.
    pub fn tells_declared_acts(&self) -> bool {
        let mut terms = self.arms.iter().flat_map(|arm| &arm.terms);
        terms.any(|term| match term {
            Term::Acts(_) => true,
            Term::Largest(metrics) => metrics.iter().any(|metric| metric.is_declared_act()),
            Term::Traits(_) | Term::Weight(_) | Term::RoleTail(_) | Term::Burst(..) => false,
        })
    }

    /// Returns the traits that its arms use, each once, in the order of the vocabulary.
    pub fn traits(&self) -> Vec<Trait> {
        let terms = self.arms.iter().flat_map(|arm| &arm.terms);
        let mut traits: Vec<Trait> = terms
            .flat_map(|term| match term {
                Term::Traits(traits) => traits.as_slice(),
                _ => &[],
            })
            .copied()
            .collect();
        traits.sort_unstable();
        traits.dedup();
        traits
    }

    /// Returns whether each of its arms requires a value of one of these traits that is new to the entity.
    pub fn needs_new(&self, traits: &[Trait]) -> bool {
        let needs = |arm: &Arm| {
            let mut gates = arm.gates.iter();
            gates.any(|gate| gate.needs_new(traits, &self.context))
        };
        self.arms.iter().all(needs)
    }

    /// Returns the bursts that its arms use.
    pub fn bursts(&self) -> Vec<(BurstKind, Window)> {
        let mut bursts: Vec<_> = self.asked_bursts().map(|b| (b.kind, b.over)).collect();
        bursts.sort_unstable();
        bursts.dedup();
        bursts
    }

    /// Returns the burst with a sliding window that counts the same as a metric, in the one window in which this analytic
    /// judges metrics, if there is one.
    pub fn sliding(&self, metric: Metric) -> Option<(BurstKind, Window)> {
        let over = self.window?;
        self.asked_bursts()
            .find(|burst| !burst.fixed && burst.over == over && burst.kind.metric() == Some(metric))
            .map(|burst| (burst.kind, over))
    }

    /// Returns the trait values that its gates match.
    pub fn watched(&self) -> Vec<(Trait, Glob)> {
        let mut watched = Vec::new();
        self.each_gate(&mut |gate| {
            if let Gate::Shows { which, like, .. } = gate {
                watched.extend(like.iter().map(|glob| (*which, glob.clone())));
            }
        });
        watched
    }

    /// Returns the traits whose absence its gates check, with the metrics that it uses.
    pub fn beyond(&self) -> Vec<(Trait, Metric)> {
        let mut beyond = Vec::new();
        self.each_gate(&mut |gate| {
            if let Gate::Beyond(which, _) = gate {
                beyond.extend(self.metrics().into_iter().map(|metric| (*which, metric)));
            }
        });
        beyond
    }

    fn each_gate<'a>(&'a self, see: &mut impl FnMut(&'a Gate)) {
        let mut open: Vec<&Gate> = self.arms.iter().flat_map(|arm| &arm.gates).collect();
        while let Some(gate) = open.pop() {
            see(gate);
            if let Gate::AnyOf(gates) = gate {
                open.extend(gates);
            }
        }
    }

    fn asked_bursts(&self) -> impl Iterator<Item = &Burst> {
        self.arms.iter().flat_map(|arm| {
            let terms = arm.terms.iter().filter_map(|term| match term {
                Term::Burst(burst, _) => Some(burst),
                _ => None,
            });
            terms.chain(arm.gates.iter().flat_map(Gate::bursts))
        })
    }

    /// Returns the steps of the sequence; none if there is no sequence.
    pub fn steps(&self) -> &[Step] {
        self.sequence
            .as_ref()
            .map_or(&[], |sequence| &sequence.steps)
    }
}

/// What an arm counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counts {
    /// Denied calls.
    pub denials: bool,
    /// Anything else.
    pub others: bool,
}

impl Arm {
    /// Returns whether an alert that rests on it always has another reason than amounts and new values: an act, a burst, a
    /// declared weight, or steps in their order. Only then do ordinary amounts count on a day without unusual context.
    pub fn has_own_reason(&self) -> bool {
        let is_reason = |term: &Term| match term {
            Term::Acts(_) => true,
            Term::Weight(weight) => *weight > 0.0,
            Term::Largest(_) | Term::Traits(_) | Term::RoleTail(_) | Term::Burst(..) => false,
        };
        let demands = |gate: &Gate| matches!(gate, Gate::Burst(_) | Gate::Sequence(_));
        self.terms.iter().any(is_reason) || self.gates.iter().any(demands)
    }

    /// Returns whether it counts denied calls, and whether it counts anything else.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for term in &self.terms {
            match term {
                Term::Largest(metrics) => {
                    counts.denials |= metrics.contains(&Metric::DeniedCalls);
                    counts.others |= metrics.iter().any(|&metric| metric != Metric::DeniedCalls);
                }
                Term::Burst(burst, _) => {
                    let are_denials = matches!(
                        burst.kind,
                        BurstKind::DeniedCalls | BurstKind::DeniedBuckets
                    );
                    counts.denials |= are_denials;
                    counts.others |= !are_denials;
                }
                _ => {}
            }
        }
        counts
    }

    /// Returns why a sum of it was multiplied by less than 1, if it was.
    pub fn damped_by(&self, factor: f64) -> Option<&'static str> {
        (factor < 1.0).then_some(match factor < self.quiet_context_factor {
            true => "no unusual context, and little that is unfamiliar",
            false => "no unusual context",
        })
    }
}

impl Gate {
    fn metrics(&self, metrics: &mut Vec<Metric>) {
        match self {
            Self::Active(several) => metrics.extend(several),
            Self::AtLeast(metric, _) | Self::Surprising(metric, _) => metrics.push(*metric),
            Self::AnyOf(gates) => gates.iter().for_each(|gate| gate.metrics(metrics)),
            Self::Burst(burst) => metrics.extend(burst.kind.metric()),
            Self::Context
            | Self::External
            | Self::Act(_)
            | Self::Sequence(_)
            | Self::Unusual(..)
            | Self::Shows { .. }
            | Self::Beyond(..)
            | Self::Caller(_)
            | Self::Unlogged(_) => {}
        }
    }

    fn needs_new(&self, traits: &[Trait], context: &[Trait]) -> bool {
        match self {
            Self::Shows { which, new, .. } => *new && traits.contains(which),
            Self::Unusual(which, _) => traits.contains(which),
            Self::Context => context.iter().all(|which| traits.contains(which)),
            Self::AnyOf(gates) => gates.iter().all(|gate| gate.needs_new(traits, context)),
            _ => false,
        }
    }

    fn bursts(&self) -> Vec<&Burst> {
        match self {
            Self::Burst(burst) => vec![burst],
            Self::AnyOf(gates) => gates.iter().flat_map(Self::bursts).collect(),
            _ => Vec::new(),
        }
    }
}
