//! Documents that plimsoll itself wrote: they may lie among the logs, and are no logs.
//!
//! They are recognised by the members of the whole record, never by text inside one, and only after no format knows the record.
//! Each record is recognised for itself, so that a log that quotes such a document, or has one in it, is still read.

use crate::sources::json::{Object, Value};

/// The name of the configuration, which has no form of its own.
pub const CONFIGURATION: &str = "plimsoll.toml";
/// The lines of a page that plimsoll wrote: the first, and the one that names its maker.
const PAGE: [&str; 2] = [
    "<!doctype html>",
    r#"<meta name="generator" content="plimsoll">"#,
];
const PRODUCT: &str = "plimsoll";

/// What a member is.
#[derive(Clone, Copy)]
enum Is {
    Text,
    Number,
    List,
    Group,
}
use Is::{Group, List, Number, Text};

/// The members by which each document is recognised, and how many members it has at most.
#[rustfmt::skip]
const DOCUMENTS: [(&[(&str, Is)], usize); 7] = [
    // An alert.
    (&[("alert_id", Text), ("status", Text), ("analytic", Text), ("arm", Text), ("severity", Text), ("score", Number),
       ("threshold", Number), ("window", Group), ("entity", Group)], 64),
    // An incident.
    (&[("incident_id", Text), ("status", Text), ("title", Text), ("severity", Text), ("entities", List), ("alerts", List)], 64),
    // A record that was rejected.
    (&[("file", Text), ("line", Number), ("record", Number), ("byte", Number), ("reason", Text), ("excerpt", Text)], 6),
    // A label.
    (&[("analytic", Text), ("identity", List), ("start", Text), ("end", Text)], 6),
    // A benign anomaly of a simulated estate.
    (&[("cause", Text), ("identity", List), ("start", Text), ("end", Text), ("note", Text)], 5),
    // The summary of a run.
    (&[("schema", Number), ("version", Text), ("read", Group), ("alerts", Group), ("days_judged", Number),
       ("blind_spots", List)], 64),
    // What a file contains.
    (&[("file", Text), ("records", Number), ("events", Number), ("skipped", Number), ("rejected", Number),
       ("reasons", Group)], 32),
];

/// Returns whether plimsoll wrote a record.
pub fn is_own(object: Object<'_>) -> bool {
    let has = |(name, is): &(&str, Is)| {
        object.get(name).is_some_and(|value| {
            matches!(
                (is, value),
                (Text, Value::Text(_))
                    | (Number, Value::Number(_))
                    | (List, Value::Array(_))
                    | (Group, Value::Object(_))
            )
        })
    };
    let is_document = |(members, n_max): &(&[(&str, Is)], usize)| {
        members.iter().all(has) && object.members().take(n_max + 1).count() <= *n_max
    };
    DOCUMENTS.iter().any(is_document) || is_finding(object)
}

/// Returns whether a record is an alert or an incident in the form of OCSF, or of the Elastic Common Schema.
fn is_finding(object: Object<'_>) -> bool {
    let text = |path: [&str; 3]| {
        let first = object.get(path[0]);
        let inner = path[1..].iter().filter(|name| !name.is_empty());
        inner.fold(first, |value, name| value.and_then(|v| v.get(name)))
    };
    let is =
        |path, wanted: &str| matches!(text(path), Some(Value::Text(t)) if t == wanted.as_bytes());
    let has = |path| matches!(text(path), Some(Value::Text(_)));
    let has_list = |path| matches!(text(path), Some(Value::Array(_)));
    let has_finding = has(["finding_info", "uid", ""]) || has_list(["finding_info_list", "", ""]);
    let has_rule = has(["rule", "id", ""]) || has_list(["rule", "id", ""]);
    (is(["metadata", "product", "name"], PRODUCT) && has_finding)
        || (is(["event", "module", ""], PRODUCT) && has_rule)
}

/// Returns whether the first lines of a text are those of a page that plimsoll wrote.
pub fn is_page<'a>(mut lines: impl Iterator<Item = &'a str>) -> bool {
    lines.next() == Some(PAGE[0]) && lines.any(|line| line == PAGE[1])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sources::json::Layout;

    #[test]
    fn a_document_is_own_by_its_members_and_not_by_what_it_quotes() {
        let is = |text: &str| is_own(Layout::default().object(text.as_bytes()).unwrap().0);
        let alert = r#""alert_id":"0a","status":"new","analytic":"AN1594","arm":"ENUM","severity":"high","score":97.1,"threshold":92,"window":{},"entity":{}"#;
        let reject = r#""file":"a","line":1,"record":1,"byte":0,"reason":"not_json","excerpt":"{""#;
        assert!(is(&format!("{{{alert}}}")) && is(&format!("{{\"more\":[],{alert}}}")));
        assert!(is(&format!("{{{reject}}}")));
        for other in [
            format!(r#"{{"userAgent":{{{alert}}}}}"#),
            r#"{"alert_id":"0a","analytic":"AN1594","severity":"high"}"#.to_owned(),
            alert
                .replace("97.1", "\"97.1\"")
                .replace("\"window\":{}", "\"window\":1"),
            // More than is written of a rejected record.
            format!("{{{reject},\"host\":\"web-1\"}}"),
            r#"{"metadata":{"product":{"name":"other"}},"finding_info":{"uid":"1"}}"#.to_owned(),
        ] {
            let other = if other.starts_with('{') {
                other
            } else {
                format!("{{{other}}}")
            };
            assert!(!is(&other), "{other}");
        }
        for own in [
            r#"{"metadata":{"product":{"name":"plimsoll"}},"finding_info":{"uid":"1"}}"#,
            r#"{"metadata":{"product":{"name":"plimsoll"}},"finding_info_list":[{"uid":"1"}]}"#,
            r#"{"event":{"module":"plimsoll"},"rule":{"id":"AN1594"}}"#,
            r#"{"event":{"module":"plimsoll"},"rule":{"id":["AN1594"]}}"#,
        ] {
            assert!(is(own), "{own}");
        }
    }
}
