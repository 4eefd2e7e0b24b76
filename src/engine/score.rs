//! Days judged by a generation: books in, alerts out.

use std::collections::{BTreeMap, BTreeSet};

use crate::baseline::Generation;
use crate::engine::intake::{Books, Intake, IntakeSummary};
use crate::engine::nights::{own, thresholds};
use crate::engine::spool::Spool;
use crate::engine::{Progress, Setup};
use crate::error::Result;
use crate::event::Event;
use crate::identity::Resolver;
use crate::measure::{DayBook, DayFacts, Links, Minute, OwnAccounts};
use crate::score::{Alert, Judge, Narrator, Subject};
use crate::sources::{InputFile, ReadOptions};
use crate::stats::Severity;
use crate::time::Day;
use crate::vocab::{Entity, EntityKind, Str};

/// Score below which nothing is shown even on request.
const LOW_SCORE: f64 = 90.0;

/// How to score.
#[derive(Debug, Clone)]
pub struct ScoreOptions {
    /// Alerts a day over the estate that the thresholds aim at.
    pub budget_per_day: f64,
    /// Whether to tell of episodes below their threshold but above score 90, too.
    pub show_low: bool,
    /// Whether to tell of alerts that an approval covers, too.
    pub show_suppressed: bool,
}

/// What scoring came to.
#[derive(Debug, Default)]
pub struct ScoreSummary {
    /// What was read.
    pub intake: IntakeSummary,
    /// Generation that judged.
    pub generation: u64,
    /// Days judged.
    pub days: usize,
    /// Entities judged, counted once a day.
    pub entity_days: u64,
    /// Episodes that crossed their threshold, by the highest severity they reached.
    pub episodes: BTreeMap<Severity, u64>,
    /// Episodes covered by an approval, by its owner and reason.
    pub suppressed: BTreeMap<String, u64>,
    /// Whether scores are provisional.
    pub provisional: bool,
    /// Days that the generation had already learnt.
    pub days_already_learnt: usize,
}

/// What scoring remembers of entities that the generation does not know, from day to day.
#[derive(Default)]
pub struct Acquaintance {
    met: BTreeMap<Entity, (Day, Day, Vec<(u16, Minute)>)>,
    links: Links,
    accounts: OwnAccounts,
}

impl Acquaintance {
    /// Returns the first day of an entity in this run, and its minutes of the day before `day`.
    pub fn met(&self, entity: &Entity, day: Day) -> Option<(Day, &[(u16, Minute)])> {
        let (first, last, minutes) = self.met.get(entity)?;
        let eve: &[(u16, Minute)] = if last.plus(1) == day { minutes } else { &[] };
        Some((*first, eve))
    }

    /// Remembers a day.
    pub fn remember(
        &mut self,
        book: &DayBook,
        facts: &BTreeMap<Entity, DayFacts>,
        generation: &Generation,
    ) {
        for (entity, facts) in facts {
            let is_known = generation
                .baselines
                .get(entity)
                .is_some_and(|b| b.first_day.plus(2) < book.day);
            if entity.kind == EntityKind::Identity && !is_known {
                let first = self
                    .met
                    .get(entity)
                    .map_or(book.day, |(first, _, _)| *first);
                self.met
                    .insert(entity.clone(), (first, book.day, facts.timeline().to_vec()));
            }
        }
        self.links = book.links.clone();
        self.accounts.extend(book.accounts.iter().cloned());
    }

    /// Brings a day's facts together, in the light of the days before.
    pub fn assemble(
        &mut self,
        book: &DayBook,
        generation: &Generation,
    ) -> BTreeMap<Entity, DayFacts> {
        let links = if self.links.is_empty() {
            &generation.links
        } else {
            &self.links
        };
        let mut accounts = self.accounts.clone();
        accounts.extend(book.accounts.iter().cloned());
        accounts.extend(generation.own_accounts.iter().cloned());
        book.assemble(&[links], &accounts)
    }

    /// Returns the links that flows of a day are joined by, beside the day's own.
    pub fn links<'l>(&'l self, generation: &'l Generation) -> &'l Links {
        if self.links.is_empty() {
            &generation.links
        } else {
            &self.links
        }
    }
}

/// Reads logs and judges their days by the generation in force.
///
/// # Errors
///
/// Fails if the user stops it, or `deliver` does.
pub fn score(
    setup: &Setup,
    generation: Generation,
    files: Vec<InputFile>,
    (options, read_options, keep_rejects): (&ScoreOptions, ReadOptions, bool),
    progress: &dyn Progress,
    mut deliver: impl FnMut(&Alert) -> Result<()>,
) -> Result<ScoreSummary> {
    let mut books = Books::new();
    let mut spool = Spool::new();
    let intake = Intake {
        setup,
        files,
        options: read_options,
        keep_rejects,
    };
    let intake = intake.run(progress, |resolver, event| {
        tell_and_keep(setup, resolver, &mut books, &mut spool, event)
    })?;
    let mut summary = ScoreSummary {
        intake,
        generation: generation.number,
        provisional: generation.calibration.is_provisional(),
        days_already_learnt: books.keys().filter(|day| **day < generation.as_of).count(),
        ..ScoreSummary::default()
    };
    let mut acquaintance = Acquaintance::default();
    let mut generation = generation;
    progress.begin("scoring", Some(books.len() as u64));
    for (done, (&day, book)) in books.iter().enumerate() {
        if progress.is_cancelled() {
            return Err(crate::engine::cancelled());
        }
        let alerts = judge_day(
            setup,
            &mut generation,
            book,
            &mut spool,
            &mut acquaintance,
            options,
            &mut summary,
        )?;
        for alert in &alerts {
            deliver(alert)?;
        }
        spool.forget(day);
        progress.advance(done as u64 + 1);
    }
    progress.end();
    Ok(summary)
}

/// Tells an event to its day's book, and sets it aside for the telling of alerts.
pub fn tell_and_keep(
    setup: &Setup,
    resolver: &Resolver,
    books: &mut Books,
    spool: &mut Spool,
    mut event: Event,
) -> Result<bool> {
    let day = event.time.day();
    let is_new = books
        .entry(day)
        .or_insert_with(|| DayBook::new(day))
        .tell(&resolver.settle(&mut event), &setup.plan);
    if is_new {
        spool.push(&event)?;
    }
    Ok(is_new)
}

/// An episode that crossed its threshold, or that is shown on request.
struct Crossing {
    analytic: usize,
    entity: Entity,
}

/// Judges one day; returns its alerts in the order of their times.
pub fn judge_day(
    setup: &Setup,
    generation: &mut Generation,
    book: &DayBook,
    spool: &mut Spool,
    acquaintance: &mut Acquaintance,
    options: &ScoreOptions,
    summary: &mut ScoreSummary,
) -> Result<Vec<Alert>> {
    let facts = acquaintance.assemble(book, generation);
    own(generation, setup, &book.accounts);
    let generation = &*generation;
    let thresholds = thresholds(&setup.analytics, generation, options.budget_per_day);
    let judge = Judge::new(&setup.analytics, generation);
    let peer_group_of = |id: &str| setup.peer_group_of(id);
    let mut crossings = Vec::new();
    for (entity, entity_facts) in &facts {
        summary.entity_days += u64::from(entity.kind == EntityKind::Identity);
        let met = acquaintance.met(entity, book.day);
        let subject = Subject::of(
            entity,
            entity_facts,
            book.day,
            generation,
            met,
            &peer_group_of,
        );
        for (analytic, verdict) in judge.verdicts(&subject) {
            let is_shown = verdict.surprise >= thresholds[analytic]
                || (options.show_low && verdict.score >= LOW_SCORE);
            if is_shown {
                crossings.push(Crossing {
                    analytic,
                    entity: entity.clone(),
                });
            }
        }
    }
    let mut alerts = Vec::new();
    if !crossings.is_empty() {
        let mut events = events_of(setup, &crossings, book, spool, acquaintance, generation)?;
        events
            .values_mut()
            .for_each(|events| events.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id))));
        let resolver = setup.resolver();
        for crossing in &crossings {
            let narrator = Narrator {
                setup_plan: &setup.plan,
                config: &setup.config,
                resolver: &resolver,
                judge: &judge,
                peer_group_of: &peer_group_of,
                day: book.day,
                threshold: thresholds[crossing.analytic],
                show_low: options.show_low,
            };
            let no_events = Vec::new();
            let of_entity = events.get(&crossing.entity).unwrap_or(&no_events);
            let met = acquaintance.met(&crossing.entity, book.day);
            let analytic = &setup.analytics[crossing.analytic];
            let told = narrator.tell(analytic, &crossing.entity, of_entity, met);
            count(&told, summary);
            alerts.extend(
                told.into_iter()
                    .filter(|a| a.suppressed_by.is_none() || options.show_suppressed),
            );
        }
    }
    acquaintance.remember(book, &facts, generation);
    summary.days += 1;
    alerts
        .sort_by(|a, b| (a.time, &a.alert_id, a.severity).cmp(&(b.time, &b.alert_id, b.severity)));
    Ok(alerts)
}

fn count(told: &[Alert], summary: &mut ScoreSummary) {
    let Some(highest) = told.iter().max_by_key(|a| a.severity) else {
        return;
    };
    match &highest.suppressed_by {
        Some(approval) => *summary.suppressed.entry(approval.clone()).or_insert(0) += 1,
        None => *summary.episodes.entry(highest.severity).or_insert(0) += 1,
    }
}

/// Gathers the events of the entities that crossed a threshold.
fn events_of(
    setup: &Setup,
    crossings: &[Crossing],
    book: &DayBook,
    spool: &mut Spool,
    acquaintance: &Acquaintance,
    generation: &Generation,
) -> Result<BTreeMap<Entity, Vec<Event>>> {
    let wanted: BTreeSet<&Entity> = crossings.iter().map(|c| &c.entity).collect();
    let links = acquaintance.links(generation);
    let resolver = setup.resolver();
    let mut events: BTreeMap<Entity, Vec<Event>> = BTreeMap::new();
    spool.of_day(book.day, |mut event| {
        let is_second_copy = |account: &Str| generation.own_accounts.contains(account);
        if event.twin_of_account.as_ref().is_some_and(is_second_copy) {
            return;
        }
        let entities: Vec<Entity> = resolver
            .settle(&mut event)
            .entities()
            .map(|entity| match book.behind(&entity, &[links]) {
                Some(id) => Entity {
                    kind: EntityKind::Identity,
                    id,
                },
                None => entity,
            })
            .collect();
        for entity in entities {
            if wanted.contains(&entity) {
                events.entry(entity).or_default().push(event.clone());
            }
        }
    })?;
    Ok(events)
}
