//! The entity that is judged, and its history.

use schemars::JsonSchema;
use serde::Serialize;

use crate::baseline::{Baseline, Chain, FewPriors, Group, GroupState, LateLogs, Past, Peak, View};
use crate::event::{IdentityKind, Provider};
use crate::learn::{PeerGroupOf, chain_of_newcomer, exposure_since, known};
use crate::measure::{
    DayFacts, KnownThings, LogClass, LogKey, Minute, Namesake, are_two, may_be_given_again,
    of_former,
};
use crate::stats::constants::{DAYS_UNSCORED, NEWNESS_DAYS};
use crate::time::{Day, Window};
use crate::vocab::{Entity, Metric, Str, Trait};

/// What sums of weights may differ by.
const EXPOSURE_ERROR: f64 = 1e-9;

/// The entity that is judged on a day, and its history.
pub struct Subject<'a> {
    /// Which entity.
    pub entity: &'a Entity,
    /// What it did that day, as far as is known.
    pub facts: &'a DayFacts,
    /// The day.
    pub day: Day,
    /// The morning of its baseline.
    pub as_of: Day,
    /// Its baseline, if the generation has one.
    pub baseline: Option<&'a Baseline>,
    /// The principal that had its name before, if there was one.
    pub namesake: Option<Namesake>,
    /// The groups it is judged against.
    pub chain: Chain,
    /// What is known of each of them.
    states: Vec<Option<&'a GroupState>>,
    /// The days on which it did far more of something than usual.
    pub peaks: &'a [Peak],
    /// The priors of few, if it is judged by them.
    pub young: Option<&'a FewPriors>,
    /// The day on which it was first seen.
    pub first_day: Day,
    /// The logs of its day that began later than the store.
    pub late: LateLogs,
    /// Whether it is a newcomer.
    pub standing: Standing,
    /// Reads and external bytes by minute of the day before, for a newcomer's second day.
    pub previous_day: &'a [(u16, Minute)],
}

/// Whether an entity is a newcomer, as far as the stored days and the logs show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is in its first two UTC days: it was not seen before though the memory begins earlier, or its creation is logged.
    New,
    /// It is known for longer.
    Established,
    /// It was first seen within the first days of what is remembered, or of a log, and may be new or much older.
    Unknown,
}

impl<'a> Subject<'a> {
    /// Looks up the history of an entity.
    ///
    /// `met` is what this run of scoring has seen of the entity before: its first day, and the minutes of the day before.
    pub fn of(
        entity: &'a Entity,
        facts: &'a DayFacts,
        day: Day,
        generation: View<'a>,
        met: Option<(Day, &'a [(u16, Minute)])>,
        peer_group_of: &PeerGroupOf,
    ) -> Self {
        let (baseline, namesake) = history(entity, facts, generation);
        let chain = match baseline {
            Some(baseline) => baseline.chain.clone(),
            None => chain_of_newcomer(entity, facts, peer_group_of),
        };
        let first_day = [baseline.map(|b| b.first_day), met.map(|(day, _)| day)]
            .into_iter()
            .flatten()
            .fold(day, Day::min);
        let previous_day: &[(u16, Minute)] = match (met, baseline) {
            (Some((_, previous_day)), _) if !previous_day.is_empty() => previous_day,
            (_, Some(baseline)) if baseline.last_day.plus(1) == day => &baseline.first_day_timeline,
            _ => &[],
        };
        let peaks = baseline.and_then(|_| generation.generation.peaks.get(entity));
        let late = late_logs(entity, (day, facts), baseline, generation);
        let standing = standing(entity, first_day, &late, generation);
        Self {
            late,
            standing,
            as_of: generation.as_of,
            entity,
            facts,
            day,
            baseline,
            peaks: peaks.map_or(&[], |peaks| peaks),
            namesake,
            states: generation.generation.states_of(&chain),
            young: generation.generation.young(),
            chain,
            first_day,
            previous_day,
        }
    }

    /// Returns the groups it is judged against of which something is known, nearest first.
    pub fn groups(&self) -> impl Iterator<Item = (&Group, &'a GroupState)> {
        let known = self.chain.iter().zip(&self.states);
        known.filter_map(|(group, state)| Some((group, (*state)?)))
    }

    /// Returns what is known of the widest group.
    pub fn estate(&self) -> Option<&'a GroupState> {
        self.states.last().copied().flatten()
    }

    /// Returns the kind of identity: that of its history, else what the day states.
    pub fn kind(&self) -> IdentityKind {
        self.baseline
            .map_or_else(|| self.facts.profile.kind(), |b| b.kind)
    }

    /// Returns what it is known for, unless nothing can be called new to it.
    pub fn known(&self) -> KnownThings<'a> {
        let known = known(
            self.baseline.is_none(),
            self.baseline.map_or(&[], |b| &b.traits),
        );
        let is_young = self.late.young_since(Metric::BucketsListed).is_some();
        let regions = known.regions.filter(|_| self.shows_new_region());
        KnownThings {
            buckets: known.buckets.filter(|_| !is_young),
            prefixes: known.prefixes.filter(|_| !is_young),
            regions,
        }
    }

    /// Returns whether it worked in any region that is new to it.
    fn shows_new_region(&self) -> bool {
        self.new_values(Trait::WorkRegion).next().is_some()
    }

    /// Returns the values of a trait that it is not known for, without those that a young log may only have brought to light.
    pub fn new_values(&self, which: Trait) -> impl Iterator<Item = (u64, &'a Str)> {
        let known = self.baseline.and_then(|b| b.known(which));
        let values = self.facts.trait_values(which).into_iter();
        let new = values.flat_map(|values| values.hashed());
        new.filter(move |&(hash, value)| {
            known.is_none_or(|known| !known.contains(hash))
                && !self.is_explained(which, hash, value)
        })
    }

    /// Returns whether a young log may account for all that shows a value.
    pub fn is_explained(&self, which: Trait, hash: u64, value: &str) -> bool {
        self.late.explain(self.facts, which, (hash, value))
    }

    /// Returns whether what is recorded since a day is not scored into the stored distributions: as in a new store, everything was new
    /// on its first days.
    pub fn is_unscored(&self, since: Option<Day>) -> bool {
        since.is_some_and(|since| self.day.since(since) < DAYS_UNSCORED)
    }
}

/// Returns the logs of a day's facts that began later than the store.
fn late_logs(
    entity: &Entity,
    (day, facts): (Day, &DayFacts),
    baseline: Option<&Baseline>,
    generation: View<'_>,
) -> LateLogs {
    let past = baseline.map(|baseline| Past {
        first_day: baseline.first_day,
        provider: baseline.provider,
        account: baseline.account.as_ref(),
    });
    // More active days than the log has had: they are of the time before it.
    let was_there_before = |class: LogClass, begun: Day| {
        let mut metrics = baseline.iter().flat_map(|b| &b.metrics);
        let most = exposure_since(begun, generation.as_of);
        metrics.any(|&((metric, window), state)| {
            class.shown_by().contains(&metric)
                && window == Window::DAY
                && state.active > most + EXPOSURE_ERROR
        })
    };
    // Facts name one of the accounts in which somebody did something. Whose own id names another one is at home there.
    let is_guest = |log: &LogKey| {
        let at_home = entity.id.split(':').nth(4);
        log.provider == Provider::Aws && at_home.is_some_and(|home| *home != *log.account)
    };
    let began_late = |log: &LogKey| {
        let begun = generation.began_late(log)?;
        (baseline.is_some() || !is_guest(log)).then_some(begun)
    };
    LateLogs::of((day, facts), past, began_late, was_there_before)
}

/// Returns whether an entity is a newcomer. One that is first seen on the first days that the store holds, or that a log is there, may be
/// much older, unless its creation was logged.
fn standing(entity: &Entity, first_day: Day, late: &LateLogs, generation: View<'_>) -> Standing {
    let day = generation.day();
    if day.since(first_day) >= NEWNESS_DAYS {
        return Standing::Established;
    }
    let is_created = || {
        let created = generation.creation(&entity.id);
        created.is_some_and(|creation| day.since(creation.at.day()) < NEWNESS_DAYS)
    };
    let is_seen = generation.is_late(first_day) && !late.hide_beginning(first_day);
    match is_seen || is_created() {
        true => Standing::New,
        false => Standing::Unknown,
    }
}

/// Returns the baseline of an entity, unless it is that of another principal that had the same name.
pub fn own_baseline<'g>(
    entity: &Entity,
    facts: &DayFacts,
    generation: View<'g>,
) -> Option<&'g Baseline> {
    history(entity, facts, generation).0
}

/// Returns the history of an entity, and the principal that had its name before. What that one did is no history of it.
fn history<'g>(
    entity: &Entity,
    facts: &DayFacts,
    generation: View<'g>,
) -> (Option<&'g Baseline>, Option<Namesake>) {
    if let Some((id, unique_id)) = of_former(&entity.id) {
        let name = Entity {
            kind: entity.kind,
            id: id.into(),
        };
        let known = generation.generation.baselines.get(&name);
        let is_own = |b: &&Baseline| b.unique_id.as_deref() == Some(unique_id);
        return (known.filter(is_own), None);
    }
    let Some(known) = generation.generation.baselines.get(entity) else {
        return (None, generation.namesakes.get(entity).cloned());
    };
    let stated = facts.profile.unique_id.as_ref();
    let has_another_id = are_two(known.unique_id.as_ref(), stated);
    let was_made_again = may_be_given_again(&entity.id)
        && generation
            .creation(&entity.id)
            .is_some_and(|creation| creation.at.day() > known.first_day);
    if has_another_id || was_made_again {
        let namesake = Namesake {
            unique_id: known.unique_id.clone(),
            last_day: known.last_day,
        };
        return (None, Some(namesake));
    }
    (Some(known), known.namesake.clone())
}
