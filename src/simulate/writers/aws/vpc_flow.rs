//! VPC flow log lines of instances, in the default format or the company's own.

use std::fmt::Write as _;

use crate::simulate::model::aws::flow::{Flow, Peer};
use crate::simulate::model::aws::identity::Instance;
use crate::simulate::model::company::ACCOUNTS;
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::expected::{expected_flow, expected_refusal};
use crate::simulate::writers::aws::trail::{LogKind, Trail};

/// The payload of a full packet.
const PACKET_BYTES: u64 = 1_420;

impl Trail {
    /// Writes a flow that a security group refused, or a window in which nothing was seen.
    pub(crate) fn quiet_flow(
        &mut self,
        rng: &mut Rng,
        account: usize,
        region: usize,
        instance: &Instance,
        end: i64,
        refused: Option<&str>,
    ) {
        let place = &ACCOUNTS[account];
        let (start, port) = (end - 60, 32_768 + rng.below(256) * 100);
        let target_port = *rng.pick(&[22, 23, 445, 3389, 8080]);
        self.flow(account, region, end, |line| {
            let _ = write!(
                line,
                "{} {} {} ",
                if place.custom_flows { 5 } else { 2 },
                place.id,
                instance.interface
            );
            if place.custom_flows {
                let _ = write!(line, "{} ", instance.id);
            }
            let ours = &instance.address;
            let _ = match refused {
                Some(source) => write!(
                    line,
                    "{source} {ours} {port} {target_port} 6 1 44 {start} {end} REJECT OK"
                ),
                None => write!(line, "- - - - - - - {start} {end} - NODATA"),
            };
            if place.custom_flows {
                let _ = match refused {
                    Some(source) => write!(line, " ingress {source} {ours} -"),
                    None => write!(line, " - - - -"),
                };
            }
        });
        if let Some(source) = refused {
            self.track(LogKind::Flows, account, region, || {
                expected_refusal(end, source)
            });
        }
    }
    /// Writes one flow of an instance.
    pub(crate) fn instance_flow(
        &mut self,
        rng: &mut Rng,
        account: usize,
        region: usize,
        instance: &Instance,
        flow: &Flow,
    ) {
        let place = &ACCOUNTS[account];
        let ours = &instance.address;
        let peer = match &flow.peer {
            Peer::S3 => format!("52.216.{}.{}", 8 + region, 20 + rng.below(4)),
            Peer::Inside(host) => format!("10.{}.9.{host}", place.vpc),
            Peer::Outside(address) => address.clone(),
        };
        let service = if matches!(flow.peer, Peer::S3) && flow.egress {
            "S3"
        } else {
            "-"
        };
        let port = 32_768 + rng.below(256) * 100;
        let (source, target) = if flow.egress {
            (ours, &peer)
        } else {
            (&peer, ours)
        };
        let (source_port, target_port) = if flow.egress {
            (port, 443)
        } else {
            (443, port)
        };
        let packets = flow.bytes / PACKET_BYTES + 3;
        let (end, start) = (flow.end, flow.end - 60);
        let direction = if flow.egress { "egress" } else { "ingress" };
        self.flow(account, region, end, |line| {
            let _ = write!(line, "{} {} {} ", if place.custom_flows { 5 } else { 2 }, place.id, instance.interface);
            if place.custom_flows {
                let _ = write!(line, "{} ", instance.id);
            }
            let _ = write!(
                line,
                "{source} {target} {source_port} {target_port} 6 {packets} {} {start} {end} ACCEPT OK",
                flow.bytes
            );
            if place.custom_flows {
                let _ = write!(line, " {direction} {source} {target} {service}");
            }
        });
        // In the default format, a flow between neighbours does not show which of them is at the interface.
        let expected = place.custom_flows || !matches!(flow.peer, Peer::Inside(_));
        self.track(LogKind::Flows, account, region, || {
            expected_flow(end, expected.then_some(flow.egress), &peer, flow.bytes)
        });
    }
}
