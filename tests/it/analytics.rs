//! The detections: those that come with the program, and those that a user adds.

use crate::world::World;

/// A definition with two stories, of which the second does not end as it says.
const MINE: &str = r#"schema = 1
id = "MINE-1"
title = "Many objects deleted"
version = 1
status = "test"
description = "Counts deletions."
rationale = "Ransom."
techniques = ["T1485"]
tags = ["attack.t1485"]
providers = ["aws"]
entities = ["identity"]

[elements.MinimumCalls]
type = "integer"
default = 10
doc = "Deletions in a day below which nothing is said."

[[arm]]
id = "DELETE"
doc = "Unusually many deletions."
cohort = "established"
sum = [{ largest = ["delete_calls"] }]
when = [{ at_least = "$MinimumCalls", of = "delete_calls" }]

[[story]]
title = "Somebody empties a bucket"
provider = "aws"
text = """
14 days, every 4h      ana deletes 1 in tmp
day 15 02:00 for 10m   ana deletes 900 in lake-{1..3}
=> MINE-1 ana with delete_calls
"""

[[story]]
title = "Somebody tidies up"
provider = "aws"
text = """
14 days, every 4h      ana deletes 1 in tmp
day 15 02:00 for 10m   ana deletes 900 in lake-{1..3}
=> nothing
"""
"#;

#[test]
fn the_stories_of_the_built_in_analytics_end_as_they_should_and_nothing_is_to_be_said_of_them() {
    let world = World::empty();
    let tested = world.run(&["analytics", "test"]).succeeds();
    assert!(
        tested.out.lines().count() >= 9 && tested.out.lines().all(|line| line.starts_with("ok ")),
        "{}",
        tested.out
    );
    let linted = world.run(&["analytics", "lint"]).succeeds();
    assert_eq!(linted.out, "", "{}", linted.err);
}

#[test]
fn a_story_that_fails_is_told_with_what_came_instead() {
    let world = World::empty();
    world.write("mine.toml", MINE);
    let said = world.run(&["analytics", "test", "mine.toml"]);
    let said = said.fails_with(1, &["2 stories, 1 failed"]);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines[0], "ok      MINE-1  Somebody empties a bucket");
    assert_eq!(lines[1], "failed  MINE-1  Somebody tidies up");
    assert!(
        lines[2].contains("not expected: MINE-1 ana ")
            && lines[2].contains("arm DELETE: delete_calls "),
        "{}",
        said.out
    );
    world.write(
        "mine.toml",
        MINE.replace("every 4h      ana", "evry 4h      ana"),
    );
    let said = world.run(&["analytics", "test", "mine.toml"]);
    let said = said.fails_with(1, &["2 failed"]);
    assert!(said.out.contains("mine.toml:29: "), "{}", said.out);
    world
        .run(&["analytics", "test", "MINE-1"])
        .fails_with(2, &["there is no analytic `MINE-1`", "AN0370, AN1087"]);
    world
        .run(&["analytics", "test", "nowhere/"])
        .fails_with(2, &["cannot read `nowhere/`"]);
}

#[test]
fn faults_and_what_could_be_better_are_told_with_file_and_line() {
    let world = World::empty();
    let text = MINE.replace(
        "techniques = [\"T1485\"]",
        "techniques = [\"T1485\", \"1486\"]",
    );
    let text = text.replace("=> nothing", "=> AN1594 ana");
    world.write("own/mine.toml", text);
    world.write("own/notes.txt", "not a definition");
    let said = world.run(&["analytics", "lint", "own"]);
    let said = said.fails_with(1, &["1 file, 1 fault, 0 warnings"]);
    assert_eq!(
        said.out,
        "fault    own/mine.toml:8: `1486` is no ATT&CK technique, as in `T1485`\n"
            .replace("T1485", "T1619")
    );
    world.write("own/mine.toml", MINE.replace("=> nothing", "=> AN1594 ana"));
    let said = world
        .run(&["analytics", "lint", "own"])
        .fails_with(1, &["1 fault"]);
    let fault = "fault    own/mine.toml:40: expected `=> MINE-1 WHO`, `=> suppressed WHO` or `=> nothing`, found `AN1594`";
    assert!(said.out.contains(fault), "{}", said.out);

    world.write("own/mine.toml", MINE);
    let said = world.run(&["analytics", "lint", "own"]).succeeds();
    for warning in [
        "warning  own/mine.toml:1: `falsepositives` is empty: say which innocent activity looks alike",
        "warning  own/mine.toml:1: `telemetry` is empty",
        "warning  own/mine.toml:1: silent stories: 1; at least 2",
    ] {
        assert!(said.out.contains(warning), "{}", said.out);
    }
    world.write("empty/readme.txt", "");
    world
        .run(&["analytics", "lint", "empty"])
        .fails_with(2, &["there is no `*.toml` file in `empty`"]);
}

#[test]
fn a_folder_of_ones_own_adds_and_replaces() {
    let world = World::empty();
    let source = world
        .run(&["analytics", "show", "AN1594", "--source"])
        .succeeds();
    world.write("conf/detections/mine.toml", MINE);
    world.write(
        "conf/detections/an1594.toml",
        source
            .out
            .replace("Suspicious enumeration", "Our enumeration"),
    );
    let config = "analytics = [\"detections/\"]\n[[approval]]\nidentity = \"x\"\nanalytics = [\"MINE-1\"]\nowner = \"o\"\n\
                  reason = \"r\"\nexpires = 2099-01-01\n[analytic.MINE-1]\nMinimumCalls = 77\nthreshold = 91\n";
    world.write("conf/plimsoll.toml", config);
    let run = |arguments: &[&str]| {
        let all = [&["--config", "conf/plimsoll.toml"], arguments].concat();
        world.run(&all)
    };
    let list = run(&["analytics", "list"]).succeeds().out;
    for part in [
        "AN0370             Sensitive data",
        "AN1594             Our enumeration",
        "conf/detections/an1594.toml, replaces the built-in one",
        "MINE-1             Many objects deleted",
        "test · aws · T1485 · threshold 91 · 2 stories · conf/detections/mine.toml",
    ] {
        assert!(list.contains(part), "{part}: {list}");
    }
    let json = run(&["analytics", "list", "--format", "json"])
        .succeeds()
        .out;
    let rows: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(rows.as_array().expect("rows").len(), 21);
    let shown = run(&["analytics", "show", "MINE-1"]).succeeds().out;
    let element = "MinimumCalls = 77 (integer, default 10, set at conf/plimsoll.toml:9)";
    assert!(shown.contains(element), "{shown}");
    let json = run(&["analytics", "show", "MINE-1", "--format", "json"])
        .succeeds()
        .out;
    let shown: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(shown["elements"][0]["value"], "77");
    assert_eq!(shown["stories"].as_array().expect("stories").len(), 2);
    let checked = run(&["check"]).succeeds().out;
    assert!(
        checked
            .contains("MINE-1 Many objects deleted (threshold 91, from conf/detections/mine.toml)"),
        "{checked}"
    );

    world.write(
        "conf/plimsoll.toml",
        "analytics = [\n  \"nowhere\",\n  \"plimsoll.toml\",\n]\n",
    );
    run(&["check"]).fails_with(
        2,
        &["conf/plimsoll.toml:2: analytics: cannot read `conf/nowhere`"],
    );
    world.write("conf/plimsoll.toml", "analytics = [\"detections\"]\n");
    world.write("conf/detections/twice.toml", MINE);
    run(&["check"]).fails_with(
        2,
        &["conf/detections/twice.toml:2: another analytic has the id `MINE-1`"],
    );
}
