//! The scorer: it is handed events and asked for alerts.
//!
//! Batch, live and embedded scoring are loops around three calls: [`Scorer::add`], [`Scorer::advance`], and
//! [`Scorer::snapshot`], of which the bytes hold all that must outlive a restart. A scorer knows no clock, no thread and no
//! store. The generation that it judges by is never changed: what the days themselves teach is kept beside it.

mod crossing;
mod open_day;
mod snapshot;
mod summary;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::alert::{Alert, alert_id};
use crate::baseline::{Context, Generation, OPEN_DAYS, View};
use crate::engine::Setup;
use crate::engine::coverage::{assess, days_of};
use crate::engine::event_buffer::EventBuffer;
use crate::engine::scorer::crossing::{Crossing, Telling};
use crate::engine::scorer::open_day::OpenDay;
pub(in crate::engine) use crate::engine::scorer::snapshot::saved_state;
pub use crate::engine::scorer::summary::{LateEvents, ScoreOptions, ScoreSummary};
pub(in crate::engine) use crate::engine::scorer::told::AlertStates;
use crate::engine::scorer::told::told_of;
use crate::engine::thresholds::{in_force, thresholds};
use crate::error::Result;
use crate::event::Event;
use crate::identity::{Resolver, is_instance};
use crate::measure::{DayAggregate, DayFacts, GRACE_SECS, Links, Minute, Room};
use crate::score::{Detection, Judge, Subject, own_baseline, severity_of};
use crate::stats::Severity;
use crate::stats::rank::{low_from, score as score_of};
use crate::store::Archive;
use crate::time::{Day, Time};
use crate::vocab::{Entity, EntityKind};

/// The most complete days that stay in memory because late events may come.
const COMPLETE_DAYS_IN_MEMORY: usize = 2;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    New,
    /// It was added before.
    Repeated,
    /// Its day is so long past that nothing of it is kept.
    TooLate,
}

/// Judges events by a generation.
pub struct Scorer<'a> {
    bench: Bench<'a>,
    told: AlertStates,
    /// Of these, what the archive of a store says.
    archived: BTreeSet<String>,
    /// The last day that is complete.
    complete: Option<Day>,
    /// The first day of which the events are kept, unless these are all that there were.
    kept_from: Option<Day>,
    /// Days in memory.
    open: BTreeMap<Day, OpenDay>,
    /// Events of the days in memory, and of complete days to which late events may come.
    events: EventBuffer,
    summary: ScoreSummary,
}

impl<'a> Scorer<'a> {
    /// Makes a scorer that has judged nothing.
    pub fn new(setup: &'a Setup, generation: Arc<Generation>, options: ScoreOptions) -> Self {
        let mut scorer = Self {
            summary: ScoreSummary {
                coverage: assess(setup, &days_of(&generation.coverage, [])),
                ..ScoreSummary::default()
            },
            bench: Bench {
                setup,
                resolver: setup.resolver(),
                thresholds: Vec::new(),
                generation: generation.clone(),
                context: setup.context(),
                judged_kinds: setup
                    .analytics
                    .iter()
                    .flat_map(|a| a.entities.clone())
                    .collect(),
                options,
            },
            told: AlertStates::new(),
            archived: BTreeSet::new(),
            complete: None,
            kept_from: None,
            open: BTreeMap::new(),
            events: EventBuffer::new(),
        };
        scorer.replace_generation(generation);
        scorer
    }

    /// Judges by another generation, or by other thresholds, from now on, days in memory included.
    pub fn replace_generation(&mut self, generation: Arc<Generation>) {
        let Bench { setup, options, .. } = &self.bench;
        let budget = options.budget_per_day;
        let summary = &mut self.summary;
        if summary.judged.is_empty() {
            summary.generation = generation.number;
        } else if generation.number != summary.generation {
            summary.last_generation = Some(generation.number);
        }
        summary.provisional = generation.calibration.is_provisional();
        summary.thresholds = in_force(&setup.analytics, &generation, budget);
        self.bench.thresholds = thresholds(&setup.analytics, &generation, budget);
        self.bench.generation = generation;
        for open in self.open.values_mut() {
            open.aggregate.make_known(self.bench.generation.clone());
            open.note_other_judge();
        }
    }

    /// Takes for told what the archive of a store says of a day. It must be asked before the day is judged.
    ///
    /// # Errors
    ///
    /// Fails if the archive cannot be read.
    pub fn remember_told(&mut self, archive: &Archive, day: Day) -> Result<()> {
        for (key, (severity, day)) in told_of(archive, day)? {
            self.archived.insert(key.clone());
            let told = self.told.entry(key).or_insert((severity, day));
            told.0 = told.0.max(severity);
        }
        Ok(())
    }

    /// Forgets what was told, and judges the days in memory anew with other options.
    pub(super) fn judge_anew(&mut self, options: ScoreOptions) {
        self.told.clear();
        self.bench.options = options;
        self.replace_generation(self.bench.generation.clone());
    }

    /// Returns what it was made with.
    pub(super) fn setup(&self) -> &'a Setup {
        self.bench.setup
    }

    /// Returns the generation that judges.
    pub fn generation(&self) -> &Arc<Generation> {
        &self.bench.generation
    }

    /// Returns the generation as a judge of a day sees it.
    pub fn view(&self, day: Day) -> View<'_> {
        View::new(&self.bench.generation, &self.bench.context, day)
    }

    /// Returns what was judged and told so far, for a loop to complete with what it read.
    pub fn summary(&mut self) -> &mut ScoreSummary {
        &mut self.summary
    }

    /// Returns what was judged and told.
    pub fn finish(self) -> ScoreSummary {
        self.summary
    }

    /// Returns the days in memory, in order.
    pub fn days(&self) -> Vec<Day> {
        self.open.keys().copied().collect()
    }

    /// Returns the facts of a day in memory, by subject.
    pub fn aggregate(&self, day: Day) -> Option<&DayAggregate> {
        Some(&self.open.get(&day)?.aggregate)
    }

    /// Returns the facts of a day in memory, by entity, as it was judged last.
    pub fn facts(&self, day: Day) -> BTreeMap<Entity, DayFacts> {
        let Some(open) = self.open.get(&day) else {
            return BTreeMap::new();
        };
        open.assembly.by_entity(&open.aggregate)
    }

    /// Returns what an entity was met as on the days before, if the generation does not know it.
    pub fn met(&self, entity: &Entity, day: Day) -> Option<(Day, &[(u16, Minute)])> {
        self.bench.context.met(entity, day)
    }

    /// Adds a whole day, of which there are no events: it can be judged, but no alert is built.
    pub(super) fn put(&mut self, aggregate: DayAggregate) {
        self.bench.context.note_day(&aggregate);
        self.open.insert(aggregate.day, OpenDay::new(aggregate));
    }

    /// Adds an event, in any order.
    ///
    /// # Errors
    ///
    /// Fails if the place for events that may still be judged is full, or cannot be read.
    pub fn add(&mut self, mut event: Event) -> Result<Added> {
        let day = event.time.day();
        if !self.open.contains_key(&day) && self.is_complete(day) {
            if !self.is_kept(day) {
                return Ok(Added::TooLate);
            }
            self.reopen(day)?;
        }
        let Bench {
            setup,
            resolver,
            generation,
            ..
        } = &self.bench;
        let resolved = resolver.resolve(&mut event);
        let open = self
            .open
            .entry(day)
            .or_insert_with(|| OpenDay::beginning(day, room_beside(generation)));
        if !open.add(&resolved, &setup.plan) {
            return Ok(Added::Repeated);
        }
        let place = self.events.push(resolved.event)?;
        open.note_place(&resolved, place);
        if self.bench.context.note(&resolved) {
            for (_, open) in self.open.range_mut(day..) {
                open.note_context();
            }
        }
        if let Some(id) = resolved.event.created.clone() {
            let kind = EntityKind::Identity;
            self.note_entity(&Entity { kind, id }, day);
        }
        Ok(Added::New)
    }

    /// Notes that an entity must be judged again on a day and those after it.
    fn note_entity(&mut self, entity: &Entity, from: Day) {
        for (_, open) in self.open.range_mut(from..) {
            open.note_entity(entity);
        }
    }

    fn is_complete(&self, day: Day) -> bool {
        self.complete.is_some_and(|complete| day <= complete)
    }

    /// Returns whether the events of a day are kept, so that it can still be judged as a whole.
    fn is_kept(&self, day: Day) -> bool {
        self.kept_from.is_none_or(|first| day >= first)
            && self
                .complete
                .is_none_or(|complete| complete.since(day) < OPEN_DAYS)
    }

    /// Brings a day and those after it back into memory: what it teaches matters to them.
    fn reopen(&mut self, from: Day) -> Result<()> {
        for day in self.events.days().range(from..) {
            self.bring_back(*day)?;
            if let Some(open) = self.open.get_mut(day) {
                open.is_reopened = true;
            }
        }
        Ok(())
    }

    fn bring_back(&mut self, day: Day) -> Result<()> {
        if !self.open.contains_key(&day) {
            let aggregate = self.bench.read_day(&self.events, day)?;
            self.bench.context.note_day(&aggregate);
            self.open.insert(day, OpenDay::new(aggregate));
        }
        Ok(())
    }

    /// Judges what is new, and returns the new alerts: day after day, in the order of time.
    ///
    /// `sessions_known_until` is the time until which it is known who uses which instance, if records of that are still to
    /// come. Flows of an instance without a known identity then wait for so long as they may turn out to be an identity's.
    ///
    /// # Errors
    ///
    /// Fails if the events cannot be read back.
    pub fn advance(&mut self, sessions_known_until: Option<Time>) -> Result<Vec<Alert>> {
        let mut alerts = Vec::new();
        for day in self.days() {
            alerts.extend(self.advance_day(day, sessions_known_until)?);
        }
        Ok(alerts)
    }

    /// Judges what is new on one day. Days must be judged in order.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::advance`] does.
    pub fn advance_day(
        &mut self,
        day: Day,
        sessions_known_until: Option<Time>,
    ) -> Result<Vec<Alert>> {
        let mut before = None;
        if self
            .open
            .get(&day)
            .is_some_and(|open| open.has_other_context)
        {
            let previous = self.open.range(..day).next_back();
            before = previous.map(|(&day, open)| (day, open.links()));
        }
        let Some(open) = self.open.get_mut(&day) else {
            return Ok(Vec::new());
        };
        open.stop_waiting(sessions_known_until);
        if !open.is_touched() {
            return Ok(Vec::new());
        }
        let telling = Telling {
            events: &self.events,
            told: &mut self.told,
            archived: &self.archived,
            summary: &mut self.summary,
        };
        let (alerts, newcomers) = self
            .bench
            .judge(open, before, sessions_known_until, telling)?;
        let mut later = self.open.range_mut(day.plus(1)..).map(|(_, open)| open);
        later.by_ref().for_each(OpenDay::note_context);
        for (entity, minutes) in newcomers {
            let context = &mut self.bench.context;
            let is_other = match minutes {
                Some(minutes) => context.remember(&entity, day, minutes),
                None => context.forget(&entity, day),
            };
            if is_other {
                self.note_entity(&entity, day.plus(1));
            }
        }
        Ok(alerts)
    }

    /// Notes that a day is complete, after it was judged, and lets days go that are not needed in memory. Their events are kept while late ones
    /// may come. A day that was brought back stays as long as its events: where one late event came, others will.
    pub fn complete(&mut self, day: Day) {
        let complete = self.complete.map_or(day, |last| last.max(day));
        self.complete = Some(complete);
        self.pass_on(day);
        let known: Vec<Day> = self.open.range(..=complete).map(|(&day, _)| day).collect();
        let n_leaving = known.len().saturating_sub(COMPLETE_DAYS_IN_MEMORY);
        for day in known.into_iter().take(n_leaving) {
            let stays = |open: &OpenDay| open.is_reopened && self.is_kept(day);
            if !self.open.get(&day).is_some_and(stays) {
                self.pass_on(day);
                self.open.remove(&day);
            }
        }
        self.told
            .retain(|_, (_, day)| complete.since(*day) <= OPEN_DAYS);
        self.archived.retain(|id| self.told.contains_key(id));
        if self.events.is_temporary() {
            self.sweep();
        }
    }

    /// Lets a judged day and its events go: nothing more of it will come.
    pub fn close(&mut self, day: Day) -> Option<DayAggregate> {
        self.pass_on(day);
        self.take(day)
    }

    /// Lets a day and its events go, judged or not.
    pub(super) fn take(&mut self, day: Day) -> Option<DayAggregate> {
        self.events.forget(day);
        let mut open = self.open.remove(&day)?;
        open.aggregate.settle(None);
        Some(open.aggregate)
    }

    fn pass_on(&mut self, day: Day) {
        let Some(open) = self.open.get_mut(&day) else {
            return;
        };
        if !std::mem::replace(&mut open.is_passed_on, true) {
            open.aggregate.settle(None);
            let reached = open.aggregate.reached();
            if !reached.is_empty() {
                self.summary.reached.insert(day, reached);
            }
            self.bench.context.note_links(day, open.links());
            self.bench.context.forget_before(day);
        }
    }
}

/// What days are judged by.
struct Bench<'a> {
    setup: &'a Setup,
    resolver: Resolver<'a>,
    options: ScoreOptions,
    generation: Arc<Generation>,
    thresholds: Vec<f64>,
    context: Context,
    /// The kinds of entities that some analytic judges.
    judged_kinds: BTreeSet<EntityKind>,
}

/// An entity that the generation does not know, with its minutes of the day; `None` if it is none on that day any more.
type MetEntity = (Entity, Option<Vec<(u16, Minute)>>);

impl Bench<'_> {
    fn read_day(&self, events: &EventBuffer, day: Day) -> Result<DayAggregate> {
        let mut aggregate = DayAggregate::within(day, room_beside(&self.generation));
        events.of_day(day, |_, mut event| {
            aggregate.add(&self.resolver.resolve(&mut event), &self.setup.plan);
        })?;
        Ok(aggregate)
    }

    /// Judges the entities of a day that are to be judged. `before` are the links of the open day before it.
    fn judge(
        &self,
        open: &mut OpenDay,
        before: Option<(Day, Links)>,
        sessions_known_until: Option<Time>,
        telling: Telling,
    ) -> Result<(Vec<Alert>, Vec<MetEntity>)> {
        let day = open.day();
        let view = View::new(&self.generation, &self.context, day);
        open.settle(view, || match (before, self.context.links_before(day)) {
            (Some((last, links)), complete) if complete.is_none_or(|(c, _)| c <= last) => links,
            (_, Some((_, links))) => links.clone(),
            _ => self.generation.links.clone(),
        });
        let judge = Judge::new(&self.setup.analytics, view);
        let (mut crossings, mut newcomers) = (Vec::new(), Vec::new());
        for entity in std::mem::take(&mut open.dirty) {
            if !self.judged_kinds.contains(&entity.kind) && entity.kind != EntityKind::Identity {
                continue;
            }
            let facts = open.assembly.facts(&open.aggregate, &entity);
            if entity.kind == EntityKind::Identity
                && facts
                    .as_ref()
                    .is_none_or(|facts| is_newcomer(&entity, facts, view))
            {
                let minutes = facts.as_ref().map(|facts| facts.timeline().to_vec());
                newcomers.push((entity.clone(), minutes));
            }
            let Some(facts) = facts else {
                continue;
            };
            let until = facts.first.plus_secs(GRACE_SECS);
            if sessions_known_until.is_some_and(|known| known < until)
                && entity.kind == EntityKind::Identity
                && is_instance(&entity.id)
            {
                open.waiting.insert(entity, until);
                continue;
            }
            for (analytic, severity) in self.crossings(&judge, &entity, &facts) {
                let definition = &self.setup.analytics[analytic];
                let id = alert_id(&definition.id, &entity, day.start());
                let told = telling.told.get(&id).map(|(told, _)| *told);
                if telling.archived.contains(&id) {
                    telling.summary.told_before.insert(id);
                }
                if told.is_none_or(|told| told < severity) {
                    crossings.push(Crossing {
                        analytic,
                        entity: entity.clone(),
                        severity,
                        n_events: facts.n_events,
                    });
                }
            }
        }
        let is_judged =
            |e: &&Entity| e.kind == EntityKind::Identity && !open.waiting.contains_key(*e);
        let identities = open.assembly.entities().filter(is_judged).count() as u64;
        let judged = telling.summary.judged.entry(day).or_insert(identities);
        *judged = identities.max(*judged);
        let mut alerts = self.build(open, &judge, &crossings, telling)?;
        // Whom it cannot read would be judged as a newcomer.
        self.generation.intact()?;
        alerts.sort_by(|a, b| {
            (a.time, &a.alert_id, a.severity).cmp(&(b.time, &b.alert_id, b.severity))
        });
        Ok((alerts, newcomers))
    }

    /// Returns the analytics of which an entity's day crosses the threshold, by their index, with its severity.
    fn crossings(
        &self,
        judge: &Judge,
        entity: &Entity,
        facts: &DayFacts,
    ) -> Vec<(usize, Severity)> {
        let day = judge.view().day();
        let peer_group_of = |id: &str| self.setup.peer_group_of(id);
        let met = self.context.met(entity, day);
        let subject = Subject::of(entity, facts, day, judge.view(), met, &peer_group_of);
        let is_shown = |(analytic, detection): &(usize, Detection)| {
            let threshold = self.thresholds[*analytic];
            detection.surprise >= threshold
                || (self.options.show_low && detection.score >= low_from(score_of(threshold)))
        };
        let severity = |(at, detection): (usize, Detection)| {
            let (analytic, threshold) = (&self.setup.analytics[at], self.thresholds[at]);
            (at, severity_of(analytic, &detection, threshold, facts))
        };
        let crossed = judge.detections(&subject).into_iter().filter(is_shown);
        crossed.map(severity).collect()
    }
}

/// Returns whom a day distinguishes beside those whom a generation knows.
fn room_beside(generation: &Arc<Generation>) -> Room {
    match generation.baselines.is_empty() {
        true => Room::at_first(),
        false => Room::beside(generation.clone()),
    }
}

/// Returns whether a generation knows so little of an entity that scoring must remember its days.
fn is_newcomer(entity: &Entity, facts: &DayFacts, view: View<'_>) -> bool {
    own_baseline(entity, facts, view)
        .is_none_or(|baseline| baseline.first_day.plus(2) >= view.day())
}
