//! The detections: what each of them measures, in which arms, behind which gates, with which mutable elements.
//!
//! A definition is a file of `models/`. It is read twice: as *written*, where a number may be the name of an element
//! (`"$ShareWeight"`), and as *checked*, an [`Analytic`], where the elements have the values of the configuration and
//! every number is a number. Only the second can be scored.
//!
//! ```toml
//! [elements.ShareWeight]            # what an estate may set, under [analytic.ID] of its configuration
//! type = "number"
//! default = 7.0
//! doc = "…"
//!
//! [[arm]]                           # of several arms, the highest rank counts
//! id = "SHARE"
//! doc = "…"
//! cohort = "any"                    # new, established or any
//! sum = [                           # terms, added up
//!   { weight = "$ShareWeight" },    # a declared number
//!   { acts = "sensitive_share" },   # surprise of the first such act, and how many
//!   { largest = ["read_calls"] },   # largest surprise over metrics of one family
//!   { traits = ["destination"] },   # surprise of new values, summed
//!   { role_tail = "read_calls" },   # rarity among the hours of the role
//!   { burst = "countries", over = "1h", at_least = 2, weight = 3.0 },   # a declared number, if so many came at once
//! ]
//! when = [                          # gates, all of which must be passed
//!   { active = ["read_calls"] },
//!   { any = [{ at_least = 20, of = "read_calls" }, { act = "sensitive_share" }] },
//!   { burst = "posture_buckets", over = "10s", at_least = 16 },   # so many at once; `fixed = true` for the clock's bins
//!   { surprising = "posture_buckets", more_than = 3.0 },          # more than it usually does
//!   { shows = "action", like = ["organizations:*"] },             # a value of a trait; `new = …` for one not shown before
//!   { beyond = "application", of = ["0oaSCIM*"] },                # a value that is none of these, or no value at all
//!   { caller = ["human"] },                                       # the kind of identity
//!   { steps = 2 },                                                # the first so many steps of the sequence, in order
//!   { unlogged = "egress_flow" },                                 # nothing of the kind is ever logged here
//!   "context", "external", "sequence",
//! ]
//! quiet_context_factor = 0.7        # what the sum counts for on a day without unusual context
//! severity_max = "medium"           # what it can be at most
//!
//! [[step]]                          # of the sequence, in order: new_identity, spike or egress
//! spike = { of = "read_calls", surprise = 1.0 }
//!
//! [[story]]                         # what must and what must not alert; see `story`
//! title = "…"
//! text = "…"
//! ```

mod check;
mod definition;
mod element;
mod lint;
mod resolve;
mod story;
mod telemetry;
mod written;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use definition::{Definition, builtin, definitions, definitions_at, is_builtin};
pub use element::{Element, ElementKind, ElementValue, Elements};
pub use lint::{style, style_of_stories};
pub use story::Story;
pub use telemetry::{Telemetry, UNTOLD, Unobservable};

use crate::document::{Faults, Table, Word};
use crate::error::{Error, Result};
use crate::event::{Action, IdentityKind, Provider};
use crate::glob::Glob;
use crate::pattern::{DestinationPattern, NamePattern};
use crate::stats::Severity;
use crate::time::Window;
use crate::vocab::{BurstKind, EntityKind, Metric, Str, Trait, words};

/// The version of the form of definitions that this program reads.
pub const SCHEMA: u64 = 1;

/// The definitions that come with the program, as (file name, text).
pub const BUILTIN: &[(&str, &str)] = &[
    (
        "models/ACCOUNT-DISCOVERY.toml",
        include_str!("../../models/ACCOUNT-DISCOVERY.toml"),
    ),
    (
        "models/AN0370.toml",
        include_str!("../../models/AN0370.toml"),
    ),
    (
        "models/AN1087.toml",
        include_str!("../../models/AN1087.toml"),
    ),
    (
        "models/AN1088.toml",
        include_str!("../../models/AN1088.toml"),
    ),
    (
        "models/AN1089.toml",
        include_str!("../../models/AN1089.toml"),
    ),
    (
        "models/AN1090.toml",
        include_str!("../../models/AN1090.toml"),
    ),
    (
        "models/AN1328.toml",
        include_str!("../../models/AN1328.toml"),
    ),
    (
        "models/AN1594.toml",
        include_str!("../../models/AN1594.toml"),
    ),
    (
        "models/POLICY-EXTERNAL.toml",
        include_str!("../../models/POLICY-EXTERNAL.toml"),
    ),
    (
        "models/POLICY-PUBLIC.toml",
        include_str!("../../models/POLICY-PUBLIC.toml"),
    ),
    (
        "models/S3-CLIENT.toml",
        include_str!("../../models/S3-CLIENT.toml"),
    ),
    (
        "models/S3-DENIED.toml",
        include_str!("../../models/S3-DENIED.toml"),
    ),
    (
        "models/S3-POSTURE.toml",
        include_str!("../../models/S3-POSTURE.toml"),
    ),
];

/// The metrics of which roles keep histograms, against which new identities are judged.
pub const ROLE_TAIL_METRICS: [Metric; 2] = [Metric::ReadCalls, Metric::BytesRead];

/// The traits whose new values are unusual context, unless an analytic says otherwise.
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
    /// Whose events it looks at.
    pub providers: Vec<Provider>,
    /// What kinds of entity it judges.
    pub entities: Vec<EntityKind>,
    /// What it says of itself.
    pub docs: Docs,
    /// Its mutable elements, with their values.
    pub elements: Elements,
    /// Its arms, of which the highest rank counts.
    pub arms: Vec<Arm>,
    /// The traits whose new values are unusual context (element `ContextTraits`, else [`CONTEXT_TRAITS`]).
    pub context: Vec<Trait>,
    /// What must have happened in order, for arms behind [`Gate::Sequence`].
    pub sequence: Option<Sequence>,
    /// The one window in which metrics are judged; `None` for the standard three together.
    pub window: Option<Window>,
    /// Sensitive buckets beside those of the configuration (element `SensitiveBuckets`).
    pub sensitive_buckets: Vec<NamePattern>,
    /// Where data may go without being external (element `ApprovedDestinations`).
    pub approved_destinations: Vec<DestinationPattern>,
    /// The score from which it alerts, 0 to 100; `None` for the tuned one.
    pub threshold: Option<f64>,
    /// Whether it is to be scored.
    pub enabled: bool,
    /// The file that defines it.
    pub file: Str,
    /// Whether it comes with the program.
    pub is_builtin: bool,
    /// What must and what must not alert, by example.
    pub stories: Vec<Story>,
}

/// What an analytic says of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Docs {
    /// How far it can be trusted.
    pub status: Status,
    /// What it measures.
    pub description: String,
    /// Why it matters.
    pub rationale: String,
    /// Tags as Sigma writes them, as in `attack.t1619`.
    pub tags: Vec<String>,
    /// Where to read more.
    pub references: Vec<String>,
    /// Innocent activity that looks alike.
    pub falsepositives: Vec<String>,
    /// Steps of an investigation, in order.
    pub investigate: Vec<String>,
    /// What to do when it is true.
    pub respond: Vec<String>,
    /// What to change when it is not.
    pub tune: Vec<String>,
    /// The records that it rests on.
    pub telemetry: Vec<Telemetry>,
    /// What it cannot see whatever is read.
    pub unobservable: Vec<Unobservable>,
}

words! {
    /// How far a definition can be trusted, in Sigma's words.
    #[derive(Default)]
    Status {
        /// Holds in production.
        Stable = "stable",
        /// Holds in tests.
        Test = "test",
        /// May be wrong.
        #[default]
        Experimental = "experimental",
        /// Replaced by another.
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

/// A part of an analytic that yields one statistic: the sum of its terms, if all of its gates are passed.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// Its name within the analytic.
    pub id: Str,
    /// What it looks for, in a sentence.
    pub doc: String,
    /// What an alert that rests on it is headed by, where the analytic's own title says too much.
    pub title: Option<String>,
    /// Whom it judges.
    pub cohort: Cohort,
    /// What is added up.
    pub terms: Vec<Term>,
    /// What must hold, all of it.
    pub gates: Vec<Gate>,
    /// What the sum is multiplied by on a day without unusual context; above 0, at most 1.
    pub quiet_context_factor: f64,
    /// The greatest severity of what rests on it alone; `None` for any.
    pub severity_max: Option<Severity>,
}

/// A summand of an arm, in natural-log surprise.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// The largest surprise over these metrics, which are of one family.
    Largest(Vec<Metric>),
    /// The sum of the day's largest surprise of each of these traits.
    Traits(Vec<Trait>),
    /// Surprise of the entity's first such act + ln(1 + acts today), over acts that pass the gate.
    Acts(ActKind),
    /// A declared weight.
    Weight(f64),
    /// −ln of the share of the role's active hours that are at least this large.
    RoleTail(Metric),
    /// A declared weight, if a burst is large enough.
    Burst(Burst, f64),
}

/// A burst that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burst {
    /// What is counted.
    pub kind: BurstKind,
    /// Within which time.
    pub over: Window,
    /// How many there must be.
    pub at_least: u64,
    /// Whether only windows count that begin where the clock's do, as in other tools.
    pub fixed: bool,
}

words! {
    /// What is told from other calls by itself, whatever its volume.
    ActKind {
        /// A copy, replication or share of a sensitive bucket to an account that is not ours.
        SensitiveShare = "sensitive_share",
        /// A policy, an ACL or a role that lets in an account that is not ours, on a bucket that is not sensitive.
        ForeignGrant = "foreign_grant",
        /// The same that lets in everybody.
        PublicGrant = "public_grant",
    }
}

/// What must hold for an arm to speak.
#[derive(Debug, Clone, PartialEq)]
pub enum Gate {
    /// Some of these metrics are active today.
    Active(Vec<Metric>),
    /// The day shows at least so many of this metric.
    AtLeast(Metric, u64),
    /// At least one of these gates is passed.
    AnyOf(Vec<Gate>),
    /// Some trait of the analytic's context has a new value today.
    Context,
    /// The caller or the destination is external.
    External,
    /// An act of this kind happened today.
    Act(ActKind),
    /// The steps of the sequence happened, in order: the first so many, or all.
    Sequence(Option<usize>),
    /// So many things happened at once.
    Burst(Burst),
    /// A metric is more surprising than this, in natural logarithms.
    Surprising(Metric, f64),
    /// A trait shows a value today that one of these patterns matches; if `new`, one that it is not known for.
    Shows {
        /// Which trait.
        which: Trait,
        /// The patterns; if there are none, any value will do.
        like: Vec<Glob>,
        /// Whether it must be new to the entity.
        new: bool,
    },
    /// A trait shows a value today that none of these patterns matches, or a call that counts shows none at all.
    Beyond(Trait, Vec<Glob>),
    /// The identity is of one of these kinds; any, if none is named.
    Caller(Vec<IdentityKind>),
    /// No action of this class is logged of the entity's provider.
    Unlogged(Action),
}

/// What must have happened, in this order, in event time.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequence {
    /// The steps; never empty.
    pub steps: Vec<Step>,
}

/// A step of a sequence.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The identity was created, or first seen, at most so long ago.
    NewIdentity {
        /// How long the identity counts as new, in seconds.
        within_secs: i64,
    },
    /// A metric rose to this surprise.
    Spike {
        /// The metric.
        metric: Metric,
        /// The surprise that it must exceed, in natural logarithms.
        surprise: f64,
    },
    /// Data left to an external address or account, at most so long after the step before.
    Egress {
        /// How long after the step before, in seconds.
        within_secs: i64,
    },
}

impl Analytic {
    /// Returns the metrics that its arms and steps look at, each once, in the order of the vocabulary.
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

    /// Returns the traits that its arms look at, each once, in the order of the vocabulary.
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

    /// Returns whether each of its arms waits for a value that is new to the entity, of one of these traits.
    pub fn needs_new(&self, traits: &[Trait]) -> bool {
        let needs = |arm: &Arm| {
            let mut gates = arm.gates.iter();
            gates.any(|gate| gate.needs_new(traits, &self.context))
        };
        self.arms.iter().all(needs)
    }

    /// Returns the bursts that its arms look at.
    pub fn bursts(&self) -> Vec<(BurstKind, Window)> {
        let mut bursts: Vec<_> = self.asked_bursts().map(|b| (b.kind, b.over)).collect();
        bursts.sort_unstable();
        bursts.dedup();
        bursts
    }

    /// Returns the burst by which it counts what a metric counts, in the one window in which it judges metrics, if there is
    /// one whose window slides.
    pub fn sliding(&self, metric: Metric) -> Option<(BurstKind, Window)> {
        let over = self.window?;
        self.asked_bursts()
            .find(|burst| !burst.fixed && burst.over == over && burst.kind.metric() == Some(metric))
            .map(|burst| (burst.kind, over))
    }

    /// Returns the values of traits that its gates ask for.
    pub fn watched(&self) -> Vec<(Trait, Glob)> {
        let mut watched = Vec::new();
        self.each_gate(&mut |gate| {
            if let Gate::Shows { which, like, .. } = gate {
                watched.extend(like.iter().map(|glob| (*which, glob.clone())));
            }
        });
        watched
    }

    /// Returns the traits of which its gates ask whether calls lacked them, with the metrics that it looks at.
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

    /// Returns the steps of the sequence, none if there is no sequence.
    pub fn steps(&self) -> &[Step] {
        self.sequence
            .as_ref()
            .map_or(&[], |sequence| &sequence.steps)
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
            | Self::Shows { .. }
            | Self::Beyond(..)
            | Self::Caller(_)
            | Self::Unlogged(_) => {}
        }
    }

    fn needs_new(&self, traits: &[Trait], context: &[Trait]) -> bool {
        match self {
            Self::Shows { which, new, .. } => *new && traits.contains(which),
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

/// Returns the analytics that come with the program, as configured, by id.
///
/// `overrides` are the `[analytic.ID]` tables of a configuration, and `mentioned` the ids that it names elsewhere.
///
/// # Errors
/// A usage error with all faults of the overrides and mentions, each with its file and line.
pub fn load(overrides: &Table, mentioned: &[Word]) -> Result<Vec<Analytic>> {
    load_from(&builtin(), overrides, mentioned)
}

/// Returns the analytics of some definitions, as [`load`] does. One that does not come with the program takes the place of
/// the one with its id that does.
///
/// # Errors
/// A usage error with all faults of the files, overrides and mentions, each with its file and line.
pub fn load_from(
    files: &[Definition],
    overrides: &Table,
    mentioned: &[Word],
) -> Result<Vec<Analytic>> {
    let mut faults = Faults::default();
    let analytics = load_into(files, overrides, mentioned, &mut faults);
    faults.finish("the analytics")?;
    Ok(analytics)
}

/// Returns what [`load_from`] does, and tells what is wrong to `faults`; those with faults may be missing.
pub fn load_into(
    files: &[Definition],
    overrides: &Table,
    mentioned: &[Word],
    faults: &mut Faults,
) -> Vec<Analytic> {
    let mut written: Vec<_> = files
        .iter()
        .filter_map(|file| {
            let root = Table::parse(&file.text, &file.name, faults)?;
            Some((file, written::read(&root, faults)?))
        })
        .collect();
    definition::replace_builtin(&mut written);
    let of_program: BTreeSet<Str> = written
        .iter()
        .filter(|(file, _)| file.is_builtin)
        .map(|(_, written)| written.id.text.clone())
        .collect();
    let written: Vec<_> = written.into_iter().map(|(_, written)| written).collect();
    let mut analytics = check::all(&written, overrides, mentioned, faults);
    for analytic in &mut analytics {
        analytic.is_builtin = of_program.contains(&analytic.id);
    }
    analytics
}

/// Reads one definition, with the defaults of its elements; `name` stands for its file in messages.
///
/// # Errors
/// A usage error with all faults of the file, each with its line.
pub fn parse(text: &str, name: &str) -> Result<Analytic> {
    let mut faults = Faults::default();
    let root = Table::parse(text, name, &mut faults);
    let written = root.and_then(|root| written::read(&root, &mut faults));
    let analytic = written.and_then(|written| check::one(&written, None, &mut faults));
    faults.finish(&format!("`{name}`"))?;
    analytic.ok_or_else(|| Error::usage(format!("`{name}` holds no analytic")))
}

#[cfg(test)]
mod tests;
