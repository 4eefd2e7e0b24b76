//! The events of days that are being judged, set aside so that an alert can be told from its very events.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::event::Event;
use crate::time::Day;

/// The most bytes that one set-aside event may take; more is damage. A record has at most a mebibyte, but an event may
/// repeat its texts: a session is part of the identity, of its aliases, and of what was created.
const EVENT_BYTES_MAX: usize = 16 << 20;
/// Buffer of a day's file.
const BUFFER_BYTES: usize = 1 << 18;

/// Events by day, on disk, in the order in which they were told.
///
/// Without a folder of its own, the files end with the spool.
#[derive(Default)]
pub struct Spool {
    folder: Option<PathBuf>,
    days: BTreeMap<Day, BufWriter<File>>,
    buffer: Vec<u8>,
}

impl Spool {
    /// Makes an empty spool, whose files end with it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a spool whose files stay, cut to the lengths that are known to be whole; other files in it are removed.
    ///
    /// # Errors
    ///
    /// Fails if the folder cannot be written.
    pub fn open(folder: PathBuf, lengths: &BTreeMap<Day, u64>) -> Result<Self> {
        std::fs::create_dir_all(&folder).map_err(cannot)?;
        for entry in std::fs::read_dir(&folder).map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            let is_known = lengths.keys().any(|day| path == file_of(&folder, *day));
            if !is_known {
                std::fs::remove_file(&path).map_err(cannot)?;
            }
        }
        let mut spool = Self {
            folder: Some(folder),
            ..Self::default()
        };
        for (&day, &length) in lengths {
            let mut file = spool.create(day)?;
            file.set_len(length).map_err(cannot)?;
            file.seek(SeekFrom::End(0)).map_err(cannot)?;
            spool
                .days
                .insert(day, BufWriter::with_capacity(BUFFER_BYTES, file));
        }
        Ok(spool)
    }

    fn create(&self, day: Day) -> Result<File> {
        match &self.folder {
            Some(folder) => OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(file_of(folder, day)),
            None => tempfile::tempfile(),
        }
        .map_err(cannot)
    }

    /// Sets an event aside.
    ///
    /// # Errors
    ///
    /// Fails if the folder is full.
    pub fn push(&mut self, event: &Event) -> Result<()> {
        let day = event.time.day();
        if !self.days.contains_key(&day) {
            let file = self.create(day)?;
            self.days
                .insert(day, BufWriter::with_capacity(BUFFER_BYTES, file));
        }
        match self.days.get_mut(&day) {
            Some(writer) => write_event(writer, event, &mut self.buffer).map_err(cannot),
            None => Ok(()),
        }
    }

    /// Writes out what is still in memory, durably if the files stay; returns the length of each day's file.
    ///
    /// # Errors
    ///
    /// Fails if the folder is full.
    pub fn flush(&mut self) -> Result<BTreeMap<Day, u64>> {
        let mut lengths = BTreeMap::new();
        for (&day, writer) in &mut self.days {
            writer.flush().map_err(cannot)?;
            if self.folder.is_some() {
                writer.get_ref().sync_data().map_err(cannot)?;
            }
            lengths.insert(day, writer.get_ref().metadata().map_err(cannot)?.len());
        }
        Ok(lengths)
    }

    /// Hands over the events of a day, in the order in which they were set aside.
    ///
    /// # Errors
    ///
    /// Fails if the temporary folder does.
    pub fn of_day(&mut self, day: Day, mut each: impl FnMut(Event)) -> Result<()> {
        let Some(writer) = self.days.get_mut(&day) else {
            return Ok(());
        };
        writer.flush().map_err(cannot)?;
        let file = writer.get_mut();
        file.seek(SeekFrom::Start(0)).map_err(cannot)?;
        read_events(
            BufReader::with_capacity(BUFFER_BYTES, &mut *file),
            &mut each,
        )
        .map_err(cannot)?;
        file.seek(SeekFrom::End(0)).map_err(cannot)?;
        Ok(())
    }

    /// Lets go of the events of a day.
    pub fn forget(&mut self, day: Day) {
        self.days.remove(&day);
        if let Some(folder) = &self.folder {
            std::fs::remove_file(file_of(folder, day)).ok();
        }
    }
}

fn file_of(folder: &Path, day: Day) -> PathBuf {
    folder.join(format!("{day}.events"))
}

fn cannot(e: io::Error) -> Error {
    Error::failed("cannot set events aside in the temporary folder")
        .cause(e)
        .hint("make room, or choose another folder with the environment variable TMPDIR")
}

/// Writes one event, preceded by its length.
pub fn write_event(writer: &mut impl Write, event: &Event, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.clear();
    let bytes = postcard::to_extend(event, std::mem::take(buffer)).map_err(io::Error::other)?;
    writer.write_all(&(bytes.len() as u32).to_le_bytes())?;
    writer.write_all(&bytes)?;
    *buffer = bytes;
    Ok(())
}

/// Reads events until the end, or until one that was not written to its end.
pub fn read_events(mut reader: impl Read, each: &mut impl FnMut(Event)) -> io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        let mut length = [0; 4];
        match reader.read_exact(&mut length) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(e) => return Err(e),
        }
        let length = u32::from_le_bytes(length) as usize;
        if length > EVENT_BYTES_MAX {
            return Err(io::Error::other("an event set aside is damaged"));
        }
        bytes.resize(length, 0);
        match reader.read_exact(&mut bytes) {
            Ok(()) => each(postcard::from_bytes(&bytes).map_err(io::Error::other)?),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(e) => return Err(e),
        }
    }
}
