//! The parts of a definition as written: values that an element may stand for, arms, gates, terms and steps.

use crate::analytic::{ActKind, Cohort, Docs, Elements, Story};
use crate::document::{Faults, Fields, Place, Value, Word};
use crate::event::{Action, IdentityKind, Provider};
use crate::glob::Glob;
use crate::stats::Severity;
use crate::time::Window;
use crate::vocab::{BurstKind, EntityKind, Metric, Trait};

/// A literal value, or the name of the element that supplies it, as in `"$ShareWeight"`.
pub(in crate::analytic) enum Given<T> {
    Literal(T),
    Element(Word),
}

/// Words of the vocabulary, or the element that lists them.
pub(in crate::analytic) type GivenWords<T> = Given<Vec<T>>;

pub(in crate::analytic) struct Written {
    pub id: Word,
    pub title: String,
    pub version: u32,
    pub techniques: Vec<Word>,
    pub providers: Vec<Provider>,
    pub entities: Vec<EntityKind>,
    pub docs: Docs,
    pub elements: Elements,
    pub arms: Vec<WrittenArm>,
    pub steps: Vec<(Place, WrittenStep)>,
    pub stories: Vec<Story>,
    /// Whether the whole file could be read. Only then does a missing part mean that the file lacks it.
    pub whole: bool,
}

pub(in crate::analytic) struct WrittenArm {
    pub id: Word,
    pub doc: String,
    pub title: Option<String>,
    pub cohort: Cohort,
    pub terms: Vec<WrittenTerm>,
    pub gates: Vec<WrittenGate>,
    pub quiet_context_factor: Option<Placed<f64>>,
    pub familiar_factor: Option<Placed<f64>>,
    pub severity_max: Option<Severity>,
}

/// A value that an element may supply, and where it is written.
pub(in crate::analytic) struct Placed<T> {
    pub place: Place,
    pub given: Given<T>,
}

pub(in crate::analytic) enum WrittenTerm {
    Largest(GivenWords<Metric>),
    Traits(GivenWords<Trait>),
    Acts(ActKind),
    Weight(Placed<f64>),
    RoleTail(Place, Metric),
    Burst(WrittenBurst, Placed<f64>),
}

pub(in crate::analytic) struct WrittenBurst {
    pub kind: BurstKind,
    pub over: Given<Window>,
    pub at_least: Given<u64>,
    pub fixed: Option<Given<bool>>,
}

pub(in crate::analytic) enum WrittenGate {
    Active(GivenWords<Metric>),
    AtLeast(Metric, Given<u64>),
    AnyOf(Vec<WrittenGate>),
    Context,
    External,
    Act(ActKind),
    Sequence(Place, Option<u64>),
    Burst(WrittenBurst),
    Surprising(Metric, Given<f64>),
    Unusual(Trait, Given<f64>),
    Shows {
        which: Trait,
        like: Option<Given<Vec<Glob>>>,
        new: bool,
        known_to: Option<Given<u64>>,
    },
    Beyond(Trait, Given<Vec<Glob>>),
    Caller(GivenWords<IdentityKind>),
    Unlogged(Action),
}

pub(in crate::analytic) enum WrittenStep {
    NewIdentity { within: Given<i64> },
    Spike { of: Metric, surprise: Given<f64> },
    Egress { within: Given<i64> },
}

/// All words of a vocabulary that [`words!`](crate::vocab) made.
macro_rules! all {
    ($type:ident) => {
        &$type::ALL
            .iter()
            .map(|value| value.as_str())
            .collect::<Vec<_>>()
    };
}
pub(super) use all;

/// Reads a list of words of a vocabulary; it must not be empty.
pub(super) fn some_of<T: PartialEq>(
    value: &Value,
    what: &str,
    parse: impl Fn(&str) -> Option<T>,
    valid: &[&str],
    faults: &mut Faults,
) -> Option<Vec<T>> {
    let values = value.list(faults)?;
    if values.is_empty() {
        faults.add(&value.place, format!("expected at least one {what}"));
    }
    let mut known = Vec::new();
    for value in values {
        if let Some(one) = value.one_of(what, &parse, valid, faults) {
            if known.contains(&one) {
                faults.add(
                    &value.place,
                    format!("this {what} stands twice in the list"),
                );
            }
            known.push(one);
        }
    }
    Some(known)
}

/// Returns the text of a required key. If it is missing, this adds a fault and returns an empty text.
pub(super) fn read_text(fields: &mut Fields<'_>, key: &'static str, faults: &mut Faults) -> String {
    let value = fields.required(key, faults);
    let text = value.and_then(|value| value.text(faults));
    text.unwrap_or_default().trim().to_owned()
}
