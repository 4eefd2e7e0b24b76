//! Why there was no alert: the account agrees with what scoring did, and says what was missing.

use serde_json::Value;

use crate::world::World;

fn account(world: &World, args: &[&str]) -> Value {
    let args = [&["explain", "--format", "json", "--not-alerted"], args].concat();
    serde_json::from_str(&world.run(&args).succeeds().out).expect("JSON")
}

fn of<'a>(account: &'a Value, analytic: &str) -> &'a Value {
    let analytics = account["analytics"].as_array().unwrap();
    analytics
        .iter()
        .find(|a| a["analytic"] == analytic)
        .unwrap()
}

/// Writes a day of a log's name, as in `20260316`, as a date.
fn date(day: &str) -> String {
    format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..])
}

#[test]
fn an_account_agrees_with_scoring_and_says_what_was_missing() {
    let world = World::simulated(2, 13, 40);
    let days = world.days();
    world.link_days("past", &days[..10]);
    world.link_days("present", &days[10..11]);
    world.run(&["train", "past"]).succeeds();
    let scored = world.run(&["score", "present"]).succeeds();
    let alerts: Vec<Value> = scored
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!alerts.is_empty());
    for alert in alerts.iter().take(4) {
        let text = |path: &str| alert.pointer(path).unwrap().as_str().unwrap();
        let (who, analytic, time) = (text("/entity/id"), text("/analytic"), text("/time"));
        let told = account(&world, &[who, time, "present"]);
        assert_eq!(told["judge"]["how"], "in_force");
        let told = of(&told, analytic);
        assert_eq!(told["outcome"], "alerted");
        assert_eq!(told["alert_id"], alert["alert_id"]);
        assert_eq!(told["is_told"], true);
        // Events of the same second as the crossing one may add to it.
        assert!(told["score"].as_f64() >= told["threshold"].as_f64());
    }

    // Learnt, the day is judged by the same generation, which is no longer in force.
    let who = alerts[0]["entity"]["id"].as_str().unwrap();
    let day = &alerts[0]["time"].as_str().unwrap()[..10];
    let analytic = alerts[0]["analytic"].as_str().unwrap();
    let from_logs = account(&world, &[who, day, "present"]);
    world.run(&["train", "present"]).succeeds();
    let from_store = account(&world, &[who, day]);
    assert_eq!(from_store["judge"]["how"], "kept");
    assert_eq!(from_store["facts_from"], "store");
    assert_eq!(from_store["analytics"], from_logs["analytics"]);

    // An approval covers it.
    let config = std::fs::read_to_string(world.path().join("plimsoll.toml")).unwrap();
    let approval = format!(
        "\n[[approval]]\nidentity = \"{who}\"\nowner = \"soc@example.com\"\nreason = \"a test\"\nexpires = 2030-01-01\n"
    );
    world.write("plimsoll.toml", config + &approval);
    for args in [&[who, day][..], &[who, day, "present"]] {
        let approved = account(&world, args);
        let approved = of(&approved, analytic);
        assert_eq!(approved["outcome"], "approved");
        let by = approved["approved_by"].as_str().unwrap();
        assert!(by.contains("soc@example.com"), "{by}");
    }

    // Of a day long before, the generation is learnt again. Every arm is explained, counted or not.
    let shown = world.run(&["show", "--format", "json"]).succeeds();
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    let busiest = shown["most_active"][0]["id"].as_str().unwrap();
    let early = date(&days[5]);
    let replayed = account(&world, &[busiest, &early]);
    assert_eq!(replayed["judge"]["how"], "replayed");
    assert_eq!(replayed["judge"]["as_of"], early);
    let mut n_below = 0;
    for analytic in replayed["analytics"].as_array().unwrap() {
        for arm in analytic["arms"].as_array().unwrap() {
            let mut gates = arm["gates"].as_array().unwrap().iter();
            let applies = gates.all(|g| g["is_open"] == true) && arm["belongs"] == true;
            assert_eq!(arm["applies"], applies, "{arm}");
            let number = |name: &str| arm[name].as_f64().unwrap();
            let crosses = number("score") >= analytic["threshold"].as_f64().unwrap();
            assert_eq!(
                number("statistic") >= number("needed_statistic"),
                crosses,
                "{arm}"
            );
            n_below += u32::from(!crosses);
            // No amount suffices while a condition is not met.
            assert!(applies || arm["would_do"].is_null(), "{arm}");
        }
    }
    assert!(n_below > 0);
    let said = world
        .run(&["explain", "--not-alerted", busiest, &early])
        .succeeds();
    for words in [
        "unmet  it applies to newcomers only",
        "known for ",
        " of 20 required",
        " would have crossed",
        "  no alert: ",
    ] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    for inner in ["heard", "shut "] {
        assert!(!said.out.contains(inner), "{inner}: {}", said.out);
    }
}

/// The first paragraph says what the day came to, as far as it is known: that it was never scored, or that it was ordinary.
#[test]
fn an_account_begins_with_what_the_day_came_to() {
    let world = World::simulated(2, 13, 40);
    let days = world.days();
    world.link_days("past", &days[..10]);
    world.link_days("present", &days[10..11]);
    world.run(&["train", "past"]).succeeds();
    let (day, store) = (date(&days[10]), "--store=other store");
    let copied = world.run_in_shell("cp -r plimsoll-store 'other store'");
    copied.succeeds();
    let scored = world.run(&["score", "present"]).succeeds();
    let alert: Value = serde_json::from_str(scored.out.lines().next().unwrap()).unwrap();
    let (who, analytic) = (&alert["entity"]["id"], alert["analytic"].as_str().unwrap());
    let ask = |args: &[&str]| -> String {
        let asked = [&["explain", "--not-alerted", who.as_str().unwrap()], args].concat();
        let said = world.run(&asked).succeeds().out;
        let mut paragraphs = said.split("\n\n");
        paragraphs.nth(1).expect("a second paragraph").to_owned()
    };
    let told = ask(&[&day, "present"]);
    assert!(
        told.starts_with(&format!("It alerted: {analytic} with ")),
        "{told}"
    );
    // Where the same logs were not scored, it says so, and how to.
    let untold = ask(&[&day, "present", store]);
    for words in [
        "It would alert: ",
        analytic,
        "was not scored: `plimsoll nightly LOGS ",
    ] {
        assert!(untold.contains(words), "`{words}` is not in {untold}");
    }
    world.run(&["train", "present", store]).succeeds();
    let untold = ask(&[&day, store]);
    assert!(
        untold.contains("learnt and not scored: `plimsoll backtest LOGS`"),
        "{untold}"
    );
    // Most days are ordinary, and none of them begins with what was unusual.
    let shown = world.run(&["show", "--format", "json"]).succeeds();
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    let busiest = shown["most_active"].as_array().unwrap().iter();
    let ordinary = busiest.take(6).filter(|one| {
        let args = [
            "explain",
            "--not-alerted",
            one["id"].as_str().unwrap(),
            &day,
            "present",
        ];
        let said = world.run(&args).succeeds().out;
        said.contains("\n\nAn ordinary day")
    });
    assert!(ordinary.count() >= 3);
}

#[test]
fn questions_without_an_answer_say_so() {
    let world = World::simulated(4, 5, 20);
    let ask = |args: &[&str]| world.run(&[&["explain", "--not-alerted"], args].concat());
    ask(&["x", "2026-03-01"]).fails_with(1, &["no trained store"]);
    world.run(&["train", "logs"]).succeeds();
    ask(&["x", "soon"]).fails_with(2, &["neither a day nor an instant"]);
    ask(&["x", "2020-01-01"]).fails_with(1, &["there was nothing to judge it by"]);
    ask(&["x"]).fails_with(2, &[]);
    world.run(&["explain"]).fails_with(2, &["<ID>"]);
    let second = date(&world.days()[1]);
    ask(&["no-such-one", &second]).fails_with(1, &["no entity matches"]);
}
