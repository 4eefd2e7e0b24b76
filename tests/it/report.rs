//! The page of `backtest --out`: one file that has all that it shows, and in which nothing of a log is more than text. What its views look
//! like, only a browser can say: `tests/browser/report.mjs`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::world::World;

/// What an attacker would have a browser do.
const HOSTILE: &str =
    "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>\u{2028}\u{202e}\" -->";

/// A page, taken apart.
pub struct Report {
    /// The documents that it has, by the path that its views ask for.
    answers: BTreeMap<String, Value>,
    /// All of it but these.
    frame: String,
}

impl Report {
    /// Takes a page apart.
    pub fn read(page: &str) -> Self {
        const DATA: &str = "<script type=\"application/json\" id=\"answer";
        let mut documents = BTreeMap::new();
        let mut frame = String::new();
        for line in page.split_inclusive('\n') {
            let Some(rest) = line.strip_prefix(DATA) else {
                frame.push_str(line);
                continue;
            };
            let (id, text) = rest.split_once("\">").expect("an element begins");
            let text = text.strip_suffix("</script>\n").expect("and ends");
            assert!(!text.contains(['<', '>']), "{text}");
            let document: Value = serde_json::from_str(text).expect("it is JSON");
            documents.insert(id.to_owned(), document);
        }
        let index = documents.remove("s").expect("an index");
        let index = index.as_object().expect("it names documents");
        assert_eq!(index.len(), documents.len());
        let answer = |(path, number): (&String, &Value)| {
            (path.clone(), documents[&format!("-{number}")].clone())
        };
        Self {
            answers: index.iter().map(answer).collect(),
            frame,
        }
    }

    /// Returns the document that views ask for by a path.
    pub fn answer(&self, path: &str) -> &Value {
        let found = self.answers.get(path);
        found.unwrap_or_else(|| panic!("{path} is not in the page"))
    }
}

fn json_lines(world: &World, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(world.path().join(name)).expect("it is written");
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("each line is JSON")
}

/// Writes what a stranger with hostile names read on the last day, and a label for it.
fn add_hostile_reads(world: &World) {
    let day = world.days().pop().expect("a day");
    let day = format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]);
    let arn = format!("arn:aws:iam::111122223333:user/{HOSTILE}");
    let read = |n: usize| {
        json!({
            "eventVersion": "1.11",
            "userIdentity": {"type": "IAMUser", "principalId": "AIDAHOSTILE000000001", "arn": arn,
                "accountId": "111122223333", "accessKeyId": "AKIAHOSTILE000000001", "userName": HOSTILE},
            "eventTime": format!("{day}T09:{:02}:{:02}Z", n / 60, n % 60),
            "eventSource": "s3.amazonaws.com",
            "eventName": "GetObject",
            "awsRegion": "eu-west-1",
            "sourceIPAddress": "198.51.100.77",
            "userAgent": HOSTILE,
            "requestParameters": {"bucketName": HOSTILE, "key": format!("{HOSTILE}/{n}")},
            "additionalEventData": {"bytesTransferredOut": 5_000_000},
            "eventID": format!("00000000-0000-4000-8000-{n:012}"),
            "readOnly": true,
            "eventType": "AwsApiCall",
            "managementEvent": false,
            "recipientAccountId": "111122223333",
            "eventCategory": "Data",
        })
    };
    let records: Vec<Value> = (0..900).map(read).collect();
    world.write("logs/hostile.json", json!({"Records": records}).to_string());
    let label = json!({"analytic": "ACCESS-SPIKE", "also": ["AN1594", "AN1328", "EGRESS-SPIKE", "S3-CLIENT"], "identity": [arn],
        "start": format!("{day}T09:00:00Z"), "end": format!("{day}T09:15:00Z"), "note": HOSTILE});
    let never = json!({"analytic": "AN1594", "identity": [format!("nobody {HOSTILE}")], "start": format!("{day}T01:00:00Z"),
        "end": format!("{day}T01:15:00Z"), "note": format!("missed {HOSTILE}")});
    let labels = world.path().join("labels.jsonl");
    let known = std::fs::read_to_string(&labels).expect("labels");
    world.write("labels.jsonl", format!("{known}{label}\n{never}\n"));
}

#[test]
fn the_page_of_a_backtest_is_one_file_with_all_that_it_shows_and_nothing_of_a_log_is_more_than_text()
 {
    let world = World::simulated(4, 9, 30);
    add_hostile_reads(&world);
    world
        .run(&[
            "backtest",
            "logs",
            "--labels",
            "labels.jsonl",
            "--out",
            "out",
            "--format",
            "json",
        ])
        .succeeds();
    let page = std::fs::read_to_string(world.path().join("out/report.html")).expect("a page");
    let report = Report::read(&page);

    // Nothing runs but the page's own, and nothing is loaded.
    assert!(!page.contains("<img") && !page.contains("<!--"));
    assert!(!page.contains(['\u{2028}', '\u{202e}', '\u{1b}']));
    let frame = &report.frame;
    let nonce = |before: &str| -> String {
        let after = frame
            .split(before)
            .nth(1)
            .unwrap_or_else(|| panic!("{before}"));
        after.chars().take_while(char::is_ascii_hexdigit).collect()
    };
    let policy = frame
        .lines()
        .find(|line| line.starts_with("<meta http-equiv=\"Content-Security-Policy\""));
    let policy = policy.expect("a policy");
    assert!(
        policy.contains("default-src 'none'; script-src 'nonce-"),
        "{policy}"
    );
    assert!(
        policy.contains("require-trusted-types-for 'script'"),
        "{policy}"
    );
    let own = nonce("<script nonce=\"");
    assert_eq!(own.len(), 32);
    assert_eq!(own, nonce("script-src 'nonce-"));
    assert_eq!(own, nonce("style-src 'nonce-"));
    assert_eq!(own, nonce("<style nonce=\""));
    assert_eq!(frame.matches("<script").count(), 1);
    let outside = frame.replace("http://www.w3.org/2000/svg", "");
    for loads in [
        "http:", "https:", " src=", "<link", "url(", "@import", "import(", " style=",
    ] {
        assert!(!outside.contains(loads), "{loads}");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/page");
    for entry in std::fs::read_dir(folder).expect("the folder of the page") {
        let path = entry.expect("a file").path();
        if path.extension().is_some_and(|extension| extension == "js") {
            let text = std::fs::read_to_string(&path).expect("text");
            let first = text.lines().next().expect("what it is");
            assert!(frame.contains(first), "{} is missing", path.display());
        }
    }

    // What its views ask for is there, and is what the commands write.
    let list = report.answer("/v1/incidents")["incidents"]
        .as_array()
        .expect("a list");
    let written = json_lines(&world, "out/incidents.jsonl");
    let told: Vec<&Value> = written
        .iter()
        .filter(|one| one["suppressed"] != true)
        .collect();
    assert_eq!(list.len(), told.len());
    let alerts = json_lines(&world, "out/alerts.jsonl");
    for listed in list {
        let mut incident = listed.clone();
        let label = incident.as_object_mut().and_then(|of| of.remove("label"));
        assert!(told.contains(&&incident), "{incident:#}");
        let id = incident["incident_id"].as_str().expect("an id");
        let story = report.answer(&format!("/v1/incidents/{id}"));
        let its = story["alerts"].as_array().expect("alerts");
        assert!(
            !its.is_empty() && its.iter().all(|alert| alerts.contains(alert)),
            "{id}"
        );
        assert_eq!(story["sentences"].as_array().map(Vec::len), Some(its.len()));
        let is_true = its.iter().any(|alert| alert["label"] == "true");
        assert_eq!(label, Some(Value::Bool(is_true)), "{id}");
        let commands = story["commands"].to_string();
        assert!(commands.contains("plimsoll explain i") && commands.contains("out/alerts.jsonl"));
    }
    let arn = format!("arn:aws:iam::111122223333:user/{HOSTILE}");
    let is_hostile = |one: &&Value| one["label"] == true && one["entities"][0]["id"] == *arn;
    assert!(list.iter().any(|one| is_hostile(&one)), "{list:#?}");
    let entities = &report.answer("/v1/entities")["entities"];
    for entity in entities.as_array().expect("entities") {
        let id = entity["id"].as_str().expect("an id");
        let known = report.answer(&format!("/v1/entities/{id}"));
        assert_eq!(
            (&known["id"], &known["events"]),
            (&entity["id"], &entity["events"])
        );
    }
    assert!(entities[0]["events"].as_u64() > Some(0), "{entities:#}");
    let coverage = world
        .run(&["coverage", "logs", "--format", "json"])
        .succeeds();
    let coverage: Value = serde_json::from_str(&coverage.out).expect("JSON");
    let own = report.answer("/v1/coverage");
    assert_eq!(own["seen"], coverage["seen"]);
    assert_eq!(own["analytics"], coverage["analytics"]);
    assert_eq!(
        report.answer("/v1/tuning")["settings"]
            .as_array()
            .map(Vec::len),
        Some(10)
    );
    let approvals = report.answer("/v1/approvals")["approvals"].as_array();
    let hidden = approvals.into_iter().flatten();
    let hidden: u64 = hidden.filter_map(|one| one["hidden"].as_u64()).sum();
    assert!(hidden > 0);

    // And what only a backtest has.
    let overview = report.answer("/v1/backtest");
    let summary =
        std::fs::read_to_string(world.path().join("out/summary.json")).expect("a summary");
    let summary: Value = serde_json::from_str(&summary).expect("JSON");
    assert_eq!(overview["summary"], summary);
    let suppressed = summary["alerts"]["suppressed"].as_object();
    let suppressed = suppressed.into_iter().flat_map(|by| by.values());
    assert_eq!(suppressed.filter_map(Value::as_u64).sum::<u64>(), hidden);
    assert_eq!(overview["incidents"], told.len());
    assert!(
        overview["notes"]
            .to_string()
            .contains("Scores are provisional"),
        "{overview:#}"
    );
    let rows = overview["rows"].as_array().expect("rows");
    let all = rows.last().expect("a row for all");
    assert_eq!(all["labels"], summary["evaluation"]["all"]["labels"]);
    let (least, most) = (&all["recall_interval"][0], &all["recall_interval"][1]);
    assert!(least.as_f64() < all["recall"].as_f64() && all["recall"].as_f64() < most.as_f64());
    let missed = summary["evaluation"]["missed"].to_string();
    assert!(missed.contains("missed </script>"), "{missed}");
}

#[test]
fn without_labels_a_page_says_nothing_of_them() {
    let world = World::simulated(4, 9, 12);
    world.run(&["backtest", "logs", "--out", "out"]).succeeds();
    let page = std::fs::read_to_string(world.path().join("out/report.html")).expect("a page");
    let report = Report::read(&page);
    let overview = report.answer("/v1/backtest");
    assert_eq!(overview["rows"], json!([]));
    assert_eq!(overview["sentences"], json!([]));
    assert_eq!(overview["summary"]["evaluation"], Value::Null);
    let list = report.answer("/v1/incidents")["incidents"].as_array();
    let list = list.expect("a list");
    assert!(!list.is_empty() && list.iter().all(|one| one.get("label").is_none()));
}
