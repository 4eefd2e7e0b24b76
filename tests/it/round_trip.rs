//! What `simulate` writes is read again as what it meant: the writers know nothing of the parsers, so that neither can
//! hide a misreading of the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use plimsoll::event::{Event, Source, Untrusted};
use plimsoll::simulate::Format;
use plimsoll::sources::{ReadOptions, discover, read};
use plimsoll::time::Time;
use serde_json::Value;

use crate::world::World;

/// What is compared of every record.
const FIELDS: [&str; 12] = [
    "event_time",
    "op",
    "action",
    "identity",
    "container",
    "object",
    "bytes_out",
    "src_ip",
    "dst_ip",
    "dst_account",
    "dst_container",
    "outcome",
];

/// A format, and the fields that its records do not settle.
struct Row {
    format: &'static str,
    /// Whether all of its records restate those of another format, so that none of them counts.
    restates: bool,
    unsettled: &'static [&'static str],
}

/// Every format that is read; another joins by a line.
const FORMATS: &[Row] = &[
    row("aws.cloudtrail"),
    row("aws.vpcflow"),
    row("aws.s3access"),
    Row {
        restates: true,
        ..row("aws.tgwflow")
    },
    row("azure.storage"),
    row("azure.activity"),
    row("entra.audit"),
    row("entra.signin"),
    row("entra.graph"),
    row("entra.aadgraph"),
    row("m365.ual"),
    row("gcp.audit"),
    row("gcp.gcsusage"),
    row("gcp.vpcflow"),
    row("okta.system"),
    row("gworkspace.reports"),
    row("slack.audit"),
    row("ocsf"),
    row("ecs"),
    row("plain"),
];

/// A format whose records settle every field.
const fn row(format: &'static str) -> Row {
    Row {
        format,
        restates: false,
        unsettled: &[],
    }
}

impl Row {
    /// Returns the row of a format.
    fn of(format: &str) -> &'static Self {
        let row = FORMATS.iter().find(|row| row.format == format);
        row.unwrap_or_else(|| panic!("{format} has no row"))
    }
}

/// The values of a record's fields, in their order.
type Fields = Vec<String>;
/// How often each record was meant more often than it was read.
type Records = BTreeMap<Fields, i64>;

fn of_expected(expected: &Value) -> Fields {
    let text = |field| match &expected[field] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let value = |field| match field {
        "event_time" => Time::parse(&text(field)).expect("a time").to_string(),
        _ => text(field),
    };
    FIELDS.into_iter().map(value).collect()
}

fn of_event(event: &Event) -> Fields {
    fn shown(value: Option<&impl ToString>) -> String {
        value.map_or(String::new(), ToString::to_string)
    }
    fn raw(text: Option<&Untrusted>) -> String {
        text.map_or(String::new(), |text| text.raw().to_owned())
    }
    let (peer, destination) = (&event.peer, &event.destination);
    let value = |field| match field {
        "event_time" => event.time.to_string(),
        "op" => event.op.to_string(),
        "action" => event.action.to_string(),
        "identity" => shown(event.principal.as_ref().map(|who| &who.id)),
        "container" => raw(event.container.as_ref()),
        "object" => raw(event.object.as_ref()),
        "bytes_out" => shown(event.bytes_out.as_ref()),
        "src_ip" => shown(peer.ip.as_ref()),
        "dst_ip" => shown(destination.ip.as_ref()),
        "dst_account" => shown(destination.account.as_ref()),
        "dst_container" => raw(destination.container.as_ref()),
        "outcome" => event.outcome.to_string(),
        other => panic!("{other} is not compared"),
    };
    FIELDS.into_iter().map(value).collect()
}

/// What was meant and read of every format.
#[derive(Default)]
struct Comparison {
    records: BTreeMap<&'static str, Records>,
    meant: BTreeMap<&'static str, usize>,
}

impl Comparison {
    /// Counts a record, without what is unsettled.
    fn count(&mut self, format: &str, mut fields: Fields, by: i64) {
        let row = Row::of(format);
        for (field, value) in FIELDS.iter().zip(&mut fields) {
            if row.unsettled.contains(field) {
                value.clear();
            }
        }
        if by > 0 {
            *self.meant.entry(row.format).or_default() += 1;
        }
        let records = self.records.entry(row.format).or_default();
        *records.entry(fields).or_default() += by;
    }

    /// Says how the records of a format differ: by the fields that do, each kind of difference once.
    fn differences(&self, format: &str) -> BTreeMap<String, String> {
        /// Of more than these many records, the others differ in the same way.
        const MOST: usize = 400;
        let unequal = |sign: i64| {
            let records = self.records.get(format).into_iter().flatten();
            let of_sign = move |(_, n): &(&Fields, &i64)| n.signum() == sign;
            let fields: Vec<&Fields> = records.filter(of_sign).map(|(fields, _)| fields).collect();
            fields
        };
        let (meant, read) = (unequal(1), unequal(-1));
        let mut kinds = BTreeMap::new();
        for fields in meant.iter().take(MOST) {
            let same =
                |other: &&&Fields| fields.iter().zip(**other).filter(|(a, b)| a == b).count();
            let Some(nearest) = read.iter().max_by_key(same) else {
                kinds.insert("nothing is read".to_owned(), format!("{fields:?}"));
                continue;
            };
            let (mut kind, mut example) = (Vec::new(), String::new());
            for ((name, meant), read) in FIELDS.iter().zip(*fields).zip(*nearest) {
                if meant != read {
                    kind.push(*name);
                    example += &format!("\n      {name}: meant `{meant}`, read `{read}`");
                }
            }
            let what = format!("{} in {}", kind.join(", "), fields[2]);
            kinds.entry(what).or_insert(example);
        }
        if meant.is_empty() && !read.is_empty() {
            kinds.insert("not meant".to_owned(), format!("{:?}", read[0]));
        }
        kinds
    }
}

/// Returns the logs of an estate.
fn logs(folder: &Path) -> Vec<PathBuf> {
    let files = discover(&[folder.join("logs")]).expect("logs");
    files
        .iter()
        .filter_map(|file| file.path().map(Path::to_path_buf))
        .collect()
}

#[test]
fn no_format_is_left_out() {
    let rows: BTreeSet<&str> = FORMATS.iter().map(|row| row.format).collect();
    let written: BTreeSet<&str> = Format::ALL.into_iter().map(Format::name).collect();
    let read: BTreeSet<&str> = Source::ALL.iter().map(|source| source.as_str()).collect();
    assert_eq!(rows, written);
    // Of these the fixtures say what each record is, and no estate is simulated in them.
    let not_simulated = ["azure.keyvault", "findings"];
    let all = rows.into_iter().chain(not_simulated).collect();
    assert_eq!(read, all);
}

/// Makes an estate in some formats, and returns its folder and all that is read of it.
///
/// Nothing is rejected, and only what is no action is skipped.
fn read_estate(
    world: &World,
    formats: &str,
    identities: &str,
    sink: &mut dyn FnMut(Event),
) -> PathBuf {
    let told = world.run(&[
        "simulate",
        "--out",
        "estate",
        "--expected-events",
        "--attacks",
        "all",
        "--formats",
        formats,
        "--days",
        "3",
        "--identities",
        identities,
        "--seed",
        "7",
        "--attack-days-from",
        "1",
        "--scale",
        "0.1",
    ]);
    told.succeeds();
    let folder = world.path().join("estate");
    let mut rejects = Vec::new();
    for path in logs(&folder) {
        let name = path.display().to_string();
        let mut reject = |reject| rejects.push(format!("{name}: {reject:?}"));
        let file = File::open(&path).expect("a log");
        let report = read(file, &name, &ReadOptions::default(), sink, &mut reject);
        assert_eq!(report.error, None, "{name}");
        let no_actions = ["action_begun", "no_data"];
        let is_none = |reason: &&str| no_actions.contains(reason);
        assert!(report.skipped.keys().all(is_none), "{name}: {report:?}");
    }
    rejects.truncate(5);
    assert!(rejects.is_empty(), "rejected: {rejects:#?}");
    folder
}

/// A record that does not count restates another; whether a parser delivers it is its own affair.
#[test]
fn every_format_is_read_as_it_was_meant() {
    let world = World::empty();
    let mut comparison = Comparison::default();
    let folder = read_estate(&world, "all", "30", &mut |event| {
        let format = event.source.as_str();
        if event.counted != Row::of(format).restates {
            comparison.count(format, of_event(&event), -1);
        }
    });
    let events =
        std::fs::read_to_string(folder.join("expected-events.jsonl")).expect("expected events");
    for line in events.lines() {
        let expected: Value = serde_json::from_str(line).expect("an event");
        let format = expected["format"].as_str().expect("a format");
        if expected["counts"] != Row::of(format).restates {
            comparison.count(format, of_expected(&expected), 1);
        }
    }
    let mut said = String::new();
    for row in FORMATS {
        let meant = comparison.meant.get(row.format).copied().unwrap_or(0);
        assert!(meant > 5, "{meant} records of {}", row.format);
        for (kind, example) in comparison.differences(row.format) {
            said += &format!("\n{}: {kind}{example}", row.format);
        }
    }
    assert!(said.is_empty(), "{said}");
}

/// Returns the leaves of a document by their paths, without those that say nothing.
fn leaves(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                leaves(&format!("{path}.{name}"), value, into);
            }
        }
        Value::Null => {}
        other => drop(into.insert(path.to_owned(), other.to_string())),
    }
}

/// Formats that pass calls on, and what is lost on the way.
const PASSED_ON: [(&str, &[&str]); 2] = [
    ("ocsf", &[]),
    (
        "ecs",
        &[
            // Of `userIdentity.sessionContext`, only issuer and attributes are kept: not that credentials were delivered to
            // the instance whose name is then an alias, nor that a session came of a web identity.
            ".principal.aliases",
            ".principal.is_delivered",
            ".principal.kind",
            // It looks for `sharedEventId`, which CloudTrail spells otherwise.
            ".duplicate_of_account",
        ],
    ),
];

#[test]
fn what_is_passed_on_is_read_as_if_it_had_not_been() {
    let world = World::empty();
    let mut events: BTreeMap<(String, String), BTreeMap<String, String>> = BTreeMap::new();
    read_estate(&world, "aws.cloudtrail,ocsf,ecs", "12", &mut |event| {
        if event.is_flow() {
            return;
        }
        let document = serde_json::to_value(&event).expect("a document");
        let mut found = BTreeMap::new();
        leaves("", &document, &mut found);
        found.remove(".source");
        events.insert((event.source.to_string(), event.id.to_string()), found);
    });
    let native = |id: &String| events.get(&("aws.cloudtrail".to_owned(), id.clone()));
    for (format, lost) in PASSED_ON {
        let mut differences: BTreeMap<&str, String> = BTreeMap::new();
        let mut compared = 0;
        for ((_, id), found) in events.iter().filter(|((source, _), _)| source == format) {
            let Some(expected) = native(id) else { continue };
            compared += 1;
            for path in expected.keys().chain(found.keys()) {
                let (was, is) = (expected.get(path), found.get(path));
                if was != is && !lost.contains(&path.as_str()) {
                    let example = format!("{id}: was {was:?}, is {is:?}");
                    differences.entry(path).or_insert(example);
                }
            }
        }
        assert!(compared > 500, "{compared} calls of {format}");
        assert!(differences.is_empty(), "{format}: {differences:#?}");
    }
}
