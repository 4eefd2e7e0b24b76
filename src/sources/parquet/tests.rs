#![allow(clippy::unwrap_used)]

use crate::sources::tests::{read_all, summary};
use crate::sources::*;

/// Samples of which the same records lie beside them as JSON: both are the same events.
#[test]
fn rows_are_the_records_beside_them() {
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
