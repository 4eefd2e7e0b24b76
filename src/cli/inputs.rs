//! The logs that a command reads, and reports of those that could not be read.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::{Common, Console, Ending};
use crate::engine::IntakeSummary;
use crate::error::{Error, Result};
use crate::event::Source;
use crate::report::json;
use crate::sources::{self, InputFile, ReadOptions, Reject};

/// The logs that a command is to read.
pub struct Inputs {
    /// Files, in the order in which they should be read.
    pub files: Vec<InputFile>,
    /// A forced format.
    pub options: ReadOptions,
    /// Where rejected records go.
    pub rejects: Option<PathBuf>,
    is_missing_some: bool,
}

impl Inputs {
    /// Finds the log files of some paths. A path that does not exist is reported, and the others are read.
    ///
    /// # Errors
    ///
    /// Fails if the format is unknown, or there is nothing to read at all.
    pub fn find(logs: &[PathBuf], common: &Common, console: &Console) -> Result<Self> {
        let options = read_options(common.input.as_deref())?;
        let mut files = Vec::new();
        let mut is_missing_some = false;
        for path in logs {
            match sources::discover(std::slice::from_ref(path)) {
                Ok(found) => files.extend(found),
                Err(error) if logs.len() == 1 => return Err(error),
                Err(error) => {
                    console.complain(&error);
                    is_missing_some = true;
                }
            }
        }
        if files.is_empty() {
            return Err(Error::failed("there are no files to read")
                .hint("give files, or folders with files"));
        }
        if logs.len() > 1 {
            files = in_order(&files)?;
        }
        Ok(Self {
            files,
            options,
            rejects: common.rejects.clone(),
            is_missing_some,
        })
    }

    /// Returns whether rejected records are to be kept.
    pub fn keeps_rejects(&self) -> bool {
        self.rejects.is_some()
    }
}

/// Puts files that several paths stand for into one order, each once.
fn in_order(files: &[InputFile]) -> Result<Vec<InputFile>> {
    let path = |file: &InputFile| {
        file.path()
            .map_or_else(|| PathBuf::from("-"), Path::to_path_buf)
    };
    sources::discover(&files.iter().map(path).collect::<Vec<_>>())
}

/// Returns the options of reading with a forced format, or none.
///
/// # Errors
///
/// A usage error if there is no such format.
pub fn read_options(forced: Option<&str>) -> Result<ReadOptions> {
    let format = match forced {
        Some(name) => Some(Source::parse(name).ok_or_else(|| {
            let known: Vec<&str> = Source::ALL.iter().map(|s| s.as_str()).collect();
            Error::usage(format!("`{name}` is no log format"))
                .hint(format!("the formats are {}", known.join(", ")))
        })?),
        None => None,
    };
    Ok(ReadOptions { format })
}

/// Writes rejected records if a file for them was given, and reports each file that could not be read to its end.
///
/// # Errors
///
/// Fails if the rejected records cannot be written.
pub fn account_for(
    intake: &IntakeSummary,
    rejects: Option<&Path>,
    console: &Console,
) -> Result<Ending> {
    if let Some(path) = rejects {
        write_rejects(path, &intake.rejects).map_err(|e| cannot_write(path, e))?;
    }
    let mut ending = Ending::Complete;
    for report in intake
        .files
        .iter()
        .filter(|f| f.events == 0 && !f.rejected.is_empty())
    {
        let reasons: Vec<&str> = report.rejected.keys().copied().collect();
        console.fault(&format!(
            "no event in `{}` could be read: {}; `--rejects FILE` writes the records",
            report.file,
            reasons.join(", ")
        ));
    }
    let is_nothing_read = intake.reports().all(|f| f.events == 0);
    if is_nothing_read && !intake.rejected().is_empty() {
        ending = Ending::Incomplete;
    }
    for (file, why) in intake.broken_files() {
        console.fault(&format!("`{file}` could not be read to its end: {why}"));
        ending = Ending::Incomplete;
    }
    Ok(ending)
}

/// Does as [`account_for`]; also takes missing paths into account, and warns if there was no record at all.
///
/// # Errors
///
/// Fails if the rejected records cannot be written.
pub fn close(
    intake: &IntakeSummary,
    rejects: Option<&Path>,
    is_missing_some: bool,
    console: &Console,
) -> Result<Ending> {
    let ending = account_for(intake, rejects, console)?;
    let is_known = intake.known_files > 0;
    if !is_known && intake.records() == 0 && intake.broken_files().next().is_none() {
        console.warn("there is no record in the files that were read");
    }
    Ok(if is_missing_some {
        Ending::Incomplete
    } else {
        ending
    })
}

impl Inputs {
    /// Returns where rejected records go, and whether some path did not exist: what is left to do after reading.
    pub fn rest(&self) -> (Option<PathBuf>, bool) {
        (self.rejects.clone(), self.is_missing_some)
    }
}

/// Writes rejected records as JSON lines.
///
/// # Errors
///
/// Fails if the disk does.
pub fn write_rejects(path: &Path, rejects: &[Reject]) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for reject in rejects {
        file.write_all(line_of(reject).as_bytes())?;
    }
    file.flush()
}

/// Where rejected records are appended as they come.
pub struct RejectLog {
    file: File,
    path: PathBuf,
}

impl RejectLog {
    /// Opens it; what it holds stays.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    pub fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        Ok(Self {
            file: file.map_err(|e| cannot_write(path, e))?,
            path: path.to_owned(),
        })
    }

    /// Appends a record.
    ///
    /// # Errors
    ///
    /// Fails if the disk is full.
    pub fn append(&mut self, reject: &Reject) -> Result<()> {
        self.file
            .write_all(line_of(reject).as_bytes())
            .map_err(|e| cannot_write(&self.path, e))
    }
}

fn line_of(reject: &Reject) -> String {
    let document = json!({
        "file": &*reject.position.file, "line": reject.position.line,
        "record": reject.position.record, "byte": reject.position.byte,
        "reason": reject.reason.as_str(), "excerpt": reject.excerpt,
    });
    json::line(&document) + "\n"
}

fn cannot_write(path: &Path, error: io::Error) -> Error {
    Error::failed(format!(
        "cannot write rejected records to `{}`",
        path.display()
    ))
    .cause(error)
}
