//! What a simulated day writes, gathered per account and region, and the files that it becomes.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::error::{Error, Result};
use crate::time::Day;

use super::abroad::{Format, Written};
use super::estate::{ACCOUNTS, FLOW_HEADER_CUSTOM, FLOW_HEADER_DEFAULT, REGIONS};
use super::oddity::Notes;
use super::random::{HEX, Rng, UPPER};
use super::restate::Saying;

/// The lines of one file before they are sorted: one text, and where each record lies in it.
#[derive(Default)]
struct Sheet {
    text: String,
    /// (seconds since the epoch, start in `text`, end in `text`), in order of generation.
    records: Vec<(i64, usize, usize)>,
}

impl Sheet {
    fn sorted(&mut self) -> impl Iterator<Item = &str> {
        self.records.sort(); // equal seconds stay in order of generation: `start` grows
        self.records
            .iter()
            .map(|&(_, start, end)| &self.text[start..end])
    }
}

/// Which files of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sheets {
    Audit,
    Flows,
}

/// Everything that one day writes.
pub(super) struct Trail {
    /// What every record says, if anybody wants to know.
    heard: Option<Vec<(Sheets, usize, usize, usize, Saying)>>,
    audit: Vec<Sheet>,
    flows: Vec<Sheet>,
    /// Entropy of the ids that AWS would assign.
    pub(super) ids: Rng,
    /// The part of event ids that is the same all day.
    pub(super) id_tail: String,
    /// Whether opaque tokens (`x-amz-id-2`, continuation tokens) are written.
    pub(super) opaque_tokens: bool,
    /// Who is at work, and what is odd about it.
    pub(super) notes: Notes,
}

impl Trail {
    pub(super) fn new(mut ids: Rng, opaque_tokens: bool) -> Self {
        let sheets = || {
            (0..ACCOUNTS.len() * REGIONS.len())
                .map(|_| Sheet::default())
                .collect()
        };
        let id_tail = ids.text(HEX, 12);
        Self {
            heard: None,
            audit: sheets(),
            flows: sheets(),
            ids,
            id_tail,
            opaque_tokens,
            notes: Notes::default(),
        }
    }

    /// Remembers from now on what every record says.
    pub(super) fn listen(&mut self) {
        self.heard = Some(Vec::new());
    }

    /// Remembers what the last record of an account and region says.
    pub(super) fn hear(
        &mut self,
        sheets: Sheets,
        account: usize,
        region: usize,
        saying: impl FnOnce() -> Saying,
    ) {
        let Some(heard) = &mut self.heard else { return };
        let slot = account * REGIONS.len() + region;
        let sheet = match sheets {
            Sheets::Audit => &self.audit[slot],
            Sheets::Flows => &self.flows[slot],
        };
        if let Some(&(_, start, end)) = sheet.records.last() {
            heard.push((sheets, slot, start, end, saying()));
        }
    }

    /// Returns every record that was heard, with its account and region.
    pub(super) fn heard(&self) -> impl Iterator<Item = (usize, usize, &str, &Saying)> {
        self.heard
            .iter()
            .flatten()
            .map(|(sheets, slot, start, end, saying)| {
                let sheet = match sheets {
                    Sheets::Audit => &self.audit[*slot],
                    Sheets::Flows => &self.flows[*slot],
                };
                (
                    slot / REGIONS.len(),
                    slot % REGIONS.len(),
                    &sheet.text[*start..*end],
                    saying,
                )
            })
    }

    /// Adds an audit record that `write` composes, to the trail of an account in a region.
    pub(super) fn audit(
        &mut self,
        account: usize,
        region: usize,
        at: i64,
        write: impl FnOnce(&mut String, &mut Rng),
    ) {
        self.notes.saw(at);
        let sheet = &mut self.audit[account * REGIONS.len() + region];
        let start = sheet.text.len();
        write(&mut sheet.text, &mut self.ids);
        sheet.records.push((at, start, sheet.text.len()));
    }

    /// Adds a flow log line that ends at `at`.
    pub(super) fn flow(
        &mut self,
        account: usize,
        region: usize,
        at: i64,
        write: impl FnOnce(&mut String),
    ) {
        self.notes.saw(at);
        let sheet = &mut self.flows[account * REGIONS.len() + region];
        let start = sheet.text.len();
        write(&mut sheet.text);
        sheet.records.push((at, start, sheet.text.len()));
    }

    /// Writes the day's files of some formats under `out`.
    pub(super) fn write(
        mut self,
        day: Day,
        out: &Path,
        gzip_level: u32,
        formats: &[Format],
    ) -> Result<Written> {
        for (format, sheets) in [
            (Format::CloudTrail, &mut self.audit),
            (Format::VpcFlow, &mut self.flows),
        ] {
            if !formats.contains(&format) {
                sheets.clear();
            }
        }
        let mut written = Written {
            records: 0,
            flows: 0,
            bytes: 0,
            bytes_plain: 0,
        };
        let date = day.to_string();
        let (folder, stamp) = (date.replace('-', "/"), date.replace('-', ""));
        let mut files: Vec<(PathBuf, String)> = Vec::new();
        for (slot, sheet) in self
            .audit
            .iter_mut()
            .enumerate()
            .filter(|(_, sheet)| !sheet.records.is_empty())
        {
            let (account, region) = (
                ACCOUNTS[slot / REGIONS.len()].id,
                REGIONS[slot % REGIONS.len()],
            );
            let mut plain = String::with_capacity(sheet.text.len() + sheet.records.len() + 16);
            plain.push_str("{\"Records\":[");
            for (number, record) in sheet.sorted().enumerate() {
                plain.push_str(if number == 0 { "" } else { "," });
                plain.push_str(record);
            }
            plain.push_str("]}");
            let hash = self.ids.text(UPPER, 16);
            let path = format!("AWSLogs/{account}/CloudTrail/{region}/{folder}");
            let name = format!("{account}_CloudTrail_{region}_{stamp}T2355Z_{hash}.json.gz");
            files.push((out.join(path).join(name), plain));
            written.records += sheet.records.len() as u64;
        }
        for (slot, sheet) in self
            .flows
            .iter_mut()
            .enumerate()
            .filter(|(_, sheet)| !sheet.records.is_empty())
        {
            let (account, region) = (
                &ACCOUNTS[slot / REGIONS.len()],
                REGIONS[slot % REGIONS.len()],
            );
            let mut plain = String::with_capacity(sheet.text.len() + sheet.records.len() + 256);
            plain.push_str(if account.custom_flows {
                FLOW_HEADER_CUSTOM
            } else {
                FLOW_HEADER_DEFAULT
            });
            plain.push('\n');
            for line in sheet.sorted() {
                plain.push_str(line);
                plain.push('\n');
            }
            let (id, log, hash) = (account.id, account.flow_log, self.ids.text(HEX, 8));
            let path = format!("AWSLogs/{id}/vpcflowlogs/{region}/{folder}");
            let name = format!("{id}_vpcflowlogs_{region}_fl-0{log}_{stamp}T0000Z_{hash}.log.gz");
            files.push((out.join(path).join(name), plain));
            written.flows += sheet.records.len() as u64;
        }
        written.bytes_plain = files.iter().map(|(_, plain)| plain.len() as u64).sum();
        written.bytes = write_all(&files, gzip_level)?;
        Ok(written)
    }
}

/// Writes gzip files, as many at a time as there are processors; returns their size altogether.
fn write_all(files: &[(PathBuf, String)], level: u32) -> Result<u64> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut bytes = 0;
        while let Some((path, plain)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            bytes += write_gzip(path, plain, level)?;
        }
        Ok(bytes)
    };
    let threads = thread::available_parallelism()
        .map_or(1, |n| n.get())
        .min(files.len().max(1));
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let died = || Error::failed("a thread that writes files died");
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err(died())))
            .sum()
    })
}

/// Writes one gzip file without a timestamp; returns its size.
fn write_gzip(path: &Path, plain: &str, level: u32) -> Result<u64> {
    let failed =
        |e: std::io::Error| Error::failed(format!("cannot write `{}`", path.display())).cause(e);
    fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failed)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level.clamp(1, 9)));
    encoder.write_all(plain.as_bytes()).map_err(failed)?;
    let packed = encoder.finish().map_err(failed)?;
    fs::write(path, &packed).map_err(failed)?;
    Ok(packed.len() as u64)
}
