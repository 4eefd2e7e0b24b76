//! Files that may still grow: what of them can be read by now, and how far that is.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// The most bytes taken from one growing file at a time.
const CHUNK_BYTES: u64 = 8 << 20;
/// The most bytes by which a file is told from another of the same name: enough to reach the id of a first record.
const HEAD_BYTES: u64 = 8 << 10;

/// How far a file was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Bytes that were taken.
    offset: u64,
    /// Hash of the first of them, by which a file is told from another of the same name.
    head: u64,
    /// Size when it was last looked at; a document is read once its size stands still.
    size: u64,
    /// The first line, if it names the columns of the rest.
    header: Option<String>,
}

/// How a file is to be read while it may grow.
enum Shape {
    /// Line by line, as they are finished; the header, if there is one.
    Lines(Option<String>),
    /// As a whole, once it stands still.
    Document,
    /// Too little to tell.
    Unknown,
}

/// A file that has changed since it was last looked at. It stays open, so that what is read of it is of one file even if
/// another takes its name meanwhile.
pub struct Growing {
    file: File,
    position: Position,
    shape: Shape,
    stands_still: bool,
}

impl Growing {
    /// Opens a file if it has changed.
    pub fn since(path: &Path, mut position: Position) -> io::Result<Option<Self>> {
        if std::fs::metadata(path)?.len() == position.offset {
            return Ok(None);
        }
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let is_another = size < position.offset
            || (position.offset > 0 && head_of(&file, position.offset)? != position.head);
        if is_another {
            // It was cut off, or is another file by now.
            position = Position::default();
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

    /// Returns what can be read next, and moves on behind it; `None` if nothing can for now.
    pub fn next(&mut self) -> io::Result<Option<Box<dyn Read + '_>>> {
        let Position { offset, size, .. } = self.position;
        if offset >= size {
            return Ok(None);
        }
        match &self.shape {
            Shape::Lines(header) => {
                self.position.header.clone_from(header);
                let chunk = finished_lines(&self.file, offset)?;
                if chunk.is_empty() {
                    return Ok(None);
                }
                self.position.offset += chunk.len() as u64;
                let header = header.as_deref().unwrap_or_default().as_bytes();
                let is_there = chunk.starts_with(header);
                let chunk = io::Cursor::new(chunk);
                Ok(Some(if is_there {
                    Box::new(chunk)
                } else {
                    Box::new(header.chain(chunk))
                }))
            }
            Shape::Document if self.stands_still => {
                self.file.seek(SeekFrom::Start(0))?;
                self.position.offset = size;
                Ok(Some(Box::new((&self.file).take(size))))
            }
            Shape::Document | Shape::Unknown => Ok(None),
        }
    }

    /// Returns how far the file was read.
    pub fn position(mut self) -> io::Result<Position> {
        self.position.head = head_of(&self.file, self.position.offset)?;
        Ok(self.position)
    }
}

/// Returns the hash of a file's beginning, of what was taken of it.
fn head_of(mut file: &File, taken: u64) -> io::Result<u64> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(taken.min(HEAD_BYTES)).read_to_end(&mut head)?;
    Ok(xxh3_64(&head))
}

/// Tells how a file is to be read, from its first line.
fn shape(mut file: &File) -> io::Result<Shape> {
    let mut first = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    io::BufReader::new(file)
        .take(CHUNK_BYTES)
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

/// Returns what follows an offset up to the last finished line, at most a chunk unless one line is longer.
fn finished_lines(mut file: &File, offset: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut chunk = Vec::new();
    let mut reader = io::BufReader::new(file);
    (&mut reader).take(CHUNK_BYTES).read_to_end(&mut chunk)?;
    match memchr::memrchr(b'\n', &chunk) {
        Some(at) => chunk.truncate(at + 1),
        None if (chunk.len() as u64) < CHUNK_BYTES => chunk.clear(),
        None => {
            reader.read_until(b'\n', &mut chunk)?;
            if !chunk.ends_with(b"\n") {
                chunk.clear();
            }
        }
    }
    Ok(chunk)
}
