//! What of somebody's day was recorded by logs that began later than the store, and what may be said of it.
//!
//! The days before a log began were not days without activity, and who is first seen in it is not new. Facts do not say which record
//! showed what. So a new value counts as one of a young log only as far as the records of that log may account for all events that
//! show it: what an old log shows as well stays new, however many records of a young one lie beside it.

use crate::event::Provider;
use crate::measure::{DayFacts, LOG_CLASSES, LogClass, LogKey};
use crate::stats::constants::{LEARNING_DAYS, SETTLED_DAYS};
use crate::time::Day;
use crate::vocab::{BurstKind, Metric, Str, Trait};

/// What is known of somebody from the days before.
#[derive(Debug, Clone, Copy)]
pub struct Past<'p> {
    /// The first day on which it was seen.
    pub first_day: Day,
    /// Its provider.
    pub provider: Option<Provider>,
    /// Its account.
    pub account: Option<&'p Str>,
}

/// The logs of a day's facts that began later than the store.
#[derive(Debug, Clone, PartialEq)]
pub struct LateLogs {
    day: Day,
    /// By class: when the log began, of those that are in the facts and of which nothing is known from before.
    begun: [Option<Day>; LOG_CLASSES],
    /// The records that young logs may have.
    n_young: u64,
    n_events: u64,
}

impl LateLogs {
    /// Returns those of somebody's facts of a day. `began_late` returns when a log began, if that was later than the store, and
    /// `was_there_before` whether more is known of somebody in a class than a log that began on a day can have told.
    pub fn of(
        (day, facts): (Day, &DayFacts),
        past: Option<Past>,
        began_late: impl Fn(&LogKey) -> Option<Day>,
        was_there_before: impl Fn(LogClass, Day) -> bool,
    ) -> Self {
        let mut late = Self {
            day,
            begun: [None; LOG_CLASSES],
            n_young: 0,
            n_events: facts.n_events,
        };
        for &class in LogClass::ALL {
            let key = LogKey::of(facts, class);
            let Some(mut begun) = began_late(&key).filter(|_| class.is_in(facts)) else {
                continue;
            };
            if let Some(past) = past {
                if class == LogClass::Account && past.first_day < begun {
                    continue;
                }
                // Whoever belongs elsewhere is known by the logs there.
                let home = past.account.filter(|_| past.provider == Some(key.provider));
                if let Some(account) = home.filter(|account| **account != key.account) {
                    let account = account.clone();
                    match began_late(&LogKey { account, ..key }) {
                        Some(at_home) => begun = begun.min(at_home),
                        None => continue,
                    }
                }
                if was_there_before(class, begun) {
                    continue;
                }
            }
            late.begun[class as usize] = Some(begun);
        }
        let young = late.young_classes();
        late.n_young = match late.account() {
            Some(_) => facts.n_events,
            None => young.iter().map(|class| class.records(facts)).sum(),
        };
        late
    }

    fn young(&self, begun: &Day) -> bool {
        (0..LEARNING_DAYS).contains(&self.day.since(*begun))
    }

    fn young_classes(&self) -> Vec<LogClass> {
        let is_young =
            |class: &LogClass| self.begun[*class as usize].is_some_and(|b| self.young(&b));
        LogClass::ALL.iter().copied().filter(is_young).collect()
    }

    /// Returns when the account began, if it is young and nobody knew the entity before.
    pub fn account(&self) -> Option<Day> {
        self.begun[LogClass::Account as usize].filter(|begun| self.young(begun))
    }

    fn latest(&self, classes: &[LogClass]) -> Option<Day> {
        let classes = classes.iter().chain(&[LogClass::Account]);
        classes
            .filter_map(|class| self.begun[*class as usize])
            .max()
    }

    /// Returns since when a metric is recorded, if that is later than the store.
    pub fn since(&self, metric: Metric) -> Option<Day> {
        self.latest(LogClass::of(metric))
    }

    /// Returns since when a metric is recorded, if that is too short.
    pub fn young_since(&self, metric: Metric) -> Option<Day> {
        self.since(metric).filter(|begun| self.young(begun))
    }

    /// Returns since when what makes a burst is recorded, if that is too short.
    pub fn young_burst_since(&self, kind: BurstKind) -> Option<Day> {
        let since = self.latest(LogClass::of_burst(kind));
        since.filter(|begun| self.young(begun))
    }

    /// Returns the class of the log that began on a day: the widest of several.
    pub fn class_since(&self, since: Day) -> LogClass {
        let mut classes = LogClass::ALL.iter().copied();
        let class = classes.find(|class| self.begun[*class as usize] == Some(since));
        class.unwrap_or(LogClass::Account)
    }

    /// Returns whether young logs may account for all events that show a value.
    pub fn explain(&self, facts: &DayFacts, which: Trait, (hash, value): (u64, &str)) -> bool {
        if self.n_young == 0 {
            return false;
        }
        let values = facts.trait_values(which);
        let shown = values.and_then(|values| values.get(hash, value));
        shown.is_some_and(|n| n <= self.n_young)
    }

    /// Returns whether somebody who was first seen on a day may be older: the day is one of the first of a young log, and most of what is
    /// seen was recorded by that.
    pub fn hide_beginning(&self, first_day: Day) -> bool {
        let classes = self.young_classes();
        let mut begun = classes
            .iter()
            .filter_map(|class| self.begun[*class as usize]);
        self.n_young.saturating_mul(2) >= self.n_events
            && begun.any(|begun| (0..SETTLED_DAYS).contains(&first_day.since(begun)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Action, AddressClass, Event, Outcome, Principal, Source, Untrusted};
    use crate::identity::ResolvedEvent;
    use crate::measure::{EventAmounts, Plan, value_hash};
    use crate::vocab::Str;

    const BEGUN: Day = Day(20_016);

    /// A day of somebody in an account: so many reads of objects and so many other calls, each by a client.
    fn facts(account: &str, reads: (u64, &str), others: (u64, &str)) -> DayFacts {
        let start = BEGUN.start();
        let mut facts = DayFacts::starting(start);
        let calls = [(Action::ReadObject, reads), (Action::Other, others)];
        for (action, (n, client)) in calls {
            for at in 0..n {
                let id = format!("{action} {at}");
                let source = Source::AwsCloudTrail;
                let mut event = Event::new(start, id.into(), Provider::Aws, source);
                event.action = action;
                event.op = action.as_str().into();
                event.outcome = Outcome::Success;
                event.account = Some(account.into());
                event.container = Some(Untrusted::new("lake"));
                event.user_agent = Some(Untrusted::new(client));
                event.client = client.into();
                event.principal = Some(Principal::new(
                    "ana".into(),
                    crate::event::IdentityKind::Human,
                ));
                let resolved = ResolvedEvent {
                    event: &event,
                    identity: Some("ana".into()),
                    region: None,
                    peer_class: AddressClass::Unknown,
                    sensitive: false,
                    source_sensitive: false,
                };
                EventAmounts::of(&resolved).add_to(&mut facts, &Plan::default());
                facts.note_provider(event.provider, event.account.as_ref());
            }
        }
        facts
    }

    /// The late logs of a day, where some logs began on it.
    fn late(facts: &DayFacts, past: Option<Past>, begun: &[(&str, LogClass)]) -> LateLogs {
        let began_late = |log: &LogKey| {
            let is_it = |(account, class): &&(&str, LogClass)| {
                **account == *log.account && *class == log.class
            };
            begun.iter().find(is_it).map(|_| BEGUN)
        };
        LateLogs::of((BEGUN, facts), past, began_late, |_, _| false)
    }

    fn of(account: &Str) -> Option<Past<'_>> {
        Some(Past {
            first_day: Day(20_000),
            provider: Some(Provider::Aws),
            account: Some(account),
        })
    }

    /// A young log excuses no more than it recorded.
    #[test]
    fn a_value_that_an_old_log_shows_as_well_stays_new() {
        let explains = |facts: &DayFacts, client: &str| {
            let home = "1".into();
            let late = late(facts, of(&home), &[("1", LogClass::Objects)]);
            late.explain(facts, Trait::UserAgent, (value_hash(client), client))
        };
        let shown = facts("1", (30, "sdk"), (20, "console"));
        assert!(explains(&shown, "sdk"));
        // Twenty calls in a console may be any of thirty records.
        assert!(explains(&shown, "console"));
        let hidden = facts("1", (5, "tool"), (20, "tool"));
        assert!(!explains(&hidden, "tool"), "twenty of these are others");
        assert!(!explains(&facts("1", (0, ""), (20, "tool")), "tool"));
    }

    #[test]
    fn whom_the_store_knows_from_elsewhere_no_young_account_hides() {
        let young = [("1", LogClass::Account), ("1", LogClass::Objects)];
        let facts = facts("1", (30, "sdk"), (2, "sdk"));
        let unknown = late(&facts, None, &young);
        assert_eq!(unknown.account(), Some(BEGUN));
        assert_eq!(unknown.young_since(Metric::PostureBuckets), Some(BEGUN));
        assert!(unknown.hide_beginning(BEGUN) && !unknown.hide_beginning(Day(20_010)));
        // One who belongs to account 2 comes to account 1, where objects are recorded since today.
        let home = "2".into();
        let known = late(&facts, of(&home), &young);
        assert_eq!(known.account(), None);
        assert_eq!(known.young_since(Metric::ReadCalls), None);
        let (sdk, at) = ("sdk", value_hash("sdk"));
        assert!(!known.explain(&facts, Trait::UserAgent, (at, sdk)));
        // At home, the same is young.
        let at_home = "1".into();
        let known = late(&facts, of(&at_home), &young);
        assert_eq!(known.young_since(Metric::ReadCalls), Some(BEGUN));
        assert_eq!(known.young_since(Metric::PostureBuckets), None);
    }
}
