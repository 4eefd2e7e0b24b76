//! What an identity did on the stored days, or on those of a job inside it: when, how much, and what stays the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::analytic::{Analytic, Step};
use crate::config::{PartialContext, TimeRange};
use crate::engine::Setup;
use crate::engine::approvals::cadence::{ActiveDay, Cadence};
use crate::engine::approvals::inside::{Hourly, PeakJob};
use crate::event::{IdentityKind, Provider};
use crate::measure::{DayFacts, KnownThings};
use crate::time::{Day, Window};
use crate::vocab::{EntityKind, Metric, Str, Trait};

/// The fraction of runs that must show a value before it belongs to the job's shape.
const OFTEN: f64 = 0.25;
/// A bucket also belongs to it if it appeared this many days ago and was touched in most runs since.
const NEW_BUCKET_DAYS: i32 = 7;
const MOSTLY: f64 = 0.8;
/// How many times the largest hour of the other work, on most days, the hour of a job inside an identity comes to.
const TIMES_OTHER: f64 = 3.0;
/// The traits whose values a proposal names: buckets if the job has any, the others always.
const NAMED: [Trait; 4] = [
    Trait::Bucket,
    Trait::UserAgent,
    Trait::Network,
    Trait::Destination,
];

/// An amount by day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Volume {
    /// The median.
    pub p50: u64,
    /// The 99th percentile.
    pub p99: u64,
    /// The largest.
    pub most: u64,
    /// The day of the largest amount.
    pub most_on: Option<Day>,
}

impl Volume {
    pub(super) fn of(mut days: Vec<(u64, Day)>) -> Self {
        days.sort_unstable();
        let rank = |grant: f64| {
            let at = (grant * days.len() as f64).ceil() as usize;
            days.get(at.saturating_sub(1)).map_or(0, |&(x, _)| x)
        };
        Self {
            p50: rank(0.5),
            p99: rank(0.99),
            most: days.last().map_or(0, |&(x, _)| x),
            most_on: days.last().map(|&(_, day)| day),
        }
    }
}

/// What tells a job inside an identity from its other work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// The hours of the day, in UTC, in which it runs.
    pub hours: Vec<u8>,
    /// What it came to in the largest hour of each run.
    pub amounts: Vec<(Metric, Volume)>,
}

impl Inside {
    pub(super) fn bits(&self) -> u32 {
        self.hours.iter().fold(0, |bits, hour| bits | 1 << hour)
    }

    /// Returns its hours as an approval names them.
    pub(super) fn times(&self) -> Vec<String> {
        let mut runs: Vec<(u8, u8)> = Vec::new();
        for &hour in &self.hours {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == hour => *last = hour,
                _ => runs.push((hour, hour)),
            }
        }
        let text = |&(first, last): &(u8, u8)| TimeRange::hours(first, last).to_string();
        runs.iter().map(text).collect()
    }
}

/// One day of an identity.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) active: ActiveDay,
    pub(super) events: u64,
    pub(super) bytes: u64,
    pub(super) context: PartialContext,
    pub(super) metrics: Vec<Metric>,
    pub(super) is_sensitive: bool,
    /// Of metrics of which it has peaks that come again.
    pub(super) hourly: Hourly,
}

/// The activity of an identity on the stored days, or on those of a job inside it.
#[derive(Clone, Default)]
pub(super) struct History {
    pub(super) runs: Vec<Run>,
    pub(super) kinds: BTreeMap<IdentityKind, u64>,
    pub(super) provider: Option<Provider>,
    pub(super) inside: Option<Inside>,
}

/// Values that belong to a job's shape, and days with other values.
pub(super) struct JobValue {
    /// Values that do, with the number of days.
    pub(super) stable: Vec<(Str, u64)>,
    /// Days with other values.
    pub(super) unlike: Vec<Day>,
}

impl History {
    pub(super) fn add(
        &mut self,
        day: Day,
        facts: &DayFacts,
        context: PartialContext,
        hourly: &BTreeSet<Metric>,
    ) {
        let metrics = facts.metrics();
        let sum = |metric: Metric| -> u64 {
            let readings = facts.readings(metric, Window::DAY, &KnownThings::NOTHING);
            readings
                .iter()
                .fold(0, |sum, (_, x)| sum.saturating_add(*x))
        };
        let tens = metrics.iter().filter(|metric| !metric.is_distinct());
        let tens =
            tens.flat_map(|&m| facts.readings(m, Window::TEN_MINUTES, &KnownThings::NOTHING));
        self.runs.push(Run {
            active: ActiveDay {
                day,
                hours: facts.hours,
                tens: tens.fold(0, |bits, (slot, _)| bits | 1 << (slot % 6)),
            },
            events: facts.n_events,
            bytes: sum(Metric::BytesRead).max(sum(Metric::EgressBytes)),
            hourly: hourly
                .iter()
                .flat_map(|&metric| {
                    let readings = facts.readings(metric, Window::HOUR, &KnownThings::NOTHING);
                    let hours = readings.into_iter();
                    hours.map(move |(hour, amount)| (metric, hour as u8, amount))
                })
                .collect(),
            is_sensitive: facts.touches_sensitive(),
            metrics,
            context,
        });
        for &(kind, n) in &facts.profile.kinds {
            *self.kinds.entry(kind).or_insert(0) += n;
        }
        self.provider = self.provider.or(facts.profile.provider);
    }

    pub(super) fn kind(&self) -> IdentityKind {
        let most = self.kinds.iter().max_by_key(|(_, n)| **n);
        most.map_or(IdentityKind::Unknown, |(kind, _)| *kind)
    }

    /// Returns whether it is a workload, and no person.
    pub(super) fn is_ours_to_run(&self) -> bool {
        use IdentityKind::{RoleSession, ServicePrincipal, Workload};
        matches!(self.kind(), RoleSession | ServicePrincipal | Workload)
    }

    /// Returns its timetable, if all that it does has one.
    pub(super) fn cadence(&self, stored: &BTreeSet<Day>) -> Option<Cadence> {
        let active: Vec<ActiveDay> = self.runs.iter().map(|run| run.active).collect();
        Cadence::of(&active, stored)
    }

    /// Returns the days of a job inside the identity, as far as it stands out from the other work.
    pub(super) fn within(&self, job: &PeakJob) -> Option<Self> {
        let days = job.days();
        let amounts = |day: Day| {
            let mut runs = self.runs.iter();
            runs.find(|run| run.active.day == day)
                .map(|run| &run.hourly)
        };
        let hours = job.hours(amounts);
        let is_run = |run: &&Run| days.contains(&run.active.day);
        let largest = |run: &Run, metric: Metric, is_meant: &dyn Fn(u8) -> bool| {
            let of_metric = run.hourly.iter().filter(|(of, ..)| *of == metric);
            let of_hours = of_metric.filter(|(_, hour, _)| is_meant(*hour));
            let largest = of_hours.map(|(.., amount)| *amount).max();
            (largest.unwrap_or(0), run.active.day)
        };
        let metrics = job.metrics().into_iter().filter_map(|metric| {
            let at_its_hours = |hour: u8| hours.contains(&hour);
            let runs = self.runs.iter().filter(is_run);
            let of_job = Volume::of(
                runs.map(|run| largest(run, metric, &at_its_hours))
                    .collect(),
            );
            let other = self.runs.iter().map(|run| {
                let is_other = |hour: u8| !(is_run(&run) && hours.contains(&hour));
                largest(run, metric, &is_other)
            });
            let mut other: Vec<u64> = other.map(|(amount, _)| amount).collect();
            other.sort_unstable();
            let usual = other[(MOSTLY * (other.len() - 1) as f64) as usize] as f64;
            let stands_out = of_job.p50 as f64 + 1.0 >= TIMES_OTHER * (usual + 1.0);
            stands_out.then_some((metric, of_job))
        });
        let amounts: Vec<(Metric, Volume)> = metrics.collect();
        let run = |run: &Run| Run {
            metrics: amounts
                .iter()
                .map(|(metric, _)| *metric)
                .filter(|&metric| largest(run, metric, &|hour| hours.contains(&hour)).0 > 0)
                .collect(),
            ..run.clone()
        };
        let runs = self.runs.iter().filter(is_run).map(run).collect();
        (!amounts.is_empty()).then_some(Self {
            runs,
            kinds: self.kinds.clone(),
            provider: self.provider,
            inside: Some(Inside { hours, amounts }),
        })
    }

    /// Returns the values that belong to the job, and the days with others.
    pub(super) fn shape(
        &self,
        of: impl Fn(&PartialContext) -> &Vec<Str>,
        may_be_new: bool,
    ) -> JobValue {
        let mut days: BTreeMap<&Str, (Day, u64)> = BTreeMap::new();
        for run in &self.runs {
            for value in of(&run.context) {
                let (_, n) = days.entry(value).or_insert((run.active.day, 0));
                *n += 1;
            }
        }
        let n = self.runs.len() as f64;
        let last = self.runs.last().map(|run| run.active.day);
        let belongs = |&(since, seen): &(Day, u64)| {
            let runs_since = self.runs.iter().filter(|run| run.active.day >= since);
            let is_kept = seen as f64 >= MOSTLY * runs_since.count() as f64;
            let is_old = last.is_some_and(|last| last.since(since) >= NEW_BUCKET_DAYS);
            seen >= 2 && (seen as f64 >= OFTEN * n || (may_be_new && is_kept && is_old))
        };
        let is_unlike = |run: &&Run| {
            let mut values = of(&run.context).iter();
            values.any(|value| days.get(value).is_none_or(|seen| !belongs(seen)))
        };
        let unlike = self.runs.iter().filter(is_unlike);
        JobValue {
            unlike: unlike.map(|run| run.active.day).collect(),
            stable: days
                .iter()
                .filter(|(_, seen)| belongs(seen))
                .map(|(value, (_, n))| ((*value).clone(), *n))
                .collect(),
        }
    }

    /// Returns the analytics that evaluate what the job does on most of its days. Analytics for new identities do not apply
    /// to a well-known job; an alert of theirs would be news. Analytics that require a new value of what the approval names
    /// would only alert outside the approval.
    pub(super) fn analytics(&self, setup: &Setup, names_buckets: bool) -> Vec<String> {
        let named = match names_buckets {
            true => &NAMED[..],
            false => &NAMED[1..],
        };
        let is_meant = |analytic: &&Analytic| {
            let metrics = analytic.metrics();
            let does = |run: &&Run| run.metrics.iter().any(|metric| metrics.contains(metric));
            let is_of_the_new = |step: &Step| matches!(step, Step::NewIdentity { .. });
            analytic.enabled
                && !analytic.steps().iter().any(is_of_the_new)
                && !analytic.needs_new(named)
                && analytic.entities.contains(&EntityKind::Identity)
                && self
                    .provider
                    .is_some_and(|p| analytic.providers.contains(&p))
                && self.runs.iter().filter(does).count() * 2 > self.runs.len()
        };
        let meant = setup.analytics.iter().filter(is_meant);
        meant.map(|analytic| analytic.id.to_string()).collect()
    }
}
