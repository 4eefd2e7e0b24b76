//! What an approval is for, taken from an alert or an incident.

use std::collections::BTreeSet;

use crate::config::Draft;
use crate::error::{Error, Result};
use crate::incident::Playbook;
use crate::inquiry::{Found, Inquiry};

/// Identities that are named where an approval is to be for several.
const NAMED_MAX: usize = 10;

/// Puts what an alert or an incident is about into an approval, where nothing else is given.
///
/// # Errors
///
/// A usage error if it is about several identities that have no client, application or network in common. Fails if there is no such
/// alert or incident in the store.
pub(super) fn fill_in(draft: &mut Draft, id: &str, inquiry: &Inquiry) -> Result<()> {
    let (alerts, cause) = match inquiry.find(id, || Ok(Playbook::default()))? {
        Found::Alert(alert) => (vec![*alert], None),
        Found::Incident(incident, alerts) => (alerts, incident.cause),
    };
    if draft.analytics.is_empty() {
        let analytics: BTreeSet<&str> = alerts.iter().map(|alert| &*alert.analytic).collect();
        draft.analytics = analytics.into_iter().map(str::to_owned).collect();
    }
    let is_given = |key: &str| draft.criteria.iter().any(|(given, _)| *given == key);
    let identities: BTreeSet<&str> = alerts.iter().map(|alert| &*alert.entity.id).collect();
    if let [identity] = identities.iter().copied().collect::<Vec<_>>().as_slice() {
        if !is_given("identity") {
            draft
                .criteria
                .insert(0, ("identity", vec![literal(identity)]));
        }
        return Ok(());
    }
    let of_cause = cause.and_then(|cause| {
        let key = match &*cause.r#trait {
            "user_agent" => "user_agent",
            "application" => "application",
            // An AS number is no network that an approval can have.
            "network" if cause.value.contains('/') => "network",
            _ => return None,
        };
        let value = match key {
            "network" => cause.value,
            _ => literal(&cause.value),
        };
        Some((key, vec![value]))
    });
    match of_cause {
        Some((key, _)) if is_given(key) => Ok(()),
        Some(criterion) => {
            draft.criteria.push(criterion);
            Ok(())
        }
        None if draft.criteria.is_empty() => {
            let error = Error::usage(format!(
                "the incident has {} identities, and an approval is for one, or for a pattern",
                identities.len()
            ));
            let named: Vec<&str> = identities.into_iter().take(NAMED_MAX).collect();
            let error = named.iter().fold(error, |error, identity| {
                error.hint_by_command(format!("--identity '{identity}'"))
            });
            Err(error
                .hint_by_command("or give another criterion, such as --role")
                .hint_by_http(format!(
                    "give one of them, or a pattern, as `identity` in `criteria` ({}), or another criterion, such as `role`",
                    named.join(", ")
                )))
        }
        None => Ok(()),
    }
}

/// Returns a pattern that matches a value from a log; a wildcard in it stands for one character, whatever that is.
fn literal(value: &str) -> String {
    value.replace('*', "?")
}
