//! Events that arrived later than their source allows.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::engine::LateEvents;
use crate::report::days::named;
use crate::report::number::noun;
use crate::time::Day;

/// Late events of a day.
#[derive(Debug, Clone, Serialize)]
pub struct LateDay {
    /// The day.
    pub day: String,
    /// The events of it that arrived later than their source allows.
    pub events: u64,
    /// Those that came when the other events of the day were gone, so that it could not be judged again.
    pub not_judged: u64,
}

/// Returns the late events by day.
pub fn days(late: &BTreeMap<Day, LateEvents>) -> Vec<LateDay> {
    let of_day = |(day, late): (&Day, &LateEvents)| LateDay {
        day: day.to_string(),
        events: late.events,
        not_judged: late.not_judged,
    };
    late.iter().map(of_day).collect()
}

/// Returns what a person should know of late events, a sentence a line.
pub fn lines(late: &[LateDay]) -> Vec<String> {
    let judged = of(late, |day| day.events - day.not_judged);
    let not_judged = of(late, |day| day.not_judged);
    let again = judged.map(|(n, days)| {
        format!("{n} of {days} came later than their source allows, and were judged")
    });
    let left = not_judged.map(|(n, days)| {
        format!("{n} of {days} came too late to be judged: `plimsoll score LOGS` judges these days")
    });
    again.into_iter().chain(left).collect()
}

/// Returns how many events there are, and the days that they are of.
fn of(late: &[LateDay], n: impl Fn(&LateDay) -> u64) -> Option<(String, String)> {
    let days: Vec<&LateDay> = late.iter().filter(|day| n(day) > 0).collect();
    let total = days.iter().map(|day| n(day)).sum::<u64>();
    let names: Vec<&str> = days.iter().map(|day| &*day.day).collect();
    (total > 0).then(|| (noun(total, "event", "events"), named(&names)))
}
