//! Every night: what is new is judged, then learnt, and told once.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::world::{Said, World};

/// Days before the first night.
const HISTORY: usize = 8;

/// Makes a world with a simulated estate: in `night` are the logs of its first days, in `later` those of the others.
fn estate() -> World {
    let world = World::simulated(11, 12, 25);
    let days = world.days();
    world.link_days("night", &days[..HISTORY]);
    world.link_days("later", &days[HISTORY..]);
    world
}

/// Puts the logs of the later days to those of the first.
fn deliver(world: &World) {
    world.link_days("night", &world.days()[HISTORY..]);
}

fn night(world: &World) -> Said {
    world.run(&["nightly", "night"]).succeeds()
}

#[test]
fn a_night_judges_what_is_new_then_learns_it_and_tells_it_once() {
    let world = estate();
    let first = night(&world);
    assert_eq!(first.out, "", "nothing is known in the first night");
    assert!(first.err.contains("generation 1"), "{}", first.err);

    let scored = world.run(&["--store", "copy", "train", "night"]).succeeds();
    assert_eq!(scored.out, "");
    let scored = world.run(&["--store", "copy", "score", "later"]).succeeds();
    assert!(scored.out.lines().count() > 3, "{}", scored.err);
    deliver(&world);
    let second = night(&world);
    assert_eq!(second.out, scored.out, "judged by the generation of before");
    assert!(second.err.contains("generation 2"), "{}", second.err);

    let third = night(&world);
    assert_eq!(third.out, "");
    assert!(third.err.contains("nothing new"), "{}", third.err);
}

#[test]
fn a_bad_line_does_not_make_a_file_be_read_every_night() {
    let world = estate();
    let flow = |address: &str| {
        format!(
            "2 111122223333 eni-1 10.0.0.5 {address} 40000 443 6 1 100 1772530000 1772530059 ACCEPT OK\n"
        )
    };
    let flows = world.path().join("night/flows.log");
    std::fs::write(flows, flow("203.0.113.7") + &flow("nowhere")).expect("the folder is there");
    let first = night(&world);
    assert!(first.err.contains("1 malformed_row"), "{}", first.err);
    for _ in 0..2 {
        let next = night(&world);
        assert!(next.err.contains("nothing new"), "{}", next.err);
    }
}

#[test]
fn what_a_crash_left_unlearnt_is_not_told_again() {
    let world = estate();
    night(&world);
    deliver(&world);
    let told = world
        .run(&["score", "later", "--out", "alerts.jsonl"])
        .succeeds();
    assert!(!told.err.is_empty());
    let alerts = std::fs::read_to_string(world.path().join("alerts.jsonl")).expect("alerts");
    assert!(alerts.lines().count() > 3);
    let second = night(&world);
    assert_eq!(second.out, "", "{}", second.err);
    assert!(second.err.contains("told before"), "{}", second.err);
    assert!(second.err.contains("generation 2"), "{}", second.err);
}

#[test]
fn scoring_twice_tells_nothing_twice_unless_asked_to() {
    let world = estate();
    world.run(&["train", "night"]).succeeds();
    let first = world.run(&["score", "later"]).succeeds();
    assert!(first.out.lines().count() > 3, "{}", first.err);
    let second = world.run(&["score", "later"]).succeeds();
    assert_eq!(second.out, "");
    assert!(second.err.contains("told before"), "{}", second.err);
    let again = world.run(&["score", "--again", "later"]).succeeds();
    assert_eq!(again.out, first.out);
    // Whoever follows the same logs is not told again either.
    let follow = ["score", "--follow", "--until-idle", "100ms", "later"];
    assert_eq!(world.run(&follow).succeeds().out, "");
}

/// A person lists half of a hundred buckets before the first night and the others after it.
#[test]
fn a_day_that_was_learnt_in_part_is_judged_as_a_whole() {
    let world = World::empty();
    let list = |day: u32, second: u32, person: u32, bucket: u32| {
        format!(
            "{{\"plimsoll\": 1, \"event_time\": \"2026-03-{day:02}T{:02}:{:02}:{:02}Z\", \"provider\": \"aws\", \
             \"identity\": \"arn:aws:iam::111122223333:user/person-{person}\", \"identity_kind\": \"human\", \
             \"op\": \"s3:ListObjects\", \"action\": \"list_objects\", \"container\": \"bucket-{bucket}\", \"src_ip\": \"10.0.0.7\"}}\n",
            second / 3600,
            second / 60 % 60,
            second % 60,
        )
    };
    let mut learnt = String::new();
    for day in 1..15 {
        for person in 0..12 {
            for call in 0..4 + (day + person) % 3 {
                learnt += &list(day, 36_000 + 700 * call + person, person, call % 3);
            }
        }
    }
    world.write("night/learnt.jsonl", learnt);
    night(&world);
    let half = |from: u32| -> String {
        (from..from + 50)
            .map(|n| list(15, 40_000 + 60 * n, 3, n))
            .collect()
    };
    world.write("night/morning.jsonl", half(0));
    let morning = night(&world);
    world.write("night/evening.jsonl", half(50));
    let evening = night(&world);
    let told = format!("{}{}", morning.out, evening.out);
    let alerts: Vec<serde_json::Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).expect("an alert"))
        .filter(|alert: &serde_json::Value| alert["analytic"] == "AN1594")
        .collect();
    assert!(!alerts.is_empty(), "{}{}", morning.err, evening.err);
    assert!(alerts.iter().all(|alert| alert["status"] == "closed"));
    let revisions: Vec<u64> = alerts
        .iter()
        .map(|alert| alert["revision"].as_u64().unwrap_or(0))
        .collect();
    let ascending: Vec<u64> = (0..alerts.len() as u64).collect();
    assert_eq!(revisions, ascending, "more of a day is a revision: {told}");
}

#[test]
fn the_example_scores_the_events_that_it_is_handed() {
    let world = estate();
    world.run(&["train", "night"]).succeeds();
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    world.write_lines("today.jsonl", &world.days()[HISTORY..]);
    let lines = std::fs::read(world.path().join("today.jsonl")).expect("a log");
    let mut example = Command::new(cargo)
        .args(["run", "--quiet", "--locked", "--example", "embed", "--"])
        .arg(world.path().join("plimsoll-store"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the example is built");
    let mut input = example.stdin.take().expect("its input");
    let writer = std::thread::spawn(move || input.write_all(&lines));
    let said = example.wait_with_output().expect("it ends");
    writer.join().expect("a thread").expect("it reads all");
    assert!(said.status.success());
    let out = String::from_utf8(said.stdout).expect("text");
    let first: serde_json::Value =
        serde_json::from_str(out.lines().next().expect("alerts")).expect("an alert");
    assert_eq!(first["status"], "new");
}
