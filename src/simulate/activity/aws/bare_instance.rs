//! Machines that nobody stands behind, and the addresses outside that machines know.

use crate::simulate::activity::aws::identity_factory::new_instance;
use crate::simulate::model::aws::flow::{Flow, Peer};
use crate::simulate::model::aws::identity::{Identity, Instance};
use crate::simulate::model::company::{DATA, PROD, US_EAST};
use crate::simulate::model::network::external_address;
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

/// How many such machines there are.
const BARE_INSTANCES: u64 = 8;

/// Returns one of the machines that nobody stands behind, with its account and region.
pub(crate) fn bare_instance(seed: u64, number: u64) -> (usize, usize, Instance) {
    let number = number % BARE_INSTANCES;
    let account = if number.is_multiple_of(2) { PROD } else { DATA };
    let mut rng = Rng::of(seed, &[0xba5e, number]);
    (account, US_EAST, new_instance(&mut rng, account))
}

/// Returns the address outside that such a machine sends to every day.
pub(crate) fn bare_peer(number: u64) -> String {
    external_address(0x2_0000 + number % BARE_INSTANCES, 1)
}

/// Returns an address outside that the machine of an identity sends to every day.
pub(crate) fn known_peer(who: &Identity, place: u64) -> String {
    external_address(0x2_1000 + who.number, place)
}

/// Writes what machines send outside on any day.
pub(crate) fn usual_egress(seed: u64, population: &[Identity], day: Day, trail: &mut Trail) {
    for number in 0..BARE_INSTANCES {
        let mut rng = Rng::of(seed, &[0xba5e, number, day.0 as u64]);
        let (account, region, instance) = bare_instance(seed, number);
        for hour in (0..24).step_by(3) {
            let at = day.start().secs() + hour * 3_600 + rng.between(60, 3_000);
            let inside = Peer::Inside(rng.between(4, 250));
            for (peer, bytes) in [(inside, 200e3), (Peer::Outside(bare_peer(number)), 60e3)] {
                let flow = Flow {
                    end: at,
                    peer,
                    bytes: rng.log_normal(bytes, 0.8) as u64,
                    egress: true,
                };
                trail.instance_flow(&mut rng, account, region, &instance, &flow);
            }
        }
    }
    for who in population
        .iter()
        .filter(|who| who.is_here(day) && !who.is_away(day))
    {
        let Some(instance) = &who.instance else {
            continue;
        };
        let mut rng = Rng::of(seed, &[0xba5f, who.number, day.0 as u64]);
        for place in 0..1 + who.number % 2 {
            for _ in 0..1 + rng.below(3) {
                let flow = Flow {
                    end: day.start().secs() + rng.between(60, 86_000),
                    peer: Peer::Outside(known_peer(who, place)),
                    bytes: rng.log_normal(300e3, 1.0) as u64,
                    egress: true,
                };
                trail.instance_flow(&mut rng, who.account, who.region, instance, &flow);
            }
        }
    }
}
