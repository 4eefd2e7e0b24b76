//! What reading costs: logs in memory become events, beside what only finds lines, inflates or parses the same bytes.
//!
//! `cargo bench --bench parse` prints a table of ratios: every line is measured in turn in each round, on one thread, and the
//! least time of each counts. The logs are a simulated estate, or the CloudTrail files in the folder or file that
//! `PLIMSOLL_BENCH_LOGS` names (at most `PLIMSOLL_BENCH_MB` plain megabytes; default 400).

#![allow(clippy::print_stdout)]

use std::borrow::Cow;
use std::error::Error;
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use flate2::read::MultiGzDecoder;
use plimsoll::simulate::{Options, simulate};
use plimsoll::sources::{FileReport, InputFile, ReadOptions, discover, read};
use serde::Deserialize;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Rounds of each measurement.
const ROUNDS: u64 = 5;
/// Plain megabytes that are read at most.
const MB_MAX: u64 = 400;

/// What is read of a record by a program that writes its types down for `serde_json`, without copies where it can.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct Record<'a> {
    #[serde(borrow)]
    event_time: Cow<'a, str>,
    #[serde(borrow)]
    event_source: Cow<'a, str>,
    #[serde(borrow)]
    event_name: Cow<'a, str>,
    #[serde(rename = "eventID", borrow)]
    event_id: Cow<'a, str>,
    #[serde(borrow)]
    aws_region: Option<Cow<'a, str>>,
    #[serde(rename = "sourceIPAddress", borrow)]
    source_ip_address: Option<Cow<'a, str>>,
    #[serde(borrow)]
    user_agent: Option<Cow<'a, str>>,
    #[serde(borrow)]
    error_code: Option<Cow<'a, str>>,
    #[serde(borrow)]
    recipient_account_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    user_identity: Option<Identity<'a>>,
    #[serde(borrow)]
    request_parameters: Option<Parameters<'a>>,
    additional_event_data: Option<Additional>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct Identity<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    arn: Option<Cow<'a, str>>,
    #[serde(borrow)]
    account_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    access_key_id: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct Parameters<'a> {
    #[serde(borrow)]
    bucket_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    key: Option<Cow<'a, str>>,
    #[serde(borrow)]
    prefix: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct Additional {
    bytes_transferred_out: Option<f64>,
    bytes_transferred_in: Option<f64>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "Records", borrow)]
    records: Vec<Record<'a>>,
}

/// The logs as stored, and unpacked.
struct Logs {
    stored: Vec<Vec<u8>>,
    plain: Vec<Vec<u8>>,
}

fn main() -> Result<()> {
    let logs = match std::env::var_os("PLIMSOLL_BENCH_LOGS") {
        Some(path) => Logs::load(&PathBuf::from(path))?,
        None => {
            let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parse");
            std::fs::remove_dir_all(&root).ok();
            let options = Options {
                days: 6,
                identities: 400,
                attack_days_from: 6,
                gzip_level: 6,
                ..Options::default()
            };
            simulate(&options, &root, &mut |_| {})?;
            Logs::load(&root.join("logs"))?
        }
    };
    // The same records, each without a time, so that each is rejected.
    let broken: Vec<Vec<u8>> = logs.plain.iter().map(|text| without_times(text)).collect();
    let measures: [(&str, &dyn Fn() -> u64); 7] = [
        ("find quotes", &|| quotes(&logs.plain)),
        ("serde_json, typed and borrowed", &|| typed(&logs.plain)),
        ("events of plain text", &|| {
            reports(&logs.plain, true, |r| r.events)
        }),
        ("rejects of plain text, kept", &|| {
            reports(&broken, true, |r| r.records - r.events)
        }),
        ("rejects of plain text, counted", &|| {
            reports(&broken, false, |r| r.records - r.events)
        }),
        ("inflate with zlib-rs", &|| inflate(&logs.stored)),
        ("events of stored files", &|| {
            reports(&logs.stored, true, |r| r.events)
        }),
    ];
    let mut least = [f64::MAX; 7];
    let mut counts = [0; 7];
    for _ in 0..from_env("ROUNDS", ROUNDS)?.max(1) {
        for (number, (_, work)) in measures.iter().enumerate() {
            let begun = Instant::now();
            counts[number] = black_box(work());
            least[number] = least[number].min(begun.elapsed().as_secs_f64());
        }
    }
    let size = |files: &[Vec<u8>]| files.iter().map(Vec::len).sum::<usize>() as f64 / 1e6;
    let (events, mb) = (counts[2] as f64, size(&logs.plain));
    println!(
        "{events} events, {mb:.0} MB plain, {:.0} MB stored",
        size(&logs.stored)
    );
    println!(
        "{:<32} {:>8} {:>12} {:>9} {:>12}",
        "1 thread", "min s", "events/s", "MB/s", "x serde_json"
    );
    for (number, (name, _)) in measures.iter().enumerate() {
        println!(
            "{name:<32} {:>8.3} {:>12.0} {:>9.0} {:>12.2}",
            least[number],
            events / least[number],
            mb / least[number],
            least[1] / least[number],
        );
    }
    Ok(())
}

impl Logs {
    fn load(path: &Path) -> Result<Self> {
        let limit = from_env("MB", MB_MAX)? << 20;
        let (mut stored, mut plain, mut bytes) = (Vec::new(), Vec::new(), 0);
        for file in discover(&[path.to_owned()])? {
            let Some(path) = InputFile::path(&file).filter(|_| bytes < limit) else {
                continue;
            };
            let mut raw = Vec::new();
            std::fs::File::open(path)?
                .take(limit)
                .read_to_end(&mut raw)?;
            let mut text = Vec::new();
            if raw.starts_with(&[0x1f, 0x8b]) {
                MultiGzDecoder::new(&raw[..]).read_to_end(&mut text)?;
            } else {
                // The limit may have cut the last line.
                let whole = raw.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
                raw.truncate(whole);
                text.clone_from(&raw);
            }
            if text.starts_with(b"{\"Records\"") || text.starts_with(b"{\"eventVersion\"") {
                bytes += text.len() as u64;
                plain.push(text);
                stored.push(raw);
            }
        }
        Ok(Self { stored, plain })
    }
}

/// Returns a text of which no record has a time that can be read.
fn without_times(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    let places: Vec<usize> = memchr::memmem::find_iter(&text, b"\"eventTime\"").collect();
    for at in places {
        text[at + 1] = b'E';
    }
    text
}

fn quotes(files: &[Vec<u8>]) -> u64 {
    let count = |text: &Vec<u8>| memchr::memchr_iter(b'"', text).count() as u64;
    files.iter().map(count).sum()
}

fn typed(files: &[Vec<u8>]) -> u64 {
    let records = |text: &Vec<u8>| -> serde_json::Result<u64> {
        if text.starts_with(b"{\"Records\"") {
            let envelope: Envelope<'_> = serde_json::from_slice(text)?;
            return Ok(envelope.records.len() as u64);
        }
        let lines = text.split(|&b| b == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| serde_json::from_slice::<Record<'_>>(line).map(|_| 1))
            .sum()
    };
    files.iter().map(|text| records(text).unwrap_or(0)).sum()
}

fn inflate(files: &[Vec<u8>]) -> u64 {
    let mut buffer = Vec::new();
    let mut size = |raw: &Vec<u8>| {
        buffer.clear();
        if raw.starts_with(&[0x1f, 0x8b]) {
            MultiGzDecoder::new(&raw[..]).read_to_end(&mut buffer).ok();
        }
        buffer.len() as u64
    };
    files.iter().map(&mut size).sum()
}

fn reports(files: &[Vec<u8>], excerpts: bool, of: impl Fn(&FileReport) -> u64) -> u64 {
    let options = ReadOptions {
        excerpts,
        ..ReadOptions::default()
    };
    let read = |bytes: &Vec<u8>| {
        read(&bytes[..], "bench", &options, &mut drop, &mut |reject| {
            drop(reject)
        })
    };
    files.iter().map(|bytes| of(&read(bytes))).sum()
}

/// Reads a number from the environment.
fn from_env(name: &str, default: u64) -> Result<u64> {
    match std::env::var(format!("PLIMSOLL_BENCH_{name}")) {
        Ok(text) => Ok(text.parse().map_err(|_| format!("`{text}` is no number"))?),
        Err(_) => Ok(default),
    }
}
