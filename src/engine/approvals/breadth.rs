//! How many of the known identities an approval may cover.

use crate::baseline::Generation;
use crate::config::{Approval, Cover};
use crate::error::Result;
use crate::vocab::EntityKind;

/// How wide an approval is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breadth {
    /// Identities with a baseline that it may cover, by id and role.
    pub identities: u64,
    /// Identities with a baseline.
    pub of: u64,
}

/// Counts them.
///
/// # Errors
///
/// Fails if the store cannot be read.
pub(super) fn breadth(generation: &Generation, approval: &Approval) -> Result<Breadth> {
    let mut breadth = Breadth::default();
    generation.baselines.each(|entity, baseline| {
        if entity.kind != EntityKind::Identity {
            return;
        }
        let mut ids = vec![entity.id.clone()];
        ids.extend(baseline.aliases.iter().cloned());
        let who = approval
            .criteria
            .may_cover_who(&ids, baseline.role.as_ref());
        breadth.of += 1;
        breadth.identities += u64::from(who != Cover::No);
    })?;
    Ok(breadth)
}
