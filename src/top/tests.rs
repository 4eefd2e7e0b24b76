#![allow(clippy::unwrap_used)]

use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::json;

use crate::incident::Incident;
use crate::stats::Severity;
use crate::time::Time;
use crate::top::{
    Answers, Fault, FaultKind, Incidents, InsteadOf, Judging, Key, ListedIncidents, Moment,
    OpenIncidents, Origin, Snapshot, State, Training, Wanted, Wish, draw,
};

const NOW: &str = "2026-03-16T03:14:07Z";
/// What an attacker can name an account, a session or a bucket.
const HOSTILE: &str = "mallory\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}\u{9b}31m\r\nroot\u{301}\u{302}\u{303}\u{304}日本語の名前";

fn at(seconds: u64) -> Moment {
    Moment {
        now: Time::parse(NOW).unwrap().plus_secs(seconds as i64),
        elapsed: Duration::from_secs(seconds),
    }
}

fn incident(
    id: &str,
    (severity, status): (&str, &str),
    ago: i64,
    who: &str,
    what: &str,
) -> Incident {
    let end = Time::parse(NOW).unwrap().plus_secs(-ago).to_string();
    let document = json!({
        "incident_id": id, "status": status, "severity": severity, "score": 97.0, "start": end, "end": end,
        "title": format!("{} {what}", who.rsplit('/').next().unwrap()),
        "entities": [{"part": "actor", "kind": "identity", "id": who, "alerts": 1}],
    });
    serde_json::from_value(document).unwrap()
}

fn incidents() -> Vec<Incident> {
    let role = "arn:aws:iam::111122223333:role/etl-media-24";
    let mut judged = incident(
        "i4",
        ("critical", "closed"),
        90_000,
        role,
        "gave payroll to everybody in 1 act",
    );
    let verdict = json!({"verdict": false, "alerts": 1, "open": 0});
    judged.verdict = serde_json::from_value(verdict).unwrap();
    vec![
        incident(
            "i1",
            ("medium", "new"),
            31,
            "ana@example.com",
            "listed 14 buckets in 30 calls, from 28.87.30.185, 03:13",
        ),
        incident(
            "i2",
            ("critical", "update"),
            250,
            role,
            "read 345 objects (1.5 GB) in 3 buckets, sent 1.5 GB to 21.67.191.184, 02:41–03:10",
        ),
        incident(
            "i3",
            ("high", "new"),
            7_300,
            HOSTILE,
            "was denied 7 calls in 1 h",
        ),
        judged,
    ]
}

fn metrics(events: u64) -> String {
    format!(
        r#"# HELP plimsoll_events Events
plimsoll_events_total{{outcome="new"}} {events}
plimsoll_events_total{{outcome="repeated"}} 4
plimsoll_records_total{{outcome="rejected"}} 12
plimsoll_late_events_total 3
plimsoll_behind_bytes 0
plimsoll_generation 12
plimsoll_event_delay_seconds_bucket{{le="60.0"}} 0
plimsoll_event_delay_seconds_bucket{{le="300.0"}} {}
plimsoll_event_delay_seconds_bucket{{le="900.0"}} {events}
plimsoll_event_delay_seconds_bucket{{le="+Inf"}} {events}
plimsoll_alerts_total{{analytic="AN1594",severity="medium",status="new"}} 4
plimsoll_alerts_total{{analytic="AN0370",severity="critical",status="new"}} 2
plimsoll_alerts_total{{analytic="AN0370",severity="critical",status="update"}} 7
plimsoll_last_event_timestamp_seconds{{log="aws.cloudtrail",account="111122223333",region="us-east-1"}} 1773630602.5
plimsoll_last_event_timestamp_seconds{{log="aws.cloudtrail",account="11\u001b]0;x\\n",region="-"}} 1773619847
plimsoll_last_event_timestamp_seconds{{log="gcp.audit",account="my-project",region="-"}} 1773544247
plimsoll_sink_waiting{{sink="pager"}} 12
plimsoll_sink_given_up{{sink="pager"}} 1
plimsoll_sink_failures{{sink="pager"}} 3
plimsoll_sink_waiting{{sink="soc"}} 0
plimsoll_sink_given_up{{sink="soc"}} 0
plimsoll_sink_failures{{sink="soc"}} 0
# EOF
"#,
        events / 2
    )
    .replace("\\u001b", "\u{1b}")
}

fn snapshot(events: u64) -> Snapshot {
    let origin = Origin::Service {
        address: "http://127.0.0.1:7337".to_owned(),
        version: Some("0.1.0".to_owned()),
    };
    let answered = Incidents {
        listed: ListedIncidents {
            incidents: incidents(),
            left: 0,
        },
        open: open(),
    };
    let answers = Answers {
        ready: r#"{"scoring": {"status": "judging", "behind_bytes": 0},
                   "training": {"status": "idle", "last": "2026-03-16T02:01:00Z"}}"#,
        metrics: &metrics(events),
        wanted: Wanted::default(),
        incidents: &answered,
    };
    Snapshot::of_service(origin, answers).unwrap()
}

fn open() -> OpenIncidents {
    let listed = |severity: Severity| {
        let mut found = incidents();
        found.retain(|i| i.verdict.is_none() && i.severity >= severity);
        let left = found.len().saturating_sub(1) as u64;
        found.truncate(1);
        Ok::<_, ()>(ListedIncidents {
            incidents: found,
            left,
        })
    };
    OpenIncidents::counted(listed).unwrap()
}

fn refused() -> Fault {
    Fault {
        kind: FaultKind::Refused,
        what: "the service at http://127.0.0.1:7337 asks for a token".to_owned(),
        hint: "put one with the right `read` into PLIMSOLL_TOKEN, and start `plimsoll top` again"
            .to_owned(),
    }
}

/// Somebody who has looked for a minute.
fn watched() -> State {
    let mut state = State::new("http://127.0.0.1:7337".to_owned(), true);
    let mut events = 1_000;
    for second in (0..=60).step_by(2) {
        events += 40 * (second * 7 % 23);
        state.take(snapshot(events), at(second));
    }
    state
}

/// Returns the screen as text, without blanks at the ends of lines, and whether nothing on it steers a terminal.
fn screen(state: &mut State, seconds: u64, (width, height): (u16, u16)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let drawn = terminal
        .draw(|frame| draw(state, at(seconds).now, frame))
        .unwrap();
    for cell in drawn.buffer.content() {
        let steers = |c: char| crate::event::steers(c) || c.is_control();
        assert!(!cell.symbol().contains(steers), "{:?}", cell.symbol());
        assert!(cell.symbol().chars().count() <= 3, "{:?}", cell.symbol());
    }
    let text = terminal.backend().to_string();
    let lines = text.lines().map(|line| line.trim_matches('"').trim_end());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_screen_says_whether_to_get_up_and_is_harmless() {
    let mut state = watched();
    insta::assert_snapshot!("top_80x24", screen(&mut state, 61, (80, 24)));
    insta::assert_snapshot!("top_120x40", screen(&mut state, 61, (120, 40)));
    insta::assert_snapshot!("top_60x20", screen(&mut state, 61, (60, 20)));
    insta::assert_snapshot!("top_60x10", screen(&mut state, 61, (60, 10)));
    let fault = Fault {
        kind: FaultKind::Silent,
        what: "no connection to http://127.0.0.1:7337: reset\u{1b}[2J".to_owned(),
        hint: "is it the right host and port?".to_owned(),
    };
    state.fail(fault, at(65).now);
    insta::assert_snapshot!("top_not_answering", screen(&mut state, 245, (80, 24)));
    state.take(snapshot(9_000), at(246));
    assert!(screen(&mut state, 246, (80, 24)).starts_with(" JUDGING "));
}

#[test]
fn what_is_wrong_is_said_whole_with_what_to_do() {
    let mut state = State::new("http://127.0.0.1:7337".to_owned(), true);
    state.fail(refused(), at(0).now);
    insta::assert_snapshot!("top_refused", screen(&mut state, 1, (80, 24)));
    // However small the screen is, and however much a service says.
    let mut long = refused();
    long.what += &format!(": {}", "many words ".repeat(90));
    state.fail(long, at(1).now);
    for size in [(80, 24), (60, 15), (40, 10), (30, 8)] {
        let screen = screen(&mut state, 2, size);
        assert!(screen.contains("PLIMSOLL_TOKEN"), "{screen}");
    }
    // A store is read in its place.
    let mut snapshot = snapshot(1);
    snapshot.counts = None;
    snapshot.judging = Judging::Noted(None);
    snapshot.training = Training::Failed("the disk is full".to_owned());
    snapshot.origin = Origin::Store {
        folder: "./plimsoll-store".to_owned(),
        instead_of: Some(InsteadOf {
            address: "http://127.0.0.1:7337".to_owned(),
            fault: refused(),
        }),
    };
    state.take(snapshot, at(3));
    insta::assert_snapshot!("top_store_instead", screen(&mut state, 3, (80, 15)));
}

#[test]
fn what_is_counted_is_all_there_is_and_the_list_says_what_it_has() {
    let mut state = watched();
    let mut more = snapshot(9_000);
    more.listed.left = 1_157;
    more.wanted.is_open = true;
    more.open.by_severity.insert(Severity::Low, 99_999);
    state.take(more, at(62));
    let wide = screen(&mut state, 62, (80, 24));
    let line = |screen: &str, name: &str| {
        let mut lines = screen.lines();
        lines
            .find(|line| line.starts_with(&format!(" {name} ")))
            .unwrap_or_default()
            .to_owned()
    };
    for (name, shown) in [
        (
            "open",
            "1 CRITICAL  1 HIGH  1 MEDIUM  99,999 LOW   100,002 incidents",
        ),
        (
            "listed",
            "1–4 of the newest 4   only open   asking for: all",
        ),
        ("alerts", "6 in all   AN1594 4  AN0370 2"),
    ] {
        assert!(line(&wide, name).contains(shown), "{wide}");
    }
    // What finds no room is left out whole, and counted.
    let numbers = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !(c.is_ascii_digit() || c == ','));
        let words = words.filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    };
    let sums = ["100,000", "100,001", "100,002", "6", "2"];
    for width in 1..80 {
        let narrow = screen(&mut state, 62, (width, 24));
        for name in ["open", "alerts", "delay", "listed"] {
            let all = numbers(&line(&wide, name));
            let is_known = |n: &String| all.contains(n) || sums.contains(&&**n);
            let kept = numbers(&line(&narrow, name));
            assert!(kept.iter().all(is_known), "{name}: {narrow}");
        }
    }
}

#[test]
fn keys_move_filter_pause_open_and_end() {
    let mut state = watched();
    let now = at(61).now;
    // The open ones come first, the severest of them before the others.
    assert_eq!(
        state.press(Key::Enter, now),
        Some(Wish::Open("i2".to_owned()))
    );
    state.take_story("another", Ok("not asked for any more".to_owned()));
    let arn = format!("arn:aws:iam::111122223333:role/{}", "x".repeat(90));
    let text = format!(
        "CRITICAL  97.0\n  {HOSTILE}\n\nWho\n  actor {arn}\n{}",
        "  line\n".repeat(60)
    );
    state.take_story("i2", Ok(text));
    insta::assert_snapshot!("top_story", screen(&mut state, 61, (80, 24)));
    state.press(Key::End, now);
    assert!(screen(&mut state, 61, (80, 24)).contains("  line\n Esc back"));
    assert_eq!(state.press(Key::Escape, now), None);
    state.press(Key::Down, now);
    state.press(Key::Down, now);
    // What is selected stays so when others come.
    let mut newer = snapshot(9_000);
    newer.listed.incidents.push(incident(
        "i0",
        ("critical", "new"),
        1,
        "eve",
        "deleted 9 buckets",
    ));
    state.take(newer.clone(), at(62));
    assert!(screen(&mut state, 62, (80, 24)).contains("›MEDIUM"));
    for (key, is_open, least) in [
        ('o', true, None),
        ('s', true, Some("medium")),
        ('s', true, Some("high")),
    ] {
        assert_eq!(state.press(Key::Char(key), now), Some(Wish::Ask));
        let Wanted {
            is_open: open,
            severity,
        } = state.wanted();
        assert_eq!((open, severity.map(|s| s.as_str())), (is_open, least));
    }
    state.press(Key::Char('p'), now);
    let paused = screen(&mut state, 62, (80, 24));
    assert!(paused.contains("PAUSED 03:15:08"), "{paused}");
    newer.listed.incidents.clear();
    state.take(newer, at(64));
    assert!(screen(&mut state, 64, (80, 24)).contains("deleted 9 buckets"));
    state.press(Key::Char('p'), now);
    assert!(screen(&mut state, 64, (80, 24)).contains("no incidents"));
    state.press(Key::Char('?'), now);
    insta::assert_snapshot!("top_help", screen(&mut state, 64, (80, 24)));
    // Where it has no room it is scrolled, and nothing of it is cut.
    let small = screen(&mut state, 64, (60, 15));
    assert!(small.contains("Esc back  ↑↓ scroll  q quit") && !small.contains("rejected"));
    state.press(Key::End, now);
    let small = screen(&mut state, 64, (60, 15));
    assert!(
        small.contains("rejected") && !small.contains('…'),
        "{small}"
    );
    assert_eq!(state.press(Key::Char('o'), now), None);
    assert_eq!(state.press(Key::Escape, now), None);
    for key in [Key::Escape, Key::Char('q'), Key::Interrupt] {
        assert_eq!(state.press(key, now), Some(Wish::Quit));
    }
}

#[test]
fn every_size_can_be_drawn_and_colours_are_never_needed() {
    let mut state = watched();
    for is_story in [false, true] {
        if is_story {
            state.fail(refused(), at(61).now);
            state.press(Key::Enter, at(61).now);
            state.take_story("i2", Ok(HOSTILE.repeat(9)));
        }
        for (width, height) in (1..90).flat_map(|w| (1..8).map(move |h| (w, h * h))) {
            screen(&mut state, 61, (width, height));
        }
    }
    let mut state = State::new("store x".to_owned(), false);
    state.take(snapshot(1), at(0));
    let mut terminal = Terminal::new(TestBackend::new(100, 40)).unwrap();
    let drawn = terminal
        .draw(|frame| draw(&mut state, at(1).now, frame))
        .unwrap();
    for cell in drawn.buffer.content() {
        let reset = ratatui::style::Color::Reset;
        assert_eq!((cell.fg, cell.bg), (reset, reset), "{cell:?}");
    }
}
