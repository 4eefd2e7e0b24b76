//! The thread that learns, every day at a time and when it is asked to, and that sees when the configuration was changed.

use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Duration;

use crate::engine::{self, Progress, TrainSummary};
use crate::error::Result;
use crate::service::lock::locked;
use crate::service::state::Service;
use crate::time::Time;

/// How often it is asked whether it is time.
const TICK: Duration = Duration::from_secs(1);
/// How long what was handed over is kept after it was learnt, in seconds.
const KEPT_SECS: i64 = 2 * 86_400;
const DAY_SECS: i64 = 86_400;

/// Learns until the service ends: daily at this second of the day, in UTC, if one is given.
pub fn run(service: &Service, nightly: Option<u32>) {
    let has_learnt = || matches!(service.store.manifest(), Ok(Some(_)));
    // Nothing can be judged before something was learnt.
    locked(&service.status).is_training_wanted = nightly.is_some() && !has_learnt();
    let mut due = nightly.map(|at| next(at, service.host.now()));
    while !service.is_ending() {
        if service.host.is_changed() {
            take_over_configuration(service);
        }
        let now = service.host.now();
        let is_time = due.is_some_and(|due| now >= due);
        let is_wanted = std::mem::take(&mut locked(&service.status).is_training_wanted);
        if is_time || is_wanted {
            due = nightly.map(|at| next(at, now));
            learn(service, has_learnt());
        }
        let status = locked(&service.status);
        if !status.is_training_wanted && !service.is_ending() {
            let waited = service.wanted.wait_timeout(status, TICK);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// Lets logs be judged by the configuration as it is now; returns the number of the run that is left for that. One with a fault changes
/// nothing.
pub fn take_over_configuration(service: &Service) -> Option<u64> {
    let setup = service.host.setup();
    match setup.and_then(|setup| service.checked(setup)) {
        Ok(setup) => {
            let is_serve_changed = setup.config.serve != service.setup().config.serve;
            let what = "the configuration was changed, and is taken over";
            service.host.tell(&match is_serve_changed {
                true => format!("{what}; `[serve]` holds from the next start"),
                false => what.to_owned(),
            });
            Some(service.reload())
        }
        Err(error) => {
            let why = error.with_causes();
            service.host.tell(&format!(
                "the configuration was changed and has faults, so the one before holds: {why}"
            ));
            None
        }
    }
}

/// Returns the next time at this second of a day.
fn next(at: u32, now: Time) -> Time {
    let today = now.day().start().plus_secs(i64::from(at));
    match today > now {
        true => today,
        false => today.plus_secs(DAY_SECS),
    }
}

fn learn(service: &Service, has_learnt: bool) {
    locked(&service.status).is_training = true;
    let learnt = train(service, has_learnt);
    let mut status = locked(&service.status);
    status.is_training = false;
    if service.is_ending() {
        return;
    }
    match learnt {
        Ok(Some(trained)) => {
            status.trained = Some(service.host.now());
            status.training_fault = None;
            drop(status);
            service.metrics.note_trained(&trained, service.host.now());
            let what = match trained.published {
                true => format!("published generation {}", trained.generation),
                false => "found nothing new".to_owned(),
            };
            service.host.tell(&format!("the training {what}"));
        }
        Ok(None) => status.training_fault = None,
        Err(error) => {
            let why = error.with_causes();
            status.training_fault = Some(why.clone());
            drop(status);
            service.metrics.note_training_failed();
            service.host.tell(&format!("the training failed: {why}"));
        }
    }
}

/// Learns what is new; nothing if there is nothing to read.
fn train(service: &Service, has_learnt: bool) -> Result<Option<TrainSummary>> {
    let received = service.received.end_archive()?;
    let (files, options) = service.host.logs(&received)?;
    if files.is_empty() {
        return Ok(None);
    }
    let setup = service.setup_now()?;
    let trained = engine::train(
        &setup,
        &service.store,
        files,
        options,
        None,
        &Learning(service),
    )?;
    // Of some not all was learnt: what could not be read to its end, and what lies in the future.
    let intake = &trained.intake;
    let broken = intake.files.iter().filter(|report| report.error.is_some());
    let future = intake.files_with_future.iter();
    let held: Vec<&str> = broken
        .map(|report| &*report.file)
        .chain(future.map(|file| &**file))
        .collect();
    let (kept, learnt): (Vec<PathBuf>, Vec<PathBuf>) = received
        .into_iter()
        .partition(|path| held.contains(&&*path.display().to_string()));
    for path in kept {
        let path = path.display();
        let what = format!("not all of `{path}` could be learnt: it is kept, and read again");
        service.host.tell(&what);
    }
    if intake.too_old > 0 {
        service.host.tell(&format!(
            "{} events are older than the days that count, and are not learnt",
            intake.too_old
        ));
    }
    // If one event makes all others too old, somebody has to look at them; they are kept as what was learnt later is.
    if trained.published && (has_learnt || intake.too_old == 0) {
        remove_old(service, learnt.into_iter(), has_learnt);
    }
    Ok(Some(trained))
}

/// Removes what was learnt and judged some time ago. What the first training learnt is never judged, and goes at once.
fn remove_old(service: &Service, learnt: impl Iterator<Item = PathBuf>, has_learnt: bool) {
    let read = service.status().read;
    let now = service.host.now();
    for path in learnt {
        let Ok(metadata) = std::fs::metadata(&path) else {
            continue;
        };
        let is_judged = read.get(&path).is_some_and(|read| *read >= metadata.len());
        let age = metadata.modified().ok().and_then(|time| {
            let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
            Some(now.secs() - i64::try_from(since.as_secs()).ok()?)
        });
        let is_old = age.is_some_and(|age| age > KEPT_SECS);
        if (!has_learnt || is_judged && is_old)
            && let Err(error) = service.received.remove(&path)
        {
            service.host.tell(&error.with_causes());
        }
    }
}

struct Learning<'s>(&'s Service);

impl Progress for Learning<'_> {
    fn begin(&self, _: &str, _: Option<u64>) {}

    fn advance(&self, _: u64) {}

    fn end(&self) {}

    fn warn(&self, text: &str) {
        self.0.host.tell(text);
    }

    fn is_cancelled(&self) -> bool {
        self.0.is_ending()
    }
}
