//! What became known since a generation was published: it belongs to the events that are judged, and not to the generation.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::baseline::{Generation, TRAIT_MEMORY_DAYS};
use crate::identity::ResolvedEvent;
use crate::measure::{
    CREATIONS_MAX, Creation, Creations, DayAggregate, Issuance, Issuances, Links, Minute,
    OwnAccounts, keep_creations, note_creation, note_creation_of_day, value_hash,
};
use crate::time::{Day, Time};
use crate::vocab::{Entity, Str};

/// Days of which everything is remembered, including the present one: those that late events may still change.
pub const OPEN_DAYS: i32 = 8;
/// Days for which links, minutes and credentials are remembered: the first open day needs those of the days before it.
const CONTEXT_DAYS: i32 = OPEN_DAYS + 3;
/// Days for which the creation of an identity is remembered.
const CREATION_DAYS: i32 = 30;
/// The most entities that are remembered although the generation does not know them.
const NEWCOMERS_MAX: usize = 1 << 18;

/// What the days that are judged teach beside facts: whose trails are read, which identities and credentials are new, and
/// who uses which instance. A judge of a day sees what that day and those before it taught.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// Accounts whose own trail was read, by the first day.
    accounts: BTreeMap<Str, Day>,
    created: BTreeMap<Day, Creations>,
    issued: BTreeMap<Day, Issuances>,
    /// The links of days that are complete, each with what those before it pass on.
    links: BTreeMap<Day, Links>,
    newcomers: BTreeMap<Entity, Newcomer>,
    /// Accounts that the configuration lists as ours: their own trails may not be read.
    #[serde(skip)]
    listed: OwnAccounts,
}

/// What is remembered of an entity that the generation does not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Newcomer {
    first: Day,
    last: Day,
    /// Minutes of the last days.
    minutes: BTreeMap<Day, Vec<(u16, Minute)>>,
}

impl Context {
    /// Starts with the accounts that the configuration lists as ours, in addition to those whose trails are read.
    pub fn listing(accounts: OwnAccounts) -> Self {
        Self {
            listed: accounts,
            ..Self::default()
        }
    }

    /// Adds what one day teaches.
    #[must_use]
    pub fn with_day(mut self, aggregate: &DayAggregate) -> Self {
        self.note_day(aggregate);
        self
    }

    /// Returns what was remembered, with the accounts that are listed here.
    #[must_use]
    pub fn with(self, remembered: Self) -> Self {
        Self {
            listed: self.listed,
            ..remembered
        }
    }

    /// Notes what an event teaches; returns whether it was read from the trail of an account that was not known before.
    pub fn note(&mut self, resolved: &ResolvedEvent) -> bool {
        let event = resolved.event;
        let day = event.time.day();
        if let Some(created) = &event.created {
            let of_day = self.created.entry(day).or_default();
            note_creation_of_day(of_day, created, &Creation::of(resolved));
        }
        if let Some((credential, issuance)) = Issuance::of(resolved) {
            let of_day = self.issued.entry(day).or_default();
            of_day.note(credential, issuance);
        }
        match event.account.as_ref().filter(|_| event.principal.is_some()) {
            Some(account) => self.note_account(account, day),
            None => false,
        }
    }

    /// Drops what a day taught beyond its bounds, before it is judged.
    pub fn keep_bounded(&mut self, day: Day) {
        if let Some(created) = self.created.get_mut(&day) {
            keep_creations(created, CREATIONS_MAX);
        }
    }

    /// Notes what a day teaches.
    pub fn note_day(&mut self, aggregate: &DayAggregate) {
        let day = aggregate.day;
        for account in &aggregate.accounts {
            self.note_account(account, day);
        }
        for (identity, creation) in &aggregate.created {
            note_creation(self.created.entry(day).or_default(), identity, creation);
        }
        self.issued.entry(day).or_default().merge(&aggregate.issued);
    }

    /// Notes that the own trail of an account was read on a day; returns whether it was not known to be as early as that.
    pub fn note_account(&mut self, account: &Str, day: Day) -> bool {
        if let Some(first) = self.accounts.get_mut(account) {
            let is_earlier = day < *first;
            *first = day.min(*first);
            return is_earlier;
        }
        self.accounts.insert(account.clone(), day);
        true
    }

    /// Notes the links of a day that is complete, with what those before it pass on.
    pub fn note_links(&mut self, day: Day, links: Links) {
        self.links.insert(day, links);
    }

    /// Returns the links of the last complete day before a day.
    pub fn links_before(&self, day: Day) -> Option<(Day, &Links)> {
        let (&last, links) = self.links.range(..day).next_back()?;
        Some((last, links))
    }

    /// Remembers an entity that the generation does not know, by its minutes of a day as far as they are known; a later
    /// version of the same day replaces them. Returns whether anything is another than before.
    pub fn remember(&mut self, entity: &Entity, day: Day, minutes: Vec<(u16, Minute)>) -> bool {
        let newcomer = self.newcomers.entry(entity.clone());
        let newcomer = newcomer.or_insert_with(|| Newcomer {
            first: day,
            last: day,
            minutes: BTreeMap::new(),
        });
        let is_earlier = day < newcomer.first;
        newcomer.first = newcomer.first.min(day);
        newcomer.last = newcomer.last.max(day);
        let before = newcomer.minutes.insert(day, minutes);
        is_earlier || before.as_ref() != newcomer.minutes.get(&day)
    }

    /// Forgets a day of an entity that turned out not to be there on that day; returns whether it was remembered.
    pub fn forget(&mut self, entity: &Entity, day: Day) -> bool {
        let Some(newcomer) = self.newcomers.get_mut(entity) else {
            return false;
        };
        if newcomer.minutes.remove(&day).is_none() {
            return false;
        }
        let days = || newcomer.minutes.keys().copied();
        match (days().next(), days().next_back()) {
            (Some(first), Some(last)) => {
                if newcomer.first == day {
                    newcomer.first = first;
                }
                newcomer.last = newcomer.last.min(last.max(newcomer.first));
            }
            _ if newcomer.first == day => {
                self.newcomers.remove(entity);
            }
            _ => {}
        }
        true
    }

    /// Returns the first day on which an entity was judged, and its minutes of the day before `day`.
    pub fn met(&self, entity: &Entity, day: Day) -> Option<(Day, &[(u16, Minute)])> {
        let newcomer = self.newcomers.get(entity)?;
        let previous_day = newcomer.minutes.get(&day.plus(-1));
        Some((newcomer.first, previous_day.map_or(&[], Vec::as_slice)))
    }

    /// Forgets what does not matter any more on a day and those after it.
    pub fn forget_before(&mut self, day: Day) {
        let oldest = |days: i32| day.plus(1 - days);
        self.created.retain(|&at, _| at >= oldest(CREATION_DAYS));
        self.issued.retain(|&at, _| at >= oldest(CONTEXT_DAYS));
        let last = self.links.keys().next_back().copied();
        self.links
            .retain(|&at, _| at >= oldest(CONTEXT_DAYS) || Some(at) == last);
        self.newcomers
            .retain(|_, newcomer| newcomer.last >= oldest(TRAIT_MEMORY_DAYS));
        for newcomer in self.newcomers.values_mut() {
            newcomer.minutes.retain(|&at, _| at >= oldest(CONTEXT_DAYS));
        }
        if self.newcomers.len() > NEWCOMERS_MAX {
            // Those seen last, and of these the ones with the lowest hashes, which are the same in any order of arrival.
            let mut by_age: Vec<_> = std::mem::take(&mut self.newcomers).into_iter().collect();
            by_age.sort_by_key(|(entity, n)| (Reverse(n.last), value_hash(&entity.id)));
            by_age.truncate(NEWCOMERS_MAX);
            self.newcomers = by_age.into_iter().collect();
        }
    }
}

/// A generation as one sees it who judges a day: with what that day and those before it taught.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The generation.
    pub generation: &'a Generation,
    context: Option<&'a Context>,
    /// The day that is judged.
    day: Day,
}

impl<'a> View<'a> {
    /// Combines a generation and what is known beside it on a day.
    pub fn new(generation: &'a Generation, context: &'a Context, day: Day) -> Self {
        Self {
            generation,
            context: Some(context),
            day,
        }
    }

    /// Returns a generation as it was published.
    pub fn of(generation: &'a Generation) -> Self {
        Self {
            generation,
            context: None,
            day: generation.as_of,
        }
    }

    /// Returns the day that is judged.
    pub fn day(&self) -> Day {
        self.day
    }

    /// Returns the accounts whose own trail is read.
    pub fn own_accounts(&self) -> OwnAccounts {
        let mut own = self.generation.own_accounts.clone();
        let since = self.context.iter().flat_map(|context| &context.accounts);
        own.extend(
            since
                .filter(|(_, first)| **first <= self.day)
                .map(|(account, _)| account.clone()),
        );
        own
    }

    /// Returns whether an account is ours: its trail is read, or the configuration lists it.
    pub fn is_ours(&self, account: &Str) -> bool {
        let since = self.context.and_then(|c| c.accounts.get(account));
        since.is_some_and(|first| *first <= self.day)
            || self.context.is_some_and(|c| c.listed.contains(account))
            || self.generation.own_accounts.contains(account)
    }

    /// Returns the creation of an identity, if it was logged recently.
    pub fn creation(&self, identity: &Str) -> Option<&'a Creation> {
        let published = self.generation.created.get(identity);
        let since = self.context.into_iter().flat_map(|context| {
            let days = context.created.range(..=self.day);
            days.filter_map(|(_, created)| created.get(identity))
        });
        published.into_iter().chain(since).reduce(|known, next| {
            if next.goes_before(known) { next } else { known }
        })
    }

    /// Returns how a credential was obtained, if that was before its use at an instant.
    pub fn issuance_before(&self, credential: &Str, at: Time) -> Option<&'a Issuance> {
        let published = self.generation.issued.before(credential, at);
        let since = self.context.into_iter().flat_map(|context| {
            let days = context.issued.range(..=self.day.min(at.day()));
            days.filter_map(|(_, issued)| issued.get(credential))
        });
        let known = published
            .into_iter()
            .chain(since.filter(|issuance| issuance.at <= at));
        known.reduce(|known, next| {
            let is_earlier_day = next.at.day() < known.at.day();
            let is_better = next.at.day() == known.at.day() && next.goes_before(known);
            if is_earlier_day || is_better {
                next
            } else {
                known
            }
        })
    }
}

impl Deref for View<'_> {
    type Target = Generation;

    fn deref(&self) -> &Generation {
        self.generation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::EntityKind;

    #[test]
    fn a_day_that_is_remembered_again_keeps_its_previous_day() {
        let entity = Entity {
            kind: EntityKind::Identity,
            id: "newcomer".into(),
        };
        let (previous_day, day) = (Day(20_000), Day(20_001));
        let minutes = |read_calls| {
            let minute = Minute {
                read_calls,
                ..Minute::default()
            };
            [(0, minute)]
        };
        let mut context = Context::default();
        for (at, reads) in [(previous_day, 3), (day, 5), (day, 8)] {
            context.remember(&entity, at, minutes(reads).to_vec());
        }
        let met = |at| context.met(&entity, at);
        assert_eq!(met(day), Some((previous_day, &minutes(3)[..])));
        let next = met(day.plus(1));
        assert_eq!(
            next,
            Some((previous_day, &minutes(8)[..])),
            "the latest version"
        );
    }
}
