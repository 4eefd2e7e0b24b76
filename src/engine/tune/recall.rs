//! What a threshold would have raised on stored days, counted from the most extreme entity-days of each.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::alert::alert_id;
use crate::baseline::{Extreme, IncidentDays};
use crate::engine::tune::Cut;
use crate::engine::tune::approved::is_approved;
use crate::engine::tune::stored::Stored;
use crate::stats::constants::EXTREMES_PER_DAY_MAX;
use crate::stats::rank::score;
use crate::store::Verdict;
use crate::time::Day;
use crate::vocab::Entity;

/// The most alerts with a verdict that are listed.
const JUDGED_MAX: usize = 200;
/// The most entities that are listed as frequent.
const BUSIEST_MAX: usize = 5;

/// What a threshold would have raised on stored days.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Recall {
    /// Entity-days that reach it, by day.
    pub by_day: Vec<RaisedByDay>,
    /// Incidents that they would have been told in, without approved ones: what a budget counts.
    pub incidents: u64,
    /// Entity-days that are not approved.
    pub alerts: u64,
    /// The total that is approved, whatever the identity did: no person would have seen these.
    pub approved: u64,
    /// The number of those not approved whose entity was already extreme within the week before. Stored distributions, and
    /// with them intervals, count such a run once.
    pub repeats: u64,
    /// Whether some day had more than are remembered.
    pub is_lower_bound: bool,
    /// Alerts by analytic, without approved ones; an entity that reaches it in two counts for both.
    pub by_analytic: BTreeMap<String, u64>,
    /// The entities with the most alerts.
    pub busiest: Vec<Busiest>,
    /// The would-be alerts, the newest first: all, or as many as are listed.
    pub list: Vec<Raised>,
    /// How many more there are.
    pub unlisted: u64,
    /// The verdicts of analysts on these alerts.
    pub verdicts: VerdictCount,
    /// These alerts, the newest first.
    pub judged: Vec<JudgedAlert>,
}

/// An alert on which an analyst gave a verdict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct JudgedAlert {
    /// The day of the episode, as in `2026-03-16`.
    pub day: String,
    /// The analytic.
    pub analytic: String,
    /// The entity.
    pub id: String,
    /// The alert.
    pub alert_id: String,
    /// Whether it was true.
    pub verdict: bool,
}

impl JudgedAlert {
    fn of(verdict: &Verdict) -> Self {
        Self {
            day: verdict.day.to_string(),
            analytic: verdict.analytic.to_string(),
            id: verdict.entity.id.to_string(),
            alert_id: verdict.alert_id.clone(),
            verdict: verdict.is_true,
        }
    }
}

/// Entity-days of one stored day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RaisedByDay {
    /// The day, as in `2026-03-16`.
    pub day: String,
    /// Incidents that are highest on this day.
    pub incidents: u64,
    /// Entity-days that are not approved.
    pub alerts: u64,
    /// Entity-days that are.
    pub approved: u64,
}

/// An alert that a threshold would have raised.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Raised {
    /// The day, as in `2026-03-16`.
    pub day: String,
    /// Kind of entity.
    pub kind: &'static str,
    /// The entity.
    pub id: String,
    /// The analytic.
    pub analytic: String,
    /// Its score by the present distributions.
    pub score: f64,
    /// Whether it is approved.
    pub approved: bool,
}

/// An entity with frequent would-be alerts.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Busiest {
    /// Kind of entity.
    pub kind: &'static str,
    /// The entity.
    pub id: String,
    /// The number of days.
    pub days: u64,
}

/// Verdicts on alerts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct VerdictCount {
    /// Alerts that were true. Their values are no longer among the stored ones.
    #[serde(rename = "true")]
    pub right: u64,
    /// Alerts that were false.
    #[serde(rename = "false")]
    pub wrong: u64,
}

/// Computes what a threshold would have raised. `incidents` are those of the analytic, or of all.
pub(super) fn recall(
    stored: &Stored,
    of: Option<&str>,
    incidents: &IncidentDays,
    threshold_cut: &Cut,
) -> Recall {
    let Stored {
        setup,
        log,
        calibration,
        verdicts,
        ..
    } = *stored;
    let mut recall = Recall::default();
    let mut by_entity: BTreeMap<&Entity, u64> = BTreeMap::new();
    let is_scored = |id: &str| match of {
        Some(of) => of == id,
        None => setup
            .analytics
            .iter()
            .any(|a| a.enabled && a.threshold.is_none() && *a.id == *id),
    };
    let mut first_day = None;
    let incidents: BTreeMap<Day, u64> = incidents
        .reached_by_day(threshold_cut.rank)
        .into_iter()
        .collect();
    for (&day, of_day) in &log.extremes {
        first_day.get_or_insert(day);
        let (mut alerts, mut approved) = (0, 0);
        for extreme in of_day {
            let (mut is_raised, mut is_seen) = (false, false);
            let mut is_repeat = extreme.recorded < threshold_cut.rank;
            let reaching = extreme
                .analytics
                .iter()
                .filter(|said| said.value >= threshold_cut.rank && is_scored(&said.by));
            for said in reaching {
                is_raised = true;
                let is_silent = is_approved(setup, &extreme.entity, day, &said.by);
                recall.list.push(Raised {
                    day: day.to_string(),
                    kind: extreme.entity.kind.as_str(),
                    id: extreme.entity.id.to_string(),
                    analytic: said.by.to_string(),
                    score: score(calibration.pooled.surprise(said.value)),
                    approved: is_silent,
                });
                if is_silent {
                    continue;
                }
                is_seen = true;
                if of.is_some() {
                    is_repeat = said.recorded < threshold_cut.rank;
                }
                *recall.by_analytic.entry(said.by.to_string()).or_insert(0) += 1;
                let id = || alert_id(&said.by, &extreme.entity, day.start());
                if !verdicts.is_empty()
                    && let Some(verdict) = verdicts.get(&id())
                {
                    recall.verdicts.count(verdict.is_true);
                    recall.judged.push(JudgedAlert::of(verdict));
                }
            }
            if is_seen {
                alerts += 1;
                recall.repeats += u64::from(is_repeat);
                *by_entity.entry(&extreme.entity).or_insert(0) += 1;
            } else if is_raised {
                approved += 1;
            }
        }
        let is_full = of_day.len() >= EXTREMES_PER_DAY_MAX;
        recall.is_lower_bound |= is_full
            && of_day
                .last()
                .is_some_and(|e| e.rank() >= threshold_cut.rank);
        let incidents = incidents.get(&day).copied().unwrap_or_default();
        recall.incidents += incidents;
        recall.alerts += alerts;
        recall.approved += approved;
        recall.by_day.push(RaisedByDay {
            day: day.to_string(),
            incidents,
            alerts,
            approved,
        });
    }
    recall
        .list
        .sort_by(|a, b| b.day.cmp(&a.day).then(b.score.total_cmp(&a.score)));
    recall.unlisted = recall.list.len().saturating_sub(stored.listed_max) as u64;
    recall.list.truncate(stored.listed_max);
    // Values of true alerts were removed from the log; the verdict records the surprise.
    let is_told = |day: Day, analytic: &str, entity: &Entity| {
        let says =
            |e: &Extreme| e.entity == *entity && e.analytics.iter().any(|s| *s.by == *analytic);
        log.extremes
            .get(&day)
            .is_some_and(|of_day| of_day.iter().any(says))
    };
    for verdict in verdicts.values().filter(|v| v.is_true) {
        let is_taken_out = first_day.is_some_and(|first| first <= verdict.day)
            && log.extremes.contains_key(&verdict.day)
            && !is_told(verdict.day, &verdict.analytic, &verdict.entity);
        if is_taken_out
            && is_scored(&verdict.analytic)
            && verdict.surprise >= threshold_cut.surprise
        {
            recall.verdicts.count(true);
            recall.judged.push(JudgedAlert::of(verdict));
        }
    }
    recall.judged.sort_by(|a, b| b.cmp(a));
    recall.judged.truncate(JUDGED_MAX);
    let mut busiest: Vec<(&Entity, u64)> = by_entity.into_iter().collect();
    busiest.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    recall.busiest = busiest
        .into_iter()
        .take(BUSIEST_MAX)
        .map(|(entity, days)| Busiest {
            kind: entity.kind.as_str(),
            id: entity.id.to_string(),
            days,
        })
        .collect();
    recall
}

impl VerdictCount {
    fn count(&mut self, is_true: bool) {
        let which = if is_true {
            &mut self.right
        } else {
            &mut self.wrong
        };
        *which += 1;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::baseline::CalibrationLog;
    use crate::baseline::Said;
    use crate::config::Config;
    use crate::engine::Setup;
    use crate::engine::tune::seen;
    use crate::store::{Verdict, Verdicts};
    use crate::time::Time;
    use crate::vocab::EntityKind;

    #[test]
    fn what_a_threshold_would_have_raised_is_counted_by_day_analytic_entity_and_verdict() {
        let approval = "[[approval]]\nidentity = \"backup\"\nanalytics = [\"AN0370\"]\nowner = \"o\"\nreason = \"r\"\nexpires = 2030-01-01\n";
        let config = Config::parse(approval, "p.toml").unwrap();
        let analytics = crate::analytic::load(&config.analytics, &[]).unwrap();
        let setup = Setup::new(config, analytics, Time::from_nanos(0));
        let entity = |id: &str| Entity {
            kind: EntityKind::Identity,
            id: id.into(),
        };
        let extreme = |id: &str, ranks: &[(&str, f64)]| {
            let said = |&(by, value): &(&str, f64)| Said {
                by: by.into(),
                value,
                recorded: 1.0,
            };
            Extreme {
                entity: entity(id),
                arms: Vec::new(),
                analytics: ranks.iter().map(said).collect(),
                recorded: 1.0,
                novelties: Vec::new(),
            }
        };
        let mut log = CalibrationLog::default();
        let (first, second) = (Day(20_000), Day(20_001));
        log.pooled.close_day(first.0);
        let eve = extreme("eve", &[("AN1594", 4.0), ("AN0370", 5.0)]);
        log.keep_extremes(
            first,
            vec![
                eve.clone(),
                extreme("adam", &[("AN1594", 2.0)]),
                extreme("backup", &[("AN0370", 6.0)]),
                // It is approved for one analytic only.
                extreme("backup", &[("AN0370", 4.5), ("AN1594", 2.7)]),
            ],
        );
        let crowd =
            (0..EXTREMES_PER_DAY_MAX).map(|n| extreme(&format!("{n:04}"), &[("AN1594", 3.0)]));
        log.keep_extremes(second, crowd.chain([eve]).collect());
        let mut verdicts = Verdicts::new();
        for (id, day, is_true) in [
            ("eve", first, false),
            ("gone", second, true),
            ("adam", first, true),
        ] {
            let alert_id = alert_id("AN1594", &entity(id), day.start());
            let verdict = Verdict {
                alert_id: alert_id.clone(),
                is_true,
                time: String::new(),
                note: None,
                analytic: "AN1594".into(),
                entity: entity(id),
                day,
                surprise: 3.7,
                metrics: Vec::new(),
            };
            verdicts.insert(alert_id, verdict);
        }
        let threshold_cut = |rank| Cut {
            rank,
            surprise: rank,
            score: 0.0,
            incidents_per_day: (0.0, 0.0),
            scores: (0.0, 0.0),
            next_7_days: (0, 0),
            reached_by: 0,
            beyond_data: false,
            is_lowest: false,
            lowest_because: None,
        };
        let stored = Stored {
            setup: &setup,
            log: &log,
            seen: &seen(&setup, &log),
            calibration: &log.freeze(),
            verdicts: &verdicts,
            listed_max: 3,
        };
        let incidents = stored.seen.incident_days(None, first).unwrap();
        assert_eq!(incidents.reached_by_day(3.5)[0].1, 1);
        let high = recall(&stored, None, &incidents, &threshold_cut(3.5));
        let by_day: Vec<u64> = high.by_day.iter().map(|day| day.alerts).collect();
        assert_eq!(
            (by_day, high.alerts, high.is_lower_bound),
            (vec![1, 1], 2, false)
        );
        assert_eq!(
            (high.approved, high.by_day[0].approved, high.repeats),
            (2, 2, 2)
        );
        let listed =
            |raised: &Raised| (raised.id.clone(), raised.analytic.clone(), raised.approved);
        assert_eq!((high.list.len(), high.unlisted), (3, 3));
        assert_eq!(
            listed(&high.list[0]),
            ("eve".to_owned(), "AN0370".to_owned(), false)
        );
        let by_analytic = BTreeMap::from([("AN0370".to_owned(), 2), ("AN1594".to_owned(), 2)]);
        assert_eq!(high.by_analytic, by_analytic);
        assert_eq!(
            (high.busiest[0].id.as_str(), high.busiest[0].days),
            ("eve", 2)
        );
        // Adam's was too mild; the missing one was removed because it was true.
        assert_eq!((high.verdicts.right, high.verdicts.wrong), (1, 1));
        let judged = high.judged.iter().map(|one| (one.id.as_str(), one.verdict));
        assert_eq!(
            judged.collect::<Vec<_>>(),
            [("gone", true), ("eve", false)],
            "the newest first"
        );
        let low = recall(&stored, Some("AN1594"), &incidents, &threshold_cut(2.5));
        assert_eq!((low.alerts, low.is_lower_bound), (1_002, true));
        assert_eq!(low.busiest.len(), BUSIEST_MAX);
        assert_eq!(low.by_analytic.len(), 1);
    }
}
