//! What was stored in another form by the version before.

use serde::Deserialize;

use crate::baseline::GroupState;
use crate::sketch::FrozenRoleHistogram;
use crate::stats::GroupNovelty;
use crate::stats::prior::CellPrior;
use crate::time::Window;
use crate::vocab::{Metric, Trait};

/// A group as it was stored. What its newcomers showed, and for how long it had members, is learnt at the next training.
#[derive(Debug, Deserialize)]
pub struct EarlierGroupState {
    members: u32,
    priors: Vec<((Metric, Window), CellPrior)>,
    novelty: Vec<(Trait, GroupNovelty)>,
    role_tails: Vec<(Metric, FrozenRoleHistogram)>,
}

impl From<EarlierGroupState> for GroupState {
    fn from(earlier: EarlierGroupState) -> Self {
        Self {
            members: earlier.members,
            priors: earlier.priors,
            novelty: earlier.novelty,
            role_tails: earlier.role_tails,
            ..Self::default()
        }
    }
}
