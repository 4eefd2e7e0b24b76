//! Titles as people read them.

use serde_json::json;

use crate::incident::tests::{Draft, alert, role, told};
use crate::incident::{Part, Stage};

fn title_of(alerts: &[Draft]) -> String {
    let incidents = told(alerts);
    assert_eq!(incidents.len(), 1, "{incidents:#?}");
    incidents[0].title.clone()
}

fn source(draft: Draft, address: &str) -> Draft {
    draft.with(
        "sources",
        json!([{"address": address, "calls": 9, "counted": 9, "objects": 0, "bytes": 0}]),
    )
}

fn reading(id: &str, who: &str) -> Draft {
    let draft = alert(id, "ACCESS-SPIKE", who, "16 03:04", "16 03:31")
        .amount("objects_read", 20_000, "1h")
        .amount("buckets_read_new", 60, "1d")
        .with(
            "extent",
            json!({"calls": 20_011, "objects": 20_000, "buckets": 60, "bytes_read": 21_000_000_000_u64, "objects_read": 20_000,
                "buckets_read": 60, "buckets_read_new": 60}),
        );
    source(draft, "203.0.113.9")
}

fn listing(id: &str, who: &str) -> Draft {
    let draft = alert(id, "AN1594", who, "16 03:00", "16 03:10")
        .amount("list_calls", 1_280, "10m")
        .amount("buckets_listed", 60, "10m")
        .with(
            "extent",
            json!({"calls": 1_280, "buckets": 60, "list_calls": 1_280, "buckets_listed": 60}),
        );
    source(draft, "203.0.113.9")
}

fn sending(id: &str, who: &str) -> Draft {
    alert(id, "EGRESS-SPIKE", who, "16 03:20", "16 03:40")
        .amount("egress_bytes", 21_000_000_000, "1h")
        .with(
            "extent",
            json!({"calls": 12, "bytes_out": 21_000_000_000_u64}),
        )
        .with(
            "destinations",
            json!([{"address": "198.51.100.7", "external": true, "bytes": 21_000_000_000_u64}]),
        )
}

#[test]
fn one_alert_says_what_was_done_from_where_and_when() {
    assert_eq!(
        title_of(&[reading("a", &role(1, "etl-reporting"))]),
        "etl-reporting read 20,000 objects (21.0 GB) in 60 buckets it never touched, from 203.0.113.9, 03:04–03:31"
    );
    assert_eq!(
        title_of(&[listing("a", &role(1, "etl"))]),
        "etl listed 60 buckets in 1,280 calls, from 203.0.113.9, 03:00–03:10"
    );
}

#[test]
fn stages_of_one_actor_are_one_sentence_and_raise_its_severity() {
    let etl = role(1, "etl");
    let alerts = [listing("a", &etl), reading("b", &etl), sending("c", &etl)];
    assert_eq!(
        title_of(&alerts),
        "etl listed 60 buckets in 1,280 calls, read 20,000 objects (21.0 GB) in 60 buckets it never touched and sent 21.0 GB to \
         198.51.100.7, from 203.0.113.9, 03:00–03:40"
    );
    let incident = &told(&alerts)[0];
    assert_eq!(
        incident.stages,
        [Stage::Enumeration, Stage::Access, Stage::Egress]
    );
    assert_eq!(
        incident.severity_reason,
        "high: medium by AN1594 (score 93.0), raised one step because enumeration, access and egress follow one another"
    );
    // Three analytics tell of the same calls: nothing is counted twice.
    assert_eq!(incident.extent.calls, 20_011);
    assert_eq!(incident.extent.buckets, 60);
}

#[test]
fn a_chain_over_three_identities_tells_who_came_to_whose_credentials() {
    let (mallory, deploy, ops) = (
        "arn:aws:iam::111111111111:user/mallory",
        role(2, "deploy"),
        role(3, "ops"),
    );
    let alerts = [
        alert("a", "AN1328", &deploy, "14 09:00", "14 09:30")
            .created(mallory, "13 10:00")
            .amount("read_calls", 40, "1h")
            .with(
                "extent",
                json!({"calls": 40, "objects": 40, "objects_read": 40, "buckets": 1, "buckets_read": 1}),
            ),
        reading("b", &ops).assumed(&deploy, "16 03:00"),
    ];
    assert_eq!(
        title_of(&alerts),
        "mallory created deploy, which assumed ops; they read 20,040 objects (21.0 GB) in at least 60 buckets, from 203.0.113.9, \
         2026-03-14 09:00 – 2026-03-16 03:31"
    );
}

fn newcomer(n: u8, account: u8) -> Draft {
    let who = format!("arn:aws:iam::{}:user/u{n}", account.to_string().repeat(12));
    alert(
        &format!("a{n}"),
        "UNUSUAL-REGION",
        &who,
        &format!("16 1{n}:05"),
        &format!("16 1{n}:40"),
    )
    .with("techniques", json!(["T1535"]))
    .novelty("work_region", "ap-south-1")
}

#[test]
fn a_roll_out_is_told_as_what_it_is() {
    let alerts: Vec<Draft> = (0..7).map(|n| newcomer(n, 1)).collect();
    assert_eq!(
        title_of(&alerts),
        "Roll-out: 7 identities of account aws:111111111111 worked in region ap-south-1 for the first time, 10:05–16:40"
    );
    assert_eq!(
        title_of(&alerts[..1]),
        "u0 worked in region ap-south-1 for the first time, 10:05–10:40"
    );
    let cause = told(&alerts)[0].cause.clone().unwrap();
    assert_eq!(
        (&*cause.r#trait, &*cause.value, cause.members),
        ("region", "ap-south-1", 7)
    );
}

/// What a log that was switched on shows is one thing to look at; what is known otherwise is not hidden in it.
#[test]
fn what_rests_on_a_log_that_begins_is_told_once() {
    let user = |n: u8| format!("arn:aws:iam::111111111111:user/u{n}");
    let mut alerts: Vec<Draft> = (0..5)
        .map(|n| reading(&format!("n{n}"), &user(n)).learning("2026-03-14"))
        .collect();
    alerts[3] = alerts[3].clone().novelty("network", "203.0.113.0/24");
    alerts[4] = alerts[4].clone().learning("2026-03-12");
    let found = told(&alerts);
    assert_eq!(found.len(), 3);
    let joined = found.iter().find(|one| one.alerts.len() == 3).unwrap();
    let title = &joined.title;
    assert!(
        title.starts_with(
            "u0, u1 and u2, which all are in a log of aws that began 2026-03-14, read 60,000 objects"
        ),
        "{title}"
    );
    let cause = joined.cause.clone().unwrap();
    assert_eq!(
        (&*cause.r#trait, &*cause.value, cause.members),
        ("log", "aws", 3)
    );
    // One of them did something that older logs show, too.
    alerts.push(listing("x", &user(1)));
    assert_eq!(told(&alerts).len(), 4);
}

#[test]
fn an_attack_beside_a_roll_out_is_an_incident_of_its_own() {
    let mut alerts: Vec<Draft> = (0..4).map(|n| newcomer(n, 1)).collect();
    alerts.push(newcomer(5, 1));
    alerts.push(
        reading("x", "arn:aws:iam::111111111111:user/u5")
            .with("time", "2026-03-16T15:40:00Z".into()),
    );
    let titles: Vec<String> = told(&alerts)
        .into_iter()
        .map(|incident| incident.title)
        .collect();
    assert_eq!(titles.len(), 2, "{titles:#?}");
    assert!(
        titles[0].starts_with("u5 read 20,000 objects (21.0 GB)"),
        "{titles:#?}"
    );
    assert!(
        titles[1].starts_with("Roll-out: 4 identities"),
        "{titles:#?}"
    );
}

#[test]
fn stolen_identities_from_one_new_network_are_one_campaign() {
    let stolen = |n: u8| {
        reading(
            &format!("a{n}"),
            &format!("arn:aws:iam::111111111111:user/u{n}"),
        )
        .novelty("network", "AS64500")
    };
    let title = title_of(&[stolen(1), stolen(2), stolen(3), stolen(4)]);
    assert_eq!(
        title,
        "u1, u2, u3 and 1 more, which all called from network AS64500 for the first time, read 80,000 objects (84.0 GB) in at \
         least 60 buckets, from 203.0.113.9, 03:04–03:31"
    );
}

#[test]
fn logs_deletions_directories_and_grants_have_words_of_their_own() {
    let blinded = alert("a", "LOG-BLINDED", &role(1, "iac"), "16 02:00", "16 02:00").with(
        "blinded",
        json!([{"operation": "cloudtrail:StopLogging", "target": "main-trail", "logs": ["aws.cloudtrail"]}]),
    );
    assert_eq!(
        title_of(&[blinded]),
        "iac switched off or narrowed main-trail (cloudtrail:StopLogging), 02:00"
    );
    let deleted = alert("a", "DELETE-SPIKE", &role(1, "etl"), "16 02:00", "16 02:20")
        .amount("objects_deleted", 5_000, "1h")
        .with(
            "extent",
            json!({"calls": 5, "objects": 5_000, "buckets": 13, "objects_deleted": 5_000, "buckets_deleted_from": 12}),
        );
    assert_eq!(
        title_of(&[deleted]),
        "etl deleted 5,000 objects in 12 buckets, 02:00–02:20"
    );
    let directory = alert(
        "a",
        "AN1087",
        "entra:user:ada@example.com",
        "16 02:00",
        "16 02:20",
    )
    .amount("directory_calls", 450, "1h");
    assert_eq!(
        title_of(&[directory]),
        "ada@example.com made 450 directory calls in 1 h, 02:00–02:20"
    );
    let given = alert("a", "POLICY-EXTERNAL", &role(1, "etl"), "16 02:00", "16 02:00")
        .reason(json!({"kind": "share", "accounts": ["999900001111"], "buckets": ["payroll"], "acts": 1, "surprise": 7.0}));
    assert_eq!(
        title_of(&[given]),
        "etl gave payroll to outside account 999900001111, 02:00"
    );
}

#[test]
fn what_an_approval_covers_says_so_and_is_no_incident_that_is_listed() {
    let incident = &told(&[listing("a", &role(1, "scanner")).suppressed()])[0];
    assert!(incident.suppressed && incident.approvals == ["a1"]);
    assert_eq!(
        incident.title,
        "scanner listed 60 buckets in 1,280 calls, from 203.0.113.9, 03:00–03:10, as an approval allows"
    );
}

#[test]
fn an_older_document_is_told_without_what_it_does_not_know() {
    let old = alert("a", "AN1594", &role(1, "etl"), "16 03:00", "16 03:10")
        .amount("list_calls", 1_280, "10m")
        .with("first_event", json!(null))
        .with("last_event", json!(null))
        .with("crossed_at", json!(null));
    assert_eq!(
        title_of(&[old]),
        "etl made 1,280 listing calls in 10 min, 03:10"
    );
    // Its extent does not say what was done to the objects and in the buckets that it counts.
    let old = alert("a", "ACCESS-SPIKE", &role(1, "etl"), "16 03:00", "16 03:10")
        .amount("objects_read", 700, "1h")
        .amount("buckets_read_new", 60, "1d")
        .with(
            "extent",
            json!({"calls": 3_000, "objects": 2_930, "buckets": 60}),
        );
    assert_eq!(title_of(&[old]), "etl read 700 objects in 1 h, 03:00–03:10");
    let nothing = alert("a", "MINE", &role(1, "etl"), "16 03:00", "16 03:10");
    assert_eq!(
        title_of(&[nothing]),
        "etl: Something is unusual, 03:00–03:10"
    );
}

#[test]
fn a_display_name_takes_the_place_of_an_id_and_long_names_are_cut() {
    let id = "azure:sp:8f14e45f-ceea-467f-a9d0-1234567890ab";
    let named = listing("a", id).with("entity.display_name", "Backup service".into());
    assert!(title_of(&[named]).starts_with("Backup service listed"));
    let long = listing("a", id).with("entity.display_name", "x".repeat(9_000).into());
    assert!(title_of(&[long]).chars().count() < 200);
}

/// An act with so much of everything.
fn mixed(id: &str, analytic: &str) -> Draft {
    alert(id, analytic, &role(1, "job"), "16 03:00", "16 03:50").with(
        "extent",
        json!({"calls": 3_943, "objects": 2_930, "buckets": 60, "bytes_read": 2_000_000_000_u64, "list_calls": 43,
            "buckets_listed": 40, "objects_read": 2_030, "buckets_read": 18, "buckets_read_new": 17, "objects_deleted": 900,
            "buckets_deleted_from": 2}),
    )
}

#[test]
fn a_number_counts_what_its_verb_says() {
    let read = mixed("a", "ACCESS-SPIKE")
        .amount("objects_read", 2_000, "1h")
        .amount("buckets_read_new", 60, "1d");
    assert_eq!(
        title_of(&[read]),
        "job read 2,030 objects (2.0 GB) in 18 buckets and listed 40 buckets in 43 calls, 03:00–03:50"
    );
    // What listings led to is told with them.
    let listed = mixed("a", "AN1594").amount("list_calls", 43, "10m");
    assert_eq!(
        title_of(&[listed]),
        "job listed 40 buckets in 43 calls and read 2,030 objects (2.0 GB) in 18 buckets, 03:00–03:50"
    );
    let deleted = mixed("a", "DELETE-SPIKE").amount("objects_deleted", 3_000, "1h");
    assert_eq!(
        title_of(&[deleted]),
        "job deleted 900 objects in 2 buckets, 03:00–03:50"
    );
}

#[test]
fn buckets_of_one_alert_are_not_those_of_another() {
    let who = role(1, "job");
    let read = alert("b", "ACCESS-SPIKE", &who, "16 04:00", "16 04:10")
        .amount("objects_read", 18, "1h")
        .amount("buckets_read_new", 3, "1d")
        .with(
            "extent",
            json!({"calls": 18, "objects": 18, "buckets": 3, "objects_read": 18, "buckets_read": 3, "buckets_read_new": 3}),
        );
    assert_eq!(
        title_of(&[listing("a", &who), read.clone()]),
        "job listed 60 buckets in 1,280 calls and read 18 objects in 3 buckets it never touched, from 203.0.113.9, 03:00–04:10"
    );
    // One that read nothing takes nothing from what another one says.
    let looked = listing("c", &who)
        .amount("sensitive_buckets", 30, "1d")
        .with(
            "spans",
            json!([{"deed": "listed", "first": "2026-03-16T03:00:00Z", "last": "2026-03-16T03:10:00Z"}]),
        );
    assert!(title_of(&[looked, read.clone()]).contains(" and read 18 objects in 3 buckets "));
    let known = read.with("extent.buckets_read_new", 2.into());
    assert!(title_of(&[known]).starts_with("job read 18 objects in 3 buckets, "));
}

#[test]
fn only_the_addresses_of_the_act_are_told() {
    let desk = json!([
        {"address": "203.0.113.9", "calls": 9, "counted": 9, "objects": 0, "bytes": 0, "is_of_act": true},
        {"address": "10.0.2.25", "calls": 900, "counted": 7, "objects": 0, "bytes": 0},
        {"address": "10.0.2.26", "calls": 900, "counted": 7, "objects": 0, "bytes": 0},
    ]);
    let stolen = reading("a", &role(1, "etl"))
        .with("sources", desk.clone())
        .with("extent.addresses", 1.into())
        .assumed(&role(2, "ops"), "16 03:00")
        .with(
            "authentication",
            json!({"time": "2026-03-16T02:50:00Z", "method": "ConsoleLogin", "mfa": false, "source_ip": "198.51.100.30"}),
        );
    let incident = &told(&[stolen])[0];
    assert!(
        incident.title.contains(", from 203.0.113.9, "),
        "{}",
        incident.title
    );
    assert_eq!(incident.extent.addresses, 1);
    let of_act: Vec<bool> = incident.sources.iter().map(|of| of.is_of_act).collect();
    assert_eq!(of_act, [true, false, false]);
    assert_eq!(
        json!(incident.origins),
        json!([{"kind": "sign_in", "address": "198.51.100.30"}, {"kind": "issuance", "address": "203.0.113.9"}])
    );
    // An older document has as many as its extent says.
    let mut older = desk;
    older[0]["is_of_act"] = false.into();
    let older = reading("a", &role(1, "etl"))
        .with("sources", older)
        .with("extent.addresses", 2.into());
    let incident = &told(&[older])[0];
    assert!(
        incident
            .title
            .contains(", from 203.0.113.9 and 1 other address, "),
        "{}",
        incident.title
    );
}

#[test]
fn the_span_is_that_of_what_is_told() {
    let etl = role(1, "etl");
    let beside = alert("b", "UNUSUAL-REGION", &etl, "16 00:58", "16 23:13")
        .novelty("work_region", "ap-south-1");
    let title = title_of(&[beside.clone(), reading("a", &etl)]);
    assert!(title.ends_with(", 03:04–03:31"), "{title}");
    // Beside it, the same act deletes for hours.
    let read = reading("a", &etl)
        .with("last_event", "2026-03-16T09:00:00Z".into())
        .with(
            "spans",
            json!([{"deed": "read", "first": "2026-03-16T03:10:00Z", "last": "2026-03-16T03:20:00Z"}]),
        );
    let title = title_of(&[read]);
    assert!(title.ends_with(", 03:10–03:20"), "{title}");
    // Of several days the day is told.
    let before = alert("b", "UNUSUAL-REGION", &etl, "15 20:58", "15 23:13")
        .novelty("work_region", "ap-south-1");
    let title = title_of(&[before, reading("a", &etl)]);
    assert!(title.ends_with(", 2026-03-16 03:04–03:31"), "{title}");
}

#[test]
fn only_those_who_showed_a_value_are_said_to_have() {
    let user = |n: u8| format!("arn:aws:iam::111111111111:user/u{n}");
    let stolen = |n: u8| reading(&format!("a{n}"), &user(n)).novelty("network", "AS64500");
    let child = reading("b", &user(7)).assumed(&user(1), "16 03:00");
    let alerts = [stolen(1), stolen(2), stolen(3), child];
    let title = title_of(&alerts);
    assert!(
        title.starts_with("u1, u2 and u3, which all called from network AS64500 for the first time, and 1 other identity read "),
        "{title}"
    );
    let incident = &told(&alerts)[0];
    let members = incident.entities.iter();
    let members = members.filter(|entity| entity.part == Part::Member);
    assert_eq!(members.count(), 3);
}

#[test]
fn what_an_approval_covers_is_no_roll_out_if_it_carries_more() {
    let mut alerts: Vec<Draft> = (0..4).map(|n| newcomer(n, 1).suppressed()).collect();
    assert!(title_of(&alerts).starts_with("Roll-out: 4 identities"));
    let read = alerts.remove(3).amount("read_calls", 9_000, "1h").with(
        "extent",
        json!({"calls": 9_000, "objects": 9_000, "objects_read": 9_000}),
    );
    alerts.push(read);
    assert_eq!(
        title_of(&alerts),
        "u0, u1, u2 and 1 more worked in region ap-south-1 for the first time; u3 read 9,000 objects, 13:05–13:40, as an approval \
         allows"
    );
    // Nothing that is told was done but the new value.
    let covered = alerts.pop().unwrap();
    let mut alerts: Vec<Draft> = (0..3).map(|n| newcomer(n, 1)).collect();
    alerts.push(covered);
    assert_eq!(
        title_of(&alerts),
        "u0, u1 and u2 worked in region ap-south-1 for the first time, 10:05–12:40"
    );
}

#[test]
fn destinations_are_as_many_as_were_counted() {
    let many = sending("a", &role(1, "etl")).with("extent.destinations", 500.into());
    assert_eq!(
        title_of(&[many]),
        "etl sent 21.0 GB to 198.51.100.7 and 499 other destinations, 03:20–03:40"
    );
}
