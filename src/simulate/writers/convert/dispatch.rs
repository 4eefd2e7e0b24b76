//! Every record of the AWS accounts in every other format that is asked for.

use serde_json::Value;

use crate::simulate::model::format::Format;
use crate::simulate::writers::aws::trail::Trail;
use crate::simulate::writers::convert::flow_record::FlowRecord;
use crate::simulate::writers::convert::{ecs, ocsf, plain, s3_access, transit_gateway};
use crate::simulate::writers::day_files::DayFiles;

/// Writes a day's records in every other format that is asked for, and their expected events.
pub(crate) fn write_conversions(trail: &Trail, formats: &[Format], out: &mut DayFiles) {
    let wants = |format: Format| formats.contains(&format);
    for (account, region, record, expected) in trail.tracked() {
        let is_flow = expected.event.format == Format::VpcFlow.name();
        let native = if is_flow {
            Format::VpcFlow
        } else {
            Format::CloudTrail
        };
        if wants(native) {
            out.add_expected(&expected.event);
        }
        if is_flow {
            let Some(flow) = FlowRecord::parse(account, region, record) else {
                continue;
            };
            if wants(Format::TgwFlow) {
                transit_gateway::write(&flow, &expected.event, out);
            }
            if wants(Format::Ocsf) {
                ocsf::flow(&flow, &expected.event, out);
            }
            if wants(Format::Ecs) {
                ecs::flow(&flow, &expected.event, out);
            }
            if wants(Format::Plain) {
                plain::flow(&flow, &expected.event, out);
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
            s3_access::write(&value, &expected.event, access, out);
        }
        if wants(Format::Ocsf) {
            ocsf::call(&value, &expected.event, out);
        }
        if wants(Format::Ecs) {
            ecs::call(&value, &expected.event, out);
        }
        if wants(Format::Plain) {
            plain::call(&value, &expected.event, out);
        }
    }
}
