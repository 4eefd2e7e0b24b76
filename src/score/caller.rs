//! The entity of an alert as the document describes it, and how its session began.

use std::collections::BTreeSet;

use crate::alert::{AlertEntity, AuthenticationRecord, NamesakeRecord};
use crate::baseline::View;
use crate::event::{Action, Event};
use crate::score::subject::Subject;

/// Aliases named in an alert.
const ALIASES_MAX: usize = 16;

/// Returns the entity of an alert. `region` is the event that its region is taken from; address, client, session and credential are
/// the newest of `described_by`.
pub(super) fn entity(
    subject: &Subject,
    generation: View<'_>,
    region: Option<&Event>,
    described_by: &[&Event],
) -> AlertEntity {
    let created = generation
        .creation(&subject.entity.id)
        .map(|creation| creation.at);
    let first_seen = match (created, subject.first_day == subject.day) {
        (Some(created), _) => created.to_string(),
        (None, true) => subject.facts.first.to_string(),
        (None, false) => subject.first_day.to_string(),
    };
    let profile = &subject.facts.profile;
    let kind = subject.baseline.map_or(profile.kind(), |b| b.kind);
    let newest = |of: &dyn Fn(&Event) -> Option<String>| {
        described_by.iter().rev().find_map(|event| of(event))
    };
    AlertEntity {
        kind: subject.entity.kind.to_string(),
        id: subject.entity.id.to_string(),
        display_name: None,
        created: None,
        aliases: aliases(subject),
        identity_kind: kind.as_str().to_owned(),
        role: profile.role.as_ref().map(|r| r.to_string()),
        provider: profile.provider.map(|p| p.as_str().to_owned()),
        account: profile.account.as_ref().map(|a| a.to_string()),
        region: region
            .and_then(|e| e.region.as_ref())
            .map(|r| r.to_string()),
        first_seen: Some(first_seen),
        namesake: subject.namesake.as_ref().map(|namesake| NamesakeRecord {
            unique_id: namesake.unique_id.as_ref().map(ToString::to_string),
            last_seen: namesake.last_day.to_string(),
        }),
        source_ip: newest(&|e| e.peer.ip.map(|ip| ip.to_string())),
        user_agent: newest(&|e| e.user_agent.as_ref().map(|u| u.raw().to_owned())),
        session: newest(&|e| e.session.as_ref().map(|s| s.raw().to_owned())),
        credential: newest(&|e| e.credential.as_ref().map(|c| c.to_string())),
    }
}

fn aliases(subject: &Subject) -> Vec<String> {
    let mut aliases: BTreeSet<String> = subject
        .facts
        .profile
        .aliases
        .iter()
        .map(|(a, _)| a.to_string())
        .collect();
    aliases.extend(
        subject
            .baseline
            .iter()
            .flat_map(|b| b.aliases.iter().map(|a| a.to_string())),
    );
    aliases.into_iter().take(ALIASES_MAX).collect()
}

/// Returns how the session of an alert began: from the record of the representative event, or else the last sign-in of that
/// day before the crossing, or else the record of the last session. A sign-in that was refused begins no session.
pub(super) fn authentication(
    events: &[Event],
    representative: Option<&Event>,
) -> Option<AuthenticationRecord> {
    let source_ip = |e: &Event| e.peer.ip.map(|ip| ip.to_string());
    let country = |e: &Event| e.peer.country.as_ref().map(ToString::to_string);
    let representative = representative.filter(|e| e.context.session_start.is_some());
    let signed_in = events
        .iter()
        .rev()
        .find(|e| e.action == Action::Authenticate && e.outcome.has_worked())
        .filter(|_| representative.is_none());
    if let Some(event) = signed_in {
        return Some(AuthenticationRecord {
            time: event.time,
            method: match &event.context.auth_method {
                Some(method) => format!("{} ({method})", event.op),
                None => event.op.to_string(),
            },
            mfa: event.context.mfa,
            source_ip: source_ip(event),
            country: country(event),
        });
    }
    let event = representative.or_else(|| {
        let mut latest = events.iter().rev();
        latest.find(|e| e.context.session_start.is_some())
    })?;
    Some(AuthenticationRecord {
        time: event.context.session_start?,
        method: event
            .context
            .auth_method
            .as_ref()
            .map_or_else(|| "session".to_owned(), |m| m.to_string()),
        mfa: event.context.mfa,
        source_ip: source_ip(event),
        country: country(event),
    })
}
