//! A little of what plain spikes are made of, as honest identities do it: some deletions, some machines started.

use crate::simulate::activity::aws::configure::start_machines;
use crate::simulate::activity::aws::run::Run;
use crate::simulate::activity::aws::stage::delete_many;
use crate::simulate::activity::aws::working_set::working_set;
use crate::simulate::model::aws::bucket::Purpose;
use crate::simulate::model::aws::identity::{Identity, Kind};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::calendar::is_weekend;
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

/// How often an identity of a kind deletes objects on a day, and how many on average.
fn deletions(kind: Kind) -> (f64, f64) {
    match kind {
        Kind::WebService => (0.3, 3.0),
        Kind::Lambda | Kind::Batch => (0.12, 2.0),
        Kind::Ci => (0.2, 8.0),
        Kind::Developer => (0.06, 6.0),
        Kind::Analyst => (0.02, 3.0),
        Kind::Admin => (0.04, 5.0),
        _ => (0.0, 0.0),
    }
}

/// Writes what identities delete and start on a day, beside their work.
pub(crate) fn write_background(world: &World, day: Day, trail: &mut Trail) {
    for who in world
        .population
        .iter()
        .filter(|who| who.is_here(day) && !who.is_away(day))
    {
        let mut rng = Rng::of(world.seed, &[0xbac6, who.number, day.0 as u64]);
        if who.kind.is_person() && is_weekend(day) {
            continue;
        }
        background_of(world, who, day, &mut rng, trail);
    }
}

fn background_of(world: &World, who: &Identity, day: Day, rng: &mut Rng, trail: &mut Trail) {
    let (chance, mean) = deletions(who.kind);
    let second = if who.kind.is_person() {
        who.begins + rng.between(600, 8 * 3_600)
    } else {
        rng.between(600, 80_000)
    };
    let at = day.start().secs() + second.min(82_000);
    let set = working_set(world, who, day);
    let own = set.iter().find(|b| b.purpose != Purpose::Sensitive);
    if let Some(bucket) = own.filter(|_| rng.chance(chance)) {
        let session = who.session(rng, at, None);
        let mut run = Run::at(at, day, &session, trail, rng);
        let objects = run.rng.count(mean * world.scale, 1.0).max(1);
        // The console and the tools of people delete a folder in one call.
        if who.kind.is_person() && run.rng.chance(0.25) {
            let keys = 4 * objects as u64;
            delete_many(&mut run, bucket, keys, 5.0);
        } else {
            run.delete(bucket, objects, 5.0);
        }
    }
    let starts = match who.kind {
        Kind::Developer => 0.04,
        Kind::Admin | Kind::Ci => 0.08,
        _ => 0.0,
    };
    if rng.chance(starts) {
        let session = who.session(rng, at + 1_200, None);
        let mut run = Run::at(at + 1_200, day, &session, trail, rng);
        start_machines(&mut run, who.account, who.region, 1);
    }
}
