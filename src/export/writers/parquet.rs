//! Parquet, packed with zstd. Each column is typed, and the file says what each means in its metadata.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::export::cell::{Cell, micros};
use crate::export::schema::{Column, Kind};
use crate::export::writers::row_writer::RowWriter;

/// The most rows of a group, which are in memory at once.
const ROWS_MAX: usize = 64 << 10;
/// The most bytes of texts of a group, but for those of its last row.
const BYTES_MAX: usize = 32 << 20;

/// Writes rows as Parquet.
pub(super) struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    group: Vec<Values>,
    n_rows: usize,
    n_bytes: usize,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins a file of a table.
    pub(super) fn begin(table: &str, columns: Vec<Column>, out: W) -> io::Result<Self> {
        let about = columns.iter().map(|column| {
            let unit = match column.unit {
                "" => String::new(),
                unit => format!(" ({unit})"),
            };
            let meaning = format!("{}{unit}", column.meaning);
            KeyValue::new(format!("plimsoll.column.{}", column.name), meaning)
        });
        let about = [KeyValue::new("plimsoll.table".to_owned(), table.to_owned())]
            .into_iter()
            .chain(about);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(concat!("plimsoll ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(about.collect()))
            .build();
        let declared: String = columns.iter().map(declare).collect();
        let file = parse_message_type(&format!("message {table} {{\n{declared}}}"))
            .and_then(|schema| {
                SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))
            })
            .map_err(as_io)?;
        Ok(Self {
            file,
            group: columns.iter().map(Values::of).collect(),
            n_rows: 0,
            n_bytes: 0,
        })
    }

    fn write_group(&mut self) -> Result<()> {
        if self.n_rows == 0 {
            return Ok(());
        }
        let mut group = self.file.next_row_group()?;
        for values in &mut self.group {
            if let Some(mut column) = group.next_column()? {
                values.write(column.untyped())?;
                column.close()?;
            }
        }
        group.close()?;
        (self.n_rows, self.n_bytes) = (0, 0);
        Ok(())
    }
}

impl<W: Write + Send> RowWriter for ParquetWriter<W> {
    fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for (values, cell) in self.group.iter_mut().zip(cells) {
            self.n_bytes += values.put(cell).map_err(as_io)?;
        }
        self.n_rows += 1;
        if self.n_rows >= ROWS_MAX || self.n_bytes >= BYTES_MAX {
            self.write_group().map_err(as_io)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.write_group().map_err(as_io)?;
        self.file.close().map_err(as_io)?;
        Ok(())
    }
}

fn as_io(error: ParquetError) -> io::Error {
    io::Error::other(error)
}

/// Returns a column as a member of a message type.
fn declare(column: &Column) -> String {
    let (name, repetition) = match column.may_be_absent {
        true => (column.name, "optional"),
        false => (column.name, "required"),
    };
    match column.kind {
        Kind::Text | Kind::Document => format!("{repetition} binary {name} (STRING);\n"),
        Kind::Texts => format!(
            "required group {name} (LIST) {{ repeated group list {{ required binary element (STRING); }} }}\n"
        ),
        Kind::Integer => format!("{repetition} int64 {name};\n"),
        Kind::Number => format!("{repetition} double {name};\n"),
        Kind::Flag => format!("{repetition} boolean {name};\n"),
        Kind::Date => format!("{repetition} int32 {name} (DATE);\n"),
        Kind::Instant => format!("{repetition} int64 {name} (TIMESTAMP(MICROS,true));\n"),
    }
}

/// The values of a column in a group of rows.
struct Values {
    name: &'static str,
    may_be_absent: bool,
    typed: Typed,
    /// Of each value, or of the row that has none, whether there is one; empty if each row has one.
    definitions: Vec<i16>,
    /// Of each value of a list, whether it continues one; empty if there are no lists.
    repetitions: Vec<i16>,
}

/// Values as Parquet has them.
enum Typed {
    Texts(Vec<ByteArray>),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    Flags(Vec<bool>),
    Days(Vec<i32>),
}

impl Values {
    fn of(column: &Column) -> Self {
        Self {
            name: column.name,
            may_be_absent: column.may_be_absent,
            typed: match column.kind {
                Kind::Text | Kind::Texts | Kind::Document => Typed::Texts(Vec::new()),
                Kind::Integer | Kind::Instant => Typed::Integers(Vec::new()),
                Kind::Number => Typed::Numbers(Vec::new()),
                Kind::Flag => Typed::Flags(Vec::new()),
                Kind::Date => Typed::Days(Vec::new()),
            },
            definitions: Vec::new(),
            repetitions: Vec::new(),
        }
    }

    /// Adds the cell of a row; returns the bytes of its texts.
    fn put(&mut self, cell: &Cell<'_>) -> Result<usize> {
        if let Cell::Texts(texts) = cell {
            return self.put_list(texts);
        }
        let is_there = *cell != Cell::Nothing;
        if self.may_be_absent {
            self.definitions.push(i16::from(is_there));
        }
        match (&mut self.typed, cell) {
            (_, Cell::Nothing) if self.may_be_absent => {}
            (Typed::Texts(texts), Cell::Text(text)) => {
                texts.push(ByteArray::from(&**text));
                return Ok(text.len());
            }
            (Typed::Texts(texts), Cell::Document(text)) => {
                texts.push(ByteArray::from(text.as_str()));
                return Ok(text.len());
            }
            (Typed::Integers(integers), Cell::Integer(number)) => integers.push(*number),
            (Typed::Integers(integers), Cell::Instant(time)) => integers.push(micros(*time)),
            (Typed::Numbers(numbers), Cell::Number(number)) => numbers.push(*number),
            (Typed::Flags(flags), Cell::Flag(flag)) => flags.push(*flag),
            (Typed::Days(days), Cell::Date(day)) => days.push(day.0),
            (_, cell) => {
                let name = self.name;
                return Err(ParquetError::General(format!("`{name}` is {cell:?}")));
            }
        }
        Ok(0)
    }

    fn put_list(&mut self, list: &[impl AsRef<str>]) -> Result<usize> {
        let Typed::Texts(texts) = &mut self.typed else {
            let name = self.name;
            return Err(ParquetError::General(format!("`{name}` has a list")));
        };
        if list.is_empty() {
            self.definitions.push(0);
            self.repetitions.push(0);
        }
        for (at, text) in list.iter().enumerate() {
            self.definitions.push(1);
            self.repetitions.push(i16::from(at > 0));
            texts.push(ByteArray::from(text.as_ref()));
        }
        Ok(list.iter().map(|text| text.as_ref().len()).sum())
    }

    /// Writes the values, and takes them out.
    fn write(&mut self, writer: &mut ColumnWriter<'_>) -> Result<()> {
        let levels = |levels: &mut Vec<i16>| {
            let taken = std::mem::take(levels);
            (!taken.is_empty()).then_some(taken)
        };
        let definitions = levels(&mut self.definitions);
        let repetitions = levels(&mut self.repetitions);
        let (definitions, repetitions) = (definitions.as_deref(), repetitions.as_deref());
        match (writer, &mut self.typed) {
            (ColumnWriter::ByteArrayColumnWriter(writer), Typed::Texts(values)) => {
                writer.write_batch(&std::mem::take(values), definitions, repetitions)?;
            }
            (ColumnWriter::Int64ColumnWriter(writer), Typed::Integers(values)) => {
                writer.write_batch(&std::mem::take(values), definitions, repetitions)?;
            }
            (ColumnWriter::DoubleColumnWriter(writer), Typed::Numbers(values)) => {
                writer.write_batch(&std::mem::take(values), definitions, repetitions)?;
            }
            (ColumnWriter::BoolColumnWriter(writer), Typed::Flags(values)) => {
                writer.write_batch(&std::mem::take(values), definitions, repetitions)?;
            }
            (ColumnWriter::Int32ColumnWriter(writer), Typed::Days(values)) => {
                writer.write_batch(&std::mem::take(values), definitions, repetitions)?;
            }
            _ => {
                let name = self.name;
                return Err(ParquetError::General(format!("`{name}` has another type")));
            }
        }
        Ok(())
    }
}
