//! Alerts that were told, and the incidents that they are: from the store's archive, or from a file. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use serde::Deserialize;

use crate::alert::Alert;
use crate::cli::Console;
use crate::error::{Error, Result};
use crate::incident::{Group, Incident, Joiner, Playbook, Rank};
use crate::report::noun;
use crate::store::{Archive, Store, Verdicts, find_in};

/// The fewest characters that stand for an id.
const PREFIX_MIN: usize = 6;
/// Ids that are named when several begin alike.
const NAMED_MAX: usize = 10;
/// Documents of alerts that are in memory at once.
const DOCUMENTS_MAX: usize = 20_000;
/// What says where alerts are that a store has not.
const ELSEWHERE: &str = "the store has the alerts of `score`; those of a backtest are in alerts.jsonl of its `--out` folder: `--from FILE`";

/// Where alerts are.
pub enum Place {
    /// The archive of a store.
    Store(Store),
    /// A file with a document on each line.
    File(PathBuf),
}

/// What an id stands for.
pub enum Found {
    /// One alert.
    Alert(Box<Alert>),
    /// An incident, with its alerts in the order of their beginnings.
    Incident(Box<Incident>, Vec<Alert>),
}

/// The id of a line, without the rest of it.
#[derive(Deserialize)]
struct Id {
    alert_id: String,
}

impl Place {
    /// Takes the file if one is given, otherwise the store.
    pub fn of(file: Option<&PathBuf>, store: Store) -> Self {
        match file {
            Some(path) => Self::File(path.clone()),
            None => Self::Store(store),
        }
    }

    /// Returns the verdicts on its alerts; those on the alerts of a file are not known.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read.
    pub fn verdicts(&self) -> Result<Verdicts> {
        match self {
            Self::Store(store) => store.verdicts(),
            Self::File(_) => Ok(Verdicts::new()),
        }
    }

    /// Passes on every alert, and returns how many lines are none.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be read.
    pub fn each_alert(&self, mut look: impl FnMut(Alert)) -> Result<u64> {
        let mut n_others = 0;
        self.each_line(|line| {
            if line.iter().all(u8::is_ascii_whitespace) {
                return;
            }
            match serde_json::from_slice::<Alert>(line) {
                Ok(alert) => look(alert),
                Err(_) => n_others += 1,
            }
        })?;
        Ok(n_others)
    }

    /// Demands that there is such a place, where so many alerts and so many other lines were found in it: nothing was told only where
    /// something could have been.
    ///
    /// # Errors
    ///
    /// Fails if the store was never trained, or if a file has lines and none is an alert.
    pub fn must_be_one(&self, n_alerts: usize, n_others: u64) -> Result<()> {
        match self {
            _ if n_alerts > 0 => Ok(()),
            Self::Store(store) => store.published().map(|_| ()),
            Self::File(path) if n_others > 0 => {
                let error = Error::failed(format!("no line of `{}` is an alert", path.display()));
                Err(error.hint("it takes what `score` wrote as JSON, or alerts.jsonl of a backtest's `--out` folder"))
            }
            Self::File(_) => Ok(()),
        }
    }

    /// Returns all documents of some alerts.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be read.
    pub fn documents(&self, ids: &BTreeSet<&str>) -> Result<Vec<Alert>> {
        let mut found = Vec::new();
        if ids.is_empty() {
            return Ok(found);
        }
        self.each_line(|line| {
            let id = serde_json::from_slice::<Id>(line).ok();
            if id.is_some_and(|Id { alert_id }| ids.contains(&*alert_id)) {
                found.extend(serde_json::from_slice::<Alert>(line).ok());
            }
        })?;
        Ok(found)
    }

    fn each_line(&self, mut look: impl FnMut(&[u8])) -> Result<()> {
        let path = match self {
            Self::Store(store) => return Archive::alerts(store).each_since(None, look),
            Self::File(path) => path,
        };
        let cannot = |e| Error::failed(format!("cannot read `{}`", path.display())).cause(e);
        let mut text = BufReader::new(File::open(path).map_err(cannot)?);
        let mut line = Vec::new();
        while text.read_until(b'\n', &mut line).map_err(cannot)? > 0 {
            look(&line);
            line.clear();
        }
        Ok(())
    }

    fn name(&self) -> String {
        match self {
            Self::Store(store) => store.root().display().to_string(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Returns the alert or the incident whose id begins so. An incident is told with what analysts said of it.
    ///
    /// # Errors
    ///
    /// A usage error if the beginning is too short. Fails if nothing begins so, or several do, or it cannot be read.
    pub fn find(&self, wanted: &str, playbook: &Playbook) -> Result<Found> {
        if let Some(alert) = self.find_alert(wanted)? {
            return Ok(Found::Alert(Box::new(alert)));
        }
        match self.find_incident(wanted, playbook)? {
            Some((incident, alerts)) => Ok(Found::Incident(Box::new(incident), alerts)),
            None => Err(Error::failed(format!(
                "there is no alert and no incident `{}` in `{}`",
                wanted.to_ascii_lowercase(),
                self.name()
            ))
            .hint(ELSEWHERE)),
        }
    }

    /// Returns the alert whose id begins so; `None` if there is none.
    ///
    /// # Errors
    ///
    /// As [`Self::find`].
    pub fn find_alert(&self, wanted: &str) -> Result<Option<Alert>> {
        let id = beginning(wanted)?;
        let mut found = match self {
            Self::Store(store) => Archive::alerts(store).find(&id)?,
            Self::File(path) => {
                let cannot =
                    |e| Error::failed(format!("cannot read `{}`", path.display())).cause(e);
                let mut found = BTreeMap::new();
                let text = BufReader::new(File::open(path).map_err(cannot)?);
                find_in(text, &id, &mut found).map_err(cannot)?;
                found
            }
        };
        if found.len() > 1 && !found.contains_key(&id) {
            return Err(ambiguous("alerts", &id, found.keys()));
        }
        let text = found.remove(&id).or_else(|| found.into_values().next());
        text.map(|text| Alert::parse(&text)).transpose()
    }

    /// Returns the incident whose id begins so, or that has the alerts of one that did; `None` if there is none.
    ///
    /// # Errors
    ///
    /// As [`Self::find`].
    pub fn find_incident(
        &self,
        wanted: &str,
        playbook: &Playbook,
    ) -> Result<Option<(Incident, Vec<Alert>)>> {
        let id = beginning(wanted)?;
        let mut joiner = Joiner::default();
        self.each_alert(|alert| joiner.add(&alert))?;
        let is_meant = |group: &&Group| {
            let merged = group.merged.iter();
            merged
                .chain([&group.id])
                .any(|known| known.starts_with(&id))
        };
        let found: Vec<&Group> = joiner.groups().iter().filter(is_meant).collect();
        let exact = found.iter().find(|group| group.id == id);
        let group = match (found.as_slice(), exact) {
            ([], _) => return Ok(None),
            ([one], _) | (_, Some(one)) => one,
            (several, None) => {
                let ids = several.iter().map(|group| &group.id);
                return Err(ambiguous("incidents", &id, ids));
            }
        };
        let (incident, alerts) = self.tell(&[group], playbook)?.remove(0);
        Ok(Some((incident, alerts)))
    }

    /// Tells incidents, each with its alerts in the order of their beginnings and with what analysts said of it.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be read.
    pub fn tell(
        &self,
        groups: &[&Group],
        playbook: &Playbook,
    ) -> Result<Vec<(Incident, Vec<Alert>)>> {
        let ids: BTreeSet<&str> = groups
            .iter()
            .flat_map(|group| group.alerts.iter().map(String::as_str))
            .collect();
        let verdicts = self.verdicts()?;
        let mut of_alert: BTreeMap<String, Vec<Alert>> = BTreeMap::new();
        for alert in self.documents(&ids)? {
            of_alert
                .entry(alert.alert_id.clone())
                .or_default()
                .push(alert);
        }
        let told = groups.iter().map(|group| {
            let of_group = group.alerts.iter().filter_map(|id| of_alert.get(id));
            let latest = of_group.filter_map(|of| of.iter().max_by_key(|alert| Rank::of(alert)));
            let alerts: Vec<Alert> = latest.cloned().collect();
            let mut incident = Incident::of(group, &alerts, playbook);
            incident.judge(|id| {
                let verdict = verdicts.get(id)?;
                Some((verdict.is_true, verdict.note.as_deref()))
            });
            (incident, alerts)
        });
        Ok(told.collect())
    }
}

/// Cuts a list into pieces whose documents fit into memory together; `alerts_of` says how many one has.
pub fn in_pieces<T>(things: &[T], alerts_of: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let (mut pieces, mut rest) = (Vec::new(), things);
    while !rest.is_empty() {
        let mut sum = 0;
        let n = rest.iter().take_while(|thing| {
            sum += alerts_of(thing);
            sum <= DOCUMENTS_MAX
        });
        let (piece, after) = rest.split_at(n.count().max(1));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Warns of lines that are no alerts, such as one that a crash cut short.
pub fn warn_of_others(n_others: u64, console: &Console) {
    if n_others > 0 {
        let lines = noun(
            n_others,
            "line is no alert and is",
            "lines are no alerts and are",
        );
        console.warn(&format!("{lines} passed over"));
    }
}

/// Returns the beginning of an id as ids are written.
fn beginning(wanted: &str) -> Result<String> {
    let id = wanted.to_ascii_lowercase();
    if id.len() < PREFIX_MIN {
        return Err(Error::usage(format!("`{wanted}` is too short for an id"))
            .hint(format!("give at least its first {PREFIX_MIN} characters")));
    }
    Ok(id)
}

fn ambiguous<'a>(what: &str, id: &str, ids: impl ExactSizeIterator<Item = &'a String>) -> Error {
    let error = Error::failed(format!("{} {what} begin with `{id}`", ids.len()));
    ids.take(NAMED_MAX)
        .fold(error, |error, id| error.hint(id.as_str()))
}
