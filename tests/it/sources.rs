//! Through what an alert says that something was done, where there are many sources, no credential, or a sign-in that came later.

use serde_json::Value;

use crate::life::{FOREIGN, documents, number, trained, victim};
use crate::plain_spikes::{Cloud, DAYS, LIST, Logs, READ, TONIGHT, Who, outside, person};

/// Returns what the closing alert of an analytic says of somebody.
#[track_caller]
fn alert(logs: &Logs, analytic: &str, who: Who) -> Value {
    let said = trained(logs).run(&["score", "today.jsonl"]).succeeds();
    let id = who.id(logs.cloud);
    let is_meant = |alert: &Value| alert["analytic"] == analytic && alert["entity"]["id"] == *id;
    let found = documents(&said.out).into_iter().find(is_meant);
    found.unwrap_or_else(|| panic!("no {analytic} on {id}: {}", said.err))
}

/// Writes calls, and changes each of their lines by its number.
fn changed(logs: &mut Logs, write: impl Fn(&mut Logs), change: impl Fn(usize, &str) -> String) {
    let before = std::mem::take(&mut logs.text);
    write(logs);
    let lines = logs.text.lines().enumerate();
    let lines: Vec<String> = lines.map(|(n, line)| change(n, line) + "\n").collect();
    logs.text = before + &lines.concat();
}

#[test]
fn a_theft_after_thousands_of_sessions_is_found_among_them() {
    const SESSIONS: u32 = 4_200;
    const OBJECTS: u32 = 5_000;
    let mut logs = Logs::ordinary(Cloud::Aws, |_, _| true);
    changed(
        &mut logs,
        |logs| logs.objects(TONIGHT, 1_200, victim(), READ, [SESSIONS, 1, 100]),
        |n, line| {
            let line = line.replace(":run\"", &format!(":s{n}\""));
            let line = line.replace("/run\"", &format!("/s{n}\""));
            let line = line.replace(
                "\"10.0.0.112\"",
                &format!("\"203.0.{}.{}\"", n % 200, n % 250),
            );
            line.replace("ASIA0", &format!("ASIA{n}X"))
        },
    );
    let noon = (DAYS, 43_200);
    logs.objects(
        noon,
        OBJECTS,
        outside(victim()),
        READ,
        [OBJECTS, 60, 2_000_000],
    );
    let alert = alert(&logs, "ACCESS-SPIKE", victim());
    assert_eq!(alert["entity"]["source_ip"], FOREIGN, "{alert:#}");
    assert_eq!(alert["sources"][0]["objects"], OBJECTS, "{alert:#}");
    assert!(
        number(&alert["extent"]["objects"]) >= u64::from(OBJECTS),
        "{alert:#}"
    );
}

/// A person's own work has neither another client nor a session that would tell it apart: only the address does.
#[test]
fn where_there_is_no_credential_only_its_addresses_are_the_thief() {
    const ADDRESSES: usize = 20;
    let mut logs = Logs::ordinary(Cloud::Google, |_, _| true);
    changed(
        &mut logs,
        |logs| logs.objects(TONIGHT, 300, outside(person(0)), LIST, [60, 60, 0]),
        |n, line| {
            let line = line.replace("rclone/v1.66.0", "curl/8.5.0");
            line.replace(
                "\"203.0.113.10\"",
                &format!("\"203.0.113.{}\"", 1 + n % ADDRESSES),
            )
        },
    );
    let alert = alert(&logs, "AN1594", person(0));
    assert!(number(&alert["day_events"]) > 60, "{alert:#}");
    let parts = [
        ("calls", 60),
        ("addresses", ADDRESSES as u64),
        ("buckets", 60),
        ("objects", 0),
    ];
    for (part, amount) in parts {
        assert_eq!(
            number(&alert["extent"][part]),
            amount,
            "{part} of {alert:#}"
        );
    }
}

#[test]
fn no_later_sign_in_began_what_was_done_before_it() {
    let row = [
        "signin:ConsoleLogin",
        "",
        "null",
        r#"{"ConsoleLogin":"Success"}"#,
    ];
    let theft = |sign_in: Option<(u32, Who)>| {
        let mut logs = Logs::ordinary(Cloud::Aws, |_, _| true);
        logs.objects(TONIGHT, 120, outside(person(3)), LIST, [60, 60, 4_000]);
        if let Some((second, who)) = sign_in {
            logs.call((DAYS, second), who, &row);
        }
        alert(&logs, "AN1594", person(3))
    };
    let afterwards = theft(Some((15 * 3_600, person(3))));
    assert_eq!(afterwards["authentication"], Value::Null, "{afterwards:#}");
    let before = theft(Some((2 * 3_600, outside(person(3)))));
    let time = &before["authentication"]["time"];
    assert_eq!(*time, format!("2026-03-{DAYS}T02:00:00Z"), "{before:#}");
}

/// How rare one call from a new network is, a small estate cannot show; a theft is told as what it is.
#[test]
fn what_a_few_calls_are_is_no_more_than_the_stored_days_can_show() {
    let judged = |n: u32| {
        let mut logs = Logs::ordinary(Cloud::Aws, |who, day| {
            who.id(Cloud::Aws) != person(3).id(Cloud::Aws) || day < DAYS
        });
        logs.objects(
            (DAYS, 36_000),
            60,
            outside(person(3)),
            LIST,
            [n, n, 170_000],
        );
        let world = trained(&logs);
        let told = world.run(&["score", "today.jsonl"]).succeeds().out;
        world.write("told.jsonl", &told);
        world.run(&["verify", "told.jsonl"]).succeeds();
        let id = person(3).id(Cloud::Aws);
        let is_meant =
            |alert: &Value| alert["analytic"] == "AN1594" && alert["entity"]["id"] == *id;
        documents(&told)
            .into_iter()
            .find(is_meant)
            .expect("an alert")
    };
    let (one, many) = (judged(1), judged(60));
    let why = |alert: &Value| alert["severity_reason"].to_string();
    assert_eq!(one["severity"], "medium", "{one:#}");
    assert!(one["score"].as_f64() >= Some(97.8), "{one:#}");
    assert!(why(&one).contains("-2: nothing but new context"), "{one:#}");
    assert_eq!(many["severity"], "critical", "{many:#}");
    for alert in [one, many] {
        assert!(
            why(&alert).contains("stored identity-days of this estate (extrapolated)"),
            "{alert:#}"
        );
        assert!(!why(&alert).contains("1,000,000"), "{alert:#}");
    }
}
