//! The stored distribution of a statistic over entity-days: how unusual a value is, and which value keeps a budget.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sketch::cumulative::Cumulative;
use crate::sketch::hdr::{self, Shape};
use crate::sketch::interval::garwood;
use crate::sketch::tail::{ENTRIES_PER_EXCEEDANCE, EXCEEDANCES_MAX, EXCEEDANCES_MIN, Tail};

/// Values are stored in thousandths: finer than any difference that matters, and integers, as a histogram needs.
const PER_UNIT: f64 = 1_000.0;
/// The smallest value that is distinguished from 0.
pub const RESOLUTION: f64 = 1.0 / PER_UNIT;
/// Thousandths 1 to 10⁶ at three significant digits: values up to 1,000 within 0.1 %.
const SHAPE: Shape = Shape {
    high: 1_000_000,
    digits: 3,
};
/// The quantile above which the tail rule limits repetitions.
pub const TAIL_RULE_QUANTILE: f64 = 0.98;
/// Within this many days one entity adds at most one value above that quantile. Chosen by measurement: realised alerts are
/// 0.82 to 1.13 of the budget with 7 days, 0.63 to 1.00 without the rule.
pub const TAIL_RULE_DAYS: i32 = 7;
/// If the upper end of an interval is more than this many budgets, the history is too short.
pub const INTERVAL_RATIO_MAX: f64 = 3.0;
/// Standard deviations from the centre to the ends of a 95 % interval.
const SD_PER_SIDE: f64 = 1.96;

/// The values of one statistic, one per entity and day, of the newest [`WEEKS_KEPT`](crate::sketch::WEEKS_KEPT) weeks.
///
/// Most entities are inactive on most days; their zeros are only counted. Shards merge by adding counts and by the
/// union of their days.
///
/// ```
/// use plimsoll::sketch::Distribution;
/// let mut stored = Distribution::default();
/// stored.record_day(20_000, &[2.5, 0.7], 100);
/// assert_eq!((stored.entity_days(), stored.days()), (100, 1));
/// let frozen = stored.freeze();
/// assert!(frozen.surprise(3.0) > frozen.surprise(0.7));
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Distribution {
    weeks: BTreeMap<i32, Week>,
}

#[derive(Debug, Clone, PartialEq)]
struct Week {
    values: Histogram<u64>,
    zeros: u64,
    /// A bit for each whole day.
    days: u8,
}

impl Default for Week {
    fn default() -> Self {
        Self {
            values: SHAPE.empty(),
            zeros: 0,
            days: 0,
        }
    }
}

impl Distribution {
    /// Adds a whole day, counted from the epoch: the values of the entities that have one, of `n_entities` in all. Values
    /// that are not above 0 are zeros, and so are those of the remaining entities.
    pub fn record_day(&mut self, day: i32, values: &[f64], n_entities: u64) {
        for &value in values {
            self.record(day, value);
        }
        self.record_zeros(day, n_entities.saturating_sub(values.len() as u64));
        self.close_day(day);
    }

    /// Adds the value of one entity on a day.
    pub fn record(&mut self, day: i32, value: f64) {
        match quantised(value) {
            Some(thousandths) => self.week(day).values.saturating_record(thousandths),
            None => self.record_zeros(day, 1),
        }
        hdr::drop_oldest(&mut self.weeks);
    }

    /// Adds the zeros of so many entities on a day.
    pub fn record_zeros(&mut self, day: i32, n_entities: u64) {
        let week = self.week(day);
        week.zeros = week.zeros.saturating_add(n_entities);
        hdr::drop_oldest(&mut self.weeks);
    }

    /// Counts a day as whole.
    pub fn close_day(&mut self, day: i32) {
        self.week(day).days |= hdr::day_bit(day);
        hdr::drop_oldest(&mut self.weeks);
    }

    /// Removes the value of one entity-day, because that day was not normal. Returns whether it was there.
    pub fn forget(&mut self, day: i32, value: f64) -> bool {
        let Some(week) = self.weeks.get_mut(&hdr::week_of(day)) else {
            return false;
        };
        let Some(thousandths) = quantised(value) else {
            return false;
        };
        let mut one = SHAPE.empty();
        one.saturating_record(thousandths);
        week.values.subtract(one).is_ok()
    }

    /// Adds all that `other` has stored.
    pub fn merge(&mut self, other: &Self) {
        for (&number, theirs) in &other.weeks {
            let week = self.weeks.entry(number).or_default();
            hdr::add(&mut week.values, &theirs.values);
            week.zeros = week.zeros.saturating_add(theirs.zeros);
            week.days |= theirs.days;
        }
        hdr::drop_oldest(&mut self.weeks);
    }

    /// Returns how many entity-days are stored, zeros among them.
    pub fn entity_days(&self) -> u64 {
        self.weeks.values().fold(0, |sum, week| {
            sum.saturating_add(week.zeros)
                .saturating_add(week.values.len())
        })
    }

    /// Returns how many whole days are stored.
    pub fn days(&self) -> u32 {
        self.weeks.values().map(|week| week.days.count_ones()).sum()
    }

    /// Returns the first day of the oldest week that is stored; `None` if nothing is.
    pub fn first_day(&self) -> Option<i32> {
        self.weeks
            .keys()
            .next()
            .map(|&week| hdr::first_day_of(week))
    }

    /// Returns what is stored, week by week: the first day of the week, counted from the epoch, a value, and how many entity-days had it.
    /// The values of a week rise, and zeros come first.
    ///
    /// ```
    /// use plimsoll::sketch::Distribution;
    /// let mut stored = Distribution::default();
    /// stored.record_day(20_000, &[2.0, 0.7, 2.0], 100);
    /// let counts: Vec<_> = stored.counts().collect();
    /// assert_eq!(counts, [(19_999, 0.0, 97), (19_999, 0.7, 1), (19_999, 2.0, 2)]);
    /// ```
    pub fn counts(&self) -> impl Iterator<Item = (i32, f64, u64)> + '_ {
        self.weeks.iter().flat_map(|(&week, stored)| {
            let first_day = hdr::first_day_of(week);
            let zeros = (stored.zeros > 0).then_some((first_day, 0.0, stored.zeros));
            let values = stored.values.iter_recorded().map(move |bucket| {
                let value = stored.values.median_equivalent(bucket.value_iterated_to());
                let value = value as f64 / PER_UNIT;
                (first_day, value, bucket.count_at_value())
            });
            zeros.into_iter().chain(values)
        })
    }

    /// Returns the value that 98 % of entity-days do not exceed, for the tail rule; `None` if nothing is stored.
    pub fn quantile98(&self) -> Option<f64> {
        self.freeze().quantile(TAIL_RULE_QUANTILE)
    }

    /// Returns the fitted tail.
    pub fn tail(&self) -> Tail {
        self.freeze().tail
    }

    /// Returns the form that is read while scoring.
    pub fn freeze(&self) -> FrozenDistribution {
        let positive = hdr::pooled(&SHAPE, self.weeks.values().map(|week| &week.values));
        let entity_days = self.entity_days();
        let tail = fit(&positive, entity_days);
        FrozenDistribution {
            positive,
            entity_days,
            days: self.days(),
            tail,
        }
    }

    fn week(&mut self, day: i32) -> &mut Week {
        self.weeks.entry(hdr::week_of(day)).or_default()
    }
}

/// The tail rule: returns what to store for `value`, and the day on which the same entity last put a value above `u`
/// into the store. `u` is [`Distribution::quantile98`] before the day; `last_above` is what this returned last time.
///
/// Without it, one drifting or poisoned entity could raise the threshold for itself and for all others.
pub fn limit_repeats(
    value: f64,
    u: Option<f64>,
    day: i32,
    last_above: Option<i32>,
) -> (f64, Option<i32>) {
    match (u, last_above) {
        (Some(u), Some(last)) if value > u && day.saturating_sub(last) <= TAIL_RULE_DAYS => {
            (u, last_above)
        }
        (Some(u), _) if value > u => (value, Some(day)),
        _ => (value, last_above),
    }
}

/// Returns the value in thousandths; `None` unless it is above 0.
fn quantised(value: f64) -> Option<u64> {
    (value > 0.0).then(|| ((value * PER_UNIT).round() as u64).clamp(1, SHAPE.high))
}

fn fit(positive: &Cumulative, entity_days: u64) -> Tail {
    let steps = positive.steps();
    let Some(largest) = steps.last() else {
        return Tail::unfitted(0.0, entity_days);
    };
    let k = EXCEEDANCES_MAX.min(entity_days / ENTRIES_PER_EXCEEDANCE);
    // The tail begins at the smallest value that at most k exceed. If no more than k are positive, it begins just below the
    // smallest of these: what passes a gate begins far above 0, and an empty stretch would pass for a heavy tail.
    let (first, u) = if positive.total() <= k {
        (0, steps[0].value - 1)
    } else {
        let at = (0..steps.len())
            .position(|at| positive.above(at) <= k)
            .unwrap_or(steps.len() - 1);
        (at + 1, steps[at].value)
    };
    let u = u as f64 / PER_UNIT;
    let exceedances: Vec<(f64, u64)> = (first..steps.len())
        .map(|at| {
            (
                steps[at].value as f64 / PER_UNIT - u,
                steps[at].at_least - positive.above(at),
            )
        })
        .collect();
    Tail::fit(u, &exceedances, entity_days)
        .unwrap_or_else(|| Tail::unfitted(largest.value as f64 / PER_UNIT, entity_days))
}

/// A [`Distribution`] as part of a generation; cheap to clone, and fast to read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrozenDistribution {
    positive: Cumulative,
    entity_days: u64,
    days: u32,
    tail: Tail,
}

impl Default for FrozenDistribution {
    /// Returns the empty distribution.
    fn default() -> Self {
        Distribution::default().freeze()
    }
}

impl FrozenDistribution {
    /// Returns the number of its entity-days, with zeros.
    pub fn entity_days(&self) -> u64 {
        self.entity_days
    }

    /// Returns the number of its whole days.
    pub fn days(&self) -> u32 {
        self.days
    }

    /// Returns the fitted tail.
    pub fn tail(&self) -> &Tail {
        &self.tail
    }

    /// Returns how many entity-days are at least as extreme as `s`.
    pub fn count_at_least(&self, s: f64) -> u64 {
        quantised(s).map_or(self.entity_days, |thousandths| {
            self.positive.at_least(thousandths)
        })
    }

    /// Returns log10 of the fraction of entity-days at least as extreme as `s`: counted up to the tail, fitted beyond.
    pub fn log10_exceedance(&self, s: f64) -> f64 {
        self.tail.log10_share(s, || self.count_at_least(s))
    }

    /// Returns −[`Self::log10_exceedance`]: 0 for a value that every entity-day reaches, 3 for one entity-day in a
    /// thousand.
    pub fn surprise(&self, s: f64) -> f64 {
        (-self.log10_exceedance(s)).max(0.0)
    }

    /// Returns how many entity-days a day are expected to reach a threshold, if days are like the stored ones; `None` while
    /// no whole day is stored.
    pub fn alerts_per_day(&self, threshold: f64) -> Option<f64> {
        let share = 10f64.powf(self.log10_exceedance(threshold));
        (self.days > 0).then(|| share * self.entity_days as f64 / f64::from(self.days))
    }

    /// Returns the smallest stored value that a fraction `q` of entity-days does not exceed, 0 if those are zeros; `None`
    /// if nothing is stored.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let exceeding_max = (1.0 - q) * self.entity_days as f64;
        if self.entity_days == 0 {
            return None;
        }
        if self.positive.total() as f64 <= exceeding_max {
            return Some(0.0);
        }
        let steps = self.positive.steps();
        let at = (0..steps.len()).find(|&at| self.positive.above(at) as f64 <= exceeding_max)?;
        Some(steps[at].value as f64 / PER_UNIT)
    }

    /// Returns the least value that an entity-day reaches with at most probability `rate`: the stored quantile if the rate
    /// is not rarer than the tail, else that of the tail. Infinite if the rate is not positive.
    pub fn threshold_for_rate(&self, rate: f64) -> f64 {
        if rate.is_nan() || rate <= 0.0 {
            return f64::INFINITY;
        }
        if rate < self.tail.p_u {
            return self.tail.value_at(rate);
        }
        let reaching_max = rate * self.entity_days as f64;
        let steps = self.positive.steps();
        let at = steps.partition_point(|step| step.at_least as f64 > reaching_max);
        match steps.get(at) {
            Some(step) => step.value as f64 / PER_UNIT,
            None => self.tail.u + RESOLUTION,
        }
    }

    /// Returns the lowest value from which the stored values keep a rate: just above the largest that does not.
    fn lowest_for_rate(&self, rate: f64) -> f64 {
        let reaching_max = rate * self.entity_days as f64;
        let steps = self.positive.steps();
        let at = steps.partition_point(|step| step.at_least as f64 > reaching_max);
        let below = at.checked_sub(1).map_or(0, |below| steps[below].value);
        // Values that differ by less than a thousandth of them are kept as one.
        let next = below + 1 + below / 1_000;
        steps.get(at).map_or(next, |step| next.min(step.value)) as f64 / PER_UNIT
    }

    /// Returns the threshold that lets through so many entity-days a day; `None` while no whole day is stored.
    ///
    /// As far as there is data it is the lowest that keeps the budget on the stored days. If all stored values above zero
    /// together do not use the budget up, it is the least value above zero, whatever the budget.
    pub fn threshold_for_budget(&self, alerts_per_day: f64) -> Option<Threshold> {
        if self.days == 0
            || self.entity_days == 0
            || alerts_per_day.is_nan()
            || alerts_per_day <= 0.0
        {
            return None;
        }
        let days = f64::from(self.days);
        let rate = alerts_per_day * days / self.entity_days as f64;
        let is_unspent = self.positive.total() as f64 <= rate * self.entity_days as f64;
        let beyond_data = !is_unspent && rate < self.tail.p_u;
        let statistic = match beyond_data {
            true => self.tail.value_at(rate),
            false => self.lowest_for_rate(rate),
        };
        let interval = if beyond_data {
            let spread = (SD_PER_SIDE * self.tail.sd_ln_rate(statistic)).exp();
            (alerts_per_day / spread, alerts_per_day * spread)
        } else {
            garwood(self.count_at_least(statistic), days)
        };
        let history = if interval.1 <= INTERVAL_RATIO_MAX * alerts_per_day {
            History::Enough
        } else {
            self.days_that_would_do(alerts_per_day)
        };
        Some(Threshold {
            statistic,
            rate,
            interval,
            beyond_data,
            is_unspent,
            history,
        })
    }

    /// Finds how many days of as many entities would bring the upper end within [`INTERVAL_RATIO_MAX`] budgets, if the tail
    /// keeps its present shape. This covers only the error of the fit: for a budget of one alert in a hundred days the
    /// threshold is still extrapolated, and there is no data on whether the tail continues as fitted that far out.
    fn days_that_would_do(&self, alerts_per_day: f64) -> History {
        let entities = self.entity_days as f64 / f64::from(self.days.max(1));
        let rate = alerts_per_day / entities;
        let days_max = 7 * hdr::WEEKS_KEPT as u32;
        let ratio = |days: u32| {
            let n = entities * f64::from(days);
            let k = (n / ENTRIES_PER_EXCEEDANCE as f64)
                .floor()
                .min(EXCEEDANCES_MAX as f64);
            let tail = Tail {
                u: 0.0,
                sigma: 1.0,
                xi: self.tail.xi,
                k: k as u64,
                n: n as u64,
                p_u: k / n,
            };
            if k < EXCEEDANCES_MIN as f64 {
                f64::INFINITY
            } else if rate < tail.p_u {
                (SD_PER_SIDE * tail.sd_ln_rate(tail.value_at(rate))).exp()
            } else {
                garwood((rate * n).floor() as u64, f64::from(days)).1 / alerts_per_day
            }
        };
        match (self.days + 1..=days_max).find(|&days| ratio(days) <= INTERVAL_RATIO_MAX) {
            Some(days) => History::Days(days),
            None => History::NeverEnough,
        }
    }
}

/// A threshold that keeps a budget, with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// The value of the statistic from which there is an alert.
    pub statistic: f64,
    /// The probability per entity-day of reaching it, as the budget allows.
    pub rate: f64,
    /// A 95 % interval of the alerts a day that it lets through.
    pub interval: (f64, f64),
    /// Whether the threshold lies in the fitted tail.
    pub beyond_data: bool,
    /// Whether the stored values do not use the budget up, so that everything above zero is let through.
    pub is_unspent: bool,
    /// Whether the history is long enough for this budget.
    pub history: History,
}

/// Whether enough days are stored for a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum History {
    /// The upper end of the interval is within [`INTERVAL_RATIO_MAX`] budgets.
    Enough,
    /// Enough after this many whole days in all.
    Days(u32),
    /// There are too few entities for this budget, with any number of days.
    NeverEnough,
}

#[derive(Serialize, Deserialize)]
struct StoredWeek {
    week: i32,
    zeros: u64,
    days: u8,
    /// A histogram in the V2 format of HdrHistogram.
    values: Vec<u8>,
}

impl Serialize for Distribution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stored = |(&number, week): (&i32, &Week)| {
            let values = Shape::encode(&week.values)?;
            Ok(StoredWeek {
                week: number,
                zeros: week.zeros,
                days: week.days,
                values,
            })
        };
        let weeks: Result<Vec<StoredWeek>, String> = self.weeks.iter().map(stored).collect();
        weeks.map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut weeks = BTreeMap::new();
        for stored in Vec::<StoredWeek>::deserialize(deserializer)? {
            let values = SHAPE.decode(&stored.values).map_err(D::Error::custom)?;
            weeks.insert(
                stored.week,
                Week {
                    values,
                    zeros: stored.zeros,
                    days: stored.days & 0x7f,
                },
            );
        }
        hdr::drop_oldest(&mut weeks);
        Ok(Self { weeks })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Quantiles of an exponential: 1,000 entities a day, every tenth of them active.
    fn exponential(days: i32) -> Distribution {
        let mut stored = Distribution::default();
        for day in 0..days {
            let values: Vec<f64> = (0..100)
                .map(|n| -((f64::from(n) + f64::from(day) / f64::from(days) + 0.01) / 101.0).ln())
                .collect();
            stored.record_day(day, &values, 1_000);
        }
        stored
    }

    #[test]
    fn surprise_rises_from_zero_through_the_data_into_the_tail() {
        let frozen = exponential(28).freeze();
        assert_eq!((frozen.entity_days(), frozen.days()), (28_000, 28));
        assert_eq!(frozen.surprise(0.0), 0.0);
        assert_eq!(frozen.surprise(-1.0), 0.0);
        let mut last = 0.0;
        for n in 1..30_000 {
            let surprise = frozen.surprise(f64::from(n) / 1_000.0);
            assert!(surprise >= last, "{surprise} after {last} at {n}");
            last = surprise;
        }
        // One in ten is active, and of those exp(−s) exceed s.
        for s in [1.0, 3.0, 5.0, 8.0] {
            let want = 1.0 + s / std::f64::consts::LN_10;
            assert!(
                (frozen.surprise(s) - want).abs() < 0.12,
                "{} is not {want}",
                frozen.surprise(s)
            );
        }
        assert!(frozen.surprise(f64::MAX).is_finite());
    }

    #[test]
    fn a_threshold_keeps_its_budget_and_has_an_interval() {
        let frozen = exponential(28).freeze();
        for (budget, beyond_data) in [(1.0, true), (5.0, true), (20.0, false)] {
            let threshold = frozen.threshold_for_budget(budget).unwrap();
            let realised = frozen.count_at_least(threshold.statistic) as f64 / 28.0;
            assert!(
                (realised / budget - 1.0).abs() < 0.15,
                "{realised} for {budget}"
            );
            let expected = frozen.alerts_per_day(threshold.statistic).unwrap();
            assert!(
                (expected / budget - 1.0).abs() < 0.02,
                "{expected} for {budget}"
            );
            assert_eq!(threshold.beyond_data, beyond_data);
            assert!(threshold.interval.0 < budget && budget < threshold.interval.1);
            assert_eq!(threshold.history, History::Enough);
        }
        assert_eq!(
            frozen.threshold_for_budget(0.001).unwrap().history,
            History::NeverEnough
        );
        let short = exponential(1).freeze();
        assert!(matches!(
            short.threshold_for_budget(0.3).unwrap().history,
            History::Days(2..=35)
        ));
        assert_eq!(
            Distribution::default().freeze().threshold_for_budget(5.0),
            None
        );
    }

    #[test]
    fn a_threshold_is_no_higher_than_the_stored_values_need() {
        let mut stored = Distribution::default();
        for day in 0..30 {
            stored.record_day(day, &[], 3);
        }
        let quiet = stored.freeze();
        for budget in [0.1, 1.0, 20.0] {
            let threshold = quiet.threshold_for_budget(budget).unwrap();
            assert!(threshold.is_unspent && !threshold.beyond_data);
            assert_eq!(
                (threshold.statistic, threshold.interval.0),
                (RESOLUTION, 0.0)
            );
        }
        // One day a month stands out, and less than that is not allowed.
        stored.record_day(30, &[1.5, 4.0], 3);
        let once = stored.freeze();
        let at = |a_month: f64| once.threshold_for_budget(a_month / 31.0).unwrap();
        assert_eq!(at(2.0).statistic, RESOLUTION);
        assert!(at(2.0).is_unspent);
        let one = at(1.0);
        assert_eq!(
            (one.statistic, one.is_unspent),
            (1.5 + 2.0 * RESOLUTION, false)
        );
        assert_eq!(once.count_at_least(one.statistic), 1);
        assert!(at(0.5).beyond_data && at(0.5).statistic > 4.0);
    }

    #[test]
    fn too_few_exceedances_are_not_fitted() {
        let mut stored = Distribution::default();
        stored.record_day(0, &[1.0, 2.0, 2.0], 40);
        let frozen = stored.freeze();
        assert_eq!(
            *frozen.tail(),
            Tail {
                u: 2.0,
                sigma: 1.0,
                xi: 0.0,
                k: 0,
                n: 40,
                p_u: 1.0 / 41.0
            }
        );
        assert!((frozen.surprise(2.0) + (3.0f64 / 41.0).log10()).abs() < 1e-12);
        assert!(frozen.surprise(2.001) > frozen.surprise(2.0));
        assert_eq!(frozen.threshold_for_rate(0.03), 2.0 + RESOLUTION);
        assert_eq!(frozen.threshold_for_rate(0.05), 2.0);
        assert_eq!(frozen.quantile(0.5), Some(0.0));
        assert_eq!(frozen.quantile(0.94), Some(1.0));
    }

    #[test]
    fn the_tail_rule_lets_one_high_value_a_week_pass() {
        let mut last = None;
        let mut stored = Vec::new();
        for day in 0..10 {
            let (value, above) = limit_repeats(9.0, Some(3.0), day, last);
            stored.push(value);
            last = above;
        }
        assert_eq!(stored, [9.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 9.0, 3.0]);
        assert_eq!(limit_repeats(2.0, Some(3.0), 5, Some(4)), (2.0, Some(4)));
        assert_eq!(limit_repeats(2.0, None, 5, None), (2.0, None));
    }

    #[test]
    fn a_value_that_was_not_normal_can_be_removed() {
        let mut stored = Distribution::default();
        stored.record_day(3, &[1.0, 7.5], 10);
        assert!(stored.forget(3, 7.5) && !stored.forget(3, 7.5) && !stored.forget(30, 1.0));
        assert_eq!(
            (stored.entity_days(), stored.freeze().count_at_least(1.0)),
            (9, 1)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn merge_laws(entries in prop::collection::vec((0..70i32, -0.5..40.0f64, 0..3u8), 0..300)) {
            let mut shards = [Distribution::default(), Distribution::default(), Distribution::default()];
            let mut whole = Distribution::default();
            for &(day, value, shard) in &entries {
                whole.record(day, value);
                whole.close_day(day);
                shards[usize::from(shard)].record(day, value);
                shards[usize::from(shard)].close_day(day);
            }
            // A shard may still hold a week that the others dropped long ago, so the newest days come first.
            let [a, b, c] = shards;
            let mut left = a.clone();
            left.merge(&b);
            left.merge(&c);
            let mut right = c.clone();
            right.merge(&b);
            right.merge(&a);
            prop_assert_eq!(&left, &right);
            prop_assert_eq!(&left, &whole);
            let bytes = postcard::to_stdvec(&whole).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Distribution>(&bytes).unwrap(), whole.clone());
            let frozen = whole.freeze();
            let bytes = postcard::to_stdvec(&frozen).unwrap();
            prop_assert_eq!(postcard::from_bytes::<FrozenDistribution>(&bytes).unwrap(), frozen);
        }
    }
}
