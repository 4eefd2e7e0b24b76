//! What days are judged by, and how: which entities cross a threshold, and their alerts.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::alert::{Alert, alert_id};
use crate::baseline::{Context, Generation, View};
use crate::engine::Setup;
use crate::engine::event_buffer::EventBuffer;
use crate::engine::scorer::crossing::{Crossing, Saying, Telling, events_of, in_batches};
use crate::engine::scorer::open_day::OpenDay;
use crate::engine::scorer::summary::ScoreOptions;
use crate::engine::scorer::told::{EpisodeState, Episodes};
use crate::error::Result;
use crate::identity::{Resolver, is_instance};
use crate::learn::PeerGroupOf;
use crate::measure::{Breadth, DayAggregate, DayFacts, GRACE_SECS, Links, LogKey, Minute, Room};
use crate::score::{
    AlertBuilder, Coverage, Detection, Episode, EpisodeEvents, Facing, Judge, Rating, Rival,
    Subject, may_be_alike, own_baseline,
};
use crate::stats::Severity;
use crate::stats::rank::{low_from, score as score_of};
use crate::time::{Day, Time};
use crate::vocab::{Entity, EntityKind};

/// What days are judged by.
pub(super) struct Bench<'a> {
    pub setup: &'a Setup,
    pub resolver: Resolver<'a>,
    pub options: ScoreOptions,
    pub generation: Arc<Generation>,
    pub thresholds: Vec<f64>,
    pub context: Context,
    /// The kinds of entities that some analytic judges.
    pub judged_kinds: BTreeSet<EntityKind>,
    /// The entities that are judged; `None` for all.
    pub only: Option<BTreeSet<Entity>>,
}

/// An entity that the generation does not know, with its minutes of the day; `None` if it is none on that day any more.
pub(super) type MetEntity = (Entity, Option<Vec<(u16, Minute)>>);

/// An analytic of which an entity's day crosses the threshold.
struct Found {
    /// Its index.
    analytic: usize,
    severity: Severity,
    detection: Detection,
    /// Whether a narrower one that crosses its own tells the same fact.
    is_alike: bool,
}

impl Bench<'_> {
    /// Returns whom a day distinguishes: those whom the generation knows, and so many others.
    pub fn room(&self) -> Room {
        match self.generation.baselines.is_empty() {
            true => Room::at_first(),
            false => Room::beside(self.generation.clone()),
        }
    }

    pub fn read_day(&self, events: &EventBuffer, day: Day) -> Result<DayAggregate> {
        let mut aggregate = DayAggregate::within(day, self.room());
        events.of_day(day, |_, mut event| {
            aggregate.add(&self.resolver.resolve(&mut event), &self.setup.plan);
        })?;
        Ok(aggregate)
    }

    /// Takes in what was added to a day, so that it is known which entities are to be judged, and in which logs identities are. `before`
    /// are the links of the open day before it. Returns whether another log counts as begun than before.
    pub fn settle(
        &mut self,
        open: &mut OpenDay,
        before: Option<(Day, Links)>,
        saying: Saying,
    ) -> bool {
        let day = open.day();
        let view = View::new(&self.generation, &self.context, day);
        open.settle(view, || match (before, self.context.links_before(day)) {
            (Some((last, links)), complete) if complete.is_none_or(|(c, _)| c <= last) => links,
            (_, Some((_, links))) => links.clone(),
            _ => self.generation.links.clone(),
        });
        if self.generation.beginnings.is_empty() {
            return false;
        }
        open.note_logs();
        let is_any = open.logs.breadths().any(|(key, _)| view.is_open(key));
        if is_any && saying == Saying::Whole {
            // Some may have turned out to be others' since.
            open.logs = open.logs_by_now();
        }
        let view = View::new(&self.generation, &self.context, day);
        let logs = open.logs.breadths();
        let of_day: Vec<(&LogKey, Breadth)> = logs.filter(|(key, _)| view.is_open(key)).collect();
        let known = self.context.logs().get(&day);
        let mut keys: BTreeSet<LogKey> = known
            .into_iter()
            .flat_map(|of| of.keys().cloned())
            .collect();
        keys.extend(of_day.iter().map(|(key, _)| (*key).clone()));
        let begun = |context: &Context| -> Vec<Option<Day>> {
            let view = View::new(&self.generation, context, day);
            keys.iter().map(|key| view.began_late(key)).collect()
        };
        let before = begun(&self.context);
        self.context.note_logs(day, of_day);
        let after = begun(&self.context);
        before != after
    }

    /// Judges the entities of a day that are to be judged, after it was [settled](Self::settle).
    pub fn judge(
        &self,
        open: &mut OpenDay,
        sessions_known_until: Option<Time>,
        mut telling: Telling,
    ) -> Result<(Vec<Alert>, Vec<MetEntity>)> {
        let day = open.day();
        let view = View::new(&self.generation, &self.context, day);
        let judge = Judge::new(&self.setup.analytics, view);
        let (mut crossings, mut newcomers) = (Vec::new(), Vec::new());
        for entity in std::mem::take(&mut open.dirty) {
            if !self.judged_kinds.contains(&entity.kind) && entity.kind != EntityKind::Identity {
                continue;
            }
            if self
                .only
                .as_ref()
                .is_some_and(|only| !only.contains(&entity))
            {
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
            let day = (&*open, &judge, &*facts);
            for crossed in self.crossings(&judge, &entity, &facts) {
                crossings.extend(self.note_crossed(crossed, &entity, day, &mut telling)?);
            }
        }
        let is_judged =
            |e: &&Entity| e.kind == EntityKind::Identity && !open.waiting.contains_key(*e);
        let identities = open.assembly.entities().filter(is_judged).count() as u64;
        let judged = telling.summary.judged.entry(day).or_insert(identities);
        *judged = identities.max(*judged);
        if telling.saying == Saying::Whole {
            crossings = self.unclosed(open, telling.episodes);
        }
        let mut alerts = self.build(open, &judge, &crossings, telling)?;
        // Whom it cannot read would be judged as a newcomer.
        self.generation.intact()?;
        alerts
            .sort_by(|a, b| (a.time, &a.alert_id, a.status).cmp(&(b.time, &b.alert_id, b.status)));
        Ok((alerts, newcomers))
    }

    /// Notes that an episode crossed its threshold. While its day goes on, it is returned if there may be news to tell.
    fn note_crossed(
        &self,
        found: Found,
        entity: &Entity,
        (open, judge, facts): (&OpenDay, &Judge, &DayFacts),
        telling: &mut Telling,
    ) -> Result<Option<Crossing>> {
        let day = facts.first.day();
        let Found {
            analytic,
            severity,
            detection,
            is_alike,
        } = found;
        let definition = &self.setup.analytics[analytic];
        let id = alert_id(&definition.id, entity, day.start());
        if telling.archived.contains(&id) {
            telling.summary.told_before.insert(id.clone());
        }
        let whose = (definition.id.clone(), entity.clone());
        let state = telling.episodes.entry(id.clone());
        let state = state.or_insert_with(|| EpisodeState::crossed(day, whose.clone()));
        state.whose = Some(whose);
        state.is_changed = true;
        if telling.saying != Saying::News {
            return Ok(None);
        }
        let has_news = match (&state.told, &state.closed) {
            // What is closed is told again when its day is complete.
            (_, Some(_)) => false,
            (None, None) => !(state.is_told_elsewhere && is_alike),
            (Some(told), None) if told.is_covered => {
                let mut coverage = state.coverage.take();
                let is_covered = match &mut coverage {
                    Some(coverage) => {
                        let found = (analytic, entity, &detection);
                        let day = (open, judge, facts);
                        self.is_still_covered(coverage, found, day, telling.events)?
                    }
                    None => false,
                };
                state.coverage = coverage.filter(|_| is_covered);
                !is_covered
            }
            (Some(told), None) => told.is_outgrown((severity, detection.score), definition, facts),
        };
        Ok(has_news.then(|| Crossing {
            id,
            analytic,
            entity: entity.clone(),
            n_events: facts.n_events,
            unique_id: facts.profile.unique_id.clone(),
            instances: open.instances_of(entity),
        }))
    }

    /// Returns whether the approval that covers an episode covers what was added since it was asked last: the whole of a day that goes on is
    /// not read again for that.
    fn is_still_covered(
        &self,
        coverage: &mut Coverage,
        (analytic, entity, detection): (usize, &Entity, &Detection),
        (open, judge, facts): (&OpenDay, &Judge, &DayFacts),
        events: &EventBuffer,
    ) -> Result<bool> {
        let Some((after, last)) = coverage.upto.zip(open.last_place()) else {
            return Ok(false);
        };
        let since = open.events_since(entity, after, (events, &self.resolver))?;
        let Some(since) = since else {
            return Ok(false);
        };
        let facing = Facing {
            analytic: &self.setup.analytics[analytic],
            entity,
            detection,
            facts,
            events: &since,
        };
        let peer_group_of = |id: &str| self.setup.peer_group_of(id);
        let builder = self.builder(judge, analytic, &peer_group_of, &[]);
        let is_covered = builder.is_still_covered(coverage, &facing);
        coverage.upto = Some(last);
        Ok(is_covered)
    }

    /// Returns the episodes of a day of which it was not told what they came to.
    fn unclosed(&self, open: &OpenDay, episodes: &Episodes) -> Vec<Crossing> {
        let of_day = episodes.iter().filter(|(_, state)| state.day == open.day());
        let unclosed = of_day.filter(|(_, state)| state.is_changed);
        let crossing = |(id, state): (&String, &EpisodeState)| {
            let (analytic, entity) = state.whose.as_ref()?;
            let mut analytics = self.setup.analytics.iter();
            let facts = open.assembly.facts(&open.aggregate, entity)?;
            Some(Crossing {
                id: id.clone(),
                analytic: analytics.position(|of| of.id == *analytic)?,
                entity: entity.clone(),
                n_events: facts.n_events,
                unique_id: facts.profile.unique_id.clone(),
                instances: open.instances_of(entity),
            })
        };
        unclosed.filter_map(crossing).collect()
    }

    /// Returns the analytics of which an entity's day crosses the threshold, by their index, with its severity and what was found.
    fn crossings(&self, judge: &Judge, entity: &Entity, facts: &DayFacts) -> Vec<Found> {
        let day = judge.view().day();
        let peer_group_of = |id: &str| self.setup.peer_group_of(id);
        let met = self.context.met(entity, day);
        let subject = Subject::of(entity, facts, day, judge.view(), met, &peer_group_of);
        let is_shown = |(analytic, detection): &(usize, Detection)| {
            let threshold = self.thresholds[*analytic];
            detection.surprise >= threshold
                || (self.options.show_low && detection.score >= low_from(score_of(threshold)))
        };
        let found = |(at, detection): (usize, Detection)| {
            let (analytic, threshold) = (&self.setup.analytics[at], self.thresholds[at]);
            let rating = Rating {
                analytic,
                detection: &detection,
                threshold,
                is_sensitive: facts.touches_sensitive(),
                is_uncalibrated: judge.view().calibration.is_provisional(),
                is_beginning: judge.view().is_beginning(),
                facts,
                stored_days: judge.view().calibration.entity_days,
            };
            let rivals = self.rivals(at);
            let alike = judge.alike(&subject, (analytic, &detection), &rivals);
            Found {
                analytic: at,
                severity: rating.severity(),
                is_alike: !alike.narrower.is_empty(),
                detection,
            }
        };
        let crossed = judge.detections(&subject).into_iter().filter(is_shown);
        crossed.map(found).collect()
    }

    /// Builds the alerts of episodes, and returns those that are news.
    fn build(
        &self,
        open: &mut OpenDay,
        judge: &Judge,
        crossings: &[Crossing],
        mut telling: Telling,
    ) -> Result<Vec<Alert>> {
        let mut alerts = Vec::new();
        let last = open.last_place();
        for some in in_batches(crossings) {
            let entities = some.iter().map(|crossing| &crossing.entity).collect();
            let events = events_of(open, &entities, (telling.events, &self.resolver))?;
            for crossing in some {
                if let Some(events) = events.get(&crossing.entity) {
                    let read = (events.as_ref(), last);
                    self.tell(crossing, read, judge, &mut telling, &mut alerts)?;
                }
            }
        }
        Ok(alerts)
    }

    fn builder<'b>(
        &'b self,
        judge: &'b Judge<'b>,
        analytic: usize,
        peer_group_of: &'b PeerGroupOf<'b>,
        rivals: &'b [Rival<'b>],
    ) -> AlertBuilder<'b> {
        AlertBuilder {
            plan: &self.setup.plan,
            config: &self.setup.config,
            resolver: &self.resolver,
            judge,
            peer_group_of,
            day: judge.view().day(),
            threshold: self.thresholds[analytic],
            show_low: self.options.show_low,
            rivals,
        }
    }

    /// Returns the analytics that may tell the same facts as one.
    fn rivals(&self, analytic: usize) -> Vec<Rival<'_>> {
        let all = self.setup.analytics.iter().zip(&self.thresholds);
        let own = &self.setup.analytics[analytic];
        all.filter(|(other, _)| other.enabled && may_be_alike(own, other))
            .map(|(analytic, &threshold)| Rival {
                analytic,
                threshold,
            })
            .collect()
    }

    /// Builds the alerts of an episode, and keeps those that are news.
    fn tell(
        &self,
        crossing: &Crossing,
        (events, last): (&dyn EpisodeEvents, Option<u64>),
        judge: &Judge,
        telling: &mut Telling,
        alerts: &mut Vec<Alert>,
    ) -> Result<()> {
        let day = judge.view().day();
        let peer_group_of = |id: &str| self.setup.peer_group_of(id);
        let rivals = self.rivals(crossing.analytic);
        let builder = self.builder(judge, crossing.analytic, &peer_group_of, &rivals);
        let analytic = &self.setup.analytics[crossing.analytic];
        let met = self.context.met(&crossing.entity, day);
        let unique_id = crossing.unique_id.as_ref();
        let episode = Episode::new(analytic, &crossing.entity, events, met, unique_id);
        let episode = episode.on_instances(&crossing.instances);
        let Some(state) = telling.episodes.get_mut(&crossing.id) else {
            return Ok(());
        };
        let news = match telling.saying {
            Saying::News => {
                let news = builder.news(&episode, state.told.as_ref())?;
                if let Some((_, told)) = news.told.last() {
                    state.told = Some(told.clone());
                }
                state.coverage = news.coverage;
                state.is_told_elsewhere = news.is_told_elsewhere;
                if let Some(coverage) = &mut state.coverage {
                    coverage.upto = last;
                }
                news.told.into_iter().map(|(alert, _)| alert).collect()
            }
            Saying::Whole => {
                let mut closed = builder.closed(&episode, state.was_seen())?;
                state.is_changed &= closed.is_some();
                let is_news = closed.as_mut().is_some_and(|alert| state.close(alert));
                closed.filter(|_| is_news).into_iter().collect::<Vec<_>>()
            }
        };
        for alert in news {
            telling.summary.told_before.remove(&alert.alert_id);
            for other in &alert.also {
                telling.summary.told_before.remove(&other.alert_id);
            }
            telling.summary.told.add(&alert);
            alerts.push(alert);
        }
        Ok(())
    }
}

/// Returns whether a generation knows so little of an entity that scoring must remember its days.
fn is_newcomer(entity: &Entity, facts: &DayFacts, view: View<'_>) -> bool {
    own_baseline(entity, facts, view)
        .is_none_or(|baseline| baseline.first_day.plus(2) >= view.day())
}
