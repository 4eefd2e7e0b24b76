//! The stored form of everything, held against a small store that was kept: `tests/found/stored`.
//!
//! What is read from it and written again must be the same bytes. To renew it after a form was changed on purpose, remove all
//! but `plimsoll.toml` and the logs, unpack these, and run in that folder, each with `--store .`: `train learnt.jsonl`,
//! `score --follow --until-idle 1s live.jsonl`, `tune --budget 1 --apply`, `feedback ID true --later`. Then remove what was unpacked,
//! the locks, the numbered manifest, `learner`, `follow-events`, and all states but the last, also from the manifest. In
//! `tests/found/signed-in` a training of `logs.jsonl` left the same of a few days with sign-ins.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::*;
use crate::baseline::Support;
use crate::measure::{Issuances, Issued, Links};
use crate::store::container::Reader;
use crate::store::published::{DAY, GENERATION};
use crate::store::states::{STATE, UNDER};

fn kept() -> Store {
    Store::at(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/found/stored"))
}

fn changed(what: &str) -> String {
    format!(
        "the stored form of {what} changed: raise its version, write a migration, renew the golden bytes"
    )
}

/// Demands that something stored could be read.
fn read<T>(what: &str, result: Result<T>) -> T {
    result.unwrap_or_else(|e| panic!("{}\n{e}", changed(what)))
}

/// Demands that a file is the same in both stores.
fn same(before: &Store, after: &Store, name: &str, what: &str) {
    let text = |store: &Store| fs::read_to_string(store.root().join(name)).unwrap();
    assert_eq!(text(after), text(before), "{}", changed(what));
}

#[test]
fn the_stored_form_of_days_and_generations_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (kept(), Store::at(folder.path()));
    let manifest = read("the manifest", before.published());
    manifest.write_in_force(after.root()).unwrap();
    same(&before, &after, "MANIFEST.json", "the manifest");

    let of_days = changed("the day aggregate");
    let mut parts = BTreeSet::new();
    for entry in &manifest.days {
        let day = read("the day aggregate", before.load_day(entry));
        after.stage_day(&day, manifest.generation).unwrap();
        let open = |store: &Store| Reader::open(&store.root().join(&entry.file), DAY);
        // Sections are found by name.
        let unpacked = |store| {
            let sections = open(store).unwrap().unpacked().unwrap().into_iter();
            sections.collect::<BTreeMap<_, _>>()
        };
        assert_eq!(unpacked(&after), unpacked(&before), "{of_days}");
        let has = [
            ("subjects", !day.subjects().is_empty()),
            ("links", day.links != Links::default()),
            ("accounts", !day.accounts.is_empty()),
            ("created", !day.created.is_empty()),
            ("issued", day.issued != Issuances::default()),
            ("recorded_by_trail", !day.recorded_by_trail.is_empty()),
            ("unnamed", !day.unnamed.records.is_empty()),
            ("unnamed_coverage", !day.unnamed.coverage.is_empty()),
        ];
        parts.extend(
            has.into_iter()
                .filter(|(_, has)| *has)
                .map(|(part, _)| part),
        );
    }
    assert_eq!(
        parts.len(),
        8,
        "the kept days have examples of {parts:?} only"
    );

    let of_generations = changed("the published generation");
    let generation = read("the published generation", before.load_generation());
    let log = read(
        "the published generation",
        before.load_calibration_log(&manifest),
    );
    after.stage_generation(&generation, &log).unwrap();
    let open = |store: &Store| Reader::open(&store.root().join(&manifest.file), GENERATION);
    let unpacked = open(&before).unwrap().unpacked().unwrap();
    assert_eq!(
        open(&after).unwrap().unpacked().unwrap(),
        unpacked,
        "{of_generations}"
    );
    let has = [
        !generation.baselines.is_empty(),
        !generation.groups.is_empty(),
        generation.support != Support::default(),
        !generation.own_accounts.is_empty(),
        generation.links != Links::default(),
        !generation.created.is_empty(),
        !generation.namesakes.is_empty(),
        generation.issued != Issued::default(),
        !generation.coverage.is_empty(),
        !log.extremes.is_empty(),
        !log.arms.is_empty(),
        !log.tail_days.is_empty(),
    ];
    assert_eq!(has, [true; 12], "the kept generation lacks examples");
}

/// A generation of version 1 has no places of its baselines and groups. It was written by the same training as the kept one.
#[test]
fn a_generation_of_the_version_before_is_read_as_one_of_this_version() {
    let folder = tempfile::tempdir().unwrap();
    let (now, before) = (kept(), Store::at(folder.path()));
    let manifest = now.published().unwrap();
    let old = now.root().join("../generation-1.plimsoll");
    fs::copy(old, before.root().join(&manifest.file)).unwrap();
    let generation = before.load_generation_of(&manifest).unwrap();
    let same = now.load_generation_of(&manifest).unwrap();
    assert_eq!(generation.baselines, same.baselines);
    assert_eq!(generation.groups, same.groups);
    assert_eq!(generation.support, same.support);
    assert_eq!(generation.calibration, same.calibration);
    for entity in same.baselines.keys() {
        let found = before.load_baseline(&manifest, entity).unwrap();
        assert_eq!(found.as_ref(), same.baselines.get(entity));
    }
}

#[test]
fn what_cannot_be_read_later_is_told_and_is_not_taken_for_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    let (kept, manifest) = (kept(), kept().published().unwrap());
    let file = store.root().join(&manifest.file);
    let mut bytes = fs::read(kept.root().join(&manifest.file)).unwrap();
    // The first block of baselines is behind the head.
    bytes[600] ^= 1;
    fs::write(&file, bytes).unwrap();
    let generation = store.load_generation_of(&manifest).unwrap();
    generation.intact().unwrap();
    let whole = kept.load_generation().unwrap();
    let entity = whole.baselines.keys().next().unwrap();
    assert_eq!(generation.baselines.get(entity), None);
    let told = generation.intact().unwrap_err().to_string();
    assert!(
        told.contains("is damaged") && told.contains("baselines"),
        "{told}"
    );
    assert!(generation.baselines.each(|_, _| {}).is_err());
    assert!(store.verify_generation(&manifest).is_err());
    kept.verify_generation(&manifest).unwrap();
}

#[test]
fn the_stored_form_of_states_of_learning_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (kept(), Store::at(folder.path()));
    let manifest = read("the manifest", before.published());
    assert_eq!(manifest.states.len(), 1);
    for entry in &manifest.states {
        let what = "the state of learning";
        let memory = read(what, before.load_state(entry));
        assert!(memory.head().has_begun() && memory.entities().count() > 5);
        let open = |store: &Store| Reader::open(&store.root().join(&entry.file), STATE);
        let under: Vec<String> = read(what, open(&before).unwrap().read(&UNDER));
        let staged = after.stage_state(entry.morning, &memory, &under[0], manifest.generation);
        assert_eq!(staged.unwrap().into_name(), entry.file);
        let unpacked = |store: &Store| open(store).unwrap().unpacked().unwrap();
        assert_eq!(unpacked(&after), unpacked(&before), "{}", changed(what));
        let is_under = |under: &str| before.is_state_under(entry, under);
        assert!(is_under(&under[0]) && !is_under("something else"));
    }
}

/// Of days, states and generations of somebody who signs in; earlier versions wrote these without sign-ins.
#[test]
fn the_stored_form_of_sign_ins_is_as_it_was() {
    let what = "a sign-in";
    let folder = tempfile::tempdir().unwrap();
    let signed_in = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/found/signed-in");
    let (before, after) = (Store::at(signed_in), Store::at(folder.path()));
    let manifest = read("the manifest", before.published());
    let (number, kept) = (manifest.generation, &manifest);
    let is_same = |name: &str, kind| {
        let unpacked = |store: &Store| {
            let file = Reader::open(&store.root().join(name), kind).unwrap();
            let sections = file.unpacked().unwrap().into_iter();
            sections.collect::<BTreeMap<_, _>>()
        };
        assert_eq!(unpacked(&after), unpacked(&before), "{}", changed(what));
    };
    for entry in &kept.days {
        let day = read(what, before.load_day(entry));
        assert!(!day.sign_ins.is_empty());
        after.stage_day(&day, number).unwrap();
        is_same(&entry.file, DAY);
    }
    for entry in &kept.states {
        let memory = read(what, before.load_state(entry));
        assert!(!memory.sign_ins().is_empty());
        let file = Reader::open(&before.root().join(&entry.file), STATE).unwrap();
        let under: Vec<String> = file.read(&UNDER).unwrap();
        let staged = after.stage_state(entry.morning, &memory, &under[0], number);
        is_same(&staged.unwrap().into_name(), STATE);
    }
    let generation = read(what, before.load_generation_of(kept));
    assert!(generation.signed_in.iter().count() > 1);
    let log = before.load_calibration_log(kept).unwrap();
    after.stage_generation(&generation, &log).unwrap();
    is_same(&kept.file, GENERATION);
    assert!(kept.days.len() > 1 && kept.states.len() == 1);
}

#[test]
fn the_stored_form_of_small_documents_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (kept(), Store::at(folder.path()));
    let tuning = read("the tuning", before.tuning());
    assert!(tuning.estate.is_some());
    after.keep_tuning(&tuning).unwrap();
    same(&before, &after, "tuning.json", "the tuning");

    let verdicts = read("verdicts", before.verdicts());
    assert_eq!(verdicts.len(), 1);
    for verdict in verdicts.values() {
        after.add_verdict(verdict).unwrap();
    }
    same(&before, &after, "verdicts.jsonl", "verdicts");

    let known = read("approvals", before.approvals_known_since());
    assert_eq!(known.len(), 1);
    for (id, day) in known {
        after.note_approvals([id], day).unwrap();
    }
    same(&before, &after, "approvals.json", "approvals");
}

#[test]
fn a_document_of_a_newer_version_is_told_as_such_whatever_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    let lock = store.lock(Role::Learner).unwrap();
    let newer = r#"{"schema": 99, "generations": {"7": [1]}}"#;
    for name in [
        "MANIFEST.json",
        "tuning.json",
        "approvals.json",
        "verdicts.jsonl",
    ] {
        fs::write(store.root().join(name), newer).unwrap();
    }
    let told = [
        store.published().unwrap_err(),
        store.begin_learning(&lock).err().unwrap(),
        store.tuning().unwrap_err(),
        store.approvals_known_since().unwrap_err(),
        store.note_approvals([], crate::time::Day(1)).unwrap_err(),
        store.verdicts().unwrap_err(),
    ];
    for error in told {
        let text = error.to_string();
        assert!(
            text.contains("newer version") && !text.contains("damaged"),
            "{text}"
        );
    }
    assert!(!store.root().join("learner").exists());
}
