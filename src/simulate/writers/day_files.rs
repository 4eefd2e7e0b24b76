//! The files that a day becomes, and the same day in normalised words beside them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::error::{Error, Result};
use crate::simulate::model::expected::ExpectedEvent;
use crate::simulate::model::other_providers::principal::guid;
use crate::simulate::model::random::Rng;
use crate::simulate::options::Options;
use crate::simulate::writers::gzip::write_file;
use crate::simulate::writers::parquet;

/// How the records of a file hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileLayout {
    /// One a line.
    Lines,
    /// One a line, below a header.
    Headed(&'static str),
    /// One JSON array, between what opens and what closes it.
    Array(&'static str, &'static str),
    /// A row each of a Parquet file.
    Rows,
}

/// The files of a day.
pub(crate) struct DayFiles {
    files: BTreeMap<String, (FileLayout, String)>,
    expected: Option<String>,
    /// Entropy of the ids that providers assign.
    pub(crate) ids: Rng,
    pub(crate) records: u64,
    pub(crate) flows: u64,
}

/// How much was written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WriteStats {
    pub(crate) records: u64,
    pub(crate) flows: u64,
    pub(crate) bytes: u64,
    pub(crate) bytes_plain: u64,
}

impl DayFiles {
    /// Makes an empty day; `keeps_expected` if the expected events are written too.
    pub(crate) fn new(ids: Rng, keeps_expected: bool) -> Self {
        Self {
            files: BTreeMap::new(),
            expected: keeps_expected.then(String::new),
            ids,
            records: 0,
            flows: 0,
        }
    }

    /// Adds a record to a file.
    pub(crate) fn add(&mut self, path: String, layout: FileLayout, record: &str) {
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

    /// Adds the event that a record should give.
    pub(crate) fn add_expected(&mut self, expected: &ExpectedEvent) {
        if let Some(text) = &mut self.expected {
            text.push_str(&serde_json::to_string(expected).unwrap_or_default());
            text.push('\n');
        }
    }

    /// Returns a fresh GUID.
    pub(crate) fn guid(&mut self) -> String {
        guid(&mut self.ids)
    }

    /// Writes the files below `logs`, compressed if their names end so or all are to be, and appends to
    /// `expected-events.jsonl` in `out`.
    pub(crate) fn write(self, out: &Path, logs: &Path, options: &Options) -> Result<WriteStats> {
        let mut written = WriteStats {
            records: self.records,
            flows: self.flows,
            ..WriteStats::default()
        };
        for (mut path, (layout, mut text)) in self.files {
            if options.gzip && layout != FileLayout::Rows && !path.ends_with(".gz") {
                path.push_str(".gz");
            }
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
            written.bytes += write_file(&logs.join(path), &bytes, options.gzip_level)?;
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
