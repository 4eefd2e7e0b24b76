//! Tests of reading as a whole, and what other tests of this module use.
#![allow(clippy::unwrap_used)]

mod archives;
mod damage;
mod envelopes;
mod identity;
mod rejects;
mod reuse;
mod tables;
mod wrappings;

use std::io::Write;
use std::path::PathBuf;

use crate::event::Event;
use crate::sources::{FileReport, ReadOptions, Reject, Stream, content_hash_of, discover, read};

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
    check_counts(&report);
    assert_eq!(report.events, events.len() as u64);
    assert_eq!(report.rejected.values().sum::<u64>(), rejects.len() as u64);
    Read {
        events,
        rejects,
        report,
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn check_counts(report: &FileReport) {
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

/// Returns the result of a file in one line: `2 events, 1 digest, 1 !not_json`.
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

/// Checks the summary of a text, read whole and in pieces.
pub fn check(text: &str, expected: &str) {
    let all = ReadOptions::default();
    let whole = read_all(text.as_bytes(), &all);
    assert_eq!(summary(&whole.report), expected, "{text}");
    // Any pieces have the same result.
    for size in [1, 7, 64] {
        let (mut events, mut rejects) = (Vec::new(), Vec::new());
        let mut stream = Stream::new("test", &all);
        for piece in text.as_bytes().chunks(size) {
            stream.feed(piece, &mut |e| events.push(e), &mut |r| rejects.push(r));
        }
        let report = stream.finish(&mut |e| events.push(e), &mut |r| rejects.push(r));
        assert_eq!(summary(&report), expected, "in pieces of {size}: {text}");
        assert_eq!(events, whole.events);
        // The excerpt of a broken record shows as much as had arrived.
        let positions = |rejects: &[Reject]| {
            rejects
                .iter()
                .map(|r| (r.reason, r.position.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(positions(&rejects), positions(&whole.rejects));
    }
}

/// Returns a small but complete CloudTrail record.
pub fn record(id: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.09","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ana","accountId":"111122223333"}},"eventTime":"2026-03-16T04:11:09Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1","eventID":"{id}"}}"#
    )
}

pub fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// Reads the directory of real logs that `PLIMSOLL_SAMPLES` names, and prints the result of each file.
#[test]
fn samples_are_counted() {
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
