//! TOML files read by hand: every value knows its line, and all faults of a file are told at once.
//!
//! `config` and `analytic` read a [`Table`] through [`Fields`], by a [`Shape`] that lists its keys. [`Fields`] remembers the
//! keys that it was asked for and so finds, in the end, the unknown ones. A file that is not TOML at all is told by its syntax faults alone,
//! since what lies behind them cannot be trusted to mean what was meant.

mod edit;
mod faults;
mod fields;
mod shape;

use std::fmt;

use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

pub use edit::{is_hidden, quoted, with_table, without_table};
pub use faults::Faults;
pub use fields::Fields;
pub use shape::{Forms, Key, Kind, Needs, Others, Presence, Shape, key};

use crate::vocab::Str;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as the user named it.
    pub file: Str,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The text.
    pub text: Str,
    /// Where it stands.
    pub place: Place,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub node: Node,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A string.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// A date, a time, or both.
    Date(Datetime),
    /// Values in a row.
    List(Vec<Value>),
    /// Keys with their values.
    Table(Table),
}

impl Node {
    fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "an integer",
            Self::Number(_) => "a number",
            Self::Flag(_) => "true or false",
            Self::Date(_) => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// Keys with their values, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Where it begins.
    pub place: Place,
    /// Its keys.
    pub entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// The value.
    pub value: Value,
}

impl Node {
    /// Returns whether it is the same value, wherever it stands.
    fn says_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(mine), Self::List(others)) => {
                mine.len() == others.len()
                    && (mine.iter().zip(others)).all(|(a, b)| a.node.says_the_same(&b.node))
            }
            (Self::Table(mine), Self::Table(other)) => mine.says_the_same(other),
            _ => self == other,
        }
    }
}

impl Table {
    /// Returns whether it has the same keys in the same order with the same values, wherever they stand.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let is_same =
            |(a, b): (&Entry, &Entry)| a.key == b.key && a.value.node.says_the_same(&b.value.node);
        self.entries.len() == other.entries.len()
            && self.entries.iter().zip(&other.entries).all(is_same)
    }

    /// Returns a table without keys.
    pub fn empty(file: &str) -> Self {
        Self {
            place: Place {
                file: file.into(),
                line: 1,
            },
            entries: Vec::new(),
        }
    }

    /// Reads a TOML text; `None` if it is not TOML, and `faults` then say why.
    pub fn parse(text: &str, file: &str, faults: &mut Faults) -> Option<Self> {
        let lines = Lines::new(text, file);
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let offset = error.span().map_or(0, |span| span.start);
            faults.add(
                &lines.place(offset),
                error.message().trim().replace('\n', "; "),
            );
        }
        errors
            .is_empty()
            .then(|| lines.table(root.get_ref(), 0, faults))
    }

    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }
}

/// Turns offsets of a text into its lines.
struct Lines {
    file: Str,
    starts: Vec<usize>,
}

impl Lines {
    fn new(text: &str, file: &str) -> Self {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            file: file.into(),
            starts,
        }
    }

    fn place(&self, offset: usize) -> Place {
        Place {
            file: self.file.clone(),
            line: self.starts.partition_point(|&start| start <= offset),
        }
    }

    fn table(&self, table: &DeTable<'_>, offset: usize, faults: &mut Faults) -> Table {
        let mut entries: Vec<(usize, Entry)> = table
            .iter()
            .map(|(key, value)| {
                let start = key.span().start;
                let entry = Entry {
                    key: key.get_ref().to_string(),
                    place: self.place(start),
                    value: self.value(value.get_ref(), value.span().start, faults),
                };
                (start, entry)
            })
            .collect();
        entries.sort_by_key(|(start, _)| *start);
        Table {
            place: self.place(offset),
            entries: entries.into_iter().map(|(_, entry)| entry).collect(),
        }
    }

    fn value(&self, value: &DeValue<'_>, offset: usize, faults: &mut Faults) -> Value {
        let place = self.place(offset);
        let node = match value {
            DeValue::String(text) => Node::Text(text.to_string()),
            DeValue::Integer(n) => Node::Integer(
                i64::from_str_radix(n.as_str(), n.radix()).unwrap_or_else(|_| {
                    faults.add(&place, format!("`{n}` does not fit into 64 bits"));
                    0
                }),
            ),
            DeValue::Float(x) => Node::Number(x.as_str().parse().unwrap_or_else(|_| {
                faults.add(&place, format!("`{x}` is no number"));
                0.0
            })),
            DeValue::Boolean(flag) => Node::Flag(*flag),
            DeValue::Datetime(date) => Node::Date(*date),
            DeValue::Array(values) => Node::List(
                values
                    .iter()
                    .map(|value| self.value(value.get_ref(), value.span().start, faults))
                    .collect(),
            ),
            DeValue::Table(table) => Node::Table(self.table(table, offset, faults)),
        };
        Value { place, node }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    static LINES: Shape<'static> = Shape {
        name: "lines",
        doc: "",
        keys: &[Key {
            name: "e",
            kind: Kind::Integer,
            presence: Presence::Optional,
            doc: "",
            example: "",
        }],
        others: None,
        needs: Needs::Nothing,
    };

    #[test]
    fn lines_are_those_of_the_file() {
        let text = "a = 1\n\n[b]\nc = [\n  1,\n  { d = 2 },\n]\n[[e]]\nf = 1\n[[e]]\nf = 2\n";
        let mut faults = Faults::default();
        let root = Table::parse(text, "x.toml", &mut faults).unwrap();
        assert_eq!(faults.count(), 0);
        let b = root.get("b").unwrap().table(&mut faults).unwrap();
        assert_eq!((root.entries[0].place.line, b.place.line), (1, 3));
        let c = b.get("c").unwrap().list(&mut faults).unwrap();
        assert_eq!((c[0].place.line, c[1].place.line), (5, 6));
        let e: Vec<_> = Fields::of(&root, &LINES)
            .tables("e", &mut faults)
            .iter()
            .map(|t| t.place.line)
            .collect();
        assert_eq!(e, [8, 10]);
    }

    #[test]
    fn syntax_faults_come_all_at_once() {
        let mut faults = Faults::default();
        assert!(Table::parse("a = \nb = 1\nb = 2\n", "x.toml", &mut faults).is_none());
        let said = faults.finish("x.toml").unwrap_err().to_string();
        assert!(
            said.contains("x.toml:1: ") && said.contains("x.toml:3: "),
            "{said}"
        );
    }
}
