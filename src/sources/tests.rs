#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::event::Provider;

pub struct Read {
    pub events: Vec<Event>,
    pub rejects: Vec<Reject>,
    pub report: FileReport,
}

pub fn read_all(bytes: &[u8], options: &ReadOptions) -> Read {
    let (mut events, mut rejects) = (Vec::new(), Vec::new());
    let report = read(bytes, "test", options, &mut |e| events.push(e), &mut |r| {
        rejects.push(r)
    });
    check_accounts(&report);
    assert_eq!(report.events, events.len() as u64);
    assert_eq!(report.rejected.values().sum::<u64>(), rejects.len() as u64);
    Read {
        events,
        rejects,
        report,
    }
}

fn check_accounts(report: &FileReport) {
    let (skipped, rejected) = (
        report.skipped.values().sum::<u64>(),
        report.rejected.values().sum::<u64>(),
    );
    assert_eq!(
        report.records,
        report.events + skipped + rejected,
        "{report:?}"
    );
}

/// One line that says what a file came to: `2 events, 1 digest, 1 !not_json`.
pub fn summary(report: &FileReport) -> String {
    let mut parts = Vec::new();
    if report.events > 0 {
        parts.push(format!("{} events", report.events));
    }
    parts.extend(
        report
            .skipped
            .iter()
            .map(|(reason, n)| format!("{n} {reason}")),
    );
    parts.extend(
        report
            .rejected
            .iter()
            .map(|(reason, n)| format!("{n} !{reason}")),
    );
    parts.join(", ")
}

fn check(text: &str, expected: &str) {
    let all = ReadOptions::default();
    let whole = read_all(text.as_bytes(), &all);
    assert_eq!(summary(&whole.report), expected, "{text}");
    // However it is cut into pieces, it comes to the same.
    for size in [1, 7, 64] {
        let (mut events, mut rejects) = (Vec::new(), Vec::new());
        let mut stream = Stream::new("test", &all);
        for piece in text.as_bytes().chunks(size) {
            stream.feed(piece, &mut |e| events.push(e), &mut |r| rejects.push(r));
        }
        let report = stream.finish(&mut |e| events.push(e), &mut |r| rejects.push(r));
        assert_eq!(summary(&report), expected, "in pieces of {size}: {text}");
        assert_eq!(events, whole.events);
        // Of a broken record as much is kept as had come.
        let places = |rejects: &[Reject]| {
            rejects
                .iter()
                .map(|r| (r.reason, r.position.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(places(&rejects), places(&whole.rejects));
    }
}

/// A small but whole CloudTrail record.
fn record(id: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.09","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ana","accountId":"111122223333"}},"eventTime":"2026-03-16T04:11:09Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1","eventID":"{id}"}}"#
    )
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[test]
fn every_envelope_is_opened() {
    let (a, b) = (record("a"), record("b"));
    let pretty = |text: &str| {
        serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(text).unwrap())
            .unwrap()
    };
    let trail = format!(r#"{{"Records":[{a},{b}]}}"#);
    let row = "2 111122223333 eni-0abc 10.0.0.5 198.51.100.7 443 5000 6 9 4000 1773634200 1773634260 ACCEPT OK";
    for (text, expected) in [
        (trail.clone(), "2 events"),
        (pretty(&trail), "2 events"),
        (format!("{}\n{}", pretty(&a), pretty(&b)), "2 events"),
        (format!("{a}\n{b}\n"), "2 events"),
        (format!("{a}\r\n{b}\r\n\0\0\0"), "2 events"),
        (format!("\u{feff}{a}{b}"), "2 events"),
        (format!("[{a},\n{b}]"), "2 events"),
        (format!("[{trail},{trail}]"), "4 events"),
        (r#"{"Records":[]}"#.to_owned(), "1 empty"),
        (String::new(), ""),
        (" \r\n\0".to_owned(), ""),
        // An event bus.
        (format!(r#"{{"version":"0","id":"x","detail-type":"AWS API Call via CloudTrail","detail":{a}}}"#), "1 events"),
        // A log group's subscription, with the records as text; a flow log in the same dress.
        (
            format!(r#"{{"messageType":"DATA_MESSAGE","logEvents":[{{"id":"1","message":{}}},{{"message":{}}}]}}"#, quoted(&a), quoted(row)),
            "2 events",
        ),
        (r#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"CWL CONTROL MESSAGE: checking"}]}"#.to_owned(), "1 control_message"),
        // Notification in a queue's message.
        (
            format!(r#"{{"Messages":[{{"MessageId":"m","Body":{}}}]}}"#, quoted(&format!(r#"{{"Type":"Notification","Message":{}}}"#, quoted(&trail)))),
            "2 events",
        ),
        (format!(r#"{{"Records":[{{"messageId":"m","eventSource":"aws:sqs","body":{}}}]}}"#, quoted(&a)), "1 events"),
        // The answer of LookupEvents, whole and as lines.
        (format!(r#"{{"NextToken":"t","Events":[{{"EventId":"a","EventTime":"2022-02-08 09:23:37+11:00","CloudTrailEvent":{}}}]}}"#, quoted(&a)), "1 events"),
        (format!(r#"{{"EventId":"a","CloudTrailEvent":{}}}"#, quoted(&a)), "1 events"),
        // Index documents.
        (format!(r#"{{"@timestamp":"2030-01-01T00:00:00Z","aws":{{"cloudtrail":{a}}}}}"#), "1 events"),
        (format!(r#"{{"hits":{{"hits":[{{"_source":{{"event":{{"original":{}}}}}}}]}}}}"#, quoted(&a)), "1 events"),
        // CloudTrail Lake.
        (r#"{"eventCategory":"ActivityAuditLog","eventID":"w","eventTime":"2026-03-16 04:11:09.000","recipientAccountId":"111122223333","eventData":{"eventSource":"app.example.com","eventName":"Read","userIdentity":{"type":"Custom","principalId":"ana"},"eventVersion":"1.0"}}"#.to_owned(), "1 events"),
        // Trimmed records.
        (r#"{"eventSource":"s3.amazonaws.com","eventName":"GetObject","eventTime":"2026-03-16T04:11:09Z","eventID":"t"}"#.to_owned(), "1 events"),
        // What is no activity.
        (r#"{"digestS3Object":"d","previousDigestSignature":"s","logFiles":[]}"#.to_owned(), "1 digest"),
        (r#"{"Records":[{"eventType":"AwsCloudTrailInsight","insightDetails":{"state":"Start"},"eventTime":"2026-03-16T04:11:09Z"}]}"#.to_owned(), "1 insight"),
        (r#"{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","eventTime":"2026-03-16T04:11:09Z"}]}"#.to_owned(), "1 object_notification"),
        (r#"{"Type":"SubscriptionConfirmation","Message":"hello"}"#.to_owned(), "1 control_message"),
    ] {
        check(&text, expected);
    }
}

#[test]
fn one_bad_record_does_not_take_its_neighbours_along() {
    let (a, b) = (record("a"), record("b"));
    let cut = &a[..a.len() - 9];
    let deep = format!("{}{}", "[".repeat(80), "]".repeat(80));
    for (text, expected) in [
        (format!("{a}\n{cut}\n{b}\n"), "2 events, 1 !not_json"),
        (format!("{cut}\n{a}\n{b}\n"), "2 events, 1 !not_json"),
        (format!("{a}\nplain words\n{b}\n"), "2 events, 1 !not_json"),
        (format!("[{a},{{\"x\":nul}},{b}]"), "2 events, 1 !not_json"),
        (format!("{{\"x\":nul}}{a}{b}"), "2 events, 1 !not_json"),
        (format!("{a}\n{b}\n{cut}"), "2 events, 1 !truncated"),
        (
            format!("{{\"Records\":[{a},{b},{cut}"),
            "2 events, 1 !truncated",
        ),
        (
            format!(
                "{{\"Records\":[{a},{{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"x\"}},{b}]}}"
            ),
            "2 events, 1 !no_time",
        ),
        (
            format!("{a}\n{{\"level\":\"info\"}}\n"),
            "1 events, 1 !unknown_record",
        ),
        (
            format!("[{a},12,\"x\",null,{b}]"),
            "2 events, 3 !unknown_record",
        ),
        (format!("{{\"x\":{deep}}}\n{a}\n"), "1 events, 1 !too_deep"),
        (
            format!("fetching logs ...\ndone\n{a}\n"),
            "1 events, 2 preamble",
        ),
        (format!("\u{e}{a}\n{b}\n"), "1 events, 1 preamble"),
        ("a letter\n\nto a friend\n".to_owned(), "1 !unknown_format"),
        (
            "\u{89}PNG\r\n\u{1a}\n\0\0\0\rIHDR".to_owned(),
            "1 !unknown_format",
        ),
        ("{ no json at all".to_owned(), "1 !not_json"),
        // Brackets out of step cost the record they stand in, and at most the one behind it.
        (
            format!("{a}\n{{\"x\":{{\"y\":1}}\n{b}\n{a}\n{b}\n"),
            "4 events, 1 !not_json",
        ),
        (
            format!("{{\"x\":{{\"y\":1}}\n{a}\n{b}\n{a}\n"),
            "3 events, 1 !not_json",
        ),
        (
            format!("{{\"x\":[1,\n{a}\n{b}\n{a}\n"),
            "3 events, 1 !not_json",
        ),
        (
            format!("{a}\n{{\"x\":\n{b}\n{a}\n{b}\n"),
            "4 events, 1 !not_json",
        ),
        (
            format!("{{\"Records\":[{a},{{\"x\":{{\"y\":1}},{b},{a}]}}"),
            "3 events, 1 !not_json",
        ),
        (
            format!("{{\"Records\":[{a},{{\"x\":\"y,\"z\":1}},{b},{a}]}}"),
            "3 events, 1 !not_json",
        ),
        (
            format!("[{a},{{\"x\":[1}},{b},{a}]"),
            "3 events, 1 !not_json",
        ),
        (
            format!("{a}{{\"x\":{{\"y\"}}{b}{a}"),
            "3 events, 1 !not_json",
        ),
        (
            format!("{a}\n{}\n{b}\n{a}\n", "{\"x\":".repeat(80)),
            "3 events, 1 !too_deep",
        ),
        (
            format!("[{a},{},{b},{a}]", "{\"x\":[".repeat(80)),
            "3 events, 1 !too_deep",
        ),
    ] {
        check(&text, expected);
    }
    let mut nested = a.clone();
    for _ in 0..ENVELOPES_MAX + 1 {
        nested = format!("{{\"Message\":{}}}", quoted(&nested));
    }
    check(&nested, "1 !too_deep");
}

#[test]
fn a_record_has_a_largest_size_and_a_file_has_none() {
    let large = format!("{{\"x\":\"{}\"}}", "y".repeat(RECORD_BYTES_MAX));
    let lines = format!("{}\n{large}\n{}\n", record("a"), record("b"));
    let array = format!("[{},{large},{}]", record("a"), record("b"));
    // So it is where its end cannot be told by its brackets or quotes.
    let open = format!("{{\"x\":[{{\"z\":\"{}\"}}", "y".repeat(RECORD_BYTES_MAX));
    let cut = format!("{{\"x\":\"{}", "y".repeat(RECORD_BYTES_MAX));
    for text in [
        lines,
        array,
        format!("{}\n{open}\n{}\n", record("a"), record("b")),
        format!("{}\n{cut}\n{}\n", record("a"), record("b")),
        format!("[{},{open},{}]", record("a"), record("b")),
        format!("[{},{cut},{}]", record("a"), record("b")),
    ] {
        let read = read_all(text.as_bytes(), &ReadOptions::default());
        assert_eq!(
            summary(&read.report),
            "2 events, 1 !record_too_large",
            "{:?}",
            &text[text.len() - 9..]
        );
    }
    // A container may be larger, even where another member comes first.
    let records: Vec<String> = (0..6_000).map(|n| record(&n.to_string())).collect();
    let text = format!(
        "{{\"NextToken\":\"t\",\"Events\":[{}],\"more\":{{}}}}",
        records.join(",\n")
    );
    assert!(text.len() > RECORD_BYTES_MAX);
    let mut stream = Stream::new("test", &ReadOptions::default());
    for piece in text.as_bytes().chunks(10_000) {
        stream.feed(piece, &mut |_| {}, &mut |_| {});
        assert!(stream.report().bytes_json > 0);
    }
    let report = stream.finish(&mut |_| {}, &mut |_| {});
    assert_eq!(
        (report.events, report.records, report.error),
        (6_000, 6_000, None)
    );
}

/// Lines are counted on from reject to reject, over several pieces.
#[test]
fn each_of_many_rejects_knows_its_line_and_keeps_no_other() {
    const LINES: u64 = 300_000;
    let text = record("a") + "\n" + &"x\n".repeat(LINES as usize);
    let mut lines = 2..2 + LINES;
    let report = read(
        text.as_bytes(),
        "test",
        &ReadOptions::default(),
        &mut |_| {},
        &mut |reject| {
            assert_eq!(Some(reject.position.line), lines.next());
            assert_eq!(reject.excerpt, "x");
        },
    );
    assert_eq!((report.events, lines.next()), (1, None));
    // What is indented beneath a line belongs to it.
    let broken = format!("{}\n{{\n  \"a\": tru\n}}\n{}\n", record("a"), record("b"));
    let rejects = read_all(broken.as_bytes(), &ReadOptions::default()).rejects;
    assert_eq!(rejects[0].excerpt, "{\n  \"a\": tru\n}");
}

#[test]
fn a_reject_says_where_it_lies() {
    let a = record("a");
    let text = format!("{a}\n\n  {{\"level\":1}}\n");
    let read = read_all(text.as_bytes(), &ReadOptions::default());
    let reject = &read.rejects[0];
    assert_eq!(reject.reason, RejectReason::UnknownRecord);
    let Position {
        line, record, byte, ..
    } = reject.position;
    assert_eq!((line, record, byte), (3, 2, a.len() as u64 + 4));
    assert!(reject.excerpt.starts_with("{\"level\":1}"));
}

#[test]
fn a_file_that_breaks_off_delivers_what_came_before() {
    let text: String = (0..3_000)
        .map(|n| record(&format!("{:x}", n * 2_654_435_761u64)) + "\n")
        .collect();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let read = read_all(&packed[..packed.len() / 2], &ReadOptions::default());
    assert!(read.report.error.is_some());
    assert!(read.report.events > 100, "{:?}", read.report);
    assert_eq!(read.report.compression, [Compression::Gzip]);
    assert_eq!(
        read.report.content_hash,
        xxhash_rust::xxh3::xxh3_128(&packed[..packed.len() / 2])
    );
}

#[test]
fn a_forced_format_is_the_only_one() {
    let text = format!("{}\n", record("a"));
    let flows = ReadOptions {
        format: Some(Source::AwsVpcFlow),
    };
    assert_eq!(
        summary(&read_all(text.as_bytes(), &flows).report),
        "1 !unknown_record"
    );
}

proptest! {
    #[test]
    fn every_byte_is_accounted_for(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        read_all(&bytes, &ReadOptions::default());
    }

    #[test]
    fn damage_is_bounded_and_pieces_do_not_matter(
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
        check_accounts(&report);
        prop_assert_eq!(report.events, whole.report.events);
    }

    #[test]
    fn a_mangled_log_is_accounted_for_however_it_comes(
        packing in 0..PACKINGS, harm in proptest::collection::vec(harm(), 0..5), sizes in proptest::collection::vec(1usize..300, 1..4),
    ) {
        let mut bytes = packed(packing);
        for harm in harm {
            harm.apply(&mut bytes);
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

/// How many ways [`packed`] knows to pack records.
const PACKINGS: usize = 7;

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
        _ => (0..8)
            .map(|n| format!("2 111122223333 eni-0 10.0.0.5 198.51.100.{n} 443 5000 6 9 4000 1773634200 1773634260 ACCEPT OK\n"))
            .collect(),
    }
    .into_bytes()
}

/// What may happen to a log on its way.
#[derive(Debug, Clone)]
enum Harm {
    Cut(usize),
    Splice(usize, usize, usize),
    Flip(usize, u8),
    Insert(usize, &'static str),
    Turn(usize, usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    let at = || 0usize..8_000;
    prop_oneof![
        at().prop_map(Harm::Cut),
        (at(), at(), 0usize..400).prop_map(|(to, from, len)| Harm::Splice(to, from, len)),
        (at(), 0u8..8).prop_map(|(at, bit)| Harm::Flip(at, bit)),
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
            .prop_map(|(at, text)| Harm::Insert(at, text)),
        (at(), at()).prop_map(|(a, b)| Harm::Turn(a, b)),
    ]
}

impl Harm {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let n = bytes.len().max(1);
        match *self {
            Harm::Cut(at) => bytes.truncate(at % n),
            Harm::Splice(to, from, len) => {
                let from = from.min(bytes.len());
                let piece = bytes[from..(from + len).min(bytes.len())].to_vec();
                let to = (to % n).min(bytes.len());
                bytes.splice(to..to, piece);
            }
            Harm::Flip(at, bit) => {
                if let Some(byte) = bytes.get_mut(at % n) {
                    *byte ^= 1 << bit;
                }
            }
            Harm::Insert(at, text) => {
                let at = (at % n).min(bytes.len());
                bytes.splice(at..at, text.bytes());
            }
            Harm::Turn(a, b) => {
                let mut lines: Vec<Vec<u8>> =
                    bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
                let (a, b) = (a % lines.len(), b % lines.len());
                lines.swap(a, b);
                *bytes = lines.join(&b'\n');
            }
        }
    }
}

/// Walks the directory of real logs that `PLIMSOLL_SAMPLES` names, and prints what each file came to.
#[test]
fn samples_are_accounted_for() {
    let Some(root) = std::env::var_os("PLIMSOLL_SAMPLES") else {
        return;
    };
    let mut table = String::new();
    for file in discover(&[PathBuf::from(root)]).unwrap() {
        let bytes = std::fs::read(file.name()).unwrap();
        let read = read_all(&bytes, &ReadOptions::default());
        let (report, first) = (&read.report, read.rejects.first());
        table += &format!(
            "{} | {} | {} | {} | {:?} {}\n",
            file.name(),
            report.format().unwrap_or("-"),
            report.records,
            summary(report),
            report.error,
            first.map(|r| format!("{}", r.position)).unwrap_or_default(),
        );
        assert_eq!(content_hash_of(&file), Some(report.content_hash));
    }
    std::io::stderr().write_all(table.as_bytes()).unwrap();
}

/// What is unpacked out of one record is bounded in all, however it is nested.
#[test]
fn what_unpacks_without_end_is_cut_off() {
    let base64 = |bytes: &[u8]| -> String {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bits: Vec<u8> = bytes
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1))
            .collect();
        let digit = |six: &[u8]| {
            let value = (0..6).fold(0, |v, n| v << 1 | usize::from(*six.get(n).unwrap_or(&0)));
            char::from(DIGITS[value])
        };
        bits.chunks(6).map(digit).collect()
    };
    let packed = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        let data = base64(&encoder.finish().unwrap());
        format!("{{\"messageId\":\"m\",\"data\":\"{data}\"}}")
    };
    let large = |id: &str| packed(&format!("{}{}", record(id), " ".repeat(3 << 20)));
    let alone = read_all(large("a").as_bytes(), &ReadOptions::default());
    assert_eq!(summary(&alone.report), "1 events");
    let nested = packed(&format!("{}\n{}\n{}", large("a"), large("b"), large("c")));
    let read = read_all(nested.as_bytes(), &ReadOptions::default());
    assert_eq!(summary(&read.report), "1 events, 2 !record_too_large");
}

/// A record has one id by whatever log it comes, and products that count alike have ids of their own.
#[test]
fn an_id_is_as_wide_as_who_gave_it() {
    let id = |text: &str| {
        let read = read_all(text.as_bytes(), &ReadOptions::default());
        assert_eq!(read.events.len(), 1, "{text}");
        (read.events[0].provider, read.events[0].id.to_string())
    };
    let native = record("a");
    for wrapped in [
        format!(
            r#"{{"@timestamp":"2026-03-16T05:00:00Z","ecs":{{"version":"8.0"}},"event":{{"id":"x","dataset":"aws.cloudtrail","original":{}}}}}"#,
            quoted(&native)
        ),
        r#"{"@timestamp":"2026-03-16T04:11:09.000Z","ecs":{"version":"8.0"},"event":{"id":"a","dataset":"aws.cloudtrail","action":"GetObject","provider":"s3.amazonaws.com"}}"#.to_owned(),
        r#"{"class_uid":6003,"metadata":{"version":"1.1.0","uid":"a","product":{"name":"CloudTrail"}},"time":1773634269000,"api":{"operation":"GetObject","service":{"name":"s3.amazonaws.com"}}}"#.to_owned(),
    ] {
        assert_eq!(id(&wrapped), id(&native), "{wrapped}");
    }
    let ocsf = |product: &str, user: &str| {
        id(&format!(
            r#"{{"class_uid":3002,"activity_id":1,"metadata":{{"version":"1.1.0","uid":"1","product":{{"name":"{product}"}}}},"time":1773634269000,"user":{{"uid":"{user}"}}}}"#
        ))
    };
    assert_eq!(ocsf("Shop", "u1"), ocsf("Shop", "u1"));
    let ecs = |dataset: &str, user: &str| {
        id(&format!(
            r#"{{"@timestamp":"2026-03-16T04:11:09Z","ecs":{{"version":"8.0"}},"event":{{"id":"1","dataset":"{dataset}"}},"user":{{"id":"{user}"}}}}"#
        ))
    };
    assert_eq!(ecs("shop.audit", "u1"), ecs("shop.audit", "u1"));
    let mut ids = [
        ocsf("Shop", "u1"),
        ocsf("Shop", "u2"),
        ocsf("Desk", "u1"),
        ecs("shop.audit", "u1"),
        ecs("shop.audit", "u2"),
        ecs("desk.audit", "u1"),
    ];
    ids.sort();
    assert!(ids.windows(2).all(|two| two[0] != two[1]), "{ids:?}");
}

/// An application's message is no record, even if it looks like one: it may be what a stranger sent.
#[test]
fn what_an_application_logs_is_nobodys_deed() {
    let forged = quoted(&record("a"));
    for (text, expected) in [
        (
            format!(r#"{{"level":"info","message":{forged}}}"#),
            "1 !unknown_record",
        ),
        (
            format!(r#"{{"level":"info","message":{}}}"#, record("a")),
            "1 !unknown_record",
        ),
        (
            format!(
                r#"{{"@timestamp":"2026-03-16T04:11:09Z","@version":"1","logger_name":"web","message":{forged}}}"#
            ),
            "1 !unknown_record",
        ),
        // A log group's event, and a shipper's.
        (
            format!(
                r#"{{"timestamp":1773634269000,"ingestionTime":1773634270000,"message":{forged}}}"#
            ),
            "1 events",
        ),
        (
            format!(r#"{{"@ptr":"p","@timestamp":"t","@message":{forged}}}"#),
            "1 events",
        ),
        (
            format!(
                r#"{{"@timestamp":"2026-03-16T04:11:09Z","@version":"1","host":"h","message":{forged}}}"#
            ),
            "1 events",
        ),
    ] {
        check(&text, expected);
    }
    for (dataset, source) in [
        (r#""event":{"dataset":"nginx.access"}"#, Source::Ecs),
        (
            r#""data_stream":{"dataset":"awsome.cloudtrail"}"#,
            Source::Ecs,
        ),
        (r#""log.level":"info""#, Source::Ecs),
        (
            r#""event":{"dataset":"aws.cloudtrail"}"#,
            Source::AwsCloudTrail,
        ),
        (
            r#""data_stream":{"dataset":"aws_s3.generic"}"#,
            Source::AwsCloudTrail,
        ),
        (r#""tags":["forwarded"]"#, Source::AwsCloudTrail),
    ] {
        let text = format!(
            r#"{{"@timestamp":"2026-03-16T04:11:09Z","ecs":{{"version":"8.0"}},{dataset},"message":{forged}}}"#
        );
        let events = read_all(text.as_bytes(), &ReadOptions::default()).events;
        assert_eq!(events.len(), 1, "{text}");
        assert_eq!(events[0].source, source, "{text}");
    }
}

/// What cannot be read does not come to more than was read.
#[test]
fn rejects_are_no_larger_than_what_they_are_of() {
    let many = |part: &str, n: usize| vec![part; n].join(",");
    for (text, expected, told) in [
        (format!(r#"{{"a":1,"value":[{}]}}"#, many("1", 9_000)), 1, 1),
        (format!("{{\"Records\":[{}]}}", many("null", 9_000)), 1, 1),
        (format!("[[1],{},{{}},2]", many("3", 9_000)), 4, 4),
        (
            format!(r#"{{"a":1,"value":[{}]}}"#, many("{}", 9_000)),
            9_000,
            100,
        ),
        (format!("[{}]", many("\"x\"", 9_000)), 9_000, 9_000),
    ] {
        let (mut n, mut bytes) = (0, 0);
        let report = read(
            text.as_bytes(),
            "test",
            &ReadOptions::default(),
            &mut |_| {},
            &mut |reject| {
                n += 1;
                bytes += reject.excerpt.len();
            },
        );
        let about = &text[..20];
        assert_eq!(
            summary(&report),
            format!("{expected} !unknown_record"),
            "{about}"
        );
        assert_eq!(n, told, "{about}");
        assert!(bytes <= text.len(), "{bytes} bytes of {about}");
    }
}

#[test]
fn whoever_is_of_no_known_tenant_is_one_in_all_logs() {
    const WHO: &str = "5f2b6a0e-0000-4000-8000-00000000a001";
    for text in [
        format!(
            r#"{{"CreationTime":"2026-03-16T04:11:09","Id":"a","Operation":"FileAccessed","Workload":"OneDrive","RecordType":6,"UserId":"ana@example.com","UserKey":"{WHO}"}}"#
        ),
        format!(
            r#"{{"category":"AuditLogs","time":"2026-03-16T04:11:09Z","properties":{{"loggedByService":"Core Directory","activityDisplayName":"Add user","initiatedBy":{{"user":{{"id":"{WHO}"}}}}}}}}"#
        ),
        format!(
            r#"{{"class_uid":3002,"activity_id":1,"metadata":{{"version":"1.1.0","product":{{"name":"Entra ID"}}}},"time":1773634269000,"user":{{"uid":"{WHO}"}}}}"#
        ),
    ] {
        let events = read_all(text.as_bytes(), &ReadOptions::default()).events;
        let who = events[0].principal.as_ref().unwrap();
        assert_eq!(*who.id, *format!("entra:-/{WHO}"), "{text}");
    }
}

#[test]
fn a_name_that_holds_a_providers_is_not_the_providers() {
    for (product, provider) in [
        ("Sophos Central", Provider::Other),
        ("Flaws Scanner", Provider::Other),
        ("Microsoft Entra ID", Provider::Entra),
    ] {
        let text = format!(
            r#"{{"class_uid":3002,"activity_id":1,"metadata":{{"version":"1.1.0","product":{{"name":"{product}"}}}},"time":1773634269000,"user":{{"uid":"u"}}}}"#
        );
        let events = read_all(text.as_bytes(), &ReadOptions::default()).events;
        assert_eq!(events[0].provider, provider, "{text}");
    }
    for (dataset, provider) in [
        ("awsome.audit", Provider::Other),
        ("aws_s3.generic", Provider::Aws),
        ("slack", Provider::Slack),
    ] {
        let text = format!(
            r#"{{"@timestamp":"2026-03-16T04:11:09Z","event":{{"dataset":"{dataset}"}},"user":{{"id":"u"}}}}"#
        );
        let events = read_all(text.as_bytes(), &ReadOptions::default()).events;
        assert_eq!(events[0].provider, provider, "{text}");
    }
}

#[test]
fn rejects_keep_no_credentials() {
    for text in [
        r#"{"operationName":"GetBlob","category":"StorageRead","uri":"https://a.blob.core.windows.net/c/k?sv=1&sig=SECRET&se=2","resourceId":"/subscriptions/x"}"#,
        r#"{"eventSource":"sts.amazonaws.com","eventName":"AssumeRole","responseElements":{"credentials":{"sessionToken":"SECRET"}}}"#,
    ] {
        let rejects = read_all(text.as_bytes(), &ReadOptions::default()).rejects;
        assert_eq!(rejects.len(), 1, "{text}");
        assert!(rejects[0].excerpt.contains('*'), "{}", rejects[0].excerpt);
        assert!(
            !rejects[0].excerpt.contains("SECRET"),
            "{}",
            rejects[0].excerpt
        );
    }
}

#[test]
fn a_row_has_the_fields_that_its_header_promises() {
    const HEAD: &str = "plimsoll,event_time,provider,identity,op,user_agent";
    const ROW: &str = "1,2026-03-16T04:11:09Z,other,other:ana,file.download,";
    for (rows, expected) in [
        (format!("{ROW}curl\n{ROW}\"a\nb\"\n{ROW}"), "3 events"),
        (format!("{ROW}\r\n{ROW}\"\"\r\n"), "2 events"),
        (
            format!("{ROW}\n1,2026-03-16T04:11:09Z,other,oth"),
            "1 events, 1 !truncated",
        ),
        (format!("{ROW}\n{ROW}\"curl/8"), "1 events, 1 !truncated"),
        (format!("{ROW}\n{ROW}\"curl/8\n"), "1 events, 1 !truncated"),
        (
            format!("1,2026-03-16T04:11:09Z,other,oth\n{ROW}\n{ROW},x\n"),
            "1 events, 2 !malformed_row",
        ),
    ] {
        check(&format!("{HEAD}\n{rows}"), expected);
    }
}

#[test]
fn logs_that_were_joined_are_read_as_what_they_are() {
    const PLAIN: &str = "plimsoll,event_time,provider,identity,op\n1,2026-03-16T04:11:09Z,other,other:ana,file.download\n";
    let fixture = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats/");
        std::fs::read_to_string(format!("{folder}{name}")).unwrap()
    };
    let parts = [
        PLAIN.to_owned(),
        fixture("m365.ual/search.csv"),
        PLAIN.to_owned(),
        fixture("gcp.gcsusage/usage.csv"),
        fixture("aws.s3access/lines.log"),
        fixture("aws.tgwflow/columns.csv"),
        format!("{}\n", record("a")),
        PLAIN.to_owned(),
        fixture("aws.vpcflow/header.log"),
    ];
    let sum = |texts: &[String]| {
        let mut sums = std::collections::BTreeMap::new();
        for text in texts {
            for (source, n) in read_all(text.as_bytes(), &ReadOptions::default())
                .report
                .formats
            {
                *sums.entry(source).or_insert(0) += n;
            }
        }
        sums
    };
    let joined = parts.concat();
    assert_eq!(sum(&[joined]), sum(&parts));
}

#[test]
fn what_holds_nothing_is_accounted_for() {
    for (text, expected) in [
        (r#"{"msg":"hello","items":[]}"#, "1 !unknown_record"),
        (r#"{"items":[],"msg":"hello"}"#, "1 !unknown_record"),
        (r#"{"value":[ ],"x":1}"#, "1 !unknown_record"),
        (r#"{"events":[]}"#, "1 empty"),
        (r#"{"value":[],"@odata.context":"c"}"#, "1 empty"),
        (r#"{"took":1,"hits":{"hits":[]}}"#, "1 empty"),
        (r#"{"Messages":[{"Body":"{\"Records\":[]}"}]}"#, "1 empty"),
        ("[]", ""),
    ] {
        check(text, expected);
    }
}

/// The order of members means nothing in JSON.
#[test]
fn a_record_may_begin_with_an_array() {
    let activity = r#"{"events":[{"name":"login_success","type":"login"}],"kind":"admin#reports#activity","id":{"time":"2026-03-16T04:11:09Z","uniqueQualifier":"1","applicationName":"login","customerId":"C1"},"actor":{"email":"ana@example.com","profileId":"1"}}"#;
    let slack = r#"{"items":[1],"action":"user_login","actor":{"type":"user","user":{"id":"U1"}},"date_create":1773634269}"#;
    let cut = &record("a")[..99];
    for (text, expected) in [
        (activity.to_owned(), "1 events"),
        (format!("{slack}\n{activity}"), "2 events"),
        (format!("[{slack},{slack}]"), "2 events"),
        (
            format!(r#"{{"items":[{activity},{activity}]}}"#),
            "2 events",
        ),
        // Inside what is broken.
        (
            format!(r#"{{"items":[{activity},{activity},{cut}"#),
            "2 events, 1 !truncated",
        ),
        (
            format!(r#"{{"items":[{activity},{{"x":nul}},{activity}]}}"#),
            "2 events, 1 !not_json",
        ),
        (
            format!(
                r#"{{"value":[{}],"x":{{}}}}"#,
                vec![record("a"); 6_000].join(",")
            ),
            "6000 events",
        ),
    ] {
        let read = read_all(text.as_bytes(), &ReadOptions::default());
        assert_eq!(summary(&read.report), expected, "{}", &text[..99]);
        if text.len() < RECORD_BYTES_MAX {
            check(&text, expected);
        }
    }
}

/// Pipelines cut times to milliseconds.
#[test]
fn an_id_does_not_hang_on_how_exact_a_copy_is() {
    let ids = |texts: &[&str]| -> Vec<String> {
        let ids = texts.iter().map(|text| {
            let events = read_all(text.as_bytes(), &ReadOptions::default()).events;
            assert_eq!(events.len(), 1, "{text}");
            events[0].id.to_string()
        });
        ids.collect()
    };
    const AUDIT: &str = r#"{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"storage.googleapis.com","methodName":"storage.objects.list"},"insertId":"g1","timestamp":"2026-03-16T06:00:00.123456789Z","logName":"projects/p/logs/cloudaudit.googleapis.com%2Fdata_access","resource":{"labels":{"project_id":"p"}}}"#;
    const AUDIT_ECS: &str = r#"{"@timestamp":"2026-03-16T06:00:00.123Z","ecs":{"version":"8.11.0"},"event":{"dataset":"gcp.audit","action":"storage.objects.list","id":"g1"},"service":{"name":"storage.googleapis.com"},"cloud":{"project":{"id":"p"}},"log":{"logger":"projects/p/logs/cloudaudit.googleapis.com%2Fdata_access"}}"#;
    const AUDIT_OCSF: &str = r#"{"class_uid":6003,"metadata":{"version":"1.1.0","uid":"g1","log_name":"projects/p/logs/cloudaudit.googleapis.com%2Fdata_access","product":{"name":"Cloud Audit Logs"}},"time":1773640800123,"api":{"operation":"storage.objects.list","service":{"name":"storage.googleapis.com"}}}"#;
    const FLOW: &str = r#"{"insertId":"g3","timestamp":"2026-03-16T06:05:00.5Z","logName":"projects/p/logs/compute.googleapis.com%2Fvpc_flows","resource":{"labels":{"project_id":"p"}},"jsonPayload":{"reporter":"SRC","start_time":"2026-03-16T06:01:00.987654321Z","end_time":"2026-03-16T06:02:00.123456789Z","bytes_sent":"5000","packets_sent":"9","connection":{"src_ip":"10.0.0.5","src_port":40000,"dest_ip":"203.0.113.80","dest_port":443,"protocol":6}}}"#;
    const FLOW_ECS: &str = r#"{"@timestamp":"2026-03-16T06:02:00.123Z","ecs":{"version":"8.11.0"},"event":{"dataset":"gcp.vpcflow","start":"2026-03-16T06:01:00.987Z","end":"2026-03-16T06:02:00.123Z","id":"g3"},"source":{"ip":"10.0.0.5","port":40000,"bytes":5000,"packets":9},"destination":{"ip":"203.0.113.80","port":443},"network":{"iana_number":"6"},"cloud":{"project":{"id":"p"}},"gcp":{"vpcflow":{"reporter":"SRC"}}}"#;
    let audit = ids(&[AUDIT, AUDIT_ECS, AUDIT_OCSF]);
    assert!(audit.iter().all(|id| *id == audit[0]), "{audit:?}");
    let flow = ids(&[FLOW, FLOW_ECS]);
    assert_eq!(flow[0], flow[1]);
}
