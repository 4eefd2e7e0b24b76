//! The generation in force, kept open.

use std::sync::Arc;

use crate::baseline::Generation;
use crate::error::Result;
use crate::store::Store;

/// Entities that are read out of an opened generation before it is opened anew, so that what is kept of it stays bounded.
const READS_MAX: u32 = 10_000;

/// The generation in force, opened.
#[derive(Default)]
pub(super) struct Opened {
    generation: Option<Arc<Generation>>,
    n_reads: u32,
}

impl Opened {
    /// Returns the generation in force: the one that is open, unless another was published or it is damaged.
    pub(super) fn newest(&mut self, store: &Store) -> Result<Arc<Generation>> {
        let number = store.published()?.generation;
        let is_sound = |known: &&Arc<Generation>| {
            known.number == number && known.intact().is_ok() && self.n_reads < READS_MAX
        };
        if let Some(known) = self.generation.as_ref().filter(is_sound) {
            self.n_reads += 1;
            return Ok(known.clone());
        }
        let generation = Arc::new(store.load_generation()?);
        *self = Self {
            generation: Some(generation.clone()),
            n_reads: 1,
        };
        Ok(generation)
    }
}
