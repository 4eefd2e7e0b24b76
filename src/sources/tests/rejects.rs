//! Rejects: what is lost with a bad record, and what a reject shows.
#![allow(clippy::unwrap_used)]

use crate::sources::tests::{check, read_all, record, summary, wrappings};
use crate::sources::{
    ENVELOPES_MAX, Position, RECORD_BYTES_MAX, ReadOptions, RejectReason, Stream, read,
};

#[test]
fn records_around_a_bad_one_are_read() {
    let (a, b) = (record("a"), record("b"));
    let cut = &a[..a.len() - 9];
    let deep = format!("{}{}", "[".repeat(80), "]".repeat(80));
    for (text, expected) in [
        (format!("{a}\n{cut}\n{b}\n"), "2 events, 1 !not_json"),
        (format!("{cut}\n{a}\n{b}\n"), "2 events, 1 !not_json"),
        (format!("{a}\nplain words\n{b}\n"), "2 events, 1 !not_json"),
        (format!("[{a},{{\"x\":nul}},{b}]"), "2 events, 1 !not_json"),
        (format!("{{\"x\":nul}}{a}{b}"), "2 events, 1 !not_json"),
        (format!("{a}\n{b}\n{cut}"), "2 events, 1 !truncated"),
        (
            format!("{{\"Records\":[{a},{b},{cut}"),
            "2 events, 1 !truncated",
        ),
        (
            format!(
                "{{\"Records\":[{a},{{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"x\"}},{b}]}}"
            ),
            "2 events, 1 !no_time",
        ),
        (
            format!("{a}\n{{\"level\":\"info\"}}\n"),
            "1 events, 1 !unknown_record",
        ),
        (
            format!("[{a},12,\"x\",null,{b}]"),
            "2 events, 3 !unknown_record",
        ),
        (format!("{{\"x\":{deep}}}\n{a}\n"), "1 events, 1 !too_deep"),
        (
            format!("fetching logs ...\ndone\n{a}\n"),
            "1 events, 2 preamble",
        ),
        (format!("\u{e}{a}\n{b}\n"), "1 events, 1 preamble"),
        ("a letter\n\nto a friend\n".to_owned(), "2 !unknown_format"),
        (
            "\u{89}PNG\r\n\u{1a}\n\0\0\0\rIHDR".to_owned(),
            "1 !unknown_format",
        ),
        ("{ no json at all".to_owned(), "1 !not_json"),
        // Unbalanced brackets cost their own record, and at most the next one.
        (
            format!("{a}\n{{\"x\":{{\"y\":1}}\n{b}\n{a}\n{b}\n"),
            "4 events, 1 !not_json",
        ),
        (
            format!("{{\"x\":{{\"y\":1}}\n{a}\n{b}\n{a}\n"),
            "3 events, 1 !not_json",
        ),
        (
            format!("{{\"x\":[1,\n{a}\n{b}\n{a}\n"),
            "3 events, 1 !not_json",
        ),
        (
            format!("{a}\n{{\"x\":\n{b}\n{a}\n{b}\n"),
            "4 events, 1 !not_json",
        ),
        (
            format!("{{\"Records\":[{a},{{\"x\":{{\"y\":1}},{b},{a}]}}"),
            "3 events, 1 !not_json",
        ),
        (
            format!("{{\"Records\":[{a},{{\"x\":\"y,\"z\":1}},{b},{a}]}}"),
            "3 events, 1 !not_json",
        ),
        (
            format!("[{a},{{\"x\":[1}},{b},{a}]"),
            "3 events, 1 !not_json",
        ),
        (
            format!("{a}{{\"x\":{{\"y\"}}{b}{a}"),
            "3 events, 1 !not_json",
        ),
        (
            format!("{a}\n{}\n{b}\n{a}\n", "{\"x\":".repeat(80)),
            "3 events, 1 !too_deep",
        ),
        (
            format!("[{a},{},{b},{a}]", "{\"x\":[".repeat(80)),
            "3 events, 1 !too_deep",
        ),
    ] {
        check(&text, expected);
    }
    let mut nested = a.clone();
    for _ in 0..ENVELOPES_MAX {
        let data = wrappings::base64(nested.as_bytes());
        nested = format!("{{\"message\":{{\"data\":\"{data}\",\"messageId\":\"1\"}}}}");
    }
    check(&nested, "1 !too_deep");
}

/// However a file begins, what follows is read, and every line before it is counted.
#[test]
fn any_number_of_unknown_lines_comes_before_a_log() {
    let row = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be site [16/Mar/2026:04:11:00 +0000] 192.0.2.20 - R REST.GET.OBJECT k \"GET /k HTTP/1.1\" 200 - 8 8 6 6 \"-\" \"x\" -";
    for n in [1, 32, 33, 1_000] {
        let reason = if n > 32 {
            "!unknown_format"
        } else {
            "preamble"
        };
        for log in [record("a"), row.to_owned()] {
            for line in [
                "INFO page 1",
                "name, of, no, table",
                "= {",
                "\u{e}\u{f}\u{e}\u{f} a long enough line",
                "{ no json",
            ] {
                // What is no text has no lines, and a document that cannot be read is one wherever it is.
                let is_binary = line.starts_with('\u{e}');
                let text = format!("{}{log}\n", format!("several words\n{line}\n").repeat(n));
                let read = read_all(text.as_bytes(), &ReadOptions::default());
                let told = summary(&read.report);
                assert_eq!(read.report.events, 1, "{n} of {line:?}: {told}");
                let n_lines = if is_binary {
                    n as u64..=2 * n as u64
                } else {
                    2 * n as u64..=2 * n as u64
                };
                assert!(
                    n_lines.contains(&(read.report.records - 1)),
                    "{n} of {line:?}: {told}"
                );
                let is_few = 2 * n <= 32;
                assert!(is_few || told.contains("!unknown_format"), "{told}");
            }
            check(
                &format!("{}{log}\n", "INFO page\n".repeat(n)),
                &format!("1 events, {n} {reason}"),
            );
        }
        if n > 1 {
            check(&"INFO page\n".repeat(n), &format!("{n} !unknown_format"));
        }
    }
    // A table that no format knows has as many records as rows.
    check("name,age\nana,31\nbob,\"3\n2\"\n", "2 !unknown_record");
    check("name,age\nno row\n", "2 !unknown_format");
    check("name,age\n", "1 !unknown_format");
    // A damaged line of an access log is one of that log, wherever it is.
    let damaged = row.replace("REST.GET.OBJECT", "");
    check(
        &format!("{damaged}\n{row}\n{damaged}\nwords\n"),
        "1 events, 3 !malformed_row",
    );
    // The end of a text on old systems.
    check(&format!("{}\n\u{1a}", record("a")), "1 events");
    check(&format!("{row}\u{1a}"), "1 events");
    check(
        "plimsoll,event_time,provider,identity,op\n1,2026-03-16T04:11:09Z,other,other:ana,x\u{1a}\u{1a}",
        "1 events",
    );
}

/// What is lost with a record that is too large is said in bytes.
#[test]
fn bytes_that_were_not_looked_at_are_counted() {
    const BYTES: usize = 3 * RECORD_BYTES_MAX;
    let (a, long) = (record("a"), "y".repeat(BYTES));
    for text in [
        format!("{long}\n{a}\n"),
        format!("{a}\n{long}\n{a}\n"),
        format!("[{a},{{\"x\":\"{long}\"}},{a}]"),
        format!("{a}\n{{\"x\":\"{long}"),
    ] {
        let report = read_all(text.as_bytes(), &ReadOptions::default()).report;
        assert_eq!(report.rejected["record_too_large"], 1);
        let lost = report.bytes_lost as usize;
        assert!((BYTES - 1..BYTES + 9).contains(&lost), "{lost} of {BYTES}");
    }
}

#[test]
fn record_size_is_bounded_and_file_size_is_not() {
    let large = format!("{{\"x\":\"{}\"}}", "y".repeat(RECORD_BYTES_MAX));
    let lines = format!("{}\n{large}\n{}\n", record("a"), record("b"));
    let array = format!("[{},{large},{}]", record("a"), record("b"));
    // The same if its brackets or quotes do not show its end.
    let open = format!("{{\"x\":[{{\"z\":\"{}\"}}", "y".repeat(RECORD_BYTES_MAX));
    let cut = format!("{{\"x\":\"{}", "y".repeat(RECORD_BYTES_MAX));
    for text in [
        lines,
        array,
        format!("{}\n{open}\n{}\n", record("a"), record("b")),
        format!("{}\n{cut}\n{}\n", record("a"), record("b")),
        format!("[{},{open},{}]", record("a"), record("b")),
        format!("[{},{cut},{}]", record("a"), record("b")),
    ] {
        let read = read_all(text.as_bytes(), &ReadOptions::default());
        assert_eq!(
            summary(&read.report),
            "2 events, 1 !record_too_large",
            "{:?}",
            &text[text.len() - 9..]
        );
    }
    // A container may be larger, even where another member comes first.
    let records: Vec<String> = (0..6_000).map(|n| record(&n.to_string())).collect();
    let text = format!(
        "{{\"NextToken\":\"t\",\"Events\":[{}],\"more\":{{}}}}",
        records.join(",\n")
    );
    assert!(text.len() > RECORD_BYTES_MAX);
    let mut stream = Stream::new("test", &ReadOptions::default());
    for piece in text.as_bytes().chunks(10_000) {
        stream.feed(piece, &mut |_| {}, &mut |_| {});
        assert!(stream.report().bytes_json > 0);
    }
    let report = stream.finish(&mut |_| {}, &mut |_| {});
    assert_eq!(
        (report.events, report.records, report.error),
        (6_000, 6_000, None)
    );
}

/// Lines are counted incrementally, over several pieces.
#[test]
fn each_of_many_rejects_has_its_own_line() {
    const LINES: u64 = 300_000;
    let text = record("a") + "\n" + &"x\n".repeat(LINES as usize);
    let mut lines = 2..2 + LINES;
    let report = read(
        text.as_bytes(),
        "test",
        &ReadOptions::default(),
        &mut |_| {},
        &mut |reject| {
            assert_eq!(Some(reject.position.line), lines.next());
            assert_eq!(reject.excerpt, "x");
        },
    );
    assert_eq!((report.events, lines.next()), (1, None));
    // Indented lines belong to the line before them.
    let broken = format!("{}\n{{\n  \"a\": tru\n}}\n{}\n", record("a"), record("b"));
    let rejects = read_all(broken.as_bytes(), &ReadOptions::default()).rejects;
    assert_eq!(rejects[0].excerpt, "{\n  \"a\": tru\n}");
}

#[test]
fn a_reject_states_its_position() {
    let a = record("a");
    let text = format!("{a}\n\n  {{\"level\":1}}\n");
    let read = read_all(text.as_bytes(), &ReadOptions::default());
    let reject = &read.rejects[0];
    assert_eq!(reject.reason, RejectReason::UnknownRecord);
    let Position {
        line, record, byte, ..
    } = reject.position;
    assert_eq!((line, record, byte), (3, 2, a.len() as u64 + 4));
    assert!(reject.excerpt.starts_with("{\"level\":1}"));
}

/// Rejects do not add up to more than the input.
#[test]
fn rejects_are_not_larger_than_their_input() {
    let many = |part: &str, n: usize| vec![part; n].join(",");
    for (text, expected, told) in [
        (format!(r#"{{"a":1,"value":[{}]}}"#, many("1", 9_000)), 1, 1),
        (format!("{{\"Records\":[{}]}}", many("null", 9_000)), 1, 1),
        (format!("[[1],{},{{}},2]", many("3", 9_000)), 4, 4),
        (
            format!(r#"{{"a":1,"value":[{}]}}"#, many("{}", 9_000)),
            9_000,
            100,
        ),
        (format!("[{}]", many("\"x\"", 9_000)), 9_000, 9_000),
    ] {
        let (mut n, mut bytes) = (0, 0);
        let report = read(
            text.as_bytes(),
            "test",
            &ReadOptions::default(),
            &mut |_| {},
            &mut |reject| {
                n += 1;
                bytes += reject.excerpt.len();
            },
        );
        let about = &text[..20];
        assert_eq!(
            summary(&report),
            format!("{expected} !unknown_record"),
            "{about}"
        );
        assert_eq!(n, told, "{about}");
        assert!(bytes <= text.len(), "{bytes} bytes of {about}");
    }
}

#[test]
fn rejects_contain_no_credentials() {
    for text in [
        r#"{"operationName":"GetBlob","category":"StorageRead","uri":"https://a.blob.core.windows.net/c/k?sv=1&sig=SECRET&se=2","resourceId":"/subscriptions/x"}"#,
        r#"{"eventSource":"sts.amazonaws.com","eventName":"AssumeRole","responseElements":{"credentials":{"sessionToken":"SECRET"}}}"#,
    ] {
        let rejects = read_all(text.as_bytes(), &ReadOptions::default()).rejects;
        assert_eq!(rejects.len(), 1, "{text}");
        assert!(rejects[0].excerpt.contains('*'), "{}", rejects[0].excerpt);
        assert!(
            !rejects[0].excerpt.contains("SECRET"),
            "{}",
            rejects[0].excerpt
        );
    }
}

/// Old editors end a text with a mark, wherever it ends.
#[test]
fn a_text_that_breaks_off_before_its_end_mark_is_told_as_cut_off() {
    let record = record("a");
    for at in [1, 7, record.len() / 2, record.len() - 1] {
        for marks in ["\u{1a}", "\u{1a}\u{1a}"] {
            let mut stream = Stream::new("test", &ReadOptions::default());
            stream.feed(
                format!("{}{marks}", &record[..at]).as_bytes(),
                &mut |_| {},
                &mut |_| {},
            );
            let report = stream.finish(&mut |_| {}, &mut |_| {});
            let told = summary(&report);
            assert_eq!((report.records, report.events), (1, 0), "{at}: {told}");
        }
    }
}
