//! A small simulated estate, split into its records so that tests can deliver them in any other way.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use plimsoll::analytic;
use plimsoll::config::Config;
use plimsoll::engine::Setup;
use plimsoll::simulate::{Options, simulate};
use plimsoll::sources::{self, InputFile, ReadOptions};
use plimsoll::time::{Day, Time};

use crate::calls::Call;

/// Days that are learnt: enough for calibrated scores.
pub const LEARNT_DAYS: i32 = 12;
/// The role that reads the configuration of many buckets at once, across a border of the clock's windows.
pub const SWEEPER: &str = "sweeper";
/// An account of which nothing is logged before the second of the days that are scored.
const LATE_ACCOUNT: &str = "333344445555";
/// The simulated days; the attacks are on the days after the learnt ones.
const DAYS: u32 = 16;

/// One record, and the header line that it needs, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub time: Time,
    pub header: Option<String>,
    pub text: String,
}

pub struct Estate {
    pub setup: Setup,
    /// In the order of the simulation.
    pub lines: Vec<Line>,
    pub first: Day,
}

impl Estate {
    /// The first scored day.
    pub fn split(&self) -> Day {
        self.first.plus(LEARNT_DAYS)
    }

    pub fn days(&self) -> impl Iterator<Item = Day> + use<> {
        let first = self.first;
        (0..DAYS as i32).map(move |i| first.plus(i))
    }

    pub fn on(&self, day: Day) -> Vec<&Line> {
        self.between(day.start(), day.end())
    }

    /// Returns the records of the learnt days.
    pub fn learnt(&self) -> Vec<&Line> {
        self.between(self.first.start(), self.split().start())
    }

    /// Returns the records of the scored days.
    pub fn scored(&self) -> Vec<&Line> {
        self.between(self.split().start(), Time::from_nanos(i64::MAX))
    }

    /// Returns the records from one instant until just before another.
    pub fn between(&self, from: Time, until: Time) -> Vec<&Line> {
        let is_within = |line: &&Line| from <= line.time && line.time < until;
        self.lines.iter().filter(is_within).collect()
    }
}

/// Returns the estate that all tests use.
pub fn estate() -> &'static Estate {
    static ESTATE: OnceLock<Estate> = OnceLock::new();
    ESTATE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            seed: 5,
            days: DAYS,
            identities: 30,
            attack_days_from: LEARNT_DAYS as u32,
            scale: 0.15,
            gzip_level: 1,
            ..Options::default()
        };
        simulate(&options, folder.path(), &mut |_| {}).unwrap();
        let config = Config::load(Some(&folder.path().join("plimsoll.toml"))).unwrap();
        let mut lines = lines_under(&folder.path().join("logs"));
        let joins = options.start.plus(LEARNT_DAYS + 1).start();
        lines.retain(|line| line.time >= joins || !is_of_late_account(line));
        lines.extend(sweep(options.start));
        Estate {
            setup: setup(config),
            lines,
            first: options.start,
        }
    })
}

/// Returns whether a record is one of the trail or the flow logs of the account that joins late.
fn is_of_late_account(line: &Line) -> bool {
    match line.header {
        Some(_) => line.text.contains(LATE_ACCOUNT),
        None => {
            let record: serde_json::Value = serde_json::from_str(&line.text).unwrap();
            record["recipientAccountId"] == LATE_ACCOUNT
        }
    }
}

/// A role that reads the configuration of a bucket or two a day, and then of twenty, from four seconds before a border of
/// the clock's ten seconds to four seconds after it.
fn sweep(first: Day) -> impl Iterator<Item = Line> {
    let read = move |day: i32, second: i64, n: u64| {
        let time = first.plus(day).start().plus_secs(second);
        Call {
            operation: "GetBucketPolicy",
            bucket: format!("swept-{n}"),
            ..Call::new(time, SWEEPER, 7_000_000 + 100 * day as u64 + n)
        }
    };
    let usual = (0..LEARNT_DAYS).flat_map(move |day| (0..2).map(move |n| (day, n)));
    let usual = usual.map(move |(day, n)| read(day, 40_000 + 900 * n, n as u64));
    let burst = (0..20).map(move |n| read(LEARNT_DAYS + 1, 43_206 + n as i64 * 8 / 20, n));
    usual.chain(burst).map(|call| call.line())
}

/// Returns the given configuration with the built-in analytics, at a time long after everything simulated.
pub fn setup(config: Config) -> Setup {
    let analytics = analytic::load(&config.analytics, &config.mentioned_analytics()).unwrap();
    Setup::new(
        config,
        analytics,
        Time::parse("2027-01-01T00:00:00Z").unwrap(),
    )
}

/// Splits all files under a folder into records.
fn lines_under(folder: &Path) -> Vec<Line> {
    let mut lines = Vec::new();
    for file in sources::discover(&[folder.to_owned()]).unwrap() {
        let mut text = String::new();
        let packed = fs::File::open(file.path().unwrap()).unwrap();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(packed), &mut text)
            .unwrap();
        if text.starts_with('{') {
            let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
            let records = document["Records"].take();
            for record in records.as_array().unwrap() {
                lines.extend(line(None, record.to_string()));
            }
        } else {
            let (header, rest) = text.split_once('\n').unwrap();
            for flow in rest.lines() {
                lines.extend(line(Some(header.to_owned()), flow.to_owned()));
            }
        }
    }
    lines
}

/// Returns a record with its time, unless it is no event.
pub fn line(header: Option<String>, text: String) -> Option<Line> {
    let input = format!("{}\n{text}\n", header.as_deref().unwrap_or_default());
    let mut time = None;
    sources::read(
        input.as_bytes(),
        "line",
        &ReadOptions::default(),
        &mut |event| time = Some(event.time),
        &mut |reject| panic!("{reject:?}"),
    );
    Some(Line {
        time: time?,
        header,
        text,
    })
}

/// Writes each group of records as a file of its own; flows with another header go into a separate file.
pub fn write<'a>(folder: &Path, groups: impl IntoIterator<Item = Vec<&'a Line>>) -> Vec<InputFile> {
    fs::create_dir_all(folder).unwrap();
    for (number, group) in groups.into_iter().enumerate() {
        let mut files: BTreeMap<&Option<String>, Vec<&str>> = BTreeMap::new();
        for line in group {
            files
                .entry(&line.header)
                .or_insert_with(|| line.header.as_deref().into_iter().collect())
                .push(&line.text);
        }
        for (part, lines) in files.values().enumerate() {
            let name = folder.join(format!("part-{number:04}-{part}.log"));
            fs::write(name, lines.join("\n") + "\n").unwrap();
        }
    }
    sources::discover(&[folder.to_owned()]).unwrap()
}

/// Random numbers that a seed reproduces.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((x ^ (x >> 31)) % n.max(1) as u64) as usize
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// Distributes items over groups.
    pub fn deal<T>(&mut self, items: Vec<T>, heaps: usize) -> Vec<Vec<T>> {
        let mut dealt: Vec<Vec<T>> = (0..heaps).map(|_| Vec::new()).collect();
        for item in items {
            dealt[self.below(heaps)].push(item);
        }
        dealt
    }
}
