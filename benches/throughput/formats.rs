//! Reading, format by format: how fast plain bytes become events, compared with only parsing the same bytes.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use flate2::read::MultiGzDecoder;
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use plimsoll::event::Event;
use plimsoll::simulate::{Format, Options, simulate};
use plimsoll::sources::{FileReport, ReadOptions, discover, read};
use serde::de::IgnoredAny;

use crate::Result;
use crate::table::{least, median};

/// The approximate number of bytes of each format that are read in a round.
const BYTES_MAX: usize = 16 << 20;
/// The format that the others are compared with.
const YARDSTICK: &str = "aws.cloudtrail";
/// The members of a record of the plain form.
const PLAIN: [&str; 11] = [
    "plimsoll",
    "event_time",
    "event_id",
    "provider",
    "identity",
    "action",
    "op",
    "container",
    "object",
    "src_ip",
    "bytes_out",
];

/// The plain bytes of the files of one format.
type Files = Vec<Vec<u8>>;

/// Measures each format, and writes one line for each, fastest first.
///
/// Both ratios are medians over the rounds: the time over that of the reference, and the bytes a second over those of
/// CloudTrail.
pub fn measure(root: &Path, rounds: u64) -> Result<String> {
    let corpora = corpora(root)?;
    let mut measured: BTreeMap<&str, Vec<[f64; 2]>> = BTreeMap::new();
    for _ in 0..rounds {
        for (name, files) in &corpora {
            let times = [timed(|| walk(files)), timed(|| events_of(files))];
            measured.entry(name).or_default().push(times);
        }
    }
    let bytes = |name: &str| corpora[name].iter().map(Vec::len).sum::<usize>() as f64;
    let speeds = |name: &str| -> Vec<f64> {
        measured[name]
            .iter()
            .map(|[_, secs]| bytes(name) / secs)
            .collect()
    };
    let yardstick = speeds(YARDSTICK);
    let mut lines: Vec<(f64, String)> = Vec::new();
    for (name, times) in &measured {
        let speeds = speeds(name);
        let of_yardstick = median(speeds.iter().zip(&yardstick).map(|(mine, its)| mine / its));
        let line = format!(
            "{name:<20} {:>9.1} {:>9.3} {:>12.0} {:>9.0} {:>9.2} {:>15.2}",
            bytes(name) / 1e6,
            least(times.iter().map(|[_, secs]| *secs)),
            events_of(&corpora[name]) as f64 / median(times.iter().map(|[_, secs]| *secs)),
            median(speeds) / 1e6,
            median(times.iter().map(|[walked, secs]| secs / walked)),
            of_yardstick,
        );
        lines.push((of_yardstick, line));
    }
    lines.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut out = format!(
        "{:<20} {:>9} {:>9} {:>12} {:>9} {:>9} {:>15}\n",
        "format, 1 thread", "MB", "min s", "events/s", "MB/s", "x ref", "x CloudTrail"
    );
    for (_, line) in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{line}");
    }
    Ok(out)
}

fn timed<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed().as_secs_f64()
}

fn events_of(files: &Files) -> u64 {
    files
        .iter()
        .map(|bytes| report_of(bytes, &mut |_| {}).events)
        .sum()
}

fn report_of(bytes: &[u8], sink: &mut dyn FnMut(Event)) -> FileReport {
    read(bytes, "bench", &ReadOptions::default(), sink, &mut |_| {})
}

/// The reference: parses every JSON value, or splits every line at its blanks, and keeps nothing.
fn walk(files: &Files) -> usize {
    files
        .iter()
        .map(|bytes| {
            if bytes.starts_with(b"{") || bytes.starts_with(b"[") {
                let values = serde_json::Deserializer::from_slice(bytes);
                values.into_iter::<IgnoredAny>().count()
            } else {
                bytes
                    .split(|&b| b == b'\n')
                    .map(|line| line.split(|&b| b == b' ').count())
                    .sum()
            }
        })
        .sum()
}

/// Simulates a company in every format that the simulator writes, and adds the plain form of its trail.
fn corpora(root: &Path) -> Result<BTreeMap<&'static str, Files>> {
    fs::remove_dir_all(root).ok();
    let options = Options {
        days: 2,
        identities: 100,
        attack_days_from: 2,
        gzip_level: 1,
        formats: Format::ALL.to_vec(),
        ..Options::default()
    };
    simulate(&options, root, &mut |_| {})?;
    let mut corpora: BTreeMap<&str, Files> = BTreeMap::new();
    for file in discover(&[root.to_path_buf()])? {
        let Some(path) = file.path() else { continue };
        let mut bytes = fs::read(path)?;
        if path.extension().is_some_and(|extension| extension == "gz") {
            let packed = std::mem::take(&mut bytes);
            std::io::Read::read_to_end(&mut MultiGzDecoder::new(&packed[..]), &mut bytes)?;
        }
        if let Some(name) = report_of(&bytes, &mut |_| {}).format() {
            corpora.entry(name).or_default().push(bytes);
        }
    }
    fs::remove_dir_all(root)?;
    corpora.remove("mixed");
    for files in corpora.values_mut() {
        bring_to_size(files);
    }
    let rows = plain_rows(&corpora[YARDSTICK]);
    corpora.insert("plain", vec![plain_lines(&rows)?]);
    corpora.insert("plain (Parquet)", vec![plain_columns(&rows)?]);
    Ok(corpora)
}

/// Repeats or drops files until there are about [`BYTES_MAX`] bytes.
fn bring_to_size(files: &mut Files) {
    let whole = files.clone();
    let mut bytes = 0;
    files.clear();
    for file in whole.iter().cycle() {
        if bytes >= BYTES_MAX {
            break;
        }
        bytes += file.len().max(1);
        files.push(file.clone());
    }
}

/// Writes events in the plain form; absent members are empty.
fn plain_rows(files: &Files) -> Vec<[String; PLAIN.len()]> {
    let mut rows = Vec::new();
    for file in files {
        report_of(file, &mut |event| {
            let raw = |text: &Option<plimsoll::event::Untrusted>| {
                text.as_ref()
                    .map_or(String::new(), |text| text.raw().to_owned())
            };
            rows.push([
                "1".to_owned(),
                event.time.to_string(),
                event.id.to_string(),
                event.provider.to_string(),
                event
                    .principal
                    .as_ref()
                    .map_or(String::new(), |who| who.id.to_string()),
                event.action.to_string(),
                event.op.to_string(),
                raw(&event.container),
                raw(&event.object),
                event.peer.ip.map_or(String::new(), |ip| ip.to_string()),
                event
                    .bytes_out
                    .map_or(String::new(), |bytes| bytes.to_string()),
            ]);
        });
    }
    rows
}

fn plain_lines(rows: &[[String; PLAIN.len()]]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for row in rows {
        let members = PLAIN.iter().zip(row).filter(|(_, value)| !value.is_empty());
        let object: BTreeMap<&str, &String> = members.map(|(name, value)| (*name, value)).collect();
        serde_json::to_writer(&mut bytes, &object)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

fn plain_columns(rows: &[[String; PLAIN.len()]]) -> Result<Vec<u8>> {
    let mut schema = String::from("message events {");
    for name in PLAIN {
        write!(schema, " OPTIONAL BYTE_ARRAY {name} (UTF8);")?;
    }
    let schema = Arc::new(parse_message_type(&(schema + " }"))?);
    let packed = WriterProperties::builder().set_compression(Compression::UNCOMPRESSED);
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(packed.build()))?;
    for rows in rows.chunks(10_000) {
        let mut group = writer.next_row_group()?;
        for place in 0..PLAIN.len() {
            let Some(mut column) = group.next_column()? else {
                continue;
            };
            let there = rows
                .iter()
                .map(|row| &row[place])
                .filter(|value| !value.is_empty());
            let values: Vec<ByteArray> = there.map(|value| value.as_str().into()).collect();
            let defined: Vec<i16> = rows
                .iter()
                .map(|row| i16::from(!row[place].is_empty()))
                .collect();
            column
                .typed::<ByteArrayType>()
                .write_batch(&values, Some(&defined), None)?;
            column.close()?;
        }
        group.close()?;
    }
    writer.close()?;
    Ok(bytes)
}
