//! Each event of a timeline is told once, in the words that tell most.

use serde_json::json;

use crate::incident::tests::{Draft, alert, instant, role, told};

/// Returns the timeline of the one incident, a line each: `16 03:00 etl: first event`.
fn timeline(alerts: &[Draft]) -> Vec<String> {
    let incidents = told(alerts);
    assert_eq!(incidents.len(), 1, "{incidents:#?}");
    let moments = incidents[0].timeline.iter();
    let lines = moments.map(|moment| {
        let time = moment.time.to_string();
        let name = moment.entity.rsplit('/').next().unwrap();
        let event = moment.event_id.as_deref().unwrap_or("-");
        format!(
            "{} {} {name}: {} [{event}]",
            &time[8..10],
            &time[11..16],
            moment.what
        )
    });
    lines.filter(|line| !line.contains(" reached")).collect()
}

fn signed_in(draft: Draft, at: &str, method: &str, mfa: Option<bool>) -> Draft {
    draft.with(
        "authentication",
        json!({"time": instant(at), "method": method, "mfa": mfa, "source_ip": "203.0.113.9"}),
    )
}

#[test]
fn a_role_that_was_assumed_is_told_once() {
    let (caller, stage) = (role(1, "caller"), role(1, "stage"));
    let by_stage =
        || alert("b", "AN1594", &stage, "16 03:00", "16 03:30").assumed(&caller, "16 02:50");
    let expected = [
        "16 02:50 stage: credential issued to arn:aws:iam::111111111111:role/caller (sts:AssumeRole) from 203.0.113.9 [issued]",
        "16 03:00 stage: first event [first-of-b]",
        "16 03:30 stage: last event [-]",
    ];
    // The alert says how its session began by the same call, or the session states when that was.
    for method in ["sts:AssumeRole", "sts:AssumeRole (SAML)", "session"] {
        let alone = signed_in(by_stage(), "16 02:50", method, None);
        assert_eq!(timeline(&[alone]), expected, "{method}");
    }
    // What the session says of a second factor is kept.
    let with_factor = signed_in(by_stage(), "16 02:50", "session", Some(false))
        .with("entity.credential", "ASIA1".into());
    let without = signed_in(by_stage(), "16 02:50", "session", None).with("alert_id", "c".into());
    for alerts in [
        [with_factor.clone(), without.clone()],
        [without, with_factor],
    ] {
        let told = timeline(&alerts);
        assert_eq!(told.len(), 3, "{told:#?}");
        assert!(
            told[0].contains("(sts:AssumeRole) without a second factor from 203.0.113.9"),
            "{told:#?}"
        );
    }
    // Another sign-in of that second, and a later one, are events of their own.
    for (at, method) in [("16 02:50", "signin:ConsoleLogin"), ("16 02:55", "session")] {
        let told = timeline(&[signed_in(by_stage(), at, method, None)]);
        assert_eq!(told.len(), 4, "{told:#?}");
    }
}

#[test]
fn the_call_that_assumed_a_role_is_told_once_beside_an_alert_on_its_caller() {
    let (caller, stage) = (role(1, "caller"), role(1, "stage"));
    let by_caller =
        alert("a", "AN1594", &caller, "16 02:50", "16 02:55").with("event_ids", json!(["issued"]));
    let by_caller = signed_in(by_caller, "16 02:50", "sts:AssumeRole", None);
    let by_stage =
        alert("b", "AN1594", &stage, "16 03:00", "16 03:00").assumed(&caller, "16 02:50");
    // A chain over both knows the first step as well.
    let chain = alert("c", "AN1594", &role(2, "vault"), "16 04:00", "16 04:30").with(
        "assumed",
        json!([{"credential": "ASIA2", "time": instant("16 03:50"), "operation": "sts:AssumeRole", "event_id": "second",
            "by": stage, "source_ip": "203.0.113.9", "with": {"credential": "ASIA1", "time": instant("16 02:50"),
            "operation": "sts:AssumeRole", "event_id": "issued", "by": caller, "source_ip": "203.0.113.9"}}]),
    );
    assert_eq!(
        timeline(&[by_caller, by_stage, chain]),
        [
            "16 02:50 stage: credential issued to arn:aws:iam::111111111111:role/caller (sts:AssumeRole) from 203.0.113.9 [issued]",
            "16 02:55 caller: last event [-]",
            "16 03:00 stage: first event [first-of-b]",
            "16 03:50 vault: credential issued to arn:aws:iam::111111111111:role/stage (sts:AssumeRole) from 203.0.113.9 [second]",
            "16 04:00 vault: first event [first-of-c]",
            "16 04:30 vault: last event [-]",
        ]
    );
}

#[test]
fn a_creation_is_told_once_with_what_most_is_known_of_it() {
    let (maker, made) = (role(1, "maker"), role(1, "made"));
    let step = |by: Option<&str>, operation: Option<&str>| {
        json!({"kind": "sequence", "steps": [{"step": "new_identity", "time": instant("16 02:00"), "event_id": "made",
            "operation": operation, "origin": "created", "by": by}]})
    };
    let on = |id: &str| alert(id, "AN1594", &made, "16 03:00", "16 03:30");
    let alerts = [
        on("a").reason(step(None, None)),
        on("b").reason(step(Some(&maker), Some("iam:CreateRole"))),
        on("c").created(&maker, "16 02:00"),
    ];
    let told = timeline(&alerts);
    assert_eq!(told.len(), 3, "{told:#?}");
    assert_eq!(
        told[0],
        "16 02:00 made: created by arn:aws:iam::111111111111:role/maker (iam:CreateRole) from 203.0.113.9 [made]"
    );
}
