//! What was learnt of entities.

use std::cmp::Reverse;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::baseline::{Baseline, Generation};
use crate::engine::lookup;
use crate::error::{Error, Result};
use crate::inquiry::Inquiry;
use crate::report::baseline::{BaselineDocument, EntityEntry, EntityHistory, LearntEntry};
use crate::report::drift::{self, DriftDocument};
use crate::time::Day;
use crate::vocab::{Entity, EntityKind, Str};

/// Entities of each list of an overview.
pub const LISTED: usize = 12;
/// The most entities of a list.
pub const ENTITIES_MAX: usize = 1_000;
/// Lists are cut whenever they have so many times more than is asked for.
const ROOM: usize = 4;

/// Which entities are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntitySelection {
    /// Only those with this in their id, an alias or their role, whatever the case of its letters.
    pub text: Option<String>,
    /// Only those of this kind.
    pub kind: Option<EntityKind>,
    /// At most so many, and no more than [`ENTITIES_MAX`].
    pub limit: Option<usize>,
}

/// Entities of a generation, those with most events first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EntityPage {
    /// The generation.
    pub generation: u64,
    /// The first day that it may judge.
    pub as_of: String,
    /// How many are like that.
    pub matching: u64,
    /// The first of them.
    pub entities: Vec<EntityEntry>,
}

/// The most active identities, the newest ones, and those whose baseline drifted.
pub struct Overview {
    generation: Arc<Generation>,
    active: Vec<Entity>,
    newest: Vec<Entity>,
    /// Daily amounts that rise above their slow level, the latest first.
    pub drifted: Vec<DriftDocument>,
}

/// An entity with its baseline.
pub type Learnt<'g> = (&'g Entity, &'g Baseline);

impl Overview {
    /// Returns the first day that the generation may judge.
    pub fn as_of(&self) -> Day {
        self.generation.as_of
    }

    /// Returns the most active identities.
    ///
    /// # Errors
    ///
    /// Fails if a baseline cannot be read.
    pub fn active(&self) -> Result<Vec<Learnt<'_>>> {
        all_learnt(&self.generation, &self.active)
    }

    /// Returns the newest identities.
    ///
    /// # Errors
    ///
    /// Fails if a baseline cannot be read.
    pub fn newest(&self) -> Result<Vec<Learnt<'_>>> {
        all_learnt(&self.generation, &self.newest)
    }

    /// Returns it as a document.
    ///
    /// # Errors
    ///
    /// Fails if a baseline cannot be read.
    pub fn document(&self) -> Result<serde_json::Value> {
        let documents = |learnt: Vec<Learnt>| -> Vec<BaselineDocument> {
            let document =
                |(entity, baseline)| BaselineDocument::of(&self.generation, entity, baseline);
            learnt.into_iter().map(document).collect()
        };
        Ok(serde_json::json!({
            "most_active": documents(self.active()?),
            "newest": documents(self.newest()?),
            "baseline_drift": self.drifted,
        }))
    }
}

impl Inquiry {
    /// Returns the most active and the newest identities, and those whose baseline drifted.
    ///
    /// # Errors
    ///
    /// Fails if nothing was trained, or the generation cannot be read.
    pub fn overview(&self) -> Result<Overview> {
        let generation = self.generation()?;
        let mut identities: Vec<(Entity, u64, Day)> = Vec::new();
        generation.baselines.each(|entity, baseline| {
            if entity.kind == EntityKind::Identity {
                identities.push((entity.clone(), baseline.n_events, baseline.first_day));
            }
        })?;
        let active = first_by(&identities, |&(_, n_events, _)| Reverse(n_events));
        let newest = first_by(&identities, |&(_, _, first_day)| Reverse(first_day));
        let report = &generation.drift_report;
        let drifted = drift::documents(report, &report.drifted());
        Ok(Overview {
            generation,
            active,
            newest,
            drifted,
        })
    }

    /// Returns the entities that are asked for, those with most events first.
    ///
    /// # Errors
    ///
    /// Fails if nothing was trained, or the generation cannot be read.
    pub fn entities(&self, selection: &EntitySelection) -> Result<EntityPage> {
        let generation = self.generation()?;
        let limit = selection.limit.unwrap_or(ENTITIES_MAX).min(ENTITIES_MAX);
        let text = selection.text.as_ref().map(|text| text.to_lowercase());
        let has = |name: &Str| {
            let text = text.as_deref().unwrap_or_default();
            name.to_lowercase().contains(text)
        };
        let cut = |found: &mut Vec<EntityEntry>| {
            // Entities come in the order of their names, and the sort keeps it.
            found.sort_by_key(|entry| Reverse(entry.events));
            found.truncate(limit);
        };
        let (mut matching, mut found) = (0, Vec::new());
        generation.baselines.each(|entity, baseline| {
            let names = baseline.aliases.iter().chain(&baseline.role);
            let is_wanted = selection.kind.is_none_or(|kind| entity.kind == kind)
                && (text.is_none() || has(&entity.id) || names.into_iter().any(has));
            if !is_wanted {
                return;
            }
            matching += 1;
            found.push(EntityEntry::of(&generation, entity, baseline));
            if found.len() > ROOM * limit {
                cut(&mut found);
            }
        })?;
        cut(&mut found);
        Ok(EntityPage {
            generation: generation.number,
            as_of: generation.as_of.to_string(),
            matching,
            entities: found,
        })
    }

    /// Returns what is usual for an entity. It is found by its whole id, else by an alias, else by a part of its id.
    ///
    /// # Errors
    ///
    /// Fails if nothing was trained, if no entity or several match, or if the generation cannot be read.
    pub fn entity(&self, wanted: &str) -> Result<BaselineDocument> {
        let generation = self.generation()?;
        let entity = find(&generation, wanted)?;
        let learnt = all_learnt(&generation, [&entity])?;
        let (entity, baseline) = learnt[0];
        let document = BaselineDocument::of(&generation, entity, baseline);
        generation.intact()?;
        Ok(document)
    }

    /// Returns what each generation that is kept learnt of the entity with this id or alias, or a part of an id that only one has.
    ///
    /// # Errors
    ///
    /// Fails if nothing was trained, if no entity or several match, or if a generation cannot be read.
    pub fn entity_history(&self, wanted: &str) -> Result<EntityHistory> {
        let store = self.store()?;
        let newest = self.generation()?;
        let entity = find(&newest, wanted)?;
        let in_force = store.published()?;
        let mut generations = vec![newest];
        for manifest in store.kept(&in_force)? {
            match store.load_generation_of(&manifest) {
                Ok(generation) => generations.push(Arc::new(generation)),
                // It may have been removed meanwhile.
                Err(_) if store.published()?.generation != in_force.generation => {}
                Err(error) => return Err(error),
            }
        }
        let mut entries = Vec::new();
        for (at, generation) in generations.iter().enumerate() {
            let learnt = all_learnt(generation, [&entity])?;
            let entry = learnt.first();
            entries.extend(entry.map(|learnt| LearntEntry::of(generation, at == 0, *learnt)));
        }
        Ok(EntityHistory {
            kind: entity.kind.as_str(),
            id: entity.id.to_string(),
            generations: entries,
        })
    }
}

/// Returns entities with their baselines.
fn all_learnt<'g>(
    generation: &'g Generation,
    entities: impl IntoIterator<Item = &'g Entity>,
) -> Result<Vec<Learnt<'g>>> {
    let baselines = &generation.baselines;
    let learnt = entities
        .into_iter()
        .filter_map(|entity| Some((entity, baselines.get(entity)?)))
        .collect();
    baselines.intact()?;
    Ok(learnt)
}

/// Returns the entities that come first by something; those that are equal in it are in the order of their names.
fn first_by<T: Ord>(
    identities: &[(Entity, u64, Day)],
    by: impl Fn(&(Entity, u64, Day)) -> T,
) -> Vec<Entity> {
    let mut first: Vec<_> = identities.iter().collect();
    first.sort_by_key(|identity| by(identity));
    first.truncate(LISTED);
    first
        .into_iter()
        .map(|(entity, ..)| entity.clone())
        .collect()
}

/// Finds an entity: by its whole id, else by an alias, else by a part of its id.
fn find(generation: &Generation, wanted: &str) -> Result<Entity> {
    // By its whole id it is found without the others. A role is an entity of its own beside the identity of the same name.
    let by_kind = EntityKind::ALL.iter().map(|&kind| Entity {
        kind,
        id: wanted.into(),
    });
    let mut by_id = by_kind.filter(|entity| generation.baselines.contains_key(entity));
    if let Some(entity) = by_id.next() {
        return Ok(entity);
    }
    let mut all: Vec<(Entity, Vec<Str>)> = Vec::new();
    generation.baselines.each(|entity, baseline| {
        all.push((entity.clone(), baseline.aliases.clone()));
    })?;
    let all: Vec<(&Entity, &[Str])> = all
        .iter()
        .map(|(entity, aliases)| (entity, aliases.as_slice()))
        .collect();
    let found = lookup(&all, <[Str]>::to_vec, wanted)?;
    found.map(|(entity, _)| entity.clone()).ok_or_else(|| {
        Error::missing(format!(
            "generation {} has no baseline of `{wanted}`",
            generation.number
        ))
        .hint_by_command("`plimsoll show` lists the most active and the newest identities")
        .hint_by_http("GET /v1/entities lists the most active")
    })
}
