//! The day of an identity: whether it is active, and what makes the day unusual as a whole.

use crate::simulate::activity::aws::incident::{run_migration, start_assignments};
use crate::simulate::activity::aws::people::person;
use crate::simulate::activity::aws::routine::write_routine;
use crate::simulate::activity::aws::schedule::{calendar_factor, is_weekly_run};
use crate::simulate::activity::aws::upkeep::{UPKEEP, write_upkeep};
use crate::simulate::activity::aws::workload::workload;
use crate::simulate::model::anomaly::Cause;
use crate::simulate::model::aws::identity::{Identity, Kind};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::calendar::is_month_end;
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

/// Writes what an identity does on a day, and notes what is unusual about it.
pub(crate) fn write_day(world: &World, who: &Identity, day: Day, trail: &mut Trail) {
    if !who.is_here(day) || who.is_away(day) {
        return;
    }
    let mut rng = Rng::of(world.seed, &[0xda1, who.number, day.0 as u64]);
    let intensity = who.intensity(day, world.start) * rng.log_normal(1.0, who.spread) * world.scale;
    let since = trail.anomalies.set_actor(who.ids());
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
        kind if UPKEEP.contains(&kind) => write_upkeep(world, who, day, &mut rng, trail),
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
        trail.anomalies.note_anomaly(cause, since);
    }
    trail.anomalies.set_actor(Vec::new());
}

/// Returns what is unusual about all that an identity does on a day.
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
