//! What joining needs to know of an alert, and no more: all of it is small and bounded.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::alert::{Alert, AlertEntity, AssumptionRecord, Reason, Status};
use crate::incident::document::Cause;
use crate::incident::principal::{comparable, ids_of};
use crate::incident::stage::{Stage, stages_of};
use crate::stats::Severity;
use crate::stats::constants::MORE_THAN_CHANCE;
use crate::time::{DAY_SECS, Day, Time};
use crate::vocab::{Metric, is_name_of_others, role_group};

/// Seconds within which lineage joins: from an act (a creation, an issued credential) to the alerts of both sides.
pub(super) const LINEAGE_SECS: i64 = 10 * DAY_SECS as i64;
/// Steps back from a credential that are followed.
const STEPS_MAX: usize = 8;
/// Parents of an alert that are looked at.
const PARENTS_MAX: usize = 16;
/// Incidents under which an alert was told that are known.
const TOLD_IN_MAX: usize = 32;
/// New values of an alert that are looked at.
const NOVELTIES_MAX: usize = 16;

/// An alert, as far as joining needs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Node {
    pub(super) alert_id: String,
    /// Of two documents with the same id, the one with the greater rank counts.
    pub(super) rank: Rank,
    pub(super) analytic: String,
    pub(super) status: Status,
    /// The entity, unlike every other.
    pub(super) entity: String,
    /// Aliases that are ids of a principal.
    pub(super) aliases: Vec<String>,
    /// When its threshold was reached. Unlike its beginning, this does not move as more is known of the act.
    pub(super) crossed: Time,
    pub(super) start: Time,
    pub(super) end: Time,
    /// Who created it or was issued its credentials, and when.
    pub(super) parents: Vec<(String, Time)>,
    /// What was new about it.
    pub(super) novelties: Vec<Novelty>,
    /// The groups of which its identity is one: account, role, peer group.
    pub(super) groups: Vec<String>,
    /// Whether there is much more to it than a new value.
    pub(super) carries_more: bool,
    pub(super) severity: Severity,
    /// What its severity rests on, without the severity itself.
    pub(super) severity_reason: String,
    pub(super) score: f64,
    pub(super) is_provisional: bool,
    /// The provider of a log that it rests on and that is still learnt, and the day on which that began.
    pub(super) young_log: Option<(String, Day)>,
    /// Whether it rests on a declared act.
    pub(super) is_declared: bool,
    pub(super) is_blinding: bool,
    pub(super) stages: Vec<Stage>,
    pub(super) is_suppressed: bool,
    /// The incidents that its documents were told to belong to.
    pub(super) told_in: BTreeSet<String>,
}

/// A value that an identity had never shown before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Novelty {
    pub(super) kind: CauseTrait,
    pub(super) value: String,
    pub(super) time: Time,
    /// How many other identities were known for it.
    pub(super) support: u32,
}

/// A trait of which a new value may have one cause for many identities, the most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CauseTrait {
    Region,
    Application,
    UserAgent,
    Network,
    Country,
}

impl CauseTrait {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "region" | "work_region" => Self::Region,
            "application" => Self::Application,
            "user_agent" => Self::UserAgent,
            "network" => Self::Network,
            "country" => Self::Country,
            _ => return None,
        })
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Application => "application",
            Self::UserAgent => "user_agent",
            Self::Network => "network",
            Self::Country => "country",
        }
    }
}

/// How late in its life a document was written: of several documents of one alert the one with the greatest rank counts, whatever
/// their order in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank {
    revision: u32,
    status: Status,
    generation: u64,
    time: Time,
    /// Of two documents that tell of the same crossing, the one that no approval covers is the later one.
    #[serde(skip)]
    is_uncovered: bool,
    score: u64,
    digest: Option<String>,
}

impl Rank {
    /// Returns the rank of a document.
    pub fn of(alert: &Alert) -> Self {
        Self {
            revision: alert.revision,
            status: alert.status,
            generation: alert.generation,
            time: alert.time,
            is_uncovered: alert.suppressed_by.is_none(),
            // Scores are not negative, and the bits of such numbers are ordered as they are.
            score: alert.score.max(0.0).to_bits(),
            digest: alert.digest.clone(),
        }
    }
}

impl Node {
    pub(super) fn of(alert: &Alert) -> Self {
        let (first, last) = alert.span();
        let (start, end) = (first.min(last), first.max(last));
        let is_somebody = alert.entity.identity_kind != "anonymous";
        let aliases = match alert.entity.kind.as_str() {
            "identity" if is_somebody => ids_of(&alert.entity.aliases),
            _ => Vec::new(),
        };
        let reason = alert.severity_reason.as_deref().unwrap_or_default();
        let said = format!("{}: ", alert.severity);
        Self {
            alert_id: alert.alert_id.clone(),
            rank: Rank::of(alert),
            analytic: alert.analytic.clone(),
            status: alert.status,
            entity: own_key(alert),
            aliases,
            crossed: crossed_at(alert),
            start,
            end,
            parents: parents(alert, start, end),
            novelties: novelties(alert, start),
            groups: groups(alert),
            carries_more: alert.suppressed_by.is_none() && carries_more(alert),
            severity: alert.severity,
            severity_reason: reason.strip_prefix(&*said).unwrap_or(reason).to_owned(),
            score: alert.score,
            is_provisional: alert.provisional,
            young_log: young_log(alert),
            is_declared: alert.rests_on_an_act(),
            is_blinding: !alert.blinded.is_empty(),
            stages: stages_of(alert),
            is_suppressed: alert.suppressed_by.is_some(),
            told_in: alert.incident_id.iter().cloned().collect(),
        }
    }

    /// Takes in under which incidents another document of the same alert was told.
    pub(super) fn note_told_in(&mut self, told_in: impl IntoIterator<Item = String>) {
        self.told_in.extend(told_in);
        // Which ones stay must not depend on the order in which documents come.
        while self.told_in.len() > TOLD_IN_MAX {
            self.told_in.pop_last();
        }
    }
}

/// Returns when an alert reached its threshold; of older documents, the only instant that they know is taken.
pub(super) fn crossed_at(alert: &Alert) -> Time {
    alert.crossed_at.unwrap_or(alert.time)
}

/// Returns the name by which alerts of one actor are found. What is made of many others is nobody, and joins nothing.
fn own_key(alert: &Alert) -> String {
    let key = key_of(&alert.entity);
    match is_name_of_others(&alert.entity.id) {
        true => format!("{key}\n{}", alert.alert_id),
        false => key,
    }
}

/// Returns the name of an entity by which alerts are compared. The sessions of a role are one identity under the role's own name, so
/// an alert on the role is about the same; people who share a single-sign-on role have names of their own, and are not joined by it.
/// A region is never an actor, and joins nothing but itself. Who calls without a name is at most one in one account.
pub(super) fn key_of(entity: &AlertEntity) -> String {
    match entity.kind.as_str() {
        "identity" if entity.identity_kind == "anonymous" => {
            let account = entity.account.as_deref().unwrap_or_default();
            format!("{}\n{account}", comparable(&entity.id))
        }
        "identity" | "role" => comparable(&entity.id),
        kind => format!("{kind}\n{}", entity.id),
    }
}

/// Returns who created the alert's identity, and who was issued its credentials, back to the first of a chain.
pub(super) fn lineage(alert: &Alert) -> Vec<(String, Time, bool)> {
    let mut parents = Vec::new();
    let created = alert.entity.created.as_ref();
    parents.extend(created.and_then(|c| Some((c.by.clone()?, c.time, true))));
    let stopped_by = alert.silence.as_ref().and_then(|of| of.stopped_by.as_ref());
    parents.extend(stopped_by.map(|by| (by.identity.clone(), by.time, false)));
    for reason in &alert.reasons {
        let Reason::Sequence { steps } = reason else {
            continue;
        };
        let made = steps
            .iter()
            .filter(|step| step.origin.as_deref() == Some("created"));
        parents.extend(made.filter_map(|step| Some((step.by.clone()?, step.time, true))));
    }
    for assumed in &alert.assumed {
        let mut next: Option<&AssumptionRecord> = Some(assumed);
        for _ in 0..STEPS_MAX {
            let Some(record) = next else { break };
            parents.extend(record.by.clone().map(|by| (by, record.time, false)));
            next = record.with.as_deref();
        }
    }
    parents
}

fn parents(alert: &Alert, start: Time, end: Time) -> Vec<(String, Time)> {
    let own = comparable(&alert.entity.id);
    let is_recent = |at: Time| at <= end && start.secs_since(at) <= LINEAGE_SECS;
    let mut parents: Vec<(String, Time)> = lineage(alert)
        .into_iter()
        .filter(|(_, at, _)| is_recent(*at))
        .map(|(by, at, _)| (comparable(&by), at))
        .filter(|(by, _)| *by != own)
        .collect();
    parents.sort();
    parents.dedup();
    parents.truncate(PARENTS_MAX);
    parents
}

/// Returns the provider of the log that is still learnt, and since when it is there, if an alert rests on little but the amounts in it.
fn young_log(alert: &Alert) -> Option<(String, Day)> {
    let learning = alert.learning.as_ref()?;
    let is_known_otherwise = |reason: &Reason| match reason {
        Reason::Sequence { .. } => true,
        // What the log may have brought to light is no reason.
        Reason::Novelty { surprise, .. } => *surprise >= MORE_THAN_CHANCE,
        _ => false,
    };
    let is_more = matters_by_itself(alert) || alert.reasons.iter().any(is_known_otherwise);
    let provider = alert.entity.provider.clone().unwrap_or_default();
    let since = Day::parse(&learning.since).filter(|_| !is_more)?;
    Some((provider, since))
}

/// Returns whether an alert shows what identities of an incident have in common.
pub(super) fn shows(alert: &Alert, cause: &Cause) -> bool {
    if cause.is_young_log() {
        return young_log(alert).is_some();
    }
    let novelties = novelties(alert, alert.span().0);
    let mut shown = novelties.iter();
    shown.any(|new| new.kind.as_str() == cause.r#trait && new.value == cause.value)
}

fn novelties(alert: &Alert, start: Time) -> Vec<Novelty> {
    if alert.entity.kind != "identity" {
        return Vec::new();
    }
    let novel = alert.reasons.iter().filter_map(|reason| match reason {
        Reason::Novelty {
            r#trait,
            value,
            seen: 0,
            support,
            first,
            ..
        } => Some(Novelty {
            kind: CauseTrait::parse(r#trait)?,
            value: value.clone(),
            support: *support,
            time: first.as_ref().map_or(start, |first| first.time),
        }),
        _ => None,
    });
    let mut novelties: Vec<Novelty> = novel.collect();
    novelties.sort();
    novelties.dedup_by(|b, a| (a.kind, &a.value) == (b.kind, &b.value));
    novelties.truncate(NOVELTIES_MAX);
    novelties
}

/// Returns the name of the group of an account.
pub(super) fn group_of_account(provider: &str, account: &str) -> String {
    format!("account {provider}:{account}")
}

/// Returns the groups in which a roll-out reaches identities together.
fn groups(alert: &Alert) -> Vec<String> {
    let entity = &alert.entity;
    let mut groups = Vec::new();
    if let Some(account) = &entity.account {
        let provider = entity.provider.as_deref().unwrap_or_default();
        groups.push(group_of_account(provider, account));
    }
    let role = entity.role.as_deref().map(role_group);
    let role = role.filter(|group| !group.is_empty());
    groups.extend(role.map(|group| format!("role {group}")));
    groups.extend(alert.reasons.iter().filter_map(|reason| match reason {
        Reason::Novelty { judged_against, .. } if judged_against.kind == "peer_group" => {
            Some(format!("peer group {}", judged_against.id))
        }
        _ => None,
    }));
    groups.sort();
    groups.dedup();
    groups.truncate(NOVELTIES_MAX);
    groups
}

/// Returns whether there is more to an alert than that something is new: an amount that is more than chance, a sensitive bucket, a
/// declared act, a burst, or a sequence. That data went out at all is none: from a new office, everything does. Such an alert is never told as a part of a roll-out, in which an attack could hide.
pub(super) fn carries_more(alert: &Alert) -> bool {
    let is_large = |reason: &Reason| match reason {
        Reason::Volume(amount) | Reason::Newcomer(amount) => {
            // That a region is new says the same as the new region.
            let is_volume = !matches!(
                Metric::parse(&amount.metric),
                Some(Metric::RegionsUsed | Metric::RegionsNew)
            );
            is_volume && amount.observed as f64 > amount.p99 && amount.surprise >= MORE_THAN_CHANCE
        }
        Reason::Burst { .. } | Reason::Sequence { .. } => true,
        _ => false,
    };
    matters_by_itself(alert) || alert.reasons.iter().any(is_large)
}

/// Returns whether an alert is about a declared act, a log that was blinded, or a sensitive bucket.
fn matters_by_itself(alert: &Alert) -> bool {
    alert.rests_on_an_act()
        || !alert.blinded.is_empty()
        || alert.resources.iter().any(|bucket| bucket.sensitive)
}
