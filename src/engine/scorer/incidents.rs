//! Which incident an alert belongs to, as far as is known when it is told.

use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Status, StoppedBy};
use crate::error::Result;
use crate::incident::{DAYS_MAX, Joiner};
use crate::store::Archive;
use crate::time::Day;

/// How long, in seconds, before its last record somebody may have stopped a log: what was under way is still delivered.
const STOPPED_BEFORE_SECS: i64 = 3_600;

/// The alerts of the last weeks, as far as joining needs them.
///
/// What an episode came to is told with the incident that follows from what the episodes before it came to, and from nothing that was
/// told of days that go on: so it is the same however often one looks.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct KnownAlerts {
    closed: Joiner,
    all: Joiner,
    /// The first day of which the archive was asked.
    asked_from: Option<Day>,
}

impl KnownAlerts {
    /// Takes in what an archive has of the weeks before a day, once. Where an incident goes on for longer, it is read back to its beginning: a
    /// long one is cut from there, and must be cut the same wherever it is asked for.
    pub fn remember(&mut self, archive: &Archive, day: Day) -> Result<()> {
        let mut from = day.plus(-(DAYS_MAX as i32));
        if self.asked_from.is_some_and(|asked| asked <= from) {
            return Ok(());
        }
        archive.each_since(Some(from), |line| self.add_line(line))?;
        let first = archive.first_day()?;
        while first.is_some_and(|first| first < from)
            && self.all.may_begin_before(from.start(), day.start())
        {
            for _ in 0..DAYS_MAX {
                from = from.plus(-1);
                archive.each_of(from, |line| self.add_line(line))?;
            }
        }
        self.asked_from = Some(from);
        Ok(())
    }

    fn add_line(&mut self, line: &[u8]) {
        let alert = std::str::from_utf8(line).ok();
        if let Some(alert) = alert.and_then(|text| Alert::parse(text).ok()) {
            self.add(&alert);
        }
    }

    /// Writes into the alerts of a day which incident they belong to.
    pub fn join(&mut self, alerts: &mut [Alert]) {
        for alert in alerts.iter() {
            self.add(alert);
        }
        for alert in alerts.iter_mut() {
            let joiner = match alert.status {
                Status::Closed => &mut self.closed,
                Status::New | Status::Update => &mut self.all,
            };
            alert.incident_id = joiner.id_of(&alert.alert_id).map(str::to_owned);
        }
    }

    /// Names in an alert on a silent log who stopped or narrowed a log of its account shortly before, or since.
    pub fn note_stopped_by(&self, alert: &mut Alert) {
        let entity = &alert.entity;
        let account = entity.provider.as_deref().zip(entity.account.as_deref());
        let (Some(account), Some(silence)) = (account, &mut alert.silence) else {
            return;
        };
        let near = (silence.since.plus_secs(-STOPPED_BEFORE_SECS), alert.time);
        let by = self.closed.blinded_by(account, near);
        silence.stopped_by = by.map(|(identity, time)| StoppedBy { identity, time });
    }

    /// Returns whether it was told what a log that fell silent is told by.
    pub fn has_told(&self, alert: &Alert) -> bool {
        self.closed.has_one_like(alert)
    }

    /// Forgets what nothing can join any more on a day.
    pub fn forget_before(&mut self, day: Day) {
        self.closed.forget_before(day.start());
        self.all.forget_before(day.start());
    }

    fn add(&mut self, alert: &Alert) {
        if alert.status == Status::Closed {
            self.closed.add(alert);
        }
        self.all.add(alert);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_long_chain_is_one_incident_each_night_as_it_is_for_who_lists_it() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::alerts(&Store::at(folder.path()));
        let mut listed = Joiner::default();
        for n in 0..100 {
            let day = Day(20_000 + n);
            // On every day one, but for two before the last of which the chain ends and another begins.
            if (80..82).contains(&n) {
                continue;
            }
            let (start, time) = (day.start(), day.start().plus_secs(3_600));
            let line = format!(
                r#"{{"alert_id": "a{n:03}", "status": "closed", "analytic": "AN1594", "name": "n", "severity": "high", "score": 97.1,
                "surprise": 4.6, "threshold": 92.3, "arm": "A", "time": "{time}", "crossed_at": "{time}", "window": {{"start": "{start}",
                "end": "{time}"}}, "entity": {{"kind": "identity", "id": "a"}}}}"#
            );
            let alert = Alert::parse(&line).unwrap();
            listed.add(&alert);
            // Each night another process asks.
            let mut known = KnownAlerts::default();
            known.remember(&archive, day).unwrap();
            let mut alerts = [alert];
            known.join(&mut alerts);
            let id = alerts[0].incident_id.as_deref();
            assert_eq!(id, listed.id_of(&alerts[0].alert_id), "day {n}");
            archive.append(day, &line.replace('\n', " ")).unwrap();
        }
    }
}
