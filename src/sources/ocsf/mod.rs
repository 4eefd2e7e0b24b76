//! OCSF events, from schema 1.0.0-rc.2 to 1.5, as Amazon Security Lake and others write them.
//!
//! Versions name the same thing differently, and so do producers. Events made from a provider's record are converted
//! back into that record and parsed as such. For all others, class and activity give the action. Numbers decide, never names.

mod aws;
mod common;
mod fields;
mod http;
mod others;
mod row;

use crate::event::{Outcome, Source};
use crate::sources::flat::Flat;
use crate::sources::json::{Layout, Object, Value};
use crate::sources::ocsf::fields::{FAILURE, NETWORK};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::text::has_words;
use crate::sources::record_builder::map_event;
use crate::sources::report::{Parsed, RejectReason};
use crate::sources::{cloudtrail, gcpaudit, okta, vpcflow};

pub use fields::MEMBERS;

/// Reads OCSF events.
pub const PARSER: RecordParser =
    RecordParser::new(Source::Ocsf, recognises, parse).with_tables(row::is_header);

fn recognises(object: Object<'_>) -> bool {
    is_event(object) || row::is_row(object)
}

fn is_event(object: Object<'_>) -> bool {
    let is_number = |value: Option<Value<'_>>| value.is_some_and(|v| v.amount().is_some());
    let metadata = object.get("metadata");
    is_number(object.get("class_uid"))
        && metadata.is_some_and(|m| {
            m.get("version").is_some_and(Value::is_present)
                || m.get("product").is_some_and(Value::is_present)
        })
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    if !row::is_row(object) {
        return parse_event(object, state);
    }
    let json = row::event(object);
    match Layout::default().object(&json) {
        Ok((event, _)) => parse_event(event, state),
        Err(error) => Parsed::Rejected(error.into()),
    }
}

fn parse_event(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let doc = Flat::of(object);
    let class = doc.get("class_uid").amount().unwrap_or_default();
    if (2_000..3_000).contains(&class) {
        return common::finding(object, &doc, class, state);
    }
    if let Some(parsed) = convert(&doc, class, state) {
        return map_event(parsed, |event| {
            event.source = Source::Ocsf;
            // A failure that the conversion cannot express.
            if event.outcome == Outcome::Success && doc.get("status_id").amount() == Some(FAILURE) {
                event.outcome = Outcome::Failure;
            }
            common::locate(event, &doc, state);
        });
    }
    match common::event(&doc, class, state) {
        Some(event) => Parsed::Event(Box::new(event)),
        None => Parsed::Rejected(RejectReason::NoTime),
    }
}

/// Reads an event as the provider's record from which it was made.
fn convert(doc: &Flat<'_>, class: u64, state: &mut ParserState) -> Option<Parsed> {
    let product = doc.first_text(&["metadata.product.name", "metadata.log_provider"])?;
    let is_google = || {
        let service = doc.text("api.service.name");
        service.is_some_and(|name| name.ends_with(".googleapis.com"))
    };
    let (parser, record) = if product.to_ascii_lowercase().contains("cloudtrail") {
        (&cloudtrail::PARSER, aws::cloudtrail(doc))
    } else if class == NETWORK && product.eq_ignore_ascii_case("amazon vpc") {
        (&vpcflow::PARSER, aws::vpcflow(doc))
    } else if has_words(&product, "okta") {
        (&okta::PARSER, others::okta(doc))
    } else if is_google() {
        (&gcpaudit::PARSER, others::gcp_audit(doc))
    } else {
        return None;
    };
    record.parse(parser, state)
}

#[cfg(test)]
mod tests;
