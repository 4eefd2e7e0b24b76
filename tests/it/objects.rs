//! Logs in an object store: the same as in a folder, and no more of them read than is new.

use crate::shelf::{Faults, Server};
use crate::world::World;

/// Returns the figures of the line on objects: listed, read, requests.
fn figures(err: &str) -> (usize, usize, usize) {
    let line = err
        .lines()
        .rfind(|line| line.starts_with("objects"))
        .expect(err);
    let line = line.replace(',', "");
    let before = |word: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = words.iter().position(|w| *w == word).expect(&line);
        words[at - 1].parse().expect(&line)
    };
    (before("listed"), before("read"), before("requests"))
}

fn generation(world: &World, store: &str) -> Vec<u8> {
    let path = world.path().join(store).join("generation-000001.plimsoll");
    std::fs::read(path).expect("it was published")
}

#[test]
fn objects_are_read_as_files_are_whatever_goes_wrong_on_the_way() {
    let world = World::simulated(11, 10, 20);
    let days = world.days();
    world.link_days("past", &days[..8]);
    world.link_days("today", &days[8..]);
    world
        .run(&["--store", "by-file", "train", "past"])
        .succeeds();
    let by_file = world
        .run(&["--store", "by-file", "score", "today"])
        .succeeds();
    assert!(by_file.out.lines().count() > 3);
    let server = Server::start(50);
    server.put_days("past", &world, &days[..8]);
    server.put_days("today", &world, &days[8..]);
    let faults = [
        Faults::default(),
        Faults {
            refused: Some((7, 503, "SlowDown")),
            cut: Some(5),
            ..Faults::default()
        },
        Faults {
            refused: Some((5, 500, "InternalError")),
            cut: Some(2),
            ..Faults::default()
        },
    ];
    for (number, faults) in faults.into_iter().enumerate() {
        server.suffer(faults);
        let store = format!("by-object-{number}");
        server
            .run(&world, &format!("--store {store} train s3://past/"))
            .succeeds();
        assert!(
            generation(&world, &store) == generation(&world, "by-file"),
            "{faults:?}"
        );
        let by_object = server
            .run(&world, &format!("--store {store} score s3://today"))
            .succeeds();
        assert_eq!(by_object.out, by_file.out, "{faults:?}");
        let lines = |err: &str| {
            let of = |line: &&str| line.starts_with("read ") || line.starts_with("duplicates");
            err.lines()
                .filter(of)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(lines(&by_object.err), lines(&by_file.err));
    }
}

#[test]
fn a_night_lists_and_reads_only_what_is_new() {
    let world = World::simulated(11, 14, 20);
    let days = world.days();
    let server = Server::start(10);
    server.put_days_of_one("trail", &world, &days[..12]);
    let night = || server.run(&world, "nightly s3://trail/").succeeds();
    let (listed, read, requests) = figures(&night().err);
    assert_eq!(listed, read, "all is new");
    assert!(requests > read);
    let (_, objects) = server.asked();
    assert_eq!(objects.len(), read);

    // Nothing is new: the last week is listed, and nothing read.
    let (listed_again, read_again, _) = figures(&night().err);
    assert!(listed_again < listed, "{listed_again} of {listed}");
    assert_eq!(read_again, 0);
    let (listings, _) = server.asked();
    assert!(
        listings.iter().any(|query| query.contains("start-after")),
        "{listings:?}"
    );

    // A day is added, an object of an old day is not looked for, and a log that was not there before is found from its beginning.
    server.put_days_of_one("trail", &world, &days[12..]);
    let account =
        |day: &str| format!("trail/AWSLogs/444455556666/CloudTrail/eu-west-1/{day}/a.json");
    server.put(&account("2020/01/01"), b"{\"Records\":[]}".to_vec());
    night();
    let (_, objects) = server.asked();
    assert!(objects.contains(&account("2020/01/01")));
    let new = |address: &str| days[12..].iter().any(|day| address.contains(day.as_str()));
    let others: Vec<&String> = objects
        .iter()
        .filter(|address| !new(address) && **address != account("2020/01/01"))
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn a_key_of_a_day_to_come_hides_no_later_object() {
    let world = World::simulated(11, 10, 20);
    let days = world.days();
    let server = Server::start(1000);
    server.put_days_of_one("trail", &world, &days[..8]);
    let key = "trail/AWSLogs/111122223333/CloudTrail/eu-west-1/2099/01/01/x.txt";
    server.put(key, b"hello\n".to_vec());
    let follow = || {
        let line = "score --follow --poll 50ms --until-idle 300ms s3://trail/";
        server.run(&world, line).succeeds();
    };
    server.run(&world, "nightly s3://trail/").succeeds();
    follow();
    server.asked();
    server.put_days_of_one("trail", &world, &days[8..]);
    let of_new = |read: Vec<String>| -> usize {
        let is_new = |address: &String| days[8..].iter().any(|day| address.contains(&**day));
        read.iter().filter(|address| is_new(address)).count()
    };
    follow();
    assert!(of_new(server.asked().1) > 0);
    let (_, read, _) = figures(&server.run(&world, "nightly s3://trail/").succeeds().err);
    assert!(read > 0 && of_new(server.asked().1) > 0);
}

#[test]
fn what_is_outside_the_period_is_left_to_a_run_without_it() {
    let world = World::simulated(11, 12, 20);
    let days = world.days();
    let server = Server::start(1000);
    server.put_days("trail", &world, &days);
    world.link_days("logs-of-all", &days);
    let day = |at: usize| format!("{}-{}-{}", &days[at][..4], &days[at][4..6], &days[at][6..]);
    let bounds = format!("--since {} --until {}T11:59:59Z", day(5), day(8));
    let some = server
        .run(&world, &format!("train s3://trail/ {bounds}"))
        .succeeds();
    assert!(some.err.contains("outside_period"), "{}", some.err);
    let (listed, read, _) = figures(&some.err);
    assert!(read < listed);
    let by_file = world.run_in_shell(&format!(
        "\"$PLIMSOLL\" --store by-file train logs-of-all {bounds}"
    ));
    assert!(by_file.succeeds().err.contains("outside_period"));
    assert!(generation(&world, "plimsoll-store") == generation(&world, "by-file"));

    // The rest is learnt as if it had never been left out.
    let states = |store: &str| {
        let said = world
            .run(&["--store", store, "show", "--format", "json"])
            .succeeds();
        said.out
    };
    server.run(&world, "train s3://trail/").succeeds();
    world
        .run(&["--store", "at-once", "train", "logs-of-all"])
        .succeeds();
    let renumbered = |text: String| text.replace("\"generation\": 2", "\"generation\": 1");
    assert_eq!(
        renumbered(states("plimsoll-store")),
        renumbered(states("at-once"))
    );
    // Where no object is of the period, its bounds are named.
    for (bounds, named) in [
        ("--since 2031-01-01", "to read since 2031-01-01T00:00:00Z"),
        (
            "--since 2001-01-01 --until 2001-02-01",
            "to read from 2001-01-01T00:00:00Z to 2001-02-01T",
        ),
    ] {
        let line = format!("train s3://dated/ {bounds}");
        server.put_days_of_one("dated", &world, &days[..1]);
        server.run(&world, &line).fails_with(1, &[named, "--since"]);
    }
    let inverted = world.run(&[
        "inspect",
        "logs-of-all",
        "--since",
        "2026-03-02",
        "--until",
        "2026-03-01",
    ]);
    inverted.fails_with(2, &["--since", "--until"]);
}

#[test]
fn what_cannot_be_reached_is_told_with_what_to_do() {
    let world = World::simulated(11, 3, 10);
    let server = Server::start(1000);
    server.put_days("trail", &world, &world.days());
    server
        .run(&world, "inspect s3://elsewhere/")
        .fails_with(1, &["no bucket `s3://elsewhere/`"]);
    server
        .run(&world, "inspect s3://")
        .fails_with(2, &["names no bucket"]);
    let denied = server.run_with(&world, "AWS_ACCESS_KEY_ID=other", "inspect s3://trail/");
    denied.fails_with(
        1,
        &[
            "`s3://trail/` is denied",
            "AccessDenied",
            "s3:ListBucket",
            "s3:GetObject",
        ],
    );
    server.suffer(Faults {
        is_denied: true,
        ..Faults::default()
    });
    let denied = server
        .run(&world, "train s3://trail/")
        .fails_with(1, &["access is denied", "s3:GetObject"]);
    assert!(denied.err.lines().count() < 40, "{}", denied.err);
    server.suffer(Faults::default());
    // What could not be read is read by the next run.
    let said = server.run(&world, "train s3://trail/").succeeds();
    assert!(figures(&said.err).1 > 0);
    let profile = server.run_with(
        &world,
        "AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY= AWS_PROFILE=audit",
        "inspect s3://trail/",
    );
    profile.fails_with(1, &["profile `audit` has no keys"]);
}

#[test]
fn followed_objects_are_read_once_each_also_across_runs() {
    let world = World::simulated(11, 10, 20);
    let days = world.days();
    let server = Server::start(1000);
    server.put_days("past", &world, &days[..8]);
    server.run(&world, "train s3://past/").succeeds();
    server.put_days("live", &world, &days[8..9]);
    // Each third request is refused, and each third object breaks off.
    server.suffer(Faults {
        refused: Some((3, 503, "SlowDown")),
        cut: Some(3),
        ..Faults::default()
    });
    server.asked();
    let follow = || {
        let line = "score --follow --poll 50ms --until-idle 400ms s3://live/";
        server.run(&world, line).succeeds()
    };
    let first = follow();
    let (_, read) = server.asked();
    server.put_days("live", &world, &days[9..]);
    // A key that cannot be asked for hides no other.
    server.put("live/AWSLogs//lost.json", b"{}".to_vec());
    server.suffer(Faults::default());
    let second = follow();
    assert!(
        second.err.contains("left out: no request can name"),
        "{}",
        second.err
    );
    let (_, read_later) = server.asked();
    assert!(!read_later.is_empty());
    let again: Vec<&String> = read_later
        .iter()
        .filter(|address| read.contains(address))
        .collect();
    assert!(again.is_empty(), "{again:?}");
    // Nothing is new for a third run.
    follow();
    assert_eq!(server.asked().1, Vec::<String>::new());

    // The same as from a folder, in two runs.
    world.link_days("past-by-file", &days[..8]);
    world
        .run(&["--store", "by-file", "train", "past-by-file"])
        .succeeds();
    let mut by_file = String::new();
    for day in [&days[8..9], &days[9..]] {
        world.link_days("live", day);
        let line = "--store by-file score --follow --poll 50ms --until-idle 400ms live";
        by_file += &world
            .run_in_shell(&format!("\"$PLIMSOLL\" {line}"))
            .succeeds()
            .out;
    }
    assert_eq!(first.out + &second.out, by_file);
}
