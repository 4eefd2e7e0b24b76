//! Documents of the Elastic Common Schema, as integrations for cloud logs write them.
//!
//! What a document keeps of the record that it was made from is read by that record's own format. Where nothing was kept,
//! the fields of known integrations are told back into the words of the provider, and read as such; of all others, the
//! fields that the schema has in common say what they can.

mod aws;
mod common;
mod java_map;
mod others;

use std::borrow::Cow;

use crate::event::{Event, Outcome, Source, Untrusted};
use crate::sources::flat::Flat;
use crate::sources::json::{Object, Value};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::record_builder::{RecordBuilder, map_event};
use crate::sources::report::{Parsed, RejectReason, SkipReason};
use crate::sources::{
    azure, cloudtrail, entra, gcpaudit, gcpflow, m365, okta, s3access, slack, vpcflow, workspace,
};

/// How documents are read that keep nothing of the record that they were made from.
pub const PARSER: RecordParser = RecordParser::new(Source::Ecs, recognises, parse);

/// Where documents keep a record in the provider's own names, as an object.
const KEPT: [[&str; 2]; 3] = [["aws", "cloudtrail"], ["aws", "vpcflow"], ["aws", "vpc"]];

/// Tells back a document of an integration: what its dataset is called, or the subtree that it fills; the format of its
/// records; and how.
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
    ("gcp.audit", &gcpaudit::PARSER, others::gcp_audit),
    ("azure.graphactivitylogs", &entra::graph::PARSER, others::graph),
    ("azure.aadgraphactivitylogs", &entra::graph::AAD_PARSER, others::aad_graph),
    ("azure.signinlogs", &entra::signin::PARSER, others::sign_in),
    ("azure.auditlogs", &entra::audit::PARSER, others::audit),
    ("azure.activitylogs", &azure::activity::PARSER, others::activity),
    ("azure.platformlogs", &azure::storage::PARSER, others::storage),
    ("o365.audit", &m365::PARSER, others::unified),
    ("okta.system", &okta::PARSER, others::okta),
    ("okta", &okta::PARSER, others::okta),
    ("google_workspace", &workspace::PARSER, others::workspace),
    ("slack.audit", &slack::PARSER, others::slack),
    ("gcp.vpcflow", &gcpflow::PARSER, others::gcp_flow),
];

/// Returns the member `outer.inner`, nested or with a dot in its name.
fn at<'a>(object: Object<'a>, outer: &str, inner: &str) -> Option<Value<'a>> {
    let nested = object.get(outer).and_then(|value| value.get(inner));
    let dotted = || object.get(&format!("{outer}.{inner}"));
    nested.or_else(dotted).filter(|value| value.is_present())
}

/// Tells whether an object is a document of the schema.
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

/// Returns what a document keeps of the record that it was made from, the most faithful first.
pub fn kept<'a>(object: Object<'a>) -> impl Iterator<Item = Value<'a>> {
    let original = at(object, "event", "original");
    let native = KEPT.into_iter().filter_map(move |[outer, inner]| {
        // Names of the schema are written with underscores; these are not.
        let subtree = at(object, outer, inner)?;
        let is_native = |name: &str| subtree.get(name).is_some();
        ["eventName", "srcaddr", "insightDetails"]
            .into_iter()
            .any(is_native)
            .then_some(subtree)
    });
    // Shippers without a pipeline behind them leave the record in the message; later on that is a text for people.
    let message = object.get("message").filter(|message| match message {
        Value::Text(text) => {
            is_carried(object)
                && (text.starts_with(b"{") || at(object, "event", "action").is_none())
        }
        _ => false,
    });
    original.into_iter().chain(native).chain(message)
}

/// Tells whether a document's message may be the record that it was made from: of a log that is read here, or of one that
/// nobody named. The messages of all others are their applications' own, and may quote what a stranger sent.
fn is_carried(object: Object<'_>) -> bool {
    /// Ends of datasets that take lines from wherever they come.
    const ANY_LOG: [&str; 3] = ["generic", "cloudwatch_logs", "eventhub"];
    let dataset = at(object, "event", "dataset").or_else(|| at(object, "data_stream", "dataset"));
    match dataset.and_then(Value::text) {
        Some(dataset) => {
            let is_any = dataset
                .rsplit('.')
                .next()
                .is_some_and(|end| ANY_LOG.contains(&end));
            is_any || CONVERSIONS.iter().any(|(name, ..)| is_of(&dataset, name))
        }
        // Applications that log by the schema state a level.
        None => ["level", "logger"]
            .into_iter()
            .all(|name| at(object, "log", name).is_none()),
    }
}

/// Tells whether a dataset is the one of that name, or part of it.
fn is_of(dataset: &str, name: &str) -> bool {
    dataset
        .strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn recognises(object: Object<'_>) -> bool {
    is_document(object) && kept(object).next().is_none()
}

/// Reads a document by its fields.
pub fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let doc = Flat::of(object);
    if matches!(
        doc.text("event.kind").as_deref(),
        Some("alert" | "signal" | "metric")
    ) {
        return Parsed::Skipped(SkipReason::Finding);
    }
    if doc.text("@timestamp").is_none() {
        return Parsed::Rejected(RejectReason::NoTime);
    }
    let converted =
        conversion(&doc).and_then(|(_, parser, convert)| convert(&doc).parse(parser, state));
    match converted {
        Some(parsed) => map_event(parsed, |event| {
            event.source = Source::Ecs;
            // What the translation has no word for.
            let stated = doc.text("event.outcome");
            event.outcome = match (event.outcome, stated.as_deref()) {
                (Outcome::Success, Some("failure")) => Outcome::Failure,
                (Outcome::Unknown, Some("success")) if !event.is_flow() => Outcome::Success,
                (outcome, _) => outcome,
            };
            locate(event, &doc, state);
        }),
        None => match common::event(&doc, state) {
            Some(mut event) => {
                locate(&mut event, &doc, state);
                Parsed::Event(Box::new(event))
            }
            None => Parsed::Rejected(RejectReason::NoTime),
        },
    }
}

/// Returns the dataset that a document says to be of.
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
                .is_some_and(|dataset| is_of(dataset, name))
        })
        .or_else(|| CONVERSIONS.iter().find(|(name, ..)| doc.has(name)))
}

/// Adds where the peer is, which pipelines look up and records do not say.
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
