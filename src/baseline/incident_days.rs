//! The stored entity-days as an analyst would have met them: in incidents.
//!
//! A budget counts incidents, and an incident of one actor may last for days, or a roll-out reach many. So of the most extreme entity-days
//! of the stored days, those that hang together are counted once, by the edges of incidents as far as stored days can tell them:
//!
//! - *Same actor*: they have no hours, so what an entity did on two days, one after the other, is one incident.
//! - *One cause*: of those that show the same new value within a day, the third and all later ones are a part of the roll-out.
//! - *Lineage* is not stored.

use std::collections::{BTreeMap, BTreeSet};

use crate::baseline::{CalibrationLog, Novelty};
use crate::sketch::distribution::Threshold;
use crate::sketch::interval::{dispersion, forecast};
use crate::sketch::{Distribution, FrozenDistribution};
use crate::stats::constants::DAYS_CALIBRATED_MIN;
use crate::time::Day;
use crate::vocab::Entity;

const DAYS_OF_WEEK: u32 = 7;
/// Stored days from which each day of the week has its own mean: three of each.
const WEEKDAY_DAYS_MIN: usize = 21;

/// Days from the first that was learnt on which thresholds are not set, as soon as enough others are stored. Until a week was seen, each day
/// of the week is the first of its kind, and more is unusual than on the days ahead.
const YOUNG_DAYS: i32 = 7;
/// Identities from which on the same new value has one cause.
const ROLLOUT_MIN: usize = 3;

/// How often an incident reaches which rank.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IncidentDays {
    /// The ranks of incidents since the store is settled, each on the day on which it was highest. Entity-days of which another one is
    /// told count as zero.
    ranks: FrozenDistribution,
    /// The first stored day by which thresholds are set.
    settled: Option<Day>,
    /// The rank of each incident of a stored day, as it was and before the tail rule.
    by_day: BTreeMap<Day, Vec<f64>>,
}

/// A threshold for a budget, and the number of incidents that it is likely to let through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    /// The threshold, a rank.
    pub threshold: Threshold,
    /// How much more the counts of stored days vary than Poisson counts.
    pub dispersion: f64,
    /// A 95 % interval of the number of incidents in the days ahead.
    pub ahead: (u64, u64),
}

/// An entity-day, as far as it counts.
struct Reached<'a> {
    recorded: f64,
    rank: f64,
    day: Day,
    entity: &'a Entity,
    novelties: &'a [Novelty],
}

/// Entity-days that are told already.
#[derive(Default)]
struct Told<'a> {
    days: BTreeSet<(&'a Entity, Day)>,
    /// How many of a day show a new value.
    showing: BTreeMap<(Day, u64), usize>,
}

impl<'a> Told<'a> {
    /// Adds an entity-day, and returns whether it belongs to what is told already.
    fn add(&mut self, reached: &Reached<'a>) -> bool {
        let &Reached { day, entity, .. } = reached;
        let mut next = [day.plus(-1), day.plus(1)].into_iter();
        let mut is_told = next.any(|next| self.days.contains(&(entity, next)));
        self.days.insert((entity, day));
        for novelty in reached.novelties {
            let showing = self.showing.entry((day, novelty.key)).or_default();
            *showing += 1;
            is_told |= *showing >= ROLLOUT_MIN.max(novelty.support as usize);
        }
        is_told
    }
}

impl CalibrationLog {
    /// Returns the stored entity-days as incidents: those of an analytic by its id, or of all of them together. `None` if nothing is
    /// stored of the analytic. `first_day` is the first day that was learnt.
    pub fn incident_days(&self, of: Option<&str>, first_day: Day) -> Option<IncidentDays> {
        let stored = match of {
            None => &self.pooled,
            Some(id) => self.analytics.get(id)?,
        };
        let entities_a_day = stored.entity_days() / u64::from(stored.days().max(1));
        let mut by_day: BTreeMap<Day, Vec<Reached>> =
            self.extremes.keys().map(|&day| (day, Vec::new())).collect();
        let mut told = Told::default();
        for reached in self.reached(of) {
            if !told.add(&reached) {
                by_day.entry(reached.day).or_default().push(reached);
            }
        }
        let mut ranks = Distribution::default();
        let settled = self.settled(first_day);
        for (day, its) in by_day.iter().filter(|(day, _)| settled <= Some(**day)) {
            let recorded: Vec<f64> = its.iter().map(|reached| reached.recorded).collect();
            ranks.record_day(day.0, &recorded, entities_a_day);
        }
        let rank = |reached: Reached| reached.rank;
        Some(IncidentDays {
            ranks: ranks.freeze(),
            settled,
            by_day: by_day
                .into_iter()
                .map(|(day, its)| (day, its.into_iter().map(rank).collect()))
                .collect(),
        })
    }

    /// Returns the first day by which thresholds are set; `None` if none is stored.
    fn settled(&self, first_day: Day) -> Option<Day> {
        let days = self.extremes.len();
        let latest = days.saturating_sub(DAYS_CALIBRATED_MIN as usize);
        let latest = self.extremes.keys().nth(latest)?;
        Some(first_day.plus(YOUNG_DAYS).min(*latest))
    }

    /// Returns the most extreme entity-days that have a rank, in its falling order.
    fn reached<'a>(&'a self, of: Option<&str>) -> Vec<Reached<'a>> {
        let mut reached = Vec::new();
        for (&day, of_day) in &self.extremes {
            for extreme in of_day {
                let (recorded, rank) = match of {
                    None => (extreme.recorded, extreme.rank()),
                    Some(id) => {
                        let said = extreme.analytics.iter().find(|said| *said.by == *id);
                        said.map_or((0.0, 0.0), |said| (said.recorded, said.value))
                    }
                };
                if rank > 0.0 {
                    reached.push(Reached {
                        recorded,
                        rank,
                        day,
                        entity: &extreme.entity,
                        novelties: &extreme.novelties,
                    });
                }
            }
        }
        reached.sort_by(|a, b| {
            let by_rank = b.recorded.total_cmp(&a.recorded);
            let by_rank = by_rank.then_with(|| b.rank.total_cmp(&a.rank));
            by_rank.then_with(|| (a.day, a.entity).cmp(&(b.day, b.entity)))
        });
        reached
    }
}

impl IncidentDays {
    /// Returns the ranks of incidents.
    pub fn ranks(&self) -> &FrozenDistribution {
        &self.ranks
    }

    /// Returns the first stored day by which thresholds are set: the days before it, on which the store was young, are left out.
    pub fn settled(&self) -> Option<Day> {
        self.settled
    }

    /// Returns how many incidents of each stored day reached a rank, ordered by day.
    pub fn reached_by_day(&self, rank: f64) -> Vec<(Day, u64)> {
        let reaching = |ranks: &[f64]| ranks.iter().filter(|&&its| its >= rank).count() as u64;
        let days = self.by_day.iter();
        days.map(|(&day, ranks)| (day, reaching(ranks))).collect()
    }

    /// Returns the threshold that lets through so many incidents a day, with the number that it is likely to let through in the next
    /// days; `None` while no whole day is stored.
    pub fn promise(&self, incidents_per_day: f64, days_ahead: u32) -> Option<Promise> {
        let threshold = self.ranks.threshold_for_budget(incidents_per_day)?;
        let mut counts = self.reached_by_day(threshold.statistic);
        counts.retain(|&(day, _)| self.settled <= Some(day));
        // Over whole weeks, quiet Sundays do not matter.
        let has_weeks = days_ahead >= DAYS_OF_WEEK && counts.len() >= WEEKDAY_DAYS_MIN;
        let counts: Vec<(u8, u64)> = counts
            .into_iter()
            .map(|(day, n)| (if has_weeks { day.weekday() } else { 0 }, n))
            .collect();
        let dispersion = dispersion(&counts);
        let reaching = self.ranks.count_at_least(threshold.statistic);
        let relative_sd = if threshold.beyond_data {
            self.ranks.tail().sd_ln_rate(threshold.statistic)
        } else {
            // The effective number of counted incidents: it is smaller where days vary more than Poisson counts do.
            (dispersion / reaching.max(1) as f64).sqrt()
        };
        let days = f64::from(self.ranks.days().max(1));
        let let_through = match threshold.is_unspent {
            true => (reaching as f64).max(0.5) / days,
            false => incidents_per_day,
        };
        let mean = let_through * f64::from(days_ahead);
        Some(Promise {
            threshold,
            dispersion,
            ahead: forecast(mean, relative_sd, dispersion),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::baseline::Extreme;

    const LONG_AGO: Day = Day(-100);

    /// An entity-day of a rank, with the keys of what it shows that is new.
    fn extreme(id: &str, rank: f64, keys: &[u64]) -> Extreme {
        let novelty = |&key: &u64| Novelty { key, support: 0 };
        Extreme {
            novelties: keys.iter().map(novelty).collect(),
            ..Extreme::of_rank(id, rank)
        }
    }

    fn log(days: impl IntoIterator<Item = (i32, Vec<Extreme>)>) -> CalibrationLog {
        let mut log = CalibrationLog::default();
        for (day, extremes) in days {
            let ranks: Vec<f64> = extremes.iter().map(|extreme| extreme.recorded).collect();
            log.pooled.record_day(day, &ranks, 100);
            log.keep_extremes(Day(day), extremes);
        }
        log
    }

    fn counts(log: &CalibrationLog, rank: f64) -> Vec<u64> {
        let days = log
            .incident_days(None, LONG_AGO)
            .unwrap()
            .reached_by_day(rank);
        days.into_iter().map(|(_, n)| n).collect()
    }

    #[test]
    fn what_an_entity_does_on_days_next_to_one_another_is_one_incident_on_its_highest() {
        let eve = |rank| vec![extreme("eve", rank, &[])];
        let stored = log([(0, eve(2.0)), (1, eve(3.0)), (2, eve(2.5)), (4, eve(2.0))]);
        assert_eq!(counts(&stored, 1.0), [0, 1, 0, 1]);
        assert_eq!(counts(&stored, 2.8), [0, 1, 0, 0]);
        let days = stored.incident_days(None, LONG_AGO).unwrap();
        assert_eq!(days.ranks().count_at_least(1.0), 2);
        assert_eq!(days.ranks().entity_days(), 400);
    }

    #[test]
    fn of_a_rollout_two_are_counted_and_none_that_others_know_already() {
        let crowd = |key: u64| {
            let names = ["a", "b", "c", "d", "e"];
            names.map(|id| extreme(id, 2.0, &[key])).to_vec()
        };
        assert_eq!(counts(&log([(0, crowd(7))]), 1.0), [2]);
        let mut known = crowd(7);
        for extreme in &mut known {
            extreme.novelties[0].support = 9;
        }
        assert_eq!(counts(&log([(0, known)]), 1.0), [5]);
        // On another day it is another cause.
        let pair = |names: [&str; 2]| names.map(|id| extreme(id, 2.0, &[7])).to_vec();
        let apart = log([(0, pair(["a", "b"])), (1, pair(["c", "d"]))]);
        assert_eq!(counts(&apart, 1.0), [2, 2]);
    }

    #[test]
    fn the_first_week_of_a_store_sets_no_threshold_once_another_is_stored() {
        // Five a day at first, then one: of others each day, so that no two are of one actor.
        let of_day = |day: i32, n: i32| -> Vec<Extreme> {
            let name = |of: i32| format!("{day} {of}");
            (0..n).map(|of| extreme(&name(of), 2.0, &[])).collect()
        };
        let of_store = |days: i32| {
            let many = |day: i32| if day < 7 { 5 } else { 1 };
            // The first three days are learnt and not stored.
            log((3..days).map(|day| (day, of_day(day, many(day)))))
        };
        let since = |days: i32| {
            let stored = of_store(days).incident_days(None, Day(0)).unwrap();
            let a_day =
                stored.ranks().count_at_least(1.0) as f64 / f64::from(stored.ranks().days());
            (stored.settled(), a_day)
        };
        assert_eq!(since(7), (Some(Day(3)), 5.0));
        assert_eq!(since(12).0, Some(Day(5)));
        assert_eq!(since(14), (Some(Day(7)), 1.0));
        // Once the oldest weeks are dropped, all that are stored count.
        assert_eq!(since(60), (Some(Day(7)), 1.0));
        // They are shown all the same.
        assert_eq!(counts(&of_store(14), 1.0)[..6], [5, 5, 5, 5, 1, 1]);
    }
}
