//! `plimsoll top`, in a terminal.

use std::process::Command;

use crate::served::Served;
use crate::terminal::Terminal;
use crate::world::World;

/// Prints the status of what ran before, and how the terminal is.
const AFTERWARDS: &str =
    "echo status $?; stty -a | tr ' ' '\\n' | grep -xE -e '-?(icanon;?|echo;?)'";

/// Demands that the terminal is as it was.
fn is_restored(screen: &vt100::Screen) {
    let contents = screen.contents();
    assert!(
        !screen.alternate_screen() && !screen.hide_cursor(),
        "{contents}"
    );
    for line in ["status 0", "icanon", "echo"] {
        assert!(
            contents.lines().any(|l| l.trim_end_matches(';') == line),
            "{line}: {contents}"
        );
    }
}

#[test]
fn an_analyst_watches_a_service_opens_what_it_tells_and_goes() {
    let world = World::simulated(8, 14, 30);
    let days = world.days();
    world.link_days("past", &days[..10]);
    world.write_lines("new.jsonl", &days[10..]);
    world.run(&["train", "past"]).succeeds();
    let served = Served::start(&world, &[]);
    served.until_ready();
    let address = served.address.clone();
    // A proxy, at which nobody answers, has no part in it.
    let proxy = "http_proxy=http://127.0.0.1:9";
    let line = format!("{proxy} $PLIMSOLL top --url http://{address} --poll 100ms; {AFTERWARDS}");
    let mut terminal = Terminal::run(&world, &line);
    let empty = terminal.until_shows("no incidents");
    assert!(
        empty.contains("JUDGING") && empty.contains("generation 1"),
        "{empty}"
    );

    let lines = std::fs::read(world.path().join("new.jsonl")).expect("it was written");
    served.hand_over(&lines);
    served.until_judged();
    // The rate, the logs and the incidents come with what was handed over.
    let shown = terminal.until("all is there", |screen| {
        let contents = screen.contents();
        contents.contains("CRITICAL") && contents.contains("aws.cloudtrail ")
    });
    assert!(
        shown.contains("/s") && shown.contains("p99 over 7d"),
        "{shown}"
    );

    let first = served.get("/v1/incidents?limit=100").is(200).json();
    terminal.press("\r");
    let story = terminal.until_shows("Who");
    let listed = first["incidents"].as_array().expect("incidents");
    let ids = listed
        .iter()
        .filter_map(|incident| incident["incident_id"].as_str());
    let opened = ids
        .clone()
        .find(|id| story.contains(id))
        .expect("one is opened");
    let text = served
        .get(&format!("/v1/incidents/{opened}"))
        .is(200)
        .json();
    let title = text["text"]
        .as_str()
        .expect("a text")
        .lines()
        .nth(1)
        .expect("a title");
    let words = title
        .split_whitespace()
        .take(4)
        .collect::<Vec<_>>()
        .join(" ");
    assert!(story.contains(&words), "{words}: {story}");

    terminal.press("\u{1b}");
    terminal.until_shows("SEVERITY");
    served.kill();
    let silent = terminal.until_shows("NOT ANSWERING since");
    assert!(silent.contains("CRITICAL"), "the picture stays: {silent}");
    terminal.press("q");
    let (status, screen) = terminal.end();
    assert_eq!(status, Some(0));
    is_restored(&screen);
}

#[test]
fn a_store_is_watched_without_a_service_and_a_signal_restores_the_terminal() {
    let world = World::simulated(8, 14, 30);
    let days = world.days();
    world.link_days("past", &days[..10]);
    world.link_days("new", &days[10..]);
    world.run(&["train", "past", "--store", "mine"]).succeeds();
    world
        .run(&["score", "new", "--store", "mine", "--quiet"])
        .succeeds();
    let piped = world.run(&["top", "--store", "mine"]);
    piped.fails_with(2, &["no", "plimsoll incidents", "/metrics"]);

    let line = format!(
        "sh -c 'echo $$ > pid; exec $PLIMSOLL top --store mine --color never'; {AFTERWARDS}"
    );
    let mut terminal = Terminal::run(&world, &line);
    let shown = terminal.until_shows("CRITICAL");
    assert!(
        shown.contains("STORE") && shown.contains("store mine"),
        "{shown}"
    );
    terminal.press("\r");
    terminal.until_shows("crossed");
    // Where the store is, the commands for it are shown, too.
    terminal.press("G");
    terminal.until_shows("--store mine");
    let id = std::fs::read_to_string(world.path().join("pid")).expect("its id");
    let asked = Command::new("kill").args(["-TERM", id.trim()]).status();
    assert!(asked.expect("kill").success());
    let (status, screen) = terminal.end();
    assert_eq!(status, Some(0));
    is_restored(&screen);
}

#[test]
fn what_cannot_be_watched_is_said_before_the_screen_is_taken() {
    let world = World::empty();
    world.write("plimsoll.toml", "[serve]\nlisten = \"127.0.0.1:9\"\n");
    for (arguments, word) in [
        ("--url nowhere", "is no address of a service"),
        ("--url http://me:secret@127.0.0.1:1", "PLIMSOLL_TOKEN"),
        ("--url http://192.0.2.1:7337", "unencrypted"),
        ("--store nothing", "there is no store"),
        ("", "no service at http://127.0.0.1:9"),
    ] {
        let line = format!("PLIMSOLL_TOKEN=x $PLIMSOLL top {arguments}");
        let (status, screen) = Terminal::run(&world, &line).end();
        let contents = screen.contents();
        assert_eq!(status, Some(2), "{contents}");
        assert!(
            contents.contains(word) && !contents.contains("secret@"),
            "{contents}"
        );
    }
}
