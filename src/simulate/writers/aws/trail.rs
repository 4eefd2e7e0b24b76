//! What a simulated day writes, gathered per account and region, and the files that it becomes.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::error::{Error, Result};
use crate::simulate::model::aws::flow::{FLOW_HEADER_CUSTOM, FLOW_HEADER_DEFAULT};
use crate::simulate::model::company::{ACCOUNTS, REGIONS};
use crate::simulate::model::expected::ExpectedRecord;
use crate::simulate::model::format::Format;
use crate::simulate::model::random::{HEX, Rng, UPPER};
use crate::simulate::writers::aws::anomaly_log::AnomalyLog;
use crate::simulate::writers::day_files::WriteStats;
use crate::simulate::writers::gzip::write_file;
use crate::time::Day;

/// The lines of one file before they are sorted: one text, and where each record lies in it.
#[derive(Default)]
struct LogBuffer {
    text: String,
    /// (seconds since the epoch, start in `text`, end in `text`), in order of generation.
    records: Vec<(i64, usize, usize)>,
}

impl LogBuffer {
    fn sorted(&mut self) -> impl Iterator<Item = &str> {
        self.records.sort(); // equal seconds stay in order of generation: `start` grows
        self.records
            .iter()
            .map(|&(_, start, end)| &self.text[start..end])
    }
}

/// Which files of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogKind {
    Audit,
    Flows,
}

/// A record whose normalised event is kept: where it lies, and the event.
struct TrackedRecord {
    files: LogKind,
    slot: usize,
    start: usize,
    end: usize,
    expected: ExpectedRecord,
}

/// What is not recorded yet, though it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unrecorded {
    /// Data events of the trail of an account.
    DataEvents(usize),
    /// Everything in an account.
    Account(usize),
}

/// Everything that one day writes.
pub(crate) struct Trail {
    /// What is left out.
    pub(crate) unrecorded: Option<Unrecorded>,
    /// The normalised event of every record, if it is asked for.
    tracked: Option<Vec<TrackedRecord>>,
    audit: Vec<LogBuffer>,
    flows: Vec<LogBuffer>,
    /// Entropy of the ids that AWS would assign.
    pub(crate) ids: Rng,
    /// The part of event ids that is the same all day.
    pub(crate) id_tail: String,
    /// Whether opaque tokens (`x-amz-id-2`, continuation tokens) are written.
    pub(crate) opaque_tokens: bool,
    /// The anomalies of the day.
    pub(crate) anomalies: AnomalyLog,
}

impl Trail {
    pub(crate) fn new(mut ids: Rng, opaque_tokens: bool) -> Self {
        let files = || {
            (0..ACCOUNTS.len() * REGIONS.len())
                .map(|_| LogBuffer::default())
                .collect()
        };
        let id_tail = ids.text(HEX, 12);
        Self {
            unrecorded: None,
            tracked: None,
            audit: files(),
            flows: files(),
            ids,
            id_tail,
            opaque_tokens,
            anomalies: AnomalyLog::default(),
        }
    }

    /// Returns whether the trail of an account has data events.
    pub(crate) fn has_data_events(&self, account: usize) -> bool {
        self.has(account) && self.unrecorded != Some(Unrecorded::DataEvents(account))
    }

    /// Returns whether there are logs of an account.
    pub(crate) fn has(&self, account: usize) -> bool {
        self.unrecorded != Some(Unrecorded::Account(account))
    }

    /// Keeps the normalised event of every record from now on.
    pub(crate) fn track_records(&mut self) {
        self.tracked = Some(Vec::new());
    }

    /// Keeps the normalised event of the last record of an account and region.
    pub(crate) fn track(
        &mut self,
        files: LogKind,
        account: usize,
        region: usize,
        expected: impl FnOnce() -> ExpectedRecord,
    ) {
        let Some(tracked) = &mut self.tracked else {
            return;
        };
        let slot = account * REGIONS.len() + region;
        let buffer = match files {
            LogKind::Audit => &self.audit[slot],
            LogKind::Flows => &self.flows[slot],
        };
        if let Some(&(_, start, end)) = buffer.records.last() {
            tracked.push(TrackedRecord {
                files,
                slot,
                start,
                end,
                expected: expected(),
            });
        }
    }

    /// Returns every tracked record, with its account and region.
    pub(crate) fn tracked(&self) -> impl Iterator<Item = (usize, usize, &str, &ExpectedRecord)> {
        self.tracked.iter().flatten().map(|tracked| {
            let buffer = match tracked.files {
                LogKind::Audit => &self.audit[tracked.slot],
                LogKind::Flows => &self.flows[tracked.slot],
            };
            let (account, region) = (tracked.slot / REGIONS.len(), tracked.slot % REGIONS.len());
            (
                account,
                region,
                &buffer.text[tracked.start..tracked.end],
                &tracked.expected,
            )
        })
    }

    /// Adds an audit record that `write` composes, to the trail of an account in a region.
    pub(crate) fn audit(
        &mut self,
        account: usize,
        region: usize,
        at: i64,
        write: impl FnOnce(&mut String, &mut Rng),
    ) {
        self.anomalies.note_time(at);
        let buffer = &mut self.audit[account * REGIONS.len() + region];
        let start = buffer.text.len();
        write(&mut buffer.text, &mut self.ids);
        buffer.records.push((at, start, buffer.text.len()));
    }

    /// Adds a flow log line that ends at `at`.
    pub(crate) fn flow(
        &mut self,
        account: usize,
        region: usize,
        at: i64,
        write: impl FnOnce(&mut String),
    ) {
        if !self.has(account) {
            return;
        }
        self.anomalies.note_time(at);
        let buffer = &mut self.flows[account * REGIONS.len() + region];
        let start = buffer.text.len();
        write(&mut buffer.text);
        buffer.records.push((at, start, buffer.text.len()));
    }

    /// Writes the day's files of some formats under `out`.
    pub(crate) fn write(
        mut self,
        day: Day,
        out: &Path,
        gzip_level: u32,
        formats: &[Format],
    ) -> Result<WriteStats> {
        for (format, files) in [
            (Format::CloudTrail, &mut self.audit),
            (Format::VpcFlow, &mut self.flows),
        ] {
            if !formats.contains(&format) {
                files.clear();
            }
        }
        let mut written = WriteStats {
            records: 0,
            flows: 0,
            bytes: 0,
            bytes_plain: 0,
        };
        let date = day.to_string();
        let (folder, stamp) = (date.replace('-', "/"), date.replace('-', ""));
        let mut files: Vec<(PathBuf, String)> = Vec::new();
        for (slot, buffer) in self
            .audit
            .iter_mut()
            .enumerate()
            .filter(|(_, buffer)| !buffer.records.is_empty())
        {
            let (account, region) = (
                ACCOUNTS[slot / REGIONS.len()].id,
                REGIONS[slot % REGIONS.len()],
            );
            let mut plain = String::with_capacity(buffer.text.len() + buffer.records.len() + 16);
            plain.push_str("{\"Records\":[");
            for (number, record) in buffer.sorted().enumerate() {
                plain.push_str(if number == 0 { "" } else { "," });
                plain.push_str(record);
            }
            plain.push_str("]}");
            let hash = self.ids.text(UPPER, 16);
            let path = format!("AWSLogs/{account}/CloudTrail/{region}/{folder}");
            let name = format!("{account}_CloudTrail_{region}_{stamp}T2355Z_{hash}.json.gz");
            files.push((out.join(path).join(name), plain));
            written.records += buffer.records.len() as u64;
        }
        for (slot, buffer) in self
            .flows
            .iter_mut()
            .enumerate()
            .filter(|(_, buffer)| !buffer.records.is_empty())
        {
            let (account, region) = (
                &ACCOUNTS[slot / REGIONS.len()],
                REGIONS[slot % REGIONS.len()],
            );
            let mut plain = String::with_capacity(buffer.text.len() + buffer.records.len() + 256);
            plain.push_str(if account.custom_flows {
                FLOW_HEADER_CUSTOM
            } else {
                FLOW_HEADER_DEFAULT
            });
            plain.push('\n');
            for line in buffer.sorted() {
                plain.push_str(line);
                plain.push('\n');
            }
            let (id, log, hash) = (account.id, account.flow_log, self.ids.text(HEX, 8));
            let path = format!("AWSLogs/{id}/vpcflowlogs/{region}/{folder}");
            let name = format!("{id}_vpcflowlogs_{region}_fl-0{log}_{stamp}T0000Z_{hash}.log.gz");
            files.push((out.join(path).join(name), plain));
            written.flows += buffer.records.len() as u64;
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
            bytes += write_file(path, plain.as_bytes(), level)?;
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
