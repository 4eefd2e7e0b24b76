//! What an approval is asked about.

use std::collections::BTreeSet;

use crate::alert::{AlertEntity, DestinationRecord, ResourceRecord};
use crate::config::ApprovalContext;
use crate::event::Event;
use crate::vocab::{Entity, Str};

/// Returns what an approval has to cover of some events of an entity.
pub(super) fn approval_context(
    entity: &Entity,
    described: &AlertEntity,
    events: &[&Event],
    (resources, destinations): (Vec<ResourceRecord>, Vec<DestinationRecord>),
) -> ApprovalContext {
    let calls = || events.iter().filter(|event| !event.is_flow());
    ApprovalContext {
        identity: entity.id.clone(),
        aliases: described
            .aliases
            .iter()
            .map(|a| a.as_str().into())
            .collect(),
        role: described.role.as_deref().map(Str::from),
        // An address of our own is where the work is done, not where data goes.
        destinations: destinations
            .iter()
            .filter(|d| d.external != Some(false))
            .map(|d| vec![d.address.as_str().into()])
            .collect(),
        buckets: resources.iter().map(|r| r.bucket.as_str().into()).collect(),
        // A flow has no client and no caller's address: both are asked of the calls.
        user_agents: calls()
            .map(|e| e.client.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        applications: calls()
            .map(|e| e.application.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        addresses: calls()
            .map(|e| e.peer.ip)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
    }
}
