//! The logs, and what the stages take from them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use plimsoll::analytic;
use plimsoll::config::Config;
use plimsoll::engine::{NoProgress, Setup, train};
use plimsoll::event::Event;
use plimsoll::simulate::{Format, Options, simulate};
use plimsoll::sources::{FileReport, InputFile, ReadOptions, discover, read};
use plimsoll::store::Store;
use plimsoll::time::{Day, Time};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Result;

/// The last days, which are judged; those before them are learnt.
const DAYS_JUDGED: usize = 3;

/// One file of CloudTrail records.
pub struct Log {
    /// The day of its first event.
    pub day: Day,
    pub file: InputFile,
    /// As it is stored.
    pub stored: Vec<u8>,
    /// Its records, one a line.
    pub lines: Vec<u8>,
}

/// The logs, and what the stages take from them.
pub struct Input {
    pub setup: Setup,
    /// The folder of the logs.
    pub folder: PathBuf,
    pub logs: Vec<Log>,
    /// The events of each day, in order of time.
    pub days: BTreeMap<Day, Vec<Event>>,
    /// The first of the days that are judged.
    pub first_judged: Day,
}

/// Simulates an estate below a folder.
pub fn simulated(folder: &Path, days: u32, identities: u32, attacks: bool) -> Result<()> {
    let quiet_days = if attacks { DAYS_JUDGED as u32 } else { 0 };
    let options = Options {
        days,
        identities,
        attack_days_from: days - quiet_days,
        formats: vec![Format::CloudTrail],
        opaque_tokens: true,
        ..Options::default()
    };
    simulate(&options, folder, &mut |_| {})?;
    Ok(())
}

impl Input {
    /// Reads all CloudTrail files below a folder.
    pub fn load(folder: &Path, config: Option<&Path>) -> Result<Self> {
        let config = Config::load(config)?;
        let analytics = analytic::load(&config.analytics, &config.mentioned_analytics())?;
        // A time after everything that is in a log.
        let setup = Setup::new(config, analytics, Time::from_nanos(i64::MAX / 2));
        let mut days: BTreeMap<Day, Vec<Event>> = BTreeMap::new();
        let mut logs = Vec::new();
        for file in discover(&[folder.to_owned()])? {
            let stored = fs::read(file.path().ok_or("a file below a folder has a path")?)?;
            let lines = lines_of(&stored)?;
            let mut day = None;
            events_of(&lines, &mut |event| {
                day = day.or(Some(event.time.day()));
                days.entry(event.time.day()).or_default().push(event);
            });
            let Some(day) = day else { continue };
            logs.push(Log {
                day,
                file,
                stored,
                lines,
            });
        }
        for events in days.values_mut() {
            events.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        }
        let first_judged = days.keys().rev().nth(DAYS_JUDGED - 1);
        let first_judged = *first_judged.ok_or("too few days of CloudTrail records")?;
        Ok(Self {
            setup,
            folder: folder.to_owned(),
            logs,
            days,
            first_judged,
        })
    }

    pub fn n_events(&self) -> usize {
        self.days.values().map(Vec::len).sum()
    }

    /// Returns the events of the days that are learnt.
    pub fn learnt(&self) -> impl Iterator<Item = (Day, &Vec<Event>)> {
        self.days
            .range(..self.first_judged)
            .map(|(day, events)| (*day, events))
    }

    /// Returns the events of the days that are judged.
    pub fn judged(&self) -> impl Iterator<Item = (Day, &Vec<Event>)> {
        self.days
            .range(self.first_judged..)
            .map(|(day, events)| (*day, events))
    }

    /// Returns the files that are learnt, or those that are judged.
    pub fn files(&self, judged: bool) -> Vec<InputFile> {
        let wanted = |log: &&Log| (log.day >= self.first_judged) == judged;
        let logs = self.logs.iter().filter(wanted);
        logs.map(|log| log.file.clone()).collect()
    }

    /// Learns the days that are learnt into a store.
    pub fn train(&self, store: &Store) -> Result<()> {
        let (files, how) = (self.files(false), ReadOptions::default());
        train(&self.setup, store, files, how, None, &NoProgress)?;
        Ok(())
    }
}

/// Reads events from bytes, and only counts what is rejected, as a training does.
pub fn events_of(bytes: &[u8], sink: &mut dyn FnMut(Event)) -> FileReport {
    let options = ReadOptions {
        excerpts: false,
        ..ReadOptions::default()
    };
    read(bytes, "bench", &options, sink, &mut |_| {})
}

/// Unpacks bytes, if they are packed.
pub fn unpacked(stored: &[u8]) -> Result<Vec<u8>> {
    let mut plain = Vec::new();
    match stored.starts_with(&[0x1f, 0x8b]) {
        true => MultiGzDecoder::new(stored).read_to_end(&mut plain)?,
        false => std::io::copy(&mut &stored[..], &mut plain)? as usize,
    };
    Ok(plain)
}

/// Returns the records of a file, one a line.
fn lines_of(stored: &[u8]) -> Result<Vec<u8>> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(rename = "Records", borrow)]
        records: Vec<&'a RawValue>,
    }
    let plain = unpacked(stored)?;
    if !plain.starts_with(b"{\"Records\"") {
        return Ok(plain);
    }
    let envelope: Envelope = serde_json::from_slice(&plain)?;
    let lines = envelope.records.iter().map(|record| format!("{record}\n"));
    Ok(lines.collect::<String>().into_bytes())
}
