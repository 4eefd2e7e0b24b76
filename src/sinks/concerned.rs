//! The incidents that alerts belong to, as they are now, from the archive.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::alert::Alert;
use crate::error::Result;
use crate::incident::{DAYS_MAX, Group, Incident, Joiner, Playbook, Rank};
use crate::store::{Archive, Store};
use crate::time::Day;

/// Days beside those that an incident tells of in which its alerts may lie: a document lies on the day of its last event.
const DAYS_BESIDE: i32 = 1;

/// Joins the alerts of the archive, and tells the incidents of some of them.
///
/// The archive is read once, from a month before the first day that is asked for; after that it costs what joining the alerts of a
/// month costs, and reading the days of the incidents that are told.
#[derive(Debug)]
pub(super) struct Concerned {
    store: Store,
    archive: Archive,
    playbook: Playbook,
    joiner: Joiner,
    /// The first day of which the archive was asked.
    asked_from: Option<Day>,
}

impl Concerned {
    /// Takes the archive of a store. Nothing is read yet.
    pub(super) fn new(store: &Store, playbook: Playbook) -> Self {
        Self {
            store: store.clone(),
            archive: Archive::alerts(store),
            playbook,
            joiner: Joiner::default(),
            asked_from: None,
        }
    }

    /// Takes in an alert that was told, or that an approval covers.
    pub(super) fn add(&mut self, alert: &Alert) {
        self.joiner.add(alert);
    }

    /// Reads what the archive has from a month before a day on, and further back where an incident goes on for longer.
    fn remember(&mut self, day: Day) -> Result<()> {
        let mut from = day.plus(-(DAYS_MAX as i32));
        if self.asked_from.is_some_and(|asked| asked <= from) {
            return Ok(());
        }
        let joiner = &mut self.joiner;
        self.archive
            .each_since(Some(from), |line| add_line(joiner, line))?;
        let first = self.archive.first_day()?;
        while first.is_some_and(|first| first < from)
            && joiner.may_begin_before(from.start(), day.start())
        {
            for _ in 0..DAYS_MAX {
                from = from.plus(-1);
                self.archive.each_of(from, |line| add_line(joiner, line))?;
            }
        }
        self.asked_from = Some(from);
        Ok(())
    }

    /// Returns the incidents that some alerts belong to, each once, with the documents of its alerts, and with what analysts said of them. Days
    /// are those on which the alerts lie in the archive. An alert that the archive has not is of no incident.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read.
    pub(super) fn incidents(
        &mut self,
        alerts: &BTreeMap<String, Day>,
    ) -> Result<Vec<(Incident, Vec<Alert>)>> {
        let Some(first) = alerts.values().min() else {
            return Ok(Vec::new());
        };
        self.remember(*first)?;
        let ids: BTreeSet<String> = alerts
            .keys()
            .filter_map(|id| self.joiner.id_of(id).map(str::to_owned))
            .collect();
        let groups: Vec<Group> = self
            .joiner
            .groups()
            .iter()
            .filter(|group| ids.contains(&group.id))
            .cloned()
            .collect();
        let mut documents = self.documents(&groups)?;
        let verdicts = self.store.verdicts()?;
        let told = groups.iter().map(|group| {
            let its = group.alerts.iter().filter_map(|id| documents.remove(id));
            let its: Vec<Alert> = its.collect();
            let mut incident = Incident::of(group, &its, &self.playbook);
            incident.judge(|id| {
                let verdict = verdicts.get(id)?;
                Some((verdict.is_true, verdict.note.as_deref()))
            });
            (incident, its)
        });
        Ok(told.filter(|(_, its)| !its.is_empty()).collect())
    }

    /// Returns the latest document of each alert of incidents.
    fn documents(&self, groups: &[Group]) -> Result<BTreeMap<String, Alert>> {
        let ids: BTreeSet<&str> = groups
            .iter()
            .flat_map(|group| group.alerts.iter().map(String::as_str))
            .collect();
        let mut days: BTreeSet<Day> = BTreeSet::new();
        for group in groups {
            let mut day = group.start.day().plus(-DAYS_BESIDE);
            while day <= group.end.day().plus(DAYS_BESIDE) {
                days.insert(day);
                day = day.plus(1);
            }
        }
        let mut documents: BTreeMap<String, Alert> = BTreeMap::new();
        for day in days {
            self.archive.each_of(day, |line| {
                let Some(alert) = alert_if(line, |id| ids.contains(id)) else {
                    return;
                };
                match documents.get(&alert.alert_id) {
                    Some(known) if Rank::of(known) >= Rank::of(&alert) => {}
                    _ => drop(documents.insert(alert.alert_id.clone(), alert)),
                }
            })?;
        }
        Ok(documents)
    }

    /// Returns the last document of an alert that lies on a day; `None` if the archive has none.
    ///
    /// # Errors
    ///
    /// Fails if the archive cannot be read.
    pub(super) fn alert(&self, alert_id: &str, day: Day) -> Result<Option<Alert>> {
        let mut last: Option<Alert> = None;
        self.archive.each_of(day, |line| {
            if let Some(alert) = alert_if(line, |id| id == alert_id) {
                last = Some(alert);
            }
        })?;
        Ok(last)
    }

    /// Forgets what nothing can join any more on a day.
    pub(super) fn forget_before(&mut self, day: Day) {
        self.joiner.forget_before(day.start());
    }
}

fn add_line(joiner: &mut Joiner, line: &[u8]) {
    if let Some(alert) = alert_if(line, |_| true) {
        joiner.add(&alert);
    }
}

/// Reads a line, if the id of its alert is wanted. Of the others no more than the id is read.
fn alert_if(line: &[u8], is_wanted: impl Fn(&str) -> bool) -> Option<Alert> {
    #[derive(Deserialize)]
    struct Id {
        alert_id: String,
    }
    let Id { alert_id } = serde_json::from_slice(line).ok()?;
    let text = is_wanted(&alert_id).then(|| std::str::from_utf8(line).ok());
    Alert::parse(text??).ok()
}
