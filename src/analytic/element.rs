//! Mutable elements: typed values that an estate may set for an analytic.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::document::{Faults, Place, Value, Word};
use crate::glob::{Glob, PATTERN_BYTES_MAX};
use crate::pattern::{DestinationPattern, NamePattern};
use crate::time::{Window, parse_duration_secs};
use crate::vocab::{Str, words};

words! {
    /// The type of an element.
    ElementKind {
        /// A tumbling window, 10 s to 1 d: `"10m"`.
        Window = "window",
        /// A duration above zero: `"24h"`.
        Duration = "duration",
        /// A number that is not negative.
        Number = "number",
        /// An integer that is not negative.
        Integer = "integer",
        /// Words: metrics or traits, as the arm that uses them requires.
        List = "list",
        /// Texts in which `*` matches anything: `["aws-cli", "rclone*"]`.
        Globs = "globs",
        /// True or false.
        Flag = "flag",
        /// Buckets with their provider: `["aws:payroll-*"]`.
        Buckets = "buckets",
        /// Accounts, buckets or networks: `["aws:111122223333", "198.51.100.0/24"]`.
        Destinations = "destinations",
    }
}

/// A value of an element.
#[derive(Debug, Clone, PartialEq)]
pub enum ElementValue {
    /// A tumbling window.
    Window(Window),
    /// A duration, in seconds.
    Duration(i64),
    /// A number, finite and not negative.
    Number(f64),
    /// An integer.
    Integer(u64),
    /// Words.
    List(Vec<Word>),
    /// Patterns that match texts.
    Globs(Vec<Glob>),
    /// True or false.
    Flag(bool),
    /// Patterns that match buckets, each with its provider.
    Buckets(Vec<NamePattern>),
    /// Patterns that match destinations.
    Destinations(Vec<DestinationPattern>),
}

/// A mutable element with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// Its name.
    pub name: Str,
    /// Its type.
    pub kind: ElementKind,
    /// Its meaning.
    pub doc: String,
    /// The default of the definition; a window may have none.
    pub default: Option<ElementValue>,
    /// The value in force.
    pub value: Option<ElementValue>,
    /// Where the value in force was set.
    pub place: Place,
}

/// The elements of an analytic, in the order of its definition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Elements(Vec<Element>);

impl Elements {
    pub(super) fn push(&mut self, element: Element) {
        self.0.push(element);
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Element> {
        self.0.iter_mut().find(|element| *element.name == *name)
    }

    /// Returns the element with a name.
    pub fn get(&self, name: &str) -> Option<&Element> {
        self.iter().find(|element| *element.name == *name)
    }

    /// Returns the value in force of the element with a name.
    pub fn value(&self, name: &str) -> Option<&ElementValue> {
        self.get(name)?.value.as_ref()
    }

    /// Returns all elements.
    pub fn iter(&self) -> impl Iterator<Item = &Element> {
        self.0.iter()
    }

    /// Returns the names of all elements.
    pub fn names(&self) -> Vec<&str> {
        self.iter().map(|element| &*element.name).collect()
    }
}

impl ElementValue {
    /// Reads a value of the given type. Errors are added to `faults`.
    pub(super) fn read(value: &Value, kind: ElementKind, faults: &mut Faults) -> Option<Self> {
        match kind {
            ElementKind::Window => {
                let text = value.text(faults)?;
                let secs = parse_duration_secs(text).and_then(|secs| u32::try_from(secs).ok());
                let window = secs.and_then(Window::from_secs);
                let wrong = || {
                    format!(
                        "`{text}` is no window: 10s to 1d, and a divisor of the day, as in `10m`"
                    )
                };
                or_fault(window, value, faults, wrong).map(Self::Window)
            }
            ElementKind::Duration => {
                let text = value.text(faults)?;
                let secs = parse_duration_secs(text).filter(|secs| *secs > 0);
                let wrong = || format!("`{text}` is no length of time, as in `24h` or `2d`");
                or_fault(secs, value, faults, wrong).map(Self::Duration)
            }
            ElementKind::Number => {
                let number = value.number(faults)?;
                let number = (number >= 0.0).then_some(number);
                or_fault(number, value, faults, || {
                    "expected a number of at least 0".to_owned()
                })
                .map(Self::Number)
            }
            ElementKind::Integer => value.integer(faults).map(Self::Integer),
            ElementKind::List => value.words(faults).map(Self::List),
            ElementKind::Globs => each(value, faults, glob).map(Self::Globs),
            ElementKind::Flag => value.flag(faults).map(Self::Flag),
            ElementKind::Buckets => {
                each(value, faults, NamePattern::parse_with_provider).map(Self::Buckets)
            }
            ElementKind::Destinations => {
                each(value, faults, DestinationPattern::parse).map(Self::Destinations)
            }
        }
    }
}

/// Reads a text pattern.
pub(super) fn glob(text: &str) -> Result<Glob, String> {
    Glob::new(text).ok_or_else(|| format!("is longer than {PATTERN_BYTES_MAX} bytes"))
}

fn or_fault<T>(
    made: Option<T>,
    value: &Value,
    faults: &mut Faults,
    wrong: impl Fn() -> String,
) -> Option<T> {
    if made.is_none() {
        faults.add(&value.place, wrong());
    }
    made
}

pub(super) fn each<T>(
    value: &Value,
    faults: &mut Faults,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<Vec<T>> {
    let mut patterns = Vec::new();
    for word in value.words(faults)? {
        match parse(&word.text) {
            Ok(pattern) => patterns.push(pattern),
            Err(wrong) => faults.add(&word.place, format!("`{}` {wrong}", word.text)),
        }
    }
    Some(patterns)
}

impl fmt::Display for ElementValue {
    /// Formats the value as a configuration would.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Window(window) => write!(f, "\"{window}\""),
            Self::Duration(secs) => write!(f, "\"{}\"", duration(*secs)),
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::List(words) => list(f, words.iter().map(|word| &word.text)),
            Self::Globs(patterns) => list(f, patterns),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Buckets(patterns) => list(f, patterns),
            Self::Destinations(patterns) => list(f, patterns),
        }
    }
}

fn list(
    f: &mut fmt::Formatter<'_>,
    items: impl IntoIterator<Item = impl fmt::Display>,
) -> fmt::Result {
    let items: Vec<_> = items
        .into_iter()
        .map(|item| format!("\"{item}\""))
        .collect();
    write!(f, "[{}]", items.join(", "))
}

/// Formats seconds in the largest unit that divides them.
fn duration(secs: i64) -> String {
    match secs {
        s if s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s % 3_600 == 0 => format!("{}h", s / 3_600),
        s if s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}
