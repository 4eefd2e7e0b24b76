//! One value of a row.

use std::borrow::Cow;

use crate::time::{Day, Time};

/// One value of a row. Of an instant microseconds are kept, as Parquet has them.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'r> {
    /// There is none.
    Nothing,
    /// A text. It may come from a log.
    Text(Cow<'r, str>),
    /// Texts. They may come from a log.
    Texts(Vec<Cow<'r, str>>),
    /// A JSON document on one line.
    Document(String),
    /// A whole number.
    Integer(i64),
    /// A number, which is finite.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A UTC day.
    Date(Day),
    /// An instant.
    Instant(Time),
}

impl<'r> Cell<'r> {
    /// Makes a text.
    pub fn text(text: &'r str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// Makes texts.
    pub fn texts<T: AsRef<str> + 'r>(texts: impl IntoIterator<Item = &'r T>) -> Self {
        let texts = texts.into_iter();
        Self::Texts(texts.map(|text| Cow::Borrowed(text.as_ref())).collect())
    }

    /// Makes a count; one that is too large becomes the largest.
    pub fn count(count: u64) -> Self {
        Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Makes a number; what is not finite is none, and a zero has no sign.
    pub fn number(number: f64) -> Self {
        if number.is_finite() {
            Self::Number(number + 0.0)
        } else {
            Self::Nothing
        }
    }

    /// Makes an instant, of which the microseconds are kept.
    pub fn instant(time: Time) -> Self {
        Self::Instant(Time::from_nanos(micros(time).saturating_mul(NANOS)))
    }

    /// Makes a value, or none.
    pub fn of<T>(value: Option<T>, make: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Nothing, make)
    }
}

/// Nanoseconds of a microsecond.
const NANOS: i64 = 1_000;

/// Returns the microseconds from the epoch to an instant, rounded down.
pub fn micros(time: Time) -> i64 {
    time.nanos().div_euclid(NANOS)
}
