//! What other detectors found of an actor is told with his incident, and how unusual that is for him. It is nothing that anybody did, so
//! it changes no score and makes nobody known.

use serde_json::{Value, json};

use crate::plain_spikes::{Cloud, DAYS, Logs, READ, TONIGHT, Who, job};
use crate::world::World;

const EXFILTRATION: &str = "Exfiltration:S3/AnomalousBehavior";
const DISCOVERY: &str = "Discovery:S3/AnomalousBehavior";

fn guard_duty(id: &str, day: u32, role: &str, kind: &str, severity: f64) -> String {
    let finding = json!({
        "schemaVersion": "2.0", "accountId": "111122223333", "region": "eu-west-1", "id": id, "type": kind, "severity": severity,
        "arn": format!("arn:aws:guardduty:eu-west-1:111122223333:detector/d1/finding/{id}"),
        "resource": {"resourceType": "AccessKey", "accessKeyDetails": {
            "principalId": "AROAEXAMPLE:run", "userType": "AssumedRole", "userName": role}},
        "service": {"serviceName": "guardduty", "eventLastSeen": format!("2026-03-{day:02}T03:10:00Z")},
        "createdAt": format!("2026-03-{day:02}T03:40:00Z"), "title": format!("{role} is unusual"),
    });
    finding.to_string() + "\n"
}

/// Three weeks of an estate, in the last night of which a job reads everything.
fn theft(thief: Who) -> [String; 2] {
    let mut logs = Logs::ordinary(Cloud::Aws, |_, _| true);
    logs.objects(TONIGHT, 2_500, thief, READ, [5_000, 60, 1_000_000]);
    let today = format!("\"eventTime\":\"2026-03-{DAYS:02}");
    let (today, before): (Vec<&str>, Vec<&str>) =
        logs.text.lines().partition(|line| line.contains(&today));
    [before.join("\n") + "\n", today.join("\n") + "\n"]
}

fn incidents(world: &World) -> Vec<Value> {
    let said = world.run(&["incidents", "--format", "json"]).succeeds();
    said.out
        .lines()
        .map(|line| serde_json::from_str(line).expect("a document"))
        .collect()
}

/// Findings are kept for months: one from before the logs begins no store, and a finding of any day judges nobody.
#[test]
fn a_finding_of_an_earlier_day_changes_nothing() {
    let [before, today] = theft(job(2));
    let world = World::empty();
    world.write("logs/logs.jsonl", before + &today);
    let said = |logs: &[&str]| {
        let command = ["backtest", "--format", "json"];
        world.run(&[&command[..], logs].concat()).succeeds().out
    };
    let alone = said(&["logs"]);
    let finding = guard_duty("f0", 5, "job-02", EXFILTRATION, 8.0);
    let findings = finding.replace("2026-03-05", "2026-01-05")
        + &guard_duty("f1", 9, "nobody", DISCOVERY, 5.0);
    world.write("findings.jsonl", findings);
    assert_eq!(said(&["logs", "findings.jsonl"]), alone);
    let learnt = world.run(&["train", "findings.jsonl"]).succeeds().err;
    assert!(learnt.contains("baselines       none"), "{learnt}");
}

#[test]
fn a_finding_is_told_with_the_incident_of_its_actor() {
    let thief = job(2);
    let [before, today] = theft(thief);
    let world = World::empty();
    world.write("before.jsonl", before);
    world.write("today.jsonl", today);
    let earlier = [
        guard_duty("f1", 5, "job-02", EXFILTRATION, 8.0),
        // The same finding again, and one on whom no log names.
        guard_duty("f1", 5, "job-02", EXFILTRATION, 8.0),
        guard_duty("f2", 6, "nobody", EXFILTRATION, 8.0),
    ];
    world.write("findings.jsonl", earlier.concat());
    world
        .run(&["train", "before.jsonl", "findings.jsonl"])
        .succeeds();
    let shown = world.run(&["show", "nobody"]);
    assert_ne!(shown.status, 0, "{}", shown.out);
    world.run(&["score", "today.jsonl"]).succeeds();
    let alone = incidents(&world);
    let of_thief = |all: &[Value]| {
        let is_his = |of: &&Value| of["entities"][0]["id"] == *thief.id(Cloud::Aws);
        all.iter().find(is_his).cloned().expect("an incident")
    };
    assert_eq!(of_thief(&alone)["findings"], Value::Null);

    // They come later than the acts, as they do.
    let now = [
        guard_duty("f3", DAYS, "job-02", EXFILTRATION, 8.0),
        guard_duty("f4", DAYS, "job-02", DISCOVERY, 5.0),
    ];
    world.write("late.jsonl", now.concat());
    world
        .run(&["score", "today.jsonl", "late.jsonl"])
        .succeeds();
    let told = of_thief(&incidents(&world));
    assert_eq!(told["score"], of_thief(&alone)["score"]);
    let found = told["findings"].as_array().expect("findings");
    let row = |of: &Value| {
        let text = |name: &str| of[name].as_str().unwrap_or_default().to_owned();
        (text("kind"), text("severity"), of["seen_days"].as_u64())
    };
    assert_eq!(
        found.iter().map(row).collect::<Vec<_>>(),
        [
            (EXFILTRATION.to_owned(), "high".to_owned(), Some(1)),
            (DISCOVERY.to_owned(), "medium".to_owned(), Some(0)),
        ]
    );
    // Findings are known since the fifth.
    assert_eq!(found[0]["of_days"], 16, "{found:#?}");
    let shown = world.run(&["incidents"]).succeeds().out;
    let id = told["incident_id"].as_str().expect("an id");
    let all = world.run(&["incidents", id]).succeeds().out;
    let said =
        "guardduty found Exfiltration:S3/AnomalousBehavior (high): on 1 of the 16 days before";
    assert!(all.contains(said), "{all}");
    assert!(all.contains("never before in 16 days"), "{all}");
    assert!(!shown.is_empty());
}

/// A detector that watches machines names the machine, and the logs name the role whose credentials it has.
#[test]
fn a_finding_on_an_instance_is_told_with_the_incident_of_the_role_that_works_on_it() {
    const INSTANCE: &str = "i-0123456789abcdef0";
    let thief = job(2);
    let on_instance = |line: &str| {
        if !line.contains("assumed-role/job-02/run") {
            return line.to_owned() + "\n";
        }
        let delivered = "\"sessionContext\":{\"ec2RoleDelivery\":\"2.0\",";
        line.replace(
            "assumed-role/job-02/run",
            &format!("assumed-role/job-02/{INSTANCE}"),
        )
        .replace(":run\"", &format!(":{INSTANCE}\""))
        .replace("\"sessionContext\":{", delivered)
            + "\n"
    };
    let [before, today] =
        theft(thief).map(|text| text.lines().map(on_instance).collect::<String>());
    let world = World::empty();
    world.write("before.jsonl", before);
    world.write("today.jsonl", today);
    let on = |id: &str, instance: &str| {
        let details =
            json!({"resourceType": "Instance", "instanceDetails": {"instanceId": instance}});
        let kind = "CryptoCurrency:EC2/BitcoinTool.B";
        let mut finding: Value =
            serde_json::from_str(&guard_duty(id, DAYS, "job-02", kind, 8.0)).expect("a finding");
        finding["resource"] = details;
        finding.to_string() + "\n"
    };
    world.run(&["train", "before.jsonl"]).succeeds();
    world.run(&["score", "today.jsonl"]).succeeds();
    let found = || {
        let all = incidents(&world);
        let is_his = |of: &&Value| of["entities"][0]["id"] == *thief.id(Cloud::Aws);
        all.iter().find(is_his).expect("an incident")["findings"].clone()
    };
    assert_eq!(found(), Value::Null);
    world.write(
        "late.jsonl",
        on("f1", INSTANCE) + &on("f2", "i-0fedcba9876543210"),
    );
    world
        .run(&["score", "today.jsonl", "late.jsonl"])
        .succeeds();
    let found = found();
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found:#}");
    assert_eq!(found[0]["event_id"], "f1");
    assert_eq!(found[0]["instance"], format!("aws:instance:{INSTANCE}"));
}
