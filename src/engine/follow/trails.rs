//! The newest event of each trail. It decides when a day may be judged completely.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Event, Source};
use crate::time::{Day, Time};

/// How long, in seconds, a quiet trail may keep a day open after its end.
const OPEN_SECS_MAX: i64 = 86_400;
/// How long, in seconds, flows wait for a silent trail.
const WAIT_SECS_MAX: i64 = 3_600;
/// How far, in seconds, a trail may lie behind the newest before it is forgotten.
const SILENT_SECS_MAX: i64 = 2 * 86_400;

/// The newest event of each recently active trail, and how late its events may arrive, in seconds.
#[derive(Default, Serialize, Deserialize)]
pub struct Trails(BTreeMap<String, (Time, i64)>);

/// Returns the name of the trail of an event.
pub fn trail_of(event: &Event) -> String {
    format!(
        "{} {} {}",
        event.source,
        event.account.as_deref().unwrap_or("-"),
        event.region.as_deref().unwrap_or("-")
    )
}

impl Trails {
    /// Returns whether an event arrived later than its source allows.
    pub fn is_late(&self, trail: &str, time: Time, lateness_secs: i64) -> bool {
        self.0
            .get(trail)
            .is_some_and(|&(newest, _)| time < newest.plus_secs(-lateness_secs))
    }

    /// Records an event.
    pub fn observe(&mut self, trail: String, time: Time, lateness_secs: i64) {
        let newest = self.0.entry(trail).or_insert((time, lateness_secs));
        *newest = (newest.0.max(time), lateness_secs);
    }

    /// Returns whether a day may be judged completely: every trail is past it, or the newest is long past.
    pub fn are_past(&self, day: Day) -> bool {
        let end = day.end();
        let watermarks = self
            .0
            .values()
            .map(|&(newest, lateness)| newest.plus_secs(-lateness));
        watermarks.clone().all(|w| w >= end)
            || watermarks
                .max()
                .is_some_and(|w| w >= end.plus_secs(OPEN_SECS_MAX))
    }

    /// Returns until when the identity that uses an instance is known: by then every trail that records sessions has
    /// arrived, or the newest of all trails is well past it. `None` if no trail records sessions.
    pub fn sessions_known_until(&self) -> Option<Time> {
        let has_sessions = |name: &&String| name.starts_with(Source::AwsCloudTrail.as_str());
        let with_sessions = self.0.iter().filter(|(name, _)| has_sessions(name));
        let until = with_sessions
            .map(|(_, &(newest, lateness))| newest.plus_secs(-lateness))
            .min()?;
        let newest = self.0.values().map(|&(newest, _)| newest).max()?;
        Some(until.max(newest.plus_secs(-WAIT_SECS_MAX)))
    }

    /// Returns the name of each trail, and its newest event.
    pub fn newest(&self) -> impl Iterator<Item = (&str, Time)> {
        let trails = self.0.iter();
        trails.map(|(trail, &(newest, _))| (trail.as_str(), newest))
    }

    /// Returns the day of the newest event of any trail.
    pub fn newest_day(&self) -> Option<Day> {
        self.0.values().map(|(newest, _)| newest.day()).max()
    }

    /// Forgets trails that are silent for long: an ended trail must not keep every day open, and must not be kept for ever.
    pub fn forget_silent(&mut self) {
        let Some(newest) = self.0.values().map(|&(newest, _)| newest).max() else {
            return;
        };
        self.0
            .retain(|_, (last, _)| *last >= newest.plus_secs(-SILENT_SECS_MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_that_has_ended_keeps_days_open_for_a_while_and_is_forgotten() {
        let first = Day(20_000);
        let mut trails = Trails::default();
        let evaluate_day = |trails: &mut Trails, name: &str, day: Day| {
            trails.observe(name.to_owned(), day.end().plus_secs(600), 300);
            trails.forget_silent();
        };
        evaluate_day(&mut trails, "ended", first.plus(-1));
        evaluate_day(&mut trails, "alive", first);
        assert!(!trails.are_past(first), "the other may still arrive");
        evaluate_day(&mut trails, "alive", first.plus(1));
        assert!(trails.are_past(first), "no day waits for longer than a day");
        assert!(!trails.are_past(first.plus(1)));
        evaluate_day(&mut trails, "alive", first.plus(2));
        assert!(trails.are_past(first.plus(2)), "the trail is forgotten");
        assert_eq!(trails.0.len(), 1);
    }
}
