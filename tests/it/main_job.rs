//! The main job as its users do it: learn two weeks, be told of the attacks of the days after, ask why.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::report::Report;
use crate::world::World;

/// Returns id, status, severity and score of each alert in JSON lines, in order.
fn alerts(text: &str) -> Vec<(String, String, String, String)> {
    text.lines()
        .map(|line| {
            let alert: Value = serde_json::from_str(line).expect("a line is a JSON document");
            let field = |name: &str| match &alert[name] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (
                field("alert_id"),
                field("status"),
                field("severity"),
                field("score"),
            )
        })
        .collect()
}

#[test]
fn a_backtest_finds_the_planted_attacks_and_says_how_well() {
    let world = World::simulated_with(1, 15, 60, 2);
    let said = world
        .run(&[
            "backtest",
            "logs",
            "--train-days",
            "10",
            // Every second attack is planted: far more than the default budget of so small an estate has room for.
            "--budget",
            "5/day",
            "--labels",
            "labels.jsonl",
            "--format",
            "json",
            "--out",
            "result",
            "-v",
        ])
        .succeeds();
    let summary: Value = serde_json::from_str(
        &std::fs::read_to_string(world.path().join("result/summary.json"))
            .expect("a summary is written"),
    )
    .expect("it is JSON");
    let all = &summary["evaluation"]["all"];
    let (labels, found) = (
        all["labels"].as_u64().expect("labels"),
        all["found"].as_u64().expect("found"),
    );
    assert!(labels >= 12, "{labels} labels");
    assert!(found * 20 >= labels * 17, "{found} of {labels} found");
    let evaluation = &summary["evaluation"];
    let identities = evaluation["false_incidents_per_day"].as_f64();
    // There are as many decoys and attacks as in an estate five times as large.
    assert!(identities.expect("a number") <= 10.0, "{evaluation}");
    assert!(!alerts(&said.out).is_empty());
    let page = std::fs::read_to_string(world.path().join("result/report.html"))
        .expect("a page is written");
    assert!(page.contains("Content-Security-Policy"));
    let written = std::fs::read_to_string(world.path().join("result/alerts.jsonl"))
        .expect("alerts are written");
    assert_eq!(alerts(&written), alerts(&said.out));
    // The page has each incident once, with its alerts.
    let incidents = std::fs::read_to_string(world.path().join("result/incidents.jsonl"))
        .expect("incidents are written");
    let page = Report::read(&page);
    let mut n = 0;
    for line in incidents.lines() {
        let incident: Value = serde_json::from_str(line).expect("an incident");
        if incident["suppressed"] == true {
            continue;
        }
        n += 1;
        let id = incident["incident_id"].as_str().expect("an id");
        let story = page.answer(&format!("/v1/incidents/{id}"));
        let ids = |of: &Value| -> BTreeSet<String> {
            let all = of.as_array().into_iter().flatten();
            all.filter_map(|id| Some(id.as_str()?.to_owned())).collect()
        };
        let told = story["alerts"].as_array().into_iter().flatten();
        let told = told.filter_map(|alert| Some(alert["alert_id"].as_str()?.to_owned()));
        let (all, covered) = (ids(&incident["alerts"]), ids(&incident["covered"]));
        let wanted: BTreeSet<String> = all.difference(&covered).cloned().collect();
        assert_eq!(told.collect::<BTreeSet<_>>(), wanted, "{incident:#}");
    }
    let listed = &page.answer("/v1/incidents")["incidents"];
    assert_eq!(listed.as_array().map(Vec::len), Some(n));
    // Each alert says what the labels say of it, and is still itself.
    let of_kind = |label: &str| {
        let lines = written.lines().map(serde_json::from_str::<Value>);
        let is_new = |alert: &Value| alert["status"] == "closed" && alert["label"] == label;
        lines
            .filter(|alert| alert.as_ref().is_ok_and(is_new))
            .count() as u64
    };
    assert_eq!(all["false_alerts"].as_u64(), Some(of_kind("false")));
    assert_eq!(all["true_alerts"].as_u64(), Some(of_kind("true")));
    world.run(&["verify", "result/alerts.jsonl"]).succeeds();
    assert!(
        said.err.contains(" by generations 1 to 5") && said.err.contains("\nfalse alerts\n"),
        "{}",
        said.err
    );

    let said = world.run(&["inspect", "logs"]).succeeds();
    let counted = said.out.contains("nothing is wrong with any of")
        && said.out.contains("S3 data events are here");
    assert!(counted && said.out.lines().count() < 15, "{}", said.out);
    let all = world.run(&["inspect", "--files", "logs"]).succeeds().out;
    assert!(all.lines().count() > world.files().len(), "{all}");
}

#[test]
fn a_frozen_backtest_is_training_and_then_scoring() {
    let world = World::simulated(2, 12, 40);
    let days = world.days();
    world.link_days("past", &days[..8]);
    world.link_days("present", &days[8..]);
    let whole = world
        .run(&[
            "backtest",
            "logs",
            "--train-days",
            "8",
            "--frozen",
            "--format",
            "json",
        ])
        .succeeds();
    world.run(&["train", "past"]).succeeds();
    let scored = world.run(&["score", "present"]).succeeds();
    assert!(!alerts(&scored.out).is_empty());
    assert_eq!(alerts(&whole.out), alerts(&scored.out));
}

#[test]
fn a_backtest_is_scoring_and_training_night_after_night() {
    let world = World::simulated(3, 12, 40);
    let days = world.days();
    world.link_days("past", &days[..8]);
    world.run(&["train", "past"]).succeeds();
    let mut nightly = Vec::new();
    for day in &days[8..] {
        world.link_days(day, std::slice::from_ref(day));
        nightly.extend(alerts(&world.run(&["score", day]).succeeds().out));
        world.run(&["train", day]).succeeds();
    }
    let whole = world
        .run(&["backtest", "logs", "--train-days", "8", "--format", "json"])
        .succeeds();
    assert_eq!(alerts(&whole.out), nightly);
}

#[test]
fn a_second_training_on_the_same_files_says_that_there_is_nothing_new() {
    let world = World::simulated(4, 5, 20);
    world.run(&["train", "logs"]).succeeds();
    let said = world.run(&["train", "logs"]).succeeds();
    assert!(said.err.contains("nothing new"), "{}", said.err);
}

#[test]
fn sessions_with_random_names_are_one_role_and_raise_nothing() {
    let world = World::empty();
    let mut lines = Vec::new();
    for i in 0..1_500u32 {
        let (day, minute) = (1 + i / 100, i % 100 * 14);
        let time = format!("2026-03-{day:02}T{:02}:{:02}:00Z", minute / 60, minute % 60);
        // From the eleventh day on, every session has a name that was never seen.
        let session = format!(
            "aws-go-sdk-{}",
            if day > 10 {
                1_688_990_797_103_471_741 + u64::from(i)
            } else {
                7 + u64::from(i % 3)
            }
        );
        lines.push(listing(
            &format!("event-{i}"),
            &time,
            &session,
            if i % 2 == 0 {
                "ListObjects"
            } else {
                "ListObjectsV2"
            },
        ));
    }
    world.write("trail.jsonl", lines.join("\n") + "\n");
    let said = world
        .run(&[
            "backtest",
            "trail.jsonl",
            "--train-days",
            "10",
            "--format",
            "json",
        ])
        .succeeds();
    assert_eq!(said.out, "", "no alert");
    world.run(&["train", "trail.jsonl"]).succeeds();
    let shown = world
        .run(&[
            "show",
            "arn:aws:iam::111122223333:role/batch",
            "--format",
            "json",
        ])
        .succeeds();
    assert!(
        shown.out.contains("list_calls"),
        "both spellings of a listing count: {}",
        shown.out
    );
}

/// A listing as CloudTrail writes it.
fn listing(id: &str, time: &str, session: &str, name: &str) -> String {
    serde_json::json!({
        "eventVersion": "1.09", "eventID": id, "eventTime": time, "eventSource": "s3.amazonaws.com", "eventName": name,
        "awsRegion": "eu-west-1", "sourceIPAddress": "10.1.2.3", "userAgent": "[aws-sdk-go/1.44.0]",
        "eventType": "AwsApiCall", "eventCategory": "Data", "managementEvent": false, "readOnly": true,
        "recipientAccountId": "111122223333",
        "userIdentity": {
            "type": "AssumedRole", "principalId": format!("AROAEXAMPLE:{session}"), "accountId": "111122223333",
            "arn": format!("arn:aws:sts::111122223333:assumed-role/batch/{session}"), "accessKeyId": "ASIAEXAMPLE",
            "sessionContext": {"sessionIssuer": {
                "type": "Role", "principalId": "AROAEXAMPLE", "arn": "arn:aws:iam::111122223333:role/batch",
                "accountId": "111122223333", "userName": "batch"}}},
        "requestParameters": {"bucketName": "reports", "prefix": "", "list-type": "2"},
        "additionalEventData": {"bytesTransferredOut": 4321},
        "resources": [
            {"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::reports/"},
            {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::reports", "accountId": "111122223333"}]
    })
    .to_string()
}

#[test]
fn an_alert_can_be_explained_and_its_entity_shown() {
    let world = World::simulated(6, 12, 40);
    let days = world.days();
    world.link_days("past", &days[..8]);
    world.link_days("present", &days[8..]);
    world.run(&["train", "past"]).succeeds();
    let scored = world.run(&["score", "present"]).succeeds();
    let first: Value =
        serde_json::from_str(scored.out.lines().next().expect("an alert")).expect("JSON");
    let id = first["alert_id"].as_str().expect("an id");
    let explained = world.run(&["explain", id]).succeeds();
    assert!(
        explained
            .out
            .contains(first["entity"]["id"].as_str().expect("who")),
        "{}",
        explained.out
    );
    world.run(&["explain", &id[..8]]).succeeds();
    let shown = world.run(&["show"]).succeeds();
    assert!(shown.out.contains("arn:aws"), "{}", shown.out);
    world
        .run(&["explain", "ffffffffffff"])
        .fails_with(1, &["error:", "hint:"]);
}

#[test]
fn an_approved_exception_is_counted_and_shown_on_request() {
    let world = World::simulated(1, 15, 60);
    let plain = world
        .run(&["backtest", "logs", "--train-days", "10", "--format", "json"])
        .succeeds();
    let who: BTreeSet<String> = plain
        .out
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).expect("JSON")["entity"]["id"]
                .as_str()
                .expect("who")
                .to_owned()
        })
        .collect();
    let who = who.first().expect("an alert");
    let config =
        std::fs::read_to_string(world.path().join("plimsoll.toml")).expect("a configuration");
    let approval = format!(
        "\n[[approval]]\nidentity = \"{who}\"\nowner = \"soc@example.com\"\nreason = \"a test\"\nexpires = 2030-01-01\n"
    );
    world.write("plimsoll.toml", config + &approval);
    let said = world
        .run(&["backtest", "logs", "--train-days", "10", "--format", "json"])
        .succeeds();
    assert!(
        !said.out.contains(&format!("\"id\":\"{who}\"")),
        "it is suppressed"
    );
    let all = world
        .run(&[
            "backtest",
            "logs",
            "--train-days",
            "10",
            "--format",
            "json",
            "--show-suppressed",
        ])
        .succeeds();
    assert!(all.out.contains("soc@example.com"), "and shown on request");

    let expired =
        std::fs::read_to_string(world.path().join("plimsoll.toml")).expect("a configuration");
    world.write(
        "plimsoll.toml",
        expired.replace("expires = 2030-01-01\n", "expires = 2026-01-01\n"),
    );
    let said = world
        .run(&["backtest", "logs", "--train-days", "10", "--format", "json"])
        .succeeds();
    assert!(
        said.out.contains(&format!("\"id\":\"{who}\"")),
        "an expired approval no longer holds"
    );
}

#[test]
fn alert_ids_do_not_depend_on_how_logs_are_dealt() {
    let world = World::simulated(7, 12, 30);
    let days = world.days();
    world.write_lines("all.jsonl", &days);
    let text = std::fs::read_to_string(world.path().join("all.jsonl")).expect("lines");
    let mut shards: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        // Dealt to three files by an uneven rule, every eleventh line twice, and each file backwards.
        shards.entry(at * at % 7 % 3).or_default().push(line);
        if at % 11 == 0 {
            shards.entry(at % 3).or_default().push(line);
        }
    }
    for (shard, mut lines) in shards {
        lines.reverse();
        world.write(&format!("shards/{shard}.jsonl"), lines.join("\n") + "\n");
    }
    let args = |logs: &'static str| ["backtest", logs, "--train-days", "8", "--format", "json"];
    let (whole, dealt) = (
        world.run(&args("all.jsonl")).succeeds(),
        world.run(&args("shards")).succeeds(),
    );
    assert!(!whole.out.is_empty());
    assert_eq!(whole.out, dealt.out);
}
