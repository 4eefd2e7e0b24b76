//! Levels that drift: which baselines have moved away from their earlier level, however slowly.
//!
//! Drift is judged on whole closed days, and reported for identities only.

use std::collections::VecDeque;

use crate::baseline::Drifted;
use crate::learn::partial::DayPartial;
use crate::stats::constants::TRAIT_MEMORY_DAYS;
use crate::stats::drift::Cusum;
use crate::time::{Day, Window};
use crate::vocab::{Entity, Metric};

/// The metrics that are watched: the amounts that a patient attacker would have to raise.
const METRICS: [Metric; 4] = [
    Metric::ListCalls,
    Metric::BucketsListed,
    Metric::ReadCalls,
    Metric::BytesRead,
];
/// Active days of a rise that determine the present level.
const NOW_DAYS: usize = 3;

/// How far one identity's daily amounts have drifted.
#[derive(Debug, Clone, Default)]
pub(super) struct EntityDrift {
    judged: Option<Day>,
    tracks: Vec<(Metric, Track)>,
    pub(super) greatest_sum: f64,
}

#[derive(Debug, Clone, Default)]
struct Track {
    drift: Cusum,
    /// ln(1 + x) of the level before the rise.
    before: f64,
    /// Active days since the sum was last zero.
    rise: VecDeque<DriftStep>,
}

#[derive(Debug, Clone, Copy)]
struct DriftStep {
    day: Day,
    /// ln(1 + x) of the day.
    y: f64,
    sum: f64,
}

impl EntityDrift {
    /// Judges the days that have closed since the last call.
    pub(super) fn judge(&mut self, partials: &VecDeque<DayPartial>, closed: Day) {
        let from = partials.partition_point(|p| self.judged.is_some_and(|day| p.day <= day));
        for partial in partials.range(from..).take_while(|p| p.day <= closed) {
            self.judged = Some(partial.day);
            for metric in METRICS {
                let key = (metric, Window::DAY);
                let Ok(at) = partial.moments.binary_search_by_key(&key, |&(key, _)| key) else {
                    continue;
                };
                // A day has one window of a day, so its mean is its value.
                let sum = self
                    .track(metric)
                    .step(partial.day, partial.moments[at].1.mean);
                self.greatest_sum = self.greatest_sum.max(sum);
            }
        }
    }

    /// Returns the metrics that are above their slow level.
    pub(super) fn drifted<'a>(
        &'a self,
        entity: &'a Entity,
        threshold: f64,
    ) -> impl Iterator<Item = Drifted> + 'a {
        let tracks = self.tracks.iter();
        tracks.filter_map(move |(metric, track)| track.rise(entity, *metric, threshold))
    }

    fn track(&mut self, metric: Metric) -> &mut Track {
        let at = match self.tracks.binary_search_by_key(&metric, |&(m, _)| m) {
            Ok(at) => at,
            Err(at) => {
                self.tracks.insert(at, (metric, Track::default()));
                at
            }
        };
        &mut self.tracks[at].1
    }
}

impl Track {
    fn step(&mut self, day: Day, y: f64) -> f64 {
        let before = self.drift.level();
        let sum = self.drift.step_log(y);
        if sum <= 0.0 {
            self.rise.clear();
            return sum;
        }
        if self.rise.is_empty() {
            self.before = before;
        } else if self.rise.len() >= TRAIT_MEMORY_DAYS as usize {
            self.rise.pop_front();
        }
        self.rise.push_back(DriftStep { day, y, sum });
        sum
    }

    fn rise(&self, entity: &Entity, metric: Metric, threshold: f64) -> Option<Drifted> {
        let (first, last) = (self.rise.front()?, self.rise.back()?);
        let latest = self.rise.iter().rev().take(NOW_DAYS);
        let now = latest.clone().map(|step| step.y).sum::<f64>() / latest.len() as f64;
        let crossed = self.rise.iter().find(|step| step.sum >= threshold);
        Some(Drifted {
            entity: entity.clone(),
            metric,
            since: first.day,
            before: self.before.exp_m1(),
            now: now.exp_m1(),
            sum: last.sum,
            crossed: crossed.map(|step| step.day),
        })
    }
}
