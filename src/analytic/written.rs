//! A definition as written: its shape and its words are checked, its references to elements are not yet resolved.

mod arm;
mod story;
mod types;

use crate::analytic::shape::{ANALYTIC, ELEMENT, TELEMETRY, UNOBSERVABLE};
use crate::analytic::{
    Docs, Element, ElementKind, ElementValue, Elements, SCHEMA, Status, Telemetry, Unobservable,
};
use crate::document::{Faults, Fields, Table, Value};
use crate::event::{Action, Field, Provider, Source};
use crate::vocab::{EntityKind, Str};

pub(super) use types::{
    Given, GivenWords, Placed, Written, WrittenArm, WrittenBurst, WrittenGate, WrittenStep,
    WrittenTerm,
};
use types::{all, read_text, some_of};

/// Reads a definition; `None` if it does not even have an id.
pub(super) fn read(root: &Table, faults: &mut Faults) -> Option<Written> {
    let before = faults.count();
    let mut fields = Fields::of(root, &ANALYTIC);
    if let Some(value) = fields.required("schema", faults)
        && value.integer(faults).is_some_and(|schema| schema != SCHEMA)
    {
        faults.add(&value.place, format!("this program reads schema {SCHEMA}"));
    }
    let id = fields
        .required("id", faults)
        .and_then(|value| value.word(faults));
    let title = read_text(&mut fields, "title", faults);
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
        .filter_map(|table| arm::read_arm(table, faults))
        .collect();
    let steps = fields.tables("step", faults);
    let steps = steps
        .into_iter()
        .filter_map(|table| Some((table.place.clone(), arm::read_step(table, faults)?)))
        .collect();
    let stories = fields.tables("story", faults);
    let stories = stories
        .into_iter()
        .filter_map(|table| story::read(table, faults))
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
        stories,
        whole: faults.count() == before,
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

fn read_texts(fields: &mut Fields<'_>, key: &'static str, faults: &mut Faults) -> Vec<String> {
    let words = fields.words(key, faults);
    words
        .into_iter()
        .map(|word| word.text.trim().to_owned())
        .collect()
}

fn read_docs(fields: &mut Fields<'_>, faults: &mut Faults) -> Docs {
    Docs {
        status: fields
            .required("status", faults)
            .and_then(|value| value.one_of("status", Status::parse, all!(Status), faults))
            .unwrap_or_default(),
        description: read_text(fields, "description", faults),
        rationale: read_text(fields, "rationale", faults),
        tags: read_texts(fields, "tags", faults),
        references: read_texts(fields, "references", faults),
        falsepositives: read_texts(fields, "falsepositives", faults),
        investigate: read_texts(fields, "investigate", faults),
        respond: read_texts(fields, "respond", faults),
        tune: read_texts(fields, "tune", faults),
        telemetry: fields
            .tables("telemetry", faults)
            .into_iter()
            .filter_map(|table| read_telemetry(table, faults))
            .collect(),
        unobservable: fields
            .tables("unobservable", faults)
            .into_iter()
            .filter_map(|table| read_unobservable(table, faults))
            .collect(),
    }
}

fn read_telemetry(table: &Table, faults: &mut Faults) -> Option<Telemetry> {
    let mut fields = Fields::of(table, &TELEMETRY);
    let source = fields
        .required("source", faults)
        .and_then(|value| value.one_of("source", Source::parse, all!(Source), faults));
    let or = fields
        .optional("or")
        .and_then(|value| some_of(value, "source", Source::parse, all!(Source), faults));
    let of = fields
        .optional("of")
        .and_then(|value| value.one_of("provider", Provider::parse, all!(Provider), faults));
    let name = read_text(&mut fields, "name", faults);
    let events = read_text(&mut fields, "events", faults);
    let actions = fields
        .required("actions", faults)
        .and_then(|value| some_of(value, "action", Action::parse, all!(Action), faults));
    let operations = read_texts(&mut fields, "operations", faults);
    let shown_by = fields
        .optional("shown_by")
        .and_then(|value| some_of(value, "action", Action::parse, all!(Action), faults));
    let needed = fields
        .required("fields", faults)
        .and_then(|value| some_of(value, "field", Field::parse, all!(Field), faults));
    let needs = fields
        .optional("needs")
        .and_then(|value| some_of(value, "field", Field::parse, all!(Field), faults));
    let required = fields
        .optional("required")
        .and_then(|value| value.flag(faults));
    let without = read_text(&mut fields, "without", faults);
    fields.done(faults);
    Some(Telemetry {
        source: source?,
        or: or.unwrap_or_default(),
        of,
        name,
        events,
        actions: actions?,
        operations,
        shown_by: shown_by.unwrap_or_default(),
        fields: needed?,
        needs: needs.unwrap_or_default(),
        required: required.unwrap_or(false),
        without,
    })
}

fn read_unobservable(table: &Table, faults: &mut Faults) -> Option<Unobservable> {
    let mut fields = Fields::of(table, &UNOBSERVABLE);
    let provider = fields
        .required("provider", faults)
        .and_then(|value| value.one_of("provider", Provider::parse, all!(Provider), faults));
    let what = read_text(&mut fields, "what", faults);
    let instead = read_text(&mut fields, "instead", faults);
    let off_by_default = fields
        .optional("off_by_default")
        .and_then(|value| value.flag(faults));
    fields.done(faults);
    Some(Unobservable {
        provider: provider?,
        what,
        instead,
        off_by_default: off_by_default.unwrap_or(false),
    })
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
        let mut fields = Fields::named(table, &ELEMENT, format!("[elements.{}]", entry.key));
        let kind = fields
            .required("type", faults)
            .and_then(|value| value.one_of("type", ElementKind::parse, all!(ElementKind), faults));
        let doc = read_text(&mut fields, "doc", faults);
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
        // References to an element with a wrong type are not reported again: the element has no value to check.
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
