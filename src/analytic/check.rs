//! From written to checked: this applies overrides, follows references to elements, and checks values that must agree.

use std::collections::{BTreeMap, BTreeSet};

use crate::analytic::element::{ElementKind, ElementValue, Elements};
use crate::analytic::resolve::Resolver;
use crate::analytic::written::{Written, WrittenGate};
use crate::analytic::{Analytic, CONTEXT_TRAITS, SETTINGS, Sequence};
use crate::document::{Faults, Place, Table, Word};
use crate::vocab::{SOURCE_SILENT, Str, Trait};

/// Elements that are used by their name wherever they are declared, with the type that they must have.
const KNOWN_ELEMENTS: [(&str, ElementKind); 4] = [
    ("ContextTraits", ElementKind::List),
    ("TimeWindow", ElementKind::Window),
    ("SensitiveBuckets", ElementKind::Buckets),
    ("ApprovedDestinations", ElementKind::Destinations),
];

/// Checks all definitions together with the configuration's tables for them. The analytics are sorted by id.
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
    let undeclared = overrides
        .get(SOURCE_SILENT)
        .filter(|_| !by_id.contains_key(SOURCE_SILENT));
    if let Some(table) = undeclared.and_then(|value| value.table(faults)) {
        check_undeclared(table, faults);
    }
    let tables = overrides.entries.iter();
    let tables = tables.filter(|entry| entry.key != SOURCE_SILENT);
    for (id, place) in mentions.chain(tables.map(|entry| (entry.key.as_str(), &entry.place))) {
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

/// Checks the table of an analytic that no model declares: it can be switched off, and that is all.
fn check_undeclared(table: &Table, faults: &mut Faults) {
    for entry in &table.entries {
        match entry.key.as_str() {
            "enabled" => {
                entry.value.flag(faults);
            }
            key => {
                let what = format!("element of {SOURCE_SILENT}:");
                faults.unknown(&entry.place, &what, key, &["enabled"]);
            }
        }
    }
}

/// What a configuration sets for one analytic.
struct AnalyticOverrides {
    elements: Elements,
    threshold: Option<f64>,
    enabled: bool,
}

/// Checks one definition with its `[analytic.ID]` table, if there is one. Returns `None` if a required part is missing.
pub(super) fn one(
    written: &Written,
    overrides: Option<&Table>,
    faults: &mut Faults,
) -> Option<Analytic> {
    check_names(written, faults);
    let overridden = apply(written, overrides, faults);
    let mut resolver = Resolver::new(&overridden.elements, faults);
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
    let context = match overridden.elements.get("ContextTraits") {
        Some(_) => resolver.listed("ContextTraits", "trait", Trait::parse, Trait::ALL),
        None => Some(CONTEXT_TRAITS.to_vec()),
    };
    let used = resolver.used;
    check_elements(written, &used, faults);
    check_sequence(written, faults);
    let context = context?;

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
        file: written.id.place.file.clone(),
        is_builtin: false,
        stories: written.stories.clone(),
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

/// Returns whether a text is `T` and four digits, optionally followed by a dot and three digits.
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

fn apply(written: &Written, overrides: Option<&Table>, faults: &mut Faults) -> AnalyticOverrides {
    let mut overridden = AnalyticOverrides {
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
                    valid.extend(SETTINGS.keys.iter().map(|key| key.name));
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

fn check_elements(written: &Written, used: &BTreeSet<Str>, faults: &mut Faults) {
    for element in written.elements.iter() {
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
            None if SETTINGS.key(&element.name).is_some() => {
                faults.add(
                    &element.place,
                    format!(
                        "`{}` may not be an element: every analytic has it",
                        element.name
                    ),
                );
            }
            None if written.whole && !used.contains(&element.name) => {
                faults.add(
                    &element.place,
                    format!("nothing uses the element `{}`", element.name),
                );
            }
            _ => {}
        }
    }
}

fn check_sequence(written: &Written, faults: &mut Faults) {
    let gates = written.arms.iter().flat_map(|arm| &arm.gates);
    let mut waiting = gates.filter_map(sequence_gate).peekable();
    match written.steps.first() {
        Some((place, _)) if waiting.peek().is_none() && written.whole => faults.add(
            place,
            "no arm waits for the sequence: none has the gate `sequence`",
        ),
        None if written.whole => {
            waiting.for_each(|place| faults.add(place, "the gate `sequence` needs [[step]]s"));
        }
        _ => {}
    }
}

/// Returns where a gate, or a gate inside it, requires the sequence.
fn sequence_gate(gate: &WrittenGate) -> Option<&Place> {
    match gate {
        WrittenGate::Sequence(place, _) => Some(place),
        WrittenGate::AnyOf(gates) => gates.iter().find_map(sequence_gate),
        _ => None,
    }
}
