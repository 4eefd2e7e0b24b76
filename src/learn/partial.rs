//! What one day adds to one entity, and the days of an entity packed into one run of bytes.
//!
//! Most entities of a large estate are seen on a day or two, with one reading of each metric: then a day takes about ten bytes
//! a metric, where a table of moments in every window takes a hundred.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sketch::Moments;
use crate::time::{Day, Window};
use crate::vocab::{Metric, Trait};

/// A metric in windows of one length.
pub(super) type Key = (Metric, Window);

/// In place of a number of windows: one reading, the same in each standard window.
const SINGLE: u8 = u8::MAX;
/// In place of the number of a standard window: another window, whose length follows.
const OTHER_WINDOW: u8 = Window::STANDARD.len() as u8;

/// One learnt day of one entity.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DayPartial {
    pub(super) day: Day,
    pub(super) n_events: u64,
    /// Sorted. Their weights are whole: the number of readings.
    pub(super) moments: Vec<(Key, Moments)>,
    /// Traits with a new value, and the support bucket of each new value; on the first day every value is new.
    pub(super) novel: Vec<(Trait, Vec<u8>)>,
    /// One-hour values of the metrics that new identities are judged by.
    pub(super) hourly: Vec<(Metric, u64)>,
    pub(super) hours: u32,
    pub(super) is_first: bool,
}

impl DayPartial {
    /// Adds the same day of another entity. Windows in which both were active are two readings.
    fn merge(&mut self, other: Self) {
        self.n_events += other.n_events;
        let mut moments: BTreeMap<Key, Moments> = self.moments.drain(..).collect();
        for (key, of_key) in other.moments {
            let known = moments.entry(key).or_default();
            *known = known.merge(&of_key);
        }
        self.moments = moments.into_iter().collect();
        let mut novel: BTreeMap<Trait, Vec<u8>> = self.novel.drain(..).collect();
        for (which, buckets) in other.novel {
            let known = novel.entry(which).or_default();
            known.extend(buckets);
            known.sort_unstable();
        }
        self.novel = novel.into_iter().collect();
        self.hourly.extend(other.hourly);
        self.hourly.sort_unstable();
        self.hours |= other.hours;
        self.is_first &= other.is_first;
    }
}

/// The learnt days of one entity, packed, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Partials(Vec<u8>);

/// One packed day.
#[derive(Debug, Clone, Copy)]
pub(super) struct PackedDay<'p> {
    pub(super) day: Day,
    pub(super) n_events: u64,
    pub(super) hours: u32,
    pub(super) is_first: bool,
    moments: &'p [u8],
    novel: &'p [u8],
    hourly: &'p [u8],
}

impl Partials {
    /// Adds a day that comes after all others.
    pub(super) fn push(&mut self, partial: &DayPartial) {
        let mut packed = Vec::with_capacity(256);
        packed.extend(partial.day.0.to_le_bytes());
        put(&mut packed, partial.n_events);
        put(
            &mut packed,
            u64::from(partial.hours) << 1 | u64::from(partial.is_first),
        );
        let moments = packed_moments(&partial.moments);
        put(&mut packed, moments.len() as u64);
        packed.extend(moments);
        let mut novel = Vec::new();
        for (which, buckets) in &partial.novel {
            novel.push(*which as u8);
            put(&mut novel, buckets.len() as u64);
            novel.extend(buckets);
        }
        put(&mut packed, novel.len() as u64);
        packed.extend(novel);
        for &(metric, x) in &partial.hourly {
            packed.push(metric as u8);
            put(&mut packed, x);
        }
        let mut length = Vec::with_capacity(4);
        put(&mut length, packed.len() as u64);
        self.0.reserve_exact(length.len() + packed.len());
        self.0.extend(length);
        self.0.extend(packed);
    }

    /// Takes in the days of another entity that turned out to be this one.
    pub(super) fn join(&mut self, other: &Self) {
        let mut days: BTreeMap<Day, DayPartial> = BTreeMap::new();
        for packed in self.iter().chain(other.iter()) {
            let partial = packed.partial();
            match days.entry(partial.day) {
                Entry::Vacant(empty) => {
                    empty.insert(partial);
                }
                Entry::Occupied(mut known) => known.get_mut().merge(partial),
            }
        }
        *self = Self::default();
        for (n, mut partial) in days.into_values().enumerate() {
            if n > 0 && partial.is_first {
                partial.is_first = false;
                partial.novel.clear();
            }
            self.push(&partial);
        }
    }

    /// Returns the days, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = PackedDay<'_>> {
        let mut rest = Bytes(&self.0);
        std::iter::from_fn(move || rest.run().and_then(PackedDay::unpack))
    }

    /// Forgets the days before a day.
    pub(super) fn forget_before(&mut self, oldest: Day) {
        let mut rest = Bytes(&self.0);
        let mut kept = rest;
        while let Some(packed) = rest.run() {
            if PackedDay::unpack(packed).is_none_or(|partial| partial.day >= oldest) {
                break;
            }
            kept = rest;
        }
        let forgotten = self.0.len() - kept.0.len();
        if forgotten > 0 {
            self.0.drain(..forgotten);
            self.0.shrink_to_fit();
        }
    }
}

impl<'p> PackedDay<'p> {
    fn unpack(mut packed: Bytes<'p>) -> Option<Self> {
        let day = Day(i32::from_le_bytes(packed.array()?));
        let n_events = packed.number()?;
        let hours = packed.number()?;
        Some(Self {
            day,
            n_events,
            hours: (hours >> 1) as u32,
            is_first: hours & 1 == 1,
            moments: packed.run()?.0,
            novel: packed.run()?.0,
            hourly: packed.0,
        })
    }

    /// Returns the day, unpacked.
    fn partial(&self) -> DayPartial {
        let mut moments = Vec::new();
        self.each_moments(|key, of_key| moments.push((key, of_key)));
        DayPartial {
            day: self.day,
            n_events: self.n_events,
            moments,
            novel: self
                .novel()
                .map(|(which, buckets)| (which, buckets.to_vec()))
                .collect(),
            hourly: self.hourly().collect(),
            hours: self.hours,
            is_first: self.is_first,
        }
    }

    /// Hands out the moments of each metric in each window, in order.
    pub(super) fn each_moments(&self, mut take: impl FnMut(Key, Moments)) {
        let mut rest = Bytes(self.moments);
        while let Some((metric, windows)) = rest.metric().zip(rest.byte()) {
            if windows == SINGLE {
                let Some(mean) = rest.float() else { return };
                for window in Window::STANDARD {
                    take((metric, window), single(mean));
                }
                continue;
            }
            for _ in 0..windows {
                let Some((window, moments)) = rest.moments() else {
                    return;
                };
                take((metric, window), moments);
            }
        }
    }

    /// Returns the traits with a new value, and the support bucket of each.
    pub(super) fn novel(&self) -> impl Iterator<Item = (Trait, &'p [u8])> + use<'p> {
        let mut rest = Bytes(self.novel);
        std::iter::from_fn(move || {
            let which = Trait::ALL.get(usize::from(rest.byte()?))?;
            Some((*which, rest.run()?.0))
        })
    }

    /// Returns the one-hour values of the metrics that new identities are judged by.
    pub(super) fn hourly(&self) -> impl Iterator<Item = (Metric, u64)> + use<'p> {
        let mut rest = Bytes(self.hourly);
        std::iter::from_fn(move || Some((rest.metric()?, rest.number()?)))
    }
}

fn single(mean: f64) -> Moments {
    Moments {
        n: 1.0,
        mean,
        m2: 0.0,
    }
}

fn packed_moments(moments: &[(Key, Moments)]) -> Vec<u8> {
    let mut packed = Vec::new();
    for of_metric in moments.chunk_by(|((a, _), _), ((b, _), _)| a == b) {
        packed.push(of_metric[0].0.0 as u8);
        let first = of_metric[0].1;
        let is_single = first.n == 1.0
            && of_metric.len() == Window::STANDARD.len()
            && of_metric
                .iter()
                .zip(Window::STANDARD)
                .all(|(&((_, window), moments), standard)| window == standard && moments == first);
        if is_single {
            packed.push(SINGLE);
            packed.extend(first.mean.to_le_bytes());
            continue;
        }
        packed.push(of_metric.len() as u8);
        for &((_, window), moments) in of_metric {
            match Window::STANDARD.iter().position(|w| *w == window) {
                Some(number) => packed.push(number as u8),
                None => {
                    packed.push(OTHER_WINDOW);
                    put(&mut packed, u64::from(window.secs()));
                }
            }
            put(&mut packed, moments.n as u64);
            packed.extend(moments.mean.to_le_bytes());
            if moments.n > 1.0 {
                packed.extend(moments.m2.to_le_bytes());
            }
        }
    }
    packed
}

/// Appends a number: seven bits a byte, the lowest first, all but the last marked.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// What is left to unpack.
#[derive(Debug, Clone, Copy)]
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn float(&mut self) -> Option<f64> {
        self.array().map(f64::from_le_bytes)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                break;
            }
        }
        Some(number)
    }

    /// Takes as many bytes as the number before them says.
    fn run(&mut self) -> Option<Bytes<'b>> {
        let length = self.number()?;
        let (run, rest) = self.0.split_at_checked(length as usize)?;
        self.0 = rest;
        Some(Bytes(run))
    }

    fn metric(&mut self) -> Option<Metric> {
        Metric::ALL.get(usize::from(self.byte()?)).copied()
    }

    fn moments(&mut self) -> Option<(Window, Moments)> {
        let window = match Window::STANDARD.get(usize::from(self.byte()?)) {
            Some(window) => *window,
            None => Window::from_secs(self.number()? as u32)?,
        };
        let (n, mean) = (self.number()? as f64, self.float()?);
        let moments = match n > 1.0 {
            true => Moments {
                n,
                mean,
                m2: self.float()?,
            },
            false => single(mean),
        };
        Some((window, moments))
    }
}

impl Serialize for Partials {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Partials {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Taken;
        impl serde::de::Visitor<'_> for Taken {
            type Value = Partials;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("packed days")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Partials, E> {
                Ok(Partials(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moments() -> impl Strategy<Value = Vec<(Key, Moments)>> {
        let readings = proptest::collection::vec(1..100_000u64, 1..5);
        let other = proptest::sample::select(vec![600u32, 3_600, 86_400, 900, 10]);
        let of_window = (0..Metric::ALL.len(), other, readings.clone(), any::<bool>());
        proptest::collection::vec(of_window, 0..12).prop_map(|all| {
            let mut moments = std::collections::BTreeMap::new();
            for (metric, secs, readings, is_single) in all {
                let metric = Metric::ALL[metric];
                let of =
                    |readings: &[u64]| Moments::of(readings.iter().map(|&x| (x as f64).ln_1p()));
                if is_single {
                    for window in Window::STANDARD {
                        moments.insert((metric, window), of(&readings[..1]));
                    }
                } else if let Some(window) = Window::from_secs(secs) {
                    moments.insert((metric, window), of(&readings));
                }
            }
            moments.into_iter().collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn packed_days_are_what_was_packed(
            days in proptest::collection::vec(
                (moments(), any::<u64>(), 0..1u32 << 24, any::<bool>(), proptest::collection::vec(any::<u64>(), 0..4)),
                0..5,
            ),
            forgotten in 0..7i32,
        ) {
            let mut partials = Partials::default();
            let mut plain = Vec::new();
            for (n, (moments, n_events, hours, is_first, hourly)) in days.into_iter().enumerate() {
                let partial = DayPartial {
                    day: Day(20_000 + n as i32),
                    n_events,
                    moments,
                    novel: (0..n).map(|at| (Trait::ALL[at], vec![at as u8; at])).collect(),
                    hourly: hourly.into_iter().map(|x| (Metric::ReadCalls, x)).collect(),
                    hours,
                    is_first,
                };
                partials.push(&partial);
                plain.push(partial);
            }
            let oldest = Day(20_000 + forgotten - 1);
            partials.forget_before(oldest);
            plain.retain(|partial| partial.day >= oldest);
            let unpacked: Vec<DayPartial> = partials
                .iter()
                .map(|packed| {
                    let mut moments = Vec::new();
                    packed.each_moments(|key, of_key| moments.push((key, of_key)));
                    DayPartial {
                        day: packed.day,
                        n_events: packed.n_events,
                        moments,
                        novel: packed.novel().map(|(t, b)| (t, b.to_vec())).collect(),
                        hourly: packed.hourly().collect(),
                        hours: packed.hours,
                        is_first: packed.is_first,
                    }
                })
                .collect();
            prop_assert_eq!(unpacked, plain);
        }
    }
}
