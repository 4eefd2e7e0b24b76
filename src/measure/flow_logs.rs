//! What each flow log told of an interface, span by span of a day: where a log that states more told the same, the one that states
//! less counts for nothing.
//!
//! A log may begin or end in the middle of a day. So what a lesser log told of a span is a repetition only if a greater one told of the
//! same minutes, and of as many bytes: what only the lesser one has is never lost.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::event::{Event, Provider};
use crate::measure::bounds::FLOW_SPANS_MAX;
use crate::measure::value_hash;

/// How much of a flow a flow log states beside its addresses: an instance, and a region. The logs of one interface that state less
/// repeat the one that states more.
const DETAIL_MAX: u8 = 3;
/// The bits of a key that say how much its log states.
const DETAIL: u64 = DETAIL_MAX as u64;

/// The longest interval that flow logs aggregate. Rows of logs with other intervals end in the same bin, or in one beside it.
const BIN_SECS: i64 = 600;
/// The bins of a span.
const BINS: i64 = 24;
/// The spans of a day.
const SPANS: i64 = 86_400 / (BIN_SECS * BINS);

/// What one log told of an interface in a span, of flows of one verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The bins in which its rows end.
    bins: u32,
    bytes: u64,
    /// These and the bins beside them.
    near_bins: u32,
    /// The bytes of the span and of the bins beside it.
    near_bytes: u64,
}

impl Told {
    fn merge(&mut self, other: Self) {
        self.bins |= other.bins;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.near_bins |= other.near_bins;
        self.near_bytes = self.near_bytes.saturating_add(other.near_bytes);
    }

    /// Returns whether another log told all this, too.
    const fn is_in(self, other: Self) -> bool {
        self.bins & !other.near_bins == 0 && self.bytes <= other.near_bytes
    }
}

/// What the flow logs of a day told. The spans with the lowest keys are kept; of others, nothing counts as a repetition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlowLogs(BTreeMap<u64, Told>);

impl FlowLogs {
    /// Notes a flow.
    pub fn note(&mut self, event: &Event) {
        let Some(row) = Row::of(event).filter(|_| event.counted) else {
            return;
        };
        let bytes = event.bytes_out.or(event.bytes_in).unwrap_or(0);
        let bin = 1 << row.bin;
        self.add(
            row.key(),
            Told {
                bins: bin,
                bytes,
                near_bins: (bin | bin << 1 | bin >> 1) & ((1 << BINS) - 1),
                near_bytes: bytes,
            },
        );
        let beside = match row.bin {
            0 => row.span.checked_sub(1).map(|span| (span, BINS - 1)),
            last if last == BINS - 1 => Some((row.span + 1, 0)),
            _ => None,
        };
        let beside = beside.filter(|(span, _)| (0..SPANS).contains(span));
        if let Some((span, bin)) = beside.filter(|_| row.detail > 0) {
            let near = Told {
                near_bins: 1 << bin,
                near_bytes: bytes,
                ..Told::default()
            };
            self.add(Row { span, ..row }.key(), near);
        }
    }

    fn add(&mut self, key: u64, told: Told) {
        self.0.entry(key).or_default().merge(told);
        self.shorten(FLOW_SPANS_MAX);
    }

    fn shorten(&mut self, most: usize) {
        while self.0.len() > most {
            self.0.pop_last();
        }
    }

    /// Adds what was told in another part of the day.
    pub fn merge(&mut self, other: Self) {
        self.extend(other.0);
    }

    /// Returns whether a greater log told all that a lesser one told of a span.
    pub fn repeats(&self, key: u64) -> bool {
        if key & DETAIL == DETAIL {
            return false;
        }
        let Some(lesser) = self.0.get(&key).filter(|told| told.bins != 0) else {
            return false;
        };
        let mut greater = self.0.range(key + 1..=key | DETAIL);
        greater.any(|(_, told)| lesser.is_in(*told))
    }

    /// Returns the spans of lesser logs that a greater one told, too.
    pub fn repeated(&self) -> BTreeSet<u64> {
        let keys = self.0.keys().copied();
        keys.filter(|&key| self.repeats(key)).collect()
    }

    /// Returns whether nothing was told.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what was told, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&u64, &Told)> {
        self.0.iter()
    }
}

impl Extend<(u64, Told)> for FlowLogs {
    fn extend<I: IntoIterator<Item = (u64, Told)>>(&mut self, told: I) {
        for (key, told) in told {
            self.add(key, told);
        }
    }
}

/// Returns the key of the span in which another log may have told what a flow of a lesser log repeats.
pub fn of_lesser_log(event: &Event) -> Option<u64> {
    let row = Row::of(event)?;
    (row.detail < DETAIL_MAX).then(|| row.key())
}

/// A row of a flow log, of an interface whose id is unique by itself, as in AWS.
#[derive(Clone, Copy)]
struct Row<'e> {
    interface: &'e str,
    /// A log may be set to accepted flows alone, or to rejected ones, so it says nothing about the others.
    verdict: &'e str,
    span: i64,
    bin: i64,
    detail: u8,
}

impl<'e> Row<'e> {
    fn of(event: &'e Event) -> Option<Self> {
        let attachment = event.attachment.as_ref();
        let attachment = attachment.filter(|_| event.provider == Provider::Aws)?;
        let bin = event.time.secs().rem_euclid(86_400) / BIN_SECS;
        Some(Self {
            interface: attachment.interface.as_deref()?,
            verdict: &event.op,
            span: bin / BINS,
            bin: bin % BINS,
            detail: 2 * u8::from(attachment.instance.is_some()) + u8::from(event.region.is_some()),
        })
    }

    fn key(&self) -> u64 {
        let mut text = [0; 24];
        text[..8].copy_from_slice(&value_hash(self.interface).to_le_bytes());
        text[8..16].copy_from_slice(&value_hash(self.verdict).to_le_bytes());
        text[16..].copy_from_slice(&self.span.to_le_bytes());
        xxh3_64(&text) & !DETAIL | u64::from(self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Attachment, Source};
    use crate::time::Day;

    fn flow(minute: i64, bytes: u64, instance: Option<&str>) -> Event {
        Event {
            op: "ACCEPT".into(),
            region: instance.map(|_| "eu-west-1".into()),
            bytes_out: Some(bytes),
            attachment: Some(Attachment {
                instance: instance.map(Into::into),
                interface: Some("eni-1".into()),
                address: None,
            }),
            ..Event::new(
                Day(20_000).start().plus_secs(minute * 60),
                "1".into(),
                Provider::Aws,
                Source::AwsVpcFlow,
            )
        }
    }

    /// Returns the minutes of lesser rows that count for nothing, told in both orders and in two parts.
    fn dropped(lesser: &[(i64, u64)], greater: &[(i64, u64)]) -> Vec<i64> {
        let lesser_rows = lesser.iter().map(|&(at, bytes)| flow(at, bytes, None));
        let greater = greater
            .iter()
            .map(|&(at, bytes)| flow(at, bytes, Some("i")));
        let all: Vec<Event> = lesser_rows.clone().chain(greater).collect();
        let (mut forth, mut back) = (FlowLogs::default(), FlowLogs::default());
        let (mut merged, mut other) = (FlowLogs::default(), FlowLogs::default());
        for (n, event) in all.iter().enumerate() {
            forth.note(event);
            if n % 2 == 0 { &mut merged } else { &mut other }.note(event);
        }
        all.iter().rev().for_each(|event| back.note(event));
        merged.merge(other);
        assert_eq!((&forth, &forth), (&back, &merged));
        let repeated = forth.repeated();
        let is_dropped = |event: &Event| {
            let key = of_lesser_log(event).unwrap_or(u64::MAX);
            assert_eq!(repeated.contains(&key), forth.repeats(key));
            repeated.contains(&key)
        };
        let rows = lesser_rows.zip(lesser).filter(|(e, _)| is_dropped(e));
        rows.map(|(_, &(at, _))| at).collect()
    }

    #[test]
    fn only_what_a_greater_log_told_too_is_dropped() {
        // A second log begins at noon: the night stays.
        let night_and_noon = [(100, 54_000), (720, 5), (730, 5)];
        assert_eq!(dropped(&night_and_noon, &[(720, 5), (730, 5)]), [720, 730]);
        // One row of it, or rows without what left, delete nothing.
        assert!(dropped(&[(100, 54_000), (200, 5)], &[(100, 5)]).is_empty());
        assert!(dropped(&[(100, 54_000), (101, 5)], &[(100, 5), (101, 5)]).is_empty());
        assert!(dropped(&[(100, 5), (150, 5)], &[(100, 50)]).is_empty());
        // Intervals of ten minutes and of one, also where spans meet, in both directions.
        let minutes: Vec<(i64, u64)> = (231..=260).map(|at| (at, 1)).collect();
        let tens = [(240, 10), (250, 10), (260, 10)];
        assert_eq!(dropped(&tens, &minutes), [240, 250, 260]);
        assert_eq!(dropped(&minutes, &tens).len(), 30);
    }

    #[test]
    fn beyond_the_bound_nothing_is_a_repetition() {
        let mut logs = FlowLogs::default();
        for event in [flow(1, 5, None), flow(1, 5, Some("i"))] {
            logs.note(&event);
        }
        let key = of_lesser_log(&flow(1, 5, None)).unwrap_or_default();
        assert!(logs.repeats(key));
        logs.shorten(1);
        assert!(!logs.repeats(key));
        assert!(!FlowLogs::default().repeats(u64::MAX));
    }
}
