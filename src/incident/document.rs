//! The incident document, as it is written and as it is read back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alert::{
    CreationRecord, Extent, FindingRecord, Origin, ResourceRecord, SourceRecord, Status, as_text,
};
use crate::error::{Error, Result};
use crate::incident::stage::Stage;
use crate::stats::Severity;
use crate::time::Time;

/// Version of the incident document.
pub const SCHEMA: u32 = 1;

/// The incident document. Fields that a stored document lacks are empty, and fields that it adds are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Incident {
    /// Version of this document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<u32>,
    /// A function of its earliest alert.
    pub incident_id: String,
    /// `closed` once all of its alerts are, `new` while it is one alert that is new.
    pub status: Status,
    /// What happened, in one sentence.
    pub title: String,
    /// That of its severest alert, or one step more.
    pub severity: Severity,
    /// What the severity rests on, in one line.
    #[serde(default)]
    pub severity_reason: String,
    /// The score of its highest alert, 0 to 100.
    pub score: f64,
    /// Whether there was too little history for calibrated scores, for all of its alerts.
    #[serde(default)]
    pub provisional: bool,
    /// The first instant that its alerts tell of.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub start: Time,
    /// The last instant that they tell of.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub end: Time,
    /// When the first of its alerts reached its threshold; absent where no alert says so.
    #[serde(
        default,
        with = "as_text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<String>")]
    pub crossed_at: Option<Time>,
    /// The new value that its identities have in common, if that is why they are told at once.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// The stages of an attack that its alerts show, in the order in which they began.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// Who took part.
    #[serde(default)]
    pub entities: Vec<IncidentEntity>,
    /// How much it came to.
    #[serde(default)]
    pub extent: Extent,
    /// How much the alert that crossed first had come to by then.
    #[serde(default)]
    pub extent_at_crossing: Extent,
    /// The sensitive buckets that were touched, the most called first, with the largest amounts that one of its alerts has of each; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sensitive: Vec<ResourceRecord>,
    /// Through which sessions, clients and addresses, those first that did most of what was counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceRecord>,
    /// From where its sessions, credentials and identities came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<OriginAddress>,
    /// What other detectors concluded of its entities, the gravest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingRecord>,
    /// What happened when, in order.
    #[serde(default)]
    pub timeline: Vec<Moment>,
    /// Moments for which there was no room.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub timeline_omitted: u64,
    /// Its alerts, in the order of their beginnings.
    #[serde(default)]
    pub alerts: Vec<String>,
    /// The analytics that raised them.
    #[serde(default)]
    pub analytics: Vec<String>,
    /// The approvals that cover some of its alerts.
    #[serde(default)]
    pub approvals: Vec<String>,
    /// The alerts that they cover.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covered: Vec<String>,
    /// Whether approvals cover all of its alerts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suppressed: bool,
    /// What analysts said of its alerts.
    #[serde(default)]
    pub verdict: Option<IncidentVerdict>,
    /// What to look at and to do next, from the analytics, those of the severest alert first.
    #[serde(default)]
    pub next_steps: Vec<String>,
    /// The incident that has its alerts now, of one that was joined to an older one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    /// Ids under which some of its alerts were told before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<String>,
    /// The incident that had too many alerts, or took too long, to have these as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<String>,
    /// The alerts for which there was no room here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond: Option<Beyond>,
}

/// A new value that several identities show within a day, or a log that all of it rests on and that is still learnt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// `region`, `application`, `user_agent`, `network` or `country`; `log` of a log that is still learnt.
    pub r#trait: String,
    /// The value; of a log, its provider.
    pub value: String,
    /// When the first of them showed it; of a log, the day on which it began.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub since: Time,
    /// How many actors of the incident showed it.
    pub members: u64,
}

/// What a cause is called that is no new value.
pub(super) const YOUNG_LOG: &str = "log";

impl Cause {
    /// Returns whether it is a log that is still learnt, and no new value.
    pub fn is_young_log(&self) -> bool {
        self.r#trait == YOUNG_LOG
    }
}

/// An address that is no source of the act by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct OriginAddress {
    /// What came from it.
    pub kind: Origin,
    /// The address.
    pub address: String,
}

/// Alerts that belong to an incident and are told in the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Beyond {
    /// How many.
    pub alerts: u64,
    /// The incident that begins with the first of them.
    pub incident_id: String,
}

/// The part that an entity had in an incident.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Alerts are about it.
    Actor,
    /// It created an actor, and no alert is about it.
    CreatedBy,
    /// An actor's credential was issued to it on the way, and no alert is about it.
    Assumed,
    /// Alerts are about it, and it is one of many with one cause.
    Member,
}

/// An entity of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentEntity {
    /// Its part.
    pub part: Part,
    /// Kind of entity.
    pub kind: String,
    /// Canonical id.
    pub id: String,
    /// A name that people know it by, where the logs tell one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Bare provider ids of the same entity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Kind of identity.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub identity_kind: String,
    /// Role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Cloud provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// When it was first seen, or created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// How it was created, if the logs show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<CreationRecord>,
    /// Number of the incident's alerts that are about it.
    #[serde(default)]
    pub alerts: u64,
}

/// A moment of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// When.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub time: Time,
    /// What happened.
    pub what: String,
    /// Whom it is about.
    pub entity: String,
    /// The event that shows it, where one is known.
    #[serde(default)]
    pub event_id: Option<String>,
}

/// What analysts said of an incident's alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentVerdict {
    /// `true` if they said so of one of its alerts: something happened that is not normal.
    pub verdict: bool,
    /// Of how many of its alerts they said anything.
    pub alerts: u64,
    /// Of how many they did not, although no approval covers them. While there are any, the incident is open.
    #[serde(default)]
    pub open: u64,
    /// The last note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Incident {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// Fails if the text is no incident document.
    pub fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map_err(|e| Error::failed("this is no incident document").cause(e))
    }

    /// Puts in what analysts said of alerts: of each id a verdict, and a note.
    pub fn judge<'a>(&mut self, verdict_on: impl Fn(&str) -> Option<(bool, Option<&'a str>)>) {
        let said: Vec<_> = self.alerts.iter().filter_map(|id| verdict_on(id)).collect();
        let is_open = |id: &&String| !self.covered.contains(id) && verdict_on(id).is_none();
        let open = self.alerts.iter().filter(is_open).count();
        let is_true = said.iter().any(|(is_true, _)| *is_true);
        self.verdict = (!said.is_empty()).then(|| IncidentVerdict {
            verdict: is_true,
            alerts: said.len() as u64,
            open: open as u64,
            // That of a verdict that is shown.
            note: said
                .iter()
                .rev()
                .filter(|(one, _)| *one == is_true)
                .find_map(|(_, note)| *note)
                .map(str::to_owned),
        });
    }
}
