//! An analytic that lacks what it rests on says so, and is not quiet.

use std::path::Path;

use serde_json::Value;

use crate::world::World;

/// Returns verdict and reason of an analytic on AWS.
fn verdict(document: &str, analytic: &str) -> (String, String) {
    let document: Value = serde_json::from_str(document).expect("it is JSON");
    let all = document["analytics"].as_array().expect("a list").clone();
    let is_it = |v: &&Value| v["analytic"] == analytic && v["provider"] == "aws";
    let found = all.iter().find(is_it).expect("the analytic is judged");
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    (text("verdict"), text("why"))
}

/// Returns what was seen.
fn seen(document: &str) -> Value {
    let document: Value = serde_json::from_str(document).expect("it is JSON");
    document["seen"].clone()
}

/// Removes all folders of one name.
fn remove_folders(under: &Path, name: &str) -> usize {
    let entries = std::fs::read_dir(under).expect("a folder");
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path()).filter(|path| path.is_dir()));
    let mut removed = 0;
    for folder in folders {
        if folder.ends_with(name) {
            std::fs::remove_dir_all(&folder).expect("it can be removed");
            removed += 1;
        } else {
            removed += remove_folders(&folder, name);
        }
    }
    removed
}

#[test]
fn what_is_not_logged_is_told_before_and_after_training() {
    let world = World::simulated(3, 6, 20);
    let json = ["coverage", "logs", "--strict", "--format", "json"];
    let whole = world.run(&json).succeeds();
    for analytic in ["AN0370", "AN1328", "AN1594"] {
        assert_eq!(
            verdict(&whole.out, analytic),
            ("covered".into(), String::new())
        );
    }
    // What is delivered twice counts once, as it does in a store.
    assert_eq!(world.run_in_shell("cp -r logs again").status, 0);
    let duplicates = world.run(&["coverage", "logs", "again", "--format", "json"]);
    assert_eq!(seen(&duplicates.out), seen(&whole.out));
    let shown = world.run(&["coverage", "logs"]).succeeds();
    for words in ["AN1328 aws COVERED", "aws off by default", "GetObject "] {
        assert!(shown.out.contains(words), "`{words}`: {}", shown.out);
    }
    let trained = world.run(&["train", "logs"]).succeeds();
    // Data events of tables are no part of the estate.
    let partial = trained.err.matches(" PARTIAL").count();
    let of_tables = trained.err.matches("DATA-SPIKE is PARTIAL on aws").count();
    assert_eq!(partial, of_tables, "{}", trained.err);
    let stored = world.run(&["coverage", "--format", "json"]).succeeds();
    for analytic in ["AN0370", "AN1328", "AN1594"] {
        assert_eq!(verdict(&stored.out, analytic).0, "covered");
    }

    assert!(remove_folders(&world.path().join("logs"), "vpcflowlogs") > 0);
    let partial = world.run(&json).succeeds();
    let (found, why) = verdict(&partial.out, "AN1328");
    assert_eq!(found, "partial");
    assert!(
        why.starts_with("no flow logs; without it: Egress is seen only"),
        "{why}"
    );
    let sentence = "AN1328 is PARTIAL on aws: no flow logs";
    for command in [
        &["train", "logs", "--store", "other"][..],
        &["score", "logs", "--store", "other"],
    ] {
        let said = world.run(&[command, &["-v"]].concat()).succeeds();
        assert!(said.err.contains(sentence), "{command:?}: {}", said.err);
        let not_seen = said.err.matches("no records of ").count();
        assert!(not_seen <= 1, "{command:?}: {}", said.err);
        // In short it is one line, and providers that the estate does not have are none.
        let said = world.run(command).succeeds();
        assert!(!said.err.contains("no records of "), "{}", said.err);
        let quiet = world.run(&[command, &["-q"]].concat()).succeeds();
        assert_eq!(quiet.err, "", "{command:?}");
    }
    let played = world
        .run(&["backtest", "logs", "--train-days", "4", "-v"])
        .succeeds();
    assert!(played.out.contains(sentence), "{}", played.out);

    // Without a list of sensitive buckets, AN0370 sees nothing.
    std::fs::write(world.path().join("plimsoll.toml"), "").expect("it is emptied");
    let blind = world.run(&json);
    assert_eq!(blind.status, 1, "{}", blind.err);
    assert_eq!(verdict(&blind.out, "AN0370").0, "blind");
    let empty = World::empty();
    empty
        .run(&["coverage"])
        .fails_with(1, &["there is no trained store"]);
}

/// Exports leave members out. An analytic that has nobody to judge sees nothing, whatever its records say beside.
#[test]
fn records_without_an_identity_cover_nothing() {
    let world = World::empty();
    let record = |at: usize, name: &str| {
        serde_json::json!({
            "eventVersion": "1.10", "eventTime": format!("2026-03-{:02}T10:00:00Z", 1 + at), "eventSource": "s3.amazonaws.com",
            "eventName": name, "awsRegion": "eu-west-1", "requestParameters": {"bucketName": "b"}, "eventID": format!("e{at}"),
            "readOnly": name == "GetBucketAcl", "eventType": "AwsApiCall", "recipientAccountId": "111122223333",
            "managementEvent": true, "eventCategory": "Management",
        })
        .to_string()
    };
    let reads = (0..7).map(|at| record(at, "GetBucketAcl"));
    let lines: Vec<String> = reads.chain([record(7, "PutBucketPolicy")]).collect();
    std::fs::write(world.path().join("in.jsonl"), lines.join("\n")).expect("it is written");
    let found = world
        .run(&["coverage", "in.jsonl", "--format", "json"])
        .succeeds();
    for analytic in [
        "POLICY-PUBLIC",
        "POLICY-EXTERNAL",
        "AN1088",
        "ACCOUNT-DISCOVERY",
        "UNUSUAL-REGION",
    ] {
        let (verdict, why) = verdict(&found.out, analytic);
        assert_eq!(verdict, "blind", "{analytic}");
        assert!(
            why.contains("lack principal, without which none can alert"),
            "{why}"
        );
    }
    // Providers that are not there are one line.
    let text = world.run(&["coverage", "in.jsonl"]).succeeds().out;
    assert_eq!(text.matches("gworkspace").count(), 1, "{text}");
    assert_eq!(world.run(&["coverage", "in.jsonl", "--strict"]).status, 1);
}

/// A trail that stops in one account is told wherever logs are learnt or judged, although the other accounts go on.
#[test]
fn an_account_that_falls_silent_is_told() {
    let world = World::empty();
    let record = |account: &str, day: i64, hour: i64| {
        let time = format!("2026-03-{:02}T{hour:02}:00:00Z", 1 + day);
        serde_json::json!({
            "eventVersion": "1.10", "eventTime": time, "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets",
            "awsRegion": "eu-west-1", "eventID": format!("{account}-{day}-{hour}"), "eventType": "AwsApiCall",
            "userIdentity": {"type": "IAMUser", "arn": format!("arn:aws:iam::{account}:user/ana"), "accountId": account, "userName": "ana"},
            "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2", "recipientAccountId": account, "managementEvent": true,
        })
        .to_string()
    };
    let write = |name: &str, days: std::ops::Range<i64>, account: &str| {
        let hours = days.flat_map(|day| (0..24).map(move |hour| (day, hour)));
        let lines: Vec<String> = hours
            .map(|(day, hour)| record(account, day, hour))
            .collect();
        std::fs::write(world.path().join(name), lines.join("\n")).expect("it is written");
    };
    write("one.jsonl", 0..20, "111122223333");
    write("two.jsonl", 0..12, "222233334444");
    write("later.jsonl", 20..22, "111122223333");
    let trained = world.run(&["train", "one.jsonl", "two.jsonl"]).succeeds();
    let sentence = "aws.cloudtrail of account 222233334444: no record since 2026-03-12T23:00:00Z";
    for command in [
        &["coverage"][..],
        &["coverage", "one.jsonl", "two.jsonl"],
        &["score", "later.jsonl"],
        &["nightly", "later.jsonl"],
    ] {
        let said = world.run(command).succeeds();
        let said = (said.out + &said.err)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(said.contains(sentence), "{command:?}: {said}");
    }
    let said = trained.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(sentence), "{said}");
    let document: Value = serde_json::from_str(&world.run(&["coverage", "--format", "json"]).out)
        .expect("it is JSON");
    assert_eq!(document["silent"][0]["account"], "222233334444");
    let (found, why) = verdict(&document.to_string(), "AN1088");
    assert_eq!(found, "partial");
    assert!(why.contains(sentence), "{why}");
    assert_eq!(world.run(&["coverage", "--strict"]).status, 1);
    // All accounts that are read go on: nothing is silent.
    let alone = world
        .run(&["coverage", "one.jsonl", "later.jsonl", "--format", "json"])
        .succeeds();
    assert!(!alone.out.contains("\"silent\""), "{}", alone.out);
}

/// The layer has the members that the layer format 4.5 requires, and no others than it knows.
#[test]
fn the_navigator_reads_what_is_seen_of_each_technique() {
    let world = World::simulated(3, 6, 20);
    assert!(remove_folders(&world.path().join("logs"), "vpcflowlogs") > 0);
    let shown = world
        .run(&["coverage", "logs", "--format", "navigator"])
        .succeeds();
    let layer: Value = serde_json::from_str(&shown.out).expect("it is JSON");
    let known = |value: &Value, names: &[&str]| {
        let members = value.as_object().expect("an object");
        assert!(
            members.keys().all(|name| names.contains(&&**name)),
            "{value}"
        );
    };
    known(
        &layer,
        &[
            "name",
            "versions",
            "domain",
            "description",
            "hideDisabled",
            "layout",
            "techniques",
            "legendItems",
        ],
    );
    assert!(layer["name"].is_string());
    assert_eq!(layer["domain"], "enterprise-attack");
    assert_eq!(
        layer["versions"],
        serde_json::json!({"navigator": "4.9.0", "layer": "4.5"})
    );
    known(
        &layer["layout"],
        &["layout", "showID", "expandedSubtechniques"],
    );
    let legend: Vec<&Value> = layer["legendItems"]
        .as_array()
        .expect("a list")
        .iter()
        .collect();
    let is_color = |color: &Value| {
        let digits = color.as_str().and_then(|color| color.strip_prefix('#'));
        digits.is_some_and(|digits| digits.len() == 6 && u32::from_str_radix(digits, 16).is_ok())
    };
    assert!(
        legend.len() == 4
            && legend
                .iter()
                .all(|item| item["label"].is_string() && is_color(&item["color"]))
    );
    let techniques = layer["techniques"].as_array().expect("a list");
    let mut colors = std::collections::BTreeMap::new();
    for technique in techniques {
        known(technique, &["techniqueID", "color", "comment", "enabled"]);
        let id = technique["techniqueID"].as_str().expect("a text");
        let parts: Vec<&str> = id.split('.').collect();
        let is_id = parts[0].len() == 5
            && parts[0].starts_with('T')
            && parts.get(1).is_none_or(|sub| sub.len() == 3);
        assert!(is_id && parts.len() <= 2, "{id}");
        assert!(
            legend
                .iter()
                .any(|item| item["color"] == technique["color"]),
            "{technique}"
        );
        assert!(
            colors.insert(id, technique["color"].as_str()).is_none(),
            "{id} is there once"
        );
    }
    let comment = |id: &str| {
        let mut all = techniques.iter();
        all.find(|one| one["techniqueID"] == id)
            .expect("it is there")["comment"]
            .to_string()
    };
    assert!(
        comment("T1537").contains("AN1328 on aws: partial: no flow logs"),
        "{}",
        comment("T1537")
    );
    // Egress is seen in part, listing is seen, and of mailboxes nothing is known.
    let color = |at: usize| legend[at]["color"].as_str();
    assert_eq!(colors["T1619"], color(0));
    assert_eq!(colors["T1048"], color(1));
    assert_eq!(colors["T1087.003"], color(3));
}

/// A call of somebody in an account, so many hours after the beginning of March.
fn record(account: &str, at: i64, name: &str) -> String {
    let (day, hour) = (1 + at / 24, at % 24);
    let service = if name == "StopLogging" {
        "cloudtrail"
    } else {
        "s3"
    };
    serde_json::json!({
            "eventVersion": "1.10", "eventTime": format!("2026-03-{day:02}T{hour:02}:00:00Z"), "eventName": name,
            "eventSource": format!("{service}.amazonaws.com"), "awsRegion": "eu-west-1", "eventID": format!("{account}-{at}-{name}"),
            "eventType": "AwsApiCall", "recipientAccountId": account, "managementEvent": true, "sourceIPAddress": "198.51.100.7",
            "userIdentity": {"type": "IAMUser", "arn": format!("arn:aws:iam::{account}:user/ana"), "accountId": account, "userName": "ana"},
            "userAgent": "aws-cli/2", "requestParameters": {"name": "main"},
        })
        .to_string()
}

/// Returns the alerts on silent logs that were closed.
fn silences(out: &str) -> Vec<Value> {
    let alerts = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("it is JSON"));
    alerts
        .filter(|alert: &Value| alert["status"] == "closed" && alert["analytic"] == "SOURCE-SILENT")
        .collect()
}

/// A silence is told once, with the act that stopped the log, and so is its end; live as in batch.
#[test]
fn a_log_that_falls_silent_raises_one_incident_until_it_is_back() {
    let world = World::empty();
    let (one, two) = ("111122223333", "222233334444");
    let hours = |account: &'static str, hours: std::ops::Range<i64>| {
        hours.map(move |at| record(account, at, "ListBuckets"))
    };
    let mut learnt: Vec<String> = hours(one, 0..14 * 24)
        .chain(hours(two, 0..14 * 24))
        .collect();
    learnt.sort_by_key(|line| {
        line.find("eventTime")
            .map(|at| line[at..at + 33].to_owned())
    });
    let mut live: Vec<String> = hours(one, 14 * 24..22 * 24).collect();
    live.extend(hours(two, 14 * 24..14 * 24 + 9));
    live.push(record(two, 14 * 24 + 9, "StopLogging"));
    live.extend(hours(two, 19 * 24 + 5..22 * 24));
    live.sort_by_key(|line| {
        line.find("eventTime")
            .map(|at| line[at..at + 33].to_owned())
    });
    let write = |name: &str, lines: &[String]| {
        std::fs::write(world.path().join(name), lines.join("\n") + "\n").expect("it is written");
    };
    write("learnt.jsonl", &learnt);
    write("live.jsonl", &live);
    world.run(&["train", "learnt.jsonl"]).succeeds();
    assert_eq!(
        world.run_in_shell("cp -r plimsoll-store followed").status,
        0
    );
    let closed = |out: &str| -> Vec<Value> {
        let alerts = out
            .lines()
            .map(|line| serde_json::from_str(line).expect("it is JSON"));
        alerts
            .filter(|alert: &Value| alert["status"] == "closed")
            .collect()
    };
    let of = |alerts: &[Value], analytic: &str| -> Vec<Value> {
        alerts
            .iter()
            .filter(|alert| alert["analytic"] == analytic)
            .cloned()
            .collect()
    };
    // What is scored may be a part of all logs.
    let part = ["score", "live.jsonl", "--format", "json", "--store", "part"];
    assert_eq!(world.run_in_shell("cp -r plimsoll-store part").status, 0);
    let part = world.run(&part).succeeds();
    assert!(!part.out.contains("SOURCE-SILENT"), "{}", part.out);
    let scored = world
        .run(&["nightly", "live.jsonl", "--format", "json"])
        .succeeds();
    let alerts = closed(&scored.out);
    let silent = of(&alerts, "SOURCE-SILENT");
    let told: Vec<_> = silent
        .iter()
        .map(|alert| (alert["arm"].as_str(), alert["time"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Some("SILENT"), Some("2026-03-16T23:00:00Z")),
            (Some("BACK"), Some("2026-03-20T05:00:00Z")),
        ]
    );
    assert_eq!(silent[0]["entity"]["id"], "aws.cloudtrail/222233334444");
    assert_eq!(silent[0]["silence"]["since"], "2026-03-15T09:00:00Z");
    let blinded = of(&alerts, "LOG-BLINDED");
    assert_eq!(blinded.len(), 1, "{}", scored.out);
    for alert in &silent {
        assert_eq!(alert["incident_id"], blinded[0]["incident_id"]);
    }
    std::fs::write(world.path().join("alerts.jsonl"), &scored.out).expect("it is written");
    world.run(&["verify", "alerts.jsonl"]).succeeds();
    let again = world
        .run(&["nightly", "live.jsonl", "--format", "json"])
        .succeeds();
    assert!(!again.out.contains("SOURCE-SILENT"), "{}", again.out);
    // An approval for the log, or for all logs of its kind, would have hidden both.
    for (log, hidden) in [
        ("aws.cloudtrail/222233334444", 2),
        ("aws.cloudtrail", 2),
        ("aws.cloudtrail/333344445555", 0),
    ] {
        let approve = format!(
            "approve add --dry-run --log {log} --owner ana --reason closed --expires 2099-12-31"
        );
        let approve: Vec<&str> = approve.split(' ').collect();
        let shown = world.run(&approve).succeeds().out;
        let words = format!("would have hidden {hidden} alerts");
        assert!(shown.contains(&words), "{log}: {shown}");
    }
    let follow = [
        "score",
        "--follow",
        "--until-idle",
        "1s",
        "live.jsonl",
        "--store",
        "followed",
        "--format",
        "json",
    ];
    let followed = of(&closed(&world.run(&follow).succeeds().out), "SOURCE-SILENT");
    let ids = |alerts: &[Value]| -> Vec<Value> {
        alerts
            .iter()
            .map(|alert| alert["alert_id"].clone())
            .collect()
    };
    assert_eq!(ids(&followed), ids(&silent));
}

/// A simulated estate has weekends, rare accounts and regions, and no log that breaks.
#[test]
fn no_log_of_a_quiet_estate_falls_silent() {
    let world = World::simulated(4, 28, 12);
    let played = world
        .run(&["backtest", "logs", "--train-days", "8", "--format", "json"])
        .succeeds();
    assert!(!played.out.contains("SOURCE-SILENT"), "{}", played.out);
}

/// Days are learnt in part, each night some hours of a new one; whoever judges sees whole days only, and all of them.
#[test]
fn silence_is_told_once_where_each_night_learns_the_first_hours_of_a_day() {
    let world = World::empty();
    let (always, by_day, ends) = ("111122223333", "222233334444", "333344445555");
    let of_hours = |from: i64, to: i64| -> String {
        let calls = (from..to).flat_map(|at| {
            let is_there = |account: &str| match account {
                account if account == by_day => (4..13).contains(&(at % 24)),
                account if account == ends => !(13 * 24 + 9..18 * 24 + 5).contains(&at),
                _ => true,
            };
            let there = [always, by_day, ends].into_iter().filter(|a| is_there(a));
            there
                .map(|account| record(account, at, "ListBuckets") + "\n")
                .collect::<Vec<_>>()
        });
        calls.collect()
    };
    let night = |day: i64| day * 24 + 3;
    let folder = world.path().join("logs");
    std::fs::create_dir(&folder).expect("it is made");
    std::fs::write(folder.join("00.jsonl"), of_hours(0, night(11))).expect("it is written");
    world.run(&["train", "logs"]).succeeds();
    assert_eq!(
        world.run_in_shell("cp -r plimsoll-store followed").status,
        0
    );
    let (mut told, mut followed) = (Vec::new(), Vec::new());
    for day in 12..22 {
        let more = of_hours(night(day - 1), night(day));
        std::fs::write(folder.join(format!("{day}.jsonl")), more).expect("it is written");
        let out = world
            .run(&["nightly", "logs", "--format", "json"])
            .succeeds()
            .out;
        told.extend(silences(&out));
        let follow = [
            "score",
            "--follow",
            "--until-idle",
            "1s",
            "logs",
            "--store",
            "followed",
            "--format",
            "json",
        ];
        followed.extend(silences(&world.run(&follow).succeeds().out));
        world
            .run(&["train", "logs", "--store", "followed"])
            .succeeds();
    }
    let shown = |alerts: &[Value]| -> Vec<Value> {
        let shown = |alert: &Value| {
            let silence = &alert["silence"];
            serde_json::json!([
                alert["arm"],
                alert["time"],
                alert["entity"]["id"],
                silence["since"],
                alert["alert_id"]
            ])
        };
        alerts.iter().map(shown).collect()
    };
    assert_eq!(shown(&told), shown(&followed));
    let arms: Vec<_> = told.iter().map(|alert| alert["arm"].as_str()).collect();
    assert_eq!(arms, [Some("SILENT"), Some("BACK")], "{:?}", shown(&told));
    assert_eq!(told[0]["silence"]["since"], "2026-03-14T08:00:00Z");
    assert_eq!(told[0]["time"], "2026-03-15T23:00:00Z");
    assert_eq!(told[1]["time"], "2026-03-19T05:00:00Z");
    assert_eq!(told[1]["entity"]["id"], format!("aws.cloudtrail/{ends}"));
    // Whoever knows better says so, or wants none.
    let id = told[0]["alert_id"].as_str().expect("a text");
    world.run(&["feedback", id, "false"]).succeeds();
    std::fs::write(
        world.path().join("off.toml"),
        "[analytic.SOURCE-SILENT]\nenabled = false\n",
    )
    .expect("it is written");
    world
        .run(&["coverage", "logs", "--config", "off.toml"])
        .succeeds();
}

/// An account that was closed stays silent for good: who says so is not told of it, and a daily check of coverage is green again.
#[test]
fn a_log_that_is_retired_is_no_silence() {
    let world = World::empty();
    let of_account = |account: &'static str, hours: std::ops::Range<i64>| -> String {
        let records = hours.map(|at| record(account, at, "ListBuckets") + "\n");
        records.collect()
    };
    let (stays, ends) = ("111122223333", "222233334444");
    let logs = of_account(stays, 0..24 * 24) + &of_account(ends, 0..14 * 24);
    world.write("logs.jsonl", logs);
    world.run(&["train", "logs.jsonl"]).succeeds();
    let strict = |config: &str, approval: &str| {
        let approval =
            format!("[[approval]]\n{approval}\nowner='ana'\nreason='closed'\nexpires=2026-12-31\n");
        world.write(config, approval);
        world.run(&[
            "coverage", "--strict", "--format", "json", "--config", config,
        ])
    };
    let of = |out: &str| serde_json::from_str::<Value>(out).expect("a document");
    let other = strict("other.toml", "log='aws.cloudtrail/333344445555'");
    let document = of(&other.out);
    assert_eq!(document["silent"][0]["account"], ends);
    assert_eq!(document["retired"], Value::Null);
    assert_ne!(other.status, 0);
    let verdict = |document: &Value| {
        let all = document["analytics"].as_array().expect("a list").iter();
        let mut partial = all.filter(|of| of["verdict"] == "partial");
        partial.any(|of| of.to_string().contains(ends))
    };
    assert!(verdict(&document), "{document:#}");
    let retired = strict(
        "retired.toml",
        "log='aws.cloudtrail/2222*'\nanalytics=['SOURCE-SILENT']",
    );
    let document = of(&retired.out);
    assert_eq!(document["silent"], Value::Null);
    assert_eq!(document["retired"][0]["account"], ends);
    assert!(!verdict(&document), "{document:#}");
    let shown = world
        .run(&["coverage", "--config", "retired.toml"])
        .succeeds();
    assert!(shown.out.contains("closed (owner ana"), "{}", shown.out);
    let add = [
        "approve",
        "add",
        "--log",
        "aws.cloudtrail/222233334444",
        "--owner",
        "ana",
        "--reason",
        "closed",
        "--expires",
        "2026-12-31",
        "--config",
        "added.toml",
    ];
    let added = world.run(&add).succeeds();
    // It covers nobody, and is not warned of as if it did.
    let said = added.out + &added.err;
    assert!(
        !said.contains("every caller") && !said.contains("it covers none"),
        "{said}"
    );
    for (config, is_told) in [("other.toml", true), ("retired.toml", false)] {
        let play = [
            "backtest",
            "logs.jsonl",
            "--train-days",
            "12",
            "--format",
            "json",
        ];
        let played = world
            .run(&[&play[..], &["--config", config]].concat())
            .succeeds();
        assert_eq!(played.out.contains("SOURCE-SILENT"), is_told, "{config}");
    }
    for wrong in [
        "log='aws.cloudtrail/1'\nidentity='*'",
        "log='aws.cloudtrail/1'\nanalytics=['AN1594']",
        "identity='*'\nanalytics=['SOURCE-SILENT']",
    ] {
        let refused = strict("wrong.toml", wrong);
        assert_eq!(refused.status, 2, "{wrong}");
        assert!(refused.err.contains("wrong.toml:1"), "{}", refused.err);
    }
}

/// Reads of secrets, tables, snapshots and images are reads, and none of them shows that objects of buckets are recorded.
#[test]
fn what_is_in_no_bucket_covers_no_analytic_of_buckets() {
    let world = World::empty();
    let covered = |calls: &[(&str, &str, Value)]| {
        let lines = (0..40).map(|at| {
            let (service, op, parameters) = &calls[at as usize % calls.len()];
            let line = record("111122223333", at * 6, op);
            let mut call: Value = serde_json::from_str(&line).expect("a record");
            call["eventSource"] = format!("{service}.amazonaws.com").into();
            call["requestParameters"] = parameters.clone();
            call.to_string() + "\n"
        });
        world.write("in.jsonl", lines.collect::<String>());
        let said = world.run(&["coverage", "in.jsonl", "--format", "json"]);
        said.succeeds().out
    };
    let json = |text: &str| serde_json::from_str::<Value>(text).expect("parameters");
    let secrets = covered(&[
        (
            "secretsmanager",
            "GetSecretValue",
            json(r#"{"secretId": "db"}"#),
        ),
        ("ssm", "DescribeParameters", Value::Null),
    ]);
    let data = covered(&[
        ("dynamodb", "Scan", json(r#"{"tableName": "orders"}"#)),
        (
            "ebs",
            "GetSnapshotBlock",
            json(r#"{"snapshotId": "snap-1", "blockIndex": 7}"#),
        ),
    ]);
    let images = covered(&[(
        "ecr",
        "BatchGetImage",
        json(r#"{"repositoryName": "shop"}"#),
    )]);
    for (document, sees) in [
        (&secrets, Some("SECRETS-SPIKE")),
        (&data, Some("DATA-SPIKE")),
        (&images, Some("DATA-SPIKE")),
    ] {
        for analytic in [
            "S3-CLIENT",
            "S3-DENIED",
            "ACCESS-SPIKE",
            "SECRETS-SPIKE",
            "DATA-SPIKE",
        ] {
            let (verdict, why) = verdict(document, analytic);
            let is_blind = verdict == "blind";
            // Pulls alone show no table, and tables no pull.
            assert_ne!((analytic, &*verdict), ("DATA-SPIKE", "covered"), "{why}");
            assert_eq!(
                is_blind,
                sees != Some(analytic),
                "{analytic}: {verdict} {why}"
            );
        }
    }
}
