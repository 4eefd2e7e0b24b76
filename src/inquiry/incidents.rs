//! The alerts that were told, and the incidents that they are.

use std::collections::BTreeMap;

use crate::alert::Alert;
use crate::error::{Error, Result};
use crate::incident::{Group, Incident, Playbook};
use crate::inquiry::Inquiry;
use crate::inquiry::known::{At, Wanted};
use crate::inquiry::page::{ListedAlert, Page, Placed, ToldIncident, cut};
use crate::inquiry::place::{Place, ambiguous, beginning};
use crate::inquiry::selection::Selection;
use crate::inquiry::told::{Told, documents};
use crate::store::Verdicts;

/// What says where alerts are that a store has not.
const ELSEWHERE: &str = "the store has the alerts of `score`; those of a backtest are in alerts.jsonl of its `--out` folder: `--from FILE`";
/// How often documents are looked for that lie no longer where they were.
const LOOKS_MAX: usize = 3;

/// What an id stands for.
#[derive(Debug, Clone)]
pub enum Found {
    /// One alert.
    Alert(Box<Alert>),
    /// An incident, with its alerts in the order of their beginnings.
    Incident(Box<Incident>, Vec<Alert>),
}

impl Inquiry {
    /// Returns a page of the incidents that are asked for, the newest first, each with what analysts said of it.
    ///
    /// One that grows while pages are read moves to the front, where a list that begins again has it.
    ///
    /// # Errors
    ///
    /// Fails if the alerts cannot be read, or there is no such place.
    pub fn incidents(
        &self,
        selection: &Selection,
        playbook: &Playbook,
    ) -> Result<Page<ToldIncident>> {
        let verdicts = self.verdicts()?;
        let (page, documents) = self.with_documents(|told| {
            self.place()
                .must_be_one(told.alerts.len(), told.n_others())?;
            let page = groups(told, selection, &verdicts);
            let ids = page.items.iter().flat_map(|group| &group.alerts);
            let places = told.places_of(ids);
            Ok((page, places))
        })?;
        Ok(page.map(|group| tell(&group, &documents, &verdicts, playbook)))
    }

    /// Returns the incident whose id begins so, or that has the alerts of one that did; the latter under the id that was asked for.
    ///
    /// # Errors
    ///
    /// A usage error if the beginning is too short. Fails if none begins so, or several do, or the alerts cannot be read.
    pub fn incident(&self, wanted: &str, playbook: &Playbook) -> Result<ToldIncident> {
        let Some((told, alerts)) = self.find_incident(wanted, playbook)? else {
            self.must_have_alerts()?;
            let wanted = wanted.to_ascii_lowercase();
            if let Some(alert) = self.place().find_alert(&wanted)? {
                return Err(self.is_alert(&wanted, &alert)?);
            }
            let error = Error::missing(format!("there is no incident `{wanted}`"));
            return Err(error
                .hint_by_command(
                    "`plimsoll incidents` lists them; an alert's id is for `plimsoll alerts`",
                )
                .hint_by_http("GET /v1/incidents lists them; an alert's id is for /v1/alerts"));
        };
        // It may have become a part of another one since it was told.
        let earlier = wanted.to_ascii_lowercase();
        let mut merged = told.merged.iter();
        let told = match merged.find(|merged| merged.starts_with(&earlier)) {
            Some(merged) if !told.incident_id.starts_with(&earlier) => told.under(merged),
            _ => told,
        };
        Ok((told, alerts))
    }

    /// Returns a page of the alerts that are asked for, the newest first, each as it was told last.
    ///
    /// One that grows while pages are read moves to the front, where a list that begins again has it.
    ///
    /// # Errors
    ///
    /// Fails if the alerts cannot be read, or there is no such place.
    pub fn alerts(&self, selection: &Selection) -> Result<Page<ListedAlert>> {
        let verdicts = self.verdicts()?;
        let (page, mut documents) = self.with_documents(|told| {
            self.place()
                .must_be_one(told.alerts.len(), told.n_others())?;
            let page = latest(told, selection, &verdicts);
            let places = told.places_of(page.items.iter());
            Ok((page, places))
        })?;
        let verdict_on = |id: &str| verdicts.get(id).map(|verdict| verdict.is_true);
        let items = page.items.into_iter();
        let items = items.filter_map(|id| {
            let alert = documents.remove(&id)?;
            let verdict = verdict_on(&id);
            Some(ListedAlert { alert, verdict })
        });
        Ok(Page {
            items: items.collect(),
            next: page.next,
            n_left: page.n_left,
            n_others: page.n_others,
        })
    }

    /// Returns the alert whose id begins so, as it was told last.
    ///
    /// # Errors
    ///
    /// A usage error if the beginning is too short. Fails if none begins so, or several do, or the alerts cannot be read.
    pub fn alert(&self, wanted: &str) -> Result<Alert> {
        if let Some(alert) = self.place().find_alert(wanted)? {
            return Ok(alert);
        }
        self.must_have_alerts()?;
        let wanted = wanted.to_ascii_lowercase();
        if let Some(group) = group_of(&mut *self.told()?, &wanted)? {
            let id = group.id;
            return Err(
                Error::missing(format!("`{wanted}` is an incident, and no alert"))
                    .hint_by_command(format!(
                        "`plimsoll incidents {id}` shows it with its alerts"
                    ))
                    .hint_by_http(format!("GET /v1/incidents/{id} has it with its alerts")),
            );
        }
        let error = Error::missing(format!("there is no alert `{wanted}`"));
        Err(error
            .hint_by_command(
                "`plimsoll alerts` lists them; an incident's id is for `plimsoll incidents`",
            )
            .hint_by_http("GET /v1/alerts lists them; an incident's id is for /v1/incidents"))
    }

    /// Demands that there are alerts, or could be, of which one may not be known.
    fn must_have_alerts(&self) -> Result<()> {
        let told = self.told()?;
        let (n_alerts, n_others) = (told.alerts.len(), told.n_others());
        self.place().must_be_one(n_alerts, n_others)
    }

    /// Returns the error of an alert's id where that of an incident is asked for.
    fn is_alert(&self, wanted: &str, alert: &Alert) -> Result<Error> {
        let mut told = self.told()?;
        let (groups, _) = told.joined();
        let group = groups
            .iter()
            .find(|group| group.alerts.contains(&alert.alert_id));
        let error = Error::missing(format!("`{wanted}` is an alert, and no incident"));
        Ok(match group {
            Some(Group { id, .. }) => error
                .hint_by_command(format!(
                    "it is a part of the incident {id}; `plimsoll alerts {wanted}` shows it alone"
                ))
                .hint_by_http(format!(
                    "it is a part of the incident {id}; GET /v1/alerts/{wanted} has it alone"
                )),
            None => error,
        })
    }

    /// Returns the alert or the incident whose id begins so. Only an incident needs the steps of the analytics.
    ///
    /// # Errors
    ///
    /// A usage error if the beginning is too short. Fails if nothing begins so, or several do, or it cannot be read, or `playbook` fails.
    pub fn find(&self, wanted: &str, playbook: impl FnOnce() -> Result<Playbook>) -> Result<Found> {
        if let Some(alert) = self.place().find_alert(wanted)? {
            return Ok(Found::Alert(Box::new(alert)));
        }
        match self.find_incident(wanted, &playbook()?)? {
            Some((incident, alerts)) => Ok(Found::Incident(Box::new(incident), alerts)),
            None => {
                if matches!(self.place(), Place::File(_)) {
                    self.must_have_alerts()?;
                }
                let wanted = wanted.to_ascii_lowercase();
                let name = self.place().name();
                let error = Error::missing(format!(
                    "there is no alert and no incident `{wanted}` in `{name}`"
                ));
                Err(error
                    .hint_by_command(ELSEWHERE)
                    .hint_by_http("GET /v1/incidents and GET /v1/alerts list them"))
            }
        }
    }

    fn find_incident(&self, wanted: &str, playbook: &Playbook) -> Result<Option<ToldIncident>> {
        let id = beginning(wanted)?;
        let (group, documents) = self.with_documents(|told| {
            let group = group_of(told, &id)?;
            let ids = group.iter().flat_map(|group| &group.alerts);
            let places = told.places_of(ids);
            Ok((group, places))
        })?;
        let verdicts = self.verdicts()?;
        Ok(group.map(|group| tell(&group, &documents, &verdicts, playbook)))
    }

    /// Chooses alerts of those that were told up to now, and reads their documents without keeping others waiting.
    fn with_documents<T>(
        &self,
        choose: impl Fn(&mut Told) -> Result<(T, Vec<(String, At)>)>,
    ) -> Result<(T, BTreeMap<String, Alert>)> {
        let look = || {
            let (chosen, places) = choose(&mut *self.told()?)?;
            let n_places = places.len();
            let found = documents(places)?;
            let is_complete = found.len() == n_places;
            Ok(((chosen, found), is_complete))
        };
        // Old days of the archive may be removed in between.
        for _ in 1..LOOKS_MAX {
            if let (found, true) = look()? {
                return Ok(found);
            }
        }
        look().map(|(found, _)| found)
    }
}

/// Returns a page of the incidents that are asked for.
fn groups(told: &mut Told, selection: &Selection, verdicts: &Verdicts) -> Page<Group> {
    let wanted = Wanted::of(selection);
    let n_others = told.n_others();
    let (groups, alerts) = told.joined();
    let is_wanted = |group: &&Group| {
        let is_unjudged = |id: &&String| !group.covered.contains(id) && !verdicts.contains_key(*id);
        let was_about = |id: &String| alerts.get(id).is_some_and(|known| known.was_about(&wanted));
        selection.has((group.start, group.end), group.severity)
            && (selection.with_suppressed || !group.is_suppressed)
            && group.alerts.iter().any(was_about)
            && (!selection.is_open || group.alerts.iter().any(|id| is_unjudged(&id)))
    };
    let placed = groups.iter().filter(is_wanted).map(|group| Placed {
        end: group.end,
        start: group.start,
        id: &group.id,
        thing: group,
    });
    let page = cut(placed.collect(), selection, str::cmp, |group| {
        group.alerts.len()
    });
    Page {
        n_others,
        ..page.map(Group::clone)
    }
}

/// Returns a page of the ids of the alerts that are asked for.
fn latest(told: &Told, selection: &Selection, verdicts: &Verdicts) -> Page<String> {
    let wanted = Wanted::of(selection);
    let own = told.alerts.iter().filter(|(id, known)| {
        // What a narrower analytic tells is in its alert.
        !told.told_elsewhere.contains(*id)
            && known.is_wanted(&wanted)
            && (!selection.is_open || !verdicts.contains_key(*id))
    });
    let placed = own.map(|(id, known)| Placed {
        end: known.end,
        start: known.start,
        id,
        thing: id,
    });
    let page = cut(placed.collect(), selection, |a, b| b.cmp(a), |_| 1);
    Page {
        n_others: told.n_others(),
        ..page.map(String::clone)
    }
}

/// Returns the incident whose id begins so, or that has the alerts of one that did; `None` if there is none.
fn group_of(told: &mut Told, id: &str) -> Result<Option<Group>> {
    let (groups, _) = told.joined();
    let is_meant = |group: &&Group| {
        let mut ids = group.merged.iter().chain([&group.id]);
        ids.any(|known| known.starts_with(id))
    };
    let found: Vec<&Group> = groups.iter().filter(is_meant).collect();
    let exact = found.iter().find(|group| group.id == id);
    match (found.as_slice(), exact) {
        ([], _) => Ok(None),
        ([one], _) | (_, Some(one)) => Ok(Some((*one).clone())),
        (several, None) => {
            let ids = several.iter().map(|group| &group.id);
            Err(ambiguous("incidents", id, ids))
        }
    }
}

/// Tells an incident, with its alerts in the order of their beginnings and with what analysts said of it.
fn tell(
    group: &Group,
    documents: &BTreeMap<String, Alert>,
    verdicts: &Verdicts,
    playbook: &Playbook,
) -> ToldIncident {
    let its = group.alerts.iter().filter_map(|id| documents.get(id));
    let alerts: Vec<Alert> = its.cloned().collect();
    let mut incident = Incident::of(group, &alerts, playbook);
    incident.judge(|id| {
        let verdict = verdicts.get(id)?;
        Some((verdict.is_true, verdict.note.as_deref()))
    });
    (incident, alerts)
}
