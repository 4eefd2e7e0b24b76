//! The reference: the same files decompressed and parsed, without any further use.

use std::fs::File;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use flate2::read::MultiGzDecoder;
use plimsoll::sources::InputFile;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::Result;
use crate::corpus::Shape;

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

/// The fields of a record with who did what, where and when. The parser reads all of it and keeps nothing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct Record {
    event_time: IgnoredAny,
    event_source: IgnoredAny,
    event_name: IgnoredAny,
    #[serde(rename = "eventID")]
    event_id: IgnoredAny,
    aws_region: Option<IgnoredAny>,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: Option<IgnoredAny>,
    user_agent: Option<IgnoredAny>,
    user_identity: Option<IgnoredAny>,
    request_parameters: Option<IgnoredAny>,
    response_elements: Option<IgnoredAny>,
    additional_event_data: Option<IgnoredAny>,
    resources: Option<IgnoredAny>,
    error_code: Option<IgnoredAny>,
}

/// Reads files on all processors; returns the number of records and of plain bytes.
pub fn read(files: &[InputFile], shape: Shape) -> Result<(u64, u64)> {
    let next = AtomicUsize::new(0);
    let work = || -> std::result::Result<(u64, u64), String> {
        let (mut records, mut bytes) = (0, 0);
        let mut plain = Vec::new();
        while let Some(path) = files
            .get(next.fetch_add(1, Ordering::Relaxed))
            .and_then(InputFile::path)
        {
            plain.clear();
            let mut file = File::open(path).map_err(|e| e.to_string())?;
            match shape {
                Shape::Gzip => MultiGzDecoder::new(file).read_to_end(&mut plain),
                Shape::Lines => file.read_to_end(&mut plain),
            }
            .map_err(|e| e.to_string())?;
            records += parse(&plain).map_err(|e| e.to_string())?;
            bytes += plain.len() as u64;
        }
        Ok((records, bytes))
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, |n| n.get());
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut sum = (0, 0);
        for worker in workers {
            let (records, bytes) = worker.join().map_err(|_| "a thread died")??;
            sum = (sum.0 + records, sum.1 + bytes);
        }
        Ok(sum)
    })
}

fn parse(plain: &[u8]) -> serde_json::Result<u64> {
    if plain.starts_with(b"{\"Records\"") {
        let envelope: Envelope = serde_json::from_slice(plain)?;
        return Ok(envelope.records.len() as u64);
    }
    let lines = plain.split(|&b| b == b'\n').filter(|line| !line.is_empty());
    if plain.starts_with(b"{") {
        return lines
            .map(|line| serde_json::from_slice::<Record>(line).map(|_| 1))
            .sum();
    }
    // A flow log: columns between blanks, under a header.
    let columns = |line: &[u8]| line.split(|&b| b == b' ').count();
    Ok(lines.skip(1).filter(|line| columns(line) > 1).count() as u64)
}
