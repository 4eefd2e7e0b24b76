//! One measured job.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::time::Instant;

use plimsoll::config::Config;
use plimsoll::engine::{NoProgress, ScoreOptions, Setup, score, train};
use plimsoll::sources::ReadOptions;
use plimsoll::store::Store;
use plimsoll::time::Time;

use crate::Result;
use crate::corpus::{Corpus, Part, Shape};
use crate::reference;

/// The argument with which this program runs one job rather than all.
const ARGUMENT: &str = "--job";
/// The budget: alerts a day, the default.
const BUDGET_PER_DAY: f64 = 5.0;

/// What is done with the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Only decompressed and parsed.
    Reference,
    /// Learnt into a new store, or judged with an existing one, depending on the days.
    Work,
}

/// One measured job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    pub shape: Shape,
    pub part: Part,
    pub task: Task,
}

/// The result of a job.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    pub secs: f64,
    pub events: u64,
    pub bytes: u64,
    /// Largest resident memory of the process, in KiB; 0 where the system does not report it.
    pub peak_kib: u64,
}

const fn job(shape: Shape, part: Part, task: Task) -> Job {
    Job { shape, part, task }
}

impl Job {
    /// Every job, each directly after its reference.
    pub const ALL: [Self; 8] = [
        job(Shape::Gzip, Part::Train, Task::Reference),
        job(Shape::Gzip, Part::Train, Task::Work),
        job(Shape::Gzip, Part::Score, Task::Reference),
        job(Shape::Gzip, Part::Score, Task::Work),
        job(Shape::Lines, Part::Train, Task::Reference),
        job(Shape::Lines, Part::Train, Task::Work),
        job(Shape::Lines, Part::Score, Task::Reference),
        job(Shape::Lines, Part::Score, Task::Work),
    ];

    /// Returns the job that this process was started for.
    pub fn asked_for() -> Option<Self> {
        let arguments: Vec<String> = std::env::args().collect();
        let at = arguments.iter().position(|a| a == ARGUMENT)?;
        let number: usize = arguments.get(at + 1)?.parse().ok()?;
        Self::ALL.get(number).copied()
    }

    /// Runs it in a process of its own.
    pub fn run_apart(self) -> Result<Measured> {
        let number = Self::ALL.iter().position(|&job| job == self).unwrap_or(0);
        let output = Command::new(std::env::current_exe()?)
            .args([ARGUMENT, &number.to_string()])
            .stderr(Stdio::inherit())
            .output()?;
        String::from_utf8(output.stdout)?.parse()
    }

    /// Runs it in this process.
    pub fn run(self, corpus: &Corpus) -> Result<Measured> {
        let files = corpus.files(self.shape, self.part)?;
        let setup = setup(corpus)?;
        let scratch = corpus.scratch_path();
        fs::remove_dir_all(&scratch).ok();
        let start = Instant::now();
        let (events, bytes) = match (self.task, self.part) {
            (Task::Reference, _) => reference::read(&files, self.shape)?,
            (Task::Work, Part::Train) => learn(&setup, &scratch, files)?,
            (Task::Work, Part::Score) => {
                let generation = Store::at(corpus.store_path()).load_generation()?;
                let options = ScoreOptions {
                    budget_per_day: Some(BUDGET_PER_DAY),
                    show_low: false,
                    show_suppressed: false,
                };
                let how = (&options, ReadOptions::default(), false);
                let summary = score(
                    &setup,
                    generation,
                    files,
                    how,
                    None,
                    &NoProgress,
                    |_| Ok(()),
                )?;
                volume(&summary.intake)
            }
        };
        let secs = start.elapsed().as_secs_f64();
        fs::remove_dir_all(&scratch).ok();
        Ok(Measured {
            secs,
            events,
            bytes,
            peak_kib: peak_kib(),
        })
    }
}

/// Trains the store that scoring needs.
pub fn train_for_scoring(corpus: &Corpus) -> Result<()> {
    fs::remove_dir_all(corpus.store_path()).ok();
    let files = corpus.files(Shape::Lines, Part::Train)?;
    learn(&setup(corpus)?, &corpus.store_path(), files).map(|_| ())
}

fn setup(corpus: &Corpus) -> Result<Setup> {
    let config = Config::load(Some(&corpus.config_path()))?;
    let analytics = plimsoll::analytic::load(&config.analytics, &config.mentioned_analytics())?;
    // A time after everything that was simulated.
    let now = Time::parse("2027-01-01T00:00:00Z").ok_or("no time")?;
    Ok(Setup::new(config, analytics, now))
}

fn learn(
    setup: &Setup,
    store: &Path,
    files: Vec<plimsoll::sources::InputFile>,
) -> Result<(u64, u64)> {
    let how = ReadOptions::default();
    let summary = train(setup, &Store::at(store), files, how, false, &NoProgress)?;
    Ok(volume(&summary.intake))
}

fn volume(intake: &plimsoll::engine::IntakeSummary) -> (u64, u64) {
    let bytes = intake.files.iter().map(|file| file.bytes_json).sum();
    (intake.records(), bytes)
}

/// Returns the largest resident memory of this process so far.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            secs,
            events,
            bytes,
            peak_kib,
        } = self;
        write!(f, "{secs} {events} {bytes} {peak_kib}")
    }
}

impl FromStr for Measured {
    type Err = Box<dyn std::error::Error>;

    fn from_str(text: &str) -> Result<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [secs, events, bytes, peak_kib] = words[..] else {
            return Err("a measurement failed".into());
        };
        Ok(Self {
            secs: secs.parse()?,
            events: events.parse()?,
            bytes: bytes.parse()?,
            peak_kib: peak_kib.parse()?,
        })
    }
}
