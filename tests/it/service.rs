//! `plimsoll serve`: what is handed over is judged as files are, nothing that was acknowledged is lost, and nobody asks for what he may not.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use prost::Message;
use serde_json::{Value, json};

use crate::served::{Answered, Served};
use crate::world::World;

/// Returns the ids of the alerts in an archive. Of logs that are silent only whoever gets all of them tells.
fn archived(folder: &Path) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
        for line in text.lines() {
            let alert: Value = serde_json::from_str(line).unwrap_or_default();
            if let Some(id) = alert["alert_id"].as_str()
                && alert["analytic"] != "SOURCE-SILENT"
            {
                ids.insert(id.to_owned());
            }
        }
    }
    ids
}

#[test]
fn what_was_acknowledged_is_judged_like_a_file_also_after_kills() {
    let world = World::simulated(6, 12, 40);
    let days = world.days();
    world.link_days("past", &days[..9]);
    world.write_lines("new.jsonl", &days[9..]);
    world.run(&["train", "past"]).succeeds();
    world.run_in_shell("cp -r plimsoll-store other").succeeds();
    let follow = [
        "score",
        "new.jsonl",
        "--follow",
        "--until-idle",
        "1s",
        "--store",
        "other",
    ];
    world.run(&follow).succeeds();
    let expected = archived(&world.path().join("other/alerts"));
    assert!(expected.len() > 3, "the story needs alerts");

    let lines = std::fs::read_to_string(world.path().join("new.jsonl")).expect("it was written");
    let lines: Vec<&str> = lines.lines().collect();
    let mut served = Served::start(&world, &[]);
    for (n, piece) in lines.chunks(lines.len() / 24 + 1).enumerate() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed
            .write_all(piece.join("\n").as_bytes())
            .expect("it is packed");
        let body = packed.finish().expect("it is packed");
        let receipt = served.hand_over(&body);
        assert_eq!(receipt["events"], json!(piece.len()), "{receipt}");
        if [6, 12].contains(&n) {
            // One is under way that nobody hears of, and is sent again.
            drop(served.send("POST", "/v1/events", &[], &body));
            served.kill();
            served = Served::start(&world, &[]);
            served.hand_over(&body);
        }
    }
    served.until_judged();
    let metrics = served.get("/metrics").is(200).body;
    let build = concat!(
        "plimsoll_build_info{version=\"",
        env!("CARGO_PKG_VERSION"),
        "\"} 1"
    );
    assert!(metrics.contains(build), "{metrics}");
    assert!(
        metrics.contains("plimsoll_events_total{outcome=\"repeated\"}"),
        "{metrics}"
    );
    assert!(metrics.ends_with("# EOF\n"));
    assert!(
        metrics.contains("plimsoll_event_delay_seconds_bucket{le=\"604800.0\"}"),
        "{metrics}"
    );
    // Another process learnt, and it is known since when.
    let ready = served.get("/readyz").is(200).json();
    assert!(ready["training"]["last"].is_string(), "{ready}");
    served.end();
    // What is still open is told when the days end; each episode was told when it crossed.
    assert_eq!(
        archived(&world.path().join("plimsoll-store/alerts")),
        expected
    );
}

#[test]
fn a_new_service_learns_what_it_gets_and_then_judges_and_tells_it_live() {
    let world = World::simulated(8, 14, 30);
    let days = world.days();
    world.link_days("past", &days[..10]);
    world.link_days("new", &days[10..]);
    let configured =
        std::fs::read_to_string(world.path().join("plimsoll.toml")).expect("it is there");
    let sink = "[[sink]]\nname = \"soc\"\nkind = \"file\"\npath = \"told.jsonl\"\n";
    world.write("plimsoll.toml", format!("{configured}\n{sink}"));
    let served = Served::start(&world, &[]);
    let waiting = served.get("/readyz").is(503).json();
    assert_eq!(waiting["scoring"]["why"], "nothing was learnt yet");
    served.get("/healthz").is(200);
    let files = |folder: &str| {
        let folder = std::fs::read_dir(world.path().join(folder)).expect("logs");
        let mut files: Vec<_> = folder.map(|entry| entry.expect("a log").path()).collect();
        files.sort();
        files
    };
    for path in files("past") {
        served.hand_over(&std::fs::read(path).expect("a log"));
    }
    served.ask("POST", "/v1/generations", &[], b"").is(202);
    served.until_ready();
    // What was learnt first is not judged.
    served.until_judged();
    assert_eq!(
        served.get("/v1/incidents").is(200).json()["incidents"],
        json!([])
    );
    let entities = served
        .get("/v1/entities?kind=identity&limit=3")
        .is(200)
        .json();
    let id = entities["entities"][0]["id"]
        .as_str()
        .expect("an identity")
        .to_owned();
    let shown = served
        .get(&format!("/v1/entities/{}", id.replace('/', "%2F")))
        .is(200)
        .json();
    assert_eq!(shown["id"], json!(id));

    let live = served.send(
        "GET",
        "/v1/incidents",
        &[("accept", "text/event-stream")],
        b"",
    );
    let mut live = BufReader::new(live.expect("a stream"));
    for path in files("new") {
        served.hand_over(&std::fs::read(path).expect("a log"));
    }
    let told = loop {
        let mut line = String::new();
        assert!(live.read_line(&mut line).expect("a line") > 0, "it goes on");
        if let Some(document) = line.strip_prefix("data: ") {
            break serde_json::from_str::<Value>(document).expect("a document");
        }
    };
    served.until_judged();
    let page = served.get("/v1/incidents?limit=1").is(200).json();
    assert_eq!(page["incidents"].as_array().map(Vec::len), Some(1));
    let next = page["next_cursor"]
        .as_str()
        .expect("there are more")
        .to_owned();
    let second = served
        .get(&format!("/v1/incidents?limit=1&cursor={next}"))
        .is(200)
        .json();
    assert_ne!(
        second["incidents"][0]["incident_id"],
        page["incidents"][0]["incident_id"]
    );

    let id = told["incident_id"].as_str().expect("an id").to_owned();
    let found = served.get(&format!("/v1/incidents/{id}")).is(200).json();
    let reasons = found["alerts"][0]["reasons"].as_array().expect("reasons");
    let sentences = found["sentences"][0].as_array().expect("a sentence each");
    assert_eq!(sentences.len(), reasons.len(), "{found}");
    let text = found["text"].as_str().expect("a text");
    assert!(text.contains(&id) && text.contains("Next steps"), "{text}");
    let alert = found["alerts"][0]["alert_id"]
        .as_str()
        .expect("an alert")
        .to_owned();
    assert_eq!(
        served.get(&format!("/v1/alerts/{alert}")).is(200).json()["alert_id"],
        json!(alert)
    );
    let verdict = json!({"verdict": false, "note": "a drill"}).to_string();
    let path = format!("/v1/incidents/{id}/verdict");
    served.ask("POST", &path, &[], verdict.as_bytes()).is(200);
    let found = served.get(&format!("/v1/incidents/{id}")).is(200).json();
    assert_eq!(
        found["incident"]["verdict"]["verdict"],
        json!(false),
        "{found}"
    );
    let audit = std::fs::read_to_string(world.path().join("plimsoll-store/audit.jsonl"))
        .expect("it is noted");
    assert!(
        audit
            .lines()
            .any(|line| line.contains(&path) && line.contains("\"status\":200")),
        "{audit}"
    );

    for (path, member) in [
        ("/v1/coverage", "analytics"),
        ("/v1/generations", "generations"),
        ("/v1/tuning?budget=5", "generation"),
        ("/v1/approvals", "approvals"),
    ] {
        let document = served.get(path).is(200).json();
        assert!(!document[member].is_null(), "{path}: {document}");
    }
    let entity = entities["entities"][0]["id"].as_str().expect("an id");
    let entity = format!("/v1/entities/{}", entity.replace('/', "%2F"));
    served.get(&entity).is(200);
    let history = served.get(&format!("{entity}/generations")).is(200).json();
    assert_eq!(history["generations"][0]["in_force"], json!(true));
    let learnt = served.get("/v1/generations").is(200).json();
    let last = learnt["generations"][0]["last_day"]
        .as_str()
        .expect("a day");
    served
        .get(&format!("{entity}/not-alerted?time={last}"))
        .is(200);
    // What an incident is about is approved, first only to see what that would have hidden.
    let add = |is_dry_run: bool, status: u16| {
        let wanted = json!({
            "from": id, "owner": "soc", "reason": "a drill", "expires": "2099-01-31", "dry_run": is_dry_run,
        });
        let body = wanted.to_string();
        let answered = served.ask("POST", "/v1/approvals", &[], body.as_bytes());
        answered.is(status).json()
    };
    let before = std::fs::read_to_string(world.path().join("plimsoll.toml")).expect("text");
    let preview = add(true, 200);
    assert!(
        preview["would_have_hidden"]["alerts"].as_u64() >= Some(1),
        "{preview}"
    );
    let text = || std::fs::read_to_string(world.path().join("plimsoll.toml")).expect("text");
    assert_eq!(text(), before);
    let added = add(false, 201);
    assert_eq!(added["table"], preview["table"]);
    let table = added["table"].as_str().expect("a table").trim().to_owned();
    assert!(text().contains(&table), "{added}");
    let listed = served.get("/v1/approvals").is(200).json();
    let listed = listed["approvals"].as_array().expect("approvals").clone();
    assert!(
        listed.iter().any(|one| one["id"] == added["id"]),
        "{listed:?}"
    );
    for (wrong, words) in [
        (json!({"criteria": {"colour": "red"}}), "colour"),
        (json!({"criteria": {"network": "here"}}), "here"),
        (json!({"expires": "2020-01-01"}), "past"),
    ] {
        let mut body = json!({"from": id, "owner": "o", "reason": "r", "expires": "2099-01-31"});
        for (key, value) in wrong.as_object().expect("members") {
            body[key] = value.clone();
        }
        let body = body.to_string();
        let refused = served.ask("POST", "/v1/approvals", &[], body.as_bytes());
        let why = refused.is(400).json()["detail"].to_string();
        assert!(why.contains(words), "{why}");
    }
    // Of a configuration that cannot be judged by nothing is written, and nothing of it counts.
    let sound = text();
    let unset = "\n[[sink]]\nname = \"x\"\nkind = \"slack\"\nurl_env = \"NONE_SUCH\"\n";
    world.write("plimsoll.toml", format!("{sound}{unset}"));
    let body = json!({"from": id, "owner": "o", "reason": "unheard", "expires": "2099-01-31"});
    let body = body.to_string();
    let refused = served.ask("POST", "/v1/approvals", &[], body.as_bytes());
    let why = refused.is(409).json()["detail"].to_string();
    assert!(why.contains("NONE_SUCH"), "{why}");
    assert!(!text().contains("unheard"));
    world.write("plimsoll.toml", &sound);
    let large = vec![b' '; 70_000];
    let refused = served.ask("POST", "/v1/approvals", &[], &large);
    let why = refused.is(413).json();
    assert!(why["detail"].to_string().contains("64 KiB") && why["hint"].is_null());
    let path = format!("/v1/approvals/{}", added["id"].as_str().expect("an id"));
    served.ask("DELETE", &path, &[], b"").is(200);
    served.ask("DELETE", &path, &[], b"").is(404);
    assert_eq!(text(), before);

    // Ten days are too few to move a threshold by.
    let tuned = json!({"budget": "2/day"}).to_string();
    let refused = served.ask("POST", "/v1/tuning", &[], tuned.as_bytes());
    let why = refused.is(409).json()["detail"].to_string();
    assert!(why.contains("too little is stored"), "{why}");
    served.end();
    // The sink was told of what was told live, and of the verdict.
    let told = std::fs::read_to_string(world.path().join("told.jsonl")).expect("it was told");
    let documents = told
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut of_incident = documents.filter(|document| document["incident_id"] == json!(id));
    assert!(of_incident.clone().next().is_some(), "{told}");
    assert!(
        of_incident.any(|document| document["verdict"]["verdict"] == json!(false)),
        "{told}"
    );
}

/// Approvals as a client meets them: what is risky is said before and after, nothing is written twice, and what is wrong is said in the
/// words of the request.
#[test]
fn an_approval_by_http_is_answered_in_the_words_of_the_request() {
    let world = World::simulated(8, 15, 40);
    let days = world.days();
    world.link_days("past", &days[..12]);
    world.link_days("present", &days[12..]);
    world.run(&["train", "past"]).succeeds();
    let told = world.run(&["score", "--again", "present"]).succeeds().out;
    let told: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let analytic = &told[0]["analytic"];
    let n_its = told
        .iter()
        .filter(|alert| alert["analytic"] == *analytic)
        .count();
    let counted = format!("({n_its} of the {} alerts that are kept)", told.len());
    let served = Served::start(&world, &[]);
    served.until_ready();
    let post = |body: &Value| served.ask("POST", "/v1/approvals", &[], body.to_string().as_bytes());
    let text = || std::fs::read_to_string(world.path().join("plimsoll.toml")).expect("text");
    let before = text();

    // To look at one needs nothing but its criteria.
    let who = &told[0]["entity"]["id"];
    let narrow = json!({"criteria": {"identity": who, "bucket": "b"}, "dry_run": true});
    assert!(post(&narrow).is(200).json()["warnings"].is_null());
    let every = json!({"criteria": {"identity": "*"}, "analytics": analytic, "dry_run": true});
    let hides = format!(
        "this approval matches every identity: it hides every alert of {}",
        analytic.as_str().expect("an id")
    );
    let seen = post(&every).is(200).json();
    assert_eq!(seen["warnings"], json!([format!("{hides} {counted}")]));
    assert_eq!(text(), before);
    let mut wanted = every.clone();
    for (key, value) in [
        ("owner", json!("o")),
        ("reason", json!("r")),
        ("expires", json!("2099-01-31")),
        ("dry_run", json!(false)),
    ] {
        wanted[key] = value;
    }
    let written = post(&wanted).is(201).json();
    assert_eq!(
        written["warnings"][0],
        json!(format!("{hides} until 2099-01-31 {counted}"))
    );
    let checked = world.run(&["check"]).succeeds().out;
    assert!(
        checked.contains("matches every identity: it hides every alert"),
        "{checked}"
    );

    // The same is not written again, in whichever words.
    let id = written["id"].as_str().expect("an id");
    let once = text();
    wanted["criteria"]["identity"] = json!(["**"]);
    let refused = post(&wanted).is(409).json();
    assert!(refused["detail"].to_string().contains(id), "{refused}");
    assert!(
        refused["hint"]
            .to_string()
            .contains(&format!("DELETE /v1/approvals/{id}")),
        "{refused}"
    );
    assert_eq!(text(), once);
    let remove = |id: &str| served.ask("DELETE", &format!("/v1/approvals/{id}"), &[], b"");
    // Another one for the same, written by hand, makes the id ambiguous, and is not taken for the one that was removed.
    let table = written["table"].as_str().expect("a table");
    world.write(
        "plimsoll.toml",
        format!("{once}\n{}", table.replace("\"o\"", "\"somebody else\"")),
    );
    let ambiguous = remove(id).is(409).json()["hint"].to_string();
    let ours = ambiguous
        .trim_matches('"')
        .split([' ', ','])
        .filter(|word| word.starts_with(id));
    let ours: Vec<&str> = ours.collect();
    assert_eq!(ours.len(), 2, "{ambiguous}");
    let statuses = ours.iter().map(|id| (remove(id).status, remove(id).status));
    assert_eq!(statuses.collect::<Vec<_>>(), [(200, 404), (200, 404)]);
    assert_eq!(text(), before);

    // What is wrong is said with its member, and no line of a file, type of ours or option of a command.
    let with = |key: &str, value: Value| {
        let mut body = json!({"criteria": {"identity": "x"}, "owner": "o", "reason": "r", "expires": "2099-01-31", "dry_run": true});
        body[key] = value;
        body
    };
    let rows = [
        (json!(["x"]), 400, "no JSON object"),
        (
            json!({"criteria": {"identity": "x"}, "expires": "2099-01-31"}),
            400,
            "`owner`, `reason`",
        ),
        (with("dryrun", json!(true)), 400, "`dryrun`"),
        (
            with("owner", json!(5)),
            400,
            "`owner`: expected a text, found the number `5`",
        ),
        (
            with("owner", json!("o".repeat(201))),
            400,
            "`owner` has 201 characters, and may have 200",
        ),
        (
            with("reason", json!("r".repeat(1_001))),
            400,
            "`reason` has 1001 characters",
        ),
        (
            with("reason", json!("a\nb")),
            400,
            "`reason` has the character U+000A",
        ),
        (
            with("expires", json!("soon")),
            400,
            "`expires`: expected a date such as 2027-01-31, found `soon`",
        ),
        (
            with("analytics", json!("AN9")),
            400,
            "`analytics`: there is no analytic `AN9`",
        ),
        (
            with("criteria", json!({"network": 5})),
            400,
            "`criteria.network`: expected a text or an array of texts",
        ),
        (
            with("criteria", json!({"network": ["10.0.0.0/8", "here"]})),
            400,
            "`network`: `here` is no network",
        ),
        (
            with("criteria", json!({"bucket": []})),
            400,
            "`bucket`: expected at least one",
        ),
        (
            with("criteria", json!({"bucket": vec!["b"; 201]})),
            400,
            "201 patterns and analytics, and may have 200",
        ),
        (with("criteria", json!({})), 400, "at least one of identity"),
        (
            with("from", json!("ffffff")),
            404,
            "no alert and no incident `ffffff`",
        ),
        (with("from", json!("f")), 400, "too short"),
    ];
    for (body, status, words) in rows {
        let refused = post(&body).is(status).json();
        let said = refused["detail"].as_str().expect("a detail");
        assert!(said.contains(words), "{body}: {refused}");
        let all = format!("{said} {}", refused["hint"]);
        for foreign in ["--", "`plimsoll ", "struct", " at line ", ".toml:"] {
            assert!(!all.contains(foreign), "{body}: {refused}");
        }
    }
    // What several have, and too much at once, is no fault of the service.
    let several = served.get("/v1/entities/a").is(409).json();
    assert!(
        several["hint"].to_string().contains("identity"),
        "{several}"
    );
    let budgets = |n: usize| vec!["budget=5"; n].join("&");
    let once = served.get("/v1/tuning?budget=5").is(200).json();
    let query = format!("/v1/tuning?{}&budget=35/week", budgets(49));
    assert_eq!(served.get(&query).is(200).json(), once);
    assert_eq!(once["settings"].as_array().map(Vec::len), Some(1), "{once}");
    let refused = served.get(&format!("/v1/tuning?{}", budgets(51)));
    assert!(refused.is(400).json()["detail"].to_string().contains("51"));

    let refused = served.ask("PUT", "/v1/approvals", &[], b"").is(405);
    assert_eq!(refused.header("allow"), Some("GET, POST, HEAD"));
    assert!(
        refused.json()["detail"]
            .to_string()
            .contains("GET, POST, HEAD")
    );
    assert_eq!(text(), before);

    // Of several that come at once, each is written.
    let of = |who: &str, is_dry_run: bool| {
        let mut body = with("criteria", json!({"identity": who}));
        body["dry_run"] = json!(is_dry_run);
        body
    };
    std::thread::scope(|scope| {
        for n in 0..6 {
            let (post, of) = (&post, &of);
            scope.spawn(move || post(&of(&format!("once-{n}"), false)).is(201));
            scope.spawn(move || post(&of("x", true)).is(200));
        }
    });
    let held = text();
    for n in 0..6 {
        assert_eq!(held.matches(&format!("once-{n}")).count(), 1, "{held}");
    }
    assert!(held.starts_with(&before), "{held}");

    // A configuration that is away, as for an editor, or has a fault is told and never replaced; what it said holds.
    let file = world.path().join("plimsoll.toml");
    let away = world.path().join("away.toml");
    let id = post(&of("once-0", true)).is(200).json()["id"].clone();
    let id = id.as_str().expect("an id").to_owned();
    let refused = |words: &str| {
        for refused in [post(&of("y", false)), post(&of("y", true)), remove(&id)] {
            let refused = refused.is(409).json();
            let said = refused["detail"].as_str().expect("a detail");
            assert!(said.contains(words), "{refused}");
            let hint = refused["hint"].as_str().expect("a hint");
            assert!(hint.contains("nothing was written"), "{refused}");
        }
    };
    std::fs::rename(&file, &away).expect("renamed");
    refused("cannot read the configuration `plimsoll.toml`");
    assert!(!file.exists());
    let approvals = served.get("/v1/approvals").is(200).json()["approvals"].clone();
    assert!(approvals.to_string().contains(&id), "{approvals}");
    world.write("plimsoll.toml", "neat = 1\n");
    refused("`neat`");
    std::fs::rename(&away, &file).expect("renamed");
    assert_eq!(text(), held);
    remove(&id).is(200);
    served.end();
}

#[test]
fn what_was_handed_over_and_is_too_old_to_learn_is_kept_for_somebody_to_look_at() {
    let world = World::empty();
    let served = Served::start(&world, &[]);
    let record = |time: &str| {
        json!({
            "eventVersion": "1.09", "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "eventTime": time,
            "awsRegion": "eu-west-1", "recipientAccountId": "111122223333", "eventID": time,
            "userIdentity": {"type": "IAMUser", "accountId": "111122223333", "userName": "ana",
                             "arn": "arn:aws:iam::111122223333:user/ana"},
            "requestParameters": {"bucketName": "b", "key": "k"},
        })
        .to_string()
    };
    served.hand_over(record("2019-03-16T10:00:00Z").as_bytes());
    served.hand_over(record("2026-03-16T10:00:00Z").as_bytes());
    served.ask("POST", "/v1/generations", &[], b"").is(202);
    served.until_ready();
    let learnt = served.get("/v1/generations").is(200).json();
    assert_eq!(learnt["generations"][0]["events"], 1, "{learnt}");
    let kept = std::fs::read_dir(world.path().join("plimsoll-store/received")).expect("a folder");
    assert_eq!(kept.count(), 1);
    served.end();
}

#[test]
fn what_is_wrong_with_a_request_is_said_and_costs_nobody_else_anything() {
    let world = World::empty();
    let served = Served::start(&world, &[]);
    let problem = |answered: Answered, status: u16, words: &str| {
        let answered = answered.is(status);
        assert_eq!(
            answered.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(answered.header("x-content-type-options"), Some("nosniff"));
        let document = answered.json();
        assert_eq!(document["status"], json!(status));
        let detail = document["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(words), "{document}");
    };
    let post =
        |headers: &[(&str, &str)], body: &[u8]| served.ask("POST", "/v1/events", headers, body);
    problem(post(&[], b"to a friend\n"), 422, "unknown_format");
    problem(post(&[("content-encoding", "br")], b"x"), 415, "br");
    problem(post(&[("content-length", "99999999999")], b""), 413, "MiB");
    problem(served.get("/v1/incidents?since=yesterday"), 400, "since");
    problem(served.get("/v1/incidents?colour=red"), 400, "colour");
    problem(
        served.get("/v1/entities/nobody"),
        503,
        "nothing was learnt yet",
    );
    problem(
        served.ask("POST", "/v1/incidents/abcdef123456/verdict", &[], b"{}"),
        400,
        "verdict",
    );
    // A name that was made to point here, and pages of other sites.
    problem(
        served.ask("GET", "/v1/alerts", &[("host", "evil.example")], b""),
        421,
        "host",
    );
    let twice = [("host", "127.0.0.1"), ("host", "evil.example")];
    problem(served.ask("GET", "/v1/alerts", &twice, b""), 400, "hosts");
    problem(
        post(&[("origin", "https://evil.example")], b"{}"),
        403,
        "site",
    );
    problem(
        post(&[("sec-fetch-site", "cross-site")], b"{}"),
        403,
        "site",
    );
    let own = format!("http://{}", served.address);
    problem(post(&[("origin", &own)], b"?"), 422, "read");
    // A proxy before it may speak TLS.
    let proxied = format!("https://{}", served.address);
    problem(post(&[("origin", &proxied)], b"?"), 422, "read");
    assert_eq!(served.get("/nowhere").status, 404);
    assert_eq!(served.ask("DELETE", "/v1/alerts", &[], b"").status, 405);
    // OTLP that is none, and an empty delivery.
    let protobuf = [("content-type", "application/x-protobuf")];
    let refused = served.ask("POST", "/v1/logs", &protobuf, b"x");
    problem(refused, 400, "ExportLogsServiceRequest");
    assert_eq!(served.hand_over(b"")["records"], json!(0));
    // Each record that could not be read is named; the others were taken.
    let taken = json!({"plimsoll": 1, "event_time": "2026-03-16T04:11:09Z", "provider": "other", "identity": "other:ana@example.com", "action": "read_object"});
    let lines = (0..300).map(|n| match n % 2 {
        0 => format!("{taken}\n"),
        _ => "{\"broken\n".to_owned(),
    });
    let receipt = served.hand_over(lines.collect::<String>().as_bytes());
    let named = receipt["rejects"].as_array().expect("rejects").iter();
    let named: Vec<_> = named.map(|reject| reject["record"].as_u64()).collect();
    let broken: Vec<_> = (1..=150).map(|n| Some(2 * n)).collect();
    assert_eq!(
        (named, &receipt["events"]),
        (broken, &json!(150)),
        "{receipt}"
    );
    served.end();
    // On a network it needs tokens and a certificate.
    world
        .run(&["serve", "--listen", "0.0.0.0:0"])
        .fails_with(2, &["no token is configured", "[[serve.token]]"]);
    world.write(
        "plimsoll.toml",
        "[[serve.token]]\nname = \"a\"\ntoken_env = \"NONE_SUCH\"\nrights = [\"read\"]\n",
    );
    world
        .run(&["serve", "--listen", "0.0.0.0:0"])
        .fails_with(2, &["unencrypted", "certificate"]);
    world.run(&["serve"]).fails_with(2, &["NONE_SUCH"]);
    world.write("plimsoll.toml", "[serve]\nlisten = \"here\"\nnightly = \"25:00\"\n[serve.tls]\ncertificate = \"x\"\n[[serve.token]]\nname = \"a\"\nrights = [\"reed\"]\n");
    world.run(&["check"]).fails_with(
        2,
        &[
            "plimsoll.toml:2: `here`",
            "plimsoll.toml:3: `25:00`",
            "key",
            "token_env",
            "reed",
        ],
    );
}

#[test]
fn what_cannot_be_kept_is_refused_for_now_and_told_until_it_can() {
    let world = World::empty();
    let served = Served::start(&world, &[]);
    let folder = world.path().join("plimsoll-store/received");
    let event = json!({"plimsoll": 1, "event_time": "2026-03-16T04:11:09Z", "provider": "other", "identity": "other:ana@example.com", "action": "read_object"});
    let event = event.to_string();
    let why_not_ready = || {
        let ready = served.get("/readyz").is(503).json();
        ready["scoring"]["why"].to_string()
    };
    std::fs::remove_dir(&folder).expect("it is empty");
    let refused = served.ask("POST", "/v1/events", &[], event.as_bytes());
    assert_eq!(refused.header("retry-after"), Some("5"));
    let why = refused.is(503).json()["detail"].to_string();
    assert!(why.contains("cannot be kept"), "{why}");
    assert!(why_not_ready().contains("cannot be kept"));
    let counts = served.get("/metrics").is(200).body;
    assert!(
        counts.contains("plimsoll_refused_deliveries_total 1"),
        "{counts}"
    );
    std::fs::create_dir(&folder).expect("there is room");
    assert_eq!(served.hand_over(event.as_bytes())["events"], 1);
    assert!(why_not_ready().contains("nothing was learnt yet"));
    served.end();
}

#[test]
fn otlp_is_taken_as_its_exporters_send_it() {
    let world = World::empty();
    let served = Served::start(&world, &[]);
    let log_record = |text: String| LogRecord {
        body: Some(AnyValue {
            value: Some(any_value::Value::StringValue(text)),
        }),
        ..LogRecord::default()
    };
    let record = |id: &str| {
        json!({
            "eventVersion": "1.09", "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "eventID": id,
            "eventTime": "2026-03-16T10:00:00Z", "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
            "userIdentity": {"type": "IAMUser", "accountId": "111122223333", "userName": "ana",
                             "arn": "arn:aws:iam::111122223333:user/ana"},
            "requestParameters": {"bucketName": "b", "key": "k"},
        })
        .to_string()
    };
    let texts = [record("one"), "to a friend".to_owned(), record("two")];
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            scope_logs: vec![ScopeLogs {
                log_records: texts.map(log_record).to_vec(),
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    };
    // A collector packs what it sends.
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed
        .write_all(&request.encode_to_vec())
        .expect("it is packed");
    let packed = packed.finish().expect("it is packed");
    let kind = "application/x-protobuf";
    let headers = [("content-type", kind), ("content-encoding", "gzip")];
    let mut stream = served
        .send("POST", "/v1/logs", &headers, &packed)
        .expect("a stream");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = answer.split_at(at.expect("a head") + 4);
    let head = String::from_utf8_lossy(head);
    assert!(
        head.starts_with("HTTP/1.1 200") && head.contains(kind),
        "{head}"
    );
    let answer = ExportLogsServiceResponse::decode(body).expect("it is Protobuf");
    let partial = answer.partial_success.expect("one is none");
    assert_eq!(partial.rejected_log_records, 1, "{partial:?}");
    // The same in JSON is the same: what was there is recognised.
    let json = serde_json::to_vec(&request).expect("JSON");
    let answered = served.ask("POST", "/v1/logs", &[], &json).is(200).json();
    assert_eq!(answered["partialSuccess"]["rejectedLogRecords"], "1");
    served.ask("POST", "/v1/generations", &[], b"").is(202);
    served.until_ready();
    let learnt = served.get("/v1/generations").is(200).json();
    assert_eq!(learnt["generations"][0]["events"], 2, "{learnt}");
    served.end();
}

#[test]
fn a_token_may_do_what_its_rights_say_and_no_more() {
    let world = World::empty();
    let tokens = ["reader", "writer", "decider"].map(|name| {
        let right = match name {
            "reader" => "read",
            "writer" => "write",
            _ => "approve",
        };
        format!(
            "[[serve.token]]\nname = \"{name}\"\ntoken_env = \"T_{name}\"\nrights = [\"{right}\"]\n"
        )
    });
    world.write("plimsoll.toml", tokens.concat());
    let secret = |name: &str| format!("{name}-0123456789abcdef");
    let (a, b, c) = (secret("reader"), secret("writer"), secret("decider"));
    let variables = [("T_reader", &*a), ("T_writer", &*b), ("T_decider", &*c)];
    let served = Served::start_with(&world, &[], &variables);
    let ask = |method: &str, path: &str, secret: &str| {
        let bearer = format!("Bearer {secret}");
        served
            .ask(method, path, &[("authorization", &bearer)], b"")
            .status
    };
    let rows = [
        ("GET", "/metrics", [200, 403, 403]),
        ("POST", "/v1/events", [403, 200, 403]),
        ("POST", "/v1/generations", [403, 403, 202]),
        ("DELETE", "/v1/approvals/abcdef12", [403, 403, 404]),
    ];
    for (method, path, expected) in rows {
        assert_eq!(
            [&a, &b, &c].map(|secret| ask(method, path, secret)),
            expected,
            "{path}"
        );
        assert_eq!(
            served
                .ask(method, path, &[], b"")
                .is(401)
                .header("www-authenticate"),
            Some("Bearer realm=\"plimsoll\"")
        );
    }
    // A token is told what it may do.
    let me = |headers: &[(&str, &str)]| served.ask("GET", "/v1/me", headers, b"");
    let bearer = format!("Bearer {a}");
    assert_eq!(
        me(&[("authorization", &bearer)]).is(200).json(),
        json!({"token": "reader", "rights": ["read"]})
    );
    me(&[]).is(401);
    served.get("/healthz").is(200);
    // Who guesses is slowed down, and who knows is not.
    let guesses: Vec<u16> = (0..30)
        .map(|n| ask("GET", "/metrics", &format!("guess-{n}-0123456789")))
        .collect();
    assert_eq!(guesses.first(), Some(&401));
    assert_eq!(guesses.last(), Some(&429));
    let audit = std::fs::read_to_string(world.path().join("plimsoll-store/audit.jsonl"))
        .expect("it is noted");
    let noted: Vec<Value> = audit
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let callers: Vec<_> = noted
        .iter()
        .map(|line| (line["caller"].as_str(), line["status"].as_u64()))
        .collect();
    let expected = [
        ("reader", 403),
        ("writer", 403),
        ("decider", 202),
        ("no token", 401),
        ("reader", 403),
        ("writer", 403),
        ("decider", 404),
        ("no token", 401),
    ];
    let expected = expected.map(|(who, status)| (Some(who), Some(status)));
    assert_eq!(callers, expected, "{audit}");
    assert!(!audit.contains("0123456789"));
    served.end();
}

#[test]
fn the_audit_log_says_who_asked_for_what_and_cannot_be_filled_by_strangers() {
    let world = World::empty();
    let token = "[[serve.token]]\nname = \"decider\"\ntoken_env = \"T\"\nrights = [\"approve\"]\n";
    world.write("plimsoll.toml", token);
    let served = Served::start_with(&world, &[], &[("T", "decider-0123456789")]);
    let bearer = [("authorization", "Bearer decider-0123456789")];
    // What failed is noted with what was asked, in which nothing is hidden.
    let wanted = "{\"from\":\"abcdef12\",\"owner\":\"eve\u{202e}\"}";
    served
        .ask("POST", "/v1/approvals", &bearer, wanted.as_bytes())
        .is(400);
    let path = format!("/v1/approvals/{}", "a".repeat(20_000));
    for _ in 0..60 {
        assert_eq!(
            served
                .try_to("DELETE", &path, &[], b"")
                .expect("an answer")
                .status,
            401
        );
    }
    served.end();
    let audit = std::fs::read_to_string(world.path().join("plimsoll-store/audit.jsonl"));
    let audit = audit.expect("it is noted");
    assert!(
        audit.len() < 30_000 && !audit.contains('\u{202e}'),
        "{audit}"
    );
    let lines = audit
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let lines: Vec<Value> = lines.collect();
    assert_eq!(lines[0]["caller"], "decider");
    assert_eq!(lines[0]["asked"], wanted);
    let why = lines[0]["problem"].as_str().expect("what was wrong");
    assert!(why.contains("`reason`"), "{why}");
    let more: u64 = lines
        .iter()
        .filter_map(|line| line["more_refused"]["127.0.0.1"].as_u64())
        .sum();
    let noted = lines
        .iter()
        .filter(|line| line["caller"] == "no token")
        .count();
    assert_eq!(noted as u64 + more, 60, "{audit}");
    assert!(more > 20, "{audit}");
}
