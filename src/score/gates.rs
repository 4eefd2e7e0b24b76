//! Gates: what must hold for an arm to be judged at all.

use crate::analytic::{Analytic, Gate};
use crate::measure::value_hash;
use crate::score::components::Amounts;
use crate::score::day_parts::DayParts;
use crate::score::observer::{GateDetail, Observer};
use crate::score::sequence::{SequenceReading, follow};
use crate::time::Window;
use crate::vocab::{Metric, Str};

/// The most values of a trait that an explanation of a gate names.
const SHOWN_MAX: usize = 8;

/// Returns whether a gate is open; one that waits for the sequence leaves it in `sequence`.
pub(super) fn gate_is_open<W: Observer>(
    parts: &mut DayParts,
    analytic: &Analytic,
    gate: &Gate,
    sequence: &mut Option<SequenceReading>,
    observer: &mut W,
) -> bool {
    match gate {
        Gate::Active(metrics) => {
            let is_active = |&m: &Metric| parts.is_active(m);
            let is_open = metrics.iter().any(is_active);
            let names =
                |metrics: &mut dyn Iterator<Item = &Metric>| metrics.map(|m| m.as_str()).collect();
            observer.gate(is_open, || GateDetail::Active {
                metrics: names(&mut metrics.iter()),
                active: names(&mut metrics.iter().filter(|m| is_active(m))),
            })
        }
        Gate::AtLeast(metric, least) => {
            let measured = parts.over_the_day(*metric);
            let is_open = measured >= *least;
            observer.gate(is_open, || GateDetail::AtLeast {
                metric: metric.as_str(),
                measured,
                required: *least,
            })
        }
        Gate::AnyOf(gates) => {
            let mut within = W::default();
            let mut is_open = false;
            for gate in gates {
                if !is_open || W::WANTS_ALL {
                    is_open |= gate_is_open(parts, analytic, gate, sequence, &mut within);
                }
            }
            observer.gate(is_open, || GateDetail::AnyOf {
                of: within.recorded().0,
            })
        }
        Gate::Context => {
            let is_open = parts.has_unusual_context(analytic);
            observer.gate(is_open, || {
                let traits = analytic.context.iter();
                let mut usual = Vec::new();
                let mut unusual = Vec::new();
                for which in traits.clone() {
                    match parts.novelty(*which).map(|novelty| novelty.surprise > 0.0) {
                        Some(true) => unusual.push(which.as_str()),
                        Some(false) => usual.push(which.as_str()),
                        None => {}
                    }
                }
                GateDetail::Context {
                    traits: traits.map(|t| t.as_str()).collect(),
                    unusual,
                    usual,
                }
            })
        }
        Gate::External => {
            let is_open = parts.is_external(analytic);
            observer.gate(is_open, || GateDetail::External {
                sensitive_calls: parts.over_the_day(Metric::SensitiveReadCalls),
                from_outside: parts.over_the_day(Metric::SensitiveExternalCalls),
                flows: parts.subject.facts.sends_flows,
                shares: parts.n_sensitive_shares(analytic),
            })
        }
        Gate::Act(act) => {
            let grants = parts.foreign_grants(analytic, *act);
            let is_open = !grants.is_empty();
            observer.gate(is_open, || GateDetail::Act {
                act: act.as_str(),
                acts: grants.iter().map(|&(_, n)| n).sum(),
            })
        }
        Gate::Burst(burst) => {
            let observed = parts.burst(burst).map_or(0, |reading| reading.observed);
            let is_open = observed >= burst.at_least;
            observer.gate(is_open, || GateDetail::Burst {
                burst: burst.kind.as_str(),
                over: burst.over.to_string(),
                observed,
                required: burst.at_least,
            })
        }
        Gate::Surprising(metric, more_than) => {
            let surprise = parts
                .volume(*metric, analytic, Amounts::All)
                .map_or(0.0, |reading| reading.surprise);
            let is_open = surprise > *more_than;
            observer.gate(is_open, || GateDetail::Surprising {
                metric: metric.as_str(),
                surprise,
                required: *more_than,
            })
        }
        Gate::Unusual(which, more_than) => {
            let surprise = parts
                .novelty(*which)
                .map_or(0.0, |reading| reading.surprise);
            let is_open = surprise > *more_than;
            observer.gate(is_open, || GateDetail::Surprising {
                metric: which.as_str(),
                surprise,
                required: *more_than,
            })
        }
        Gate::Shows {
            which,
            like,
            new,
            known_to,
        } => {
            let mut values = parts.values_like(*which, like, *new);
            if let Some(most) = known_to {
                let generation = parts.generation;
                let support = |value: &Str| generation.support_of(*which, value_hash(value));
                values.retain(|value| u64::from(support(value)) <= *most);
            }
            let is_open = !values.is_empty();
            observer.gate(is_open, || GateDetail::Shows {
                r#trait: which.as_str(),
                new: *new,
                like: like.iter().map(ToString::to_string).collect(),
                values: values
                    .iter()
                    .take(SHOWN_MAX)
                    .map(ToString::to_string)
                    .collect(),
            })
        }
        Gate::Beyond(which, known) => {
            let values = parts.values_like(*which, &[], false);
            let is_known = |value: &&Str| known.iter().any(|glob| glob.matches(value));
            let beyond: Vec<&Str> = values.iter().filter(|value| !is_known(value)).collect();
            let facts = parts.subject.facts;
            let is_crowded = facts.trait_values(*which).is_some_and(|v| v.saturated());
            let is_open = values.is_empty()
                || !beyond.is_empty()
                || is_crowded
                || facts.lacks(*which, || analytic.metrics());
            observer.gate(is_open, || GateDetail::Beyond {
                r#trait: which.as_str(),
                of: known.iter().map(ToString::to_string).collect(),
                values: beyond
                    .iter()
                    .take(SHOWN_MAX)
                    .map(ToString::to_string)
                    .collect(),
            })
        }
        Gate::Caller(kinds) => {
            let kind = parts.subject.kind();
            let is_open = kinds.is_empty() || kinds.contains(&kind);
            observer.gate(is_open, || GateDetail::Caller {
                caller: kind.as_str(),
                of: kinds.iter().map(|kind| kind.as_str()).collect(),
            })
        }
        Gate::Unlogged(action) => {
            let provider = parts.subject.facts.profile.provider;
            let is_open = provider.is_some_and(|p| !parts.generation.sees(p, *action));
            observer.gate(is_open, || GateDetail::Unlogged {
                action: action.as_str(),
            })
        }
        Gate::Sequence(n_steps) => {
            let mut within = W::default();
            *sequence = analytic.sequence.as_ref().and_then(|all| {
                let steps = &all.steps[..n_steps.unwrap_or(usize::MAX).min(all.steps.len())];
                let windows = analytic
                    .window
                    .map_or(Window::STANDARD.to_vec(), |w| vec![w]);
                follow(
                    parts.subject,
                    parts.generation,
                    steps,
                    &windows,
                    &mut within,
                )
            });
            let is_open = sequence.is_some();
            observer.gate(is_open, || GateDetail::Sequence {
                steps: within.recorded().1,
            })
        }
    }
}
