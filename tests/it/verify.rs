//! An alert is checked by what it carries: whoever has the document needs no store.

use std::collections::BTreeMap;

use plimsoll::report::{Paint, explain::explain};
use plimsoll::verify::verify;
use serde_json::Value;

use crate::world::World;

/// Tells alerts of a small estate: those of a backtest, and of a store with too little history to calibrate.
fn alerts() -> Vec<String> {
    let world = World::simulated(1, 15, 60);
    let mut alerts = Vec::new();
    for learnt in ["10", "4"] {
        let said = world
            .run(&[
                "backtest",
                "logs",
                "--train-days",
                learnt,
                "--show-low",
                "--format",
                "json",
            ])
            .succeeds();
        alerts.extend(said.out.lines().map(str::to_owned));
    }
    alerts
}

#[test]
fn every_alert_verifies_and_no_digit_of_one_can_change() {
    let alerts = alerts();
    let mut by_arm: BTreeMap<(String, bool), &str> = BTreeMap::new();
    let mut bytes = Vec::new();
    for text in &alerts {
        let verified = verify(text);
        assert!(
            verified.differences.is_empty(),
            "{:?} in {text}",
            verified.differences
        );
        let alert = verified.alert.unwrap();
        by_arm
            .entry((alert.analytic + "/" + &alert.arm, alert.provisional))
            .or_insert(text);
        let document: Value = serde_json::from_str(text).unwrap();
        let of_reasons = document["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["basis"].to_string().len())
            .sum::<usize>();
        bytes.push(document["evidence"].to_string().len() + of_reasons);
    }
    let most = bytes.into_iter().max().unwrap();
    assert!(most < 3_000, "{most} bytes");
    assert!(by_arm.len() >= 6, "{:?}", by_arm.keys());

    for (arm, text) in &by_arm {
        // Written anew by another program, with a field of its own.
        let mut document: Value = serde_json::from_str(text).unwrap();
        document["siem"] = 7.into();
        let pretty = serde_json::to_string_pretty(&document).unwrap();
        let differences = verify(&pretty).differences;
        assert!(differences.is_empty(), "{arm:?}: {differences:?}");

        for (at, digit) in text.bytes().enumerate().filter(|(_, b)| b.is_ascii_digit()) {
            for by in [1, 6] {
                let mut flipped = text.as_bytes().to_vec();
                flipped[at] = b'0' + (digit - b'0' + by) % 10;
                let flipped = String::from_utf8(flipped).unwrap();
                assert!(
                    !verify(&flipped).differences.is_empty(),
                    "{arm:?}: a changed digit at {at} goes unnoticed: {}",
                    &flipped[at.saturating_sub(40)..flipped.len().min(at + 40)]
                );
            }
        }
    }
}

#[test]
fn numbers_that_do_not_follow_are_named_even_with_a_new_digest() {
    // One whose rank lies in the fitted tail, and that begins with an amount.
    let is_apt = |text: &String| {
        let alert: Value = serde_json::from_str(text).unwrap();
        let evidence = &alert["evidence"];
        alert["reasons"][0]["kind"] == "volume"
            && alert["provisional"] == false
            && evidence["rank"].as_f64() > evidence["pooled"]["tail"]["u"].as_f64()
    };
    let text = alerts().into_iter().find(is_apt).unwrap();
    for (path, field) in [
        ("/reasons/0/observed", "reasons[0].surprise"),
        ("/reasons/0/surprise", "reasons[0].surprise"),
        ("/statistic", "statistic"),
        ("/evidence/pooled/tail/p_u", "surprise"),
        ("/score", "score"),
        ("/threshold", "threshold"),
    ] {
        let mut document: Value = serde_json::from_str(&text).unwrap();
        let value = document.pointer_mut(path).unwrap();
        *value = match value.as_u64() {
            Some(n) => (n * 2 + 1).into(),
            None => (value.as_f64().unwrap() * 0.5).into(),
        };
        document["digest"] = Value::Null;
        document["digest"] = plimsoll::evidence::digest_of(&document).into();
        let differences = verify(&document.to_string()).differences;
        let named: Vec<&str> = differences.iter().map(|d| d.field.as_str()).collect();
        assert!(!named.contains(&"digest"), "{path}: {named:?}");
        assert!(named.contains(&field), "{path}: {named:?}");
    }
}

/// Returns the paths of all numbers in a document.
fn numbers(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::Number(_) => found.push(path),
        Value::Array(items) => {
            (0..items.len()).for_each(|at| numbers(&items[at], format!("{path}/{at}"), found))
        }
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| numbers(value, format!("{path}/{key}"), found)),
        _ => {}
    }
}

#[test]
fn no_number_however_wild_stops_it() {
    let mut seen = std::collections::BTreeSet::new();
    for text in alerts() {
        let document: Value = serde_json::from_str(&text).unwrap();
        if !seen.insert((
            document["arm"].to_string(),
            document["analytic"].to_string(),
        )) {
            continue;
        }
        let mut paths = Vec::new();
        numbers(&document, String::new(), &mut paths);
        for path in paths {
            for wild in [
                "0",
                "-1",
                "1e300",
                "-1e300",
                "5e-324",
                "18446744073709551615",
            ] {
                let mut document = document.clone();
                *document.pointer_mut(&path).unwrap() = serde_json::from_str(wild).unwrap();
                if let Some(alert) = verify(&document.to_string()).alert {
                    assert!(explain(&alert, Paint::Never).len() < 100_000);
                }
            }
        }
        let early = text.replace("\"time\":\"2026", "\"time\":\"1677");
        assert!(!verify(&early).differences.is_empty());
        let first = text.replacen(
            "\"time\":\"2026",
            "\"time\":\"1677-09-21T00:12:44Z\",\"x\":\"",
            1,
        );
        assert!(!verify(&first).differences.is_empty());
    }
}

#[test]
fn the_command_says_which_alert_differs_and_where() {
    let world = World::empty();
    let alerts = alerts();
    world.write("alerts.jsonl", alerts.join("\n") + "\n");
    let said = world.run(&["verify", "alerts.jsonl"]).succeeds();
    assert_eq!(said.out.lines().count(), alerts.len());
    assert!(
        said.out.lines().all(|line| line.starts_with("ok  ")),
        "{}",
        said.out
    );
    let said = world
        .run_with_input(&["verify", "-"], alerts[0].as_bytes())
        .succeeds();
    assert_eq!(said.out.lines().count(), 1);

    let document: Value = serde_json::from_str(&alerts[1]).unwrap();
    let id = document["alert_id"].as_str().unwrap();
    let spoilt = alerts[1].replacen("\"score\":", "\"score\":1", 1);
    world.write(
        "spoilt.jsonl",
        format!("{}\n{spoilt}\n{{\"no\n{}\n", alerts[0], alerts[2]),
    );
    let said = world.run(&["verify", "spoilt.jsonl"]);
    assert_eq!(said.status, 1);
    let firsts: Vec<&str> = said
        .out
        .lines()
        .filter(|l| !l.starts_with(' '))
        .map(|l| &l[..7])
        .collect();
    assert_eq!(
        firsts,
        ["ok     ", "differs", "differs", "ok     "],
        "{}",
        said.out
    );
    assert!(said.out.contains("score: 1"), "{}", said.out);
    assert_eq!(
        world
            .run(&["verify", "spoilt.jsonl", "--id", &id[..8]])
            .status,
        1
    );
    let said = world
        .run(&["verify", "alerts.jsonl", "--id", &id[..8]])
        .succeeds();
    assert!(said.out.contains(id));
    // What `explain` hands on of it is the same document.
    let explained = world
        .run(&[
            "explain",
            &id[..8],
            "--from",
            "alerts.jsonl",
            "--format",
            "json",
        ])
        .succeeds();
    world
        .run_with_input(&["verify", "-"], explained.out.as_bytes())
        .succeeds();
    let explained = world
        .run(&["explain", &id[..8], "--from", "alerts.jsonl"])
        .succeeds();
    for words in [
        "Stored distribution of arm ",
        "▲ here ",
        "of the statistic",
        "generation ",
    ] {
        assert!(explained.out.contains(words), "{words}: {}", explained.out);
    }
    world.write("ocsf.json", r#"{"class_uid": 2004, "metadata": {}}"#);
    let foreign = world.run(&["verify", "ocsf.json"]);
    assert!(
        foreign.out.contains("it is an OCSF document"),
        "{}",
        foreign.out
    );
    foreign.fails_with(1, &[]);
    world
        .run(&["verify", "absent.json"])
        .fails_with(1, &["cannot read"]);
    world
        .run(&["verify", "alerts.jsonl", "--id", "zzz"])
        .fails_with(1, &["begins with"]);
    world.run(&["verify"]).fails_with(2, &[]);
}
