//! The events of days that are being judged, set aside so that an alert can be told from its very events.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use crate::error::{Error, Result};
use crate::event::Event;
use crate::time::Day;

/// The most bytes that one set-aside event may take; more is damage.
const EVENT_BYTES_MAX: usize = 1 << 20;

/// Events by day, on disk, in the order in which they were told.
#[derive(Default)]
pub struct Spool {
    days: BTreeMap<Day, BufWriter<File>>,
    buffer: Vec<u8>,
}

impl Spool {
    /// Makes an empty spool, whose files end with it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an event aside.
    ///
    /// # Errors
    ///
    /// Fails if the temporary folder is full.
    pub fn push(&mut self, event: &Event) -> Result<()> {
        let writer = match self.days.entry(event.time.day()) {
            std::collections::btree_map::Entry::Occupied(writer) => writer.into_mut(),
            std::collections::btree_map::Entry::Vacant(empty) => empty.insert(
                BufWriter::with_capacity(1 << 18, tempfile::tempfile().map_err(cannot)?),
            ),
        };
        write_event(writer, event, &mut self.buffer).map_err(cannot)
    }

    /// Hands over the events of a day for which `wants` says so, in the order in which they were set aside.
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
        read_events(BufReader::with_capacity(1 << 18, &mut *file), &mut each).map_err(cannot)?;
        file.seek(SeekFrom::End(0)).map_err(cannot)?;
        Ok(())
    }

    /// Lets go of the events of a day.
    pub fn forget(&mut self, day: Day) {
        self.days.remove(&day);
    }
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
