//! The generations of a store.

use crate::error::Result;
use crate::inquiry::{Inquiry, lock};
use crate::report::generations::GenerationEntry;
use crate::store::{Manifest, Store};

impl Inquiry {
    /// Returns the generations that are kept, the one in force first.
    ///
    /// # Errors
    ///
    /// Fails if nothing was ever trained, or the store cannot be read.
    pub fn generations(&self) -> Result<Vec<GenerationEntry>> {
        let store = self.store()?;
        let in_force = store.published()?;
        let kept = store.kept(&in_force)?;
        let all = [in_force].into_iter().chain(kept).enumerate();
        all.map(|(at, manifest)| self.entry(store, &manifest, at == 0))
            .collect()
    }

    fn entry(&self, store: &Store, manifest: &Manifest, in_force: bool) -> Result<GenerationEntry> {
        let days = &manifest.days;
        Ok(GenerationEntry {
            generation: manifest.generation,
            in_force,
            published_at: store.published_at(manifest)?.map(|time| time.to_string()),
            first_day: days.first().map(|entry| entry.day.to_string()),
            last_day: days.last().map(|entry| entry.day.to_string()),
            days: days.len() as u64,
            events: days.iter().map(|entry| entry.events).sum(),
            entities: self.n_entities_of(store, manifest)?,
            exclusions: manifest.exclusions.len() as u64,
        })
    }

    fn n_entities_of(&self, store: &Store, manifest: &Manifest) -> Result<Option<u64>> {
        let number = manifest.generation;
        if let Some(known) = lock(&self.n_entities).get(&number) {
            return Ok(Some(*known));
        }
        let n_entities = match store.load_generation_of(manifest) {
            Ok(generation) => generation.baselines.len() as u64,
            // It may have been replaced and removed in between.
            Err(_) if store.published()?.generation != number => return Ok(None),
            Err(e) => return Err(e),
        };
        lock(&self.n_entities).insert(number, n_entities);
        Ok(Some(n_entities))
    }
}
