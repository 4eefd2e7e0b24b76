//! The outbox: documents that wait to be sent elsewhere, a folder for each receiver and in it a file for each document.
//!
//! A document is written beside its place, made durable, and renamed; so it is there as a whole or not at all, whatever happens. Its
//! name begins with its place in the order. It is removed once the receiver has it, and not before: after a crash between the two
//! it is sent once more, under the same id. Several processes may put documents in; one at a time sends those of a receiver.
//!
//! What is about to be told, and so may have to be put in, is noted in a file of the process that tells it. A file that nobody holds
//! was left by a process that ended before it was done.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::error::Result;
use crate::store::durable::{create_folder, replace, sync_folder};
use crate::store::lock::Lock;
use crate::store::{Store, fault, names};
use crate::time::Time;

/// Changes when the meaning of a stored field changes.
const SCHEMA: u32 = 1;
/// The most documents that wait for a receiver.
const WAITING_MAX: usize = 10_000;
/// The most bytes of them.
const WAITING_BYTES_MAX: u64 = 512 << 20;
/// Whether there are too many is asked once in so many times.
const BOUND_EVERY: u64 = 32;
/// The most documents that were refused and are kept.
const DEAD_MAX: usize = 1_000;
/// The most documents of which it is known that they were told.
const TOLD_MAX: usize = 20_000;
/// The most characters of a key that is a part of a name as it is.
const KEY_CHARS_MAX: usize = 64;

/// Folders and files of a receiver.
const WAITING: &str = "waiting";
const DEAD: &str = "dead";
const TOLD: &str = "told";
const STATUS: &str = "status.json";
const LOST: &str = "lost";
const WRITERS_LOCK: &str = "writers.lock";
const SENDER_LOCK: &str = "sender.lock";
/// The folder of what is about to be told, and the file that is held while it is looked through. No receiver has such a name.
const PENDING: &str = ".pending";
const PENDING_LOCK: &str = ".pending.lock";

/// What waits to be sent elsewhere, by receivers.
#[derive(Debug, Clone)]
pub struct Outbox {
    root: PathBuf,
}

/// What waits for one receiver.
#[derive(Debug)]
pub struct Outgoing {
    name: String,
    folder: PathBuf,
    /// How many documents this value has put in.
    n_put: AtomicU64,
}

/// A document that waits, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its place in the order.
    pub place: u64,
    /// Its id, which it keeps however often it is sent.
    pub id: String,
    /// What it is about: documents with the same key are sent in their order.
    pub key: String,
    file: String,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    schema: u32,
    /// Its id.
    pub id: String,
    /// What it is about.
    pub key: String,
    /// When it was put in.
    pub at: Time,
    /// Its text.
    pub document: String,
    /// Why it is not sent any more, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<(Time, String)>,
}

/// A document that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dead {
    /// Its id.
    pub id: String,
    /// The document; `None` of one that cannot be read.
    pub entry: Option<Entry>,
    file: String,
}

/// What became of a document that was put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    /// Its id.
    pub id: String,
    /// How many of the oldest were lost because too many waited.
    pub lost: usize,
}

/// How sending goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SinkStatus {
    /// When the receiver last had something.
    pub last_success: Option<Time>,
    /// When sending last failed, and why.
    pub last_failure: Option<(Time, String)>,
    /// How often in a row it failed.
    pub failures: u32,
    /// How often the receiver answered that it cannot take a document now, by ids.
    pub answered: BTreeMap<String, u32>,
}

/// What is known of a key whose documents were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// What the receiver calls it.
    pub remote: Option<String>,
    /// The key that took its place.
    pub merged_into: Option<String>,
}

impl Outbox {
    /// Opens the outbox of a store by name. Nothing is read or created.
    pub fn of(store: &Store) -> Self {
        Self {
            root: store.root().join(names::OUTBOX),
        }
    }

    /// Returns the part of a receiver. Its name must be one that a folder can have.
    pub fn to(&self, name: &str) -> Outgoing {
        Outgoing {
            name: name.to_owned(),
            folder: self.root.join(name),
            n_put: AtomicU64::new(0),
        }
    }

    /// Returns the names of the receivers for which anything was ever put in, in order.
    ///
    /// # Errors
    ///
    /// Fails if the outbox cannot be read. One that is missing has none.
    pub fn names(&self) -> Result<Vec<String>> {
        let mut names = files_in(&self.root, |entry| entry.is_dir())?;
        names.retain(|name| !name.starts_with('.'));
        Ok(names)
    }

    /// Begins to note what this process is about to tell.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn pending(&self) -> Result<Pending> {
        let folder = self.root.join(PENDING);
        let open = || -> io::Result<Pending> {
            create_folder(&folder)?;
            // Whoever looks for what was left must not take a file before it is held.
            let _lock = Lock::wait_for(&self.root.join(PENDING_LOCK))?;
            let (file, path) = tempfile::Builder::new()
                .prefix("told-")
                .suffix(".jsonl")
                .tempfile_in(&folder)?
                .keep()
                .map_err(|e| e.error)?;
            file.lock()?;
            sync_folder(&folder)?;
            Ok(Pending { file, path })
        };
        open().map_err(|e| fault::write(&folder, e))
    }

    /// Returns what processes were about to tell that have ended before they were done.
    ///
    /// # Errors
    ///
    /// Fails if the outbox cannot be read.
    pub fn left_behind(&self) -> Result<Vec<LeftBehind>> {
        let folder = self.root.join(PENDING);
        let names = files_in(&folder, |entry| entry.is_file())?;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let path = self.root.join(PENDING_LOCK);
        let _lock = Lock::wait_for(&path).map_err(|e| fault::write(&path, e))?;
        let mut left = Vec::new();
        for name in names {
            let path = folder.join(name);
            left.extend(LeftBehind::take(path.clone()).map_err(|e| fault::read(&path, e))?);
        }
        Ok(left)
    }
}

/// What this process is about to tell.
#[derive(Debug)]
pub struct Pending {
    file: File,
    path: PathBuf,
}

impl Pending {
    /// Notes a line, durably.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn note(&mut self, line: &str) -> Result<()> {
        let mut write = || -> io::Result<()> {
            self.file.write_all(format!("{line}\n").as_bytes())?;
            self.file.sync_data()
        };
        write().map_err(|e| fault::write(&self.path, e))
    }

    /// Forgets what was noted: all of it was put in.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn forget(&mut self) -> Result<()> {
        let mut clear = || -> io::Result<()> {
            self.file.set_len(0)?;
            io::Seek::rewind(&mut self.file)?;
            self.file.sync_data()
        };
        clear().map_err(|e| fault::write(&self.path, e))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.file.metadata().is_ok_and(|file| file.len() == 0) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// What a process was about to tell that has ended.
#[derive(Debug)]
pub struct LeftBehind {
    /// What it noted, without a line that was cut short: that one was not told.
    pub lines: Vec<String>,
    path: PathBuf,
    _file: File,
}

impl LeftBehind {
    fn take(path: PathBuf) -> io::Result<Option<Self>> {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(e)) => return Err(e),
        }
        let (mut lines, mut line) = (Vec::new(), Vec::new());
        let mut text = BufReader::new(&file);
        while text.read_until(b'\n', &mut line)? > 0 {
            if line.pop() == Some(b'\n') {
                lines.extend(String::from_utf8(std::mem::take(&mut line)));
            }
            line.clear();
        }
        Ok(Some(Self {
            lines,
            path,
            _file: file,
        }))
    }

    /// Removes it: all of it was put in.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn done(self) -> Result<()> {
        fs::remove_file(&self.path).map_err(|e| fault::write(&self.path, e))
    }
}

impl Outgoing {
    /// Returns the name of the receiver.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Puts a document in, durably, behind all others. If too many wait, the oldest are removed. The same document has the same id, however
    /// often it is put in.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn put(&self, key: &str, document: &str, now: Time) -> Result<Put> {
        let cannot = |e| fault::write(&self.folder, e);
        let _lock = self.lock_writers().map_err(cannot)?;
        let id = format!(
            "{:016x}",
            xxh3_64(format!("{}\n{key}\n{document}", self.name).as_bytes())
        );
        let entry = Entry {
            schema: SCHEMA,
            id: id.clone(),
            key: key.to_owned(),
            at: now,
            document: document.to_owned(),
            refused: None,
        };
        self.add(&entry, now)?;
        let n_put = self.n_put.fetch_add(1, Ordering::Relaxed);
        let lost = match n_put % BOUND_EVERY {
            0 => self.lose_oldest()?,
            _ => 0,
        };
        Ok(Put { id, lost })
    }

    /// Adds a document behind all others. The lock of writers must be held.
    fn add(&self, entry: &Entry, now: Time) -> Result<()> {
        let last = self.waiting()?.last().map_or(0, |last| last.place + 1);
        let place = u64::try_from(now.nanos()).unwrap_or(0).max(last);
        let file = format!("{place:020}-{}-{}.json", entry.id, key_in_name(&entry.key));
        write_entry(&self.folder.join(WAITING), &file, entry)
    }

    /// Removes the oldest of too many, and returns how many these are.
    fn lose_oldest(&self) -> Result<usize> {
        let waiting = self.waiting()?;
        let folder = self.folder.join(WAITING);
        let size = |of: &Waiting| fs::metadata(folder.join(&of.file)).map_or(0, |file| file.len());
        let (mut bytes, mut n_kept) = (0, 0);
        for of in waiting.iter().rev() {
            bytes += size(of);
            if n_kept == WAITING_MAX || (bytes > WAITING_BYTES_MAX && n_kept > 0) {
                break;
            }
            n_kept += 1;
        }
        let lost = &waiting[..waiting.len() - n_kept];
        if !lost.is_empty() {
            let so_far = self.lost()?;
            let text = (so_far + lost.len() as u64).to_string();
            // It is known to be lost before it is.
            replace(&self.folder, LOST, text.as_bytes())
                .map_err(|e| fault::write(&self.folder, e))?;
            lost.iter().try_for_each(|of| self.remove(of))?;
        }
        Ok(lost.len())
    }

    /// Returns how many documents were lost because too many waited, or were refused.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read.
    pub fn lost(&self) -> Result<u64> {
        let path = self.folder.join(LOST);
        let text = read_if_there(&path)?.unwrap_or_default();
        Ok(text.trim().parse().unwrap_or(0))
    }

    /// Returns what waits, in its order.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be read. One that is missing has nothing.
    pub fn waiting(&self) -> Result<Vec<Waiting>> {
        let files = files_in(&self.folder.join(WAITING), |entry| entry.is_file())?;
        Ok(files.into_iter().filter_map(Waiting::of).collect())
    }

    /// Returns a document that waits; `None` if it was removed meanwhile.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be read, or is damaged.
    pub fn read(&self, waiting: &Waiting) -> Result<Option<Entry>> {
        let path = self.folder.join(WAITING).join(&waiting.file);
        let Some(text) = read_if_there(&path)? else {
            return Ok(None);
        };
        let entry = serde_json::from_str(&text).map_err(|e| fault::damaged(&path, e))?;
        Ok(Some(entry))
    }

    /// Removes a document: the receiver has it. One that is gone already is no error.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn remove(&self, waiting: &Waiting) -> Result<()> {
        remove_if_there(&self.folder.join(WAITING).join(&waiting.file))
    }

    /// Gives a document up: it is kept with the reason, and not sent any more.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn give_up(&self, waiting: &Waiting, reason: &str, now: Time) -> Result<()> {
        let cannot = |e| fault::write(&self.folder, e);
        let _lock = self.lock_writers().map_err(cannot)?;
        let dead = self.folder.join(DEAD);
        match self.read(waiting) {
            Ok(Some(mut entry)) => {
                entry.refused = Some((now, reason.to_owned()));
                write_entry(&dead, &waiting.file, &entry)?;
                self.remove(waiting)?;
            }
            Ok(None) => return Ok(()),
            // What is damaged is moved as it is.
            Err(_) => {
                create_folder(&dead).map_err(cannot)?;
                let from = self.folder.join(WAITING).join(&waiting.file);
                fs::rename(from, dead.join(&waiting.file)).map_err(cannot)?;
            }
        }
        let all = files_in(&dead, |entry| entry.is_file())?;
        let n_over = all.len().saturating_sub(DEAD_MAX);
        if n_over > 0 {
            let text = (self.lost()? + n_over as u64).to_string();
            replace(&self.folder, LOST, text.as_bytes()).map_err(cannot)?;
            let mut oldest = all[..n_over].iter();
            oldest.try_for_each(|file| remove_if_there(&dead.join(file)))?;
        }
        Ok(())
    }

    /// Returns what was given up, in its order.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be read.
    pub fn dead(&self) -> Result<Vec<Dead>> {
        let folder = self.folder.join(DEAD);
        let files = files_in(&folder, |entry| entry.is_file())?;
        let mut dead = Vec::new();
        for waiting in files.into_iter().filter_map(Waiting::of) {
            let text = read_if_there(&folder.join(&waiting.file))?;
            let entry = text.and_then(|text| serde_json::from_str(&text).ok());
            dead.push(Dead {
                id: waiting.id,
                entry,
                file: waiting.file,
            });
        }
        Ok(dead)
    }

    /// Returns how many were given up.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be read.
    pub fn n_dead(&self) -> Result<usize> {
        let files = files_in(&self.folder.join(DEAD), |entry| entry.is_file())?;
        Ok(files.len())
    }

    /// Puts a document that was given up in once more, under its id and behind all others; `false` of one that cannot be read, which
    /// stays where it is.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn replay(&self, dead: &Dead, now: Time) -> Result<bool> {
        let Some(entry) = &dead.entry else {
            return Ok(false);
        };
        let cannot = |e| fault::write(&self.folder, e);
        let _lock = self.lock_writers().map_err(cannot)?;
        // Its age counts anew.
        let again = Entry {
            at: now,
            refused: None,
            ..entry.clone()
        };
        self.add(&again, now)?;
        remove_if_there(&self.folder.join(DEAD).join(&dead.file))?;
        Ok(true)
    }

    /// Returns how sending goes; of what cannot be understood, nothing is known.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read.
    pub fn status(&self) -> Result<SinkStatus> {
        Ok(read_document(&self.folder.join(STATUS))?.unwrap_or_default())
    }

    /// Notes how sending goes.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn note_status(&self, status: &SinkStatus) -> Result<()> {
        self.note_document(&self.folder, STATUS, status)
    }

    /// Returns what is known of a key whose documents were sent; `None` if none was, or too long ago.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read.
    pub fn told(&self, key: &str) -> Result<Option<Told>> {
        read_document(&self.folder.join(TOLD).join(key_in_name(key)))
    }

    /// Notes that a document of a key was sent, durably.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn note_told(&self, key: &str, told: &Told) -> Result<()> {
        let folder = self.folder.join(TOLD);
        let name = key_in_name(key);
        let is_new = !folder.join(&name).exists();
        self.note_document(&folder, &name, told)?;
        if !is_new {
            return Ok(());
        }
        let names = files_in(&folder, |entry| entry.is_file())?;
        if names.len() > TOLD_MAX {
            let modified =
                |name: &String| fs::metadata(folder.join(name)).and_then(|file| file.modified());
            let mut by_age: Vec<_> = (names.iter())
                .filter_map(|name| Some((modified(name).ok()?, name)))
                .collect();
            by_age.sort();
            // An eighth at once, so that this is seldom.
            let mut oldest = by_age.iter().take(TOLD_MAX / 8);
            oldest.try_for_each(|(_, name)| remove_if_there(&folder.join(name)))?;
        }
        Ok(())
    }

    fn note_document(&self, folder: &Path, name: &str, document: &impl Serialize) -> Result<()> {
        let cannot = |e| fault::write(folder, e);
        create_folder(folder).map_err(cannot)?;
        let text = serde_json::to_vec(document).map_err(|e| cannot(e.into()))?;
        replace(folder, name, &text).map_err(cannot)
    }

    /// Takes the right to send to the receiver; `None` if another process has it.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn sender(&self) -> Result<Option<SendingRight>> {
        let path = self.folder.join(SENDER_LOCK);
        let take = || -> io::Result<Option<SendingRight>> {
            create_folder(&self.folder)?;
            let mut options = OpenOptions::new();
            let file = options
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)?;
            match file.try_lock() {
                Ok(()) => Ok(Some(SendingRight { _file: file })),
                Err(TryLockError::WouldBlock) => Ok(None),
                Err(TryLockError::Error(e)) => Err(e),
            }
        };
        take().map_err(|e| fault::write(&path, e))
    }

    fn lock_writers(&self) -> io::Result<Lock> {
        create_folder(&self.folder)?;
        Lock::wait_for(&self.folder.join(WRITERS_LOCK))
    }
}

/// The right to send to a receiver, until it is dropped.
#[derive(Debug)]
pub struct SendingRight {
    _file: File,
}

impl Waiting {
    /// Reads the name of a file.
    fn of(file: String) -> Option<Self> {
        let stem = file.strip_suffix(".json")?;
        let mut parts = stem.splitn(3, '-');
        let (place, id, key) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            place: place.parse().ok()?,
            id: id.to_owned(),
            key: key.to_owned(),
            file,
        })
    }
}

/// Returns a key as a part of the name of a file: as it is, or its hash.
fn key_in_name(key: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match (1..=KEY_CHARS_MAX).contains(&key.len()) && key.chars().all(is_plain) {
        true => key.to_owned(),
        false => format!("h{:032x}", xxh3_128(key.as_bytes())),
    }
}

fn write_entry(folder: &Path, file: &str, entry: &Entry) -> Result<()> {
    let write = || -> io::Result<()> {
        create_folder(folder)?;
        replace(folder, file, &serde_json::to_vec(entry)?)
    };
    write().map_err(|e| fault::write(&folder.join(file), e))
}

/// Returns the names in a folder, in order; those that are being written are not among them. A missing folder has none.
fn files_in(folder: &Path, is_one: impl Fn(&fs::FileType) -> bool) -> Result<Vec<String>> {
    let cannot = |e| fault::read(folder, e);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(cannot(e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(cannot)?;
        let name = entry.file_name().into_string();
        if let Ok(name) = name
            && !name.ends_with(names::UNFINISHED)
            && entry.file_type().is_ok_and(|of| is_one(&of))
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn read_if_there(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(fault::read(path, e)),
    }
}

fn read_document<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let text = read_if_there(path)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(fault::write(path, e)),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Put(usize),
        /// The receiver has the first, or another.
        Remove(prop::sample::Index),
        GiveUp(prop::sample::Index),
        Replay(prop::sample::Index),
        /// A crash while a document was being written, and while one was given up.
        TearPut,
        TearGiveUp(prop::sample::Index),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let at = any::<prop::sample::Index>;
        let step = prop_oneof![
            4 => (0..3usize).prop_map(Step::Put),
            2 => at().prop_map(Step::Remove),
            1 => at().prop_map(Step::GiveUp),
            1 => at().prop_map(Step::Replay),
            1 => Just(Step::TearPut),
            1 => at().prop_map(Step::TearGiveUp),
        ];
        prop::collection::vec(step, 1..30)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The outbox beside a list: what was put in and not removed waits, in its order, whatever happens between; another process
        /// that opens it sees the same.
        #[test]
        fn law_what_is_put_in_waits_in_its_order_until_it_is_removed(steps in steps()) {
            let folder = tempfile::tempdir().unwrap();
            let outbox = Outbox::of(&Store::at(folder.path()));
            let mut model: Vec<(String, String)> = Vec::new();
            let mut dead: Vec<(String, String)> = Vec::new();
            for (n, step) in steps.into_iter().enumerate() {
                let out = outbox.to("soc");
                // The clock stands, and once goes back.
                let now = Time::from_nanos(if n % 7 == 3 { 5 } else { 1_000 });
                let waiting = out.waiting().unwrap();
                match step {
                    Step::Put(key) => {
                        let document = format!("{{\"n\":{n}}}");
                        let put = out.put(&format!("key {key}"), &document, now).unwrap();
                        model.push((put.id, document));
                    }
                    Step::Remove(at) if !waiting.is_empty() => {
                        let at = at.index(waiting.len());
                        out.remove(&waiting[at]).unwrap();
                        out.remove(&waiting[at]).unwrap();
                        model.remove(at);
                    }
                    Step::GiveUp(at) if !waiting.is_empty() => {
                        let at = at.index(waiting.len());
                        out.give_up(&waiting[at], "no", now).unwrap();
                        dead.push(model.remove(at));
                    }
                    Step::Replay(at) if !dead.is_empty() => {
                        let all = out.dead().unwrap();
                        let one = &all[at.index(all.len())];
                        prop_assert!(out.replay(one, now).unwrap());
                        let at = dead.iter().position(|(id, _)| *id == one.id).unwrap();
                        model.push(dead.remove(at));
                    }
                    Step::TearPut => {
                        let folder = out.folder.join(WAITING);
                        fs::create_dir_all(&folder).unwrap();
                        fs::write(folder.join("0-x-y.json.unfinished"), "{\"sch").unwrap();
                    }
                    Step::TearGiveUp(at) if !waiting.is_empty() => {
                        // It is among the dead and waits: it is sent or given up once more.
                        let at = at.index(waiting.len());
                        let entry = out.read(&waiting[at]).unwrap().unwrap();
                        write_entry(&out.folder.join(DEAD), &waiting[at].file, &entry).unwrap();
                        out.give_up(&waiting[at], "no", now).unwrap();
                        dead.push(model.remove(at));
                    }
                    _ => {}
                }
                let waiting = out.waiting().unwrap();
                let found: Vec<_> = waiting
                    .iter()
                    .map(|of| out.read(of).unwrap().unwrap())
                    .map(|entry| (entry.id, entry.document))
                    .collect();
                prop_assert_eq!(&found, &model);
                let mut ids: Vec<_> = out.dead().unwrap().into_iter().map(|one| one.id).collect();
                ids.sort();
                let mut expected: Vec<_> = dead.iter().map(|(id, _)| id.clone()).collect();
                expected.sort();
                prop_assert_eq!(ids, expected);
            }
        }
    }

    #[test]
    fn several_writers_lose_nothing_and_one_sends() {
        const EACH: usize = 40;
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::of(&Store::at(folder.path()));
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let out = outbox.to("soc");
                scope.spawn(move || {
                    for n in 0..EACH {
                        out.put(&format!("k{writer}"), &n.to_string(), Time::from_nanos(7))
                            .unwrap();
                    }
                });
            }
        });
        let out = outbox.to("soc");
        let waiting = out.waiting().unwrap();
        assert_eq!(waiting.len(), 4 * EACH);
        for writer in 0..4 {
            let of = waiting.iter().filter(|of| of.key == format!("k{writer}"));
            let documents: Vec<String> = of
                .map(|of| out.read(of).unwrap().unwrap().document)
                .collect();
            let expected: Vec<String> = (0..EACH).map(|n| n.to_string()).collect();
            assert_eq!(documents, expected);
        }
        let held = out.sender().unwrap();
        assert!(held.is_some() && outbox.to("soc").sender().unwrap().is_none());
        drop(held);
        assert!(outbox.to("soc").sender().unwrap().is_some());
        assert_eq!(outbox.names().unwrap(), ["soc"]);
    }

    #[test]
    fn the_oldest_of_too_many_are_lost_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::of(&Store::at(folder.path()));
        let out = outbox.to("soc");
        let waiting = out.folder.join(WAITING);
        fs::create_dir_all(&waiting).unwrap();
        for n in 0..WAITING_MAX + 2 {
            fs::write(waiting.join(format!("{n:020}-{n:016x}-k.json")), "").unwrap();
        }
        let put = out.put("k", "last", Time::from_nanos(1)).unwrap();
        assert_eq!((put.lost, out.lost().unwrap()), (3, 3));
        let left = out.waiting().unwrap();
        assert_eq!((left.len(), left[0].place), (WAITING_MAX, 3));
        assert_eq!(left[WAITING_MAX - 1].id, put.id);
        // What is damaged is told as such, and can be given up.
        assert!(out.read(&left[0]).is_err());
        out.give_up(&left[0], "damaged", Time::from_nanos(2))
            .unwrap();
        let dead = out.dead().unwrap();
        assert!(dead[0].entry.is_none() && !out.replay(&dead[0], Time::from_nanos(3)).unwrap());
    }

    #[test]
    fn what_a_process_was_about_to_tell_is_found_once_it_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::of(&Store::at(folder.path()));
        let mut pending = outbox.pending().unwrap();
        pending.note("a").unwrap();
        assert!(outbox.left_behind().unwrap().is_empty(), "it is held");
        pending.forget().unwrap();
        pending.note("b").unwrap();
        pending.file.write_all(b"cut sho").unwrap();
        let path = pending.path.clone();
        drop(pending);
        assert!(path.exists());
        let left = outbox.left_behind().unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].lines, ["b"]);
        // Until it is done, a crash leaves it as it is.
        drop(left);
        let left = outbox.left_behind().unwrap().remove(0);
        left.done().unwrap();
        assert!(outbox.left_behind().unwrap().is_empty());
        let done = outbox.pending().unwrap();
        drop(done);
        assert_eq!(fs::read_dir(outbox.root.join(PENDING)).unwrap().count(), 0);
    }

    #[test]
    fn no_key_leaves_its_folder() {
        for key in ["", "../x", "A", "a/b", "i5f0c\n", &"a".repeat(65)] {
            let name = key_in_name(key);
            assert!(name.starts_with('h') && name.len() == 33, "{key}: {name}");
        }
        assert_eq!(key_in_name("i5f0c_2"), "i5f0c_2");
    }
}
