//! The sinks of a command that tells alerts: what of the world they need, and what is said of how they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::alert::Alert;
use crate::cli::Console;
use crate::cli::clock::{elapsed, now};
use crate::engine::{Progress, Setup};
use crate::error::Result;
use crate::incident::Playbook;
use crate::report::noun;
use crate::sinks::{self, Clock, HealthStatus, Sinks, Surroundings, Timing};
use crate::store::Store;
use crate::time::{Day, Time};

/// How long a command waits at its end until everything is sent: one that judged logs, and one that a person waits for.
const RUN_WAIT: Duration = Duration::from_secs(30);
const PERSON_WAIT: Duration = Duration::from_secs(5);
/// How often it is said how sinks are while logs are followed.
const NEWS_EVERY: Duration = Duration::from_secs(1);

/// The sinks of a command; none if none is configured.
pub struct Sending<'a> {
    sinks: Option<Sinks>,
    heard: Arc<Heard>,
    store: &'a Store,
    setup: &'a Setup,
    console: &'a Console,
}

/// What a following run has heard.
#[derive(Debug, Default)]
struct Heard {
    events: AtomicU64,
    /// When it last heard something, in seconds since 1970.
    last_news: AtomicU64,
    /// Whether the archive of the store could not be written.
    is_store_at_fault: std::sync::atomic::AtomicBool,
}

/// What a command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It judges logs of the past.
    Batch,
    /// It follows logs.
    Following,
    /// It takes an analyst's verdict, and puts it in even where it cannot send.
    Verdict,
}

/// Returns what sinks need of the world.
pub fn surroundings(purpose: Purpose) -> Surroundings<'static> {
    Surroundings {
        variable: &|name| std::env::var(name).ok(),
        clock: Clock {
            now: Arc::new(now),
            elapsed: Arc::new(elapsed),
        },
        timing: Timing::default(),
        is_batch: purpose == Purpose::Batch,
        must_send: purpose != Purpose::Verdict,
        health: None,
    }
}

impl<'a> Sending<'a> {
    /// Starts the sinks of the configuration.
    ///
    /// # Errors
    ///
    /// A usage error if a sink's secret is missing. That the store cannot be written is a warning: then nothing is sent.
    pub fn start(
        setup: &'a Setup,
        store: &'a Store,
        purpose: Purpose,
        console: &'a Console,
    ) -> Result<Self> {
        let heard = Arc::new(Heard::default());
        let configured = &setup.config.sinks;
        let mut sinks = None;
        if !configured.is_empty() {
            let mut surroundings = surroundings(purpose);
            if purpose == Purpose::Following {
                let (heard, began) = (heard.clone(), now());
                surroundings.health = Some(Box::new(move || heard.status(began)));
            }
            for warning in sinks::warnings(configured, &surroundings) {
                console.warn(&warning);
            }
            let playbook = Playbook::of(&setup.analytics);
            match Sinks::start(configured, store, playbook, surroundings) {
                Ok(started) => sinks = Some(started),
                Err(error) if error.kind() == crate::error::Kind::Usage => return Err(error),
                Err(error) => {
                    console.warn(&format!(
                        "nothing is sent to sinks: {}",
                        error.with_causes()
                    ));
                }
            }
        }
        Ok(Self {
            sinks,
            heard,
            store,
            setup,
            console,
        })
    }

    /// Notes that an alert is about to be told.
    pub fn about_to_tell(&self, alert: &Alert) {
        if let Some(sinks) = &self.sinks
            && alert.suppressed_by.is_none()
            && let Err(error) = sinks.about_to_tell(alert)
        {
            self.console.warn(&format!(
                "if this run crashes now, sinks are not told of alert {}: {}",
                alert.alert_id,
                error.with_hints()
            ));
        }
    }

    /// Takes in an alert that was told, and whether the archive has it.
    pub fn told(&self, alert: &Alert, is_kept: bool) {
        self.heard
            .is_store_at_fault
            .store(!is_kept, Ordering::Relaxed);
        if let Some(sinks) = &self.sinks {
            sinks.told(alert, alert.suppressed_by.is_none());
        }
    }

    /// Takes in that analysts said something of alerts, which lie on these days.
    pub fn judged(&self, alerts: Vec<(String, Day)>) {
        if let Some(sinks) = &self.sinks {
            sinks.judged(alerts);
        }
    }

    /// Says what happened since it was last asked.
    fn say_news(&self) {
        for news in self.sinks.iter().flat_map(Sinks::news) {
            self.console.warn(&news.to_string());
        }
    }

    /// Waits for a while until everything is sent, and says what is not.
    pub fn finish(self, purpose: Purpose) {
        let Some(sinks) = &self.sinks else {
            return;
        };
        let wait = match purpose {
            Purpose::Verdict => PERSON_WAIT,
            Purpose::Batch | Purpose::Following => RUN_WAIT,
        };
        let is_all_sent = sinks.settle(wait);
        self.say_news();
        // What this run cannot send, because it has not the secret, waits all the same.
        if is_all_sent && purpose != Purpose::Verdict {
            return;
        }
        // What cannot be read now was told above.
        let states = sinks::states(&self.setup.config.sinks, self.store).unwrap_or_default();
        for state in states.iter().filter(|state| state.waiting > 0) {
            let why = state.status.last_failure.as_ref();
            let why = why.map(|(_, why)| format!(" ({why})")).unwrap_or_default();
            self.console.warn(&format!(
                "{} for sink `{}`{why}: the next run that can sends what waits",
                noun(state.waiting, "document waits", "documents wait"),
                state.name,
            ));
        }
    }
}

impl Heard {
    fn status(&self, began: Time) -> HealthStatus {
        let last = i64::try_from(self.last_news.load(Ordering::Relaxed)).unwrap_or(0);
        let is_at_fault = self.is_store_at_fault.load(Ordering::Relaxed);
        HealthStatus {
            began: Some(began),
            events: self.events.load(Ordering::Relaxed),
            last_news: Some(last)
                .filter(|last| *last > 0)
                .and_then(Time::from_secs),
            store_fault: is_at_fault.then(|| "alerts are not kept".to_owned()),
            ..HealthStatus::default()
        }
    }
}

/// The progress of a following run, which also says how the sinks are.
pub struct Listening<'a> {
    console: &'a Console,
    sending: &'a Sending<'a>,
    /// When it was last said how they are, in milliseconds.
    said_at: AtomicU64,
}

impl<'a> Listening<'a> {
    /// Listens to the progress of a run.
    pub fn new(console: &'a Console, sending: &'a Sending<'a>) -> Self {
        Self {
            console,
            sending,
            said_at: AtomicU64::new(0),
        }
    }
}

impl Progress for Listening<'_> {
    fn begin(&self, phase: &str, total: Option<u64>) {
        self.console.begin(phase, total);
    }

    fn advance(&self, done: u64) {
        let heard = &self.sending.heard;
        heard.events.store(done, Ordering::Relaxed);
        let secs = u64::try_from(now().secs()).unwrap_or(0);
        heard.last_news.store(secs, Ordering::Relaxed);
        self.console.advance(done);
    }

    fn end(&self) {
        self.console.end();
    }

    fn warn(&self, text: &str) {
        Progress::warn(self.console, text);
    }

    fn is_cancelled(&self) -> bool {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (now, said_at) = (millis(elapsed()), self.said_at.load(Ordering::Relaxed));
        if now.saturating_sub(said_at) >= millis(NEWS_EVERY) {
            self.said_at.store(now, Ordering::Relaxed);
            self.sending.say_news();
        }
        self.console.is_cancelled()
    }
}
