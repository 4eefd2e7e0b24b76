#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use parquet::data_type::Int32Type;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::sources::tests::{read_all, summary};
use crate::sources::{ReadOptions, discover};

/// The samples exist as JSON too; both give the same events.
#[test]
fn rows_give_the_events_of_the_json_records() {
    let Some(root) = std::env::var_os("PLIMSOLL_SAMPLES") else {
        return;
    };
    for file in discover(&[root.into()]).unwrap() {
        let Some(stem) = file.name().strip_suffix(".parquet") else {
            continue;
        };
        let read = |name: &str| read_all(&std::fs::read(name).unwrap(), &ReadOptions::default());
        let (rows, lines) = (read(file.name()), read(&format!("{stem}.jsonl")));
        assert_eq!(rows.report.error, None, "{stem}");
        assert_eq!(summary(&rows.report), summary(&lines.report), "{stem}");
        assert_eq!(rows.events, lines.events, "{stem}");
    }
}

/// Returns a file of one row with this many numbers in a list.
fn one_long_row(numbers: usize) -> Vec<u8> {
    let schema = parse_message_type("message m { repeated int32 n; }").unwrap();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let reps: Vec<i16> = (0..numbers).map(|n| i16::from(n > 0)).collect();
    let values = vec![7; numbers];
    column
        .typed::<Int32Type>()
        .write_batch(&values, Some(&vec![1; numbers]), Some(&reps))
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn files_beyond_the_limits_are_rejected_with_a_reason() {
    let fine = one_long_row(4_000);
    for (file, error) in [
        (fine.clone(), None),
        (one_long_row(5_000), Some("more values in one column")),
        (one_long_row(3_000_000), Some("more values in one column")),
        (
            fine[..fine.len() - 9].to_vec(),
            Some("ends before its footer"),
        ),
        // Found by fuzzing: the decoder stops the thread on it.
        (
            include_bytes!("../../../tests/found/dictionary.parquet").to_vec(),
            Some("a page's values are damaged"),
        ),
        (b"PAR1".to_vec(), Some("ends before its footer")),
        (b"PAR1\0\0\0\0PAR1".to_vec(), Some("its footer is damaged")),
        (
            b"PAR1\xff\xff\xff\xffPAR1".to_vec(),
            Some("its footer is larger"),
        ),
        (
            [&fine[..fine.len() - 4], b"PARE"].concat(),
            Some("encrypted"),
        ),
    ] {
        let read = read_all(&file, &ReadOptions::default());
        let found = read.report.error.clone().unwrap_or_default();
        assert!(found.contains(error.unwrap_or_default()), "{found}");
        assert_eq!(found.is_empty(), error.is_none(), "{found}");
        let expected = if error.is_none() {
            "1 !unknown_record"
        } else {
            ""
        };
        assert_eq!(summary(&read.report), expected);
    }
}
