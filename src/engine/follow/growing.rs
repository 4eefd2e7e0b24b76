//! Files that may still grow: which part can be read now, and the position reached.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::objects::Object;

/// The longest first line from which the form of a file is detected. A file with a longer one is read as a whole.
const FIRST_LINE_BYTES_MAX: u64 = 8 << 20;
/// Bytes searched at a time for the end of the last finished line.
const BLOCK_BYTES: usize = 64 << 10;
/// The most bytes that are hashed to distinguish a file from another of the same name: enough to reach the id of a first
/// record.
const HEAD_BYTES: u64 = 8 << 10;

/// The position reached in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Bytes that were read.
    offset: u64,
    /// Hash of the first of them, to distinguish the file from another of the same name.
    head: u64,
    /// Its size at the last look. A document is read once its size stays the same.
    size: u64,
    /// The first line, if it names the columns of the rest.
    header: Option<String>,
    /// This many bytes after the read part contain no end of a line.
    unfinished: u64,
    /// Whether any of the file was read in this run.
    #[serde(skip)]
    is_read: bool,
}

impl Position {
    /// Returns the position at a byte of what only grows, and whose name is not given again.
    pub fn at(offset: u64) -> Self {
        Self {
            offset,
            size: offset,
            ..Self::default()
        }
    }

    /// Returns the bytes that were read.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the position at the end of an object, which never grows.
    pub fn behind(object: &Object) -> Self {
        Self {
            offset: object.bytes(),
            head: object.identity() as u64,
            size: object.bytes(),
            ..Self::default()
        }
    }
}

/// How a growing file is read.
enum Shape {
    /// Line by line, as lines are completed; with the header, if there is one.
    Lines(Option<String>),
    /// As a whole, once its size stays the same.
    Document,
    /// Too little to decide.
    Unknown,
}

/// A file that has changed since the last look. It stays open, so that everything read belongs to one file even if another
/// takes its name meanwhile.
pub struct GrowingFile {
    file: File,
    position: Position,
    shape: Shape,
    stands_still: bool,
}

impl GrowingFile {
    /// Opens a file if it has changed. It is read up to `until`, its size at the beginning of the look: all files are read up
    /// to one instant, so that no log runs ahead of another only because it was read later.
    pub fn since(path: &Path, mut position: Position, until: u64) -> io::Result<Option<Self>> {
        if std::fs::metadata(path)?.len() == position.offset || until == position.offset {
            return Ok(None);
        }
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let size = if until < position.offset {
            size
        } else {
            size.min(until)
        };
        let is_another = size < position.offset
            || (position.offset > 0 && head_of(&file, position.offset)? != position.head);
        if is_another {
            // It was truncated, or is another file now.
            position = Position::default();
        }
        if size < position.offset + position.unfinished {
            position.unfinished = 0;
        }
        let stands_still = size == position.size;
        position.size = size;
        let shape = match &position.header {
            Some(header) => Shape::Lines(Some(header.clone())),
            None => shape(&file)?,
        };
        Ok(Some(Self {
            file,
            position,
            shape,
            stands_still,
        }))
    }

    /// Returns whether none of the file was read before in this run.
    pub fn is_first(&self) -> bool {
        !self.position.is_read
    }

    /// Returns the next readable part, and moves past it; `None` if nothing can be read yet.
    pub fn next(&mut self) -> io::Result<Option<Box<dyn Read + '_>>> {
        let Position { offset, size, .. } = self.position;
        if offset >= size {
            return Ok(None);
        }
        match &self.shape {
            Shape::Lines(header) => {
                self.position.header.clone_from(header);
                let searched = offset + self.position.unfinished;
                let Some(end) = last_line_end(&self.file, searched, size)? else {
                    self.position.unfinished = size - offset;
                    return Ok(None);
                };
                (self.position.offset, self.position.unfinished) = (end, size - end);
                self.position.is_read = true;
                self.file.seek(SeekFrom::Start(offset))?;
                let lines = (&self.file).take(end - offset);
                Ok(Some(match header {
                    Some(header) if offset > 0 => Box::new(header.as_bytes().chain(lines)),
                    _ => Box::new(lines),
                }))
            }
            Shape::Document if self.stands_still => {
                self.file.seek(SeekFrom::Start(0))?;
                (self.position.offset, self.position.is_read) = (size, true);
                Ok(Some(Box::new((&self.file).take(size))))
            }
            Shape::Document | Shape::Unknown => Ok(None),
        }
    }

    /// Returns the position reached in the file.
    pub fn position(mut self) -> io::Result<Position> {
        self.position.head = head_of(&self.file, self.position.offset)?;
        Ok(self.position)
    }
}

/// Returns the hash of a file's beginning, over the part that was read.
fn head_of(mut file: &File, taken: u64) -> io::Result<u64> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(taken.min(HEAD_BYTES)).read_to_end(&mut head)?;
    Ok(xxh3_64(&head))
}

/// Returns how a file is read, from its first line.
fn shape(mut file: &File) -> io::Result<Shape> {
    let mut first = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    io::BufReader::new(file)
        .take(FIRST_LINE_BYTES_MAX)
        .read_until(b'\n', &mut first)?;
    let text = first.trim_ascii_start();
    let is_compressed =
        text.starts_with(&[0x1f, 0x8b]) || text.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
    if is_compressed {
        return Ok(Shape::Document);
    }
    let is_finished = first.ends_with(b"\n");
    let is_json = matches!(text.first(), Some(b'{' | b'['));
    if is_json {
        let is_whole = serde_json::from_slice::<serde::de::IgnoredAny>(&first).is_ok();
        return Ok(if is_finished && is_whole {
            Shape::Lines(None)
        } else {
            Shape::Document
        });
    }
    if !is_finished {
        return Ok(Shape::Unknown);
    }
    Ok(Shape::Lines(header_of(&first)))
}

/// Returns the first line, if it names the columns of the rest.
fn header_of(text: &[u8]) -> Option<String> {
    let line = text.split_inclusive(|&b| b == b'\n').next()?;
    let names_columns = line
        .trim_ascii_start()
        .first()
        .is_some_and(u8::is_ascii_alphabetic);
    names_columns.then(|| String::from_utf8_lossy(line).into_owned())
}

/// Returns where the last completed line ends that ends between two offsets.
fn last_line_end(mut file: &File, from: u64, to: u64) -> io::Result<Option<u64>> {
    let mut block = vec![0; BLOCK_BYTES];
    let mut end = to;
    while end > from {
        let start = end.saturating_sub(BLOCK_BYTES as u64).max(from);
        let block = &mut block[..(end - start) as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(block)?;
        if let Some(at) = memchr::memrchr(b'\n', block) {
            return Ok(Some(start + at as u64 + 1));
        }
        end = start;
    }
    Ok(None)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::io::Write;

    /// Returns the part of a file that can be read now.
    fn read(path: &Path, position: &mut Position) -> String {
        read_until(path, position, u64::MAX)
    }

    fn read_until(path: &Path, position: &mut Position, until: u64) -> String {
        let mut text = String::new();
        if let Some(mut growing) = GrowingFile::since(path, position.clone(), until).unwrap() {
            while let Some(mut more) = growing.next().unwrap() {
                more.read_to_string(&mut text).unwrap();
            }
            *position = growing.position().unwrap();
        }
        text
    }

    #[test]
    fn lines_of_any_length_are_read_once_they_are_finished() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut file = File::create(&path).unwrap();
        let mut position = Position::default();
        let long = "x".repeat(3 * BLOCK_BYTES + 7);
        let header = "version account-id\n";
        let mut grow = |text: &str| {
            file.write_all(text.as_bytes()).unwrap();
            read(&path, &mut position)
        };
        assert_eq!(grow("version acc"), "");
        assert_eq!(grow("ount-id\n2 1\n2"), format!("{header}2 1\n"));
        assert_eq!(grow(" 2\n2 3\n"), format!("{header}2 2\n2 3\n"));
        assert_eq!(grow(&long), "");
        assert_eq!(grow(&long), "");
        assert_eq!(grow("\n2 4"), format!("{header}{long}{long}\n"));
        assert_eq!(grow("\n"), format!("{header}2 4\n"));
        assert_eq!(grow(""), "");
    }

    #[test]
    fn what_is_written_after_a_look_began_waits_for_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut position = Position::default();
        std::fs::write(&path, "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n").unwrap();
        assert_eq!(
            read_until(&path, &mut position, 20),
            "{\"a\":1}\n{\"b\":2}\n"
        );
        assert_eq!(read_until(&path, &mut position, 20), "");
        assert_eq!(read(&path, &mut position), "{\"c\":3}\n");
        assert_eq!(read(&path, &mut position), "");
    }

    #[test]
    fn bytes_without_a_line_end_are_searched_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut position = Position::default();
        std::fs::write(&path, "{}\n{\"unfinished").unwrap();
        assert_eq!(read(&path, &mut position), "{}\n");
        assert_eq!(position.unfinished, 12);
        // Shorter, but not shorter than the read part: the text after that is different.
        std::fs::write(&path, "{}\n{}\n").unwrap();
        assert_eq!(read(&path, &mut position), "{}\n");
        assert_eq!((position.offset, position.unfinished), (6, 0));
    }
}
