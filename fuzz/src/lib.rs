//! What every fuzz target checks: nothing panics, every record is counted, and neither pieces nor what was read before matter.

use plimsoll::event::{Event, Source};
use plimsoll::sources::{ReadOptions, Stream, read, read_while};

/// Reads bytes as one format, or as any, whole and in pieces.
pub fn check(bytes: &[u8], format: Option<Source>) {
    let options = ReadOptions {
        format,
        ..ReadOptions::default()
    };
    let (mut all, mut rejects) = (Vec::new(), 0u64);
    let report = read(
        bytes,
        "fuzz",
        &options,
        &mut |event| {
            bounded(&event);
            all.push(event);
        },
        &mut |_| rejects += 1,
    );
    let events = all.len() as u64;
    let skipped: u64 = report.skipped.values().sum();
    let rejected: u64 = report.rejected.values().sum();
    assert_eq!(
        report.records,
        report.events + skipped + rejected,
        "{report:?}"
    );
    assert_eq!((report.events, rejected), (events, rejects), "{report:?}");
    // `read` inflates a file at once if it can; this is always piece by piece.
    let mut streamed = Vec::new();
    let in_stream = read_while(
        bytes,
        "fuzz",
        &options,
        &mut |event| streamed.push(event),
        &mut |_| {},
        &mut |_| true,
    );
    assert_eq!(all, streamed, "{report:?}");
    assert_eq!(format!("{report:?}"), format!("{in_stream:?}"));
    // Compressed input and Parquet are not text, so they cannot be fed in pieces.
    if report.compression.is_empty()
        && !bytes.starts_with(b"PAR1")
        && !bytes.starts_with(&[0xff, 0xfe])
        && !bytes.starts_with(&[0xfe, 0xff])
    {
        // `read` knows what earlier inputs left on this thread; a stream knows nothing.
        let mut in_pieces = Vec::new();
        let mut stream = Stream::new("fuzz", &options);
        // A limited number of pieces, so that feeding does not dominate the time.
        for piece in bytes.chunks((bytes.len() / 64).max(7)) {
            stream.feed(piece, &mut |event| in_pieces.push(event), &mut |_| {});
        }
        let report = stream.finish(&mut |event| in_pieces.push(event), &mut |_| {});
        assert_eq!(all, in_pieces, "{report:?}");
    }
}

/// Checks that no text of an event is too long.
fn bounded(event: &Event) {
    const MAX: usize = 4_096;
    let texts = [
        Some(&event.op),
        Some(&event.service),
        Some(&event.id),
        event.account.as_ref(),
        event.region.as_ref(),
        event.credential.as_ref(),
    ];
    for text in texts
        .into_iter()
        .flatten()
        .chain(event.principal.iter().map(|p| &p.id))
    {
        assert!(text.len() <= MAX, "{} bytes: {text}", text.len());
    }
}

/// Makes the target of one format.
///
/// What the decoder of Parquet stumbles over is caught where it is called, and no finding. So a panic is told, unless it is the decoder's, and
/// ends the process only if nobody catches it.
#[macro_export]
macro_rules! target {
    ($format:expr) => {
        libfuzzer_sys::fuzz_target!(
            init: std::panic::set_hook(Box::new($crate::tell)),
            |bytes: &[u8]| $crate::check(bytes, $format)
        );
    };
}

/// Tells of a panic that is not the decoder's.
pub fn tell(panic: &std::panic::PanicHookInfo) {
    let at = panic.location();
    if !at.is_some_and(|at| at.file().contains("/parquet-")) {
        eprintln!("{panic}");
    }
}
