#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::simulate::{AttackSet, Format, Grade, Options, simulate};

use crate::simulate::model::other_providers::attack_class::ProviderAttackClass;

fn run(seed: u64) -> BTreeMap<PathBuf, Vec<u8>> {
    run_formats(seed, &Format::ALL, false)
}

fn run_formats(seed: u64, formats: &[Format], gzip: bool) -> BTreeMap<PathBuf, Vec<u8>> {
    run_attacks(seed, formats, gzip, AttackSet::Core)
}

fn run_attacks(
    seed: u64,
    formats: &[Format],
    gzip: bool,
    attack_set: AttackSet,
) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                found.insert(
                    path.strip_prefix(root).unwrap().to_owned(),
                    fs::read(&path).unwrap(),
                );
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        seed,
        days: 4,
        identities: 24,
        attack_days_from: 1,
        scale: 0.1,
        gzip_level: 1,
        gzip,
        attack_set,
        formats: formats.to_vec(),
        expected_events: true,
        ..Options::default()
    };
    simulate(&options, folder.path(), &mut |_| {}).unwrap();
    let mut found = BTreeMap::new();
    walk(folder.path(), folder.path(), &mut found);
    found
}

fn lines(found: &BTreeMap<PathBuf, Vec<u8>>, name: &str) -> Vec<Value> {
    let text = std::str::from_utf8(&found[Path::new(name)]).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn every_format_is_written_with_its_expected_events_and_follows_from_the_seed() {
    let found = run(5);
    assert!(found == run(5), "seed 5 gave two estates");
    let mut records: BTreeMap<String, usize> = BTreeMap::new();
    for action in lines(&found, "expected-events.jsonl") {
        *records
            .entry(action["format"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    for format in Format::ALL {
        assert!(
            records.get(format.name()).is_some_and(|&n| n > 5),
            "{}: {records:?}",
            format.name()
        );
    }
    // What claims to be JSON is.
    for (path, bytes) in found
        .iter()
        .filter(|(path, _)| path.extension().is_some_and(|e| e == "json"))
    {
        let text = std::str::from_utf8(bytes).unwrap();
        let whole = serde_json::from_str::<Value>(text).is_ok();
        let lines = || {
            text.lines()
                .all(|line| serde_json::from_str::<Value>(line).is_ok())
        };
        assert!(whole || lines(), "{}", path.display());
    }
}

#[test]
fn every_class_is_planted_in_every_grade() {
    let found = run(6);
    let labels = lines(&found, "labels.jsonl");
    let notes: BTreeSet<&str> = labels
        .iter()
        .map(|label| label["note"].as_str().unwrap())
        .collect();
    for (class, grade) in ProviderAttackClass::ALL
        .into_iter()
        .flat_map(|s| Grade::ALL.map(|g| (s, g)))
    {
        let note = format!("grade={} class={}", grade.name(), class.name());
        assert!(notes.contains(&*note), "{note} is missing");
    }
    let config = std::str::from_utf8(&found[Path::new("plimsoll.toml")]).unwrap();
    assert!(config.contains("gcp:halcyon-ledgers") && config.contains("\"gcp:halcyon-vault\""));
}

#[test]
fn the_larger_set_adds_every_plain_class_in_every_grade_with_a_decoy_for_its_analytic() {
    let others: Vec<Format> = Format::ALL
        .into_iter()
        .filter(|format| !format.is_of_aws())
        .collect();
    let core = run_formats(6, &others, false);
    let found = run_attacks(6, &others, false, AttackSet::All);
    let all = lines(&found, "labels.jsonl");
    for one in lines(&core, "labels.jsonl") {
        assert!(all.contains(&one), "{one} is gone");
    }
    let texts = |name: &str| -> BTreeSet<String> {
        let of = |label: &Value| {
            let word = |key: &str| label[key].as_str().unwrap().to_owned();
            format!("{} {}", word("analytic"), word("note"))
        };
        lines(&found, name).iter().map(of).collect()
    };
    let (attacks, decoys) = (texts("labels.jsonl"), texts("decoys.jsonl"));
    for (class, grade) in ProviderAttackClass::PLAIN
        .into_iter()
        .flat_map(|s| Grade::ALL.map(|g| (s, g)))
    {
        let (analytic, grade, class) = (class.analytic(), grade.name(), class.name());
        let text = format!("{analytic} grade={grade} class={class}");
        assert!(attacks.contains(&text), "{text} is missing");
        assert!(
            decoys.iter().any(|decoy| decoy.starts_with(analytic)),
            "no decoy for {analytic}"
        );
    }
    // Of each kind of act there is a record that shows it as it is meant.
    let mut actions: BTreeMap<(String, String), usize> = BTreeMap::new();
    for event in lines(&found, "expected-events.jsonl") {
        let word = |key: &str| event[key].as_str().unwrap().to_owned();
        *actions.entry((word("format"), word("action"))).or_default() += 1;
    }
    for (format, action) in [
        ("azure.storage", "delete_bucket"),
        ("azure.activity", "expire_objects"),
        ("azure.activity", "blind_log"),
        ("azure.activity", "start_compute"),
        ("gcp.audit", "delete_bucket"),
        ("gcp.audit", "expire_objects"),
        ("gcp.audit", "blind_log"),
        ("gcp.audit", "start_compute"),
        ("entra.audit", "grant_scope"),
        ("slack.audit", "grant_scope"),
        ("gworkspace.reports", "grant_scope"),
        ("m365.ual", "blind_log"),
    ] {
        assert!(
            actions.contains_key(&(format.to_owned(), action.to_owned())),
            "no {action} in {format}"
        );
    }
}

#[test]
fn attacks_happen_only_where_a_format_shows_them() {
    let found = run_formats(6, &[Format::EntraGraph, Format::EntraSignIn], true);
    let labels = lines(&found, "labels.jsonl");
    let of = |label: &Value| {
        let (_, class) = label["note"]
            .as_str()
            .unwrap()
            .split_once("class=")
            .unwrap();
        class.to_owned()
    };
    let classes: BTreeSet<String> = labels.iter().map(of).collect();
    let shown = [
        "azure-cli-enumeration",
        "graph-enumeration",
        "office-enumeration",
    ];
    assert_eq!(classes, shown.map(str::to_owned).into());
    let is_packed =
        |path: &PathBuf| !path.starts_with("logs") || path.extension().is_some_and(|e| e == "gz");
    assert!(found.keys().all(is_packed), "{:?}", found.keys());
}

#[test]
fn formats_are_named_one_by_one_or_by_family() {
    let names = |text| {
        Format::list(text).map(|formats| formats.into_iter().map(Format::name).collect::<Vec<_>>())
    };
    assert_eq!(names("aws"), Ok(vec!["aws.cloudtrail", "aws.vpcflow"]));
    assert_eq!(
        names("slack, azure"),
        Ok(vec!["azure.storage", "azure.activity", "slack.audit"])
    );
    assert_eq!(names("ocsf,aws.s3access"), Ok(vec!["aws.s3access", "ocsf"]));
    assert_eq!(names("all").unwrap().len(), Format::ALL.len());
    assert_eq!(names("aws,gpc"), Err("gpc".to_owned()));
}
