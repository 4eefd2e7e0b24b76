//! What makes reading fast changes nothing that is read: what was read before, and whether a file is inflated at once.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use proptest::sample::Index;

use crate::event::Event;
use crate::sources::fixtures::fixtures;
use crate::sources::tests::gzip;
use crate::sources::{Compression, FileReport, ReadOptions, Reject, Stream, read, read_while};

/// All that reading returns, in a form that can be compared.
#[derive(Debug, PartialEq)]
struct Outcome {
    events: Vec<Event>,
    rejects: Vec<Reject>,
    report: String,
}

fn outcome(
    work: impl FnOnce(&mut dyn FnMut(Event), &mut dyn FnMut(Reject)) -> FileReport,
) -> Outcome {
    let (mut events, mut rejects) = (Vec::new(), Vec::new());
    let mut report = work(&mut |event| events.push(event), &mut |reject| {
        rejects.push(Reject {
            // Of a broken record it shows as much as had arrived.
            excerpt: String::new(),
            ..reject
        })
    });
    // What differs between a file and the same file packed.
    report
        .compression
        .retain(|layer| *layer != Compression::Gzip);
    (report.bytes_raw, report.content_hash) = (0, 0);
    Outcome {
        events,
        rejects,
        report: format!("{report:?}"),
    }
}

/// Reads as a file, with what earlier files left on this thread.
fn of_file(bytes: &[u8]) -> Outcome {
    outcome(|events, rejects| read(bytes, "test", &ReadOptions::default(), events, rejects))
}

/// Reads with nothing that was known before.
fn of_stream(bytes: &[u8]) -> Outcome {
    outcome(|events, rejects| {
        let mut stream = Stream::new("test", &ReadOptions::default());
        stream.feed(bytes, events, rejects);
        stream.finish(events, rejects)
    })
}

/// Checks that a file is read as it is read piece by piece.
fn check_packed(packed: &[u8]) {
    let whole = (
        of_file(packed),
        report(|events, rejects| read(packed, "test", &ReadOptions::default(), events, rejects)),
    );
    let by_piece = |events: &mut dyn FnMut(Event), rejects: &mut dyn FnMut(Reject)| {
        let options = ReadOptions::default();
        read_while(packed, "test", &options, events, rejects, &mut |_| true)
    };
    assert_eq!(whole, (outcome(by_piece), report(by_piece)));
}

/// Returns the report as it is.
fn report(
    work: impl FnOnce(&mut dyn FnMut(Event), &mut dyn FnMut(Reject)) -> FileReport,
) -> String {
    format!("{:?}", work(&mut |_| {}, &mut |_| {}))
}

/// Returns the logs that are changed: of every format, and those that users are given.
fn samples() -> Vec<Vec<u8>> {
    const BYTES_MAX: usize = 64 * 1024;
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/data/oddities.jsonl");
    let of_formats = fixtures().into_iter().map(|(.., bytes)| bytes);
    let mut all: Vec<_> = of_formats.chain([std::fs::read(data).unwrap()]).collect();
    // Parquet and other encodings are not text that can be fed to a stream.
    all.retain(|bytes| bytes.len() <= BYTES_MAX && matches!(bytes.first(), Some(b' '..=b'~')));
    all.retain(|bytes| !bytes.starts_with(b"PAR1"));
    all
}

fn check(bytes: &[u8]) {
    let plain = of_stream(bytes);
    // The second time everything is known.
    for _ in 0..2 {
        assert_eq!(of_file(bytes), plain, "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(
        of_file(&gzip(bytes)),
        plain,
        "{}",
        String::from_utf8_lossy(bytes)
    );
}

#[test]
fn samples_are_read_alike() {
    for bytes in samples() {
        // Twice the same: the callers and the objects of the second half are known.
        check(&[&bytes[..], b"\n", &bytes].concat());
    }
}

proptest! {
    #[test]
    fn packed_files_are_read_alike(
        which in any::<Index>(),
        edits in proptest::collection::vec((any::<Index>(), any::<u8>()), 0..2),
        cut in proptest::option::weighted(0.3, any::<Index>()),
        tail in proptest::option::weighted(0.3, proptest::collection::vec(any::<u8>(), 0..12)),
        is_twice in proptest::bool::weighted(0.2),
    ) {
        let samples = samples();
        let sample: &Vec<u8> = which.get(&samples);
        let mut packed = gzip(sample);
        if is_twice {
            packed.extend_from_within(..);
        }
        for (at, with) in edits {
            let at = at.index(packed.len());
            packed[at] = with;
        }
        if let Some(cut) = cut {
            packed.truncate(cut.index(packed.len()));
        }
        packed.extend(tail.unwrap_or_default());
        check_packed(&packed);
    }

    #[test]
    fn changed_samples_are_read_alike(
        which in any::<Index>(),
        edits in proptest::collection::vec(
            (any::<Index>(), 0usize..9, prop_oneof![
                Just(Vec::new()),
                Just(b"\"".to_vec()), Just(b"\\".to_vec()), Just(b"\\u0041".to_vec()), Just(b"\n".to_vec()), Just(b" ".to_vec()),
                Just(b"{".to_vec()), Just(b"}".to_vec()), Just(b"[".to_vec()), Just(b"]".to_vec()), Just(b",".to_vec()),
                Just(b":".to_vec()), Just(b"null".to_vec()), Just(b"-".to_vec()), Just(b"\xc3\xa9".to_vec()), Just(b"\xff".to_vec()),
                proptest::collection::vec(any::<u8>(), 1..3),
            ]),
            0..4,
        ),
        cut in proptest::option::weighted(0.1, any::<Index>()),
    ) {
        let samples = samples();
        let mut bytes = which.get(&samples).clone();
        for (at, len, with) in edits {
            let at = at.index(bytes.len());
            let end = (at + len).min(bytes.len());
            bytes.splice(at..end, with);
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len().max(1)));
        }
        let text_only = matches!(bytes.first(), Some(b' '..=b'~')) && !bytes.starts_with(b"PAR1");
        prop_assume!(text_only && !bytes.is_empty());
        check(&bytes);
    }
}
