//! A day that is judged while it grows.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::baseline::View;
use crate::engine::event_buffer::EventBuffer;
use crate::error::Result;
use crate::event::Event;
use crate::identity::{ResolvedEvent, Resolver};
use crate::measure::{Assembly, Changes, DayAggregate, Links, OwnAccounts, Plan};
use crate::time::{Day, Time};
use crate::vocab::Entity;

/// A day that is judged while it grows: its facts, by subject and by entity, and which entities are to be judged.
pub(super) struct OpenDay {
    pub aggregate: DayAggregate,
    pub assembly: Assembly,
    /// What was added since the assembly was settled; `None` for everything.
    changes: Option<Changes>,
    /// Entities that are to be judged, since something that they are judged by is another than before.
    pub dirty: BTreeSet<Entity>,
    /// Instances that are judged later, and the time until which sessions must be known by then.
    pub waiting: BTreeMap<Entity, Time>,
    own_accounts: OwnAccounts,
    /// The links of the days before.
    before: Links,
    /// Whether what other days teach changed since the assembly was settled.
    pub has_other_context: bool,
    /// Whether its links were passed on since it was judged last.
    pub is_passed_on: bool,
    /// Whether it was complete and was brought back.
    pub is_reopened: bool,
    /// The places of events in the buffer, by entity. It is made when a day's events are wanted for the second time: judged
    /// once, a day is read once.
    places: Option<FxHashMap<Entity, Vec<u64>>>,
    was_scanned: bool,
}

impl OpenDay {
    pub fn new(aggregate: DayAggregate) -> Self {
        Self {
            aggregate,
            assembly: Assembly::default(),
            changes: None,
            dirty: BTreeSet::new(),
            waiting: BTreeMap::new(),
            own_accounts: OwnAccounts::new(),
            before: Links::new(),
            has_other_context: true,
            is_passed_on: false,
            is_reopened: false,
            places: None,
            was_scanned: false,
        }
    }

    /// Adds an event; returns whether it is new.
    pub fn add(&mut self, resolved: &ResolvedEvent, plan: &Plan) -> bool {
        self.aggregate
            .add_noting(resolved, plan, self.changes.as_mut())
    }

    /// Notes where an event was put.
    pub fn note_place(&mut self, resolved: &ResolvedEvent, place: u64) {
        if let Some(places) = &mut self.places {
            note_place(places, resolved, place);
        }
    }

    /// Notes that what other days teach is another than before.
    pub fn note_context(&mut self) {
        self.has_other_context = true;
    }

    /// Notes that an entity must be judged again, if it is there.
    pub fn note_entity(&mut self, entity: &Entity) {
        if self.changes.is_some() {
            self.dirty.insert(entity.clone());
        }
    }

    /// Judges what waited for sessions that are known now.
    pub fn stop_waiting(&mut self, sessions_known_until: Option<Time>) {
        let dirty = &mut self.dirty;
        self.waiting.retain(|entity, until| {
            let waits = sessions_known_until.is_some_and(|known| known < *until);
            if !waits {
                dirty.insert(entity.clone());
            }
            waits
        });
    }

    /// Notes that the day is judged by something else from now on.
    pub fn note_other_judge(&mut self) {
        self.has_other_context = true;
        self.dirty.extend(self.assembly.entities().cloned());
    }

    pub fn is_touched(&self) -> bool {
        self.has_other_context
            || !self.dirty.is_empty()
            || !self.aggregate.is_settled()
            || self
                .changes
                .as_ref()
                .is_none_or(|changes| !changes.is_empty())
    }

    /// Takes in what was added, so that the entities to be judged are known. `links_before` returns the links of the days
    /// before.
    pub fn settle(&mut self, view: View<'_>, links_before: impl FnOnce() -> Links) {
        self.is_passed_on = false;
        let is_all = self.changes.is_none();
        if std::mem::take(&mut self.has_other_context) {
            self.before = links_before();
            let own_accounts = view.own_accounts();
            if own_accounts != self.own_accounts {
                self.own_accounts = own_accounts;
                self.dirty.extend(self.assembly.entities().cloned());
            }
        }
        self.aggregate.settle(self.changes.as_mut());
        let changes = self.changes.replace(Changes::default());
        let settled =
            self.assembly
                .settle(&self.aggregate, changes, &self.before, &self.own_accounts);
        if is_all {
            self.dirty = settled;
        } else {
            self.dirty.extend(settled);
        }
    }

    /// Returns the day's links, with what the days before pass on.
    pub fn links(&self) -> Links {
        self.aggregate.links.clone().following(&self.before)
    }

    /// Returns the events of some entities, in the order of time and id.
    pub fn events_of(
        &mut self,
        wanted: &BTreeSet<&Entity>,
        buffer: &EventBuffer,
        resolver: &Resolver,
    ) -> Result<BTreeMap<Entity, Vec<Event>>> {
        let mut found: BTreeMap<Entity, Vec<Event>> = BTreeMap::new();
        let day = self.aggregate.day;
        if let Some(places) = &self.places {
            let mut of_wanted: Vec<u64> = wanted
                .iter()
                .flat_map(|entity| self.assembly.subjects_of(entity))
                .filter_map(|subject| places.get(&subject.entity))
                .flatten()
                .copied()
                .collect();
            of_wanted.sort_unstable();
            of_wanted.dedup();
            buffer.at(day, &of_wanted, |event| {
                self.collect(event, resolver, wanted, &mut found, |_| {});
            })?;
        } else {
            let mut places = std::mem::replace(&mut self.was_scanned, true)
                .then(FxHashMap::<Entity, Vec<u64>>::default);
            buffer.of_day(day, |place, event| {
                self.collect(event, resolver, wanted, &mut found, |resolved| {
                    if let Some(places) = &mut places {
                        note_place(places, resolved, place);
                    }
                });
            })?;
            self.places = places;
        }
        for events in found.values_mut() {
            events.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        }
        Ok(found)
    }

    fn collect(
        &self,
        mut event: Event,
        resolver: &Resolver,
        wanted: &BTreeSet<&Entity>,
        found: &mut BTreeMap<Entity, Vec<Event>>,
        mut note: impl FnMut(&ResolvedEvent),
    ) {
        let resolved = resolver.resolve(&mut event);
        note(&resolved);
        let entities =
            self.assembly
                .entities_of(&self.aggregate, resolved.event, resolved.entities());
        for entity in entities {
            if wanted.contains(&entity) {
                found.entry(entity).or_default().push(event.clone());
            }
        }
    }

    pub fn day(&self) -> Day {
        self.aggregate.day
    }
}

fn note_place(places: &mut FxHashMap<Entity, Vec<u64>>, resolved: &ResolvedEvent, place: u64) {
    for entity in resolved.entities() {
        places.entry(entity).or_default().push(place);
    }
}
