//! What attackers of established identities do to data: read, send or delete far more of it than their victims ever do.
//!
//! The numbers follow what legitimate identities of the same estate do in a day: reads reach 60 at the median and some
//! hundreds at the 99th percentile, deletions 2 and 40; machines send some megabytes, exporters some hundreds on one day of
//! the week.

use crate::simulate::activity::aws::attack_plan::Attack;
use crate::simulate::activity::aws::attack_session::shuffled_buckets;
use crate::simulate::activity::aws::bare_instance::{bare_instance, bare_peer, known_peer};
use crate::simulate::activity::aws::configure::put_expiry;
use crate::simulate::activity::aws::instance_flows::instance_flows;
use crate::simulate::activity::aws::run::{Run, object_key, object_size};
use crate::simulate::activity::aws::stage::{delete_bucket, delete_many, tear_down};
use crate::simulate::activity::aws::working_set::working_set;
use crate::simulate::model::aws::attack_class::AttackClass;
use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::call::{ObjectCall, Op};
use crate::simulate::model::aws::flow::{Flow, Peer};
use crate::simulate::model::aws::identity::{Identity, Instance};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::grade::Grade;
use crate::simulate::model::network::external_address;
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;

/// First parts of keys that nobody reads.
const FOLDERS: [&str; 6] = [
    "archive-2019",
    "contracts",
    "customer-exports",
    "dumps",
    "partners",
    "staging-copy",
];

impl Attack {
    /// Reads far more than ever: objects, bytes or prefixes.
    pub(crate) fn read_spike(
        &self,
        world: &World,
        who: &Identity,
        rng: &mut Rng,
        trail: &mut Trail,
    ) {
        let (grade, day) = (self.grade, self.day);
        let slow = self.class == AttackClass::SlowRead;
        let at = match grade {
            Grade::Blatant | Grade::Medium if slow => {
                day.start().secs() + rng.between(1_800, 7_200)
            }
            // The whole working day.
            _ if slow => day.start().secs() + who.begins.min(12 * 3_600) + rng.between(0, 1_800),
            _ => self.begins(rng, Some(who)),
        };
        // Mostly from the victim's own machine, where the attacker sits.
        let is_outside = grade < Grade::Subtle && self.number.is_multiple_of(4);
        let source = is_outside.then(|| external_address(0x1_0000 + self.number, 1));
        let session = who.session(rng, at, source);
        let mut run = Run::at(at, day, &session, trail, rng);
        let usual: Vec<&Bucket> = working_set(world, who, day)
            .into_iter()
            .filter(|b| b.purpose != Purpose::Sensitive)
            .collect();
        let mut targets = shuffled_buckets(world, who, day, run.rng);
        targets.retain(|b| b.purpose != Purpose::Sensitive);
        let own = usual.first().copied().unwrap_or(targets[0]);
        let mut bytes = 0;
        match self.class {
            AttackClass::MassRead | AttackClass::SlowRead => {
                targets.truncate(grade.of([40, 20, 7, 1]));
                if grade == Grade::Hidden {
                    targets = vec![own];
                }
                let (objects, seconds) = match slow {
                    true => (
                        grade.of([3_000, 900, 260, 12]),
                        grade.of([50_000.0, 46_000.0, 25_000.0, 20_000.0]),
                    ),
                    false => (
                        grade.of([4_000, 1_200, 280, 20]),
                        grade.of([1_500.0, 1_800.0, 2_700.0, 1_800.0]),
                    ),
                };
                if grade < Grade::Subtle {
                    run.list_buckets(who.account);
                }
                let each = (objects / targets.len()).max(1);
                let gap = seconds / objects as f64;
                for bucket in targets {
                    if grade < Grade::Subtle {
                        run.list(bucket, "", 1, gap);
                    }
                    bytes += run.read(bucket, each, gap);
                }
            }
            AttackClass::LargeRead => {
                let factor = grade.of([200.0, 60.0, 12.0, 1.0]);
                for turn in 0..grade.of([60, 40, 25, 8]) {
                    let bucket = *usual.get(turn % usual.len().max(1)).unwrap_or(&own);
                    let key = object_key(run.rng, bucket, day);
                    let size = (object_size(run.rng, bucket) as f64 * factor) as u64;
                    bytes += read_one(
                        &mut run,
                        bucket,
                        &key,
                        size,
                        grade.of([8.0, 20.0, 90.0, 60.0]),
                    );
                }
            }
            _ => {
                let folders = grade.of([40, 20, 6, 0]);
                for turn in 0..grade.of([1_500, 500, 140, 8]) {
                    let key = match folders {
                        0 => object_key(run.rng, own, day),
                        _ => {
                            let folder = turn % folders;
                            format!(
                                "{}-{:02}/part-{turn:05}.bin",
                                FOLDERS[folder % FOLDERS.len()],
                                folder / FOLDERS.len()
                            )
                        }
                    };
                    let size = object_size(run.rng, own);
                    bytes += read_one(&mut run, own, &key, size, grade.of([0.5, 2.0, 20.0, 90.0]));
                }
            }
        }
        let end = (run.clock as i64 + 60).min(day.end().secs() - 120);
        instance_flows(trail, rng, who, end, bytes);
    }

    /// Sends far more than ever from an instance; returns its ids.
    pub(crate) fn egress_spike(
        &self,
        world: &World,
        victim: Option<&Identity>,
        rng: &mut Rng,
        trail: &mut Trail,
    ) -> Option<Vec<String>> {
        let (grade, day) = (self.grade, self.day);
        let hidden = grade == Grade::Hidden;
        let outside = external_address(0x1_8000 + self.number, 3);
        if self.class == AttackClass::EgressBareInstance {
            let (account, region, instance) = bare_instance(world.seed, self.number);
            let peer = if hidden {
                bare_peer(self.number)
            } else {
                outside
            };
            let bytes = grade.of([40e9, 4e9, 200e6, 60e3]);
            let flows = (grade.of([12, 8, 6, 1]), grade.of([180, 300, 600, 60]));
            let at = self.begins(rng, None);
            self.send(
                (account, region, &instance),
                at,
                &peer,
                bytes,
                flows,
                rng,
                trail,
            );
            return Some(vec![
                format!("aws:instance:{}", instance.id),
                instance.id,
                instance.interface,
            ]);
        }
        let who = victim?;
        let instance = who.instance.as_ref()?;
        let trickles = self.class == AttackClass::EgressTrickle;
        let at = match trickles && !hidden {
            true => day.start().secs() + rng.between(3_600, 3 * 3_600),
            false => self.begins(rng, Some(who)),
        };
        let peer = match self.class {
            AttackClass::EgressKnownPeer => known_peer(who, 0),
            _ if hidden => known_peer(who, 0),
            _ => outside,
        };
        let (bytes, flows) = match self.class {
            AttackClass::EgressTrickle => (
                grade.of([20e9, 2e9, 150e6, 40e3]),
                (grade.of([400, 240, 120, 2]), grade.of([120, 150, 180, 600])),
            ),
            AttackClass::EgressKnownPeer => (
                grade.of([40e9, 5e9, 300e6, 60e3]),
                (grade.of([10, 6, 4, 1]), 180),
            ),
            _ => (
                grade.of([60e9, 6e9, 200e6, 12e3]),
                (grade.of([6, 5, 4, 1]), 180),
            ),
        };
        self.send(
            (who.account, who.region, instance),
            at,
            &peer,
            bytes,
            flows,
            rng,
            trail,
        );
        let mut ids = who.ids();
        ids.push(instance.interface.clone());
        Some(ids)
    }

    /// Sends bytes in so many flows, so many seconds apart.
    #[expect(clippy::too_many_arguments, reason = "who sends what where, and when")]
    pub(crate) fn send(
        &self,
        (account, region, instance): (usize, usize, &Instance),
        at: i64,
        peer: &str,
        bytes: f64,
        (flows, gap): (i64, i64),
        rng: &mut Rng,
        trail: &mut Trail,
    ) {
        let latest = self.day.end().secs() - 120;
        let gap = gap.min((latest - at).max(0) / flows.max(1));
        for round in 0..flows {
            let flow = Flow {
                end: at + round * gap,
                peer: Peer::Outside(peer.to_owned()),
                bytes: (bytes / flows as f64) as u64 + rng.below(9_000) as u64,
                egress: true,
            };
            trail.instance_flow(rng, account, region, instance, &flow);
        }
    }

    /// Deletes far more than ever: objects, versions, buckets, or all that a lifecycle rule reaches.
    pub(crate) fn delete_spike(
        &self,
        world: &World,
        who: &Identity,
        rng: &mut Rng,
        trail: &mut Trail,
    ) {
        let (grade, day) = (self.grade, self.day);
        let hidden = grade == Grade::Hidden;
        let at = self.begins(rng, Some(who));
        let session = self.stolen(rng, who, at);
        let mut run = Run::at(at, day, &session, trail, rng);
        let usual = working_set(world, who, day);
        let mut targets = shuffled_buckets(world, who, day, run.rng);
        targets.retain(|b| !matches!(b.purpose, Purpose::Sensitive | Purpose::Logs));
        if let (Grade::Subtle | Grade::Hidden, Some(&own)) = (grade, usual.first()) {
            targets.insert(0, own);
        }
        match self.class {
            AttackClass::MassDelete => {
                targets.truncate(grade.of([10, 4, 1, 1]));
                let objects = grade.of([3_000, 800, 150, 2]);
                for bucket in &targets {
                    let gap = grade.of([0.2, 1.0, 25.0, 300.0]);
                    run.delete(bucket, objects / targets.len(), gap);
                }
            }
            AttackClass::BatchDelete | AttackClass::BucketDelete if hidden => {
                tear_down(&mut run, who, 160);
            }
            AttackClass::BatchDelete if self.number.is_multiple_of(2) => {
                targets.truncate(grade.of([8, 4, 1, 1]));
                for turn in 0..grade.of([4, 2, 1, 0]) {
                    let keys = grade.of([900, 450, 150, 0]);
                    let bucket = targets[turn % targets.len()];
                    delete_many(&mut run, bucket, keys, grade.of([1.0, 4.0, 60.0, 0.0]));
                }
            }
            AttackClass::BatchDelete => {
                for turn in 0..grade.of([1_200, 400, 120, 0]) {
                    let bucket = targets[turn % targets.len().min(grade.of([6, 3, 1, 1]))];
                    let at = run.tick(grade.of([0.3, 1.0, 20.0, 0.0]));
                    let key = object_key(run.rng, bucket, day);
                    let call = ObjectCall {
                        at,
                        session: run.session,
                        op: Op::DeleteVersion(run.rng.bits()),
                        bucket,
                        key: &key,
                        bytes: 0,
                        fault: None,
                    };
                    run.trail.s3(&call);
                }
            }
            AttackClass::BucketDelete => {
                targets.truncate(grade.of([8, 4, 1, 0]));
                for bucket in targets {
                    run.list(bucket, "", 2, 1.0);
                    let keys = grade.of([400, 250, 200, 0]);
                    delete_many(&mut run, bucket, keys, 2.0);
                    delete_bucket(&mut run, who.account, bucket);
                }
            }
            _ => {
                targets.truncate(grade.of([12, 5, 1, 1]));
                for bucket in targets {
                    put_expiry(&mut run, who.account, bucket, grade.of([1, 1, 1, 365]));
                }
            }
        }
    }
}

fn read_one(run: &mut Run<'_>, bucket: &Bucket, key: &str, bytes: u64, gap: f64) -> u64 {
    let at = run.tick(gap);
    run.trail.s3(&ObjectCall {
        at,
        session: run.session,
        op: Op::Get,
        bucket,
        key,
        bytes,
        fault: None,
    });
    bytes
}
