//! What logs contain, before anything is learnt from them: formats, identities, time span, and missing fields.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use crate::engine::intake::KeepRejects;
use crate::engine::opening::{Next, Opening};
use crate::engine::{Progress, cancelled};
use crate::error::{Error, Result};
use crate::event::{Action, Event, Outcome, Provider, Source};
use crate::measure::value_hash;
use crate::sketch::Distinct;
use crate::sources::{self, FileReport, InputFile, ReadOptions};
use crate::time::Time;

/// How often a field is missing from events that should have it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Missing {
    /// Events without it.
    pub missing: u64,
    /// Events that should have it.
    pub of: u64,
}

/// The events of one format.
#[derive(Debug, Clone, Default)]
pub struct FormatSurvey {
    /// Events.
    pub events: u64,
    /// Events by class of action.
    pub actions: BTreeMap<Action, u64>,
    /// Fields that an event of this kind should have, by their names in `docs/PLAIN.md`.
    pub fields: BTreeMap<&'static str, Missing>,
}

impl FormatSurvey {
    fn note(&mut self, event: &Event) {
        self.events += 1;
        *self.actions.entry(event.action).or_insert(0) += 1;
        for (field, is_there) in expected(event) {
            let field = self.fields.entry(field).or_default();
            field.of += 1;
            field.missing += u64::from(!is_there);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.events += other.events;
        for (action, n) in &other.actions {
            *self.actions.entry(*action).or_insert(0) += n;
        }
        for (name, theirs) in &other.fields {
            let mine = self.fields.entry(name).or_default();
            mine.missing += theirs.missing;
            mine.of += theirs.of;
        }
    }
}

/// What one file contains, or all together.
#[derive(Debug, Clone)]
pub struct Survey {
    /// Records, by outcome.
    pub report: FileReport,
    /// Distinct identities.
    pub identities: Distinct,
    /// First and last event.
    pub span: Option<(Time, Time)>,
    /// By format.
    pub formats: BTreeMap<Source, FormatSurvey>,
}

impl Survey {
    /// Creates the survey of a file before anything is read.
    pub fn new(report: FileReport) -> Self {
        Self {
            report,
            identities: Distinct::default(),
            span: None,
            formats: BTreeMap::new(),
        }
    }

    fn note(&mut self, event: &Event) {
        if let Some(principal) = &event.principal {
            self.identities.insert(value_hash(&principal.id));
        }
        self.stretch((event.time, event.time));
        self.formats.entry(event.source).or_default().note(event);
    }

    fn stretch(&mut self, (first, last): (Time, Time)) {
        let span = self.span.get_or_insert((first, last));
        *span = (span.0.min(first), span.1.max(last));
    }

    /// Adds another file.
    pub fn merge(&mut self, other: &Self) {
        self.report.add(&other.report);
        self.identities.merge(&other.identities);
        if let Some(span) = other.span {
            self.stretch(span);
        }
        for (source, survey) in &other.formats {
            self.formats.entry(*source).or_default().merge(survey);
        }
    }
}

/// Returns the fields that such an event should have, and whether it has them.
fn expected(event: &Event) -> impl Iterator<Item = (&'static str, bool)> {
    use Action::{CopyObject, DeleteObject, EgressFlow, ListObjects, ReadObject, WriteObject};
    let is_flow = event.source.is_flow();
    let is_cloud = matches!(
        event.provider,
        Provider::Aws | Provider::Azure | Provider::Gcp
    );
    let is_storage = matches!(
        event.action,
        ListObjects | ReadObject | WriteObject | CopyObject | DeleteObject
    );
    let sends = event.action == EgressFlow
        || (event.action == ReadObject && event.outcome == Outcome::Success);
    let peer = &event.peer;
    [
        ("principal", !is_flow, event.principal.is_some()),
        ("account", true, event.account.is_some()),
        ("region", is_cloud, event.region.is_some()),
        ("src_ip", !is_flow, peer.ip.is_some() || peer.host.is_some()),
        ("user_agent", !is_flow, event.user_agent.is_some()),
        (
            "container",
            is_cloud && is_storage,
            event.container.is_some(),
        ),
        ("bytes_out", is_cloud && sends, event.bytes_out.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, is_expected, is_there)| is_expected.then_some((name, is_there)))
}

/// Takes the events of a file, by its name.
pub type TakeEvent<'a> = dyn Fn(&str, &Event) -> Result<()> + Sync + 'a;

/// Reads all files in parallel; the surveys are in the order of the files. If events are taken, file after file is read.
///
/// # Errors
///
/// Fails if the user stops it, or an event cannot be taken. An unreadable file is no error; its report says so.
pub fn inspect(
    files: &[InputFile],
    options: &ReadOptions,
    (rejects, take): (Option<&dyn KeepRejects>, Option<&TakeEvent<'_>>),
    progress: &dyn Progress,
) -> Result<Vec<Survey>> {
    let done = AtomicU64::new(0);
    let opening = Opening::new(files, (0..files.len()).collect());
    let found: Mutex<BTreeMap<usize, Survey>> = Mutex::default();
    let mut failure = OnceLock::new();
    let failed = &failure;
    let workers = match take {
        Some(_) => 1,
        None => options.n_threads(),
    };
    let total = files.iter().map(InputFile::bytes).sum::<Option<u64>>();
    progress.begin("inspecting", total);
    std::thread::scope(|scope| {
        for _ in 0..workers.min(files.len()) {
            scope.spawn(|| {
                while !progress.is_cancelled() && failed.get().is_none() {
                    let Some(next) = opening.next() else {
                        return;
                    };
                    let number = next.number;
                    let survey = survey(next, options, (rejects, take, failed), (&done, progress));
                    if let Ok(mut found) = found.lock() {
                        found.insert(number, survey);
                    }
                    progress.advance(done.load(Ordering::Relaxed));
                }
            });
        }
    });
    progress.end();
    if let Some(failure) = failure.take() {
        return Err(failure);
    }
    if progress.is_cancelled() {
        return Err(cancelled());
    }
    rejects.map_or(Ok(()), KeepRejects::complete)?;
    let found = found.into_inner().unwrap_or_default();
    Ok(found.into_values().collect())
}

fn survey(
    mut next: Next<'_>,
    options: &ReadOptions,
    (rejects, take, failed): (
        Option<&dyn KeepRejects>,
        Option<&TakeEvent<'_>>,
        &OnceLock<Error>,
    ),
    (done, progress): (&AtomicU64, &dyn Progress),
) -> Survey {
    let file = next.file;
    let mut survey = Survey::new(FileReport::new(file.name()));
    let options = ReadOptions {
        excerpts: rejects.is_some(),
        ..options.clone()
    };
    survey.report = match next.open() {
        Ok(reader) => sources::read(
            Counted {
                reader,
                done,
                progress,
            },
            file.name(),
            &options,
            &mut |event| {
                survey.note(&event);
                if let Some(Err(e)) = take.map(|take| take(file.name(), &event)) {
                    failed.get_or_init(|| e);
                }
            },
            &mut |reject| {
                if let Some(Err(e)) = rejects.map(|rejects| rejects.keep(&reject)) {
                    failed.get_or_init(|| e);
                }
            },
        ),
        Err(e) => FileReport::unreadable(file.name(), &e),
    };
    survey
}

/// A reader that counts bytes, and ends when the user stops the run.
struct Counted<'a, R> {
    reader: R,
    done: &'a AtomicU64,
    progress: &'a dyn Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.progress.is_cancelled() {
            return Err(io::Error::other("stopped"));
        }
        let n = self.reader.read(buffer)?;
        self.done.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}
