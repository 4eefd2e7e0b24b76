//! Decoys of a new role on a new instance: what it reads and sends, and in which order.

use crate::simulate::activity::aws::creation::create;
use crate::simulate::activity::aws::decoy::{Decoy, Planned};
use crate::simulate::activity::aws::run::Run;
use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::call::Api;
use crate::simulate::model::aws::flow::{Flow, Peer};
use crate::simulate::model::aws::identity::Identity;
use crate::simulate::model::aws::world::World;
use crate::simulate::model::network::{external_address, office_address};
use crate::simulate::model::random::{Rng, splitmix};
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

/// When egress comes on the second day, and when a spike does: more than a day after either on the first.
const SECOND_DAY: i64 = 13 * 3600;

impl Planned {
    /// Writes a day of a new role; returns the time of its creation.
    pub(crate) fn new_role(
        &self,
        world: &World,
        who: &Identity,
        today: Day,
        rng: &mut Rng,
        trail: &mut Trail,
    ) -> Option<i64> {
        let midnight = self.day.start().secs();
        // By number alone, so that the second day gets the same value.
        let at = midnight + 7 * 3600 + (splitmix(self.number) % 3600) as i64;
        let second = today.start().secs() + SECOND_DAY;
        if today == self.day {
            let admin = world.admin_of(who.account, today)?;
            let session = admin.session(rng, at, None);
            create(trail, at, &session, who);
            // The instance is set up before it reads data.
            let session = who.session(rng, at + 600, None);
            let mut run = Run::at(at + 600, today, &session, trail, rng);
            run.api(who.account, 1.0, &Api::default());
        }
        let outside = || Peer::Outside(external_address(0x1_c000 + self.number, 1));
        match (self.decoy, today == self.day) {
            (Decoy::WrongOrder, _) => {
                send(who, at + 700, outside(), rng, trail);
                read_much(world, who, today, at + 3_600, rng, trail);
            }
            (Decoy::StaleEgress, true) => send(who, at + 700, outside(), rng, trail),
            (Decoy::StaleEgress, false) => {
                read_much(world, who, today, second, rng, trail);
            }
            (Decoy::LateEgress, false) => send(who, second, outside(), rng, trail),
            (Decoy::OfficeEgress, _) => {
                let end = read_much(world, who, today, at + 3_600, rng, trail);
                let office = Peer::Outside(office_address(rng.bits()));
                send(who, end + 300, office, rng, trail);
                send(
                    who,
                    end + 900,
                    Peer::Inside(rng.between(4, 250)),
                    rng,
                    trail,
                );
            }
            _ => {
                read_much(world, who, today, at + 3_600, rng, trail);
            }
        }
        Some(at)
    }
}

/// Reads much from ordinary buckets, within some ten minutes; returns when that ends.
fn read_much(
    world: &World,
    who: &Identity,
    day: Day,
    at: i64,
    rng: &mut Rng,
    trail: &mut Trail,
) -> i64 {
    let session = who.session(rng, at, None);
    let mut run = Run::at(at, day, &session, trail, rng);
    let targets: Vec<&Bucket> = world
        .own_buckets(day)
        .filter(|b| {
            b.account == Some(who.account) && b.created < day && b.purpose != Purpose::Sensitive
        })
        .take(3)
        .collect();
    let mut bytes = 0;
    for bucket in targets {
        run.list(bucket, "", 2, 1.0);
        bytes += run.read(bucket, 50, 3.0);
    }
    let end = run.clock as i64 + 60;
    let flow = Flow {
        end,
        peer: Peer::S3,
        bytes,
        egress: false,
    };
    if let Some(instance) = &who.instance {
        run.trail
            .instance_flow(run.rng, who.account, who.region, instance, &flow);
    }
    end
}

/// Sends some 120 megabytes in three flows.
fn send(who: &Identity, at: i64, peer: Peer, rng: &mut Rng, trail: &mut Trail) {
    let Some(instance) = &who.instance else {
        return;
    };
    for round in 0..3 {
        let flow = Flow {
            end: at + round * 120,
            peer: peer.clone(),
            bytes: rng.log_normal(40e6, 0.3) as u64,
            egress: true,
        };
        trail.instance_flow(rng, who.account, who.region, instance, &flow);
    }
}
