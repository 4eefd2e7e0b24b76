#![allow(clippy::unwrap_used)]

use crate::event::Source;
use crate::sources::ReadOptions;
use crate::sources::tests::{read_all, summary};

/// A small but whole record of CloudTrail.
const RECORD: &str = r#"{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ana"},"eventTime":"2026-03-16T04:11:09Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventID":"a"}"#;
const FLOW: &str = "2 111122223333 eni-0abc 10.0.0.5 198.51.100.7 443 5000 6 9 4000 1773634200 1773634260 ACCEPT OK";

#[test]
fn the_original_record_is_preferred() {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let record = quoted(RECORD);
    let fields = r#""event.action":"DeleteObject","event.provider":"s3.amazonaws.com","event.id":"b","ecs.version":"8.0","@timestamp":"2026-03-16T05:00:00Z""#;
    let (native, own) = (Source::AwsCloudTrail, Source::Ecs);
    for (document, source, id) in [
        (
            format!(r#"{{{fields},"event.original":{record}}}"#),
            native,
            "a",
        ),
        (
            format!(r#"{{{fields},"event":{{"original":[{record}]}}}}"#),
            native,
            "a",
        ),
        (
            format!(r#"{{"fields":{{{fields},"event.original":[{record}]}}}}"#),
            native,
            "a",
        ),
        (
            format!(
                r#"{{"hits":{{"hits":[{{"_source":{{{fields},"event.original":{record}}}}}]}}}}"#
            ),
            native,
            "a",
        ),
        // In the provider's own names.
        (
            format!(r#"{{{fields},"aws":{{"cloudtrail":{RECORD}}}}}"#),
            native,
            "a",
        ),
        (
            format!(r#"{{{fields},"aws.cloudtrail":{RECORD}}}"#),
            native,
            "a",
        ),
        // From a shipper without a pipeline.
        (format!(r#"{{{fields},"message":{record}}}"#), native, "a"),
        (
            format!(
                r#"{{"@timestamp":"2026-03-16T05:00:00Z","ecs":{{"version":"8.0"}},"message":{}}}"#,
                quoted(FLOW)
            ),
            Source::AwsVpcFlow,
            "vf-",
        ),
        // The original is unusable, so the fields are read.
        (
            format!(r#"{{{fields},"event.original":"cut off {{"}}"#),
            own,
            "b",
        ),
        (
            format!(
                r#"{{{fields},"event.original":{},"message":"a text for people"}}"#,
                quoted(&RECORD[..99])
            ),
            own,
            "b",
        ),
        (
            format!(r#"{{{fields},"message":"a text for people"}}"#),
            own,
            "b",
        ),
    ] {
        let read = read_all(document.as_bytes(), &ReadOptions::default());
        assert_eq!(summary(&read.report), "1 events", "{document}");
        assert_eq!(read.events[0].source, source, "{document}");
        assert!(read.events[0].id.starts_with(id), "{document}");
    }
}

/// A converted document gives the same event as the original record.
#[test]
fn converted_documents_give_the_original_event() {
    let document = r#"{"@timestamp":"2026-03-16T04:11:00.000Z","ecs":{"version":"8.11.0"},"event":{"dataset":"aws.vpcflow","start":"2026-03-16T03:30:00.000Z","end":"2026-03-16T04:11:00.000Z"},"aws":{"vpcflow":{"version":"2","account_id":"111122223333","interface_id":"eni-0abc","action":"ACCEPT","log_status":"OK"}},"source":{"ip":"10.0.0.5","port":443,"bytes":4000,"packets":9},"destination":{"ip":"198.51.100.7","port":5000},"network":{"iana_number":"6"}}"#;
    let row = "2 111122223333 eni-0abc 10.0.0.5 198.51.100.7 443 5000 6 9 4000 1773631800 1773634260 ACCEPT OK";
    let options = ReadOptions::default();
    let told = read_all(document.as_bytes(), &options).events;
    let mut native = read_all(row.as_bytes(), &options).events;
    native[0].source = Source::Ecs;
    assert_eq!(told, native);
}
