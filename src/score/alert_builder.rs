//! Alerts of one day, built from the events of an episode.
//!
//! An episode is an entity's UTC day. Statistics only grow with the events of a day, so the event at which a threshold is
//! crossed is found by halving: it is the first, in the order of time and id, with which the day so far is as surprising.
//! Few things can shut a gate again: an expected value after none at all, a newcomer's kind that later events outvote, and a
//! day with more than its facts have room for. Then the whole day decides, and the event that is found is one with which
//! the threshold is crossed, if not the first.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::alert::{Alert, SCHEMA, Span, Status, alert_id};
use crate::analytic::Analytic;
use crate::baseline::arm_key;
use crate::config::{Approval, Config, approval_covering};
use crate::event::Event;
use crate::evidence::{Reference, ScoreEvidence, round};
use crate::identity::Resolver;
use crate::learn::PeerGroupOf;
use crate::measure::{DayFacts, EventAmounts, Minute, Plan, is_others};
use crate::score::approval::approval_context;
use crate::score::assumption::assumptions;
use crate::score::blinded::blinded;
use crate::score::caller;
use crate::score::components::start_of;
use crate::score::contribution::{ArmResult, Contribution};
use crate::score::evidence_events::{EvidenceEvents, adds_to_any, metrics_of, must_be_covered};
use crate::score::judge::{Detection, Judge};
use crate::score::reasons::reasons;
use crate::score::rows::{ROWS_MAX, operations, tables};
use crate::score::subject::Subject;
use crate::stats::{self, Severity};
use crate::time::{Day, Window};
use crate::vocab::{Entity, Metric, Str};

/// First events named in an alert.
const EVENT_IDS_MAX: usize = 20;

/// Builds the alerts of one day from their events.
pub struct AlertBuilder<'a> {
    /// Which short windows are measured.
    pub plan: &'a Plan,
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
    /// Whether there are alerts of episodes below the threshold, too.
    pub show_low: bool,
}

/// What an analytic looks at on a day: one entity and its events, in the order of time and id.
struct Episode<'e> {
    analytic: &'e Analytic,
    entity: &'e Entity,
    events: &'e [Event],
    met: Option<(Day, &'e [(u16, Minute)])>,
    /// The id that the provider never gives twice, whichever event states it: all are of one principal.
    unique_id: Option<&'e Str>,
    /// The facts of some of its prefixes, by their number of events: a longer one begins with those of a shorter one.
    known: RefCell<BTreeMap<usize, Rc<DayFacts>>>,
}

/// An episode up to an event, and how severe it is by then.
struct Crossing<'e> {
    events: &'e [Event],
    facts: Rc<DayFacts>,
    detection: Detection,
    severity: Severity,
}

impl AlertBuilder<'_> {
    /// Returns the episode's alerts: the first, and one for each rise in severity. `events` are the entity's events of the
    /// day in the order of time and id, and `unique_id` is the id that the provider never gives twice, if one of the day's states it.
    pub fn build(
        &self,
        analytic: &Analytic,
        entity: &Entity,
        events: &[Event],
        met: Option<(Day, &[(u16, Minute)])>,
        unique_id: Option<&Str>,
    ) -> Vec<Alert> {
        let episode = Episode {
            analytic,
            entity,
            events,
            met,
            unique_id,
            known: RefCell::default(),
        };
        let Some(whole) = self.crossing(&episode, events.len()) else {
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
            if whole.severity < severity || reached >= Some(severity) {
                continue;
            }
            let reaches = |n: usize| {
                let crossing = self.crossing(&episode, n)?;
                (crossing.severity >= severity).then_some(crossing)
            };
            let Some(crossing) = first_prefix(from, events.len(), reaches) else {
                continue;
            };
            from = crossing.events.len();
            reached = Some(crossing.severity);
            let status = if alerts.is_empty() {
                Status::New
            } else {
                Status::Update
            };
            alerts.push(self.alert(&episode, &crossing, status));
        }
        // What an approval covers must not hide what comes after it on the same day. More is never covered where less is
        // not.
        if alerts.last().is_some_and(|last| last.approval.is_some()) {
            let uncovered = |n: usize| {
                let crossing = self.crossing(&episode, n)?;
                let alert = self.alert(&episode, &crossing, Status::Update);
                alert.approval.is_none().then_some(alert)
            };
            alerts.extend(first_prefix(from, events.len(), uncovered));
        }
        alerts
    }

    /// Judges an episode up to its `n`th event; `None` if that is not severe enough for an alert.
    fn crossing<'e>(&self, episode: &Episode<'e>, n: usize) -> Option<Crossing<'e>> {
        let events = &episode.events[..n];
        let facts = self.facts(episode, n)?;
        let subject = self.subject(episode, &facts);
        let detection = self.judge.detection_of(&subject, episode.analytic)?;
        let severity = severity_of(episode.analytic, &detection, self.threshold, &facts);
        let is_shown = severity > Severity::Low || (severity == Severity::Low && self.show_low);
        is_shown.then_some(Crossing {
            events,
            facts,
            detection,
            severity,
        })
    }

    /// Returns the facts of the first `n` events of the day; `None` of no events.
    fn facts(&self, episode: &Episode, n: usize) -> Option<Rc<DayFacts>> {
        let mut known = episode.known.borrow_mut();
        let before = known.range(..=n).next_back();
        let (from, mut facts) = match before {
            Some((&from, facts)) if from == n => return Some(facts.clone()),
            Some((&from, facts)) => (from, DayFacts::clone(facts)),
            None => {
                let mut facts = DayFacts::starting(episode.events[..n].first()?.time);
                facts.note_unique_id(episode.unique_id);
                (0, facts)
            }
        };
        for event in &episode.events[from..n] {
            let mut event = event.clone();
            let resolved = self.resolver.resolve(&mut event);
            EventAmounts::of(&resolved).add_to(&mut facts, self.plan);
            facts.note_provider(resolved.event.provider, resolved.event.account.as_ref());
            if let Some(principal) = &resolved.event.principal {
                facts.note_principal(principal);
            }
        }
        if is_others(episode.entity) {
            facts.forget_names();
        }
        let facts = Rc::new(facts);
        known.insert(n, facts.clone());
        Some(facts)
    }

    fn subject<'s>(&self, episode: &'s Episode, facts: &'s DayFacts) -> Subject<'s>
    where
        Self: 's,
    {
        Subject::of(
            episode.entity,
            facts,
            self.day,
            self.judge.view(),
            episode.met,
            self.peer_group_of,
        )
    }

    fn alert(&self, episode: &Episode, crossing: &Crossing, status: Status) -> Alert {
        let &Episode {
            analytic, entity, ..
        } = episode;
        let Crossing {
            events, detection, ..
        } = crossing;
        let arm = &detection.arm;
        let generation = self.judge.view();
        let subject = self.subject(episode, &crossing.facts);
        let window = window_of(arm, self.day);
        let metrics = metrics_of(analytic);
        let evidence: Vec<&Event> = events
            .iter()
            .filter(|event| event.time >= window.start && event.time < window.end)
            .filter(|event| adds_to_any(self.resolver, event, &metrics))
            .collect();
        let evidence = if evidence.is_empty() {
            events.iter().collect()
        } else {
            evidence
        };
        let evidence_events = EvidenceEvents::of(arm, events, self.resolver);
        // What the alert calls new may have come with events that no metric counts.
        let mut listed = evidence.clone();
        listed.extend(
            evidence_events
                .events()
                .into_iter()
                .filter(|evidence_event| evidence.iter().all(|e| e.id != evidence_event.id)),
        );
        listed.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        let last = events.last();
        // One event describes the caller, so that an address does not stand beside the client of another event.
        let described_by = match &evidence_events.representative {
            Some(representative) => std::slice::from_ref(representative),
            None => &evidence[..],
        };
        let (resources, destinations) = tables(self.resolver, &evidence, generation);
        let title = analytic.arms.iter().find(|of| of.id == arm.arm);
        let mut alert = Alert {
            schema: Some(SCHEMA),
            alert_id: alert_id(&analytic.id, entity, self.day.start()),
            status,
            revision: 0,
            crossed_at: None,
            first_event: None,
            last_event: None,
            extent: Default::default(),
            extent_at_crossing: Default::default(),
            sources: Vec::new(),
            incident_id: None,
            analytic: analytic.id.to_string(),
            name: analytic.title.clone(),
            headline: title.and_then(|arm| arm.title.clone()),
            techniques: analytic.techniques.clone(),
            severity: crossing.severity,
            score: round(detection.score, 2),
            surprise: round(detection.surprise, 4),
            threshold: round(stats::rank::score(self.threshold), 2),
            arm: arm.arm.to_string(),
            statistic: round(arm.statistic, 4),
            provisional: generation.calibration.is_provisional(),
            time: last.map_or(self.day.start(), |e| e.time),
            window,
            entity: caller::entity(
                &subject,
                generation,
                evidence_events.representative.or(last),
                described_by,
            ),
            authentication: caller::authentication(events, evidence_events.representative),
            assumed: assumptions(&listed, generation),
            operations: operations(&listed),
            blinded: blinded(&listed, self.judge.analytics(), generation),
            reasons: reasons(arm, events, &evidence_events, &subject, generation),
            resources,
            destinations,
            events: listed.len() as u64,
            event_ids: listed
                .iter()
                .take(EVENT_IDS_MAX)
                .map(|e| e.id.to_string())
                .collect(),
            generation: generation.number,
            suppressed_by: None,
            approval: None,
            evidence: Some(self.evidence(analytic, crossing)),
            digest: None,
        };
        let approval = self.approval(episode, crossing, &listed, &metrics, &alert);
        alert.suppressed_by = approval.map(ToString::to_string);
        alert.approval = approval.map(Approval::id);
        alert.resources.truncate(ROWS_MAX);
        alert.destinations.truncate(ROWS_MAX);
        alert
    }

    /// Returns how the score came about, in numbers.
    fn evidence(&self, analytic: &Analytic, crossing: &Crossing) -> ScoreEvidence {
        let detection = &crossing.detection;
        let calibration = &self.judge.view().calibration;
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
            sensitive: crossing.facts.touches_sensitive(),
            severity_max: severity_max(analytic, detection),
        }
    }

    /// Returns the approval that covers an alert. It is asked about all of the episode so far that the analytic looks at, and
    /// not only about the window and the rows that a person reads: nothing may hide beside what is covered.
    fn approval(
        &self,
        episode: &Episode,
        crossing: &Crossing,
        listed: &[&Event],
        metrics: &BTreeSet<Metric>,
        alert: &Alert,
    ) -> Option<&Approval> {
        let analytic = &episode.analytic.id;
        let mut approvals = self.config.approvals.iter();
        if !approvals.any(|approval| approval.is_for(analytic)) {
            return None;
        }
        let listed: BTreeSet<&str> = listed.iter().map(|event| &*event.id).collect();
        let arm = &crossing.detection.arm;
        let is_asked_about = |event: &&Event| {
            listed.contains(&*event.id) || must_be_covered(self.resolver, event, metrics, arm)
        };
        let events: Vec<&Event> = crossing.events.iter().filter(is_asked_about).collect();
        let rows = tables(self.resolver, &events, self.judge.view());
        let context = approval_context(episode.entity, &alert.entity, &events, rows);
        approval_covering(self.config, analytic, &context, alert.time)
    }
}

/// Returns the first prefix, between `from` and `to` events long, of which something is true; `None` if it is not true of
/// the longest. What is true of a prefix is true of all longer ones.
fn first_prefix<T>(from: usize, to: usize, of: impl Fn(usize) -> Option<T>) -> Option<T> {
    let mut found = of(to)?;
    let (mut low, mut high) = (from, to);
    while low < high {
        let middle = low + (high - low) / 2;
        match of(middle) {
            Some(earlier) => (found, high) = (earlier, middle),
            None => low = middle + 1,
        }
    }
    Some(found)
}

/// Returns the severity of an episode with these facts; `threshold` is the surprise that must be reached.
pub fn severity_of(
    analytic: &Analytic,
    detection: &Detection,
    threshold: f64,
    facts: &DayFacts,
) -> Severity {
    let threshold = stats::rank::score(threshold);
    let severity = Severity::of(detection.score, threshold, facts.touches_sensitive(), false);
    let most = severity_max(analytic, detection).unwrap_or(severity);
    severity.min(most)
}

/// Returns the greatest severity that an alert on this arm may have.
fn severity_max(analytic: &Analytic, detection: &Detection) -> Option<Severity> {
    let mut arms = analytic.arms.iter();
    arms.find(|arm| arm.id == detection.arm.arm)?.severity_max
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
