//! Alerts on logs that fell silent, and on their return. They rest on no event of an identity, and no model declares them.

use crate::alert::{
    Alert, AlertEntity, Extent, Reason, SCHEMA, SOURCE_BACK, SilenceRecord, Span, Status, alert_id,
};
use crate::analytic::Analytic;
use crate::baseline::{SilentTrail, View};
use crate::evidence::{Reference, ScoreEvidence, round};
use crate::score::blinded::rests_on;
use crate::stats::Severity;
use crate::stats::constants::PAUSE_CHANCE;
use crate::stats::rank::{provisional_surprise, rank, score};
use crate::time::Time;
use crate::vocab::{Entity, EntityKind, SOURCE_SILENT, Str};
use crate::wording::duration;

/// So many times the pause from which on a log is silent weighs most.
const PAUSE_TIMES_MAX: f64 = 4.0;

/// Returns the id of an alert on a silence since an instant, or on its end: a silence has the same for as long as it lasts.
fn id_of(entity: &Entity, since: Time, back: Option<Time>) -> String {
    let what = back.map_or(SOURCE_SILENT, |_| SOURCE_BACK);
    alert_id(what, entity, since)
}

/// A log that is silent, or was.
pub struct Silence<'a> {
    /// Which, since when.
    pub trail: &'a SilentTrail,
    /// Its first record since, if it is back.
    pub back: Option<Time>,
}

impl Silence<'_> {
    /// Returns the name of the log, with its provider.
    fn log(&self) -> String {
        match self.trail.source.provider() {
            Some(_) => self.trail.source.to_string(),
            None => format!("{}.{}", self.trail.provider, self.trail.source),
        }
    }

    /// Returns what it is told of: a log in an account and a region, or in all.
    pub fn entity(&self) -> Entity {
        let name = self.trail.names().into_iter().next();
        Entity {
            kind: EntityKind::Region,
            id: name.unwrap_or_default(),
        }
    }

    /// Returns a name that people know it by.
    fn name(&self) -> String {
        let part = |what: &str, none: &str, name: &Option<Str>| match name.as_deref() {
            None => String::new(),
            Some("") => none.to_owned(),
            Some(name) => format!("{what}{name}"),
        };
        let account = part(" of account ", " without an account", &self.trail.account);
        self.log() + &account + &part(" in ", " without a region", &self.trail.region)
    }

    /// Returns what tells it.
    pub fn alert(&self, analytics: &[Analytic], view: View<'_>) -> Alert {
        let trail = self.trail;
        let (day, time) = (view.day(), self.back.unwrap_or(trail.until));
        let paused = time.secs_since(trail.since);
        let entity = self.entity();
        // That of the rule that tells it, and more of a pause that goes far beyond.
        let least = -PAUSE_CHANCE.ln();
        let times = paused as f64 / (trail.limit_secs.max(1)) as f64;
        let statistic = round(least * times.clamp(1.0, PAUSE_TIMES_MAX), 4);
        let (surprise, threshold) = (provisional_surprise(statistic), provisional_surprise(least));
        let most = match self.back {
            None => Severity::Medium,
            Some(_) => Severity::Low,
        };
        let severity = Severity::of(score(surprise), score(threshold), false, false).min(most);
        let longest = duration(trail.longest_pause_secs);
        let headline = match self.back {
            None => format!(
                "fell silent: no record since {}, for {}; its longest pause before was {longest}",
                trail.since,
                duration(paused)
            ),
            Some(back) => format!(
                "has records again since {back}; it was silent since {}, for {}",
                trail.since,
                duration(paused)
            ),
        };
        let rank = rank(0.0, statistic);
        let stated = |name: &Option<Str>| {
            let stated = name.as_ref().filter(|name| !name.is_empty());
            stated.map(ToString::to_string)
        };
        Alert {
            schema: Some(SCHEMA),
            alert_id: id_of(&entity, trail.since, self.back),
            status: Status::Closed,
            revision: 0,
            analytic: SOURCE_SILENT.to_owned(),
            name: "A log fell silent".to_owned(),
            headline: Some(headline),
            techniques: vec!["T1562.008".to_owned()],
            severity,
            severity_reason: Some(format!(
                "{severity}: it paused {times:.1} times as long as counts as silence"
            )),
            score: round(score(surprise), 2),
            surprise: round(surprise, 4),
            threshold: round(score(threshold), 2),
            arm: if self.back.is_some() {
                "BACK"
            } else {
                "SILENT"
            }
            .to_owned(),
            statistic,
            // There is no stored distribution of pauses.
            provisional: true,
            learning: None,
            time,
            crossed_at: Some(time),
            first_event: Some(trail.since),
            last_event: Some(time),
            window: Span {
                start: day.start(),
                end: day.end(),
            },
            entity: AlertEntity {
                kind: entity.kind.to_string(),
                id: entity.id.to_string(),
                display_name: Some(self.name()),
                created: None,
                aliases: Vec::new(),
                identity_kind: String::new(),
                role: None,
                provider: Some(trail.provider.to_string()),
                account: stated(&trail.account),
                region: stated(&trail.region),
                first_seen: None,
                namesake: None,
                source_ip: None,
                user_agent: None,
                session: None,
                credential: None,
            },
            authentication: None,
            assumed: Vec::new(),
            reasons: vec![Reason::Declared {
                surprise: statistic,
                accounts: Vec::new(),
                buckets: Vec::new(),
                first: None,
            }],
            operations: Vec::new(),
            blinded: Vec::new(),
            silence: Some(SilenceRecord {
                log: trail.source.to_string(),
                since: trail.since,
                back: self.back,
                longest_pause_secs: trail.longest_pause_secs,
                analytics: analytics
                    .iter()
                    .filter(|analytic| {
                        analytic.enabled && analytic.providers.contains(&trail.provider)
                    })
                    .filter(|analytic| rests_on(analytic, &[trail.source]))
                    .map(|analytic| analytic.id.to_string())
                    .collect(),
                stopped_by: None,
            }),
            resources: Vec::new(),
            destinations: Vec::new(),
            extent: Extent::default(),
            spans: Vec::new(),
            extent_at_crossing: Extent::default(),
            sources: Vec::new(),
            findings: Vec::new(),
            also: Vec::new(),
            incident_id: None,
            events: 0,
            day_events: 0,
            event_ids: Vec::new(),
            generation: view.number,
            suppressed_by: None,
            approval: None,
            evidence: Some(ScoreEvidence {
                statistic,
                factor: 1.0,
                damped: None,
                arm: None,
                rank,
                pooled: Reference::of(&view.calibration.pooled, rank),
                surprise,
                threshold,
                sensitive: false,
                severity_max: Some(most),
            }),
            digest: None,
        }
    }
}
