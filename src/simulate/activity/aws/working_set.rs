//! The buckets that an identity works with.

use crate::simulate::model::aws::bucket::Bucket;
use crate::simulate::model::aws::identity::Identity;
use crate::simulate::model::aws::world::World;
use crate::simulate::model::random::Rng;
use crate::time::Day;

/// Returns the buckets that an identity works with on a day: the usual ones, then those assigned later.
pub(crate) fn working_set<'a>(world: &'a World, who: &Identity, day: Day) -> Vec<&'a Bucket> {
    let assigned = who.assignments.iter().filter(|a| a.holds(day));
    who.buckets
        .iter()
        .copied()
        .chain(assigned.map(|a| a.bucket))
        .map(|b| &world.buckets[b])
        .collect()
}

/// Picks a bucket, the first ones most often.
pub(crate) fn pick_favourite<'a>(rng: &mut Rng, buckets: &[&'a Bucket]) -> Option<&'a Bucket> {
    let place = rng.exponential(buckets.len() as f64 / 3.0) as usize;
    buckets
        .get(place.min(buckets.len().saturating_sub(1)))
        .copied()
}
