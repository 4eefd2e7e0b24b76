//! Thresholds and verdicts as their users meet them: tuned, applied, scored by, and fed back.

use serde_json::Value;

use crate::world::{Said, World};

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).expect("a JSON document")
}

/// The alerts that scoring writes.
fn alerts(said: &Said) -> Vec<Value> {
    let lines = said.out.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a line is a JSON document"))
        .collect()
}

/// A world with a store that has learnt all but the last days, which lie in `present`.
fn trained(seed: u64) -> World {
    let world = World::simulated(seed, 15, 40);
    let days = world.days();
    world.link_days("past", &days[..12]);
    world.link_days("present", &days[12..]);
    world.run(&["train", "past"]).succeeds();
    world
}

#[test]
fn a_tuned_threshold_is_the_one_that_scoring_goes_by() {
    let world = trained(8);
    let nothing = world.run_with_input(&["score", "-"], b"").succeeds();
    assert!(
        nothing.err.contains("there is no record"),
        "{}",
        nothing.err
    );
    let compared = json(&world.run(&["tune", "--format", "json"]).succeeds());
    let settings = compared["settings"].as_array().expect("settings");
    assert_eq!(settings.len(), 5);
    assert_eq!(
        (
            &compared["schema"],
            compared["applied"].as_array().map(Vec::len)
        ),
        (&1.into(), Some(0))
    );
    let number = |value: &Value| value.as_f64().expect("a number");
    let both = [
        "tune",
        "--analytic",
        "AN1594",
        "AN0370",
        "--budget",
        "2",
        "5/week",
        "--list",
    ];
    let both = world.run(&both).succeeds().out;
    for scope in ["AN1594 2 a day\n", "AN0370 5 a week\n"] {
        assert!(both.contains(scope), "{both}");
    }
    for (fewer, more) in settings.iter().zip(&settings[1..]) {
        assert!(number(&fewer["threshold"]["score"]) >= number(&more["threshold"]["score"]));
        assert!(number(&fewer["stored_days"]["alerts"]) <= number(&more["stored_days"]["alerts"]));
    }
    for setting in settings {
        let (cut, recall) = (&setting["threshold"], &setting["stored_days"]);
        let score = number(&cut["score"]);
        assert!(number(&cut["scores"][0]) <= score && score <= number(&cut["scores"][1]));
        let by_day = recall["by_day"].as_array().expect("days").iter();
        let sum: f64 = by_day.map(|day| number(&day["alerts"])).sum();
        assert_eq!(sum, number(&recall["alerts"]));
    }

    // What is extrapolated is told as that in both forms.
    let told = world.run(&["tune"]).succeeds().out;
    let is_beyond = |setting: &&Value| setting["threshold"]["beyond_data"] == true;
    assert_eq!(
        told.matches("beyond     ").count(),
        settings.iter().filter(is_beyond).count(),
        "{told}"
    );

    // Nothing was applied, so what the size of the estate allows holds.
    let said = world
        .run(&["score", "present", "--format", "json"])
        .succeeds();
    assert!(
        said.err.contains(" by the size of the estate, not tuned"),
        "{}",
        said.err
    );
    let applied = json(
        &world
            .run(&["tune", "--budget", "2", "--apply", "--format", "json"])
            .succeeds(),
    );
    let tuned = number(&applied["settings"][0]["threshold"]["score"]);
    assert_eq!(applied["applied"][0]["outcome"]["state"], "set");
    let own = world.run(&[
        "tune",
        "--budget",
        "3",
        "--analytic",
        "AN1594",
        "--apply",
        "--format",
        "json",
    ]);
    let own = number(&json(&own.succeeds())["settings"][0]["threshold"]["score"]);
    let said = world.run(&["score", "present"]).succeeds();
    assert!(!alerts(&said).is_empty());
    for alert in alerts(&said) {
        let want = if alert["analytic"] == "AN1594" {
            own
        } else {
            tuned
        };
        assert!(
            (number(&alert["threshold"]) - want).abs() < 0.005 + 1e-9,
            "{alert}"
        );
    }
    assert!(
        said.err
            .contains("tuned on generation 1 for 2 a day; AN1594"),
        "{}",
        said.err
    );
    let followed = world
        .run(&[
            "score",
            "--follow",
            "--until-idle",
            "50ms",
            "--poll",
            "10ms",
            "present",
        ])
        .succeeds();
    assert!(
        followed.err.contains("tuned on generation 1 for 2 a day"),
        "{}",
        followed.err
    );
    let checked = world.run(&["check"]).succeeds();
    assert!(
        checked.out.contains("tuned on generation 1 for 2 a day"),
        "{}",
        checked.out
    );
    // Whoever asks for a budget gets it.
    let asked = world
        .run(&["score", "present", "--budget", "20"])
        .succeeds();
    assert!(asked.err.contains("for 20 a day as asked"), "{}", asked.err);
    assert!(alerts(&asked).len() > alerts(&said).len());
    // And a configured threshold stands above all.
    let config =
        std::fs::read_to_string(world.path().join("plimsoll.toml")).expect("a configuration");
    world.write(
        "plimsoll.toml",
        config + "\n[analytic.AN1594]\nthreshold = 99.9\n",
    );
    let said = world.run(&["score", "present"]).succeeds();
    assert!(
        said.err.contains("AN1594 99.9 by configuration"),
        "{}",
        said.err
    );
    // Resetting takes out the estate's and each analytic's, and says which.
    let reset = world.run(&["tune", "--reset"]).succeeds();
    for scope in ["estate", "AN1594"] {
        let line = format!("reset      {scope}: ");
        assert!(reset.out.contains(&line), "{}", reset.out);
    }
    let again = world.run(&["tune", "--reset"]).succeeds();
    assert!(again.out.contains("nothing was tuned"), "{}", again.out);
    let config = std::fs::read_to_string(world.path().join("plimsoll.toml")).expect("it is there");
    let config = config.replace("threshold = 99.9", "");
    world.write("plimsoll.toml", config);
    let said = world.run(&["score", "present"]).succeeds();
    assert!(
        said.err.contains(" by the size of the estate, not tuned"),
        "{}",
        said.err
    );
    assert!(!said.err.contains("tuned on"), "{}", said.err);
}

#[test]
fn a_threshold_stands_still_while_it_may() {
    let world = trained(12);
    let apply = |more: &[&str]| {
        let all = [&["tune", "--apply", "--format", "json"], more].concat();
        json(&world.run(&all).succeeds())["applied"][0]["outcome"]["state"].clone()
    };
    assert_eq!(apply(&["--budget", "5"]), "set");
    let before =
        std::fs::read(world.path().join("plimsoll-store/tuning.json")).expect("it is kept");
    world.run(&["train", "present"]).succeeds();
    let kept = world.run(&["tune", "--apply", "--budget", "5", "--format", "json"]);
    let kept = kept.fails_with(1, &["no threshold was changed"]);
    assert_eq!(json(&kept)["applied"][0]["outcome"]["state"], "kept");
    let after = std::fs::read(world.path().join("plimsoll-store/tuning.json")).expect("it is kept");
    assert_eq!(before, after);
    assert_eq!(apply(&["--budget", "5", "--force"]), "set");
    // Without a budget, the size of the estate has one.
    assert_eq!(apply(&[]), "set");
    // Another budget is another wish.
    assert_eq!(apply(&["--budget", "4.9"]), "set");
    world
        .run(&["tune", "--apply", "--budget", "1", "--budget", "2"])
        .fails_with(2, &["one budget"]);
    world
        .run(&["tune", "--analytic", "AN9"])
        .fails_with(2, &["AN9", "AN1594"]);
    world.write("plimsoll-store/tuning.json", "{");
    world
        .run(&["score", "present"])
        .fails_with(1, &["tuning.json", "tune --budget"]);
}

#[test]
fn too_little_history_is_said_with_what_is_missing() {
    let world = World::simulated(10, 8, 20);
    let days = world.days();
    world.link_days("past", &days[..8]);
    world.run(&["train", "past"]).succeeds();
    let said = world
        .run(&["tune", "--budget", "5", "--apply"])
        .fails_with(1, &["no threshold was changed: too little is stored"]);
    assert!(said.out.contains("7 are needed, 3 more"), "{}", said.out);
    assert!(
        said.out.contains("nothing was put in force"),
        "{}",
        said.out
    );
    assert!(!world.path().join("plimsoll-store/tuning.json").exists());
    let report = json(&world.run(&["tune", "--format", "json"]).succeeds());
    assert_eq!(
        (&report["provisional"], &report["settings"][0]["threshold"]),
        (&true.into(), &Value::Null)
    );
    World::empty()
        .run(&["tune"])
        .fails_with(1, &["plimsoll train"]);
}

#[test]
fn an_analyst_says_what_was_true_and_what_was_not() {
    let world = trained(8);
    let mut told = alerts(
        &world
            .run(&["score", "present", "--budget", "20"])
            .succeeds(),
    );
    // Those of most weight are among the extremes of their days.
    told.retain(|alert| alert["suppressed_by"].is_null());
    told.sort_by(|a, b| {
        let surprise = |alert: &Value| alert["surprise"].as_f64().expect("a number");
        surprise(a).total_cmp(&surprise(b))
    });
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let (first, last) = (
        text(&told[0]["alert_id"]),
        text(&told[told.len() - 1]["alert_id"]),
    );
    assert_ne!(first, last);
    // Its day is not learnt yet.
    let said = world
        .run(&[
            "feedback",
            &first[..8],
            "true",
            "--note",
            "red \u{1b}[2J team",
        ])
        .succeeds();
    assert!(said.out.contains("not learnt yet"), "{}", said.out);
    let trained = world.run(&["train", "present"]).succeeds();
    assert!(trained.err.contains("1 alert is true"), "{}", trained.err);
    let said = world.run(&["feedback", &last, "false"]).succeeds();
    assert!(
        said.out.contains("only what `tune` counts changes"),
        "{}",
        said.out
    );
    let tuned = world.run(&["tune", "--budget", "20"]).succeeds();
    assert!(tuned.out.contains("2 verdicts, of which "), "{}", tuned.out);
    assert!(
        !world
            .run(&["check"])
            .succeeds()
            .out
            .contains("generation 3")
    );
    let said = world.run(&["feedback", &first, "false"]).succeeds();
    assert!(
        said.out.contains("(before: true)") && said.out.contains("generation 3"),
        "{}",
        said.out
    );
    let listed = world.run(&["feedback", "--list"]).succeeds();
    // A head, two verdicts, and the note of one of them.
    assert_eq!(listed.out.lines().count(), 4, "{}", listed.out);
    assert!(listed.out.contains("red \\u{1b}[2J team"), "{}", listed.out);
    // What analysts said is counted by those thresholds that would have raised it.
    let tuned = json(
        &world
            .run(&["tune", "--budget", "20", "--format", "json"])
            .succeeds(),
    );
    let detections = &tuned["settings"][0]["stored_days"]["verdicts"];
    assert_eq!(detections["true"], 0, "{tuned}");
    assert!(
        detections["false"].as_u64().is_some_and(|n| n >= 1),
        "{tuned}"
    );

    world
        .run(&["feedback", "ffffffffff", "true"])
        .fails_with(1, &["no alert and no incident `ffffffffff`"]);
    world
        .run(&["feedback", "fff", "true"])
        .fails_with(2, &["6 characters"]);
    world
        .run(&["tune", "--budget", "-1"])
        .fails_with(2, &["5/week"]);
    world
        .run(&["feedback", &first, "perhaps"])
        .fails_with(2, &["true", "false"]);
    let long = "x".repeat(501);
    world
        .run(&["feedback", &first, "true", "--note", &long])
        .fails_with(2, &["500 characters"]);
}
