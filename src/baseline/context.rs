//! What became known since a generation was published: it belongs to the events that are judged, and not to the generation.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::baseline::trails::RECENT_DAYS;
use crate::baseline::{Beginning, Generation, TRAIT_MEMORY_DAYS, YoungLog};
use crate::event::{Action, Event};
use crate::identity::ResolvedEvent;
use crate::measure::{
    Breadth, CREATIONS_MAX, Creation, Creations, DayAggregate, DayTrails, FINDING_DAYS, Finding,
    Findings, Issuance, Issuances, Links, LogClass, LogKey, Minute, OwnAccounts, SIGN_IN_DAYS,
    SignIn, SignIns, keep_creations, last_sign_ins, note_creation, note_creation_of_day,
    value_hash,
};
use crate::stats::constants::{LEARNING_DAYS, NEWNESS_DAYS};
use crate::time::{Day, Time};
use crate::vocab::{Entity, EntityKind, Str};

/// Days of which everything is remembered, including the present one: those that late events may still change.
pub const OPEN_DAYS: i32 = 8;
const _: () = assert!(RECENT_DAYS >= OPEN_DAYS, "any open day can be judged");
/// Days for which links, minutes and credentials are remembered: the first open day needs those of the days before it.
const CONTEXT_DAYS: i32 = OPEN_DAYS + 3;
/// Days for which the creation of an identity is remembered.
const CREATION_DAYS: i32 = 30;
/// Seconds for which a sign-in from the address of an event is more likely to have begun its session than a later one from elsewhere.
const SAME_ADDRESS_SECS: i64 = 86_400;
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
    /// The sign-ins of days that are judged, those of earlier days with the first. A snapshot has them beside this, since earlier ones
    /// have none.
    #[serde(skip)]
    sign_ins: BTreeMap<Day, SignIns>,
    /// What other detectors concluded of days. A snapshot has it beside this.
    #[serde(skip)]
    findings: BTreeMap<Day, Findings>,
    /// The links of days that are complete, each with what those before it pass on.
    links: BTreeMap<Day, Links>,
    newcomers: BTreeMap<Entity, Newcomer>,
    /// How many identities were in logs of the last days. A snapshot has them beside this.
    #[serde(skip)]
    logs: DaysOfLogs,
    /// When each trail had records on the last days that the generation did not learn. A snapshot has them beside this.
    #[serde(skip)]
    trails: DaysOfTrails,
    /// Accounts that the configuration lists as ours: their own trails may not be read.
    #[serde(skip)]
    listed: OwnAccounts,
}

/// How many identities were in the logs of days, as far as the generation does not know when these began.
pub type DaysOfLogs = BTreeMap<Day, BTreeMap<LogKey, Breadth>>;

/// When each trail had records, by day.
pub type DaysOfTrails = BTreeMap<Day, DayTrails>;

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
        if let Some((identity, sign_in)) = SignIn::of(resolved) {
            let of_day = self.sign_ins.entry(day).or_default();
            of_day.note(identity, sign_in);
        }
        if event.action == Action::Finding {
            self.findings.entry(day).or_default().note_event(resolved);
            return false;
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
        if !aggregate.sign_ins.is_empty() {
            let of_day = self.sign_ins.entry(day).or_default();
            of_day.merge(&aggregate.sign_ins);
        }
        if !aggregate.findings.is_empty() {
            let of_day = self.findings.entry(day).or_default();
            of_day.merge(&aggregate.findings);
        }
    }

    /// Returns what other detectors concluded of the last days.
    pub fn findings(&self) -> &BTreeMap<Day, Findings> {
        &self.findings
    }

    /// Returns the same with these findings.
    #[must_use]
    pub fn with_findings(self, findings: BTreeMap<Day, Findings>) -> Self {
        Self { findings, ..self }
    }

    /// Returns the sign-ins of the last days.
    pub fn sign_ins(&self) -> &BTreeMap<Day, SignIns> {
        &self.sign_ins
    }

    /// Returns the same with these sign-ins.
    #[must_use]
    pub fn with_sign_ins(self, sign_ins: BTreeMap<Day, SignIns>) -> Self {
        Self { sign_ins, ..self }
    }

    /// Notes in which logs the identities of a day are.
    pub fn note_logs<'l>(
        &mut self,
        day: Day,
        logs: impl IntoIterator<Item = (&'l LogKey, Breadth)>,
    ) {
        let logs = logs.into_iter().map(|(key, of)| (key.clone(), of));
        let logs: BTreeMap<LogKey, Breadth> = logs.collect();
        match logs.is_empty() {
            true => self.logs.remove(&day),
            false => self.logs.insert(day, logs),
        };
    }

    /// Returns in which logs the identities of the last days were.
    pub fn logs(&self) -> &DaysOfLogs {
        &self.logs
    }

    /// Returns the same with these logs.
    #[must_use]
    pub fn with_logs(self, logs: DaysOfLogs) -> Self {
        Self { logs, ..self }
    }

    /// Notes when each trail had records on a day.
    pub fn note_trails(&mut self, day: Day, trails: &DayTrails) {
        match trails.is_empty() {
            true => self.trails.remove(&day),
            false => self.trails.insert(day, trails.clone()),
        };
    }

    /// Returns when each trail had records on the last days that were judged.
    pub fn trails(&self) -> &DaysOfTrails {
        &self.trails
    }

    /// Returns the same with these trails.
    #[must_use]
    pub fn with_trails(self, trails: DaysOfTrails) -> Self {
        Self { trails, ..self }
    }

    /// Puts the trails of days before one together, as those of the last of them: when each was last seen must stay known.
    fn put_trails_together_before(&mut self, day: Day) {
        let kept = self.trails.split_off(&day);
        let earlier = std::mem::replace(&mut self.trails, kept);
        let Some(&last) = earlier.keys().next_back() else {
            return;
        };
        let mut together = DayTrails::default();
        for (_, trails) in earlier {
            together.merge(trails);
        }
        self.trails.insert(last, together);
    }

    /// Puts the sign-ins of days that are not judged any more together, as those before the first that may be.
    fn forget_sign_ins_before(&mut self, day: Day) {
        let first_open = day.plus(1 - OPEN_DAYS);
        let open = self.sign_ins.split_off(&first_open);
        let mut earlier = SignIns::new();
        for of_day in std::mem::replace(&mut self.sign_ins, open).values() {
            earlier.merge(of_day);
        }
        earlier.forget_before(first_open.plus(1 - SIGN_IN_DAYS).start());
        if !earlier.is_empty() {
            self.sign_ins.insert(first_open.plus(-1), earlier);
        }
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
        self.logs.retain(|&at, _| at >= oldest(CREATION_DAYS));
        self.findings.retain(|&at, _| at >= oldest(FINDING_DAYS));
        self.put_trails_together_before(oldest(CREATION_DAYS));
        self.forget_sign_ins_before(day);
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

    /// Returns whether the day is one of the first two that are remembered, so that nobody is known.
    pub fn is_beginning(&self) -> bool {
        self.generation.number_of_days_before(self.day) < NEWNESS_DAYS
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

    /// Returns whether a log of a day may be one of which the generation does not know when it began.
    pub fn is_open(&self, key: &LogKey) -> bool {
        let beginnings = &self.generation.beginnings;
        let known = beginnings.get(key);
        !beginnings.is_empty() && known.is_none_or(|log| log.begun().is_none())
    }

    /// Returns what is known of a log by the end of the day that is judged.
    pub fn log(&self, key: &LogKey) -> Option<Beginning> {
        let beginnings = &self.generation.beginnings;
        let known = beginnings.get(key).copied();
        // A generation without any was learnt before they were remembered.
        if beginnings.is_empty() || (known.is_none() && beginnings.is_full()) {
            return None;
        }
        let account_key = key.of_account();
        let mut account = beginnings.get(&account_key).copied();
        let days = self.context.into_iter().flat_map(|context| {
            let first = self.generation.as_of.min(self.day);
            context.logs.range(first..=self.day)
        });
        days.fold(known, |known, (&day, logs)| {
            if let Some(&breadth) = logs.get(&account_key) {
                let of_day = (day, breadth);
                account = Some(Beginning::after(account, None, LogClass::Account, of_day));
            }
            let Some(&breadth) = logs.get(key) else {
                return known;
            };
            Some(Beginning::after(known, account, key.class, (day, breadth)))
        })
    }

    /// Returns the logs that are still learnt on the day that is judged, in order; of a young account, only what began later than it.
    pub fn young_logs(&self) -> Vec<YoungLog> {
        let published = self.generation.beginnings.iter().map(|(key, _)| key);
        let since = self.context.into_iter().flat_map(|context| {
            let days = context.logs.range(..=self.day);
            days.flat_map(|(_, logs)| logs.keys())
        });
        let keys: BTreeSet<&LogKey> = published.chain(since).collect();
        let young = |key: &LogKey| {
            let since = self.began_late(key)?;
            let identities = self.log(key)?.identities();
            (self.day.since(since) < LEARNING_DAYS).then(|| YoungLog {
                key: key.clone(),
                since,
                identities,
            })
        };
        // What began with its account is told by that.
        let is_told = |log: &YoungLog| {
            let wider: &[LogClass] = match log.key.class {
                LogClass::Account => &[],
                _ => &[LogClass::Account],
            };
            let account = log.key.of_account();
            wider.iter().all(|&class| {
                let key = LogKey {
                    class,
                    ..account.clone()
                };
                self.began_late(&key) != Some(log.since)
            })
        };
        let young = keys.into_iter().filter_map(young);
        young.filter(is_told).collect()
    }

    /// Returns when a log began, if that was later than the store.
    pub fn began_late(&self, key: &LogKey) -> Option<Day> {
        let begun = self.log(key)?.begun()?;
        (self.generation.is_late(begun) && begun <= self.day).then_some(begun)
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

    /// Returns what other detectors concluded of one who has these names, up to the day that is judged: of each day and kind once, in
    /// order.
    pub fn findings_of(&self, names: &[Str]) -> Vec<Finding> {
        let (one, mut together) = (Str::default(), Findings::default());
        let all = self
            .findings()
            .flat_map(|set| names.iter().flat_map(|name| set.of(name)));
        for finding in all.filter(|of| of.at.day() <= self.day) {
            together.note(&one, finding.clone());
        }
        together.of(&one).cloned().collect()
    }

    /// Returns the first day of which another detector concluded anything.
    pub fn first_finding(&self) -> Option<Day> {
        self.findings().filter_map(Findings::first_day).min()
    }

    /// Returns what other detectors concluded of learnt days, and of those since then up to the day that is judged.
    fn findings(&self) -> impl Iterator<Item = &'a Findings> {
        let day = self.day;
        let since = self.context.into_iter();
        let since = since.flat_map(move |context| context.findings.range(..=day));
        std::iter::once(&self.generation.findings).chain(since.map(|(_, set)| set))
    }

    /// Returns the sign-in that an event of an identity most likely rests on, of those before it: the one that began its session, as
    /// far as that is stated; else the last from its address within a day; else the last. Those of the day that is judged are `today`.
    pub fn sign_in_before<'s>(
        &self,
        identity: &Str,
        event: &Event,
        today: &'s SignIns,
    ) -> Option<&'s SignIn>
    where
        'a: 's,
    {
        let entity = Entity {
            kind: EntityKind::Identity,
            id: identity.clone(),
        };
        let published = self.generation.signed_in.get(&entity);
        let since = self.context.into_iter().flat_map(|context| {
            let days = context.sign_ins.range(..self.day);
            days.flat_map(|(_, of_day)| of_day.of(identity))
        });
        let remembered = self.day.plus(1 - SIGN_IN_DAYS).start()..self.day.start();
        let earlier = published.into_iter().flatten().chain(since);
        let earlier = earlier.filter(|sign_in| remembered.contains(&sign_in.at));
        // What was done under this name before is another's.
        let created = self.creation(identity).map(|creation| creation.at);
        let before = earlier
            .chain(today.of(identity))
            .filter(|sign_in| sign_in.at <= event.time)
            .filter(|sign_in| created.is_none_or(|created| sign_in.at >= created));
        // Of several days not more than of one, so that it does not matter which of them were put together.
        let last = last_sign_ins(before).into_iter();
        last.max_by_key(|sign_in| {
            let is_near = event.peer.ip.is_some()
                && sign_in.from == event.peer.ip
                && event.time.secs_since(sign_in.at) < SAME_ADDRESS_SECS;
            (sign_in.is_of_session(event), is_near, *sign_in)
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
    use std::net::IpAddr;

    use super::*;
    use crate::event::{Action, AddressClass, Outcome, Provider, Source};

    /// An event of a session at an address, so many days and seconds from the first day.
    fn event((day, second): (i32, i64), session: &str, address: u8) -> Event {
        let at = Day(20_000 + day).start().plus_secs(second);
        let id = format!("{at} {session}");
        let mut event = Event::new(at, id.into(), Provider::Okta, Source::OktaSystem);
        event.outcome = Outcome::Success;
        event.credential = Some(session.into());
        event.peer.ip = Some(IpAddr::from([203, 0, 113, address]));
        event
    }

    fn signs_in(context: &mut Context, at: (i32, i64), session: &str, address: u8) {
        let mut event = event(at, session, address);
        event.action = Action::Authenticate;
        event.op = "user.session.start".into();
        context.note(&ResolvedEvent {
            event: &event,
            identity: Some("ana".into()),
            region: None,
            peer_class: AddressClass::External,
            sensitive: false,
            source_sensitive: false,
        });
    }

    #[test]
    fn an_event_rests_on_the_sign_in_of_its_session_or_the_last_from_its_address_or_the_last() {
        let mut context = Context::default();
        signs_in(&mut context, (0, 10), "forgotten", 9);
        for (at, session, address) in [
            ((3, 50), "desk", 1),
            ((20, 50), "phone", 2),
            ((29, 50), "train", 3),
            ((29, 80), "home", 4),
            ((30, 50), "desk again", 1),
        ] {
            signs_in(&mut context, at, session, address);
        }
        let generation = Generation::empty(Day(20_000));
        let check = |context: &Context, what: &str| {
            let rests_on = |at, session, address| {
                let view = View::new(&generation, context, Day(20_000).plus(30));
                let none = SignIns::new();
                let event = event(at, session, address);
                let found = view.sign_in_before(&"ana".into(), &event, &none);
                found.map(|sign_in| {
                    let day = sign_in.at.day();
                    (day.since(Day(20_000)), sign_in.at.secs_since(day.start()))
                })
            };
            // Those of the day itself are not remembered: whoever looks at its events knows them.
            assert_eq!(
                rests_on((30, 90), "desk", 3),
                Some((3, 50)),
                "{what}: session"
            );
            assert_eq!(
                rests_on((30, 20), "x", 3),
                Some((29, 50)),
                "{what}: address"
            );
            assert_eq!(rests_on((30, 90), "x", 2), Some((29, 80)), "{what}: last");
            assert_eq!(
                rests_on((30, 90), "forgotten", 9),
                Some((29, 80)),
                "{what}: old"
            );
            assert_eq!(rests_on((2, 90), "x", 1), None, "{what}: later");
        };
        check(&context, "day by day");
        for complete in 10..=30 {
            context.forget_before(Day(20_000).plus(complete));
        }
        assert!(context.sign_ins().len() <= 1 + OPEN_DAYS as usize);
        check(&context, "put together");

        // Before an identity was created, its name was another's.
        let mut event = event((29, 40), "x", 7);
        event.created = Some("ana".into());
        context.note(&ResolvedEvent {
            event: &event,
            identity: Some("admin".into()),
            region: None,
            peer_class: AddressClass::External,
            sensitive: false,
            source_sensitive: false,
        });
        let view = View::new(&generation, &context, Day(20_000).plus(30));
        let acts = self::event((30, 90), "desk", 1);
        let none = SignIns::new();
        let found = view.sign_in_before(&"ana".into(), &acts, &none);
        let day = found.map(|sign_in| sign_in.at.day());
        assert_eq!(day, Some(Day(20_000).plus(29)));
    }

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
