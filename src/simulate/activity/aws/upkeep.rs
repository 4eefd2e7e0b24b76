//! Workloads whose routine resembles plain spikes: they delete, put settings again, grow, or are made again every night.

use crate::simulate::activity::aws::blinding::put_logging_as_code;
use crate::simulate::activity::aws::configure::put_expiry;
use crate::simulate::activity::aws::creation::{create, delete_role};
use crate::simulate::activity::aws::instance_flows::instance_flows;
use crate::simulate::activity::aws::run::Run;
use crate::simulate::activity::aws::stage::{delete_many, tear_down};
use crate::simulate::activity::aws::working_set::working_set;
use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::identity::{Identity, Kind};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::calendar::{is_month_begin, is_weekend, weekday};
use crate::simulate::model::random::{BASE32, Rng};
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

/// How much a backup grows in a day.
const GROWTH: f64 = 1.03;

/// The kinds of these workloads; the last is there several times.
pub(crate) const UPKEEP: [Kind; 10] = [
    Kind::Cleaner,
    Kind::MonthlyPurge,
    Kind::WeeklyPurge,
    Kind::Infrastructure,
    Kind::Grower,
    Kind::TestRole,
    Kind::Courier,
    Kind::Courier,
    Kind::Courier,
    Kind::Courier,
];

/// Returns the role for tests as it is on a day: a new one under the same name.
pub(crate) fn test_role_of(seed: u64, who: &Identity, day: Day) -> Identity {
    let unique = Rng::of(seed, &[0x7e57, who.number, day.0 as u64]).text(BASE32, 17);
    Identity {
        unique: format!("AROA{unique}"),
        ..who.clone()
    }
}

/// Writes what one of these workloads does on a day.
pub(crate) fn write_upkeep(
    world: &World,
    who: &Identity,
    day: Day,
    rng: &mut Rng,
    trail: &mut Trail,
) {
    let midnight = day.start().secs();
    let set = working_set(world, who, day);
    let Some(&first) = set.first() else { return };
    match who.kind {
        Kind::Cleaner => {
            if is_weekend(day) {
                return;
            }
            for _ in 0..1 + rng.poisson(0.8) {
                let at = midnight + rng.between(8 * 3_600, 18 * 3_600);
                let session = who.session(rng, at, None);
                let mut run = Run::at(at, day, &session, trail, rng);
                run.list(first, "build/", 1, 1.0);
                run.store(first, 6, 1.0);
                let keys = run.rng.between(80, 300) as u64;
                if run.rng.chance(0.4) {
                    tear_down(&mut run, who, keys);
                } else {
                    delete_many(&mut run, first, keys, 1.0);
                }
            }
        }
        Kind::MonthlyPurge | Kind::WeeklyPurge => {
            let (is_due, batches) = match who.kind {
                Kind::MonthlyPurge => (is_month_begin(day), 3),
                _ => (weekday(day) == 1, 1),
            };
            let at = midnight + 4 * 3_600 + rng.between(0, 600);
            let session = who.session(rng, at, None);
            let mut run = Run::at(at, day, &session, trail, rng);
            run.list(first, "", 1, 1.0);
            if is_due {
                for turn in 0..batches {
                    let bucket = set[turn % set.len().min(2)];
                    run.list(bucket, "events/", 2, 1.0);
                    let keys = run.rng.between(500, 900) as u64;
                    delete_many(&mut run, bucket, keys, 3.0);
                }
            }
        }
        Kind::Infrastructure => {
            let at = midnight + 2 * 3_600 + rng.between(0, 300);
            let session = who.session(rng, at, None);
            let mut run = Run::at(at, day, &session, trail, rng);
            put_logging_as_code(&mut run, world, who.account);
            let own: Vec<&Bucket> = world
                .own_buckets(day)
                .filter(|b| {
                    b.account == Some(who.account)
                        && b.purpose == Purpose::Service
                        && b.created < day
                })
                .take(4)
                .collect();
            for (place, bucket) in own.into_iter().enumerate() {
                run.posture(who.account, bucket, &[4, 5, 8], 0.3);
                // What one of them holds is temporary.
                let days = if place == 0 { 3 } else { 365 };
                put_expiry(&mut run, who.account, bucket, days);
            }
        }
        Kind::Grower => {
            let at = midnight + 3 * 3_600 + rng.between(0, 600);
            let session = who.session(rng, at, None);
            let mut run = Run::at(at, day, &session, trail, rng);
            let grown = GROWTH.powi(day.since(world.start).min(120));
            // Now and then it reads everything, on no fixed day.
            let factor = if run.rng.chance(0.12) { 8.0 } else { 1.0 };
            let mut bytes = 0;
            for bucket in &set {
                run.list(bucket, "", 2, 1.0);
                let objects = run.rng.count(10.0 * grown * factor * world.scale, 20.0);
                bytes += run.read(bucket, objects, 1.0);
            }
            let end = run.clock as i64 + 60;
            instance_flows(trail, rng, who, end, bytes);
        }
        Kind::TestRole => remake_test_role(world, who, day, first, rng, trail),
        Kind::Courier => {
            let at = midnight + 9 * 3_600 + rng.between(0, 7_200);
            let session = who.session(rng, at, None);
            let mut run = Run::at(at, day, &session, trail, rng);
            run.list(first, "orders/", 1, 2.0);
            let objects = run.rng.count(5.0 * world.scale, 3.0);
            run.read(first, objects, 6.0);
        }
        _ => {}
    }
}

/// The stage's deployment deletes the role for tests and makes it again, and the tests run.
fn remake_test_role(
    world: &World,
    who: &Identity,
    day: Day,
    bucket: &Bucket,
    rng: &mut Rng,
    trail: &mut Trail,
) {
    let Some(maker) = world.population.iter().find(|w| w.kind == Kind::Cleaner) else {
        return;
    };
    let at = day.start().secs() + 3_600 + rng.between(0, 600);
    let session = maker.session(rng, at, None);
    if day > world.start {
        let old = test_role_of(world.seed, who, day.plus(-1));
        delete_role(trail, at, &session, &old);
    }
    let new = test_role_of(world.seed, who, day);
    create(trail, at + 20, &session, &new);
    let session = new.session(rng, at + 120, None);
    let mut run = Run::at(at + 120, day, &session, trail, rng);
    run.list(bucket, "tmp/", 1, 2.0);
    run.store(bucket, 8, 1.0);
    run.read(bucket, 8, 1.0);
    run.delete(bucket, 8, 1.0);
}
