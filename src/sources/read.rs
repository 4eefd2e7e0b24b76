//! Reads one input, with any compression, from its first byte to its last.

use std::cell::Cell;
use std::io::{self, Read};

use crate::event::Event;
use crate::sources::decode::{Content, HashingReader, Unpacking};
use crate::sources::inflate::inflate_whole;
use crate::sources::options::ReadOptions;
use crate::sources::report::{Compression, FileReport, Reject};
use crate::sources::stream::{Reusable, Stream};
use crate::sources::{archive, decode, parquet};

/// Reads one input to its end, and passes its events and rejects on.
///
/// An input that ends early is not an error: everything before that point is passed on, and the report states why it ended.
pub fn read(
    input: impl Read,
    name: &str,
    options: &ReadOptions,
    sink: &mut dyn FnMut(Event),
    rejects: &mut dyn FnMut(Reject),
) -> FileReport {
    let mut raw = HashingReader::new(input);
    let Reused {
        mut stored,
        mut stream,
    } = REUSED.take();
    let whole = inflate_whole(&mut raw, &mut stored, &mut stream.buffer);
    let stream = Stream::reusing(name, options, stream);
    let (report, stream) = match whole {
        Ok(len) => {
            let mut stream = stream;
            stream.take_whole(len, sink, rejects);
            let (mut report, stream) = stream.end(sink, rejects);
            report.compression = vec![Compression::Gzip];
            (report.bytes_raw, report.content_hash) = raw.length_and_hash();
            (report, stream)
        }
        Err(mut ahead) => {
            let ended = read_decoded(&mut ahead, stream, sink, rejects, &mut |_| true);
            drop(ahead);
            ended.report(&mut raw, sink, rejects)
        }
    };
    REUSED.set(Reused::bounded(stored, stream));
    report
}

/// What one input leaves for the next on the same thread: fresh memory costs nearly as much as inflating into it, and what
/// many records of one file have in common those of the next have too.
#[derive(Default)]
struct Reused {
    stored: Vec<u8>,
    stream: Reusable,
}

thread_local! {
    static REUSED: Cell<Reused> = Cell::default();
}

impl Reused {
    /// Larger buffers are not kept.
    const BYTES_MAX: usize = 16 << 20;

    fn bounded(mut stored: Vec<u8>, mut stream: Reusable) -> Self {
        for buffer in [&mut stored, &mut stream.buffer] {
            if buffer.capacity() > Self::BYTES_MAX {
                *buffer = Vec::new();
            }
        }
        Self { stored, stream }
    }
}

/// Reads one input as [`read`] does. After each chunk it calls `goes_on` with the report so far; on `false` it stops, leaves
/// the rest unread, and returns the report of what was read.
pub fn read_while(
    input: impl Read,
    name: &str,
    options: &ReadOptions,
    sink: &mut dyn FnMut(Event),
    rejects: &mut dyn FnMut(Reject),
    goes_on: &mut dyn FnMut(&FileReport) -> bool,
) -> FileReport {
    let mut raw = HashingReader::new(input);
    let stream = Stream::new(name, options);
    let ended = read_decoded(&mut raw, stream, sink, rejects, goes_on);
    ended.report(&mut raw, sink, rejects).0
}

/// An input of which all was read that could be.
struct Ended {
    stream: Stream,
    layers: Vec<Compression>,
    result: io::Result<TextEnd>,
}

/// Removes all compression, and reads what is below.
fn read_decoded(
    raw: &mut impl Read,
    stream: Stream,
    sink: &mut dyn FnMut(Event),
    rejects: &mut dyn FnMut(Reject),
    goes_on: &mut dyn FnMut(&FileReport) -> bool,
) -> Ended {
    let mut reading = Reading {
        stream,
        layers: Vec::new(),
        so_far: Unpacking::default(),
        sink,
        rejects,
        goes_on,
    };
    let so_far = reading.so_far.clone();
    let result = reading.read(&mut so_far.input(raw), ARCHIVES_MAX);
    Ended {
        result,
        layers: reading.layers,
        stream: reading.stream,
    }
}

/// How many archives may be nested.
const ARCHIVES_MAX: usize = 3;

/// An input that is being read.
struct Reading<'s> {
    stream: Stream,
    /// The compressions that were removed, outermost first; of an archive those of its first file.
    layers: Vec<Compression>,
    /// What was unpacked so far.
    so_far: Unpacking,
    sink: &'s mut dyn FnMut(Event),
    rejects: &'s mut dyn FnMut(Reject),
    goes_on: &'s mut dyn FnMut(&FileReport) -> bool,
}

impl Reading<'_> {
    fn read(&mut self, raw: &mut dyn Read, archives_left: usize) -> io::Result<TextEnd> {
        let mut decoded = decode::decode_within(raw, &self.so_far)?;
        let is_archive = |layer: &Compression| matches!(layer, Compression::Zip | Compression::Tar);
        let is_first = !self.layers.iter().any(is_archive) || archives_left == ARCHIVES_MAX;
        if is_first {
            self.layers.append(&mut decoded.layers);
        }
        let reader = &mut *decoded.reader;
        match decoded.content {
            Content::Text => self.text(reader),
            Content::Parquet => {
                let file = parquet::copy_to_temporary_file(reader)?;
                let Self {
                    stream,
                    sink,
                    rejects,
                    ..
                } = self;
                parquet::rows(file, &mut |number, json| {
                    stream.row_of(number, json, sink, rejects);
                })?;
                Ok(TextEnd::Complete)
            }
            content @ (Content::Zip | Content::Tar) => {
                let left = archives_left.checked_sub(1).ok_or_else(|| {
                    io::Error::new(
                        io::ErrorKind::InvalidData,
                        "its archives are nested too deep",
                    )
                })?;
                if is_first {
                    self.layers.push(match content {
                        Content::Tar => Compression::Tar,
                        _ => Compression::Zip,
                    });
                }
                let mut end = TextEnd::Complete;
                let so_far = self.so_far.clone();
                let each = &mut |one: &mut dyn Read| {
                    let result = self.read(one, left);
                    // What follows a damaged file begins anew.
                    self.stream.next_part(self.sink, self.rejects);
                    end = result?;
                    Ok(end == TextEnd::Complete)
                };
                match content {
                    Content::Tar => archive::files_of_tar(reader, each)?,
                    _ => {
                        let file = parquet::copy_to_temporary_file(reader)?;
                        archive::files(file, &so_far, each)?;
                    }
                }
                Ok(end)
            }
        }
    }

    /// Feeds decompressed text to the stream.
    fn text(&mut self, text: &mut dyn Read) -> io::Result<TextEnd> {
        loop {
            match self.stream.feed_from(text, self.sink, self.rejects) {
                Ok(0) => return Ok(TextEnd::Complete),
                Ok(_) if !(self.goes_on)(self.stream.report()) => return Ok(TextEnd::Stopped),
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }
}

impl Ended {
    /// Returns the report of an input, of which `raw` may have bytes left, and what the next input may use.
    fn report<R: Read>(
        self,
        raw: &mut HashingReader<R>,
        sink: &mut dyn FnMut(Event),
        rejects: &mut dyn FnMut(Reject),
    ) -> (FileReport, Reusable) {
        if let Ok(TextEnd::Stopped) = self.result {
            return (self.stream.report().clone(), Reusable::default());
        }
        let drained = raw.drain();
        let (mut report, reusable) = self.stream.end(sink, rejects);
        report.compression = self.layers;
        (report.bytes_raw, report.content_hash) = raw.length_and_hash();
        if let Err(e) = self.result.and(drained) {
            report.error = Some(describe_error(&e, &report));
        }
        (report, reusable)
    }
}

/// Returns why an input could not be read to its end.
fn describe_error(error: &io::Error, report: &FileReport) -> String {
    if report.compression.is_empty() || parquet::is_parquet_error(error) {
        return error.to_string();
    }
    format!("its compressed data is cut off or damaged ({error})")
}

/// How reading text ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TextEnd {
    Complete,
    Stopped,
}
