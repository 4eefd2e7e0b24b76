//! All that learning remembers from one day to the next, in a form that can be put away and taken up again.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::baseline::{Beginnings, Trails};
use crate::learn::peaks::PeakMemory;
use crate::learn::peers::PeerClusters;
use crate::learn::state::EntityState;
use crate::measure::{
    Coverage, Creations, Findings, Issued, Links, Namesake, OwnAccounts, SignIns,
};
use crate::time::Day;
use crate::vocab::Entity;

/// All that learning remembers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    pub(super) head: MemoryHead,
    /// Sign-ins of the last days.
    pub(super) sign_ins: SignIns,
    /// What other detectors concluded.
    pub(super) findings: Findings,
    pub(super) peaks: PeakMemory,
    /// Since when each log is there.
    pub(super) beginnings: Beginnings,
    /// When each trail was last seen, and for how long it pauses.
    pub(super) trails: Trails,
    pub(super) entities: BTreeMap<Entity, Box<EntityState>>,
}

/// What is remembered of no single entity.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MemoryHead {
    pub(super) own_accounts: OwnAccounts,
    pub(super) links: Links,
    pub(super) created: Creations,
    /// Of names that were given again and not yet seen since: who had them before.
    pub(super) namesakes: BTreeMap<Entity, Namesake>,
    pub(super) issued: Issued,
    /// The contents of the logs on each day of the lookback.
    pub(super) coverage: Vec<(Day, Arc<Coverage>)>,
    pub(super) first_day: Option<Day>,
    pub(super) next_day: Option<Day>,
    pub(super) cluster: Option<PeerClusters>,
    /// The last day that is known to be complete.
    pub(super) closed: Option<Day>,
}

impl MemoryHead {
    /// Returns whether any day was learnt.
    pub fn has_begun(&self) -> bool {
        self.first_day.is_some()
    }
}

impl Memory {
    /// Begins to put together what was taken apart: entities are still to be added.
    pub fn of(
        head: MemoryHead,
        (sign_ins, findings): (SignIns, Findings),
        (beginnings, trails): (Beginnings, Trails),
        peaks: PeakMemory,
    ) -> Self {
        Self {
            head,
            sign_ins,
            findings,
            beginnings,
            trails,
            peaks,
            entities: BTreeMap::new(),
        }
    }

    /// Returns what is remembered of no single entity.
    pub fn head(&self) -> &MemoryHead {
        &self.head
    }

    /// Returns the sign-ins of the last days.
    pub fn sign_ins(&self) -> &SignIns {
        &self.sign_ins
    }

    /// Returns what other detectors concluded.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Returns the peaks of entities.
    pub fn peaks(&self) -> &PeakMemory {
        &self.peaks
    }

    /// Returns since when each log is there.
    pub fn beginnings(&self) -> &Beginnings {
        &self.beginnings
    }

    /// Returns when each trail was last seen, and for how long it pauses.
    pub fn trails(&self) -> &Trails {
        &self.trails
    }

    /// Returns the entities in order, and the day on which each was first seen.
    pub fn first_days(&self) -> impl Iterator<Item = (&Entity, Day)> {
        let entities = self.entities.iter();
        entities.map(|(entity, state)| (entity, state.first_day))
    }

    /// Returns what is remembered of each entity, in order.
    pub fn entities(&self) -> impl Iterator<Item = (&Entity, &EntityState)> {
        self.entities
            .iter()
            .map(|(entity, state)| (entity, &**state))
    }
}

impl Extend<(Entity, EntityState)> for Memory {
    fn extend<T: IntoIterator<Item = (Entity, EntityState)>>(&mut self, entities: T) {
        let entities = entities.into_iter();
        self.entities
            .extend(entities.map(|(entity, state)| (entity, Box::new(state))));
    }
}
