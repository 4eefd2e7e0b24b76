//! Comma-separated tables, and files in which logs were joined.
#![allow(clippy::unwrap_used)]

use crate::sources::ReadOptions;
use crate::sources::tests::{check, read_all, record};

#[test]
fn rows_have_as_many_fields_as_their_header() {
    const HEAD: &str = "plimsoll,event_time,provider,identity,op,user_agent";
    const ROW: &str = "1,2026-03-16T04:11:09Z,other,other:ana,file.download,";
    for (rows, expected) in [
        (format!("{ROW}curl\n{ROW}\"a\nb\"\n{ROW}"), "3 events"),
        (format!("{ROW}\r\n{ROW}\"\"\r\n"), "2 events"),
        (
            format!("{ROW}\n1,2026-03-16T04:11:09Z,other,oth"),
            "1 events, 1 !truncated",
        ),
        (format!("{ROW}\n{ROW}\"curl/8"), "1 events, 1 !truncated"),
        (format!("{ROW}\n{ROW}\"curl/8\n"), "1 events, 1 !truncated"),
        (
            format!("1,2026-03-16T04:11:09Z,other,oth\n{ROW}\n{ROW},x\n"),
            "1 events, 2 !malformed_row",
        ),
    ] {
        check(&format!("{HEAD}\n{rows}"), expected);
    }
}

#[test]
fn concatenated_logs_of_several_formats_are_read() {
    const PLAIN: &str = "plimsoll,event_time,provider,identity,op\n1,2026-03-16T04:11:09Z,other,other:ana,file.download\n";
    let fixture = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats/");
        std::fs::read_to_string(format!("{folder}{name}")).unwrap()
    };
    let parts = [
        PLAIN.to_owned(),
        fixture("m365.ual/search.csv"),
        PLAIN.to_owned(),
        fixture("gcp.gcsusage/usage.csv"),
        fixture("aws.s3access/lines.log"),
        fixture("aws.tgwflow/columns.csv"),
        format!("{}\n", record("a")),
        PLAIN.to_owned(),
        fixture("aws.vpcflow/header.log"),
    ];
    let sum = |texts: &[String]| {
        let mut sums = std::collections::BTreeMap::new();
        for text in texts {
            for (source, n) in read_all(text.as_bytes(), &ReadOptions::default())
                .report
                .formats
            {
                *sums.entry(source).or_insert(0) += n;
            }
        }
        sums
    };
    let joined = parts.concat();
    assert_eq!(sum(&[joined]), sum(&parts));
}
