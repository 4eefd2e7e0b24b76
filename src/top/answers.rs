//! What a service answers, as a snapshot.

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::time::Time;
use crate::top::exposition::{Line, lines};
use crate::top::listed::ListedIncidents;
use crate::top::open::OpenIncidents;
use crate::top::snapshot::{Counts, FollowedLog, Judging, Origin, SinkState, Snapshot, Training};
use crate::top::wanted::Wanted;

/// The answers of a service to what is asked for a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a> {
    /// To `/readyz`, whatever its status.
    pub ready: &'a str,
    /// To `/metrics`.
    pub metrics: &'a str,
    /// Which incidents are listed.
    pub wanted: Wanted,
    /// To `/v1/incidents`.
    pub incidents: &'a Incidents,
}

/// What a service answered about incidents.
#[derive(Debug, Clone, Default)]
pub struct Incidents {
    /// Those that are wanted.
    pub listed: ListedIncidents,
    /// All that are open.
    pub open: OpenIncidents,
}

#[derive(Deserialize)]
struct Ready {
    scoring: Part,
    training: Part,
}

#[derive(Deserialize)]
struct Part {
    status: String,
    #[serde(default)]
    why: Option<String>,
    #[serde(default)]
    last: Option<String>,
}

/// Returns whether a service has not begun to judge, by its answer to `/readyz`.
pub fn waits(ready: &str) -> bool {
    let ready: Option<Ready> = serde_json::from_str(ready).ok();
    ready.is_some_and(|ready| ready.scoring.status == "waiting")
}

/// Returns how many alerts a service told, and how many verdicts it took. Until that changes, incidents need not be asked for again.
pub fn told_so_far(metrics: &str) -> u64 {
    let is_told = |line: &Line| match &*line.name {
        "plimsoll_alerts_total" => true,
        "plimsoll_http_requests_total" => line.label("route").ends_with("/verdict"),
        _ => false,
    };
    lines(metrics).filter(is_told).map(|l| l.count()).sum()
}

impl Snapshot {
    /// Returns what a service answered.
    ///
    /// # Errors
    ///
    /// Fails if it is not what the service of plimsoll answers.
    pub fn of_service(origin: Origin, answers: Answers<'_>) -> Result<Self> {
        let ready: Ready = serde_json::from_str(answers.ready)
            .map_err(|e| Error::failed("/readyz is not as `plimsoll serve` writes it").cause(e))?;
        let why = |part: &Part| part.why.clone().unwrap_or_default();
        let judging = match &*ready.scoring.status {
            "judging" => Judging::Goes,
            "waiting" => Judging::Waits(why(&ready.scoring)),
            _ => Judging::Failed(why(&ready.scoring)),
        };
        let training = match &*ready.training.status {
            "running" => Training::Running,
            "failed" => Training::Failed(why(&ready.training)),
            _ => Training::Idle(ready.training.last.as_deref().and_then(Time::parse)),
        };
        let mut snapshot = Self {
            origin,
            judging,
            training,
            generation: None,
            counts: None,
            logs: Vec::new(),
            sinks: Vec::new(),
            open: answers.incidents.open.clone(),
            wanted: answers.wanted,
            listed: answers.incidents.listed.clone(),
        };
        let mut counts = Counts::default();
        for line in lines(answers.metrics) {
            snapshot.add(&mut counts, &line);
        }
        // What is written is how many are in a range or below it.
        let mut below = 0;
        for n in counts.delays.values_mut() {
            let cumulative = *n;
            *n = cumulative.saturating_sub(below);
            below = cumulative;
        }
        snapshot.counts = Some(counts);
        Ok(snapshot)
    }

    fn add(&mut self, counts: &mut Counts, line: &Line) {
        let n = line.count();
        match &*line.name {
            "plimsoll_events_total" if line.label("outcome") == "new" => counts.events = n,
            "plimsoll_records_total" if line.label("outcome") == "rejected" => counts.rejected = n,
            "plimsoll_late_events_total" => counts.late = n,
            "plimsoll_behind_bytes" => counts.behind_bytes = n,
            "plimsoll_event_delay_seconds_bucket" => {
                let bound = match line.label("le").parse::<f64>() {
                    Ok(bound) if bound.is_finite() => bound as u64,
                    _ => u64::MAX,
                };
                counts.delays.insert(bound, n);
            }
            "plimsoll_alerts_total" if line.label("status") == "new" => {
                *counts
                    .alerts
                    .entry(line.label("analytic").to_owned())
                    .or_default() += n;
            }
            // Before the first look there is none.
            "plimsoll_generation" => self.generation = (n > 0).then_some(n),
            "plimsoll_last_event_timestamp_seconds" => {
                if let Some(newest) = Time::from_secs(line.value as i64) {
                    self.logs.push(FollowedLog {
                        log: line.label("log").to_owned(),
                        account: line.label("account").to_owned(),
                        newest,
                    });
                }
            }
            "plimsoll_sink_waiting" => self.sink(line).waiting = n,
            "plimsoll_sink_given_up" => self.sink(line).given_up = n,
            "plimsoll_sink_failures" => self.sink(line).failures = n,
            _ => {}
        }
    }

    fn sink(&mut self, line: &Line) -> &mut SinkState {
        let name = line.label("sink");
        let at = match self.sinks.iter().position(|sink| sink.name == name) {
            Some(at) => at,
            None => {
                self.sinks.push(SinkState {
                    name: name.to_owned(),
                    waiting: 0,
                    given_up: 0,
                    failures: 0,
                });
                self.sinks.len() - 1
            }
        };
        &mut self.sinks[at]
    }
}
