//! The entity of an alert as the document describes it, and how its session began.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::alert::{
    AlertEntity, AssumptionRecord, AuthenticationRecord, CreationRecord, NamesakeRecord,
    SourceRecord,
};
use crate::baseline::View;
use crate::identity::address::network_of;
use crate::measure::{Creation, factor, value_hash};
use crate::score::sign_in::begun_by;
use crate::score::subject::Subject;
use crate::score::through::Sources;
use crate::vocab::Trait;

/// Aliases named in an alert.
const ALIASES_MAX: usize = 16;

/// Returns the entity of an alert. Address, client, session and credential are those of the source that did most of what was counted.
pub(super) fn entity(subject: &Subject, generation: View<'_>, sources: &Sources) -> AlertEntity {
    let created = generation.creation(&subject.entity.id);
    let first_seen = match (created, subject.first_day == subject.day) {
        (Some(created), _) => created.at.to_string(),
        (None, true) => subject.facts.first.to_string(),
        (None, false) => subject.first_day.to_string(),
    };
    let profile = &subject.facts.profile;
    let kind = subject.baseline.map_or(profile.kind(), |b| b.kind);
    let source = sources.records.first();
    let aliases = aliases(subject);
    AlertEntity {
        kind: subject.entity.kind.to_string(),
        id: subject.entity.id.to_string(),
        display_name: display_name(&subject.entity.id, &aliases),
        created: created.map(creation_record),
        aliases,
        identity_kind: kind.as_str().to_owned(),
        role: profile.role.as_ref().map(|r| r.to_string()),
        provider: profile.provider.map(|p| p.as_str().to_owned()),
        account: profile.account.as_ref().map(|a| a.to_string()),
        region: sources.region.as_ref().map(ToString::to_string),
        first_seen: Some(first_seen),
        namesake: subject.namesake.as_ref().map(|namesake| NamesakeRecord {
            unique_id: namesake.unique_id.as_ref().map(ToString::to_string),
            last_seen: namesake.last_day.to_string(),
        }),
        source_ip: source.and_then(|source| source.address.clone()),
        user_agent: sources.user_agent.as_ref().map(|u| u.raw().to_owned()),
        session: source.and_then(|source| source.session.clone()),
        credential: source.and_then(|source| source.credential.clone()),
    }
}

fn creation_record(creation: &Creation) -> CreationRecord {
    CreationRecord {
        time: creation.at,
        operation: creation.operation.to_string(),
        event_id: creation.event_id.to_string(),
        by: creation.by.as_ref().map(ToString::to_string),
        source_ip: creation.from.map(|ip| ip.to_string()),
    }
}

/// Returns the alias that people know an identity by, if its id is none that they do: an id of a directory or an account. Of several
/// the one that is an address is taken, or else the first that is a name.
fn display_name(id: &str, aliases: &[String]) -> Option<String> {
    if !is_opaque(id) {
        return None;
    }
    let named = || aliases.iter().filter(|alias| !is_opaque(alias));
    let address = named().find(|alias| alias.contains('@'));
    address.or_else(|| named().next()).cloned()
}

/// Returns whether the last part of an id is no name: a GUID, or letters and digits with more than half digits.
fn is_opaque(id: &str) -> bool {
    let name = id.rsplit(['/', ':']).next().unwrap_or(id);
    let is_guid = name.len() == 36 && name.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let is_number = name.len() >= 8
        && name.bytes().all(|b| b.is_ascii_alphanumeric())
        && digits * 2 > name.len();
    is_guid || is_number
}

pub(super) fn aliases(subject: &Subject) -> Vec<String> {
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

/// Returns how the session that did most of what was counted began, on whatever day that was: as its events state it, by the call that
/// issued its credential, or by the sign-in that it most likely rests on.
pub(super) fn authentication(
    subject: &Subject,
    sources: &Sources,
    assumed: &[AssumptionRecord],
) -> Option<AuthenticationRecord> {
    let source = sources.records.first();
    let credential = source.and_then(|source| source.credential.as_ref());
    let issuance = assumed.iter().find(|of| Some(&of.credential) == credential);
    let issued = || {
        let issuance = issuance?;
        Some(AuthenticationRecord {
            time: issuance.time,
            method: issuance.operation.clone(),
            mfa: None,
            source_ip: None,
            country: None,
            unusual: Vec::new(),
        })
    };
    if let Some(mut record) = sources.session.clone().or_else(issued) {
        if record.source_ip.is_none() {
            record.source_ip = issuance.and_then(|of| of.source_ip.clone());
        }
        let shown = [
            (Trait::Network, network_of_session(&record, source)),
            (Trait::Country, record.country.clone()),
            (
                Trait::AuthMethod,
                record.mfa.map(|has_second| factor(has_second).to_owned()),
            ),
        ];
        let shown = shown.into_iter();
        let shown = shown.filter_map(|(which, value)| Some((which, value?)));
        record.unusual = unusual(shown, |which, value| is_new(subject, which, value));
        return Some(record);
    }
    let sign_in = sources.signed_in.as_ref()?;
    let mut record = begun_by(sign_in);
    record.unusual = unusual(sign_in.shown(), |which, value| match &sign_in.unusual {
        Some(unusual) => unusual.contains(&which),
        None => is_new(subject, which, value),
    });
    Some(record)
}

/// Returns the network that a session began in, as far as is known of its address.
fn network_of_session(
    record: &AuthenticationRecord,
    source: Option<&SourceRecord>,
) -> Option<String> {
    let is_own =
        source.is_some_and(|source| source.address.is_some() && source.address == record.source_ip);
    match source.and_then(|source| source.network.clone()) {
        Some(network) if is_own => Some(network),
        _ => {
            let address = record.source_ip.as_ref();
            let address: Option<IpAddr> = address.and_then(|ip| ip.parse().ok());
            address.map(|ip| network_of(ip).to_string())
        }
    }
}

/// Returns whether the entity is known for other values of a trait than this.
fn is_new(subject: &Subject, which: Trait, value: &str) -> bool {
    let known = subject.baseline.and_then(|baseline| baseline.known(which));
    let known = known.filter(|known| !known.is_saturated());
    known.is_some_and(|known| !known.hashes().is_empty() && !known.contains(value_hash(value)))
}

/// Returns what of a sign-in the entity was not known for.
fn unusual(
    shown: impl Iterator<Item = (Trait, String)>,
    is_new: impl Fn(Trait, &str) -> bool,
) -> Vec<String> {
    shown
        .filter(|(which, value)| is_new(*which, value))
        .map(|(which, value)| match which {
            Trait::AuthMethod => format!("sign-in with {value}"),
            _ => format!("{which} {value}"),
        })
        .collect()
}
