//! Learning what changed: from the newest state of learning that still counts, the days since then are learnt in order, and the
//! states are kept from which later nights may go on.
//!
//! A state counts if replaying the days before it would end in it: the same days, in the same files, with the same exclusions,
//! under the same configuration and by the same version. So learning from states and learning from the first day give the
//! same bytes, and states may be lost at any time.

use std::collections::BTreeMap;

use crate::baseline::{CalibrationLog, TRAIT_MEMORY_DAYS};
use crate::engine::replay::Replay;
use crate::engine::{Progress, Setup, cancelled};
use crate::error::Result;
use crate::learn::{Exclusions, Memory, PeerGroupOf};
use crate::measure::{DayAggregate, value_hash};
use crate::store::{StateEntry, Store};
use crate::time::Day;

/// The version of learning: raised whenever the same days are learnt to something else.
const LEARNING: u32 = 3;
/// Days in the blocks of the calendar at which the memory begins: the least in which each weekday is as frequent, and the
/// distance of the foundings of peer clusters.
const BLOCK_DAYS: i32 = 28;

/// Returns the first day that is remembered when `last` is the newest: 90 days are remembered, and the rest of the block of four
/// weeks in which they begin.
///
/// A memory that begins a day later is another one: nothing that was learnt follows from it without the days. So it begins
/// later once in four weeks, when all days are learnt again, and not every night.
pub(super) fn memory_begins(last: Day) -> Day {
    let oldest = last.plus(1 - TRAIT_MEMORY_DAYS);
    Day(oldest.0.div_euclid(BLOCK_DAYS) * BLOCK_DAYS)
}

/// Returns whether the state of a morning is kept while `last` is the newest day: that of the newest day, and of older ones
/// about as many days apart as they are old: one of one day, of two or three, of four to seven, of eight to fifteen, and so on.
fn is_kept(morning: Day, last: Day) -> bool {
    let age = last.since(morning);
    age >= 0
        && age
            < 2i32
                .checked_shl(morning.0.trailing_zeros())
                .unwrap_or(i32::MAX)
}

/// What is to be learnt.
pub(super) struct Lesson<'l> {
    pub setup: &'l Setup,
    pub peer_group_of: &'l PeerGroupOf<'l>,
    /// What analysts excluded.
    pub exclusions: Exclusions,
    /// The days to be remembered, in order, with the file that holds each.
    pub days: BTreeMap<Day, String>,
    /// The states that earlier nights left.
    pub states: &'l [StateEntry],
    /// What earlier nights scored.
    pub log: CalibrationLog,
    /// The number of the generation that comes of it.
    pub number: u64,
}

/// What was learnt.
pub(super) struct Learnt<'l> {
    /// The replay, after the last day.
    pub replay: Replay<'l>,
    /// The states to be kept, in order. They are complete on disk.
    pub states: Vec<StateEntry>,
    /// How many days were learnt for it.
    pub n_replayed: usize,
}

/// Learns the days, as far as no state has them; `load` is asked for each day that is, in order.
pub(super) fn learn<'l>(
    lesson: Lesson<'l>,
    store: &Store,
    mut load: impl FnMut(Day) -> Result<DayAggregate>,
    progress: &dyn Progress,
) -> Result<Learnt<'l>> {
    let conditions = Conditions::of(&lesson);
    let Lesson {
        setup,
        peer_group_of,
        exclusions,
        days,
        states,
        log,
        number,
    } = lesson;
    let last = days.keys().next_back().copied().unwrap_or(Day(0));
    let mut counting: BTreeMap<Day, StateEntry> = states
        .iter()
        .filter(|entry| days.contains_key(&entry.morning) && is_kept(entry.morning, last))
        .filter(|entry| store.is_state_under(entry, &conditions.on(entry.morning)))
        .map(|entry| (entry.morning, entry.clone()))
        .collect();
    // A day that is still to be scored is scored by what was known on its morning.
    let unscored = days.keys().find(|day| Some(**day) > log.through);
    let (memory, first) = resume(store, &mut counting, *unscored.unwrap_or(&last));
    let to_learn: Vec<Day> = match first {
        Some(morning) => days.range(morning..).map(|(day, _)| *day).collect(),
        None => days.keys().copied().collect(),
    };
    let mut replay = Replay::resumed(setup, peer_group_of, memory, log).without(exclusions);
    progress.begin("learning", Some(to_learn.len() as u64));
    for (done, &day) in to_learn.iter().enumerate() {
        if progress.is_cancelled() {
            return Err(cancelled());
        }
        let has_begun = replay.memory().head().has_begun();
        if has_begun && is_kept(day, last) && !counting.contains_key(&day) {
            let under = conditions.on(day);
            let staged = store.stage_state(day, replay.memory(), &under, number)?;
            let entry = StateEntry {
                morning: day,
                file: staged.into_name(),
            };
            counting.insert(day, entry);
        }
        let aggregate = load(day)?;
        match day == last {
            true => replay.learn_last(aggregate),
            false => replay.learn(aggregate),
        }
        progress.advance(done as u64 + 1);
    }
    progress.end();
    Ok(Learnt {
        replay,
        states: counting.into_values().collect(),
        n_replayed: to_learn.len(),
    })
}

/// Returns the newest state that counts and is no later than a morning, and which morning that is; without any, nothing is
/// remembered. One that turns out to be damaged does not count.
fn resume(
    store: &Store,
    counting: &mut BTreeMap<Day, StateEntry>,
    latest: Day,
) -> (Memory, Option<Day>) {
    while let Some((&morning, entry)) = counting.range(..=latest).next_back() {
        match store.load_state(entry) {
            Ok(memory) => return (memory, Some(morning)),
            Err(_) => counting.remove(&morning),
        };
    }
    (Memory::default(), None)
}

/// What decides how days are learnt.
struct Conditions {
    of_setup: String,
    /// By day: its file, and what is excluded on it.
    of_days: BTreeMap<Day, String>,
}

impl Conditions {
    fn of(lesson: &Lesson) -> Self {
        let config = &lesson.setup.config;
        let of_setup = format!(
            "learning {LEARNING} of {}\nwindows {:?}\npeer groups {:?}\nclusters {}",
            env!("CARGO_PKG_VERSION"),
            lesson.setup.plan.windows,
            config.peer_groups,
            config.clusters_peers,
        );
        let of_day = |(&day, file): (&Day, &String)| {
            let excluded = lesson.exclusions.on(day);
            let excluded = excluded.map(|(entity, of)| format!("\n{entity:?} {:?}", of.metrics));
            (day, format!("\n{file}{}", excluded.collect::<String>()))
        };
        Self {
            of_setup,
            of_days: lesson.days.iter().map(of_day).collect(),
        }
    }

    /// Returns a short text for all that decides what is remembered on the morning of a day.
    fn on(&self, morning: Day) -> String {
        let days = self.of_days.range(..morning).map(|(_, of)| of.as_str());
        let all: String = std::iter::once(self.of_setup.as_str())
            .chain(days)
            .collect();
        format!("{:016x}", value_hash(&all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_begins_with_a_block_and_has_ninety_days() {
        let mut begun = memory_begins(Day(20_000));
        for last in (20_000..20_400).map(Day) {
            let first = memory_begins(last);
            let n_days = last.since(first) + 1;
            assert!((TRAIT_MEMORY_DAYS..TRAIT_MEMORY_DAYS + BLOCK_DAYS).contains(&n_days));
            assert!(first == begun || first.since(begun) == BLOCK_DAYS);
            begun = first;
        }
    }

    #[test]
    fn few_states_are_kept_and_one_is_never_much_older_than_a_late_day() {
        for last in (20_000..20_300).map(Day) {
            let kept: Vec<Day> = (0..118)
                .map(|age| last.plus(-age))
                .filter(|morning| is_kept(*morning, last))
                .collect();
            assert!(kept[0] == last && kept.len() <= 9, "{kept:?}");
            for late in 1..29 {
                let day = last.plus(-late);
                let newest = kept.iter().find(|morning| **morning <= day);
                assert!(newest.is_some_and(|m| last.since(*m) < 4 * late));
            }
            // None is wanted that was not kept the night before.
            assert!(kept[1..].iter().all(|m| is_kept(*m, last.plus(-1))));
        }
    }
}
