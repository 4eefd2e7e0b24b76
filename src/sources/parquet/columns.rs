//! The values of one column, in batches of records.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescPtr;

use crate::sources::parquet::pages::Pages;

thread_local! {
    static IS_DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether this thread is decoding untrusted data. A panic of the decoder is then caught and is not a bug of the program.
pub fn is_decoding() -> bool {
    IS_DECODING.get()
}

/// Values of one type.
#[derive(Debug)]
enum Values {
    Bool(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Int96(Vec<Int96>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

/// One value.
#[derive(Debug, Clone, Copy)]
pub enum Scalar<'a> {
    /// A boolean.
    Bool(bool),
    /// A number of 32 or 64 bits.
    Int(i64),
    /// The old form of a timestamp: nanoseconds of a day, and a Julian day.
    Int96([u32; 3]),
    /// A number with a fraction.
    Float(f64),
    /// Text, or any bytes.
    Bytes(&'a [u8]),
}

/// A column with its current batch of records.
pub struct Column {
    reader: ColumnReader,
    max_def: i16,
    max_rep: i16,
    /// Definition and repetition levels; empty if there is only one level.
    defs: Vec<i16>,
    reps: Vec<i16>,
    levels: usize,
    values: Values,
    /// The next level and the next value.
    at: usize,
    value_at: usize,
}

/// The columns of a row.
pub type Columns = Vec<Column>;

impl Column {
    /// Makes a column of these pages.
    pub fn new(descriptor: ColumnDescPtr, pages: Pages) -> Self {
        let (max_def, max_rep) = (descriptor.max_def_level(), descriptor.max_rep_level());
        let reader = get_column_reader(descriptor, Box::new(pages));
        let values = match &reader {
            ColumnReader::BoolColumnReader(_) => Values::Bool(Vec::new()),
            ColumnReader::Int32ColumnReader(_) => Values::Int32(Vec::new()),
            ColumnReader::Int64ColumnReader(_) => Values::Int64(Vec::new()),
            ColumnReader::Int96ColumnReader(_) => Values::Int96(Vec::new()),
            ColumnReader::FloatColumnReader(_) => Values::Float(Vec::new()),
            ColumnReader::DoubleColumnReader(_) => Values::Double(Vec::new()),
            ColumnReader::ByteArrayColumnReader(_) => Values::Bytes(Vec::new()),
            ColumnReader::FixedLenByteArrayColumnReader(_) => Values::Fixed(Vec::new()),
        };
        Self {
            reader,
            max_def,
            max_rep,
            defs: Vec::new(),
            reps: Vec::new(),
            levels: 0,
            values,
            at: 0,
            value_at: 0,
        }
    }

    /// Reads at most `records` more records; returns their number, and the number of their levels.
    ///
    /// # Errors
    ///
    /// Fails if the column is damaged.
    pub fn fill(&mut self, records: usize) -> Result<(usize, usize)> {
        self.defs.clear();
        self.reps.clear();
        (self.at, self.value_at) = (0, 0);
        let (defs, reps) = (Some(&mut self.defs), Some(&mut self.reps));
        // Sizes, counts and levels of pages are already checked. Their content is not, and the decoder panics on some of it, such
        // as an index beyond the end of a dictionary. That cannot be checked beforehand, so the panic is caught and the column
        // is not used again.
        IS_DECODING.set(true);
        let read = panic::catch_unwind(AssertUnwindSafe(|| {
            macro_rules! read {
                ($reader:expr, $values:expr) => {{
                    $values.clear();
                    $reader.read_records(records, defs, reps, $values)
                }};
            }
            match (&mut self.reader, &mut self.values) {
                (ColumnReader::BoolColumnReader(r), Values::Bool(v)) => read!(r, v),
                (ColumnReader::Int32ColumnReader(r), Values::Int32(v)) => read!(r, v),
                (ColumnReader::Int64ColumnReader(r), Values::Int64(v)) => read!(r, v),
                (ColumnReader::Int96ColumnReader(r), Values::Int96(v)) => read!(r, v),
                (ColumnReader::FloatColumnReader(r), Values::Float(v)) => read!(r, v),
                (ColumnReader::DoubleColumnReader(r), Values::Double(v)) => read!(r, v),
                (ColumnReader::ByteArrayColumnReader(r), Values::Bytes(v)) => read!(r, v),
                (ColumnReader::FixedLenByteArrayColumnReader(r), Values::Fixed(v)) => read!(r, v),
                // Both are set together.
                _ => Ok((0, 0, 0)),
            }
        }));
        IS_DECODING.set(false);
        let damaged = || ParquetError::General("a page's values are damaged".to_owned());
        let (records, _, levels) = read.map_err(|_| damaged())??;
        self.levels = levels;
        Ok((records, levels))
    }

    /// Returns the definition and repetition level of the next value; `None` at the end of the batch.
    pub fn peek(&self) -> Option<(i16, i16)> {
        if self.at >= self.levels {
            return None;
        }
        let level = |levels: &[i16], max: i16| {
            if max == 0 {
                Some(0)
            } else {
                levels.get(self.at).copied()
            }
        };
        Some((
            level(&self.defs, self.max_def)?,
            level(&self.reps, self.max_rep)?,
        ))
    }

    /// Takes the next value; the inner `None` is a null or an empty list.
    pub fn take(&mut self) -> Option<Option<Scalar<'_>>> {
        let (def, _) = self.peek()?;
        self.at += 1;
        if def < self.max_def {
            return Some(None);
        }
        let at = self.value_at;
        self.value_at += 1;
        let scalar = match &self.values {
            Values::Bool(v) => Scalar::Bool(*v.get(at)?),
            Values::Int32(v) => Scalar::Int(i64::from(*v.get(at)?)),
            Values::Int64(v) => Scalar::Int(*v.get(at)?),
            Values::Int96(v) => {
                let [a, b, c] = v.get(at)?.data() else {
                    return None;
                };
                Scalar::Int96([*a, *b, *c])
            }
            Values::Float(v) => Scalar::Float(f64::from(*v.get(at)?)),
            Values::Double(v) => Scalar::Float(*v.get(at)?),
            Values::Bytes(v) => Scalar::Bytes(v.get(at)?.data()),
            Values::Fixed(v) => Scalar::Bytes(v.get(at)?.data()),
        };
        Some(Some(scalar))
    }
}
