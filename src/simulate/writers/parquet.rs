//! JSON objects as the rows of a Parquet file, nested as they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::{Map, Value};

/// The members that are maps of texts, whatever their keys; all others are structures.
const MAPS: [&str; 1] = ["unmapped"];

/// What a column, or a group of columns, holds. Everything is optional.
#[derive(Debug, PartialEq)]
enum Shape {
    Text,
    Integer,
    Boolean,
    Group(BTreeMap<String, Shape>),
    List(Box<Shape>),
    /// Texts by texts.
    Map,
}

impl Shape {
    /// Returns the shape of a value, or nothing if it has none.
    fn of(name: &str, value: &Value) -> Option<Self> {
        Some(match value {
            Value::Object(_) if MAPS.contains(&name) => Self::Map,
            Value::Object(members) => {
                let shapes = members
                    .iter()
                    .filter_map(|(name, value)| Some((name.clone(), Self::of(name, value)?)));
                Self::Group(shapes.collect())
            }
            Value::Array(items) => {
                let shapes = items.iter().filter_map(|item| Self::of("", item));
                Self::List(Box::new(shapes.reduce(Self::joined)?))
            }
            Value::String(_) => Self::Text,
            Value::Number(_) => Self::Integer,
            Value::Bool(_) => Self::Boolean,
            Value::Null => return None,
        })
    }

    /// Returns the shape of what has one of two shapes; where they cannot be joined, the first stays.
    fn joined(self, other: Self) -> Self {
        match (self, other) {
            (Self::Group(mut members), Self::Group(more)) => {
                for (name, shape) in more {
                    let joined = match members.remove(&name) {
                        Some(known) => known.joined(shape),
                        None => shape,
                    };
                    members.insert(name, joined);
                }
                Self::Group(members)
            }
            (Self::List(one), Self::List(other)) => Self::List(Box::new(one.joined(*other))),
            (one, _) => one,
        }
    }

    /// Writes it as a member of a message type.
    fn declare(&self, name: &str, out: &mut String) {
        match self {
            Self::Text => *out += &format!("optional binary {name} (UTF8);\n"),
            Self::Integer => *out += &format!("optional int64 {name};\n"),
            Self::Boolean => *out += &format!("optional boolean {name};\n"),
            Self::Group(members) => {
                *out += &format!("optional group {name} {{\n");
                members
                    .iter()
                    .for_each(|(name, shape)| shape.declare(name, out));
                *out += "}\n";
            }
            Self::List(item) => {
                *out += &format!("optional group {name} (LIST) {{ repeated group list {{\n");
                item.declare("element", out);
                *out += "} }\n";
            }
            Self::Map => {
                *out += &format!(
                    "optional group {name} (MAP) {{ repeated group key_value {{\n\
                     required binary key (UTF8);\noptional binary value (UTF8);\n}} }}\n"
                );
            }
        }
    }

    /// Returns how many columns it has.
    fn columns(&self) -> usize {
        match self {
            Self::Text | Self::Integer | Self::Boolean => 1,
            Self::Group(members) => members.values().map(Self::columns).sum(),
            Self::List(item) => item.columns(),
            Self::Map => 2,
        }
    }

    /// Puts a value into its columns, the first of them first.
    fn put(&self, value: Option<&Value>, at: Levels, columns: &mut [Column]) {
        let (Some(value), defined) = (value.filter(|value| !value.is_null()), at.defined()) else {
            columns.iter_mut().for_each(|column| column.put_nothing(at));
            return;
        };
        match (self, value) {
            (Self::Group(shapes), Value::Object(members)) => {
                let mut rest = columns;
                for (name, shape) in shapes {
                    let (own, after) = rest.split_at_mut(shape.columns());
                    shape.put(members.get(name), defined, own);
                    rest = after;
                }
            }
            (Self::List(item), Value::Array(items)) if !items.is_empty() => {
                for (place, value) in items.iter().enumerate() {
                    item.put(Some(value), defined.repeated(place), columns);
                }
            }
            (Self::Map, Value::Object(members)) if !members.is_empty() => {
                let [keys, values] = columns else { return };
                for (place, (key, value)) in members.iter().enumerate() {
                    let at = defined.repeated(place);
                    // A key is required, so that nothing more needs to be defined of it.
                    keys.put(&Value::String(key.clone()), at);
                    values.put(value, at.defined());
                }
            }
            (Self::Text | Self::Integer | Self::Boolean, _) => {
                columns
                    .iter_mut()
                    .for_each(|column| column.put(value, defined));
            }
            // Empty.
            _ => columns
                .iter_mut()
                .for_each(|column| column.put_nothing(defined)),
        }
    }
}

/// How much of a column's path is there, and at what depth it goes on repeating.
#[derive(Debug, Clone, Copy, Default)]
struct Levels {
    definition: i16,
    repetition: i16,
    /// How many lists and maps enclose this.
    depth: i16,
}

impl Levels {
    fn defined(self) -> Self {
        Self {
            definition: self.definition + 1,
            ..self
        }
    }

    /// Returns the levels of what stands at a place of a list or map.
    fn repeated(self, place: usize) -> Self {
        let depth = self.depth + 1;
        Self {
            definition: self.definition + 1,
            repetition: if place == 0 { self.repetition } else { depth },
            depth,
        }
    }
}

/// The values of a column.
#[derive(Debug, Default)]
struct Column {
    values: Vec<Value>,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

impl Column {
    fn put_nothing(&mut self, at: Levels) {
        self.definitions.push(at.definition);
        self.repetitions.push(at.repetition);
    }

    fn put(&mut self, value: &Value, at: Levels) {
        self.put_nothing(at);
        self.values.push(value.clone());
    }

    fn write(&self, writer: &mut ColumnWriter<'_>) -> Result<()> {
        let (definitions, repetitions) = (Some(&*self.definitions), Some(&*self.repetitions));
        match writer {
            ColumnWriter::BoolColumnWriter(writer) => {
                let values: Vec<bool> = self.values.iter().map(|v| *v == true).collect();
                writer.write_batch(&values, definitions, repetitions)?;
            }
            ColumnWriter::Int64ColumnWriter(writer) => {
                let whole = |value: &Value| value.as_i64().unwrap_or_default();
                let values: Vec<i64> = self.values.iter().map(whole).collect();
                writer.write_batch(&values, definitions, repetitions)?;
            }
            ColumnWriter::ByteArrayColumnWriter(writer) => {
                let text = |value: &Value| ByteArray::from(value.as_str().unwrap_or_default());
                let values: Vec<ByteArray> = self.values.iter().map(text).collect();
                writer.write_batch(&values, definitions, repetitions)?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Returns a Parquet file with a row for every line, each of which is a JSON object.
pub(crate) fn file(lines: &str) -> Result<Vec<u8>> {
    let rows: Vec<Value> = lines
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let shapes = rows.iter().filter_map(|row| Shape::of("", row));
    let shape = shapes
        .reduce(Shape::joined)
        .unwrap_or(Shape::Group(BTreeMap::new()));
    let Shape::Group(members) = &shape else {
        return Ok(Vec::new());
    };
    let mut schema = "message row {\n".to_owned();
    members
        .iter()
        .for_each(|(name, shape)| shape.declare(name, &mut schema));
    schema += "}";
    let mut columns: Vec<Column> = Vec::new();
    columns.resize_with(shape.columns(), Column::default);
    let nothing = Map::new();
    for row in &rows {
        let mut rest = &mut columns[..];
        for (name, shape) in members {
            let (own, after) = rest.split_at_mut(shape.columns());
            let value = row.as_object().unwrap_or(&nothing).get(name);
            shape.put(value, Levels::default(), own);
            rest = after;
        }
    }
    let schema = Arc::new(parse_message_type(&schema)?);
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties)?;
    let mut group = writer.next_row_group()?;
    for column in &columns {
        if let Some(mut writer) = group.next_column()? {
            column.write(writer.untyped())?;
            writer.close()?;
        }
    }
    group.close()?;
    writer.into_inner()
}
