//! Baselines young and old: newcomers who do as others do and who do not, a job like clockwork, and a patient ramp.

use std::fmt::Write;

use crate::world::World;

const ACCOUNT: &str = "111122223333";
const ROLE: &str = "AWSReservedSSO_Analyst_0a1b2c3d4e5f6071";
/// Days that are learnt.
const DAYS: u32 = 16;
/// The days of the logs are those of March 2026.
const TODAY: u32 = DAYS + 1;

/// Who calls.
enum Caller {
    /// A person in a role that colleagues take too.
    Session(String),
    User(String),
    /// A job in a role of its own.
    Job(&'static str),
}

/// One trail, written call by call.
#[derive(Default)]
struct Trail {
    text: String,
    calls: u64,
}

impl Trail {
    fn call(&mut self, who: &Caller, (day, second): (u32, u32), name: &str, rest: &str) {
        let (identity, address) = match who {
            Caller::Session(person) => (
                format!(
                    r#"{{"type":"AssumedRole","principalId":"AROASSO:{person}","arn":"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/{person}","accountId":"{ACCOUNT}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROASSO","arn":"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/{ROLE}","accountId":"{ACCOUNT}","userName":"{ROLE}"}}}}}}"#
                ),
                "10.1.2.3",
            ),
            Caller::User(name) => (
                format!(
                    r#"{{"type":"IAMUser","principalId":"AIDA{name}","arn":"arn:aws:iam::{ACCOUNT}:user/{name}","accountId":"{ACCOUNT}","userName":"{name}"}}"#
                ),
                "10.1.2.4",
            ),
            Caller::Job(role) => (
                format!(
                    r#"{{"type":"AssumedRole","principalId":"AROA{role}:run","arn":"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/run","accountId":"{ACCOUNT}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROA{role}","arn":"arn:aws:iam::{ACCOUNT}:role/{role}","accountId":"{ACCOUNT}","userName":"{role}"}}}}}}"#
                ),
                "10.1.9.9",
            ),
        };
        let address = if rest.contains("outside") {
            "198.51.100.77"
        } else {
            address
        };
        self.calls += 1;
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        let _ = writeln!(
            self.text,
            r#"{{"eventVersion":"1.10","userIdentity":{identity},"eventTime":"2026-03-{day:02}T{hour:02}:{minute:02}:{:02}Z","eventSource":"s3.amazonaws.com","eventName":"{name}","awsRegion":"eu-west-1","sourceIPAddress":"{address}","userAgent":"[aws-cli/2.15.0]","requestParameters":{{"bucketName":"lake","key":"k/{}"}},"responseElements":null,"additionalEventData":{{"bytesTransferredOut":20000}},"eventID":"00000000-0000-4000-8000-{:012x}","readOnly":true,"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"{ACCOUNT}","eventCategory":"Data"}}"#,
            second % 60,
            self.calls % 97,
            self.calls,
        );
    }

    /// Calls that are spread evenly over an hour.
    fn hour(&mut self, who: &Caller, (day, hour): (u32, u32), name: &str, calls: u32, rest: &str) {
        for call in 0..calls {
            let second = hour * 3_600 + call * 3_600 / calls.max(1);
            self.call(who, (day, second), name, rest);
        }
    }

    /// An ordinary day of somebody: a few hours of a few reads and some listings.
    fn ordinary(&mut self, who: &Caller, day: u32, n: u32) {
        for hour in 8..17 {
            let dice = (n * 7 + day * 13 + hour * 5 + n * day) % 11;
            if dice < 6 {
                self.hour(who, (day, hour), "GetObject", 2 + (dice * 5 + n) % 12, "");
            }
            if dice < 3 {
                self.hour(who, (day, hour), "ListObjects", 1 + dice, "");
            }
        }
    }
}

fn session(n: u32) -> Caller {
    Caller::Session(format!("colleague{n}@example.com"))
}

fn user(n: u32) -> Caller {
    Caller::User(format!("user{n}"))
}

/// Learns an office of colleagues in one role, users without one, and a job; then judges a day.
fn judge(today: impl FnOnce(&mut Trail)) -> Vec<serde_json::Value> {
    let world = World::empty();
    let mut learnt = Trail::default();
    for day in 1..=DAYS {
        (0..12).for_each(|n| learnt.ordinary(&session(n), day, n));
        (0..12).for_each(|n| learnt.ordinary(&user(n), day, 50 + n));
        (0..24).for_each(|hour| learnt.hour(&JOB, (day, hour), "ListObjects", 40, ""));
    }
    let mut trail = Trail {
        calls: learnt.calls,
        ..Trail::default()
    };
    (0..12).for_each(|n| trail.ordinary(&session(n), TODAY, n));
    (0..12).for_each(|n| trail.ordinary(&user(n), TODAY, 50 + n));
    today(&mut trail);
    world.write("learnt.jsonl", learnt.text);
    world.write("today.jsonl", trail.text);
    world.run(&["train", "learnt.jsonl"]).succeeds();
    let said = world.run(&["score", "today.jsonl", "--format", "json"]);
    assert!([0, 1].contains(&said.status), "{}", said.err);
    said.out
        .lines()
        .map(|line| serde_json::from_str(line).expect("an alert"))
        .collect()
}

const JOB: Caller = Caller::Job("inventory");

/// The job's day: so many calls an hour from one o'clock until another, and forty otherwise.
fn the_job(trail: &mut Trail, calls: u32, hours: std::ops::Range<u32>) {
    for hour in 0..24 {
        let calls = if hours.contains(&hour) { calls } else { 40 };
        trail.hour(&JOB, (TODAY, hour), "ListObjects", calls, "");
    }
}

/// What the reasons of an alert were judged against.
fn judged_against(alert: &serde_json::Value) -> Vec<String> {
    let reasons = alert["reasons"].as_array().expect("reasons");
    reasons
        .iter()
        .filter_map(|reason| reason["judged_against"]["id"].as_str())
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_quiet_newcomer_is_silent() {
    let alerts = judge(|today| {
        the_job(today, 40, 0..24);
        today.ordinary(&session(70), TODAY, 70);
        today.ordinary(&user(71), TODAY, 71);
    });
    assert!(alerts.is_empty(), "{alerts:#?}");
}

#[test]
fn a_newcomer_who_reads_far_more_than_peers_alerts_on_the_first_day() {
    for (who, name, peers) in [
        (session(70), "colleague70", ROLE),
        (user(71), "user71", "aws/"),
    ] {
        let alerts = judge(|today| {
            the_job(today, 40, 0..24);
            // The busiest hours of others have 13.
            today.hour(&who, (TODAY, 11), "GetObject", 140, "outside");
        });
        assert!(!alerts.is_empty(), "{name}");
        for alert in &alerts {
            let id = alert["entity"]["id"].as_str().expect("an id");
            assert!(id.contains(name), "{id}");
            let against = judged_against(alert);
            assert!(
                against.iter().any(|group| group.contains(peers)),
                "{against:?}\n{alert:#}"
            );
        }
    }
}

#[test]
fn a_job_like_clockwork_alerts_when_it_doubles_and_not_on_one_more() {
    for (calls, hours, is_told) in [
        (40, 0..24, false),
        (41, 0..24, false),
        (80, 0..24, true),
        (80, 13..14, true),
    ] {
        let alerts = judge(|today| the_job(today, calls, hours.clone()));
        let told: Vec<_> = alerts
            .iter()
            .filter(|alert| alert["analytic"] == "AN1594")
            .collect();
        assert_eq!(
            !told.is_empty(),
            is_told,
            "{calls} in {hours:?}: {alerts:#?}"
        );
        assert_eq!(alerts.len(), told.len());
    }
}

#[test]
fn a_ramp_is_told_by_training_and_by_show() {
    let world = World::empty();
    let mut trail = Trail::default();
    for day in 1..=DAYS {
        (0..12).for_each(|n| trail.ordinary(&user(n), day, 50 + n));
        let calls = 30.0 * 1.3f64.powi(day.saturating_sub(8) as i32);
        trail.hour(&user(90), (day, 11), "GetObject", calls as u32, "");
    }
    world.write("learnt.jsonl", trail.text);
    let said = world.run(&["train", "learnt.jsonl"]).succeeds();
    let show = |args: &[&str]| world.run(&[&["show"], args].concat()).succeeds().out;
    let document: serde_json::Value =
        serde_json::from_str(&show(&["--format", "json"])).expect("a document");
    let drifted = document["baseline_drift"].as_array().expect("a list");
    assert_eq!(drifted.len(), 1, "{drifted:#?}");
    assert!(
        drifted[0]["id"]
            .as_str()
            .expect("an id")
            .ends_with("user90")
    );
    assert_eq!(drifted[0]["since"], "2026-03-09");
    assert!(drifted[0]["factor"].as_f64().expect("a number") > 2.0);
    let overview = show(&[]);
    assert!(overview.contains("Baseline drift, ") && overview.contains("user/user90: "));
    assert!(show(&["user90"]).contains("drifted since 2026-03-1"));
    assert!(show(&["user3"]).contains("Baseline drift"));
    // It crossed before the last day that has closed, so the first training does not call it news; the digest is for
    // what has moved since the training before.
    assert!(!said.err.contains("baseline rose"), "{}", said.err);
    let judged = world
        .run(&[
            "backtest",
            "learnt.jsonl",
            "--train-days",
            "9",
            "--out",
            "out",
            "-v",
        ])
        .succeeds();
    assert!(
        judged.out.contains("1 baseline rose by 2026-03-"),
        "{}",
        judged.out
    );
    let summary = std::fs::read_to_string(world.path().join("out/summary.json")).expect("it");
    let summary: serde_json::Value = serde_json::from_str(&summary).expect("a document");
    assert_eq!(summary["baseline_drift"][0]["total"], 1);
}
