//! Mistakes that users make, and logs that are not what they seem: a clear message, the right status, the rest done.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::world::{World, plimsoll};

#[test]
fn every_fault_of_a_configuration_is_told_with_its_line_and_the_nearest_key() {
    let world = World::empty();
    world.write("logs.jsonl", "");
    let faults = "[network]\ninternl = [\"10.0.0.0/8\"]\n\n[[sensitive]]\nbukket = \"aws:x\"\n";
    world.write("plimsoll.toml", faults);
    world.run(&["train", "logs.jsonl"]).fails_with(
        2,
        &[
            "plimsoll.toml:2",
            "`internal`",
            "plimsoll.toml:5",
            "`bucket`",
        ],
    );
    let faults = "[analytic.AN1594]\nTimeWindw = \"10m\"\nMinimumCalls = \"many\"\n";
    world.write("plimsoll.toml", faults);
    world
        .run(&["train", "logs.jsonl"])
        .fails_with(2, &["plimsoll.toml:2", "`TimeWindow`", "plimsoll.toml:3"]);
}

#[test]
fn a_geographic_database_that_is_missing_or_none_is_named_with_its_key() {
    let world = World::empty();
    world.write("logs.jsonl", "");
    world.write("asn.mmdb", "not a database");
    let asked = "[network]\ngeoip = [\n  \"city.mmdb\",\n  \"asn.mmdb\",\n]\n";
    world.write("plimsoll.toml", asked);
    for command in [&["train", "logs.jsonl"][..], &["check"]] {
        world.run(command).fails_with(
            2,
            &[
                "plimsoll.toml:3: geoip: `city.mmdb`",
                "plimsoll.toml:4: geoip: `asn.mmdb`",
            ],
        );
    }
}

#[test]
fn a_missing_path_is_named_and_the_rest_is_still_read() {
    let world = World::simulated(4, 4, 20);
    world
        .run(&["train", "nowhere", "logs"])
        .fails_with(1, &["nowhere"]);
    world.run(&["show"]).succeeds();
}

#[test]
fn a_truncated_file_and_a_foreign_file_are_told_and_the_rest_is_learnt() {
    let world = World::simulated(4, 5, 20);
    let path = world
        .files()
        .into_iter()
        .find(|p| p.to_string_lossy().contains("_CloudTrail_"))
        .expect("a trail");
    let bytes = std::fs::read(&path).expect("its bytes");
    std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("cut off");
    world.write("logs/picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let said = world.run(&["--rejects", "rejects.jsonl", "train", "logs"]);
    let said = said.fails_with(1, &["cut off", "unknown_format"]);
    assert!(said.err.contains("generation 1"), "{}", said.err);
    let rejects =
        std::fs::read_to_string(world.path().join("rejects.jsonl")).expect("rejects are kept");
    assert!(
        rejects.contains("picture.png") && rejects.contains("unknown_format"),
        "{rejects}"
    );
}

#[test]
fn wrong_usage_is_status_2_and_an_untrained_store_says_what_to_do() {
    let world = World::empty();
    world.run(&["trian"]).fails_with(2, &["train"]);
    world
        .run(&["show"])
        .fails_with(1, &["no trained store", "plimsoll train"]);
    world
        .run(&["--config", "nowhere.toml", "check"])
        .fails_with(2, &["nowhere.toml"]);
    world.write("empty.jsonl", "");
    world
        .run(&["backtest", "empty.jsonl"])
        .fails_with(1, &["no event"]);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let world = World::simulated(1, 15, 60);
    let mut child = Command::new(plimsoll())
        .current_dir(world.path())
        .args([
            "backtest",
            "logs",
            "--train-days",
            "10",
            "--budget",
            "50",
            "--quiet",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .expect("its errors")
        .read_to_string(&mut said)
        .expect("text");
    let status = child.wait().expect("it ends");
    assert!(status.success(), "{status}: {said}");
    assert!(
        !said.contains("panicked") && !said.contains("Broken pipe"),
        "{said}"
    );
}

#[test]
fn standard_input_is_read_whatever_its_compression() {
    let world = World::simulated(4, 4, 20);
    let path = world
        .files()
        .into_iter()
        .find(|p| p.to_string_lossy().contains("_CloudTrail_"))
        .expect("a trail");
    let bytes = std::fs::read(path).expect("its bytes");
    let said = world.run_with_input(&["train", "-"], &bytes).succeeds();
    assert!(said.err.contains("generation 1"), "{}", said.err);
    let mut duplicates = bytes.clone();
    duplicates.write_all(&bytes).expect("two members");
    let said = world
        .run_with_input(&["train", "-"], &duplicates)
        .succeeds();
    assert!(
        said.err.contains("nothing new") || said.err.contains("delivered more than once"),
        "{}",
        said.err
    );
}

#[test]
fn text_from_a_log_does_not_steer_the_terminal() {
    let world = World::empty();
    let record = |i: u32, agent: &str| {
        serde_json::json!({
            "eventVersion": "1.09", "eventID": format!("e{i}"), "eventTime": format!("2026-03-01T00:{:02}:00Z", i % 60),
            "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "awsRegion": "eu-west-1",
            "sourceIPAddress": "198.51.100.7", "userAgent": agent, "recipientAccountId": "111122223333",
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/\u{1b}[2Jeve", "accountId": "111122223333"}
        })
        .to_string()
    };
    let lines: Vec<String> = (0..20).map(|i| record(i, "\u{1b}]0;owned\u{7}")).collect();
    world.write("trail.jsonl", lines.join("\n") + "\n");
    world.run(&["train", "trail.jsonl"]).succeeds();
    let shown = world.run(&["show"]).succeeds();
    assert!(
        !shown.out.contains('\u{1b}') && !shown.out.contains('\u{7}'),
        "{:?}",
        shown.out
    );
}

#[test]
fn a_list_that_changed_after_training_does_not_reach_the_past_in_silence() {
    let world = World::simulated(3, 6, 20);
    world.run(&["train", "logs"]).succeeds();
    let silent = world.run(&["check"]).succeeds();
    assert!(!silent.err.contains("were measured with"), "{}", silent.err);
    let config = std::fs::read_to_string(world.path().join("plimsoll.toml")).expect("a config");
    world.write(
        "plimsoll.toml",
        config + "\n[[sensitive]]\nbucket = \"aws:another-*\"\n",
    );
    for command in [&["check"][..], &["score", "logs"], &["train", "logs"]] {
        let told = world.run(command).succeeds();
        let words = "6 of 6 stored days were measured with other settings";
        assert!(told.err.contains(words), "{command:?}: {}", told.err);
    }
}

/// Whoever sets up a service is told all that is wrong at once, and then what holds.
#[cfg(feature = "service")]
#[test]
fn a_check_tells_every_fault_of_the_service_at_once_and_then_what_holds() {
    let world = World::empty();
    let faults = "[serve]\nlisten = \"0.0.0.0:7337\"\nhosts = [\"https://soc.example.com\"]\nnightly = \"25:00\"\n\n[serve.tls]\n\
                  certificate = \"none.pem\"\nkey = \"none.key\"\n\n[[serve.token]]\nname = \"vector\"\ntoken_env = \"NONE_SUCH\"\n\
                  rights = [\"write\"]\n\n[[serve.token]]\nname = \"soc\"\ntoken_file = \"short\"\nrights = [\"read\", \"approve\"]\n\n\
                  [[sink]]\nname = \"chat\"\nkind = \"slack\"\nurl_env = \"NONE_EITHER\"\n\n[network]\ninternl = []\n";
    world.write("plimsoll.toml", faults);
    world.write("short", "secret");
    world.run(&["check"]).fails_with(
        2,
        &[
            "8 faults",
            "plimsoll.toml:3: `https://soc.example.com` is no name of a host",
            "plimsoll.toml:4: `25:00`",
            "plimsoll.toml:7: `serve.tls.certificate`: cannot use `none.pem`",
            "plimsoll.toml:8: `serve.tls.key`: cannot use `none.key`",
            "plimsoll.toml:10: [[serve.token]]: the token `vector`: the variable `NONE_SUCH` of the environment is not set",
            "plimsoll.toml:15: [[serve.token]]: the secret of the token `soc` is shorter than 16 characters; as `openssl rand",
            "plimsoll.toml:20: the variable `NONE_EITHER`",
            "plimsoll.toml:26: unknown key",
        ],
    );
    world.write("plimsoll.toml", "[serve]\nlisten = \"0.0.0.0:7337\"\n");
    world.run(&["check"]).fails_with(
        2,
        &[
            "plimsoll.toml:2: `serve.listen`: others could reach 0.0.0.0:7337, and no token",
            "unencrypted; give a certificate under [serve.tls]",
        ],
    );
    world.write("long", "0123456789abcdef");
    world.write(
        "plimsoll.toml",
        "[serve]\nhosts = [\"soc.example.com\"]\nnightly = \"02:00\"\n[[serve.token]]\nname = \"soc\"\ntoken_file = \"long\"\n\
         rights = [\"read\", \"approve\"]\n[[sink]]\nname = \"told\"\nkind = \"file\"\npath = \"told.jsonl\"\n",
    );
    let checked = world.run(&["check"]).succeeds().out;
    let holds = "service  http://127.0.0.1:7337, no TLS; hosts soc.example.com; tokens soc (read approve); learns at 02:00 UTC; sinks told (file)";
    assert!(checked.lines().any(|line| line == holds), "{checked}");
}

/// That nothing was told is only said of what could have told something.
#[test]
fn a_list_of_what_is_not_there_fails_and_an_empty_one_does_not() {
    let world = World::empty();
    for list in [
        &["alerts"][..],
        &["incidents"],
        &["feedback", "--list"],
        &["alerts", "abcdef"],
    ] {
        let elsewhere = [&["--store", "nowhere"], list].concat();
        world.run(&elsewhere).fails_with(
            1,
            &["there is no trained store at `nowhere`", "plimsoll train"],
        );
    }
    let world = World::simulated(4, 4, 20);
    world.run(&["train", "logs"]).succeeds();
    world.write("empty.jsonl", "");
    world.write("other.jsonl", "{\"a\": 1}\nno alert\n");
    for (list, nothing) in [("alerts", "no alerts\n"), ("incidents", "no incidents\n")] {
        assert_eq!(world.run(&[list]).succeeds().out, nothing);
        let empty = world.run(&[list, "--from", "empty.jsonl"]).succeeds();
        assert_eq!(empty.out, nothing);
        world
            .run(&[list, "--from", "other.jsonl"])
            .fails_with(1, &["no line of `other.jsonl` is an alert"]);
        world.write(
            "incidents.jsonl",
            "{\"incident_id\": \"i123456789\", \"alerts\": []}\n",
        );
        for asked in [&[list][..], &[list, "i123456789"]] {
            let asked = [asked, &["--from", "incidents.jsonl"]].concat();
            let words = [
                "`incidents.jsonl` has incidents, and no alerts",
                "alerts.jsonl",
            ];
            world.run(&asked).fails_with(1, &words);
        }
        world
            .run(&[list, "--since", "2026-03-05", "--until", "2026-03-04"])
            .fails_with(2, &["`--since`", "is later than `--until`"]);
        world
            .run(&[list, "--since", "2026-03-05", "--until", "2026-03-05"])
            .succeeds();
    }
    let verdicts = world.run(&["feedback", "--list"]).succeeds();
    assert_eq!(verdicts.out, "there are no verdicts yet\n");
}
