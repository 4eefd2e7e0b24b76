//! Delivered alerts, as their documents: one file per day of event time, one document per line.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;

use serde::Deserialize;

use crate::error::Result;
use crate::store::durable::{create_folder, sync_folder};
use crate::store::{Store, fault, names, open_lines};
use crate::time::Day;

/// The alerts of a store.
#[derive(Debug, Clone)]
pub struct Archive {
    directory: PathBuf,
}

#[derive(Deserialize)]
struct Id {
    alert_id: String,
}

impl Archive {
    /// Opens the archive of a store by name. Nothing is read or created.
    pub fn of(store: &Store) -> Self {
        Self {
            directory: store.root().join(names::ALERTS),
        }
    }

    /// Adds a document to a day. The document must be one line without its line end.
    ///
    /// It is written at once at the end of the file, so that lines of several writers do not mix.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn append(&self, day: Day, document: &str) -> Result<()> {
        self.write(day, document, false)
    }

    /// Does the same as [`Self::append`], durably.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn append_durably(&self, day: Day, document: &str) -> Result<()> {
        self.write(day, document, true)
    }

    fn write(&self, day: Day, document: &str, is_durable: bool) -> Result<()> {
        let path = self.directory.join(format!("{day}.jsonl"));
        let write = || -> io::Result<()> {
            create_folder(&self.directory)?;
            let is_new = !path.try_exists()?;
            let mut file = open_lines(&path)?;
            file.write_all(format!("{document}\n").as_bytes())?;
            if is_durable {
                file.sync_all()?;
            }
            if is_durable && is_new {
                sync_folder(&self.directory)?;
            }
            Ok(())
        };
        write().map_err(|e| fault::write(&path, e))
    }

    /// Returns the documents whose id has this prefix, by id; of several with the same id, the last that was added.
    ///
    /// Lines that are not documents, such as one that a crash cut short, are skipped.
    ///
    /// # Errors
    ///
    /// Fails if the archive cannot be read. A missing archive is empty.
    pub fn find(&self, prefix: &str) -> Result<BTreeMap<String, String>> {
        let mut found = BTreeMap::new();
        for day in self.days()? {
            File::open(&day)
                .and_then(|file| find_in(BufReader::new(file), prefix, &mut found))
                .map_err(|e| fault::read(&day, e))?;
        }
        Ok(found)
    }

    /// Passes on every line from a day on, in the order of writing; lines may be damaged.
    ///
    /// # Errors
    ///
    /// Fails if the archive cannot be read. A missing archive has no lines.
    pub fn each_since(&self, first: Option<Day>, mut look: impl FnMut(&[u8])) -> Result<()> {
        let is_wanted = |path: &PathBuf| {
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            first.is_none() || stem.and_then(Day::parse) >= first
        };
        for day in self.days()?.into_iter().filter(is_wanted) {
            let file = File::open(&day).map_err(|e| fault::read(&day, e))?;
            let (mut text, mut line) = (BufReader::new(file), Vec::new());
            while text
                .read_until(b'\n', &mut line)
                .map_err(|e| fault::read(&day, e))?
                > 0
            {
                look(&line);
                line.clear();
            }
        }
        Ok(())
    }

    /// Returns the files of the archive, the oldest day first.
    fn days(&self) -> Result<Vec<PathBuf>> {
        let mut days = match fs::read_dir(&self.directory) {
            Ok(entries) => entries
                .map(|entry| Ok(entry?.path()))
                .collect::<io::Result<Vec<_>>>()
                .map_err(|e| fault::read(&self.directory, e))?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(fault::read(&self.directory, e)),
        };
        days.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        });
        days.sort();
        Ok(days)
    }
}

/// Adds to `found` the alert documents of a text whose id has this prefix.
///
/// # Errors
///
/// Fails if the text cannot be read.
pub fn find_in(
    mut text: impl BufRead,
    prefix: &str,
    found: &mut BTreeMap<String, String>,
) -> io::Result<()> {
    let mut line = Vec::new();
    while text.read_until(b'\n', &mut line)? > 0 {
        if let Ok(Id { alert_id }) = serde_json::from_slice(&line)
            && alert_id.starts_with(prefix)
        {
            found.insert(
                alert_id,
                String::from_utf8_lossy(&line).trim_end().to_owned(),
            );
        }
        line.clear();
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::OpenOptions;

    use super::*;

    #[test]
    fn the_last_version_wins_and_torn_lines_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::of(&Store::at(folder.path()));
        assert!(archive.find("").unwrap().is_empty());
        archive
            .append(Day(20_528), r#"{"alert_id":"abc","n":1}"#)
            .unwrap();
        archive
            .append(Day(20_529), r#"{"alert_id":"abd","n":2}"#)
            .unwrap();
        // The disk became full in the middle of a line.
        let day = folder.path().join(names::ALERTS).join("2026-03-16.jsonl");
        let mut torn = OpenOptions::new().append(true).open(day).unwrap();
        torn.write_all(b"{\"alert_id\":\"ab").unwrap();
        archive
            .append(Day(20_528), r#"{"alert_id":"abc","n":3}"#)
            .unwrap();
        assert_eq!(archive.find("ab").unwrap().len(), 2);
        assert_eq!(
            archive.find("abc").unwrap()["abc"],
            r#"{"alert_id":"abc","n":3}"#
        );
        assert!(archive.find("x").unwrap().is_empty());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::of(&Store::at(folder.path()));
        fs::create_dir(folder.path().join(names::ALERTS)).unwrap();
        let day = folder.path().join(names::ALERTS).join("2026-03-16.jsonl");
        std::os::unix::fs::symlink("/dev/full", day).unwrap();
        let told = archive.append(Day(20_528), "{}").unwrap_err().to_string();
        assert!(told.contains("no space left to write"), "{told}");
    }
}
