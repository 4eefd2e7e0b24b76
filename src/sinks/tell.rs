//! What is put into the outbox, and when: a thread that gathers alerts as they are told, and puts in the incidents that they belong to.
//!
//! Before an alert is told, it is noted that it may have to be put in; after it was put in, the note goes. So a crash between the two loses
//! nothing: the next run finds the note, and takes the alert from the archive.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::config::{Sink, Tell};
use crate::error::Result;
use crate::incident::Incident;
use crate::report::json;
use crate::sinks::concerned::Concerned;
use crate::sinks::deliver::{Clock, Deliverer, News};
use crate::sinks::heartbeat::{HealthStatus, Schedule, due};
use crate::sinks::notice::{Health, Notice};
use crate::sinks::select::{shows_alerts, wants};
use crate::store::{Outbox, Outgoing, Pending};
use crate::time::Day;

/// How long nothing more may come until incidents are put in, and how long they wait at most: alerts of one act come together.
const QUIET: Duration = Duration::from_millis(500);
const GATHERED_MAX: Duration = Duration::from_secs(5);
/// The same of logs of the past, which are judged a day after the other.
const BATCH_QUIET: Duration = Duration::from_secs(3);
const BATCH_GATHERED_MAX: Duration = Duration::from_secs(60);
/// How often it is looked how the run is.
const HEALTH_EVERY: Duration = Duration::from_secs(30);

/// What is noted of an alert before it is told.
#[derive(Serialize, Deserialize)]
struct Note {
    alert_id: String,
    /// The day on which the archive has it.
    day: String,
}

/// What the thread is asked.
pub(super) enum Message {
    /// An alert is in the archive; `true` if it was told, and not only kept because an approval covers it.
    Told(Box<Alert>, bool),
    /// Analysts said something of alerts, which lie on these days.
    Judged(Vec<(String, Day)>),
    /// Everything is to be put in, and then this is to be answered.
    Settle(Sender<()>),
}

/// What is noted, by whoever tells, until it is put in.
#[derive(Debug)]
pub(super) struct Notes {
    pending: Pending,
    /// How many notes were made.
    n_noted: u64,
}

impl Notes {
    pub(super) fn new(outbox: &Outbox) -> Result<Self> {
        Ok(Self {
            pending: outbox.pending()?,
            n_noted: 0,
        })
    }

    /// Notes that an alert is about to be told.
    pub(super) fn note(&mut self, alert: &Alert) -> Result<()> {
        let note = Note {
            alert_id: alert.alert_id.clone(),
            day: alert.time.day().to_string(),
        };
        // One that could not be noted will be told all the same, and is counted with the others.
        self.n_noted += 1;
        self.pending.note(&json::line(&note))
    }
}

/// Returns how the run is.
pub(super) type HealthOf = Box<dyn Fn() -> HealthStatus + Send>;

/// The thread.
pub(super) struct Teller {
    pub(super) concerned: Concerned,
    pub(super) sinks: Vec<(Sink, Outgoing)>,
    pub(super) outbox: Outbox,
    pub(super) notes: Arc<Mutex<Notes>>,
    pub(super) clock: Clock,
    pub(super) deliverer: Arc<Deliverer>,
    pub(super) news: Sender<News>,
    /// Whether logs of the past are judged.
    pub(super) is_batch: bool,
    /// How the run is; `None` if nobody is told.
    pub(super) health: Option<HealthOf>,
    /// When each sink is told how it is.
    pub(super) schedules: Vec<Option<Schedule>>,
    /// Alerts whose incidents are not put in yet, and the days on which they lie.
    pub(super) gathered: BTreeMap<String, Day>,
    /// What went wrong last.
    pub(super) fault: Option<String>,
    /// Alerts that could not be put in themselves, and the days on which they lie.
    pub(super) owed: BTreeMap<String, Day>,
    /// Alerts that were told since it began.
    pub(super) n_told: u64,
    /// The day of the newest alert.
    pub(super) newest: Option<Day>,
}

impl Teller {
    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        self.told_of(|teller| teller.adopt());
        let mut since: Option<Duration> = None;
        let mut health_at = Duration::ZERO;
        let (quiet, gathered_max) = match self.is_batch {
            true => (BATCH_QUIET, BATCH_GATHERED_MAX),
            false => (QUIET, GATHERED_MAX),
        };
        loop {
            let wait = since.map_or(HEALTH_EVERY, |_| quiet);
            let now = || (self.clock.elapsed)();
            match messages.recv_timeout(wait) {
                Ok(Message::Told(alert, is_told)) => {
                    since.get_or_insert_with(now);
                    self.told_of(|teller| teller.take(&alert, is_told));
                }
                Ok(Message::Judged(alerts)) => {
                    self.told_of(|teller| teller.put_judged(alerts.into_iter().collect()));
                }
                Ok(Message::Settle(answer)) => {
                    self.told_of(Self::put_gathered);
                    since = None;
                    // Who asked may not wait any longer.
                    let _ = answer.send(());
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {
                    // What could not be put in is tried again.
                    if since.is_some() && self.told_of(Self::put_gathered) {
                        since = None;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.told_of(Self::put_gathered);
                    return;
                }
            }
            let now = (self.clock.elapsed)();
            if since.is_some_and(|since| now.saturating_sub(since) >= gathered_max) {
                let is_put = self.told_of(Self::put_gathered);
                since = (!is_put).then_some(now);
            }
            if now >= health_at {
                health_at = now + HEALTH_EVERY;
                self.told_of(Self::tell_health);
            }
        }
    }

    /// Does something, and tells what went wrong, once as long as it is the same; returns whether all went well.
    fn told_of(&mut self, act: impl FnOnce(&mut Self) -> Result<()>) -> bool {
        let fault = act(self).err().map(|error| error.with_causes());
        let is_well = fault.is_none();
        if let Some(error) = fault
            && self.fault.replace(error.clone()).as_ref() != Some(&error)
        {
            let _ = self.news.send(News::Fault { error });
        }
        is_well
    }

    /// Takes in an alert.
    fn take(&mut self, alert: &Alert, is_told: bool) -> Result<()> {
        self.concerned.add(alert);
        let day = alert.time.day();
        self.newest = self.newest.max(Some(day));
        if !is_told {
            return Ok(());
        }
        self.n_told += 1;
        self.gathered.insert(alert.alert_id.clone(), day);
        let put = self.put_alert(alert);
        if put.is_err() {
            self.owed.insert(alert.alert_id.clone(), day);
        }
        put
    }

    /// Puts in alerts that could not be put in before.
    fn put_owed(&mut self) -> Result<()> {
        while let Some((id, day)) = self
            .owed
            .first_key_value()
            .map(|(id, day)| (id.clone(), *day))
        {
            if let Some(alert) = self.concerned.alert(&id, day)? {
                self.put_alert(&alert)?;
            }
            self.owed.remove(&id);
        }
        Ok(())
    }

    fn put_alert(&self, alert: &Alert) -> Result<()> {
        let notice = Notice::Alert(Box::new(alert.clone()));
        let mut sinks = self.sinks.iter();
        sinks.try_for_each(|(sink, outgoing)| match sink.tell {
            Tell::Alerts if wants(sink, &notice) => self.put(outgoing, &notice),
            _ => Ok(()),
        })
    }

    fn put(&self, outgoing: &Outgoing, notice: &Notice) -> Result<()> {
        let put = outgoing.put(notice.key(), &json::line(notice), (self.clock.now)())?;
        if put.lost > 0 {
            let _ = self.news.send(News::Lost {
                sink: outgoing.name().to_owned(),
                documents: put.lost,
            });
        }
        Ok(())
    }

    /// Puts in the incidents of the alerts that were gathered, and forgets that they had to be.
    fn put_gathered(&mut self) -> Result<()> {
        let gathered = std::mem::take(&mut self.gathered);
        let owed = self.put_owed();
        let put = self.put_incidents(&gathered).and(owed);
        if put.is_err() {
            // It is tried again with what comes next, and by the next run.
            self.gathered.extend(gathered);
            return put;
        }
        self.deliverer.wake();
        if let Some(newest) = self.newest {
            self.concerned.forget_before(newest);
        }
        let mut notes = lock(&self.notes);
        match notes.n_noted == self.n_told {
            true => notes.pending.forget(),
            // More is about to be told, and forgotten with that.
            false => Ok(()),
        }
    }

    /// Puts in what a process was about to tell that ended before it was done.
    fn adopt(&mut self) -> Result<()> {
        for left in self.outbox.left_behind()? {
            let notes = left
                .lines
                .iter()
                .filter_map(|line| serde_json::from_str(line).ok());
            let alerts: BTreeMap<String, Day> = notes
                .filter_map(|note: Note| Some((note.alert_id, Day::parse(&note.day)?)))
                .collect();
            for (id, day) in &alerts {
                // One that the archive has not was not told, and will be.
                if let Some(alert) = self.concerned.alert(id, *day)? {
                    self.put_alert(&alert)?;
                }
            }
            self.put_incidents(&alerts)?;
            left.done()?;
        }
        self.deliverer.wake();
        Ok(())
    }

    fn put_incidents(&mut self, alerts: &BTreeMap<String, Day>) -> Result<()> {
        let is_one = |(sink, _): &(Sink, Outgoing)| sink.tell == Tell::Incidents;
        if !self.sinks.iter().any(is_one) {
            return Ok(());
        }
        for (incident, alerts) in self.concerned.incidents(alerts)? {
            for (sink, outgoing) in self.sinks.iter().filter(|one| is_one(one)) {
                let notice = notice_of(sink, &incident, &alerts);
                if wants(sink, &notice) {
                    self.put_merged(sink, outgoing, &incident, &alerts)?;
                    self.put(outgoing, &notice)?;
                }
            }
        }
        Ok(())
    }

    /// Puts in of the incidents that became a part of another one, and that the receiver knows, that they did.
    fn put_merged(
        &self,
        sink: &Sink,
        outgoing: &Outgoing,
        incident: &Incident,
        alerts: &[Alert],
    ) -> Result<()> {
        for merged in &incident.merged {
            let told = outgoing.told(merged)?;
            let is_known = match &told {
                Some(told) => told.merged_into.as_ref() != Some(&incident.incident_id),
                None => outgoing.waiting()?.iter().any(|one| one.key == *merged),
            };
            if is_known {
                let under = incident.under(merged);
                self.put(outgoing, &notice_of(sink, &under, alerts))?;
            }
        }
        Ok(())
    }

    /// Puts in incidents of which analysts said something, for whom they were told.
    fn put_judged(&mut self, alerts: BTreeMap<String, Day>) -> Result<()> {
        for (incident, alerts) in self.concerned.incidents(&alerts)? {
            for (sink, outgoing) in &self.sinks {
                let notice = notice_of(sink, &incident, &alerts);
                let id = &incident.incident_id;
                let is_known = sink.tell == Tell::Incidents
                    && (outgoing.told(id)?.is_some()
                        || outgoing.waiting()?.iter().any(|one| one.key == *id));
                if is_known {
                    self.put(outgoing, &notice)?;
                }
            }
        }
        self.deliverer.wake();
        Ok(())
    }

    /// Tells those sinks how the run is that are to be told now.
    fn tell_health(&mut self) -> Result<()> {
        let Some(health) = &self.health else {
            return Ok(());
        };
        let now = (self.clock.now)();
        let mut status = health();
        status.waiting = Vec::new();
        for (sink, outgoing) in &self.sinks {
            let waiting = outgoing.waiting()?.len() as u64;
            status.waiting.push((sink.name.to_string(), waiting));
        }
        let mut told: Vec<(usize, Health)> = Vec::new();
        for (at, schedule) in self.schedules.iter_mut().enumerate() {
            let schedule = schedule.as_mut();
            told.extend(schedule.and_then(|schedule| Some((at, due(&status, schedule, now)?))));
        }
        for (at, health) in told {
            self.put(&self.sinks[at].1, &Notice::Health(health))?;
        }
        self.deliverer.wake();
        Ok(())
    }
}

fn notice_of(sink: &Sink, incident: &Incident, alerts: &[Alert]) -> Notice {
    Notice::Incident {
        incident: Box::new(incident.clone()),
        alerts: match shows_alerts(sink) {
            true => alerts.to_vec(),
            false => Vec::new(),
        },
    }
}

/// Holds the notes. A thread that panicked while it held them has left them as they are on disk.
pub(super) fn lock(notes: &Mutex<Notes>) -> MutexGuard<'_, Notes> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}
