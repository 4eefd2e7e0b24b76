//! Whose an event is: callers without a name, and one caller under several names.

use serde_json::{Value, json};

use crate::world::World;

/// The tenant of the records.
const TENANT: &str = "c4b1d7aa-2f60-4c1e-8d29-91d0e5a7b301";

/// A download that the unified audit log records.
fn download(n: u64, time: &str, key: &str, user: &str) -> Value {
    json!({"CreationTime": time, "Id": format!("22220001-0000-4000-8000-{n:012}"), "Operation": "FileDownloaded",
        "OrganizationId": TENANT, "RecordType": 6, "UserKey": key, "UserType": 0, "Version": 1, "Workload": "OneDrive",
        "ClientIP": format!("203.0.113.{}", 10 + n % 6), "UserId": user, "SourceFileName": "a.xlsx",
        "ObjectId": format!("https://acme.example/personal/{n}/a.xlsx"), "SiteUrl": "https://acme.example/personal/"})
}

/// Writes records, one a line.
fn lines(records: &[Value]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}

/// Returns what the program says in JSON.
fn document(world: &World, args: &[&str]) -> Value {
    let said = world.run(args).succeeds();
    serde_json::from_str(&said.out).unwrap_or_else(|why| panic!("{why}: {}", said.out))
}

/// Trains on a file or folder, and returns the identities that are known then: id, events and aliases.
fn identities(world: &World, name: &str) -> Vec<(String, u64, Vec<String>)> {
    world.run(&["train", name]).succeeds();
    let shown = document(world, &["show", "--format", "json"]);
    let entities = shown["most_active"].as_array().expect("a list");
    let of_kind = entities
        .iter()
        .filter(|entity| entity["kind"] == "identity");
    let texts = |value: &Value| value.as_array().into_iter().flatten().map(text).collect();
    of_kind
        .map(|entity| {
            (
                text(&entity["id"]),
                entity["events"].as_u64().unwrap_or(0),
                texts(&entity["aliases"]),
            )
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn callers_without_a_name_are_no_identity() {
    let world = World::empty();
    let mut records = Vec::new();
    for n in 0..18 {
        let time = format!("2026-03-0{}T08:{:02}:00", 1 + n / 6, n % 6);
        let nobody = ["Not Available", "S-1-5-18", "ServiceOperator"][n as usize / 6];
        records.push(download(n, &time, nobody, nobody));
        let person = format!("p{}@acme.example", n % 6);
        records.push(download(100 + n, &time, "Not Available", &person));
    }
    world.write("in.jsonl", lines(&records));
    let inspected = document(&world, &["inspect", "--format", "json", "in.jsonl"]);
    assert_eq!(
        inspected["missing"]["m365.ual"]["principal"],
        json!({"missing": 18, "of": 36})
    );
    assert_eq!(inspected["identities"], 6);
    let known = identities(&world, "in.jsonl");
    assert_eq!(known.len(), 6, "{known:?}");
    for (id, events, _) in known {
        assert!(
            id.ends_with("@acme.example") && events == 3,
            "{id}: {events}"
        );
    }
}

#[test]
fn a_row_happened_when_somebody_acted_and_not_when_it_was_ingested() {
    let world = World::empty();
    let row = |n: u64, (act, other): (&str, &str)| {
        json!({"TenantId": "77770000-0000-4000-8000-00000000000c", "Type": "OfficeActivity", "RecordType": "SharePointFileOperation",
            act: format!("2026-03-16T08:{:02}:00.000Z", 10 * n), other: format!("2026-03-16T09:05:0{n}.000Z"),
            "Operation": "FileDownloaded", "OrganizationId": TENANT, "UserType": "Regular", "OfficeWorkload": "SharePoint",
            "OfficeObjectId": format!("https://acme.example/sites/hr/{n}.xlsx"), "UserId": "joe@acme.example",
            "ClientIP": "198.51.100.7", "OfficeId": format!("3333000{n}-0000-4000-8000-00000000000d")})
    };
    for columns in [
        ("TimeGenerated", "Start_Time"),
        ("StartTime", "TimeGenerated"),
    ] {
        let rows: Vec<Value> = (0..6).map(|n| row(n, columns)).collect();
        world.write("in.json", Value::from(rows).to_string());
        let inspected = document(&world, &["inspect", "--format", "json", "in.json"]);
        let span = (text(&inspected["from"]), text(&inspected["to"]));
        assert_eq!(
            span,
            ("2026-03-16T08:00:00Z".into(), "2026-03-16T08:50:00Z".into()),
            "{columns:?}"
        );
    }
}
