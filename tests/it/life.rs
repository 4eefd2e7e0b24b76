//! What an alert says of its episode from the crossing to the end, in the logs of AWS, Azure and Google Cloud: how much it
//! came to, through whom, and that it is told once, whichever command judges.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::plain_spikes::{
    CLOUDS, Cloud, DAYS, LIST, Logs, READ, TONIGHT, Who, job, outside, person,
};
use crate::world::World;

/// What is taken: so many objects of so many bytes each, in so many buckets.
const OBJECTS: u32 = 2_000;
const BUCKETS: u32 = 60;
const BYTES: u32 = 500_000;
/// Where it is taken from.
pub const FOREIGN: &str = "203.0.113.112";

/// A job whose credential is stolen: its own work goes on all day, from its own machine.
pub fn victim() -> Who {
    job(2)
}

/// Three ordinary weeks, and at last a night in which somebody elsewhere lists every bucket with the job's credential, and
/// then reads what is in them.
pub fn theft(cloud: Cloud) -> Logs {
    let mut logs = Logs::ordinary(cloud, |_, _| true);
    let thief = outside(victim());
    logs.objects(TONIGHT, 120, thief, LIST, [BUCKETS, BUCKETS, 4_000]);
    let later = (DAYS, TONIGHT.1 + 240);
    logs.objects(later, OBJECTS, thief, READ, [OBJECTS, BUCKETS, BYTES]);
    logs
}

/// Returns the records before the last day and those of it, in the order of their times.
pub fn cut(logs: &Logs) -> (String, Vec<&str>) {
    let time_of = |line: &str| -> String {
        let at = line.find("\"2026-03-").expect("a time");
        line[at + 1..at + 20].to_owned()
    };
    let mut lines: Vec<(String, &str)> = logs.text.lines().map(|l| (time_of(l), l)).collect();
    lines.sort();
    let n_past = lines.partition_point(|(time, _)| **time < *format!("2026-03-{DAYS}"));
    let past = lines[..n_past].iter().map(|(_, line)| format!("{line}\n"));
    let today = lines[n_past..].iter().map(|(_, line)| *line);
    (past.collect(), today.collect())
}

/// A world that learnt the days before the last, with that one in `today.jsonl`.
pub fn trained(logs: &Logs) -> World {
    let (past, today) = cut(logs);
    let world = World::empty();
    world.write("past.jsonl", past);
    world.write("today.jsonl", today.join("\n") + "\n");
    world.run(&["train", "past.jsonl"]).succeeds();
    world
}

pub fn documents(text: &str) -> Vec<Value> {
    let read = |line| serde_json::from_str(line).expect("an alert");
    text.lines().map(read).collect()
}

/// Returns the documents of an analytic on the job, in the order in which they were told.
#[track_caller]
pub fn on_victim(documents: Vec<Value>, analytic: &str, cloud: Cloud) -> Vec<Value> {
    let id = victim().id(cloud);
    let of: Vec<Value> = documents
        .into_iter()
        .filter(|alert| alert["analytic"] == analytic && alert["entity"]["id"] == *id)
        .collect();
    assert!(!of.is_empty(), "no {analytic} on {id}");
    of
}

pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// Demands that a document tells the whole theft, and nothing but the theft.
#[track_caller]
fn tells_the_theft(alert: &Value, cloud: Cloud) {
    let calls = BUCKETS + OBJECTS;
    // The audit log of Google Cloud tells no sizes.
    let bytes = if cloud == Cloud::Google {
        0
    } else {
        OBJECTS * BYTES
    };
    assert_eq!(alert["status"], "closed", "{alert:#}");
    let parts = [
        ("calls", calls),
        ("objects", OBJECTS),
        ("buckets", BUCKETS),
        ("bytes_read", bytes),
        ("addresses", 1),
        ("list_calls", BUCKETS),
        ("buckets_listed", BUCKETS),
        ("objects_read", OBJECTS),
        ("buckets_read", BUCKETS),
    ];
    for (part, amount) in parts {
        assert_eq!(alert["extent"][part], amount, "{part} of {alert:#}");
    }
    assert_eq!(alert["events"], calls);
    assert!(number(&alert["day_events"]) > u64::from(calls), "{alert:#}");
    assert_eq!(alert["entity"]["source_ip"], FOREIGN);
    assert_eq!(alert["sources"][0]["address"], FOREIGN);
    for source in alert["sources"].as_array().expect("sources") {
        let is_of_act = source["is_of_act"] == true;
        assert_eq!(is_of_act, source["address"] == FOREIGN, "{source:#}");
    }
    let clients = [
        &alert["entity"]["user_agent"],
        &alert["sources"][0]["client"],
    ];
    assert!(
        clients.iter().all(|c| c.to_string().contains("rclone")),
        "{clients:?}"
    );
    assert_eq!(alert["first_event"], format!("2026-03-{DAYS}T03:04:00Z"));
    assert_eq!(alert["last_event"], format!("2026-03-{DAYS}T03:41:19Z"));
    // What the job itself did on that day is not when the theft came to its score.
    assert!(
        alert["time"].as_str() <= alert["last_event"].as_str(),
        "{alert:#}"
    );
    let operations = alert["operations"].as_array().expect("operations");
    let listed_and_read: Vec<u64> = operations.iter().map(|o| number(&o["calls"])).collect();
    assert_eq!(listed_and_read, [u64::from(OBJECTS), u64::from(BUCKETS)]);
}

/// Demands that the threshold was crossed when little had been done.
#[track_caller]
fn crossed_early(alert: &Value) {
    let crossed = alert["crossed_at"].as_str().expect("an instant");
    assert!(crossed < &*format!("2026-03-{DAYS}T03:05:00Z"), "{alert:#}");
    let by_then = &alert["extent_at_crossing"];
    assert!((1..=10).contains(&number(&by_then["calls"])), "{by_then}");
    assert_eq!(by_then["objects"], 0);
    assert!(alert["time"].as_str() >= Some(crossed), "{alert:#}");
}

/// Takes what says which generation judged, and how many days it had learnt, out of a document.
fn without(mut alert: Value, fields: &[&str]) -> Value {
    for field in fields {
        alert.as_object_mut().expect("a document").remove(*field);
    }
    alert
}

#[test]
fn the_closing_alert_tells_all_of_the_act_and_nothing_else() {
    for cloud in CLOUDS {
        let logs = theft(cloud);
        let world = trained(&logs);
        world.write("all.jsonl", &logs.text);
        let split = format!("--split=2026-03-{DAYS}");
        let backtest = world.run(&["backtest", "all.jsonl", &split, "--format=json"]);
        let scored = world.run(&["score", "today.jsonl"]).succeeds();
        let mut told = Vec::new();
        for said in [backtest.succeeds(), scored] {
            let all = documents(&said.out);
            let spike = &on_victim(all.clone(), "ACCESS-SPIKE", cloud)[0];
            assert_eq!(spike["extent"]["objects"], OBJECTS, "{spike:#}");
            assert_eq!(spike["extent"]["buckets"], BUCKETS);
            assert_eq!(spike["entity"]["source_ip"], FOREIGN);
            let mut of_id = on_victim(all, "AN1594", cloud);
            assert_eq!(of_id.len(), 1, "an episode is told once");
            let alert = of_id.remove(0);
            tells_the_theft(&alert, cloud);
            crossed_early(&alert);
            told.push(without(alert, &["generation", "digest"]));
        }
        assert_eq!(told[0], told[1], "a backtest says what scoring says");
    }
}

#[test]
fn an_alert_grows_until_it_is_closed_and_following_ends_where_scoring_does() {
    for cloud in CLOUDS {
        let logs = theft(cloud);
        let world = trained(&logs);
        for store in ["live", "halves"] {
            let copy = format!("cp -r plimsoll-store {store}");
            world.run_in_shell(&copy).succeeds();
        }
        let scored = world.run(&["score", "today.jsonl"]).succeeds();
        let steps = world.run(&["score", "--again", "--every-status", "today.jsonl"]);
        let steps = on_victim(documents(&steps.succeeds().out), "AN1594", cloud);
        let statuses: Vec<&str> = steps
            .iter()
            .map(|s| s["status"].as_str().unwrap())
            .collect();
        let n = statuses.len();
        let updates = vec!["update"; n - 2];
        assert_eq!(statuses, [&["new"], &*updates, &["closed"]].concat());
        assert!((1..=8).contains(&updates.len()), "{statuses:?}");
        assert!(steps.iter().all(|s| s["alert_id"] == steps[0]["alert_id"]));
        // From the first on it names the thief, although the job has done as many ordinary things by then.
        for step in &steps {
            assert_eq!(step["entity"]["source_ip"], FOREIGN, "{step:#}");
        }
        for pair in steps.windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            for field in ["calls", "objects", "buckets", "bytes_read"] {
                let of = |alert: &Value| number(&alert["extent"][field]);
                assert!(of(after) >= of(before), "{field} shrank: {pair:#?}");
            }
            assert!(after["last_event"].as_str() >= before["last_event"].as_str());
            assert!(after["events"].as_u64() >= before["events"].as_u64());
            assert!(after["score"].as_f64() >= before["score"].as_f64());
            assert_eq!(after["crossed_at"], before["crossed_at"]);
            assert_eq!(after["extent_at_crossing"], before["extent_at_crossing"]);
        }
        assert_eq!(steps[0]["extent"], steps[0]["extent_at_crossing"]);
        assert_eq!(steps[0]["time"], steps[0]["crossed_at"]);
        tells_the_theft(&steps[n - 1], cloud);

        // The same day as a file that grows.
        let (_, today) = cut(&logs);
        let followed = follow_growing(&world, "live", &today, today.len().div_ceil(9));
        let closed = |text: &str| -> Vec<String> {
            let is_closed = |line: &&str| line.contains("\"status\":\"closed\"");
            let mut lines: Vec<String> =
                text.lines().filter(is_closed).map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(closed(&followed), closed(&scored.out), "byte for byte");

        // A follower that is stopped within the night closes what there is by then, and closes it again as a revision.
        let mut last: BTreeMap<String, Value> = BTreeMap::new();
        for upto in [today.len() / 2, today.len()] {
            world.write("halves.jsonl", today[..upto].join("\n") + "\n");
            let args = ["--store", "halves", "score", "--follow", "--poll", "20ms"];
            let said = world.run(&[&args[..], &["--until-idle", "300ms", "halves.jsonl"]].concat());
            for alert in documents(&said.succeeds().out) {
                last.insert(alert["alert_id"].to_string(), alert);
            }
        }
        let fields = ["revision", "digest", "incident_id"];
        let last: Vec<Value> = last.into_values().map(|a| without(a, &fields)).collect();
        let mut whole = documents(&scored.out);
        whole.sort_by_key(|alert| alert["alert_id"].to_string());
        let whole: Vec<Value> = whole.into_iter().map(|a| without(a, &fields)).collect();
        assert_eq!(last, whole);
    }
}

#[test]
fn one_call_from_elsewhere_beside_ordinary_work_is_named_first() {
    let mut logs = theft(Cloud::Aws);
    let row = ["s3:ListBuckets", "", "null", "null"];
    logs.call((DAYS, TONIGHT.1 - 1), outside(victim()), &row);
    let world = trained(&logs);
    let steps = world.run(&["score", "--every-status", "today.jsonl"]);
    let steps = on_victim(documents(&steps.succeeds().out), "AN1594", Cloud::Aws);
    assert_eq!(steps[0]["status"], "new");
    assert_eq!(steps[0]["entity"]["source_ip"], FOREIGN, "{:#}", steps[0]);
}

/// Follows a file to which a day is appended in pieces, and returns what was told.
pub fn follow_growing(world: &World, store: &str, lines: &[&str], piece: usize) -> String {
    world.write("growing.jsonl", "");
    let args = ["--store", store, "score", "--follow", "--poll", "20ms"];
    let to = [
        "--until-idle",
        "3s",
        "--out",
        "followed.jsonl",
        "growing.jsonl",
    ];
    let mut child = world.start(&[&args[..], &to].concat());
    for piece in lines.chunks(piece) {
        let path = world.path().join("growing.jsonl");
        let mut file = OpenOptions::new().append(true).open(path).expect("a file");
        file.write_all((piece.join("\n") + "\n").as_bytes())
            .expect("it grows");
        std::thread::sleep(Duration::from_millis(60));
    }
    assert!(child.wait().expect("it ends").success());
    std::fs::read_to_string(world.path().join("followed.jsonl")).expect("alerts")
}

#[test]
fn a_budget_moves_the_threshold_and_nothing_that_was_found() {
    let mut logs = theft(Cloud::Aws);
    logs.objects(
        (DAYS, 30_000),
        9_000,
        outside(person(4)),
        READ,
        [150, 6, 90_000],
    );
    logs.objects((DAYS, 32_000), 9_000, person(7), LIST, [60, 12, 4_000]);
    let world = World::empty();
    world.write("all.jsonl", &logs.text);
    let split = format!("--split=2026-03-{DAYS}");
    let told = |budget: &str| -> BTreeMap<String, Value> {
        let said = world.run(&[
            "backtest",
            "all.jsonl",
            &split,
            "--budget",
            budget,
            "--format=json",
        ]);
        let by_id = |alert: Value| (alert["alert_id"].to_string(), alert);
        documents(&said.succeeds().out)
            .into_iter()
            .map(by_id)
            .collect()
    };
    // An estate this small tells five from forty a day as little as one in ten from one in two: a week's one is another threshold.
    let least = told("1/week");
    assert!(least.len() > 2);
    for budget in ["5", "40"] {
        let more = told(budget);
        for (id, strict) in &least {
            let lax = &more[id];
            assert!(
                lax["threshold"].as_f64() < strict["threshold"].as_f64(),
                "{budget}"
            );
            assert!(lax["crossed_at"].as_str() <= strict["crossed_at"].as_str());
            assert_eq!(of_the_act(strict), of_the_act(lax), "{budget}");
        }
    }
}

/// Takes what a budget may change out of a document.
fn of_the_act(alert: &Value) -> Value {
    let moves = [
        "threshold",
        "severity_reason",
        "crossed_at",
        "extent_at_crossing",
        "digest",
    ];
    let mut alert = without(alert.clone(), &moves);
    alert["evidence"] = without(alert["evidence"].clone(), &["threshold"]);
    // An incident may begin with an alert that only one budget tells.
    without(alert, &["incident_id"])
}

#[test]
fn a_day_is_told_once_and_what_comes_late_as_a_revision() {
    let logs = theft(Cloud::Aws);
    let (_, today) = cut(&logs);
    let world = trained(&logs);
    // Some of the night's records are delivered after the day was judged.
    let is_late = |line: &&str| line.contains("T03:4");
    let (late, first): (Vec<&str>, Vec<&str>) = today.into_iter().partition(is_late);
    assert!(late.len() > 50);
    world.write("day/first.jsonl", first.join("\n") + "\n");
    let score = |more: &[&str]| world.run(&[&["score"], more, &["day"]].concat()).succeeds();
    let told = score(&[]);
    let ids = |text: &str| -> Vec<String> {
        let id = |alert: Value| alert["alert_id"].to_string();
        documents(text).into_iter().map(id).collect()
    };
    assert!(ids(&told.out).len() > 1, "{}", told.err);
    let again = score(&[]);
    assert_eq!(again.out, "");
    assert!(again.err.contains("told before"), "{}", again.err);
    assert_eq!(score(&["--again"]).out, told.out, "byte for byte");
    assert_eq!(
        score(&["--every-status"]).out,
        "",
        "nothing is new a second time"
    );

    world.write("day/late.jsonl", late.join("\n") + "\n");
    let revised = documents(&score(&[]).out);
    assert!(!revised.is_empty());
    for alert in &revised {
        assert_eq!(
            (&alert["status"], &alert["revision"]),
            (&json!("closed"), &json!(1))
        );
        assert!(
            ids(&told.out).contains(&alert["alert_id"].to_string()),
            "{alert:#}"
        );
    }
    tells_the_theft(&on_victim(revised, "AN1594", Cloud::Aws)[0], Cloud::Aws);
    assert_eq!(score(&[]).out, "");
}
