//! A day that is judged while it grows.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashSet};

use crate::baseline::View;
use crate::engine::event_buffer::EventBuffer;
use crate::error::Result;
use crate::event::Event;
use crate::identity::{ResolvedEvent, Resolver};
use crate::measure::{
    Assembly, Changes, DayAggregate, DayLogs, Links, OwnAccounts, Plan, Room, Subject, is_others,
};
use crate::time::{Day, Time};
use crate::vocab::{Entity, Str};

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
    /// In which logs its identities are, as far as they were judged.
    pub logs: DayLogs,
    /// The links of the days before.
    before: Links,
    /// Whether what other days teach changed since the assembly was settled.
    pub has_other_context: bool,
    /// Whether its links were passed on since it was judged last.
    pub is_passed_on: bool,
    /// Whether the generation that decided who is distinguished on it is another by now.
    pub is_outdated: bool,
    /// Whether it was complete and was brought back.
    pub is_reopened: bool,
    /// The places of events in the buffer; `None` of a day that was brought back, until its events are wanted.
    places: Option<EventPlaces>,
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
            logs: DayLogs::default(),
            before: Links::new(),
            has_other_context: true,
            is_passed_on: false,
            is_outdated: false,
            is_reopened: false,
            places: None,
        }
    }

    /// Begins anew with what was read again of the day.
    pub fn read_again(&mut self, aggregate: DayAggregate) {
        *self = Self {
            waiting: std::mem::take(&mut self.waiting),
            is_reopened: self.is_reopened,
            ..Self::new(aggregate)
        };
    }

    /// Begins a day of which there are no events yet.
    pub fn beginning(day: Day, room: Room) -> Self {
        Self {
            places: Some(EventPlaces::default()),
            ..Self::new(DayAggregate::within(day, room))
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
            places.note(place, resolved.entities());
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
        self.judge_all();
    }

    /// Notes that all of its entities are to be judged.
    pub fn judge_all(&mut self) {
        self.dirty.extend(self.assembly.entities().cloned());
    }

    /// Notes in which logs the identities are that are to be judged.
    pub fn note_logs(&mut self) {
        for entity in &self.dirty {
            if let Some(facts) = self.assembly.facts(&self.aggregate, entity) {
                self.logs.note(entity, &facts);
            }
        }
    }

    /// Returns in which logs its identities are.
    pub fn logs_by_now(&self) -> DayLogs {
        let mut logs = DayLogs::default();
        for entity in self.assembly.entities() {
            if let Some(facts) = self.assembly.facts(&self.aggregate, entity) {
                logs.note(entity, &facts);
            }
        }
        logs
    }

    pub fn is_touched(&self) -> bool {
        self.has_other_context
            || self.is_outdated
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

    /// Returns the identities of the instances that an entity works on, as far as is known.
    pub fn instances_of(&self, entity: &Entity) -> Vec<Str> {
        let instances = self.assembly.instances_of(&entity.id);
        instances.cloned().collect()
    }

    /// Returns the day's links, with what the days before pass on.
    pub fn links(&self) -> Links {
        self.aggregate.links.clone().following(&self.before)
    }

    /// Passes on the events of some entities with their places, in the order in which they were added.
    pub fn each_of(
        &mut self,
        wanted: &BTreeSet<&Entity>,
        (buffer, resolver): (&EventBuffer, &Resolver),
        look: &mut dyn FnMut(Entity, u64, &Event),
    ) -> Result<()> {
        let day = self.aggregate.day;
        let subjects: Vec<&Subject> = wanted
            .iter()
            .flat_map(|entity| self.assembly.subjects_of(entity))
            .collect();
        // The events of others are noted under the names that they have.
        let has_others = subjects.iter().any(|subject| is_others(&subject.entity));
        if let Some(places) = self.places.as_ref().filter(|_| !has_others) {
            let of_wanted = places.of(subjects.into_iter().map(|subject| &subject.entity));
            let mut places = of_wanted.iter();
            return buffer.at(day, &of_wanted, |event| {
                let place = places.next().copied().unwrap_or_default();
                self.pass_on((place, event), resolver, wanted, look, |_| {});
            });
        }
        let mut places = EventPlaces::default();
        buffer.of_day(day, |place, event| {
            self.pass_on((place, event), resolver, wanted, look, |resolved| {
                places.note(place, resolved.entities());
            });
        })?;
        self.places = Some(places);
        Ok(())
    }

    /// Returns the place of the last event, if the places are known.
    pub fn last_place(&self) -> Option<u64> {
        self.places.as_ref().map(|places| places.last)
    }

    /// Returns the events of an entity that were put behind a place; `None` if that is not known.
    pub fn events_since(
        &self,
        entity: &Entity,
        after: u64,
        (buffer, resolver): (&EventBuffer, &Resolver),
    ) -> Result<Option<Vec<Event>>> {
        let subjects: Vec<&Subject> = self.assembly.subjects_of(entity).collect();
        let Some(places) = self.places.as_ref() else {
            return Ok(None);
        };
        if subjects.iter().any(|subject| is_others(&subject.entity)) {
            return Ok(None);
        }
        let mut places = places.of(subjects.into_iter().map(|subject| &subject.entity));
        places.retain(|place| *place > after);
        let (wanted, mut events) = (BTreeSet::from([entity]), Vec::new());
        buffer.at(self.aggregate.day, &places, |event| {
            let mut keep = |_, _, event: &Event| events.push(event.clone());
            self.pass_on((0, event), resolver, &wanted, &mut keep, |_| {});
        })?;
        Ok(Some(events))
    }

    fn pass_on(
        &self,
        (place, mut event): (u64, Event),
        resolver: &Resolver,
        wanted: &BTreeSet<&Entity>,
        look: &mut dyn FnMut(Entity, u64, &Event),
        mut note: impl FnMut(&ResolvedEvent),
    ) {
        let resolved = resolver.resolve(&mut event);
        note(&resolved);
        let entities =
            self.assembly
                .entities_of(&self.aggregate, resolved.event, resolved.entities());
        for entity in entities
            .into_iter()
            .filter(|entity| wanted.contains(entity))
        {
            look(entity, place, resolved.event);
        }
    }

    pub fn day(&self) -> Day {
        self.aggregate.day
    }
}

/// The places of a day's events in the buffer, each with the hashes of the entities that it names: a few bytes an event, so
/// that an alert is built without reading all others of its day. A hash has 32 bits, so that some event of another entity
/// may be among those that are found.
#[derive(Default)]
struct EventPlaces {
    /// Of each event: how far its place is from that of the event before it, with the number of its hashes in the lowest
    /// bits; then the hashes.
    words: Vec<u32>,
    last: u64,
}

impl EventPlaces {
    /// Bits for the number of hashes: an event has an identity, a role and a region.
    const COUNT_BITS: u32 = 3;

    /// Notes the place of an event, which must be behind that of the one before it.
    fn note(&mut self, place: u64, entities: impl Iterator<Item = Entity>) {
        let at = self.words.len();
        self.words.push(0);
        self.words.extend(entities.map(|entity| hash_of(&entity)));
        let n_hashes = (self.words.len() - at - 1) as u32;
        self.words[at] = ((place - self.last) as u32) << Self::COUNT_BITS | n_hashes;
        self.last = place;
    }

    /// Returns the places of events that name one of these entities, in order.
    fn of<'e>(&self, entities: impl Iterator<Item = &'e Entity>) -> Vec<u64> {
        let wanted: FxHashSet<u32> = entities.map(hash_of).collect();
        let (mut found, mut place) = (Vec::new(), 0);
        let mut rest = &self.words[..];
        while let Some((&word, behind)) = rest.split_first() {
            place += u64::from(word >> Self::COUNT_BITS);
            let n_hashes = (word & ((1 << Self::COUNT_BITS) - 1)) as usize;
            let (hashes, next) = behind.split_at(n_hashes.min(behind.len()));
            if hashes.iter().any(|hash| wanted.contains(hash)) {
                found.push(place);
            }
            rest = next;
        }
        found
    }
}

fn hash_of(entity: &Entity) -> u32 {
    (FxBuildHasher.hash_one(entity) >> 32) as u32
}
