//! What the AWS records say: in normalised words, and in the formats of those who pass them on.
//!
//! The words come from what was decided, not from the records. Access logs, OCSF, ECS and the plain form are made of the records as
//! their makers make them: field by field.

mod ecs;
mod expected;
mod ocsf;
mod plain;
mod s3access;
mod tgw;

pub(super) use expected::{ExpectedRecord, call, object, passed, refused};

use serde_json::Value;

use super::other_providers::{DayFiles, Format};
use super::trail::Trail;

/// Writes what a day's trail says in every other format that is asked for, and tells it.
pub(super) fn write(trail: &Trail, formats: &[Format], out: &mut DayFiles) {
    let wants = |format: Format| formats.contains(&format);
    for (account, region, record, expected) in trail.tracked() {
        let is_flow = expected.expected.format == Format::VpcFlow.name();
        let native = if is_flow {
            Format::VpcFlow
        } else {
            Format::CloudTrail
        };
        if wants(native) {
            out.add_expected(&expected.expected);
        }
        if is_flow {
            if wants(Format::TgwFlow) {
                tgw::write(account, region, record, &expected.expected, out);
            }
            if wants(Format::Ocsf) {
                ocsf::flow(account, region, record, &expected.expected, out);
            }
            if wants(Format::Ecs) {
                ecs::flow(account, region, record, &expected.expected, out);
            }
            if wants(Format::Plain) {
                plain::flow(account, region, record, &expected.expected, out);
            }
            continue;
        }
        if !formats.iter().any(|format| format.is_converted()) {
            continue;
        }
        let value: Value = serde_json::from_str(record).unwrap_or_default();
        if let Some(access) = &expected.access
            && wants(Format::S3Access)
        {
            s3access::write(&value, &expected.expected, access, out);
        }
        if wants(Format::Ocsf) {
            ocsf::call(&value, &expected.expected, out);
        }
        if wants(Format::Ecs) {
            ecs::call(&value, &expected.expected, out);
        }
        if wants(Format::Plain) {
            plain::call(&value, &expected.expected, out);
        }
    }
}

/// Returns a text inside a record, or nothing.
fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or("")
}

/// Returns the day of a record's time, as in `20260316`.
fn compact(told_time: &str) -> String {
    told_time[..10].replace('-', "")
}
