//! What a threshold would have raised on stored days, read off the most extreme entity-days of each.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::baseline::{CalibrationLog, Extreme};
use crate::engine::Setup;
use crate::engine::backtest::DayCount;
use crate::engine::tune::Cut;
use crate::score::alert_id;
use crate::stats::constants::EXTREMES_PER_DAY_MAX;
use crate::store::Verdicts;
use crate::time::Day;
use crate::vocab::Entity;

/// Entities that are named.
const BUSIEST_MAX: usize = 5;

/// What a threshold would have raised on stored days.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Recall {
    /// Entity-days that reach it, by day.
    pub by_day: Vec<DayCount>,
    /// All of them.
    pub alerts: u64,
    /// Whether there were more on some day than are remembered.
    pub is_lower_bound: bool,
    /// The same by analytic; who reaches it in two counts for both.
    pub by_analytic: BTreeMap<String, u64>,
    /// Who would have come most often.
    pub busiest: Vec<Busiest>,
    /// What analysts said of these alerts.
    pub verdicts: VerdictCount,
}

/// An entity that would have come often.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Busiest {
    /// Kind of entity.
    pub kind: &'static str,
    /// Which.
    pub id: String,
    /// On how many days.
    pub days: u64,
}

/// Verdicts on alerts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct VerdictCount {
    /// Alerts that were right. Their values are no longer among the stored ones.
    #[serde(rename = "true")]
    pub right: u64,
    /// Alerts that were wrong.
    #[serde(rename = "false")]
    pub wrong: u64,
}

/// Looks up what a threshold would have raised.
pub(super) fn recall(
    setup: &Setup,
    log: &CalibrationLog,
    of: Option<&str>,
    cut: &Cut,
    verdicts: &Verdicts,
) -> Recall {
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
    for (&day, of_day) in &log.extremes {
        first_day.get_or_insert(day);
        let mut alerts = 0;
        for extreme in of_day {
            let mut is_raised = false;
            let reaching = extreme
                .analytics
                .iter()
                .filter(|said| said.value >= cut.rank && is_scored(&said.by));
            for said in reaching {
                is_raised = true;
                *recall.by_analytic.entry(said.by.to_string()).or_insert(0) += 1;
                let id = || alert_id(&said.by, &extreme.entity, day.start());
                if !verdicts.is_empty()
                    && let Some(verdict) = verdicts.get(&id())
                {
                    recall.verdicts.count(verdict.is_true);
                }
            }
            if is_raised {
                alerts += 1;
                *by_entity.entry(&extreme.entity).or_insert(0) += 1;
            }
        }
        let is_full = of_day.len() >= EXTREMES_PER_DAY_MAX;
        recall.is_lower_bound |= is_full && of_day.last().is_some_and(|e| e.rank() >= cut.rank);
        recall.alerts += alerts;
        recall.by_day.push(DayCount {
            day: day.to_string(),
            alerts,
        });
    }
    // What turned out to be true was taken out of the log; how surprising it was its verdict remembers.
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
        if is_taken_out && is_scored(&verdict.analytic) && verdict.surprise >= cut.surprise {
            recall.verdicts.count(true);
        }
    }
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
    use crate::baseline::Said;
    use crate::config::Config;
    use crate::store::Verdict;
    use crate::time::Time;
    use crate::vocab::EntityKind;

    #[test]
    fn what_a_threshold_would_have_raised_is_counted_by_day_analytic_entity_and_verdict() {
        let config = Config::default();
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
            }
        };
        let mut log = CalibrationLog::default();
        let (first, second) = (Day(20_000), Day(20_001));
        log.pooled.close_day(first.0);
        let eve = extreme("eve", &[("AN1594", 4.0), ("AN0370", 5.0)]);
        log.keep_extremes(
            first,
            vec![eve.clone(), extreme("adam", &[("AN1594", 2.0)])],
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
        let cut = |rank| Cut {
            rank,
            surprise: rank,
            score: 0.0,
            alerts_per_day: (0.0, 0.0),
            scores: (0.0, 0.0),
            next_7_days: (0, 0),
            beyond_data: false,
            is_lowest: false,
        };
        let high = recall(&setup, &log, None, &cut(3.5), &verdicts);
        let by_day: Vec<u64> = high.by_day.iter().map(|day| day.alerts).collect();
        assert_eq!(
            (by_day, high.alerts, high.is_lower_bound),
            (vec![1, 1], 2, false)
        );
        let by_analytic = BTreeMap::from([("AN0370".to_owned(), 2), ("AN1594".to_owned(), 2)]);
        assert_eq!(high.by_analytic, by_analytic);
        assert_eq!(
            (high.busiest[0].id.as_str(), high.busiest[0].days),
            ("eve", 2)
        );
        // Adam's was too mild; whoever is gone was taken out because it was true.
        assert_eq!((high.verdicts.right, high.verdicts.wrong), (1, 1));
        let low = recall(&setup, &log, Some("AN1594"), &cut(2.5), &verdicts);
        assert_eq!((low.alerts, low.is_lower_bound), (1_001, true));
        assert_eq!(low.busiest.len(), BUSIEST_MAX);
        assert_eq!(low.by_analytic.len(), 1);
    }
}
