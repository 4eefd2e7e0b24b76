//! Truncated and damaged input: every record is counted, and pieces do not matter.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use crate::sources::tests::{check_counts, gzip, quoted, read_all, record, summary};
use crate::sources::{Compression, ReadOptions, Stream};

#[test]
fn records_before_a_truncation_are_read() {
    let text: String = (0..3_000)
        .map(|n| record(&format!("{:x}", n * 2_654_435_761u64)) + "\n")
        .collect();
    let packed = gzip(text.as_bytes());
    let read = read_all(&packed[..packed.len() / 2], &ReadOptions::default());
    assert!(read.report.error.is_some());
    assert!(read.report.events > 100, "{:?}", read.report);
    assert_eq!(read.report.compression, [Compression::Gzip]);
    assert_eq!(
        read.report.content_hash,
        xxhash_rust::xxh3::xxh3_128(&packed[..packed.len() / 2])
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_counted(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        read_all(&bytes, &ReadOptions::default());
    }

    #[test]
    fn damage_is_bounded_in_any_pieces(
        at in 0usize..4_000, with in any::<u8>(), len in 0usize..40, size in 1usize..500, array in any::<bool>(),
    ) {
        let records: Vec<String> = (0..8).map(|n| record(&n.to_string())).collect();
        let mut bytes = if array {
            format!("{{\"Records\":[{}]}}", records.join(",")).into_bytes()
        } else {
            records.join("\n").into_bytes()
        };
        let at = at % bytes.len();
        let end = (at + len).min(bytes.len());
        bytes.splice(at..end, [with]);
        let whole = read_all(&bytes, &ReadOptions::default());
        if !array && !bytes[at..=at].contains(&b'\n') && len < records[0].len() {
            prop_assert!(whole.report.events >= 6, "{}", String::from_utf8_lossy(&bytes));
        }
        let mut stream = Stream::new("test", &ReadOptions::default());
        for piece in bytes.chunks(size) {
            stream.feed(piece, &mut |_| {}, &mut |_| {});
        }
        let report = stream.finish(&mut |_| {}, &mut |_| {});
        check_counts(&report);
        prop_assert_eq!(report.events, whole.report.events);
    }

    #[test]
    fn a_damaged_log_has_the_same_result_in_any_pieces(
        packing in 0..PACKINGS, damage in proptest::collection::vec(damage(), 0..5), sizes in proptest::collection::vec(1usize..300, 1..4),
    ) {
        let mut bytes = packed(packing);
        for damage in damage {
            damage.apply(&mut bytes);
        }
        let whole = read_all(&bytes, &ReadOptions::default());
        let (mut events, mut rejects) = (Vec::new(), Vec::new());
        let mut stream = Stream::new("test", &ReadOptions::default());
        let (mut rest, mut turn) = (&bytes[..], sizes.iter().cycle());
        while !rest.is_empty() {
            let (piece, tail) = rest.split_at(rest.len().min(*turn.next().unwrap()));
            stream.feed(piece, &mut |e| events.push(e), &mut |r| rejects.push((r.reason, r.position)));
            rest = tail;
        }
        let report = stream.finish(&mut |e| events.push(e), &mut |r| rejects.push((r.reason, r.position)));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        prop_assert_eq!(summary(&report), summary(&whole.report), "{}", text);
        prop_assert_eq!(events, whole.events, "{}", text);
        let places: Vec<_> = whole.rejects.into_iter().map(|r| (r.reason, r.position)).collect();
        prop_assert_eq!(rejects, places, "{}", text);
    }
}

/// How many ways [`packed`] has to pack records.
const PACKINGS: usize = 11;

/// Eight records, packed in one of several ways.
fn packed(packing: usize) -> Vec<u8> {
    let records: Vec<String> = (0..8).map(|n| record(&n.to_string())).collect();
    let trail = format!("{{\"Records\":[{}]}}", records.join(","));
    match packing {
        0 => trail,
        1 => serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&trail).unwrap()).unwrap(),
        2 => records.join("\n"),
        3 => format!("[{}]", records.join(",\n")),
        4 => records.concat(),
        5 => records
            .iter()
            .map(|r| format!("{{\"Type\":\"Notification\",\"Message\":{}}}\r\n", quoted(r)))
            .collect(),
        6 => records
            .iter()
            .map(|r| format!("{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{{\"body\":{{\"stringValue\":{}}}}}]}}]}}]}}\n", quoted(r)))
            .collect(),
        7 => format!("_time;_raw\n{}", records.iter().map(|r| format!("x;\"{}\"\n", r.replace('"', "\"\""))).collect::<String>()),
        8 => records.iter().map(|r| format!("<13>Mar  1 00:00:00 h a: {r}\n")).collect(),
        9 => format!("a,b\n{}{}", "some words\n".repeat(40), records.join("\n")),
        _ => (0..8)
            .map(|n| format!("2 111122223333 eni-0 10.0.0.5 198.51.100.{n} 443 5000 6 9 4000 1773634200 1773634260 ACCEPT OK\n"))
            .collect(),
    }
    .into_bytes()
}

/// Damage to a log in transit.
#[derive(Debug, Clone)]
enum Damage {
    Cut(usize),
    Splice(usize, usize, usize),
    Flip(usize, u8),
    Insert(usize, &'static str),
    Swap(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = || 0usize..8_000;
    prop_oneof![
        at().prop_map(Damage::Cut),
        (at(), at(), 0usize..400).prop_map(|(to, from, len)| Damage::Splice(to, from, len)),
        (at(), 0u8..8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        (
            at(),
            prop::sample::select(vec![
                "{",
                "}",
                "[",
                "]",
                "\"",
                "\\",
                "\n",
                ",",
                ":",
                "{\n{",
                "\0",
                "\u{feff}",
                "{\"Records\":["
            ])
        )
            .prop_map(|(at, text)| Damage::Insert(at, text)),
        (at(), at()).prop_map(|(a, b)| Damage::Swap(a, b)),
    ]
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let n = bytes.len().max(1);
        match *self {
            Damage::Cut(at) => bytes.truncate(at % n),
            Damage::Splice(to, from, len) => {
                let from = from.min(bytes.len());
                let piece = bytes[from..(from + len).min(bytes.len())].to_vec();
                let to = (to % n).min(bytes.len());
                bytes.splice(to..to, piece);
            }
            Damage::Flip(at, bit) => {
                if let Some(byte) = bytes.get_mut(at % n) {
                    *byte ^= 1 << bit;
                }
            }
            Damage::Insert(at, text) => {
                let at = (at % n).min(bytes.len());
                bytes.splice(at..at, text.bytes());
            }
            Damage::Swap(a, b) => {
                let mut lines: Vec<Vec<u8>> =
                    bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
                let (a, b) = (a % lines.len(), b % lines.len());
                lines.swap(a, b);
                *bytes = lines.join(&b'\n');
            }
        }
    }
}
