//! Which incident an alert belongs to, as far as is known when it is told.

use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Status};
use crate::error::Result;
use crate::incident::{DAYS_MAX, Joiner};
use crate::store::Archive;
use crate::time::Day;

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
    /// Takes in what an archive has of the weeks before a day, once.
    pub fn remember(&mut self, archive: &Archive, day: Day) -> Result<()> {
        let from = day.plus(-(DAYS_MAX as i32));
        if self.asked_from.is_some_and(|asked| asked <= from) {
            return Ok(());
        }
        archive.each_since(Some(from), |line| {
            let alert = std::str::from_utf8(line).ok();
            if let Some(alert) = alert.and_then(|text| Alert::parse(text).ok()) {
                self.add(&alert);
            }
        })?;
        self.asked_from = Some(from);
        Ok(())
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
