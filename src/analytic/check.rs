//! From written to checked: overrides are applied, references to elements followed, and what belongs together tested.

use std::collections::{BTreeMap, BTreeSet};

use crate::analytic::element::{ElementKind, ElementValue, Elements};
use crate::analytic::written::{
    Given, GivenWords, Placed, Written, WrittenArm, WrittenGate, WrittenStep, WrittenTerm,
};
use crate::analytic::{
    Analytic, Arm, CONTEXT_TRAITS, Gate, ROLE_TAIL_METRICS, Sequence, Step, Term,
};
use crate::document::{Faults, Place, Table, Word};
use crate::vocab::{Metric, Str, Trait};

/// What every analytic lets a configuration set beside its elements.
const RESERVED: [&str; 2] = ["threshold", "enabled"];

/// Elements that are used by their name wherever they are declared, with the type that they must have.
const KNOWN_ELEMENTS: [(&str, ElementKind); 4] = [
    ("ContextTraits", ElementKind::List),
    ("TimeWindow", ElementKind::Window),
    ("SensitiveBuckets", ElementKind::Buckets),
    ("ApprovedDestinations", ElementKind::Destinations),
];

/// Checks all definitions together with what a configuration says of them; the analytics come by id.
pub(super) fn all(
    written: &[Written],
    overrides: &Table,
    mentioned: &[Word],
    faults: &mut Faults,
) -> Vec<Analytic> {
    let mut by_id: BTreeMap<&str, &Written> = BTreeMap::new();
    for one in written {
        if by_id.insert(&one.id.text, one).is_some() {
            faults.add(
                &one.id.place,
                format!("another analytic has the id `{}`", one.id.text),
            );
        }
    }
    let ids: Vec<&str> = by_id.keys().copied().collect();
    let mentions = mentioned.iter().map(|word| (&*word.text, &word.place));
    for (id, place) in mentions.chain(
        overrides
            .entries
            .iter()
            .map(|entry| (entry.key.as_str(), &entry.place)),
    ) {
        if !by_id.contains_key(id) {
            faults.unknown(place, "analytic", id, &ids);
        }
    }
    by_id
        .values()
        .filter_map(|written| {
            let table = overrides
                .get(&written.id.text)
                .and_then(|value| value.table(faults));
            one(written, table, faults)
        })
        .collect()
}

/// What a configuration says of one analytic.
struct Overridden {
    elements: Elements,
    threshold: Option<f64>,
    enabled: bool,
}

/// Checks one definition with its `[analytic.ID]` table, if there is one; `None` if some of it cannot be had.
pub(super) fn one(
    written: &Written,
    overrides: Option<&Table>,
    faults: &mut Faults,
) -> Option<Analytic> {
    check_names(written, faults);
    let overridden = apply(written, overrides, faults);
    let mut resolver = Resolver {
        elements: &overridden.elements,
        used: BTreeSet::new(),
        faults,
    };
    let arms: Vec<_> = written
        .arms
        .iter()
        .filter_map(|arm| resolver.arm(arm))
        .collect();
    let steps: Vec<_> = written
        .steps
        .iter()
        .filter_map(|(_, step)| resolver.step(step))
        .collect();
    let context = match resolver.elements.get("ContextTraits") {
        Some(_) => resolver.listed("ContextTraits", "trait", Trait::parse, Trait::ALL)?,
        None => CONTEXT_TRAITS.to_vec(),
    };
    let used = resolver.used;
    check_elements(&overridden.elements, &used, faults);
    check_sequence(written, &arms, faults);

    let value = |name| overridden.elements.value(name);
    let window = value("TimeWindow").and_then(|value| match value {
        ElementValue::Window(window) => Some(*window),
        _ => None,
    });
    let sensitive_buckets = match value("SensitiveBuckets") {
        Some(ElementValue::Buckets(patterns)) => patterns.clone(),
        _ => Vec::new(),
    };
    let approved_destinations = match value("ApprovedDestinations") {
        Some(ElementValue::Destinations(patterns)) => patterns.clone(),
        _ => Vec::new(),
    };
    (!arms.is_empty()).then(|| Analytic {
        id: written.id.text.clone(),
        title: written.title.clone(),
        version: written.version,
        techniques: written
            .techniques
            .iter()
            .map(|word| word.text.to_string())
            .collect(),
        providers: written.providers.clone(),
        entities: written.entities.clone(),
        docs: written.docs.clone(),
        arms,
        context,
        sequence: (!steps.is_empty()).then_some(Sequence { steps }),
        window,
        sensitive_buckets,
        approved_destinations,
        threshold: overridden.threshold,
        enabled: overridden.enabled,
        elements: overridden.elements,
    })
}

fn check_names(written: &Written, faults: &mut Faults) {
    let is_name = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    if !is_name(&written.id.text) {
        faults.add(
            &written.id.place,
            format!(
                "the id `{}` may hold letters, digits, - and _ only",
                written.id.text
            ),
        );
    }
    for technique in &written.techniques {
        if !is_technique(&technique.text) {
            faults.add(
                &technique.place,
                format!("`{}` is no ATT&CK technique, as in `T1619`", technique.text),
            );
        }
    }
    let mut ids = BTreeSet::new();
    for arm in &written.arms {
        if !ids.insert(&arm.id.text) {
            faults.add(
                &arm.id.place,
                format!("another [[arm]] has the id `{}`", arm.id.text),
            );
        }
    }
}

/// Tells whether a text is `T` and four digits, and perhaps a dot and three.
fn is_technique(text: &str) -> bool {
    let digits = |text: &str, n| text.len() == n && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = text.strip_prefix('T') else {
        return false;
    };
    match number.split_once('.') {
        Some((number, sub)) => digits(number, 4) && digits(sub, 3),
        None => digits(number, 4),
    }
}

fn apply(written: &Written, overrides: Option<&Table>, faults: &mut Faults) -> Overridden {
    let mut overridden = Overridden {
        elements: written.elements.clone(),
        threshold: None,
        enabled: true,
    };
    let entries = overrides
        .map(|table| table.entries.as_slice())
        .unwrap_or_default();
    for entry in entries {
        let value = &entry.value;
        match entry.key.as_str() {
            "threshold" => {
                overridden.threshold = value
                    .number(faults)
                    .filter(|score| (0.0..=100.0).contains(score));
                if overridden.threshold.is_none() {
                    faults.add(&value.place, "a threshold is a score from 0 to 100");
                }
            }
            "enabled" => overridden.enabled = value.flag(faults).unwrap_or(true),
            name => match overridden.elements.get_mut(name) {
                Some(element) => {
                    if let Some(made) = ElementValue::read(value, element.kind, faults) {
                        element.value = Some(made);
                        element.place = value.place.clone();
                    }
                }
                None => {
                    let mut valid = written.elements.names();
                    valid.extend(RESERVED);
                    faults.unknown(
                        &entry.place,
                        &format!("element of {}:", written.id.text),
                        name,
                        &valid,
                    );
                }
            },
        }
    }
    overridden
}

fn check_elements(elements: &Elements, used: &BTreeSet<Str>, faults: &mut Faults) {
    for element in elements.iter() {
        let known = KNOWN_ELEMENTS
            .iter()
            .find(|(name, _)| **name == *element.name);
        match known {
            Some((name, kind)) if *kind != element.kind => {
                faults.add(
                    &element.place,
                    format!("the element `{name}` must be of type `{kind}`"),
                );
            }
            None if RESERVED.contains(&&*element.name) => {
                faults.add(
                    &element.place,
                    format!(
                        "`{}` may not be an element: every analytic has it",
                        element.name
                    ),
                );
            }
            None if !used.contains(&element.name) => {
                faults.add(
                    &element.place,
                    format!("nothing uses the element `{}`", element.name),
                );
            }
            _ => {}
        }
    }
}

fn check_sequence(written: &Written, arms: &[Arm], faults: &mut Faults) {
    let waiting = arms
        .iter()
        .any(|arm| arm.gates.iter().any(Gate::needs_sequence));
    if let Some((place, _)) = written.steps.first()
        && !waiting
        && arms.len() == written.arms.len()
    {
        faults.add(
            place,
            "no arm waits for the sequence: none has the gate `sequence`",
        );
    }
    for gate in written.arms.iter().flat_map(|arm| &arm.gates) {
        if let Some(place) = sequence_gate(gate)
            && written.steps.is_empty()
        {
            faults.add(place, "the gate `sequence` needs [[step]]s");
        }
    }
}

fn sequence_gate(gate: &WrittenGate) -> Option<&Place> {
    match gate {
        WrittenGate::Sequence(place) => Some(place),
        WrittenGate::AnyOf(gates) => gates.iter().find_map(sequence_gate),
        _ => None,
    }
}

/// Follows references to elements, and remembers which elements it met.
struct Resolver<'a> {
    elements: &'a Elements,
    used: BTreeSet<Str>,
    faults: &'a mut Faults,
}

impl Resolver<'_> {
    fn arm(&mut self, arm: &WrittenArm) -> Option<Arm> {
        let terms: Vec<_> = arm.terms.iter().map(|term| self.term(term)).collect();
        let gates: Vec<_> = arm.gates.iter().map(|gate| self.gate(gate)).collect();
        let quiet_context_factor = match &arm.quiet_context_factor {
            Some(factor) => self.placed(factor, "a factor above 0 and at most 1", |x| {
                x > 0.0 && x <= 1.0
            })?,
            None => 1.0,
        };
        let terms: Vec<Term> = terms.into_iter().collect::<Option<_>>()?;
        let gates = gates.into_iter().collect::<Option<_>>()?;
        (!terms.is_empty()).then(|| Arm {
            id: arm.id.text.clone(),
            doc: arm.doc.clone(),
            cohort: arm.cohort,
            terms,
            gates,
            quiet_context_factor,
        })
    }

    fn term(&mut self, term: &WrittenTerm) -> Option<Term> {
        match term {
            WrittenTerm::Largest(metrics) => self.metrics(metrics).map(Term::Largest),
            WrittenTerm::Traits(traits) => self
                .words(traits, "trait", Trait::parse, Trait::ALL)
                .map(Term::Traits),
            WrittenTerm::Acts(act) => Some(Term::Acts(*act)),
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
            WrittenGate::Sequence(_) => Some(Gate::Sequence),
        }
    }

    fn step(&mut self, step: &WrittenStep) -> Option<Step> {
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

    /// Returns the value in force of an element and where it stands; an element without value is a fault, unless the
    /// lack has been told already.
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

    /// Returns a number that must be `wanted`; what is not is a fault where the number stands.
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

    /// Returns words of a vocabulary. Those of an element are only now known to belong to it.
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

    /// Returns the words that an element lists; `None` if it is no list.
    fn listed<T: Copy + std::fmt::Display>(
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
