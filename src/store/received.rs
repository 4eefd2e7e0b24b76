//! What clients handed over: each delivery as it came, in archives that are appended to, until it is judged and learnt.
//!
//! A delivery is durable before it is acknowledged; deliveries that arrive together are made durable together. An archive is a
//! tar file (POSIX ustar), so that any tool reads it, and so do all commands that take logs. It ends after a number of bytes, or
//! when its deliveries are to be learnt, and nothing is appended to it any more. What a crash left unfinished at the end of one
//! was never acknowledged, and is cut off.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tar::{EntryType, Header};

use crate::error::{Error, Result};
use crate::store::{durable, fault, names};
use crate::time::Time;

/// An archive with so many bytes is ended.
const ARCHIVE_BYTES_MAX: u64 = 64 << 20;
/// An archive that was begun so long ago, in seconds, is ended.
const LASTS_SECS: i64 = 86_400;
/// The bytes of a block of a tar file; everything in it begins at a multiple of it.
const BLOCK: u64 = 512;
/// The end of the names of archives.
const SUFFIX: &str = ".tar";

/// The deliveries of a store that are kept, and the place for new ones.
#[derive(Debug)]
pub struct Received {
    folder: PathBuf,
    state: Mutex<State>,
    /// Whenever something became durable, or could not be made so.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The archive that is appended to.
    open: Option<OpenArchive>,
    /// The number of the last archive.
    last_archive: u64,
    /// How many deliveries were written, and how many of them are durable or given up.
    written: u64,
    settled: u64,
    /// How often whoever waits for deliveries was called.
    calls: u64,
    /// Whether a thread is making them durable.
    is_syncing: bool,
    /// The last delivery that could not be made durable, and why.
    lost: Option<(u64, Error)>,
}

impl State {
    fn news(&self) -> u64 {
        self.settled + self.calls
    }
}

#[derive(Debug)]
struct OpenArchive {
    file: File,
    path: PathBuf,
    begun: Time,
    length: u64,
    durable: u64,
}

/// An archive of deliveries, up to where it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedArchive {
    /// Where it lies.
    pub path: PathBuf,
    /// Its durable bytes.
    pub bytes: u64,
    /// Whether nothing is appended to it any more.
    pub is_ended: bool,
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedBody {
    /// As the client sent it.
    pub bytes: Vec<u8>,
    /// The byte of the archive at which the next one begins.
    pub end: u64,
}

impl Received {
    /// Opens the place for deliveries of a store, and cuts off what a crash left unfinished.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    pub(super) fn open(root: &Path) -> Result<Self> {
        let folder = root.join(names::RECEIVED);
        durable::create_folder(&folder).map_err(|e| fault::write(&folder, e))?;
        let kept = archives_in(&folder)?;
        if let Some((_, last)) = kept.last() {
            cut_unfinished(last).map_err(|e| fault::write(last, e))?;
        }
        let state = State {
            last_archive: kept.last().map_or(0, |(number, _)| *number),
            ..State::default()
        };
        Ok(Self {
            folder,
            state: Mutex::new(state),
            changed: Condvar::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the folder of the archives.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Keeps a delivery; returns when it is durable.
    ///
    /// # Errors
    ///
    /// Fails if it could not be made durable. It may be there nevertheless, and if it is delivered again its events are recognised.
    pub fn keep(&self, body: &[u8], at: Time) -> Result<()> {
        let mut state = self.state();
        if let Err(e) = self.write(&mut state, body, at) {
            // What was written of it would stand before the next one.
            let path = self.give_up(&mut state);
            return Err(fault::write(&path, e));
        }
        state.written += 1;
        let number = state.written;
        while state.settled < number {
            if state.is_syncing {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            } else {
                state = self.sync(state);
            }
        }
        match &state.lost {
            Some((lost, error)) if *lost >= number => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn write(&self, state: &mut State, body: &[u8], at: Time) -> io::Result<()> {
        if let Some(open) = &state.open {
            if !open.path.exists() {
                // Somebody removed it. What is appended to it would be gone as well.
                state.open = None;
            } else if open.length >= ARCHIVE_BYTES_MAX || at.secs_since(open.begun) >= LASTS_SECS {
                self.end(state)?;
            }
        }
        let number = state.written + 1;
        let open = match &mut state.open {
            Some(open) => open,
            none => {
                // Numbers are those of seconds, so that one that is gone is not given again.
                let next = (state.last_archive + 1).max(at.secs().max(0) as u64);
                let path = self.folder.join(format!("{next:012}{SUFFIX}"));
                let file = OpenOptions::new()
                    .create_new(true)
                    .append(true)
                    .open(&path)?;
                durable::sync_folder(&self.folder)?;
                state.last_archive = next;
                none.insert(OpenArchive {
                    file,
                    path,
                    begun: at,
                    length: 0,
                    durable: 0,
                })
            }
        };
        let mut header = Header::new_ustar();
        header.set_path(format!("{number:012}"))?;
        header.set_entry_type(EntryType::Regular);
        header.set_size(body.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(at.secs().max(0) as u64);
        header.set_cksum();
        let mut member = Vec::with_capacity(body.len() + 2 * BLOCK as usize);
        member.extend_from_slice(header.as_bytes());
        member.extend_from_slice(body);
        member.resize(member.len().next_multiple_of(BLOCK as usize), 0);
        open.file.write_all(&member)?;
        open.length += member.len() as u64;
        Ok(())
    }

    /// Makes all that was written durable, for all that wait for it.
    fn sync<'s>(&'s self, mut state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        let (number, target) = (state.written, state.open.as_ref());
        let target = target.map(|open| (open.file.try_clone(), open.path.clone(), open.length));
        let Some((file, path, length)) = target else {
            state.settled = number;
            return state;
        };
        state.is_syncing = true;
        drop(state);
        let synced = file.and_then(|file| file.sync_data());
        let mut state = self.state();
        state.is_syncing = false;
        state.settled = state.settled.max(number);
        match synced {
            Ok(()) => {
                let open = state.open.as_mut().filter(|open| open.path == path);
                if let Some(open) = open {
                    open.durable = open.durable.max(length);
                }
            }
            Err(e) => {
                state.lost = Some((number, fault::write(&path, e)));
                self.give_up(&mut state);
            }
        }
        self.changed.notify_all();
        state
    }

    /// Appends no more to the archive, and cuts off what is not durable. Whoever waits for that hears that it failed.
    fn give_up(&self, state: &mut State) -> PathBuf {
        let Some(open) = state.open.take() else {
            return self.folder.clone();
        };
        // If that fails as well, what is not durable is passed over when it is read.
        let _ = match open.durable {
            0 => fs::remove_file(&open.path),
            durable => open.file.set_len(durable),
        };
        if state.settled < state.written {
            let why = Error::failed(format!("cannot write `{}`", open.path.display()));
            state.lost = Some((state.written, why));
            state.settled = state.written;
            self.changed.notify_all();
        }
        open.path
    }

    /// Ends the archive that is appended to, so that it can be learnt as a whole.
    fn end(&self, state: &mut State) -> io::Result<()> {
        if let Some(open) = &mut state.open {
            open.file.sync_all()?;
            open.durable = open.length;
            state.settled = state.written;
            state.open = None;
            self.changed.notify_all();
        }
        Ok(())
    }

    /// Ends the archive that is appended to, and returns all archives that can be learnt, the oldest first.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be read, or the archive cannot be made durable.
    pub fn end_archive(&self) -> Result<Vec<PathBuf>> {
        let mut state = self.state();
        self.end(&mut state)
            .map_err(|e| fault::write(&self.folder, e))?;
        drop(state);
        let archives = self.archives()?.into_iter();
        Ok(archives
            .filter(|one| one.is_ended)
            .map(|one| one.path)
            .collect())
    }

    /// Returns all archives, the oldest first.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be read.
    pub fn archives(&self) -> Result<Vec<ReceivedArchive>> {
        let state = self.state();
        let mut archives = Vec::new();
        for (_, path) in archives_in(&self.folder)? {
            let open = state.open.as_ref().filter(|open| open.path == path);
            let bytes = match open {
                Some(open) => open.durable,
                None => fs::metadata(&path)
                    .map_err(|e| fault::read(&path, e))?
                    .len(),
            };
            archives.push(ReceivedArchive {
                bytes,
                is_ended: open.is_none(),
                path,
            });
        }
        Ok(archives)
    }

    /// Returns how often there was news since the place was opened: a delivery became durable, or somebody called.
    pub fn news(&self) -> u64 {
        self.state().news()
    }

    /// Waits until there was news more often than `seen`, or until the time is over.
    pub fn wait(&self, seen: u64, at_most: Duration) {
        let state = self.state();
        let waited = self
            .changed
            .wait_timeout_while(state, at_most, |state| state.news() <= seen);
        drop(waited);
    }

    /// Calls whoever waits for deliveries, to look at something else.
    pub fn call(&self) {
        self.state().calls += 1;
        self.changed.notify_all();
    }

    /// Removes an archive that is judged and learnt.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be removed.
    pub fn remove(&self, path: &Path) -> Result<()> {
        match fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(fault::write(path, e)),
            _ => Ok(()),
        }
    }
}

impl ReceivedArchive {
    /// Passes on the deliveries from a byte on, until `take` returns false. What is damaged is passed over up to the next delivery.
    ///
    /// # Errors
    ///
    /// Fails if the archive cannot be read, or `take` fails.
    pub fn since(
        &self,
        begin: u64,
        take: &mut dyn FnMut(ReceivedBody) -> Result<bool>,
    ) -> Result<()> {
        let cannot = |e| fault::read(&self.path, e);
        let mut file = File::open(&self.path).map_err(cannot)?;
        let mut at = begin;
        while let Some((start, end)) = next_body(&mut file, at, self.bytes).map_err(cannot)? {
            file.seek(SeekFrom::Start(start)).map_err(cannot)?;
            let mut bytes = Vec::new();
            let body = (&mut file).take(end - start).read_to_end(&mut bytes);
            body.map_err(cannot)?;
            at = padded(end);
            if !take(ReceivedBody { bytes, end: at })? {
                break;
            }
        }
        Ok(())
    }
}

/// Returns where the next whole body of an archive begins and ends, from a block on; `None` if there is none up to `until`.
fn next_body(file: &mut File, mut at: u64, until: u64) -> io::Result<Option<(u64, u64)>> {
    let mut block = [0; BLOCK as usize];
    while at + BLOCK <= until {
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut block)?;
        at += BLOCK;
        let size = Header::from_byte_slice(&block);
        if let Some(size) = is_header(&block).then(|| size.entry_size().ok()).flatten() {
            let end = at.saturating_add(size);
            // One without all of its padding was not finished.
            return Ok((padded(end) <= until).then_some((at, end)));
        }
    }
    Ok(None)
}

/// Returns whether a block is a header as it is written here: its sum is right.
fn is_header(block: &[u8; BLOCK as usize]) -> bool {
    /// The place of the sum, which counts as blanks in it.
    const SUM: std::ops::Range<usize> = 148..156;
    let sum = |(at, byte): (usize, &u8)| u32::from(if SUM.contains(&at) { b' ' } else { *byte });
    let stated = Header::from_byte_slice(block).cksum();
    stated
        .is_ok_and(|stated| stated != 0 && block.iter().enumerate().map(sum).sum::<u32>() == stated)
}

fn padded(bytes: u64) -> u64 {
    bytes.next_multiple_of(BLOCK)
}

/// Returns the archives in a folder by number.
fn archives_in(folder: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let cannot = |e| fault::read(folder, e);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let number = name.and_then(|name| name.strip_suffix(SUFFIX)?.parse().ok());
        found.extend(number.map(|number| (number, path)));
    }
    found.sort_unstable();
    Ok(found)
}

/// Cuts off a last delivery that is not there as a whole. Damage before others is left as it is.
fn cut_unfinished(path: &Path) -> io::Result<()> {
    let mut file = File::open(path)?;
    let (length, mut whole) = (file.metadata()?.len(), 0);
    while let Some((_, end)) = next_body(&mut file, whole, length)? {
        whole = padded(end);
    }
    let rest = length.saturating_sub(whole);
    let is_begun = rest >= BLOCK && {
        let mut block = [0; BLOCK as usize];
        file.seek(SeekFrom::Start(whole))?;
        file.read_exact(&mut block)?;
        is_header(&block)
    };
    if rest > 0 && (rest < BLOCK || is_begun) {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(whole)?;
        file.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn bodies(received: &Received) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        for archive in received.archives().unwrap() {
            let take = &mut |body: ReceivedBody| {
                found.push(body.bytes);
                Ok(true)
            };
            archive.since(0, take).unwrap();
        }
        found
    }

    fn at(secs: i64) -> Time {
        Time::from_secs(secs).unwrap()
    }

    fn open(root: &Path) -> Received {
        Received::open(root).unwrap()
    }

    #[test]
    fn what_is_kept_is_read_in_order_from_any_delivery_on() {
        let root = tempfile::tempdir().unwrap();
        let received = open(root.path());
        let sent: Vec<Vec<u8>> = [0, 1, 511, 512, 513, 5_000].map(|n| vec![b'x'; n]).to_vec();
        for body in &sent {
            received.keep(body, at(1)).unwrap();
        }
        assert_eq!(bodies(&received), sent);
        let archive = received.archives().unwrap().remove(0);
        let mut ends = vec![0];
        let note = &mut |body: ReceivedBody| {
            ends.push(body.end);
            Ok(true)
        };
        archive.since(0, note).unwrap();
        for (n, end) in ends.into_iter().enumerate() {
            let mut rest = Vec::new();
            let take = &mut |body: ReceivedBody| {
                rest.push(body.bytes);
                Ok(true)
            };
            archive.since(end, take).unwrap();
            assert_eq!(rest, sent[n..]);
        }
    }

    #[test]
    fn a_cut_at_any_byte_loses_only_what_is_behind_it() {
        let root = tempfile::tempdir().unwrap();
        let path = {
            let received = open(root.path());
            for n in [3, 700, 40] {
                received.keep(&vec![b'a'; n], at(1)).unwrap();
            }
            received.end_archive().unwrap().remove(0)
        };
        let whole = fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let again = open(root.path());
            let n_whole = [1024, 2560, 3584].iter().filter(|end| cut >= **end).count();
            assert_eq!(bodies(&again).len(), n_whole, "{cut}");
            // New ones go to another archive.
            again.keep(b"new", at(2)).unwrap();
            assert_eq!(bodies(&again).last().unwrap(), b"new");
            assert_eq!(again.archives().unwrap().len(), 2);
            fs::remove_file(&again.archives().unwrap()[1].path).unwrap();
        }
    }

    #[test]
    fn damage_costs_the_delivery_that_it_is_in_and_none_behind_it() {
        let root = tempfile::tempdir().unwrap();
        let path = {
            let received = open(root.path());
            for n in [3, 700, 40] {
                received.keep(&vec![b'a'; n], at(1)).unwrap();
            }
            received.end_archive().unwrap().remove(0)
        };
        let mut bytes = fs::read(&path).unwrap();
        // In the header of the second.
        bytes[1_030] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let again = open(root.path());
        let lengths: Vec<usize> = bodies(&again).iter().map(Vec::len).collect();
        assert_eq!(lengths, [3, 40]);
        assert_eq!(fs::read(&path).unwrap(), bytes, "nothing is cut");
    }

    #[test]
    fn an_archive_that_somebody_removes_takes_nothing_that_comes_later() {
        let root = tempfile::tempdir().unwrap();
        let received = open(root.path());
        received.keep(b"one", at(1)).unwrap();
        fs::remove_file(&received.archives().unwrap()[0].path).unwrap();
        received.keep(b"two", at(2)).unwrap();
        assert_eq!(bodies(&received), [b"two"]);
        // One that was begun long ago is ended.
        received.keep(b"three", at(200_000)).unwrap();
        assert_eq!(received.archives().unwrap().len(), 2);
    }

    #[test]
    fn many_at_once_are_all_there_and_whoever_waits_is_woken() {
        let root = tempfile::tempdir().unwrap();
        let received = Arc::new(open(root.path()));
        std::thread::scope(|scope| {
            for n in 0..8_u8 {
                let received = received.clone();
                scope.spawn(move || {
                    for _ in 0..50 {
                        received.keep(&[n; 100], at(1)).unwrap();
                    }
                });
            }
            for seen in [0, 399] {
                received.wait(seen, Duration::from_secs(600));
            }
        });
        assert_eq!(received.news(), 400);
        assert_eq!(bodies(&received).len(), 400);
    }

    #[test]
    fn an_ended_archive_is_complete_and_can_go() {
        let root = tempfile::tempdir().unwrap();
        let received = open(root.path());
        received.keep(b"one", at(1)).unwrap();
        assert!(!received.archives().unwrap()[0].is_ended);
        let ended = received.end_archive().unwrap();
        received.keep(b"two", at(1)).unwrap();
        assert_eq!(received.archives().unwrap().len(), 2);
        received.remove(&ended[0]).unwrap();
        received.remove(&ended[0]).unwrap();
        assert_eq!(bodies(&received), [b"two"]);
        let last = received.end_archive().unwrap().remove(0);
        received.remove(&last).unwrap();
        // The number of one that is gone is not given again, not even by another run.
        let again = open(root.path());
        again.keep(b"three", at(1_000)).unwrap();
        let path = again.archives().unwrap().remove(0).path;
        assert!(path.ends_with("000000001000.tar"), "{path:?}");
    }
}
