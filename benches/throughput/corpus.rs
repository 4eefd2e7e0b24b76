//! The logs to read: a simulated estate as gzip files, and the same as plain JSON lines.

use std::fmt;
use std::fs;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use plimsoll::simulate::{Options, simulate};
use plimsoll::sources::{InputFile, discover};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Result;

/// Days simulated: enough for calibration, and a few more to be judged.
const DAYS: u32 = 17;
/// The number of last days that are judged; the days before them are learnt.
const DAYS_SCORED: u32 = 3;
/// The sample of identities from which the number of identities for the wanted records is computed.
const IDENTITIES_PROBED: u32 = 120;

/// The form of the logs on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As the provider delivers them.
    Gzip,
    /// One record per line, not compressed.
    Lines,
}

/// A part of the days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The learnt days.
    Train,
    /// The judged days.
    Score,
}

/// The logs.
pub struct Corpus {
    root: PathBuf,
}

impl Corpus {
    /// Returns the path of the corpus of a size; it need not exist.
    fn of(events: u64) -> Self {
        Self {
            root: Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("throughput-{events}")),
        }
    }

    /// Returns the corpus that an earlier process prepared.
    pub fn find(events: u64) -> Result<Self> {
        let corpus = Self::of(events);
        if !corpus.summary_path().exists() {
            return Err("the corpus was not prepared".into());
        }
        Ok(corpus)
    }

    /// Returns the corpus, or simulates it.
    pub fn prepare(events: u64) -> Result<Self> {
        let corpus = Self::of(events);
        if corpus.summary_path().exists() {
            return Ok(corpus);
        }
        fs::remove_dir_all(&corpus.root).ok();
        let mut options = Options {
            days: 1,
            identities: IDENTITIES_PROBED,
            attack_days_from: DAYS,
            gzip_level: 1,
            ..Options::default()
        };
        let probe = simulate(&options, &corpus.root.join("probe"), &mut |_| {})?;
        fs::remove_dir_all(corpus.root.join("probe"))?;
        let a_day = (probe.records + probe.flows).max(1) as f64;
        let wanted = events as f64 / f64::from(DAYS) / a_day * f64::from(IDENTITIES_PROBED);
        options.days = DAYS;
        options.identities = wanted.max(1.0) as u32;
        options.attack_days_from = DAYS - DAYS_SCORED;
        let gzip = corpus.folder(Shape::Gzip);
        let summary = simulate(&options, &gzip, &mut |_| {})?;
        for file in discover(&[gzip.join("logs")])? {
            let path = file.path().ok_or("a simulated file has a path")?;
            let lines = corpus.folder(Shape::Lines).join(path.strip_prefix(&gzip)?);
            write_lines(path, &lines.with_extension(""))?;
        }
        fs::write(
            corpus.summary_path(),
            format!(
                "{} records and {} flows of {} identities in {DAYS} days, the last {DAYS_SCORED} of them judged; {:.0} MB plain, {:.0} MB gzip",
                summary.records,
                summary.flows,
                summary.identities,
                summary.bytes_plain as f64 / 1e6,
                summary.bytes as f64 / 1e6,
            ),
        )?;
        Ok(corpus)
    }

    fn summary_path(&self) -> PathBuf {
        self.root.join("summary.txt")
    }

    fn folder(&self, shape: Shape) -> PathBuf {
        self.root.join(match shape {
            Shape::Gzip => "gzip",
            Shape::Lines => "lines",
        })
    }

    /// Returns the path of the estate's configuration.
    pub fn config_path(&self) -> PathBuf {
        self.folder(Shape::Gzip).join("plimsoll.toml")
    }

    /// Returns the path of the store that scoring reads.
    pub fn store_path(&self) -> PathBuf {
        self.root.join("store")
    }

    /// Returns a path for a temporary store.
    pub fn scratch_path(&self) -> PathBuf {
        self.root.join("scratch")
    }

    /// Returns the files of some days.
    pub fn files(&self, shape: Shape, part: Part) -> Result<Vec<InputFile>> {
        let start = Options::default().start;
        let scored: Vec<String> = (DAYS - DAYS_SCORED..DAYS)
            .map(|number| format!("/{}/", start.plus(number as i32)).replace('-', "/"))
            .collect();
        let mut files = discover(&[self.folder(shape).join("logs")])?;
        files.retain(|file| {
            scored.iter().any(|day| file.name().contains(day)) == (part == Part::Score)
        });
        Ok(files)
    }
}

impl fmt::Display for Corpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&fs::read_to_string(self.summary_path()).unwrap_or_default())
    }
}

/// Writes an audit file's records one per line, or a flow log unchanged.
fn write_lines(from: &Path, to: &Path) -> Result<()> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(rename = "Records", borrow)]
        records: Vec<&'a RawValue>,
    }
    let mut plain = Vec::new();
    MultiGzDecoder::new(fs::File::open(from)?).read_to_end(&mut plain)?;
    fs::create_dir_all(to.parent().unwrap_or(to))?;
    let mut out = BufWriter::new(fs::File::create(to)?);
    match serde_json::from_slice::<Envelope>(&plain) {
        Ok(envelope) => {
            for record in envelope.records {
                writeln!(out, "{record}")?;
            }
        }
        Err(_) => out.write_all(&plain)?,
    }
    Ok(out.flush()?)
}
