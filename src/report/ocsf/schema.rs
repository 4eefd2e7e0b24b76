//! Holds findings against what the published schema says of their classes and objects.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::Value;

/// What the schema says; its first lines say in which form, and where it is from.
const FACTS: &str = include_str!("../../../tests/found/ocsf/1.8.0.txt");

/// A class or an object.
#[derive(Debug, Default)]
struct Shape {
    /// Of these it must have one, if there are any.
    any_of: Vec<&'static str>,
    attributes: BTreeMap<&'static str, Attribute>,
}

#[derive(Debug)]
struct Attribute {
    is_required: bool,
    is_list: bool,
    r#type: &'static str,
    profile: Option<&'static str>,
    /// Captions by value; of a number that is no enumeration there are none.
    captions: BTreeMap<i64, &'static str>,
}

fn shapes() -> BTreeMap<&'static str, Shape> {
    let mut shapes: BTreeMap<&str, Shape> = BTreeMap::new();
    let mut name = "";
    for line in FACTS.lines() {
        let is_comment = line.is_empty() || line.starts_with('#');
        if is_comment {
            continue;
        }
        let mut words = line.split_whitespace();
        if line.starts_with(' ') {
            let attribute = words.next().unwrap();
            let shape = shapes.get_mut(name).unwrap();
            shape.attributes.insert(attribute, Attribute::parse(line));
        } else {
            name = words.nth(1).unwrap();
            shapes.entry(name).or_default().any_of = words.collect();
        }
    }
    shapes
}

impl Attribute {
    fn parse(line: &'static str) -> Self {
        let mut words = line.split_whitespace().skip(1);
        let (requirement, written) = (words.next().unwrap(), words.next().unwrap());
        let profile = words.next().and_then(|word| word.strip_prefix('@'));
        let captions = line.find('=').map(|at| {
            let start = line[..at].rfind(' ').unwrap();
            let pairs = line[start + 1..].split('|');
            pairs.map(|pair| pair.split_once('=').unwrap())
        });
        let captions = captions.into_iter().flatten();
        Self {
            is_required: requirement == "required",
            is_list: written.ends_with("[]"),
            r#type: written.trim_end_matches("[]"),
            profile,
            captions: captions.map(|(id, of)| (id.parse().unwrap(), of)).collect(),
        }
    }

    fn is_due(&self, profiles: &BTreeSet<String>) -> bool {
        self.profile.is_none_or(|of| profiles.contains(of))
    }
}

/// Returns everything that a finding has and must not have, or must have and has not.
pub(super) fn faults(finding: &Value) -> Vec<String> {
    let class = match finding["class_uid"].as_i64() {
        Some(2004) => "detection_finding",
        Some(2005) => "incident_finding",
        other => return vec![format!("no class {other:?}")],
    };
    let profiles = finding["metadata"]["profiles"].as_array();
    let profiles = profiles.into_iter().flatten().filter_map(Value::as_str);
    let mut check = Check {
        shapes: shapes(),
        profiles: profiles.map(str::to_owned).collect(),
        faults: Vec::new(),
    };
    check.object(class, class, finding);
    let type_uid = finding["class_uid"].as_i64().unwrap() * 100;
    if finding["type_uid"] != type_uid + finding["activity_id"].as_i64().unwrap() {
        check
            .faults
            .push(format!("type_uid {}", finding["type_uid"]));
    }
    check.faults
}

struct Check {
    shapes: BTreeMap<&'static str, Shape>,
    profiles: BTreeSet<String>,
    faults: Vec<String>,
}

impl Check {
    fn object(&mut self, shape: &str, path: &str, value: &Value) {
        let Some(fields) = value.as_object() else {
            return self.faults.push(format!("{path} is no object"));
        };
        let mut found: Vec<String> = Vec::new();
        let known = &self.shapes[shape];
        if !known.any_of.is_empty() && !known.any_of.iter().any(|of| fields.contains_key(*of)) {
            found.push(format!("{path} has none of {:?}", known.any_of));
        }
        for (name, attribute) in &known.attributes {
            let is_missing = attribute.is_required && !fields.contains_key(*name);
            if is_missing && attribute.is_due(&self.profiles) {
                found.push(format!("{path}.{name} is missing"));
            }
            if let Some(value) = fields.get(*name) {
                found.extend(
                    caption_fault(name, attribute, value, fields).map(|s| path.to_owned() + &s),
                );
            }
        }
        let mut nested: Vec<(&'static str, String, &Value)> = Vec::new();
        for (name, value) in fields {
            let path = format!("{path}.{name}");
            let Some(attribute) = known.attributes.get(name.as_str()) else {
                found.push(format!("{path} is no attribute"));
                continue;
            };
            if !attribute.is_due(&self.profiles) {
                found.push(format!("{path} is of the profile {:?}", attribute.profile));
            }
            let values = match value {
                Value::Array(values) if attribute.is_list => values.iter().collect(),
                value if attribute.is_list => {
                    found.push(format!("{path} is no list: {value}"));
                    continue;
                }
                value => vec![value],
            };
            for value in values {
                match is_of_type(attribute, value) {
                    Some(true) => {}
                    Some(false) => found.push(format!("{path} is {value}")),
                    None => nested.push((attribute.r#type, path.clone(), value)),
                }
            }
        }
        self.faults.append(&mut found);
        for (shape, path, value) in nested {
            self.object(shape, &path, value);
        }
    }
}

/// Returns whether a value is of the attribute's type; `None` if that is an object.
fn is_of_type(attribute: &Attribute, value: &Value) -> Option<bool> {
    Some(match attribute.r#type {
        "text" => value.is_string(),
        "flag" => value.is_boolean(),
        "any" => !value.is_null(),
        "ip" => value
            .as_str()
            .is_some_and(|of| of.parse::<IpAddr>().is_ok()),
        "number" => value.as_i64().is_some_and(|id| {
            attribute.captions.is_empty() || attribute.captions.contains_key(&id)
        }),
        _ => return None,
    })
}

/// Beside the number of an enumeration stands its caption; where that is *Other*, what the source calls it.
fn caption_fault(
    name: &str,
    attribute: &Attribute,
    value: &Value,
    fields: &serde_json::Map<String, Value>,
) -> Option<String> {
    let caption = *attribute.captions.get(&value.as_i64()?)?;
    let sibling = match name {
        "activity_id" => "activity_name",
        "class_uid" => "class_name",
        "category_uid" => "category_name",
        "type_uid" => "type_name",
        name => name.strip_suffix("_id")?,
    };
    let written = fields.get(sibling)?.as_str()?;
    (caption != "Other" && written != caption)
        .then(|| format!(".{sibling} is {written} and not {caption}"))
}
