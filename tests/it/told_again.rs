//! What is told of an alert a second time, and which of its documents counts: with an approval and without it, with more of the day, with
//! a verdict.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::life::{FOREIGN, cut, documents, follow_growing, number, theft, trained, victim};
use crate::plain_spikes::{Cloud, DAYS, LIST, Logs, READ, outside, person};
use crate::world::World;

const JOB: &str = "job-02";

/// Returns what a command lists of the job.
#[track_caller]
fn listed(world: &World, command: &[&str]) -> Vec<Value> {
    let rest = ["--format", "json", "--entity", JOB];
    documents(&world.run(&[command, &rest].concat()).succeeds().out)
}

fn ids(alerts: &[Value]) -> BTreeSet<String> {
    let id = |alert: &Value| alert["alert_id"].to_string();
    alerts.iter().map(id).collect()
}

fn revisions(alerts: &[Value]) -> BTreeSet<u64> {
    alerts.iter().map(|of| number(&of["revision"])).collect()
}

/// An approval is taken back and given again: of each alert it is known which document is the later one.
#[test]
fn the_latest_word_on_an_alert_counts_whatever_changed() {
    let world = trained(&theft(Cloud::Aws));
    let identity = victim().id(Cloud::Aws);
    let add = [
        "approve",
        "add",
        "--identity",
        &*identity,
        "--owner",
        "a@b.c",
    ];
    let rest = ["--reason", "test", "--expires", "2099-01-31"];
    world.run(&[&add[..], &rest].concat()).succeeds();
    let config = world.path().join("plimsoll.toml");
    let approval = std::fs::read_to_string(&config).expect("a configuration");
    let covered = |is_covered: bool| {
        world.write("plimsoll.toml", if is_covered { &*approval } else { "" });
    };
    let score = |again: &[&str]| {
        let said = world.run(&[&["score"], again, &["today.jsonl"]].concat());
        said.succeeds().out
    };
    score(&[]);
    let all = ids(&listed(&world, &["alerts", "--show-suppressed"]));
    assert!(all.len() > 1, "{all:?}");
    let hidden = |revision: u64| {
        assert_eq!(listed(&world, &["alerts"]), [] as [Value; 0]);
        assert_eq!(listed(&world, &["incidents"]), [] as [Value; 0]);
        let told = listed(&world, &["alerts", "--show-suppressed"]);
        assert_eq!(
            (ids(&told), revisions(&told)),
            (all.clone(), [revision].into())
        );
    };
    let told = |revision: u64| {
        let told = listed(&world, &["alerts"]);
        assert_eq!(
            (ids(&told), revisions(&told)),
            (all.clone(), [revision].into())
        );
        let incidents = listed(&world, &["incidents"]);
        let of = |incident: &Value| incident["alerts"].as_array().map_or(0, Vec::len);
        assert_eq!(incidents.iter().map(of).sum::<usize>(), all.len());
    };
    hidden(0);
    covered(false);
    score(&[]);
    told(1);
    covered(true);
    score(&["--again"]);
    hidden(2);
    let again = score(&["--again", "--show-suppressed"]);
    assert_eq!(
        score(&["--again", "--show-suppressed"]),
        again,
        "nothing changed"
    );
    hidden(2);
    covered(false);
    score(&["--again"]);
    told(3);
    assert_eq!(score(&[]), "");
    told(3);
}

#[test]
fn a_verdict_on_an_incident_has_one_effect_and_it_is_told_once() {
    let world = trained(&theft(Cloud::Aws));
    world.run(&["score", "today.jsonl"]).succeeds();
    let incident = listed(&world, &["incidents"]).remove(0);
    let n = incident["alerts"].as_array().expect("alerts").len();
    assert!(n > 1, "{incident:#}");
    let id = incident["incident_id"].as_str().expect("an id");
    let say = |more: &[&str]| {
        world
            .run(&[&["feedback", id], more].concat())
            .succeeds()
            .out
    };
    let said = say(&["true"]);
    assert_eq!(
        said.matches("its day is not learnt yet").count(),
        1,
        "{said}"
    );
    world.run(&["train", "today.jsonl"]).succeeds();
    for (verdict, is_told) in [
        ("false", "with what they are about learnt again"),
        ("true", "without what the alerts are about"),
    ] {
        let said = say(&[verdict]);
        assert_eq!(said.matches("is published").count(), 1, "{said}");
        assert!(said.contains(is_told), "{said}");
        assert!(!said.contains("nothing"), "{said}");
        assert_eq!(said.matches(&format!(" {verdict}")).count(), n, "{said}");
    }
    let said = say(&["true"]);
    assert_eq!(said.matches("nothing changes").count(), 1, "{said}");
    let documents: Vec<Value> =
        serde_json::from_str(&say(&["false", "--format", "json"])).expect("a list");
    let generations: BTreeSet<u64> = documents
        .iter()
        .map(|of| number(&of["generation"]))
        .collect();
    assert_eq!(
        (documents.len(), generations.len()),
        (n, 1),
        "{documents:#?}"
    );
    assert!(!generations.contains(&0), "{documents:#?}");
}

#[test]
fn each_document_of_an_alert_has_an_id_of_its_own() {
    let world = World::empty();
    world.write("all.jsonl", theft(Cloud::Aws).text);
    let split = format!("--split=2026-03-{DAYS}");
    let args = [
        "backtest",
        "all.jsonl",
        &split,
        "--every-status",
        "--format=ocsf",
    ];
    let findings = documents(&world.run(&args).succeeds().out);
    let of = |field: [&str; 2]| -> BTreeSet<String> {
        let id = |finding: &Value| finding[field[0]][field[1]].to_string();
        findings.iter().map(id).collect()
    };
    assert_eq!(of(["metadata", "uid"]).len(), findings.len());
    assert!(of(["finding_info", "uid"]).len() < findings.len());
}

/// What was done at the desk all day does not use up what is told of the thief.
#[test]
fn what_else_is_done_that_day_hides_no_growth() {
    let mut logs = Logs::ordinary(Cloud::Aws, |who, day| {
        !(who.id(Cloud::Aws) == person(5).id(Cloud::Aws) && day == DAYS)
    });
    let (desk, thief) = (person(5), outside(person(5)));
    logs.objects((DAYS, 3_600), 12, thief, READ, [12, 2, 100]);
    for (n, from) in [(12, 8_000), (120, 20_000), (1_200, 40_000)] {
        logs.objects((DAYS, from), n, desk, LIST, [n, 1, 100]);
        for (at, call) in [
            "iam:ListUsers",
            "s3:PutBucketTagging",
            "ec2:RunInstances",
            "s3:GetBucketPolicy",
        ]
        .iter()
        .enumerate()
        {
            let row = [call, "", "null", "null"];
            (0..n).for_each(|i| logs.call((DAYS, from + 2_000 * (at as u32 + 1) + i), desk, &row));
        }
    }
    logs.objects((DAYS, 72_000), 3_000, thief, READ, [3_000, 60, 900_000]);
    let world = trained(&logs);
    let said = world
        .run(&["score", "--every-status", "today.jsonl"])
        .succeeds();
    let id = person(5).id(Cloud::Aws);
    let of_spike =
        |alert: &Value| alert["analytic"] == "ACCESS-SPIKE" && alert["entity"]["id"] == *id;
    let told: Vec<Value> = documents(&said.out).into_iter().filter(of_spike).collect();
    let first = &told[0];
    assert!(first["time"].as_str() < Some("2026-03-21T02"), "{first:#}");
    let has_theft =
        |alert: &&Value| alert["status"] == "update" && number(&alert["extent"]["objects"]) > 100;
    let updates: Vec<&Value> = told.iter().filter(has_theft).collect();
    assert!(!updates.is_empty(), "{told:#?}");
}

/// While an approval covers what goes on, it is asked only about what is new; and what it does not cover is told at once.
#[test]
fn what_an_approval_does_not_cover_is_told_while_the_day_goes_on() {
    const ELSEWHERE: &str = "198.18.0.9";
    let logs = theft(Cloud::Aws);
    let before = trained(&logs);
    // Some of what the thief reads comes from elsewhere.
    let (_, today) = cut(&logs);
    let moved = today.iter().map(|line| match line.contains("T03:30:") {
        true => line.replace(FOREIGN, ELSEWHERE),
        false => (*line).to_owned(),
    });
    let moved: Vec<String> = moved.collect();
    let id = victim().id(Cloud::Aws);
    let covered = |lines: &[&str]| -> Vec<Value> {
        let copy = World::empty();
        let from = before.path().join("plimsoll-store");
        let copied = format!("cp -r '{}' plimsoll-store", from.display());
        copy.run_in_shell(&copied).succeeds();
        let approval = format!(
            "[[approval]]\nidentity = \"{id}\"\nnetwork = [\"203.0.113.0/24\", \"10.0.0.0/8\"]\nowner = \"a\"\nreason = \"b\"\n\
             expires = \"2099-01-31\"\n"
        );
        copy.write("plimsoll.toml", approval);
        let told = follow_growing(&copy, "plimsoll-store", lines, lines.len().div_ceil(12));
        let is_meant = |alert: &Value| alert["entity"]["id"] == *id;
        documents(&told).into_iter().filter(is_meant).collect()
    };
    assert_eq!(covered(&today), [] as [Value; 0]);
    let lines: Vec<&str> = moved.iter().map(String::as_str).collect();
    let told = covered(&lines);
    let analytics = |status: &str| -> BTreeSet<String> {
        let of = told.iter().filter(|alert| alert["status"] == status);
        of.map(|alert| alert["analytic"].to_string()).collect()
    };
    assert!(!analytics("new").is_empty(), "{told:#?}");
    assert_eq!(analytics("new"), analytics("closed"));
    let first = told.iter().filter(|alert| alert["status"] == "new");
    for alert in first {
        let time = alert["time"].as_str();
        assert!(time >= Some("2026-03-21T03:30:00Z"), "{alert:#}");
        assert!(time < Some("2026-03-21T03:35:00Z"), "{alert:#}");
    }
}
