//! An alert: one episode of one analytic on one entity, told from its very events.
//!
//! An episode is an entity's UTC day. Statistics only grow with the events of a day, so the event at which a threshold is
//! crossed is found by halving: it is the first, in the order of time and id, with which the day so far is as surprising.
//! Few things can shut a gate again: an expected value after none at all, a newcomer's kind that later events outvote, and a
//! day with more than its facts have room for. Then the whole day decides, and the event that is found is one with which
//! the threshold is crossed, if not the first.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::analytic::Analytic;
use crate::baseline::{Generation, arm_key};
use crate::config::{Approval, ApprovalContext, Config, approval_covering};
use crate::event::{AddressClass, Event, Outcome};
use crate::evidence::{
    self, GrantBasis, HoursBasis, NoveltyBasis, Reference, ScoreEvidence, VolumeBasis, round,
    significant,
};
use crate::identity::Resolver;
use crate::learn::PeerGroupOf;
use crate::measure::{DayFacts, EventAmounts, Minute, Plan};
use crate::score::assumption::{AssumptionRecord, assumptions};
use crate::score::components::{
    JudgedAgainst, grant_basis, hours_basis, novelty_basis, start_of, volume_basis,
};
use crate::score::evidence_events::{EventRecord, EvidenceEvents, shows_any_reason};
use crate::score::judge::{ArmResult, Contribution, Detection, Judge};
use crate::score::sequence::{Origin, StepTime};
use crate::score::subject::Subject;
use crate::stats::{self, Severity};
use crate::time::{Day, Time, Window};
use crate::vocab::{Entity, Metric, Str};

/// Version of the alert document.
const SCHEMA: u32 = 1;
/// First events named in an alert.
const EVENT_IDS_MAX: usize = 20;
/// Operations, buckets and destinations named in an alert.
const ROWS_MAX: usize = 20;

/// Whether an alert is the first of its episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The episode crossed its threshold.
    New,
    /// Its severity rose.
    Update,
}

/// The alert document.
#[derive(Debug, Clone, Serialize)]
pub struct Alert {
    /// Version of this document.
    pub schema: u32,
    /// The same for every telling of the same episode.
    pub alert_id: String,
    /// Whether it is the first of its episode.
    pub status: Status,
    /// Which analytic.
    pub analytic: String,
    /// Its title.
    pub name: String,
    /// What happened, in the words of the arm that it rests on; absent where the title says it.
    pub headline: Option<String>,
    /// ATT&CK techniques.
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
    pub statistic: f64,
    /// Whether there was too little history for calibrated scores.
    pub provisional: bool,
    /// Time of the event with which the threshold, or the severity, was reached.
    #[serde(serialize_with = "as_text")]
    pub time: Time,
    /// The window of the largest contribution; the episode's day if that has none.
    pub window: Span,
    /// Who.
    pub entity: AlertEntity,
    /// How the session began.
    pub authentication: Option<AuthenticationRecord>,
    /// Who took the credentials that it was done with, as far as they were issued in sight; those of most events first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assumed: Vec<AssumptionRecord>,
    /// Why, largest first.
    pub reasons: Vec<Reason>,
    /// What was called, most often first.
    pub operations: Vec<OperationRecord>,
    /// Buckets touched, most calls first.
    pub resources: Vec<ResourceRecord>,
    /// Where data went, most bytes first.
    pub destinations: Vec<DestinationRecord>,
    /// Events that stand behind it, up to its time.
    pub events: u64,
    /// The first of them.
    pub event_ids: Vec<String>,
    /// The generation that judged.
    pub generation: u64,
    /// The approval that covers it.
    pub suppressed_by: Option<String>,
    /// Its id, which outlasts its lines in the file.
    pub approval: Option<String>,
    /// How the statistic became the score, in numbers.
    pub evidence: ScoreEvidence,
    /// Guards everything else against damage; see [`evidence::digest`].
    pub digest: Option<String>,
}

impl Alert {
    /// Takes the digest of all that it says; whoever changes it afterwards seals it again.
    pub fn seal(&mut self) {
        self.digest = evidence::digest_of(self);
    }
}

/// A span of event time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// First instant.
    #[serde(serialize_with = "as_text")]
    pub start: Time,
    /// First instant after it.
    #[serde(serialize_with = "as_text")]
    pub end: Time,
}

/// Who an alert is about.
#[derive(Debug, Clone, Serialize)]
pub struct AlertEntity {
    /// Kind of entity.
    pub kind: &'static str,
    /// Canonical id.
    pub id: String,
    /// Bare provider ids of the same entity.
    pub aliases: Vec<String>,
    /// Kind of identity.
    pub identity_kind: &'static str,
    /// Role.
    pub role: Option<String>,
    /// Whose cloud.
    pub provider: Option<&'static str>,
    /// Account.
    pub account: Option<String>,
    /// Region of the event that speaks for it: of what is new, that which shows the most; else the last.
    pub region: Option<String>,
    /// When it was first seen, or created.
    pub first_seen: Option<String>,
    /// Its address.
    pub source_ip: Option<String>,
    /// Its client.
    pub user_agent: Option<String>,
    /// Its session.
    pub session: Option<String>,
    /// Its credential.
    pub credential: Option<String>,
}

/// How a session began.
#[derive(Debug, Clone, Serialize)]
pub struct AuthenticationRecord {
    /// When.
    #[serde(serialize_with = "as_text")]
    pub time: Time,
    /// The operation, and in parentheses by what means if that is known; or how calls are signed.
    pub method: String,
    /// Whether a second factor was used.
    pub mfa: Option<bool>,
    /// From where.
    pub source_ip: Option<String>,
    /// In which country that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// What a reason was judged against.
#[derive(Debug, Clone, Serialize)]
pub struct JudgedAgainstRecord {
    /// Kind of entity or group.
    pub kind: &'static str,
    /// Which.
    pub id: String,
    /// Weight of windows, or number of hours or days, behind it.
    pub windows: f64,
}

/// One reason.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Reason {
    /// A metric was larger than expected.
    Volume {
        /// Which metric.
        metric: &'static str,
        /// In which window.
        window: String,
        /// What was observed.
        observed: u64,
        /// Expected median.
        p50: f64,
        /// Expected 99th percentile.
        p99: f64,
        /// Chance of so large a window on a day.
        p_value: f64,
        /// Its part of the arm's statistic, in natural logarithms.
        surprise: f64,
        /// Whose history.
        judged_against: JudgedAgainstRecord,
        /// What was judged by, in numbers.
        basis: VolumeBasis,
    },
    /// A trait showed something new.
    Novelty {
        /// Which trait.
        r#trait: &'static str,
        /// The value.
        value: String,
        /// Times it was seen before.
        seen: u32,
        /// Days that were looked at.
        of: u32,
        /// Identities known for it.
        support: u32,
        /// Chance of so rare a novelty on a day.
        p_value: f64,
        /// Its part of the arm's statistic, in natural logarithms.
        surprise: f64,
        /// Whose history.
        judged_against: JudgedAgainstRecord,
        /// What was judged by, in numbers.
        basis: NoveltyBasis,
        /// The first event of the day that showed it.
        first: Option<EventRecord>,
    },
    /// A newcomer was busier than its peers.
    Newcomer {
        /// Which metric.
        metric: &'static str,
        /// In which window.
        window: String,
        /// What was observed.
        observed: u64,
        /// Peers' median.
        p50: f64,
        /// Peers' 99th percentile.
        p99: f64,
        /// Share of peers' hours at least so large.
        p_value: f64,
        /// Its part of the arm's statistic, in natural logarithms.
        surprise: f64,
        /// Which peers.
        judged_against: JudgedAgainstRecord,
        /// What was judged by, in numbers; `None` if nobody was active.
        basis: Option<HoursBasis>,
    },
    /// Data was given to an account that is not ours.
    #[serde(rename = "share")]
    Grant {
        /// Which accounts.
        accounts: Vec<String>,
        /// Which buckets.
        buckets: Vec<String>,
        /// Acts that day.
        acts: u64,
        /// Its part of the arm's statistic, in natural logarithms.
        surprise: f64,
        /// What was judged by, in numbers.
        basis: GrantBasis,
        /// The first of the acts.
        first: Option<EventRecord>,
    },
    /// So many things happened at once, for which the analytic declares a weight.
    Burst {
        /// What was counted.
        burst: &'static str,
        /// Within which time.
        window: String,
        /// How many there were, at most as many as are told apart.
        observed: u64,
        /// How many the analytic asks for.
        required: u64,
        /// When it began.
        #[serde(serialize_with = "as_text")]
        start: Time,
        /// Its part of the arm's statistic, in natural logarithms.
        surprise: f64,
        /// The first event of it.
        first: Option<EventRecord>,
    },
    /// The analytic declares a weight for what happened.
    Declared {
        /// Its part of the arm's statistic, in natural logarithms.
        surprise: f64,
        /// Which accounts something was given to, if that is what happened.
        accounts: Vec<String>,
        /// Which buckets.
        buckets: Vec<String>,
        /// The first of the acts.
        first: Option<EventRecord>,
    },
    /// Steps were taken in order.
    Sequence {
        /// The steps.
        steps: Vec<StepRecord>,
    },
}

/// One step of a sequence.
#[derive(Debug, Clone, Serialize)]
pub struct StepRecord {
    /// Which.
    pub step: &'static str,
    /// When.
    #[serde(serialize_with = "as_text")]
    pub time: Time,
    /// The event that made the identity, or else the first of the step, where it is among the episode's.
    pub event_id: Option<String>,
    /// Its operation, as in `iam:CreateUser`.
    pub operation: Option<String>,
    /// Its address.
    pub source_ip: Option<String>,
    /// How the identity began, where that is the step: `created`, or `first_use` if its making was not in sight.
    pub origin: Option<&'static str>,
    /// Who created it.
    pub by: Option<String>,
}

/// An operation that was called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperationRecord {
    /// Service and operation, as in `s3:GetObject`.
    pub operation: String,
    /// Calls, or flows.
    pub calls: u64,
    /// How many of them were denied.
    pub denied: u64,
}

/// A bucket touched.
#[derive(Debug, Clone, Serialize)]
pub struct ResourceRecord {
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

/// Where data went.
#[derive(Debug, Clone, Serialize)]
pub struct DestinationRecord {
    /// Address, account or bucket.
    pub address: String,
    /// Whether it is not ours; absent where it cannot be told.
    pub external: Option<bool>,
    /// Bytes.
    pub bytes: u64,
}

pub(super) fn as_text<S: serde::Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

/// Returns the id of an episode: a function of analytic, entity and the episode's start.
pub fn alert_id(analytic: &str, entity: &Entity, start: Time) -> String {
    evidence::alert_id(
        analytic,
        (entity.kind.as_str(), &entity.id),
        &start.to_string(),
    )
}

/// Tells alerts of one day from their events.
pub struct AlertBuilder<'a> {
    /// Which short windows are measured.
    pub setup_plan: &'a Plan,
    /// Approvals and sensitive buckets.
    pub config: &'a Config,
    /// Resolves events.
    pub resolver: &'a Resolver<'a>,
    /// Judges.
    pub judge: &'a Judge<'a>,
    /// Configured peer groups.
    pub peer_group_of: &'a PeerGroupOf<'a>,
    /// The day.
    pub day: Day,
    /// The threshold, in surprise.
    pub threshold: f64,
    /// Whether episodes below the threshold are told, too.
    pub show_low: bool,
}

/// The day so far: everything up to an event.
struct DayPrefix {
    n_events: usize,
    facts: DayFacts,
}

impl AlertBuilder<'_> {
    /// Returns the episode's alerts: the first, and one for each rise in severity. `events` are the entity's events of the
    /// day in the order of time and id.
    pub fn build(
        &self,
        analytic: &Analytic,
        entity: &Entity,
        events: &[Event],
        met: Option<(Day, &[(u16, Minute)])>,
    ) -> Vec<Alert> {
        let Some(whole) = self.so_far(events, events.len()) else {
            return Vec::new();
        };
        let Some(last) = self.detection(analytic, entity, &whole.facts, met) else {
            return Vec::new();
        };
        let mut alerts = Vec::new();
        let mut reached = None;
        let mut from = 1;
        for severity in [
            Severity::Low,
            Severity::Medium,
            Severity::High,
            Severity::Critical,
        ] {
            if self
                .severity(analytic, &last, &whole.facts)
                .is_none_or(|s| s < severity)
                || reached.is_some_and(|r| r >= severity)
            {
                continue;
            }
            let Some((so_far, detection)) =
                self.first_reaching(analytic, entity, events, from, severity, met)
            else {
                continue;
            };
            from = so_far.n_events;
            reached = self.severity(analytic, &detection, &so_far.facts);
            let status = if alerts.is_empty() {
                Status::New
            } else {
                Status::Update
            };
            let severity = reached.unwrap_or(severity);
            alerts.push(self.alert(
                analytic,
                entity,
                &events[..so_far.n_events],
                &so_far.facts,
                &detection,
                (status, severity),
                met,
            ));
        }
        // What an approval covers must not hide what comes after it on the same day.
        if alerts.last().is_some_and(|last| last.approval.is_some()) {
            alerts.extend(self.first_uncovered(analytic, entity, events, from, met));
        }
        alerts
    }

    /// Finds the first event with which a covered episode is no longer covered, and tells the alert; more is never covered
    /// where less is not.
    fn first_uncovered(
        &self,
        analytic: &Analytic,
        entity: &Entity,
        events: &[Event],
        from: usize,
        met: Option<(Day, &[(u16, Minute)])>,
    ) -> Option<Alert> {
        let uncovered = |n: usize| {
            let so_far = self.so_far(events, n)?;
            let detection = self.detection(analytic, entity, &so_far.facts, met)?;
            let severity = self.severity(analytic, &detection, &so_far.facts)?;
            let told = (Status::Update, severity);
            let alert = self.alert(
                analytic,
                entity,
                &events[..n],
                &so_far.facts,
                &detection,
                told,
                met,
            );
            alert.approval.is_none().then_some(alert)
        };
        let mut found = uncovered(events.len())?;
        let (mut low, mut high) = (from, events.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match uncovered(middle) {
                Some(alert) => (found, high) = (alert, middle),
                None => low = middle + 1,
            }
        }
        Some(found)
    }

    /// Returns the severity of a verdict; `None` if it is not to be told.
    fn severity(
        &self,
        analytic: &Analytic,
        detection: &Detection,
        facts: &DayFacts,
    ) -> Option<Severity> {
        let severity = Severity::of(
            detection.score,
            stats::rank::score(self.threshold),
            facts.touches_sensitive(),
            false,
        );
        let most = severity_max(analytic, detection).unwrap_or(severity);
        let severity = severity.min(most);
        (severity > Severity::Low || (severity == Severity::Low && self.show_low))
            .then_some(severity)
    }

    /// Finds the first event with which the day so far reaches a severity.
    fn first_reaching(
        &self,
        analytic: &Analytic,
        entity: &Entity,
        events: &[Event],
        from: usize,
        severity: Severity,
        met: Option<(Day, &[(u16, Minute)])>,
    ) -> Option<(DayPrefix, Detection)> {
        let reaches = |n: usize| {
            let so_far = self.so_far(events, n)?;
            let detection = self.detection(analytic, entity, &so_far.facts, met)?;
            (self.severity(analytic, &detection, &so_far.facts)? >= severity)
                .then_some((so_far, detection))
        };
        let (mut low, mut high) = (from, events.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if reaches(middle).is_some() {
                high = middle
            } else {
                low = middle + 1
            }
        }
        reaches(low.min(events.len()))
    }

    fn so_far(&self, events: &[Event], n_events: usize) -> Option<DayPrefix> {
        let mut facts = DayFacts::starting(events.first()?.time);
        for event in &events[..n_events] {
            let mut event = event.clone();
            let resolved = self.resolver.resolve(&mut event);
            EventAmounts::of(&resolved).add_to(&mut facts, self.setup_plan);
            facts.note_provider(resolved.event.provider, resolved.event.account.as_ref());
            if let Some(principal) = &resolved.event.principal {
                facts.note_principal(principal);
            }
        }
        Some(DayPrefix { n_events, facts })
    }

    fn detection(
        &self,
        analytic: &Analytic,
        entity: &Entity,
        facts: &DayFacts,
        met: Option<(Day, &[(u16, Minute)])>,
    ) -> Option<Detection> {
        let subject = Subject::of(
            entity,
            facts,
            self.day,
            self.judge.generation(),
            met,
            self.peer_group_of,
        );
        self.judge.detection_of(&subject, analytic)
    }

    #[allow(clippy::too_many_arguments)]
    fn alert(
        &self,
        analytic: &Analytic,
        entity: &Entity,
        events: &[Event],
        facts: &DayFacts,
        detection: &Detection,
        (status, severity): (Status, Severity),
        met: Option<(Day, &[(u16, Minute)])>,
    ) -> Alert {
        let generation = self.judge.generation();
        let subject = Subject::of(entity, facts, self.day, generation, met, self.peer_group_of);
        let window = window_of(&detection.arm, self.day);
        let metrics = metrics_of(analytic);
        let evidence: Vec<&Event> = events
            .iter()
            .filter(|event| event.time >= window.start && event.time < window.end)
            .filter(|event| self.is_evidence(event, &metrics))
            .collect();
        let evidence = if evidence.is_empty() {
            events.iter().collect()
        } else {
            evidence
        };
        let evidence_events = EvidenceEvents::of(&detection.arm, events, self.resolver);
        // What the alert calls new may have come with events that no metric counts.
        let mut told = evidence.clone();
        told.extend(
            evidence_events
                .events()
                .into_iter()
                .filter(|evidence_event| evidence.iter().all(|e| e.id != evidence_event.id)),
        );
        told.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        let crossing = events.last();
        // One event speaks for the alert, lest an address stands beside another's client.
        let spoken = match &evidence_events.representative {
            Some(representative) => std::slice::from_ref(representative),
            None => &evidence[..],
        };
        let (resources, destinations) = self.tables(&evidence, generation);
        let created = generation
            .created
            .get(&entity.id)
            .map(|creation| creation.at);
        let first_seen = match (created, subject.first_day == self.day) {
            (Some(created), _) => created.to_string(),
            (None, true) => facts.first.to_string(),
            (None, false) => subject.first_day.to_string(),
        };
        let profile = &facts.profile;
        let mut alert = Alert {
            schema: SCHEMA,
            alert_id: alert_id(&analytic.id, entity, self.day.start()),
            status,
            analytic: analytic.id.to_string(),
            name: analytic.title.clone(),
            headline: analytic
                .arms
                .iter()
                .find(|arm| arm.id == detection.arm.arm)
                .and_then(|arm| arm.title.clone()),
            techniques: analytic.techniques.clone(),
            severity,
            score: round(detection.score, 2),
            surprise: round(detection.surprise, 4),
            threshold: round(stats::rank::score(self.threshold), 2),
            arm: detection.arm.arm.to_string(),
            statistic: round(detection.arm.statistic, 4),
            provisional: generation.calibration.is_provisional(),
            time: crossing.map_or(self.day.start(), |e| e.time),
            window,
            entity: AlertEntity {
                kind: entity.kind.as_str(),
                id: entity.id.to_string(),
                aliases: aliases(&subject),
                identity_kind: subject.baseline.map_or(profile.kind(), |b| b.kind).as_str(),
                role: profile.role.as_ref().map(|r| r.to_string()),
                provider: profile.provider.map(|p| p.as_str()),
                account: profile.account.as_ref().map(|a| a.to_string()),
                region: evidence_events
                    .representative
                    .or(crossing)
                    .and_then(|e| e.region.as_ref())
                    .map(|r| r.to_string()),
                first_seen: Some(first_seen),
                source_ip: newest(spoken, |e| e.peer.ip.map(|ip| ip.to_string())),
                user_agent: newest(spoken, |e| {
                    e.user_agent.as_ref().map(|u| u.raw().to_owned())
                }),
                session: newest(spoken, |e| e.session.as_ref().map(|s| s.raw().to_owned())),
                credential: newest(spoken, |e| e.credential.as_ref().map(|c| c.to_string())),
            },
            authentication: authentication(events, evidence_events.representative),
            assumed: assumptions(&told, generation),
            operations: operations(&told),
            reasons: reasons(
                &detection.arm,
                events,
                &evidence_events,
                &subject,
                generation,
            ),
            resources,
            destinations,
            events: told.len() as u64,
            event_ids: told
                .iter()
                .take(EVENT_IDS_MAX)
                .map(|e| e.id.to_string())
                .collect(),
            generation: generation.number,
            suppressed_by: None,
            approval: None,
            evidence: self.judgement(analytic, detection, facts),
            digest: None,
        };
        let asked = (events, &*told, &metrics);
        let approval = self.approval(analytic, entity, asked, &detection.arm, &alert);
        alert.suppressed_by = approval.map(ToString::to_string);
        alert.approval = approval.map(Approval::id);
        alert.resources.truncate(ROWS_MAX);
        alert.destinations.truncate(ROWS_MAX);
        alert
    }

    /// Returns how a verdict came about.
    fn judgement(
        &self,
        analytic: &Analytic,
        detection: &Detection,
        facts: &DayFacts,
    ) -> ScoreEvidence {
        let calibration = &self.judge.generation().calibration;
        let arm = &detection.arm;
        let of_arm = calibration.arms.get(&arm_key(&analytic.id, &arm.arm));
        ScoreEvidence {
            statistic: arm.statistic,
            factor: arm.factor,
            damped: (arm.factor < 1.0).then(|| "no unusual context".to_owned()),
            arm: of_arm.map(|distribution| Reference::of(distribution, arm.statistic)),
            rank: arm.rank,
            pooled: Reference::of(&calibration.pooled, arm.rank),
            surprise: detection.surprise,
            threshold: self.threshold,
            sensitive: facts.touches_sensitive(),
            severity_max: severity_max(analytic, detection),
        }
    }

    /// Returns whether an event adds to some metric of the analytic.
    fn is_evidence(&self, event: &Event, metrics: &BTreeSet<Metric>) -> bool {
        let mut event = event.clone();
        let resolved = self.resolver.resolve(&mut event);
        let amounts = EventAmounts::of(&resolved);
        amounts.metrics().any(|m| metrics.contains(&m))
    }

    /// Returns whether an approval has to cover an event: it adds to what is judged, bears a reason, or gives something away.
    fn is_asked_about(&self, event: &Event, metrics: &BTreeSet<Metric>, arm: &ArmResult) -> bool {
        let mut event = event.clone();
        let resolved = self.resolver.resolve(&mut event);
        let amounts = EventAmounts::of(&resolved);
        !amounts.grants().is_empty()
            || amounts.metrics().any(|m| metrics.contains(&m))
            || shows_any_reason(resolved.event.time, &amounts, arm)
    }

    /// Returns all buckets that were touched, and all places that data went to, largest first.
    fn tables(
        &self,
        evidence: &[&Event],
        generation: &Generation,
    ) -> (Vec<ResourceRecord>, Vec<DestinationRecord>) {
        let mut buckets: BTreeMap<&str, (ResourceRecord, BTreeSet<&str>)> = BTreeMap::new();
        let mut destinations: BTreeMap<String, DestinationRecord> = BTreeMap::new();
        for event in evidence {
            let source = event.copied_from.as_ref().filter(|&source| {
                // A copy within one bucket, or a replication of it, touches one bucket.
                event.container.as_ref() != Some(source)
            });
            for bucket in event.container.iter().chain(source) {
                let (record, objects) = buckets.entry(bucket.raw()).or_insert_with(|| {
                    let sensitive = self.resolver.is_sensitive(event.provider, bucket.raw());
                    (
                        ResourceRecord {
                            bucket: bucket.raw().to_owned(),
                            sensitive,
                            calls: 0,
                            objects: 0,
                            bytes: 0,
                        },
                        BTreeSet::new(),
                    )
                });
                record.calls += 1;
                record.bytes = record.bytes.saturating_add(event.bytes_out.unwrap_or(0));
                objects.extend(event.object.as_ref().map(|o| o.raw()));
            }
            for (address, external, bytes) in self.destinations(event, generation) {
                let record = destinations
                    .entry(address.clone())
                    .or_insert(DestinationRecord {
                        address,
                        external,
                        bytes: 0,
                    });
                record.bytes = record.bytes.saturating_add(bytes);
            }
        }
        let mut resources: Vec<ResourceRecord> = buckets
            .into_values()
            .map(|(mut record, objects)| {
                record.objects = objects.len() as u64;
                record
            })
            .collect();
        resources.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.bucket.cmp(&b.bucket)));
        let mut destinations: Vec<DestinationRecord> = destinations.into_values().collect();
        destinations.sort_by(|a, b| {
            b.bytes
                .cmp(&a.bytes)
                .then_with(|| a.address.cmp(&b.address))
        });
        (resources, destinations)
    }

    /// Returns where an event sent data: an address, an account, or a bucket whose owner is not stated.
    fn destinations(
        &self,
        event: &Event,
        generation: &Generation,
    ) -> Vec<(String, Option<bool>, u64)> {
        use crate::event::Action;
        let mut found = Vec::new();
        let bytes = event.bytes_out.unwrap_or(0);
        match event.action {
            Action::ReadObject => {
                if let Some(ip) = event.peer.ip {
                    let is_external = self.resolver.classify(ip) == AddressClass::External;
                    found.push((ip.to_string(), Some(is_external), bytes));
                }
            }
            Action::EgressFlow => {
                if let Some(ip) = event.destination.ip {
                    found.push((
                        ip.to_string(),
                        Some(self.resolver.classify(ip) == AddressClass::External),
                        bytes,
                    ));
                }
            }
            _ => {
                if let Some(account) = &event.destination.account {
                    found.push((account.to_string(), Some(!generation.is_ours(account)), 0));
                } else if let (Action::CopyObject, Some(bucket)) =
                    (event.action, &event.destination.container)
                {
                    found.push((bucket.raw().to_owned(), None, 0));
                }
            }
        }
        found
    }

    /// Returns the approval that covers an alert. It is asked about all of the episode so far that the analytic looks at, and
    /// not only about the window and the rows that a person reads: nothing may hide beside what is covered.
    fn approval(
        &self,
        analytic: &Analytic,
        entity: &Entity,
        (events, told, metrics): (&[Event], &[&Event], &BTreeSet<Metric>),
        arm: &ArmResult,
        alert: &Alert,
    ) -> Option<&Approval> {
        let mut approvals = self.config.approvals.iter();
        if !approvals.any(|approval| approval.is_for(&analytic.id)) {
            return None;
        }
        let told_ids: BTreeSet<&str> = told.iter().map(|event| &*event.id).collect();
        let evidence: Vec<&Event> = events
            .iter()
            .filter(|event| {
                told_ids.contains(&*event.id) || self.is_asked_about(event, metrics, arm)
            })
            .collect();
        let (resources, destinations) = self.tables(&evidence, self.judge.generation());
        let calls = || evidence.iter().filter(|event| !event.is_flow());
        let context = ApprovalContext {
            identity: entity.id.clone(),
            aliases: alert
                .entity
                .aliases
                .iter()
                .map(|a| a.as_str().into())
                .collect(),
            role: alert.entity.role.as_deref().map(Str::from),
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
        };
        approval_covering(self.config, &analytic.id, &context, alert.time)
    }
}

/// Returns the greatest severity that an alert on this arm may have.
fn severity_max(analytic: &Analytic, detection: &Detection) -> Option<Severity> {
    let mut arms = analytic.arms.iter();
    arms.find(|arm| arm.id == detection.arm.arm)?.severity_max
}

/// Returns what was called, most often first.
fn operations(evidence: &[&Event]) -> Vec<OperationRecord> {
    let mut by_name: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
    for event in evidence {
        let (calls, denied) = by_name.entry((&event.service, &event.op)).or_default();
        *calls += 1;
        *denied += u64::from(event.outcome == Outcome::Denied);
    }
    let mut operations: Vec<OperationRecord> = by_name
        .into_iter()
        .map(|((service, op), (calls, denied))| OperationRecord {
            operation: format!("{service}:{op}"),
            calls,
            denied,
        })
        .collect();
    operations.sort_by(|a, b| {
        b.calls
            .cmp(&a.calls)
            .then_with(|| a.operation.cmp(&b.operation))
    });
    operations.truncate(ROWS_MAX);
    operations
}

fn newest(evidence: &[&Event], of: impl Fn(&Event) -> Option<String>) -> Option<String> {
    evidence.iter().rev().find_map(|event| of(event))
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
    aliases.into_iter().take(16).collect()
}

/// Returns how the session of an alert began: that of the event that speaks for it, if its record says so, or else the last
/// sign-in of that day before the crossing, or what the last session says. A sign-in that was refused began none.
fn authentication(
    events: &[Event],
    representative: Option<&Event>,
) -> Option<AuthenticationRecord> {
    use crate::event::{Action, Outcome};
    let source_ip = |e: &Event| e.peer.ip.map(|ip| ip.to_string());
    let country = |e: &Event| e.peer.country.as_ref().map(ToString::to_string);
    let has_worked = |e: &Event| matches!(e.outcome, Outcome::Success | Outcome::Unknown);
    let representative = representative.filter(|e| e.context.session_start.is_some());
    let signed_in = events
        .iter()
        .rev()
        .find(|e| e.action == Action::Authenticate && has_worked(e))
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

/// Returns the window of the largest volume contribution, or the whole day.
fn window_of(arm: &ArmResult, day: Day) -> Span {
    if arm.sequence.is_none() {
        for contribution in &arm.contributions {
            let (window, start) = match contribution {
                Contribution::Volume(reading) => (reading.window, reading.start),
                Contribution::RoleTail(reading) => {
                    (Window::HOUR, start_of(Window::HOUR, reading.slot))
                }
                _ => continue,
            };
            let start = day.start().plus_secs(i64::from(start));
            return Span {
                start,
                end: start.plus_secs(i64::from(window.secs())),
            };
        }
    }
    Span {
        start: day.start(),
        end: day.end(),
    }
}

fn metrics_of(analytic: &Analytic) -> BTreeSet<Metric> {
    analytic
        .metrics()
        .into_iter()
        .map(|metric| {
            if metric == Metric::BucketsNew {
                Metric::BucketsListed
            } else {
                metric
            }
        })
        .collect()
}

fn reasons(
    arm: &ArmResult,
    events: &[Event],
    evidence_events: &EvidenceEvents,
    subject: &Subject,
    generation: &Generation,
) -> Vec<Reason> {
    let contributions = arm.contributions.iter().enumerate();
    let mut reasons: Vec<Reason> = contributions
        .map(|(at, contribution)| {
            let bearing = (evidence_events, evidence_events.first(at));
            reason(contribution, arm, bearing, subject, generation)
        })
        .collect();
    if let Some(sequence) = &arm.sequence {
        let steps = sequence
            .steps
            .iter()
            .map(|step| step_record(step, events))
            .collect();
        reasons.push(Reason::Sequence { steps });
    }
    reasons
}

/// Names the event that began a step, and its instant: the step itself is known to the minute.
fn step_record(step: &StepTime, events: &[Event]) -> StepRecord {
    if let Some(Origin::Created(creation)) = &step.origin {
        return StepRecord {
            step: step.step,
            time: creation.at,
            event_id: Some(creation.event_id.to_string()),
            operation: Some(creation.operation.to_string()),
            source_ip: creation.from.map(|ip| ip.to_string()),
            origin: Some("created"),
            by: creation.by.as_ref().map(|by| by.to_string()),
        };
    }
    let event = events
        .iter()
        .find(|e| e.time >= step.time)
        .filter(|e| e.time.secs_since(step.time) < 60);
    StepRecord {
        step: step.step,
        time: event.map_or(step.time, |e| e.time),
        event_id: event.map(|e| e.id.to_string()),
        operation: event.map(|e| format!("{}:{}", e.service, e.op)),
        source_ip: event.and_then(|e| e.peer.ip).map(|ip| ip.to_string()),
        origin: step.origin.as_ref().map(|_| "first_use"),
        by: None,
    }
}

/// Returns a weight that the analytic declares, with what happened.
fn declared(weight: f64, arm: &ArmResult, evidence_events: &EvidenceEvents) -> Reason {
    let texts = |words: &[Str]| words.iter().map(|word| word.to_string()).collect();
    let given = arm.contributions.iter().enumerate();
    let given = given.filter_map(|(at, contribution)| match contribution {
        Contribution::Grant {
            accounts, buckets, ..
        } => Some((texts(accounts), texts(buckets), evidence_events.first(at))),
        _ => None,
    });
    let (accounts, buckets, first) = given.into_iter().next().unwrap_or_default();
    Reason::Declared {
        surprise: weight,
        accounts,
        buckets,
        first,
    }
}

fn reason(
    contribution: &Contribution,
    arm: &ArmResult,
    (evidence_events, first): (&EvidenceEvents, Option<EventRecord>),
    subject: &Subject,
    generation: &Generation,
) -> Reason {
    match contribution {
        Contribution::Volume(reading) => Reason::Volume {
            metric: reading.metric.as_str(),
            window: reading.window.to_string(),
            observed: reading.observed,
            p50: round(reading.predictive.quantile(0.5), 1),
            p99: round(reading.predictive.quantile(0.99), 1),
            p_value: significant(reading.predictive.p_value(reading.observed as f64)),
            surprise: round(reading.surprise, 3),
            judged_against: judged_against(&reading.judged_against, reading.windows),
            basis: volume_basis(subject, generation, reading.metric, reading.window),
        },
        Contribution::Novelty(reading) => Reason::Novelty {
            r#trait: reading.which.as_str(),
            value: reading.value.to_string(),
            seen: 0,
            of: reading.active_days,
            support: reading.support,
            p_value: significant((-reading.surprise).exp()),
            surprise: round(reading.surprise, 3),
            judged_against: judged_against(&reading.judged_against, f64::from(reading.active_days)),
            basis: novelty_basis(subject, generation, reading.which),
            first,
        },
        Contribution::RoleTail(reading) => Reason::Newcomer {
            metric: reading.metric.as_str(),
            window: Window::HOUR.to_string(),
            observed: reading.observed,
            p50: reading.quantiles.0 as f64,
            p99: reading.quantiles.1 as f64,
            p_value: significant((-reading.surprise).exp()),
            surprise: round(reading.surprise, 3),
            judged_against: judged_against(&reading.judged_against, reading.hours as f64),
            basis: hours_basis(subject, generation, reading.metric, reading.observed),
        },
        Contribution::Grant {
            accounts,
            buckets,
            destinations,
            acts,
            surprise,
        } => Reason::Grant {
            accounts: accounts.iter().map(|a| a.to_string()).collect(),
            buckets: buckets.iter().map(|b| b.to_string()).collect(),
            acts: *acts,
            surprise: round(*surprise, 3),
            basis: grant_basis(subject, generation, destinations),
            first,
        },
        Contribution::Burst {
            asked,
            reading,
            weight,
        } => Reason::Burst {
            burst: asked.kind.as_str(),
            window: asked.over.to_string(),
            observed: reading.observed,
            required: asked.at_least,
            start: reading.start,
            surprise: *weight,
            first,
        },
        Contribution::Weight(weight) => declared(*weight, arm, evidence_events),
    }
}

fn judged_against(whose: &JudgedAgainst, windows: f64) -> JudgedAgainstRecord {
    let windows = round(windows, 1);
    match whose {
        JudgedAgainst::Own(entity) => JudgedAgainstRecord {
            kind: entity.kind.as_str(),
            id: entity.id.to_string(),
            windows,
        },
        JudgedAgainst::Group(group) => JudgedAgainstRecord {
            kind: group.kind.as_str(),
            id: group.id.to_string(),
            windows,
        },
        JudgedAgainst::BuiltIn => JudgedAgainstRecord {
            kind: "default",
            id: "built in".to_owned(),
            windows,
        },
    }
}
