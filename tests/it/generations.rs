//! Going back to an earlier generation of baselines.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::world::World;

/// Returns what the store in force has learnt: tables without the columns that count generations.
fn learnt(world: &World) -> Vec<String> {
    let tables = ["baselines", "traits", "surprises", "windows"];
    let rows = tables.iter().flat_map(|table| {
        let args = ["export", table, "--format", "jsonl"];
        let out = world.run(&args).succeeds().out;
        let rows = out.lines().map(|line| {
            let mut row: Value = serde_json::from_str(line).expect("a row");
            row.as_object_mut().expect("a row").remove("generation");
            row.to_string()
        });
        rows.collect::<Vec<_>>()
    });
    rows.collect()
}

fn untrained(document: &str) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(document).expect("a document");
    let files = document["undone_files"].as_array().expect("files");
    let names = files.iter().map(|name| name.as_str().expect("a name"));
    names.map(str::to_owned).collect()
}

/// What later nights learnt is gone, as if they had never been; and their logs, seen again, teach the same.
#[test]
fn a_night_is_undone_and_learnt_again() {
    let world = World::simulated(8, 13, 30);
    let days = world.days();
    world.link_days("first", &days[..10]);
    world.link_days("second", &days[10..]);
    world.run(&["train", "first"]).succeeds();
    let after_first = learnt(&world);
    world.run(&["train", "second"]).succeeds();
    let after_second = learnt(&world);
    assert_ne!(after_first, after_second);

    let in_force = || fs::read(world.path().join("plimsoll-store/MANIFEST.json")).expect("a file");
    let before = in_force();
    let back = ["generations", "rollback", "1", "--format", "json"];
    let would = world.run(&[&back[..], &["--dry-run"]].concat()).succeeds();
    assert_eq!(in_force(), before, "nothing is done");
    let did = world.run(&back).succeeds().out;
    assert_eq!(learnt(&world), after_first);
    let undone = untrained(&did);
    assert_eq!(untrained(&would.out), undone);
    let is_second = |name: &String| name.contains("second");
    assert!(
        !undone.is_empty() && undone.iter().all(is_second),
        "{undone:?}"
    );
    let document: Value = serde_json::from_str(&did).expect("a document");
    assert_eq!(
        (&document["from"], &document["generation"]),
        (&2.into(), &3.into())
    );
    assert_eq!(
        document["undone_days"].as_array().map(Vec::len),
        Some(days.len() - 10)
    );

    // Forwards again, to what is still kept, and back once more.
    world.run(&["generations", "rollback", "2"]).succeeds();
    assert_eq!(learnt(&world), after_second);
    let nothing_new = world.run(&["train", "second", "--format", "json"]);
    let document: Value = serde_json::from_str(&nothing_new.succeeds().out).expect("a document");
    assert_eq!(document["published"], false, "its files count as learnt");
    world.run(&["generations", "rollback", "3"]).succeeds();
    assert_eq!(learnt(&world), after_first);
    world.run(&["train", "second"]).succeeds();
    assert_eq!(learnt(&world), after_second);
}

#[test]
fn a_generation_that_is_not_there_is_told_with_those_that_are() {
    let world = World::simulated(8, 4, 20);
    let days = world.days();
    world.link_days("first", &days[..3]);
    world.link_days("second", &days[3..]);
    world.run(&["train", "first"]).succeeds();
    let alone = world.run(&["generations", "rollback", "7"]);
    alone.fails_with(
        2,
        &["generation 7 is not kept", "no generation but the one"],
    );
    world.run(&["train", "second"]).succeeds();
    let unkept = world.run(&["generations", "rollback", "7"]);
    unkept.fails_with(2, &["generation 7 is not kept", "kept are 1"]);
    let in_force = world.run(&["generations", "rollback", "2"]);
    in_force.fails_with(2, &["generation 2 is in force"]);
}
