//! Reading, format by format, beside only walking the same bytes.
//!
//! What a file costs whatever is in it, some 20 µs, is not what a record costs. So files of JSON values are read as one, and of formats that
//! are not simulated, only such files are: the others of the tests have a few rows each.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use plimsoll::event::Source;
use plimsoll::simulate::{Format, Options, simulate};
use plimsoll::sources::discover;
use serde::de::IgnoredAny;

use crate::Result;
use crate::input::{events_of, unpacked};

/// About as many bytes of each format are read in a round.
const BYTES: usize = 32 << 20;

/// The format beside which the others are told.
pub const BESIDE: &str = "aws.cloudtrail";

/// What tables of OCSF in Parquet are called, as Security Lake has them.
const PARQUET: &str = "ocsf (Parquet)";

/// Returns the plain bytes of files of every format: simulated ones, and of what is not simulated the JSON records of the tests.
pub fn all(folder: &Path) -> Result<BTreeMap<&'static str, Vec<Vec<u8>>>> {
    let mut formats = simulated(folder)?;
    for source in Source::ALL {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats");
        let tests = tests.join(source.as_str());
        if formats.contains_key(source.as_str()) || !tests.is_dir() {
            continue;
        }
        let mut files = Vec::new();
        for file in fs::read_dir(tests)? {
            let path = file?.path();
            if path.extension().is_none_or(|end| end != "snap") {
                // Some are damaged on purpose.
                let Ok(plain) = unpacked(&fs::read(path)?) else {
                    continue;
                };
                let format = events_of(&plain, &mut drop).format();
                files.extend((format == Some(source.as_str())).then_some(plain));
            }
        }
        if files.iter().any(|file| is_json(file)) {
            files.retain(|file| is_json(file));
        }
        files.sort_unstable();
        if !files.is_empty() {
            formats.insert(source.as_str(), files);
        }
    }
    for files in formats.values_mut() {
        if files.iter().all(|file| is_json(file)) {
            let joined = files.join(&b'\n');
            let times = BYTES.div_ceil(joined.len().max(1));
            *files = vec![vec![joined; times].join(&b'\n')];
        }
        let bytes: usize = files.iter().map(Vec::len).sum();
        let times = BYTES.div_ceil(bytes.max(1));
        *files = std::iter::repeat_n(files.clone(), times)
            .flatten()
            .collect();
    }
    Ok(formats)
}

/// Simulates a company in every format that can be; returns the plain bytes of the files of each.
fn simulated(folder: &Path) -> Result<BTreeMap<&'static str, Vec<Vec<u8>>>> {
    let options = Options {
        days: 2,
        identities: 100,
        attack_days_from: 2,
        formats: Format::ALL.to_vec(),
        ..Options::default()
    };
    simulate(&options, folder, &mut |_| {})?;
    let mut formats: BTreeMap<&str, Vec<Vec<u8>>> = BTreeMap::new();
    for file in discover(&[folder.join("logs")])? {
        let stored = fs::read(file.path().ok_or("a file below a folder has a path")?)?;
        let plain = unpacked(&stored)?;
        let format = events_of(&plain, &mut drop).format();
        // Bytes of columns are compressed, so they are told apart.
        let format = match plain.starts_with(b"PAR1") {
            true => format.map(|_| PARQUET),
            false => format,
        };
        if let Some(name) = format {
            formats.entry(name).or_default().push(plain);
        }
    }
    Ok(formats)
}

/// Returns whether something is JSON values, one after another.
fn is_json(bytes: &[u8]) -> bool {
    bytes.starts_with(b"{") || bytes.starts_with(b"[")
}

/// Parses every JSON value, or splits every line at its blanks, and keeps nothing.
pub fn walk(bytes: &[u8]) -> usize {
    if is_json(bytes) {
        let values = serde_json::Deserializer::from_slice(bytes);
        return values.into_iter::<IgnoredAny>().count();
    }
    let lines = bytes.split(|&b| b == b'\n');
    lines.map(|line| line.split(|&b| b == b' ').count()).sum()
}
