//! The peaks of an entity: the days on which it did far more of something than it usually does. A job that comes by the week or by the
//! month, inside an identity that also does other work, shows as peaks that come again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::baseline::Keyed;
use crate::stats::Repeats;
use crate::time::{Day, Window};
use crate::vocab::{Entity, Metric};

/// The peaks of a metric in windows of one length that are remembered: a quarter of a year by the week, and three more.
pub const PEAKS_MAX: usize = 16;
/// Hours by which what comes again may be earlier or later.
const HOURS_APART_MAX: u32 = 1;
/// Days by which what comes by the month may be earlier or later: a weekend.
const MONTH_DAYS_APART_MAX: i32 = 2;
/// Days of a week.
const WEEK: i32 = 7;

/// The largest window of a day, where it was far more than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Peak {
    /// What.
    pub metric: Metric,
    /// An hour, or the day.
    pub window: Window,
    /// On which day.
    pub day: Day,
    /// The hour of the day in which it began, in UTC; 0 of a day.
    pub hour: u8,
    /// How much.
    pub amount: u64,
}

/// The peaks of each entity that had any, each entity's sorted.
pub type Peaks = Keyed<Entity, Vec<Peak>>;

/// An amount in a window, that may be the peak of a habit.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    /// What.
    pub metric: Metric,
    /// In windows of which length.
    pub window: Window,
    /// On which day.
    pub day: Day,
    /// The second of the day at which the window begins.
    pub start: u32,
}

/// Returns the days before on which an entity had a peak like this one, by the week or by the month, whichever is more regular.
pub fn repeats(peaks: &[Peak], of: Candidate) -> Option<(Repeats, Vec<Day>)> {
    let window = match of.window {
        Window::DAY => Window::DAY,
        _ => Window::HOUR,
    };
    let of_metric = || {
        let all = peaks.iter().filter(|peak| peak.day < of.day);
        all.filter(|peak| (peak.metric, peak.window) == (of.metric, window))
    };
    let by_week = of_metric().filter(|peak| of.day.since(peak.day) % WEEK == 0 && of.is_at(peak));
    let by_month = of_metric().filter(|peak| is_month_later(peak.day, of.day));
    let weeks = habit(by_week, |first| of.day.since(first) / WEEK);
    let months = habit(by_month, |first| months_between(first, of.day));
    [weeks, months]
        .into_iter()
        .flatten()
        .min_by(|(a, _), (b, _)| a.surprise().total_cmp(&b.surprise()))
}

impl Candidate {
    /// Returns whether it begins at the hour of a peak, or the hour next to it. A day does on all days.
    fn is_at(self, peak: &Peak) -> bool {
        let hour = self.start / Window::HOUR.secs();
        self.window == Window::DAY || hour.abs_diff(u32::from(peak.hour)) <= HOURS_APART_MAX
    }
}

/// Returns the habit of which these are the peaks; `occasions` is how many weeks or months before today a day is.
fn habit<'p>(
    peaks: impl Iterator<Item = &'p Peak>,
    occasions: impl Fn(Day) -> i32,
) -> Option<(Repeats, Vec<Day>)> {
    // Of the days of one month, and of the hours of one day, the largest is its peak.
    let mut largest: BTreeMap<i32, (u64, Day)> = BTreeMap::new();
    for peak in peaks {
        let of_occasion = largest.entry(occasions(peak.day)).or_insert((0, peak.day));
        *of_occasion = (*of_occasion).max((peak.amount, peak.day));
    }
    let (&before_first, _) = largest.last_key_value()?;
    let mut amounts: Vec<u64> = largest.values().map(|&(amount, _)| amount).collect();
    amounts.sort_unstable();
    let repeats = Repeats {
        shown: largest.len() as u32,
        occasions: before_first as u32,
        amount: amounts[(amounts.len() - 1) / 2],
    };
    let days = largest.into_values().rev().map(|(_, day)| day).collect();
    repeats.is_habit().then_some((repeats, days))
}

/// Returns whether a day is about as far from the beginning, or from the end, of its month as another one in an earlier month.
fn is_month_later(before: Day, day: Day) -> bool {
    if months_between(before, day) < 1 {
        return false;
    }
    let near = |a: i32, b: i32| (a - b).abs() <= MONTH_DAYS_APART_MAX;
    let (from_first, to_last) = (in_month(before), in_month(day));
    near(from_first.0, to_last.0) || near(from_first.1, to_last.1)
}

/// Returns how many months later a day is, to the nearest.
fn months_between(before: Day, day: Day) -> i32 {
    const DAYS_OF_MONTH: f64 = 30.44;
    (f64::from(day.since(before)) / DAYS_OF_MONTH).round() as i32
}

/// Returns the days from the first of a day's month, and to its last.
fn in_month(day: Day) -> (i32, i32) {
    let of_month = |day: Day| day.day_of_month();
    let from_first = i32::from(of_month(day)) - 1;
    let to_last = (0..31).find(|&n| of_month(day.plus(n + 1)) == 1);
    (from_first, to_last.unwrap_or(0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn peak(day: Day, hour: u8, amount: u64) -> Peak {
        Peak {
            metric: Metric::ListCalls,
            window: Window::HOUR,
            day,
            hour,
            amount,
        }
    }

    fn at(day: Day, hour: u32) -> Candidate {
        Candidate {
            metric: Metric::ListCalls,
            window: Window::HOUR,
            day,
            start: hour * 3_600,
        }
    }

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn the_third_of_a_weekday_and_hour_is_a_habit() {
        let first = day("2026-03-06");
        let peaks: Vec<Peak> = (0..4)
            .map(|week| peak(first.plus(7 * week), 2, 200))
            .collect();
        assert_eq!(repeats(&peaks[..1], at(first.plus(7), 2)), None);
        let (habit, days) = repeats(&peaks[..2], at(first.plus(14), 3)).unwrap();
        assert_eq!(days, [first, first.plus(7)]);
        assert_eq!((habit.shown, habit.occasions, habit.amount), (2, 2, 200));
        // Another hour and another weekday are none, and no peak is known before it happens.
        assert_eq!(repeats(&peaks, at(first.plus(28), 5)), None);
        assert_eq!(repeats(&peaks, at(first.plus(29), 2)), None);
        assert_eq!(repeats(&peaks, at(first.plus(7), 2)), None);
        // A window within the hour is judged by the hour, and another metric by nothing.
        let within = Candidate {
            window: Window::TEN_MINUTES,
            start: 7_800,
            ..at(first.plus(28), 2)
        };
        assert_eq!(repeats(&peaks, within).unwrap().0.shown, 4);
        let other = Candidate {
            metric: Metric::ReadCalls,
            ..at(first.plus(28), 2)
        };
        assert_eq!(repeats(&peaks, other), None);
    }

    #[test]
    fn what_comes_once_in_five_weeks_is_no_habit() {
        let first = day("2026-01-02");
        let peaks = [peak(first, 2, 200), peak(first.plus(63), 2, 200)];
        assert_eq!(repeats(&peaks, at(first.plus(70), 2)), None);
    }

    #[test]
    fn a_months_end_comes_again_whatever_its_length_and_a_weekend() {
        let peaks = ["2026-01-30", "2026-02-27"].map(|text| peak(day(text), 16, 90));
        let (habit, days) = repeats(&peaks, at(day("2026-03-31"), 9)).unwrap();
        assert_eq!((habit.shown, habit.occasions, days.len()), (2, 2, 2));
        assert_eq!(repeats(&peaks, at(day("2026-03-18"), 16)), None);
        let first = ["2026-01-01", "2026-02-02"].map(|text| peak(day(text), 1, 90));
        assert!(repeats(&first, at(day("2026-03-01"), 1)).is_some());
    }
}
