//! The network flows that accompany the work of an instance.

use crate::simulate::model::aws::flow::{Flow, Peer};
use crate::simulate::model::aws::identity::Identity;
use crate::simulate::model::network::external_address;
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;

/// Writes the flows of an instance about an instant: what it fetched from S3, and now and then a package mirror.
pub(crate) fn instance_flows(
    trail: &mut Trail,
    rng: &mut Rng,
    who: &Identity,
    at: i64,
    bytes: u64,
) {
    let Some(instance) = &who.instance else {
        return;
    };
    if rng.chance(0.04) {
        let source = external_address(0xf000 + rng.bits() % 300, rng.bits());
        trail.quiet_flow(
            rng,
            who.account,
            who.region,
            instance,
            at + 20,
            Some(&source),
        );
    }
    if rng.chance(0.02) {
        trail.quiet_flow(rng, who.account, who.region, instance, at + 40, None);
    }
    let mut flow = |rng: &mut Rng, peer: Peer, bytes: u64, egress: bool| {
        let end = at + rng.between(0, 50);
        trail.instance_flow(
            rng,
            who.account,
            who.region,
            instance,
            &Flow {
                end,
                peer,
                bytes,
                egress,
            },
        );
    };
    flow(rng, Peer::S3, bytes + 4_000, false);
    if rng.chance(0.3) {
        flow(rng, Peer::S3, bytes / 90 + 3_000, true);
    }
    if rng.chance(0.15) {
        let neighbour = Peer::Inside(rng.between(4, 250));
        let size = rng.log_normal(300e3, 1.0) as u64;
        flow(rng, neighbour, size, true);
    }
    if rng.chance(0.06) {
        let mirror = Peer::Outside(external_address(
            0xc000 + who.account as u64,
            rng.bits() % 5,
        ));
        let size = rng.log_normal(9e3, 0.8) as u64;
        flow(rng, mirror, size, true);
    }
}
