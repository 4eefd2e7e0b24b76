//! Known automation: identities with a timetable and a constant shape, and jobs with one inside identities that also do other work; and an
//! approval that covers this and no more.
//!
//! A proposal names identity, client, network, buckets and destinations together, and of a job inside an identity also the times at which it
//! runs. It sets no limit on volume: a loud day of the same job should be covered, but the same job in another shape should not.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::baseline::{CalibrationLog, Generation};
use crate::config::{Cover, Draft, Known, MonthDayRange, PartialContext, WeekdayRange};
use crate::engine::Setup;
use crate::engine::approvals::archive::archived;
use crate::engine::approvals::cadence::Cadence;
use crate::engine::approvals::days::{DayContextReader, Days, hours_of};
use crate::engine::approvals::history::{History, Inside, JobValue, Run, Volume};
use crate::engine::approvals::inside::PeakJob;
use crate::engine::thresholds::in_force;
use crate::error::Result;
use crate::event::IdentityKind;
use crate::store::Store;
use crate::time::{Day, Time};
use crate::vocab::{Entity, EntityKind, Str};

/// Days since its first sighting from which an identity is known well enough.
const AGE_DAYS_MIN: i32 = 14;
/// Days since its last run after which a job has ended.
const GONE_DAYS: i32 = 8;
/// The same of one that comes by the month.
const GONE_DAYS_BY_MONTH: i32 = 36;
/// Days from the last stored day to the end of a proposal.
const PROPOSED_DAYS: i32 = 90;
/// The fraction of runs that must show only the job's clients, networks and destinations.
const NEARLY_ALL: f64 = 0.9;
/// The fraction of runs that must show only its buckets, which come and go.
const USUALLY: f64 = 0.75;
/// The most buckets or destinations that a proposal names. A job that touches more has no fixed shape.
const VALUES_MAX: usize = 200;
/// A placeholder for the owner while a proposal is checked.
const NOBODY: &str = "nobody";

/// Recognised jobs, and identities that were skipped.
#[derive(Debug, Clone, Default)]
pub struct Proposals {
    /// The jobs, those with the most alerts first.
    pub jobs: Vec<Job>,
    /// Identities with a timetable that are not proposed, by reason.
    pub passed_over: BTreeMap<&'static str, u64>,
    /// Identities that were examined.
    pub identities: u64,
    /// The first and the last stored day, and how many there are.
    pub stored: Option<(Day, Day, u64)>,
}

/// A job.
#[derive(Debug, Clone)]
pub struct Job {
    /// The identity.
    pub identity: Str,
    /// The kind of identity.
    pub kind: IdentityKind,
    /// When it runs.
    pub cadence: Cadence,
    /// Days on which it ran.
    pub days_seen: u64,
    /// The first and the last of these days.
    pub seen: (Day, Day),
    /// Events a day.
    pub events: Volume,
    /// Bytes read or sent a day.
    pub bytes: Volume,
    /// Clients, with the number of days.
    pub user_agents: Vec<(Str, u64)>,
    /// The same for networks.
    pub networks: Vec<(Str, u64)>,
    /// The same for buckets.
    pub buckets: Vec<(Str, u64)>,
    /// The same for destinations that are not ours.
    pub destinations: Vec<(Str, u64)>,
    /// Days with other values, so that the proposal does not cover all of them.
    pub unlike: Vec<Day>,
    /// Days on which it reached a threshold in force, or had an alert.
    pub alerted: Vec<Day>,
    /// Whether it touches sensitive buckets.
    pub is_sensitive: bool,
    /// Of a job inside an identity that also does other work, what tells it from that work. What else is said of the job is then of all
    /// that the identity did on its days.
    pub inside: Option<Inside>,
    /// The approvals that would cover it. The owner is left blank, so that no configuration accepts them unchanged.
    pub drafts: Vec<Draft>,
}

/// Recognises jobs in the stored days.
///
/// # Errors
///
/// Fails if nothing was trained, or the store cannot be read.
pub fn propose(setup: &Setup, store: &Store) -> Result<Proposals> {
    let manifest = store.published()?;
    let generation = store.load_generation()?;
    let log = store.load_calibration_log(&manifest)?;
    let stored: BTreeSet<Day> = manifest.days.iter().map(|entry| entry.day).collect();
    let (Some(&first), Some(&last)) = (stored.first(), stored.last()) else {
        return Ok(Proposals::default());
    };
    let mut inside: BTreeMap<Entity, Vec<PeakJob>> = BTreeMap::new();
    generation.peaks.each(|entity, peaks| {
        let jobs = PeakJob::all_of(peaks, &stored);
        if entity.kind == EntityKind::Identity && !jobs.is_empty() {
            inside.insert(entity.clone(), jobs);
        }
    })?;
    let mut histories: BTreeMap<Entity, History> = BTreeMap::new();
    let mut days = Days::of(store, &manifest, &generation);
    let eye = DayContextReader::of(setup, &generation);
    for &day in &stored {
        for (entity, facts) in days.facts(day)?.unwrap_or_default() {
            if entity.kind == EntityKind::Identity {
                let context = eye.context(&entity, &facts);
                let jobs = inside.get(&entity).into_iter().flatten();
                let metrics = jobs.flat_map(PeakJob::metrics).collect();
                let history = histories.entry(entity).or_default();
                history.add(day, &facts, context, &metrics);
            }
        }
    }
    let suspects: BTreeSet<Entity> = store
        .verdicts()?
        .into_values()
        .filter(|verdict| verdict.is_true)
        .map(|verdict| verdict.entity)
        .collect();
    let alerted = alerted(setup, store, &generation, &log)?;
    let mut proposals = Proposals {
        identities: histories.len() as u64,
        stored: Some((first, last, stored.len() as u64)),
        ..Proposals::default()
    };
    for (entity, history) in &histories {
        if !history.is_ours_to_run() {
            continue;
        }
        let whole = history.cadence(&stored);
        let inside = inside.get(entity).into_iter().flatten();
        let inside: Vec<(History, Cadence)> = inside
            .filter_map(|job| Some((history.within(job)?, job.cadence.clone())))
            .collect();
        if whole.is_none() && inside.is_empty() {
            continue;
        }
        let first_seen = generation.baselines.get(entity).map(|b| b.first_day);
        let age = 1 + last.since(first_seen.unwrap_or(last).min(history.runs[0].active.day));
        let mut add = |job: std::result::Result<Job, &'static str>| match job {
            Ok(job) => proposals.jobs.push(job),
            Err(why) => *proposals.passed_over.entry(why).or_insert(0) += 1,
        };
        if suspects.contains(entity) {
            add(Err("of whom an analyst said that an alert was right"));
            continue;
        } else if age < AGE_DAYS_MIN {
            add(Err("younger than 14 days"));
            continue;
        }
        let on = (last, alerted.get(entity).map_or(&[][..], Vec::as_slice));
        let whole = whole.map(|cadence| describe(history, setup, entity, cadence, on));
        let unlike: Option<BTreeSet<Day>> = match &whole {
            Some(Ok(job)) => Some(job.unlike.iter().copied().collect()),
            _ => None,
        };
        whole.into_iter().for_each(&mut add);
        for (of_job, cadence) in inside {
            // The table of all that the identity does may cover it.
            let mut days = of_job.runs.iter().map(|run| run.active.day);
            let is_beside = |unlike: &BTreeSet<Day>| days.all(|day| unlike.contains(&day));
            if unlike.as_ref().is_none_or(is_beside) {
                add(describe(&of_job, setup, entity, cadence, on));
            }
        }
    }
    proposals.jobs.sort_by(|a, b| {
        (b.alerted.len().cmp(&a.alerted.len())).then_with(|| a.identity.cmp(&b.identity))
    });
    generation.intact()?;
    Ok(proposals)
}

/// Returns the days on which an identity had an alert, or reached a threshold in force on a stored day.
fn alerted(
    setup: &Setup,
    store: &Store,
    generation: &Generation,
    log: &CalibrationLog,
) -> Result<BTreeMap<Entity, Vec<Day>>> {
    let mut alerted: BTreeMap<Entity, BTreeSet<Day>> = BTreeMap::new();
    for alert in archived(store, None)?.into_values() {
        let day = alert.time.day();
        alerted.entry(alert.entity).or_default().insert(day);
    }
    if !generation.calibration.is_provisional() {
        let thresholds = in_force(&setup.analytics, generation, None);
        for (&day, of_day) in &log.extremes {
            for extreme in of_day {
                let reaches = extreme.analytics.iter().any(|said| {
                    let surprise = generation.calibration.pooled.surprise(said.value);
                    thresholds
                        .iter()
                        .any(|t| t.analytic == said.by && surprise >= t.surprise)
                });
                if reaches {
                    let days = alerted.entry(extreme.entity.clone()).or_default();
                    days.insert(day);
                }
            }
        }
    }
    let sorted = |(entity, days): (Entity, BTreeSet<Day>)| (entity, days.into_iter().collect());
    Ok(alerted.into_iter().map(sorted).collect())
}

/// Describes the job, or returns why it is skipped.
fn describe(
    history: &History,
    setup: &Setup,
    entity: &Entity,
    cadence: Cadence,
    (last, alerted): (Day, &[Day]),
) -> std::result::Result<Job, &'static str> {
    let seen = match history.runs.as_slice() {
        [first, .., end] => (first.active.day, end.active.day),
        _ => return Err("seen once"),
    };
    let gone_days = match cadence.month_days {
        Some(_) => GONE_DAYS_BY_MONTH,
        None => GONE_DAYS,
    };
    if last.since(seen.1) > gone_days {
        return Err("that have not come when they were due");
    }
    let user_agents = history.shape(|context| &context.user_agents.0, false);
    let networks = history.shape(|context| &context.networks.0, false);
    let destinations = history.shape(|context| &context.destinations.0, false);
    let buckets = history.shape(|context| &context.buckets.0, true);
    if user_agents.stable.is_empty() || networks.stable.is_empty() {
        return Err("without a client or a network that stays the same");
    }
    let keeps = |shape: &JobValue, grant: f64| {
        (history.runs.len() - shape.unlike.len()) as f64 >= grant * history.runs.len() as f64
    };
    let is_steady = [&user_agents, &networks, &destinations]
        .into_iter()
        .all(|shape| keeps(shape, NEARLY_ALL));
    if !is_steady || !keeps(&buckets, USUALLY) {
        return Err("whose client, network, destinations or buckets change");
    }
    let is_cut = |run: &Run| {
        run.context.buckets.1 == Known::Some || run.context.destinations.1 == Known::Some
    };
    let n_values = buckets.stable.len().max(destinations.stable.len());
    if n_values > VALUES_MAX || history.runs.iter().any(is_cut) {
        return Err("that touch more buckets or destinations than an approval can name");
    }
    let mut analytics = history.analytics(setup, !buckets.stable.is_empty());
    if analytics.is_empty() {
        return Err("that no analytic judges");
    }
    let unlike: BTreeSet<Day> = [&user_agents, &networks, &destinations, &buckets]
        .into_iter()
        .flat_map(|shape| shape.unlike.iter().copied())
        .collect();
    let days: BTreeSet<Day> = history.runs.iter().map(|run| run.active.day).collect();
    let amounts = |of: fn(&Run) -> u64| {
        let days = history.runs.iter().map(|run| (of(run), run.active.day));
        Volume::of(days.collect())
    };
    let mut job = Job {
        identity: entity.id.clone(),
        kind: history.kind(),
        days_seen: history.runs.len() as u64,
        seen,
        events: amounts(|run| run.events),
        bytes: amounts(|run| run.bytes),
        user_agents: user_agents.stable,
        networks: networks.stable,
        buckets: buckets.stable,
        destinations: destinations.stable,
        unlike: unlike.into_iter().collect(),
        alerted: alerted
            .iter()
            .filter(|day| history.inside.is_none() || days.contains(day))
            .copied()
            .collect(),
        is_sensitive: history.runs.iter().any(|run| run.is_sensitive),
        inside: history.inside.clone(),
        cadence,
        drafts: Vec::new(),
    };
    let hours = history.inside.as_ref().map(Inside::bits);
    let runs = history.runs.iter().flat_map(|run| {
        let hours = hours.unwrap_or(run.active.hours);
        hours_of(run.active.day, hours)
    });
    let times: Vec<Range<Time>> = runs.collect();
    analytics.retain(|analytic| !job.is_covered(setup, analytic, &times, last));
    if analytics.is_empty() {
        return Err("approved already");
    }
    job.drafts = job.drafts(&analytics, last.plus(PROPOSED_DAYS));
    let is_sound = |draft: &Draft| {
        let owned = Draft {
            owner: NOBODY.to_owned(),
            ..draft.clone()
        };
        !draft.has_wildcards() && owned.check().is_ok()
    };
    if !job.drafts.iter().all(is_sound) {
        return Err(
            "that an approval cannot name, by a wildcard in a name or a network known by its number only",
        );
    }
    Ok(job)
}

fn names(values: &[(Str, u64)]) -> Vec<String> {
    values.iter().map(|(value, _)| value.to_string()).collect()
}

impl Job {
    /// Returns whether an approval of the configuration covers it for an analytic.
    fn is_covered(&self, setup: &Setup, analytic: &str, times: &[Range<Time>], at: Day) -> bool {
        let values = |values: &[(Str, u64)]| {
            let names = values.iter().map(|(value, _)| value.clone());
            (names.collect(), Known::All)
        };
        let shape = PartialContext {
            ids: vec![self.identity.clone()],
            role: None,
            destinations: values(&self.destinations),
            buckets: values(&self.buckets),
            user_agents: values(&self.user_agents),
            applications: (Vec::new(), Known::All),
            networks: values(&self.networks),
            times: (times.to_vec(), Known::All),
        };
        let mut approvals = setup.config.approvals.iter();
        approvals.any(|a| a.may_cover(&shape, analytic, at.start()) == Cover::Yes)
    }

    /// Returns the approvals that would cover it: one for activity without a destination, one for activity with its usual
    /// destinations.
    fn drafts(&self, analytics: &[String], expires: Day) -> Vec<Draft> {
        let to = |destinations: Vec<String>| {
            let mut criteria = vec![
                ("identity", vec![self.identity.to_string()]),
                ("user_agent", names(&self.user_agents)),
                ("network", names(&self.networks)),
                ("destination", destinations),
            ];
            if !self.buckets.is_empty() {
                criteria.push(("bucket", names(&self.buckets)));
            }
            if let Some(inside) = &self.inside {
                criteria.push(("times", inside.times()));
                if let Some((first, last)) = self.cadence.month_days {
                    let days = MonthDayRange::new(first, last).to_string();
                    criteria.push(("days_of_month", vec![days]));
                }
                if self.cadence.weekdays.len() < 7 {
                    let runs = WeekdayRange::runs(&self.cadence.weekdays);
                    criteria.push(("weekdays", runs.iter().map(ToString::to_string).collect()));
                }
            }
            Draft {
                comments: Vec::new(),
                criteria,
                analytics: analytics.to_vec(),
                owner: String::new(),
                reason: match self.inside {
                    None => format!("a job that runs {}", self.cadence),
                    Some(_) => format!("a job that runs {}, beside other work", self.cadence),
                },
                expires: expires.to_string(),
            }
        };
        let mut drafts = vec![to(Vec::new())];
        if !self.destinations.is_empty() {
            drafts.push(to(names(&self.destinations)));
        }
        drafts
    }
}
