//! Analytics that would tell the same fact of a day: the narrower one tells it, and names the others.
//!
//! A fact is what an arm counts: the events behind its amounts and bursts. Two arms that count the same events tell one fact, in
//! whatever context. A declared weight, an act, or steps in their order are a reason of the arm's own, and make another fact; only
//! where the act itself is what is counted, as a scope that was given, is its weight none.
//!
//! Which one is narrower follows from what they ask for, so that it is the same wherever it is asked: a definition of one's own before
//! one that comes with the program, then the one whose arm names more of the operations that were called, then the one that reads fewer
//! providers, then the first by id.

use std::cmp::Reverse;

use crate::analytic::{Analytic, Arm, Gate, Term};
use crate::score::day_parts::DayParts;
use crate::vocab::{Metric, Str, Trait};

/// Another analytic that may tell the same fact, and the surprise from which it alerts.
#[derive(Clone, Copy)]
pub struct Rival<'a> {
    /// The analytic.
    pub analytic: &'a Analytic,
    /// Its threshold.
    pub threshold: f64,
}

/// The analytics that reach their threshold by the same fact.
#[derive(Default)]
pub struct Alike<'a> {
    /// Those that are narrower, the narrowest first.
    pub narrower: Vec<Rival<'a>>,
    /// Those that are not, in the same order.
    pub broader: Vec<Rival<'a>>,
}

/// What an arm counts, as a set of metrics; 0 if it does not rest on what it counts alone.
pub(super) type Counted = u64;

/// Returns what an arm counts: of the metrics that count the same events, one stands for all.
pub(super) fn counted(arm: &Arm) -> Counted {
    let mut metrics: Vec<Metric> = Vec::new();
    let (mut has_weight, mut has_own_reason) = (false, false);
    for term in &arm.terms {
        match term {
            Term::Largest(several) => metrics.extend(several),
            Term::RoleTail(metric) => metrics.push(*metric),
            Term::Burst(burst, _) => metrics.extend(burst.kind.metric()),
            Term::Weight(weight) => has_weight |= *weight > 0.0,
            Term::Acts(_) => has_own_reason = true,
            Term::Traits(_) => {}
        }
    }
    has_own_reason |= arm.gates.iter().any(|g| matches!(g, Gate::Sequence(_)));
    has_own_reason |= has_weight && !metrics.iter().all(|metric| metric.is_declared_act());
    match has_own_reason {
        true => 0,
        false => metrics
            .into_iter()
            .fold(0, |all, metric| all | (1 << metric.stands_for() as u64)),
    }
}

/// Returns whether there are days of which two analytics would tell the same fact.
pub fn may_be_alike(a: &Analytic, b: &Analytic) -> bool {
    let of_b: Vec<Counted> = b.arms.iter().map(counted).collect();
    let counts = |arm: &Arm| Some(counted(arm)).filter(|what| *what != 0);
    a.id != b.id
        && a.arms
            .iter()
            .filter_map(counts)
            .any(|what| of_b.contains(&what))
}

/// How narrow an arm is on a day; the least comes first.
pub(super) type Narrowness<'a> = (bool, Reverse<usize>, usize, &'a Str);

/// Returns how narrow an arm of an analytic is on a subject's day.
pub(super) fn narrowness<'a>(
    parts: &DayParts,
    analytic: &'a Analytic,
    arm: &Arm,
) -> Narrowness<'a> {
    let mut named: Vec<Str> = Vec::new();
    arm.gates
        .iter()
        .for_each(|gate| add_named(parts, gate, &mut named));
    named.sort_unstable();
    named.dedup();
    (
        analytic.is_builtin,
        Reverse(named.len()),
        analytic.providers.len(),
        &analytic.id,
    )
}

/// Adds the operations of a day that a gate names.
fn add_named(parts: &DayParts, gate: &Gate, named: &mut Vec<Str>) {
    match gate {
        Gate::AnyOf(gates) => gates.iter().for_each(|gate| add_named(parts, gate, named)),
        Gate::Shows { which, like, .. } if *which == Trait::Action && !like.is_empty() => {
            named.extend(parts.values_like(*which, like, false));
        }
        _ => {}
    }
}
