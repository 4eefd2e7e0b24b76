//! What changed from snapshot to snapshot: rates, and how late events come.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::time::Time;
use crate::top::snapshot::{Counts, DelayBound};

/// How much of the past a column of the drawing of rates has.
pub(super) const COLUMN_SECS: u64 = 4;
/// Columns that are kept: 15 minutes.
const COLUMNS_MAX: u64 = 225;
/// The time over which a rate is taken, and the one over which delays are.
const RATE_OVER: Duration = Duration::from_secs(60);
const DELAYS_OVER: Duration = Duration::from_secs(5 * 60);
/// How long something must lie there that is not judged before the service is called behind: it looks every second.
const BEHIND_FOR: Duration = Duration::from_secs(10);

/// A moment by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The present.
    pub now: Time,
    /// The time since some beginning, which never decreases.
    pub elapsed: Duration,
}

/// By how much counts grew up to a moment.
#[derive(Debug)]
struct Growth {
    at: Duration,
    events: u64,
    delays: BTreeMap<DelayBound, u64>,
}

/// What changed while somebody looked.
#[derive(Debug, Default)]
pub(super) struct History {
    last: Option<(Duration, Counts)>,
    /// When somebody began to look.
    begun: Duration,
    grown: VecDeque<Growth>,
    /// Events by column of time.
    columns: BTreeMap<u64, f64>,
    behind_since: Option<Duration>,
}

/// What is shown of the changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rates {
    /// Events a second over the last minute, once two snapshots are there.
    pub(super) events_per_sec: Option<f64>,
    /// Events a second by column of time, the oldest first.
    pub(super) columns: Vec<f64>,
    /// How late events come.
    pub(super) delays: Delays,
    /// Whether something waits to be judged for some time.
    pub(super) is_behind: bool,
}

/// How long after their time events are read, in seconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Delays {
    /// The median and the 99th percentile; nothing without events.
    pub(super) p50_p99: Option<(Delay, Delay)>,
    /// Whether it is of the last minutes; otherwise it is of all since the service began.
    pub(super) is_recent: bool,
}

/// How long after its time an event is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Delay {
    /// In seconds.
    pub(super) secs: u64,
    /// Whether it is more than that: beyond all bounds.
    pub(super) is_more: bool,
}

impl History {
    /// Takes what was counted at a moment.
    pub(super) fn add(&mut self, at: Duration, counts: &Counts) {
        let Some((before, last)) = self.last.replace((at, counts.clone())) else {
            self.begun = at;
            self.behind_since = (counts.behind_bytes > 0).then_some(at);
            return;
        };
        // A service that began anew counts anew.
        let is_anew = counts.events < last.events;
        let since = |now: u64, before: u64| {
            if is_anew {
                now
            } else {
                now.saturating_sub(before)
            }
        };
        let of_before = |bound| last.delays.get(bound).copied().unwrap_or_default();
        let delays = counts.delays.iter();
        let growth = Growth {
            at,
            events: since(counts.events, last.events),
            delays: delays
                .map(|(bound, n)| (*bound, since(*n, of_before(bound))))
                .collect(),
        };
        self.draw_growth(before, at, growth.events);
        self.grown.push_back(growth);
        while let Some(oldest) = self.grown.front()
            && oldest.at + DELAYS_OVER < at
        {
            self.grown.pop_front();
        }
        self.behind_since = match counts.behind_bytes {
            0 => None,
            _ => self.behind_since.or(Some(at)),
        };
    }

    /// Spreads events over the columns of the time in which they came.
    fn draw_growth(&mut self, before: Duration, at: Duration, events: u64) {
        let column = |at: Duration| at.as_secs() / COLUMN_SECS;
        let newest = column(at);
        let first = column(before).max(newest.saturating_sub(COLUMNS_MAX));
        let span = (at.saturating_sub(before))
            .as_secs_f64()
            .max(f64::MIN_POSITIVE);
        for n in first..=newest {
            let begin = Duration::from_secs(n * COLUMN_SECS).max(before);
            let end = Duration::from_secs((n + 1) * COLUMN_SECS).min(at);
            let part = end.saturating_sub(begin).as_secs_f64() / span;
            *self.columns.entry(n).or_default() += events as f64 * part;
        }
        let oldest = newest.saturating_sub(COLUMNS_MAX);
        self.columns = self.columns.split_off(&oldest);
    }

    /// Returns what is shown at a moment.
    pub(super) fn rates(&self, now: Duration) -> Rates {
        let Some((at, counts)) = &self.last else {
            return Rates::default();
        };
        let since = at.saturating_sub(RATE_OVER).max(self.begun);
        let recent = self.grown.iter().filter(|growth| growth.at > since);
        let events: u64 = recent.map(|growth| growth.events).sum();
        let span = at.saturating_sub(since).as_secs_f64();
        let of_column = |n: &f64| n / COLUMN_SECS as f64;
        Rates {
            events_per_sec: (span > 0.0).then(|| events as f64 / span),
            columns: self.columns.values().map(of_column).collect(),
            delays: self.delays(counts),
            is_behind: self
                .behind_since
                .is_some_and(|since| now.saturating_sub(since) >= BEHIND_FOR),
        }
    }

    fn delays(&self, counts: &Counts) -> Delays {
        let mut recent: BTreeMap<DelayBound, u64> = BTreeMap::new();
        for (bound, n) in self.grown.iter().flat_map(|growth| &growth.delays) {
            *recent.entry(*bound).or_default() += n;
        }
        let is_recent = recent.values().any(|n| *n > 0);
        let shown = if is_recent { &recent } else { &counts.delays };
        Delays {
            p50_p99: quantile(shown, 0.5).zip(quantile(shown, 0.99)),
            is_recent,
        }
    }
}

/// Returns a quantile of counts in ranges, evenly spread in each; `None` of none.
fn quantile(ranges: &BTreeMap<DelayBound, u64>, q: f64) -> Option<Delay> {
    let total: f64 = ranges.values().map(|n| *n as f64).sum();
    let wanted = total * q;
    let (mut below, mut low) = (0.0, 0);
    for (bound, n) in ranges.iter().filter(|_| total > 0.0) {
        let n = *n as f64;
        if n > 0.0 && below + n >= wanted {
            let is_more = *bound == u64::MAX;
            let width = if is_more { 0 } else { bound - low };
            let secs = low + (width as f64 * (wanted - below) / n).round() as u64;
            return Some(Delay { secs, is_more });
        }
        below += n;
        if *bound != u64::MAX {
            low = *bound;
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn counts(events: u64, delays: &[(u64, u64)], behind_bytes: u64) -> Counts {
        Counts {
            events,
            delays: delays.iter().copied().collect(),
            behind_bytes,
            ..Counts::default()
        }
    }

    #[test]
    fn rates_are_of_the_last_minute_and_a_restart_counts_anew() {
        let at = Duration::from_secs;
        let mut history = History::default();
        history.add(at(100), &counts(5_000, &[], 0));
        assert_eq!(history.rates(at(100)).events_per_sec, None);
        history.add(at(110), &counts(5_500, &[], 0));
        assert_eq!(history.rates(at(110)).events_per_sec, Some(50.0));
        // A minute without events.
        history.add(at(180), &counts(5_500, &[], 0));
        assert_eq!(history.rates(at(180)).events_per_sec, Some(0.0));
        history.add(at(210), &counts(300, &[], 0));
        let rates = history.rates(at(210));
        assert_eq!(rates.events_per_sec, Some(5.0));
        let drawn: f64 = rates.columns.iter().sum::<f64>() * COLUMN_SECS as f64;
        assert!((drawn - 800.0).abs() < 1e-6, "{drawn}");
        // However long nobody looks.
        history.add(at(1_000_000), &counts(300, &[], 0));
        assert!(history.rates(at(1_000_000)).columns.len() as u64 <= COLUMNS_MAX + 1);
    }

    #[test]
    fn delays_are_those_of_the_last_minutes_if_there_are_any() {
        let at = Duration::from_secs;
        let mut history = History::default();
        let old = [(60, 0), (120, 100), (u64::MAX, 0)];
        history.add(at(0), &counts(100, &old, 7));
        let secs = |rates: &Rates| rates.delays.p50_p99.map(|(p50, p99)| (p50.secs, p99.secs));
        let rates = history.rates(at(0));
        assert_eq!(
            (secs(&rates), rates.delays.is_recent),
            (Some((90, 119)), false)
        );
        let new = [(60, 200), (120, 100), (u64::MAX, 0)];
        history.add(at(9), &counts(300, &new, 9));
        let rates = history.rates(at(9));
        assert_eq!(secs(&rates), Some((30, 59)));
        assert!(rates.delays.is_recent && !rates.is_behind);
        assert!(history.rates(at(10)).is_behind);
        let beyond = [(60, 0), (120, 1), (u64::MAX, 3)].into_iter().collect();
        let more = Delay {
            secs: 120,
            is_more: true,
        };
        assert_eq!(quantile(&beyond, 0.99), Some(more));
        assert_eq!(quantile(&BTreeMap::new(), 0.5), None);
    }
}
