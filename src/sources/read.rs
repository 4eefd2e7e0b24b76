//! Reads one input, with any compression, from its first byte to its last.

use std::io::{self, Read};

use crate::event::Event;
use crate::sources::report::{FileReport, Reject};
use crate::sources::stream::{ReadOptions, Stream};
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
    read_while(input, name, options, sink, rejects, &mut |_| true)
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
    let mut raw = decode::HashingReader::new(input);
    let mut stream = Stream::new(name, options);
    let (compression, result) = match decode::decode(&mut raw) {
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
    if let Ok(TextEnd::Stopped) = result {
        return stream.report().clone();
    }
    let drained = raw.drain();
    let mut report = stream.finish(sink, rejects);
    report.compression = compression;
    (report.bytes_raw, report.content_hash) = raw.length_and_hash();
    if let Err(e) = result.and(drained) {
        report.error = Some(describe_error(&e, &report));
    }
    report
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
