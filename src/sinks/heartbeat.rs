//! When a sink is told how a following run is: daily that all is well, and at once what is not.

use std::collections::BTreeSet;

use crate::sinks::notice::Health;
use crate::time::{Day, Time};
use crate::wording::{count, duration};

/// Seconds without an event after which something is wrong.
const SILENCE_SECS: i64 = 6 * 3_600;
/// Logs that are told.
const LOGS_SHOWN: usize = 6;

/// How a following run is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthStatus {
    /// When it began.
    pub began: Option<Time>,
    /// How many events it has read.
    pub events: u64,
    /// When it last read one, by the clock.
    pub last_news: Option<Time>,
    /// The time of the last event of each log, as far as it is known.
    pub logs: Vec<(String, Time)>,
    /// How many documents wait for each sink.
    pub waiting: Vec<(String, u64)>,
    /// Why the store cannot be written, if it cannot.
    pub store_fault: Option<String>,
    /// Why the last training failed, if it did.
    pub training_fault: Option<String>,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// No events came for hours.
    NoEvents,
    /// The store cannot be written.
    Store,
    /// The last training failed.
    Training,
}

/// When one sink is told, and what it was told last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The second of the UTC day at which it is told.
    second_of_day: u32,
    /// The day on which it was told last.
    told_on: Option<Day>,
    /// What was wrong when it was told last.
    troubles: BTreeSet<Trouble>,
    /// How many events had been read by then.
    events: u64,
}

impl Schedule {
    /// Makes one of a run that begins now: today's is told only if it is still to come.
    pub fn new(second_of_day: u32, now: Time) -> Self {
        let is_past = now.second_of_day() >= second_of_day;
        Self {
            second_of_day,
            told_on: is_past.then(|| now.day()),
            troubles: BTreeSet::new(),
            events: 0,
        }
    }
}

/// Returns what a sink is to be told now, and notes that it is: what is newly wrong, that nothing is wrong any more, or, once a day, how it
/// is; `None` if there is nothing to tell.
pub fn due(status: &HealthStatus, schedule: &mut Schedule, now: Time) -> Option<Health> {
    let troubles = troubles(status, now);
    let is_new = troubles.iter().any(|one| !schedule.troubles.contains(one));
    let is_over = troubles.is_empty() && !schedule.troubles.is_empty();
    let is_time =
        now.second_of_day() >= schedule.second_of_day && schedule.told_on < Some(now.day());
    if is_time {
        schedule.told_on = Some(now.day());
    }
    if !(is_new || is_over || is_time) {
        // What is over while something else still is wrong may begin anew.
        schedule.troubles.retain(|one| troubles.contains(one));
        return None;
    }
    let title = match troubles.is_empty() {
        true if is_over => "all is well again".to_owned(),
        true => "all is well".to_owned(),
        false => troubles
            .iter()
            .map(|trouble| words(*trouble, status, now))
            .collect::<Vec<_>>()
            .join("; "),
    };
    let health = Health {
        time: now,
        is_well: troubles.is_empty(),
        title,
        figures: figures(status, schedule.events, now),
    };
    schedule.troubles = troubles;
    schedule.events = status.events;
    Some(health)
}

fn troubles(status: &HealthStatus, now: Time) -> BTreeSet<Trouble> {
    let last = status.last_news.or(status.began);
    let is_silent = last.is_some_and(|last| now.secs_since(last) >= SILENCE_SECS);
    let all = [
        (is_silent, Trouble::NoEvents),
        (status.store_fault.is_some(), Trouble::Store),
        (status.training_fault.is_some(), Trouble::Training),
    ];
    let is_there = all.into_iter().filter(|(is_there, _)| *is_there);
    is_there.map(|(_, trouble)| trouble).collect()
}

fn words(trouble: Trouble, status: &HealthStatus, now: Time) -> String {
    let why = |fault: &Option<String>| fault.clone().unwrap_or_default();
    match trouble {
        Trouble::NoEvents => {
            let last = status.last_news.or(status.began).unwrap_or(now);
            format!("no events for {}", duration(now.secs_since(last)))
        }
        Trouble::Store => format!("the store cannot be written: {}", why(&status.store_fault)),
        Trouble::Training => format!("the last training failed: {}", why(&status.training_fault)),
    }
}

fn figures(status: &HealthStatus, before: u64, now: Time) -> Vec<String> {
    let mut figures = vec![format!(
        "{} events since the last message, {} since the run began",
        count(status.events.saturating_sub(before)),
        count(status.events)
    )];
    let mut logs: Vec<&(String, Time)> = status.logs.iter().collect();
    // Those that are behind are told first.
    logs.sort_by_key(|(name, time)| (*time, name));
    for (log, time) in logs.iter().take(LOGS_SHOWN) {
        figures.push(format!(
            "{log}: last event {time}, {} ago",
            duration(now.secs_since(*time).max(0))
        ));
    }
    if logs.len() > LOGS_SHOWN {
        figures.push(format!("{} other logs are newer", logs.len() - LOGS_SHOWN));
    }
    for (sink, waiting) in status.waiting.iter().filter(|(_, waiting)| *waiting > 0) {
        figures.push(format!(
            "{} documents wait for sink {sink}",
            count(*waiting)
        ));
    }
    figures
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        Time::parse(&format!("2026-03-{text}:00Z")).unwrap()
    }

    #[test]
    fn all_is_well_once_a_day_and_what_is_not_at_once_and_once() {
        let mut status = HealthStatus {
            began: Some(time("16T10:00")),
            last_news: Some(time("16T10:00")),
            ..HealthStatus::default()
        };
        let mut schedule = Schedule::new(9 * 3_600, time("16T10:00"));
        let mut tell = |status: &HealthStatus, at: &str| due(status, &mut schedule, time(at));
        assert_eq!(
            tell(&status, "16T10:01"),
            None,
            "today's was before it began"
        );
        let silent = tell(&status, "16T16:00").unwrap();
        assert!(
            !silent.is_well && silent.title == "no events for 6h 00m",
            "{}",
            silent.title
        );
        assert_eq!(tell(&status, "16T17:00"), None, "it was told");
        status.store_fault = Some("no space left".to_owned());
        let both = tell(&status, "16T17:01").unwrap();
        assert_eq!(
            both.title,
            "no events for 7h 01m; the store cannot be written: no space left"
        );
        status.last_news = Some(time("16T17:02"));
        assert_eq!(tell(&status, "16T17:02"), None, "one of them is over");
        status.store_fault = None;
        status.events = 1_200;
        let over = tell(&status, "16T17:03").unwrap();
        assert!(over.is_well && over.title == "all is well again");
        status.last_news = Some(time("17T08:58"));
        status.events = 2_500;
        status.logs = vec![("aws.cloudtrail".to_owned(), time("17T08:00"))];
        status.waiting = vec![("soc".to_owned(), 3), ("noc".to_owned(), 0)];
        assert_eq!(tell(&status, "17T08:59"), None);
        let daily = tell(&status, "17T09:00").unwrap();
        assert_eq!((daily.is_well, &*daily.title), (true, "all is well"));
        assert_eq!(
            daily.figures,
            [
                "1,300 events since the last message, 2,500 since the run began",
                "aws.cloudtrail: last event 2026-03-17T08:00:00Z, 1h 00m ago",
                "3 documents wait for sink soc",
            ]
        );
        assert_eq!(tell(&status, "17T23:00").map(|h| h.is_well), Some(false));
    }
}
