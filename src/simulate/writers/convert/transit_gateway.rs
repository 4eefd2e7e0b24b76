//! Transit Gateway flow logs: what passes between our networks, and out through the one that faces the internet.

use crate::simulate::model::expected::ExpectedEvent;
use crate::simulate::model::format::Format;
use crate::simulate::writers::convert::fields::compact;
use crate::simulate::writers::convert::flow_record::FlowRecord;
use crate::simulate::writers::day_files::{DayFiles, FileLayout};

const HEADER: &str = "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id \
     tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id \
     tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status type \
     packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region \
     flow-direction pkt-src-aws-service pkt-dst-aws-service";

/// Writes the flow that an instance's interface saw as the gateway saw it; what never gets there is left out.
pub(crate) fn write(flow: &FlowRecord<'_>, expected: &ExpectedEvent, out: &mut DayFiles) {
    let FlowRecord {
        source,
        target,
        source_port,
        target_port,
        protocol,
        packets,
        bytes,
        start,
        end,
        ..
    } = *flow;
    let outside = |address: &str| !address.starts_with("10.");
    // Refused packets go no further, neighbours have no need of it, and S3 has an endpoint of its own.
    let to_s3 = [source, target]
        .iter()
        .any(|address| address.starts_with("52.216."));
    if expected.outcome == "denied" || to_s3 || !(outside(source) || outside(target)) {
        return;
    }
    let leaves = outside(target);
    let (account, region) = flow.place;
    let (id, name) = (flow.account.id, flow.account.name);
    let (ours, edge) = (format!("vpc-0{name:0>16}"), "vpc-0edge00000000001");
    let (from, to) = if leaves {
        (ours.as_str(), edge)
    } else {
        (edge, ours.as_str())
    };
    let direction = if leaves { "egress" } else { "ingress" };
    let record = format!(
        "6 TransitGateway {id} tgw-0b7d15e2a94c6f380 tgw-attach-0{account}c41f27be95d03ca {id} {id} {from} {to} - - - - use1-az1 \
         use1-az1 tgw-attach-0edge41f27be95d0 {source} {target} {source_port} {target_port} {protocol} {packets} {bytes} {start} \
         {end} OK IPv4 0 0 0 0 3 {} {direction} - -",
        flow.region
    );
    let stamp = compact(&expected.event_time);
    let (date, hash) = (
        expected.event_time[..10].replace('-', "/"),
        format!("{account}{region}7c2f0e"),
    );
    let path = format!(
        "tgw/AWSLogs/{id}/vpcflowlogs/{0}/{date}/{id}_vpcflowlogs_{0}_fl-0tgw{name}_{stamp}T0000Z_{hash}.log.gz",
        flow.region
    );
    out.add(path, FileLayout::Headed(HEADER), &record);
    let bytes = bytes.parse().ok();
    out.add_expected(&ExpectedEvent {
        format: Format::TgwFlow.name(),
        op: "flow".to_owned(),
        action: if leaves { "egress_flow" } else { "other" },
        bytes_out: bytes.filter(|_| leaves),
        src_ip: (!leaves).then(|| source.to_owned()),
        dst_ip: leaves.then(|| target.to_owned()),
        counts: false,
        ..expected.clone()
    });
}
