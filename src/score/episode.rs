//! An episode: what an analytic looks at on a day, of one entity, as far as the day has come.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use crate::analytic::Analytic;
use crate::error::Result;
use crate::event::Event;
use crate::measure::{DayFacts, Minute};
use crate::score::judge::Detection;
use crate::stats::Severity;
use crate::time::{Day, Time};
use crate::vocab::{Entity, Str};

/// The events of an entity's day in the order of time and id. There may be more of them than memory has room for.
pub trait EpisodeEvents {
    /// Returns how many there are.
    fn n_events(&self) -> usize;

    /// Passes on some of them, in order.
    ///
    /// # Errors
    ///
    /// Fails if they cannot be read.
    fn each(&self, which: Range<usize>, look: &mut dyn FnMut(&Event)) -> Result<()>;
}

impl EpisodeEvents for Vec<Event> {
    fn n_events(&self) -> usize {
        self.len()
    }

    fn each(&self, which: Range<usize>, look: &mut dyn FnMut(&Event)) -> Result<()> {
        self[which].iter().for_each(look);
        Ok(())
    }
}

/// What an analytic looks at on a day: one entity and its events.
pub struct Episode<'e> {
    /// The analytic.
    pub analytic: &'e Analytic,
    /// The entity.
    pub entity: &'e Entity,
    /// Its events of the day.
    pub events: &'e dyn EpisodeEvents,
    /// What it was met as on the days before, if the generation does not know it.
    pub met: Option<(Day, &'e [(u16, Minute)])>,
    /// The id that the provider never gives twice, whichever event states it: all are of one principal.
    pub unique_id: Option<&'e Str>,
    /// The identities of the instances that it works on.
    pub instances: &'e [Str],
    /// The facts of some of its prefixes, by their number of events: a longer one begins with those of a shorter one.
    pub(super) known: RefCell<BTreeMap<usize, Rc<DayFacts>>>,
    /// What was found in some of them: judging is dear, and the whole episode is asked about more than once.
    pub(super) judged: RefCell<BTreeMap<usize, Option<Stage>>>,
}

impl<'e> Episode<'e> {
    /// Makes an episode.
    pub fn new(
        analytic: &'e Analytic,
        entity: &'e Entity,
        events: &'e dyn EpisodeEvents,
        met: Option<(Day, &'e [(u16, Minute)])>,
        unique_id: Option<&'e Str>,
    ) -> Self {
        Self {
            analytic,
            entity,
            events,
            met,
            unique_id,
            instances: &[],
            known: RefCell::default(),
            judged: RefCell::default(),
        }
    }

    /// Returns the same of an entity that works on instances, of which other detectors may have found something.
    #[must_use]
    pub fn on_instances(self, instances: &'e [Str]) -> Self {
        Self { instances, ..self }
    }

    /// Returns the time of an event, by its place.
    pub(super) fn time_of(&self, at: usize) -> Result<Option<Time>> {
        let mut time = None;
        self.events
            .each(at..at + 1, &mut |event| time = Some(event.time))?;
        Ok(time)
    }
}

/// An episode up to an event, and how severe it is by then.
#[derive(Clone)]
pub(super) struct Stage {
    /// How many events it has.
    pub n: usize,
    pub facts: Rc<DayFacts>,
    pub detection: Rc<Detection>,
    pub severity: Severity,
}

/// Returns the first prefix, between `from` and `to` events long, of which something is true; `None` if it is not true of
/// the longest. What is true of a prefix is true of all longer ones.
pub(super) fn first_prefix<T>(
    from: usize,
    to: usize,
    mut of: impl FnMut(usize) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let Some(mut found) = of(to)? else {
        return Ok(None);
    };
    let (mut low, mut high) = (from, to);
    while low < high {
        let middle = low + (high - low) / 2;
        match of(middle)? {
            Some(earlier) => (found, high) = (earlier, middle),
            None => low = middle + 1,
        }
    }
    Ok(Some(found))
}
