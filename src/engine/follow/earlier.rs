//! Checkpoints of the version before.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::baseline::Context;
use crate::engine::follow::growing::Position;
use crate::engine::follow::trails::Trails;
use crate::engine::scorer::{episodes_of, saved_state};
use crate::error::Result;
use crate::measure::{Links, Minute, OwnAccounts};
use crate::stats::Severity;
use crate::time::Day;
use crate::vocab::Entity;

/// The schema of such a checkpoint.
pub(super) const EARLIER: u8 = 3;

#[derive(Deserialize)]
pub(super) struct EarlierCheckpoint {
    files: BTreeMap<PathBuf, Position>,
    buffered: BTreeMap<Day, u64>,
    states: BTreeMap<String, (Severity, Day)>,
    new_entities: NewEntities,
    trails: Trails,
    closed: Option<Day>,
}

type Parts = (
    BTreeMap<PathBuf, Position>,
    BTreeMap<Day, u64>,
    Trails,
    Vec<u8>,
);

#[derive(Deserialize)]
struct NewEntities {
    met: BTreeMap<Entity, MetEntity>,
    links: BTreeMap<Day, Links>,
    accounts: OwnAccounts,
}

#[derive(Deserialize)]
struct MetEntity {
    first: Day,
    last: Day,
    minutes: BTreeMap<Day, Vec<(u16, Minute)>>,
}

impl EarlierCheckpoint {
    /// Returns the positions, the bytes of the events of each day, the trails, and what a scorer goes on from.
    pub(super) fn parts(self) -> Result<Parts> {
        let mut context = Context::default();
        let oldest = self.buffered.keys().next().copied().or(self.closed);
        for account in &self.new_entities.accounts {
            context.note_account(account, oldest.unwrap_or(Day(0)));
        }
        for (day, links) in self.new_entities.links {
            context.note_links(day, links);
        }
        for (entity, met) in self.new_entities.met {
            for day in [met.first, met.last] {
                context.remember(&entity, day, Vec::new());
            }
            for (day, minutes) in met.minutes {
                context.remember(&entity, day, minutes);
            }
        }
        let open = self.buffered.keys().copied().collect();
        let scorer = saved_state(&context, &episodes_of(self.states), self.closed, open)?;
        Ok((self.files, self.buffered, self.trails, scorer))
    }
}
