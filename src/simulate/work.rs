//! Honest work: who is active on a day, and with which buckets.

use crate::time::Day;

use super::cast::{Identity, Kind};
use super::estate::{Bucket, Purpose};
use super::people::person;
use super::random::{Rng, splitmix};
use super::trail::Trail;
use super::workload::workload;
use super::world::World;

/// Writes what an identity does on a day.
pub(super) fn live(world: &World, who: &Identity, day: Day, trail: &mut Trail) {
    if !who.is_here(day) {
        return;
    }
    let mut rng = Rng::of(world.seed, &[0xda1, who.number, day.0 as u64]);
    let intensity = who.intensity(day, world.start) * rng.log_normal(1.0, 0.3) * world.scale;
    match who.kind {
        Kind::Analyst | Kind::Finance | Kind::Developer | Kind::Admin => {
            person(world, who, day, intensity, &mut rng, trail)
        }
        Kind::Dormant => {
            if rng.chance(0.04) {
                person(world, who, day, intensity * 0.5, &mut rng, trail);
            }
        }
        _ => workload(world, who, day, intensity, &mut rng, trail),
    }
}

/// Returns the buckets somebody works with on a day; now and then a new project joins them for good.
pub(super) fn working_set<'a>(world: &'a World, who: &Identity, day: Day) -> Vec<&'a Bucket> {
    let adopted = world.buckets.iter().enumerate().filter(|(place, bucket)| {
        bucket.purpose == Purpose::Project
            && bucket.account == Some(who.account)
            && bucket.born > world.start
            && bucket.born <= day
            && splitmix(world.seed ^ (who.number << 20) ^ *place as u64)
                .is_multiple_of(if who.kind.is_person() { 9 } else { 29 })
    });
    who.buckets
        .iter()
        .map(|&b| &world.buckets[b])
        .chain(adopted.map(|(_, bucket)| bucket))
        .collect()
}

/// Picks a bucket, the first ones most often.
pub(super) fn favourite<'a>(rng: &mut Rng, buckets: &[&'a Bucket]) -> Option<&'a Bucket> {
    let place = rng.exponential(buckets.len() as f64 / 3.0) as usize;
    buckets
        .get(place.min(buckets.len().saturating_sub(1)))
        .copied()
}
