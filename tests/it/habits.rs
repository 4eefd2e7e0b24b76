//! Jobs that come by the week inside an identity that also does other work, in the logs of three providers.

use serde_json::Value;

use crate::plain_spikes::{At, CLOUDS, Cloud, LIST, Logs, Who, job, outside};
use crate::world::World;

/// The Fridays of the logs, days of March 2026; the last is judged.
const FRIDAYS: [u32; 3] = [6, 13, 20];
/// Two in the morning, between the job's visits of every four hours.
const AT: u32 = 2 * 3_600 + 60;
/// How many times it lists, in how many buckets, and the bytes of an answer.
const SWEEP: [u32; 3] = [200, 60, 9_000];

/// Three weeks in which a job lists everything every Friday; on the last, what is given instead.
fn with_sweeps(cloud: Cloud, who: Who, last: impl Fn(&mut Logs, At)) -> Logs {
    let mut logs = Logs::ordinary(cloud, |_, _| true);
    for day in &FRIDAYS[..2] {
        logs.objects((*day, AT), 400, who, LIST, SWEEP);
    }
    last(&mut logs, (FRIDAYS[2], AT));
    logs
}

/// Learns the days before the last Friday, and returns what that Friday and the days after it have of alerts on somebody.
fn alerts(logs: Logs, who: Who) -> Vec<Value> {
    let id = who.id(logs.cloud);
    let world = World::empty();
    world.write("logs.jsonl", logs.text);
    let split = format!("--split=2026-03-{}", FRIDAYS[2]);
    let said = world.run(&["backtest", "logs.jsonl", &split, "--format=json"]);
    let said = said.succeeds();
    let all = said.out.lines().map(|line| {
        let alert: Value = serde_json::from_str(line).expect("an alert");
        alert
    });
    all.filter(|alert| alert["entity"]["id"] == *id).collect()
}

#[test]
fn the_third_of_a_job_by_the_week_is_quiet_and_another_form_of_it_is_not() {
    for cloud in CLOUDS {
        let who = job(3);
        let on = |last: &dyn Fn(&mut Logs, At)| alerts(with_sweeps(cloud, who, last), who);
        let same = on(&|logs, at| logs.objects(at, 400, who, LIST, SWEEP));
        assert_eq!(same, [] as [Value; 0]);
        // An hour late, and a quarter more.
        let late = on(&|logs, at| {
            logs.objects((at.0, at.1 + 3_600), 400, who, LIST, [240, 60, 9_000]);
        });
        assert_eq!(late, [] as [Value; 0]);
        let is_told = |alerts: &[Value]| alerts.iter().any(|a| a["analytic"] == "AN1594");
        let larger = on(&|logs, at| logs.objects(at, 400, who, LIST, [900, 60, 9_000]));
        assert!(is_told(&larger), "{larger:#?}");
        let reason = &larger[0]["reasons"][0];
        let days = ["2026-03-06", "2026-03-13"].map(Value::from);
        assert_eq!(
            reason["as_on"].as_array().map(Vec::as_slice),
            Some(&days[..]),
            "{reason:#}"
        );
        let elsewhen =
            on(&|logs, at| logs.objects((at.0, at.1 + 6 * 3_600), 400, who, LIST, SWEEP));
        assert!(is_told(&elsewhen), "{elsewhen:#?}");
        let elsewhere = on(&|logs, at| logs.objects(at, 400, outside(who), LIST, SWEEP));
        assert!(is_told(&elsewhere), "{elsewhere:#?}");
    }
}

/// Returns the proposal for somebody, with its marks taken away and an owner.
fn proposed(world: &World, id: &str) -> String {
    let all = world.run(&["approve", "propose"]).succeeds().out;
    let mut tables = all.split("\n\n");
    let table = tables.find(|table| table.contains(&format!("identity = \"{id}\"")));
    let table = table.unwrap_or_else(|| panic!("no proposal for {id}:\n{all}"));
    assert!(
        table.contains("every Friday at 2 h UTC, beside other work"),
        "{table}"
    );
    assert!(
        table.contains("list_calls in its largest hour: p50 200"),
        "{table}"
    );
    let bare = table
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line));
    let lines: Vec<&str> = bare.skip_while(|line| *line != "[[approval]]").collect();
    for line in [
        "times = \"02:00-03:00\"",
        "weekdays = \"friday\"",
        "destination = []",
    ] {
        assert!(lines.contains(&line), "`{line}` is not in:\n{table}");
    }
    let table = lines
        .join("\n")
        .replace("owner = \"\"", "owner = \"storage@example.com\"");
    let expires = table.lines().find(|line| line.starts_with("expires"));
    table.replace(expires.expect("an end"), "expires = 2099-01-31") + "\n"
}

/// The analytics by which scoring a day tells of somebody.
fn told(world: &World, cloud: Cloud, id: &str, day: impl Fn(&mut Logs)) -> Vec<String> {
    let mut logs = Logs::none(cloud);
    // What it does on any day.
    for visit in 0..6 {
        logs.objects((27, visit * 14_400 + 100), 60, job(3), LIST, [3, 2, 9_000]);
    }
    day(&mut logs);
    world.write("today.jsonl", logs.text);
    let said = world.run(&["score", "--again", "--budget=3/day", "today.jsonl"]);
    let said = said.succeeds().out;
    let alerts = said.lines().map(|line| {
        let alert: Value = serde_json::from_str(line).expect("an alert");
        alert
    });
    let of_id = alerts.filter(|alert| alert["entity"]["id"] == *id);
    of_id.map(|alert| alert["analytic"].to_string()).collect()
}

/// An approval for it covers a sweep of any size, at its hour, and nothing else of the same identity.
#[test]
fn a_job_by_the_week_inside_a_busy_identity_is_proposed_and_covered_and_nothing_else_is() {
    for cloud in [CLOUDS[0], CLOUDS[2]] {
        let who = job(3);
        let id = who.id(cloud);
        let logs = with_sweeps(cloud, who, |logs, at| {
            logs.objects(at, 400, who, LIST, SWEEP)
        });
        let world = World::empty();
        world.write("logs.jsonl", logs.text);
        world.run(&["train", "logs.jsonl"]).succeeds();
        let large = [900, 60, 9_000];
        let sweep = |logs: &mut Logs| logs.objects((27, AT), 400, who, LIST, large);
        let before = told(&world, cloud, &id, sweep);
        assert!(before.contains(&"\"AN1594\"".to_owned()), "{before:?}");
        // It is foreseen, and so is that another day is not covered.
        let foreseen = |weekday: &str| {
            let criteria = [
                "approve",
                "add",
                "--dry-run",
                "--identity",
                &id,
                "--times",
                "02:00-03:00",
            ];
            let rest = [
                "--weekdays",
                weekday,
                "--owner=o",
                "--reason=r",
                "--expires=2099-01-31",
            ];
            world.run(&[&criteria[..], &rest].concat()).succeeds().out
        };
        let alert = "\n  2026-03-27  ";
        assert!(foreseen("friday").contains(alert), "{}", foreseen("friday"));
        assert!(!foreseen("thursday").contains(alert));
        let table = proposed(&world, &id);
        world.write("plimsoll.toml", table);
        assert_eq!(told(&world, cloud, &id, sweep), [] as [&str; 0]);
        let listed = world.run(&["approve", "list"]).succeeds().out;
        assert!(
            listed.contains("times 02:00-03:00, weekdays friday"),
            "{listed}"
        );
        assert!(!listed.contains("no alert so far"), "{listed}");
        // Learnt, the day is known by the hour, and its approval by the archive.
        world.run(&["train", "today.jsonl"]).succeeds();
        let asked = ["explain", "--not-alerted", &id, "2026-03-27"];
        let said = world.run(&asked).succeeds().out;
        assert!(said.contains("an approval covers it: AN1594"), "{said}");
        let again = world.run(&["approve", "propose"]).succeeds().out;
        assert!(!again.contains(&format!("identity = \"{id}\"")), "{again}");
        for (what, day) in [
            (
                "on a Thursday",
                &(|logs: &mut Logs| logs.objects((26, AT), 400, who, LIST, large))
                    as &dyn Fn(&mut Logs),
            ),
            ("in another hour", &|logs| {
                logs.objects((27, AT + 9 * 3_600), 400, who, LIST, large)
            }),
            ("from another network", &|logs| {
                logs.objects((27, AT), 400, outside(who), LIST, large)
            }),
            (
                "in the same hour beside it, from another network",
                &|logs| {
                    sweep(logs);
                    logs.objects((27, AT + 900), 400, outside(who), LIST, large);
                },
            ),
            ("in another hour beside it", &|logs| {
                sweep(logs);
                logs.objects((27, AT + 9 * 3_600), 400, who, LIST, large);
            }),
        ] {
            let told = told(&world, cloud, &id, day);
            assert!(told.contains(&"\"AN1594\"".to_owned()), "{what}: {told:?}");
        }
    }
}

/// What a habit explains hides nothing beside it.
#[test]
fn a_sweep_beside_the_habitual_one_is_found() {
    for cloud in CLOUDS {
        let who = job(3);
        let logs = with_sweeps(cloud, who, |logs, at| {
            logs.objects(at, 400, who, LIST, SWEEP);
            logs.objects((at.0, at.1 + 9 * 3_600), 400, who, LIST, [150, 60, 9_000]);
        });
        let told = alerts(logs, who);
        assert!(told.iter().any(|a| a["analytic"] == "AN1594"), "{told:#?}");
    }
}
