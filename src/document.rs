//! TOML files read by hand: every value knows its line, and all faults of a file are told at once.
//!
//! `config` and `analytic` walk a [`Table`] through [`Fields`], which remembers the keys that it was asked for and so
//! knows, in the end, which keys nobody wanted. A file that is not TOML at all is told by its syntax faults alone,
//! since what lies behind them cannot be trusted to mean what was meant.

use std::fmt;

use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use crate::error::{Error, Result};
use crate::time::Day;
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

/// What is wrong with some files, gathered until all of it is known.
#[derive(Debug, Default)]
pub struct Faults(Vec<(Place, String)>);

impl Faults {
    /// Adds a fault.
    pub fn add(&mut self, place: &Place, message: impl Into<String>) {
        self.0.push((place.clone(), message.into()));
    }

    /// Adds the fault that `word` is none of `valid`, and names the nearest that is.
    pub fn unknown(&mut self, place: &Place, what: &str, word: &str, valid: &[&str]) {
        self.add(
            place,
            format!("unknown {what} `{word}`; {}", suggest(word, valid)),
        );
    }

    /// Tells whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ends the reading of `what`.
    ///
    /// # Errors
    /// If there are faults: a usage error with one cause a fault, `file:line: message`, by file and line.
    pub fn finish(mut self, what: &str) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.sort();
        self.0.dedup();
        let count = match self.0.len() {
            1 => "1 fault".to_owned(),
            n => format!("{n} faults"),
        };
        let error = Error::usage(format!("{what} cannot be used: {count}"));
        Err(self.0.iter().fold(error, |error, (place, message)| {
            error.cause(format!("{place}: {message}"))
        }))
    }
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

impl Table {
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

    /// Reads a TOML text. Syntax faults go to `faults`, and the table is then empty.
    pub fn parse(text: &str, file: &str, faults: &mut Faults) -> Self {
        let lines = Lines::new(text, file);
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let line = error.span().map_or(0, |span| span.start);
            faults.add(
                &lines.place(line),
                error.message().trim().replace('\n', "; "),
            );
        }
        if errors.is_empty() {
            lines.table(root.get_ref(), 0, faults)
        } else {
            Self::empty(file)
        }
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

impl Value {
    fn expected(&self, what: &str, faults: &mut Faults) {
        faults.add(
            &self.place,
            format!("expected {what}, found {}", self.node.kind()),
        );
    }

    /// Returns the text, which must not be empty.
    pub fn text(&self, faults: &mut Faults) -> Option<&str> {
        match &self.node {
            Node::Text(text) if text.trim().is_empty() => {
                faults.add(&self.place, "expected text, found an empty one")
            }
            Node::Text(text) => return Some(text),
            _ => self.expected("text", faults),
        }
        None
    }

    /// Returns the text with its place.
    pub fn word(&self, faults: &mut Faults) -> Option<Word> {
        let text = self.text(faults)?.into();
        Some(Word {
            text,
            place: self.place.clone(),
        })
    }

    /// Returns the values of a list.
    pub fn list(&self, faults: &mut Faults) -> Option<&[Value]> {
        match &self.node {
            Node::List(values) => Some(values),
            _ => {
                self.expected("a list", faults);
                None
            }
        }
    }

    /// Returns the texts of a list; what is no text is a fault and left out.
    pub fn words(&self, faults: &mut Faults) -> Option<Vec<Word>> {
        Some(
            self.list(faults)?
                .iter()
                .filter_map(|value| value.word(faults))
                .collect(),
        )
    }

    /// Returns the table.
    pub fn table(&self, faults: &mut Faults) -> Option<&Table> {
        match &self.node {
            Node::Table(table) => Some(table),
            _ => {
                self.expected("a table", faults);
                None
            }
        }
    }

    /// Returns true or false.
    pub fn flag(&self, faults: &mut Faults) -> Option<bool> {
        match &self.node {
            Node::Flag(flag) => Some(*flag),
            _ => {
                self.expected("true or false", faults);
                None
            }
        }
    }

    /// Returns the number, which must be finite; an integer will do.
    pub fn number(&self, faults: &mut Faults) -> Option<f64> {
        match &self.node {
            Node::Number(x) if x.is_finite() => return Some(*x),
            Node::Number(_) => faults.add(&self.place, "expected a finite number"),
            Node::Integer(n) => return Some(*n as f64),
            _ => self.expected("a number", faults),
        }
        None
    }

    /// Returns the integer, which must not be negative.
    pub fn integer(&self, faults: &mut Faults) -> Option<u64> {
        match &self.node {
            Node::Integer(n) => {
                let n = u64::try_from(*n).ok();
                if n.is_none() {
                    faults.add(&self.place, "expected an integer of at least 0");
                }
                n
            }
            _ => {
                self.expected("an integer", faults);
                None
            }
        }
    }

    /// Returns the day of a date, written with or without quotation marks.
    pub fn day(&self, faults: &mut Faults) -> Option<Day> {
        let text = match &self.node {
            Node::Text(text) => text.clone(),
            Node::Date(date) => date.to_string(),
            _ => {
                self.expected("a date such as 2027-01-31", faults);
                return None;
            }
        };
        let day = (text.len() == "2027-01-31".len())
            .then(|| Day::parse(&text))
            .flatten();
        if day.is_none() {
            faults.add(
                &self.place,
                format!("expected a date such as 2027-01-31, found `{text}`"),
            );
        }
        day
    }

    /// Returns the value that `parse` makes of the text; `valid` are the words that it knows.
    pub fn one_of<T>(
        &self,
        what: &str,
        parse: impl Fn(&str) -> Option<T>,
        valid: &[&str],
        faults: &mut Faults,
    ) -> Option<T> {
        let text = self.text(faults)?;
        let value = parse(text);
        if value.is_none() {
            faults.unknown(&self.place, what, text, valid);
        }
        value
    }
}

/// The keys of a table, as they are asked for.
pub struct Fields<'a> {
    table: &'a Table,
    name: String,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Begins to read a table, which faults call by `name`, as in `[network]`.
    pub fn of(table: &'a Table, name: impl Into<String>) -> Self {
        Self {
            table,
            name: name.into(),
            asked: Vec::new(),
        }
    }

    /// Returns where the table begins.
    pub fn place(&self) -> &'a Place {
        &self.table.place
    }

    /// Returns the value of a key that may be absent.
    pub fn optional(&mut self, key: &'static str) -> Option<&'a Value> {
        self.asked.push(key);
        self.table.get(key)
    }

    /// Returns the value of a key; its absence is a fault.
    pub fn required(&mut self, key: &'static str, faults: &mut Faults) -> Option<&'a Value> {
        let value = self.optional(key);
        if value.is_none() {
            faults.add(&self.table.place, format!("{} needs `{key}`", self.name));
        }
        value
    }

    /// Tells whether any key that was asked for so far is there.
    pub fn any_found(&self) -> bool {
        self.asked.iter().any(|key| self.table.get(key).is_some())
    }

    /// Returns the texts of a key that may be absent: then none.
    pub fn words(&mut self, key: &'static str, faults: &mut Faults) -> Vec<Word> {
        self.optional(key)
            .and_then(|value| value.words(faults))
            .unwrap_or_default()
    }

    /// Returns the tables of a key that may be absent, as `[[key]]` writes them.
    pub fn tables(&mut self, key: &'static str, faults: &mut Faults) -> Vec<&'a Table> {
        match self.optional(key) {
            None => Vec::new(),
            Some(Value {
                node: Node::Table(table),
                ..
            }) => {
                faults.add(
                    &table.place,
                    format!("`{key}` may stand several times: write [[{key}]]"),
                );
                Vec::new()
            }
            Some(value) => {
                let values = value.list(faults).unwrap_or_default();
                values
                    .iter()
                    .filter_map(|value| value.table(faults))
                    .collect()
            }
        }
    }

    /// Ends the reading: keys that nobody asked for are faults.
    pub fn done(self, faults: &mut Faults) {
        for entry in &self.table.entries {
            if !self.asked.contains(&entry.key.as_str()) {
                let what = format!("key in {}:", self.name);
                faults.unknown(&entry.place, &what, &entry.key, &self.asked);
            }
        }
    }
}

/// Words longer than this are not compared letter by letter.
const COMPARED_CHARS_MAX: usize = 64;

/// Says which of the valid words is nearest to what was written, or all of them, nearest first, if none is near.
fn suggest(word: &str, valid: &[&str]) -> String {
    let mut ranked: Vec<(usize, &str)> = valid
        .iter()
        .map(|valid| (distance(word, valid), *valid))
        .collect();
    ranked.sort_unstable();
    match ranked.first() {
        None => "none is valid here".to_owned(),
        Some((distance, nearest)) if *distance <= nearest.chars().count() / 2 => {
            format!("did you mean `{nearest}`?")
        }
        Some(_) => {
            let words: Vec<_> = ranked.iter().map(|(_, word)| format!("`{word}`")).collect();
            format!("valid: {}", words.join(", "))
        }
    }
}

/// Returns how many letters must be inserted, deleted, replaced or swapped with their neighbour, whatever the case
/// (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let letters = |text: &str| {
        text.chars()
            .take(COMPARED_CHARS_MAX)
            .flat_map(char::to_lowercase)
            .collect::<Vec<_>>()
    };
    let (a, b) = (letters(a), letters(b));
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                let swapped: usize = before_last[j - 2];
                best = best.min(swapped + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_named() {
        let valid = ["internal", "geoip"];
        for (written, said) in [
            ("internl", "did you mean `internal`?"),
            ("Internal", "did you mean `internal`?"),
            ("gepip", "did you mean `geoip`?"),
            ("zzzzzzzzzzzz", "valid: `geoip`, `internal`"),
        ] {
            assert_eq!(suggest(written, &valid), said, "{written}");
        }
        assert_eq!(suggest("x", &[]), "none is valid here");
        assert_eq!(distance("Orgnanization", "organization"), 1);
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn lines_are_those_of_the_file() {
        let text = "a = 1\n\n[b]\nc = [\n  1,\n  { d = 2 },\n]\n[[e]]\nf = 1\n[[e]]\nf = 2\n";
        let mut faults = Faults::default();
        let root = Table::parse(text, "x.toml", &mut faults);
        assert!(faults.is_empty());
        let b = root.get("b").unwrap().table(&mut faults).unwrap();
        assert_eq!((root.entries[0].place.line, b.place.line), (1, 3));
        let c = b.get("c").unwrap().list(&mut faults).unwrap();
        assert_eq!((c[0].place.line, c[1].place.line), (5, 6));
        let e: Vec<_> = Fields::of(&root, "")
            .tables("e", &mut faults)
            .iter()
            .map(|t| t.place.line)
            .collect();
        assert_eq!(e, [8, 10]);
    }

    #[test]
    fn syntax_faults_come_all_at_once() {
        let mut faults = Faults::default();
        let root = Table::parse("a = \nb = 1\nb = 2\n", "x.toml", &mut faults);
        assert!(root.entries.is_empty());
        let said = faults.finish("x.toml").unwrap_err().to_string();
        assert!(
            said.contains("x.toml:1: ") && said.contains("x.toml:3: "),
            "{said}"
        );
    }
}
