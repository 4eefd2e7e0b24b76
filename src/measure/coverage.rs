//! What a day's logs contained: which operations, which fields, and when; so that missing records can be reported.
//!
//! The absence of alerts means nothing where the required records are missing. So each aggregate counts its records by log,
//! provider and class of action: how many, from when to when, how many had each field, and which operations they were.
//! Counts merge in any order, as all facts do.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::event::{Action, Event, Field, Provider, Source, cut};
use crate::measure::value_hash;
use crate::time::Time;
use crate::vocab::Str;

/// Number of fields that are counted.
const N_FIELDS: usize = Field::ALL.len();
/// The most operations that are counted separately in one log source: those with the lowest hashes, so that order does not
/// matter. CloudTrail has about a hundred of all classes but `other` together.
const OPERATIONS_MAX: usize = 64;
/// The most bytes of an operation's name that are kept.
const OPERATION_BYTES_MAX: usize = 128;

/// The kind of a record: a requirement of analytics is a set of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogSourceKey {
    /// The log.
    pub source: Source,
    /// The provider.
    pub provider: Provider,
    /// What was done. A counted flow is an egress flow here, whether or not it left: it shows that flows are logged.
    pub action: Action,
}

impl LogSourceKey {
    /// Returns the kind of an event.
    pub fn of(event: &Event) -> Self {
        let action = match (event.is_flow(), event.counted) {
            (true, true) => Action::EgressFlow,
            // A record that repeats another, as a transit gateway's does, would not be missed.
            (true, false) => Action::Other,
            (false, _) => event.action,
        };
        Self {
            source: event.source,
            provider: event.provider,
            action,
        }
    }
}

/// Counts for the records of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSource {
    /// Records.
    pub events: u64,
    /// The number of these that could have all fields: records of actions that worked, and flows that left.
    pub whole: u64,
    /// The first.
    pub first: Time,
    /// The last.
    pub last: Time,
    /// How many of the whole ones have each field, in the order of [`Field::ALL`].
    having: [u64; N_FIELDS],
    /// Operations with their counts, by the hash of their name.
    operations: Vec<(u64, Str, u64)>,
}

impl LogSource {
    fn starting(time: Time) -> Self {
        Self {
            events: 0,
            whole: 0,
            first: time,
            last: time,
            having: [0; N_FIELDS],
            operations: Vec::new(),
        }
    }

    fn note(&mut self, event: &Event) {
        self.events += 1;
        self.first = self.first.min(event.time);
        self.last = self.last.max(event.time);
        if is_whole(event) {
            self.whole += 1;
            for (n, field) in self.having.iter_mut().zip(Field::ALL) {
                *n += u64::from(field.is_in(event));
            }
        }
        let name = || match cut(&event.op, OPERATION_BYTES_MAX) {
            whole if whole.len() == event.op.len() => event.op.clone(),
            short => short.into(),
        };
        self.add_operation(value_hash(&event.op), name, 1);
    }

    fn add_operation(&mut self, hash: u64, name: impl FnOnce() -> Str, n: u64) {
        match self.operations.binary_search_by_key(&hash, |o| o.0) {
            Ok(at) => self.operations[at].2 += n,
            Err(at) if at < OPERATIONS_MAX => {
                self.operations.insert(at, (hash, name(), n));
                self.operations.truncate(OPERATIONS_MAX);
            }
            Err(_) => {}
        }
    }

    fn merge(&mut self, other: &Self) {
        self.events += other.events;
        self.whole += other.whole;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        for (mine, theirs) in self.having.iter_mut().zip(&other.having) {
            *mine += theirs;
        }
        for (hash, name, n) in &other.operations {
            self.add_operation(*hash, || name.clone(), *n);
        }
    }

    /// Returns how many of the [`Self::whole`] records have a field.
    pub fn having(&self, field: Field) -> u64 {
        self.having[field as usize]
    }

    /// Returns the operations seen with their counts, in the order of their names: all, or as many as are kept.
    pub fn operations(&self) -> BTreeMap<&str, u64> {
        self.operations.iter().map(|(_, o, n)| (&**o, *n)).collect()
    }

    /// Returns whether there were more operations than are kept, so that one that is not listed may have been seen.
    pub fn is_crowded(&self) -> bool {
        self.operations.len() >= OPERATIONS_MAX
    }
}

/// Returns whether an event can have all fields of its kind: it worked, and if it is a flow, it left.
fn is_whole(event: &Event) -> bool {
    event.counted
        && event.outcome.has_worked()
        && (!event.is_flow() || event.action == Action::EgressFlow)
}

/// The contents of logs, by log, provider and class of action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Sorted by key: a few dozen at most, so a look-up costs a handful of comparisons.
    log_sources: Vec<(LogSourceKey, LogSource)>,
}

impl Coverage {
    /// Counts an event.
    pub fn note(&mut self, event: &Event) {
        self.log_source(LogSourceKey::of(event), event.time)
            .note(event);
    }

    /// Adds counts of other events.
    pub fn merge(&mut self, other: &Self) {
        for (key, log_source) in &other.log_sources {
            self.log_source(*key, log_source.first).merge(log_source);
        }
    }

    fn log_source(&mut self, key: LogSourceKey, time: Time) -> &mut LogSource {
        let at = match self
            .log_sources
            .binary_search_by_key(&key, |log_source| log_source.0)
        {
            Ok(at) => at,
            Err(at) => {
                self.log_sources
                    .insert(at, (key, LogSource::starting(time)));
                at
            }
        };
        &mut self.log_sources[at].1
    }

    /// Returns the counts, ordered by log, provider and action.
    pub fn log_sources(&self) -> impl Iterator<Item = (LogSourceKey, &LogSource)> {
        self.log_sources
            .iter()
            .map(|(key, log_source)| (*key, log_source))
    }

    /// Returns whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.log_sources.is_empty()
    }

    /// Returns which classes of action were seen, without counts.
    pub fn seen(&self) -> Seen {
        let mut seen = Seen::default();
        for (key, _) in &self.log_sources {
            seen.0.entry(key.provider).or_default().insert(key.action);
        }
        seen
    }
}

/// Which classes of action logs contained, by provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen(BTreeMap<Provider, BTreeSet<Action>>);

impl Seen {
    /// Returns whether a class of action of a provider was seen; for [`Action::EgressFlow`], whether flows are logged.
    pub fn has(&self, provider: Provider, action: Action) -> bool {
        self.0
            .get(&provider)
            .is_some_and(|actions| actions.contains(&action))
    }

    /// Adds what was seen elsewhere.
    pub fn merge(&mut self, other: &Self) {
        for (provider, actions) in &other.0 {
            self.0.entry(*provider).or_default().extend(actions);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::Config;
    use crate::event::{IdentityKind, Outcome, Principal, Untrusted};
    use crate::identity::Resolver;
    use crate::measure::{DayAggregate, Plan};
    use crate::time::Day;

    /// The record with a number. Two in eight share their id with another record, which names its caller.
    fn event(n: u32) -> Event {
        let id = match n % 8 {
            1 => n - 1,
            _ => n,
        };
        let source = [Source::AwsCloudTrail, Source::Ocsf, Source::AwsVpcFlow][id as usize % 3];
        let time = Day(20_000).start().plus_secs(i64::from(id));
        let mut event = Event::new(time, id.to_string().into(), Provider::Aws, source);
        event.action = Action::ALL[id as usize % Action::ALL.len()];
        event.op = format!("Operation{}", id % 700).into();
        event.outcome = [Outcome::Success, Outcome::Denied][id as usize / 8 % 2];
        event.bytes_out = (id % 5 > 0).then_some(7);
        event.user_agent = (id % 3 > 0).then(|| Untrusted::new("cli"));
        event.principal =
            (!n.is_multiple_of(8)).then(|| Principal::new("p".into(), IdentityKind::Human));
        event
    }

    fn aggregate(numbers: &[u32]) -> DayAggregate {
        let config = Config::default();
        let resolver = Resolver::new(&config, []);
        let mut aggregate = DayAggregate::new(Day(20_000));
        for n in numbers {
            aggregate.add(&resolver.resolve(&mut event(*n)), &Plan::default());
        }
        aggregate
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn coverage_depends_on_neither_order_nor_split_nor_repeats(
            shuffled in Just((0..1_600u32).collect::<Vec<_>>()).prop_shuffle(),
            at in 0..200usize,
            again in 0..1_600usize,
        ) {
            let all: Vec<u32> = (0..1_600).collect();
            let covered = aggregate(&all).covered();
            prop_assert_eq!(&covered, &aggregate(&shuffled).covered());
            let repeated = [&shuffled[..], &shuffled[again..]].concat();
            prop_assert_eq!(&covered, &aggregate(&repeated).covered());
            // Aggregates that are merged have no record in common.
            let (one, two) = all.split_at(8 * at);
            let mut merged = aggregate(two);
            merged.merge(aggregate(one));
            prop_assert_eq!(&covered, &merged.covered());
        }
    }

    #[test]
    fn a_log_source_counts_what_can_have_a_field_and_names_a_bounded_number_of_operations() {
        let covered = aggregate(&(0..40_000).collect::<Vec<_>>()).covered();
        assert!(
            covered
                .log_sources()
                .any(|(_, log_source)| log_source.is_crowded())
        );
        for (key, log_source) in covered.log_sources() {
            assert!(log_source.operations().len() <= OPERATIONS_MAX);
            assert!(
                log_source.whole <= log_source.events && log_source.first <= log_source.last,
                "{key:?}"
            );
            assert!(
                Field::ALL
                    .iter()
                    .all(|f| log_source.having(*f) <= log_source.whole)
            );
        }
        let seen = covered.seen();
        assert!(seen.has(Provider::Aws, Action::EgressFlow));
        assert!(!seen.has(Provider::Gcp, Action::EgressFlow));
    }

    #[test]
    fn a_flow_that_stays_inside_shows_that_flows_are_logged() {
        let mut flow = Event::new(
            Day(1).start(),
            "f".into(),
            Provider::Aws,
            Source::AwsVpcFlow,
        );
        assert_eq!(LogSourceKey::of(&flow).action, Action::EgressFlow);
        // A transit gateway's flow does not: the bytes are counted elsewhere.
        flow.counted = false;
        assert_eq!(LogSourceKey::of(&flow).action, Action::Other);
    }
}
