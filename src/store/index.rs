//! The index of a file of documents: a row of fixed size for each line, so that an id is found without reading the others.
//!
//! It may only make a search faster, never change its result. A reader trusts the rows that chain from the first one, and only
//! if the last of them describes the line that is there. It reads the lines that a row points to, and all lines after the
//! last row. So an index that is missing, lags behind, was cut short or belongs to another file costs time and nothing else.
//!
//! The one change that is not noticed is a file edited by hand so that the last line with a row stays where and as it was.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

/// Bytes of an id that a row holds.
const ID_LEN: usize = 16;
/// Bytes of a row: the id, the end of the line, the hash of the line, and the check.
const ROW_LEN: usize = ID_LEN + 8 + 4 + 4;
/// The check before the first row. Changes when the form of a row changes, so that rows of another form do not chain.
const FORM: u32 = 1;
/// Bytes of rows that are written at once.
const WRITE_LEN: usize = 1 << 16;

/// Returns the id of the document on a line; `None` if it has none.
pub(super) type IdOf = fn(&[u8]) -> Option<String>;

/// A row: where a line ends. It begins where the line before it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    /// The first bytes of the id, then zeros; zeros only for a line that is no document.
    id: [u8; ID_LEN],
    /// Bytes of the file up to the end of the line.
    end: u64,
    /// The hash of the line.
    line: u32,
    /// The hash of the above, and of the check of the row before.
    check: u32,
}

/// Returns the lower half of a hash, which is enough to recognise damage.
fn hash(bytes: &[u8]) -> u32 {
    xxh3_64(bytes) as u32
}

/// Returns the bytes of a row from a place on.
fn part<const N: usize>(bytes: &[u8; ROW_LEN], at: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[at..at + N]);
    part
}

impl Row {
    fn of(line: &[u8], end: u64, id_of: IdOf, check_before: u32) -> Self {
        let mut row = Self {
            id: [0; ID_LEN],
            end,
            line: hash(line),
            check: 0,
        };
        let id = id_of(line).unwrap_or_default();
        for (to, from) in row.id.iter_mut().zip(id.bytes()) {
            *to = from;
        }
        row.check = row.check_after(check_before);
        row
    }

    fn check_after(&self, before: u32) -> u32 {
        let mut text = [0; ROW_LEN];
        text[..4].copy_from_slice(&before.to_le_bytes());
        text[4..].copy_from_slice(&self.to_bytes()[..ROW_LEN - 4]);
        hash(&text)
    }

    fn to_bytes(self) -> [u8; ROW_LEN] {
        let mut bytes = [0; ROW_LEN];
        bytes[..16].copy_from_slice(&self.id);
        bytes[16..24].copy_from_slice(&self.end.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.line.to_le_bytes());
        bytes[28..].copy_from_slice(&self.check.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; ROW_LEN]) -> Self {
        Self {
            id: part(bytes, 0),
            end: u64::from_le_bytes(part(bytes, 16)),
            line: u32::from_le_bytes(part(bytes, 24)),
            check: u32::from_le_bytes(part(bytes, 28)),
        }
    }

    /// Returns whether an id with this prefix may be on its line.
    fn may_have(&self, prefix: &[u8]) -> bool {
        let n = prefix.len().min(ID_LEN);
        self.id[..n] == prefix[..n]
    }

    /// Returns whether its line, which begins here, is in a file as the row says.
    fn describes(&self, file: &mut File, start: u64) -> io::Result<bool> {
        if self.end > file.metadata()?.len() {
            return Ok(false);
        }
        let mut line = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.take(self.end - start).read_to_end(&mut line)?;
        Ok(line.last() == Some(&b'\n') && hash(&line) == self.line)
    }
}

/// The rows of an index that hold for a file.
#[derive(Debug, Default)]
pub(super) struct Index {
    rows: Vec<Row>,
}

impl Index {
    /// Reads the rows that hold for a file. There are none if the index is missing, cannot be read, or is not of this file.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read.
    pub fn read(path: &Path, file: &mut File) -> io::Result<Self> {
        Self::of_bytes(&fs::read(path).unwrap_or_default(), file)
    }

    fn of_bytes(bytes: &[u8], file: &mut File) -> io::Result<Self> {
        let (mut rows, mut before) = (Vec::new(), (FORM, 0));
        for bytes in bytes.as_chunks().0 {
            let row = Row::from_bytes(bytes);
            if row.check != row.check_after(before.0) || row.end <= before.1 {
                break;
            }
            before = (row.check, row.end);
            rows.push(row);
        }
        let index = Self { rows };
        match index.rows.split_last() {
            Some((last, others)) => {
                let start = others.last().map_or(0, |row| row.end);
                let holds = last.describes(file, start)?;
                Ok(if holds { index } else { Self::default() })
            }
            None => Ok(index),
        }
    }

    /// Returns how many bytes of the file its rows describe.
    pub fn end(&self) -> u64 {
        self.rows.last().map_or(0, |row| row.end)
    }

    /// Returns the places of the lines that may have an id with this prefix, in the order of the file.
    pub fn places_of(&self, prefix: &str) -> impl Iterator<Item = Range<u64>> {
        let starts = std::iter::once(0).chain(self.rows.iter().map(|row| row.end));
        let places = starts.zip(&self.rows);
        places
            .filter(move |(_, row)| row.may_have(prefix.as_bytes()))
            .map(|(start, row)| start..row.end)
    }
}

/// Adds rows for the lines of a file that have none, whoever wrote them. An index of another file, and one that ends in a part
/// of a row, is made anew.
///
/// It costs as much as the new lines: of the rows before only the last is looked at. If another process does this now, nothing
/// is done: what it leaves out the next call adds.
///
/// # Errors
///
/// Fails if the disk fails. The documents can be found all the same.
pub(super) fn complete(path: &Path, lines: &Path, id_of: IdOf) -> io::Result<()> {
    with_lock(path, lines, |index, file| add_rows(index, file, id_of))
}

/// Does the same as [`complete`], and also looks at each row: an index with a damaged one is made anew.
///
/// # Errors
///
/// Fails as [`complete`] does.
pub(super) fn repair(path: &Path, lines: &Path, id_of: IdOf) -> io::Result<()> {
    with_lock(path, lines, |index, file| {
        let mut bytes = Vec::new();
        index.read_to_end(&mut bytes)?;
        let sound = Index::of_bytes(&bytes, file)?.rows.len() * ROW_LEN;
        if sound != bytes.len() {
            index.set_len(0)?;
        }
        add_rows(index, file, id_of)
    })
}

fn with_lock(
    path: &Path,
    lines: &Path,
    work: impl FnOnce(&mut File, &mut File) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = File::open(lines)?;
    let mut index = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)?;
    match index.try_lock() {
        Ok(()) => work(&mut index, &mut file),
        Err(fs::TryLockError::WouldBlock) => Ok(()),
        Err(fs::TryLockError::Error(e)) => Err(e),
    }
}

fn add_rows(index: &mut File, file: &mut File, id_of: IdOf) -> io::Result<()> {
    let (mut check, mut end) = match last_row(index, file)? {
        Some(row) => (row.check, row.end),
        None => {
            index.set_len(0)?;
            (FORM, 0)
        }
    };
    index.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(end))?;
    let (mut text, mut line, mut rows) = (BufReader::new(file), Vec::new(), Vec::new());
    // A last line without its end may still be written.
    while text.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
        end += line.len() as u64;
        let row = Row::of(&line, end, id_of, check);
        check = row.check;
        rows.extend(row.to_bytes());
        if rows.len() >= WRITE_LEN {
            index.write_all(&rows)?;
            rows.clear();
        }
        line.clear();
    }
    index.write_all(&rows)
}

/// Returns the last row of an index if it describes the line that is there, and follows the row before it.
fn last_row(index: &mut File, file: &mut File) -> io::Result<Option<Row>> {
    let len = index.metadata()?.len();
    if len == 0 || len % ROW_LEN as u64 != 0 {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    index.seek(SeekFrom::Start(len.saturating_sub(2 * ROW_LEN as u64)))?;
    index.read_to_end(&mut bytes)?;
    let (before, last) = match bytes.as_chunks().0 {
        [last] => ((FORM, 0), Row::from_bytes(last)),
        [before, last] => {
            let before = Row::from_bytes(before);
            ((before.check, before.end), Row::from_bytes(last))
        }
        _ => return Ok(None),
    };
    let follows = last.check == last.check_after(before.0) && last.end > before.1;
    Ok((follows && last.describes(file, before.1)?).then_some(last))
}
