//! Incidents in legitimate work: mistakes, repeated failing calls, backfills, curiosity. Each is noted as an anomaly.

use crate::simulate::activity::aws::run::{Run, object_key, object_size};
use crate::simulate::activity::aws::working_set::pick_favourite;
use crate::simulate::model::anomaly::Cause;
use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::call::{ObjectCall, Op};
use crate::simulate::model::aws::identity::{Identity, Kind};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::calendar::LATEST_START;
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

/// How often each incident happens to a person, per sitting.
const FAT_FINGER: f64 = 0.009;

const REVOKED: f64 = 0.003;

const PERSONAL_STORM: f64 = 0.002;

const PERSONAL_BACKFILL: f64 = 0.0015;

const EXPLORATION: f64 = 0.006;

const AUDIT_REQUEST: f64 = 0.0014;

/// How often a task is a burst, per task of a person and per day of a workload.
const BURST: f64 = 0.004;

/// Returns the factor on a task's volume: 1, or rarely much more, with a Pareto tail.
pub(crate) fn burst_factor(rng: &mut Rng) -> f64 {
    if rng.chance(BURST) {
        rng.pareto(3.0, 1.3).min(30.0)
    } else {
        1.0
    }
}

/// Writes the incidents of a person's sitting.
pub(crate) fn inject(run: &mut Run<'_>, world: &World, who: &Identity, set: &[&Bucket]) {
    let since = run.trail.anomalies.mark();
    if run.rng.chance(REVOKED)
        && let Some(bucket) = pick_favourite(run.rng, set)
    {
        for _ in 0..run.rng.between(15, 60) {
            run.refused(bucket, false, 3.0);
        }
        run.trail
            .anomalies
            .note_anomaly(Cause::RevokedPermission, since);
    }
    if run.rng.chance(FAT_FINGER)
        && let Some(bucket) = pick_favourite(run.rng, set)
    {
        let since = run.trail.anomalies.mark();
        let many = run.rng.log_normal(50.0, 0.8).min(400.0) as usize;
        if run.rng.chance(0.6) {
            run.list(bucket, "", many, 0.8);
        } else {
            run.read(bucket, many, 0.5);
        }
        run.trail.anomalies.note_anomaly(Cause::FatFinger, since);
    }
    if run.rng.chance(PERSONAL_STORM) {
        retry_storm(run, set);
    }
    if run.rng.chance(PERSONAL_BACKFILL)
        && let Some(bucket) = pick_favourite(run.rng, set)
    {
        backfill(run, bucket, 2);
    }
    if run.rng.chance(EXPLORATION) {
        explore(run, world, who);
    }
    if run.rng.chance(AUDIT_REQUEST) {
        let documents: Vec<&Bucket> = world
            .sensitive()
            .into_iter()
            .filter(|b| b.account == Some(who.account))
            .collect();
        if !documents.is_empty() && who.kind != Kind::Developer {
            let since = run.trail.anomalies.mark();
            let bucket = *run.rng.pick(&documents);
            run.list(bucket, "2026/02/", 2, 8.0);
            let objects = run.rng.between(12, 45) as usize;
            run.read(bucket, objects, 12.0);
            run.trail.anomalies.note_anomaly(Cause::AuditRequest, since);
        }
    }
    if run.rng.chance(0.03) {
        // A wrong name, or a bucket without access. Too common to be an anomaly.
        let others = of_account(world, who, run.day);
        let listing = run.rng.chance(0.5);
        if !others.is_empty() {
            let bucket = *run.rng.pick(&others);
            run.refused(bucket, listing, 6.0);
        }
    }
}

/// A client repeats a failing call: a read or a listing that is throttled, or one that is refused.
pub(crate) fn retry_storm(run: &mut Run<'_>, set: &[&Bucket]) {
    let Some(bucket) = pick_favourite(run.rng, set) else {
        return;
    };
    let since = run.trail.anomalies.mark();
    let key = object_key(run.rng, bucket, run.day);
    let slow = Some(("SlowDown", "Please reduce your request rate."));
    let kind = run.rng.below(10);
    for _ in 0..run.rng.between(25, 90) {
        match kind {
            0..=4 => {
                let at = run.tick(1.5);
                run.trail.s3(&ObjectCall {
                    at,
                    session: run.session,
                    op: Op::Get,
                    bucket,
                    key: &key,
                    bytes: 0,
                    fault: slow,
                });
            }
            5..=6 => {
                let at = run.tick(2.0);
                run.trail.s3(&ObjectCall {
                    at,
                    session: run.session,
                    op: Op::List(0),
                    bucket,
                    key: "",
                    bytes: 0,
                    fault: slow,
                });
            }
            7..=8 => run.refused(bucket, false, 2.0),
            _ => run.refused(bucket, true, 2.0),
        }
    }
    run.trail.anomalies.note_anomaly(Cause::RetryStorm, since);
}

/// A workload repeats a failing call at some time of the day, with the given probability.
pub(crate) fn maybe_retry_storm(run: &mut Run<'_>, set: &[&Bucket], chance: f64) {
    if run.rng.chance(chance) {
        run.clock = (run.day.start().secs() + run.rng.between(0, LATEST_START - 1_000)) as f64;
        retry_storm(run, set);
    }
}

/// Reads weeks of a table again, for so many hours from now on.
pub(crate) fn backfill(run: &mut Run<'_>, bucket: &Bucket, hours: i64) {
    let since = run.trail.anomalies.mark();
    let latest = (run.day.end().secs() - 60) as f64;
    for _ in 0..hours {
        let begin = run.clock;
        let pages = run.rng.between(2, 6) as usize;
        run.list(bucket, "events/", pages, 1.0);
        for _ in 0..run.rng.between(20, 60) {
            let at = run.tick(20.0);
            if run.clock > latest {
                break;
            }
            let age = run.rng.between(5, 45) as i32;
            let key = object_key(run.rng, bucket, run.day.plus(-age));
            let bytes = object_size(run.rng, bucket);
            run.trail.s3(&ObjectCall {
                at,
                session: run.session,
                op: Op::Get,
                bucket,
                key: &key,
                bytes,
                fault: None,
            });
        }
        run.clock = (begin + 3_600.0).max(run.clock);
        if run.clock > latest - 3_600.0 {
            break;
        }
    }
    run.trail.anomalies.note_anomaly(Cause::Backfill, since);
}

/// A person looks at the buckets of others.
fn explore(run: &mut Run<'_>, world: &World, who: &Identity) {
    let since = run.trail.anomalies.mark();
    let others = of_account(world, who, run.day);
    if others.is_empty() {
        return;
    }
    for _ in 0..run.rng.between(2, 5) {
        let bucket = *run.rng.pick(&others);
        let pages = 1 + run.rng.poisson(0.8);
        run.list(bucket, "", pages, 15.0);
        let objects = run.rng.poisson(3.0);
        run.read(bucket, objects, 15.0);
    }
    run.trail.anomalies.note_anomaly(Cause::Exploration, since);
}

/// A newcomer fetches what a new laptop needs.
pub(crate) fn set_up(run: &mut Run<'_>, world: &World, who: &Identity) {
    let tools: Vec<&Bucket> = of_account(world, who, run.day)
        .into_iter()
        .filter(|b| b.created < world.start)
        .collect();
    if tools.is_empty() {
        return;
    }
    for _ in 0..2 {
        let bucket = *run.rng.pick(&tools);
        run.list(bucket, "build/", 2, 4.0);
        let objects = run.rng.log_normal(25.0, 0.7).min(150.0) as usize;
        run.read(bucket, objects, 2.0);
    }
}

/// An identity begins to work with a bucket that was assigned to it.
pub(crate) fn start_assignments(
    world: &World,
    who: &Identity,
    day: Day,
    rng: &mut Rng,
    trail: &mut Trail,
) {
    let at = day.start().secs() + (who.begins + rng.between(600, 20_000)).min(LATEST_START);
    let session = who.session(rng, at, None);
    let mut run = Run::at(at, day, &session, trail, rng);
    for assignment in who.assignments.iter().filter(|a| a.is_new(day)) {
        if assignment.from != day && run.rng.chance(0.6) {
            continue;
        }
        let since = run.trail.anomalies.mark();
        let bucket = &world.buckets[assignment.bucket];
        run.list(bucket, "", 1, 20.0);
        let objects = run.rng.count(4.0 * world.scale, 1.0);
        run.read(bucket, objects, 20.0);
        run.trail.anomalies.note_anomaly(assignment.cause, since);
    }
}

/// A table moves to another of our accounts.
pub(crate) fn run_migration(
    world: &World,
    who: &Identity,
    day: Day,
    rng: &mut Rng,
    trail: &mut Trail,
) {
    let targets: Vec<&Bucket> = world
        .own_buckets(day)
        .filter(|b| {
            b.account != Some(who.account)
                && matches!(b.purpose, Purpose::Project | Purpose::Recovery)
        })
        .collect();
    let (false, Some(&from)) = (targets.is_empty(), who.buckets.first()) else {
        return;
    };
    let at = day.start().secs() + (who.begins + rng.between(0, 4 * 3_600)).min(60_000);
    let session = who.session(rng, at, None);
    let mut run = Run::at(at, day, &session, trail, rng);
    let since = run.trail.anomalies.mark();
    let (from, to) = (&world.buckets[from], *run.rng.pick(&targets));
    let objects = run.rng.log_normal(180.0, 0.5).min(600.0) as usize;
    run.list(from, "", 2 + objects / 100, 1.0);
    run.copy(from, to, objects, 4.0);
    run.trail.anomalies.note_anomaly(Cause::Migration, since);
}

/// The buckets of an identity's account that are not sensitive.
fn of_account<'a>(world: &'a World, who: &Identity, day: Day) -> Vec<&'a Bucket> {
    world
        .own_buckets(day)
        .filter(|b| b.account == Some(who.account) && b.purpose != Purpose::Sensitive)
        .collect()
}
