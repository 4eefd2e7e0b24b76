//! The files that a day becomes, and the same day in normalised words beside them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::simulate::parquet;
use crate::simulate::random::Rng;

use super::action::{Action, instant};
use super::principal::guid;

/// How the records of a file hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulate) enum FileLayout {
    /// One a line.
    Lines,
    /// One a line, below a header.
    Headed(&'static str),
    /// One JSON array, between what opens and what closes it.
    Array(&'static str, &'static str),
    /// A row each of a Parquet file.
    Rows,
}

/// What a record says, in normalised words.
#[derive(Debug, Clone, Serialize)]
pub(in crate::simulate) struct ExpectedEvent {
    pub(in crate::simulate) format: &'static str,
    pub(in crate::simulate) event_time: String,
    pub(in crate::simulate) op: String,
    pub(in crate::simulate) action: &'static str,
    pub(in crate::simulate) identity: Option<String>,
    pub(in crate::simulate) container: Option<String>,
    pub(in crate::simulate) object: Option<String>,
    pub(in crate::simulate) bytes_out: Option<u64>,
    pub(in crate::simulate) src_ip: Option<String>,
    /// Where bytes went, or are told to go: the address, or the account and container.
    pub(in crate::simulate) dst_ip: Option<String>,
    pub(in crate::simulate) dst_account: Option<String>,
    pub(in crate::simulate) dst_container: Option<String>,
    pub(in crate::simulate) outcome: &'static str,
    /// False for a record that only restates another.
    pub(in crate::simulate) counts: bool,
}

impl ExpectedEvent {
    /// Begins to tell a deed as a format with so many digits of a second has it.
    pub(super) fn of(
        format: &'static str,
        action: &Action,
        digits: u32,
        op: &str,
        action_class: &'static str,
    ) -> Self {
        Self {
            format,
            event_time: format!("{}Z", instant(action.at(digits), 9)),
            op: op.to_owned(),
            action: action_class,
            identity: None,
            container: None,
            object: None,
            bytes_out: None,
            src_ip: action
                .address
                .parse::<IpAddr>()
                .is_ok()
                .then(|| action.address.clone()),
            dst_ip: None,
            dst_account: None,
            dst_container: None,
            outcome: action.outcome.word(),
            counts: true,
        }
    }
}

/// The files of a day.
pub(in crate::simulate) struct DayFiles {
    files: BTreeMap<String, (FileLayout, String)>,
    expected: Option<String>,
    /// Entropy of the ids that providers assign.
    pub(in crate::simulate) ids: Rng,
    pub(super) records: u64,
    pub(in crate::simulate) flows: u64,
}

/// What writing came to.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::simulate) struct WriteStats {
    pub(in crate::simulate) records: u64,
    pub(in crate::simulate) flows: u64,
    pub(in crate::simulate) bytes: u64,
    pub(in crate::simulate) bytes_plain: u64,
}

impl DayFiles {
    /// Makes an empty day; `tells` if it is to be told in normalised words too.
    pub(in crate::simulate) fn new(ids: Rng, keeps_expected: bool) -> Self {
        Self {
            files: BTreeMap::new(),
            expected: keeps_expected.then(String::new),
            ids,
            records: 0,
            flows: 0,
        }
    }

    /// Adds a record to a file.
    pub(in crate::simulate) fn add(&mut self, path: String, layout: FileLayout, record: &str) {
        self.records += 1;
        let (_, text) = self.files.entry(path).or_insert_with(|| {
            let text = match layout {
                FileLayout::Lines | FileLayout::Rows => String::new(),
                FileLayout::Headed(header) => format!("{header}\n"),
                FileLayout::Array(opening, _) => opening.to_owned(),
            };
            (layout, text)
        });
        match layout {
            FileLayout::Array(opening, _) => {
                if text.len() > opening.len() {
                    text.push_str(",\n");
                }
                text.push_str(record);
            }
            _ => {
                text.push_str(record);
                text.push('\n');
            }
        }
    }

    /// Tells what a record says.
    pub(in crate::simulate) fn add_expected(&mut self, expected: &ExpectedEvent) {
        if let Some(text) = &mut self.expected {
            text.push_str(&serde_json::to_string(expected).unwrap_or_default());
            text.push('\n');
        }
    }

    /// Returns a fresh GUID.
    pub(super) fn guid(&mut self) -> String {
        guid(&mut self.ids)
    }

    /// Writes the files under `out`, those gzipped whose names end so, and goes on with `expected-events.jsonl`.
    pub(in crate::simulate) fn write(self, out: &Path, gzip_level: u32) -> Result<WriteStats> {
        let mut written = WriteStats {
            records: self.records,
            flows: self.flows,
            ..WriteStats::default()
        };
        for (path, (layout, mut text)) in self.files {
            if let FileLayout::Array(_, closing) = layout {
                text.push_str(closing);
            }
            written.bytes_plain += text.len() as u64;
            let bytes = match layout {
                FileLayout::Rows => parquet::file(&text).map_err(|e| {
                    Error::failed(format!("cannot make the rows of `{path}`")).cause(e)
                })?,
                _ => text.into_bytes(),
            };
            written.bytes += put(&out.join(path), &bytes, gzip_level)?;
        }
        if let Some(text) = self.expected {
            let path = out.join("expected-events.jsonl");
            let failed = |e: std::io::Error| {
                Error::failed(format!("cannot write `{}`", path.display())).cause(e)
            };
            fs::create_dir_all(out).map_err(failed)?;
            let mut file = fs::File::options()
                .create(true)
                .append(true)
                .open(&path)
                .map_err(failed)?;
            file.write_all(text.as_bytes()).map_err(failed)?;
        }
        Ok(written)
    }
}

/// Writes one file; returns its size.
fn put(path: &Path, text: &[u8], gzip_level: u32) -> Result<u64> {
    let failed =
        |e: std::io::Error| Error::failed(format!("cannot write `{}`", path.display())).cause(e);
    fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failed)?;
    let packed = if path.extension().is_some_and(|ending| ending == "gz") {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(gzip_level.clamp(1, 9)));
        encoder.write_all(text).map_err(failed)?;
        Some(encoder.finish().map_err(failed)?)
    } else {
        None
    };
    let bytes = packed.as_deref().unwrap_or(text);
    fs::write(path, bytes).map_err(failed)?;
    Ok(bytes.len() as u64)
}

/// Returns the part of a path that Azure gives to an hour: `y=2026/m=03/d=16/h=05/m=00`.
pub(super) fn azure_hour(action: &Action) -> String {
    let time = chrono::DateTime::from_timestamp_nanos(action.at);
    time.format("y=%Y/m=%m/d=%d/h=%H/m=00").to_string()
}

/// Returns the time of a deed in a pattern of chrono's.
pub(super) fn dated(action: &Action, pattern: &str) -> String {
    chrono::DateTime::from_timestamp_nanos(action.at)
        .format(pattern)
        .to_string()
}
