//! The population of the AWS accounts: people and workloads.

use crate::simulate::activity::aws::identity_factory::make;
use crate::simulate::activity::aws::lifecycle::{Scenario, plan_lifecycles};
use crate::simulate::activity::aws::routine::routine_identities;
use crate::simulate::model::attack_set::AttackSet;
use crate::simulate::model::aws::bucket::Bucket;
use crate::simulate::model::aws::identity::{Identity, Kind};
use crate::simulate::model::random::Rng;
use crate::time::Day;

/// Shares of the workforce in percent, with the least number of each.
const WORKFORCE: [(Kind, u32, u32); 17] = [
    (Kind::Scanner, 0, 1),
    (Kind::Inventory, 0, 1),
    (Kind::Exporter, 1, 1),
    (Kind::VendorBackup, 0, 1),
    (Kind::Batch, 1, 1),
    (Kind::Partner, 2, 1),
    (Kind::Admin, 4, 3),
    (Kind::Finance, 3, 3),
    (Kind::Backup, 3, 2),
    (Kind::Indexer, 2, 2),
    (Kind::Etl, 6, 4),
    (Kind::WebService, 7, 4),
    (Kind::Ci, 5, 2),
    (Kind::Lambda, 12, 4),
    (Kind::Dormant, 8, 6),
    (Kind::Developer, 21, 6),
    (Kind::Analyst, 26, 6),
];

/// Returns all identities of the simulation, those that are here from the start first. The identities of
/// the larger attack set come last and change no other.
pub(crate) fn population(
    seed: u64,
    identities: u32,
    start: Day,
    days: u32,
    buckets: &[Bucket],
    attack_set: AttackSet,
) -> Vec<Identity> {
    let mut all: Vec<Identity> = Vec::new();
    for (kind, percent, least) in WORKFORCE {
        for _ in 0..(identities * percent / 100).max(least) {
            let number = all.len() as u64;
            let mut identity = make(seed, number, kind, start, days, buckets, start.plus(-200));
            if identity.shift.is_none() && Rng::of(seed, &[0x1eaf, number]).chance(0.02) {
                identity.leaves = Some(
                    start.plus(Rng::of(seed, &[0x1eaf, number, 1]).below(days as usize) as i32),
                );
            }
            all.push(identity);
        }
    }
    let mut arrivals = Rng::of(seed, &[0xa117]);
    for day in 1..days {
        let mean = f64::from(identities) * 0.003;
        let count = arrivals.poisson(mean).max(usize::from(day % 2 == 0));
        for _ in 0..count {
            let kind = *arrivals.pick(&[
                Kind::Analyst,
                Kind::Analyst,
                Kind::Developer,
                Kind::Developer,
                Kind::Lambda,
                Kind::WebService,
                Kind::Etl,
                Kind::Ci,
            ]);
            let number = all.len() as u64;
            let joins = start.plus(day as i32);
            let mut newcomer = make(seed, number, kind, start, days, buckets, joins);
            newcomer.sets_up = kind.is_person() && arrivals.chance(0.6);
            all.push(newcomer);
        }
    }
    let scenario = Scenario {
        seed,
        start,
        days,
        buckets,
    };
    plan_lifecycles(&scenario, &mut all);
    if attack_set == AttackSet::All {
        all.extend(routine_identities(
            seed,
            start,
            days,
            buckets,
            all.len() as u64,
        ));
    }
    all
}
