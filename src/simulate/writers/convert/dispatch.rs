//! Every record of the AWS accounts in every other format that is asked for.

use serde_json::Value;

use crate::simulate::model::format::Format;
use crate::simulate::writers::aws::trail::Trail;
use crate::simulate::writers::convert::{ecs, ocsf, plain, s3_access, transit_gateway};
use crate::simulate::writers::day_files::DayFiles;

/// Writes what a day's trail says in every other format that is asked for, and tells it.
pub(crate) fn write_conversions(trail: &Trail, formats: &[Format], out: &mut DayFiles) {
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
                transit_gateway::write(account, region, record, &expected.expected, out);
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
            s3_access::write(&value, &expected.expected, access, out);
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
