//! What an evaluation relies on: repeatable bytes, legitimate labels, and records that AWS could have written.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::simulate::{
    AttackClass, AttackSet, Cause, Format, Grade, LOGS, Options, Summary, simulate,
};
use crate::time::Time;

fn small(seed: u64) -> Options {
    Options {
        seed,
        days: 8,
        identities: 60,
        attack_days_from: 4,
        gzip_level: 1,
        ..Options::default()
    }
}

fn files(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
}

fn run(options: &Options) -> (Summary, BTreeMap<PathBuf, Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let summary = simulate(options, folder.path(), &mut |_| {}).unwrap();
    let mut found = BTreeMap::new();
    files(folder.path(), &mut found);
    let found = found
        .into_iter()
        .map(|(path, bytes)| (path.strip_prefix(folder.path()).unwrap().into(), bytes));
    (summary, found.collect())
}

fn unzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn records(found: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<Value> {
    let trails = found
        .iter()
        .filter(|(path, _)| path.to_string_lossy().contains("_CloudTrail_"));
    trails
        .flat_map(|(_, bytes)| {
            let mut file: Value = serde_json::from_str(&unzip(bytes)).unwrap();
            match file["Records"].take() {
                Value::Array(records) => records,
                other => panic!("no records but {other}"),
            }
        })
        .collect()
}

fn labels(found: &BTreeMap<PathBuf, Vec<u8>>, name: &str) -> Vec<Value> {
    let text = String::from_utf8(found[Path::new(name)].clone()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    let (first, again, other) = (run(&small(3)), run(&small(3)), run(&small(4)));
    assert!(first == again, "seed 3 gave two estates");
    assert!(first.1 != other.1, "seeds 3 and 4 gave one estate");
}

#[test]
fn every_class_is_planted_in_every_grade_on_days_that_are_scored() {
    for seed in 1..=4 {
        let options = small(seed);
        let (summary, found) = run(&options);
        let attacks = labels(&found, "labels.jsonl");
        assert_eq!(summary.attacks as usize, attacks.len());
        let notes: BTreeSet<String> = attacks
            .iter()
            .map(|l| l["note"].as_str().unwrap().to_owned())
            .collect();
        for (class, grade) in AttackClass::CORE
            .iter()
            .flat_map(|class| Grade::ALL.map(|grade| (class, grade)))
        {
            let note = format!("grade={} class={}", grade.name(), class.name());
            assert!(notes.contains(&note), "seed {seed}: {note} is missing");
        }
        let from = options.start.plus(options.attack_days_from as i32).start();
        let end = options.start.plus(options.days as i32).end();
        let decoys = labels(&found, "decoys.jsonl");
        assert!(decoys.len() >= 10, "seed {seed}: {} decoys", decoys.len());
        for label in attacks.iter().chain(&decoys) {
            let time = |key: &str| Time::parse(label[key].as_str().unwrap()).unwrap();
            assert!(
                from <= time("start") && time("start") <= time("end") && time("end") < end,
                "seed {seed}: {label}"
            );
            assert!(["AN1594", "AN1328", "AN0370"].contains(&label["analytic"].as_str().unwrap()));
        }
    }
}

#[test]
fn a_large_estate_has_every_cause_each_noted_within_its_day() {
    let options = Options {
        seed: 11,
        days: 38,
        identities: 300,
        attack_days_from: 28,
        gzip_level: 1,
        ..Options::default()
    };
    let (summary, found) = run(&options);
    let anomalies = labels(&found, "oddities.jsonl");
    assert_eq!(summary.anomalies as usize, anomalies.len());
    let (first, end) = (
        options.start.start(),
        options.start.plus(options.days as i32).start(),
    );
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for anomaly in &anomalies {
        let time = |key: &str| Time::parse(anomaly[key].as_str().unwrap()).unwrap();
        assert!(
            first <= time("start") && time("start") <= time("end") && time("end") < end,
            "{anomaly}"
        );
        assert_eq!(time("start").day(), time("end").day(), "{anomaly}");
        let (cause, who) = (
            anomaly["cause"].as_str().unwrap(),
            anomaly["identity"][0].as_str().unwrap(),
        );
        assert!(
            seen.insert((cause, who, time("start").day())),
            "twice: {anomaly}"
        );
        *counts.entry(cause).or_default() += 1;
    }
    for cause in Cause::ALL {
        assert!(counts.contains_key(cause.name()), "no {}", cause.name());
    }
    assert_eq!(counts.len(), Cause::ALL.len());
    // Life is mostly dull: what people and workloads do by accident touches few of some 240 active identities a day.
    let routine = ["scanner", "month-end", "weekly-job", "attacked"];
    let rest: usize = counts
        .iter()
        .filter(|(cause, _)| !routine.contains(cause))
        .map(|(_, count)| count)
        .sum();
    assert!(
        (500..1_500).contains(&rest),
        "{rest} in 38 days: {counts:?}"
    );
}

#[test]
fn daily_volumes_of_people_are_overdispersed() {
    let options = Options {
        attack_days_from: 99,
        days: 28,
        ..small(12)
    };
    let (summary, found) = run(&options);
    assert_eq!((summary.attacks, summary.decoys), (0, 0));
    let mut days: BTreeMap<(String, String), f64> = BTreeMap::new();
    for record in records(&found) {
        if record["eventName"] == "GetObject" && caller(&record).contains("assumed-role") {
            let day = record["eventTime"].as_str().unwrap()[..10].to_owned();
            *days.entry((caller(&record), day)).or_default() += 1.0;
        }
    }
    let mut counts: Vec<f64> = days.into_values().collect();
    counts.sort_by(f64::total_cmp);
    let quantile = |p: f64| counts[(p * counts.len() as f64) as usize];
    let (median, high) = (quantile(0.5), quantile(0.99));
    assert!(counts.len() > 300, "{} days of people", counts.len());
    assert!(
        high > 8.0 * median,
        "the 99th percentile is {high}, the median {median}"
    );
}

#[test]
fn an_estate_may_have_chosen_grades_and_no_decoys() {
    let options = Options {
        grades: vec![Grade::Hidden, Grade::Medium],
        decoys: false,
        attack_rounds: 2,
        ..small(8)
    };
    let (_, found) = run(&options);
    assert!(labels(&found, "decoys.jsonl").is_empty());
    let attacks = labels(&found, "labels.jsonl");
    let count = |grade: &str| {
        let is_of = |l: &&Value| l["note"].as_str().unwrap().starts_with(grade);
        attacks.iter().filter(is_of).count()
    };
    let planned = 2 * AttackClass::CORE.len();
    assert_eq!(
        (count("grade=hidden"), count("grade=medium")),
        (planned, planned)
    );
    assert_eq!(attacks.len(), 2 * planned);
}

#[test]
fn the_larger_attack_set_only_adds() {
    {
        let seed = 3;
        let (_, core) = run(&small(seed));
        let options = Options {
            attack_set: AttackSet::All,
            ..small(seed)
        };
        let (_, all) = run(&options);
        for name in ["labels.jsonl", "decoys.jsonl"] {
            let many = labels(&all, name);
            for one in labels(&core, name) {
                assert!(
                    many.contains(&one),
                    "seed {seed}: {one} is gone from {name}"
                );
            }
        }
        let texts = |name| -> BTreeSet<String> {
            let of = |label: &Value| format!("{} {}", label["analytic"], label["note"]);
            labels(&all, name).iter().map(of).collect()
        };
        let attacks = texts("labels.jsonl");
        let beyond: Vec<AttackClass> = AttackClass::MORE
            .into_iter()
            .chain(AttackClass::PLAIN)
            .collect();
        for (class, grade) in beyond
            .iter()
            .flat_map(|class| Grade::ALL.map(|grade| (class, grade)))
        {
            let (analytic, grade, class) = (class.analytic(), grade.name(), class.name());
            let text = format!("\"{analytic}\" \"grade={grade} class={class}\"");
            assert!(attacks.contains(&text), "seed {seed}: {text} is missing");
        }
        let decoys = texts("decoys.jsonl");
        for class in beyond {
            let is_of = |text: &&String| text.starts_with(&format!("\"{}\"", class.analytic()));
            assert!(
                decoys.iter().any(|text| is_of(&text)),
                "{class:?}: no decoy"
            );
        }
    }
}

/// The canonical id of a record's caller, by this test's own reading.
fn caller(record: &Value) -> String {
    let user = &record["userIdentity"];
    let arn = user["arn"].as_str().unwrap_or("");
    match user["sessionContext"]["sessionIssuer"]["arn"].as_str() {
        Some(role) if !role.contains("AWSReservedSSO_") => role.to_owned(),
        _ => arn.to_owned(),
    }
}

#[test]
fn labels_name_callers_whose_records_bound_them() {
    let (_, found) = run(&small(5));
    let records = records(&found);
    let mut times: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for record in &records {
        times
            .entry(caller(record))
            .or_default()
            .push(record["eventTime"].as_str().unwrap());
    }
    for label in labels(&found, "labels.jsonl") {
        let own = &times[label["identity"][0].as_str().unwrap()];
        let (start, end) = (
            label["start"].as_str().unwrap(),
            label["end"].as_str().unwrap(),
        );
        assert!(
            own.iter().any(|time| (start..=end).contains(time)),
            "{label}"
        );
    }
}

#[test]
fn records_carry_what_cloudtrail_records_carry() {
    let (summary, found) = run(&small(6));
    let records = records(&found);
    assert_eq!(summary.records as usize, records.len());
    let mut ids = BTreeSet::new();
    for record in &records {
        for key in [
            "eventVersion",
            "userIdentity",
            "eventTime",
            "eventSource",
            "eventName",
            "awsRegion",
            "sourceIPAddress",
            "userAgent",
            "eventID",
            "eventType",
            "recipientAccountId",
            "eventCategory",
            "readOnly",
        ] {
            assert!(!record[key].is_null(), "{key} is missing in {record}");
        }
        assert!(
            record.get("requestParameters").is_some() && record.get("responseElements").is_some()
        );
        assert!(Time::parse(record["eventTime"].as_str().unwrap()).is_some());
        assert_eq!(record["eventID"].as_str().unwrap().len(), 36);
        assert!(
            ids.insert(record["eventID"].as_str().unwrap().to_owned()),
            "eventID repeats in {record}"
        );
        let user_agent = record["userAgent"].as_str().unwrap();
        let (s3, invoked) = (
            record["eventSource"] == "s3.amazonaws.com",
            &record["userIdentity"]["invokedBy"],
        );
        assert_eq!(user_agent.starts_with('['), s3, "{record}");
        if invoked.is_null() && record["userIdentity"]["type"] == "AssumedRole" {
            let (arn, id) = (
                record["userIdentity"]["arn"].as_str(),
                record["userIdentity"]["principalId"].as_str(),
            );
            assert_eq!(
                arn.unwrap().rsplit('/').next(),
                id.unwrap().split_once(':').map(|(_, session)| session)
            );
        }
    }
}

#[test]
fn listings_are_written_as_cloudtrail_writes_them() {
    let (_, found) = run(&small(7));
    let records = records(&found);
    assert!(records.iter().all(|r| r["eventName"] != "ListObjectsV2"));
    let is_listing = |r: &&Value| r["eventName"] == "ListObjects" && r.get("errorCode").is_none();
    let listings: Vec<&Value> = records.iter().filter(is_listing).collect();
    let second = listings
        .iter()
        .filter(|r| r["requestParameters"]["list-type"] == "2")
        .count();
    assert!(
        second > 100 && second < listings.len(),
        "{second} of {}",
        listings.len()
    );
    for listing in &listings {
        let (prefix, bucket) = (&listing["resources"][0], &listing["resources"][1]);
        let name = listing["requestParameters"]["bucketName"].as_str().unwrap();
        assert!(
            prefix["ARNPrefix"]
                .as_str()
                .unwrap()
                .starts_with(&format!("arn:aws:s3:::{name}/"))
        );
        assert!(prefix.get("ARN").is_none());
        assert_eq!(bucket["ARN"], format!("arn:aws:s3:::{name}"));
        assert!(
            listing["additionalEventData"]["bytesTransferredOut"]
                .as_u64()
                .unwrap()
                > 0
        );
        assert_eq!(
            (&listing["eventCategory"], &listing["managementEvent"]),
            (&"Data".into(), &false.into())
        );
    }
    let refused = records.iter().filter(|r| r["errorCode"] == "AccessDenied");
    assert!(refused.clone().count() > 20);
    assert!(refused.clone().all(|r| r["requestParameters"].is_null()));
}

#[test]
fn impossible_options_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for options in [
        Options {
            days: 0,
            ..small(1)
        },
        Options {
            identities: 0,
            ..small(1)
        },
        Options {
            scale: f64::NAN,
            ..small(1)
        },
    ] {
        let error = simulate(&options, folder.path(), &mut |_| {}).unwrap_err();
        assert_eq!(error.kind(), crate::error::Kind::Usage);
    }
}

#[test]
fn the_logs_of_the_core_set_do_not_change() {
    let (_, found) = run(&small(3));
    let mut sum = flate2::Crc::new();
    for (path, bytes) in found.iter().filter(|(path, _)| path.starts_with(LOGS)) {
        sum.update(path.to_string_lossy().as_bytes());
        sum.update(unzip(bytes).as_bytes());
    }
    // Published evaluations of older seeds rest on these bytes.
    assert_eq!(sum.sum(), 3_910_991_781);
}

/// Returns the records of the attacks of a class: those of the identities of its label, in its time.
fn records_of(found: &BTreeMap<PathBuf, Vec<u8>>, note: &str) -> Vec<Value> {
    let label = labels(found, "labels.jsonl")
        .into_iter()
        .find(|label| label["note"] == note)
        .unwrap();
    let ids: Vec<&str> = (label["identity"].as_array().unwrap().iter())
        .map(|id| id.as_str().unwrap())
        .collect();
    let (start, end) = (
        label["start"].as_str().unwrap(),
        label["end"].as_str().unwrap(),
    );
    let is_of = |record: &Value| {
        ids.contains(&&*caller(record))
            && (start..=end).contains(&record["eventTime"].as_str().unwrap())
    };
    records(found).into_iter().filter(is_of).collect()
}

#[test]
fn plain_spikes_are_what_their_labels_say() {
    let options = Options {
        attack_set: AttackSet::All,
        ..small(5)
    };
    let (_, found) = run(&options);
    let of = |class: &str| records_of(&found, &format!("grade=blatant class={class}"));
    let named = |class: &str, name: &str| {
        let all = of(class);
        all.into_iter()
            .filter(|record| record["eventName"] == name)
            .collect::<Vec<Value>>()
    };
    let buckets: BTreeSet<String> = named("mass-read", "GetObject")
        .iter()
        .map(|record| record["requestParameters"]["bucketName"].to_string())
        .collect();
    assert!(buckets.len() >= 10, "{} buckets", buckets.len());
    assert!(named("mass-read", "GetObject").len() > 3_000);
    assert!(named("mass-delete", "DeleteObject").len() > 2_500);
    assert!(named("bucket-delete", "DeleteBucket").len() >= 4);
    assert!(named("expire-everything", "PutBucketLifecycle").len() >= 5);
    assert_eq!(named("trail-stopped", "DeleteTrail").len(), 1);
    let regions: BTreeSet<String> = named("unused-region-compute", "RunInstances")
        .iter()
        .map(|record| record["awsRegion"].to_string())
        .collect();
    assert_eq!(regions.len(), 3);
    // The user was created on an earlier day than it is used.
    let late = of("late-used-exfiltration");
    assert!(
        late.iter()
            .all(|record| record["eventName"] != "CreateUser")
            && late.len() > 50
    );
    // A deleted user's name is borne by another one afterwards.
    let again = labels(&found, "labels.jsonl")
        .into_iter()
        .find(|label| label["note"] == "grade=blatant class=same-name-exfiltration")
        .unwrap();
    let arn = again["identity"][0].as_str().unwrap();
    let ids: BTreeSet<String> = records(&found)
        .iter()
        .filter(|record| caller(record) == arn)
        .map(|record| record["userIdentity"]["principalId"].to_string())
        .collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
}

#[test]
fn traps_are_planted_at_every_provider_and_only_when_asked_for() {
    for seed in [20, 21] {
        let options = Options {
            formats: Format::originals(),
            days: 24,
            attack_days_from: 14,
            traps: true,
            ..small(seed)
        };
        let (summary, found) = run(&options);
        let traps = labels(&found, "traps.jsonl");
        let text = |trap: &Value, key: &str| trap[key].as_str().unwrap().to_owned();
        let instances: BTreeSet<String> = traps.iter().map(|t| text(t, "instance")).collect();
        assert_eq!(summary.traps as usize, instances.len());
        let kinds: BTreeSet<(String, String)> = instances
            .iter()
            .filter_map(|name| {
                let mut words = name.split(' ');
                Some((words.next()?.to_owned(), words.next()?.to_owned()))
            })
            .collect();
        for (kind, providers) in [
            (
                "weekly-job",
                &["aws", "azure", "gcp", "entra", "workspace"][..],
            ),
            ("month-end-job", &["aws", "azure", "gcp"]),
            ("bulk-own-work", &["aws", "azure", "gcp"]),
            ("outage", &["aws", "azure", "gcp"]),
            ("access-review", &["aws", "entra", "workspace", "gcp"]),
            ("posture-looker", &["aws", "azure", "gcp"]),
            ("roll-out", &["aws"]),
        ] {
            for provider in providers {
                let key = (kind.to_owned(), (*provider).to_owned());
                assert!(
                    kinds.contains(&key),
                    "seed {seed}: no {kind} at {provider}: {kinds:?}"
                );
            }
        }
        let late = kinds.iter().filter(|(kind, _)| kind.starts_with("late-"));
        assert_eq!(late.count(), 2, "seed {seed}: {kinds:?}");
        let split = options.start.plus(options.attack_days_from as i32).start();
        for trap in &traps {
            let at = Time::parse(&text(trap, "start")).unwrap();
            let is_habit =
                ["weekly-job", "month-end-job", "posture-looker"].contains(&&*text(trap, "trap"));
            assert!(
                is_habit || at >= split,
                "seed {seed}: before it can be judged: {trap}"
            );
        }
        let habits = traps.iter().filter(|t| t["trap"] == "weekly-job");
        let (learnt, judged): (Vec<_>, Vec<_>) =
            habits.partition(|t| Time::parse(&text(t, "start")).unwrap() < split);
        assert!(learnt.len() >= 16 && judged.len() >= 8, "seed {seed}");
    }
    let (_, without) = run(&small(20));
    assert!(!without.contains_key(Path::new("traps.jsonl")));
}

#[test]
fn what_begins_late_has_no_record_before_it_begins() {
    let (account, events) = (
        Options {
            traps: true,
            ..small(21)
        },
        Options {
            traps: true,
            ..small(20)
        },
    );
    let began = |found: &BTreeMap<PathBuf, Vec<u8>>, kind: &str| -> String {
        let traps = labels(found, "traps.jsonl");
        let first = traps.iter().find(|trap| trap["trap"] == kind).unwrap();
        first["start"].as_str().unwrap().to_owned()
    };
    let (_, found) = run(&account);
    let from = began(&found, "late-account");
    let all = records(&found);
    let of_dev = || {
        all.iter()
            .filter(|r| r["recipientAccountId"] == "333344445555")
    };
    let time = |record: &Value| record["eventTime"].as_str().unwrap().to_owned();
    assert!(
        of_dev().all(|record| time(record) >= from),
        "an account that joins late"
    );
    assert!(of_dev().count() > 100);
    let (_, found) = run(&events);
    let from = began(&found, "late-data-events");
    let all = records(&found);
    let objects = |record: &&Value| {
        record["recipientAccountId"] == "333344445555" && record["eventCategory"] == "Data"
    };
    let (before, after): (Vec<&Value>, Vec<&Value>) = all
        .iter()
        .filter(objects)
        .partition(|record| time(record) < from);
    assert!(
        before.is_empty() && after.len() > 100,
        "{} and {}",
        before.len(),
        after.len()
    );
    let others = all
        .iter()
        .filter(|record| record["eventCategory"] == "Data");
    assert!(others.filter(|record| time(record) < from).count() > 100);
}
