//! At which times of the day, and on which days of the week and of the month, an approval holds. All of it is in UTC.

use std::fmt;
use std::ops::Range;

use crate::config::Cover;
use crate::time::{Day, Time, WEEKDAYS};

/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;
/// Days by which schedules are compared: 28 years, after which a calendar comes again.
const DAYS_COMPARED: i32 = 28 * 365 + 7;

/// When an approval holds; always, if it names nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    /// The times of the day.
    pub times: Option<Vec<TimeRange>>,
    /// The days of the week.
    pub weekdays: Option<Vec<WeekdayRange>>,
    /// The days of the month.
    pub days_of_month: Option<Vec<MonthDayRange>>,
}

/// Part of a day, in minutes: with its start, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    start: u16,
    end: u16,
}

/// Days of the week, Monday being 0: with the last, which may come before the first, as in `saturday-monday`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekdayRange {
    first: u8,
    last: u8,
}

/// Days of the month, from 1, or from its end, the last being -1: with the last of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthDayRange {
    first: i8,
    last: i8,
}

impl Schedule {
    /// Returns whether it holds at all times.
    pub fn is_always(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether it holds at a time.
    pub fn holds(&self, at: Time) -> bool {
        self.has_minute((at.second_of_day() / 60) as u16) && self.has_day(at.day())
    }

    fn has_minute(&self, minute: u16) -> bool {
        let times = self.times.as_ref();
        times.is_none_or(|ranges| ranges.iter().any(|range| range.has(minute)))
    }

    fn has_day(&self, day: Day) -> bool {
        let weekdays = self.weekdays.as_ref();
        let days = self.days_of_month.as_ref();
        weekdays.is_none_or(|ranges| ranges.iter().any(|range| range.has(day.weekday())))
            && days.is_none_or(|ranges| ranges.iter().any(|range| range.has(day)))
    }

    /// Returns whether it holds at each of some times, of which there must be one unless it always holds.
    pub(super) fn covers(&self, times: &[Time]) -> bool {
        self.is_always() || (!times.is_empty() && times.iter().all(|&at| self.holds(at)))
    }

    /// Returns whether it holds for all of a span of at most some days, for a part of it, or for nothing of it.
    pub(super) fn cover(&self, span: &Range<Time>) -> Cover {
        let minutes = (span.end.secs_since(span.start).max(1) + 59) / 60;
        let held = |minute: &i64| self.holds(span.start.plus_secs(60 * minute));
        match (0..minutes).filter(held).count() as i64 {
            0 => Cover::No,
            n if n == minutes => Cover::Yes,
            _ => Cover::Perhaps,
        }
    }

    /// Returns whether it holds whenever another does.
    pub(super) fn includes(&self, other: &Self) -> bool {
        let mut minutes = (0..DAY_MINUTES).filter(|&minute| other.has_minute(minute));
        let mut days = (0..DAYS_COMPARED)
            .map(Day)
            .filter(|&day| other.has_day(day));
        minutes.all(|minute| self.has_minute(minute)) && days.all(|day| self.has_day(day))
    }
}

impl TimeRange {
    /// Returns hours of the day, from the first to the last.
    pub fn hours(first: u8, last: u8) -> Self {
        Self {
            start: 60 * u16::from(first),
            end: 60 * (u16::from(last) + 1),
        }
    }

    /// Reads `02:00-03:30`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let minutes = |text: &str| -> Option<u16> {
            let (hour, minute) = text.trim().split_once(':')?;
            let digits = |text: &str| {
                let is_number = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
                is_number.then(|| text.parse::<u16>().ok()).flatten()
            };
            let minute = digits(minute).filter(|&minute| minute < 60)?;
            let all = 60 * digits(hour)? + minute;
            (all <= DAY_MINUTES).then_some(all)
        };
        let read = text.split_once('-');
        let read = read.and_then(|(start, end)| Some((minutes(start)?, minutes(end)?)));
        match read {
            Some((start, end)) if start < end => Ok(Self { start, end }),
            Some(_) => Err(
                "must end after it begins; one over midnight is two, as in [\"23:00-24:00\", \"00:00-01:00\"]"
                    .to_owned(),
            ),
            None => Err("is no part of a day in UTC, such as 02:00-03:30".to_owned()),
        }
    }

    const fn has(self, minute: u16) -> bool {
        self.start <= minute && minute < self.end
    }
}

impl WeekdayRange {
    /// Returns each run of days that follow one another, of days in order.
    pub fn runs(days: &[u8]) -> Vec<Self> {
        let mut runs: Vec<Self> = Vec::new();
        for &day in days {
            match runs.last_mut() {
                Some(run) if run.last + 1 == day => run.last = day,
                _ => runs.push(Self {
                    first: day,
                    last: day,
                }),
            }
        }
        runs
    }

    /// Reads `friday`, or `monday-friday`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let day = |text: &str| {
            let mut names = WEEKDAYS.iter();
            let day = names.position(|name| name.eq_ignore_ascii_case(text.trim()))?;
            Some(day as u8)
        };
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (day(first), day(last)) {
            (Some(first), Some(last)) => Ok(Self { first, last }),
            _ => Err(
                "is no day of the week, such as friday, and no span such as monday-friday"
                    .to_owned(),
            ),
        }
    }

    const fn has(self, day: u8) -> bool {
        (day + 7 - self.first) % 7 <= (self.last + 7 - self.first) % 7
    }
}

impl MonthDayRange {
    /// Returns days from the first to the last, both counted from the beginning of the month or both from its end.
    pub const fn new(first: i8, last: i8) -> Self {
        Self { first, last }
    }

    /// Reads `15`, `1:3`, or `-3:-1` for the last three.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let day = |text: &str| {
            let day = text.trim().parse::<i8>().ok()?;
            (1..=31).contains(&day.unsigned_abs()).then_some(day)
        };
        let (first, last) = text.split_once(':').unwrap_or((text, text));
        match (day(first), day(last)) {
            (Some(first), Some(last)) if first <= last && (first > 0) == (last > 0) => {
                Ok(Self { first, last })
            }
            _ => Err(
                "is no day of the month, such as 15, and no span such as 1:3, or -3:-1 for the last three days"
                    .to_owned(),
            ),
        }
    }

    fn has(self, day: Day) -> bool {
        let of_month = day.day_of_month() as i8;
        let day = match self.first > 0 {
            true => of_month,
            false => -(1 + day.days_to_end_of_month() as i8),
        };
        (self.first..=self.last).contains(&day)
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start, end } = self;
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            start / 60,
            start % 60,
            end / 60,
            end % 60
        )
    }
}

impl fmt::Display for WeekdayRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |day: u8| WEEKDAYS[usize::from(day % 7)].to_ascii_lowercase();
        f.write_str(&name(self.first))?;
        if self.last != self.first {
            write!(f, "-{}", name(self.last))?;
        }
        Ok(())
    }
}

impl fmt::Display for MonthDayRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        if self.last != self.first {
            write!(f, ":{}", self.last)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn schedule(times: &[&str], weekdays: &[&str]) -> Schedule {
        let some = |texts: &[&str]| !texts.is_empty();
        Schedule {
            times: some(times)
                .then(|| times.iter().map(|t| TimeRange::parse(t).unwrap()).collect()),
            weekdays: some(weekdays).then(|| {
                weekdays
                    .iter()
                    .map(|t| WeekdayRange::parse(t).unwrap())
                    .collect()
            }),
            days_of_month: None,
        }
    }

    #[test]
    fn a_schedule_holds_within_its_times_on_its_days() {
        let fridays = schedule(&["02:00-03:30", "23:00-24:00"], &["friday"]);
        for (at, holds) in [
            ("2026-03-20T02:00:00Z", true),
            ("2026-03-20T03:29:59Z", true),
            ("2026-03-20T03:30:00Z", false),
            ("2026-03-20T01:59:59Z", false),
            ("2026-03-20T23:59:59Z", true),
            ("2026-03-19T02:10:00Z", false),
        ] {
            assert_eq!(fridays.holds(Time::parse(at).unwrap()), holds, "{at}");
        }
        let around = schedule(&[], &["Saturday-monday"]);
        for (day, holds) in [
            (19, false),
            (20, false),
            (21, true),
            (22, true),
            (23, true),
            (24, false),
        ] {
            let at = Time::parse(&format!("2026-03-{day}T12:00:00Z")).unwrap();
            assert_eq!(around.holds(at), holds, "{day}");
        }
        let ends = Schedule {
            days_of_month: Some(vec![MonthDayRange::parse("-2:-1").unwrap()]),
            ..Schedule::default()
        };
        for (day, holds) in [
            ("2028-02-29", true),
            ("2028-02-28", true),
            ("2028-02-27", false),
            ("2027-02-27", true),
            ("2027-03-01", false),
            ("2027-03-30", true),
        ] {
            assert_eq!(ends.holds(Day::parse(day).unwrap().start()), holds, "{day}");
        }
        assert!(Schedule::default().holds(Time::parse("2026-03-20T02:00:00Z").unwrap()));
    }

    #[test]
    fn a_span_is_held_in_full_in_part_or_not_at_all() {
        let fridays = schedule(&["02:00-03:30"], &["friday"]);
        for (hour, cover) in [
            (1, Cover::No),
            (2, Cover::Yes),
            (3, Cover::Perhaps),
            (4, Cover::No),
        ] {
            let start = Time::parse(&format!("2026-03-20T0{hour}:00:00Z")).unwrap();
            assert_eq!(
                fridays.cover(&(start..start.plus_secs(3_600))),
                cover,
                "{hour}"
            );
        }
    }

    #[test]
    fn one_schedule_includes_another() {
        for (wide, narrow, does) in [
            (schedule(&[], &[]), schedule(&["02:00-03:00"], &[]), true),
            (schedule(&["02:00-03:00"], &[]), schedule(&[], &[]), false),
            (
                schedule(&["01:00-02:00", "02:00-04:00"], &[]),
                schedule(&["01:30-03:00"], &["friday"]),
                true,
            ),
            (
                schedule(&["02:00-03:00"], &["friday"]),
                schedule(&["02:00-03:00"], &[]),
                false,
            ),
            (
                schedule(&[], &["monday-friday"]),
                schedule(&["02:00-03:00"], &["friday"]),
                true,
            ),
            (
                schedule(&[], &["monday-friday"]),
                schedule(&[], &["friday-saturday"]),
                false,
            ),
        ] {
            assert_eq!(wide.includes(&narrow), does, "{wide:?} {narrow:?}");
        }
    }

    #[test]
    fn what_is_written_reads_back_and_what_is_no_time_is_refused() {
        for text in ["00:00-24:00", "02:05-03:30"] {
            assert_eq!(TimeRange::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(TimeRange::hours(22, 23).to_string(), "22:00-24:00");
        for text in [
            "03:00-02:00",
            "02:00",
            "2-3",
            "02:00-24:01",
            "02:60-03:00",
            "+2:00-03:00",
            "",
        ] {
            assert!(TimeRange::parse(text).is_err(), "{text}");
        }
        for text in ["friday", "monday-friday", "saturday-monday"] {
            assert_eq!(WeekdayRange::parse(text).unwrap().to_string(), text);
        }
        for text in ["fri", "friday-", "", "0"] {
            assert!(WeekdayRange::parse(text).is_err(), "{text}");
        }
        for text in ["15", "1:3", "-3:-1"] {
            assert_eq!(MonthDayRange::parse(text).unwrap().to_string(), text);
        }
        for text in ["0", "32", "3:1", "-1:1", "1-3", ""] {
            assert!(MonthDayRange::parse(text).is_err(), "{text}");
        }
        let runs: Vec<String> = WeekdayRange::runs(&[0, 1, 2, 4])
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(runs, ["monday-wednesday", "friday"]);
    }
}
