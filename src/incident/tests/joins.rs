//! What joins and what does not.

use serde_json::json;

use crate::incident::tests::{Draft, alert, role, told};
use crate::incident::{Joiner, Part, incident_id};
use crate::time::Time;

fn sizes(alerts: &[Draft]) -> Vec<usize> {
    told(alerts)
        .iter()
        .map(|incident| incident.alerts.len())
        .collect()
}

fn on(id: &str, who: &str, from: &str, to: &str) -> Draft {
    alert(id, "AN1594", who, from, to).amount("list_calls", 100, "10m")
}

#[test]
fn an_actor_is_one_across_names_providers_and_midnight_until_a_day_of_silence() {
    let user = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Ops/ada@example.com";
    let alerts = [
        on("a", user, "16 20:00", "16 23:50").with("entity.aliases", json!(["Ada@example.com"])),
        on("b", "entra:user:1", "17 00:10", "17 09:00")
            .with("entity.aliases", json!(["ada@example.com"])),
        // 24 h after the end before it.
        on("c", user, "18 09:00", "18 10:00").with("entity.aliases", json!(["ada@example.com"])),
    ];
    assert_eq!(sizes(&alerts), [2, 1]);
    let nearly =
        on("c", user, "18 08:59", "18 10:00").with("entity.aliases", json!(["ada@example.com"]));
    assert_eq!(sizes(&[alerts[0].clone(), alerts[1].clone(), nearly]), [3]);
}

#[test]
fn names_accounts_and_profiles_do_not_join_strangers() {
    let with = |id: &str, n: u8, alias: &str| {
        on(id, &role(n, "x"), "16 10:00", "16 11:00").with("entity.aliases", json!([alias]))
    };
    for alias in [
        "admin",
        "111122223333",
        "AIPAEXAMPLE1234567",
        "arn:aws:iam::1:instance-profile/web",
    ] {
        assert_eq!(
            sizes(&[with("a", 1, alias), with("b", 2, alias)]),
            [1, 1],
            "{alias}"
        );
    }
    // What looks like an id and is shared by many is none.
    let many: Vec<Draft> = (1..6)
        .map(|n| with(&format!("a{n}"), n, "i-0abc1234"))
        .collect();
    assert_eq!(sizes(&many), [1; 5]);
    assert_eq!(sizes(&many[..4]), [4]);
}

#[test]
fn people_who_share_a_role_are_not_joined_by_its_alert() {
    let sso = "arn:aws:iam::111111111111:role/AWSReservedSSO_Ops";
    let person = |id: &str, name: &str| {
        on(
            id,
            &format!("arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Ops/{name}"),
            "16 10:00",
            "16 11:00",
        )
        .with("entity.role", sso.into())
    };
    let of_role = on("r", sso, "16 10:00", "16 11:00").with("entity.kind", "role".into());
    assert_eq!(
        sizes(&[person("a", "ada"), person("b", "ben"), of_role.clone()]),
        [1, 1, 1]
    );
    // The sessions of another role are the role itself.
    let sessions = on("s", sso, "16 10:30", "16 11:30");
    assert_eq!(sizes(&[of_role, sessions]), [2]);
    let region = |id: &str| {
        on(id, "aws/111111111111/eu-west-1", "16 10:00", "16 11:00")
            .with("entity.kind", "region".into())
    };
    assert_eq!(sizes(&[region("x"), person("a", "ada")]), [1, 1]);
}

#[test]
fn lineage_joins_within_ten_days_and_through_a_sanctioned_step() {
    let (a, b, c) = (role(1, "a"), role(2, "b"), role(3, "c"));
    let alerts = |suppressed: bool| {
        let middle = on("y", &b, "08 10:00", "08 11:00").created(&a, "05 10:00");
        let middle = if suppressed {
            middle.suppressed()
        } else {
            middle
        };
        [
            on("x", &a, "04 10:00", "04 11:00"),
            middle,
            on("z", &c, "15 10:00", "15 11:00").assumed(&b, "14 10:00"),
        ]
    };
    assert_eq!(sizes(&alerts(false)), [3]);
    assert_eq!(sizes(&alerts(true)), [3]);
    let incident = &told(&alerts(true))[0];
    assert!(!incident.suppressed && incident.approvals == ["a1"]);
    // Eleven days after it was created, it is its own.
    let late = on("y", &b, "16 10:01", "16 11:00").created(&a, "05 10:00");
    assert_eq!(sizes(&[on("x", &a, "04 10:00", "04 11:00"), late]), [1, 1]);
    // Siblings are not one another's.
    let child = |id: &str, who: &str| on(id, who, "08 10:00", "08 11:00").created(&a, "05 10:00");
    assert_eq!(sizes(&[child("y", &b), child("z", &c)]), [1, 1]);
    let alone = &told(&[child("y", &b)])[0];
    let parts: Vec<Part> = alone.entities.iter().map(|entity| entity.part).collect();
    assert_eq!(parts, [Part::Actor, Part::CreatedBy]);
}

#[test]
fn while_scores_are_provisional_only_declared_acts_are_more_than_medium() {
    let provisional = on("a", &role(1, "a"), "16 10:00", "16 11:00")
        .severity("critical", 99.9)
        .with("provisional", true.into());
    let incident = &told(std::slice::from_ref(&provisional))[0];
    assert_eq!(incident.severity.to_string(), "medium");
    assert_eq!(
        incident.severity_reason,
        "medium by AN1594 (score 99.9), held at medium while scores are provisional"
    );
    for metric in ["blinding_calls", "expiry_rules", "scope_grants"] {
        let declared = provisional.clone().amount(metric, 1, "1d");
        assert_eq!(told(&[declared])[0].severity.to_string(), "critical");
    }
}

#[test]
fn a_log_that_is_blinded_first_raises_what_follows() {
    let etl = role(1, "etl");
    let blinded = alert("a", "LOG-BLINDED", &etl, "16 02:00", "16 02:00").with(
        "blinded",
        json!([{"operation": "cloudtrail:StopLogging", "target": "t"}]),
    );
    let incident = &told(&[blinded.clone(), on("b", &etl, "16 02:10", "16 02:30")])[0];
    assert_eq!(
        incident.severity.to_string(),
        "high",
        "{}",
        incident.severity_reason
    );
    let before = &told(&[blinded, on("b", &etl, "16 01:00", "16 01:30")])[0];
    assert_eq!(
        before.severity.to_string(),
        "medium",
        "{}",
        before.severity_reason
    );
}

#[test]
fn an_incident_is_bounded_and_the_rest_names_it() {
    let etl = role(1, "etl");
    let mut alerts: Vec<Draft> = Vec::new();
    for n in 0..450 {
        let (hour, minute) = (n / 60, n % 60);
        alerts.push(on(
            &format!("{n:03}"),
            &etl,
            &format!("16 {hour:02}:{minute:02}"),
            "16 23:00",
        ));
    }
    let incidents = told(&alerts);
    let sizes: Vec<usize> = incidents
        .iter()
        .map(|incident| incident.alerts.len())
        .collect();
    assert_eq!(sizes, [200, 200, 50]);
    let beyond = incidents[0].beyond.clone().unwrap();
    assert_eq!(
        (beyond.alerts, &beyond.incident_id),
        (250, &incidents[1].incident_id)
    );
    assert_eq!(
        incidents[1].continues.as_ref(),
        Some(&incidents[0].incident_id)
    );
    assert_eq!(
        incidents[2].continues.as_ref(),
        Some(&incidents[1].incident_id)
    );
    assert!(incidents[0].timeline.len() <= 60 && incidents[0].timeline_omitted > 0);
}

#[test]
fn an_older_id_stays_and_every_id_that_was_told_is_known() {
    let (a, b) = (role(1, "a"), role(2, "b"));
    let mut joiner = Joiner::default();
    let first = on("x", &a, "10 10:00", "10 11:00").done();
    let mut second = on("y", &b, "12 10:00", "12 11:00").done();
    joiner.add(&first);
    joiner.add(&second);
    assert_eq!(joiner.groups().len(), 2);
    let younger = joiner.id_of("y").unwrap().to_owned();
    // Told under the younger id, an alert names it.
    second.incident_id = Some(younger.clone());
    joiner.add(&second);
    assert!(joiner.groups()[1].merged.is_empty());
    // A credential of the one was issued to the other.
    let third = on("z", &b, "12 20:00", "12 21:00")
        .assumed(&a, "12 19:00")
        .done();
    joiner.add(&third);
    assert_eq!(joiner.id_of("z"), Some(&*incident_id("x")));
    assert_eq!(joiner.groups()[0].merged, std::slice::from_ref(&younger));
    // The document that counts was told under the older one.
    second.incident_id = Some(incident_id("x"));
    second.revision = 1;
    joiner.add(&second);
    assert_eq!(joiner.groups()[0].merged, [younger]);

    joiner.forget_before(Time::parse("2026-03-20T00:00:00Z").unwrap());
    assert_eq!(joiner.groups().len(), 1);
    joiner.forget_before(Time::parse("2026-04-20T00:00:00Z").unwrap());
    assert!(joiner.groups().is_empty());
}

#[test]
fn an_id_stays_while_more_is_known_of_an_act() {
    let who = role(1, "a");
    let early = |status: &str| {
        on("x", &who, "10 10:00", "10 10:05")
            .with("status", status.into())
            .with("crossed_at", "2026-03-10T10:05:00Z".into())
    };
    let other =
        on("y", &who, "10 10:02", "10 12:00").with("crossed_at", "2026-03-10T10:06:00Z".into());
    let at_first = told(&[early("new"), other.clone()])[0].incident_id.clone();
    // By its end, the act is known to have begun later.
    let closed = early("closed").with("first_event", "2026-03-10T10:03:00Z".into());
    let incidents = told(&[early("new"), other, closed]);
    assert_eq!(incidents[0].incident_id, at_first);
    assert_eq!(incidents[0].start.to_string(), "2026-03-10T10:02:00Z");
}

#[test]
fn an_incident_is_told_under_an_earlier_id() {
    let incident = &told(&[on("x", &role(1, "a"), "10 10:00", "10 11:00")])[0];
    let earlier = incident.under("i0");
    assert_eq!(earlier.incident_id, "i0");
    assert_eq!(earlier.merged_into.as_ref(), Some(&incident.incident_id));
    assert_eq!(earlier.title, incident.title);
}

#[test]
fn who_calls_without_a_name_is_nobody_elsewhere() {
    let anonymous = |id: &str, account: &str| {
        on(id, "aws:anonymous", "16 10:00", "16 11:00")
            .with("entity.identity_kind", "anonymous".into())
            .with("entity.aliases", json!(["AIDAEXAMPLE0001"]))
            .with("entity.account", account.into())
    };
    assert_eq!(
        sizes(&[
            anonymous("a", "111111111111"),
            anonymous("b", "222222222222")
        ]),
        [1, 1]
    );
    assert_eq!(
        sizes(&[
            anonymous("a", "111111111111"),
            anonymous("b", "111111111111")
        ]),
        [2]
    );
    let others = |id: &str| {
        let who = "arn:aws:iam::111111111111:role/(others)";
        on(id, who, "16 10:00", "16 11:00")
    };
    assert_eq!(sizes(&[others("a"), others("b")]), [1, 1]);
}

#[test]
fn a_stage_follows_another_only_if_it_begins_after_it() {
    let etl = role(1, "etl");
    let blinded = alert("a", "LOG-BLINDED", &etl, "16 17:59", "16 17:59").with(
        "blinded",
        json!([{"operation": "cloudtrail:StopLogging", "target": "t"}]),
    );
    let work = on("b", &etl, "16 08:00", "16 18:00");
    let incident = &told(&[blinded, work])[0];
    assert_eq!(
        incident.severity_reason, "medium by AN1594 (score 93.0)",
        "the work had begun"
    );
    let read = |from: &str| {
        alert("b", "ACCESS-SPIKE", &etl, from, "16 18:00").amount("read_calls", 900, "1h")
    };
    let sent = alert("c", "EGRESS-SPIKE", &etl, "16 12:00", "16 12:30").amount(
        "egress_bytes",
        9_000_000,
        "1h",
    );
    let listed = on("a", &etl, "16 10:00", "16 10:30");
    let severity = |from: &str| {
        let incident = &told(&[listed.clone(), read(from), sent.clone()])[0];
        incident.severity.to_string()
    };
    assert_eq!(severity("16 10:10"), "high");
    assert_eq!(severity("16 09:00"), "medium");
    assert_eq!(severity("16 12:10"), "medium");
}

#[test]
fn the_reason_of_a_severity_is_that_of_its_alert() {
    let raised = on("a", &role(1, "a"), "16 10:00", "16 11:00")
        .severity("high", 71.8)
        .with(
            "severity_reason",
            "high: 1 in 40 identity-days of this estate, above the threshold; +1: a sensitive bucket".into(),
        );
    let plain = on("b", &role(1, "a"), "16 10:00", "16 11:00").severity("medium", 95.3);
    assert_eq!(
        told(&[raised, plain])[0].severity_reason,
        "high by AN1594 (score 71.8: 1 in 40 identity-days of this estate, above the threshold; +1: a sensitive bucket)"
    );
}

#[test]
fn the_latest_document_of_an_alert_counts_whatever_its_place() {
    let early = on("x", &role(1, "a"), "10 10:00", "10 11:00")
        .with("status", "new".into())
        .with("score", 91.0.into());
    let late = on("x", &role(1, "a"), "10 10:00", "10 12:00").with("score", 95.0.into());
    for alerts in [[early.clone(), late.clone()], [late, early]] {
        let incidents = told(&alerts);
        assert_eq!((incidents.len(), incidents[0].score), (1, 95.0));
    }
}

#[test]
fn what_many_know_is_no_roll_out_and_strangers_in_one_region_no_campaign() {
    let in_region = |n: u8, support: u32| {
        let who = format!("arn:aws:iam::111111111111:user/u{n}");
        alert(
            &format!("a{n}"),
            "UNUSUAL-REGION",
            &who,
            "16 10:00",
            "16 11:00",
        )
        .known_novelty("region", "us-east-1", support)
    };
    let day =
        |n: u8, support: u32| -> Vec<Draft> { (0..n).map(|n| in_region(n, support)).collect() };
    assert_eq!(sizes(&day(4, 4)), [4]);
    assert_eq!(sizes(&day(4, 5)), [1; 4]);
    let busy: Vec<Draft> = day(4, 0)
        .into_iter()
        .map(|draft| draft.amount("read_calls", 900, "1h"))
        .collect();
    assert_eq!(sizes(&busy), [1; 4]);
    let of_network = |support: u32| -> Vec<Draft> {
        let call = |draft: &Draft| draft.clone().known_novelty("network", "AS64500", support);
        busy.iter().map(call).collect()
    };
    assert_eq!(sizes(&of_network(0)), [4]);
    assert_eq!(sizes(&of_network(1)), [1; 4]);
}
