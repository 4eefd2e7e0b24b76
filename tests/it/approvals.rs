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
    let words = "this approval matches every identity: it hides every alert of all analytics until 2099-01-31 (0 of the 0 alerts that are kept)";
    assert!(wide.err.contains(words), "{}", wide.err);
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
    // What is too much for the lists in which it is read is refused, and so is what is not seen in them.
    let (owner, reason) = ("o".repeat(201), "r".repeat(1_001));
    let buckets = vec!["b"; 201];
    for (wrong, said) in [
        (
            ["--owner", &owner],
            "`owner` has 201 characters, and may have 200",
        ),
        (["--reason", &reason], "`reason` has 1001 characters"),
        (
            ["--reason", "red\u{1b}[2J team"],
            "`reason` has the character U+001B",
        ),
    ] {
        let mut all = [&["approve", "add", "--identity", "x"], &REST[..]].concat();
        let at = all
            .iter()
            .position(|arg| *arg == wrong[0])
            .expect("it is given");
        all[at + 1] = wrong[1];
        world.run(&all).fails_with(2, &[said]);
    }
    add(&world, &[&["--bucket"], &buckets[..]].concat())
        .fails_with(2, &["201 patterns and analytics, and may have 200"]);
    // A configuration with faults is not touched.
    world.write("plimsoll.toml", "[network]\ninternl = []\n");
    add(&world, &["--identity", "x"]).fails_with(2, &["plimsoll.toml:2"]);
}

#[test]
fn none_is_written_twice_and_an_id_never_comes_to_mean_another() {
    let world = World::empty();
    let said = add(&world, &["--bucket", "b", "a", "--identity", "x"]).succeeds();
    let id = said.out.split(' ').next().expect("an id").to_owned();
    let first = config(&world);
    let again = ["--identity", "x", "--bucket", "a", "b"];
    add(&world, &again).fails_with(
        1,
        &[
            &format!("approval {id} says the same and holds until 2099-01-31"),
            "another `expires` at plimsoll.toml:1",
            &format!("`plimsoll approve remove {id}`"),
        ],
    );
    assert_eq!(config(&world), first);
    let dry = [&["approve", "add", "--dry-run"], &again[..]].concat();
    let dry = world.run(&dry).succeeds();
    assert!(dry.err.contains("would not be written"), "{}", dry.err);
    // One that has ended may be given again. Each then has an id of its own, whatever is taken out before it.
    world.write("plimsoll.toml", first.replace("2099", "2020"));
    add(&world, &again).succeeds();
    let listed = world.run(&["approve", "list", "--format", "json"]);
    let listed: Value = serde_json::from_str(&listed.succeeds().out).expect("a document");
    let [old, new] = [0, 1].map(|at| text(&listed["approvals"][at]["id"]).to_owned());
    assert!(old != new && old.starts_with(&id) && new.starts_with(&id));
    let remove = |id: &str| world.run(&["approve", "remove", id]);
    remove(&id).fails_with(1, &["2 approvals that cover the same", &old, &new]);
    remove(&old).succeeds();
    remove(&old).fails_with(1, &["there is no approval", &id]);
    assert_eq!(
        config(&world),
        first.replace("[\"b\", \"a\"]", "[\"a\", \"b\"]")
    );
    // Written twice by hand it is one, and nothing of it is left.
    world.write("plimsoll.toml", format!("{first}\n{first}"));
    let listed = world.run(&["approve", "list"]).succeeds();
    assert!(listed.out.contains("is written twice"), "{}", listed.out);
    remove(&id).succeeds();
    assert!(!config(&world).contains("[[approval]]"));
    remove(&id).fails_with(1, &["it has no approvals"]);
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
