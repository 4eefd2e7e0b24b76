//! Arms and steps as written.

use crate::analytic::element::{each, glob};
use crate::analytic::shape::{ARM, EGRESS, GATE, GATE_WORDS, NEW_IDENTITY, SPIKE, STEP, TERM};
use crate::analytic::written::types::{
    Given, Placed, WrittenArm, WrittenBurst, WrittenGate, WrittenStep, WrittenTerm, all, read_text,
    some_of,
};
use crate::analytic::{ActKind, Cohort, ElementKind, ElementValue};
use crate::document::{Faults, Fields, Node, Shape, Table, Value, Word};
use crate::event::{Action, IdentityKind};
use crate::stats::Severity;
use crate::vocab::{BurstKind, Metric, Trait};

pub(super) fn read_arm(table: &Table, faults: &mut Faults) -> Option<WrittenArm> {
    let mut fields = Fields::of(table, &ARM);
    let id = fields
        .required("id", faults)
        .and_then(|value| value.word(faults));
    let doc = read_text(&mut fields, "doc", faults);
    let title = fields
        .optional("title")
        .and_then(|value| value.text(faults))
        .map(|title| title.trim().to_owned());
    let cohort = fields
        .required("cohort", faults)
        .and_then(|value| value.one_of("cohort", Cohort::parse, all!(Cohort), faults))
        .unwrap_or(Cohort::Any);
    let sum = fields.required("sum", faults);
    let terms = sum.and_then(|value| value.list(faults)).unwrap_or_default();
    if let Some(sum) = sum
        && terms.is_empty()
    {
        faults.add(&sum.place, "expected at least one term");
    }
    let terms = terms
        .iter()
        .filter_map(|value| read_term(value, faults))
        .collect();
    let gates = fields
        .optional("when")
        .and_then(|value| value.list(faults))
        .unwrap_or_default();
    let gates = gates
        .iter()
        .filter_map(|value| read_gate(value, faults))
        .collect();
    let mut factor = |key: &'static str| {
        let value = fields.optional(key)?;
        Some(Placed {
            place: value.place.clone(),
            given: given(value, faults, Value::number)?,
        })
    };
    let quiet_context_factor = factor("quiet_context_factor");
    let familiar_factor = factor("familiar_factor");
    let severity_max = fields.optional("severity_max").and_then(|value| {
        let words = Severity::ALL.map(Severity::as_str);
        value.one_of("severity", Severity::parse, &words, faults)
    });
    fields.done(faults);
    Some(WrittenArm {
        id: id?,
        doc,
        title,
        cohort,
        terms,
        gates,
        quiet_context_factor,
        familiar_factor,
        severity_max,
    })
}

/// Reads a value that may be the name of an element.
fn given<T>(
    value: &Value,
    faults: &mut Faults,
    read: impl FnOnce(&Value, &mut Faults) -> Option<T>,
) -> Option<Given<T>> {
    if let Node::Text(text) = &value.node
        && let Some(name) = text.strip_prefix('$')
    {
        return Some(Given::Element(Word {
            text: name.into(),
            place: value.place.clone(),
        }));
    }
    read(value, faults).map(Given::Literal)
}

/// The forms of a term: each is a table with one of these keys.
const TERM_KEYS: &str =
    "largest, traits, acts, weight, role_tail or burst (with over, at_least and weight)";

fn read_term(value: &Value, faults: &mut Faults) -> Option<WrittenTerm> {
    let table = value.table(faults)?;
    let mut fields = Fields::of_forms(table, &TERM);
    if let Some(value) = fields.optional("burst") {
        let burst = read_burst(value, &mut fields, faults);
        let weight = fields.required("weight", faults).and_then(|value| {
            Some(Placed {
                place: value.place.clone(),
                given: given(value, faults, Value::number)?,
            })
        });
        fields.done(faults);
        return Some(WrittenTerm::Burst(burst?, weight?));
    }
    let forms =
        ["largest", "traits", "acts", "weight", "role_tail"].map(|key| (key, fields.optional(key)));
    let mut given_forms = forms
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    let form = (given_forms.next(), given_forms.next());
    fields.done(faults);
    match form {
        (Some((key, value)), None) => match key {
            "largest" => given(value, faults, metrics).map(WrittenTerm::Largest),
            "traits" => given(value, faults, traits).map(WrittenTerm::Traits),
            "acts" => value
                .one_of("act", ActKind::parse, all!(ActKind), faults)
                .map(WrittenTerm::Acts),
            "weight" => given(value, faults, Value::number).map(|given| {
                WrittenTerm::Weight(Placed {
                    place: value.place.clone(),
                    given,
                })
            }),
            _ => metric(value, faults)
                .map(|metric| WrittenTerm::RoleTail(value.place.clone(), metric)),
        },
        _ => {
            faults.add(
                &value.place,
                format!("a term needs exactly one of {TERM_KEYS}"),
            );
            None
        }
    }
}

/// Reads the requirements of a burst, beside the kind that is counted.
fn read_burst(value: &Value, fields: &mut Fields<'_>, faults: &mut Faults) -> Option<WrittenBurst> {
    let kind = value.one_of("burst", BurstKind::parse, all!(BurstKind), faults);
    let over = fields.required("over", faults).and_then(|value| {
        given(value, faults, |value, faults| {
            match ElementValue::read(value, ElementKind::Window, faults)? {
                ElementValue::Window(window) => Some(window),
                _ => None,
            }
        })
    });
    let at_least = fields
        .required("at_least", faults)
        .and_then(|value| given(value, faults, Value::integer));
    let fixed = fields
        .optional("fixed")
        .map(|value| given(value, faults, Value::flag));
    Some(WrittenBurst {
        kind: kind?,
        over: over?,
        at_least: at_least?,
        fixed: match fixed {
            Some(fixed) => Some(fixed?),
            None => None,
        },
    })
}

fn metric(value: &Value, faults: &mut Faults) -> Option<Metric> {
    value.one_of("metric", Metric::parse, all!(Metric), faults)
}

fn metrics(value: &Value, faults: &mut Faults) -> Option<Vec<Metric>> {
    some_of(value, "metric", Metric::parse, all!(Metric), faults)
}

fn traits(value: &Value, faults: &mut Faults) -> Option<Vec<Trait>> {
    some_of(value, "trait", Trait::parse, all!(Trait), faults)
}

/// The forms of the other gates: each is a table with one of these keys.
const GATE_KEYS: &str = "active, at_least (with of), any, act, burst (with over and at_least), \
     surprising (with more_than), shows (with like), new (with like or known_to), beyond (with of), caller, steps \
     or unlogged";

fn read_gate(value: &Value, faults: &mut Faults) -> Option<WrittenGate> {
    if let Node::Text(text) = &value.node {
        return match text.as_str() {
            "context" => Some(WrittenGate::Context),
            "external" => Some(WrittenGate::External),
            "sequence" => Some(WrittenGate::Sequence(value.place.clone(), None)),
            _ => {
                faults.unknown(&value.place, "gate", text, &GATE_WORDS);
                None
            }
        };
    }
    let table = value.table(faults)?;
    let mut fields = Fields::of_forms(table, &GATE);
    if let Some(gate) = read_other_gate(&mut fields, faults) {
        fields.done(faults);
        return gate;
    }
    let forms = ["active", "at_least", "any", "act"].map(|key| fields.optional(key));
    let gate = match forms {
        [Some(value), None, None, None] => given(value, faults, metrics).map(WrittenGate::Active),
        [None, Some(value), None, None] => {
            let number = given(value, faults, Value::integer);
            let of = fields
                .required("of", faults)
                .and_then(|value| metric(value, faults));
            of.zip(number)
                .map(|(of, number)| WrittenGate::AtLeast(of, number))
        }
        [None, None, Some(value), None] => {
            let gates = value.list(faults).unwrap_or_default();
            if gates.is_empty() {
                faults.add(&value.place, "expected at least one gate");
            }
            Some(WrittenGate::AnyOf(
                gates
                    .iter()
                    .filter_map(|value| read_gate(value, faults))
                    .collect(),
            ))
        }
        [None, None, None, Some(value)] => value
            .one_of("act", ActKind::parse, all!(ActKind), faults)
            .map(WrittenGate::Act),
        _ => {
            faults.add(
                &value.place,
                format!("a gate needs exactly one of {GATE_KEYS}"),
            );
            None
        }
    };
    fields.done(faults);
    gate
}

/// Reads a gate that takes parameters; `None` if it is none of them.
fn read_other_gate(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Option<WrittenGate>> {
    if let Some(value) = fields.optional("burst") {
        return Some(read_burst(value, fields, faults).map(WrittenGate::Burst));
    }
    if let Some(value) = fields.optional("surprising") {
        let more_than = fields
            .required("more_than", faults)
            .and_then(|value| given(value, faults, Value::number));
        if let Node::Text(word) = &value.node
            && let Some(which) = Trait::parse(word)
        {
            return Some(more_than.map(|x| WrittenGate::Unusual(which, x)));
        }
        let words = [all!(Metric).as_slice(), all!(Trait).as_slice()].concat();
        let of = value.one_of("metric or trait", Metric::parse, &words, faults);
        return Some(
            of.zip(more_than)
                .map(|(of, x)| WrittenGate::Surprising(of, x)),
        );
    }
    for (key, new) in [("shows", false), ("new", true)] {
        let Some(value) = fields.optional(key) else {
            continue;
        };
        let which = value.one_of("trait", Trait::parse, all!(Trait), faults);
        let like = fields
            .optional("like")
            .map(|value| given(value, faults, |value, faults| each(value, faults, glob)));
        let known_to = if new {
            fields.optional("known_to")
        } else {
            None
        };
        let known_to = known_to.map(|value| given(value, faults, Value::integer));
        return Some(which.and_then(|which| {
            Some(WrittenGate::Shows {
                which,
                like: like.map_or(Some(None), |like| like.map(Some))?,
                new,
                known_to: known_to.map_or(Some(None), |known_to| known_to.map(Some))?,
            })
        }));
    }
    if let Some(value) = fields.optional("beyond") {
        let which = value.one_of("trait", Trait::parse, all!(Trait), faults);
        let known = fields
            .required("of", faults)
            .and_then(|value| given(value, faults, |value, faults| each(value, faults, glob)));
        return Some(
            which
                .zip(known)
                .map(|(which, known)| WrittenGate::Beyond(which, known)),
        );
    }
    if let Some(value) = fields.optional("caller") {
        let kinds = |value: &Value, faults: &mut Faults| {
            let words = all!(IdentityKind);
            some_of(
                value,
                "kind of identity",
                IdentityKind::parse,
                words,
                faults,
            )
        };
        return Some(given(value, faults, kinds).map(WrittenGate::Caller));
    }
    if let Some(value) = fields.optional("steps") {
        let place = value.place.clone();
        let steps = value.integer(faults);
        return Some(steps.map(|steps| WrittenGate::Sequence(place, Some(steps))));
    }
    let value = fields.optional("unlogged")?;
    let action = value.one_of("action", Action::parse, all!(Action), faults);
    Some(action.map(WrittenGate::Unlogged))
}

/// The forms of a step: each is a table with one of these keys.
const STEP_KEYS: &str = "new_identity, spike or egress";

pub(super) fn read_step(table: &Table, faults: &mut Faults) -> Option<WrittenStep> {
    let mut fields = Fields::of(table, &STEP);
    let forms = ["new_identity", "spike", "egress"].map(|key| fields.optional(key));
    fields.done(faults);
    match forms {
        [Some(value), None, None] => read_within(value, &NEW_IDENTITY, faults)
            .map(|within| WrittenStep::NewIdentity { within }),
        [None, Some(value), None] => {
            let mut fields = Fields::of(value.table(faults)?, &SPIKE);
            let of = fields
                .required("of", faults)
                .and_then(|value| metric(value, faults));
            let surprise = fields
                .required("surprise", faults)
                .and_then(|value| given(value, faults, Value::number));
            fields.done(faults);
            of.zip(surprise)
                .map(|(of, surprise)| WrittenStep::Spike { of, surprise })
        }
        [None, None, Some(value)] => {
            read_within(value, &EGRESS, faults).map(|within| WrittenStep::Egress { within })
        }
        _ => {
            faults.add(
                &table.place,
                format!("[[step]] needs exactly one of {STEP_KEYS}"),
            );
            None
        }
    }
}

fn read_within(
    value: &Value,
    shape: &'static Shape<'static>,
    faults: &mut Faults,
) -> Option<Given<i64>> {
    let mut fields = Fields::of(value.table(faults)?, shape);
    let within = fields.required("within", faults).and_then(|value| {
        given(value, faults, |value, faults| {
            match ElementValue::read(value, ElementKind::Duration, faults)? {
                ElementValue::Duration(secs) => Some(secs),
                _ => None,
            }
        })
    });
    fields.done(faults);
    within
}
