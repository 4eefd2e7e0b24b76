//! Sending what waits: a thread for each sink, so that a receiver that stalls holds up no other.
//!
//! Of documents with the same key only the first is tried, so they arrive in their order; one that the receiver does not take holds up its
//! key and no other. After a failure the whole sink pauses, for longer each time that nothing arrives in between.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};

use crate::config::SinkFormat;
use crate::error::{Error, Result};
use crate::sinks::answer::Outcome;
use crate::sinks::backoff;
use crate::sinks::brief::Telling;
use crate::sinks::notice::Notice;
use crate::sinks::ready::{Means, Ready, Sent};
use crate::store::{Entry, Outbox, Outgoing, SendingRight, SinkStatus, Told, Waiting};
use crate::time::Time;

/// The clocks that sending needs.
#[derive(Clone)]
pub struct Clock {
    /// Returns the present.
    pub now: Arc<dyn Fn() -> Time + Send + Sync>,
    /// Returns the time since a fixed instant, the same one at each call; never decreases.
    pub elapsed: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// A connection.
    pub connect: Duration,
    /// The whole of a request.
    pub whole: Duration,
    /// How often it is looked for what another process has put in.
    pub poll: Duration,
    /// How long a document is tried.
    pub patience: Duration,
    /// How often a receiver may answer that it cannot take a document now.
    pub answers_max: u32,
}

impl Default for Timing {
    /// A week and fifty answers for a document, half a minute for a request.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            whole: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            patience: Duration::from_secs(7 * 86_400),
            answers_max: 50,
        }
    }
}

/// What happened that somebody should know. Nothing in it is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A sink cannot be reached, or does not take what is sent, for the first time since it did.
    Failing {
        /// Its name.
        sink: String,
        /// Why.
        reason: String,
    },
    /// It takes what is sent again.
    Recovered {
        /// Its name.
        sink: String,
    },
    /// A document was given up, and is kept.
    GivenUp {
        /// The name of the sink.
        sink: String,
        /// The id of the document.
        id: String,
        /// Why.
        reason: String,
    },
    /// Too many documents waited, and the oldest were lost.
    Lost {
        /// The name of the sink.
        sink: String,
        /// How many.
        documents: usize,
    },
    /// The store could not be read or written.
    Fault {
        /// What went wrong.
        error: String,
    },
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failing { sink, reason } => write!(
                f,
                "sink `{sink}` does not take what is sent: {reason}; it is tried again"
            ),
            Self::Recovered { sink } => write!(f, "sink `{sink}` takes what is sent again"),
            Self::GivenUp { sink, id, reason } => write!(
                f,
                "sink `{sink}` refused document {id}: {reason}; `plimsoll sink replay {sink} {id}` sends it once more"
            ),
            Self::Lost { sink, documents: 1 } => {
                write!(
                    f,
                    "too much waits for sink `{sink}`: its oldest document is lost"
                )
            }
            Self::Lost { sink, documents } => write!(
                f,
                "too much waits for sink `{sink}`: its {documents} oldest documents are lost"
            ),
            Self::Fault { error } => write!(f, "sinks: {error}"),
        }
    }
}

/// Threads that send.
#[derive(Debug)]
pub struct Deliverer {
    shared: Arc<Shared>,
    wakers: Vec<Sender<()>>,
    news: Receiver<News>,
    clock: Clock,
}

/// What threads and who waits for them know of each other.
#[derive(Debug)]
struct Shared {
    progress: Mutex<Vec<Progress>>,
    changed: Condvar,
    is_stopped: AtomicBool,
}

/// How far a thread is.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// How often it was asked to send all that waits.
    asked: u64,
    /// Up to which of these nothing waited any more, or another process had it.
    settled: u64,
}

impl Shared {
    fn progress(&self) -> MutexGuard<'_, Vec<Progress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deliverer {
    /// Starts to send what waits in an outbox.
    ///
    /// # Errors
    ///
    /// Fails if the certificates of this machine cannot be read, or no thread can be started.
    pub fn start(sinks: &[Ready], outbox: &Outbox, clock: &Clock, timing: Timing) -> Result<Self> {
        let (tell, news) = unbounded();
        let shared = Arc::new(Shared {
            progress: Mutex::new(vec![Progress::default(); sinks.len()]),
            changed: Condvar::new(),
            is_stopped: AtomicBool::new(false),
        });
        let mut wakers = Vec::new();
        for (at, ready) in sinks.iter().enumerate() {
            let (waker, woken) = bounded(1);
            let worker = Worker {
                ready: ready.clone(),
                outgoing: outbox.to(ready.name()),
                means: Means::new((timing.connect, timing.whole))?,
                clock: clock.clone(),
                timing,
                woken,
                shared: shared.clone(),
                at,
                news: tell.clone(),
                status: SinkStatus::default(),
                retries: BTreeMap::new(),
                paused_until: Duration::ZERO,
                right: None,
                is_faulty: false,
            };
            let named = std::thread::Builder::new().name(format!("sink {}", ready.name()));
            named
                .spawn(move || worker.run())
                .map_err(|e| Error::failed("cannot start a thread that sends").cause(e))?;
            wakers.push(waker);
        }
        Ok(Self {
            shared,
            wakers,
            news,
            clock: clock.clone(),
        })
    }

    /// Makes all threads look for what waits.
    pub fn wake(&self) {
        for waker in &self.wakers {
            // One that was woken already will look.
            let _ = waker.try_send(());
        }
    }

    /// Waits until everything that waits is sent or given up, or left to another process that sends it, but no longer than this; returns
    /// whether that was so. What is left is sent by the next run.
    pub fn drain(&self, limit: Duration) -> bool {
        let until = (self.clock.elapsed)() + limit;
        let mut progress = self.shared.progress();
        progress.iter_mut().for_each(|one| one.asked += 1);
        self.wake();
        loop {
            if progress.iter().all(|one| one.settled >= one.asked) {
                return true;
            }
            let left = until.saturating_sub((self.clock.elapsed)());
            if left.is_zero() {
                return false;
            }
            let waited = self.shared.changed.wait_timeout(progress, left);
            progress = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Returns what happened since it was last asked.
    pub fn news(&self) -> Vec<News> {
        self.news.try_iter().collect()
    }
}

impl Drop for Deliverer {
    /// Makes the threads end. What one is sending now may arrive although it still waits: it is sent again, under the same id.
    fn drop(&mut self) {
        self.shared.is_stopped.store(true, Ordering::Relaxed);
        self.wake();
    }
}

/// The thread of a sink.
struct Worker {
    ready: Ready,
    outgoing: Outgoing,
    means: Means,
    clock: Clock,
    timing: Timing,
    woken: Receiver<()>,
    shared: Arc<Shared>,
    /// Which of the threads it is.
    at: usize,
    news: Sender<News>,
    status: SinkStatus,
    /// By keys whose first document was not taken: how often, and when it is tried again.
    retries: BTreeMap<String, (u32, Duration)>,
    /// When the sink is tried again.
    paused_until: Duration,
    right: Option<SendingRight>,
    /// Whether it was told that the store is at fault.
    is_faulty: bool,
}

/// What a look at the outbox came to.
enum Look {
    /// Something was sent, or given up, or not taken.
    Tried,
    /// Nothing waits.
    Nothing,
    /// Another process sends.
    Elsewhere,
    /// What waits is tried later.
    Later(Duration),
}

impl Worker {
    fn run(mut self) {
        while !self.shared.is_stopped.load(Ordering::Relaxed) {
            let asked = self.shared.progress()[self.at].asked;
            let wait = match self.look() {
                Ok(Look::Tried) => Duration::ZERO,
                Ok(Look::Nothing | Look::Elsewhere) => {
                    self.shared.progress()[self.at].settled = asked;
                    self.shared.changed.notify_all();
                    self.timing.poll
                }
                Ok(Look::Later(wait)) => wait.min(self.timing.poll),
                Err(error) => {
                    if !std::mem::replace(&mut self.is_faulty, true) {
                        let error = error.with_causes();
                        let _ = self.news.send(News::Fault { error });
                    }
                    self.timing.poll
                }
            };
            if !wait.is_zero()
                && self.woken.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected)
            {
                return;
            }
        }
    }

    fn look(&mut self) -> Result<Look> {
        if self.right.is_none() {
            self.right = self.outgoing.sender()?;
            if self.right.is_none() {
                return Ok(Look::Elsewhere);
            }
            self.status = self.outgoing.status()?;
        }
        let waiting = self.outgoing.waiting()?;
        self.is_faulty = false;
        if waiting.is_empty() {
            self.retries.clear();
            return Ok(Look::Nothing);
        }
        let now = (self.clock.elapsed)();
        if now < self.paused_until {
            return Ok(Look::Later(self.paused_until - now));
        }
        let mut keys = BTreeSet::new();
        let heads = waiting.iter().filter(|one| keys.insert(&one.key));
        let due_at = |one: &Waiting| self.retries.get(&one.key).map_or(Duration::ZERO, |r| r.1);
        let Some(head) = heads.min_by_key(|one| (due_at(one), one.place)) else {
            return Ok(Look::Nothing);
        };
        if due_at(head) > now {
            return Ok(Look::Later(due_at(head) - now));
        }
        let same: Vec<&Waiting> = waiting.iter().filter(|one| one.key == head.key).collect();
        self.send_first_of(&same)?;
        Ok(Look::Tried)
    }

    /// Sends the first of documents with the same key, or one that tells it as well.
    fn send_first_of(&mut self, same: &[&Waiting]) -> Result<()> {
        let mut read: Vec<(&Waiting, Entry, Notice)> = Vec::new();
        for waiting in same {
            match self.read(waiting)? {
                Some((entry, notice)) => read.push((waiting, entry, notice)),
                None if read.is_empty() => return Ok(()),
                None => break,
            }
            if !self.ready.is_chat() {
                break;
            }
        }
        // A document of an incident is all of it, so people need not read the ones before: unless these said something else.
        let n_told_with = (1..read.len())
            .rev()
            .find(|&at| {
                let (before, rest) = read.split_at(at);
                before.iter().all(|(_, _, one)| is_told_by(one, &rest[0].2))
            })
            .unwrap_or(0);
        let Some((waiting, entry, notice)) = read.get(n_told_with) else {
            return Ok(());
        };
        let known = self.outgoing.told(&entry.key)?;
        let sent = Sent {
            id: &entry.id,
            at: entry.at,
            notice,
            telling: Telling {
                is_update: known.is_some(),
                n_told_with,
            },
            remote: known.as_ref().and_then(|known| known.remote.clone()),
        };
        let (outcome, remote) = self.ready.send(&sent, &self.means);
        let now = (self.clock.now)();
        match outcome {
            Outcome::Taken(_) => {
                let merged_into = match notice {
                    Notice::Incident { incident, .. } => incident.merged_into.clone(),
                    _ => None,
                };
                let known = known.unwrap_or_default();
                let told = Told {
                    remote: remote.or(known.remote),
                    merged_into: merged_into.or(known.merged_into),
                };
                // First what the receiver calls it: without that, another would be made.
                self.outgoing.note_told(&entry.key, &told)?;
                for (waiting, ..) in &read[..=n_told_with] {
                    self.outgoing.remove(waiting)?;
                    self.status.answered.remove(&waiting.id);
                }
                self.retries.remove(&waiting.key);
                self.paused_until = Duration::ZERO;
                self.status.last_success = Some(now);
                if std::mem::take(&mut self.status.failures) > 0 {
                    let sink = self.ready.name().to_owned();
                    let _ = self.news.send(News::Recovered { sink });
                }
            }
            Outcome::Later {
                reason,
                after,
                has_answered,
            } => {
                if has_answered {
                    *self.status.answered.entry(waiting.id.clone()).or_insert(0) += 1;
                }
                let answers = self.status.answered.get(&waiting.id).copied().unwrap_or(0);
                let age = now.secs_since(entry.at);
                let patience = i64::try_from(self.timing.patience.as_secs()).unwrap_or(i64::MAX);
                if answers >= self.timing.answers_max || age >= patience {
                    let tried = match age >= patience {
                        true => format!("given up after {age} s: {reason}"),
                        false => format!("given up after {answers} answers: {reason}"),
                    };
                    self.give_up(waiting, &tried, now)?;
                }
                self.pause(&waiting.key, &waiting.id, after);
                self.note_failure(&reason, now);
            }
            Outcome::Refused(reason) => {
                self.give_up(waiting, &reason, now)?;
                self.status.last_failure = Some((now, reason));
            }
        }
        self.outgoing.note_status(&self.status)
    }

    /// Reads a document; one that cannot be read is given up.
    fn read(&mut self, waiting: &Waiting) -> Result<Option<(Entry, Notice)>> {
        let now = (self.clock.now)();
        let entry = match self.outgoing.read(waiting) {
            Ok(Some(entry)) => entry,
            Ok(None) => return Ok(None),
            Err(error) => {
                self.give_up(waiting, error.message(), now)?;
                return Ok(None);
            }
        };
        match serde_json::from_str(&entry.document) {
            Ok(notice) => Ok(Some((entry, notice))),
            Err(_) => {
                self.give_up(waiting, "this version cannot read the document", now)?;
                Ok(None)
            }
        }
    }

    fn give_up(&mut self, waiting: &Waiting, reason: &str, now: Time) -> Result<()> {
        self.outgoing.give_up(waiting, reason, now)?;
        self.status.answered.remove(&waiting.id);
        self.retries.remove(&waiting.key);
        let _ = self.news.send(News::GivenUp {
            sink: self.ready.name().to_owned(),
            id: waiting.id.clone(),
            reason: reason.to_owned(),
        });
        Ok(())
    }

    fn pause(&mut self, key: &str, id: &str, asked: Option<Duration>) {
        let now = (self.clock.elapsed)();
        let (failures, due) = self.retries.entry(key.to_owned()).or_default();
        *failures += 1;
        *due = now + backoff::asked(backoff::after(*failures, id), asked);
        let of_sink = self.status.failures.saturating_add(1);
        let wait = backoff::after(of_sink, self.ready.name());
        self.paused_until = now + backoff::asked(wait, asked);
    }

    fn note_failure(&mut self, reason: &str, now: Time) {
        if self.status.failures == 0 {
            let _ = self.news.send(News::Failing {
                sink: self.ready.name().to_owned(),
                reason: reason.to_owned(),
            });
        }
        self.status.failures = self.status.failures.saturating_add(1);
        self.status.last_failure = Some((now, reason.to_owned()));
    }
}

/// Returns whether who reads the later document needs not read the earlier one: both are all of the same incident, and the later one is
/// no less severe, and says the same of verdicts or more.
fn is_told_by(earlier: &Notice, later: &Notice) -> bool {
    let (
        Notice::Incident {
            incident: earlier, ..
        },
        Notice::Incident {
            incident: later, ..
        },
    ) = (earlier, later)
    else {
        return earlier.line(SinkFormat::Plimsoll) == later.line(SinkFormat::Plimsoll);
    };
    let is_same_verdict = match (&earlier.verdict, &later.verdict) {
        (None, _) => true,
        (Some(before), Some(after)) => before.verdict == after.verdict && before.note == after.note,
        (Some(_), None) => false,
    };
    later.severity >= earlier.severity
        && is_same_verdict
        && later.merged_into == earlier.merged_into
}
