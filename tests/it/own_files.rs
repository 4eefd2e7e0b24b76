//! What lies among the logs and is none: plimsoll's own files, and those of others. Neither makes a run fail, and neither
//! hides a log.

use std::collections::BTreeMap;
use std::io::Write;

use crate::world::{Said, World};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).expect("it packs");
    encoder.finish().expect("it packs")
}

/// A call in a trail, with more members.
fn call(id: &str, more: &serde_json::Value) -> String {
    let mut record = serde_json::json!({
        "eventVersion": "1.09", "eventID": id, "eventTime": "2026-03-01T00:00:00Z", "eventSource": "s3.amazonaws.com",
        "eventName": "ListBuckets", "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.17.20",
        "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/eve", "accountId": "111122223333"}
    });
    let members = record.as_object_mut().expect("an object");
    members.extend(more.as_object().expect("an object").clone());
    record.to_string()
}

fn alert() -> serde_json::Value {
    serde_json::json!({
        "schema": 1, "alert_id": "0123456789abcdef", "status": "new", "analytic": "AN1594", "name": "Enumeration", "arm": "ENUM",
        "severity": "high", "score": 97.1, "threshold": 92.3, "window": {"start": "2026-03-01T00:00:00Z", "end": "2026-03-02T00:00:00Z"},
        "entity": {"kind": "identity", "id": "arn:aws:iam::111122223333:user/eve"}
    })
}

/// Returns what `inspect` says of each file, by name.
fn inspected(world: &World, path: &str) -> BTreeMap<String, serde_json::Value> {
    let said = world.run(&["inspect", path, "--format", "json"]);
    let documents = said.out.lines().map(|line| {
        let document: serde_json::Value = serde_json::from_str(line).expect("a document");
        let file = document["file"].as_str().expect("a name").to_owned();
        (file.trim_start_matches("./").to_owned(), document)
    });
    documents.collect()
}

fn names_no_file(said: &Said) {
    for word in ["no log", "rejected", "could not be read"] {
        assert!(!said.err.contains(word), "`{word}`: {}", said.err);
    }
}

#[test]
fn the_store_below_the_logs_is_not_read() {
    let world = World::simulated(4, 4, 20);
    names_no_file(&world.run(&["train", "."]).succeeds());
    let again = world.run(&["train", "."]).succeeds();
    names_no_file(&again);
    assert!(again.err.contains("nothing new"), "{}", again.err);
    // Another store, one that is being made, and one whose manifest is of another version.
    world
        .run(&["--store", "logs/other", "train", "logs"])
        .succeeds();
    world.write("making/learner.lock", "");
    world.write("making/day-2026-03-01-000001.unfinished/db", b"\0\x01\x02");
    let manifest = r#"{"schema":99,"generation":1,"directory":"generation-000001","days":[]}"#;
    world.write("newer/MANIFEST.json", manifest);
    world.write("newer/generation-000001/db", b"\0\x01\x02");
    names_no_file(&world.run(&["train", "."]).succeeds());
    names_no_file(
        &world
            .run(&["score", ".", "--out", "alerts.jsonl"])
            .succeeds(),
    );
    // Whatever else is in such a folder is read.
    world.write("making/trail.jsonl", call("e1", &serde_json::json!({})));
    let files = inspected(&world, ".");
    assert_eq!(files["making/trail.jsonl"]["events"], 1);
    let has = |name: &str| files.keys().any(|file| file.contains(name));
    assert!(!has("making/day-") && !has("MANIFEST") && !has("plimsoll-store/") && !has(".lock"));
    world
        .run(&["train", "newer"])
        .fails_with(1, &["`newer` is a store of plimsoll"]);
    world
        .run(&["--store", "x", "train", "newer/MANIFEST.json"])
        .fails_with(1, &["is plimsoll's own file"]);
}

#[test]
fn what_plimsoll_wrote_is_recognised_wherever_it_lies() {
    let world = World::simulated(6, 12, 40);
    world.write(
        "logs/broken.jsonl",
        call("e1", &serde_json::json!({})) + "\n{\"broken\n",
    );
    let backtest = ["backtest", "logs", "--train-days", "8", "--budget", "50"];
    for format in ["json", "ocsf", "ecs"] {
        let said = world.run(&[&backtest[..], &["--format", format]].concat());
        let out = said.succeeds().out;
        assert!(out.lines().count() > 3, "{format}: {out}");
        world.write(&format!("kept/{format}.jsonl"), out);
    }
    let kept = ["--out", "kept", "--rejects", "kept/rejects.jsonl"];
    world.run(&[&backtest[..], &kept].concat()).succeeds();
    for format in ["json", "ocsf", "ecs"] {
        let incidents = ["incidents", "--from", "kept/alerts.jsonl"];
        let said = world.run(&[&incidents[..], &["--format", format]].concat());
        world.write(
            &format!("kept/incidents-{format}.jsonl"),
            said.succeeds().out,
        );
    }
    let documents = world
        .run(&["inspect", "logs", "--format", "json"])
        .succeeds();
    world.write("kept/inspection.jsonl", documents.out);
    for name in ["labels.jsonl", "plimsoll.toml"] {
        std::fs::copy(
            world.path().join(name),
            world.path().join("kept").join(name),
        )
        .expect("a copy");
    }
    let files = inspected(&world, "kept");
    assert_eq!(files.len(), 13, "{:?}", files.keys());
    for (file, document) in &files {
        let reasons = document["reasons"].as_object().expect("reasons");
        assert_eq!(reasons.keys().collect::<Vec<_>>(), ["own"], "{file}");
    }
    for file in files
        .keys()
        .map(String::as_str)
        .chain(["kept/plimsoll.toml"])
    {
        for command in ["train", "backtest"] {
            world
                .run(&["--store", "x", command, file])
                .fails_with(1, &["is plimsoll's own file"]);
        }
    }
    // Together with logs they are no failure, whether named or found.
    for logs in [&["."][..], &["logs", "kept/alerts.jsonl"]] {
        let said = world.run(&[&["train"][..], logs].concat()).succeeds();
        assert!(!said.err.contains("no log"), "{}", said.err);
    }
    let again = world.run(&[&backtest[..1], &["."], &backtest[2..], &kept].concat());
    let again = again.succeeds();
    assert!(!again.err.contains("no log"), "{}", again.err);
}

#[test]
fn a_file_of_somebody_else_is_told_and_no_failure() {
    let world = World::simulated(4, 4, 20);
    world.run(&["train", "."]).succeeds();
    let told: [(&str, &[u8]); 12] = [
        (
            "README.txt",
            b"These are the logs of our estate.\nAsk ops.\n",
        ),
        (
            "README.md",
            b"# Logs\n\n```json\n{\"a\": 1}\n```\n\n- see `x`\n",
        ),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        (
            "SHA256SUMS",
            b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a.json.gz\n",
        ),
        ("Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0"),
        (
            "sync.sh",
            b"#!/bin/sh\n[ -d logs ] || exit 1\naws s3 sync s3://logs .\n",
        ),
        (
            "package.json",
            b"{\n  \"name\": \"x\",\n  \"items\": [1, 2]\n}\n",
        ),
        ("settings.json", b"{\n  // a comment\n  \"a\": 1\n}\n"),
        ("other.toml", b"[[table]]\nkey = \"value\"\n"),
        ("table.csv", b"name,amount\nx,1\ny,2\n"),
        (
            "page.html",
            b"<!doctype html>\n<html><body>hello</body></html>\n",
        ),
        ("notes.gz", b""),
    ];
    for (name, text) in told {
        let packed = gzip(b"Nothing but notes.\n");
        world.write(name, if text.is_empty() { &packed } else { text });
        let said = world.run(&["train", "."]).succeeds();
        let words = format!("1 file is no log: `./{name}`");
        assert!(said.err.contains(&words), "{name}: {}", said.err);
        for args in [
            &["score", ".", "--quiet"][..],
            &["inspect", "."],
            &["coverage", "."],
        ] {
            let said = world.run(args).succeeds();
            assert!(!said.err.contains("error"), "{args:?}: {}", said.err);
        }
        std::fs::remove_file(world.path().join(name)).expect("a file");
    }
    for (name, text) in [(".DS_Store", "\0\0\0\u{1}Bud1"), ("_SUCCESS", "")] {
        world.write(name, text);
        names_no_file(&world.run(&["train", "."]).succeeds());
    }
    for n in 0..7 {
        world.write(&format!("note-{n}.txt"), "A note.\n");
    }
    let said = world.run(&["train", "."]).succeeds();
    let line = said
        .err
        .lines()
        .find(|line| line.contains("no logs"))
        .expect("it is told");
    assert!(
        line.starts_with("7 files are no logs: `./note-0.txt` (unknown_format)"),
        "{line}"
    );
    assert!(
        line.contains("note-4.txt") && !line.contains("note-5.txt"),
        "{line}"
    );
    assert!(line.contains("and 2 more"), "{line}");
}

#[test]
fn a_log_that_is_lost_is_a_failure_every_night() {
    let world = World::simulated(4, 4, 20);
    world.run(&["train", "."]).succeeds();
    let packed = gzip(call("e1", &serde_json::json!({})).repeat(50).as_bytes());
    let cut = &call("e2", &serde_json::json!({}))[..200];
    let no_time = call("e3", &serde_json::json!({"eventTime": null}));
    let lost: [(&str, &[u8], &str); 4] = [
        (
            "damaged.json.gz",
            &packed[..packed.len() - 9],
            "cut off or damaged",
        ),
        ("cut.json", cut.as_bytes(), "truncated"),
        ("no-time.json", no_time.as_bytes(), "no_time"),
        ("plain.jsonl", b"{\"plimsoll\": 1}\n", "no_time"),
    ];
    for (name, text, word) in lost {
        world.write(name, text);
        for args in [&["train", "."][..], &["train", "."], &["score", ".", "-q"]] {
            let said = world.run(args).fails_with(1, &[name, word]);
            assert!(said.err.contains("error: "), "{}", said.err);
        }
        std::fs::remove_file(world.path().join(name)).expect("a file");
    }
    world.write_unreadable("secret.json");
    for _ in 0..2 {
        world.run(&["train", "."]).fails_with(1, &["secret.json"]);
    }
}

#[test]
fn a_folder_without_any_log_is_the_wrong_one() {
    let world = World::empty();
    world.write("readme/README.txt", "These are no logs.\n");
    world.write("readme/empty.json", "");
    world.write("own/alerts.jsonl", alert().to_string());
    world.write("empty/empty.json", "");
    for (folder, word) in [("readme", "README.txt"), ("own", "is plimsoll's own file")] {
        for command in ["train", "inspect", "coverage"] {
            let said = world.run(&[command, folder]);
            match command {
                "inspect" => assert_eq!(said.status, 1, "{folder}: {said:?}"),
                _ => drop(said.fails_with(1, &["no file is a log that plimsoll knows", word])),
            }
        }
    }
    let said = world.run(&["train", "empty"]).succeeds();
    assert!(said.err.contains("there is no record"), "{}", said.err);
}

#[test]
fn no_text_in_a_log_makes_it_an_own_file() {
    let world = World::empty();
    let quoted =
        serde_json::json!({"userAgent": alert().to_string(), "requestParameters": alert()});
    let imitated = call("e2", &alert());
    let page = "<!doctype html>\n<meta name=\"generator\" content=\"plimsoll\">\n";
    let lines = format!("{}\n{imitated}\n", call("e1", &quoted));
    for (name, before, after) in [
        ("alerts.jsonl", format!("{}\n", alert()), ""),
        ("plimsoll.toml", "[network]\n".to_owned(), ""),
        ("report.html", page.to_owned(), ""),
        ("rejects.jsonl", String::new(), "{\"alert_id\":"),
    ] {
        world.write(&format!("logs/{name}"), format!("{before}{lines}{after}"));
        let files = inspected(&world, "logs");
        assert_eq!(
            files[&format!("logs/{name}")]["events"],
            2,
            "{name}: {files:?}"
        );
        world.write(&format!("logs/{name}"), "");
    }
}

#[test]
fn a_follower_does_not_read_what_it_writes() {
    let world = World::simulated(6, 12, 40);
    let days = world.days();
    world.link_days("past", &days[..9]);
    world.write_lines("live/today.jsonl", &days[9..10]);
    world.run(&["train", "past"]).succeeds();
    let path = world.path().join("live/today.jsonl");
    let mut live = std::fs::OpenOptions::new()
        .append(true)
        .open(path)
        .expect("a file");
    live.write_all(b"{\"broken\": \n").expect("a line");
    world.write("live/README.txt", "These are the logs of our estate.\n");
    world
        .run(&["--store", "live/store", "train", "past"])
        .succeeds();
    let args = "--store live/store --rejects live/rejects.jsonl score --follow --poll 20ms --until-idle 500ms --out live/alerts.jsonl live";
    let args: Vec<&str> = args.split(' ').collect();
    for _ in 0..3 {
        world.run(&args).succeeds();
        let text = |name: &str| std::fs::read_to_string(world.path().join(name)).expect("a file");
        let rejects = text("live/rejects.jsonl");
        assert_eq!(rejects.lines().count(), 2, "{rejects}");
        assert!(
            rejects.contains("broken") && rejects.contains("README.txt"),
            "{rejects}"
        );
        assert!(!text("live/alerts.jsonl").is_empty());
    }
}

#[test]
fn a_share_that_was_away_is_followed_from_where_it_was() {
    let world = World::simulated(6, 12, 40);
    let days = world.days();
    world.link_days("past", &days[..9]);
    world.write_lines("share/today.jsonl", &days[9..10]);
    world.write_lines("other/tomorrow.jsonl", &days[10..11]);
    let tomorrow = std::fs::read_to_string(world.path().join("other/tomorrow.jsonl")).expect("it");
    world.write("other/tomorrow.jsonl", "");
    world.run(&["train", "past"]).succeeds();
    let follow = || {
        let args = "score --follow --poll 20ms --until-idle 300ms share other";
        let said = world.run(&args.split(' ').collect::<Vec<_>>());
        let line = said.err.lines().find(|line| line.starts_with("read "));
        (line.unwrap_or_default().to_owned(), said)
    };
    let (_, first) = follow();
    assert!(!first.succeeds().out.is_empty());
    let (share, away) = (world.path().join("share"), world.path().join("away"));
    // Once the place is empty, once it is not there at all.
    for is_left in [true, false] {
        std::fs::rename(&share, &away).expect("it goes");
        if is_left {
            std::fs::create_dir(&share).expect("the place is left");
        }
        let half = tomorrow.len() / 2;
        let end = half + tomorrow[half..].find('\n').expect("a line") + 1;
        let more = if is_left {
            &tomorrow[..end]
        } else {
            &tomorrow[..]
        };
        world.write("other/tomorrow.jsonl", more);
        let (line, said) = follow();
        assert_eq!(said.status, i32::from(!is_left), "{said:?}");
        assert!(!line.contains(" 0 records"), "{line}");
        if is_left {
            std::fs::remove_dir(&share).expect("the place");
        }
        std::fs::rename(&away, &share).expect("it comes back");
        let (line, said) = follow();
        assert!(line.contains("0 events in 0 records"), "{line}");
        assert_eq!(said.succeeds().out, "");
    }
    // What was added meanwhile is read, and nothing else.
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(share.join("today.jsonl"))
        .expect("a file");
    let more = tomorrow
        .lines()
        .next()
        .expect("a line")
        .replace("\"eventID\":\"", "\"eventID\":\"x");
    writeln!(file, "{more}").expect("a line");
    assert!(follow().0.contains("1 event in 1 record"));
}
