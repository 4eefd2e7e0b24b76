//! What grows with the years: alerts and verdicts that are older than is configured leave the store, and nothing else does.

use std::fs;

use plimsoll::time::Day;
use serde_json::Value;

use crate::world::World;

/// The last day of the logs.
const LAST: &str = "2026-04-09";
const DAYS: i32 = 40;
/// An alert as a line of the archive.
const ALERT: &str = include_str!("../found/stored/alerts/2026-03-13.jsonl");

fn last() -> Day {
    Day::parse(LAST).expect("a day")
}

/// Puts an alert of so many days before the last one into the archive, as a version without an index did; returns its id.
fn put_alert(world: &World, age: i32) -> String {
    let day = last().plus(-age).to_string();
    let id = format!("{age:032}");
    let line = ALERT
        .replace("77cd0a8fd3cf217e3300d62971d6bf95", &id)
        .replace("2026-03-13", &day);
    world.write(&format!("plimsoll-store/alerts/{day}.jsonl"), line);
    id
}

fn train(world: &World) -> Value {
    let said = world.run(&["train", "--format", "json", "logs"]).succeeds();
    serde_json::from_str(&said.out).expect("a JSON document")
}

/// What a training says of alerts: published, left out of what is learnt, learnt again, alerts removed, verdicts removed.
fn came_to(trained: &Value) -> (bool, [u64; 4]) {
    let keys = [
        "alerts_left_out",
        "alerts_learnt_again",
        "alerts_removed",
        "verdicts_removed",
    ];
    let published = trained["published"].as_bool().expect("a flag");
    let number = |key: &str| trained[key].as_u64().expect("a number");
    (published, keys.map(number))
}

#[test]
fn alerts_and_verdicts_of_long_ago_are_removed_and_told_and_what_is_learnt_stays() {
    let world = World::empty();
    let logs: String = (0..DAYS)
        .map(|ago| {
            format!(
                "{{\"plimsoll\": 1, \"event_time\": \"{}T10:00:00Z\", \"provider\": \"aws\", \"identity\": \
                 \"arn:aws:iam::111122223333:user/cy\", \"op\": \"s3:ListObjects\", \"action\": \"list_objects\"}}\n",
                last().plus(-ago)
            )
        })
        .collect();
    world.write("logs/all.jsonl", logs);
    world.run(&["train", "logs"]).succeeds();
    // One before what is kept, one on a stored day that less would keep, one of the last day.
    let [ancient, old, new] = [400, 35, 0].map(|age| put_alert(&world, age));
    let alerts = world.path().join("plimsoll-store/alerts");
    let foreign = [
        "notes.txt",
        "2020-01-01.jsonl.bak",
        "2020-1-1.jsonl",
        "x.index",
    ];
    for name in foreign {
        world.write(&format!("plimsoll-store/alerts/{name}"), "ours\n");
    }
    for id in [&ancient, &old, &new] {
        let verdict = ["feedback", "--later", id, "true"];
        world.run(&verdict).succeeds();
    }

    assert_eq!(came_to(&train(&world)), (true, [2, 0, 1, 1]));
    assert_eq!(came_to(&train(&world)), (false, [0, 0, 0, 0]));
    world
        .run(&["explain", &ancient])
        .fails_with(1, &["there is no alert"]);
    world.run(&["explain", &old]).succeeds();
    let names = || -> Vec<String> {
        let entries = fs::read_dir(&alerts).expect("the archive");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        names
            .map(|name| name.into_string().expect("a name"))
            .collect()
    };
    // Two days, each with its index.
    assert_eq!(names().len(), foreign.len() + 4, "{:?}", names());

    // The alert goes and its verdict stays, because its day is stored: what it is about is not learnt again.
    world.write("plimsoll.toml", "[store]\nkeep_alerts = 30\n");
    let said = world.run(&["train", "logs"]).succeeds();
    let told =
        "1 alert and 0 verdicts: older than `keep_alerts`, which keeps alerts from 2026-03-11 on";
    assert!(said.err.contains(told), "{}", said.err);
    assert_eq!(came_to(&train(&world)), (false, [0, 0, 0, 0]));
    assert_eq!(names().len(), foreign.len() + 2, "{:?}", names());
    assert!(foreign.iter().all(|name| alerts.join(name).exists()));
    let listed = world
        .run(&["feedback", "--list", "--format", "json"])
        .succeeds();
    assert!(!listed.out.contains(&ancient), "{}", listed.out);
    assert!(listed.out.contains(&old) && listed.out.contains(&new));

    world.write("plimsoll.toml", "[store]\nkeep_alerts = 7\n");
    let words = "plimsoll.toml:2: expected from 30 to 3650 days, found 7";
    world.run(&["train", "logs"]).fails_with(2, &[words]);
}
