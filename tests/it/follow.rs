//! Following as a service: whatever happens around it, it goes on, and says what it cannot do.

use plimsoll::time::Time;

use crate::world::{Said, World};

/// An estate that was trained, and the records of a day after that as JSON lines.
fn trained() -> (World, Vec<String>) {
    let world = World::simulated(6, 12, 40);
    let days = world.days();
    world.link_days("past", &days[..9]);
    world.write_lines("today.jsonl", &days[9..10]);
    world.run(&["train", "past"]).succeeds();
    let text = std::fs::read_to_string(world.path().join("today.jsonl")).expect("it was written");
    let lines = text.lines().map(str::to_owned).collect();
    (world, lines)
}

/// Follows some paths until nothing comes any more.
fn follow(world: &World, paths: &[&str], input: &[u8]) -> Said {
    let args = [
        "score",
        "--follow",
        "--poll",
        "20ms",
        "--until-idle",
        "300ms",
    ];
    world.run_with_input(&[&args[..], paths].concat(), input)
}

#[test]
fn what_cannot_be_read_is_named_and_does_not_stop_the_rest() {
    let (world, lines) = trained();
    let text = lines.join("\n") + "\n";
    let complete = follow(&world, &["today.jsonl"], b"").succeeds();
    world.write("live/b.jsonl", &text);
    world.write_unreadable("live/a.jsonl");
    world.make_unreachable_folder("live/lost");
    std::os::unix::fs::symlink("nowhere", world.path().join("live/c.jsonl")).expect("a link");
    let words = [
        "live/a.jsonl",
        "live/lost",
        "live/c.jsonl",
        "no-such-folder",
    ];
    let with_obstacles = ["--store", "other", "live", "no-such-folder"];
    world.run(&["--store", "other", "train", "past"]).succeeds();
    let said = follow(&world, &with_obstacles, b"").fails_with(1, &words);
    assert_eq!(said.out, complete.out);
    for word in words {
        let warnings = said.err.lines().filter(|line| line.contains(word)).count();
        assert_eq!(
            warnings, 2,
            "once as it happens, once at the end: {}",
            said.err
        );
    }
}

#[test]
fn standard_input_is_read_as_one_document_however_it_is_cut_and_packed() {
    let (world, lines) = trained();
    let records: Vec<serde_json::Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).expect("a record"))
        .collect();
    let trail = serde_json::json!({ "Records": records });
    let pretty = serde_json::to_vec_pretty(&trail).expect("a trail");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &pretty).expect("it packs");
    let packed = encoder.finish().expect("it packs");
    let plain = lines.join("\n") + "\n";
    let batch = world.run_with_input(&["score", "-"], plain.as_bytes());
    let batch = batch.succeeds();
    assert!(!batch.out.is_empty());
    let read = |said: &Said| {
        let line = said.err.lines().find(|line| line.starts_with("read "));
        line.unwrap_or_default().to_owned()
    };
    for (n, input) in [pretty, packed, plain.into_bytes()].iter().enumerate() {
        let store = n.to_string();
        world.run(&["--store", &store, "train", "past"]).succeeds();
        let args = ["--store", &store, "score", "--follow", "-"];
        let said = world.run_with_input(&args, input).succeeds();
        assert_eq!(read(&said), read(&batch));
        let ids = |out: &str| -> std::collections::BTreeSet<String> {
            let alerts = out
                .lines()
                .map(|line| serde_json::from_str(line).expect("an alert"));
            alerts
                .map(|alert: serde_json::Value| alert["alert_id"].to_string())
                .collect()
        };
        assert_eq!(ids(&said.out), ids(&batch.out));
    }
}

#[test]
fn events_of_any_number_of_days_need_few_open_files() {
    const DAYS: i64 = 300;
    let (world, lines) = trained();
    let mut record: serde_json::Value = serde_json::from_str(&lines[0]).expect("a record");
    let first = Time::parse(record["eventTime"].as_str().expect("a time"))
        .expect("a time")
        .day();
    let mut text = String::new();
    for n in 0..DAYS {
        record["eventTime"] = format!("{}T12:00:00Z", first.plus(-n as i32)).into();
        record["eventID"] = format!("stray-{n}").into();
        text += &format!("{record}\n");
    }
    world.write("stray.jsonl", text);
    let runs = [
        "score stray.jsonl",
        "score --follow --poll 20ms --until-idle 300ms stray.jsonl",
    ];
    for run in runs {
        let said = world.run_in_shell(&format!("ulimit -n 64; exec \"$PLIMSOLL\" {run}"));
        let words = format!("{DAYS} days");
        assert!(said.succeeds().err.contains(&words), "{run}");
    }
}

#[test]
fn rejects_are_kept_as_they_come_even_if_the_follower_is_killed() {
    let (world, lines) = trained();
    world.write("live.jsonl", format!("{}\n{{\"broken\": \n", lines[0]));
    let args = [
        "--rejects",
        "rejects.jsonl",
        "score",
        "--follow",
        "live.jsonl",
    ];
    let mut child = world.start(&args);
    let begun = std::time::Instant::now();
    let kept = loop {
        let kept = std::fs::read_to_string(world.path().join("rejects.jsonl")).unwrap_or_default();
        if kept.ends_with('\n') || begun.elapsed().as_secs() > 60 {
            break kept;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    };
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert!(kept.contains("broken"), "{kept}");
}
