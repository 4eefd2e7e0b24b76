//! What the program says to those who ask for something that cannot be.

use crate::world::World;

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest_valid_key() {
    let world = World::empty();
    world.write("plimsoll.toml", "[network]\ninternl = [\"10.0.0.0/8\"]\n");
    let said = world.run(&["check"]);
    assert_eq!(said.status, 2, "{said:?}");
    assert!(
        said.err.contains("plimsoll.toml:2:") && said.err.contains("`internal`"),
        "{said:?}"
    );
    assert_eq!(said.out, "");
}

#[test]
fn a_log_that_is_not_there_is_named() {
    let said = World::empty().run(&["backtest", "nowhere"]);
    assert_eq!(said.status, 1, "{said:?}");
    assert!(
        said.err.contains("error: cannot read `nowhere`\ncause: "),
        "{said:?}"
    );
}

/// What is said about a log that has nothing in it leads somewhere, and a command that is shown can be run as it stands.
#[test]
fn hints_fit_what_was_read_and_shown_commands_run_as_they_stand() {
    let world = World::empty();
    world.write("a log/empty.jsonl", "");
    let said = world
        .run(&["backtest", "a log"])
        .fails_with(1, &["the files are empty"]);
    assert!(!said.err.contains("--rejects"), "{}", said.err);
    // Truncated records of a log are lost, and can be looked at.
    let record = r#"{"eventVersion":"1.08","eventTime":"x","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"r"}"#;
    world.write("a log/lost.jsonl", format!("{record}\n"));
    world.write("my.toml", "");
    let common = ["--config=my.toml", "--store=my store"];
    let said = world.run(&[&common[..], &["train", "a log"]].concat());
    let of = |text: &str| -> Vec<String> {
        let parts = text.split('`').map(str::to_owned);
        parts.filter(|part| part.starts_with("plimsoll ")).collect()
    };
    let shown = of(&said.err);
    let inspect = shown.iter().find(|command| command.contains("inspect"));
    let inspect = inspect.unwrap_or_else(|| panic!("{}", said.err));
    let line = inspect.replacen("plimsoll", "\"$PLIMSOLL\"", 1);
    world.run_in_shell(&line).fails_with(1, &[]);
    let rejects = std::fs::read_to_string(world.path().join("rejects.jsonl"));
    assert!(rejects.expect("rejected records").contains("lost.jsonl"));
    // Whatever reads a store or a configuration is shown with those of this run.
    let said = world.run(&[&common[..], &["show", "nobody"]].concat());
    assert_eq!(said.status, 1, "{said:?}");
    for command in of(&said.err) {
        assert!(command.ends_with("--store 'my store'"), "{command}");
    }
}

#[test]
fn an_unknown_alert_is_an_error_that_says_where_to_look() {
    let world = World::empty();
    let said = world.run(&["explain", "0123456789"]);
    assert_eq!(said.status, 1, "{said:?}");
    assert!(
        said.err
            .contains("there is no alert and no incident `0123456789`")
            && said.err.contains("--from FILE"),
        "{said:?}"
    );
    assert_eq!(world.run(&["explain", "012"]).status, 2);
}

#[test]
fn a_store_that_was_never_trained_is_told_with_what_to_do() {
    let said = World::empty().run(&["show"]);
    assert_eq!(said.status, 1, "{said:?}");
    assert!(
        said.err
            .contains("hint:  train one with `plimsoll train LOGS`"),
        "{said:?}"
    );
}

#[test]
fn wrong_usage_has_status_2_and_help_has_0() {
    let world = World::empty();
    for arguments in [
        &["backtest"][..],
        &["conjure"],
        &["score", "-", "--budget", "lots"],
        &["train", "-", "--input", "runes"],
    ] {
        assert_eq!(world.run(arguments).status, 2, "{arguments:?}");
    }
    let help = world.run(&["backtest", "--help"]);
    assert_eq!((help.status, help.err.as_str()), (0, ""));
    assert!(help.out.contains("--train-days <N>"));
}

#[test]
fn a_program_tells_which_one_it_is() {
    let world = World::empty();
    let version = concat!("plimsoll ", env!("CARGO_PKG_VERSION"));
    let short = world.run(&["-V"]).succeeds().out;
    assert_eq!(short.trim_end(), version);
    let long = world.run(&["--version"]).succeeds().out;
    assert!(long.starts_with(version), "{long}");
    for line in [
        &format!(
            "platform  {}-{}",
            std::env::consts::ARCH,
            std::env::consts::OS
        ),
        "features  object-store, service, simulate",
    ] {
        assert!(
            long.lines().any(|told| told.starts_with(line)),
            "{line}: {long}"
        );
    }
}
