//! What one subject did in one UTC day, in a form that does not depend on the order of events.
//!
//! Facts are sums, sets and counted sets over fixed slots of the day, so two of them merge by addition and union. Readings
//! (the value of a metric in a window) are computed from them, for the learner and the scorer by the same code.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::event::{IdentityKind, Principal, Provider};
use crate::glob::Glob;
use crate::measure::profile::{Profile, keep_least, least};
use crate::measure::{
    BurstKey, BurstReading, Bursts, DayTraits, Grants, Mark, Plan, TraitValues, denied_group,
    value_hash,
};
use crate::sketch::{Distinct, Tally};
use crate::time::{Time, Window};
use crate::vocab::{BurstKind, Metric, Str, Trait};

/// The most values of one trait that are kept separately of one subject and day because a pattern of an analytic matches
/// them.
const WATCHED_PER_GLOB_MAX: usize = 32;

/// The key of an amount: a metric, and a slot of the day of a given length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CellKey {
    /// What is measured.
    pub metric: Metric,
    /// The length of the slot.
    pub grain: Window,
    /// The index of the slot within the day.
    pub slot: u16,
}

/// An amount: a sum, or a set of distinct things.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Cell {
    /// Calls or bytes.
    Sum(u64),
    /// Hashes of distinct things.
    Set(Distinct),
}

impl Cell {
    fn merge(&mut self, other: &Cell) {
        match (self, other) {
            (Self::Sum(a), Self::Sum(b)) => *a = a.saturating_add(*b),
            (Self::Set(a), Self::Set(b)) => a.merge(b),
            // Each metric is one or the other by definition; the store rejects bytes that disagree.
            _ => {}
        }
    }
}

/// One minute of reading and sending: the unit by which ordered steps are distinguished.
///
/// A minute, because a flow record's own times follow the packets by up to a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minute {
    /// Object reads that succeeded.
    pub read_calls: u64,
    /// Bytes sent to external addresses.
    pub egress_bytes: u64,
    /// Whether something was sent of which the log does not state the bytes.
    pub egress_unsized: bool,
}

impl Minute {
    /// Returns whether anything was sent to an external address.
    pub const fn has_egress(&self) -> bool {
        self.egress_bytes > 0 || self.egress_unsized
    }

    fn add(&mut self, other: Minute) {
        self.read_calls = self.read_calls.saturating_add(other.read_calls);
        self.egress_bytes = self.egress_bytes.saturating_add(other.egress_bytes);
        self.egress_unsized |= other.egress_unsized;
    }
}

/// What one subject did in one UTC day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayFacts {
    /// First event of the day.
    pub first: Time,
    /// Last event of the day.
    pub last: Time,
    /// Events of the day, of any kind.
    pub n_events: u64,
    /// Hours of the day with an event, as bits.
    pub hours: u32,
    /// Its properties.
    pub profile: Profile,
    /// Amounts, sorted by key.
    cells: Vec<(CellKey, Cell)>,
    /// Minutes of the day with reads or external bytes, sorted.
    timeline: Vec<(u16, Minute)>,
    /// Trait values.
    traits: DayTraits,
    /// Values that analytics require, by trait and the hash of the pattern. Each pattern has room of its own, for the
    /// values with the lowest hashes, so that any number of other values cannot hide that there was one.
    watched: BTreeMap<(Trait, u64), BTreeMap<u64, Str>>,
    /// Traits that were missing from some call that added to a metric, as far as analytics ask.
    lacking: BTreeSet<(Trait, Metric)>,
    /// Whether a network flow went to an external address.
    pub sends_flows: bool,
    /// Data granted to other accounts.
    pub grants: Grants,
    /// Bursts, sorted by kind.
    bursts: Vec<(BurstKey, Bursts)>,
}

impl DayFacts {
    /// Creates the facts of a day of which only an instant is known.
    pub fn starting(at: Time) -> Self {
        Self {
            first: at,
            last: at,
            n_events: 0,
            hours: 0,
            profile: Profile::default(),
            cells: Vec::new(),
            timeline: Vec::new(),
            traits: DayTraits::default(),
            watched: BTreeMap::new(),
            lacking: BTreeSet::new(),
            sends_flows: false,
            grants: Grants::default(),
            bursts: Vec::new(),
        }
    }

    /// Records that an event happened, by a given kind of identity.
    pub fn see(&mut self, at: Time, kind: Option<IdentityKind>) {
        self.first = self.first.min(at);
        self.last = self.last.max(at);
        self.n_events += 1;
        self.hours |= 1 << (at.second_of_day() / 3_600);
        if let Some(kind) = kind {
            self.profile.add_kind(kind, 1);
            self.profile.first_kind = least(self.profile.first_kind, Some((at, kind)));
        }
    }

    /// Records the region of an event in which the caller chose to work.
    pub fn note_region(&mut self, at: Time, region: &Str) {
        self.profile.note_region(at, region);
    }

    /// Records the provider and the account of a record.
    pub fn note_provider(&mut self, provider: Provider, account: Option<&Str>) {
        if self.profile.provider.is_none_or(|p| provider < p) {
            self.profile.provider = Some(provider);
        }
        self.profile.add_provider(provider);
        keep_least(&mut self.profile.account, account);
    }

    /// Records the id that the provider never gives twice.
    pub fn note_unique_id(&mut self, unique_id: Option<&Str>) {
        keep_least(&mut self.profile.unique_id, unique_id);
    }

    /// Records the role and the aliases of the principal.
    pub fn note_principal(&mut self, principal: &Principal) {
        keep_least(&mut self.profile.role, principal.role.as_ref());
        for alias in &principal.aliases {
            self.profile
                .aliases
                .add_borrowed(value_hash(alias), &**alias, || alias.clone(), 1);
        }
    }

    /// Forgets what one principal among several is called.
    pub fn forget_names(&mut self) {
        self.profile.aliases = Tally::default();
        self.profile.unique_id = None;
    }

    /// Adds an amount to a metric.
    pub fn add_sum(&mut self, metric: Metric, grain: Window, at: Time, amount: u64) {
        let key = CellKey {
            metric,
            grain,
            slot: grain.slot(at.second_of_day()),
        };
        match self.cell(key, || Cell::Sum(0)) {
            Cell::Sum(sum) => *sum = sum.saturating_add(amount),
            Cell::Set(_) => {}
        }
    }

    /// Adds a distinct thing, by its hash, to a metric.
    pub fn add_distinct(&mut self, metric: Metric, grain: Window, at: Time, hash: u64) {
        let key = CellKey {
            metric,
            grain,
            slot: grain.slot(at.second_of_day()),
        };
        match self.cell(key, || Cell::Set(Distinct::default())) {
            Cell::Set(set) => {
                set.insert(hash);
            }
            Cell::Sum(_) => {}
        }
    }

    fn cell(&mut self, key: CellKey, empty: impl FnOnce() -> Cell) -> &mut Cell {
        let at = match self.cells.binary_search_by_key(&key, |&(k, _)| k) {
            Ok(at) => at,
            Err(at) => {
                self.cells.insert(at, (key, empty()));
                at
            }
        };
        &mut self.cells[at].1
    }

    /// Adds to the minute of a read or an upload.
    pub fn add_minute(&mut self, at: Time, amounts: Minute) {
        let minute = (at.second_of_day() / 60) as u16;
        let index = match self.timeline.binary_search_by_key(&minute, |&(m, _)| m) {
            Ok(index) => index,
            Err(index) => {
                self.timeline.insert(index, (minute, Minute::default()));
                index
            }
        };
        self.timeline[index].1.add(amounts);
    }

    /// Records a trait value; `shared` makes the copy that is kept if it is new. Returns whether it was known.
    pub fn add_trait(
        &mut self,
        which: Trait,
        hash: u64,
        value: &str,
        shared: impl FnOnce() -> Str,
    ) -> bool {
        self.traits.add((which, hash, value), 1, shared)
    }

    /// Records a trait value for every pattern of the plan that matches it.
    pub fn watch(&mut self, which: Trait, hash: u64, value: &str, plan: &Plan) {
        let is_match = |(of, glob): &&(Trait, Glob)| *of == which && glob.matches(value);
        for (_, glob) in plan.watched.iter().filter(is_match) {
            let room = self.watched.entry((which, value_hash(glob.as_str())));
            let room = room.or_default();
            room.entry(hash).or_insert_with(|| value.into());
            if room.len() > WATCHED_PER_GLOB_MAX {
                room.pop_last();
            }
        }
    }

    /// Records that a call which added to a metric lacked a trait.
    pub fn note_lack(&mut self, which: Trait, metric: Metric) {
        self.lacking.insert((which, metric));
    }

    /// Returns whether any call that added to one of these metrics lacked a trait.
    pub fn lacks(&self, which: Trait, metrics: impl FnOnce() -> Vec<Metric>) -> bool {
        let mut of_trait = self.lacking.iter().filter(|(t, _)| *t == which).peekable();
        if of_trait.peek().is_none() {
            return false;
        }
        let metrics = metrics();
        of_trait.any(|(_, metric)| metrics.contains(metric))
    }

    /// Adds to a burst.
    pub fn add_mark(&mut self, key: BurstKey, at: Time, mark: &Mark) {
        let place = match self.bursts.binary_search_by_key(&key, |&(k, _)| k) {
            Ok(place) => place,
            Err(place) => {
                self.bursts.insert(place, (key, Bursts::default()));
                place
            }
        };
        self.bursts[place]
            .1
            .add(key.window, at, mark.group, mark.value);
    }

    /// Returns the largest burst of the day; see [`Bursts::largest`].
    pub fn largest_burst(&self, key: BurstKey, fixed: bool) -> Option<BurstReading> {
        let at = self.bursts.binary_search_by_key(&key, |&(k, _)| k).ok()?;
        self.bursts[at]
            .1
            .largest(key.window, self.first.day().start(), fixed)
    }

    /// Returns how many denied calls are not in buckets that are known, by their hashes; of more than bursts keep, `u64::MAX`.
    pub fn denied_calls_except_in(&self, is_known: impl Fn(u64) -> bool) -> u64 {
        let of_kind = |kind: BurstKind| {
            let all = self.bursts.iter().filter(move |(key, _)| key.kind == kind);
            all.map(|(_, bursts)| bursts)
        };
        let mut all = of_kind(BurstKind::DeniedBuckets).chain(of_kind(BurstKind::DeniedCalls));
        if all.any(Bursts::is_cut) {
            return u64::MAX;
        }
        let tried = of_kind(BurstKind::DeniedBuckets).flat_map(Bursts::sightings);
        let known: BTreeSet<u64> = tried
            .filter(|&(_, bucket)| is_known(bucket))
            .map(|(address, bucket)| denied_group(Some(bucket), address))
            .collect();
        let unknown = |bursts: &Bursts| {
            let groups = bursts.sightings().map(|(group, _)| group);
            groups.filter(|group| !known.contains(group)).count() as u64
        };
        of_kind(BurstKind::DeniedCalls)
            .map(unknown)
            .max()
            .unwrap_or_default()
    }

    /// Merges two sets of facts of the same subject and day.
    pub fn merge(&mut self, other: &DayFacts) {
        self.merge_as(other, true);
    }

    /// Merges the facts of the same day; what the principal is called only if they are an identity's.
    pub(super) fn merge_as(&mut self, other: &DayFacts, is_identity: bool) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.n_events += other.n_events;
        self.hours |= other.hours;
        self.profile.merge(&other.profile, is_identity);
        for (key, cell) in &other.cells {
            match self.cells.binary_search_by_key(key, |&(k, _)| k) {
                Ok(at) => self.cells[at].1.merge(cell),
                Err(at) => self.cells.insert(at, (*key, cell.clone())),
            }
        }
        for &(minute, amounts) in &other.timeline {
            let at = self.first_instant_of(minute);
            self.add_minute(at, amounts);
        }
        self.traits.merge(&other.traits);
        for (key, values) in &other.watched {
            let room = self.watched.entry(*key).or_default();
            for (hash, value) in values {
                room.entry(*hash).or_insert_with(|| value.clone());
            }
            while room.len() > WATCHED_PER_GLOB_MAX {
                room.pop_last();
            }
        }
        self.lacking.extend(&other.lacking);
        self.sends_flows |= other.sends_flows;
        self.grants.merge(&other.grants);
        for (key, bursts) in &other.bursts {
            match self.bursts.binary_search_by_key(key, |&(k, _)| k) {
                Ok(at) => self.bursts[at].1.merge(bursts),
                Err(at) => self.bursts.insert(at, (*key, bursts.clone())),
            }
        }
    }

    /// Returns the same day without some metrics, and without the trait values for which `is_known` is false. The events,
    /// their times and their providers stay, and so do the minutes and grants of the day.
    #[must_use]
    pub fn without(
        &self,
        metrics: &BTreeSet<Metric>,
        is_known: impl Fn(Trait, u64) -> bool,
    ) -> Self {
        let is_left_out = |key: &CellKey| metrics.iter().any(|&m| m.stored_as() == key.metric);
        let mut rest = self.clone();
        rest.cells.retain(|(key, _)| !is_left_out(key));
        rest.traits.retain(&is_known);
        for ((which, _), values) in &mut rest.watched {
            values.retain(|&hash, _| is_known(*which, hash));
        }
        rest.watched.retain(|_, values| !values.is_empty());
        rest.lacking.retain(|(_, metric)| !metrics.contains(metric));
        rest
    }

    /// Returns about how many bytes it takes beside its own size.
    pub(super) fn heap_bytes(&self) -> usize {
        let sets = self.cells.iter().map(|(_, cell)| match cell {
            Cell::Sum(_) => 0,
            Cell::Set(set) => set.heap_bytes(),
        });
        self.cells.capacity() * size_of::<(CellKey, Cell)>()
            + self.timeline.capacity() * size_of::<(u16, Minute)>()
            + sets.sum::<usize>()
            + self.traits.heap_bytes()
    }

    fn first_instant_of(&self, minute: u16) -> Time {
        self.first.day().start().plus_secs(i64::from(minute) * 60)
    }

    /// Returns the minutes of the day with reads or external bytes, in order.
    pub fn timeline(&self) -> &[(u16, Minute)] {
        &self.timeline
    }

    /// Returns the traits seen, each with its values.
    pub fn traits(&self) -> &DayTraits {
        &self.traits
    }

    /// Returns the values of one trait.
    pub fn trait_values(&self, which: Trait) -> Option<TraitValues<'_>> {
        self.traits.of(which)
    }

    /// Returns the values of a trait that are kept separately because analytics require them, by hash, each once.
    pub fn watched(&self, which: Trait) -> BTreeMap<u64, &Str> {
        let rooms = self.watched.range((which, 0)..=(which, u64::MAX));
        rooms
            .flat_map(|(_, values)| values.iter().map(|(&hash, value)| (hash, value)))
            .collect()
    }

    /// Returns every trait value that is kept, by its hash; some twice.
    pub fn shown(&self) -> impl Iterator<Item = (Trait, u64)> {
        let traits = self.traits.iter();
        let kept =
            traits.flat_map(|(which, values)| values.hashed().map(move |(hash, _)| (which, hash)));
        let rooms = self.watched.iter();
        kept.chain(rooms.flat_map(|(&(which, _), values)| values.keys().map(move |&h| (which, h))))
    }

    /// Returns whether any of a metric was measured that day.
    pub fn is_active(&self, metric: Metric) -> bool {
        let stored = metric.stored_as();
        self.cells.iter().any(|(key, _)| key.metric == stored)
    }

    /// Returns whether a bucket on the sensitive list was touched: read, listed, copied, or given to another account.
    pub fn touches_sensitive(&self) -> bool {
        self.is_active(Metric::SensitiveBuckets)
            || self.grants.iter().any(|(grant, _)| grant.sensitive)
    }

    /// Returns every metric that was measured that day, each once, in order.
    pub fn metrics(&self) -> Vec<Metric> {
        let mut metrics: Vec<Metric> = self.cells.iter().map(|(key, _)| key.metric).collect();
        metrics.dedup();
        let is_stored = |m: &Metric| m.new_of().is_some_and(|(all, _)| metrics.contains(&all));
        let new: Vec<Metric> = Metric::ALL.iter().copied().filter(is_stored).collect();
        metrics.extend(new);
        metrics
    }

    /// Returns every metric that was measured that day with each window in which it can be read: the standard ones, and those with slots of
    /// their own. Metrics that count what is new are not among them, see [`Self::readings`].
    pub fn measured(&self) -> Vec<(Metric, Window)> {
        let mut slots: Vec<(Metric, Window)> = Vec::new();
        slots.extend(self.cells.iter().map(|(key, _)| (key.metric, key.grain)));
        slots.dedup();
        let windows = slots.into_iter().flat_map(|(metric, grain)| {
            let standard: &[Window] = match grain {
                Window::TEN_MINUTES => &Window::STANDARD,
                _ => &[],
            };
            let odd = (grain != Window::TEN_MINUTES).then_some(grain);
            let windows = standard.iter().copied().chain(odd);
            windows.map(move |window| (metric, window))
        });
        windows.collect()
    }

    /// Returns the value x of a metric in each window of the day in which it was not zero, with the index of the window.
    ///
    /// `known` is what the entity is known for; where nothing can be called new to it, a metric that counts new things is
    /// zero everywhere.
    pub fn readings(&self, metric: Metric, window: Window, known: &KnownThings) -> Vec<(u16, u64)> {
        let grain = window.grain();
        let known = match metric.new_of() {
            None => None,
            Some((_, which)) => match known.of(which) {
                None => return Vec::new(),
                known => known,
            },
        };
        let stored = metric.stored_as();
        let low = self
            .cells
            .partition_point(|(key, _)| (key.metric, key.grain) < (stored, grain));
        let high = self
            .cells
            .partition_point(|(key, _)| (key.metric, key.grain) <= (stored, grain));
        let cells = &self.cells[low..high];
        let window_of = |key: &CellKey| (u32::from(key.slot) * grain.secs() / window.secs()) as u16;
        let mut readings = Vec::new();
        for group in cells.chunk_by(|(a, _), (b, _)| window_of(a) == window_of(b)) {
            let x = match (&group[0].1, group.len()) {
                (Cell::Set(set), 1) => count(set, known),
                (Cell::Set(_), _) => {
                    let mut united = Distinct::default();
                    for (_, cell) in group {
                        if let Cell::Set(set) = cell {
                            united.merge(set);
                        }
                    }
                    count(&united, known)
                }
                (Cell::Sum(_), _) => group.iter().fold(0u64, |x, (_, cell)| match cell {
                    Cell::Sum(sum) => x.saturating_add(*sum),
                    Cell::Set(_) => x,
                }),
            };
            if x > 0 {
                readings.push((window_of(&group[0].0), x));
            }
        }
        readings
    }
}

/// What an entity is known for, by sorted hashes, as far as metrics that count new things ask. `None` of what nothing can be
/// called new in: on an entity's first day, and once known values were dropped.
#[derive(Debug, Clone, Copy, Default)]
pub struct KnownThings<'a> {
    /// Buckets.
    pub buckets: Option<&'a [u64]>,
    /// Prefixes read.
    pub prefixes: Option<&'a [u64]>,
    /// Regions.
    pub regions: Option<&'a [u64]>,
}

impl<'a> KnownThings<'a> {
    /// What nothing is known of.
    pub const NOTHING: Self = Self {
        buckets: None,
        prefixes: None,
        regions: None,
    };

    /// Returns whether one of some things, by hash, counts as new.
    pub fn has_new(&self, which: Trait, mut things: impl Iterator<Item = u64>) -> bool {
        let Some(known) = self.of(which) else {
            return true;
        };
        things.any(|hash| known.binary_search(&hash).is_err())
    }

    fn of(&self, which: Trait) -> Option<&'a [u64]> {
        match which {
            Trait::Bucket => self.buckets,
            Trait::Prefix => self.prefixes,
            Trait::WorkRegion => self.regions,
            _ => None,
        }
    }
}

fn count(set: &Distinct, known: Option<&[u64]>) -> u64 {
    match known {
        Some(known) => set.count_not_in(
            |hash| known.binary_search(&hash).is_ok(),
            known.len() as u64,
        ),
        None => set.count(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::measure::Grant;
    use crate::time::Day;

    #[test]
    fn granting_a_sensitive_bucket_touches_it() {
        let mut facts = DayFacts::starting(Day(20_000).start());
        for (sensitive, touches) in [(false, false), (true, true)] {
            let grant = Grant {
                bucket: "payroll".into(),
                account: "999988887777".into(),
                sensitive,
                is_grant: true,
            };
            facts.grants.add(grant, 1);
            assert_eq!(facts.touches_sensitive(), touches);
        }
        assert!(!facts.is_active(Metric::SensitiveBuckets));
    }

    #[test]
    fn required_values_are_seen_among_any_number_of_other_values() {
        let watched =
            ["organizations:List*", "iam:Get*"].map(|g| (Trait::Action, Glob::new(g).unwrap()));
        let plan = Plan {
            watched: watched.into(),
            ..Plan::default()
        };
        let names: Vec<String> = (0..1_500)
            .map(|n| format!("ec2:Describe{n}"))
            .chain((0..100).map(|n| format!("iam:Get{n}")))
            .chain(["organizations:ListAccounts".to_owned()])
            .collect();
        let added = |names: &mut dyn Iterator<Item = &String>| {
            let mut facts = DayFacts::starting(Day(20_000).start());
            for name in names {
                let hash = value_hash(name);
                if !facts.add_trait(Trait::Action, hash, name, || name.as_str().into()) {
                    facts.watch(Trait::Action, hash, name, &plan);
                }
            }
            facts
        };
        let whole = added(&mut names.iter());
        let seen = whole.watched(Trait::Action);
        assert!(seen.contains_key(&value_hash("organizations:ListAccounts")));
        assert_eq!(seen.len(), 1 + WATCHED_PER_GLOB_MAX);
        assert_eq!(added(&mut names.iter().rev()), whole);
        let mut merged = added(&mut names.iter().step_by(2));
        merged.merge(&added(&mut names.iter().skip(1).step_by(2)));
        assert_eq!(merged, whole);
        assert!(
            whole
                .without(&BTreeSet::new(), |_, _| false)
                .watched
                .is_empty()
        );
    }

    #[test]
    fn a_window_of_any_length_holds_what_happened_in_it() {
        let day = Day(20_000).start();
        let calls: Vec<i64> = (0..86_400).step_by(70).collect();
        for minutes in [1, 10, 12, 15, 16, 18, 20, 24, 30, 45, 60, 1_440] {
            let window = Window::from_secs(minutes * 60).unwrap();
            let mut facts = DayFacts::starting(day);
            let mut expected = std::collections::BTreeMap::new();
            for &secs in &calls {
                let at = day.plus_secs(secs);
                facts.add_sum(Metric::ListCalls, Window::TEN_MINUTES, at, 1);
                if window != Window::TEN_MINUTES {
                    facts.add_sum(Metric::ListCalls, window, at, 1);
                }
                *expected.entry(window.slot(secs as u32)).or_insert(0) += 1;
            }
            let expected: Vec<(u16, u64)> = expected.into_iter().collect();
            assert_eq!(
                facts.readings(Metric::ListCalls, window, &KnownThings::NOTHING),
                expected,
                "{window}"
            );
        }
    }
}
