//! One fact, one alert: where several analytics count the same requests, the narrower tells it and names the others. And a limit counts
//! for what the limited request reads.

use serde_json::{Value, json};

use crate::world::World;

/// The days of the logs are those of March 2026; the last is judged.
const LAST: u32 = 15;
const WHO: &str = "00uPOLLER";
const TENANT: &str = "c4b1d7aa-2f60-4c1e-8d29-91d0e5a7b301";
const PERSON: &str = "00000007-77e1-4b7c-9a02-5d1b6a1f0c11";

fn time(day: u32, minute: u32) -> String {
    format!(
        "2026-03-{day:02}T{:02}:{:02}:00Z",
        7 + minute / 60,
        minute % 60
    )
}

/// A call of a forwarder that meets its limit, in Okta's log.
fn limited(day: u32, minute: u32, path: &str) -> Value {
    json!({
        "uuid": format!("okta-{day}-{minute}"), "published": time(day, minute), "eventType": "system.org.rate_limit.violation",
        "actor": {"id": WHO, "type": "User", "alternateId": "poller@example.com"},
        "client": {"ipAddress": "203.0.113.20", "userAgent": {"rawUserAgent": "Go-http-client/1.1"}},
        "outcome": {"result": "SUCCESS"}, "target": [{"id": path, "type": "URL Pattern"}],
        "debugContext": {"debugData": {"requestUri": path, "url": format!("{path}?limit=1000")}},
        "authenticationContext": {"externalSessionId": format!("s{day}")},
    })
}

/// A request to the directory by the command line of a cloud.
fn asked(day: u32, minute: u32, path: &str) -> Value {
    let at = time(day, minute);
    json!({
        "time": at, "category": "MicrosoftGraphActivityLogs", "operationName": "Microsoft Graph Activity", "tenantId": TENANT,
        "callerIpAddress": "203.0.113.21",
        "properties": {
            "requestId": format!("graph-{day}-{minute}-{path}"), "timeGenerated": at, "requestMethod": "GET",
            "requestUri": format!("https://graph.microsoft.com/v1.0/{path}"), "userId": PERSON, "responseStatusCode": 200,
            "appId": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "ipAddress": "203.0.113.21", "responseSizeBytes": 9_000,
            "userAgent": "AZURECLI/2.76.0 (DEB) Python/3.12.9 (Linux-6.8.0-x86_64-with-glibc2.38)", "apiVersion": "v1.0",
            "signInActivityId": format!("session-{day}"),
        },
    })
}

fn write(world: &World, name: &str, records: &[Value]) {
    let lines: Vec<String> = records.iter().map(|record| format!("{record}\n")).collect();
    world.write(name, lines.concat());
}

/// Returns the alerts of the last day.
fn judged(world: &World, name: &str, config: &str) -> Vec<Value> {
    world.write("plimsoll.toml", config);
    world
        .run(&[
            "backtest",
            name,
            "--split",
            "2026-03-15",
            "--out",
            "result",
            "--show-suppressed",
        ])
        .succeeds();
    let text = std::fs::read_to_string(world.path().join("result/alerts.jsonl")).expect("alerts");
    let alerts = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("an alert"));
    let alerts = alerts.collect();
    std::fs::remove_dir_all(world.path().join("result")).expect("a folder");
    alerts
}

fn names(alerts: &[Value]) -> Vec<(String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let also = |alert: &Value| -> Vec<String> {
        let also = alert["also"].as_array().into_iter().flatten();
        also.map(|other| text(&other["analytic"])).collect()
    };
    alerts
        .iter()
        .map(|alert| (text(&alert["analytic"]), also(alert)))
        .collect()
}

fn one(analytic: &str, also: &[&str]) -> Vec<(String, Vec<String>)> {
    let also = also.iter().map(|&id| id.to_owned()).collect();
    vec![(analytic.to_owned(), also)]
}

/// A forwarder that meets its limit once a day on the log, and forty times on the last day on `path`.
fn poller(path: &str) -> Vec<Value> {
    let usual = (1..LAST).map(|day| limited(day, 0, "/api/v1/logs"));
    usual
        .chain((0..40).map(|minute| limited(LAST, minute, path)))
        .collect()
}

#[test]
fn a_limit_counts_for_what_the_limited_request_reads_and_is_told_once() {
    let world = World::empty();
    write(&world, "log.jsonl", &poller("/api/v1/logs"));
    assert!(
        judged(&world, "log.jsonl", "").is_empty(),
        "a log is no directory"
    );

    write(&world, "users.jsonl", &poller("/api/v1/users"));
    let alerts = judged(&world, "users.jsonl", "");
    assert_eq!(names(&alerts), one("AN1087", &["AN1090"]));
    assert_eq!(
        alerts[0]["also"][0]["name"],
        "Users of a SaaS directory read in bulk"
    );

    // Who approves the narrower one has not approved the other.
    let approval = format!(
        "[[approval]]\nidentity = \"okta:-/User/{WHO}\"\nanalytics = [\"AN1087\"]\nowner = \"o@example.com\"\n\
         reason = \"forwards\"\nexpires = 2030-01-01\n"
    );
    let alerts = judged(&world, "users.jsonl", &approval);
    let told: Vec<Value> = alerts
        .iter()
        .filter(|a| a["suppressed_by"].is_null())
        .cloned()
        .collect();
    assert_eq!(names(&told), one("AN1090", &[]));
    assert_eq!(alerts.len(), 2);
    assert!(
        alerts.iter().all(|alert| alert["also"].is_null()),
        "what is hidden stands for nothing"
    );

    // Where the narrower one asks for more, the other tells it.
    let high = "[analytic.AN1087]\nthreshold = 99.9\n";
    assert_eq!(
        names(&judged(&world, "users.jsonl", high)),
        one("AN1090", &[])
    );
}

#[test]
fn a_store_lists_it_once_and_explains_the_other() {
    let world = World::empty();
    let all = poller("/api/v1/users");
    let (learnt, today) = all.split_at(LAST as usize - 1);
    write(&world, "learnt.jsonl", learnt);
    write(&world, "today.jsonl", today);
    world.run(&["train", "learnt.jsonl"]).succeeds();
    let text = world
        .run(&["score", "today.jsonl", "--format", "text"])
        .succeeds()
        .out;
    assert!(
        text.contains("the same by AN1090 (Users of a SaaS directory read in bulk)"),
        "{text}"
    );
    for (format, expected) in [("ocsf", "\"also\":[{"), ("ecs", "\"also\":[{")] {
        let listed = world.run(&["alerts", "--format", format]).succeeds().out;
        assert_eq!(listed.lines().count(), 1, "{listed}");
        assert!(
            listed.contains(expected) && listed.contains("AN1090"),
            "{listed}"
        );
    }
    let incidents = world.run(&["incidents", "--format", "json"]).succeeds().out;
    let incident: Value = serde_json::from_str(incidents.trim()).expect("one incident");
    assert_eq!(
        incident["alerts"].as_array().map(Vec::len),
        Some(1),
        "{incident}"
    );
    let explained = world
        .run(&["explain", "--not-alerted", WHO, "2026-03-15", "today.jsonl"])
        .succeeds()
        .out;
    assert!(
        explained.contains("but AN1087 is narrower and tells the same"),
        "{explained}"
    );
}

#[test]
fn a_read_of_the_directory_by_a_clouds_command_line_is_one_alert() {
    let world = World::empty();
    let mut records: Vec<Value> = (1..LAST).map(|day| asked(day, 5, "me")).collect();
    let paths = [
        "users",
        "groups",
        "servicePrincipals",
        "applications",
        "directoryRoles",
        "devices",
    ];
    for minute in 0..40 {
        records.extend(paths.map(|path| asked(LAST, minute, path)));
    }
    write(&world, "graph.jsonl", &records);
    let alerts = judged(&world, "graph.jsonl", "");
    assert_eq!(names(&alerts), one("AN1087", &["AN1088"]));
}
