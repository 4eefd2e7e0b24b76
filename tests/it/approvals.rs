//! Approvals as their owners meet them: foreseen, given, counted, renewed and taken back.

use serde_json::Value;

use crate::world::{Said, World};

fn alerts(said: &Said) -> Vec<Value> {
    let lines = said.out.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a line is a JSON document"))
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn config(world: &World) -> String {
    std::fs::read_to_string(world.path().join("plimsoll.toml")).expect("a configuration")
}

/// What every approval has to say beside its criteria.
const REST: [&str; 6] = [
    "--owner",
    "platform@example.com",
    "--reason",
    "red team",
    "--expires",
    "2099-01-31",
];

fn add(world: &World, criteria: &[&str]) -> Said {
    world.run(&[&["approve", "add"], criteria, &REST].concat())
}

#[test]
fn what_is_written_is_taken_out_again_and_what_is_wrong_is_never_written() {
    let world = World::empty();
    let listed = world.run(&["approve", "list"]).succeeds();
    assert_eq!(listed.out, "there are no approvals\n");
    for (wrong, said) in [
        (&["--network", "here"][..], "`here` is no network"),
        (&["--bucket", "aws:"], "nothing behind its provider"),
        (&[], "needs at least one of identity"),
        (&["--identity", ""], "found an empty one"),
        (&["--identity", "x", "--analytic", "AN9"], "AN9"),
    ] {
        add(&world, wrong).fails_with(2, &[said]);
    }
    let past = [
        &["approve", "add", "--identity", "x"],
        &REST[..5],
        &["2020-01-31"],
    ]
    .concat();
    world.run(&past).fails_with(2, &["in the past"]);
    assert!(!world.path().join("plimsoll.toml").exists());

    let wide = add(&world, &["--identity", "*"]).succeeds();
    assert!(
        wide.err.contains("neither an identity nor a role"),
        "{}",
        wide.err
    );
    let first = config(&world);
    // What a person wrote stays as it was written, to the letter.
    let ours = first
        + "\n# ours\n[network]   # odd\ninternal=[ \"10.0.0.0/8\" ]\n\n\n# the last line has no end";
    world.write("plimsoll.toml", &ours);
    let criteria = [
        "--identity",
        "arn:aws:iam::1:role/\"x\"",
        "--destination",
        "none",
        "--bucket",
        "a",
        "b",
        "--analytic",
        "AN1594",
    ];
    let dry = add(&world, &[&criteria[..], &["--dry-run"]].concat()).succeeds();
    assert!(dry.out.contains("destination = []"), "{}", dry.out);
    assert_eq!(config(&world), ours);
    add(&world, &criteria).succeeds();
    assert!(config(&world).starts_with(&ours));
    let listed = world
        .run(&["approve", "list", "--format", "json"])
        .succeeds();
    let listed: Value = serde_json::from_str(&listed.out).expect("a document");
    let listed = listed["approvals"].as_array().expect("approvals");
    assert_eq!(listed.len(), 2);
    assert_eq!(
        listed[1]["criteria"]["bucket"],
        serde_json::json!(["a", "b"])
    );
    assert_eq!(
        listed[1]["warnings"][0]["kind"], "shadowed",
        "{}",
        listed[1]
    );
    world
        .run(&["approve", "remove", "12345678"])
        .fails_with(1, &[text(&listed[0]["id"]), text(&listed[1]["id"])]);
    world
        .run(&["approve", "remove", text(&listed[1]["id"])])
        .succeeds();
    assert_eq!(config(&world), ours.clone() + "\n");
    world
        .run(&["approve", "remove", text(&listed[0]["id"])])
        .succeeds();
    assert!(config(&world).starts_with("# ours\n[network]   # odd\n"));
    // A configuration with faults is not touched.
    world.write("plimsoll.toml", "[network]\ninternl = []\n");
    add(&world, &["--identity", "x"]).fails_with(2, &["plimsoll.toml:2"]);
}

#[test]
fn an_approval_says_what_it_would_hide_and_then_what_it_hid() {
    let world = World::simulated(8, 15, 40);
    let days = world.days();
    world.link_days("past", &days[..12]);
    world.link_days("present", &days[12..]);
    world.run(&["train", "past"]).succeeds();
    let before = alerts(&world.run(&["score", "--again", "present"]).succeeds());
    let alert = &before[0];
    let (id, who) = (text(&alert["alert_id"]), text(&alert["entity"]["id"]));
    let criteria = ["--identity", who, "--analytic", text(&alert["analytic"])];
    let dry = add(&world, &[&criteria[..], &["--dry-run"]].concat()).succeeds();
    let row = format!("  alert {}\n", &id[..8]);
    assert!(dry.out.contains(&row), "{}", dry.out);
    assert!(dry.out.contains("compared with "), "{}", dry.out);
    // From elsewhere nothing of it would have been hidden.
    let elsewhere = [&criteria[..], &["--network", "192.0.2.0/24", "--dry-run"]].concat();
    let elsewhere = add(&world, &elsewhere).succeeds();
    assert!(!elsewhere.out.contains(&row), "{}", elsewhere.out);

    let said = add(&world, &criteria).succeeds();
    let approval = said.out.split(' ').next().expect("an id").to_owned();
    let after = world.run(&["score", "--again", "present", "-v"]).succeeds();
    assert!(after.err.contains("red team"), "{}", after.err);
    let after = alerts(&after);
    assert!(after.len() < before.len());
    assert!(after.iter().all(|alert| alert["alert_id"] != id));
    let listed = world
        .run(&["approve", "list", "--format", "json"])
        .succeeds();
    let listed: Value = serde_json::from_str(&listed.out).expect("a document");
    let listed = listed["approvals"].as_array().expect("approvals");
    let of = listed
        .iter()
        .find(|a| a["id"] == *approval)
        .expect("it is listed");
    assert!(of["hidden"].as_u64().is_some_and(|n| n >= 1), "{of}");
    assert!(of["last_hidden"].is_string(), "{of}");
    let shown = world
        .run(&["score", "--again", "present", "--show-suppressed"])
        .succeeds();
    let shown = alerts(&shown);
    let shown = shown.iter().find(|alert| alert["alert_id"] == id);
    assert_eq!(shown.expect("it is shown")["approval"], *approval);
    // It is no news any more.
    let again = add(&world, &[&criteria[..], &["--dry-run"]].concat()).succeeds();
    assert!(!again.out.contains(&row), "{}", again.out);

    // What ends soon, or has ended, is told by whoever passes by.
    let soon = config(&world).replace("2099-01-31", "2020-01-31");
    world.write("plimsoll.toml", soon);
    for command in [&["score", "present"][..], &["train", "present"]] {
        let said = world.run(command).succeeds();
        let words = format!("approval {approval} expired");
        assert!(said.err.contains(&words), "{}", said.err);
    }
    let checked = world.run(&["check"]).succeeds();
    assert!(checked.out.contains("no longer holds"), "{}", checked.out);
    let verified = world.run_in_shell(
        "\"$PLIMSOLL\" verify plimsoll-store/alerts/$(ls plimsoll-store/alerts | head -1)",
    );
    assert_eq!(verified.status, 0, "{}", verified.out);
}
