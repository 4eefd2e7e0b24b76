//! A store that is watched. What it was asked before is not read again as long as it did not change.

use crate::cli::incidents::commands;
use crate::config::Sink;
use crate::engine;
use crate::error::Result;
use crate::incident::Playbook;
use crate::inquiry::{Inquiry, Selection};
use crate::report::{Paint, incident};
use crate::sinks;
use crate::store::Store;
use crate::time::Time;
use crate::top::{
    FollowedLog, InsteadOf, Judging, ListedIncidents, OpenIncidents, Origin, SinkState, Snapshot,
    Training, Wanted,
};

/// Incidents that are asked for at once.
pub(super) const INCIDENTS_MAX: usize = 100;

pub(super) struct Stored {
    inquiry: Inquiry,
    store: Store,
    sinks: Vec<Sink>,
    playbook: Playbook,
    /// How far logs were followed, as it was noted at this time.
    followed: Option<(Option<Time>, Vec<FollowedLog>)>,
}

impl Stored {
    pub(super) fn new(store: Store, sinks: Vec<Sink>, playbook: Playbook) -> Self {
        Self {
            inquiry: Inquiry::of_store(store.clone()),
            store,
            sinks,
            playbook,
            followed: None,
        }
    }

    pub(super) fn name(&self) -> String {
        format!("store {}", self.store.root().display())
    }

    /// Returns whether there is something where it should be.
    pub(super) fn is_there(&self) -> bool {
        self.store.root().is_dir()
    }

    /// Returns how things are. `instead_of` is the service in whose place the store is read.
    ///
    /// # Errors
    ///
    /// Fails if the store is not there any more, or cannot be read.
    pub(super) fn snapshot(
        &mut self,
        wanted: Wanted,
        instead_of: Option<InsteadOf>,
    ) -> Result<Snapshot> {
        let manifest = self.store.manifest()?;
        let published = match &manifest {
            Some(manifest) => self.store.published_at(manifest)?,
            None => None,
        };
        let open = |severity| Wanted {
            is_open: true,
            severity: Some(severity),
        };
        let sinks = sinks::states(&self.sinks, &self.store)?.into_iter();
        let (noted, logs) = self.followed()?;
        Ok(Snapshot {
            origin: Origin::Store {
                folder: self.store.root().display().to_string(),
                instead_of,
            },
            judging: Judging::Noted(noted),
            training: Training::Idle(published),
            generation: manifest.map(|manifest| manifest.generation),
            counts: None,
            logs,
            sinks: sinks
                .map(|state| SinkState {
                    name: state.name,
                    waiting: state.waiting,
                    given_up: state.dead,
                    failures: state.status.failures.into(),
                })
                .collect(),
            open: OpenIncidents::counted(|severity| self.list(open(severity), 1))?,
            wanted,
            listed: self.list(wanted, INCIDENTS_MAX)?,
        })
    }

    fn list(&self, wanted: Wanted, limit: usize) -> Result<ListedIncidents> {
        let selection = Selection {
            severity: wanted.severity,
            is_open: wanted.is_open,
            limit: Some(limit),
            ..Selection::default()
        };
        let page = self.inquiry.incidents(&selection, &self.playbook)?;
        Ok(ListedIncidents {
            incidents: page.items.into_iter().map(|(told, _)| told).collect(),
            left: page.n_left as u64,
        })
    }

    fn followed(&mut self) -> Result<(Option<Time>, Vec<FollowedLog>)> {
        let noted = self.store.followed_at();
        if let Some(known) = self.followed.as_ref().filter(|known| known.0 == noted) {
            return Ok(known.clone());
        }
        let followed = engine::followed(&self.store)?;
        let newest = followed.map(|followed| followed.newest).unwrap_or_default();
        let logs = newest.iter();
        let logs = logs.map(|(name, newest)| FollowedLog::named(name, *newest));
        let known = (noted, logs.collect());
        self.followed = Some(known.clone());
        Ok(known)
    }

    pub(super) fn story(&self, id: &str) -> Result<String> {
        let (told, alerts) = self.inquiry.incident(id, &self.playbook)?;
        let text = incident::story(&told, &alerts, Paint::Never);
        Ok(text + &commands((&told.incident_id, told.start), None, Paint::Never))
    }
}
