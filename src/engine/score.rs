//! Judges days by a generation: aggregates in, alerts out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Status, alert_id};
use crate::analytic::Analytic;
use crate::baseline::{Generation, TRAIT_MEMORY_DAYS};
use crate::engine::coverage::{AnalyticCoverage, assess, days_of};
use crate::engine::event_buffer::EventBuffer;
use crate::engine::intake::{DayAggregates, Intake, IntakeSummary};
use crate::engine::replay::apply_day_context;
use crate::engine::thresholds::{InForce, in_force, thresholds};
use crate::engine::{Progress, Setup};
use crate::error::Result;
use crate::event::Event;
use crate::identity::{Resolver, is_instance};
use crate::measure::{DayAggregate, DayFacts, Links, Minute, OwnAccounts, unique_id_of};
use crate::score::{AlertBuilder, Judge, Subject, own_baseline};
use crate::sources::{InputFile, ReadOptions};
use crate::stats::Severity;
use crate::stats::rank::{low_from, score as score_of};
use crate::time::{Day, Time};
use crate::vocab::{Entity, EntityKind};

/// Days of which the cache keeps minutes: today, yesterday, and one that may still be open.
const OPEN_DAYS: usize = 3;

/// The suffix of the key under which an episode is remembered as reported while an approval covered it.
const COVERED: &str = "/covered";

/// How to score.
#[derive(Debug, Clone)]
pub struct ScoreOptions {
    /// The budget in alerts a day over the estate, which replaces any tuning; `None` for the tuned thresholds, or else
    /// [`BUDGET_PER_DAY`](crate::engine::BUDGET_PER_DAY).
    pub budget_per_day: Option<f64>,
    /// Whether to report episodes up to [a decade](crate::stats::rank::low_from) below their threshold, too.
    pub show_low: bool,
    /// Whether to report alerts that an approval covers, too.
    pub show_suppressed: bool,
}

/// The result of scoring.
#[derive(Debug, Default)]
pub struct ScoreSummary {
    /// What was read.
    pub intake: IntakeSummary,
    /// The generation that judged, or the first of several.
    pub generation: u64,
    /// The last generation that judged, if there were several.
    pub last_generation: Option<u64>,
    /// The judged days, each with its number of identities when it was last judged.
    pub judged: BTreeMap<Day, u64>,
    /// Episodes that crossed their threshold, by their highest severity.
    pub episodes: BTreeMap<Severity, u64>,
    /// Episodes covered by an approval, by its owner and reason.
    pub suppressed: BTreeMap<String, u64>,
    /// Whether scores are provisional.
    pub provisional: bool,
    /// The thresholds in force.
    pub thresholds: Vec<InForce>,
    /// What the enabled analytics see and do not see, in the lookback and in the judged days.
    pub coverage: Vec<AnalyticCoverage>,
    /// Days that the generation had already learnt.
    pub days_already_learnt: usize,
    /// Events that arrived later than their source allows, while following.
    pub late: u64,
}

impl ScoreSummary {
    /// Returns the judged days, each counted once.
    pub fn days(&self) -> usize {
        self.judged.len()
    }

    /// Returns the judged identities, counted once a day.
    pub fn entity_days(&self) -> u64 {
        self.judged.values().sum()
    }
}

/// What scoring remembers, from day to day, of entities that the generation does not know.
#[derive(Default, Serialize, Deserialize)]
pub struct NewEntityCache {
    met: BTreeMap<Entity, CacheEntry>,
    /// The last days, including today.
    links: BTreeMap<Day, Links>,
    /// Accounts whose own trail was read.
    pub accounts: OwnAccounts,
}

/// What is remembered of one entity.
#[derive(Serialize, Deserialize)]
struct CacheEntry {
    first: Day,
    last: Day,
    /// Minutes of the last days.
    minutes: BTreeMap<Day, Vec<(u16, Minute)>>,
}

impl NewEntityCache {
    /// Returns the first day of an entity in this run, and its minutes of the day before `day`.
    pub fn met(&self, entity: &Entity, day: Day) -> Option<(Day, &[(u16, Minute)])> {
        let entry = self.met.get(entity)?;
        let previous_day = entry.minutes.get(&day.plus(-1));
        Some((entry.first, previous_day.map_or(&[], Vec::as_slice)))
    }

    /// Remembers a day as far as it is known now; a later version of the same day replaces it.
    pub fn remember(
        &mut self,
        aggregate: &DayAggregate,
        facts: &BTreeMap<Entity, DayFacts>,
        generation: &Generation,
    ) {
        for (entity, facts) in facts {
            let is_known = own_baseline(entity, facts, generation)
                .is_some_and(|b| b.first_day.plus(2) < aggregate.day);
            if entity.kind == EntityKind::Identity && !is_known {
                let entry = self
                    .met
                    .entry(entity.clone())
                    .or_insert_with(|| CacheEntry {
                        first: aggregate.day,
                        last: aggregate.day,
                        minutes: BTreeMap::new(),
                    });
                entry.first = entry.first.min(aggregate.day);
                entry.last = entry.last.max(aggregate.day);
                entry
                    .minutes
                    .insert(aggregate.day, facts.timeline().to_vec());
                keep_last_days(&mut entry.minutes);
            }
        }
        let oldest = aggregate.day.plus(1 - TRAIT_MEMORY_DAYS);
        self.met.retain(|_, entry| entry.last >= oldest);
        let links = self.links(aggregate.day, generation);
        let links = aggregate.links.clone().following(links);
        self.links.insert(aggregate.day, links);
        keep_last_days(&mut self.links);
        self.accounts.extend(aggregate.accounts.iter().cloned());
    }

    /// Returns the links that join flows of a day, in addition to the day's own.
    pub fn links<'l>(&'l self, day: Day, generation: &'l Generation) -> &'l Links {
        self.links
            .range(..day)
            .next_back()
            .map_or(&generation.links, |(_, links)| links)
    }
}

fn keep_last_days<T>(days: &mut BTreeMap<Day, T>) {
    while days.len() > OPEN_DAYS {
        days.pop_first();
    }
}

/// Reads logs and judges their days by the generation in force.
///
/// # Errors
///
/// Fails if the user stops it, or `deliver` fails.
pub fn score(
    setup: &Setup,
    generation: Generation,
    files: Vec<InputFile>,
    (options, read_options, keep_rejects): (&ScoreOptions, ReadOptions, bool),
    progress: &dyn Progress,
    mut deliver: impl FnMut(&Alert) -> Result<()>,
) -> Result<ScoreSummary> {
    let mut aggregates = DayAggregates::new();
    let mut event_buffer = EventBuffer::new();
    let intake = Intake {
        setup,
        files,
        options: read_options,
        keep_rejects,
    };
    let intake = intake.run(progress, |resolver, event| {
        add_and_buffer(setup, resolver, &mut aggregates, &mut event_buffer, event)
    })?;
    let mut summary = ScoreSummary {
        intake,
        generation: generation.number,
        provisional: generation.calibration.is_provisional(),
        thresholds: in_force(&setup.analytics, &generation, options.budget_per_day),
        coverage: assess(setup, &days_of(&generation.coverage, &aggregates)),
        days_already_learnt: aggregates
            .keys()
            .filter(|day| **day < generation.as_of)
            .count(),
        ..ScoreSummary::default()
    };
    let mut new_entities = NewEntityCache::default();
    let mut generation = generation;
    let mut states = AlertStates::new();
    progress.begin("scoring", Some(aggregates.len() as u64));
    for (done, (&day, aggregate)) in aggregates.iter().enumerate() {
        if progress.is_cancelled() {
            return Err(crate::engine::cancelled());
        }
        let alerts = evaluate_day(DayEvaluation {
            setup,
            generation: &mut generation,
            aggregate,
            event_buffer: &mut event_buffer,
            new_entities: &mut new_entities,
            is_late: false,
            deferral: None,
            states: &mut states,
            options,
            summary: &mut summary,
        })?;
        for alert in &alerts {
            deliver(alert)?;
        }
        event_buffer.forget(day);
        progress.advance(done as u64 + 1);
    }
    progress.end();
    Ok(summary)
}

/// Adds an event to its day's aggregate, and buffers it for building alerts.
pub fn add_and_buffer(
    setup: &Setup,
    resolver: &Resolver,
    aggregates: &mut DayAggregates,
    event_buffer: &mut EventBuffer,
    mut event: Event,
) -> Result<bool> {
    let day = event.time.day();
    let is_new = aggregates
        .entry(day)
        .or_insert_with(|| DayAggregate::new(day))
        .add(&resolver.resolve(&mut event), &setup.plan);
    if is_new {
        event_buffer.push(&event)?;
    }
    Ok(is_new)
}

/// An episode that crossed its threshold, or that is shown on request.
struct Crossing {
    analytic: usize,
    entity: Entity,
}

/// What was reported so far: the highest severity of each episode. Episodes that an approval covers have separate keys,
/// because no person saw them.
pub type AlertStates = BTreeMap<String, (Severity, Day)>;

/// Flows of instances without a known identity wait until the trails that record sessions have come to the end of the day:
/// until then the flows may turn out to belong to an identity.
#[derive(Debug)]
pub struct Deferral {
    /// The time until which sessions are known.
    pub until: Time,
    /// Whether anything waits.
    pub is_deferred: bool,
}

impl Deferral {
    /// Returns whether a subject must wait, and records it.
    fn defers(&mut self, entity: &Entity, facts: &DayFacts) -> bool {
        // Whoever is on an instance by the end of a day owns its flows of that day.
        let is_known_from = facts.last.day().end();
        let waits = is_known_from > self.until
            && entity.kind == EntityKind::Identity
            && is_instance(&entity.id);
        self.is_deferred |= waits;
        waits
    }
}

/// A day to judge, with what judging it needs and changes.
pub struct DayEvaluation<'a> {
    /// The setup of the run.
    pub setup: &'a Setup,
    /// The generation that judges; accounts that are ours are added to it.
    pub generation: &'a mut Generation,
    /// The facts of the day.
    pub aggregate: &'a DayAggregate,
    /// The day's events.
    pub event_buffer: &'a mut EventBuffer,
    /// What this run knows of the days before.
    pub new_entities: &'a mut NewEntityCache,
    /// Whether the aggregate contains only events that arrived after the day was closed. Then it does not represent the
    /// day.
    pub is_late: bool,
    /// Subjects that are not judged yet; `None` if all data has arrived.
    pub deferral: Option<&'a mut Deferral>,
    /// What was reported of the day before now.
    pub states: &'a mut AlertStates,
    /// Thresholds and output options.
    pub options: &'a ScoreOptions,
    /// The summary to update.
    pub summary: &'a mut ScoreSummary,
}

/// Judges one day; returns its new alerts, ordered by time.
pub fn evaluate_day(evaluation_input: DayEvaluation) -> Result<Vec<Alert>> {
    let DayEvaluation {
        setup,
        generation,
        aggregate,
        event_buffer,
        new_entities,
        is_late,
        mut deferral,
        states,
        options,
        summary,
    } = evaluation_input;
    apply_day_context(generation, setup, &new_entities.accounts, aggregate);
    apply_day_context(generation, setup, &aggregate.accounts, aggregate);
    let generation = &*generation;
    let links = new_entities.links(aggregate.day, generation);
    let facts = aggregate.assemble(&[links], &generation.own_accounts);
    let thresholds = thresholds(&setup.analytics, generation, options.budget_per_day);
    let judge = Judge::new(&setup.analytics, generation);
    let peer_group_of = |id: &str| setup.peer_group_of(id);
    let mut crossings = Vec::new();
    let mut identities = 0;
    for (entity, entity_facts) in &facts {
        if let Some(deferral) = &mut deferral
            && deferral.defers(entity, entity_facts)
        {
            continue;
        }
        identities += u64::from(entity.kind == EntityKind::Identity);
        let met = new_entities.met(entity, aggregate.day);
        let subject = Subject::of(
            entity,
            entity_facts,
            aggregate.day,
            generation,
            met,
            &peer_group_of,
        );
        for (analytic, verdict) in judge.detections(&subject) {
            let is_shown = verdict.surprise >= thresholds[analytic]
                || (options.show_low && verdict.score >= low_from(score_of(thresholds[analytic])));
            if is_shown
                && !is_already_told(
                    states,
                    &setup.analytics[analytic],
                    entity,
                    aggregate.day,
                    verdict.score,
                )
            {
                crossings.push(Crossing {
                    analytic,
                    entity: entity.clone(),
                });
            }
        }
    }
    let mut alerts = Vec::new();
    if !crossings.is_empty() {
        let mut events = events_of(
            setup,
            &crossings,
            aggregate,
            event_buffer,
            links,
            generation,
        )?;
        events
            .values_mut()
            .for_each(|events| events.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id))));
        let resolver = setup.resolver();
        for crossing in &crossings {
            let builder = AlertBuilder {
                plan: &setup.plan,
                config: &setup.config,
                resolver: &resolver,
                judge: &judge,
                peer_group_of: &peer_group_of,
                day: aggregate.day,
                threshold: thresholds[crossing.analytic],
                show_low: options.show_low,
            };
            let no_events = Vec::new();
            let of_entity = events.get(&crossing.entity).unwrap_or(&no_events);
            let met = new_entities.met(&crossing.entity, aggregate.day);
            let analytic = &setup.analytics[crossing.analytic];
            let episode = builder.build(analytic, &crossing.entity, of_entity, met);
            count(&episode, states, summary);
            for mut alert in episode {
                let name = alert_key(&alert);
                let before = states.get(&name).map(|&(before, _)| before);
                let seen = states.get(&alert.alert_id).map(|&(seen, _)| seen);
                if before
                    .max(seen)
                    .is_some_and(|before| before >= alert.severity)
                {
                    continue;
                }
                alert.status = if before.is_some() {
                    Status::Update
                } else {
                    Status::New
                };
                alert.seal();
                states.insert(name, (alert.severity, aggregate.day));
                if alert.suppressed_by.is_none() || options.show_suppressed {
                    alerts.push(alert);
                }
            }
        }
    }
    if !is_late {
        new_entities.remember(aggregate, &facts, generation);
    }
    let judged = summary.judged.entry(aggregate.day).or_insert(identities);
    *judged = identities.max(*judged);
    alerts
        .sort_by(|a, b| (a.time, &a.alert_id, a.severity).cmp(&(b.time, &b.alert_id, b.severity)));
    Ok(alerts)
}

/// Returns whether an episode was reported with the greatest severity that a score can have.
fn is_already_told(
    states: &AlertStates,
    analytic: &Analytic,
    entity: &Entity,
    day: Day,
    score: f64,
) -> bool {
    if states.is_empty() {
        return false;
    }
    // A sensitive bucket may raise it by one step, which only building the alert shows.
    let greatest = Severity::of(score, 0.0, true, false);
    let before = states.get(&alert_id(&analytic.id, entity, day.start()));
    before.is_some_and(|(before, _)| *before >= greatest)
}

/// Returns the key under which a reported alert is remembered. No person has seen an alert that an approval covers: if the
/// same episode outgrows the approval, it is new.
fn alert_key(alert: &Alert) -> String {
    match alert.approval {
        Some(_) => format!("{}{COVERED}", alert.alert_id),
        None => alert.alert_id.clone(),
    }
}

fn count(episode: &[Alert], states: &AlertStates, summary: &mut ScoreSummary) {
    let severest = |is_covered: bool| {
        let alerts = episode
            .iter()
            .filter(move |a| a.approval.is_some() == is_covered);
        alerts.max_by_key(|a| a.severity)
    };
    let (covered, seen) = (severest(true), severest(false));
    let before = |alert: &Alert| states.get(&alert_key(alert)).map(|&(before, _)| before);
    let Some(highest) = seen else {
        let is_news = |a: &&Alert| before(a).is_none() && !states.contains_key(&a.alert_id);
        if let Some(approval) = covered
            .filter(is_news)
            .and_then(|a| a.suppressed_by.clone())
        {
            *summary.suppressed.entry(approval).or_insert(0) += 1;
        }
        return;
    };
    let before_it = before(highest);
    if before_it.is_some_and(|before| before >= highest.severity) {
        return;
    }
    *summary.episodes.entry(highest.severity).or_insert(0) += 1;
    if let Some(n) = before_it.and_then(|before| summary.episodes.get_mut(&before)) {
        *n = n.saturating_sub(1);
    }
    // An episode that outgrew its approval while it was followed no longer counts as covered.
    let was_covered = covered.filter(|a| before_it.is_none() && before(a).is_some());
    let approval = was_covered.and_then(|a| a.suppressed_by.as_ref());
    if let Some(n) = approval.and_then(|approval| summary.suppressed.get_mut(approval)) {
        *n = n.saturating_sub(1);
    }
}

/// Collects the events of the entities that crossed a threshold.
fn events_of(
    setup: &Setup,
    crossings: &[Crossing],
    aggregate: &DayAggregate,
    event_buffer: &mut EventBuffer,
    links: &Links,
    generation: &Generation,
) -> Result<BTreeMap<Entity, Vec<Event>>> {
    let wanted: BTreeSet<&Entity> = crossings.iter().map(|c| &c.entity).collect();
    let joins = aggregate.joins(&[links]);
    let resolver = setup.resolver();
    let mut events: BTreeMap<Entity, Vec<Event>> = BTreeMap::new();
    event_buffer.of_day(aggregate.day, |mut event| {
        if aggregate.is_second_copy(&event, &generation.own_accounts)
            || aggregate.was_replaced(&event)
        {
            return;
        }
        let resolved = resolver.resolve(&mut event);
        let entities: Vec<Entity> = resolved
            .entities()
            .map(|entity| joins.owner(&entity, unique_id_of(resolved.event, &entity).as_ref()))
            .collect();
        for entity in entities {
            if wanted.contains(&entity) {
                events.entry(entity).or_default().push(event.clone());
            }
        }
    })?;
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_is_remembered_again_keeps_its_previous_day() {
        let entity = Entity {
            kind: EntityKind::Identity,
            id: "newcomer".into(),
        };
        let (previous_day, day) = (Day(20_000), Day(20_001));
        let generation = Generation::empty(Day(19_990));
        let mut new_entities = NewEntityCache::default();
        for (at, reads) in [(previous_day, 3), (day, 5), (day, 8)] {
            let mut facts = DayFacts::starting(at.start());
            facts.add_minute(
                at.start(),
                Minute {
                    read_calls: reads,
                    ..Minute::default()
                },
            );
            let facts = BTreeMap::from([(entity.clone(), facts)]);
            new_entities.remember(&DayAggregate::new(at), &facts, &generation);
        }
        let minutes = |n| {
            vec![(
                0,
                Minute {
                    read_calls: n,
                    ..Minute::default()
                },
            )]
        };
        assert_eq!(
            new_entities.met(&entity, day),
            Some((previous_day, &minutes(3)[..]))
        );
        let next = new_entities.met(&entity, day.plus(1));
        assert_eq!(
            next,
            Some((previous_day, &minutes(8)[..])),
            "the latest version"
        );
    }
}
