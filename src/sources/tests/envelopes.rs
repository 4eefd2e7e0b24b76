//! Envelopes, empty input and what must not be taken for a record.
#![allow(clippy::unwrap_used)]

use crate::event::Source;
use crate::sources::tests::{check, gzip, quoted, read_all, record, summary};
use crate::sources::{RECORD_BYTES_MAX, ReadOptions};

#[test]
fn every_envelope_is_opened() {
    let (a, b) = (record("a"), record("b"));
    let pretty = |text: &str| {
        serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(text).unwrap())
            .unwrap()
    };
    let trail = format!(r#"{{"Records":[{a},{b}]}}"#);
    let row = "2 111122223333 eni-0abc 10.0.0.5 198.51.100.7 443 5000 6 9 4000 1773634200 1773634260 ACCEPT OK";
    for (text, expected) in [
        (trail.clone(), "2 events"),
        (pretty(&trail), "2 events"),
        (format!("{}\n{}", pretty(&a), pretty(&b)), "2 events"),
        (format!("{a}\n{b}\n"), "2 events"),
        (format!("{a}\r\n{b}\r\n\0\0\0"), "2 events"),
        (format!("\u{feff}{a}{b}"), "2 events"),
        (format!("[{a},\n{b}]"), "2 events"),
        (format!("[{trail},{trail}]"), "4 events"),
        (r#"{"Records":[]}"#.to_owned(), "1 empty"),
        (String::new(), ""),
        (" \r\n\0".to_owned(), ""),
        // An event bus.
        (format!(r#"{{"version":"0","id":"x","detail-type":"AWS API Call via CloudTrail","detail":{a}}}"#), "1 events"),
        // A log group's subscription, with the records as text; a flow log in the same envelope.
        (
            format!(r#"{{"messageType":"DATA_MESSAGE","logEvents":[{{"id":"1","message":{}}},{{"message":{}}}]}}"#, quoted(&a), quoted(row)),
            "2 events",
        ),
        (r#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"CWL CONTROL MESSAGE: checking"}]}"#.to_owned(), "1 control_message"),
        // Notification in a queue's message.
        (
            format!(r#"{{"Messages":[{{"MessageId":"m","Body":{}}}]}}"#, quoted(&format!(r#"{{"Type":"Notification","Message":{}}}"#, quoted(&trail)))),
            "2 events",
        ),
        (format!(r#"{{"Records":[{{"messageId":"m","eventSource":"aws:sqs","body":{}}}]}}"#, quoted(&a)), "1 events"),
        // The answer of LookupEvents, whole and as lines.
        (format!(r#"{{"NextToken":"t","Events":[{{"EventId":"a","EventTime":"2022-02-08 09:23:37+11:00","CloudTrailEvent":{}}}]}}"#, quoted(&a)), "1 events"),
        (format!(r#"{{"EventId":"a","CloudTrailEvent":{}}}"#, quoted(&a)), "1 events"),
        // Index documents.
        (format!(r#"{{"@timestamp":"2030-01-01T00:00:00Z","aws":{{"cloudtrail":{a}}}}}"#), "1 events"),
        (format!(r#"{{"hits":{{"hits":[{{"_source":{{"event":{{"original":{}}}}}}}]}}}}"#, quoted(&a)), "1 events"),
        // CloudTrail Lake.
        (r#"{"eventCategory":"ActivityAuditLog","eventID":"w","eventTime":"2026-03-16 04:11:09.000","recipientAccountId":"111122223333","eventData":{"eventSource":"app.example.com","eventName":"Read","userIdentity":{"type":"Custom","principalId":"ana"},"eventVersion":"1.0"}}"#.to_owned(), "1 events"),
        // Trimmed records.
        (r#"{"eventSource":"s3.amazonaws.com","eventName":"GetObject","eventTime":"2026-03-16T04:11:09Z","eventID":"t"}"#.to_owned(), "1 events"),
        // Records that are not activities.
        (r#"{"digestS3Object":"d","previousDigestSignature":"s","logFiles":[]}"#.to_owned(), "1 digest"),
        (r#"{"Records":[{"eventType":"AwsCloudTrailInsight","insightDetails":{"state":"Start"},"eventTime":"2026-03-16T04:11:09Z"}]}"#.to_owned(), "1 insight"),
        (r#"{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","eventTime":"2026-03-16T04:11:09Z"}]}"#.to_owned(), "1 object_notification"),
        (r#"{"Type":"SubscriptionConfirmation","Message":"hello"}"#.to_owned(), "1 control_message"),
    ] {
        check(&text, expected);
    }
}

/// The bytes unpacked from one record are bounded in total, at any nesting.
#[test]
fn unpacked_bytes_are_bounded_per_record() {
    let base64 = |bytes: &[u8]| -> String {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bits: Vec<u8> = bytes
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1))
            .collect();
        let digit = |six: &[u8]| {
            let value = (0..6).fold(0, |v, n| v << 1 | usize::from(*six.get(n).unwrap_or(&0)));
            char::from(DIGITS[value])
        };
        bits.chunks(6).map(digit).collect()
    };
    let packed = |text: &str| {
        let data = base64(&gzip(text.as_bytes()));
        format!("{{\"messageId\":\"m\",\"data\":\"{data}\"}}")
    };
    let large = |id: &str| packed(&format!("{}{}", record(id), " ".repeat(3 << 20)));
    let alone = read_all(large("a").as_bytes(), &ReadOptions::default());
    assert_eq!(summary(&alone.report), "1 events");
    let nested = packed(&format!("{}\n{}\n{}", large("a"), large("b"), large("c")));
    let read = read_all(nested.as_bytes(), &ReadOptions::default());
    assert_eq!(summary(&read.report), "1 events, 2 !record_too_large");
}

/// An application's message is not a record, even if it looks like one: an attacker may have sent it.
#[test]
fn messages_of_applications_are_not_records() {
    let forged = quoted(&record("a"));
    for (text, expected) in [
        (
            format!(r#"{{"level":"info","message":{forged}}}"#),
            "1 !wrapped",
        ),
        (
            format!(r#"{{"level":"info","message":{}}}"#, record("a")),
            "1 !wrapped",
        ),
        (
            format!(
                r#"{{"@timestamp":"2026-03-16T04:11:09Z","@version":"1","logger_name":"web","message":{forged}}}"#
            ),
            "1 !wrapped",
        ),
        // A log group's event, and a shipper's.
        (
            format!(
                r#"{{"timestamp":1773634269000,"ingestionTime":1773634270000,"message":{forged}}}"#
            ),
            "1 events",
        ),
        (
            format!(r#"{{"@ptr":"p","@timestamp":"t","@message":{forged}}}"#),
            "1 events",
        ),
        (
            format!(
                r#"{{"@timestamp":"2026-03-16T04:11:09Z","@version":"1","host":"h","message":{forged}}}"#
            ),
            "1 events",
        ),
    ] {
        check(&text, expected);
    }
    for (dataset, source) in [
        (r#""event":{"dataset":"nginx.access"}"#, Source::Ecs),
        (
            r#""data_stream":{"dataset":"awsome.cloudtrail"}"#,
            Source::Ecs,
        ),
        (r#""log.level":"info""#, Source::Ecs),
        (
            r#""event":{"dataset":"aws.cloudtrail"}"#,
            Source::AwsCloudTrail,
        ),
        (
            r#""data_stream":{"dataset":"aws_s3.generic"}"#,
            Source::AwsCloudTrail,
        ),
        (r#""tags":["forwarded"]"#, Source::AwsCloudTrail),
    ] {
        let text = format!(
            r#"{{"@timestamp":"2026-03-16T04:11:09Z","ecs":{{"version":"8.0"}},{dataset},"message":{forged}}}"#
        );
        let events = read_all(text.as_bytes(), &ReadOptions::default()).events;
        assert_eq!(events.len(), 1, "{text}");
        assert_eq!(events[0].source, source, "{text}");
    }
}

#[test]
fn empty_records_and_envelopes_are_counted() {
    for (text, expected) in [
        (r#"{"msg":"hello","items":[]}"#, "1 !unknown_record"),
        (r#"{"items":[],"msg":"hello"}"#, "1 !unknown_record"),
        (r#"{"value":[ ],"x":1}"#, "1 !unknown_record"),
        (r#"{"events":[]}"#, "1 empty"),
        (r#"{"value":[],"@odata.context":"c"}"#, "1 empty"),
        (r#"{"took":1,"hits":{"hits":[]}}"#, "1 empty"),
        (r#"{"Messages":[{"Body":"{\"Records\":[]}"}]}"#, "1 empty"),
        ("[]", ""),
    ] {
        check(text, expected);
    }
}

/// The order of members means nothing in JSON.
#[test]
fn a_record_may_begin_with_an_array() {
    let activity = r#"{"events":[{"name":"login_success","type":"login"}],"kind":"admin#reports#activity","id":{"time":"2026-03-16T04:11:09Z","uniqueQualifier":"1","applicationName":"login","customerId":"C1"},"actor":{"email":"ana@example.com","profileId":"1"}}"#;
    let slack = r#"{"items":[1],"action":"user_login","actor":{"type":"user","user":{"id":"U1"}},"date_create":1773634269}"#;
    let cut = &record("a")[..99];
    for (text, expected) in [
        (activity.to_owned(), "1 events"),
        (format!("{slack}\n{activity}"), "2 events"),
        (format!("[{slack},{slack}]"), "2 events"),
        (
            format!(r#"{{"items":[{activity},{activity}]}}"#),
            "2 events",
        ),
        // Inside a broken object.
        (
            format!(r#"{{"items":[{activity},{activity},{cut}"#),
            "2 events, 1 !truncated",
        ),
        (
            format!(r#"{{"items":[{activity},{{"x":nul}},{activity}]}}"#),
            "2 events, 1 !not_json",
        ),
        (
            format!(
                r#"{{"value":[{}],"x":{{}}}}"#,
                vec![record("a"); 6_000].join(",")
            ),
            "6000 events",
        ),
    ] {
        let read = read_all(text.as_bytes(), &ReadOptions::default());
        assert_eq!(summary(&read.report), expected, "{}", &text[..99]);
        if text.len() < RECORD_BYTES_MAX {
            check(&text, expected);
        }
    }
}

#[test]
fn a_forced_format_is_the_only_one_read() {
    let text = format!("{}\n", record("a"));
    let flows = ReadOptions {
        format: Some(Source::AwsVpcFlow),
        ..ReadOptions::default()
    };
    assert_eq!(
        summary(&read_all(text.as_bytes(), &flows).report),
        "1 !unknown_record"
    );
}
