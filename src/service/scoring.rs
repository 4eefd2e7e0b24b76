//! The thread that judges: it follows what is handed over and all other logs, as `score --follow` does, and tells sinks.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::alert::Alert;
use crate::engine::{self, FollowOptions, Progress, Setup, Standing};
use crate::error::Result;
use crate::incident::Playbook;
use crate::service::delivery;
use crate::service::lock::locked;
use crate::service::metrics::Counted;
use crate::service::state::Service;
use crate::sinks::{self, Sinks, Surroundings};
use crate::store::{Archive, Lock, Manifest};

/// How often a store without a generation is looked at.
const WAIT: Duration = Duration::from_millis(200);
/// The pause after a fault, which doubles until it is the longest.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How long the end waits for sinks.
const SETTLE: Duration = Duration::from_secs(10);

/// Follows until the service ends. After a fault it begins again at the last checkpoint.
pub fn run(service: &Arc<Service>, lock: &Lock) {
    let mut pause = PAUSE;
    while !service.is_ending() {
        let run = service.store.manifest().and_then(|manifest| {
            let Some(manifest) = manifest else {
                return Ok(false);
            };
            follow(service, lock, &manifest)?;
            Ok(true)
        });
        locked(&service.status).is_scoring = false;
        match run {
            Ok(true) => pause = PAUSE,
            Ok(false) => wait(service, WAIT),
            Err(error) => {
                let why = error.with_causes();
                service.host.tell(&format!("logs are not judged: {why}"));
                locked(&service.status).scoring_fault = Some(why);
                wait(service, pause);
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

fn wait(service: &Service, at_most: Duration) {
    let until = service.host.since_start() + at_most;
    while !service.is_ending() && service.host.since_start() < until {
        std::thread::sleep(WAIT.min(at_most));
    }
}

fn follow(service: &Arc<Service>, lock: &Lock, manifest: &Manifest) -> Result<()> {
    // What changes from here on lets it leave this run.
    let leaving: Arc<AtomicBool> = Arc::default();
    let run = {
        let mut leaves = locked(&service.follower_leaves);
        *leaves = (leaves.0 + 1, leaving.clone());
        leaves.0
    };
    let setup = service.setup_now()?;
    let mut options = FollowOptions {
        received: Some(service.received.clone()),
        ending: service.is_ending.clone(),
        ..service.host.follow()?
    };
    let archive = Archive::alerts(&service.store);
    let _sinks = Sending::start(service, &setup);
    let progress = Scoring(service, run);
    let at = (&service.store, lock);
    if !service.store.was_followed() {
        // What was learnt is not judged. This run passes over it, and ends when all is read that is there.
        let newest = manifest.days.last().map(|entry| entry.day.start());
        let mut first = options.clone();
        first.read.period.since = first.read.period.since.max(newest);
        first.ending = Arc::new(AtomicBool::new(true));
        let deliver = &mut |alert: &Alert| delivery::deliver(service, &archive, alert);
        engine::follow_holding(&setup, at, &first, &progress, deliver, None, &|_| {})?;
    }
    // The thresholds and the configuration may have changed since.
    options.leaving = leaving;
    let deliver = &mut |alert: &Alert| delivery::deliver(service, &archive, alert);
    let counted = Counted::default();
    let looked = |standing: &Standing<'_>| note(service, &counted, standing);
    engine::follow_holding(&setup, at, &options, &progress, deliver, None, &looked)?;
    Ok(())
}

/// The sinks of a run of the follower. When the service ends, what waits is sent, as far as that is possible soon. Otherwise the next run sends
/// it, and does not wait for receivers that do not answer.
struct Sending<'s>(&'s Service);

impl<'s> Sending<'s> {
    /// Starts them, if there are any. Logs are judged also without them.
    fn start(service: &'s Arc<Service>, setup: &Setup) -> Self {
        let configured = &setup.config.sinks;
        if !configured.is_empty() {
            let of_health = service.clone();
            let surroundings = Surroundings {
                health: Some(Box::new(move || of_health.health())),
                ..service.host.surroundings()
            };
            for warning in sinks::warnings(configured, &surroundings) {
                service.host.tell(&warning);
            }
            let playbook = Playbook::of(&setup.analytics);
            match Sinks::start(configured, &service.store, playbook, surroundings) {
                Ok(started) => *locked(&service.sinks) = Some(Arc::new(started)),
                Err(error) => {
                    let why = error.with_causes();
                    service.host.tell(&format!("sinks are not told: {why}"));
                }
            }
        }
        Self(service)
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        let ended = locked(&self.0.sinks).take();
        if let Some(sinks) = ended {
            let limit = match self.0.is_ending() {
                true => SETTLE,
                false => Duration::ZERO,
            };
            sinks.settle(limit);
            say_news(self.0, &sinks);
        }
    }
}

/// Says what happened to sinks since it was last said.
fn say_news(service: &Service, sinks: &Sinks) {
    for news in sinks.news() {
        service.host.tell(&news.to_string());
    }
}

/// Takes over how far logs were followed.
fn note(service: &Service, counted: &Counted, standing: &Standing<'_>) {
    let archives = service.received.archives().unwrap_or_default();
    let paths = archives.into_iter().map(|archive| archive.path);
    let read = paths.map(|path| {
        let read = (standing.read_of)(&path);
        (path, read)
    });
    locked(&service.status).read = read.collect();
    if let Some(sinks) = service.sinks() {
        say_news(service, &sinks);
    }
    let now = service.host.now();
    let mut status = locked(&service.status);
    if standing.intake.events > status.events {
        status.last_news = Some(now);
    }
    status.events = standing.intake.events;
    let newest = standing.newest.iter();
    status.newest = newest
        .map(|(log, time)| ((*log).to_owned(), *time))
        .collect();
    drop(status);
    let at = (service.behind(), now);
    service.metrics.note_standing(standing, counted, at);
}

/// What a run of the follower tells of its progress.
struct Scoring<'s>(&'s Service, u64);

impl Progress for Scoring<'_> {
    fn begin(&self, _: &str, _: Option<u64>) {
        let mut status = locked(&self.0.status);
        (status.is_scoring, status.scoring_fault) = (true, None);
        status.run = self.1;
    }

    fn advance(&self, _: u64) {}

    fn end(&self) {}

    fn warn(&self, text: &str) {
        self.0.host.tell(text);
    }

    fn note_delay(&self, secs: i64) {
        self.0.metrics.note_delay(secs);
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}
