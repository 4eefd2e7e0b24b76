//! Tests that every format passes: synthetic records, and the events expected from them.
//!
//! `tests/formats/FORMAT/` holds the logs; beside `NAME` lies `NAME.snap`: a line of JSON for each event without what is
//! absent, and a last line with what the file came to. `INSTA_UPDATE=always` writes it anew, to be read before it is kept.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::event::{Event, Source};
use crate::sources::tests::{read_all, summary};
use crate::sources::{ReadOptions, Stream};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats")
}

/// Returns the fixtures: the format whose folder it is in, the path, and the bytes of each.
pub fn fixtures() -> Vec<(Source, PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for format in std::fs::read_dir(folder()).unwrap() {
        let format = format.unwrap();
        let name = format.file_name().into_string().unwrap();
        let source = Source::parse(&name).unwrap_or_else(|| panic!("no format is called {name}"));
        for file in std::fs::read_dir(format.path()).unwrap() {
            let path = file.unwrap().path();
            // The other files are snapshots, and `.snap.new` ones that wait for a review.
            if path.extension().is_none_or(|e| e != "snap" && e != "new") {
                let bytes = std::fs::read(&path).unwrap();
                all.push((source, path, bytes));
            }
        }
    }
    all.sort_by(|a, b| a.1.cmp(&b.1));
    all
}

/// Leaves out absent values, empty texts, lists and objects.
fn spare(value: Json) -> Option<Json> {
    match value {
        Json::Null => None,
        Json::String(text) if text.is_empty() => None,
        Json::Array(items) => {
            let items: Vec<Json> = items.into_iter().filter_map(spare).collect();
            (!items.is_empty()).then_some(Json::Array(items))
        }
        Json::Object(members) => {
            let members: serde_json::Map<String, Json> = members
                .into_iter()
                .filter_map(|(name, value)| Some((name, spare(value)?)))
                .collect();
            (!members.is_empty()).then_some(Json::Object(members))
        }
        other => Some(other),
    }
}

/// Writes an event as fixtures have it: its time as text, and only the fields that differ from a default event.
fn written(event: &Event) -> String {
    let mut json = serde_json::to_value(event).unwrap();
    let members = json.as_object_mut().unwrap();
    members.insert("time".into(), event.time.to_string().into());
    if let Some(start) = event.context.session_start {
        members["context"]["session_start"] = start.to_string().into();
    }
    if let Some(detection) = &event.detection {
        let detection = serde_json::to_value(detection).unwrap();
        members.insert("detection".into(), detection);
    }
    for (name, usual) in [("counted", true), ("regional", true)] {
        if members[name] == Json::Bool(usual) {
            members.remove(name);
        }
    }
    spare(json).unwrap().to_string()
}

#[test]
fn each_record_is_the_event_that_its_fixture_says() {
    for (source, path, bytes) in fixtures() {
        let read = read_all(&bytes, &ReadOptions::default());
        let mut lines: Vec<String> = read.events.iter().map(written).collect();
        lines.push(format!("# {}", summary(&read.report)));
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(path.parent().unwrap());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let name = path.file_name().unwrap().to_string_lossy();
        settings.bind(|| insta::assert_snapshot!(&*name, lines.join("\n")));
        let of_other = read.events.iter().find(|event| event.source != source);
        assert_eq!(of_other, None, "{} is of one format", path.display());
    }
}

#[test]
fn pieces_compression_and_forced_format_change_nothing() {
    for (source, path, bytes) in fixtures() {
        let whole = read_all(&bytes, &ReadOptions::default());
        let at = path.display();
        if !bytes.starts_with(b"PAR1") {
            for size in [1, 61, 4_096] {
                let mut events = Vec::new();
                let mut stream = Stream::new("test", &ReadOptions::default());
                for piece in bytes.chunks(size) {
                    stream.feed(piece, &mut |e| events.push(e), &mut |_| {});
                }
                let report = stream.finish(&mut |e| events.push(e), &mut |_| {});
                assert_eq!(summary(&report), summary(&whole.report), "{at} by {size}");
                assert_eq!(events, whole.events, "{at} by {size}");
            }
        }
        let packed = zstd::encode_all(&*bytes, 1).unwrap();
        assert_eq!(
            read_all(&packed, &ReadOptions::default()).events,
            whole.events,
            "{at} packed"
        );
        let forced = ReadOptions {
            format: Some(source),
            ..ReadOptions::default()
        };
        assert_eq!(
            read_all(&bytes, &forced).events,
            whole.events,
            "{at} forced"
        );
        for other in Source::ALL.iter().filter(|other| **other != source) {
            let forced = ReadOptions {
                format: Some(*other),
                ..ReadOptions::default()
            };
            let found = read_all(&bytes, &forced).events;
            assert_eq!(found, [], "{at} as {other}");
        }
    }
}

#[test]
fn truncated_and_damaged_records_are_counted() {
    for (_, _, bytes) in fixtures() {
        let step = (bytes.len() / 97).max(1);
        for cut in (0..bytes.len()).step_by(step) {
            read_all(&bytes[..cut], &ReadOptions::default());
            let mut damaged = bytes.clone();
            for (n, wrong) in b"\"{]\\,0\n\xff".iter().enumerate() {
                damaged[cut] = *wrong;
                if n % 3 == cut % 3 {
                    read_all(&damaged, &ReadOptions::default());
                }
            }
        }
    }
}

#[test]
fn records_mixed_with_other_formats_are_read() {
    let lines: Vec<(PathBuf, Vec<u8>)> = fixtures()
        .into_iter()
        .filter(|(_, path, _)| path.extension().is_some_and(|e| e == "jsonl"))
        .map(|(_, path, bytes)| (path, bytes))
        .collect();
    let expected: Vec<Event> = lines
        .iter()
        .flat_map(|(_, bytes)| read_all(bytes, &ReadOptions::default()).events)
        .collect();
    let mixed: Vec<u8> = lines.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
    let found = read_all(&mixed, &ReadOptions::default()).events;
    assert_eq!(found.len(), expected.len());
    for (is, should) in found.iter().zip(&expected) {
        assert_eq!(is, should);
    }
}
