//! How often each statistic is reached in this estate: the stored distributions, and the most extreme days in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::baseline::early::{self, BurntIn, Early};
use crate::sketch::{Distribution, FrozenDistribution};
use crate::stats::constants::{DAYS_CALIBRATED_MIN, EXTREMES_PER_DAY_MAX, SURPRISE_MIN};
use crate::time::Day;
use crate::vocab::{Entity, Str};

/// How often an incident reaches which rank.
pub type IncidentRanks = FrozenDistribution;

/// The stored distributions as the scorer reads them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The statistic of each arm, by [`arm_key`].
    pub arms: BTreeMap<Str, FrozenDistribution>,
    /// The largest rank over the arms of each analytic, by its id.
    pub analytics: BTreeMap<Str, FrozenDistribution>,
    /// The largest rank over all arms.
    pub pooled: FrozenDistribution,
    /// The ranks of incidents that a person would have seen, by which budgets become thresholds. A generation of an earlier version
    /// has none.
    #[serde(skip)]
    pub incidents: Option<IncidentRanks>,
    /// What the first days showed, until there are enough of them.
    #[serde(skip)]
    pub early: Early,
    /// Whole days behind it.
    pub days: u32,
    /// Entity-days behind it.
    pub entity_days: u64,
}

impl Calibration {
    /// Returns whether there is too little history to read surprises off the stored distributions.
    pub fn is_provisional(&self) -> bool {
        self.days < DAYS_CALIBRATED_MIN
    }

    /// Returns the surprise that so many incidents a day reached on the stored days; `None` while no whole day is stored. Where they do
    /// not use the budget up, it is the lowest that is ever told.
    pub fn surprise_for_budget(&self, incidents_per_day: f64) -> Option<f64> {
        let ranks = self.incidents.as_ref().unwrap_or(&self.pooled);
        let threshold = ranks.threshold_for_budget(incidents_per_day)?;
        let surprise = match threshold.is_unspent {
            true => SURPRISE_MIN,
            false => self.pooled.surprise(threshold.statistic),
        };
        Some(surprise.max(SURPRISE_MIN))
    }
}

/// The value of an arm or an analytic for an entity-day, and the part that its stored distribution got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// The arm by its stored name, or the analytic by its id.
    pub by: Str,
    /// The statistic of an arm, the rank of an analytic.
    pub value: f64,
    /// The recorded value: lower, if the tail rule applied.
    pub recorded: f64,
}

/// One of the most extreme entity-days of a stored day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extreme {
    /// The entity.
    pub entity: Entity,
    /// The value of each arm.
    pub arms: Vec<Said>,
    /// The largest rank of each analytic, among its arms that pass the floor beneath every alert; without those that have none.
    pub analytics: Vec<Said>,
    /// The largest rank of all, as recorded.
    pub recorded: f64,
    /// What was new of it that others may show for the same cause. It is stored beside this.
    #[serde(skip)]
    pub novelties: Vec<Novelty>,
}

#[cfg(test)]
impl Extreme {
    /// Returns an identity's day of which one analytic, `X`, says a rank.
    pub fn of_rank(id: &str, rank: f64) -> Self {
        Self {
            entity: Entity {
                kind: crate::vocab::EntityKind::Identity,
                id: id.into(),
            },
            arms: Vec::new(),
            analytics: vec![Said {
                by: "X".into(),
                value: rank,
                recorded: rank,
            }],
            recorded: rank,
            novelties: Vec::new(),
        }
    }
}

/// A new value of an entity-day in one of its groups. Where enough show the same within a day, it has one cause: a roll-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Novelty {
    /// The hash of group, trait and value.
    pub key: u64,
    /// How many other identities were known for the value.
    pub support: u32,
}

impl Extreme {
    /// Returns the largest rank of all that pass the floor; 0 if none does.
    pub fn rank(&self) -> f64 {
        self.analytics
            .iter()
            .map(|said| said.value)
            .fold(0.0, f64::max)
    }
}

/// The stored distributions as the learner writes them: a log of scored values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CalibrationLog {
    /// The statistic of each arm, by [`arm_key`].
    pub arms: BTreeMap<Str, Distribution>,
    /// The largest rank over the arms of each analytic, by its id.
    pub analytics: BTreeMap<Str, Distribution>,
    /// The largest rank over all arms.
    pub pooled: Distribution,
    /// The last day on which an entity put a value into the far tail, by entity and the name of the distribution.
    pub tail_days: BTreeMap<(Entity, Str), Day>,
    /// The most extreme entity-days of each stored day, in falling order of rank.
    pub extremes: BTreeMap<Day, Vec<Extreme>>,
    /// The last day that was scored into the log.
    pub through: Option<Day>,
    /// What was found on days before any is stored. It is found again whenever these are learnt, which is until one is stored.
    #[serde(skip)]
    pub burnt_in: BTreeMap<Day, Vec<BurntIn>>,
}

impl CalibrationLog {
    /// Returns the part that the scorer needs.
    pub fn freeze(&self) -> Calibration {
        let frozen = |of: &BTreeMap<Str, Distribution>| {
            of.iter()
                .map(|(name, d)| (name.clone(), d.freeze()))
                .collect()
        };
        Calibration {
            arms: frozen(&self.arms),
            analytics: frozen(&self.analytics),
            pooled: self.pooled.freeze(),
            incidents: None,
            early: match self.pooled.days() < DAYS_CALIBRATED_MIN {
                true => self.early(),
                false => Early::default(),
            },
            days: self.pooled.days(),
            entity_days: self.pooled.entity_days(),
        }
    }

    /// Keeps the most extreme entity-days of a day, and drops days that have left the distributions.
    pub fn keep_extremes(&mut self, day: Day, mut of_day: Vec<Extreme>) {
        of_day.sort_by(|a, b| {
            b.rank()
                .total_cmp(&a.rank())
                .then_with(|| a.entity.cmp(&b.entity))
        });
        of_day.truncate(EXTREMES_PER_DAY_MAX);
        self.extremes.insert(day, of_day);
        let first = self.pooled.first_day().map_or(day, Day);
        self.extremes.retain(|day, _| *day >= first);
    }

    /// Returns what the first days showed: those stored, or else those before.
    pub fn early(&self) -> Early {
        let mut of_entities: BTreeMap<&Entity, f64> = BTreeMap::new();
        let mut note = |entity, statistic: f64| {
            let largest = of_entities.entry(entity).or_insert(0.0);
            *largest = largest.max(statistic);
        };
        for extreme in self.extremes.values().flatten() {
            for said in &extreme.analytics {
                let prefix = arm_key(&said.by, "");
                let arms = extreme.arms.iter();
                let its = arms.filter(|arm| arm.by.starts_with(&*prefix));
                its.for_each(|arm| note(&extreme.entity, arm.value));
            }
        }
        if self.extremes.is_empty() {
            for (entity, _, statistic) in self.burnt_in.values().flatten() {
                note(entity, *statistic);
            }
        }
        let days = match self.extremes.len() {
            0 => self.burnt_in.len(),
            n => n,
        };
        Early::of(days, of_entities.into_values())
    }

    /// Keeps what was found on a day before any is stored.
    pub fn keep_burnt_in(&mut self, day: Day, mut of_day: Vec<BurntIn>) {
        of_day.sort_by(|a, b| b.2.total_cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
        of_day.truncate(early::KEPT);
        self.burnt_in.insert(day, of_day);
    }

    /// Lowers what the pool has of each extreme entity-day to what passed the floor beneath every alert, so that it counts what
    /// could have been an alert.
    pub fn leave_out_what_was_silent(&mut self) {
        for (day, of_day) in &mut self.extremes {
            for extreme in of_day {
                let told = extreme.rank();
                if told < extreme.recorded && self.pooled.forget(day.0, extreme.recorded) {
                    self.pooled.record(day.0, told);
                    extreme.recorded = told;
                }
            }
        }
    }

    /// Removes the values of an analytic for an entity on a day, because that day was not normal. Returns whether it was
    /// among the extremes of a stored day. Days that were not extreme, or were dropped since, stay as they are.
    pub fn forget(&mut self, entity: &Entity, day: Day, analytic: &str) -> bool {
        let Some(of_day) = self.extremes.get_mut(&day) else {
            return false;
        };
        let Some(at) = of_day.iter().position(|extreme| {
            extreme.entity == *entity && extreme.analytics.iter().any(|said| *said.by == *analytic)
        }) else {
            return false;
        };
        let extreme = &mut of_day[at];
        let prefix = arm_key(analytic, "");
        let take = |said: &Said, from: &mut BTreeMap<Str, Distribution>| {
            if let Some(distribution) = from.get_mut(&said.by) {
                distribution.forget(day.0, said.recorded);
            }
        };
        for said in extreme
            .arms
            .extract_if(.., |said| said.by.starts_with(&*prefix))
        {
            take(&said, &mut self.arms);
        }
        for said in extreme
            .analytics
            .extract_if(.., |said| *said.by == *analytic)
        {
            take(&said, &mut self.analytics);
        }
        self.pooled.forget(day.0, extreme.recorded);
        extreme.recorded = extreme.rank().min(extreme.recorded);
        if extreme.analytics.is_empty() {
            of_day.remove(at);
        } else {
            self.pooled.record(day.0, extreme.recorded);
        }
        true
    }
}

/// Returns the name under which an arm's distribution is stored.
pub fn arm_key(analytic: &str, arm: &str) -> Str {
    format!("{analytic}/{arm}").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::EntityKind;

    fn entity(id: &str) -> Entity {
        Entity {
            kind: EntityKind::Identity,
            id: id.into(),
        }
    }

    fn said(by: &str, value: f64) -> Said {
        Said {
            by: by.into(),
            value,
            recorded: value,
        }
    }

    #[test]
    fn what_lies_below_the_floor_spends_no_budget() {
        let day = Day(20_000);
        let mut log = CalibrationLog::default();
        log.pooled.record_day(day.0, &[3.0, 2.0, 1.0], 9);
        let extreme = |id: &str, recorded: f64, analytics: Vec<Said>| Extreme {
            entity: entity(id),
            arms: Vec::new(),
            analytics,
            recorded,
            novelties: Vec::new(),
        };
        log.keep_extremes(
            day,
            vec![
                extreme("told", 3.0, vec![said("X", 3.0)]),
                // Its largest rank is below the floor, and the next is not.
                extreme("half", 2.0, vec![said("X", 1.5)]),
                extreme("silent", 1.0, Vec::new()),
            ],
        );
        log.leave_out_what_was_silent();
        let mut want = Distribution::default();
        want.record_day(day.0, &[3.0, 1.5], 9);
        assert_eq!(log.pooled, want);
        let again = log.clone();
        log.leave_out_what_was_silent();
        assert_eq!(log, again);
    }

    #[test]
    fn a_day_that_was_not_normal_is_removed_from_every_distribution() {
        let day = Day(20_000);
        let mut log = CalibrationLog::default();
        let mut before = log.clone();
        for (log, with_attack) in [(&mut log, true), (&mut before, false)] {
            for (name, value) in [("X/A", 9.0), ("X/B", 3.0), ("Y/A", 4.0)] {
                let arm = log.arms.entry(name.into()).or_default();
                arm.record_day(day.0, &[1.0], 9);
                if with_attack || name == "Y/A" {
                    arm.record(day.0, value);
                }
            }
            for (name, value) in [("X", 5.0), ("Y", 2.0)] {
                let analytic = log.analytics.entry(name.into()).or_default();
                analytic.record_day(day.0, &[0.5], 9);
                if with_attack || name == "Y" {
                    analytic.record(day.0, value);
                }
            }
            log.pooled.record_day(day.0, &[0.5], 9);
            log.pooled
                .record(day.0, if with_attack { 5.0 } else { 2.0 });
        }
        let mut extreme = Extreme {
            entity: entity("eve"),
            arms: vec![said("X/A", 9.0), said("X/B", 3.0), said("Y/A", 4.0)],
            analytics: vec![said("X", 5.0), said("Y", 2.0)],
            recorded: 5.0,
            novelties: Vec::new(),
        };
        log.keep_extremes(day, vec![extreme.clone()]);
        let reached = |log: &CalibrationLog, of, rank| {
            let days = log.incident_days(of, Day(0)).unwrap_or_default();
            days.reached_by_day(rank)
        };
        assert_eq!(reached(&log, None, 4.0), [(day, 1)]);
        assert_eq!(reached(&log, Some("Y"), 4.0), [(day, 0)]);
        assert!(!log.forget(&entity("adam"), day, "X") && !log.forget(&entity("eve"), day, "Z"));
        assert!(log.forget(&entity("eve"), day, "X") && !log.forget(&entity("eve"), day, "X"));
        extreme.arms.drain(..2);
        extreme.analytics.remove(0);
        extreme.recorded = 2.0;
        before.keep_extremes(day, vec![extreme]);
        assert_eq!(log, before);
        assert!(log.forget(&entity("eve"), day, "Y"));
        assert_eq!(reached(&log, None, 0.0), [(day, 0)]);
    }
}
