//! When an identity is active: whether it follows a timetable, and which one.

use std::collections::BTreeSet;
use std::fmt;

use crate::time::{Day, WEEKDAYS};

/// The fraction of its days on which a scheduled job must run, and the fraction of its runs in which each step of a day
/// must occur.
const MOSTLY: f64 = 0.8;
/// The fraction of the days of a weekday from which it counts as one of the job's weekdays: of four weeks, one may be
/// missed.
const ON_WEEKDAY: f64 = 0.6;
/// The fraction of a job's days that must match its timetable.
const NEARLY_ALL: f64 = 0.9;
/// The fraction of a job's days from which an hour is one of its hours: a job that ends before the hour on one day may end
/// after it on the next.
const NOW_AND_THEN: f64 = 0.25;
/// Days from a run by the month to the next.
const MONTH: std::ops::RangeInclusive<i32> = 26..=36;
/// Days of the month by which its runs may be apart: a weekend, before and after.
const MONTH_DAYS_APART_MAX: i8 = 4;
/// Runs from which there is a timetable: one run is an incident, two may be chance.
const RUNS_MIN: usize = 3;
/// Days of a weekday that must be stored before that weekday can be part of a timetable.
const WEEKDAY_DAYS_MIN: usize = 2;
/// The most hours a day of a job that does not run at a fixed interval.
const HOURS_MAX: usize = 6;
/// Intervals in hours that divide a day, the longest first.
const STEPS: [u32; 8] = [24, 12, 8, 6, 4, 3, 2, 1];
/// The most ten-minute parts of an hour, of six, in which an hourly job runs: a service that is always busy fills them all.
const HOURLY_SLOTS_MAX: u32 = 2;

/// A day on which an identity was active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ActiveDay {
    pub(super) day: Day,
    /// Hours with an event, as bits.
    pub(super) hours: u32,
    /// Minutes of the hour with an amount, in tens, as bits.
    pub(super) tens: u8,
}

/// A timetable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cadence {
    /// Hours of the day, in UTC.
    pub hours: Vec<u8>,
    /// The interval between them, in hours, if it runs all day at a fixed interval.
    pub step: Option<u32>,
    /// Days of the week, Monday being 0.
    pub weekdays: Vec<u8>,
    /// The first and the last of its days of the month, if it comes by the month: from 1, or from the end, the last day being -1.
    pub month_days: Option<(i8, i8)>,
}

impl Cadence {
    /// Finds the timetable in an identity's active days, in order, among the days stored since it was first seen.
    pub(super) fn of(active: &[ActiveDay], stored: &BTreeSet<Day>) -> Option<Self> {
        let first = active.first()?.day;
        let on = |weekday: u8| {
            active
                .iter()
                .filter(move |a| a.day.weekday() == weekday)
                .count()
        };
        let due = |weekday: u8| {
            let days = stored.range(first..);
            days.filter(|day| day.weekday() == weekday).count()
        };
        let weekdays: Vec<u8> = (0..7)
            .filter(|&weekday| {
                let expected = due(weekday);
                expected >= WEEKDAY_DAYS_MIN && on(weekday) as f64 >= ON_WEEKDAY * expected as f64
            })
            .collect();
        let n_due: usize = weekdays.iter().map(|&weekday| due(weekday)).sum();
        let runs: Vec<&ActiveDay> = active
            .iter()
            .filter(|a| weekdays.contains(&a.day.weekday()))
            .collect();
        let n = runs.len() as f64;
        let is_rare = runs.len() < RUNS_MIN || n < MOSTLY * n_due as f64;
        if is_rare || n < NEARLY_ALL * active.len() as f64 {
            return None;
        }
        let days_at = |hour: u32| runs.iter().filter(|a| a.hours >> hour & 1 == 1).count() as f64;
        let usual: Vec<u32> = (0..24)
            .filter(|&h| days_at(h) >= NOW_AND_THEN * n)
            .collect();
        let around = usual.iter().fold(0u32, |bits, &hour| {
            bits | 1 << hour | 1 << ((hour + 1) % 24) | 1 << ((hour + 23) % 24)
        });
        let is_kept = |a: &&&ActiveDay| a.hours & !around == 0;
        if usual.is_empty() || (runs.iter().filter(is_kept).count() as f64) < NEARLY_ALL * n {
            return None;
        }
        let step = STEPS.into_iter().find(|&step| {
            let offset = usual[0] % step;
            let due: Vec<u32> = (offset..24).step_by(step as usize).collect();
            usual == due && due.iter().all(|&hour| days_at(hour) >= MOSTLY * n)
        });
        let step = match step {
            Some(1) if !is_hourly(&runs) => None,
            Some(24) => None,
            step => step,
        };
        let is_often_enough = || {
            let is_there = |a: &&&ActiveDay| usual.iter().any(|&hour| a.hours >> hour & 1 == 1);
            runs.iter().filter(is_there).count() as f64 >= NEARLY_ALL * n
        };
        if step.is_none() && (usual.len() > HOURS_MAX || !is_often_enough()) {
            return None;
        }
        Some(Self {
            hours: usual.into_iter().map(|hour| hour as u8).collect(),
            step,
            weekdays,
            month_days: None,
        })
    }

    /// Finds a timetable by the month in active days, in order: about as far from the beginning, or from the end, of each month.
    pub(super) fn by_month(active: &[ActiveDay]) -> Option<Self> {
        let days: Vec<Day> = active.iter().map(|a| a.day).collect();
        let is_monthly = |pair: &[Day]| MONTH.contains(&pair[1].since(pair[0]));
        if days.len() < RUNS_MIN || !days.windows(2).all(is_monthly) {
            return None;
        }
        let range = |of: &dyn Fn(&Day) -> i8| {
            let (first, last) = (days.iter().map(of).min()?, days.iter().map(of).max()?);
            (last - first <= MONTH_DAYS_APART_MAX).then_some((first, last))
        };
        let from_first = range(&|day| day.day_of_month() as i8);
        let from_last = range(&|day| -(1 + day.days_to_end_of_month() as i8));
        let width = |&(first, last): &(i8, i8)| last - first;
        let ranges = from_first.into_iter().chain(from_last);
        let (first, last) = ranges.min_by_key(width)?;
        let n = active.len() as f64;
        let is_usual = |&hour: &u32| {
            let days_at = active.iter().filter(|a| a.hours >> hour & 1 == 1);
            days_at.count() as f64 >= NOW_AND_THEN * n
        };
        let hours = (0..24).filter(is_usual).map(|hour| hour as u8);
        // A weekend moves it by a day or two.
        Some(Self {
            hours: hours.collect(),
            step: None,
            weekdays: (0..7).collect(),
            month_days: Some(match first > 0 {
                true => ((first - 1).max(1), (last + 1).min(31)),
                false => ((first - 1).max(-31), (last + 1).min(-1)),
            }),
        })
    }
}

/// Returns whether a job that runs in every hour runs in the same minutes of each.
fn is_hourly(runs: &[&ActiveDay]) -> bool {
    let is_short = |a: &&&ActiveDay| a.tens.count_ones() <= HOURLY_SLOTS_MAX;
    runs.iter().filter(is_short).count() as f64 >= NEARLY_ALL * runs.len() as f64
}

impl fmt::Display for Cadence {
    /// Formats it as in `every day at 2, 3 h UTC`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.weekdays.as_slice() {
            _ if self.month_days.is_some() => {
                let (first, last) = self.month_days.unwrap_or_default();
                match first > 0 {
                    true => write!(f, "every month between the days {first} and {last}")?,
                    false => write!(
                        f,
                        "every month between {} and {} days before its last",
                        -(last + 1),
                        -(first + 1)
                    )?,
                }
            }
            [_, _, _, _, _, _, _] => f.write_str("every day")?,
            [0, 1, 2, 3, 4] => f.write_str("from Monday to Friday")?,
            days => {
                let names: Vec<&str> = days
                    .iter()
                    .map(|&day| WEEKDAYS[usize::from(day % 7)])
                    .collect();
                write!(f, "every {}", names.join(", "))?;
            }
        }
        match self.step {
            Some(1) => f.write_str(", every hour"),
            Some(step) => write!(f, ", every {step} hours from {} h UTC", self.hours[0]),
            None => {
                let hours: Vec<String> = self.hours.iter().map(u8::to_string).collect();
                write!(f, " at {} h UTC", hours.join(", "))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const FIRST: Day = Day(20_000);

    /// Finds the timetable of an identity over four weeks, from its active hours on each day, if any.
    fn cadence(hours_on: impl Fn(i32) -> Vec<u32>, tens: u8) -> Option<String> {
        let stored: BTreeSet<Day> = (0..28).map(|n| FIRST.plus(n)).collect();
        let active: Vec<ActiveDay> = (0..28)
            .map(|n| ActiveDay {
                day: FIRST.plus(n),
                hours: hours_on(n)
                    .into_iter()
                    .fold(0, |bits, hour| bits | 1 << hour),
                tens,
            })
            .filter(|a| a.hours != 0)
            .collect();
        Cadence::of(&active, &stored).map(|c| c.to_string())
    }

    #[test]
    fn a_timetable_is_found_in_the_active_days() {
        let weekday = |n: i32| FIRST.plus(n).weekday();
        let all = |step: usize| (0..24).step_by(step).collect::<Vec<u32>>();
        let is = |said: Option<String>, expected: &str| assert_eq!(said.as_deref(), Some(expected));
        is(cadence(|_| vec![2], 1), "every day at 2 h UTC");
        // It sometimes ends after the hour, starts late once, and misses one day.
        let worn = |n| match n {
            9 => vec![],
            12 => vec![4],
            n if n % 3 == 0 => vec![2, 3],
            _ => vec![2],
        };
        is(cadence(worn, 1), "every day at 2, 3 h UTC");
        is(cadence(|_| vec![23, 0], 1), "every day at 0, 23 h UTC");
        let weekly = |n| {
            if weekday(n) == 2 {
                vec![15, 16]
            } else {
                vec![]
            }
        };
        is(cadence(weekly, 63), "every Wednesday at 15, 16 h UTC");
        let work = |n| if weekday(n) < 5 { vec![10] } else { vec![] };
        is(cadence(work, 1), "from Monday to Friday at 10 h UTC");
        is(
            cadence(|_| all(6), 63),
            "every day, every 6 hours from 0 h UTC",
        );
        is(
            cadence(|_| all(2), 63),
            "every day, every 2 hours from 0 h UTC",
        );
        is(cadence(|_| all(1), 3), "every day, every hour");
    }

    #[test]
    fn a_timetable_by_the_month_counts_from_its_beginning_or_its_end() {
        let by_month = |days: &[&str]| {
            let active = days.iter().map(|day| ActiveDay {
                day: Day::parse(day).unwrap(),
                hours: 1 << 2,
                tens: 0,
            });
            let cadence = Cadence::by_month(&active.collect::<Vec<_>>());
            cadence.map(|cadence| cadence.to_string())
        };
        let is = |days: &[&str], expected: &str| {
            assert_eq!(by_month(days).as_deref(), Some(expected), "{days:?}");
        };
        is(
            &["2026-01-30", "2026-02-27", "2026-03-31"],
            "every month between 0 and 2 days before its last at 2 h UTC",
        );
        is(
            &["2026-01-15", "2026-02-15", "2026-03-16"],
            "every month between the days 14 and 17 at 2 h UTC",
        );
        assert_eq!(by_month(&["2026-01-15", "2026-02-15"]), None);
        assert_eq!(by_month(&["2026-01-15", "2026-02-22", "2026-03-20"]), None);
        assert_eq!(
            by_month(&["2026-01-15", "2026-02-15", "2026-02-20", "2026-03-15"]),
            None
        );
    }

    #[test]
    fn irregular_activity_has_no_timetable() {
        let hashed = |n: i32, k: i32| {
            let mixed = (n + 31 * k + 1).unsigned_abs().wrapping_mul(0x9e37_79b9);
            (mixed ^ mixed >> 15).wrapping_mul(0x85eb_ca6b) >> 8 & 0xffff
        };
        let hour = |n, k| hashed(n, k) % 24;
        assert_eq!(cadence(|_| (0..24).collect(), 63), None, "always busy");
        assert_eq!(cadence(|n| vec![hour(n, 1)], 1), None, "once a day");
        let often = |n| (0..5).map(|k| hour(n, k)).collect();
        assert_eq!(cadence(often, 1), None, "often");
        let once = |n| if n == 20 { vec![2] } else { vec![] };
        assert_eq!(cadence(once, 1), None, "once");
        let seldom = |n: i32| if n % 9 == 0 { vec![2] } else { vec![] };
        assert_eq!(cadence(seldom, 1), None, "seldom");
        // A timetable, with other activity on every fourth day.
        let beside = |n: i32| {
            if n % 4 == 0 {
                vec![2, hour(n, 3) % 12 + 9]
            } else {
                vec![2]
            }
        };
        assert_eq!(cadence(beside, 1), None, "beside it");
    }
}
