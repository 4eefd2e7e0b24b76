//! Plain spikes, newcomers, blinded logs and unusual regions: which part writes which class, and the regions themselves.

use crate::simulate::activity::aws::attack_plan::Attack;
use crate::simulate::activity::aws::configure::{look_around, start_machines};
use crate::simulate::activity::aws::run::Run;
use crate::simulate::activity::aws::stage::{make_bucket, new_bucket};
use crate::simulate::activity::aws::working_set::working_set;
use crate::simulate::model::aws::attack_class::AttackClass;
use crate::simulate::model::aws::identity::Identity;
use crate::simulate::model::aws::world::World;
use crate::simulate::model::company::{REGIONS_UNUSED, SYDNEY};
use crate::simulate::model::grade::Grade;
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;

impl Attack {
    /// Writes the records of a plain class; returns the ids of who did it, or nothing if there is nothing to do it to.
    pub(crate) fn run_plain(
        &self,
        world: &World,
        victim: Option<&Identity>,
        rng: &mut Rng,
        trail: &mut Trail,
    ) -> Option<Vec<String>> {
        if self.class == AttackClass::EgressBareInstance {
            return self.egress_spike(world, victim, rng, trail);
        }
        let who = victim?;
        match self.class {
            AttackClass::MassRead
            | AttackClass::LargeRead
            | AttackClass::SlowRead
            | AttackClass::NewPrefixRead => self.read_spike(world, who, rng, trail),
            AttackClass::EgressNewDestination
            | AttackClass::EgressTrickle
            | AttackClass::EgressKnownPeer => return self.egress_spike(world, victim, rng, trail),
            AttackClass::MassDelete
            | AttackClass::BatchDelete
            | AttackClass::BucketDelete
            | AttackClass::ExpireAll => self.delete_spike(world, who, rng, trail),
            AttackClass::TrailStopped | AttackClass::LogNarrowed | AttackClass::DetectorOff => {
                self.blind(world, who, rng, trail)
            }
            AttackClass::UnusedRegionCompute | AttackClass::UnusedRegionStorage => {
                self.work_elsewhere(world, who, rng, trail)
            }
            _ => return self.newcomer(world, who, rng, trail),
        }
        Some(who.ids())
    }

    /// Works in a region that nobody uses, or that others use.
    fn work_elsewhere(&self, world: &World, who: &Identity, rng: &mut Rng, trail: &mut Trail) {
        let (grade, day) = (self.grade, self.day);
        let at = self.begins(rng, Some(who));
        let session = self.stolen(rng, who, at);
        let mut run = Run::at(at, day, &session, trail, rng);
        let regions = match grade {
            Grade::Blatant => REGIONS_UNUSED.to_vec(),
            Grade::Medium => vec![REGIONS_UNUSED[self.number as usize % REGIONS_UNUSED.len()]],
            Grade::Subtle => vec![SYDNEY],
            Grade::Hidden => vec![who.region],
        };
        for region in regions {
            if self.class == AttackClass::UnusedRegionCompute {
                if grade < Grade::Subtle {
                    look_around(&mut run, who.account, region);
                }
                for _ in 0..grade.of([6, 3, 2, 1]) {
                    let machines = grade.of([10, 4, 1, 1]);
                    start_machines(&mut run, who.account, region, machines);
                }
                continue;
            }
            let usual = working_set(world, who, day);
            if let (Grade::Hidden, Some(own)) = (grade, usual.first()) {
                run.store(own, 2, 30.0);
                continue;
            }
            let bucket = new_bucket(
                &run,
                &format!("cache-{:x}", self.number),
                who.account,
                region,
            );
            make_bucket(&mut run, who.account, &bucket);
            run.store(
                &bucket,
                grade.of([60, 25, 6, 1]),
                grade.of([1.0, 4.0, 20.0, 30.0]),
            );
            run.list(&bucket, "", 1, 5.0);
            run.read(
                &bucket,
                grade.of([60, 20, 4, 1]),
                grade.of([1.0, 4.0, 20.0, 30.0]),
            );
        }
    }
}
