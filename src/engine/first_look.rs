//! The first day of logs, of which no day before is known: each identity is judged by what all others did that day.
//!
//! Identities are judged in parts, each by baselines from which all that its members did is left out: their windows, their values, and
//! that they were there. In a small estate each identity is a part of its own. In a large one a part has several, so that the work
//! stays linear; then a few others are left out as well, and nobody is ever judged by what he did himself.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::alert::Alert;
use crate::baseline::Generation;
use crate::engine::Setup;
use crate::engine::scorer::Scorer;
use crate::error::Result;
use crate::learn::{Learner, PeerGroupOf};
use crate::time::Day;
use crate::vocab::{Entity, EntityKind};

/// Baselines that are fitted at most, over all parts: a few seconds' work.
const FITTED_MAX: usize = 1 << 20;
/// Parts of an estate in which not each identity can have its own: never fewer, so that no more than an eighth is left out.
const PARTS_MIN: usize = 8;

/// A day in which each identity is judged by the others.
pub(super) struct FirstLook {
    /// Its alerts, in order.
    pub alerts: Vec<Alert>,
    /// Identities judged.
    pub identities: usize,
    /// What the last part was judged by: all but a few know as much.
    pub generation: Arc<Generation>,
}

/// Judges a day that no other day comes before.
pub(super) fn judge_by_others(
    setup: &Setup,
    scorer: &mut Scorer,
    day: Day,
    peer_group_of: &PeerGroupOf,
) -> Result<FirstLook> {
    // Nobody is judged yet: the facts are put together.
    scorer.judge_only(Some(BTreeSet::new()));
    scorer.conclude_day(day)?;
    let facts = scorer.facts(day);
    let mut learner = Learner::new(&setup.plan, peer_group_of);
    if let Some(aggregate) = scorer.aggregate(day) {
        learner.learn_day(aggregate, &facts);
    }
    let is_identity = |entity: &&Entity| entity.kind == EntityKind::Identity;
    let identities = facts.keys().filter(is_identity).count();
    let mut parts = vec![BTreeSet::new(); n_parts(identities)];
    let n = parts.len();
    for (at, entity) in facts.keys().filter(is_identity).enumerate() {
        parts[at % n].insert(entity.clone());
    }
    // What identities are parts of, as roles and regions are, is judged with the first: nothing of the kind is learnt.
    parts[0].extend(facts.keys().filter(|e| !is_identity(e)).cloned());
    drop(facts);
    let mut alerts = Vec::new();
    let mut generation = Arc::new(Generation::empty(day));
    for part in parts {
        generation = Arc::new(Generation {
            number: 1,
            ..learner.generation_of_others(day.plus(1), &part)
        });
        scorer.judge_only(Some(part));
        scorer.replace_generation(generation.clone());
        alerts.extend(scorer.tell_past_day(day)?);
    }
    scorer.judge_only(None);
    alerts.sort_by(|a, b| (a.time, &a.alert_id, a.status).cmp(&(b.time, &b.alert_id, b.status)));
    Ok(FirstLook {
        alerts,
        identities,
        generation,
    })
}

fn n_parts(identities: usize) -> usize {
    let most = (FITTED_MAX / identities.max(1)).max(PARTS_MIN);
    identities.clamp(1, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_identity_is_a_part_of_its_own_as_long_as_that_is_little_work() {
        assert_eq!([0, 1, 10, 1_000].map(n_parts), [1, 1, 10, 1_000]);
        assert_eq!(n_parts(10_000), 104);
        assert_eq!(n_parts(1_000_000), PARTS_MIN);
    }
}
