//! Levels that drift: which baselines have moved away from their earlier level, however slowly.
//!
//! Drift is judged on whole closed days, and reported for identities only.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::baseline::Drifted;
use crate::learn::partial::Partials;
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

/// How far one identity's daily amounts have drifted; nothing of an identity without any.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct EntityDrift(Option<Box<Tracks>>);

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Tracks {
    tracks: Vec<(Metric, Track)>,
    greatest_sum: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Track {
    drift: Cusum,
    /// ln(1 + x) of the level before the rise.
    before: f64,
    /// Active days since the sum was last zero.
    rise: VecDeque<DriftStep>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct DriftStep {
    day: Day,
    /// ln(1 + x) of the day.
    y: f64,
    sum: f64,
}

impl EntityDrift {
    /// Judges the days that have closed since the last call: those after `before`, if any was judged then.
    pub(super) fn judge(&mut self, partials: &Partials, before: Option<Day>, closed: Day) {
        let is_new = |day: Day| before.is_none_or(|before| day > before) && day <= closed;
        for partial in partials.iter().filter(|partial| is_new(partial.day)) {
            partial.each_moments(|(metric, window), moments| {
                if window == Window::DAY && METRICS.contains(&metric) {
                    let tracks = self.0.get_or_insert_default();
                    // A day has one window of a day, so its mean is its value.
                    let sum = tracks.track(metric).step(partial.day, moments.mean);
                    tracks.greatest_sum = tracks.greatest_sum.max(sum);
                }
            });
        }
    }

    /// Returns the greatest sum of any metric so far.
    pub(super) fn greatest_sum(&self) -> f64 {
        self.0.as_ref().map_or(0.0, |tracks| tracks.greatest_sum)
    }

    /// Returns the metrics that are above their slow level.
    pub(super) fn drifted<'a>(
        &'a self,
        entity: &'a Entity,
        threshold: f64,
    ) -> impl Iterator<Item = Drifted> + 'a {
        let tracks = self.0.iter().flat_map(|tracks| &tracks.tracks);
        tracks.filter_map(move |(metric, track)| track.rise(entity, *metric, threshold))
    }
}

impl Tracks {
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
