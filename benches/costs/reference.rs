//! The references: the least that a program of the same input has to do, or what a plain one does.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use plimsoll::event::{Action, Event};
use plimsoll::sources::InputFile;
use plimsoll::time::Day;
use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::Result;

/// Inflates a gzip file of one member in one call, or takes a plain file as it is, and parses it.
pub fn inflate_and_parse(stored: &[u8], buffer: &mut Vec<u8>) -> Result<usize> {
    if !stored.starts_with(&[0x1f, 0x8b]) {
        return parse(stored);
    }
    let length = stored.last_chunk().ok_or("a file ends early")?;
    buffer.resize(u32::from_le_bytes(*length) as usize, 0);
    libdeflater::Decompressor::new().gzip_decompress(stored, buffer)?;
    parse(buffer)
}

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

/// Parses records, in an envelope or one a line, into types of their own; returns how many there are.
pub fn parse(plain: &[u8]) -> Result<usize> {
    if plain.starts_with(b"{\"Records\"") {
        let envelope: Envelope = serde_json::from_slice(plain)?;
        return Ok(envelope.records.len());
    }
    let lines = plain.split(|&b| b == b'\n').filter(|line| !line.is_empty());
    let records = lines.map(|line| Ok(serde_json::from_slice::<Record>(line).map(|_| 1)?));
    records.sum()
}

/// Inflates and parses files on all cores.
pub fn parse_on_all_cores(files: &[InputFile]) -> Result<usize> {
    let next = AtomicUsize::new(0);
    let file = || files.get(next.fetch_add(1, Ordering::Relaxed))?.path();
    let work = || -> Result<usize> {
        let (mut records, mut buffer) = (0, Vec::new());
        while let Some(path) = file() {
            records += inflate_and_parse(&fs::read(path)?, &mut buffer)?;
        }
        Ok(records)
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, |n| n.get());
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().map(|worker| worker.join());
        done.map(|done| done.map_err(|_| "a thread died")?).sum()
    })
}

/// A plain detector of the field: calls and bytes by identity, action and hour of a day.
pub type HourlySums = FxHashMap<(String, Action, i64), (u64, u64)>;

/// Adds up what each identity did in each hour.
pub fn hourly_sums<'e>(events: impl IntoIterator<Item = &'e Event>) -> HourlySums {
    let mut sums = HourlySums::default();
    for event in events {
        let Some(principal) = &event.principal else {
            continue;
        };
        let hour = event.time.nanos() / 3_600_000_000_000;
        let key = (principal.id.to_string(), event.action, hour);
        let sum = sums.entry(key).or_default();
        sum.0 += 1;
        sum.1 += event.bytes_out.unwrap_or(0);
    }
    sums
}

/// The number, mean and sum of squared deviations of the hours of each identity and action.
pub type Moments = FxHashMap<(String, Action), (f64, f64, f64)>;

/// Learns the mean and variance of the hours of each identity and action, day after day.
pub fn learn<'s>(days: impl IntoIterator<Item = &'s HourlySums>) -> Moments {
    let mut moments = Moments::default();
    for ((identity, action, _), (calls, _)) in days.into_iter().flatten() {
        let (n, mean, m2) = moments.entry((identity.clone(), *action)).or_default();
        *n += 1.0;
        let off = *calls as f64 - *mean;
        *mean += off / *n;
        *m2 += off * (*calls as f64 - *mean);
    }
    moments
}

/// Counts the hours that are more than three standard deviations above the mean.
pub fn outliers(sums: &HourlySums, learnt: &Moments) -> usize {
    let is_outlier =
        |((identity, action, _), (calls, _)): &(&(String, Action, i64), &(u64, u64))| {
            let known = learnt.get(&(identity.clone(), *action));
            known.is_none_or(|(n, mean, m2)| *calls as f64 > mean + 3.0 * (m2 / n).sqrt())
        };
    sums.iter().filter(is_outlier).count()
}

/// Writes bytes as what is published is written: beside its place, made durable, and renamed.
pub fn publish(bytes: &[u8], folder: &Path) -> Result<()> {
    let (beside, place) = (folder.join("reference.tmp"), folder.join("reference"));
    let mut file = fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(beside, place)?;
    Ok(fs::File::open(folder)?.sync_all()?)
}

/// Does with DuckDB what a good engineer would write instead of a learner; returns the seconds it took, or nothing if there
/// is no Python that has it.
pub fn duckdb(logs: &Path, scratch: &Path) -> Result<Option<f64>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/costs/duckdb_train.py");
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let output = scratch.join("reference.duckdb");
    let done = Command::new(python)
        .arg(script)
        .arg(logs)
        .arg(output)
        .output();
    let Ok(done) = done else { return Ok(None) };
    Ok(String::from_utf8(done.stdout)?.trim().parse().ok())
}

/// Adds up, day by day, what each identity did in each hour.
pub fn sums_by_day<'e>(
    days: impl Iterator<Item = (Day, &'e Vec<Event>)>,
) -> BTreeMap<Day, HourlySums> {
    days.map(|(day, events)| (day, hourly_sums(events)))
        .collect()
}
