//! What begins later than the store: a log that is switched on, an account and a provider that join. Nobody is unusual for it, and what the
//! other logs show is judged as ever.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use plimsoll::simulate::{Format, Options, simulate};
use serde_json::{Value, json};

use crate::world::{Said, World};

/// The day on which it begins, of logs from 2026-02-23 on.
const BEGINS: &str = "2026-03-11";
/// Days that are learnt before any is judged.
const LEARNT: &str = "--train-days=14";
/// An account that joins, in some of the stories.
const JOINING: &str = "222233334444";

/// A quiet estate, and its records but those that a story leaves out, as lines of one file.
fn estate(formats: &[Format], is_left_out: impl Fn(&Value) -> bool) -> (World, Vec<Value>) {
    let world = World::empty();
    let options = Options {
        seed: 11,
        days: 22,
        identities: 40,
        attack_days_from: 22,
        decoys: false,
        gzip_level: 1,
        formats: formats.to_vec(),
        ..Options::default()
    };
    simulate(&options, world.path(), &mut |_| {}).expect("the estate is simulated");
    world.write_lines("trail.jsonl", &world.days());
    let trail = fs::read_to_string(world.path().join("trail.jsonl")).expect("lines");
    let mut lines: Vec<String> = trail.lines().map(str::to_owned).collect();
    for path in world.files() {
        if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            let text = fs::read_to_string(&path).expect("lines");
            lines.extend(text.lines().map(str::to_owned));
        }
    }
    let records = lines
        .iter()
        .map(|line| serde_json::from_str(line).expect("a record"));
    let records = records.filter(|record| !(time_of(record) < BEGINS && is_left_out(record)));
    let records = records.collect();
    (world, records)
}

fn time_of(record: &Value) -> &str {
    let time = record["eventTime"]
        .as_str()
        .or(record["detail"]["published"].as_str());
    time.unwrap_or_default()
}

fn is_data_event(record: &Value) -> bool {
    record["eventCategory"] == "Data"
}

fn is_of_joining(record: &Value) -> bool {
    record["recipientAccountId"] == JOINING
}

fn is_okta(record: &Value) -> bool {
    record["detail"]["published"].is_string()
}

/// Writes the records, and returns the alerts of a backtest and what it said.
fn backtest(world: &World, records: &[Value]) -> (Vec<Value>, Value, String) {
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    world.write("logs.jsonl", lines.join("\n") + "\n");
    let told = ["backtest", "logs.jsonl", LEARNT, "--out", "result"];
    let said: Said = world.run(&told).succeeds();
    let read = |name: &str| {
        let path = world.path().join("result").join(name);
        fs::read_to_string(path).expect("a result")
    };
    let alerts = read("alerts.jsonl");
    let alerts = alerts
        .lines()
        .map(|line| serde_json::from_str(line).expect("an alert"));
    let alerts = alerts.collect();
    let summary = serde_json::from_str(&read("summary.json")).expect("a summary");
    fs::remove_dir_all(world.path().join("result")).expect("a folder");
    (alerts, summary, said.out + &said.err)
}

/// Returns how many identities alerted on each day from the beginning on.
fn by_day(alerts: &[Value]) -> BTreeMap<String, usize> {
    let mut days: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for alert in alerts {
        let time = alert["time"].as_str().expect("a time");
        if time >= BEGINS {
            let of_day = days.entry(time[..10].to_owned()).or_default();
            of_day.insert(alert["entity"]["id"].as_str().expect("an id"));
        }
    }
    days.into_iter()
        .map(|(day, ids)| (day, ids.len()))
        .collect()
}

/// Adds an attack to a day: somebody lists many buckets and reads many objects, from where nobody ever was.
fn attack(records: &mut Vec<Value>, who: &str, day: &str, (buckets, objects): (usize, usize)) {
    let is_own = |record: &&Value| {
        let identity = &record["userIdentity"];
        is_data_event(record)
            && record["recipientAccountId"] == identity["accountId"]
            && identity["arn"]
                .as_str()
                .is_some_and(|arn| arn.contains(who))
    };
    let of_attacker = records
        .iter()
        .find(is_own)
        .expect("a record of the attacker")
        .clone();
    for n in 0..buckets + objects {
        let mut record = of_attacker.clone();
        let second = n / 2;
        let (name, key) = match n < buckets {
            true => ("ListObjects", Value::Null),
            false => ("GetObject", json!(format!("k/{n}"))),
        };
        record["eventName"] = json!(name);
        record["eventTime"] = json!(format!(
            "{day}T03:{:02}:{:02}Z",
            second / 60 % 60,
            second % 60
        ));
        record["eventID"] = json!(format!("aaaaaaaa-0000-4000-8000-{n:012x}"));
        record["requestParameters"] =
            json!({"bucketName": format!("b{}", n % buckets), "key": key});
        record["sourceIPAddress"] = json!("198.51.100.77");
        record["userAgent"] = json!("[Boto3/1.34]");
        records.push(record);
    }
}

/// Returns analytic, score and whether it is provisional, of the alerts of somebody on a day.
fn of<'a>(alerts: &'a [Value], who: &str, day: &str) -> Vec<(&'a str, f64, bool, &'a str)> {
    let is_it = |alert: &&Value| {
        let id = alert["entity"]["id"].as_str().expect("an id");
        id.contains(who) && alert["time"].as_str().expect("a time").starts_with(day)
    };
    let told = alerts.iter().filter(is_it).map(|alert| {
        (
            alert["analytic"].as_str().expect("an analytic"),
            alert["score"].as_f64().expect("a score"),
            alert["provisional"].as_bool().expect("a word"),
            alert["severity"].as_str().expect("a severity"),
        )
    });
    told.collect()
}

#[test]
fn whatever_begins_later_than_the_store_is_learnt_and_alarms_nobody() {
    let aws: &[Format] = &Format::AWS[..1];
    let with_okta = &[Format::AWS[0], Format::Okta][..];
    type LeftOut = fn(&Value) -> bool;
    for (what, formats, is_left_out, log) in [
        (
            "data events",
            aws,
            is_data_event as LeftOut,
            "object_access",
        ),
        ("an account", aws, is_of_joining, "account"),
        ("a provider", with_okta, is_okta, "account"),
    ] {
        let (world, records) = estate(formats, is_left_out);
        let (alerts, summary, said) = backtest(&world, &records);
        let loudest = by_day(&alerts).into_values().max();
        assert!(loudest.unwrap_or(0) <= 4, "{what}: {:?}", by_day(&alerts));
        let learning = summary["learning"].as_array().expect("what is learnt");
        let begun = learning
            .iter()
            .find(|of| of["log"] == log)
            .expect("it is told");
        assert_eq!(begun["since"], BEGINS, "{what}");
        assert_eq!(begun["until"], "2026-03-21", "{what}");
        assert!(begun["identities"].as_u64() > Some(3), "{what}: {begun}");
        let line = said
            .lines()
            .find(|line| line.contains("learning"))
            .expect("a line");
        assert!(line.contains("since 2026-03-11: "), "{line}");
        for alert in &alerts {
            let is_capped = alert["severity"] == "medium" || alert["severity"] == "low";
            assert!(
                alert["provisional"] == false || is_capped,
                "{what}: {alert}"
            );
        }

        if log != "object_access" {
            continue;
        }
        // The same live, by the store of a night.
        let (learnt, later): (Vec<&Value>, Vec<&Value>) =
            records.iter().partition(|record| time_of(record) < BEGINS);
        for (name, lines) in [("learnt.jsonl", learnt), ("later.jsonl", later)] {
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            world.write(name, lines.join("\n") + "\n");
        }
        world.run(&["train", "learnt.jsonl"]).succeeds();
        let live = world.run(&["score", "later.jsonl", "--format=json"]);
        let n_alerts = live.out.lines().count();
        assert!(
            live.err.contains("since 2026-03-11: "),
            "{what}: {}",
            live.err
        );
        assert!(n_alerts <= 24, "{what}: {n_alerts} in eleven days");
        world.run(&["nightly", "later.jsonl"]).succeeds();
        let coverage = world.run(&["coverage"]).succeeds().out;
        assert!(
            coverage.contains("since 2026-03-11: "),
            "{what}: {coverage}"
        );
    }
}

/// Every identity of an estate makes 40 calls a day to a service of which nothing was recorded before.
fn a_service_that_is_recorded_since_today(
    (service, op): (&str, &str),
    parameters: impl Fn(usize, usize) -> Value,
    log: &str,
) {
    let (world, mut records) = estate(&Format::AWS[..1], |_| false);
    let mut first_calls: BTreeMap<(String, String), Value> = BTreeMap::new();
    for record in &records {
        let time = time_of(record);
        let identity = &record["userIdentity"];
        let is_at_home = record["recipientAccountId"] == identity["accountId"];
        if let Some(arn) = identity["arn"]
            .as_str()
            .filter(|_| is_at_home && time >= BEGINS)
        {
            let of_day = (arn.to_owned(), time[..10].to_owned());
            first_calls.entry(of_day).or_insert_with(|| record.clone());
        }
    }
    for (at, (_, first)) in first_calls.into_iter().enumerate() {
        for n in 0..40 {
            let mut record = first.clone();
            record["eventSource"] = json!(format!("{service}.amazonaws.com"));
            record["eventName"] = json!(op);
            record["eventID"] = json!(format!("bbbbbbbb-0000-4000-{at:04x}-{n:012x}"));
            record["eventCategory"] = json!("Management");
            record["requestParameters"] = parameters(at, n);
            for other in ["errorCode", "errorMessage", "resources"] {
                record.as_object_mut().expect("a record").remove(other);
            }
            records.push(record);
        }
    }
    let (alerts, summary, _) = backtest(&world, &records);
    let mut told = alerts.iter().map(|alert| &alert["analytic"]);
    let loudest = by_day(&alerts).into_values().max();
    assert!(loudest.unwrap_or(0) <= 4, "{:?}", told.next());
    let mut learning = summary["learning"]
        .as_array()
        .expect("what is learnt")
        .iter();
    let begun = learning.find(|of| of["log"] == log);
    assert_eq!(begun.expect("it is told")["since"], BEGINS);
}

#[test]
fn other_stores_that_are_recorded_since_today_alarm_nobody() {
    a_service_that_is_recorded_since_today(
        ("secretsmanager", "GetSecretValue"),
        |at, n| json!({"secretId": format!("{at}/{n}")}),
        "secrets",
    );
    a_service_that_is_recorded_since_today(
        ("dynamodb", "Query"),
        |at, n| json!({"tableName": format!("table-{at}-{}", n % 8)}),
        "data_stores",
    );
    a_service_that_is_recorded_since_today(
        ("ecr", "BatchGetImage"),
        |at, n| json!({"repositoryName": format!("image-{at}-{}", n % 8)}),
        "exports",
    );
}

#[test]
fn an_attack_in_an_old_account_is_found_on_the_day_on_which_another_joins() {
    let (world, mut records) = estate(&Format::AWS[..1], is_of_joining);
    attack(&mut records, "svc-", BEGINS, (60, 400));
    let attacked = of(&backtest(&world, &records).0, "svc-", BEGINS)
        .iter()
        .map(|(analytic, score, ..)| ((*analytic).to_owned(), *score))
        .collect::<Vec<_>>();
    assert!(
        attacked
            .iter()
            .any(|(id, score)| id == "AN1594" && *score > 90.0),
        "{attacked:?}"
    );
    records.retain(|record| !is_of_joining(record));
    let (alone, ..) = backtest(&world, &records);
    let alone = of(&alone, "svc-", BEGINS);
    for (analytic, score) in &attacked {
        let is_same = |of: &&(&str, f64, bool, &str)| of.0 == analytic && of.1 == *score && !of.2;
        assert!(
            alone.iter().any(|of| is_same(&of)),
            "{analytic} {score}: {alone:?}"
        );
    }
}

#[test]
fn a_blatant_attack_in_a_log_that_is_still_learnt_is_told_as_provisional() {
    let (world, mut records) = estate(&Format::AWS[..1], is_data_event);
    let day = "2026-03-14";
    attack(&mut records, "svc-", day, (60, 4_000));
    let (alerts, ..) = backtest(&world, &records);
    let told = of(&alerts, "svc-", day);
    assert!(!told.is_empty());
    for (analytic, _, is_provisional, severity) in told {
        assert!(
            is_provisional && severity == "medium",
            "{analytic}: {severity}"
        );
    }
}
