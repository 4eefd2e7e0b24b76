//! Event time: instants, UTC days, and the tumbling windows in which metrics are taken.
//!
//! Everything here is arithmetic on the times of records. No clock is read; callers that need the present time pass it in.

use std::fmt;

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// Seconds in a UTC day.
pub const DAY_SECS: u32 = 86_400;
const NANOS: i64 = 1_000_000_000;

/// An instant in UTC: nanoseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(i64);

impl Time {
    /// Creates an instant from nanoseconds since the epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Creates an instant from whole seconds since the epoch; `None` beyond the years 1677 to 2262.
    pub fn from_secs(secs: i64) -> Option<Self> {
        secs.checked_mul(NANOS).map(Self)
    }

    /// Reads RFC 3339, with 0 to 9 fractional digits and any offset. A blank may replace the `T`, and a missing offset
    /// means UTC.
    ///
    /// ```
    /// use plimsoll::time::Time;
    /// let t = Time::parse("2026-03-16T04:11:09Z").unwrap();
    /// assert_eq!(t.to_string(), "2026-03-16T04:11:09Z");
    /// assert_eq!(Time::parse("2022-02-08 09:23:37+11:00").unwrap().to_string(), "2022-02-07T22:23:37Z");
    /// assert!(Time::parse("yesterday").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(fast) = Self::parse_plain(text.as_bytes()) {
            return Some(fast);
        }
        let parsed = DateTime::parse_from_rfc3339(text)
            .map(|t| t.with_timezone(&Utc))
            .ok()
            .or_else(|| {
                let text = text.replacen(' ', "T", 1);
                DateTime::parse_from_rfc3339(&text)
                    .or_else(|_| DateTime::parse_from_rfc3339(&format!("{text}Z")))
                    .map(|t| t.with_timezone(&Utc))
                    .ok()
            })?;
        parsed.timestamp_nanos_opt().map(Self)
    }

    /// Reads `2026-03-16T04:11:09Z`, the form of nearly every CloudTrail record, without the general parser.
    fn parse_plain(b: &[u8]) -> Option<Self> {
        if b.len() != 20
            || b[4] != b'-'
            || b[7] != b'-'
            || b[10] != b'T'
            || b[13] != b':'
            || b[16] != b':'
            || b[19] != b'Z'
        {
            return None;
        }
        let number = |range: std::ops::Range<usize>| {
            b[range].iter().try_fold(0i64, |n, &d| {
                d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0'))
            })
        };
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
        let date = chrono::NaiveDate::from_ymd_opt(year as i32, month as u32, day as u32)?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = date
            .signed_duration_since(chrono::NaiveDate::default())
            .num_days();
        Self::from_secs(days * i64::from(DAY_SECS) + hour * 3600 + minute * 60 + second)
    }

    /// Returns nanoseconds since the epoch.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Returns whole seconds since the epoch, rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(NANOS)
    }

    /// Returns this instant without fractions of a second.
    pub const fn whole_secs(self) -> Self {
        Self(self.secs() * NANOS)
    }

    /// Returns the UTC day that this instant belongs to.
    pub const fn day(self) -> Day {
        Day(self.secs().div_euclid(DAY_SECS as i64) as i32)
    }

    /// Returns the second within the UTC day, 0 to 86,399.
    pub const fn second_of_day(self) -> u32 {
        self.secs().rem_euclid(DAY_SECS as i64) as u32
    }

    /// Returns this instant moved by whole seconds, kept inside the representable range.
    pub const fn plus_secs(self, secs: i64) -> Self {
        Self(self.0.saturating_add(secs.saturating_mul(NANOS)))
    }

    /// Returns the whole seconds from `earlier` to this instant; negative if it is later.
    pub const fn secs_since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0) / NANOS
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::<Utc>::from_timestamp_nanos(self.0);
        f.write_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// A UTC day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day(pub i32);

/// The days of the week in English, from Monday.
pub const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

impl Day {
    /// Returns the day of the week, from Monday, 0, to Sunday, 6.
    pub const fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        (self.0 as i64 + 3).rem_euclid(7) as u8
    }

    /// Returns the day of its month, from 1.
    pub fn day_of_month(self) -> u8 {
        let date = DateTime::<Utc>::from_timestamp_nanos(self.start().0);
        date.day() as u8
    }

    /// Returns the number of days from the day to the last of its month.
    pub fn days_to_end_of_month(self) -> u8 {
        let is_last = |n: &i32| self.plus(n + 1).day_of_month() == 1;
        (0..31).find(is_last).unwrap_or(0) as u8
    }

    /// Returns the first instant of the day.
    pub fn start(self) -> Time {
        // The day of the first representable instant begins before it.
        Time((i64::from(self.0) * i64::from(DAY_SECS)).saturating_mul(NANOS))
    }

    /// Returns the first instant of the next day.
    pub fn end(self) -> Time {
        self.plus(1).start()
    }

    /// Returns the day `days` days later, or earlier if negative.
    pub const fn plus(self, days: i32) -> Self {
        Self(self.0 + days)
    }

    /// Returns the number of days from `earlier` to this day.
    pub const fn since(self, earlier: Day) -> i32 {
        self.0 - earlier.0
    }

    /// Reads `2026-03-16`.
    pub fn parse(text: &str) -> Option<Self> {
        let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(Self(
            date.signed_duration_since(chrono::NaiveDate::default())
                .num_days() as i32,
        ))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}",
            DateTime::<Utc>::from_timestamp_nanos(self.start().0).format("%Y-%m-%d")
        )
    }
}

/// The length of a tumbling window, aligned to the epoch: 10 seconds to 1 day, and a divisor of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Window(u32);

impl Window {
    /// Ten minutes, the grain at which metrics are stored.
    pub const TEN_MINUTES: Self = Self(600);
    /// One hour.
    pub const HOUR: Self = Self(3_600);
    /// One UTC day.
    pub const DAY: Self = Self(DAY_SECS);
    /// The windows in which every metric is judged unless an analytic declares another.
    pub const STANDARD: [Self; 3] = [Self::TEN_MINUTES, Self::HOUR, Self::DAY];

    /// Creates a window of so many seconds; `None` unless it is from 10 s to 1 d and divides the day.
    pub const fn from_secs(secs: u32) -> Option<Self> {
        if secs >= 10 && secs <= DAY_SECS && DAY_SECS.is_multiple_of(secs) {
            Some(Self(secs))
        } else {
            None
        }
    }

    /// Returns the length in seconds.
    pub const fn secs(self) -> u32 {
        self.0
    }

    /// Returns the length of the slots that make up this window: ten minutes, where they do.
    pub const fn grain(self) -> Self {
        if self.0.is_multiple_of(Self::TEN_MINUTES.0) {
            Self::TEN_MINUTES
        } else {
            self
        }
    }

    /// Returns the index, within its UTC day, of the window that contains the given second of the day.
    pub const fn slot(self, second_of_day: u32) -> u16 {
        (second_of_day / self.0) as u16
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            s if s % DAY_SECS == 0 => write!(f, "{}d", s / DAY_SECS),
            s if s % 3_600 == 0 => write!(f, "{}h", s / 3_600),
            s if s % 60 == 0 => write!(f, "{}m", s / 60),
            s => write!(f, "{s}s"),
        }
    }
}

/// Reads a duration such as `10s`, `15m`, `2h` or `1d`; returns seconds.
///
/// ```
/// assert_eq!(plimsoll::time::parse_duration_secs("15m"), Some(900));
/// assert_eq!(plimsoll::time::parse_duration_secs("soon"), None);
/// ```
pub fn parse_duration_secs(text: &str) -> Option<i64> {
    let text = text.trim();
    let unit = text.chars().last()?;
    let number: i64 = text[..text.len() - unit.len_utf8()].trim().parse().ok()?;
    let secs = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => i64::from(DAY_SECS),
        'w' => 7 * i64::from(DAY_SECS),
        _ => return None,
    };
    (number >= 0).then(|| number.checked_mul(secs)).flatten()
}
