//! A definition as written: its shape and its words are right, its references to elements are not yet followed.

use crate::analytic::{
    ActKind, Cohort, Docs, Element, ElementKind, ElementValue, Elements, SCHEMA, Status, Telemetry,
};
use crate::document::{Faults, Fields, Node, Place, Table, Value, Word};
use crate::event::Provider;
use crate::vocab::{EntityKind, Metric, Str, Trait};

/// What stands for itself, or names the element that it is taken from, as in `"$ShareWeight"`.
pub(super) enum Given<T> {
    Literal(T),
    Element(Word),
}

/// Words of the vocabulary, or the element that lists them.
pub(super) type GivenWords<T> = Given<Vec<T>>;

pub(super) struct Written {
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
}

pub(super) struct WrittenArm {
    pub id: Word,
    pub doc: String,
    pub cohort: Cohort,
    pub terms: Vec<WrittenTerm>,
    pub gates: Vec<WrittenGate>,
    pub quiet_context_factor: Option<Placed<f64>>,
}

/// A value that may be given by an element, and where it stands.
pub(super) struct Placed<T> {
    pub place: Place,
    pub given: Given<T>,
}

pub(super) enum WrittenTerm {
    Largest(GivenWords<Metric>),
    Traits(GivenWords<Trait>),
    Acts(ActKind),
    Weight(Placed<f64>),
    RoleTail(Place, Metric),
}

pub(super) enum WrittenGate {
    Active(GivenWords<Metric>),
    AtLeast(Metric, Given<u64>),
    AnyOf(Vec<WrittenGate>),
    Context,
    External,
    Act(ActKind),
    Sequence(Place),
}

pub(super) enum WrittenStep {
    NewIdentity { within: Given<i64> },
    Spike { of: Metric, surprise: Given<f64> },
    Egress { within: Given<i64> },
}

/// Every word of a vocabulary that [`words!`](crate::vocab) made.
macro_rules! all {
    ($type:ident) => {
        &$type::ALL
            .iter()
            .map(|value| value.as_str())
            .collect::<Vec<_>>()
    };
}

/// Reads a definition; `None` if so much is wrong that nothing is left to check. An empty table is no further fault.
pub(super) fn read(root: &Table, faults: &mut Faults) -> Option<Written> {
    if root.entries.is_empty() && !faults.is_empty() {
        return None;
    }
    let mut fields = Fields::of(root, "the analytic");
    if let Some(value) = fields.required("schema", faults)
        && value.integer(faults).is_some_and(|schema| schema != SCHEMA)
    {
        faults.add(&value.place, format!("this program reads schema {SCHEMA}"));
    }
    let id = fields
        .required("id", faults)
        .and_then(|value| value.word(faults));
    let title = fields
        .required("title", faults)
        .and_then(|value| value.text(faults))
        .unwrap_or_default()
        .to_owned();
    let version = fields
        .required("version", faults)
        .and_then(|value| read_version(value, faults))
        .unwrap_or_default();
    let techniques = fields.words("techniques", faults);
    let providers = fields
        .required("providers", faults)
        .and_then(|value| some_of(value, "provider", Provider::parse, all!(Provider), faults));
    let entities = fields.required("entities", faults).and_then(|value| {
        some_of(
            value,
            "kind of entity",
            EntityKind::parse,
            all!(EntityKind),
            faults,
        )
    });
    let docs = read_docs(&mut fields, faults);
    let elements = read_elements(&mut fields, faults);
    let arms = fields.tables("arm", faults);
    if arms.is_empty() {
        faults.add(&root.place, "the analytic needs at least one [[arm]]");
    }
    let arms = arms
        .into_iter()
        .filter_map(|table| read_arm(table, faults))
        .collect();
    let steps = fields.tables("step", faults);
    let steps = steps
        .into_iter()
        .filter_map(|table| Some((table.place.clone(), read_step(table, faults)?)))
        .collect();
    fields.done(faults);
    Some(Written {
        id: id?,
        title,
        version,
        techniques,
        providers: providers.unwrap_or_default(),
        entities: entities.unwrap_or_default(),
        docs,
        elements,
        arms,
        steps,
    })
}

fn read_version(value: &Value, faults: &mut Faults) -> Option<u32> {
    let version = u32::try_from(value.integer(faults)?)
        .ok()
        .filter(|version| *version > 0);
    if version.is_none() {
        faults.add(&value.place, "expected a version of at least 1");
    }
    version
}

/// Reads a list of words of a vocabulary, of which there must be one.
fn some_of<T: PartialEq>(
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

fn read_docs(fields: &mut Fields<'_>, faults: &mut Faults) -> Docs {
    let text = |fields: &mut Fields<'_>, key, faults: &mut Faults| {
        let value = fields.required(key, faults);
        value
            .and_then(|value| value.text(faults))
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let texts = |fields: &mut Fields<'_>, key, faults: &mut Faults| {
        fields
            .words(key, faults)
            .into_iter()
            .map(|word| word.text.trim().to_owned())
            .collect()
    };
    Docs {
        status: fields
            .required("status", faults)
            .and_then(|value| value.one_of("status", Status::parse, all!(Status), faults))
            .unwrap_or_default(),
        description: text(fields, "description", faults),
        rationale: text(fields, "rationale", faults),
        tags: texts(fields, "tags", faults),
        references: texts(fields, "references", faults),
        falsepositives: texts(fields, "falsepositives", faults),
        investigate: texts(fields, "investigate", faults),
        respond: texts(fields, "respond", faults),
        tune: texts(fields, "tune", faults),
        telemetry: fields
            .tables("telemetry", faults)
            .into_iter()
            .map(|table| {
                let mut fields = Fields::of(table, "[[telemetry]]");
                let telemetry = Telemetry {
                    source: text(&mut fields, "source", faults),
                    events: text(&mut fields, "events", faults),
                    fields: texts(&mut fields, "fields", faults),
                    required: fields
                        .optional("required")
                        .and_then(|value| value.flag(faults))
                        .unwrap_or(false),
                    without: text(&mut fields, "without", faults),
                };
                fields.done(faults);
                telemetry
            })
            .collect(),
    }
}

fn read_elements(fields: &mut Fields<'_>, faults: &mut Faults) -> Elements {
    let mut elements = Elements::default();
    let Some(table) = fields
        .optional("elements")
        .and_then(|value| value.table(faults))
    else {
        return elements;
    };
    for entry in &table.entries {
        let Some(table) = entry.value.table(faults) else {
            continue;
        };
        let mut fields = Fields::of(table, format!("[elements.{}]", entry.key));
        let kind = fields
            .required("type", faults)
            .and_then(|value| value.one_of("type", ElementKind::parse, all!(ElementKind), faults));
        let doc = fields
            .required("doc", faults)
            .and_then(|value| value.text(faults))
            .unwrap_or_default()
            .to_owned();
        let default = fields.optional("default");
        if default.is_none() && kind.is_some_and(|kind| kind != ElementKind::Window) {
            faults.add(
                &table.place,
                format!("[elements.{}] needs `default`", entry.key),
            );
        }
        fields.done(faults);
        let default = match kind {
            Some(kind) => default.and_then(|value| ElementValue::read(value, kind, faults)),
            None => None,
        };
        // Whatever refers to an element whose type is wrong is not told again: it has no value to be wrong about.
        let kind = kind.unwrap_or(ElementKind::Number);
        let value = default.clone();
        elements.push(Element {
            name: Str::from(&*entry.key),
            kind,
            doc,
            default,
            value,
            place: table.place.clone(),
        });
    }
    elements
}

fn read_arm(table: &Table, faults: &mut Faults) -> Option<WrittenArm> {
    let mut fields = Fields::of(table, "[[arm]]");
    let id = fields
        .required("id", faults)
        .and_then(|value| value.word(faults));
    let doc = fields
        .required("doc", faults)
        .and_then(|value| value.text(faults))
        .unwrap_or_default()
        .to_owned();
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
    let quiet_context_factor = fields.optional("quiet_context_factor").and_then(|value| {
        Some(Placed {
            place: value.place.clone(),
            given: given(value, faults, Value::number)?,
        })
    });
    fields.done(faults);
    Some(WrittenArm {
        id: id?,
        doc,
        cohort,
        terms,
        gates,
        quiet_context_factor,
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
const TERM_KEYS: &str = "largest, traits, acts, weight or role_tail";

fn read_term(value: &Value, faults: &mut Faults) -> Option<WrittenTerm> {
    let table = value.table(faults)?;
    let mut fields = Fields::of(table, "a term");
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

fn metric(value: &Value, faults: &mut Faults) -> Option<Metric> {
    value.one_of("metric", Metric::parse, all!(Metric), faults)
}

fn metrics(value: &Value, faults: &mut Faults) -> Option<Vec<Metric>> {
    some_of(value, "metric", Metric::parse, all!(Metric), faults)
}

fn traits(value: &Value, faults: &mut Faults) -> Option<Vec<Trait>> {
    some_of(value, "trait", Trait::parse, all!(Trait), faults)
}

/// The gates that are a word.
const GATE_WORDS: [&str; 3] = ["context", "external", "sequence"];
/// The forms of the other gates: each is a table with one of these keys.
const GATE_KEYS: &str = "active, at_least (with of), any or act";

fn read_gate(value: &Value, faults: &mut Faults) -> Option<WrittenGate> {
    if let Node::Text(text) = &value.node {
        return match text.as_str() {
            "context" => Some(WrittenGate::Context),
            "external" => Some(WrittenGate::External),
            "sequence" => Some(WrittenGate::Sequence(value.place.clone())),
            _ => {
                faults.unknown(&value.place, "gate", text, &GATE_WORDS);
                None
            }
        };
    }
    let table = value.table(faults)?;
    let mut fields = Fields::of(table, "a gate");
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

/// The forms of a step: each is a table with one of these keys.
const STEP_KEYS: &str = "new_identity, spike or egress";

fn read_step(table: &Table, faults: &mut Faults) -> Option<WrittenStep> {
    let mut fields = Fields::of(table, "[[step]]");
    let forms = ["new_identity", "spike", "egress"].map(|key| fields.optional(key));
    fields.done(faults);
    match forms {
        [Some(value), None, None] => read_within(value, "new_identity", faults)
            .map(|within| WrittenStep::NewIdentity { within }),
        [None, Some(value), None] => {
            let mut fields = Fields::of(value.table(faults)?, "spike");
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
            read_within(value, "egress", faults).map(|within| WrittenStep::Egress { within })
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

fn read_within(value: &Value, name: &str, faults: &mut Faults) -> Option<Given<i64>> {
    let mut fields = Fields::of(value.table(faults)?, name);
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
