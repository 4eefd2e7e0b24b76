//! The scorer: it is handed events and asked for alerts.
//!
//! Batch, live and embedded scoring are loops around three calls: [`Scorer::add`], [`Scorer::advance`], and
//! [`Scorer::snapshot`], of which the bytes hold all that must outlive a restart. A scorer knows no clock, no thread and no
//! store. The generation that it judges by is never changed: what the days themselves teach is kept beside it.

mod bench;
mod crossing;
mod incidents;
mod open_day;
mod snapshot;
mod summary;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::alert::Alert;
use crate::baseline::{Generation, OPEN_DAYS, SilentTrail, View};
use crate::engine::Setup;
use crate::engine::coverage::{assess, days_of, silent_trails};
use crate::engine::event_buffer::EventBuffer;
use crate::engine::scorer::bench::Bench;
use crate::engine::scorer::crossing::{Saying, Telling};
use crate::engine::scorer::incidents::KnownAlerts;
use crate::engine::scorer::open_day::OpenDay;
pub(in crate::engine) use crate::engine::scorer::snapshot::saved_state;
pub use crate::engine::scorer::summary::{LateEvents, ScoreOptions, ScoreSummary};
pub use crate::engine::scorer::told::EpisodeTally;
pub(in crate::engine) use crate::engine::scorer::told::episodes_of;
use crate::engine::scorer::told::{
    Archived, EpisodeState, Episodes, closed_of, remember, seal_again, told_of,
};
use crate::engine::thresholds::{in_force, thresholds};
use crate::error::Result;
use crate::event::{Action, Event};
use crate::measure::{DayAggregate, DayFacts, Minute};
use crate::score::Silence;
use crate::store::Archive;
use crate::time::{Day, Time};
use crate::vocab::{Entity, EntityKind, SOURCE_SILENT, Str};

/// The most complete days that stay in memory because late events may come.
const COMPLETE_DAYS_IN_MEMORY: usize = 2;

/// The most silences that are told of a day; `coverage` names all.
const SILENCES_MAX: usize = 20;

/// Days after the last record of a log for which it is known whether its silence was told.
const SILENCE_KNOWN_DAYS: i32 = 14;

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
    /// The episodes that crossed their threshold.
    episodes: Episodes,
    /// Those of them that the archive of a store knows.
    archived: BTreeSet<String>,
    /// What the archive has of episodes that are told again on request.
    told_again: Archived,
    /// The alerts that others may join.
    known: KnownAlerts,
    /// The last day that is complete.
    complete: Option<Day>,
    /// The first day of which the events are kept, unless these are all that there were.
    kept_from: Option<Day>,
    /// Days in memory.
    open: BTreeMap<Day, OpenDay>,
    /// Events of the days in memory, and of complete days to which late events may come.
    events: EventBuffer,
    /// Whether it tells of logs that fall silent.
    tells_silences: bool,
    /// By which generation it was judged what is silent by the days in memory.
    silence_judged: BTreeMap<Day, u64>,
    summary: ScoreSummary,
}

impl<'a> Scorer<'a> {
    /// Makes a scorer that has judged nothing.
    pub fn new(setup: &'a Setup, generation: Arc<Generation>, options: ScoreOptions) -> Self {
        let silent = silent_trails(setup, &generation.trails);
        let mut scorer = Self {
            summary: ScoreSummary {
                coverage: assess(setup, &days_of(&generation.coverage, []), &silent),
                silent,
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
                only: None,
                options,
            },
            episodes: Episodes::new(),
            archived: BTreeSet::new(),
            told_again: Archived::new(),
            known: KnownAlerts::default(),
            complete: None,
            kept_from: None,
            open: BTreeMap::new(),
            events: EventBuffer::new(),
            tells_silences: false,
            silence_judged: BTreeMap::new(),
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
            open.is_outdated |= open.aggregate.make_known(self.bench.generation.clone());
            open.note_other_judge();
        }
    }

    /// Tells of logs that fall silent, too. It must be handed all logs: of a part of them, the others would be silent.
    #[must_use]
    pub fn telling_silences(self) -> Self {
        Self {
            tells_silences: true,
            ..self
        }
    }

    /// Returns whether it tells of logs that fall silent.
    pub(super) fn tells_silences(&self) -> bool {
        self.tells_silences && self.bench.setup.config.is_enabled(SOURCE_SILENT)
    }

    /// Judges only these entities from now on, or all.
    pub(super) fn judge_only(&mut self, entities: Option<BTreeSet<Entity>>) {
        self.bench.only = entities;
    }

    /// Takes for told what the archive of a store says of a day. It must be asked before the day is judged.
    ///
    /// # Errors
    ///
    /// Fails if the archive cannot be read.
    pub fn remember_told(&mut self, archive: &Archive, day: Day) -> Result<()> {
        let archived = remember(&mut self.episodes, told_of(archive, day)?);
        self.archived.extend(archived);
        self.known.remember(archive, day)?;
        Ok(())
    }

    /// Tells all of a day, whatever the archive of a store has of it; what is not the same is told as a later revision of it. It must be
    /// asked before the day is judged.
    ///
    /// # Errors
    ///
    /// Fails if the archive cannot be read.
    pub fn tell_again(&mut self, archive: &Archive, day: Day) -> Result<()> {
        self.told_again.extend(closed_of(archive, day)?);
        Ok(())
    }

    /// Forgets what was told, and judges the days in memory anew with other options.
    pub(super) fn judge_anew(&mut self, options: ScoreOptions) {
        self.episodes.clear();
        self.known = KnownAlerts::default();
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
    pub fn finish(mut self) -> ScoreSummary {
        for day in self.days() {
            self.note_reached(day);
        }
        self.summary
    }

    /// Notes the bounds that a day in memory reached.
    fn note_reached(&mut self, day: Day) {
        let reached = self
            .open
            .get(&day)
            .filter(|open| open.aggregate.is_settled());
        let reached = reached.map(|open| open.aggregate.reached());
        if let Some(reached) = reached.filter(|reached| !reached.is_empty()) {
            self.summary.reached.insert(day, reached);
        }
    }

    /// Returns the days in memory on which anybody did anything, in order.
    pub fn days(&self) -> Vec<Day> {
        let days = self.open.iter();
        let days = days.filter(|(_, open)| open.aggregate.has_records());
        days.map(|(&day, _)| day).collect()
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
            setup, resolver, ..
        } = &self.bench;
        let resolved = resolver.resolve(&mut event);
        let open = self
            .open
            .entry(day)
            .or_insert_with(|| OpenDay::beginning(day, self.bench.room()));
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
        if resolved.event.action == Action::Finding {
            let mut concerned: BTreeSet<Entity> = resolved.concerned().collect();
            let principal = resolved.event.principal.as_ref();
            let ids: Vec<Str> = principal
                .and_then(|p| p.unique_id.clone())
                .into_iter()
                .collect();
            for (_, open) in self.open.range(day..) {
                concerned.extend(open.aggregate.entities_with(&ids).cloned());
                let behind = resolved.identity.as_deref();
                let behind = behind.and_then(|id| open.assembly.behind_instance(id));
                concerned.extend(behind.map(|id| Entity {
                    kind: EntityKind::Identity,
                    id: id.clone(),
                }));
            }
            for entity in &concerned {
                self.note_entity(entity, day);
            }
            return Ok(Added::New);
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

    /// Returns whether no more is expected of a day than late events.
    pub fn is_complete(&self, day: Day) -> bool {
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

    /// Judges what is new, and returns what there is to tell of days that go on: episodes that crossed their threshold, and those that came
    /// to much more than what was told. Day after day, in the order of time.
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

    /// Does the same as [`Self::advance`] with one day. Days must be judged in order.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::advance`] does.
    pub fn advance_day(
        &mut self,
        day: Day,
        sessions_known_until: Option<Time>,
    ) -> Result<Vec<Alert>> {
        self.judge_day(day, sessions_known_until, Saying::News)
    }

    /// Judges what is new on a day of which no more is expected, and returns what its episodes came to, each once: as long as nothing
    /// is added, they are not told again. Days must be judged in order.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::advance`] does.
    pub fn conclude_day(&mut self, day: Day) -> Result<Vec<Alert>> {
        let is_touched = self.open.get(&day).is_some_and(OpenDay::is_touched);
        let mut alerts = self.judge_day(day, None, Saying::Whole)?;
        if let Some(open) = self.open.get(&day) {
            let trails = &open.aggregate.trails;
            self.bench.context.note_trails(day, trails);
            let judge = self.silence_judged.get(&day);
            if is_touched || judge != Some(&self.bench.generation.number) {
                alerts.extend(self.silences(day));
            }
        }
        Ok(alerts)
    }

    /// Returns what there is to tell of logs that fell silent by a day that was learnt and is not judged again: when it was, nothing had come
    /// after it.
    pub(super) fn silences_of_learnt(&mut self, day: Day) -> Vec<Alert> {
        self.silences(day)
    }

    /// Returns what there is to tell of logs that fell silent by a day, or came back on it: each once. A day that nothing came after may go
    /// on, and says nothing yet.
    fn silences(&mut self, day: Day) -> Vec<Alert> {
        let Bench {
            setup,
            generation,
            context,
            only,
            ..
        } = &self.bench;
        let is_open = self.open.range(day.plus(1)..).next().is_none();
        let settled = generation.trails.settled_until();
        if !self.tells_silences() || is_open || only.is_some() || settled >= Some(day) {
            return Vec::new();
        }
        self.silence_judged.insert(day, generation.number);
        let mut trails = generation.trails.clone();
        trails.note_days(context.trails().range(..=day));
        let lateness = |source| setup.config.lateness_secs(source);
        let before = trails.silent_by(day.plus(-1), lateness);
        let now = trails.silent_by(day, lateness);
        let view = View::new(generation, context, day);
        let fell = now.iter().map(|trail| Silence { trail, back: None });
        let is_back = |trail: &&SilentTrail| !now.iter().any(|silent| silent.is_of(trail));
        let came_back = before.iter().filter(is_back).filter_map(|trail| {
            let back = trails.of_day(day)?.first_of(
                trail.provider,
                trail.source,
                (&trail.account, &trail.region),
            )?;
            Some(Silence {
                trail,
                back: Some(back),
            })
        });
        let config = &self.bench.setup.config;
        let retired = |trail: &SilentTrail| config.retired(&trail.names(), trail.until);
        let unexpected = now.iter().filter(|trail| retired(trail).is_none());
        self.summary.silent = unexpected.cloned().collect();
        let mut alerts = Vec::new();
        for silence in fell.chain(came_back) {
            let mut alert = silence.alert(&setup.analytics, view);
            if let (None, Some(approval)) = (silence.back, retired(silence.trail)) {
                alert.suppressed_by = Some(approval.to_string());
                alert.approval = Some(approval.id());
            }
            let is_known = self.known.has_told(&alert);
            let is_due = match silence.back {
                // A store that begins to judge while a log is silent tells that as well, as long as it would know that it was told.
                None => {
                    let is_new = !before.iter().any(|known| known.is_of(silence.trail));
                    let silent_days = day.since(silence.trail.since.day());
                    !is_known && (is_new || silent_days <= SILENCE_KNOWN_DAYS)
                }
                Some(_) => is_known,
            };
            if !is_due || alerts.len() >= SILENCES_MAX {
                continue;
            }
            self.known.note_stopped_by(&mut alert);
            let whose = (SOURCE_SILENT.into(), silence.entity());
            let state = self.episodes.entry(alert.alert_id.clone());
            let state = state.or_insert_with(|| EpisodeState::crossed(day, whose));
            if state.close(&mut alert) {
                self.summary.told.add(&alert);
                alerts.push(alert);
            }
        }
        self.known.join(&mut alerts);
        for alert in &mut alerts {
            seal_again(alert, &self.told_again);
        }
        alerts
    }

    /// Judges a day of which all is there, and returns what it came to; how it came to that first, if the options ask for it.
    pub(super) fn tell_past_day(&mut self, day: Day) -> Result<Vec<Alert>> {
        let mut alerts = Vec::new();
        if self.bench.options.every_status {
            alerts = self.advance_day(day, None)?;
        }
        alerts.extend(self.conclude_day(day)?);
        Ok(alerts)
    }

    fn judge_day(
        &mut self,
        day: Day,
        sessions_known_until: Option<Time>,
        saying: Saying,
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
        let mut of_day = self.episodes.values().filter(|state| state.day == day);
        let is_to_close = saying == Saying::Whole && of_day.any(|state| state.is_changed);
        if !open.is_touched() && !is_to_close {
            return Ok(Vec::new());
        }
        if std::mem::take(&mut open.is_outdated) && self.events.days().contains(&day) {
            open.read_again(self.bench.read_day(&self.events, day)?);
        }
        self.bench.context.keep_bounded(day);
        let has_begun = self.bench.settle(open, before, saying);
        if has_begun {
            open.judge_all();
        }
        let view = View::new(&self.bench.generation, &self.bench.context, day);
        let young = view.young_logs().into_iter();
        self.summary
            .learning
            .extend(young.map(|log| (log.key.clone(), log)));
        let telling = Telling {
            events: &self.events,
            episodes: &mut self.episodes,
            archived: &self.archived,
            summary: &mut self.summary,
            saying,
        };
        let (mut alerts, newcomers) = self.bench.judge(open, sessions_known_until, telling)?;
        let mut later = self.open.range_mut(day.plus(1)..).map(|(_, open)| open);
        later.by_ref().for_each(|open| match has_begun {
            true => open.note_other_judge(),
            false => open.note_context(),
        });
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
        // Those that an approval covers join others, too.
        self.known.join(&mut alerts);
        let shows_suppressed = self.bench.options.show_suppressed;
        alerts.retain(|alert| alert.suppressed_by.is_none() || shows_suppressed);
        for alert in &mut alerts {
            seal_again(alert, &self.told_again);
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
        self.episodes
            .retain(|_, state| complete.since(state.day) <= OPEN_DAYS);
        self.silence_judged
            .retain(|judged, _| complete.since(*judged) <= OPEN_DAYS);
        self.archived.retain(|id| self.episodes.contains_key(id));
        self.known.forget_before(complete);
        if self.events.is_temporary() {
            self.sweep();
        }
    }

    /// Lets a judged day and its events go: nothing more of it will come.
    pub fn close(&mut self, day: Day) -> Option<DayAggregate> {
        self.pass_on(day);
        self.silence_judged.remove(&day);
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
        if self.open.get(&day).is_some_and(|open| !open.is_passed_on) {
            self.note_reached(day);
        }
        let Some(open) = self.open.get_mut(&day) else {
            return;
        };
        if !std::mem::replace(&mut open.is_passed_on, true) {
            self.bench.context.note_links(day, open.links());
            self.bench.context.forget_before(day);
        }
    }
}
