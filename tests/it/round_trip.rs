//! What `simulate` writes is read again as what it meant: the writers know nothing of the parsers, so that neither can
//! hide a misreading of the other.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use plimsoll::event::Event;
use plimsoll::sources::{ReadOptions, discover, read};
use plimsoll::time::Time;
use serde_json::Value;

use crate::world::World;

/// What is compared of every record.
const FIELDS: [&str; 8] = [
    "event_time",
    "action",
    "identity",
    "container",
    "object",
    "bytes_out",
    "src_ip",
    "outcome",
];

/// A format, and the fields that its records do not settle.
struct Row {
    format: &'static str,
    unsettled: &'static [&'static str],
}

/// Every format that is read; another joins by a line.
const FORMATS: &[Row] = &[
    Row {
        format: "aws.cloudtrail",
        unsettled: &[],
    },
    Row {
        format: "aws.vpcflow",
        unsettled: &[],
    },
];

/// How often each record occurs, as the values of its fields.
type Records = BTreeMap<Vec<String>, i64>;

fn of_deed(deed: &Value) -> BTreeMap<&'static str, String> {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let time = Time::parse(&text(&deed["event_time"])).expect("a time");
    FIELDS
        .into_iter()
        .map(|field| {
            (
                field,
                if field == "event_time" {
                    time.to_string()
                } else {
                    text(&deed[field])
                },
            )
        })
        .collect()
}

fn of_event(event: &Event) -> BTreeMap<&'static str, String> {
    let raw = |text: &Option<plimsoll::event::Untrusted>| {
        text.as_ref().map_or(String::new(), |t| t.raw().to_owned())
    };
    let values = [
        event.time.to_string(),
        event.action.to_string(),
        event
            .principal
            .as_ref()
            .map_or(String::new(), |who| who.id.to_string()),
        raw(&event.container),
        raw(&event.object),
        event
            .bytes_out
            .map_or(String::new(), |bytes| bytes.to_string()),
        event.peer.ip.map_or(String::new(), |ip| ip.to_string()),
        event.outcome.to_string(),
    ];
    FIELDS.into_iter().zip(values).collect()
}

/// Adds a record to those of its format, without what is unsettled.
fn count(
    records: &mut BTreeMap<&'static str, Records>,
    format: &str,
    fields: BTreeMap<&'static str, String>,
    by: i64,
) {
    let Some(row) = FORMATS.iter().find(|row| row.format == format) else {
        return;
    };
    let values = fields
        .into_iter()
        .filter(|(field, _)| !row.unsettled.contains(field))
        .map(|(field, value)| format!("{field}={value}"))
        .collect();
    *records
        .entry(row.format)
        .or_default()
        .entry(values)
        .or_default() += by;
}

/// Returns the logs below a folder.
fn logs(folder: &Path) -> Vec<PathBuf> {
    let beside = [
        "labels.jsonl",
        "decoys.jsonl",
        "oddities.jsonl",
        "deeds.jsonl",
        "plimsoll.toml",
    ];
    let files = discover(&[folder.to_path_buf()]).expect("logs");
    let is_log = |path: &PathBuf| !beside.iter().any(|name| path.ends_with(name));
    files
        .into_iter()
        .map(|file| file.path)
        .filter(is_log)
        .collect()
}

/// A record that does not count restates another; whether a parser delivers it is its own affair.
#[test]
fn every_format_is_read_as_it_was_meant() {
    let world = World::empty();
    let formats: Vec<&str> = FORMATS.iter().map(|row| row.format).collect();
    let formats = formats.join(",");
    let told = world.run(&[
        "simulate",
        "--out",
        "estate",
        "--deeds",
        "--formats",
        &formats,
        "--days",
        "3",
        "--identities",
        "40",
        "--seed",
        "7",
        "--attack-days-from",
        "1",
        "--scale",
        "0.5",
    ]);
    told.succeeds();
    let folder = world.path().join("estate");
    let mut records: BTreeMap<&str, Records> = BTreeMap::new();
    let mut wanted = BTreeMap::new();
    for line in std::fs::read_to_string(folder.join("deeds.jsonl"))
        .expect("deeds")
        .lines()
    {
        let deed: Value = serde_json::from_str(line).expect("a deed");
        if deed["counts"] == true {
            let format = deed["format"].as_str().expect("a format").to_owned();
            count(&mut records, &format, of_deed(&deed), 1);
            *wanted.entry(format).or_insert(0) += 1;
        }
    }
    let mut rejects = Vec::new();
    for path in logs(&folder) {
        let name = path.display().to_string();
        let mut sink = |event: Event| {
            if event.counted {
                count(
                    &mut records,
                    &event.source.to_string(),
                    of_event(&event),
                    -1,
                );
            }
        };
        let mut reject = |reject| rejects.push(format!("{name}: {reject:?}"));
        let report = read(
            File::open(&path).expect("a log"),
            &name,
            &ReadOptions::default(),
            &mut sink,
            &mut reject,
        );
        assert_eq!(report.error, None, "{name}");
    }
    assert!(
        rejects.is_empty(),
        "rejected: {:#?}",
        &rejects[..rejects.len().min(5)]
    );
    let mut differences = String::new();
    for row in FORMATS {
        assert!(
            wanted.get(row.format).is_some_and(|&n| n > 50),
            "few records of {}: {wanted:?}",
            row.format
        );
        let unequal: Vec<_> = records[row.format]
            .iter()
            .filter(|(_, n)| **n != 0)
            .collect();
        if unequal.is_empty() {
            continue;
        }
        differences += &format!("\n{}: {} records differ", row.format, unequal.len());
        for (sign, what) in [(1, "meant and not read"), (-1, "read and not meant")] {
            for (values, _) in unequal.iter().filter(|(_, n)| n.signum() == sign).take(4) {
                differences += &format!("\n  {what}: {}", values.join(" "));
            }
        }
    }
    assert!(differences.is_empty(), "{differences}");
}
