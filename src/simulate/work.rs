//! Honest work: who is active on a day, with which buckets, and what makes the day odd as a whole.

use crate::time::Day;

use super::anomaly::Cause;
use super::estate::Bucket;
use super::incident::{run_migration, start_assignments};
use super::people::person;
use super::population::{Identity, Kind};
use super::random::Rng;
use super::routine::write_routine;
use super::trail::Trail;
use super::workload::workload;
use super::world::{World, is_month_end, is_quarter_end, weekday};

/// Writes what an identity does on a day, and notes what is odd about it.
pub(super) fn write_day(world: &World, who: &Identity, day: Day, trail: &mut Trail) {
    if !who.is_here(day) || who.is_away(day) {
        return;
    }
    let mut rng = Rng::of(world.seed, &[0xda1, who.number, day.0 as u64]);
    let intensity = who.intensity(day, world.start) * rng.log_normal(1.0, who.spread) * world.scale;
    let since = trail.set_actor(who.ids());
    match who.kind {
        Kind::Analyst | Kind::Finance | Kind::Developer | Kind::Admin => {
            person(world, who, day, intensity, &mut rng, trail)
        }
        Kind::Dormant => {
            if rng.chance(0.04) {
                person(world, who, day, intensity * 0.5, &mut rng, trail);
            }
        }
        Kind::Deployer | Kind::Auditor | Kind::Stuck | Kind::Mirror => {
            write_routine(world, who, day, &mut rng, trail)
        }
        _ => workload(
            world,
            who,
            day,
            intensity * calendar_factor(who, day),
            &mut rng,
            trail,
        ),
    }
    if who.assignments.iter().any(|a| a.is_new(day)) {
        start_assignments(world, who, day, &mut rng, trail);
    }
    if who.migrates == Some(day) {
        run_migration(world, who, day, &mut rng, trail);
    }
    for cause in lasting_causes(world, who, day) {
        trail.note_anomaly(cause, since);
    }
    trail.set_actor(Vec::new());
}

/// Returns what is odd about all that an identity does on a day.
fn lasting_causes(world: &World, who: &Identity, day: Day) -> Vec<Cause> {
    let age = day.since(who.joins);
    let since = |from: Day| day.since(from);
    let newcomer = who.joins >= world.start;
    let mut causes = Vec::new();
    let mut when = |note_anomaly: bool, cause: Cause| {
        if note_anomaly {
            causes.push(cause);
        }
    };
    when(who.is_travelling(day), Cause::Travel);
    when(
        who.rollout.is_some_and(|(from, client)| {
            // A mere release is forgotten sooner than another tool.
            let days = if client == who.client { 1 } else { 2 };
            (0..days).contains(&since(from))
        }),
        Cause::Rollout,
    );
    when(newcomer && !who.is_successor && age < 2, Cause::Joiner);
    when(newcomer && who.is_successor && age < 3, Cause::Takeover);
    when(
        who.shift
            .is_some_and(|(from, _)| (0..5).contains(&since(from))),
        Cause::LevelShift,
    );
    when(who.kind == Kind::Dormant, Cause::Return);
    let calendar_factor = calendar_factor(who, day) > 1.0;
    when(calendar_factor && is_month_end(day), Cause::MonthEnd);
    let weekly = match who.kind {
        Kind::Finance => calendar_factor && !is_month_end(day),
        Kind::Backup | Kind::Exporter => is_weekly_run(who, day),
        _ => false,
    };
    when(weekly, Cause::WeeklyJob);
    for assignment in who.assignments.iter().filter(|a| a.is_new(day)) {
        when(true, assignment.cause);
    }
    causes
}

/// Returns whether a workload does on that day what it does once a week.
pub(super) fn is_weekly_run(who: &Identity, day: Day) -> bool {
    match who.kind {
        Kind::Backup => who.number.is_multiple_of(2) && weekday(day) == 0,
        Kind::Inventory => weekday(day) == 0,
        Kind::Exporter => weekday(day) == 3,
        _ => false,
    }
}

/// Returns the factor that the calendar puts on somebody's work: month ends, quarter ends, Fridays.
pub(super) fn calendar_factor(who: &Identity, day: Day) -> f64 {
    let reports = match who.kind {
        Kind::Analyst => who.number.is_multiple_of(8),
        Kind::Etl | Kind::Batch => who.number.is_multiple_of(4),
        _ => false,
    };
    match who.kind {
        Kind::Finance if is_quarter_end(day) => 11.0,
        Kind::Finance if is_month_end(day) => 8.0,
        Kind::Finance if weekday(day) == 5 => 3.0,
        _ if reports && is_quarter_end(day) => 3.5,
        _ if reports && is_month_end(day) => 2.5,
        _ => 1.0,
    }
}

/// Returns the buckets somebody works with on a day: the usual ones, then those assigned later.
pub(super) fn working_set<'a>(world: &'a World, who: &Identity, day: Day) -> Vec<&'a Bucket> {
    let assigned = who.assignments.iter().filter(|a| a.holds(day));
    who.buckets
        .iter()
        .copied()
        .chain(assigned.map(|a| a.bucket))
        .map(|b| &world.buckets[b])
        .collect()
}

/// Picks a bucket, the first ones most often.
pub(super) fn pick_favourite<'a>(rng: &mut Rng, buckets: &[&'a Bucket]) -> Option<&'a Bucket> {
    let place = rng.exponential(buckets.len() as f64 / 3.0) as usize;
    buckets
        .get(place.min(buckets.len().saturating_sub(1)))
        .copied()
}
