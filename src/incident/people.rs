//! Who took part in an incident, and how they came to one another's credentials.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::{Alert, AlertEntity};
use crate::incident::document::{Cause, IncidentEntity, Part};
use crate::incident::node::{lineage, shows};
use crate::incident::principal::comparable;
use crate::incident::stage::NEW_DAYS;
use crate::time::{DAY_SECS, Time};
use crate::wording::{name_of, shorten};

/// Entities that only lineage names.
const PARENTS_MAX: usize = 20;
/// Aliases of an entity that are told; its alerts have all.
const ALIASES_MAX: usize = 10;
/// Columns of a name in a sentence.
const NAME_MAX: usize = 48;
/// Steps of a lineage that a title tells.
const STEPS_SHOWN: usize = 4;

/// One identity came to another's credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    parent: String,
    child: String,
    /// `created` or `assumed`.
    how: &'static str,
    time: Time,
}

/// Returns a name by which people know an entity.
pub(super) fn name(entity: &AlertEntity) -> String {
    match &entity.display_name {
        Some(name) => shorten(name, NAME_MAX),
        None => name_of(&entity.id, NAME_MAX),
    }
}

/// Returns the entities of alerts in the order in which these come, then those that only their lineage names.
/// Those that showed the value of a cause are members of it.
pub(super) fn entities(alerts: &[&Alert], cause: Option<&Cause>) -> Vec<IncidentEntity> {
    let mut entities: Vec<IncidentEntity> = Vec::new();
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut known: BTreeSet<String> = BTreeSet::new();
    for alert in alerts {
        let entity = &alert.entity;
        let place = *places
            .entry((&entity.kind, &entity.id))
            .or_insert(entities.len());
        if place == entities.len() {
            entities.push(told(entity));
            known.insert(comparable(&entity.id));
            known.extend(entity.aliases.iter().map(|alias| comparable(alias)));
        }
        entities[place].alerts += 1;
        if cause.is_some_and(|cause| shows(alert, cause)) {
            entities[place].part = Part::Member;
        }
    }
    let parents = alerts.iter().flat_map(|alert| lineage(alert));
    let mut parents: Vec<(String, bool)> = parents.map(|(by, _, made)| (by, made)).collect();
    // Who created is told as that, even if it was issued credentials as well.
    parents.sort_by(|a, b| (&a.0, !a.1).cmp(&(&b.0, !b.1)));
    parents.dedup_by(|b, a| a.0 == b.0);
    parents.retain(|(by, _)| !known.contains(&comparable(by)));
    let parents = parents.into_iter().take(PARENTS_MAX);
    entities.extend(parents.map(|(id, made)| IncidentEntity {
        part: if made { Part::CreatedBy } else { Part::Assumed },
        kind: "identity".to_owned(),
        id,
        display_name: None,
        aliases: Vec::new(),
        identity_kind: String::new(),
        role: None,
        provider: None,
        account: None,
        first_seen: None,
        created: None,
        alerts: 0,
    }));
    entities
}

fn told(entity: &AlertEntity) -> IncidentEntity {
    IncidentEntity {
        part: Part::Actor,
        kind: entity.kind.clone(),
        id: entity.id.clone(),
        display_name: entity.display_name.clone(),
        aliases: entity.aliases.iter().take(ALIASES_MAX).cloned().collect(),
        identity_kind: entity.identity_kind.clone(),
        role: entity.role.clone(),
        provider: entity.provider.clone(),
        account: entity.account.clone(),
        first_seen: entity.first_seen.clone(),
        created: entity.created.clone(),
        alerts: 0,
    }
}

/// Says who came to whose credentials, as in `mallory created etl-x, which assumed ops`, and names the last of them and how many
/// actors are beside that path; `None` where nobody did.
pub(super) fn descent(alerts: &[&Alert]) -> Option<Descent> {
    let names = Names::of(alerts);
    let steps = steps(alerts, &names);
    let children: BTreeSet<&str> = steps.iter().map(|step| &*step.child).collect();
    let root = steps
        .iter()
        .find(|step| !children.contains(&*step.parent))?;
    let mut at: &str = &root.parent;
    let mut told: BTreeSet<&str> = BTreeSet::from([at]);
    let mut words = names.name(at);
    for n in 0..STEPS_SHOWN {
        let next = |step: &&Step| step.parent == at && !told.contains(&*step.child);
        let Some(step) = steps.iter().find(next) else {
            break;
        };
        at = &step.child;
        told.insert(at);
        let which = if n > 0 { ", which" } else { "" };
        words += &format!("{which} {} {}", step.how, names.name(at));
    }
    let beside = names.actors().filter(|id| !told.contains(id)).count() as u64;
    Some(Descent {
        words,
        last: at.to_owned(),
        beside,
    })
}

/// A path from who began it to who did the most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Descent {
    /// The path in words.
    pub(super) words: String,
    /// The id at its end.
    pub(super) last: String,
    /// Actors that are not on it.
    pub(super) beside: u64,
}

/// Returns the steps by which alerts' identities came to their credentials, the earliest first. Everybody assumes roles, so an
/// assumption is told only from an actor of the incident on; a creation is told while the identity is new.
fn steps(alerts: &[&Alert], names: &Names) -> Vec<Step> {
    let mut steps = Vec::new();
    for alert in alerts {
        let own = comparable(&alert.entity.id);
        let age = |at: Time| alert.span().0.secs_since(at);
        let created = lineage(alert)
            .into_iter()
            .filter(|(_, at, made)| *made && age(*at) <= NEW_DAYS * i64::from(DAY_SECS));
        steps.extend(created.map(|(by, time, _)| Step {
            parent: names.canonical(&by),
            child: own.clone(),
            how: "created",
            time,
        }));
        for assumed in &alert.assumed {
            let mut chain = Vec::new();
            let (mut child, mut next) = (own.clone(), Some(assumed));
            while let Some(record) = next {
                let Some(by) = &record.by else { break };
                let parent = names.canonical(by);
                chain.push(Step {
                    parent: parent.clone(),
                    child: std::mem::replace(&mut child, parent),
                    how: if record.operation.contains("Assume") {
                        "assumed"
                    } else {
                        "took credentials of"
                    },
                    time: record.time,
                });
                next = record.with.as_deref();
            }
            let is_actor = |step: &Step| names.is_actor(&step.parent);
            let n = chain.iter().rposition(is_actor).map_or(0, |at| at + 1);
            steps.extend(chain.into_iter().take(n));
        }
    }
    steps.retain(|step| step.parent != step.child);
    steps.sort_by(|a, b| {
        (a.time, &a.parent, &a.child, a.how).cmp(&(b.time, &b.parent, &b.child, b.how))
    });
    steps
}

/// The names of the actors, and which id an alias stands for.
struct Names {
    names: BTreeMap<String, String>,
    canonical: BTreeMap<String, String>,
}

impl Names {
    fn of(alerts: &[&Alert]) -> Self {
        let (mut names, mut canonical) = (BTreeMap::new(), BTreeMap::new());
        for alert in alerts {
            let id = comparable(&alert.entity.id);
            names
                .entry(id.clone())
                .or_insert_with(|| name(&alert.entity));
            for alias in &alert.entity.aliases {
                canonical.entry(comparable(alias)).or_insert(id.clone());
            }
        }
        Self { names, canonical }
    }

    /// Returns the canonical id of somebody.
    fn canonical(&self, id: &str) -> String {
        let id = comparable(id);
        if self.names.contains_key(&id) {
            return id;
        }
        self.canonical.get(&id).cloned().unwrap_or(id)
    }

    fn is_actor(&self, id: &str) -> bool {
        self.names.contains_key(id)
    }

    fn actors(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    fn name(&self, id: &str) -> String {
        let named = self.names.get(id).cloned();
        named.unwrap_or_else(|| name_of(id, NAME_MAX))
    }
}
