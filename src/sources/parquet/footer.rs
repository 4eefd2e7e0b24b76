//! A file's footer: what columns it has and where they lie, looked through before it is believed.

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
/// How deep groups may lie in groups, lists and maps counted twice.
const NESTING_MAX: usize = 48;
/// The most rows that a byte of a file can stand for. Records of logs take ten bytes and more each; what claims to hold a
/// multitude in next to nothing wants our time, not our attention.
const ROWS_PER_BYTE_MAX: u64 = 8;

/// Reads the footer of a file of so many bytes.
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
    look_through(&footer).map_err(|InvalidThrift| damaged("its footer is damaged"))?;
    // What was looked through has sizes, counts and depths that are safe. The reader still takes for granted that parts are
    // there which the format requires, and stops the thread where they are not.
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

/// Checks what the reader of the footer takes on trust: that lists are no longer than the text that holds them, that nothing
/// lies too deep, and that the groups of the schema have as many children as they say.
fn look_through(footer: &[u8]) -> Result<(), InvalidThrift> {
    let mut walk = ThriftReader::new(footer);
    let mut last = 0;
    while let Some((id, kind)) = walk.field(&mut last)? {
        match (id, kind) {
            (2, Kind::List) => schema(&mut walk)?,
            _ => walk.skip(kind)?,
        }
    }
    Ok(())
}

fn schema(walk: &mut ThriftReader<'_>) -> Result<(), InvalidThrift> {
    let (len, kind) = walk.list()?;
    if kind != Kind::Struct || len > NODES_MAX {
        return Err(InvalidThrift);
    }
    // How many children are still to come, group by group.
    let mut open: Vec<usize> = vec![1];
    for left in (0..len).rev() {
        match open.last_mut() {
            Some(children) => *children -= 1,
            None => return Err(InvalidThrift),
        }
        let (mut last, mut children) = (0, 0);
        while let Some((id, kind)) = walk.field(&mut last)? {
            match (id, kind) {
                (5, Kind::Number) => {
                    children = usize::try_from(walk.number()?).map_err(|_| InvalidThrift)?
                }
                _ => walk.skip(kind)?,
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
