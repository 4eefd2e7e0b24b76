//! Sinks: what is told also arrives elsewhere, whatever happens on the way.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use crate::world::{Said, World};

/// What must never be seen but by the receiver.
const TOKEN: &str = "tok-3f9a1c77e2";
/// Certificates that the stories make connections with.
const TLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls");

/// A receiver of HTTP on this machine, which answers as it is told and otherwise takes everything.
struct Receiver {
    port: u16,
    answers: Arc<Mutex<VecDeque<u16>>>,
    got: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let receiver = Self {
            port: listener.local_addr().expect("an address").port(),
            answers: Arc::default(),
            got: Arc::default(),
        };
        let (answers, got) = (receiver.answers.clone(), receiver.got.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &answers, &got);
            }
        });
        receiver
    }

    fn answer(&self, with: &[u16]) {
        self.answers.lock().unwrap().extend(with);
    }

    /// Returns the bodies that it got since the last call.
    fn take(&self) -> Vec<Value> {
        let bodies = std::mem::take(&mut *self.got.lock().unwrap());
        let parse = |body: String| serde_json::from_str(&body).expect("JSON");
        bodies.into_iter().map(parse).collect()
    }
}

fn serve(mut stream: TcpStream, answers: &Mutex<VecDeque<u16>>, got: &Mutex<Vec<String>>) {
    let mut text = BufReader::new(stream.try_clone().expect("a stream"));
    let mut length = 0;
    loop {
        let mut header = String::new();
        text.read_line(&mut header).expect("a header");
        if header.trim().is_empty() {
            break;
        }
        if let Some(n) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = n.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    text.read_exact(&mut body).expect("a body");
    got.lock()
        .unwrap()
        .push(String::from_utf8(body).expect("text"));
    let status = answers.lock().unwrap().pop_front().unwrap_or(200);
    let said = format!("you said {TOKEN}\u{1b}[2J");
    let length = said.len();
    let answer = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{said}"
    );
    stream.write_all(answer.as_bytes()).expect("it listens");
}

/// A receiver of syslog over TLS: its port, and what it got.
fn syslog() -> (u16, Arc<Mutex<Vec<String>>>) {
    let chain: Vec<_> = CertificateDer::pem_file_iter(format!("{TLS}/localhost.pem"))
        .expect("a file")
        .map(|one| one.expect("a certificate"))
        .collect();
    let key = PrivateKeyDer::from_pem_file(format!("{TLS}/localhost.key.pem")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate with its key");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let got: Arc<Mutex<Vec<String>>> = Arc::default();
    let lines = got.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(config.clone()).expect("a connection");
            let mut line = String::new();
            // One that does not trust us sends nothing.
            let read = StreamOwned::new(connection, stream).read_to_string(&mut line);
            if read.is_ok() {
                lines.lock().unwrap().push(line);
            }
        }
    });
    (port, got)
}

/// Runs the program with its secrets.
fn run(world: &World, line: &str) -> Said {
    let said = world.run_in_shell(&format!(
        "SOC_TOKEN={TOKEN} SSL_CERT_FILE={TLS}/authority.pem \"$PLIMSOLL\" {line}"
    ));
    assert!(
        !said.out.contains(TOKEN) && !said.err.contains(TOKEN),
        "{}{}",
        said.out,
        said.err
    );
    said
}

/// Adds to the configuration of a world.
fn configure(world: &World, text: &str) {
    let path = world.path().join("plimsoll.toml");
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    world.write("plimsoll.toml", before + text);
}

fn soc(port: u16) -> String {
    format!(
        "\n[[sink]]\nname = \"soc\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/hook\"\ntoken_env = \"SOC_TOKEN\"\n"
    )
}

/// Returns the incidents of a store, by their ids.
fn incidents(world: &World) -> BTreeMap<String, Value> {
    let said = run(world, "incidents --format json").succeeds();
    by_id(
        said.out
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON")),
    )
}

/// Returns the last document of each incident.
fn by_id(documents: impl IntoIterator<Item = Value>) -> BTreeMap<String, Value> {
    let id = |document: &Value| document["incident_id"].as_str().expect("an id").to_owned();
    documents.into_iter().map(|one| (id(&one), one)).collect()
}

#[test]
fn a_night_tells_each_sink_its_incidents_and_a_verdict_follows() {
    let world = World::simulated(11, 12, 25);
    let days = world.days();
    world.link_days("night", &days[..8]);
    let (receiver, (port, lines)) = (Receiver::start(), syslog());
    configure(&world, &soc(receiver.port));
    configure(
        &world,
        &format!(
            "[[sink]]\nname = \"log\"\nkind = \"file\"\npath = \"told.jsonl\"\nformat = \"ocsf\"\n\
             [[sink]]\nname = \"wire\"\nkind = \"syslog\"\nurl = \"tls://localhost:{port}\"\nseverity = \"high\"\n"
        ),
    );
    run(&world, "nightly night").succeeds();
    assert!(receiver.take().is_empty(), "the first night only learns");

    // The receiver is away for a moment, and refuses one for good.
    receiver.answer(&[503, 400]);
    world.link_days("night", &days[8..]);
    let night = run(&world, "nightly night").succeeds();
    for words in [
        "does not take what is sent: answered 503",
        "takes what is sent again",
        "refused document",
    ] {
        assert!(night.err.contains(words), "{words}: {}", night.err);
    }
    let told = incidents(&world);
    assert!(told.len() > 3, "{told:?}");
    let got = receiver.take();
    let dead = run(&world, "sink dead soc --format json").succeeds();
    let dead: Value = serde_json::from_str(&dead.out).expect("one line");
    assert_eq!(dead["reason"], "answered 400: you said …\\u{1b}[2J");
    let refused = dead["about"].as_str().expect("an incident").to_owned();
    // What arrived is what `incidents` shows, but for the refused one: that came twice at most, and the rest may have come before.
    let mut arrived = by_id(got);
    arrived.remove(&refused);
    let mut expected = told.clone();
    expected.remove(&refused);
    assert_eq!(arrived, expected);
    let file = std::fs::read_to_string(world.path().join("told.jsonl")).expect("it is written");
    let finding = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
    assert!(file.lines().all(|line| finding(line)["class_uid"] == 2005));
    let uids = file
        .lines()
        .map(|line| finding(line)["metadata"]["correlation_uid"].clone());
    let uids: std::collections::BTreeSet<String> = uids
        .map(|uid| uid.as_str().unwrap_or_default().to_owned())
        .collect();
    assert!(told.keys().eq(uids.iter()), "{uids:?}");
    let severe = told
        .values()
        .filter(|one| one["severity"] == "high" || one["severity"] == "critical");
    assert!(lines.lock().unwrap().len() >= severe.count().max(1));
    for framed in lines.lock().unwrap().iter() {
        let (length, line) = framed.split_once(' ').expect("a length");
        assert!(
            length == line.len().to_string() && line.contains("[plimsoll@32473 id=\"i"),
            "{framed}"
        );
    }

    // Sent again, the refused one arrives; nothing else does.
    run(&world, "sink replay soc").succeeds();
    let listed = run(&world, "sink list").succeeds();
    assert!(
        listed.out.contains("soc  webhook  1 waiting, oldest 20"),
        "{}",
        listed.out
    );
    run(&world, "nightly night").succeeds();
    let ids: Vec<Value> = receiver
        .take()
        .iter()
        .map(|one| one["incident_id"].clone())
        .collect();
    assert_eq!(ids, [refused.as_str()]);

    // A verdict is told to who was told of the incident, by whoever gives it or the next run.
    let id = told.keys().next().expect("an incident");
    let said = world
        .run(&["feedback", id, "false", "--later", "--note", "a \"test\""])
        .succeeds();
    assert!(!said.err.contains("error"), "{}", said.err);
    assert!(receiver.take().is_empty(), "the secret was missing");
    run(&world, "nightly night").succeeds();
    let got = receiver.take();
    assert_eq!(got.len(), 1);
    assert_eq!(
        (&got[0]["incident_id"], &got[0]["verdict"]["open"]),
        (&id.as_str().into(), &0.into())
    );
    assert_eq!(got[0]["verdict"]["note"], "a \"test\"");
    let listed = run(&world, "sink list --format json").succeeds();
    let listed: Value = serde_json::from_str(&listed.out).expect("JSON");
    assert!(
        listed
            .as_array()
            .expect("a list")
            .iter()
            .all(|one| one["waiting"] == 0 && one["dead"] == 0)
    );
}

#[test]
fn a_follower_tells_its_incidents_and_a_killed_one_leaves_them_to_the_next() {
    let world = World::simulated(6, 12, 40);
    let days = world.days();
    world.link_days("past", &days[..9]);
    world.write_lines("today.jsonl", &days[9..10]);
    run(&world, "train past").succeeds();
    let receiver = Receiver::start();
    // At first nobody takes anything.
    receiver.answer(&[503; 100]);
    configure(&world, &soc(receiver.port));
    configure(
        &world,
        "severity = \"informational\"\nheartbeat = \"00:00\"\n",
    );
    let mut child = std::process::Command::new(crate::world::plimsoll())
        .current_dir(world.path())
        .env("SOC_TOKEN", TOKEN)
        // Nobody answers there, and whoever did would learn the token.
        .env("http_proxy", "http://127.0.0.1:9")
        .args([
            "score",
            "--follow",
            "--poll",
            "20ms",
            "--out",
            "alerts.jsonl",
            "today.jsonl",
        ])
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    while receiver.got.lock().unwrap().is_empty() {
        std::thread::yield_now();
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    receiver.take();
    receiver.answers.lock().unwrap().clear();
    let follow = "score --follow --poll 20ms --until-idle 300ms --out alerts.jsonl today.jsonl";
    run(&world, follow).succeeds();
    let told = incidents(&world);
    assert!(!told.is_empty());
    assert_eq!(by_id(receiver.take()), told);
    run(&world, follow).succeeds();
    assert!(receiver.take().is_empty());
}

#[test]
fn a_sink_is_checked_and_tested_and_its_secret_is_never_said() {
    let world = World::empty();
    let receiver = Receiver::start();
    configure(&world, &soc(receiver.port));
    let missing = [
        "`SOC_TOKEN` of the environment is not set",
        "plimsoll.toml:2",
    ];
    world.run(&["check"]).fails_with(2, &missing);
    world.run(&["score", "nowhere"]).fails_with(2, &missing);
    run(&world, "check").succeeds();
    let said = run(&world, "sink test soc").succeeds();
    assert!(
        said.out
            .starts_with("sink soc took the message: answered 200: you said …"),
        "{}",
        said.out
    );
    let got = receiver.take();
    assert_eq!((&got[0]["kind"], got.len()), (&"test".into(), 1));
    receiver.answer(&[401, 500]);
    run(&world, "sink test soc").fails_with(
        1,
        &["refused the message", "answered 401: you said …\\u{1b}[2J"],
    );
    run(&world, "sink test soc").fails_with(1, &["did not take the message", "answered 500"]);
    run(&world, "sink test sok").fails_with(2, &["there is no sink `sok`", "has soc"]);
    run(&world, "sink replay soc x").fails_with(1, &["nothing with the id `x` was given up"]);
    let said = run(&world, "sink dead").succeeds();
    assert_eq!(said.out, "nothing was given up\n");
    configure(
        &world,
        "[[sink]]\nname = \"open\"\nkind = \"syslog\"\nurl = \"udp://siem.example\"\n",
    );
    let said = run(&world, "check").succeeds();
    assert!(
        said.out.contains("2 sinks")
            && said
                .out
                .contains("sink `open` sends to siem.example unencrypted")
    );
    let open = "[[sink]]\nname = \"bad\"\nkind = \"jira\"\nurl = \"http://jira.example\"\ntoken_env = \"SOC_TOKEN\"\nproject = \"X\"\n";
    configure(&world, open);
    run(&world, "check").fails_with(2, &["would send a secret unencrypted to jira.example"]);
}
