//! The events of days that are being judged. They are kept on disk, so that an alert can be built from its exact events.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::event::Event;
use crate::store::{fault, sync_folder};
use crate::time::Day;

/// The most bytes of one buffered event; a longer one is damage. A record has at most a mebibyte, but an event may repeat
/// its texts: a session is part of the identity, of its aliases, and of what was created.
const EVENT_BYTES_MAX: usize = 16 << 20;
/// Bytes of one day that are written at a time.
const BLOCK_BYTES: usize = 1 << 18;
/// Written blocks of which the memory is kept: as many as a few days that are open at once.
const SPARE_BLOCKS_MAX: usize = 8;
/// The most bytes of all days that wait to be written.
const WAITING_BYTES_MAX: usize = 16 << 20;

/// Events by day, on disk, in the order in which they were added.
///
/// However many days there are, no file stays open for each: logs may contain events of any date.
#[derive(Default)]
pub struct EventBuffer {
    place: Place,
    /// What is not yet written: whole events.
    waiting: BTreeMap<Day, Vec<u8>>,
    waiting_bytes: usize,
    /// Memory of blocks that were written, for the next ones.
    spare: Vec<Vec<u8>>,
    buffer: Vec<u8>,
}

enum Place {
    /// One file without a name, deleted with the buffer.
    Temporary(Option<Blocks>),
    /// A permanent file for each day.
    Folder(Folder),
}

impl Default for Place {
    fn default() -> Self {
        Self::Temporary(None)
    }
}

/// One file for all days.
struct Blocks {
    file: File,
    end: u64,
    of_day: BTreeMap<Day, DayBlocks>,
    /// The bytes before the end that no day has any more: offset, length. No two of them are beside one another.
    free: BTreeMap<u64, u64>,
}

/// The blocks of a day: offset, length.
#[derive(Default)]
struct DayBlocks {
    spans: Vec<(u64, u64)>,
    length: u64,
}

struct Folder {
    path: PathBuf,
    lengths: BTreeMap<Day, u64>,
    /// Days written to since the last sync.
    unsynced: BTreeSet<Day>,
    /// Whether a file was added since the last sync.
    has_new_file: bool,
}

impl EventBuffer {
    /// Creates an empty buffer, deleted with this value.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a buffer with permanent files, cut to the lengths that are known to be complete. Other files in it are
    /// removed.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be written.
    pub fn open(path: PathBuf, lengths: &BTreeMap<Day, u64>) -> Result<Self> {
        let folder = Folder {
            path,
            lengths: lengths.clone(),
            unsynced: BTreeSet::new(),
            has_new_file: true,
        };
        folder.cut()?;
        Ok(Self {
            place: Place::Folder(folder),
            ..Self::default()
        })
    }

    /// Adds an event; returns its place among those of its day.
    ///
    /// # Errors
    ///
    /// Fails if the folder is full.
    pub fn push(&mut self, event: &Event) -> Result<u64> {
        let day = event.time.day();
        let written = self.place.written(day);
        let spare = || self.spare.pop().unwrap_or_default();
        let waiting = self.waiting.entry(day).or_insert_with(spare);
        let before = waiting.len();
        write_event(waiting, event, &mut self.buffer).map_err(|e| self.place.cannot(e))?;
        self.waiting_bytes += waiting.len() - before;
        if waiting.len() >= BLOCK_BYTES {
            self.write_out(day)?;
        } else if self.waiting_bytes >= WAITING_BYTES_MAX {
            self.write_all_out()?;
        }
        Ok(written + before as u64)
    }

    fn write_out(&mut self, day: Day) -> Result<()> {
        let Some(mut block) = self.waiting.remove(&day) else {
            return Ok(());
        };
        self.waiting_bytes -= block.len();
        let written = match &mut self.place {
            Place::Temporary(blocks) => Blocks::append(blocks, day, &block),
            Place::Folder(folder) => folder.append(day, &block),
        };
        block.clear();
        if self.spare.len() < SPARE_BLOCKS_MAX {
            self.spare.push(block);
        }
        written.map_err(|e| self.place.cannot(e))
    }

    fn write_all_out(&mut self) -> Result<()> {
        let days: Vec<Day> = self.waiting.keys().copied().collect();
        days.into_iter().try_for_each(|day| self.write_out(day))
    }

    /// Writes everything that is still in memory, durably for permanent files. Returns the length of each day's file, if it
    /// has one.
    ///
    /// # Errors
    ///
    /// Fails if the folder is full.
    pub fn flush(&mut self) -> Result<BTreeMap<Day, u64>> {
        self.write_all_out()?;
        let Place::Folder(folder) = &mut self.place else {
            return Ok(BTreeMap::new());
        };
        folder.sync().map_err(|e| cannot_in(&folder.path, e))?;
        Ok(folder.lengths.clone())
    }

    /// Passes on the events of a day with their places, in the order in which they were added.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn of_day(&self, day: Day, mut each: impl FnMut(u64, Event)) -> Result<()> {
        let mut place = 0;
        let mut each = |event, bytes| {
            each(place, event);
            place += bytes;
        };
        let waiting = self.waiting.get(&day).map_or(&[][..], Vec::as_slice);
        let written = match &self.place {
            Place::Temporary(None) => Ok(()),
            Place::Temporary(Some(blocks)) => blocks.of_day(day, &mut each),
            Place::Folder(folder) => folder.of_day(day, &mut each),
        };
        written
            .and_then(|()| read_events(waiting, &mut each))
            .map_err(|e| self.place.cannot(e))
    }

    /// Passes on the events of a day at some places, which must ascend.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn at(&self, day: Day, places: &[u64], mut each: impl FnMut(Event)) -> Result<()> {
        let written = self.place.written(day);
        let waiting = self.waiting.get(&day).map_or(&[][..], Vec::as_slice);
        let (on_disk, in_memory) =
            places.split_at(places.partition_point(|&place| place < written));
        let mut each = |event, _| each(event);
        let read = match &self.place {
            Place::Temporary(None) => Ok(()),
            Place::Temporary(Some(blocks)) => blocks.at(day, on_disk, &mut each),
            Place::Folder(folder) => folder.at(day, on_disk, &mut each),
        };
        let mut in_memory = in_memory.iter().map(|place| (place - written) as usize);
        read.and_then(|()| {
            in_memory.try_for_each(|from| {
                let rest = waiting.get(from..).unwrap_or_default();
                read_event(rest, &mut Vec::new(), &mut each).map(|_| ())
            })
        })
        .map_err(|e| self.place.cannot(e))
    }

    /// Returns the events of a day as [`Self::of_bytes`] takes them.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn bytes_of(&self, day: Day) -> Result<Vec<u8>> {
        let (mut bytes, mut buffer) = (Vec::new(), Vec::new());
        let mut written = Ok(());
        self.of_day(day, |_, event| {
            if written.is_ok() {
                written = write_event(&mut bytes, &event, &mut buffer);
            }
        })?;
        written.map_err(|e| self.place.cannot(e))?;
        Ok(bytes)
    }

    /// Makes a buffer of the events of some days.
    ///
    /// # Errors
    ///
    /// Fails if the place for events is full.
    pub fn of_bytes(days: BTreeMap<Day, Vec<u8>>) -> Result<Self> {
        let mut buffer = Self::new();
        buffer.waiting_bytes = days.values().map(Vec::len).sum();
        buffer.waiting = days;
        if buffer.waiting_bytes >= WAITING_BYTES_MAX {
            buffer.write_all_out()?;
        }
        Ok(buffer)
    }

    /// Returns whether the events go with this value.
    pub fn is_temporary(&self) -> bool {
        matches!(self.place, Place::Temporary(_))
    }

    /// Returns the days of which there are events.
    pub fn days(&self) -> BTreeSet<Day> {
        let mut days: BTreeSet<Day> = self.waiting.keys().copied().collect();
        match &self.place {
            Place::Temporary(blocks) => {
                days.extend(blocks.iter().flat_map(|blocks| blocks.of_day.keys()));
            }
            Place::Folder(folder) => days.extend(folder.lengths.keys()),
        }
        days
    }

    /// Removes the events of a day.
    pub fn forget(&mut self, day: Day) {
        let waiting = self.waiting.remove(&day);
        self.waiting_bytes -= waiting.map_or(0, |block| block.len());
        match &mut self.place {
            Place::Temporary(None) => {}
            Place::Temporary(Some(blocks)) => blocks.forget(day),
            Place::Folder(folder) => folder.forget(day),
        }
    }
}

impl Place {
    /// Returns how many bytes of a day are written.
    fn written(&self, day: Day) -> u64 {
        match self {
            Self::Temporary(None) => 0,
            Self::Temporary(Some(blocks)) => {
                blocks.of_day.get(&day).map_or(0, |of_day| of_day.length)
            }
            Self::Folder(folder) => folder.lengths.get(&day).copied().unwrap_or(0),
        }
    }

    fn cannot(&self, e: io::Error) -> Error {
        match self {
            Self::Folder(folder) => cannot_in(&folder.path, e),
            Self::Temporary(_) => Error::failed("cannot set events aside in the temporary folder")
                .cause(e)
                .hint("make room, or choose another folder with the environment variable TMPDIR"),
        }
    }
}

fn cannot_in(folder: &Path, e: io::Error) -> Error {
    Error::failed(format!("cannot set events aside in `{}`", folder.display()))
        .cause(e)
        .hint(
            "make room, and see that the store can be written; following goes on from where it was",
        )
}

impl Blocks {
    fn append(blocks: &mut Option<Self>, day: Day, block: &[u8]) -> io::Result<()> {
        let blocks = match blocks {
            Some(blocks) => blocks,
            None => blocks.insert(Self {
                file: tempfile::tempfile()?,
                end: 0,
                of_day: BTreeMap::new(),
                free: BTreeMap::new(),
            }),
        };
        let len = block.len() as u64;
        let room = blocks.free.iter().find(|&(_, &room)| room >= len);
        let from = room.map_or(blocks.end, |(&from, _)| from);
        blocks.file.seek(SeekFrom::Start(from))?;
        blocks.file.write_all(block)?;
        match blocks.free.remove(&from) {
            Some(room) if room > len => {
                blocks.free.insert(from + len, room - len);
            }
            Some(_) => {}
            None => blocks.end += len,
        }
        let of_day = blocks.of_day.entry(day).or_default();
        of_day.length += len;
        match of_day.spans.last_mut() {
            Some((start, length)) if *start + *length == from => *length += len,
            _ => of_day.spans.push((from, len)),
        }
        Ok(())
    }

    fn spans(&self, day: Day) -> &[(u64, u64)] {
        self.of_day.get(&day).map_or(&[], |of_day| &of_day.spans)
    }

    /// Makes room of what a day had: for other days, or for others on the disk where it is at the end of the file.
    fn forget(&mut self, day: Day) {
        let Some(of_day) = self.of_day.remove(&day) else {
            return;
        };
        for (from, len) in of_day.spans {
            let (mut start, mut end) = (from, from + len);
            if let Some(after) = self.free.remove(&end) {
                end += after;
            }
            let before = self.free.range(..from).next_back();
            if let Some((&before, _)) = before.filter(|&(&at, &len)| at + len == from) {
                self.free.remove(&before);
                start = before;
            }
            self.free.insert(start, end - start);
        }
        if let Some((&from, &len)) = self.free.last_key_value()
            && from + len == self.end
            && self.file.set_len(from).is_ok()
        {
            self.free.remove(&from);
            self.end = from;
        }
    }

    fn at(&self, day: Day, places: &[u64], each: &mut impl FnMut(Event, u64)) -> io::Result<()> {
        let mut places = places.iter().copied().peekable();
        let mut file = BufReader::new(&self.file);
        let (mut at, mut bytes, mut before) = (file.stream_position()?, Vec::new(), 0);
        for &(from, len) in self.spans(day) {
            while let Some(place) = places.next_if(|&place| place < before + len) {
                let wanted = from + place - before;
                file.seek_relative(wanted as i64 - at as i64)?;
                at = wanted + read_event(&mut file, &mut bytes, each)?;
            }
            before += len;
        }
        Ok(())
    }

    fn of_day(&self, day: Day, each: &mut impl FnMut(Event, u64)) -> io::Result<()> {
        let mut file = &self.file;
        for &(from, len) in self.spans(day) {
            file.seek(SeekFrom::Start(from))?;
            read_events(BufReader::with_capacity(BLOCK_BYTES, file.take(len)), each)?;
        }
        Ok(())
    }
}

impl Folder {
    fn file(&self, day: Day) -> PathBuf {
        self.path.join(format!("{day}.events"))
    }

    /// Cuts the files to their lengths, and removes those that have none.
    fn cut(&self) -> Result<()> {
        let cannot = |e| cannot_in(&self.path, e);
        std::fs::create_dir_all(&self.path).map_err(cannot)?;
        let known: BTreeSet<PathBuf> = self.lengths.keys().map(|&day| self.file(day)).collect();
        for entry in std::fs::read_dir(&self.path).map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            if !known.contains(&path) {
                std::fs::remove_file(&path).map_err(cannot)?;
            }
        }
        for (&day, &length) in &self.lengths {
            let path = self.file(day);
            let found = match std::fs::metadata(&path) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => 0,
                other => other.map_err(cannot)?.len(),
            };
            if found < length {
                let cause = format!("it has {found} bytes, and had {length}");
                let hint = "remove `follow.checkpoint` to start following again; what the archive has is not told again";
                return Err(fault::damaged_but(&path, cause, hint));
            }
            let file = OpenOptions::new().write(true).open(&path);
            file.and_then(|file| file.set_len(length)).map_err(cannot)?;
        }
        Ok(())
    }

    fn append(&mut self, day: Day, block: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options.append(true).create(true).open(self.file(day))?;
        self.unsynced.insert(day);
        self.has_new_file |= !self.lengths.contains_key(&day);
        file.write_all(block)?;
        *self.lengths.entry(day).or_insert(0) += block.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        for &day in &self.unsynced {
            File::open(self.file(day))?.sync_data()?;
        }
        self.unsynced.clear();
        if std::mem::take(&mut self.has_new_file) {
            sync_folder(&self.path)?;
        }
        Ok(())
    }

    fn at(&self, day: Day, places: &[u64], each: &mut impl FnMut(Event, u64)) -> io::Result<()> {
        if places.is_empty() {
            return Ok(());
        }
        let mut file = BufReader::new(File::open(self.file(day))?);
        let (mut at, mut bytes) = (0, Vec::new());
        for &place in places {
            file.seek_relative((place - at) as i64)?;
            at = place + read_event(&mut file, &mut bytes, each)?;
        }
        Ok(())
    }

    fn of_day(&self, day: Day, each: &mut impl FnMut(Event, u64)) -> io::Result<()> {
        if !self.lengths.contains_key(&day) {
            return Ok(());
        }
        let file = File::open(self.file(day))?;
        read_events(BufReader::with_capacity(BLOCK_BYTES, file), each)
    }

    fn forget(&mut self, day: Day) {
        self.unsynced.remove(&day);
        if self.lengths.remove(&day).is_some() {
            std::fs::remove_file(self.file(day)).ok();
        }
    }
}

/// Adds one event after its length. `buffer` has room for one.
fn write_event(bytes: &mut Vec<u8>, event: &Event, buffer: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let written = match &event.detection {
            None => postcard::to_slice(event, buffer),
            Some(detection) => postcard::to_slice(&(event, detection), buffer),
        };
        let failed = match written {
            Ok(written) => {
                bytes.extend_from_slice(&(written.len() as u32).to_le_bytes());
                bytes.extend_from_slice(written);
                return Ok(());
            }
            Err(e) => e,
        };
        if failed != postcard::Error::SerializeBufferFull || buffer.len() >= 2 * EVENT_BYTES_MAX {
            return Err(io::Error::other(failed));
        }
        buffer.resize((2 * buffer.len()).max(1 << 12), 0);
    }
}

/// Reads events, each with its bytes, until the end, or until one that is incomplete.
fn read_events(mut reader: impl Read, each: &mut impl FnMut(Event, u64)) -> io::Result<()> {
    let mut bytes = Vec::new();
    while read_event(&mut reader, &mut bytes, each)? > 0 {}
    Ok(())
}

/// Reads an event; returns its bytes, and 0 at the end or if it is incomplete.
fn read_event(
    mut reader: impl Read,
    bytes: &mut Vec<u8>,
    each: &mut impl FnMut(Event, u64),
) -> io::Result<u64> {
    let mut length = [0; 4];
    let is_end = |e: &io::Error| e.kind() == io::ErrorKind::UnexpectedEof;
    match reader.read_exact(&mut length) {
        Err(e) if is_end(&e) => return Ok(0),
        other => other?,
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > EVENT_BYTES_MAX {
        return Err(io::Error::other("an event set aside is damaged"));
    }
    bytes.resize(length, 0);
    match reader.read_exact(bytes) {
        Err(e) if is_end(&e) => return Ok(0),
        other => other?,
    }
    let n_bytes = 4 + length as u64;
    let (mut event, rest) = postcard::take_from_bytes::<Event>(bytes).map_err(io::Error::other)?;
    if !rest.is_empty() {
        event.detection = Some(postcard::from_bytes(rest).map_err(io::Error::other)?);
    }
    each(event, n_bytes);
    Ok(n_bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::event::{Provider, Source};

    fn event(day: i32, id: usize) -> Event {
        let at = Day(day).start().plus_secs(id as i64);
        // Of various lengths.
        let id = format!("{id:0width$}", width = 6 + id % 200);
        Event::new(at, id.as_str().into(), Provider::Slack, Source::SlackAudit)
    }

    /// What days leave in the temporary file is used again, and no event of another day is touched by that.
    #[test]
    fn the_room_of_forgotten_days_is_used_again() {
        let mut buffer = EventBuffer::new();
        let mut largest = 0;
        for first in (20_000..20_060).step_by(3) {
            let days = first..first + 3;
            for id in 0..6_000 {
                for day in days.clone() {
                    buffer.push(&event(day, id)).unwrap();
                }
            }
            buffer.write_all_out().unwrap();
            for day in days.clone() {
                let (mut places, mut found) = (Vec::new(), Vec::new());
                buffer
                    .of_day(Day(day), |place, event| {
                        places.push(place);
                        found.push(event);
                    })
                    .unwrap();
                let expected: Vec<Event> = (0..6_000).map(|id| event(day, id)).collect();
                assert_eq!(found, expected);
                let some: Vec<u64> = places.iter().copied().step_by(7).collect();
                found.clear();
                buffer
                    .at(Day(day), &some, |event| found.push(event))
                    .unwrap();
                assert!(found.iter().eq(expected.iter().step_by(7)));
            }
            let Place::Temporary(Some(blocks)) = &buffer.place else {
                panic!("nothing was written");
            };
            largest = largest.max(blocks.end);
            // In another order than they came, and one of them later.
            buffer.forget(Day(first + 1));
            buffer.forget(Day(first - 1));
            buffer.forget(Day(first));
        }
        let of_day = buffer.place.written(Day(20_059));
        assert!(largest < 7 * of_day, "{largest} bytes, of a day {of_day}");
        buffer.forget(Day(20_059));
        let Place::Temporary(Some(blocks)) = &buffer.place else {
            panic!("nothing was written");
        };
        assert_eq!((blocks.end, blocks.free.len()), (0, 0));
    }
}
