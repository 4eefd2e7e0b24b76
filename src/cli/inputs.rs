//! The logs that a command reads, and reports of those that could not be read.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use crate::cli::clock::now;
use crate::cli::options::PeriodSelection;
use crate::cli::{Common, Console, Ending};
use crate::config::Config;
use crate::engine::{IntakeSummary, KeepRejects, OwnFiles, listed_before};
use crate::error::{Error, Kind, Result};
use crate::event::Source;
use crate::objects::{Access, Bucket, Location, Series, Wanted, list};
use crate::report::{Plain, in_shell, json, noun};
use crate::sources::{self, FileReport, InputFile, Period, ReadOptions, Reject};
use crate::store::{is_part_of_store, is_store};
use crate::time::Day;

/// Longer than any line of the file of rejected records.
const LINE_BYTES_MAX: u64 = 1 << 16;
/// The most files that are named because they are no logs.
const FOREIGN_NAMED_MAX: usize = 5;
/// The most files that are named because they could not be read to their end, for each reason.
const BROKEN_NAMED_MAX: usize = 20;

/// The logs that a command is to read.
pub struct Inputs {
    /// Files, in the order in which they should be read.
    pub files: Vec<InputFile>,
    /// A forced format.
    pub options: ReadOptions,
    /// What is left to do after reading.
    pub rest: Rest,
}

/// What is left to do once logs were read.
pub struct Rest {
    rejects: Option<RejectFile>,
    is_missing_some: bool,
}

impl Rest {
    /// Returns where rejected records are kept, if they are.
    pub fn keeps(&self) -> Option<&dyn KeepRejects> {
        self.rejects
            .as_ref()
            .map(|rejects| rejects as &dyn KeepRejects)
    }

    /// Returns whether some path could not be reached.
    pub fn is_missing_some(&self) -> bool {
        self.is_missing_some
    }
}

impl Inputs {
    /// Finds the log files of some paths. A path or folder that cannot be read is reported, and the others are read. Below folders,
    /// `own` and the files of the common options are left out.
    ///
    /// # Errors
    ///
    /// Fails if the format is unknown, or there is nothing to read at all.
    pub fn find(
        logs: &[PathBuf],
        own: impl IntoIterator<Item = PathBuf>,
        (period, common): (&PeriodSelection, &Common),
        console: &Console,
    ) -> Result<Self> {
        let no_series = |_: &ReadOptions| Ok(BTreeMap::new());
        Self::find_with(
            (logs, no_series),
            own,
            (period, common),
            console,
            RejectFile::create,
        )
    }

    /// Finds files as [`Self::find`] does, for a training, which reads each file once and no more: rejected records are written
    /// behind those of earlier runs, and the days of objects that were learnt are not listed again.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::find`] does.
    pub fn find_new(
        logs: &[PathBuf],
        own: impl IntoIterator<Item = PathBuf>,
        (period, common): (&PeriodSelection, &Common),
        console: &Console,
    ) -> Result<Self> {
        let learnt = |options: &ReadOptions| listed_before(&common.store(), options, now().day());
        Self::find_with(
            (logs, learnt),
            own,
            (period, common),
            console,
            RejectFile::append,
        )
    }

    fn find_with(
        (logs, listed_before): (
            &[PathBuf],
            impl Fn(&ReadOptions) -> Result<BTreeMap<Series, Day>>,
        ),
        own: impl IntoIterator<Item = PathBuf>,
        (period, common): (&PeriodSelection, &Common),
        console: &Console,
        open_rejects: fn(&Path) -> Result<RejectFile>,
    ) -> Result<Self> {
        let own = own_files(own, common);
        let options = read_options(period, common)?;
        let mut files = Vec::new();
        let mut is_missing_some = false;
        let (locations, paths) = split(logs);
        let mut unreachable = Vec::new();
        let has_objects = !locations.is_empty();
        if has_objects {
            let period = options.period;
            // Who names a first day wants all from then on.
            let from = match period.since {
                Some(_) => BTreeMap::new(),
                None => listed_before(&options)?,
            };
            let wanted = Wanted::of((period.since, period.until), from, now().day());
            let access = object_access();
            for location in locations {
                let listed = access
                    .bucket(&location)
                    .and_then(|bucket| list(&bucket, &location, &wanted));
                match listed {
                    Ok(objects) => files.extend(objects.into_iter().map(InputFile::Object)),
                    Err(error) if error.kind() == Kind::Usage => return Err(error),
                    Err(error) => unreachable.push((true, error)),
                }
            }
        }
        for path in paths {
            let named = std::slice::from_ref(path);
            let left_out = |path: &Path| own.has(path);
            files.extend(sources::discover_reachable(named, &left_out, &mut |one| {
                unreachable.push((one.is_named, one.into_error()));
            }));
        }
        for (is_named, error) in unreachable {
            if is_named && logs.len() == 1 {
                return Err(error);
            }
            console.complain(&error);
            is_missing_some = true;
        }
        if files.is_empty() {
            // Of files, what is outside the period is only known once they are read.
            let period = match has_objects {
                true => options.period,
                false => Period::default(),
            };
            return Err(nothing_to_read(logs, period));
        }
        files = sources::in_order(files);
        Ok(Self {
            files,
            options,
            rest: Rest {
                rejects: common.rejects.as_deref().map(open_rejects).transpose()?,
                is_missing_some,
            },
        })
    }
}

/// The error of logs of which nothing is to be read, as far as it was searched within a period.
fn nothing_to_read(logs: &[PathBuf], period: Period) -> Error {
    let bounds = match (period.since, period.until) {
        (None, None) => String::new(),
        (Some(since), None) => format!(" since {since}"),
        (None, Some(until)) => format!(" until {until}"),
        (Some(since), Some(until)) => format!(" from {since} to {until}"),
    };
    let error = Error::failed(format!("there are no files to read{bounds}"));
    match logs.iter().find(|path| is_store(path)) {
        Some(store) => error.cause(format!("`{}` is a store of plimsoll", store.display())),
        None => error,
    }
    .hint(match (period.since, period.until) {
        (None, None) => "give files, folders with files, or prefixes of objects",
        (_, None) => "keys state no such day: give an earlier `--since`, or other prefixes of objects",
        (None, _) => "keys state no such day: give a later `--until`, or other prefixes of objects",
        _ => "keys state no such day: give other `--since` and `--until`, or other prefixes of objects",
    })
}

/// Separates what lies in object stores from what lies on this machine.
pub fn split(logs: &[PathBuf]) -> (Vec<Location>, Vec<&PathBuf>) {
    let (mut locations, mut paths) = (Vec::new(), Vec::new());
    for log in logs {
        match log.to_str().and_then(Location::parse) {
            Some(location) => locations.push(location),
            None => paths.push(log),
        }
    }
    (locations, paths)
}

/// Where objects are listed, and their buckets; and the paths of what lies on this machine.
type Watched = (Vec<(Location, Arc<dyn Bucket>)>, Vec<PathBuf>);

/// Returns what is followed: the buckets that logs lie in, opened, and the paths of the others.
///
/// # Errors
///
/// Fails if a bucket cannot be opened.
pub fn watched(logs: &[PathBuf], access: &Access) -> Result<Watched> {
    let (locations, paths) = split(logs);
    let opened = locations.into_iter().map(|location| {
        let bucket = access.bucket(&location)?;
        Ok((location, bucket))
    });
    let paths = paths.into_iter().cloned().collect();
    Ok((opened.collect::<Result<_>>()?, paths))
}

/// Returns access to object stores, with the settings of the environment.
pub fn object_access() -> Access {
    let text = |(key, value): (OsString, OsString)| {
        Some((key.into_string().ok()?, value.into_string().ok()?))
    };
    Access::new(std::env::vars_os().filter_map(text))
}

/// Returns the options of reading: a period, a forced format or none, and what the configuration opens.
///
/// # Errors
///
/// A usage error if there is no such format, or the configuration has faults.
pub fn read_options(period: &PeriodSelection, common: &Common) -> Result<ReadOptions> {
    let period = period.period();
    if let (Some(since), Some(until)) = (period.since, period.until)
        && since > until
    {
        return Err(Error::usage(
            "`--since` is later than `--until`, so nothing lies between them",
        ));
    }
    let format = match common.input.as_deref() {
        Some(name) => Some(Source::parse(name).ok_or_else(|| {
            let known: Vec<&str> = Source::ALL.iter().map(|s| s.as_str()).collect();
            Error::usage(format!("`{name}` is no log format"))
                .hint(format!("the formats are {}", known.join(", ")))
        })?),
        None => None,
    };
    let config = Config::load(common.config.as_deref())?;
    Ok(ReadOptions {
        format,
        unwrap: config.opened_members(),
        threads: common.threads,
        period,
        ..ReadOptions::default()
    })
}

/// Returns what a run leaves out of folders: what it reads and writes besides logs, and all stores.
pub fn own_files(of_command: impl IntoIterator<Item = PathBuf>, common: &Common) -> OwnFiles {
    let of_run = of_command.into_iter();
    OwnFiles::new(
        of_run
            .chain(common.rejects.clone())
            .chain(common.config.clone()),
    )
}

/// Reports each file that could not be read to its end or is a log without a record that could be read.
///
/// What is no log is only told, unless there is nothing else: then the wrong place was given.
pub fn account_for(intake: &IntakeSummary, is_first: bool, console: &Console) -> Ending {
    for report in intake.files.iter().filter(|report| report.is_lost()) {
        let file = report.file.to_string();
        console.fault(&format!(
            "no event in `{file}` could be read: {}; `plimsoll inspect {} --rejects rejects.jsonl` writes the records",
            reasons(report),
            in_shell(&file),
        ));
    }
    let mut by_reason: BTreeMap<&str, usize> = BTreeMap::new();
    for (file, why) in intake.broken_files() {
        let n_of_reason = by_reason.entry(why).or_default();
        *n_of_reason += 1;
        if *n_of_reason <= BROKEN_NAMED_MAX {
            console.fault(&format!("`{file}` could not be read to its end: {why}"));
        }
    }
    for (why, n) in by_reason {
        if n > BROKEN_NAMED_MAX {
            let files = noun((n - BROKEN_NAMED_MAX) as u64, "more file", "more files");
            console.fault(&format!("{files} could not be read to the end: {why}"));
        }
    }
    let reports: Vec<&FileReport> = intake.files.iter().collect();
    let is_first = is_first && intake.unnamed.as_ref().is_none_or(|rest| rest.records == 0);
    if is_first && let Some(report) = example_without_logs(&reports) {
        console.fault(&format!(
            "no file is a log that plimsoll knows: {}; give the folder of the logs, or force a format with `--input FORMAT`",
            why_no_log(report)
        ));
    } else {
        tell_foreign(&reports, console);
    }
    ending(&reports, is_first)
}

/// Returns how reading ended: not well if a file could not be read to its end, a log has no record that could be read, or,
/// where no logs were known before, there is no log at all.
pub fn ending(reports: &[&FileReport], is_first: bool) -> Ending {
    let is_bad = |report: &&FileReport| report.error.is_some() || report.is_lost();
    if reports.iter().any(is_bad) || (is_first && example_without_logs(reports).is_some()) {
        Ending::Incomplete
    } else {
        Ending::Complete
    }
}

/// Returns one of the files if some are no logs and all others are empty.
fn example_without_logs<'a>(reports: &[&'a FileReport]) -> Option<&'a FileReport> {
    let is_none = |report: &&FileReport| report.is_own() || report.is_foreign();
    let is_empty = |report: &FileReport| report.records == 0 && report.error.is_none();
    let is_log = |report: &&FileReport| !is_none(report) && (report.is_log || !is_empty(report));
    if reports.iter().any(is_log) {
        return None;
    }
    reports.iter().copied().find(is_none)
}

/// Says why a file is no log.
fn why_no_log(report: &FileReport) -> String {
    if report.is_own() || is_part_of_store(Path::new(&*report.file)) {
        format!("`{}` is plimsoll's own file", report.file)
    } else {
        format!("`{}` ({})", report.file, reasons(report))
    }
}

fn reasons(report: &FileReport) -> String {
    let mut reasons: Vec<String> = report.rejected.keys().map(|&r| r.to_owned()).collect();
    // Where records of a known format are, and what opens them.
    reasons.extend(report.held.keys().map(|(place, source)| {
        format!("{source} in `{place}`, which `[input] unwrap = [\"{place}\"]` opens")
    }));
    reasons.join(", ")
}

/// Names files that are no logs.
fn tell_foreign(reports: &[&FileReport], console: &Console) {
    let foreign: Vec<&&FileReport> = reports.iter().filter(|r| r.is_foreign()).collect();
    if foreign.is_empty() {
        return;
    }
    let mut named: Vec<String> = foreign
        .iter()
        .take(FOREIGN_NAMED_MAX)
        .map(|report| why_no_log(report))
        .collect();
    let n_more = foreign.len().saturating_sub(FOREIGN_NAMED_MAX);
    if n_more > 0 {
        named.push(format!(
            "and {n_more} more, which `plimsoll inspect --files` lists"
        ));
    }
    let files = noun(foreign.len() as u64, "file is no log", "files are no logs");
    console.say(&format!("{files}: {}\n", Plain(&named.join(", "))));
}

/// Does as [`account_for`]; also takes missing paths into account, and warns if there was no record at all.
pub fn close(intake: &IntakeSummary, rest: &Rest, console: &Console) -> Ending {
    let is_first = intake.known_files == 0;
    let ending = account_for(intake, is_first, console);
    if is_first && intake.records() == 0 && intake.broken_files().next().is_none() {
        console.warn("there is no record in the files that were read");
    }
    match rest.is_missing_some {
        true => Ending::Incomplete,
        false => ending,
    }
}

/// The file of rejected records, which gets each as it comes.
pub struct RejectFile {
    file: Mutex<BufWriter<File>>,
    path: PathBuf,
    /// Whether each is written at once, since the run may go on for ever.
    is_live: bool,
}

impl RejectFile {
    /// Creates it, or empties it.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        has_only_rejects(path)?;
        Self::of(path, File::create(path), false)
    }

    /// Opens it to write each record at once behind what it holds.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    pub fn append(path: &Path) -> Result<Self> {
        has_only_rejects(path)?;
        let file = OpenOptions::new().create(true).append(true).open(path);
        Self::of(path, file, true)
    }

    fn of(path: &Path, file: io::Result<File>, is_live: bool) -> Result<Self> {
        Ok(Self {
            file: Mutex::new(BufWriter::new(file.map_err(|e| cannot_write(path, e))?)),
            path: path.to_owned(),
            is_live,
        })
    }

    fn with(&self, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        write(&mut file).map_err(|e| cannot_write(&self.path, e))
    }
}

impl KeepRejects for RejectFile {
    fn keep(&self, reject: &Reject) -> Result<()> {
        let line = line_of(reject);
        self.with(|file| {
            file.write_all(line.as_bytes())?;
            if self.is_live { file.flush() } else { Ok(()) }
        })
    }

    fn complete(&self) -> Result<()> {
        self.with(|file| file.flush())
    }
}

/// Refuses a file of something else, which may be a log.
fn has_only_rejects(path: &Path) -> Result<()> {
    let Ok(file) = File::open(path) else {
        return Ok(());
    };
    let mut first = String::new();
    let read = BufReader::new(file.take(LINE_BYTES_MAX)).read_line(&mut first);
    let is_reject = serde_json::from_str::<serde_json::Value>(&first)
        .is_ok_and(|line| line.get("reason").is_some() && line.get("excerpt").is_some());
    match read {
        // Empty, or no ordinary file.
        Ok(0) | Err(_) => Ok(()),
        Ok(_) if is_reject => Ok(()),
        Ok(_) => Err(Error::usage(format!(
            "`{}` has something else than rejected records",
            path.display()
        ))
        .hint("give `--rejects` a file of its own")),
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
