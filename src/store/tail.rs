//! A file to which whole lines are added, read on from where the last reading ended.

use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use xxhash_rust::xxh3::xxh3_64;

/// Where a line lies in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinePlace {
    /// Its first byte.
    pub start: u64,
    /// Its bytes, with those of its end.
    pub n_bytes: u64,
}

/// What tells a state of a file from the ones before it, without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileState {
    n_bytes: u64,
    modified: Option<SystemTime>,
    /// Which file it is, where the system tells: another one may have been put in its place.
    file: Option<(u64, u64)>,
}

impl FileState {
    /// Returns the state of a file; `None` if it is missing.
    ///
    /// # Errors
    ///
    /// Fails if the disk does.
    pub fn of(path: &Path) -> io::Result<Option<Self>> {
        match path.metadata() {
            Ok(metadata) => Ok(Some(Self::from(&metadata))),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }
}

impl From<&Metadata> for FileState {
    fn from(metadata: &Metadata) -> Self {
        Self {
            n_bytes: metadata.len(),
            modified: metadata.modified().ok(),
            file: file_of(metadata),
        }
    }
}

#[cfg(unix)]
fn file_of(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn file_of(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// What became of a file since it was last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// What it has by now was read: nothing, or more lines.
    Read,
    /// It is not the file that was read, or not all of that is in it still. What was read of it no longer counts.
    Replaced,
}

/// How far a file of lines was read.
///
/// A file that was changed in its middle is not told from one that only grew, if its last known line is where it was. Nothing that
/// belongs to a store is written like that.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    state: Option<FileState>,
    /// The end of the last whole line.
    end: u64,
    /// The last whole line, and its hash.
    last: Option<(LinePlace, u64)>,
    /// Bytes after it, of a line without its end, if that counted.
    counted: Option<u64>,
}

impl Tail {
    /// Reads what was added, and passes on each line with its place, also a last one without its end. `look` returns whether the line
    /// counts. A line without its end is passed on again once it has one.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read. Then the same lines are passed on again by the next reading.
    pub fn read_on(
        &mut self,
        path: &Path,
        mut look: impl FnMut(LinePlace, &[u8]) -> bool,
    ) -> io::Result<Growth> {
        let Some(state) = FileState::of(path)? else {
            return Ok(self.gone());
        };
        if self.state.as_ref() == Some(&state) {
            return Ok(Growth::Read);
        }
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(self.gone()),
            Err(e) => return Err(e),
        };
        let state = FileState::from(&file.metadata()?);
        if !self.goes_on(&mut file, &state)? {
            return Ok(Growth::Replaced);
        }
        file.seek(SeekFrom::Start(self.end))?;
        let mut text = BufReader::new(file).take(state.n_bytes - self.end);
        let (mut end, mut last, mut counted) = (self.end, self.last, None);
        let mut line = Vec::new();
        loop {
            line.clear();
            let n_bytes = text.read_until(b'\n', &mut line)? as u64;
            if n_bytes == 0 {
                break;
            }
            let place = LinePlace {
                start: end,
                n_bytes,
            };
            let is_counted = look(place, &line);
            if line.last() != Some(&b'\n') {
                counted = is_counted.then_some(n_bytes);
                break;
            }
            end += n_bytes;
            last = Some((place, xxh3_64(&line)));
        }
        *self = Self {
            state: Some(state),
            end,
            last,
            counted,
        };
        Ok(Growth::Read)
    }

    fn gone(&self) -> Growth {
        match self.state {
            Some(_) => Growth::Replaced,
            None => Growth::Read,
        }
    }

    /// Returns whether a file has all that was read of it, and more.
    fn goes_on(&self, file: &mut File, state: &FileState) -> io::Result<bool> {
        let Some(before) = &self.state else {
            return Ok(true);
        };
        if state.file != before.file || state.n_bytes <= before.n_bytes {
            return Ok(false);
        }
        if let Some((place, hash)) = self.last
            && xxh3_64(&read(file, place)?) != hash
        {
            return Ok(false);
        }
        match self.counted {
            // Only its end may be missing of a line that counted.
            Some(n_bytes) => {
                let next = LinePlace {
                    start: self.end + n_bytes,
                    n_bytes: 1,
                };
                Ok(read(file, next)? == b"\n")
            }
            None => Ok(true),
        }
    }
}

/// Returns the bytes of a line, as far as the file has them.
///
/// # Errors
///
/// Fails if the file cannot be read.
pub fn read(file: &mut File, place: LinePlace) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(place.start))?;
    let mut line = Vec::new();
    file.take(place.n_bytes).read_to_end(&mut line)?;
    Ok(line)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    fn read_on(tail: &mut Tail, path: &Path) -> Option<Vec<String>> {
        let mut lines = Vec::new();
        let growth = tail.read_on(path, |place, line| {
            assert_eq!(
                read(&mut File::open(path).unwrap(), place).unwrap(),
                line,
                "a line lies where it is said to lie"
            );
            lines.push(String::from_utf8_lossy(line).into_owned());
            !line.starts_with(b"#")
        });
        (growth.unwrap() == Growth::Read).then_some(lines)
    }

    fn add(path: &Path, text: &str) {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn only_what_was_added_is_read_and_what_was_replaced_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let mut tail = Tail::default();
        let lines = |lines: &[&str]| Some(lines.iter().map(|l| (*l).to_owned()).collect());
        assert_eq!(read_on(&mut tail, &path), lines(&[]), "a missing file");
        add(&path, "one\ntwo\n");
        assert_eq!(read_on(&mut tail, &path), lines(&["one\n", "two\n"]));
        assert_eq!(read_on(&mut tail, &path), lines(&[]));
        add(&path, "# cut");
        assert_eq!(read_on(&mut tail, &path), lines(&["# cut"]));
        add(&path, " short\nthree\nfour");
        assert_eq!(
            read_on(&mut tail, &path),
            lines(&["# cut short\n", "three\n", "four"])
        );
        let mut other = tail.clone();
        add(&path, "\nfive\n");
        assert_eq!(read_on(&mut tail, &path), lines(&["four\n", "five\n"]));
        // What counted as a line was none.
        fs::write(&path, "one\ntwo\n# cut short\nthree\nfourteen\n").unwrap();
        assert_eq!(read_on(&mut other, &path), None);
        // Shorter, or with another last line.
        for text in ["one\n", "ONE\nTWO\n# CUT SHORT\nTHREE\nFOUR\nFIVE\nSIX\n"] {
            fs::write(&path, text).unwrap();
            assert_eq!(read_on(&mut tail.clone(), &path), None, "{text}");
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(read_on(&mut tail, &path), None);
    }
}
