//! Documents of the Elastic Common Schema, as integrations for cloud logs write them.
//!
//! If a document contains the original record, the parser of that record's format reads it. Otherwise the fields of known
//! integrations are converted into a record of the provider and parsed as such. For all other documents the common fields
//! of the schema are read.

mod applications;
mod aws;
mod azure;
mod common;
mod convert;
mod google;
mod java_map;

use std::borrow::Cow;

use crate::event::{Event, Outcome, Source, Untrusted};
use crate::sources::azure::{activity, storage};
use crate::sources::findings;
use crate::sources::flat::Flat;
use crate::sources::json::{Object, Value};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::instant::instant;
use crate::sources::record_builder::{RecordBuilder, map_event};
use crate::sources::report::{Parsed, RejectReason, SkipReason};
use crate::sources::{
    cloudtrail, entra, gcpaudit, gcpflow, m365, okta, s3access, slack, vpcflow, workspace,
};

/// Reads documents that do not contain their original record.
pub const PARSER: RecordParser = RecordParser::new(Source::Ecs, recognises, parse);

/// Paths at which documents keep the original record as an object.
const ORIGINAL_PATHS: [[&str; 2]; 3] = [["aws", "cloudtrail"], ["aws", "vpcflow"], ["aws", "vpc"]];

/// The conversion of an integration's documents: the name of the dataset or of the subtree that it fills, the parser of the
/// record, and the function that builds the record.
type Conversion = (
    &'static str,
    &'static RecordParser,
    fn(&Flat<'_>) -> RecordBuilder,
);

#[rustfmt::skip]
const CONVERSIONS: [Conversion; 16] = [
    ("aws.cloudtrail", &cloudtrail::PARSER, aws::cloudtrail),
    ("aws.vpcflow", &vpcflow::PARSER, aws::vpcflow),
    ("aws.s3access", &s3access::PARSER, aws::s3access),
    ("gcp.audit", &gcpaudit::PARSER, google::audit),
    ("azure.graphactivitylogs", &entra::graph::PARSER, azure::graph),
    ("azure.aadgraphactivitylogs", &entra::graph::AAD_PARSER, azure::aad_graph),
    ("azure.signinlogs", &entra::signin::PARSER, azure::sign_in),
    ("azure.auditlogs", &entra::audit::PARSER, azure::audit),
    ("azure.activitylogs", &activity::PARSER, azure::activity),
    ("azure.platformlogs", &storage::PARSER, azure::storage),
    ("o365.audit", &m365::PARSER, applications::m365),
    ("okta.system", &okta::PARSER, applications::okta),
    ("okta", &okta::PARSER, applications::okta),
    ("google_workspace", &workspace::PARSER, google::workspace),
    ("slack.audit", &slack::PARSER, applications::slack),
    ("gcp.vpcflow", &gcpflow::PARSER, google::flow),
];

/// Returns the member `outer.inner`, nested or with a dot in its name.
fn at<'a>(object: Object<'a>, outer: &str, inner: &str) -> Option<Value<'a>> {
    let nested = object.get(outer).and_then(|value| value.get(inner));
    let dotted = || object.get(&format!("{outer}.{inner}"));
    nested.or_else(dotted).filter(|value| value.is_present())
}

/// Returns whether an object is a document of the schema.
pub fn is_document(object: Object<'_>) -> bool {
    object.get("@timestamp").is_some()
        && [
            ("ecs", "version"),
            ("event", "dataset"),
            ("data_stream", "dataset"),
        ]
        .into_iter()
        .any(|(outer, inner)| at(object, outer, inner).is_some())
}

/// Returns the original records that a document contains, the most faithful first.
pub fn originals<'a>(object: Object<'a>) -> impl Iterator<Item = Value<'a>> {
    let original = at(object, "event", "original");
    let native = ORIGINAL_PATHS
        .into_iter()
        .filter_map(move |[outer, inner]| {
            // Names of the schema have underscores; these do not.
            let subtree = at(object, outer, inner)?;
            let is_native = |name: &str| subtree.get(name).is_some();
            ["eventName", "srcaddr", "insightDetails"]
                .into_iter()
                .any(is_native)
                .then_some(subtree)
        });
    // Without a pipeline, shippers leave the record in the message. With one, the message is a text for people.
    let message = object.get("message").filter(|message| match message {
        Value::Text(text) => {
            may_carry_record(object)
                && (text.starts_with(b"{") || at(object, "event", "action").is_none())
        }
        _ => false,
    });
    // An alert of a rule has copies of what raised it.
    let kind = at(object, "event", "kind").and_then(Value::text);
    let is_alert = matches!(kind.as_deref(), Some("alert" | "signal"));
    let all = original.into_iter().chain(native).chain(message);
    all.filter(move |_| !is_alert)
}

/// Returns whether a document's message may be the original record: the dataset is a known log, or is not stated. Messages of
/// all other datasets are written by applications, and may quote what an attacker sent.
fn may_carry_record(object: Object<'_>) -> bool {
    /// Suffixes of datasets that accept lines from any source.
    const ANY_LOG: [&str; 3] = ["generic", "cloudwatch_logs", "eventhub"];
    let dataset = at(object, "event", "dataset").or_else(|| at(object, "data_stream", "dataset"));
    match dataset.and_then(Value::text) {
        Some(dataset) => {
            let is_any = dataset
                .rsplit('.')
                .next()
                .is_some_and(|end| ANY_LOG.contains(&end));
            is_any
                || CONVERSIONS
                    .iter()
                    .any(|(name, ..)| is_dataset(&dataset, name))
        }
        // Applications that log by the schema state a level.
        None => ["level", "logger"]
            .into_iter()
            .all(|name| at(object, "log", name).is_none()),
    }
}

/// Returns whether a dataset has this name, or is part of the dataset of this name.
fn is_dataset(dataset: &str, name: &str) -> bool {
    dataset
        .strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn recognises(object: Object<'_>) -> bool {
    is_document(object) && originals(object).next().is_none()
}

/// Reads a document by its fields.
pub fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let doc = Flat::of(object);
    match doc.text("event.kind").as_deref() {
        Some("alert" | "signal") => finding(&doc, state),
        Some("metric") => Parsed::Skipped(SkipReason::Finding),
        _ => parse_document(&doc, state),
    }
}

/// Reads an alert of a rule: it has the fields of the document that raised it.
fn finding(doc: &Flat<'_>, state: &mut ParserState) -> Parsed {
    let name = doc.first_text(&["kibana.alert.rule.name", "signal.rule.name", "rule.name"]);
    let id = doc.first_text(&["kibana.alert.uuid", "event.id"]);
    let (Some(name), Some(id)) = (name, id) else {
        return Parsed::Skipped(SkipReason::Finding);
    };
    let level = [
        "kibana.alert.severity",
        "signal.rule.severity",
        "event.severity_label",
    ];
    let level = doc.first(&level);
    let reason = doc.first_text(&["kibana.alert.reason", "message"]);
    let stated = findings::Conclusion {
        detector: "elastic",
        kind: &name,
        id: &id,
        title: reason.as_deref().unwrap_or(&name),
        severity: findings::severity(level),
        at: doc
            .first_text(&["kibana.alert.original_time", "signal.original_time"])
            .and_then(|text| instant(&text)),
    };
    match parse_document(doc, state) {
        Parsed::Event(event) => stated.on(*event, state),
        other => other,
    }
}

/// Reads a document that tells of what was done.
fn parse_document(doc: &Flat<'_>, state: &mut ParserState) -> Parsed {
    if doc.text("@timestamp").is_none() {
        return Parsed::Rejected(RejectReason::NoTime);
    }
    let converted =
        conversion(doc).and_then(|(_, parser, convert)| convert(doc).parse(parser, state));
    match converted {
        Some(parsed) => map_event(parsed, |event| {
            event.source = Source::Ecs;
            // An outcome that the conversion cannot express.
            let stated = doc.text("event.outcome");
            event.outcome = match (event.outcome, stated.as_deref()) {
                (Outcome::Success, Some("failure")) => Outcome::Failure,
                (Outcome::Unknown, Some("success")) if !event.is_flow() => Outcome::Success,
                (outcome, _) => outcome,
            };
            locate(event, doc, state);
        }),
        None => match common::event(doc, state) {
            Some(mut event) => {
                locate(&mut event, doc, state);
                Parsed::Event(Box::new(event))
            }
            None => Parsed::Rejected(RejectReason::NoTime),
        },
    }
}

/// Returns the dataset that a document states.
fn dataset<'a>(doc: &Flat<'a>) -> Option<Cow<'a, str>> {
    doc.first_text(&["event.dataset", "data_stream.dataset"])
}

fn conversion(doc: &Flat<'_>) -> Option<&'static Conversion> {
    let dataset = dataset(doc);
    CONVERSIONS
        .iter()
        .find(|(name, ..)| {
            dataset
                .as_deref()
                .is_some_and(|dataset| is_dataset(dataset, name))
        })
        .or_else(|| CONVERSIONS.iter().find(|(name, ..)| doc.has(name)))
}

/// Adds the location of the peer, which pipelines look up and records do not state.
fn locate(event: &mut Event, doc: &Flat<'_>, state: &mut ParserState) {
    if event.peer.ip.is_none() {
        return;
    }
    let number = || {
        doc.first(&["source.as.number", "client.as.number"])
            .amount()
    };
    let peer = &mut event.peer;
    peer.asn = peer.asn.or_else(|| u32::try_from(number()?).ok());
    if peer.country.is_none() {
        let code = doc.first_text(&["source.geo.country_iso_code", "client.geo.country_iso_code"]);
        peer.country = code.map(|code| state.interner.share(&code.to_ascii_uppercase()));
    }
    if peer.city.is_none() {
        let city = doc.first_text(&["source.geo.city_name", "client.geo.city_name"]);
        peer.city = city.map(|city| Untrusted::from_shared(state.interner.share(&city)));
    }
}

#[cfg(test)]
mod tests;
