//! Since when each log is there. What begins later than the store is as unknown as a new store.
//!
//! A log is believed to begin when many identities are in it at once: one whose records are simply rare has not begun because somebody
//! did for the first time what it records. An account begins with its first record, whoever that is of: nobody is known in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::measure::{Breadth, LogClass, LogKey};
use crate::stats::constants::{
    LEARNING_DAYS, LOG_IDENTITIES_MIN, LOG_JUMP_MIN, LOG_SHARE_MIN, LOGS_MAX, TRAIT_MEMORY_DAYS,
};
use crate::time::Day;

/// What is known of one log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// The first day on which it had a record.
    seen: Day,
    /// The last.
    last: Day,
    /// The day from which on it counts as there: on which it began, or else that of its first record. `None` while too few
    /// identities are in it to tell.
    begun: Option<Day>,
    /// The most identities that were in it on a day: since it began, or before.
    identities: u32,
}

impl Beginning {
    /// Returns what is known of a log after a day on which it had records. Days come in order. `account` is what is known of the whole
    /// account: while a day is young, a few are many of those seen so far, and few of those that there are.
    #[must_use]
    pub fn after(
        known: Option<Self>,
        account: Option<Self>,
        class: LogClass,
        (day, breadth): (Day, Breadth),
    ) -> Self {
        let mut log = known.unwrap_or(Self {
            seen: day,
            last: day,
            begun: None,
            identities: 0,
        });
        let now = breadth.identities;
        let before = log.identities;
        let of = account
            .map_or(0, |account| account.identities)
            .max(breadth.of);
        let is_broad = class == LogClass::Account
            || now >= LOG_IDENTITIES_MIN && f64::from(now) >= LOG_SHARE_MIN * f64::from(of);
        log.last = day;
        log.identities = before.max(now);
        if log.begun.is_none() && is_broad {
            let is_sudden = before.saturating_mul(LOG_JUMP_MIN) <= now;
            log.begun = Some(if is_sudden { day } else { log.seen });
        }
        log
    }

    /// Returns the day on which it began, if that is known.
    pub fn begun(&self) -> Option<Day> {
        self.begun
    }

    /// Returns the most identities that were in it on a day.
    pub fn identities(&self) -> u32 {
        self.identities
    }
}

/// A log that began later than the store, and is still learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YoungLog {
    /// Which.
    pub key: LogKey,
    /// The day on which it began.
    pub since: Day,
    /// The most identities that were in it on a day.
    pub identities: u32,
}

impl YoungLog {
    /// Returns the first day on which what it records is judged as what other logs record.
    pub fn until(&self) -> Day {
        self.since.plus(LEARNING_DAYS)
    }
}

/// What is known of each log. Without any, as in a store of an earlier version, everything began with the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beginnings(BTreeMap<LogKey, Beginning>);

impl Beginnings {
    /// Notes the logs of a day. Days come in order. Where there is no room, a log is not noted, and never counts as one that begins.
    pub fn note_day<'l>(
        &mut self,
        day: Day,
        logs: impl IntoIterator<Item = (&'l LogKey, Breadth)>,
    ) {
        let oldest = day.plus(1 - TRAIT_MEMORY_DAYS);
        self.0.retain(|_, log| log.last >= oldest);
        for (key, breadth) in logs {
            let known = self.0.get(key).copied();
            if known.is_some() || self.0.len() < LOGS_MAX {
                let account = self.0.get(&key.of_account()).copied();
                let log = Beginning::after(known, account, key.class, (day, breadth));
                self.0.insert(key.clone(), log);
            }
        }
    }

    /// Returns whether no log is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether no other log can be noted.
    pub fn is_full(&self) -> bool {
        self.0.len() >= LOGS_MAX
    }

    /// Returns what is known of a log.
    pub fn get(&self, key: &LogKey) -> Option<&Beginning> {
        self.0.get(key)
    }

    /// Returns the logs, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&LogKey, &Beginning)> {
        self.0.iter()
    }
}

impl Extend<(LogKey, Beginning)> for Beginnings {
    fn extend<I: IntoIterator<Item = (LogKey, Beginning)>>(&mut self, logs: I) {
        self.0.extend(logs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Provider;

    const STORE_BEGINS: Day = Day(20_000);

    fn key(class: LogClass) -> LogKey {
        LogKey {
            provider: Provider::Aws,
            account: "111122223333".into(),
            class,
        }
    }

    /// Notes a log on days after the store began: of so many identities, of so many in the account.
    fn begun(class: LogClass, days: &[(i32, u32, u32)]) -> Option<i32> {
        let mut beginnings = Beginnings::default();
        for &(day, identities, of) in days {
            let breadth = Breadth { identities, of };
            beginnings.note_day(STORE_BEGINS.plus(day), [(&key(class), breadth)]);
        }
        let begun = beginnings.get(&key(class))?.begun();
        begun.map(|begun| begun.since(STORE_BEGINS))
    }

    /// Whoever is the first to do something gains nothing by it: a log begins with many of its account at once.
    #[test]
    fn a_log_begins_with_many_at_once_and_not_with_one_who_is_the_first() {
        let objects = LogClass::Objects;
        assert_eq!(begun(objects, &[(16, 30, 40)]), Some(16));
        assert_eq!(begun(objects, &[(16, 1, 40)]), None, "one");
        assert_eq!(begun(objects, &[(16, 2, 2)]), None, "two, though all");
        assert_eq!(begun(objects, &[(16, 9, 40)]), None, "a few of many");
        assert_eq!(begun(objects, &[(16, 10, 40)]), Some(16), "a quarter");
        // Of a log that is switched on shortly before midnight, the first day shows a few.
        assert_eq!(begun(objects, &[(15, 2, 40), (16, 30, 40)]), Some(16));
        assert_eq!(begun(objects, &[(3, 1, 40), (16, 30, 40)]), Some(16));
        // In what ever more do, the last of them do not begin.
        let more = [(2, 3, 40), (5, 5, 40), (9, 8, 40), (16, 12, 40)];
        assert_eq!(begun(objects, &more), Some(2));
        // An account begins with whoever is seen in it first.
        assert_eq!(begun(LogClass::Account, &[(16, 1, 1)]), Some(16));
        // What is not seen for as long as anything is remembered begins anew.
        let again = [(2, 30, 40), (2 + TRAIT_MEMORY_DAYS, 30, 40)];
        assert_eq!(begun(objects, &again), Some(2 + TRAIT_MEMORY_DAYS));
    }
}
