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
