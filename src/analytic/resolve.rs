//! Resolves references to elements: from written arms and steps to checked ones.

use std::collections::BTreeSet;

use crate::analytic::element::{ElementKind, ElementValue, Elements};
use crate::analytic::written::{
    Given, GivenWords, Placed, WrittenArm, WrittenBurst, WrittenGate, WrittenStep, WrittenTerm,
};
use crate::analytic::{Arm, Burst, Gate, ROLE_TAIL_METRICS, Step, Term};
use crate::document::{Faults, Place, Word};
use crate::event::IdentityKind;
use crate::glob::Glob;
use crate::vocab::{Metric, Str, Trait};

/// Follows references to elements, and records which elements were used.
pub(super) struct Resolver<'a> {
    elements: &'a Elements,
    /// The elements that were used.
    pub used: BTreeSet<Str>,
    faults: &'a mut Faults,
}

impl<'a> Resolver<'a> {
    pub fn new(elements: &'a Elements, faults: &'a mut Faults) -> Self {
        Self {
            elements,
            used: BTreeSet::new(),
            faults,
        }
    }

    pub fn arm(&mut self, arm: &WrittenArm) -> Option<Arm> {
        let terms: Vec<_> = arm.terms.iter().map(|term| self.term(term)).collect();
        let gates: Vec<_> = arm.gates.iter().map(|gate| self.gate(gate)).collect();
        let quiet_context_factor = self.factor(arm.quiet_context_factor.as_ref());
        let familiar_factor = self.factor(arm.familiar_factor.as_ref());
        let (quiet_context_factor, familiar_factor) = quiet_context_factor.zip(familiar_factor)?;
        let terms: Vec<Term> = terms.into_iter().collect::<Option<_>>()?;
        let gates = gates.into_iter().collect::<Option<_>>()?;
        (!terms.is_empty()).then(|| Arm {
            id: arm.id.text.clone(),
            doc: arm.doc.clone(),
            title: arm.title.clone(),
            cohort: arm.cohort,
            terms,
            gates,
            quiet_context_factor,
            familiar_factor,
            severity_max: arm.severity_max,
        })
    }

    fn factor(&mut self, factor: Option<&Placed<f64>>) -> Option<f64> {
        match factor {
            Some(factor) => self.placed(factor, "a factor above 0 and at most 1", |x| {
                x > 0.0 && x <= 1.0
            }),
            None => Some(1.0),
        }
    }

    fn term(&mut self, term: &WrittenTerm) -> Option<Term> {
        match term {
            WrittenTerm::Largest(metrics) => self.metrics(metrics).map(Term::Largest),
            WrittenTerm::Traits(traits) => self
                .words(traits, "trait", Trait::parse, Trait::ALL)
                .map(Term::Traits),
            WrittenTerm::Acts(act) => Some(Term::Acts(*act)),
            WrittenTerm::Burst(burst, weight) => {
                let burst = self.burst(burst);
                let weight = self.placed(weight, "a weight of at least 0", |x| x >= 0.0);
                burst
                    .zip(weight)
                    .map(|(burst, weight)| Term::Burst(burst, weight))
            }
            WrittenTerm::Weight(weight) => self
                .placed(weight, "a weight of at least 0", |x| x >= 0.0)
                .map(Term::Weight),
            WrittenTerm::RoleTail(_, metric) if ROLE_TAIL_METRICS.contains(metric) => {
                Some(Term::RoleTail(*metric))
            }
            WrittenTerm::RoleTail(place, metric) => {
                let kept = ROLE_TAIL_METRICS.map(Metric::as_str);
                self.faults.unknown(
                    place,
                    "metric of a role's histogram",
                    metric.as_str(),
                    &kept,
                );
                None
            }
        }
    }

    fn gate(&mut self, gate: &WrittenGate) -> Option<Gate> {
        match gate {
            WrittenGate::Active(metrics) => self.metrics(metrics).map(Gate::Active),
            WrittenGate::AtLeast(metric, number) => self
                .integer(number)
                .map(|number| Gate::AtLeast(*metric, number)),
            WrittenGate::AnyOf(gates) => {
                let gates: Vec<_> = gates.iter().map(|gate| self.gate(gate)).collect();
                gates.into_iter().collect::<Option<_>>().map(Gate::AnyOf)
            }
            WrittenGate::Context => Some(Gate::Context),
            WrittenGate::External => Some(Gate::External),
            WrittenGate::Act(act) => Some(Gate::Act(*act)),
            WrittenGate::Sequence(_, steps) => {
                Some(Gate::Sequence(steps.map(|steps| {
                    usize::try_from(steps).unwrap_or(usize::MAX).max(1)
                })))
            }
            WrittenGate::Burst(burst) => self.burst(burst).map(Gate::Burst),
            WrittenGate::Surprising(metric, more_than) => self
                .number(more_than)
                .map(|more_than| Gate::Surprising(*metric, more_than)),
            WrittenGate::Unusual(which, more_than) => self
                .number(more_than)
                .map(|more_than| Gate::Unusual(*which, more_than)),
            WrittenGate::Shows {
                which,
                like,
                new,
                known_to,
            } => {
                let like = match like {
                    None => Vec::new(),
                    Some(like) => self.globs(like)?,
                };
                let known_to = match known_to {
                    None => None,
                    Some(known_to) => Some(self.integer(known_to)?),
                };
                Some(Gate::Shows {
                    which: *which,
                    like,
                    new: *new,
                    known_to,
                })
            }
            WrittenGate::Beyond(which, known) => {
                self.globs(known).map(|known| Gate::Beyond(*which, known))
            }
            WrittenGate::Caller(kinds) => self
                .words(
                    kinds,
                    "kind of identity",
                    IdentityKind::parse,
                    IdentityKind::ALL,
                )
                .map(Gate::Caller),
            WrittenGate::Unlogged(action) => Some(Gate::Unlogged(*action)),
        }
    }

    fn burst(&mut self, burst: &WrittenBurst) -> Option<Burst> {
        let over = self.follow(&burst.over, "a window", |value| match value {
            ElementValue::Window(window) => Some(*window),
            _ => None,
        });
        let at_least = self.integer(&burst.at_least);
        let fixed = match &burst.fixed {
            None => Some(false),
            Some(fixed) => self.follow(fixed, "true or false", |value| match value {
                ElementValue::Flag(flag) => Some(*flag),
                _ => None,
            }),
        };
        Some(Burst {
            kind: burst.kind,
            over: over?,
            at_least: at_least?,
            fixed: fixed?,
        })
    }

    fn globs(&mut self, given: &Given<Vec<Glob>>) -> Option<Vec<Glob>> {
        match given {
            Given::Literal(globs) => Some(globs.clone()),
            Given::Element(name) => {
                let ElementValue::Globs(globs) = self.value(name)?.0 else {
                    self.mistyped(name, "a list of patterns");
                    return None;
                };
                Some(globs.clone())
            }
        }
    }

    pub fn step(&mut self, step: &WrittenStep) -> Option<Step> {
        Some(match step {
            WrittenStep::NewIdentity { within } => Step::NewIdentity {
                within_secs: self.duration(within)?,
            },
            WrittenStep::Spike { of, surprise } => Step::Spike {
                metric: *of,
                surprise: self.number(surprise)?,
            },
            WrittenStep::Egress { within } => Step::Egress {
                within_secs: self.duration(within)?,
            },
        })
    }

    /// Returns the value in force of an element and where it was set. An element without a value is a fault, unless it was
    /// already reported.
    fn value(&mut self, name: &Word) -> Option<(&ElementValue, &Place)> {
        let Some(element) = self.elements.get(&name.text) else {
            self.faults
                .unknown(&name.place, "element", &name.text, &self.elements.names());
            return None;
        };
        self.used.insert(name.text.clone());
        if element.value.is_none()
            && element.default.is_none()
            && element.kind == ElementKind::Window
        {
            self.faults.add(
                &name.place,
                format!("the element `{}` has no value", name.text),
            );
        }
        Some((element.value.as_ref()?, &element.place))
    }

    fn mistyped(&mut self, name: &Word, wanted: &str) {
        let kind = self
            .elements
            .get(&name.text)
            .map_or("", |element| element.kind.as_str());
        let message = format!("`${}` is of type `{kind}`; here stands {wanted}", name.text);
        self.faults.add(&name.place, message);
    }

    fn follow<T: Copy>(
        &mut self,
        given: &Given<T>,
        wanted: &str,
        take: impl Fn(&ElementValue) -> Option<T>,
    ) -> Option<T> {
        match given {
            Given::Literal(value) => Some(*value),
            Given::Element(name) => {
                let taken = take(self.value(name)?.0);
                if taken.is_none() {
                    self.mistyped(name, wanted);
                }
                taken
            }
        }
    }

    fn number(&mut self, given: &Given<f64>) -> Option<f64> {
        self.follow(given, "a number", |value| match value {
            ElementValue::Number(number) => Some(*number),
            ElementValue::Integer(number) => Some(*number as f64),
            _ => None,
        })
    }

    fn integer(&mut self, given: &Given<u64>) -> Option<u64> {
        self.follow(given, "an integer", |value| match value {
            ElementValue::Integer(number) => Some(*number),
            _ => None,
        })
    }

    fn duration(&mut self, given: &Given<i64>) -> Option<i64> {
        self.follow(given, "a duration", |value| match value {
            ElementValue::Duration(secs) => Some(*secs),
            _ => None,
        })
    }

    /// Returns a number that must be `wanted`; another number is a fault at its line.
    fn placed(
        &mut self,
        number: &Placed<f64>,
        wanted: &str,
        is_right: impl Fn(f64) -> bool,
    ) -> Option<f64> {
        let value = self.number(&number.given)?;
        if is_right(value) {
            return Some(value);
        }
        let place = match &number.given {
            Given::Element(name) => self
                .elements
                .get(&name.text)
                .map_or(&number.place, |element| &element.place),
            Given::Literal(_) => &number.place,
        };
        self.faults
            .add(place, format!("expected {wanted}, found {value}"));
        None
    }

    fn metrics(&mut self, given: &GivenWords<Metric>) -> Option<Vec<Metric>> {
        self.words(given, "metric", Metric::parse, Metric::ALL)
    }

    /// Returns words of a vocabulary. Only here can the words of an element be checked against it.
    fn words<T: Copy + std::fmt::Display>(
        &mut self,
        given: &GivenWords<T>,
        what: &str,
        parse: impl Fn(&str) -> Option<T>,
        valid: &[T],
    ) -> Option<Vec<T>> {
        let name = match given {
            Given::Literal(words) => return Some(words.clone()),
            Given::Element(name) => name,
        };
        if !matches!(self.value(name)?.0, ElementValue::List(_)) {
            self.mistyped(name, &format!("a list of {what}s"));
        }
        self.listed(&name.text, what, parse, valid)
    }

    /// Returns the words that an element lists; `None` if it is not a list.
    pub fn listed<T: Copy + std::fmt::Display>(
        &mut self,
        element: &str,
        what: &str,
        parse: impl Fn(&str) -> Option<T>,
        valid: &[T],
    ) -> Option<Vec<T>> {
        let Some(ElementValue::List(words)) = self.elements.value(element) else {
            return None;
        };
        let valid: Vec<String> = valid.iter().map(T::to_string).collect();
        let valid: Vec<&str> = valid.iter().map(String::as_str).collect();
        let mut known = Vec::new();
        for word in words {
            match parse(&word.text) {
                Some(value) => known.push(value),
                None => self.faults.unknown(&word.place, what, &word.text, &valid),
            }
        }
        (known.len() == words.len()).then_some(known)
    }
}
