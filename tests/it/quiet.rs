//! Estates in which nothing happens: a budget is a ceiling and no quota, and neither scoring nor tuning fills it with noise.

use serde_json::Value;

use crate::plain_spikes::{CLOUDS, Cloud, LIST, Logs, READ, job, outside, person};
use crate::world::World;

/// The days of the logs are those of March 2026.
const DAYS: u32 = 21;
/// The first day that is judged.
const FIRST: u32 = 15;
/// The first number of a service; those below are jobs like clockwork.
const SERVICE: u32 = 20;

/// Three weeks of people by day, of jobs every four hours, and of services that list their bucket every hour on some days and
/// every second hour on others. Nothing else happens.
fn restless(cloud: Cloud, (people, jobs, services): (u32, u32, u32)) -> Logs {
    let mut logs = Logs::none(cloud);
    let mut dice = 11_u64;
    let mut roll = |least: u32, most: u32| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        least + (dice >> 33) as u32 % (most + 1 - least)
    };
    for day in 1..=DAYS {
        // March 2026 begins with a Sunday.
        let is_weekend = matches!(day % 7, 0 | 1);
        for who in (0..people).map(person).filter(|_| !is_weekend) {
            for _ in 0..roll(2, 6) {
                let at = (day, roll(8 * 3_600, 18 * 3_600));
                logs.objects(at, 60, who, LIST, [1, 1, roll(500, 20_000)]);
                let read = [roll(1, 8), 1, roll(2_000, 900_000)];
                logs.objects((at.0, at.1 + 2), 60, who, READ, read);
            }
        }
        let works = (0..jobs).map(|n| (job(n), 4)).collect::<Vec<_>>();
        let serves = (0..services).map(|n| (job(SERVICE + n), roll(1, 2)));
        for (who, every) in works.into_iter().chain(serves.collect::<Vec<_>>()) {
            for hour in (0..24).step_by(every as usize) {
                let at = (day, hour * 3_600 + roll(0, 300));
                logs.objects(at, 1, who, LIST, [1, 1, roll(500, 20_000)]);
                let read = [roll(3, 12), 1, roll(5_000, 600_000)];
                logs.objects((at.0, at.1 + 1), 30, who, READ, read);
            }
        }
    }
    logs
}

/// Learns the days before the first that is judged, and returns the alerts of the others.
fn judged(logs: Logs, budget: Option<&str>) -> (Vec<Value>, String) {
    let world = World::empty();
    world.write("logs.jsonl", logs.text);
    let split = format!("--split=2026-03-{FIRST:02}");
    let mut asked = vec!["backtest", "logs.jsonl", &split, "--format=json"];
    asked.extend(budget.map(|_| "--budget"));
    asked.extend(budget);
    let said = world.run(&asked).succeeds();
    let alerts = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("an alert"));
    (alerts.collect(), said.err)
}

/// Returns whether an alert has any reason but amounts below their own 99th percentile.
fn is_news(alert: &Value) -> bool {
    let reasons = alert["reasons"].as_array().expect("reasons");
    reasons.iter().any(|reason| match reason["kind"].as_str() {
        Some("volume" | "newcomer") => {
            let number = |name: &str| reason[name].as_f64().expect("a number");
            number("observed") >= number("p99")
        }
        _ => true,
    })
}

#[test]
fn a_small_estate_in_which_nothing_happens_raises_at_most_one_alert_a_week() {
    for cloud in CLOUDS {
        for size in [(16, 4, 10), (1, 0, 2), (2, 0, 1), (40, 10, 40)] {
            let (alerts, _) = judged(restless(cloud, size), None);
            // The default budget allows one a week, and one a day for each hundred identities.
            let most = if size.0 < 40 { 1 } else { 3 };
            assert!(alerts.len() <= most, "{cloud:?} {size:?}: {alerts:#?}");
        }
    }
}

#[test]
fn no_alert_rests_on_amounts_below_their_own_99th_percentile_at_any_budget() {
    for cloud in CLOUDS {
        for size in [(16, 4, 10), (1, 0, 2)] {
            let (alerts, _) = judged(restless(cloud, size), Some("50/day"));
            for alert in &alerts {
                assert!(is_news(alert), "{cloud:?} {size:?}: {alert:#}");
                let statistic = alert["statistic"].as_f64().expect("a statistic");
                assert!(statistic >= 14_f64.ln() - 1e-3, "{alert:#}");
            }
        }
    }
}

#[test]
fn what_stands_out_in_a_small_estate_is_still_told() {
    for cloud in CLOUDS {
        for size in [(16, 4, 10), (1, 0, 2)] {
            let mut logs = restless(cloud, size);
            let thief = outside(job(SERVICE));
            logs.objects((DAYS, 3 * 3_600), 600, thief, LIST, [600, 60, 4_000]);
            let (alerts, _) = judged(logs, None);
            let id = thief.id(cloud);
            let is_it =
                |alert: &&Value| alert["analytic"] == "AN1594" && alert["entity"]["id"] == *id;
            assert!(
                alerts.iter().any(|alert| is_it(&alert)),
                "{cloud:?} {size:?}: {alerts:#?}"
            );
        }
    }
}

/// A store that has learnt a month of people who do the same every day.
fn same_every_day(cloud: Cloud, people: u32) -> World {
    let mut logs = Logs::none(cloud);
    for day in 1..=31 {
        for n in 0..people {
            let at = |after: u32| (day, (9 + n % 8) * 3_600 + after);
            logs.objects(at(0), 120, person(n), LIST, [2, 1, 3_000]);
            logs.objects(at(20), 300, person(n), READ, [5, 1, 20_000]);
        }
    }
    let world = World::empty();
    world.write("logs.jsonl", logs.text);
    let trained = world.run(&["train", "logs.jsonl"]).succeeds();
    let allowed = if people > 100 {
        "1.2 a day"
    } else {
        "1 a week"
    };
    let words = format!("for {allowed} by the size of the estate, not tuned");
    assert!(trained.err.contains(&words), "{}", trained.err);
    world
}

#[test]
fn tuning_on_a_quiet_estate_deafens_nothing() {
    for (cloud, people) in [(Cloud::Aws, 3), (Cloud::Google, 12), (Cloud::Azure, 120)] {
        let world = same_every_day(cloud, people);
        let checked = world.run(&["check"]).succeeds().out;
        assert!(
            checked.contains("by the size of the estate, not tuned"),
            "{checked}"
        );
        let report = world.run(&["tune", "--format", "json"]).succeeds().out;
        let report: Value = serde_json::from_str(&report).expect("JSON");
        let settings = report["settings"].as_array().expect("settings");
        for setting in settings {
            let cut = &setting["threshold"];
            for before in report["before"].as_object().expect("scores").values() {
                let is_deafer = cut["score"].as_f64() > before.as_f64();
                assert!(!is_deafer || cut["beyond_data"] == true, "{setting:#}");
            }
            // No day has anything to tell, so no budget of any size is spent.
            assert_eq!(cut["lowest_because"], "floor", "{setting:#}");
            assert_eq!(setting["same_threshold"].as_array().map(Vec::len), Some(4));
        }
        let told = world.run(&["tune"]).succeeds().out;
        for words in [
            "1 a day, 2 a day, 5 a day, 10 a day and 20 a day come to the same threshold",
            "the rest of the budget is not filled with less",
        ] {
            assert!(told.contains(words), "{told}");
        }
        let week = world.run(&["tune", "--budget", "1/week"]).succeeds().out;
        assert!(
            week.contains(" 1/week ") && week.contains("estate 1 a week: "),
            "{week}"
        );

        // What is in force already is not put in force again, and that is no success.
        world.run(&["tune", "--apply"]).succeeds();
        let again = world.run(&["tune", "--apply"]);
        let again = again.fails_with(1, &["no threshold was changed", "--force"]);
        assert!(again.out.contains("kept       estate: "), "{}", again.out);
        world.run(&["tune", "--apply", "--force"]).succeeds();
    }
}
