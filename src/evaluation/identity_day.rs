//! An identity's day in an estate whose truth is known: the names under which it is found there, and whether it is approved.

use crate::config::{ApprovalContext, approval_covering};
use crate::engine::Setup;
use crate::measure::DayFacts;
use crate::score::Subject;
use crate::time::Day;
use crate::vocab::Entity;

/// Returns every name of a subject.
pub(super) fn ids(subject: &Subject, entity: &Entity, facts: &DayFacts) -> Vec<String> {
    let known = subject.baseline.iter().flat_map(|b| &b.aliases);
    std::iter::once(entity.id.to_string())
        .chain(facts.profile.aliases.iter().map(|(a, _)| a.to_string()))
        .chain(known.map(|alias| alias.to_string()))
        .collect()
}

/// Returns whether an approval covers an analytic's alerts on an identity's day.
pub(super) fn is_approved(
    setup: &Setup,
    analytic: &str,
    entity: &Entity,
    ids: &[String],
    day: Day,
) -> bool {
    let context = ApprovalContext {
        identity: entity.id.clone(),
        aliases: ids.iter().map(|id| id.as_str().into()).collect(),
        role: None,
        destinations: Vec::new(),
        buckets: Vec::new(),
        user_agents: Vec::new(),
        applications: Vec::new(),
        addresses: Vec::new(),
        times: Vec::new(),
    };
    approval_covering(&setup.config, analytic, &context, day.start()).is_some()
}
