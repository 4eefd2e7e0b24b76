//! What days are judged by, and how: which entities cross a threshold, and their alerts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::alert::{Alert, alert_id};
use crate::baseline::{Context, Generation, View};
use crate::engine::Setup;
use crate::engine::event_buffer::EventBuffer;
use crate::engine::scorer::crossing::{Crossing, EVENTS_AT_ONCE, MORE, Telling, in_batches};
use crate::engine::scorer::open_day::OpenDay;
use crate::engine::scorer::summary::ScoreOptions;
use crate::engine::scorer::told::news;
use crate::error::Result;
use crate::identity::{Resolver, is_instance};
use crate::measure::{DayAggregate, DayFacts, GRACE_SECS, Links, Minute, Room};
use crate::score::{AlertBuilder, Detection, Judge, Subject, own_baseline, severity_of};
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
}

/// An entity that the generation does not know, with its minutes of the day; `None` if it is none on that day any more.
pub(super) type MetEntity = (Entity, Option<Vec<(u16, Minute)>>);

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

    /// Judges the entities of a day that are to be judged. `before` are the links of the open day before it.
    pub fn judge(
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
                        unique_id: facts.profile.unique_id.clone(),
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

    /// Builds the alerts of the episodes that crossed a threshold, and returns those that are news.
    fn build(
        &self,
        open: &mut OpenDay,
        judge: &Judge,
        crossings: &[Crossing],
        mut telling: Telling,
    ) -> Result<Vec<Alert>> {
        let mut alerts = Vec::new();
        for some in in_batches(crossings) {
            let mut episodes = self.episodes(open, judge, some, telling.events)?;
            for at in 0..some.len() {
                let episode = episodes.remove(&at).unwrap_or_default();
                self.tell(episode, open, &mut telling, &mut alerts);
            }
        }
        Ok(alerts)
    }

    /// Keeps those alerts of an episode that are news.
    fn tell(
        &self,
        episode: Vec<Alert>,
        open: &OpenDay,
        telling: &mut Telling,
        alerts: &mut Vec<Alert>,
    ) {
        let news = news(episode, open.day(), telling.told, telling.summary);
        for alert in &news {
            telling.summary.told_before.remove(&alert.alert_id);
        }
        let is_shown =
            |alert: &Alert| alert.suppressed_by.is_none() || self.options.show_suppressed;
        alerts.extend(news.into_iter().filter(is_shown));
    }

    /// Builds the alerts of each episode, from as many of its first events as they need.
    fn episodes(
        &self,
        open: &mut OpenDay,
        judge: &Judge,
        crossings: &[Crossing],
        buffer: &EventBuffer,
    ) -> Result<BTreeMap<usize, Vec<Alert>>> {
        let day = open.day();
        let peer_group_of = |id: &str| self.setup.peer_group_of(id);
        let mut built = BTreeMap::new();
        let mut wanted: Vec<usize> = (0..crossings.len()).collect();
        let mut first = EVENTS_AT_ONCE as usize;
        while !wanted.is_empty() {
            let entities = wanted.iter().map(|&at| &crossings[at].entity).collect();
            let events = open.events_of(&entities, buffer, &self.resolver, first)?;
            let mut is_covered = false;
            wanted.retain(|&at| {
                let crossing = &crossings[at];
                let builder = AlertBuilder {
                    plan: &self.setup.plan,
                    config: &self.setup.config,
                    resolver: &self.resolver,
                    judge,
                    peer_group_of: &peer_group_of,
                    day,
                    threshold: self.thresholds[crossing.analytic],
                    show_low: self.options.show_low,
                };
                let found = events.get(&crossing.entity);
                let of_entity = found.map_or(&[][..], |events| &events.first);
                let met = self.context.met(&crossing.entity, day);
                let analytic = &self.setup.analytics[crossing.analytic];
                let episode = builder.build(
                    analytic,
                    &crossing.entity,
                    of_entity,
                    met,
                    crossing.unique_id.as_ref(),
                );
                // More events may only add that it is more severe, or that an approval covers it no longer.
                let last = episode.last();
                let is_whole = last.is_some_and(|alert| {
                    alert.severity >= crossing.severity && alert.suppressed_by.is_none()
                });
                let needs_more = found.is_some_and(|events| events.is_cut) && !is_whole;
                is_covered |= needs_more && last.is_some_and(|alert| alert.suppressed_by.is_some());
                if !needs_more {
                    built.insert(at, episode);
                }
                needs_more
            });
            // Of what an approval covers, all must be asked.
            first = match is_covered {
                true => usize::MAX / 2,
                false => first.saturating_mul(MORE),
            };
        }
        Ok(built)
    }
}

/// Returns whether a generation knows so little of an entity that scoring must remember its days.
fn is_newcomer(entity: &Entity, facts: &DayFacts, view: View<'_>) -> bool {
    own_baseline(entity, facts, view)
        .is_none_or(|baseline| baseline.first_day.plus(2) >= view.day())
}
