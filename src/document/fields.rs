//! Reading what a table should hold: a wrong value is a fault and then absent.

use crate::document::{Faults, Forms, Node, Place, Presence, Shape, Table, Value, Word};
use crate::time::Day;

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

    /// Returns the integer, which must lie in a range with both of its ends; `unit` is what it counts.
    pub fn integer_within(
        &self,
        (least, most): (u64, u64),
        unit: &str,
        faults: &mut Faults,
    ) -> Option<u64> {
        let n = match &self.node {
            Node::Integer(n) => *n,
            _ => {
                self.expected("an integer", faults);
                return None;
            }
        };
        let within = u64::try_from(n).ok().filter(|n| (least..=most).contains(n));
        if within.is_none() {
            let message = format!("expected from {least} to {most} {unit}, found {n}");
            faults.add(&self.place, message);
        }
        within
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
    shapes: &'static [Shape<'static>],
    name: String,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Begins to read a table.
    pub fn of(table: &'a Table, shape: &'static Shape<'static>) -> Self {
        Self::named(table, shape, shape.name)
    }

    /// Begins to read a table that faults call by a name of its own, as in `[elements.NAME]`.
    pub fn named(
        table: &'a Table,
        shape: &'static Shape<'static>,
        name: impl Into<String>,
    ) -> Self {
        Self {
            table,
            shapes: std::slice::from_ref(shape),
            name: name.into(),
            asked: Vec::new(),
        }
    }

    /// Begins to read a table of one of several forms.
    pub fn of_forms(table: &'a Table, forms: &'static Forms<'static>) -> Self {
        Self {
            table,
            shapes: forms.forms,
            name: format!("a {}", forms.name),
            asked: Vec::new(),
        }
    }

    /// Returns where the table begins.
    pub fn place(&self) -> &'a Place {
        &self.table.place
    }

    /// Returns the value of a key that may be absent.
    pub fn optional(&mut self, key: &'static str) -> Option<&'a Value> {
        debug_assert!(
            self.shapes.iter().any(|shape| shape.key(key).is_some()),
            "the shape of {} lacks `{key}`",
            self.name
        );
        self.asked.push(key);
        self.table.get(key)
    }

    /// Returns the value of a key; its absence is a fault.
    pub fn required(&mut self, key: &'static str, faults: &mut Faults) -> Option<&'a Value> {
        debug_assert!(
            (self.shapes.iter().filter_map(|shape| shape.key(key)))
                .any(|key| key.presence == Presence::Required),
            "by the shape of {}, `{key}` may be absent",
            self.name
        );
        let value = self.optional(key);
        if value.is_none() {
            faults.add(&self.table.place, format!("{} needs `{key}`", self.name));
        }
        value
    }

    /// Returns whether any key that was asked for so far is there.
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
        self.check_that_all_were_asked();
        for entry in &self.table.entries {
            if !self.asked.contains(&entry.key.as_str()) {
                let what = format!("key in {}:", self.name);
                faults.unknown(&entry.place, &what, &entry.key, &self.asked);
            }
        }
    }

    /// Checks that the reader knows all keys of the shape, or of the form that the table has.
    fn check_that_all_were_asked(&self) {
        let mut forms = (self.shapes.iter()).filter(|shape| {
            let first = shape.keys.first();
            self.shapes.len() == 1 || first.is_some_and(|key| self.table.get(key.name).is_some())
        });
        if let (Some(form), None) = (forms.next(), forms.next()) {
            for key in form.keys {
                debug_assert!(
                    self.asked.contains(&key.name),
                    "nobody reads `{}` of {}",
                    key.name,
                    self.name
                );
            }
        }
    }
}
