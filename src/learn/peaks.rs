//! Which windows of a day are peaks, to be remembered longer than the amounts of common days.

use std::collections::{BTreeMap, BTreeSet};

use crate::baseline::{PEAKS_MAX, Peak, TRAIT_MEMORY_DAYS};
use crate::learn::partial::Partials;
use crate::measure::{DayFacts, KnownThings};
use crate::time::{Day, Window};
use crate::vocab::{Entity, Metric};

/// How many times the usual amount a peak is. A judgement, not measured: the burst of a job among its small work is far larger.
const TIMES_USUAL: f64 = 3.0;
/// The least amount of a peak, in things or calls. A judgement: fewer are no burst whatever is usual.
const COUNT_MIN: u64 = 10;
/// The least amount of a peak, in bytes.
const BYTES_MIN: u64 = 1_000_000;
/// In which windows peaks are remembered.
const WINDOWS: [Window; 2] = [Window::HOUR, Window::DAY];

/// The peaks of all entities that have any, each entity's sorted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PeakMemory(BTreeMap<Entity, Vec<Peak>>);

impl PeakMemory {
    /// Notes the peaks of a day of an entity, of which these are the days before.
    pub(super) fn note(&mut self, entity: &Entity, day: Day, facts: &DayFacts, before: &Partials) {
        let peaks = peaks_of(day, facts, before);
        if peaks.is_empty() {
            return;
        }
        self.add(entity, peaks);
    }

    /// Gives an entity the peaks of another that turned out to be it.
    pub(super) fn join(&mut self, lesser: &Entity, greater: &Entity) {
        if let Some(peaks) = self.0.remove(lesser) {
            self.add(greater, peaks);
        }
    }

    fn add(&mut self, entity: &Entity, peaks: Vec<Peak>) {
        let known = self.0.entry(entity.clone()).or_default();
        known.extend(peaks);
        known.sort_unstable();
        let mut of_kind: BTreeMap<(Metric, Window), usize> = BTreeMap::new();
        for peak in known.iter() {
            *of_kind.entry((peak.metric, peak.window)).or_default() += 1;
        }
        // The oldest of a kind come first.
        known.retain(|peak| {
            let n = of_kind.entry((peak.metric, peak.window)).or_default();
            let stays = *n <= PEAKS_MAX;
            *n -= usize::from(!stays);
            stays
        });
    }

    /// Forgets what is too old on a day, and entities that are not remembered.
    pub(super) fn forget(&mut self, day: Day, is_remembered: impl Fn(&Entity) -> bool) {
        let oldest = day.plus(1 - TRAIT_MEMORY_DAYS);
        self.0.retain(|entity, peaks| {
            peaks.retain(|peak| peak.day >= oldest);
            !peaks.is_empty() && is_remembered(entity)
        });
    }

    /// Forgets an entity.
    pub(super) fn forget_entity(&mut self, entity: &Entity) {
        self.0.remove(entity);
    }

    /// Returns the peaks of an entity.
    pub(super) fn of(&self, entity: &Entity) -> &[Peak] {
        self.0.get(entity).map_or(&[], |peaks| peaks)
    }

    /// Returns whether nobody had any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns all peaks, by entity.
    pub fn iter(&self) -> impl Iterator<Item = (&Entity, &Vec<Peak>)> {
        self.0.iter()
    }
}

impl Extend<(Entity, Vec<Peak>)> for PeakMemory {
    fn extend<T: IntoIterator<Item = (Entity, Vec<Peak>)>>(&mut self, peaks: T) {
        self.0.extend(peaks);
    }
}

/// Returns whether a metric may have a habit: not what matters however often it comes, and not what is new, which is another thing each
/// time.
const fn may_recur(metric: Metric) -> bool {
    metric.is_learnt() && !metric.is_declared_act() && metric.new_of().is_none()
}

fn peaks_of(day: Day, facts: &DayFacts, before: &Partials) -> Vec<Peak> {
    let mut peaks = Vec::new();
    for metric in facts.metrics().into_iter().filter(|&m| may_recur(m)) {
        for window in WINDOWS {
            let readings = facts.readings(metric, window, &KnownThings::NOTHING);
            let largest = readings
                .iter()
                .max_by_key(|&&(slot, x)| (x, u16::MAX - slot));
            let least = if metric.is_bytes() {
                BYTES_MIN
            } else {
                COUNT_MIN
            };
            if let Some(&(slot, amount)) = largest.filter(|&&(_, x)| x >= least) {
                peaks.push(Peak {
                    metric,
                    window,
                    day,
                    hour: if window == Window::HOUR {
                        slot as u8
                    } else {
                        0
                    },
                    amount,
                });
            }
        }
    }
    if peaks.is_empty() {
        return peaks;
    }
    let usual = usual(day, before);
    let is_times_usual = |peak: &Peak, times: f64| {
        let usual = usual.get(&(peak.metric, peak.window));
        usual.is_none_or(|usual| peak.amount as f64 + 1.0 >= times * (usual + 1.0))
    };
    let large = peaks
        .iter()
        .filter(|peak| is_times_usual(peak, TIMES_USUAL));
    let at: BTreeSet<(Window, u8)> = large.map(|peak| (peak.window, peak.hour)).collect();
    // What else was done in that hour belongs to it: a job that reads forty objects reads them in ten buckets.
    peaks.retain(|peak| at.contains(&(peak.window, peak.hour)) && is_times_usual(peak, 1.0));
    peaks
}

/// Returns the geometric mean of each metric over the active windows of the days before, in windows that have peaks. Days of the same
/// weekday are left out: what comes by the week is not measured by itself.
fn usual(day: Day, days: &Partials) -> BTreeMap<(Metric, Window), f64> {
    let mut sums: BTreeMap<(Metric, Window), (f64, f64)> = BTreeMap::new();
    for before in days.iter().filter(|of| of.day.weekday() != day.weekday()) {
        before.each_moments(|key, moments| {
            if WINDOWS.contains(&key.1) {
                let (n, sum) = sums.entry(key).or_default();
                *n += moments.n;
                *sum += moments.n * moments.mean;
            }
        });
    }
    let mean = |(n, sum): (f64, f64)| (sum / n.max(1.0)).exp_m1();
    sums.into_iter().map(|(key, of)| (key, mean(of))).collect()
}
