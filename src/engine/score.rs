//! Days judged by a generation: books in, alerts out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::analytic::Analytic;
use crate::baseline::{Generation, TRAIT_MEMORY_DAYS};
use crate::engine::coverage::{AnalyticCoverage, assess, days_of};
use crate::engine::intake::{Books, Intake, IntakeSummary};
use crate::engine::nights::enlighten;
use crate::engine::spool::Spool;
use crate::engine::thresholds::{InForce, in_force, thresholds};
use crate::engine::{Progress, Setup};
use crate::error::Result;
use crate::event::Event;
use crate::identity::{Resolver, is_instance};
use crate::measure::{DayBook, DayFacts, Links, Minute, OwnAccounts};
use crate::score::{Alert, Judge, Narrator, Status, Subject, alert_id};
use crate::sources::{InputFile, ReadOptions};
use crate::stats::Severity;
use crate::stats::rank::{low_from, score as score_of};
use crate::time::{Day, Time};
use crate::vocab::{Entity, EntityKind};

/// Days that are remembered as they went: today and yesterday, and one that may still be open.
const OPEN_DAYS: usize = 3;

/// Ends the name under which it is remembered that an episode was told as covered by an approval.
const COVERED: &str = "/covered";

/// How to score.
#[derive(Debug, Clone)]
pub struct ScoreOptions {
    /// Alerts a day over the estate that the thresholds aim at, whatever was tuned; `None` for what was tuned, or else
    /// [`BUDGET_PER_DAY`](crate::engine::BUDGET_PER_DAY).
    pub budget_per_day: Option<f64>,
    /// Whether to tell of episodes [a decade](crate::stats::rank::low_from) below their threshold, too.
    pub show_low: bool,
    /// Whether to tell of alerts that an approval covers, too.
    pub show_suppressed: bool,
}

/// What scoring came to.
#[derive(Debug, Default)]
pub struct ScoreSummary {
    /// What was read.
    pub intake: IntakeSummary,
    /// Generation that judged, the first if there were several.
    pub generation: u64,
    /// The last that judged, if there were several.
    pub last_generation: Option<u64>,
    /// The days judged, each with how many identities it had when it was last judged.
    pub judged: BTreeMap<Day, u64>,
    /// Episodes that crossed their threshold, by the highest severity they reached.
    pub episodes: BTreeMap<Severity, u64>,
    /// Episodes covered by an approval, by its owner and reason.
    pub suppressed: BTreeMap<String, u64>,
    /// Whether scores are provisional.
    pub provisional: bool,
    /// The thresholds in force.
    pub thresholds: Vec<InForce>,
    /// What the enabled analytics see and do not see, in the lookback and in what was judged.
    pub coverage: Vec<AnalyticCoverage>,
    /// Days that the generation had already learnt.
    pub days_already_learnt: usize,
    /// Events that came later than their source is allowed to be, while following.
    pub late: u64,
}

impl ScoreSummary {
    /// Returns the days judged, however often each was.
    pub fn days(&self) -> usize {
        self.judged.len()
    }

    /// Returns the identities judged, counted once a day.
    pub fn entity_days(&self) -> u64 {
        self.judged.values().sum()
    }
}

/// What scoring remembers of entities that the generation does not know, from day to day.
#[derive(Default, Serialize, Deserialize)]
pub struct Acquaintance {
    met: BTreeMap<Entity, Meeting>,
    /// Of the last days, today's among them.
    links: BTreeMap<Day, Links>,
    /// Accounts whose own trail was read.
    pub accounts: OwnAccounts,
}

/// What is remembered of one entity.
#[derive(Serialize, Deserialize)]
struct Meeting {
    first: Day,
    last: Day,
    /// Minutes of the last days.
    minutes: BTreeMap<Day, Vec<(u16, Minute)>>,
}

impl Acquaintance {
    /// Returns the first day of an entity in this run, and its minutes of the day before `day`.
    pub fn met(&self, entity: &Entity, day: Day) -> Option<(Day, &[(u16, Minute)])> {
        let meeting = self.met.get(entity)?;
        let eve = meeting.minutes.get(&day.plus(-1));
        Some((meeting.first, eve.map_or(&[], Vec::as_slice)))
    }

    /// Remembers a day, as far as it is known by now: a later telling of the same day replaces it.
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
                let meeting = self.met.entry(entity.clone()).or_insert_with(|| Meeting {
                    first: book.day,
                    last: book.day,
                    minutes: BTreeMap::new(),
                });
                meeting.first = meeting.first.min(book.day);
                meeting.last = meeting.last.max(book.day);
                meeting.minutes.insert(book.day, facts.timeline().to_vec());
                keep_last_days(&mut meeting.minutes);
            }
        }
        let oldest = book.day.plus(1 - TRAIT_MEMORY_DAYS);
        self.met.retain(|_, meeting| meeting.last >= oldest);
        self.links.insert(book.day, book.links.clone());
        keep_last_days(&mut self.links);
        self.accounts.extend(book.accounts.iter().cloned());
    }

    /// Returns the links that flows of a day are joined by, beside the day's own.
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
        thresholds: in_force(&setup.analytics, &generation, options.budget_per_day),
        coverage: assess(setup, &days_of(&generation.coverage, &books)),
        days_already_learnt: books.keys().filter(|day| **day < generation.as_of).count(),
        ..ScoreSummary::default()
    };
    let mut acquaintance = Acquaintance::default();
    let mut generation = generation;
    let mut told = Told::new();
    progress.begin("scoring", Some(books.len() as u64));
    for (done, (&day, book)) in books.iter().enumerate() {
        if progress.is_cancelled() {
            return Err(crate::engine::cancelled());
        }
        let alerts = judge_day(Hearing {
            setup,
            generation: &mut generation,
            book,
            spool: &mut spool,
            acquaintance: &mut acquaintance,
            is_late: false,
            hold: None,
            told: &mut told,
            options,
            summary: &mut summary,
        })?;
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

/// What was told so far: the highest severity of each episode, apart for what nobody saw because an approval covers it.
pub type Told = BTreeMap<String, (Severity, Day)>;

/// Instances that nobody is known to stand behind wait until the trails that would tell have come far enough: their flows
/// may belong to somebody.
#[derive(Debug)]
pub struct Hold {
    /// What is known until when.
    pub until: Time,
    /// Whether somebody waits.
    pub is_held: bool,
}

impl Hold {
    /// Tells whether somebody must wait, and notes it.
    fn holds(&mut self, entity: &Entity, facts: &DayFacts, generation: &Generation) -> bool {
        let waits = facts.last > self.until
            && entity.kind == EntityKind::Identity
            && is_instance(&entity.id)
            && !generation.baselines.contains_key(entity);
        self.is_held |= waits;
        waits
    }
}

/// A day to be judged, with what judging it needs and changes.
pub struct Hearing<'a> {
    /// What the run works by.
    pub setup: &'a Setup,
    /// Who judges; learns which accounts are ours.
    pub generation: &'a mut Generation,
    /// What happened.
    pub book: &'a DayBook,
    /// The day's events.
    pub spool: &'a mut Spool,
    /// What this run knows of the days before.
    pub acquaintance: &'a mut Acquaintance,
    /// Whether the book holds but what came after the day was closed; then it does not stand for the day.
    pub is_late: bool,
    /// Who is not judged yet; `None` if all is in.
    pub hold: Option<&'a mut Hold>,
    /// What was told of the day before now.
    pub told: &'a mut Told,
    /// Thresholds and what is shown.
    pub options: &'a ScoreOptions,
    /// Where it is counted.
    pub summary: &'a mut ScoreSummary,
}

/// Judges one day; returns its alerts that were not told before, in the order of their times.
pub fn judge_day(hearing: Hearing) -> Result<Vec<Alert>> {
    let Hearing {
        setup,
        generation,
        book,
        spool,
        acquaintance,
        is_late,
        mut hold,
        told,
        options,
        summary,
    } = hearing;
    enlighten(generation, setup, &acquaintance.accounts, book);
    enlighten(generation, setup, &book.accounts, book);
    let generation = &*generation;
    let links = acquaintance.links(book.day, generation);
    let facts = book.assemble(&[links], &generation.own_accounts);
    let thresholds = thresholds(&setup.analytics, generation, options.budget_per_day);
    let judge = Judge::new(&setup.analytics, generation);
    let peer_group_of = |id: &str| setup.peer_group_of(id);
    let mut crossings = Vec::new();
    let mut identities = 0;
    for (entity, entity_facts) in &facts {
        if let Some(hold) = &mut hold
            && hold.holds(entity, entity_facts, generation)
        {
            continue;
        }
        identities += u64::from(entity.kind == EntityKind::Identity);
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
                || (options.show_low && verdict.score >= low_from(score_of(thresholds[analytic])));
            if is_shown
                && !is_told_of(
                    told,
                    &setup.analytics[analytic],
                    entity,
                    book.day,
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
        let mut events = events_of(setup, &crossings, book, spool, links, generation)?;
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
            let episode = narrator.tell(analytic, &crossing.entity, of_entity, met);
            count(&episode, told, summary);
            for mut alert in episode {
                let name = told_as(&alert);
                let before = told.get(&name).map(|&(before, _)| before);
                let seen = told.get(&alert.alert_id).map(|&(seen, _)| seen);
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
                told.insert(name, (alert.severity, book.day));
                if alert.suppressed_by.is_none() || options.show_suppressed {
                    alerts.push(alert);
                }
            }
        }
    }
    if !is_late {
        acquaintance.remember(book, &facts, generation);
    }
    let judged = summary.judged.entry(book.day).or_insert(identities);
    *judged = identities.max(*judged);
    alerts
        .sort_by(|a, b| (a.time, &a.alert_id, a.severity).cmp(&(b.time, &b.alert_id, b.severity)));
    Ok(alerts)
}

/// Tells whether an episode was told of with the greatest severity that a score can have.
fn is_told_of(told: &Told, analytic: &Analytic, entity: &Entity, day: Day, score: f64) -> bool {
    if told.is_empty() {
        return false;
    }
    // A sensitive bucket may raise it by a step, which only the telling finds out.
    let greatest = Severity::of(score, 0.0, true, false);
    let before = told.get(&alert_id(&analytic.id, entity, day.start()));
    before.is_some_and(|(before, _)| *before >= greatest)
}

/// Returns the name under which the telling of an alert is remembered. What an approval covers nobody has seen: should the
/// same episode outgrow it, it is new.
fn told_as(alert: &Alert) -> String {
    match alert.approval {
        Some(_) => format!("{}{COVERED}", alert.alert_id),
        None => alert.alert_id.clone(),
    }
}

fn count(episode: &[Alert], told: &Told, summary: &mut ScoreSummary) {
    let severest = |is_covered: bool| {
        let alerts = episode
            .iter()
            .filter(move |a| a.approval.is_some() == is_covered);
        alerts.max_by_key(|a| a.severity)
    };
    let (covered, seen) = (severest(true), severest(false));
    let before = |alert: &Alert| told.get(&told_as(alert)).map(|&(before, _)| before);
    let Some(highest) = seen else {
        let is_news = |a: &&Alert| before(a).is_none() && !told.contains_key(&a.alert_id);
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
    // An episode that outgrew its approval while it was followed is no longer a covered one.
    let was_covered = covered.filter(|a| before_it.is_none() && before(a).is_some());
    let approval = was_covered.and_then(|a| a.suppressed_by.as_ref());
    if let Some(n) = approval.and_then(|approval| summary.suppressed.get_mut(approval)) {
        *n = n.saturating_sub(1);
    }
}

/// Gathers the events of the entities that crossed a threshold.
fn events_of(
    setup: &Setup,
    crossings: &[Crossing],
    book: &DayBook,
    spool: &mut Spool,
    links: &Links,
    generation: &Generation,
) -> Result<BTreeMap<Entity, Vec<Event>>> {
    let wanted: BTreeSet<&Entity> = crossings.iter().map(|c| &c.entity).collect();
    let joins = book.joins(&[links]);
    let resolver = setup.resolver();
    let mut events: BTreeMap<Entity, Vec<Event>> = BTreeMap::new();
    spool.of_day(book.day, |mut event| {
        if book.is_second_copy(&event, &generation.own_accounts) || book.gave_way(&event) {
            return;
        }
        let entities: Vec<Entity> = resolver
            .settle(&mut event)
            .entities()
            .map(|entity| match joins.behind(&entity) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_is_told_again_does_not_lose_its_eve() {
        let entity = Entity {
            kind: EntityKind::Identity,
            id: "newcomer".into(),
        };
        let (eve, day) = (Day(20_000), Day(20_001));
        let generation = Generation::empty(Day(19_990));
        let mut acquaintance = Acquaintance::default();
        for (told, reads) in [(eve, 3), (day, 5), (day, 8)] {
            let mut facts = DayFacts::starting(told.start());
            facts.add_minute(told.start(), reads, 0);
            let facts = BTreeMap::from([(entity.clone(), facts)]);
            acquaintance.remember(&DayBook::new(told), &facts, &generation);
        }
        let minutes = |n| {
            vec![(
                0,
                Minute {
                    read_calls: n,
                    egress_bytes: 0,
                },
            )]
        };
        assert_eq!(acquaintance.met(&entity, day), Some((eve, &minutes(3)[..])));
        let next = acquaintance.met(&entity, day.plus(1));
        assert_eq!(next, Some((eve, &minutes(8)[..])), "the latest telling");
    }
}
