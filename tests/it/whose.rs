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

/// Rows of a flow log of ten minutes, each of an interval of so many seconds.
fn flows(columns: &[&str], secs: i64) -> String {
    let row = |n: i64| {
        let start = 1_773_630_000 + secs * n;
        let value = |column: &&str| match *column {
            "version" => "5".to_owned(),
            "account-id" => "111122223333".to_owned(),
            "interface-id" => "eni-0aaa1111bbbb2222".to_owned(),
            "srcaddr" | "pkt-srcaddr" => "10.0.0.5".to_owned(),
            "dstaddr" | "pkt-dstaddr" => "203.0.113.9".to_owned(),
            "srcport" => "51234".to_owned(),
            "dstport" => "443".to_owned(),
            "bytes" => (40_000 * secs / 60).to_string(),
            "start" => start.to_string(),
            "end" => (start + secs).to_string(),
            "action" => "ACCEPT".to_owned(),
            "log-status" => "OK".to_owned(),
            "instance-id" => "i-0aaa1111bbbb22220".to_owned(),
            "flow-direction" => "egress".to_owned(),
            "region" => "eu-west-1".to_owned(),
            _ => "6".to_owned(),
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        values.join(" ") + "\n"
    };
    let rows: String = (0..600 / secs).map(row).collect();
    columns.join(" ") + "\n" + &rows
}

#[test]
fn a_second_flow_log_takes_away_only_what_it_tells_too() {
    let columns = [
        "interface-id",
        "srcaddr",
        "dstaddr",
        "bytes",
        "end",
        "action",
        "log-status",
    ];
    let detailed = [&columns[..], &["instance-id"]].concat();
    let world = World::empty();
    // Ten flows in the morning and as many in the evening, of which the second log tells the latter.
    let evening = |rows: String| rows.replace(" 177363", " 177366");
    world.write("logs/a.log", flows(&columns, 60));
    world.write("logs/b.log", evening(flows(&columns, 60)));
    world.write("logs/c.log", evening(flows(&detailed, 60)));
    let machine = ("aws:instance:i-0aaa1111bbbb22220".to_owned(), 20, vec![]);
    assert_eq!(identities(&world, "logs"), [machine]);
}

#[test]
fn a_flow_in_several_logs_counts_once_for_the_machine_of_its_interface() {
    const PLAIN: [&str; 14] = [
        "version",
        "account-id",
        "interface-id",
        "srcaddr",
        "dstaddr",
        "srcport",
        "dstport",
        "protocol",
        "packets",
        "bytes",
        "start",
        "end",
        "action",
        "log-status",
    ];
    let detailed = [
        &[
            "flow-direction",
            "region",
            "instance-id",
            "pkt-dstaddr",
            "pkt-srcaddr",
        ][..],
        &PLAIN[..],
    ]
    .concat();
    let machine = vec![("aws:instance:i-0aaa1111bbbb22220".to_owned(), 10, vec![])];
    for (secs, names) in [
        (60, ["a.log", "b.log"]),
        (600, ["a.log", "b.log"]),
        (60, ["b.log", "a.log"]),
    ] {
        let world = World::empty();
        world.write(&format!("logs/{}", names[0]), flows(&PLAIN, secs));
        world.write(&format!("logs/{}", names[1]), flows(&detailed, 60));
        assert_eq!(identities(&world, "logs"), machine, "{secs} {names:?}");
    }
    // The log without instances goes on alone, and the interface is known for what it is.
    let world = World::empty();
    world.write("logs/a.log", flows(&detailed, 60));
    let _ = identities(&world, "logs");
    let next_day = flows(&PLAIN, 60).replace(" 17736", " 17737");
    world.write("logs/b.log", next_day);
    let known = identities(&world, "logs");
    assert_eq!(
        known,
        [("aws:instance:i-0aaa1111bbbb22220".to_owned(), 20, vec![])]
    );
}

/// The person's ids, in the tenant.
const OBJECT: &str = "55550000-0000-4000-8000-00000000000a";
const JOE: &str = "joe@acme.example";

/// A sign-in that states all of the person's ids.
fn sign_in(n: u64, time: &str) -> Value {
    json!({"CreationTime": time, "Id": format!("33330001-0000-4000-8000-{n:012}"), "Operation": "UserLoggedIn",
        "OrganizationId": TENANT, "RecordType": 15, "ResultStatus": "Success", "UserKey": OBJECT, "UserType": 0,
        "Workload": "AzureActiveDirectory", "ClientIP": "198.51.100.7", "UserId": JOE,
        "Actor": [{"ID": OBJECT, "Type": 0}, {"ID": JOE, "Type": 5}, {"ID": "1003200000000AAA", "Type": 3}]})
}

#[test]
fn one_person_is_one_identity_for_as_long_as_the_store_remembers() {
    let world = World::empty();
    let key = "i:0h.f|membership|1003200000000aaa@live.com";
    let mut records = vec![sign_in(1, "2026-03-01T08:00:00")];
    let day = |day: u64| {
        let time = move |n: u64| format!("2026-03-{day:02}T09:{n:02}:00");
        (0..5).map(move |n| download(100 * day + n, &time(n), key, JOE))
    };
    records.extend((1..=6).flat_map(day));
    world.write("logs/a.jsonl", lines(&records));
    let known = identities(&world, "logs");
    let id = format!("entra:{TENANT}/{OBJECT}");
    assert_eq!(known.len(), 1, "{known:?}");
    assert_eq!((&*known[0].0, known[0].1), (&*id, 31));
    assert!(
        known[0].2.iter().any(|alias| alias == OBJECT)
            && known[0].2.iter().any(|alias| alias == JOE),
        "{known:?}"
    );
    // The next training has no sign-in, and the link holds.
    world.write(
        "logs/b.jsonl",
        lines(&(7..=9).flat_map(day).collect::<Vec<_>>()),
    );
    let known = identities(&world, "logs");
    assert_eq!(known.len(), 1, "{known:?}");
    assert_eq!((&*known[0].0, known[0].1), (&*id, 46));
}

#[test]
fn whoever_gets_the_name_of_one_who_left_does_not_inherit_what_he_did() {
    let world = World::empty();
    let day = |day: u64| {
        let time = move |n: u64| format!("2026-03-{day:02}T09:{n:02}:00");
        (0..5).map(move |n| download(100 * day + n, &time(n), "Not Available", JOE))
    };
    world.write(
        "logs/a.jsonl",
        lines(&(1..=6).flat_map(day).collect::<Vec<_>>()),
    );
    let _ = identities(&world, "logs");
    let admin = "99990000-0000-4000-8000-000000000001";
    let added = json!({"CreationTime": "2026-03-20T08:00:00", "Id": "44440001-0000-4000-8000-000000000001",
        "Operation": "Add user.", "OrganizationId": TENANT, "RecordType": 8, "ResultStatus": "Success", "UserKey": admin,
        "UserType": 0, "Workload": "AzureActiveDirectory", "ClientIP": "203.0.113.1", "UserId": "admin@acme.example",
        "Target": [{"ID": format!("User_{OBJECT}"), "Type": 2}, {"ID": OBJECT, "Type": 2}, {"ID": JOE, "Type": 5}]});
    let records: Vec<Value> = [added, sign_in(1, "2026-03-20T08:30:00")]
        .into_iter()
        .chain(day(20))
        .collect();
    world.write("logs/b.jsonl", lines(&records));
    let known = identities(&world, "logs");
    let id = format!("entra:{TENANT}/{OBJECT}");
    let of_new: Vec<u64> = known
        .iter()
        .filter(|one| one.0 == id)
        .map(|one| one.1)
        .collect();
    assert_eq!((known.len(), &*of_new), (2, &[6][..]), "{known:?}");
}

#[test]
fn a_link_that_is_first_seen_late_joins_what_was_before() {
    let key = "i:0h.f|membership|1003200000000aaa@live.com";
    let names = [JOE, "i:0#.f|membership|Joe@acme.example", "Not Available"];
    for has_object in [false, true] {
        let world = World::empty();
        let day = |day: u64| {
            let record = move |n: u64| {
                let time = format!("2026-03-{day:02}T09:{n:02}:00");
                download(100 * day + n, &time, key, names[n as usize % 3])
            };
            let of_object = move |n: u64| {
                let time = format!("2026-03-{day:02}T11:{n:02}:00");
                download(100 * day + 50 + n, &time, OBJECT, "N/A")
            };
            (0..6)
                .map(record)
                .chain((0..if has_object { 4 } else { 0 }).map(of_object))
        };
        world.write(
            "logs/a.jsonl",
            lines(&(1..=6).flat_map(day).collect::<Vec<_>>()),
        );
        let mut known: Vec<u64> = identities(&world, "logs").iter().map(|one| one.1).collect();
        known.sort_unstable();
        let before = if has_object { vec![24, 36] } else { vec![36] };
        assert_eq!(known, before);
        let mut records: Vec<Value> = (7..=8).flat_map(day).collect();
        records.push(sign_in(1, "2026-03-07T20:00:00"));
        world.write("logs/b.jsonl", lines(&records));
        let known = identities(&world, "logs");
        assert_eq!(known.len(), 1, "{known:?}");
        let n_events = 49 + if has_object { 32 } else { 0 };
        assert_eq!(
            (&*known[0].0, known[0].1),
            (&*format!("entra:{TENANT}/{OBJECT}"), n_events)
        );
    }
}
