//! The alert document as it is read back: what was stored can be shown just as what is fresh.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::evidence::{GrantBasis, HoursBasis, NoveltyBasis, ScoreEvidence, VolumeBasis};
use crate::score::Alert;
use crate::stats::Severity;

/// An alert, as its document says it. Fields that a document lacks are empty.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AlertDocument {
    /// Version of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<u32>,
    /// The same for every telling of the same episode.
    pub alert_id: String,
    /// `new` or `update`.
    pub status: String,
    /// Which analytic.
    pub analytic: String,
    /// Its title.
    pub name: String,
    /// What happened, in the words of the arm that it rests on; absent where the title says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// ATT&CK techniques.
    #[serde(default)]
    pub techniques: Vec<String>,
    /// Severity reached.
    pub severity: Severity,
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
    /// When it crossed.
    pub time: String,
    /// The window of the largest contribution.
    pub window: Window,
    /// Who.
    pub entity: Entity,
    /// How the session began.
    pub authentication: Option<Authentication>,
    /// Who took the credentials that it was done with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumed: Vec<Assumption>,
    /// Why, largest first.
    #[serde(default)]
    pub reasons: Vec<AlertReason>,
    /// What was called.
    #[serde(default)]
    pub operations: Vec<Operation>,
    /// Buckets touched.
    #[serde(default)]
    pub resources: Vec<Resource>,
    /// Where data went.
    #[serde(default)]
    pub destinations: Vec<Destination>,
    /// Events that stand behind it.
    #[serde(default)]
    pub events: u64,
    /// The first of them.
    #[serde(default)]
    pub event_ids: Vec<String>,
    /// The generation that judged.
    #[serde(default)]
    pub generation: u64,
    /// The approval that covers it.
    pub suppressed_by: Option<String>,
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// How the statistic became the score, in numbers; older documents have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<ScoreEvidence>,
    /// Guards everything else against damage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A span of event time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Window {
    /// First instant.
    pub start: String,
    /// First instant after it.
    pub end: String,
}

/// Who an alert is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entity {
    /// Kind of entity.
    pub kind: String,
    /// Canonical id.
    pub id: String,
    /// Bare provider ids.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Kind of identity.
    #[serde(default)]
    pub identity_kind: String,
    /// Role.
    pub role: Option<String>,
    /// Whose cloud.
    pub provider: Option<String>,
    /// Account.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// When it was first seen.
    pub first_seen: Option<String>,
    /// Address of the caller.
    pub source_ip: Option<String>,
    /// Client, as it called itself.
    pub user_agent: Option<String>,
    /// Session, as it was called.
    pub session: Option<String>,
    /// Credential.
    pub credential: Option<String>,
}

/// How a session began.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Authentication {
    /// When.
    pub time: String,
    /// How.
    pub method: String,
    /// Whether a second factor was used.
    pub mfa: Option<bool>,
    /// From where.
    pub source_ip: Option<String>,
    /// In which country that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// How a credential was come by.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Assumption {
    /// Which.
    pub credential: String,
    /// When.
    pub time: String,
    /// The operation.
    pub operation: String,
    /// The event that tells of it.
    pub event_id: String,
    /// Who took it.
    pub by: Option<String>,
    /// From where.
    pub source_ip: Option<String>,
    /// How the credential was come by that was shown for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Box<Assumption>>,
}

/// Whose history something was judged by.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct JudgedAgainst {
    /// Kind of entity or group.
    pub kind: String,
    /// Which.
    pub id: String,
    /// Weight of windows, or number of hours or days, behind it.
    #[serde(default)]
    pub windows: f64,
}

/// An amount that was larger than expected.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Amount {
    /// Which metric.
    pub metric: String,
    /// In which window.
    pub window: String,
    /// What was observed.
    pub observed: u64,
    /// Expected median.
    pub p50: f64,
    /// Expected 99th percentile.
    pub p99: f64,
    /// Chance of so large a window; a day's for a volume, an active hour's for a newcomer.
    pub p_value: f64,
    /// Its part of the arm's statistic.
    #[serde(default)]
    pub surprise: f64,
    /// Whose history.
    #[serde(default)]
    pub judged_against: JudgedAgainst,
    /// What was judged by, in numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<AmountBasis>,
}

/// What an amount was judged by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AmountBasis {
    /// Peers and the entity's own past.
    Volume(VolumeBasis),
    /// The active hours of a newcomer's peers.
    Hours(HoursBasis),
}

/// One reason.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum AlertReason {
    /// A metric was larger than expected.
    Volume(Amount),
    /// A newcomer was busier than its peers.
    Newcomer(Amount),
    /// A trait showed something new.
    Novelty {
        /// Which trait.
        r#trait: String,
        /// The value.
        value: String,
        /// Times it was seen before.
        #[serde(default)]
        seen: u32,
        /// Active days that were looked at.
        #[serde(default)]
        of: u32,
        /// Identities known for it.
        #[serde(default)]
        support: u32,
        /// Chance of so rare a novelty on a day.
        p_value: f64,
        /// Its part of the arm's statistic.
        #[serde(default)]
        surprise: f64,
        /// Whose history.
        #[serde(default)]
        judged_against: JudgedAgainst,
        /// What was judged by, in numbers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        basis: Option<NoveltyBasis>,
        /// The first event of the day that showed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first: Option<FirstEvent>,
    },
    /// Data was given to an account that is not ours.
    Share {
        /// Which accounts.
        accounts: Vec<String>,
        /// Which buckets.
        buckets: Vec<String>,
        /// Acts that day.
        acts: u64,
        /// Its part of the arm's statistic.
        #[serde(default)]
        surprise: f64,
        /// What was judged by, in numbers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        basis: Option<GrantBasis>,
        /// The first of the acts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first: Option<FirstEvent>,
    },
    /// So many things happened at once, for which the analytic declares a weight.
    Burst {
        /// What was counted.
        burst: String,
        /// Within which time.
        window: String,
        /// How many there were.
        observed: u64,
        /// How many the analytic asks for.
        required: u64,
        /// When it began.
        start: String,
        /// Its part of the arm's statistic.
        surprise: f64,
        /// The first event of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first: Option<FirstEvent>,
    },
    /// The analytic declares a weight for what happened.
    Declared {
        /// Its part of the arm's statistic.
        surprise: f64,
        /// Which accounts something was given to, if that is what happened.
        #[serde(default)]
        accounts: Vec<String>,
        /// Which buckets.
        #[serde(default)]
        buckets: Vec<String>,
        /// The first of the acts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first: Option<FirstEvent>,
    },
    /// Steps were taken in order.
    Sequence {
        /// The steps.
        steps: Vec<Step>,
    },
}

/// An event that a reason rests on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FirstEvent {
    /// When.
    pub time: String,
    /// Which.
    pub event_id: String,
    /// The operation, as in `iam:CreateUser`.
    pub operation: String,
    /// From which address.
    #[serde(default)]
    pub source_ip: Option<String>,
    /// To which address, of a flow.
    #[serde(default)]
    pub destination_ip: Option<String>,
}

/// One step of a sequence.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Step {
    /// Which.
    pub step: String,
    /// When.
    pub time: String,
    /// The event that made the identity, or else the first of the step.
    pub event_id: Option<String>,
    /// Its operation.
    #[serde(default)]
    pub operation: Option<String>,
    /// Its address.
    #[serde(default)]
    pub source_ip: Option<String>,
    /// How the identity began, where that is the step: `created` or `first_use`.
    #[serde(default)]
    pub origin: Option<String>,
    /// Who created it.
    #[serde(default)]
    pub by: Option<String>,
}

/// A bucket touched.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Resource {
    /// Which.
    pub bucket: String,
    /// Whether it is on the sensitive list.
    pub sensitive: bool,
    /// Calls.
    pub calls: u64,
    /// Distinct objects.
    pub objects: u64,
    /// Bytes that left it.
    pub bytes: u64,
}

/// An operation that was called.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Operation {
    /// Service and operation, as in `s3:GetObject`.
    pub operation: String,
    /// Calls, or flows.
    pub calls: u64,
    /// How many of them were denied.
    pub denied: u64,
}

/// Where data went.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Destination {
    /// Address, account or bucket.
    pub address: String,
    /// Whether it is not ours; absent where it cannot be told.
    pub external: Option<bool>,
    /// Bytes.
    pub bytes: u64,
}

impl AlertDocument {
    /// Returns the document of an alert.
    ///
    /// # Errors
    ///
    /// Fails only if the alert and this reading of it have grown apart.
    pub fn of(alert: &Alert) -> Result<Self> {
        serde_json::to_value(alert)
            .and_then(serde_json::from_value)
            .map_err(|e| Error::failed("an alert cannot be shown").cause(e))
    }

    /// Reads a document.
    ///
    /// # Errors
    ///
    /// Fails if the text is no alert document.
    pub fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|e| Error::failed("this is no alert document").cause(e))
    }

    /// Returns the line that says what happened.
    pub fn headline(&self) -> &str {
        self.headline.as_deref().unwrap_or(&self.name)
    }

    /// Returns the document without the numbers that only our own form of it carries, for documents of other schemas.
    #[must_use]
    pub fn without_evidence(&self) -> Self {
        let reasons = self.reasons.iter().cloned();
        Self {
            schema: None,
            evidence: None,
            digest: None,
            reasons: reasons.map(AlertReason::without_basis).collect(),
            ..self.clone()
        }
    }
}

impl AlertReason {
    /// Returns its part of the arm's statistic, in natural logarithms; a sequence is a condition and has none.
    pub fn surprise(&self) -> f64 {
        match self {
            Self::Volume(amount) | Self::Newcomer(amount) => amount.surprise,
            Self::Novelty { surprise, .. }
            | Self::Share { surprise, .. }
            | Self::Burst { surprise, .. }
            | Self::Declared { surprise, .. } => *surprise,
            Self::Sequence { .. } => 0.0,
        }
    }

    /// Returns the event that first showed what is new, or gave something away.
    pub fn first(&self) -> Option<&FirstEvent> {
        match self {
            Self::Novelty { first, .. } | Self::Share { first, .. } | Self::Burst { first, .. } => {
                first.as_ref()
            }
            _ => None,
        }
    }

    /// Returns the reason without the numbers that it was judged by.
    fn without_basis(mut self) -> Self {
        match &mut self {
            Self::Volume(amount) | Self::Newcomer(amount) => amount.basis = None,
            Self::Novelty { basis, .. } => *basis = None,
            Self::Share { basis, .. } => *basis = None,
            Self::Burst { .. } | Self::Declared { .. } | Self::Sequence { .. } => {}
        }
        self
    }
}
