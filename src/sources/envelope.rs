//! What a record may be wrapped in: lists, notifications, subscriptions, look-ups, index documents.

use serde::Deserialize;

use crate::sources::cloudtrail::{self, Record};
use crate::sources::intern::Interner;
use crate::sources::json::{self, Field};
use crate::sources::vpcflow::{self, Columns};
use crate::sources::{Parsed, RejectReason, SkipReason};

/// The deepest wrapping that is undone.
const NESTED_MAX: u32 = 4;
/// Keys of lists that are read element by element when they come first in a file's object.
const LISTS: [&str; 3] = ["Records", "Events", "logEvents"];

/// What the beginning of an object is.
#[derive(Debug, PartialEq, Eq)]
pub enum Header {
    /// So many bytes up to and with the bracket of a list of records.
    Length(usize),
    /// Not a list of records.
    None,
    /// Too little to tell.
    Unfinished,
}

/// Looks for `{"Records":[` or the like, blanks allowed.
pub fn list_header(view: &[u8]) -> Header {
    let mut at = 0;
    let blank = |at: &mut usize| {
        while view.get(*at).is_some_and(u8::is_ascii_whitespace) {
            *at += 1;
        }
    };
    let expect = |at: &mut usize, wanted: &[u8]| {
        blank(at);
        let rest = &view[*at..];
        if rest.len() < wanted.len() && wanted.starts_with(rest) {
            return None;
        }
        let found = rest.starts_with(wanted);
        *at += if found { wanted.len() } else { 0 };
        Some(found)
    };
    match expect(&mut at, b"{") {
        Some(true) => {}
        Some(false) => return Header::None,
        None => return Header::Unfinished,
    }
    let start = at;
    for list in LISTS {
        at = start;
        let mut finished = true;
        for wanted in [format!("\"{list}\"").as_bytes(), b":", b"["] {
            match expect(&mut at, wanted) {
                Some(true) => {}
                Some(false) => {
                    finished = false;
                    break;
                }
                None => return Header::Unfinished,
            }
        }
        if finished {
            return Header::Length(at);
        }
    }
    Header::None
}

/// Everything by which an envelope is told, beside the fields of a CloudTrail record.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope<'a> {
    #[serde(rename = "Records", borrow)]
    records: Field<'a>,
    #[serde(rename = "Events", borrow)]
    events: Field<'a>,
    #[serde(rename = "CloudTrailEvent", borrow)]
    cloud_trail_event: Field<'a>,
    #[serde(borrow)]
    detail: Field<'a>,
    #[serde(rename = "detail-type", borrow)]
    detail_type: Field<'a>,
    #[serde(rename = "logEvents", borrow)]
    log_events: Field<'a>,
    #[serde(rename = "messageType", borrow)]
    message_type: Field<'a>,
    #[serde(borrow)]
    message: Field<'a>,
    #[serde(rename = "Message", borrow)]
    notification: Field<'a>,
    #[serde(rename = "Body", alias = "body", borrow)]
    body: Field<'a>,
    #[serde(borrow)]
    aws: Field<'a>,
    #[serde(rename = "aws.cloudtrail", borrow)]
    aws_cloudtrail: Field<'a>,
    #[serde(rename = "_source", borrow)]
    source: Field<'a>,
    #[serde(borrow)]
    hits: Field<'a>,
    #[serde(borrow)]
    event: Field<'a>,
    #[serde(rename = "event.original", borrow)]
    event_original: Field<'a>,
    #[serde(rename = "eventData", borrow)]
    event_data: Field<'a>,
    #[serde(rename = "eventCategory", borrow)]
    event_category: Field<'a>,
    #[serde(rename = "eventSource", borrow)]
    event_source: Field<'a>,
    #[serde(rename = "digestS3Object", borrow)]
    digest: Field<'a>,
    #[serde(rename = "previousDigestSignature", borrow)]
    previous_digest: Field<'a>,
    #[serde(borrow)]
    srcaddr: Field<'a>,
    #[serde(borrow)]
    dstaddr: Field<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Inner<'a> {
    #[serde(borrow)]
    cloudtrail: Field<'a>,
    #[serde(borrow)]
    original: Field<'a>,
    #[serde(borrow)]
    hits: Field<'a>,
    #[serde(borrow)]
    vpcflow: Field<'a>,
}

/// Reads a record and, if it is an envelope, all that is in it.
pub fn open(bytes: &[u8], interner: &mut Interner, results: &mut Vec<Parsed>) {
    open_at(bytes, 0, interner, results);
}

fn open_at(bytes: &[u8], depth: u32, interner: &mut Interner, results: &mut Vec<Parsed>) {
    // Nearly every record is a plain one; an envelope is looked for only when it is not.
    match serde_json::from_slice::<Record>(bytes) {
        Ok(record) if cloudtrail::recognises(&record) => {
            return results.push(cloudtrail::parse(&record, bytes, interner));
        }
        Ok(record) if cloudtrail::is_insight(&record) => {
            return results.push(Parsed::Skipped(SkipReason::Insight));
        }
        Ok(_) => {}
        Err(e) => {
            let reason = if e.is_data() {
                RejectReason::Malformed
            } else {
                RejectReason::NotJson
            };
            return results.push(Parsed::Rejected(reason));
        }
    }
    let Ok(envelope) = serde_json::from_slice::<Envelope>(bytes) else {
        return results.push(Parsed::Rejected(RejectReason::Malformed));
    };
    if depth >= NESTED_MAX {
        return results.push(Parsed::Rejected(RejectReason::TooDeep));
    }
    let before = results.len();
    let mut inside = Opening {
        depth: depth + 1,
        interner,
        results,
    };
    let is_known = inside.open_envelope(&envelope, bytes);
    let is_empty = results.len() == before;
    if is_empty {
        results.push(if is_known {
            Parsed::Skipped(SkipReason::EmptyEnvelope)
        } else {
            Parsed::Rejected(RejectReason::UnknownRecord)
        });
    }
}

struct Opening<'a> {
    depth: u32,
    interner: &'a mut Interner,
    results: &'a mut Vec<Parsed>,
}

impl Opening<'_> {
    /// Opens an envelope; returns whether it is one.
    fn open_envelope(&mut self, envelope: &Envelope, bytes: &[u8]) -> bool {
        if envelope.digest.is_some() || envelope.previous_digest.is_some() {
            return self.skip(SkipReason::Digest);
        }
        if json::text(envelope.event_source).as_deref() == Some("aws:s3") {
            return self.skip(SkipReason::S3Notification);
        }
        if envelope.srcaddr.is_some() && envelope.dstaddr.is_some() {
            self.results.push(vpcflow::parse_json(bytes, self.interner));
            return true;
        }
        if envelope.event_data.is_some()
            && json::text(envelope.event_category).as_deref() == Some("ActivityAuditLog")
        {
            return self.skip(SkipReason::LakeIntegration);
        }
        if json::text(envelope.message_type).as_deref() == Some("CONTROL_MESSAGE") {
            return self.skip(SkipReason::ControlMessage);
        }
        for list in [envelope.records, envelope.events, envelope.log_events] {
            if list.is_some() {
                json::many(list)
                    .into_iter()
                    .for_each(|element| self.open(Some(element)));
                return true;
            }
        }
        let original = json::object::<Inner>(envelope.event).and_then(|e| e.original);
        let aws: Inner = json::object(envelope.aws).unwrap_or_default();
        let hits = json::object::<Inner>(envelope.hits).and_then(|h| h.hits);
        if hits.is_some() {
            json::many(hits)
                .into_iter()
                .for_each(|element| self.open(Some(element)));
            return true;
        }
        let detail = envelope.detail.filter(|_| envelope.detail_type.is_some());
        let wrapped = [
            envelope.cloud_trail_event,
            detail,
            envelope.aws_cloudtrail,
            aws.cloudtrail,
            envelope.source,
            original,
            envelope.event_original,
            aws.vpcflow,
            envelope.message,
            envelope.notification,
            envelope.body,
        ];
        match wrapped.into_iter().flatten().next() {
            Some(inner) => {
                self.open(Some(inner));
                true
            }
            None => false,
        }
    }

    fn skip(&mut self, reason: SkipReason) -> bool {
        self.results.push(Parsed::Skipped(reason));
        true
    }

    /// Opens what is wrapped: an object, or a text that holds one, or a line of a flow log.
    fn open(&mut self, field: Field<'_>) {
        let Some(raw) = field else { return };
        if raw.get().starts_with('{') {
            return open_at(
                raw.get().as_bytes(),
                self.depth,
                self.interner,
                self.results,
            );
        }
        let Some(text) = json::text(field) else {
            return self
                .results
                .push(Parsed::Rejected(RejectReason::UnknownRecord));
        };
        let text = text.trim();
        if text.starts_with('{') {
            open_at(text.as_bytes(), self.depth, self.interner, self.results);
        } else if Columns::fits_default(text) {
            self.results.push(vpcflow::parse_line(
                text,
                &Columns::default_order(),
                self.interner,
            ));
        } else {
            self.results
                .push(Parsed::Rejected(RejectReason::UnknownRecord));
        }
    }
}
