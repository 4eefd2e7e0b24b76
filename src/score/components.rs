//! The parts of a statistic: one metric's or trait's largest surprise of the day, and what it was judged against.

use crate::baseline::{
    Candidate, Group, GroupState, View, built_in, built_in_for_long, peers_among, prior_among,
    repeats, role_tail_among,
};
use crate::evidence::{FirstAct, GrantBasis, HoursBasis, NoveltyBasis, VolumeBasis};
use crate::learn::exposure_since;
use crate::measure::{KnownThings, LogClass, value_hash};
use crate::score::subject::Subject;
use crate::stats::constants::{
    HAZARD_PRIOR_DAYS, LEARNING_DAYS, MEMBERS_MIN, MORE_THAN_CHANCE, NEWCOMER_ALLOWANCE,
    NOBODY_KNOWN_ALLOWANCE, ROLE_AMOUNTS_MIN, SUPPORT_BUCKETS,
};
use crate::stats::{Evidence, GroupNovelty, Predictive, Prior, Repeats};
use crate::time::{Day, Window};
use crate::vocab::{Entity, Metric, Str, Trait};

/// Metrics that show that a group has members in a log of objects.
const OBJECTS: &[Metric] = LogClass::Objects.shown_by();

/// What a reading was judged against.
#[derive(Debug, Clone, PartialEq)]
pub enum JudgedAgainst {
    /// The entity's own history dominated.
    Own(Entity),
    /// A group's prior dominated.
    Group(Group),
    /// Nothing here is known: the built-in default.
    BuiltIn,
}

/// The largest surprise of one metric over its windows.
#[derive(Debug, Clone, PartialEq)]
pub struct VolumeReading {
    /// What.
    pub metric: Metric,
    /// In which window.
    pub window: Window,
    /// The second of the day at which the window begins.
    pub start: u32,
    /// What was observed.
    pub observed: u64,
    /// Minus the natural logarithm of how many such windows a day the entity is expected to show.
    pub surprise: f64,
    /// The predictive that it was judged by.
    pub predictive: Predictive,
    /// Whose history that was.
    pub judged_against: JudgedAgainst,
    /// Weight of windows behind the entity's own part.
    pub windows: f64,
    /// What the entity does at that time of the week or the month.
    pub habit: Option<Habit>,
}

/// What an entity does at some time of the week or the month.
#[derive(Debug, Clone, PartialEq)]
pub struct Habit {
    /// How often, and how much.
    pub repeats: Repeats,
    /// On which days, in order.
    pub days: Vec<Day>,
    /// Whether the amount is judged by it: it is no more than that, and nothing else of the day is unusual.
    pub explains: bool,
}

impl VolumeReading {
    /// Returns whether it lies below the 99th percentile of what it was judged against.
    ///
    /// So is what its habit explains. Nothing is ordinary of which no amount is known here, of the entity or its peers. Of [what is
    /// rare](Metric::is_rare), only what the entity itself does is: there the act is the news, and not how often.
    pub fn is_ordinary(&self) -> bool {
        if self.habit.as_ref().is_some_and(|habit| habit.explains) {
            return true;
        }
        let is_known = match self.judged_against {
            JudgedAgainst::Own(_) => true,
            JudgedAgainst::Group(_) => !self.metric.is_rare(),
            JudgedAgainst::BuiltIn => false,
        };
        is_known && self.predictive.is_ordinary(self.observed as f64)
    }
}

/// A trait value that the entity was not known for.
#[derive(Debug, Clone, PartialEq)]
pub struct NoveltyReading {
    /// Which trait.
    pub which: Trait,
    /// The value.
    pub value: Str,
    /// Minus the natural logarithm of hazard times support tail.
    pub surprise: f64,
    /// Identities that are known for the value.
    pub support: u32,
    /// Active days of the entity, the first excluded.
    pub active_days: u32,
    /// Whose novelty that was judged by.
    pub judged_against: JudgedAgainst,
}

/// A newcomer's busiest hour against the hours of its peers.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleTailReading {
    /// What.
    pub metric: Metric,
    /// Which hour of the day.
    pub slot: u16,
    /// What was observed.
    pub observed: u64,
    /// Minus the natural logarithm of the share of peers' active hours that are at least as large.
    pub surprise: f64,
    /// The peers' median and 99th percentile.
    pub quantiles: (u64, u64),
    /// Their active hours.
    pub hours: u64,
    /// Which peers.
    pub judged_against: JudgedAgainst,
}

impl RoleTailReading {
    /// Returns whether it lies below the peers' 99th percentile.
    pub fn is_ordinary(&self) -> bool {
        self.observed < self.quantiles.1
    }
}

/// Returns what peers and the subject itself show of a metric in a window, and which peers those are.
fn shown<'s>(
    subject: &'s Subject,
    metric: Metric,
    window: Window,
) -> (Prior, Evidence, Option<&'s Group>) {
    let own = subject
        .baseline
        .map_or(Evidence::default(), |b| b.evidence(metric, window));
    let Some(begun) = subject.late.since(metric) else {
        let (prior, group) = prior_among(
            subject.groups(),
            subject.kind(),
            (metric, window),
            subject.young,
        );
        return (prior, own, group);
    };
    // Nobody was seen doing it before it was recorded, neither the subject nor its peers.
    let recorded = exposure_since(begun, subject.as_of);
    let own = Evidence {
        exposure: own.exposure.min(recorded),
        ..own
    };
    let shows = |state: &GroupState, metric| {
        let cell = state.prior(metric, window);
        cell.is_some_and(|cell| cell.level.is_some())
    };
    // Listings of buckets are recorded before those of objects are, and say nothing about them.
    let is_mixed = LogClass::Objects.mixes_in(metric);
    let showing = subject.groups().filter(|(_, state)| {
        shows(state, metric) && (!is_mixed || OBJECTS.iter().any(|&of| shows(state, of)))
    });
    let (prior, group) = prior_among(showing, subject.kind(), (metric, window), subject.young);
    let days = subject
        .late
        .young_since(metric)
        .map(|begun| subject.day.since(begun));
    match days.filter(|_| !metric.is_rare()) {
        Some(days) => {
            let unknown = Prior {
                // How often is as unknown as how much.
                alpha: built_in_for_long(metric).alpha,
                beta: built_in_for_long(metric).beta,
                ..built_in(subject.kind(), metric, window)
            };
            let prior = group.map_or(unknown, |_| widened(prior, &unknown, days));
            (prior, own, group)
        }
        None => (prior, own, group),
    }
}

/// Returns what peers show who were themselves recorded for so many days only. They are known as little as they would be in a new store,
/// so their spread is at first no less than where nothing is known, and the less of that remains the longer they are recorded.
fn widened(prior: Prior, built_in: &Prior, days: i32) -> Prior {
    let doubt = 1.0 - f64::from(days.clamp(0, LEARNING_DAYS)) / f64::from(LEARNING_DAYS);
    let rate = |prior: &Prior| prior.alpha / prior.beta;
    let (alpha, beta) = match rate(&prior) < rate(built_in) {
        true => (built_in.alpha, built_in.beta),
        false => (prior.alpha, prior.beta),
    };
    Prior {
        mean: prior.mean,
        between_var: prior.between_var.max(doubt * built_in.between_var),
        within_var: prior.within_var.max(doubt * built_in.within_var),
        alpha,
        beta,
    }
}

/// Returns what an amount of a metric in a window is judged by.
pub fn volume_basis(subject: &Subject, reading: &VolumeReading) -> VolumeBasis {
    let (prior, own, _) = shown(subject, reading.metric, reading.window);
    let habit = reading.habit.as_ref().filter(|habit| habit.explains);
    let repeats = habit.map(|habit| habit.repeats);
    VolumeBasis {
        prior,
        own,
        repeats,
    }
}

/// Returns the predictive for a metric of a subject in a window, and whose history it rests on.
pub fn predictive(
    subject: &Subject,
    metric: Metric,
    window: Window,
) -> (Predictive, JudgedAgainst, f64) {
    let (prior, evidence, group) = shown(subject, metric, window);
    let predictive = Predictive::new(&prior, &evidence);
    let judged_against = if predictive.own_weight() >= 0.5 {
        JudgedAgainst::Own(subject.entity.clone())
    } else {
        group.map_or(JudgedAgainst::BuiltIn, |group| {
            JudgedAgainst::Group(group.clone())
        })
    };
    (predictive, judged_against, evidence.n)
}

/// Which amounts count as volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Amounts {
    /// All of them.
    All,
    /// Those that are not [ordinary](VolumeReading::is_ordinary).
    Extraordinary,
}

impl Amounts {
    /// Returns whether an amount is one of them.
    pub fn include(self, reading: &VolumeReading) -> bool {
        self == Self::All || !reading.is_ordinary()
    }
}

/// Returns the largest surprise of a metric over windows; `None` if it was not active.
pub fn volume(subject: &Subject, metric: Metric, windows: &[Window]) -> Option<VolumeReading> {
    volume_among(subject, metric, windows, (Amounts::All, false))
}

/// Returns what [`volume`] does of some amounts; `None` if there was no such amount. If `by_habit`, what an entity does every week or
/// month at that time is judged by that.
pub fn volume_among(
    subject: &Subject,
    metric: Metric,
    windows: &[Window],
    (amounts, by_habit): (Amounts, bool),
) -> Option<VolumeReading> {
    let known = subject.known();
    let has_peaks = subject.peaks.iter().any(|peak| peak.metric == metric);
    let mut largest: Option<VolumeReading> = None;
    for &window in windows {
        let mut readings = subject.facts.readings(metric, window, &known);
        // Surprise grows with x, so the largest x of a window length has the largest surprise, unless a habit explains it: then the
        // next one may have.
        let largest_of = |readings: &[(u16, u64)]| {
            let all = readings.iter().enumerate();
            let at = all.max_by_key(|&(_, &(slot, x))| (x, std::cmp::Reverse(slot)));
            at.map(|(at, _)| at)
        };
        while let Some(at) = largest_of(&readings) {
            let (slot, observed) = readings.swap_remove(at);
            let read = (start_of(window, slot), observed);
            let mut reading = volume_of(subject, metric, window, read);
            if has_peaks {
                reading = with_habit(subject, reading, by_habit);
            }
            let is_explained = reading.habit.as_ref().is_some_and(|habit| habit.explains);
            let is_larger = |largest: &VolumeReading| reading.surprise > largest.surprise;
            let counts = amounts.include(&reading) && is_founded(subject, &reading);
            if counts && largest.as_ref().is_none_or(is_larger) {
                largest = Some(reading);
            }
            if !is_explained {
                break;
            }
        }
    }
    largest
}

/// Adds what an entity did on earlier days at that time of the week or the month; if `by_habit`, judges it by that.
fn with_habit(subject: &Subject, mut reading: VolumeReading, by_habit: bool) -> VolumeReading {
    let of = Candidate {
        metric: reading.metric,
        window: reading.window,
        day: subject.day,
        start: reading.start,
    };
    let Some((repeats, days)) = repeats(subject.peaks, of) else {
        return reading;
    };
    let explains = by_habit && repeats.holds(reading.observed);
    if explains {
        reading.surprise = reading.surprise.min(repeats.surprise());
    }
    reading.habit = Some(Habit {
        repeats,
        days,
        explains,
    });
    reading
}

/// Returns whether an amount says anything. Of a young log it does where some peers have an amount of it, and else only what is more than
/// chance by what is built in; what is rare, and an act that matters by itself, needs no comparison.
pub fn is_founded(subject: &Subject, reading: &VolumeReading) -> bool {
    let metric = reading.metric;
    reading.judged_against != JudgedAgainst::BuiltIn
        || metric.is_rare()
        || metric.is_declared_act()
        || subject.late.young_since(metric).is_none()
        || reading.surprise >= MORE_THAN_CHANCE && !reading.is_ordinary()
}

/// Returns the second of the day at which a slot begins.
pub fn start_of(window: Window, slot: u16) -> u32 {
    u32::from(slot) * window.secs()
}

/// Judges what a metric was in the window that begins at a second of the day.
pub fn volume_of(
    subject: &Subject,
    metric: Metric,
    window: Window,
    (start, observed): (u32, u64),
) -> VolumeReading {
    let (predictive, judged_against, windows) = predictive(subject, metric, window);
    let surprise = predictive.surprise(observed as f64);
    VolumeReading {
        metric,
        window,
        start,
        observed,
        surprise,
        predictive,
        judged_against,
        windows,
        habit: None,
    }
}

/// Returns the most surprising new value of a trait that day; `None` if it showed nothing new.
pub fn novelty(subject: &Subject, generation: View<'_>, which: Trait) -> Option<NoveltyReading> {
    let mut judged_by = None;
    let mut largest: Option<(f64, u32, &Str)> = None;
    for (hash, value) in subject.new_values(which) {
        let basis = judged_by.get_or_insert_with(|| novelty_basis(subject, which));
        let support = generation.support_of(which, hash);
        let surprise = basis.surprise(active_days(subject), support);
        if largest.is_none_or(|(largest, ..)| surprise > largest) {
            largest = Some((surprise, support, value));
        }
    }
    largest.map(|(surprise, support, value)| reading_of(subject, which, value, support, surprise))
}

/// Returns what new values of a trait are judged by.
pub fn novelty_basis(subject: &Subject, which: Trait) -> NoveltyBasis {
    let lookup = |state: &GroupState| -> Option<GroupNovelty> {
        state
            .novelty
            .binary_search_by_key(&which, |&(t, _)| t)
            .ok()
            .map(|at| state.novelty[at].1)
    };
    let peers = peers_among(subject.groups(), MEMBERS_MIN as u32)
        .and_then(|(_, state)| lookup(state))
        .unwrap_or_default();
    let of_estate = subject.estate().and_then(lookup).unwrap_or_default();
    let Some(baseline) = subject.baseline else {
        return newcomer_basis(subject, which, (peers, of_estate));
    };
    let is_anybody_known = of_estate.active_days > 0.0;
    NoveltyBasis {
        peers,
        estate_support: of_estate.support,
        novel_days: Some(baseline.novel_days(which)),
        allowance: match is_anybody_known {
            true => 0.0,
            false => NOBODY_KNOWN_ALLOWANCE,
        },
    }
}

/// Returns what values of a trait are judged by where the subject has no history, so that all of them are new: what others
/// showed on their first day, and where nobody was new lately, what is new to those who are not.
fn newcomer_basis(
    subject: &Subject,
    which: Trait,
    (mut peers, of_estate): (GroupNovelty, GroupNovelty),
) -> NoveltyBasis {
    let first_days = |state: &GroupState| {
        let at = state
            .newcomers
            .binary_search_by_key(&which, |&(t, _)| t)
            .ok()?;
        Some(state.newcomers[at].1)
    };
    let count = |support: &[f64; SUPPORT_BUCKETS]| support.iter().sum::<f64>();
    let estate = subject
        .estate()
        .and_then(first_days)
        .filter(|support| count(support) >= MEMBERS_MIN as f64);
    let Some(estate_support) = estate else {
        return NoveltyBasis {
            peers,
            estate_support: of_estate.support,
            novel_days: None,
            allowance: NEWCOMER_ALLOWANCE,
        };
    };
    peers.support = subject
        .groups()
        .filter_map(|(_, state)| first_days(state))
        .find(|support| count(support) >= MEMBERS_MIN as f64)
        .unwrap_or(estate_support);
    NoveltyBasis {
        peers,
        estate_support,
        novel_days: None,
        allowance: 0.0,
    }
}

/// Judges one value that the subject is not known for.
fn novelty_of(
    subject: &Subject,
    generation: View<'_>,
    which: Trait,
    hash: u64,
    value: &Str,
) -> NoveltyReading {
    let support = generation.support_of(which, hash);
    let surprise = novelty_basis(subject, which).surprise(active_days(subject), support);
    reading_of(subject, which, value, support, surprise)
}

fn active_days(subject: &Subject) -> u32 {
    subject.baseline.map_or(0, |b| b.active_days)
}

fn reading_of(
    subject: &Subject,
    which: Trait,
    value: &Str,
    support: u32,
    surprise: f64,
) -> NoveltyReading {
    let active_days = active_days(subject);
    NoveltyReading {
        which,
        value: value.clone(),
        surprise,
        support,
        active_days,
        judged_against: match peers_among(subject.groups(), MEMBERS_MIN as u32) {
            _ if f64::from(active_days) >= HAZARD_PRIOR_DAYS => {
                JudgedAgainst::Own(subject.entity.clone())
            }
            Some((group, _)) => JudgedAgainst::Group(group.clone()),
            None => JudgedAgainst::BuiltIn,
        },
    }
}

/// Judges a share by the novelty of its destination; `None` if the subject is known for it.
pub fn grant_novelty(
    subject: &Subject,
    generation: View<'_>,
    destination: &Str,
) -> Option<NoveltyReading> {
    let hash = value_hash(destination);
    let known = subject
        .baseline
        .and_then(|b| b.known(Trait::Destination))
        .is_some_and(|known| known.contains(hash));
    (!known).then(|| novelty_of(subject, generation, Trait::Destination, hash, destination))
}

/// Returns what shares to some destinations are judged by.
pub fn grant_basis(subject: &Subject, generation: View<'_>, destinations: &[Str]) -> GrantBasis {
    let rarest = destinations
        .iter()
        .filter_map(|destination| grant_novelty(subject, generation, destination))
        .max_by(|a, b| a.surprise.total_cmp(&b.surprise));
    GrantBasis {
        first: rarest.map(|reading| FirstAct {
            novelty: novelty_basis(subject, Trait::Destination),
            active_days: reading.active_days,
            support: reading.support,
        }),
    }
}

/// Returns what a newcomer's busiest hour is judged by; `None` if no peer was active.
pub fn hours_basis(subject: &Subject, metric: Metric, observed: u64) -> Option<HoursBasis> {
    let (_, hours) = role_tail_among(subject.groups(), metric, ROLE_AMOUNTS_MIN)?;
    Some(HoursBasis::of(hours, observed))
}

/// Returns a newcomer's busiest hour against its peers' hours.
pub fn role_tail(subject: &Subject, metric: Metric) -> Option<RoleTailReading> {
    let readings = subject
        .facts
        .readings(metric, Window::HOUR, &KnownThings::NOTHING);
    let &(slot, observed) = readings
        .iter()
        .max_by_key(|&&(slot, x)| (x, std::cmp::Reverse(slot)))?;
    let found = role_tail_among(subject.groups(), metric, ROLE_AMOUNTS_MIN);
    let (surprise, quantiles, hours, judged_against) = match found {
        Some((group, tail)) => (
            tail.surprise(observed as f64),
            (tail.quantile(0.5), tail.quantile(0.99)),
            tail.total(),
            JudgedAgainst::Group(group.clone()),
        ),
        None => (0.0, (0, 0), 0, JudgedAgainst::BuiltIn),
    };
    Some(RoleTailReading {
        metric,
        slot,
        observed,
        surprise,
        quantiles,
        hours,
        judged_against,
    })
}
