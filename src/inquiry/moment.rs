//! Times and patterns as users write them, wherever they write them.

use std::str::FromStr;

use crate::error::Error;
use crate::glob::Glob;
use crate::time::{Day, Time};

/// An instant, or the first or last one of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant<const LAST: bool>(Time);

impl<const LAST: bool> Instant<LAST> {
    /// Returns the instant.
    pub fn time(self) -> Time {
        self.0
    }
}

impl<const LAST: bool> FromStr for Instant<LAST> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let of_day = |day: Day| {
            if LAST {
                Time::from_nanos(day.end().nanos().saturating_sub(1))
            } else {
                day.start()
            }
        };
        let time = Day::parse(text).map(of_day).or_else(|| Time::parse(text));
        time.map(Self).ok_or_else(|| {
            "expected a day or an instant, as in 2026-03-16 or 2026-03-16T04:11:09Z".to_owned()
        })
    }
}

/// A day, or an instant of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayOrInstant {
    /// The day.
    pub day: Day,
    /// The instant, if it is one.
    pub until: Option<Time>,
}

impl DayOrInstant {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// A usage error if it is neither.
    pub fn parse(text: &str) -> crate::error::Result<Self> {
        match (Day::parse(text), Time::parse(text)) {
            (Some(day), _) => Ok(Self { day, until: None }),
            (None, Some(instant)) => Ok(Self {
                day: instant.day(),
                until: Some(instant),
            }),
            (None, None) => Err(
                Error::usage(format!("`{text}` is neither a day nor an instant"))
                    .hint("as in 2026-03-16 or 2026-03-16T04:11:09Z"),
            ),
        }
    }
}

/// A pattern of ids of analytics; `*` and `?` are wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalyticPattern(Glob);

impl AnalyticPattern {
    /// Returns whether an id is like that.
    pub fn matches(&self, analytic: &str) -> bool {
        self.0.matches(analytic)
    }
}

impl FromStr for AnalyticPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Glob::new(text)
            .map(Self)
            .ok_or_else(|| "the pattern is too long".to_owned())
    }
}
