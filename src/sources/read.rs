//! Reads one input, with any compression, from its first byte to its last.

use std::cell::Cell;
use std::io::{self, Read};

use crate::event::Event;
use crate::sources::decode::HashingReader;
use crate::sources::inflate::inflate_whole;
use crate::sources::options::ReadOptions;
use crate::sources::report::{Compression, FileReport, Reject};
use crate::sources::stream::{Reusable, Stream};
use crate::sources::{decode, parquet};

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
    mut stream: Stream,
    sink: &mut dyn FnMut(Event),
    rejects: &mut dyn FnMut(Reject),
    goes_on: &mut dyn FnMut(&FileReport) -> bool,
) -> Ended {
    let (layers, result) = match decode::decode(raw) {
        Ok(mut decoded) => {
            let reader = &mut *decoded.reader;
            let result = if decoded.is_parquet {
                parquet::copy_to_temporary_file(reader)
                    .and_then(|file| {
                        parquet::rows(file, &mut |number, json| {
                            stream.row_of(number, json, sink, rejects);
                        })
                    })
                    .map(|()| TextEnd::Complete)
            } else {
                read_text(reader, &mut stream, sink, rejects, goes_on)
            };
            (decoded.layers, result)
        }
        Err(e) => (Vec::new(), Err(e)),
    };
    Ended {
        stream,
        layers,
        result,
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
enum TextEnd {
    Complete,
    Stopped,
}

/// Feeds decompressed text to a stream.
fn read_text(
    text: &mut dyn Read,
    stream: &mut Stream,
    sink: &mut dyn FnMut(Event),
    rejects: &mut dyn FnMut(Reject),
    goes_on: &mut dyn FnMut(&FileReport) -> bool,
) -> io::Result<TextEnd> {
    loop {
        match stream.feed_from(text, sink, rejects) {
            Ok(0) => return Ok(TextEnd::Complete),
            Ok(_) if !goes_on(stream.report()) => return Ok(TextEnd::Stopped),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}
