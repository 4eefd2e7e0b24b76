//! One episode of one analytic on one entity.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alert::as_text;
use crate::alert::reason::Reason;
use crate::error::{Error, Result};
use crate::evidence::{self, ScoreEvidence};
use crate::stats::Severity;
use crate::time::Time;
use crate::vocab::{Entity, FindingSeverity};

/// Version of the alert document.
pub const SCHEMA: u32 = 1;

/// Where in the life of its episode an alert was told.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The episode crossed its threshold.
    New,
    /// It came to much more than was told.
    Update,
    /// Its day is over: this is what it came to.
    Closed,
}

impl Status {
    /// Returns it as the document has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Update => "update",
            Self::Closed => "closed",
        }
    }
}

/// The alert document. Fields that a stored document lacks are empty, and fields that it adds are ignored.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// Version of this document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<u32>,
    /// The same for each alert of the same episode.
    pub alert_id: String,
    /// Where in the life of its episode it was told.
    pub status: Status,
    /// How often what was told of a closed episode changed, because events came later than their source allows.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub revision: u32,
    /// Which analytic.
    pub analytic: String,
    /// Title of the analytic.
    pub name: String,
    /// What happened, in the words of the arm that it rests on; absent where the title says it.
    pub headline: Option<String>,
    /// ATT&CK techniques.
    #[serde(default)]
    pub techniques: Vec<String>,
    /// Severity reached.
    pub severity: Severity,
    /// What that rests on, in one line; older documents do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity_reason: Option<String>,
    /// 0 to 100.
    pub score: f64,
    /// Minus log10 of the share of entity-days at least as extreme.
    pub surprise: f64,
    /// The score that had to be reached.
    pub threshold: f64,
    /// The arm that it rests on.
    pub arm: String,
    /// The arm's statistic, in natural logarithms.
    #[serde(default)]
    pub statistic: f64,
    /// Whether there was too little history for calibrated scores.
    #[serde(default)]
    pub provisional: bool,
    /// The log that it rests on, where that began later than the store and is still learnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning: Option<LearningRecord>,
    /// Time of the event with which the score was reached.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub time: Time,
    /// Time of the event with which the threshold was reached; older documents have none.
    #[serde(
        default,
        with = "as_text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<String>")]
    pub crossed_at: Option<Time>,
    /// Time of the first event behind it.
    #[serde(
        default,
        with = "as_text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<String>")]
    pub first_event: Option<Time>,
    /// Time of the last event behind it, as far as the episode had come.
    #[serde(
        default,
        with = "as_text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<String>")]
    pub last_event: Option<Time>,
    /// The window of the largest contribution; the episode's day if that has none.
    pub window: Span,
    /// The entity that it is about.
    pub entity: AlertEntity,
    /// How the session began.
    pub authentication: Option<AuthenticationRecord>,
    /// How the credentials of its events were issued, as far as the logs show it; those of most events first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumed: Vec<AssumptionRecord>,
    /// Why, largest first.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// What was called, most often first.
    #[serde(default)]
    pub operations: Vec<OperationRecord>,
    /// Logs and detectors that were stopped, deleted or narrowed, and which analytics see less from then on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blinded: Vec<BlindedRecord>,
    /// The log that fell silent, where that is what it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<SilenceRecord>,
    /// Buckets touched, most calls first.
    #[serde(default)]
    pub resources: Vec<ResourceRecord>,
    /// Where data went, most bytes first.
    #[serde(default)]
    pub destinations: Vec<DestinationRecord>,
    /// How much the episode came to; older documents do not say.
    #[serde(default, skip_serializing_if = "Extent::is_nothing")]
    pub extent: Extent,
    /// When the act did what its extent counts, by what was done; older documents do not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<DeedSpan>,
    /// How much it had come to when the threshold was reached.
    #[serde(default, skip_serializing_if = "Extent::is_nothing")]
    pub extent_at_crossing: Extent,
    /// Through which sessions, clients and addresses, those first that did most of what was counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceRecord>,
    /// Other analytics that reached their threshold by the same fact, and do not tell it again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<AlikeRecord>,
    /// What other detectors concluded of its entity on that day and the day before, the gravest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingRecord>,
    /// The incident that it belongs to, as far as was known when it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident_id: Option<String>,
    /// Number of events behind it.
    #[serde(default)]
    pub events: u64,
    /// Number of events of its entity on that day, as far as the episode had come; older documents do not say.
    #[serde(default, skip_serializing_if = "is_none")]
    pub day_events: u64,
    /// The first of them.
    #[serde(default)]
    pub event_ids: Vec<String>,
    /// The generation that it was judged by.
    #[serde(default)]
    pub generation: u64,
    /// The approval that covers it.
    pub suppressed_by: Option<String>,
    /// Id of that approval, which stays the same when its lines move in the file.
    pub approval: Option<String>,
    /// How the statistic became the score, in numbers; older documents have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<ScoreEvidence>,
    /// Guards everything else against damage; see [`evidence::digest`].
    pub digest: Option<String>,
}

/// What another detector concluded of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingRecord {
    /// When the act was last seen that it is about.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub time: Time,
    /// The detector, as in `guardduty`.
    pub detector: String,
    /// Its kind, as in `Exfiltration:S3/AnomalousBehavior`.
    pub kind: String,
    /// What it says.
    pub title: String,
    /// `informational`, `low`, `medium`, `high` or `critical`, if the detector says so.
    pub severity: Option<String>,
    /// The detector's id of it.
    pub event_id: String,
    /// The instance that it is about, if it is one that the entity works on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// On how many earlier days the same was found of this entity.
    pub seen_days: u64,
    /// Of so many days for which both it and findings are known, at most 90.
    pub of_days: u64,
}

impl FindingRecord {
    /// Returns how grave the detector takes it to be, as a number.
    pub fn level(&self) -> Option<FindingSeverity> {
        FindingSeverity::parse(self.severity.as_deref()?)
    }

    /// Returns what was found, and how unusual that is, in a sentence.
    pub fn sentence(&self) -> String {
        let level = self.severity.iter().map(|level| format!(" ({level})"));
        let level: String = level.collect();
        let often = match (self.seen_days, self.of_days) {
            (_, 0) => "nothing is known of the days before".to_owned(),
            (0, 1) => "not on the day before".to_owned(),
            (0, days) => format!("never before in {days} days"),
            (seen, days) => format!("on {seen} of the {days} days before"),
        };
        let on = self.instance.iter().map(|on| format!(" on {on}"));
        let on: String = on.collect();
        format!("{} found {}{level}{on}: {often}", self.detector, self.kind)
    }
}

/// An analytic that would have told the same fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlikeRecord {
    /// Which analytic.
    pub analytic: String,
    /// Its title.
    pub name: String,
    /// The id of the alert that this one stands for. It may have been told while the narrower analytic was still below its threshold.
    pub alert_id: String,
}

/// How much an episode came to. Bounded counts of distinct things are estimates beyond a few thousand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Extent {
    /// Calls, or flows.
    pub calls: u64,
    /// Distinct objects read, copied or deleted.
    pub objects: u64,
    /// Distinct buckets.
    pub buckets: u64,
    /// Bytes of objects read.
    pub bytes_read: u64,
    /// Bytes sent to external addresses.
    pub bytes_out: u64,
    /// Distinct external addresses and accounts that data went to.
    pub destinations: u64,
    /// Distinct addresses called from.
    pub addresses: u64,
    /// Calls that listed objects or buckets.
    #[serde(skip_serializing_if = "is_none")]
    pub list_calls: u64,
    /// Distinct buckets whose objects were listed.
    #[serde(skip_serializing_if = "is_none")]
    pub buckets_listed: u64,
    /// Distinct objects read.
    #[serde(skip_serializing_if = "is_none")]
    pub objects_read: u64,
    /// Distinct buckets that objects were read from.
    #[serde(skip_serializing_if = "is_none")]
    pub buckets_read: u64,
    /// Those of them that the entity was not known for.
    #[serde(skip_serializing_if = "is_none")]
    pub buckets_read_new: u64,
    /// Distinct objects copied.
    #[serde(skip_serializing_if = "is_none")]
    pub objects_copied: u64,
    /// Distinct objects deleted.
    #[serde(skip_serializing_if = "is_none")]
    pub objects_deleted: u64,
    /// Distinct buckets that objects were deleted from.
    #[serde(skip_serializing_if = "is_none")]
    pub buckets_deleted_from: u64,
}

/// What was done in an act, as far as its extent tells it apart.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DeedKind {
    /// Objects or buckets were listed.
    Listed,
    /// Objects were read.
    Read,
    /// Objects were deleted.
    Deleted,
    /// Bytes went to external addresses.
    Sent,
}

/// When something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeedSpan {
    /// What.
    pub deed: DeedKind,
    /// The first time.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub first: Time,
    /// The last time.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub last: Time,
}

/// Through what a part of an episode was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceRecord {
    /// Address of the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Its network: an AS number where known, otherwise the /16 or /48.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Its country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Client family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Name of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// Calls, or flows.
    pub calls: u64,
    /// Those of them that were counted: that are behind a declared act or an amount among the reasons, but for amounts that every second day
    /// reaches; where there is none of these, those that show something new.
    pub counted: u64,
    /// Distinct objects.
    pub objects: u64,
    /// Bytes.
    pub bytes: u64,
    /// Whether the act came through it; the others are context of the day. Older documents do not say.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_of_act: bool,
}

/// A span of event time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// First instant.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub start: Time,
    /// First instant after it.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub end: Time,
}

/// The entity that an alert is about.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AlertEntity {
    /// Kind of entity.
    pub kind: String,
    /// Canonical id.
    pub id: String,
    /// A name that people know it by, where the id is none and the logs tell one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// How it was created, if the logs show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<CreationRecord>,
    /// Bare provider ids of the same entity.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Kind of identity.
    #[serde(default)]
    pub identity_kind: String,
    /// Role.
    pub role: Option<String>,
    /// Cloud provider.
    pub provider: Option<String>,
    /// Account.
    pub account: Option<String>,
    /// Region of the event that shows most of what is new, or else of the last event.
    pub region: Option<String>,
    /// When it was first seen, or created.
    pub first_seen: Option<String>,
    /// Another principal that had the same name before: what it did is no history of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namesake: Option<NamesakeRecord>,
    /// Address of the caller.
    pub source_ip: Option<String>,
    /// Client, as it named itself.
    pub user_agent: Option<String>,
    /// Name of the session.
    pub session: Option<String>,
    /// Credential.
    pub credential: Option<String>,
}

/// A log or detector that was stopped, deleted or narrowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct BlindedRecord {
    /// The operation, as in `cloudtrail:StopLogging`.
    pub operation: String,
    /// The trail, sink, setting or detector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The logs that lose records by it.
    #[serde(default)]
    pub logs: Vec<String>,
    /// The analytics that rest on these logs, where these are read here.
    #[serde(default)]
    pub analytics: Vec<String>,
}

/// A log that fell silent: in an account and a region, where the entity names these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SilenceRecord {
    /// The log.
    pub log: String,
    /// Its last record.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub since: Time,
    /// Its first record since, if it is back.
    #[serde(
        default,
        with = "as_text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<String>")]
    pub back: Option<Time>,
    /// Its longest pause before, in seconds.
    pub longest_pause_secs: i64,
    /// The analytics that rest on the log.
    #[serde(default)]
    pub analytics: Vec<String>,
    /// Who stopped or narrowed a log of the account shortly before, if an alert tells that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<StoppedBy>,
}

/// An identity that stopped or narrowed a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoppedBy {
    /// The identity.
    pub identity: String,
    /// When.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub time: Time,
}

/// How an identity was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreationRecord {
    /// When.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub time: Time,
    /// The operation, as in `iam:CreateUser`.
    pub operation: String,
    /// The event.
    pub event_id: String,
    /// The identity that called it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
}

/// A principal that had a name before another got it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NamesakeRecord {
    /// Its id that the provider never gives twice, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_id: Option<String>,
    /// The last day on which it was seen.
    pub last_seen: String,
}

/// A log that began later than the store, and is still learnt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LearningRecord {
    /// What it records: `account` for anything, `object_access`, `directory_reads`, `sign_ins`, `flows`.
    pub log: String,
    /// The day on which it began, as in `2026-03-25`.
    pub since: String,
}

/// How a session began.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AuthenticationRecord {
    /// When.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub time: Time,
    /// The operation, and in parentheses by what means if that is known; or how calls are signed.
    pub method: String,
    /// Whether a second factor was used.
    pub mfa: Option<bool>,
    /// From where.
    pub source_ip: Option<String>,
    /// In which country that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// What the entity was not known for of it, as in `network 198.51.0.0/16`: empty if it is as ever, or nothing is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unusual: Vec<String>,
}

/// How a credential was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AssumptionRecord {
    /// Which.
    pub credential: String,
    /// When.
    #[serde(with = "as_text")]
    #[schemars(with = "String")]
    pub time: Time,
    /// The operation, as in `sts:AssumeRole`.
    pub operation: String,
    /// The event that issued it.
    pub event_id: String,
    /// The identity that it was issued to.
    pub by: Option<String>,
    /// From where.
    pub source_ip: Option<String>,
    /// How the credential of that call was issued, if the logs show it as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Box<AssumptionRecord>>,
}

impl AssumptionRecord {
    /// Returns it and those by which the credentials before it were issued, as far as they are known.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |record| record.with.as_deref())
    }
}

/// What came from an address before an act.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Somebody signed in.
    SignIn,
    /// A credential was issued.
    Issuance,
    /// An identity was created.
    Creation,
}

/// An operation that was called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationRecord {
    /// Service and operation, as in `s3:GetObject`.
    pub operation: String,
    /// Calls, or flows.
    pub calls: u64,
    /// How many of them were denied.
    pub denied: u64,
}

/// A bucket touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceRecord {
    /// Which.
    pub bucket: String,
    /// Whether it is on the sensitive list.
    pub sensitive: bool,
    /// Whom to ask about it, as the sensitive list says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Calls.
    pub calls: u64,
    /// How many of them were denied.
    #[serde(default, skip_serializing_if = "is_none")]
    pub denied: u64,
    /// Distinct objects.
    pub objects: u64,
    /// Bytes that left it.
    pub bytes: u64,
}

/// Where data went.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DestinationRecord {
    /// Address, account or bucket.
    pub address: String,
    /// Whether it is not ours; absent where that is not known.
    pub external: Option<bool>,
    /// Bytes.
    pub bytes: u64,
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_none(number: &u64) -> bool {
    *number == 0
}

impl Extent {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Puts two together, number by number.
    pub fn with(&self, other: &Self, each: fn(u64, u64) -> u64) -> Self {
        Self {
            calls: each(self.calls, other.calls),
            objects: each(self.objects, other.objects),
            buckets: each(self.buckets, other.buckets),
            bytes_read: each(self.bytes_read, other.bytes_read),
            bytes_out: each(self.bytes_out, other.bytes_out),
            destinations: each(self.destinations, other.destinations),
            addresses: each(self.addresses, other.addresses),
            list_calls: each(self.list_calls, other.list_calls),
            buckets_listed: each(self.buckets_listed, other.buckets_listed),
            objects_read: each(self.objects_read, other.objects_read),
            buckets_read: each(self.buckets_read, other.buckets_read),
            buckets_read_new: each(self.buckets_read_new, other.buckets_read_new),
            objects_copied: each(self.objects_copied, other.objects_copied),
            objects_deleted: each(self.objects_deleted, other.objects_deleted),
            buckets_deleted_from: each(self.buckets_deleted_from, other.buckets_deleted_from),
        }
    }
}

/// What makes the id of an alert on the end of a silence another than that of the alert on the silence: both begin when that began.
pub const SOURCE_BACK: &str = "SOURCE-SILENT/BACK";

/// Returns the id of an episode: a function of analytic, entity and the episode's start.
pub fn alert_id(analytic: &str, entity: &Entity, start: Time) -> String {
    evidence::alert_id(
        analytic,
        (entity.kind.as_str(), &entity.id),
        &start.to_string(),
    )
}

impl Alert {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// Fails if the text is no alert document.
    pub fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|e| Error::failed("this is no alert document").cause(e))
    }

    /// Returns the first and the last instant that it tells of; of an older document, its window and its time.
    pub fn span(&self) -> (Time, Time) {
        let (first, last) = (self.window.start.min(self.time), self.time);
        (
            self.first_event.unwrap_or(first),
            self.last_event.unwrap_or(last),
        )
    }

    /// Returns the first and the last instant at which something was done; of an older document, those of all of the act.
    pub fn span_of(&self, deed: DeedKind) -> (Time, Time) {
        let mut spans = self.spans.iter();
        let span = spans.find(|span| span.deed == deed);
        span.map_or_else(|| self.span(), |span| (span.first, span.last))
    }

    /// Returns whether one of its reasons is an act that matters by itself, however few days are known: a log switched off, data given away,
    /// destruction arranged, or rights handed out. Such an alert may be more than medium while scores are provisional.
    pub fn rests_on_an_act(&self) -> bool {
        self.reasons.iter().any(Reason::is_declared_act)
    }

    /// Returns the sources through which the act came, those first that did most of what was counted.
    ///
    /// Older documents do not say which these are: they come first, and have as many addresses as the extent says.
    pub fn sources_of_act(&self) -> Vec<&SourceRecord> {
        let sources = self.sources.iter();
        if sources.clone().any(|source| source.is_of_act) {
            return sources.filter(|source| source.is_of_act).collect();
        }
        let n_addresses = match self.extent.addresses {
            0 => usize::MAX,
            n => usize::try_from(n).unwrap_or(usize::MAX),
        };
        let mut addresses: BTreeSet<&str> = BTreeSet::new();
        let mut of_act = Vec::new();
        for source in sources {
            let is_one = source.address.as_deref().is_none_or(|address| {
                addresses.contains(address)
                    || addresses.len() < n_addresses && addresses.insert(address)
            });
            if is_one {
                of_act.push(source);
            }
        }
        of_act
    }

    /// Returns from where its sessions and credentials came: where who did it signed in, was issued a credential, or was created. Each is
    /// what a record states, and no source of the act by that.
    pub fn origins(&self) -> Vec<(Origin, &str)> {
        let signed_in = self.authentication.iter().map(|of| &of.source_ip);
        let signed_in = signed_in.map(|address| (Origin::SignIn, address));
        let issued = self.assumed.iter().flat_map(AssumptionRecord::chain);
        let issued = issued.map(|of| (Origin::Issuance, &of.source_ip));
        let created = self.entity.created.iter();
        let created = created.map(|of| (Origin::Creation, &of.source_ip));
        let all = signed_in.chain(issued).chain(created);
        all.filter_map(|(origin, address)| Some((origin, address.as_deref()?)))
            .collect()
    }

    /// Sets the digest of all other fields. It must be set again after each change.
    pub fn seal(&mut self) {
        self.digest = evidence::digest_of(self);
    }

    /// Returns the line that says what happened.
    pub fn headline(&self) -> &str {
        self.headline.as_deref().unwrap_or(&self.name)
    }
}
