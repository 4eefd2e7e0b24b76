//! All of a scorer that must outlive a restart, as bytes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::baseline::{Context, Generation};
use crate::engine::Setup;
use crate::engine::event_buffer::EventBuffer;
use crate::engine::score::ScoreOptions;
use crate::engine::scorer::Scorer;
use crate::engine::scorer::told::AlertStates;
use crate::error::{Error, Result};
use crate::time::Day;

/// The first byte; it changes when the meaning of the following bytes changes.
const VERSION: u8 = 1;

/// What outlives a restart.
#[derive(Default, Serialize, Deserialize)]
pub struct ScorerState {
    /// The accounts that the configuration lists are not part of it.
    context: Context,
    told: AlertStates,
    complete: Option<Day>,
    /// Days that are in memory: not complete, or reopened.
    open: Vec<Day>,
}

impl Scorer<'_> {
    /// Returns what outlives a restart, without the events.
    pub(in crate::engine) fn state(&self) -> ScorerState {
        ScorerState {
            context: self.bench.context.clone(),
            told: self.told.clone(),
            complete: self.complete,
            open: self.days(),
        }
    }

    /// Returns all that outlives a restart, as bytes.
    ///
    /// # Errors
    ///
    /// Fails if the events that may still be judged cannot be read back.
    pub fn snapshot(&self) -> Result<Vec<u8>> {
        let mut events: BTreeMap<Day, Vec<u8>> = BTreeMap::new();
        for day in self.events.days() {
            events.insert(day, self.events.bytes_of(day)?);
        }
        postcard::to_extend(&(self.state(), events), vec![VERSION])
            .map_err(|e| Error::failed("cannot write the snapshot of a scorer").cause(e))
    }
}

impl<'a> Scorer<'a> {
    /// Makes a scorer that goes on from a snapshot.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are damaged or another version's, or if the place for events is full.
    pub fn restore(
        setup: &'a Setup,
        generation: Arc<Generation>,
        options: ScoreOptions,
        snapshot: &[u8],
    ) -> Result<Self> {
        let Some((&VERSION, bytes)) = snapshot.split_first() else {
            return Err(Error::failed(
                "this snapshot of a scorer is of another version",
            ));
        };
        let (state, events): (ScorerState, BTreeMap<Day, Vec<u8>>) = postcard::from_bytes(bytes)
            .map_err(|e| Error::failed("this snapshot of a scorer is damaged").cause(e))?;
        let buffer = EventBuffer::of_bytes(events)?;
        Self::resume(setup, generation, options, (state, buffer))
    }

    /// Makes a scorer that goes on with events that lie in a folder, of each day so many bytes.
    pub(in crate::engine) fn resume_in(
        setup: &'a Setup,
        generation: Arc<Generation>,
        options: ScoreOptions,
        state: ScorerState,
        (folder, lengths): (PathBuf, &BTreeMap<Day, u64>),
    ) -> Result<Self> {
        let events = EventBuffer::open(folder, lengths)?;
        Self::resume(setup, generation, options, (state, events))
    }

    fn resume(
        setup: &'a Setup,
        generation: Arc<Generation>,
        options: ScoreOptions,
        (state, events): (ScorerState, EventBuffer),
    ) -> Result<Self> {
        let mut scorer = Self::new(setup, generation, options);
        scorer.bench.context = setup.context().with(state.context);
        scorer.told = state.told;
        scorer.complete = state.complete;
        scorer.events = events;
        for day in state.open {
            scorer.bring_back(day)?;
        }
        Ok(scorer)
    }

    /// Makes the events durable that may still be judged; returns the bytes of each day, if they lie in a folder.
    pub(in crate::engine) fn flush(&mut self) -> Result<BTreeMap<Day, u64>> {
        let mut lengths = self.events.flush()?;
        lengths.retain(|day, _| self.is_kept(*day));
        Ok(lengths)
    }

    /// Removes events that are not kept any more. A run after a crash must not need them.
    pub(in crate::engine) fn sweep(&mut self) {
        for day in self.events.days() {
            if !self.is_kept(day) {
                self.events.forget(day);
            }
        }
    }
}
