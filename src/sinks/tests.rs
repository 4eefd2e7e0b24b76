#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::alert::Alert;
use crate::config::{Config, Sink, SinkFormat};
use crate::incident::{Playbook, incidents};
use crate::report::json;
use crate::sinks::brief::Telling;
use crate::sinks::jira::Site;
use crate::sinks::notice::{Health, Notice};
use crate::sinks::secret::Secret;
use crate::sinks::webhook::Hook;
use crate::sinks::{
    Clock, Deliverer, HealthStatus, News, Ready, Sinks, Surroundings, Timing, jira, pagerduty,
    slack, states, syslog, teams,
};
use crate::store::{Archive, Outbox, Outgoing, Role, Store};
use crate::time::{Day, Time};

/// What must never be seen but by the receiver.
const TOKEN: &str = "tok-3f9a1c77e2";
const PATH: &str = "/services/T0AAA/B0BBB/s3cr3tpath";
/// Text that tries all kinds of markup.
const HOSTILE: &str =
    "pay<!channel>&\"'`*_~[x](http://evil.example)\u{1b}[2J\u{202e}gpj\r\n<script>]\\";

/// What a receiver does with a request.
#[derive(Debug, Clone)]
enum Act {
    /// It answers: a status, headers, and a body.
    Answer(u16, &'static str, String),
    /// It never answers.
    Stall,
    /// It takes the request and closes the connection.
    Cut,
}

fn ok() -> Act {
    Act::Answer(200, "", "ok".to_owned())
}

/// A request that a receiver got.
#[derive(Debug, Clone)]
struct Got {
    line: String,
    headers: String,
    body: String,
}

impl Got {
    fn delivery(&self) -> String {
        let line = self
            .headers
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with("x-plimsoll-delivery"));
        line.unwrap_or_default().to_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What a receiver does next, and what it got.
type Shared = (Mutex<(VecDeque<Act>, Vec<Got>)>, Condvar);

/// A receiver on this machine, which acts as it is told and otherwise takes everything.
struct Receiver {
    port: u16,
    shared: Arc<Shared>,
}

impl Receiver {
    fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let acts: VecDeque<Act> = acts.into_iter().collect();
        let shared = Arc::new((Mutex::new((acts, Vec::new())), Condvar::new()));
        let served = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = served.clone();
                std::thread::spawn(move || serve(stream, &served));
            }
        });
        Self { port, shared }
    }

    /// Waits until it has got so many requests, and returns all of them.
    fn wait_for(&self, n: usize) -> Vec<Got> {
        let (lock, changed) = &*self.shared;
        let limit = Duration::from_secs(60);
        let (state, waited) = changed
            .wait_timeout_while(lock.lock().unwrap(), limit, |(_, got)| got.len() < n)
            .unwrap();
        assert!(!waited.timed_out(), "{n} of {:#?}", state.1);
        state.1.clone()
    }

    fn got(&self) -> Vec<Got> {
        self.wait_for(0)
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    let mut text = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    text.read_line(&mut line).unwrap();
    let (mut headers, mut length) = (String::new(), 0);
    loop {
        let mut header = String::new();
        text.read_line(&mut header).unwrap();
        if header.trim().is_empty() {
            break;
        }
        if let Some(n) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = n.trim().parse().unwrap();
        }
        headers += &header;
    }
    let mut body = vec![0; length];
    text.read_exact(&mut body).unwrap();
    let act = {
        let (acts, got) = &mut *shared.0.lock().unwrap();
        got.push(Got {
            line: line.trim().to_owned(),
            headers,
            body: String::from_utf8(body).unwrap(),
        });
        acts.pop_front().unwrap_or_else(ok)
    };
    shared.1.notify_all();
    match act {
        Act::Answer(status, headers, body) => {
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
            // Who asked may have gone.
            let _ = stream.write_all(answer.as_bytes());
        }
        Act::Stall => std::thread::sleep(Duration::from_secs(600)),
        Act::Cut => {}
    }
}

/// A clock that runs a hundred times as fast, so that nobody waits for pauses.
fn clock() -> Clock {
    let begun = Instant::now();
    let start = Time::parse("2026-03-16T10:00:00Z").unwrap();
    let elapsed = move || begun.elapsed() * 100;
    Clock {
        now: Arc::new(move || start.plus_secs(elapsed().as_secs() as i64)),
        elapsed: Arc::new(elapsed),
    }
}

const TIMING: Timing = Timing {
    connect: Duration::from_secs(5),
    whole: Duration::from_secs(30),
    poll: Duration::from_millis(5),
    patience: Duration::from_secs(7 * 86_400),
    answers_max: 5,
};

fn variable(name: &str) -> Option<String> {
    let (kind, port) = name.split_once('_')?;
    match kind {
        "TOKEN" => Some(TOKEN.to_owned()),
        "URL" => Some(format!("http://127.0.0.1:{port}{PATH}")),
        _ => None,
    }
}

/// Reads sinks as they are configured.
fn sinks(text: &str) -> Vec<Sink> {
    Config::parse(text, "p.toml").unwrap().sinks
}

fn webhook(name: &str, port: u16) -> String {
    format!(
        "[[sink]]\nname = \"{name}\"\nkind = \"webhook\"\nurl_env = \"URL_{port}\"\ntoken_env = \"TOKEN_\"\n\
         signing_env = \"TOKEN_\"\n"
    )
}

fn chat(name: &str, port: u16) -> String {
    format!("[[sink]]\nname = \"{name}\"\nkind = \"slack\"\nurl_env = \"URL_{port}\"\n")
}

fn alert(id: &str, entity: &str, severity: &str, day: u32) -> Alert {
    let time = |clock: &str| format!("2026-03-{day:02}T{clock}Z");
    let document = json!({
        "schema": 1, "alert_id": id, "status": "closed", "analytic": "AN1594", "name": "Buckets are listed", "headline": HOSTILE,
        "severity": severity, "severity_reason": format!("{severity}: {HOSTILE}"), "score": 97.1, "surprise": 4.6, "threshold": 92.3,
        "arm": "A", "time": time("04:11:09"), "crossed_at": time("03:04:00"), "first_event": time("03:04:00"),
        "last_event": time("04:11:09"), "window": {"start": time("03:00:00"), "end": time("04:20:00")},
        "entity": {"kind": "identity", "id": entity, "identity_kind": "role", "provider": "aws", "account": "111122223333"},
        "extent": {"calls": 1280, "buckets": 60},
    });
    Alert::parse(&document.to_string()).unwrap()
}

fn incident(alerts: &[Alert]) -> Notice {
    let mut incident = incidents(alerts, &Playbook::default()).remove(0);
    incident.next_steps = vec![format!("Ask {HOSTILE}")];
    Notice::Incident {
        incident: Box::new(incident),
        alerts: alerts.to_vec(),
    }
}

fn hostile() -> Notice {
    incident(&[alert(
        "a1",
        &format!("arn:aws:iam::1:role/{HOSTILE}"),
        "critical",
        16,
    )])
}

/// Every text in a JSON value.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

#[test]
fn messages_are_as_they_are_written_and_hostile_text_stays_text() {
    let (url, key) = (
        Secret::new("https://receiver.example/x"),
        Secret::new(TOKEN),
    );
    let update = Telling {
        is_update: true,
        n_told_with: 2,
    };
    let site = Site {
        url: "https://example.atlassian.net".to_owned(),
        authorization: Secret::new("Basic x"),
        project: "SEC".to_owned(),
        issue_type: "Task".to_owned(),
        labels: vec!["cloud".to_owned()],
    };
    let notice = hostile();
    let judged = {
        let Notice::Incident { mut incident, .. } = notice.clone() else {
            unreachable!("it is an incident");
        };
        incident.judge(|_| Some((false, Some("a <b> backup"))));
        Notice::Incident {
            incident,
            alerts: Vec::new(),
        }
    };
    let new = Telling::default();
    let health = Notice::Health(Health {
        time: Time::parse("2026-03-16T09:00:00Z").unwrap(),
        is_well: false,
        title: "no events for 6h 00m".to_owned(),
        figures: vec!["0 events".to_owned()],
    });
    let requests = [
        ("slack", slack::request(&url, &notice, new)),
        ("slack update", slack::request(&url, &notice, update)),
        ("teams", teams::request(&url, &notice, new)),
        (
            "pagerduty",
            pagerduty::request((&url, &key), "soc", &notice, new),
        ),
        (
            "pagerduty judged",
            pagerduty::request((&url, &key), "soc", &judged, update),
        ),
        (
            "pagerduty health",
            pagerduty::request((&url, &key), "soc", &health, new),
        ),
        ("jira search", site.search(notice.key())),
        ("jira create", site.create(&notice, new)),
        ("jira comment", site.comment("SEC-7", &judged, update)),
    ];
    let mut golden = String::new();
    for (name, request) in &requests {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let pretty = serde_json::to_string_pretty(&body).unwrap();
        writeln!(golden, "== {name} {}\n{pretty}", request.url.expose()).unwrap();
        let mut all = Vec::new();
        texts(&body, &mut all);
        for text in all {
            let is_plain = |c: char| !c.is_control() || c == '\n';
            assert!(
                text.chars().all(is_plain) && !text.contains('\u{202e}'),
                "{name}: {text:?}"
            );
            let is_markup = text.contains("<!") || text.contains("<script");
            assert!(!(name.starts_with("slack") && is_markup), "{name}: {text}");
        }
        assert!(!format!("{request:?}").contains("receiver.example"));
    }
    // In Slack all text is plain, and the one that is not has no markup; in Teams, Markdown is in the heading alone.
    let body: Value = serde_json::from_str(&requests[0].1.body).unwrap();
    assert_eq!(body["mrkdwn"], false);
    assert!(
        !body.to_string().contains("\"mrkdwn\",")
            && !body["blocks"].to_string().contains("\"mrkdwn\"")
    );
    let card: Value = serde_json::from_str(&requests[2].1.body).unwrap();
    let parts = card["attachments"][0]["content"]["body"]
        .as_array()
        .unwrap();
    let blocks: Vec<&Value> = parts
        .iter()
        .filter(|part| part["type"] == "TextBlock")
        .collect();
    assert_eq!(
        (blocks.len(), blocks[0]["text"].as_str()),
        (1, Some("CRITICAL incident"))
    );
    let at = Time::parse("2026-03-16T10:00:00.123456789Z").unwrap();
    let line = syslog::line(
        &Notice::Alert(Box::new(alert("a\"]\\", "e", "high", 16))),
        "d1",
        at,
        SinkFormat::Ecs,
    );
    let (header, document) = line.split_once("] {").unwrap();
    writeln!(golden, "== syslog\n{header}]").unwrap();
    assert!(serde_json::from_str::<Value>(&format!("{{{document}")).is_ok());
    assert!(!line.contains('\n') && !line.contains('\u{1b}'));
    assert_eq!(syslog::framed("é"), "2 é");
    insta::assert_snapshot!("messages", golden);
    for notice in [
        hostile(),
        health,
        Notice::Alert(Box::new(alert("a", HOSTILE, "low", 16))),
    ] {
        for format in [SinkFormat::Plimsoll, SinkFormat::Ocsf, SinkFormat::Ecs] {
            let line = notice.line(format);
            assert!(!line.contains('\n') && serde_json::from_str::<Value>(&line).is_ok());
        }
        // As the outbox has it.
        let read: Notice = serde_json::from_str(&json::line(&notice)).unwrap();
        assert_eq!(read.line(SinkFormat::Ocsf), notice.line(SinkFormat::Ocsf));
    }
}

#[test]
fn an_issue_is_found_by_what_jira_answers_and_by_nothing_else() {
    assert_eq!(
        jira::key_in(r#"{"id":"1","key":"SEC-7"}"#).as_deref(),
        Some("SEC-7")
    );
    assert_eq!(
        jira::found_in(r#"{"issues":[{"key":"SEC-9"}]}"#).as_deref(),
        Some("SEC-9")
    );
    for answer in [
        "",
        "[]",
        r#"{"issues":[]}"#,
        r#"{"key":"../../x"}"#,
        r#"{"key":""}"#,
    ] {
        assert_eq!(
            (jira::key_in(answer), jira::found_in(answer)),
            (None, None),
            "{answer}"
        );
    }
}

/// A store, and what waits in it.
struct Desk {
    folder: tempfile::TempDir,
    outbox: Outbox,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::of(&Store::at(folder.path()));
        Self { folder, outbox }
    }

    fn store(&self) -> Store {
        Store::at(self.folder.path())
    }

    /// Puts in a document of a key, which is told by its number.
    fn put(&self, out: &Outgoing, key: &str, n: u32) {
        let mut alert = alert(key, "e", "high", 16);
        alert.events = u64::from(n);
        let document = json::line(&Notice::Alert(Box::new(alert)));
        out.put(key, &document, Time::parse("2026-03-16T10:00:00Z").unwrap())
            .unwrap();
    }

    fn start(&self, text: &str, timing: Timing) -> Deliverer {
        let ready: Vec<Ready> = sinks(text)
            .iter()
            .map(|sink| Ready::of(sink, &variable).unwrap())
            .collect();
        Deliverer::start(&ready, &self.outbox, &clock(), timing).unwrap()
    }
}

/// Returns the keys and the numbers of what arrived.
fn numbers(got: &[Got]) -> Vec<(String, u64)> {
    let number = |got: &Got| {
        let body = got.json();
        let id = body["alert_id"].as_str().unwrap().to_owned();
        (id, body["events"].as_u64().unwrap())
    };
    got.iter().map(number).collect()
}

const LIMIT: Duration = Duration::from_secs(6_000);

#[test]
fn whatever_a_receiver_does_everything_arrives_in_its_order_under_the_same_id() {
    let desk = Desk::new();
    let answer = |status, headers| Act::Answer(status, headers, format!("no {TOKEN} {PATH}"));
    let receiver = Receiver::start([
        answer(500, ""),
        answer(429, "Retry-After: 1\r\n"),
        // It has the document, and the answer is lost.
        Act::Cut,
    ]);
    let out = desk.outbox.to("soc");
    for n in 0..3 {
        desk.put(&out, "a", n);
        desk.put(&out, "b", n);
    }
    let deliverer = desk.start(&webhook("soc", receiver.port), TIMING);
    assert!(deliverer.drain(LIMIT));
    let got = receiver.got();
    assert_eq!(got.len(), 9);
    assert!(
        got[0].line.starts_with(&format!("POST {PATH} ")),
        "{}",
        got[0].line
    );
    assert!(
        got[0]
            .headers
            .to_lowercase()
            .contains(&format!("authorization: bearer {TOKEN}"))
    );
    for key in ["a", "b"] {
        let of: Vec<&Got> = got
            .iter()
            .filter(|got| got.json()["alert_id"] == key)
            .collect();
        let mut last: Vec<(String, u64)> = Vec::new();
        for got in of {
            let one = (got.delivery(), got.json()["events"].as_u64().unwrap());
            if last.last() != Some(&one) {
                last.push(one);
            }
        }
        // What came twice came with the same id, and nothing came out of its order.
        let numbers: Vec<u64> = last.iter().map(|(_, n)| *n).collect();
        assert_eq!(numbers, [0, 1, 2], "{key}");
    }
    let news = deliverer.news();
    assert!(matches!(&news[0], News::Failing { reason, .. } if reason.starts_with("answered 500")));
    assert_eq!(
        news[1],
        News::Recovered {
            sink: "soc".to_owned()
        }
    );
    let state = &states(&sinks(&webhook("soc", receiver.port)), &desk.store()).unwrap()[0];
    assert_eq!(
        (state.waiting, state.dead, state.status.failures),
        (0, 0, 0)
    );
    assert!(state.status.last_success.is_some() && state.status.last_failure.is_some());
    is_nowhere(desk.folder.path(), &format!("{news:?}"));
}

/// Demands that no secret is in a folder, or in what was said.
fn is_nowhere(folder: &Path, said: &str) {
    let mut all = said.to_owned();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                all += &String::from_utf8_lossy(&fs::read(entry.path()).unwrap());
            }
        }
    }
    for secret in [TOKEN, PATH, "s3cr3tpath"] {
        assert!(!all.contains(secret), "{all}");
    }
}

#[test]
fn what_is_refused_is_kept_with_the_reason_holds_up_nothing_and_can_be_sent_again() {
    let desk = Desk::new();
    let refusal = Act::Answer(400, "", format!("bad\u{1b}[2J {TOKEN}"));
    let redirect = Act::Answer(302, "Location: http://127.0.0.1:1/\r\n", String::new());
    let receiver = Receiver::start([refusal, redirect]);
    let out = desk.outbox.to("soc");
    for key in ["a", "b", "c"] {
        desk.put(&out, key, 1);
    }
    let text = webhook("soc", receiver.port);
    let deliverer = desk.start(&text, TIMING);
    assert!(deliverer.drain(LIMIT));
    assert_eq!(numbers(&receiver.got()).len(), 3);
    let dead = out.dead().unwrap();
    let reasons: Vec<String> = (dead.iter())
        .map(|dead| dead.entry.clone().unwrap().refused.unwrap().1)
        .collect();
    assert_eq!(reasons[0], "answered 400: bad\\u{1b}[2J …");
    assert!(
        reasons[1].contains("a redirect, which is not followed"),
        "{reasons:?}"
    );
    is_nowhere(desk.folder.path(), &format!("{:?}", deliverer.news()));
    out.replay(&dead[0], Time::from_nanos(0)).unwrap();
    assert!(deliverer.drain(LIMIT));
    let got = receiver.got();
    assert_eq!(got[3].delivery(), got[0].delivery());
    assert_eq!(out.n_dead().unwrap(), 1);
}

#[test]
fn a_document_that_is_never_taken_is_given_up_after_a_bounded_time_and_others_go_on() {
    let desk = Desk::new();
    let failing = std::iter::repeat_n(Act::Answer(503, "", String::new()), 5);
    let receiver = Receiver::start(failing);
    let out = desk.outbox.to("soc");
    desk.put(&out, "a", 1);
    let deliverer = desk.start(&webhook("soc", receiver.port), TIMING);
    assert!(deliverer.drain(LIMIT));
    assert_eq!((receiver.got().len(), out.n_dead().unwrap()), (5, 1));
    // One that nobody listens to gives up by age.
    let impatient = Timing {
        patience: Duration::from_secs(1),
        ..TIMING
    };
    drop(deliverer);
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let gone = desk.outbox.to("gone");
    desk.put(&gone, "a", 1);
    let deliverer = desk.start(&webhook("gone", nobody), impatient);
    assert!(deliverer.drain(LIMIT));
    let dead = gone
        .dead()
        .unwrap()
        .remove(0)
        .entry
        .unwrap()
        .refused
        .unwrap();
    assert!(dead.1.contains("cannot connect"), "{dead:?}");
}

#[test]
fn a_receiver_that_stalls_holds_up_no_other_and_is_tried_again() {
    let desk = Desk::new();
    let (stalling, other) = (Receiver::start([Act::Stall]), Receiver::start([]));
    for (name, key) in [("slow", "a"), ("fast", "a"), ("fast", "b")] {
        desk.put(&desk.outbox.to(name), key, 1);
    }
    let text = webhook("slow", stalling.port) + &webhook("fast", other.port);
    let deliverer = desk.start(&text, TIMING);
    stalling.wait_for(1);
    other.wait_for(2);
    assert_eq!(desk.outbox.to("slow").waiting().unwrap().len(), 1);
    drop(deliverer);
    let impatient = Timing {
        whole: Duration::from_millis(200),
        ..TIMING
    };
    let desk = Desk::new();
    let stalling = Receiver::start([Act::Stall]);
    desk.put(&desk.outbox.to("slow"), "a", 1);
    let deliverer = desk.start(&webhook("slow", stalling.port), impatient);
    assert!(deliverer.drain(LIMIT));
    let got = stalling.got();
    assert_eq!((got.len(), got[0].delivery()), (2, got[1].delivery()));
    let news = deliverer.news();
    assert!(
        matches!(&news[0], News::Failing { reason, .. } if reason.contains("no answer in time")),
        "{news:?}"
    );
}

#[test]
fn a_crash_after_a_receiver_has_it_sends_it_again_under_the_same_id() {
    let desk = Desk::new();
    let receiver = Receiver::start([]);
    let out = desk.outbox.to("soc");
    desk.put(&out, "a", 1);
    let waiting = desk.folder.path().join("outbox/soc/waiting");
    let file = fs::read_dir(&waiting)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let bytes = fs::read(&file).unwrap();
    let text = webhook("soc", receiver.port);
    let deliverer = desk.start(&text, TIMING);
    assert!(deliverer.drain(LIMIT));
    // It was sent, and the crash came before it was removed.
    fs::write(&file, bytes).unwrap();
    assert!(deliverer.drain(LIMIT));
    let got = receiver.got();
    assert_eq!((got.len(), got[0].delivery()), (2, got[1].delivery()));
    // A second process does not send what the first one does.
    let second = desk.start(&text, TIMING);
    assert!(second.drain(LIMIT));
    assert_eq!(receiver.got().len(), 2);
}

#[test]
fn people_are_told_the_newest_state_and_nothing_that_matters_is_left_out() {
    let desk = Desk::new();
    let receiver = Receiver::start([]);
    let out = desk.outbox.to("chat");
    let states = ["medium", "high", "critical", "high"];
    for (n, severity) in states.into_iter().enumerate() {
        let mut alerts = vec![alert("a1", "e", severity, 16)];
        alerts.extend((0..n).map(|n| alert(&format!("b{n}"), "e", "low", 16)));
        let notice = incident(&alerts);
        let now = Time::parse("2026-03-16T10:00:00Z").unwrap();
        out.put("i1", &json::line(&notice), now).unwrap();
    }
    let deliverer = desk.start(&chat("chat", receiver.port), TIMING);
    assert!(deliverer.drain(LIMIT));
    let heads: Vec<String> = receiver
        .got()
        .iter()
        .map(|got| {
            got.json()["blocks"][0]["text"]["text"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    // Two states became worse and are told by the third; that it was critical is told although it is less now.
    assert_eq!(heads, ["CRITICAL incident", "Final: HIGH incident"]);
    assert!(receiver.got()[0].body.contains("2 earlier states"));
}

#[test]
fn an_incident_is_one_issue_whatever_is_lost() {
    let desk = Desk::new();
    let found = |issues: &str| Act::Answer(200, "", format!("{{\"issues\":[{issues}]}}"));
    let receiver = Receiver::start([
        found(""),
        // The issue is made, and nobody hears of it.
        Act::Cut,
        found("{\"key\":\"SEC-1\"}"),
        ok(),
        ok(),
        // Somebody removed it.
        Act::Answer(404, "", String::new()),
        Act::Answer(201, "", "{\"key\":\"SEC-2\"}".to_owned()),
        ok(),
    ]);
    let text = format!(
        "[[sink]]\nname = \"jira\"\nkind = \"jira\"\nurl = \"http://127.0.0.1:{}\"\ntoken_env = \"TOKEN_\"\nproject = \"SEC\"\n",
        receiver.port
    );
    let out = desk.outbox.to("jira");
    for n in 0..4 {
        desk.put(&out, "i1", n);
    }
    assert!(desk.start(&text, TIMING).drain(LIMIT));
    let lines: Vec<String> = receiver
        .got()
        .iter()
        .map(|got| {
            got.line
                .replace("/rest/api/3/", "")
                .replace(" HTTP/1.1", "")
        })
        .collect();
    assert_eq!(
        lines,
        [
            "POST search/jql",
            "POST issue",
            "POST search/jql",
            "POST issue/SEC-1/comment",
            "POST issue/SEC-1/comment",
            "POST issue/SEC-1/comment",
            "POST issue",
            "POST issue/SEC-2/comment",
        ]
    );
    is_nowhere(desk.folder.path(), "");
}

#[test]
fn syslog_goes_over_tcp_and_udp_as_the_standards_frame_it() {
    let desk = Desk::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let of = |name: &str, scheme: &str, port: u16| {
        format!(
            "[[sink]]\nname = \"{name}\"\nkind = \"syslog\"\nurl = \"{scheme}://127.0.0.1:{port}\"\n"
        )
    };
    let text = of("tcp", "tcp", listener.local_addr().unwrap().port())
        + &of("udp", "udp", socket.local_addr().unwrap().port());
    for name in ["tcp", "udp"] {
        desk.put(&desk.outbox.to(name), "a", 1);
    }
    let deliverer = desk.start(&text, TIMING);
    let mut framed = String::new();
    listener
        .accept()
        .unwrap()
        .0
        .read_to_string(&mut framed)
        .unwrap();
    let mut datagram = vec![0; 65_535];
    let n = socket.recv(&mut datagram).unwrap();
    let line = String::from_utf8(datagram[..n].to_vec()).unwrap();
    assert!(deliverer.drain(LIMIT));
    let (length, rest) = framed.split_once(' ').unwrap();
    assert_eq!(length.parse::<usize>().unwrap(), rest.len());
    for line in [rest, &line] {
        assert!(
            line.starts_with(
                "<107>1 2026-03-16T10:00:00Z - plimsoll - alert [plimsoll@32473 id=\"a\" "
            ),
            "{line}"
        );
        let document = line.split_once("] ").unwrap().1;
        assert_eq!(
            serde_json::from_str::<Value>(document).unwrap()["alert_id"],
            "a"
        );
    }
}

#[test]
fn a_secret_is_read_where_it_is_and_never_shown_or_sent_in_the_open() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let of = |text: &str| {
        let sink = sinks(text).remove(0);
        Ready::of(&sink, &variable).map_err(|e| e.to_string())
    };
    let with_file = |bytes: &str| {
        fs::write(&file, bytes).unwrap();
        of(&format!(
            "[[sink]]\nname = \"p\"\nkind = \"pagerduty\"\ntoken_file = \"{}\"\n",
            file.display()
        ))
    };
    let ready = with_file(&format!("  {TOKEN}\n")).unwrap();
    assert!(!format!("{ready:?}").contains(TOKEN));
    assert_eq!(ready.shown(), "events.pagerduty.com");
    for bytes in ["", " \n", "a\nb"] {
        let error = with_file(bytes).unwrap_err();
        assert!(
            error.contains("p.toml:1") && error.contains("no secret of one line"),
            "{error}"
        );
    }
    let slack = of(&chat("c", 7)).unwrap();
    assert_eq!(slack.shown(), "127.0.0.1");
    assert!(!format!("{slack:?} {}", slack.shown()).contains("s3cr3t"));
    let missing = "[[sink]]\nname = \"c\"\nkind = \"slack\"\nurl_env = \"NONE\"\n";
    assert!(
        of(missing)
            .unwrap_err()
            .contains("`NONE` of the environment is not set")
    );
    let open = "[[sink]]\nname = \"w\"\nkind = \"webhook\"\nurl = \"http://siem.example/x\"\n";
    let warned = of(open).unwrap().warnings();
    assert!(warned[0].contains("siem.example unencrypted"), "{warned:?}");
    let with_token = format!("{open}token_env = \"TOKEN_\"\n");
    assert!(
        of(&with_token)
            .unwrap_err()
            .contains("a secret unencrypted to siem.example")
    );
    let hook = Hook {
        url: Secret::new("https://x.example"),
        token: None,
        signing: Some(Secret::new("Jefe")),
        format: SinkFormat::Plimsoll,
    };
    let request = hook.request("d1", &hostile());
    assert_eq!(
        request
            .headers
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>(),
        [
            "X-Plimsoll-Delivery",
            "X-Plimsoll-Event",
            "X-Plimsoll-Signature"
        ]
    );
}

/// Starts sinks over a store, as a run does.
fn start(desk: &Desk, text: &str) -> Sinks {
    start_with(desk, text, None)
}

fn start_with(
    desk: &Desk,
    text: &str,
    health: Option<Box<dyn Fn() -> HealthStatus + Send>>,
) -> Sinks {
    let surroundings = Surroundings {
        variable: &variable,
        clock: clock(),
        timing: TIMING,
        is_batch: true,
        must_send: true,
        health,
    };
    Sinks::start(
        &sinks(text),
        &desk.store(),
        Playbook::default(),
        surroundings,
    )
    .unwrap()
}

/// Tells an alert, as a run does.
fn tell(sinks: &Sinks, archive: &Archive, alert: &Alert) {
    sinks.about_to_tell(alert).unwrap();
    archive
        .append(alert.time.day(), &json::line(alert))
        .unwrap();
    sinks.told(alert, alert.suppressed_by.is_none());
}

#[test]
fn an_incident_is_told_as_it_is_whenever_one_of_its_alerts_is_and_approvals_are_not() {
    let desk = Desk::new();
    let archive = Archive::alerts(&desk.store());
    let (soc, all, chats) = (
        Receiver::start([]),
        Receiver::start([]),
        Receiver::start([]),
    );
    let text = webhook("soc", soc.port)
        + "severity = \"high\"\n"
        + &webhook("all", all.port)
        + "tell = \"alerts\"\nanalytics = [\"AN*\"]\n"
        + &chat("chats", chats.port)
        + "analytics = [\"XX*\"]\n";
    let sinks = start(&desk, &text);
    let mut approved = alert("a9", "somebody", "critical", 16);
    approved.suppressed_by = Some("backup".to_owned());
    for alert in [
        alert("a1", "eve", "medium", 16),
        alert("a2", "eve", "high", 17),
        alert("a3", "bob", "low", 17),
        approved,
    ] {
        tell(&sinks, &archive, &alert);
    }
    assert!(sinks.settle(LIMIT));
    let got: Vec<Value> = soc.got().iter().map(Got::json).collect();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0]["alerts"], json!(["a1", "a2"]));
    assert_eq!(
        (got[0]["severity"].as_str(), got[0]["verdict"].is_null()),
        (Some("high"), true)
    );
    let ids: Vec<Value> = all
        .got()
        .iter()
        .map(|got| got.json()["alert_id"].clone())
        .collect();
    let mut ids: Vec<&str> = ids.iter().map(|id| id.as_str().unwrap()).collect();
    ids.sort();
    assert_eq!(ids, ["a1", "a2", "a3"]);
    assert!(chats.got().is_empty());
    // An analyst says that it was nothing; whom nothing was told of the other incident is not told of that.
    let verdict = |id: &str, day: i32| {
        let text = json!({"alert_id": id, "verdict": false, "time": "2026-03-18T00:00:00Z", "note": "a backup", "analytic": "AN1594",
            "entity_kind": "identity", "entity": "eve", "day": Day(day).to_string(), "surprise": 4.6, "metrics": []});
        let mut file =
            crate::store::open_lines(&desk.folder.path().join("verdicts.jsonl")).unwrap();
        writeln!(file, "{text}").unwrap();
    };
    let day = Time::parse("2026-03-16T00:00:00Z").unwrap().day();
    for (id, after) in [("a1", 0), ("a2", 1), ("a3", 1)] {
        verdict(id, day.plus(after).0);
    }
    sinks.judged(vec![("a1".to_owned(), day), ("a3".to_owned(), day.plus(1))]);
    assert!(sinks.settle(LIMIT));
    let got: Vec<Value> = soc.got().iter().map(Got::json).collect();
    assert_eq!(got.len(), 2);
    assert_eq!(
        got[1]["verdict"],
        json!({"verdict": false, "alerts": 2, "open": 0, "note": "a backup"})
    );
    // An older alert makes it an incident with another id: both are told.
    let mut older = alert("a0", "eve", "high", 15);
    older.incident_id = None;
    let mut later = alert("a2", "eve", "high", 17);
    later.incident_id = got[0]["incident_id"].as_str().map(str::to_owned);
    later.revision = 1;
    tell(&sinks, &archive, &older);
    tell(&sinks, &archive, &later);
    assert!(sinks.settle(LIMIT));
    let got: Vec<Value> = soc.got().iter().map(Got::json).collect();
    assert_eq!(got.len(), 4, "{got:#?}");
    assert_eq!(got[2]["merged_into"], got[3]["incident_id"]);
    assert_eq!(got[2]["incident_id"], got[0]["incident_id"]);
    let said = format!("{:?}", sinks.news());
    drop(sinks);
    is_nowhere(desk.folder.path(), &said);
}

#[test]
fn what_was_told_before_a_crash_is_put_in_by_the_next_run() {
    let desk = Desk::new();
    let archive = Archive::alerts(&desk.store());
    let (soc, all) = (Receiver::start([]), Receiver::start([]));
    let text = webhook("soc", soc.port) + &webhook("all", all.port) + "tell = \"alerts\"\n";
    let kept = alert("a1", "eve", "high", 16);
    let lost = alert("a2", "bob", "high", 16);
    {
        // The process ends after it has kept one alert, and before it keeps the other.
        let sinks = start(&desk, &text);
        sinks.about_to_tell(&kept).unwrap();
        archive.append(kept.time.day(), &json::line(&kept)).unwrap();
        sinks.about_to_tell(&lost).unwrap();
        // The thread is done with what was left by nobody, and has nothing of this.
        assert!(sinks.settle(LIMIT));
    }
    assert!(soc.got().is_empty() && all.got().is_empty());
    // Until the process is gone, its notes are its own; here its threads end a little later.
    let left = || !desk.outbox.left_behind().unwrap().is_empty();
    while !left() {
        std::thread::yield_now();
    }
    let sinks = start(&desk, &text);
    assert!(sinks.settle(LIMIT));
    assert_eq!(soc.got()[0].json()["alerts"], json!(["a1"]));
    assert_eq!(numbers(&all.got()).len(), 1);
    assert!(!left());
    // The other one was not told, and is told now.
    tell(&sinks, &archive, &lost);
    assert!(sinks.settle(LIMIT));
    assert_eq!((soc.got().len(), all.got().len()), (2, 2));
    drop(desk.store().lock(Role::Learner).unwrap());
}

#[test]
fn a_run_that_hears_nothing_says_so_to_those_who_asked_and_a_pager_hears_only_that() {
    let desk = Desk::new();
    let (asked, pager, other) = (
        Receiver::start([]),
        Receiver::start([]),
        Receiver::start([]),
    );
    let text = webhook("asked", asked.port)
        + "heartbeat = \"09:00\"\n"
        + &webhook("other", other.port)
        + &format!(
            "[[sink]]\nname = \"pager\"\nkind = \"pagerduty\"\nurl = \"http://127.0.0.1:{}\"\ntoken_env = \"TOKEN_\"\n\
             heartbeat = \"09:00\"\n",
            pager.port
        );
    let silent = || HealthStatus {
        began: Time::parse("2026-03-16T02:00:00Z"),
        ..HealthStatus::default()
    };
    let sinks = start_with(&desk, &text, Some(Box::new(silent)));
    // Whatever it does next, it looks how the run is.
    sinks.judged(Vec::new());
    assert!(sinks.settle(LIMIT));
    let told = asked.got()[0].json();
    assert_eq!(
        (&told["kind"], &told["well"]),
        (&"health".into(), &false.into())
    );
    assert!(
        told["title"]
            .as_str()
            .unwrap()
            .starts_with("no events for 8h"),
        "{told}"
    );
    let paged = pager.got()[0].json();
    assert_eq!(paged["event_action"], "trigger");
    assert_eq!(paged["dedup_key"], "plimsoll-health-pager");
    assert!(other.got().is_empty());
}
