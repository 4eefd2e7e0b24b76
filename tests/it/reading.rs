//! What is made of logs as people really have them: wrapped, in tables, packed, with other things before them.

use serde_json::{Value, json};

use crate::world::{Said, World};

/// A call in a trail.
fn call(id: u32) -> Value {
    json!({
        "eventVersion": "1.09", "eventID": format!("e{id}"), "eventTime": format!("2026-03-01T00:00:{:02}Z", id % 60),
        "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.17.20", "recipientAccountId": "111122223333", "requestParameters": {"bucketName": "b", "key": "k"},
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/eve", "accountId": "111122223333"}
    })
}

fn documents(said: &Said) -> Vec<Value> {
    let parsed = said.out.lines().map(serde_json::from_str);
    parsed.collect::<Result<_, _>>().expect("JSON lines")
}

/// What a container wrote may be what a client sent, so it is named, and read when the configuration says so.
#[test]
fn a_record_that_an_application_may_have_forged_is_named_and_read_on_request() {
    let world = World::empty();
    let line = |n| {
        json!({"date": 1.5, "log": call(n).to_string(), "stream": "stdout", "kubernetes": {"pod_name": "p"}}).to_string()
    };
    let log: Vec<String> = (0..3).map(line).collect();
    world.write("logs/pods.jsonl", log.join("\n"));
    world.write("logs/trail.jsonl", call(7).to_string());
    let said = world.run(&["inspect", "logs", "--files"]);
    for words in [
        "3 wrapped",
        "3 records of aws.cloudtrail in `log` not opened",
        "`[input] unwrap = [\"log\"]` opens it",
    ] {
        assert!(said.out.contains(words), "`{words}`: {}", said.out);
    }
    let told = &documents(&world.run(&["inspect", "logs/pods.jsonl", "--format", "json"]))[0];
    assert_eq!(
        told["wrapped"],
        json!([{"member": "log", "format": "aws.cloudtrail", "records": 3}])
    );
    // A training says so each night, until the file is opened.
    for command in ["train", "nightly"] {
        let words = [
            "aws.cloudtrail in `log`",
            "`[input] unwrap = [\"log\"]` opens",
        ];
        world
            .run(&["--quiet", command, "logs"])
            .fails_with(1, &words);
    }
    world.write("plimsoll.toml", "[input]\nunwrap = [\"log\"]\n");
    let said = world.run(&["train", "logs"]).succeeds();
    assert!(said.err.contains("3 events"), "{}", said.err);
    let said = world.run(&["train", "logs"]).succeeds();
    assert!(
        said.err.contains("2 files were learnt before"),
        "{}",
        said.err
    );
}

/// Whatever was rejected or left out in a file, the second night does not read it.
#[test]
fn rejects_do_not_make_a_file_be_read_again() {
    let world = World::empty();
    let summary = json!({
        "eventVersion": "1.0", "accountId": "111122223333", "eventId": "a1", "eventCategory": "Aggregated", "eventType": "AwsAggregatedEvent",
        "awsRegion": "eu-west-1", "eventSource": "s3.amazonaws.com", "timeWindow": {"windowStart": "2026-03-01T00:00:00Z"}, "summary": {}
    });
    let (a, b) = (call(1).to_string(), call(2).to_string());
    let notes = "INFO fetching a page\n".repeat(40);
    for (n, rest) in [
        summary.to_string(),
        "{\"level\":\"info\"}".to_owned(),
        "words".to_owned(),
        "{\"x\":nul}".to_owned(),
        format!("{{\"x\":\"{}\"}}", "y".repeat(1 << 20)),
        "name,age\nana,31".to_owned(),
        b[..99].to_owned(),
    ]
    .iter()
    .enumerate()
    {
        world.write(&format!("logs/{n}.jsonl"), format!("{notes}{a}\n{rest}\n"));
    }
    world.run(&["train", "logs"]).succeeds();
    for command in ["train", "nightly"] {
        let said = world.run(&[command, "logs"]).succeeds();
        assert!(!said.err.contains("rejected"), "{}", said.err);
        assert!(said.err.contains("7 files"), "{}", said.err);
    }
}

/// What `inspect --events` prints is a log itself, and says the same when it is read.
#[test]
fn the_events_of_a_log_are_a_log_of_the_same_events() {
    let world = World::empty();
    let formats = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats");
    let said = world.run(&["inspect", formats, "--events"]);
    let first = documents(&said);
    assert!(first.len() > 400, "{}", first.len());
    let is_counted = |name: &str| said.err.contains(name);
    assert!(
        is_counted("skipped") && is_counted("rejected"),
        "{}",
        said.err
    );
    world.write("events.jsonl", &said.out);
    let again = documents(&world.run(&["inspect", "events.jsonl", "--events"]));
    // A record without a caller has no place in the plain format.
    let has_actor = |event: &&Value| {
        [
            "identity",
            "flow.address",
            "flow.interface",
            "flow.instance",
        ]
        .iter()
        .any(|name| event.get(name).is_some())
    };
    let whole: Vec<&Value> = first.iter().filter(has_actor).collect();
    assert_eq!(again.len(), whole.len());
    for (is, should) in again.iter().zip(whole) {
        let (mut is, mut should) = (is.clone(), should.clone());
        for event in [&mut is, &mut should] {
            let event = event.as_object_mut().expect("an object");
            event.remove("file").expect("it names its file");
            event.remove("format").expect("it names its format");
            // What has no operation, as flows, is named after its action.
            let action = event["action"].clone();
            event.entry("op").or_insert(action);
        }
        assert_eq!(is, should);
    }
}
