//! Records inside what shippers, queues, indices and exports add; and what is not opened, because an application wrote it.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::event::{Event, Source};
use crate::sources::ReadOptions;
use crate::sources::tests::{gzip, quoted, read_all, record, summary};

/// One record of each of many formats, as a line, with the events that it is.
fn records() -> Vec<(Source, String, Vec<Event>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats");
    let files = [
        "aws.cloudtrail/kinds-of-callers.jsonl",
        "aws.s3access/objects.jsonl",
        "azure.activity/event-hub.jsonl",
        "azure.storage/diagnostic.jsonl",
        "entra.audit/diagnostic.jsonl",
        "entra.graph/diagnostic.jsonl",
        "entra.signin/diagnostic.jsonl",
        "m365.ual/api.jsonl",
        "gcp.audit/storage.jsonl",
        "gcp.vpcflow/flows.jsonl",
        "okta.system/log.jsonl",
        "gworkspace.reports/activities.jsonl",
        "slack.audit/entries.jsonl",
        "ocsf/events.jsonl",
    ];
    let first = |file: &str| {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        text.lines().find_map(|line| {
            let line = serde_json::from_str::<Json>(line).ok()?.to_string();
            let read = read_all(line.as_bytes(), &ReadOptions::default());
            let is_event = read.report.events > 0 && read.report.records == read.report.events;
            is_event.then(|| (read.events[0].source, line, read.events))
        })
    };
    files.iter().map(|file| first(file).unwrap()).collect()
}

pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|n| u32::from(*three.get(n).unwrap_or(&0)));
        let bits = a << 16 | b << 8 | c;
        for n in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * n) & 63) as usize];
            text.push(if n <= three.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

const TIME: &str = "2030-01-01T00:00:00.000Z";

type Wrapping = (&'static str, fn(&str) -> String);

fn object(record: &str) -> Json {
    serde_json::from_str(record).unwrap()
}

/// Returns a value as telemetry writes it.
fn any_value(value: &Json) -> Json {
    match value {
        Json::Object(members) => {
            let entries = members
                .iter()
                .map(|(key, value)| json!({"key": key, "value": any_value(value)}));
            json!({"kvlistValue": {"values": entries.collect::<Vec<_>>()}})
        }
        Json::Array(elements) => {
            json!({"arrayValue": {"values": elements.iter().map(any_value).collect::<Vec<_>>()}})
        }
        Json::String(text) => json!({"stringValue": text}),
        Json::Bool(truth) => json!({"boolValue": truth}),
        Json::Number(number) if number.is_i64() => json!({"intValue": number.to_string()}),
        Json::Number(number) => json!({"doubleValue": number}),
        Json::Null => json!({}),
    }
}

/// Wrappings whose text is one JSON object.
const OBJECTS: &[Wrapping] = &[
    ("Logstash", |r| {
        json!({"@timestamp": TIME, "@version": "1", "host": {"name": "h"}, "message": r, "tags": [], "type": "x"}).to_string()
    }),
    ("Vector", |r| {
        json!({"bucket": "b", "message": r, "object": "o", "region": "eu-west-1", "source_type": "aws_s3", "timestamp": TIME}).to_string()
    }),
    ("Vector, parsed", |r| {
        json!({"bucket": "b", "message": object(r), "object": "o", "region": "eu-west-1", "timestamp": TIME}).to_string()
    }),
    ("OpenSearch", |r| {
        json!({"@timestamp": TIME, "body": r, "event": {"name": "log"}, "attributes": {"data_stream": {"dataset": "x"}}, "cloud": {}, "aws": {"x": "y"}}).to_string()
    }),
    ("Fluent Bit", |r| {
        json!({"date": 1893456000.5, "log": r}).to_string()
    }),
    ("Fluentd", |r| {
        json!({"time": TIME, "tag": "a.b", "log": r, "stream": "stdout"}).to_string()
    }),
    ("OTLP record", |r| {
        json!({"timeUnixNano": "1893456000000000000", "severityNumber": 9, "severityText": "INFO", "body": {"stringValue": r}, "attributes": [{"key": "log.file.name", "value": {"stringValue": "a"}}], "traceId": "", "spanId": ""}).to_string()
    }),
    ("OTLP map", |r| {
        json!({"timeUnixNano": "1", "body": any_value(&object(r)), "attributes": []}).to_string()
    }),
    ("OTLP batch", |r| {
        json!({"resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [{"scope": {"name": "x"}, "logRecords": [{"body": {"stringValue": r}}]}]}]}).to_string()
    }),
    ("Wazuh", |r| {
        json!({"timestamp": TIME, "rule": {"level": 3, "description": "AWS"}, "agent": {"id": "000"}, "manager": {"name": "w"}, "id": "1", "decoder": {"name": "json"}, "data": {"integration": "aws", "aws": object(r)}, "location": "Wazuh-AWS"}).to_string()
    }),
    ("Wazuh archive", |r| {
        json!({"timestamp": TIME, "agent": {"id": "000"}, "full_log": r, "decoder": {"name": "json"}}).to_string()
    }),
    ("Splunk raw", |r| {
        json!({"_raw": r, "_time": TIME, "host": "h", "level": "9", "any": "field"}).to_string()
    }),
    ("Splunk search", |r| {
        json!({"preview": false, "offset": 0, "result": {"_raw": r, "_time": TIME, "eventName": "x", "level": "9"}}).to_string()
    }),
    ("Splunk results", |r| {
        json!({"preview": false, "init_offset": 0, "messages": [], "fields": [{"name": "_raw"}], "results": [{"_raw": r}]}).to_string()
    }),
    ("HEC object", |r| {
        json!({"time": 1893456000, "host": "h", "source": "s", "sourcetype": "x", "index": "main", "event": object(r)}).to_string()
    }),
    ("HEC text", |r| {
        json!({"time": 1893456000, "sourcetype": "x", "fields": {"a": "b"}, "event": r}).to_string()
    }),
    ("Cribl", |r| {
        json!({"_raw": r, "_time": 1893456000.1, "cribl_breaker": "b", "source": "s3://b/k"})
            .to_string()
    }),
    ("Elasticsearch export", |r| {
        json!({"_index": "i", "_id": "1", "_score": 1, "_source": object(r)}).to_string()
    }),
    ("Elasticsearch hits", |r| {
        json!({"took": 1, "hits": {"total": 1, "hits": [{"_index": "i", "_source": object(r)}]}})
            .to_string()
    }),
    ("SQS", |r| {
        json!({"Messages": [{"MessageId": "m", "ReceiptHandle": "h", "Body": r}]}).to_string()
    }),
    ("SQS to a function", |r| {
        json!({"Records": [{"messageId": "m", "body": r, "eventSource": "aws:sqs"}]}).to_string()
    }),
    ("SNS", |r| {
        json!({"Type": "Notification", "MessageId": "m", "TopicArn": "a", "Message": r, "Timestamp": TIME}).to_string()
    }),
    ("SNS to a function", |r| {
        json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Type": "Notification", "Message": r}}]}).to_string()
    }),
    ("EventBridge", |r| {
        json!({"version": "0", "id": "x", "detail-type": "AWS API Call via CloudTrail", "source": "s", "time": TIME, "detail": object(r)}).to_string()
    }),
    ("Kinesis", |r| {
        json!({"Records": [{"kinesis": {"partitionKey": "p", "sequenceNumber": "1", "data": base64(r.as_bytes())}, "eventSource": "aws:kinesis"}]}).to_string()
    }),
    ("Firehose of a log group", |r| {
        let group = json!({"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "timestamp": 1, "message": r}]}).to_string();
        json!({"records": [{"recordId": "1", "data": base64(&gzip(group.as_bytes()))}]}).to_string()
    }),
    ("Pub/Sub push", |r| {
        json!({"message": {"data": base64(r.as_bytes()), "messageId": "1", "attributes": {}}, "subscription": "s"}).to_string()
    }),
    ("Pub/Sub pull", |r| {
        json!({"receivedMessages": [{"ackId": "a", "message": {"data": base64(r.as_bytes()), "messageId": "1"}}]}).to_string()
    }),
    ("Event Hub", |r| json!({"records": [object(r)]}).to_string()),
    ("Event Hub capture", |r| {
        json!({"SequenceNumber": 1, "Offset": "1", "EnqueuedTimeUtc": TIME, "Body": r}).to_string()
    }),
    ("Event Hub capture of bytes", |r| {
        json!({"SequenceNumber": 1, "Offset": "1", "EnqueuedTimeUtc": TIME, "Body": base64(r.as_bytes())}).to_string()
    }),
    ("log group query", |r| {
        json!({"results": [[{"field": "@timestamp", "value": TIME}, {"field": "@message", "value": r}]], "status": "Complete"}).to_string()
    }),
    ("Loki", |r| {
        json!({"streams": [{"stream": {"job": "x"}, "values": [["1893456000000000000", r]]}]})
            .to_string()
    }),
    ("journal", |r| {
        json!({"__REALTIME_TIMESTAMP": "1", "_HOSTNAME": "h", "MESSAGE": r, "PRIORITY": "6", "SYSLOG_IDENTIFIER": "x"}).to_string()
    }),
    ("syslog in Splunk", |r| {
        json!({"_raw": format!("<134>1 2030-01-01T00:00:00Z host app - - - {r}"), "host": "h"})
            .to_string()
    }),
    ("some vendor", |r| {
        json!({"vendor": {"pipeline": {"steps": [{"native": object(r)}]}}, "severity": "low"})
            .to_string()
    }),
    ("some vendor's text", |r| {
        json!({"vendor": {"items2": [{"raw_event": r}]}, "score": 7}).to_string()
    }),
];

/// Wrappings of a whole text.
const TEXTS: &[Wrapping] = &[
    ("RFC 5424", |r| {
        format!("<134>1 2030-01-01T00:00:00Z host app - - - {r}\n")
    }),
    ("RFC 3164", |r| {
        format!("<134>Jan  1 00:00:00 host app[3]: {r}\n")
    }),
    ("file of a daemon", |r| {
        format!("2030-01-01T00:00:00.123456+00:00 host app: @cee: {r}\n")
    }),
    ("bulk request", |r| {
        format!("{{\"index\":{{\"_index\":\"i\"}}}}\n{r}\n")
    }),
    ("Splunk CSV", |r| {
        format!("_serial,_time,source,_raw\n0,{TIME},s,{}\n", quoted_cell(r))
    }),
    ("Splunk CSV, semicolons", |r| {
        format!("\"_time\";\"_raw\"\r\n{TIME};{}\r\n", quoted_cell(r))
    }),
    ("log group CSV, tabs", |r| {
        format!("@timestamp\t@message\n{TIME}\t{}\n", quoted_cell(r))
    }),
    ("container's file", |r| {
        format!("2030-01-01T00:00:00.123456789Z stdout F {r}\n")
    }),
    ("one column", |r| format!("_raw\n{}\n", quoted_cell(r))),
    ("Kibana CSV", |r| {
        format!(
            "\"@timestamp\",\"event.original\",\"_id\"\n\"Jan 1, 2030 @ 00:00:00.000\",{},x\n",
            quoted_cell(r)
        )
    }),
];

fn events_of(text: &str) -> (String, Vec<Event>) {
    let read = read_all(text.as_bytes(), &ReadOptions::default());
    (summary(&read.report), read.events)
}

#[test]
fn a_wrapped_record_is_what_it_is_alone() {
    for (source, record, events) in records() {
        for (name, wrap) in OBJECTS.iter().chain(TEXTS) {
            let text = wrap(&record);
            let (told, found) = events_of(&text);
            assert_eq!(found, events, "{source} in {name} ({told}): {text}");
        }
    }
}

/// Every two wrappings inside each other, and every three in another order for each format.
#[test]
fn wrappings_may_be_nested() {
    // An object that is no message is found where nothing of an application's is around it.
    let is_parsed = |way: &Wrapping| matches!(way.0, "Wazuh" | "OTLP map" | "some vendor");
    let records = records();
    let (mut n, mut failed) = (0, Vec::new());
    let mut check = |ways: &[&Wrapping]| {
        if ways[1..].iter().any(|way| is_parsed(way)) {
            return;
        }
        let (source, record, events) = &records[n % records.len()];
        let last = &TEXTS[n / records.len() % TEXTS.len()];
        n += 1;
        let inner = ways.iter().fold(record.clone(), |text, way| way.1(&text));
        let (told, found) = events_of(&last.1(&inner));
        if &found != events {
            let names: Vec<&str> = ways.iter().map(|way| way.0).collect();
            failed.push(format!("{source} in {names:?} in {}: {told}", last.0));
        }
    };
    for first in OBJECTS {
        for second in OBJECTS {
            check(&[first, second]);
            for third in OBJECTS {
                check(&[first, second, third]);
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {n}: {:#?}",
        failed.len(),
        &failed[..failed.len().min(40)]
    );
}

#[test]
fn what_is_not_opened_is_named_and_can_be_opened() {
    let all = records();
    for (source, record, events) in &all {
        let parsed = object(record);
        for (place, text) in [
            (
                "log",
                json!({"date": 1.5, "log": record, "stream": "stdout", "kubernetes": {"pod_name": "p"}}),
            ),
            (
                "log_processed",
                json!({"date": 1.5, "log_processed": parsed, "kubernetes": {"pod_name": "p"}}),
            ),
            (
                "data",
                json!({"level": "info", "msg": "got", "data": record}),
            ),
            ("body", json!({"level": "info", "body": parsed})),
            (
                "http_user_agent",
                json!({"remote_addr": "192.0.2.1", "http_user_agent": record}),
            ),
            (
                "user_agent",
                json!({"ip": "192.0.2.1", "user_agent": record}),
            ),
            (
                "http.request.payload",
                json!({"http": {"request": {"payload": parsed}}}),
            ),
            (
                "body",
                json!({"resource": "/upload", "httpMethod": "POST", "body": record}),
            ),
            (
                "comment.text",
                json!({"author": "eve", "comment": {"text": record}}),
            ),
            (
                "attributes.value.stringValue",
                json!({"body": {"stringValue": "GET /"}, "attributes": [{"key": "http.user_agent", "value": {"stringValue": record}}]}),
            ),
            (
                "body.stringValue",
                json!({"body": {"stringValue": record}, "attributes": [{"key": "code.function", "value": {"stringValue": "main"}}]}),
            ),
        ] {
            let text = text.to_string();
            let read = read_all(text.as_bytes(), &ReadOptions::default());
            assert_eq!(summary(&read.report), "1 !wrapped", "{text}");
            let held: Vec<_> = read.report.held.keys().cloned().collect();
            assert_eq!(held, [(place.to_owned(), *source)], "{text}");
            assert!(read.report.is_unopened() && read.report.is_lost(), "{text}");
            for name in [place, place.rsplit('.').next().unwrap()] {
                let unwrap = Arc::from([Box::from(name)]);
                let opening = ReadOptions {
                    unwrap,
                    ..ReadOptions::default()
                };
                assert_eq!(
                    read_all(text.as_bytes(), &opening).events,
                    *events,
                    "{name} of {text}"
                );
                assert_ne!(opening.reading(), ReadOptions::default().reading());
            }
        }
        let table = format!(
            "when,who,payload_json\n{TIME},eve,{0}\n{TIME},eve,{0}\n",
            quoted_cell(record)
        );
        let read = read_all(table.as_bytes(), &ReadOptions::default());
        assert_eq!(summary(&read.report), "2 !wrapped");
        assert_eq!(read.report.held[&("payload_json".to_owned(), *source)], 2);
    }
    // Words before the text show that an application wrote the line.
    let line = format!("2030-01-01T00:00:00Z INFO received {}\n", all[0].1);
    assert_eq!(events_of(&line).1, []);
}

/// What an application lists is no envelope, whatever the list is called.
#[test]
fn lists_of_applications_are_no_envelopes() {
    let (source, record, _) = records().swap_remove(0);
    for list in ["items", "value", "records", "entries"] {
        let text = format!("{{\"level\":\"info\",\"{list}\":[{record}]}}");
        let read = read_all(text.as_bytes(), &ReadOptions::default());
        assert_eq!(summary(&read.report), "1 !wrapped", "{text}");
        assert!(read.report.held.contains_key(&(list.to_owned(), source)));
    }
}

/// A time that a shipper moved is used where the record has none, and never before its own.
#[test]
fn a_moved_time_is_read_where_the_record_has_none() {
    const MEMBERS: [&str; 5] = ["@timestamp", "timestamp", "_time", "TimeGenerated", "time"];
    for (source, record, events) in records() {
        for member in MEMBERS {
            let mut both = object(&record);
            let added = both.as_object_mut().unwrap();
            if added.contains_key(member) {
                continue;
            }
            // A row of Log Analytics states when it was written in the member of that name.
            let is_own = member == "TimeGenerated" || (member == "time" && source == Source::Ocsf);
            added.insert(member.to_owned(), TIME.into());
            if !is_own {
                assert_eq!(
                    events_of(&both.to_string()).1,
                    events,
                    "{source} with {member}"
                );
            }
        }
        let mut moved = object(&record);
        remove_times(&mut moved);
        if moved == object(&record) {
            continue;
        }
        for member in ["@timestamp", "_time"] {
            let mut moved = moved.clone();
            moved
                .as_object_mut()
                .unwrap()
                .insert(member.to_owned(), TIME.into());
            let (told, found) = events_of(&moved.to_string());
            let times: Vec<String> = found.iter().map(|event| event.time.to_string()).collect();
            assert_eq!(
                times,
                vec!["2030-01-01T00:00:00Z"; events.len()],
                "{source}: {told} of {moved}"
            );
        }
    }
}

/// Removes the members by which records state when they happened.
fn remove_times(record: &mut Json) {
    const TIMES: [&str; 16] = [
        "eventTime",
        "time",
        "timestamp",
        "receiveTimestamp",
        "createdDateTime",
        "activityDateTime",
        "CreationTime",
        "published",
        "date_create",
        "start_time",
        "end_time",
        "timeGenerated",
        "TimeGenerated",
        "time_dt",
        "requestdatetime",
        "eventTimestamp",
    ];
    match record {
        Json::Object(members) => {
            members.retain(|name, value| !TIMES.contains(&&**name) || value.is_object());
            members.values_mut().for_each(remove_times);
        }
        Json::Array(elements) => elements.iter_mut().for_each(remove_times),
        _ => {}
    }
}

/// A batch of telemetry is larger than a record may be, whichever member comes first.
#[test]
fn batches_are_entered_and_never_held_whole() {
    let (_, record, _) = records().swap_remove(0);
    let one = format!(
        "{{\"attributes\":[],\"body\":{{\"stringValue\":{}}}}}",
        quoted(&record)
    );
    let n = 2 * crate::sources::RECORD_BYTES_MAX / one.len();
    let many = vec![one; n].join(",");
    for text in [
        format!(
            "{{\"resourceLogs\":[{{\"resource\":{{}},\"scopeLogs\":[{{\"scope\":{{}},\"logRecords\":[{many}]}}]}}]}}"
        ),
        format!("{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{many}]}}]}}]}}"),
    ] {
        assert_eq!(events_of(&text).0, format!("{n} events"));
    }
}

/// Whoever sends a header, a name or a body cannot write an audit event, and hides none.
#[test]
fn what_a_client_sent_is_no_record_and_hides_none() {
    let (forged, honest) = (record("forged"), record("honest"));
    let raw = json!({"raw": &forged}).to_string();
    for line in [
        json!({"level": "info", "msg": "GET /", "user_agent": &raw}),
        json!({"timestamp": 1, "httpRequest": {"headers": [{"name": "User-Agent", "value": &raw}]}}),
        json!({"level": "info", "request": {"body": {"original": &forged}}}),
        json!({"level": "info", "headers": {"raw": [&forged, &forged]}}),
    ] {
        assert!(events_of(&line.to_string()).1.is_empty(), "{line}");
    }
    let beside = json!({"fields": {"ua": &raw}, "message": &honest}).to_string();
    assert_eq!(events_of(&beside).1, events_of(&honest).1);
    let table = format!(
        "user,text\nbob,hello\nbob,raw\nbob,{}\n",
        quoted_cell(&forged)
    );
    assert!(events_of(&table).1.is_empty());
}

fn quoted_cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[test]
fn records_beside_one_another_are_all_read() {
    let of = |id: &str| object(&record(id));
    let siblings = json!({"a": {"one": of("1")}, "b": {"two": of("2")}, "c": [of("3")]});
    assert_eq!(events_of(&siblings.to_string()).1.len(), 3);
    // A text beside the object is a copy of it.
    let copied = json!({"parsed": of("1"), "message": record("2")});
    assert_eq!(events_of(&copied.to_string()).1.len(), 1);
    let many: Vec<Json> = (0..2_500).map(|n| of(&n.to_string())).collect();
    assert_eq!(
        events_of(&json!({"found": many}).to_string()).1.len(),
        2_500
    );
}
