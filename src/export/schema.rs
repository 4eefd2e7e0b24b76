//! What a table consists of.

use crate::export::cell::Cell;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A list of texts.
    Texts,
    /// A JSON document.
    Document,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// A UTC day.
    Date,
    /// An instant in UTC.
    Instant,
}

impl Kind {
    /// Returns its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Texts => "texts",
            Self::Document => "document",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Flag => "flag",
            Self::Date => "date",
            Self::Instant => "instant",
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether a row may have nothing there.
    pub may_be_absent: bool,
    /// The unit, or the range; empty if there is none.
    pub unit: &'static str,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

/// A column, and how its value is read off a row.
pub struct Field<R> {
    /// The column.
    pub column: Column,
    /// Returns its value of a row.
    pub value: for<'r> fn(&'r R) -> Cell<'r>,
}

impl<R> Field<R> {
    /// Makes a column that every row has a value of.
    pub fn required(
        (name, kind): (&'static str, Kind),
        (unit, meaning): (&'static str, &'static str),
        value: for<'r> fn(&'r R) -> Cell<'r>,
    ) -> Self {
        let column = Column {
            name,
            kind,
            may_be_absent: false,
            unit,
            meaning,
        };
        Self { column, value }
    }

    /// Makes a column of which a row may have nothing.
    pub fn optional(
        named: (&'static str, Kind),
        meaning: (&'static str, &'static str),
        value: for<'r> fn(&'r R) -> Cell<'r>,
    ) -> Self {
        let mut field = Self::required(named, meaning, value);
        field.column.may_be_absent = true;
        field
    }
}

/// Returns the columns of fields.
pub fn columns<R>(fields: &[Field<R>]) -> Vec<Column> {
    fields.iter().map(|field| field.column).collect()
}
