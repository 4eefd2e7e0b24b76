//! Episodes that crossed their threshold, and their events. Of these a bounded number is in memory at once.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::engine::event_buffer::EventBuffer;
use crate::engine::scorer::open_day::OpenDay;
use crate::engine::scorer::summary::ScoreSummary;
use crate::engine::scorer::told::Episodes;
use crate::error::Result;
use crate::event::Event;
use crate::identity::Resolver;
use crate::score::EpisodeEvents;
use crate::time::{Day, Time};
use crate::vocab::{Entity, Str};

/// Events of alerting entities that are in memory at once, each of about two kilobytes.
pub(super) const EVENTS_AT_ONCE: usize = 1 << 15;

/// An episode of which there is something to tell.
pub(super) struct Crossing {
    /// The id of its alert.
    pub id: String,
    pub analytic: usize,
    pub entity: Entity,
    /// The events of the entity's day.
    pub n_events: u64,
    /// The id that the provider never gives twice, if one of them states it.
    pub unique_id: Option<Str>,
    /// The identities of the instances that it works on.
    pub instances: Vec<Str>,
}

/// What is told of the episodes of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Saying {
    /// That they crossed, and that they came to much more than was told: the day goes on.
    News,
    /// What they came to: the day is over.
    Whole,
}

/// What judging a day reads back and writes down.
pub(super) struct Telling<'t> {
    pub events: &'t EventBuffer,
    pub episodes: &'t mut Episodes,
    pub archived: &'t BTreeSet<String>,
    pub summary: &'t mut ScoreSummary,
    pub saying: Saying,
}

/// Splits episodes where they have too many events to be in memory at once.
pub(super) fn in_batches(crossings: &[Crossing]) -> impl Iterator<Item = &[Crossing]> {
    let mut rest = crossings;
    std::iter::from_fn(move || {
        let mut n_events = 0;
        let n = rest
            .iter()
            .take_while(|crossing| {
                n_events += crossing.n_events;
                n_events <= EVENTS_AT_ONCE as u64
            })
            .count();
        let (some, others) = rest.split_at(n.max(1).min(rest.len()));
        rest = others;
        (!some.is_empty()).then_some(some)
    })
}

/// Reads the events of some entities, each in the order of time and id.
pub(super) fn events_of<'r>(
    open: &mut OpenDay,
    entities: &BTreeSet<&Entity>,
    (buffer, resolver): (&'r EventBuffer, &'r Resolver<'r>),
) -> Result<BTreeMap<Entity, Box<dyn EpisodeEvents + 'r>>> {
    let mut few: BTreeMap<Entity, Vec<Event>> = BTreeMap::new();
    let mut places: BTreeMap<Entity, Vec<(Time, Str, u64)>> = BTreeMap::new();
    open.each_of(entities, (buffer, resolver), &mut |entity, place, event| {
        let of_entity = places.entry(entity.clone()).or_default();
        of_entity.push((event.time, event.id.clone(), place));
        if of_entity.len() <= EVENTS_AT_ONCE {
            few.entry(entity).or_default().push(event.clone());
        } else {
            few.remove(&entity);
        }
    })?;
    let day = open.day();
    let read = places.into_iter().map(|(entity, mut places)| {
        let events: Box<dyn EpisodeEvents> = match few.remove(&entity) {
            Some(mut events) => {
                events.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
                Box::new(events)
            }
            None => {
                places.sort();
                Box::new(ManyEvents {
                    buffer,
                    day,
                    places: places.into_iter().map(|(.., place)| place).collect(),
                    part: RefCell::default(),
                })
            }
        };
        (entity, events)
    });
    Ok(read.collect())
}

/// The events of an entity that has so many that they are read in parts.
struct ManyEvents<'b> {
    buffer: &'b EventBuffer,
    day: Day,
    /// Their places in the buffer, in the order of time and id.
    places: Vec<u64>,
    /// The part that was read last: its number, and its events.
    part: RefCell<(usize, Vec<Event>)>,
}

impl ManyEvents<'_> {
    /// Events that are read at a time.
    const PART: usize = EVENTS_AT_ONCE / 4;

    fn read(&self, number: usize) -> Result<Vec<Event>> {
        let from = number * Self::PART;
        let mut places = self.places[from..(from + Self::PART).min(self.places.len())].to_vec();
        places.sort_unstable();
        let mut events = Vec::with_capacity(places.len());
        self.buffer
            .at(self.day, &places, |event| events.push(event))?;
        events.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        Ok(events)
    }
}

impl EpisodeEvents for ManyEvents<'_> {
    fn n_events(&self) -> usize {
        self.places.len()
    }

    fn each(&self, which: Range<usize>, look: &mut dyn FnMut(&Event)) -> Result<()> {
        let mut at = which.start;
        while at < which.end {
            let number = at / Self::PART;
            let mut part = self.part.borrow_mut();
            if part.1.is_empty() || part.0 != number {
                *part = (number, self.read(number)?);
            }
            let from = number * Self::PART;
            let to = which.end.min(from + part.1.len());
            part.1[at - from..to - from].iter().for_each(&mut *look);
            at = to;
        }
        Ok(())
    }
}
