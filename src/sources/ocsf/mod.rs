//! OCSF events, from schema 1.0.0-rc.2 to 1.5, as Amazon Security Lake and others write them.
//!
//! Versions name the same thing differently, and so do producers. Events that were made of a provider's record are told back
//! into that record's words and read as such; of all others, class and activity say what was done. Numbers decide, never
//! names.

mod aws;
mod common;
mod http;
mod others;

use crate::event::{Outcome, Source, Untrusted};
use crate::sources::draft::{Draft, amended};
use crate::sources::flat::Flat;
use crate::sources::json::{Object, Value};
use crate::sources::parts::identity;
use crate::sources::parts::text::has_words;
use crate::sources::report::{Parsed, RejectReason, SkipReason};
use crate::sources::{Format, Memory};

/// How OCSF events are read.
pub const FORMAT: Format = Format::new(Source::Ocsf, recognises, parse);

/// The members of an event that are read; others are not taken from files that can leave them out.
#[rustfmt::skip]
pub const MEMBERS: [&str; 37] = [
    "metadata", "class_uid", "activity_id", "activity_name", "type_uid", "type_name", "time", "time_dt", "start_time",
    "start_time_dt", "end_time", "end_time_dt", "status", "status_id", "status_code", "status_detail", "api", "actor", "cloud",
    "user", "src_endpoint", "dst_endpoint", "connection_info", "traffic", "http_request", "http_response", "unmapped",
    "resources", "databucket", "file", "app", "device", "is_mfa", "mfa", "auth_protocol", "action_id", "disposition_id",
];

/// Network Activity.
const NETWORK: u64 = 4001;
/// Failure, as a status.
const FAILURE: u64 = 2;

fn recognises(object: Object<'_>) -> bool {
    let is_number = |value: Option<Value<'_>>| value.is_some_and(|v| v.amount().is_some());
    let metadata = object.get("metadata");
    is_number(object.get("class_uid"))
        && metadata.is_some_and(|m| {
            m.get("version").is_some_and(Value::is_present)
                || m.get("product").is_some_and(Value::is_present)
        })
}

fn parse(object: Object<'_>, memory: &mut Memory) -> Parsed {
    let doc = Flat::of(object);
    let class = doc.get("class_uid").amount().unwrap_or_default();
    if (2_000..3_000).contains(&class) {
        return Parsed::Skipped(SkipReason::Finding);
    }
    if let Some(parsed) = told_back(&doc, class, memory) {
        return amended(parsed, |event| {
            event.source = Source::Ocsf;
            // An error that the translation has no word for.
            if event.outcome == Outcome::Success && doc.get("status_id").amount() == Some(FAILURE) {
                event.outcome = Outcome::Failure;
            }
            common::locate(event, &doc, memory);
        });
    }
    match common::event(&doc, class, memory) {
        Some(event) => Parsed::Event(Box::new(event)),
        None => Parsed::Rejected(RejectReason::NoTime),
    }
}

/// Reads an event as the provider's record that it was made of.
fn told_back(doc: &Flat<'_>, class: u64, memory: &mut Memory) -> Option<Parsed> {
    let product = doc.first_text(&["metadata.product.name", "metadata.log_provider"])?;
    let is_google = || {
        let service = doc.text("api.service.name");
        service.is_some_and(|name| name.ends_with(".googleapis.com"))
    };
    let (source, draft): (Source, Draft) = if product.to_ascii_lowercase().contains("cloudtrail") {
        (Source::AwsCloudTrail, aws::cloudtrail(doc))
    } else if class == NETWORK && product.eq_ignore_ascii_case("amazon vpc") {
        (Source::AwsVpcFlow, aws::vpcflow(doc))
    } else if has_words(&product, "okta") {
        (Source::OktaSystem, others::okta(doc))
    } else if is_google() {
        (Source::GcpAudit, others::gcp_audit(doc))
    } else {
        return None;
    };
    draft.read(source, memory)
}

/// Returns what no attribute of the schema had a place for, by its path in the provider's record.
///
/// It is a nested object, one with dots in its names, or a map that a reader of Parquet wrote as a list of pairs.
fn unmapped<'a>(doc: &Flat<'a>) -> Vec<(String, Value<'a>)> {
    let mut found: Vec<(String, Value<'a>)> = doc
        .under("unmapped")
        .map(|(path, value)| (path.to_owned(), value))
        .collect();
    let mut pair = |key: Value<'a>, value: Value<'a>| {
        if let Value::Text(key) = key {
            found.push((String::from_utf8_lossy(key).into_owned(), value));
        }
    };
    let pairs = doc.get("unmapped");
    let mut elements = pairs.elements().peekable();
    // A list of one pair stands for that pair.
    if let Some(Value::Text(_)) = elements.peek() {
        if let (Some(key), Some(value)) = (elements.next(), elements.next()) {
            pair(key, value);
        }
        return found;
    }
    for element in elements {
        let [key, value] = match element {
            Value::Array(_) => {
                let mut both = element.elements();
                [
                    both.next().unwrap_or(Value::Null),
                    both.next().unwrap_or(Value::Null),
                ]
            }
            other => other.pick(["key", "value"]),
        };
        pair(key, value);
    }
    found
}

/// Returns the first text that is an ARN.
fn arn<'a>(doc: &Flat<'a>, paths: &[&str]) -> Option<std::borrow::Cow<'a, str>> {
    paths
        .iter()
        .filter_map(|path| doc.text(path))
        .find(|text| text.starts_with("arn:"))
}

/// Returns the account that an event belongs to; some producers put an ARN there.
fn account(doc: &Flat<'_>) -> Option<String> {
    let text = doc.first_text(&["cloud.account.uid", "cloud.account_uid"])?;
    let account = match text.strip_prefix("arn:") {
        Some(rest) => rest.split(':').nth(3)?,
        None => &text,
    };
    Some(identity::tidy(crate::event::cut(
        account,
        Untrusted::BYTES_MAX,
    )))
}

#[cfg(test)]
mod tests;
