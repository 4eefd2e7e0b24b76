//! The archive: documents that were delivered, such as alerts. A file for each day of event time, a document on each line,
//! and beside it an index of the ids in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Result;
use crate::store::durable::{create_folder, sync_folder};
use crate::store::index::{self, IdOf, Index};
use crate::store::lock::Lock;
use crate::store::{Store, fault, names, open_lines};
use crate::time::Day;

/// The documents of one kind in a store.
#[derive(Debug, Clone)]
pub struct Archive {
    directory: PathBuf,
    id_of: IdOf,
}

/// Returns the id of an alert, from the line that its document is.
fn alert_id(line: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Id {
        alert_id: String,
    }
    serde_json::from_slice(line)
        .ok()
        .map(|Id { alert_id }| alert_id)
}

impl Archive {
    /// Opens the alerts of a store by name. Nothing is read or created.
    pub fn alerts(store: &Store) -> Self {
        Self {
            directory: store.root().join(names::ALERTS),
            id_of: alert_id,
        }
    }

    /// Adds a document to a day. The document must be one line without its line end.
    ///
    /// It is written at once at the end of the file, so that lines of several writers do not mix. The index is completed then;
    /// that it cannot be is no error, because documents are found without it.
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
        let path = self.documents_of(day);
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
        write().map_err(|e| fault::write(&path, e))?;
        let _ = index::complete(&self.index_of(day), &path, self.id_of);
        Ok(())
    }

    /// Returns the documents whose id has this prefix, by id; of several with the same id, the last of the last day.
    ///
    /// Lines that are not documents, such as one that a crash cut short, are skipped.
    ///
    /// # Errors
    ///
    /// Fails if the archive cannot be read. A missing archive is empty.
    pub fn find(&self, prefix: &str) -> Result<BTreeMap<String, String>> {
        let mut found = BTreeMap::new();
        for day in self.days()? {
            let path = self.documents_of(day);
            self.find_on(day, prefix, &mut found)
                .map_err(|e| fault::read(&path, e))?;
        }
        Ok(found)
    }

    fn find_on(
        &self,
        day: Day,
        prefix: &str,
        found: &mut BTreeMap<String, String>,
    ) -> io::Result<()> {
        let Some(mut file) = open(&self.documents_of(day))? else {
            return Ok(());
        };
        let index = Index::read(&self.index_of(day), &mut file)?;
        for place in index.places_of(prefix) {
            file.seek(SeekFrom::Start(place.start))?;
            let line = (&mut file).take(place.end - place.start);
            find_documents(BufReader::new(line), self.id_of, prefix, found)?;
        }
        file.seek(SeekFrom::Start(index.end()))?;
        find_documents(BufReader::new(file), self.id_of, prefix, found)
    }

    /// Passes on every line from a day on, in the order of writing; lines may be damaged.
    ///
    /// # Errors
    ///
    /// Fails if the archive cannot be read. A missing archive has no lines.
    pub fn each_since(&self, first: Option<Day>, mut look: impl FnMut(&[u8])) -> Result<()> {
        for day in self.days()?.into_iter().filter(|&day| Some(day) >= first) {
            self.each_of(day, &mut look)?;
        }
        Ok(())
    }

    /// Returns the files of the days that have documents, in the order of the days.
    ///
    /// # Errors
    ///
    /// Fails if the archive cannot be read. A missing archive has none.
    pub fn day_files(&self) -> Result<Vec<PathBuf>> {
        let days = self.days()?.into_iter();
        Ok(days.map(|day| self.documents_of(day)).collect())
    }

    /// Returns the first day of which there are documents.
    ///
    /// # Errors
    ///
    /// Fails if the archive cannot be read. A missing archive has none.
    pub fn first_day(&self) -> Result<Option<Day>> {
        Ok(self.days()?.first().copied())
    }

    /// Passes on every line of a day, in the order of writing; lines may be damaged.
    ///
    /// # Errors
    ///
    /// Fails if the archive cannot be read. A missing day has no lines.
    pub fn each_of(&self, day: Day, mut look: impl FnMut(&[u8])) -> Result<()> {
        let path = self.documents_of(day);
        let read = |look: &mut dyn FnMut(&[u8])| -> io::Result<()> {
            let Some(file) = open(&path)? else {
                return Ok(());
            };
            each_line(BufReader::new(file), look)
        };
        read(&mut look).map_err(|e| fault::read(&path, e))
    }

    /// Removes the days before one, and returns how many documents they had, each id counted once. Files with names that the
    /// archive does not give stay, whatever they are.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be read or removed.
    pub fn remove_before(&self, first: Day, _lock: &Lock) -> Result<usize> {
        let mut n_removed = 0;
        for (day, path) in self.files()?.into_iter().filter(|(day, _)| *day < first) {
            let is_file = |metadata: fs::Metadata| metadata.is_file();
            if !fs::symlink_metadata(&path).is_ok_and(is_file) {
                continue;
            }
            if path == self.documents_of(day) {
                let mut ids = BTreeSet::new();
                self.each_of(day, |line| ids.extend((self.id_of)(line)))?;
                n_removed += ids.len();
            }
            fs::remove_file(&path).map_err(|e| fault::write(&path, e))?;
        }
        Ok(n_removed)
    }

    /// Makes the index of each day complete: what earlier versions wrote, and what a crash cut short, is indexed here.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be read or written. Documents are found all the same.
    pub fn repair_index(&self, _lock: &Lock) -> Result<()> {
        for day in self.days()? {
            let path = self.index_of(day);
            index::repair(&path, &self.documents_of(day), self.id_of)
                .map_err(|e| fault::write(&path, e))?;
        }
        Ok(())
    }

    fn documents_of(&self, day: Day) -> PathBuf {
        self.directory.join(names::archived_day(day))
    }

    fn index_of(&self, day: Day) -> PathBuf {
        self.directory.join(names::archive_index(day))
    }

    /// Returns the days that have documents, in order.
    fn days(&self) -> Result<BTreeSet<Day>> {
        let files = self.files()?.into_iter();
        let with_documents = files.filter(|(day, path)| *path == self.documents_of(*day));
        Ok(with_documents.map(|(day, _)| day).collect())
    }

    /// Returns the files of the archive, those of documents after their indexes, each with its day.
    fn files(&self) -> Result<Vec<(Day, PathBuf)>> {
        let cannot = |e| fault::read(&self.directory, e);
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(cannot(e)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry.map_err(cannot)?;
            if entry.file_type().map_err(cannot)?.is_dir() {
                continue;
            }
            let day = entry.file_name().to_str().and_then(names::day_in_archive);
            files.extend(day.map(|day| (day, entry.path())));
        }
        files.sort();
        Ok(files)
    }
}

/// Opens a file; `None` if it is missing, because it was removed meanwhile.
fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

fn each_line(mut text: impl BufRead, mut look: impl FnMut(&[u8])) -> io::Result<()> {
    let mut line = Vec::new();
    while text.read_until(b'\n', &mut line)? > 0 {
        look(&line);
        line.clear();
    }
    Ok(())
}

/// Adds to `found` the alert documents of a text whose id has this prefix.
///
/// # Errors
///
/// Fails if the text cannot be read.
pub fn find_in(
    text: impl BufRead,
    prefix: &str,
    found: &mut BTreeMap<String, String>,
) -> io::Result<()> {
    find_documents(text, alert_id, prefix, found)
}

fn find_documents(
    text: impl BufRead,
    id_of: IdOf,
    prefix: &str,
    found: &mut BTreeMap<String, String>,
) -> io::Result<()> {
    each_line(text, |line| {
        let id = id_of(line).filter(|id| id.starts_with(prefix));
        if let Some(id) = id {
            found.insert(id, String::from_utf8_lossy(line).trim_end().to_owned());
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::OpenOptions;

    use proptest::prelude::*;

    use super::*;
    use crate::store::Role;

    const DAYS: [Day; 2] = [Day(20_528), Day(20_529)];
    /// Ids that begin alike, shorter and longer than what an index has of them.
    const IDS: [&str; 7] = [
        "a",
        "ab",
        "abcdefghijklmnop",
        "abcdefghijklmnopq",
        "abcdefghijklmnopr",
        "b\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
        "c",
    ];

    /// What happens to the file of a day, or to its index.
    #[derive(Debug, Clone)]
    enum Step {
        Append(usize),
        /// Written by a version without an index, or while another process completes it.
        AppendUnindexed(usize),
        Tear(Vec<u8>),
        RemoveIndex,
        CutIndex(prop::sample::Index),
        FlipIndex(prop::sample::Index, u8),
        ReplaceIndex(Vec<u8>),
        /// The index of an earlier moment, of either day.
        RestoreIndex(prop::sample::Index),
        /// The documents of an earlier moment, of either day.
        RestoreDocuments(prop::sample::Index),
        Repair,
    }

    fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
        let step = prop_oneof![
            6 => (0..IDS.len()).prop_map(Step::Append),
            3 => (0..IDS.len()).prop_map(Step::AppendUnindexed),
            1 => prop::collection::vec(any::<u8>(), 1..20).prop_map(Step::Tear),
            1 => Just(Step::RemoveIndex),
            1 => any::<prop::sample::Index>().prop_map(Step::CutIndex),
            1 => (any::<prop::sample::Index>(), 1..=u8::MAX).prop_map(|(at, by)| Step::FlipIndex(at, by)),
            1 => prop::collection::vec(any::<u8>(), 0..99).prop_map(Step::ReplaceIndex),
            1 => any::<prop::sample::Index>().prop_map(Step::RestoreIndex),
            1 => any::<prop::sample::Index>().prop_map(Step::RestoreDocuments),
            1 => Just(Step::Repair),
        ];
        prop::collection::vec((0..DAYS.len(), step), 1..24)
    }

    fn read(path: &Path) -> Vec<u8> {
        fs::read(path).unwrap_or_default()
    }

    fn append_raw(path: &Path, bytes: &[u8]) {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        file.write_all(bytes).unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        /// Whatever became of documents and index: what is found is what reading all documents finds.
        #[test]
        fn law_an_index_never_changes_what_is_found(steps in steps()) {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::at(folder.path());
            let lock = store.lock(Role::Learner).unwrap();
            let archive = Archive::alerts(&store);
            fs::create_dir(&archive.directory).unwrap();
            let (mut indexes, mut documents) = (vec![Vec::new()], vec![Vec::new()]);
            for (n, (day, step)) in steps.into_iter().enumerate() {
                let day = DAYS[day];
                let (path, index) = (archive.documents_of(day), archive.index_of(day));
                let document = |id: usize| format!("{{\"n\":{n},\"alert_id\":\"{}\"}}", IDS[id]);
                match step {
                    Step::Append(id) => archive.append(day, &document(id)).unwrap(),
                    Step::AppendUnindexed(id) => {
                        append_raw(&path, format!("{}\n", document(id)).as_bytes());
                    }
                    Step::Tear(bytes) => append_raw(&path, &bytes),
                    Step::RemoveIndex => drop(fs::remove_file(&index)),
                    Step::CutIndex(at) => {
                        let mut bytes = read(&index);
                        bytes.truncate(at.index(bytes.len() + 1));
                        fs::write(&index, bytes).unwrap();
                    }
                    Step::FlipIndex(at, by) => {
                        let mut bytes = read(&index);
                        if !bytes.is_empty() {
                            let at = at.index(bytes.len());
                            bytes[at] ^= by;
                        }
                        fs::write(&index, bytes).unwrap();
                    }
                    Step::ReplaceIndex(bytes) => fs::write(&index, bytes).unwrap(),
                    Step::RestoreIndex(at) => fs::write(&index, at.get(&indexes)).unwrap(),
                    Step::RestoreDocuments(at) => fs::write(&path, at.get(&documents)).unwrap(),
                    Step::Repair => archive.repair_index(&lock).unwrap(),
                }
                indexes.push(read(&index));
                documents.push(read(&path));
                let beginnings = IDS.iter().map(|id| &id[..1]);
                let others = ["", "abcdefghijklmno", "x"];
                for prefix in IDS.into_iter().chain(beginnings).chain(others) {
                    let mut expected = BTreeMap::new();
                    for day in DAYS {
                        find_in(&*read(&archive.documents_of(day)), prefix, &mut expected).unwrap();
                    }
                    prop_assert_eq!(archive.find(prefix).unwrap(), expected, "{}", prefix);
                }
            }
            archive.repair_index(&lock).unwrap();
            for day in archive.days().unwrap() {
                let mut file = File::open(archive.documents_of(day)).unwrap();
                let index = Index::read(&archive.index_of(day), &mut file).unwrap();
                let text = read(&archive.documents_of(day));
                let ended = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                prop_assert_eq!(index.end(), ended as u64);
            }
        }
    }

    #[test]
    fn a_writer_indexes_what_others_wrote_and_a_search_reads_only_what_the_index_names() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::alerts(&Store::at(folder.path()));
        fs::create_dir(&archive.directory).unwrap();
        let [day, _] = DAYS;
        let path = archive.documents_of(day);
        append_raw(&path, b"{\"alert_id\":\"abc\"}\n{\"alert_id\":\"abd\"}\n");
        archive.append(day, r#"{"alert_id":"abe"}"#).unwrap();
        let mut file = File::open(&path).unwrap();
        let index = Index::read(&archive.index_of(day), &mut file).unwrap();
        assert_eq!(index.end(), read(&path).len() as u64);
        let starts = |prefix| -> Vec<u64> {
            let places = index.places_of(prefix);
            places.map(|place| place.start).collect()
        };
        assert_eq!(starts("abd"), [19]);
        assert_eq!(starts("ab"), [0, 19, 38]);
        assert!(starts("abdx").is_empty() && starts("x").is_empty());
    }

    #[test]
    fn what_is_removed_is_named_as_the_archive_names_it_and_is_counted_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let lock = store.lock(Role::Learner).unwrap();
        let archive = Archive::alerts(&store);
        let [first, second] = DAYS;
        for (day, id) in [(first, "a"), (first, "b"), (first, "a"), (second, "c")] {
            let document = format!("{{\"alert_id\":\"{id}\"}}");
            archive.append(day, &document).unwrap();
        }
        let kept = [
            "2026-03-01.jsonl.bak",
            "2026-3-1.jsonl",
            "2026-02-31.jsonl",
            "2026-03-01",
            "notes.jsonl",
            "2026-03-01.jsonl/",
            "2026-03-02.index",
            ".2026-03-03.jsonl",
            ".2026-03-02.index/",
        ];
        for name in kept {
            match name.strip_suffix('/') {
                Some(name) => fs::create_dir(archive.directory.join(name)).unwrap(),
                None => fs::write(archive.directory.join(name), "").unwrap(),
            }
        }
        // An index whose documents were removed before a crash.
        fs::write(archive.index_of(Day(20_000)), "").unwrap();
        assert_eq!(archive.remove_before(second, &lock).unwrap(), 2);
        assert_eq!(archive.remove_before(second, &lock).unwrap(), 0);
        let names = fs::read_dir(&archive.directory).unwrap().count();
        assert_eq!(names, kept.len() + 2);
        assert_eq!(archive.find("").unwrap().len(), 1);
    }

    #[test]
    fn the_last_version_wins_and_torn_lines_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::alerts(&Store::at(folder.path()));
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
        let archive = Archive::alerts(&Store::at(folder.path()));
        fs::create_dir(folder.path().join(names::ALERTS)).unwrap();
        let day = folder.path().join(names::ALERTS).join("2026-03-16.jsonl");
        std::os::unix::fs::symlink("/dev/full", day).unwrap();
        let told = archive.append(Day(20_528), "{}").unwrap_err().to_string();
        assert!(told.contains("no space left to write"), "{told}");
    }
}
