//! `plimsoll top`, in a terminal.

use std::io::{Read, Write};
use std::net::TcpListener;
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
    let silent = terminal.until_shows("NOT ANSWERING");
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

    // A service that is there and refuses is named, whether or not there is a store to show.
    let refusing = answering(&http("401", "", "{\"detail\": \"a token is needed\"}"));
    let settings = format!("[serve]\nlisten = \"127.0.0.1:{refusing}\"\n");
    world.write("refusing.toml", settings);
    let top = "$PLIMSOLL top --config refusing.toml";
    let said = format!("the service at http://127.0.0.1:{refusing} asks for a token");
    let (status, screen) = Terminal::run(&world, top).end();
    let contents = words(&screen.contents());
    assert_eq!(status, Some(2), "{contents}");
    assert!(
        contents.contains(&said) && contents.contains("PLIMSOLL_TOKEN"),
        "{contents}"
    );
    let line = format!("ln -s mine plimsoll-store; {top}");
    let mut terminal = Terminal::run_in(USUAL, &world, &line);
    let shown = terminal.until_shows("CRITICAL");
    let why = format!("the store is shown, because {said}");
    assert!(
        shown.contains("STORE") && words(&shown).contains(&why),
        "{shown}"
    );
    // All of the help is on the usual screen, and a key leads back.
    terminal.press("?");
    let help = terminal.until_shows("What is counted");
    assert!(
        help.contains(" Keys ") && help.contains("line 19 of 19") && !help.contains('…'),
        "{help}"
    );
    terminal.press("?");
    terminal.until_shows("CRITICAL");
    terminal.press("q");
    assert_eq!(terminal.end().0, Some(0));

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

/// The usual size of a terminal.
const USUAL: (u16, u16) = (24, 80);

/// Answers everybody the same, and returns the port at which it does.
fn answering(answer: &str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("a port").port();
    let answer = answer.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = Vec::new();
            let mut bytes = [0; 4_096];
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read(&mut bytes) {
                    Ok(n @ 1..) => head.extend(&bytes[..n]),
                    _ => break,
                }
                // What greets for TLS has an answer, too.
                if head.starts_with(&[22]) {
                    break;
                }
            }
            // Whoever goes away needs none.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    port
}

/// Returns an answer of HTTP.
fn http(status: &str, head: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\n{head}content-length: {length}\r\n\r\n{body}"
    )
}

/// Returns the words of a screen, however its lines are broken.
fn words(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn who_may_not_ask_is_told_why_and_what_to_do() {
    let world = World::empty();
    let rights = [("reader", "read"), ("sender", "write")];
    let tokens = rights.map(|(name, right)| {
        format!(
            "[[serve.token]]\nname = \"{name}\"\ntoken_env = \"T_{name}\"\nrights = [\"{right}\"]\n"
        )
    });
    world.write("plimsoll.toml", tokens.concat());
    let variables = [
        ("T_reader", "reader-0123456789abcdef"),
        ("T_sender", "sender-0123456789abcdef"),
    ];
    let served = Served::start_with(&world, &[], &variables);
    let address = &served.address;
    let url = format!("$PLIMSOLL top --url http://{address}");
    let mut terminal = Terminal::run_in(USUAL, &world, &url);
    let screen = terminal.until_shows("PLIMSOLL_TOKEN");
    let port = address.rsplit(':').next().expect("a port");
    let lines = screen.lines().map(str::trim_end);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    assert!(lines[0].starts_with(" REFUSED   since "), "{screen}");
    let said = [
        &*format!(" the service at http://127.0.0.1:{port} asks for a token"),
        " hint: put one with the right `read` into PLIMSOLL_TOKEN, and start",
        "       `plimsoll top` again",
        " q quit  ? help",
    ];
    assert_eq!(lines[1..], said, "{screen}");
    terminal.press("q");
    assert_eq!(terminal.end().0, Some(0));

    for (token, why) in [
        ("wrong", "does not know the token in PLIMSOLL_TOKEN"),
        (
            "sender-0123456789abcdef",
            "the token `sender` lacks the right `read`",
        ),
        // Before anything was learnt it waits, and says for what.
        ("reader-0123456789abcdef", "hand over logs"),
    ] {
        let line = format!("PLIMSOLL_TOKEN={token} {url}");
        let mut terminal = Terminal::run_in(USUAL, &world, &line);
        let what = format!("{token} is answered");
        terminal.until(&what, |screen| words(&screen.contents()).contains(why));
        terminal.press("q");
        assert_eq!(terminal.end().0, Some(0));
    }
}

#[test]
fn what_does_not_answer_as_a_service_is_named_with_what_to_do() {
    let world = World::empty();
    let problem = |status: &str, head: &str, detail: &str| {
        let body = format!("{{\"detail\": \"{detail}\", \"hint\": \"what helps\"}}");
        http(status, head, &body)
    };
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("a port").port()
    };
    let page = "<!doctype html>";
    for (scheme, port, said) in [
        ("http", nobody, ["nobody listens at", "`plimsoll serve`"]),
        (
            "http",
            answering(&problem("503", "", "the disk\\u001b[2J is full")),
            ["cannot answer (status 503): the disk", "hint: what helps"],
        ),
        (
            "http",
            answering(&problem("429", "retry-after: 7\r\n", "too many requests")),
            ["is asked too much: too many", "asked again in 7 s"],
        ),
        (
            "http",
            answering(&problem("421", "", "made for another host")),
            [
                "does not answer to the name `127.0.0.1`",
                "`hosts` under [serve]",
            ],
        ),
        (
            "http",
            answering(&http("200", "", page)),
            ["is no `plimsoll serve`: /", "with `--url`"],
        ),
        (
            "http",
            answering(&http("302", "location: https://elsewhere.example/\r\n", "")),
            [
                "sends elsewhere, to https://elsewhere.example/",
                "with `--url`",
            ],
        ),
        (
            "http",
            answering(&http("401", "", page)),
            ["status 401, and not as `plimsoll serve` does", "proxy"],
        ),
        (
            "http",
            answering("220 mail.example ESMTP\r\n"),
            ["speaks no HTTP", "begins with https://"],
        ),
        (
            "https",
            answering(&http("400", "", page)),
            ["speaks no TLS", "begins with http://"],
        ),
    ] {
        let line = format!("$PLIMSOLL top --url {scheme}://127.0.0.1:{port}");
        let mut terminal = Terminal::run_in(USUAL, &world, &line);
        terminal.until(said[0], |screen| {
            let contents = words(&screen.contents());
            let is_there = said.iter().all(|said| contents.contains(said));
            is_there && contents.contains(&format!(":{port}"))
        });
        terminal.press("q");
        assert_eq!(terminal.end().0, Some(0));
    }
}
