//! The footer of a file: its columns and their positions. It is validated before it is decoded.

use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{self, AssertUnwindSafe};

use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use crate::sources::decode::PARQUET_MAGIC;
use crate::sources::parquet::file::{damaged, undecoded};
use crate::sources::parquet::thrift::{InvalidThrift, Kind, ThriftReader};

/// The largest footer, in bytes. A file of a thousand row groups of two hundred columns has about this.
const FOOTER_BYTES_MAX: u64 = 32 << 20;
/// Length and magic at the end of the file.
const TAIL_BYTES: u64 = 8;
/// The most columns and groups of columns.
const NODES_MAX: usize = 4_096;
/// The deepest nesting of groups; lists and maps count twice.
const NESTING_MAX: usize = 48;
/// The most rows for each byte of a file. Log records take ten bytes and more each. A small file that
/// claims very many rows would only cost time.
const ROWS_PER_BYTE_MAX: u64 = 8;

/// Reads the footer of a file of this size.
///
/// # Errors
///
/// Fails if the file cannot be read, or its footer is cut off, damaged, encrypted, or beyond the bounds.
pub fn read(file: &mut (impl Read + Seek), bytes: u64) -> io::Result<ParquetMetaData> {
    let end = bytes
        .checked_sub(TAIL_BYTES)
        .ok_or_else(|| damaged("it ends before its footer"))?;
    let mut tail = [0; TAIL_BYTES as usize];
    file.seek(SeekFrom::Start(end))?;
    file.read_exact(&mut tail)?;
    let [a, b, c, d, magic @ ..] = tail;
    if magic == *b"PARE" {
        return Err(damaged("its footer is encrypted"));
    }
    if magic != *PARQUET_MAGIC {
        return Err(damaged("it ends before its footer"));
    }
    let len = u64::from(u32::from_le_bytes([a, b, c, d]));
    let start = end.checked_sub(len).filter(|_| len <= FOOTER_BYTES_MAX);
    let start =
        start.ok_or_else(|| damaged("its footer is larger than the file or any real one"))?;
    let mut footer = vec![0; len as usize];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut footer)?;
    validate(&footer).map_err(|InvalidThrift| damaged("its footer is damaged"))?;
    // Sizes, counts and depths are validated. The decoder still assumes that required parts are present, and panics if they
    // are not.
    let metadata = panic::catch_unwind(AssertUnwindSafe(|| {
        ParquetMetaDataReader::decode_metadata(&footer)
    }))
    .map_err(|_| damaged("its footer is damaged"))?
    .map_err(|e| undecoded("its footer is damaged: ", &e))?;
    let mut rows = metadata
        .row_groups()
        .iter()
        .map(|group| u64::try_from(group.num_rows()).ok());
    let rows = rows.try_fold(0u64, |sum, rows| sum.checked_add(rows?));
    match rows {
        Some(rows) if rows <= bytes.saturating_mul(ROWS_PER_BYTE_MAX) => Ok(metadata),
        _ => Err(damaged(
            "its footer claims more rows than the file can hold",
        )),
    }
}

/// Checks what the decoder of the footer does not check: that lists are no longer than their text, that nesting is bounded, and
/// that the groups of the schema have as many children as they state.
fn validate(footer: &[u8]) -> Result<(), InvalidThrift> {
    let mut reader = ThriftReader::new(footer);
    let mut last = 0;
    while let Some((id, kind)) = reader.field(&mut last)? {
        match (id, kind) {
            (2, Kind::List) => schema(&mut reader)?,
            _ => reader.skip(kind)?,
        }
    }
    Ok(())
}

fn schema(reader: &mut ThriftReader<'_>) -> Result<(), InvalidThrift> {
    let (len, kind) = reader.list()?;
    if kind != Kind::Struct || len > NODES_MAX {
        return Err(InvalidThrift);
    }
    // How many children are still expected, group by group.
    let mut open: Vec<usize> = vec![1];
    for left in (0..len).rev() {
        match open.last_mut() {
            Some(children) => *children -= 1,
            None => return Err(InvalidThrift),
        }
        let (mut last, mut children) = (0, 0);
        while let Some((id, kind)) = reader.field(&mut last)? {
            match (id, kind) {
                (5, Kind::Number) => {
                    children = usize::try_from(reader.number()?).map_err(|_| InvalidThrift)?
                }
                _ => reader.skip(kind)?,
            }
        }
        if children > left || open.len() > NESTING_MAX {
            return Err(InvalidThrift);
        }
        open.push(children);
        while open.last() == Some(&0) {
            open.pop();
        }
    }
    if open.is_empty() {
        Ok(())
    } else {
        Err(InvalidThrift)
    }
}
