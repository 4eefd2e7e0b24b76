//! What an approval is asked about.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::net::IpAddr;

use rustc_hash::FxHashSet;

use crate::alert::AlertEntity;
use crate::baseline::View;
use crate::config::ApprovalContext;
use crate::event::Event;
use crate::identity::{ResolvedEvent, Resolver};
use crate::measure::DayFacts;
use crate::score::contribution::{ArmResult, Contribution};
use crate::score::rows::{Rows, destinations_of};
use crate::time::Time;
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
    /// By the minute.
    times: BTreeSet<Time>,
    /// The events.
    pub n_events: u64,
}

impl Asked {
    /// Adds the caller of an event. A flow has no client and no caller's address: both are asked of the calls.
    pub fn add(&mut self, event: &Event) {
        let in_minute = i64::from(event.time.second_of_day() % 60);
        self.times
            .insert(event.time.whole_secs().plus_secs(-in_minute));
        self.n_events += 1;
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
            times: self.times.into_iter().collect(),
        }
    }
}

/// That an approval covers an episode, and what it was asked about: as long as nothing else is to be asked, it still does.
#[derive(Debug, Clone)]
pub struct Coverage {
    /// The id of the approval.
    pub(super) approval: String,
    /// The events that it was asked about.
    pub n_events: u64,
    /// Behind which place in the order of their arrival others are new.
    pub upto: Option<u64>,
    /// The key of the hashes: whoever writes a log must not be able to choose two things that have the same.
    pub(super) key: RandomState,
    /// What decides which events it is asked about, by hash.
    pub(super) basis: u64,
    pub(super) crossed_at: Time,
    pub(super) described: AlertEntity,
    /// What it was asked about, by hash.
    pub(super) asked: FxHashSet<u64>,
}

impl Coverage {
    /// Returns whether it is not known any more: so much was asked that it is not remembered.
    pub(super) fn is_too_much(&self) -> bool {
        self.asked.len() >= ASKED_MAX
    }
}

/// Returns a hash of what decides which events an approval is asked about, and for whom, beside the events themselves.
pub(super) fn basis_of(
    key: &RandomState,
    arm: &ArmResult,
    facts: &DayFacts,
    generation: u64,
) -> u64 {
    let mut hasher = key.build_hasher();
    (&arm.arm, generation, &facts.profile.role).hash(&mut hasher);
    facts.profile.aliases.iter().count().hash(&mut hasher);
    for contribution in &arm.contributions {
        match contribution {
            Contribution::Novelty(reading) => (0, reading.which, &reading.value).hash(&mut hasher),
            Contribution::Grant {
                accounts, buckets, ..
            } => (1, accounts, buckets).hash(&mut hasher),
            Contribution::Burst { asked, reading, .. } => {
                (2, asked.kind, reading.group, reading.start).hash(&mut hasher);
            }
            Contribution::Volume(_) | Contribution::RoleTail(_) | Contribution::Weight(_) => {}
        }
    }
    hasher.finish()
}

/// Returns a hash of all that an approval is asked about an event.
pub(super) fn hash_of(
    key: &RandomState,
    resolved: &ResolvedEvent,
    resolver: &Resolver,
    view: View<'_>,
) -> u64 {
    let (event, mut hasher) = (resolved.event, key.build_hasher());
    (&event.service, &event.op, event.is_flow()).hash(&mut hasher);
    (&event.client, &event.application, event.peer.ip).hash(&mut hasher);
    for bucket in event.container.iter().chain(&event.copied_from) {
        bucket.raw().hash(&mut hasher);
    }
    for (address, external, _) in destinations_of(resolver, event, view) {
        (address, external).hash(&mut hasher);
    }
    hasher.finish()
}
