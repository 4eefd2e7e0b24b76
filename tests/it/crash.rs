//! `kill -9` at random moments: what was published stays in force, the work completes, every alert is delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use plimsoll::store::Store;

use crate::world::World;

/// Moments, in milliseconds after the start, at which a process is killed. They grow unevenly, so that early and late
/// phases are hit.
const MOMENTS_MS: [u64; 8] = [3, 11, 23, 40, 67, 95, 140, 210];

fn kill_after(mut child: Child, moment: Duration) {
    std::thread::sleep(moment);
    child.kill().ok();
    child.wait().ok();
}

#[test]
fn a_training_that_is_killed_leaves_the_last_generation_in_force_and_completes_when_run_again() {
    let world = World::simulated(5, 9, 40);
    let days = world.days();
    let early: Vec<String> = days[..6].to_vec();
    world.link_days("early", &early);
    world
        .run(&["--store", "undisturbed", "train", "early"])
        .succeeds();
    world
        .run(&["--store", "undisturbed", "train", "logs"])
        .succeeds();
    world
        .run(&["--store", "killed", "train", "early"])
        .succeeds();

    let store = Store::at(world.path().join("killed"));
    let before = store.load_generation().expect("a generation was published");
    for moment in MOMENTS_MS {
        kill_after(
            world.start(&["--store", "killed", "train", "logs"]),
            Duration::from_millis(moment),
        );
        let now = store
            .load_generation()
            .expect("a generation is in force after the kill");
        if now.number == before.number {
            assert_eq!(now.baselines, before.baselines, "killed after {moment} ms");
        }
    }
    world
        .run(&["--store", "killed", "train", "logs"])
        .succeeds();

    let (mine, theirs) = (
        store.load_generation().expect("it completes"),
        Store::at(world.path().join("undisturbed"))
            .load_generation()
            .expect("it was never disturbed"),
    );
    assert_eq!(mine.baselines, theirs.baselines);
    assert_eq!(mine.groups, theirs.groups);
    assert_eq!(mine.calibration, theirs.calibration);
    let leftovers: Vec<String> = std::fs::read_dir(store.root())
        .expect("the store is a folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".unfinished"))
        .collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

/// Reads alerts; returns how often each episode and severity was told.
fn told(path: &Path) -> BTreeMap<(String, String), usize> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut told = BTreeMap::new();
    for line in text.lines() {
        // The last line may have been cut off by a kill; its alert is told again.
        let Ok(alert) = serde_json::from_str::<serde_json::Value>(line) else {
            continue;
        };
        let field = |name: &str| alert[name].as_str().unwrap_or_default().to_owned();
        // The follower gets one log of those that were learnt, and only it tells that the others fell silent.
        if field("analytic") == "SOURCE-SILENT" {
            continue;
        }
        *told
            .entry((field("alert_id"), field("severity")))
            .or_insert(0) += 1;
    }
    told
}

#[test]
fn a_follower_that_is_killed_delivers_every_alert_at_least_once() {
    let world = World::simulated(6, 12, 40);
    let days = world.days();
    world.link_days("past", &days[..9]);
    world.write_lines("today.jsonl", &days[9..]);
    world.run(&["train", "past"]).succeeds();
    world
        .run(&["score", "--out", "batch.jsonl", "today.jsonl"])
        .succeeds();
    // Otherwise the follower would know that these were told.
    std::fs::remove_dir_all(world.path().join("plimsoll-store/alerts")).expect("an archive");
    let expected: BTreeSet<(String, String)> = told(&world.path().join("batch.jsonl"))
        .into_keys()
        .collect();
    assert!(!expected.is_empty(), "the story needs alerts");

    let lines = std::fs::read_to_string(world.path().join("today.jsonl")).expect("it was written");
    let lines: Vec<&str> = lines.lines().collect();
    let live = world.path().join("live.jsonl");
    let mut live: File = OpenOptions::new()
        .create(true)
        .append(true)
        .open(live)
        .expect("a live file");
    let follow = [
        "score",
        "--follow",
        "--poll",
        "20ms",
        "--out",
        "followed.jsonl",
        "live.jsonl",
    ];
    for (piece, moment) in lines
        .chunks(lines.len() / MOMENTS_MS.len() + 1)
        .zip(MOMENTS_MS)
    {
        let child = world.start(&follow);
        // Cut inside a line, so that the follower sees one that is not finished.
        let text = piece.join("\n") + "\n";
        let (first, rest) = text.as_bytes().split_at(text.len() / 2);
        live.write_all(first).expect("the live file grows");
        std::thread::sleep(Duration::from_millis(moment));
        live.write_all(rest).expect("the live file grows");
        kill_after(child, Duration::from_millis(3 * moment));
    }
    let begun = Instant::now();
    let last: Vec<&str> = follow
        .iter()
        .copied()
        .chain(["--until-idle", "500ms"])
        .collect();
    world.run(&last).succeeds();
    assert!(begun.elapsed() < Duration::from_secs(60));

    let followed = told(&world.path().join("followed.jsonl"));
    let ids = |keys: &mut dyn Iterator<Item = &(String, String)>| -> BTreeSet<String> {
        keys.map(|(id, _)| id.clone()).collect()
    };
    assert_eq!(
        ids(&mut followed.keys()),
        ids(&mut expected.iter()),
        "the same episodes"
    );
}
