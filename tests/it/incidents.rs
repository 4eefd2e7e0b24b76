//! What one analyst looks at once: incidents, out of the alerts that were told.

use std::fs;

use serde_json::{Value, json};

use crate::world::World;

/// Returns an alert of 2026-03-`day`, as scoring writes it.
fn alert(id: &str, analytic: &str, entity: &str, (day, from, to): (u8, &str, &str)) -> Value {
    let at = |time: &str| format!("2026-03-{day:02}T{time}:00Z");
    json!({
        "schema": 1, "alert_id": id.repeat(8), "status": "closed", "analytic": analytic, "name": analytic, "headline": null,
        "severity": "high", "score": 97.0, "surprise": 4.6, "threshold": 92.0, "arm": "A", "statistic": 20.0, "time": at(to),
        "crossed_at": at(from), "first_event": at(from), "last_event": at(to),
        "window": {"start": at(from), "end": at(to)},
        "entity": {"kind": "identity", "id": entity, "identity_kind": "role_session", "provider": "aws",
            "account": entity.split(':').nth(4)},
        "reasons": [], "events": 9, "event_ids": [format!("event-{id}")], "generation": 3, "suppressed_by": null,
    })
}

fn volume(metric: &str, observed: u64) -> Value {
    json!({"kind": "volume", "metric": metric, "window": "1h", "observed": observed, "p50": 4, "p99": 31, "p_value": 1e-9, "surprise": 20.0})
}

fn role(account: u8, name: &str) -> String {
    format!(
        "arn:aws:iam::{}:role/{name}",
        account.to_string().repeat(12)
    )
}

fn lines(alerts: &[Value]) -> String {
    alerts.iter().map(|alert| format!("{alert}\n")).collect()
}

/// Returns the incidents of alerts, the newest first.
fn incidents(world: &World, arguments: &[&str]) -> Vec<Value> {
    let mut all = vec!["incidents", "--format", "json"];
    all.extend(arguments);
    let said = world.run(&all).succeeds();
    said.out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A stolen role that lists, then reads, then sends.
fn stolen_role() -> Vec<Value> {
    let etl = role(1, "etl");
    let source = json!([{"address": "203.0.113.9", "network": "AS64500", "client": "aws-cli", "calls": 20_011, "counted": 20_011,
        "objects": 20_000, "bytes": 0}]);
    let mut listed = alert("a1", "AN1594", &etl, (16, "03:00", "03:10"));
    listed["reasons"] = json!([volume("buckets_listed", 60), volume("list_calls", 1_280)]);
    listed["extent"] =
        json!({"calls": 1_280, "buckets": 60, "list_calls": 1_280, "buckets_listed": 60});
    listed["extent_at_crossing"] = json!({"calls": 31, "buckets": 4});
    let mut read = alert("b2", "ACCESS-SPIKE", &etl, (16, "03:04", "03:31"));
    read["reasons"] = json!([volume("objects_read", 20_000)]);
    read["extent"] = json!({"calls": 20_011, "objects": 20_000, "buckets": 60, "bytes_read": 21_000_000_000_u64,
        "objects_read": 20_000, "buckets_read": 60});
    let mut sent = alert("c3", "EGRESS-SPIKE", &etl, (16, "03:20", "03:40"));
    sent["reasons"] = json!([volume("egress_bytes", 21_000_000_000)]);
    sent["extent"] = json!({"calls": 40, "bytes_out": 21_000_000_000_u64});
    sent["destinations"] =
        json!([{"address": "198.51.100.7", "external": true, "bytes": 21_000_000_000_u64}]);
    let mut alerts = vec![listed, read, sent];
    for alert in &mut alerts {
        alert["sources"] = source.clone();
    }
    alerts
}

#[test]
fn what_several_analytics_tell_of_one_theft_is_told_once() {
    let world = World::empty();
    world.write("alerts.jsonl", lines(&stolen_role()));
    let told = incidents(&world, &["--from", "alerts.jsonl"]);
    assert_eq!(told.len(), 1);
    let incident = &told[0];
    assert_eq!(
        incident["title"],
        "etl listed 60 buckets in 1,280 calls, read 20,000 objects (21.0 GB) in 60 buckets and sent 21.0 GB to 198.51.100.7, from \
         203.0.113.9, 03:00–03:40"
    );
    assert_eq!(
        incident["stages"],
        json!(["enumeration", "access", "egress"])
    );
    assert_eq!(incident["severity"], "critical");
    assert_eq!(incident["extent_at_crossing"]["calls"], 31);
    assert_eq!(
        incident["extent"]["calls"], 20_011,
        "nothing is counted twice"
    );
    assert!(
        incident["next_steps"]
            .as_array()
            .is_some_and(|steps| steps.len() > 3)
    );

    let id = incident["incident_id"].as_str().unwrap();
    let story = world
        .run(&["incidents", &id[..6], "--from", "alerts.jsonl"])
        .succeeds()
        .out;
    for part in [
        "CRITICAL  97.0  2026-03-16 03:00–03:40",
        "raised one step because enumeration, access and egress follow one another",
        "Timeline\n",
        "AN1594: threshold 92.0 reached",
        "203.0.113.9, network AS64500, client aws-cli: 20,011 calls, 20,000 objects",
        "c3c3c3c3c3c3c3c3  high  EGRESS-SPIKE",
        "Next steps\n  1. ",
    ] {
        assert!(story.contains(part), "`{part}` is not in\n{story}");
    }
    let (story, commands) = story.split_once("\nCommands\n").expect("commands");
    for command in ["explain", "feedback", "approve add --from"] {
        let command = format!("`plimsoll {command} {}", &id[..12]);
        assert!(
            commands.contains(&command),
            "`{command}` is not in\n{commands}"
        );
    }
    let why = world
        .run(&["explain", id, "--from", "alerts.jsonl"])
        .succeeds()
        .out;
    assert!(
        why.starts_with(story.trim_end()) && why.matches("\nWhy\n").count() == 3,
        "{why}"
    );
}

#[test]
fn a_chain_over_three_accounts_and_four_days_is_one_incident() {
    let world = World::empty();
    let (stage, jump, vault) = (role(1, "stage"), role(2, "jump"), role(3, "vault"));
    let mut made = alert("a1", "AN1328", &stage, (13, "11:00", "11:20"));
    made["entity"]["created"] = json!({"time": "2026-03-13T10:00:00Z", "operation": "iam:CreateRole", "event_id": "m1",
        "by": "arn:aws:iam::111111111111:user/mallory", "source_ip": "203.0.113.9"});
    let by = |whose: &str, time: &str| json!({"credential": "ASIA1", "time": time, "operation": "sts:AssumeRole", "event_id": "i1", "by": whose, "source_ip": null});
    let mut jumped = alert("b2", "AN1594", &jump, (14, "21:00", "21:30"));
    jumped["assumed"] = json!([by(&stage, "2026-03-14T20:00:00Z")]);
    // An approval of the step between does not cut the chain.
    jumped["suppressed_by"] = "approval of jump".into();
    let mut used = alert("c3", "ACCESS-SPIKE", &vault, (16, "03:04", "03:31"));
    used["assumed"] = json!([by(&jump, "2026-03-16T02:00:00Z")]);
    used["reasons"] = json!([volume("objects_read", 20_000)]);
    used["extent"] = json!({"calls": 20_000, "objects": 20_000, "buckets": 6, "bytes_read": 21_000_000_000_u64,
        "objects_read": 20_000, "buckets_read": 6});
    // In whatever order they are written.
    world.write("alerts.jsonl", lines(&[used, made, jumped]));
    let told = incidents(&world, &["--from", "alerts.jsonl"]);
    assert_eq!(told.len(), 1, "{told:#?}");
    let parts: Vec<(&str, &str)> = told[0]["entities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entity| {
            (
                entity["part"].as_str().unwrap(),
                entity["id"].as_str().unwrap(),
            )
        })
        .collect();
    let mallory = "arn:aws:iam::111111111111:user/mallory";
    assert_eq!(
        parts,
        [
            ("actor", &*stage),
            ("actor", &*jump),
            ("actor", &*vault),
            ("created_by", mallory)
        ]
    );
    assert_eq!(
        told[0]["title"],
        "mallory created stage, which assumed jump, which assumed vault, which read 20,000 objects (21.0 GB) in 6 buckets, \
         2026-03-16 03:04–03:31"
    );
    let whats: Vec<&str> = told[0]["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["what"].as_str().unwrap())
        .collect();
    assert!(
        whats[0].starts_with("created by arn:aws:iam::111111111111:user/mallory (iam:CreateRole)"),
        "{whats:#?}"
    );
    assert_eq!(
        whats
            .iter()
            .filter(|what| what.starts_with("credential issued"))
            .count(),
        2,
        "{whats:#?}"
    );
}

#[test]
fn a_roll_out_is_told_once_and_an_attack_in_it_by_itself() {
    let world = World::empty();
    let newcomer = |n: u8| {
        let mut alert = alert(
            &format!("d{n}"),
            "UNUSUAL-REGION",
            &role(1, &format!("etl-{n}")),
            (16, &format!("1{n}:05"), &format!("1{n}:40")),
        );
        alert["severity"] = "medium".into();
        alert["reasons"] = json!([{"kind": "novelty", "trait": "work_region", "value": "ap-south-1", "seen": 0, "of": 20,
            "p_value": 1e-3, "surprise": 6.0}]);
        alert
    };
    let mut alerts: Vec<Value> = (0..9).map(newcomer).collect();
    let mut stolen = newcomer(9);
    stolen["severity"] = "high".into();
    stolen["reasons"]
        .as_array_mut()
        .unwrap()
        .push(volume("objects_read", 4_000));
    alerts.push(stolen);
    world.write("alerts.jsonl", lines(&alerts));
    let told = incidents(&world, &["--from", "alerts.jsonl"]);
    let titles: Vec<&str> = told
        .iter()
        .map(|incident| incident["title"].as_str().unwrap())
        .collect();
    assert_eq!(
        titles,
        [
            "etl-9 read 4,000 objects in 1 h, 19:05–19:40",
            "Roll-out: 9 identities of account aws:111111111111 worked in region ap-south-1 for the first time, 10:05–18:40",
        ]
    );
    assert_eq!(told[1]["cause"]["members"], 9);
    assert_eq!(told[1]["entities"][0]["part"], "member");
    // The same in lines for people, and only what is asked for.
    let list = world
        .run(&["incidents", "--from", "alerts.jsonl"])
        .succeeds()
        .out;
    assert_eq!(list.lines().count(), 4, "{list}");
    assert!(
        list.starts_with("HIGH       97.0  2026-03-16 19:05–19:40  i"),
        "{list}"
    );
    for (asked, n) in [
        (["--severity", "high"], 1),
        (["--entity", "ETL-3"], 1),
        (["--analytic", "UNUSUAL-*"], 2),
        (["--analytic", "AN*"], 0),
        (["--since", "2026-03-16T18:50:00Z"], 1),
        (["--until", "2026-03-15"], 0),
        (["--until", "2026-03-16"], 2),
        (["--limit", "1"], 1),
    ] {
        let arguments = [&["--from", "alerts.jsonl"][..], &asked].concat();
        assert_eq!(incidents(&world, &arguments).len(), n, "{asked:?}");
    }
    let none = world
        .run(&["incidents", "--from", "alerts.jsonl", "--analytic", "X"])
        .succeeds()
        .out;
    assert_eq!(none, "no incidents\n");
    world
        .run(&[
            "incidents",
            "--from",
            "alerts.jsonl",
            "--since",
            "yesterday",
        ])
        .fails_with(2, &["expected a day or an instant"]);
}

#[test]
fn an_incident_is_found_by_every_id_that_it_was_told_under() {
    let world = World::empty();
    let etl = role(1, "etl");
    let mut first = alert("b2", "ACCESS-SPIKE", &etl, (16, "03:04", "03:31"));
    first["status"] = "new".into();
    first["incident_id"] = "i0123456789abcdef0123456789abcde".into();
    first["provisional"] = true.into();
    let mut closed = first.clone();
    closed["status"] = "closed".into();
    closed["first_event"] = "2026-03-16T03:01:00Z".into();
    // What came later was earlier.
    let mut earlier = alert("a1", "AN1594", &etl, (16, "03:00", "03:10"));
    earlier["provisional"] = true.into();
    let now = {
        world.write("alerts.jsonl", lines(&[earlier.clone()]));
        let told = incidents(&world, &["--from", "alerts.jsonl"]);
        told[0]["incident_id"].clone()
    };
    closed["incident_id"] = now.clone();
    world.write("alerts.jsonl", lines(&[first, earlier, closed]));
    let told = incidents(&world, &["i01234", "--from", "alerts.jsonl"]);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["incident_id"], "i0123456789abcdef0123456789abcde");
    assert_eq!(told[0]["merged_into"], now);
    let told = incidents(&world, &[now.as_str().unwrap(), "--from", "alerts.jsonl"]);
    assert!(told[0].get("merged_into").is_none());
    assert_eq!(
        told[0]["merged"],
        json!(["i0123456789abcdef0123456789abcde"])
    );
    let said = |arguments: &[&str]| world.run(arguments).succeeds().out;
    let story = said(&["incidents", "i01234", "--from", "alerts.jsonl"]);
    assert!(
        story.contains(&format!("into      {}", now.as_str().unwrap())),
        "{story}"
    );
    // Whoever reads the list sees what its scores are worth.
    let list = said(&["incidents", "--from", "alerts.jsonl"]);
    assert!(
        list.lines().next().unwrap().ends_with("  etl  provisional"),
        "{list}"
    );
}

#[test]
fn the_first_event_is_one_of_the_act_and_what_a_list_leaves_out_is_counted() {
    let world = World::empty();
    let mut read = alert(
        "b2",
        "ACCESS-SPIKE",
        &role(1, "etl"),
        (16, "03:04", "03:31"),
    );
    read["event_ids"] = json!(["desk", "event-1"]);
    read["reasons"] = json!([
        volume("objects_read", 900),
        {"kind": "novelty", "trait": "user_agent", "value": "x", "seen": 0, "of": 20, "p_value": 1e-3, "surprise": 6.0, "apart": true,
            "first": {"time": "2026-03-16T01:00:00Z", "event_id": "desk", "operation": "s3:GetObject", "source_ip": null,
                "destination_ip": null}},
    ]);
    read["extent"] = json!({"calls": 900, "objects": 900, "buckets": 40});
    let bucket = |n: u8| json!({"bucket": format!("b{n}"), "sensitive": false, "calls": 1, "objects": 1, "bytes": 1});
    read["resources"] = (0..20).map(bucket).collect();
    world.write("alerts.jsonl", lines(&[read]));
    let told = incidents(&world, &["--from", "alerts.jsonl"]);
    let timeline = told[0]["timeline"].as_array().unwrap();
    let first = timeline
        .iter()
        .find(|moment| moment["what"] == "first event");
    assert_eq!(first.unwrap()["event_id"], "event-1", "{timeline:#?}");
    let text = world
        .run(&["explain", "b2b2b2", "--from", "alerts.jsonl"])
        .succeeds()
        .out;
    assert!(text.contains("and 35 more buckets"), "{text}");
}

#[test]
fn alerts_are_listed_as_they_were_told_last() {
    let world = World::empty();
    let mut alerts = stolen_role();
    let mut first = alerts[0].clone();
    first["status"] = "new".into();
    first["score"] = 93.0.into();
    // The closing document counts, wherever it stands.
    alerts.push(first);
    alerts[2]["suppressed_by"] = "approval".into();
    world.write("alerts.jsonl", lines(&alerts) + "{\"alert_id\": \"cut sho");
    let said = world.run(&["alerts", "--from", "alerts.jsonl"]).succeeds();
    assert!(
        said.err.contains("1 line is no alert and is passed over"),
        "{}",
        said.err
    );
    let rows: Vec<&str> = said.out.lines().collect();
    assert_eq!(rows.len(), 4, "{}", said.out);
    assert_eq!(
        rows[0],
        "HIGH       97.0  2026-03-16 03:04–03:31  b2b2b2b2  ACCESS-SPIKE  arn:…:role/etl"
    );
    assert!(
        rows[2].contains("97.0") && rows[2].contains("AN1594"),
        "{}",
        said.out
    );
    let all = world
        .run(&[
            "alerts",
            "--from",
            "alerts.jsonl",
            "--show-suppressed",
            "--format",
            "json",
        ])
        .succeeds()
        .out;
    assert_eq!(all.lines().count(), 3);
    let one = world
        .run(&["alerts", "a1a1a1", "--from", "alerts.jsonl"])
        .succeeds()
        .out;
    assert!(one.starts_with("HIGH      AN1594"), "{one}");
    world
        .run(&["alerts", "ffffff", "--from", "alerts.jsonl"])
        .fails_with(1, &["there is no alert `ffffff`"]);
    // Ids of alerts and of incidents look alike.
    let of_alert = world.run(&["incidents", "a1a1a1", "--from", "alerts.jsonl"]);
    let words = "`a1a1a1` is an alert, and no incident";
    let said = of_alert.fails_with(1, &[words, "`plimsoll alerts a1a1a1`"]);
    let part = said.err.split("a part of the incident ").nth(1);
    let id = part
        .and_then(|rest| rest.split(';').next())
        .expect("its id");
    world
        .run(&["alerts", id, "--from", "alerts.jsonl"])
        .fails_with(
            1,
            &[
                "is an incident, and no alert",
                &format!("`plimsoll incidents {id}`"),
            ],
        );
    world
        .run(&["incidents", "a1", "--from", "alerts.jsonl"])
        .fails_with(2, &["too short"]);
}

/// A world with these alerts in the archive of its store.
fn with_store(alerts: &[Value]) -> World {
    let world = World::empty();
    for alert in alerts {
        let day = &alert["time"].as_str().unwrap()[..10];
        let file = format!("plimsoll-store/alerts/{day}.jsonl");
        let before = fs::read_to_string(world.path().join(&file)).unwrap_or_default();
        world.write(&file, before + &format!("{alert}\n"));
    }
    world
}

fn files_in(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![world.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.display().to_string());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_verdict_on_an_incident_is_one_on_each_of_its_alerts() {
    let mut alerts = stolen_role();
    alerts.push(alert(
        "e5",
        "AN1594",
        &role(2, "other"),
        (17, "10:00", "10:10"),
    ));
    let world = with_store(&alerts);
    let before = files_in(&world);
    let told = incidents(&world, &["--open"]);
    assert_eq!(told.len(), 2);
    assert_eq!(files_in(&world), before, "reading writes nothing");

    let id = told[1]["incident_id"].as_str().unwrap();
    let said = world
        .run(&["feedback", &id[..8], "true", "--note", "red team"])
        .succeeds()
        .out;
    assert_eq!(said.matches(" true: ").count(), 3, "{said}");
    let left = incidents(&world, &["--open"]);
    assert_eq!(left.len(), 1);
    assert_ne!(left[0]["incident_id"], id);
    let judged = incidents(&world, &[]);
    assert_eq!(
        judged[1]["verdict"],
        json!({"verdict": true, "alerts": 3, "open": 0, "note": "red team"})
    );
    let list = world.run(&["incidents"]).succeeds().out;
    assert!(list.contains("verdict true"), "{list}");

    // What comes to an incident later opens it again.
    let later = alert("f6", "AN0370", &role(1, "etl"), (17, "01:00", "01:10"));
    let file = "plimsoll-store/alerts/2026-03-17.jsonl";
    let text = fs::read_to_string(world.path().join(file)).unwrap();
    world.write(file, text + &format!("{later}\n"));
    let open = incidents(&world, &["--open"]);
    assert_eq!(open.len(), 2);
    assert!(
        open.iter()
            .any(|incident| incident["incident_id"] == id && incident["verdict"]["alerts"] == 3)
    );
    world
        .run(&["feedback", "iffffff", "true"])
        .fails_with(1, &["there is no alert and no incident `iffffff`"]);
}

#[test]
fn an_approval_is_drafted_from_an_incident() {
    let world = with_store(&stolen_role());
    let told = incidents(&world, &[]);
    let id = told[0]["incident_id"].as_str().unwrap();
    let add = |id: &str| {
        world.run(&[
            "approve",
            "add",
            "--from",
            id,
            "--owner",
            "ops@example.com",
            "--reason",
            "a drill",
            "--expires",
            "2099-01-31",
            "--dry-run",
        ])
    };
    let said = add(id).succeeds().out;
    for part in [
        "identity = \"arn:aws:iam::111111111111:role/etl\"",
        "analytics = [\"ACCESS-SPIKE\", \"AN1594\", \"EGRESS-SPIKE\"]",
    ] {
        assert!(said.contains(part), "`{part}` is not in\n{said}");
    }
    let of_alert = add("a1a1a1").succeeds().out;
    assert!(of_alert.contains("analytics = [\"AN1594\"]"), "{of_alert}");

    // Of several identities, what they have in common; a wildcard in a name from a log covers no other name.
    let rolled = |client: &str, which: &str| -> Vec<Value> {
        let of = |n: u8| {
            let mut alert = alert(
                &format!("d{n}"),
                "S3-CLIENT",
                &role(1, &format!("etl-{n}")),
                (16, "10:00", "10:10"),
            );
            alert["reasons"] = json!([{"kind": "novelty", "trait": which, "value": client, "seen": 0, "of": 20, "p_value": 1e-3,
                "surprise": 6.0}]);
            alert
        };
        (0..3).map(of).collect()
    };
    let world = with_store(&rolled("new*agent", "user_agent"));
    let id = incidents(&world, &[])[0]["incident_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let arguments = [
        "approve",
        "add",
        "--from",
        &id,
        "--owner",
        "o",
        "--reason",
        "r",
        "--expires",
        "2099-01-31",
        "--dry-run",
    ];
    let said = world.run(&arguments).succeeds().out;
    assert!(
        said.contains("user_agent = \"new?agent\"") && !said.contains("identity ="),
        "{said}"
    );
    let world = with_store(&rolled("ap-south-1", "region"));
    world.run(&arguments).fails_with(
        2,
        &[
            "3 identities",
            "--identity 'arn:aws:iam::111111111111:role/etl-0'",
        ],
    );
}

#[test]
fn strings_from_logs_stay_text() {
    const HOSTILE: &str = "x\u{1b}[2J\n\u{202e}<b>\"';\u{9b}31m";
    let world = World::empty();
    let mut alerts = stolen_role();
    for alert in &mut alerts {
        alert["entity"]["display_name"] = HOSTILE.into();
        alert["entity"]["aliases"] = json!([HOSTILE]);
        alert["headline"] = HOSTILE.into();
        alert["sources"][0]["session"] = HOSTILE.into();
        alert["sources"][0]["address"] = HOSTILE.into();
        alert["event_ids"] = json!([HOSTILE]);
        alert["authentication"] =
            json!({"time": "2026-03-16T02:00:00Z", "method": HOSTILE, "source_ip": HOSTILE});
        alert["assumed"] = json!([{"credential": HOSTILE, "time": "2026-03-16T01:00:00Z", "operation": HOSTILE, "event_id": HOSTILE,
            "by": HOSTILE}]);
        alert["blinded"] = json!([{"operation": HOSTILE, "target": HOSTILE}]);
        alert["destinations"] = json!([{"address": HOSTILE, "external": true, "bytes": 1}]);
    }
    world.write("alerts.jsonl", lines(&alerts));
    let id = incidents(&world, &["--from", "alerts.jsonl"])[0]["incident_id"]
        .as_str()
        .unwrap()
        .to_owned();
    for arguments in [
        vec!["incidents"],
        vec!["incidents", &id],
        vec!["incidents", "--format", "json"],
        vec!["alerts"],
        vec!["explain", &id],
    ] {
        let arguments = [&arguments[..], &["--from", "alerts.jsonl"]].concat();
        let out = world.run(&arguments).succeeds().out;
        let is_harmless = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
        assert!(out.chars().all(is_harmless), "{arguments:?}: {out:?}");
    }
}

#[test]
fn every_alert_of_a_backtest_is_in_one_incident() {
    let world = World::simulated(1, 15, 60);
    world
        .run(&["backtest", "logs", "--train-days", "10", "--out", "out"])
        .succeeds();
    let text = fs::read_to_string(world.path().join("out/alerts.jsonl")).unwrap();
    let mut ids: Vec<String> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["alert_id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    ids.sort();
    ids.dedup();
    let told = incidents(&world, &["--from", "out/alerts.jsonl", "--show-suppressed"]);
    let mut of_incidents: Vec<&str> = told
        .iter()
        .flat_map(|incident| incident["alerts"].as_array().unwrap())
        .map(|id| id.as_str().unwrap())
        .collect();
    of_incidents.sort_unstable();
    assert_eq!(of_incidents, ids);
    assert!(
        !told.is_empty() && told.len() < ids.len(),
        "{} incidents of {} alerts",
        told.len(),
        ids.len()
    );
    // Who is to be asked about a sensitive bucket is named with it.
    let is_owned = |bucket: &&Value| bucket["owner"].is_string();
    let touched = told.iter().find_map(|incident| {
        let buckets = incident["sensitive"].as_array()?;
        Some((incident, buckets.iter().find(is_owned)?))
    });
    let (incident, bucket) = touched.expect("a sensitive bucket was touched");
    let id = incident["incident_id"].as_str().unwrap();
    let shown = world.run(&["incidents", id, "--from", "out/alerts.jsonl"]);
    let shown = shown.succeeds().out;
    let name = bucket["bucket"].as_str().unwrap();
    let owner = bucket["owner"].as_str().unwrap();
    let words = format!("{name} (owner {owner}): ");
    assert!(shown.contains(&words), "{words}\n{shown}");
    // Lines in another order, or told twice, say the same.
    let mut lines: Vec<&str> = text.lines().chain(text.lines()).collect();
    lines.reverse();
    world.write("again.jsonl", lines.join("\n"));
    assert_eq!(
        incidents(&world, &["--from", "again.jsonl", "--show-suppressed"]),
        told
    );
}
