//! What an approval is asked about.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::alert::AlertEntity;
use crate::config::ApprovalContext;
use crate::event::Event;
use crate::score::rows::Rows;
use crate::vocab::{Entity, Str};

/// Clients, applications and addresses that are asked about. What has more is not covered.
const ASKED_MAX: usize = 1 << 16;

/// What an approval has to cover of an episode.
#[derive(Default)]
pub(super) struct Asked {
    pub rows: Rows,
    clients: BTreeSet<Str>,
    applications: BTreeSet<Option<Str>>,
    addresses: BTreeSet<Option<IpAddr>>,
}

impl Asked {
    /// Adds the caller of an event. A flow has no client and no caller's address: both are asked of the calls.
    pub fn add(&mut self, event: &Event) {
        if !event.is_flow() && !self.is_too_much() {
            self.clients.insert(event.client.clone());
            self.applications.insert(event.application.clone());
            self.addresses.insert(event.peer.ip);
        }
    }

    /// Returns whether there is more than can be asked about.
    pub fn is_too_much(&self) -> bool {
        let most = self.clients.len().max(self.applications.len());
        self.rows.is_full || most.max(self.addresses.len()) >= ASKED_MAX
    }

    /// Returns all of it.
    pub fn context(self, entity: &Entity, described: &AlertEntity) -> ApprovalContext {
        ApprovalContext {
            identity: entity.id.clone(),
            aliases: described
                .aliases
                .iter()
                .map(|a| a.as_str().into())
                .collect(),
            role: described.role.as_deref().map(Str::from),
            // An address of our own is where the work is done, not where data goes.
            destinations: self
                .rows
                .destinations()
                .iter()
                .filter(|d| d.external != Some(false))
                .map(|d| vec![d.address.as_str().into()])
                .collect(),
            buckets: self
                .rows
                .resources()
                .iter()
                .map(|r| r.bucket.as_str().into())
                .collect(),
            user_agents: self.clients.into_iter().collect(),
            applications: self.applications.into_iter().collect(),
            addresses: self.addresses.into_iter().collect(),
        }
    }
}
