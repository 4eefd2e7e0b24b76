//! A file of JSON lines, of which another is begun after so many bytes or days. A line is there as a whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::config::{Rotation, SinkFormat};
use crate::sinks::answer::Outcome;
use crate::time::{DAY_SECS, Time};

/// Bytes that are looked through at once for the end of the last whole line.
const PIECE: u64 = 64 << 10;

/// A file that lines are added to.
#[derive(Debug, Clone)]
pub(super) struct LogFile {
    /// Its path.
    pub(super) path: PathBuf,
    /// When another is begun.
    pub(super) rotation: Rotation,
    /// How lines are written.
    pub(super) format: SinkFormat,
}

impl LogFile {
    /// Adds a line, durably.
    pub(super) fn add(&self, line: &str, now: Time) -> Outcome {
        match self.write(line, now) {
            Ok(()) => Outcome::Taken("written".to_owned()),
            Err(e) => Outcome::unreached(format!("cannot write `{}`: {e}", self.path.display())),
        }
    }

    fn write(&self, line: &str, now: Time) -> io::Result<()> {
        let added = line.len() as u64 + 1;
        loop {
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(&self.path)?;
            file.lock()?;
            // Another process may have begun another file in between.
            if !is_at(&file, &self.path) {
                continue;
            }
            let end = end_of_lines(&mut file)?;
            if end > 0 && self.is_over(&file, end + added, now) {
                self.rotate()?;
                continue;
            }
            // What a crash cut short is told again.
            file.set_len(end)?;
            file.seek(SeekFrom::Start(end))?;
            let written = file
                .write_all(format!("{line}\n").as_bytes())
                .and_then(|()| file.sync_all());
            if written.is_err() {
                file.set_len(end)?;
            }
            return written;
        }
    }

    fn is_over(&self, file: &File, bytes: u64, now: Time) -> bool {
        let is_large = bytes > self.rotation.max_mb.saturating_mul(1_000_000);
        let begun = file.metadata().and_then(|file| file.created());
        let begun = begun.ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let days = begun.and_then(|at| Time::from_secs(i64::try_from(at.as_secs()).ok()?));
        let is_old = days.is_some_and(|begun| {
            let days = now.secs_since(begun) / i64::from(DAY_SECS);
            u64::try_from(days).is_ok_and(|days| days >= self.rotation.max_days)
        });
        is_large || is_old
    }

    /// Renames the file, and those before it.
    fn rotate(&self) -> io::Result<()> {
        let keep = self.rotation.keep;
        if keep == 0 {
            return fs::remove_file(&self.path);
        }
        let mut last = 1;
        while last < keep && self.earlier(last).exists() {
            last += 1;
        }
        for n in (1..last).rev() {
            fs::rename(self.earlier(n), self.earlier(n + 1))?;
        }
        fs::rename(&self.path, self.earlier(1))
    }

    fn earlier(&self, n: u64) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{n}"));
        name.into()
    }
}

/// Returns whether a file is the one that has a path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(ours), Ok(there)) = (file.metadata(), path.metadata()) else {
        return false;
    };
    (ours.dev(), ours.ino()) == (there.dev(), there.ino())
}

/// Returns whether a file is the one that has a path: nobody renames one that is open.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// Returns where the last whole line ends.
fn end_of_lines(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut piece = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(PIECE);
        file.seek(SeekFrom::Start(start))?;
        piece.clear();
        Read::by_ref(file)
            .take(end - start)
            .read_to_end(&mut piece)?;
        if let Some(at) = memchr::memrchr(b'\n', &piece) {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_whole_and_files_are_begun_anew_by_size_and_age() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let mut file = LogFile {
            path: path.clone(),
            rotation: Rotation {
                max_mb: 1,
                max_days: 3,
                keep: 2,
            },
            format: SinkFormat::Plimsoll,
        };
        let read = |n: u64| {
            fs::read_to_string(if n == 0 {
                path.clone()
            } else {
                file.earlier(n)
            })
        };
        let now = Time::from_secs(0).unwrap();
        file.add("one", now);
        // A crash has cut a line short, longer than what is looked through at once.
        let mut torn = OpenOptions::new().append(true).open(&path).unwrap();
        torn.write_all(&vec![b'x'; 3 * PIECE as usize]).unwrap();
        file.add("two", now);
        assert_eq!(read(0).unwrap(), "one\ntwo\n");
        let large = "y".repeat(999_999);
        file.add(&large, now);
        assert_eq!(
            (read(0).unwrap().len(), read(1).unwrap()),
            (1_000_000, "one\ntwo\n".to_owned())
        );
        file.add("three", now);
        file.add(&large, now);
        assert_eq!(read(1).unwrap(), "three\n");
        assert_eq!(read(2).unwrap().len(), 1_000_000);
        assert!(!file.earlier(3).exists());
        // It was made by the clock of this machine, which is years past the other.
        let begun = fs::metadata(&path).unwrap().created();
        if let Ok(begun) = begun.map(|at| at.duration_since(UNIX_EPOCH).unwrap().as_secs()) {
            let later = Time::from_secs(begun as i64 + 3 * i64::from(DAY_SECS)).unwrap();
            file.add("four", later.plus_secs(-60));
            assert!(read(0).unwrap().ends_with("four\n") || read(1).unwrap().len() > 9);
            file.rotation.max_mb = 100;
            file.add("five", later);
            assert_eq!(fs::read_to_string(&path).unwrap(), "five\n");
        }
        file.rotation = Rotation {
            max_mb: 0,
            max_days: 3_650,
            keep: 0,
        };
        file.add("six", now);
        assert_eq!(fs::read_to_string(&path).unwrap(), "six\n");
        let nowhere = LogFile {
            path: folder.path().join("no/such/file"),
            ..file.clone()
        };
        assert!(matches!(nowhere.add("x", now), Outcome::Later { .. }));
    }
}
