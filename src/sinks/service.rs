//! Sinks for a run that tells alerts, and for whoever asks how they are.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use crate::alert::Alert;
use crate::config::{Sink, SinkKind};
use crate::error::{Error, Result};
use crate::incident::Playbook;
use crate::sinks::answer::Outcome;
use crate::sinks::brief::Telling;
use crate::sinks::concerned::Concerned;
use crate::sinks::deliver::{Clock, Deliverer, News, Timing};
use crate::sinks::heartbeat::{HealthStatus, Schedule};
use crate::sinks::notice::{Health, Notice};
use crate::sinks::ready::{Means, Ready, Sent};
use crate::sinks::tell::{Message, Notes, Teller, lock};
use crate::store::{Outbox, SinkStatus, Store};
use crate::time::{Day, Time};

/// What sinks need of the world around them.
pub struct Surroundings<'a> {
    /// Returns a variable of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The clocks.
    pub clock: Clock,
    /// How long things may take.
    pub timing: Timing,
    /// Whether logs of the past are judged, whose alerts come in parts with longer breaks between them.
    pub is_batch: bool,
    /// Whether a sink whose secret is missing is an error; otherwise what it is told waits for a run that has the secret.
    pub must_send: bool,
    /// How the run is, for sinks that are told; `None` of a run that ends by itself.
    pub health: Option<Box<dyn Fn() -> HealthStatus + Send>>,
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}

/// The sinks of a run that tells alerts.
///
/// For each alert: [`Sinks::about_to_tell`] before anybody is told, [`Sinks::told`] once the archive has it. At the end of the run:
/// [`Sinks::settle`]. What is not sent by then is sent by the next run.
#[derive(Debug)]
pub struct Sinks {
    notes: Arc<Mutex<Notes>>,
    messages: Sender<Message>,
    deliverer: Arc<Deliverer>,
    news: Receiver<News>,
    clock: Clock,
}

impl Sinks {
    /// Starts to send what waits, and what will be told.
    ///
    /// # Errors
    ///
    /// A usage error if a sink's secret is missing. Fails if the store cannot be written, or no thread can be started.
    pub fn start(
        sinks: &[Sink],
        store: &Store,
        playbook: Playbook,
        surroundings: Surroundings<'_>,
    ) -> Result<Self> {
        if surroundings.must_send {
            check(sinks, &surroundings)?;
        }
        let clock = surroundings.clock;
        let able = sinks.iter();
        let able = able.filter_map(|sink| Ready::of(sink, surroundings.variable).ok());
        let able: Vec<Ready> = able.collect();
        let outbox = Outbox::of(store);
        let notes = Arc::new(Mutex::new(Notes::new(&outbox)?));
        let deliverer = Deliverer::start(&able, &outbox, &clock, surroundings.timing)?;
        let deliverer = Arc::new(deliverer);
        let now = (clock.now)();
        let schedules = sinks.iter().map(|sink| {
            let second = sink.heartbeat?;
            Some(Schedule::new(second, now))
        });
        let (tell_news, news) = unbounded();
        let teller = Teller {
            schedules: schedules.collect(),
            concerned: Concerned::new(store, playbook),
            sinks: sinks
                .iter()
                .map(|sink| (sink.clone(), outbox.to(&sink.name)))
                .collect(),
            outbox,
            notes: notes.clone(),
            clock: clock.clone(),
            deliverer: deliverer.clone(),
            news: tell_news,
            is_batch: surroundings.is_batch,
            health: surroundings.health,
            gathered: Default::default(),
            owed: Default::default(),
            fault: None,
            n_told: 0,
            newest: None,
        };
        let (messages, received) = unbounded();
        std::thread::Builder::new()
            .name("sinks".to_owned())
            .spawn(move || teller.run(&received))
            .map_err(|e| Error::failed("cannot start the thread of the sinks").cause(e))?;
        Ok(Self {
            notes,
            messages,
            deliverer,
            news,
            clock,
        })
    }

    /// Notes, durably, that an alert is about to be told.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be written.
    pub fn about_to_tell(&self, alert: &Alert) -> Result<()> {
        lock(&self.notes).note(alert)
    }

    /// Takes in an alert that the archive has; `is_told` unless it was only kept, because an approval covers it.
    pub fn told(&self, alert: &Alert, is_told: bool) {
        // The thread lives as long as this does.
        let _ = self
            .messages
            .send(Message::Told(Box::new(alert.clone()), is_told));
    }

    /// Takes in that analysts said something of alerts, which lie on these days of the archive.
    pub fn judged(&self, alerts: Vec<(String, Day)>) {
        let _ = self.messages.send(Message::Judged(alerts));
    }

    /// Puts everything into the outbox that was told, and waits until it is sent, but no longer than this; returns whether it is.
    pub fn settle(&self, limit: Duration) -> bool {
        let begun = (self.clock.elapsed)();
        let (answer, answered) = bounded(1);
        let _ = self.messages.send(Message::Settle(answer));
        // Putting in is done in any case: what is not put in now must be found out by the next run.
        if answered.recv().is_err() {
            return false;
        }
        let taken = (self.clock.elapsed)().saturating_sub(begun);
        self.deliverer.drain(limit.saturating_sub(taken))
    }

    /// Returns what happened since it was last asked.
    pub fn news(&self) -> Vec<News> {
        let mut news: Vec<News> = self.news.try_iter().collect();
        news.extend(self.deliverer.news());
        news
    }
}

/// Makes sure that each sink can be sent to.
///
/// # Errors
///
/// A usage error with all that is wrong: a secret that is not there, or one that would be sent unencrypted to another machine.
pub fn check(sinks: &[Sink], surroundings: &Surroundings<'_>) -> Result<()> {
    match faults(sinks, surroundings).as_slice() {
        [] => Ok(()),
        wrong => Err(Error::joined("sinks cannot be sent to", wrong)),
    }
}

/// Returns what keeps sinks from being sent to, each with where it is configured.
pub fn faults(sinks: &[Sink], surroundings: &Surroundings<'_>) -> Vec<Error> {
    let fault = |sink: &Sink| Ready::of(sink, surroundings.variable).err();
    sinks.iter().filter_map(fault).collect()
}

/// Returns what of sinks is valid but risky.
pub fn warnings(sinks: &[Sink], surroundings: &Surroundings<'_>) -> Vec<String> {
    let made = sinks
        .iter()
        .map(|sink| Ready::of(sink, surroundings.variable));
    made.flatten().flat_map(|ready| ready.warnings()).collect()
}

/// How a sink is.
#[derive(Debug, Clone)]
pub struct State {
    /// Its name.
    pub name: String,
    /// Its kind; `None` if it is not configured any more.
    pub kind: Option<SinkKind>,
    /// How many documents wait.
    pub waiting: u64,
    /// When the oldest of them was put in.
    pub oldest: Option<Time>,
    /// How many were given up.
    pub dead: u64,
    /// How many were lost.
    pub lost: u64,
    /// How sending goes.
    pub status: SinkStatus,
}

/// Returns how each sink is, those of the configuration first, and then those for which something is left.
///
/// # Errors
///
/// Fails if the outbox cannot be read.
pub fn states(sinks: &[Sink], store: &Store) -> Result<Vec<State>> {
    let outbox = Outbox::of(store);
    let mut named: Vec<(String, Option<SinkKind>)> = sinks
        .iter()
        .map(|sink| (sink.name.to_string(), Some(sink.target.kind())))
        .collect();
    for name in outbox.names()? {
        if !named.iter().any(|(known, _)| *known == name) {
            named.push((name, None));
        }
    }
    let mut states = Vec::new();
    for (name, kind) in named {
        let outgoing = outbox.to(&name);
        let waiting = outgoing.waiting()?;
        let oldest = waiting.first().map(|first| outgoing.read(first));
        states.push(State {
            name,
            kind,
            waiting: waiting.len() as u64,
            oldest: oldest
                .and_then(|read| read.ok().flatten())
                .map(|entry| entry.at),
            dead: outgoing.n_dead()? as u64,
            lost: outgoing.lost()?,
            status: outgoing.status()?,
        });
    }
    Ok(states)
}

/// Sends a message to a sink that says that it is a test, and returns what the receiver made of it. Of Jira it is asked only who the token
/// is of. Nothing is put into the outbox.
///
/// # Errors
///
/// A usage error if the sink's secret is missing. Fails if the certificates of this machine cannot be read.
pub fn test(sink: &Sink, surroundings: &Surroundings<'_>) -> Result<Outcome> {
    let ready = Ready::of(sink, surroundings.variable)?;
    let timing = surroundings.timing;
    let means = Means::new((timing.connect, timing.whole))?;
    let now = (surroundings.clock.now)();
    let notice = Notice::Test(Health {
        time: now,
        is_well: true,
        title: "This is a test: somebody ran `plimsoll sink test`, and nothing happened."
            .to_owned(),
        figures: Vec::new(),
    });
    let sent = Sent {
        id: &format!("test-{}", now.secs()),
        at: now,
        notice: &notice,
        telling: Telling::default(),
        remote: None,
    };
    Ok(ready.send(&sent, &means).0)
}
